/* params - the values of a statement, in PostgreSQL's binary format
 *
 * Binary spares both sides the digits, and bytea its hexadecimal doubling. Each value carries its type
 * to PREPARE, so that no cast is needed for those of this list and a wrong one is an error at once.
 *
 *     int8, int4, bool, timestamptz   network byte order; timestamptz counts µs from the year 2000
 *     text, bytea                     the bytes themselves
 *     array  = ndim flags element-type [ length lower-bound *element ]     ; int32 each (array_recv)
 *     element = length bytes                                               ; length -1 is NULL
 *
 * An array is written into a block of exactly its size: a batch may carry megabytes.
 * Pure: no I/O. That text is valid UTF-8 is the caller's duty (core/text_scrub); the server refuses
 * what is not.
 */
#include <assert.h>
#include <string.h>

#include "db/internal.h"

enum {
    EMPTY_ARRAY_BYTES = 12,
    ARRAY_HEAD_BYTES = 20,
    MAX_PARAMS = 65535,
    MAX_VALUE_BYTES = 1 << 30, /* PostgreSQL's own maximum of one value */
};

struct params {
    GArray *types;     /* own: Oid */
    GPtrArray *values; /* own: bytes in binary format; NULL for SQL NULL */
    GArray *lengths;   /* own: int */
    GArray *formats;   /* own: int, each 1: binary */
};

struct params *params_new(void)
{
    struct params *params = g_new(struct params, 1);

    *params = (struct params){
        .types = g_array_new(FALSE, FALSE, sizeof(Oid)),
        .values = g_ptr_array_new_with_free_func(g_free),
        .lengths = g_array_new(FALSE, FALSE, sizeof(int)),
        .formats = g_array_new(FALSE, FALSE, sizeof(int)),
    };
    return params;
}

void params_free(struct params *params)
{
    if (params == NULL) {
        return;
    }
    g_array_unref(params->types);
    g_ptr_array_unref(params->values);
    g_array_unref(params->lengths);
    g_array_unref(params->formats);
    g_free(params);
}

int params_count(const struct params *params)
{
    return params == NULL ? 0 : (int)params->types->len;
}

const Oid *params_types(const struct params *params)
{
    return params == NULL ? NULL : (const Oid *)(const void *)params->types->data;
}

const char *const *params_values(const struct params *params)
{
    return params == NULL ? NULL : (const char *const *)params->values->pdata;
}

const int *params_lengths(const struct params *params)
{
    return params == NULL ? NULL : (const int *)(const void *)params->lengths->data;
}

const int *params_formats(const struct params *params)
{
    return params == NULL ? NULL : (const int *)(const void *)params->formats->data;
}

/* Takes value. */
static void add(struct params *params, Oid type, char *value, size_t length)
{
    const int binary = 1;
    int stated = (int)length;

    assert(length <= MAX_VALUE_BYTES);
    assert(params->types->len < MAX_PARAMS);
    g_array_append_val(params->types, type);
    g_ptr_array_add(params->values, value);
    g_array_append_val(params->lengths, stated);
    g_array_append_val(params->formats, binary);
}

static void add_null(struct params *params, Oid type)
{
    add(params, type, NULL, 0);
}

/* ---- bytes; each writer returns where the next may write ---- */

static char *put_int32(char *at, int32_t value)
{
    uint32_t big = GUINT32_TO_BE((uint32_t)value);
    memcpy(at, &big, sizeof(big));
    return at + sizeof(big);
}

static char *put_int64(char *at, int64_t value)
{
    uint64_t big = GUINT64_TO_BE((uint64_t)value);
    memcpy(at, &big, sizeof(big));
    return at + sizeof(big);
}

static char *put_bytes(char *at, const void *bytes, size_t length)
{
    if (length > 0) {
        memcpy(at, bytes, length);
    }
    return at + length;
}

static char *copy_of(const void *bytes, size_t length)
{
    char *copy = g_malloc(length + 1); /* never NULL: that would be SQL NULL */
    *put_bytes(copy, bytes, length) = '\0';
    return copy;
}

void params_add_int64(struct params *params, int64_t value)
{
    char *bytes = g_malloc(sizeof(value));
    put_int64(bytes, value);
    add(params, OID_INT8, bytes, sizeof(value));
}

void params_add_int32(struct params *params, int32_t value)
{
    char *bytes = g_malloc(sizeof(value));
    put_int32(bytes, value);
    add(params, OID_INT4, bytes, sizeof(value));
}

void params_add_bool(struct params *params, bool value)
{
    char byte = value ? 1 : 0;
    add(params, OID_BOOL, copy_of(&byte, 1), 1);
}

void params_add_text(struct params *params, const char *text)
{
    if (text == NULL) {
        add_null(params, OID_TEXT);
        return;
    }
    size_t length = strlen(text);
    add(params, OID_TEXT, copy_of(text, length), length);
}

