/* decide: what becomes of a mail, from the spoof matrix and the house plan. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/decide.h"
#include "desk_world.h"

/* ---- changes ----------------------------------------------------------------------------------- */

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

#define TO_ALL      "new-ticket:5 new-ticket:6 new-ticket:11"
#define HELD_TO_ALL "held:5 held:6 held:11"

Test(decide, makes_somebody_unknown_a_contact)
{
    CASE it = case_from("x@nowhere.test", "New", NULL);
    world_set(&it.facts->from->name, "Xaver");
    expect_plan(&it, OUTCOME_NEW, "add person, open ticket, add comment",
                "acknowledgement:-1 " TO_ALL);

    const struct change *person = world_change(it.plan, CHANGE_PERSON_ADD);
    cr_expect_str_eq(person->address, "x@nowhere.test");
    cr_expect_str_eq(person->name, "Xaver");
    cr_expect_eq(person->customer, 0);
    cr_expect_not(person->is_confirmed);
    const struct change *ticket = world_change(it.plan, CHANGE_TICKET_OPEN);
    cr_expect_eq(ticket->person, REF_NEW);
    cr_expect_str_eq(ticket->text, "New");
    const struct change *comment = world_change(it.plan, CHANGE_COMMENT_ADD);
    cr_expect_eq(comment->comment_kind, COMMENT_UNVERIFIED);
    cr_expect_eq(comment->ticket, REF_NEW);
    cr_expect_eq(comment->person, REF_NEW);
    cr_expect_str_eq(comment->text, "Hello");
    cr_expect_eq(it.plan->sender, REF_NEW);
    cr_expect_eq(it.plan->ticket, REF_NEW);
    const struct plan_mail *mail = it.plan->mails->pdata[0];
    cr_expect(mail->is_stranger && mail->is_automatic && !mail->tells_comment);
}

Test(decide, maps_a_new_address_to_its_customer)
{
    CASE it = case_from("new@acme.example", "New", PASS("acme.example"));
    expect_plan(&it, OUTCOME_NEW, "add person, open ticket, add comment", "receipt:-1 " TO_ALL);

    cr_expect_eq(world_change(it.plan, CHANGE_PERSON_ADD)->customer, ACME);
    cr_expect(world_change(it.plan, CHANGE_PERSON_ADD)->is_confirmed);
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->customer, ACME);
    cr_expect_eq(world_change(it.plan, CHANGE_COMMENT_ADD)->comment_kind, COMMENT_PUBLIC);
    cr_expect_eq(it.plan->customer, ACME);
}

Test(decide, confirms_by_authentication)
{
    CASE it = case_from("dora@acme.example", "New", PASS("acme.example"));
    expect_plan(&it, OUTCOME_NEW, "confirm person, open ticket, add comment", "receipt:8 " TO_ALL);
    cr_expect_eq(world_change(it.plan, CHANGE_PERSON_CONFIRM)->person, DORA);
}

Test(decide, confirms_by_a_reply_with_ones_own_token)
{
    CASE it = case_from("dora@acme.example", "Re: x", NULL);
    world_ticket(it.records, 12)->requester = DORA;
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, DORA, 12);
    expect_plan(&it, OUTCOME_PUBLIC, "confirm person, add comment",
                "comment:5 comment:6 comment:11 comment:7");
}

Test(decide, confirms_nobody_by_his_machine)
{
    CASE it = case_from("dora@acme.example", "Re: x", NULL);
    world_ticket(it.records, 12)->requester = DORA;
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, DORA, 12);
    it.facts->auto_kind = AUTO_REPLIED;
    expect_plan(&it, OUTCOME_PUBLIC, "add comment", "");
    cr_expect_eq(it.plan->role, ROLE_MACHINE);
}

Test(decide, lets_a_colleague_join)
{
    CASE it = case_from("dora@acme.example", "Re: [#12] x", PASS("acme.example"));
    expect_plan(&it, OUTCOME_PUBLIC, "confirm person, add comment, add participant",
                "comment:5 comment:6 comment:11 comment:4 comment:7");
    cr_expect_eq(world_change(it.plan, CHANGE_PARTICIPANT_ADD)->person, DORA);
    cr_expect_eq(world_change(it.plan, CHANGE_PARTICIPANT_ADD)->ticket, 12);
}

