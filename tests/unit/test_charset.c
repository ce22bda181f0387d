/* Character sets, encoded words, and transfer encodings: nothing is dropped, nothing is read beyond. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "message/charset.h"
#include "message/rfc2047.h"
#include "message/transfer.h"

static void warm_up(void)
{
    charset_warm_up();
}

TestSuite(charset, .init = warm_up);

static const struct {
    const char *name;
    const char *label;
    const char *fallback;
    const char *bytes;
    const char *want;
} TEXTS[] = {
    {"ASCII", "us-ascii", NULL, "abc", "abc"},
    {"UTF-8", "utf-8", NULL, "K\xC3\xB6ln", "K\xC3\xB6ln"},
    {"no label, UTF-8", NULL, NULL, "K\xC3\xB6ln", "K\xC3\xB6ln"},
    {"no label, Latin-1", NULL, NULL, "K\xF6ln", "K\xC3\xB6ln"},
    {"no label, fallback", NULL, "koi8-r", "\xF0\xD2\xC9", "\xD0\x9F\xD1\x80\xD0\xB8"},
    {"fallback is no use", NULL, "us-ascii", "K\xF6ln", "K\xC3\xB6ln"},
    {"Latin-1 is Windows-1252", "ISO-8859-1", NULL, "\x80 \x93x\x94",
     "\xE2\x82\xAC \xE2\x80\x9Cx\xE2\x80\x9D"},
    {"undefined in Windows-1252", "windows-1252", NULL, "a\x81z", "a\xEF\xBF\xBDz"},
    {"Latin-1 label on UTF-8", "iso-8859-1", NULL, "K\xC3\xB6ln", "K\xC3\xB6ln"},
    {"UTF-8 label on Latin-1", "utf-8", NULL, "K\xF6ln", "K\xC3\xB6ln"},
    {"UTF-8 with a bad byte", "utf-8", NULL, "K\xC3\xB6ln \xFF", "K\xC3\xB6ln \xEF\xBF\xBD"},
    {"UTF-8 that is cut", NULL, NULL, "K\xC3\xB6ln \xE2\x82",
     "K\xC3\xB6ln \xEF\xBF\xBD\xEF\xBF\xBD"},
    {"ASCII label on Latin-1", "us-ascii", NULL, "K\xF6ln", "K\xC3\xB6ln"},
    {"unknown label", "x-unknown", NULL, "K\xC3\xB6ln", "K\xC3\xB6ln"},
    {"Latin-2", "iso-8859-2", NULL, "\xB3\xF3\xBF", "\xC5\x82\xC3\xB3\xC5\xBC"},
    {"code page by its number", "x-cp1251", NULL, "\xC4\xE0", "\xD0\x94\xD0\xB0"},
    {"cp-850", "cp-850", NULL, "\x81", "\xC3\xBC"},
    {"language behind the label", "iso-8859-1*de", NULL, "\xFC", "\xC3\xBC"},
    {"GB2312 is GB18030", "gb2312", NULL, "\xD6\xEC\xE9\x46", "\xE6\x9C\xB1\xE9\x95\x95"},
    {"ks_c_5601-1987 is UHC", "ks_c_5601-1987", NULL, "\xC7\xD1", "\xED\x95\x9C"},
    {"Shift_JIS is CP932", "Shift_JIS", NULL, "\x87\x40", "\xE2\x91\xA0"},
    {"UTF-8 labelled Shift_JIS", "shift_jis", NULL, "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
     "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
    {"ISO-2022-JP", "iso-2022-jp", NULL, "\x1B$B%F\x1B(B ok", "\xE3\x83\x86 ok"},
    {"ISO-2022-JP, vendor row", "iso-2022-jp", NULL, "\x1B$B-!\x1B(B", "\xE2\x91\xA0"},
    {"ISO-2022-JP without a label", NULL, NULL, "\x1B$B%F\x1B(B", "\xE3\x83\x86"},
    {"ISO-2022-JP that is cut", "iso-2022-jp", NULL, "\x1B$B%", ""},
    {"a character is kept back", "windows-1258", NULL, "jpg", "jpg"},
    {"UTF-16 label on ASCII", "utf-16", NULL, "abc", "abc"},
    {"UTF-7 is shown as it is", "utf-7", NULL, "a+AGE-", "a+AGE-"},
    {"never given to iconv", "iso-2022-cn-ext", NULL, "abc\xE4", "abc\xC3\xA4"},
    {"an endless label", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     NULL, "a", "a"},
    {"an empty label", "", NULL, "a", "a"},
    {"nothing", "utf-8", NULL, "", ""},
};

Test(charset, reads_text_for_what_it_is)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        size_t length = strlen(TEXTS[i].bytes);
        g_autofree char *exact = g_malloc(length > 0 ? length : 1);

        memcpy(exact, TEXTS[i].bytes, length);

        g_autofree char *got = charset_to_utf8(TEXTS[i].label, TEXTS[i].fallback, exact, length);

        cr_expect_str_eq(got, TEXTS[i].want, "%s: got \"%s\"", TEXTS[i].name, got);
    }
}

Test(charset, replaces_a_nul)
{
    g_autofree char *got = charset_to_utf8("utf-8", NULL, "a\0b", 3);

    cr_expect_str_eq(got, "a\xEF\xBF\xBD"
                          "b");
}

Test(charset, gives_valid_utf8_for_any_bytes_in_any_set)
{
    static const char *const LABELS[] = {"utf-8",        "big5",        "euc-tw", "euc-kr",
                                         "gb18030",      "shift_jis",   "euc-jp", "iso-2022-jp",
                                         "iso-2022-kr",  "iso-2022-cn", "utf-16", "utf-32be",
                                         "windows-1258", "koi8-t",      "johab",  "hp-roman8",
                                         "viscii",       NULL};
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);

    for (int round = 0; round < 4000; round++) {
        size_t length = (size_t)g_rand_int_range(random, 1, 60);
        g_autofree char *bytes = g_malloc(length);

        for (size_t i = 0; i < length; i++) {
            bytes[i] = (char)g_rand_int_range(random, 0, 256);
        }

        g_autofree char *got = charset_to_utf8(LABELS[round % (int)G_N_ELEMENTS(LABELS)], NULL,
                                               bytes, length);

        cr_assert(g_utf8_validate(got, -1, NULL), "round %d", round);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *want;
} WORDS[] = {
    {"none", "plain text", "plain text"},
    {"Q", "=?utf-8?Q?J=C3=B6rg_M?= x", "J\xC3\xB6rg M x"},
    {"B", "=?UTF-8?b?SsO2cmc=?=", "J\xC3\xB6rg"},
    {"blanks between words go", "=?utf-8?q?a?= \t =?utf-8?q?b?=", "ab"},
    {"blanks between word and text stay", "a =?utf-8?q?b?= c", "a b c"},
    {"padded words", "=?UTF-8?B?SGk=?= =?UTF-8?B?dGhlcmU=?=", "Hithere"},
    {"a character over two words", "=?utf-8?q?=C3?= =?UTF-8?Q?=B6?=", "\xC3\xB6"},
    {"a character over two encodings", "=?utf-8?b?8J8=?= =?utf-8?q?=98=80?=", "\xF0\x9F\x98\x80"},
    {"two charsets", "=?utf-8?q?=C3=B6?= =?iso-8859-1?q?=F6?=", "\xC3\xB6\xC3\xB6"},
    {"language", "=?utf-8*de?q?=C3=B6?=", "\xC3\xB6"},
    {"glued to text", "a=?utf-8?q?=C3=B6?=b",
     "a\xC3\xB6"
     "b"},
    {"glued to a word", "=?utf-8?q?a?==?utf-8?q?b?=", "ab"},
    {"blanks in a Q text", "=?utf-8?q?a b c?=", "a b c"},
    {"equals at the start of a Q text", "=?utf-8?q?=C3=B6?=", "\xC3\xB6"},
    {"unknown charset", "=?x-nobody?q?=F6?=", "\xC3\xB6"},
    {"unknown encoding", "=?utf-8?x?a?=", "=?utf-8?x?a?="},
    {"not closed", "=?utf-8?q?a", "=?utf-8?q?a"},
    {"empty text",
     "=?utf-8?q?"
     "?=",
     ""},
    {"no charset", "=??q?a?=", "=??q?a?="},
    {"raw UTF-8 beside a word", "\xC3\xB6 =?utf-8?q?a?=", "\xC3\xB6 a"},
    {"raw Latin-1", "J\xF6rg", "J\xC3\xB6rg"},
    {"a NUL and a line end come out", "=?utf-8?q?a=00b=0D=0Ac?=",
     "a\xEF\xBF\xBD"
     "b\r\nc"},
    {"nothing", "", ""},
    {"only the start", "=?", "=?"},
};

Test(charset, decodes_the_words_of_headers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        g_autofree char *exact = g_strdup(WORDS[i].text);
        g_autofree char *got = rfc2047_decode(exact, NULL);

        cr_expect_str_eq(got, WORDS[i].want, "%s: got \"%s\"", WORDS[i].name, got);
    }
}

static const struct {
    const char *name;
    const char *encoding;
    const char *bytes;
    const char *want;
} CODED[] = {
    {"base64", "base64", "SGVsbG8=", "Hello"},
    {"base64 in lines", "BASE64", "SGVs\r\nbG8=\r\n", "Hello"},
    {"base64 without padding", "base64", "SGVsbG8", "Hello"},
    {"base64, padding in the middle", "base64", "QQ==\nQkI=\nQ0ND", "ABBCCC"},
    {"base64 with a stray digit", "base64", "SGVsbG8=S", "Hello"},
    {"base64 with a footer", "base64", "SGk=\n--\n!", "Hi"},
    {"empty base64", "base64", "", ""},
    {"quoted-printable", "quoted-printable", "a=C3=B6=\r\nb=3D",
     "a\xC3\xB6"
     "b="},
    {"soft break with blanks", "quoted-printable", "a= \t\nb", "ab"},
    {"lower-case digits", "quoted-printable", "=c3=b6", "\xC3\xB6"},
    {"lone equals", "quoted-printable", "a=b =", "a=b "},
    {"bad digits", "quoted-printable", "=4G=", "=4G"},
    {"cut digits", "quoted-printable", "a=4", "a=4"},
    {"uuencode", "x-uuencode", "begin 644 a\n%2&5L;&\\*\n`\nend\n", "Hello"},
    {"no uuencode", "x-uuencode", "Hello", "Hello"},
    {"8bit", "8bit", "a=41", "a=41"},
    {"junk in the field", "quoted-printable (x)", "=41", "A"},
    {"another name", "base64x", "QQ==", "QQ=="},
};

Test(charset, decodes_transfer_encodings_without_an_error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CODED); i++) {
        size_t length = strlen(CODED[i].bytes);
        g_autofree char *exact = g_malloc(length > 0 ? length : 1);

        memcpy(exact, CODED[i].bytes, length);

        g_autoptr(GByteArray) got = transfer_decode(transfer_of(CODED[i].encoding), exact, length);
        size_t want = strlen(CODED[i].want);

        cr_expect(got->len == want &&
                      memcmp(got->data ? (char *)got->data : "", CODED[i].want, want) == 0,
                  "%s: got %.*s", CODED[i].name, (int)got->len, got->data);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *file; /* NULL: none is found */
} UUENCODED[] = {
    {"whole", "a\nbegin 644 x y.txt\n%2&5L;&\\*\n`\nend\nb\n", "x y.txt"},
    {"DOS line ends", "begin 644 a\r\n%2&5L;&\\*\r\n`\r\nend\r\n", "a"},
    {"no end", "begin 644 a\n%2&5L;&\\*\n`\n", NULL},
    {"words", "begin 644 is the mode\nthen it goes on\nend\n", NULL},
    {"no mode", "begin here\nend\n", NULL},
    {"no name", "begin 644 \nend\n", NULL},
    {"too long a line", "begin 644 a\n!AAAAAAAAAAAA\nend\n", NULL},
    {"the second one", "begin 644 a\nxx yy\nbegin 644 b\n`\nend\n", "b"},
};

Test(charset, finds_uuencoded_files_only_where_they_are_whole)
{
    for (size_t i = 0; i < G_N_ELEMENTS(UUENCODED); i++) {
        size_t length = strlen(UUENCODED[i].text);
        g_autofree char *exact = g_memdup2(UUENCODED[i].text, length);
        struct uuencoded found = {.name = NULL};
        bool got = transfer_find_uuencoded(exact, length, 0, &found);

        cr_expect_eq(got, UUENCODED[i].file != NULL, "%s", UUENCODED[i].name);
        if (got) {
            cr_expect_str_eq(found.name, UUENCODED[i].file, "%s: got %s", UUENCODED[i].name,
                             found.name);
            g_byte_array_unref(found.content);
            g_free(found.name);
        }
    }
}
