/* decide - facts and records in, plan out
 *
 * Asks the three questions of DESIGN 6 and turns the answer into changes and mails:
 *
 *     who      desk/identity       what the mail says that its sender is
 *     where    desk/thread         the ticket it belongs to
 *     whether  desk/authority      what it may do, by one table
 *     then     desk/audience       who is told
 *              desk/copies         who joins, because the mail went to him
 *              desk/holding        who hears of a mail that is held, and what the answers do
 *              desk/returned       what a delivery report says
 *              desk/governor       what of that may leave
 *
 * Rejected and duplicate mail changes nothing and tells nobody.
 *
 * A mail that is a copy of another (the same fingerprint) is decided like any other first: if the first is held,
 * or stands in a ticket unverified, and this copy brings better evidence, it takes its place.
 * Pure: no I/O, no clock, no chance. The same facts and records always give the same plan.
 */
#include "desk/decide.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/decision.h"
#include "desk/governor.h"
#include "desk/outsize.h"
#include "desk/rule_effects.h"
#include "desk/words.h"
#include "desk/workflow.h"
#include "message/address.h"

/* ---- changes ----------------------------------------------------------------------------------- */

struct change *decision_add_change(struct plan *plan, enum change_kind kind, const char *reason)
{
    struct change *change = plan_add_change(plan, kind);

    change->ticket = plan->ticket;
    change->person = plan->sender;
    change->reason = g_strdup(reason);
    return change;
}

static const char *proof_of(const struct decision *decision)
{
    if (decision->evidence.auth == AUTH_PASS) {
        return "his address was authenticated";
    }
    return decision->records->is_trusted ? "a person said that he can be trusted"
                                         : "he answered with his own token";
}

/* The sender gets a row, or is confirmed. */
static void change_sender(struct decision *decision)
{
    const struct identity *identity = &decision->identity;
    const struct person_record *person = identity->person;

    if (person == NULL) {
        decision->plan->sender = REF_NEW;
        struct change *change = decision_add_change(decision->plan, CHANGE_PERSON_ADD,
                                                    identity->customer != 0
                                                        ? "a new address in a customer's domain"
                                                        : "nobody the desk knew");
        change->customer = identity->customer;
        change->is_confirmed = evidence_proves_sender(decision);
        change->address = g_strdup(identity->address);
        change->name = g_strdup(decision->facts->from->name);
    } else if (person->is_contact && !person->is_confirmed && evidence_proves_sender(decision)) {
        decision_add_change(decision->plan, CHANGE_PERSON_CONFIRM, proof_of(decision));
    }
}

static void change_comment(struct decision *decision)
{
    struct change *change = decision_add_change(decision->plan, CHANGE_COMMENT_ADD,
                                                decision->ruling.reason);

    change->comment_kind = decision->ruling.comment_kind;
    change->text = outsize_comment(decision->facts, decision->records, &change->is_cut);
}

/* A contact who writes to a ticket of his customer takes part in it from now on. */
static void change_participant(struct decision *decision)
{
    const struct ticket_record *ticket = decision->place.ticket;
    const struct person_record *person = decision->identity.person;

    if (decision->evidence.takes_part &&
        (person == NULL || !identity_is_party(person->id, ticket))) {
        decision_add_change(decision->plan, CHANGE_PARTICIPANT_ADD,
                            "writes to a ticket of his customer");
    }
}

/* ---- in whose name ----------------------------------------------------------------------------- */

/* Whose ticket a technician opens: "#for" on top, or whose mail he forwards; own, NULL: his own. No machine does so
 * in his name, and no mail that a person had to release. Of a web form or a scanner a rule says whose it is. */
