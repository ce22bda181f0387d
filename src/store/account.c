/* account - mailboxes, as the command line enters and lists them
 *
 * How to reach a mailbox and whom to believe there. Passwords are never here: `secret` is the name of a
 * file that each host has. The moment of the entry is kept (taken_from): mail that stood in the mailbox
 * before is left alone, unless told otherwise.
 *
 * What roles read of it stands in store/desk. (The name: symbols must not begin with "mail".)
 * I/O: the caller's transaction. NOTIFY postdesk_mailbox tells the roles that something changed.
 */
#include "store/account.h"

#include <string.h>

#include "store/change_log.h"
#include "store/named.h"

#define MAILBOX_COLUMNS                                                                     \
 "id, address, name, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port," \
 " smtp_user, smtp_security, secret, trust, authserv_id, own_hosts, technician_proof,"      \
 " has_subaddresses, taken_from, is_enabled, created_at, aliases, after_fetch,"             \
 " processed_folder, oversize_folder, imap_pin, smtp_pin FROM mailbox"

static const struct statement LIST = {"account_list",
                                      "SELECT " MAILBOX_COLUMNS " ORDER BY address"};

static const struct statement FIND = {"account_find",
                                      "SELECT " MAILBOX_COLUMNS " WHERE address = $1 OR id = $2"};

static const struct statement FOLDERS = {
    "account_folders", "SELECT folder, uidvalidity, last_uid, fetched FROM mailbox_folder"
                       " WHERE mailbox = $1 ORDER BY folder, uidvalidity"};

/* Addresses mean one mailbox each, whether as its own or as an alias. */
static const struct statement TAKEN = {
    "account_taken",
    "SELECT address FROM mailbox WHERE id <> $1"
    " AND (address = ANY($2::text[]) OR aliases && $2::text[]) ORDER BY id LIMIT 1"};

/* The texts in the order of enum account_text. */
static const struct statement ADD = {
    "account_add",
    "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
    " smtp_port, smtp_user, smtp_security, secret, technician_proof, after_fetch, processed_folder,"
    " oversize_folder, imap_pin, smtp_pin, has_subaddresses, is_enabled, trust, authserv_id, own_hosts,"
    " aliases, taken_from) VALUES ($1, $2, $3, $4::text::int4, $5, $6, $7, $8::text::int4,"
    " nullif($9, ''), $10, $11, $12, $13, $14, $15, nullif($16, ''), nullif($17, ''),"
    " $18::text::bool, $19::text::bool, $20, $21, $22, $23, CASE WHEN $24 THEN NULL ELSE now() END)"
    " ON CONFLICT (address) DO NOTHING RETURNING id"};

static const struct statement LOCK = {
    "account_lock",
    "SELECT name, imap_host, imap_port::text, imap_user, imap_security, smtp_host, smtp_port::text,"
    " smtp_user, smtp_security, secret, technician_proof, after_fetch, processed_folder, oversize_folder,"
    " imap_pin, smtp_pin, CASE WHEN has_subaddresses THEN 'yes' ELSE 'no' END,"
    " CASE WHEN is_enabled THEN 'yes' ELSE 'no' END, trust, authserv_id, own_hosts, aliases"
    " FROM mailbox WHERE id = $1 FOR UPDATE"};

static const struct statement CHANGE = {
    "account_change",
    "UPDATE mailbox SET name = $2, imap_host = $3, imap_port = $4::text::int4, imap_user = $5,"
    " imap_security = $6, smtp_host = $7, smtp_port = $8::text::int4, smtp_user = nullif($9, ''),"
    " smtp_security = $10, secret = $11, technician_proof = $12, after_fetch = $13,"
    " processed_folder = $14, oversize_folder = $15, imap_pin = nullif($16, ''),"
    " smtp_pin = nullif($17, ''), has_subaddresses = $18::text::bool, is_enabled = $19::text::bool,"
    " trust = $20, authserv_id = $21, own_hosts = $22, aliases = $23 WHERE id = $1"};

