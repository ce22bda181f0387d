/* junk - mails of which only the header was read
 *
 * Fetch stores what it found in the folder marked Junk, an intake judges it, fetch takes what is wanted. Each
 * step is one transaction, and each is counted once:
 *
 *     add      rows, and the folder's last_uid: no header is stored twice
 *     claim    attempt and lease, so that a mail that kills intakes is seen by its attempts
 *     settle   wanted: its row stays, without the header; else deleted. junk_day counts in the same transaction
 *     forget   wanted mails that stand in inbound_mail: that insert may be repeated, its key makes it a no-op
 *
 * What is taken is counted as fetched by inbound_store_add, like any other mail; what is left never was.
 * Not here: what is wanted (desk/junk).
 * I/O: the caller's transaction.
 */
#include "store/junk.h"

#include "core/limits.h"
#include "store/arrays.h"

static const struct statement ADD = {
    "junk_add", "INSERT INTO junk_mail (mailbox, folder, uidvalidity, uid, bytes, header)"
                " SELECT $1, $2, $3, m.uid, m.bytes, m.header"
                " FROM unnest($4::int8[], $5::int8[], $6::bytea[]) AS m (uid, bytes, header)"
                " ON CONFLICT (mailbox, folder, uidvalidity, uid) DO NOTHING"};

static const struct statement RAISE = {
    "junk_raise",
    "INSERT INTO mailbox_folder (mailbox, folder, uidvalidity, last_uid, is_junk)"
    " VALUES ($1, $2, $3, $4, true)"
    " ON CONFLICT (mailbox, folder, uidvalidity) DO UPDATE"
    " SET last_uid = greatest(mailbox_folder.last_uid, excluded.last_uid), is_junk = true"};

static const struct statement COUNT_LEFT = {
    "junk_count_left",
    "INSERT INTO junk_day (mailbox, day, mails_left) VALUES ($1, current_date, $2)"
    " ON CONFLICT (mailbox, day) DO UPDATE"
    " SET mails_left = junk_day.mails_left + excluded.mails_left"};

static const struct statement WAKE_INTAKES = {"junk_wake_intakes", "NOTIFY postdesk_inbound"};

static const struct statement STATE = {
    "junk_state", "SELECT uid, is_wanted FROM junk_mail WHERE mailbox = $1 AND folder = $2"
                  " AND uidvalidity = $3 ORDER BY uid"};

static const struct statement FORGET = {
    "junk_forget", "DELETE FROM junk_mail WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3"
                   " AND uid = ANY ($4::int8[]) AND is_wanted"};

static const struct statement RENUMBER = {
    "junk_renumber",
    "DELETE FROM junk_mail WHERE mailbox = $1 AND folder = $2 AND uidvalidity <> $3"};

/* The oldest decides: if it was claimed before, it comes alone. */
static const struct statement CLAIM = {
    "junk_claim",
    "WITH waiting AS (SELECT id, attempt FROM junk_mail"
    "  WHERE NOT is_wanted AND (lease_until IS NULL OR lease_until < now())"
    "  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),"
    " oldest AS (SELECT id, attempt FROM waiting ORDER BY id LIMIT 1),"
    " chosen AS (SELECT id FROM oldest WHERE attempt > 0"
    "  UNION ALL SELECT id FROM waiting WHERE attempt = 0 AND (SELECT attempt FROM oldest) = 0)"
    " UPDATE junk_mail AS j SET attempt = j.attempt + 1,"
    "  lease_until = now() + $2 * interval '1 microsecond'"
    " FROM chosen WHERE j.id = chosen.id"
    " RETURNING j.id, j.mailbox, j.bytes, j.header, j.attempt"};

static const struct statement WANT = {
    "junk_want",
    "WITH taken AS (UPDATE junk_mail SET is_wanted = true, header = NULL, lease_until = NULL"
    "  WHERE id = ANY ($1::int8[]) AND NOT is_wanted RETURNING mailbox)"
    " INSERT INTO junk_day (mailbox, day, mails_taken)"
    " SELECT mailbox, current_date, count(*) FROM taken GROUP BY mailbox ORDER BY mailbox"
    " ON CONFLICT (mailbox, day) DO UPDATE"
    " SET mails_taken = junk_day.mails_taken + excluded.mails_taken"};

static const struct statement LEAVE = {
    "junk_leave",
    "WITH gone AS (DELETE FROM junk_mail"
    "  WHERE id = ANY ($1::int8[]) AND NOT is_wanted RETURNING mailbox)"
    " INSERT INTO junk_day (mailbox, day, mails_left)"
    " SELECT mailbox, current_date, count(*) FROM gone GROUP BY mailbox ORDER BY mailbox"
    " ON CONFLICT (mailbox, day) DO UPDATE"
    " SET mails_left = junk_day.mails_left + excluded.mails_left"};

