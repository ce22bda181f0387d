/* Held mails, as the way of a mail and the command line decide on them. */
#ifndef STORE_HELD_H
#define STORE_HELD_H

#include "db/tx.h"
#include "desk/records.h"

/* Nonces of mails that tokens name. Columns: id, nonce, the ticket that the mail belongs to. */
void held_store_queue_nonces(struct tx *tx, const int64_t *mails, size_t count,
                             struct rows **rows_out);

/* Held mails, and what became of those that are held no more; locks: nobody else decides on them until the
 * transaction ends. Rows are read by held_store_read. */
void held_store_queue_find(struct tx *tx, const int64_t *mails, size_t count, bool locks,
                           struct rows **rows_out);
struct held_record *held_store_read(const struct rows *rows, int row);
int64_t held_store_read_nonce(const struct rows *rows, int row);

/* A person's decision on a held mail. */
struct held_decision {
    mail_id mail;
    const char *actor;
    bool is_release;
    bool is_trusted; /* released, and its sender is who he says */
    bool is_spam;    /* dropped, and why */
};

/* Carry them out; those that are held no more stay as they are. Wakes the intakes. rows_out (NULL: not wanted): the
 * ids of those that it did. */
void held_store_queue_decide(struct tx *tx, const struct held_decision *decisions, size_t count,
                             struct rows **rows_out);

/* Reject the held mails whose time is over. Columns of rows_out: mail, mailbox, subject, person (its sender, if he
 * is a confirmed contact whose address takes mail; else NULL), his name, his address, name of the main contact. */
MUST_CHECK enum status held_store_expire(struct tx *tx, struct rows **rows_out, struct err *err);

/* Is there anything to do? Reads only: asked each second. */
struct held_look {
    bool is_any_over;  /* held_store_expire would find some */
    bool is_chore_due; /* held_store_is_due would say so */
};
MUST_CHECK enum status held_store_look(struct tx *tx, const char *chore, int64_t every_us,
                                       struct held_look *look_out, struct err *err);

/* Is it time for a chore that is done each so often? Then it counts as done. */
MUST_CHECK enum status held_store_is_due(struct tx *tx, const char *chore, int64_t every_us,
                                         bool *is_due_out, struct err *err);

/* How many mails were left in folders marked Junk yesterday, and one of the mailboxes; 0, 0: none. */
MUST_CHECK enum status held_store_junk(struct tx *tx, int64_t *count_out, mailbox_id *mailbox_out,
                                       struct err *err);

/* All held mails, those of one kind and one domain together. Columns: mail, mailbox, held_for, domain, from, subject. */
MUST_CHECK enum status held_store_waiting(struct tx *tx, struct rows **rows_out, struct err *err);

#endif
