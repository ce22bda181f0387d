/* mime - the parts of a mail
 *
 * A multipart is cut at its own boundary lines first and its pieces are taken apart then: so an inner
 * part that forgot its end cannot swallow what follows the outer boundary, and one that repeats the
 * outer boundary cannot hide anything. Why not with gmime: its parser goes into attached mails, which
 * we keep whole, costs several times as much, and has crashed on headers within them (TRAPS 4).
 *
 *     multipart = preamble 1*( delimiter part ) [close] epilogue
 *     delimiter = LF "--" boundary [blanks] LF           ; the whole line, "--foo2" is not "--foo"
 *     close     = LF "--" boundary "--" [blanks] LF
 *
 * A boundary that is not stated, or never found, is guessed from the first line that looks like one and
 * has a field below it; if there is none the body is text. Preamble and epilogue are not shown.
 *
 * The depth, the count of boundary lines and each header block are limited: above, the whole mail is
 * refused. Parts above LIMIT_PARTS are counted and left out. Each byte is read at most once a level. Pure.
 */
#include "message/mime.h"

#include <string.h>

#include "core/limits.h"

/* What is shared by the whole descent. */
struct reading {
    struct mime *mime;
    const char *end; /* of the mail */
    unsigned parts;
    unsigned boundary_lines;
    unsigned dash_lines; /* compared with a boundary */
};

/* A boundary line: where the part before it ends and the next one begins. */
struct delimiter {
    const char *from; /* the line end in front of it belongs to it */
    const char *to;
    bool is_close;
};

static void part_free(struct part *part)
{
    if (part == NULL) {
        return;
    }
    headers_clear(&part->headers);
    param_field_free(part->type);
    param_field_free(part->disposition);
    g_ptr_array_unref(part->children);
    g_free(part);
}

void parts_clear(struct mime *mime)
{
    g_clear_pointer(&mime->root, part_free);
}

bool part_is(const struct part *part, const char *type)
{
    size_t length = strlen(type);

    return strncmp(part->type->value, type, length) == 0 &&
           (type[length - 1] == '/' || part->type->value[length] == '\0');
}

GByteArray *parts_decode(const struct part *part)
{
    return transfer_decode(part->transfer, part->body, part->body_length);
}

/* ---- fields ------------------------------------------------------------------------------------ */

static struct param_field *read_field(const struct headers *headers, const char *name)
{
    g_autofree char *text = headers_text(headers, name);

    return param_read(text == NULL ? "" : text, NULL);
}

/* "type/subtype" of token bytes. */
static bool is_media_type(const char *value)
{
    const char *slash = strchr(value, '/');

    if (slash == NULL || slash == value || slash[1] == '\0' || strlen(value) > LIMIT_NAME_CHARS) {
        return false;
    }
    for (const char *at = value; *at != '\0'; at++) {
        if (at != slash && !g_ascii_isalnum(*at) && strchr("!#$&-^_.+", *at) == NULL) {
            return false;
        }
    }
    return true;
}

/* What the part is. "text" alone is an old form of text/plain; other unusable types say nothing. */
static void read_type(struct part *part, const char *default_type)
{
    part->type = read_field(&part->headers, "Content-Type");
    part->is_typed = is_media_type(part->type->value);
    if (!part->is_typed) {
        g_free(part->type->value);
        part->type->value = g_strdup(default_type);
    }
}

static void read_fields(struct part *part, const char *default_type)
{
    g_autofree char *transfer = headers_text(&part->headers, "Content-Transfer-Encoding");

    read_type(part, default_type);
    part->disposition = read_field(&part->headers, "Content-Disposition");
    part->transfer = transfer_of(transfer == NULL ? NULL : g_strstrip(transfer));
}

const char *parts_charset(const struct part *root)
{
    const char *charset = param_get(root->type, "charset");

    for (guint i = 0; charset == NULL && i < root->children->len; i++) {
        charset = parts_charset(g_ptr_array_index(root->children, i));
    }
    return charset;
}

/* ---- boundaries -------------------------------------------------------------------------------- */

static const char *skip_line(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return lf == NULL ? end : lf + 1;
}

static bool is_blank_up_to(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
        at++;
    }
    return at == end;
}

/* Is the line at `line` ("--…") a boundary line? */
static bool is_boundary_line(const char *line, const char *end, const char *boundary,
                             struct delimiter *found_out)
{
    size_t length = strlen(boundary);
    const char *behind = line + 2 + length;

    if ((size_t)(end - line) < 2 + length || memcmp(line + 2, boundary, length) != 0) {
        return false;
    }

    const char *next = skip_line(behind, end);
    bool is_close = next - behind >= 2 && behind[0] == '-' && behind[1] == '-';

    if (!is_blank_up_to(is_close ? behind + 2 : behind, next)) {
        return false;
    }
    found_out->from = line;
    found_out->to = next;
    found_out->is_close = is_close;
    return true;
}

/* The next boundary line at or behind at, which is the start of a line. */
static bool find_boundary(struct reading *reading, const char *at, const char *end,
                          const char *boundary, struct delimiter *found_out)
{
    const char *start = at;

    while (at != NULL && end - at >= 2 && reading->dash_lines++ < LIMIT_DASH_LINES) {
        if (at[0] == '-' && at[1] == '-' && is_boundary_line(at, end, boundary, found_out)) {
            if (at > start) {
                found_out->from -= at - 1 > start && at[-2] == '\r' ? 2 : 1;
            }
            return true;
        }
        at = memmem(at, (size_t)(end - at), "\n--", 3);
        at = at == NULL ? NULL : at + 1;
    }
    return false;
}

