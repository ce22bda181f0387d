/* database - one database a test
 *
 * The schema is applied once to a template, which is copied for each test: that takes some 30 ms.
 * The template's name carries the digest of all migrations, so that a server which outlives a
 * build does not hand out an old schema. All of this is libpq, past db/, whose bugs it must not share.
 */
#include "database.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>
#include <libpq-fe.h>

#include "core/text.h"
#include "db/migrate.h"

static const char *server(void)
{
    const char *conninfo = getenv("POSTDESK_TEST_DB");
    cr_assert(conninfo != NULL, "POSTDESK_TEST_DB is not set: run tests/store/run-all");
    return conninfo;
}

/* The server's conninfo with another database. */
static char *conninfo_of(const char *name)
{
    PQconninfoOption *options = PQconninfoParse(server(), NULL);
    g_autoptr(GString) conninfo = g_string_new("");

    cr_assert(options != NULL);
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        bool is_name = strcmp(option->keyword, "dbname") == 0;
        if (option->val != NULL || is_name) {
            g_string_append_printf(conninfo, "%s='%s' ", option->keyword,
                                   is_name ? name : option->val);
        }
    }
    PQconninfoFree(options);
    return g_string_free(g_steal_pointer(&conninfo), FALSE);
}

static char *exec(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType outcome = PQresultStatus(result);
    char *value = NULL;

    cr_assert(outcome == PGRES_TUPLES_OK || outcome == PGRES_COMMAND_OK, "%s: %s", sql,
              PQerrorMessage(pg));
    if (PQntuples(result) > 0 && PQnfields(result) > 0 && !PQgetisnull(result, 0, 0)) {
        value = g_strdup(PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return value;
}

static PGconn *connect_raw(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    cr_assert_eq(PQstatus(pg), CONNECTION_OK, "%s", PQerrorMessage(pg));
    g_autofree char *quiet = exec(pg, "SET client_min_messages = warning");
    return pg;
}

char *database_run(const char *conninfo, const char *sql)
{
    PGconn *pg = connect_raw(conninfo);
    char *value = exec(pg, sql);
    PQfinish(pg);
    return value;
}

static void exec_named(PGconn *pg, const char *format, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(format, "@", 2);
    g_autofree char *sql = g_strconcat(parts[0], name, parts[1], NULL);
    g_autofree char *value = exec(pg, sql);
}

static char *template_name(void)
{
    size_t count = 0;
    const struct migration *list = migrations(&count);
    g_autoptr(GString) all = g_string_new("");

    for (size_t i = 0; i < count; i++) {
        g_string_append(all, list[i].sql);
    }
    return g_strdup_printf("desk_%016" G_GINT64_MODIFIER "x",
                           (guint64)text_key64(all->str, all->len));
}

static void migrate(const char *conninfo)
{
    CONN_AUTO struct conn *conn = database_open(conninfo);
    g_autoptr(GPtrArray) applied = NULL;
    struct err err = {.status = ST_OK};
    cr_assert_eq(migrate_apply(conn, &applied, &err), ST_OK, "%s", err.text);
}

static void make_template(PGconn *pg, const char *name)
{
    g_autofree char *sql = g_strdup_printf("SELECT 1 FROM pg_database WHERE datname = '%s'", name);
    g_autofree char *found = exec(pg, sql);

    if (found == NULL) {
        g_autofree char *half = g_strconcat(name, "_half", NULL);
        g_autofree char *conninfo = conninfo_of(half);
        g_autofree char *rename = g_strdup_printf("ALTER DATABASE %s RENAME TO %s", half, name);
        exec_named(pg, "DROP DATABASE IF EXISTS @ WITH (FORCE)", half);
        exec_named(pg, "CREATE DATABASE @", half);
        migrate(conninfo);
        g_autofree char *done = exec(pg, rename);
    }
}

static char *make(bool is_empty)
{
    static int count;
    PGconn *pg = connect_raw(server());
    g_autofree char *name = g_strdup_printf("t_%d_%d", (int)getpid(), count++);
    g_autofree char *template = template_name();
    g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s TEMPLATE %s", name,
                                           is_empty ? "template0" : template);
    g_autofree char *locked = exec(pg, "SELECT pg_advisory_lock(77)");

    if (!is_empty) {
        make_template(pg, template);
    }
    exec_named(pg, "DROP DATABASE IF EXISTS @ WITH (FORCE)", name);
    g_autofree char *made = exec(pg, sql);
    PQfinish(pg);
    return conninfo_of(name);
}

char *database_desk(void)
{
    return make(false);
}

char *database_empty(void)
{
    return make(true);
}

struct conn *database_open(const char *conninfo)
{
    struct conn *conn = NULL;
    struct err err = {.status = ST_OK};
    enum status status = conn_open(conninfo, "test", &conn, &err);
    cr_assert_eq(status, ST_OK, "%s: %s", status_name(status), err.text);
    return conn;
}
