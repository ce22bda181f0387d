/* Rules at work in decide: what they add to the plan of a mail, a command and the time. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk/workflow.h"
#include "rules/rules.h"
#include "workflow_world.h"

/* All changes that rules make: "set priority=high, fire rule"; own. */
static char *rule_changes(const struct plan *plan)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->rule == NULL || change->kind == CHANGE_RULE_FIRED) {
            continue;
        }
        g_string_append(list, list->len > 0 ? ", " : "");
        if (change->kind == CHANGE_TICKET_SET) {
            g_string_append_printf(list, "%s=%s:%d", ticket_field_name(change->field),
                                   change->is_removed ? "-" : "",
                                   (int)(change->person + change->group + change->customer));
        } else {
            g_string_append_printf(list, "%s:%d", change_kind_name(change->kind),
                                   (int)(change->person + change->other));
        }
    }
    return g_string_free(list, FALSE);
}

/* ---- tickets that mail opens ------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *rule; /* on ticket-created */
    const char *changes;
    const char *mails; /* beside those to technicians who would get the ticket anyway */
} CREATED[] = {
    {"nothing", "if mail.subject = \"other\" then set priority high", "",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"the receipt", "then answer receipt", "", "new-ticket:5 new-ticket:6 new-ticket:11 receipt:4"},
    {"the receipt once", "then answer receipt; answer receipt", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 receipt:4"},
    {"fields", "then set priority high; set status waiting; set type change; set title \"x\"",
     "priority=:0, status=:0, type=:0, title=:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"tags", "then tag a; untag b", "tag=:0, tag=-:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a group", "then set group \"net\"", "group=:31", "new-ticket:5 new-ticket:6"},
    {"no such group", "then set group \"Nobody\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a technician", "then assign \"clara@desk.example\"", "assignee=:6", "new-ticket:6"},
    {"a contact is no assignee", "then assign \"carl@acme.example\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"the sender is no technician", "then assign sender", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"nobody", "then assign none", "assignee=:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"by turns", "then assign round-robin \"Net\"", "assignee=:37", "new-ticket:6"},
    {"least loaded", "then assign least-loaded \"Net\"", "assignee=:6", "new-ticket:6"},
    {"nobody is there", "then assign least-loaded \"Print\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"no group to pick from", "then assign round-robin ticket.group", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"somebody in Cc", "then add cc \"carl@acme.example\"", "add participant:7",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"the requester takes part already", "then add cc \"anna@acme.example\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"nobody knows him", "then add cc \"new@acme.example\"", "add person:-2, add participant:-2",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a stranger does not join", "then add cc \"x@nowhere.test\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"nobody of another customer joins unknown", "then add cc \"new@other.example\"",
     "note rule fault:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"who is disabled does not join", "then add cc \"gone@desk.example\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"not our own address", "then add cc \"support@desk.example\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"another requester", "then set requester \"carl@acme.example\"", "requester=:7",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a note", "then note \"look here\"", "add note:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a link", "then link \"12\"", "link ticket:12", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"no such ticket", "then link \"77\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"no number", "if mail.subject ~ /(?<n>New)/ then link \"$n\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"a web hook", "then web-hook \"https://x.example/\"; set priority low",
     "priority=:0, call web hook:0", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"an alert", "then notify \"ben@desk.example\" \"see this\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 rule-alert:5"},
    {"an alert to a group", "then notify group \"Net\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 rule-alert:5 rule-alert:6"},
    {"an alert to the new assignee", "then assign \"clara@desk.example\"; notify assignee",
     "assignee=:6", "new-ticket:6 rule-alert:6"},
    {"nobody is assigned", "then notify assignee", "", "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"words to the requester", "then notify requester \"hello\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 rule-mail:4"},
    {"words to a contact", "then notify \"carl@acme.example\" \"hello\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 rule-mail:7"},
    {"nobody has the address", "then notify \"new@acme.example\"", "note rule fault:0",
     "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"an answer in words", "then answer text \"hello\"", "",
     "new-ticket:5 new-ticket:6 new-ticket:11 rule-mail:4"},
};

Test(workflow, does_with_a_new_ticket_what_a_rule_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CREATED); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on ticket-created\n %s\n}\n",
                                                CREATED[i].rule);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        find_wanted(it.records);
        it.plan = decide(it.facts, it.records);
        g_autofree char *changes = rule_changes(it.plan);
        g_autofree char *mails = world_mails(it.plan);
        cr_expect_eq(it.plan->outcome, OUTCOME_NEW, "%s", CREATED[i].name);
        cr_expect_str_eq(changes, CREATED[i].changes, "%s: got %s", CREATED[i].name, changes);
        cr_expect_str_eq(mails, CREATED[i].mails, "%s: got %s", CREATED[i].name, mails);
        cr_expect_not(wants_are_any(&it.plan->wants), "%s", CREATED[i].name);
    }
}

