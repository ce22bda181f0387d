/* customer - postdesk customer add, list, show, set, domain
 *
 * A customer owns domains: whoever writes from one of them is a contact of his. So a domain is
 * brought into its normal form and refused where everybody could have an address (desk/domain).
 * I/O: the database, stdout.
 */
#include "store/customer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "desk/domain.h"
#include "store/person.h"

static const struct field FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "NAME", FIELD_TEXT, true},
    {"domains", "DOMAINS", FIELD_TEXTS, true},
    {"contacts", "CONTACTS", FIELD_NUMBER, false},
    {"main_contact", "MAIN CONTACT", FIELD_TEXT, true},
    {"is_main_contact_only", NULL, FIELD_BOOL, false},
    {"colleagues", NULL, FIELD_TEXT, false},
    {"created_at", NULL, FIELD_TIME, false},
    {"number", "NUMBER", FIELD_TEXT, true},
    {"rank", "RANK", FIELD_TEXT, true},
    {"phone", NULL, FIELD_TEXT, false},
    {"fax", NULL, FIELD_TEXT, false},
    {"address", NULL, FIELD_TEXT, false},
    {"postcode", NULL, FIELD_TEXT, false},
    {"city", NULL, FIELD_TEXT, false},
    {"state", NULL, FIELD_TEXT, false},
    {"country", NULL, FIELD_TEXT, false},
    {"language", NULL, FIELD_TEXT, false},
    {"notes", NULL, FIELD_TEXT, false},
};

static const struct field CARD[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "Name", FIELD_TEXT, false},
    {"domains", "Domains", FIELD_TEXTS, false},
    {"contacts", "Contacts", FIELD_NUMBER, false},
    {"main_contact", "Main contact", FIELD_TEXT, false},
    {"is_main_contact_only", "Main contact only", FIELD_BOOL, false},
    {"colleagues", "Colleagues take part", FIELD_TEXT, false},
    {"created_at", "Since", FIELD_TIME, false},
    {"number", "Number", FIELD_TEXT, false},
    {"rank", "Rank", FIELD_TEXT, false},
    {"phone", "Phone", FIELD_TEXT, false},
    {"fax", "Fax", FIELD_TEXT, false},
    {"address", "Address", FIELD_TEXT, false},
    {"postcode", "Postcode", FIELD_TEXT, false},
    {"city", "City", FIELD_TEXT, false},
    {"state", "State", FIELD_TEXT, false},
    {"country", "Country", FIELD_TEXT, false},
    {"language", "Language", FIELD_TEXT, false},
    {"notes", "Notes", FIELD_TEXT, false},
};

/* ---- list, show ---- */

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    const struct customer_filter filter = {
        .rank = args_value(args, "rank"),
        .country = args_value(args, "country"),
        .text = args_value(args, "search"),
        .is_main_contact_only = args_has(args, "main-contact-only"),
    };

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = customer_store_list(tx, &filter, &rows, err);
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
        view_card(cli, rows, CARD, G_N_ELEMENTS(CARD));
    }
    return status;
}

/* ---- add ---- */

struct addition {
    char *actor;                   /* own */
    char *name;                    /* own */
    GPtrArray *domains;            /* own: char * */
    struct customer_change change; /* what else is known of it */
    customer_id customer;
};

/* The details that options give, in their stored form: own. */
static enum status read_details(const struct args *args, char *details[CUSTOMER_DETAILS],
                                struct err *err)
{
    enum status status = ST_OK;

    for (int i = 0; i < CUSTOMER_DETAILS && status == ST_OK; i++) {
        const struct detail_info *info = detail_of_customer((enum customer_detail)i);
        if (args_has(args, info->name)) {
            status = detail_read(info, args_value(args, info->name), &details[i], err);
        }
    }
    return status;
}

static void take_details(struct customer_change *change, char *const details[CUSTOMER_DETAILS])
{
    for (int i = 0; i < CUSTOMER_DETAILS; i++) {
        change->details[i] = details[i];
    }
}

