/* One mail out of all that can be: the decisive of its qualities are enumerated, the rest is drawn.
 *
 *     enumerated   sender · place and token · what the border says · machine and shape
 *     drawn        state of the ticket, settings, words, copies, releases, copies of the same mail, who is dead, …
 *
 * What is drawn comes from the number of the combination alone: the same in every run.
 */
#ifndef TESTS_DESK_COMBINATION_H
#define TESTS_DESK_COMBINATION_H

#include "core/limits.h"
#include "desk_world.h"

#define OURS       "support@desk.example"
#define HELD_MAIL  60
#define GROUP_BENS 31
#define GROUP_NONE 32 /* of nobody */

static const char *const SENDERS[] = {
    NULL,
    OURS,
    "ben@desk.example",
    "clara@desk.example",
    "fritz@acme.example",
    "gone@desk.example",
    "anna@acme.example",
    "carl@acme.example",
    "dora@acme.example",
    "new@acme.example",
    "otto@other.example",
    "eve@evil.test",
    "x@nowhere.test",
};

/* ---- places ------------------------------------------------------------------------------------ */

enum hint {
    HINT_NONE,
    HINT_TAG,        /* "[#12]" in the subject */
    HINT_STORED,     /* answers a mail of ticket 12 */
    HINT_SAME_ID,    /* has the Message-ID of a mail of ticket 12 */
    HINT_OVERTAKEN,  /* is answered by a mail of ticket 12 */
    HINT_TOKEN,      /* of ticket 12 */
    HINT_HELD_TOKEN, /* about held mail 60 */
};

enum holder { HOLDER_SENDER, HOLDER_CARL, HOLDER_BEN };

struct placement {
    enum hint hint;
    enum token_place place;
    enum token_purpose purpose;
    enum holder holder;
};

/* clang-format off */
#define TOKENS_AT(place) \
    {HINT_TOKEN, place, TOKEN_CONTACT_REPLY, HOLDER_SENDER}, \
    {HINT_TOKEN, place, TOKEN_CONTACT_REPLY, HOLDER_CARL}, \
    {HINT_TOKEN, place, TOKEN_TECHNICIAN_REPLY, HOLDER_SENDER}, \
    {HINT_TOKEN, place, TOKEN_TECHNICIAN_REPLY, HOLDER_BEN}, \
    {HINT_TOKEN, place, TOKEN_TECHNICIAN_NOTE, HOLDER_SENDER}, \
    {HINT_TOKEN, place, TOKEN_BOUNCE, HOLDER_SENDER}, \
    {HINT_TOKEN, place, TOKEN_CONFIRM, HOLDER_SENDER}, \
    {HINT_HELD_TOKEN, place, TOKEN_CONFIRM, HOLDER_SENDER}, \
    {HINT_HELD_TOKEN, place, TOKEN_CONFIRM, HOLDER_CARL}, \
    {HINT_HELD_TOKEN, place, TOKEN_HELD, HOLDER_SENDER}, \
    {HINT_HELD_TOKEN, place, TOKEN_HELD, HOLDER_BEN}, \
    {HINT_HELD_TOKEN, place, TOKEN_CONTACT_REPLY, HOLDER_SENDER}
/* clang-format on */

static const struct placement PLACEMENTS[] = {
    {.hint = HINT_NONE},
    {.hint = HINT_TAG},
    {.hint = HINT_STORED},
    {.hint = HINT_SAME_ID},
    {.hint = HINT_OVERTAKEN},
    {HINT_TOKEN, TOKEN_IN_MESSAGE_ID, TOKEN_CONTACT_REPLY, HOLDER_SENDER},
    {HINT_TOKEN, TOKEN_IN_REPORT, TOKEN_CONTACT_REPLY, HOLDER_CARL},
    TOKENS_AT(TOKEN_IN_ADDRESS),
    TOKENS_AT(TOKEN_IN_IN_REPLY_TO),
    TOKENS_AT(TOKEN_IN_REFERENCES),
};

/* ---- machine and shape -------------------------------------------------------------------------- */

