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
#include "gateway/gather_first.h"
#include "gateway/gather_wants.h"
#include "store/people.h"
#include "store/rule.h"
#include "store/rule_words.h"
#include "store/ticket.h"

enum { WANTS_ROUNDS = 2 };

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

struct found {
    struct rows *ticket;
    struct rows *technicians;
    struct rows *version;
    struct rows *words;
};

static void found_clear(struct found *found)
{
    g_clear_pointer(&found->ticket, rows_free);
    g_clear_pointer(&found->technicians, rows_free);
    g_clear_pointer(&found->version, rows_free);
    g_clear_pointer(&found->words, rows_free);
}

static void read_technicians(const struct rows *rows, struct records *records)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct person_record *person = people_store_read(rows, row);
        g_array_append_val(records->technicians, person->id);
        gather_add_person(records, person);
    }
}

static void read_common(struct act *act, const struct found *found)
{
    struct records *records = act->deed.records;
    struct ticket_record *ticket = ticket_store_read(found->ticket, 0);
    int64_t nonce = ticket_store_read_nonce(found->ticket, 0);

    desk_store_keys(&act->batch.desk, &act->batch.keys);
    records->settings = act->batch.settings;
    records->now_us = desk_store_now(&act->batch.desk);
    desk_store_calendar(&act->batch.desk, &records->calendar);
    bool is_there = desk_store_mailbox(&act->batch.desk, ticket->mailbox, &records->mailbox);
    assert(is_there); /* a foreign key */
    g_ptr_array_unref(records->own_addresses);
    records->own_addresses = desk_store_own_addresses(&act->batch.desk);
    g_ptr_array_add(records->tickets, ticket);
    g_hash_table_insert(act->batch.nonces, g_memdup2(&ticket->id, sizeof ticket->id),
                        g_memdup2(&nonce, sizeof nonce));
    read_technicians(found->technicians, records);
    if (act->book) {
        records->rule.rules = rule_book_rules(act->book);
        records->rule.version = rule_book_version(act->book);
        rule_words_read(found->words, &records->rule);
    }
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
    CLEANUP(found_clear) struct found found = {NULL};
    struct batch *batch = &act->batch;

    act_done(act);
    *batch = (struct batch){.mails = &act->deed, .count = 1, .book = act->book};
    act->deed = (struct batch_mail){.actor = act->actor, .records = records_new()};
    batch->nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    batch->held_nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    enum status status = lock_ticket(tx, act, err);
    if (status != ST_OK) {
        return status;
    }
    desk_store_queue(tx, &batch->desk);
    people_store_queue_technicians(tx, &found.technicians);
    ticket_store_queue_find(tx, &act->ticket, 1, &found.ticket);
    if (act->book) {
        rule_store_queue_live(tx, &found.version);
        rule_words_queue(tx, &found.words);
    }
    status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&batch->desk, &batch->settings, err);
    }
    if (status == ST_OK && act->book) {
        status = rule_book_update(act->book, tx, rule_store_read_live(found.version), err);
    }
    if (status == ST_OK) {
        read_common(act, &found);
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

enum status act_decide(struct tx *tx, struct act *act, struct err *err)
{
    const struct records *records = act->deed.records;
    struct need *need = need_of_plan(act->decide(records, act->arg), records);
    enum status status = ST_OK;
    bool is_more = true;

    for (int pass = 0; pass < WANTS_ROUNDS && is_more && status == ST_OK; pass++) {
        status = gather_wants(tx, &act->batch, &need, &is_more, err);
        if (is_more) {
            need = need_of_plan(act->decide(records, act->arg), records);
        }
    }
    if (status == ST_OK) {
        status = gather_counts(tx, &act->batch, &need, err);
    }
    need_free(need);
    if (status == ST_OK) {
        act->deed.plan = act->decide(records, act->arg);
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
