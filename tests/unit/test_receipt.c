/* Who is thanked for a new ticket, and how: with the rules' help and without. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/decide.h"
#include "desk_world.h"
#include "rules/rules.h"

#define RECEIPT \
 "rule \"receipt\" {\n on ticket-created, technician-replied, note-added\n then answer receipt\n}\n"
#define BY_FORM(from)                                          \
 "rule \"form\" {\n on mail-received\n if mail.from = \"" from \
 "\"\n then requester from reply-to\n}\n"
#define TO_ALL "new-ticket:5 new-ticket:6 new-ticket:11"

static struct rules *compiled(const char *text)
{
    const struct rule_file file = {"test.rules", text, strlen(text)};
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    struct rules *rules = rules_compile(&file, 1, NULL, errors);

    cr_assert(rules != NULL, "%s", errors->len > 0 ? (char *)errors->pdata[0] : "no error");
    return rules;
}

static void know(struct records *records, const char *key, person_id person, customer_id customer)
{
    struct address_record *record = address_record_new(key);

    record->person = person;
    record->domain_customer = customer;
    g_ptr_array_add(records->addresses, record);
}

static void expect_mails(const struct plan *plan, const char *name, const char *want)
{
    g_autofree char *mails = world_mails(plan);
    cr_expect_str_eq(mails, want, "%s: got %s", name, mails);
}

/* ---- a web form, of which a rule says whose it is ----------------------------------------------- */

static const struct {
    const char *name;
    const char *reply_to;
    person_id person; /* 0: nobody the desk knows */
    customer_id domain;
    bool is_known_as_stranger; /* not confirmed */
    const char *reason;        /* of his new row; NULL: he has one */
    const char *notice;
} FORMS[] = {
    {"somebody confirmed", "carl@acme.example", CARL, ACME, false, NULL, "receipt"},
    {"somebody who is not", "dora@acme.example", DORA, ACME, true, NULL, "acknowledgement"},
    {"a new address of a customer", "new@acme.example", 0, ACME, false,
     "a rule takes Reply-To for the requester", "acknowledgement"},
    {"somebody unknown", "x@nowhere.test", 0, 0, false, "a rule takes Reply-To for the requester",
     "acknowledgement"},
};

Test(receipt, goes_to_whom_a_web_form_names_as_far_as_he_is_known)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FORMS); i++) {
        OWNED(rules) rules = compiled(BY_FORM("forms@shop.example") RECEIPT);
        CASE it = case_from("forms@shop.example", "Form", PASS("shop.example"));
        it.records->rule.rules = rules;
        know(it.records, FORMS[i].reply_to, FORMS[i].person, FORMS[i].domain);
        g_ptr_array_add(it.facts->reply_to, address_new(FORMS[i].reply_to, "Named"));
        it.plan = decide(it.facts, it.records);

        const struct change *open = world_change(it.plan, CHANGE_TICKET_OPEN);
        cr_assert_not_null(open, "%s", FORMS[i].name);
        cr_expect_eq(open->person, FORMS[i].person != 0 ? FORMS[i].person : REF_NEW_PERSON(1), "%s",
                     FORMS[i].name);
        cr_expect_eq(open->customer, FORMS[i].domain, "%s", FORMS[i].name);
        const struct plan_mail *mail = world_mail_to(it.plan, open->person);
        cr_assert_not_null(mail, "%s", FORMS[i].name);
        cr_expect_str_eq(mail->notice, FORMS[i].notice, "%s", FORMS[i].name);
        cr_expect_str_eq(mail->address, FORMS[i].reply_to, "%s", FORMS[i].name);
        const struct change *last = NULL;
        for (guint n = 0; n < it.plan->changes->len; n++) {
            const struct change *change = it.plan->changes->pdata[n];
            last = change->kind == CHANGE_PERSON_ADD && change->person == open->person ? change
                                                                                       : last;
        }
        cr_expect_eq(last == NULL, FORMS[i].reason == NULL, "%s", FORMS[i].name);
        if (last != NULL) {
            cr_expect_str_eq(last->reason, FORMS[i].reason, "%s", FORMS[i].name);
            cr_expect_str_eq(last->name, "Named", "%s", FORMS[i].name);
            cr_expect_not(last->is_confirmed, "%s", FORMS[i].name);
        }
    }
}

Test(receipt, of_a_note_is_nobodys_and_a_note_names_no_requester)
{
    OWNED(rules) rules = compiled(BY_FORM("ben@desk.example") RECEIPT);
    CASE it = case_from("ben@desk.example", "New", PASS("desk.example"));

    it.records->rule.rules = rules;
    it.records->released_by = g_strdup("clara");
    know(it.records, "carl@acme.example", CARL, ACME);
    g_ptr_array_add(it.facts->reply_to, address_new("carl@acme.example", "Carl"));
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(world_change(it.plan, CHANGE_COMMENT_ADD)->comment_kind, COMMENT_NOTE);
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->person, BEN,
                 "a rule's word about forms does not make a contact its requester");
    expect_mails(it.plan, "a note", "note:6 note:11");
}

/* ---- when there is none ------------------------------------------------------------------------- */

Test(receipt, is_one_even_if_rules_ask_for_another)
{
    OWNED(rules) rules = compiled(RECEIPT);
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));

    it.records->rule.rules = rules;
    it.plan = decide(it.facts, it.records);
    expect_mails(it.plan, "as a rule says", TO_ALL " receipt:4");

    plan_free(it.plan);
    it.records->is_oversize = true;
    it.records->bytes = 30 << 20;
    it.plan = decide(it.facts, it.records);
    expect_mails(it.plan, "that something is missing is said already", "oversize:4 " TO_ALL);
}

Test(receipt, is_for_new_tickets_only)
{
    OWNED(rules) rules = compiled(RECEIPT);
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));

    it.records->rule.rules = rules;
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_TECHNICIAN);
    expect_mails(it.plan, "a reply by mail", "reply:4 reply:7 assigned:6 assigned:11");

    OWNED(plan) answered = decide_cli_reply(it.records, 12, BEN, "Try again.");
    expect_mails(answered, "a reply by the command line", "reply:4 reply:7 assigned:6 assigned:11");
    OWNED(plan) noted = decide_cli_note(it.records, 12, BEN, "In a hurry.");
    expect_mails(noted, "a note by the command line", "note:6 note:11");
}

/* ---- what rules say of themselves --------------------------------------------------------------- */

Test(receipt, has_a_trace_of_its_rule_for_who_wants_one)
{
    OWNED(rules) rules = compiled(RECEIPT);
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    g_autoptr(GPtrArray) without = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) trace = g_ptr_array_new_with_free_func(g_free);

    it.plan = decide_traced(it.facts, it.records, without);
    cr_expect_eq(without->len, 0, "there are no rules");
    plan_free(it.plan);
    it.records->rule.rules = rules;
    it.plan = decide_traced(it.facts, it.records, trace);
    cr_expect(world_says(trace, "rule \"receipt\""));
    cr_expect_eq(it.plan->costs->len, 1);

    OWNED(plan) untraced = decide(it.facts, it.records);
    g_autofree char *mails = world_mails(it.plan);
    expect_mails(untraced, "the same without a trace", mails);
}
