/* Which ticket a mail belongs to: the five ways, closing, merging, overtaking, address books. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/thread.h"
#include "desk_world.h"

#define DAY_US (INT64_C(86400) * 1000000)

struct setting_out {
    struct facts *facts;
    struct records *records;
    GPtrArray *where;
};

static struct setting_out set_out(const char *from, const char *subject)
{
    struct setting_out out = {.facts = world_facts(from, subject, NULL),
                              .records = world_records(),
                              .where = g_ptr_array_new_with_free_func(g_free)};

    world_find_sender(out.records, from);
    return out;
}

static struct place match(const struct setting_out *out, enum auth auth)
{
    g_autoptr(GPtrArray) who = g_ptr_array_new_with_free_func(g_free);
    struct identity identity = identity_of(out->facts, out->records, AUTH_NONE, who);

    return thread_match(out->facts, out->records, &identity, auth, out->where);
}

static void clear(struct setting_out *out)
{
    facts_free(out->facts);
    records_free(out->records);
    g_ptr_array_unref(out->where);
}

/* ---- subjects --------------------------------------------------------------------------------- */

static const struct {
    const char *subject;
    ticket_id want;
} TAGS[] = {
    {"Re: Printer on fire [#42]", 42},
    {"Fwd: [#7] Re: [#42] Printer", 42},
    {"[#1099511627775]", 1099511627775},
    {"[#1099511627776]", 0},
    {"[#99999999999999999999999]", 0},
    {"[#42", 0},
    {"[#]", 0},
    {"[#0]", 0},
    {"[#042]", 0},
    {"[#-4]", 0},
    {"[# 4]", 0},
    {"[#4a]", 0},
    {"#42", 0},
    {"[42]", 0},
    {"[[#5]]", 5},
    {"[#5] [#x]", 5},
    {"", 0},
};

Test(thread, reads_the_rightmost_tag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++) {
        g_autofree char *exact = g_strdup(TAGS[i].subject);
        cr_expect_eq(thread_subject_tag(exact), TAGS[i].want, "\"%s\": got %d", exact,
                     (int)thread_subject_tag(exact));
    }
}

Test(thread, takes_tags_out_of_a_new_subject)
{
    g_autofree char *one = thread_remove_tags("Re: [#12] Printer");
    g_autofree char *all = thread_remove_tags("[#12][#13]");
    g_autofree char *none = thread_remove_tags("[#x] Printer [42]");

    cr_expect_str_eq(one, "Re: Printer");
    cr_expect_str_eq(all, "");
    cr_expect_str_eq(none, "[#x] Printer [42]");
}

static const struct {
    const char *a;
    const char *b;
    bool want;
} SUBJECTS[] = {
    {"Drucker defekt", "Drucker defekt", true},
    {"Re: Drucker defekt", "Drucker defekt", true},
    {"AW: WG: Fwd: drucker  DEFEKT", "Drucker defekt", true},
    {"RE[3]: Drucker defekt", "Drucker defekt", true},
    {"Re(2): Drucker defekt", "Drucker defekt", true},
    {"Antwort : [#12] Drucker defekt", "Drucker defekt", true},
    {"Grüße", "GRÜSSE", true},
    {"Re:", "", true},
    {"Drucker", "Drucker defekt", false},
    {"Request: x", "uest: x", false},
    {"Re[x]: a", "a", false},
    {"Re[]: a", "a", false},
    {"Re(2: a", "a", false},
    {"Re[2", "", false},
};

Test(thread, compares_subjects_without_what_programs_add)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SUBJECTS); i++) {
        cr_expect_eq(thread_same_subject(SUBJECTS[i].a, SUBJECTS[i].b), SUBJECTS[i].want,
                     "\"%s\" and \"%s\"", SUBJECTS[i].a, SUBJECTS[i].b);
    }
}

