/* rule_mails - what rules say, and to whom
 *
 *     answer    to the contact who wrote, else to whom the ticket belongs
 *     notify    a technician, all of a group, the assignee: an alert; a contact: a mail that he can answer
 *     reject    to the sender of a mail that is not taken
 *
 * All of them pass the governor like other automatic mail. Nobody who is not confirmed gets an answer of a rule: it could
 * carry his own words to somebody else's address. Nobody gets the same notice twice because of one mail.
 * Pure.
 */
#include <assert.h>
#include <string.h>

#include "desk/pick.h"
#include "desk/rule_effects.h"

static bool has_mail(const struct plan *plan, person_id person, const char *notice)
{
    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        if (mail->person == person && strcmp(mail->notice, notice) == 0) {
            return true;
        }
    }
    return false;
}

/* A sender whom the plan makes is written to at the address that he wrote from. NULL: he has that notice, or is nobody. */
static struct plan_mail *add_mail(struct decision *decision, const struct rule_effect *effect,
                                  person_id to, const char *notice)
{
    g_autofree char *reason = g_strdup_printf("rule \"%s\"", rule_name(effect->rule));
    const struct person_record *person = records_person(decision->records, to);
    struct plan_mail *mail = NULL;

    if (has_mail(decision->plan, to, notice)) {
        return NULL;
    }
    if (person != NULL && !person->is_disabled) {
        mail = audience_add(decision->plan, decision->records, person, notice, reason);
    } else if (to == REF_NEW) {
        assert(decision->facts != NULL && decision->plan->sender == REF_NEW);
        mail = plan_add_mail(decision->plan, notice);
        mail->person = to;
        mail->address = g_strdup(decision->identity.address);
        mail->name = g_strdup(decision->facts->from->name);
        mail->reason = g_steal_pointer(&reason);
    } else {
        return NULL;
    }
    mail->ticket = decision->plan->ticket;
    plan_set_value(mail, "rule", rule_name(effect->rule));
    return mail;
}

static void tell_technician(struct decision *decision, const struct rule_effect *effect,
                            const struct person_record *person)
{
    struct plan_mail *mail = person != NULL && person->is_technician
                                 ? add_mail(decision, effect, person->id, "rule-alert")
                                 : NULL;

    if (mail != NULL) {
        mail->purpose = TOKEN_TECHNICIAN_NOTE;
        plan_set_value(mail, "alert", effect->more == NULL ? "" : effect->more);
    }
}

static bool is_confirmed(const struct decision *decision, const struct person_record *person,
                         bool is_sender)
{
    return (is_sender && decision->facts != NULL && evidence_is_confirmed(decision)) ||
           (person != NULL && (person->is_confirmed || person->is_technician));
}

/* Where nobody is known yet, the desk's fixed acknowledgement is all he gets. */
static void tell_contact(struct decision *decision, const struct rule_effect *effect,
                         person_id contact, const char *notice, const char *text)
{
    const struct person_record *person = records_person(decision->records, contact);
    struct plan_mail *mail = add_mail(decision, effect, contact, notice);

    if (mail == NULL) {
        return;
    }
    mail->purpose = TOKEN_CONTACT_REPLY;
    mail->is_automatic = true;
    plan_set_value(mail, "rule-text", text);
    if (mail->suppressed_by == NULL &&
        !is_confirmed(decision, person, contact == decision->plan->sender)) {
        mail->suppressed_by = g_strdup("stranger");
    }
}

static void tell_group(struct decision *decision, const struct rule_effect *effect)
{
    group_id group = rule_effects_group(decision, effect);
    const GArray *technicians = decision->records->technicians;

    if (group == 0 && effect->text[0] != '\0') {
        rule_effects_fault(decision, effect, "there is no group \"%s\"", effect->text);
        return;
    }
    for (guint i = 0; i < technicians->len; i++) {
        const struct person_record *person =
            records_person(decision->records, g_array_index(technicians, person_id, i));
        if (group == 0 || pick_is_member(person, group)) {
            tell_technician(decision, effect, person);
        }
    }
}

/* A person by his address: technicians get an alert, contacts a mail that they can answer. */
static void tell_person(struct decision *decision, const struct rule_effect *effect)
{
    const struct person_record *person = rule_effects_person(decision, effect->text);

    if (person != NULL && person->is_technician) {
        tell_technician(decision, effect, person);
    } else if (person != NULL) {
        tell_contact(decision, effect, person->id, "rule-mail", effect->more);
    } else if (decision->plan->wants.addresses->len == 0) {
        rule_effects_fault(decision, effect, "nobody of the desk has the address \"%s\"",
                           effect->text);
    }
}

static void notify(struct decision *decision, const struct rule_effect *effect)
{
    switch (effect->pick) {
    case PICK_ASSIGNEE:
        tell_technician(decision, effect,
                        records_person(decision->records, decision->after->assignee));
        break;
    case PICK_REQUESTER:
        tell_contact(decision, effect, decision->after->requester, "rule-mail", effect->more);
        break;
    case PICK_GROUP:
        tell_group(decision, effect);
        break;
    default:
        tell_person(decision, effect);
    }
}

/* To the contact who wrote; else to whom the ticket belongs. Machines are never answered. */
static void answer(struct decision *decision, const struct rule_effect *effect)
{
    bool is_mail = decision->facts != NULL;
    bool is_contacts = is_mail && decision->evidence.claim != CLAIM_TECHNICIAN;
    person_id to = is_contacts ? decision->plan->sender : decision->after->requester;

    if (is_mail && decision->evidence.writer != WRITER_PERSON) {
        return;
    }
    if (effect->name == NULL) {
        tell_contact(decision, effect, to, "rule-mail", effect->text);
    } else if (strcmp(effect->name, "receipt") == 0) {
        decision_tell_opener(decision);
    } else {
        tell_contact(decision, effect, to, g_intern_string(effect->name), "");
    }
}

void rule_effects_tell(struct decision *decision)
{
    const GPtrArray *effects = decision->run->effects;

    for (guint i = 0; i < effects->len; i++) {
        const struct rule_effect *effect = effects->pdata[i];
        if (effect->kind == EFFECT_ANSWER) {
            answer(decision, effect);
        } else if (effect->kind == EFFECT_NOTIFY) {
            notify(decision, effect);
        }
    }
}

/* A forger must not be able to have our notices sent to whom he likes. */
void rule_effects_reject(struct decision *decision, const struct rule_effect *effect)
{
    const struct person_record *sender = decision->identity.person;
    bool is_proved = decision->evidence.auth == AUTH_PASS || decision->evidence.token != OWN_NONE;

    if (effect->name == NULL || sender == NULL || !is_proved ||
        decision->evidence.writer != WRITER_PERSON) {
        return;
    }
    struct plan_mail *mail = add_mail(decision, effect, sender->id, g_intern_string(effect->name));
    if (mail != NULL) {
        mail->ticket = REF_NONE;
        mail->purpose = TOKEN_CONTACT_REPLY;
        mail->is_automatic = true;
        plan_set_value(mail, "held-subject", decision->facts->subject);
    }
}
