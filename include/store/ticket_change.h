/* The one way in which a ticket's fields change: for mail, command line and rules. */
#ifndef STORE_TICKET_CHANGE_H
#define STORE_TICKET_CHANGE_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"
#include "desk/ticket_field.h"

/* An assignee out of a group, chosen when it is written: a member who is there (not disabled). */
enum ticket_pick {
    TICKET_PICK_NONE,
    TICKET_PICK_ROUND_ROBIN,
    TICKET_PICK_LEAST_LOADED, /* with the fewest tickets that are open or pending */
};

/* A change; everything borrowed for the call. */
struct ticket_change {
    ticket_id ticket;
    enum ticket_field field;
    const char *name;      /* of one of the desk's own fields; NULL */
    const char *value;     /* in canonical form (desk/field_value); NULL: none */
    int64_t id;            /* person, group or customer; 0: none */
    bool is_removed;       /* a tag */
    enum ticket_pick pick; /* then id is the group */
    person_id person;      /* who: 0, or */
    const char *actor;     /* a user of the command line, or NULL */
    mail_id mail;          /* because of which mail; 0 */
    const char *rule;      /* and of which rule; NULL */
};

/* Make the changes in the order given, in one statement. Each real one is an activity with what was and what is;
 * setting what is set changes nothing and leaves none. What is not possible (any more) is an activity
 * "not-changed" that says why. A technician's change makes an unread ticket read. The caller holds the locks of the
 * tickets (need_ticket_lock). */
void ticket_change_queue(struct tx *tx, const struct ticket_change *changes, size_t count);

/* The same at once, all or nothing: for people.
 *
 * ST_INVALID  one of them is not possible; the transaction is to be rolled back */
MUST_CHECK enum status ticket_change_put(struct tx *tx, const struct ticket_change *changes,
                                         size_t count, struct err *err);

#endif
