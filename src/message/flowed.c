/* flowed - format=flowed text to ordinary lines, and ordinary lines to it
 *
 * RFC 3676 section 4: a line that ends in a blank goes on in the next one of the same quote depth; a
 * leading blank was stuffed and is taken away; "-- " is the signature mark and never flows (4.3).
 *
 *     line  = *">" [stuffing] text [flow] LF
 *
 * A paragraph whose next line has another quote depth ends there, as section 4.5 says. What we write is folded at
 * blanks: programs that know the format show a paragraph as wide as their window, all others see lines of an
 * ordinary length. Quotes are not folded, for somebody else has broken their lines already. Linear. Pure.
 */
#include "message/flowed.h"

#include <string.h>

#include <glib.h>

#define FOLDED_CHARS 76 /* section 4.2 says fewer than 79 */

static const char SIGNATURE[] = "-- ";
static const char FROM[] = "From ";

/* The lines as they come out. */
struct flow {
    GString *out;
    size_t depth; /* of the paragraph that is open */
    bool is_open; /* the last line flowed */
    bool is_delsp;
};

static void begin_line(struct flow *flow, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        g_string_append_c(flow->out, '>');
    }
    if (depth > 0) {
        g_string_append_c(flow->out, ' ');
    }
    flow->depth = depth;
}

static void end_line(struct flow *flow)
{
    if (flow->is_open) {
        g_string_append_c(flow->out, '\n');
        flow->is_open = false;
    }
}

static void take_line(struct flow *flow, const char *line, size_t length)
{
    size_t depth = 0;

    while (depth < length && line[depth] == '>') {
        depth++;
    }
    line += depth;
    length -= depth;
    if (length > 0 && line[0] == ' ') {
        line++;
        length--;
    }

    bool is_mark = length == 3 && memcmp(line, SIGNATURE, 3) == 0;
    bool flows = !is_mark && length > 0 && line[length - 1] == ' ';

    if (flow->is_open && (is_mark || depth != flow->depth)) {
        end_line(flow);
    }
    if (!flow->is_open) {
        begin_line(flow, depth);
    }
    g_string_append_len(flow->out, line, (gssize)(flows && flow->is_delsp ? length - 1 : length));
    flow->is_open = true;
    if (!flows) {
        end_line(flow);
    }
}

char *flowed_unfold(const char *text, bool is_delsp)
{
    struct flow flow = {.out = g_string_sized_new(strlen(text) + 1), .is_delsp = is_delsp};

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        take_line(&flow, text, length);
        text += length + (text[length] == '\n');
    }
    end_line(&flow);
    return g_string_free(flow.out, FALSE);
}

/* ---- to flowed ---------------------------------------------------------------------------------- */

/* What would read as a quote or as flowing, or what mailbox files change (section 4.4), gets a blank in front. */
static void write_piece(GString *out, const char *piece, size_t length)
{
    if (length > 0 && (*piece == ' ' || *piece == '>' ||
                       (length >= strlen(FROM) && memcmp(piece, FROM, strlen(FROM)) == 0))) {
        g_string_append_c(out, ' ');
    }
    g_string_append_len(out, piece, (gssize)length);
}

/* The end of what fits on a line, the blanks behind it included; end where all of it fits. */
static const char *fold_at(const char *at, const char *end)
{
    const char *fold = NULL;
    size_t columns = 0;

    for (const char *next = at; next < end; next = g_utf8_next_char(next)) {
        if (++columns > FOLDED_CHARS && fold != NULL) {
            return fold;
        }
        if (*next == ' ' && next[1] != ' ' && next >= at + strlen(SIGNATURE)) {
            fold = next + 1;
        }
    }
    return end;
}

static void fold_line(GString *out, const char *line, size_t length)
{
    const char *end = line + length;

    if (length == strlen(SIGNATURE) && memcmp(line, SIGNATURE, length) == 0) {
        g_string_append(out, SIGNATURE);
        return;
    }
    while (end > line && end[-1] == ' ') {
        end--;
    }
    if (*line == '>') {
        g_string_append_len(out, line, end - line);
        return;
    }
    for (const char *at = line; at < end;) {
        const char *next = (size_t)(end - at) <= FOLDED_CHARS ? end : fold_at(at, end);

        write_piece(out, at, (size_t)(next - at));
        if (next < end) {
            g_string_append_c(out, '\n');
        }
        at = next;
    }
}

char *flowed_fold(const char *text)
{
    size_t length = strlen(text);
    GString *out = g_string_sized_new(length + length / FOLDED_CHARS + 16);

    for (const char *line = text; *line != '\0';) {
        size_t bytes = strcspn(line, "\n");

        fold_line(out, line, bytes);
        line += bytes;
        if (*line == '\n') {
            g_string_append_c(out, '\n');
            line++;
        }
    }
    return g_string_free(out, FALSE);
}
