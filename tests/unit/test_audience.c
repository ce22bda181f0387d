/* Who is told what, with which token. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/audience.h"
#include "desk_world.h"

static struct audience about_ticket(const struct records *records, person_id author)
{
    return (struct audience){.records = records,
                             .ticket = records_ticket(records, 12),
                             .author = author};
}

static void expect_mails(const struct plan *plan, const char *want)
{
    g_autofree char *got = world_mails(plan);

    cr_expect_str_eq(got, want, "got %s, want %s", got, want);
}

Test(audience, of_an_unassigned_ticket_is_every_technician)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);

    audience_tell_technicians(plan, &audience, "comment");
    expect_mails(plan, "comment:5 comment:6 comment:11");
    cr_expect_eq(world_mail_to(plan, BEN)->purpose, TOKEN_TECHNICIAN_REPLY);
    cr_expect(world_mail_to(plan, BEN)->tells_comment);
    cr_expect_not(world_mail_to(plan, BEN)->is_automatic);
    cr_expect_eq(world_mail_to(plan, BEN)->ticket, 12);
}

Test(audience, of_an_assigned_ticket_is_its_assignee)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);

    world_ticket(records, 12)->assignee = CLARA;
    audience_tell_technicians(plan, &audience, "comment");
    expect_mails(plan, "comment:6");
}

Test(audience, of_a_ticket_of_someone_who_is_gone_is_everybody_again)
{
    OWNED(plan) plan = plan_new();
    OWNED(plan) again = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);

    world_ticket(records, 12)->assignee = GONE;
    audience_tell_technicians(plan, &audience, "comment");
    expect_mails(plan, "comment:5 comment:6 comment:11");
    world_ticket(records, 12)->assignee = 999; /* not in the records */
    audience_tell_technicians(again, &audience, "comment");
    expect_mails(again, "comment:5 comment:6 comment:11");
}

/* Clara is Ben's deputy; ticket 12 is his. */
static const struct {
    const char *name;
    bool is_absent;
    person_id deputy;
    bool is_deputy_disabled;
    group_id group; /* of the ticket; Ben is its assignee, nobody is in it */
    const char *want;
} DEPUTIES[] = {
    {"an absent assignee goes on getting his mail", true, CLARA, false, 0, "comment:5 comment:6"},
    {"who is there needs no deputy", false, CLARA, false, 0, "comment:5"},
    {"without a deputy", true, 0, false, 0, "comment:5"},
    {"a deputy who is disabled", true, CLARA, true, 0, "comment:5"},
    {"a deputy who is not in the records", true, 999, false, 0, "comment:5"},
    {"a deputy who could not act in the group", true, CLARA, false, 31, "comment:5"},
};

Test(audience, of_an_absent_assignee_is_his_deputy_as_well)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DEPUTIES); i++) {
        OWNED(plan) plan = plan_new();
        OWNED(records) records = world_records();
        struct audience audience = about_ticket(records, ANNA);

        world_ticket(records, 12)->assignee = BEN;
        world_ticket(records, 12)->group = DEPUTIES[i].group;
        world_person(records, BEN)->is_absent = DEPUTIES[i].is_absent;
        world_person(records, BEN)->deputy = DEPUTIES[i].deputy;
        world_person(records, CLARA)->is_disabled = DEPUTIES[i].is_deputy_disabled;
        audience_tell_technicians(plan, &audience, "comment");
        cr_log_info("%s", DEPUTIES[i].name);
        expect_mails(plan, DEPUTIES[i].want);
    }
}

Test(audience, of_a_note_gets_tokens_for_notes)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    audience_tell_technicians(plan, &audience, "note");
    expect_mails(plan, "note:6 note:11");
    cr_expect_eq(world_mail_to(plan, CLARA)->purpose, TOKEN_TECHNICIAN_NOTE);
}

Test(audience, of_a_note_is_nobody_who_is_a_contact_there)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    world_ticket(records, 12)->requester = FRITZ;
    audience_tell_technicians(plan, &audience, "note");
    expect_mails(plan, "note:6");
}

Test(audience, of_a_reply_is_requester_and_participants)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    audience_tell_contacts(plan, &audience, "reply");
    expect_mails(plan, "reply:4 reply:7");
    cr_expect_eq(world_mail_to(plan, ANNA)->purpose, TOKEN_CONTACT_REPLY);
    cr_expect_not(world_mail_to(plan, ANNA)->is_automatic);
    cr_expect_str_eq(world_mail_to(plan, ANNA)->address, "anna@acme.example");
    cr_expect_str_eq(world_mail_to(plan, ANNA)->name, "Anna");
}

