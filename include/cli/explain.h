/* A mail explained: as JSON with stable keys, and from that for people. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "db/tx.h"
#include "desk/records.h"
#include "gateway/explain.h"

/* What was decided on a mail of the desk and what came of it. Keys: mail, verdict, role, outcome, ticket, customer,
 * reasons, changes, mails, facts, … New reference.
 *
 * ST_NOT_FOUND  there is no such mail */
MUST_CHECK enum status explain_stored(struct tx *tx, mail_id mail, json_t **explained_out,
                                      struct err *err);

/* The same for a file that was only rehearsed: what does not exist yet is "new". New reference. */
json_t *explain_rehearsed(const struct explanation *explanation);

/* The lines of what rules saw and did, for people. */
void explain_print_trace(const GPtrArray *trace);

/* For people. */
void explain_print(const json_t *explained);

#endif
