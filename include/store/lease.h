/* Leases: who reads a mailbox, who tends. A row each, so that a dead host loses them by doing nothing. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include <stdint.h>

#include "db/tx.h"

/* Take a lease that is free, over, or already holder's, for duration_us from now. The epoch grows with
 * each new holder.
 *
 * ST_NOT_FOUND  somebody else holds it; nothing was written */
MUST_CHECK enum status lease_store_take(struct tx *tx, const char *name, const char *holder,
                                        int64_t duration_us, int64_t *epoch_out, struct err *err);

/* Keep one that was taken, also if it is over but nobody else came.
 *
 * ST_NOT_FOUND  it was lost since: stop what it was for */
MUST_CHECK enum status lease_store_renew(struct tx *tx, const char *name, const char *holder,
                                         int64_t epoch, int64_t duration_us, struct err *err);

/* Let it go now. One that is not holder's stays as it is. */
MUST_CHECK enum status lease_store_release(struct tx *tx, const char *name, const char *holder,
                                           struct err *err);

/* Who has it and has neither let it go nor let it run out; owned by the caller.
 *
 * ST_NOT_FOUND  nobody */
MUST_CHECK enum status lease_store_holder(struct tx *tx, const char *name, char **holder_out,
                                          struct err *err);

#endif