/* ---- tokens ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum token_place place;
    enum token_purpose purpose;
    bool is_valid;
    bool is_expired;
    enum way want;
} TOKENS[] = {
    {"in the address", TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, true, false, WAY_TOKEN},
    {"a technician's in the address", TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, true, false,
     WAY_TOKEN},
    {"a note's in the address", TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_NOTE, true, false, WAY_TOKEN},
    {"expired: still a place", TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, true, true, WAY_TOKEN},
    {"in In-Reply-To", TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, true, false, WAY_OUR_ID},
    {"in References", TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, true, false, WAY_OUR_ID},
    {"in a report", TOKEN_IN_REPORT, TOKEN_CONTACT_REPLY, true, false, WAY_NONE},
    {"its own id", TOKEN_IN_MESSAGE_ID, TOKEN_CONTACT_REPLY, true, false, WAY_NONE},
    {"the address for what comes back", TOKEN_IN_ADDRESS, TOKEN_BOUNCE, true, false, WAY_TOKEN},
    {"a bounce token in an id", TOKEN_IN_REFERENCES, TOKEN_BOUNCE, true, false, WAY_NONE},
    {"a confirmation", TOKEN_IN_ADDRESS, TOKEN_CONFIRM, true, false, WAY_NONE},
    {"an undoing", TOKEN_IN_ADDRESS, TOKEN_UNDO, true, false, WAY_NONE},
    {"invalid", TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, false, false, WAY_NONE},
};

Test(thread, follows_tokens_whoever_holds_them)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TOKENS); i++) {
        struct setting_out out = set_out("x@nowhere.test", "Re: Drucker defekt");
        struct token_record *token = world_add_token(out.records, TOKENS[i].place,
                                                     TOKENS[i].purpose, ANNA, 12);
        token->is_valid = TOKENS[i].is_valid;
        token->is_expired = TOKENS[i].is_expired;
        struct place got = match(&out, AUTH_NONE);

        cr_expect_eq(got.way, TOKENS[i].want, "%s: got %d", TOKENS[i].name, (int)got.way);
        cr_expect_eq(got.ticket != NULL, TOKENS[i].want != WAY_NONE, "%s", TOKENS[i].name);
        cr_expect_eq(got.is_bounce_address,
                     TOKENS[i].purpose == TOKEN_BOUNCE && TOKENS[i].want != WAY_NONE, "%s",
                     TOKENS[i].name);
        cr_expect_eq(got.looks_like, 0, "%s", TOKENS[i].name);
        clear(&out);
    }
}

Test(thread, says_whose_token_it_was)
{
    struct setting_out out = set_out("x@nowhere.test", "Re: Drucker defekt");
    world_add_token(out.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
    match(&out, AUTH_NONE);

    cr_expect_str_eq(out.where->pdata[0],
                     "token of anna@acme.example for ticket 12 in the address it was sent to");
    clear(&out);
}

Test(thread, passes_over_tokens_that_do_not_count)
{
    struct setting_out out = set_out("anna@acme.example", "Re: Drucker defekt");
    struct token_record *bad = world_add_token(out.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY,
                                               ANNA, 12);
    bad->is_valid = false;
    world_set(&bad->why_not, "it was not made by this desk");
    world_add_token(out.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, 99, 77); /* erased */
    world_add_token(out.records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 12);
    struct place got = match(&out, AUTH_NONE);

    cr_expect_eq(got.way, WAY_OUR_ID);
    cr_expect(world_says(out.where, "not made by this desk"));
    cr_expect(world_says(out.where, "its ticket does not exist"));
    clear(&out);
}

/* ---- closed tickets, address books ------------------------------------------------------------ */

static const struct {
    const char *name;
    enum ticket_status status;
    int64_t closed_days;
    int64_t limit;
    bool is_place;
} CLOSED[] = {
    {"open", TICKET_OPEN, 0, 30, true},
    {"closed on the limit", TICKET_CLOSED, 30, 30, true},
    {"closed behind the limit", TICKET_CLOSED, 31, 30, false},
    {"no limit", TICKET_CLOSED, 10000, 0, true},
    {"resolved is not closed", TICKET_RESOLVED, 60, 30, true},
};

Test(thread, ends_at_a_ticket_that_was_closed_long_ago)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CLOSED); i++) {
        struct setting_out out = set_out("anna@acme.example", "Re: [#12] Drucker defekt");
        struct ticket_record *ticket = world_ticket(out.records, 12);
        ticket->status = CLOSED[i].status;
        ticket->closed_at_us = WORLD_NOW_US - CLOSED[i].closed_days * DAY_US;
        out.records->settings.closing_days = CLOSED[i].limit;
        world_add_token(out.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, ANNA, 12);
        struct place got = match(&out, AUTH_PASS);

        cr_expect_eq(got.ticket != NULL, CLOSED[i].is_place, "%s", CLOSED[i].name);
        cr_expect_eq(got.looks_like, CLOSED[i].is_place ? 0 : 12, "%s", CLOSED[i].name);
        cr_expect_eq(got.why_linked == NULL, CLOSED[i].is_place, "%s", CLOSED[i].name);
        clear(&out);
    }
}

