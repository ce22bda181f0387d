/* technician_group - groups of technicians
 *
 * A ticket of a group is worked on by its members, by leads, and by its assignee (desk/authority); a ticket
 * without a group by all. So a group that still has tickets is not removed: they would silently
 * become everybody's. Whoever wants that moves them first.
 *
 * Names are unique in any letter case, as those of customers. (A table cannot be called "group".)
 * I/O: the caller's transaction.
 */
#include "store/technician_group.h"

#include <inttypes.h>

#include "store/change_log.h"
#include "store/named.h"

#define GROUP_COLUMNS                                                                         \
 "g.id, g.name, ARRAY(SELECT p.name FROM group_member m JOIN person p ON p.id = m.technician" \
 "  WHERE m.technician_group = g.id ORDER BY lower(p.name), p.id),"                           \
 " (SELECT count(*) FROM ticket t WHERE t.technician_group = g.id AND t.status <> 'closed')," \
 " g.created_at FROM technician_group g"

static const struct statement LIST = {"group_list",
                                      "SELECT " GROUP_COLUMNS " ORDER BY lower(g.name), g.id"};

static const struct statement FIND = {"group_find",
                                      "SELECT " GROUP_COLUMNS
                                      " WHERE lower(g.name) = lower($1) OR g.id = $2"
                                      " ORDER BY lower(g.name) = lower($1) DESC LIMIT 1"};

static const struct statement MEMBERS = {
    "group_members",
    "SELECT p.id, p.name, (SELECT address FROM person_address a WHERE a.person = p.id"
    " ORDER BY position, address_key LIMIT 1), p.is_lead, p.is_disabled, m.since FROM group_member m"
    " JOIN person p ON p.id = m.technician WHERE m.technician_group = $1 ORDER BY lower(p.name), p.id"};

static const struct statement ADD = {"group_add",
                                     "INSERT INTO technician_group (name) VALUES ($1)"
                                     " ON CONFLICT (lower(name)) DO NOTHING RETURNING id"};

/* The group under its lock, and whoever else has the new name. */
static const struct statement LOOK = {
    "group_look",
    "SELECT g.name, (SELECT name FROM technician_group o WHERE lower(o.name) = lower($2)"
    " AND o.id <> g.id) FROM technician_group g WHERE g.id = $1 FOR UPDATE OF g"};

static const struct statement RENAME = {"group_rename",
                                        "UPDATE technician_group SET name = $2 WHERE id = $1"};

static const struct statement TICKETS = {"group_tickets",
                                         "SELECT count(*) FROM ticket WHERE technician_group = $1"};

static const struct statement REMOVE = {
    "group_remove", "DELETE FROM technician_group WHERE id = $1 RETURNING name"};

static const struct statement TECHNICIAN = {
    "group_technician", "SELECT name FROM person WHERE id = $1 AND is_technician"};

static const struct statement ADD_MEMBER = {
    "group_add_member", "INSERT INTO group_member (technician_group, technician) VALUES ($1, $2)"
                        " ON CONFLICT DO NOTHING"};

static const struct statement REMOVE_MEMBER = {
    "group_remove_member",
    "DELETE FROM group_member WHERE technician_group = $1 AND technician = $2"};

enum status group_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status group_store_find(struct tx *tx, const char *name_or_id, struct rows **rows_out,
                             struct err *err)
{
    enum status status = named_find(tx, &FIND, name_or_id, rows_out, err);

    if (status == ST_NOT_FOUND) {
        (void)err_set(err, ST_NOT_FOUND, "there is no group \"%s\"", name_or_id);
        return err_hint(err, "postdesk group list");
    }
    return status;
}

enum status group_store_members(struct tx *tx, int64_t group, struct rows **rows_out,
                                struct err *err)
{
    OWNED(params) params = params_new();
    params_add_int64(params, group);
    return tx_query(tx, &MEMBERS, params, rows_out, err);
}

static struct logged_change logged(const char *actor, int64_t group, const char *what)
{
    return (struct logged_change){.actor = actor, .object = "group", .number = group, .what = what};
}

