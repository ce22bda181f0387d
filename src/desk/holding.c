/* holding - held mail lives by mail: who hears of it, and what their answers do
 *
 * A mail that is held tells, when a person wrote it:
 *
 *     was it you?      the registered address of whom it claims to be from: a technician or a confirmed contact
 *     main contact     sender, subject and the first words of a colleague's mail; his YES admits it (the
 *                      technicians, if he cannot be reached)
 *     the colleague    that his mail waits, and for whom; not if nothing shows that he is who he says
 *     the technicians  the ticket's assignee or group; without a ticket the leads, or all if there are none
 *
 * What comes back is an event, never a comment. A yes or no counts only from the person that was asked, for
 * the one mail, while it is held, with nothing else on its first line (desk/words); everything else changes
 * nothing and goes to the technicians. Technicians decide by "#release", "#drop", "#spam" or "#trust", with
 * the proof that all their commands need; the second to decide is told who did what and when.
 *
 * Rights are those of now: who is not the main contact any more admits nobody.
 * Pure.
 */
#include <assert.h>
#include <inttypes.h>

#include "desk/decision.h"
#include "desk/permission.h"
#include "desk/words.h"

#define US_PER_S INT64_C(1000000)
#define DAY_US   (86400 * US_PER_S)

/* ---- mails ------------------------------------------------------------------------------------- */

/* NULL: he has one already. */
static struct plan_mail *tell(struct decision *decision, const char *notice,
                              const struct person_record *person, mail_id held, const char *reason)
{
    if (person->is_disabled || plan_tells(decision->plan, person->id)) {
        return NULL;
    }
    struct plan_mail *mail = audience_add(decision->plan, decision->records, person, notice,
                                          reason);

    mail->held = held;
    mail->purpose = TOKEN_CONFIRM;
    mail->is_automatic = true;
    return mail;
}

/* What every notice about a held mail says of it. */
static void describe(struct plan_mail *mail, mail_id held, const char *from, const char *subject)
{
    g_autofree char *number = g_strdup_printf("%" PRId64, held);

    plan_set_value(mail, "held-number", number);
    plan_set_value(mail, "held-from", from);
    plan_set_value(mail, "held-subject", subject[0] != '\0' ? subject : "(no subject)");
}

static void describe_this(struct plan_mail *mail, const struct decision *decision, int64_t chars)
{
    g_autofree char *excerpt = words_excerpt(decision->facts, chars);
    g_autofree char *at = g_strdup_printf("%" PRId64, decision->records->now_us);

    plan_set_value(mail, "held-at", at);
    describe(mail, decision->records->mail, decision->facts->from_text, decision->facts->subject);
    plan_set_value(mail, "held-text", excerpt);
    plan_set_value(mail, "held-why", decision_reason(decision));
}

/* ---- the technicians --------------------------------------------------------------------------- */

/* Whose business it is. Never the sender's own: somebody else has to hear of it. */
struct keepers {
    const struct person_record *sender;
    const struct ticket_record *ticket;   /* NULL: it belongs to none */
    const struct person_record *assignee; /* NULL: none who could act */
    bool has_leads;
};

static const struct person_record *technician_at(const struct records *records, guint i)
{
    return records_person(records, g_array_index(records->technicians, person_id, i));
}

static struct keepers find_keepers(const struct decision *decision,
                                   const struct ticket_record *ticket)
{
    const struct records *records = decision->records;
    struct keepers keepers = {.sender = decision->identity.person,
                              .ticket = ticket,
                              .assignee = audience_assignee(records, ticket)};

    if (keepers.assignee == keepers.sender) {
        keepers.assignee = NULL;
    }
    for (guint i = 0; i < records->technicians->len; i++) {
        const struct person_record *person = technician_at(records, i);
        keepers.has_leads |= person != NULL && person != keepers.sender && person->is_lead;
    }
    return keepers;
}

static bool is_keeper(const struct keepers *keepers, const struct person_record *person)
{
    if (person == NULL || person == keepers->sender) {
        return false;
    }
    if (keepers->ticket == NULL) {
        return person->is_lead || !keepers->has_leads;
    }
    return keepers->assignee != NULL
               ? person == keepers->assignee
               : identity_is_technician_on(person, keepers->ticket) &&
                     permission_technician_may(person, keepers->ticket, ACTION_NOTE);
}

/* What somebody does who frees or drops a mail: to admit a colleague's is less than to release others. */
static enum action action_on(enum held_for held_for)
{
    return held_for == HELD_FOR_MAIN_CONTACT ? ACTION_ADMIT : ACTION_RELEASE;
}

