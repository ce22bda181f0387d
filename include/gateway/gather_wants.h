/* What rules name and the records do not hold yet. */
#ifndef GATEWAY_GATHER_WANTS_H
#define GATEWAY_GATHER_WANTS_H

#include "desk/need.h"
#include "gateway/gather.h"

/* Look up what the plans of round 4 want, for all mails at once, and deal it out. found_out: some mails have more
 * records now, and are to be asked again; their needs are freed and NULL. One round trip; none where nothing is wanted. */
MUST_CHECK enum status gather_wants(struct tx *tx, struct batch *batch, struct need **needs,
                                    bool *found_out, struct err *err);

/* How much automatic mail has gone lately to those whom the plans of round 4 would write to, into the records. */
MUST_CHECK enum status gather_counts(struct tx *tx, struct batch *batch, struct need *const *needs,
                                     struct err *err);

#endif
