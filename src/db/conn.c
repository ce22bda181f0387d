/* conn - a connection to PostgreSQL, and what is known about its health
 *
 * One process, one connection (and in the daemon's waiting roles it is also the one that listens).
 * There is no reconnecting in here: a connection that was lost is broken for good, with everything that
 * was prepared or listened to on it; its owner closes it, opens another, and looks at the tables again.
 *
 * Opening is libpq's own blocking connect, because only that goes on to the next host of a list. A
 * refusal carries no SQLSTATE there and its text may be in any language, so a second, short attempt asks
 * for it: "wrong password" must stop a daemon, "starting up" must not.
 *
 * Waiting: the server's end makes the socket readable, PQconsumeInput may take the last words and call
 * that a success, and PQstatus stays OK; so who is woken without a notification looks whether the
 * stream has ended.
 * I/O: the socket. The only SQL that is put together is LISTEN, which takes no parameter.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/text.h"
#include "db/internal.h"

enum { OLDEST_SERVER = 150000, MAX_REASON_CHARS = 300, US_PER_MS = 1000 };

/* ---- opening ---- */

/* In the order of precedence: a later keyword wins. */
enum { MAX_KEYWORDS = 16 };
struct keywords {
    const char *names[MAX_KEYWORDS];
    const char *values[MAX_KEYWORDS];
    char timeout[8];
};

/* connect_timeout counts for each host; "a,b,c" has three. */
static int count_hosts(const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, "host") == 0 && option->val != NULL) {
            g_auto(GStrv) hosts = g_strsplit(option->val, ",", -1);
            return MAX((int)g_strv_length(hosts), 1);
        }
    }
    return 1;
}

static enum status check_conninfo(const char *conninfo, int *hosts_out, struct err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);

    if (options == NULL) {
        g_autofree char *why = text_one_line(message == NULL ? "" : message, MAX_REASON_CHARS);
        PQfreemem(message);
        (void)err_set(err, ST_FATAL, "cannot read the database's connection string: %s", why);
        return err_hint(err, "it is a libpq string or URL: postgresql://user@host/name");
    }
    *hosts_out = count_hosts(options);
    PQconninfoFree(options);
    return ST_OK;
}

static void set_keywords(struct keywords *keywords, const char *conninfo, const char *name,
                         int hosts)
{
    size_t i = 0;
    int seconds = MAX(LIMIT_CONNECT_SECONDS / hosts, 2); /* libpq's minimum */

    *keywords = (struct keywords){.timeout = ""};
    g_snprintf(keywords->timeout, sizeof(keywords->timeout), "%d", seconds);
    const char *const pairs[][2] = {
        /* a dead peer is noticed within half a minute */
        {"keepalives_idle", "10"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "25000"},
        {"dbname", conninfo}, /* may say otherwise */
        {"connect_timeout", keywords->timeout},
        {"client_encoding", "UTF8"},
        {"application_name", name},
    };
    for (; i < G_N_ELEMENTS(pairs); i++) {
        keywords->names[i] = pairs[i][0];
        keywords->values[i] = pairs[i][1];
    }
}

/* The SQLSTATE in a verbose message, whatever its language: "FATAL:  28P01: password …". */
static void find_sqlstate(const char *message, char sqlstate[6])
{
    static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    sqlstate[0] = '\0';
    for (const char *at = message; (at = strstr(at, ":  ")) != NULL; at += 3) {
        if (strspn(at + 3, ALPHABET) == 5 && at[8] == ':') {
            g_strlcpy(sqlstate, at + 3, 6);
            return;
        }
    }
}

/* Connect once more, only to hear the SQLSTATE of the refusal. */
static void probe_sqlstate(const struct keywords *keywords, char sqlstate[6], bool *is_misread_out)
{
    PGconn *pg = PQconnectStartParams(keywords->names, keywords->values, 1);
    int64_t end_us = clock_monotonic_us(clock_real()) + LIMIT_CONNECT_PROBE_MS * US_PER_MS;

    *is_misread_out = false;
    sqlstate[0] = '\0';
    if (pg == NULL || PQstatus(pg) == CONNECTION_BAD) {
        *is_misread_out = PQpingParams(keywords->names, keywords->values, 1) == PQPING_NO_ATTEMPT;
        PQfinish(pg);
        return;
    }
    PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING) {
        struct pollfd poll_fd = {.fd = PQsocket(pg),
                                 .events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left_us = end_us - clock_monotonic_us(clock_real());
        if (left_us <= 0 || (poll(&poll_fd, 1, (int)(left_us / US_PER_MS)) < 0 && errno != EINTR)) {
            break;
        }
        step = PQconnectPoll(pg);
    }
    find_sqlstate(PQerrorMessage(pg), sqlstate);
    PQfinish(pg);
}

