/* settle - what became of a mail, written down before the next one is sent
 *
 * A result that is lost means that the mail is sent twice. So at most one is ever in doubt: its statement is
 * started when the server has answered, runs while the next mail's MAIL, RCPT and DATA are under
 * way, and is waited for before the next final dot. If the connection to the database breaks meanwhile,
 * the result is kept and written on the next connection; it names holder and epoch, so writing it twice
 * changes nothing.
 *
 * An acceptance that comes after the lease has ended is written all the same, whoever has the mail now: a server
 * that takes longer than a lease to answer must not make two senders take turns for ever.
 *
 * Failing for good is rare and one transaction of its own: state, history, the author's notice.
 * I/O: database, log.
 */
#include "gateway/settle.h"

#include <inttypes.h>
#include <string.h>

#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "gateway/notice.h"
#include "gateway/outbox.h"
#include "message/address.h"
#include "store/people.h"
#include "store/ticket.h"

void settle_clear(struct settle *settle)
{
    g_free(settle->answer);
    *settle = (struct settle){.holder = settle->holder};
}

static struct due_result result_of(const struct settle *settle)
{
    return (struct due_result){.id = settle->id,
                               .epoch = settle->epoch,
                               .holder = settle->holder,
                               .answer = settle->answer,
                               .wait_us = settle->wait_us};
}

static void start(struct settle *settle, struct conn *conn)
{
    struct due_result result = result_of(settle);
    struct err err = {.status = ST_OK};
    enum status status = ST_TEMPFAIL;

    if (!fault_hit("send.before_result")) {
        status = settle->is_sent ? outbound_due_start_sent(conn, &result, &err)
                                 : outbound_due_start_waiting(conn, &result, &err);
    }
    settle->is_started = status == ST_OK;
}

void settle_start(struct settle *settle, struct conn *conn, const struct outbound_due *due,
                  bool is_sent, int64_t wait_us, const char *answer)
{
    g_assert(!settle->is_pending);
    settle->is_pending = true;
    settle->is_sent = is_sent;
    settle->id = due->id;
    settle->epoch = due->epoch;
    settle->wait_us = wait_us;
    settle->answer = g_strdup(answer);
    start(settle, conn);
}

/* The mail was not ours any more when the server's acceptance was to be written. */
static enum status settle_late(struct settle *settle, struct conn *conn, struct err *err)
{
    struct due_result result = result_of(settle);
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = outbound_due_sent_late(tx, &result, err);
    }
    if (status == ST_NOT_FOUND) { /* written before, by us or by whoever sent it again */
        return ST_OK;
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        log_warning("lease.outlived", kv("outbound", settle->id), kv("epoch", settle->epoch));
    }
    return status;
}

enum status settle_finish(struct settle *settle, struct conn *conn, struct err *err)
{
    int64_t affected = 0;

    if (!settle->is_pending) {
        return ST_OK;
    }
    if (!settle->is_started) {
        start(settle, conn);
    }
    if (!settle->is_started) {
        return err_set(err, ST_TEMPFAIL, "could not write the result of outbound mail %" PRId64,
                       settle->id);
    }

    enum status status = tx_async_wait(conn, &affected, err);

    settle->is_started = false;
    if (status == ST_OK && affected == 0 && settle->is_sent) {
        status = settle_late(settle, conn, err);
    }
    if (status == ST_UNCERTAIN) {
        return err_set(err, ST_TEMPFAIL, "could not write the result of outbound mail %" PRId64,
                       settle->id);
    }
    if (status == ST_OK) {
        settle_clear(settle);
    }
    return status;
}

/* ---- failures ---------------------------------------------------------------------------------- */

bool settle_is_dead_address(const char *enhanced)
{
    static const char *const DEAD[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"};

    for (size_t i = 0; i < G_N_ELEMENTS(DEAD); i++) {
        if (strcmp(enhanced, DEAD[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct failure {
    const struct outbound_due *due;
    const char *holder;
    const char *answer;
    bool is_address_dead;
    bool is_author_told;
};

/* Whoever wrote what did not arrive has to know: technicians by mail. */
static enum status tell_author(struct tx *tx, const struct outbound_due *due, struct err *err)
{
    struct outbox_mail mail = {.ticket = due->ticket,
                               .about = due->id,
                               .notice = "undelivered",
                               .recipient = due->author.id,
                               .address = due->author.address,
                               .name = due->author.name,
                               .purpose = TOKEN_TECHNICIAN_REPLY,
                               .reason = "what he wrote did not reach somebody"};

    return outbox_put_alone(tx, &mail, 1, err);
}

static void write_history(struct tx *tx, const struct failure *failure)
{
    const struct outbound_due *due = failure->due;
    struct new_activity activity = {.ticket = due->ticket,
                                    .what = "undelivered",
                                    .to_value = failure->answer,
                                    .outbound = due->id};
    g_autofree char *key = address_key(due->address);
    const char *const keys[] = {key};

    if (due->ticket != 0) {
        ticket_store_queue_activities(tx, &activity, 1);
    }
    if (failure->is_address_dead) {
        people_store_queue_dead(tx, keys, 1);
    }
}

static enum status fail_in_tx(struct tx *tx, void *arg, struct err *err)
{
    const struct failure *failure = arg;
    const struct outbound_due *due = failure->due;
    struct due_result result = {.id = due->id,
                                .epoch = due->epoch,
                                .holder = failure->holder,
                                .answer = failure->answer};
    enum status status = outbound_due_fail(tx, &result, err);

    if (status != ST_OK) {
        return status;
    }
    write_history(tx, failure);
    return failure->is_author_told ? tell_author(tx, due, err) : ST_OK;
}

enum status settle_fail(struct conn *conn, const struct outbound_due *due, const char *holder,
                        const char *answer, bool is_address_dead, struct err *err)
{
    struct failure failure = {
        .due = due,
        .holder = holder,
        .answer = answer,
        .is_address_dead = is_address_dead,
        .is_author_told = notice_is_personal(due->notice) && due->is_by_technician &&
                          due->comment != 0 && due->ticket != 0 && *due->author.address != '\0' &&
                          due->author.id != due->recipient.id,
    };
    enum status status = tx_run(conn, fail_in_tx, &failure, err);

    if (status == ST_INVALID && failure.is_author_told) { /* at least the mail has to end */
        log_error("author.unreachable", kv("outbound", due->id), kv("error", err->text));
        failure.is_author_told = false;
        status = tx_run(conn, fail_in_tx, &failure, err);
    }
    if (status == ST_NOT_FOUND) {
        log_warning("lease.outlived", kv("outbound", due->id), kv("epoch", due->epoch));
        return ST_OK;
    }
    return status;
}
