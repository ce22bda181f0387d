/* desk - what is common to all mails of a moment: settings, token keys, mailboxes, the clock
 *
 * Read anew for every batch (five small queries in the batch's first round trip), so that a change by the
 * command line is live with the next mail and no process has to be told.
 *
 * Secrets: token keys pass through here into struct token_keys and nowhere else. Passwords of mailboxes are
 * never in the database: `secret` is the name of a file on the host.
 * I/O: the caller's transaction.
 */
#include "store/desk.h"

#include <inttypes.h>
#include <string.h>

static const struct statement NOW = {"desk_now", "SELECT now()"};
static const struct statement SETTINGS = {"desk_settings", "SELECT name, value FROM setting"};
static const struct statement KEYS = {
    "desk_keys", "SELECT slot, secret FROM token_key ORDER BY created_at, slot"};
static const struct statement MAILBOXES = {
    "desk_mailboxes",
    "SELECT id, address, name, trust, authserv_id, own_hosts, technician_proof = 'auth',"
    " has_subaddresses, send_bytes, aliases FROM mailbox ORDER BY id"};
/* Holidays of other years bear on no mail of today. */
static const struct statement CALENDAR = {
    "desk_calendar",
    "SELECT zone,"
    " (SELECT array_agg((weekday - 1) * 1440::int8 + opens ORDER BY weekday, opens) FROM working_span),"
    " (SELECT array_agg((weekday - 1) * 1440::int8 + closes ORDER BY weekday, opens) FROM working_span),"
    " (SELECT array_agg(coalesce(year, 0) * 10000::int8 + month * 100 + day ORDER BY year, month, day) FROM holiday"
    "  WHERE year IS NULL OR abs(year - extract(year FROM now())) <= 1) FROM calendar"};
static const struct statement ACCOUNT = {
    "desk_account",
    "SELECT id, address, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port,"
    " smtp_user, smtp_security, secret, taken_from, is_enabled, after_fetch = 'keep',"
    " processed_folder, oversize_folder, imap_pin, smtp_pin FROM mailbox WHERE id = $1"};
static const struct statement ENABLED = {"desk_enabled",
                                         "SELECT id FROM mailbox WHERE is_enabled ORDER BY id"};

void account_free(struct mailbox_account *account)
{
    if (account) {
        g_free(account->address);
        g_free(account->imap_host);
        g_free(account->imap_user);
        g_free(account->imap_security);
        g_free(account->smtp_host);
        g_free(account->smtp_user);
        g_free(account->smtp_security);
        g_free(account->secret);
        g_free(account->processed_folder);
        g_free(account->oversize_folder);
        g_free(account->imap_pin);
        g_free(account->smtp_pin);
        g_free(account);
    }
}

bool account_equal(const struct mailbox_account *a, const struct mailbox_account *b)
{
    const char *const pairs[][2] = {
        {a->address, b->address},
        {a->imap_host, b->imap_host},
        {a->imap_user, b->imap_user},
        {a->imap_security, b->imap_security},
        {a->smtp_host, b->smtp_host},
        {a->smtp_user, b->smtp_user},
        {a->smtp_security, b->smtp_security},
        {a->secret, b->secret},
        {a->processed_folder, b->processed_folder},
        {a->oversize_folder, b->oversize_folder},
        {a->imap_pin, b->imap_pin},
        {a->smtp_pin, b->smtp_pin},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (g_strcmp0(pairs[i][0], pairs[i][1]) != 0) {
            return false;
        }
    }
    return a->id == b->id && a->imap_port == b->imap_port && a->smtp_port == b->smtp_port &&
           a->taken_from_us == b->taken_from_us && a->is_enabled == b->is_enabled &&
           a->keeps_mail == b->keeps_mail;
}

enum status desk_store_account(struct tx *tx, mailbox_id mailbox,
                               struct mailbox_account **account_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mailbox);
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &ACCOUNT, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no mailbox %" PRId64, mailbox);
    }
    struct mailbox_account *account = g_new0(struct mailbox_account, 1);
    account->id = row_int64(rows, 0, 0);
    account->address = g_strdup(row_text(rows, 0, 1));
    account->imap_host = g_strdup(row_text(rows, 0, 2));
    account->imap_port = (int)row_int64(rows, 0, 3);
    account->imap_user = g_strdup(row_text(rows, 0, 4));
    account->imap_security = g_strdup(row_text(rows, 0, 5));
    account->smtp_host = g_strdup(row_text(rows, 0, 6));
    account->smtp_port = (int)row_int64(rows, 0, 7);
    account->smtp_user = g_strdup(row_text(rows, 0, 8));
    account->smtp_security = g_strdup(row_text(rows, 0, 9));
    account->secret = g_strdup(row_text(rows, 0, 10));
    account->taken_from_us = row_time(rows, 0, 11);
    account->is_enabled = row_bool(rows, 0, 12);
    account->keeps_mail = row_bool(rows, 0, 13);
    account->processed_folder = g_strdup(row_text(rows, 0, 14));
    account->oversize_folder = g_strdup(row_text(rows, 0, 15));
    account->imap_pin = g_strdup(row_text(rows, 0, 16));
    account->smtp_pin = g_strdup(row_text(rows, 0, 17));
    *account_out = account;
    return ST_OK;
}

