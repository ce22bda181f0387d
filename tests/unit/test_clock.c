/* test_clock - a fixed clock stands still, the real one goes forward */
#include <criterion/criterion.h>

#include "core/clock.h"

Test(clock, stands_still_until_the_test_moves_it)
{
    struct clock clock = clock_fixed(1000);

    cr_expect_eq(clock_wall_us(&clock), 1000);
    cr_expect_eq(clock_monotonic_us(&clock), 1000);
    clock.fixed_us = 2500;
    cr_expect_eq(clock_wall_us(&clock), 2500);
    cr_expect_eq(clock_monotonic_us(&clock), 2500);
}

Test(clock, knows_the_time_of_the_machine)
{
    int64_t after_2020 = 1577836800LL * 1000000;
    int64_t before_2200 = 7258118400LL * 1000000;

    cr_expect_gt(clock_wall_us(clock_real()), after_2020);
    cr_expect_lt(clock_wall_us(clock_real()), before_2200);
}

Test(clock, sleeps_at_least_as_long_as_asked)
{
    int64_t before = clock_monotonic_us(clock_real());

    clock_sleep_ms(20);
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    int64_t slept = clock_monotonic_us(clock_real()) - before;
    cr_expect_geq(slept, 20000, "slept %lld us", (long long)slept);
}
