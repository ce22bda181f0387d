/* Tickets as the command line lists and shows them. */
#ifndef STORE_TICKET_LIST_H
#define STORE_TICKET_LIST_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* What a filter says of a person, group or customer. */
struct filter_id {
    enum { ANY_ID, NO_ID, THIS_ID } which;
    int64_t id;
};

/* Which tickets; a member that is 0, NULL or empty leaves them in. Borrowed. */
struct ticket_filter {
    const char *status; /* one of the four (with what maps to it), or of the desk's own */
    bool has_closed;    /* without a status: also those that are closed */
    const char *type;
    const char *priority;
    const char *impact;
    const char *product; /* in any letter case */
    const char *title;   /* a part of it, in any letter case */
    const char *activity_status;
    const char *source;
    struct filter_id assignee;
    struct filter_id group;
    struct filter_id customer;
    struct filter_id requester;
    const GPtrArray *tags;   /* char *: all of them */
    const GPtrArray *names;  /* char *: of the desk's own fields … */
    const GPtrArray *values; /* … and what they hold */
    const GPtrArray *empty;  /* char *: of the desk's own fields that hold nothing */
    int64_t older_us;        /* opened longer ago */
    int64_t newer_us;        /* opened less long ago */
    const char *sort;        /* a word of ticket_list_sorts; NULL: the first */
    int64_t limit;
};

/* "newest", "oldest", "updated", "priority", "waiting" (for the desk's word); NULL-terminated. */
const char *const *ticket_list_sorts(void);

/* Columns: id, subject, status (its name), maps_to (one of the four), type, priority, impact, product, tags, group
 * (name), customer (name), requester (name), requester_address, assignee (name), mailbox (address), activity_status,
 * source, fields (JSON: name, value), comments, opened_by (mail), merged_into, created_at, updated_at, closed_at,
 * contact_word_at, technician_word_at, newest_comment (its beginning). */
MUST_CHECK enum status ticket_list_find(struct tx *tx, const struct ticket_filter *filter,
                                        struct rows **rows_out, struct err *err);

/* One ticket with all that hangs on it; each its own rows. */
struct ticket_whole {
    struct rows *ticket;       /* the columns above, one row */
    struct rows *participants; /* id, name, address */
    struct rows *links;        /* ticket, why */
    struct rows *comments;     /* id, kind, author, author_address, mail, created_at, body */
    struct rows *attachments;  /* comment, name, type, bytes, is_inline */
    struct rows *activities;   /* at, what, from, to, who, mail, outbound, rule */
    struct rows *mails; /* id, notice, address, state, reason, suppressed_by, comment, attempt,
                                  queued_at, next_try_at, ended_at, answer */
};

/* ST_NOT_FOUND  there is no such ticket */
MUST_CHECK enum status ticket_list_whole(struct tx *tx, ticket_id ticket,
                                         struct ticket_whole *whole_out, struct err *err);
/* What happened to it: the activities above.
 *
 * ST_NOT_FOUND  there is no such ticket */
MUST_CHECK enum status ticket_list_log(struct tx *tx, ticket_id ticket, struct rows **rows_out,
                                       struct err *err);

/* A person of the desk has looked at it: what is unread is read now. */
MUST_CHECK enum status ticket_list_set_read(struct tx *tx, ticket_id ticket, struct err *err);

void ticket_whole_clear(struct ticket_whole *whole);

#endif
