/* rich - a text as a page of HTML, for those whose programs show text small and broken
 *
 * The text is what was written, and the page says the same and no more: no pictures, nothing from elsewhere, no
 * style sheet that a program could drop. Empty lines part paragraphs, "> " is a quote, "-- " begins what is about
 * the mail and not of it; a line's end stays one, because addresses, lists and log lines live by it. Blanks in a
 * row and in front stay as well.
 *
 * Texts come from strangers. Every character that HTML knows is written as an entity, a link shows where it leads,
 * and only http and https are links. All that is not ASCII is a number, so that the page needs no encoding on its
 * way: it is as it stands here, in lines that are broken at blanks.
 *
 * A text that is nearly all marks would become many times as large; there is an end to that, and then the
 * text goes alone. Linear. Pure.
 */
#include "message/rich.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"

#define LINE_CHARS 76  /* then a blank becomes a line's end */
#define WORD_CHARS 900 /* then a word is broken, invisibly; a longer address is no link */
#define DEPTH      5   /* quotes in each other */

static const char SIGNATURE[] = "-- ";
static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
    "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n</head>\n"
    "<body style=\"font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.45;\n"
    "overflow-wrap:break-word\">\n";
static const char QUOTE[] = "<blockquote style=\"margin:0 0 0 4px;padding:0 0 0 12px;\n"
                            "border-left:3px solid #bbb;color:#666\">\n";
static const char FOOT[] =
    "<div style=\"margin-top:24px;padding-top:8px;border-top:1px solid #bbb;\n"
    "font-size:13px;color:#666\">\n";

struct page {
    GString *out;
    size_t line_start; /* in out: of the line that is being written */
    size_t depth;
    bool is_in_paragraph;
    bool is_in_foot;
};

/* Markup that ends a line. */
static void write_markup(struct page *page, const char *markup)
{
    g_string_append(page->out, markup);
    page->line_start = page->out->len;
}

/* ---- characters -------------------------------------------------------------------------------- */

/* C1 would be read as Windows-1252, and noncharacters are errors. */
static bool is_shown(gunichar c)
{
    return c >= 0xA0 && (c & 0xFFFE) != 0xFFFE && (c < 0xFDD0 || c > 0xFDEF);
}

static void write_char(GString *out, gunichar c)
{
    switch (c) {
    case '&':
        g_string_append(out, "&amp;");
        return;
    case '<':
        g_string_append(out, "&lt;");
        return;
    case '>':
        g_string_append(out, "&gt;");
        return;
    case '"':
        g_string_append(out, "&quot;");
        return;
    case '_': /* "=_" begins the boundaries of our mails */
        g_string_append(out, out->len > 0 && out->str[out->len - 1] == '=' ? "&#95;" : "_");
        return;
    case '\t':
        g_string_append(out, "&nbsp; &nbsp; ");
        return;
    default:
        break;
    }
    if (c >= ' ' && c < 0x7F) {
        g_string_append_c(out, (char)c);
    } else if (is_shown(c)) {
        g_string_append_printf(out, "&#%u;", c);
    }
}

static void write_blank(struct page *page, bool is_kept)
{
    if (is_kept) {
        g_string_append(page->out, "&nbsp;");
    } else if (page->out->len - page->line_start >= LINE_CHARS) {
        write_markup(page, "\n");
    } else {
        g_string_append_c(page->out, ' ');
    }
}

/* ---- links ------------------------------------------------------------------------------------- */

static bool is_of_link(char c)
{
    return g_ascii_isgraph(c) && strchr("<>\"{}|\\^`", c) == NULL;
}

/* The length of the address of a page at text; 0: there is none, or none that would stand on a line. What ends a
 * sentence is no part of it. */
static size_t link_length(const char *text, const char *end)
{
    size_t scheme = *text != 'h' && *text != 'H'                    ? 0
                    : g_ascii_strncasecmp(text, "https://", 8) == 0 ? 8
                    : g_ascii_strncasecmp(text, "http://", 7) == 0  ? 7
                                                                    : 0;
    size_t length = scheme;
    size_t written = 0;
    bool has_open = false;

    while (scheme > 0 && text + length < end && is_of_link(text[length])) {
        has_open = has_open || text[length] == '(';
        written += text[length] == '&' || text[length] == '_' ? strlen("&amp;") : 1;
        length++;
    }
    while (length > scheme && (strchr(".,;:!?'*]", text[length - 1]) != NULL ||
                               (text[length - 1] == ')' && !has_open))) {
        length--;
    }
    return length > scheme && written < WORD_CHARS ? length : 0;
}

