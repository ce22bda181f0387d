/* A ticket's fields and statuses, as the desk defines them. */
#ifndef STORE_FIELD_H
#define STORE_FIELD_H

#include "db/tx.h"
#include "desk/field_value.h"

/* Built-in ones first. Columns: name, kind, choices, is required, contacts ("hidden", "shown", "editable"), tickets
 * (how many have a value; NULL of a built-in one; only field_store_find counts). */
MUST_CHECK enum status field_store_list(struct tx *tx, struct rows **rows_out, struct err *err);
void field_store_queue_list(struct tx *tx, struct rows **rows_out);
/* The same as a list of struct field_record; own. */
GPtrArray *field_store_read(const struct rows *rows);

/* ST_NOT_FOUND  there is no such field */
MUST_CHECK enum status field_store_find(struct tx *tx, const char *name, struct rows **rows_out,
                                        struct err *err);

/* actor, here and below, is who does it, for the log of changes.
 *
 * ST_INVALID  there is a field of that name */
MUST_CHECK enum status field_store_add(struct tx *tx, const char *actor,
                                       const struct field_record *field, struct err *err);

/* What is to be another; NULL: as it is. Borrowed. */
struct field_change {
    const char *contacts;
    const GPtrArray *choices;
    const bool *is_required;
};
/* ST_NOT_FOUND  there is no such field
 * ST_INVALID    one that has no choices, or is always filled */
MUST_CHECK enum status field_store_set(struct tx *tx, const char *actor, const char *name,
                                       const struct field_change *change, struct err *err);

/* Remove one of the desk's own. with_values: also from the tickets that have one.
 *
 * ST_NOT_FOUND  there is no such field
 * ST_INVALID    a built-in one, or tickets have values in it */
MUST_CHECK enum status field_store_remove(struct tx *tx, const char *actor, const char *name,
                                          bool with_values, struct err *err);

/* The statuses of the desk's own, by name. Columns: name, maps to, tickets that have it. */
MUST_CHECK enum status field_store_statuses(struct tx *tx, struct rows **rows_out, struct err *err);
/* The names alone, for those who check words: cheap. Columns: name, maps to. */
void field_store_queue_statuses(struct tx *tx, struct rows **rows_out);
/* ST_INVALID  there is one already */
MUST_CHECK enum status field_store_add_status(struct tx *tx, const char *actor, const char *name,
                                              const char *maps_to, struct err *err);
/* ST_NOT_FOUND  there is none
 * ST_INVALID    tickets have it */
MUST_CHECK enum status field_store_remove_status(struct tx *tx, const char *actor, const char *name,
                                                 struct err *err);

#endif
