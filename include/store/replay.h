/* Stored mail, page by page, with what was read when it was decided. */
#ifndef STORE_REPLAY_H
#define STORE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"

struct stored_mail {
    mail_id id;
    ticket_id ticket; /* where it is filed; 0 */
    GBytes *raw;      /* own */
    bool raw_complete;
    GBytes *records; /* own */
    char *subject;   /* own, as the next one; "" */
    char *from_address;
    int64_t decided_us;
};
void stored_mail_free(struct stored_mail *mail);

/* Which mails: those decided in the last so many seconds (0: all), with records. */
struct replay_span {
    int64_t seconds;
    int64_t total;   /* how many */
    int64_t without; /* decided in this time, but without records: they were too large */
    mail_id last;    /* no mail behind this one is of the span */
};
MUST_CHECK enum status replay_store_span(struct tx *tx, int64_t seconds,
                                         struct replay_span *span_out, struct err *err);

/* The next mails behind a number, at most LIMIT_BATCH_MAILS and LIMIT_BATCH_BYTES (one at least): GPtrArray of struct
 * stored_mail, own; empty at the end. */
MUST_CHECK enum status replay_store_page(struct tx *tx, const struct replay_span *span,
                                         mail_id behind, GPtrArray **mails_out, struct err *err);

#endif
