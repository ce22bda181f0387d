/* The words of rules that only the desk knows. */
#ifndef STORE_RULE_NAMES_H
#define STORE_RULE_NAMES_H

#include "db/tx.h"

struct rule_name_rows {
    struct rows *groups;   /* of technicians. Column: name */
    struct rows *people;   /* technicians who are not disabled. Column: address */
    struct rows *statuses; /* the desk's own. Column: name */
    struct rows
        *fields; /* the desk's own. Columns: name, kind (text, choice, number, date), choices */
};
void rule_name_rows_clear(struct rule_name_rows *rows);

/* Costs no round trip. */
void rule_names_store_queue(struct tx *tx, struct rule_name_rows *rows_out);

#endif
