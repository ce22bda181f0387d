/* What decide promises, tried on combinations of everything that a mail can be (desk_combination.h).
 *
 * The promises are those of THREATS 1 and 3 and DESIGN 6, said a second time: nothing here asks the code under test who
 * somebody is or what he may do.
 */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/auth.h"
#include "desk/decide.h"
#include "desk_tried.h"

/* ---- what a verdict is ------------------------------------------------------------------------- */

static unsigned count_changes(const struct plan *plan, enum change_kind kind)
{
    unsigned count = 0;

    for (guint i = 0; i < plan->changes->len; i++) {
        count += ((const struct change *)plan->changes->pdata[i])->kind == kind;
    }
    return count;
}

static void check_verdict(const struct tried *it)
{
    const struct plan *plan = it->plan;
    bool is_filed = plan->verdict == VERDICT_FILED;
    unsigned verified = count_changes(plan, CHANGE_VERIFIED);
    bool has_new_sender = plan->sender == REF_NEW;

    PROMISE(count_changes(plan, CHANGE_COMMENT_ADD) + verified == (is_filed ? 1 : 0));
    PROMISE((plan->held_for != HELD_FOR_NOTHING) == (plan->verdict == VERDICT_HELD));
    PROMISE((plan->held_until_us != 0) == (plan->held_for == HELD_FOR_MAIN_CONTACT));
    if (!is_filed && plan->verdict != VERDICT_EVENT) {
        PROMISE(plan->changes->len == 0);
        PROMISE(plan->verdict == VERDICT_HELD || plan->mails->len == 0);
    }
    if (is_filed) {
        bool is_new = plan->ticket == REF_NEW;
        PROMISE(is_new || it->ticket != NULL);
        PROMISE(is_new == (count_changes(plan, CHANGE_TICKET_OPEN) == 1));
        PROMISE(plan->sender != REF_NONE);
        PROMISE(!has_new_sender || count_changes(plan, CHANGE_PERSON_ADD) > 0);
    }
    if (verified != 0) {
        PROMISE(plan->changes->len == 1 && plan->mails->len == 0);
        PROMISE(it->records->twin.is_unverified && plan->supersedes == it->records->twin.mail);
    }
    if (it->records->twin.mail == 0) {
        PROMISE(plan->verdict != VERDICT_DUPLICATE && plan->supersedes == 0);
    } else {
        /* Where the first stands unverified in another place, both are there. */
        PROMISE(plan->verdict == VERDICT_DUPLICATE || plan->supersedes == 55 ||
                (it->records->twin.is_unverified && plan->ticket != it->records->twin.ticket));
        PROMISE(plan->supersedes == 0 || it->records->twin.verdict == VERDICT_HELD ||
                verified != 0);
    }
}

/* ---- what it takes ----------------------------------------------------------------------------- */

static void check_technician(const struct tried *it)
{
    const struct plan *plan = it->plan;
    bool is_assigned = count_changes(plan, CHANGE_TICKET_SET) > 0;

    if (plan->outcome == OUTCOME_TECHNICIAN) {
        PROMISE(works_on(it->sender, it->ticket) && is_permitted(it->sender, it->ticket));
        PROMISE(is_proved(it) && has_own(it, TOKEN_TECHNICIAN_REPLY));
        PROMISE(is_by_person(it->at) && is_clear(it->at) && !it->is_released);
        PROMISE(!it->records->is_oversize &&
                it->facts->attachments->len == 0); /* all can be passed on */
    }
    PROMISE(!is_assigned || plan->outcome == OUTCOME_TECHNICIAN);
    if (plan->outcome != OUTCOME_NOTE || it->is_ours) {
        PROMISE(plan->outcome != OUTCOME_NOTE || it->auth == AUTH_PASS);
        return;
    }
    if (it->is_released) {
        PROMISE(it->sender->is_technician || it->sender->is_disabled);
        return;
    }
    PROMISE(works_on(it->sender, it->ticket) && is_permitted(it->sender, it->ticket));
    PROMISE(is_by_person(it->at) && is_clear(it->at) && it->ticket != NULL);
    PROMISE(it->auth == AUTH_PASS || (is_proved(it) && (has_own(it, TOKEN_TECHNICIAN_NOTE) ||
                                                        has_own(it, TOKEN_TECHNICIAN_REPLY))));
}

