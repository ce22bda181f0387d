/* workflow - rules at work
 *
 * Events come from what decide found; rules/eval says which rules fire and what they want; here that becomes changes
 * and mails of the plan, each with the rule's name. Three steps, because of the order in which things must happen:
 *
 *     receive   before anything is done: a rule may lower what the mail may do
 *     follow    when its own changes are planned: fields, people, notes. What the ticket will be then is in after
 *     tell      when everybody else is told: nobody gets a second mail because of a rule
 *
 * One rule never triggers another: the events are those of the mail, not of what rules do. A rule that asks for what
 * does not hold (a person whom the desk does not know as a technician, a word that a field does not have) changes
 * nothing and is shown as a fault.
 *
 * What a rule names and the records do not hold yet (an address, a customer, a ticket) is put on the plan's list of
 * wants: the caller looks it up and decides again.
 * Pure.
 */
#include "desk/workflow.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/governor.h"
#include "desk/rule_effects.h"
#include "desk/rule_scene.h"

/* ---- events ------------------------------------------------------------------------------------ */

struct events {
    enum rule_event list[EVENT_COUNT];
    size_t count;
};

static void add_event(struct events *events, enum rule_event event)
{
    events->list[events->count++] = event;
}

static struct events events_of_reply(const struct decision *decision)
{
    struct events events = {.count = 0};
    const struct ticket_record *ticket = decision->place.ticket;

    add_event(&events, EVENT_CUSTOMER_REPLIED);
    add_event(&events, decision->plan->sender == ticket->requester ? EVENT_REQUESTER_REPLIED
                                                                   : EVENT_CONTACT_REPLIED);
    return events;
}

/* What the desk itself changes of who works on it; NULL: nothing. */
static const struct change *find_assignment(const struct plan *plan)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->kind == CHANGE_TICKET_SET) { /* rules come later */
            assert(change->field == TICKET_FIELD_ASSIGNEE);
            return change;
        }
    }
    return NULL;
}

/* What is unverified never gets here, and so triggers nothing: anybody may have written it. */
static struct events events_of(const struct decision *decision)
{
    struct events events = {.count = 0};

    switch (decision->plan->outcome) {
    case OUTCOME_NEW:
        add_event(&events, EVENT_TICKET_CREATED);
        break;
    case OUTCOME_PUBLIC:
        return events_of_reply(decision);
    case OUTCOME_TECHNICIAN:
        add_event(&events, EVENT_TECHNICIAN_REPLIED);
        if (find_assignment(decision->plan) != NULL) {
            add_event(&events, EVENT_ASSIGNED);
        }
        break;
    default:
        assert(decision->plan->outcome == OUTCOME_NOTE);
        add_event(&events,
                  decision->place.ticket == NULL ? EVENT_TICKET_CREATED : EVENT_NOTE_ADDED);
    }
    return events;
}

/* What happened to a ticket by a command. */
static struct events events_of_change(const struct ticket_record *before,
                                      const struct ticket_record *after)
{
    struct events events = {.count = 0};
    bool was_done = before->status >= TICKET_RESOLVED;

    if (before->status != after->status || strcmp(before->status_name, after->status_name) != 0) {
        add_event(&events, EVENT_STATUS_CHANGED);
    }
    if (after->status >= TICKET_RESOLVED && !was_done) {
        add_event(&events, EVENT_RESOLVED);
    }
    if (after->assignee != 0 && before->assignee != after->assignee) {
        add_event(&events, EVENT_ASSIGNED);
    }
    if (after->group != 0 && before->group != after->group) {
        add_event(&events, EVENT_GROUP_ASSIGNED);
    }
    return events;
}

/* ---- running ----------------------------------------------------------------------------------- */

/* The ticket as conditions see it: where the mail belongs; of a new one what it will be without rules. */
static struct ticket_record *ticket_now(const struct decision *decision)
{
    if (decision->place.ticket != NULL) {
        return ticket_record_copy(decision->place.ticket);
    }
    struct ticket_record *ticket = ticket_record_new();

