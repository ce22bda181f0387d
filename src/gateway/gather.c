/* gather - records for a batch of mails, and their decisions
 *
 * desk/need says what to look up; this module asks the database for a whole batch at once and deals the
 * answers out to each mail's records. One round trip a round, at most four rounds:
 *
 *     0  settings, keys, mailboxes, technicians: common to all
 *     1  locks of the first level, then tokens, Message-IDs, addresses, domains, twins (gather_first)
 *     2  locks of the tickets, then the tickets; held mails that tokens are about, locked
 *     3  people    4  what rules name (gather_wants, seldom), then counts of the governor
 *
 * Locks come before what they protect is read; each level is taken in ascending order by everybody, so
 * that nobody can wait in a circle. Of mails that share a key only the oldest stays in the batch: the others
 * would be decided by what stood there before it.
 *
 * Tokens are verified here, between two rounds: what goes into the records is the verdict.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/gather.h"

#include <string.h>

#include "desk/decide.h"
#include "desk/need.h"
#include "desk/pick.h"
#include "gateway/gather_common.h"
#include "gateway/gather_first.h"
#include "gateway/gather_wants.h"
#include "gateway/keys.h"
#include "store/held.h"
#include "store/people.h"
#include "store/ticket.h"

/* ---- round 0: what is common ------------------------------------------------------------------ */

static void start_records(const struct batch *batch, struct batch_mail *mail,
                          const struct common_rows *rows)
{
    struct records *records = records_new();
    const struct claimed_mail *claimed = mail->claimed;
    mail->records = records;
    records->mail = batch->is_rehearsal ? 0 : claimed->id;
    records->is_oversize = !claimed->raw_complete;
    records->bytes = claimed->bytes;
    records->released_by = g_strdup(claimed->released_by);
    records->is_trusted = claimed->is_trusted;
    (void)gather_common(batch, claimed->mailbox, rows, records);
}

static enum status read_common(struct tx *tx, struct batch *batch, struct err *err)
{
    CLEANUP(common_rows_clear) struct common_rows rows = {NULL};
    gather_queue_common(tx, batch, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = gather_read_common(tx, batch, &rows, err);
    }
    for (size_t i = 0; i < batch->count && status == ST_OK; i++) {
        start_records(batch, &batch->mails[i], &rows);
    }
    return status;
}

/* ---- round 2: tickets ------------------------------------------------------------------------- */

static bool shares_any(const GArray *taken, const GArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        if (int64s_contain(taken, g_array_index(wanted, int64_t, i))) {
            return true;
        }
    }
    return false;
}

static void add_all(GArray *taken, const GArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        int64s_add(taken, g_array_index(wanted, int64_t, i));
    }
}

/* Of mails that lead to the same ticket, or decide on the same held mail, only the oldest stays. */
static void collect_tickets(struct batch *batch, struct need **needs, GArray *tickets,
                            GArray *helds)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_mail *mail = &batch->mails[i];
        if (!gather_takes_part(mail)) {
            continue;
        }
        OWNED(need) need = need_round(mail->facts, mail->records, 2);
        mail->is_deferred = !batch->is_rehearsal &&
                            (shares_any(tickets, need->tickets) || shares_any(helds, need->helds));
        /* Deferred or not, what it names is reserved: a younger mail must not overtake it there. */
        add_all(tickets, need->tickets);
        add_all(helds, need->helds);
        needs[i] = mail->is_deferred ? NULL : g_steal_pointer(&need);
    }
}

static void queue_ticket_locks(struct tx *tx, const GArray *tickets)
{
    g_autoptr(GArray) locks = int64s_new();
    for (guint i = 0; i < tickets->len; i++) {
        int64_t lock = need_ticket_lock(g_array_index(tickets, int64_t, i));
        g_array_append_val(locks, lock);
    }
    g_array_sort(locks, compare_int64);
    ticket_store_queue_locks(tx, int64s(locks), locks->len);
}

static void deal_tickets(struct batch *batch, const struct need *need, struct records *records,
                         const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct ticket_record *ticket = ticket_store_read(rows, row);
        if (!int64s_contain(need->tickets, ticket->id)) {
            ticket_record_free(ticket);
            continue;
        }
        int64_t nonce = ticket_store_read_nonce(rows, row);
        g_hash_table_insert(batch->nonces, g_memdup2(&ticket->id, sizeof ticket->id),
                            g_memdup2(&nonce, sizeof nonce));
        g_ptr_array_add(records->tickets, ticket);
    }
}

static void deal_helds(struct batch *batch, const struct need *need, struct records *records,
                       const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct held_record *held = held_store_read(rows, row);
        if (!int64s_contain(need->helds, held->id)) {
            held_record_free(held);
            continue;
        }
        int64_t nonce = held_store_read_nonce(rows, row);
        g_hash_table_insert(batch->held_nonces, g_memdup2(&held->id, sizeof held->id),
                            g_memdup2(&nonce, sizeof nonce));
        g_ptr_array_add(records->helds, held);
    }
}