Test(workflow, asks_for_what_it_does_not_know)
{
    static const struct {
        const char *action;
        unsigned addresses;
        unsigned customers;
        unsigned tickets;
        bool has_loads;
    } WANTS[] = {
        {"assign \"clara@desk.example\"", 1, 0, 0, false},
        {"add cc \"carl@acme.example\"", 1, 0, 0, false},
        {"set requester \"carl@acme.example\"", 1, 0, 0, false},
        {"notify \"carl@acme.example\"", 1, 0, 0, false},
        {"set customer \"Other Ltd\"", 0, 1, 0, false},
        {"link \"77\"", 0, 0, 1, false},
        {"assign round-robin \"Net\"", 0, 0, 0, true},
        {"set priority high", 0, 0, 0, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(WANTS); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on ticket-created\n then %s\n}\n",
                                                WANTS[i].action);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        it.plan = decide(it.facts, it.records);
        const struct wants *wants = &it.plan->wants;
        cr_expect_eq(wants->addresses->len, WANTS[i].addresses, "%s", WANTS[i].action);
        cr_expect_eq(wants->customers->len, WANTS[i].customers, "%s", WANTS[i].action);
        cr_expect_eq(wants->tickets->len, WANTS[i].tickets, "%s", WANTS[i].action);
        cr_expect_eq(wants->has_loads, WANTS[i].has_loads, "%s", WANTS[i].action);
        cr_expect_eq(world_change(it.plan, CHANGE_RULE_FAULT), NULL, "%s", WANTS[i].action);
    }
}

Test(workflow, finds_a_customer_by_the_name_that_a_rule_says)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on ticket-created\n then set customer \"Other Ltd\"\n}\n");

    for (int found = 0; found < 2; found++) {
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        rule_records_add_customer(&it.records->rule, "other ltd", found ? OTHER : 0);
        it.plan = decide(it.facts, it.records);
        g_autofree char *changes = rule_changes(it.plan);
        cr_expect_str_eq(changes, found ? "customer=:3" : "note rule fault:0");
    }
}

