/* field - a ticket's fields and statuses, as the desk defines them
 *
 * Built-in fields have a row for what contacts see of them and whether they are required; fields of the desk's own have
 * their type there too, and their values in ticket.custom. What contacts see holds from the next mail on; technicians
 * see all fields.
 *
 * What tickets have is not lost by accident: a field with values, or a status that tickets are in, is not removed
 * unless that is said. A choice may go; tickets that have it keep it until they are changed.
 *
 * Each change stands in the log of changes. What fields take is desk/field_value's to say.
 * I/O: the caller's transaction.
 */
#include "store/field.h"

#include <inttypes.h>
#include <string.h>

#include "core/text.h"
#include "store/arrays.h"
#include "store/change_log.h"

static const struct statement LIST = {"field_list",
                                      "SELECT name, kind, choices, is_required, contacts FROM field"
                                      " ORDER BY kind <> 'built-in', name"};

static const struct statement FIND = {
    "field_find", "SELECT name, kind, choices, is_required, contacts, CASE WHEN kind <> 'built-in'"
                  " THEN (SELECT count(*) FROM ticket WHERE custom <> '{}' AND custom ? name) END"
                  " FROM field WHERE name = $1"};

static const struct statement LOCK = {
    "field_lock", "SELECT name, kind, choices, is_required, contacts FROM field WHERE name = $1"
                  " FOR UPDATE"};

static const struct statement NAMES = {"field_names", "SELECT name FROM field"};

static const struct statement ADD = {
    "field_add", "INSERT INTO field (name, kind, choices, is_required, contacts)"
                 " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};

static const struct statement SET = {
    "field_set", "UPDATE field SET contacts = $2, choices = $3, is_required = $4 WHERE name = $1"};

static const struct statement DROP_VALUES = {
    "field_drop_values",
    "UPDATE ticket SET custom = custom - $1 WHERE custom <> '{}' AND custom ? $1"};

static const struct statement REMOVE = {"field_remove", "DELETE FROM field WHERE name = $1"};

static const struct statement STATUSES = {
    "field_statuses", "SELECT s.name, s.maps_to, (SELECT count(*) FROM ticket t"
                      " WHERE t.status_name = s.name) FROM ticket_status s ORDER BY s.name"};

static const struct statement STATUS_NAMES = {
    "field_status_names", "SELECT name, maps_to FROM ticket_status ORDER BY name"};

static const struct statement ADD_STATUS = {
    "field_add_status",
    "INSERT INTO ticket_status (name, maps_to) VALUES ($1, $2) ON CONFLICT DO NOTHING"};

static const struct statement FIND_STATUS = {
    "field_find_status", "SELECT s.maps_to, (SELECT count(*) FROM ticket t"
                         " WHERE t.status_name = s.name) FROM ticket_status s WHERE s.name = $1"};

static const struct statement REMOVE_STATUS = {"field_remove_status",
                                               "DELETE FROM ticket_status WHERE name = $1"};

/* ---- reading ---- */

enum { NAME, KIND, CHOICES, IS_REQUIRED, CONTACTS, TICKETS };

void field_store_queue_list(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &LIST, NULL, rows_out);
}

enum status field_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

GPtrArray *field_store_read(const struct rows *rows)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func((GDestroyNotify)field_record_free);

    for (int row = 0; row < rows_count(rows); row++) {
        struct err ignored = {.status = ST_OK};
        enum field_type type = FIELD_OF_TEXT;
        enum status status = field_type_parse(row_text(rows, row, KIND), &type, &ignored);
        g_assert(status == ST_OK); /* the schema allows no others */
        struct field_record *field = field_record_new(row_text(rows, row, NAME), type);
        g_ptr_array_unref(field->choices);
        field->choices = row_texts(rows, row, CHOICES);
        field->is_required = row_bool(rows, row, IS_REQUIRED);
        g_free(field->contacts);
        field->contacts = g_strdup(row_text(rows, row, CONTACTS));
        g_ptr_array_add(fields, field);
    }
    return fields;
}