static const struct statement WAKE = {"account_wake", "NOTIFY postdesk_mailbox"};

enum status account_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status account_store_find(struct tx *tx, const char *address_or_id, struct rows **rows_out,
                               struct err *err)
{
    enum status status = named_find(tx, &FIND, address_or_id, rows_out, err);

    if (status == ST_NOT_FOUND) {
        (void)err_set(err, ST_NOT_FOUND, "there is no mailbox \"%s\"", address_or_id);
        return err_hint(err, "postdesk mailbox list");
    }
    return status;
}

enum status account_store_folders(struct tx *tx, mailbox_id mailbox, struct rows **rows_out,
                                  struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, mailbox);
    return tx_query(tx, &FOLDERS, params, rows_out, err);
}

static enum status refuse_taken(struct tx *tx, mailbox_id mailbox, const char *const *addresses,
                                size_t count, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, mailbox);
    params_add_texts(params, addresses, count);
    enum status status = tx_query(tx, &TAKEN, params, &rows, err);
    if (status == ST_OK && rows_count(rows) > 0) {
        const char *other = row_text(rows, 0, 0);
        return count == 1 && strcmp(addresses[0], other) == 0
                   ? err_set(err, ST_INVALID, "there is a mailbox \"%s\" already", other)
                   : err_set(err, ST_INVALID, "one of the addresses is that of the mailbox \"%s\"",
                             other);
    }
    return status;
}

enum status account_store_add(struct tx *tx, const char *actor, const struct mailbox_entry *entry,
                              mailbox_id *mailbox_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    enum status status = refuse_taken(tx, 0, &entry->address, 1, err);
    if (status == ST_OK) {
        status = refuse_taken(tx, 0, (const char *const *)entry->aliases->pdata,
                              entry->aliases->len, err);
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_text(params, entry->address);
    for (int i = 0; i < ACCOUNT_TEXTS; i++) {
        params_add_text(params, entry->texts[i]);
    }
    params_add_text(params, entry->trust);
    params_add_text(params, entry->authserv_id);
    params_add_texts(params, (const char *const *)entry->own_hosts->pdata, entry->own_hosts->len);
    params_add_texts(params, (const char *const *)entry->aliases->pdata, entry->aliases->len);
    params_add_bool(params, entry->takes_existing);
    tx_queue(tx, &ADD, params, &rows);
    status = tx_query(tx, &WAKE, NULL, NULL, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_INVALID, "there is a mailbox \"%s\" already", entry->address);
    }
    if (status == ST_OK) {
        *mailbox_out = row_int64(rows, 0, 0);
        struct logged_change change = {.actor = actor,
                                       .object = "mailbox",
                                       .number = *mailbox_out,
                                       .what = "added",
                                       .new_value = entry->address};
        change_log_queue(tx, &change);
        status = tx_sync(tx, err);
    }
    return status;
}

/* ---- changes ---- */

/* "authserv-id:mx.desk.example", "google". Own. */
static char *trust_text(const char *trust, const char *authserv_id)
{
    return authserv_id == NULL ? g_strdup(trust) : g_strconcat(trust, ":", authserv_id, NULL);
}

