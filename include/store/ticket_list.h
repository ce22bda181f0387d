/* Tickets as the command line lists and shows them. */
#ifndef STORE_TICKET_LIST_H
#define STORE_TICKET_LIST_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* Which tickets; a member that is 0 or NULL leaves them in. */
struct ticket_filter {
    const char *status;
    person_id assignee;
    bool is_unassigned;
    customer_id customer;
    int64_t limit;
};

/* Newest first. Columns: id, subject, status, type, customer (name), requester (name), requester_address,
 * assignee (name), mailbox (address), opened_by (mail), merged_into, created_at, updated_at, closed_at. */
MUST_CHECK enum status ticket_list_find(struct tx *tx, const struct ticket_filter *filter,
                                        struct rows **rows_out, struct err *err);

/* One ticket with all that hangs on it; each its own rows. */
struct ticket_whole {
    struct rows *ticket;       /* the columns above, one row */
    struct rows *participants; /* id, name, address */
    struct rows *links;        /* ticket, why */
    struct rows *comments;     /* id, kind, author, author_address, mail, created_at, body */
    struct rows *attachments;  /* comment, name, type, bytes, is_inline */
    struct rows *activities;   /* at, what, from, to, who, mail, outbound */
    struct rows *mails; /* id, notice, address, state, reason, suppressed_by, comment, attempt,
                                  queued_at, next_try_at, ended_at, answer */
};

/* ST_NOT_FOUND  there is no such ticket */
MUST_CHECK enum status ticket_list_whole(struct tx *tx, ticket_id ticket,
                                         struct ticket_whole *whole_out, struct err *err);
void ticket_whole_clear(struct ticket_whole *whole);

#endif
