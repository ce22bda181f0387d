/* Which records a decision needs, and which locks. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/need.h"
#include "desk_world.h"

#define MX "desk.example"

static struct token_keys one_key(void)
{
    struct token_keys keys = {.is_live = {true}};

    memset(keys.secret[0], 0x11, TOKEN_SECRET_BYTES);
    return keys;
}

/* A token's text: purpose, object and person as given. */
static void write_token(enum token_purpose purpose, int64_t object, char text[TOKEN_CHARS + 1])
{
    struct token_keys keys = one_key();
    struct token token = {.purpose = purpose,
                          .object_kind = purpose == TOKEN_BOUNCE ? TOKEN_OUTBOUND : TOKEN_TICKET,
                          .object = object,
                          .person = ANNA};

    token_write(&keys, &token, 5, text);
}

static char *token_id(enum token_purpose purpose, int64_t object, int64_t outbound)
{
    char text[TOKEN_CHARS + 1];

    write_token(purpose, object, text);
    return token_message_id(text, outbound, MX);
}

static char *sub_address(const char *mailbox, enum token_purpose purpose, int64_t object)
{
    char text[TOKEN_CHARS + 1];

    write_token(purpose, object, text);
    return token_address(mailbox, text);
}

static void add_to(GPtrArray *list, char *address)
{
    g_ptr_array_add(list, address_new(address, ""));
    g_free(address);
}

static const struct token_sighting *sighting_at(const struct need *need, guint i)
{
    return &g_array_index(need->tokens, struct token_sighting, i);
}

Test(need, sees_tokens_in_our_addresses_and_ids)
{
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(records) records = world_records();
    static const struct {
        int64_t object;
        enum token_place place;
        int64_t outbound;
    } WANT[] = {
        {1, TOKEN_IN_ADDRESS, 0},      {2, TOKEN_IN_ADDRESS, 0},     {3, TOKEN_IN_ADDRESS, 0},
        {1, TOKEN_IN_IN_REPLY_TO, 70}, {8, TOKEN_IN_REFERENCES, 72}, {7, TOKEN_IN_REFERENCES, 71},
    };

    g_ptr_array_add(records->own_addresses, g_strdup("hilfe@desk.example"));
    add_to(facts->to, sub_address("Support@DESK.example", TOKEN_CONTACT_REPLY, 1));
    add_to(facts->to, sub_address("support@other.example", TOKEN_CONTACT_REPLY, 4)); /* not ours */
    add_to(facts->cc, sub_address("hilfe@desk.example", TOKEN_CONTACT_REPLY, 2));
    add_to(facts->cc, g_strdup("support+holiday@desk.example"));
    add_to(facts->cc, g_strdup("support@desk.example"));
    g_ptr_array_add(facts->delivered_to,
                    sub_address("support@desk.example", TOKEN_CONTACT_REPLY, 1)); /* seen in To */
    g_ptr_array_add(facts->delivered_to, sub_address("support@desk.example", TOKEN_BOUNCE, 3));
    g_ptr_array_add(facts->in_reply_to, token_id(TOKEN_CONTACT_REPLY, 1, 70));
    g_ptr_array_add(facts->references, token_id(TOKEN_CONTACT_REPLY, 7, 71));
    g_ptr_array_add(facts->references, token_id(TOKEN_CONTACT_REPLY, 8, 72));
    g_ptr_array_add(facts->references, token_id(TOKEN_CONTACT_REPLY, 1, 70)); /* seen before */

    OWNED(need) need = need_round(facts, records, 1);
    cr_assert_eq(need->tokens->len, G_N_ELEMENTS(WANT), "got %u", need->tokens->len);
    for (guint i = 0; i < need->tokens->len; i++) {
        cr_expect_eq(sighting_at(need, i)->token.object, WANT[i].object, "%u", i);
        cr_expect_eq(sighting_at(need, i)->place, (int)WANT[i].place, "%u", i);
        cr_expect_eq(sighting_at(need, i)->outbound, WANT[i].outbound, "%u", i);
    }
    cr_expect_eq(need->outbounds->len, 0, "only for delivery reports");
}

Test(need, never_looks_for_tokens_in_text)
{
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(records) records = world_records();

    g_free(facts->text);
    facts->text = sub_address("support@desk.example", TOKEN_CONTACT_REPLY, 1);
    g_free(facts->subject);
    facts->subject = sub_address("support@desk.example", TOKEN_CONTACT_REPLY, 1);
    add_to(facts->reply_to, sub_address("support@desk.example", TOKEN_CONTACT_REPLY, 1));
    OWNED(need) need = need_round(facts, records, 1);
    cr_expect_eq(need->tokens->len, 0);
}

