/* htmlscan - HTML cut into texts and tags
 *
 * For text only the tokens of HTML matter, not its tree, and the tokens can be had in linear time with
 * nothing lost. libxml2's parser was not taken: it is quadratic in the attributes of a tag and loses
 * what follows an unclosed quote or comment, so that its input would have to be tokenised like this
 * first (TRAPS 5). Its table of entities is used.
 *
 *     tag     = "<" ["/"] letter … ">"           ; ">" inside of quotes does not end it
 *     comment = "<!--" … "-->"                   ; dropped, like "<!…>", "<?…>" and "</ …>"
 *     raw     = the content of script, style, title up to their end tag; dropped
 *
 * What is not closed is text: a "<" without its ">", "<!--" without "-->", a script without an end. A
 * tag that does not end within LIMIT_HTML_TAG_BYTES because of a quote ends at its first ">".
 * Each "<" is looked ahead from at most LIMIT_HTML_TAG_BYTES far, and only where a ">" is that near;
 * there an unclosed quote would have to be closed by the next tag's. Pure.
 */
#include "message/htmlscan.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "core/limits.h"

/* The last character with a name in libxml2's table is U+2666. */
#define NAMED_MAX 0x2667

/* Name to htmlEntityDesc, borrowed from libxml2, whose own look-up goes through its whole table. */
static GHashTable *entities;

/* After this many elements without an end no more are looked for. */
#define UNCLOSED_MAX 8

void htmlscan_warm_up(void)
{
    if (entities != NULL) {
        return;
    }
    entities = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned c = 1; c < NAMED_MAX; c++) {
        const htmlEntityDesc *entity = htmlEntityValueLookup(c);

        if (entity != NULL) {
            g_hash_table_insert(entities, (gpointer)entity->name, (gpointer)entity);
        }
    }
}

static const htmlEntityDesc *find_entity(const char *name)
{
    return entities == NULL ? htmlEntityLookup((const xmlChar *)name)
                            : g_hash_table_lookup(entities, name);
}

