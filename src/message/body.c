/* body - the text of a mail and its files
 *
 * A mail is a tree of parts; people see one text and a list of files. Every leaf becomes one or the
 * other, so that nothing a customer wrote is lost:
 *
 *   text    text/plain and text/html that are no attachments, in order. Of a multipart/alternative
 *           the plain variant, unless it is empty or only says that there is an HTML one.
 *   files   everything else: attached mails whole, reports, signatures, invitations, pictures of an
 *           HTML variant that was not taken, uuencoded files inside of a text.
 *
 * Only variants of a multipart/alternative that were not chosen are left out. An attached mail's
 * own parts are never looked at: its words are not the sender's.
 *
 * A text that is too long to be handed over as one goes as a file, too, all of it as UTF-8; desk/decide cuts
 * once more, at what a comment holds, and then gateway/apply makes the file. Texts are worked on in place:
 * one may be as large as the mail, and a parser has little memory.
 *
 * In a mail that was cut on purpose, the file through which the cut goes is only counted. Pure.
 */
#include "message/body.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/charset.h"
#include "message/filename.h"
#include "message/flowed.h"
#include "message/html.h"
#include "message/ids.h"
#include "message/rfc2047.h"

/* A plain variant of at most this many bytes is looked at more closely. */
#define STUB_BYTES 600
/* The HTML variant of a stub has at least so many times its words. */
#define STUB_FACTOR 4
#define META_BYTES  2048

static const char PICTURE[] = "[cid:";

struct body {
    struct facts *facts;
    const char *charset; /* borrowed: for raw bytes without a label */
    GBytes *whole;       /* borrowed: from the mime; NULL */
    GPtrArray *texts;    /* own: char *, of the parts */
    size_t text_bytes;   /* of them all, at most LIMIT_WHOLE_TEXT_BYTES */
    bool is_muted;       /* within a variant that was not chosen: texts are left out */
    bool has_plain;
    bool has_html;
};

/* ---- texts ------------------------------------------------------------------------------------- */

/* The charset that an HTML text states for itself. */
static char *meta_charset(const char *html, size_t length)
{
    g_autofree char *head = g_ascii_strdown(html, (gssize)MIN(length, META_BYTES));
    const char *at = strstr(head, "charset=");

    if (at == NULL) {
        return NULL;
    }
    at += strlen("charset=");
    at += strspn(at, "\"' ");
    return g_strndup(at, strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-_:."));
}

static bool is_value(const struct part *part, const char *name, const char *value)
{
    const char *got = param_get(part->type, name);

    return got != NULL && g_ascii_strcasecmp(got, value) == 0;
}

/* Line ends to LF, without a line end that is not there; in place. */
static void unix_lines(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text != '\r') {
            *to++ = *text;
        } else if (text[1] != '\n') {
            *to++ = '\n';
        }
    }
    *to = '\0';
}

/* The text in its markup, as UTF-8 of at most max_bytes; *is_cut_out: there is more. */
static char *raw_text(const struct part *part, const char *charset, size_t max_bytes,
                      bool *is_cut_out)
{
    GByteArray *bytes = parts_decode(part);
    const char *label = param_get(part->type, "charset");
    g_autofree char *meta = NULL;

    if (part_is(part, "text/html") && !charset_is_known(label)) {
        meta = meta_charset(bytes->len == 0 ? "" : (const char *)bytes->data, bytes->len);
        label = meta;
    }
    return charset_take_utf8(label, charset, bytes, max_bytes, is_cut_out);
}

/* Some programs label HTML as plain text. */
static bool looks_like_html(const char *text)
{
    text += strspn(text, " \t\r\n");
    return g_ascii_strncasecmp(text, "<html", 5) == 0 ||
           g_ascii_strncasecmp(text, "<!doctype html", 14) == 0;
}

/* Cut at a character's start; has it been longer? */
static bool cut_bytes(char *text, size_t max_bytes)
{
    if (strlen(text) <= max_bytes) {
        return false;
    }
    while (max_bytes > 0 && (text[max_bytes] & 0xC0) == 0x80) {
        max_bytes--;
    }
    text[max_bytes] = '\0';
    return true;
}

