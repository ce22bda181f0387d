/* charset - text of any character set to UTF-8
 *
 * Labels lie. Text labelled Latin-1 is UTF-8 or Windows-1252, GB2312 is GB18030, ISO-2022-JP holds
 * characters that only Windows knows, and raw 8-bit text has no label at all. So a label is a
 * claim: what is valid UTF-8 with characters beyond ASCII is UTF-8 whatever single-byte set was claimed,
 * and each name stands for the superset that mail programs really write.
 *
 * Only the sets in the table below are ever given to iconv (CVE-2024-2961 was reached through a
 * charset name in a mail), each by a converter that charset_warm_up opened: inside the jail none
 * can be loaded. UTF-7 is not converted; it is ASCII and is shown as it came.
 *
 * ISO-2022-JP is turned into EUC by hand first: glibc's own converter refuses the vendor rows.
 * A byte that does not fit becomes U+FFFD, and the next one is tried. Pure but for the converters.
 */
#include "message/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "core/text.h"

enum decoder { DECODE_ASCII, DECODE_UTF8, DECODE_LATIN, DECODE_JIS, DECODE_ICONV };

/* A character set: how it is read, and iconv's name for it. is_single: one byte is one character, so
 * valid UTF-8 in it is no accident. */
struct charset {
    const char *name;
    enum decoder decoder;
    bool is_single;
    iconv_t converter;
};

static struct charset charsets[] = {
    {"UTF-8", DECODE_UTF8, false, NULL},          {"US-ASCII", DECODE_ASCII, true, NULL},
    {"CP1252", DECODE_LATIN, true, NULL},         {"ISO-2022-JP", DECODE_JIS, false, NULL},
    {"EUC-JP-MS", DECODE_ICONV, false, NULL},     {"CP932", DECODE_ICONV, false, NULL},
    {"EUC-JISX0213", DECODE_ICONV, false, NULL},  {"SHIFT_JISX0213", DECODE_ICONV, false, NULL},
    {"ISO-2022-JP-3", DECODE_ICONV, false, NULL}, {"GB18030", DECODE_ICONV, false, NULL},
    {"BIG5-HKSCS", DECODE_ICONV, false, NULL},    {"EUC-TW", DECODE_ICONV, false, NULL},
    {"ISO-2022-CN", DECODE_ICONV, false, NULL},   {"UHC", DECODE_ICONV, false, NULL},
    {"JOHAB", DECODE_ICONV, false, NULL},         {"ISO-2022-KR", DECODE_ICONV, false, NULL},
    {"UTF-16", DECODE_ICONV, false, NULL},        {"UTF-16BE", DECODE_ICONV, false, NULL},
    {"UTF-16LE", DECODE_ICONV, false, NULL},      {"UTF-32", DECODE_ICONV, false, NULL},
    {"UTF-32BE", DECODE_ICONV, false, NULL},      {"UTF-32LE", DECODE_ICONV, false, NULL},
    {"ISO-8859-2", DECODE_ICONV, true, NULL},     {"ISO-8859-3", DECODE_ICONV, true, NULL},
    {"ISO-8859-4", DECODE_ICONV, true, NULL},     {"ISO-8859-5", DECODE_ICONV, true, NULL},
    {"ISO-8859-6", DECODE_ICONV, true, NULL},     {"ISO-8859-7", DECODE_ICONV, true, NULL},
    {"ISO-8859-8", DECODE_ICONV, true, NULL},     {"ISO-8859-10", DECODE_ICONV, true, NULL},
    {"ISO-8859-13", DECODE_ICONV, true, NULL},    {"ISO-8859-14", DECODE_ICONV, true, NULL},
    {"ISO-8859-15", DECODE_ICONV, true, NULL},    {"ISO-8859-16", DECODE_ICONV, true, NULL},
    {"CP1250", DECODE_ICONV, true, NULL},         {"CP1251", DECODE_ICONV, true, NULL},
    {"CP1253", DECODE_ICONV, true, NULL},         {"CP1254", DECODE_ICONV, true, NULL},
    {"CP1255", DECODE_ICONV, true, NULL},         {"CP1256", DECODE_ICONV, true, NULL},
    {"CP1257", DECODE_ICONV, true, NULL},         {"CP1258", DECODE_ICONV, true, NULL},
    {"CP437", DECODE_ICONV, true, NULL},          {"CP737", DECODE_ICONV, true, NULL},
    {"CP775", DECODE_ICONV, true, NULL},          {"CP850", DECODE_ICONV, true, NULL},
    {"CP852", DECODE_ICONV, true, NULL},          {"CP855", DECODE_ICONV, true, NULL},
    {"CP857", DECODE_ICONV, true, NULL},          {"CP858", DECODE_ICONV, true, NULL},
    {"CP860", DECODE_ICONV, true, NULL},          {"CP861", DECODE_ICONV, true, NULL},
    {"CP862", DECODE_ICONV, true, NULL},          {"CP863", DECODE_ICONV, true, NULL},
    {"CP864", DECODE_ICONV, true, NULL},          {"CP865", DECODE_ICONV, true, NULL},
    {"CP866", DECODE_ICONV, true, NULL},          {"CP869", DECODE_ICONV, true, NULL},
    {"CP874", DECODE_ICONV, false, NULL},         {"KOI8-R", DECODE_ICONV, true, NULL},
    {"KOI8-U", DECODE_ICONV, true, NULL},         {"KOI8-T", DECODE_ICONV, true, NULL},
    {"MACINTOSH", DECODE_ICONV, true, NULL},      {"MAC-CYRILLIC", DECODE_ICONV, true, NULL},
    {"VISCII", DECODE_ICONV, true, NULL},         {"ARMSCII-8", DECODE_ICONV, true, NULL},
    {"GEORGIAN-PS", DECODE_ICONV, true, NULL},    {"PT154", DECODE_ICONV, true, NULL},
    {"RK1048", DECODE_ICONV, true, NULL},         {"HP-ROMAN8", DECODE_ICONV, true, NULL},
};

