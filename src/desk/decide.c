/* decide - facts and records in, plan out
 *
 * Asks the three questions of DESIGN 6 and turns the answer into changes and mails:
 *
 *     who      desk/identity       what the mail says that its sender is
 *     where    desk/thread         the ticket it belongs to
 *     whether  desk/authority      what it may do, by one table
 *     then     desk/audience       who is told
 *              desk/governor       what of that may leave
 *
 * Held, rejected and duplicate mail changes nothing and tells nobody. A delivery report changes something
 * only with a token that was given for the very mail that came back.
 *
 * A mail that is a copy of another (the same fingerprint) is decided like any other first: if the first is held,
 * and this copy brings better evidence, it takes its place.
 * Pure: no I/O, no clock, no chance. The same facts and records always give the same plan.
 */
#include "desk/decide.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/audience.h"
#include "desk/authority.h"
#include "desk/governor.h"
#include "desk/identity.h"
#include "desk/outsize.h"
#include "desk/thread.h"
#include "message/address.h"

#define SUBJECT_FROM_TEXT_CHARS 60

/* One decision while it is made. */
struct decision {
    const struct facts *facts;
    const struct records *records;
    struct plan *plan; /* borrowed: given back by judge */
    struct identity identity;
    struct place place;
    struct evidence evidence;
    struct ruling ruling;
    char *left_out; /* own: of an oversize mail, what is missing; NULL: nothing is */
    char *to_drop;  /* own: files of a technician's that cannot be passed on; "": all can */
};

static void decision_clear(struct decision *decision)
{
    g_free(decision->left_out);
    g_free(decision->to_drop);
}

/* ---- texts ------------------------------------------------------------------------------------- */

/* The first words of a text, whole ones if there is a blank; own. */
static char *first_words(const char *text)
{
    g_autofree char *line = text_one_line(text, LIMIT_SUBJECT_CHARS);

    if (text_chars(line) <= SUBJECT_FROM_TEXT_CHARS) {
        return g_steal_pointer(&line);
    }
    char *end = g_utf8_offset_to_pointer(line, SUBJECT_FROM_TEXT_CHARS - 1);
    char *blank = g_strrstr_len(line, end - line, " ");

    *(blank != NULL ? blank : end) = '\0';
    return g_strconcat(line, "…", NULL);
}

/* The subject of a new ticket; own, never empty. */
static char *ticket_subject(const struct facts *facts)
{
    g_autofree char *subject = thread_remove_tags(facts->subject);

    if (subject[0] != '\0') {
        return g_steal_pointer(&subject);
    }
    g_autofree char *words = first_words(facts->text);

    return words[0] != '\0' ? g_steal_pointer(&words) : g_strdup("(no subject)");
}

/* ---- changes ----------------------------------------------------------------------------------- */

static struct change *add_change(struct plan *plan, enum change_kind kind, const char *reason)
{
    struct change *change = plan_add_change(plan, kind);

    change->ticket = plan->ticket;
    change->person = plan->sender;
    change->reason = g_strdup(reason);
    return change;
}

/* Does this mail prove that its sender reads mail to his address? */
static bool proves_sender(const struct evidence *evidence)
{
    return evidence->auth == AUTH_PASS ||
           (evidence->token != OWN_NONE && evidence->writer == WRITER_PERSON);
}

static bool is_confirmed_now(const struct decision *decision)
{
    const struct person_record *person = decision->identity.person;

    return (person != NULL && person->is_confirmed) || proves_sender(&decision->evidence);
}

/* The sender gets a row, or is confirmed. */
static void change_sender(struct decision *decision)
{
    const struct identity *identity = &decision->identity;
    const struct person_record *person = identity->person;
    const char *proof = decision->evidence.auth == AUTH_PASS ? "his address was authenticated"
                                                             : "he answered with his own token";

    if (person == NULL) {
        decision->plan->sender = REF_NEW;
        struct change *change = add_change(decision->plan, CHANGE_PERSON_ADD,
                                           identity->customer != 0
                                               ? "a new address in a customer's domain"
                                               : "nobody the desk knew");
        change->customer = identity->customer;
        change->is_confirmed = proves_sender(&decision->evidence);
        change->address = g_strdup(identity->address);
        change->name = g_strdup(decision->facts->from->name);
    } else if (person->is_contact && !person->is_confirmed && proves_sender(&decision->evidence)) {
        add_change(decision->plan, CHANGE_PERSON_CONFIRM, proof);
    }
}

