/* customer - customers and their domains, for the command line
 *
 * A name is unique in any letter case, a domain belongs to one customer: constraints of the schema. Here
 * they are asked about first, because "Acme has that domain already" helps and a violated
 * constraint does not. The constraint decides all the same: who lost the race runs again (tx_run), and
 * is then told.
 *
 * Where only the main contact opens tickets there must be one who can be reached, at any time: whatever
 * changes the customer or a person ends with customer_store_check_main, under the customer's lock.
 *
 * That a domain is one, in its normal form, and nobody's public suffix is desk/domain's business; that
 * the way of a mail finds customers is store/people's.
 * I/O: the caller's transaction.
 */
#include "store/customer.h"

#include <string.h>

#include "store/change_log.h"
#include "store/named.h"

/* NULL is "as the desk's setting says". */
#define COLLEAGUES(customer)                                                         \
 " CASE " customer ".colleagues_take_part WHEN true THEN 'yes' WHEN false THEN 'no'" \
 " ELSE 'default' END"

/* In the order of enum customer_detail. */
#define DETAIL_COLUMNS                                                                  \
 "c.number, c.rank, c.phone, c.fax, c.address, c.postcode, c.city, c.state, c.country," \
 " c.language, c.notes"

#define CUSTOMER_COLUMNS                                                                 \
 "c.id, c.name,"                                                                         \
 " ARRAY(SELECT domain FROM customer_domain d WHERE d.customer = c.id ORDER BY domain)," \
 " (SELECT count(*) FROM person p WHERE p.customer = c.id),"                             \
 " (SELECT name FROM person p WHERE p.customer = c.id AND p.is_main_contact),"           \
 " c.is_main_contact_only," COLLEAGUES("c") ", c.created_at, " DETAIL_COLUMNS

static const struct statement LIST = {
    "customer_list",
    "SELECT " CUSTOMER_COLUMNS " FROM customer c"
    " WHERE ($1::text IS NULL OR lower(c.rank) = lower($1))"
    " AND ($2::text IS NULL OR lower(c.country) = lower($2))"
    " AND (NOT $3 OR c.is_main_contact_only)"
    " AND ($4::text IS NULL OR position(lower($4) IN lower(concat_ws(E'\\n', c.name, c.city, " DETAIL_COLUMNS
    "))) > 0"
    "  OR EXISTS (SELECT FROM customer_domain d WHERE d.customer = c.id AND position(lower($4) IN d.domain) > 0))"
    " ORDER BY lower(c.name), c.id"};

/* A name that looks like a number wins over the number: it was chosen by somebody. Then comes the business's own
 * number, then ours. */
static const struct statement FIND = {
    "customer_find",
    "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE lower(c.name) = lower($1)"
    " OR (lower(c.number) = lower($1) AND c.number <> '') OR c.id = $2"
    " ORDER BY lower(c.name) = lower($1) DESC, lower(c.number) = lower($1) DESC LIMIT 1"};

static const struct statement ADD = {"customer_add",
                                     "INSERT INTO customer (name) VALUES ($1)"
                                     " ON CONFLICT (lower(name)) DO NOTHING RETURNING id"};

static const struct statement ADD_DOMAINS = {"customer_add_domains",
                                             "INSERT INTO customer_domain (domain, customer)"
                                             " SELECT DISTINCT unnest($1::text[]), $2"};

static const struct statement OF_DOMAINS = {
    "customer_of_domains",
    "SELECT d.customer, d.domain, c.name FROM unnest($1::text[]) WITH ORDINALITY AS w (domain, n)"
    " JOIN customer_domain d USING (domain) JOIN customer c ON c.id = d.customer ORDER BY w.n LIMIT 1"};

static const struct statement NUMBERED = {
    "customer_numbered",
    "SELECT id, name FROM customer WHERE lower(number) = lower($1) AND $1 <> ''"};

static const struct statement NAMED = {"customer_named",
                                       "SELECT id FROM customer WHERE lower(name) = lower($1)"};

static const struct statement LOCK = {
    "customer_lock", "SELECT c.name, c.is_main_contact_only," COLLEAGUES(
                         "c") ", " DETAIL_COLUMNS " FROM customer c WHERE c.id = $1 FOR UPDATE"};

/* Notices go to the first address: that one must take mail. */
static const struct statement MAIN = {
    "customer_main", "SELECT p.id, p.is_disabled, coalesce((SELECT a.is_dead FROM person_address a"
                     " WHERE a.person = p.id ORDER BY a.position, a.address_key LIMIT 1), true)"
                     " FROM person p WHERE p.customer = $1 AND p.is_main_contact"};

