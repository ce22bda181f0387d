/* The words of titles and comments, for the search. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdbool.h>

#include "db/tx.h"

/* Is there anything to fill in? Costs little, writes nothing. */
MUST_CHECK enum status search_store_look(struct tx *tx, bool *is_due_out, struct err *err);

/* Fill in the words of at most LIMIT_SEARCH_PORTION comments and as many tickets, those that came first first; begin
 * anew if the desk's language is another now. *is_more_out: call it again. */
MUST_CHECK enum status search_store_fill(struct tx *tx, bool *is_more_out, struct err *err);

/* Tickets that have the words in their title and one of their comments, the best first. words is as people type it:
 * "exact words", or, -without. Columns: id, subject (marked), status, priority, requester, assignee, created_at,
 * comment (NULL: only the title has them), snippet (marked: «word»).
 *
 * ST_INVALID  there is no word in it that could be searched for */
MUST_CHECK enum status search_store_find(struct tx *tx, const char *words, int64_t limit,
                                         struct rows **rows_out, struct err *err);

#endif
