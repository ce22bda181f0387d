/* ticket_set - who takes part in a ticket, as the command line sets it (fields: store/ticket_change)
 *
 * The caller holds the ticket's advisory lock (the one that intakes take), so that what is written here is
 * written between two mails and not into one. What was there before and what is there now stand in the
 * ticket's history with the user who did it; setting what is set already changes nothing.
 *
 * Who may do it is not asked here: the command line checks its role, and the database grants.
 * I/O: the caller's transaction.
 */
#include "store/ticket_set.h"

#include <inttypes.h>

static const struct statement FIND = {"ticket_set_find",
                                      "SELECT coalesce(merged_into, id) FROM ticket WHERE id = $1"};

/* One statement each: change and history stand or fall together. */
static const struct statement JOIN = {
    "ticket_set_join",
    "WITH done AS (INSERT INTO participant (ticket, person) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    "  RETURNING person)"
    " INSERT INTO activity (ticket, what, to_value, actor)"
    " SELECT $1, 'joined', p.name, $3 FROM done JOIN person p ON p.id = done.person"};

static const struct statement LEAVE = {
    "ticket_set_leave",
    "WITH done AS (DELETE FROM participant WHERE ticket = $1 AND person = $2 RETURNING person)"
    " INSERT INTO activity (ticket, what, from_value, actor)"
    " SELECT $1, 'left', p.name, $3 FROM done JOIN person p ON p.id = done.person"};

enum status ticket_set_find(struct tx *tx, ticket_id *ticket, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, *ticket);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, *ticket);
        return err_hint(err, "postdesk ticket list");
    }
    if (status == ST_OK) {
        *ticket = row_int64(rows, 0, 0);
    }
    return status;
}

enum status ticket_set_participant(struct tx *tx, ticket_id ticket, person_id person,
                                   bool takes_part, const char *actor, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, ticket);
    params_add_int64(params, person);
    params_add_text(params, actor);
    enum status status = tx_query(tx, takes_part ? &JOIN : &LEAVE, params, &rows, err);
    if (status == ST_OK && !takes_part && rows_affected(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "he takes no part in ticket %" PRId64, ticket);
    }
    return status;
}