static void check_contact(const struct tried *it)
{
    const struct plan *plan = it->plan;
    bool is_in_a_ticket = plan->outcome == OUTCOME_PUBLIC || plan->outcome == OUTCOME_UNVERIFIED;
    bool is_verified = count_changes(plan, CHANGE_VERIFIED) >
                       0; /* the ticket is the first copy's */

    if (!is_in_a_ticket || is_verified) {
        return;
    }
    bool may_comment = takes_part(it, it->ticket) &&
                       (it->auth == AUTH_PASS ||
                        (it->auth == AUTH_NONE && has_own(it, TOKEN_CONTACT_REPLY)));
    PROMISE(!works_on(it->sender, it->ticket) && !it->is_ours && it->facts->from != NULL);
    PROMISE(it->is_released || is_clear(it->at));
    PROMISE(it->is_released || it->auth != AUTH_FAIL);
    PROMISE(it->is_released || (plan->outcome == OUTCOME_PUBLIC) == may_comment);
    if (plan->outcome == OUTCOME_UNVERIFIED) {
        PROMISE(!it->is_released && count_changes(plan, CHANGE_PARTICIPANT_ADD) == 0);
    }
}

static void check_opener(const struct tried *it)
{
    const struct plan *plan = it->plan;
    const struct settings *settings = &it->records->settings;
    const struct person_record *sender = it->sender;
    bool is_known = sender != NULL && (sender->is_confirmed || customer_of(it) != 0);

    if (plan->outcome != OUTCOME_NEW || it->is_released || it->is_ours) {
        return;
    }
    PROMISE(it->auth != AUTH_FAIL && is_clear(it->at) && it->facts->from != NULL);
    PROMISE(sender == NULL || !sender->is_disabled);
    if (works_on(sender, NULL)) {
        PROMISE(it->auth == AUTH_PASS);
        return;
    }
    PROMISE(sender == NULL || sender->opens_tickets);
    PROMISE(is_known || customer_of(it) != 0 || settings->unknown_senders == UNKNOWN_TICKET);
    PROMISE(customer_of(it) == 0 || !it->records->customer.is_main_contact_only ||
            (sender != NULL && sender->is_main_contact));
    PROMISE(records_count(it->records, BUDGET_STRANGERS_TICKETS, "") == 0 ||
            (sender != NULL && sender->is_confirmed) ||
            (customer_of(it) != 0 && it->auth == AUTH_PASS));
}

/* "#for" and forwarded mail, of technicians who are authenticated, and of nobody else. */
static void check_behalf(const struct tried *it)
{
    const struct change *open = world_change(it->plan, CHANGE_TICKET_OPEN);
    const char *behalf = WORDS[it->at->words].behalf;
    bool may = open != NULL && works_on(it->sender, NULL) && it->auth == AUTH_PASS &&
               is_by_person(it->at) && !it->is_released;

    if (open == NULL) {
        return;
    }
    if (!may) {
        PROMISE(open->person == it->plan->sender);
    } else if (behalf != NULL) {
        const struct person_record *requester = records_person(it->records, open->person);
        const struct change *add = world_change(it->plan, CHANGE_PERSON_ADD);
        const char *address = requester != NULL ? requester->address : add->address;
        PROMISE(g_ascii_strcasecmp(address, behalf) == 0);
        PROMISE(world_mail_to(it->plan, it->sender->id)->purpose == TOKEN_TECHNICIAN_REPLY);
    } else {
        PROMISE(open->person == it->plan->sender || it->facts->forwarded_from != NULL);
    }
    if (open->person == it->plan->sender) {
        PROMISE(open->customer == customer_of(it));
    }
}

/* ---- people ------------------------------------------------------------------------------------ */

static customer_id domain_of(const char *address)
{
    const char *domain = strrchr(address, '@') + 1;

    return strcmp(domain, "acme.example") == 0    ? ACME
           : strcmp(domain, "other.example") == 0 ? OTHER
                                                  : 0;
}

static void check_added(const struct tried *it, const struct change *add, guint index)
{
    bool is_sender = add->person == REF_NEW;

    PROMISE(is_sender ? it->sender == NULL : add->person < REF_NEW);
    PROMISE(is_sender ? add->customer == customer_of(it)
                      : add->customer == domain_of(add->address));
    PROMISE((is_sender && it->is_ours) || !is_own_address(add->address));
    PROMISE(!add->is_confirmed || it->auth == AUTH_PASS || it->records->is_trusted);
    for (guint i = 0; i < index; i++) {
        const struct change *other = it->plan->changes->pdata[i];
        PROMISE(other->kind != CHANGE_PERSON_ADD ||
                (other->person != add->person &&
                 g_ascii_strcasecmp(other->address, add->address) != 0));
    }
}

