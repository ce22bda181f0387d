/* test_loss - connections that end, in every place that matters, and those that cannot begin */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "database.h"

static struct err err;

static const struct statement ADD = {"add", "INSERT INTO t (n) VALUES (1)"};
static const struct statement PID = {"pid", "SELECT pg_backend_pid()"};
/* The backend ends itself, in the middle of a pipeline. */
static const struct statement END = {"end", "SELECT pg_terminate_backend(pg_backend_pid())"};

#define CHECK(got, want) check(#got, got, want)
static void check(const char *what, enum status got, enum status want)
{
    cr_assert_eq(got, want, "%s: got %s, want %s: %s", what, status_name(got), status_name(want),
                 got == ST_OK ? "" : err.text);
}

static struct tx *begin(struct conn *conn)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    return tx;
}

static struct conn *open_table(char **conninfo_out)
{
    *conninfo_out = database_empty();
    g_autofree char *made = database_run(*conninfo_out, "CREATE TABLE t (n bigint)");
    return database_open(*conninfo_out);
}

static int64_t pid_of(struct conn *conn)
{
    TX_AUTO struct tx *tx = begin(conn);
    OWNED(rows) rows = NULL;
    CHECK(tx_query(tx, &PID, NULL, &rows, &err), ST_OK);
    return row_int64(rows, 0, 0);
}

/* From another connection; comes back when the backend is gone. */
static void terminate(const char *conninfo, int64_t pid)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ", 5000)", pid);
    g_autofree char *done = database_run(conninfo, sql);
    cr_assert_str_eq(done, "t");
}

static void expect_rows(const char *conninfo, const char *want)
{
    g_autofree char *count = database_run(conninfo, "SELECT count(*) FROM t");
    cr_expect_str_eq(count, want);
}

Test(loss, before_commit_was_sent_is_temporary)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    int64_t pid = pid_of(conn);
    TX_AUTO struct tx *tx = begin(conn);

    CHECK(tx_query(tx, &ADD, NULL, NULL, &err), ST_OK);
    terminate(conninfo, pid);
    CHECK(tx_query(tx, &ADD, NULL, NULL, &err), ST_TEMPFAIL);
    cr_expect(conn_is_broken(conn));
    CHECK(tx_commit(&tx, &err), ST_TEMPFAIL);
    expect_rows(conninfo, "0");
    struct tx *next = NULL;
    CHECK(tx_begin(conn, TX_WRITE, &next, &err), ST_TEMPFAIL);
    cr_expect_null(next);
}

Test(loss, by_a_statement_before_commit_in_the_same_pipeline_is_temporary)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    TX_AUTO struct tx *tx = begin(conn);

    tx_queue(tx, &ADD, NULL, NULL);
    tx_queue(tx, &END, NULL, NULL);
    tx_queue(tx, &ADD, NULL, NULL);
    /* The server said FATAL to a statement that comes before COMMIT: it surely did not commit. */
    CHECK(tx_commit(&tx, &err), ST_TEMPFAIL);
    cr_expect_not_null(strstr(err.text, "57P01"), "%s", err.text);
    cr_expect(conn_is_broken(conn));
    expect_rows(conninfo, "0");
}

Test(loss, of_the_answer_to_commit_is_uncertain)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    g_autofree char *made = database_run(
        conninfo, "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
                  "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9); "
                  "RETURN NULL; END';"
                  "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
                  "FOR EACH ROW EXECUTE FUNCTION die()");
    TX_AUTO struct tx *tx = begin(conn);

    CHECK(tx_query(tx, &ADD, NULL, NULL, &err), ST_OK);
    CHECK(tx_commit(&tx, &err), ST_UNCERTAIN);
    cr_expect(conn_is_broken(conn));
}