Test(decide, assigns_with_the_first_public_reply)
{
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment, set ticket",
                "reply:4 reply:7 assigned:6 assigned:11");
    cr_expect_eq(world_change(it.plan, CHANGE_TICKET_SET)->person, BEN);

    it.records->settings.assigns_on_reply = false;
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment", "reply:4 reply:7");
    world_ticket(it.records, 12)->assignee = BEN;
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment", "reply:4 reply:7");
    world_ticket(it.records, 12)->assignee = CLARA;
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment", "reply:4 reply:7 comment:6");
}

Test(decide, assigns_no_technician_to_a_ticket_that_he_opened)
{
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));
    world_ticket(it.records, 12)->requester = BEN;
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment", "reply:7");
}

Test(decide, treats_who_is_both_as_a_contact_on_his_own_ticket)
{
    CASE it = case_from("fritz@acme.example", "Re: x", PASS("acme.example"));
    world_ticket(it.records, 12)->requester = FRITZ;
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, FRITZ, 12);
    expect_plan(&it, OUTCOME_PUBLIC, "add comment", "comment:5 comment:6 comment:7");
    world_ticket(it.records, 12)->assignee = FRITZ;
    expect_plan(&it, OUTCOME_TECHNICIAN, "add comment", "reply:7");
}

Test(decide, links_what_was_refused)
{
    CASE it = case_from("otto@other.example", "Re: [#12] x", PASS("other.example"));
    expect_plan(&it, OUTCOME_NEW, "open ticket, link ticket, add comment", "receipt:9 " TO_ALL);
    const struct change *link = world_change(it.plan, CHANGE_TICKET_LINK);
    cr_expect_eq(link->ticket, REF_NEW);
    cr_expect_eq(link->other, 12);
    cr_expect_gt(strlen(link->text), 10);
    cr_expect_str_eq(world_change(it.plan, CHANGE_TICKET_OPEN)->text, "Re: x",
                     "the tag would lead the next reply to the old ticket");
}

Test(decide, joins_a_parent_to_the_ticket_of_its_reply)
{
    CASE it = case_from("new@acme.example", "First", NULL);
    world_add_id(it.records, "m1@mail.example", 12, CARL, false);
    expect_plan(&it, OUTCOME_UNVERIFIED, "add person, add comment",
                "comment:5 comment:6 comment:11");
    cr_expect_eq(it.plan->verdict, VERDICT_FILED);

    CASE proven = case_from("dora@acme.example", "First", PASS("acme.example"));
    world_add_id(proven.records, "m1@mail.example", 12, CARL, false);
    expect_plan(&proven, OUTCOME_PUBLIC, "confirm person, add comment, add participant",
                "comment:5 comment:6 comment:11 comment:4 comment:7");
}

/* ---- machines ---------------------------------------------------------------------------------- */

static const struct {
    enum auto_kind kind;
    const char *return_path;
    enum outcome want;
} MACHINES[] = {
    {AUTO_NONE, "", OUTCOME_NEW},          {AUTO_NONE, "anna@acme.example", OUTCOME_NEW},
    {AUTO_REPLIED, NULL, OUTCOME_NEW},     {AUTO_GENERATED, NULL, OUTCOME_NEW},
    {AUTO_BULK, NULL, OUTCOME_NEW},        {AUTO_LIST, NULL, OUTCOME_NEW},
    {AUTO_BOUNCE, NULL, OUTCOME_EVENT},    {AUTO_RECEIPT, NULL, OUTCOME_EVENT},
    {AUTO_COMPLAINT, NULL, OUTCOME_EVENT}, {AUTO_REACTION, NULL, OUTCOME_EVENT},
};

