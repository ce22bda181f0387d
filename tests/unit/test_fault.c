/* test_fault - the n-th pass fails, kills, and nothing else does */
#include <signal.h>
#include <stdlib.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/fault.h"

/* Passes of the points a.one and a.two in turn, four each; "x" where one failed. */
static void run_points(char marks_out[9])
{
    for (int i = 0; i < 8; i++) {
        marks_out[i] = fault_hit(i % 2 == 0 ? "a.one" : "a.two") ? 'x' : '.';
    }
    marks_out[8] = '\0';
}

static const struct {
    const char *spec;
    const char *want;
} CASES[] = {
    {NULL, "........"},
    {"", "........"},
    {"a.one:1:fail", "x......."},
    {"a.one:3:fail", "....x..."},
    {"a.two:2:fail", "...x...."},
    {"a.two:*:fail", ".x.x.x.x"},
    {"*:6:fail", ".....x.."},
    {"*:*:fail", "xxxxxxxx"},
    {"a.one:2:fail,a.two:2:fail", "..xx...."},
    {"a.one:9:fail", "........"},
    {"a.other:1:fail", "........"},
};

Test(fault, fails_the_pass_that_was_asked_for)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        char marks[9];
        fault_set(CASES[i].spec);
        run_points(marks);
        cr_expect_str_eq(marks, CASES[i].want, "%s: got %s, want %s",
                         CASES[i].spec != NULL ? CASES[i].spec : "none", marks, CASES[i].want);
        cr_expect_eq(fault_passes(), 8, "case %zu: got %ld passes", i, fault_passes());
    }
}

Test(fault, reads_the_environment_at_the_first_pass)
{
    setenv("POSTDESK_FAULT", "a.one:2:fail", 1);
    cr_expect_not(fault_hit("a.one"));
    cr_expect(fault_hit("a.one"));
    cr_expect_not(fault_hit("a.one"));
}

Test(fault, is_idle_without_the_environment)
{
    unsetenv("POSTDESK_FAULT");
    cr_expect_not(fault_hit("a.one"));
    setenv("POSTDESK_FAULT", "a.one:*:fail", 1);
    cr_expect_not(fault_hit("a.one"), "the environment is read once");
}

Test(fault, kills_the_process_at_the_pass_that_was_asked_for, .signal = SIGKILL)
{
    fault_set("a.one:2:kill");
    cr_assert_not(fault_hit("a.one"));
    (void)fault_hit("a.one");
    cr_assert_fail("still alive");
}

Test(fault, refuses_a_spec_without_an_action, .signal = SIGABRT)
{
    fault_set("a.one:2");
}

Test(fault, refuses_a_pass_of_zero, .signal = SIGABRT)
{
    fault_set("a.one:0:fail");
}

Test(fault, refuses_an_unknown_action, .signal = SIGABRT)
{
    fault_set("a.one:1:explode");
}