Test(need, has_an_end)
{
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(records) records = world_records();

    for (int i = 1; i <= 100; i++) {
        add_to(facts->to, sub_address("support@desk.example", TOKEN_CONTACT_REPLY, i));
        g_ptr_array_add(facts->references, g_strdup_printf("r%d@x.example", i));
        g_ptr_array_add(facts->in_reply_to, g_strdup_printf("i%d@x.example", i));
    }
    OWNED(need) need = need_round(facts, records, 1);
    cr_expect_eq(need->tokens->len, LIMIT_TOKENS);
    cr_expect_eq(need->ids->len, 1 + LIMIT_REFERENCES);
    cr_expect_str_eq(need->ids->pdata[LIMIT_REFERENCES], "i20@x.example");
}

Test(need, looks_up_foreign_ids_its_own_first_then_the_newest)
{
    static const char *const WANT[] = {"m1@mail.example", "i1@x.example", "r3@x.example",
                                       "r1@x.example"};
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(records) records = world_records();

    g_ptr_array_add(facts->in_reply_to, g_strdup("i1@x.example"));
    g_ptr_array_add(facts->references, g_strdup("r1@x.example"));
    g_ptr_array_add(facts->references, token_id(TOKEN_CONTACT_REPLY, 1, 70));
    g_ptr_array_add(facts->references, g_strdup("r3@x.example"));
    g_ptr_array_add(facts->references, g_strdup("i1@x.example"));
    OWNED(need) need = need_round(facts, records, 1);
    cr_assert_eq(need->ids->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < need->ids->len; i++) {
        cr_expect_str_eq(need->ids->pdata[i], WANT[i]);
    }
}

Test(need, knows_a_mail_of_ours_that_came_back_to_us)
{
    OWNED(facts) facts = world_facts("support@desk.example", "x", NULL);
    OWNED(records) records = world_records();

    g_free(facts->message_id);
    facts->message_id = token_id(TOKEN_CONTACT_REPLY, 12, 70);
    OWNED(need) need = need_round(facts, records, 1);
    cr_assert_eq(need->tokens->len, 1);
    cr_expect_eq(sighting_at(need, 0)->place, TOKEN_IN_MESSAGE_ID);
    cr_expect_eq(need->ids->len, 0);
}

Test(need, asks_for_the_mails_that_a_report_names)
{
    OWNED(facts) facts = world_facts("mailer-daemon@mail.example", "x", NULL);
    OWNED(records) records = world_records();

    facts->auto_kind = AUTO_BOUNCE;
    facts->bounced_id = token_id(TOKEN_CONTACT_REPLY, 12, 71);
    add_to(facts->to, sub_address("support@desk.example", TOKEN_BOUNCE, 70));
    OWNED(need) need = need_round(facts, records, 1);
    cr_assert_eq(need->tokens->len, 2);
    cr_expect_eq(sighting_at(need, 1)->place, TOKEN_IN_REPORT);
    cr_assert_eq(need->outbounds->len, 2);
    cr_expect_eq(g_array_index(need->outbounds, outbound_id, 0), 70);
    cr_expect_eq(g_array_index(need->outbounds, outbound_id, 1), 71);
}

Test(need, is_modest_about_a_mail_that_says_nothing)
{
    OWNED(facts) facts = world_facts(NULL, "", NULL);
    OWNED(facts) report = world_facts(NULL, "", NULL);
    OWNED(records) records = world_records();

    g_clear_pointer(&facts->message_id, g_free);
    report->auto_kind = AUTO_BOUNCE;
    OWNED(need) need = need_round(facts, records, 1);
    OWNED(need) of_report = need_round(report, records, 1);
    cr_expect_eq(need->tokens->len, 0);
    cr_expect_eq(need->ids->len, 0);
    cr_expect_eq(need->address_key, NULL);
    cr_expect_eq(need->domains->len, 0);
    cr_expect_eq(of_report->outbounds->len, 0);
    need_free(NULL);
}

Test(need, looks_a_sender_up_by_address_and_domain)
{
    OWNED(facts) facts = world_facts("Anna@a.acme.example", "x", NULL);
    OWNED(records) records = world_records();
    OWNED(need) need = need_round(facts, records, 1);

    cr_expect_str_eq(need->address_key, "anna@a.acme.example");
    cr_assert_eq(need->domains->len, 3);
    cr_expect_str_eq(need->domains->pdata[1], "*.acme.example");
}

Test(need, asks_for_the_tickets_that_were_named)
{
    static const ticket_id WANT[] = {12, 14, 15};
    OWNED(facts) facts = world_facts("anna@acme.example", "Re: [#15] x", NULL);
    OWNED(records) records = world_records();

    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 12);
    world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 0);
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 13)->is_valid = false;
    world_add_id(records, "old@mail.example", 14, ANNA, true);
    OWNED(need) need = need_round(facts, records, 2);
    cr_assert_eq(need->tickets->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < need->tickets->len; i++) {
        cr_expect_eq(g_array_index(need->tickets, ticket_id, i), WANT[i]);
    }
}