    ticket->id = REF_NEW;
    ticket->requester = decision->plan->sender == REF_NONE ? REF_NEW : decision->plan->sender;
    ticket->customer = decision->plan->customer;
    for (guint i = 0; i < decision->plan->changes->len; i++) {
        const struct change *change = decision->plan->changes->pdata[i];
        if (change->kind == CHANGE_TICKET_OPEN) {
            ticket->requester = change->person;
            g_free(ticket->subject);
            ticket->subject = g_strdup(change->text);
        }
    }
    return ticket;
}

static void say_faults(struct plan *plan, const struct rule_run *run, guint from)
{
    for (guint i = from; i < run->faults->len; i++) {
        const struct rule_fault *fault = run->faults->pdata[i];
        struct change *change = plan_add_change(plan, CHANGE_RULE_FAULT);
        change->ticket = plan->ticket;
        change->rule = g_strdup(rule_name(fault->rule));
        change->text = g_strdup(fault->what);
        change->reason = g_strdup("a rule failed");
        plan_say(plan->may, "rule \"%s\" failed: %s", rule_name(fault->rule), fault->what);
    }
}

/* Each firing is a line of the ticket's history, and of why. */
static void say_fired(struct plan *plan, const struct rule_run *run, guint from)
{
    for (guint i = from; i < run->fired->len; i++) {
        const struct rule *rule = run->fired->pdata[i];
        struct change *change = plan_add_change(plan, CHANGE_RULE_FIRED);
        change->ticket = plan->ticket;
        change->rule = g_strdup(rule_name(rule));
        change->reason = g_strdup_printf("its condition held (%s)", rule_place(rule));
        plan_say(plan->may, "rule \"%s\" (%s)", rule_name(rule), rule_place(rule));
    }
}

static void run_events(struct rule_run *run, struct plan *plan, const struct events *events,
                       const struct rule_scene *scene)
{
    struct rule_world world = rule_scene_world(scene);
    guint fired = run->fired->len;
    guint faults = run->faults->len;

    if (events->count == 0) {
        return;
    }
    rule_run_events(run, events->list, events->count, &world);
    say_fired(plan, run, fired);
    say_faults(plan, run, faults);
}

/* ---- mail-received ----------------------------------------------------------------------------- */

static bool may_be_lowered(const struct decision *decision)
{
    switch (decision->ruling.outcome) {
    case OUTCOME_NEW:
    case OUTCOME_PUBLIC:
    case OUTCOME_UNVERIFIED:
    case OUTCOME_TECHNICIAN:
    case OUTCOME_NOTE:
        return true;
    case OUTCOME_HELD:
    case OUTCOME_REJECTED:
    case OUTCOME_EVENT:
    case OUTCOME_DUPLICATE:
        return false;
    }
    return false;
}

/* The strongest of what rules ask for; a mail that a person has released is not stopped again. */
static const struct rule_effect *find_lowering(const struct rule_run *run)
{
    static const enum rule_effect_kind KINDS[] = {EFFECT_SPAM, EFFECT_REJECT, EFFECT_HOLD};

    for (size_t k = 0; k < G_N_ELEMENTS(KINDS); k++) {
        for (guint i = 0; i < run->effects->len; i++) {
            const struct rule_effect *effect = run->effects->pdata[i];
            if (effect->kind == KINDS[k]) {
                return effect;
            }
        }
    }
    return NULL;
}

static void lower(struct decision *decision, const struct rule_effect *effect)
{
    bool is_held = effect->kind == EFFECT_HOLD;

    decision->ruling.outcome = is_held ? OUTCOME_HELD : OUTCOME_REJECTED;
    decision->ruling.held_for = is_held ? HELD_FOR_RULE : HELD_FOR_NOTHING;
    decision->ruling.reason = is_held                         ? "a rule holds it"
                              : effect->kind == EFFECT_REJECT ? "a rule rejects it"
                                                              : "a rule calls it spam";
    decision->plan->is_spam = effect->kind == EFFECT_SPAM;
    decision->rejection = effect->kind == EFFECT_REJECT ? effect : NULL;
    decision->why = g_strdup_printf("%s (rule \"%s\")",
                                    is_held && effect->text[0] != '\0' ? effect->text
                                                                       : decision->ruling.reason,
                                    rule_name(effect->rule));
}