/* Rows of held mails are locked after the tickets', in one statement, by their numbers. */
static void queue_second(struct tx *tx, const struct batch *batch, const GArray *tickets,
                         const GArray *helds, struct rows **ticket_rows, struct rows **held_rows)
{
    if (tickets->len > 0 && !batch->is_rehearsal) {
        queue_ticket_locks(tx, tickets);
    }
    if (tickets->len > 0) {
        ticket_store_queue_find(tx, int64s(tickets), tickets->len, ticket_rows);
    }
    if (helds->len > 0) {
        held_store_queue_find(tx, int64s(helds), helds->len, !batch->is_rehearsal, held_rows);
    }
}

static enum status read_tickets(struct tx *tx, struct batch *batch, struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    g_autoptr(GArray) tickets = int64s_new();
    g_autoptr(GArray) helds = int64s_new();
    OWNED(rows) ticket_rows = NULL;
    OWNED(rows) held_rows = NULL;
    collect_tickets(batch, needs, tickets, helds);
    queue_second(tx, batch, tickets, helds, &ticket_rows, &held_rows);
    enum status status = tickets->len + helds->len > 0 ? tx_sync(tx, err) : ST_OK;
    for (size_t i = 0; i < batch->count; i++) {
        if (needs[i] && ticket_rows) {
            deal_tickets(batch, needs[i], batch->mails[i].records, ticket_rows);
        }
        if (needs[i] && held_rows) {
            deal_helds(batch, needs[i], batch->mails[i].records, held_rows);
        }
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

/* ---- round 3: people -------------------------------------------------------- */

static void deal_people(const struct need *need, struct records *records, const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct person_record *person = people_store_read(rows, row);
        if (int64s_contain(need->people, person->id)) {
            gather_add_person(records, person);
        } else {
            person_record_free(person);
        }
    }
}

static enum status read_people(struct tx *tx, struct batch *batch, struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    g_autoptr(GArray) people = int64s_new();
    for (size_t i = 0; i < batch->count; i++) {
        if (gather_takes_part(&batch->mails[i])) {
            needs[i] = need_round(batch->mails[i].facts, batch->mails[i].records, 3);
            add_all(people, needs[i]->people);
        }
    }
    OWNED(rows) rows = NULL;
    enum status status = ST_OK;
    if (people->len > 0) {
        people_store_queue_by_id(tx, int64s(people), people->len, &rows);
        status = tx_sync(tx, err);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (needs[i] && rows) {
            deal_people(needs[i], batch->mails[i].records, rows);
        }
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

/* ---- round 4: what rules name, counts --------------------------------------------------------- */

static struct need *foresee(const struct batch_mail *mail, void *unused)
{
    (void)unused;
    return gather_takes_part(mail) ? need_round(mail->facts, mail->records, NEED_ROUNDS) : NULL;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static enum status read_all(struct tx *tx, struct batch *batch, struct err *err)
{
    enum status status = read_common(tx, batch, err);
    if (status == ST_OK) {
        status = gather_first(tx, batch, err);
    }
    if (status == ST_OK) {
        status = read_tickets(tx, batch, err);
    }
    if (status == ST_OK) {
        status = read_people(tx, batch, err);
    }
    if (status == ST_OK) {
        status = gather_last(tx, batch, foresee, NULL, err);
    }
    return status;
}

/* Whom rules picked has one more: the mails that follow must not all go to him. */
static void count_picks(struct batch *batch, size_t decided)
{
    const GPtrArray *changes = batch->mails[decided].plan->changes;
    for (guint c = 0; c < changes->len; c++) {
        const struct change *change = changes->pdata[c];
        bool is_pick = change->kind == CHANGE_TICKET_SET && change->rule &&
                       change->field == TICKET_FIELD_ASSIGNEE && change->person > 0;
        for (size_t i = decided + 1; is_pick && i < batch->count; i++) {
            if (gather_takes_part(&batch->mails[i]) && batch->mails[i].records->rule.has_loads) {
                pick_count(batch->mails[i].records, change->person, change->group);
            }
        }
    }
}

enum status batch_decide(struct tx *tx, struct batch *batch, struct err *err)
{
    batch->nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    batch->held_nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    enum status status = read_all(tx, batch, err);
    for (size_t i = 0; i < batch->count && status == ST_OK; i++) {
        struct batch_mail *mail = &batch->mails[i];
        if (!mail->facts) {
            mail->plan = decide_unparsed(mail->reason);
        } else if (!mail->plan && gather_takes_part(mail)) {
            mail->plan = decide_traced(mail->facts, mail->records, batch->trace);
            count_picks(batch, i);
        }
    }
    return status;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        g_clear_pointer(&batch->mails[i].records, records_free);
        g_clear_pointer(&batch->mails[i].plan, plan_free);
        batch->mails[i].is_deferred = false;
        batch->mails[i].is_ended = false;
    }
    desk_rows_clear(&batch->desk);
    g_clear_pointer(&batch->nonces, g_hash_table_unref);
    g_clear_pointer(&batch->held_nonces, g_hash_table_unref);
}