enum reference { REFERS_NOT, REFERS_TOKEN, REFERS_BAD_TOKEN, REFERS_ID, REFERS_OTHER_TICKET };

static const struct {
    const char *name;
    const char *subject;
    enum reference reference;
    enum ticket_status status;
    enum auto_kind auto_kind;
    bool is_place;
    bool is_marked;
} MEMORY[] = {
    {"other subject, open", "Neuer Monitor", REFERS_NOT, TICKET_OPEN, AUTO_NONE, true, true},
    {"other subject, pending", "Neuer Monitor", REFERS_NOT, TICKET_PENDING, AUTO_NONE, true, true},
    {"other subject, resolved", "Neuer Monitor", REFERS_NOT, TICKET_RESOLVED, AUTO_NONE, false,
     true},
    {"other subject, closed", "Neuer Monitor", REFERS_NOT, TICKET_CLOSED, AUTO_NONE, false, true},
    {"same subject, resolved", "AW: Drucker defekt", REFERS_NOT, TICKET_RESOLVED, AUTO_NONE, true,
     false},
    {"our tag, resolved", "Neuer Monitor [#12]", REFERS_NOT, TICKET_RESOLVED, AUTO_NONE, true,
     false},
    {"another tag, resolved", "Neuer Monitor [#13]", REFERS_NOT, TICKET_RESOLVED, AUTO_NONE, false,
     true},
    {"our id, resolved", "Neuer Monitor", REFERS_TOKEN, TICKET_RESOLVED, AUTO_NONE, true, false},
    {"a forged id, resolved", "Neuer Monitor", REFERS_BAD_TOKEN, TICKET_RESOLVED, AUTO_NONE, false,
     true},
    {"a stored id, resolved", "Neuer Monitor", REFERS_ID, TICKET_RESOLVED, AUTO_NONE, true, false},
    {"an id of another ticket", "Neuer Monitor", REFERS_OTHER_TICKET, TICKET_RESOLVED, AUTO_NONE,
     false, true},
    {"no subject, resolved", "", REFERS_NOT, TICKET_RESOLVED, AUTO_NONE, true, false},
    {"a vacation, resolved", "Abwesend", REFERS_NOT, TICKET_RESOLVED, AUTO_REPLIED, true, false},
};

static void add_reference(struct records *records, enum reference reference)
{
    struct token_record *token = NULL;

    switch (reference) {
    case REFERS_NOT:
        return;
    case REFERS_TOKEN:
        world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 12);
        return;
    case REFERS_BAD_TOKEN:
        token = world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 12);
        token->is_valid = false;
        return;
    case REFERS_ID:
        world_add_id(records, "old@mail.example", 12, ANNA, true);
        return;
    case REFERS_OTHER_TICKET:
        world_add_ticket(records, 13, CARL, ACME);
        world_add_id(records, "old@mail.example", 13, CARL, true);
        world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_CONTACT_REPLY, ANNA, 13);
        return;
    }
}

Test(thread, does_not_believe_an_address_book_alone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MEMORY); i++) {
        struct setting_out out = set_out("anna@acme.example", MEMORY[i].subject);
        struct ticket_record *ticket = world_ticket(out.records, 12);
        ticket->status = MEMORY[i].status;
        ticket->closed_at_us = WORLD_NOW_US - DAY_US;
        out.facts->auto_kind = MEMORY[i].auto_kind;
        world_add_token(out.records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
        add_reference(out.records, MEMORY[i].reference);
        struct place got = match(&out, AUTH_NONE);

        cr_expect_eq(got.ticket != NULL, MEMORY[i].is_place, "%s", MEMORY[i].name);
        cr_expect_eq(got.looks_like, MEMORY[i].is_place ? 0 : 12, "%s", MEMORY[i].name);
        cr_expect_eq(world_says(out.where, "nothing but the address"), MEMORY[i].is_marked, "%s",
                     MEMORY[i].name);
        clear(&out);
    }
}