static const struct kind {
    enum auto_kind auto_kind;
    bool is_null_path;
    bool is_ambiguous;
    bool loops;
} KINDS[] = {
    {AUTO_NONE, false, false, false},      {AUTO_NONE, true, false, false},
    {AUTO_REPLIED, false, false, false},   {AUTO_LIST, false, false, false},
    {AUTO_BOUNCE, false, false, false},    {AUTO_BOUNCE, true, false, false},
    {AUTO_COMPLAINT, false, false, false}, {AUTO_NONE, false, true, false},
    {AUTO_NONE, false, false, true},       {AUTO_REPLIED, false, true, false},
};

/* ---- words ------------------------------------------------------------------------------------- */

static const struct words {
    const char *text;
    bool is_yes;
    bool is_no;
    bool is_release;
    bool is_drop;
    const char *behalf; /* of a technician's new ticket: for whom */
} WORDS[] = {
    {.text = "Hello"},
    {.text = ""},
    {.text = "Yes", .is_yes = true},
    {.text = "\n> Was it you?\n  JA!\nbest", .is_yes = true},
    {.text = "Nein.", .is_no = true},
    {.text = "no", .is_no = true},
    {.text = "No, don't!"},
    {.text = "> yes\n> no"},
    {.text = "I was asked:\nyes"},
    {.text = "#release\n-- \nBen", .is_release = true},
    {.text = "#Trust", .is_release = true},
    {.text = "#drop", .is_drop = true},
    {.text = "#spam", .is_drop = true},
    {.text = "> #release"},
    {.text = "#release it"},
    {.text = "#for carl@acme.example\nHe called.", .behalf = "carl@acme.example"},
    {.text = "#for Newest@acme.example", .behalf = "Newest@acme.example"},
    {.text = "#for guest@nowhere.test", .behalf = "guest@nowhere.test"},
    {.text = "#for " OURS},
    {.text = "Please\n#for otto@other.example"},
};

/* Where those for held mail begin, and how many are tried from there. */
#define FIRST_ANSWER  2
#define FIRST_COMMAND 9
#define SOME_WORDS    6

/* ---- the combination --------------------------------------------------------------------------- */

struct combination {
    unsigned sender;
    unsigned placement;
    unsigned auth; /* enum auth, by what the border writes */
    unsigned kind;
    unsigned words;
    uint64_t luck; /* what the next draw comes from */
};

/* The first kind, a clear mail of a person, is tried so often, each time with other draws: it can do most. */
#define PERSONS 30
#define ROUNDS  (PERSONS + G_N_ELEMENTS(KINDS) - 1)
#define TRIES   (ROUNDS * G_N_ELEMENTS(SENDERS) * G_N_ELEMENTS(PLACEMENTS) * 3)

/* A number below count; the generator is Knuth's. */
static inline unsigned draw(struct combination *at, unsigned count)
{
    at->luck = at->luck * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((at->luck >> 33) % count);
}

static inline bool draw_one_of(struct combination *at, unsigned count)
{
    return draw(at, count) == 0;
}

static inline struct combination combination_at(unsigned n)
{
    struct combination at = {.luck = n + 1};

    at.sender = n % G_N_ELEMENTS(SENDERS);
    n /= G_N_ELEMENTS(SENDERS);
    at.placement = n % G_N_ELEMENTS(PLACEMENTS);
    n /= G_N_ELEMENTS(PLACEMENTS);
    at.auth = n % 3;
    n /= 3;
    at.kind = n < PERSONS ? 0 : n - PERSONS + 1;
    for (int i = 0; i < 3; i++) {
        (void)draw(&at, 2); /* neighbours begin alike */
    }
    return at;
}

static inline const struct placement *placement_of(const struct combination *at)
{
    return &PLACEMENTS[at->placement];
}

static inline bool is_by_person(const struct combination *at)
{
    return KINDS[at->kind].auto_kind == AUTO_NONE && !KINDS[at->kind].is_null_path;
}

static inline bool is_clear(const struct combination *at)
{
    return !KINDS[at->kind].is_ambiguous && !KINDS[at->kind].loops;
}

/* ---- the desk ---------------------------------------------------------------------------------- */

