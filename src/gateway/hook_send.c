/* hook_send - the role that calls web hooks
 *
 * A role of its own beside send: a receiver that takes ten seconds to say nothing must not keep mail waiting. It takes
 * calls as send takes mails: claims a few (committed), makes one after the other, and writes down what became of each
 * before it makes the next. A call begins only while its lease outlasts it.
 *
 * What becomes of a call:
 *     2xx                                     sent
 *     408, 425, 429, 5xx, no answer           tried again, as mails are (retry-first, retry-most, retry-give-up)
 *     any other answer, a redirect too        failed: the receiver does not want it, ever
 *     the address must not be called          failed: whoever allows it later lets it be tried again
 *     no secret on this host                  tried again: it is the host that has to change
 *
 * A receiver knows a call that it gets twice by its number (X-Postdesk-Call), an old one by the time in the signature.
 * I/O: database, HTTP, log.
 */
#include "gateway/hook_send.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/random.h"
#include "core/stop.h"
#include "db/conn.h"
#include "db/migrate.h"
#include "gateway/outage.h"
#include "gateway/web_hook.h"
#include "net/http.h"
#include "store/outbound_due.h"
#include "store/web_hook.h"

#define DATABASE_FIRST_MS 20
#define DATABASE_MOST_MS  5000
#define ANSWER_BYTES      256

struct caller {
    const struct config *config;
    char holder[96];
    struct conn *conn; /* own; NULL: to be opened */
    struct outage database;
    bool owes_return; /* claims of ours may still stand: give them back first */
    int64_t lease_end_us;
};

/* What became of one call. */
struct outcome {
    enum web_hook_end end;
    int64_t wait_us;
    char answer[ANSWER_BYTES];
};

/* ---- one call ---------------------------------------------------------------------------------- */

char *hook_signature(const char *secret, int64_t now_s, const char *body)
{
    g_autofree char *text = g_strdup_printf("%" PRId64 ".%s", now_s, body);
    g_autofree char *hmac = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)secret,
                                                      strlen(secret), text, (gssize)strlen(text));
    return g_strdup_printf("X-Postdesk-Signature: t=%" PRId64 ",v1=%s", now_s, hmac);
}

static enum status call_out(const struct caller *caller, const struct due_web_hook *due,
                            const struct settings *settings, struct http_answer *answer,
                            struct err *err)
{
    g_autofree char *secret = NULL;
    if (*settings->web_hook_secret == '\0') {
        return err_set(err, ST_TEMPFAIL, "the setting web-hook-secret names no secret");
    }
    enum status status = web_hook_check_url(due->url, err);
    if (status != ST_OK) {
        return status;
    }
    status = config_secret(caller->config, settings->web_hook_secret, &secret, err);
    if (status != ST_OK) {
        return err_set(err, ST_TEMPFAIL, "could not read the secret \"%s\" of this host",
                       settings->web_hook_secret);
    }
    int64_t now_s = clock_wall_us(clock_real()) / G_USEC_PER_SEC;
    g_autofree char *signature = hook_signature(secret, now_s, due->body);
    g_autofree char *number = g_strdup_printf("X-Postdesk-Call: %" PRId64, due->id);
    explicit_bzero(secret, strlen(secret));
    const char *const headers[] = {signature, number, NULL};
    struct http_post post = {.url = due->url,
                             .body = due->body,
                             .length = strlen(due->body),
                             .headers = headers,
                             .ca_file = caller->config->ca_file,
                             .allows_http = settings->web_hook_http,
                             .allows_private = settings->web_hook_private,
                             .timeout_ms = LIMIT_HOOK_MS};
    return http_send(&post, answer, err);
}

static bool is_worth_another_try(int code)
{
    return code == 408 || code == 425 || code == 429 || code >= 500;
}

static struct outcome judge(const struct due_web_hook *due, const struct settings *settings,
                            enum status status, const struct http_answer *answer,
                            const struct err *err)
{
    struct outcome outcome = {.end = WEB_HOOK_FAILED};
    if (status == ST_OK) {
        g_snprintf(outcome.answer, sizeof outcome.answer, "%d %s", answer->code, answer->text);
    } else {
        g_strlcpy(outcome.answer, err->text, sizeof outcome.answer);
    }
    if (status == ST_OK && answer->code / 100 == 2) {
        outcome.end = WEB_HOOK_SENT;
    } else if (status == ST_OK ? is_worth_another_try(answer->code) : status == ST_TEMPFAIL) {
        bool is_over = due->age_us >= settings->retry_give_up_us;
        outcome.end = is_over ? WEB_HOOK_FAILED : WEB_HOOK_WAITS;
        outcome.wait_us = outbound_due_wait_us(settings, due->attempt);
    }
    return outcome;
}

static void log_call(const struct due_web_hook *due, const struct outcome *outcome)
{
    static const struct {
        enum log_level level;
        const char *event;
    } KINDS[] = {[WEB_HOOK_SENT] = {LOG_LEVEL_INFO, "hook.sent"},
                 [WEB_HOOK_WAITS] = {LOG_LEVEL_INFO, "hook.deferred"},
                 [WEB_HOOK_FAILED] = {LOG_LEVEL_WARNING, "hook.failed"}};
    struct kv fields[] = {kv("hook", due->id), kv("rule", (const char *)due->rule),
                          kv("attempt", due->attempt + 1),
                          kv("reason", (const char *)outcome->answer)};
    log_event(KINDS[outcome->end].level, KINDS[outcome->end].event, fields, G_N_ELEMENTS(fields));
}

