/* mailbox - postdesk mailbox add, list, show, set
 *
 * Before a mailbox is entered, it is tried: log in by IMAP, look whether mails can be moved, make the folders
 * into which they go. What would fail at night in a daemon's log fails here, in front of somebody who can
 * mend it. --no-check leaves that out, for a server that is not there yet.
 *
 * The password is never on the command line and never in the database: --secret names a file of the host.
 * I/O: the database, the IMAP server, the secret file, stdout.
 */
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "gateway/fetch.h"
#include "net/imap.h"
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

/* All that was typed, in its normal form; owns its strings. */
struct addition {
    char *actor;
    char *address;
    char *name;
    struct entry_server imap;
    struct entry_server smtp;
    GPtrArray *own_hosts;
    struct mailbox_entry entry;
    mailbox_id mailbox;
};

static void addition_clear(struct addition *addition)
{
    g_free(addition->actor);
    g_free(addition->address);
    g_free(addition->name);
    entry_server_clear(&addition->imap);
    entry_server_clear(&addition->smtp);
    g_clear_pointer(&addition->own_hosts, g_ptr_array_unref);
}

/* "authserv-id:NAME" or "authserv-id=NAME", or one of the others. NULL is none. */
static enum status read_trust(const char *text, const char **trust_out,
                              const char **authserv_id_out, struct err *err)
{
    static const char *const PLAIN[] = {"none", "google", "microsoft365"};
    static const char AUTHSERV_ID[] = "authserv-id";
    const char *name = text == NULL ? NULL : text + MIN(strlen(text), strlen(AUTHSERV_ID));

    *authserv_id_out = NULL;
    *trust_out = "none";
    if (text == NULL) {
        return ST_OK;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PLAIN); i++) {
        if (strcmp(text, PLAIN[i]) == 0) {
            *trust_out = PLAIN[i];
            return ST_OK;
        }
    }
    if (!g_str_has_prefix(text, AUTHSERV_ID) || strchr(":=", name[0]) == NULL || name[0] == '\0' ||
        name[1] == '\0') {
        (void)err_set(err, ST_INVALID, "\"%s\" is nothing to trust", text);
        return err_hint(err, "authserv-id:NAME, google, microsoft365 or none");
    }
    *trust_out = AUTHSERV_ID;
    *authserv_id_out = name + 1;
    return ST_OK;
}

static enum status read_servers(const struct args *args, struct addition *addition, struct err *err)
{
    enum status status = entry_server(args_value(args, "imap"), "imap", &addition->imap, err);

    if (status == ST_OK) {
        status = entry_server(args_value(args, "smtp"), "smtp", &addition->smtp, err);
    }
    if (status == ST_OK && addition->imap.user == NULL) {
        (void)err_set(err, ST_INVALID, "--imap names no user");
        return err_hint(err, "imaps://USER@HOST; a \"@\" in the user is %%40");
    }
    return status;
}

static enum status read_addition(const struct args *args, struct addition *addition,
                                 struct err *err)
{
    g_autofree char *address = NULL;
    const char *name = args_value(args, "name");
    struct mailbox_entry *entry = &addition->entry;

    enum status status = entry_address(args_word(args, 0), &address, &addition->address, err);
    if (status == ST_OK) {
        status = entry_name(name == NULL ? addition->address : name, &addition->name, err);
    }
    if (status == ST_OK) {
        status = read_servers(args, addition, err);
    }
    if (status == ST_OK) {
        status = read_trust(args_value(args, "trust"), &entry->trust, &entry->authserv_id, err);
    }
    addition->own_hosts = args_values(args, "own-host");
    entry->address = addition->address;
    entry->name = addition->name;
    entry->imap_host = addition->imap.host;
    entry->imap_port = addition->imap.port;
    entry->imap_user = addition->imap.user;
    entry->imap_security = addition->imap.security;
    entry->smtp_host = addition->smtp.host;
    entry->smtp_port = addition->smtp.port;
    entry->smtp_user = addition->smtp.user;
    entry->smtp_security = addition->smtp.security;
    entry->secret = args_value(args, "secret");
    entry->own_hosts = (const char *const *)addition->own_hosts->pdata;
    entry->own_host_count = addition->own_hosts->len;
    entry->has_subaddresses = !args_has(args, "no-subaddresses");
    entry->takes_existing = args_has(args, "take-existing");
    return status;
}

static enum status make_folders(struct imapbox *box, struct err *err)
{
    static const char *const FOLDERS[] = {FETCH_PROCESSED, FETCH_OVERSIZE};
    const struct imapbox_abilities *abilities = imapbox_abilities(box);
    struct imapbox_folder inbox = {.uidvalidity = 0};

    if (!abilities->has_move && !abilities->has_uidplus) {
        (void)err_set(err, ST_FATAL,
                      "the IMAP server can move no mail: it has neither MOVE nor UIDPLUS");
        return err_hint(err, "postdesk needs one of them");
    }
    enum status status = imapbox_select(box, FETCH_FOLDER, &inbox, err);
    if (status == ST_OK && inbox.is_read_only) {
        return err_set(err, ST_DENIED, "INBOX is read-only for this user");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(FOLDERS) && status == ST_OK; i++) {
        status = imapbox_ensure_folder(box, FOLDERS[i], err);
    }
    return status;
}

