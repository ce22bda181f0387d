/* send - outbound mail leaves, each once
 *
 * One round: claim a batch (committed: holder, epoch, lease), then mail by mail: write it, hand it to the
 * server, start to record the answer. The record of a mail is committed before the next mail's final dot, so that
 * whatever dies, at most one mail is sent again, under the same Message-ID.
 *
 * The lease is counted on our own monotonic clock from before the claim. No mail is begun with less than
 * LIMIT_SEND_LEASE_MS of it left: the rest is given back and claimed anew. A mail that takes long renews its
 * own lease before its final dot; if it has lost it by then, the dot is never sent.
 *
 * What counts against a mail, and what does not:
 *     the server refuses it (5xx), or it cannot be written   it has failed; its author is told
 *     the server does not want it yet (4xx)                  a try; the next after 5, 10, 20 … minutes
 *     no answer to its final dot                             a try: perhaps sent, same Message-ID next time
 *     server or network away, login or certificate refused   nothing: given back, the session waits
 *
 * It does not decide what is sent and to whom: rows were made by gateway/outbox.
 * I/O: database, SMTP, log.
 */
#include "gateway/send.h"

#include <inttypes.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/random.h"
#include "core/stop.h"
#include "db/migrate.h"
#include "gateway/notice.h"
#include "gateway/outage.h"
#include "gateway/rule_book.h"
#include "gateway/session.h"
#include "gateway/settle.h"
#include "store/rule.h"

#define DATABASE_FIRST_MS 20
#define DATABASE_MOST_MS  5000
#define STATUS_BYTES      24

struct sender {
    const struct config *config;
    char holder[96];
    struct conn *conn;         /* own; NULL: to be opened */
    struct sessions *sessions; /* own */
    struct outage database;
    struct settle settle;
    struct rule_book *book; /* own: the notices of the live version */
    bool owes_return;       /* claims of ours may still stand: give them back first */
    mailbox_id last;        /* the mailbox served last */
    int64_t lease_end_us;
};

/* One mail on its way, for the hook. */
struct passage {
    struct sender *sender;
    const struct outbound_due *due;
    const struct session *session;
    struct err err; /* why the hook stopped it */
    bool is_stopped;
};

/* ---- the lease --------------------------------------------------------------------------------- */

static int64_t lease_left_us(const struct sender *sender)
{
    return sender->lease_end_us - clock_monotonic_us(clock_real());
}

/* Keep this one mail for as long as the server may take to answer its end. */
static enum status renew(struct passage *passage, int64_t lease_us, struct err *err)
{
    struct sender *sender = passage->sender;
    struct due_result result = {.id = passage->due->id,
                                .epoch = passage->due->epoch,
                                .holder = sender->holder,
                                .wait_us = lease_us};
    int64_t affected = 0;
    enum status status = outbound_due_start_renewal(sender->conn, &result, err);

    if (status == ST_OK) {
        status = tx_async_wait(sender->conn, &affected, err);
    }
    if (status == ST_OK && affected == 0) {
        return err_set(err, ST_CONFLICT, "outbound mail %" PRId64 " has a new holder", result.id);
    }
    return status;
}

/* Before the final dot: the mail before this one is committed, and this one still ours. */
static enum status before_final_dot(void *arg)
{
    struct passage *passage = arg;
    int64_t needed_us = MAX(2 * session_slowest_us(passage->session),
                            (int64_t)LIMIT_SEND_LEASE_MS * 1000);
    enum status status = settle_finish(&passage->sender->settle, passage->sender->conn,
                                       &passage->err);

    if (status == ST_OK && lease_left_us(passage->sender) < needed_us) {
        status = renew(passage, needed_us + passage->sender->config->lease_us, &passage->err);
    }
    if (status == ST_OK && fault_hit("send.before_dot")) {
        status = err_set(&passage->err, ST_TEMPFAIL, "fault point send.before_dot");
    }
    passage->is_stopped = status != ST_OK;
    return status;
}

/* ---- one mail ---------------------------------------------------------------------------------- */

static void log_mail(enum log_level level, const char *event, const struct outbound_due *due,
                     const struct submit_result *result)
{
    char status[STATUS_BYTES];
    struct kv fields[] = {kv("outbound", due->id),         kv("ticket", due->ticket),
                          kv("notice", due->notice),       kv("recipient_domain", due->domain),
                          kv("attempt", due->attempt + 1), kv("status", (const char *)status)};

    g_snprintf(status, sizeof status, "%d %s", result->reply.code, result->reply.enhanced);
    log_event(level, event, fields, G_N_ELEMENTS(fields));
}

