/* Something that a role needs is away: say so once, try ever less often, say once that it is back. */
#ifndef GATEWAY_OUTAGE_H
#define GATEWAY_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

struct outage {
    const char *lost_event; /* "imap.lost" */
    const char *back_event; /* "imap.regained" */
    int64_t first_ms;       /* wait after the first failure, then doubled each time */
    int64_t most_ms;        /* the longest wait */
    int64_t delay_ms;       /* the last wait; 0: it is there */
    int64_t since_us;       /* monotonic */
    enum status said;       /* of the failure that was logged */
};

/* The longest wait before a server that is away is tried again. */
int64_t outage_most_ms(const struct config *config);

/* It failed. Logs the first failure, and one of another kind; gives back how many milliseconds to wait
 * before the next try. What only a person can mend (ST_DENIED, ST_FATAL, …) waits the longest at once. */
int64_t outage_note(struct outage *outage, const struct err *err);

/* Does such a failure end without somebody mending it? Pure. */
bool outage_ends_by_itself(enum status status);

/* It works. Logs if it did not before. */
void outage_end(struct outage *outage);

/* Sleep, until a stop is requested at the longest. */
void outage_wait(int64_t ms);

#endif
