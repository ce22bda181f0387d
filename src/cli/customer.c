/* customer - postdesk customer add, list, show
 *
 * A customer owns domains: whoever writes from one of them is a contact of his. So a domain is
 * brought into its normal form and refused where everybody could have an address (desk/domain).
 * I/O: the database, stdout.
 */
#include "store/customer.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "desk/domain.h"
#include "store/person.h"

static const struct field FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},          {"name", "NAME", FIELD_TEXT, true},
    {"domains", "DOMAINS", FIELD_TEXTS, true},  {"contacts", "CONTACTS", FIELD_NUMBER, false},
    {"created_at", "SINCE", FIELD_TIME, false},
};

/* ---- list, show ---- */

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    (void)args;
    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = customer_store_list(tx, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, FIELDS, G_N_ELEMENTS(FIELDS));
    }
    return status;
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = customer_store_find(tx, args_word(args, 0), &rows, err);
    }
    if (status == ST_OK) {
        view_card(cli, rows, FIELDS, G_N_ELEMENTS(FIELDS));
    }
    return status;
}

/* ---- add ---- */

struct addition {
    char *name;         /* own */
    GPtrArray *domains; /* own: char * */
    customer_id customer;
};

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    struct addition *addition = arg;
    return customer_store_add(tx, addition->name, (const char *const *)addition->domains->pdata,
                              addition->domains->len, &addition->customer, err);
}

static enum status read_domains(const struct args *args, GPtrArray *domains, struct err *err)
{
    g_autoptr(GPtrArray) values = args_values(args, "domain");
    enum status status = ST_OK;

    for (size_t i = 0; i < values->len && status == ST_OK; i++) {
        char *domain = NULL;
        status = domain_normalise(g_ptr_array_index(values, i), true, &domain, err);
        if (status == ST_OK) {
            g_ptr_array_add(domains, domain);
            status = domain_check_mappable(domain, err);
        }
    }
    return status;
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *name = NULL;
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);

    enum status status = entry_name(args_word(args, 0), &name, err);
    if (status == ST_OK) {
        status = read_domains(args, domains, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    struct addition addition = {.name = name, .domains = domains};
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &addition, err);
    }
    if (status == ST_OK) {
        cli_added(cli, "customer", addition.customer, name);
    }
    return status;
}

static const struct flag ADD_FLAGS[] = {
    {"domain", "D", "a domain whose senders belong to this customer; \"*.D\" for its sub-domains",
     false, true},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "add",
     .words = "NAME",
     .help = "enter a customer and its domains",
     .more =
         "Mail from an address of these domains comes from a contact of the customer. Domains of\n"
         "which everybody can have an address (gmail.com, co.uk) are refused: enter such people as\n"
         "contacts.",
     .flags = ADD_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_add},
    {.name = "list", .words = "", .help = "list the customers", .run = run_list},
    {.name = "show",
     .words = "NAME|ID",
     .help = "show a customer",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.run = NULL},
};

const struct noun NOUN_CUSTOMER = {"customer",
                                   "the companies that are supported, and their domains", VERBS};