/* Tell the technicians whose business it is; describe_it says what, action what it takes to decide. */
static void tell_technicians(struct decision *decision, const char *notice, mail_id held,
                             const struct ticket_record *ticket, enum action action,
                             void (*describe_it)(struct plan_mail *mail,
                                                 const struct decision *decision))
{
    const struct records *records = decision->records;
    struct keepers keepers = find_keepers(decision, ticket);

    for (guint i = 0; i < records->technicians->len; i++) {
        const struct person_record *person = technician_at(records, i);
        struct plan_mail *mail = is_keeper(&keepers, person)
                                     ? tell(decision, notice, person, held, "decides on held mail")
                                     : NULL;
        if (mail != NULL) {
            mail->purpose = TOKEN_HELD;
            plan_set_value(mail, "may-decide",
                           permission_technician_may(person, ticket, action) ? "yes" : NULL);
            describe_it(mail, decision);
        }
    }
}

static void describe_held(struct plan_mail *mail, const struct decision *decision)
{
    describe_this(mail, decision, decision->records->settings.excerpt_chars);
}

/* ---- a mail is held ---------------------------------------------------------------------------- */

/* Whoever it claims to be from learns it at his registered address: a technician, a confirmed contact. */
static void ask_claimed(struct decision *decision)
{
    const struct person_record *person = decision->identity.person;
    bool is_claim = decision->ruling.held_for == HELD_FOR_CLAIM ||
                    decision->ruling.held_for == HELD_FOR_FORGED;

    if (!is_claim || person == NULL || !(person->is_technician || person->is_confirmed)) {
        return;
    }
    struct plan_mail *mail = tell(decision, "was-this-you", person, decision->records->mail,
                                  "it is his address that the mail claims");
    assert(mail != NULL); /* he is the first, and who was disabled claims nothing */
    describe_this(mail, decision, 0);
}

/* False: there is none who could admit it. */
static bool ask_main_contact(struct decision *decision)
{
    const struct records *records = decision->records;
    const struct person_record *main_contact = records_person(records,
                                                              records->customer.main_contact);
    struct plan_mail *mail = main_contact == NULL
                                 ? NULL
                                 : tell(decision, "admission", main_contact, records->mail,
                                        "the main contact: only he opens tickets");

    if (mail == NULL) {
        return false;
    }
    g_autofree char *until = g_strdup_printf("%" PRId64, decision->plan->held_until_us);

    describe_this(mail, decision, records->settings.excerpt_chars);
    plan_set_value(mail, "held-until", until);
    return mail->suppressed_by == NULL;
}

/* The colleague learns that his mail waits, if it is his. */
static void tell_colleague(struct decision *decision)
{
    const struct records *records = decision->records;
    const struct person_record *person = decision->identity.person;
    const struct person_record *main_contact = records_person(records,
                                                              records->customer.main_contact);
    bool is_known = decision->evidence.auth == AUTH_PASS ||
                    (person != NULL && person->is_confirmed);

    if (!is_known) {
        return;
    }
    struct plan_mail *mail = plan_add_mail(decision->plan, "waits");
    mail->person = person != NULL ? person->id : REF_NONE;
    mail->purpose = TOKEN_CONTACT_REPLY;
    mail->is_automatic = true;
    mail->address = g_strdup(decision->identity.address);
    mail->name = g_strdup(decision->facts->from->name);
    mail->reason = g_strdup("his mail waits for the main contact");
    mail->suppressed_by = person == NULL ? NULL : audience_why_not(decision->records, person);
    plan_set_value(mail, "main-contact", main_contact != NULL ? main_contact->name : NULL);
    plan_set_value(mail, "held-subject", decision->facts->subject);
}

void holding_plan(struct decision *decision)
{
    const struct settings *settings = &decision->records->settings;
    bool is_for_main_contact = decision->ruling.held_for == HELD_FOR_MAIN_CONTACT;

    decision->plan->held_for = decision->ruling.held_for;
    if (is_for_main_contact) {
        decision->plan->held_until_us = decision->records->now_us +
                                        settings->admission_days * DAY_US;
    }
    if (decision->evidence.writer != WRITER_PERSON) {
        return; /* machine mail causes no mail; the digest names it */
    }
    ask_claimed(decision);
    bool is_asked = is_for_main_contact && ask_main_contact(decision);
    if (is_for_main_contact) {
        tell_colleague(decision);
    }
    if (!is_asked) {
        tell_technicians(decision, "held", decision->records->mail, decision->place.ticket,
                         action_on(decision->ruling.held_for), describe_held);
    }
}

/* ---- an answer --------------------------------------------------------------------------------- */

