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

/* ---- the table: every combination ------------------------------------------------------------- */

/* The words of THREATS 1, for what is enumerated below. */

static bool is_in_a_ticket(const struct evidence *e)
{
    return e->placing == PLACED_TICKET || e->placing == PLACED_OVERTAKEN;
}

static bool is_contact(const struct evidence *e)
{
    return e->claim == CLAIM_CONTACT || e->claim == CLAIM_UNKNOWN;
}

/* "AUTH pass"; the mailbox's setting "technician-proof token" makes do with nothing, but never with a failure. */
static bool is_technician_proved(const struct evidence *e)
{
    return e->auth == AUTH_PASS || (e->auth == AUTH_NONE && !e->needs_auth);
}

/* "AUTH pass and TOKEN (technician) and PERM and SHAPE and not AUTO". */
static bool has_technician_powers(const struct evidence *e)
{
    return e->claim == CLAIM_TECHNICIAN && is_technician_proved(e) && e->token == OWN_REPLY &&
           e->has_permission && e->shape == SHAPE_CLEAR && e->writer == WRITER_PERSON;
}

/* "public with TOKEN and AUTH not fail, or with AUTH pass and taking part"; who takes no part any more has no
 * right by his old token. */
static bool may_comment(const struct evidence *e)
{
    return is_contact(e) && e->takes_part &&
           (e->auth == AUTH_PASS || (e->auth == AUTH_NONE && e->token == OWN_CONTACT));
}

/* "Held only: AUTH fail, ambiguous SHAPE, a technician's claim, floods, main contact only"; and nobody, ourselves,
 * who was disabled, and what the desk's settings say of who opens tickets. */
static bool may_be_held(const struct evidence *e)
{
    bool is_about_new = !is_in_a_ticket(e) &&
                        (e->is_flood || e->opening != OPENS ||
                         (e->claim == CLAIM_UNKNOWN && e->unknown_senders == UNKNOWN_HOLD));

    return e->shape != SHAPE_CLEAR || e->auth == AUTH_FAIL || !is_contact(e) || is_about_new;
}

static void check_filed(const struct evidence *e, enum outcome got)
{
    if (got == OUTCOME_TECHNICIAN) {
        MUST(has_technician_powers(e) && e->placing == PLACED_TICKET);
        MUST(!e->is_released && !e->is_oversize);
    }
    if (got == OUTCOME_NOTE && !e->is_released) {
        MUST(is_in_a_ticket(e) && e->shape == SHAPE_CLEAR);
        MUST(e->claim == CLAIM_TECHNICIAN || (e->claim == CLAIM_OURSELVES && e->auth == AUTH_PASS));
        MUST(e->claim != CLAIM_TECHNICIAN || (e->has_permission && is_technician_proved(e)));
        MUST(e->claim != CLAIM_TECHNICIAN || e->writer == WRITER_PERSON);
        MUST(e->auth == AUTH_PASS || e->token == OWN_REPLY || e->token == OWN_NOTE);
    }
    if (got == OUTCOME_NOTE && e->is_released) {
        bool is_ours = e->claim == CLAIM_OURSELVES && e->auth == AUTH_PASS; /* a note as it is */
        MUST(e->claim == CLAIM_TECHNICIAN || e->claim == CLAIM_DISABLED || is_ours);
    }
    if (got == OUTCOME_PUBLIC) {
        MUST(is_contact(e) && is_in_a_ticket(e));
        MUST(e->is_released || (may_comment(e) && e->shape == SHAPE_CLEAR));
    }
    if (got == OUTCOME_UNVERIFIED) {
        MUST(is_contact(e) && is_in_a_ticket(e) && e->shape == SHAPE_CLEAR && !e->is_released);
        MUST(e->auth != AUTH_FAIL && !may_comment(e));
    }
}

static void check_new(const struct evidence *e, enum outcome got)
{
    if (got == OUTCOME_NEW) {
        MUST(!is_in_a_ticket(e) && (e->shape == SHAPE_CLEAR || e->is_released));
        MUST(is_contact(e) ||
             (e->auth == AUTH_PASS && e->claim != CLAIM_NOBODY && e->claim != CLAIM_DISABLED));
        MUST(e->claim != CLAIM_TECHNICIAN || (e->placing == PLACED_NOWHERE && !e->is_released));
    }
    if (got == OUTCOME_NEW && is_contact(e) && !e->is_released) {
        MUST(e->auth != AUTH_FAIL && !e->is_flood && e->opening == OPENS);
        MUST(e->claim == CLAIM_CONTACT || e->unknown_senders == UNKNOWN_TICKET);
        MUST(e->placing != PLACED_HELD); /* what the desk asked is never answered by a ticket */
    }
    if (got == OUTCOME_REJECTED) {
        MUST(e->claim == CLAIM_UNKNOWN && e->unknown_senders == UNKNOWN_REJECT);
        MUST(!is_in_a_ticket(e) && !e->is_released && e->auth != AUTH_FAIL);
    }
}

