/* mailbox - postdesk mailbox add, list, show, set, check
 *
 * Before a mailbox is entered, it is tried: log in by IMAP, look whether mails can be moved, make the folders
 * into which they go. What would fail at night in a daemon's log fails here, in front of somebody who can
 * mend it. --no-check leaves that out, for a server that is not there yet.
 *
 * The password is never on the command line and never in the database: --secret names a file of the host.
 *
 * Not here: what the options say (cli/mailbox_entry), what is tried (cli/mailbox_check).
 * I/O: the database, the IMAP server, the secret file, stdout.
 */
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/mailbox_entry.h"
#include "cli/view.h"
#include "store/account.h"

static const struct field FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"address", "ADDRESS", FIELD_TEXT, true},
    {"name", "NAME", FIELD_TEXT, true},
    {"imap_host", "IMAP", FIELD_TEXT, true},
    {"imap_port", NULL, FIELD_NUMBER, false},
    {"imap_user", NULL, FIELD_TEXT, false},
    {"imap_security", NULL, FIELD_TEXT, false},
    {"smtp_host", "SMTP", FIELD_TEXT, true},
    {"smtp_port", NULL, FIELD_NUMBER, false},
    {"smtp_user", NULL, FIELD_TEXT, false},
    {"smtp_security", NULL, FIELD_TEXT, false},
    {"secret", NULL, FIELD_TEXT, false},
    {"trust", "TRUST", FIELD_TEXT, false},
    {"authserv_id", NULL, FIELD_TEXT, false},
    {"own_hosts", NULL, FIELD_TEXTS, false},
    {"technician_proof", NULL, FIELD_TEXT, false},
    {"has_subaddresses", NULL, FIELD_BOOL, false},
    {"taken_from", NULL, FIELD_TIME, false},
    {"is_enabled", "ENABLED", FIELD_BOOL, false},
    {"created_at", "SINCE", FIELD_TIME, false},
    {"aliases", NULL, FIELD_TEXTS, false},
    {"after_fetch", NULL, FIELD_TEXT, false},
    {"processed_folder", NULL, FIELD_TEXT, false},
    {"oversize_folder", NULL, FIELD_TEXT, false},
    {"imap_pin", NULL, FIELD_TEXT, false},
    {"smtp_pin", NULL, FIELD_TEXT, false},
};

static const struct field CARD[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"address", "Address", FIELD_TEXT, false},
    {"name", "Name", FIELD_TEXT, false},
    {"imap_host", "IMAP host", FIELD_TEXT, false},
    {"imap_port", "IMAP port", FIELD_NUMBER, false},
    {"imap_user", "IMAP user", FIELD_TEXT, false},
    {"imap_security", "IMAP security", FIELD_TEXT, false},
    {"smtp_host", "SMTP host", FIELD_TEXT, false},
    {"smtp_port", "SMTP port", FIELD_NUMBER, false},
    {"smtp_user", "SMTP user", FIELD_TEXT, false},
    {"smtp_security", "SMTP security", FIELD_TEXT, false},
    {"secret", "Secret", FIELD_TEXT, false},
    {"trust", "Trust", FIELD_TEXT, false},
    {"authserv_id", "Authserv-id", FIELD_TEXT, false},
    {"own_hosts", "Own hosts", FIELD_TEXTS, false},
    {"technician_proof", "Technicians' proof", FIELD_TEXT, false},
    {"has_subaddresses", "Sub-addresses", FIELD_BOOL, false},
    {"taken_from", "Mail taken from", FIELD_TIME, false},
    {"is_enabled", "Enabled", FIELD_BOOL, false},
    {"created_at", "Since", FIELD_TIME, false},
    {"aliases", "Aliases", FIELD_TEXTS, false},
    {"after_fetch", "After fetch", FIELD_TEXT, false},
    {"processed_folder", "Processed", FIELD_TEXT, false},
    {"oversize_folder", "Oversize", FIELD_TEXT, false},
    {"imap_pin", "IMAP pin", FIELD_TEXT, false},
    {"smtp_pin", "SMTP pin", FIELD_TEXT, false},
};

static const struct field FOLDER_FIELDS[] = {
    {"folder", "FOLDER", FIELD_TEXT, true},
    {"uidvalidity", "UIDVALIDITY", FIELD_NUMBER, false},
    {"last_uid", "LAST UID", FIELD_NUMBER, false},
    {"fetched", "FETCHED", FIELD_NUMBER, false},
};

