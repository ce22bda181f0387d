/* mailbox - who an address field names
 *
 * The From field is the one claim on which identity rests, and most forgeries are From fields that two
 * readers understand differently (THREATS 2 B 13 to 27). So only this is accepted, on the raw bytes
 * and before anything is decoded:
 *
 *     from     = [CFWS] ( addr-spec / [phrase] "<" [CFWS] addr-spec [CFWS] ">" ) [CFWS] [","]
 *     phrase   = *( atom / quoted-string / "." / "," / ";" / "[" / "]" / 8-bit byte / CFWS )
 *     addr-spec = what address_normalise accepts, without white space or comments inside
 *
 * No groups, no routes, no second address anywhere outside of quotes and comments. A display name that
 * breaks this grammar is forgiven where it cannot matter: if the field has only one "@", one pair of
 * angle brackets at its end and no colon, any reader finds the same address. An unquoted comma or
 * semicolon in a name is forgiven unless a piece of it, decoded, looks like an address itself. An
 * unquoted "@" in a name is forgiven only if the name is the address.
 *
 * The other fields are split at their commas, groups are opened, and what is no address is dropped.
 * Names are decoded leniently (message/rfc2047). Linear. Pure.
 */
#include "message/mailbox.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/address.h"
#include "message/rfc2047.h"
#include "message/scan.h"

/* A decoded name on one line, without the quotes that some programs write around encoded words. */
static char *clean_name(const char *raw, const char *charset)
{
    g_autofree char *decoded = rfc2047_decode(raw, charset);
    g_autofree char *line = text_one_line(decoded, LIMIT_NAME_CHARS);
    size_t length = strlen(line);

    if (length >= 2 && (line[0] == '"' || line[0] == '\'') && line[length - 1] == line[0]) {
        g_autofree char *inner = g_strndup(line + 1, length - 2);

        return text_one_line(inner, LIMIT_NAME_CHARS);
    }
    return g_steal_pointer(&line);
}

/* ---- From, strictly ---------------------------------------------------------------------------- */

/* What was read of a From value so far. */
struct from {
    GString *phrase;   /* own: the name as written, quotes and escapes gone */
    GString *comment;  /* own */
    char *address;     /* own: normalised */
    const char *wrong; /* static: why it is not accepted */
};

static void from_clear(struct from *from)
{
    g_string_free(from->phrase, TRUE);
    g_string_free(from->comment, TRUE);
    g_free(from->address);
}

/* The addr-spec that is the whole text but for white space around it. */
static char *take_addr_spec(const char *text, size_t length, struct err *err)
{
    g_autofree char *spec = g_strstrip(g_strndup(text, length));
    char *address = NULL;

    return address_normalise(spec, &address, err) == ST_OK ? address : NULL;
}

/* The ">" that closes the "<" in front of at; quotes are respected. NULL if there is none. */
static const char *angle_end(const char *at, const char *end)
{
    bool is_quoted = false;

    for (; at < end; at++) {
        if (*at == '\\' && is_quoted && at + 1 < end) {
            at++;
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        } else if (*at == '>' && !is_quoted) {
            return at;
        }
    }
    return NULL;
}

/* A comma, a semicolon and white space in front of the end are no second mailbox. */
static bool only_trash_follows(struct scan *scan, GString *comment)
{
    if (!scan_cfws(scan, comment)) {
        return false;
    }
    while (scan_take(scan, ',') || scan_take(scan, ';')) {
        if (!scan_cfws(scan, comment)) {
            return false;
        }
    }
    return scan->at == scan->end;
}

static bool is_phrase_byte(char byte)
{
    return scan_is_atext(byte) || (byte & 0x80) != 0 ||
           (byte != '\0' && strchr(".,;[]@", byte) != NULL);
}

/* The phrase in front of "<", or the bare address if there is no "<". False if it is neither. */
static bool take_phrase(struct scan *scan, struct from *from)
{
    for (;;) {
        const char *before = scan->at;

        if (!scan_cfws(scan, from->comment)) {
            return false;
        }
        if (scan->at > before && from->phrase->len > 0) {
            g_string_append_c(from->phrase, ' ');
        }
        if (scan->at == scan->end || *scan->at == '<') {
            return true;
        }
        if (*scan->at == '"') {
            if (!scan_quoted(scan, from->phrase)) {
                return false;
            }
        } else if (is_phrase_byte(*scan->at)) {
            g_string_append_c(from->phrase, *scan->at++);
        } else {
            return false;
        }
    }
}

/* Does the text hold an "@" outside of quoted strings and comments? */
static bool has_bare_at(const char *text, size_t length)
{
    struct scan scan = {.at = text, .end = text + length};
    g_autoptr(GString) sink = g_string_new(NULL);

    while (scan.at < scan.end) {
        if (*scan.at == '"') {
            scan_quoted(&scan, sink);
        } else if (*scan.at == '(') {
            scan_cfws(&scan, NULL);
        } else if (*scan.at++ == '@') {
            return true;
        }
    }
    return false;
}

