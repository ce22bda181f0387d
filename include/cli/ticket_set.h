/* What changes a ticket: the verbs "status", "group", "assign" and "participant" of postdesk ticket. */
#ifndef CLI_TICKET_SET_H
#define CLI_TICKET_SET_H

#include "cli/cli.h"

MUST_CHECK enum status ticket_run_group(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status ticket_run_assign(struct cli *cli, const struct args *args, struct err *err);

MUST_CHECK enum status ticket_run_status(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status ticket_run_participant(struct cli *cli, const struct args *args,
                                              struct err *err);

/* "12" or "#12".
 *
 * ST_INVALID  it is no number */
MUST_CHECK enum status ticket_read_number(const char *word, int64_t *number_out, struct err *err);

#endif
