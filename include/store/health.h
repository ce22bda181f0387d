/* How a desk is doing: what its roles say of the things they need, and what waits in its queues. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "db/tx.h"
#include "desk/records.h"

/* How a thing is doing. */
enum health_state {
    HEALTH_WELL,
    HEALTH_PASSING, /* it fails, and may work again by itself */
    HEALTH_LASTING, /* it fails until somebody mends it */
};
const char *health_state_name(enum health_state state);

/* What a role says of a thing of a mailbox; borrowed. */
struct health_word {
    mailbox_id mailbox;
    const char *thing; /* "imap", "move", "smtp", "database" */
    enum health_state state;
    const char *says; /* what failed; "" */
    const char *hint; /* what a person can do about it; "" */
    const char *host;
    int64_t host_us;              /* the host's clock */
    int64_t certificate_until_us; /* 0: not seen this time */
};
MUST_CHECK enum status health_store_say(struct tx *tx, const struct health_word *word,
                                        struct err *err);

/* All that a person or a monitor looks at, read in one round trip. Ages are in seconds. */
struct health_rows {
    /* id, address, is_enabled, last mail's received_at, its age, seconds by which its arrival is later than the database's
     * time, fetched, is somebody reading it, seconds since the inbox was numbered anew (null: it was not). By address. */
    struct rows *mailboxes;
    /* mailbox, thing, state, says, hint, since, seconds since then, seconds since it was said, certificate's end, seconds
     * to it, skew in seconds, host */
    struct rows *words;
    /* waiting, age of the oldest; held, age of the oldest */
    struct rows *in;
    /* queued, of them tried before, held back by a person, age of the oldest that is not; how many should have been tried
     * more than five minutes ago; failed and suppressed in the last day */
    struct rows *out;
    /* queued, age of the oldest, failed in the last day */
    struct rows *hooks;
    /* the database's now, is somebody tending, size in bytes, is it a standby, live version of the rules, faults of rules in
     * the last day, enabled mailboxes, seconds that the database is before the host */
    struct rows *desk;
    struct rows *measures; /* name, value, seconds since it was counted */
    struct rows *people;   /* technicians whose mail comes back: name, address */
};
MUST_CHECK enum status health_store_read(struct tx *tx, int64_t host_us,
                                         struct health_rows *rows_out, struct err *err);
void health_rows_clear(struct health_rows *rows);

/* The server itself: version, data_directory (null: the login may not know), is it on this machine, size of the database in
 * bytes, does it wait for its disk, connections in use, and at most. */
MUST_CHECK enum status health_store_database(struct tx *tx, struct rows **rows_out,
                                             struct err *err);

/* Write something that needs room on the disk; to be rolled back.
 *
 * ST_TEMPFAIL  the disk is full, or nothing can be written for another reason */
MUST_CHECK enum status health_store_try_write(struct tx *tx, struct err *err);

#endif