/* ---- mail that is received --------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *action;
    const char *from;
    const char *stamp;
    enum outcome outcome;
    const char *mails;
} RECEIVED[] = {
    {"held", "hold \"why\"", "anna@acme.example", PASS("acme.example"), OUTCOME_HELD,
     "held:5 held:6 held:11"},
    {"spam", "spam", "anna@acme.example", PASS("acme.example"), OUTCOME_REJECTED, ""},
    {"rejected", "reject rejected", "anna@acme.example", PASS("acme.example"), OUTCOME_REJECTED,
     "rejected:4"},
    {"rejected without a word", "reject", "anna@acme.example", PASS("acme.example"),
     OUTCOME_REJECTED, ""},
    {"no word to who proves nothing", "reject rejected", "anna@acme.example", NULL,
     OUTCOME_REJECTED, ""},
    {"no word to a stranger", "reject rejected", "x@nowhere.test", PASS("nowhere.test"),
     OUTCOME_REJECTED, ""},
    {"forged mail stays held", "spam", "anna@acme.example", FAIL("acme.example"), OUTCOME_HELD,
     "was-this-you:4 held:5 held:6 held:11"},
};

Test(workflow, lowers_what_a_mail_may_do_and_never_raises_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(RECEIVED); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on mail-received\n then %s\n}\n",
                                                RECEIVED[i].action);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from(RECEIVED[i].from, "New", RECEIVED[i].stamp);
        add_rules(it.records, rules);
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = world_mails(it.plan);
        cr_expect_eq(it.plan->outcome, RECEIVED[i].outcome, "%s: %s", RECEIVED[i].name,
                     outcome_name(it.plan->outcome));
        cr_expect_str_eq(mails, RECEIVED[i].mails, "%s: got %s", RECEIVED[i].name, mails);
        cr_expect_eq(it.plan->is_spam,
                     strstr(RECEIVED[i].action, "spam") && RECEIVED[i].stamp != NULL &&
                         strstr(RECEIVED[i].stamp, "pass") != NULL,
                     "%s", RECEIVED[i].name);
        cr_expect_eq(it.plan->held_for == HELD_FOR_RULE, i == 0, "%s", RECEIVED[i].name);
    }
}

Test(workflow, does_not_stop_again_what_a_person_released)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on mail-received\n then hold; set priority high\n}\n");
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    add_rules(it.records, rules);
    it.records->released_by = g_strdup("ben");
    it.plan = decide(it.facts, it.records);
    g_autofree char *changes = rule_changes(it.plan);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);
    cr_expect_str_eq(changes, "priority=:0");
}

Test(workflow, takes_the_requester_from_reply_to)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on mail-received\n if mail.from = \"forms@shop.example\"\n"
                     " then requester from reply-to\n}\n"
                     "rule \"receipt\" {\n on ticket-created\n then answer receipt\n}\n");
    CASE it = case_from("forms@shop.example", "Form", PASS("shop.example"));

    add_rules(it.records, rules);
    find_wanted(it.records);
    g_ptr_array_add(it.facts->reply_to, address_new("carl@acme.example", "Carl"));
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->person, CARL);
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->customer, ACME);
    cr_expect_str_eq(world_mail_to(it.plan, CARL)->address, "carl@acme.example");

    plan_free(it.plan);
    g_ptr_array_add(it.facts->reply_to, address_new("anna@acme.example", "Anna"));
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->person, REF_NEW, "two are nobody");
}

/* ---- replies ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *event;
    person_id from; /* with his token */
    enum token_purpose purpose;
    bool fires;
} REPLIES[] = {
    {"the requester's", "requester-replied", ANNA, TOKEN_CONTACT_REPLY, true},
    {"another contact's", "requester-replied", CARL, TOKEN_CONTACT_REPLY, false},
    {"another contact's", "contact-replied", CARL, TOKEN_CONTACT_REPLY, true},
    {"the requester's", "contact-replied", ANNA, TOKEN_CONTACT_REPLY, false},
    {"either's", "customer-replied", ANNA, TOKEN_CONTACT_REPLY, true},
    {"either's", "customer-replied", CARL, TOKEN_CONTACT_REPLY, true},
    {"a technician's", "customer-replied", BEN, TOKEN_TECHNICIAN_REPLY, false},
    {"a technician's", "technician-replied", BEN, TOKEN_TECHNICIAN_REPLY, true},
    {"a technician's note", "technician-replied", BEN, TOKEN_TECHNICIAN_NOTE, false},
    {"a technician's note", "note-added", BEN, TOKEN_TECHNICIAN_NOTE, true},
    {"the first answer", "assigned", BEN, TOKEN_TECHNICIAN_REPLY, true},
    {"a comment", "assigned", ANNA, TOKEN_CONTACT_REPLY, false},
    {"a comment", "ticket-created", ANNA, TOKEN_CONTACT_REPLY, false},
};