Test(thread, never_takes_a_machine_at_the_bounce_address_for_an_address_book)
{
    struct setting_out out = set_out("anna@acme.example", "Abwesend");
    world_ticket(out.records, 12)->status = TICKET_RESOLVED;
    world_add_token(out.records, TOKEN_IN_ADDRESS, TOKEN_BOUNCE, ANNA, 12);

    cr_expect_eq(match(&out, AUTH_NONE).way, WAY_TOKEN);
    clear(&out);
}

/* ---- stored ids ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *from;
    const char *party; /* of the mail whose id it is; NULL: none */
    enum way want;
} STORED[] = {
    {"its author", "anna@acme.example", "anna@acme.example", WAY_STORED_ID},
    {"in other letter case", "Anna@acme.example", "anna@acme.example", WAY_STORED_ID},
    {"somebody in its Cc", "x@nowhere.test", "x@nowhere.test", WAY_STORED_ID},
    {"a participant", "carl@acme.example", NULL, WAY_STORED_ID},
    {"a colleague", "dora@acme.example", NULL, WAY_STORED_ID},
    {"a technician", "ben@desk.example", NULL, WAY_STORED_ID},
    {"an outsider", "otto@other.example", "anna@acme.example", WAY_NONE},
    {"a stranger", "x@nowhere.test", NULL, WAY_NONE},
};

Test(thread, follows_a_stored_id_for_those_who_took_part)
{
    for (size_t i = 0; i < G_N_ELEMENTS(STORED); i++) {
        struct setting_out out = set_out(STORED[i].from, "Re: something");
        struct id_record *id = world_add_id(out.records, "old@mail.example", 12, ANNA, true);
        if (STORED[i].party != NULL) {
            g_ptr_array_add(id->parties, g_strdup(STORED[i].party));
        }
        struct place got = match(&out, AUTH_NONE);

        cr_expect_eq(got.way, STORED[i].want, "%s: got %d", STORED[i].name, (int)got.way);
        cr_expect_eq(got.looks_like, STORED[i].want == WAY_NONE ? 12 : 0, "%s", STORED[i].name);
        clear(&out);
    }
}

Test(thread, is_not_led_by_somebody_elses_use_of_its_own_id)
{
    struct setting_out out = set_out("anna@acme.example", "New");
    world_add_id(out.records, "m1@mail.example", 12, ANNA, true);
    struct place got = match(&out, AUTH_PASS);

    cr_expect_eq(got.way, WAY_NONE);
    cr_expect_eq(got.looks_like, 0);
    cr_expect(world_says(out.where, "the same Message-ID"));
    clear(&out);
}

Test(thread, forgets_ids_whose_ticket_is_gone)
{
    struct setting_out out = set_out("anna@acme.example", "New");
    world_add_id(out.records, "old@mail.example", 77, ANNA, true);

    cr_expect_eq(match(&out, AUTH_PASS).way, WAY_NONE);
    clear(&out);
}

/* ---- overtaking ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *from;
    const char *id; /* m1@mail.example is the mail's own */
    person_id other;
    enum auth auth;
    bool is_other_failed;
    enum way want;
} OVERTAKEN[] = {
    {"parent after its reply", "anna@acme.example", "m1@mail.example", CARL, AUTH_PASS, false,
     WAY_OVERTAKEN},
    {"the same person twice", "anna@acme.example", "m1@mail.example", ANNA, AUTH_PASS, false,
     WAY_OVERTAKEN},
    {"not authenticated", "anna@acme.example", "m1@mail.example", CARL, AUTH_NONE, false,
     WAY_OVERTAKEN},
    {"a new address of the customer", "new@acme.example", "m1@mail.example", CARL, AUTH_NONE, false,
     WAY_OVERTAKEN},
    {"second reply to an unseen parent", "anna@acme.example", "parent@mail.example", CARL,
     AUTH_PASS, false, WAY_OVERTAKEN},
    {"this one failed", "anna@acme.example", "m1@mail.example", CARL, AUTH_FAIL, false, WAY_NONE},
    {"the other failed", "anna@acme.example", "m1@mail.example", CARL, AUTH_PASS, true, WAY_NONE},
    {"another customer named it", "anna@acme.example", "m1@mail.example", OTTO, AUTH_PASS, false,
     WAY_NONE},
    {"a stranger named it", "anna@acme.example", "m1@mail.example", EVE, AUTH_PASS, false,
     WAY_NONE},
    {"somebody who is gone named it", "anna@acme.example", "m1@mail.example", 999, AUTH_PASS, false,
     WAY_NONE},
    {"a technician named it", "anna@acme.example", "m1@mail.example", BEN, AUTH_PASS, false,
     WAY_NONE},
    {"a stranger answers", "x@nowhere.test", "parent@mail.example", EVE, AUTH_PASS, false,
     WAY_NONE},
    {"a technician comes late", "fritz@acme.example", "m1@mail.example", CARL, AUTH_PASS, false,
     WAY_NONE},
};

