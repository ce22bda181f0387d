/* html - what a person would read of an HTML text
 *
 * Tickets hold text. This makes lines of the tokens that message/htmlscan finds: blocks begin and end
 * lines, white space folds, a quotation gets "> " as in plain mail (so that what we sent can be
 * recognised in it), links and pictures keep what they say. It renders nothing that would need a style sheet,
 * but for three things that mail programs rely on: "display:none" (text for previews only), Outlook's
 * paragraphs without a margin, and blockquotes that only indent.
 *
 * Breaks are not written when they are met, but when the next word comes, as the largest of what was asked
 * for in between: that is how margins of blocks collapse. A <br> at the end of a block makes no line.
 *
 * Addresses of links are shown for http, https and mailto only, without control characters. Quotes and
 * lists are indented to a depth of 10 at most, so that the text cannot outgrow its source. Pure.
 */
#include "message/html.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/htmlscan.h"

#define INDENT_MAX 10
#define LIST_MAX   32
#define URL_BYTES  2048
#define RULE       "----------"

/* The text as it grows. */
struct page {
    GString *out;
    unsigned breaks; /* line ends that are due before the next word */
    bool is_space_due;
    bool is_line_empty;      /* nothing but a prefix on this line */
    unsigned quotes;         /* depth of quotations */
    unsigned written_quotes; /* the same where the last word stands */
    unsigned pre;            /* depth of <pre> */
    unsigned lists;
    unsigned numbers[LIST_MAX]; /* of each open list: the next number, 0 for an unordered one */
    char *href;                 /* own: of the open link; NULL */
    size_t href_at;             /* where its text begins in out */
    GArray *is_quote;           /* own: bool, of each open blockquote: is it a quotation? */
};

/* What an element does to the lines around it: the line ends that it asks for. */
enum effect { EFFECT_NONE = 0, EFFECT_LINE = 1, EFFECT_PARAGRAPH = 2 };

static enum effect effect_of(const char *name)
{
    static const char *const LINES[] = {"div",     "tr",     "li",      "dt",      "dd",
                                        "address", "center", "caption", "option",  "section",
                                        "header",  "footer", "nav",     "article", "main",
                                        "body",    "legend", "figure",  "form",    "details",
                                        "summary"};
    static const char *const PARAGRAPHS[] = {"p",   "h1",    "h2",         "h3",      "h4",
                                             "h5",  "h6",    "ul",         "ol",      "dl",
                                             "pre", "table", "blockquote", "fieldset"};

    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        if (strcmp(name, LINES[i]) == 0) {
            return EFFECT_LINE;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PARAGRAPHS); i++) {
        if (strcmp(name, PARAGRAPHS[i]) == 0) {
            return EFFECT_PARAGRAPH;
        }
    }
    return EFFECT_NONE;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void want_breaks(struct page *page, unsigned breaks)
{
    if (page->breaks < breaks) {
        page->breaks = breaks;
    }
    page->is_space_due = false;
}

static void write_prefix(struct page *page, unsigned quotes, bool is_blank)
{
    for (unsigned i = 0; i < MIN(quotes, INDENT_MAX); i++) {
        g_string_append(page->out, ">");
    }
    if (quotes > 0 && !is_blank) {
        g_string_append_c(page->out, ' ');
    }
}

/* Write the breaks and the blank that are due: something visible follows. */
static void begin_word(struct page *page)
{
    bool is_first = page->out->len == 0;

    if (is_first || page->breaks > 0) {
        for (unsigned i = 0; !is_first && i < page->breaks; i++) {
            g_string_append_c(page->out, '\n');
            if (i + 1 < page->breaks) {
                write_prefix(page, MIN(page->quotes, page->written_quotes), true);
            }
        }
        write_prefix(page, page->quotes, false);
        page->written_quotes = page->quotes;
        page->is_line_empty = true;
    } else if (page->is_space_due && !page->is_line_empty) {
        g_string_append_c(page->out, ' ');
    }
    page->breaks = 0;
    page->is_space_due = false;
}

static void write_char(struct page *page, gunichar c)
{
    begin_word(page);
    g_string_append_unichar(page->out, c);
    page->is_line_empty = false;
}

static void write_string(struct page *page, const char *text)
{
    begin_word(page);
    g_string_append(page->out, text);
    page->is_line_empty = false;
}

/* <br>: ends the line, or leaves one empty if it is already at its start. */
static void line_break(struct page *page)
{
    page->breaks = MIN(page->breaks + 1, 3);
    page->is_space_due = false;
}

static void take_char(struct page *page, gunichar c)
{
    bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';

    if (page->pre > 0 && c == '\n') {
        line_break(page);
    } else if (c == 0xA0 || (page->pre > 0 && is_space && c != '\r')) {
        write_char(page, ' ');
    } else if (is_space) {
        page->is_space_due = true;
    } else if (c != 0xAD && c != 0xFEFF) {
        write_char(page, c);
    }
}

