/* person - postdesk contact and postdesk technician: add, list, show (cli/person_set changes them)
 *
 * Both are people, rows of one table, and somebody may be both; so two nouns share one file. A contact
 * belongs to the customer that is named, else to the one whose domain the address has, else to none.
 * I/O: the database, stdout.
 */
#include "store/person.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/acts.h"
#include "cli/entry.h"
#include "cli/person_set.h"
#include "cli/view.h"
#include "desk/domain.h"
#include "store/account.h"
#include "store/customer.h"
#include "store/person_change.h"
#include "store/technician_group.h"

static const struct field CONTACT_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "NAME", FIELD_TEXT, true},
    {"address", "ADDRESS", FIELD_TEXT, true},
    {"addresses", NULL, FIELD_TEXTS, false},
    {"customer", "CUSTOMER", FIELD_TEXT, true},
    {"customer_id", NULL, FIELD_NUMBER, false},
    {"is_contact", NULL, FIELD_BOOL, false},
    {"is_confirmed", "CONFIRMED", FIELD_BOOL, false},
    {"is_main_contact", "MAIN", FIELD_BOOL, false},
    {"is_technician", NULL, FIELD_BOOL, false},
    {"is_lead", NULL, FIELD_BOOL, false},
    {"is_disabled", NULL, FIELD_BOOL, false},
    {"language", NULL, FIELD_TEXT, false},
    {"created_at", "SINCE", FIELD_TIME, false},
    {"opens_tickets", NULL, FIELD_BOOL, false},
    {"has_dead_address", NULL, FIELD_BOOL, false},
    {"first_name", NULL, FIELD_TEXT, false},
    {"last_name", NULL, FIELD_TEXT, false},
    {"job_title", NULL, FIELD_TEXT, false},
    {"notes", NULL, FIELD_TEXT, false},
    {"phones", NULL, FIELD_TEXTS, false},
    {"groups", NULL, FIELD_TEXTS, false},
    {"absent_from", NULL, FIELD_TEXT, false},
    {"absent_until", NULL, FIELD_TEXT, false},
    {"deputy", NULL, FIELD_TEXT, false},
    {"is_absent", NULL, FIELD_BOOL, false},
    {"zone", NULL, FIELD_TEXT, false},
    {"signature", NULL, FIELD_TEXT, false},
};

static const struct field TECHNICIAN_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "NAME", FIELD_TEXT, true},
    {"address", "ADDRESS", FIELD_TEXT, true},
    {"addresses", NULL, FIELD_TEXTS, false},
    {"customer", NULL, FIELD_TEXT, false},
    {"customer_id", NULL, FIELD_NUMBER, false},
    {"is_contact", NULL, FIELD_BOOL, false},
    {"is_confirmed", NULL, FIELD_BOOL, false},
    {"is_main_contact", NULL, FIELD_BOOL, false},
    {"is_technician", NULL, FIELD_BOOL, false},
    {"is_lead", "LEAD", FIELD_BOOL, false},
    {"is_disabled", "DISABLED", FIELD_BOOL, false},
    {"language", NULL, FIELD_TEXT, false},
    {"created_at", "SINCE", FIELD_TIME, false},
    {"opens_tickets", NULL, FIELD_BOOL, false},
    {"has_dead_address", NULL, FIELD_BOOL, false},
    {"first_name", NULL, FIELD_TEXT, false},
    {"last_name", NULL, FIELD_TEXT, false},
    {"job_title", NULL, FIELD_TEXT, false},
    {"notes", NULL, FIELD_TEXT, false},
    {"phones", NULL, FIELD_TEXTS, false},
    {"groups", "GROUPS", FIELD_TEXTS, true},
    {"absent_from", NULL, FIELD_TEXT, false},
    {"absent_until", NULL, FIELD_TEXT, false},
    {"deputy", NULL, FIELD_TEXT, false},
    {"is_absent", "ABSENT", FIELD_BOOL, false},
    {"zone", NULL, FIELD_TEXT, false},
    {"signature", NULL, FIELD_TEXT, false},
    {"acts_by_mail", NULL, FIELD_BOOL, false},
    {"acts_by_mail_because", "ACTS BY MAIL", FIELD_TEXT, true},
};

