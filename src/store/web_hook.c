/* web_hook - calls of web hooks: a queue beside the one of mails
 *
 * A rule's call is a row, made in the transaction that does what the rule says; the senders take it from there, with
 * a lease and an epoch as for mails (store/outbound_due), so that a sender that slept through its lease cannot
 * overwrite what another one did. A call can be made twice when a sender dies between the call and its commit: the
 * receiver knows it by its number, which stays.
 *
 * Whoever has no answer yet is asked in the order of his next try; a call that somebody wants tried again counts its
 * time from then on.
 * I/O: the caller's transaction.
 */
#include "store/web_hook.h"

#include <inttypes.h>
#include <string.h>

#include "store/change_log.h"

static const struct statement ADD = {
    "web_hook_add", "INSERT INTO web_hook_call (ticket, mail, rule, event, url, body)"
                    " SELECT u.ticket, u.mail, u.rule, u.event, u.url, u.body::jsonb"
                    " FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[],"
                    " $6::text[]) AS u (ticket, mail, rule, event, url, body)"};
static const struct statement WAKE = {"web_hook_wake", "NOTIFY postdesk_outbound"};

static const struct statement CLAIM = {
    "web_hook_claim",
    "WITH due AS MATERIALIZED (SELECT id FROM web_hook_call WHERE state = 'queued'"
    " AND next_try_at <= now() AND (lease_until IS NULL OR lease_until <= now())"
    " ORDER BY next_try_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)"
    " UPDATE web_hook_call w SET lease_holder = $1, lease_epoch = w.lease_epoch + 1,"
    " lease_until = now() + $2 * interval '1 microsecond' FROM due WHERE w.id = due.id"
    " RETURNING w.id, w.lease_epoch, w.attempt, (extract(epoch FROM now() - w.tried_from) * 1e6)::int8,"
    " w.url, w.rule, w.body::text"};
static const struct statement SETTINGS = {
    "web_hook_settings",
    "SELECT name, value FROM setting WHERE name LIKE 'retry-%' OR name LIKE 'web-hook-%'"};

static const struct statement END = {
    "web_hook_end",
    "UPDATE web_hook_call SET state = $4, attempt = attempt + 1, answer = $6,"
    " ended_at = CASE WHEN $4 = 'queued' THEN NULL ELSE now() END,"
    " next_try_at = now() + $5 * interval '1 microsecond',"
    " lease_holder = NULL, lease_until = NULL"
    " WHERE id = $1 AND lease_epoch = $2 AND lease_holder = $3 AND state = 'queued'"};
static const struct statement GIVE_BACK = {
    "web_hook_give_back", "UPDATE web_hook_call SET lease_holder = NULL, lease_until = NULL"
                          " WHERE state = 'queued' AND lease_holder = $1"};

static const struct statement LIST = {
    "web_hook_list",
    "SELECT * FROM (SELECT id, state, rule, event, ticket, mail, url, attempt, queued_at,"
    " CASE WHEN state = 'queued' THEN next_try_at END, ended_at, answer FROM web_hook_call"
    " WHERE $1::text IS NULL OR state = $1 ORDER BY id DESC LIMIT $2) newest ORDER BY id"};

static const struct statement FIND = {"web_hook_find",
                                      "SELECT state FROM web_hook_call WHERE id = $1 FOR UPDATE"};
static const struct statement RETRY = {
    "web_hook_retry", "UPDATE web_hook_call SET state = 'queued', ended_at = NULL,"
                      " next_try_at = now(), tried_from = now(), attempt = 0 WHERE id = $1"};

/* ---- queueing ---------------------------------------------------------------------------------- */

static void add_texts(struct params *params, const struct new_web_hook *calls, size_t count,
                      size_t offset)
{
    g_autofree const char **texts = g_new(const char *, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(&texts[i], (const char *)&calls[i] + offset, sizeof texts[i]);
    }
    params_add_texts(params, texts, count);
}

