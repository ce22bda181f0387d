/* test - tests inside rule files: do the rules do what their author expects?
 *
 * A test makes a world (test_world.c), lets the events happen, and compares. It goes through the very code that live mail
 * goes through. A new mail is two events, as on the desk: mail-received, and if no rule keeps the mail from becoming one,
 * ticket-created. Events that always come together need not all be written: a reply of the requester is one of the
 * customer; a ticket that becomes resolved changes its status.
 *
 * A field is expected to be so afterwards, by whatever rule, or because it was so before; an effect is expected to be in
 * the list. What a test does not mention it does not check. A pattern that was given up fails every test that met it.
 * Pure, but for the clock that bounds patterns.
 */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rules/eval.h"
#include "rules/test_world.h"

/* One test that runs. */
struct trial {
    const struct rules *rules;       /* borrowed */
    const struct rule_test *test;    /* borrowed */
    struct test_world *world;        /* borrowed */
    struct rule_run *run;            /* borrowed */
    struct rule_test_result *result; /* borrowed */
};

/* ---- events ----------------------------------------------------------------------------------- */

static bool has_done(const GPtrArray *statuses)
{
    static const char *const DONE[] = {"resolved", "closed", NULL};

    for (guint i = 0; statuses != NULL && i < statuses->len; i++) {
        if (rule_word_index(DONE, statuses->pdata[i]) >= 0) {
            return true;
        }
    }
    return false;
}

/* Is the ticket resolved or closed, and was it not before? */
static bool is_done(const struct test_world *test_world)
{
    const struct kept_value *status = test_world_value(test_world, RULE_TICKET_STATUS, NULL);
    struct rule_world world = test_world_of(test_world);
    struct rule_value before = {.type = RULE_NOTHING};

    (void)world.was(world.of, RULE_TICKET_STATUS, NULL, &before);
    g_autoptr(GPtrArray) was = before.texts;
    return status != NULL && has_done(status->texts) && !has_done(was);
}

/* The events of the test, and those that come with them; mail-received comes before all others. */
static unsigned events_of(const struct trial *trial)
{
    unsigned events = trial->test->has_events ? trial->test->events : 1U << EVENT_TICKET_CREATED;

    if ((events & (1U << EVENT_REQUESTER_REPLIED | 1U << EVENT_CONTACT_REPLIED)) != 0) {
        events |= 1U << EVENT_CUSTOMER_REPLIED;
    } else if ((events & 1U << EVENT_CUSTOMER_REPLIED) != 0) {
        events |= 1U << EVENT_REQUESTER_REPLIED;
    }
    if ((events & 1U << EVENT_RESOLVED) != 0) {
        events |= 1U << EVENT_STATUS_CHANGED;
    } else if ((events & 1U << EVENT_STATUS_CHANGED) != 0 && is_done(trial->world)) {
        events |= 1U << EVENT_RESOLVED;
    }
    return events & ~(1U << EVENT_MAIL_RECEIVED);
}

static bool keeps_the_mail(const struct rule_run *run)
{
    for (guint i = 0; i < run->effects->len; i++) {
        const struct rule_effect *effect = run->effects->pdata[i];
        if (effect->kind == EFFECT_HOLD || effect->kind == EFFECT_REJECT ||
            effect->kind == EFFECT_SPAM) {
            return true;
        }
    }
    return false;
}

static void let_time_pass(const struct trial *trial, const struct rule_world *world)
{
    for (guint i = 0; i < trial->rules->list->len && !trial->run->is_stopped; i++) {
        const struct rule *rule = trial->rules->list->pdata[i];
        if (rule->every_us != 0) {
            (void)rule_run_every(trial->run, rule, world);
        }
    }
}

static void let_happen(const struct trial *trial)
{
    struct rule_world world = test_world_of(trial->world);
    enum rule_event events[EVENT_COUNT] = {EVENT_MAIL_RECEIVED};
    size_t count = 0;

    if (trial->test->is_every) {
        let_time_pass(trial, &world);
        return;
    }
    if (test_world_has_mail(trial->world)) {
        rule_run_events(trial->run, events, 1, &world);
    }
    if (keeps_the_mail(trial->run)) {
        return;
    }
    unsigned wanted = events_of(trial);
    for (enum rule_event event = 0; event < EVENT_COUNT; event++) {
        if ((wanted & 1U << event) != 0) {
            events[count++] = event;
        }
    }
    rule_run_events(trial->run, events, count, &world);
}

/* ---- what came of it -------------------------------------------------------------------------- */

static const char *pick_name(enum rule_pick pick)
{
    switch (pick) {
    case PICK_PERSON:
        return "";
    case PICK_NOBODY:
        return "none";
    case PICK_SENDER:
        return "sender";
    case PICK_ASSIGNEE:
        return "assignee";
    case PICK_REQUESTER:
        return "requester";
    case PICK_GROUP:
        return "group";
    case PICK_ROUND_ROBIN:
        return "round-robin";
    case PICK_LEAST_LOADED:
        return "least-loaded";
    }
    return "?";
}