static enum status write_down(struct caller *caller, const struct due_web_hook *due,
                              const struct outcome *outcome, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autofree char *answer = g_utf8_make_valid(outcome->answer, -1);
    enum status status = tx_begin(caller->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        web_hook_store_queue_end(tx, due, caller->holder, outcome->end, outcome->wait_us, answer);
        status = tx_commit(&tx, err);
    }
    return status;
}

static enum status make_call(struct caller *caller, const struct due_web_hook *due,
                             const struct settings *settings, struct err *err)
{
    struct http_answer answer = {0};
    struct err call_err = {.status = ST_OK};
    enum status called = call_out(caller, due, settings, &answer, &call_err);
    if (fault_hit("hook.after_call")) {
        return err_set(err, ST_TEMPFAIL, "fault point hook.after_call");
    }
    struct outcome outcome = judge(due, settings, called, &answer, &call_err);
    enum status status = write_down(caller, due, &outcome, err);
    if (status == ST_OK) {
        log_call(due, &outcome);
    }
    return status;
}

/* ---- one round --------------------------------------------------------------------------------- */

static enum status give_back(struct caller *caller, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(caller->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = web_hook_store_give_back(tx, caller->holder, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    caller->owes_return = status != ST_OK;
    return status;
}

static enum status open_what_is_closed(struct caller *caller, struct err *err)
{
    enum status status = ST_OK;
    if (caller->conn && conn_is_broken(caller->conn)) {
        g_clear_pointer(&caller->conn, conn_close);
    }
    if (!caller->conn) {
        status = conn_open_service(caller->config->database, "postdesk hook", &caller->conn, err);
        if (status == ST_OK) {
            status = migrate_check(caller->conn, err);
        }
        if (status == ST_OK) {
            status = conn_listen(caller->conn, "postdesk_outbound", err);
        }
        if (status != ST_OK) {
            g_clear_pointer(&caller->conn, conn_close);
        }
    }
    return status == ST_OK && caller->owes_return ? give_back(caller, err) : status;
}

static enum status claim(struct caller *caller, GPtrArray **calls_out, struct settings *settings,
                         struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) calls = NULL;
    caller->lease_end_us = clock_monotonic_us(clock_real()) + caller->config->lease_us;
    enum status status = tx_begin(caller->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = web_hook_store_claim(tx, caller->holder, caller->config->lease_us,
                                      LIMIT_HOOK_BATCH, &calls, settings, err);
    }
    if (status == ST_OK) {
        caller->owes_return = true;
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        *calls_out = g_steal_pointer(&calls);
    }
    return status;
}

/* The first of a batch may begin whatever the lease is: it would never be called else. */
static bool has_time(const struct caller *caller, guint at)
{
    int64_t left_us = caller->lease_end_us - clock_monotonic_us(clock_real());
    return at == 0 || left_us >= (int64_t)LIMIT_HOOK_MS * 1000;
}

/* ST_NOT_FOUND: nothing is due. */
static enum status round_once(struct caller *caller, struct err *err)
{
    g_autoptr(GPtrArray) calls = NULL;
    struct settings settings;
    enum status status = open_what_is_closed(caller, err);
    if (status == ST_OK) {
        status = claim(caller, &calls, &settings, err);
    }
    if (status != ST_OK) {
        return status;
    }
    caller->owes_return = false;
    for (guint i = 0; i < calls->len && status == ST_OK; i++) {
        if (stop_requested() || !has_time(caller, i)) {
            caller->owes_return = true;
            return ST_OK;
        }
        status = make_call(caller, g_ptr_array_index(calls, i), &settings, err);
        caller->owes_return = status != ST_OK;
    }
    return status == ST_OK && calls->len == 0 ? ST_NOT_FOUND : status;
}

/* ---- the role ---------------------------------------------------------------------------------- */

static void caller_close(struct caller *caller)
{
    struct err err = {.status = ST_OK};
    if (caller->conn && caller->owes_return && give_back(caller, &err) != ST_OK) {
        log_warning("claims.left", kv("error", err.text));
    }
    g_clear_pointer(&caller->conn, conn_close);
}

enum status hook_send_run(const struct config *config, struct err *err)
{
    struct caller caller = {.config = config,
                            .database = {.lost_event = "database.lost",
                                         .back_event = "database.regained",
                                         .first_ms = DATABASE_FIRST_MS,
                                         .most_ms = DATABASE_MOST_MS}};
    enum status status = ST_OK;
    g_snprintf(caller.holder, sizeof caller.holder, "%.40s hook %d %" PRIx64, g_get_host_name(),
               (int)getpid(), (uint64_t)random_int64());
    while (!stop_requested()) {
        status = round_once(&caller, err);
        if (status == ST_OK || status == ST_NOT_FOUND) {
            outage_end(&caller.database);
        }
        if (status == ST_NOT_FOUND) {
            status = conn_wait(caller.conn, config->poll_us / 1000, stop_fd(), err);
        }
        if (status == ST_FATAL) {
            break;
        }
        if (status != ST_OK && status != ST_NOT_FOUND) {
            outage_wait(outage_note(&caller.database, err));
        }
    }
    caller_close(&caller);
    return status == ST_FATAL ? status : ST_OK;
}
