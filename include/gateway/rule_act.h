/* Rules without a mail: after a command has changed a ticket, and when the time has come. */
#ifndef GATEWAY_RULE_ACT_H
#define GATEWAY_RULE_ACT_H

#include "db/conn.h"
#include "db/tx.h"
#include "desk/records.h"
#include "gateway/rule_book.h"
#include "gateway/rule_tally.h"

/* A ticket that a command is going to change: take its lock, merges followed, and remember how it is.
 *
 * ST_NOT_FOUND  there is no such ticket */
MUST_CHECK enum status rule_act_before(struct tx *tx, ticket_id ticket,
                                       struct ticket_record **before_out, struct err *err);

/* It is changed now, in this transaction: do what rules say about that (status-changed, resolved, assigned,
 * group-assigned). actor is the user; faults of rules are in the ticket's history, and no error here. */
MUST_CHECK enum status rule_act_after(struct tx *tx, const struct ticket_record *before,
                                      const char *actor, struct err *err);

/* Rules of the time, in the process that tends. */
struct rule_tick;
struct rule_tick *rule_tick_new(void);
void rule_tick_free(struct rule_tick *tick);
DEFINE_OWNED(rule_tick, rule_tick_free)

/* Ask every rule whose interval is over about every ticket that is not closed. A rule fires once for a ticket until its
 * condition has been false. */
MUST_CHECK enum status rule_tick_do(struct rule_tick *tick, struct conn *conn, struct err *err);

#endif
