/* rule_tally - what rules did, added up in a process
 *
 * Written every few seconds instead of with each batch: nobody decides by these sums, and a batch should not
 * write a row a rule. The rows are the worker's own (store/rule_stat). What a process had not written when it was
 * killed is lost; what could not be written because the database was away is kept for the next time, up to
 * LIMIT_TALLY_RULES rules.
 * I/O: database.
 */
#include "gateway/rule_tally.h"

#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/rule.h"

struct entry {
    int64_t version;
    struct rule_sum sum; /* its strings own */
};

struct rule_tally {
    char *worker;       /* own */
    GPtrArray *entries; /* own: struct entry, by their first mention */
    GHashTable *index;  /* own: struct entry, borrowed from entries, to itself */
    int64_t flushed_us; /* on the monotonic clock; 0: never */
};

static void entry_free(gpointer data)
{
    struct entry *entry = data;
    g_free((char *)entry->sum.rule);
    g_free((char *)entry->sum.last_fault);
    g_free(entry);
}

static guint entry_hash(gconstpointer key)
{
    const struct entry *entry = key;
    return g_str_hash(entry->sum.rule) ^ (guint)entry->version;
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    return left->version == right->version && strcmp(left->sum.rule, right->sum.rule) == 0;
}

struct rule_tally *rule_tally_new(const char *worker)
{
    struct rule_tally *tally = g_new(struct rule_tally, 1);
    *tally = (struct rule_tally){.worker = g_strdup(worker),
                                 .entries = g_ptr_array_new_with_free_func(entry_free),
                                 .index = g_hash_table_new(entry_hash, entry_equal)};
    return tally;
}

void rule_tally_free(struct rule_tally *tally)
{
    if (tally) {
        g_free(tally->worker);
        g_hash_table_unref(tally->index);
        g_ptr_array_unref(tally->entries);
        g_free(tally);
    }
}

/* NULL: there are too many. */
static struct rule_sum *find(struct rule_tally *tally, int64_t version, const char *rule)
{
    const struct entry key = {.version = version, .sum = {.rule = rule}};
    struct entry *known = g_hash_table_lookup(tally->index, &key);
    if (known) {
        return &known->sum;
    }
    if (tally->entries->len >= LIMIT_TALLY_RULES) {
        return NULL;
    }
    struct entry *entry = g_new(struct entry, 1);
    *entry = (struct entry){.version = version, .sum = {.rule = g_strdup(rule)}};
    g_ptr_array_add(tally->entries, entry);
    g_hash_table_add(tally->index, entry);
    return &entry->sum;
}

void rule_tally_run(struct rule_tally *tally, int64_t version, const char *rule, int64_t cost_us)
{
    struct rule_sum *sum = find(tally, version, rule);
    if (sum) {
        sum->runs++;
        sum->cost_us += cost_us;
    }
}

void rule_tally_fired(struct rule_tally *tally, int64_t version, const char *rule)
{
    struct rule_sum *sum = find(tally, version, rule);
    if (sum) {
        sum->fired++;
    }
}

void rule_tally_fault(struct rule_tally *tally, int64_t version, const char *rule, const char *what)
{
    struct rule_sum *sum = find(tally, version, rule);
    if (sum) {
        sum->faults++;
        g_free((char *)sum->last_fault);
        sum->last_fault = text_one_line(what, LIMIT_FAULT_CHARS);
    }
}

void rule_tally_plan(struct rule_tally *tally, int64_t version, const struct plan *plan)
{
    for (guint i = 0; i < plan->costs->len; i++) {
        const struct plan_cost *cost = &g_array_index(plan->costs, struct plan_cost, i);
        rule_tally_run(tally, version, cost->rule, cost->cost_us);
    }
    for (guint c = 0; c < plan->changes->len; c++) {
        const struct change *change = g_ptr_array_index(plan->changes, c);
        if (change->kind == CHANGE_RULE_FIRED) {
            rule_tally_fired(tally, version, change->rule);
        } else if (change->kind == CHANGE_RULE_FAULT) {
            rule_tally_fault(tally, version, change->rule, change->text);
        }
    }
}

/* The sums of one version go in one statement. */
static void queue_version(struct tx *tx, const struct rule_tally *tally, int64_t version)
{
    g_autofree struct rule_sum *sums = g_new(struct rule_sum, tally->entries->len);
    size_t count = 0;
    for (guint i = 0; i < tally->entries->len; i++) {
        const struct entry *entry = g_ptr_array_index(tally->entries, i);
        if (entry->version == version) {
            sums[count++] = entry->sum;
        }
    }
    rule_store_queue_sums(tx, version, tally->worker, sums, count);
}

static bool is_first_of_version(const struct rule_tally *tally, guint at)
{
    const struct entry *entry = g_ptr_array_index(tally->entries, at);
    for (guint i = 0; i < at; i++) {
        if (((const struct entry *)g_ptr_array_index(tally->entries, i))->version ==
            entry->version) {
            return false;
        }
    }
    return true;
}

enum status rule_tally_flush(struct rule_tally *tally, struct conn *conn, bool is_last,
                             struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    int64_t now_us = clock_monotonic_us(clock_real());
    bool is_due = now_us - tally->flushed_us >= (int64_t)LIMIT_TALLY_MS * 1000;
    if (tally->entries->len == 0 || (!is_due && !is_last)) {
        return ST_OK;
    }
    tally->flushed_us = now_us; /* whatever becomes of it, the next time is later */
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);
    if (status != ST_OK) {
        return status;
    }
    for (guint i = 0; i < tally->entries->len; i++) {
        if (is_first_of_version(tally, i)) {
            queue_version(tx, tally,
                          ((const struct entry *)g_ptr_array_index(tally->entries, i))->version);
        }
    }
    status = tx_commit(&tx, err);
    if (status == ST_OK || status == ST_UNCERTAIN) { /* rather lost than counted twice */
        g_hash_table_remove_all(tally->index);
        g_ptr_array_set_size(tally->entries, 0);
    }
    return status;
}
