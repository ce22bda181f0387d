/* rule_tick - rules of the time: every so often, for each ticket that is not closed
 *
 * A round looks first, without locks, page by page: which tickets does the condition hold for? Only for those where it
 * holds and has not fired yet is there a transaction, which takes the ticket's lock and asks again: a mail may have
 * come in between. Where the condition does not hold any more the mark is taken away, so that the rule can fire again.
 *
 * When a rule was asked last is kept in this process: after a restart all are asked at once, which does no harm, because
 * what has fired is in the database.
 * I/O: database, one transaction a page and one a firing; log.
 */
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/stop.h"
#include "desk/need.h"
#include "desk/workflow.h"
#include "gateway/act.h"
#include "gateway/gather_first.h"
#include "gateway/keys.h"
#include "gateway/rule_act.h"
#include "store/desk.h"
#include "store/people.h"
#include "store/rule.h"
#include "store/rule_words.h"
#include "store/ticket.h"

enum { PAGE_TICKETS = 200 };

struct rule_tick {
    struct rule_book *book;   /* own */
    struct rule_tally *tally; /* own */
    GHashTable *due; /* own: name of a rule → own int64_t: when it is asked next, monotonic */
};

struct rule_tick *rule_tick_new(void)
{
    struct rule_tick *tick = g_new0(struct rule_tick, 1);
    g_autofree char *worker = g_strdup_printf("%.40s tend", g_get_host_name());

    tick->book = rule_book_new(true);
    tick->tally = rule_tally_new(worker);
    tick->due = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return tick;
}

void rule_tick_free(struct rule_tick *tick)
{
    if (tick) {
        rule_book_free(tick->book);
        rule_tally_free(tick->tally);
        g_hash_table_unref(tick->due);
        g_free(tick);
    }
}

/* ---- which rules ------------------------------------------------------------------------------- */

static enum status update_book(struct rule_tick *tick, struct conn *conn, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    int64_t version = 0;
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);

    if (status == ST_OK) {
        status = rule_store_live(tx, &version, err);
    }
    if (status == ST_OK) {
        status = rule_book_update(tick->book, tx, version, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* The next time is counted from now: a desk that was down for a day asks once, not a day's times. */
static bool is_due(struct rule_tick *tick, const struct rule *rule, int64_t now_us)
{
    const int64_t *due = g_hash_table_lookup(tick->due, rule_name(rule));
    int64_t every_us = rule_every_us(rule);

    if (every_us == 0 || (due != NULL && now_us < *due)) {
        return false;
    }
    int64_t next = now_us + every_us;
    g_hash_table_insert(tick->due, g_strdup(rule_name(rule)), g_memdup2(&next, sizeof next));
    return true;
}

static GPtrArray *due_rules(struct rule_tick *tick)
{
    const struct rules *rules = rule_book_rules(tick->book);
    GPtrArray *due = g_ptr_array_new();

    for (size_t i = 0; rules != NULL && i < rules_count(rules); i++) {
        if (is_due(tick, rules_at(rules, i), clock_monotonic_us(clock_real()))) {
            g_ptr_array_add(due, (gpointer)rules_at(rules, i));
        }
    }
    return due;
}

/* ---- a page ------------------------------------------------------------------------------------ */

struct page {
    struct records *records; /* own: of all its tickets */
    GArray *ids;             /* own */
    struct rows *customers;  /* own */
    struct rows **fired;     /* own, one a rule */
    size_t rules;
};

static void page_clear(struct page *page)
{
    g_clear_pointer(&page->records, records_free);
    g_clear_pointer(&page->ids, g_array_unref);
    g_clear_pointer(&page->customers, rows_free);
    for (size_t i = 0; i < page->rules; i++) {
        g_clear_pointer(&page->fired[i], rows_free);
    }
    g_clear_pointer(&page->fired, g_free);
}

static enum status read_tickets(struct tx *tx, struct page *page, ticket_id after, struct err *err)
{
    OWNED(rows) rows = NULL;
    OWNED(rows) words = NULL;
    OWNED(rows) technicians = NULL;
    struct desk_rows desk = {NULL};

    rule_words_queue_page(tx, after, PAGE_TICKETS, &rows);
    rule_words_queue(tx, &words);
    people_store_queue_technicians(tx, &technicians);
    desk_store_queue(tx, &desk);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&desk, &page->records->settings, err);
    }
    if (status == ST_OK) {
        page->records->now_us = desk_store_now(&desk);
        desk_store_calendar(&desk, &page->records->calendar);
        rule_words_read(words, &page->records->rule);
        for (int row = 0; row < rows_count(technicians); row++) {
            gather_add_person(page->records, people_store_read(technicians, row));
        }
        for (int row = 0; row < rows_count(rows); row++) {
            int64s_add(page->ids, row_int64(rows, row, 0));
        }
    }
    desk_rows_clear(&desk);
    return status;
}

