/* Which processed mail may be removed from its mailbox. */
#ifndef STORE_INBOUND_CLEAN_H
#define STORE_INBOUND_CLEAN_H

#include "store/inbound.h"

/* A mail that may still stand in the folder of processed mail. */
struct kept_mail {
    mail_id id;
    int64_t uid; /* there; 0: it is not moved yet */
    bool is_due; /* decided, and moved so long ago that it may be removed */
};

/* Fill in the UIDVALIDITY of the folder to which mail was moved last; 0: none was. */
MUST_CHECK enum status inbound_clean_numbered(struct tx *tx, struct inbound_folder *folder,
                                              struct err *err);

/* At most limit of them, the oldest first: GArray of struct kept_mail. */
MUST_CHECK enum status inbound_clean_find(struct tx *tx, const struct inbound_folder *folder,
                                          int64_t days, int64_t limit, GArray **mails_out,
                                          struct err *err);

/* Record that mails are removed, and that none below kept_from is left to be. */
MUST_CHECK enum status inbound_clean_removed(struct tx *tx, const struct inbound_folder *folder,
                                             const mail_id *mails, size_t count, mail_id kept_from,
                                             struct err *err);

#endif
