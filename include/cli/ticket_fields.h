/* What changes a ticket's fields: the verb "set" of postdesk ticket, and what filters have in common with it. */
#ifndef CLI_TICKET_FIELDS_H
#define CLI_TICKET_FIELDS_H

#include "cli/cli.h"

MUST_CHECK enum status ticket_run_set(struct cli *cli, const struct args *args, struct err *err);

/* One of the four statuses, or of the desk's own (statuses: columns name, maps to).
 *
 * ST_INVALID  it is neither; the nearest is in the hint */
MUST_CHECK enum status ticket_check_status(const struct rows *statuses, const char *word,
                                           struct err *err);

/* The number of what a word names: a person's address, the name of a group or customer, or a number; 0 for "none" or
 * "".
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status ticket_find_person(struct tx *tx, const char *word, int64_t *id_out,
                                          struct err *err);
MUST_CHECK enum status ticket_find_group(struct tx *tx, const char *word, int64_t *id_out,
                                         struct err *err);
MUST_CHECK enum status ticket_find_customer(struct tx *tx, const char *word, int64_t *id_out,
                                            struct err *err);

#endif
