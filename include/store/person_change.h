/* People and their addresses, as the command line changes them. Everything is recorded (store/change_log). */
#ifndef STORE_PERSON_CHANGE_H
#define STORE_PERSON_CHANGE_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/detail.h"
#include "desk/records.h"

/* Who changes whom; everything borrowed. */
struct person_target {
    const char *actor;
    const char *object; /* as what: "contact" or "technician" */
    person_id person;
};

enum toggle { TOGGLE_KEEP, TOGGLE_NO, TOGGLE_YES };

/* What is to be another; a member that is 0 or NULL stays as it is. */
struct person_change {
    const char *name;
    bool moves;           /* to another customer */
    customer_id customer; /* 0: none */
    enum toggle is_main_contact;
    enum toggle opens_tickets;
    enum toggle is_confirmed;
    enum toggle is_lead;
    enum toggle is_disabled;
    const char *details[PERSON_DETAILS]; /* in their stored form */
    const GPtrArray *phones;             /* char *: all that he has then */
};

/* Whoever becomes the main contact of a customer takes that from the former one; who moves to another
 * customer is no main contact any more. The name of somebody who is called by his first and last name follows
 * them.
 *
 * ST_NOT_FOUND  there is no such person
 * ST_INVALID    a main contact without a customer, or a customer whose main contact alone opens tickets would
 *               be without one who can be reached */
MUST_CHECK enum status person_store_change(struct tx *tx, const struct person_target *target,
                                           const struct person_change *change, struct err *err);

/* Say when a technician is away: days, "2026-12-01", the last included. deputy 0: nobody. What was said before is
 * gone.
 *
 * ST_INVALID  the deputy is no technician, is disabled, or is he himself */
MUST_CHECK enum status person_store_set_absence(struct tx *tx, const struct person_target *target,
                                                const char *first_day, const char *last_day,
                                                person_id deputy, struct err *err);
MUST_CHECK enum status person_store_clear_absence(struct tx *tx, const struct person_target *target,
                                                  struct err *err);

/* Groups of the technician in which the deputy is not, so that he could not act there: text[] of names. A lead is in
 * all. */
MUST_CHECK enum status person_store_uncovered(struct tx *tx, person_id technician, person_id deputy,
                                              GPtrArray **groups_out, struct err *err);

/* Give an address to a person, as the first or the last of his; one that he has is moved there, and is not
 * dead any more.
 *
 * ST_INVALID  it is somebody else's: the text says whose */
MUST_CHECK enum status person_store_add_address(struct tx *tx, const struct person_target *target,
                                                const char *address, const char *key, bool is_first,
                                                struct err *err);

/* ST_NOT_FOUND  it is not his
 * ST_INVALID    it is his only one, or the main contact could not be reached without it */
MUST_CHECK enum status person_store_remove_address(struct tx *tx,
                                                   const struct person_target *target,
                                                   const char *key, struct err *err);

#endif
