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

#endif