Test(decide, never_answers_a_machine)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MACHINES); i++) {
        CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
        bool is_person = MACHINES[i].kind == AUTO_NONE && MACHINES[i].return_path[0] != '\0';
        it.facts->auto_kind = MACHINES[i].kind;
        it.facts->return_path = g_strdup(MACHINES[i].return_path);
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, MACHINES[i].want, "%s", auto_kind_name(MACHINES[i].kind));
        cr_expect_eq(it.plan->mails->len > 0, is_person, "%s", auto_kind_name(MACHINES[i].kind));
        cr_expect_eq(it.plan->role == ROLE_MACHINE, !is_person);
    }
}

Test(decide, takes_a_machine_at_the_bounce_address_for_an_event)
{
    CASE it = case_from("anna@acme.example", "Abwesend", NULL);
    it.facts->auto_kind = AUTO_REPLIED;
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
    expect_plan(&it, OUTCOME_EVENT, "", "");
    cr_expect_eq(it.plan->ticket, 12);
}

Test(decide, hears_a_person_at_the_bounce_address)
{
    CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);
    expect_plan(&it, OUTCOME_PUBLIC, "add comment", "comment:5 comment:6 comment:11 comment:7");
}

Test(decide, knows_its_own_notice)
{
    CASE it = case_from("support@desk.example", "Re: x", NULL);
    struct token_record *token = world_add_token(it.records, TOKEN_IN_MESSAGE_ID,
                                                 TOKEN_CONTACT_REPLY, ANNA, 12);
    expect_plan(&it, OUTCOME_EVENT, "", "");
    token->is_valid = false;
    expect_plan(&it, OUTCOME_HELD, "", HELD_TO_ALL);
}

static void expect_no_event(const struct case_of *it)
{
    OWNED(plan) plan = decide(it->facts, it->records);
    cr_expect_eq(plan->outcome, OUTCOME_NEW, "got %s", outcome_name(plan->outcome));
}

/* The forged probe of postdesk doctor bears somebody else's name. */
Test(decide, knows_a_probe_whatever_its_from_says)
{
    CASE it = case_from("anna@acme.example", "postdesk probe", PASS("acme.example"));
    struct token_record *token = world_add_token(it.records, TOKEN_IN_MESSAGE_ID, TOKEN_BOUNCE, 0,
                                                 0);
    token->object_kind = TOKEN_OUTBOUND;
    expect_plan(&it, OUTCOME_EVENT, "", "");
    token->object_kind = TOKEN_TICKET;
    expect_no_event(&it);
    token->object_kind = TOKEN_OUTBOUND;
    token->purpose = TOKEN_CONTACT_REPLY;
    expect_no_event(&it);
    token->purpose = TOKEN_BOUNCE;
    token->is_valid = false;
    expect_no_event(&it);
    token->is_valid = true;
    token->place = TOKEN_IN_REFERENCES;
    expect_no_event(&it);
}

/* ---- copies, released mail --------------------------------------------------------------------- */

Test(decide, takes_a_copy_for_a_duplicate)
{
    static const enum verdict ENDED[] = {VERDICT_FILED, VERDICT_EVENT, VERDICT_REJECTED};

    for (size_t i = 0; i < G_N_ELEMENTS(ENDED); i++) {
        CASE it = case_from("x@nowhere.test", "New", NULL);
        it.records->twin.mail = 55;
        it.records->twin.verdict = ENDED[i];
        it.records->twin.ticket = ENDED[i] == VERDICT_FILED ? 12 : 0;
        expect_plan(&it, OUTCOME_DUPLICATE, "", "");
        cr_expect_eq(it.plan->verdict, VERDICT_DUPLICATE);
        cr_expect_eq(it.plan->duplicate_of, 55);
        cr_expect_eq(it.plan->supersedes, 0);
        cr_expect_eq(it.plan->sender, REF_NONE);
        cr_expect_eq(it.plan->ticket, it.records->twin.ticket);
    }
}