static enum status fail(struct sender *sender, const struct outbound_due *due,
                        const struct submit_result *result, const char *answer, struct err *err)
{
    enum status status = settle_finish(&sender->settle, sender->conn, err);

    if (status == ST_OK) {
        status = settle_fail(sender->conn, due, sender->holder, answer,
                             settle_is_dead_address(result->reply.enhanced), err);
    }
    if (status == ST_OK) {
        log_mail(LOG_LEVEL_WARNING, "outbound.failed", due, result);
    }
    return status;
}

/* The server does not want it yet, or did not say. */
static enum status wait_or_fail(struct sender *sender, const struct outbound_batch *batch,
                                const struct outbound_due *due, const struct submit_result *result,
                                const char *answer, struct err *err)
{
    int64_t age_us = batch->now_us - due->tried_from_us;

    if (age_us >= batch->settings.retry_give_up_us) {
        g_autofree char *last = g_strdup_printf("given up after %" PRId64 " s: %s",
                                                age_us / G_USEC_PER_SEC, answer);

        return fail(sender, due, result, last, err);
    }

    enum status status = settle_finish(&sender->settle, sender->conn, err);

    if (status == ST_OK) {
        settle_start(&sender->settle, sender->conn, due, false,
                     outbound_due_wait_us(&batch->settings, due->attempt), answer);
        log_mail(LOG_LEVEL_INFO, "outbound.deferred", due, result);
    }
    return status;
}

/* The server has decided. */
static enum status take_answer(struct sender *sender, const struct outbound_batch *batch,
                               const struct outbound_due *due, const struct submit_result *result,
                               struct err *err)
{
    switch (result->outcome) {
    case SUBMIT_ACCEPTED:
        settle_start(&sender->settle, sender->conn, due, true, 0, result->reply.text);
        log_mail(LOG_LEVEL_INFO, "outbound.sent", due, result);
        return ST_OK;
    case SUBMIT_PERMANENT:
        return fail(sender, due, result, result->reply.text, err);
    case SUBMIT_TEMPORARY:
    case SUBMIT_UNSENT:
    case SUBMIT_UNKNOWN:
        return wait_or_fail(sender, batch, due, result, result->reply.text, err);
    }
    return ST_OK;
}