/* The address of somebody whom the plan or the records know. */
static const char *address_of(const struct tried *it, person_id id)
{
    const struct person_record *person = records_person(it->records, id);

    for (guint i = 0; i < it->plan->changes->len; i++) {
        const struct change *change = it->plan->changes->pdata[i];
        if (change->kind == CHANGE_PERSON_ADD && change->person == id) {
            return change->address;
        }
    }
    return person == NULL ? NULL : person->address;
}

/* "Cc added by a contact joins if of the same customer; Cc added by a technician joins. A technician whom a contact
 * puts in Cc is shown." */
static void check_joined(const struct tried *it, const struct change *join)
{
    const struct person_record *person = records_person(it->records, join->person);
    const char *address = address_of(it, join->person);
    bool is_by_technician = works_on(it->sender, it->ticket);
    const struct change *comment = world_change(it->plan, CHANGE_COMMENT_ADD);

    PROMISE(comment->comment_kind == COMMENT_PUBLIC);
    PROMISE(it->auth != AUTH_FAIL || it->is_released);
    PROMISE(it->ticket == NULL || person == NULL || !is_party(person->id, it->ticket));
    if (join->person == it->plan->sender) {
        PROMISE(it->plan->outcome == OUTCOME_PUBLIC && takes_part(it, it->ticket));
        return;
    }
    PROMISE(is_named(it, address) && !is_own_address(address) && is_by_person(it->at));
    PROMISE(person == NULL || (!person->is_disabled && !person->is_technician));
    if (!is_by_technician) {
        customer_id customer = person != NULL ? person->customer : domain_of(address);
        PROMISE(customer != 0 && customer == customer_of(it));
    }
}

static void check_people(const struct tried *it)
{
    bool is_reply = is_by_person(it->at) && it->auth == AUTH_NONE &&
                    (own_token(it, TOKEN_CONTACT_REPLY) || own_token(it, TOKEN_CONFIRM));

    for (guint i = 0; i < it->plan->changes->len; i++) {
        const struct change *change = it->plan->changes->pdata[i];
        if (change->kind == CHANGE_PERSON_ADD) {
            check_added(it, change, i);
        } else if (change->kind == CHANGE_PARTICIPANT_ADD) {
            check_joined(it, change);
        } else if (change->kind == CHANGE_PERSON_CONFIRM) {
            PROMISE(change->person == it->sender->id && !it->sender->is_confirmed);
            PROMISE(it->auth == AUTH_PASS || it->records->is_trusted || is_reply);
        }
    }
}

/* ---- held mail --------------------------------------------------------------------------------- */

static const struct held_record *held_of(const struct tried *it)
{
    return records_held(it->records, HELD_MAIL);
}

/* Who was asked, and is still the one whose word counts. */
static bool is_asked(const struct tried *it)
{
    const struct held_record *held = held_of(it);

    if (own_token(it, TOKEN_CONFIRM) == NULL || held == NULL || it->sender->is_disabled) {
        return false;
    }
    return held->held_for == HELD_FOR_MAIN_CONTACT
               ? it->sender->is_main_contact && it->sender->customer == held->customer
               : it->sender->id == held->sender;
}

/* "release or drop held mail: technician of own tickets, lead"; "admit a colleague's: technician in group, lead". */
static bool decides(const struct tried *it)
{
    const struct held_record *held = held_of(it);

    if (own_token(it, TOKEN_HELD) == NULL || held == NULL || !works_on(it->sender, NULL) ||
        !is_proved(it)) {
        return false;
    }
    const struct ticket_record *ticket = records_ticket(it->records, held->ticket);

    if (held->held_for == HELD_FOR_MAIN_CONTACT) {
        return works_on(it->sender, ticket) && is_permitted(it->sender, ticket);
    }
    return (it->sender->is_lead && works_on(it->sender, ticket)) ||
           (ticket != NULL && works_on(it->sender, ticket) &&
            (ticket->assignee == it->sender->id ||
             (ticket->assignee == 0 && is_permitted(it->sender, ticket))));
}

/* Whose mail it was says that he wrote it: then it may do what he may by himself, with proof. */
static bool may_write_himself(const struct tried *it)
{
    const struct held_record *held = held_of(it);
    const struct ticket_record *ticket = records_ticket(it->records, held->ticket);

    if (held->held_for == HELD_FOR_MAIN_CONTACT) {
        return true; /* a colleague's */
    }
    if (works_on(it->sender, ticket)) {
        return is_permitted(it->sender, ticket);
    }
    return ticket != NULL
               ? it->sender->is_technician || takes_part(it, ticket)
               : it->sender->opens_tickets &&
                     (it->sender->is_main_contact || !it->records->customer.is_main_contact_only);
}

