/* test_params - the bytes of PostgreSQL's binary format */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "db/internal.h"

static void expect_param(const struct params *params, int i, Oid type, const char *bytes,
                         int length)
{
    cr_assert_lt(i, params_count(params));
    cr_expect_eq(params_types(params)[i], type, "param %d: type", i);
    cr_expect_eq(params_formats(params)[i], 1, "param %d: binary", i);
    if (bytes == NULL) {
        cr_expect_null(params_values(params)[i], "param %d", i);
        return;
    }
    cr_assert_eq(params_lengths(params)[i], length, "param %d: length %d", i,
                 params_lengths(params)[i]);
    cr_expect_arr_eq(params_values(params)[i], bytes, (size_t)length, "param %d", i);
}

Test(params, are_in_network_byte_order)
{
    OWNED(params) params = params_new();

    params_add_int64(params, 0x0102030405060708);
    params_add_int32(params, -2);
    params_add_bool(params, true);
    params_add_time(params, INT64_C(946684800000001));
    params_add_text(params, "");
    expect_param(params, 0, OID_INT8, "\1\2\3\4\5\6\7\10", 8);
    expect_param(params, 1, OID_INT4, "\xFF\xFF\xFF\xFE", 4);
    expect_param(params, 2, OID_BOOL, "\1", 1);
    expect_param(params, 3, OID_TIMESTAMPTZ, "\0\0\0\0\0\0\0\1", 8);
    expect_param(params, 4, OID_TEXT, "", 0);
}

Test(params, say_null)
{
    OWNED(params) params = params_new();

    params_add_text(params, NULL);
    params_add_bytes(params, NULL, 0);
    params_add_id(params, 0);
    params_add_time(params, 0);
    expect_param(params, 0, OID_TEXT, NULL, 0);
    expect_param(params, 1, OID_BYTEA, NULL, 0);
    expect_param(params, 2, OID_INT8, NULL, 0);
    expect_param(params, 3, OID_TIMESTAMPTZ, NULL, 0);
}

Test(params, lay_out_arrays)
{
    OWNED(params) params = params_new();

    params_add_texts(params, (const char *const[]){"ab", NULL}, 2);
    params_add_bools(params, NULL, 0);
    expect_param(params, 0, OID_TEXTS,
                 "\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\2\0\0\0\1" /* ndim nulls text count bound */
                 "\0\0\0\2ab\xFF\xFF\xFF\xFF",
                 30);
    expect_param(params, 1, OID_BOOLS, "\0\0\0\0\0\0\0\1\0\0\0\20", 12);
}
