/* inbound - the rows of inbound_mail: the durable log that everything else is made from
 *
 * Fetch adds rows (inbound_fetch.c), intake claims them with a committed update and ends them in the
 * transaction that applies the decision. A claim is a lease: when its holder dies, the mail waits again once
 * the lease is over.
 *
 * A mail that was claimed and neither ended nor given back is a suspect: its holder died with it. Suspects
 * are claimed alone, so that one of them cannot take innocent ones with it again.
 *
 * I/O: the caller's transaction.
 */
#include "store/inbound.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "store/arrays.h"

/* ---- claims ----------------------------------------------------------------------------------- */

/* A large mail costs an intake and its parser many times its size, so of one host's intakes only one has one at
 * a time: memory stays within its budget however many there are. The others take small mail meanwhile. The
 * number is that of the index inbound_mail_large; the lock is for two who claim in the same moment. */
#define LARGE "4194304"
#define MAY_TAKE_LARGE                                                           \
 "pg_try_advisory_xact_lock(7021, 5) AND NOT EXISTS (SELECT FROM inbound_mail l" \
 " WHERE l.state = 'received' AND l.bytes > " LARGE " AND l.lease_until > now()" \
 " AND l.lease_holder <> $1 AND split_part(l.lease_holder, ' ', 1) = split_part($1, ' ', 1))"

/* The oldest decides: if its last holder died with it, it comes alone; else come those that are fresh. */
static const struct statement CLAIM = {
    "inbound_claim",
    "WITH waiting AS (SELECT id, bytes, attempt FROM inbound_mail"
    "  WHERE state = 'received' AND (lease_until IS NULL OR lease_until < now())"
    "  AND (bytes <= " LARGE " OR (SELECT " MAY_TAKE_LARGE "))"
    "  ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED),"
    " oldest AS (SELECT id, attempt FROM waiting ORDER BY id LIMIT 1),"
    " fresh AS (SELECT w.id, sum(w.bytes) OVER (ORDER BY w.id) - w.bytes AS before FROM waiting w"
    "  WHERE w.attempt = 0),"
    " chosen AS (SELECT id FROM oldest WHERE attempt > 0"
    "  UNION ALL SELECT id FROM fresh WHERE before < $4 AND (SELECT attempt FROM oldest) = 0)"
    " UPDATE inbound_mail AS i SET attempt = i.attempt + 1, lease_holder = $1,"
    "  solo_attempts = i.solo_attempts + (i.attempt > 0)::int,"
    "  lease_until = now() + $2 * interval '1 microsecond'"
    " FROM chosen WHERE i.id = chosen.id"
    " RETURNING i.id, i.mailbox, i.bytes, i.raw_complete, i.raw, i.fingerprint, i.parser_deaths,"
    "  i.solo_attempts, i.attempt > 1, i.released_by, i.is_trusted"};

static const struct statement CHUNKS = {
    "inbound_chunks",
    "SELECT chunk FROM inbound_chunk WHERE mail = $1 AND position >= $2 ORDER BY position LIMIT $3"};

static const struct statement GIVE_BACK = {
    "inbound_give_back",
    "UPDATE inbound_mail SET attempt = attempt - 1,"
    " solo_attempts = solo_attempts - (attempt > 1)::int, lease_holder = NULL, lease_until = NULL"
    " WHERE lease_holder = $1 AND state = 'received'"};

static const struct statement PARSER_DIED = {
    "inbound_parser_died",
    "UPDATE inbound_mail SET parser_deaths = parser_deaths + 1, attempt = attempt - 1,"
    " solo_attempts = solo_attempts - (attempt > 1)::int, lease_holder = NULL, lease_until = NULL"
    " WHERE id = $1 AND lease_holder = $2 AND state = 'received'"};

static const struct statement RAW = {"inbound_raw", "SELECT raw FROM inbound_mail WHERE id = $1"};

void claimed_mail_free(struct claimed_mail *mail)
{
    if (mail) {
        g_clear_pointer(&mail->raw, g_bytes_unref);
        g_free(mail->released_by);
        g_free(mail);
    }
}

static struct claimed_mail *read_claimed(const struct rows *rows, int row)
{
    struct claimed_mail *mail = g_new0(struct claimed_mail, 1);
    mail->id = row_int64(rows, row, 0);
    mail->mailbox = row_int64(rows, row, 1);
    mail->bytes = (uint64_t)row_int64(rows, row, 2);
    mail->raw_complete = row_bool(rows, row, 3);
    if (!row_is_null(rows, row, 4)) {
        size_t length = 0;
        const void *raw = row_bytes(rows, row, 4, &length);
        mail->raw = g_bytes_new(raw, length);
    }
    size_t length = 0;
    const void *fingerprint = row_bytes(rows, row, 5, &length);
    if (length == FINGERPRINT_BYTES) {
        memcpy(mail->fingerprint, fingerprint, length);
    }
    mail->parser_deaths = (int)row_int64(rows, row, 6);
    mail->solo_attempts = (int)row_int64(rows, row, 7);
    mail->is_solo = row_bool(rows, row, 8);
    mail->released_by = g_strdup(row_text(rows, row, 9));
    mail->is_trusted = row_bool(rows, row, 10);
    return mail;
}