static void add_folder(struct params *params, const struct inbound_folder *folder)
{
    params_add_int64(params, folder->mailbox);
    params_add_text(params, folder->name);
    params_add_int64(params, folder->uidvalidity);
}

/* ---- fetch ---- */

static void queue_add(struct tx *tx, const struct inbound_folder *folder,
                      const struct junk_header *headers, size_t count)
{
    g_autofree int64_t *uids = g_new(int64_t, count);
    g_autofree int64_t *bytes = g_new(int64_t, count);
    g_autofree struct blob *texts = g_new(struct blob, count);
    for (size_t i = 0; i < count; i++) {
        uids[i] = headers[i].uid;
        bytes[i] = (int64_t)headers[i].bytes;
        texts[i].bytes = g_bytes_get_data(headers[i].header, &texts[i].length);
        texts[i].bytes = texts[i].bytes ? texts[i].bytes : "";
    }
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_int64s(params, uids, count);
    params_add_int64s(params, bytes, count);
    params_add_blobs(params, texts, count);
    tx_queue(tx, &ADD, params, NULL);
    tx_queue(tx, &WAKE_INTAKES, NULL, NULL);
}

enum status junk_store_add(struct tx *tx, const struct inbound_folder *folder,
                           const struct junk_header *headers, size_t count, int64_t left,
                           int64_t last_uid, struct err *err)
{
    if (count > 0) {
        queue_add(tx, folder, headers, count);
    }
    if (left > 0) {
        OWNED(params) counted = params_new();
        params_add_int64(counted, folder->mailbox);
        params_add_int64(counted, left);
        tx_queue(tx, &COUNT_LEFT, counted, NULL);
    }
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_int64(params, last_uid);
    tx_queue(tx, &RAISE, params, NULL);
    return tx_sync(tx, err);
}

enum status junk_store_state(struct tx *tx, const struct inbound_folder *folder,
                             struct junk_state *state_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    add_folder(params, folder);
    enum status status = tx_query(tx, &STATE, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    *state_out = (struct junk_state){.wanted = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    for (int row = 0; row < rows_count(rows); row++) {
        int64_t uid = row_int64(rows, row, 0);
        if (row_bool(rows, row, 1)) {
            g_array_append_val(state_out->wanted, uid);
        } else {
            state_out->has_waiting = true;
        }
    }
    return ST_OK;
}

enum status junk_store_forget(struct tx *tx, const struct inbound_folder *folder,
                              const int64_t *uids, size_t count, struct err *err)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_int64s(params, uids, count);
    return tx_query(tx, &FORGET, params, NULL, err);
}

enum status junk_store_renumber(struct tx *tx, const struct inbound_folder *folder, struct err *err)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    return tx_query(tx, &RENUMBER, params, NULL, err);
}

/* ---- intake ---- */

void junk_mail_free(struct junk_mail *mail)
{
    g_bytes_unref(mail->header);
    g_free(mail);
}

enum status junk_store_claim(struct tx *tx, int64_t lease_us, GPtrArray **mails_out,
                             struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    params_add_int64(params, LIMIT_BATCH_MAILS);
    params_add_int64(params, lease_us);
    enum status status = tx_query(tx, &CLAIM, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    *mails_out = g_ptr_array_new_with_free_func((GDestroyNotify)junk_mail_free);
    for (int row = 0; row < rows_count(rows); row++) {
        size_t length = 0;
        const void *header = row_bytes(rows, row, 3, &length);
        struct junk_mail *mail = g_new(struct junk_mail, 1);
        *mail = (struct junk_mail){.id = row_int64(rows, row, 0),
                                   .mailbox = row_int64(rows, row, 1),
                                   .bytes = (uint64_t)row_int64(rows, row, 2),
                                   .header = g_bytes_new(header, length),
                                   .attempt = (int)row_int64(rows, row, 4)};
        g_ptr_array_add(*mails_out, mail);
    }
    return ST_OK;
}

static void queue_ids(struct tx *tx, const struct statement *statement, const GArray *ids)
{
    OWNED(params) params = params_new();
    arrays_add_int64s(params, ids);
    tx_queue(tx, statement, params, NULL);
}

enum status junk_store_settle(struct tx *tx, const GPtrArray *mails, const bool *are_wanted,
                              struct err *err)
{
    g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) unwanted = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < mails->len; i++) {
        const struct junk_mail *mail = mails->pdata[i];
        g_array_append_val(are_wanted[i] ? wanted : unwanted, mail->id);
    }
    queue_ids(tx, &WANT, wanted);
    queue_ids(tx, &LEAVE, unwanted);
    return tx_sync(tx, err);
}
