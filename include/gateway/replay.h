/* Stored mail decided again under other rules or settings; nothing is changed. */
#ifndef GATEWAY_REPLAY_H
#define GATEWAY_REPLAY_H

#include <glib.h>

#include "db/conn.h"
#include "desk/records.h"
#include "rules/rules.h"

/* What is to be other than it is. */
struct replay_wish {
    const struct rules *rules; /* borrowed: NULL: those that are live */
    const GPtrArray *settings; /* borrowed: char *: names and values, by turns; NULL: as they are */
    int64_t seconds;           /* mails decided in the last so many; 0: all */
};

/* A mail that would be decided otherwise. Everything borrowed for the length of one call. */
struct replay_difference {
    mail_id mail;
    ticket_id ticket; /* where it is filed; 0 */
    const char *subject;
    const char *from_address;
    int64_t decided_us;
    const GPtrArray *was;   /* const struct plan_line *: what would not be any more */
    const GPtrArray *would; /* const struct plan_line *: what would be instead */
    const GPtrArray *rules; /* const char *: which rules it comes from */
};

struct replay_counts {
    int64_t total; /* mails of the time that can be decided again */
    int64_t done;
    int64_t different;
    int64_t
        without; /* mails that cannot: without records, or with those of another version of the program */
    int64_t unread;    /* mails that the parser refuses, now as then: no rule saw them */
    int64_t faults;    /* of the rules that are tried */
    char *first_fault; /* own: NULL */
};
void replay_counts_clear(struct replay_counts *counts);

struct replay_listener {
    void (*different)(void *arg, const struct replay_difference *difference);
    void (*progress)(void *arg, const struct replay_counts *counts); /* after each page */
    void *arg;
};

/* Decide every mail twice against the records that it was decided with: by what is live, and by the wish; and tell
 * what differs. Both plans are made now, by the same program, so what happened to tickets and people since, older
 * rules, and numbers that settings had then play no part: with a wish that changes nothing, nothing differs.
 *
 * What only the rules of the wish name, and the records therefore do not hold (an address, a customer), is looked up as
 * it is now. The governor's counts are those of then, which stop at the limits of then. */
MUST_CHECK enum status replay_run(struct conn *conn, const struct replay_wish *wish,
                                  const struct replay_listener *listener,
                                  struct replay_counts *counts_out, struct err *err);

#endif
