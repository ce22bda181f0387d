/* test_tx - transactions, parameters and results against a real PostgreSQL */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/fault.h"
#include "database.h"

static struct err err;

static struct conn *open_empty(char **conninfo_out)
{
    *conninfo_out = database_empty();
    return database_open(*conninfo_out);
}

static struct tx *begin(struct conn *conn, enum tx_mode mode)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(conn, mode, &tx, &err), ST_OK, "%s", err.text);
    return tx;
}

#define CHECK(got, want) check(#got, got, want)
static void check(const char *what, enum status got, enum status want)
{
    cr_assert_eq(got, want, "%s: got %s, want %s: %s", what, status_name(got), status_name(want),
                 got == ST_OK ? "" : err.text);
}

static const struct statement SCALARS = {
    "scalars", "SELECT $1, $2, $3, $4, $5, $6, $7, $8::smallint, count(*) FROM (SELECT 1) x"};

Test(tx, carries_scalars_there_and_back)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    size_t length = 99;

    params_add_int64(params, INT64_MIN);
    params_add_int32(params, -7);
    params_add_bool(params, true);
    params_add_text(params, "Grüße \xF0\x9F\x98\x80");
    params_add_bytes(params, "a\0b", 3);
    params_add_time(params, INT64_C(1751277296123456)); /* 2025-06-30 09:54:56.123456 */
    params_add_id(params, INT64_C(1099511627775));
    params_add_int32(params, -300);
    CHECK(tx_query(tx, &SCALARS, params, &rows, &err), ST_OK);
    cr_expect_eq(rows_count(rows), 1);
    cr_expect_eq(row_int64(rows, 0, 0), INT64_MIN);
    cr_expect_eq(row_int64(rows, 0, 1), -7);
    cr_expect(row_bool(rows, 0, 2));
    cr_expect_str_eq(row_text(rows, 0, 3), "Grüße \xF0\x9F\x98\x80");
    cr_expect_arr_eq(row_bytes(rows, 0, 4, &length), "a\0b", 3);
    cr_expect_eq(length, 3);
    cr_expect_eq(row_time(rows, 0, 5), INT64_C(1751277296123456));
    cr_expect_eq(row_int64(rows, 0, 6), INT64_C(1099511627775));
    cr_expect_eq(row_int64(rows, 0, 7), -300, "a smallint");
    cr_expect_eq(row_int64(rows, 0, 8), 1, "count(*)");
    CHECK(tx_commit(&tx, &err), ST_OK);
    cr_expect_null(tx);
}

static const struct statement LOOK_UP = {"look_up", "EXPLAIN SELECT FROM small WHERE id = 1"};

/* The plan's first line (own). */
static char *plan_of(struct conn *conn)
{
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(rows) rows = NULL;

    CHECK(tx_query(tx, &LOOK_UP, NULL, &rows, &err), ST_OK);
    return g_strdup(row_text(rows, 0, 0));
}

Test(tx, a_service_finds_rows_by_keys_however_small_the_table_is)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *command = open_empty(&conninfo);
    CONN_AUTO struct conn *service = NULL;
    g_autofree char *made = database_run(
        conninfo,
        "CREATE TABLE small (id bigint PRIMARY KEY); INSERT INTO small VALUES (1); ANALYZE small");

    CHECK(conn_open_service(conninfo, "test", &service, &err), ST_OK);

    g_autofree char *of_command = plan_of(command);
    g_autofree char *of_service = plan_of(service);

    cr_expect(g_str_has_prefix(of_command, "Seq Scan"), "%s", of_command);
    cr_expect(g_str_has_prefix(of_service, "Index Only Scan"), "%s", of_service);
}

static const struct statement NULLS = {"nulls", "SELECT $1, $2, $3, $4, $5, octet_length($6)"};

