/* A batch of mails on its way from facts to plans: records gathered, decisions made. */
#ifndef GATEWAY_GATHER_H
#define GATEWAY_GATHER_H

#include <stdbool.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "gateway/rule_book.h"
#include "message/facts.h"
#include "store/desk.h"
#include "store/inbound.h"

/* One mail of a batch. */
struct batch_mail {
    const struct claimed_mail *claimed; /* borrowed; NULL: no mail is the cause (gateway/act) */
    const struct facts *facts;          /* borrowed; NULL: it could not be parsed */
    const char *actor;                  /* borrowed: the user of a command; NULL */
    const char *reason;                 /* borrowed: why it could not */
    struct records *records;            /* own */
    struct plan *plan;                  /* own; NULL until it is decided */
    ticket_id ticket;                   /* where batch_apply put it; 0: nowhere */
    comment_id comment;                 /* that it made; 0: none */
    bool is_ended;                      /* another intake was faster: nothing is left to do */
    bool is_deferred; /* an older mail of the batch bears on it: its turn is the next transaction */
};

struct batch {
    struct batch_mail *mails; /* borrowed, oldest first */
    size_t count;
    struct rule_book *book; /* borrowed: the rules; NULL: none are asked */
    bool keeps_book;        /* it is not brought to a newer version */
    GPtrArray
        *trace; /* borrowed: char *: where rules write down what they saw; NULL: nobody wants it */
    bool is_rehearsal;     /* no locks; ids and fingerprints of the mails themselves are ignored */
    struct desk_rows desk; /* own */
    struct settings settings;
    struct token_keys keys;
    GHashTable *nonces;      /* own: ticket_id → nonce, of every ticket in the records */
    GHashTable *held_nonces; /* own: mail_id → nonce, of every held mail in the records */
};

/* Read what the decisions need, in at most four rounds, and decide every mail that is neither deferred nor ended. Takes
 * the locks, sorted, in two levels. Call batch_clear whatever it returns.
 *
 * Statuses are tx_sync's; after a failure the transaction can only be rolled back. */
MUST_CHECK enum status batch_decide(struct tx *tx, struct batch *batch, struct err *err);

/* Free what the batch and its mails own, so that it can be decided again. */
void batch_clear(struct batch *batch);

/* Write what the plans say, table by table, and end the mails. Everything is queued: commit sends it. */
MUST_CHECK enum status batch_apply(struct tx *tx, struct batch *batch, struct err *err);

#endif
