/* audit - whether the rows of a desk contradict each other, or what was counted apart from them
 *
 * Constraints of the schema keep most wrong rows out. What they cannot say is asked here: that what fetch
 * counted is what stands there, that a filed mail has its ticket and its comment, that a held one has
 * left nothing, that nobody who must not have a note was sent one, that nothing waits for ever.
 *
 * Each check is a query that finds offenders, and a sentence for people. A healthy desk gives no row.
 * I/O: the caller's transaction, reading; some of the queries look at whole tables.
 */
#include "store/audit.h"

static const struct statement FOLDER_SUMS = {
    "audit_folder_sums",
    "SELECT m.address, coalesce(f.folder, i.folder), coalesce(f.uidvalidity, i.uidvalidity),"
    " coalesce(f.fetched, 0), coalesce(i.count, 0)"
    " FROM mailbox_folder f"
    " FULL JOIN (SELECT mailbox, folder, uidvalidity, count(*) FROM inbound_mail GROUP BY 1, 2, 3) i"
    " USING (mailbox, folder, uidvalidity)"
    " JOIN mailbox m ON m.id = mailbox"
    " WHERE coalesce(f.fetched, 0) <> coalesce(i.count, 0) ORDER BY 1, 2, 3"};

static const struct statement STATES = {
    "audit_states", "SELECT state, count(*) FROM inbound_mail GROUP BY state ORDER BY state"};

static const struct statement FETCHED = {
    "audit_fetched", "SELECT coalesce(sum(fetched), 0)::int8 FROM mailbox_folder"};

/* ---- contradictions ---- */

static const struct statement NO_TICKET = {
    "audit_no_ticket",
    "SELECT i.id FROM inbound_mail i WHERE i.state = 'filed'"
    " AND NOT EXISTS (SELECT FROM ticket t WHERE t.id = i.ticket) ORDER BY i.id LIMIT 100"};

static const struct statement NO_COMMENT = {
    "audit_no_comment",
    "SELECT i.id FROM inbound_mail i WHERE i.state = 'filed'"
    " AND NOT EXISTS (SELECT FROM comment c WHERE c.id = i.comment AND c.mail = i.id)"
    " ORDER BY i.id LIMIT 100"};

static const struct statement LEFTOVERS = {
    "audit_leftovers",
    "SELECT i.id FROM inbound_mail i WHERE i.state IN ('received', 'held', 'rejected', 'duplicate')"
    " AND (EXISTS (SELECT FROM comment c WHERE c.mail = i.id)"
    "  OR EXISTS (SELECT FROM thread_key k WHERE k.mail = i.id)"
    "  OR EXISTS (SELECT FROM ticket t WHERE t.opened_by = i.id)) ORDER BY i.id LIMIT 100"};

static const struct statement TWICE = {
    "audit_twice", "SELECT max(i.id) FROM inbound_mail i WHERE i.state = 'filed'"
                   " GROUP BY i.fingerprint HAVING count(*) > 1 ORDER BY 1 LIMIT 100"};

static const struct statement NO_RAW = {
    "audit_no_raw", "SELECT i.id FROM inbound_mail i WHERE i.raw IS NULL AND i.bytes > 0"
                    " AND NOT EXISTS (SELECT FROM inbound_chunk c WHERE c.mail = i.id)"
                    " ORDER BY i.id LIMIT 100"};

static const struct statement EMPTY_TICKET = {
    "audit_empty_ticket", "SELECT t.id FROM ticket t WHERE t.merged_into IS NULL"
                          " AND NOT EXISTS (SELECT FROM comment c WHERE c.ticket = t.id)"
                          " ORDER BY t.id LIMIT 100"};

static const struct statement OTHER_TICKET = {
    "audit_other_ticket",
    "SELECT o.id FROM outbound_mail o JOIN comment c ON c.id = o.comment"
    " WHERE o.ticket IS DISTINCT FROM c.ticket AND o.notice <> 'undelivered' ORDER BY o.id LIMIT 100"};

static const struct statement NOTE_OUT = {
    "audit_note_out",
    "SELECT o.id FROM outbound_mail o JOIN comment c ON c.id = o.comment"
    " LEFT JOIN person p ON p.id = o.recipient"
    " WHERE c.kind <> 'public' AND p.is_technician IS NOT TRUE AND o.state <> 'suppressed'"
    " AND o.notice NOT IN ('receipt', 'acknowledgement') ORDER BY o.id LIMIT 100"};

static const struct statement IDLE_IN = {
    "audit_idle_in", "SELECT id FROM inbound_mail WHERE state = 'received'"
                     " AND coalesce(lease_until, received_at) < now() - interval '10 minutes'"
                     " ORDER BY id LIMIT 100"};

static const struct statement IDLE_OUT = {
    "audit_idle_out", "SELECT id FROM outbound_mail WHERE state = 'queued'"
                      " AND greatest(next_try_at, coalesce(lease_until, next_try_at))"
                      " < now() - interval '10 minutes' ORDER BY id LIMIT 100"};

