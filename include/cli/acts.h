/* Can a technician act by mail, and if not, why. Pure. */
#ifndef CLI_ACTS_H
#define CLI_ACTS_H

#include <stdbool.h>

#include "db/tx.h"

/* "yes, at support@desk.example", "no, because …". mailboxes: rows of account_store_list. Own. */
char *acts_by_mail(bool is_disabled, bool has_dead_address, const struct rows *mailboxes,
                   bool *acts_out);

#endif
