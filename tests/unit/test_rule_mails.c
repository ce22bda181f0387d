/* Whom rules write to, and whom they do not. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk/workflow.h"
#include "workflow_world.h"

/* The mails of rules alone: those that the desk sends anyway are the subject of other tests; own. */
static char *rule_mails(const struct plan *plan)
{
    g_autofree char *all = world_mails(plan);
    g_auto(GStrv) mails = g_strsplit(all, " ", -1);
    GString *list = g_string_new(NULL);

    for (guint i = 0; mails[i] != NULL; i++) {
        if (!g_str_has_prefix(mails[i], "new-ticket:")) {
            g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "", mails[i]);
        }
    }
    return g_string_free(list, FALSE);
}

static const struct {
    const char *name;
    const char *actions; /* on ticket-created, for Anna's mail */
    const char *mails;
    const char *fault; /* NULL: none */
} CREATED[] = {
    {"one alert for one technician",
     "notify \"ben@desk.example\" \"a\"; notify \"ben@desk.example\" \"b\"", "rule-alert:5", NULL},
    {"one mail for one contact", "notify requester \"a\"; notify \"anna@acme.example\" \"b\"",
     "rule-mail:4", NULL},
    {"nobody who left", "notify \"gone@desk.example\" \"a\"", "", NULL},
    {"nobody whom only a rule brought in",
     "set requester \"new@acme.example\"; notify requester \"a\"", "", NULL},
    {"no such group", "notify group \"Nobody\" \"a\"", "", "there is no group \"Nobody\""},
    {"the group that the rule sets", "set group \"Net\"; notify group ticket.group \"a\"",
     "rule-alert:5 rule-alert:6", NULL},
    {"all technicians where the ticket has no group", "notify group ticket.group \"a\"",
     "rule-alert:5 rule-alert:6 rule-alert:11", NULL},
};

Test(rule_mails, go_once_to_each_who_is_there)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CREATED); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on ticket-created\n then %s\n}\n",
                                                CREATED[i].actions);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        find_wanted(it.records);
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = rule_mails(it.plan);
        const struct change *fault = world_change(it.plan, CHANGE_RULE_FAULT);
        cr_expect_str_eq(mails, CREATED[i].mails, "%s: got %s", CREATED[i].name, mails);
        cr_expect_str_eq(fault == NULL ? "none" : fault->text,
                         CREATED[i].fault == NULL ? "none" : CREATED[i].fault, "%s",
                         CREATED[i].name);
    }
}

Test(rule_mails, are_stopped_where_the_address_is_dead_and_say_so)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on ticket-created\n then answer text \"a\"\n}\n");
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    add_rules(it.records, rules);
    world_person(it.records, ANNA)->is_address_dead = true;
    it.plan = decide(it.facts, it.records);
    g_autofree char *mails = rule_mails(it.plan);
    cr_expect_str_eq(mails, "rule-mail:4/dead-address");
}

Test(rule_mails, answer_no_machine)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on ticket-created\n then answer text \"a\"\n}\n");

    for (int machine = 0; machine < 2; machine++) {
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        it.facts->auto_kind = machine ? AUTO_GENERATED : AUTO_NONE;
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = rule_mails(it.plan);
        cr_expect(world_change(it.plan, CHANGE_RULE_FIRED) != NULL);
        cr_expect_str_eq(mails, machine ? "" : "rule-mail:4", "got %s", mails);
    }
}

Test(rule_mails, answer_the_requester_where_a_technician_writes)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on technician-replied\n then answer text \"a\"\n}\n");
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));

    add_rules(it.records, rules);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    it.plan = decide(it.facts, it.records);
    g_autofree char *mails = rule_mails(it.plan);
    cr_expect(strstr(mails, "rule-mail:4") != NULL, "%s", mails);
    cr_expect_eq(strstr(mails, "rule-mail:5"), NULL, "%s", mails);
}

/* ---- commands and the time --------------------------------------------------------------------- */