static void free_details(char *details[CUSTOMER_DETAILS])
{
    for (int i = 0; i < CUSTOMER_DETAILS; i++) {
        g_free(details[i]);
    }
}

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    struct addition *addition = arg;
    enum status status = customer_store_add(tx, addition->actor, addition->name, addition->domains,
                                            &addition->customer, err);

    return status == ST_OK ? customer_store_change(tx, addition->actor, addition->customer,
                                                   &addition->change, err)
                           : status;
}

static enum status read_domain(const char *text, char **domain_out, struct err *err)
{
    g_autofree char *domain = NULL;
    enum status status = domain_normalise(text, true, &domain, err);

    if (status == ST_OK) {
        status = domain_check_mappable(domain, err);
    }
    if (status == ST_OK) {
        *domain_out = g_steal_pointer(&domain);
    }
    return status;
}

static enum status read_domains(const struct args *args, GPtrArray *domains, struct err *err)
{
    g_autoptr(GPtrArray) values = args_values(args, "domain");
    enum status status = ST_OK;

    for (size_t i = 0; i < values->len && status == ST_OK; i++) {
        char *domain = NULL;
        status = read_domain(g_ptr_array_index(values, i), &domain, err);
        if (status == ST_OK) {
            g_ptr_array_add(domains, domain);
        }
    }
    return status;
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *name = NULL;
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);
    char *details[CUSTOMER_DETAILS] = {NULL};

    enum status status = entry_name(args_word(args, 0), &name, err);
    if (status == ST_OK) {
        status = read_domains(args, domains, err);
    }
    if (status == ST_OK) {
        status = read_details(args, details, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    struct addition addition = {.actor = actor, .name = name, .domains = domains};
    take_details(&addition.change, details);
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &addition, err);
    }
    if (status == ST_OK) {
        cli_added(cli, "customer", addition.customer, name);
    }
    free_details(details);
    return status;
}

/* ---- set ---- */

struct setting {
    const char *actor;  /* borrowed */
    const char *wanted; /* borrowed: name or number */
    struct customer_change change;
    char *name; /* own: as it is called then */
};

static enum status find(struct tx *tx, const char *wanted, customer_id *customer_out,
                        char **name_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = customer_store_find(tx, wanted, &rows, err);

    if (status == ST_OK) {
        *customer_out = row_int64(rows, 0, 0);
        g_free(*name_out);
        *name_out = g_strdup(row_text(rows, 0, 1));
    }
    return status;
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    struct setting *setting = arg;
    customer_id customer = 0;
    enum status status = find(tx, setting->wanted, &customer, &setting->name, err);

    return status == ST_OK
               ? customer_store_change(tx, setting->actor, customer, &setting->change, err)
               : status;
}

static enum status read_change(const struct args *args, struct customer_change *change, char **name,
                               struct err *err)
{
    bool ignored = false;
    enum status status = ST_OK;

    change->main_only = args_value(args, "main-contact-only");
    change->colleagues = args_value(args, "colleagues");
    if (args->names->len == 0) {
        (void)err_set(err, ST_INVALID, "nothing is to be changed");
        return err_hint(err, "postdesk customer set --help");
    }
    if (args_has(args, "name")) {
        status = entry_name(args_value(args, "name"), name, err);
        change->name = *name;
    }
    if (status == ST_OK && change->main_only != NULL) {
        status = entry_yes_no("main-contact-only", change->main_only, &ignored, err);
    }
    if (status == ST_OK && change->colleagues != NULL &&
        strcmp(change->colleagues, "default") != 0 &&
        entry_yes_no("colleagues", change->colleagues, &ignored, err) != ST_OK) {
        return err_set(err, ST_INVALID, "--colleagues takes yes, no or default, not \"%s\"",
                       change->colleagues);
    }
    return status;
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *new_name = NULL;
    char *details[CUSTOMER_DETAILS] = {NULL};
    struct setting setting = {.actor = actor, .wanted = args_word(args, 0)};

    enum status status = read_change(args, &setting.change, &new_name, err);
    if (status == ST_OK) {
        status = read_details(args, details, err);
    }
    take_details(&setting.change, details);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "customer", new_name == NULL ? setting.name : new_name);
    }
    free_details(details);
    g_free(setting.name);
    return status;
}

/* ---- domain ---- */

