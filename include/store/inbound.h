/* The rows of inbound_mail: taken by fetch, claimed and ended by intake. */
#ifndef STORE_INBOUND_H
#define STORE_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/plan.h"
#include "desk/records.h"

#define FINGERPRINT_BYTES 33

/* ---- fetch ---- */

/* A folder in which UIDs mean mails. */
struct inbound_folder {
    mailbox_id mailbox;
    const char *name; /* borrowed */
    int64_t uidvalidity;
};

/* A mail as it came from the server. */
struct fetched_mail {
    int64_t uid;
    uint64_t bytes;     /* RFC822.SIZE */
    int64_t arrived_us; /* INTERNALDATE */
    GBytes *raw;        /* own */
    bool raw_complete;  /* false: raw is the head of an oversize mail */
    uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* Store mails of one folder, raise its last_uid to at least last_uid, and count the new ones apart from the
 * rows. A mail that has its row already changes nothing. Wakes the intakes. */
MUST_CHECK enum status inbound_store_add(struct tx *tx, const struct inbound_folder *folder,
                                         const struct fetched_mail *mails, size_t count,
                                         int64_t last_uid, int64_t *added_out, struct err *err);

/* Up to which UID a folder was looked at; 0 for one that is new (or has a new UIDVALIDITY). */
MUST_CHECK enum status inbound_store_last_uid(struct tx *tx, const struct inbound_folder *folder,
                                              int64_t *last_uid_out, struct err *err);

/* Rows of the folder's other UIDVALIDITYs whose mail was not moved: nobody can find it by its UID any more.
 * They are marked as moved by others. is_renumbered_out: the folder was known, and this UIDVALIDITY is
 * new. */
MUST_CHECK enum status inbound_store_abandon(struct tx *tx, const struct inbound_folder *folder,
                                             int64_t *count_out, bool *is_renumbered_out,
                                             struct err *err);

/* A row whose mail still stands in its folder. */
struct unmoved_mail {
    int64_t uid;
    bool raw_complete;
    uint64_t bytes;
    uint8_t fingerprint[FINGERPRINT_BYTES];
};

/* At most limit of them, lowest UID first: GArray of struct unmoved_mail. */
MUST_CHECK enum status inbound_store_unmoved(struct tx *tx, const struct inbound_folder *folder,
                                             int64_t limit, GArray **mails_out, struct err *err);

struct moved_mail {
    int64_t uid;
    int64_t new_uid;         /* 0: the server did not say */
    int64_t new_uidvalidity; /* 0: the server did not say */
};

/* Record where mails are now; new_folder NULL: they are gone, moved by others. The last_uid of the new
 * folder becomes the highest UID that we moved there. */
MUST_CHECK enum status inbound_store_moved(struct tx *tx, const struct inbound_folder *folder,
                                           const char *new_folder, const struct moved_mail *mails,
                                           size_t count, struct err *err);

/* ---- intake ---- */

/* A mail that an intake has claimed. */
struct claimed_mail {
    mail_id id;
    mailbox_id mailbox;
    uint64_t bytes;
    bool raw_complete;
    GBytes *raw; /* own */
    uint8_t fingerprint[FINGERPRINT_BYTES];
    int parser_deaths;
    int solo_attempts; /* this one included */
    bool is_solo;      /* an intake died with it: taken alone */
    char *released_by; /* own; NULL */
    bool is_trusted;   /* and its sender is who he says */
};
void claimed_mail_free(struct claimed_mail *mail);

/* Claim the oldest waiting mails, at most LIMIT_BATCH_MAILS and LIMIT_BATCH_BYTES (one at least). A mail
 * whose last holder died with it is claimed alone. claimed_out: GPtrArray of struct claimed_mail, oldest
 * first; empty when nothing waits. Call it in a transaction of its own and commit. */
MUST_CHECK enum status inbound_store_claim(struct tx *tx, const char *holder, int64_t lease_us,
                                           GPtrArray **claimed_out, struct err *err);

/* Give back what holder has claimed and not ended, as if it had never been claimed: for failures that are
 * not the mails'. */
MUST_CHECK enum status inbound_store_give_back(struct tx *tx, const char *holder, struct err *err);

/* The parser died on this mail, alone, which holder still has: count it and let the mail wait again. */
MUST_CHECK enum status inbound_store_parser_died(struct tx *tx, mail_id mail, const char *holder,
                                                 struct err *err);

/* The raw mail of a row, whole. ST_NOT_FOUND: no such row. */
MUST_CHECK enum status inbound_store_raw(struct tx *tx, mail_id mail, GBytes **raw_out,
                                         struct err *err);

/* Other mails with these fingerprints that are ended (not duplicates, not received). Rows are read by
 * inbound_store_read_twin. */
void inbound_store_queue_twins(struct tx *tx, const struct blob *fingerprints, size_t count,
                               struct rows **rows_out);
struct twin_row {
    const void *fingerprint; /* FINGERPRINT_BYTES, borrowed from the rows */
    mail_id mail;
    const char *state;
    const char *outcome;
    ticket_id ticket;
    comment_id comment; /* 0 */
    bool is_unverified; /* that comment is */
};
void inbound_store_read_twin(const struct rows *rows, int row, struct twin_row *out);

/* The end of a mail: its decision. */
struct inbound_end {
    mail_id mail;
    enum verdict verdict;
    const char *role;
    const char *outcome;
    const char *from_address; /* NULL: none */
    const char *from_text;
    const char *subject;
    const char *message_id;   /* NULL: none */
    const GPtrArray *parties; /* char *; NULL: none */
    bool is_auth_failed;
    bool is_spam;           /* a rule says so */
    const GPtrArray *where; /* char * */
    const GPtrArray *who;
    const GPtrArray *may;
    ticket_id ticket;
    comment_id comment;
    person_id sender;
    mail_id duplicate_of;
    mail_id supersedes;
    struct blob records;       /* bytes NULL: none */
    const char *held_for;      /* NULL unless it is held */
    int64_t held_until_us;     /* 0: it waits for a person */
    int64_t nonce;             /* of tokens about it; 0: none */
    customer_id held_customer; /* whose ticket it would be; 0 */
};
void inbound_store_queue_end(struct tx *tx, const struct inbound_end *ends, size_t count);

#endif