/* Files come from the database, for which no result may be under way. */
static enum status load_files(struct sender *sender, struct outbound_due *due, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autofree bool *fits = notice_fitting_files(due);

    if (due->attachments->len == 0 || !notice_carries_files(due->notice)) {
        return ST_OK;
    }

    enum status status = settle_finish(&sender->settle, sender->conn, err);

    if (status == ST_OK) {
        status = tx_begin(sender->conn, TX_READ_ONLY, &tx, err);
    }
    if (status == ST_OK) {
        status = outbound_due_load(tx, due, fits, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

static void drop_files(struct outbound_due *due)
{
    for (guint i = 0; i < due->attachments->len; i++) {
        g_clear_pointer(&g_array_index(due->attachments, struct due_attachment, i).content,
                        g_bytes_unref);
    }
}

/* Hand it over. ST_NOT_FOUND: its mailbox cannot send now; ST_TEMPFAIL: the database is lost. */
static enum status hand_over(struct sender *sender, const struct outbound_batch *batch,
                             const struct outbound_due *due, const struct notice_mail *mail,
                             struct err *err)
{
    struct session *session = sessions_find(sender->sessions, due->mailbox);
    struct passage passage = {.sender = sender, .due = due, .session = session};
    struct submit_result result = {.outcome = SUBMIT_UNSENT};
    gsize length = 0;
    const char *bytes = g_bytes_get_data(mail->bytes, &length);
    struct submit_mail envelope = {.mail_from = mail->mail_from,
                                   .recipients = (const char *const[]){due->address},
                                   .recipient_count = 1,
                                   .bytes = bytes,
                                   .length = length,
                                   .before_final_dot = before_final_dot,
                                   .arg = &passage};
    enum status status = session_send(session, &envelope, &passage.is_stopped, &result, err);

    if (fault_hit("send.after_dot")) {
        return err_set(err, ST_TEMPFAIL, "fault point send.after_dot");
    }
    switch (status) {
    case ST_OK:
        return take_answer(sender, batch, due, &result, err);
    case ST_UNCERTAIN:
        log_warning("outbound.uncertain", kv("outbound", due->id), kv("error", err->text));
        return wait_or_fail(sender, batch, due, &result, err->text, err);
    case ST_INVALID:
        return fail(sender, due, &result, err->text, err);
    case ST_NOT_FOUND:
    case ST_CONFLICT:
    case ST_TEMPFAIL:
    case ST_DENIED:
    case ST_FATAL:
        break;
    }
    if (passage.is_stopped && passage.err.status != ST_CONFLICT) {
        *err = passage.err;
        return ST_TEMPFAIL;
    }
    return ST_NOT_FOUND;
}

static enum status send_mail(struct sender *sender, const struct outbound_batch *batch,
                             struct outbound_due *due, struct err *err)
{
    CLEANUP(notice_mail_clear) struct notice_mail mail = {0};
    enum status status = load_files(sender, due, err);

    if (status != ST_OK) {
        return status;
    }
    status = notice_render(due, sender->book, &mail, err);
    drop_files(due);
    if (status != ST_OK) {
        struct submit_result none = {.outcome = SUBMIT_UNSENT};
        g_autofree char *answer = g_strdup_printf("it cannot be written: %s", err->text);

        log_error("notice.refused", kv("outbound", due->id), kv("error", err->text));
        return fail(sender, due, &none, answer, err);
    }
    return hand_over(sender, batch, due, &mail, err);
}

/* ---- what servers say ---------------------------------------------------------------------------- */

static enum status learn_size(struct sender *sender, const struct due_mailbox *mailbox,
                              int64_t bytes, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(sender->conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = outbound_due_learn_size(tx, mailbox->id, bytes, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* How the servers do, for those who look. */
static void tell_servers(struct sender *sender, const struct outbound_batch *batch)
{
    for (guint i = 0; i < batch->mailboxes->len; i++) {
        session_tell(sessions_find(sender->sessions, g_ptr_array_index(batch->mailboxes, i)),
                     sender->conn);
    }
}

/* The sizes that servers take, where they are other ones than last time; for those who plan. */
static enum status learn_sizes(struct sender *sender, const struct outbound_batch *batch,
                               struct err *err)
{
    enum status status = ST_OK;

    for (guint i = 0; i < batch->mailboxes->len && status == ST_OK; i++) {
        const struct due_mailbox *mailbox = g_ptr_array_index(batch->mailboxes, i);
        int64_t bytes = session_server_bytes(sessions_find(sender->sessions, mailbox));

        if (bytes > 0 && bytes != mailbox->send_bytes) {
            status = learn_size(sender, mailbox, bytes, err);
        }
    }
    return status;
}

/* ---- one round --------------------------------------------------------------------------------- */

/* All mails of the batch, as far as lease and servers allow. */
static enum status send_batch(struct sender *sender, const struct outbound_batch *batch,
                              struct err *err)
{
    enum status status = ST_OK;

    for (guint i = 0; i < batch->mails->len && status == ST_OK; i++) {
        struct outbound_due *due = g_ptr_array_index(batch->mails, i);

        if (stop_requested() || lease_left_us(sender) < (int64_t)LIMIT_SEND_LEASE_MS * 1000) {
            sender->owes_return = true;
            break;
        }
        if (session_is_away(sessions_find(sender->sessions, due->mailbox))) {
            sender->owes_return = true;
            continue;
        }
        status = send_mail(sender, batch, due, err);
        sender->last = due->mailbox->id;
        if (status == ST_NOT_FOUND) {
            sender->owes_return = true;
            status = ST_OK;
        }
    }
    if (status == ST_OK) {
        status = settle_finish(&sender->settle, sender->conn, err);
    }
    if (status == ST_OK) {
        tell_servers(sender, batch);
    }
    return status == ST_OK ? learn_sizes(sender, batch, err) : status;
}

static enum status give_back(struct sender *sender, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = settle_finish(&sender->settle, sender->conn, err);

    if (status == ST_OK) {
        status = tx_begin(sender->conn, TX_WRITE, &tx, err);
    }
    if (status == ST_OK) {
        status = outbound_due_give_back(tx, sender->holder, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    sender->owes_return = status != ST_OK;
    return status;
}

static enum status claim(struct sender *sender, struct outbound_batch **batch_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(outbound_batch) batch = NULL;
    OWNED(rows) version = NULL;
    g_autoptr(GArray) away = sessions_away(sender->sessions);
    struct due_claim claim = {.holder = sender->holder,
                              .lease_us = sender->config->lease_us,
                              .after = sender->last,
                              .left_alone = (const mailbox_id *)(void *)away->data,
                              .left_alone_count = away->len};
    enum status status = tx_begin(sender->conn, TX_WRITE, &tx, err);

    sender->lease_end_us = clock_monotonic_us(clock_real()) + sender->config->lease_us;
    if (status == ST_OK) {
        rule_store_queue_live(tx, &version);
        status = outbound_due_claim(tx, &claim, &batch, err);
    }
    if (status == ST_OK && batch->mails->len > 0) {
        status = rule_book_update(sender->book, tx, rule_store_read_live(version), err);
    }
    if (status == ST_OK) {
        sender->owes_return = true;
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        *batch_out = g_steal_pointer(&batch);
    }
    return status;
}

static enum status open_what_is_closed(struct sender *sender, struct err *err)
{
    enum status status = ST_OK;

    if (sender->conn != NULL && conn_is_broken(sender->conn)) {
        g_clear_pointer(&sender->conn, conn_close);
        sender->settle.is_started = false;
    }
    if (sender->conn == NULL) {
        status = conn_open_service(sender->config->database, "postdesk send", &sender->conn, err);
        if (status == ST_OK) {
            status = migrate_check(sender->conn, err);
        }
        if (status == ST_OK) {
            status = conn_listen(sender->conn, "postdesk_outbound", err);
        }
        if (status != ST_OK) {
            g_clear_pointer(&sender->conn, conn_close);
        }
    }
    return status == ST_OK && sender->owes_return ? give_back(sender, err) : status;
}

/* ST_NOT_FOUND: nothing is due. */
static enum status round_once(struct sender *sender, struct err *err)
{
    OWNED(outbound_batch) batch = NULL;
    enum status status = open_what_is_closed(sender, err);

    if (status == ST_OK) {
        status = settle_finish(&sender->settle, sender->conn, err);
    }
    if (status == ST_OK) {
        status = claim(sender, &batch, err);
    }
    if (status != ST_OK) {
        return status;
    }
    sender->owes_return = false;
    if (batch->mails->len == 0) {
        return ST_NOT_FOUND;
    }
    status = send_batch(sender, batch, err);
    if (status != ST_OK) {
        sender->owes_return = true;
    }
    return status;
}

/* ---- the role ---------------------------------------------------------------------------------- */

static void sender_close(struct sender *sender)
{
    struct err err = {.status = ST_OK};
    bool is_owing = sender->owes_return || sender->settle.is_pending;

    if (is_owing && (sender->conn == NULL || give_back(sender, &err) != ST_OK)) {
        log_warning("claims.left", kv("error", err.text));
    }
    settle_clear(&sender->settle);
    g_clear_pointer(&sender->sessions, sessions_free);
    g_clear_pointer(&sender->book, rule_book_free);
    g_clear_pointer(&sender->conn, conn_close);
}

enum status send_run(const struct config *config, int index, struct err *err)
{
    struct sender sender = {.config = config,
                            .database = {.lost_event = "database.lost",
                                         .back_event = "database.regained",
                                         .first_ms = DATABASE_FIRST_MS,
                                         .most_ms = DATABASE_MOST_MS}};
    enum status status = ST_OK;

    g_snprintf(sender.holder, sizeof sender.holder, "%.40s send %d %d %" PRIx64, g_get_host_name(),
               index, (int)getpid(), (uint64_t)random_int64());
    sender.settle.holder = sender.holder;
    sender.sessions = sessions_new(config);
    sender.book = rule_book_new(false);
    while (!stop_requested()) {
        status = round_once(&sender, err);
        if (status == ST_OK || status == ST_NOT_FOUND) {
            outage_end(&sender.database);
        }
        if (status == ST_NOT_FOUND) {
            status = conn_wait(sender.conn, config->poll_us / 1000, stop_fd(), err);
        }
        if (status == ST_FATAL) {
            break;
        }
        if (status != ST_OK && status != ST_NOT_FOUND) {
            outage_wait(outage_note(&sender.database, err));
        }
    }
    sender_close(&sender);
    return status == ST_FATAL ? status : ST_OK;
}
