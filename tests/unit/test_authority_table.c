/* The table of authority, on every combination of what rights depend on, held against the words of THREATS 1. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/authority.h"
#include "desk_world.h"

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
    /* "an out-of-office, in answer to 'Was this you?': nothing changes", whoever's it is */
    if (e->writer == WRITER_MACHINE && e->placing == PLACED_HELD &&
        (e->shape == SHAPE_CLEAR || e->is_released)) {
        MUST(got == OUTCOME_EVENT);
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
Test(authority_table, gives_no_right_without_its_proof)
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
Test(authority_table, obeys_the_desks_settings_whatever_is_proved)
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

Test(authority_table, holds_what_no_rule_names)
{
    struct evidence evidence = {.claim = CLAIM_UNKNOWN,
                                .unknown_senders = (enum unknown_senders)(UNKNOWN_REJECT + 1)};
    struct ruling got = authority_decide(&evidence);

    cr_expect_eq(got.outcome, OUTCOME_HELD);
    cr_expect_eq(got.held_for, HELD_FOR_SENDER);
    cr_expect_eq(got.comment_kind, COMMENT_UNVERIFIED);
    cr_expect_str_eq(got.reason, "nothing allows it");
}