/* Could a reader that splits the phrase at its commas find an address in it? */
static bool hides_address(const char *text, size_t length, const struct from *from)
{
    g_autofree char *raw = g_strndup(text, length);

    if (has_bare_at(text, length)) {
        g_autofree char *bare = g_strdup(from->phrase->str);
        g_autofree char *address = NULL;
        struct err ignored;

        g_strstrip(bare);
        return address_normalise(bare, &address, &ignored) != ST_OK ||
               g_ascii_strcasecmp(address, from->address) != 0;
    }
    if (strpbrk(raw, ",;") == NULL || !rfc2047_has_word(raw, length)) {
        return false;
    }

    g_autofree char *decoded = rfc2047_decode(raw, NULL);

    return strchr(decoded, '@') != NULL;
}

/* phrase "<" addr-spec ">", the scan being at "<". */
static bool take_angle(struct scan *scan, const char *start, struct from *from, struct err *err)
{
    const char *open = scan->at;
    const char *close = angle_end(open + 1, scan->end);

    from->wrong = "its address is not closed by \">\"";
    if (close == NULL) {
        return false;
    }
    from->address = take_addr_spec(open + 1, (size_t)(close - open - 1), err);
    if (from->address == NULL) {
        from->wrong = err->text;
        return false;
    }
    scan->at = close + 1;
    from->wrong = "there is something behind its address";
    if (!only_trash_follows(scan, from->comment)) {
        return false;
    }
    from->wrong = "its name could be read as another address";
    return !hides_address(start, (size_t)(open - start), from);
}

static bool read_from(const char *value, struct from *from, struct err *err)
{
    struct scan scan = scan_of(value);

    from->wrong = "its name is broken";
    if (!take_phrase(&scan, from)) {
        return false;
    }
    if (scan.at < scan.end) {
        return take_angle(&scan, value, from, err);
    }

    /* Without angle brackets: a bare address with nothing but comments around it. */
    struct scan bare = scan_of(value);
    const char *start = NULL;

    scan_cfws(&bare, NULL);
    start = bare.at;
    while (bare.at < bare.end && !scan_is_space(*bare.at) && *bare.at != '(' && *bare.at != ',' &&
           *bare.at != ';') {
        if (*bare.at == '"') {
            g_autoptr(GString) sink = g_string_new(NULL);

            scan_quoted(&bare, sink);
        } else {
            bare.at++;
        }
    }
    g_string_truncate(from->phrase, 0);
    from->address = take_addr_spec(start, (size_t)(bare.at - start), err);
    from->wrong = from->address == NULL ? err->text : "there is something behind its address";
    return from->address != NULL && only_trash_follows(&bare, NULL);
}

static size_t count_byte(const char *text, char byte)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == byte;
    }
    return count;
}

/* A name that is broken, around an address that is not: one "@", one "<", the ">" at the end, no colon,
 * and no encoded word that could hold another address. */
static bool read_broken_name(const char *value, struct from *from)
{
    const char *open = strchr(value, '<');
    size_t length = strlen(value);
    struct err ignored;

    if (open == NULL || count_byte(value, '@') != 1 || count_byte(value, '<') != 1 ||
        count_byte(value, '>') != 1 || value[length - 1] != '>' || strchr(value, ':') != NULL ||
        strchr(value, '\\') != NULL) {
        return false;
    }

    g_autofree char *name = g_strndup(value, (gsize)(open - value));
    g_autofree char *decoded = rfc2047_decode(name, NULL);

    if (strchr(decoded, '@') != NULL) {
        return false;
    }
    g_clear_pointer(&from->address, g_free);
    from->address = take_addr_spec(open + 1, (size_t)(value + length - open - 2), &ignored);
    g_string_assign(from->phrase, name);
    return from->address != NULL;
}

static enum status parse_from(const char *value, const char *charset, struct address **from_out,
                              struct err *err)
{
    struct from from = {.phrase = g_string_new(NULL), .comment = g_string_new(NULL)};
    enum status status = ST_OK;

    if (!read_from(value, &from, err) && !read_broken_name(value, &from)) {
        g_autofree char *wrong = g_strdup(from.wrong);

        status = err_set(err, ST_INVALID, "the From field cannot be trusted: %s", wrong);
    } else {
        g_autofree char *name =
            clean_name(from.phrase->len > 0 ? from.phrase->str : from.comment->str, charset);

        *from_out = address_new(from.address, name);
    }
    from_clear(&from);
    return status;
}

enum status originator_from(const struct headers *headers, const char *charset,
                            struct address **from_out, struct err *err)
{
    const struct header *header = headers_get(headers, "From", 0);

