/* rows - what a statement gave back, read from PostgreSQL's binary format
 *
 * A reader asks for a column by its place in the SELECT and says what it is; that the column really is of
 * this type is asserted, because it stands in the same file of ours as the SQL. So count() is an int8,
 * but sum(int8) is a numeric and wants a cast; jsonb and other types without a reader want ::text.
 *
 * Arrays have one dimension (array_send, see params). The server is trusted about lengths no further than
 * the value goes: a short one is asserted too, and never over-read.
 * Pure: no I/O.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "db/internal.h"

struct rows {
    PGresult *result; /* own */
};

struct rows *rows_new(PGresult **result)
{
    struct rows *rows = g_new(struct rows, 1);
    rows->result = g_steal_pointer(result);
    return rows;
}

void rows_free(struct rows *rows)
{
    if (rows != NULL) {
        PQclear(rows->result);
        g_free(rows);
    }
}

int rows_count(const struct rows *rows)
{
    return PQntuples(rows->result);
}

int64_t rows_affected(const struct rows *rows)
{
    return g_ascii_strtoll(PQcmdTuples(rows->result), NULL, 10);
}

bool row_is_null(const struct rows *rows, int row, int column)
{
    assert(row >= 0 && row < PQntuples(rows->result));
    assert(column >= 0 && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, row, column) != 0;
}

static int32_t get_int32(const char *at)
{
    uint32_t big = 0;
    memcpy(&big, at, sizeof(big));
    return (int32_t)GUINT32_FROM_BE(big);
}

static int64_t get_int64(const char *at)
{
    uint64_t big = 0;
    memcpy(&big, at, sizeof(big));
    return (int64_t)GUINT64_FROM_BE(big);
}

static int16_t get_int16(const char *at)
{
    uint16_t big = 0;
    memcpy(&big, at, sizeof(big));
    return (int16_t)GUINT16_FROM_BE(big);
}

static void check_value(const struct rows *rows, int row, int column, Oid type, int length)
{
    assert(PQftype(rows->result, column) == type);
    assert(PQgetlength(rows->result, row, column) == length);
}

int64_t row_int64(const struct rows *rows, int row, int column)
{
    if (row_is_null(rows, row, column)) {
        return 0;
    }
    const char *value = PQgetvalue(rows->result, row, column);
    switch (PQftype(rows->result, column)) {
    case OID_INT2:
        check_value(rows, row, column, OID_INT2, 2);
        return get_int16(value);
    case OID_INT4:
        check_value(rows, row, column, OID_INT4, 4);
        return get_int32(value);
    default:
        check_value(rows, row, column, OID_INT8, 8);
        return get_int64(value);
    }
}

bool row_bool(const struct rows *rows, int row, int column)
{
    if (row_is_null(rows, row, column)) {
        return false;
    }
    check_value(rows, row, column, OID_BOOL, 1);
    return PQgetvalue(rows->result, row, column)[0] != 0;
}

const char *row_text(const struct rows *rows, int row, int column)
{
    Oid type = PQftype(rows->result, column);

    assert(type == OID_TEXT || type == OID_VARCHAR || type == OID_NAME);
    return row_is_null(rows, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}

const void *row_bytes(const struct rows *rows, int row, int column, size_t *length_out)
{
    assert(PQftype(rows->result, column) == OID_BYTEA);
    *length_out = (size_t)PQgetlength(rows->result, row, column);
    return row_is_null(rows, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}

int64_t row_time(const struct rows *rows, int row, int column)
{
    if (row_is_null(rows, row, column)) {
        return 0;
    }
    check_value(rows, row, column, OID_TIMESTAMPTZ, 8);
    return get_int64(PQgetvalue(rows->result, row, column)) + EPOCH_OFFSET_US;
}

/* An array value that is being read. */
struct array_reader {
    const char *at;
    const char *end;
    int32_t left; /* elements */
};

static int32_t take_int32(struct array_reader *reader)
{
    assert(reader->end - reader->at >= (ptrdiff_t)sizeof(int32_t));
    int32_t value = get_int32(reader->at);
    reader->at += sizeof(int32_t);
    return value;
}

static struct array_reader read_array(const struct rows *rows, int row, int column, Oid array_type)
{
    const char *value = PQgetvalue(rows->result, row, column);
    struct array_reader reader = {.at = value,
                                  .end = value + PQgetlength(rows->result, row, column)};

    assert(PQftype(rows->result, column) == array_type);
    if (row_is_null(rows, row, column)) {
        return reader;
    }
    int32_t dimensions = take_int32(&reader);
    (void)take_int32(&reader); /* has NULLs */
    (void)take_int32(&reader); /* the elements' type follows from the array's */
    assert(dimensions <= 1);
    if (dimensions == 1) {
        reader.left = take_int32(&reader);
        (void)take_int32(&reader); /* lower bound */
    }
    return reader;
}

/* The next element's bytes; NULL for SQL NULL. */
static const char *take_element(struct array_reader *reader, int32_t *length_out)
{
    int32_t length = take_int32(reader);
    reader->left--;
    *length_out = MAX(length, 0);
    if (length < 0) {
        return NULL;
    }
    const char *bytes = reader->at;
    assert(reader->end - bytes >= length);
    reader->at += length;
    return bytes;
}

GArray *row_int64s(const struct rows *rows, int row, int column)
{
    struct array_reader reader = read_array(rows, row, column, OID_INT8S);
    GArray *values = g_array_new(FALSE, FALSE, sizeof(int64_t));

    while (reader.left > 0) {
        int32_t length = 0;
        const char *bytes = take_element(&reader, &length);
        assert(bytes == NULL || length == (int32_t)sizeof(int64_t));
        int64_t value = bytes == NULL ? 0 : get_int64(bytes);
        g_array_append_val(values, value);
    }
    return values;
}

GPtrArray *row_texts(const struct rows *rows, int row, int column)
{
    struct array_reader reader = read_array(rows, row, column, OID_TEXTS);
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    while (reader.left > 0) {
        int32_t length = 0;
        const char *bytes = take_element(&reader, &length);
        g_ptr_array_add(texts, bytes == NULL ? NULL : g_strndup(bytes, (gsize)length));
    }
    return texts;
}
