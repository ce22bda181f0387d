/* clock - the only source of time
 *
 * Whatever waits or holds a lease asks a struct clock, so that a test can stop time and move it. The
 * wall clock may jump (NTP, an admin), so leases and waits use the monotonic one; moments that are
 * stored come from the database, because several hosts share it and only it is one clock.
 *
 * Not here: dates and their formats; and the deadlines of a single read or connect, which each
 * adapter computes from the monotonic clock.
 * I/O: reads the machine's clocks, and sleeps. Nothing else in postdesk may call time() or sleep().
 */
#include "core/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    int result = clock_gettime(id, &now);
    assert(result == 0);
    (void)result;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t real_wall_us(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t real_monotonic_us(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t fixed_us(const struct clock *clock)
{
    return clock->fixed_us;
}

const struct clock *clock_real(void)
{
    static const struct clock REAL = {.wall_us = real_wall_us, .monotonic_us = real_monotonic_us};
    return &REAL;
}

struct clock clock_fixed(int64_t us)
{
    return (struct clock){.wall_us = fixed_us, .monotonic_us = fixed_us, .fixed_us = us};
}

int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock);
}

int64_t clock_monotonic_us(const struct clock *clock)
{
    return clock->monotonic_us(clock);
}

int64_t clock_thread_cpu_us(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void clock_sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL); /* EINTR: the caller looks at what the signal asked for */
}