Test(loss, after_the_commit_is_uncertain_and_written)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);

    conn_close(g_steal_pointer(&conn));
    for (int i = 0; i < 2; i++) {
        CONN_AUTO struct conn *own = database_open(conninfo);
        fault_set(i == 0 ? "db.after_commit:1:fail" : "db.sync:1:fail");
        TX_AUTO struct tx *tx = begin(own);
        tx_queue(tx, &ADD, NULL, NULL);
        enum status status = tx_commit(&tx, &err);
        cr_expect_eq(status, ST_UNCERTAIN, "%d: got %s", i, status_name(status));
        cr_expect(conn_is_broken(own));
        fault_set(NULL);
    }
    clock_sleep_ms(200);
    expect_rows(conninfo, "2");
}

Test(loss, fault_before_commit_writes_nothing)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);

    fault_set("db.before_commit:1:fail");
    TX_AUTO struct tx *tx = begin(conn);
    tx_queue(tx, &ADD, NULL, NULL);
    CHECK(tx_commit(&tx, &err), ST_TEMPFAIL);
    fault_set(NULL);
    cr_expect(!conn_is_broken(conn));
    expect_rows(conninfo, "0");
}

Test(loss, during_an_asynchronous_statement_is_uncertain)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    int64_t affected = 77;

    CHECK(tx_async_start(conn, &END, NULL, &err), ST_OK);
    CHECK(tx_async_wait(conn, &affected, &err), ST_UNCERTAIN);
    cr_expect_eq(affected, 77);
    cr_expect(conn_is_broken(conn));
    CHECK(tx_async_start(conn, &END, NULL, &err), ST_TEMPFAIL);
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    return clock_monotonic_us(clock_real()) / 1000;
}

Test(wait, ends_with_a_notification_a_wake_up_or_its_time)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    CHECK(conn_listen(conn, "desk_test", &err), ST_OK);
    CHECK(conn_listen(conn, "desk_test", &err), ST_OK);
    int64_t start = now_ms();
    CHECK(conn_wait(conn, 50, fds[0], &err), ST_NOT_FOUND);
    cr_expect_geq(now_ms() - start, 50);
    for (int i = 0; i < 3; i++) {
        g_autofree char *done = database_run(conninfo, "NOTIFY desk_test");
    }
    int woken = 0; /* those that came together count once */
    while (conn_wait(conn, 500, fds[0], &err) == ST_OK) {
        woken++;
    }
    cr_expect(woken >= 1 && woken <= 3, "woken %d times", woken);
    cr_assert_eq(write(fds[1], "x", 1), 1);
    CHECK(conn_wait(conn, 5000, fds[0], &err), ST_OK);
    close(fds[0]);
    close(fds[1]);
}

Test(wait, sees_what_came_during_a_transaction)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);

    CHECK(conn_listen(conn, "desk_test", &err), ST_OK);
    g_autofree char *done = database_run(conninfo, "NOTIFY desk_test");
    struct tx *tx = begin(conn);
    CHECK(tx_query(tx, &PID, NULL, NULL, &err), ST_OK);
    CHECK(tx_commit(&tx, &err), ST_OK);
    CHECK(conn_wait(conn, 2000, -1, &err), ST_OK);
}

Test(wait, ends_when_the_server_ends_the_connection, .timeout = 20)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);

    CHECK(conn_listen(conn, "desk_test", &err), ST_OK);
    terminate(conninfo, pid_of(conn));
    int64_t start = now_ms();
    CHECK(conn_wait(conn, 10000, -1, &err), ST_TEMPFAIL);
    cr_expect_lt(now_ms() - start, 1000);
    cr_expect(conn_is_broken(conn));
    CHECK(conn_wait(conn, 10000, -1, &err), ST_TEMPFAIL);
}

/* ---- opening ---- */

static const struct {
    const char *name;
    const char *conninfo;
    enum status want;
} CONNINFOS[] = {
    {"no conninfo", "host=/x nonsense", ST_FATAL},
    {"an unknown keyword", "hostess=x", ST_FATAL},
    {"a wrong value", "host=/nonexistent sslmode=perhaps", ST_FATAL},
    {"nobody there", "host=/nonexistent dbname=x user=x", ST_TEMPFAIL},
    {"a closed port", "host=127.0.0.1 port=1 dbname=x user=x", ST_TEMPFAIL},
};