/* Other names, folded: lower case, letters and digits only. */
static const struct {
    const char *alias;
    const char *name;
} ALIASES[] = {
    {"utf8mb4", "UTF-8"},
    {"unicode11utf8", "UTF-8"},
    {"unicode", "UTF-16"},
    {"ucs2", "UTF-16"},
    {"iso10646ucs2", "UTF-16BE"},
    {"ucs4", "UTF-32"},
    {"ascii", "US-ASCII"},
    {"ansix341968", "US-ASCII"},
    {"ansix341986", "US-ASCII"},
    {"iso646us", "US-ASCII"},
    {"iso88591", "CP1252"},
    {"88591", "CP1252"},
    {"latin1", "CP1252"},
    {"l1", "CP1252"},
    {"windows1252", "CP1252"},
    {"ansi", "CP1252"},
    {"latin2", "ISO-8859-2"},
    {"l2", "ISO-8859-2"},
    {"88592", "ISO-8859-2"},
    {"latin9", "ISO-8859-15"},
    {"latin0", "ISO-8859-15"},
    {"885915", "ISO-8859-15"},
    {"iso88599", "CP1254"},
    {"latin5", "CP1254"},
    {"88599", "CP1254"},
    {"iso885911", "CP874"},
    {"tis620", "CP874"},
    {"windows874", "CP874"},
    {"iso88598i", "ISO-8859-8"},
    {"iso88598e", "ISO-8859-8"},
    {"logical", "ISO-8859-8"},
    {"cyrillic", "ISO-8859-5"},
    {"greek", "ISO-8859-7"},
    {"hebrew", "ISO-8859-8"},
    {"arabic", "ISO-8859-6"},
    {"gb2312", "GB18030"},
    {"gb231280", "GB18030"},
    {"euccn", "GB18030"},
    {"gbk", "GB18030"},
    {"xgbk", "GB18030"},
    {"cp936", "GB18030"},
    {"windows936", "GB18030"},
    {"hzgb2312", "GB18030"},
    {"chinese", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5eten", "BIG5-HKSCS"},
    {"cp950", "BIG5-HKSCS"},
    {"windows950", "BIG5-HKSCS"},
    {"ksc56011987", "UHC"},
    {"ksc5601", "UHC"},
    {"ks56011987", "UHC"},
    {"euckr", "UHC"},
    {"cp949", "UHC"},
    {"windows949", "UHC"},
    {"korean", "UHC"},
    {"shiftjis", "CP932"},
    {"sjis", "CP932"},
    {"xsjis", "CP932"},
    {"mskanji", "CP932"},
    {"windows31j", "CP932"},
    {"cswindows31j", "CP932"},
    {"shiftjisms", "CP932"},
    {"eucjp", "EUC-JP-MS"},
    {"xeucjp", "EUC-JP-MS"},
    {"ujis", "EUC-JP-MS"},
    {"iso2022jp1", "ISO-2022-JP"},
    {"iso2022jp2", "ISO-2022-JP"},
    {"iso2022jpms", "ISO-2022-JP"},
    {"cp50220", "ISO-2022-JP"},
    {"cp50221", "ISO-2022-JP"},
    {"jis", "ISO-2022-JP"},
    {"csiso2022jp", "ISO-2022-JP"},
    {"koi8", "KOI8-R"},
    {"koi8ru", "KOI8-U"},
    {"ibm850", "CP850"},
    {"dos850", "CP850"},
    {"ibm437", "CP437"},
    {"mac", "MACINTOSH"},
    {"xmacroman", "MACINTOSH"},
    {"macroman", "MACINTOSH"},
    {"xmaccyrillic", "MAC-CYRILLIC"},
};

/* What Windows-1252 has at 0x80 to 0x9F; 0 where it has nothing. */
static const gunichar WINDOWS_1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
                                          0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
                                          0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D,
                                          0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
                                          0x0153, 0,      0x017E, 0x0178};

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

