/* Calls of web hooks: queued with what causes them, claimed by the senders, ended. */
#ifndef STORE_WEB_HOOK_H
#define STORE_WEB_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"
#include "desk/settings.h"

/* A call to be queued; everything borrowed for the call. */
struct new_web_hook {
    const char *url;
    const char *rule;
    const char *event;
    const char *body; /* JSON */
    ticket_id ticket; /* 0 */
    mail_id mail;     /* 0 */
};

/* Queue them and wake the senders. Costs no round trip. */
void web_hook_store_queue(struct tx *tx, const struct new_web_hook *calls, size_t count);

/* A call that a sender has claimed. All strings own. */
struct due_web_hook {
    int64_t id;
    int64_t epoch;
    int32_t attempt; /* tries before this one */
    int64_t age_us;  /* since it was queued, or somebody wanted it tried again */
    char *url;
    char *rule;
    char *body;
};
void due_web_hook_free(struct due_web_hook *due);

/* Claim at most limit calls that are due, and read the settings of sending. calls_out: GPtrArray of struct due_web_hook,
 * own. Call it in a transaction of its own and commit. */
MUST_CHECK enum status web_hook_store_claim(struct tx *tx, const char *holder, int64_t lease_us,
                                            int64_t limit, GPtrArray **calls_out,
                                            struct settings *settings_out, struct err *err);

/* What became of a call. */
enum web_hook_end { WEB_HOOK_SENT, WEB_HOOK_WAITS, WEB_HOOK_FAILED };

/* Write it down; of one that waits: for wait_us. Changes nothing unless the holder has it still, under its epoch. Costs
 * no round trip. */
void web_hook_store_queue_end(struct tx *tx, const struct due_web_hook *due, const char *holder,
                              enum web_hook_end end, int64_t wait_us, const char *answer);

/* Give back what the holder has claimed and that has no end. */
MUST_CHECK enum status web_hook_store_give_back(struct tx *tx, const char *holder, struct err *err);

/* The newest so many of a state (NULL: of every), oldest first. Columns: call, state, rule, event, ticket, mail, url,
 * attempt, queued_at, next_try_at, ended_at, answer. */
MUST_CHECK enum status web_hook_store_list(struct tx *tx, const char *state, int64_t limit,
                                           struct rows **rows_out, struct err *err);

/* Try one again, at once, whether it has failed or waits. actor is who wants it, for the log of changes.
 *
 * ST_NOT_FOUND  there is no such call
 * ST_INVALID    it was sent */
MUST_CHECK enum status web_hook_store_retry(struct tx *tx, const char *actor, int64_t call,
                                            struct err *err);

#endif
