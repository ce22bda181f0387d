/* person_change - people and their addresses, as the command line changes them
 *
 * One statement writes all switches of a person, from what he was (read under his row's lock) and what is to
 * be another; so the log of changes can say both values. Notices go to his first address
 * (position); the order of the others does not matter.
 *
 * What may not be is checked where it would become true, at the end, under the lock of the customer: that a
 * customer whose main contact alone opens tickets has one who can be reached (store/customer). So no
 * way to take him away has to know of the rule: not disabling, not moving, not his last good address.
 *
 * Locks: the person, then customers in the order of their numbers. Two who wait for each other are run
 * again (tx_run).
 * I/O: the caller's transaction.
 */
#include "store/person_change.h"

#include <inttypes.h>
#include <string.h>

#include "store/arrays.h"
#include "store/change_log.h"
#include "store/customer.h"

static const struct statement LOCK = {
    "person_change_lock",
    "SELECT p.name, p.customer, c.name, p.is_main_contact, p.opens_tickets, p.is_confirmed, p.is_lead,"
    " p.is_disabled, p.first_name, p.last_name, p.job_title, p.language, p.notes, p.zone, p.signature, p.phones FROM person p LEFT JOIN customer c ON c.id = p.customer WHERE p.id = $1"
    " FOR UPDATE OF p"};

static const struct statement FORMER = {
    "person_change_former",
    "UPDATE person SET is_main_contact = false WHERE customer = $1 AND is_main_contact AND id <> $2"
    " RETURNING id"};

static const struct statement CHANGE = {
    "person_change",
    "UPDATE person SET name = $2, customer = $3, is_main_contact = $4, opens_tickets = $5,"
    " is_confirmed = $6, is_lead = $7, is_disabled = $8, first_name = $9, last_name = $10,"
    " job_title = $11, language = $12, notes = $13, zone = $14, signature = $15, phones = $16 WHERE id = $1"};

static const struct statement CUSTOMER_NAME = {"person_change_customer",
                                               "SELECT name FROM customer WHERE id = $1"};

static const struct statement WHOSE = {
    "person_change_whose",
    "SELECT p.id, p.name FROM person_address a JOIN person p ON p.id = a.person"
    " WHERE a.address_key = $1"};

static const struct statement MAKE_ROOM = {
    "person_change_room", "UPDATE person_address SET position = position + 1 WHERE person = $1"};

static const struct statement PUT_ADDRESS = {
    "person_change_address",
    "INSERT INTO person_address (address_key, address, person, position) VALUES ($1, $2, $3, CASE WHEN $4"
    " THEN 1 ELSE (SELECT coalesce(max(position), 0) + 1 FROM person_address WHERE person = $3) END)"
    " ON CONFLICT (address_key) DO UPDATE SET address = $2, position = excluded.position,"
    " is_dead = false"};

static const struct statement REMOVE_ADDRESS = {
    "person_change_remove",
    "DELETE FROM person_address WHERE address_key = $1 AND person = $2 RETURNING address"};

static const struct statement HAS_ADDRESS = {
    "person_change_has", "SELECT count(*) FROM person_address WHERE person = $1"};

/* A person as he is, or is to be. */
struct state {
    const char *name;
    customer_id customer;
    const char *customer_name; /* NULL: none */
    bool is_main_contact;
    bool opens_tickets;
    bool is_confirmed;
    bool is_lead;
    bool is_disabled;
    const char *details[PERSON_DETAILS];
    const GPtrArray *phones; /* char * */
};

/* Of LOCK's columns. */
enum { LOCKED_DETAILS = 8, LOCKED_PHONES = LOCKED_DETAILS + PERSON_DETAILS };

static struct logged_change logged(const struct person_target *target, const char *what)
{
    return (struct logged_change){.actor = target->actor,
                                  .object = target->object,
                                  .number = target->person,
                                  .what = what};
}

static enum status lock(struct tx *tx, person_id person, struct rows **rows_out,
                        struct state *state_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, person);
    enum status status = tx_query(tx, &LOCK, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is nobody with the number %" PRId64, person);
    }
    if (status == ST_OK) {
        *state_out = (struct state){
            .name = row_text(rows, 0, 0),
            .customer = row_int64(rows, 0, 1),
            .customer_name = row_text(rows, 0, 2),
            .is_main_contact = row_bool(rows, 0, 3),
            .opens_tickets = row_bool(rows, 0, 4),
            .is_confirmed = row_bool(rows, 0, 5),
            .is_lead = row_bool(rows, 0, 6),
            .is_disabled = row_bool(rows, 0, 7),
        };
        for (int i = 0; i < PERSON_DETAILS; i++) {
            state_out->details[i] = row_text(rows, 0, LOCKED_DETAILS + i);
        }
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}