static char *find_behalf(const struct decision *decision)
{
    const struct facts *facts = decision->facts;
    const struct address *forwarded = facts->forwarded_from;
    char *address = NULL;

    const struct address *written = rule_effects_requester(decision);
    if (written != NULL && decision->ruling.outcome == OUTCOME_NEW) {
        return g_strdup(written->address);
    }
    if (decision->evidence.claim != CLAIM_TECHNICIAN || decision->ruling.outcome != OUTCOME_NEW ||
        decision->evidence.writer != WRITER_PERSON) {
        return NULL;
    }
    address = words_for(facts->text);
    if (address == NULL && forwarded != NULL && words_is_forward(facts->subject)) {
        address = g_strdup(forwarded->address);
    }
    if (address != NULL && records_is_own_address(decision->records, address)) {
        g_clear_pointer(&address, g_free);
    }
    return address;
}

/* The requester of a ticket that a technician opens for somebody. His customer comes with him. */
static person_id change_requester(struct decision *decision, const char *address)
{
    const struct address_record *record = rule_effects_look_up(decision, address);
    const struct person_record *person = record == NULL
                                             ? NULL
                                             : records_person(decision->records, record->person);
    const struct address *written = rule_effects_requester(decision);
    const struct address *named = written != NULL ? written : decision->facts->forwarded_from;

    if (person != NULL) {
        decision->plan->customer = person->customer;
        return person->id;
    }
    decision->plan->customer = record == NULL ? 0 : record->domain_customer;
    decision->brought_in++;
    struct change *add = decision_add_change(decision->plan, CHANGE_PERSON_ADD,
                                             written != NULL
                                                 ? "a rule takes Reply-To for the requester"
                                                 : "a technician opens a ticket for him");
    bool is_named = named != NULL && g_ascii_strcasecmp(named->address, address) == 0;
    add->person = REF_NEW_PERSON(decision->brought_in);
    add->customer = decision->plan->customer;
    add->address = g_strdup(address);
    add->name = g_strdup(is_named ? named->name : "");
    return add->person;
}

/* A forwarded mail's own subject, where the ticket is its sender's. */
static char *forwarded_subject(const struct decision *decision, const char *behalf)
{
    const struct facts *facts = decision->facts;
    bool is_his = behalf != NULL && facts->forwarded_from != NULL &&
                  g_ascii_strcasecmp(facts->forwarded_from->address, behalf) == 0;

    return is_his && facts->forwarded_subject[0] != '\0'
               ? thread_remove_tags(facts->forwarded_subject)
               : words_subject(facts);
}

static void change_open(struct decision *decision)
{
    struct plan *plan = decision->plan;
    g_autofree char *behalf = find_behalf(decision);
    person_id requester = behalf == NULL ? plan->sender : change_requester(decision, behalf);

    plan->ticket = REF_NEW;
    struct change *open = decision_add_change(plan, CHANGE_TICKET_OPEN, decision->ruling.reason);
    open->person = requester;
    open->customer = plan->customer;
    open->text = forwarded_subject(decision, behalf);
    if (decision->place.looks_like != 0) {
        struct change *link = decision_add_change(plan, CHANGE_TICKET_LINK,
                                                  decision->place.why_linked);
        link->other = decision->place.looks_like;
        link->text = g_strdup(decision->place.why_linked);
    }
}

/* A technician's receipt, who wrote himself: on a ticket that he opens for somebody he is a technician, even if he is a contact elsewhere.
 * Who forwarded a mail of nobody can tell whom is asked whose ticket it is. */
static void finish_receipt(struct decision *decision, struct plan_mail *receipt)
{
    g_autofree char *behalf = find_behalf(decision);

    assert(decision->evidence.writer == WRITER_PERSON);
    if (decision->evidence.claim != CLAIM_TECHNICIAN) {
        return;
    }
    if (behalf != NULL) {
        receipt->purpose = TOKEN_TECHNICIAN_REPLY;
    } else if (words_is_forward(decision->facts->subject)) {
        plan_set_value(receipt, "whose-is-it", "yes");
    }
}

