/* The schema's versions: the files of sql/, forward only, one transaction each. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <glib.h>

#include "core/err.h"
#include "db/conn.h"

/* A file of sql/, in the program itself (made at build time). */
struct migration {
    int version;      /* the number its name begins with */
    const char *name; /* "0001_desk.sql" */
    const char *sql;
};
const struct migration *migrations(size_t *count_out);

/* Bring the schema up to date, under an advisory lock (two at once: the second finds nothing to do). Each file runs
 * in a transaction of its own and is recorded with its SHA-256.
 * applied_out: names of what was applied now (own; elements char *).
 *
 * ST_FATAL  the database is newer than this program, or a file that was applied reads otherwise now */
MUST_CHECK enum status migrate_apply(struct conn *conn, GPtrArray **applied_out, struct err *err);

/* What migrate_apply would apply, without changing anything (elements char *). Statuses as above. */
MUST_CHECK enum status migrate_pending(struct conn *conn, GPtrArray **names_out, struct err *err);

/* Is the schema exactly this program's? ST_FATAL with a hint otherwise; for daemon and CLI at their start. */
MUST_CHECK enum status migrate_check(struct conn *conn, struct err *err);

#endif
