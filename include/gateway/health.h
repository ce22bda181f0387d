/* What a role says, in the database, of a thing that it needs: for postdesk status, doctor and metrics. */
#ifndef GATEWAY_HEALTH_H
#define GATEWAY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "db/conn.h"
#include "desk/records.h"

/* What was said of one thing last. Begin with {.thing = "imap"}. */
struct health {
    const char *thing;
    char *said;      /* own: state and text; NULL: nothing yet */
    int64_t said_us; /* monotonic */
};
void health_done(struct health *health);

/* What can be said now. */
struct health_news {
    mailbox_id mailbox;
    const struct err *err;        /* borrowed: what failed; NULL: it works */
    int64_t certificate_until_us; /* 0: not known */
};

/* Say it, if it is news or was said long ago. A word that could not be said is no failure of anybody; it is said
 * later. conn may be NULL or broken, but has no transaction open. */
void health_tell(struct health *health, struct conn *conn, const struct health_news *news);

#endif
