/* audit - postdesk audit [--imap]: is every mail where it should be?
 *
 * First the database alone: conservation (what fetch counted is what stands there, in one state each) and the
 * contradictions of store/audit. With --imap also against the mailboxes:
 *
 *     a mail in INBOX, up to the last UID that was looked at, has a row       else row-missing
 *     a mail in Processed or Oversize has a row                               else row-missing
 *     a row that is not moved is still in INBOX (or Junk)                     else a warning: moved by others
 *     a row that was moved is not in INBOX, but where it was moved to         else not-moved; a warning
 *
 * A moved mail is known by its new UID where the server told it (COPYUID), else by its fingerprint, for
 * which its text is fetched. The desk may be at work meanwhile: the order of reading is such that
 * what it does in between is no finding. Folders are opened by EXAMINE: nothing is changed there.
 * I/O: the database and the IMAP servers (reading), stdout. Exit code 1 on findings.
 */
#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/findings.h"
#include "cli/view.h"
#include "core/limits.h"
#include "gateway/fetch.h"
#include "gateway/fingerprint.h"
#include "gateway/login.h"
#include "net/imap.h"
#include "store/desk.h"

enum { US_PER_S = 1000000 };

/* ---- the database alone ---- */

static json_t *print_sums(const struct cli *cli, const struct audit_sums *sums)
{
    json_t *states = json_object();
    g_autoptr(GString) line = g_string_new("");

    for (int row = 0; row < rows_count(sums->states); row++) {
        int64_t count = row_int64(sums->states, row, 1);
        json_object_set_new(states, row_text(sums->states, row, 0), json_integer(count));
        g_string_append_printf(line, "%s%" PRId64 " %s", row == 0 ? "" : " + ", count,
                               row_text(sums->states, row, 0));
    }
    cli_say(cli, "%" PRId64 " fetched; %s\n", row_int64(sums->fetched, 0, 0),
            line->len == 0 ? "no mail stands in the database" : line->str);
    return states;
}

static enum status check_sums(struct cli *cli, struct tx *tx, struct findings *findings,
                              json_t *report, struct err *err)
{
    struct audit_sums sums = {NULL};
    enum status status = audit_store_sums(tx, &sums, err);

    if (status != ST_OK) {
        return status;
    }
    json_object_set_new(report, "fetched", json_integer(row_int64(sums.fetched, 0, 0)));
    json_object_set_new(report, "states", print_sums(cli, &sums));
    for (int row = 0; row < rows_count(sums.folders); row++) {
        findings_add(findings, "conservation",
                     "%s, folder %s, UIDVALIDITY %" PRId64 ": %" PRId64 " fetched, but %" PRId64
                     " in the database",
                     row_text(sums.folders, row, 0), row_text(sums.folders, row, 1),
                     row_int64(sums.folders, row, 2), row_int64(sums.folders, row, 3),
                     row_int64(sums.folders, row, 4));
    }
    audit_sums_clear(&sums);
    return ST_OK;
}

/* The sentence of a check, with the number where it has "%s". */
static void add_offender(struct findings *findings, const struct audit_check *check, int64_t number)
{
    g_auto(GStrv) parts = g_strsplit(check->sentence, "%s", 2);
    findings_add(findings, check->kind, "%s%" PRId64 "%s", parts[0], number, parts[1]);
}

static enum status check_rows(struct tx *tx, struct findings *findings, struct err *err)
{
    size_t count = 0;
    const struct audit_check *checks = audit_store_checks(&count);
    g_autofree struct rows **found = g_new0(struct rows *, count);
    enum status status = audit_store_run(tx, found, err);

    for (size_t i = 0; i < count && status == ST_OK; i++) {
        for (int row = 0; row < rows_count(found[i]); row++) {
            add_offender(findings, &checks[i], row_int64(found[i], row, 0));
        }
        rows_free(found[i]);
    }
    return status;
}

static enum status check_database(struct cli *cli, struct findings *findings, json_t *report,
                                  struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = cli_read(cli, &tx, err);

    if (status == ST_OK) {
        status = check_sums(cli, tx, findings, report, err);
    }
    if (status == ST_OK) {
        status = check_rows(tx, findings, err);
    }
    return status;
}

/* ---- a mailbox ---- */

/* One mailbox under examination. */
struct visit {
    struct cli *cli;                       /* borrowed */
    struct findings *findings;             /* borrowed */
    const struct mailbox_account *account; /* borrowed */
    struct imapbox *box;                   /* borrowed */
};

/* A folder as the server showed it. */
struct listing {
    struct imapbox_folder folder;
    GArray *mails;    /* own: struct imapbox_mail */
    GHashTable *uids; /* own: the same as a set */
};

