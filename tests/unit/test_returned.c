/* Delivery reports: what came back, and who has to know. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk_world.h"

static void expect_plan(struct case_of *it, enum outcome outcome, const char *changes,
                        const char *mails)
{
    plan_free(it->plan);
    it->plan = decide(it->facts, it->records);
    g_autofree char *got_changes = world_changes(it->plan);
    g_autofree char *got_mails = world_mails(it->plan);
    cr_expect_eq(it->plan->outcome, outcome, "got %s", outcome_name(it->plan->outcome));
    cr_expect_str_eq(got_changes, changes, "got %s, want %s", got_changes, changes);
    cr_expect_str_eq(got_mails, mails, "got %s, want %s", got_mails, mails);
}

static struct outbound_record *add_outbound(struct records *records)
{
    struct outbound_record *outbound = outbound_record_new();

    outbound->id = 70;
    outbound->ticket = 12;
    outbound->person = ANNA;
    outbound->author = BEN;
    world_set(&outbound->address, "Anna@acme.example");
    g_ptr_array_add(records->outbounds, outbound);
    return outbound;
}

static void add_bounce(struct facts *facts, const char *recipient, const char *action,
                       const char *status)
{
    struct bounce *bounce = bounce_new();

    world_set(&bounce->recipient, recipient);
    world_set(&bounce->action, action);
    world_set(&bounce->status, status);
    world_set(&bounce->diagnostic, "user unknown");
    g_ptr_array_add(facts->bounces, bounce);
}

static struct case_of report(const char *recipient, const char *action, const char *status)
{
    struct case_of it = case_from(NULL, "Undelivered Mail Returned to Sender", NULL);

    it.facts->auto_kind = AUTO_BOUNCE;
    if (action != NULL) {
        add_bounce(it.facts, recipient, action, status);
    }
    return it;
}

#define DEAD "note bounce, mark address dead"
#define MARK "note bounce"

static const struct {
    const char *name;
    enum token_place place;
    enum token_purpose purpose;
    const char *recipient;
    const char *action; /* NULL: the report has no fields */
    const char *status;
    const char *changes;
    const char *mails;
} REPORTS[] = {
    {"no such address", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, "a@forwarded.example", "failed", "5.1.1",
     DEAD, "undelivered:5"},
    {"for a while", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, "anna@acme.example", "failed", "4.4.7", MARK,
     "undelivered:5"},
    {"of an old form", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, "", NULL, "", MARK, "undelivered:5"},
    {"delayed", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, "anna@acme.example", "delayed", "4.4.1", "", ""},
    {"delivered", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, "anna@acme.example", "delivered", "2.0.0", "",
     ""},
    {"names our id", TOKEN_IN_REPORT, TOKEN_CONTACT_REPLY, "anna@acme.example", "failed", "5.1.1",
     DEAD, "undelivered:5"},
    {"answers our id", TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, "ANNA@acme.example", "failed",
     "5.1.1", DEAD, "undelivered:5"},
    {"names our id, another recipient", TOKEN_IN_REPORT, TOKEN_CONTACT_REPLY, "carl@acme.example",
     "failed", "5.1.1", "", ""},
    {"a bounce token where none belongs", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, "carl@acme.example",
     "failed", "5.1.1", "", ""},
    {"a bounce token in an id, right recipient", TOKEN_IN_REPORT, TOKEN_BOUNCE, "anna@acme.example",
     "failed", "5.1.1", DEAD, "undelivered:5"},
    {"a reply's token in the address", TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, "anna@acme.example",
     "failed", "5.1.1", "", ""},
    {"its own id", TOKEN_IN_MESSAGE_ID, TOKEN_CONTACT_REPLY, "anna@acme.example", "failed", "5.1.1",
     "", ""},
};

Test(returned, marks_what_came_back_only_by_its_token)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REPORTS); i++) {
        CASE it = report(REPORTS[i].recipient, REPORTS[i].action, REPORTS[i].status);
        add_outbound(it.records);
        struct token_record *token = world_add_token(it.records, REPORTS[i].place,
                                                     REPORTS[i].purpose, ANNA, 12);
        it.plan = decide(it.facts, it.records);
        g_autofree char *changes = world_changes(it.plan);
        g_autofree char *mails = world_mails(it.plan);
        cr_expect_eq(it.plan->outcome, OUTCOME_EVENT, "%s", REPORTS[i].name);
        cr_expect_str_eq(changes, REPORTS[i].changes, "%s: got %s", REPORTS[i].name, changes);
        cr_expect_str_eq(mails, REPORTS[i].mails, "%s: got %s", REPORTS[i].name, mails);

        token->is_valid = false;
        expect_plan(&it, OUTCOME_EVENT, "", "");
    }
}

