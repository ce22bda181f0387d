/* The rows of thread_key: which ticket a foreign Message-ID means. */
#ifndef STORE_THREAD_H
#define STORE_THREAD_H

#include "db/tx.h"
#include "desk/records.h"

/* The key of a Message-ID (without brackets): its SHA-256. */
#define THREAD_KEY_BYTES 32

void thread_store_queue_find(struct tx *tx, const struct blob *keys, size_t count,
                             struct rows **rows_out);
struct thread_row {
    const void *key;  /* THREAD_KEY_BYTES, borrowed from the rows */
    ticket_id ticket; /* merges followed */
    mail_id mail;
    bool is_own;
    person_id sender;
    bool is_auth_failed;
};
void thread_store_read(const struct rows *rows, int row, struct thread_row *out);
/* The parties of the row's mail: own, char *. */
GPtrArray *thread_store_read_parties(const struct rows *rows, int row);

struct thread_key {
    uint8_t key[THREAD_KEY_BYTES];
    ticket_id ticket;
    mail_id mail;
    bool is_own;
};

/* Add keys (sorts them). A key that is there stays, but for one that was only referred to: the mail whose
 * own id it is takes it over. */
void thread_store_queue_add(struct tx *tx, struct thread_key *keys, size_t count);

#endif
