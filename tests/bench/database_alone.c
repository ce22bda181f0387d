/* database_alone - what PostgreSQL alone does with the bench's mails
 *
 * The limit that postdesk is compared with, in a fixed mode that never changes with the desk: 50 mails a transaction,
 * multi-row statements, all of a transaction sent at once (pipeline), and values in PostgreSQL's own binary form, so that
 * nothing is parsed. The tables with all their indexes and checks are the desk's.
 *
 *     database_alone CONNINFO CONNECTIONS rows   each row written once, as it was in the end
 *     database_alone CONNINFO CONNECTIONS all    what a mail's way writes: kept, claimed, decided, moved, claimed to be
 *                                                sent, sent, each a transaction, as each is a commit of the desk's
 *
 * Prints mails a second. It reads the rows of all mails of a desk that is stopped, takes them away, and writes them again:
 * afterwards the database is as before, but for what refers to these rows from other tables.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib.h>
#include <libpq-fe.h>

enum { BATCH = 50, CONNECTIONS_MAX = 16 };

/* Arrays of a table's rows, read before the clock starts. $1 is the numbers of a batch's mails. */
enum rows {
    IN_END,
    IN_KEPT,
    TICKETS,
    PARTICIPANTS,
    COMMENTS,
    KEYS,
    OUT_END,
    OUT_QUEUED,
    ACTIVITIES,
    ROWS_COUNT
};
static const struct source {
    const char *table;
    const char *query;
} SOURCES[ROWS_COUNT] = {
    [IN_END] = {"inbound_mail", "SELECT array_agg(r) FROM inbound_mail r WHERE r.id = ANY($1)"},
    [IN_KEPT] =
        {"inbound_mail",
         "SELECT array_agg(jsonb_populate_record(r, '{\"state\": \"received\", \"role\": null, \"outcome\": null,"
         " \"from_address\": null, \"from_text\": null, \"subject\": null, \"message_id\": null, \"parties\": null,"
         " \"where_reasons\": null, \"who_reasons\": null, \"may_reasons\": null, \"ticket\": null, \"comment\": null,"
         " \"sender\": null, \"records\": null, \"decided_at\": null, \"moved_at\": null, \"moved_folder\": null,"
         " \"moved_uidvalidity\": null, \"moved_uid\": null, \"attempt\": 0}')) FROM inbound_mail r WHERE r.id = ANY($1)"},
    [TICKETS] = {"ticket", "SELECT array_agg(r) FROM ticket r WHERE r.opened_by = ANY($1)"},
    [PARTICIPANTS] = {"participant",
                      "SELECT array_agg(r) FROM participant r JOIN ticket t ON t.id = r.ticket"
                      " WHERE t.opened_by = ANY($1)"},
    [COMMENTS] = {"comment", "SELECT array_agg(r) FROM comment r WHERE r.mail = ANY($1)"},
    [KEYS] = {"thread_key", "SELECT array_agg(r) FROM thread_key r WHERE r.mail = ANY($1)"},
    [OUT_END] = {"outbound_mail",
                 "SELECT array_agg(r) FROM outbound_mail r WHERE r.cause = ANY($1)"},
    [OUT_QUEUED] =
        {"outbound_mail",
         "SELECT array_agg(jsonb_populate_record(r, '{\"state\": \"queued\", \"attempt\": 0, \"answer\": null,"
         " \"ended_at\": null}')) FROM outbound_mail r WHERE r.cause = ANY($1)"},
    [ACTIVITIES] = {"activity", "SELECT array_agg(r) FROM activity r WHERE r.mail = ANY($1)"},
};

/* What is sent, in order; NULL as the text is INSERT of the rows as they are. */
static const struct step {
    enum rows rows;
    const char *text;
    bool is_last; /* of its transaction */
} ROWS_ONLY[] =
    {
        {IN_END, NULL, false},    {TICKETS, NULL, false}, {PARTICIPANTS, NULL, false},
        {COMMENTS, NULL, false},  {KEYS, NULL, false},    {OUT_END, NULL, false},
        {ACTIVITIES, NULL, true},
},
  WHOLE_WAY[] = {
      {IN_KEPT, NULL, true},
      {IN_END,
       "UPDATE inbound_mail i SET attempt = i.attempt + 1, lease_holder = 'alone', lease_until = now()"
       " FROM unnest($1::inbound_mail[]) e WHERE i.id = e.id",
       true},
      {TICKETS, NULL, false},
      {PARTICIPANTS, NULL, false},
      {COMMENTS, NULL, false},
      {KEYS, NULL, false},
      {OUT_QUEUED, NULL, false},
      {ACTIVITIES, NULL, false},
      {IN_END,
       "UPDATE inbound_mail i SET state = e.state, role = e.role, outcome = e.outcome, from_address = e.from_address,"
       " from_text = e.from_text, subject = e.subject, message_id = e.message_id, parties = e.parties,"
       " where_reasons = e.where_reasons, who_reasons = e.who_reasons, may_reasons = e.may_reasons,"
       " ticket = e.ticket, comment = e.comment, sender = e.sender, records = e.records, decided_at = e.decided_at,"
       " lease_holder = NULL, lease_until = NULL FROM unnest($1::inbound_mail[]) e WHERE i.id = e.id",
       true},
      {IN_END,
       "UPDATE inbound_mail i SET moved_at = now(), moved_folder = e.moved_folder,"
       " moved_uidvalidity = e.moved_uidvalidity, moved_uid = e.moved_uid"
       " FROM unnest($1::inbound_mail[]) e WHERE i.id = e.id",
       true},
      {OUT_END,
       "UPDATE outbound_mail o SET lease_holder = 'alone', lease_until = now(), lease_epoch = o.lease_epoch + 1"
       " FROM unnest($1::outbound_mail[]) e WHERE o.id = e.id",
       true},
      {OUT_END,
       "UPDATE outbound_mail o SET state = 'sent', ended_at = now(), attempt = e.attempt, answer = e.answer,"
       " lease_holder = NULL, lease_until = NULL FROM unnest($1::outbound_mail[]) e WHERE o.id = e.id",
       true},
};
enum { NAME_BYTES = 16 };

