/* What is taken out of Junk: proof, not guesses. */
#include <criterion/criterion.h>

#include "desk/junk.h"
#include "desk_world.h"

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    enum token_purpose purpose; /* 0: no token */
    enum token_place place;
    bool is_token_wrong;
    bool want;
} CASES[] = {
    {"a stranger", "x@nowhere.test", PASS("nowhere.test"), 0, 0, false, false},
    {"a stranger who wrote before", "eve@evil.test", PASS("evil.test"), 0, 0, false, false},
    {"a confirmed contact, authenticated", "anna@acme.example", PASS("acme.example"), 0, 0, false,
     true},
    {"a confirmed contact without proof", "anna@acme.example", NULL, 0, 0, false, false},
    {"a confirmed contact, forged", "anna@acme.example", FAIL("acme.example"), 0, 0, false, false},
    {"another domain is authenticated", "anna@acme.example", PASS("evil.test"), 0, 0, false, false},
    {"a contact of a customer, not confirmed", "dora@acme.example", PASS("acme.example"), 0, 0,
     false, true},
    {"a new address in a customer's domain", "new@acme.example", PASS("acme.example"), 0, 0, false,
     false},
    {"a technician, authenticated", "ben@desk.example", PASS("desk.example"), 0, 0, false, true},
    {"a technician without proof", "ben@desk.example", NULL, 0, 0, false, false},
    {"a technician who was disabled", "gone@desk.example", PASS("desk.example"), 0, 0, false,
     false},
    {"a valid token in the address", "x@nowhere.test", NULL, TOKEN_CONTACT_REPLY, TOKEN_IN_ADDRESS,
     false, true},
    {"a valid token in In-Reply-To", "x@nowhere.test", NULL, TOKEN_CONTACT_REPLY,
     TOKEN_IN_IN_REPLY_TO, false, true},
    {"a token for what bounces", "x@nowhere.test", NULL, TOKEN_BOUNCE, TOKEN_IN_ADDRESS, false,
     true},
    {"a token that does not fit", "x@nowhere.test", NULL, TOKEN_CONTACT_REPLY, TOKEN_IN_ADDRESS,
     true, false},
    {"our own mail that came back", "x@nowhere.test", NULL, TOKEN_CONTACT_REPLY,
     TOKEN_IN_MESSAGE_ID, false, false},
    {"nobody can be told from its From", NULL, PASS("acme.example"), 0, 0, false, false},
};

/* Somebody whose roles were taken away is a name in old tickets. */
Test(junk, is_left_if_its_sender_is_neither_contact_nor_technician)
{
    CASE it = case_from("anna@acme.example", "x", PASS("acme.example"));
    cr_expect(junk_is_wanted(it.facts, it.records));
    world_person(it.records, ANNA)->is_contact = false;
    cr_expect_not(junk_is_wanted(it.facts, it.records));
}

Test(junk, is_taken_by_a_token_or_by_a_known_and_proven_sender)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        CASE it = case_from(CASES[i].from, "x", CASES[i].stamp);
        if (CASES[i].purpose != 0) {
            struct token_record *token = world_add_token(it.records, CASES[i].place,
                                                         CASES[i].purpose, ANNA, 12);
            token->is_valid = !CASES[i].is_token_wrong;
        }
        cr_expect_eq(junk_is_wanted(it.facts, it.records), CASES[i].want, "%s", CASES[i].name);
    }
}
