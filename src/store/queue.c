/* queue - mails out, moved by people
 *
 *     move      of a mail that is                 makes it
 *     retry     waiting, failed                   waiting, due now
 *     drop      waiting, held back                suppressed, by a person
 *     hold      waiting                           held back
 *     release   held back                         waiting, due now
 *
 * A mail that is held back is a queued one whose next try is never ('infinity'): no sender looks at it, and the
 * statement by which they claim needs to know nothing of it. A mail that a sender has just now can be neither held back nor
 * dropped: perhaps it is at the server already. Whoever moves a mail takes its row's lock first, so a sender and
 * a person never do two things with it.
 *
 * Nothing is moved without a trace: with a ticket in its history, without one in the log.
 * I/O: the caller's transaction.
 */
#include "store/queue.h"

#include <inttypes.h>
#include <string.h>

#include "store/change_log.h"
#include "store/ticket.h"

static const struct statement LIST = {
    "queue_list",
    "SELECT * FROM (SELECT o.id, CASE WHEN o.state <> 'queued' THEN o.state"
    " WHEN o.stopped_by IS NOT NULL THEN 'held' WHEN o.lease_until > now() THEN 'sending'"
    " WHEN o.attempt > 0 THEN 'deferred' ELSE 'waiting' END, o.queued_at, o.address, o.notice,"
    " o.ticket, o.attempt,"
    " CASE WHEN o.state = 'queued' AND o.stopped_by IS NULL THEN o.next_try_at END,"
    " CASE WHEN o.stopped_by IS NOT NULL THEN 'held back by ' || o.stopped_by"
    "  ELSE coalesce(o.suppressed_by, o.answer) END, m.address, o.ended_at"
    " FROM outbound_mail o JOIN mailbox m ON m.id = o.mailbox WHERE o.state = $1"
    " AND ($2::text IS NULL OR m.address = $2) AND ($3::text IS NULL OR o.address_key = $3)"
    " AND o.notice <> 'probe' ORDER BY o.id DESC LIMIT $4) newest ORDER BY id"};

#define PICKED                                                          \
 "SELECT o.id, o.state, o.ticket, o.address, o.stopped_by IS NOT NULL," \
 " coalesce(o.lease_until > now(), false) FROM outbound_mail o"

static const struct statement PICK = {"queue_pick", PICKED
                                      " WHERE o.id = ANY ($1::int8[]) ORDER BY o.id FOR UPDATE"};

static const struct statement PICK_ALL = {
    "queue_pick_all",
    PICKED " WHERE o.state = $1 AND ($2::text IS NULL OR o.mailbox = (SELECT id FROM mailbox"
           " WHERE address = $2)) AND ($3::text IS NULL OR o.address_key = $3)"
           " ORDER BY o.id LIMIT $4 FOR UPDATE"};

static const struct statement RETRY = {
    "queue_retry",
    "UPDATE outbound_mail SET state = 'queued', ended_at = NULL, next_try_at = now(),"
    " tried_from = now(), attempt = CASE WHEN state = 'failed' THEN 0 ELSE attempt END"
    " WHERE id = ANY ($1::int8[])"};

static const struct statement DROP = {
    "queue_drop", "UPDATE outbound_mail SET state = 'suppressed', stopped_by = NULL,"
                  " suppressed_by = 'dropped by ' || $2, next_try_at = now(), lease_holder = NULL,"
                  " lease_until = NULL WHERE id = ANY ($1::int8[])"};

static const struct statement HOLD = {
    "queue_hold", "UPDATE outbound_mail SET stopped_by = $2, next_try_at = 'infinity',"
                  " lease_holder = NULL, lease_until = NULL WHERE id = ANY ($1::int8[])"};

static const struct statement RELEASE = {
    "queue_release", "UPDATE outbound_mail SET stopped_by = NULL, next_try_at = now(),"
                     " tried_from = now() WHERE id = ANY ($1::int8[])"};

static const struct statement WAKE = {"queue_wake", "NOTIFY postdesk_outbound"};

/* What a move asks of a mail, and what it leaves behind. */
static const struct {
    const struct statement *statement;
    bool takes_actor;
    bool takes_waiting;
    bool takes_stopped;
    bool takes_failed;
    bool waits_for_sender; /* not while one has it */
    const char *trace;
    const char *refusal; /* of a queued mail that is the other way round */
} MOVES[] = {
    [QUEUE_RETRY] = {&RETRY, false, true, false, true, false, "mail-tried-again",
                     "it is held back: release it"},
    [QUEUE_DROP] = {&DROP, true, true, true, false, true, "mail-dropped", ""},
    [QUEUE_HOLD] = {&HOLD, true, true, false, false, true, "mail-held-back",
                    "it is held back already"},
    [QUEUE_RELEASE] = {&RELEASE, false, false, true, false, false, "mail-released",
                       "nobody holds it back"},
};