struct batch {
    PGresult *rows[ROWS_COUNT]; /* one row with one column */
};

struct work {
    const char *conninfo;
    const struct step *steps;
    size_t step_count;
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
        for (size_t r = 0; r < ROWS_COUNT; r++) {
            batches[i].rows[r] = ask(conn, SOURCES[r].query, PQgetvalue(parts, (int)i, 0), 1);
        }
        *mails += strtoul(PQgetvalue(parts, (int)i, 1), NULL, 10);
    }
    PQclear(parts);
    return batches;
}

static void empty_tables(PGconn *conn)
{
    tell(
        conn,
        "TRUNCATE inbound_mail, ticket, participant, comment, thread_key, outbound_mail, activity CASCADE");
    tell(conn, "CHECKPOINT");
}

static void command(PGconn *conn, const char *text)
{
    PQsendQueryParams(conn, text, 0, NULL, NULL, NULL, NULL, 0);
}

/* Until the answer to PQpipelineSync; two NULLs in a row would be an end without it. */
static void collect(PGconn *conn)
{
    for (;;) {
        PGresult *result = PQgetResult(conn);
        ExecStatusType status = result == NULL ? PGRES_COMMAND_OK : PQresultStatus(result);

        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) {
            return;
        }
        if (status != PGRES_COMMAND_OK) {
            give_up(conn);
        }
    }
}

/* One wait for the server a transaction. */
static void write_batch(PGconn *conn, const struct work *work, const struct batch *batch)
{
    bool is_first = true;

    for (size_t i = 0; i < work->step_count; i++) {
        const PGresult *rows = batch->rows[work->steps[i].rows];
        const char *value = PQgetvalue(rows, 0, 0);
        int length = PQgetlength(rows, 0, 0);
        int is_binary = 1;
        char name[NAME_BYTES];

        g_snprintf(name, sizeof(name), "step%zu", i);
        if (is_first) {
            command(conn, "BEGIN");
        }
        if (!PQgetisnull(rows, 0, 0)) {
            PQsendQueryPrepared(conn, name, 1, &value, &length, &is_binary, 0);
        }
        is_first = work->steps[i].is_last;
        if (is_first) {
            command(conn, "COMMIT");
            PQpipelineSync(conn);
            collect(conn);
        }
    }
}

static void prepare(PGconn *conn, const struct work *work)
{
    for (size_t i = 0; i < work->step_count; i++) {
        const struct step *step = &work->steps[i];
        const char *table = SOURCES[step->rows].table;
        g_autofree char *insert = g_strdup_printf(
            "INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1::%s[])", table, table);
        char name[NAME_BYTES];

        g_snprintf(name, sizeof(name), "step%zu", i);

        PGresult *result = PQprepare(conn, name, step->text == NULL ? insert : step->text, 1, NULL);

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

    tell(conn, "SET enable_seqscan = off"); /* as the desk's roles do: the tables are empty now */
    prepare(conn, work);
    if (PQenterPipelineMode(conn) != 1) {
        give_up(conn);
    }
    for (size_t i = atomic_fetch_add(&work->next, 1); i < work->count;
         i = atomic_fetch_add(&work->next, 1)) {
        write_batch(conn, work, &work->batches[i]);
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
    unsigned long connections = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    bool is_whole = argc == 4 && strcmp(argv[3], "all") == 0;

    if (connections == 0 || connections > CONNECTIONS_MAX ||
        (!is_whole && strcmp(argv[3], "rows") != 0)) {
        fprintf(stderr, "usage: database_alone CONNINFO CONNECTIONS (1 to %d) rows|all\n",
                CONNECTIONS_MAX);
        return 64;
    }

    PGconn *conn = open_session(argv[1]);
    struct work work = {.conninfo = argv[1],
                        .steps = is_whole ? WHOLE_WAY : ROWS_ONLY,
                        .step_count = is_whole ? G_N_ELEMENTS(WHOLE_WAY) : G_N_ELEMENTS(ROWS_ONLY)};
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
        for (size_t r = 0; r < ROWS_COUNT; r++) {
            PQclear(work.batches[i].rows[r]);
        }
    }
    g_free(work.batches);
    PQfinish(conn);
    return 0;
}
