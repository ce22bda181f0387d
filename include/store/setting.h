/* The desk's settings, as the command line sets them. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "db/tx.h"

/* Those that were set. Columns: name, value, changed_at. */
MUST_CHECK enum status setting_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* Set one that settings_set has found good; actor is who does it. */
MUST_CHECK enum status setting_store_set(struct tx *tx, const char *actor, const char *name,
                                         const char *value, struct err *err);

#endif
