/* Rules without a mail: after a command has changed a ticket, and when the time has come. */
#ifndef GATEWAY_RULE_ACT_H
#define GATEWAY_RULE_ACT_H

#include "db/conn.h"
#include "db/tx.h"
#include "desk/records.h"
#include "gateway/rule_book.h"
#include "gateway/rule_tally.h"
#include "store/ticket_change.h"

/* Change a ticket by a command, all or nothing, and do what rules say about it (status-changed, resolved, assigned,
 * group-assigned). The changes are of one ticket, whose lock the caller holds, and one actor. Faults of rules are in the
 * ticket's history, and no error here.
 *
 * ST_INVALID  one of the changes is not possible; the transaction is to be rolled back */
MUST_CHECK enum status rule_act_change(struct tx *tx, const struct ticket_change *changes,
                                       size_t count, struct err *err);

/* Rules of the time, in the process that tends. */
struct rule_tick;
struct rule_tick *rule_tick_new(void);
void rule_tick_free(struct rule_tick *tick);
DEFINE_OWNED(rule_tick, rule_tick_free)

/* Ask every rule whose interval is over about every ticket that is not closed. A rule fires once for a ticket until its
 * condition has been false. */
MUST_CHECK enum status rule_tick_do(struct rule_tick *tick, struct conn *conn, struct err *err);

#endif
