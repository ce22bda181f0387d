/* fuzz_rules - any bytes as a file of rules
 *
 * What is wrong in it must be told, each line with its place; what is right must run: its own tests, all events and every
 * rule of the time, on a world that gives something for each field. What a run says must be text, and what it does be of
 * its own rules.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "rules/rules.h"

/* More of them take longer than a fuzzer waits, each may spend its patterns' time. */
#define MOST_TESTS 4

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void get(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    static const char TEXT[] = "Bestellung 4711 von Müller, Drucker defekt: aaaaaaaaaaaaaaaaaaaa!";
    const bool *is_before = of;

    (void)key;
    *out = (struct rule_value){.type = rule_field_info(field)->type, .text = TEXT, .number = 1};
    if (out->type == RULE_TEXTS) {
        out->texts = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(out->texts, g_strdup(*is_before ? "open" : "pending"));
        g_ptr_array_add(out->texts, g_strdup(TEXT));
    }
}

static bool was(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    static const bool IS_BEFORE = true;

    (void)of;
    get(&IS_BEFORE, field, key, out);
    return (field & 1) == 0;
}

static void check_effect(const struct rule_effect *effect)
{
    g_autofree char *text = rule_effect_text(effect);

    if (!g_utf8_validate(text, -1, NULL) || !g_utf8_validate(effect->text, -1, NULL) ||
        (effect->more != NULL && !g_utf8_validate(effect->more, -1, NULL))) {
        fail("an effect is no text", rule_place(effect->rule));
    }
}

static void run(const struct rules *rules)
{
    static const bool IS_BEFORE = false;
    enum rule_event events[EVENT_COUNT];
    const struct rule_world world = {.of = &IS_BEFORE, .get = get, .was = was};
    OWNED(rule_run) all = rule_run_new(rules, true);

    for (enum rule_event event = 0; event < EVENT_COUNT; event++) {
        events[event] = event;
    }
    rule_run_events(all, events, 1, &world);
    rule_run_events(all, events, EVENT_COUNT, &world);
    for (size_t i = 0; i < rules_count(rules); i++) {
        if (rule_every_us(rules_at(rules, i)) != 0) {
            (void)rule_run_every(all, rules_at(rules, i), &world);
        }
    }
    for (guint i = 0; i < all->effects->len; i++) {
        check_effect(all->effects->pdata[i]);
    }
    for (guint i = 0; i < all->trace->len; i++) {
        if (!g_utf8_validate(all->trace->pdata[i], -1, NULL)) {
            fail("a line of the trace is no text", "");
        }
    }
}

static void check_error(const char *error)
{
    const char *at = error;

    if (!g_str_has_prefix(at, "f:")) {
        fail("an error without its file", error);
    }
    for (int i = 0; i < 2; i++) {
        at = strchr(at, ':') + 1;
        if (*at < '1' || *at > '9' || strchr(at, ':') == NULL) {
            fail("an error without its place", error);
        }
    }
    if (!g_utf8_validate(error, -1, NULL)) {
        fail("an error is no text", error);
    }
}

static size_t count_tests(const uint8_t *data, size_t size)
{
    size_t count = 0;
    const uint8_t *at = data;

    while (size > 0 && (at = memmem(at, (size_t)(data + size - at), "test", 4)) != NULL) {
        count++;
        at += 4;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    OWNED(rule_names) names = (size & 1) != 0 ? rule_names_new() : NULL;
    struct rule_file file = {"f", (const char *)data, size};
    OWNED(rules) rules = rules_compile(&file, 1, names, errors);

    for (guint i = 0; i < errors->len; i++) {
        check_error(errors->pdata[i]);
    }
    if ((rules == NULL) != (errors->len > 0)) {
        fail("refused", "without a word, or not refused");
    }
    if (rules == NULL) {
        return 0;
    }
    run(rules);
    if (count_tests(data, size) <= MOST_TESTS) {
        g_autoptr(GPtrArray) results = rules_test(rules, 0);
        for (guint i = 0; i < results->len; i++) {
            const struct rule_test_result *result = results->pdata[i];
            if (result->has_passed != (result->why_not->len == 0)) {
                fail("a test failed without a word", result->name);
            }
        }
    }
    return 0;
}