enum status desk_store_enabled(struct tx *tx, GArray **mailboxes_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &ENABLED, NULL, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    GArray *mailboxes = g_array_new(FALSE, FALSE, sizeof(mailbox_id));
    for (int row = 0; row < rows_count(rows); row++) {
        mailbox_id id = row_int64(rows, row, 0);
        g_array_append_val(mailboxes, id);
    }
    *mailboxes_out = mailboxes;
    return ST_OK;
}

void desk_store_queue(struct tx *tx, struct desk_rows *rows_out)
{
    tx_queue(tx, &NOW, NULL, &rows_out->now);
    tx_queue(tx, &SETTINGS, NULL, &rows_out->settings);
    tx_queue(tx, &KEYS, NULL, &rows_out->keys);
    tx_queue(tx, &MAILBOXES, NULL, &rows_out->mailboxes);
    tx_queue(tx, &CALENDAR, NULL, &rows_out->calendar);
}

void desk_rows_clear(struct desk_rows *rows)
{
    g_clear_pointer(&rows->now, rows_free);
    g_clear_pointer(&rows->settings, rows_free);
    g_clear_pointer(&rows->keys, rows_free);
    g_clear_pointer(&rows->mailboxes, rows_free);
    g_clear_pointer(&rows->calendar, rows_free);
}

int64_t desk_store_now(const struct desk_rows *rows)
{
    return row_time(rows->now, 0, 0);
}

enum status desk_store_settings(const struct desk_rows *rows, struct settings *settings_out,
                                struct err *err)
{
    struct settings settings = settings_default();
    for (int row = 0; row < rows_count(rows->settings); row++) {
        const char *name = row_text(rows->settings, row, 0);
        enum status status = settings_set(&settings, name, row_text(rows->settings, row, 1), err);
        if (status != ST_OK) {
            return err_wrap(err, "setting \"%s\" in the database", name);
        }
    }
    *settings_out = settings;
    return ST_OK;
}

void desk_store_keys(const struct desk_rows *rows, struct token_keys *keys_out)
{
    memset(keys_out, 0, sizeof *keys_out);
    for (int row = 0; row < rows_count(rows->keys); row++) {
        unsigned slot = (unsigned)row_int64(rows->keys, row, 0) % TOKEN_KEYS;
        size_t length = 0;
        const void *secret = row_bytes(rows->keys, row, 1, &length);
        if (length == TOKEN_SECRET_BYTES) {
            memcpy(keys_out->secret[slot], secret, length);
            keys_out->is_live[slot] = true;
            keys_out->signing_slot = slot; /* the newest comes last */
        }
    }
}

void desk_store_calendar(const struct desk_rows *rows, struct calendar_record *calendar)
{
    calendar_done(calendar);
    calendar->zone = g_strdup(row_text(rows->calendar, 0, 0));
    calendar->opens = row_int64s(rows->calendar, 0, 1);
    calendar->closes = row_int64s(rows->calendar, 0, 2);
    calendar->holidays = row_int64s(rows->calendar, 0, 3);
}

static enum trust trust_of(const char *name)
{
    static const struct {
        const char *name;
        enum trust trust;
    } TRUSTS[] = {{"authserv-id", TRUST_AUTHSERV_ID},
                  {"google", TRUST_GOOGLE},
                  {"microsoft365", TRUST_MICROSOFT365}};
    for (size_t i = 0; i < G_N_ELEMENTS(TRUSTS); i++) {
        if (g_strcmp0(name, TRUSTS[i].name) == 0) {
            return TRUSTS[i].trust;
        }
    }
    return TRUST_NONE;
}

bool desk_store_mailbox(const struct desk_rows *rows, mailbox_id mailbox,
                        struct mailbox_record *out)
{
    const struct rows *all = rows->mailboxes;
    for (int row = 0; row < rows_count(all); row++) {
        if (row_int64(all, row, 0) != mailbox) {
            continue;
        }
        g_free(out->address);
        g_free(out->name);
        g_free(out->authserv_id);
        g_clear_pointer(&out->own_hosts, g_ptr_array_unref);
        out->id = mailbox;
        out->address = g_strdup(row_text(all, row, 1));
        out->name = g_strdup(row_text(all, row, 2));
        out->trust = trust_of(row_text(all, row, 3));
        out->authserv_id = g_strdup(row_text(all, row, 4));
        out->own_hosts = row_texts(all, row, 5);
        out->needs_auth = row_bool(all, row, 6);
        out->has_subaddresses = row_bool(all, row, 7);
        out->send_bytes = row_int64(all, row, 8);
        return true;
    }
    return false;
}

GPtrArray *desk_store_own_addresses(const struct desk_rows *rows)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
    for (int row = 0; row < rows_count(rows->mailboxes); row++) {
        g_autoptr(GPtrArray) aliases = row_texts(rows->mailboxes, row, 9);
        g_ptr_array_add(addresses, g_strdup(row_text(rows->mailboxes, row, 1)));
        for (guint i = 0; i < aliases->len; i++) {
            g_ptr_array_add(addresses, g_strdup(aliases->pdata[i]));
        }
    }
    return addresses;
}
