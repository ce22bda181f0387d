/* attachment - attachments of comments; contents stand once in blob, in chunks of 256 KiB
 *
 * The same file in a hundred replies is one blob. Contents are written in the order of their digests, so
 * that two transactions with the same files cannot wait for one another.
 *
 * The chunks of a content are written by whoever inserts its blob row: the same statement decides both, so
 * a second writer adds nothing, and a reader never sees a blob without its chunks. A large content goes piece by
 * piece, in the same transaction; if the first piece finds the blob there, the others need not be sent.
 * I/O: the caller's transaction.
 */
#include "store/attachment.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/arrays.h"

#define DIGEST_BYTES 32

static const struct statement ADD_BLOB = {
    "attachment_add_blob",
    "WITH made AS (INSERT INTO blob (sha256, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    " RETURNING sha256)"
    " INSERT INTO blob_chunk (sha256, position, chunk)"
    " SELECT made.sha256, c.position, c.chunk"
    " FROM made, unnest($3::int4[], $4::bytea[]) AS c (position, chunk)"};

static const struct statement ADD_PIECE = {
    "attachment_add_piece", "INSERT INTO blob_chunk (sha256, position, chunk)"
                            " SELECT $1, c.position, c.chunk"
                            " FROM unnest($2::int4[], $3::bytea[]) AS c (position, chunk)"};

static const struct statement ADD = {
    "attachment_add",
    "INSERT INTO attachment (comment, position, sha256, bytes, name, stated_name, type, content_id,"
    " is_inline) SELECT * FROM unnest($1::int8[], $2::int4[], $3::bytea[], $4::int8[], $5::text[],"
    " $6::text[], $7::text[], $8::text[], $9::bool[])"};

struct content {
    uint8_t digest[DIGEST_BYTES];
    GBytes *bytes; /* borrowed */
};

static int compare_contents(const void *a, const void *b)
{
    const struct content *left = a;
    const struct content *right = b;
    return memcmp(left->digest, right->digest, DIGEST_BYTES);
}

/* The blob's row and the first piece; returns how far that reaches. */
static gsize queue_blob(struct tx *tx, const struct content *content, struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_bytes(params, content->digest, DIGEST_BYTES);
    params_add_int64(params, (int64_t)g_bytes_get_size(content->bytes));
    gsize end = arrays_add_piece(params, content->bytes, 0);
    tx_queue(tx, &ADD_BLOB, params, rows_out);
    return end;
}

static enum status add_large(struct tx *tx, const struct content *content, struct err *err)
{
    OWNED(rows) made = NULL;
    gsize length = g_bytes_get_size(content->bytes);
    gsize at = queue_blob(tx, content, &made);
    enum status status = tx_sync(tx, err);
    if (status != ST_OK || rows_affected(made) == 0) {
        return status;
    }
    while (at < length && status == ST_OK) {
        OWNED(params) params = params_new();
        params_add_bytes(params, content->digest, DIGEST_BYTES);
        at = arrays_add_piece(params, content->bytes, at);
        status = tx_query(tx, &ADD_PIECE, params, NULL, err);
    }
    return status;
}

/* Small contents only wait in the queue, up to a piece's size in all. */
static enum status add_contents(struct tx *tx, const struct content *contents, size_t count,
                                struct err *err)
{
    gsize waiting = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        gsize length = g_bytes_get_size(contents[i].bytes);
        if (i > 0 && compare_contents(&contents[i], &contents[i - 1]) == 0) {
            continue;
        }
        if (waiting > 0 && waiting + length > LIMIT_PIECE_BYTES) {
            status = tx_sync(tx, err);
            waiting = 0;
        }
        if (status == ST_OK && length > LIMIT_PIECE_BYTES) {
            status = add_large(tx, &contents[i], err);
        } else if (status == ST_OK) {
            waiting += queue_blob(tx, &contents[i], NULL);
        }
    }
    return status;
}

static void queue_rows(struct tx *tx, const struct new_attachment *attachments,
                       const struct content *contents, size_t count)
{
    g_autofree int32_t *positions = g_new(int32_t, count);
    g_autofree int64_t *bytes = g_new(int64_t, count);
    g_autofree bool *is_inline = g_new(bool, count);
    g_autofree struct blob *digests = g_new(struct blob, count);
    for (size_t i = 0; i < count; i++) {
        positions[i] = attachments[i].position;
        bytes[i] = (int64_t)g_bytes_get_size(attachments[i].content);
        is_inline[i] = attachments[i].is_inline;
        digests[i] = (struct blob){contents[i].digest, DIGEST_BYTES};
    }
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, attachments, count, comment);
    params_add_int32s(params, positions, count);
    params_add_blobs(params, digests, count);
    params_add_int64s(params, bytes, count);
    ADD_TEXT_MEMBERS(params, attachments, count, name);
    ADD_TEXT_MEMBERS(params, attachments, count, stated_name);
    ADD_TEXT_MEMBERS(params, attachments, count, type);
    ADD_TEXT_MEMBERS(params, attachments, count, content_id);
    params_add_bools(params, is_inline, count);
    tx_queue(tx, &ADD, params, NULL);
}

enum status attachment_store_add(struct tx *tx, const struct new_attachment *attachments,
                                 size_t count, struct err *err)
{
    if (count == 0) {
        return ST_OK;
    }
    g_autofree struct content *contents = g_new(struct content, count);
    for (size_t i = 0; i < count; i++) {
        gsize length = 0;
        contents[i].bytes = attachments[i].content;
        const void *bytes = g_bytes_get_data(contents[i].bytes, &length);
        text_sha256(bytes, length, contents[i].digest);
    }
    g_autofree struct content *sorted = g_memdup2(contents, count * sizeof *contents);
    qsort(sorted, count, sizeof *sorted, compare_contents);
    enum status status = add_contents(tx, sorted, count, err);
    if (status == ST_OK) {
        queue_rows(tx, attachments, contents, count);
    }
    return status;
}
