/* check_test - do the words of a test exist?
 *
 * A test of a misspelt field or of a rule that is not there would pass for ever, so a test is checked as strictly as a
 * rule, against the same tables.
 * Pure: no I/O.
 */
#include <string.h>

#include "rules/check.h"
#include "rules/literal.h"
#include "rules/parser.h"

static void check_given_time(struct rule_build *build, struct rule_literal *value)
{
    if (!literal_time(value->text, &value->number)) {
        rule_complain(build, &value->at, "\"%s\" is no time, expected such as \"2026-11-23 08:30\"",
                      value->text);
    }
}

static void check_given(struct rule_build *build, struct rule_given *given)
{
    if (!check_field(build, &given->field)) {
        return;
    }
    if (given->is_time) {
        check_given_time(build, given->values->pdata[0]);
        return;
    }
    if (given->values->len > 1 && given->field.type != RULE_TEXTS && !given->is_attachments) {
        rule_complain(build, &given->at, "\"%s\" has one value, expected no list",
                      given->field.word);
    }
    for (guint i = 0; i < given->values->len; i++) {
        (void)check_value(build, &given->field, given->values->pdata[i]);
    }
}

static bool is_rule(const struct rules *rules, const char *name)
{
    for (guint i = 0; i < rules->list->len; i++) {
        const struct rule *rule = rules->list->pdata[i];
        if (strcmp(rule->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_fired(struct rule_build *build, const struct rule_literal *value)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    if (is_rule(build->rules, value->text)) {
        return;
    }
    for (guint i = 0; i < build->rules->list->len; i++) {
        const struct rule *rule = build->rules->list->pdata[i];
        g_ptr_array_add(names, rule->name);
    }
    g_autofree char *hint = parser_did_you_mean(value->text, (const char *const *)names->pdata,
                                                names->len);
    rule_complain(build, &value->at, "there is no rule \"%s\", expected the name of one%s",
                  value->text, hint);
}

static void check_whom(struct rule_build *build, const struct rule_expectation *expectation)
{
    const struct rule_names *names = build->names;
    struct rule_literal *whom = expectation->effect == EFFECT_NOTIFY ? expectation->name
                                                                     : expectation->value;

    if (whom == NULL || whom->text[0] == '\0') {
        return;
    }
    if (expectation->pick == PICK_PERSON) {
        (void)check_person(build, whom);
    } else {
        (void)check_name(build, whom, "group", names != NULL ? names->groups : NULL);
    }
}

static void check_expected_effect(struct rule_build *build,
                                  const struct rule_expectation *expectation)
{
    const struct rule_names *names = build->names;
    bool has_notice = expectation->effect == EFFECT_ANSWER || expectation->effect == EFFECT_REJECT;

    if (expectation->has_pick) {
        check_whom(build, expectation);
    }
    if (has_notice && expectation->name != NULL) {
        (void)check_name(build, expectation->name, "notice", names != NULL ? names->notices : NULL);
    }
    if (expectation->effect == EFFECT_ADD_CC) {
        (void)check_address(build, expectation->value);
    }
}

static void check_expectation(struct rule_build *build, struct rule_expectation *expectation)
{
    if (expectation->pattern_text != NULL) {
        expectation->pattern = check_pattern(build, &expectation->pattern_at,
                                             expectation->pattern_text, expectation->pattern_flags);
    }
    switch (expectation->kind) {
    case EXPECT_FIELD:
        if (check_field(build, &expectation->field)) {
            (void)check_value(build, &expectation->field, expectation->value);
        }
        break;
    case EXPECT_EFFECT:
        check_expected_effect(build, expectation);
        break;
    case EXPECT_FIRED:
        check_fired(build, expectation->value);
        break;
    case EXPECT_STOPPED:
    case EXPECT_NOTHING:
        break;
    }
}

void check_test(struct rule_build *build, struct rule_test *test)
{
    for (guint i = 0; i < test->givens->len; i++) {
        check_given(build, test->givens->pdata[i]);
    }
    for (guint i = 0; i < test->expectations->len; i++) {
        check_expectation(build, test->expectations->pdata[i]);
    }
}
