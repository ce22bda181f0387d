/* What people name on the command line: by its name, or by its number. */
#ifndef STORE_NAMED_H
#define STORE_NAMED_H

#include "db/tx.h"

/* Find a row by a statement with two parameters: the text as it is, and the number that it is (NULL: none).
 *
 * ST_NOT_FOUND  no row; the caller says what is not there */
MUST_CHECK enum status named_find(struct tx *tx, const struct statement *statement,
                                  const char *name_or_id, struct rows **rows_out, struct err *err);

#endif
