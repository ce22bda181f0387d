/* The rows of outbound_mail as they are made. Only gateway/outbox may insert (lint). */
#ifndef STORE_OUTBOUND_H
#define STORE_OUTBOUND_H

#include "db/tx.h"
#include "desk/records.h"

struct new_outbound {
    outbound_id id;
    int64_t nonce;
    mailbox_id mailbox;
    ticket_id ticket;   /* 0 */
    comment_id comment; /* 0 */
    mail_id cause;      /* 0 */
    const char *notice;
    const char *parameters; /* JSON; NULL: {} */
    person_id recipient;    /* 0 */
    const char *address;
    const char *address_key;
    const char *domain;
    bool is_automatic;
    bool is_stranger;
    const char *message_id;
    const char *reply_token;  /* NULL */
    const char *bounce_token; /* NULL */
    const char *reason;
    const char *suppressed_by; /* NULL: it goes out */
};

/* Insert and wake the senders. */
void outbound_store_insert(struct tx *tx, const struct new_outbound *mails, size_t count);

/* Nonces of outbound mails, for tokens. Columns: id, nonce, ticket (merges followed). */
void outbound_store_queue_nonces(struct tx *tx, const int64_t *ids, size_t count,
                                 struct rows **rows_out);

/* Mails that may have come back, as decide reads them. */
void outbound_store_queue_find(struct tx *tx, const int64_t *ids, size_t count,
                               struct rows **rows_out);
/* A row of it; own. */
struct outbound_record *outbound_store_read(const struct rows *rows, int row);

/* What the governor counts. Each is capped: counting stops at most. Rows: key, count. */
void outbound_store_queue_counts(struct tx *tx, enum budget budget, const char *const *keys,
                                 size_t count, int64_t most, struct rows **rows_out);

#endif
