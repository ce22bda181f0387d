/* Customers and their domains, as the command line enters and lists them. */
#ifndef STORE_CUSTOMER_H
#define STORE_CUSTOMER_H

#include "db/tx.h"
#include "desk/records.h"

/* Columns: id, name, domains (text[]), contacts (how many), created_at. By name. */
MUST_CHECK enum status customer_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* The customer of that name (in any letter case), or of that number; the same columns.
 *
 * ST_NOT_FOUND  there is none */
MUST_CHECK enum status customer_store_find(struct tx *tx, const char *name_or_id,
                                           struct rows **rows_out, struct err *err);

/* Enter a customer with its domains (normal form, see domain_normalise).
 *
 * ST_INVALID  there is a customer of that name, or a domain belongs to another: the text says to whom */
MUST_CHECK enum status customer_store_add(struct tx *tx, const char *name,
                                          const char *const *domains, size_t count,
                                          customer_id *customer_out, struct err *err);

/* Whose is the domain of an address: the first of domains ("acme.example", "*.example", nearest first)
 * that is a customer's; 0: nobody's. */
MUST_CHECK enum status customer_store_of_domains(struct tx *tx, const char *const *domains,
                                                 size_t count, customer_id *customer_out,
                                                 struct err *err);

#endif
