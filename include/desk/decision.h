/* One decision while it is made: what the modules behind decide hand to one another. Pure. */
#ifndef DESK_DECISION_H
#define DESK_DECISION_H

#include "desk/audience.h"
#include "desk/authority.h"
#include "desk/identity.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "desk/thread.h"
#include "message/facts.h"
#include "rules/rules.h"

struct decision {
    const struct facts *facts;
    const struct records *records;
    struct plan *plan; /* borrowed */
    struct identity identity;
    struct place place;
    struct evidence evidence;
    struct ruling ruling;
    char *left_out;       /* own: of an oversize mail, what is missing; NULL: nothing is */
    char *files_left_out; /* own: the names of those that were seen, "" of none; NULL as that */
    char *to_drop;        /* own: files of a technician's that cannot be passed on; "": all can */
    int brought_in;       /* people that the plan makes beside the sender */
    struct rule_run *run; /* own: what rules do; NULL: there are none */
    struct ticket_record *after; /* own: the ticket as rules leave it; NULL: there are none */
    char *why; /* own: what a rule says of a mail that it lowers; NULL: the ruling's reason holds */
    const struct rule_effect *rejection; /* borrowed from run: of the rule that rejects it; NULL */
    const char *event; /* static: the name of what rules are asked about; NULL: nothing yet */
    GPtrArray *trace;  /* borrowed: where rules write down what they saw; NULL: nobody wants it */
};

/* A change to the plan's ticket by its sender; both can be set otherwise then. */
struct change *decision_add_change(struct plan *plan, enum change_kind kind, const char *reason);

/* Fill identity, place and evidence; who, where and may get sentences (desk/evidence). */
void evidence_weigh(struct decision *decision);
void evidence_say(const struct decision *decision);
enum role evidence_role(const struct decision *decision);

/* Does this mail prove that its sender reads mail to his address? And is he a confirmed contact, now at last? */
bool evidence_proves_sender(const struct decision *decision);
bool evidence_is_confirmed(const struct decision *decision);

/* Why the mail is what it is: a sentence for people. Borrowed. */
const char *decision_reason(const struct decision *decision);

struct audience decision_audience(const struct decision *decision);

/* The receipt, or what somebody gets instead whom the desk does not know; once. */
void decision_tell_opener(struct decision *decision);

/* A delivery report: what came back, and who has to know (desk/returned). */
void returned_plan(struct decision *decision);

/* A mail that is held: until when, and who hears of it (desk/holding). */
void holding_plan(struct decision *decision);

/* An answer to what the desk said of a held mail (desk/holding). */
void holding_answer(struct decision *decision);

/* Who joins the ticket because the mail went to them, and who is only shown (desk/copies). */
void copies_plan(struct decision *decision);

#endif