static inline void combine_people(struct combination *at, struct records *records)
{
    group_id bens = GROUP_BENS;

    g_array_append_val(world_person(records, BEN)->groups, bens);
    world_person(records, CLARA)->is_lead = draw_one_of(at, 2);
    world_person(records, ANNA)->is_main_contact = !draw_one_of(at, 4);
    world_person(records, ANNA)->opens_tickets = !draw_one_of(at, 6);
    world_person(records, DORA)->opens_tickets = !draw_one_of(at, 6);
    world_person(records, CARL)->is_address_dead = draw_one_of(at, 6);
    world_person(records, CARL)->is_disabled = draw_one_of(at, 6);
    world_person(records, ANNA)->is_address_dead = draw_one_of(at, 8);
    world_person(records, ANNA)->is_disabled = draw_one_of(at, 12);
    world_person(records, BEN)->is_address_dead = draw_one_of(at, 8);
    if (draw_one_of(at, 8)) {
        world_set(&world_person(records, OTTO)->address, OURS);
    }
}

static inline void combine_settings(struct combination *at, struct records *records)
{
    records->settings.unknown_senders = (enum unknown_senders)draw(at, 3);
    records->settings.domain_mapping = (enum domain_mapping)draw(at, 2);
    records->settings.colleagues_take_part = draw_one_of(at, 2);
    records->settings.assigns_on_reply = !draw_one_of(at, 3);
    records->settings.excerpt_chars = draw_one_of(at, 4) ? 0 : 500;
    records->mailbox.needs_auth = !draw_one_of(at, 3);
    records->mailbox.trust = draw_one_of(at, 6) ? TRUST_NONE : TRUST_AUTHSERV_ID;
    records->customer.is_main_contact_only = draw_one_of(at, 3);
    records->customer.colleagues = (enum colleagues)draw(at, 3);
    bool is_annas = records->customer.id == ACME && world_person(records, ANNA)->is_main_contact;
    records->customer.main_contact = is_annas ? ANNA : 0;
    if (draw_one_of(at, 4)) {
        g_ptr_array_add(records->counts, count_record_new(BUDGET_STRANGERS_TICKETS, "", 20));
    }
    if (draw_one_of(at, 6)) {
        g_autofree char *key = g_strdup_printf("%d", (int)records->sender);
        g_ptr_array_add(records->counts, count_record_new(BUDGET_SENDER_TICKETS, key, 20));
    }
}

static inline void combine_ticket(struct combination *at, struct records *records)
{
    static const person_id REQUESTERS[] = {ANNA, ANNA, FRITZ, OTTO, BEN};
    static const person_id ASSIGNEES[] = {0, 0, 0, CLARA, BEN, FRITZ, GONE};
    static const group_id GROUPS[] = {0, 0, GROUP_BENS, GROUP_NONE};
    static const person_id GUESTS[] = {DORA, OTTO, CLARA, EVE};
    struct ticket_record *ticket = world_ticket(records, 12);

    ticket->requester = REQUESTERS[draw(at, G_N_ELEMENTS(REQUESTERS))];
    ticket->customer = ticket->requester == OTTO ? OTHER : ticket->requester == BEN ? 0 : ACME;
    ticket->assignee = ASSIGNEES[draw(at, G_N_ELEMENTS(ASSIGNEES))];
    ticket->group = GROUPS[draw(at, G_N_ELEMENTS(GROUPS))];
    ticket->status = (enum ticket_status)draw(at, 4);
    if (ticket->status == TICKET_CLOSED) {
        int64_t days = draw_one_of(at, 2) ? 60 : 3;
        ticket->closed_at_us = WORLD_NOW_US - days * INT64_C(86400000000);
    }
    if (draw_one_of(at, 2)) {
        g_array_append_val(ticket->participants, GUESTS[draw(at, G_N_ELEMENTS(GUESTS))]);
    }
    if (placement_of(at)->hint == HINT_TAG &&
        draw_one_of(at, 4)) { /* tokens follow merges by themselves */
        world_add_ticket(records, 13, DORA, ACME);
        ticket->merged_into = 13;
    }
}

