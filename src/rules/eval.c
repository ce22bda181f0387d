/* eval - does a condition hold?
 *
 * Three answers: yes, no, and "nobody knows", where a pattern was given up. The third passes through "and", "or" and
 * "not" alike and ends at the rule, which then does nothing: an error must neither do what a rule would do nor lift what
 * it holds back by a "not".
 *
 * Nothing equals `none` and only that; "!=", "not in" and "!~" are the negations of "=", "in" and "~", so they hold for
 * nothing. A list of texts holds if one of them does; an empty one is none. Groups of a pattern count where the match
 * itself is what holds, not under a "not".
 *
 * "and" and "or" end at the first part that decides; parts behind it are not asked, in the trace as in life.
 * Pure, but for the clock that bounds patterns.
 */
#include "rules/eval.h"

#include <stdarg.h>
#include <string.h>

void rule_trace(struct rule_run *run, const char *format, ...)
{
    va_list arguments;

    if (run->trace == NULL) {
        return;
    }
    va_start(arguments, format);
    g_ptr_array_add(run->trace, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static enum truth truth_of(bool is_so)
{
    return is_so ? TRUTH_YES : TRUTH_NO;
}

static enum truth negate(enum truth truth)
{
    return truth == TRUTH_FAULT ? TRUTH_FAULT : truth_of(truth == TRUTH_NO);
}

static bool is_none(const struct kept_value *value)
{
    return value->type == RULE_NOTHING || (value->type == RULE_TEXTS && value->texts->len == 0);
}

static bool is_text(const struct kept_value *value)
{
    return value->type == RULE_TEXT || value->type == RULE_TEXTS;
}

static bool is_equal(struct kept_value *value, const struct rule_literal *literal)
{
    if (literal->is_none || is_none(value)) {
        return literal->is_none && is_none(value);
    }
    if (!is_text(value)) {
        return literal->has_number && value->number == literal->number;
    }
    const GPtrArray *folded = kept_value_folded(value);
    for (guint i = 0; i < folded->len; i++) {
        if (strcmp(folded->pdata[i], literal->folded) == 0) {
            return true;
        }
    }
    return false;
}

bool eval_is_one_of(struct kept_value *value, const GPtrArray *literals)
{
    for (guint i = 0; i < literals->len; i++) {
        if (is_equal(value, literals->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* The number to compare by: of an ordered word its place; false: there is none. */
static bool order_of(const struct kept_value *value, const struct rule_field_info *info,
                     int64_t *number_out)
{
    if (value->type == RULE_NOTHING) {
        return false;
    }
    *number_out = value->number;
    if (is_text(value)) {
        const char *const *words = rule_words_list(info->words);
        *number_out = value->texts->len > 0 ? rule_word_index(words, value->texts->pdata[0]) : -1;
        return *number_out >= 0;
    }
    return true;
}

static bool compare(struct kept_value *value, const struct rule_condition *condition)
{
    const struct rule_literal *literal = condition->values->pdata[0];
    int64_t number = 0;

    if (condition->comparison == COMPARE_EQUAL) {
        return is_equal(value, literal);
    }
    if (!literal->has_number || !order_of(value, condition->field.info, &number)) {
        return false;
    }
    switch (condition->comparison) {
    case COMPARE_LESS:
        return number < literal->number;
    case COMPARE_LESS_OR_EQUAL:
        return number <= literal->number;
    case COMPARE_MORE:
        return number > literal->number;
    case COMPARE_MORE_OR_EQUAL:
        return number >= literal->number;
    case COMPARE_EQUAL:
        break;
    }
    return false;
}

static void note_fault(struct eval *eval, const struct rule_condition *condition,
                       const struct err *err)
{
    struct rule_fault *fault = g_new(struct rule_fault, 1);
    g_autofree char *place = rule_at_text(eval->run->rules, &condition->pattern_at);

    *fault = (struct rule_fault){.rule = eval->rule,
                                 .what = g_strdup_printf("%s: %s", place, err->text)};
    g_ptr_array_add(eval->run->faults, fault);
}

static enum truth match(struct eval *eval, struct kept_value *value,
                        const struct rule_condition *condition)
{
    GHashTable *groups = condition->is_negated ? NULL : eval->groups;
    struct err err = {.status = ST_OK};

    if (!is_text(value) ||
        !prefilter_may_match(pattern_words(condition->pattern),
                             kept_value_words(value, eval->run->rules->prefilter))) {
        return TRUTH_NO;
    }
    pattern_begin(eval->runner);
    for (guint i = 0; i < value->texts->len; i++) {
        switch (
            pattern_match(eval->runner, condition->pattern, value->texts->pdata[i], groups, &err)) {
        case PATTERN_YES:
            return TRUTH_YES;
        case PATTERN_FAULT:
            note_fault(eval, condition, &err);
            return TRUTH_FAULT;
        case PATTERN_NO:
            break;
        }
    }
    return TRUTH_NO;
}

static bool has_changed(struct eval *eval, struct kept_value *value,
                        const struct rule_condition *condition)
{
    OWNED(kept_value) was = values_was(eval->values, condition->field.slot);

    return was != NULL && (condition->values->len == 0 || eval_is_one_of(was, condition->values)) &&
           (condition->to_values == NULL || eval_is_one_of(value, condition->to_values));
}

static void trace_field(struct eval *eval, const struct rule_condition *condition,
                        const struct kept_value *value, enum truth truth)
{
    static const char *const WORDS[] =
        {[TRUTH_NO] = "no", [TRUTH_YES] = "yes", [TRUTH_FAULT] = "given up"};

    if (eval->run->trace == NULL) {
        return;
    }
    g_autofree char *place = rule_at_text(eval->run->rules, &condition->at);
    g_autofree char *text = kept_value_text(value, condition->field.info);
    rule_trace(eval->run, "  %s: %s: %s, it is %s", place, condition->source, WORDS[truth], text);
}

/* What is said of one field. */
static enum truth eval_field(struct eval *eval, const struct rule_condition *condition)
{
    struct kept_value *value = values_get(eval->values, condition->field.slot);
    enum truth truth = TRUTH_NO;

    switch (condition->kind) {
    case CONDITION_COMPARE:
        truth = truth_of(compare(value, condition));
        break;
    case CONDITION_IN:
        truth = truth_of(eval_is_one_of(value, condition->values));
        break;
    case CONDITION_MATCH:
        truth = match(eval, value, condition);
        break;
    case CONDITION_IS:
        truth = truth_of(value->type == RULE_BOOL && value->number != 0);
        break;
    case CONDITION_CHANGED:
        truth = truth_of(has_changed(eval, value, condition));
        break;
    case CONDITION_AND:
    case CONDITION_OR:
    case CONDITION_NOT:
        break;
    }
    truth = condition->is_negated ? negate(truth) : truth;
    trace_field(eval, condition, value, truth);
    return truth;
}

static enum truth eval_not(struct eval *eval, const struct rule_condition *condition)
{
    GHashTable *groups = eval->groups;

    eval->groups = NULL;
    enum truth truth = eval_condition(eval, condition->parts->pdata[0]);
    eval->groups = groups;
    return negate(truth);
}

/* "and" goes on while parts hold, "or" while they do not. */
static enum truth eval_chain(struct eval *eval, const struct rule_condition *condition,
                             enum truth goes_on)
{
    for (guint i = 0; i < condition->parts->len; i++) {
        enum truth truth = eval_condition(eval, condition->parts->pdata[i]);
        if (truth != goes_on) {
            return truth;
        }
    }
    return goes_on;
}

enum truth eval_condition(struct eval *eval, const struct rule_condition *condition)
{
    switch (condition->kind) {
    case CONDITION_AND:
        return eval_chain(eval, condition, TRUTH_YES);
    case CONDITION_OR:
        return eval_chain(eval, condition, TRUTH_NO);
    case CONDITION_NOT:
        return eval_not(eval, condition);
    case CONDITION_COMPARE:
    case CONDITION_IN:
    case CONDITION_MATCH:
    case CONDITION_IS:
    case CONDITION_CHANGED:
        break;
    }
    return eval_field(eval, condition);
}