static void check_answer(const struct tried *it)
{
    const struct plan *plan = it->plan;
    const struct words *words = &WORDS[it->at->words];
    const struct change *release = world_change(plan, CHANGE_HELD_RELEASE);
    const struct change *drop = world_change(plan, CHANGE_HELD_DROP);
    bool is_plain = is_by_person(it->at) && is_clear(it->at) && !it->is_released &&
                    it->auth != AUTH_FAIL && !it->is_ours && it->records->twin.mail == 0 &&
                    it->facts->from != NULL;
    bool is_about_held = is_plain && placement_of(it->at)->hint == HINT_HELD_TOKEN &&
                         held_of(it)->is_held;
    bool yes = is_about_held && is_asked(it) && words->is_yes && may_write_himself(it);
    bool no = is_about_held && is_asked(it) && words->is_no;
    bool releases = is_about_held && decides(it) && words->is_release;
    bool drops = is_about_held && decides(it) && words->is_drop;
    bool is_spam = g_ascii_strcasecmp(words->text, "#spam") == 0;
    bool trusts = g_ascii_strcasecmp(words->text, "#trust") == 0;

    if (it->records->twin.mail != 0) {
        return; /* as a copy: see check_verdict */
    }
    PROMISE((release != NULL) == (yes || releases));
    PROMISE((drop != NULL) == (no || drops));
    PROMISE(release == NULL || release->mail == HELD_MAIL);
    PROMISE(drop == NULL || drop->mail == HELD_MAIL);
    PROMISE(release == NULL || release->is_confirmed == (releases && trusts));
    PROMISE(drop == NULL || drop->is_spam == (drops && is_spam));
    if (release != NULL || drop != NULL) {
        PROMISE(plan->outcome == OUTCOME_EVENT && plan->changes->len == 1);
    }
}

/* ---- who is told ------------------------------------------------------------------------------- */

static bool is_notice(const struct plan_mail *mail, const char *const *notices)
{
    return g_strv_contains(notices, mail->notice);
}

static const char *const TO_SENDER[] = {"receipt",   "acknowledgement", "oversize",
                                        "too-large", "was-this-you",    "waits",
                                        "noted",     "held-decided",    NULL};
static const char *const WHEN_HELD[] = {"was-this-you", "held", "admission", "waits", NULL};
static const char *const TO_TECHNICIANS[] = {"new-ticket",  "note", "assigned",    "noted",
                                             "undelivered", "held", "held-answer", "held-decided",
                                             "too-large",   NULL};
static const char *const BY_MACHINES[] = {"undelivered", "held-answer", NULL};

/* Nobody is written to but at the address that he registered or has just written from, and nobody who is gone. */
static void check_address(const struct tried *it, const struct plan_mail *mail)
{
    const struct person_record *person = records_person(it->records, mail->person);
    bool is_sender = mail->person == it->plan->sender || person == it->sender;
    bool is_from = is_sender && it->facts->from != NULL &&
                   strcmp(mail->address, it->facts->from->address) == 0;

    PROMISE(is_from || (person != NULL && strcmp(mail->address, person->address) == 0));
    PROMISE(person == NULL || !person->is_disabled);
    PROMISE(mail->suppressed_by != NULL || !is_own_address(mail->address));
    PROMISE(mail->suppressed_by != NULL || person == NULL || !person->is_address_dead || is_from);
}

/* Notes and what nothing proves are read by technicians of the ticket, and by nobody else. */
static void check_content(const struct tried *it, const struct plan_mail *mail)
{
    const struct person_record *person = records_person(it->records, mail->person);
    const struct change *comment = world_change(it->plan, CHANGE_COMMENT_ADD);
    bool is_technician = works_on(person, it->ticket);

    if (mail->tells_comment) {
        PROMISE(comment != NULL && mail->person != it->plan->sender);
        PROMISE(comment->comment_kind == COMMENT_PUBLIC || is_technician);
        PROMISE(comment->comment_kind == COMMENT_PUBLIC || is_permitted(person, it->ticket));
        PROMISE(it->plan->outcome != OUTCOME_NEW || is_technician);
    } else {
        PROMISE(is_notice(mail, TO_SENDER) || it->plan->verdict != VERDICT_FILED ||
                strcmp(mail->notice, "undelivered") == 0);
    }
    PROMISE(!is_notice(mail, TO_TECHNICIANS) || is_technician);
    if (mail->is_stranger) {
        PROMISE(mail->is_automatic && mail->values->len == 0 && !mail->tells_comment);
    }
}