static const struct statement CHANGE = {
    "customer_change",
    "UPDATE customer SET name = $2, is_main_contact_only = $3,"
    " colleagues_take_part = CASE $4 WHEN 'yes' THEN true WHEN 'no' THEN false END, number = $5,"
    " rank = $6, phone = $7, fax = $8, address = $9, postcode = $10, city = $11, state = $12,"
    " country = $13, language = $14, notes = $15 WHERE id = $1"};

static const struct statement REMOVE_DOMAIN = {
    "customer_remove_domain", "DELETE FROM customer_domain WHERE domain = $1 AND customer = $2"};

enum status customer_store_list(struct tx *tx, const struct customer_filter *filter,
                                struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_text(params, filter->rank);
    params_add_text(params, filter->country);
    params_add_bool(params, filter->is_main_contact_only);
    params_add_text(params, filter->text);
    return tx_query(tx, &LIST, params, rows_out, err);
}

enum status customer_store_find(struct tx *tx, const char *name_or_id, struct rows **rows_out,
                                struct err *err)
{
    enum status status = named_find(tx, &FIND, name_or_id, rows_out, err);

    if (status == ST_NOT_FOUND) {
        (void)err_set(err, ST_NOT_FOUND, "there is no customer \"%s\"", name_or_id);
        return err_hint(err, "postdesk customer list");
    }
    return status;
}

static enum status query_domains(struct tx *tx, const char *const *domains, size_t count,
                                 struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_texts(params, domains, count);
    return tx_query(tx, &OF_DOMAINS, params, rows_out, err);
}

enum status customer_store_of_domains(struct tx *tx, const char *const *domains, size_t count,
                                      customer_id *customer_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = query_domains(tx, domains, count, &rows, err);

    if (status == ST_OK) {
        *customer_out = rows_count(rows) == 0 ? 0 : row_int64(rows, 0, 0);
    }
    return status;
}

static struct logged_change logged(const char *actor, customer_id customer, const char *what)
{
    return (struct logged_change){.actor = actor,
                                  .object = "customer",
                                  .number = customer,
                                  .what = what};
}

static enum status add_domains(struct tx *tx, const char *actor, customer_id customer,
                               const GPtrArray *domains, struct err *err)
{
    OWNED(rows) taken = NULL;
    OWNED(params) params = params_new();
    const char *const *texts = (const char *const *)domains->pdata;

    enum status status = query_domains(tx, texts, domains->len, &taken, err);
    if (status == ST_OK && rows_count(taken) > 0) {
        return err_set(err, ST_INVALID, "the domain \"%s\" belongs to the customer \"%s\"",
                       row_text(taken, 0, 1), row_text(taken, 0, 2));
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_texts(params, texts, domains->len);
    params_add_int64(params, customer);
    tx_queue(tx, &ADD_DOMAINS, params, NULL);
    for (size_t i = 0; i < domains->len; i++) {
        struct logged_change change = logged(actor, customer, "changed");
        change_log_queue_field(tx, &change, "domain", NULL, texts[i]);
    }
    return tx_sync(tx, err);
}

static enum status say_name_taken(const char *name, struct err *err)
{
    (void)err_set(err, ST_INVALID, "there is a customer \"%s\" already", name);
    return err_hint(err, "postdesk customer show shows it");
}

enum status customer_store_add(struct tx *tx, const char *actor, const char *name,
                               const GPtrArray *domains, customer_id *customer_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, &ADD, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return say_name_taken(name, err);
    }
    *customer_out = row_int64(rows, 0, 0);
    struct logged_change change = logged(actor, *customer_out, "added");
    change.new_value = name;
    change_log_queue(tx, &change);
    return add_domains(tx, actor, *customer_out, domains, err);
}

/* ---- changes ---- */

static enum status lock(struct tx *tx, customer_id customer, struct rows **rows_out,
                        struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, customer);
    enum status status = tx_query(tx, &LOCK, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "the customer is gone");
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}

/* What is wrong with the customer's main contact; NULL: nothing. */
static const char *fault_of(const struct rows *main)
{
    if (rows_count(main) == 0) {
        return "it has no main contact";
    }
    if (row_bool(main, 0, 1)) {
        return "its main contact is disabled";
    }
    return row_bool(main, 0, 2) ? "its main contact has no address that takes mail" : NULL;
}

