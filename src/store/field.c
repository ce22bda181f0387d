/* field - what contacts see of a ticket's fields
 *
 * Each field is hidden, shown or editable to contacts; one that has no row is hidden. Notices and templates
 * obey it when they are written, so a change holds from the next mail on. Technicians see all fields.
 *
 * Which fields there are is the schema's to say: the command line changes rows, and makes none.
 * I/O: the caller's transaction.
 */
#include "store/field.h"

#include "store/change_log.h"

static const struct statement LIST = {"field_list",
                                      "SELECT name, contacts FROM field ORDER BY name"};

static const struct statement FIND = {"field_find",
                                      "SELECT contacts FROM field WHERE name = $1 FOR UPDATE"};

static const struct statement SET = {"field_set", "UPDATE field SET contacts = $2 WHERE name = $1"};

enum status field_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status field_store_set(struct tx *tx, const char *actor, const char *name,
                            const char *contacts, struct err *err)
{
    OWNED(params) key = params_new();
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;
    struct logged_change base = {.actor = actor,
                                 .object = "field",
                                 .name = name,
                                 .what = "changed"};

    params_add_text(key, name);
    enum status status = tx_query(tx, &FIND, key, &old, err);
    if (status == ST_OK && rows_count(old) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "there is no field \"%s\"", name);
        return err_hint(err, "postdesk field list");
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_text(params, name);
    params_add_text(params, contacts);
    tx_queue(tx, &SET, params, NULL);
    change_log_queue_field(tx, &base, "contacts", row_text(old, 0, 0), contacts);
    return tx_sync(tx, err);
}
