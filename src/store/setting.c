/* setting - the desk's settings, as the command line sets them
 *
 * A row stands only for what was set by somebody: what was not follows the default of the program
 * (desk/settings), also of a later one. Names and values are checked there before they come here.
 *
 * The way of a mail reads them with each batch (store/desk), so nobody has to be told of a change.
 * I/O: the caller's transaction.
 */
#include "store/setting.h"

#include "store/change_log.h"

static const struct statement LIST = {"setting_list",
                                      "SELECT name, value, changed_at FROM setting ORDER BY name"};
static const struct statement FIND = {"setting_find",
                                      "SELECT value FROM setting WHERE name = $1 FOR UPDATE"};
static const struct statement SET = {
    "setting_set", "INSERT INTO setting (name, value) VALUES ($1, $2)"
                   " ON CONFLICT (name) DO UPDATE SET value = $2, changed_at = now()"};

enum status setting_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status setting_store_set(struct tx *tx, const char *actor, const char *name, const char *value,
                              struct err *err)
{
    OWNED(params) key = params_new();
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;

    params_add_text(key, name);
    params_add_text(params, name);
    params_add_text(params, value);
    tx_queue(tx, &FIND, key, &old);
    enum status status = tx_query(tx, &SET, params, NULL, err);
    if (status == ST_OK) {
        struct logged_change base = {.actor = actor,
                                     .object = "setting",
                                     .name = name,
                                     .what = "changed"};
        change_log_queue_field(tx, &base, "value",
                               rows_count(old) == 0 ? NULL : row_text(old, 0, 0), value);
        status = tx_sync(tx, err);
    }
    return status;
}