Test(tx, carries_nulls_and_empty_values)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    size_t length = 99;

    params_add_text(params, NULL);
    params_add_bytes(params, NULL, 0);
    params_add_time(params, 0);
    params_add_id(params, 0);
    params_add_text(params, "");
    params_add_bytes(params, "", 0);
    CHECK(tx_query(tx, &NULLS, params, &rows, &err), ST_OK);
    cr_expect_null(row_text(rows, 0, 0));
    cr_expect_null(row_bytes(rows, 0, 1, &length));
    cr_expect_eq(length, 0);
    cr_expect_eq(row_time(rows, 0, 2), 0);
    cr_expect_eq(row_int64(rows, 0, 3), 0);
    cr_expect(row_is_null(rows, 0, 3));
    cr_expect_str_eq(row_text(rows, 0, 4), "");
    cr_expect(!row_is_null(rows, 0, 5), "empty bytes are not NULL");
    cr_expect_eq(row_int64(rows, 0, 5), 0);
}

/* One row an element, as a batch's inserts read them. */
static const struct statement ARRAYS = {
    "arrays", "SELECT i8, i4, id, at, b, t, y FROM unnest($1, $2, $3, $4, $5, $6, $7)"
              " WITH ORDINALITY AS x (i8, i4, id, at, b, t, y, n) ORDER BY n"};

Test(tx, carries_arrays_with_nulls)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    size_t length = 0;

    params_add_int64s(params, (const int64_t[]){0, -1, INT64_MAX}, 3);
    params_add_int32s(params, (const int32_t[]){0, INT32_MIN, 3}, 3);
    params_add_ids(params, (const int64_t[]){0, 2, 0}, 3);
    params_add_times(params, (const int64_t[]){1, 0, INT64_C(946684800000000)}, 3);
    params_add_bools(params, (const bool[]){true, false, true}, 3);
    params_add_texts(params, (const char *const[]){"a, \"b\" {}", NULL, ""}, 3);
    params_add_blobs(params, (const struct blob[]){{"\0\xFF", 2}, {NULL, 0}, {"", 0}}, 3);
    CHECK(tx_query(tx, &ARRAYS, params, &rows, &err), ST_OK);
    cr_assert_eq(rows_count(rows), 3);
    cr_expect(!row_is_null(rows, 0, 0), "0 of int64s is a number");
    cr_expect_eq(row_int64(rows, 2, 0), INT64_MAX);
    cr_expect_eq(row_int64(rows, 1, 1), INT32_MIN);
    cr_expect(row_is_null(rows, 0, 2), "0 of ids is NULL");
    cr_expect_eq(row_int64(rows, 1, 2), 2);
    cr_expect(row_is_null(rows, 2, 2));
    cr_expect_eq(row_time(rows, 0, 3), 1);
    cr_expect(row_is_null(rows, 1, 3));
    cr_expect_eq(row_time(rows, 2, 3), INT64_C(946684800000000));
    cr_expect(row_bool(rows, 0, 4) && !row_bool(rows, 1, 4) && row_bool(rows, 2, 4));
    cr_expect_str_eq(row_text(rows, 0, 5), "a, \"b\" {}");
    cr_expect_null(row_text(rows, 1, 5));
    cr_expect_str_eq(row_text(rows, 2, 5), "");
    cr_expect_arr_eq(row_bytes(rows, 0, 6, &length), "\0\xFF", 2);
    cr_expect_null(row_bytes(rows, 1, 6, &length));
    cr_expect(!row_is_null(rows, 2, 6));
}

static const struct statement EMPTY_ARRAYS = {
    "empty_arrays", "SELECT count(*) FROM unnest($1, $2, $3, $4, $5, $6, $7) x"};

Test(tx, carries_empty_arrays)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64s(params, NULL, 0);
    params_add_int32s(params, NULL, 0);
    params_add_ids(params, NULL, 0);
    params_add_times(params, NULL, 0);
    params_add_bools(params, NULL, 0);
    params_add_texts(params, NULL, 0);
    params_add_blobs(params, NULL, 0);
    CHECK(tx_query(tx, &EMPTY_ARRAYS, params, &rows, &err), ST_OK);
    cr_expect_eq(row_int64(rows, 0, 0), 0);
}

static const struct statement ARRAYS_BACK = {
    "arrays_back", "SELECT ARRAY[1, NULL, -3]::bigint[], '{}'::bigint[], NULL::bigint[],"
                   " ARRAY['a', NULL, '']::text[], '{}'::text[], NULL::text[]"};

