/* Who a mail says that it is from, and what he is on a ticket. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/identity.h"
#include "desk_world.h"

static const struct {
    const char *name;
    const char *from;
    enum claim want;
    customer_id customer;
    const char *says;
} CLAIMS[] = {
    {"not one address", NULL, CLAIM_NOBODY, 0, "exactly one address: \"broken\""},
    {"ourselves", "support@desk.example", CLAIM_OURSELVES, 0, "our own mailboxes"},
    {"ourselves in capitals", "Support@desk.example", CLAIM_OURSELVES, 0, "our own mailboxes"},
    {"ourselves with a detail", "support+abc@desk.example", CLAIM_OURSELVES, 0, "our own"},
    {"technician", "ben@desk.example", CLAIM_TECHNICIAN, 0, "technician 5, Ben"},
    {"both", "fritz@acme.example", CLAIM_TECHNICIAN, ACME, "who is a contact as well"},
    {"disabled", "gone@desk.example", CLAIM_DISABLED, 0, "was disabled"},
    {"contact", "anna@acme.example", CLAIM_CONTACT, ACME, "contact 4 of Acme GmbH, confirmed"},
    {"contact in other case", "ANNA@acme.example", CLAIM_CONTACT, ACME, "contact 4"},
    {"not confirmed", "dora@acme.example", CLAIM_CONTACT, ACME, "not confirmed"},
    {"new in a domain", "new@acme.example", CLAIM_CONTACT, ACME, "a domain of Acme GmbH"},
    {"known, of no customer", "eve@evil.test", CLAIM_UNKNOWN, 0, "contact 10, not confirmed"},
    {"unknown", "x@nowhere.test", CLAIM_UNKNOWN, 0, "nobody the desk knows"},
};

Test(identity, is_what_one_from_address_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CLAIMS); i++) {
        OWNED(facts) facts = world_facts(CLAIMS[i].from, "x", NULL);
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);
        if (CLAIMS[i].from != NULL) {
            world_find_sender(records, CLAIMS[i].from);
        }
        struct identity got = identity_of(facts, records, AUTH_NONE, who);

        cr_expect_eq(got.claim, CLAIMS[i].want, "%s: got %d", CLAIMS[i].name, (int)got.claim);
        cr_expect_eq(got.customer, CLAIMS[i].customer, "%s", CLAIMS[i].name);
        cr_expect(world_says(who, CLAIMS[i].says), "%s: got %s", CLAIMS[i].name,
                  (const char *)who->pdata[0]);
    }
}

static struct identity identity_from(struct records *records, const struct facts *facts)
{
    g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);

    cr_assert_neq(facts->from, NULL);
    world_find_sender(records, facts->from->address);
    return identity_of(facts, records, AUTH_NONE, who);
}

Test(identity, of_a_contact_keeps_his_own_customer)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("otto@other.example", "x", NULL);
    world_find_sender(records, "otto@other.example");
    records->domain_customer = ACME;
    g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);
    struct identity got = identity_of(facts, records, AUTH_NONE, who);

    cr_expect_eq(got.customer, OTHER);
}

Test(identity, of_a_technician_is_no_contact_of_his_domain)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("ben@desk.example", "x", NULL);
    world_find_sender(records, "ben@desk.example");
    records->domain_customer = ACME;
    g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);
    struct identity got = identity_of(facts, records, AUTH_NONE, who);

    cr_expect_eq(got.customer, 0);
}

Test(identity, of_a_contact_without_customer_is_confirmed_or_unknown)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("eve@evil.test", "x", NULL);
    world_person(records, EVE)->is_confirmed = true;

    cr_expect_eq(identity_from(records, facts).claim, CLAIM_CONTACT);
}

Test(identity, of_both_is_a_contact_on_his_own_tickets_unless_he_works_on_them)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("fritz@acme.example", "x", NULL);
    struct identity fritz = identity_from(records, facts);
    struct ticket_record *ticket = world_ticket(records, 12);

    cr_expect_eq(identity_claim_on(&fritz, NULL), CLAIM_TECHNICIAN);
    cr_expect_eq(identity_claim_on(&fritz, ticket), CLAIM_TECHNICIAN);
    ticket->requester = FRITZ;
    cr_expect_eq(identity_claim_on(&fritz, ticket), CLAIM_CONTACT);
    ticket->assignee = FRITZ;
    cr_expect_eq(identity_claim_on(&fritz, ticket), CLAIM_TECHNICIAN);
    ticket->assignee = BEN;
    cr_expect_eq(identity_claim_on(&fritz, ticket), CLAIM_CONTACT);
}

Test(identity, of_a_mere_technician_stays_so_on_tickets_that_he_opened)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("ben@desk.example", "x", NULL);
    struct identity ben = identity_from(records, facts);
    world_ticket(records, 12)->requester = BEN;

    cr_expect_eq(identity_claim_on(&ben, records_ticket(records, 12)), CLAIM_TECHNICIAN);
}

static const struct {
    const char *from;
    bool want;
} PARTS[] = {
    {"anna@acme.example", true},     /* requester */
    {"carl@acme.example", true},     /* participant */
    {"dora@acme.example", true},     /* of the same customer */
    {"new@acme.example", true},      /* would become one */
    {"otto@other.example", false},   /* another customer's */
    {"eve@evil.test", false},        /* of none */
    {"x@nowhere.test", false},       /* unknown */
    {"ben@desk.example", true},      /* technicians take part in everything */
    {"gone@desk.example", false},    /* but not when disabled */
    {"support@desk.example", false}, /* ourselves */
};

Test(identity, takes_part_as_party_or_colleague)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        OWNED(records) records = world_records();
        OWNED(facts) facts = world_facts(PARTS[i].from, "x", NULL);
        struct identity identity = identity_from(records, facts);

        cr_expect_eq(identity_takes_part(&identity, records_ticket(records, 12)), PARTS[i].want,
                     "%s", PARTS[i].from);
    }
    OWNED(records) records = world_records();
    OWNED(facts) nobody = world_facts(NULL, "x", NULL);
    g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);
    struct identity identity = identity_of(nobody, records, AUTH_NONE, who);
    cr_expect_not(identity_takes_part(&identity, records_ticket(records, 12)));
}

Test(identity, without_customer_is_nobodys_colleague)
{
    OWNED(records) records = world_records();
    OWNED(facts) facts = world_facts("x@nowhere.test", "x", NULL);
    struct identity identity = identity_from(records, facts);
    world_ticket(records, 12)->customer = 0;

    cr_expect_not(identity_takes_part(&identity, records_ticket(records, 12)));
}
