/* Results of mails that were sent, or not: one under way while the next mail is being handed over. */
#ifndef GATEWAY_SETTLE_H
#define GATEWAY_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/conn.h"
#include "store/outbound_due.h"

/* The result that is not known to be committed yet. Caller's storage, zeroed at first. */
struct settle {
    bool is_pending;
    bool is_started; /* its statement is under way on the connection */
    bool is_sent;    /* else it waits */
    int64_t id;
    int64_t epoch;
    int64_t wait_us;
    const char *holder; /* borrowed: from the sender */
    char *answer;       /* own */
};
void settle_clear(struct settle *settle);

/* Start to record that the mail was sent, or that it is to be tried again after wait_us. None may be
 * pending. A failure is no loss: settle_finish() does it again. */
void settle_start(struct settle *settle, struct conn *conn, const struct outbound_due *due,
                  bool is_sent, int64_t wait_us, const char *answer);

/* Make sure that what is pending is committed.
 *
 * ST_TEMPFAIL  the connection is lost: it stays pending, call again with another connection */
MUST_CHECK enum status settle_finish(struct settle *settle, struct conn *conn, struct err *err);

/* The mail has failed for good: its state, a line on the ticket, word to the technician who wrote what it
 * told, and where the address is none, no more mail to it. Nothing may be pending. */
MUST_CHECK enum status settle_fail(struct conn *conn, const struct outbound_due *due,
                                   const char *holder, const char *answer, bool is_address_dead,
                                   struct err *err);

/* Is this the enhanced code (RFC 3463) of an address that there is not? Pure. */
bool settle_is_dead_address(const char *enhanced);

#endif
