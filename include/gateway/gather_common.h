/* What is common to all records of a moment, of mails and of commands alike. */
#ifndef GATEWAY_GATHER_COMMON_H
#define GATEWAY_GATHER_COMMON_H

#include "gateway/gather.h"

struct common_rows {
    struct rows *technicians; /* own, as all of them */
    struct rows *version;     /* of the live rules; NULL: no rules are asked, as the next */
    struct rows *words;
};
void common_rows_clear(struct common_rows *rows);

/* Queue what has to be read; batch->desk is filled, too. */
void gather_queue_common(struct tx *tx, struct batch *batch, struct common_rows *rows);

/* When it is there: the batch's settings, keys and rules. */
MUST_CHECK enum status gather_read_common(struct tx *tx, struct batch *batch,
                                          const struct common_rows *rows, struct err *err);

/* And into the records of each; false: there is no such mailbox. */
bool gather_common(const struct batch *batch, mailbox_id mailbox, const struct common_rows *rows,
                   struct records *records);

#endif
