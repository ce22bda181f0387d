/* People, as the command line enters and lists them. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/records.h"

/* Which people; a member that is 0 or NULL leaves all in. */
struct person_filter {
    customer_id customer; /* a contact's */
    group_id group;       /* a technician's */
    const char
        *text; /* somewhere in names, job title, notes, phones, addresses; in any letter case */
    bool is_disabled;
    bool is_unconfirmed;  /* a contact */
    bool is_main_contact; /* a contact */
    bool is_absent;       /* a technician, today */
};

/* Columns of all three: id, name, address, addresses (text[]), customer (name), customer_id, is_contact,
 * is_confirmed, is_main_contact, is_technician, is_lead, is_disabled, language, created_at, opens_tickets,
 * has_dead_address (the first, where notices go), first_name, last_name, job_title, notes, phones (text[]), groups
 * (text[]), absent_from, absent_until (texts), deputy (name), is_absent (today). By name. */
MUST_CHECK enum status person_store_contacts(struct tx *tx, const struct person_filter *filter,
                                             struct rows **rows_out, struct err *err);
MUST_CHECK enum status person_store_technicians(struct tx *tx, const struct person_filter *filter,
                                                struct rows **rows_out, struct err *err);

/* The person with that address (its key) or number.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status person_store_find(struct tx *tx, const char *key_or_id,
                                         struct rows **rows_out, struct err *err);

/* Somebody to be entered; everything borrowed. */
struct person_entry {
    const char *address;
    const char *address_key;
    const char *name;
    bool is_technician; /* else a contact */
    bool is_lead;
    customer_id customer; /* 0: none */
    bool is_confirmed;
    bool is_main_contact;
};

/* Enter a contact or technician; actor is who does it. Somebody who is the other one already becomes both, under the name that
 * he has.
 *
 * ST_INVALID  he is one already, or the customer has another main contact: the text names him */
MUST_CHECK enum status person_store_add(struct tx *tx, const char *actor,
                                        const struct person_entry *entry, person_id *person_out,
                                        struct err *err);

#endif