/* The text of a text part as UTF-8 with LF line ends: charset, format=flowed, HTML are dealt with. At most
 * max_bytes; *is_cut_out: there is more. One copy at a time: a text may be as large as a mail. */
static char *part_text(const struct part *part, const char *charset, size_t max_bytes,
                       bool *is_cut_out)
{
    g_autofree char *text = raw_text(part, charset, max_bytes, is_cut_out);
    char *other = NULL;

    if (part_is(part, "text/html") || looks_like_html(text)) {
        other = html_to_text(text, strlen(text), max_bytes);
    } else {
        unix_lines(text);
        /* The lines of a text that is too long to be read stay as they came. */
        if (is_value(part, "format", "flowed") && strlen(text) <= LIMIT_TEXT_BYTES) {
            other = flowed_unfold(text, is_value(part, "delsp", "yes"));
        }
    }
    if (other != NULL) {
        g_free(text);
        text = other;
    }
    *is_cut_out = cut_bytes(text, max_bytes) || *is_cut_out;
    return g_steal_pointer(&text);
}

/* As much of a part's text as is shown. */
static char *shown_text(const struct part *part, const char *charset)
{
    bool ignored = false;

    return part_text(part, charset, LIMIT_WHOLE_TEXT_BYTES, &ignored);
}

static size_t count_words(const char *text)
{
    size_t words = 0;
    bool is_word = false;

    for (; *text != '\0'; text++) {
        bool is_space = g_ascii_isspace(*text);

        words += is_word && is_space;
        is_word = !is_space;
    }
    return words + is_word;
}

/* Does a plain variant only say that the other one should be read? */
static bool is_stub(const char *plain, const struct part *html, const char *charset)
{
    const char *from = plain + strspn(plain, " \t\r\n\v\f");
    size_t length = strlen(from);

    while (length > 0 && g_ascii_isspace(from[length - 1])) {
        length--;
    }
    if (length == 0) {
        return true;
    }
    if (html == NULL || length > STUB_BYTES) {
        return false;
    }

    g_autofree char *rich = shown_text(html, charset);
    g_autofree char *lower = g_utf8_strdown(from, (gssize)length);
    size_t words = count_words(rich);

    return words > count_words(plain) * STUB_FACTOR ||
           (words > 0 && strlen(lower) < STUB_BYTES / 2 && strstr(lower, "html") != NULL &&
            words > count_words(plain) / 2);
}

/* Control characters go, line and paragraph separators become line ends; in place. */
static void clean_characters(char *text)
{
    char *to = text;

    while (*text != '\0') {
        gunichar c = g_utf8_get_char(text);
        size_t length = (size_t)g_utf8_skip[(guchar)*text];

        if (c == 0x85 || c == 0x2028 || c == 0x2029) {
            *to++ = '\n';
        } else if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7F && (c < 0x80 || c > 0x9F))) {
            memmove(to, text, length);
            to += length;
        }
        text += length;
    }
    *to = '\0';
}

/* How much of a line is kept: blanks at its end go, but not those of "-- ", which marks a signature. */
static size_t kept_length(const char *line, size_t length)
{
    size_t quote = strspn(line, "> ");

    if (length == quote + 3 && strncmp(line + quote, "-- ", 3) == 0) {
        return length;
    }
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t')) {
        length--;
    }
    return length;
}

/* The text as it is handed over: clean lines, no empty ones at either end; in place. */
static void clean_lines(char *text)
{
    char *to = text;
    char *filled = text; /* behind the last line that is not empty */

    clean_characters(text);
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        size_t kept = kept_length(at, length);
        const char *next = at + length + (at[length] == '\n');

        if (kept > 0 || to > text) {
            memmove(to, at, kept);
            to += kept;
            filled = kept > 0 ? to : filled;
            if (next > at + length) {
                *to++ = '\n';
            }
        }
        at = next;
    }
    *filled = '\0';
}

/* All texts, an empty line between them; they are used up. */
static char *join_texts(GPtrArray *texts)
{
    if (texts->len <= 1) {
        return texts->len == 0 ? g_strdup("") : g_ptr_array_steal_index(texts, 0);
    }

    GString *joined = g_string_new(NULL);

    while (texts->len > 0) {
        g_autofree char *text = g_ptr_array_steal_index(texts, 0);
        bool ends_line = joined->len > 0 && joined->str[joined->len - 1] == '\n';

        g_string_append(joined, joined->len == 0 ? "" : ends_line ? "\n" : "\n\n");
        g_string_append(joined, text);
    }
    return g_string_free(joined, FALSE);
}

