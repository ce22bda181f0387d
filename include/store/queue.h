/* Mails out that wait, failed or were stopped, as the command line shows and moves them. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "db/tx.h"
#include "desk/records.h"

/* Which mails; a member that is NULL leaves all in. */
struct queue_filter {
    const char *state;   /* of the row; NULL: "queued" */
    const char *mailbox; /* its address */
    const char *to;      /* the recipient's address, as a key */
    int64_t limit;       /* the newest so many */
};

/* Columns: id, state (waiting, deferred, sending, held, failed, suppressed, sent), queued_at, address, notice, ticket,
 * attempt, next_try_at (null: none is planned), says (the server's last answer, who holds it back, or what stopped it),
 * mailbox's address, ended_at. Oldest first. */
MUST_CHECK enum status queue_store_list(struct tx *tx, const struct queue_filter *filter,
                                        struct rows **rows_out, struct err *err);

enum queue_move {
    QUEUE_RETRY, /* a waiting or failed mail is tried now; the time after which it is given up begins anew */
    QUEUE_DROP,    /* a waiting mail is never sent */
    QUEUE_HOLD,    /* a waiting mail stays where it is until it is released */
    QUEUE_RELEASE, /* a mail that is held back is tried now */
};

struct queue_order {
    enum queue_move move;
    const char *actor;
    const outbound_id
        *mails; /* NULL: all of the filter that the move fits; then filter's state counts */
    size_t count;
    struct queue_filter filter;
};

/* Move mails, all or none; written into their tickets' histories, or into the log where there is no ticket.
 * count_out: how many.
 *
 * ST_NOT_FOUND  there is no such mail
 * ST_INVALID    the move does not fit a mail that was named (it was sent, it is not held back)
 * ST_TEMPFAIL   a mail that was named is being sent just now */
MUST_CHECK enum status queue_store_move(struct tx *tx, const struct queue_order *order,
                                        int64_t *count_out, struct err *err);

#endif
