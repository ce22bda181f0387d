/* pipeline - statements out, answers in, both at the same time
 *
 * The connection stays in libpq's pipeline mode and does not block. What is sent goes to libpq's
 * buffer and from there to the socket whenever there is room; while it does not fit, we read: a
 * server that waits for us to take its answers would never take our statements, and a batch carries
 * up to 8 MiB. A statement is prepared on first use, in the same pipeline; it counts as prepared when
 * the server has said so, because after an error it skips all up to the next sync, PREPAREs too.
 *
 *     due answers = *( PREPARE / statement ) sync      ; each ends in a NULL of PQgetResult, the sync does not
 *
 * After an error the rest is drained up to the sync, so the connection is usable for ROLLBACK. A
 * connection that was lost, or is silent for LIMIT_DATABASE_SILENCE_MS, is marked broken and
 * never used again: whoever owns it opens another.
 * I/O: the socket. Transactions are made of this by tx.c.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/fault.h"
#include "core/limits.h"
#include "db/internal.h"

static void add_due(struct conn *conn, const struct statement *statement, GBytes *types,
                    struct rows **rows_out)
{
    struct due due = {.statement = statement, .types = types, .rows_out = rows_out};
    g_array_append_val(conn->due, due);
}

static struct due *due_at(const struct conn *conn, size_t i)
{
    return &g_array_index(conn->due, struct due, i);
}

/* Is a PREPARE of this statement on its way? */
static bool is_prepare_due(const struct conn *conn, const struct statement *statement)
{
    for (size_t i = 0; i < conn->due->len; i++) {
        if (due_at(conn, i)->types != NULL && due_at(conn, i)->statement == statement) {
            return true;
        }
    }
    return false;
}

static GBytes *types_of(const struct params *params)
{
    return g_bytes_new(params_types(params), (gsize)params_count(params) * sizeof(Oid));
}

/* A statement is always called with the types with which it was prepared; else the server would read
 * bytes as what they are not. */
static bool has_types(GBytes *types, const struct params *params)
{
    g_autoptr(GBytes) wanted = types_of(params);
    return g_bytes_equal(types, wanted);
}

static void prepare(struct conn *conn, const struct statement *statement,
                    const struct params *params)
{
    GBytes *known = g_hash_table_lookup(conn->prepared, statement->name);

    if (known != NULL) {
        assert(has_types(known, params));
        return;
    }
    /* The statement without a name is prepared each time. */
    if (statement->name[0] != '\0' && is_prepare_due(conn, statement)) {
        return;
    }
    if (!PQsendPrepare(conn->pg, statement->name, statement->sql, params_count(params),
                       params_types(params))) {
        conn->is_broken = true;
        return;
    }
    add_due(conn, statement, types_of(params), NULL);
}

void pipeline_send(struct conn *conn, const struct statement *statement,
                   const struct params *params, struct rows **rows_out)
{
    if (conn->is_broken) {
        return;
    }
    prepare(conn, statement, params);
    if (conn->is_broken ||
        !PQsendQueryPrepared(conn->pg, statement->name, params_count(params), params_values(params),
                             params_lengths(params), params_formats(params), 1)) {
        conn->is_broken = true;
        return;
    }
    add_due(conn, statement, NULL, rows_out);
    conn->stats.statements++;
}

/* Wait until the socket can be read (or written, where there is something to write) and read. */
static bool pump(struct conn *conn, bool is_writing)
{
    struct pollfd poll_fd = {.fd = PQsocket(conn->pg),
                             .events = (short)(POLLIN | (is_writing ? POLLOUT : 0))};
    int count = poll(&poll_fd, 1, conn->silence_ms);

    if (count < 0) {
        return errno == EINTR;
    }
    if (count == 0) {
        return false; /* too silent */
    }
    bool can_read = (poll_fd.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    return !can_read || PQconsumeInput(conn->pg) == 1;
}

void pipeline_flush(struct conn *conn)
{
    if (conn->is_broken) {
        return;
    }
    if (!PQpipelineSync(conn->pg)) {
        conn->is_broken = true;
        return;
    }
    while (PQflush(conn->pg) == 1 && pump(conn, true)) {
    }
    /* A write that failed is reported by the read that follows, with the server's last words. */
}

/* The next thing that PQgetResult has to say; false when the connection is lost. */
static bool next_result(struct conn *conn, PGresult **result_out)
{
    while (PQisBusy(conn->pg)) {
        if (!pump(conn, PQflush(conn->pg) == 1)) {
            /* What came before the end is still to be read. */
            if (PQstatus(conn->pg) == CONNECTION_OK) {
                return false;
            }
            break;
        }
    }
    *result_out = PQgetResult(conn->pg);
    return *result_out != NULL || PQstatus(conn->pg) == CONNECTION_OK;
}

static void note_failure(const PGresult *result, size_t at, struct failure *failure)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    *failure = (struct failure){.at = at};
    g_strlcpy(failure->sqlstate, sqlstate == NULL ? "" : sqlstate, sizeof(failure->sqlstate));
    failure->is_fatal = severity != NULL && strcmp(severity, "ERROR") != 0;
}

