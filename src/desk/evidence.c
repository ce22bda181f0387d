/* evidence - what a mail can show for itself, as desk/authority weighs it
 *
 * Gathers from facts, records and the first two answers (who, where) the few things that rights depend on, and
 * nothing else: what does not get into struct evidence cannot raise a right. Says for people what was found.
 * Pure.
 */
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/decide.h"
#include "desk/decision.h"
#include "desk/governor.h"
#include "desk/outsize.h"
#include "desk/permission.h"

/* ---- the sender -------------------------------------------------------------------------------- */

bool evidence_proves_sender(const struct decision *decision)
{
    const struct evidence *evidence = &decision->evidence;

    bool is_reply = evidence->token != OWN_NONE && evidence->writer == WRITER_PERSON;

    return evidence->auth == AUTH_PASS || decision->records->is_trusted ||
           (evidence->auth == AUTH_NONE && is_reply);
}

bool evidence_is_confirmed(const struct decision *decision)
{
    const struct person_record *person = decision->identity.person;

    return (person != NULL && person->is_confirmed) || evidence_proves_sender(decision);
}

/* ---- the mail ---------------------------------------------------------------------------------- */

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
    if (place->held != NULL) {
        return PLACED_HELD;
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

/* Whether he may open a ticket by mail is asked of people whom the desk maps to a customer, or knows. */
static enum opening opening_of(const struct identity *identity, const struct records *records)
{
    const struct person_record *person = identity->person;
    bool is_main = person != NULL && person->is_main_contact;

    if (person != NULL && !person->opens_tickets) {
        return OPENS_NONE;
    }
    return identity->customer != 0 && records->customer.is_main_contact_only && !is_main
               ? OPENS_BY_ADMISSION
               : OPENS;
}

/* What is found of somebody who is no technician is asked by nobody. */
static bool has_permission(const struct identity *identity, const struct ticket_record *ticket)
{
    return identity->person == NULL ||
           permission_technician_may(identity->person, ticket, ACTION_COMMENT);
}

char *decide_probe_subject(outbound_id id)
{
    return g_strdup_printf("postdesk probe %" PRId64, id);
}

/* Where a provider has written another Message-ID over it, a probe has its own in References. Answers to other mails of
 * ours have one there, too; but not below this subject. */
static bool is_renamed_probe(const struct facts *facts, const struct token_record *token)
{
    g_autofree char *subject = decide_probe_subject(token->outbound);

    return token->place == TOKEN_IN_REFERENCES && g_str_has_prefix(facts->subject, subject);
}

/* A probe of postdesk doctor: it may bear anybody's name, but its Message-ID was signed for one mail of ours and
 * no ticket. */
static bool is_probe(const struct facts *facts, const struct records *records)
{
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        bool is_id = token->place == TOKEN_IN_MESSAGE_ID || is_renamed_probe(facts, token);
        if (is_id && token->is_valid && token->purpose == TOKEN_BOUNCE &&
            token->object_kind == TOKEN_OUTBOUND) {
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
    g_autofree char *files = outsize_names(decision->facts);

    decision->left_out = records->is_oversize ? text_one_line(line, LIMIT_NAME_CHARS) : NULL;
    decision->files_left_out = records->is_oversize ? text_one_line(files, LIMIT_NAME_CHARS) : NULL;
    decision->to_drop = is_technician ? outsize_files_to_drop(decision->facts, limit)
                                      : g_strdup("");
    decision->evidence.is_oversize = records->is_oversize || decision->to_drop[0] != '\0';
}

void evidence_weigh(struct decision *decision)
{
    const struct facts *facts = decision->facts;
    const struct records *records = decision->records;
    struct plan *plan = decision->plan;
    struct evidence *evidence = &decision->evidence;

    evidence->auth = auth_of(facts, &records->mailbox, plan->may);
    decision->identity = identity_of(facts, records, evidence->auth, plan->who);
    decision->place = thread_match(facts, records, &decision->identity, evidence->auth,
                                   plan->where);

    const struct ticket_record *ticket = decision->place.ticket;
    bool is_our_probe = is_probe(facts, records);

    evidence->shape = shape_of(facts);
    evidence->writer = writer_of(facts);
    evidence->claim = is_our_probe ? CLAIM_OURSELVES
                                   : identity_claim_on(&decision->identity, ticket);
    evidence->token = authority_token(records, &decision->identity, evidence->claim, ticket,
                                      decision->place.held, plan->may);
    evidence->placing = placing_of(&decision->place, evidence->writer);
    evidence->takes_part = ticket != NULL && identity_takes_part(&decision->identity, ticket);
    evidence->has_permission = has_permission(&decision->identity, ticket);
    evidence->opening = opening_of(&decision->identity, records);
    evidence->is_flood = governor_is_flood(records, evidence->claim, evidence->auth == AUTH_PASS);
    evidence->needs_auth = records->mailbox.needs_auth;
    evidence->is_own_notice = is_own_notice(records) || is_our_probe;
    evidence->is_released = records->released_by != NULL;
    weigh_size(decision);
    evidence->unknown_senders = records->settings.unknown_senders;
}

void evidence_say(const struct decision *decision)
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
    plan_say(plan->may, "%s", decision_reason(decision));
}

enum role evidence_role(const struct decision *decision)
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
    return evidence_is_confirmed(decision) ? ROLE_CONTACT : ROLE_STRANGER;
}
