/* inbound_fetch - received mail becomes rows, and leaves the folder in which it was found
 *
 * The key (mailbox, folder, uidvalidity, uid) makes a second fetch of a mail a no-op. What is new is counted
 * in mailbox_folder in the same transaction, apart from the rows: the two can disagree, and `postdesk audit`
 * compares them.
 *
 * A mail is moved only after its row is committed, and the move is recorded after it was done: rows
 * without moved_at are what a crash in between leaves. For a folder into which we move, last_uid is the
 * highest UID that a recorded move gave: a mail whose move was not recorded stands above it.
 *
 * Not here: claims and decisions (inbound.c). I/O: the caller's transaction.
 */
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "store/arrays.h"
#include "store/inbound.h"

static const struct statement ADD = {
    "inbound_add",
    "INSERT INTO inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw_complete, raw,"
    " arrived_at)"
    " SELECT $1, $2, $3, m.uid, m.fingerprint, m.bytes, m.complete, m.raw, m.arrived"
    " FROM unnest($4::int8[], $5::int8[], $6::timestamptz[], $7::bytea[], $8::bytea[], $9::bool[])"
    " AS m (uid, bytes, arrived, fingerprint, raw, complete)"
    " ON CONFLICT (mailbox, folder, uidvalidity, uid) DO NOTHING RETURNING id, uid"};

static const struct statement ADD_CHUNKS = {
    "inbound_add_chunks", "INSERT INTO inbound_chunk (mail, position, chunk)"
                          " SELECT $1, c.position, c.chunk"
                          " FROM unnest($2::int4[], $3::bytea[]) AS c (position, chunk)"};

static const struct statement COUNT_FETCHED = {
    "inbound_count_fetched",
    "INSERT INTO mailbox_folder (mailbox, folder, uidvalidity, last_uid, fetched)"
    " VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (mailbox, folder, uidvalidity) DO UPDATE"
    " SET last_uid = greatest(mailbox_folder.last_uid, excluded.last_uid),"
    " fetched = mailbox_folder.fetched + excluded.fetched"};

static const struct statement WAKE_INTAKES = {"inbound_wake_intakes", "NOTIFY postdesk_inbound"};

static const struct statement LAST_UID = {
    "inbound_last_uid",
    "SELECT last_uid FROM mailbox_folder WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3"};

static const struct statement UNMOVED = {
    "inbound_unmoved",
    "SELECT uid, raw_complete, bytes, fingerprint FROM inbound_mail"
    " WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND moved_at IS NULL"
    " ORDER BY uid LIMIT $4"};

static const struct statement MOVED = {
    "inbound_moved",
    "WITH locked AS MATERIALIZED (SELECT id, uid FROM inbound_mail"
    "  WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = ANY($5::int8[])"
    "  AND moved_at IS NULL ORDER BY id FOR NO KEY UPDATE)" /* the order in which intakes lock too */
    " UPDATE inbound_mail AS i SET moved_at = now(), moved_folder = $4,"
    " moved_uid = m.new_uid, moved_uidvalidity = m.new_uidvalidity"
    " FROM locked, unnest($5::int8[], $6::int8[], $7::int8[]) AS m (uid, new_uid, new_uidvalidity)"
    " WHERE locked.uid = m.uid AND i.id = locked.id"};

static const struct statement MOVED_TO = {
    "inbound_moved_to",
    "INSERT INTO mailbox_folder (mailbox, folder, uidvalidity, last_uid)"
    " SELECT $1, $2, m.uidvalidity, max(m.uid)"
    " FROM unnest($3::int8[], $4::int8[]) AS m (uid, uidvalidity)"
    " WHERE m.uid IS NOT NULL AND m.uidvalidity IS NOT NULL GROUP BY m.uidvalidity"
    " ON CONFLICT (mailbox, folder, uidvalidity) DO UPDATE"
    " SET last_uid = greatest(mailbox_folder.last_uid, excluded.last_uid)"};