/* What the collecting of one pipeline has seen so far. */
struct collection {
    size_t at;        /* the due answer that is being read */
    PGresult *failed; /* own: the first error */
    bool is_lost;
    bool is_done;
};

static void take_result(struct conn *conn, struct collection *seen, PGresult *result,
                        struct failure *failure)
{
    if (result == NULL) {
        seen->at++;
        return;
    }
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        seen->is_done = true;
        PQclear(result);
        return;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        assert(seen->at < conn->due->len && due_at(conn, seen->at)->result == NULL);
        due_at(conn, seen->at)->result = result;
        return;
    case PGRES_PIPELINE_ABORTED:
        PQclear(result);
        return;
    default:
        if (seen->failed == NULL) {
            note_failure(result, seen->at, failure);
            seen->failed = result;
        } else {
            PQclear(result);
        }
        seen->is_lost = PQstatus(conn->pg) != CONNECTION_OK;
    }
}

static void read_answers(struct conn *conn, struct collection *seen, struct failure *failure)
{
    while (!seen->is_done && !seen->is_lost) {
        PGresult *result = NULL;
        if (!next_result(conn, &result)) {
            seen->is_lost = true;
            break;
        }
        take_result(conn, seen, result, failure);
    }
}

/* What was prepared stays so, even if a later statement failed and the transaction is rolled back. */
static void note_prepared(struct conn *conn)
{
    for (size_t i = 0; i < conn->due->len; i++) {
        struct due *due = due_at(conn, i);
        if (due->types != NULL && due->result != NULL && due->statement->name[0] != '\0') {
            g_hash_table_insert(conn->prepared, (gpointer)due->statement->name,
                                g_steal_pointer(&due->types));
        }
    }
}

static int64_t hand_out_rows(struct conn *conn)
{
    int64_t affected = 0;

    for (size_t i = 0; i < conn->due->len; i++) {
        struct due *due = due_at(conn, i);
        OWNED(rows) rows = rows_new(&due->result);
        affected = rows_affected(rows);
        if (due->rows_out != NULL) {
            *due->rows_out = g_steal_pointer(&rows);
        }
    }
    return affected;
}

static void clear_due(struct conn *conn)
{
    for (size_t i = 0; i < conn->due->len; i++) {
        PQclear(due_at(conn, i)->result);
        g_clear_pointer(&due_at(conn, i)->types, g_bytes_unref);
    }
    g_array_set_size(conn->due, 0);
}

static enum status fail(struct conn *conn, const struct collection *seen, struct failure *failure,
                        struct err *err)
{
    if (seen->failed == NULL) {
        *failure = (struct failure){.at = seen->at};
    }
    const struct statement *statement = failure->at < conn->due->len
                                            ? due_at(conn, failure->at)->statement
                                            : NULL;
    conn->is_broken |= seen->is_lost || failure->is_fatal || sqlstate_breaks(failure->sqlstate);
    return sqlstate_err(seen->failed, PQerrorMessage(conn->pg), statement, err);
}

enum status pipeline_collect(struct conn *conn, int64_t *affected_out, struct failure *failure_out,
                             struct err *err)
{
    struct collection seen = {.is_lost = conn->is_broken};
    struct failure failure = {.at = 0};
    enum status status = ST_OK;

    conn->stats.round_trips++;
    if (fault_hit("db.sync")) {
        conn->is_broken = seen.is_lost = true;
    }
    read_answers(conn, &seen, &failure);
    note_prepared(conn);
    if (seen.is_lost || seen.failed != NULL) {
        status = fail(conn, &seen, &failure, err);
        PQclear(seen.failed);
    } else {
        int64_t affected = hand_out_rows(conn);
        if (affected_out != NULL) {
            *affected_out = affected;
        }
    }
    clear_due(conn);
    *failure_out = failure;
    return status;
}

enum status pipeline_script(struct conn *conn, const char *sql, struct err *err)
{
    enum status status = ST_OK;

    assert(conn->due->len == 0 && !conn->is_broken);
    if (PQexitPipelineMode(conn->pg) != 1) {
        conn->is_broken = true;
        return sqlstate_err(NULL, PQerrorMessage(conn->pg), NULL, err);
    }
    PGresult *result = PQexec(conn->pg, sql);
    ExecStatusType outcome = PQresultStatus(result);
    if (outcome != PGRES_COMMAND_OK && outcome != PGRES_TUPLES_OK) {
        static const struct statement SCRIPT = {"script", ""};
        status = sqlstate_err(result, PQerrorMessage(conn->pg), &SCRIPT, err);
        conn->is_broken |= PQstatus(conn->pg) != CONNECTION_OK;
    }
    PQclear(result);
    conn->is_broken |= PQenterPipelineMode(conn->pg) != 1;
    return status;
}