static void change_comment(struct decision *decision)
{
    struct change *change = add_change(decision->plan, CHANGE_COMMENT_ADD, decision->ruling.reason);

    change->comment_kind = decision->ruling.comment_kind;
    change->text = outsize_comment(decision->facts, decision->records, &change->is_cut);
}

static void change_open(struct decision *decision)
{
    struct plan *plan = decision->plan;

    plan->ticket = REF_NEW;
    struct change *open = add_change(plan, CHANGE_TICKET_OPEN, decision->ruling.reason);
    open->customer = plan->customer;
    open->text = ticket_subject(decision->facts);
    if (decision->place.looks_like != 0) {
        struct change *link = add_change(plan, CHANGE_TICKET_LINK, decision->place.why_linked);
        link->other = decision->place.looks_like;
        link->text = g_strdup(decision->place.why_linked);
    }
}

/* A contact who writes to a ticket of his customer takes part in it from now on. */
static void change_participant(struct decision *decision)
{
    const struct ticket_record *ticket = decision->place.ticket;
    const struct person_record *person = decision->identity.person;

    if (!decision->evidence.takes_part && decision->place.way != WAY_OVERTAKEN) {
        return;
    }
    if (person == NULL || !identity_is_party(person->id, ticket)) {
        add_change(decision->plan, CHANGE_PARTICIPANT_ADD, "writes to a ticket of his customer");
    }
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

static struct audience audience_of(const struct decision *decision)
{
    return (struct audience){.records = decision->records,
                             .ticket = decision->place.ticket,
                             .author = decision->plan->sender,
                             .is_by_machine = decision->evidence.writer != WRITER_PERSON,
                             .left_out = decision->left_out};
}

/* What was too large on its way in or out is told to whoever wrote it. */
static void tell_limits(struct decision *decision)
{
    struct audience audience = audience_of(decision);
    const char *address = decision->facts->from->address;
    bool is_unsent = decision->to_drop[0] != '\0' && decision->evidence.token == OWN_REPLY;

    if (decision->evidence.is_released) {
        return; /* a person read it: that its sender wrote it is not proven */
    }
    if (decision->left_out != NULL) {
        audience_tell_author(decision->plan, &audience, "oversize", address, decision->left_out);
    } else if (is_unsent) {
        audience_tell_author(decision->plan, &audience, "too-large", address, decision->to_drop);
    }
}

static void plan_new_ticket(struct decision *decision)
{
    change_sender(decision);
    change_open(decision);
    change_comment(decision);

    const struct facts *facts = decision->facts;
    struct audience audience = audience_of(decision);
    bool is_note = decision->ruling.comment_kind == COMMENT_NOTE;
    if (!is_note) {
        audience_tell_opener(decision->plan, &audience, facts->from->address, facts->from->name,
                             is_confirmed_now(decision));
    }
    audience_tell_technicians(decision->plan, &audience, is_note ? "note" : "new-ticket");
}

static void plan_public(struct decision *decision)
{
    change_sender(decision);
    change_comment(decision);
    change_participant(decision);

    struct audience audience = audience_of(decision);
    audience_tell_technicians(decision->plan, &audience, "comment");
    audience_tell_contacts(decision->plan, &audience, "comment");
    tell_limits(decision);
}

static void plan_unverified(struct decision *decision)
{
    change_sender(decision);
    change_comment(decision);
    change_participant(decision);

    struct audience audience = audience_of(decision);
    audience_tell_technicians(decision->plan, &audience, "comment");
}

/* The mails and the assignment of a technician's public reply; its comment is there already. */
static void plan_reply(struct plan *plan, const struct audience *audience)
{
    const struct ticket_record *ticket = audience->ticket;
    const struct person_record *author = records_person(audience->records, audience->author);

    audience_tell_contacts(plan, audience, "reply");
    if (ticket->assignee != 0) {
        audience_tell_technicians(plan, audience, "comment");
    } else if (audience->records->settings.assigns_on_reply &&
               identity_is_technician_on(author, ticket) && ticket->requester != author->id) {
        add_change(plan, CHANGE_TICKET_ASSIGN, "the first public reply of a technician assigns it");
        audience_tell_assigned(plan, audience);
    }
}

static void plan_technician(struct decision *decision)
{
    change_comment(decision);

    struct audience audience = audience_of(decision);
    plan_reply(decision->plan, &audience);
}

static void plan_note(struct decision *decision)
{
    if (decision->place.ticket == NULL) {
        plan_new_ticket(decision);
        return;
    }
    change_comment(decision);

    struct audience audience = audience_of(decision);
    audience_tell_technicians(decision->plan, &audience, "note");
    tell_limits(decision);
}

/* ---- delivery reports -------------------------------------------------------------------------- */

/* The recipient of the report that failed for good, or the first that failed at all, or NULL. */
static const struct bounce *worst_bounce(const struct facts *facts)
{
    const struct bounce *worst = NULL;

    for (guint i = 0; i < facts->bounces->len; i++) {
        const struct bounce *bounce = facts->bounces->pdata[i];
        if (strcmp(bounce->action, "failed") != 0) {
            continue;
        }
        if (bounce->status[0] == '5') {
            return bounce;
        }
        worst = worst == NULL ? bounce : worst;
    }
    return worst;
}

static bool names_recipient(const struct facts *facts, const struct outbound_record *outbound)
{
    for (guint i = 0; i < facts->bounces->len; i++) {
        const struct bounce *bounce = facts->bounces->pdata[i];
        if (g_ascii_strcasecmp(bounce->recipient, outbound->address) == 0) {
            return true;
        }
    }
    return false;
}

/* The mail of ours that came back, as far as a token proves it; NULL: nothing does.
 *
 * The token of the address for what comes back was given for this one mail. That of a Message-ID was given for a
 * ticket and a person: the mail must be of both, and the report must name its recipient. */
static const struct outbound_record *outbound_of(const struct decision *decision,
                                                 const struct token_record *token)
{
    const struct outbound_record *outbound = records_outbound(decision->records, token->outbound);

    if (!token->is_valid || outbound == NULL || token->place == TOKEN_IN_MESSAGE_ID) {
        return NULL;
    }
    if (token->purpose == TOKEN_BOUNCE && token->object_kind == TOKEN_OUTBOUND) {
        return token->place == TOKEN_IN_ADDRESS || names_recipient(decision->facts, outbound)
                   ? outbound
                   : NULL;
    }
    return token->place != TOKEN_IN_ADDRESS && outbound->ticket == token->ticket &&
                   outbound->person == token->person && names_recipient(decision->facts, outbound)
               ? outbound
               : NULL;
}

static const struct outbound_record *find_outbound(const struct decision *decision)
{
    for (guint i = 0; i < decision->records->tokens->len; i++) {
        const struct outbound_record *outbound = outbound_of(decision,
                                                             decision->records->tokens->pdata[i]);
        if (outbound != NULL) {
            return outbound;
        }
    }
    return NULL;
}

/* Delays and successes are told by some servers, too; a report without fields is of an old form, and bad news. */
static bool is_bad_news(const struct facts *facts, const struct bounce *worst)
{
    return worst != NULL || facts->bounces->len == 0;
}

static void plan_bounce(struct decision *decision)
{
    struct plan *plan = decision->plan;
    const struct bounce *worst = worst_bounce(decision->facts);
    const struct outbound_record *outbound = find_outbound(decision);

    if (outbound == NULL) {
        plan_say(plan->where, "no token proves which mail of ours came back");
        return;
    }
    plan->ticket = outbound->ticket;
    plan_say(plan->where, "a report about mail %" PRId64 " to %s, ticket %" PRId64, outbound->id,
             outbound->address, outbound->ticket);
    if (!is_bad_news(decision->facts, worst)) {
        return;
    }
    struct change *change = add_change(plan, CHANGE_BOUNCE, "it came back");
    change->outbound = outbound->id;
    change->text = worst == NULL ? g_strdup(decision->facts->subject)
                                 : g_strdup_printf("%s %s", worst->status, worst->diagnostic);
    if (worst != NULL && worst->status[0] == '5') {
        change = add_change(plan, CHANGE_ADDRESS_DEAD, "the report says that it failed for good");
        change->address = g_strdup(outbound->address);
    }
    if (!outbound->is_automatic && outbound->author != 0) {
        struct audience audience = audience_of(decision);
        audience.ticket = records_ticket(decision->records, outbound->ticket);
        audience_tell_undelivered(plan, &audience, outbound->author, outbound->id,
                                  "what he wrote came back");
    }
}

/* ---- evidence ---------------------------------------------------------------------------------- */

static enum writer writer_of(const struct facts *facts)
{
    bool is_null_path = facts->return_path != NULL && facts->return_path[0] == '\0';

    switch (facts->auto_kind) {
    case AUTO_NONE:
        /* Nobody may answer to the null path (RFC 5321 section 4.5.5). */
        return is_null_path ? WRITER_MACHINE : WRITER_PERSON;
    case AUTO_REPLIED:
    case AUTO_GENERATED:
    case AUTO_BULK:
    case AUTO_LIST:
        return WRITER_MACHINE;
    case AUTO_BOUNCE:
        return WRITER_BOUNCE;
    case AUTO_RECEIPT:
    case AUTO_COMPLAINT:
    case AUTO_REACTION:
        return WRITER_REPORT;
    }
    return WRITER_MACHINE;
}

static enum shape shape_of(const struct facts *facts)
{
    if (facts->received_count > LIMIT_RECEIVED) {
        return SHAPE_LOOPING;
    }
    return facts->is_ambiguous ? SHAPE_AMBIGUOUS : SHAPE_CLEAR;
}

static enum placing placing_of(const struct place *place, enum writer writer)
{
    if (place->is_bounce_address && writer == WRITER_MACHINE) {
        return PLACED_BOUNCE;
    }
    if (place->ticket == NULL) {
        return PLACED_NOWHERE;
    }
    return place->way == WAY_OVERTAKEN ? PLACED_OVERTAKEN : PLACED_TICKET;
}

static bool is_own_notice(const struct records *records)
{
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        if (token->place == TOKEN_IN_MESSAGE_ID && token->is_valid) {
            return true;
        }
    }
    return false;
}

