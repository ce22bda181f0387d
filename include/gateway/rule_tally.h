/* What rules did, added up in a process and written down every few seconds: for `postdesk rules stats`. */
#ifndef GATEWAY_RULE_TALLY_H
#define GATEWAY_RULE_TALLY_H

#include <stdint.h>

#include "db/conn.h"
#include "desk/plan.h"

struct rule_tally;

/* worker: the process by its place, the same after a restart ("HOST intake 1"). */
struct rule_tally *rule_tally_new(const char *worker);
void rule_tally_free(struct rule_tally *tally);
DEFINE_OWNED(rule_tally, rule_tally_free)

/* The conditions of a rule were asked, which took so long; it fired; it had a fault. Call it when the transaction is
 * committed that does what the rule says. */
void rule_tally_run(struct rule_tally *tally, int64_t version, const char *rule, int64_t cost_us);
void rule_tally_fired(struct rule_tally *tally, int64_t version, const char *rule);
void rule_tally_fault(struct rule_tally *tally, int64_t version, const char *rule,
                      const char *what);

/* All that rules did by a plan that is committed. */
void rule_tally_plan(struct rule_tally *tally, int64_t version, const struct plan *plan);

/* Write down what there is, in a transaction of its own, if LIMIT_TALLY_MS have gone since the last time (is_last: now).
 * What could not be written stays. Costs nothing where there is nothing. */
MUST_CHECK enum status rule_tally_flush(struct rule_tally *tally, struct conn *conn, bool is_last,
                                        struct err *err);

#endif