Test(decide, puts_a_better_copy_in_the_place_of_a_held_one)
{
    CASE weak = case_from("ben@desk.example", "New", NULL);
    CASE better = case_from("ben@desk.example", "New", PASS("desk.example"));

    weak.records->twin.mail = better.records->twin.mail = 55;
    weak.records->twin.verdict = better.records->twin.verdict = VERDICT_HELD;
    expect_plan(&weak, OUTCOME_DUPLICATE, "", "");
    cr_expect_eq(weak.plan->duplicate_of, 55);
    cr_expect_eq(weak.plan->sender, BEN);
    expect_plan(&better, OUTCOME_NEW, "open ticket, add comment",
                "receipt:5 new-ticket:6 new-ticket:11");
    cr_expect_eq(better.plan->supersedes, 55);
    cr_expect_eq(better.plan->duplicate_of, 0);
}

Test(decide, proves_an_unverified_copy_only_in_its_place)
{
    static const struct {
        const char *outcome;
        ticket_id ticket;
        bool is_answer;
        bool is_proof;
    } FIRST[] = {
        {"unverified", 12, true, true},   {"unverified", 14, true, false},
        {"unverified", 14, false, false}, {"new", 14, false, true},
        {"new", 14, true, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(FIRST); i++) {
        CASE it = case_from("anna@acme.example", "x", PASS("acme.example"));
        it.records->twin.mail = 55;
        it.records->twin.verdict = VERDICT_FILED;
        it.records->twin.is_unverified = true;
        it.records->twin.comment = 8;
        it.records->twin.ticket = FIRST[i].ticket;
        world_set(&it.records->twin.outcome, FIRST[i].outcome);
        if (FIRST[i].is_answer) {
            world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
            world_set(&it.facts->subject, "Drucker defekt");
        }
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->verdict, VERDICT_FILED, "%zu", i);
        cr_expect_eq(it.plan->supersedes, FIRST[i].is_proof ? 55 : 0, "%zu", i);
        cr_expect_eq(world_change(it.plan, CHANGE_VERIFIED) != NULL, FIRST[i].is_proof, "%zu", i);
        cr_expect_eq(it.plan->ticket,
                     FIRST[i].is_proof    ? FIRST[i].ticket
                     : FIRST[i].is_answer ? 12
                                          : REF_NEW,
                     "%zu", i);
    }
}

/* ---- "was this you?" --------------------------------------------------------------------------- */

/* Who says that he wrote it gets what he might have done himself, and no more. */
static const struct {
    const char *name;
    const char *from;
    person_id person;
    ticket_id ticket; /* of the held mail */
    bool is_main_contact_only;
    bool opens_no_tickets;
    bool is_released;
} CONFESSED[] = {
    {"a party", "carl@acme.example", CARL, 12, false, false, true},
    {"no party", "otto@other.example", OTTO, 12, false, false, false},
    {"a new ticket", "otto@other.example", OTTO, 0, false, false, true},
    {"not the main contact", "carl@acme.example", CARL, 0, true, false, false},
    {"who opens no tickets", "carl@acme.example", CARL, 0, false, true, false},
    {"a technician", "ben@desk.example", BEN, 12, false, false, true},
    {"a technician of another group", "ben@desk.example", BEN, 14, false, false, false},
};

Test(decide, lets_nobody_release_more_than_he_may_write)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CONFESSED); i++) {
        CASE it = case_from(CONFESSED[i].from, "Re: Was this you?", NULL);
        world_set(&it.facts->text, "Yes");
        struct held_record *held = world_add_held(it.records, HELD_FOR_FORGED, TOKEN_CONFIRM,
                                                  CONFESSED[i].person);
        held->sender = CONFESSED[i].person;
        held->ticket = CONFESSED[i].ticket;
        world_add_ticket(it.records, 14, ANNA, ACME)->group = 3;
        world_person(it.records, CLARA)->is_lead = true;
        it.records->customer.is_main_contact_only = CONFESSED[i].is_main_contact_only;
        world_person(it.records, CONFESSED[i].person)->opens_tickets =
            !CONFESSED[i].opens_no_tickets;
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, OUTCOME_EVENT, "%s", CONFESSED[i].name);
        cr_expect_eq(world_change(it.plan, CHANGE_HELD_RELEASE) != NULL, CONFESSED[i].is_released,
                     "%s", CONFESSED[i].name);
        cr_expect_eq(it.plan->mails->len == 0, CONFESSED[i].is_released, "%s", CONFESSED[i].name);
    }
}