/* ---- list, show ---- */

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, account_store_list, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

static void print_mailbox(const struct cli *cli, const struct rows *rows,
                          const struct rows *folder_rows)
{
    json_t *mailbox = view_row(rows, 0, CARD, G_N_ELEMENTS(CARD));
    json_t *folders = view_rows(folder_rows, FOLDER_FIELDS, G_N_ELEMENTS(FOLDER_FIELDS));

    json_object_set(mailbox, "folders", folders);
    if (cli->is_json) {
        view_print_json(mailbox);
    } else {
        view_print_card(mailbox, CARD, G_N_ELEMENTS(CARD));
        if (json_array_size(folders) > 0) {
            putchar('\n');
            view_print_table(folders, FOLDER_FIELDS, G_N_ELEMENTS(FOLDER_FIELDS));
        }
    }
    json_decref(folders);
    json_decref(mailbox);
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    OWNED(rows) folders = NULL;
    g_autofree char *key = entry_key(args_word(args, 0));

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = account_store_find(tx, key, &rows, err);
    }
    if (status == ST_OK) {
        status = account_store_folders(tx, row_int64(rows, 0, 0), &folders, err);
    }
    if (status == ST_OK) {
        print_mailbox(cli, rows, folders);
    }
    return status;
}

/* ---- add ---- */

/* One call; the body may run again. */
struct addition {
    const char *actor; /* borrowed */
    struct typed typed;
    struct mailbox_entry entry;
    mailbox_id mailbox;
};

static void fill_entry(const struct args *args, struct addition *addition)
{
    static const char *const DEFAULTS[ACCOUNT_TEXTS] = {
        [ACCOUNT_PROOF] = "auth",          [ACCOUNT_AFTER_FETCH] = "move",
        [ACCOUNT_PROCESSED] = "Processed", [ACCOUNT_OVERSIZE] = "Oversize",
        [ACCOUNT_IMAP_PIN] = "",           [ACCOUNT_SMTP_PIN] = "",
        [ACCOUNT_SUBADDRESSES] = "yes",    [ACCOUNT_ENABLED] = "yes",
    };
    const struct typed *typed = &addition->typed;

    addition->entry = (struct mailbox_entry){
        .address = typed->address,
        .trust = typed->trust == NULL ? "none" : typed->trust,
        .authserv_id = typed->authserv_id,
        .own_hosts = typed->own_hosts,
        .aliases = typed->aliases,
        .takes_existing = args_has(args, "take-existing"),
    };
    for (int i = 0; i < ACCOUNT_TEXTS; i++) {
        const char *text = typed->texts[i];
        addition->entry.texts[i] = text == NULL ? DEFAULTS[i] : text;
    }
    if (addition->entry.texts[ACCOUNT_NAME] == NULL) {
        addition->entry.texts[ACCOUNT_NAME] = typed->address;
    }
    if (args_has(args, "no-subaddresses")) {
        addition->entry.texts[ACCOUNT_SUBADDRESSES] = "no";
    }
}

static enum status read_addition(const struct args *args, struct addition *addition,
                                 struct err *err)
{
    struct typed *typed = &addition->typed;
    g_autofree char *address = NULL;

    enum status status = entry_address(args_word(args, 0), &address, &typed->address, err);
    if (status == ST_OK) {
        status = typed_read(args, typed, err);
    }
    if (status == ST_OK && typed->texts[ACCOUNT_IMAP_USER][0] == '\0') {
        (void)err_set(err, ST_INVALID, "--imap names no user");
        return err_hint(err, "imaps://USER@HOST; a \"@\" in the user is %%40");
    }
    if (status == ST_OK) {
        fill_entry(args, addition);
    }
    return status;
}

/* Without a check at least the name has to be one. */
static enum status check_secret_name(struct cli *cli, const char *name, struct err *err)
{
    g_autofree char *password = NULL;
    enum status status = config_secret(cli->config, name, &password, err);

    return status == ST_INVALID ? ST_INVALID : ST_OK;
}

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    struct addition *addition = arg;
    return account_store_add(tx, addition->actor, &addition->entry, &addition->mailbox, err);
}

