/* headers - a header block cut into its fields
 *
 * Who wrote a mail depends on which lines of it are fields, and readers differ about that: about blanks
 * in front of the colon, a folded name, a line without a colon, an empty first line. Each reading is
 * cheap to forge, so a block in which readers could differ about the From field gets an oddity, and
 * the mail is held.
 *
 *     block = *( field / junk ) ( empty line / end )
 *     field = name *WSP ":" *( byte / line-end WSP ) line-end
 *     name  = 1*<visible ASCII but ":">
 *
 * Junk is a line that is neither a field nor a continuation. If fields follow before the next empty
 * line, a mail program has wrapped a field without indenting it: the line is counted to the field in
 * front of it. Otherwise the empty line was forgotten, and the body begins there (so does Postfix).
 * A line of blanks is a continuation, unless what follows can be no header.
 * Line ends are LF or CR LF; a lone CR is a byte like any other.
 *
 * The limits are checked while scanning; a block above one is not read on. Linear. Pure.
 */
#include "message/headers.h"

#include <string.h>

#include "core/limits.h"

struct block {
    const char *at;
    const char *end;
    struct headers *headers;
};

/* The end of the line at `at`: *next_out is the start of the next one. */
static const char *line_end(const char *at, const char *end, const char **next_out)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    if (lf == NULL) {
        *next_out = end;
        return end;
    }
    *next_out = lf + 1;
    return lf > at && lf[-1] == '\r' ? lf - 1 : lf;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The length of a field's name at the start of a line, 0 if it is no field; *colon_out is its colon. */
static size_t name_length(const char *line, const char *end, const char **colon_out)
{
    const char *at = line;

    while (at<end && * at> ' ' && *at < 0x7F && *at != ':') {
        at++;
    }

    size_t length = (size_t)(at - line);

    while (at < end && is_blank(*at)) {
        at++;
    }
    if (length == 0 || at == end || *at != ':') {
        return 0;
    }
    *colon_out = at;
    return length;
}

/* Is the line at `at` made of blanks, and what follows it no header? Then it was meant to be empty. */
static bool is_meant_empty(const char *at, const char *end)
{
    const char *next = NULL;
    const char *behind = NULL;
    const char *stop = line_end(at, end, &next);
    const char *colon = NULL;

    while (at < stop && is_blank(*at)) {
        at++;
    }
    return at == stop && next < end && !is_blank(*next) &&
           name_length(next, line_end(next, end, &behind), &colon) == 0;
}

/* Where the value that begins on the line at `at` ends, with all continuation lines. */
static const char *value_end(const char *at, const char *end, const char **next_out)
{
    const char *last = line_end(at, end, next_out);

    while (*next_out < end && is_blank(**next_out) && !is_meant_empty(*next_out, end)) {
        last = line_end(*next_out, end, next_out);
    }
    return last;
}

static void note_oddity(struct headers *headers, const char *text)
{
    if (headers->oddity == NULL) {
        headers->oddity = text;
    }
}

/* Names that decide who a mail is from; longer than this no honest program writes them. */
static bool is_originator(const struct header *header)
{
    return header_is(header, "from") || header_is(header, "sender") ||
           header_is(header, "reply-to") || header_is(header, "return-path");
}

static enum status add_field(struct headers *headers, struct header field, struct err *err)
{
    size_t limit = is_originator(&field) ? LIMIT_ADDRESS_HEADER_BYTES : LIMIT_HEADER_BYTES;

    if (headers->fields->len == LIMIT_HEADERS) {
        return err_set(err, ST_INVALID, "more than %d header fields", LIMIT_HEADERS);
    }
    if (field.value_length > limit) {
        return err_set(err, ST_INVALID, "the header field \"%.*s\" has more than %zu bytes",
                       (int)MIN(field.name_length, 60), field.name, limit);
    }
    g_array_append_val(headers->fields, field);
    return ST_OK;
}

/* Do fields follow before the next empty line? */
static bool fields_follow(const char *at, const char *end)
{
    while (at < end) {
        const char *next = NULL;
        const char *stop = line_end(at, end, &next);
        const char *colon = NULL;

        if (stop == at) {
            return false;
        }
        if (name_length(at, stop, &colon) > 0) {
            return true;
        }
        at = next;
    }
    return false;
}

