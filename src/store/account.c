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
 " has_subaddresses, taken_from, is_enabled, created_at FROM mailbox"

static const struct statement LIST = {"account_list",
                                      "SELECT " MAILBOX_COLUMNS " ORDER BY address"};

static const struct statement FIND = {"account_find",
                                      "SELECT " MAILBOX_COLUMNS " WHERE address = $1 OR id = $2"};

static const struct statement FOLDERS = {
    "account_folders", "SELECT folder, uidvalidity, last_uid, fetched FROM mailbox_folder"
                       " WHERE mailbox = $1 ORDER BY folder, uidvalidity"};

static const struct statement ADD = {
    "account_add",
    "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
    " smtp_port, smtp_user, smtp_security, secret, trust, authserv_id, own_hosts, has_subaddresses,"
    " taken_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
    " CASE WHEN $16 THEN NULL ELSE now() END)"
    " ON CONFLICT (address) DO NOTHING RETURNING id"};

static const struct statement LOCK = {
    "account_lock",
    "SELECT name, trust, authserv_id, own_hosts, technician_proof, has_subaddresses,"
    " is_enabled FROM mailbox WHERE id = $1 FOR UPDATE"};

static const struct statement CHANGE = {
    "account_change",
    "UPDATE mailbox SET name = $2, trust = $3, authserv_id = $4, own_hosts = $5,"
    " technician_proof = $6, has_subaddresses = $7, is_enabled = $8 WHERE id = $1"};

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

enum status account_store_add(struct tx *tx, const char *actor, const struct mailbox_entry *entry,
                              mailbox_id *mailbox_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, entry->address);
    params_add_text(params, entry->name);
    params_add_text(params, entry->imap_host);
    params_add_int32(params, entry->imap_port);
    params_add_text(params, entry->imap_user);
    params_add_text(params, entry->imap_security);
    params_add_text(params, entry->smtp_host);
    params_add_int32(params, entry->smtp_port);
    params_add_text(params, entry->smtp_user);
    params_add_text(params, entry->smtp_security);
    params_add_text(params, entry->secret);
    params_add_text(params, entry->trust);
    params_add_text(params, entry->authserv_id);
    params_add_texts(params, entry->own_hosts, entry->own_host_count);
    params_add_bool(params, entry->has_subaddresses);
    params_add_bool(params, entry->takes_existing);
    tx_queue(tx, &ADD, params, &rows);
    enum status status = tx_query(tx, &WAKE, NULL, NULL, err);
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

static char *hosts_text(const GPtrArray *hosts)
{
    g_autoptr(GString) text = g_string_new("");

    for (size_t i = 0; i < hosts->len; i++) {
        g_string_append(text, i == 0 ? "" : ", ");
        g_string_append(text, g_ptr_array_index(hosts, i));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Record a text that is to be another. */
static const char *changed(struct tx *tx, const struct logged_change *base, const char *field,
                           const char *old, const char *new)
{
    if (new == NULL) {
        return old;
    }
    change_log_queue_field(tx, base, field, old, new);
    return new;
}

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

static void queue_change(struct tx *tx, const struct logged_change *base, const struct rows *old,
                         const struct mailbox_change *change)
{
    OWNED(params) params = params_new();
    bool keeps_trust = change->trust == NULL;
    const char *trust = keeps_trust ? row_text(old, 0, 1) : change->trust;
    const char *authserv_id = keeps_trust ? row_text(old, 0, 2) : change->authserv_id;
    g_autofree char *old_trust = trust_text(row_text(old, 0, 1), row_text(old, 0, 2));
    g_autofree char *new_trust = trust_text(trust, authserv_id);
    g_autoptr(GPtrArray) old_hosts = row_texts(old, 0, 3);
    const GPtrArray *hosts = change->own_hosts == NULL ? old_hosts : change->own_hosts;
    g_autofree char *old_list = hosts_text(old_hosts);
    g_autofree char *new_list = hosts_text(hosts);

    params_add_int64(params, base->number);
    params_add_text(params, changed(tx, base, "name", row_text(old, 0, 0), change->name));
    params_add_text(params, trust);
    params_add_text(params, authserv_id);
    params_add_texts(params, (const char *const *)hosts->pdata, hosts->len);
    params_add_text(params, changed(tx, base, "technician-proof", row_text(old, 0, 4),
                                    change->technician_proof));
    params_add_bool(params, strcmp(changed(tx, base, "subaddresses", yes_no(row_bool(old, 0, 5)),
                                           change->has_subaddresses),
                                   "yes") == 0);
    params_add_bool(params, strcmp(changed(tx, base, "enabled", yes_no(row_bool(old, 0, 6)),
                                           change->is_enabled),
                                   "yes") == 0);
    change_log_queue_field(tx, base, "trust", old_trust, new_trust);
    change_log_queue_field(tx, base, "own-hosts", old_list, new_list);
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
    if (status == ST_OK) {
        queue_change(tx, &base, old, change);
        status = tx_query(tx, &WAKE, NULL, NULL, err);
    }
    return status;
}