static char *list_text(const GPtrArray *list)
{
    g_autoptr(GString) text = g_string_new("");

    for (size_t i = 0; i < list->len; i++) {
        g_string_append(text, i == 0 ? "" : ", ");
        g_string_append(text, g_ptr_array_index(list, i));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

enum { TRUST = ACCOUNT_TEXTS, AUTHSERV_ID, OWN_HOSTS, ALIASES };

/* How the log of changes calls a text. */
static const char *const LABELS[ACCOUNT_TEXTS] = {
    [ACCOUNT_NAME] = "name",
    [ACCOUNT_IMAP_HOST] = "imap-host",
    [ACCOUNT_IMAP_PORT] = "imap-port",
    [ACCOUNT_IMAP_USER] = "imap-user",
    [ACCOUNT_IMAP_SECURITY] = "imap-security",
    [ACCOUNT_SMTP_HOST] = "smtp-host",
    [ACCOUNT_SMTP_PORT] = "smtp-port",
    [ACCOUNT_SMTP_USER] = "smtp-user",
    [ACCOUNT_SMTP_SECURITY] = "smtp-security",
    [ACCOUNT_SECRET] = "secret",
    [ACCOUNT_PROOF] = "technician-proof",
    [ACCOUNT_AFTER_FETCH] = "after-fetch",
    [ACCOUNT_PROCESSED] = "processed",
    [ACCOUNT_OVERSIZE] = "oversize",
    [ACCOUNT_IMAP_PIN] = "imap-pin",
    [ACCOUNT_SMTP_PIN] = "smtp-pin",
    [ACCOUNT_SUBADDRESSES] = "subaddresses",
    [ACCOUNT_ENABLED] = "enabled",
};

/* A list that is to be another: the one that counts from now on, which is old or new. */
static const GPtrArray *changed_list(struct tx *tx, const struct logged_change *base,
                                     const char *label, const GPtrArray *old, const GPtrArray *new)
{
    if (new == NULL) {
        return old;
    }
    g_autofree char *old_text = list_text(old);
    g_autofree char *new_text = list_text(new);
    change_log_queue_field(tx, base, label, old_text, new_text);
    return new;
}

static void queue_change(struct tx *tx, const struct logged_change *base, const struct rows *old,
                         const struct mailbox_change *change)
{
    OWNED(params) params = params_new();
    bool keeps_trust = change->trust == NULL;
    const char *trust = keeps_trust ? row_text(old, 0, TRUST) : change->trust;
    const char *authserv_id = keeps_trust ? row_text(old, 0, AUTHSERV_ID) : change->authserv_id;
    g_autofree char *old_trust = trust_text(row_text(old, 0, TRUST), row_text(old, 0, AUTHSERV_ID));
    g_autofree char *new_trust = trust_text(trust, authserv_id);
    g_autoptr(GPtrArray) old_hosts = row_texts(old, 0, OWN_HOSTS);
    g_autoptr(GPtrArray) old_aliases = row_texts(old, 0, ALIASES);

    params_add_int64(params, base->number);
    for (int i = 0; i < ACCOUNT_TEXTS; i++) {
        const char *text = row_text(old, 0, i);
        if (change->texts[i] != NULL) {
            change_log_queue_field(tx, base, LABELS[i], text == NULL ? "" : text, change->texts[i]);
            text = change->texts[i];
        }
        params_add_text(params, text);
    }
    params_add_text(params, trust);
    params_add_text(params, authserv_id);
    change_log_queue_field(tx, base, "trust", old_trust, new_trust);
    const GPtrArray *hosts = changed_list(tx, base, "own-hosts", old_hosts, change->own_hosts);
    params_add_texts(params, (const char *const *)hosts->pdata, hosts->len);
    const GPtrArray *aliases = changed_list(tx, base, "aliases", old_aliases, change->aliases);
    params_add_texts(params, (const char *const *)aliases->pdata, aliases->len);
    tx_queue(tx, &CHANGE, params, NULL);
}

enum status account_store_change(struct tx *tx, const char *actor, mailbox_id mailbox,
                                 const struct mailbox_change *change, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;
    struct logged_change base = {.actor = actor,
                                 .object = "mailbox",
                                 .number = mailbox,
                                 .what = "changed"};

    params_add_int64(params, mailbox);
    enum status status = tx_query(tx, &LOCK, params, &old, err);
    if (status == ST_OK && rows_count(old) == 0) {
        return err_set(err, ST_NOT_FOUND, "the mailbox is gone");
    }
    if (status == ST_OK && change->aliases != NULL) {
        status = refuse_taken(tx, mailbox, (const char *const *)change->aliases->pdata,
                              change->aliases->len, err);
    }
    if (status == ST_OK) {
        queue_change(tx, &base, old, change);
        status = tx_query(tx, &WAKE, NULL, NULL, err);
    }
    return status;
}
