/* Who joins a ticket because the mail went to him, too. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/decide.h"
#include "desk_world.h"

static void add_copy(struct case_of *it, const char *address, const char *name, person_id person,
                     customer_id customer)
{
    g_autofree char *key = g_ascii_strdown(address, -1);
    struct address_record *record = address_record_new(key);

    record->person = person;
    record->domain_customer = customer;
    g_ptr_array_add(it->records->addresses, record);
    g_ptr_array_add(it->facts->cc, address_new(address, name));
}

/* "8 -2 | otto@other.example": who joined, and who is shown; own. */
static char *joined(const struct plan *plan)
{
    GString *list = g_string_new(NULL);
    const struct change *shown = world_change(plan, CHANGE_COPIED);

    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->kind == CHANGE_PARTICIPANT_ADD) {
            g_string_append_printf(list, "%d ", (int)change->person);
        }
    }
    g_string_append_printf(list, "| %s", shown != NULL ? shown->text : "");
    return g_string_free(list, FALSE);
}

static void expect_joined(struct case_of *it, const char *want)
{
    plan_free(it->plan);
    it->plan = decide(it->facts, it->records);
    g_autofree char *got = joined(it->plan);
    cr_expect_str_eq(got, want, "got \"%s\", want \"%s\"", got, want);
}

static void add_all_kinds(struct case_of *it)
{
    add_copy(it, "Dora@acme.example", "", DORA, ACME);
    add_copy(it, "newest@acme.example", "Newest", 0, ACME);
    add_copy(it, "otto@other.example", "", OTTO, OTHER);
    add_copy(it, "attacker@evil.test", "", 0, 0);
    add_copy(it, "clara@desk.example", "", CLARA, 0);
    add_copy(it, "fritz@acme.example", "", FRITZ, ACME);
    add_copy(it, "gone@desk.example", "", GONE, 0);
    add_copy(it, "carl@acme.example", "", CARL, ACME); /* is there */
    add_copy(it, "support@desk.example", "", 0, 0);    /* ourselves */
    add_copy(it, "support+x@desk.example", "", 0, 0);  /* ourselves */
    add_copy(it, "ANNA@acme.example", "", ANNA, ACME); /* the sender, or the requester */
    add_copy(it, "dora@acme.example", "", DORA, ACME); /* for the second time */
    add_copy(it, "Newest@ACME.example", "", 0, ACME);  /* for the second time */
}

Test(copies, of_a_contact_join_if_they_are_of_his_customer)
{
    CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, ANNA, 12);
    add_all_kinds(&it);
    expect_joined(&it, "8 -2 | otto@other.example, attacker@evil.test, clara@desk.example, "
                       "fritz@acme.example, gone@desk.example");
    const struct change *add = world_change(it.plan, CHANGE_PERSON_ADD);
    cr_expect_eq(add->person, REF_NEW_PERSON(1));
    cr_expect_eq(add->customer, ACME);
    cr_expect_str_eq(add->address, "newest@acme.example");
    cr_expect_str_eq(add->name, "Newest");
    cr_expect_not(add->is_confirmed);
    cr_expect_eq(world_mail_to(it.plan, DORA), NULL, "he has the mail already");
    cr_expect_eq(world_change(it.plan, CHANGE_PARTICIPANT_ADD)->ticket, 12);
}

Test(copies, of_a_technician_join_whoever_they_are)
{
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    add_all_kinds(&it);
    expect_joined(&it, "8 -2 9 -3 | clara@desk.example, fritz@acme.example, gone@desk.example");
}

Test(copies, are_looked_for_in_to_as_well)
{
    CASE it = case_from("anna@acme.example", "Re: x", PASS("acme.example"));
    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, ANNA, 12);
    add_copy(&it, "dora@acme.example", "", DORA, ACME);
    g_ptr_array_add(it.facts->to, g_ptr_array_steal_index(it.facts->cc, 0));
    expect_joined(&it, "8 | ");
}

Test(copies, of_somebody_without_customer_are_shown)
{
    CASE it = case_from("x@nowhere.test", "New", PASS("nowhere.test"));
    add_copy(&it, "y@nowhere.test", "", 0, 0);
    add_copy(&it, "dora@acme.example", "", DORA, ACME);
    expect_joined(&it, "| y@nowhere.test, dora@acme.example");
}

