/* act - what happens to a ticket without a mail
 *
 * Commands and the time do what mail does: records are gathered under the ticket's lock, a pure function makes the
 * plan, and the plan becomes rows as everywhere (gateway/apply). What differs is the evidence, which is the caller's
 * business: whoever can run the command line of a desk may speak for its technicians, and is recorded with what he did.
 *
 * The ticket's lock is taken before it is read, at its own level of the order of locks, and a merged ticket is followed
 * first.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/act.h"

#include <assert.h>
#include <inttypes.h>

#include "desk/need.h"
#include "gateway/gather_common.h"
#include "gateway/gather_first.h"
#include "gateway/gather_wants.h"
#include "store/people.h"
#include "store/ticket.h"

/* ---- reading ----------------------------------------------------------------------------------- */

/* Follow merges, then lock where they lead. */
static enum status lock_ticket(struct tx *tx, struct act *act, struct err *err)
{
    OWNED(rows) rows = NULL;

    ticket_store_queue_nonces(tx, &act->ticket, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, act->ticket);
    }
    if (status == ST_OK) {
        act->ticket = row_int64(rows, 0, 2);
        int64_t lock = need_ticket_lock(act->ticket);
        ticket_store_queue_locks(tx, &lock, 1);
    }
    return status;
}

static void start_records(struct act *act, const struct rows *tickets,
                          const struct common_rows *rows)
{
    struct records *records = act->deed.records;
    struct ticket_record *ticket = ticket_store_read(tickets, 0);
    int64_t nonce = ticket_store_read_nonce(tickets, 0);

    g_ptr_array_add(records->tickets, ticket);
    g_hash_table_insert(act->batch.nonces, g_memdup2(&ticket->id, sizeof ticket->id),
                        g_memdup2(&nonce, sizeof nonce));
    bool is_there = gather_common(&act->batch, ticket->mailbox, rows, records);
    assert(is_there); /* a foreign key */
}

static enum status read_people(struct tx *tx, struct act *act, struct err *err)
{
    OWNED(need) need = need_round(NULL, act->deed.records, 3);
    OWNED(rows) rows = NULL;

    if (act->author != 0 && !records_person(act->deed.records, act->author)) {
        g_array_append_val(need->people, act->author);
    }
    people_store_queue_by_id(tx, (const int64_t *)(const void *)need->people->data,
                             need->people->len, &rows);
    enum status status = tx_sync(tx, err);
    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        gather_add_person(act->deed.records, people_store_read(rows, row));
    }
    return status;
}

enum status act_gather(struct tx *tx, struct act *act, struct err *err)
{
    CLEANUP(common_rows_clear) struct common_rows rows = {NULL};
    OWNED(rows) tickets = NULL;
    struct batch *batch = &act->batch;

    act_done(act);
    *batch = (struct batch){.mails = &act->deed,
                            .count = 1,
                            .book = act->book,
                            .keeps_book = act->keeps_book};
    act->deed = (struct batch_mail){.actor = act->actor, .records = records_new()};
    batch->nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    batch->held_nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    enum status status = lock_ticket(tx, act, err);
    if (status != ST_OK) {
        return status;
    }
    gather_queue_common(tx, batch, &rows);
    ticket_store_queue_find(tx, &act->ticket, 1, &tickets);
    status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = gather_read_common(tx, batch, &rows, err);
    }
    if (status == ST_OK) {
        start_records(act, tickets, &rows);
        status = read_people(tx, act, err);
    }
    return status;
}

enum status act_read_ticket(struct tx *tx, ticket_id ticket, struct ticket_record **record_out,
                            struct err *err)
{
    OWNED(rows) rows = NULL;

    ticket_store_queue_find(tx, &ticket, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, ticket);
    }
    if (status == ST_OK) {
        *record_out = ticket_store_read(rows, 0);
    }
    return status;
}

/* ---- deciding and writing ---------------------------------------------------------------------- */

static struct need *foresee(const struct batch_mail *mail, void *arg)
{
    const struct act *act = arg;

    return need_of_plan(act->decide(mail->records, act->arg), mail->records);
}

enum status act_decide(struct tx *tx, struct act *act, struct err *err)
{
    enum status status = gather_last(tx, &act->batch, foresee, act, err);

    if (status == ST_OK && !act->deed.plan) {
        act->deed.plan = act->decide(act->deed.records, act->arg);
    }
    return status;
}

enum status act_apply(struct tx *tx, struct act *act, struct err *err)
{
    return act->deed.plan->verdict == VERDICT_FILED ? batch_apply(tx, &act->batch, err) : ST_OK;
}

void act_done(struct act *act)
{
    if (act->batch.mails) {
        batch_clear(&act->batch);
        act->batch.mails = NULL;
    }
}