/* ---- switches ---- */

static bool toggled(bool is_on, enum toggle toggle)
{
    return toggle == TOGGLE_KEEP ? is_on : toggle == TOGGLE_YES;
}

static struct state changed(const struct state *old, const struct person_change *change)
{
    struct state state = *old;

    state.name = change->name != NULL ? change->name : old->name;
    state.customer = change->moves ? change->customer : old->customer;
    bool stays_main = old->is_main_contact && state.customer == old->customer;
    state.is_main_contact = toggled(stays_main, change->is_main_contact);
    state.opens_tickets = toggled(old->opens_tickets, change->opens_tickets);
    state.is_confirmed = toggled(old->is_confirmed, change->is_confirmed);
    state.is_lead = toggled(old->is_lead, change->is_lead);
    state.is_disabled = toggled(old->is_disabled, change->is_disabled);
    for (int i = 0; i < PERSON_DETAILS; i++) {
        state.details[i] = change->details[i] != NULL ? change->details[i] : old->details[i];
    }
    state.phones = change->phones != NULL ? change->phones : old->phones;
    return state;
}

static char *whole_name(const struct state *state)
{
    return detail_whole_name(state->details[PERSON_FIRST_NAME], state->details[PERSON_LAST_NAME]);
}

/* The name by which he is called then, if it follows from first and last name; NULL: it stays. Own. */
static char *followed_name(const struct state *old, const struct state *new,
                           const struct person_change *change)
{
    g_autofree char *before = whole_name(old);
    g_autofree char *after = whole_name(new);

    return change->name == NULL && after[0] != '\0' && strcmp(before, old->name) == 0
               ? g_steal_pointer(&after)
               : NULL;
}

/* Who is main contact now is it no more. */
static enum status replace_main(struct tx *tx, const struct person_target *target,
                                customer_id customer, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) former = NULL;

    params_add_int64(params, customer);
    params_add_int64(params, target->person);
    enum status status = tx_query(tx, &FORMER, params, &former, err);
    for (int row = 0; status == ST_OK && row < rows_count(former); row++) {
        struct person_target other = *target;
        other.person = row_int64(former, row, 0);
        struct logged_change base = logged(&other, "changed");
        change_log_queue_switch(tx, &base, "main-contact", true, false);
    }
    return status;
}

static char *phones_text(const GPtrArray *phones)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < phones->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ", (const char *)phones->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void log_phones(struct tx *tx, const struct logged_change *base, const GPtrArray *old,
                       const GPtrArray *new)
{
    g_autofree char *before = phones_text(old);
    g_autofree char *after = phones_text(new);

    change_log_queue_field(tx, base, detail_of_phone()->name, before, after);
}

static void queue_change(struct tx *tx, const struct person_target *target, const struct state *old,
                         const struct state *new)
{
    OWNED(params) params = params_new();
    struct logged_change base = logged(target, "changed");

    params_add_int64(params, target->person);
    params_add_text(params, new->name);
    params_add_id(params, new->customer);
    params_add_bool(params, new->is_main_contact);
    params_add_bool(params, new->opens_tickets);
    params_add_bool(params, new->is_confirmed);
    params_add_bool(params, new->is_lead);
    params_add_bool(params, new->is_disabled);
    for (int i = 0; i < PERSON_DETAILS; i++) {
        params_add_text(params, new->details[i]);
        change_log_queue_field(tx, &base, detail_of_person((enum person_detail)i)->name,
                               old->details[i], new->details[i]);
    }
    arrays_add_texts(params, new->phones);
    log_phones(tx, &base, old->phones, new->phones);
    tx_queue(tx, &CHANGE, params, NULL);
    change_log_queue_field(tx, &base, "name", old->name, new->name);
    change_log_queue_field(tx, &base, "customer", old->customer_name, new->customer_name);
    change_log_queue_switch(tx, &base, "main-contact", old->is_main_contact, new->is_main_contact);
    change_log_queue_switch(tx, &base, "opens-tickets", old->opens_tickets, new->opens_tickets);
    change_log_queue_switch(tx, &base, "confirmed", old->is_confirmed, new->is_confirmed);
    change_log_queue_switch(tx, &base, "lead", old->is_lead, new->is_lead);
    change_log_queue_switch(tx, &base, "disabled", old->is_disabled, new->is_disabled);
}

/* The name of the customer to whom he moves. */
static enum status name_customer(struct tx *tx, struct state *state, struct rows **rows_out,
                                 struct err *err)
{
    OWNED(params) params = params_new();

