/* A technician's answer that does not come by mail: the same plan, the same door out. */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

struct answer {
    ticket_id ticket; /* where it was merged, afterwards */
    person_id technician;
    const char *text;   /* borrowed: lines normalised */
    const char *actor;  /* borrowed: the user of the command line */
    bool is_note;       /* for technicians only */
    comment_id comment; /* out */
    size_t mail_count;  /* out: how many mails were queued */
};

/* Who answers when nobody is named: the ticket's assignee, else the only technician of the desk.
 *
 * ST_NOT_FOUND  there is no such ticket
 * ST_INVALID    there are several technicians, or none */
MUST_CHECK enum status answer_find_technician(struct tx *tx, ticket_id ticket,
                                              person_id *technician_out, struct err *err);

/* Write the comment, queue the mails; all of it in the caller's transaction, which may run again.
 *
 * ST_NOT_FOUND  there is no such ticket
 * ST_INVALID    the person cannot answer: the text says why */
MUST_CHECK enum status answer_put(struct tx *tx, struct answer *answer, struct err *err);

#endif
