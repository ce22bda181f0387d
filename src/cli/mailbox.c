/* mailbox - postdesk mailbox add, list, show
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
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    (void)args;
    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = account_store_list(tx, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, FIELDS, G_N_ELEMENTS(FIELDS));
    }
    return status;
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
    g_free(addition->address);
    g_free(addition->name);
    entry_server_clear(&addition->imap);
    entry_server_clear(&addition->smtp);
    g_clear_pointer(&addition->own_hosts, g_ptr_array_unref);
}

static enum status read_trust(const char *text, struct mailbox_entry *entry, struct err *err)
{
    static const char *const PLAIN[] = {"none", "google", "microsoft365"};
    static const char AUTHSERV_ID[] = "authserv-id:";

    if (text == NULL) {
        entry->trust = "none";
        return ST_OK;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PLAIN); i++) {
        if (strcmp(text, PLAIN[i]) == 0) {
            entry->trust = PLAIN[i];
            return ST_OK;
        }
    }
    if (!g_str_has_prefix(text, AUTHSERV_ID) || text[strlen(AUTHSERV_ID)] == '\0') {
        (void)err_set(err, ST_INVALID, "\"%s\" is nothing to trust", text);
        return err_hint(err, "authserv-id:NAME, google, microsoft365 or none");
    }
    entry->trust = "authserv-id";
    entry->authserv_id = text + strlen(AUTHSERV_ID);
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
        status = read_trust(args_value(args, "trust"), entry, err);
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
    return account_store_add(tx, &addition->entry, &addition->mailbox, err);
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    CLEANUP(addition_clear) struct addition addition = {.address = NULL};

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
    {.run = NULL},
};

const struct noun NOUN_MAILBOX = {"mailbox", "the support addresses", VERBS};