/* A probe of postdesk doctor: it may bear anybody's name, but its Message-ID was signed for one mail of ours and
 * no ticket. */
static bool is_probe(const struct records *records)
{
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        if (token->place == TOKEN_IN_MESSAGE_ID && token->is_valid &&
            token->purpose == TOKEN_BOUNCE && token->object_kind == TOKEN_OUTBOUND) {
            return true;
        }
    }
    return false;
}

/* What a technician wrote is passed on in full, or not at all. */
static void weigh_size(struct decision *decision)
{
    const struct records *records = decision->records;
    bool is_technician = decision->evidence.claim == CLAIM_TECHNICIAN;
    int64_t limit = outsize_limit(records->mailbox.send_bytes);
    g_autofree char *line = outsize_left_out(decision->facts, records);

    decision->left_out = records->is_oversize ? text_one_line(line, LIMIT_NAME_CHARS) : NULL;
    decision->to_drop = is_technician ? outsize_files_to_drop(decision->facts, limit)
                                      : g_strdup("");
    decision->evidence.is_oversize = records->is_oversize || decision->to_drop[0] != '\0';
}

static void weigh(struct decision *decision)
{
    const struct facts *facts = decision->facts;
    const struct records *records = decision->records;
    struct plan *plan = decision->plan;
    struct evidence *evidence = &decision->evidence;

    decision->identity = identity_of(facts, records, plan->who);
    evidence->auth = auth_of(facts, &records->mailbox, plan->may);
    decision->place = thread_match(facts, records, &decision->identity, evidence->auth,
                                   plan->where);

    const struct ticket_record *ticket = decision->place.ticket;
    evidence->shape = shape_of(facts);
    evidence->writer = writer_of(facts);
    evidence->claim = is_probe(records) ? CLAIM_OURSELVES
                                        : identity_claim_on(&decision->identity, ticket);
    evidence->token = authority_token(records, &decision->identity, evidence->claim, ticket,
                                      plan->may);
    evidence->placing = placing_of(&decision->place, evidence->writer);
    evidence->takes_part = ticket != NULL && identity_takes_part(&decision->identity, ticket);
    evidence->needs_auth = records->mailbox.needs_auth;
    evidence->is_own_notice = is_own_notice(records);
    evidence->is_released = records->released_by != NULL;
    weigh_size(decision);
    evidence->unknown_senders = records->settings.unknown_senders;
}