static void listing_clear(struct listing *listing)
{
    g_clear_pointer(&listing->mails, g_array_unref);
    g_clear_pointer(&listing->uids, g_hash_table_unref);
}

static enum status list_folder(struct visit *visit, const char *name, struct listing *listing,
                               struct err *err)
{
    listing_clear(listing);
    enum status status = imapbox_examine(visit->box, name, &listing->folder, err);
    if (status == ST_OK) {
        status = imapbox_list(visit->box, 1, UINT32_MAX, &listing->mails, err);
    }
    if (status != ST_OK) {
        return status;
    }
    listing->uids = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < listing->mails->len; i++) {
        const struct imapbox_mail *mail = &g_array_index(listing->mails, struct imapbox_mail, i);
        g_hash_table_add(listing->uids, GUINT_TO_POINTER(mail->uid));
    }
    return ST_OK;
}

static bool has_uid(GHashTable *uids, int64_t uid)
{
    return uid > 0 && uid <= UINT32_MAX &&
           g_hash_table_contains(uids, GUINT_TO_POINTER((guint)uid));
}

/* The first column of rows as a set. */
static GHashTable *uids_of(const struct rows *rows)
{
    GHashTable *uids = g_hash_table_new(NULL, NULL);

    for (int row = 0; row < rows_count(rows); row++) {
        g_hash_table_add(uids, GUINT_TO_POINTER((guint)row_int64(rows, row, 0)));
    }
    return uids;
}

/* ---- where mail is fetched from ---- */

static void compare_listing(struct visit *visit, const char *name, const struct listing *listing,
                            GHashTable *taken, int64_t last_uid)
{
    for (size_t i = 0; i < listing->mails->len; i++) {
        const struct imapbox_mail *mail = &g_array_index(listing->mails, struct imapbox_mail, i);
        bool is_older = visit->account->taken_from_us / US_PER_S >= mail->internal_date_s;
        if (mail->uid <= last_uid && !is_older && !has_uid(taken, mail->uid)) {
            findings_add(visit->findings, "row-missing",
                         "%s: the mail with UID %" PRIu32 " in %s was passed over: it has no row",
                         visit->account->address, mail->uid, name);
        }
    }
}

static void compare_rows(struct visit *visit, const char *name, const struct listing *listing,
                         const struct rows *taken)
{
    for (int row = 0; row < rows_count(taken); row++) {
        int64_t uid = row_int64(taken, row, 0);
        int64_t mail = row_int64(taken, row, 1);
        bool is_there = has_uid(listing->uids, uid);
        bool is_newer = listing->folder.uidnext != 0 && uid >= listing->folder.uidnext;
        bool is_ours_to_move = !visit->account->keeps_mail;
        if (!row_bool(taken, row, 2) && !is_there && !is_newer && is_ours_to_move) {
            findings_warn(visit->findings, "moved-by-others",
                          "%s: mail %" PRId64 " is gone from %s: moved by others",
                          visit->account->address, mail, name);
        } else if (row_bool(taken, row, 3) && is_there) {
            findings_add(visit->findings, "not-moved",
                         "%s: mail %" PRId64 " was moved, but is still in %s",
                         visit->account->address, mail, name);
        }
    }
}

/* Of a folder marked Junk only what was wanted has a row, and the folder may go. */
static enum status check_source(struct visit *visit, const struct rows *folders, int at,
                                struct err *err)
{
    const char *name = row_text(folders, at, 0);
    int64_t uidvalidity = row_int64(folders, at, 1);
    bool is_junk = row_bool(folders, at, 3);
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    CLEANUP(listing_clear) struct listing listing = {.mails = NULL};

    enum status status = list_folder(visit, name, &listing, err);
    if (status == ST_NOT_FOUND && is_junk) {
        return ST_OK;
    }
    if (status != ST_OK || listing.folder.uidvalidity != uidvalidity) {
        return status; /* rows of an older UIDVALIDITY cannot be compared with anything */
    }
    status = tx_begin(visit->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = audit_store_taken(tx, visit->account->id, name, uidvalidity, &rows, err);
    }
    if (status == ST_OK) {
        g_autoptr(GHashTable) taken = uids_of(rows);
        if (!is_junk) {
            compare_listing(visit, name, &listing, taken, row_int64(folders, at, 2));
        }
        compare_rows(visit, name, &listing, rows);
    }
    return status;
}

static enum status check_sources(struct visit *visit, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) folders = NULL;

    enum status status = tx_begin(visit->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = audit_store_folders(tx, visit->account->id, &folders, err);
    }
    tx_rollback(g_steal_pointer(&tx)); /* what comes next waits for the network */
    for (int row = 0; status == ST_OK && row < rows_count(folders); row++) {
        status = check_source(visit, folders, row, err);
    }
    return status;
}