void workflow_start(struct decision *decision)
{
    if (decision->records->rule.rules != NULL) {
        decision->run = rule_run_new(decision->records->rule.rules, decision->trace != NULL);
    }
}

void workflow_receive(struct decision *decision)
{
    const struct events events = {.list = {EVENT_MAIL_RECEIVED}, .count = 1};
    struct rule_scene scene = {.records = decision->records,
                               .decision = decision,
                               .wants = &decision->plan->wants};

    if (may_be_lowered(decision)) {
        workflow_start(decision);
    }
    if (decision->run == NULL) {
        return;
    }
    decision->after = ticket_now(decision);
    scene.ticket = decision->after;
    decision->event = rule_event_name(EVENT_MAIL_RECEIVED);
    run_events(decision->run, decision->plan, &events, &scene);
    const struct rule_effect *lowering = find_lowering(decision->run);
    if (lowering != NULL && decision->records->released_by == NULL) {
        lower(decision, lowering);
    }
}

/* ---- what came of it --------------------------------------------------------------------------- */

void workflow_follow(struct decision *decision)
{
    if (decision->run == NULL) {
        return;
    }
    const struct change *assignment = find_assignment(decision->plan);
    struct rule_scene scene = {.records = decision->records,
                               .decision = decision,
                               .wants = &decision->plan->wants,
                               .before = decision->place.ticket};
    struct events events = events_of(decision);

    ticket_record_free(decision->after);
    decision->after = ticket_now(decision);
    if (assignment != NULL) {
        decision->after->assignee = assignment->person;
    }
    scene.ticket = decision->after;
    decision->event = rule_event_name(events.list[0]);
    run_events(decision->run, decision->plan, &events, &scene);
    rule_effects_change(decision);
}

void workflow_reject(struct decision *decision)
{
    if (decision->rejection != NULL) {
        rule_effects_reject(decision, decision->rejection);
    }
}

void workflow_tell(struct decision *decision)
{
    if (decision->run != NULL) {
        rule_effects_tell(decision);
    }
}

/* ---- without a mail ---------------------------------------------------------------------------- */

struct plan *workflow_decide(const struct records *records, const struct workflow_cause *cause)
{
    struct plan *plan = plan_new();
    struct decision decision = {.records = records, .plan = plan};
    struct rule_scene scene = {.records = records,
                               .wants = &plan->wants,
                               .ticket = cause->after,
                               .before = cause->before};
    struct rule_world world = rule_scene_world(&scene);

    plan->verdict = VERDICT_FILED;
    plan->outcome = OUTCOME_NOTE;
    plan->ticket = cause->after->id;
    plan->customer = cause->after->customer;
    plan->sender = cause->author == 0 ? REF_NONE : cause->author;
    decision.place.ticket = cause->after;
    decision.run = rule_run_new(records->rule.rules, false);
    decision.after = ticket_record_copy(cause->after);
    if (cause->rule != NULL) {
        decision.event = "every";
        (void)rule_run_every(decision.run, cause->rule, &world);
        say_fired(plan, decision.run, 0);
        say_faults(plan, decision.run, 0);
    } else {
        struct events events = events_of_change(cause->before, cause->after);
        decision.event = events.count > 0 ? rule_event_name(events.list[0]) : NULL;
        run_events(decision.run, plan, &events, &scene);
    }
    rule_effects_change(&decision);
    rule_effects_tell(&decision);
    governor_apply(plan, records);
    rule_run_free(decision.run);
    ticket_record_free(decision.after);
    return plan;
}

bool workflow_holds(const struct records *records, const struct ticket_record *ticket,
                    const struct rule *rule, GPtrArray *faults)
{
    const struct rule_scene scene = {.records = records, .ticket = ticket};
    struct rule_world world = rule_scene_world(&scene);
    OWNED(rule_run) run = rule_run_new(records->rule.rules, false);
    bool holds = rule_run_every(run, rule, &world);

    for (guint i = 0; i < run->faults->len; i++) {
        g_ptr_array_add(faults, g_strdup(((const struct rule_fault *)run->faults->pdata[i])->what));
    }
    return holds;
}