enum status customer_store_check_main(struct tx *tx, customer_id customer, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) own = NULL;
    OWNED(rows) main = NULL;

    if (customer == 0) {
        return ST_OK;
    }
    enum status status = lock(tx, customer, &own, err);
    if (status != ST_OK || !row_bool(own, 0, 1)) {
        return status;
    }
    params_add_int64(params, customer);
    status = tx_query(tx, &MAIN, params, &main, err);
    if (status != ST_OK || fault_of(main) == NULL) {
        return status;
    }
    (void)err_set(err, ST_INVALID, "only the main contact of \"%s\" may open tickets, but then %s",
                  row_text(own, 0, 0), fault_of(main));
    return err_hint(err, "give it another main contact first (postdesk contact set ADDRESS "
                         "--main-contact yes), or set --main-contact-only no");
}

static enum status check_name(struct tx *tx, customer_id customer, const char *name,
                              struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, &NAMED, params, &rows, err);
    if (status == ST_OK && rows_count(rows) > 0 && row_int64(rows, 0, 0) != customer) {
        return say_name_taken(name, err);
    }
    return status;
}

/* The business's own number is one customer's. */
static enum status check_number(struct tx *tx, customer_id customer, const char *number,
                                struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, number);
    enum status status = tx_query(tx, &NUMBERED, params, &rows, err);
    if (status == ST_OK && rows_count(rows) > 0 && row_int64(rows, 0, 0) != customer) {
        return err_set(err, ST_INVALID, "the number \"%s\" is that of the customer \"%s\"", number,
                       row_text(rows, 0, 1));
    }
    return status;
}

/* Of LOCK's columns. */
enum { OLD_NAME, OLD_ONLY, OLD_COLLEAGUES, OLD_DETAILS };

static void queue_change(struct tx *tx, const char *actor, customer_id customer,
                         const struct rows *old, const struct customer_change *change)
{
    OWNED(params) params = params_new();
    struct logged_change base = logged(actor, customer, "changed");
    const char *old_only = row_bool(old, 0, OLD_ONLY) ? "yes" : "no";
    const char *name = change->name != NULL ? change->name : row_text(old, 0, OLD_NAME);
    const char *only = change->main_only != NULL ? change->main_only : old_only;
    const char *colleagues = change->colleagues != NULL ? change->colleagues
                                                        : row_text(old, 0, OLD_COLLEAGUES);

    params_add_int64(params, customer);
    params_add_text(params, name);
    params_add_bool(params, strcmp(only, "yes") == 0);
    params_add_text(params, colleagues);
    for (int i = 0; i < CUSTOMER_DETAILS; i++) {
        const char *old_value = row_text(old, 0, OLD_DETAILS + i);
        const char *value = change->details[i] != NULL ? change->details[i] : old_value;
        params_add_text(params, value);
        change_log_queue_field(tx, &base, detail_of_customer((enum customer_detail)i)->name,
                               old_value, value);
    }
    tx_queue(tx, &CHANGE, params, NULL);
    change_log_queue_field(tx, &base, "name", row_text(old, 0, OLD_NAME), name);
    change_log_queue_field(tx, &base, "main-contact-only", old_only, only);
    change_log_queue_field(tx, &base, "colleagues", row_text(old, 0, OLD_COLLEAGUES), colleagues);
}

enum status customer_store_change(struct tx *tx, const char *actor, customer_id customer,
                                  const struct customer_change *change, struct err *err)
{
    OWNED(rows) old = NULL;
    enum status status = lock(tx, customer, &old, err);

    if (status == ST_OK && change->name != NULL) {
        status = check_name(tx, customer, change->name, err);
    }
    if (status == ST_OK && change->details[CUSTOMER_NUMBER] != NULL) {
        status = check_number(tx, customer, change->details[CUSTOMER_NUMBER], err);
    }
    if (status != ST_OK) {
        return status;
    }
    queue_change(tx, actor, customer, old, change);
    return customer_store_check_main(tx, customer, err);
}

enum status customer_store_add_domain(struct tx *tx, const char *actor, customer_id customer,
                                      const char *domain, struct err *err)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new();

    g_ptr_array_add(domains, (gpointer)domain);
    return add_domains(tx, actor, customer, domains, err);
}

enum status customer_store_remove_domain(struct tx *tx, const char *actor, customer_id customer,
                                         const char *domain, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct logged_change change = logged(actor, customer, "changed");

    params_add_text(params, domain);
    params_add_int64(params, customer);
    enum status status = tx_query(tx, &REMOVE_DOMAIN, params, &rows, err);
    if (status == ST_OK && rows_affected(rows) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "the customer has no domain \"%s\"", domain);
        return err_hint(err, "postdesk customer show lists its domains");
    }
    if (status == ST_OK) {
        change_log_queue_field(tx, &change, "domain", domain, NULL);
        status = tx_sync(tx, err);
    }
    return status;
}
