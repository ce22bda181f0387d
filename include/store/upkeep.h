/* What tend counts and clears away. */
#ifndef STORE_UPKEEP_H
#define STORE_UPKEEP_H

#include <stdbool.h>

#include "db/tx.h"

enum upkeep {
    UPKEEP_COUNT,   /* decisions, by what became of the mails: each minute */
    UPKEEP_ACCOUNT, /* is what was fetched what stands there: each hour, looks at all mails */
    UPKEEP_CLEAN,   /* old rows that nobody needs: each day */
    UPKEEP_KINDS,
};

/* Which of them are due. Does not write. */
MUST_CHECK enum status upkeep_store_look(struct tx *tx, bool is_due_out[UPKEEP_KINDS],
                                         struct err *err);

/* Do one, unless somebody else has done it meanwhile. */
MUST_CHECK enum status upkeep_store_do(struct tx *tx, enum upkeep kind, struct err *err);

#endif