Test(tx, reads_arrays)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(rows) rows = NULL;

    CHECK(tx_query(tx, &ARRAYS_BACK, NULL, &rows, &err), ST_OK);
    g_autoptr(GArray) numbers = row_int64s(rows, 0, 0);
    g_autoptr(GPtrArray) texts = row_texts(rows, 0, 3);
    cr_assert_eq(numbers->len, 3);
    cr_expect_eq(g_array_index(numbers, int64_t, 1), 0);
    cr_expect_eq(g_array_index(numbers, int64_t, 2), -3);
    cr_assert_eq(texts->len, 3);
    cr_expect_str_eq(g_ptr_array_index(texts, 0), "a");
    cr_expect_null(g_ptr_array_index(texts, 1));
    cr_expect_str_eq(g_ptr_array_index(texts, 2), "");
    for (int column = 1; column <= 2; column++) {
        g_autoptr(GArray) no_numbers = row_int64s(rows, 0, column);
        g_autoptr(GPtrArray) no_texts = row_texts(rows, 0, column + 3);
        cr_expect_eq(no_numbers->len, 0, "column %d", column);
        cr_expect_eq(no_texts->len, 0, "column %d", column + 3);
    }
}

static const struct statement ECHO = {"echo_bytes", "SELECT $1, sha256($1)"};

Test(tx, carries_20_megabytes)
{
    enum { SIZE = 20 << 20 };
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    g_autofree unsigned char *big = g_malloc(SIZE);
    size_t length = 0;

    for (size_t i = 0; i < SIZE; i++) {
        big[i] = (unsigned char)(i * 31 + i / 257);
    }
    params_add_bytes(params, big, SIZE);
    CHECK(tx_query(tx, &ECHO, params, &rows, &err), ST_OK);
    const void *back = row_bytes(rows, 0, 0, &length);
    cr_assert_eq(length, SIZE);
    cr_expect_eq(memcmp(back, big, SIZE), 0);
}

/* What goes in comes out at once: both buffers are full in both directions for long. */
Test(tx, does_not_deadlock_when_both_sides_write, .timeout = 60)
{
    enum { SIZE = 1 << 20, COUNT = 24 };
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_empty(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_READ_ONLY);
    OWNED(params) params = params_new();
    g_autofree char *big = g_malloc0(SIZE);
    struct rows *rows[COUNT] = {NULL};
    uint64_t before = conn_stats(conn)->round_trips;

    params_add_bytes(params, big, SIZE);
    for (int i = 0; i < COUNT; i++) {
        tx_queue(tx, &ECHO, params, &rows[i]);
    }
    CHECK(tx_sync(tx, &err), ST_OK);
    for (int i = 0; i < COUNT; i++) {
        size_t length = 0;
        cr_expect_not_null(row_bytes(rows[i], 0, 0, &length));
        cr_expect_eq(length, SIZE);
        rows_free(rows[i]);
    }
    cr_expect_eq(conn_stats(conn)->round_trips - before, 1);
}

/* ---- commit, rollback, errors ---- */

static const struct statement ADD = {"add", "INSERT INTO t (n) VALUES ($1) RETURNING n"};
static const struct statement COUNT = {"count", "SELECT count(*) FROM t"};
static const struct statement RAISE_ALL = {"raise_all", "UPDATE t SET n = n + 1000"};

static void queue_number(struct tx *tx, int64_t number, struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_int64(params, number);
    tx_queue(tx, &ADD, params, rows_out);
}

/* A database with the table t. */
static struct conn *open_table(char **conninfo_out)
{
    struct conn *conn = open_empty(conninfo_out);
    g_autofree char *made = database_run(
        *conninfo_out, "CREATE TABLE t (n bigint PRIMARY KEY CONSTRAINT t_small CHECK (n < 5000),"
                       " other bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    return conn;
}

static int64_t count_rows(const char *conninfo)
{
    g_autofree char *count = database_run(conninfo, "SELECT count(*) FROM t");
    return g_ascii_strtoll(count, NULL, 10);
}

Test(tx, costs_one_round_trip_for_all_of_it)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_WRITE);
    OWNED(rows) rows = NULL;
    struct conn_stats before = *conn_stats(conn);

    for (int i = 0; i < 50; i++) {
        queue_number(tx, i, i == 49 ? &rows : NULL);
    }
    CHECK(tx_commit(&tx, &err), ST_OK);
    cr_expect_eq(conn_stats(conn)->round_trips - before.round_trips, 1);
    cr_expect_eq(conn_stats(conn)->commits - before.commits, 1);
    cr_expect_eq(count_rows(conninfo), 50);
    cr_expect_eq(row_int64(rows, 0, 0), 49, "results of what commit sent are there, too");
}

