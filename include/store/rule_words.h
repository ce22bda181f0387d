/* What rules name and the desk knows: groups, statuses of its own, customers by name, who has how much to do. */
#ifndef STORE_RULE_WORDS_H
#define STORE_RULE_WORDS_H

#include "db/tx.h"
#include "desk/records.h"

/* Groups and statuses, with every batch. */
void rule_words_queue(struct tx *tx, struct rows **rows_out);
void rule_words_read(const struct rows *rows, struct rule_records *records);

/* Customers by their names, in any letter case. Columns: name in lower case, id. */
void rule_words_queue_customers(struct tx *tx, const char *const *names, size_t count,
                                struct rows **rows_out);
void rule_words_read_customers(const struct rows *rows, const GPtrArray *names,
                               struct rule_records *records);

/* How many tickets that are not done each technician has. */
void rule_words_queue_loads(struct tx *tx, struct rows **rows_out);
void rule_words_read_loads(const struct rows *rows, struct rule_records *records);

/* Who of these groups was given a ticket by turns. */
void rule_words_queue_turns(struct tx *tx, const int64_t *groups, const int64_t *technicians,
                            size_t count);

/* Numbers of tickets that are neither closed nor merged, behind this one, in order. */
void rule_words_queue_page(struct tx *tx, ticket_id after, int64_t most, struct rows **rows_out);

#endif
