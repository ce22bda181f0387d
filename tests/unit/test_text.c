/* test_text - strings from strangers become plain ones, numbers and durations are read strictly */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/text.h"

#define ELLIPSIS    "\xE2\x80\xA6"
#define REPLACEMENT "\xEF\xBF\xBD"
#define EURO        "\xE2\x82\xAC"

static const struct {
    const char *name;
    const char *bytes;
    gssize length;
    const char *want;
} SCRUBS[] = {
    {"plain", "abc", -1, "abc"},
    {"empty", "", 0, ""},
    {"good UTF-8", "a" EURO "b", 5, "a" EURO "b"},
    {"a stray byte",
     "a\xFF"
     "b",
     -1, "a" REPLACEMENT "b"},
    {"a NUL", "a\0b", 3, "a" REPLACEMENT "b"},
    {"cut in a character", "a\xE2\x82", 3, "a" REPLACEMENT REPLACEMENT},
    {"overlong", "\xC0\xAF", 2, REPLACEMENT REPLACEMENT},
    {"a surrogate", "\xED\xA0\x80", 3, REPLACEMENT REPLACEMENT REPLACEMENT},
    {"only the stated length", "abcdef", 3, "abc"},
};

Test(text, scrubs_bytes_to_utf8_without_nul)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SCRUBS); i++) {
        gsize size = SCRUBS[i].length < 0 ? strlen(SCRUBS[i].bytes) + 1 : (gsize)SCRUBS[i].length;
        g_autofree char *exact = g_memdup2(SCRUBS[i].bytes, size);
        g_autofree char *got = text_scrub(size == 0 ? "" : exact, SCRUBS[i].length);
        cr_expect_str_eq(got, SCRUBS[i].want, "%s: got \"%s\", want \"%s\"", SCRUBS[i].name, got,
                         SCRUBS[i].want);
    }
}

static const struct {
    const char *name;
    const char *text;
    size_t max_chars;
    const char *want;
} LINES[] = {
    {"plain", "hello world", 99, "hello world"},
    {"ends trimmed", "  hello \t", 99, "hello"},
    {"runs of blanks", "a \t\r\n  b", 99, "a b"},
    {"a header injection", "x\r\nBcc: a@b", 99, "x Bcc: a@b"},
    {"C0 and DEL",
     "a\x01\x1B[31mb\x7F"
     "c",
     99, "a [31mb c"},
    {"C1",
     "a\xC2\x9B"
     "b",
     99, "a b"},
    {"bidi",
     "a\xE2\x80\xAE"
     "b\xE2\x81\xA6"
     "c\xD8\x9C"
     "d",
     99, "a b c d"},
    {"line separator",
     "a\xE2\x80\xA8"
     "b\xE2\x80\xA9"
     "c",
     99, "a b c"},
    {"no-break space",
     "a\xC2\xA0"
     "b",
     99, "a b"},
    {"bad bytes",
     "a\xFE"
     "b",
     99, "a" REPLACEMENT "b"},
    {"exact length", "abcd", 4, "abcd"},
    {"cut", "abcde", 4, "abc" ELLIPSIS},
    {"cut counts characters", EURO EURO EURO, 2, EURO ELLIPSIS},
    {"nothing but controls", "\x01\n\t ", 99, ""},
};

Test(text, puts_anything_on_one_line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autofree char *exact = g_strdup(LINES[i].text);
        g_autofree char *got = text_one_line(exact, LINES[i].max_chars);
        cr_expect_str_eq(got, LINES[i].want, "%s: got \"%s\", want \"%s\"", LINES[i].name, got,
                         LINES[i].want);
    }
}

static const struct {
    const char *text;
    size_t max_chars;
    const char *want;
    bool want_cut;
} CUTS[] = {
    {"", 0, "", false},
    {"a", 0, "", true},
    {"ab", 1, ELLIPSIS, true},
    {"ab", 2, "ab", false},
    {"abc", 2, "a" ELLIPSIS, true},
    {EURO EURO EURO EURO, 3, EURO EURO ELLIPSIS, true},
    {EURO EURO EURO, 3, EURO EURO EURO, false},
};

