/* outage - something that a role needs is away
 *
 * Mail servers and databases are restarted, networks are cut, passwords are changed. A role lives through
 * all of it: it tries again, each time after twice as long, and says two things in the log, when the outage
 * begins and when it is over. A second line comes only when the reason becomes one of another kind ("no
 * route", then "wrong password"): an admin who reads the first must not miss the second.
 *
 * Trouble that ends by itself is a warning; what a person must mend is an error and is tried at
 * the longest interval only: providers lock out who keeps knocking with a wrong password.
 * I/O: the log, and sleeping.
 */
#include "gateway/outage.h"

#include <poll.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000 };

bool outage_ends_by_itself(enum status status)
{
    return status == ST_TEMPFAIL || status == ST_UNCERTAIN || status == ST_CONFLICT;
}

int64_t outage_most_ms(const struct config *config)
{
    return MIN(config->restart_us / US_PER_MS * LIMIT_OUTAGE_RESTARTS, LIMIT_OUTAGE_MS);
}

static void say(struct outage *outage, const struct err *err)
{
    const struct kv fields[] = {kv("status", status_name(err->status)), kv("error", err->text),
                                kv("reason", err->hint)};
    int count = err->hint[0] != '\0' ? 3 : 2;
    log_event(outage_ends_by_itself(err->status) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
              outage->lost_event, fields, count);
    outage->said = err->status;
}

int64_t outage_note(struct outage *outage, const struct err *err)
{
    if (outage->delay_ms == 0) {
        outage->since_us = clock_monotonic_us(clock_real());
        say(outage, err);
    } else if (outage->said != err->status) {
        say(outage, err);
    }
    if (!outage_ends_by_itself(err->status)) {
        outage->delay_ms = outage->most_ms;
    } else if (outage->delay_ms == 0) {
        outage->delay_ms = MAX(outage->first_ms, 1);
    } else {
        outage->delay_ms = MIN(outage->delay_ms * 2, outage->most_ms);
    }
    return outage->delay_ms;
}

void outage_end(struct outage *outage)
{
    if (outage->delay_ms == 0) {
        return;
    }
    outage->delay_ms = 0;
    log_info(outage->back_event,
             kv("seconds", (clock_monotonic_us(clock_real()) - outage->since_us) / US_PER_S));
}

void outage_wait(int64_t ms)
{
    int64_t end_us = clock_monotonic_us(clock_real()) + ms * US_PER_MS;
    struct pollfd stop = {.fd = stop_fd(), .events = POLLIN};
    int64_t left_ms = ms;
    while (left_ms > 0 && !stop_requested()) {
        (void)poll(&stop, 1, (int)MIN(left_ms, G_MAXINT));
        left_ms = (end_us - clock_monotonic_us(clock_real())) / US_PER_MS;
    }
}