/* What he does by a reply is what he is. */
static void check_purpose(const struct tried *it, const struct plan_mail *mail)
{
    const struct person_record *person = records_person(it->records, mail->person);

    switch (mail->purpose) {
    case TOKEN_CONTACT_REPLY:
        PROMISE(strcmp(mail->notice, "note") != 0);
        break;
    case TOKEN_TECHNICIAN_REPLY:
    case TOKEN_TECHNICIAN_NOTE:
        PROMISE(works_on(person, it->ticket) && mail->held == 0);
        PROMISE(strcmp(mail->notice, "note") != 0 || mail->purpose == TOKEN_TECHNICIAN_NOTE);
        break;
    case TOKEN_HELD:
        PROMISE(works_on(person, NULL) && mail->held != 0);
        break;
    case TOKEN_CONFIRM:
        PROMISE(mail->held == it->records->mail);
        PROMISE(strcmp(mail->notice, "was-this-you") == 0 ? person == it->sender
                                                          : strcmp(mail->notice, "admission") == 0);
        break;
    case TOKEN_BOUNCE:
    case TOKEN_UNDO:
        PROMISE(!"a purpose of no notice");
    }
}

static void check_notice(const struct tried *it, const struct plan_mail *mail)
{
    const struct plan *plan = it->plan;
    const struct person_record *person = records_person(it->records, mail->person);
    bool is_confirmed = it->sender != NULL && it->sender->is_confirmed;

    PROMISE((plan->verdict == VERDICT_HELD) == is_notice(mail, WHEN_HELD));
    if (strcmp(mail->notice, "admission") == 0) {
        PROMISE(plan->held_for == HELD_FOR_MAIN_CONTACT);
        PROMISE(person->is_main_contact && person->customer == customer_of(it));
    }
    if (strcmp(mail->notice, "waits") == 0) {
        PROMISE(plan->held_for == HELD_FOR_MAIN_CONTACT && (it->auth == AUTH_PASS || is_confirmed));
    }
    if (strcmp(mail->notice, "was-this-you") == 0) {
        PROMISE(person != NULL && person == it->sender &&
                (person->is_technician || person->is_confirmed));
        PROMISE(plan->held_for == HELD_FOR_CLAIM || plan->held_for == HELD_FOR_FORGED);
    }
    if (strcmp(mail->notice, "noted") == 0) {
        PROMISE(plan->outcome == OUTCOME_NOTE && it->auth == AUTH_PASS && !it->is_released);
    }
    if (strcmp(mail->notice, "reply") == 0) {
        PROMISE(plan->outcome == OUTCOME_TECHNICIAN);
    }
    if (strcmp(mail->notice, "undelivered") == 0 && plan->outcome == OUTCOME_EVENT) {
        PROMISE(count_changes(plan, CHANGE_BOUNCE) == 1);
    }
}

/* "The assignee or group learns it by mail": somebody but its sender does, if there is anybody. */
static void check_news_of_held(const struct tried *it)
{
    const GArray *technicians = it->records->technicians;
    bool is_told = false;
    bool is_anybody = false;

    if (it->plan->verdict != VERDICT_HELD || !is_by_person(it->at)) {
        return;
    }
    for (guint i = 0; i < it->plan->mails->len; i++) {
        const struct plan_mail *mail = it->plan->mails->pdata[i];
        is_told |= strcmp(mail->notice, "held") == 0 || strcmp(mail->notice, "admission") == 0;
    }
    for (guint i = 0; i < technicians->len; i++) {
        const struct person_record *person =
            records_person(it->records, g_array_index(technicians, person_id, i));
        is_anybody |= person != it->sender && works_on(person, it->ticket) &&
                      is_permitted(person, it->ticket);
    }
    PROMISE(is_told || !is_anybody);
}

static void check_mails(const struct tried *it)
{
    const GPtrArray *mails = it->plan->mails;

    for (guint i = 0; i < mails->len; i++) {
        const struct plan_mail *mail = mails->pdata[i];
        PROMISE(is_by_person(it->at) || is_notice(mail, BY_MACHINES));
        check_address(it, mail);
        check_content(it, mail);
        check_purpose(it, mail);
        check_notice(it, mail);
        for (guint j = 0; j < i; j++) {
            const struct plan_mail *other = mails->pdata[j];
            PROMISE(mail->person != other->person);
        }
    }
}

