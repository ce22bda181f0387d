/* Header blocks: which lines are fields, what readers could differ about, the limits. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "message/headers.h"

static const struct {
    const char *name;
    const char *block;
    const char *want; /* "name=value|…" */
    size_t body_at;
    bool is_odd;
} BLOCKS[] = {
    {"two fields", "A: 1\r\nB: 2\r\n\r\nbody", "A=1|B=2|", 14, false},
    {"LF", "A: 1\nB: 2\n\nbody", "A=1|B=2|", 11, false},
    {"no body", "A: 1\nB: 2\n", "A=1|B=2|", 10, false},
    {"no line end", "A: 1\nB: 2", "A=1|B=2|", 9, false},
    {"folding", "A: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n", "A=1 2\t3|B=4|", 22, false},
    {"no blank behind the colon", "A:1\n\n", "A=1|", 5, false},
    {"empty value", "A:\nB: \n\n", "A=|B=|", 8, false},
    {"mbox line", "From anna Mon Jan  5 2026\nA: 1\n\n", "A=1|", 32, false},
    {"quoted mbox line", ">From anna Mon Jan  5 2026\nA: 1\n\n", "A=1|", 33, false},
    {"blank in front of the colon", "A : 1\n\n", "A=1|", 7, false},
    {"body without an empty line", "From: a@b\nA: 1\nHello there\nyou\n", "From=a@b|A=1|", 15,
     false},
    {"wrapped without indenting, behind From", "From: a@b\nA: 1\n2 3\nB: 4\n\n",
     "From=a@b|A=1 2 3|B=4|", 25, false},
    {"wrapped without indenting, before From", "A: 1\n2 3\nFrom: a@b\n\n", "A=1 2 3|From=a@b|", 20,
     true},
    {"continuation first", " A: 1\nB: 2\n\n", "B=2|", 12, true},
    {"blanks as the empty line", "A: 1\n \nHello\n", "A=1|", 7, false},
    {"blanks, then fields", "A: 1\n \nHello\nFrom: a@b\n", "A=1|", 7, true},
    {"blanks that continue", "A: 1\n \n 2\nB: 3\n\n", "A=1  2|B=3|", 16, false},
    {"lone CR", "A: 1\r2\n\n", "A=1 2|", 8, false},
    {"folded name", "A\n : 1\nB: 2\n\n", "A=1|B=2|", 13, false},
    {"no field at all", "Hello\nyou\n", "", 0, false},
    {"empty line first", "\nA: 1\n", "", 1, false},
    {"nothing", "", "", 0, false},
};

static char *dump(const struct headers *headers)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < headers->fields->len; i++) {
        const struct header *header = &g_array_index(headers->fields, struct header, i);
        g_autofree char *value = header_unfold(header);

        g_string_append_printf(out, "%.*s=%s|", (int)header->name_length, header->name, value);
    }
    return g_string_free(out, FALSE);
}

Test(headers, cuts_a_block_into_its_fields)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BLOCKS); i++) {
        size_t length = strlen(BLOCKS[i].block);
        g_autofree char *exact = g_memdup2(BLOCKS[i].block, length);
        struct headers headers = {NULL};
        struct err err = {.status = ST_OK};

        cr_assert_eq(headers_scan(exact ? exact : "", length, &headers, &err), ST_OK, "%s",
                     BLOCKS[i].name);

        g_autofree char *got = dump(&headers);

        cr_expect_str_eq(got, BLOCKS[i].want, "%s: got %s", BLOCKS[i].name, got);
        cr_expect_eq(headers.body_at, BLOCKS[i].body_at, "%s: body at %zu", BLOCKS[i].name,
                     headers.body_at);
        cr_expect_eq(headers.oddity != NULL, BLOCKS[i].is_odd, "%s: %s", BLOCKS[i].name,
                     headers.oddity);
        headers_clear(&headers);
    }
}

Test(headers, finds_fields_by_name_and_number)
{
    static const char TEXT[] = "Received: 1\nSubject: x\nRECEIVED: 2\nreceived : 3\n\n";
    struct headers headers = {NULL};
    struct err err = {.status = ST_OK};

    cr_assert_eq(headers_scan(TEXT, strlen(TEXT), &headers, &err), ST_OK);
    g_autofree char *first = headers_text(&headers, "received");
    g_autofree char *second = header_unfold(headers_get(&headers, "Received", 1));

    cr_expect_str_eq(first, "1");
    cr_expect_str_eq(second, "2");
    cr_expect(headers_get(&headers, "Received", 2)->is_odd);
    cr_expect_null(headers_get(&headers, "Received", 3));
    cr_expect_null(headers_get(&headers, "Subjec", 0));
    headers_clear(&headers);
}

Test(headers, knows_bytes_that_end_no_line)
{
    static const struct {
        const char *text;
        size_t length;
        bool want;
    } CASES[] = {{"A: b\r\n c\r\n\r\n", 13, false}, {"A: b\n c\n\n", 10, false},
                 {"A: b\rc\r\n\r\n", 10, true},     {"A: b\r\r\n\r\n", 9, true},
                 {"A: b\0c\n\n", 8, true},          {"A: b\r", 5, true}};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *exact = g_memdup2(CASES[i].text, CASES[i].length);
        struct headers headers = {NULL};
        struct err err = {.status = ST_OK};

        cr_assert_eq(headers_scan(exact, CASES[i].length, &headers, &err), ST_OK);
        cr_expect_eq(header_has_stray_byte(headers_get(&headers, "A", 0)), CASES[i].want,
                     "case %zu", i);
        headers_clear(&headers);
    }
}

/* A block of count fields with a name and a value of so many bytes. */
static char *block_of(size_t count, const char *name, size_t bytes)
{
    GString *block = g_string_new(NULL);
    g_autofree char *value = g_strnfill(bytes, 'x');

    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(block, "%s:%s\r\n", name, value);
    }
    g_string_append(block, "\r\n");
    return g_string_free(block, FALSE);
}

static const struct {
    const char *name;
    size_t count;
    const char *field;
    size_t bytes;
    enum status want;
} SIZES[] = {
    {"most fields", LIMIT_HEADERS, "X", 1, ST_OK},
    {"too many fields", LIMIT_HEADERS + 1, "X", 1, ST_INVALID},
    {"longest field", 1, "X", LIMIT_HEADER_BYTES, ST_OK},
    {"too long a field", 1, "X", LIMIT_HEADER_BYTES + 1, ST_INVALID},
    {"longest From", 1, "From", LIMIT_ADDRESS_HEADER_BYTES, ST_OK},
    {"too long a From", 1, "From", LIMIT_ADDRESS_HEADER_BYTES + 1, ST_INVALID},
    {"many recipients are no attack", 1, "To", LIMIT_ADDRESS_HEADER_BYTES + 1, ST_OK},
    {"too large a block", 5, "X", LIMIT_HEADER_BYTES, ST_INVALID},
};

Test(headers, refuses_what_is_above_a_limit)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autofree char *block = block_of(SIZES[i].count, SIZES[i].field, SIZES[i].bytes);
        struct headers headers = {NULL};
        struct err err = {.status = ST_OK};
        enum status got = headers_scan(block, strlen(block), &headers, &err);

        cr_expect_eq(got, SIZES[i].want, "%s: got %s", SIZES[i].name, status_name(got));
        if (got == ST_OK) {
            headers_clear(&headers);
        }
    }
}