static char *mails_of_command(const char *action, struct records *records, person_id author)
{
    g_autofree char *text = g_strdup_printf("rule \"r\" {\n on status-changed\n then %s\n}\n",
                                            action);
    OWNED(rules) rules = compiled(text);
    struct ticket_record *after = world_ticket(records, 12);
    OWNED(ticket_record) before = ticket_record_copy(after);
    const struct workflow_cause cause = {.before = before, .after = after, .author = author};

    add_rules(records, rules);
    after->status = TICKET_PENDING;
    OWNED(plan) plan = workflow_decide(records, &cause);
    cr_expect(world_change(plan, CHANGE_RULE_FIRED) != NULL);
    return rule_mails(plan);
}

Test(rule_mails, alert_no_assignee_who_is_no_technician_any_more)
{
    for (int technician = 0; technician < 2; technician++) {
        OWNED(records) records = world_records();
        world_ticket(records, 12)->assignee = BEN;
        world_person(records, BEN)->is_technician = technician;
        g_autofree char *mails = mails_of_command("notify assignee \"a\"", records, 0);
        cr_expect_str_eq(mails, technician ? "rule-alert:5" : "");
    }
}

Test(rule_mails, reach_a_requester_who_is_a_technician_or_confirmed_and_no_one_else)
{
    static const struct {
        bool is_technician;
        bool is_confirmed;
        const char *mails;
    } REQUESTERS[] = {
        {true, false, "rule-mail:11"},
        {false, true, "rule-mail:11"},
        {false, false, "rule-mail:11/stranger"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(REQUESTERS); i++) {
        OWNED(records) records = world_records();
        world_ticket(records, 12)->requester = FRITZ;
        world_person(records, FRITZ)->is_technician = REQUESTERS[i].is_technician;
        world_person(records, FRITZ)->is_confirmed = REQUESTERS[i].is_confirmed;
        g_autofree char *mails = mails_of_command("answer text \"a\"", records, FRITZ);
        cr_expect_str_eq(mails, REQUESTERS[i].mails, "%zu: got %s", i, mails);
    }
}

Test(rule_mails, send_no_receipt_where_no_mail_came)
{
    OWNED(records) records = world_records();
    g_autofree char *mails = mails_of_command("answer receipt", records, 0);

    cr_expect_str_eq(mails, "");
}

/* ---- mail that is rejected --------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    bool has_token;
    enum auto_kind kind;
    bool is_ours;
    const char *mails;
} REJECTED[] = {
    {"authenticated", "anna@acme.example", PASS("acme.example"), false, AUTO_NONE, false,
     "rejected:4"},
    {"with his own token", "anna@acme.example", NULL, true, AUTO_NONE, false, "rejected:4"},
    {"with nothing", "anna@acme.example", NULL, false, AUTO_NONE, false, ""},
    {"by a machine", "anna@acme.example", PASS("acme.example"), false, AUTO_GENERATED, false, ""},
    {"ourselves", "ben@desk.example", PASS("desk.example"), false, AUTO_NONE, true,
     "rejected:5/own-address"},
    {"ourselves, of somebody who left", "gone@desk.example", PASS("desk.example"), false, AUTO_NONE,
     true, ""},
};

Test(rule_mails, tell_only_who_proved_that_he_wrote_what_is_rejected)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on mail-received\n then reject rejected\n}\n");

    for (size_t i = 0; i < G_N_ELEMENTS(REJECTED); i++) {
        CASE it = case_from(REJECTED[i].from, "New", REJECTED[i].stamp);
        add_rules(it.records, rules);
        it.facts->auto_kind = REJECTED[i].kind;
        if (REJECTED[i].has_token) {
            world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
        }
        if (REJECTED[i].is_ours) {
            g_ptr_array_add(it.records->own_addresses, g_strdup(REJECTED[i].from));
        }
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = rule_mails(it.plan);
        cr_expect_eq(it.plan->outcome, OUTCOME_REJECTED, "%s: %s", REJECTED[i].name,
                     outcome_name(it.plan->outcome));
        cr_expect_str_eq(mails, REJECTED[i].mails, "%s: got %s", REJECTED[i].name, mails);
    }
}
