/* change_log - who changed what
 *
 * What happens to a ticket is its history (activity). Everything else that a person changes - customers,
 * people, groups, mailboxes, settings, fields, keys - is recorded here, in the transaction that
 * changes it: there is no change without its row, and no row without its change.
 *
 * Two names stand in a row: the database's role, which cannot be chosen by whoever writes the row (nobody
 * but the owner may insert that column), and the user at the host, which is what the command line
 * says. Rows are never changed or deleted (sql/0003_roles.sql grants neither).
 *
 * Values are texts for people. Secrets have no value here: that a key was made is recorded, the key not.
 * I/O: the caller's transaction.
 */
#include "store/change_log.h"

#include <assert.h>
#include <inttypes.h>

static const struct statement ADD = {
    "change_log_add",
    "INSERT INTO change_log (actor, object, object_id, what, field, old_value, new_value)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};

/* What has a number is shown with the name that it has now, if it is still there. */
static const struct statement LIST = {
    "change_log_list",
    "SELECT * FROM (SELECT l.id, l.at, l.actor, l.role, l.object, l.object_id,"
    " CASE l.object WHEN 'customer' THEN (SELECT name FROM customer WHERE id = l.object_id::int8)"
    " WHEN 'group' THEN (SELECT name FROM technician_group WHERE id = l.object_id::int8)"
    " WHEN 'mailbox' THEN (SELECT address FROM mailbox WHERE id = l.object_id::int8)"
    " WHEN 'contact' THEN (SELECT name FROM person WHERE id = l.object_id::int8)"
    " WHEN 'technician' THEN (SELECT name FROM person WHERE id = l.object_id::int8)"
    " ELSE l.object_id END, l.what, l.field, l.old_value, l.new_value FROM change_log l"
    " WHERE ($1::text IS NULL OR l.object = $1"
    "  OR ($1 = 'person' AND l.object IN ('contact', 'technician')))"
    " AND ($2::text IS NULL OR l.object_id = $2)"
    " AND ($3::int8 IS NULL OR l.at > now() - $3 * interval '1 second')"
    " AND CASE WHEN $5::int8 IS NULL THEN l.import IS NULL OR $2 IS NOT NULL ELSE l.import = $5 OR l.id = $5 END"
    " ORDER BY l.id DESC LIMIT $4) newest ORDER BY id"};

void change_log_queue(struct tx *tx, const struct logged_change *change)
{
    OWNED(params) params = params_new();
    g_autofree char *number = g_strdup_printf("%" PRId64, change->number);

    assert(change->actor != NULL && (change->number != 0 || change->name != NULL));
    params_add_text(params, change->actor);
    params_add_text(params, change->object);
    params_add_text(params, change->number == 0 ? change->name : number);
    params_add_text(params, change->what);
    params_add_text(params, change->field);
    params_add_text(params, change->old_value);
    params_add_text(params, change->new_value);
    tx_queue(tx, &ADD, params, NULL);
}

void change_log_queue_field(struct tx *tx, const struct logged_change *base, const char *field,
                            const char *old_value, const char *new_value)
{
    struct logged_change change = *base;

    if (g_strcmp0(old_value, new_value) == 0) {
        return;
    }
    change.what = "changed";
    change.field = field;
    change.old_value = old_value;
    change.new_value = new_value;
    change_log_queue(tx, &change);
}

void change_log_queue_switch(struct tx *tx, const struct logged_change *base, const char *field,
                             bool old_value, bool new_value)
{
    change_log_queue_field(tx, base, field, old_value ? "yes" : "no", new_value ? "yes" : "no");
}

enum status change_log_list(struct tx *tx, const struct change_filter *filter,
                            struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_text(params, filter->object);
    params_add_text(params, filter->id);
    params_add_id(params, filter->seconds);
    params_add_int64(params, filter->limit);
    params_add_id(params, filter->import);
    return tx_query(tx, &LIST, params, rows_out, err);
}