Test(returned, says_what_the_report_says)
{
    CASE it = report("anna@acme.example", "failed", "4.2.2");
    add_bounce(it.facts, "x@acme.example", "delayed", "5.0.0");
    add_bounce(it.facts, "y@acme.example", "failed", "4.0.0");
    add_bounce(it.facts, "z@acme.example", "failed", "5.7.1");
    add_outbound(it.records);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
    expect_plan(&it, OUTCOME_EVENT, MARK, "undelivered:5");
    cr_expect_str_eq(world_change(it.plan, CHANGE_BOUNCE)->text, "5.7.1 user unknown");
    cr_expect_eq(world_change(it.plan, CHANGE_BOUNCE)->outbound, 70);
    cr_expect_eq(world_change(it.plan, CHANGE_BOUNCE)->ticket, 12);
    cr_expect_eq(world_mail_to(it.plan, BEN)->about, 70);
}

/* RFC 3463: 5.1.x is about the address, 5.2.1 says that the mailbox is closed; the rest is about the day. */
static const struct {
    const char *status;
    bool is_dead;
} STATUSES[] = {
    {"5.1.0", true},  {"5.1.1", true},   {"5.1.10", true}, {"5.2.1", true},  {"5.2.2", false},
    {"5.2.0", false}, {"5.2.11", false}, {"5.7.1", false}, {"5.0.0", false}, {"5.11.1", false},
    {"4.1.1", false}, {"4.2.1", false},  {"", false},
};

Test(returned, takes_an_address_for_dead_only_if_the_report_says_that_there_is_none)
{
    for (size_t i = 0; i < G_N_ELEMENTS(STATUSES); i++) {
        CASE it = report("anna@acme.example", "failed", STATUSES[i].status);
        add_outbound(it.records);
        world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
        it.plan = decide(it.facts, it.records);
        const struct change *dead = world_change(it.plan, CHANGE_ADDRESS_DEAD);
        cr_expect_eq(dead != NULL, STATUSES[i].is_dead, "%s", STATUSES[i].status);
        cr_expect_neq(world_change(it.plan, CHANGE_BOUNCE), NULL, "%s", STATUSES[i].status);
        if (dead != NULL) {
            cr_expect_str_eq(dead->address, "Anna@acme.example");
        }
    }
}

Test(returned, knows_nothing_of_a_mail_that_was_erased)
{
    CASE it = report("anna@acme.example", "failed", "5.1.1");
    struct outbound_record *outbound = add_outbound(it.records);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
    outbound->id = 71;
    expect_plan(&it, OUTCOME_EVENT, "", "");
    cr_expect(world_says(it.plan->where, "no token proves"));
}

/* A token of that purpose that was given for something else is none of that mail's. */
Test(returned, believes_no_bounce_token_of_another_kind)
{
    CASE it = report("carl@acme.example", "failed", "5.1.1");
    add_outbound(it.records);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12)->object_kind =
        TOKEN_TICKET;
    expect_plan(&it, OUTCOME_EVENT, "", "");
}

Test(returned, believes_no_number_that_was_not_signed)
{
    CASE it = report("anna@acme.example", "failed", "5.1.1");
    struct outbound_record *outbound = add_outbound(it.records);
    world_add_token(it.records, TOKEN_IN_REPORT, TOKEN_CONTACT_REPLY, ANNA, 12);
    outbound->person = CARL;
    expect_plan(&it, OUTCOME_EVENT, "", "");
    outbound->person = ANNA;
    outbound->ticket = 13;
    expect_plan(&it, OUTCOME_EVENT, "", "");
    outbound->ticket = 12;
    expect_plan(&it, OUTCOME_EVENT, DEAD, "undelivered:5");
}

Test(returned, tells_nobody_that_an_automatic_notice_came_back)
{
    CASE it = report("anna@acme.example", "failed", "5.1.1");
    struct outbound_record *outbound = add_outbound(it.records);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
    outbound->is_automatic = true;
    expect_plan(&it, OUTCOME_EVENT, DEAD, "");
    outbound->is_automatic = false;
    outbound->author = 0;
    expect_plan(&it, OUTCOME_EVENT, DEAD, "");
}
