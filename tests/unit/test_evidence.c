/* What a mail shows for itself: what proves its sender, who wrote it, and what people are told of it. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk_world.h"

static void expect(struct case_of *it, enum outcome outcome, const char *changes, const char *mails)
{
    plan_free(it->plan);
    it->plan = decide(it->facts, it->records);
    g_autofree char *got_changes = world_changes(it->plan);
    g_autofree char *got_mails = world_mails(it->plan);
    cr_expect_eq(it->plan->outcome, outcome, "got %s", outcome_name(it->plan->outcome));
    cr_expect_str_eq(got_changes, changes, "got %s, want %s", got_changes, changes);
    cr_expect_str_eq(got_mails, mails, "got %s, want %s", got_mails, mails);
}

#define TO_ALL "new-ticket:5 new-ticket:6 new-ticket:11"

Test(evidence, of_a_person_who_trusts_the_sender_confirms_him)
{
    CASE it = case_from("dora@acme.example", "New", NULL);
    expect(&it, OUTCOME_NEW, "open ticket, add comment", "acknowledgement:8 " TO_ALL);
    cr_expect_eq(it.plan->role, ROLE_STRANGER);
    it.records->released_by = g_strdup("clara@desk.example");
    expect(&it, OUTCOME_NEW, "open ticket, add comment", "acknowledgement:8 " TO_ALL);
    it.records->is_trusted = true;
    expect(&it, OUTCOME_NEW, "confirm person, open ticket, add comment", "receipt:8 " TO_ALL);
    cr_expect_str_eq(world_change(it.plan, CHANGE_PERSON_CONFIRM)->reason,
                     "a person said that he can be trusted");
    cr_expect_eq(it.plan->role, ROLE_CONTACT);
}

/* His own token on a mail that his domain calls forged proves that somebody has his mail. */
Test(evidence, of_a_forged_mail_confirms_nobody)
{
    CASE it = case_from("dora@acme.example", "Re: x", FAIL("acme.example"));
    world_ticket(it.records, 12)->requester = DORA;
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, DORA, 12);
    it.records->released_by = g_strdup("clara@desk.example");
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_PUBLIC);
    cr_expect_eq(world_change(it.plan, CHANGE_PERSON_CONFIRM), NULL);
}

Test(evidence, of_an_unknown_kind_is_a_machines)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    it.facts->auto_kind = (enum auto_kind)99;
    expect(&it, OUTCOME_NEW, "open ticket, add comment", "");
    cr_expect_eq(it.plan->role, ROLE_MACHINE);
}

Test(evidence, of_a_machine_is_told_to_people)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    it.plan = decide(it.facts, it.records);
    cr_expect_not(world_says(it.plan->who, "written by a machine"));
    it.facts->auto_kind = AUTO_REPLIED;
    world_set(&it.facts->auto_reason, "Auto-Submitted: auto-replied");
    plan_free(it.plan);
    it.plan = decide(it.facts, it.records);
    cr_expect(world_says(it.plan->who, "Auto-Submitted: auto-replied"));
}

static const struct {
    const char *name;
    enum token_place place;
    enum token_purpose purpose;
    enum token_object object_kind;
    bool is_valid;
    bool is_probe;
    const char *subject; /* NULL: another one */
} PROBES[] = {
    {"a probe", TOKEN_IN_MESSAGE_ID, TOKEN_BOUNCE, TOKEN_OUTBOUND, true, true},
    {"not signed", TOKEN_IN_MESSAGE_ID, TOKEN_BOUNCE, TOKEN_OUTBOUND, false, false},
    {"of a ticket", TOKEN_IN_MESSAGE_ID, TOKEN_BOUNCE, TOKEN_TICKET, true, false},
    {"of another purpose", TOKEN_IN_MESSAGE_ID, TOKEN_CONTACT_REPLY, TOKEN_OUTBOUND, true, false},
    {"an answer to it", TOKEN_IN_IN_REPLY_TO, TOKEN_BOUNCE, TOKEN_OUTBOUND, true, false},
    {"named anew on its way", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, TOKEN_OUTBOUND, true, true,
     .subject = "postdesk probe 7 (genuine)"},
    {"named anew, not signed", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, TOKEN_OUTBOUND, false, false,
     .subject = "postdesk probe 7 (genuine)"},
    {"a probe of another number", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, TOKEN_OUTBOUND, true, false,
     .subject = "postdesk probe 8 (genuine)"},
    {"an answer to a mail that needs none", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, TOKEN_OUTBOUND, true,
     false, .subject = "Re: postdesk probe 7"},
    {"below it, without a subject", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, TOKEN_OUTBOUND, true, false,
     .subject = ""},
};