static void check_event(const struct evidence *e, enum outcome got)
{
    bool is_report = e->writer == WRITER_BOUNCE || e->writer == WRITER_REPORT;
    bool is_ours = e->claim == CLAIM_OURSELVES && e->is_own_notice;

    if (got != OUTCOME_EVENT) {
        MUST(!is_report || (e->shape != SHAPE_CLEAR && !e->is_released));
        return;
    }
    MUST(e->shape == SHAPE_CLEAR || e->is_released);
    if (is_report || is_ours) {
        return;
    }
    MUST(e->placing == PLACED_HELD || (e->placing == PLACED_BOUNCE && e->writer == WRITER_MACHINE));
    if (e->placing == PLACED_HELD && e->writer == WRITER_PERSON) {
        MUST(!e->is_released && e->auth != AUTH_FAIL);
        MUST(is_contact(e) || e->claim == CLAIM_TECHNICIAN);
        MUST(e->claim != CLAIM_TECHNICIAN || e->auth == AUTH_PASS || e->token == OWN_CONFIRM ||
             (e->token == OWN_HELD && !e->needs_auth));
    }
}

static void check_held(const struct evidence *e, struct ruling ruling)
{
    bool is_held = ruling.outcome == OUTCOME_HELD;

    MUST(is_held == (ruling.held_for != HELD_FOR_NOTHING));
    if (is_held) {
        MUST(may_be_held(e));
        MUST(!e->is_released || e->claim == CLAIM_NOBODY || e->claim == CLAIM_OURSELVES);
    }
    MUST(ruling.held_for != HELD_FOR_CLAIM ||
         (e->claim == CLAIM_TECHNICIAN && e->auth != AUTH_FAIL));
    MUST(ruling.held_for != HELD_FOR_FORGED || e->auth == AUTH_FAIL);
    MUST((ruling.held_for == HELD_FOR_SHAPE) == (e->shape != SHAPE_CLEAR && !e->is_released));
    MUST(ruling.held_for != HELD_FOR_FLOOD || (e->is_flood && is_contact(e)));
    MUST(ruling.held_for != HELD_FOR_MAIN_CONTACT ||
         (e->opening == OPENS_BY_ADMISSION && is_contact(e)));
    MUST(ruling.held_for != HELD_FOR_PARSER);
}

/* What a right is denied for stands above; this is what nobody may be denied. */
static void check_granted(const struct evidence *e, enum outcome got)
{
    bool is_open = e->shape == SHAPE_CLEAR && !e->is_released &&
                   (e->writer == WRITER_PERSON || e->writer == WRITER_MACHINE);

    if (has_technician_powers(e) && e->placing == PLACED_TICKET && !e->is_released) {
        MUST(got == (e->is_oversize ? OUTCOME_NOTE : OUTCOME_TECHNICIAN));
    }
    if (is_open && may_comment(e) && is_in_a_ticket(e)) {
        MUST(got == OUTCOME_PUBLIC);
    }
    if (is_open && is_contact(e) && is_in_a_ticket(e) && e->auth != AUTH_FAIL) {
        MUST(got == OUTCOME_PUBLIC || got == OUTCOME_UNVERIFIED);
    }
    if (is_open && e->claim == CLAIM_TECHNICIAN && e->auth == AUTH_PASS &&
        e->writer == WRITER_PERSON && e->placing == PLACED_TICKET && e->has_permission) {
        MUST(got == OUTCOME_TECHNICIAN || got == OUTCOME_NOTE);
    }
    if (is_open && e->claim == CLAIM_TECHNICIAN && e->auth == AUTH_PASS &&
        e->placing == PLACED_NOWHERE) {
        MUST(got == OUTCOME_NEW);
    }
    if (is_open && e->claim == CLAIM_CONTACT && e->placing == PLACED_NOWHERE && !may_be_held(e)) {
        MUST(got == OUTCOME_NEW);
    }
    if (e->is_released && e->writer == WRITER_PERSON && is_contact(e)) {
        MUST(got == (is_in_a_ticket(e) ? OUTCOME_PUBLIC : OUTCOME_NEW));
    }
}

