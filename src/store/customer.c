/* customer - customers and their domains, for the command line
 *
 * A name is unique in any letter case, a domain belongs to one customer: constraints of the schema. Here
 * they are asked about first, because "Acme has that domain already" helps and a violated
 * constraint does not. The constraint decides all the same: who lost the race runs again (tx_run), and
 * is then told.
 *
 * That a domain is one, in its normal form, and nobody's public suffix is desk/domain's business; that
 * the way of a mail finds customers is store/people's.
 * I/O: the caller's transaction.
 */
#include "store/customer.h"

#include <string.h>

#include "core/text.h"

#define CUSTOMER_COLUMNS                                                                 \
 "c.id, c.name,"                                                                         \
 " ARRAY(SELECT domain FROM customer_domain d WHERE d.customer = c.id ORDER BY domain)," \
 " (SELECT count(*) FROM person p WHERE p.customer = c.id), c.created_at"

static const struct statement LIST = {
    "customer_list", "SELECT " CUSTOMER_COLUMNS " FROM customer c ORDER BY lower(c.name), c.id"};

/* A name that looks like a number wins over the number: it was chosen by somebody. */
static const struct statement FIND = {
    "customer_find",
    "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE lower(c.name) = lower($1) OR c.id = $2"
    " ORDER BY lower(c.name) = lower($1) DESC LIMIT 1"};

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

enum status customer_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

enum status customer_store_find(struct tx *tx, const char *name_or_id, struct rows **rows_out,
                                struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct err ignored = {.status = ST_OK};
    int64_t id = 0;

    if (text_parse_int64(name_or_id, 1, INT64_MAX, &id, &ignored) != ST_OK) {
        id = 0;
    }
    params_add_text(params, name_or_id);
    params_add_id(params, id);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        (void)err_set(err, ST_NOT_FOUND, "there is no customer \"%s\"", name_or_id);
        return err_hint(err, "postdesk customer list");
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
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

static enum status add_domains(struct tx *tx, customer_id customer, const char *const *domains,
                               size_t count, struct err *err)
{
    OWNED(rows) taken = NULL;
    OWNED(params) params = params_new();

    enum status status = query_domains(tx, domains, count, &taken, err);
    if (status == ST_OK && rows_count(taken) > 0) {
        return err_set(err, ST_INVALID, "the domain \"%s\" belongs to the customer \"%s\"",
                       row_text(taken, 0, 1), row_text(taken, 0, 2));
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_texts(params, domains, count);
    params_add_int64(params, customer);
    return tx_query(tx, &ADD_DOMAINS, params, NULL, err);
}

enum status customer_store_add(struct tx *tx, const char *name, const char *const *domains,
                               size_t count, customer_id *customer_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, name);
    enum status status = tx_query(tx, &ADD, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        (void)err_set(err, ST_INVALID, "there is a customer \"%s\" already", name);
        return err_hint(err, "postdesk customer show shows it");
    }
    *customer_out = row_int64(rows, 0, 0);
    return add_domains(tx, *customer_out, domains, count, err);
}