Test(workflow, knows_who_replied)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REPLIES); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on %s\n then tag x\n}\n",
                                                REPLIES[i].event);
        OWNED(rules) rules = compiled(text);
        OWNED(records) people = world_records();
        const char *from = world_person(people, REPLIES[i].from)->address;
        g_autofree char *stamp = g_strdup_printf("dmarc=pass header.from=%s",
                                                 strrchr(from, '@') + 1);
        CASE it = case_from(from, "Re: x", stamp);
        add_rules(it.records, rules);
        world_add_token(it.records, TOKEN_IN_ADDRESS, REPLIES[i].purpose, REPLIES[i].from, 12);
        it.plan = decide(it.facts, it.records);
        bool fires = world_change(it.plan, CHANGE_RULE_FIRED) != NULL;
        cr_expect_eq(fires, REPLIES[i].fires, "%s fires %s: %d (%s)", REPLIES[i].name,
                     REPLIES[i].event, fires, outcome_name(it.plan->outcome));
    }
}

Test(workflow, fires_assigned_only_where_an_answer_assigns)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on assigned\n then tag x\n}\n");

    for (int had_one = 0; had_one < 2; had_one++) {
        CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));
        add_rules(it.records, rules);
        world_ticket(it.records, 12)->assignee = had_one ? CLARA : 0;
        world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, OUTCOME_TECHNICIAN);
        cr_expect_eq(world_change(it.plan, CHANGE_RULE_FIRED) == NULL, had_one);
    }
}

/* What claims to be a technician's and was released by a person is a note, though it opens the ticket. */
Test(workflow, sees_a_ticket_that_begins_with_a_note_as_created)
{
    OWNED(rules)
    rules = compiled("rule \"created\" {\n on ticket-created\n then tag x\n}\n"
                     "rule \"noted\" {\n on note-added\n then tag y\n}\n");
    CASE it = case_from("ben@desk.example", "New", NULL);

    add_rules(it.records, rules);
    it.records->released_by = g_strdup("clara");
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NOTE);
    cr_assert(world_change(it.plan, CHANGE_RULE_FIRED) != NULL);
    cr_expect_str_eq(world_change(it.plan, CHANGE_RULE_FIRED)->rule, "created");
    g_autofree char *changes = rule_changes(it.plan);
    cr_expect_str_eq(changes, "tag=:0");
}

Test(workflow, fires_nothing_for_what_is_unverified)
{
    OWNED(rules) rules = compiled("rule \"r\" {\n on customer-replied\n then set status open\n}\n");
    CASE it = case_from("anna@acme.example", "Re: [#12] x", NULL);

    add_rules(it.records, rules);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_UNVERIFIED);
    cr_expect_eq(world_change(it.plan, CHANGE_RULE_FIRED), NULL);
}

Test(workflow, sees_the_ticket_as_it_was_before_the_rules)
{
    OWNED(rules)
    rules = compiled(
        "rule \"a\" {\n on customer-replied\n then set status open\n}\n"
        "rule \"b\" {\n on customer-replied\n if ticket.status = pending\n then tag b\n}\n"
        "rule \"c\" {\n on status-changed\n then tag c\n}\n"
        "rule \"d\" {\n on customer-replied\n if ticket.status = waiting\n then tag d\n}\n");
    CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));
    struct ticket_record *ticket = world_ticket(it.records, 12);

    add_rules(it.records, rules);
    ticket->status = TICKET_PENDING;
    world_set(&ticket->status_name, "waiting");
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    it.plan = decide(it.facts, it.records);
    g_autofree char *changes = rule_changes(it.plan);
    cr_expect_str_eq(changes, "status=:0, tag=:0, tag=:0");
}

Test(workflow, wants_the_ticket_s_customer_where_he_is_another_one)
{
    OWNED(rules)
    rules = compiled(
        "rule \"r\" {\n on technician-replied\n if customer.rank = gold\n then tag gold\n}\n");
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));

    add_rules(it.records, rules);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->wants.customer, ACME);
    plan_free(it.plan);
    it.records->ticket_customer.id = ACME;
    world_set(&it.records->ticket_customer.rank, "Gold");
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->wants.customer, 0);
    cr_expect(world_change(it.plan, CHANGE_RULE_FIRED) != NULL);
}

/* ---- commands and the time --------------------------------------------------------------------- */