static bool has_receipt(const struct plan *plan)
{
    static const char *const NOTICES[] = {"receipt", "acknowledgement", "oversize", NULL};

    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        if (g_strv_contains(NOTICES, mail->notice)) {
            return true;
        }
    }
    return false;
}

/* The one whom a web form names is asked as anybody who is not proved: he gets the fixed acknowledgement. */
static void tell_named(struct decision *decision, const struct address *written)
{
    struct audience audience = decision_audience(decision);
    const struct person_record *person = NULL;

    audience.author = decision->after->requester;
    audience.is_by_machine = false;
    person = records_person(decision->records, audience.author);
    audience_tell_opener(decision->plan, &audience, written->address, written->name,
                         person != NULL && person->is_confirmed);
}

void decision_tell_opener(struct decision *decision)
{
    const struct facts *facts = decision->facts;
    struct plan *plan = decision->plan;
    const struct address *written = rule_effects_requester(decision);
    guint before = plan->mails->len;

    if (facts == NULL || plan->outcome != OUTCOME_NEW || has_receipt(plan) ||
        decision->evidence.claim == CLAIM_OURSELVES) { /* never answered by us */
        return;
    }
    assert(decision->ruling.comment_kind != COMMENT_NOTE); /* a note's outcome is a note */
    if (written != NULL) {
        tell_named(decision, written);
        return;
    }
    struct audience audience = decision_audience(decision);
    audience_tell_opener(plan, &audience, facts->from->address, facts->from->name,
                         evidence_is_confirmed(decision));
    if (plan->mails->len > before) {
        finish_receipt(decision, plan->mails->pdata[before]);
    }
}

/* ---- outcomes ---------------------------------------------------------------------------------- */

const char *decision_reason(const struct decision *decision)
{
    return decision->why != NULL ? decision->why : decision->ruling.reason;
}

struct audience decision_audience(const struct decision *decision)
{
    return (struct audience){.records = decision->records,
                             .ticket = decision->place.ticket,
                             .after = decision->after,
                             .author = decision->plan->sender,
                             .is_by_machine = decision->evidence.writer != WRITER_PERSON,
                             .left_out = decision->left_out,
                             .files_left_out = decision->files_left_out};
}

