/* database_alone - what PostgreSQL alone does with the rows of the bench's mails
 *
 * The limit that postdesk is compared with: the same rows in the same tables with all their indexes and checks, durable,
 * in the fixed mode that `./run bench` always uses: 50 mails a transaction, one multi-row INSERT a table, all of a
 * transaction sent at once (pipeline), and values in PostgreSQL's own binary form, so that nothing is parsed. Each row is
 * written once, as it was in the end; what the desk had to update on the way is the desk's own cost.
 *
 *     database_alone CONNINFO CONNECTIONS      prints mails a second
 *
 * It reads the rows of all mails of a desk that is stopped, takes them away, and writes them again: afterwards the
 * database is as before, but for what refers to these rows from other tables.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <glib.h>
#include <libpq-fe.h>

enum { BATCH = 50, CONNECTIONS_MAX = 16 };

/* In the order of their references. $1 is the numbers of a batch's mails. */
static const struct table {
    const char *name;
    const char *rows;
} TABLES[] = {
    {"inbound_mail", "FROM inbound_mail r WHERE r.id = ANY($1)"},
    {"ticket", "FROM ticket r WHERE r.opened_by = ANY($1)"},
    {"participant",
     "FROM participant r JOIN ticket t ON t.id = r.ticket WHERE t.opened_by = ANY($1)"},
    {"comment", "FROM comment r WHERE r.mail = ANY($1)"},
    {"thread_key", "FROM thread_key r WHERE r.mail = ANY($1)"},
    {"outbound_mail", "FROM outbound_mail r WHERE r.cause = ANY($1)"},
    {"activity", "FROM activity r WHERE r.mail = ANY($1)"},
};
enum { TABLE_COUNT = G_N_ELEMENTS(TABLES) };

struct batch {
    PGresult *rows[TABLE_COUNT]; /* one row with one column: an array of the table's rows */
};

struct work {
    const char *conninfo;
    struct batch *batches;
    size_t count;
    atomic_size_t next;
};

static _Noreturn void give_up(PGconn *conn)
{
    fprintf(stderr, "database_alone: %s", PQerrorMessage(conn));
    exit(1);
}

static PGconn *open_session(const char *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);

    if (PQstatus(conn) != CONNECTION_OK) {
        give_up(conn);
    }
    return conn;
}

static PGresult *ask(PGconn *conn, const char *statement, const char *value, int is_binary)
{
    PGresult *result = PQexecParams(conn, statement, value == NULL ? 0 : 1, NULL, &value, NULL,
                                    NULL, is_binary);

    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
        give_up(conn);
    }
    return result;
}

static void tell(PGconn *conn, const char *statement)
{
    PQclear(ask(conn, statement, NULL, 0));
}

/* All rows of all mails, batch by batch. */
static struct batch *read_batches(PGconn *conn, size_t *mails, size_t *count)
{
    g_autofree char *cut = g_strdup_printf(
        "SELECT array_agg(id), count(*) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %d AS part"
        " FROM inbound_mail) m GROUP BY part ORDER BY part",
        BATCH);
    PGresult *parts = ask(conn, cut, NULL, 0);
    struct batch *batches = g_new0(struct batch, (size_t)PQntuples(parts));

    *mails = 0;
    *count = (size_t)PQntuples(parts);
    for (size_t i = 0; i < *count; i++) {
        for (size_t t = 0; t < TABLE_COUNT; t++) {
            g_autofree char *statement = g_strdup_printf("SELECT array_agg(r) %s", TABLES[t].rows);

            batches[i].rows[t] = ask(conn, statement, PQgetvalue(parts, (int)i, 0), 1);
        }
        *mails += strtoul(PQgetvalue(parts, (int)i, 1), NULL, 10);
    }
    PQclear(parts);
    return batches;
}

static void empty_tables(PGconn *conn)
{
    g_autoptr(GString) names = g_string_new("TRUNCATE ");

    for (size_t t = 0; t < TABLE_COUNT; t++) {
        g_string_append_printf(names, "%s%s", t == 0 ? "" : ", ", TABLES[t].name);
    }
    g_string_append(names, " CASCADE");
    tell(conn, names->str);
    tell(conn, "CHECKPOINT");
}

/* One transaction, one wait for the server. */
static void write_batch(PGconn *conn, const struct batch *batch)
{
    PQsendQueryParams(conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0);
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const char *value = PQgetvalue(batch->rows[t], 0, 0);
        int length = PQgetlength(batch->rows[t], 0, 0);
        int is_binary = 1;

        if (!PQgetisnull(batch->rows[t], 0, 0)) {
            PQsendQueryPrepared(conn, TABLES[t].name, 1, &value, &length, &is_binary, 0);
        }
    }
    PQsendQueryParams(conn, "COMMIT", 0, NULL, NULL, NULL, NULL, 0);
    PQpipelineSync(conn);
    for (int empty = 0; empty < 2;) { /* two in a row: nothing more will come */
        PGresult *result = PQgetResult(conn);
        ExecStatusType status = PQresultStatus(result);

        if (result != NULL && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC) {
            give_up(conn);
        }
        empty = result == NULL ? empty + 1 : 0;
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC && result != NULL) {
            break;
        }
    }
}

static void prepare(PGconn *conn)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        g_autofree char *statement =
            g_strdup_printf("INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1::%s[])",
                            TABLES[t].name, TABLES[t].name);
        PGresult *result = PQprepare(conn, TABLES[t].name, statement, 1, NULL);

        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            give_up(conn);
        }
        PQclear(result);
    }
}

static void *write_batches(void *user_data)
{
    struct work *work = user_data;
    PGconn *conn = open_session(work->conninfo);

    prepare(conn);
    if (PQenterPipelineMode(conn) != 1) {
        give_up(conn);
    }
    for (size_t i = atomic_fetch_add(&work->next, 1); i < work->count;
         i = atomic_fetch_add(&work->next, 1)) {
        write_batch(conn, &work->batches[i]);
    }
    PQfinish(conn);
    return NULL;
}

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    unsigned long connections = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

    if (connections == 0 || connections > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: database_alone CONNINFO CONNECTIONS (1 to %d)\n", CONNECTIONS_MAX);
        return 64;
    }

    PGconn *conn = open_session(argv[1]);
    struct work work = {.conninfo = argv[1]};
    size_t mails;
    pthread_t threads[CONNECTIONS_MAX];

    work.batches = read_batches(conn, &mails, &work.count);
    empty_tables(conn);

    double begun = now();

    for (size_t i = 0; i < connections; i++) {
        pthread_create(&threads[i], NULL, write_batches, &work);
    }
    for (size_t i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%.0f\n", (double)mails / (now() - begun));
    for (size_t i = 0; i < work.count; i++) {
        for (size_t t = 0; t < TABLE_COUNT; t++) {
            PQclear(work.batches[i].rows[t]);
        }
    }
    g_free(work.batches);
    PQfinish(conn);
    return 0;
}