static void write_link(struct page *page, const char *url, size_t length)
{
    g_string_append(page->out, "<a\nhref=\"");
    for (size_t i = 0; i < length; i++) {
        write_char(page->out, (guchar)url[i]);
    }
    g_string_append(page->out, "\"\n>");
    page->line_start = page->out->len - 1;
    for (size_t i = 0; i < length; i++) {
        write_char(page->out, (guchar)url[i]);
    }
    g_string_append(page->out, "</a>");
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void write_words(struct page *page, const char *line, const char *end)
{
    bool is_at_word = true; /* a link begins a word */

    for (const char *at = line; at < end;) {
        size_t link = is_at_word ? link_length(at, end) : 0;

        if (link > 0) {
            write_link(page, at, link);
            at += link;
            is_at_word = false;
            continue;
        }
        if (page->out->len - page->line_start >= WORD_CHARS) {
            write_markup(page, "<wbr\n>");
        }
        is_at_word = !g_ascii_isalnum(*at) && (*at & 0x80) == 0;
        if (*at == ' ') { /* of several only the last may be one that HTML drops */
            write_blank(page, at == line || at[1] == ' ');
            at++;
        } else {
            write_char(page->out, g_utf8_get_char(at));
            at = g_utf8_next_char(at);
        }
    }
}

static void close_paragraph(struct page *page)
{
    if (page->is_in_paragraph) {
        write_markup(page, "</p>\n");
        page->is_in_paragraph = false;
    }
}

static void set_depth(struct page *page, size_t depth)
{
    if (depth != page->depth) {
        close_paragraph(page);
    }
    for (; page->depth < depth; page->depth++) {
        write_markup(page, QUOTE);
    }
    for (; page->depth > depth; page->depth--) {
        write_markup(page, "</blockquote>\n");
    }
}

/* "> > text": how deep, and where the text begins. */
static const char *skip_quote_marks(const char *line, const char *end, size_t *depth_out)
{
    size_t depth = 0;

    while (line < end && *line == '>' && depth < DEPTH) {
        depth++;
        line++;
        line += line < end && *line == ' ';
    }
    *depth_out = depth;
    return line;
}

static void take_line(struct page *page, const char *line, const char *end)
{
    size_t depth = 0;

    if (!page->is_in_foot && end - line == 3 && memcmp(line, SIGNATURE, 3) == 0) {
        set_depth(page, 0);
        close_paragraph(page);
        write_markup(page, FOOT);
        page->is_in_foot = true;
        return;
    }
    line = skip_quote_marks(line, end, &depth);
    set_depth(page, depth);
    if (line == end) {
        close_paragraph(page);
        return;
    }
    write_markup(page, page->is_in_paragraph ? "<br>\n" : "<p>");
    page->is_in_paragraph = true;
    write_words(page, line, end);
}

/* ---- the page ---------------------------------------------------------------------------------- */

static size_t most_bytes(size_t text_bytes)
{
    return text_bytes * LIMIT_PAGE_GROWTH + LIMIT_PAGE_BYTES;
}

/* Every line feed gets a carriage return on its way. */
static size_t size_of(const GString *out)
{
    size_t size = out->len;

    for (gsize i = 0; i < out->len; i++) {
        size += out->str[i] == '\n';
    }
    return size;
}

char *rich_from_text(const char *text, const char *language)
{
    size_t length = strlen(text);
    g_autoptr(GString) out = g_string_sized_new(length + length / 2 + sizeof HEAD + sizeof FOOT);
    struct page page = {.out = out};

    g_string_append_printf(out, HEAD, language);
    page.line_start = out->len;
    for (const char *line = text; *line != '\0' && out->len <= most_bytes(length);) {
        const char *end = line + strcspn(line, "\n");

        take_line(&page, line, end);
        line = end + (*end == '\n');
    }
    set_depth(&page, 0);
    close_paragraph(&page);
    g_string_append_printf(out, "%s</body>\n</html>\n", page.is_in_foot ? "</div>\n" : "");
    return size_of(out) > most_bytes(length) ? NULL : g_string_free(g_steal_pointer(&out), FALSE);
}
