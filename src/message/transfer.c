/* transfer - base64, quoted-printable and uuencode to bytes
 *
 * Mail programs break all three: base64 in several pieces with a padding in the middle, with blanks, with
 * a footer that a list server glued behind it; quoted-printable with lone "=" and lower-case digits;
 * uuencode with trimmed blanks. RFC 2045 sections 6.7 and 6.8 ask for tolerance, so here nothing is an
 * error: what can be read is, the rest is kept as it stands (quoted-printable) or skipped (base64).
 *
 *     uuencoded = "begin" SP 3*4DIGIT SP name LF *( length-byte data LF ) "end" LF
 *
 * Linear in their input. Pure.
 */
#include "message/transfer.h"

#include <string.h>

enum transfer transfer_of(const char *value)
{
    static const struct {
        const char *name;
        enum transfer transfer;
    } NAMES[] = {{"base64", TRANSFER_BASE64},
                 {"quoted-printable", TRANSFER_QP},
                 {"x-uuencode", TRANSFER_UUENCODE},
                 {"x-uue", TRANSFER_UUENCODE},
                 {"uuencode", TRANSFER_UUENCODE}};

    for (size_t i = 0; value != NULL && i < G_N_ELEMENTS(NAMES); i++) {
        size_t length = strlen(NAMES[i].name);

        if (g_ascii_strncasecmp(value, NAMES[i].name, length) == 0 &&
            !g_ascii_isalnum(value[length]) && value[length] != '-') {
            return NAMES[i].transfer;
        }
    }
    return TRANSFER_NONE;
}

/* The value of a base64 digit, -1 for anything else. */
static int base64_value(char byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return byte - '0' + 52;
    }
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

static void decode_base64(const char *bytes, size_t length, GByteArray *out)
{
    guint8 table[256];
    guint8 *to = NULL;
    guint32 group = 0;
    int digits = 0;

    for (size_t i = 0; i < sizeof table; i++) {
        table[i] = (guint8)base64_value((char)i);
    }
    g_byte_array_set_size(out, (guint)(length / 4 * 3 + 3));
    to = out->data;
    for (size_t i = 0; i < length; i++) {
        guint8 value = table[(guint8)bytes[i]];

        if (value < 64) {
            group = group << 6 | value;
            if (++digits == 4) {
                *to++ = (guint8)(group >> 16);
                *to++ = (guint8)(group >> 8);
                *to++ = (guint8)group;
                digits = 0;
            }
        }
        if ((bytes[i] == '=' || i + 1 == length) && digits > 0) {
            if (digits > 1) {
                *to++ = (guint8)(group << 6 * (4 - digits) >> 16);
            }
            if (digits > 2) {
                *to++ = (guint8)(group << 6 >> 8);
            }
            digits = 0;
        }
    }
    g_byte_array_set_size(out, (guint)(to - out->data));
}

/* Step over blanks up to a line end, if that is all that is left of the line. */
static const char *blank_line_rest(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    if (at < end && *at == '\r') {
        at++;
    }
    if (at == end) {
        return at;
    }
    return *at == '\n' ? at + 1 : NULL;
}

static void decode_qp(const char *bytes, size_t length, GByteArray *out)
{
    const char *at = bytes;
    const char *end = bytes + length;

    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *stop = equals == NULL ? end : equals;

        g_byte_array_append(out, (const guint8 *)at, (guint)(stop - at));
        if (equals == NULL) {
            break;
        }

        const char *next = blank_line_rest(equals + 1, end);

        if (next != NULL) {
            at = next; /* a soft line break */
        } else if (end - equals > 2 && g_ascii_isxdigit(equals[1]) && g_ascii_isxdigit(equals[2])) {
            guint8 byte = (guint8)(g_ascii_xdigit_value(equals[1]) * 16 +
                                   g_ascii_xdigit_value(equals[2]));

            g_byte_array_append(out, &byte, 1);
            at = equals + 3;
        } else {
            g_byte_array_append(out, (const guint8 *)"=", 1);
            at = equals + 1;
        }
    }
}

/* ---- uuencode ---------------------------------------------------------------------------------- */

static const char *line_stop(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return lf == NULL ? end : lf;
}