static const struct {
    const char *event;
    enum ticket_status from;
    enum ticket_status to;
    person_id assignee;
    group_id group;
    bool fires;
} COMMANDS[] = {
    {"status-changed", TICKET_OPEN, TICKET_PENDING, 0, 0, true},
    {"status-changed", TICKET_OPEN, TICKET_OPEN, BEN, 0, false},
    {"resolved", TICKET_OPEN, TICKET_RESOLVED, 0, 0, true},
    {"resolved", TICKET_OPEN, TICKET_CLOSED, 0, 0, true},
    {"resolved", TICKET_RESOLVED, TICKET_CLOSED, 0, 0, false},
    {"resolved", TICKET_OPEN, TICKET_PENDING, 0, 0, false},
    {"assigned", TICKET_OPEN, TICKET_OPEN, BEN, 0, true},
    {"assigned", TICKET_OPEN, TICKET_OPEN, 0, NET, false},
    {"group-assigned", TICKET_OPEN, TICKET_OPEN, 0, NET, true},
    {"group-assigned", TICKET_OPEN, TICKET_OPEN, BEN, 0, false},
};

Test(workflow, fires_on_what_a_command_changed)
{
    for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on %s\n then tag x\n}\n",
                                                COMMANDS[i].event);
        OWNED(rules) rules = compiled(text);
        OWNED(records) records = world_records();
        struct ticket_record *after = world_ticket(records, 12);
        struct ticket_record *before = ticket_record_copy(after);
        const struct workflow_cause cause = {.before = before, .after = after};

        add_rules(records, rules);
        before->status = COMMANDS[i].from;
        after->status = COMMANDS[i].to;
        after->assignee = COMMANDS[i].assignee;
        after->group = COMMANDS[i].group;
        OWNED(plan) plan = workflow_decide(records, &cause);
        cr_expect_eq(world_change(plan, CHANGE_RULE_FIRED) != NULL, COMMANDS[i].fires, "%zu: %s", i,
                     COMMANDS[i].event);
        ticket_record_free(before);
    }
}

/* What stays is no event, whatever else was changed. */
Test(workflow, fires_nothing_for_what_a_command_left_as_it_was)
{
    static const struct {
        const char *event;
        const char *own_status; /* afterwards; "waiting" before */
        person_id assignee;     /* afterwards; Ben before */
        group_id group;         /* afterwards; the first before */
        bool fires;
    } KEPT[] = {
        {"status-changed", "waiting", CLARA, PRINT, false},
        {"status-changed", "", BEN, NET, true}, /* to the pending that every desk has */
        {"assigned", "", BEN, PRINT, false},
        {"assigned", "waiting", CLARA, NET, true},
        {"group-assigned", "", CLARA, NET, false},
        {"group-assigned", "waiting", BEN, PRINT, true},
        {"status-changed, resolved, assigned, group-assigned", "waiting", BEN, NET, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(KEPT); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on %s\n then tag x\n}\n",
                                                KEPT[i].event);
        OWNED(rules) rules = compiled(text);
        OWNED(records) records = world_records();
        struct ticket_record *after = world_ticket(records, 12);
        after->status = TICKET_PENDING;
        world_set(&after->status_name, "waiting");
        after->assignee = BEN;
        after->group = NET;
        OWNED(ticket_record) before = ticket_record_copy(after);
        const struct workflow_cause cause = {.before = before, .after = after};

        add_rules(records, rules);
        world_set(&after->status_name, KEPT[i].own_status);
        world_set(&after->subject, "Toner");
        after->assignee = KEPT[i].assignee;
        after->group = KEPT[i].group;
        OWNED(plan) plan = workflow_decide(records, &cause);
        cr_expect_eq(world_change(plan, CHANGE_RULE_FIRED) != NULL, KEPT[i].fires, "%zu: %s", i,
                     KEPT[i].event);
    }
}

