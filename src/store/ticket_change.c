/* ticket_change - the one way in which a ticket's fields change
 *
 * Mail, command line and rules bring lists of changes; the function ticket_change of the schema
 * (sql/0007_fields.sql) makes them one after the other in one statement, so that a later change of a list sees the
 * earlier ones, whoever is chosen by turns is chosen under a lock, and change and history stand or fall together.
 *
 * Setting what is set already is no change. What cannot be done because the desk changed meanwhile (a status was
 * removed, a technician disabled) is left, and the ticket's history says so: a mail is filed whatever a rule wanted.
 * People are told instead, and nothing is done (ticket_change_put).
 *
 * Who may change what is not asked here: desk/permission says it, and the database grants.
 * I/O: the caller's transaction.
 */
#include "store/ticket_change.h"

#include <assert.h>

#include "store/arrays.h"

static const struct statement CHANGE = {
    "ticket_change",
    "SELECT ticket_change($1::int8[], $2::text[], $3::text[], $4::text[], $5::int8[],"
    " $6::bool[], $7::text[], $8::int8[], $9::text[], $10::int8[], $11::text[])"};

static const char *pick_name(enum ticket_pick pick)
{
    static const char *const NAMES[] = {NULL, "round-robin", "least-loaded"};
    return NAMES[pick];
}

static void queue(struct tx *tx, const struct ticket_change *changes, size_t count,
                  struct rows **rows_out)
{
    g_autofree const char **fields = g_new(const char *, count + 1);
    g_autofree const char **picks = g_new(const char *, count + 1);
    g_autofree bool *removals = g_new(bool, count + 1);
    OWNED(params) params = params_new();

    for (size_t i = 0; i < count; i++) {
        assert((changes[i].field == TICKET_FIELD_CUSTOM) == (changes[i].name != NULL));
        fields[i] = ticket_field_name(changes[i].field);
        picks[i] = pick_name(changes[i].pick);
        removals[i] = changes[i].is_removed;
    }
    ADD_ID_MEMBERS(params, changes, count, ticket);
    params_add_texts(params, fields, count);
    ADD_TEXT_MEMBERS(params, changes, count, name);
    ADD_TEXT_MEMBERS(params, changes, count, value);
    ADD_ID_MEMBERS(params, changes, count, id);
    params_add_bools(params, removals, count);
    params_add_texts(params, picks, count);
    ADD_ID_MEMBERS(params, changes, count, person);
    ADD_TEXT_MEMBERS(params, changes, count, actor);
    ADD_ID_MEMBERS(params, changes, count, mail);
    ADD_TEXT_MEMBERS(params, changes, count, rule);
    tx_queue(tx, &CHANGE, params, rows_out);
}

void ticket_change_queue(struct tx *tx, const struct ticket_change *changes, size_t count)
{
    if (count > 0) {
        queue(tx, changes, count, NULL);
    }
}

enum status ticket_change_put(struct tx *tx, const struct ticket_change *changes, size_t count,
                              struct err *err)
{
    OWNED(rows) rows = NULL;

    if (count == 0) {
        return ST_OK;
    }
    queue(tx, changes, count, &rows);
    enum status status = tx_sync(tx, err);
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) refused = row_texts(rows, 0, 0);
    if (refused->len > 0) {
        return err_set(err, ST_INVALID, "%s", (const char *)refused->pdata[0]);
    }
    return ST_OK;
}
