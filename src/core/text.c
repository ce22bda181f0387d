/* text - small tools on strings that come from strangers
 *
 * Half of our strings were written by somebody else's mail program. Here they become valid UTF-8, fit
 * on one line, or have plain line ends, before anything else looks at them; and here texts from config
 * files and commands become numbers and durations, strictly, without locale and without surprises.
 *
 *     duration = number [ *blank unit ]       ; a bare number is seconds
 *     unit     = "ms" / "s" / "min" / "h" / "d"
 *
 * What is longer than a stated maximum ends in "…" and is cut where a character as people see it ends (a
 * grapheme cluster, UAX 29): no family loses its child, no letter its accent. Rules that look at more than two
 * code points (emoji, flags) ask for the whole text before the border, so libunistring is asked for all
 * breaks of it. A cluster counts at most CLUSTER_CHARS: nobody's heap of accents moves the border further.
 *
 * Not here: character sets (message/charset), and the escapes of log values (core/log).
 * Pure: no I/O, never logs. Every function takes any bytes up to a NUL: what is not UTF-8 is scrubbed.
 */
#include "core/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <unigbrk.h>

#define CLUSTER_CHARS 64

static const char ELLIPSIS[] = "\xE2\x80\xA6";

char *text_scrub(const char *bytes, gssize length)
{
    assert(bytes != NULL);
    return g_utf8_make_valid(bytes, length);
}

/* Marks that turn the direction of what follows: they make a line look like another one. */
static bool is_bidi_mark(gunichar c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* C0, DEL and C1. */
static bool is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* The last end of a grapheme cluster at or before `end`, a code point within valid text. */
static char *cluster_end(char *text, char *end)
{
    size_t length = (size_t)(g_utf8_next_char(end) - text);
    g_autofree char *breaks = g_malloc(length);
    char *at = end;

    u8_grapheme_breaks((const uint8_t *)text, length, breaks);
    for (int i = 0; i <= CLUSTER_CHARS; i++) {
        if (at == text || breaks[at - text] != 0) {
            return at;
        }
        at = g_utf8_prev_char(at);
    }
    return end;
}

char *text_cut(const char *text, size_t max_chars, bool *is_cut_out)
{
    g_autofree char *valid = text_scrub(text, -1);
    bool is_cut = false;
    size_t count = 0;
    char *last = valid; /* where the max_chars-th code point begins */

    for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        count++;
        if (count == max_chars) {
            last = at;
        }
        if (count > max_chars) {
            is_cut = true;
            break;
        }
    }
    if (is_cut_out != NULL) {
        *is_cut_out = is_cut;
    }
    if (!is_cut) {
        return g_steal_pointer(&valid);
    }
    if (max_chars == 0) {
        return g_strdup("");
    }
    *cluster_end(valid, last) = '\0';
    return g_strconcat(valid, ELLIPSIS, NULL);
}

char *text_one_line(const char *text, size_t max_chars)
{
    g_autofree char *valid = text_scrub(text, -1);
    g_autoptr(GString) line = g_string_sized_new(strlen(valid));
    bool is_blank_due = false;

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (is_control(c) || is_bidi_mark(c) || g_unichar_isspace(c)) {
            is_blank_due = line->len > 0;
            continue;
        }
        if (is_blank_due) {
            g_string_append_c(line, ' ');
            is_blank_due = false;
        }
        g_string_append_unichar(line, c);
    }
    return text_cut(line->str, max_chars, NULL);
}

/* End a line: drop the blanks at its end, and the line itself while nothing stands before it. */
static void end_line(GString *lines, size_t line_start)
{
    size_t end = lines->len;

    while (end > line_start && (lines->str[end - 1] == ' ' || lines->str[end - 1] == '\t')) {
        end--;
    }
    g_string_truncate(lines, end);
    if (end > 0) {
        g_string_append_c(lines, '\n');
    }
}

char *text_normalise_lines(const char *text)
{
    g_autofree char *valid = text_scrub(text, -1);
    g_autoptr(GString) lines = g_string_sized_new(strlen(valid) + 1);
    size_t line_start = 0;

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\r' && at[1] == '\n') {
            continue; /* the LF after it ends the line */
        }
        if (c == '\r' || c == '\n') {
            end_line(lines, line_start);
            line_start = lines->len;
        } else if (c == '\t' || !is_control(c)) {
            g_string_append_unichar(lines, c);
        }
    }
    end_line(lines, line_start);
    while (lines->len > 0 && lines->str[lines->len - 1] == '\n') {
        g_string_truncate(lines, lines->len - 1);
    }
    return g_string_free(g_steal_pointer(&lines), FALSE);
}

