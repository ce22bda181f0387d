/* Who changed what: one row a change that a person made and that is no ticket's history. */
#ifndef STORE_CHANGE_LOG_H
#define STORE_CHANGE_LOG_H

#include <stdbool.h>

#include "db/tx.h"

/* A change to be recorded; everything borrowed for the call. */
struct logged_change {
    const char *actor;  /* the user at the host, or an address */
    const char *object; /* "customer", "contact", "technician", "group", "mailbox", "setting", … */
    int64_t number;     /* its number; 0: it has none, then name */
    const char *name;   /* what it is called, where it has no number; NULL */
    const char *what;   /* "added", "changed", "removed" */
    const char *field;  /* NULL: the whole */
    const char *old_value; /* NULL: none; never a secret */
    const char *new_value;
};

/* Record it, in the caller's transaction. The database adds when, and the role that is logged in. Costs no
 * round trip. */
void change_log_queue(struct tx *tx, const struct logged_change *change);

/* Record that a field of base has a new value; nothing where it is the same. what is "changed". */
void change_log_queue_field(struct tx *tx, const struct logged_change *base, const char *field,
                            const char *old_value, const char *new_value);
void change_log_queue_switch(struct tx *tx, const struct logged_change *base, const char *field,
                             bool old_value, bool new_value);

/* Which changes; a member that is 0 or NULL leaves them in. */
struct change_filter {
    const char *object; /* "person" means contact and technician */
    const char *id;     /* its number or name, as text */
    int64_t seconds;    /* not older */
    int64_t limit;      /* the newest so many */
    int64_t
        import; /* the number of an import's line: it, and what it changed. 0: changes of imports are left
                         * out, unless an id is asked for */
};

/* Oldest first. Columns: id, at, actor, role, object, object_id, name (as it is called now), what, field,
 * old, new. */
MUST_CHECK enum status change_log_list(struct tx *tx, const struct change_filter *filter,
                                       struct rows **rows_out, struct err *err);

#endif
