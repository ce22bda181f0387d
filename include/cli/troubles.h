/* What is wrong with a desk, of what its database shows: for status, its check, doctor and metrics. Pure. */
#ifndef CLI_TROUBLES_H
#define CLI_TROUBLES_H

#include <jansson.h>
#include <stdint.h>

#include "core/err.h"
#include "store/health.h"

/* Worse is more. */
enum gravity {
    GRAVITY_WELL,
    GRAVITY_TODO,    /* all works; somebody should look at something */
    GRAVITY_WARNING, /* something is not as it should be, and may pass or get worse */
    GRAVITY_FAULT,   /* somebody must act now */
};
const char *gravity_name(enum gravity gravity); /* "well", "todo", "warning", "fault" */

/* Objects {"result", "what", "text", "hint", "mailbox", "seconds"}: the name of a gravity, what it is about, what is
 * wrong, what can be done about it (""), the address or null, how long it has been so or null. */
struct troubles {
    json_t *list; /* own */
    enum gravity worst;
};
void troubles_init(struct troubles *troubles);
void troubles_done(struct troubles *troubles);

struct trouble {
    enum gravity gravity;
    const char *what;    /* "imap" */
    const char *mailbox; /* NULL: the desk */
    const char *hint;    /* NULL: none */
    int64_t seconds;     /* since it is so; below 0: not known */
};
void troubles_add(struct troubles *troubles, const struct trouble *trouble, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* An error as a trouble: a fault. */
void troubles_add_err(struct troubles *troubles, const char *what, const struct err *err);

/* Add all that the rows show, the gravest first. */
void troubles_judge(struct troubles *troubles, const struct health_rows *rows);

/* How many are as grave as this. */
size_t troubles_count(const struct troubles *troubles, enum gravity gravity);

/* How one mailbox does, in a word: "reading", "disabled", "not read", "trouble". */
const char *troubles_mailbox_state(const struct health_rows *rows, int row);

/* What is said of a thing of a mailbox: its row of words; -1: nothing. */
int troubles_word(const struct health_rows *rows, int64_t mailbox, const char *thing);

/* The columns of struct health_rows, see store/health.h. */
enum {
    BOX_ID,
    BOX_ADDRESS,
    BOX_ENABLED,
    BOX_LAST_AT,
    BOX_LAST_S,
    BOX_AHEAD_S,
    BOX_FETCHED,
    BOX_READ,
    BOX_RENUMBERED_S
};
enum {
    WORD_MAILBOX,
    WORD_THING,
    WORD_STATE,
    WORD_SAYS,
    WORD_HINT,
    WORD_SINCE,
    WORD_SINCE_S,
    WORD_SAID_S,
    WORD_UNTIL,
    WORD_UNTIL_S,
    WORD_SKEW_S,
    WORD_HOST
};
enum { IN_WAITING, IN_OLDEST_S, IN_HELD, IN_HELD_S };
enum { OUT_QUEUED, OUT_DEFERRED, OUT_STOPPED, OUT_OLDEST_S, OUT_LATE, OUT_FAILED, OUT_SUPPRESSED };
enum { HOOKS_QUEUED, HOOKS_OLDEST_S, HOOKS_FAILED };
enum {
    DESK_NOW,
    DESK_TENDED,
    DESK_BYTES,
    DESK_STANDBY,
    DESK_RULES,
    DESK_RULE_FAULTS,
    DESK_MAILBOXES,
    DESK_AHEAD_S
};

#endif