static enum status say_unknown(struct tx *tx, const char *name, struct err *err)
{
    OWNED(rows) rows = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    struct err ignored = {.status = ST_OK};

    (void)err_set(err, ST_NOT_FOUND, "there is no field \"%s\"", name);
    if (tx_query(tx, &NAMES, NULL, &rows, &ignored) == ST_OK) {
        for (int row = 0; row < rows_count(rows); row++) {
            g_ptr_array_add(names, (gpointer)row_text(rows, row, 0));
        }
    }
    const char *nearest = text_nearest(name, (const char *const *)names->pdata, names->len);
    return nearest == NULL ? err_hint(err, "postdesk field list")
                           : err_hint(err, "did you mean \"%s\"?", nearest);
}

static enum status find(struct tx *tx, const struct statement *statement, const char *name,
                        struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, statement, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return say_unknown(tx, name, err);
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}

enum status field_store_find(struct tx *tx, const char *name, struct rows **rows_out,
                             struct err *err)
{
    return find(tx, &FIND, name, rows_out, err);
}

/* ---- fields ---- */

static struct logged_change logged(const char *actor, const char *name, const char *what)
{
    return (struct logged_change){.actor = actor, .object = "field", .name = name, .what = what};
}

/* "a, b"; NULL: none. Own. */
static char *join(const GPtrArray *texts)
{
    g_autoptr(GString) text = g_string_new("");

    for (guint i = 0; i < texts->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ", (const char *)texts->pdata[i]);
    }
    return texts->len == 0 ? NULL : g_string_free(g_steal_pointer(&text), FALSE);
}

enum status field_store_add(struct tx *tx, const char *actor, const struct field_record *field,
                            struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) added = NULL;

    params_add_text(params, field->name);
    params_add_text(params, field_type_name(field->type));
    arrays_add_texts(params, field->choices);
    params_add_bool(params, field->is_required);
    params_add_text(params, field->contacts);
    enum status status = tx_query(tx, &ADD, params, &added, err);
    if (status == ST_OK && rows_affected(added) == 0) {
        return err_set(err, ST_INVALID, "there is a field \"%s\" already", field->name);
    }
    if (status != ST_OK) {
        return status;
    }
    g_autofree char *choices = join(field->choices);
    struct logged_change base = logged(actor, field->name, "added");
    base.new_value = field_type_name(field->type);
    change_log_queue(tx, &base);
    change_log_queue_field(tx, &base, "choices", NULL, choices);
    change_log_queue_field(tx, &base, "contacts", "hidden", field->contacts);
    change_log_queue_switch(tx, &base, "required", false, field->is_required);
    return tx_sync(tx, err);
}

/* Those that a ticket always has can be required as little as they can be empty. */
static bool is_always_filled(const struct field_record *field)
{
    static const char *const FILLED[] = {"status", "type",      "priority",    "impact",
                                         "title",  "requester", "participants"};

    for (size_t i = 0; field->type == FIELD_BUILT_IN && i < G_N_ELEMENTS(FILLED); i++) {
        if (strcmp(FILLED[i], field->name) == 0) {
            return true;
        }
    }
    return false;
}

static enum status check_change(const struct field_record *field, const struct field_change *change,
                                struct err *err)
{
    if (change->choices != NULL && field->type != FIELD_OF_CHOICE) {
        return err_set(err, ST_INVALID, "the field \"%s\" has no choices", field->name);
    }
    if (change->is_required != NULL && *change->is_required && is_always_filled(field)) {
        return err_set(err, ST_INVALID, "the field \"%s\" is never empty", field->name);
    }
    return ST_OK;
}

