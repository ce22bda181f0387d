/* Who is told: the mails of a plan. Pure. */
#ifndef DESK_AUDIENCE_H
#define DESK_AUDIENCE_H

#include "desk/identity.h"
#include "desk/plan.h"
#include "desk/records.h"

/* What happened, for those who are told. */
struct audience {
    const struct records *records;
    const struct ticket_record *ticket; /* NULL: the one that the plan opens */
    const struct ticket_record
        *after;           /* as rules leave it: who is told goes by it; NULL: as it is */
    person_id author;     /* never gets a copy of his own; REF_NEW: the plan makes him */
    bool is_by_machine;   /* nobody is told anything */
    const char *left_out; /* of an oversize mail: what was left out of it; NULL: it is all there */
    const char *files_left_out; /* the names of those that were seen; NULL, "": none was */
};

/* A mail to a person at his address, stopped if it must not go there; what it is about is the caller's to say. */
struct plan_mail *audience_add(struct plan *plan, const struct records *records,
                               const struct person_record *person, const char *notice,
                               const char *reason);

/* What stops a mail to a person; own, NULL: nothing. A desk that writes to itself talks for ever. */
char *audience_why_not(const struct records *records, const struct person_record *person);

/* The assignee, if he can still act; NULL: there is none. ticket may be NULL. */
const struct person_record *audience_assignee(const struct records *records,
                                              const struct ticket_record *ticket);

/* The opener of a ticket: "receipt", or a stranger's fixed "acknowledgement"; of an oversize mail "oversize". address is
 * what he wrote from. */
void audience_tell_opener(struct plan *plan, const struct audience *audience, const char *address,
                          const char *name, bool is_confirmed);

/* The assignee, or while there is none all technicians of the desk. notice: "new-ticket", "comment", "note". */
void audience_tell_technicians(struct plan *plan, const struct audience *audience,
                               const char *notice);

/* The author, a technician without a token of his own: "noted", which he can answer. */
void audience_tell_noted(struct plan *plan, const struct audience *audience);

/* All technicians but the author: "assigned". */
void audience_tell_assigned(struct plan *plan, const struct audience *audience);

/* Requester and participants: "comment" or "reply". A technician who wrote to an address that is dead is told. */
void audience_tell_contacts(struct plan *plan, const struct audience *audience, const char *notice);

/* The author, that something of his mail is missing ("oversize"), or that his answer was not sent and what to leave out
 * of it ("too-large"): reason says what. Never for a stranger; address is what he wrote from. */
void audience_tell_author(struct plan *plan, const struct audience *audience, const char *notice,
                          const char *address, const char *reason);

/* A technician whose text did not arrive: "undelivered". about: the mail that came back, 0: it was not sent. */
void audience_tell_undelivered(struct plan *plan, const struct audience *audience,
                               person_id technician, outbound_id about, const char *reason);

#endif