static void addition_clear(struct addition *addition)
{
    typed_clear(&addition->typed);
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    CLEANUP(addition_clear) struct addition addition = {.actor = actor};

    typed_init(&addition.typed);
    enum status status = read_addition(args, &addition, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        const char *secret = addition.entry.texts[ACCOUNT_SECRET];
        status = args_has(args, "no-check") ? check_secret_name(cli, secret, err)
                                            : account_try(cli, &addition.entry, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &addition, err);
    }
    if (status == ST_OK) {
        cli_added(cli, "mailbox", addition.mailbox, addition.entry.address);
    }
    return status;
}

/* ---- set ---- */

/* One call; the body may run again. */
struct setting {
    const char *actor; /* borrowed */
    char *key;         /* own: which mailbox */
    struct typed typed;
    struct mailbox_change change;
    char *address; /* own: of the mailbox */
};

static void setting_clear(struct setting *setting)
{
    typed_clear(&setting->typed);
    g_free(setting->key);
    g_free(setting->address);
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    struct setting *setting = arg;
    OWNED(rows) rows = NULL;
    enum status status = account_store_find(tx, setting->key, &rows, err);

    if (status != ST_OK) {
        return status;
    }
    g_free(setting->address);
    setting->address = g_strdup(row_text(rows, 0, 1));
    return account_store_change(tx, setting->actor, row_int64(rows, 0, 0), &setting->change, err);
}

static enum status read_switches(const struct args *args, struct mailbox_change *change,
                                 struct err *err)
{
    const char *proof = args_value(args, "technician-proof");
    const char *subaddresses = args_value(args, "subaddresses");
    bool ignored = false;

    if (args_has(args, "enable") && args_has(args, "disable")) {
        return err_set(err, ST_INVALID, "either --disable or --enable");
    }
    if (args_has(args, "enable") || args_has(args, "disable")) {
        change->texts[ACCOUNT_ENABLED] = args_has(args, "enable") ? "yes" : "no";
    }
    if (proof != NULL && strcmp(proof, "auth") != 0 && strcmp(proof, "token") != 0) {
        return err_set(err, ST_INVALID, "--technician-proof takes auth or token, not \"%s\"",
                       proof);
    }
    change->texts[ACCOUNT_PROOF] = proof;
    change->texts[ACCOUNT_SUBADDRESSES] = subaddresses;
    return subaddresses == NULL ? ST_OK : entry_yes_no("subaddresses", subaddresses, &ignored, err);
}

static enum status read_setting(const struct args *args, struct setting *setting, struct err *err)
{
    struct typed *typed = &setting->typed;
    struct mailbox_change *change = &setting->change;

    if (args->names->len == 0) {
        (void)err_set(err, ST_INVALID, "nothing is to be changed");
        return err_hint(err, "postdesk mailbox set --help");
    }
    enum status status = typed_read(args, typed, err);
    if (status != ST_OK) {
        return status;
    }
    memcpy(change->texts, typed->texts, sizeof change->texts);
    change->trust = typed->trust;
    change->authserv_id = typed->authserv_id;
    change->own_hosts = args_has(args, "own-host") ? typed->own_hosts : NULL;
    change->aliases = args_has(args, "alias") ? typed->aliases : NULL;
    return read_switches(args, change, err);
}

/* What follows from a change, in words: a relaxation must not happen by the way. */
static void explain_change(const struct cli *cli, const struct mailbox_change *change,
                           const char *address)
{
    const char *proof = change->texts[ACCOUNT_PROOF];

    if (proof != NULL && strcmp(proof, "token") == 0) {
        cli_say(
            cli,
            "From now on the token of a mail of the desk is enough to act as a technician at %s: whoever\n"
            "gets hold of such a mail, and writes with the technician's address in From, has his powers.\n"
            "This is recorded (postdesk log). Take it back with --technician-proof auth as soon as a\n"
            "trust profile holds (postdesk doctor).\n",
            address);
    } else if (proof != NULL) {
        cli_say(cli, "A technician needs an authenticated From and his token now.\n");
    }
    if (change->trust != NULL && strcmp(change->trust, "none") != 0) {
        cli_say(cli, "postdesk doctor says whether the trust profile holds.\n");
    }
    if (change->texts[ACCOUNT_IMAP_HOST] != NULL || change->texts[ACCOUNT_SMTP_HOST] != NULL ||
        change->texts[ACCOUNT_SECRET] != NULL) {
        cli_say(cli, "postdesk mailbox check %s says whether it can be reached.\n", address);
    }
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    CLEANUP(setting_clear)
    struct setting setting = {.actor = actor, .key = entry_key(args_word(args, 0))};

    typed_init(&setting.typed);
    enum status status = read_setting(args, &setting, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "mailbox", setting.address);
        explain_change(cli, &setting.change, setting.address);
    }
    return status;
}

