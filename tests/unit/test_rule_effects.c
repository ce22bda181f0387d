/* What rules change, to the letter: fields, people, links, web hooks, and what they cannot do. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk/workflow.h"
#include "workflow_world.h"

/* "set priority=high:0, fault no such thing": what rules change, in words, and to whom or what; own. */
static char *told(const struct plan *plan)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->rule == NULL || change->kind == CHANGE_RULE_FIRED) {
            continue;
        }
        g_string_append(list, list->len > 0 ? ", " : "");
        if (change->kind == CHANGE_RULE_FAULT) {
            g_string_append_printf(list, "fault %s", change->text);
        } else if (change->kind == CHANGE_TICKET_SET) {
            g_string_append_printf(list, "%s%s%s=%s:%d", ticket_field_name(change->field),
                                   change->name == NULL ? "" : ".",
                                   change->name == NULL ? "" : change->name, change->text,
                                   (int)(change->person + change->group + change->customer));
        } else {
            g_string_append_printf(list, "%s:%d", change_kind_name(change->kind),
                                   (int)(change->person + change->other));
        }
    }
    return g_string_free(list, FALSE);
}

static int count_changes(const struct plan *plan, enum change_kind kind)
{
    int count = 0;

    for (guint i = 0; i < plan->changes->len; i++) {
        count += ((const struct change *)plan->changes->pdata[i])->kind == kind;
    }
    return count;
}

static const struct {
    const char *name;
    const char *rule; /* on ticket-created, for Anna's mail about #12 */
    const char *want;
} CREATED[] = {
    {"what a pattern found is no address",
     "if mail.from = \"anna@acme.example\" and mail.subject ~ /(?<n>New)/ then set requester "
     "\"$n\"",
     "fault \"New\" is no address of a person"},
    {"our own address is no requester", "then set requester \"support@desk.example\"",
     "fault \"support@desk.example\" is no address of a person"},
    {"nobody of a group that there is not", "then assign round-robin \"Nobody\"",
     "fault there is no group \"Nobody\" to pick from"},
    {"nobody has this address", "then assign \"x@nowhere.test\"",
     "fault x@nowhere.test is no technician of the desk"},
    {"nobody who left gets a ticket", "then assign \"gone@desk.example\"",
     "fault gone@desk.example is no technician of the desk"},
    {"a status that the desk had once", "then set status weird", "fault \"weird\" is no status"},
    {"impact and product", "then set impact major; set product \"Printers\"",
     "impact=major:0, product=Printers:0"},
    {"no product", "then set product none", "product=:0"},
    {"a field of the desk's own", "then set field order \"A-17\"", "field.order=A-17:0"},
    {"out of its group", "then set group none", "group=:0"},
    {"away from its customer", "then set customer none", "customer=:0"},
    {"a link by a number with its sign", "if mail.body ~ /(?<n>#\\d+)/ then link \"$n\"",
     "link ticket:12"},
    {"somebody new who is named twice",
     "then set requester \"new@acme.example\"; add cc \"new@acme.example\"",
     "add person:-2, requester=new@acme.example:-2"},
};

Test(rule_effects, change_what_a_rule_says_and_say_what_cannot_be)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CREATED); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on ticket-created\n %s\n}\n",
                                                CREATED[i].rule);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        find_wanted(it.records);
        world_set(&it.facts->text, "This is about #12.");
        it.plan = decide(it.facts, it.records);
        g_autofree char *got = told(it.plan);
        cr_expect_str_eq(got, CREATED[i].want, "%s: got %s", CREATED[i].name, got);
        cr_expect_not(wants_are_any(&it.plan->wants), "%s", CREATED[i].name);
    }
}

Test(rule_effects, look_for_each_ticket_that_was_not_looked_for)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on ticket-created\n then link \"78\"\n}\n");
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    add_rules(it.records, rules);
    find_wanted(it.records); /* 77 was */
    it.plan = decide(it.facts, it.records);
    g_autofree char *got = told(it.plan);
    cr_expect_str_eq(got, "");
    cr_assert_eq(it.plan->wants.tickets->len, 1);
    cr_expect_eq(g_array_index(it.plan->wants.tickets, ticket_id, 0), 78);
}

Test(rule_effects, link_no_ticket_to_itself)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on customer-replied\n then link \"12\"\n}\n");
    CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));

    add_rules(it.records, rules);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    it.plan = decide(it.facts, it.records);
    g_autofree char *got = told(it.plan);
    cr_expect_str_eq(got, "fault there is no other ticket 12");
}

/* ---- people ------------------------------------------------------------------------------------ */

/* An address is one person's: a second row of it would stop the mail for good. */
Test(rule_effects, make_nobody_twice_whom_the_plan_makes_already)
{
    static const struct {
        const char *name;
        const char *from;
        const char *cc;
        const char *action;
        const char *want;
        int people;
        int participants;
    } MADE[] = {
        {"the sender", "new@acme.example", NULL, "add cc \"New@ACME.example\"", "", 1, 0},
        {"the sender as requester", "new@acme.example", NULL, "set requester \"new@acme.example\"",
         "requester=new@acme.example:-1", 1, 0},
        {"somebody in Cc", "anna@acme.example", "new@acme.example", "add cc \"new@acme.example\"",
         "", 1, 1},
        {"somebody in Cc whom the desk knows", "anna@acme.example", "carl@acme.example",
         "add cc \"carl@acme.example\"", "", 0, 1},
        {"somebody beside him in Cc", "anna@acme.example", "newer@acme.example",
         "add cc \"new@acme.example\"", "add person:-3, add participant:-3", 2, 2},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(MADE); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on ticket-created\n then %s\n}\n",
                                                MADE[i].action);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from(MADE[i].from, "New", PASS("acme.example"));
        add_rules(it.records, rules);
        find_wanted(it.records);
        if (MADE[i].cc != NULL) {
            g_ptr_array_add(it.facts->cc, address_new(MADE[i].cc, ""));
        }
        it.plan = decide(it.facts, it.records);
        g_autofree char *got = told(it.plan);
        cr_expect_str_eq(got, MADE[i].want, "%s: got %s", MADE[i].name, got);
        cr_expect_eq(count_changes(it.plan, CHANGE_PERSON_ADD), MADE[i].people, "%s", MADE[i].name);
        cr_expect_eq(count_changes(it.plan, CHANGE_PARTICIPANT_ADD), MADE[i].participants, "%s",
                     MADE[i].name);
    }
}