#define LABEL_BYTES 40

void charset_warm_up(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
        if (charsets[i].decoder == DECODE_ICONV && charsets[i].converter == NULL) {
            charsets[i].converter = iconv_open("UTF-8", charsets[i].name);
        }
    }
}

/* ---- names ------------------------------------------------------------------------------------- */

/* Letters and digits of a label in lower case; false if it is too long to be one. */
static bool fold(const char *label, char folded_out[LABEL_BYTES])
{
    size_t length = 0;

    for (; *label != '\0' && *label != '*'; label++) { /* RFC 2231 section 5: "*" and a language */
        if (!g_ascii_isalnum(*label)) {
            continue;
        }
        if (length == LABEL_BYTES - 1) {
            return false;
        }
        folded_out[length++] = g_ascii_tolower(*label);
    }
    folded_out[length] = '\0';
    return length > 0;
}

/* Drop what stands in front of a code page's number: "windows-1251", "x-cp1251", "ibm866". */
static const char *code_page(const char *folded)
{
    static const char *const PREFIXES[] = {"windows", "xcp", "ibm", "win", "cp", "xwindows", "ms"};

    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        size_t length = strlen(PREFIXES[i]);

        if (strncmp(folded, PREFIXES[i], length) == 0 && g_ascii_isdigit(folded[length])) {
            return folded + length;
        }
    }
    return NULL;
}

static struct charset *by_folded_name(const char *folded, const char *page)
{
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
        char own[LABEL_BYTES] = "";

        if (!fold(charsets[i].name, own)) {
            continue;
        }
        if (strcmp(own, folded) == 0 ||
            (page != NULL && strncmp(own, "cp", 2) == 0 && strcmp(own + 2, page) == 0)) {
            return &charsets[i];
        }
    }
    return NULL;
}

static struct charset *charset_find(const char *label)
{
    char folded[LABEL_BYTES] = "";

    if (label == NULL || !fold(label, folded)) {
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ALIASES); i++) {
        if (strcmp(ALIASES[i].alias, folded) == 0) {
            fold(ALIASES[i].name, folded);
            break;
        }
    }

    struct charset *charset = by_folded_name(folded, code_page(folded));

    return charset != NULL && charset->decoder == DECODE_ICONV && charset->converter == NULL
               ? NULL
               : charset;
}

bool charset_is_known(const char *label)
{
    return charset_find(label) != NULL;
}

/* ---- converting -------------------------------------------------------------------------------- */

static void decode_latin(const char *bytes, size_t length, GString *out)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (byte >= 0x80 && byte < 0xA0) {
            gunichar c = WINDOWS_1252[byte - 0x80];

            g_string_append_unichar(out, c == 0 ? 0xFFFD : c);
        } else {
            g_string_append_unichar(out, byte);
        }
    }
}