static enum status try_mailbox(struct cli *cli, const struct mailbox_entry *entry, struct err *err)
{
    g_autofree char *password = NULL;
    OWNED(imapbox) box = NULL;
    struct imapbox_options options = {
        .host = entry->imap_host,
        .port = (uint16_t)entry->imap_port,
        .user = entry->imap_user,
        .ca_file = cli->config->ca_file,
        .wake_fd = -1,
    };

    enum status status = config_secret(cli->config, entry->secret, &password, err);
    if (status == ST_OK) {
        status = stream_security_parse(entry->imap_security, &options.security, err);
    }
    options.password = password;
    if (status == ST_OK) {
        status = imapbox_open(&options, &box, err);
    }
    if (status == ST_OK) {
        status = make_folders(box, err);
    }
    return status == ST_OK ? ST_OK : err_wrap(err, "%s", entry->imap_host);
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

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    CLEANUP(addition_clear) struct addition addition = {.actor = cli_actor()};

    enum status status = read_addition(args, &addition, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = args_has(args, "no-check") ? check_secret_name(cli, addition.entry.secret, err)
                                            : try_mailbox(cli, &addition.entry, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &addition, err);
    }
    if (status == ST_OK) {
        cli_added(cli, "mailbox", addition.mailbox, addition.address);
    }
    return status;
}

/* ---- set ---- */

/* One call; the body may run again. */
struct setting {
    const char *actor; /* borrowed */
    char *key;         /* own: which mailbox */
    char *name;        /* own; NULL */
    GPtrArray *hosts;  /* own; NULL */
    struct mailbox_change change;
    char *address; /* own: of the mailbox */
};

static void setting_clear(struct setting *setting)
{
    g_free(setting->key);
    g_free(setting->name);
    g_free(setting->address);
    g_clear_pointer(&setting->hosts, g_ptr_array_unref);
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
    bool ignored = false;
    enum status status = ST_OK;

    change->technician_proof = args_value(args, "technician-proof");
    change->has_subaddresses = args_value(args, "subaddresses");
    if (args_has(args, "enable") && args_has(args, "disable")) {
        return err_set(err, ST_INVALID, "either --disable or --enable");
    }
    if (args_has(args, "enable") || args_has(args, "disable")) {
        change->is_enabled = args_has(args, "enable") ? "yes" : "no";
    }
    if (change->technician_proof != NULL && strcmp(change->technician_proof, "auth") != 0 &&
        strcmp(change->technician_proof, "token") != 0) {
        return err_set(err, ST_INVALID, "--technician-proof takes auth or token, not \"%s\"",
                       change->technician_proof);
    }
    if (change->has_subaddresses != NULL) {
        status = entry_yes_no("subaddresses", change->has_subaddresses, &ignored, err);
    }
    return status;
}

static enum status read_setting(const struct args *args, struct setting *setting, struct err *err)
{
    struct mailbox_change *change = &setting->change;
    enum status status = read_switches(args, change, err);

    if (status == ST_OK && args->names->len == 0) {
        (void)err_set(err, ST_INVALID, "nothing is to be changed");
        return err_hint(err, "postdesk mailbox set --help");
    }
    if (status == ST_OK && args_has(args, "name")) {
        status = entry_name(args_value(args, "name"), &setting->name, err);
        change->name = setting->name;
    }
    if (status == ST_OK && args_has(args, "trust")) {
        status = read_trust(args_value(args, "trust"), &change->trust, &change->authserv_id, err);
    }
    if (status == ST_OK && args_has(args, "own-host")) {
        setting->hosts = args_values(args, "own-host");
        if (setting->hosts->len == 1 && strcmp(args_value(args, "own-host"), "none") == 0) {
            g_ptr_array_set_size(setting->hosts, 0);
        }
        change->own_hosts = setting->hosts;
    }
    return status;
}

/* What follows from a change, in words: a relaxation must not happen by the way. */
static void explain_change(const struct cli *cli, const struct mailbox_change *change,
                           const char *address)
{
    const char *proof = change->technician_proof;

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
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    CLEANUP(setting_clear)
    struct setting setting = {.actor = actor, .key = entry_key(args_word(args, 0))};

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

static const struct flag SET_FLAGS[] = {
    {"name", "NAME", "how the desk is called in mails", false, false},
    {"trust", "WHOM",
     "whose Authentication-Results are believed: authserv-id:NAME, google, microsoft365 or none",
     false, false},
    {"own-host", "HOST", "a host whose Received lines are ours; all of them anew, or none", false,
     true},
    {"technician-proof", "auth|token",
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
    {"no-subaddresses", NULL, "the server takes no mail for user+detail@…", false, false},
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
         "in the mailbox now is left alone.",
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
    {.name = "set",
     .words = "ADDRESS|ID",
     .help = "change what a mailbox is trusted for",
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
