/* ticket_set - a ticket's status, assignee, group and participants, as the command line sets them
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

static const struct statement TECHNICIAN = {
    "ticket_set_technician",
    "SELECT name, is_technician AND NOT is_disabled FROM person WHERE id = $1"};

/* One statement each: change and history stand or fall together. */
static const struct statement ASSIGN = {
    "ticket_set_assignee",
    "WITH old AS (SELECT t.id, t.assignee, p.name FROM ticket t LEFT JOIN person p ON p.id = t.assignee"
    "  WHERE t.id = $1 AND t.assignee IS DISTINCT FROM $2),"
    " done AS (UPDATE ticket t SET assignee = $2, updated_at = now() FROM old WHERE t.id = old.id)"
    " INSERT INTO activity (ticket, what, from_value, to_value, actor)"
    " SELECT id, CASE WHEN $2 IS NULL THEN 'unassigned' ELSE 'assigned' END, name,"
    " (SELECT name FROM person WHERE id = $2), $3 FROM old"};

static const struct statement GROUP = {
    "ticket_set_group",
    "WITH old AS (SELECT t.id, t.technician_group, g.name FROM ticket t"
    "  LEFT JOIN technician_group g ON g.id = t.technician_group"
    "  WHERE t.id = $1 AND t.technician_group IS DISTINCT FROM $2),"
    " done AS (UPDATE ticket t SET technician_group = $2, updated_at = now() FROM old WHERE t.id = old.id)"
    " INSERT INTO activity (ticket, what, from_value, to_value, actor)"
    " SELECT id, CASE WHEN $2 IS NULL THEN 'ungrouped' ELSE 'grouped' END, name,"
    " (SELECT name FROM technician_group WHERE id = $2), $3 FROM old"};

static const struct statement STATUS = {
    "ticket_set_status",
    "WITH old AS (SELECT id, status FROM ticket WHERE id = $1 AND status <> $2),"
    " done AS (UPDATE ticket t SET status = $2, updated_at = now(),"
    "  closed_at = CASE WHEN $2 = 'closed' THEN now() END FROM old WHERE t.id = old.id)"
    " INSERT INTO activity (ticket, what, from_value, to_value, actor)"
    " SELECT id, 'status', status, $2, $3 FROM old"};

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

static enum status check_technician(struct tx *tx, person_id technician, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, technician);
    enum status status = tx_query(tx, &TECHNICIAN, params, &rows, err);
    if (status == ST_OK && (rows_count(rows) == 0 || !row_bool(rows, 0, 1))) {
        return err_set(err, ST_INVALID, "\"%s\" is no technician, or disabled",
                       rows_count(rows) == 0 ? "" : row_text(rows, 0, 0));
    }
    return status;
}

static enum status set(struct tx *tx, const struct statement *statement, ticket_id ticket,
                       int64_t value, const char *actor, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, ticket);
    params_add_id(params, value);
    params_add_text(params, actor);
    return tx_query(tx, statement, params, NULL, err);
}

enum status ticket_set_assignee(struct tx *tx, ticket_id ticket, person_id technician,
                                const char *actor, struct err *err)
{
    enum status status = technician == 0 ? ST_OK : check_technician(tx, technician, err);

    return status == ST_OK ? set(tx, &ASSIGN, ticket, technician, actor, err) : status;
}

enum status ticket_set_group(struct tx *tx, ticket_id ticket, int64_t group, const char *actor,
                             struct err *err)
{
    return set(tx, &GROUP, ticket, group, actor, err);
}

enum status ticket_set_status(struct tx *tx, ticket_id ticket, const char *new_status,
                              const char *actor, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, ticket);
    params_add_text(params, new_status);
    params_add_text(params, actor);
    return tx_query(tx, &STATUS, params, NULL, err);
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
