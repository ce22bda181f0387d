/* Rules at work: what they make of a mail, a command or the time, as changes and mails of a plan. Pure. */
#ifndef DESK_WORKFLOW_H
#define DESK_WORKFLOW_H

#include "desk/decision.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "rules/rules.h"

/* Begin, where no mail was received: a command line answers. */
void workflow_start(struct decision *decision);

/* Rules on mail-received: they may hold the mail, reject it or call it spam, never raise what it may do; what they set
 * is kept for workflow_follow. Call it when the ruling is made. */
void workflow_receive(struct decision *decision);

/* Rules on what came of the mail. Call it when its own changes are in the plan, and before anybody is told: who is told
 * goes by the ticket as the rules leave it (decision->after). What they want to say is kept for workflow_tell. */
void workflow_follow(struct decision *decision);

/* The mails that rules send; nobody gets a second one by them. Call it when everybody else was told. */
void workflow_tell(struct decision *decision);

/* Tell the sender of a mail that a rule rejects, if it says so. */
void workflow_reject(struct decision *decision);

/* What changed a ticket without a mail. */
struct workflow_cause {
    const struct ticket_record
        *before;                       /* as it was; NULL: nothing changed, the time is the cause */
    const struct ticket_record *after; /* as it is */
    const struct rule *rule;           /* of the time: the one that is asked; NULL */
    person_id author;                  /* who did it; 0: a user of the command line, or nobody */
};

/* The plan of rules after a change by command, or of one rule of the time; without changes and mails where none
 * fires. Own. */
struct plan *workflow_decide(const struct records *records, const struct workflow_cause *cause);

/* Does the condition of a rule of the time hold for a ticket? Nothing is planned. faults (char *, own) gets what went
 * wrong with the condition. */
bool workflow_holds(const struct records *records, const struct ticket_record *ticket,
                    const struct rule *rule, GPtrArray *faults);

#endif