Test(need, asks_for_the_people_that_were_named)
{
    static const person_id WANT[] = {21, 22, 23, 24, 25, 26};
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(records) records = world_records();
    struct ticket_record *ticket = world_add_ticket(records, 13, 21, ACME);
    struct outbound_record *outbound = outbound_record_new();
    person_id participant = 23;

    ticket->assignee = 22;
    ticket->merged_into = 14;
    g_array_append_val(ticket->participants, participant);
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, 24, 13);
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, 99, 13)->is_valid = false;
    world_add_id(records, "old@mail.example", 13, 25, true);
    outbound->author = 26;
    g_ptr_array_add(records->outbounds, outbound);
    OWNED(need) need = need_round(facts, records, 3);
    cr_assert_eq(need->people->len, G_N_ELEMENTS(WANT), "got %u", need->people->len);
    for (guint i = 0; i < need->people->len; i++) {
        cr_expect_eq(g_array_index(need->people, person_id, i), WANT[i]);
    }
    cr_assert_eq(need->tickets->len, 1);
    cr_expect_eq(g_array_index(need->tickets, ticket_id, 0), 14);
    world_add_ticket(records, 14, ANNA, ACME);
    OWNED(need) again = need_round(facts, records, 3);
    cr_expect_eq(again->tickets->len, 0);
}

Test(need, counts_for_who_may_get_an_automatic_mail_and_for_the_ticket_that_is_opened)
{
    OWNED(facts) known = world_facts("anna@acme.example", "x", PASS("acme.example"));
    OWNED(facts) stranger = world_facts("x@nowhere.test", "x", NULL);
    OWNED(facts) machine = world_facts("x@nowhere.test", "x", NULL);
    OWNED(records) of_anna = world_records();
    OWNED(records) of_nobody = world_records();

    world_find_sender(of_anna, "anna@acme.example");
    machine->auto_kind = AUTO_LIST;
    OWNED(need) for_anna = need_round(known, of_anna, 4);
    OWNED(need) for_stranger = need_round(stranger, of_nobody, 4);
    OWNED(need) for_machine = need_round(machine, of_nobody, 4);
    cr_expect_eq(for_anna->counts->len, 3 + 2, "got %u", for_anna->counts->len);
    cr_expect_eq(for_stranger->counts->len, 6 + 1, "got %u", for_stranger->counts->len);
    cr_expect_eq(for_machine->counts->len, 0 + 1, "got %u", for_machine->counts->len);
}

Test(need, looks_up_everybody_that_the_mail_names)
{
    static const char *const WANT[] = {"ben@desk.example",   "dora@acme.example",
                                       "otto@other.example", "carl@acme.example",
                                       "guest@nowhere.test", NULL};
    OWNED(facts) facts = world_facts("Ben@desk.example", "WG: x", NULL);
    OWNED(records) records = world_records();

    add_to(facts->to, g_strdup("support@desk.example"));
    add_to(facts->to, g_strdup("Dora@acme.example"));
    add_to(facts->cc, g_strdup("support+x@desk.example"));
    add_to(facts->cc, g_strdup("otto@other.example"));
    add_to(facts->cc, g_strdup("dora@ACME.example"));
    add_to(facts->reply_to, g_strdup("attacker@evil.test"));
    world_set(&facts->text, "#for carl@acme.example\nHe called.");
    facts->forwarded_from = address_new("guest@nowhere.test", "Guest");
    OWNED(need) need = need_round(facts, records, 1);
    g_ptr_array_add(need->addresses, NULL);
    for (size_t i = 0; WANT[i] != NULL; i++) {
        cr_expect_str_eq(need->addresses->pdata[i], WANT[i]);
    }
    cr_expect_eq(need->addresses->len, G_N_ELEMENTS(WANT), "got %u", need->addresses->len);
    g_ptr_array_set_size(need->addresses, (int)G_N_ELEMENTS(WANT) - 1);
    cr_expect(g_ptr_array_find_with_equal_func(need->domains, "nowhere.test", g_str_equal, NULL));
    cr_expect(g_ptr_array_find_with_equal_func(need->domains, "*.example", g_str_equal, NULL));
}

Test(need, looks_up_so_many_copies_and_no_more)
{
    OWNED(facts) facts = world_facts("ben@desk.example", "x", NULL);
    OWNED(records) records = world_records();

    for (int i = 0; i < LIMIT_COPIES + 3; i++) {
        add_to(i < 3 ? facts->to : facts->cc, g_strdup_printf("guest%d@nowhere.test", i));
    }
    OWNED(need) need = need_round(facts, records, 1);
    cr_expect_eq(need->addresses->len, 1 + LIMIT_COPIES);
}