static void check_comment(const struct evidence *e, struct ruling ruling)
{
    enum outcome got = ruling.outcome;

    MUST((ruling.comment_kind == COMMENT_NOTE) == (got == OUTCOME_NOTE));
    if (got == OUTCOME_NEW) {
        bool is_proved = e->auth == AUTH_PASS || e->is_released;
        MUST(ruling.comment_kind == (is_proved ? COMMENT_PUBLIC : COMMENT_UNVERIFIED));
    } else {
        MUST((ruling.comment_kind == COMMENT_UNVERIFIED) == (got == OUTCOME_UNVERIFIED));
    }
}

static void check_ruling(const struct evidence *e, struct ruling ruling)
{
    check_filed(e, ruling.outcome);
    check_new(e, ruling.outcome);
    check_event(e, ruling.outcome);
    check_held(e, ruling);
    check_granted(e, ruling.outcome);
    check_comment(e, ruling);
    MUST(ruling.outcome != OUTCOME_DUPLICATE);
    MUST(strcmp(ruling.reason, "nothing allows it") != 0);
}

/* The n-th combination of what proves something; false behind the last. */
static bool nth_proof(unsigned n, struct evidence *out)
{
    static const unsigned SIZES[] = {3, 4, 6, 3, 6, 5, 2, 2, 2, 2};
    unsigned digits[G_N_ELEMENTS(SIZES)];

    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        digits[i] = n % SIZES[i];
        n /= SIZES[i];
    }
    *out = (struct evidence){
        .shape = (enum shape)digits[0],
        .writer = (enum writer)digits[1],
        .claim = (enum claim)digits[2],
        .auth = (enum auth)digits[3],
        .token = (enum own_token)digits[4],
        .placing = (enum placing)digits[5],
        .takes_part = digits[6] != 0,
        .has_permission = digits[7] != 0,
        .needs_auth = digits[8] != 0,
        .is_released = digits[9] != 0,
    };
    return n == 0;
}

#define RESTS (2 * 2 * 2 * 3 * 3)

/* The n-th combination of the rest. */
static void set_rest(unsigned n, struct evidence *out)
{
    out->is_flood = n % 2 != 0;
    out->is_own_notice = n / 2 % 2 != 0;
    out->is_oversize = n / 4 % 2 != 0;
    out->opening = (enum opening)(n / 8 % 3);
    out->unknown_senders = (enum unknown_senders)(n / 24 % 3);
}

/* All of the proof, each with some of the rest: 5 and RESTS share no factor, and neither do 29 and RESTS, so that
 * neighbours meet other ones. */
Test(authority, gives_no_right_without_its_proof)
{
    struct evidence evidence;
    unsigned counts[OUTCOME_DUPLICATE + 1] = {0};
    unsigned n = 0;

    for (; nth_proof(n, &evidence); n++) {
        for (unsigned i = 0; i < 3; i++) {
            set_rest((n * 5 + i * 29) % RESTS, &evidence);
            struct ruling ruling = authority_decide(&evidence);
            check_ruling(&evidence, ruling);
            counts[ruling.outcome]++;
        }
    }
    cr_expect_eq(n, 3U * 4 * 6 * 3 * 6 * 5 * 2 * 2 * 2 * 2);
    for (int outcome = OUTCOME_TECHNICIAN; outcome < OUTCOME_DUPLICATE; outcome++) {
        cr_expect_gt(counts[outcome], 0, "nothing comes out as %s",
                     outcome_name((enum outcome)outcome));
    }
}

/* All of the rest, for mail that is clear and written by a person. */
Test(authority, obeys_the_desks_settings_whatever_is_proved)
{
    struct evidence evidence;

    for (unsigned n = 0; nth_proof(n, &evidence); n++) {
        if (evidence.shape != SHAPE_CLEAR || evidence.writer != WRITER_PERSON) {
            continue;
        }
        for (unsigned i = 0; i < RESTS; i++) {
            set_rest(i, &evidence);
            check_ruling(&evidence, authority_decide(&evidence));
        }
    }
}

Test(authority, holds_what_no_rule_names)
{
    struct evidence evidence = {.claim = CLAIM_UNKNOWN,
                                .unknown_senders = (enum unknown_senders)(UNKNOWN_REJECT + 1)};
    struct ruling got = authority_decide(&evidence);

    cr_expect_eq(got.outcome, OUTCOME_HELD);
    cr_expect_eq(got.held_for, HELD_FOR_SENDER);
    cr_expect_str_eq(got.reason, "nothing allows it");
}

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
