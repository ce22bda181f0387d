/* decide: facts and records in, plan out. No I/O, no clock, no chance: the same for the daemon, `postdesk
 * why`, replay and tests. */
#ifndef DESK_DECIDE_H
#define DESK_DECIDE_H

#include "desk/plan.h"
#include "desk/records.h"
#include "message/facts.h"

/* Never NULL: whatever the mail is, there is a plan for it. */
struct plan *decide(const struct facts *facts, const struct records *records);

/* The same; rules write into trace (char *, own; NULL: nobody wants it) what each condition saw and each action did. */
struct plan *decide_traced(const struct facts *facts, const struct records *records,
                           GPtrArray *trace);

/* The plan for a mail that has no facts: the parser refused it, or it killed the parser twice; reason is
 * for people. */
struct plan *decide_unparsed(const char *reason);

/* A person answers by the command line: the plan of `ticket reply`. */
struct plan *decide_cli_reply(const struct records *records, ticket_id ticket, person_id technician,
                              const char *text);

/* The same for an internal note: the plan of `ticket note`. Only technicians hear of it. */
struct plan *decide_cli_note(const struct records *records, ticket_id ticket, person_id technician,
                             const char *text);

/* How the subject of a probe of postdesk doctor begins; id is its number among the mails out. Own. */
char *decide_probe_subject(outbound_id id);

#endif