enum { ID, STATE, TICKET, ADDRESS, IS_STOPPED, IS_LEASED };

static void add_filter(struct params *params, const struct queue_filter *filter)
{
    params_add_text(params, filter->state == NULL ? "queued" : filter->state);
    params_add_text(params, filter->mailbox);
    params_add_text(params, filter->to);
    params_add_int64(params, filter->limit);
}

enum status queue_store_list(struct tx *tx, const struct queue_filter *filter,
                             struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    add_filter(params, filter);
    return tx_query(tx, &LIST, params, rows_out, err);
}

/* Why the move does not fit; NULL: it does. */
static const char *refusal(enum queue_move move, const struct rows *rows, int row)
{
    const char *state = row_text(rows, row, STATE);
    bool is_stopped = row_bool(rows, row, IS_STOPPED);

    if (strcmp(state, "failed") == 0 && MOVES[move].takes_failed) {
        return NULL;
    }
    if (strcmp(state, "queued") != 0) {
        return strcmp(state, "sent") == 0     ? "it was sent"
               : strcmp(state, "failed") == 0 ? "it has failed"
                                              : "it was suppressed";
    }
    return (is_stopped ? MOVES[move].takes_stopped : MOVES[move].takes_waiting)
               ? NULL
               : MOVES[move].refusal;
}

static bool is_busy(enum queue_move move, const struct rows *rows, int row)
{
    return MOVES[move].waits_for_sender && row_bool(rows, row, IS_LEASED);
}

/* Mails that were named: each must fit. */
static enum status check_named(const struct queue_order *order, const struct rows *rows,
                               struct err *err)
{
    for (size_t i = 0; i < order->count; i++) {
        int row = 0;
        while (row < rows_count(rows) && row_int64(rows, row, ID) != order->mails[i]) {
            row++;
        }
        if (row == rows_count(rows)) {
            return err_set(err, ST_NOT_FOUND, "there is no mail out %" PRId64, order->mails[i]);
        }
        const char *why = refusal(order->move, rows, row);
        if (why != NULL) {
            return err_set(err, ST_INVALID, "mail out %" PRId64 ": %s", order->mails[i], why);
        }
        if (is_busy(order->move, rows, row)) {
            (void)err_set(err, ST_TEMPFAIL, "mail out %" PRId64 " is being sent just now",
                          order->mails[i]);
            return err_hint(err, "look at it in a moment: postdesk queue list");
        }
    }
    return ST_OK;
}

static void leave_trace(struct tx *tx, const struct queue_order *order, const struct rows *rows,
                        int row)
{
    const char *trace = MOVES[order->move].trace;

    if (!row_is_null(rows, row, TICKET)) {
        struct new_activity activity = {.ticket = row_int64(rows, row, TICKET),
                                        .what = trace,
                                        .to_value = row_text(rows, row, ADDRESS),
                                        .actor = order->actor,
                                        .outbound = row_int64(rows, row, ID)};
        ticket_store_queue_activities(tx, &activity, 1);
        return;
    }
    struct logged_change change = {.actor = order->actor,
                                   .object = "mail out",
                                   .number = row_int64(rows, row, ID),
                                   .what = trace,
                                   .new_value = row_text(rows, row, ADDRESS)};
    change_log_queue(tx, &change);
}

static enum status pick(struct tx *tx, const struct queue_order *order, struct rows **rows_out,
                        struct err *err)
{
    OWNED(params) params = params_new();

    if (order->mails == NULL) {
        add_filter(params, &order->filter);
        return tx_query(tx, &PICK_ALL, params, rows_out, err);
    }
    params_add_int64s(params, order->mails, order->count);
    enum status status = tx_query(tx, &PICK, params, rows_out, err);
    return status == ST_OK ? check_named(order, *rows_out, err) : status;
}

enum status queue_store_move(struct tx *tx, const struct queue_order *order, int64_t *count_out,
                             struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    enum status status = pick(tx, order, &rows, err);

    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GArray) fitting = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int row = 0; row < rows_count(rows); row++) {
        int64_t id = row_int64(rows, row, ID);
        if (refusal(order->move, rows, row) == NULL && !is_busy(order->move, rows, row)) {
            g_array_append_val(fitting, id);
            leave_trace(tx, order, rows, row);
        }
    }
    params_add_int64s(params, (const int64_t *)(const void *)fitting->data, fitting->len);
    if (MOVES[order->move].takes_actor) {
        params_add_text(params, order->actor);
    }
    tx_queue(tx, MOVES[order->move].statement, params, NULL);
    tx_queue(tx, &WAKE, NULL, NULL);
    status = tx_sync(tx, err);
    if (status == ST_OK) {
        *count_out = fitting->len;
    }
    return status;
}