void web_hook_store_queue(struct tx *tx, const struct new_web_hook *calls, size_t count)
{
    static const size_t TEXTS[] = {offsetof(struct new_web_hook, rule),
                                   offsetof(struct new_web_hook, event),
                                   offsetof(struct new_web_hook, url),
                                   offsetof(struct new_web_hook, body)};
    OWNED(params) params = params_new();
    g_autofree int64_t *tickets = g_new(int64_t, count + 1);
    g_autofree int64_t *mails = g_new(int64_t, count + 1);
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        tickets[i] = calls[i].ticket;
        mails[i] = calls[i].mail;
    }
    params_add_ids(params, tickets, count);
    params_add_ids(params, mails, count);
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        add_texts(params, calls, count, TEXTS[i]);
    }
    tx_queue(tx, &ADD, params, NULL);
    tx_queue(tx, &WAKE, NULL, NULL);
}

/* ---- sending ----------------------------------------------------------------------------------- */

void due_web_hook_free(struct due_web_hook *due)
{
    if (due) {
        g_free(due->url);
        g_free(due->rule);
        g_free(due->body);
        g_free(due);
    }
}

static GPtrArray *read_calls(const struct rows *rows)
{
    GPtrArray *calls = g_ptr_array_new_with_free_func((GDestroyNotify)due_web_hook_free);
    for (int row = 0; row < rows_count(rows); row++) {
        struct due_web_hook *due = g_new(struct due_web_hook, 1);
        *due = (struct due_web_hook){.id = row_int64(rows, row, 0),
                                     .epoch = row_int64(rows, row, 1),
                                     .attempt = (int32_t)row_int64(rows, row, 2),
                                     .age_us = row_int64(rows, row, 3),
                                     .url = g_strdup(row_text(rows, row, 4)),
                                     .rule = g_strdup(row_text(rows, row, 5)),
                                     .body = g_strdup(row_text(rows, row, 6))};
        g_ptr_array_add(calls, due);
    }
    return calls;
}

enum status web_hook_store_claim(struct tx *tx, const char *holder, int64_t lease_us, int64_t limit,
                                 GPtrArray **calls_out, struct settings *settings_out,
                                 struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) set = NULL;
    OWNED(rows) rows = NULL;
    struct settings settings = settings_default();
    params_add_text(params, holder);
    params_add_int64(params, lease_us);
    params_add_int64(params, limit);
    tx_queue(tx, &SETTINGS, NULL, &set);
    enum status status = tx_query(tx, &CLAIM, params, &rows, err);
    for (int row = 0; status == ST_OK && row < rows_count(set); row++) {
        status = settings_set(&settings, row_text(set, row, 0), row_text(set, row, 1), err);
    }
    if (status == ST_OK) {
        *settings_out = settings;
        *calls_out = read_calls(rows);
    }
    return status;
}

void web_hook_store_queue_end(struct tx *tx, const struct due_web_hook *due, const char *holder,
                              enum web_hook_end end, int64_t wait_us, const char *answer)
{
    static const char *const STATES[] =
        {[WEB_HOOK_SENT] = "sent", [WEB_HOOK_WAITS] = "queued", [WEB_HOOK_FAILED] = "failed"};
    OWNED(params) params = params_new();
    params_add_int64(params, due->id);
    params_add_int64(params, due->epoch);
    params_add_text(params, holder);
    params_add_text(params, STATES[end]);
    params_add_int64(params, wait_us);
    params_add_text(params, answer);
    tx_queue(tx, &END, params, NULL);
}

enum status web_hook_store_give_back(struct tx *tx, const char *holder, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, holder);
    return tx_query(tx, &GIVE_BACK, params, NULL, err);
}

/* ---- for people -------------------------------------------------------------------------------- */

enum status web_hook_store_list(struct tx *tx, const char *state, int64_t limit,
                                struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, state);
    params_add_int64(params, limit);
    return tx_query(tx, &LIST, params, rows_out, err);
}

enum status web_hook_store_retry(struct tx *tx, const char *actor, int64_t call, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    params_add_int64(params, call);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no call %" PRId64, call);
    }
    if (strcmp(row_text(rows, 0, 0), "sent") == 0) {
        return err_set(err, ST_INVALID, "call %" PRId64 " was sent", call);
    }
    struct logged_change change = {.actor = actor,
                                   .object = "web hook",
                                   .number = call,
                                   .what = "tried again",
                                   .field = "state",
                                   .old_value = row_text(rows, 0, 0),
                                   .new_value = "queued"};
    tx_queue(tx, &RETRY, params, NULL);
    change_log_queue(tx, &change);
    tx_queue(tx, &WAKE, NULL, NULL);
    return tx_sync(tx, err);
}