static int compare_claimed(const void *a, const void *b)
{
    const struct claimed_mail *const *left = (const struct claimed_mail *const *)a;
    const struct claimed_mail *const *right = (const struct claimed_mail *const *)b;
    return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

static enum status read_chunks(struct tx *tx, mail_id mail, GBytes **raw_out, struct err *err)
{
    g_autoptr(GByteArray) raw = g_byte_array_new();
    enum status status = ST_OK;
    bool is_more = true;
    for (int32_t from = 0; is_more && status == ST_OK; from += PIECE_CHUNKS) {
        OWNED(params) params = params_new();
        OWNED(rows) rows = NULL;
        params_add_int64(params, mail);
        params_add_int32(params, from);
        params_add_int64(params, PIECE_CHUNKS);
        status = tx_query(tx, &CHUNKS, params, &rows, err);
        is_more = status == ST_OK && arrays_append_piece(raw, rows);
    }
    if (status == ST_OK) {
        *raw_out = g_byte_array_free_to_bytes(g_steal_pointer(&raw));
    }
    return status;
}

/* Give every mail without an inline raw the one that stands in chunks. */
static enum status load_chunks(struct tx *tx, GPtrArray *claimed, struct err *err)
{
    enum status status = ST_OK;
    for (guint i = 0; i < claimed->len && status == ST_OK; i++) {
        struct claimed_mail *mail = g_ptr_array_index(claimed, i);
        if (!mail->raw) {
            status = read_chunks(tx, mail->id, &mail->raw, err);
        }
    }
    return status;
}

enum status inbound_store_claim(struct tx *tx, const char *holder, int64_t lease_us,
                                GPtrArray **claimed_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, holder);
    params_add_int64(params, lease_us);
    params_add_int64(params, LIMIT_BATCH_MAILS);
    params_add_int64(params, LIMIT_BATCH_BYTES);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &CLAIM, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray)
        claimed = g_ptr_array_new_with_free_func((GDestroyNotify)claimed_mail_free);
    for (int row = 0; row < rows_count(rows); row++) {
        g_ptr_array_add(claimed, read_claimed(rows, row));
    }
    g_ptr_array_sort(claimed, compare_claimed);
    status = load_chunks(tx, claimed, err);
    if (status == ST_OK) {
        *claimed_out = g_steal_pointer(&claimed);
    }
    return status;
}

enum status inbound_store_give_back(struct tx *tx, const char *holder, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, holder);
    return tx_query(tx, &GIVE_BACK, params, NULL, err);
}

enum status inbound_store_parser_died(struct tx *tx, mail_id mail, const char *holder,
                                      struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mail);
    params_add_text(params, holder);
    return tx_query(tx, &PARSER_DIED, params, NULL, err);
}

enum status inbound_store_raw(struct tx *tx, mail_id mail, GBytes **raw_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mail);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &RAW, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no mail %" PRId64, mail);
    }
    if (row_is_null(rows, 0, 0)) {
        return read_chunks(tx, mail, raw_out, err);
    }
    size_t length = 0;
    const void *raw = row_bytes(rows, 0, 0, &length);
    *raw_out = g_bytes_new(raw, length);
    return ST_OK;
}

/* ---- the decision ----------------------------------------------------------------------------- */

static const struct statement TWINS = {
    "inbound_twins",
    "SELECT i.fingerprint, i.id, i.state, i.outcome, i.ticket, i.comment, coalesce(c.kind, '') = 'unverified'"
    " FROM inbound_mail i LEFT JOIN comment c ON c.id = i.comment"
    " WHERE i.fingerprint = ANY($1::bytea[]) AND i.state IN ('filed', 'event', 'held', 'rejected')"
    " ORDER BY i.id"};

static const struct statement SUPERSEDE = {
    "inbound_supersede",
    "UPDATE inbound_mail AS i SET state = 'duplicate', outcome = 'duplicate', duplicate_of = s.mail,"
    " comment = NULL, decided_at = now() FROM unnest($1::int8[], $2::int8[]) AS s (twin, mail)"
    " WHERE i.id = s.twin AND i.state IN ('held', 'filed')"};

/* Fetch marks rows as moved meanwhile: whoever touches several rows locks them in the order of their ids. */
static const struct statement LOCK_ROWS = {
    "inbound_lock_rows",
    "SELECT id FROM inbound_mail WHERE id = ANY($1::int8[]) ORDER BY id FOR NO KEY UPDATE"};

