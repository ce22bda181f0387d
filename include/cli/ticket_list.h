/* What shows tickets: the verbs "list" and "log" of postdesk ticket, and a ticket's row as JSON and as a card. */
#ifndef CLI_TICKET_LIST_H
#define CLI_TICKET_LIST_H

#include <jansson.h>

#include "cli/view.h"

extern const struct flag TICKET_LIST_FLAGS[];

MUST_CHECK enum status ticket_run_list(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status ticket_run_log(struct cli *cli, const struct args *args, struct err *err);

/* What happened to a ticket: at, what, from, to, who, mail, outbound, rule. */
enum { TICKET_ACTIVITY_COLUMNS = 8 };
extern const struct field TICKET_ACTIVITIES[TICKET_ACTIVITY_COLUMNS];

/* A row of ticket_list_find or of struct ticket_whole; fields is an object. New reference. */
json_t *ticket_object(const struct rows *rows, int row);

/* All its fields, for people. */
void ticket_print_card(const json_t *ticket);

/* "3 min", "5 h", "12 d": since then. Own. */
char *ticket_age(const json_t *when);

#endif