Test(tx, says_how_many_rows_were_changed)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    TX_AUTO struct tx *tx = begin(conn, TX_WRITE);
    OWNED(rows) rows = NULL;

    queue_number(tx, 1, NULL);
    queue_number(tx, 2, NULL);
    CHECK(tx_query(tx, &RAISE_ALL, NULL, &rows, &err), ST_OK);
    cr_expect_eq(rows_affected(rows), 2);
    cr_expect_eq(rows_count(rows), 0);
}

Test(tx, rolls_back_when_it_leaves_its_scope)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    for (int is_synced = 0; is_synced <= 1; is_synced++) {
        TX_AUTO struct tx *tx = begin(conn, TX_WRITE);
        queue_number(tx, 1, NULL);
        if (is_synced) {
            CHECK(tx_sync(tx, &err), ST_OK);
        }
    }
    cr_expect_eq(count_rows(conninfo), 0);
    TX_AUTO struct tx *again = begin(conn, TX_WRITE);
    queue_number(again, 1, NULL);
    CHECK(tx_commit(&again, &err), ST_OK);
    cr_expect_eq(count_rows(conninfo), 1);
}

Test(tx, stays_usable_after_an_error_in_the_middle)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    struct tx *tx = begin(conn, TX_WRITE);
    OWNED(rows) first = NULL;
    OWNED(rows) last = NULL;

    queue_number(tx, 1, &first);
    queue_number(tx, 9999, NULL); /* t_small */
    tx_queue(tx, &RAISE_ALL, NULL, NULL);
    tx_queue(tx, &COUNT, NULL, &last); /* never prepared: it comes after the error */
    CHECK(tx_sync(tx, &err), ST_INVALID);
    cr_expect_not_null(strstr(err.text, "t_small"), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "violates check constraint"), "%s", err.text);
    cr_expect(first == NULL && last == NULL);
    cr_expect(!conn_is_broken(conn));
    tx_queue(tx, &COUNT, NULL, &last);
    struct err again = {.status = ST_OK};
    cr_expect_eq(tx_sync(tx, &again), ST_INVALID, "it can only be rolled back");
    cr_expect_str_eq(again.text, err.text);
    tx_rollback(tx);

    tx = begin(conn, TX_WRITE);
    queue_number(tx, 1, &first);
    tx_queue(tx, &RAISE_ALL, NULL, NULL);
    CHECK(tx_query(tx, &COUNT, NULL, &last, &err), ST_OK);
    cr_expect_eq(row_int64(last, 0, 0), 1);
    CHECK(tx_commit(&tx, &err), ST_OK);
    cr_expect_eq(count_rows(conninfo), 1);
}

Test(tx, commit_of_a_failed_one_says_why_and_writes_nothing)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    struct tx *tx = begin(conn, TX_WRITE);

    queue_number(tx, 1, NULL);
    queue_number(tx, 1, NULL);
    CHECK(tx_commit(&tx, &err), ST_CONFLICT); /* 23505 in the same pipeline as COMMIT */
    cr_expect_null(tx);
    cr_expect_eq(count_rows(conninfo), 0);
    cr_expect(!conn_is_broken(conn));
}

static const struct statement ADD_OTHER = {"add_other", "INSERT INTO t VALUES ($1, 7)"};

Test(tx, an_error_of_the_commit_itself_is_no_uncertainty)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    struct tx *tx = begin(conn, TX_WRITE);

    for (int64_t i = 1; i <= 2; i++) {
        OWNED(params) params = params_new();
        params_add_int64(params, i);
        tx_queue(tx, &ADD_OTHER, params, NULL);
    }
    CHECK(tx_sync(tx, &err), ST_OK); /* deferred: COMMIT will object */
    CHECK(tx_commit(&tx, &err), ST_CONFLICT);
    cr_expect_eq(count_rows(conninfo), 0);
    tx = begin(conn, TX_WRITE);
    queue_number(tx, 3, NULL);
    CHECK(tx_commit(&tx, &err), ST_OK);
}