    params_add_id(params, state->customer);
    enum status status = tx_query(tx, &CUSTOMER_NAME, params, rows_out, err);
    if (status == ST_OK) {
        state->customer_name = rows_count(*rows_out) == 0 ? NULL : row_text(*rows_out, 0, 0);
    }
    return status;
}

static enum status check_customers(struct tx *tx, customer_id one, customer_id other,
                                   struct err *err)
{
    enum status status = customer_store_check_main(tx, MIN(one, other), err);

    return status == ST_OK && one != other ? customer_store_check_main(tx, MAX(one, other), err)
                                           : status;
}

enum status person_store_change(struct tx *tx, const struct person_target *target,
                                const struct person_change *change, struct err *err)
{
    OWNED(rows) rows = NULL;
    OWNED(rows) customer = NULL;
    struct state old = {NULL};

    enum status status = lock(tx, target->person, &rows, &old, err);
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) phones = row_texts(rows, 0, LOCKED_PHONES);
    old.phones = phones;
    struct state new = changed(&old, change);
    g_autofree char *name = followed_name(&old, &new, change);
    new.name = name != NULL ? name : new.name;
    if (new.is_main_contact &&new.customer == 0) {
        (void)err_set(err, ST_INVALID, "a main contact belongs to a customer");
        return err_hint(err, "name it by --customer");
    }
    if (new.is_main_contact && !old.is_main_contact) {
        status = replace_main(tx, target, new.customer, err);
    }
    if (status == ST_OK) {
        status = name_customer(tx, &new, &customer, err);
    }
    if (status == ST_OK) {
        queue_change(tx, target, &old, &new);
        status = check_customers(tx, old.customer, new.customer, err);
    }
    return status == ST_OK ? tx_sync(tx, err) : status;
}

/* ---- addresses ---- */

static enum status check_free(struct tx *tx, const struct person_target *target,
                              const char *address, const char *key, bool *is_his_out,
                              struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, key);
    enum status status = tx_query(tx, &WHOSE, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    *is_his_out = rows_count(rows) > 0;
    if (*is_his_out && row_int64(rows, 0, 0) != target->person) {
        return err_set(err, ST_INVALID, "%s belongs to \"%s\", number %" PRId64, address,
                       row_text(rows, 0, 1), row_int64(rows, 0, 0));
    }
    return ST_OK;
}

enum status person_store_add_address(struct tx *tx, const struct person_target *target,
                                     const char *address, const char *key, bool is_first,
                                     struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(params) person = params_new();
    OWNED(rows) rows = NULL;
    struct state old = {NULL};
    bool is_his = false;

    enum status status = lock(tx, target->person, &rows, &old, err);
    if (status == ST_OK) {
        status = check_free(tx, target, address, key, &is_his, err);
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_int64(person, target->person);
    if (is_first) {
        tx_queue(tx, &MAKE_ROOM, person, NULL);
    }
    params_add_text(params, key);
    params_add_text(params, address);
    params_add_int64(params, target->person);
    params_add_bool(params, is_first);
    tx_queue(tx, &PUT_ADDRESS, params, NULL);
    struct logged_change change = logged(target, "changed");
    change.field = is_first ? "first address" : "address";
    change.old_value = is_his ? address : NULL;
    change.new_value = address;
    change_log_queue(tx, &change);
    return check_customers(tx, old.customer, old.customer, err);
}

enum status person_store_remove_address(struct tx *tx, const struct person_target *target,
                                        const char *key, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(params) person = params_new();
    OWNED(rows) rows = NULL;
    OWNED(rows) removed = NULL;
    OWNED(rows) left = NULL;
    struct state old = {NULL};

    enum status status = lock(tx, target->person, &rows, &old, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_text(params, key);
    params_add_int64(params, target->person);
    params_add_int64(person, target->person);
    tx_queue(tx, &REMOVE_ADDRESS, params, &removed);
    status = tx_query(tx, &HAS_ADDRESS, person, &left, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(removed) == 0) {
        return err_set(err, ST_NOT_FOUND, "\"%s\" has no address %s", old.name, key);
    }
    if (row_int64(left, 0, 0) == 0) {
        (void)err_set(err, ST_INVALID, "%s is the only address of \"%s\"", key, old.name);
        return err_hint(err, "add another first, or disable the %s", target->object);
    }
    struct logged_change base = logged(target, "changed");
    change_log_queue_field(tx, &base, "address", row_text(removed, 0, 0), NULL);
    return check_customers(tx, old.customer, old.customer, err);
}