/* Run a converter over the bytes, U+FFFD for each byte that it refuses. */
static void decode_iconv(iconv_t converter, const char *bytes, size_t length, GString *out)
{
    char *from = (char *)bytes;
    size_t left = length;

    iconv(converter, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char buffer[4096];
        char *to = buffer;
        size_t room = sizeof buffer;
        size_t result = iconv(converter, &from, &left, &to, &room);
        int error = errno;

        g_string_append_len(out, buffer, to - buffer);
        if (result == (size_t)-1 && error != E2BIG) {
            g_string_append(out, REPLACEMENT);
            from++;
            left--;
        }
    }

    /* Some sets keep a character back, in case an accent follows (Windows-1258). */
    char rest[16];
    char *to = rest;
    size_t room = sizeof rest;

    iconv(converter, NULL, NULL, &to, &room);
    g_string_append_len(out, rest, to - rest);
}

/* The sets that an escape sequence of ISO-2022-JP selects. */
enum jis { JIS_ASCII, JIS_KANA, JIS_X0208, JIS_X0212 };

/* The length of the escape sequence at the start of bytes, 0 if there is none; *set_out is its set. */
static size_t escape(const char *bytes, size_t length, enum jis *set_out)
{
    static const struct {
        const char *sequence;
        enum jis set;
    } SEQUENCES[] = {{"\x1B(B", JIS_ASCII},  {"\x1B(J", JIS_ASCII}, {"\x1B(H", JIS_ASCII},
                     {"\x1B(I", JIS_KANA},   {"\x1B$B", JIS_X0208}, {"\x1B$@", JIS_X0208},
                     {"\x1B$(D", JIS_X0212}, {"\x1B&@", JIS_X0208}};

    for (size_t i = 0; i < G_N_ELEMENTS(SEQUENCES); i++) {
        size_t size = strlen(SEQUENCES[i].sequence);

        if (length >= size && memcmp(bytes, SEQUENCES[i].sequence, size) == 0) {
            *set_out = SEQUENCES[i].set;
            return size;
        }
    }
    return 0;
}

/* ISO-2022-JP to EUC-JP: the same codes with the eighth bit set. A line end selects ASCII again. */
static void decode_jis(const char *bytes, size_t length, GString *out)
{
    g_autoptr(GString) euc = g_string_sized_new(length);
    const struct charset *target = charset_find("EUC-JP");
    enum jis set = JIS_ASCII;

    for (size_t i = 0; i < length; i++) {
        size_t skip = bytes[i] == 0x1B ? escape(bytes + i, length - i, &set) : 0;

        if (skip > 0) {
            i += skip - 1;
            continue;
        }
        if (bytes[i] == '\n') {
            set = JIS_ASCII;
        }
        if (set == JIS_ASCII || bytes[i] <= ' ' || bytes[i] == 0x7F) {
            g_string_append_c(euc, bytes[i]);
        } else if (set == JIS_KANA) {
            g_string_append_c(euc, (char)0x8E);
            g_string_append_c(euc, (char)(bytes[i] | 0x80));
        } else if (i + 1 < length) {
            if (set == JIS_X0212) {
                g_string_append_c(euc, (char)0x8F);
            }
            g_string_append_c(euc, (char)(bytes[i] | 0x80));
            g_string_append_c(euc, (char)(bytes[++i] | 0x80));
        }
    }
    if (target != NULL) {
        decode_iconv(target->converter, euc->str, euc->len, out);
    } else {
        g_string_append_len(out, bytes, (gssize)length);
    }
}

static void decode(const struct charset *charset, const char *bytes, size_t length, GString *out)
{
    switch (charset->decoder) {
    case DECODE_UTF8:
        g_string_append_len(out, bytes, (gssize)length);
        break;
    case DECODE_ASCII:
    case DECODE_LATIN:
        decode_latin(bytes, length, out);
        break;
    case DECODE_JIS:
        decode_jis(bytes, length, out);
        break;
    case DECODE_ICONV:
        decode_iconv(charset->converter, bytes, length, out);
        break;
    }
}

static bool is_ascii(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((bytes[i] & 0x80) != 0 || bytes[i] == '\0') {
            return false;
        }
    }
    return true;
}

/* ISO-2022-JP shows itself by its escapes, and 7-bit text with them is nothing else. */
static bool looks_like_jis(const char *bytes, size_t length)
{
    return g_strstr_len(bytes, (gssize)length, "\x1B$B") != NULL ||
           g_strstr_len(bytes, (gssize)length, "\x1B$@") != NULL;
}

/* A byte of any charset becomes at most this many of UTF-8; one that fits none becomes U+FFFD. */
#define MOST_GROWTH ((size_t)3)

/* What the bytes look like as UTF-8. */
struct shape {
    bool is_valid;    /* all of it, but for a last character that is cut */
    size_t wide;      /* characters of two bytes and more */
    size_t very_wide; /* of three bytes and more */
};