Test(decide, tells_nobody_of_a_receipt_for_its_question)
{
    CASE it = case_from("anna@acme.example", "Read: Was this you?", NULL);
    it.facts->auto_kind = AUTO_RECEIPT;
    world_add_held(it.records, HELD_FOR_FORGED, TOKEN_CONFIRM, ANNA)->sender = ANNA;
    expect_plan(&it, OUTCOME_EVENT, "", "");
}

Test(decide, gives_a_machine_no_hints_without_end)
{
    CASE it = case_from("ben@desk.example", "Re: [held 60]", PASS("desk.example"));
    world_add_held(it.records, HELD_FOR_CLAIM, TOKEN_HELD, BEN);
    world_person(it.records, BEN)->is_lead = true;
    world_set(&it.facts->text, "I am away.");
    g_ptr_array_add(it.records->counts,
                    count_record_new(BUDGET_ADDRESS_HOUR, "ben@desk.example", 10));
    expect_plan(&it, OUTCOME_EVENT, "", "held-decided:5/limit-address-hour");
    world_set(&it.facts->text, "#drop");
    expect_plan(&it, OUTCOME_EVENT, "drop held mail", "held-decided:5");
}

Test(decide, takes_what_a_machine_answers_to_a_notice_without_a_ticket_for_an_event)
{
    static const enum token_place PLACES[] = {TOKEN_IN_ADDRESS, TOKEN_IN_IN_REPLY_TO};

    for (size_t i = 0; i < G_N_ELEMENTS(PLACES); i++) {
        CASE it = case_from("ben@desk.example", "Away: [held] 3 mails wait", PASS("desk.example"));
        world_add_token(it.records, PLACES[i], TOKEN_BOUNCE, BEN, 0);
        it.facts->auto_kind = AUTO_REPLIED;
        expect_plan(&it, OUTCOME_EVENT, "", "");
        it.facts->auto_kind = AUTO_NONE;
        expect_plan(&it, OUTCOME_NEW, "open ticket, add comment",
                    "receipt:5 new-ticket:6 new-ticket:11");
    }
}

Test(decide, gives_released_mail_a_contacts_rights_at_most)
{
    CASE forged = case_from("ben@desk.example", "Re: x", FAIL("desk.example"));
    forged.records->released_by = g_strdup("clara@desk.example");
    world_add_token(forged.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    expect_plan(&forged, OUTCOME_NOTE, "add comment", "note:6 note:11");
    cr_expect_eq(world_change(forged.plan, CHANGE_COMMENT_ADD)->comment_kind, COMMENT_NOTE);
    cr_expect(world_says(forged.plan->may, "released by clara@desk.example"));

    CASE weak = case_from("carl@acme.example", "Re: [#12] x", NULL);
    weak.records->released_by = g_strdup("clara@desk.example");
    expect_plan(&weak, OUTCOME_PUBLIC, "add comment", "comment:5 comment:6 comment:11 comment:4");

    CASE stranger = case_from("x@nowhere.test", "Re: x", NULL);
    stranger.records->released_by = g_strdup("clara@desk.example");
    world_add_token(stranger.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, ANNA, 12);
    expect_plan(&stranger, OUTCOME_PUBLIC, "add person, add comment",
                "comment:5 comment:6 comment:11 comment:4 comment:7");
}

Test(decide, makes_released_mail_of_a_technician_a_note_of_a_new_ticket)
{
    CASE it = case_from("ben@desk.example", "New", NULL);
    it.records->released_by = g_strdup("clara@desk.example");
    expect_plan(&it, OUTCOME_NOTE, "open ticket, add comment", "note:6 note:11");
    cr_expect_eq(world_change(it.plan, CHANGE_COMMENT_ADD)->comment_kind, COMMENT_NOTE);
    cr_expect_eq(world_mail_to(it.plan, CLARA)->purpose, TOKEN_TECHNICIAN_NOTE);
}

/* ---- what is held ------------------------------------------------------------------------------ */

Test(decide, holds_what_is_ambiguous_or_loops)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    it.facts->is_ambiguous = true;
    world_set(&it.facts->ambiguity, "two From fields");
    expect_plan(&it, OUTCOME_HELD, "", HELD_TO_ALL);
    cr_expect(world_says(it.plan->may, "two From fields"));
    it.facts->is_ambiguous = false;
    it.facts->received_count = LIMIT_RECEIVED;
    expect_plan(&it, OUTCOME_NEW, "open ticket, add comment", "receipt:4 " TO_ALL);
    it.facts->received_count = LIMIT_RECEIVED + 1;
    expect_plan(&it, OUTCOME_HELD, "", HELD_TO_ALL);
}