static const struct statement ABANDON = {
    "inbound_abandon",
    "WITH known AS (SELECT uidvalidity FROM mailbox_folder WHERE mailbox = $1 AND folder = $2),"
    " gone AS (UPDATE inbound_mail SET moved_at = now() WHERE mailbox = $1 AND folder = $2"
    "  AND uidvalidity = ANY (SELECT uidvalidity FROM known WHERE uidvalidity <> $3)"
    "  AND moved_at IS NULL RETURNING id)"
    " SELECT (SELECT count(*) FROM gone), EXISTS (SELECT FROM known)"
    "  AND NOT EXISTS (SELECT FROM known WHERE uidvalidity = $3)"};

static void add_folder(struct params *params, const struct inbound_folder *folder)
{
    params_add_int64(params, folder->mailbox);
    params_add_text(params, folder->name);
    params_add_int64(params, folder->uidvalidity);
}

static enum status add_chunks(struct tx *tx, mail_id mail, GBytes *raw, struct err *err)
{
    gsize length = g_bytes_get_size(raw);
    enum status status = ST_OK;
    for (gsize at = 0; at < length && status == ST_OK;) {
        OWNED(params) params = params_new();
        params_add_int64(params, mail);
        at = arrays_add_piece(params, raw, at);
        status = tx_query(tx, &ADD_CHUNKS, params, NULL, err);
    }
    return status;
}

/* Mails too large for their row get their chunks now that they have an id. */
static enum status add_large(struct tx *tx, const struct rows *added,
                             const struct fetched_mail *mails, size_t count, struct err *err)
{
    enum status status = ST_OK;
    for (int row = 0; row < rows_count(added) && status == ST_OK; row++) {
        int64_t uid = row_int64(added, row, 1);
        for (size_t i = 0; i < count; i++) {
            if (mails[i].uid == uid && g_bytes_get_size(mails[i].raw) > LIMIT_RAW_INLINE_BYTES) {
                status = add_chunks(tx, row_int64(added, row, 0), mails[i].raw, err);
                break;
            }
        }
    }
    return status;
}

static void add_numbers(struct params *params, const struct fetched_mail *mails, size_t count)
{
    g_autofree int64_t *uids = g_new(int64_t, count);
    g_autofree int64_t *bytes = g_new(int64_t, count);
    g_autofree int64_t *arrived = g_new(int64_t, count);
    for (size_t i = 0; i < count; i++) {
        uids[i] = mails[i].uid;
        bytes[i] = (int64_t)mails[i].bytes;
        arrived[i] = mails[i].arrived_us;
    }
    params_add_int64s(params, uids, count);
    params_add_int64s(params, bytes, count);
    params_add_times(params, arrived, count);
}

/* What is too large for its row is NULL here. */
static struct blob inline_raw(const struct fetched_mail *mail)
{
    gsize length = 0;
    const void *raw = g_bytes_get_data(mail->raw, &length);
    if (length > LIMIT_RAW_INLINE_BYTES) {
        return (struct blob){NULL, 0};
    }
    return (struct blob){raw ? raw : "", length};
}

static void add_contents(struct params *params, const struct fetched_mail *mails, size_t count)
{
    g_autofree struct blob *fingerprints = g_new(struct blob, count);
    g_autofree struct blob *raws = g_new(struct blob, count);
    g_autofree bool *complete = g_new(bool, count);
    for (size_t i = 0; i < count; i++) {
        fingerprints[i] = (struct blob){mails[i].fingerprint, FINGERPRINT_BYTES};
        raws[i] = inline_raw(&mails[i]);
        complete[i] = mails[i].raw_complete;
    }
    params_add_blobs(params, fingerprints, count);
    params_add_blobs(params, raws, count);
    params_add_bools(params, complete, count);
}

