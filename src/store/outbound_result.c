/* outbound_result - what became of a mail that was claimed
 *
 * Whoever comes with a result has to name holder and epoch of his claim (store/outbound_due), so that a sender that
 * slept through its lease cannot overwrite what another one did meanwhile. What was sent is a fact and the exception:
 * it is recorded whoever has the mail now.
 *
 * Results of a mail that was sent, waits, or needs more of its lease are started here and collected by the caller
 * while the next mail is on its way. A failure is part of a transaction of the caller's, which tells people of it.
 * I/O: the caller's transaction or connection.
 */
#include <inttypes.h>

#include "store/outbound_due.h"

static const struct statement GIVE_BACK = {
    "outbound_due_give_back", "UPDATE outbound_mail SET lease_holder = NULL, lease_until = NULL"
                              " WHERE state = 'queued' AND lease_holder = $1"};

#define IF_STILL_OURS \
 " WHERE id = $1 AND lease_epoch = $2 AND lease_holder = $3 AND state = 'queued'"

static const struct statement SENT = {
    "outbound_due_sent",
    "UPDATE outbound_mail SET state = 'sent', ended_at = now(), attempt = attempt + 1, answer = $4,"
    " lease_holder = NULL, lease_until = NULL" IF_STILL_OURS};

static const struct statement WAITING = {
    "outbound_due_waiting",
    "UPDATE outbound_mail SET attempt = attempt + 1, answer = $4, lease_holder = NULL,"
    " lease_until = NULL, next_try_at = now() + $5 * interval '1 microsecond'" IF_STILL_OURS};

static const struct statement RENEWAL = {
    "outbound_due_renewal",
    "UPDATE outbound_mail SET lease_until = now() + $4 * interval '1 microsecond'" IF_STILL_OURS};

static const struct statement FAILED = {
    "outbound_due_failed",
    "UPDATE outbound_mail SET state = 'failed', ended_at = now(), attempt = attempt + 1, answer = $4,"
    " lease_holder = NULL, lease_until = NULL" IF_STILL_OURS};

static const struct statement SENT_LATE = {
    "outbound_due_sent_late",
    "UPDATE outbound_mail SET state = 'sent', ended_at = now(), attempt = attempt + 1, answer = $2,"
    " lease_holder = NULL, lease_until = NULL WHERE id = $1 AND state = 'queued'"};

enum status outbound_due_give_back(struct tx *tx, const char *holder, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_text(params, holder);
    return tx_query(tx, &GIVE_BACK, params, NULL, err);
}

static struct params *result_params(const struct due_result *result)
{
    struct params *params = params_new();

    params_add_int64(params, result->id);
    params_add_int64(params, result->epoch);
    params_add_text(params, result->holder);
    return params;
}

enum status outbound_due_start_sent(struct conn *conn, const struct due_result *result,
                                    struct err *err)
{
    OWNED(params) params = result_params(result);

    params_add_text(params, result->answer);
    return tx_async_start(conn, &SENT, params, err);
}

enum status outbound_due_start_waiting(struct conn *conn, const struct due_result *result,
                                       struct err *err)
{
    OWNED(params) params = result_params(result);

    params_add_text(params, result->answer);
    params_add_int64(params, result->wait_us);
    return tx_async_start(conn, &WAITING, params, err);
}

enum status outbound_due_start_renewal(struct conn *conn, const struct due_result *result,
                                       struct err *err)
{
    OWNED(params) params = result_params(result);

    params_add_int64(params, result->wait_us);
    return tx_async_start(conn, &RENEWAL, params, err);
}

enum status outbound_due_sent_late(struct tx *tx, const struct due_result *result, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, result->id);
    params_add_text(params, result->answer);

    enum status status = tx_query(tx, &SENT_LATE, params, &rows, err);

    if (status == ST_OK && rows_affected(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "outbound mail %" PRId64 " has its result", result->id);
    }
    return status;
}

enum status outbound_due_fail(struct tx *tx, const struct due_result *result, struct err *err)
{
    OWNED(params) params = result_params(result);
    OWNED(rows) rows = NULL;

    params_add_text(params, result->answer);

    enum status status = tx_query(tx, &FAILED, params, &rows, err);

    if (status == ST_OK && rows_affected(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "outbound mail %" PRId64 " is not ours any more",
                       result->id);
    }
    return status;
}

int64_t outbound_due_wait_us(const struct settings *settings, int32_t tries)
{
    int64_t wait_us = settings->retry_first_us;

    for (int32_t i = 0; i < tries && wait_us < settings->retry_most_us; i++) {
        wait_us *= 2;
    }
    return MIN(wait_us, settings->retry_most_us);
}
