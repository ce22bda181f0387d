/* tx - transactions over a pipeline
 *
 * BEGIN is sent with the first statement and COMMIT with the last, so a transaction of one sync costs one
 * round trip. Whoever fails rolls back by leaving the scope; then a transaction that the server knows of
 * costs one more.
 *
 * The delicate answer is the one to COMMIT. An error that came for an earlier statement, or a plain
 * error for COMMIT itself (a deferred constraint, a serialisation failure), says for sure that nothing
 * was written. A connection that ends while COMMIT is on its way says nothing: ST_UNCERTAIN,
 * and the caller does the whole thing again, which is why everything here is idempotent.
 *
 * Fault points: db.sync (the connection is lost before the answers are read), db.before_commit,
 * db.after_commit (written, and the answer lost).
 * I/O: the connection's. A transaction is used by one thread.
 */
#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "db/internal.h"

struct tx {
    struct conn *conn; /* borrowed: from the caller of tx_begin */
    enum tx_mode mode;
    bool is_begun;    /* BEGIN was handed to libpq */
    struct err first; /* the first failure; then only rollback is left */
};

static const struct statement BEGIN_WRITE = {"tx_begin_write",
                                             "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
static const struct statement BEGIN_READ = {"tx_begin_read",
                                            "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"};
static const struct statement NO_TIMEOUT = {"tx_no_timeout",
                                            "SELECT set_config('statement_timeout', '0', true)"};
static const struct statement COMMIT = {"tx_commit", "COMMIT"};
static const struct statement ROLLBACK = {"tx_rollback", "ROLLBACK"};

static enum status say_broken(struct err *err)
{
    return err_set(err, ST_TEMPFAIL, "could not reach the database: the connection is lost");
}

enum status tx_begin(struct conn *conn, enum tx_mode mode, struct tx **tx_out, struct err *err)
{
    assert(!conn->is_taken);
    if (conn->is_broken) {
        return say_broken(err);
    }
    struct tx *tx = g_new(struct tx, 1);
    *tx = (struct tx){.conn = conn, .mode = mode, .first = {.status = ST_OK}};
    conn->is_taken = true;
    *tx_out = tx;
    return ST_OK;
}

static void release(struct tx *tx)
{
    tx->conn->is_taken = false;
    tx->conn->silence_ms = LIMIT_DATABASE_SILENCE_MS;
    g_free(tx);
}

/* Has the server done all that was sent? */
static bool drain(struct conn *conn)
{
    struct failure failure;
    struct err ignored = {.status = ST_OK};

    pipeline_flush(conn);
    return pipeline_collect(conn, NULL, &failure, &ignored) == ST_OK;
}

static void undo(struct conn *conn)
{
    if (conn->due->len > 0) {
        /* Queued and never synced: it must not stay in the pipeline. Whether it fails is of no
         * interest any more, but after an error up to the sync ROLLBACK would be skipped, too. */
        bool is_done = drain(conn);
        (void)is_done;
    }
    pipeline_send(conn, &ROLLBACK, NULL, NULL);
    if (!drain(conn)) {
        conn->is_broken = true; /* nobody knows in which state it is */
    }
}

void tx_rollback(struct tx *tx)
{
    if (tx == NULL) {
        return;
    }
    if (tx->is_begun && !tx->conn->is_broken) {
        undo(tx->conn);
    }
    release(tx);
}

void tx_queue(struct tx *tx, const struct statement *statement, const struct params *params,
              struct rows **rows_out)
{
    if (tx->first.status != ST_OK) {
        return; /* said by the next sync */
    }
    if (!tx->is_begun) {
        pipeline_send(tx->conn, tx->mode == TX_WRITE ? &BEGIN_WRITE : &BEGIN_READ, NULL, NULL);
        tx->is_begun = true;
    }
    pipeline_send(tx->conn, statement, params, rows_out);
}

void tx_take_time(struct tx *tx)
{
    tx->conn->silence_ms = -1;
    tx_queue(tx, &NO_TIMEOUT, NULL, NULL);
}

static enum status remember(struct tx *tx, const struct err *err)
{
    tx->first = *err;
    return err->status;
}

static enum status sync_with(struct tx *tx, struct failure *failure_out, struct err *err)
{
    *failure_out = (struct failure){.at = 0};
    if (tx->first.status != ST_OK) {
        *err = tx->first;
        return err->status;
    }
    if (tx->conn->due->len == 0 && !tx->conn->is_broken) {
        return ST_OK;
    }
    pipeline_flush(tx->conn);
    enum status status = pipeline_collect(tx->conn, NULL, failure_out, err);
    return status == ST_OK ? ST_OK : remember(tx, err);
}

enum status tx_sync(struct tx *tx, struct err *err)
{
    struct failure failure;
    return sync_with(tx, &failure, err);
}

enum status tx_query(struct tx *tx, const struct statement *statement, const struct params *params,
                     struct rows **rows_out, struct err *err)
{
    tx_queue(tx, statement, params, rows_out);
    return tx_sync(tx, err);
}

enum status tx_script(struct tx *tx, const char *sql, struct err *err)
{
    if (!tx->is_begun) {
        pipeline_send(tx->conn, tx->mode == TX_WRITE ? &BEGIN_WRITE : &BEGIN_READ, NULL, NULL);
        tx->is_begun = true;
    }
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = pipeline_script(tx->conn, sql, err);
    }
    return status == ST_OK ? ST_OK : remember(tx, err);
}