/* ---- files ------------------------------------------------------------------------------------- */

/* The Subject of an attached mail as its name. */
static char *name_of_mail(GBytes *content, const char *charset)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(content, &length);
    struct headers headers = {NULL};
    struct err ignored;

    if (length == 0 || headers_scan(bytes, length, &headers, &ignored) != ST_OK) {
        return NULL;
    }

    g_autofree char *raw = headers_text(&headers, "Subject");
    g_autofree char *subject = raw == NULL ? NULL : rfc2047_decode(raw, charset);
    g_autofree char *line = subject == NULL ? NULL : text_one_line(subject, LIMIT_NAME_CHARS - 4);

    headers_clear(&headers);
    if (line == NULL || *line == '\0') {
        return NULL;
    }
    return g_strconcat(g_strdelimit(line, "/\\", '_'), ".eml", NULL);
}

static bool is_mail(const struct part *part)
{
    return part_is(part, "message/rfc822") || part_is(part, "message/global");
}

/* What the part says its name is; NULL for nothing. */
static const char *stated_name(const struct part *part)
{
    const char *name = param_get(part->disposition, "filename");

    name = name == NULL || *name == '\0' ? param_get(part->type, "name") : name;
    return name == NULL || *name == '\0' ? NULL : name;
}

/* "Caf%C3%A9.pdf": a name that was encoded for an address line. */
static char *unescape_percent(const char *name)
{
    g_autofree char *plain = g_uri_unescape_string(name, NULL);

    if (plain == NULL || g_str_is_ascii(plain) || !g_utf8_validate(plain, -1, NULL)) {
        return g_strdup(name);
    }
    return g_steal_pointer(&plain);
}

static void add_file(struct body *body, const char *stated, const char *type, bool is_inline,
                     const char *content_id, GBytes *content)
{
    struct attachment *file = NULL;
    g_autofree char *own_name = NULL;
    g_autofree char *plain = stated == NULL ? NULL : unescape_percent(stated);

    if (body->facts->attachments->len == LIMIT_ATTACHMENTS) {
        body->facts->attachments_left_out++;
        return;
    }
    if (stated == NULL && strcmp(type, "message/rfc822") == 0) {
        own_name = name_of_mail(content, body->charset);
    }
    file = attachment_new();
    g_free(file->name);
    g_free(file->stated_name);
    g_free(file->type);
    g_free(file->content_id);
    file->name = filename_safe(own_name != NULL ? own_name : plain, type);
    file->stated_name = text_one_line(plain == NULL ? "" : plain, LIMIT_NAME_CHARS * 4);
    file->type = g_strdup(type);
    file->content_id = g_strdup(content_id == NULL ? "" : content_id);
    file->is_inline = is_inline;
    file->bytes = g_bytes_get_size(content);
    file->content = g_bytes_ref(content);
    g_ptr_array_add(body->facts->attachments, file);
}

static char *content_id_of(const struct part *part)
{
    g_autofree char *value = headers_text(&part->headers, "Content-ID");
    g_autoptr(GPtrArray) ids = value == NULL ? NULL : ids_read(value);

    return ids == NULL || ids->len == 0 ? NULL : g_strdup(g_ptr_array_index(ids, 0));
}

/* What stands in the mail as it is needs no copy, if the mail is kept. */
static GBytes *content_of(const struct body *body, const struct part *part)
{
    if (part->transfer == TRANSFER_NONE && body->whole != NULL) {
        const char *from = g_bytes_get_data(body->whole, NULL);

        return g_bytes_new_from_bytes(body->whole, (gsize)(part->body - from), part->body_length);
    }
    return g_byte_array_free_to_bytes(parts_decode(part));
}