static void say_evidence(const struct decision *decision)
{
    const struct facts *facts = decision->facts;
    struct plan *plan = decision->plan;

    if (facts->auto_kind != AUTO_NONE) {
        plan_say(plan->who, "written by a machine (%s): %s", auto_kind_name(facts->auto_kind),
                 facts->auto_reason);
    }
    if (facts->is_ambiguous) {
        plan_say(plan->may, "ambiguous: %s", facts->ambiguity);
    }
    if (decision->records->released_by != NULL) {
        plan_say(plan->may, "released by %s", decision->records->released_by);
    }
    plan_say(plan->may, "%s", decision->ruling.reason);
}

static enum role role_of(const struct decision *decision)
{
    if (decision->evidence.writer != WRITER_PERSON) {
        return ROLE_MACHINE;
    }
    switch (decision->evidence.claim) {
    case CLAIM_NOBODY:
    case CLAIM_OURSELVES:
    case CLAIM_UNKNOWN:
        return ROLE_UNKNOWN;
    case CLAIM_DISABLED:
        return decision->identity.person->is_technician ? ROLE_TECHNICIAN : ROLE_STRANGER;
    case CLAIM_TECHNICIAN:
        return ROLE_TECHNICIAN;
    case CLAIM_CONTACT:
        break;
    }
    return is_confirmed_now(decision) ? ROLE_CONTACT : ROLE_STRANGER;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static enum verdict verdict_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_TECHNICIAN:
    case OUTCOME_PUBLIC:
    case OUTCOME_NOTE:
    case OUTCOME_UNVERIFIED:
    case OUTCOME_NEW:
        return VERDICT_FILED;
    case OUTCOME_HELD:
        return VERDICT_HELD;
    case OUTCOME_REJECTED:
        return VERDICT_REJECTED;
    case OUTCOME_EVENT:
        return VERDICT_EVENT;
    case OUTCOME_DUPLICATE:
        return VERDICT_DUPLICATE;
    }
    return VERDICT_HELD;
}

