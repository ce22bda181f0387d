/* The only source of time. Stored times are the database's; these two serve waits and leases. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* A clock: the real one, or a test's. Both functions return microseconds. */
struct clock {
    int64_t (*wall_us)(const struct clock *clock); /* since 1970-01-01 UTC */
    int64_t (*monotonic_us)(
        const struct clock *clock); /* since some fixed moment, never backwards */
    int64_t fixed_us;               /* what a fixed clock says to both */
};

/* The machine's clock; static storage. */
const struct clock *clock_real(void);

/* A clock that stands still at us until the test changes fixed_us. */
struct clock clock_fixed(int64_t us);

int64_t clock_wall_us(const struct clock *clock);
int64_t clock_monotonic_us(const struct clock *clock);

/* What this thread has used of a processor, in microseconds: to bound work on a machine that is busy with others'. */
int64_t clock_thread_cpu_us(void);

/* Sleep on the machine's clock; comes back early on a signal. */
void clock_sleep_ms(int64_t ms);

#endif
