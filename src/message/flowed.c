/* flowed - format=flowed text to ordinary lines
 *
 * RFC 3676 section 4: a line that ends in a blank goes on in the next one of the same quote depth; a
 * leading blank was stuffed and is taken away; "-- " is the signature mark and never flows (4.3).
 *
 *     line  = *">" [stuffing] text [flow] LF
 *
 * A paragraph whose next line has another quote depth ends there, as section 4.5 says. Linear. Pure.
 */
#include "message/flowed.h"

#include <string.h>

#include <glib.h>

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

    bool is_mark = length == 3 && memcmp(line, "-- ", 3) == 0;
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
