/* Which ticket is meant, and who takes part in it, as the command line sets it. */
#ifndef STORE_TICKET_SET_H
#define STORE_TICKET_SET_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* The ticket, its merges followed; call it before the ticket's lock is taken.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status ticket_set_find(struct tx *tx, ticket_id *ticket, struct err *err);

/* actor is who does it, for the ticket's history.
 *
 * ST_NOT_FOUND  of a participant to be removed: he takes no part */
MUST_CHECK enum status ticket_set_participant(struct tx *tx, ticket_id ticket, person_id person,
                                              bool takes_part, const char *actor, struct err *err);

#endif
