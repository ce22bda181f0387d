/* The first round of gathering; what gather and it share. */
#ifndef GATEWAY_GATHER_FIRST_H
#define GATEWAY_GATHER_FIRST_H

#include "gateway/gather.h"

/* Take the locks of the first level and read what the facts alone name. Mails of the batch that share a key with an
 * older one are deferred. */
MUST_CHECK enum status gather_first(struct tx *tx, struct batch *batch, struct err *err);

/* Is the mail still to be decided in this transaction? */
bool gather_takes_part(const struct batch_mail *mail);

/* Add a person to the records, which own him from then on; freed if they have him. */
void gather_add_person(struct records *records, struct person_record *person);

/* People and the customers of domains, as they were asked for by addresses. */
struct address_rows {
    struct rows *people;    /* own */
    struct rows *customers; /* own */
};

/* What the desk knows of an address; own. customer (NULL: not wanted) becomes the person's own, else his domain's. The
 * person is put into the records. */
struct address_record *gather_read_address(const struct address_rows *rows, const char *key,
                                           struct records *records,
                                           struct customer_record *customer);

#endif
