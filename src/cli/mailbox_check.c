/* mailbox_check - can a mailbox be reached, and what can its servers do?
 *
 * `mailbox add` tries before it enters, `mailbox check` tries what is entered. Servers differ: without MOVE mail is
 * copied and removed, without UIDPLUS as well it cannot leave INBOX, without IDLE it is asked for each second.
 * The check says which of that will happen, so that nobody has to know the extensions' names.
 *
 * Nothing is sent: the talk with the SMTP server ends before the mail does.
 *
 * Not here: the trust profile, probes (cli/doctor). I/O: the database, IMAP, SMTP, the secret file, stdout.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/mailbox_entry.h"
#include "cli/view.h"
#include "core/text.h"
#include "gateway/fetch.h"
#include "gateway/login.h"
#include "gateway/probe.h"
#include "net/imap.h"
#include "store/desk.h"

static const struct field FIELDS[] = {
    {"what", "CHECK", FIELD_TEXT, false},
    {"result", "RESULT", FIELD_TEXT, false},
    {"text", "", FIELD_TEXT, true},
};

/* ---- before it is entered ---- */

static enum status make_folders(struct imapbox *box, const struct mailbox_entry *entry,
                                struct err *err)
{
    const char *const folders[] = {entry->texts[ACCOUNT_PROCESSED], entry->texts[ACCOUNT_OVERSIZE]};
    const struct imapbox_abilities *abilities = imapbox_abilities(box);
    struct imapbox_folder inbox = {.uidvalidity = 0};
    bool is_kept = strcmp(entry->texts[ACCOUNT_AFTER_FETCH], "keep") == 0;

    enum status status = imapbox_select(box, FETCH_FOLDER, &inbox, err);
    if (status != ST_OK || is_kept) {
        return status;
    }
    if (!abilities->has_move && !abilities->has_uidplus) {
        (void)err_set(err, ST_FATAL,
                      "the IMAP server can move no mail: it has neither MOVE nor UIDPLUS");
        return err_hint(err, "--after-fetch keep leaves mail that was taken in INBOX");
    }
    if (inbox.is_read_only) {
        return err_set(err, ST_DENIED, "INBOX is read-only for this user");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && status == ST_OK; i++) {
        status = imapbox_ensure_folder(box, folders[i], err);
    }
    if (status != ST_OK && err->hint[0] == '\0') {
        return err_hint(err, "some servers want folders below INBOX: --processed INBOX.Processed"
                             " --oversize INBOX.Oversize");
    }
    return status;
}

static enum status read_port(const char *text, uint16_t *port_out, struct err *err)
{
    int64_t port = 0;
    enum status status = text_parse_int64(text, 1, UINT16_MAX, &port, err);

    *port_out = (uint16_t)port;
    return status;
}

enum status account_try(struct cli *cli, const struct mailbox_entry *entry, struct err *err)
{
    g_autofree char *password = NULL;
    OWNED(imapbox) box = NULL;
    const char *const *texts = entry->texts;
    struct imapbox_options options = {
        .host = texts[ACCOUNT_IMAP_HOST],
        .user = texts[ACCOUNT_IMAP_USER],
        .ca_file = cli->config->ca_file,
        .pin = texts[ACCOUNT_IMAP_PIN][0] == '\0' ? NULL : texts[ACCOUNT_IMAP_PIN],
        .wake_fd = -1,
    };

    enum status status = config_secret(cli->config, texts[ACCOUNT_SECRET], &password, err);
    if (status == ST_OK) {
        status = stream_security_parse(texts[ACCOUNT_IMAP_SECURITY], &options.security, err);
    }
    if (status == ST_OK) {
        status = read_port(texts[ACCOUNT_IMAP_PORT], &options.port, err);
    }
    options.password = password;
    if (status == ST_OK) {
        status = imapbox_open(&options, &box, err);
    }
    if (status == ST_OK) {
        status = make_folders(box, entry, err);
    }
    return status == ST_OK ? ST_OK : err_wrap(err, "%s", options.host);
}

/* ---- afterwards ---- */

/* One check. */
struct checking {
    struct cli *cli;                       /* borrowed */
    const struct mailbox_account *account; /* borrowed */
    json_t *checks;                        /* own */
    bool has_fault;
};

/* hint "": none. */
static void note(struct checking *checking, const char *what, bool is_well, const char *hint,
                 const char *format, ...) PRINTF_LIKE(5, 6);
static void note(struct checking *checking, const char *what, bool is_well, const char *hint,
                 const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line = text_one_line(text, SIZE_MAX);
    g_autofree char *mend = text_one_line(hint, SIZE_MAX);
    json_array_append_new(checking->checks,
                          json_pack("{s:s, s:s, s:s, s:s}", "what", what, "result",
                                    is_well ? "well" : "fault", "text", line, "hint", mend));
    checking->has_fault = checking->has_fault || !is_well;
}