static const struct field PERSON_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "Name", FIELD_TEXT, false},
    {"address", NULL, FIELD_TEXT, false},
    {"addresses", "Addresses", FIELD_TEXTS, false},
    {"customer", "Customer", FIELD_TEXT, false},
    {"customer_id", NULL, FIELD_NUMBER, false},
    {"is_contact", "Contact", FIELD_BOOL, false},
    {"is_confirmed", "Confirmed", FIELD_BOOL, false},
    {"is_main_contact", "Main contact", FIELD_BOOL, false},
    {"is_technician", "Technician", FIELD_BOOL, false},
    {"is_lead", "Lead", FIELD_BOOL, false},
    {"is_disabled", "Disabled", FIELD_BOOL, false},
    {"language", "Language", FIELD_TEXT, false},
    {"created_at", "Since", FIELD_TIME, false},
    {"opens_tickets", "Opens tickets", FIELD_BOOL, false},
    {"has_dead_address", "First address is dead", FIELD_BOOL, false},
    {"first_name", "First name", FIELD_TEXT, false},
    {"last_name", "Last name", FIELD_TEXT, false},
    {"job_title", "Job title", FIELD_TEXT, false},
    {"notes", "Notes", FIELD_TEXT, false},
    {"phones", "Phones", FIELD_TEXTS, false},
    {"groups", "Groups", FIELD_TEXTS, true},
    {"absent_from", "Absent from", FIELD_TEXT, false},
    {"absent_until", "Absent until", FIELD_TEXT, false},
    {"deputy", "Deputy", FIELD_TEXT, true},
    {"is_absent", "Absent today", FIELD_BOOL, false},
    {"zone", "Time zone", FIELD_TEXT, false},
    {"signature", "Signature", FIELD_TEXT, false},
};

/* Columns of a person, and the last fields of a technician, which are no columns. */
enum {
    IS_CONTACT = 6,
    IS_TECHNICIAN = 9,
    IS_DISABLED = 11,
    HAS_DEAD_ADDRESS = 15,
    ADDED_FIELDS = 2
};

/* ---- list, show ---- */

static enum status run_contact_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) customer = NULL;
    OWNED(rows) rows = NULL;
    const char *customer_name = args_value(args, "customer");

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK && customer_name != NULL) {
        status = customer_store_find(tx, customer_name, &customer, err);
    }
    if (status == ST_OK) {
        const struct person_filter filter = {
            .customer = customer == NULL ? 0 : row_int64(customer, 0, 0),
            .text = args_value(args, "search"),
            .is_disabled = args_has(args, "disabled"),
            .is_unconfirmed = args_has(args, "unconfirmed"),
            .is_main_contact = args_has(args, "main"),
        };
        status = person_store_contacts(tx, &filter, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, CONTACT_FIELDS, G_N_ELEMENTS(CONTACT_FIELDS));
    }
    return status;
}

/* The technicians, each with whether he can act by mail. */
static json_t *technicians_of(const struct rows *rows, const struct rows *mailboxes)
{
    json_t *array = json_array();

    for (int row = 0; row < rows_count(rows); row++) {
        bool acts = false;
        g_autofree char *because = acts_by_mail(row_bool(rows, row, IS_DISABLED),
                                                row_bool(rows, row, HAS_DEAD_ADDRESS), mailboxes,
                                                &acts);
        json_t *technician = view_row(rows, row, TECHNICIAN_FIELDS,
                                      G_N_ELEMENTS(TECHNICIAN_FIELDS) - ADDED_FIELDS);
        json_object_set_new(technician, "acts_by_mail", json_boolean(acts));
        json_object_set_new(technician, "acts_by_mail_because", json_string(because));
        json_array_append_new(array, technician);
    }
    return array;
}

static enum status run_technician_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    OWNED(rows) mailboxes = NULL;
    OWNED(rows) group = NULL;
    const char *group_name = args_value(args, "group");

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK && group_name != NULL) {
        status = group_store_find(tx, group_name, &group, err);
    }
    if (status == ST_OK) {
        const struct person_filter filter = {
            .group = group == NULL ? 0 : row_int64(group, 0, 0),
            .text = args_value(args, "search"),
            .is_disabled = args_has(args, "disabled"),
            .is_absent = args_has(args, "absent"),
        };
        status = person_store_technicians(tx, &filter, &rows, err);
    }
    if (status == ST_OK) {
        status = account_store_list(tx, &mailboxes, err);
    }
    if (status == ST_OK) {
        view_print(cli, technicians_of(rows, mailboxes), TECHNICIAN_FIELDS,
                   G_N_ELEMENTS(TECHNICIAN_FIELDS));
    }
    return status;
}

