/* copies - who joins a ticket because the mail went to them, too
 *
 * Somebody whom a contact names in To or Cc joins the ticket if he is of the same customer; whom a technician
 * names, joins whoever he is. Everybody else is only shown in the ticket's history: a stranger, so that no
 * forger makes himself a listener; a technician whom a contact names, because he is there already.
 *
 * Who joins gets no copy of this mail: he has it. Only mail that is proved brings anybody in, so that nobody
 * can have our mail sent to others by a forged From; and nobody joins by a mail with two fields of a kind, of which
 * a signature may cover only one (RFC 6376 section 8.15).
 * Pure.
 */
#include <string.h>

#include "core/limits.h"
#include "desk/decision.h"
#include "message/address.h"

/* Somebody that the mail went to. */
struct named {
    const struct address *address;
    const struct person_record *person; /* NULL: nobody the desk knows */
    customer_id customer;
};

static struct named look_up(const struct decision *decision, const struct address *address)
{
    g_autofree char *key = address_key(address->address);
    const struct address_record *record = records_address(decision->records, key);
    struct named named = {.address = address};

    if (record != NULL) {
        named.person = records_person(decision->records,
                                      record->person); /* none has the number 0 */
        named.customer = named.person != NULL ? named.person->customer : record->domain_customer;
    }
    return named;
}

/* What the mail proves of its writer decides whom he may bring in. */
static bool may_join(const struct decision *decision, const struct named *named)
{
    bool is_disabled = named->person != NULL && named->person->is_disabled;
    bool is_technician = named->person != NULL && named->person->is_technician;

    if (is_disabled || is_technician) {
        return false;
    }
    if (decision->evidence.claim == CLAIM_TECHNICIAN) {
        return true;
    }
    return decision->plan->customer != 0 && named->customer == decision->plan->customer;
}

/* Does the plan make him already, as the requester of the ticket that a technician opens for him? */
static bool is_new_requester(const struct plan *plan, const struct named *named)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        bool is_him = named->person != NULL
                          ? change->kind == CHANGE_TICKET_OPEN &&
                                change->person == named->person->id
                          : change->kind == CHANGE_PERSON_ADD &&
                                g_ascii_strcasecmp(change->address, named->address->address) == 0;
        if (is_him) {
            return true;
        }
    }
    return false;
}

/* Sender, requester and those who take part already need not be brought in. */
static bool is_there(const struct decision *decision, const struct named *named)
{
    const struct ticket_record *ticket = decision->place.ticket;
    const char *from = decision->identity.address;

    if (g_ascii_strcasecmp(named->address->address, from) == 0 ||
        records_is_own_address(decision->records, named->address->address) ||
        is_new_requester(decision->plan, named)) {
        return true;
    }
    return named->person != NULL &&
           (named->person == decision->identity.person ||
            (ticket != NULL && identity_is_party(named->person->id, ticket)));
}

static void bring_in(struct decision *decision, const struct named *named)
{
    person_id person = REF_NEW_PERSON(decision->brought_in + 1);

    if (named->person != NULL) {
        person = named->person->id;
    } else {
        decision->brought_in++;
        struct change *add = decision_add_change(decision->plan, CHANGE_PERSON_ADD,
                                                 "the mail went to him, too");
        add->person = person;
        add->customer = named->customer;
        add->address = g_strdup(named->address->address);
        add->name = g_strdup(named->address->name);
    }
    decision_add_change(decision->plan, CHANGE_PARTICIPANT_ADD, "the mail went to him, too")
        ->person = person;
}

static bool was_seen(GPtrArray *seen, const char *address)
{
    g_autofree char *key = address_key(address);

    if (g_ptr_array_find_with_equal_func(seen, key, g_str_equal, NULL)) {
        return true;
    }
    g_ptr_array_add(seen, g_steal_pointer(&key));
    return false;
}

void copies_plan(struct decision *decision)
{
    const GPtrArray *const lists[] = {decision->facts->to, decision->facts->cc};
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) shown = g_string_new(NULL);

    if (decision->evidence.writer != WRITER_PERSON || decision->facts->are_recipients_odd) {
        return;
    }
    for (size_t list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len && seen->len < LIMIT_COPIES; i++) {
            struct named named = look_up(decision, lists[list]->pdata[i]);
            if (was_seen(seen, named.address->address) || is_there(decision, &named)) {
                continue;
            }
            if (may_join(decision, &named)) {
                bring_in(decision, &named);
            } else {
                g_string_append_printf(shown, "%s%s", shown->len == 0 ? "" : ", ",
                                       named.address->address);
            }
        }
    }
    if (shown->len != 0) {
        decision_add_change(decision->plan, CHANGE_COPIED, "got the mail, and takes no part")
            ->text = g_strdup(shown->str);
    }
}
