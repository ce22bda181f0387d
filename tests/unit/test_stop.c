/* test_stop - a signal raises the flag and wakes poll() */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core/stop.h"

static bool is_readable(int timeout_ms)
{
    struct pollfd entry = {.fd = stop_fd(), .events = POLLIN};
    return poll(&entry, 1, timeout_ms) == 1;
}

Test(stop, is_not_requested_at_first)
{
    struct err err = {.status = ST_OK};
    cr_expect_eq(stop_fd(), -1);
    cr_assert_eq(stop_init(&err), ST_OK);
    cr_expect_not(stop_requested());
    cr_expect_not(is_readable(0));
}

Test(stop, is_raised_by_both_signals_and_stays_readable)
{
    static const int SIGNALS[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        struct err err = {.status = ST_OK};
        cr_assert_eq(stop_init(&err), ST_OK);
        cr_expect_not(stop_requested());
        raise(SIGNALS[i]);
        cr_expect(stop_requested(), "signal %d", SIGNALS[i]);
        cr_expect(is_readable(0), "signal %d", SIGNALS[i]);
        cr_expect(is_readable(0), "signal %d, looked at twice", SIGNALS[i]);
    }
}

Test(stop, wakes_a_poll_that_sleeps)
{
    struct err err = {.status = ST_OK};
    cr_assert_eq(stop_init(&err), ST_OK);
    pid_t parent = getpid();
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct pollfd none = {.fd = -1};
        poll(&none, 1, 30);
        kill(parent, SIGTERM);
        _exit(0);
    }
    struct pollfd entry = {.fd = stop_fd(), .events = POLLIN};
    while (poll(&entry, 1, 20000) < 0) {
    }
    cr_expect_eq(entry.revents, POLLIN);
    cr_expect(stop_requested());
}