static inline void combine_twin(struct combination *at, struct records *records)
{
    static const enum verdict ENDED[] = {VERDICT_FILED, VERDICT_EVENT, VERDICT_HELD,
                                         VERDICT_REJECTED};

    if (!draw_one_of(at, 10)) {
        return;
    }
    records->twin.mail = 55;
    records->twin.verdict = ENDED[draw(at, G_N_ELEMENTS(ENDED))];
    if (records->twin.verdict == VERDICT_FILED) {
        records->twin.ticket = 12;
        records->twin.comment = 8;
        records->twin.is_unverified = draw_one_of(at, 2);
    }
}

/* ---- the mail ---------------------------------------------------------------------------------- */

static inline person_id holder_of(const struct combination *at, const struct records *records)
{
    switch (placement_of(at)->holder) {
    case HOLDER_SENDER:
        break;
    case HOLDER_CARL:
        return CARL;
    case HOLDER_BEN:
        return BEN;
    }
    return records->sender;
}

static inline void combine_held(struct combination *at, struct records *records)
{
    static const enum held_for WHY[] = {HELD_FOR_CLAIM, HELD_FOR_FORGED, HELD_FOR_MAIN_CONTACT,
                                        HELD_FOR_MAIN_CONTACT, HELD_FOR_FLOOD};
    struct held_record *held = world_add_held(records, WHY[draw(at, G_N_ELEMENTS(WHY))],
                                              placement_of(at)->purpose, holder_of(at, records));
    struct token_record *token = records->tokens->pdata[0];

    token->place = placement_of(at)->place;
    held->is_held = !draw_one_of(at, 4);
    held->ticket = draw_one_of(at, 2) ? 12 : 0;
    held->sender = draw_one_of(at, 2) ? records->sender : DORA;
    held->customer = draw_one_of(at, 6) ? OTHER : ACME;
    token->ticket = held->ticket;
}

static inline void combine_place(struct combination *at, struct case_of *it)
{
    const struct placement *placement = placement_of(at);
    bool is_overtaken = placement->hint == HINT_OVERTAKEN;

    switch (placement->hint) {
    case HINT_NONE:
        return;
    case HINT_TAG:
        world_set(&it->facts->subject, "Re: [#12] x");
        return;
    case HINT_STORED:
    case HINT_SAME_ID:
    case HINT_OVERTAKEN:
        world_add_id(it->records,
                     placement->hint == HINT_STORED ? "p@mail.example" : "m1@mail.example", 12,
                     draw_one_of(at, 2) ? CARL : OTTO, !is_overtaken)
            ->is_auth_failed = draw_one_of(at, 4);
        return;
    case HINT_TOKEN:
        world_add_token(it->records, placement->place, placement->purpose,
                        holder_of(at, it->records), 12);
        break;
    case HINT_HELD_TOKEN:
        combine_held(at, it->records);
        break;
    }
    struct token_record *token = it->records->tokens->pdata[0];
    token->is_valid = !draw_one_of(at, 8);
    token->is_expired = draw_one_of(at, 8);
    world_set(&it->facts->subject, draw_one_of(at, 4) ? "Another matter" : "Re: Drucker defekt");
}

/* What the store would find for an address. */
static inline void combine_address(struct records *records, const char *address)
{
    g_autofree char *key = g_ascii_strdown(address, -1);

    if (records_address(records, key) != NULL) {
        return;
    }
    struct address_record *record = address_record_new(key);
    for (guint i = 0; i < records->people->len; i++) {
        const struct person_record *person = records->people->pdata[i];
        record->person = strcmp(person->address, key) == 0 ? person->id : record->person;
    }
    record->domain_customer = g_str_has_suffix(key, "@acme.example")    ? ACME
                              : g_str_has_suffix(key, "@other.example") ? OTHER
                                                                        : 0;
    g_ptr_array_add(records->addresses, record);
}

static inline void combine_copies(struct combination *at, struct case_of *it)
{
    static const char *const OTHERS[] = {
        "dora@acme.example",
        "fritz@acme.example",
        "otto@other.example",
        "attacker@evil.test",
        "newest@acme.example",
        "clara@desk.example",
        OURS,
        "support+x@desk.example",
        "gone@desk.example",
        "Anna@acme.example",
        "guest@nowhere.test",
    };

    g_ptr_array_add(it->facts->to, address_new(OURS, ""));
    for (unsigned left = draw(at, 4); left > 0; left--) {
        const char *other = OTHERS[draw(at, G_N_ELEMENTS(OTHERS))];
        g_ptr_array_add(draw_one_of(at, 2) ? it->facts->to : it->facts->cc, address_new(other, ""));
        combine_address(it->records, other);
    }
    if (draw_one_of(at, 4)) {
        g_ptr_array_add(it->facts->reply_to, address_new("attacker@evil.test", ""));
    }
}