enum status field_store_set(struct tx *tx, const char *actor, const char *name,
                            const struct field_change *change, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct logged_change base = logged(actor, name, "changed");
    enum status status = find(tx, &LOCK, name, &rows, err);

    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) fields = field_store_read(rows);
    const struct field_record *old = fields->pdata[0];
    status = check_change(old, change, err);
    if (status != ST_OK) {
        return status;
    }
    const GPtrArray *choices = change->choices == NULL ? old->choices : change->choices;
    bool is_required = change->is_required == NULL ? old->is_required : *change->is_required;
    const char *contacts = change->contacts == NULL ? old->contacts : change->contacts;
    g_autofree char *old_choices = join(old->choices);
    g_autofree char *new_choices = join(choices);

    params_add_text(params, name);
    params_add_text(params, contacts);
    arrays_add_texts(params, choices);
    params_add_bool(params, is_required);
    tx_queue(tx, &SET, params, NULL);
    change_log_queue_field(tx, &base, "contacts", old->contacts, contacts);
    change_log_queue_field(tx, &base, "choices", old_choices, new_choices);
    change_log_queue_switch(tx, &base, "required", old->is_required, is_required);
    return tx_sync(tx, err);
}

enum status field_store_remove(struct tx *tx, const char *actor, const char *name, bool with_values,
                               struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    enum status status = find(tx, &FIND, name, &rows, err);

    if (status != ST_OK) {
        return status;
    }
    if (strcmp(row_text(rows, 0, KIND), field_type_name(FIELD_BUILT_IN)) == 0) {
        return err_set(err, ST_INVALID, "the field \"%s\" is built in", name);
    }
    if (row_int64(rows, 0, TICKETS) > 0 && !with_values) {
        (void)err_set(err, ST_INVALID, "%" PRId64 " tickets have a value in the field \"%s\"",
                      row_int64(rows, 0, TICKETS), name);
        return err_hint(err, "--with-values removes them too; the tickets' history keeps them");
    }
    struct logged_change base = logged(actor, name, "removed");
    base.old_value = row_text(rows, 0, KIND);
    params_add_text(params, name);
    tx_take_time(tx);
    tx_queue(tx, &DROP_VALUES, params, NULL);
    tx_queue(tx, &REMOVE, params, NULL);
    change_log_queue(tx, &base);
    return tx_sync(tx, err);
}

/* ---- statuses ---- */

enum status field_store_statuses(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &STATUSES, NULL, rows_out, err);
}

void field_store_queue_statuses(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &STATUS_NAMES, NULL, rows_out);
}

static void log_status(struct tx *tx, const char *actor, const char *name, const char *maps_to,
                       bool is_added)
{
    struct logged_change base = logged(actor, "status", "changed");
    g_autofree char *text = g_strdup_printf("%s (%s)", name, maps_to);

    change_log_queue_field(tx, &base, "status", is_added ? NULL : text, is_added ? text : NULL);
}

enum status field_store_add_status(struct tx *tx, const char *actor, const char *name,
                                   const char *maps_to, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) added = NULL;

    params_add_text(params, name);
    params_add_text(params, maps_to);
    enum status status = tx_query(tx, &ADD_STATUS, params, &added, err);
    if (status == ST_OK && rows_affected(added) == 0) {
        return err_set(err, ST_INVALID, "there is a status \"%s\" already", name);
    }
    if (status == ST_OK) {
        log_status(tx, actor, name, maps_to, true);
        status = tx_sync(tx, err);
    }
    return status;
}

enum status field_store_remove_status(struct tx *tx, const char *actor, const char *name,
                                      struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, &FIND_STATUS, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "the desk has no status \"%s\" of its own", name);
        return err_hint(err, "postdesk field show status");
    }
    if (status == ST_OK && row_int64(rows, 0, 1) > 0) {
        (void)err_set(err, ST_INVALID, "%" PRId64 " tickets are \"%s\"", row_int64(rows, 0, 1),
                      name);
        return err_hint(err, "postdesk ticket list --status %s", name);
    }
    if (status == ST_OK) {
        tx_queue(tx, &REMOVE_STATUS, params, NULL);
        log_status(tx, actor, name, row_text(rows, 0, 0), false);
        status = tx_sync(tx, err);
    }
    return status;
}
