/* test_lease - one holder at a time, an end without a word, an epoch that grows */
#include <inttypes.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"
#include "store/lease.h"

#define MINUTE_US (INT64_C(60) * 1000000)

static struct err err;

struct leases {
    char *conninfo;
    struct conn *conn;
};

static struct leases leases_new(void)
{
    struct leases leases = {.conninfo = database_desk()};
    leases.conn = database_open(leases.conninfo);
    return leases;
}

static void leases_done(struct leases *leases)
{
    conn_close(leases->conn);
    g_free(leases->conninfo);
}

static struct tx *begin(const struct leases *leases)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(leases->conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    return tx;
}

static void commit(struct tx *tx)
{
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
}

/* The epoch, or 0 if somebody else holds it. */
static int64_t take(const struct leases *leases, const char *name, const char *holder)
{
    int64_t epoch = 0;
    struct tx *tx = begin(leases);
    enum status status = lease_store_take(tx, name, holder, MINUTE_US, &epoch, &err);
    cr_assert(status == ST_OK || status == ST_NOT_FOUND, "%s: %s", status_name(status), err.text);
    cr_assert((status == ST_OK) == (epoch > 0));
    commit(tx);
    return epoch;
}

static enum status renew(const struct leases *leases, const char *name, const char *holder,
                         int64_t epoch)
{
    struct tx *tx = begin(leases);
    enum status status = lease_store_renew(tx, name, holder, epoch, MINUTE_US, &err);
    commit(tx);
    return status;
}

static void release(const struct leases *leases, const char *name, const char *holder)
{
    struct tx *tx = begin(leases);
    cr_assert_eq(lease_store_release(tx, name, holder, &err), ST_OK, "%s", err.text);
    commit(tx);
}

static char *holder_of(const struct leases *leases, const char *name)
{
    char *holder = NULL;
    struct tx *tx = begin(leases);
    enum status status = lease_store_holder(tx, name, &holder, &err);
    cr_assert_eq(status, holder ? ST_OK : ST_NOT_FOUND);
    commit(tx);
    return holder;
}

static void let_it_run_out(const struct leases *leases)
{
    g_free(database_run(leases->conninfo, "UPDATE lease SET until = now() - interval '1 s'"));
}

Test(lease, has_one_holder)
{
    struct leases leases = leases_new();
    cr_expect_eq(take(&leases, "fetch:1", "a"), 1);
    cr_expect_eq(take(&leases, "fetch:1", "b"), 0, "two holders");
    cr_expect_eq(take(&leases, "fetch:1", "a"), 1, "its own holder may take it again");
    cr_expect_eq(take(&leases, "fetch:2", "b"), 1, "another name is another lease");
    g_autofree char *holder = holder_of(&leases, "fetch:1");
    cr_expect_str_eq(holder, "a");
    leases_done(&leases);
}

Test(lease, goes_to_the_next_once_it_is_over)
{
    struct leases leases = leases_new();
    cr_expect_eq(take(&leases, "tend", "a"), 1);
    let_it_run_out(&leases);
    cr_expect_null(holder_of(&leases, "tend"));
    cr_expect_eq(renew(&leases, "tend", "a", 1), ST_OK, "late, but nobody else came");
    cr_expect_eq(take(&leases, "tend", "b"), 0, "a renewed lease is held");
    let_it_run_out(&leases);
    cr_expect_eq(take(&leases, "tend", "b"), 2);
    cr_expect_eq(renew(&leases, "tend", "a", 1), ST_NOT_FOUND, "renewed although it was lost");
    cr_expect_eq(renew(&leases, "tend", "b", 2), ST_OK);
    leases_done(&leases);
}

Test(lease, is_let_go_by_its_holder_only)
{
    struct leases leases = leases_new();
    cr_expect_eq(take(&leases, "tend", "a"), 1);
    release(&leases, "tend", "b");
    cr_expect_eq(take(&leases, "tend", "b"), 0, "released by a stranger");
    release(&leases, "tend", "a");
    cr_expect_null(holder_of(&leases, "tend"));
    cr_expect_eq(take(&leases, "tend", "b"), 2, "the epoch grows after a release too");
    leases_done(&leases);
}

Test(lease, tells_a_second_tenure_from_the_first)
{
    struct leases leases = leases_new();
    cr_expect_eq(take(&leases, "tend", "a"), 1);
    let_it_run_out(&leases);
    cr_expect_eq(take(&leases, "tend", "b"), 2);
    release(&leases, "tend", "b");
    cr_expect_eq(take(&leases, "tend", "a"), 3);
    cr_expect_eq(renew(&leases, "tend", "a", 1), ST_NOT_FOUND, "it was lost in between");
    leases_done(&leases);
}
