/* What contacts see of a ticket's fields. */
#ifndef STORE_FIELD_H
#define STORE_FIELD_H

#include "db/tx.h"

/* Columns: name, contacts ("hidden", "shown", "editable"). By name. */
MUST_CHECK enum status field_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* actor is who does it, for the log of changes.
 *
 * ST_NOT_FOUND  there is no such field */
MUST_CHECK enum status field_store_set(struct tx *tx, const char *actor, const char *name,
                                       const char *contacts, struct err *err);

#endif