static void tell_abilities(struct checking *checking, const struct imapbox_abilities *abilities)
{
    static const char KEEP_HINT[] = "postdesk mailbox set --after-fetch keep leaves mail in INBOX";
    bool keeps = checking->account->keeps_mail;
    bool can_move = abilities->has_move || abilities->has_uidplus;

    note(checking, "moving", keeps || can_move, keeps || can_move ? "" : KEEP_HINT, "%s",
         keeps                    ? "mail stays in INBOX, as the mailbox is set"
         : abilities->has_move    ? "the server moves mail (MOVE)"
         : abilities->has_uidplus ? "mail is copied, and removed where it was (UIDPLUS, no MOVE)"
                                  : "the server has neither MOVE nor UIDPLUS");
    note(checking, "removing", true, "", "%s",
         keeps                    ? "nothing is removed"
         : abilities->has_uidplus ? "processed mail is removed after processed-days (UIDPLUS)"
                                  : "processed mail is never removed: the server lacks UIDPLUS");
    note(checking, "waiting", true, "", "%s",
         abilities->has_idle ? "the server tells of new mail (IDLE)"
                             : "the server is asked for new mail each second: it lacks IDLE");
    note(checking, "junk", true, "", "%s",
         abilities->has_special_use ? "a folder marked Junk is looked at (SPECIAL-USE)"
                                    : "no folder can be marked Junk: the server lacks SPECIAL-USE");
}

static void check_folders(struct checking *checking, struct imapbox *box)
{
    const struct mailbox_account *account = checking->account;
    const char *const folders[] = {FETCH_FOLDER, account->processed_folder,
                                   account->oversize_folder};
    size_t count = account->keeps_mail ? 1 : G_N_ELEMENTS(folders);

    for (size_t i = 0; i < count; i++) {
        struct imapbox_folder folder = {.uidvalidity = 0};
        struct err err = {.status = ST_OK};
        enum status status = imapbox_examine(box, folders[i], &folder, &err);
        if (status == ST_OK) {
            note(checking, "folder", true, "", "%s: %" PRIu32 " mails", folders[i], folder.exists);
        } else if (status == ST_NOT_FOUND) {
            note(checking, "folder", false, "the daemon makes it as soon as it reads the mailbox",
                 "there is no folder \"%s\"", folders[i]);
        } else {
            note(checking, "folder", false, err.hint, "%s: %s", folders[i], err.text);
        }
    }
}

static void check_servers(struct checking *checking)
{
    const struct mailbox_account *account = checking->account;
    const struct config *config = checking->cli->config;
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = NULL;

    if (login_imap(config, account, -1, &box, &err) == ST_OK) {
        note(checking, "imap", true, "", "logged in at %s port %d (%s)", account->imap_host,
             account->imap_port, account->imap_security);
        tell_abilities(checking, imapbox_abilities(box));
        check_folders(checking, box);
    } else {
        note(checking, "imap", false, err.hint, "%s", err.text);
    }
    err = (struct err){.status = ST_OK};
    if (probe_try_smtp(config, account, NULL, &err) == ST_OK) {
        note(checking, "smtp", true, "", "%s port %d (%s) takes mail from the mailbox",
             account->smtp_host, account->smtp_port, account->smtp_security);
    } else {
        note(checking, "smtp", false, err.hint, "%s", err.text);
    }
}

static void print_checks(const struct checking *checking)
{
    size_t i = 0;
    json_t *check = NULL;

    if (checking->cli->is_json) {
        view_print_checks(!checking->has_fault, checking->checks);
        return;
    }
    view_print_table(checking->checks, FIELDS, G_N_ELEMENTS(FIELDS));
    json_array_foreach(checking->checks, i, check)
    {
        const char *hint = json_string_value(json_object_get(check, "hint"));
        if (hint[0] != '\0') {
            printf("%s: %s\n", json_string_value(json_object_get(check, "what")), hint);
        }
    }
}

static enum status read_account(struct cli *cli, const char *key,
                                struct mailbox_account **account_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = account_store_find(tx, key, &rows, err);
    }
    return status == ST_OK ? desk_store_account(tx, row_int64(rows, 0, 0), account_out, err)
                           : status;
}

enum status account_run_check(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *key = entry_key(args_word(args, 0));
    struct mailbox_account *account = NULL;

    enum status status = read_account(cli, key, &account, err);
    if (status != ST_OK) {
        return status;
    }
    struct checking checking = {.cli = cli, .account = account, .checks = json_array()};
    check_servers(&checking);
    print_checks(&checking);
    json_decref(checking.checks);
    account_free(account);
    return checking.has_fault ? err_set(err, ST_NOT_FOUND, "%s", "") : ST_OK; /* all is said */
}