static void take_text(struct page *page, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        gunichar c = 0;
        size_t size = *text == '&' ? html_reference(text, (size_t)(end - text), &c) : 0;

        if (size == 0) {
            c = g_utf8_get_char(text);
            size = (size_t)(g_utf8_next_char(text) - text);
        }
        take_char(page, c);
        text += size;
    }
}

/* ---- elements ---------------------------------------------------------------------------------- */

/* A declaration of a style attribute, blanks around its colon allowed. */
static bool has_style(const struct html_token *tag, const char *property, const char *value)
{
    g_autofree char *style = html_attribute(tag, "style");
    const char *at = style;

    while (at != NULL && (at = strstr(at, property)) != NULL) {
        at += strlen(property);
        at += strspn(at, " \t\r\n");
        if (*at == ':' && g_str_has_prefix(at + 1 + strspn(at + 1, " \t\r\n"), value)) {
            return true;
        }
    }
    return false;
}

static bool is_hidden(const struct html_token *tag)
{
    return tag->length > 6 && has_style(tag, "display", "none");
}

/* Outlook writes each line as a paragraph without a margin. */
static bool is_tight(const struct html_token *tag)
{
    g_autofree char *class = html_attribute(tag, "class");

    return class != NULL && g_str_has_prefix(class, "Mso");
}

static void open_quote(struct page *page, const struct html_token *tag)
{
    bool is_quote = !has_style(tag, "border", "none");

    g_array_append_val(page->is_quote, is_quote);
    page->quotes += is_quote;
}

static void close_quote(struct page *page)
{
    if (page->is_quote->len > 0) {
        page->quotes -= g_array_index(page->is_quote, bool, page->is_quote->len - 1);
        g_array_set_size(page->is_quote, page->is_quote->len - 1);
    }
}

static void open_list(struct page *page, bool is_ordered)
{
    if (page->lists < LIST_MAX) {
        page->numbers[page->lists] = is_ordered ? 1 : 0;
    }
    page->lists++;
}

static void open_item(struct page *page)
{
    unsigned depth = MIN(page->lists, LIST_MAX);

    begin_word(page);
    for (unsigned i = 1; i < MIN(depth, INDENT_MAX); i++) {
        g_string_append(page->out, "  ");
    }
    if (depth > 0 && page->numbers[depth - 1] > 0) {
        g_string_append_printf(page->out, "%u. ", page->numbers[depth - 1]++);
    } else {
        g_string_append(page->out, "* ");
    }
}

/* An address that may be shown: a scheme that opens in a browser or mail program, no control characters or
 * blanks. NULL for any other. */
static char *clean_href(const struct html_token *tag)
{
    static const char *const SCHEMES[] = {"http://", "https://", "mailto:"};
    g_autofree char *raw = html_attribute(tag, "href");
    g_autoptr(GString) href = g_string_new(NULL);

    for (const char *at = raw; at != NULL && *at != '\0'; at++) {
        if (*at != '<' && *at != '>' && (unsigned char)*at > ' ' && *at != 0x7F) {
            g_string_append_c(href, *at);
        }
    }
    for (size_t i = 0; href->len < URL_BYTES && i < G_N_ELEMENTS(SCHEMES); i++) {
        if (g_ascii_strncasecmp(href->str, SCHEMES[i], strlen(SCHEMES[i])) == 0) {
            return g_strdup(href->str);
        }
    }
    return NULL;
}

static void open_link(struct page *page, const struct html_token *tag)
{
    g_free(page->href);
    page->href = clean_href(tag);
    page->href_at = page->out->len;
}

/* What is left of an address when what need not be said is gone. */
static const char *bare_url(const char *url)
{
    const char *at = strstr(url, "://");

    at = at == NULL ? url : at + 3;
    at = g_str_has_prefix(at, "mailto:") ? at + 7 : at;
    return g_str_has_prefix(at, "www.") ? at + 4 : at;
}

/* Does the link's text say its address already? */
static bool says_address(const char *text, const char *href)
{
    g_autofree char *said = g_strstrip(g_strdup(text));
    const char *a = bare_url(said);
    const char *b = bare_url(href);
    size_t a_length = strlen(a);
    size_t b_length = strcspn(b, strchr(href, '@') != NULL ? "?" : "");

    a_length -= a_length > 0 && a[a_length - 1] == '/';
    b_length -= b_length > 0 && b[b_length - 1] == '/';
    return a_length == b_length && g_ascii_strncasecmp(a, b, a_length) == 0;
}

static void close_link(struct page *page)
{
    g_autofree char *href = g_steal_pointer(&page->href);

    if (href == NULL || page->href_at >= page->out->len) {
        return;
    }

    const char *text = page->out->str + page->href_at;

    if (text[strspn(text, " \n>")] != '\0' && !says_address(text, href)) {
        page->is_space_due = true;
        write_char(page, '<');
        g_string_append(page->out, href);
        g_string_append_c(page->out, '>');
    }
}

