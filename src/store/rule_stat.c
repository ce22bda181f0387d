/* rule_stat - what rules did: sums for people, and marks of rules of the time
 *
 * How often a rule fired and what it cost is added up in each process and written now and then. Every worker has
 * rows of its own, named by its place ("HOST intake 1"), which it keeps over restarts: nobody ever waits for
 * another one's row, and there are never more rows than workers and rules. Who reads sums them up.
 *
 * A sum that is lost with its process is lost: nothing is decided by it.
 *
 * The marks are different: a rule of the time fires once a ticket until its condition has been false, so they are
 * written in the transaction that does what the rule says.
 * I/O: the caller's transaction.
 */
#include <string.h>

#include "store/rule.h"

static const struct statement ADD = {
    "rule_stat_add",
    "INSERT INTO rule_stat AS s (version, rule, worker, fired, faults, runs, cost_us, last_at,"
    " fault_at, last_fault)"
    " SELECT $1, u.rule, $2, u.fired, u.faults, u.runs, u.cost_us,"
    " CASE WHEN u.fired > 0 THEN now() END, CASE WHEN u.faults > 0 THEN now() END, u.last_fault"
    " FROM unnest($3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::text[])"
    " AS u (rule, fired, faults, runs, cost_us, last_fault) ORDER BY u.rule"
    " ON CONFLICT (version, rule, worker) DO UPDATE SET fired = s.fired + excluded.fired,"
    " faults = s.faults + excluded.faults, runs = s.runs + excluded.runs,"
    " cost_us = s.cost_us + excluded.cost_us, last_at = coalesce(excluded.last_at, s.last_at),"
    " fault_at = coalesce(excluded.fault_at, s.fault_at),"
    " last_fault = coalesce(excluded.last_fault, s.last_fault)"};

static const struct statement LIST = {
    "rule_stat_list",
    "SELECT rule, sum(fired)::int8, sum(faults)::int8, sum(runs)::int8, sum(cost_us)::int8,"
    " max(last_at), max(fault_at), (array_agg(last_fault ORDER BY fault_at DESC NULLS LAST))[1]"
    " FROM rule_stat WHERE version = $1 GROUP BY rule ORDER BY rule COLLATE \"C\""};

static const struct statement FIRED = {
    "rule_fired_find", "SELECT ticket FROM rule_fired WHERE rule = $1 AND ticket = ANY ($2::int8[])"
                       " ORDER BY ticket"};
static const struct statement MARK = {"rule_fired_mark",
                                      "INSERT INTO rule_fired (ticket, rule) SELECT u.ticket, $1"
                                      " FROM unnest($2::int8[]) AS u (ticket) ORDER BY u.ticket"
                                      " ON CONFLICT DO NOTHING"};
static const struct statement UNMARK = {
    "rule_fired_unmark", "DELETE FROM rule_fired WHERE rule = $1 AND ticket = ANY ($2::int8[])"};

/* ---- sums -------------------------------------------------------------------------------------- */

static void add_numbers(struct params *params, const struct rule_sum *sums, size_t count,
                        size_t offset)
{
    g_autofree int64_t *numbers = g_new(int64_t, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(&numbers[i], (const char *)&sums[i] + offset, sizeof numbers[i]);
    }
    params_add_int64s(params, numbers, count);
}

void rule_store_queue_sums(struct tx *tx, int64_t version, const char *worker,
                           const struct rule_sum *sums, size_t count)
{
    static const size_t NUMBERS[] = {offsetof(struct rule_sum, fired),
                                     offsetof(struct rule_sum, faults),
                                     offsetof(struct rule_sum, runs),
                                     offsetof(struct rule_sum, cost_us)};
    OWNED(params) params = params_new();
    g_autofree const char **rules = g_new(const char *, count + 1);
    g_autofree const char **faults = g_new(const char *, count + 1);
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        rules[i] = sums[i].rule;
        faults[i] = sums[i].last_fault;
    }
    params_add_int64(params, version);
    params_add_text(params, worker);
    params_add_texts(params, rules, count);
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        add_numbers(params, sums, count, NUMBERS[i]);
    }
    params_add_texts(params, faults, count);
    tx_queue(tx, &ADD, params, NULL);
}

enum status rule_store_stats(struct tx *tx, int64_t version, struct rows **rows_out,
                             struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, version);
    return tx_query(tx, &LIST, params, rows_out, err);
}

/* ---- marks ------------------------------------------------------------------------------------- */

static void queue_for_tickets(struct tx *tx, const struct statement *statement, const char *rule,
                              const int64_t *tickets, size_t count, struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_text(params, rule);
    params_add_int64s(params, tickets, count);
    tx_queue(tx, statement, params, rows_out);
}

void rule_store_queue_fired(struct tx *tx, const char *rule, const int64_t *tickets, size_t count,
                            struct rows **rows_out)
{
    queue_for_tickets(tx, &FIRED, rule, tickets, count, rows_out);
}

void rule_store_queue_mark(struct tx *tx, const char *rule, const int64_t *tickets, size_t count)
{
    queue_for_tickets(tx, &MARK, rule, tickets, count, NULL);
}

void rule_store_queue_unmark(struct tx *tx, const char *rule, const int64_t *tickets, size_t count)
{
    queue_for_tickets(tx, &UNMARK, rule, tickets, count, NULL);
}
