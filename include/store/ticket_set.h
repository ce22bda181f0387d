/* A ticket's status, assignee, group and participants, as the command line sets them. Recorded in the ticket's history. */
#ifndef STORE_TICKET_SET_H
#define STORE_TICKET_SET_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* The ticket, its merges followed; call it before the ticket's lock is taken.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status ticket_set_find(struct tx *tx, ticket_id *ticket, struct err *err);

/* technician or group 0: none. actor is who does it.
 *
 * ST_INVALID  he is no technician, or disabled */
MUST_CHECK enum status ticket_set_assignee(struct tx *tx, ticket_id ticket, person_id technician,
                                           const char *actor, struct err *err);
MUST_CHECK enum status ticket_set_group(struct tx *tx, ticket_id ticket, int64_t group,
                                        const char *actor, struct err *err);

/* status is one of the schema's.
 *
 * ST_NOT_FOUND  of a participant to be removed: he takes no part */
MUST_CHECK enum status ticket_set_status(struct tx *tx, ticket_id ticket, const char *new_status,
                                         const char *actor, struct err *err);
MUST_CHECK enum status ticket_set_participant(struct tx *tx, ticket_id ticket, person_id person,
                                              bool takes_part, const char *actor, struct err *err);

#endif