static inline void combine_words(struct combination *at, struct case_of *it)
{
    /* A word on held mail mostly stands in an answer to what the desk said of it. */
    unsigned first = placement_of(at)->hint != HINT_HELD_TOKEN || draw_one_of(at, 4) ? 0
                     : placement_of(at)->purpose == TOKEN_HELD                       ? FIRST_COMMAND
                                                                                     : FIRST_ANSWER;
    at->words = first == 0 ? draw(at, G_N_ELEMENTS(WORDS)) : first + draw(at, SOME_WORDS);
    world_set(&it->facts->text, WORDS[at->words].text);
    if (WORDS[at->words].behalf != NULL) {
        combine_address(it->records, WORDS[at->words].behalf);
    }
    if (draw_one_of(at, 5)) {
        const char *from = draw_one_of(at, 2) ? "dora@acme.example" : "guest@nowhere.test";
        it->facts->forwarded_from = address_new(from, "Guest");
        combine_address(it->records, from);
    }
    if (placement_of(at)->hint == HINT_NONE && draw_one_of(at, 4)) {
        world_set(&it->facts->subject, "WG: something");
    }
    if (draw_one_of(at, 16)) {
        it->records->is_oversize = true;
        it->records->bytes = 30 << 20;
    } else if (draw_one_of(at, 16)) {
        struct attachment *file = attachment_new();
        file->bytes = 16 << 20;
        g_ptr_array_add(it->facts->attachments, file);
    }
}

static inline void combine_report(struct combination *at, struct case_of *it)
{
    if (KINDS[at->kind].auto_kind != AUTO_BOUNCE) {
        return;
    }
    struct bounce *bounce = bounce_new();
    struct outbound_record *outbound = outbound_record_new();

    world_set(&bounce->recipient,
              draw_one_of(at, 3) ? "somebody@acme.example" : "carl@acme.example");
    world_set(&bounce->action, draw_one_of(at, 4) ? "delayed" : "failed");
    world_set(&bounce->status, draw_one_of(at, 2) ? "5.1.1" : "4.2.2");
    g_ptr_array_add(it->facts->bounces, bounce);
    outbound->id = 70;
    outbound->ticket = 12;
    outbound->person = CARL;
    outbound->author = draw_one_of(at, 4) ? 0 : BEN;
    outbound->is_automatic = draw_one_of(at, 4);
    world_set(&outbound->address, "carl@acme.example");
    g_ptr_array_add(it->records->outbounds, outbound);
}

static inline struct case_of combine(struct combination *at)
{
    static const char *const RESULTS[] = {"pass", NULL, "fail"};
    const char *from = SENDERS[at->sender];
    const char *result = from == NULL ? NULL : RESULTS[at->auth];
    g_autofree char *stamp = result == NULL ? NULL
                                            : g_strdup_printf("dmarc=%s header.from=%s", result,
                                                              strrchr(from, '@') + 1);
    struct case_of it = case_from(from, "Something", stamp);

    it.facts->auto_kind = KINDS[at->kind].auto_kind;
    it.facts->return_path = KINDS[at->kind].is_null_path ? g_strdup("") : NULL;
    it.facts->is_ambiguous = KINDS[at->kind].is_ambiguous;
    it.facts->received_count = KINDS[at->kind].loops ? LIMIT_RECEIVED + 1 : 3;
    combine_people(at, it.records);
    combine_settings(at, it.records);
    combine_ticket(at, it.records);
    combine_twin(at, it.records);
    combine_place(at, &it);
    combine_copies(at, &it);
    combine_words(at, &it);
    combine_report(at, &it);
    if (draw_one_of(at, 8)) {
        it.records->released_by = g_strdup("clara@desk.example");
        it.records->is_trusted = draw_one_of(at, 2);
    }
    return it;
}

#endif
