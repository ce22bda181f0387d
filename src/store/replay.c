/* replay - stored mail, page by page, with what was read when it was decided
 *
 * A page begins behind the last number of the one before it, so a transaction lives no longer than a page and what
 * arrives meanwhile does not disturb: the span is counted once, and its end is kept.
 *
 * Mails without records cannot be decided again as they were; they are counted.
 * I/O: the caller's transaction, reading only.
 */
#include "store/replay.h"

#include "core/limits.h"
#include "store/inbound.h"

#define OF_SPAN                          \
 "state <> 'received' AND ($1::int8 = 0" \
 " OR decided_at >= now() - $1 * interval '1 second')"

static const struct statement SPAN = {
    "replay_span", "SELECT count(*) FILTER (WHERE records IS NOT NULL),"
                   " count(*) FILTER (WHERE records IS NULL), max(id) FROM inbound_mail"
                   " WHERE " OF_SPAN};

static const struct statement PAGE = {
    "replay_page",
    "SELECT i.id, i.ticket, i.raw, i.raw_complete, i.records, coalesce(i.subject, ''),"
    " coalesce(i.from_address, ''), i.decided_at FROM (SELECT p.id, p.bytes,"
    " sum(p.bytes) OVER (ORDER BY p.id) AS so_far FROM (SELECT id, bytes FROM inbound_mail"
    " WHERE id > $2 AND id <= $3 AND records IS NOT NULL AND " OF_SPAN
    " ORDER BY id LIMIT $4) p) s JOIN inbound_mail i ON i.id = s.id"
    " WHERE s.so_far - s.bytes < $5 ORDER BY i.id"};

void stored_mail_free(struct stored_mail *mail)
{
    if (mail) {
        g_clear_pointer(&mail->raw, g_bytes_unref);
        g_clear_pointer(&mail->records, g_bytes_unref);
        g_free(mail->subject);
        g_free(mail->from_address);
        g_free(mail);
    }
}

enum status replay_store_span(struct tx *tx, int64_t seconds, struct replay_span *span_out,
                              struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    params_add_int64(params, seconds);
    enum status status = tx_query(tx, &SPAN, params, &rows, err);
    if (status == ST_OK) {
        *span_out = (struct replay_span){.seconds = seconds,
                                         .total = row_int64(rows, 0, 0),
                                         .without = row_int64(rows, 0, 1),
                                         .last = row_int64(rows, 0, 2)};
    }
    return status;
}

static GBytes *bytes_of(const struct rows *rows, int row, int column)
{
    size_t length = 0;
    const void *bytes = row_bytes(rows, row, column, &length);
    return bytes ? g_bytes_new(bytes, length) : NULL;
}

enum status replay_store_page(struct tx *tx, const struct replay_span *span, mail_id behind,
                              GPtrArray **mails_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    params_add_int64(params, span->seconds);
    params_add_int64(params, behind);
    params_add_int64(params, span->last);
    params_add_int64(params, LIMIT_BATCH_MAILS);
    params_add_int64(params, LIMIT_BATCH_BYTES);
    enum status status = tx_query(tx, &PAGE, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)stored_mail_free);
    for (int row = 0; row < rows_count(rows) && status == ST_OK; row++) {
        struct stored_mail *mail = g_new(struct stored_mail, 1);
        *mail = (struct stored_mail){.id = row_int64(rows, row, 0),
                                     .ticket = row_int64(rows, row, 1),
                                     .raw = bytes_of(rows, row, 2),
                                     .raw_complete = row_bool(rows, row, 3),
                                     .records = bytes_of(rows, row, 4),
                                     .subject = g_strdup(row_text(rows, row, 5)),
                                     .from_address = g_strdup(row_text(rows, row, 6)),
                                     .decided_us = row_time(rows, row, 7)};
        g_ptr_array_add(mails, mail);
        if (!mail->raw) { /* it stands in chunks */
            status = inbound_store_raw(tx, mail->id, &mail->raw, err);
        }
    }
    if (status == ST_OK) {
        *mails_out = g_steal_pointer(&mails);
    }
    return status;
}