struct htmlscan htmlscan_of(const char *html, size_t length)
{
    return (struct htmlscan){.at = html, .end = html + length};
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next ">" at or behind at, NULL if there is none in the rest. */
static const char *next_gt(struct htmlscan *scan, const char *at)
{
    if (scan->next_gt == NULL || scan->next_gt < at) {
        const char *found = scan->next_gt == scan->end ? NULL
                                                       : memchr(at, '>', (size_t)(scan->end - at));

        scan->next_gt = found == NULL ? scan->end : found;
    }
    return scan->next_gt == scan->end ? NULL : scan->next_gt;
}

/* The ">" of the tag that begins at `at`, or NULL if it has none that is near enough. */
static const char *tag_end(struct htmlscan *scan, const char *at)
{
    const char *first = next_gt(scan, at);
    const char *far = scan->end - at > LIMIT_HTML_TAG_BYTES ? at + LIMIT_HTML_TAG_BYTES : scan->end;
    char quote = '\0';
    char before = '\0';

    if (first == NULL) {
        return NULL;
    }
    for (const char *to = at; to < far; to++) {
        if (quote != '\0') {
            if (*to == quote) {
                quote = '\0';
            }
        } else if (*to == '>') {
            return to;
        } else if ((*to == '"' || *to == '\'') && before == '=') {
            quote = *to;
        }
        if (!is_space(*to) || before != '=') {
            before = *to;
        }
    }
    return first;
}

/* Step over "</name …>" of a raw element; false if there is none. */
static bool skip_raw(struct htmlscan *scan, const char *name)
{
    size_t length = strlen(name);
    const char *at = scan->at;

    if (scan->unclosed_elements >= UNCLOSED_MAX) {
        return false;
    }
    while ((at = memmem(at, (size_t)(scan->end - at), "</", 2)) != NULL) {
        at += 2;
        if ((size_t)(scan->end - at) >= length && g_ascii_strncasecmp(at, name, length) == 0) {
            const char *gt = next_gt(scan, at);

            scan->at = gt == NULL ? scan->end : gt + 1;
            return true;
        }
    }
    scan->unclosed_elements++;
    return false;
}

/* Step over a comment, a declaration, or a broken end tag. False if it is text after all. */
static bool skip_markup(struct htmlscan *scan)
{
    const char *at = scan->at;
    const char *to = NULL;

    if (scan->end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
        if (scan->unclosed_elements < UNCLOSED_MAX) {
            to = memmem(at + 2, (size_t)(scan->end - at) - 2, "-->", 3);
            scan->unclosed_elements += to == NULL;
        }
        scan->at = to == NULL ? at + 4 : to + 3;
        return true;
    }
    to = next_gt(scan, at);
    if (to == NULL) {
        return false;
    }
    scan->at = to + 1;
    return true;
}

static void take_name(struct html_token *tag, const char *at, const char *end)
{
    const char *from = at;

    while (at < end && !is_space(*at) && *at != '/') {
        at++;
    }
    for (size_t i = 0; i < sizeof tag->name - 1 && from + i < at; i++) {
        tag->name[i] = g_ascii_tolower(from[i]);
    }
    tag->start = at;
    tag->length = (size_t)(end - at);
}

static bool is_raw(const char *name)
{
    return strcmp(name, "script") == 0 || strcmp(name, "style") == 0 || strcmp(name, "title") == 0;
}

/* Take the markup at "<"; false if it is text, or nothing that makes a token. */
static bool take_markup(struct htmlscan *scan, struct html_token *token, bool *is_text_out)
{
    const char *at = scan->at;
    char first = '\0';

    if (scan->end - at > 1) {
        first = at[1];
    }

    bool is_close = first == '/' && scan->end - at > 2 && g_ascii_isalpha(at[2]);

    *is_text_out = false;
    if (!is_close && !g_ascii_isalpha(first)) {
        *is_text_out = (first != '!' && first != '?' && first != '/') || !skip_markup(scan);
        return false;
    }

    const char *gt = tag_end(scan, at);

    if (gt == NULL || gt - at > LIMIT_HTML_BYTES) {
        *is_text_out = true;
        return false;
    }
    token->kind = is_close ? HTML_CLOSE : HTML_OPEN;
    take_name(token, at + (is_close ? 2 : 1), gt);
    scan->at = gt + 1;
    return is_close || !is_raw(token->name) || !skip_raw(scan, token->name);
}

struct html_token htmlscan_next(struct htmlscan *scan)
{
    struct html_token token = {.kind = HTML_TEXT};
    bool is_text = false;

    while (scan->at < scan->end && *scan->at == '<') {
        if (take_markup(scan, &token, &is_text)) {
            return token;
        }
        if (is_text) {
            break;
        }
        token = (struct html_token){.kind = HTML_TEXT};
    }
    if (scan->at == scan->end) {
        token.kind = HTML_END;
        return token;
    }
    token.start = scan->at;
    scan->at++;

    const char *lt = memchr(scan->at, '<', (size_t)(scan->end - scan->at));

    scan->at = lt == NULL ? scan->end : lt;
    token.length = (size_t)(scan->at - token.start);
    return token;
}

bool htmlscan_skip_element(struct htmlscan *scan, const struct html_token *open)
{
    struct htmlscan ahead = *scan;
    unsigned depth = 1;

    while (depth > 0 && scan->unclosed_elements < UNCLOSED_MAX) {
        struct html_token token = htmlscan_next(&ahead);

        if (token.kind == HTML_END) {
            scan->unclosed_elements++;
            return false;
        }
        if (token.kind != HTML_TEXT && strcmp(token.name, open->name) == 0) {
            depth = token.kind == HTML_OPEN ? depth + 1 : depth - 1;
        }
    }
    if (depth == 0) {
        *scan = ahead;
    }
    return depth == 0;
}

/* ---- attributes and references ----------------------------------------------------------------- */

static char *decode_references(const char *text, size_t length)
{
    g_autoptr(GString) out = g_string_sized_new(length + 1);

    for (size_t i = 0; i < length;) {
        gunichar c = 0;
        size_t size = text[i] == '&' ? html_reference(text + i, length - i, &c) : 0;

        if (size > 0) {
            g_string_append_unichar(out, c);
            i += size;
        } else {
            g_string_append_c(out, text[i++]);
        }
    }
    return g_strdup(out->str);
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (is_space(*at) || *at == '/')) {
        at++;
    }
    return at;
}

