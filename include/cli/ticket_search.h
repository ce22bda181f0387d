/* The verb "search" of postdesk ticket. */
#ifndef CLI_TICKET_SEARCH_H
#define CLI_TICKET_SEARCH_H

#include "cli/cli.h"

extern const struct flag TICKET_SEARCH_FLAGS[];

MUST_CHECK enum status ticket_run_search(struct cli *cli, const struct args *args, struct err *err);

#endif