char *rule_effect_text(const struct rule_effect *effect)
{
    bool has_pick = effect->kind == EFFECT_ASSIGN || effect->kind == EFFECT_NOTIFY;
    g_autoptr(GString) text = g_string_new(rule_effect_kind_name(effect->kind));

    if (effect->kind == EFFECT_SET) {
        g_string_append_printf(text, " %s", rule_field_info(effect->field)->name);
    }
    if (effect->name != NULL) {
        g_string_append_printf(text, "%s%s", effect->kind == EFFECT_SET ? "" : " ", effect->name);
    }
    if (has_pick && effect->pick != PICK_PERSON) {
        g_string_append_printf(text, " %s", pick_name(effect->pick));
        bool is_of_group = effect->pick >= PICK_GROUP && effect->text[0] == '\0';
        g_string_append(text, is_of_group ? " ticket.group" : "");
    }
    if (effect->text[0] != '\0') {
        g_string_append_printf(text, " \"%s\"", effect->text);
    }
    if (effect->more != NULL && effect->more[0] != '\0') {
        g_string_append_printf(text, " \"%s\"", effect->more);
    }
    return text_one_line(text->str, LIMIT_RULE_TRACE_CHARS);
}

/* "set ticket.type "incident" (rule "x"), …": all effects, for whoever expected another. */
static char *effects_text(const struct rule_run *run)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < run->effects->len; i++) {
        const struct rule_effect *effect = run->effects->pdata[i];
        g_autofree char *one = rule_effect_text(effect);
        g_string_append_printf(text, "%s%s (rule \"%s\")", i > 0 ? ", " : "", one,
                               effect->rule->name);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup("nothing");
}

static void fail(const struct trial *trial, const struct rule_expectation *expectation,
                 const char *instead)
{
    g_autofree char *place = rule_at_text(trial->rules, &expectation->at);

    g_ptr_array_add(trial->result->why_not, g_strdup_printf("%s: expected %s, but %s", place,
                                                            expectation->source, instead));
}

/* ---- fields ----------------------------------------------------------------------------------- */

static struct kept_value *value_of_text(const char *text)
{
    struct rule_value value = {.type = text[0] != '\0' ? RULE_TEXT : RULE_NOTHING, .text = text};

    return kept_value_new(&value);
}

static struct kept_value *value_of_assign(const struct trial *trial,
                                          const struct rule_effect *effect)
{
    const struct kept_value *sender = test_world_value(trial->world, RULE_MAIL_FROM, NULL);

    if (effect->pick == PICK_SENDER && sender != NULL && sender->texts->len > 0) {
        return value_of_text(sender->texts->pdata[0]);
    }
    if (effect->pick == PICK_PERSON || effect->pick == PICK_NOBODY) {
        return value_of_text(effect->text);
    }
    g_autofree char *text = g_strdup_printf("%s %s", pick_name(effect->pick), effect->text);
    return value_of_text(text);
}

/* The field's value after the rules, if one of them set it; own, NULL: none did. */
static struct kept_value *value_set(const struct trial *trial, const struct rule_field_ref *field)
{
    enum rule_field wanted = field->info->field;

    for (guint i = 0; i < trial->run->effects->len; i++) {
        const struct rule_effect *effect = trial->run->effects->pdata[i];
        if (effect->kind == EFFECT_SET && effect->field == wanted &&
            g_strcmp0(effect->name, field->key) == 0) {
            return value_of_text(effect->text);
        }
        if (effect->kind == EFFECT_ASSIGN && wanted == RULE_TICKET_ASSIGNEE) {
            return value_of_assign(trial, effect);
        }
    }
    return NULL;
}

static void expect_field(const struct trial *trial, const struct rule_expectation *expectation)
{
    const struct rule_field_ref *field = &expectation->field;
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    OWNED(kept_value) set = value_set(trial, field);
    OWNED(kept_value) nothing = kept_value_new(&(struct rule_value){.type = RULE_NOTHING});
    struct kept_value *value = set;

    if (value == NULL) {
        value = test_world_value(trial->world, field->info->field, field->key);
    }
    value = value != NULL ? value : nothing;
    g_ptr_array_add(wanted, expectation->value);
    if (eval_is_one_of(value, wanted) == expectation->is_negated) {
        g_autofree char *text = kept_value_text(value, field->info);
        g_autofree char *instead = g_strdup_printf("%s is %s", field->info->name, text);
        fail(trial, expectation, instead);
    }
}

/* ---- effects ---------------------------------------------------------------------------------- */

static bool is_same(const char *a, const struct rule_literal *literal)
{
    g_autofree char *first = g_utf8_casefold(a, -1);
    g_autofree char *second = g_utf8_casefold(literal->is_none ? "" : literal->text, -1);

    return strcmp(first, second) == 0;
}

static bool says(const struct trial *trial, const struct rule_expectation *expectation,
                 const char *said)
{
    struct err err = {.status = ST_OK};

    if (expectation->pattern == NULL) {
        return expectation->value == NULL || is_same(said, expectation->value);
    }
    pattern_begin(trial->run->state->runner);
    return pattern_match(trial->run->state->runner, expectation->pattern, said, NULL, &err) ==
           PATTERN_YES;
}