static void queue_add(struct tx *tx, const struct inbound_folder *folder,
                      const struct fetched_mail *mails, size_t count, struct rows **added)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    add_numbers(params, mails, count);
    add_contents(params, mails, count);
    tx_queue(tx, &ADD, params, added);
}

enum status inbound_store_add(struct tx *tx, const struct inbound_folder *folder,
                              const struct fetched_mail *mails, size_t count, int64_t last_uid,
                              int64_t *added_out, struct err *err)
{
    OWNED(rows) added = NULL;
    if (count > 0) {
        queue_add(tx, folder, mails, count, &added);
        enum status status = tx_sync(tx, err);
        if (status == ST_OK) {
            status = add_large(tx, added, mails, count, err);
        }
        if (status != ST_OK) {
            return status;
        }
    }
    int64_t new_count = added ? rows_count(added) : 0;
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_int64(params, last_uid);
    params_add_int64(params, new_count);
    tx_queue(tx, &COUNT_FETCHED, params, NULL);
    if (new_count > 0) {
        tx_queue(tx, &WAKE_INTAKES, NULL, NULL);
    }
    *added_out = new_count;
    return ST_OK;
}

enum status inbound_store_last_uid(struct tx *tx, const struct inbound_folder *folder,
                                   int64_t *last_uid_out, struct err *err)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &LAST_UID, params, &rows, err);
    if (status == ST_OK) {
        *last_uid_out = rows_count(rows) > 0 ? row_int64(rows, 0, 0) : 0;
    }
    return status;
}

enum status inbound_store_abandon(struct tx *tx, const struct inbound_folder *folder,
                                  int64_t *count_out, bool *is_renumbered_out, struct err *err)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &ABANDON, params, &rows, err);
    if (status == ST_OK) {
        *count_out = row_int64(rows, 0, 0);
        *is_renumbered_out = row_bool(rows, 0, 1);
    }
    return status;
}

enum status inbound_store_unmoved(struct tx *tx, const struct inbound_folder *folder, int64_t limit,
                                  GArray **mails_out, struct err *err)
{
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_int64(params, limit);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &UNMOVED, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct unmoved_mail));
    for (int row = 0; row < rows_count(rows); row++) {
        struct unmoved_mail mail = {.uid = row_int64(rows, row, 0),
                                    .raw_complete = row_bool(rows, row, 1),
                                    .bytes = (uint64_t)row_int64(rows, row, 2)};
        size_t length = 0;
        const void *fingerprint = row_bytes(rows, row, 3, &length);
        if (length == FINGERPRINT_BYTES) {
            memcpy(mail.fingerprint, fingerprint, length);
        }
        g_array_append_val(mails, mail);
    }
    *mails_out = mails;
    return ST_OK;
}

enum status inbound_store_moved(struct tx *tx, const struct inbound_folder *folder,
                                const char *new_folder, const struct moved_mail *mails,
                                size_t count, struct err *err)
{
    g_autofree int64_t *uids = g_new(int64_t, count);
    g_autofree int64_t *new_uids = g_new(int64_t, count);
    g_autofree int64_t *new_uidvalidities = g_new(int64_t, count);
    for (size_t i = 0; i < count; i++) {
        uids[i] = mails[i].uid;
        new_uids[i] = mails[i].new_uid;
        new_uidvalidities[i] = mails[i].new_uidvalidity;
    }
    OWNED(params) params = params_new();
    add_folder(params, folder);
    params_add_text(params, new_folder);
    params_add_int64s(params, uids, count);
    params_add_ids(params, new_uids, count);
    params_add_ids(params, new_uidvalidities, count);
    tx_queue(tx, &MOVED, params, NULL);
    if (new_folder) {
        OWNED(params) to = params_new();
        params_add_int64(to, folder->mailbox);
        params_add_text(to, new_folder);
        params_add_ids(to, new_uids, count);
        params_add_ids(to, new_uidvalidities, count);
        tx_queue(tx, &MOVED_TO, to, NULL);
    }
    return tx_sync(tx, err);
}
