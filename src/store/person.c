/* person - contacts and technicians, as the command line enters and lists them
 *
 * A person has one or more addresses; each address leads to one person. Somebody can be a contact and a
 * technician at once (a technician who asks his own desk for help), and then is one row.
 *
 * How people come in by mail and are found by the way of a mail is store/people's business; that an
 * address is one is message/address's.
 * I/O: the caller's transaction.
 */
#include "store/person.h"

#include <inttypes.h>

#include "store/change_log.h"
#include "store/named.h"

#define PERSON_COLUMNS                                                                           \
 "p.id, p.name,"                                                                                 \
 " (SELECT address FROM person_address a WHERE a.person = p.id"                                  \
 "  ORDER BY position, address_key LIMIT 1),"                                                    \
 " ARRAY(SELECT address FROM person_address a WHERE a.person = p.id"                             \
 "  ORDER BY position, address_key),"                                                            \
 " c.name, c.id, p.is_contact, p.is_confirmed, p.is_main_contact, p.is_technician, p.is_lead,"   \
 " p.is_disabled, p.language, p.created_at, p.opens_tickets,"                                    \
 " (SELECT is_dead FROM person_address a WHERE a.person = p.id"                                  \
 "  ORDER BY position, address_key LIMIT 1),"                                                    \
 " p.first_name, p.last_name, p.job_title, p.notes, p.phones,"                                   \
 " ARRAY(SELECT g.name FROM group_member m JOIN technician_group g ON g.id = m.technician_group" \
 "  WHERE m.technician = p.id ORDER BY lower(g.name)),"                                          \
 " o.first_day::text, o.last_day::text,"                                                         \
 " (SELECT d.name FROM person d WHERE d.id = o.deputy),"                                         \
 " coalesce((now() AT TIME ZONE (SELECT zone FROM calendar))::date"                              \
 "  BETWEEN o.first_day AND o.last_day, false), p.zone, p.signature"                             \
 " FROM person p LEFT JOIN customer c ON c.id = p.customer LEFT JOIN absence o ON o.technician = p.id"

/* $n is a text that is somewhere in what is known of him. */
#define CONTAINS(n)                                                                       \
 " AND ($" n "::text IS NULL OR position(lower($" n                                       \
 ") IN lower(concat_ws(E'\\n', p.name, p.first_name,"                                     \
 "  p.last_name, p.job_title, p.notes, array_to_string(p.phones, E'\\n')))) > 0"          \
 "  OR EXISTS (SELECT FROM person_address a WHERE a.person = p.id AND position(lower($" n \
 ") IN a.address_key) > 0))"

static const struct statement CONTACTS = {
    "person_contacts",
    "SELECT " PERSON_COLUMNS " WHERE p.is_contact AND ($1::int8 IS NULL OR p.customer = $1)"
    " AND (NOT $2 OR p.is_disabled) AND (NOT $3 OR NOT p.is_confirmed) AND (NOT $4 OR p.is_main_contact)" CONTAINS(
        "5") " ORDER BY lower(p.name), p.id"};

static const struct statement TECHNICIANS = {
    "person_technicians",
    "SELECT " PERSON_COLUMNS " WHERE p.is_technician"
    " AND ($1::int8 IS NULL OR EXISTS (SELECT FROM group_member m"
    "  WHERE m.technician = p.id AND m.technician_group = $1))"
    " AND (NOT $2 OR p.is_disabled) AND (NOT $3 OR (now() AT TIME ZONE"
    "  (SELECT zone FROM calendar))::date BETWEEN o.first_day AND o.last_day)" CONTAINS(
        "4") " ORDER BY lower(p.name), p.id"};

static const struct statement FIND = {
    "person_find", "SELECT " PERSON_COLUMNS
                   " WHERE p.id = (SELECT person FROM person_address WHERE address_key = $1)"
                   " OR p.id = $2"};

static const struct statement LOOK = {
    "person_look", "SELECT p.id, p.name, p.is_contact, p.is_technician FROM person_address a"
                   " JOIN person p ON p.id = a.person WHERE a.address_key = $1 FOR UPDATE OF p"};

static const struct statement MAIN_CONTACT = {
    "person_main_of", "SELECT name FROM person WHERE customer = $1 AND is_main_contact"};

static const struct statement ADD = {
    "person_add",
    "WITH p AS (INSERT INTO person (name, is_contact, customer, is_confirmed, is_main_contact,"
    " is_technician, is_lead) VALUES ($3, NOT $4, $6, $7, $8, $4, $5) RETURNING id)"
    " INSERT INTO person_address (address_key, address, person) SELECT $1, $2, id FROM p"
    " RETURNING person"};