/* What was too large on its way in or out is told to whoever wrote it. */
static void tell_limits(struct decision *decision)
{
    struct audience audience = decision_audience(decision);
    const char *address = decision->facts->from->address;
    bool is_unsent = decision->to_drop[0] != '\0' && decision->evidence.token == OWN_REPLY;

    if (decision->evidence.is_released || decision->evidence.claim == CLAIM_OURSELVES) {
        return; /* a person read it: that its sender wrote it is not proven; we never write to ourselves */
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
    if (decision->ruling.comment_kind == COMMENT_PUBLIC) {
        copies_plan(decision);
    }

    workflow_follow(decision);

    struct audience audience = decision_audience(decision);
    bool is_note = decision->ruling.comment_kind == COMMENT_NOTE;
    if (decision->left_out != NULL || decision->run == NULL) {
        decision_tell_opener(decision); /* that something is missing is said whatever rules say */
    }
    audience_tell_technicians(decision->plan, &audience, is_note ? "note" : "new-ticket");
    workflow_tell(decision);
}

static void plan_public(struct decision *decision)
{
    change_sender(decision);
    change_comment(decision);
    change_participant(decision);
    copies_plan(decision);
    workflow_follow(decision);

    struct audience audience = decision_audience(decision);
    audience_tell_technicians(decision->plan, &audience, "comment");
    audience_tell_contacts(decision->plan, &audience, "comment");
    tell_limits(decision);
    workflow_tell(decision);
}

/* Weak but clear: technicians see it marked, nobody else gets it, and its sender takes no part by it. */
static void plan_unverified(struct decision *decision)
{
    change_sender(decision);
    change_comment(decision);

    struct audience audience = decision_audience(decision);
    audience_tell_technicians(decision->plan, &audience, "comment");
}

/* Does the technician's public reply assign the ticket to him? Its comment is there already. */
static bool change_assignee(struct plan *plan, const struct audience *audience)
{
    const struct ticket_record *ticket = audience->ticket;
    const struct person_record *author = records_person(audience->records, audience->author);

    if (ticket->assignee != 0 || !audience->records->settings.assigns_on_reply ||
        !identity_is_technician_on(author, ticket) || ticket->requester == author->id) {
        return false;
    }
    struct change *change = decision_add_change(
        plan, CHANGE_TICKET_SET, "the first public reply of a technician assigns it");
    change->field = TICKET_FIELD_ASSIGNEE;
    change->text = g_strdup(author->address);
    return true;
}

static void tell_reply(struct plan *plan, const struct audience *audience, bool is_assigned)
{
    audience_tell_contacts(plan, audience, "reply");
    if (audience->ticket->assignee != 0) {
        audience_tell_technicians(plan, audience, "comment");
    } else if (is_assigned) {
        audience_tell_assigned(plan, audience);
    }
}

/* A technician's public reply, whose comment is there already. */
static void plan_reply(struct decision *decision)
{
    struct audience audience = decision_audience(decision);
    bool is_assigned = change_assignee(decision->plan, &audience);

    workflow_follow(decision);
    audience = decision_audience(decision);
    tell_reply(decision->plan, &audience, is_assigned);
    workflow_tell(decision);
}

static void plan_technician(struct decision *decision)
{
    change_comment(decision);
    copies_plan(decision);
    plan_reply(decision);
}

/* An internal note, whose comment is there already: technicians only. */
static struct audience tell_note(struct decision *decision)
{
    workflow_follow(decision);
    struct audience audience = decision_audience(decision);
    audience_tell_technicians(decision->plan, &audience, "note");
    return audience;
}

/* A technician who showed no token of his own gets a notice that he can answer; not for a mail that a person
 * released: that he wrote it is not proved. */
static void plan_note(struct decision *decision)
{
    if (decision->place.ticket == NULL) {
        plan_new_ticket(decision);
        return;
    }
    change_sender(decision);
    change_comment(decision);

    struct audience audience = tell_note(decision);
    bool is_news = decision->evidence.claim == CLAIM_TECHNICIAN &&
                   decision->evidence.token == OWN_NONE && !decision->evidence.is_released;
    if (is_news && decision->left_out == NULL) {
        audience_tell_noted(decision->plan, &audience);
    } else {
        tell_limits(decision); /* a notice that can be answered, too */
    }
    workflow_tell(decision);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static const enum verdict VERDICTS[] = {
    [OUTCOME_TECHNICIAN] = VERDICT_FILED,    [OUTCOME_PUBLIC] = VERDICT_FILED,
    [OUTCOME_NOTE] = VERDICT_FILED,          [OUTCOME_UNVERIFIED] = VERDICT_FILED,
    [OUTCOME_NEW] = VERDICT_FILED,           [OUTCOME_HELD] = VERDICT_HELD,
    [OUTCOME_REJECTED] = VERDICT_REJECTED,   [OUTCOME_EVENT] = VERDICT_EVENT,
    [OUTCOME_DUPLICATE] = VERDICT_DUPLICATE,
};

static void plan_event(struct decision *decision)
{
    if (decision->evidence.writer == WRITER_BOUNCE) {
        returned_plan(decision);
    } else if (decision->place.held != NULL && decision->evidence.writer != WRITER_REPORT) {
        holding_answer(decision);
    }
}

/* Copies are known by decide alone, once this plan is made. */
static void carry_out(struct decision *decision)
{
    static void (*const PLANNERS[])(struct decision *) = {
        [OUTCOME_TECHNICIAN] = plan_technician,
        [OUTCOME_PUBLIC] = plan_public,
        [OUTCOME_NOTE] = plan_note,
        [OUTCOME_UNVERIFIED] = plan_unverified,
        [OUTCOME_NEW] = plan_new_ticket,
        [OUTCOME_HELD] = holding_plan,
        [OUTCOME_REJECTED] = workflow_reject,
        [OUTCOME_EVENT] = plan_event,
    };

    assert(decision->plan->outcome != OUTCOME_DUPLICATE);
    PLANNERS[decision->plan->outcome](decision);
}

static void decision_clear(struct decision *decision)
{
    g_free(decision->left_out);
    g_free(decision->files_left_out);
    g_free(decision->to_drop);
    g_free(decision->why);
    rule_run_free(decision->run);
    ticket_record_free(decision->after);
}

static void keep_run(const struct decision *decision)
{
    const GPtrArray *lines = decision->run == NULL ? NULL : decision->run->trace;

    for (guint i = 0; decision->run != NULL && i < decision->run->costs->len; i++) {
        const struct rule_cost *cost = &g_array_index(decision->run->costs, struct rule_cost, i);
        struct plan_cost row = {.rule = rule_name(cost->rule), .cost_us = cost->cost_us};
        g_array_append_val(decision->plan->costs, row);
    }
    for (guint i = 0; lines != NULL && i < lines->len;
         i++) { /* there are some if they are wanted */
        g_ptr_array_add(decision->trace, g_strdup(lines->pdata[i]));
    }
}

static struct plan *judge(const struct facts *facts, const struct records *records,
                          GPtrArray *trace)
{
    struct plan *plan = plan_new();
    CLEANUP(decision_clear)
    struct decision decision = {.facts = facts, .records = records, .plan = plan, .trace = trace};

    evidence_weigh(&decision);
    decision.ruling = authority_decide(&decision.evidence);
    plan->role = evidence_role(&decision);
    plan->ticket = decision.place.ticket != NULL ? decision.place.ticket->id : REF_NONE;
    plan->sender = decision.identity.person != NULL ? decision.identity.person->id : REF_NONE;
    plan->customer = decision.identity.customer;
    plan->is_auth_failed = decision.evidence.auth == AUTH_FAIL;
    workflow_receive(&decision);
    evidence_say(&decision);
    plan->outcome = decision.ruling.outcome;
    plan->verdict = VERDICTS[plan->outcome];
    carry_out(&decision);
    keep_run(&decision);
    governor_apply(plan, records);
    return plan;
}

/* Make the plan of a copy: nothing happens, the first counts. */
static void become_duplicate(struct plan *plan, const struct twin_record *twin)
{
    plan->verdict = VERDICT_DUPLICATE;
    plan->outcome = OUTCOME_DUPLICATE;
    plan->held_for = HELD_FOR_NOTHING;
    plan->held_until_us = 0;
    plan->duplicate_of = twin->mail;
    plan->ticket = twin->ticket > 0 ? twin->ticket : REF_NONE;
    plan->sender = plan->sender == REF_NEW ? REF_NONE : plan->sender;
    g_ptr_array_set_size(plan->changes, 0);
    g_ptr_array_set_size(plan->mails, 0);
    plan_say(plan->may, "it is the same mail as mail %" PRId64 ", which is %s", twin->mail,
             verdict_name(twin->verdict));
}

/* What the first said stands in its ticket, unverified; this copy proves it. Nothing is said twice. */
static void verify_first(struct plan *plan, const struct twin_record *twin)
{
    g_ptr_array_set_size(plan->changes, 0);
    g_ptr_array_set_size(plan->mails, 0);
    plan->ticket = twin->ticket;
    struct change *change = decision_add_change(plan, CHANGE_VERIFIED,
                                                "the same mail came with better proof");
    change->mail = twin->mail;
    change->comment = twin->comment;
}

/* Does the plan make a comment that others than technicians may read? */
static bool is_proved(const struct plan *plan)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->kind == CHANGE_COMMENT_ADD) {
            return change->comment_kind == COMMENT_PUBLIC;
        }
    }
    return false;
}