Test(evidence, of_a_probe_is_our_own_whoever_it_names)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PROBES); i++) {
        CASE it = case_from("ben@desk.example", "Probe", PASS("desk.example"));
        struct token_record *token = world_add_token(it.records, PROBES[i].place, PROBES[i].purpose,
                                                     0, 0);
        token->object_kind = PROBES[i].object_kind;
        token->is_valid = PROBES[i].is_valid;
        token->outbound = 7;
        if (PROBES[i].subject != NULL) {
            world_set(&it.facts->subject, PROBES[i].subject);
        }
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, PROBES[i].is_probe ? OUTCOME_EVENT : OUTCOME_NEW,
                     "%s: got %s", PROBES[i].name, outcome_name(it.plan->outcome));
        cr_expect_eq(it.plan->role, PROBES[i].is_probe ? ROLE_UNKNOWN : ROLE_TECHNICIAN,
                     "%s: got %s", PROBES[i].name, role_name(it.plan->role));
    }
}

/* ---- places that a token only seems to give ----------------------------------------------------- */

static const struct {
    const char *name;
    enum token_place place;
    enum token_purpose purpose;
    bool is_valid;
    ticket_id ticket;
    enum outcome want;
} TICKETLESS[] = {
    {"a machine answers to a mail of ours of no ticket", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, true, 0,
     OUTCOME_EVENT},
    {"the same, by In-Reply-To", TOKEN_IN_IN_REPLY_TO, TOKEN_BOUNCE, true, 0, OUTCOME_EVENT},
    {"the same, an older mail of its thread", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, true, 0,
     OUTCOME_NEW},
    {"a token that does not count", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, false, 0, OUTCOME_NEW},
    {"another purpose", TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, true, 0, OUTCOME_NEW},
    {"a mail of a ticket", TOKEN_IN_IN_REPLY_TO, TOKEN_BOUNCE, true, 12, OUTCOME_NEW},
};

Test(evidence, of_a_machine_that_answers_to_no_ticket_is_no_new_matter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TICKETLESS); i++) {
        CASE it = case_from("x@nowhere.test", "Abwesend", NULL);
        it.facts->auto_kind = AUTO_REPLIED;
        world_add_token(it.records, TICKETLESS[i].place, TICKETLESS[i].purpose, ANNA,
                        TICKETLESS[i].ticket)
            ->is_valid = TICKETLESS[i].is_valid;
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, TICKETLESS[i].want, "%s: got %s", TICKETLESS[i].name,
                     outcome_name(it.plan->outcome));
    }
}

static const struct {
    const char *name;
    enum token_purpose purpose;
    enum token_object object_kind;
    enum outcome want;
} HELD_PLACES[] = {
    {"a question about held mail", TOKEN_CONFIRM, TOKEN_HELD_MAIL, OUTCOME_EVENT},
    {"news of held mail", TOKEN_HELD, TOKEN_HELD_MAIL, OUTCOME_EVENT},
    {"a question about another thing of that number", TOKEN_CONFIRM, TOKEN_OUTBOUND, OUTCOME_NEW},
    {"another purpose", TOKEN_UNDO, TOKEN_HELD_MAIL, OUTCOME_NEW},
};

Test(evidence, of_held_mail_is_a_question_or_news_of_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(HELD_PLACES); i++) {
        CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));
        world_add_held(it.records, HELD_FOR_FORGED, HELD_PLACES[i].purpose, ANNA);
        ((struct token_record *)it.records->tokens->pdata[0])->object_kind =
            HELD_PLACES[i].object_kind;
        it.plan = decide(it.facts, it.records);
        cr_expect_eq(it.plan->outcome, HELD_PLACES[i].want, "%s: got %s", HELD_PLACES[i].name,
                     outcome_name(it.plan->outcome));
    }
}

/* Two mails of one thread are joined for contacts of one customer only. */
Test(evidence, of_who_is_no_contact_any_more_joins_no_thread)
{
    CASE it = case_from("dora@acme.example", "First", PASS("acme.example"));
    world_add_id(it.records, "m1@mail.example", 12, CARL, false);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_PUBLIC);
    world_person(it.records, CARL)->is_contact = false;
    plan_free(it.plan);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);

    CASE nobodys = case_from("eve@evil.test", "First", PASS("evil.test"));
    world_person(nobodys.records, EVE)->is_confirmed = true; /* a contact of no customer */
    world_person(nobodys.records, CARL)->customer = 0;
    world_add_id(nobodys.records, "m1@mail.example", 12, CARL, false);
    nobodys.plan = decide(nobodys.facts, nobodys.records);
    cr_expect_eq(nobodys.plan->outcome, OUTCOME_NEW);
}
