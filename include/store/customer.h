/* Customers and their domains, as the command line enters and lists them. */
#ifndef STORE_CUSTOMER_H
#define STORE_CUSTOMER_H

#include <stdbool.h>

#include "db/tx.h"
#include "desk/detail.h"
#include "desk/records.h"

/* Which customers; a member that is 0 or NULL leaves all in. */
struct customer_filter {
    const char *rank;    /* in any letter case, as country */
    const char *country; /* as it was entered */
    const char *text;    /* somewhere in what is known of it, in any letter case */
    bool is_main_contact_only;
};

/* Columns: id, name, domains (text[]), contacts (how many), main_contact (name), is_main_contact_only,
 * colleagues ("yes", "no", "default"), created_at, and enum customer_detail. By name. */
MUST_CHECK enum status customer_store_list(struct tx *tx, const struct customer_filter *filter,
                                           struct rows **rows_out, struct err *err);

/* The customer of that name, of that business number (both in any letter case), or of our own number, in this
 * order; the same columns.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status customer_store_find(struct tx *tx, const char *name_or_id,
                                           struct rows **rows_out, struct err *err);

/* Enter a customer with its domains (normal form, see domain_normalise). actor, here and below, is who does
 * it, for the log of changes.
 *
 * ST_INVALID  there is a customer of that name, or a domain belongs to another: the text says to whom */
MUST_CHECK enum status customer_store_add(struct tx *tx, const char *actor, const char *name,
                                          const GPtrArray *domains, customer_id *customer_out,
                                          struct err *err);

/* What is to be another; borrowed. */
struct customer_change {
    const char *name;      /* NULL: as it is */
    const char *main_only; /* "yes", "no"; NULL: as it is */
    const char
        *colleagues; /* "yes", "no", "default" (as the desk's setting says); NULL: as it is */
    const char *details[CUSTOMER_DETAILS]; /* in their stored form; NULL: as it is */
};

/* ST_NOT_FOUND  there is no such customer
 * ST_INVALID    the name or the business number is another's, or main contact only without a main contact who can be reached */
MUST_CHECK enum status customer_store_change(struct tx *tx, const char *actor, customer_id customer,
                                             const struct customer_change *change, struct err *err);

/* For whatever changes a person: is a customer whose main contact alone opens tickets still one whose main
 * contact can be reached? 0: nothing to check. Takes the customer's lock.
 *
 * ST_INVALID  it is not: the text says why; roll back */
MUST_CHECK enum status customer_store_check_main(struct tx *tx, customer_id customer,
                                                 struct err *err);

/* Give a domain (normal form) to a customer, or take it away.
 *
 * ST_INVALID    it belongs to another: the text says to whom
 * ST_NOT_FOUND  it is not this customer's */
MUST_CHECK enum status customer_store_add_domain(struct tx *tx, const char *actor,
                                                 customer_id customer, const char *domain,
                                                 struct err *err);
MUST_CHECK enum status customer_store_remove_domain(struct tx *tx, const char *actor,
                                                    customer_id customer, const char *domain,
                                                    struct err *err);

/* Whose is the domain of an address: the first of domains ("acme.example", "*.example", nearest first)
 * that is a customer's; 0: nobody's. */
MUST_CHECK enum status customer_store_of_domains(struct tx *tx, const char *const *domains,
                                                 size_t count, customer_id *customer_out,
                                                 struct err *err);

#endif
