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

#include "core/text.h"

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

static const struct statement WAKE = {"account_wake", "NOTIFY postdesk_mailbox"};

enum status account_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status account_store_find(struct tx *tx, const char *address_or_id, struct rows **rows_out,
                               struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct err ignored = {.status = ST_OK};
    int64_t id = 0;

    if (text_parse_int64(address_or_id, 1, INT64_MAX, &id, &ignored) != ST_OK) {
        id = 0;
    }
    params_add_text(params, address_or_id);
    params_add_id(params, id);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "there is no mailbox \"%s\"", address_or_id);
        return err_hint(err, "postdesk mailbox list");
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
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

enum status account_store_add(struct tx *tx, const struct mailbox_entry *entry,
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
    }
    return status;
}
