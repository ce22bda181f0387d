/* sqlstate - what PostgreSQL's error codes mean to a caller
 *
 * This is the one place where an SQLSTATE becomes a status. Rows name a code or a class (its first two
 * characters); the longest match wins. The rule behind them: what a second try can cure is ST_CONFLICT
 * (at once) or ST_TEMPFAIL (later); what is wrong in the data is ST_INVALID; what is wrong in the
 * installation or in our SQL is ST_FATAL. A code that nobody foresaw is ST_TEMPFAIL, because mail
 * must never be given up for it.
 *
 * No code at all: libpq made the error up itself, because the connection was lost.
 * Codes: PostgreSQL manual, appendix A. Pure: no I/O.
 */
#include <string.h>

#include "core/text.h"
#include "db/internal.h"

enum { MAX_MESSAGE_CHARS = 300 };

static const struct {
    const char *code; /* or its beginning */
    enum status status;
    bool breaks;
} MEANINGS[] = {
    {"", ST_TEMPFAIL, true},      /* lost */
    {"08", ST_TEMPFAIL, true},    /* connection exception */
    {"0A000", ST_TEMPFAIL, true}, /* "cached plan must not change result type": after a migration */
    {"21", ST_INVALID, false},    /* cardinality violation */
    {"22", ST_INVALID, false},    /* bad value */
    {"23", ST_INVALID, false},    /* a constraint */
    {"23505", ST_CONFLICT, false}, /* a unique key: another was faster */
    {"25006", ST_TEMPFAIL, true},  /* read only: the primary has become a standby */
    {"25P03", ST_TEMPFAIL, true},  /* idle in transaction for too long */
    {"26000", ST_TEMPFAIL, true},  /* no such prepared statement: a pooler in between */
    {"28", ST_FATAL, true},        /* password, pg_hba.conf */
    {"3D000", ST_FATAL, true},     /* no such database */
    {"3F", ST_FATAL, false},       /* no such schema */
    {"40", ST_CONFLICT, false},    /* serialisation, deadlock */
    {"40003", ST_UNCERTAIN, true}, /* statement completion unknown */
    {"42501", ST_DENIED, false},   /* insufficient privilege */
    {"42", ST_FATAL, false},       /* syntax, names: our SQL and this schema do not fit */
    {"42P05", ST_TEMPFAIL, true},  /* prepared twice: a pooler in between */
    {"54", ST_INVALID, false},     /* too complex, too long for an index */
    {"55P03", ST_CONFLICT, false}, /* lock not available */
    {"57P", ST_TEMPFAIL, true},    /* the server stops, starts, or ended us */
    {"57014", ST_TEMPFAIL, false}, /* statement time-out */
    {"P0001", ST_INVALID, false},  /* RAISE in a trigger */
};

static size_t meaning_of(const char *sqlstate)
{
    size_t best = G_N_ELEMENTS(MEANINGS);

    for (size_t i = 0; i < G_N_ELEMENTS(MEANINGS); i++) {
        const char *code = MEANINGS[i].code;
        bool is_match = code[0] == '\0' ? sqlstate[0] == '\0' : g_str_has_prefix(sqlstate, code);
        if (is_match &&
            (best == G_N_ELEMENTS(MEANINGS) || strlen(code) > strlen(MEANINGS[best].code))) {
            best = i;
        }
    }
    return best;
}

enum status sqlstate_status(const char *sqlstate)
{
    size_t i = meaning_of(sqlstate);
    return i == G_N_ELEMENTS(MEANINGS) ? ST_TEMPFAIL : MEANINGS[i].status;
}

bool sqlstate_breaks(const char *sqlstate)
{
    size_t i = meaning_of(sqlstate);
    return i != G_N_ELEMENTS(MEANINGS) && MEANINGS[i].breaks;
}

/* A field of an error, on one line; "" where it has none. Caller frees. */
static char *field(const PGresult *result, int code)
{
    const char *value = result == NULL ? NULL : PQresultErrorField(result, code);
    return text_one_line(value == NULL ? "" : value, MAX_MESSAGE_CHARS);
}

enum status sqlstate_err(const PGresult *result, const char *fallback,
                         const struct statement *statement, struct err *err)
{
    g_autofree char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    g_autofree char *message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    g_autofree char *constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    enum status status = sqlstate_status(sqlstate);

    if (sqlstate[0] == '\0') {
        g_autofree char *why = text_one_line(fallback, MAX_MESSAGE_CHARS);
        return err_set(err, status, "could not reach the database: %s",
                       why[0] == '\0' ? "the connection was lost" : why);
    }
    g_autofree char *broken = constraint[0] == '\0'
                                  ? g_strdup("")
                                  : g_strdup_printf(" (constraint \"%s\")", constraint);
    (void)err_set(err, status, "database: %s%s [%s %s]", message, broken,
                  statement == NULL ? "connect" : statement->name, sqlstate);
    if (strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "42703") == 0) {
        return err_hint(err, "is the schema up to date? try: postdesk migrate");
    }
    if (strcmp(sqlstate, "53100") == 0) {
        return err_hint(
            err, "make room on the disk of the database; until then mail stays at the mail server");
    }
    if (strcmp(sqlstate, "53300") == 0) {
        return err_hint(err,
                        "raise max_connections in postgresql.conf, or lower intakes and senders");
    }
    return status;
}