static bool fits(const struct trial *trial, const struct rule_expectation *expectation,
                 const struct rule_effect *effect)
{
    bool is_notify = effect->kind == EFFECT_NOTIFY;
    const char *name = is_notify ? effect->text : effect->name;
    const char *said = is_notify ? effect->more : effect->text;

    if (effect->kind != expectation->effect ||
        (expectation->has_pick && effect->pick != expectation->pick) ||
        (expectation->name != NULL && (name == NULL || !is_same(name, expectation->name)))) {
        return false;
    }
    return says(trial, expectation, said != NULL ? said : "");
}

static bool has_tag(const struct trial *trial, const struct rule_literal *wanted)
{
    const struct kept_value *tags = test_world_value(trial->world, RULE_TICKET_TAGS, NULL);
    bool has_it = false;

    for (guint i = 0; tags != NULL && i < tags->texts->len; i++) {
        has_it = has_it || is_same(tags->texts->pdata[i], wanted);
    }
    for (guint i = 0; i < trial->run->effects->len; i++) {
        const struct rule_effect *effect = trial->run->effects->pdata[i];
        if (effect->kind == EFFECT_TAG || effect->kind == EFFECT_UNTAG) {
            has_it = is_same(effect->text, wanted) ? effect->kind == EFFECT_TAG : has_it;
        }
    }
    return has_it;
}

static bool has_effect(const struct trial *trial, const struct rule_expectation *expectation)
{
    if (expectation->effect == EFFECT_TAG) {
        return has_tag(trial, expectation->value);
    }
    for (guint i = 0; i < trial->run->effects->len; i++) {
        if (fits(trial, expectation, trial->run->effects->pdata[i])) {
            return true;
        }
    }
    return false;
}

static bool has_fired(const struct trial *trial, const char *name)
{
    for (guint i = 0; i < trial->run->fired->len; i++) {
        const struct rule *rule = trial->run->fired->pdata[i];
        if (strcmp(rule->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "the rules "a", "b" fired". */
static char *fired_text(const struct rule_run *run)
{
    g_autoptr(GString) text = g_string_new(run->fired->len > 0 ? "fired: " : "no rule fired");

    for (guint i = 0; i < run->fired->len; i++) {
        const struct rule *rule = run->fired->pdata[i];
        g_string_append_printf(text, "%s\"%s\"", i > 0 ? ", " : "", rule->name);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void expect(const struct trial *trial, const struct rule_expectation *expectation)
{
    bool is_so = false;

    switch (expectation->kind) {
    case EXPECT_FIELD:
        expect_field(trial, expectation);
        return;
    case EXPECT_EFFECT:
        is_so = has_effect(trial, expectation);
        break;
    case EXPECT_FIRED:
        is_so = has_fired(trial, expectation->value->text);
        break;
    case EXPECT_STOPPED:
        is_so = trial->run->is_stopped;
        break;
    case EXPECT_NOTHING:
        is_so = trial->run->effects->len == 0;
        break;
    }
    if (is_so == expectation->is_negated) {
        bool is_of_rules = expectation->kind == EXPECT_FIRED || expectation->kind == EXPECT_STOPPED;
        g_autofree char *what = is_of_rules ? fired_text(trial->run) : effects_text(trial->run);
        g_autofree char *instead = g_strdup_printf("%s%s",
                                                   is_of_rules ? "" : "the rules do: ", what);
        fail(trial, expectation, instead);
    }
}

/* ---- all tests -------------------------------------------------------------------------------- */

void rule_test_result_free(struct rule_test_result *result)
{
    if (result == NULL) {
        return;
    }
    g_free(result->name);
    g_free(result->place);
    g_ptr_array_unref(result->why_not);
    g_free(result);
}

static void result_destroy(void *pointer)
{
    rule_test_result_free(pointer);
}

static struct rule_test_result *run_test(const struct rules *rules, const struct rule_test *test,
                                         int64_t now_us)
{
    struct rule_test_result *result = g_new(struct rule_test_result, 1);
    OWNED(test_world) world = test_world_new(test, now_us);
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct trial trial = {.rules = rules,
                          .test = test,
                          .world = world,
                          .run = run,
                          .result = result};

    *result = (struct rule_test_result){.name = g_strdup(test->name),
                                        .place = g_strdup(test->place),
                                        .why_not = g_ptr_array_new_with_free_func(g_free)};
    let_happen(&trial);
    for (guint i = 0; i < run->faults->len; i++) {
        const struct rule_fault *fault = run->faults->pdata[i];
        g_ptr_array_add(result->why_not, g_strdup(fault->what));
    }
    for (guint i = 0; i < test->expectations->len; i++) {
        expect(&trial, test->expectations->pdata[i]);
    }
    result->has_passed = result->why_not->len == 0;
    return result;
}

GPtrArray *rules_test(const struct rules *rules, int64_t now_us)
{
    GPtrArray *results = g_ptr_array_new_with_free_func(result_destroy);

    for (guint i = 0; i < rules->tests->len; i++) {
        g_ptr_array_add(results, run_test(rules, rules->tests->pdata[i], now_us));
    }
    return results;
}