Test(need, asks_for_the_held_mails_that_tokens_are_about)
{
    OWNED(facts) facts = world_facts("ben@desk.example", "x", NULL);
    OWNED(records) records = world_records();
    struct held_record *held = world_add_held(records, HELD_FOR_CLAIM, TOKEN_HELD, BEN);
    struct token_record *other = world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONFIRM, BEN, 0);

    other->object_kind = TOKEN_HELD_MAIL;
    other->object = 61;
    other->is_valid = false;
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    OWNED(need) need = need_round(facts, records, 2);
    cr_assert_eq(need->helds->len, 1);
    cr_expect_eq(g_array_index(need->helds, mail_id, 0), 60);
    held->sender = 77;
    records->customer.main_contact = 78;
    OWNED(need) people = need_round(facts, records, 3);
    cr_assert_eq(people->people->len, 2);
    cr_expect_eq(g_array_index(people->people, person_id, 0), 77);
    cr_expect_eq(g_array_index(people->people, person_id, 1), 78);
}

/* ---- threads and locks ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    const char *own;
    const char *in_reply_to;
    const char *references[4];
    const char *want; /* joined by blanks */
} THREADS[] = {
    {"nothing", NULL, NULL, {NULL}, ""},
    {"its own only", "m", NULL, {NULL}, "m"},
    {"a reply", "m", "p", {"p"}, "m p"},
    {"first and last", "m", "p", {"a", "b", "c", "d"}, "m p a d"},
    {"no In-Reply-To", "m", NULL, {"a", "b"}, "m a b"},
    {"itself", "m", "m", {"m"}, "m"},
    {"one of ours", "T", "T", {"a", "T"}, "a"},
};

Test(need, keeps_few_ids_of_a_thread_and_none_of_ours)
{
    for (size_t i = 0; i < G_N_ELEMENTS(THREADS); i++) {
        OWNED(facts) facts = facts_new();
        g_autofree char *ours = token_id(TOKEN_CONTACT_REPLY, 12, 70);
        const char *own = THREADS[i].own;
        const char *parent = THREADS[i].in_reply_to;

        facts->message_id = g_strdup(g_strcmp0(own, "T") == 0 ? ours : own);
        if (parent != NULL) {
            g_ptr_array_add(facts->in_reply_to, g_strdup(parent[0] == 'T' ? ours : parent));
        }
        for (size_t r = 0; r < 4 && THREADS[i].references[r] != NULL; r++) {
            const char *id = THREADS[i].references[r];
            g_ptr_array_add(facts->references, g_strdup(id[0] == 'T' ? ours : id));
        }
        g_autoptr(GPtrArray) ids = need_thread_ids(facts);
        g_ptr_array_add(ids, NULL);
        g_autofree char *got = g_strjoinv(" ", (char **)ids->pdata);
        cr_expect_str_eq(got, THREADS[i].want, "%s: got %s", THREADS[i].name, got);
    }
}

Test(need, locks_ids_fingerprint_and_sender_in_order)
{
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);
    OWNED(facts) reply = world_facts("carl@acme.example", "x", NULL);
    OWNED(facts) nobody = world_facts(NULL, "x", NULL);
    static const uint8_t FINGERPRINT[33] = {1, 2, 3};
    static const uint8_t OTHER_PRINT[33] = {1, 2, 4};
    guint shared = 0;

    g_free(reply->message_id);
    reply->message_id = g_strdup("m2@mail.example");
    g_ptr_array_add(reply->in_reply_to, g_strdup("m1@mail.example"));
    g_autoptr(GArray) first = need_locks(facts, FINGERPRINT, sizeof FINGERPRINT);
    g_autoptr(GArray) second = need_locks(reply, OTHER_PRINT, sizeof OTHER_PRINT);
    g_autoptr(GArray) third = need_locks(nobody, FINGERPRINT, sizeof FINGERPRINT);
    cr_expect_eq(first->len, 3);
    cr_expect_eq(second->len, 4);
    cr_expect_eq(third->len, 2);
    for (guint i = 0; i < second->len; i++) {
        int64_t lock = g_array_index(second, int64_t, i);
        cr_expect(i == 0 || g_array_index(second, int64_t, i - 1) < lock);
        cr_expect_eq((uint64_t)lock >> 62, 1);
        for (guint j = 0; j < first->len; j++) {
            shared += g_array_index(first, int64_t, j) == lock;
        }
    }
    cr_expect_eq(shared, 1, "a parent and its reply share the parent's id");
}

Test(need, locks_tickets_apart_from_mails)
{
    cr_expect_neq(need_ticket_lock(12), need_ticket_lock(13));
    cr_expect_eq((uint64_t)need_ticket_lock(12) >> 62, 2);
    cr_expect_eq((uint64_t)need_ticket_lock((INT64_C(1) << 40) - 1) >> 62, 2);
}