Test(audience, gets_one_copy_a_person)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, CARL);
    struct ticket_record *ticket = world_ticket(records, 12);
    person_id both[] = {ANNA, BEN};

    g_array_append_vals(ticket->participants, both, 2);
    audience_tell_technicians(plan, &audience, "comment");
    audience_tell_contacts(plan, &audience, "comment");
    expect_mails(plan, "comment:5 comment:6 comment:11 comment:4");
}

Test(audience, gives_a_participating_technician_a_technicians_token)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, CLARA);
    struct ticket_record *ticket = world_ticket(records, 12);
    person_id more[] = {BEN, FRITZ, GONE, 999};

    ticket->requester = FRITZ;
    g_array_append_vals(ticket->participants, more, 4);
    audience_tell_contacts(plan, &audience, "reply");
    expect_mails(plan, "reply:11 reply:7 reply:5");
    cr_expect_eq(world_mail_to(plan, BEN)->purpose, TOKEN_TECHNICIAN_REPLY);
    cr_expect_eq(world_mail_to(plan, FRITZ)->purpose, TOKEN_CONTACT_REPLY);
}

Test(audience, of_an_assignment_is_who_was_told_before)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    audience_tell_assigned(plan, &audience);
    expect_mails(plan, "assigned:6 assigned:11");
}

Test(audience, of_a_machine_is_nobody)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);

    audience.is_by_machine = true;
    audience_tell_technicians(plan, &audience, "comment");
    audience_tell_contacts(plan, &audience, "comment");
    audience_tell_opener(plan, &audience, "anna@acme.example", "Anna", true);
    expect_mails(plan, "");
}

Test(audience, of_a_new_ticket_has_no_contacts_but_its_opener)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = {.records = records, .author = ANNA};

    audience_tell_opener(plan, &audience, "anna@acme.example", "A.", true);
    audience_tell_contacts(plan, &audience, "comment");
    expect_mails(plan, "receipt:4");
    cr_expect_eq(world_mail_to(plan, ANNA)->ticket, REF_NEW);
    cr_expect_eq(world_mail_to(plan, ANNA)->purpose, TOKEN_CONTACT_REPLY);
    cr_expect(world_mail_to(plan, ANNA)->is_automatic);
    cr_expect_not(world_mail_to(plan, ANNA)->tells_comment);
    cr_expect_str_eq(world_mail_to(plan, ANNA)->name, "Anna");
}

static const struct {
    const char *name;
    person_id author;
    bool is_confirmed;
    const char *notice;
    bool is_stranger;
    bool is_automatic;
    enum token_purpose purpose;
} OPENERS[] = {
    {"confirmed", ANNA, true, "receipt", false, true, TOKEN_CONTACT_REPLY},
    {"not confirmed", EVE, false, "acknowledgement", true, true, TOKEN_CONTACT_REPLY},
    {"new", REF_NEW, false, "acknowledgement", true, true, TOKEN_CONTACT_REPLY},
    {"new, authenticated", REF_NEW, true, "receipt", false, true, TOKEN_CONTACT_REPLY},
    {"technician", BEN, false, "receipt", false, false, TOKEN_TECHNICIAN_REPLY},
    {"both", FRITZ, true, "receipt", false, false, TOKEN_CONTACT_REPLY},
};

Test(audience, thanks_the_opener_as_far_as_he_is_known)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OPENERS); i++) {
        OWNED(plan) plan = plan_new();
        OWNED(records) records = world_records();
        struct audience audience = {.records = records, .author = OPENERS[i].author};

        audience_tell_opener(plan, &audience, "x@mail.example", "X", OPENERS[i].is_confirmed);
        cr_assert_eq(plan->mails->len, 1, "%s", OPENERS[i].name);
        const struct plan_mail *mail = plan->mails->pdata[0];
        cr_expect_str_eq(mail->notice, OPENERS[i].notice, "%s", OPENERS[i].name);
        cr_expect_str_eq(mail->address, "x@mail.example", "%s", OPENERS[i].name);
        cr_expect_eq(mail->is_stranger, OPENERS[i].is_stranger, "%s", OPENERS[i].name);
        cr_expect_eq(mail->is_automatic, OPENERS[i].is_automatic, "%s", OPENERS[i].name);
        cr_expect_eq(mail->purpose, OPENERS[i].purpose, "%s", OPENERS[i].name);
    }
}

Test(audience, with_a_dead_address_gets_nothing_but_a_row)
{
    OWNED(plan) plan = plan_new();
    OWNED(plan) opened = plan_new();
    OWNED(plan) elsewhere = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, CARL);
    struct audience annas = {.records = records, .author = ANNA};

    world_person(records, ANNA)->is_address_dead = true;
    audience_tell_contacts(plan, &audience, "comment");
    expect_mails(plan, "comment:4/dead-address");
    audience_tell_opener(opened, &annas, "Anna@acme.example", "Anna", true);
    expect_mails(opened, "receipt:4/dead-address");
    audience_tell_opener(elsewhere, &annas, "anna@home.example", "Anna", true);
    expect_mails(elsewhere, "receipt:4");
}