/* The value behind "=": quoted or up to a blank. */
static const char *take_value(const char *at, const char *end, size_t *length_out)
{
    const char *to = at;

    if (at < end && (*at == '"' || *at == '\'')) {
        to = memchr(at + 1, *at, (size_t)(end - at - 1));
        to = to == NULL ? end : to;
        *length_out = (size_t)(to - at - 1);
        return at + 1;
    }
    while (to < end && !is_space(*to)) {
        to++;
    }
    *length_out = (size_t)(to - at);
    return at;
}

char *html_attribute(const struct html_token *tag, const char *name)
{
    const char *at = tag->start;
    const char *end = tag->start + tag->length;

    for (at = skip_space(at, end); at < end; at = skip_space(at, end)) {
        const char *from = at;
        const char *value = NULL;
        size_t length = 0;

        while (at < end && !is_space(*at) && *at != '=') {
            at++;
        }

        size_t name_length = (size_t)(at - from);

        while (at < end && is_space(*at)) {
            at++;
        }
        if (at < end && *at == '=') {
            for (at++; at < end && is_space(*at);) {
                at++;
            }
            value = take_value(at, end, &length);
            at = MIN(value + length + (value > at), end);
        }
        if (name_length == strlen(name) && g_ascii_strncasecmp(from, name, name_length) == 0) {
            return value == NULL ? g_strdup("") : decode_references(value, length);
        }
    }
    return NULL;
}

/* What browsers take a number for: Windows-1252 below 160, U+FFFD where there is no character. */
static gunichar number_to_char(gunichar number)
{
    static const gunichar WINDOWS[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
                                         0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
                                         0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D,
                                         0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
                                         0x0153, 0x9D,   0x017E, 0x0178};

    if (number >= 0x80 && number < 0xA0) {
        number = WINDOWS[number - 0x80];
    }
    return number == 0 || !g_unichar_validate(number) ? 0xFFFD : number;
}

static size_t numeric_reference(const char *text, size_t length, gunichar *c_out)
{
    bool is_hex = length > 2 && (text[2] == 'x' || text[2] == 'X');
    size_t at = is_hex ? 3 : 2;
    size_t first = at;
    gunichar number = 0;

    while (at < length && (is_hex ? g_ascii_isxdigit(text[at]) : g_ascii_isdigit(text[at]))) {
        number = number * (is_hex ? 16 : 10) + (gunichar)g_ascii_xdigit_value(text[at]);
        number = MIN(number, 0x110000U);
        at++;
    }
    if (at == first) {
        return 0;
    }
    *c_out = number_to_char(number);
    return at < length && text[at] == ';' ? at + 1 : at;
}

size_t html_reference(const char *text, size_t length, gunichar *c_out)
{
    char name[12] = "";
    size_t at = 1;

    if (length > 2 && text[1] == '#') {
        return numeric_reference(text, length, c_out);
    }
    while (at < length && at < sizeof name && g_ascii_isalnum(text[at])) {
        name[at - 1] = text[at];
        at++;
    }

    bool is_ended = at < length && text[at] == ';';
    const htmlEntityDesc *entity = find_entity(name);

    if (entity == NULL ||
        (!is_ended && (entity->value > 0xFF || (at < length && text[at] == '=')))) {
        return 0;
    }
    *c_out = entity->value;
    return is_ended ? at + 1 : at;
}
