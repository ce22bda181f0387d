/* The keys that sign tokens, as the command line makes and ends them. Their secrets are never given out. */
#ifndef STORE_TOKEN_KEY_H
#define STORE_TOKEN_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "db/tx.h"

/* Columns: slot, signs (the newest does), created_at. Oldest first. */
MUST_CHECK enum status token_key_store_list(struct tx *tx, struct rows **rows_out, struct err *err);

/* A rotation. */
struct key_rotation {
    const char *actor;     /* borrowed */
    const uint8_t *secret; /* borrowed: TOKEN_SECRET_BYTES */
    bool keeps_all;        /* else only the newest and the one before stay */
    bool may_retire;       /* the caller knows that tokens end with their key */
    int slot;              /* out */
    int retired;           /* out: how many keys ended */
};

/* Make a key that signs from now on, in a slot that is free.
 *
 * ST_INVALID  an older key would have to end and may_retire is not set, or all slots are taken */
MUST_CHECK enum status token_key_store_rotate(struct tx *tx, struct key_rotation *rotation,
                                              struct err *err);

/* End a key.
 *
 * ST_NOT_FOUND  no key is in that slot
 * ST_INVALID    it is the one that signs */
MUST_CHECK enum status token_key_store_retire(struct tx *tx, const char *actor, int slot,
                                              struct err *err);

#endif