/* Fingerprints do not cover how a mail was addressed: whoever has a copy can send it to another ticket first. */
static bool is_in_its_place(const struct plan *plan, const struct twin_record *twin)
{
    return plan->ticket == twin->ticket ||
           (plan->ticket == REF_NEW && strcmp(twin->outcome, outcome_name(OUTCOME_NEW)) == 0);
}

struct plan *decide(const struct facts *facts, const struct records *records)
{
    return decide_traced(facts, records, NULL);
}

struct plan *decide_traced(const struct facts *facts, const struct records *records,
                           GPtrArray *trace)
{
    struct plan *plan = judge(facts, records, trace);
    const struct twin_record *twin = &records->twin;
    bool is_filed = plan->verdict == VERDICT_FILED || plan->verdict == VERDICT_EVENT;

    if (twin->mail == 0) {
        return plan;
    }
    bool takes_place_of_held = twin->verdict == VERDICT_HELD && is_filed;
    bool verifies = twin->is_unverified && is_proved(plan) && plan->sender != REF_NEW;

    if (verifies && !is_in_its_place(plan, twin)) {
        plan_say(plan->may, "mail %" PRId64 " is the same with less proof, in another place",
                 twin->mail);
        return plan;
    }
    if (!takes_place_of_held && !verifies) {
        become_duplicate(plan, twin);
        return plan;
    }
    plan->supersedes = twin->mail;
    plan_say(plan->may, "it takes the place of mail %" PRId64 ", the same mail with less proof",
             twin->mail);
    if (verifies) {
        verify_first(plan, twin);
    }
    return plan;
}