Test(decide, obeys_what_is_set_about_unknown_senders)
{
    CASE it = case_from("x@nowhere.test", "New", PASS("nowhere.test"));
    it.records->settings.unknown_senders = UNKNOWN_HOLD;
    expect_plan(&it, OUTCOME_HELD, "", HELD_TO_ALL);
    cr_expect_eq(it.plan->verdict, VERDICT_HELD);
    it.records->settings.unknown_senders = UNKNOWN_REJECT;
    expect_plan(&it, OUTCOME_REJECTED, "", "");
    cr_expect_eq(it.plan->verdict, VERDICT_REJECTED);
}

Test(decide, remembers_that_authentication_failed)
{
    CASE it = case_from("anna@acme.example", "New", FAIL("acme.example"));
    expect_plan(&it, OUTCOME_HELD, "", "was-this-you:4 " HELD_TO_ALL);
    cr_expect(it.plan->is_auth_failed);
    cr_expect_eq(it.plan->sender, ANNA);
}

Test(decide, holds_what_could_not_be_read)
{
    OWNED(plan) plan = decide_unparsed("the parser died of it");
    cr_expect_eq(plan->verdict, VERDICT_HELD);
    cr_expect_eq(plan->outcome, OUTCOME_HELD);
    cr_expect_str_eq(plan->may->pdata[0], "the parser died of it");
    cr_expect_eq(plan->changes->len + plan->mails->len, 0);
}

Test(decide, knows_a_disabled_contact)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    world_person(it.records, ANNA)->is_disabled = true;
    expect_plan(&it, OUTCOME_HELD, "", HELD_TO_ALL);
    cr_expect_eq(it.plan->role, ROLE_STRANGER);
}

Test(decide, counts_what_it_sends)
{
    CASE it = case_from("x@nowhere.test", "New", NULL);
    g_ptr_array_add(it.records->counts, count_record_new(BUDGET_STRANGER_HOUR, "", 60));
    expect_plan(&it, OUTCOME_NEW, "add person, open ticket, add comment",
                "acknowledgement:-1/limit-stranger-hour " TO_ALL);
}

