/* test_rules_pattern - patterns and their bounds: what would run for minutes costs its share and is a fault */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>

#include "core/clock.h"
#include "core/limits.h"
#include "rules/pattern.h"
#include "rules_world.h"

enum { KIB = 1024, SUBJECT = 64 * KIB };

static struct pattern *pattern_of(const char *text, const char *flags)
{
    struct pattern *pattern = NULL;
    struct err err = {.status = ST_OK};
    size_t offset = 0;

    cr_assert_eq(pattern_new(text, flags, &pattern, &offset, &err), ST_OK, "%s: %s", text,
                 err.text);
    return pattern;
}

/* Milliseconds of this thread, not of the machine. */
static int64_t cpu_ms(int64_t since_us)
{
    return (clock_thread_cpu_us() - since_us) / 1000;
}

/* A long text of one letter, the end of it another. */
static char *letters(char end)
{
    char *text = g_malloc(SUBJECT + 1);

    memset(text, 'a', SUBJECT);
    text[SUBJECT - 1] = end;
    text[SUBJECT] = '\0';
    return text;
}

static const char *const HOSTILE[] = {
    "(a+)+$",         "\\w+\\d",     "(?:a|b)+c",        "x?a+c",
    "a+b?c",          "^.*\\w+\\d$", "(.*)*x",           "(a|aa)+$",
    "(?=(a+))a*\\1c", "a++b",        "(?:a?){40}a{40}c", "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(?<x>a|b|ab)*c",
};

Test(rules_pattern, gives_up_what_takes_too_long, .timeout = 60)
{
    g_autofree char *text = letters('!');

    for (size_t i = 0; i < G_N_ELEMENTS(HOSTILE); i++) {
        OWNED(pattern) pattern = pattern_of(HOSTILE[i], "");
        OWNED(pattern_runner) runner = pattern_runner_new();
        struct err err = {.status = ST_OK};
        int64_t start_us = clock_thread_cpu_us();

        pattern_begin(runner);
        enum pattern_result result = pattern_match(runner, pattern, text, NULL, &err);
        int64_t ms = cpu_ms(start_us);
        cr_expect_leq(ms, LIMIT_PATTERN_MS + 50, "%s: %" PRId64 " ms", HOSTILE[i], ms);
        cr_expect_neq(result, PATTERN_YES, "%s matched", HOSTILE[i]);
        if (result == PATTERN_FAULT) {
            cr_expect(*err.text != '\0', "%s: without a word", HOSTILE[i]);
        }
    }
}

Test(rules_pattern, says_why_it_gave_up)
{
    g_autofree char *text = letters('!');
    OWNED(pattern) pattern = pattern_of("\\w+\\d", "");
    OWNED(pattern_runner) runner = pattern_runner_new();
    struct err err = {.status = ST_OK};

    pattern_begin(runner);
    cr_expect_eq(pattern_match(runner, pattern, text, NULL, &err), PATTERN_FAULT);
    cr_expect_str_eq(err.text, "the pattern ran longer than 100 ms");
    /* The texts of one condition share its time. */
    cr_expect_eq(pattern_match(runner, pattern, "a1", NULL, &err), PATTERN_FAULT);
    /* The next condition has its own. */
    pattern_begin(runner);
    cr_expect_eq(pattern_match(runner, pattern, "a1", NULL, &err), PATTERN_YES);
}