/* A report marks what came back only with a token for that very mail, and by its recipient. */
static void check_report(const struct tried *it)
{
    const struct change *bounce = world_change(it->plan, CHANGE_BOUNCE);
    const struct change *dead = world_change(it->plan, CHANGE_ADDRESS_DEAD);

    PROMISE(dead == NULL || bounce != NULL);
    if (bounce != NULL) {
        const struct token_record *token = it->records->tokens->pdata[0];
        const struct bounce *said = it->facts->bounces->pdata[0];
        bool is_recipient = strcmp(said->recipient, "carl@acme.example") == 0;
        PROMISE(it->plan->outcome == OUTCOME_EVENT && token->is_valid && bounce->outbound == 70);
        PROMISE((token->purpose == TOKEN_BOUNCE && token->place == TOKEN_IN_ADDRESS) ||
                (is_recipient && token->place != TOKEN_IN_ADDRESS &&
                 token->place != TOKEN_IN_MESSAGE_ID));
        PROMISE(strcmp(said->action, "failed") == 0);
        PROMISE((dead != NULL) == (strcmp(said->status, "5.1.1") == 0));
    }
}

/* ---- the whole --------------------------------------------------------------------------------- */

#define CHANGES (CHANGE_HELD_DROP + 1)

/* What came out, to see that the promises were put to a test. */
struct seen {
    unsigned outcomes[OUTCOME_DUPLICATE + 1];
    unsigned changes[CHANGES];
    unsigned held_for[HELD_FOR_PARSER + 1];
    GHashTable *notices;
};

static void see(struct seen *seen, const struct plan *plan)
{
    seen->outcomes[plan->outcome]++;
    seen->held_for[plan->held_for]++;
    for (guint i = 0; i < plan->changes->len; i++) {
        seen->changes[((const struct change *)plan->changes->pdata[i])->kind]++;
    }
    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        g_hash_table_add(seen->notices, (gpointer)mail->notice);
    }
}

static void try_one(unsigned n, struct seen *seen)
{
    struct combination at = combination_at(n);
    CASE it = combine(&at);
    it.plan = decide(it.facts, it.records);
    struct tried tried = {
        .at = &at,
        .facts = it.facts,
        .records = it.records,
        .plan = it.plan,
        .sender = records_person(it.records, it.records->sender),
        .ticket = records_ticket(it.records, it.plan->ticket),
        .auth = it.records->mailbox.trust == TRUST_NONE || it.facts->from == NULL ? AUTH_NONE
                : at.auth == 0                                                    ? AUTH_PASS
                : at.auth == 1                                                    ? AUTH_NONE
                                                                                  : AUTH_FAIL,
        .is_ours = it.facts->from != NULL && is_own_address(it.facts->from->address),
        .is_released = it.records->released_by != NULL,
    };

    number = n;
    made = it.plan;
    check_verdict(&tried);
    check_technician(&tried);
    check_contact(&tried);
    check_opener(&tried);
    check_behalf(&tried);
    check_people(&tried);
    check_answer(&tried);
    check_mails(&tried);
    check_news_of_held(&tried);
    check_report(&tried);
    see(seen, it.plan);
}

Test(combinations, keep_every_promise, .timeout = 120)
{
    struct seen seen = {.notices = g_hash_table_new(g_str_hash, g_str_equal)};

    for (unsigned n = 0; n < TRIES; n++) {
        try_one(n, &seen);
    }
    cr_expect_gt(TRIES, 60000, "%zu", TRIES);
    for (int i = 0; i <= OUTCOME_DUPLICATE; i++) {
        cr_expect_gt(seen.outcomes[i], 10, "%s", outcome_name((enum outcome)i));
    }
    for (int i = 0; i < CHANGES; i++) {
        cr_expect_gt(seen.changes[i], 10, "%s: %u", change_kind_name((enum change_kind)i),
                     seen.changes[i]);
    }
    for (int i = HELD_FOR_CLAIM; i < HELD_FOR_PARSER; i++) {
        cr_expect_gt(seen.held_for[i], 10, "%s", held_for_name((enum held_for)i));
    }
    cr_expect_eq(g_hash_table_size(seen.notices), 18, "%u", g_hash_table_size(seen.notices));
    g_hash_table_unref(seen.notices);
}