/* ---- texts ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *subject;
    const char *text;
    const char *want;
} SUBJECTS[] = {
    {"as it is", "Drucker defekt", "Hello", "Drucker defekt"},
    {"empty: the words", "", "Der  Drucker\nist defekt", "Der Drucker ist defekt"},
    {"empty: the first words", "",
     "Der Drucker im zweiten Stock neben der Treppe ist schon wieder defekt",
     "Der Drucker im zweiten Stock neben der Treppe ist schon…"},
    {"one long word", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"},
    {"nothing but a tag", "[#77]", "Hello", "Hello"},
    {"nothing at all", "", "", "(no subject)"},
};

Test(decide, names_every_ticket)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SUBJECTS); i++) {
        CASE it = case_from("anna@acme.example", SUBJECTS[i].subject, NULL);
        world_set(&it.facts->text, SUBJECTS[i].text);
        it.plan = decide(it.facts, it.records);
        const char *got = world_change(it.plan, CHANGE_TICKET_OPEN)->text;
        cr_expect_str_eq(got, SUBJECTS[i].want, "%s: got %s", SUBJECTS[i].name, got);
    }
}

static char *repeat(const char *text, size_t times)
{
    GString *all = g_string_new(NULL);

    for (size_t i = 0; i < times; i++) {
        g_string_append(all, text);
    }
    return g_string_free(all, FALSE);
}

Test(decide, cuts_comments_at_the_limit)
{
    static const size_t LENGTHS[] = {LIMIT_COMMENT_CHARS - 1, LIMIT_COMMENT_CHARS,
                                     LIMIT_COMMENT_CHARS + 1};

    for (size_t i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
        CASE it = case_from("anna@acme.example", "New", NULL);
        g_free(it.facts->text);
        it.facts->text = repeat("ä", LENGTHS[i]);
        it.plan = decide(it.facts, it.records);
        const char *got = world_change(it.plan, CHANGE_COMMENT_ADD)->text;
        cr_expect_eq(text_chars(got), MIN(LENGTHS[i], (size_t)LIMIT_COMMENT_CHARS));
        cr_expect_eq(g_str_has_suffix(got, "…"), LENGTHS[i] > LIMIT_COMMENT_CHARS);
    }
}

static void add_attachment(struct facts *facts, const char *name)
{
    struct attachment *attachment = attachment_new();

    world_set(&attachment->name, name);
    g_ptr_array_add(facts->attachments, attachment);
}

static const struct {
    const char *name;
    const char *text;
    bool is_oversize;
    uint64_t bytes;
    unsigned left_out;
    const char *attachments[2];
    const char *want;
} COMMENTS[] = {
    {"words", "Hello", false, 5, 0, {NULL}, "Hello"},
    {"none", "", false, 5, 0, {NULL}, "(no text)"},
    {"too many attachments", "Hello", false, 5, 3, {"a.pdf"}, "Hello\n\nattachments left out: 3"},
    {"oversize",
     "Hello",
     true,
     31457280,
     0,
     {"a.pdf", "b.zip"},
     "Hello\n\nattachments left out: a.pdf, b.zip, and more, about 30 MB"},
    {"oversize, none seen",
     "",
     true,
     22020096,
     1,
     {NULL},
     "(no text)\n\nattachments left out: about 21 MB"},
};

Test(decide, says_what_of_a_mail_is_not_there)
{
    for (size_t i = 0; i < G_N_ELEMENTS(COMMENTS); i++) {
        CASE it = case_from("anna@acme.example", "New", NULL);
        world_set(&it.facts->text, COMMENTS[i].text);
        it.facts->attachments_left_out = COMMENTS[i].left_out;
        it.records->is_oversize = COMMENTS[i].is_oversize;
        it.records->bytes = COMMENTS[i].bytes;
        for (size_t a = 0; a < 2 && COMMENTS[i].attachments[a] != NULL; a++) {
            add_attachment(it.facts, COMMENTS[i].attachments[a]);
        }
        it.plan = decide(it.facts, it.records);
        const char *got = world_change(it.plan, CHANGE_COMMENT_ADD)->text;
        cr_expect_str_eq(got, COMMENTS[i].want, "%s: got %s", COMMENTS[i].name, got);
    }
}

static const struct {
    const char *name;
    size_t chars;
    unsigned left_out;
    bool want_cut;
} WHOLES[] = {
    {"one less", LIMIT_COMMENT_CHARS - 1, 0, false},
    {"as long as it may be", LIMIT_COMMENT_CHARS, 0, false},
    {"one more", LIMIT_COMMENT_CHARS + 1, 0, true},
    {"the line on attachments takes its place", LIMIT_COMMENT_CHARS, 1, true},
};

Test(decide, says_when_a_comment_is_not_all_of_the_words)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WHOLES); i++) {
        CASE it = case_from("anna@acme.example", "New", NULL);
        g_free(it.facts->text);
        it.facts->text = repeat("x", WHOLES[i].chars);
        it.facts->attachments_left_out = WHOLES[i].left_out;
        it.plan = decide(it.facts, it.records);
        const struct change *got = world_change(it.plan, CHANGE_COMMENT_ADD);
        cr_expect_eq(got->is_cut, WHOLES[i].want_cut, "%s", WHOLES[i].name);
        cr_expect_leq(text_chars(got->text), LIMIT_COMMENT_CHARS, "%s", WHOLES[i].name);
    }
}

Test(decide, keeps_that_line_within_the_limit)
{
    CASE it = case_from("anna@acme.example", "New", NULL);
    g_autofree char *long_name = repeat("n", LIMIT_NAME_CHARS);

    g_free(it.facts->text);
    it.facts->text = repeat("x", LIMIT_COMMENT_CHARS);
    it.records->is_oversize = true;
    for (int i = 0; i < LIMIT_ATTACHMENTS; i++) {
        add_attachment(it.facts, long_name);
    }
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(text_chars(world_change(it.plan, CHANGE_COMMENT_ADD)->text), LIMIT_COMMENT_CHARS);
}

/* ---- the command line -------------------------------------------------------------------------- */

