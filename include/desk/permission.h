/* Who may do what at all: one table for mail, command line and later channels. Pure.
 *
 * It says what an actor may do when it is proved that he is the one; the proof is desk/authority's. */
#ifndef DESK_PERMISSION_H
#define DESK_PERMISSION_H

#include "desk/records.h"

enum actor {
    ACTOR_UNKNOWN,
    ACTOR_CONTACT,
    ACTOR_MAIN_CONTACT,
    ACTOR_PARTICIPANT,
    ACTOR_EX_PARTICIPANT,
    ACTOR_TECHNICIAN,           /* of the ticket's group, or the ticket has none */
    ACTOR_TECHNICIAN_ELSEWHERE, /* of another group */
    ACTOR_LEAD,
    ACTOR_DISABLED,
    ACTOR_MACHINE,
    ACTOR_CLI_VIEWER,
    ACTOR_CLI_OPERATOR,
    ACTOR_CLI_ADMIN,
    ACTOR_COUNT,
};

enum action {
    ACTION_OPEN_TICKET,
    ACTION_COMMENT,
    ACTION_READ_PUBLIC,
    ACTION_NOTE,
    ACTION_CHANGE_TICKET, /* status, fields, assignment, group */
    ACTION_MERGE,
    ACTION_ADD_PARTICIPANT,
    ACTION_REMOVE_PARTICIPANT,
    ACTION_CHANGE_REQUESTER,
    ACTION_ADMIT, /* a colleague's held mail */
    ACTION_RELEASE,
    ACTION_EXPORT_PERSON,
    ACTION_ADMINISTER, /* customers, people, mailboxes, rules, keys */
    ACTION_COUNT,
};

/* On which tickets, and on whom. Sets. */
enum {
    ON_NONE = 0,
    ON_OWN = 1,       /* he is the requester, a participant or the assignee */
    ON_CUSTOMERS = 2, /* tickets of his customer */
    ON_ALL = 4,
    ON_SAME_CUSTOMER = 8, /* any of these, but only people of his own customer */
    ON_HIMSELF = 16,      /* any of these, but only himself */
    ON_READING = 32,      /* reading only */
};

/* The set for an actor and an action. */
unsigned permission_of(enum actor actor, enum action action);

/* The words for tests and messages: "technician-in-group", "public-comment". */
const char *actor_name(enum actor actor);
const char *action_name(enum action action);

/* What a technician is on a ticket; NULL: one of none. */
enum actor permission_technician(const struct person_record *technician,
                                 const struct ticket_record *ticket);

/* May this technician do it on this ticket? The assignee is at home in his ticket whatever its group. */
bool permission_technician_may(const struct person_record *technician,
                               const struct ticket_record *ticket, enum action action);

#endif