Test(rule_effects, take_no_requester_from_reply_to_who_is_nobody)
{
    static const struct {
        const char *name;
        const char *action;
        const char *reply_to;
        person_id want;
    } WRITTEN[] = {
        {"his", "requester from reply-to", "carl@acme.example", CARL},
        {"our own", "requester from reply-to", "support@desk.example", REF_NEW},
        {"no rule asks", "tag form", "carl@acme.example", REF_NEW},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(WRITTEN); i++) {
        g_autofree char *text = g_strdup_printf(
            "rule \"r\" {\n on mail-received\n if mail.from = \"forms@shop.example\"\n then %s\n"
            "}\n",
            WRITTEN[i].action);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("forms@shop.example", "Form", PASS("shop.example"));
        add_rules(it.records, rules);
        find_wanted(it.records);
        g_ptr_array_add(it.facts->reply_to, address_new(WRITTEN[i].reply_to, ""));
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->person, WRITTEN[i].want, "%s",
                     WRITTEN[i].name);
    }
}

Test(rule_effects, assign_the_technician_who_wrote_and_nobody_who_may_not_any_more)
{
    for (int left = 0; left < 2; left++) {
        OWNED(rules)
        rules = compiled("rule \"r\" {\n on status-changed\n then assign sender\n}\n");
        OWNED(records) records = world_records();
        struct ticket_record *after = world_ticket(records, 12);
        OWNED(ticket_record) before = ticket_record_copy(after);
        const struct workflow_cause cause = {.before = before, .after = after, .author = BEN};

        add_rules(records, rules);
        world_person(records, BEN)->is_disabled = left;
        after->status = TICKET_PENDING;
        OWNED(plan) plan = workflow_decide(records, &cause);
        g_autofree char *got = told(plan);
        cr_expect_str_eq(got,
                         left ? "fault the sender is no technician of the desk" : "assignee=:5");
    }
}

/* ---- web hooks --------------------------------------------------------------------------------- */

/* "status=open; title=…": own; "none": no web hook is called. */
static char *hook_values(const struct plan *plan)
{
    const struct change *hook = world_change(plan, CHANGE_WEB_HOOK);
    GString *list = g_string_new(hook == NULL ? "none" : "");

    for (guint i = 0; hook != NULL && i < hook->values->len; i += 2) {
        g_string_append_printf(list, "%s%s=%s", i > 0 ? "; " : "", (char *)hook->values->pdata[i],
                               (char *)hook->values->pdata[i + 1]);
    }
    return g_string_free(list, FALSE);
}

/* What nobody has changed yet. */
#define ORDINARY "type=incident; priority=medium; impact=minor; "

Test(rule_effects, tell_a_web_hook_the_ticket_as_the_rules_leave_it)
{
    static const struct {
        const char *name;
        const char *actions;
        const char *want;
    } HOOKS[] = {
        {"as it is", "tag x",
         "status=closed; title=Drucker defekt; " ORDINARY "requester=anna@acme.example; "
         "field.order=A-1; field.room=7"},
        {"with a group and a person", "set group \"Net\"; assign sender; set status waiting",
         "status=waiting; title=Drucker defekt; " ORDINARY "group=Net; assignee=ben@desk.example; "
         "requester=anna@acme.example; field.order=A-1; field.room=7"},
        {"with other words",
         "set status resolved; set title \"Toner\"; set type problem; set priority high; "
         "set impact major; set product \"P1\"",
         "status=resolved; title=Toner; type=problem; priority=high; impact=major; product=P1; "
         "requester=anna@acme.example; field.order=A-1; field.room=7"},
        {"with fields of the desk's own",
         "set field room \"8\"; set field floor \"2\"; set field order none",
         "status=closed; title=Drucker defekt; " ORDINARY
         "requester=anna@acme.example; field.room=8; "
         "field.floor=2"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(HOOKS); i++) {
        g_autofree char *text = g_strdup_printf(
            "rule \"r\" {\n on status-changed\n then web-hook \"https://x.example/\"; %s\n}\n",
            HOOKS[i].actions);
        OWNED(rules) rules = compiled(text);
        OWNED(records) records = world_records();
        struct ticket_record *after = world_ticket(records, 12);
        OWNED(ticket_record) before = ticket_record_copy(after);
        const struct workflow_cause cause = {.before = before, .after = after, .author = BEN};

        add_rules(records, rules);
        after->status = TICKET_CLOSED;
        g_ptr_array_add(after->custom, g_strdup("order"));
        g_ptr_array_add(after->custom, g_strdup("A-1"));
        g_ptr_array_add(after->custom, g_strdup("room"));
        g_ptr_array_add(after->custom, g_strdup("7"));
        OWNED(plan) plan = workflow_decide(records, &cause);
        g_autofree char *got = hook_values(plan);
        cr_expect_str_eq(got, HOOKS[i].want, "%s: got %s", HOOKS[i].name, got);
        cr_expect_str_eq(world_change(plan, CHANGE_WEB_HOOK)->name, "status-changed");
    }
}