Test(rules_pattern, bounds_what_all_patterns_of_a_mail_cost, .timeout = 60)
{
    g_autofree char *body = letters('!');
    g_autofree char *world_text = g_strconcat("mail.body=", body, "\nmail.subject=a1", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const enum rule_event created = EVENT_TICKET_CREATED;

    for (int i = 0; i < 100; i++) {
        g_string_append_printf(
            text, "rule \"%d\" { on ticket-created if mail.body ~ /\\w+\\d{%d}/ then tag bad }\n",
            i, i + 1);
    }
    g_string_append(text,
                    "rule \"last\" { on ticket-created if mail.subject = \"a1\" then tag good }");
    OWNED(rules) rules = rules_of(text->str);
    cr_assert_not_null(rules);
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct rule_world world = rules_world_of(world_text);
    int64_t start_us = clock_thread_cpu_us();
    rule_run_events(run, &created, 1, &world);
    int64_t ms = cpu_ms(start_us);
    g_autofree char *effects = rules_effects_of(run);

    cr_expect_leq(ms, LIMIT_PATTERNS_MS + 100, "%" PRId64 " ms", ms);
    cr_expect_str_eq(effects, "tag \"good\"");
    cr_assert_eq(run->faults->len, 100);
    const struct rule_fault *first = run->faults->pdata[0];
    const struct rule_fault *last = run->faults->pdata[99];
    cr_expect_str_eq(first->what, "f:1:45: the pattern ran longer than 100 ms");
    cr_expect_str_eq(last->what, "f:100:46: the patterns ran longer than 300 ms in all");
    cr_expect_str_eq(rule_name(first->rule), "0");
}

/* An error must neither do what the rule does nor lift what it holds back. */
Test(rules_pattern, neither_matches_nor_does_not_when_it_was_given_up)
{
    static const char *const CONDITIONS[] = {
        "mail.body ~ /\\w+\\d/",
        "mail.body !~ /\\w+\\d/",
        "not mail.body ~ /\\w+\\d/",
        "not (mail.body ~ /\\w+\\d/ and ticket.tags = x)",
        "mail.body !~ /\\w+\\d/ or ticket.tags = none",
    };
    g_autofree char *body = letters('!');
    g_autofree char *world_text = g_strconcat("mail.body=", body, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(CONDITIONS); i++) {
        const enum rule_event created = EVENT_TICKET_CREATED;
        g_autofree char *text = g_strdup_printf("rule \"r\" { on ticket-created if %s then tag x }",
                                                CONDITIONS[i]);
        OWNED(rules) rules = rules_of(text);
        OWNED(rule_run) run = rule_run_new(rules, true);
        struct rule_world world = rules_world_of(world_text);
        rule_run_events(run, &created, 1, &world);
        cr_expect_eq(run->fired->len, 0, "%s fired", CONDITIONS[i]);
        cr_expect_eq(run->faults->len, 1, "%s", CONDITIONS[i]);
    }
}

Test(rules_pattern, looks_at_the_beginning_of_a_long_text)
{
    g_autofree char *text = g_malloc0(2 * SUBJECT + 16);
    OWNED(pattern) pattern = pattern_of("b", "");
    OWNED(pattern) umlaut = pattern_of("^a+.?$", "");
    OWNED(pattern_runner) runner = pattern_runner_new();
    struct err err = {.status = ST_OK};

    memset(text, 'a', 2 * SUBJECT);
    text[LIMIT_PATTERN_SUBJECT_BYTES] = 'b';
    cr_expect_eq(pattern_match(runner, pattern, text, NULL, &err), PATTERN_NO);
    text[LIMIT_PATTERN_SUBJECT_BYTES - 1] = 'b';
    cr_expect_eq(pattern_match(runner, pattern, text, NULL, &err), PATTERN_YES);
    /* No character is cut in two. */
    text[LIMIT_PATTERN_SUBJECT_BYTES - 1] = '\xC3';
    text[LIMIT_PATTERN_SUBJECT_BYTES] = '\xBC';
    cr_expect_eq(pattern_match(runner, umlaut, text, NULL, &err), PATTERN_YES);
}

Test(rules_pattern, takes_bad_bytes_for_no_match)
{
    OWNED(pattern) pattern = pattern_of("(?<x>b.)", "s");
    OWNED(pattern_runner) runner = pattern_runner_new();
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct err err = {.status = ST_OK};

    cr_expect_eq(pattern_match(runner, pattern, "a\xFF\xFE", groups, &err), PATTERN_NO);
    cr_expect_eq(pattern_match(runner, pattern, "\xFFxb\xC3\xA9\xFF", groups, &err), PATTERN_YES);
    cr_expect_str_eq(g_hash_table_lookup(groups, "x"), "b\xC3\xA9");
}

Test(rules_pattern, matches_a_plain_one_at_once)
{
    g_autofree char *text = letters('7');
    OWNED(pattern) pattern = pattern_of("order (\\d+)", "i");
    OWNED(pattern_runner) runner = pattern_runner_new();
    struct err err = {.status = ST_OK};

    for (int i = 0; i < 1000; i++) { /* all within one condition's time */
        cr_assert_eq(pattern_match(runner, pattern, text, NULL, &err), PATTERN_NO, "%s", err.text);
    }
}
