/* ast - what a file of rules says, in memory: made by the parser, completed by the checker, read by the evaluator
 *
 * Ownership is a tree: the rules own files, rules and tests, these own their conditions, actions and literals. Nothing
 * in it points back, but effects and faults of a run, which borrow the rule.
 *
 * Names of events, effects and the desk's own words stand here too: they are what both the parser's messages and the
 * others' records show.
 *
 * Pure: no I/O.
 */
#include "rules/ast.h"

#include <string.h>

const char *rule_event_name(enum rule_event event)
{
    switch (event) {
    case EVENT_MAIL_RECEIVED:
        return "mail-received";
    case EVENT_TICKET_CREATED:
        return "ticket-created";
    case EVENT_REQUESTER_REPLIED:
        return "requester-replied";
    case EVENT_CONTACT_REPLIED:
        return "contact-replied";
    case EVENT_CUSTOMER_REPLIED:
        return "customer-replied";
    case EVENT_TECHNICIAN_REPLIED:
        return "technician-replied";
    case EVENT_NOTE_ADDED:
        return "note-added";
    case EVENT_STATUS_CHANGED:
        return "status-changed";
    case EVENT_RESOLVED:
        return "resolved";
    case EVENT_ASSIGNED:
        return "assigned";
    case EVENT_GROUP_ASSIGNED:
        return "group-assigned";
    case EVENT_COUNT:
        break;
    }
    return "?";
}

const char *rule_effect_kind_name(enum rule_effect_kind kind)
{
    switch (kind) {
    case EFFECT_SET:
        return "set";
    case EFFECT_TAG:
        return "tag";
    case EFFECT_UNTAG:
        return "untag";
    case EFFECT_ASSIGN:
        return "assign";
    case EFFECT_ADD_CC:
        return "add cc";
    case EFFECT_NOTE:
        return "note";
    case EFFECT_ANSWER:
        return "answer";
    case EFFECT_NOTIFY:
        return "notify";
    case EFFECT_HOLD:
        return "hold";
    case EFFECT_REJECT:
        return "reject";
    case EFFECT_SPAM:
        return "spam";
    case EFFECT_LINK:
        return "link";
    case EFFECT_WEB_HOOK:
        return "web-hook";
    case EFFECT_REQUESTER_FROM_REPLY_TO:
        return "requester from reply-to";
    case EFFECT_COUNT:
        break;
    }
    return "?";
}