static enum status explain_refusal(PGconn *pg, const struct keywords *keywords, struct err *err)
{
    char sqlstate[6];
    bool is_misread = false;
    g_autofree char *why = text_one_line(pg == NULL ? "out of memory" : PQerrorMessage(pg),
                                         MAX_REASON_CHARS);

    probe_sqlstate(keywords, sqlstate, &is_misread);
    bool wants_password = pg != NULL && PQconnectionNeedsPassword(pg) != 0;
    enum status status = sqlstate[0] == '\0' ? ST_TEMPFAIL : sqlstate_status(sqlstate);
    if (wants_password || is_misread) {
        status = ST_FATAL;
    }
    (void)err_set(err, status, "could not connect to the database: %s", why);
    if (status == ST_FATAL) {
        return err_hint(err, "look at \"database\" in the config file, and at the server's "
                             "pg_hba.conf");
    }
    return err_hint(err, "is PostgreSQL running there?");
}

/* What PostgreSQL would print for people goes to stderr by default; errors reach us as results. */
static void drop_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static struct conn *conn_new(PGconn *pg)
{
    struct conn *conn = g_new(struct conn, 1);

    *conn = (struct conn){
        .pg = pg,
        .prepared = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                          (GDestroyNotify)g_bytes_unref),
        .due = g_array_new(FALSE, FALSE, sizeof(struct due)),
        .silence_ms = LIMIT_DATABASE_SILENCE_MS,
    };
    return conn;
}

/* idle_session_timeout is switched off: our roles wait by listening. $2: see conn_open_service. */
static const struct statement SETTINGS = {
    "conn_settings", "SELECT set_config('TimeZone', 'UTC', false),"
                     " set_config('statement_timeout', $1, false),"
                     " set_config('idle_in_transaction_session_timeout', $1, false),"
                     " set_config('idle_session_timeout', '0', false),"
                     " set_config('jit', 'off', false),"
                     " set_config('enable_seqscan', $2, false),"
                     " current_setting('server_encoding')"};

static enum status set_up(struct conn *conn, bool reads_by_keys, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct failure failure;
    char timeout_ms[16];

    if (PQserverVersion(conn->pg) < OLDEST_SERVER) {
        (void)err_set(err, ST_FATAL, "cannot use PostgreSQL %d", PQserverVersion(conn->pg) / 10000);
        return err_hint(err, "postdesk needs PostgreSQL 15 or newer");
    }
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
        return sqlstate_err(NULL, PQerrorMessage(conn->pg), NULL, err);
    }
    g_snprintf(timeout_ms, sizeof(timeout_ms), "%d", LIMIT_STATEMENT_MS);
    params_add_text(params, timeout_ms);
    params_add_text(params, reads_by_keys ? "off" : "on");
    pipeline_send(conn, &SETTINGS, params, &rows);
    pipeline_flush(conn);
    enum status status = pipeline_collect(conn, NULL, &failure, err);
    if (status != ST_OK) {
        return status;
    }
    if (strcmp(row_text(rows, 0, 6), "UTF8") != 0) {
        (void)err_set(err, ST_FATAL, "cannot use a database in the encoding %s",
                      row_text(rows, 0, 6));
        return err_hint(err, "create it with ENCODING 'UTF8' TEMPLATE template0");
    }
    return ST_OK;
}

static enum status open_session(const char *conninfo, const char *name, bool reads_by_keys,
                                struct conn **conn_out, struct err *err)
{
    struct keywords keywords;
    int hosts = 1;
    enum status status = check_conninfo(conninfo, &hosts, err);