static void add_part_as_file(struct body *body, const struct part *part)
{
    g_autofree char *content_id = content_id_of(part);
    bool is_inline = strcmp(part->disposition->value, "inline") == 0 ||
                     (content_id != NULL && strcmp(part->disposition->value, "attachment") != 0);

    if (part->is_cut && body->facts->is_cut) {
        body->facts->attachments_left_out++;
        return;
    }

    g_autoptr(GBytes) content = content_of(body, part);

    if (g_bytes_get_size(content) > LIMIT_MAIL_BYTES) {
        body->facts->attachments_left_out++;
        return;
    }
    add_file(body, stated_name(part), is_mail(part) ? "message/rfc822" : part->type->value,
             is_inline, content_id, content);
}

/* Take uuencoded files out of a text, which is used up. */
static char *extract_uuencoded(struct body *body, char *whole)
{
    g_autofree char *text = whole;
    size_t length = strlen(text);
    size_t at = 0;
    struct uuencoded found;

    if (strstr(text, "begin ") == NULL || !transfer_find_uuencoded(text, length, 0, &found)) {
        return g_steal_pointer(&text);
    }

    GString *left = g_string_new(NULL);

    uuencoded_clear(&found);
    while (transfer_find_uuencoded(text, length, at, &found)) {
        g_autoptr(GBytes) content = g_byte_array_free_to_bytes(found.content);

        g_string_append_len(left, text + at, (gssize)(found.from - at));
        add_file(body, found.name, "application/octet-stream", false, NULL, content);
        g_free(found.name);
        at = found.to;
    }
    g_string_append(left, text + at);
    return g_string_free(left, FALSE);
}

/* ---- the tree ---------------------------------------------------------------------------------- */

/* Is the leaf part of the text? A named text is a file, unless it is the whole mail. */
static bool is_text(const struct part *part, bool is_root)
{
    bool is_readable = part_is(part, "text/plain") || part_is(part, "text/html") ||
                       part_is(part, "text/enriched") || part_is(part, "text/richtext");

    return is_readable && strcmp(part->disposition->value, "attachment") != 0 &&
           (is_root || stated_name(part) == NULL);
}

static void take_text(struct body *body, const struct part *part)
{
    if (body->is_muted) {
        return;
    }

    bool is_html = part_is(part, "text/html");
    bool is_cut = false;
    size_t room = LIMIT_WHOLE_TEXT_BYTES - body->text_bytes;
    g_autofree char *text = part_text(part, body->charset, room, &is_cut);

    if (!is_html) {
        text = extract_uuencoded(body, g_steal_pointer(&text));
    }
    if (is_cut) {
        add_part_as_file(body, part); /* the text is not all: it is kept as it came */
    }
    if (text[strspn(text, " \t\r\n")] != '\0') {
        body->text_bytes += strlen(text);
        body->has_html = body->has_html || is_html;
        body->has_plain = body->has_plain || !is_html;
        g_ptr_array_add(body->texts, g_steal_pointer(&text));
    }
}

