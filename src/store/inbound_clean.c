/* inbound_clean - which processed mail may be removed from its mailbox
 *
 * A mail that was taken stands in the folder of processed mail for some days more, so that a desk whose database
 * had to be restored can take it again (DESIGN 12). After that only mails are named here that we moved there
 * ourselves, whose UID there is known, and that are decided: whatever people put into the folder stays.
 *
 * Mails are moved about in the order of their ids. So a folder's kept_from, the first that may not be removed yet,
 * is where the next look begins, and no index is needed for it.
 *
 * A mail that was removed has no UID any more: its row keeps the folder's name.
 * I/O: the caller's transaction.
 */
#include "store/inbound_clean.h"

/* A folder that was made anew has a higher UIDVALIDITY. */
static const struct statement NUMBERED = {
    "inbound_clean_numbered",
    "SELECT coalesce(max(uidvalidity), 0)::int8 FROM mailbox_folder WHERE mailbox = $1 AND folder = $2"};

static const struct statement FIND = {
    "inbound_clean_find",
    "SELECT i.id, i.moved_uid, coalesce(i.state <> 'received' AND i.moved_at < now() - make_interval(days => $4::int4),"
    "  false) FROM inbound_mail i WHERE i.id >= coalesce((SELECT f.kept_from FROM mailbox_folder f"
    "  WHERE f.mailbox = $1 AND f.folder = $2 AND f.uidvalidity = $3), 0) AND i.mailbox = $1"
    " AND (i.moved_at IS NULL OR (i.moved_folder = $2 AND i.moved_uidvalidity = $3 AND i.moved_uid IS NOT NULL))"
    " ORDER BY i.id LIMIT $5"};

static const struct statement REMOVED = {
    "inbound_clean_removed",
    "UPDATE inbound_mail SET moved_uid = NULL, moved_uidvalidity = NULL WHERE id = ANY($1::int8[])"};

static const struct statement KEPT_FROM = {
    "inbound_clean_kept_from",
    "UPDATE mailbox_folder SET kept_from = $4 WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3"};

static struct params *folder_params(const struct inbound_folder *folder)
{
    struct params *params = params_new();
    params_add_int64(params, folder->mailbox);
    params_add_text(params, folder->name);
    params_add_int64(params, folder->uidvalidity);
    return params;
}

enum status inbound_clean_numbered(struct tx *tx, struct inbound_folder *folder, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, folder->mailbox);
    params_add_text(params, folder->name);
    enum status status = tx_query(tx, &NUMBERED, params, &rows, err);
    if (status == ST_OK) {
        folder->uidvalidity = row_int64(rows, 0, 0);
    }
    return status;
}

enum status inbound_clean_find(struct tx *tx, const struct inbound_folder *folder, int64_t days,
                               int64_t limit, GArray **mails_out, struct err *err)
{
    OWNED(params) params = folder_params(folder);
    OWNED(rows) rows = NULL;

    params_add_int32(params, (int32_t)days);
    params_add_int64(params, limit);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct kept_mail));
    for (int row = 0; row < rows_count(rows); row++) {
        const struct kept_mail mail = {.id = row_int64(rows, row, 0),
                                       .uid = row_int64(rows, row, 1),
                                       .is_due = row_bool(rows, row, 2)};
        g_array_append_val(mails, mail);
    }
    *mails_out = mails;
    return ST_OK;
}

enum status inbound_clean_removed(struct tx *tx, const struct inbound_folder *folder,
                                  const mail_id *mails, size_t count, mail_id kept_from,
                                  struct err *err)
{
    OWNED(params) removed = params_new();
    OWNED(params) params = folder_params(folder);

    params_add_int64s(removed, mails, count);
    params_add_int64(params, kept_from);
    tx_queue(tx, &REMOVED, removed, NULL);
    return tx_query(tx, &KEPT_FROM, params, NULL, err);
}