void params_add_bytes(struct params *params, const void *bytes, size_t length)
{
    if (bytes == NULL) {
        add_null(params, OID_BYTEA);
        return;
    }
    add(params, OID_BYTEA, copy_of(bytes, length), length);
}

void params_add_time(struct params *params, int64_t us)
{
    if (us == 0) {
        add_null(params, OID_TIMESTAMPTZ);
        return;
    }
    char *bytes = g_malloc(sizeof(us));
    put_int64(bytes, us - EPOCH_OFFSET_US);
    add(params, OID_TIMESTAMPTZ, bytes, sizeof(us));
}

void params_add_id(struct params *params, int64_t id)
{
    if (id == 0) {
        add_null(params, OID_INT8);
        return;
    }
    params_add_int64(params, id);
}

/* ---- arrays ---- */

/* Begin an array of count elements whose contents have content_bytes in all; returns the place of the first
 * element. The array is already added: the caller only fills it in. */
static char *add_array(struct params *params, Oid array_type, Oid element_type, size_t count,
                       size_t content_bytes)
{
    size_t length = EMPTY_ARRAY_BYTES;

    if (count > 0) {
        length = ARRAY_HEAD_BYTES + count * sizeof(int32_t) + content_bytes;
    }
    assert(count <= INT32_MAX && length <= MAX_VALUE_BYTES);
    char *array = g_malloc(length);
    char *at = put_int32(array, count > 0 ? 1 : 0);
    at = put_int32(at, 1); /* there may be NULLs */
    at = put_int32(at, (int32_t)element_type);
    if (count > 0) {
        at = put_int32(at, (int32_t)count);
        at = put_int32(at, 1);
    }
    add(params, array_type, array, length);
    return at;
}

static char *put_null_element(char *at)
{
    return put_int32(at, -1);
}

static char *put_int64_element(char *at, int64_t value)
{
    return put_int64(put_int32(at, sizeof(value)), value);
}

void params_add_int64s(struct params *params, const int64_t *values, size_t count)
{
    char *at = add_array(params, OID_INT8S, OID_INT8, count, count * sizeof(*values));
    for (size_t i = 0; i < count; i++) {
        at = put_int64_element(at, values[i]);
    }
}

void params_add_int32s(struct params *params, const int32_t *values, size_t count)
{
    char *at = add_array(params, OID_INT4S, OID_INT4, count, count * sizeof(*values));
    for (size_t i = 0; i < count; i++) {
        at = put_int32(put_int32(at, sizeof(values[i])), values[i]);
    }
}

static size_t count_not_zero(const int64_t *values, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += values[i] != 0;
    }
    return found;
}

void params_add_ids(struct params *params, const int64_t *ids, size_t count)
{
    char *at = add_array(params, OID_INT8S, OID_INT8, count,
                         count_not_zero(ids, count) * sizeof(*ids));
    for (size_t i = 0; i < count; i++) {
        at = ids[i] == 0 ? put_null_element(at) : put_int64_element(at, ids[i]);
    }
}

void params_add_times(struct params *params, const int64_t *us, size_t count)
{
    char *at = add_array(params, OID_TIMESTAMPTZS, OID_TIMESTAMPTZ, count,
                         count_not_zero(us, count) * sizeof(*us));
    for (size_t i = 0; i < count; i++) {
        at = us[i] == 0 ? put_null_element(at) : put_int64_element(at, us[i] - EPOCH_OFFSET_US);
    }
}

void params_add_bools(struct params *params, const bool *values, size_t count)
{
    char *at = add_array(params, OID_BOOLS, OID_BOOL, count, count);
    for (size_t i = 0; i < count; i++) {
        at = put_int32(at, 1);
        *at++ = values[i] ? 1 : 0;
    }
}

void params_add_texts(struct params *params, const char *const *texts, size_t count)
{
    size_t content_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        content_bytes += texts[i] == NULL ? 0 : strlen(texts[i]);
    }
    char *at = add_array(params, OID_TEXTS, OID_TEXT, count, content_bytes);
    for (size_t i = 0; i < count; i++) {
        if (texts[i] == NULL) {
            at = put_null_element(at);
            continue;
        }
        size_t length = strlen(texts[i]);
        at = put_bytes(put_int32(at, (int32_t)length), texts[i], length);
    }
}

void params_add_blobs(struct params *params, const struct blob *blobs, size_t count)
{
    size_t content_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        content_bytes += blobs[i].bytes == NULL ? 0 : blobs[i].length;
    }
    char *at = add_array(params, OID_BYTEAS, OID_BYTEA, count, content_bytes);
    for (size_t i = 0; i < count; i++) {
        if (blobs[i].bytes == NULL) {
            at = put_null_element(at);
            continue;
        }
        at = put_bytes(put_int32(at, (int32_t)blobs[i].length), blobs[i].bytes, blobs[i].length);
    }
}