static const struct ticket_record *ticket_of(const struct decision *decision)
{
    const struct held_record *held = decision->place.held;

    return records_ticket(decision->records, held->ticket); /* none has the number 0 */
}

static void describe_answer(struct plan_mail *mail, const struct decision *decision)
{
    const struct held_record *held = decision->place.held;
    g_autofree char *excerpt = words_excerpt(decision->facts,
                                             decision->records->settings.excerpt_chars);

    describe(mail, held->id, held->from_text, held->subject);
    plan_set_value(mail, "answer-from", decision->facts->from_text);
    plan_set_value(mail, "answer-text", excerpt);
    plan_set_value(mail, "was-denied",
                   words_answer(decision->facts->text) == ANSWER_NO &&
                           decision->evidence.token == OWN_CONFIRM
                       ? "yes"
                       : NULL);
}

static void tell_answer(struct decision *decision)
{
    const struct held_record *held = decision->place.held;

    tell_technicians(decision, "held-answer", held->id, ticket_of(decision),
                     action_on(held->held_for), describe_answer);
}

static struct change *change_held(struct decision *decision, enum change_kind kind,
                                  const char *reason)
{
    struct change *change = decision_add_change(decision->plan, kind, reason);

    change->mail = decision->place.held->id;
    change->text = g_strdup_printf("%s, by mail", decision->identity.address);
    return change;
}

/* Is he still the one whose word counts? */
static bool may_confirm(const struct decision *decision)
{
    const struct held_record *held = decision->place.held;
    const struct person_record *person = decision->identity.person;

    if (held->held_for == HELD_FOR_MAIN_CONTACT) {
        return person->is_main_contact && person->customer == held->customer;
    }
    return held->sender == person->id;
}

/* That he wrote it gives him no more rights than a mail that proves it at once: what he says in a ticket in which he
 * takes no part, or instead of the main contact, is for the technicians to release. */
static bool may_do_it_himself(const struct decision *decision)
{
    const struct ticket_record *ticket = ticket_of(decision);
    const struct identity *identity = &decision->identity;
    const struct person_record *person = identity->person;

    if (decision->place.held->held_for == HELD_FOR_MAIN_CONTACT) {
        return true; /* it is another's mail, and he the main contact */
    }
    if (identity_claim_on(identity, ticket) == CLAIM_TECHNICIAN) {
        return permission_technician_may(person, ticket, ACTION_NOTE);
    }
    if (ticket != NULL) {
        return identity_takes_part(identity, ticket);
    }
    return person->opens_tickets &&
           (person->is_main_contact || !decision->records->customer.is_main_contact_only);
}

/* A colleague who is known hears that his mail was not admitted. */
static void tell_not_admitted(struct decision *decision)
{
    const struct held_record *held = decision->place.held;
    const struct person_record *colleague = records_person(decision->records, held->sender);

    if (held->held_for != HELD_FOR_MAIN_CONTACT || colleague == NULL || !colleague->is_confirmed) {
        return;
    }
    struct plan_mail *mail = tell(decision, "not-admitted", colleague, 0,
                                  "his mail was not admitted");
    if (mail != NULL) {
        mail->purpose = TOKEN_CONTACT_REPLY;
        plan_set_value(mail, "held-subject", held->subject);
        plan_set_value(mail, "main-contact", decision->identity.person->name);
    }
}

static void confirm(struct decision *decision)
{
    enum answer answer = words_answer(decision->facts->text);
    bool is_asked = decision->evidence.token == OWN_CONFIRM &&
                    decision->evidence.writer == WRITER_PERSON && may_confirm(decision);

    if (!is_asked || answer == ANSWER_UNCLEAR) {
        plan_say(decision->plan->may, "it is no plain yes or no of the one who was asked: nothing "
                                      "changes, the technicians are told");
        tell_answer(decision);
        return;
    }
    if (answer == ANSWER_YES && !may_do_it_himself(decision)) {
        plan_say(decision->plan->may, "he says that he wrote it, but it asks for more than he may: "
                                      "nothing changes, the technicians are told");
        tell_answer(decision);
        return;
    }
    if (answer == ANSWER_YES) {
        change_held(decision, CHANGE_HELD_RELEASE, "the one who was asked said yes");
        return;
    }
    change_held(decision, CHANGE_HELD_DROP, "the one who was asked said no");
    tell_not_admitted(decision);
    if (decision->place.held->held_for != HELD_FOR_MAIN_CONTACT) {
        tell_answer(decision); /* somebody writes in his name */
    }
}

/* ---- a technician decides ---------------------------------------------------------------------- */

