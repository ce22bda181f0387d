/* The words of rules that only the desk knows. */
#ifndef STORE_RULE_NAMES_H
#define STORE_RULE_NAMES_H

#include "db/tx.h"

/* Groups of technicians by name; addresses of technicians who are not disabled. One column each. Costs no round trip. */
void rule_names_store_queue(struct tx *tx, struct rows **groups_out, struct rows **people_out);

#endif