    if (status != ST_OK) {
        return status;
    }
    if (fault_hit("db.connect")) {
        return err_set(err, ST_TEMPFAIL, "could not connect to the database: fault point");
    }
    set_keywords(&keywords, conninfo, name, hosts);
    PGconn *pg = PQconnectdbParams(keywords.names, keywords.values, 1);
    if (pg == NULL || PQstatus(pg) != CONNECTION_OK) {
        status = explain_refusal(pg, &keywords, err);
        PQfinish(pg);
        return status;
    }
    PQsetNoticeReceiver(pg, drop_notice, NULL);
    CONN_AUTO struct conn *conn = conn_new(pg);
    status = set_up(conn, reads_by_keys, err);
    if (status == ST_OK) {
        *conn_out = g_steal_pointer(&conn);
    }
    return status;
}

enum status conn_open(const char *conninfo, const char *name, struct conn **conn_out,
                      struct err *err)
{
    return open_session(conninfo, name, false, conn_out, err);
}

enum status conn_open_service(const char *conninfo, const char *name, struct conn **conn_out,
                              struct err *err)
{
    return open_session(conninfo, name, true, conn_out, err);
}

void conn_close(struct conn *conn)
{
    if (conn == NULL) {
        return;
    }
    assert(conn->due->len == 0 || conn->is_broken || conn->is_async_due);
    for (size_t i = 0; i < conn->due->len; i++) {
        struct due *due = &g_array_index(conn->due, struct due, i);
        PQclear(due->result);
        g_clear_pointer(&due->types, g_bytes_unref);
    }
    g_array_unref(conn->due);
    g_hash_table_unref(conn->prepared);
    PQfinish(conn->pg);
    g_free(conn);
}

bool conn_is_broken(const struct conn *conn)
{
    return conn->is_broken;
}

const struct conn_stats *conn_stats(const struct conn *conn)
{
    return &conn->stats;
}

/* ---- notifications ---- */

enum status conn_listen(struct conn *conn, const char *channel, struct err *err)
{
    struct failure failure;
    char *quoted = PQescapeIdentifier(conn->pg, channel, strlen(channel));

    assert(!conn->is_taken && quoted != NULL);
    g_autofree char *sql = g_strconcat("LISTEN ", quoted, NULL);
    const struct statement statement = {"", sql};
    PQfreemem(quoted);
    pipeline_send(conn, &statement, NULL, NULL);
    pipeline_flush(conn);
    return pipeline_collect(conn, NULL, &failure, err);
}

/* Take all notifications that libpq has read. */
static bool eat_notifications(struct conn *conn)
{
    bool was_there = false;
    PGnotify *notification = NULL;

    while ((notification = PQnotifies(conn->pg)) != NULL) {
        PQfreemem(notification);
        was_there = true;
    }
    return was_there;
}

/* Has the server closed the stream? */
static bool has_ended(const struct conn *conn)
{
    char byte = 0;
    return PQstatus(conn->pg) != CONNECTION_OK ||
           recv(PQsocket(conn->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static enum status lose(struct conn *conn, struct err *err)
{
    conn->is_broken = true;
    return sqlstate_err(NULL, PQerrorMessage(conn->pg), NULL, err);
}

static int poll_timeout(int64_t end_us)
{
    int64_t left_us = MAX(end_us - clock_monotonic_us(clock_real()), 0);
    return (int)MIN((left_us + US_PER_MS - 1) / US_PER_MS, G_MAXINT);
}

enum status conn_wait(struct conn *conn, int64_t timeout_ms, int wake_fd, struct err *err)
{
    int64_t end_us = clock_monotonic_us(clock_real()) + timeout_ms * US_PER_MS;

    assert(!conn->is_taken);
    while (!conn->is_broken) {
        if (PQconsumeInput(conn->pg) != 1) {
            return lose(conn, err);
        }
        if (eat_notifications(conn)) {
            return ST_OK;
        }
        if (has_ended(conn)) {
            return lose(conn, err);
        }
        struct pollfd poll_fds[] = {{.fd = PQsocket(conn->pg), .events = POLLIN},
                                    {.fd = wake_fd, .events = POLLIN}};
        int count = poll(poll_fds, G_N_ELEMENTS(poll_fds), poll_timeout(end_us));
        if (count == 0) {
            return err_set(err, ST_NOT_FOUND, "no notification within %" G_GINT64_FORMAT " ms",
                           timeout_ms);
        }
        if (count > 0 && poll_fds[1].revents != 0) {
            return ST_OK;
        }
    }
    return lose(conn, err);
}
