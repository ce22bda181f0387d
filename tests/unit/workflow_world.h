/* The desk of desk_world.h, and rules on it: two groups, a status of the desk's own, and what a second round of looking up
 * finds. */
#ifndef TESTS_WORKFLOW_WORLD_H
#define TESTS_WORKFLOW_WORLD_H

#include "desk/rule_records.h"
#include "desk_world.h"
#include "rules/rules.h"

#define NET   31
#define PRINT 32

DEFINE_OWNED(ticket_record, ticket_record_free)

static inline struct rules *compiled(const char *text)
{
    const struct rule_file file = {"test.rules", text, strlen(text)};
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    struct rules *rules = rules_compile(&file, 1, NULL, errors);

    cr_assert(rules != NULL, "%s", errors->len > 0 ? (char *)errors->pdata[0] : "no error");
    return rules;
}

/* The desk has two groups, Ben and Clara are in the first. */
static inline void add_rules(struct records *records, const struct rules *rules)
{
    group_id net = NET;

    records->rule.rules = rules;
    rule_records_add_group(&records->rule, NET, "Net", BEN);
    rule_records_add_group(&records->rule, PRINT, "Print", 0);
    rule_records_add_status(&records->rule, "waiting", TICKET_PENDING);
    g_array_append_val(world_person(records, BEN)->groups, net);
    g_array_append_val(world_person(records, CLARA)->groups, net);
}

/* What a second round of looking up would have found. */
static inline void find_wanted(struct records *records)
{
    static const struct load_record LOADS[] = {{BEN, 3}, {CLARA, 1}};
    static const struct {
        const char *key;
        person_id person;
        customer_id domain;
    } FOUND[] = {{"carl@acme.example", CARL, ACME}, {"anna@acme.example", ANNA, ACME},
                 {"ben@desk.example", BEN, 0},      {"clara@desk.example", CLARA, 0},
                 {"new@acme.example", 0, ACME},     {"new@other.example", 0, OTHER},
                 {"newer@acme.example", 0, ACME},   {"x@nowhere.test", 0, 0},
                 {"gone@desk.example", GONE, 0},    {"support@desk.example", 0, 0}};
    const ticket_id none = 77;

    for (size_t i = 0; i < G_N_ELEMENTS(FOUND); i++) {
        struct address_record *address = address_record_new(FOUND[i].key);
        address->person = FOUND[i].person;
        address->domain_customer = FOUND[i].domain;
        g_ptr_array_add(records->addresses, address);
    }
    g_array_append_vals(records->rule.loads, LOADS, G_N_ELEMENTS(LOADS));
    records->rule.has_loads = true;
    g_array_append_val(records->rule.tickets, none);
}

#endif
