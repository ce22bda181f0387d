/* What decide promises, tried on combinations of everything that a mail can be: sender, place, token,
 * authentication, machine, shape, state of the ticket, settings. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/decide.h"
#include "desk/identity.h"
#include "desk_world.h"

static const char *const SENDERS[] = {
    NULL,
    "support@desk.example",
    "ben@desk.example",
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

/* One of so many is tried; it shares no factor with the sizes, so that all of their values meet. */
#define STRIDE 53

enum { PLACES = 8, TOKENS = 7, AUTHS = 3, KINDS = 5, SHAPES = 3, STATES = 5, POLICIES = 6 };

/* The digits of one combination. */
struct combination {
    unsigned sender;
    unsigned place;
    unsigned token;
    unsigned auth;
    unsigned kind;
    unsigned shape;
    unsigned state;
    unsigned policy;
};

static bool nth_combination(unsigned n, struct combination *out)
{
    const unsigned sizes[] = {
        G_N_ELEMENTS(SENDERS), PLACES, TOKENS, AUTHS, KINDS, SHAPES, STATES, POLICIES};
    unsigned *digits[] = {&out->sender, &out->place, &out->token, &out->auth,
                          &out->kind,   &out->shape, &out->state, &out->policy};

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        *digits[i] = n % sizes[i];
        n /= sizes[i];
    }
    return n == 0;
}

static void combine_place(const struct combination *at, struct case_of *it)
{
    static const enum token_purpose PURPOSES[TOKENS] = {
        TOKEN_CONTACT_REPLY, TOKEN_CONTACT_REPLY, TOKEN_TECHNICIAN_REPLY, TOKEN_TECHNICIAN_NOTE,
        TOKEN_BOUNCE,        TOKEN_CONFIRM,       TOKEN_TECHNICIAN_REPLY};
    person_id holder = at->token == 1 || at->token == 6 ? BEN : it->records->sender;

    if (at->place < 3 || at->place == 7) {
        enum token_place place = at->place == 7 ? TOKEN_IN_MESSAGE_ID : (enum token_place)at->place;
        world_add_token(it->records, place, PURPOSES[at->token], holder, 12);
    } else if (at->place == 3 || at->place == 4) {
        world_add_id(it->records, at->place == 3 ? "p@mail.example" : "m1@mail.example", 12,
                     at->token == 0 ? CARL : OTTO, at->token > 3);
    } else if (at->place == 5) {
        world_set(&it->facts->subject, "Re: [#12] x");
    }
}

static void combine_state(const struct combination *at, struct case_of *it)
{
    struct ticket_record *ticket = world_ticket(it->records, 12);

    ticket->status = (enum ticket_status)(at->state % 4);
    ticket->closed_at_us = at->state == 3 ? WORLD_NOW_US - INT64_C(86400000000) * 60 : 0;
    ticket->closed_at_us = at->state == 4 ? WORLD_NOW_US : ticket->closed_at_us;
    ticket->status = at->state == 4 ? TICKET_CLOSED : ticket->status;
    ticket->assignee = at->state == 1 ? CLARA : 0;
    ticket->requester = at->state == 2 ? FRITZ : ANNA;
}

static struct case_of combine(const struct combination *at)
{
    static const enum auto_kind AUTOS[KINDS] = {AUTO_NONE, AUTO_REPLIED, AUTO_LIST, AUTO_BOUNCE,
                                                AUTO_COMPLAINT};
    const char *from = SENDERS[at->sender];
    g_autofree char *stamp = at->auth == 1 || from == NULL
                                 ? NULL
                                 : g_strdup_printf("dmarc=%s header.from=%s",
                                                   at->auth == 0 ? "pass" : "fail",
                                                   strrchr(from, '@') + 1);
    struct case_of it = case_from(from, "Something", stamp);

    it.facts->auto_kind = AUTOS[at->kind];
    it.facts->is_ambiguous = at->shape == 1;
    it.facts->received_count = at->shape == 2 ? LIMIT_RECEIVED + 1 : 3;
    it.records->settings.unknown_senders = (enum unknown_senders)(at->policy % 3);
    it.records->mailbox.needs_auth = at->policy < 3;
    it.records->released_by = at->policy == 4 ? g_strdup("clara@desk.example") : NULL;
    combine_place(at, &it);
    combine_state(at, &it);
    return it;
}

/* Was this token given to the sender for ticket 12, to be used like this? */
static bool holds(const struct case_of *it, enum token_purpose purpose)
{
    for (guint i = 0; i < it->records->tokens->len; i++) {
        const struct token_record *token = it->records->tokens->pdata[i];
        if (token->person == it->records->sender && token->person != 0 &&
            token->purpose == purpose && token->place <= TOKEN_IN_REFERENCES) {
            return true;
        }
    }
    return false;
}

