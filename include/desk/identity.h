/* Who is it? What the From address says, without asking yet whether it is true. Pure. */
#ifndef DESK_IDENTITY_H
#define DESK_IDENTITY_H

#include <glib.h>

#include "desk/auth.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "message/facts.h"

enum claim {
    CLAIM_NOBODY,    /* no single, strictly written From address */
    CLAIM_OURSELVES, /* an address of one of our mailboxes */
    CLAIM_DISABLED,  /* a person who was disabled */
    CLAIM_TECHNICIAN,
    CLAIM_CONTACT, /* a contact, or a new address in a customer's domain */
    CLAIM_UNKNOWN, /* of no customer and never confirmed */
};

struct identity {
    enum claim claim;
    const char *address;                /* borrowed from facts; NULL for CLAIM_NOBODY */
    const struct person_record *person; /* borrowed from records; NULL: not known yet */
    customer_id customer;               /* a contact's own, else his domain's; 0: none */
    bool is_colleague; /* his customer's contacts take part in each other's tickets */
};

/* auth: whether From is true; a domain that is forged, or by policy one that nothing proves, maps to no customer.
 * who gets sentences for people. */
struct identity identity_of(const struct facts *facts, const struct records *records,
                            enum auth auth, GPtrArray *who);

/* What he is on this ticket: somebody who is both is a contact on tickets of which he is the requester,
 * unless they are assigned to him. ticket may be NULL (a new one). */
enum claim identity_claim_on(const struct identity *identity, const struct ticket_record *ticket);

/* The same for a person of the records: is he a technician there (and not a contact)? */
bool identity_is_technician_on(const struct person_record *person,
                               const struct ticket_record *ticket);

/* Does he take part in the ticket: a technician, its requester, a participant, or a contact of its customer (where
 * colleagues take part, and its main contact always)? */
bool identity_takes_part(const struct identity *identity, const struct ticket_record *ticket);

/* Is this person the ticket's requester or one of its participants? */
bool identity_is_party(person_id person, const struct ticket_record *ticket);

#endif