static void carry_out(struct decision *decision)
{
    switch (decision->plan->outcome) {
    case OUTCOME_NEW:
        plan_new_ticket(decision);
        break;
    case OUTCOME_PUBLIC:
        plan_public(decision);
        break;
    case OUTCOME_UNVERIFIED:
        plan_unverified(decision);
        break;
    case OUTCOME_TECHNICIAN:
        plan_technician(decision);
        break;
    case OUTCOME_NOTE:
        plan_note(decision);
        break;
    case OUTCOME_EVENT:
        if (decision->evidence.writer == WRITER_BOUNCE) {
            plan_bounce(decision);
        }
        break;
    case OUTCOME_HELD:
    case OUTCOME_REJECTED:
    case OUTCOME_DUPLICATE:
        break;
    }
}

static struct plan *judge(const struct facts *facts, const struct records *records)
{
    struct plan *plan = plan_new();
    CLEANUP(decision_clear)
    struct decision decision = {.facts = facts, .records = records, .plan = plan};

    weigh(&decision);
    decision.ruling = authority_decide(&decision.evidence);
    say_evidence(&decision);
    plan->outcome = decision.ruling.outcome;
    plan->verdict = verdict_of(plan->outcome);
    plan->role = role_of(&decision);
    plan->ticket = decision.place.ticket != NULL ? decision.place.ticket->id : REF_NONE;
    plan->sender = decision.identity.person != NULL ? decision.identity.person->id : REF_NONE;
    plan->customer = decision.identity.customer;
    plan->is_auth_failed = decision.evidence.auth == AUTH_FAIL;
    carry_out(&decision);
    governor_apply(plan, records);
    return plan;
}

