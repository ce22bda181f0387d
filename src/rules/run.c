/* run - which rules fire, in which order
 *
 * One run is about one mail, one command or one tick. Rules are asked in the order of the files; one that waits for
 * several of the events fires once. What a rule does changes nothing that a later condition of the run reads (no chaining):
 * values are fetched before, and each call of rule_run_events fetches its own, so that the desk can show a mail first
 * and then what came of it. What was decided stays decided over all calls.
 *
 * A rule whose condition could not be decided (a pattern was given up) is a fault and does nothing; the others go on.
 * Pure, but for the clocks that bound patterns and say what a rule costs.
 */
#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "rules/eval.h"

static void fault_free(void *pointer)
{
    struct rule_fault *fault = pointer;

    g_free(fault->what);
    g_free(fault);
}

struct rule_run *rule_run_new(const struct rules *rules, bool wants_trace)
{
    struct rule_run *run = g_new(struct rule_run, 1);
    struct rule_run_state *state = g_new(struct rule_run_state, 1);

    *state = (struct rule_run_state){
        .runner = pattern_runner_new(),
        .decided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .has_fired = g_malloc0(rules->list->len + 1),
    };
    *run = (struct rule_run){
        .rules = rules,
        .fired = g_ptr_array_new(),
        .effects = effects_new(),
        .costs = g_array_new(FALSE, FALSE, sizeof(struct rule_cost)),
        .faults = g_ptr_array_new_with_free_func(fault_free),
        .trace = wants_trace ? g_ptr_array_new_with_free_func(g_free) : NULL,
        .state = state,
    };
    return run;
}

void rule_run_free(struct rule_run *run)
{
    if (run == NULL) {
        return;
    }
    g_ptr_array_unref(run->fired);
    g_ptr_array_unref(run->effects);
    g_array_unref(run->costs);
    g_ptr_array_unref(run->faults);
    g_clear_pointer(&run->trace, g_ptr_array_unref);
    pattern_runner_free(run->state->runner);
    g_hash_table_unref(run->state->decided);
    g_free(run->state->has_fired);
    g_free(run->state);
    g_free(run);
}

/* Ask one rule, and do what it says if its condition holds. */
static bool ask_rule(struct rule_run *run, const struct rule *rule, struct values *values)
{
    g_autoptr(GHashTable) groups =
        rule->uses_groups ? g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free) : NULL;
    struct eval eval = {.run = run,
                        .values = values,
                        .runner = run->state->runner,
                        .rule = rule,
                        .groups = groups};

    rule_trace(run, "%s: rule \"%s\"", rule->place, rule->name);
    if (rule->condition != NULL && eval_condition(&eval, rule->condition) != TRUTH_YES) {
        return false;
    }
    if (run->state->has_fired[rule->index] == 0) {
        run->state->has_fired[rule->index] = 1;
        g_ptr_array_add(run->fired, (struct rule *)rule);
    }
    effects_of_rule(run, rule, groups);
    return true;
}

static bool ask(struct rule_run *run, const struct rule *rule, struct values *values)
{
    int64_t start_us = clock_monotonic_us(clock_real());
    bool holds = ask_rule(run, rule, values);
    struct rule_cost cost = {.rule = rule, .cost_us = clock_monotonic_us(clock_real()) - start_us};

    g_array_append_val(run->costs, cost);
    return holds;
}

void rule_run_events(struct rule_run *run, const enum rule_event *events, size_t count,
                     const struct rule_world *world)
{
    OWNED(values) values = values_new(run->rules, world);
    unsigned mask = 0;

    for (size_t i = 0; i < count; i++) {
        assert(events[i] < EVENT_COUNT);
        mask |= 1U << events[i];
    }
    for (guint i = 0; i < run->rules->list->len && !run->is_stopped; i++) {
        const struct rule *rule = run->rules->list->pdata[i];
        if ((rule->events & mask) != 0 && run->state->has_fired[rule->index] == 0) {
            (void)ask(run, rule, values);
        }
    }
}

bool rule_run_every(struct rule_run *run, const struct rule *rule, const struct rule_world *world)
{
    OWNED(values) values = values_new(run->rules, world);

    return ask(run, rule, values);
}