struct plan *decide_unparsed(const char *reason)
{
    struct plan *plan = plan_new();

    plan->verdict = VERDICT_HELD;
    plan->outcome = OUTCOME_HELD;
    plan->held_for = HELD_FOR_PARSER;
    plan->role = ROLE_UNKNOWN;
    plan_say(plan->may, "%s", reason);
    return plan;
}

/* What a technician does by the command line: his comment, and who hears of it. */
static struct plan *decide_cli(const struct records *records, ticket_id ticket,
                               person_id technician, const char *text, enum comment_kind kind)
{
    struct plan *plan = plan_new();
    CLEANUP(decision_clear)
    struct decision decision = {.records = records, .plan = plan};
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
    plan->outcome = kind == COMMENT_NOTE ? OUTCOME_NOTE : OUTCOME_TECHNICIAN;
    plan->ticket = ticket;
    plan->sender = person->id;
    plan->customer = found->customer;
    plan_say(plan->where, "ticket %" PRId64 " was named on the command line", ticket);
    plan_say(plan->who, "technician %" PRId64 ", %s", person->id, person->name);
    plan_say(plan->may, "whoever can run the command line may answer");

    struct change *change = decision_add_change(
        plan, CHANGE_COMMENT_ADD,
        kind == COMMENT_NOTE ? "noted by the command line" : "answered by the command line");
    change->comment_kind = kind;
    change->text = text_cut(text[0] != '\0' ? text : "(no text)", LIMIT_COMMENT_CHARS, NULL);

    decision.place.ticket = found;
    decision.identity.person = person;
    decision.evidence.claim = CLAIM_TECHNICIAN;
    decision.ruling.comment_kind = kind;
    workflow_start(&decision);
    if (kind == COMMENT_NOTE) {
        (void)tell_note(&decision);
        workflow_tell(&decision);
    } else {
        plan_reply(&decision);
    }
    governor_apply(plan, records);
    return plan;
}

struct plan *decide_cli_reply(const struct records *records, ticket_id ticket, person_id technician,
                              const char *text)
{
    return decide_cli(records, ticket, technician, text, COMMENT_PUBLIC);
}

struct plan *decide_cli_note(const struct records *records, ticket_id ticket, person_id technician,
                             const char *text)
{
    return decide_cli(records, ticket, technician, text, COMMENT_NOTE);
}