/* Make the plan of a copy: nothing happens, the first counts. */
static void become_duplicate(struct plan *plan, const struct twin_record *twin)
{
    plan->verdict = VERDICT_DUPLICATE;
    plan->outcome = OUTCOME_DUPLICATE;
    plan->duplicate_of = twin->mail;
    plan->ticket = twin->ticket > 0 ? twin->ticket : REF_NONE;
    plan->sender = plan->sender == REF_NEW ? REF_NONE : plan->sender;
    g_ptr_array_set_size(plan->changes, 0);
    g_ptr_array_set_size(plan->mails, 0);
    plan_say(plan->may, "it is the same mail as mail %" PRId64 ", which is %s", twin->mail,
             verdict_name(twin->verdict));
}

struct plan *decide(const struct facts *facts, const struct records *records)
{
    struct plan *plan = judge(facts, records);
    const struct twin_record *twin = &records->twin;
    bool is_better = plan->verdict == VERDICT_FILED || plan->verdict == VERDICT_EVENT;

    if (twin->mail == 0) {
        return plan;
    }
    if (twin->verdict == VERDICT_HELD && is_better) {
        plan->supersedes = twin->mail;
        plan_say(plan->may, "it takes the place of mail %" PRId64 ", the same mail with less proof",
                 twin->mail);
    } else {
        become_duplicate(plan, twin);
    }
    return plan;
}

struct plan *decide_unparsed(const char *reason)
{
    struct plan *plan = plan_new();

    plan->verdict = VERDICT_HELD;
    plan->outcome = OUTCOME_HELD;
    plan->role = ROLE_UNKNOWN;
    plan_say(plan->may, "%s", reason);
    return plan;
}

struct plan *decide_cli_reply(const struct records *records, ticket_id ticket, person_id technician,
                              const char *text)
{
    struct plan *plan = plan_new();
    const struct ticket_record *found = records_ticket(records, ticket);
    const struct person_record *person = records_person(records, technician);

    plan->role = ROLE_TECHNICIAN;
    if (found == NULL || person == NULL || !person->is_technician || person->is_disabled) {
        plan->verdict = VERDICT_REJECTED;
        plan->outcome = OUTCOME_REJECTED;
        plan_say(plan->may, "%s",
                 found == NULL ? "there is no such ticket" : "only a technician can answer");
        return plan;
    }
    plan->verdict = VERDICT_FILED;
    plan->outcome = OUTCOME_TECHNICIAN;
    plan->ticket = ticket;
    plan->sender = person->id;
    plan->customer = found->customer;
    plan_say(plan->where, "ticket %" PRId64 " was named on the command line", ticket);
    plan_say(plan->who, "technician %" PRId64 ", %s", person->id, person->name);
    plan_say(plan->may, "whoever can run the command line may answer");

    struct change *change = add_change(plan, CHANGE_COMMENT_ADD, "answered by the command line");
    change->comment_kind = COMMENT_PUBLIC;
    change->text = text_cut(text[0] != '\0' ? text : "(no text)", LIMIT_COMMENT_CHARS, NULL);

    struct audience audience = {.records = records,
                                .ticket = found,
                                .author = person->id,
                                .is_by_machine = false};
    plan_reply(plan, &audience);
    return plan;
}
