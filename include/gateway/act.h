/* What happens to a ticket without a mail: a command, an answer by the command line, the time. The same plans, the same
 * rows, the same door out as for mail. */
#ifndef GATEWAY_ACT_H
#define GATEWAY_ACT_H

#include "db/tx.h"
#include "gateway/gather.h"

/* Makes the plan from the records; it is asked again when more of what it wants is known, so it has to be pure. */
typedef struct plan *(*act_decider)(const struct records *records, void *arg);

struct act {
    ticket_id ticket;       /* where it was merged, afterwards */
    person_id author;       /* who does it; 0: nobody of the desk's people */
    const char *actor;      /* borrowed: a user of the command line; NULL */
    struct rule_book *book; /* borrowed: the rules; NULL: none are asked */
    bool keeps_book; /* the caller holds rules of the book: it is not brought to a newer version */
    act_decider decide;
    void *arg;
    struct batch batch; /* own, as what follows: call act_done whatever happens */
    struct batch_mail deed;
};

/* Follow merges, lock the ticket, read what bears on it: act->deed.records.
 *
 * ST_NOT_FOUND  there is no such ticket */
MUST_CHECK enum status act_gather(struct tx *tx, struct act *act, struct err *err);

/* A ticket as it is, without a lock; own.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status act_read_ticket(struct tx *tx, ticket_id ticket,
                                       struct ticket_record **record_out, struct err *err);

/* Let decide make the plan (act->deed.plan), with what it wants to know and what the governor has to count.
 * act_apply queues its rows; a plan that is not VERDICT_FILED writes nothing. */
MUST_CHECK enum status act_decide(struct tx *tx, struct act *act, struct err *err);
MUST_CHECK enum status act_apply(struct tx *tx, struct act *act, struct err *err);

void act_done(struct act *act);

#endif
