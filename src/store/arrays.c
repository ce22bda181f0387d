/* arrays - from arrays of structs to array parameters
 *
 * Every multi-row statement takes its rows as parallel arrays for unnest(). The stores hold their rows as
 * structs; this module pulls one member out of each, so that no store writes that loop again.
 *
 * Lists of texts inside a row travel as one text whose lines are the elements, because unnest() flattens
 * arrays of arrays. The elements are addresses and one-line sentences: a line feed in one would only split it
 * in two, and is turned into a blank.
 *
 * The pointers given by offset are the caller's structs; nothing is kept.
 * Pure.
 */
#include "store/arrays.h"

#include <string.h>

void arrays_queue_by_ids(struct tx *tx, const struct statement *statement, const int64_t *ids,
                         size_t count, struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_int64s(params, ids, count);
    tx_queue(tx, statement, params, rows_out);
}

void arrays_add_int64s(struct params *params, const GArray *values)
{
    params_add_int64s(params, (const int64_t *)(const void *)values->data, values->len);
}

void arrays_add_texts(struct params *params, const GPtrArray *texts)
{
    params_add_texts(params, (const char *const *)texts->pdata, texts->len);
}

static const void *member_at(const void *structs, size_t i, size_t size, size_t offset)
{
    return (const char *)structs + i * size + offset;
}

void arrays_add_text_members(struct params *params, const void *structs, size_t count, size_t size,
                             size_t offset)
{
    g_autofree const char **texts = g_new(const char *, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(&texts[i], member_at(structs, i, size, offset), sizeof texts[i]);
    }
    params_add_texts(params, texts, count);
}

void arrays_add_id_members(struct params *params, const void *structs, size_t count, size_t size,
                           size_t offset)
{
    g_autofree int64_t *ids = g_new(int64_t, count);
    for (size_t i = 0; i < count; i++) {
        memcpy(&ids[i], member_at(structs, i, size, offset), sizeof ids[i]);
    }
    params_add_ids(params, ids, count);
}

static char *join_lines(const GPtrArray *texts)
{
    if (!texts || texts->len == 0) {
        return NULL;
    }
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < texts->len; i++) {
        g_autofree char *line = g_strdup(g_ptr_array_index(texts, i));
        g_strdelimit(line, "\n", ' ');
        if (i > 0) {
            g_string_append_c(lines, '\n');
        }
        g_string_append(lines, line);
    }
    return g_string_free(g_steal_pointer(&lines), FALSE);
}

void arrays_add_line_members(struct params *params, const void *structs, size_t count, size_t size,
                             size_t offset)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_full((guint)count, g_free);
    for (size_t i = 0; i < count; i++) {
        gconstpointer lines = NULL; /* a GPtrArray */
        memcpy(&lines, member_at(structs, i, size, offset), sizeof(gconstpointer));
        g_ptr_array_add(texts, join_lines(lines));
    }
    arrays_add_texts(params, texts);
}

gsize arrays_add_piece(struct params *params, GBytes *bytes, gsize from)
{
    int32_t positions[PIECE_CHUNKS];
    struct blob chunks[PIECE_CHUNKS];
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    gsize end = MIN(length, from + LIMIT_PIECE_BYTES);
    size_t count = 0;
    for (gsize at = from; at < end; at += LIMIT_CHUNK_BYTES) {
        positions[count] = (int32_t)(at / LIMIT_CHUNK_BYTES);
        chunks[count++] = (struct blob){data + at, MIN(end - at, (gsize)LIMIT_CHUNK_BYTES)};
    }
    params_add_int32s(params, positions, count);
    params_add_blobs(params, chunks, count);
    return end;
}

bool arrays_append_piece(GByteArray *content, const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        size_t length = 0;
        const void *chunk = row_bytes(rows, row, 0, &length);
        g_byte_array_append(content, chunk, (guint)length);
    }
    return rows_count(rows) == PIECE_CHUNKS;
}
