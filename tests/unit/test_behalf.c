/* New tickets by technicians, in somebody's name. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk_world.h"

static struct case_of opened(const char *from, const char *subject, const char *text)
{
    g_autofree char *stamp = g_strdup_printf("dmarc=pass header.from=%s", strchr(from, '@') + 1);
    struct case_of it = case_from(from, subject, stamp);

    world_set(&it.facts->text, text);
    return it;
}

static void know(struct case_of *it, const char *key, person_id person, customer_id customer)
{
    struct address_record *record = address_record_new(key);

    record->person = person;
    record->domain_customer = customer;
    g_ptr_array_add(it->records->addresses, record);
}

static const struct change *open_of(struct case_of *it)
{
    plan_free(it->plan);
    it->plan = decide(it->facts, it->records);
    cr_assert_eq(it->plan->outcome, OUTCOME_NEW, "got %s", outcome_name(it->plan->outcome));
    return world_change(it->plan, CHANGE_TICKET_OPEN);
}

static const char *whose_is_it(const struct case_of *it)
{
    const struct plan_mail *receipt = it->plan->mails->pdata[0];

    return receipt->values->len == 0 ? "" : receipt->values->pdata[0];
}

Test(behalf, is_a_person_whom_the_desk_knows)
{
    CASE it = opened("ben@desk.example", "Drucker", "#for Dora@acme.example\nShe called.");
    know(&it, "dora@acme.example", DORA, ACME);
    const struct change *open = open_of(&it);
    cr_expect_eq(open->person, DORA);
    cr_expect_eq(open->customer, ACME);
    cr_expect_str_eq(open->text, "Drucker");
    cr_expect_eq(world_change(it.plan, CHANGE_PERSON_ADD), NULL);
    cr_expect_eq(world_change(it.plan, CHANGE_COMMENT_ADD)->person, BEN);
    g_autofree char *mails = world_mails(it.plan);
    cr_expect_str_eq(mails, "receipt:5 new-ticket:6 new-ticket:11",
                     "the receipt goes to the technician, and nothing yet to the requester");
    cr_expect_eq(world_mail_to(it.plan, BEN)->purpose, TOKEN_TECHNICIAN_REPLY);
}

Test(behalf, is_a_new_person_of_his_domains_customer)
{
    CASE it = opened("ben@desk.example", "Drucker", "#for newest@acme.example");
    know(&it, "newest@acme.example", 0, ACME);
    const struct change *open = open_of(&it);
    const struct change *add = world_change(it.plan, CHANGE_PERSON_ADD);
    cr_expect_eq(open->person, REF_NEW_PERSON(1));
    cr_expect_eq(open->customer, ACME);
    cr_expect_eq(add->person, REF_NEW_PERSON(1));
    cr_expect_eq(add->customer, ACME);
    cr_expect_str_eq(add->address, "newest@acme.example");
    cr_expect_str_eq(add->name, "");
    cr_expect_not(add->is_confirmed);
}

Test(behalf, is_a_stranger_if_nothing_is_known_of_the_address)
{
    CASE bare = opened("ben@desk.example", "Drucker", "#for guest@nowhere.test");
    cr_expect_eq(open_of(&bare)->customer, 0);
    cr_expect_eq(world_change(bare.plan, CHANGE_PERSON_ADD)->customer, 0);
    CASE ghost = opened("ben@desk.example", "Drucker", "#for guest@nowhere.test");
    know(&ghost, "guest@nowhere.test", 999, OTHER); /* a person that is not in the records */
    cr_expect_eq(open_of(&ghost)->person, REF_NEW_PERSON(1));
    cr_expect_eq(open_of(&ghost)->customer, OTHER);
}

static struct case_of forward(const char *subject)
{
    struct case_of it = opened("ben@desk.example", subject, "See below.");

    it.facts->forwarded_from = address_new("guest@nowhere.test", "Guest");
    world_set(&it.facts->forwarded_subject, "[#12] Bildschirm");
    return it;
}

Test(behalf, is_whose_mail_a_technician_forwards)
{
    CASE it = forward("WG: Bildschirm");
    const struct change *open = open_of(&it);
    cr_expect_eq(open->person, REF_NEW_PERSON(1));
    cr_expect_str_eq(open->text, "Bildschirm", "its own subject, without the tag of another");
    cr_expect_str_eq(world_change(it.plan, CHANGE_PERSON_ADD)->address, "guest@nowhere.test");
    cr_expect_str_eq(world_change(it.plan, CHANGE_PERSON_ADD)->name, "Guest");
    cr_expect_str_eq(whose_is_it(&it), "");

    world_set(&it.facts->forwarded_subject, "");
    cr_expect_str_eq(open_of(&it)->text, "WG: Bildschirm");
}

