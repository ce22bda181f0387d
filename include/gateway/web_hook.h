/* Web hooks: calls that rules make, queued in the transaction that does what the rule says, and sent after it. */
#ifndef GATEWAY_WEB_HOOK_H
#define GATEWAY_WEB_HOOK_H

#include <stddef.h>

#include "db/tx.h"
#include "desk/records.h"

/* A call to be queued; everything borrowed for the length of one call. */
struct web_hook_call {
    const char *url;
    const char *rule;  /* its name */
    const char *event; /* rule_event_name, or "every" */
    ticket_id ticket;  /* 0: there is none */
    mail_id mail;      /* 0: no mail was the cause */
    const GPtrArray
        *fields; /* char *: names and values of the ticket's fields, by turns, as they are after the
                              * rule; no text of comments, no tokens; NULL: none */
};

/* Queue calls and wake the senders. Costs no round trip. */
void web_hook_queue(struct tx *tx, const struct web_hook_call *calls, size_t count);

/* May a rule name this URL? https, or http where the desk's settings allow it when it is called; a host; no user, no
 * fragment. Pure.
 *
 * ST_INVALID  the text says what is wrong with it */
MUST_CHECK enum status web_hook_check_url(const char *url, struct err *err);

#endif