static void check_technician(const struct combination *at, const struct case_of *it)
{
    const struct plan *plan = it->plan;
    const struct person_record *sender = records_person(it->records, it->records->sender);
    bool is_proven = at->auth == 0 || (at->auth == 1 && !it->records->mailbox.needs_auth);

    if (plan->outcome == OUTCOME_TECHNICIAN) {
        MUST(is_proven && holds(it, TOKEN_TECHNICIAN_REPLY));
        MUST(sender->is_technician && !sender->is_disabled);
        MUST(at->kind == 0 && at->shape == 0 && it->records->released_by == NULL);
    }
    if (world_change(plan, CHANGE_TICKET_ASSIGN) != NULL) {
        MUST(plan->outcome == OUTCOME_TECHNICIAN);
    }
    if (plan->outcome == OUTCOME_NOTE && it->records->released_by == NULL) {
        MUST(is_proven);
    }
}

static void check_changes(const struct combination *at, const struct case_of *it)
{
    const struct plan *plan = it->plan;
    const struct change *comment = world_change(plan, CHANGE_COMMENT_ADD);

    MUST((comment != NULL) == (plan->verdict == VERDICT_FILED));
    if (plan->verdict != VERDICT_FILED && plan->verdict != VERDICT_EVENT) {
        MUST(plan->changes->len == 0);
    }
    if (plan->verdict == VERDICT_FILED) {
        MUST(plan->ticket == 12 || plan->ticket == REF_NEW);
        MUST(plan->sender != REF_NONE);
        MUST((plan->ticket == REF_NEW) == (world_change(plan, CHANGE_TICKET_OPEN) != NULL));
        MUST((plan->sender == REF_NEW) == (world_change(plan, CHANGE_PERSON_ADD) != NULL));
    }
    if (at->auth == 2 && it->records->released_by == NULL) {
        MUST(plan->verdict == VERDICT_HELD || plan->verdict == VERDICT_EVENT);
    }
    if (at->auth != 0) {
        MUST(world_change(plan, CHANGE_PERSON_CONFIRM) == NULL || holds(it, TOKEN_CONTACT_REPLY));
    }
}

static void check_mail(const struct case_of *it, const struct plan_mail *mail)
{
    const struct plan *plan = it->plan;
    const struct person_record *person = records_person(it->records, mail->person);
    const struct ticket_record *ticket = mail->ticket == 12 ? records_ticket(it->records, 12)
                                                            : NULL;
    bool is_technician = person != NULL && identity_is_technician_on(person, ticket);
    bool is_opener = strcmp(mail->notice, "receipt") == 0 ||
                     strcmp(mail->notice, "acknowledgement") == 0;

    if (plan->outcome == OUTCOME_HELD) {
        return;
    }
    MUST(mail->ticket == plan->ticket);
    if (strcmp(mail->notice, "noted") == 0) {
        return;
    }
    if (plan->outcome == OUTCOME_NOTE) {
        MUST(is_technician && mail->purpose == TOKEN_TECHNICIAN_NOTE);
    }
    if (plan->outcome == OUTCOME_UNVERIFIED) {
        MUST(is_technician);
    }
    if (!is_technician && !is_opener) {
        MUST(plan->outcome == OUTCOME_PUBLIC || plan->outcome == OUTCOME_TECHNICIAN);
        MUST(!(mail->is_automatic));
    }
    if (mail->is_stranger) {
        MUST(strcmp(mail->notice, "acknowledgement") == 0);
        MUST(!mail->tells_comment && mail->is_automatic);
    }
    MUST(!is_opener || strcmp(mail->address, it->facts->from->address) == 0);
}

static void check_mails(const struct combination *at, const struct case_of *it)
{
    const GPtrArray *mails = it->plan->mails;

    MUST(at->kind == 0 || mails->len == 0);
    for (guint i = 0; i < mails->len; i++) {
        const struct plan_mail *mail = mails->pdata[i];
        check_mail(it, mail);
        for (guint j = 0; j < i; j++) {
            const struct plan_mail *other = mails->pdata[j];
            MUST(mail->person != other->person);
        }
    }
}

Test(combinations, keep_every_promise, .timeout = 60)
{
    unsigned counts[OUTCOME_DUPLICATE + 1] = {0};
    struct combination at;
    unsigned tried = 0;

    for (unsigned n = 0; nth_combination(n, &at); n += STRIDE) {
        struct case_of it = combine(&at);
        it.plan = decide(it.facts, it.records);
        check_technician(&at, &it);
        check_changes(&at, &it);
        check_mails(&at, &it);
        counts[it.plan->outcome]++;
        tried++;
        case_clear(&it);
    }
    cr_expect_gt(tried, 17000, "tried %u", tried);
    for (int outcome = OUTCOME_TECHNICIAN; outcome < OUTCOME_DUPLICATE; outcome++) {
        cr_expect_gt(counts[outcome], 0, "none is %s", outcome_name((enum outcome)outcome));
    }
}