Test(copies, join_a_new_ticket_of_a_contact)
{
    CASE it = case_from("new@acme.example", "New", PASS("acme.example"));
    add_copy(&it, "dora@acme.example", "", DORA, ACME);
    add_copy(&it, "NEW@acme.example", "", 0, ACME); /* the sender, whom the plan makes */
    expect_joined(&it, "8 | ");
    cr_expect_eq(world_change(it.plan, CHANGE_PARTICIPANT_ADD)->ticket, REF_NEW);
}

Test(copies, to_another_address_of_the_sender_bring_nobody_in)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    add_copy(&it, "anna@home.example", "", ANNA, 0);
    expect_joined(&it, "| ");
}

Test(copies, to_another_address_of_a_colleague_who_joins_bring_him_in_once)
{
    CASE it = case_from("dora@acme.example", "Re: [#12] x", PASS("acme.example"));
    add_copy(&it, "dora@home.example", "", DORA, 0);
    expect_joined(&it, "8 | ");
}

/* Without a record of it, an address is nobody's: need has asked for all that count. */
Test(copies, without_a_record_are_nobodys)
{
    CASE it = case_from("anna@acme.example", "New", PASS("acme.example"));
    g_ptr_array_add(it.facts->cc, address_new("dora@acme.example", ""));
    g_ptr_array_add(it.facts->cc,
                    address_new("Anna@acme.example", "")); /* the sender all the same */
    expect_joined(&it, "| dora@acme.example");
    add_copy(&it, "ghost@acme.example", "", 999, ACME); /* a person that is not in the records */
    expect_joined(&it, "-2 | dora@acme.example");
}

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    enum auto_kind kind;
    bool are_odd;
} NOTHINGS[] = {
    {"nothing proves who wrote it", "anna@acme.example", NULL, AUTO_NONE, false},
    {"a machine", "anna@acme.example", PASS("acme.example"), AUTO_REPLIED, false},
    {"To or Cc can be read in two ways", "anna@acme.example", PASS("acme.example"), AUTO_NONE,
     true},
};

Test(copies, join_only_where_it_is_proved_who_wrote)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOTHINGS); i++) {
        CASE it = case_from(NOTHINGS[i].from, "Re: [#12] x", NOTHINGS[i].stamp);
        it.facts->auto_kind = NOTHINGS[i].kind;
        it.facts->are_recipients_odd = NOTHINGS[i].are_odd;
        add_all_kinds(&it);
        expect_joined(&it, "| ");
    }
}

Test(copies, have_an_end)
{
    CASE it = case_from("ben@desk.example", "Re: x", PASS("desk.example"));
    guint count = 0;

    world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    for (int i = 0; i < LIMIT_COPIES + 5; i++) {
        g_autofree char *address = g_strdup_printf("guest%d@nowhere.test", i);
        add_copy(&it, address, "", 0, 0);
    }
    it.plan = decide(it.facts, it.records);
    for (guint i = 0; i < it.plan->changes->len; i++) {
        count += ((const struct change *)it.plan->changes->pdata[i])->kind ==
                 CHANGE_PARTICIPANT_ADD;
    }
    cr_expect_eq(count, LIMIT_COPIES);
}

/* ---- for somebody ------------------------------------------------------------------------------ */

Test(copies, do_not_make_the_requester_a_second_time)
{
    CASE known = case_from("ben@desk.example", "New", PASS("desk.example"));
    world_set(&known.facts->text, "#for dora@acme.example\nShe called.");
    add_copy(&known, "Dora@acme.example", "", DORA, ACME);
    add_copy(&known, "carl@acme.example", "", CARL, ACME);
    expect_joined(&known, "7 | ");
    cr_expect_eq(world_change(known.plan, CHANGE_TICKET_OPEN)->person, DORA);
    cr_expect_eq(world_change(known.plan, CHANGE_TICKET_OPEN)->customer, ACME);

    CASE new = case_from("ben@desk.example", "New", PASS("desk.example"));
    world_set(&new.facts->text, "#for Guest@nowhere.test");
    add_copy(&new, "guest@nowhere.test", "Guest", 0, 0);
    add_copy(&new, "other@nowhere.test", "Other", 0, 0);
    expect_joined(&new, "-3 | ");
    cr_expect_eq(world_change(new.plan, CHANGE_TICKET_OPEN)->person, REF_NEW_PERSON(1));
    cr_expect_str_eq(world_change(new.plan, CHANGE_PERSON_ADD)->address, "Guest@nowhere.test");
}