static struct plan_mail *report_back(struct decision *decision, const char *done,
                                     const char *why_not)
{
    const struct held_record *held = decision->place.held;
    struct plan_mail *mail = tell(decision, "held-decided", decision->identity.person, held->id,
                                  "decided on held mail");

    assert(mail != NULL); /* nobody else is told in this plan */
    mail->purpose = TOKEN_HELD;
    mail->is_automatic = done ==
                         NULL; /* a machine that answers to everything gets no more than so many */
    describe(mail, held->id, held->from_text, held->subject);
    plan_set_value(mail, "done", done);
    plan_set_value(mail, "why-not", why_not);
    return mail;
}

/* What became of it, for a notice in any language. */
static void describe_end(struct plan_mail *mail, const struct held_record *held)
{
    g_autofree char *at = g_strdup_printf("%" PRId64, held->handled_at_us);
    g_autofree char *ticket = g_strdup_printf("%" PRId64, held->ticket);
    bool is_handled = held->handled_by[0] != '\0';

    plan_set_value(mail, "held-state", held->state);
    plan_set_value(mail, "held-ticket", held->ticket == 0 ? NULL : ticket);
    plan_set_value(mail, "handled-by", is_handled ? held->handled_by : NULL);
    plan_set_value(mail, "handled-how", is_handled ? held->handled_how : NULL);
    plan_set_value(mail, "handled-at", is_handled ? at : NULL);
}

static char *what_became(const struct held_record *held)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(held->handled_at_us / US_PER_S);
    g_autofree char *when = g_date_time_format(at, "%Y-%m-%d %H:%M UTC");
    g_autofree char *ticket = held->ticket == 0
                                  ? g_strdup("")
                                  : g_strdup_printf(", it is in ticket #%" PRId64, held->ticket);

    return held->handled_by[0] == '\0'
               ? g_strdup_printf("it is not held any more: it is %s now%s", held->state, ticket)
               : g_strdup_printf("%s has %s it at %s; it is %s now%s", held->handled_by,
                                 held->handled_how, when, held->state, ticket);
}

static void carry_out(struct decision *decision, enum held_command command)
{
    static const char *const DONE[] = {
        [HELD_RELEASE] = "released",
        [HELD_DROP] = "dropped",
        [HELD_SPAM] = "dropped as spam",
        [HELD_TRUST] = "released, and its sender is confirmed",
    };
    bool is_release = command == HELD_RELEASE || command == HELD_TRUST;
    struct change *change = change_held(
        decision, is_release ? CHANGE_HELD_RELEASE : CHANGE_HELD_DROP, "a technician decided so");

    change->is_confirmed = command == HELD_TRUST;
    change->is_spam = command == HELD_SPAM;
    plan_say(decision->plan->may, "held mail %" PRId64 " is %s", change->mail, DONE[command]);
    report_back(decision, DONE[command], NULL);
}

static void decide_on_held(struct decision *decision)
{
    const struct held_record *held = decision->place.held;
    const struct ticket_record *ticket = ticket_of(decision);
    const struct person_record *person = decision->identity.person;
    enum held_command command = words_held_command(decision->facts->text);

    if (!held->is_held) {
        g_autofree char *became = what_became(held);
        plan_say(decision->plan->may, "%s", became);
        describe_end(report_back(decision, NULL, became), held);
        return;
    }
    if (!identity_is_technician_on(person, ticket) ||
        !permission_technician_may(person, ticket, action_on(held->held_for))) {
        plan_say(decision->plan->may, "only a lead, or whoever has the ticket, decides on it");
        report_back(
            decision, NULL,
            "only a technician with the lead flag, or whoever has the ticket, decides on it");
        return;
    }
    if (command == HELD_UNCLEAR) {
        plan_say(decision->plan->may, "its first line is none of the commands: nothing changes");
        report_back(decision, NULL, "the first line of your mail was none of these words");
        return;
    }
    carry_out(decision, command);
}

void holding_answer(struct decision *decision)
{
    if (decision->evidence.token == OWN_HELD && decision->evidence.writer == WRITER_PERSON) {
        decide_on_held(decision);
        return;
    }
    for (guint i = 0; i < decision->records->tokens->len; i++) {
        const struct token_record *token = decision->records->tokens->pdata[i];
        bool is_question = token->is_valid && token->purpose == TOKEN_CONFIRM &&
                           token->object_kind == TOKEN_HELD_MAIL &&
                           token->object == decision->place.held->id;
        if (is_question) {
            confirm(decision);
            return;
        }
    }
    /* A machine, or somebody to whom a technician's notice was forwarded: nobody asked him. */
}