/* The first text leaf of a type that stands in a subtree; NULL. */
static const struct part *find_text(const struct part *part, const char *type)
{
    if (part->children->len == 0) {
        return part_is(part, type) && is_text(part, false) ? part : NULL;
    }
    for (guint i = 0; i < part->children->len; i++) {
        const struct part *found = find_text(g_ptr_array_index(part->children, i), type);

        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* The variant whose text is taken: the plain one, or, if that is a stub, the HTML one; the last one if
 * there is no text at all. */
static const struct part *choose(const struct part *alternative, const char *charset)
{
    const struct part *plain = NULL;
    const struct part *html = NULL;
    const struct part *plain_text = NULL;
    const struct part *html_text = NULL;

    for (guint i = 0; i < alternative->children->len; i++) {
        const struct part *child = g_ptr_array_index(alternative->children, i);
        const struct part *as_plain = find_text(child, "text/plain");
        const struct part *as_html = find_text(child, "text/html");

        if (as_plain != NULL && as_html == NULL && plain == NULL) {
            plain = child;
            plain_text = as_plain;
        } else if (as_html != NULL) {
            html = child;
            html_text = as_html;
        }
    }
    if (plain == NULL || html == NULL) {
        return plain != NULL ? plain : html;
    }

    g_autofree char *text = shown_text(plain_text, charset);

    return is_stub(text, html_text, charset) ? html : plain;
}

static void walk(struct body *body, const struct part *part, bool is_root);

static void walk_alternative(struct body *body, const struct part *part)
{
    const struct part *chosen = choose(part, body->charset);
    bool was_muted = body->is_muted;

    for (guint i = 0; i < part->children->len; i++) {
        const struct part *child = g_ptr_array_index(part->children, i);

        body->is_muted = was_muted || (chosen != NULL && child != chosen);
        walk(body, child, false);
    }
    body->is_muted = was_muted;
}

static void walk(struct body *body, const struct part *part, bool is_root)
{
    if (part_is(part, "multipart/alternative") && part->children->len > 0) {
        walk_alternative(body, part);
    } else if (part->children->len > 0) {
        for (guint i = 0; i < part->children->len; i++) {
            walk(body, g_ptr_array_index(part->children, i), false);
        }
    } else if (is_text(part, is_root)) {
        take_text(body, part);
    } else if (!part_is(part, "multipart/")) {
        add_part_as_file(body, part);
    }
}

/* The file of the mail that is called so; NULL. */
static const char *name_of_id(const struct facts *facts, const char *id, size_t length)
{
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *file = g_ptr_array_index(facts->attachments, i);

        if (strlen(file->content_id) == length && memcmp(file->content_id, id, length) == 0) {
            return file->name;
        }
    }
    return NULL;
}

/* "[cid:part1.06@acme.example]", where a picture stood, becomes its file's name. The text is used up. */
static char *name_pictures(const struct facts *facts, char *whole)
{
    g_autofree char *text = whole;
    const char *at = text;
    const char *mark = strstr(text, PICTURE);
    int looks = 0;

    if (mark == NULL || facts->attachments->len == 0) {
        return g_steal_pointer(&text);
    }

    GString *named = g_string_sized_new(strlen(text));

    for (; mark != NULL && looks < LIMIT_ATTACHMENTS; looks++) {
        const char *id = mark + strlen(PICTURE);
        size_t length = strcspn(id, "]\n");
        const char *name = id[length] == ']' ? name_of_id(facts, id, length) : NULL;

        g_string_append_len(named, at, mark - at);
        at = mark;
        if (name != NULL) {
            g_string_append_printf(named, "[%s]", name);
            at = id + length + 1;
        }
        mark = strstr(name != NULL ? at : id, PICTURE);
    }
    g_string_append(named, at);
    return g_string_free(named, FALSE);
}

/* What is too long to be handed over as one goes as a file, and its beginning as the text. */
static void keep_whole_text(struct body *body, char *text)
{
    struct facts *facts = body->facts;
    struct attachment *file = attachment_new();
    size_t length = strlen(text);

    g_free(file->name);
    g_free(file->type);
    file->name = g_strdup(WHOLE_TEXT_NAME);
    file->type = g_strdup(WHOLE_TEXT_TYPE);
    file->bytes = length;
    facts->text = g_strndup(text, LIMIT_TEXT_BYTES + 1);
    (void)cut_bytes(facts->text, LIMIT_TEXT_BYTES);
    file->content = g_bytes_new_take(text, length);
    if (facts->attachments->len == LIMIT_ATTACHMENTS) {
        g_ptr_array_set_size(facts->attachments, LIMIT_ATTACHMENTS - 1);
        facts->attachments_left_out++;
    }
    g_ptr_array_add(facts->attachments, file);
}

void body_read(const struct mime *mime, const char *charset, struct facts *facts)
{
    struct body body = {.facts = facts,
                        .charset = charset,
                        .whole = mime->whole,
                        .texts = g_ptr_array_new_with_free_func(g_free)};

    facts->attachments_left_out = mime->parts_left_out;
    walk(&body, mime->root, true);

    g_autofree char *text = join_texts(body.texts);

    g_ptr_array_unref(body.texts);
    clean_lines(text);
    text = name_pictures(facts, g_steal_pointer(&text));
    g_free(facts->text);
    if (strlen(text) > LIMIT_TEXT_BYTES) {
        keep_whole_text(&body, g_steal_pointer(&text));
    } else {
        facts->text = g_steal_pointer(&text);
    }
    facts->text_source = body.has_plain ? TEXT_PLAIN : body.has_html ? TEXT_HTML : TEXT_NONE;
}
