/* probe - what postdesk doctor asks about its probe mails
 *
 * A probe is a mail out like any other, with a row and a signed Message-ID, but the doctor sends it himself. When
 * a daemon is at work, it fetches the probe before the doctor sees it; then the doctor finds it among the
 * mails that came in since.
 * I/O: the caller's transaction, reading.
 */
#include "store/probe.h"

static const struct statement BEGUN = {
    "probe_begun", "SELECT message_id, (SELECT coalesce(max(id), 0) FROM inbound_mail)"
                   " FROM outbound_mail WHERE id = $1"};

static const struct statement FIND = {
    "probe_find",
    "SELECT id, state FROM inbound_mail WHERE id > $2 AND (message_id = $1 OR subject = $3)"
    " AND decided_at IS NOT NULL ORDER BY id LIMIT 1"};

static const struct statement ROLES = {
    "probe_roles", "SELECT 3 - count(*) FROM pg_roles"
                   " WHERE rolname IN ('postdesk_viewer', 'postdesk_operator', 'postdesk_admin')"};

enum status probe_store_begun(struct tx *tx, outbound_id mail, char **message_id_out,
                              mail_id *newest_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, mail);
    enum status status = tx_query(tx, &BEGUN, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "the probe is gone");
    }
    if (status == ST_OK) {
        *message_id_out = g_strdup(row_text(rows, 0, 0));
        *newest_out = row_int64(rows, 0, 1);
    }
    return status;
}

enum status probe_store_find(struct tx *tx, const char *message_id, const char *subject,
                             mail_id after, mail_id *mail_out, char **state_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, message_id);
    params_add_int64(params, after);
    params_add_text(params, subject);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "the probe has not come in");
    }
    if (status == ST_OK) {
        *mail_out = row_int64(rows, 0, 0);
        *state_out = g_strdup(row_text(rows, 0, 1));
    }
    return status;
}

enum status probe_store_roles(struct tx *tx, int64_t *missing_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &ROLES, NULL, &rows, err);

    if (status == ST_OK) {
        *missing_out = row_int64(rows, 0, 0);
    }
    return status;
}