/* What stands across a border of a comment: people's characters of several code points. */
#define BORDER 65536
static const struct {
    const char *name;
    const char *cluster;
    size_t chars; /* code points of it */
} CLUSTERS[] = {
    {"family", "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", 7},
    {"combining marks", "e\u0301\u0302\u0323", 4},
    {"Hangul jamo", "\u1112\u1161\u11AB", 3},
    {"flag", "\U0001F1E9\U0001F1EA", 2},
    {"skin tone", "\U0001F44D\U0001F3FD", 2},
    {"keycap", "1\uFE0F\u20E3", 3},
};

static void expect_cut(const char *name, const char *text, size_t want_kept)
{
    bool is_cut = false;
    g_autofree char *got = text_cut(text, BORDER, &is_cut);
    size_t chars = text_chars(got);
    g_autofree char *want =
        g_strndup(text, (gsize)(g_utf8_offset_to_pointer(text, (glong)want_kept) - text));

    cr_expect(is_cut, "%s: not cut", name);
    cr_expect_eq(chars, want_kept + 1, "%s: got %zu characters, want %zu and the mark", name, chars,
                 want_kept);
    cr_expect(g_str_has_prefix(got, want) && g_str_has_suffix(got, ELLIPSIS), "%s: other text",
              name);
}

Test(text, cuts_no_cluster_wherever_the_border_is_in_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CLUSTERS); i++) {
        /* Of 65,535 characters that may stay, the cluster's first `in` are within. */
        for (size_t in = 0; in <= CLUSTERS[i].chars; in++) {
            size_t before = BORDER - 1 - in;
            g_autofree char *fill = g_strnfill(before, 'x');
            g_autofree char *text = g_strconcat(fill, CLUSTERS[i].cluster, "yyyyyyyy", NULL);
            g_autofree char *name = g_strdup_printf("%s, %zu in", CLUSTERS[i].name, in);
            cr_assert_eq(text_chars(CLUSTERS[i].cluster), CLUSTERS[i].chars);
            expect_cut(name, text, in == CLUSTERS[i].chars ? BORDER - 1 : before);
        }
    }
}

Test(text, pairs_flags_from_the_first_one)
{
    g_autoptr(GString) text = g_string_new("x"); /* so that the border is within a pair */
    for (int i = 0; i < BORDER + 2; i++) {
        g_string_append(text, "\U0001F1E9");
    }
    expect_cut("flags after one letter", text->str, BORDER - 1);
    g_string_erase(text, 0, 1);
    expect_cut("nothing but flags", text->str, BORDER - 2);
}

Test(text, lets_a_heap_of_accents_move_the_border_by_64_at_most)
{
    for (size_t in = 63; in <= 66; in++) {
        g_autofree char *fill = g_strnfill(BORDER - 1 - in, 'x');
        g_autoptr(GString) text = g_string_new(fill);
        g_string_append_c(text, 'e');
        for (int i = 0; i < 1000; i++) {
            g_string_append(text, "\u0301");
        }
        expect_cut("accents", text->str, in <= 64 ? BORDER - 1 - in : BORDER - 1);
    }
}

static const struct {
    size_t chars;
    size_t want;
    bool want_cut;
} BORDERS[] = {
    {65535, 65535, false},
    {65536, 65536, false},
    {65537, 65536, true},
    {1048576, 65536, true},
};