/* What add and set take alike. */
#define COMMON_FLAGS                                                                               \
 {"alias", "ADDRESS",                                                                              \
  "another address whose mail comes into this mailbox; in set all of them anew, or none", false,   \
  true},                                                                                           \
     {"after-fetch", "move|keep",                                                                  \
      "whether mail that was taken goes to the folder Processed, or stays in INBOX (move)", false, \
      false},                                                                                      \
     {"processed", "FOLDER", "where it goes (Processed)", false, false},                           \
     {"oversize", "FOLDER", "where mail goes that is too large to be taken whole (Oversize)",      \
      false, false},                                                                               \
     {"imap-pin", "PIN",                                                                           \
      "the only public key that the IMAP server may have: its SHA-256 digest in base64, or none",  \
      false, false},                                                                               \
     {"smtp-pin", "PIN", "the same of the SMTP server", false, false},

static const struct flag SET_FLAGS[] = {
    {"name", "NAME", "how the desk is called in mails", false, false},
    {"imap", "URL", "where mail is read, as in add", false, false},
    {"smtp", "URL", "where mail is sent, as in add", false, false},
    {"secret", "NAME", "the file in \"secrets-dir\" with the password of both", false, false},
    {"trust", "WHOM",
     "whose Authentication-Results are believed: authserv-id:NAME, google, microsoft365 or none",
     false, false},
    {"own-host", "HOST", "a host whose Received lines are ours; all of them anew, or none", false,
     true},
    COMMON_FLAGS{
        "technician-proof", "auth|token",
        "what a technician has to bring: an authenticated From and his token, or the token alone",
        false, false},
    {"subaddresses", "yes|no", "whether the server takes mail for user+detail@…", false, false},
    {"disable", NULL, "read and send no mail here", false, false},
    {"enable", NULL, "do so again", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag ADD_FLAGS[] = {
    {"imap", "URL",
     "where mail is read: imaps://USER@HOST[:PORT], imap:// for STARTTLS; a \"@\" in "
     "the user is %40",
     true, false},
    {"smtp", "URL", "where mail is sent: smtps://USER@HOST[:PORT], smtp:// for STARTTLS", true,
     false},
    {"secret", "NAME", "the file in \"secrets-dir\" with the password of both", true, false},
    {"name", "NAME", "how the desk is called in mails", false, false},
    {"trust", "WHOM",
     "whose Authentication-Results are believed: authserv-id:NAME, google, "
     "microsoft365 or none (none)",
     false, false},
    {"own-host", "HOST", "a host whose Received lines are ours", false, true},
    COMMON_FLAGS{"no-subaddresses", NULL, "the server takes no mail for user+detail@…", false,
                 false},
    {"take-existing", NULL, "take the mail that is in the mailbox already, too", false, false},
    {"no-check", NULL, "do not try the IMAP server, and make no folders there", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "add",
     .words = "ADDRESS",
     .help = "enter a support address",
     .more =
         "Tries to log in by IMAP and makes the folders Processed and Oversize there. Mail that is\n"
         "in the mailbox now is left alone. A server that can neither MOVE nor UIDPLUS is read with\n"
         "--after-fetch keep. imap+insecure:// and smtp+insecure:// speak to this machine without TLS,\n"
         "and to no other.",
     .flags = ADD_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_add},
    {.name = "list", .words = "", .help = "list the mailboxes", .run = run_list},
    {.name = "show",
     .words = "ADDRESS|ID",
     .help = "show a mailbox, and what was fetched from it",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "check",
     .words = "ADDRESS|ID",
     .help = "try a mailbox: login, what its server can do, folders, sending",
     .more =
         "Nothing is changed, and no mail is sent. postdesk doctor also tries its trust profile.",
     .least_words = 1,
     .most_words = 1,
     .run = account_run_check},
    {.name = "set",
     .words = "ADDRESS|ID",
     .help = "change how a mailbox is reached and what it is trusted for",
     .more =
         "--technician-proof token is for mailboxes whose provider writes no Authentication-Results\n"
         "that can be believed: a technician is then known by the token of a mail that he got. It is\n"
         "recorded, and shown by postdesk doctor. The daemon follows at once.",
     .flags = SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_set},
    {.run = NULL},
};

const struct noun NOUN_MAILBOX = {"mailbox", "the support addresses", VERBS};