enum status group_store_add(struct tx *tx, const char *actor, const char *name, int64_t *group_out,
                            struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, &ADD, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_INVALID, "there is a group \"%s\" already", name);
    }
    if (status != ST_OK) {
        return status;
    }
    *group_out = row_int64(rows, 0, 0);
    struct logged_change change = logged(actor, *group_out, "added");
    change.new_value = name;
    change_log_queue(tx, &change);
    return tx_sync(tx, err);
}

enum status group_store_rename(struct tx *tx, const char *actor, int64_t group, const char *name,
                               struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct logged_change base = logged(actor, group, "changed");

    params_add_int64(params, group);
    params_add_text(params, name);
    enum status status = tx_query(tx, &LOOK, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "the group is gone");
    }
    if (status == ST_OK && !row_is_null(rows, 0, 1)) {
        return err_set(err, ST_INVALID, "there is a group \"%s\" already", row_text(rows, 0, 1));
    }
    if (status == ST_OK) {
        tx_queue(tx, &RENAME, params, NULL);
        change_log_queue_field(tx, &base, "name", row_text(rows, 0, 0), name);
        status = tx_sync(tx, err);
    }
    return status;
}

enum status group_store_remove(struct tx *tx, const char *actor, int64_t group, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) tickets = NULL;
    OWNED(rows) removed = NULL;

    params_add_int64(params, group);
    enum status status = tx_query(tx, &TICKETS, params, &tickets, err);
    if (status == ST_OK && row_int64(tickets, 0, 0) > 0) {
        (void)err_set(err, ST_INVALID, "%" PRId64 " tickets belong to the group",
                      row_int64(tickets, 0, 0));
        return err_hint(err, "without it everybody could work on them; move them first: postdesk "
                             "ticket group N OTHER|none");
    }
    if (status == ST_OK) {
        status = tx_query(tx, &REMOVE, params, &removed, err);
    }
    if (status == ST_OK && rows_count(removed) > 0) {
        struct logged_change change = logged(actor, group, "removed");
        change.old_value = row_text(removed, 0, 0);
        change_log_queue(tx, &change);
        status = tx_sync(tx, err);
    }
    return status;
}

/* ---- members ---- */

static enum status find_technician(struct tx *tx, person_id technician, struct rows **rows_out,
                                   struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, technician);
    enum status status = tx_query(tx, &TECHNICIAN, params, rows_out, err);
    if (status == ST_OK && rows_count(*rows_out) == 0) {
        return err_set(err, ST_INVALID, "person %" PRId64 " is no technician", technician);
    }
    return status;
}

static enum status set_member(struct tx *tx, const char *actor, int64_t group, person_id technician,
                              bool is_member, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) person = NULL;
    OWNED(rows) done = NULL;

    enum status status = find_technician(tx, technician, &person, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_int64(params, group);
    params_add_int64(params, technician);
    status = tx_query(tx, is_member ? &ADD_MEMBER : &REMOVE_MEMBER, params, &done, err);
    const char *name = row_text(person, 0, 0);
    if (status == ST_OK && rows_affected(done) == 0) {
        return err_set(err, is_member ? ST_INVALID : ST_NOT_FOUND, "\"%s\" is %s of the group",
                       name, is_member ? "a member already" : "no member");
    }
    if (status == ST_OK) {
        struct logged_change base = logged(actor, group, "changed");
        change_log_queue_field(tx, &base, "member", is_member ? NULL : name,
                               is_member ? name : NULL);
        status = tx_sync(tx, err);
    }
    return status;
}

enum status group_store_add_member(struct tx *tx, const char *actor, int64_t group,
                                   person_id technician, struct err *err)
{
    return set_member(tx, actor, group, technician, true, err);
}

enum status group_store_remove_member(struct tx *tx, const char *actor, int64_t group,
                                      person_id technician, struct err *err)
{
    return set_member(tx, actor, group, technician, false, err);
}