Test(workflow, sees_what_was_changed_from_and_to)
{
    OWNED(rules)
    rules = compiled(
        "rule \"r\" {\n on status-changed\n if ticket.status changed from open to pending\n"
        " then answer status-changed\n}\n");
    OWNED(records) records = world_records();
    struct ticket_record *after = world_ticket(records, 12);
    struct ticket_record *before = ticket_record_copy(after);
    const struct workflow_cause cause = {.before = before, .after = after};

    add_rules(records, rules);
    after->status = TICKET_PENDING;
    OWNED(plan) plan = workflow_decide(records, &cause);
    g_autofree char *mails = world_mails(plan);
    cr_expect_str_eq(mails, "status-changed:4");
    cr_expect(((const struct plan_mail *)plan->mails->pdata[0])->is_automatic);

    after->status = TICKET_RESOLVED;
    OWNED(plan) other = workflow_decide(records, &cause);
    cr_expect_eq(other->mails->len, 0);
    ticket_record_free(before);
}

Test(workflow, asks_a_rule_of_the_time_about_one_ticket)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on every 1h\n if ticket.since-technician > 2d\n"
                     " then notify assignee \"it waits\"\n}\n");
    OWNED(records) records = world_records();
    struct ticket_record *ticket = world_ticket(records, 12);
    const struct workflow_cause cause = {.after = ticket, .rule = rules_at(rules, 0)};
    const int64_t day_us = INT64_C(86400) * 1000000;

    add_rules(records, rules);
    ticket->assignee = BEN;
    for (int days = 0; days < 5; days++) {
        ticket->technician_word_at_us = days == 0 ? 0 : records->now_us - days * day_us;
        OWNED(plan) plan = workflow_decide(records, &cause);
        g_autofree char *mails = world_mails(plan);
        cr_expect_str_eq(mails, days > 2 ? "rule-alert:5" : "", "%d days", days);
    }
}

Test(workflow, answers_nobody_who_is_not_confirmed_in_its_own_words)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on status-changed\n then answer text \"hello\"\n}\n");
    OWNED(records) records = world_records();
    struct ticket_record *after = world_ticket(records, 12);
    struct ticket_record *before = ticket_record_copy(after);
    const struct workflow_cause cause = {.before = before, .after = after};

    add_rules(records, rules);
    after->status = TICKET_PENDING;
    after->requester = EVE;
    OWNED(plan) plan = workflow_decide(records, &cause);
    g_autofree char *mails = world_mails(plan);
    cr_expect_str_eq(mails, "rule-mail:10/stranger");
    ticket_record_free(before);
}

Test(workflow, answers_a_new_sender_whose_address_is_proved)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on ticket-created\n then answer text \"hello\"\n}\n");

    for (int proved = 0; proved < 2; proved++) {
        CASE it = case_from("new@acme.example", "New", proved ? PASS("acme.example") : NULL);
        add_rules(it.records, rules);
        it.plan = decide(it.facts, it.records);
        const struct plan_mail *mail = it.plan->mails->pdata[it.plan->mails->len - 1];
        cr_expect_str_eq(mail->notice, "rule-mail");
        cr_expect_str_eq(mail->address, "new@acme.example");
        cr_expect_eq(mail->person, REF_NEW);
        cr_expect_eq(mail->suppressed_by == NULL, proved);
    }
}