static struct shape look(const char *bytes, size_t length)
{
    struct shape shape = {.is_valid = true};
    const char *end = bytes + length;

    while (bytes < end) {
        gunichar c = g_utf8_get_char_validated(bytes, end - bytes);

        if (c == (gunichar)-2 && shape.wide > 0) {
            break;
        }
        if (c == (gunichar)-1 || c == (gunichar)-2 || c == 0) {
            shape.is_valid = false;
            bytes++;
            continue;
        }
        shape.wide += c >= 0x80;
        shape.very_wide += c >= 0x800;
        bytes = g_utf8_next_char(bytes);
    }
    return shape;
}

/* Enough characters of three bytes that no other multi-byte text looks like it by accident. */
#define VERY_WIDE_PROOF 3

static bool is_utf8(const struct charset *claimed, struct shape shape)
{
    if (claimed == NULL || claimed->is_single) {
        return shape.is_valid;
    }
    if (claimed->decoder == DECODE_UTF8) {
        return shape.is_valid || shape.wide > 0;
    }
    return shape.is_valid && shape.very_wide >= VERY_WIDE_PROOF;
}

/* What to read bytes that are not ASCII as. */
static const struct charset *choose(const char *label, const char *fallback, const char *bytes,
                                    size_t length)
{
    const struct charset *charset = charset_find(label);

    if (is_utf8(charset, look(bytes, length))) {
        return charset_find("UTF-8");
    }
    for (int round = 0; round < 2; round++) {
        if (charset != NULL && charset->decoder != DECODE_UTF8 &&
            charset->decoder != DECODE_ASCII) {
            return charset;
        }
        charset = charset_find(fallback);
    }
    return charset_find("CP1252");
}

/* What to read ASCII as. Text labelled UTF-16 that has no NUL is no UTF-16. */
static const struct charset *choose_ascii(const char *label, const char *bytes, size_t length)
{
    const struct charset *charset = charset_find(label);

    if (charset == NULL || charset->is_single || g_str_has_prefix(charset->name, "UTF-")) {
        bool is_jis = looks_like_jis(bytes, length);

        charset = charset_find(is_jis ? "ISO-2022-JP" : "UTF-8");
    }
    return charset;
}

static const struct charset *choose_any(const char *label, const char *fallback, const char *bytes,
                                        size_t length)
{
    return is_ascii(bytes, length) ? choose_ascii(label, bytes, length)
                                   : choose(label, fallback, bytes, length);
}

static char *convert(const struct charset *charset, const char *bytes, size_t length)
{
    if (charset->decoder == DECODE_UTF8) {
        return text_scrub(bytes, (gssize)length);
    }

    GString *out = g_string_sized_new(length + 1);

    decode(charset, bytes, length, out);
    if (g_utf8_validate_len(out->str, out->len, NULL) && strlen(out->str) == out->len) {
        return g_string_free(out, FALSE);
    }

    char *scrubbed = text_scrub(out->str, (gssize)out->len);

    g_string_free(out, TRUE);
    return scrubbed;
}

char *charset_to_utf8(const char *label, const char *fallback, const char *bytes, size_t length)
{
    return convert(choose_any(label, fallback, bytes, length), bytes, length);
}

char *charset_take_utf8(const char *label, const char *fallback, GByteArray *bytes,
                        size_t max_bytes, bool *is_cut_out)
{
    g_autoptr(GByteArray) owned = bytes;
    const char *data = owned->len == 0 ? "" : (const char *)owned->data;
    size_t length = owned->len;
    const struct charset *charset = choose_any(label, fallback, data, length);
    bool is_valid = charset->decoder == DECODE_UTF8 && length <= max_bytes &&
                    memchr(data, '\0', length) == NULL && g_utf8_validate_len(data, length, NULL);

    *is_cut_out = !is_valid && length > max_bytes / MOST_GROWTH;
    if (*is_cut_out) { /* what is not used makes room for what comes out */
        g_autofree char *used = (char *)g_byte_array_free(g_steal_pointer(&owned), FALSE);

        used = g_realloc(used, max_bytes / MOST_GROWTH + 1);
        return convert(charset, used, max_bytes / MOST_GROWTH);
    }
    if (!is_valid) {
        return convert(charset, data, length);
    }
    g_byte_array_append(owned, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&owned), FALSE);
}