Test(decide, lets_a_technician_answer_by_the_command_line)
{
    OWNED(records) records = world_records();
    OWNED(plan) plan = decide_cli_reply(records, 12, BEN, "Try again.");
    OWNED(plan) empty = decide_cli_reply(records, 12, BEN, "");
    g_autofree char *mails = world_mails(plan);
    g_autofree char *changes = world_changes(plan);

    cr_expect_eq(plan->verdict, VERDICT_FILED);
    cr_expect_eq(plan->outcome, OUTCOME_TECHNICIAN);
    cr_expect_eq(plan->ticket, 12);
    cr_expect_eq(plan->sender, BEN);
    cr_expect_str_eq(mails, "reply:4 reply:7 assigned:6 assigned:11");
    cr_expect_str_eq(changes, "add comment, set ticket");
    cr_expect_str_eq(world_change(plan, CHANGE_COMMENT_ADD)->text, "Try again.");
    cr_expect_str_eq(world_change(empty, CHANGE_COMMENT_ADD)->text, "(no text)");
}

/* A note tells technicians only, and assigns nothing. */
Test(decide, lets_a_technician_write_a_note_by_the_command_line)
{
    OWNED(records) records = world_records();
    world_ticket(records, 12)->assignee = CLARA;
    OWNED(plan) plan = decide_cli_note(records, 12, BEN, "He is in a hurry.");
    OWNED(plan) refused = decide_cli_note(records, 12, ANNA, "x");
    g_autofree char *mails = world_mails(plan);
    g_autofree char *changes = world_changes(plan);

    cr_expect_eq(plan->verdict, VERDICT_FILED);
    cr_expect_eq(plan->outcome, OUTCOME_NOTE);
    cr_expect_str_eq(mails, "note:6");
    cr_expect_str_eq(changes, "add comment");
    cr_expect_eq(world_change(plan, CHANGE_COMMENT_ADD)->comment_kind, COMMENT_NOTE);
    cr_expect_eq(refused->verdict, VERDICT_REJECTED);
    cr_expect_eq(refused->changes->len + refused->mails->len, 0);
}

/* Who is both does not become the assignee of a ticket that he opened himself. */
Test(decide, assigns_nobody_who_is_a_contact_there)
{
    OWNED(records) records = world_records();
    world_ticket(records, 12)->requester = FRITZ;
    OWNED(plan) plan = decide_cli_reply(records, 12, FRITZ, "It works again.");
    g_autofree char *changes = world_changes(plan);
    cr_expect_str_eq(changes, "add comment");
}

Test(decide, lets_nobody_else_answer_by_the_command_line)
{
    static const struct {
        ticket_id ticket;
        person_id person;
    } NOBODY[] = {{99, BEN}, {12, 99}, {12, ANNA}, {12, GONE}};
    OWNED(records) records = world_records();

    for (size_t i = 0; i < G_N_ELEMENTS(NOBODY); i++) {
        OWNED(plan) plan = decide_cli_reply(records, NOBODY[i].ticket, NOBODY[i].person, "x");
        cr_expect_eq(plan->verdict, VERDICT_REJECTED);
        cr_expect_eq(plan->changes->len + plan->mails->len, 0);
        cr_expect_gt(plan->may->len, 0);
    }
}
