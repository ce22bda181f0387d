/* Groups of technicians, as the command line makes them. Everything is recorded (store/change_log). */
#ifndef STORE_TECHNICIAN_GROUP_H
#define STORE_TECHNICIAN_GROUP_H

#include "db/tx.h"
#include "desk/records.h"

/* Columns: id, name, members (text[], their names), tickets (how many are not closed), created_at. By name. */
MUST_CHECK enum status group_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* The group of that name (in any letter case) or number; the same columns.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status group_store_find(struct tx *tx, const char *name_or_id,
                                        struct rows **rows_out, struct err *err);

/* Its members. Columns: id, name, address, is_lead, is_disabled, since. */
MUST_CHECK enum status group_store_members(struct tx *tx, int64_t group, struct rows **rows_out,
                                           struct err *err);

/* ST_INVALID  there is a group of that name */
MUST_CHECK enum status group_store_add(struct tx *tx, const char *actor, const char *name,
                                       int64_t *group_out, struct err *err);

/* ST_NOT_FOUND  it is gone
 * ST_INVALID    another group has that name */
MUST_CHECK enum status group_store_rename(struct tx *tx, const char *actor, int64_t group,
                                          const char *name, struct err *err);

/* ST_INVALID  tickets belong to it */
MUST_CHECK enum status group_store_remove(struct tx *tx, const char *actor, int64_t group,
                                          struct err *err);

/* ST_INVALID    he is a member already, or no technician
 * ST_NOT_FOUND  he is none */
MUST_CHECK enum status group_store_add_member(struct tx *tx, const char *actor, int64_t group,
                                              person_id technician, struct err *err);
MUST_CHECK enum status group_store_remove_member(struct tx *tx, const char *actor, int64_t group,
                                                 person_id technician, struct err *err);

#endif