enum status text_parse_int64(const char *text, int64_t low, int64_t high, int64_t *out,
                             struct err *err)
{
    gint64 value = 0;

    if (text[0] == '+' || !g_ascii_string_to_signed(text, 10, low, high, &value, NULL)) {
        return err_set(err, ST_INVALID, "\"%s\" is not a whole number from %" PRId64 " to %" PRId64,
                       text, low, high);
    }
    *out = value;
    return ST_OK;
}

static const struct {
    const char *name;
    int64_t us;
} UNITS[] = {
    {"", 1000000},           {"ms", 1000},
    {"s", 1000000},          {"min", 60 * 1000000},
    {"h", 3600LL * 1000000}, {"d", 86400LL * 1000000},
};

enum status text_parse_duration(const char *text, int64_t *us_out, struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits + strspn(text + digits, " ");
    g_autofree char *number = g_strndup(text, digits);
    int64_t count = 0;
    int64_t us = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        bool is_bare_with_blank = unit[0] == '\0' && unit != text + digits;
        if (strcmp(unit, UNITS[i].name) != 0 || is_bare_with_blank) {
            continue;
        }
        if (text_parse_int64(number, 0, INT64_MAX, &count, err) != ST_OK ||
            __builtin_mul_overflow(count, UNITS[i].us, &us)) {
            break;
        }
        *us_out = us;
        return ST_OK;
    }
    (void)err_set(err, ST_INVALID, "\"%s\" is not a duration", text);
    return err_hint(err, "write a number with ms, s, min, h or d, such as \"30s\" or \"10 min\"");
}

size_t text_chars(const char *text)
{
    return (size_t)g_utf8_strlen(text, -1);
}

void text_sha256(const void *bytes, size_t length, uint8_t digest_out[32])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    const guchar *at = bytes;
    gsize digest_length = 32;

    /* An empty update with a NULL pointer is refused by GLib. */
    if (length > 0) {
        g_checksum_update(checksum, at, (gssize)length);
    }
    g_checksum_get_digest(checksum, digest_out, &digest_length);
    assert(digest_length == 32);
}

int64_t text_key64(const void *bytes, size_t length)
{
    uint8_t digest[32];
    uint64_t key = 0;

    text_sha256(bytes, length, digest);
    for (size_t i = 0; i < 8; i++) {
        key = key << 8 | digest[i];
    }
    return (int64_t)key;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_iszerowidth(c)) {
            columns += g_unichar_iswide(c) ? 2 : 1;
        }
    }
    return columns;
}

size_t text_distance(const char *a, const char *b)
{
    size_t width = strlen(b) + 1;
    g_autofree size_t *row = g_new(size_t, width);

    for (size_t j = 0; j < width; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j < width; j++) {
            size_t changed = diagonal + (a[i] != b[j - 1] ? 1 : 0);
            diagonal = row[j];
            row[j] = MIN(MIN(row[j], row[j - 1]) + 1, changed);
        }
    }
    return row[width - 1];
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        size_t distance = text_distance(word, names[i]);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest != NULL && best <= MAX(strlen(word), strlen(nearest)) / 2 ? nearest : NULL;
}

char *text_age(int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } SPANS[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};

    for (size_t i = 0; i < G_N_ELEMENTS(SPANS); i++) {
        if (seconds >= 2 * SPANS[i].seconds) {
            return g_strdup_printf("%" PRId64 " %s", seconds / SPANS[i].seconds, SPANS[i].name);
        }
    }
    return g_strdup_printf("%" PRId64 " s", MAX(seconds, 0));
}

char *text_bytes(uint64_t bytes)
{
    const uint64_t kilo = 1024;
    const uint64_t mega = kilo * kilo;

    if (bytes < kilo) {
        return g_strdup_printf("%" PRIu64 " bytes", bytes);
    }
    if (bytes < mega) {
        return g_strdup_printf("%" PRIu64 " KB", (bytes + kilo / 2) / kilo);
    }
    return g_strdup_printf("%" PRIu64 ".%" PRIu64 " MB", bytes / mega, bytes % mega * 10 / mega);
}
