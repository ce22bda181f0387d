/* A desk with one mailbox (1), for the tests of received mail; each test has its own. */
#ifndef TESTS_STORE_DESK_H
#define TESTS_STORE_DESK_H

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"

#define MINUTE_US (INT64_C(60) * 1000000)

static struct err err;

#define CHECK(got) check(#got, got)
static inline void check(const char *what, enum status got)
{
    cr_assert_eq(got, ST_OK, "%s: %s: %s", what, status_name(got), err.text);
}

struct desk {
    char *conninfo;
    struct conn *conn;
};

static inline struct desk desk_new(void)
{
    struct desk desk = {.conninfo = database_desk()};
    desk.conn = database_open(desk.conninfo);
    g_free(database_run(desk.conninfo,
                        "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user,"
                        " imap_security, smtp_host, smtp_port, smtp_security, secret) VALUES"
                        " ('support@desk.example', 'Desk', 'localhost', 993, 'support', 'tls',"
                        " 'localhost', 465, 'tls', 'support')"));
    return desk;
}

static inline void desk_done(struct desk *desk)
{
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

static inline struct tx *begin(const struct desk *desk)
{
    struct tx *tx = NULL;
    CHECK(tx_begin(desk->conn, TX_WRITE, &tx, &err));
    return tx;
}

static inline void expect_sql(const struct desk *desk, const char *sql, const char *want)
{
    g_autofree char *got = database_run(desk->conninfo, sql);
    cr_expect_str_eq(got ? got : "(null)", want, "%s: got %s, want %s", sql, got, want);
}

#endif