Test(open, tells_what_will_pass_from_what_will_not)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CONNINFOS); i++) {
        struct conn *conn = NULL;
        enum status got = conn_open(CONNINFOS[i].conninfo, "test", &conn, &err);
        cr_expect_eq(got, CONNINFOS[i].want, "%s: got %s: %s", CONNINFOS[i].name, status_name(got),
                     err.text);
        cr_expect_null(conn);
    }
}

Test(open, refuses_what_the_server_refuses_for_good)
{
    g_autofree char *conninfo = database_empty();
    g_autofree char *role = database_run(conninfo, "SELECT 1");
    g_autofree char *no_database = g_strconcat(conninfo, " dbname=there_is_none", NULL);
    g_autofree char *no_user = g_strconcat(conninfo, " user=nobody_of_that_name", NULL);
    const char *const all[] = {no_database, no_user};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        struct conn *conn = NULL;
        enum status got = conn_open(all[i], "test", &conn, &err);
        cr_expect_eq(got, ST_FATAL, "%s: got %s: %s", all[i], status_name(got), err.text);
        cr_expect_neq(err.hint[0], '\0');
    }
}

Test(open, refuses_an_encoding_that_cannot_hold_mail)
{
    g_autofree char *conninfo = database_empty();
    g_autofree char *made = database_run(conninfo,
                                         "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C'"
                                         " TEMPLATE template0");
    g_autofree char *latin = g_strconcat(conninfo, " dbname=latin", NULL);
    struct conn *conn = NULL;

    CHECK(conn_open(latin, "test", &conn, &err), ST_FATAL);
    cr_expect_not_null(strstr(err.text, "LATIN1"), "%s", err.text);
}

Test(open, goes_on_to_the_next_host)
{
    g_autofree char *conninfo = database_empty();
    g_autofree char *host = database_run(conninfo, "SHOW unix_socket_directories");
    g_autofree char *two = g_strconcat(conninfo, " host=/nonexistent,", host, " port=5432,5432",
                                       " target_session_attrs=read-write", NULL);
    CONN_AUTO struct conn *conn = database_open(two);
    cr_expect_neq(pid_of(conn), 0);
}

Test(open, sets_up_the_session)
{
    g_autofree char *conninfo = database_empty();
    CONN_AUTO struct conn *conn = database_open(conninfo);
    static const struct statement SHOW = {
        "show", "SELECT current_setting('TimeZone'), current_setting('statement_timeout'),"
                " current_setting('idle_in_transaction_session_timeout'),"
                " current_setting('client_encoding'), current_setting('application_name')"};
    const char *const want[] = {"UTC", "1min", "1min", "UTF8", "test"};
    TX_AUTO struct tx *tx = begin(conn);
    OWNED(rows) rows = NULL;

    CHECK(tx_query(tx, &SHOW, NULL, &rows, &err), ST_OK);
    for (int i = 0; i < (int)G_N_ELEMENTS(want); i++) {
        cr_expect_str_eq(row_text(rows, 0, i), want[i]);
    }
}

Test(time, a_statement_ends_with_its_time_unless_it_may_take_it)
{
    g_autofree char *conninfo = database_empty();
    CONN_AUTO struct conn *conn = database_open(conninfo);
    static const struct statement SHORT = {"short_time",
                                           "SELECT set_config('statement_timeout', '100', false)"};
    static const struct statement SLEEP = {"sleep", "SELECT pg_sleep(0.3)"};

    for (int may_take_time = 0; may_take_time <= 1; may_take_time++) {
        TX_AUTO struct tx *tx = begin(conn);
        CHECK(tx_query(tx, &SHORT, NULL, NULL, &err), ST_OK);
        CHECK(tx_commit(&tx, &err), ST_OK);
        tx = begin(conn);
        if (may_take_time) {
            tx_take_time(tx);
        }
        CHECK(tx_query(tx, &SLEEP, NULL, NULL, &err), may_take_time ? ST_OK : ST_TEMPFAIL);
    }
    cr_expect(!conn_is_broken(conn));
}
