/* The words of titles and comments, for the search. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdbool.h>

#include "db/tx.h"

/* Is there anything to fill in now? Not while mail waits to be decided on, unless a comment waits for its words for more than
 * a minute already. Costs little, writes nothing. */
MUST_CHECK enum status search_store_look(struct tx *tx, bool *is_due_out, struct err *err);

/* Where one look has come to; {0} at its beginning. */
struct search_mark {
    int64_t comment;
    int64_t ticket;
    bool is_more; /* call search_store_fill again */
};

/* Fill in the words of at most LIMIT_SEARCH_PORTION comments and as many tickets behind the mark, those that came first
 * first, and move the mark; begin anew if the desk's language is another now. */
MUST_CHECK enum status search_store_fill(struct tx *tx, struct search_mark *mark, struct err *err);

/* Tickets that have the words in their title and one of their comments, the best first. words is as people type it:
 * "exact words", or, -without. Columns: id, subject (marked), status, priority, requester, assignee, created_at,
 * comment (NULL: only the title has them), snippet (marked: «word»).
 *
 * ST_INVALID  there is no word in it that could be searched for */
MUST_CHECK enum status search_store_find(struct tx *tx, const char *words, int64_t limit,
                                         struct rows **rows_out, struct err *err);

#endif
