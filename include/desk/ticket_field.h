/* The fields of a ticket that people, rules and commands change: one table. Pure. */
#ifndef DESK_TICKET_FIELD_H
#define DESK_TICKET_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum ticket_field {
    TICKET_FIELD_STATUS, /* open, pending, resolved, closed, or one of the desk's own */
    TICKET_FIELD_TYPE,
    TICKET_FIELD_PRIORITY,
    TICKET_FIELD_IMPACT,
    TICKET_FIELD_PRODUCT,
    TICKET_FIELD_TAG, /* one tag; taken away or added */
    TICKET_FIELD_GROUP,
    TICKET_FIELD_TITLE,
    TICKET_FIELD_ASSIGNEE,
    TICKET_FIELD_REQUESTER,
    TICKET_FIELD_CUSTOMER,
    TICKET_FIELD_CUSTOM, /* one that the desk has made; its name stands beside it */
    TICKET_FIELD_COUNT,
};
const char *ticket_field_name(enum ticket_field field);

/* ST_NOT_FOUND: it is none of the table's; the nearest known one is in the hint. */
MUST_CHECK enum status ticket_field_parse(const char *name, enum ticket_field *field_out,
                                          struct err *err);

/* The words that a field may have, in their order, NULL-terminated; NULL: the table does not say. Of the status
 * only those that every desk has. */
const char *const *ticket_field_words(enum ticket_field field);

#endif
