/* Whether the rows of a desk contradict each other, or what was counted apart from them. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"

/* Conservation. folders: mailbox (address), folder, uidvalidity, fetched, rows — only those that differ.
 * states: state, count of all received mails. fetched: one row, the sum. */
struct audit_sums {
    struct rows *folders;
    struct rows *states;
    struct rows *fetched;
};
MUST_CHECK enum status audit_store_sums(struct tx *tx, struct audit_sums *sums_out,
                                        struct err *err);
void audit_sums_clear(struct audit_sums *sums);

/* One kind of contradiction; its query gives a number (of a mail, ticket, …) a row, at most AUDIT_MOST. */
#define AUDIT_MOST 100
struct audit_check {
    const char *kind;     /* "filed-without-comment" */
    const char *sentence; /* "mail %s is filed, but has no comment": for people, with the number */
    const struct statement *statement;
};
const struct audit_check *audit_store_checks(size_t *count_out);

/* Run all of them in one round trip: rows_out[i] (own) is what the i-th found. */
MUST_CHECK enum status audit_store_run(struct tx *tx, struct rows **rows_out, struct err *err);

/* ---- against the mailbox itself ---- */

/* The folders that were fetched from. Columns: folder, uidvalidity, last_uid. */
MUST_CHECK enum status audit_store_folders(struct tx *tx, mailbox_id mailbox,
                                           struct rows **rows_out, struct err *err);

/* Rows of one folder. Columns: uid, id, is_moved, was_moved (more than a minute ago). By uid. */
MUST_CHECK enum status audit_store_taken(struct tx *tx, mailbox_id mailbox, const char *folder,
                                         int64_t uidvalidity, struct rows **rows_out,
                                         struct err *err);

/* Rows of mails that were moved into a folder, and whose new UID is known. Columns: uid, id, is_kept (moved
 * lately enough to be there still). By uid. */
MUST_CHECK enum status audit_store_moved(struct tx *tx, mailbox_id mailbox, const char *folder,
                                         int64_t uidvalidity, struct rows **rows_out,
                                         struct err *err);

/* Which of these fingerprints have a row in this mailbox. Columns: fingerprint. */
MUST_CHECK enum status audit_store_known(struct tx *tx, mailbox_id mailbox,
                                         const struct blob *fingerprints, size_t count,
                                         struct rows **rows_out, struct err *err);

#endif