static const struct statement BECOME_TECHNICIAN = {
    "person_become_technician",
    "UPDATE person SET is_technician = true, is_lead = $2 WHERE id = $1"};

static const struct statement BECOME_CONTACT = {
    "person_become_contact", "UPDATE person SET is_contact = true, customer = $2,"
                             " is_confirmed = $3, is_main_contact = $4 WHERE id = $1"};

enum status person_store_contacts(struct tx *tx, const struct person_filter *filter,
                                  struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_id(params, filter->customer);
    params_add_bool(params, filter->is_disabled);
    params_add_bool(params, filter->is_unconfirmed);
    params_add_bool(params, filter->is_main_contact);
    params_add_text(params, filter->text);
    return tx_query(tx, &CONTACTS, params, rows_out, err);
}

enum status person_store_technicians(struct tx *tx, const struct person_filter *filter,
                                     struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_id(params, filter->group);
    params_add_bool(params, filter->is_disabled);
    params_add_bool(params, filter->is_absent);
    params_add_text(params, filter->text);
    return tx_query(tx, &TECHNICIANS, params, rows_out, err);
}

enum status person_store_find(struct tx *tx, const char *key_or_id, struct rows **rows_out,
                              struct err *err)
{
    enum status status = named_find(tx, &FIND, key_or_id, rows_out, err);

    if (status == ST_NOT_FOUND) {
        return err_set(err, ST_NOT_FOUND, "there is nobody \"%s\"", key_or_id);
    }
    return status;
}

static enum status check_main_contact(struct tx *tx, const struct person_entry *entry,
                                      struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    if (!entry->is_main_contact) {
        return ST_OK;
    }
    params_add_int64(params, entry->customer);
    enum status status = tx_query(tx, &MAIN_CONTACT, params, &rows, err);
    if (status == ST_OK && rows_count(rows) > 0) {
        return err_set(err, ST_INVALID, "the customer has a main contact already: \"%s\"",
                       row_text(rows, 0, 0));
    }
    return status;
}

static enum status add_new(struct tx *tx, const struct person_entry *entry, person_id *person_out,
                           struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, entry->address_key);
    params_add_text(params, entry->address);
    params_add_text(params, entry->name);
    params_add_bool(params, entry->is_technician);
    params_add_bool(params, entry->is_lead);
    params_add_id(params, entry->customer);
    params_add_bool(params, entry->is_confirmed);
    params_add_bool(params, entry->is_main_contact);
    enum status status = tx_query(tx, &ADD, params, &rows, err);
    if (status == ST_OK) {
        *person_out = row_int64(rows, 0, 0);
    }
    return status;
}

static enum status become(struct tx *tx, person_id person, const struct person_entry *entry,
                          struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, person);
    if (entry->is_technician) {
        params_add_bool(params, entry->is_lead);
        return tx_query(tx, &BECOME_TECHNICIAN, params, NULL, err);
    }
    params_add_id(params, entry->customer);
    params_add_bool(params, entry->is_confirmed);
    params_add_bool(params, entry->is_main_contact);
    return tx_query(tx, &BECOME_CONTACT, params, NULL, err);
}

static enum status put(struct tx *tx, const struct person_entry *entry, person_id *person_out,
                       struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) known = NULL;

    enum status status = check_main_contact(tx, entry, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_text(params, entry->address_key);
    status = tx_query(tx, &LOOK, params, &known, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(known) == 0) {
        return add_new(tx, entry, person_out, err);
    }
    if (row_bool(known, 0, entry->is_technician ? 3 : 2)) {
        return err_set(err, ST_INVALID, "%s is a %s already: \"%s\", number %" PRId64,
                       entry->address, entry->is_technician ? "technician" : "contact",
                       row_text(known, 0, 1), row_int64(known, 0, 0));
    }
    *person_out = row_int64(known, 0, 0);
    return become(tx, *person_out, entry, err);
}

enum status person_store_add(struct tx *tx, const char *actor, const struct person_entry *entry,
                             person_id *person_out, struct err *err)
{
    enum status status = put(tx, entry, person_out, err);

    if (status == ST_OK) {
        struct logged_change change = {.actor = actor,
                                       .object = entry->is_technician ? "technician" : "contact",
                                       .number = *person_out,
                                       .what = "added",
                                       .new_value = entry->address};
        change_log_queue(tx, &change);
        status = tx_sync(tx, err);
    }
    return status;
}
