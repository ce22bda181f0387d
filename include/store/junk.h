/* Mails in the folder marked Junk: their headers wait for an intake; what is wanted is fetched whole. */
#ifndef STORE_JUNK_H
#define STORE_JUNK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"
#include "store/inbound.h"

/* ---- fetch ---- */

struct junk_header {
    int64_t uid;
    uint64_t bytes;
    GBytes *header; /* borrowed */
};

/* Store headers to be judged, count mails that are left without being looked at, raise the folder's last_uid. A mail that
 * was stored before changes nothing. Wakes the intakes. */
MUST_CHECK enum status junk_store_add(struct tx *tx, const struct inbound_folder *folder,
                                      const struct junk_header *headers, size_t count, int64_t left,
                                      int64_t last_uid, struct err *err);

/* What stands there of a folder. */
struct junk_state {
    GArray *wanted;   /* own: int64_t, UIDs of mails to be fetched whole, rising */
    bool has_waiting; /* some are not judged yet */
};
MUST_CHECK enum status junk_store_state(struct tx *tx, const struct inbound_folder *folder,
                                        struct junk_state *state_out, struct err *err);

/* Wanted mails that have their row in inbound_mail now, or are gone. */
MUST_CHECK enum status junk_store_forget(struct tx *tx, const struct inbound_folder *folder,
                                         const int64_t *uids, size_t count, struct err *err);

/* The folder has a new UIDVALIDITY: what stands there under another one means nothing any more. */
MUST_CHECK enum status junk_store_renumber(struct tx *tx, const struct inbound_folder *folder,
                                           struct err *err);

/* ---- intake ---- */

struct junk_mail {
    int64_t id;
    mailbox_id mailbox;
    uint64_t bytes;
    GBytes *header; /* own */
    int attempt;    /* this one included */
};
void junk_mail_free(struct junk_mail *mail);

/* Claim headers to be judged, the oldest first: GPtrArray of struct junk_mail, at most LIMIT_BATCH_MAILS. One that was claimed
 * before comes alone. Call it in a transaction of its own and commit. */
MUST_CHECK enum status junk_store_claim(struct tx *tx, int64_t lease_us, GPtrArray **mails_out,
                                        struct err *err);

/* Record the verdicts, a bool each; what is not wanted is forgotten, and both are counted. */
MUST_CHECK enum status junk_store_settle(struct tx *tx, const GPtrArray *mails,
                                         const bool *are_wanted, struct err *err);

#endif