/* role_column: of PERSON_FIELDS, what he has to be. */
static enum status show(struct cli *cli, const struct args *args, int role_column, const char *role,
                        struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    g_autofree char *key = entry_key(args_word(args, 0));

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = person_store_find(tx, key, &rows, err);
    }
    if (status == ST_OK && !row_bool(rows, 0, role_column)) {
        return err_set(err, ST_NOT_FOUND, "%s is no %s", args_word(args, 0), role);
    }
    if (status == ST_OK) {
        view_card(cli, rows, PERSON_FIELDS, G_N_ELEMENTS(PERSON_FIELDS));
    }
    return status;
}

static enum status run_contact_show(struct cli *cli, const struct args *args, struct err *err)
{
    return show(cli, args, IS_CONTACT, "contact", err);
}

static enum status run_technician_show(struct cli *cli, const struct args *args, struct err *err)
{
    return show(cli, args, IS_TECHNICIAN, "technician", err);
}

/* ---- add ---- */

struct addition {
    struct person_entry entry;
    const char *actor;         /* borrowed */
    const char *customer_name; /* borrowed; NULL: by the address's domain */
    struct person_details details;
    person_id person;
};

static enum status find_customer(struct tx *tx, struct addition *addition, struct err *err)
{
    OWNED(rows) rows = NULL;
    const char *at = strrchr(addition->entry.address_key, '@');

    assert(at != NULL);
    addition->entry.customer = 0;
    if (addition->customer_name == NULL) {
        g_autoptr(GPtrArray) lookups = domain_lookups(at + 1);
        return customer_store_of_domains(tx, (const char *const *)lookups->pdata, lookups->len,
                                         &addition->entry.customer, err);
    }
    enum status status = customer_store_find(tx, addition->customer_name, &rows, err);
    if (status == ST_OK) {
        addition->entry.customer = row_int64(rows, 0, 0);
    }
    return status;
}

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    struct addition *addition = arg;
    enum status status = ST_OK;

    if (!addition->entry.is_technician) {
        status = find_customer(tx, addition, err);
    }
    if (status == ST_OK && addition->entry.is_main_contact && addition->entry.customer == 0) {
        (void)err_set(err, ST_INVALID, "a main contact belongs to a customer");
        return err_hint(err, "name it by --customer");
    }
    if (status == ST_OK) {
        status = person_store_add(tx, addition->actor, &addition->entry, &addition->person, err);
    }
    if (status == ST_OK) {
        const struct person_target target = {.actor = addition->actor,
                                             .object = addition->entry.is_technician ? "technician"
                                                                                     : "contact",
                                             .person = addition->person};
        struct person_change change = {NULL};
        person_details_give(&addition->details, &change);
        status = person_store_change(tx, &target, &change, err);
    }
    return status;
}

/* How he is called: --name, else first and last name. */
static enum status read_name(const struct args *args, const struct person_details *details,
                             char **name_out, struct err *err)
{
    const char *first = details->texts[PERSON_FIRST_NAME];
    const char *last = details->texts[PERSON_LAST_NAME];
    g_autofree char *whole = detail_whole_name(first == NULL ? "" : first,
                                               last == NULL ? "" : last);

    if (args_has(args, "name")) {
        return entry_name(args_value(args, "name"), name_out, err);
    }
    if (whole[0] == '\0') {
        (void)err_set(err, ST_INVALID, "a name is missing");
        return err_hint(err, "--name NAME, or --first-name and --last-name");
    }
    return entry_name(whole, name_out, err);
}

static enum status run_add(struct cli *cli, const struct args *args, bool is_technician,
                           struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *address = NULL;
    g_autofree char *key = NULL;
    g_autofree char *name = NULL;

    enum status status = entry_address(args_word(args, 0), &address, &key, err);
    CLEANUP(person_details_clear) struct person_details details = {{NULL}, NULL};
    if (status == ST_OK) {
        status = person_details_read(args, &details, err);
    }
    if (status == ST_OK) {
        status = read_name(args, &details, &name, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    struct addition addition = {
        .entry = {.address = address,
                  .address_key = key,
                  .name = name,
                  .is_technician = is_technician,
                  .is_lead = args_has(args, "lead"),
                  .is_confirmed = args_has(args, "confirmed"),
                  .is_main_contact = args_has(args, "main")},
        .actor = actor,
        .customer_name = args_value(args, "customer"),
        .details = details,
    };
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &addition, err);
    }
    if (status == ST_OK) {
        cli_added(cli, is_technician ? "technician" : "contact", addition.person, name);
    }
    return status;
}