/* A picture of the mail itself that says nothing of itself is marked as mail programs do in plain text; message/body
 * knows its name. */
static void take_image(struct page *page, const struct html_token *tag)
{
    g_autofree char *alt = html_attribute(tag, "alt");
    g_autofree char *line = alt == NULL ? NULL : text_one_line(alt, LIMIT_NAME_CHARS);
    const char *mark = line != NULL && *line != '\0' ? line : NULL;
    g_autofree char *source = mark == NULL && tag->length <= LIMIT_HTML_TAG_BYTES
                                  ? html_attribute(tag, "src")
                                  : NULL;

    if (source != NULL && g_ascii_strncasecmp(source, "cid:", 4) == 0 &&
        strlen(source) < LIMIT_MESSAGE_ID_BYTES && source[strcspn(source, " []\r\n\t")] == '\0') {
        mark = source;
    }
    if (mark != NULL) {
        write_char(page, '[');
        g_string_append(page->out, mark);
        g_string_append_c(page->out, ']');
    }
}

static void want_block(struct page *page, const struct html_token *tag)
{
    enum effect effect = effect_of(tag->name);

    if (effect == EFFECT_LINE || (effect == EFFECT_PARAGRAPH && is_tight(tag))) {
        want_breaks(page, 1);
    } else if (effect == EFFECT_PARAGRAPH) {
        want_breaks(page, 2);
    }
}

static bool is_cell(const char *name)
{
    return strcmp(name, "td") == 0 || strcmp(name, "th") == 0;
}

static bool is_list(const char *name)
{
    return strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0;
}

static void open_element(struct page *page, const struct html_token *tag)
{
    const char *name = tag->name;

    want_block(page, tag);
    if (strcmp(name, "br") == 0) {
        line_break(page);
    } else if (strcmp(name, "a") == 0) {
        open_link(page, tag);
    } else if (strcmp(name, "img") == 0) {
        take_image(page, tag);
    } else if (strcmp(name, "blockquote") == 0) {
        open_quote(page, tag);
    } else if (is_list(name)) {
        open_list(page, name[0] == 'o');
    } else if (strcmp(name, "li") == 0) {
        open_item(page);
    } else if (strcmp(name, "hr") == 0) {
        want_breaks(page, 1);
        write_string(page, RULE);
        want_breaks(page, 1);
    } else if (strcmp(name, "pre") == 0) {
        page->pre++;
    }
}

static void close_element(struct page *page, const struct html_token *tag)
{
    const char *name = tag->name;

    if (strcmp(name, "a") == 0) {
        close_link(page);
    } else if (strcmp(name, "blockquote") == 0) {
        close_quote(page);
    } else if (is_list(name) && page->lists > 0) {
        page->lists--;
    } else if (strcmp(name, "pre") == 0 && page->pre > 0) {
        page->pre--;
    } else if (is_cell(name)) {
        page->is_space_due = true;
    }
    /* The end of a paragraph asks for no more than a line: its margin is in front of the next one. */
    if (effect_of(name) != EFFECT_NONE) {
        want_breaks(page, strcmp(name, "p") == 0 ? 1 : effect_of(name));
    }
}

/* Cut at a character's start. */
static size_t cut_length(const char *html, size_t length)
{
    if (length <= LIMIT_HTML_BYTES) {
        return length;
    }
    length = LIMIT_HTML_BYTES;
    while (length > 0 && (html[length] & 0xC0) == 0x80) {
        length--;
    }
    return length;
}

void html_warm_up(void)
{
    htmlscan_warm_up();
}

char *html_to_text(const char *html, size_t length, size_t max_bytes)
{
    if (length == 0) {
        return g_strdup("");
    }

    size_t used = cut_length(html, length);
    bool is_valid = g_utf8_validate_len(html, used, NULL);
    g_autofree char *mended = is_valid ? NULL : text_scrub(html, (gssize)used);
    struct htmlscan scan = is_valid ? htmlscan_of(html, used) : htmlscan_of(mended, strlen(mended));
    struct page page = {.out = g_string_new(NULL),
                        .is_quote = g_array_new(FALSE, FALSE, sizeof(bool))};
    struct html_token token = htmlscan_next(&scan);

    for (; token.kind != HTML_END; token = htmlscan_next(&scan)) {
        if (page.out->len > max_bytes) {
            break;
        }
        if (token.kind == HTML_TEXT) {
            take_text(&page, token.start, token.length);
        } else if (token.kind == HTML_CLOSE) {
            close_element(&page, &token);
        } else if (!is_hidden(&token) || !htmlscan_skip_element(&scan, &token)) {
            open_element(&page, &token);
        }
    }
    close_link(&page);
    g_array_unref(page.is_quote);
    return g_string_free(page.out, FALSE);
}