Test(behalf, is_whom_he_names_rather_than_whose_mail_he_forwards)
{
    CASE it = forward("WG: Bildschirm");
    world_set(&it.facts->text, "#for carl@acme.example");
    know(&it, "carl@acme.example", CARL, ACME);
    cr_expect_eq(open_of(&it)->person, CARL);
    cr_expect_str_eq(open_of(&it)->text, "WG: Bildschirm");

    CASE new = forward("WG: Bildschirm");
    world_set(&new.facts->text, "#for other@nowhere.test");
    cr_expect_str_eq(open_of(&new)->text, "WG: Bildschirm");
    cr_expect_str_eq(world_change(new.plan, CHANGE_PERSON_ADD)->name, "");
}

Test(behalf, is_asked_for_if_nobody_can_tell_whose_mail_it_was)
{
    CASE it = opened("ben@desk.example", "WG: Bildschirm", "See below.");
    cr_expect_eq(open_of(&it)->person, BEN);
    cr_expect_str_eq(whose_is_it(&it), "whose-is-it");
    world_set(&it.facts->subject, "Bildschirm");
    cr_expect_eq(open_of(&it)->person, BEN);
    cr_expect_str_eq(whose_is_it(&it), "");
    CASE contacts = opened("anna@acme.example", "WG: Bildschirm", "See below.");
    cr_expect_eq(open_of(&contacts)->person, ANNA);
    cr_expect_str_eq(whose_is_it(&contacts), "");
}

Test(behalf, is_nobody_where_the_mail_was_not_forwarded)
{
    CASE it = forward("Bildschirm"); /* a quoted mail alone is none */
    cr_expect_eq(open_of(&it)->person, BEN);
    cr_expect_str_eq(open_of(&it)->text, "Bildschirm");
}

Test(behalf, is_never_ourselves)
{
    CASE it = opened("ben@desk.example", "x", "#for Support+x@desk.example");
    cr_expect_eq(open_of(&it)->person, BEN);
    CASE forwarded = forward("WG: x");
    world_set(&forwarded.facts->forwarded_from->address, "support@desk.example");
    cr_expect_eq(open_of(&forwarded)->person, BEN);
}

Test(behalf, gives_one_who_is_both_a_technicians_token)
{
    CASE own = opened("fritz@acme.example", "x", "Hello");
    cr_expect_eq(open_of(&own)->person, FRITZ);
    cr_expect_eq(world_mail_to(own.plan, FRITZ)->purpose, TOKEN_CONTACT_REPLY);
    CASE for_dora = opened("fritz@acme.example", "x", "#for dora@acme.example");
    know(&for_dora, "dora@acme.example", DORA, ACME);
    cr_expect_eq(open_of(&for_dora)->person, DORA);
    cr_expect_eq(world_mail_to(for_dora.plan, FRITZ)->purpose, TOKEN_TECHNICIAN_REPLY);
}

/* A technician's power, so neither a contact's nor a machine's nor that of a mail that a person released. */
Test(behalf, is_named_by_technicians_only)
{
    CASE contacts = opened("anna@acme.example", "x", "#for carl@acme.example");
    know(&contacts, "carl@acme.example", CARL, ACME);
    cr_expect_eq(open_of(&contacts)->person, ANNA);

    CASE machines = opened("ben@desk.example", "x", "#for carl@acme.example");
    know(&machines, "carl@acme.example", CARL, ACME);
    machines.facts->auto_kind = AUTO_GENERATED;
    cr_expect_eq(open_of(&machines)->person, BEN);
    cr_expect_eq(machines.plan->mails->len, 0);

    CASE released = opened("ben@desk.example", "x", "#for carl@acme.example");
    know(&released, "carl@acme.example", CARL, ACME);
    released.records->released_by = g_strdup("clara@desk.example");
    released.plan = decide(released.facts, released.records);
    cr_expect_eq(released.plan->outcome, OUTCOME_NOTE);
    cr_expect_eq(world_change(released.plan, CHANGE_TICKET_OPEN)->person, BEN);
}