static guint8 uu_value(const char *at, const char *end)
{
    return at < end ? (guint8)((*at - ' ') & 63) : 0;
}

/* One line of data; false if it cannot be one. */
static bool decode_uu_line(const char *at, const char *stop, GByteArray *out)
{
    if (stop > at && stop[-1] == '\r') {
        stop--;
    }
    if (at == stop || *at < ' ' || *at > '`') {
        return false;
    }

    int left = uu_value(at, stop);

    if (stop - at > 2 + (left + 2) / 3 * 4) {
        return false;
    }
    for (at++; left > 0; at += 4, left -= 3) {
        guint32 group = (guint32)uu_value(at, stop) << 18 | (guint32)uu_value(at + 1, stop) << 12 |
                        (guint32)uu_value(at + 2, stop) << 6 | uu_value(at + 3, stop);
        guint8 bytes[3] = {(guint8)(group >> 16), (guint8)(group >> 8), (guint8)group};

        g_byte_array_append(out, bytes, (guint)MIN(left, 3));
    }
    return true;
}

/* "begin 644 NAME": the name, or NULL. */
static char *begin_name(const char *at, const char *stop)
{
    size_t digits = 0;

    if (stop - at < 11 || memcmp(at, "begin ", 6) != 0) {
        return NULL;
    }
    for (at += 6; at < stop && *at >= '0' && *at <= '7'; at++) {
        digits++;
    }
    if (digits < 3 || digits > 4 || at == stop || *at != ' ') {
        return NULL;
    }
    return g_strchomp(g_strndup(at + 1, (gsize)(stop - at - 1)));
}

/* The data lines behind a "begin" line; the offset behind the "end" line, or NULL if there is none. */
static const char *decode_uu_lines(const char *at, const char *end, GByteArray *out)
{
    while (at < end) {
        const char *stop = line_stop(at, end);
        const char *next = stop < end ? stop + 1 : end;

        if (stop - at >= 3 && memcmp(at, "end", 3) == 0 && stop - at <= 4) {
            return next;
        }
        if (!decode_uu_line(at, stop, out)) {
            return NULL;
        }
        at = next;
    }
    return NULL;
}

void uuencoded_clear(struct uuencoded *found)
{
    g_clear_pointer(&found->name, g_free);
    g_clear_pointer(&found->content, g_byte_array_unref);
}

bool transfer_find_uuencoded(const char *bytes, size_t length, size_t at,
                             struct uuencoded *found_out)
{
    const char *end = bytes + length;
    const char *line = bytes + at;

    while (line < end) {
        const char *stop = line_stop(line, end);
        g_autofree char *name = begin_name(line, stop);

        if (name != NULL && *name != '\0') {
            g_autoptr(GByteArray) content = g_byte_array_new();
            const char *behind = stop < end ? decode_uu_lines(stop + 1, end, content) : NULL;

            if (behind != NULL) {
                found_out->from = (size_t)(line - bytes);
                found_out->to = (size_t)(behind - bytes);
                found_out->name = g_steal_pointer(&name);
                found_out->content = g_steal_pointer(&content);
                return true;
            }
        }
        line = stop < end ? stop + 1 : end;
    }
    return false;
}

static void decode_uuencoded(const char *bytes, size_t length, GByteArray *out)
{
    struct uuencoded found;

    if (transfer_find_uuencoded(bytes, length, 0, &found)) {
        g_byte_array_append(out, found.content->data, found.content->len);
        g_byte_array_unref(found.content);
        g_free(found.name);
    } else {
        g_byte_array_append(out, (const guint8 *)bytes, (guint)length);
    }
}

GByteArray *transfer_decode(enum transfer transfer, const char *bytes, size_t length)
{
    GByteArray *out = g_byte_array_new();

    switch (transfer) {
    case TRANSFER_NONE:
        g_byte_array_append(out, (const guint8 *)bytes, (guint)length);
        break;
    case TRANSFER_BASE64:
        decode_base64(bytes, length, out);
        break;
    case TRANSFER_QP:
        decode_qp(bytes, length, out);
        break;
    case TRANSFER_UUENCODE:
        decode_uuencoded(bytes, length, out);
        break;
    }
    return out;
}