static const struct statement BLOB_SIZE = {
    "audit_blob_size",
    "SELECT a.comment FROM attachment a JOIN blob b USING (sha256) WHERE b.bytes <> a.bytes"
    " OR (b.bytes > 0 AND NOT EXISTS (SELECT FROM blob_chunk k WHERE k.sha256 = b.sha256))"
    " ORDER BY 1 LIMIT 100"};

static const struct audit_check CHECKS[] = {
    {"filed-without-ticket", "mail %s is filed, but its ticket is not there", &NO_TICKET},
    {"filed-without-comment", "mail %s is filed, but has no comment", &NO_COMMENT},
    {"leftovers", "mail %s is not filed, but has left a comment, a ticket or a threading key",
     &LEFTOVERS},
    {"filed-twice", "mail %s was filed before: another mail with its fingerprint is filed, too",
     &TWICE},
    {"raw-lost", "mail %s has lost its text as received", &NO_RAW},
    {"empty-ticket", "ticket %s has no comment", &EMPTY_TICKET},
    {"other-ticket", "outbound mail %s tells a comment of another ticket", &OTHER_TICKET},
    {"note-sent", "outbound mail %s tells something internal to somebody who is no technician",
     &NOTE_OUT},
    {"waits-in", "mail %s waits for a decision since more than 10 minutes", &IDLE_IN},
    {"waits-out", "outbound mail %s should have been tried more than 10 minutes ago", &IDLE_OUT},
    {"attachment-lost", "an attachment of comment %s has lost its content", &BLOB_SIZE},
};

const struct audit_check *audit_store_checks(size_t *count_out)
{
    *count_out = G_N_ELEMENTS(CHECKS);
    return CHECKS;
}

enum status audit_store_run(struct tx *tx, struct rows **rows_out, struct err *err)
{
    tx_take_time(tx);
    for (size_t i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
        tx_queue(tx, CHECKS[i].statement, NULL, &rows_out[i]);
    }
    return tx_sync(tx, err);
}

enum status audit_store_sums(struct tx *tx, struct audit_sums *sums_out, struct err *err)
{
    struct audit_sums sums = {NULL};

    tx_take_time(tx);
    tx_queue(tx, &FOLDER_SUMS, NULL, &sums.folders);
    tx_queue(tx, &STATES, NULL, &sums.states);
    tx_queue(tx, &FETCHED, NULL, &sums.fetched);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        *sums_out = sums;
    }
    return status;
}

void audit_sums_clear(struct audit_sums *sums)
{
    g_clear_pointer(&sums->folders, rows_free);
    g_clear_pointer(&sums->states, rows_free);
    g_clear_pointer(&sums->fetched, rows_free);
}

/* ---- against the mailbox itself ---- */

/* Fetch also notes how far it has looked at the folders that it moves mail to, whatever they are called: nothing
 * comes from there. */
static const struct statement FOLDERS = {
    "audit_folders",
    "SELECT folder, uidvalidity, last_uid, is_junk FROM mailbox_folder WHERE mailbox = $1"
    " AND (folder = 'INBOX' OR is_junk OR fetched > 0) ORDER BY folder, uidvalidity"};

static const struct statement TAKEN = {
    "audit_taken", "SELECT uid, id, moved_at IS NOT NULL,"
                   " coalesce(moved_at < now() - interval '1 minute', false) FROM inbound_mail"
                   " WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 ORDER BY uid"};

static const struct statement MOVED = {
    "audit_moved",
    "SELECT moved_uid, id, moved_at BETWEEN now() - interval '29 days'"
    " AND now() - interval '1 minute' FROM inbound_mail WHERE mailbox = $1 AND moved_folder = $2"
    " AND moved_uidvalidity = $3 AND moved_uid IS NOT NULL ORDER BY moved_uid"};

static const struct statement KNOWN = {"audit_known",
                                       "SELECT DISTINCT fingerprint FROM inbound_mail"
                                       " WHERE mailbox = $1 AND fingerprint = ANY($2::bytea[])"};

enum status audit_store_folders(struct tx *tx, mailbox_id mailbox, struct rows **rows_out,
                                struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mailbox);
    return tx_query(tx, &FOLDERS, params, rows_out, err);
}

static enum status query_folder(struct tx *tx, const struct statement *statement,
                                mailbox_id mailbox, const char *folder, int64_t uidvalidity,
                                struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mailbox);
    params_add_text(params, folder);
    params_add_int64(params, uidvalidity);
    return tx_query(tx, statement, params, rows_out, err);
}

enum status audit_store_taken(struct tx *tx, mailbox_id mailbox, const char *folder,
                              int64_t uidvalidity, struct rows **rows_out, struct err *err)
{
    return query_folder(tx, &TAKEN, mailbox, folder, uidvalidity, rows_out, err);
}

enum status audit_store_moved(struct tx *tx, mailbox_id mailbox, const char *folder,
                              int64_t uidvalidity, struct rows **rows_out, struct err *err)
{
    return query_folder(tx, &MOVED, mailbox, folder, uidvalidity, rows_out, err);
}

enum status audit_store_known(struct tx *tx, mailbox_id mailbox, const struct blob *fingerprints,
                              size_t count, struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mailbox);
    params_add_blobs(params, fingerprints, count);
    return tx_query(tx, &KNOWN, params, rows_out, err);
}