/* ---- where mail is moved to ---- */

/* How many of the mails from `first` on go into one FETCH. */
static size_t batch_length(const GArray *mails, size_t first)
{
    uint64_t bytes = 0;
    size_t i = first;

    while (i < mails->len && i - first < LIMIT_BATCH_MAILS) {
        bytes += g_array_index(mails, struct imapbox_mail, i).size;
        if (i > first && bytes > LIMIT_BATCH_BYTES) {
            break;
        }
        i++;
    }
    return i - first;
}

static enum status fetch_texts(struct visit *visit, const struct imapbox_mail *mails, size_t count,
                               GBytes **texts, struct err *err)
{
    /* Of an oversize mail the fingerprint covers the head that was stored. */
    if (count == 1 && mails[0].size > LIMIT_MAIL_BYTES) {
        enum status status = imapbox_fetch_head(visit->box, mails[0].uid, LIMIT_OVERSIZE_HEAD_BYTES,
                                                &texts[0], err);
        return status == ST_NOT_FOUND ? ST_OK : status;
    }
    return imapbox_fetch_bodies(visit->box, mails, count, texts, err);
}

/* Which of the fingerprints have a row: a set of GBytes. */
static enum status find_known(struct visit *visit, const struct blob *fingerprints, size_t count,
                              GHashTable *known, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = tx_begin(visit->cli->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = audit_store_known(tx, visit->account->id, fingerprints, count, &rows, err);
    }
    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        size_t length = 0;
        const void *bytes = row_bytes(rows, row, 0, &length);
        g_hash_table_add(known, g_bytes_new(bytes, length));
    }
    return status;
}

static enum status compare_texts(struct visit *visit, const char *name,
                                 const struct imapbox_mail *mails, size_t count,
                                 GBytes *const *texts, struct err *err)
{
    uint8_t fingerprints[LIMIT_BATCH_MAILS][FINGERPRINT_BYTES];
    struct blob blobs[LIMIT_BATCH_MAILS];
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                                        (GDestroyNotify)g_bytes_unref, NULL);

    for (size_t i = 0; i < count; i++) {
        gsize length = 0;
        const void *bytes = texts[i] == NULL ? "" : g_bytes_get_data(texts[i], &length);
        fingerprint_make(bytes == NULL ? "" : bytes, length, fingerprints[i]);
        blobs[i] = (struct blob){fingerprints[i], FINGERPRINT_BYTES};
    }
    enum status status = find_known(visit, blobs, count, known, err);
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        g_autoptr(GBytes) key = g_bytes_new_static(fingerprints[i], FINGERPRINT_BYTES);
        if (texts[i] != NULL && !g_hash_table_contains(known, key)) {
            findings_add(visit->findings, "row-missing",
                         "%s: the mail with UID %" PRIu32 " in %s has no row",
                         visit->account->address, mails[i].uid, name);
        }
    }
    return status;
}

/* Mails whose UIDs no row knows: have they a row all the same? The folder is open. */
static enum status check_by_text(struct visit *visit, const char *name, const GArray *mails,
                                 struct err *err)
{
    enum status status = ST_OK;
    size_t count = 0;

    for (size_t first = 0; first < mails->len && status == ST_OK; first += count) {
        const struct imapbox_mail *batch = &g_array_index(mails, struct imapbox_mail, first);
        GBytes *texts[LIMIT_BATCH_MAILS] = {NULL};
        count = batch_length(mails, first);
        status = fetch_texts(visit, batch, count, texts, err);
        if (status == ST_OK) {
            status = compare_texts(visit, name, batch, count, texts, err);
        }
        for (size_t i = 0; i < count; i++) {
            g_clear_pointer(&texts[i], g_bytes_unref);
        }
    }
    return status;
}

static void warn_of_missing(struct visit *visit, const char *name, const struct listing *listing,
                            const struct rows *moved)
{
    for (int row = 0; row < rows_count(moved); row++) {
        if (row_bool(moved, row, 2) && !has_uid(listing->uids, row_int64(moved, row, 0))) {
            findings_warn(visit->findings, "moved-by-others",
                          "%s: mail %" PRId64 " is gone from %s: moved by others",
                          visit->account->address, row_int64(moved, row, 1), name);
        }
    }
}

static enum status read_moved(struct visit *visit, const char *name, int64_t uidvalidity,
                              struct rows **moved_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(visit->cli->conn, TX_READ_ONLY, &tx, err);

    return status == ST_OK
               ? audit_store_moved(tx, visit->account->id, name, uidvalidity, moved_out, err)
               : status;
}

