/* Outbound mails that are due: claimed with everything that is needed to write them, and what became
 * of them. One claim is one transaction; a mail's result is one statement. */
#ifndef STORE_OUTBOUND_DUE_H
#define STORE_OUTBOUND_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"

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
    const char *secret;
    bool has_subaddresses;
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
    int64_t queued_at_us;
    int32_t attempt; /* tries that the server answered */
    bool is_automatic;
    bool is_stranger;
    struct due_person recipient;
    const char *language; /* his */

    const char *subject;  /* of the ticket */
    const char *customer; /* name of the ticket's; "" */
    struct due_person requester;
    struct due_person assignee;

    /* What it tells: the comment, or that of the mail that came back. */
    struct due_person author;
    const char *kind; /* public, note, unverified; "" without a comment */
    const char *text;

    /* Of a notice about another mail. */
    outbound_id about;     /* 0 */
    const char *failed_to; /* whom that mail did not reach; "" */
    const char *answer;    /* what was said about it; "" */

    GPtrArray *audience;   /* own: const char *: requester and participants; names or addresses */
    GArray *audience_ids;  /* own: person_id, in the same order */
    GPtrArray *colleagues; /* own: const char *: the other technicians who get this notice */
    GArray *references;    /* own: struct due_reference, oldest first */
    GArray *attachments;   /* own: struct due_attachment */
};

/* How long a mail that the server does not want yet is tried. */
struct retry_limits {
    int64_t first_us;   /* the first wait; doubled each time */
    int64_t most_us;    /* the longest wait */
    int64_t give_up_us; /* after queueing */
};

struct outbound_batch {
    GPtrArray *mails;     /* own: struct outbound_due, by mailbox, then in the order of the queue */
    GPtrArray *mailboxes; /* own: struct due_mailbox */
    struct retry_limits retry;
    GPtrArray *rows; /* own: what the strings are borrowed from */
};
struct outbound_batch *outbound_batch_new(void);
void outbound_batch_free(struct outbound_batch *batch);
DEFINE_OWNED(outbound_batch, outbound_batch_free)

/* An empty mail for the caller to fill; the batch owns it. */
struct outbound_due *outbound_batch_add(struct outbound_batch *batch);

#endif
