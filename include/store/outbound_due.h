/* Outbound mails that are due: claimed with everything that is needed to write them, and what became
 * of them. One claim is one transaction; a mail's result is one statement. */
#ifndef STORE_OUTBOUND_DUE_H
#define STORE_OUTBOUND_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"
#include "desk/settings.h"

/* Somebody named in a notice. id 0: nobody, and both strings are "". */
struct due_person {
    person_id id;
    const char *name;
    const char *address;
};

/* A file of the comment that is told. */
struct due_attachment {
    const char *name;
    const char *type;
    int64_t bytes;
    const uint8_t *sha256; /* 32 bytes */
    GBytes *content;       /* own: NULL until it is loaded */
};

/* An id of the conversation that the recipient may be referred to. */
struct due_reference {
    const char *id; /* without angle brackets */
    bool is_ours;   /* of a notice that we sent him */
    bool is_known;  /* he wrote that mail, or got it */
};

/* How to send for a mailbox. */
struct due_mailbox {
    mailbox_id id;
    const char *address;
    const char *name;
    const char *smtp_host;
    uint16_t smtp_port;
    const char *smtp_user; /* NULL: no login */
    const char *smtp_security;
    const char *smtp_pin; /* NULL: any key */
    const char *secret;
    bool has_subaddresses;
    int64_t send_bytes; /* the largest mail that its server takes; 0: it did not say */
};

/* What is the same for all mails of a desk. */
struct due_desk {
    const char *language;
    const char *zone;
    const char *signature; /* "" */
};

/* One mail to be sent. Strings are borrowed from the batch; those without a NULL in their comment are
 * never NULL. */
struct outbound_due {
    outbound_id id;
    int64_t epoch;
    const struct due_mailbox *mailbox; /* borrowed: from the batch */
    ticket_id ticket;                  /* 0: none */
    comment_id comment;                /* 0: none */
    const char *notice;
    const char *address;
    const char *domain;
    const char *message_id;
    const char *reply_token;  /* NULL */
    const char *bounce_token; /* NULL */
    const char *reason;       /* why it was queued, for people of the desk */
    int64_t queued_at_us;
    int64_t tried_from_us; /* it is given up some time after this; usually when it was queued */
    int32_t attempt;       /* tries that the server answered */
    bool is_automatic;
    bool is_stranger;
    struct due_person recipient;
    const char *language;        /* his, else his customer's; "": neither has one */
    const char *zone;            /* his; "": he has none */
    const struct due_desk *desk; /* borrowed: from the batch */

    const char *subject; /* of the ticket; "" without one, as the next three */
    const char *status;
    const char *type;
    const char *group;    /* "" as well for a ticket of no group */
    const char *customer; /* name of the ticket's; "" */
    struct due_person requester;
    struct due_person assignee;

    /* What it tells: the comment, or that of the mail that came back. */
    struct due_person author;
    bool is_by_technician;
    const char *kind; /* public, note, unverified; "" without a comment */
    const char *text;
    const char *signature; /* the author's, of a "reply"; "" */
    int64_t written_at_us; /* 0 without a comment */

    /* Of a notice about another mail. */
    outbound_id about;     /* 0 */
    const char *failed_to; /* whom that mail did not reach; "" */
    const char *answer;    /* what was said about it; "" */

    GPtrArray *value_names;  /* own: char *: what the notice was given when it was planned */
    GPtrArray *values;       /* own: char *, in the same order */
    const GPtrArray *hidden; /* borrowed: char *: fields that contacts do not see */

    GPtrArray *audience;   /* own: const char *: requester and participants; names or addresses */
    GArray *audience_ids;  /* own: person_id, in the same order */
    GPtrArray *colleagues; /* own: const char *: the other technicians who get this notice */
    GArray *references;    /* own: struct due_reference, oldest first */
    GArray *attachments;   /* own: struct due_attachment */
};

struct outbound_batch {
    GPtrArray *mails;     /* own: struct outbound_due, by mailbox, then in the order of the queue */
    GPtrArray *mailboxes; /* own: struct due_mailbox */
    struct settings settings; /* those of sending are set */
    int64_t now_us;           /* the database's, when it was claimed */
    struct due_desk desk;
    GPtrArray *hidden; /* own: char *: fields that contacts do not see */
    GPtrArray *rows;   /* own: what the strings are borrowed from */
};
struct outbound_batch *outbound_batch_new(void);
void outbound_batch_free(struct outbound_batch *batch);
DEFINE_OWNED(outbound_batch, outbound_batch_free)

/* An empty mail for the caller to fill; the batch owns it. */
struct outbound_due *outbound_batch_add(struct outbound_batch *batch);

/* A claim of at most LIMIT_BATCH_MAILS. */
struct due_claim {
    const char *holder; /* who claims; unique in the world */
    int64_t lease_us;   /* from the database's now on */
    mailbox_id after;   /* begin with the mailbox behind this one, so that each has its turn */
    const mailbox_id *left_alone; /* mailboxes whose server is away */
    size_t left_alone_count;
};

/* Claim what is due and read what is needed to write it: three round trips with the commit, which is the
 * caller's. A batch without mails is fine. */
MUST_CHECK enum status outbound_due_claim(struct tx *tx, const struct due_claim *claim,
                                          struct outbound_batch **batch_out, struct err *err);

/* Load the content of the attachments that are wanted (a bool each). */
MUST_CHECK enum status outbound_due_load(struct tx *tx, struct outbound_due *due,
                                         const bool *is_wanted, struct err *err);

/* The mailbox's server says that it takes mails up to this size. */
MUST_CHECK enum status outbound_due_learn_size(struct tx *tx, mailbox_id mailbox, int64_t bytes,
                                               struct err *err);

/* Give back all that the holder has claimed and that has no result; the next claim may take it at once. */
MUST_CHECK enum status outbound_due_give_back(struct tx *tx, const char *holder, struct err *err);

/* What became of a mail. Changes nothing unless the holder has it still, under this epoch. */
struct due_result {
    outbound_id id;
    int64_t epoch;
    const char *holder;
    const char *answer; /* the server's, one line */
    int64_t wait_us;    /* of a mail that waits */
};

/* Start the statement for a mail that was sent, that is to be tried again after wait_us (it counts as a
 * try), or that needs wait_us more of its lease. Collected by tx_async_wait, which gives 0 rows where
 * the mail is not the holder's any more. */
MUST_CHECK enum status outbound_due_start_sent(struct conn *conn, const struct due_result *result,
                                               struct err *err);
MUST_CHECK enum status outbound_due_start_waiting(struct conn *conn,
                                                  const struct due_result *result, struct err *err);
MUST_CHECK enum status outbound_due_start_renewal(struct conn *conn,
                                                  const struct due_result *result, struct err *err);

/* The mail was sent, although it is not the holder's any more: the answer came after the lease. A fact is
 * recorded whoever has the mail now, so that at least nobody else sends it later.
 *
 * ST_NOT_FOUND  it has a result already */
MUST_CHECK enum status outbound_due_sent_late(struct tx *tx, const struct due_result *result,
                                              struct err *err);

/* The mail has failed for good, in the caller's transaction.
 *
 * ST_NOT_FOUND  it is not the holder's any more */
MUST_CHECK enum status outbound_due_fail(struct tx *tx, const struct due_result *result,
                                         struct err *err);

/* How long a mail waits after so many tries that the server answered. Pure. */
int64_t outbound_due_wait_us(const struct settings *settings, int32_t tries);

#endif
