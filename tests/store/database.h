/* Databases for tests: each test makes one of its own, so that tests run side by side. */
#ifndef TESTS_STORE_DATABASE_H
#define TESTS_STORE_DATABASE_H

#include "db/conn.h"
#include "db/tx.h"

/* A new database with the desk's schema on the server of $POSTDESK_TEST_DB. Fails the test without one.
 * The string (own) is a conninfo; the database goes with the server. */
char *database_desk(void);

/* The same without any table. */
char *database_empty(void);

/* A connection; fails the test without one. */
struct conn *database_open(const char *conninfo);

/* Run SQL on a connection of its own, as another client would; fails the test on an error. The first
 * column of the first row (own), or NULL. */
char *database_run(const char *conninfo, const char *sql);

#endif
