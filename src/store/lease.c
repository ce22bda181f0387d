/* lease - who reads a mailbox, who tends
 *
 * A lease is a row with an end, not a session lock: that one outlives a dead host for as long as TCP
 * likes, and breaks behind a connection pooler. All times are the database's, so the clocks of hosts need
 * not agree.
 *
 * The epoch tells one tenure from the next: it grows with every new holder and never falls, which is why
 * letting go ends the row and does not remove it.
 *
 * A lease keeps two hosts from doing the same work. That nothing goes wrong if they do for a moment is the
 * task of keys and constraints, not of the lease.
 * I/O: the caller's transaction.
 */
#include "store/lease.h"

static const struct statement TAKE = {
    "lease_take",
    "INSERT INTO lease (name, holder, until)"
    " VALUES ($1, $2, now() + $3 * interval '1 microsecond')"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,"
    " epoch = lease.epoch + (lease.holder <> excluded.holder)::int"
    " WHERE lease.holder = excluded.holder OR lease.until < now() RETURNING epoch"};

static const struct statement RENEW = {
    "lease_renew", "UPDATE lease SET until = now() + $4 * interval '1 microsecond'"
                   " WHERE name = $1 AND holder = $2 AND epoch = $3"};

static const struct statement RELEASE = {
    "lease_release", "UPDATE lease SET until = to_timestamp(0) WHERE name = $1 AND holder = $2"};

static const struct statement HOLDER = {
    "lease_holder", "SELECT holder FROM lease WHERE name = $1 AND until >= now()"};

static enum status say_lost(const char *name, struct err *err)
{
    return err_set(err, ST_NOT_FOUND, "somebody else holds the lease \"%s\"", name);
}

enum status lease_store_take(struct tx *tx, const char *name, const char *holder,
                             int64_t duration_us, int64_t *epoch_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, name);
    params_add_text(params, holder);
    params_add_int64(params, duration_us);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &TAKE, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return say_lost(name, err);
    }
    *epoch_out = row_int64(rows, 0, 0);
    return ST_OK;
}

enum status lease_store_renew(struct tx *tx, const char *name, const char *holder, int64_t epoch,
                              int64_t duration_us, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, name);
    params_add_text(params, holder);
    params_add_int64(params, epoch);
    params_add_int64(params, duration_us);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &RENEW, params, &rows, err);
    if (status == ST_OK && rows_affected(rows) == 0) {
        status = say_lost(name, err);
    }
    return status;
}

enum status lease_store_release(struct tx *tx, const char *name, const char *holder,
                                struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, name);
    params_add_text(params, holder);
    return tx_query(tx, &RELEASE, params, NULL, err);
}

enum status lease_store_holder(struct tx *tx, const char *name, char **holder_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, name);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &HOLDER, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "nobody holds the lease \"%s\"", name);
    }
    *holder_out = g_strdup(row_text(rows, 0, 0));
    return ST_OK;
}