static enum status check_target(struct visit *visit, const char *name, struct err *err)
{
    OWNED(rows) moved = NULL;
    CLEANUP(listing_clear) struct listing listing = {.mails = NULL};
    g_autoptr(GArray) unknown = g_array_new(FALSE, FALSE, sizeof(struct imapbox_mail));

    enum status status = list_folder(visit, name, &listing, err);
    if (status == ST_NOT_FOUND && visit->account->keeps_mail) {
        return ST_OK;
    }
    if (status == ST_NOT_FOUND) {
        findings_warn(visit->findings, "folder-missing", "%s: there is no folder %s",
                      visit->account->address, name);
        return ST_OK;
    }
    if (status == ST_OK) {
        status = read_moved(visit, name, listing.folder.uidvalidity, &moved, err);
    }
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GHashTable) known = uids_of(moved);
    for (size_t i = 0; i < listing.mails->len; i++) {
        struct imapbox_mail mail = g_array_index(listing.mails, struct imapbox_mail, i);
        if (!has_uid(known, mail.uid)) {
            g_array_append_val(unknown, mail);
        }
    }
    warn_of_missing(visit, name, &listing, moved);
    return check_by_text(visit, name, unknown, err);
}

/* ---- all mailboxes ---- */

static enum status check_mailbox(struct cli *cli, const struct mailbox_account *account,
                                 struct findings *findings, struct err *err)
{
    const char *const targets[] = {account->processed_folder, account->oversize_folder};
    OWNED(imapbox) box = NULL;

    enum status status = login_imap(cli->config, account, -1, &box, err);
    struct visit visit = {cli, findings, account, box};
    if (status == ST_OK) {
        status = check_sources(&visit, err);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(targets) && status == ST_OK; i++) {
        status = check_target(&visit, targets[i], err);
    }
    return status == ST_OK ? ST_OK : err_wrap(err, "%s", account->address);
}

static enum status read_account(struct cli *cli, mailbox_id mailbox,
                                struct mailbox_account **account_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(cli->conn, TX_READ_ONLY, &tx, err);

    return status == ST_OK ? desk_store_account(tx, mailbox, account_out, err) : status;
}

static enum status list_mailboxes(struct cli *cli, GArray **mailboxes_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(cli->conn, TX_READ_ONLY, &tx, err);

    return status == ST_OK ? desk_store_enabled(tx, mailboxes_out, err) : status;
}

static enum status check_mailboxes(struct cli *cli, struct findings *findings, struct err *err)
{
    g_autoptr(GArray) mailboxes = NULL;
    enum status status = list_mailboxes(cli, &mailboxes, err);

    for (size_t i = 0; status == ST_OK && i < mailboxes->len; i++) {
        struct mailbox_account *account = NULL;
        status = read_account(cli, g_array_index(mailboxes, mailbox_id, i), &account, err);
        if (status == ST_OK) {
            status = check_mailbox(cli, account, findings, err);
        }
        account_free(account);
    }
    return status;
}

/* ---- saying it ---- */

static void print_lines(const json_t *array, const char *prefix)
{
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(array, i, item)
    {
        g_autofree char *text = view_text(json_object_get(item, "text"), FIELD_TEXT);
        printf("%s: %s\n", prefix, text);
    }
}

static void print_report(const struct cli *cli, json_t *report, const struct findings *findings)
{
    json_object_set(report, "findings", findings->findings);
    json_object_set(report, "warnings", findings->warnings);
    if (cli->is_json) {
        view_print_json(report);
        return;
    }
    print_lines(findings->warnings, "warning");
    print_lines(findings->findings, "finding");
    if (json_array_size(findings->findings) == 0) {
        puts("nothing found");
    }
}

static enum status run_audit(struct cli *cli, const struct args *args, struct err *err)
{
    CLEANUP(findings_done) struct findings findings;
    json_t *report = json_object();

    findings_init(&findings);
    enum status status = check_database(cli, &findings, report, err);
    if (status == ST_OK && args_has(args, "imap")) {
        status = check_mailboxes(cli, &findings, err);
    }
    if (status == ST_OK) {
        print_report(cli, report, &findings);
    }
    json_decref(report);
    if (status == ST_OK && json_array_size(findings.findings) > 0) {
        return err_set(err, ST_NOT_FOUND, "%s", ""); /* exit code 1; all is said */
    }
    return status;
}

static const struct flag FLAGS[] = {
    {"imap", NULL, "compare with the mails in the mailboxes, too", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.is_long = true,
     .words = "",
     .help = "check that every mail is where it should be",
     .more =
         "Changes nothing; the desk may be running. Each finding is a line; the exit code is then 1.",
     .flags = FLAGS,
     .run = run_audit},
    {.run = NULL},
};

const struct noun NOUN_AUDIT = {"audit", "check that every mail is where it should be", VERBS};
