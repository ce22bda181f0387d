/* mutf7 - folder names as IMAP writes them
 *
 * IMAP4rev1 has its own encoding for folder names (RFC 3501 section 5.1.3): printable ASCII stands for
 * itself, "&" is "&-", and everything else is UTF-16 in a base64 with "," for "/" and without "=",
 * between "&" and "-":
 *
 *     Entwürfe/R&D   Entw&APw-rfe/R&-D
 *
 * Two names that look different on the wire must be different folders, so only the one way to write
 * a name is read: no printable ASCII inside a shift, no stray bits, no two shifts side by side. Names
 * with control characters are refused both ways: they could carry commands (libetpan does not
 * check) and would tear log lines.
 *
 * Pure: no I/O.
 */
#include "net/mutf7.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_direct(gunichar c)
{
    return c >= 0x20 && c <= 0x7e;
}

static bool is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* One run of characters that cannot stand for themselves. */
static void append_shift(GString *encoded, const char *run, size_t length)
{
    glong count = 0;
    g_autofree gunichar2 *units = g_utf8_to_utf16(run, (glong)length, NULL, &count, NULL);
    uint32_t bits = 0;
    unsigned held = 0;

    g_string_append_c(encoded, '&');
    for (glong i = 0; i < count; i++) {
        bits = (bits << 16 | units[i]) & 0x3fffff;
        held += 16;
        while (held >= 6) {
            held -= 6;
            g_string_append_c(encoded, DIGITS[bits >> held & 0x3f]);
        }
    }
    if (held > 0) {
        g_string_append_c(encoded, DIGITS[bits << (6 - held) & 0x3f]);
    }
    g_string_append_c(encoded, '-');
}

enum status mutf7_from_utf8(const char *name, char **encoded_out, struct err *err)
{
    g_autoptr(GString) encoded = g_string_new(NULL);

    if (name[0] == '\0' || !g_utf8_validate(name, -1, NULL)) {
        return err_set(err, ST_INVALID, "a folder's name must be UTF-8 and not empty");
    }
    for (const char *p = name; *p;) {
        const char *end = p;
        while (*end && !is_direct(g_utf8_get_char(end))) {
            if (is_control(g_utf8_get_char(end))) {
                return err_set(err, ST_INVALID, "there is a control character in a folder's name");
            }
            end = g_utf8_next_char(end);
        }
        if (end > p) {
            append_shift(encoded, p, (size_t)(end - p));
            p = end;
        } else {
            g_string_append(encoded, *p == '&' ? "&-" : (const char[]){*p, '\0'});
            p++;
        }
    }
    if (encoded->len > LIMIT_FOLDER_BYTES) {
        return err_set(err, ST_INVALID, "a folder's name is longer than %d bytes",
                       LIMIT_FOLDER_BYTES);
    }
    *encoded_out = g_string_free(g_steal_pointer(&encoded), FALSE);
    return ST_OK;
}

/* The characters of one shift, between "&" and "-"; false where it is not the way to write them. */
static bool append_unshifted(GString *name, const char *shift, size_t length)
{
    g_autofree gunichar2 *units = g_new(gunichar2, length * 6 / 16 + 1);
    glong count = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < length; i++) {
        const char *digit = strchr(DIGITS, shift[i]);
        if (!digit) {
            return false;
        }
        bits = (bits << 6 | (uint32_t)(digit - DIGITS)) & 0x3fffff;
        held += 6;
        if (held >= 16) {
            held -= 16;
            units[count++] = (gunichar2)(bits >> held);
        }
    }
    if (held >= 6 || (bits & ((1U << held) - 1)) != 0) {
        return false; /* a digit too many, or bits that mean nothing */
    }
    glong got = 0;
    g_autofree char *utf8 = g_utf16_to_utf8(units, count, &got, NULL, NULL);
    if (!utf8 || got != count) {
        return false; /* lone surrogate */
    }
    for (const char *p = utf8; *p; p = g_utf8_next_char(p)) {
        if (is_direct(g_utf8_get_char(p)) || is_control(g_utf8_get_char(p))) {
            return false;
        }
    }
    g_string_append(name, utf8);
    return *utf8 != '\0';
}

enum status mutf7_to_utf8(const char *encoded, char **name_out, struct err *err)
{
    g_autoptr(GString) name = g_string_new(NULL);

    for (const char *p = encoded; *p; p++) {
        if (!is_direct((unsigned char)*p)) {
            return err_set(err, ST_INVALID, "there is a byte 0x%02x in a folder's name",
                           (unsigned)(unsigned char)*p);
        }
        if (*p != '&') {
            g_string_append_c(name, *p);
            continue;
        }
        const char *end = strchr(p, '-');
        if (!end || (end > p + 1 && !append_unshifted(name, p + 1, (size_t)(end - p - 1)))) {
            return err_set(err, ST_INVALID, "a folder's name is not modified UTF-7");
        }
        if (end == p + 1) {
            g_string_append_c(name, '&');
        } else if (end[1] == '&' && end[2] != '-') {
            return err_set(err, ST_INVALID, "a folder's name is not modified UTF-7");
        }
        p = end;
    }
    *name_out = g_string_free(g_steal_pointer(&name), FALSE);
    return ST_OK;
}
