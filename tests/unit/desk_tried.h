/* One decision on one combination, and what is so whatever decide says: THREATS and DESIGN said a second time. */
#ifndef TESTS_DESK_TRIED_H
#define TESTS_DESK_TRIED_H

#include "desk/auth.h"
#include "desk/plan.h"
#include "desk_combination.h"

/* One decision, and what is so whatever decide says. */
struct tried {
    const struct combination *at;
    const struct facts *facts;
    const struct records *records;
    const struct plan *plan;
    const struct person_record *sender; /* NULL: nobody the desk knows, or an address of our own */
    const struct ticket_record *ticket; /* of the plan; NULL: none, or a new one */
    enum auth auth;
    bool is_ours; /* From is an address of our own */
    bool is_released;
};

static unsigned number; /* of the combination that is tried */
static const struct plan *made;

static inline void fail(const char *promise)
{
    g_autofree char *changes = world_changes(made);
    g_autofree char *mails = world_mails(made);

    cr_assert_fail("%s, but not in combination %u: %s, %s, %s", promise, number,
                   outcome_name(made->outcome), changes, mails);
}

#define PROMISE(condition) \
 do {                      \
  if (!(condition)) {      \
   fail(#condition);       \
  }                        \
 } while (0)

/* ---- who somebody is --------------------------------------------------------------------------- */

/* "Someone who is both is a contact on tickets of which he is the requester, unless assigned to them." */
static inline bool works_on(const struct person_record *person, const struct ticket_record *ticket)
{
    bool is_contact_there = person != NULL && person->is_contact && ticket != NULL &&
                            ticket->requester == person->id && ticket->assignee != person->id;

    return person != NULL && person->is_technician && !person->is_disabled && !is_contact_there;
}

/* THREATS 3: a technician of the ticket's group, or a lead. */
static inline bool is_permitted(const struct person_record *person,
                                const struct ticket_record *ticket)
{
    if (ticket == NULL || ticket->group == 0 || person->is_lead || ticket->assignee == person->id) {
        return true;
    }
    for (guint i = 0; i < person->groups->len; i++) {
        if (g_array_index(person->groups, group_id, i) == ticket->group) {
            return true;
        }
    }
    return false;
}

/* "Domains map with AUTH none (policy map; strict does not). AUTH fail never maps." */
static inline customer_id customer_of(const struct tried *it)
{
    bool is_strict = it->records->settings.domain_mapping == MAPPING_STRICT;

    if (it->auth == AUTH_FAIL || (it->auth == AUTH_NONE && is_strict) || it->is_ours ||
        (it->sender != NULL && !it->sender->is_contact)) {
        return 0;
    }
    return it->records->customer.id;
}

static inline bool is_party(person_id person, const struct ticket_record *ticket)
{
    bool is_there = ticket->requester == person;

    for (guint i = 0; i < ticket->participants->len; i++) {
        is_there |= g_array_index(ticket->participants, person_id, i) == person;
    }
    return is_there;
}

static inline bool takes_part(const struct tried *it, const struct ticket_record *ticket)
{
    enum colleagues colleagues = it->records->customer.colleagues;
    bool is_org = colleagues == COLLEAGUES_TAKE_PART ||
                  (colleagues == COLLEAGUES_BY_SETTING &&
                   it->records->settings.colleagues_take_part) ||
                  (it->sender != NULL && it->sender->is_main_contact);

    return (it->sender != NULL && is_party(it->sender->id, ticket)) ||
           (is_org && customer_of(it) != 0 && customer_of(it) == ticket->customer);
}

/* A token that counts: valid, unexpired, given to the sender, and where tokens are looked for. */
static inline const struct token_record *own_token(const struct tried *it,
                                                   enum token_purpose purpose)
{
    const struct token_record *token = it->records->tokens->len == 0
                                           ? NULL
                                           : it->records->tokens->pdata[0];
    bool counts = token != NULL && it->sender != NULL && token->is_valid && !token->is_expired &&
                  token->person == it->sender->id && token->purpose == purpose &&
                  (token->place == TOKEN_IN_ADDRESS || token->place == TOKEN_IN_IN_REPLY_TO ||
                   token->place == TOKEN_IN_REFERENCES);

    return counts ? token : NULL;
}

static inline bool has_own(const struct tried *it, enum token_purpose purpose)
{
    const struct token_record *token = own_token(it, purpose);

    return token != NULL && token->object_kind == TOKEN_TICKET && token->ticket == it->plan->ticket;
}

/* AUTH pass, or what the mailbox's "technician-proof token" makes do with. */
static inline bool is_proved(const struct tried *it)
{
    return it->auth == AUTH_PASS || (it->auth == AUTH_NONE && !it->records->mailbox.needs_auth);
}

static inline bool is_own_address(const char *address)
{
    g_autofree char *lower = g_ascii_strdown(address, -1);

    return g_str_has_prefix(lower, "support+") || strcmp(lower, OURS) == 0;
}

static inline bool is_named(const struct tried *it, const char *address)
{
    const GPtrArray *const lists[] = {it->facts->to, it->facts->cc};

    for (size_t list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len; i++) {
            const struct address *named = lists[list]->pdata[i];
            if (g_ascii_strcasecmp(named->address, address) == 0) {
                return true;
            }
        }
    }
    return false;
}

#endif