static GArray *customers_of(const struct records *records)
{
    GArray *ids = int64s_new();

    for (guint i = 0; i < records->tickets->len; i++) {
        const struct ticket_record *ticket = g_ptr_array_index(records->tickets, i);
        if (ticket->customer != 0) {
            int64s_add(ids, ticket->customer);
        }
    }
    return ids;
}

static enum status read_rest(struct tx *tx, struct page *page, const GPtrArray *rules,
                             struct err *err)
{
    OWNED(rows) tickets = NULL;
    OWNED(rows) people = NULL;

    ticket_store_queue_find(tx, int64s(page->ids), page->ids->len, &tickets);
    for (guint i = 0; i < rules->len; i++) {
        rule_store_queue_fired(tx, rule_name(g_ptr_array_index(rules, i)), int64s(page->ids),
                               page->ids->len, &page->fired[i]);
    }
    enum status status = tx_sync(tx, err);
    for (int row = 0; status == ST_OK && row < rows_count(tickets); row++) {
        g_ptr_array_add(page->records->tickets, ticket_store_read(tickets, row));
    }
    if (status != ST_OK) {
        return status;
    }
    OWNED(need) need = need_round(NULL, page->records, 3);
    g_autoptr(GArray) customers = customers_of(page->records);
    people_store_queue_by_id(tx, int64s(need->people), need->people->len, &people);
    people_store_queue_customers(tx, int64s(customers), customers->len, &page->customers);
    status = tx_sync(tx, err);
    for (int row = 0; status == ST_OK && row < rows_count(people); row++) {
        gather_add_person(page->records, people_store_read(people, row));
    }
    return status;
}

static enum status read_page(struct rule_tick *tick, struct conn *conn, const GPtrArray *rules,
                             ticket_id after, struct page *page, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);

    *page = (struct page){.records = records_new(),
                          .ids = int64s_new(),
                          .fired = g_new0(struct rows *, rules->len + 1),
                          .rules = rules->len};
    page->records->rule.rules = rule_book_rules(tick->book);
    page->records->rule.version = rule_book_version(tick->book);
    if (status == ST_OK) {
        status = read_tickets(tx, page, after, err);
    }
    if (status == ST_OK && page->ids->len > 0) {
        status = read_rest(tx, page, rules, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* ---- one rule and one ticket ------------------------------------------------------------------- */

static bool plan_has(const struct plan *plan, enum change_kind kind)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        if (change->kind == kind) {
            return true;
        }
    }
    return false;
}

static struct plan *decide_rule(const struct records *records, void *arg)
{
    const struct workflow_cause cause = {.after = g_ptr_array_index(records->tickets, 0),
                                         .rule = arg};

    return workflow_decide(records, &cause);
}

/* Under the ticket's lock, as it is now. */
static enum status fire(struct rule_tick *tick, struct conn *conn, const struct rule *rule,
                        ticket_id ticket, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    struct act act = {.ticket = ticket,
                      .book = tick->book,
                      .keeps_book = true, /* the rule is one of it */
                      .decide = decide_rule,
                      .arg = (void *)rule};
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = act_gather(tx, &act, err);
    }
    if (status == ST_OK) {
        status = act_decide(tx, &act, err);
    }
    bool has_fired = status == ST_OK && act.ticket == ticket &&
                     plan_has(act.deed.plan, CHANGE_RULE_FIRED);
    if (has_fired) {
        status = act_apply(tx, &act, err);
        rule_store_queue_mark(tx, rule_name(rule), &ticket, 1);
    }
    if (has_fired && status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (has_fired && status == ST_OK) {
        rule_tally_plan(tick->tally, rule_book_version(tick->book), act.deed.plan);
        log_info("rule.fired", kv("rule", rule_name(rule)), kv("ticket", ticket));
    }
    act_done(&act);
    return status;
}

