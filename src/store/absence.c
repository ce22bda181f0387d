/* absence - when technicians are away, and who stands in for them
 *
 * One absence a technician, in whole days of the desk's zone. While it lasts his deputy gets what he gets as
 * an assignee (desk/audience), and nobody is assigned to him by itself; everything else goes on as ever, and
 * when it is over nothing has to be done.
 *
 * A deputy acts with his own rights. So one who is not in a group of the absent one can neither read nor answer that
 * group's tickets: person_store_uncovered lets the command line say so.
 * I/O: the caller's transaction.
 */
#include <inttypes.h>

#include "store/change_log.h"
#include "store/person_change.h"

static const struct statement DEPUTY = {
    "absence_deputy", "SELECT name, is_technician AND NOT is_disabled FROM person WHERE id = $1"};

/* The row that was there, as the log shows it. */
static const struct statement OLD = {
    "absence_old",
    "SELECT o.first_day || '..' || o.last_day, d.name FROM person p"
    " LEFT JOIN absence o ON o.technician = p.id LEFT JOIN person d ON d.id = o.deputy"
    " WHERE p.id = $1 FOR UPDATE OF p"};

static const struct statement PUT = {
    "absence_put", "INSERT INTO absence (technician, first_day, last_day, deputy)"
                   " VALUES ($1, $2::text::date, $3::text::date, $4)"
                   " ON CONFLICT (technician) DO UPDATE SET first_day = excluded.first_day,"
                   " last_day = excluded.last_day, deputy = excluded.deputy"};

static const struct statement REMOVE = {"absence_remove",
                                        "DELETE FROM absence WHERE technician = $1"};

static const struct statement UNCOVERED = {
    "absence_uncovered",
    "SELECT array_agg(g.name ORDER BY lower(g.name)) FROM group_member m"
    " JOIN technician_group g ON g.id = m.technician_group WHERE m.technician = $1"
    " AND NOT (SELECT is_lead FROM person WHERE id = $2)"
    " AND NOT EXISTS (SELECT FROM group_member d WHERE d.technician_group = g.id AND d.technician = $2)"};

static enum status find_old(struct tx *tx, const struct person_target *target,
                            struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, target->person);
    enum status status = tx_query(tx, &OLD, params, rows_out, err);
    if (status == ST_OK && rows_count(*rows_out) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is nobody with the number %" PRId64,
                       target->person);
    }
    return status;
}

static struct logged_change logged(const struct person_target *target)
{
    return (struct logged_change){.actor = target->actor,
                                  .object = target->object,
                                  .number = target->person,
                                  .what = "changed"};
}

static enum status find_deputy(struct tx *tx, const struct person_target *target, person_id deputy,
                               struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_id(params, deputy);
    enum status status = tx_query(tx, &DEPUTY, params, rows_out, err);
    if (status != ST_OK || deputy == 0) {
        return status;
    }
    if (deputy == target->person) {
        return err_set(err, ST_INVALID, "nobody is his own deputy");
    }
    if (rows_count(*rows_out) == 0 || !row_bool(*rows_out, 0, 1)) {
        return err_set(err, ST_INVALID, "a deputy is a technician who is not disabled");
    }
    return ST_OK;
}

enum status person_store_set_absence(struct tx *tx, const struct person_target *target,
                                     const char *first_day, const char *last_day, person_id deputy,
                                     struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;
    OWNED(rows) found = NULL;
    struct logged_change base = logged(target);

    enum status status = find_old(tx, target, &old, err);
    if (status == ST_OK) {
        status = find_deputy(tx, target, deputy, &found, err);
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_int64(params, target->person);
    params_add_text(params, first_day);
    params_add_text(params, last_day);
    params_add_id(params, deputy);
    tx_queue(tx, &PUT, params, NULL);
    g_autofree char *days = g_strconcat(first_day, "..", last_day, NULL);
    change_log_queue_field(tx, &base, "absent", row_text(old, 0, 0), days);
    change_log_queue_field(tx, &base, "deputy", row_text(old, 0, 1),
                           deputy == 0 ? NULL : row_text(found, 0, 0));
    return tx_sync(tx, err);
}

enum status person_store_clear_absence(struct tx *tx, const struct person_target *target,
                                       struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;
    struct logged_change base = logged(target);

    enum status status = find_old(tx, target, &old, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_int64(params, target->person);
    tx_queue(tx, &REMOVE, params, NULL);
    change_log_queue_field(tx, &base, "absent", row_text(old, 0, 0), NULL);
    change_log_queue_field(tx, &base, "deputy", row_text(old, 0, 1), NULL);
    return tx_sync(tx, err);
}

enum status person_store_uncovered(struct tx *tx, person_id technician, person_id deputy,
                                   GPtrArray **groups_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, technician);
    params_add_int64(params, deputy);
    enum status status = tx_query(tx, &UNCOVERED, params, &rows, err);
    if (status == ST_OK) {
        *groups_out = row_texts(rows, 0, 0);
    }
    return status;
}