struct domain_setting {
    const char *actor;  /* borrowed */
    const char *wanted; /* borrowed */
    const char *domain; /* borrowed */
    bool is_added;
    char *name; /* own */
};

static enum status set_domain(struct tx *tx, void *arg, struct err *err)
{
    struct domain_setting *setting = arg;
    customer_id customer = 0;
    enum status status = find(tx, setting->wanted, &customer, &setting->name, err);

    if (status != ST_OK) {
        return status;
    }
    return setting->is_added
               ? customer_store_add_domain(tx, setting->actor, customer, setting->domain, err)
               : customer_store_remove_domain(tx, setting->actor, customer, setting->domain, err);
}

static enum status run_domain(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *domain = NULL;
    struct domain_setting setting = {.actor = actor, .wanted = args_word(args, 1)};

    /* What was entered once may be taken away although it could not be entered now. */
    enum status status = cli_add_or_remove(args_word(args, 0), &setting.is_added, err);
    if (status == ST_OK) {
        status = setting.is_added ? read_domain(args_word(args, 2), &domain, err)
                                  : domain_normalise(args_word(args, 2), true, &domain, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    setting.domain = domain;
    if (status == ST_OK) {
        status = tx_run(cli->conn, set_domain, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "customer", setting.name);
    }
    g_free(setting.name);
    return status;
}

/* ---- tables ---- */

/* One option for each of enum customer_detail. */
#define DETAIL_FLAGS                                                                             \
 {"number", "TEXT", "the business's own number for it; it is found by that, too", false, false}, \
     {"rank", "TEXT", "a word of yours that rules can ask for: gold", false, false},             \
     {"phone", "TEXT", "telephone number", false, false},                                        \
     {"fax", "TEXT", "fax number", false, false},                                                \
     {"address", "TEXT", "street, and what belongs to it", false, false},                        \
     {"postcode", "TEXT", "postcode", false, false}, {"city", "TEXT", "city", false, false},     \
     {"state", "TEXT", "state or province", false, false},                                       \
     {"country", "TEXT", "country", false, false},                                               \
     {"language", "en|de|fr|es|it", "in which its people are written to", false, false},         \
 {                                                                                               \
  "notes", "TEXT", "what else the desk should know", false, false                                \
 }

static const struct flag LIST_FLAGS[] = {
    {"rank", "TEXT", "only those of this rank", false, false},
    {"country", "TEXT", "only those in this country", false, false},
    {"main-contact-only", NULL, "only those whose main contact alone opens tickets", false, false},
    {"search", "TEXT", "only those of which something that is known contains this", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag SET_FLAGS[] = {
    {"name", "N", "how it is called from now on", false, false},
    DETAIL_FLAGS,
    {"main-contact-only", "yes|no",
     "only its main contact opens tickets by mail; who else writes is held until he admits it",
     false, false},
    {"colleagues", "yes|no|default",
     "whether its contacts take part in each other's tickets; default: as the desk's setting says",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag ADD_FLAGS[] = {
    {"domain", "D", "a domain whose senders belong to this customer; \"*.D\" for its sub-domains",
     false, true},
    DETAIL_FLAGS,
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
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list the customers",
     .flags = LIST_FLAGS,
     .run = run_list},
    {.name = "show",
     .is_long = true,
     .words = "NAME|NUMBER|ID",
     .help = "show a customer",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "set",
     .words = "NAME|NUMBER|ID",
     .help = "change a customer",
     .more =
         "An empty text (--phone \"\") takes away what was entered.\n"
         "--main-contact-only is refused unless the customer has a main contact who is not disabled\n"
         "and whose address takes mail. While it is on, he cannot be removed, disabled or moved\n"
         "away; another one can take his place.",
     .flags = SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_set},
    {.name = "domain",
     .words = "add|remove NAME|NUMBER|ID DOMAIN",
     .help = "give a domain to a customer, or take it away",
     .more = "People of the domain who are contacts already stay with their customer.",
     .least_words = 3,
     .most_words = 3,
     .run = run_domain},
    {.run = NULL},
};

const struct noun NOUN_CUSTOMER = {"customer",
                                   "the companies that are supported, and their domains", VERBS};
