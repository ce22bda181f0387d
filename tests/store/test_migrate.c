/* test_migrate - the schema's versions: once, twice, at once, and when they do not fit */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"
#include "db/internal.h"

static struct err err;

static GPtrArray *apply(const char *conninfo)
{
    CONN_AUTO struct conn *conn = database_open(conninfo);
    GPtrArray *applied = NULL;
    enum status status = migrate_apply(conn, &applied, &err);
    cr_assert_eq(status, ST_OK, "%s: %s", status_name(status), err.text);
    return applied;
}

static enum status check(const char *conninfo)
{
    CONN_AUTO struct conn *conn = database_open(conninfo);
    return migrate_check(conn, &err);
}

Test(migrate, applies_all_files_once)
{
    g_autofree char *conninfo = database_empty();
    size_t count = 0;
    const struct migration *list = migrations(&count);

    cr_assert_geq(count, 1);
    cr_expect_eq(check(conninfo), ST_FATAL, "an empty database is no desk");
    cr_expect_str_eq(err.hint, "postdesk migrate");
    g_autoptr(GPtrArray) first = apply(conninfo);
    g_autoptr(GPtrArray) second = apply(conninfo);
    cr_assert_eq(first->len, count);
    cr_expect_str_eq(g_ptr_array_index(first, 0), list[0].name);
    cr_expect_eq(second->len, 0);
    cr_expect_eq(check(conninfo), ST_OK, "%s", err.text);
    g_autofree char *same = database_run(conninfo, "SELECT count(*) FROM setting");
    cr_expect_not_null(same);
}

Test(migrate, says_what_is_pending_and_changes_nothing)
{
    g_autofree char *conninfo = database_empty();
    CONN_AUTO struct conn *conn = database_open(conninfo);
    g_autoptr(GPtrArray) names = NULL;
    size_t count = 0;

    (void)migrations(&count);
    cr_assert_eq(migrate_pending(conn, &names, &err), ST_OK, "%s", err.text);
    cr_expect_eq(names->len, count);
    g_autofree char *tables =
        database_run(conninfo, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
    cr_expect_str_eq(tables, "0");
}

Test(migrate, several_at_once_apply_each_file_once)
{
    enum { PROCESSES = 6 };
    g_autofree char *conninfo = database_empty();
    pid_t pids[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            CONN_AUTO struct conn *conn = database_open(conninfo);
            g_autoptr(GPtrArray) applied = NULL;
            enum status status = migrate_apply(conn, &applied, &err);
            _exit(status == ST_OK ? 100 + (int)applied->len : (int)status);
        }
    }
    int applied = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int state = 0;
        cr_assert_eq(waitpid(pids[i], &state, 0), pids[i]);
        cr_expect(WIFEXITED(state) && WEXITSTATUS(state) >= 100, "process %d: state %x", i, state);
        applied += WEXITSTATUS(state) - 100;
    }
    size_t count = 0;
    (void)migrations(&count);
    cr_expect_eq((size_t)applied, count);
}

static const struct {
    const char *name;
    const char *sql;
    const char *text;
} MISFITS[] = {
    {"newer", "INSERT INTO schema_migration VALUES (9999, '9999_moon.sql', sha256('x'))",
     "newer than this program (9999_moon.sql)"},
    {"edited", "UPDATE schema_migration SET sha256 = sha256('x') WHERE version = 1",
     "0001_desk.sql was applied to it with other contents"},
};

Test(migrate, refuses_a_database_that_does_not_fit)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MISFITS); i++) {
        g_autofree char *conninfo = database_desk();
        g_autofree char *done = database_run(conninfo, MISFITS[i].sql);
        CONN_AUTO struct conn *conn = database_open(conninfo);
        g_autoptr(GPtrArray) applied = NULL;
        cr_expect_eq(migrate_apply(conn, &applied, &err), ST_FATAL, "%s", MISFITS[i].name);
        cr_expect_null(applied);
        cr_expect_not_null(strstr(err.text, MISFITS[i].text), "%s: %s", MISFITS[i].name, err.text);
        cr_expect_neq(err.hint[0], '\0');
        cr_expect_eq(check(conninfo), ST_FATAL, "%s", MISFITS[i].name);
    }
}

Test(migrate, a_file_that_fails_has_done_nothing)
{
    static const struct migration LIST[] = {
        {1, "0001_a.sql", "CREATE TABLE a (n int); CREATE TABLE b (n int);"},
        {2, "0002_b.sql", "CREATE TABLE c (n int); INSERT INTO nowhere VALUES (1);"},
        {3, "0003_c.sql", "CREATE TABLE d (n int)"},
    };
    g_autofree char *conninfo = database_empty();
    CONN_AUTO struct conn *conn = database_open(conninfo);
    g_autoptr(GPtrArray) applied = NULL;

    cr_expect_eq(migrate_apply_list(conn, LIST, 3, &applied, &err), ST_FATAL);
    cr_expect(g_str_has_prefix(err.text, "0002_b.sql: "), "%s", err.text);
    cr_expect(!conn_is_broken(conn));
    g_autofree char *tables = database_run(
        conninfo,
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'");
    cr_expect_str_eq(tables, "a b schema_migration");

    static const struct migration MENDED[] = {
        {1, "0001_a.sql", "CREATE TABLE a (n int); CREATE TABLE b (n int);"},
        {2, "0002_b.sql", "CREATE TABLE c (n int)"},
    };
    cr_assert_eq(migrate_apply_list(conn, MENDED, 2, &applied, &err), ST_OK, "%s", err.text);
    cr_expect_eq(applied->len, 1);
}
