/* What postdesk doctor asks about its probe mails. */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

#include "db/tx.h"
#include "desk/records.h"

/* The Message-ID of a mail out, and the number of the newest mail in before it. message_id_out: own. */
MUST_CHECK enum status probe_store_begun(struct tx *tx, outbound_id mail, char **message_id_out,
                                         mail_id *newest_out, struct err *err);

/* The mail with that Message-ID, or else that subject, that came in after `after` and was decided. state_out: own.
 *
 * ST_NOT_FOUND  not yet */
MUST_CHECK enum status probe_store_find(struct tx *tx, const char *message_id, const char *subject,
                                        mail_id after, mail_id *mail_out, char **state_out,
                                        struct err *err);

/* Is the schema's set of roles there? missing_out: how many are not. */
MUST_CHECK enum status probe_store_roles(struct tx *tx, int64_t *missing_out, struct err *err);

#endif