/* A line that is no field. Sets *is_body_out if the body begins with it. */
static enum status take_junk(struct block *block, const char *stop, const char *next,
                             bool *is_body_out, struct err *err)
{
    const char *line = block->at;
    GArray *fields = block->headers->fields;
    bool is_folded_name = next < block->end && is_blank(*next) && !is_blank(*line);
    const char *colon = next;

    while (is_folded_name && colon < block->end && is_blank(*colon)) {
        colon++;
    }
    if (is_folded_name && colon < block->end && *colon == ':') {
        struct header field = {.name = line, .name_length = (size_t)(stop - line), .is_odd = true};
        const char *last = value_end(colon + 1, block->end, &block->at);

        field.value = colon + 1;
        field.value_length = (size_t)(last - field.value);
        return add_field(block->headers, field, err);
    }
    if (memchr(line, '\0', (size_t)(stop - line)) != NULL) {
        note_oddity(block->headers, "there is a NUL in a header line");
    }
    if (fields->len == 0 && is_blank(*line)) {
        note_oddity(block->headers, "the header begins with a blank");
    }
    if (!fields_follow(next, block->end)) {
        *is_body_out = true;
        return ST_OK;
    }
    if (headers_get(block->headers, "From", 0) == NULL) {
        note_oddity(block->headers, "there is a line in front of the From field that is no field");
    }
    if (fields->len > 0) {
        struct header *last = &g_array_index(fields, struct header, fields->len - 1);

        last->value_length = (size_t)(stop - last->value);
        if (last->value_length > LIMIT_HEADER_BYTES) {
            return err_set(err, ST_INVALID, "a header field has more than %d bytes",
                           LIMIT_HEADER_BYTES);
        }
    }
    block->at = next;
    return ST_OK;
}

/* One line of the block with its continuations. */
static enum status take_line(struct block *block, bool *is_body_out, struct err *err)
{
    const char *next = NULL;
    const char *colon = NULL;
    const char *line = block->at;
    const char *stop = line_end(line, block->end, &next);
    size_t length = name_length(line, stop, &colon);

    if (length == 0) {
        return take_junk(block, stop, next, is_body_out, err);
    }

    struct header field = {.name = line, .name_length = length, .value = colon + 1};

    field.is_odd = colon > line + length;
    field.value_length = (size_t)(value_end(colon + 1, block->end, &block->at) - field.value);
    return add_field(block->headers, field, err);
}

/* Step over the line that mbox files have in front of a mail. */
static void skip_mbox_line(struct block *block)
{
    const char *next = NULL;
    const char *stop = line_end(block->at, block->end, &next);
    const char *line = block->at < stop && *block->at == '>' ? block->at + 1 : block->at;
    const char *colon = NULL;

    if (stop - line > 5 && memcmp(line, "From ", 5) == 0 && name_length(line, stop, &colon) == 0) {
        block->at = next;
    }
}

enum status headers_scan(const char *bytes, size_t length, struct headers *headers_out,
                         struct err *err)
{
    struct headers headers = {.fields = g_array_new(FALSE, FALSE, sizeof(struct header))};
    struct block block = {.at = bytes, .end = bytes + length, .headers = &headers};
    bool is_body = false;
    enum status status = ST_OK;

    skip_mbox_line(&block);
    while (status == ST_OK && !is_body && block.at < block.end) {
        const char *next = NULL;

        bool is_empty = line_end(block.at, block.end, &next) == block.at;

        if (is_empty || (headers.fields->len > 0 && is_meant_empty(block.at, block.end))) {
            if (!is_empty && fields_follow(next, block.end)) {
                note_oddity(&headers, "fields follow a line of blanks that ends the header");
            }
            block.at = next;
            headers.is_ended = true;
            break;
        }
        status = take_line(&block, &is_body, err);
        if (status == ST_OK && block.at - bytes > LIMIT_HEADER_BLOCK_BYTES) {
            status = err_set(err, ST_INVALID, "the header has more than %d bytes",
                             LIMIT_HEADER_BLOCK_BYTES);
        }
    }
    if (status != ST_OK) {
        g_array_unref(headers.fields);
        return status;
    }
    headers.is_ended = headers.is_ended || is_body;
    headers.body_at = (size_t)(block.at - bytes);
    *headers_out = headers;
    return ST_OK;
}

void headers_clear(struct headers *headers)
{
    g_clear_pointer(&headers->fields, g_array_unref);
}

bool header_is(const struct header *header, const char *name)
{
    return strlen(name) == header->name_length &&
           g_ascii_strncasecmp(header->name, name, header->name_length) == 0;
}

const struct header *headers_get(const struct headers *headers, const char *name, unsigned index)
{
    for (guint i = 0; i < headers->fields->len; i++) {
        const struct header *header = &g_array_index(headers->fields, struct header, i);

        if (header_is(header, name) && index-- == 0) {
            return header;
        }
    }
    return NULL;
}

char *header_unfold(const struct header *header)
{
    const char *at = header->value;
    const char *end = at + header->value_length;
    g_autoptr(GString) line = g_string_sized_new(header->value_length + 1);

    for (; at < end; at++) {
        bool is_line_end = *at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n');

        if (is_line_end && (*at == '\r' || line->len == 0 || at + 1 == end || is_blank(at[1]))) {
            continue;
        }
        g_string_append_c(line, *at == '\r' || *at == '\n' || *at == '\0' ? ' ' : *at);
    }
    return g_strstrip(g_strndup(line->str, line->len));
}

char *headers_text(const struct headers *headers, const char *name)
{
    const struct header *header = headers_get(headers, name, 0);

    return header == NULL ? NULL : header_unfold(header);
}

bool header_has_stray_byte(const struct header *header)
{
    for (size_t i = 0; i < header->value_length; i++) {
        char byte = header->value[i];

        if (byte == '\0' ||
            (byte == '\r' && (i + 1 == header->value_length || header->value[i + 1] != '\n'))) {
            return true;
        }
    }
    return false;
}
