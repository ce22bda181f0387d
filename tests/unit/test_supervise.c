/* test_supervise - how long the supervisor waits before it starts a role again */
#include <inttypes.h>

#include <criterion/criterion.h>

#include "daemon/supervise.h"

enum { MS = 1000, SECOND = 1000 * MS, FATAL = 78 };

static const struct {
    const char *name;
    int64_t first_us;
    int64_t last_us;
    int64_t ran_us;
    int exit_code;
    int64_t want_us;
} CASES[] = {
    {"the first failure", SECOND, 0, 5 * MS, 1, SECOND},
    {"the second", SECOND, SECOND, 5 * MS, 1, 2 * SECOND},
    {"doubled each time", SECOND, 8 * SECOND, 5 * MS, 75, 16 * SECOND},
    {"up to 30 s", SECOND, 16 * SECOND, 5 * MS, 75, 30 * SECOND},
    {"and no further", SECOND, 30 * SECOND, 5 * MS, 75, 30 * SECOND},
    {"a minute of health forgets", SECOND, 30 * SECOND, 60 * SECOND, 1, SECOND},
    {"less than a minute does not", SECOND, 4 * SECOND, 59 * SECOND, 1, 8 * SECOND},
    {"misconfigured waits the longest at once", SECOND, 0, 5 * MS, FATAL, 30 * SECOND},
    {"misconfigured after health, too", SECOND, 0, 90 * SECOND, FATAL, 30 * SECOND},
    {"a short first wait stays short", 1 * MS, 30 * MS, 5 * MS, 1, 30 * MS},
    {"also when misconfigured", 1 * MS, 0, 5 * MS, FATAL, 30 * MS},
    {"a first wait above 30 s is kept", 60 * SECOND, 0, 5 * MS, 1, 60 * SECOND},
    {"and is the longest then", 60 * SECOND, 60 * SECOND, 5 * MS, 1, 60 * SECOND},
};

Test(supervise, waits_longer_with_each_failure_but_not_for_ever)
{
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t got_us = supervise_backoff_us(CASES[i].first_us, CASES[i].last_us, CASES[i].ran_us,
                                              CASES[i].exit_code);
        cr_expect_eq(got_us, CASES[i].want_us, "%s: got %" PRId64 " us, want %" PRId64,
                     CASES[i].name, got_us, CASES[i].want_us);
    }
}