static bool has_fired_for(const struct rows *fired, ticket_id ticket)
{
    for (int row = 0; row < rows_count(fired); row++) {
        if (row_int64(fired, row, 0) == ticket) {
            return true;
        }
    }
    return false;
}

static void set_customer(struct page *page, const struct ticket_record *ticket)
{
    for (int row = 0; page->customers && row < rows_count(page->customers); row++) {
        people_store_read_wanted(page->customers, row, ticket->customer,
                                 &page->records->ticket_customer);
    }
}

static bool holds(struct rule_tick *tick, struct page *page, const struct rule *rule,
                  const struct ticket_record *ticket)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);

    set_customer(page, ticket);
    bool is_true = workflow_holds(page->records, ticket, rule, faults);
    for (guint i = 0; i < faults->len; i++) {
        rule_tally_fault(tick->tally, rule_book_version(tick->book), rule_name(rule),
                         g_ptr_array_index(faults, i));
    }
    return is_true;
}

static enum status unmark(struct conn *conn, const struct rule *rule, const GArray *tickets,
                          struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tickets->len == 0 ? ST_OK : tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK && tickets->len > 0) {
        rule_store_queue_unmark(tx, rule_name(rule), int64s(tickets), tickets->len);
        status = tx_commit(&tx, err);
    }
    return status;
}

static enum status ask_rule(struct rule_tick *tick, struct conn *conn, struct page *page,
                            const struct rule *rule, const struct rows *fired, struct err *err)
{
    g_autoptr(GArray) over = int64s_new();
    enum status status = ST_OK;

    for (guint i = 0; i < page->records->tickets->len && status == ST_OK; i++) {
        const struct ticket_record *ticket = g_ptr_array_index(page->records->tickets, i);
        bool was_fired = has_fired_for(fired, ticket->id);
        bool is_true = holds(tick, page, rule, ticket);
        if (is_true && !was_fired) {
            status = fire(tick, conn, rule, ticket->id, err);
        } else if (!is_true && was_fired) {
            int64s_add(over, ticket->id);
        }
        if (status == ST_INVALID || status == ST_NOT_FOUND || status == ST_CONFLICT) {
            log_warning("rule.failed", kv("rule", rule_name(rule)), kv("ticket", ticket->id),
                        kv("error", err->text));
            status = ST_OK; /* the others get their turn; this one again the next time */
        }
    }
    return status == ST_OK ? unmark(conn, rule, over, err) : status;
}

/* ---- a round ----------------------------------------------------------------------------------- */

static enum status ask_all(struct rule_tick *tick, struct conn *conn, const GPtrArray *rules,
                           struct err *err)
{
    ticket_id after = 0;
    bool is_more = true;
    enum status status = ST_OK;

    while (is_more && status == ST_OK && !stop_requested()) {
        CLEANUP(page_clear) struct page page = {NULL};
        status = read_page(tick, conn, rules, after, &page, err);
        is_more = status == ST_OK && page.ids->len == PAGE_TICKETS;
        if (is_more) {
            after = g_array_index(page.ids, int64_t, page.ids->len - 1);
        }
        for (guint i = 0; i < rules->len && status == ST_OK; i++) {
            status = ask_rule(tick, conn, &page, g_ptr_array_index(rules, i), page.fired[i], err);
        }
    }
    return status;
}

enum status rule_tick_do(struct rule_tick *tick, struct conn *conn, struct err *err)
{
    enum status status = update_book(tick, conn, err);

    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) rules = due_rules(tick);
    if (rules->len > 0) {
        status = ask_all(tick, conn, rules, err);
    }
    return status == ST_OK ? rule_tally_flush(tick->tally, conn, false, err) : status;
}
