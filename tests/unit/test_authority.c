/* What proof allows. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/authority.h"
#include "desk_world.h"

/* ---- TOKEN ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    person_id sender;
    enum claim claim;
    struct token_record token;
    enum own_token want;
} TOKENS[] = {
    {"a contact's own",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12},
     OWN_CONTACT},
    {"somebody else's",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = CARL, .ticket = 12},
     OWN_NONE},
    {"of another ticket",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 13},
     OWN_NONE},
    {"expired",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12, .is_expired = true},
     OWN_NONE},
    {"in his own Message-ID",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12, .place = TOKEN_IN_MESSAGE_ID},
     OWN_NONE},
    {"in a report",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12, .place = TOKEN_IN_REPORT},
     OWN_NONE},
    {"in references",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12, .place = TOKEN_IN_REFERENCES},
     OWN_CONTACT},
    {"of a held mail of that number",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONTACT_REPLY, .person = ANNA, .ticket = 12, .object_kind = TOKEN_HELD_MAIL},
     OWN_NONE},
    {"a technician's, by one who is a contact now",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_TECHNICIAN_REPLY, .person = ANNA, .ticket = 12},
     OWN_NONE},
    {"a note's, by one who is a contact now",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_TECHNICIAN_NOTE, .person = ANNA, .ticket = 12},
     OWN_NONE},
    {"a bounce address",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_BOUNCE, .person = ANNA, .ticket = 12},
     OWN_NONE},
    {"a confirmation",
     ANNA,
     CLAIM_CONTACT,
     {.purpose = TOKEN_CONFIRM, .person = ANNA, .ticket = 12},
     OWN_NONE},
    {"a word on held mail",
     BEN,
     CLAIM_TECHNICIAN,
     {.purpose = TOKEN_HELD, .person = BEN, .ticket = 12},
     OWN_NONE},
    {"an undoing",
     BEN,
     CLAIM_TECHNICIAN,
     {.purpose = TOKEN_UNDO, .person = BEN, .ticket = 12},
     OWN_NONE},
    {"a technician's reply",
     BEN,
     CLAIM_TECHNICIAN,
     {.purpose = TOKEN_TECHNICIAN_REPLY, .person = BEN, .ticket = 12},
     OWN_REPLY},
    {"a technician's note",
     BEN,
     CLAIM_TECHNICIAN,
     {.purpose = TOKEN_TECHNICIAN_NOTE, .person = BEN, .ticket = 12},
     OWN_NOTE},
    {"a contact's, by a technician",
     BEN,
     CLAIM_TECHNICIAN,
     {.purpose = TOKEN_CONTACT_REPLY, .person = BEN, .ticket = 12},
     OWN_NONE},
};

static struct token_record *add_token(struct records *records, const struct token_record *token)
{
    struct token_record *added = world_add_token(records, token->place, token->purpose,
                                                 token->person, token->ticket);

    added->is_expired = token->is_expired;
    if (token->object_kind != 0) {
        added->object_kind = token->object_kind;
    }
    return added;
}

static enum own_token token_of(const struct records *records, person_id sender, enum claim claim,
                               GPtrArray *may)
{
    struct identity identity = {.claim = claim,
                                .address = "somebody@acme.example",
                                .person = records_person(records, sender)};

    return authority_token(records, &identity, claim, records_ticket(records, 12), NULL, may);
}

Test(authority, knows_a_senders_own_token)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TOKENS); i++) {
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
        struct token_record *token = add_token(records, &TOKENS[i].token);
        enum own_token got = token_of(records, TOKENS[i].sender, TOKENS[i].claim, may);
        bool is_said = TOKENS[i].want != OWN_NONE || token->is_expired;

        cr_expect_eq(got, TOKENS[i].want, "%s: got %d", TOKENS[i].name, (int)got);
        cr_expect_eq(may->len, is_said ? 1U : 0U, "%s", TOKENS[i].name);
        token->is_valid = false;
        cr_expect_eq(token_of(records, TOKENS[i].sender, TOKENS[i].claim, may), OWN_NONE, "%s",
                     TOKENS[i].name);
    }
}

Test(authority, needs_a_person_and_a_ticket_for_a_token)
{
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
    struct identity nobody = {.claim = CLAIM_UNKNOWN, .address = "x@nowhere.test"};
    struct identity anna = {.person = records_person(records, ANNA),
                            .address = "anna@acme.example"};

    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, 0, 12);
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 0);
    cr_expect_eq(authority_token(records, &nobody, CLAIM_UNKNOWN, records_ticket(records, 12), NULL,
                                 may),
                 OWN_NONE);
    cr_expect_eq(authority_token(records, &anna, CLAIM_CONTACT, NULL, NULL, may), OWN_NONE);
}

static const struct {
    const char *name;
    enum token_purpose purpose;
    enum token_object object_kind;
    int64_t object;
    enum claim claim;
    enum own_token want;
} HELD_TOKENS[] = {
    {"a question about it", TOKEN_CONFIRM, TOKEN_HELD_MAIL, 60, CLAIM_TECHNICIAN, OWN_CONFIRM},
    {"the same, to a contact", TOKEN_CONFIRM, TOKEN_HELD_MAIL, 60, CLAIM_CONTACT, OWN_CONFIRM},
    {"news of it", TOKEN_HELD, TOKEN_HELD_MAIL, 60, CLAIM_TECHNICIAN, OWN_HELD},
    {"news of it, to one who is a contact now", TOKEN_HELD, TOKEN_HELD_MAIL, 60, CLAIM_CONTACT,
     OWN_NONE},
    {"a question about another", TOKEN_CONFIRM, TOKEN_HELD_MAIL, 61, CLAIM_TECHNICIAN, OWN_NONE},
    {"a question about another thing of that number", TOKEN_CONFIRM, TOKEN_TICKET, 60,
     CLAIM_TECHNICIAN, OWN_NONE},
    {"news of another thing of that number", TOKEN_HELD, TOKEN_OUTBOUND, 60, CLAIM_TECHNICIAN,
     OWN_NONE},
};

Test(authority, knows_a_token_for_held_mail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(HELD_TOKENS); i++) {
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
        const struct held_record *held = world_add_held(records, HELD_FOR_CLAIM,
                                                        HELD_TOKENS[i].purpose, BEN);
        struct token_record *token = records->tokens->pdata[0];
        struct identity ben = {.claim = HELD_TOKENS[i].claim,
                               .address = "ben@desk.example",
                               .person = records_person(records, BEN)};
        token->object_kind = HELD_TOKENS[i].object_kind;
        token->object = HELD_TOKENS[i].object;
        token->ticket = 12;
        enum own_token got = authority_token(records, &ben, HELD_TOKENS[i].claim, NULL, held, may);
        cr_expect_eq(got, HELD_TOKENS[i].want, "%s: got %d", HELD_TOKENS[i].name, (int)got);
        cr_expect_eq(world_says(may, "held mail 60"), got != OWN_NONE, "%s", HELD_TOKENS[i].name);
    }
}

Test(authority, says_for_which_ticket_a_token_is)
{
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
    world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    cr_expect_eq(token_of(records, ANNA, CLAIM_CONTACT, may), OWN_CONTACT);
    cr_expect(world_says(may, "given to somebody@acme.example for ticket 12"));
}

static const struct {
    const char *name;
    struct {
        enum token_place place;
        enum token_purpose purpose;
    } tokens[3];
    enum own_token want;
} PAIRS[] = {
    {"note in the address, older reply in references",
     {{TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_NOTE}, {TOKEN_IN_REFERENCES, TOKEN_TECHNICIAN_REPLY}},
     OWN_NOTE},
    {"reply in the address, note in references",
     {{TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY}, {TOKEN_IN_REFERENCES, TOKEN_TECHNICIAN_NOTE}},
     OWN_REPLY},
    {"reply in the address, but it answers a note",
     {{TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY}, {TOKEN_IN_IN_REPLY_TO, TOKEN_TECHNICIAN_NOTE}},
     OWN_NOTE},
    {"both in addresses",
     {{TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY}, {TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_NOTE}},
     OWN_NOTE},
    {"a contact's first",
     {{TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY}, {TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY}},
     OWN_REPLY},
};

Test(authority, lets_nothing_out_that_answers_a_note)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PAIRS); i++) {
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

        for (size_t t = 0; t < 3 && PAIRS[i].tokens[t].purpose != 0; t++) {
            world_add_token(records, PAIRS[i].tokens[t].place, PAIRS[i].tokens[t].purpose, BEN, 12);
        }
        enum own_token got = token_of(records, BEN, CLAIM_TECHNICIAN, may);
        cr_expect_eq(got, PAIRS[i].want, "%s: got %d", PAIRS[i].name, (int)got);
    }
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct evidence evidence;
    enum outcome want;
} HONEST[] = {
    {"technician",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .takes_part = true,
      .needs_auth = true},
     OUTCOME_TECHNICIAN},
    {"technician whose token is enough",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_TECHNICIAN},
    {"technician's note",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_NOTE,
      .placing = PLACED_TICKET,
      .takes_part = true,
      .needs_auth = true},
     OUTCOME_NOTE},
    {"note whose token is enough",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_NOTE,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_NOTE},
    {"too large to pass on",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .takes_part = true,
      .needs_auth = true,
      .is_oversize = true},
     OUTCOME_NOTE},
    {"too large to pass on, token is enough",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .takes_part = true,
      .is_oversize = true},
     OUTCOME_NOTE},
    {"technician with something new",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .needs_auth = true},
     OUTCOME_NEW},
    {"a technician's cron job",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .needs_auth = true, .writer = WRITER_MACHINE},
     OUTCOME_NEW},
    {"contact with a token",
     {.claim = CLAIM_CONTACT,
      .auth = AUTH_NONE,
      .token = OWN_CONTACT,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_PUBLIC},
    {"contact, authenticated",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .placing = PLACED_TICKET, .takes_part = true},
     OUTCOME_PUBLIC},
    {"his vacation",
     {.claim = CLAIM_CONTACT,
      .auth = AUTH_NONE,
      .token = OWN_CONTACT,
      .placing = PLACED_TICKET,
      .takes_part = true,
      .writer = WRITER_MACHINE},
     OUTCOME_PUBLIC},
    {"his vacation, to the bounce address",
     {.claim = CLAIM_CONTACT, .placing = PLACED_BOUNCE, .writer = WRITER_MACHINE},
     OUTCOME_EVENT},
    {"a technician's vacation, to the bounce address",
     {.claim = CLAIM_TECHNICIAN, .placing = PLACED_BOUNCE, .writer = WRITER_MACHINE},
     OUTCOME_EVENT},
    {"contact, something new", {.claim = CLAIM_CONTACT, .auth = AUTH_NONE}, OUTCOME_NEW},
    {"unknown, something new", {.claim = CLAIM_UNKNOWN, .auth = AUTH_NONE}, OUTCOME_NEW},
    {"overtaken, not authenticated",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .placing = PLACED_OVERTAKEN, .takes_part = true},
     OUTCOME_UNVERIFIED},
    {"overtaken, authenticated",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .placing = PLACED_OVERTAKEN, .takes_part = true},
     OUTCOME_PUBLIC},
    {"held by policy",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_NONE, .unknown_senders = UNKNOWN_HOLD},
     OUTCOME_HELD},
    {"rejected by policy",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_NONE, .unknown_senders = UNKNOWN_REJECT},
     OUTCOME_REJECTED},
    {"holding strangers is not about contacts",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .unknown_senders = UNKNOWN_HOLD},
     OUTCOME_NEW},
    {"rejecting them is not, either",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .unknown_senders = UNKNOWN_REJECT},
     OUTCOME_NEW},
    {"released", {.claim = CLAIM_UNKNOWN, .auth = AUTH_FAIL, .is_released = true}, OUTCOME_NEW},
    {"released, in a ticket",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_FAIL, .is_released = true, .placing = PLACED_TICKET},
     OUTCOME_PUBLIC},
    {"released, was a technician's",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_REPLY,
      .is_released = true,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_NOTE},
    {"our own notice", {.claim = CLAIM_OURSELVES, .is_own_notice = true}, OUTCOME_EVENT},
    {"our own address, authenticated", {.claim = CLAIM_OURSELVES, .auth = AUTH_PASS}, OUTCOME_NEW},
    {"our own address, authenticated, in a ticket",
     {.claim = CLAIM_OURSELVES, .auth = AUTH_PASS, .placing = PLACED_TICKET},
     OUTCOME_NOTE},
    {"technician with a place only",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .placing = PLACED_TICKET, .needs_auth = true},
     OUTCOME_NOTE},
    {"stranger with somebody's token",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_NONE, .placing = PLACED_TICKET},
     OUTCOME_UNVERIFIED},
    {"a yes, unauthenticated",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .token = OWN_CONFIRM, .placing = PLACED_HELD},
     OUTCOME_EVENT},
    {"a technician's yes, unauthenticated",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_CONFIRM,
      .placing = PLACED_HELD,
      .needs_auth = true},
     OUTCOME_EVENT},
    {"a technician's word on held mail",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_HELD,
      .placing = PLACED_HELD,
      .needs_auth = true},
     OUTCOME_EVENT},
    {"the same, where his token is enough",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_NONE, .token = OWN_HELD, .placing = PLACED_HELD},
     OUTCOME_EVENT},
    {"the same, where it is not",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_HELD,
      .placing = PLACED_HELD,
      .needs_auth = true},
     OUTCOME_HELD},
    {"an out-of-office in answer to a question",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_CONFIRM,
      .placing = PLACED_HELD,
      .writer = WRITER_MACHINE},
     OUTCOME_EVENT},
    {"a colleague of one who alone opens tickets",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .opening = OPENS_BY_ADMISSION},
     OUTCOME_HELD},
    {"the same, in a ticket",
     {.claim = CLAIM_CONTACT,
      .auth = AUTH_PASS,
      .opening = OPENS_BY_ADMISSION,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_PUBLIC},
    {"one who makes no tickets by mail",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .opening = OPENS_NONE},
     OUTCOME_HELD},
    {"a flood of new tickets",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .is_flood = true},
     OUTCOME_HELD},
    {"the same sender, in a ticket",
     {.claim = CLAIM_CONTACT,
      .auth = AUTH_PASS,
      .is_flood = true,
      .placing = PLACED_TICKET,
      .takes_part = true},
     OUTCOME_PUBLIC},
    {"no flood is a technician's",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .needs_auth = true, .is_flood = true},
     OUTCOME_NEW},
};

Test(authority, lets_honest_mail_pass)
{
    for (size_t i = 0; i < G_N_ELEMENTS(HONEST); i++) {
        struct evidence evidence = HONEST[i].evidence;
        evidence.has_permission = true;
        struct ruling got = authority_decide(&evidence);
        cr_expect_eq(got.outcome, HONEST[i].want, "%s: got %s (%s)", HONEST[i].name,
                     outcome_name(got.outcome), got.reason);
    }
}

static const struct {
    const char *name;
    struct evidence evidence;
    const char *want; /* a part of the reason */
} REASONS[] = {
    {"forged technician",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_FAIL, .token = OWN_REPLY, .placing = PLACED_TICKET},
     "a technician wrote it, and his domain says that it is forged"},
    {"forged contact", {.claim = CLAIM_CONTACT, .auth = AUTH_FAIL}, "domain of its sender says"},
    {"technician's machine",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_NONE,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .writer = WRITER_MACHINE,
      .needs_auth = true},
     "a machine wrote it in a technician's name"},
    {"technician, no proof at all",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_NONE, .needs_auth = true},
     "nothing authenticates him"},
    {"technician without a token",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .placing = PLACED_TICKET, .needs_auth = true},
     "without a token of his own"},
    {"stranger with somebody's token",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_PASS, .placing = PLACED_TICKET},
     "takes no part"},
    {"colleague without proof",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .placing = PLACED_TICKET, .takes_part = true},
     "nothing proves that it is his"},
    {"a technician decides on held mail",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_HELD,
      .placing = PLACED_HELD,
      .needs_auth = true},
     "a technician, authenticated, decides on a held mail"},
    {"a technician who was told nothing of it",
     {.claim = CLAIM_TECHNICIAN, .auth = AUTH_PASS, .placing = PLACED_HELD},
     "put to somebody else"},
    {"a contact with a technician's word, authenticated",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .token = OWN_HELD, .placing = PLACED_HELD},
     "put to somebody else"},
    {"a contact with a technician's word",
     {.claim = CLAIM_CONTACT, .auth = AUTH_NONE, .token = OWN_HELD, .placing = PLACED_HELD},
     "put to somebody else"},
    {"technician who answers to a note",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_NOTE,
      .placing = PLACED_TICKET,
      .needs_auth = true},
     "authenticated, answers to a note"},
    {"the same, too large",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_NOTE,
      .placing = PLACED_TICKET,
      .needs_auth = true,
      .is_oversize = true},
     "authenticated, answers to a note"},
    {"technician without a token, too large",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .placing = PLACED_TICKET,
      .needs_auth = true,
      .is_oversize = true},
     "without a token of his own"},
    {"technician's answer, too large",
     {.claim = CLAIM_TECHNICIAN,
      .auth = AUTH_PASS,
      .token = OWN_REPLY,
      .placing = PLACED_TICKET,
      .needs_auth = true,
      .is_oversize = true},
     "too large to be passed on"},
    {"loop", {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .shape = SHAPE_LOOPING}, "in a loop"},
    {"ambiguous",
     {.claim = CLAIM_CONTACT, .auth = AUTH_PASS, .shape = SHAPE_AMBIGUOUS},
     "two readers"},
    {"nobody", {.claim = CLAIM_NOBODY}, "its From field"},
    {"ourselves", {.claim = CLAIM_OURSELVES, .auth = AUTH_PASS}, "our own address"},
    {"disabled", {.claim = CLAIM_DISABLED, .auth = AUTH_PASS}, "was disabled"},
    {"policy",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_PASS, .unknown_senders = UNKNOWN_HOLD},
     "unknown senders is held"},
    {"contact's new ticket", {.claim = CLAIM_CONTACT, .auth = AUTH_NONE}, "a contact or somebody"},
    {"unknown sender's new ticket",
     {.claim = CLAIM_UNKNOWN, .auth = AUTH_NONE},
     "somebody unknown"},
};

Test(authority, says_why)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        struct evidence evidence = REASONS[i].evidence;
        evidence.has_permission = true;
        struct ruling got = authority_decide(&evidence);
        cr_expect_neq(strstr(got.reason, REASONS[i].want), NULL, "%s: got \"%s\"", REASONS[i].name,
                      got.reason);
    }
}