Test(thread, joins_what_overtook_it_only_within_a_customer)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OVERTAKEN); i++) {
        struct setting_out out = set_out(OVERTAKEN[i].from, "Something");
        struct id_record *id = world_add_id(out.records, OVERTAKEN[i].id, 12, OVERTAKEN[i].other,
                                            false);
        id->is_auth_failed = OVERTAKEN[i].is_other_failed;
        struct place got = match(&out, OVERTAKEN[i].auth);

        cr_expect_eq(got.way, OVERTAKEN[i].want, "%s: got %d", OVERTAKEN[i].name, (int)got.way);
        cr_expect_eq(got.looks_like, OVERTAKEN[i].want == WAY_NONE ? 12 : 0, "%s",
                     OVERTAKEN[i].name);
        clear(&out);
    }
}

Test(thread, is_not_drawn_away_by_who_names_an_id_to_come)
{
    struct setting_out out = set_out("anna@acme.example", "Re: x");
    world_add_ticket(out.records, 13, CARL, ACME);
    world_add_id(out.records, "m1@mail.example", 13, CARL, false);
    struct id_record *stored = world_add_id(out.records, "old@mail.example", 12, ANNA, true);
    g_ptr_array_add(stored->parties, g_strdup("anna@acme.example"));
    struct place got = match(&out, AUTH_PASS);

    cr_expect_eq(got.way, WAY_STORED_ID);
    cr_assert_neq(got.ticket, NULL);
    cr_expect_eq(got.ticket->id, 12);
    clear(&out);
}

Test(thread, is_linked_to_the_first_hint_that_was_refused)
{
    struct setting_out out = set_out("otto@other.example", "Re: [#13] x");
    world_add_ticket(out.records, 13, CARL, ACME);
    world_add_id(out.records, "old@mail.example", 12, ANNA, true);
    struct place got = match(&out, AUTH_PASS);

    cr_expect_eq(got.ticket, NULL);
    cr_expect_eq(got.looks_like, 12);
    cr_expect(world_says(out.where, "looks related to"));
    clear(&out);
}

Test(thread, of_nobody_took_part_in_nothing)
{
    struct setting_out out = set_out("anna@acme.example", "Re: x");
    world_add_id(out.records, "old@mail.example", 12, ANNA, true);
    g_clear_pointer(&out.facts->from, address_free);

    cr_expect_eq(match(&out, AUTH_NONE).way, WAY_NONE);
    g_clear_pointer(&out.facts->message_id, g_free);
    cr_expect_eq(match(&out, AUTH_NONE).way, WAY_NONE);
    clear(&out);
}

/* ---- the subject ------------------------------------------------------------------------------ */

Test(thread, follows_a_tag_only_for_those_who_take_part)
{
    struct setting_out anna = set_out("anna@acme.example", "Re: [#12] x");
    struct setting_out otto = set_out("otto@other.example", "Re: [#12] x");
    struct setting_out none = set_out("anna@acme.example", "Re: [#99] x");
    struct place got = match(&otto, AUTH_PASS);

    cr_expect_eq(match(&anna, AUTH_NONE).way, WAY_TAG);
    cr_expect_eq(got.way, WAY_NONE);
    cr_expect_eq(got.looks_like, 12);
    cr_expect_eq(match(&none, AUTH_NONE).looks_like, 0);
    clear(&anna);
    clear(&otto);
    clear(&none);
}

Test(thread, follows_a_tag_to_what_its_ticket_was_merged_into)
{
    struct setting_out out = set_out("anna@acme.example", "Re: [#13] x");
    world_add_ticket(out.records, 13, ANNA, ACME)->merged_into = 12;
    struct place got = match(&out, AUTH_NONE);

    cr_assert_neq(got.ticket, NULL);
    cr_expect_eq(got.ticket->id, 12);
    world_ticket(out.records, 13)->merged_into = 99; /* not read yet */
    cr_expect_eq(match(&out, AUTH_NONE).ticket, NULL);
    clear(&out);
}