int rule_word_index(const char *const *words, const char *word)
{
    for (int i = 0; words != NULL && words[i] != NULL; i++) {
        if (g_ascii_strcasecmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

char *rule_at_text(const struct rules *rules, const struct rule_at *at)
{
    return g_strdup_printf("%s:%u:%u", (const char *)rules->files->pdata[at->file], at->line,
                           at->column);
}

static void custom_field_free(void *pointer)
{
    struct rule_custom_field *field = pointer;

    g_free(field->name);
    g_clear_pointer(&field->choices, g_ptr_array_unref);
    g_free(field);
}

struct rule_names *rule_names_new(void)
{
    struct rule_names *names = g_new(struct rule_names, 1);

    *names = (struct rule_names){.statuses = g_ptr_array_new_with_free_func(g_free),
                                 .groups = g_ptr_array_new_with_free_func(g_free),
                                 .people = g_ptr_array_new_with_free_func(g_free),
                                 .notices = g_ptr_array_new_with_free_func(g_free),
                                 .fields = g_ptr_array_new_with_free_func(custom_field_free)};
    return names;
}

void rule_names_free(struct rule_names *names)
{
    if (names == NULL) {
        return;
    }
    g_clear_pointer(&names->statuses, g_ptr_array_unref);
    g_clear_pointer(&names->groups, g_ptr_array_unref);
    g_clear_pointer(&names->people, g_ptr_array_unref);
    g_clear_pointer(&names->notices, g_ptr_array_unref);
    g_clear_pointer(&names->fields, g_ptr_array_unref);
    g_free(names);
}

static void part_free(void *pointer)
{
    struct rule_part *part = pointer;

    g_free(part->text);
    g_free(part);
}

void rule_part_add(GPtrArray *parts, bool is_group, const char *text, size_t length)
{
    struct rule_part *part = g_new(struct rule_part, 1);

    *part = (struct rule_part){.is_group = is_group, .text = g_strndup(text, length)};
    g_ptr_array_add(parts, part);
}

GPtrArray *rule_parts_new(void)
{
    return g_ptr_array_new_with_free_func(part_free);
}

struct rule_literal *rule_literal_new(const struct rule_at *at, const char *text, bool is_quoted)
{
    struct rule_literal *literal = g_new(struct rule_literal, 1);

    *literal = (struct rule_literal){.at = *at,
                                     .is_quoted = is_quoted,
                                     .is_none = !is_quoted && g_ascii_strcasecmp(text, "none") == 0,
                                     .text = g_strdup(text)};
    return literal;
}

void rule_literal_free(struct rule_literal *literal)
{
    if (literal == NULL) {
        return;
    }
    g_free(literal->text);
    g_free(literal->folded);
    g_clear_pointer(&literal->parts, g_ptr_array_unref);
    g_free(literal);
}

static void literal_destroy(void *pointer)
{
    rule_literal_free(pointer);
}

GPtrArray *rule_literals_new(void)
{
    return g_ptr_array_new_with_free_func(literal_destroy);
}

static void field_ref_clear(struct rule_field_ref *field)
{
    g_free(field->word);
    g_free(field->key);
}

static void condition_destroy(void *pointer)
{
    rule_condition_free(pointer);
}

struct rule_condition *rule_condition_new(enum condition_kind kind, const struct rule_at *at)
{
    struct rule_condition *condition = g_new(struct rule_condition, 1);

    *condition = (struct rule_condition){.kind = kind,
                                         .at = *at,
                                         .parts = g_ptr_array_new_with_free_func(condition_destroy),
                                         .values = rule_literals_new()};
    return condition;
}

void rule_condition_free(struct rule_condition *condition)
{
    if (condition == NULL) {
        return;
    }
    g_free(condition->source);
    g_ptr_array_unref(condition->parts);
    field_ref_clear(&condition->field);
    g_ptr_array_unref(condition->values);
    g_clear_pointer(&condition->to_values, g_ptr_array_unref);
    g_free(condition->pattern_text);
    g_free(condition->pattern_flags);
    pattern_free(condition->pattern);
    g_free(condition);
}

struct rule_action *rule_action_new(const struct rule_at *at)
{
    struct rule_action *action = g_new(struct rule_action, 1);

    *action = (struct rule_action){.at = *at};
    return action;
}

void rule_action_free(struct rule_action *action)
{
    if (action == NULL) {
        return;
    }
    g_free(action->source);
    field_ref_clear(&action->field);
    rule_literal_free(action->name);
    rule_literal_free(action->value);
    rule_literal_free(action->more);
    g_free(action);
}

static void action_destroy(void *pointer)
{
    rule_action_free(pointer);
}

struct rule_expectation *rule_expectation_new(const struct rule_at *at)
{
    struct rule_expectation *expectation = g_new(struct rule_expectation, 1);

    *expectation = (struct rule_expectation){.at = *at};
    return expectation;
}

void rule_expectation_free(struct rule_expectation *expectation)
{
    if (expectation == NULL) {
        return;
    }
    g_free(expectation->source);
    field_ref_clear(&expectation->field);
    rule_literal_free(expectation->value);
    rule_literal_free(expectation->name);
    g_free(expectation->pattern_text);
    g_free(expectation->pattern_flags);
    pattern_free(expectation->pattern);
    g_free(expectation);
}

static void expectation_destroy(void *pointer)
{
    rule_expectation_free(pointer);
}

struct rule_given *rule_given_new(const struct rule_at *at)
{
    struct rule_given *given = g_new(struct rule_given, 1);

    *given = (struct rule_given){.at = *at, .values = rule_literals_new()};
    return given;
}

void rule_given_free(struct rule_given *given)
{
    if (given == NULL) {
        return;
    }
    field_ref_clear(&given->field);
    g_ptr_array_unref(given->values);
    g_free(given);
}

static void given_destroy(void *pointer)
{
    rule_given_free(pointer);
}

struct rule *rule_new(const struct rule_at *at)
{
    struct rule *rule = g_new(struct rule, 1);

    *rule = (struct rule){.at = *at, .actions = g_ptr_array_new_with_free_func(action_destroy)};
    return rule;
}

void rule_free(struct rule *rule)
{
    if (rule == NULL) {
        return;
    }
    g_free(rule->name);
    g_free(rule->place);
    rule_condition_free(rule->condition);
    g_ptr_array_unref(rule->actions);
    g_free(rule);
}

struct rule_test *rule_test_new(const struct rule_at *at)
{
    struct rule_test *test = g_new(struct rule_test, 1);

    *test = (struct rule_test){.at = *at,
                               .givens = g_ptr_array_new_with_free_func(given_destroy),
                               .expectations = g_ptr_array_new_with_free_func(expectation_destroy)};
    return test;
}

void rule_test_free(struct rule_test *test)
{
    if (test == NULL) {
        return;
    }
    g_free(test->name);
    g_free(test->place);
    g_ptr_array_unref(test->givens);
    g_ptr_array_unref(test->expectations);
    g_free(test);
}
