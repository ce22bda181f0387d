/* token_key - the keys that sign tokens
 *
 * The newest key signs, all of them verify; a token lives as long as its key. So a rotation keeps the key before
 * it: what was signed an hour ago is still answered tomorrow. What is older ends with the rotation
 * after the next, and then all that it signed. Roles read the keys with each batch (store/desk), so a
 * new one signs from the next mail on, on all hosts.
 *
 * A slot's number stands in the token. A retired slot can be taken again: the secret is another one then, and the
 * old tokens fit nothing.
 *
 * Secrets go in here and never come out: not into rows for people, not into the log of changes.
 * I/O: the caller's transaction.
 */
#include "store/token_key.h"

#include "desk/token.h"
#include "store/change_log.h"

static const struct statement LIST = {
    "token_key_list",
    "SELECT slot, row_number() OVER (ORDER BY created_at DESC, slot DESC) = 1, created_at"
    " FROM token_key ORDER BY created_at, slot"};

static const struct statement LOCK = {
    "token_key_lock", "SELECT slot FROM token_key ORDER BY created_at, slot FOR UPDATE"};

static const struct statement ADD = {"token_key_add",
                                     "INSERT INTO token_key (slot, secret, created_at)"
                                     " VALUES ($1, $2, clock_timestamp())"};

static const struct statement REMOVE = {"token_key_remove",
                                        "DELETE FROM token_key WHERE slot = $1"};

enum { KEPT = 1 }; /* besides the new one */

enum status token_key_store_list(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &LIST, NULL, rows_out, err);
}

static void queue_log(struct tx *tx, const char *actor, int slot, const char *what)
{
    g_autofree char *name = g_strdup_printf("%d", slot);
    struct logged_change change = {.actor = actor, .object = "key", .name = name, .what = what};

    change_log_queue(tx, &change);
}

static void queue_remove(struct tx *tx, const char *actor, int slot)
{
    OWNED(params) params = params_new();

    params_add_int32(params, slot);
    tx_queue(tx, &REMOVE, params, NULL);
    queue_log(tx, actor, slot, "retired");
}

/* The first slot after the newest key's that is free; -1 for none. */
static int free_slot(const struct rows *keys)
{
    int count = rows_count(keys);
    int newest = count == 0 ? TOKEN_KEYS - 1 : (int)row_int64(keys, count - 1, 0);

    for (int step = 1; step <= TOKEN_KEYS; step++) {
        int slot = (newest + step) % TOKEN_KEYS;
        bool is_taken = false;
        for (int row = 0; row < count; row++) {
            is_taken = is_taken || row_int64(keys, row, 0) == slot;
        }
        if (!is_taken) {
            return slot;
        }
    }
    return -1;
}

static enum status say_it_ends(const struct rows *keys, int ending, struct err *err)
{
    (void)err_set(
        err, ST_INVALID,
        "this ends %d older key%s (slot %d first): what they signed can be answered no more",
        ending, ending == 1 ? "" : "s", (int)row_int64(keys, 0, 0));
    return err_hint(err, "--yes if that is wanted, --keep to keep them");
}

enum status token_key_store_rotate(struct tx *tx, struct key_rotation *rotation, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) keys = NULL;
    enum status status = tx_query(tx, &LOCK, NULL, &keys, err);

    if (status != ST_OK) {
        return status;
    }
    int ending = rotation->keeps_all ? 0 : MAX(rows_count(keys) - KEPT, 0);
    rotation->slot = free_slot(keys);
    rotation->retired = ending;
    if (ending > 0 && !rotation->may_retire) {
        return say_it_ends(keys, ending, err);
    }
    if (rotation->slot < 0) {
        (void)err_set(err, ST_INVALID, "all %d slots have keys", TOKEN_KEYS);
        return err_hint(err, "postdesk keys retire SLOT");
    }
    for (int row = 0; row < ending; row++) {
        queue_remove(tx, rotation->actor, (int)row_int64(keys, row, 0));
    }
    params_add_int32(params, rotation->slot);
    params_add_bytes(params, rotation->secret, TOKEN_SECRET_BYTES);
    tx_queue(tx, &ADD, params, NULL);
    queue_log(tx, rotation->actor, rotation->slot, "added");
    return tx_sync(tx, err);
}

enum status token_key_store_retire(struct tx *tx, const char *actor, int slot, struct err *err)
{
    OWNED(rows) keys = NULL;
    enum status status = tx_query(tx, &LOCK, NULL, &keys, err);
    bool is_there = false;

    if (status != ST_OK) {
        return status;
    }
    int count = rows_count(keys);
    for (int row = 0; row < count; row++) {
        is_there = is_there || row_int64(keys, row, 0) == slot;
    }
    if (!is_there) {
        (void)err_set(err, ST_NOT_FOUND, "there is no key in slot %d", slot);
        return err_hint(err, "postdesk keys list");
    }
    if (row_int64(keys, count - 1, 0) == slot) {
        (void)err_set(err, ST_INVALID, "the key in slot %d is the one that signs", slot);
        return err_hint(err, "postdesk keys rotate makes another one first");
    }
    queue_remove(tx, actor, slot);
    return tx_sync(tx, err);
}
