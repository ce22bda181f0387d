/* identity - who a mail says that it is from
 *
 * The second of the three questions (where, who, whether). The answer is a claim: anybody can write any From
 * header. What a claim is worth is weighed by desk/authority with the evidence.
 *
 * Exactly one address, strictly parsed, or nobody: Sender, Reply-To, Resent-From and display names are
 * never an identity (THREATS 1). A contact's own customer beats the domain's. Mail that seems to come from one
 * of our own mailboxes is never answered by us, whoever wrote it: that is how two desks talk for ever.
 *
 * Somebody who is contact and technician acts as a contact on tickets that he has opened himself, unless he
 * works on them.
 * Pure.
 */
#include "desk/identity.h"

#include <inttypes.h>
#include <string.h>

#include "message/address.h"

static enum claim claim_of_person(const struct person_record *person, customer_id customer)
{
    if (person->is_disabled) {
        return CLAIM_DISABLED;
    }
    if (person->is_technician) {
        return CLAIM_TECHNICIAN;
    }
    return person->is_confirmed || customer != 0 ? CLAIM_CONTACT : CLAIM_UNKNOWN;
}

static void say_person(const struct identity *identity, const struct records *records,
                       GPtrArray *who)
{
    const struct person_record *person = identity->person;
    g_autofree char *customer = identity->customer == 0
                                    ? g_strdup("")
                                    : g_strdup_printf(" of %s", records->customer.name);

    if (person == NULL && identity->customer != 0) {
        plan_say(who, "From %s is a new address in a domain%s", identity->address, customer);
    } else if (person == NULL) {
        plan_say(who, "From %s is nobody the desk knows", identity->address);
    } else if (person->is_technician) {
        plan_say(who, "From %s is technician %" PRId64 ", %s%s", identity->address, person->id,
                 person->name, person->is_contact ? ", who is a contact as well" : "");
    } else {
        plan_say(who, "From %s is contact %" PRId64 "%s, %s", identity->address, person->id,
                 customer, person->is_confirmed ? "confirmed" : "not confirmed");
    }
    if (person != NULL && person->is_disabled) {
        plan_say(who, "this person was disabled");
    }
}

/* The customer that the sender belongs to, as far as his address may say so. */
static customer_id customer_of(const struct identity *identity, const struct records *records,
                               enum auth auth, GPtrArray *who)
{
    bool is_strict = records->settings.domain_mapping == MAPPING_STRICT;

    if (identity->person != NULL && !identity->person->is_contact) {
        return 0; /* a technician's domain makes him nobody's contact */
    }
    if (records->customer.id != 0 && (auth == AUTH_FAIL || (is_strict && auth == AUTH_NONE))) {
        plan_say(who, "its domain is one of %s, but nothing proves that it is true",
                 records->customer.name);
        return 0;
    }
    return records->customer.id;
}

static bool has_colleagues(const struct records *records)
{
    return records->customer.colleagues == COLLEAGUES_TAKE_PART ||
           (records->customer.colleagues == COLLEAGUES_BY_SETTING &&
            records->settings.colleagues_take_part);
}

struct identity identity_of(const struct facts *facts, const struct records *records,
                            enum auth auth, GPtrArray *who)
{
    struct identity identity = {.claim = CLAIM_NOBODY};

    if (facts->from == NULL) {
        plan_say(who, "From cannot be read as exactly one address: \"%s\"", facts->from_text);
        return identity;
    }
    identity.address = facts->from->address;
    identity.person = records->sender == 0 ? NULL : records_person(records, records->sender);
    if (records_is_own_address(records, identity.address)) {
        plan_say(who, "From %s is an address of one of our own mailboxes", identity.address);
        identity.claim = CLAIM_OURSELVES;
        return identity;
    }
    identity.customer = customer_of(&identity, records, auth, who);
    identity.is_colleague = has_colleagues(records);
    if (identity.person != NULL) {
        identity.claim = claim_of_person(identity.person, identity.customer);
    } else {
        identity.claim = identity.customer != 0 ? CLAIM_CONTACT : CLAIM_UNKNOWN;
    }
    say_person(&identity, records, who);
    return identity;
}

bool identity_is_technician_on(const struct person_record *person,
                               const struct ticket_record *ticket)
{
    bool is_requester = ticket != NULL && ticket->requester == person->id &&
                        ticket->assignee != person->id;

    return person->is_technician && !person->is_disabled && !(person->is_contact && is_requester);
}

enum claim identity_claim_on(const struct identity *identity, const struct ticket_record *ticket)
{
    if (identity->claim == CLAIM_TECHNICIAN &&
        !identity_is_technician_on(identity->person, ticket)) {
        return CLAIM_CONTACT;
    }
    return identity->claim;
}

bool identity_is_party(person_id person, const struct ticket_record *ticket)
{
    if (ticket->requester == person) {
        return true;
    }
    for (guint i = 0; i < ticket->participants->len; i++) {
        if (g_array_index(ticket->participants, person_id, i) == person) {
            return true;
        }
    }
    return false;
}

bool identity_takes_part(const struct identity *identity, const struct ticket_record *ticket)
{
    switch (identity->claim) {
    case CLAIM_NOBODY:
    case CLAIM_OURSELVES:
    case CLAIM_DISABLED:
        return false;
    case CLAIM_TECHNICIAN:
        return true;
    case CLAIM_CONTACT:
    case CLAIM_UNKNOWN:
        break;
    }
    if (identity->person != NULL && identity_is_party(identity->person->id, ticket)) {
        return true;
    }
    bool is_main = identity->person != NULL && identity->person->is_main_contact;

    return (identity->is_colleague || is_main) && identity->customer != 0 &&
           identity->customer == ticket->customer;
}