static const struct statement BAD_SQL = {"bad_sql", "SELECT nothing FROM nowhere"};
static const struct statement TEXT = {"text", "SELECT $1"};

Test(tx, tells_our_mistakes_from_those_of_the_data)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    OWNED(params) bad_text = params_new();

    struct tx *tx = begin(conn, TX_READ_ONLY);
    CHECK(tx_query(tx, &BAD_SQL, NULL, NULL, &err), ST_FATAL);
    cr_expect_not_null(strstr(err.text, "bad_sql 42P01"), "%s", err.text);
    cr_expect_not_null(strstr(err.hint, "migrate"), "%s", err.hint);
    tx_rollback(tx);

    tx = begin(conn, TX_READ_ONLY);
    params_add_text(bad_text, "bad \xFF");
    CHECK(tx_query(tx, &TEXT, bad_text, NULL, &err), ST_INVALID);
    tx_rollback(tx);

    tx = begin(conn, TX_READ_ONLY);
    queue_number(tx, 1, NULL);
    CHECK(tx_sync(tx, &err), ST_TEMPFAIL); /* read only */
    tx_rollback(tx);
    cr_expect(conn_is_broken(conn), "as after a failover: connect again");
}

/* ---- tx_run ---- */

struct raiser {
    const char *conninfo;
    int calls;
    int conflicts; /* how often another gets in between */
};

static enum status raise_one(struct tx *tx, void *arg, struct err *e)
{
    struct raiser *raiser = arg;
    static const struct statement SERIALIZABLE = {
        "serializable", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"};
    static const struct statement RAISE = {"raise", "UPDATE t SET n = n + 1"};

    raiser->calls++;
    tx_queue(tx, &SERIALIZABLE, NULL, NULL);
    enum status status = tx_query(tx, &COUNT, NULL, NULL, e); /* takes the snapshot */
    if (status == ST_OK && raiser->calls <= raiser->conflicts) {
        g_autofree char *done = database_run(raiser->conninfo, "UPDATE t SET n = n + 10");
    }
    return status == ST_OK ? tx_query(tx, &RAISE, NULL, NULL, e) : status;
}

Test(tx, runs_again_after_a_serialisation_failure)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    g_autofree char *made = database_run(conninfo, "INSERT INTO t VALUES (1)");
    struct raiser twice = {.conninfo = conninfo, .conflicts = 2};
    struct raiser always = {.conninfo = conninfo, .conflicts = 99};

    CHECK(tx_run(conn, raise_one, &twice, &err), ST_OK);
    cr_expect_eq(twice.calls, 3);
    g_autofree char *sum = database_run(conninfo, "SELECT n FROM t");
    cr_expect_str_eq(sum, "22");
    CHECK(tx_run(conn, raise_one, &always, &err), ST_CONFLICT);
    cr_expect_eq(always.calls, 5);
}

/* ---- asynchronous ---- */

Test(tx, sends_a_statement_without_waiting)
{
    g_autofree char *conninfo = NULL;
    CONN_AUTO struct conn *conn = open_table(&conninfo);
    int64_t affected = 99;
    OWNED(params) params = params_new();

    CHECK(tx_async_wait(conn, &affected, &err), ST_OK);
    cr_expect_eq(affected, 0, "none was under way");
    params_add_int64(params, 5);
    for (int i = 0; i < 2; i++) {
        CHECK(tx_async_start(conn, &ADD, params, &err), ST_OK);
        enum status status = tx_async_wait(conn, &affected, &err);
        cr_expect_eq(status, i == 0 ? ST_OK : ST_CONFLICT, "%s", err.text);
        cr_expect_eq(affected, 1);
        cr_expect_eq(count_rows(conninfo), 1);
    }
    CHECK(tx_async_start(conn, &RAISE_ALL, NULL, &err), ST_OK);
    CHECK(tx_async_wait(conn, NULL, &err), ST_OK);
}
