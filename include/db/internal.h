/* What the files of src/db share: libpq's types. No other layer includes this page. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <libpq-fe.h>

#include "core/err.h"
#include "db/conn.h"
#include "db/migrate.h"
#include "db/tx.h"

struct conn {
    PGconn *pg;           /* own; non-blocking and in pipeline mode, but for scripts */
    GHashTable *prepared; /* own: statement name (borrowed: constants) to its types (GBytes) */
    GArray *due;          /* own: struct due, the answers that the server owes us, in order */
    struct conn_stats stats;
    int silence_ms; /* no byte for so long is a lost connection; -1: for ever */
    bool is_broken;
    bool is_taken;     /* by a transaction or an asynchronous statement */
    bool is_async_due; /* tx_async_start without its tx_async_wait */
};

/* An answer that is due. */
struct due {
    const struct statement *statement; /* borrowed: a constant */
    GBytes *types;          /* own: this is the PREPARE, and these its parameters' types */
    struct rows **rows_out; /* borrowed: from the caller of tx_queue; may be NULL */
    PGresult *result;       /* own */
};

/* How a pipeline ended. */
struct failure {
    char sqlstate[6]; /* empty: the connection was lost without a word */
    size_t at;        /* index of the due answer it came for */
    bool is_fatal;    /* the server said so and closed the connection */
};

/* ---- pipeline.c ---- */

/* Hand a statement (and before its first use its PREPARE) to libpq. Never waits; what fails is said by
 * pipeline_sync. */
void pipeline_send(struct conn *conn, const struct statement *statement,
                   const struct params *params, struct rows **rows_out);

/* Mark the end of what was sent and hand all of it to the system; waits only for room to write. */
void pipeline_flush(struct conn *conn);

/* Wait for the answers to all that was sent before pipeline_flush. On success every rows_out is set
 * and *affected_out (may be NULL) is that of the last statement; on failure none is. */
MUST_CHECK enum status pipeline_collect(struct conn *conn, int64_t *affected_out,
                                        struct failure *failure_out, struct err *err);

/* Run a script of several statements in the transaction that is open. Its results are dropped. */
MUST_CHECK enum status pipeline_script(struct conn *conn, const char *sql, struct err *err);

/* ---- sqlstate.c ---- */

/* What a caller should do about an SQLSTATE; empty: the connection was lost. Pure. */
enum status sqlstate_status(const char *sqlstate);

/* Is the connection of no use any more after it? Pure. */
bool sqlstate_breaks(const char *sqlstate);

/* Fill err from the answer to a statement (NULL: none came). */
enum status sqlstate_err(const PGresult *result, const char *fallback,
                         const struct statement *statement, struct err *err);

/* ---- params.c: how libpq wants them; all borrowed from the params ---- */
int params_count(const struct params *params);
const Oid *params_types(const struct params *params);
const char *const *params_values(const struct params *params);
const int *params_lengths(const struct params *params);
const int *params_formats(const struct params *params);

/* ---- rows.c ---- */
struct rows *rows_new(PGresult **result); /* takes the result */

/* ---- tx.c ---- */

/* Run a script in a transaction, after what is queued. */
MUST_CHECK enum status tx_script(struct tx *tx, const char *sql, struct err *err);

/* ---- migrate.c ---- */

/* migrate_apply for any list, ordered by version. */
MUST_CHECK enum status migrate_apply_list(struct conn *conn, const struct migration *list,
                                          size_t count, GPtrArray **applied_out, struct err *err);

/* The types of PostgreSQL that we speak (pg_type.dat; they never change). */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_BOOLS = 1000,
    OID_BYTEAS = 1001,
    OID_INT4S = 1007,
    OID_TEXTS = 1009,
    OID_INT8S = 1016,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184,
    OID_TIMESTAMPTZS = 1185,
};

/* Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's timestamps begin. */
#define EPOCH_OFFSET_US INT64_C(946684800000000)

#endif