static enum status run_contact_add(struct cli *cli, const struct args *args, struct err *err)
{
    return run_add(cli, args, false, err);
}

static enum status run_technician_add(struct cli *cli, const struct args *args, struct err *err)
{
    return run_add(cli, args, true, err);
}

/* ---- tables ---- */

#define ADDRESS_MORE                                                                             \
 "The first address is where notices go; mail from any of them is his. Adding one that he has\n" \
 "says that it takes mail again, if it was found dead."

static const struct flag CONTACT_ADD_FLAGS[] = {
    {"name", "NAME", "how the contact is called; without it first and last name", false, false},
    PERSON_DETAIL_FLAGS,
    {"customer", "NAME|ID", "the customer; without it the one that has the address's domain", false,
     false},
    {"confirmed", NULL, "you know that the address is his", false, false},
    {"main", NULL, "he is the customer's main contact", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag CONTACT_LIST_FLAGS[] = {
    {"customer", "NAME|NUMBER|ID", "only those of this customer", false, false},
    {"main", NULL, "only main contacts", false, false},
    {"unconfirmed", NULL, "only those whose address is not known to be theirs", false, false},
    {"disabled", NULL, "only those who are disabled", false, false},
    {"search", "TEXT", "only those of whom something that is known contains this", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb CONTACT_VERBS[] = {
    {.name = "add",
     .words = "ADDRESS",
     .help = "enter a contact",
     .flags = CONTACT_ADD_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_contact_add},
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list the contacts",
     .flags = CONTACT_LIST_FLAGS,
     .run = run_contact_list},
    {.name = "show",
     .is_long = true,
     .words = "ADDRESS|ID",
     .help = "show a contact",
     .least_words = 1,
     .most_words = 1,
     .run = run_contact_show},
    {.name = "set",
     .words = "ADDRESS|ID",
     .help = "change a contact",
     .flags = CONTACT_SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = person_run_contact_set},
    {.name = "address",
     .words = "add|remove ADDRESS|ID NEW",
     .help = "give an address to a contact, or take it away",
     .more = ADDRESS_MORE,
     .flags = PERSON_ADDRESS_FLAGS,
     .least_words = 3,
     .most_words = 3,
     .run = person_run_contact_address},
    {.run = NULL},
};

static const struct flag TECHNICIAN_ADD_FLAGS[] = {
    {"name", "NAME", "how the technician is called; without it first and last name", false, false},
    PERSON_DETAIL_FLAGS,
    {"lead", NULL, "may act in all groups", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag TECHNICIAN_LIST_FLAGS[] = {
    {"group", "NAME|ID", "only those of this group", false, false},
    {"absent", NULL, "only those who are away today", false, false},
    {"disabled", NULL, "only those who are disabled", false, false},
    {"search", "TEXT", "only those of whom something that is known contains this", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb TECHNICIAN_VERBS[] = {
    {.name = "add",
     .words = "ADDRESS",
     .help = "enter a technician",
     .flags = TECHNICIAN_ADD_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_technician_add},
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list the technicians",
     .flags = TECHNICIAN_LIST_FLAGS,
     .run = run_technician_list},
    {.name = "show",
     .is_long = true,
     .words = "ADDRESS|ID",
     .help = "show a technician",
     .least_words = 1,
     .most_words = 1,
     .run = run_technician_show},
    {.name = "set",
     .words = "ADDRESS|ID",
     .help = "change a technician",
     .more =
         "While somebody is absent he goes on getting his mail; his deputy gets it as well, as far as\n"
         "he is in the ticket's group, and nothing new is assigned to the absent one by itself.",
     .flags = TECHNICIAN_SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = person_run_technician_set},
    {.name = "address",
     .words = "add|remove ADDRESS|ID NEW",
     .help = "give an address to a technician, or take it away",
     .more = ADDRESS_MORE,
     .flags = PERSON_ADDRESS_FLAGS,
     .least_words = 3,
     .most_words = 3,
     .run = person_run_technician_address},
    {.run = NULL},
};

const struct noun NOUN_CONTACT = {"contact", "the people who are supported", CONTACT_VERBS};
const struct noun NOUN_TECHNICIAN = {"technician", "the people of the desk", TECHNICIAN_VERBS};