Test(audience, that_cannot_be_reached_is_told_to_the_technician_who_wrote)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    world_person(records, ANNA)->is_address_dead = true;
    audience_tell_contacts(plan, &audience, "reply");
    expect_mails(plan, "reply:4/dead-address reply:7 undelivered:5");
    cr_expect_eq(world_mail_to(plan, BEN)->about, 0);
    cr_expect_eq(world_mail_to(plan, BEN)->purpose, TOKEN_TECHNICIAN_NOTE);
    cr_expect_neq(strstr(world_mail_to(plan, BEN)->reason, "anna@acme.example"), NULL);
}

Test(audience, that_cannot_be_reached_is_told_to_nobody_who_is_gone_since)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, GONE);

    world_person(records, ANNA)->is_address_dead = true;
    audience_tell_contacts(plan, &audience, "reply");
    expect_mails(plan, "reply:4/dead-address reply:7");
}

Test(audience, gets_the_name_that_the_desk_has_or_else_the_mails)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = {.records = records, .author = ANNA};

    world_set(&world_person(records, ANNA)->name, "");
    audience_tell_opener(plan, &audience, "anna@acme.example", "A. Nna", true);
    cr_expect_str_eq(world_mail_to(plan, ANNA)->name, "A. Nna");
}

Test(audience, hears_of_what_was_too_large_at_the_address_that_he_wrote_from)
{
    OWNED(plan) plan = plan_new();
    OWNED(plan) elsewhere = plan_new();
    OWNED(plan) new = plan_new();
    OWNED(plan) machines = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);
    struct audience of_new = about_ticket(records, REF_NEW);

    world_person(records, ANNA)->is_address_dead = true;
    audience_tell_author(plan, &audience, "oversize", "Anna@acme.example", "all");
    expect_mails(plan, "oversize:4/dead-address");
    audience_tell_author(elsewhere, &audience, "oversize", "anna@home.example", "all");
    expect_mails(elsewhere, "oversize:4");
    cr_expect_str_eq(world_mail_to(elsewhere, ANNA)->address, "anna@home.example");
    cr_expect(world_mail_to(elsewhere, ANNA)->is_automatic);
    audience_tell_author(new, &of_new, "oversize", "new@acme.example", "all");
    expect_mails(new, "oversize:-1");
    cr_expect_str_eq(world_mail_to(new, REF_NEW)->name, "");
    audience.is_by_machine = true;
    audience_tell_author(machines, &audience, "oversize", "anna@home.example", "all");
    expect_mails(machines, "");
}

Test(audience, that_is_both_dead_hears_of_it_once)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    world_person(records, ANNA)->is_address_dead = true;
    world_person(records, CARL)->is_address_dead = true;
    audience_tell_contacts(plan, &audience, "reply");
    expect_mails(plan, "reply:4/dead-address reply:7/dead-address undelivered:5");
    cr_expect_str_eq(world_mail_to(plan, BEN)->reason,
                     "wrote to anna@acme.example, carl@acme.example, whose address is dead");
}

Test(audience, is_never_one_of_our_own_addresses)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, BEN);

    world_set(&world_person(records, ANNA)->address, "SUPPORT+x@desk.example");
    audience_tell_contacts(plan, &audience, "comment");
    expect_mails(plan, "comment:4/own-address comment:7");
}

Test(audience, of_what_came_back_is_an_active_technician_or_nobody)
{
    static const person_id NOBODY[] = {ANNA, GONE, 999, REF_NEW, 0};
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, 0);

    for (size_t i = 0; i < G_N_ELEMENTS(NOBODY); i++) {
        audience_tell_undelivered(plan, &audience, NOBODY[i], 70, "x");
    }
    expect_mails(plan, "");
    world_person(records, BEN)->is_address_dead = true;
    audience_tell_undelivered(plan, &audience, BEN, 70, "x");
    audience_tell_undelivered(plan, &audience, CLARA, 71, "x");
    expect_mails(plan, "undelivered:5/dead-address undelivered:6");
    cr_expect_eq(world_mail_to(plan, CLARA)->about, 71);
}

Test(audience, skips_technicians_who_are_not_in_the_records)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct audience audience = about_ticket(records, ANNA);
    person_id ghost = 999;

    g_array_append_val(records->technicians, ghost);
    audience_tell_technicians(plan, &audience, "comment");
    expect_mails(plan, "comment:5 comment:6 comment:11");
}