    if (header == NULL) {
        return err_set(err, ST_INVALID, "there is no From field");
    }
    if (headers_get(headers, "From", 1) != NULL) {
        return err_set(err, ST_INVALID, "there is more than one From field");
    }
    if (header->is_odd) {
        return err_set(err, ST_INVALID, "there is white space between \"From\" and its colon");
    }
    if (header_has_stray_byte(header)) {
        return err_set(err, ST_INVALID, "there is a NUL or a lone CR in the From field");
    }

    g_autofree char *value = header_unfold(header);

    if (*value == '\0') {
        return err_set(err, ST_INVALID, "the From field is empty");
    }
    return parse_from(value, charset, from_out, err);
}

/* ---- the others, leniently --------------------------------------------------------------------- */

/* The pieces of one member of a list. */
struct member {
    GString *name;
    GString *comment;
    GString *spec; /* what stands in "<…>" */
    bool has_angle;
};

static void member_reset(struct member *member)
{
    g_string_truncate(member->name, 0);
    g_string_truncate(member->comment, 0);
    g_string_truncate(member->spec, 0);
    member->has_angle = false;
}

static void finish_member(struct member *member, const char *charset, GPtrArray *list)
{
    g_autofree char *address = NULL;
    struct err ignored;
    GString *spec = member->has_angle ? member->spec : member->name;

    g_strstrip(spec->str);
    if (list->len < LIMIT_RECIPIENTS && address_normalise(spec->str, &address, &ignored) == ST_OK) {
        const char *raw = member->has_angle ? member->name->str : member->comment->str;
        g_autofree char *name = clean_name(raw, charset);

        g_ptr_array_add(list, address_new(address, name));
    }
    member_reset(member);
}

/* "<" addr-spec ">": a route in front of the address is dropped. */
static void take_member_angle(struct scan *scan, struct member *member)
{
    const char *open = scan->at + 1;
    const char *close = angle_end(open, scan->end);

    if (close == NULL) {
        close = open + strcspn(open, ",;");
        close = MIN(close, scan->end);
    }
    if (open < close && *open == '@') {
        const char *colon = memchr(open, ':', (size_t)(close - open));

        open = colon == NULL ? open : colon + 1;
    }
    if (!member->has_angle) {
        g_string_append_len(member->spec, open, close - open);
    }
    member->has_angle = true;
    scan->at = close < scan->end && *close == '>' ? close + 1 : close;
}

/* A quoted string keeps its quotes while it may still be a local part. */
static void take_member_quoted(struct scan *scan, struct member *member)
{
    const char *from = scan->at;
    g_autoptr(GString) content = g_string_new(NULL);

    if (!scan_quoted(scan, content)) {
        scan->at = from + 1; /* an unclosed quote is a byte like any other */
    } else if (scan_peek(scan) == '@') {
        g_string_append_len(member->name, from, scan->at - from);
    } else {
        g_string_append_len(member->name, content->str, (gssize)content->len);
    }
}

/* An unclosed comment takes the rest with it. */
static void take_member_space(struct scan *scan, struct member *member)
{
    scan_cfws(scan, member->comment);
    if (member->name->len > 0) {
        g_string_append_c(member->name, ' ');
    }
}

void originator_list_text(const char *text, const char *charset, GPtrArray *list)
{
    struct member member = {g_string_new(NULL), g_string_new(NULL), g_string_new(NULL), false};
    struct scan scan = scan_of(text);

    while (scan.at < scan.end && list->len < LIMIT_RECIPIENTS) {
        char byte = *scan.at;

        if (byte == ',' || byte == ';') {
            finish_member(&member, charset, list);
            scan.at++;
        } else if (byte == '"') {
            take_member_quoted(&scan, &member);
        } else if (byte == '<') {
            take_member_angle(&scan, &member);
        } else if (byte == '(' || scan_is_space(byte)) {
            take_member_space(&scan, &member);
        } else if (byte == ':' && !member.has_angle) {
            member_reset(&member); /* the name of a group */
            scan.at++;
        } else {
            g_string_append_c(member.name, byte);
            scan.at++;
        }
    }
    finish_member(&member, charset, list);
    g_string_free(member.name, TRUE);
    g_string_free(member.comment, TRUE);
    g_string_free(member.spec, TRUE);
}

void originator_list(const struct headers *headers, const char *name, const char *charset,
                     GPtrArray *list)
{
    const struct header *header = NULL;

    for (unsigned i = 0; (header = headers_get(headers, name, i)) != NULL; i++) {
        g_autofree char *value = header_unfold(header);

        originator_list_text(value, charset, list);
    }
}

char *originator_return_path(const struct headers *headers)
{
    g_autofree char *value = headers_text(headers, "Return-Path");
    g_autoptr(GPtrArray) list = NULL;

    if (value == NULL) {
        return NULL;
    }
    list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
    originator_list_text(value, NULL, list);
    if (list->len > 0) {
        const struct address *address = g_ptr_array_index(list, 0);

        return g_strdup(address->address);
    }
    g_strdelimit(value, "<> \t", ' ');
    return *g_strstrip(value) == '\0' ? g_strdup("") : NULL;
}
