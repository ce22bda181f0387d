/* The rows of ticket, participant, ticket_link, comment and activity, as the way of a mail writes them. */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include "db/tx.h"
#include "desk/plan.h"
#include "desk/records.h"

/* Advisory locks of this transaction, in the order given (sorted by the caller). */
void ticket_store_queue_locks(struct tx *tx, const int64_t *keys, size_t count);

/* Nonces and merges of tickets, for tokens. Columns: id, nonce, ticket that it was merged into. */
void ticket_store_queue_nonces(struct tx *tx, const int64_t *ids, size_t count,
                               struct rows **rows_out);

void ticket_store_queue_find(struct tx *tx, const int64_t *ids, size_t count,
                             struct rows **rows_out);
/* A row of it; own. */
struct ticket_record *ticket_store_read(const struct rows *rows, int row);
/* Its nonce: for the tokens of what is sent, never for records. */
int64_t ticket_store_read_nonce(const struct rows *rows, int row);

/* Numbers from the sequences: tickets, comments, persons, outbound mails. */
struct new_ids {
    size_t tickets;
    size_t comments;
    size_t people;
    size_t outbound;
    struct rows *rows[4]; /* own: what the database gave, one column each */
};
MUST_CHECK enum status ticket_store_new_ids(struct tx *tx, struct new_ids *ids, struct err *err);
void new_ids_clear(struct new_ids *ids);

struct new_ticket {
    ticket_id id;
    int64_t nonce;
    mailbox_id mailbox;
    customer_id customer;
    person_id requester;
    const char *subject;
    mail_id opened_by;
    int64_t comments;  /* that are written with it: 0 or 1 */
    const char *whose; /* the side of that one, as of struct new_word */
};
void ticket_store_queue_open(struct tx *tx, const struct new_ticket *tickets, size_t count);

struct new_comment {
    comment_id id;
    ticket_id ticket;
    enum comment_kind kind;
    person_id author;
    mail_id mail;     /* 0: not by mail */
    const char *rule; /* the author of a note that nobody wrote; NULL */
    const char *body;
};
void ticket_store_queue_comments(struct tx *tx, const struct new_comment *comments, size_t count);

/* Pairs of ticket and person; one that is there already is no error. */
void ticket_store_queue_participants(struct tx *tx, const int64_t *tickets, const int64_t *people,
                                     size_t count);
void ticket_store_queue_links(struct tx *tx, const int64_t *tickets, const int64_t *others,
                              const char *const *whys, size_t count);
/* A comment on a ticket that was there before: who has the next word now, and since when. */
struct new_word {
    ticket_id ticket;
    const char *whose; /* "contact", "technician"; NULL: a machine's, which is nobody's word */
    const char *kind;  /* of comment_kind_name */
};
void ticket_store_queue_words(struct tx *tx, const struct new_word *words, size_t count);

struct new_activity {
    ticket_id ticket;
    const char *what;
    const char *from_value; /* NULL */
    const char *to_value;   /* NULL */
    person_id person;       /* 0 */
    const char *actor;      /* NULL */
    mail_id mail;           /* 0 */
    outbound_id outbound;   /* 0 */
    const char *rule;       /* NULL */
};
void ticket_store_queue_activities(struct tx *tx, const struct new_activity *activities,
                                   size_t count);

/* Comments that were unverified and are proved now to be a contact's word, and the mails that prove them. */
void ticket_store_queue_verify(struct tx *tx, const int64_t *comments, const int64_t *mails,
                               size_t count);

#endif