Test(text, keeps_65536_characters_and_cuts_one_more)
{
    static const char *const CHARACTERS[] = {"a", EURO, "\U0001F600"};
    for (size_t i = 0; i < G_N_ELEMENTS(BORDERS) * G_N_ELEMENTS(CHARACTERS); i++) {
        const char *character = CHARACTERS[i % G_N_ELEMENTS(CHARACTERS)];
        size_t at = i / G_N_ELEMENTS(CHARACTERS);
        g_autoptr(GString) text = g_string_new(NULL);
        bool is_cut = !BORDERS[at].want_cut;
        for (size_t c = 0; c < BORDERS[at].chars; c++) {
            g_string_append(text, character);
        }
        g_autofree char *got = text_cut(text->str, BORDER, &is_cut);
        cr_expect_eq(text_chars(got), BORDERS[at].want, "%zu of %s", BORDERS[at].chars, character);
        cr_expect_eq(is_cut, BORDERS[at].want_cut, "%zu of %s", BORDERS[at].chars, character);
        cr_expect_eq(g_str_has_suffix(got, ELLIPSIS), BORDERS[at].want_cut);
    }
}

Test(text, cuts_at_a_code_point_and_says_so)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CUTS); i++) {
        bool is_cut = !CUTS[i].want_cut;
        g_autofree char *exact = g_strdup(CUTS[i].text);
        g_autofree char *got = text_cut(exact, CUTS[i].max_chars, &is_cut);
        g_autofree char *again = text_cut(exact, CUTS[i].max_chars, NULL);
        cr_expect_str_eq(got, CUTS[i].want, "case %zu: got \"%s\"", i, got);
        cr_expect_eq(is_cut, CUTS[i].want_cut, "case %zu: got %d", i, is_cut);
        cr_expect_str_eq(again, got);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *want;
} NORMAL[] = {
    {"empty", "", ""},
    {"CR LF", "a\r\nb\r\n", "a\nb"},
    {"lone CR", "a\rb", "a\nb"},
    {"blanks at line ends", "a \t\n b  \n", "a\n b"},
    {"empty lines at both ends", "\n \r\n\na\n\nb\n \n\n", "a\n\nb"},
    {"indent of the first line stays", "\n  a", "  a"},
    {"tab stays", "a\tb", "a\tb"},
    {"controls go",
     "a\x08"
     "b\x1B"
     "c\xC2\x85"
     "d\x7F",
     "abcd"},
    {"a blank before a dropped control at a line end", "a \x01\nb", "a\nb"},
    {"bad bytes", "a\xFF\r\n", "a" REPLACEMENT},
    {"only blanks", " \n\t\n", ""},
};

Test(text, normalises_line_ends)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NORMAL); i++) {
        g_autofree char *exact = g_strdup(NORMAL[i].text);
        g_autofree char *got = text_normalise_lines(exact);
        cr_expect_str_eq(got, NORMAL[i].want, "%s: got \"%s\", want \"%s\"", NORMAL[i].name, got,
                         NORMAL[i].want);
    }
}

static const struct {
    const char *text;
    enum status want;
    int64_t want_value;
} NUMBERS[] = {
    {"0", ST_OK, 0},        {"42", ST_OK, 42},           {"-7", ST_OK, -7},
    {"100", ST_OK, 100},    {"101", ST_INVALID, 0},      {"-11", ST_INVALID, 0},
    {"", ST_INVALID, 0},    {" 1", ST_INVALID, 0},       {"1 ", ST_INVALID, 0},
    {"+1", ST_INVALID, 0},  {"0x10", ST_INVALID, 0},     {"1e1", ST_INVALID, 0},
    {"1.0", ST_INVALID, 0}, {"\xD9\xA1", ST_INVALID, 0}, {"99999999999999999999", ST_INVALID, 0},
};

Test(text, reads_whole_numbers_and_nothing_around_them)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        int64_t got = 0;
        struct err err = {.status = ST_OK};
        enum status status = text_parse_int64(NUMBERS[i].text, -10, 100, &got, &err);
        cr_expect_eq(status, NUMBERS[i].want, "\"%s\": got %s", NUMBERS[i].text,
                     status_name(status));
        cr_expect_eq(got, NUMBERS[i].want_value, "\"%s\": got %" PRId64, NUMBERS[i].text, got);
    }
}

Test(text, says_which_numbers_are_allowed)
{
    struct err err = {.status = ST_OK};
    int64_t value = 0;

    cr_assert_eq(text_parse_int64("x", 1, 9, &value, &err), ST_INVALID);
    cr_expect_str_eq(err.text, "\"x\" is not a whole number from 1 to 9");
}

