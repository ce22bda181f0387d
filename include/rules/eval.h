/* Does a condition hold? For src/rules alone. */
#ifndef RULES_EVAL_H
#define RULES_EVAL_H

#include "rules/value.h"

enum truth {
    TRUTH_NO,
    TRUTH_YES,
    TRUTH_FAULT, /* a pattern was given up: nobody knows */
};

struct eval {
    struct rule_run *run;          /* borrowed: faults and trace go there */
    struct values *values;         /* borrowed */
    struct pattern_runner *runner; /* borrowed */
    const struct rule *rule;       /* borrowed */
    GHashTable *groups;            /* borrowed: char * → char *; NULL: nobody asks */
};

enum truth eval_condition(struct eval *eval, const struct rule_condition *condition);

/* Is the value one of these literals? */
bool eval_is_one_of(struct kept_value *value, const GPtrArray *literals);

/* A list that owns its struct rule_effect. */
GPtrArray *effects_new(void) MUST_CHECK;

/* Do what a rule says whose condition holds: its effects go into the run. */
void effects_of_rule(struct rule_run *run, const struct rule *rule, GHashTable *groups);

/* What a run remembers between its events. */
struct rule_run_state {
    struct pattern_runner *runner; /* own */
    GHashTable *decided;           /* own: char * → struct rule_effect, borrowed from the run */
    uint8_t *has_fired;            /* own: of each rule */
};

/* Add a line to the trace, if one is wanted. */
void rule_trace(struct rule_run *run, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
