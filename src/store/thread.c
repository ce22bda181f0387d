/* thread - the rows of thread_key: which ticket a foreign Message-ID means
 *
 * A filed mail leaves a key for its own id and for the few ids that it refers to, whichever mail comes first:
 * so a reply that overtakes its parent still lets the parent find the ticket. Keys are SHA-256 digests, so
 * that hostile ids of any length cost the same.
 *
 * A key that was only referred to is taken over by the mail that bears the id; a mail's own id never
 * changes its ticket again. Rows are written in the order of their keys, so that two transactions cannot
 * wait for one another. Held mail leaves no keys: that is the caller's business.
 *
 * Which of the found tickets a mail belongs to is decided by desk/thread, not here.
 * I/O: the caller's transaction.
 */
#include "store/thread.h"

#include <stdlib.h>
#include <string.h>

#include "store/arrays.h"

static const struct statement FIND = {
    "thread_find",
    "SELECT k.key, coalesce(t.merged_into, t.id), k.mail, k.is_own, i.sender, i.is_auth_failed,"
    " i.parties FROM thread_key k JOIN ticket t ON t.id = k.ticket"
    " JOIN inbound_mail i ON i.id = k.mail WHERE k.key = ANY($1::bytea[])"};

static const struct statement ADD = {
    "thread_add",
    "INSERT INTO thread_key AS k (key, ticket, mail, is_own)"
    " SELECT * FROM unnest($1::bytea[], $2::int8[], $3::int8[], $4::bool[])"
    " ON CONFLICT (key) DO UPDATE SET ticket = excluded.ticket, mail = excluded.mail, is_own = true"
    " WHERE excluded.is_own AND NOT k.is_own"};

void thread_store_queue_find(struct tx *tx, const struct blob *keys, size_t count,
                             struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_blobs(params, keys, count);
    tx_queue(tx, &FIND, params, rows_out);
}

void thread_store_read(const struct rows *rows, int row, struct thread_row *out)
{
    size_t length = 0;
    out->key = row_bytes(rows, row, 0, &length);
    out->ticket = row_int64(rows, row, 1);
    out->mail = row_int64(rows, row, 2);
    out->is_own = row_bool(rows, row, 3);
    out->sender = row_int64(rows, row, 4);
    out->is_auth_failed = row_bool(rows, row, 5);
}

GPtrArray *thread_store_read_parties(const struct rows *rows, int row)
{
    return row_texts(rows, row, 6);
}

/* A mail's own id comes before the same id as another's reference: one statement may touch a key once. */
static int compare_keys(const void *a, const void *b)
{
    const struct thread_key *left = a;
    const struct thread_key *right = b;
    int order = memcmp(left->key, right->key, THREAD_KEY_BYTES);
    return order != 0 ? order : right->is_own - left->is_own;
}

/* Each key once, the first of its rows; how many are left. */
static size_t drop_repeated(struct thread_key *keys, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || memcmp(keys[i].key, keys[kept - 1].key, THREAD_KEY_BYTES) != 0) {
            keys[kept++] = keys[i];
        }
    }
    return kept;
}

void thread_store_queue_add(struct tx *tx, struct thread_key *keys, size_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    size_t kept = drop_repeated(keys, count);
    g_autofree struct blob *blobs = g_new(struct blob, kept + 1);
    g_autofree bool *own = g_new(bool, kept + 1);
    for (size_t i = 0; i < kept; i++) {
        blobs[i] = (struct blob){keys[i].key, THREAD_KEY_BYTES};
        own[i] = keys[i].is_own;
    }
    OWNED(params) params = params_new();
    params_add_blobs(params, blobs, kept);
    ADD_ID_MEMBERS(params, keys, kept, ticket);
    ADD_ID_MEMBERS(params, keys, kept, mail);
    params_add_bools(params, own, kept);
    tx_queue(tx, &ADD, params, NULL);
}
