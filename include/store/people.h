/* The rows of person and person_address, and customers by domain, as the way of a mail reads them. */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include "db/tx.h"
#include "desk/records.h"

/* People by their addresses' keys. Read with people_store_read; people_store_read_key gives the key. */
void people_store_queue_by_address(struct tx *tx, const char *const *keys, size_t count,
                                   struct rows **rows_out);
void people_store_queue_by_id(struct tx *tx, const int64_t *ids, size_t count,
                              struct rows **rows_out);
/* All technicians that are not disabled. */
void people_store_queue_technicians(struct tx *tx, struct rows **rows_out);
/* A row of any of them; own. */
struct person_record *people_store_read(const struct rows *rows, int row);
/* The person's customer, copied; false: he has none. */
bool people_store_read_customer(const struct rows *rows, int row, struct customer_record *customer);
/* The address key by which the row was found. Borrowed. */
const char *people_store_read_key(const struct rows *rows, int row);

/* Customers by domains ("acme.example", "*.example"). */
void people_store_queue_domains(struct tx *tx, const char *const *domains, size_t count,
                                struct rows **rows_out);
/* The customer of a row of them if it is the row of this domain; 0: it is another's. customer (NULL: not wanted) is
 * copied. */
customer_id people_store_read_domain(const struct rows *rows, int row, const char *domain,
                                     struct customer_record *customer);

/* Customers by their numbers; the one that is wanted is copied, if the row is his. */
void people_store_queue_customers(struct tx *tx, const int64_t *ids, size_t count,
                                  struct rows **rows_out);
void people_store_read_wanted(const struct rows *rows, int row, customer_id wanted,
                              struct customer_record *customer);

struct new_person {
    person_id id;
    const char *name;
    const char *address;
    const char *address_key;
    customer_id customer; /* 0: none */
    bool is_confirmed;
};
/* New contacts with one address each. */
void people_store_queue_add(struct tx *tx, const struct new_person *people, size_t count);
void people_store_queue_confirm(struct tx *tx, const int64_t *people, size_t count);
void people_store_queue_dead(struct tx *tx, const char *const *address_keys, size_t count);

#endif