/* A line "--something" with a field directly below it: the boundary that was meant. NULL if there is
 * none. */
static char *guess_boundary(const char *at, const char *end)
{
    while (at < end) {
        const char *next = skip_line(at, end);
        size_t length = (size_t)(next - at);

        if (length > 3 && at[0] == '-' && at[1] == '-' && end - next > 8 &&
            g_ascii_strncasecmp(next, "content-", 8) == 0) {
            return g_strchomp(g_strndup(at + 2, length - 2));
        }
        at = memmem(at, (size_t)(end - at), "\n--", 3);
        if (at == NULL) {
            return NULL;
        }
        at++;
    }
    return NULL;
}

/* ---- parts ------------------------------------------------------------------------------------- */

static enum status read_part(struct reading *reading, const char *at, const char *end,
                             const char *default_type, unsigned depth, struct part **part_out,
                             struct err *err);

/* The pieces of a multipart, from behind its first delimiter on. */
static enum status read_pieces(struct reading *reading, struct part *part, const char *boundary,
                               struct delimiter delimiter, unsigned depth, struct err *err)
{
    const char *end = part->body + part->body_length;
    const char *default_type = part_is(part, "multipart/digest") ? "message/rfc822" : "text/plain";
    enum status status = ST_OK;

    while (status == ST_OK && !delimiter.is_close) {
        const char *from = delimiter.to;
        struct part *child = NULL;
        bool has_next = find_boundary(reading, from, end, boundary, &delimiter);
        const char *to = has_next ? MAX(delimiter.from, from) : end;

        if (++reading->boundary_lines > LIMIT_BOUNDARY_LINES) {
            return err_set(err, ST_INVALID, "more than %d parts", LIMIT_BOUNDARY_LINES);
        }
        if (!has_next && is_blank_up_to(from, end)) {
            break;
        }
        if (reading->parts == LIMIT_PARTS) {
            reading->mime->parts_left_out++;
        } else {
            reading->parts++;
            status = read_part(reading, from, to, default_type, depth + 1, &child, err);
        }
        if (child != NULL) {
            child->is_cut = child->is_cut || (!has_next && to == reading->end);
            g_ptr_array_add(part->children, child);
        }
        if (!has_next) {
            break;
        }
    }
    return status;
}

static void make_text(struct part *part)
{
    g_free(part->type->value);
    part->type->value = g_strdup("text/plain");
}

/* Cut a multipart into its parts. One without any is text. */
static enum status read_multipart(struct reading *reading, struct part *part, unsigned depth,
                                  struct err *err)
{
    const char *end = part->body + part->body_length;
    g_autofree char *boundary = g_strdup(param_get(part->type, "boundary"));
    struct delimiter first;

    if (depth == LIMIT_NESTING) {
        return err_set(err, ST_INVALID, "parts are nested deeper than %d", LIMIT_NESTING);
    }
    if (boundary == NULL ||
        !find_boundary(reading, part->body, end, g_strchomp(boundary), &first)) {
        g_free(boundary);
        boundary = guess_boundary(part->body, end);
        if (boundary == NULL || !find_boundary(reading, part->body, end, boundary, &first)) {
            make_text(part);
            return ST_OK;
        }
    }

    enum status status = read_pieces(reading, part, boundary, first, depth, err);

    if (part->children->len == 0) {
        make_text(part);
    }
    return status;
}

static enum status read_part(struct reading *reading, const char *at, const char *end,
                             const char *default_type, unsigned depth, struct part **part_out,
                             struct err *err)
{
    struct part *part = g_new0(struct part, 1);
    enum status status = headers_scan(at, (size_t)(end - at), &part->headers, err);

    part->children = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
    if (status == ST_OK) {
        part->body = at + part->headers.body_at;
        part->body_length = (size_t)(end - part->body);
        read_fields(part, default_type);
        if (part_is(part, "multipart/")) {
            status = read_multipart(reading, part, depth, err);
        }
    }
    if (status != ST_OK) {
        part_free(part);
        return status;
    }
    *part_out = part;
    return ST_OK;
}

enum status parts_read(const char *bytes, size_t length, struct mime *mime_out, struct err *err)
{
    struct mime mime = {NULL};
    struct reading reading = {.mime = &mime, .end = bytes + length};
    enum status status = read_part(&reading, bytes, bytes + length, "text/plain", 0, &mime.root,
                                   err);

    if (status == ST_OK && reading.dash_lines > LIMIT_DASH_LINES) {
        parts_clear(&mime);
        return err_set(err, ST_INVALID, "more than %d lines that could be boundaries",
                       LIMIT_DASH_LINES);
    }
    if (status == ST_OK && mime.root->headers.fields->len == 0) {
        parts_clear(&mime);
        return err_set(err, ST_INVALID,
                       length == 0 ? "the mail is empty" : "the mail has no header");
    }
    if (status == ST_OK) {
        mime.root->is_cut = mime.root->children->len == 0;
        *mime_out = mime;
    }
    return status;
}
