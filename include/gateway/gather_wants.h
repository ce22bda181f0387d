/* The last round: what rules name and the records do not hold yet, and how much automatic mail has gone lately. */
#ifndef GATEWAY_GATHER_WANTS_H
#define GATEWAY_GATHER_WANTS_H

#include "desk/need.h"
#include "gateway/gather.h"

/* What a mail would do by its records as they are: its need of round 4, own; NULL: it takes no part. */
typedef struct need *(*foreseer)(const struct batch_mail *mail, void *arg);

/* Fill needs, where they are NULL, with what is foreseen, look up what that wants, and foresee again with it: at most
 * twice. One round trip for all mails each time; none where nothing is wanted. */
MUST_CHECK enum status gather_wants(struct tx *tx, struct batch *batch, struct need **needs,
                                    foreseer foresee, void *arg, struct err *err);

/* The whole round: gather_wants, and what the governor has to count; deal it out. Where no count can change
 * what was foreseen, that is the mail's plan already; the others are to be decided. */
MUST_CHECK enum status gather_last(struct tx *tx, struct batch *batch, foreseer foresee, void *arg,
                                   struct err *err);

#endif