/* Lists of texts travel as one text each, its lines the elements: unnest cannot give arrays of arrays. */
static const struct statement END = {
    "inbound_end",
    "UPDATE inbound_mail AS i SET state = e.state, role = e.role, outcome = e.outcome,"
    " from_address = e.from_address, from_text = e.from_text, subject = e.subject,"
    " message_id = e.message_id, parties = string_to_array(e.parties, E'\\n'),"
    " is_auth_failed = e.auth_failed, where_reasons = string_to_array(e.where_reasons, E'\\n'),"
    " who_reasons = string_to_array(e.who_reasons, E'\\n'),"
    " may_reasons = string_to_array(e.may_reasons, E'\\n'), ticket = e.ticket, comment = e.comment,"
    " sender = e.sender, duplicate_of = e.duplicate_of, records = e.records, decided_at = now(),"
    " held_for = e.held_for, held_until = to_timestamp(e.held_until / 1e6), nonce = coalesce(e.nonce, i.nonce),"
    " held_customer = e.held_customer, is_spam = i.is_spam OR e.spam, lease_holder = NULL, lease_until = NULL"
    " FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
    " $8::text[], $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::int8[],"
    " $15::int8[], $16::int8[], $17::int8[], $18::bytea[], $19::text[], $20::int8[], $21::int8[],"
    " $22::int8[], $23::bool[]) AS e (id, state, role, outcome,"
    " from_address, from_text, subject, message_id, parties, auth_failed, where_reasons, who_reasons,"
    " may_reasons, ticket, comment, sender, duplicate_of, records, held_for, held_until, nonce,"
    " held_customer, spam)"
    " WHERE i.id = e.id AND i.state = 'received'"};

void inbound_store_queue_twins(struct tx *tx, const struct blob *fingerprints, size_t count,
                               struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_blobs(params, fingerprints, count);
    tx_queue(tx, &TWINS, params, rows_out);
}

void inbound_store_read_twin(const struct rows *rows, int row, struct twin_row *out)
{
    size_t length = 0;
    out->fingerprint = row_bytes(rows, row, 0, &length);
    out->mail = row_int64(rows, row, 1);
    out->state = row_text(rows, row, 2);
    out->outcome = row_text(rows, row, 3);
    out->ticket = row_int64(rows, row, 4);
    out->comment = row_int64(rows, row, 5);
    out->is_unverified = row_bool(rows, row, 6);
}

static void queue_row_locks(struct tx *tx, const struct inbound_end *ends, size_t count)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < count; i++) {
        g_array_append_val(ids, ends[i].mail);
        if (ends[i].supersedes) {
            g_array_append_val(ids, ends[i].supersedes);
        }
    }
    OWNED(params) params = params_new();
    arrays_add_int64s(params, ids);
    tx_queue(tx, &LOCK_ROWS, params, NULL);
}

static void queue_supersede(struct tx *tx, const struct inbound_end *ends, size_t count)
{
    g_autoptr(GArray) twins = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < count; i++) {
        if (ends[i].supersedes) {
            g_array_append_val(twins, ends[i].supersedes);
            g_array_append_val(mails, ends[i].mail);
        }
    }
    if (twins->len > 0) {
        OWNED(params) params = params_new();
        arrays_add_int64s(params, twins);
        arrays_add_int64s(params, mails);
        tx_queue(tx, &SUPERSEDE, params, NULL);
    }
}

void inbound_store_queue_end(struct tx *tx, const struct inbound_end *ends, size_t count)
{
    g_autofree const char **states = g_new(const char *, count);
    g_autofree bool *auth_failed = g_new(bool, count);
    g_autofree bool *spam = g_new(bool, count);
    g_autofree struct blob *records = g_new(struct blob, count);
    for (size_t i = 0; i < count; i++) {
        states[i] = verdict_name(ends[i].verdict);
        auth_failed[i] = ends[i].is_auth_failed;
        spam[i] = ends[i].is_spam;
        records[i] = ends[i].records;
    }
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, ends, count, mail);
    params_add_texts(params, states, count);
    ADD_TEXT_MEMBERS(params, ends, count, role);
    ADD_TEXT_MEMBERS(params, ends, count, outcome);
    ADD_TEXT_MEMBERS(params, ends, count, from_address);
    ADD_TEXT_MEMBERS(params, ends, count, from_text);
    ADD_TEXT_MEMBERS(params, ends, count, subject);
    ADD_TEXT_MEMBERS(params, ends, count, message_id);
    ADD_LINE_MEMBERS(params, ends, count, parties);
    params_add_bools(params, auth_failed, count);
    ADD_LINE_MEMBERS(params, ends, count, where);
    ADD_LINE_MEMBERS(params, ends, count, who);
    ADD_LINE_MEMBERS(params, ends, count, may);
    ADD_ID_MEMBERS(params, ends, count, ticket);
    ADD_ID_MEMBERS(params, ends, count, comment);
    ADD_ID_MEMBERS(params, ends, count, sender);
    ADD_ID_MEMBERS(params, ends, count, duplicate_of);
    params_add_blobs(params, records, count);
    ADD_TEXT_MEMBERS(params, ends, count, held_for);
    ADD_ID_MEMBERS(params, ends, count, held_until_us);
    ADD_ID_MEMBERS(params, ends, count, nonce);
    ADD_ID_MEMBERS(params, ends, count, held_customer);
    params_add_bools(params, spam, count);
    queue_row_locks(tx, ends, count);
    tx_queue(tx, &END, params, NULL);
    queue_supersede(tx, ends, count);
}
