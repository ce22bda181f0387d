/* plan - what a verdict means: changes and mails to send, each with its reason
 *
 * A plan is what decide gives back and what the intake applies in one transaction; `why` prints it. It is
 * symbolic (REF_NEW), so that the same mail against the same records gives the same plan, in the daemon,
 * in a rehearsal and a year later.
 *
 * This module only makes, names and frees plans. What goes into them is the business of the other modules of
 * desk. The names below stand in tables, JSON and tests: they are for ever.
 * Pure.
 */
#include "desk/plan.h"

#include <stdarg.h>

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_TECHNICIAN:
        return "technician";
    case OUTCOME_PUBLIC:
        return "public";
    case OUTCOME_NOTE:
        return "note";
    case OUTCOME_UNVERIFIED:
        return "unverified";
    case OUTCOME_NEW:
        return "new";
    case OUTCOME_HELD:
        return "held";
    case OUTCOME_REJECTED:
        return "rejected";
    case OUTCOME_EVENT:
        return "event";
    case OUTCOME_DUPLICATE:
        return "duplicate";
    }
    return "?";
}

const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_UNKNOWN:
        return "unknown";
    case ROLE_STRANGER:
        return "stranger";
    case ROLE_CONTACT:
        return "contact";
    case ROLE_TECHNICIAN:
        return "technician";
    case ROLE_MACHINE:
        return "machine";
    }
    return "?";
}

const char *comment_kind_name(enum comment_kind kind)
{
    switch (kind) {
    case COMMENT_PUBLIC:
        return "public";
    case COMMENT_NOTE:
        return "note";
    case COMMENT_UNVERIFIED:
        return "unverified";
    }
    return "?";
}

const char *change_kind_name(enum change_kind kind)
{
    switch (kind) {
    case CHANGE_PERSON_ADD:
        return "add person";
    case CHANGE_PERSON_CONFIRM:
        return "confirm person";
    case CHANGE_TICKET_OPEN:
        return "open ticket";
    case CHANGE_COMMENT_ADD:
        return "add comment";
    case CHANGE_TICKET_SET:
        return "set ticket";
    case CHANGE_PARTICIPANT_ADD:
        return "add participant";
    case CHANGE_TICKET_LINK:
        return "link ticket";
    case CHANGE_BOUNCE:
        return "note bounce";
    case CHANGE_ADDRESS_DEAD:
        return "mark address dead";
    case CHANGE_COPIED:
        return "note who was copied";
    case CHANGE_VERIFIED:
        return "verify comment";
    case CHANGE_HELD_RELEASE:
        return "release held mail";
    case CHANGE_HELD_DROP:
        return "drop held mail";
    case CHANGE_NOTE_ADD:
        return "add note";
    case CHANGE_WEB_HOOK:
        return "call web hook";
    case CHANGE_RULE_FIRED:
        return "fire rule";
    case CHANGE_RULE_FAULT:
        return "note rule fault";
    }
    return "?";
}

static void change_free(struct change *change)
{
    g_free(change->address);
    g_free(change->name);
    g_free(change->text);
    g_free(change->reason);
    g_free(change->rule);
    g_clear_pointer(&change->values, g_ptr_array_unref);
    g_free(change);
}

static void plan_mail_free(struct plan_mail *mail)
{
    g_free(mail->address);
    g_free(mail->name);
    g_free(mail->reason);
    g_free(mail->suppressed_by);
    g_ptr_array_unref(mail->values);
    g_free(mail);
}

struct plan *plan_new(void)
{
    struct plan *plan = g_new0(struct plan, 1);

    plan->where = g_ptr_array_new_with_free_func(g_free);
    plan->who = g_ptr_array_new_with_free_func(g_free);
    plan->may = g_ptr_array_new_with_free_func(g_free);
    plan->changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    plan->mails = g_ptr_array_new_with_free_func((GDestroyNotify)plan_mail_free);
    plan->costs = g_array_new(FALSE, FALSE, sizeof(struct plan_cost));
    plan->wants.addresses = g_ptr_array_new_with_free_func(g_free);
    plan->wants.customers = g_ptr_array_new_with_free_func(g_free);
    plan->wants.tickets = g_array_new(FALSE, FALSE, sizeof(ticket_id));
    return plan;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    g_ptr_array_unref(plan->where);
    g_ptr_array_unref(plan->who);
    g_ptr_array_unref(plan->may);
    g_ptr_array_unref(plan->changes);
    g_ptr_array_unref(plan->mails);
    g_array_unref(plan->costs);
    g_ptr_array_unref(plan->wants.addresses);
    g_ptr_array_unref(plan->wants.customers);
    g_array_unref(plan->wants.tickets);
    g_free(plan);
}

struct change *plan_add_change(struct plan *plan, enum change_kind kind)
{
    struct change *change = g_new0(struct change, 1);

    change->kind = kind;
    g_ptr_array_add(plan->changes, change);
    return change;
}

struct plan_mail *plan_add_mail(struct plan *plan, const char *notice)
{
    struct plan_mail *mail = g_new0(struct plan_mail, 1);

    mail->notice = notice;
    mail->values = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(plan->mails, mail);
    return mail;
}

bool wants_are_any(const struct wants *wants)
{
    return wants->addresses->len + wants->customers->len + wants->tickets->len > 0 ||
           wants->customer != 0 || wants->has_loads;
}

bool plan_tells(const struct plan *plan, person_id person)
{
    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        if (mail->person == person) {
            return true;
        }
    }
    return false;
}

void plan_set_value(struct plan_mail *mail, const char *name, const char *value)
{
    g_ptr_array_add(mail->values, g_strdup(name));
    g_ptr_array_add(mail->values, g_strdup(value));
}

void plan_say(GPtrArray *sentences, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(sentences, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}