/* Before he is a person, and whoever opens the ticket for him. */
Test(workflow, knows_the_address_of_a_requester_who_is_new)
{
    static const struct {
        const char *name;
        const char *from;
        const char *text;
        const char *event;
        const char *requester;
    } NEW[] = {
        {"when his mail comes", "new@acme.example", "Hello", "mail-received", "new@acme.example"},
        {"when it opens his ticket", "new@acme.example", "Hello", "ticket-created",
         "new@acme.example"},
        {"when a technician opens it for him", "ben@desk.example", "#for lisa@acme.example",
         "ticket-created", "lisa@acme.example"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(NEW); i++) {
        g_autofree char *text = g_strdup_printf(
            "rule \"r\" {\n on %s\n if ticket.requester = \"%s\" and contact.address = \"%s\"\n"
            " then set priority high\n}\n",
            NEW[i].event, NEW[i].requester, NEW[i].requester);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from(NEW[i].from, "New", PASS("desk.example"));
        struct address_record *lisa = address_record_new("lisa@acme.example");

        add_rules(it.records, rules);
        lisa->domain_customer = ACME;
        g_ptr_array_add(it.records->addresses, lisa);
        world_set(&it.facts->text, NEW[i].text);
        it.plan = decide(it.facts, it.records);
        g_autofree char *changes = rule_changes(it.plan);
        cr_expect_eq(it.plan->outcome, OUTCOME_NEW, "%s", NEW[i].name);
        cr_expect_str_eq(changes, "priority=:0", "%s: got %s", NEW[i].name, changes);
    }
}

Test(workflow, says_in_its_own_words_why_a_mail_is_held)
{
    static const struct {
        const char *action;
        const char *why;
    } HELD[] = {{"hold \"look first\"", "look first (rule \"r\")"},
                {"hold", "a rule holds it (rule \"r\")"}};

    for (size_t i = 0; i < G_N_ELEMENTS(HELD); i++) {
        g_autofree char *text = g_strdup_printf("rule \"r\" {\n on mail-received\n then %s\n}\n",
                                                HELD[i].action);
        OWNED(rules) rules = compiled(text);
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        add_rules(it.records, rules);
        it.plan = decide(it.facts, it.records);
        cr_expect_str_eq(it.plan->may->pdata[it.plan->may->len - 1], HELD[i].why);
    }
}

/* ---- conditions that cannot be decided --------------------------------------------------------- */

#define MANY 60000

/* So many letters that the pattern below takes longer than it may. */
static char *many_letters(void)
{
    char *text = g_strnfill(MANY, 'a');

    text[MANY - 1] = '!';
    return text;
}

Test(workflow, shows_a_condition_that_was_given_up_as_a_fault_of_its_rule)
{
    OWNED(rules)
    rules = compiled("rule \"slow\" {\n on ticket-created\n if mail.body ~ /\\w+\\d/\n then tag a\n"
                     "}\nrule \"r\" {\n on ticket-created\n then tag b\n}\n");
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    add_rules(it.records, rules);
    g_free(it.facts->text);
    it.facts->text = many_letters();
    it.plan = decide(it.facts, it.records);
    const struct change *fault = world_change(it.plan, CHANGE_RULE_FAULT);
    g_autofree char *changes = rule_changes(it.plan);
    cr_assert(fault != NULL);
    cr_expect_str_eq(fault->rule, "slow");
    cr_expect_eq(fault->ticket, REF_NEW);
    cr_expect_str_eq(fault->text, "test.rules:3:17: the pattern ran longer than 100 ms");
    cr_expect(world_says(it.plan->may, "rule \"slow\" failed: test.rules:3:17: the pattern"));
    cr_expect_str_eq(changes, "note rule fault:0, tag=:0", "%s", changes);
}

Test(workflow, tells_whether_a_rule_of_the_time_holds_and_why_it_could_not_be_told)
{
    OWNED(rules)
    rules = compiled("rule \"r\" {\n on every 1h\n if ticket.title ~ /\\w+\\d/\n then tag a\n}\n");
    const struct {
        char *title; /* own */
        bool holds;
        unsigned faults;
    } TITLES[] = {{g_strdup("Drucker 7"), false, 0},
                  {g_strdup("Drucker7"), true, 0},
                  {many_letters(), false, 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(TITLES); i++) {
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        struct ticket_record *ticket = world_ticket(records, 12);
        add_rules(records, rules);
        g_free(ticket->subject);
        ticket->subject = TITLES[i].title;
        cr_expect_eq(workflow_holds(records, ticket, rules_at(rules, 0), faults), TITLES[i].holds,
                     "%zu", i);
        cr_assert_eq(faults->len, TITLES[i].faults, "%zu", i);
        if (faults->len > 0) {
            cr_expect_str_eq(faults->pdata[0],
                             "test.rules:3:20: the pattern ran longer than 100 ms");
        }
    }
}

Test(workflow, lets_a_desk_without_rules_send_the_receipt)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    it.plan = decide(it.facts, it.records);
    g_autofree char *mails = world_mails(it.plan);
    cr_expect_str_eq(mails, "receipt:4 new-ticket:5 new-ticket:6 new-ticket:11");
}
