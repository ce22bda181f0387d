/* Transactions: the only way to run SQL.
 *
 * Statements are queued and sent together (libpq's pipeline mode): tx_queue() costs no round trip,
 * tx_sync() costs one for everything that is queued; BEGIN travels with the first, COMMIT with the last.
 * Parameters and results are binary. Each statement is prepared once a connection.
 *
 *     static const struct statement FIND = {"ticket_find", "SELECT id, subject FROM ticket WHERE id = ANY($1)"};
 *
 *     OWNED(params) p = params_new();
 *     params_add_int64s(p, ids, count);
 *     OWNED(rows) rows = NULL;
 *     status = tx_query(tx, &FIND, p, &rows, err);
 */
#ifndef DB_TX_H
#define DB_TX_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "db/conn.h"

/* A named constant at the top of a store's file. SQL is never put together at run time. */
struct statement {
    const char *name; /* unique in the program */
    const char *sql;
};

/* ---- parameters: $1, $2, … in the order in which they are added; the bytes are copied ---- */
struct params;
struct params *params_new(void);
void params_free(struct params *params);
DEFINE_OWNED(params, params_free)
void params_add_int64(struct params *params, int64_t value); /* int8 */
void params_add_int32(struct params *params, int32_t value); /* int4 */
void params_add_bool(struct params *params, bool value);
void params_add_text(struct params *params,
                     const char *text); /* NULL: SQL NULL; must be valid UTF-8 */
void params_add_bytes(struct params *params, const void *bytes,
                      size_t length); /* bytea; bytes NULL: NULL */
void params_add_time(struct params *params,
                     int64_t us); /* timestamptz from µs since 1970; 0: NULL */
void params_add_id(struct params *params, int64_t id); /* int8; 0: NULL */

/* Arrays, for unnest($1, $2, …) and = ANY($1). An element that is NULL (texts, blobs) or 0 (ids, times) is SQL NULL. */
void params_add_int64s(struct params *params, const int64_t *values, size_t count);
void params_add_int32s(struct params *params, const int32_t *values, size_t count);
void params_add_ids(struct params *params, const int64_t *ids, size_t count);
void params_add_times(struct params *params, const int64_t *us, size_t count);
void params_add_bools(struct params *params, const bool *values, size_t count);
void params_add_texts(struct params *params, const char *const *texts, size_t count);
struct blob {
    const void *bytes;
    size_t length;
};
void params_add_blobs(struct params *params, const struct blob *blobs, size_t count);

/* ---- results: own their memory; what they give is borrowed from them ---- */
struct rows;
void rows_free(struct rows *rows);
DEFINE_OWNED(rows, rows_free)
int rows_count(const struct rows *rows);        /* of a SELECT or RETURNING */
int64_t rows_affected(const struct rows *rows); /* of INSERT, UPDATE, DELETE */
bool row_is_null(const struct rows *rows, int row, int column);
int64_t row_int64(const struct rows *rows, int row, int column); /* int2, int4 or int8; NULL: 0 */
bool row_bool(const struct rows *rows, int row, int column);
const char *row_text(const struct rows *rows, int row, int column); /* NULL where it is NULL */
const void *row_bytes(const struct rows *rows, int row, int column, size_t *length_out);
int64_t row_time(const struct rows *rows, int row, int column); /* µs since 1970; NULL: 0 */
/* int8[] / text[]: a new array (int64_t) or a new GPtrArray of char *, empty for NULL. */
GArray *row_int64s(const struct rows *rows, int row, int column) MUST_CHECK;
GPtrArray *row_texts(const struct rows *rows, int row, int column) MUST_CHECK;

/* ---- transactions ---- */
struct tx;
enum tx_mode { TX_WRITE, TX_READ_ONLY }; /* both READ COMMITTED */

/* Begin. Costs no round trip. One at a time on a connection. */
MUST_CHECK enum status tx_begin(struct conn *conn, enum tx_mode mode, struct tx **tx_out,
                                struct err *err);

/* Roll back, if it was not committed. NULL is fine. */
void tx_rollback(struct tx *tx);
static inline void tx_rollback_at(struct tx **tx)
{
    tx_rollback(*tx);
}
#define TX_AUTO CLEANUP(tx_rollback_at)

/* Send what is queued, commit, and set *tx to NULL whatever happens. Results of still queued statements
 * are checked and dropped.
 *
 * ST_CONFLICT   a serialisation failure, a deadlock, or a unique key that another was faster to take
 * ST_UNCERTAIN  the connection was lost after COMMIT was sent */
MUST_CHECK enum status tx_commit(struct tx **tx, struct err *err);

/* Let the statements of this transaction take as long as they need: for what looks at whole tables. */
void tx_take_time(struct tx *tx);

/* Queue a statement; its result is fetched by tx_sync into *rows_out (may be NULL: only checked).
 * rows_out must stay where it is until then. */
void tx_queue(struct tx *tx, const struct statement *statement, const struct params *params,
              struct rows **rows_out);

/* Send all that is queued and wait for all results: one round trip. After a failure the transaction
 * can only be rolled back, and no rows_out is set.
 *
 * ST_CONFLICT   40001, 40P01, 55P03, 23505: run the transaction again
 * ST_INVALID    a constraint or bad value: it will stay wrong (the text names the constraint)
 * ST_TEMPFAIL   the connection is lost or the server stops */
MUST_CHECK enum status tx_sync(struct tx *tx, struct err *err);

/* One statement: queue and sync. rows_out may be NULL. */
MUST_CHECK enum status tx_query(struct tx *tx, const struct statement *statement,
                                const struct params *params, struct rows **rows_out,
                                struct err *err);

/* A transaction's body: repeatable, so no network, no output, no info log in it. */
typedef enum status (*tx_body)(struct tx *tx, void *arg, struct err *err);

/* Begin, body, commit; again after ST_CONFLICT, at most 5 times in all. */
MUST_CHECK enum status tx_run(struct conn *conn, tx_body body, void *arg, struct err *err);

/* Send a statement outside of any transaction without waiting for its answer (its own commit), for a
 * sender that overlaps the result of one mail with the next. tx_async_wait collects it.
 * At most one is under way on a connection. */
MUST_CHECK enum status tx_async_start(struct conn *conn, const struct statement *statement,
                                      const struct params *params, struct err *err);
/* ST_UNCERTAIN  the connection was lost before the answer; ST_OK also when none was under way
 * (*affected_out is then 0). affected_out may be NULL. */
MUST_CHECK enum status tx_async_wait(struct conn *conn, int64_t *affected_out, struct err *err);

#endif