/* COMMIT was the last of what was sent: did it perhaps happen, although no answer says so? */
static bool may_have_committed(const struct tx *tx, const struct failure *failure, size_t commit_at)
{
    bool is_lost = failure->sqlstate[0] == '\0';
    return tx->mode == TX_WRITE && (is_lost || (failure->at >= commit_at && failure->is_fatal));
}

static enum status commit(struct tx *tx, struct err *err)
{
    struct failure failure;

    assert(tx != NULL);
    if (tx->first.status != ST_OK) {
        *err = tx->first;
        return err->status;
    }
    if (!tx->is_begun) {
        return ST_OK;
    }
    if (fault_hit("db.before_commit")) {
        return err_set(err, ST_TEMPFAIL, "could not commit: fault point");
    }
    pipeline_send(tx->conn, &COMMIT, NULL, NULL);
    if (tx->conn->is_broken) {
        /* Lost before COMMIT was given to libpq, or while: libpq sends nothing behind our back. */
        return sync_with(tx, &failure, err);
    }
    size_t commit_at = tx->conn->due->len - 1;
    enum status status = sync_with(tx, &failure, err);
    if (status != ST_OK) {
        if (may_have_committed(tx, &failure, commit_at)) {
            return err_set(err, ST_UNCERTAIN, "could not learn whether it was committed: %s",
                           err->text);
        }
        return status;
    }
    tx->is_begun = false;
    tx->conn->stats.commits += tx->mode == TX_WRITE;
    if (tx->mode == TX_WRITE && fault_hit("db.after_commit")) {
        tx->conn->is_broken = true;
        return err_set(err, ST_UNCERTAIN, "could not learn whether it was committed: fault point");
    }
    return ST_OK;
}

enum status tx_commit(struct tx **tx, struct err *err)
{
    enum status status = commit(*tx, err);

    tx_rollback(g_steal_pointer(tx)); /* of a committed one nothing is left to roll back */
    return status;
}

static enum status run_once(struct conn *conn, tx_body body, void *arg, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = body(tx, arg, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

enum status tx_run(struct conn *conn, tx_body body, void *arg, struct err *err)
{
    enum status status = ST_CONFLICT;

    for (int i = 1; i <= LIMIT_TRANSACTION_TRIES; i++) {
        status = run_once(conn, body, arg, err);
        if (status != ST_CONFLICT) {
            break;
        }
        if (i < LIMIT_TRANSACTION_TRIES) {
            clock_sleep_ms(g_random_int_range(0, LIMIT_TRANSACTION_BACKOFF_MS * i));
        }
    }
    return status;
}

/* ---- one statement at a time, without waiting ---- */

enum status tx_async_start(struct conn *conn, const struct statement *statement,
                           const struct params *params, struct err *err)
{
    assert(!conn->is_taken);
    if (conn->is_broken) {
        return say_broken(err);
    }
    conn->is_taken = conn->is_async_due = true;
    pipeline_send(conn, statement, params, NULL);
    pipeline_flush(conn);
    return ST_OK; /* what went wrong is said by tx_async_wait, in one place */
}

enum status tx_async_wait(struct conn *conn, int64_t *affected_out, struct err *err)
{
    struct failure failure;
    int64_t affected = 0;

    if (!conn->is_async_due) {
        if (affected_out != NULL) {
            *affected_out = 0;
        }
        return ST_OK;
    }
    size_t last = conn->due->len == 0 ? 0 : conn->due->len - 1;
    enum status status = pipeline_collect(conn, &affected, &failure, err);
    conn->is_taken = conn->is_async_due = false;
    if (status == ST_OK) {
        conn->stats.commits++;
        if (affected_out != NULL) {
            *affected_out = affected;
        }
        return ST_OK;
    }
    if (failure.sqlstate[0] == '\0' || (failure.is_fatal && failure.at >= last)) {
        return err_set(err, ST_UNCERTAIN, "could not learn whether it was committed: %s",
                       err->text);
    }
    return status;
}