static const struct {
    const char *text;
    enum status want;
    int64_t want_us;
} DURATIONS[] = {
    {"0", ST_OK, 0},
    {"90", ST_OK, 90000000},
    {"300 ms", ST_OK, 300000},
    {"300ms", ST_OK, 300000},
    {"90s", ST_OK, 90000000},
    {"10 min", ST_OK, 600000000},
    {"2h", ST_OK, 7200000000},
    {"5d", ST_OK, 432000000000},
    {"", ST_INVALID, 0},
    {"s", ST_INVALID, 0},
    {"5 ", ST_INVALID, 0},
    {" 5", ST_INVALID, 0},
    {"-5s", ST_INVALID, 0},
    {"5m", ST_INVALID, 0},
    {"5 s x", ST_INVALID, 0},
    {"1.5h", ST_INVALID, 0},
    {"9223372036854775807d", ST_INVALID, 0},
    {"99999999999999999999s", ST_INVALID, 0},
};

Test(text, reads_durations_with_their_units)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DURATIONS); i++) {
        int64_t got = 0;
        struct err err = {.status = ST_OK};
        enum status status = text_parse_duration(DURATIONS[i].text, &got, &err);
        cr_expect_eq(status, DURATIONS[i].want, "\"%s\": got %s", DURATIONS[i].text,
                     status_name(status));
        cr_expect_eq(got, DURATIONS[i].want_us, "\"%s\": got %" PRId64, DURATIONS[i].text, got);
        cr_expect_eq(err.hint[0] == '\0', status == ST_OK, "\"%s\": hint \"%s\"", DURATIONS[i].text,
                     err.hint);
    }
}

Test(text, counts_characters_and_columns)
{
    cr_expect_eq(text_chars("a" EURO "b"), 3);
    cr_expect_eq(text_columns("a" EURO "b"), 3);
    cr_expect_eq(text_columns("\xE6\xBC\xA2\xE5\xAD\x97"), 4, "wide characters count two");
    cr_expect_eq(text_columns("e\xCC\x81"), 1, "a combining accent counts nothing");
    cr_expect_eq(text_columns(""), 0);
}

Test(text, digests_as_fips_180_says)
{
    static const uint8_t ABC[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                    0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                    0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t got[32];

    text_sha256("abc", 3, got);
    cr_expect_arr_eq(got, ABC, sizeof(got));
    cr_expect_eq(text_key64("abc", 3), (int64_t)0xba7816bf8f01cfeaULL);
    cr_expect_eq(text_key64(NULL, 0), (int64_t)0xe3b0c44298fc1c14ULL);
}

static const struct {
    uint64_t bytes;
    const char *want;
} SIZES[] = {
    {0, "0 bytes"},      {1023, "1023 bytes"},  {1024, "1 KB"},
    {1535, "1 KB"},      {1536, "2 KB"},        {1048575, "1024 KB"},
    {1048576, "1.0 MB"}, {12582911, "11.9 MB"}, {UINT64_MAX, "17592186044415.9 MB"},
};

Test(text, tells_a_size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autofree char *got = text_bytes(SIZES[i].bytes);
        cr_expect_str_eq(got, SIZES[i].want, "got %s, want %s", got, SIZES[i].want);
    }
}

static const struct {
    int64_t seconds;
    const char *want;
} AGES[] = {
    {-5, "0 s"},      {0, "0 s"},        {119, "119 s"},
    {120, "2 min"},   {7199, "119 min"}, {7200, "2 h"},
    {172799, "47 h"}, {172800, "2 d"},   {INT64_MAX, "106751991167300 d"},
};

Test(text, tells_an_age_in_its_largest_unit_of_which_there_are_two)
{
    for (size_t i = 0; i < G_N_ELEMENTS(AGES); i++) {
        g_autofree char *got = text_age(AGES[i].seconds);
        cr_expect_str_eq(got, AGES[i].want, "got %s, want %s", got, AGES[i].want);
    }
}
