/* A connection to PostgreSQL: opened, watched, closed. SQL runs through db/tx only. */
#ifndef DB_CONN_H
#define DB_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct conn;

/* What a connection has done; for the bench and `status`. */
struct conn_stats {
    uint64_t round_trips; /* waits for an answer of the server */
    uint64_t commits;
    uint64_t statements;
};

/* Connect (conninfo: libpq's, several hosts are fine). Sets UTF8, UTC, statement and idle-in-transaction time-outs,
 * TCP keep-alives, application_name to `name`; blocks at most 10 s.
 *
 * ST_TEMPFAIL  the server is away or starting
 * ST_FATAL     wrong conninfo, password, database, or a server older than 15; the hint says what to do */
MUST_CHECK enum status conn_open(const char *conninfo, const char *name, struct conn **conn_out,
                                 struct err *err);

/* conn_open for a role that works as long as the service does, and finds all its rows by keys. PostgreSQL keeps the plans
 * of a session, also those of its own checks of references: on a new desk they are made for empty tables, where reading a
 * whole table is the quickest, and then every mail reads all mails before it until somebody analyzes the tables. So here
 * tables are read whole only where no index would do. */
MUST_CHECK enum status conn_open_service(const char *conninfo, const char *name,
                                         struct conn **conn_out, struct err *err);
void conn_close(struct conn *conn);
static inline void conn_close_at(struct conn **conn)
{
    conn_close(*conn);
}
#define CONN_AUTO CLEANUP(conn_close_at)

/* Is it known to be broken (then close it and open another)? */
bool conn_is_broken(const struct conn *conn);

/* LISTEN on a channel. The channel is a constant of ours. */
MUST_CHECK enum status conn_listen(struct conn *conn, const char *channel, struct err *err);

/* Wait until a notification is there (ST_OK), wake_fd (-1: none) is readable (ST_OK as well), or
 * timeout_ms are over (ST_NOT_FOUND). Eats all pending notifications; they have no payload.
 *
 * ST_TEMPFAIL  the connection is lost: it is broken now, and LISTEN with it */
MUST_CHECK enum status conn_wait(struct conn *conn, int64_t timeout_ms, int wake_fd,
                                 struct err *err);

const struct conn_stats *conn_stats(const struct conn *conn);

#endif
