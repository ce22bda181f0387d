/* parse - raw bytes to facts
 *
 * The one entrance for bytes of strangers. It joins the parsers of this layer: the header fields that
 * identity and threading need, the parts (message/mime), text and files (message/body), and what kind
 * of machine wrote it (message/classify). It judges nothing: a mail in which readers could
 * differ about its sender is marked as ambiguous, with the reason, and is parsed all the same.
 *
 * Only two things are refused: what is above a limit, and what is no mail. Everything else gives facts, all
 * of whose strings are valid UTF-8 within the limits that facts_from_variant checks.
 *
 * Runs in the parser process. Reads its descriptor with lseek and read only, since the jail allows little
 * more; needs parse_warm_up before the jail closes.
 */
#include "message/parse.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/body.h"
#include "message/charset.h"
#include "message/classify.h"
#include "message/forward.h"
#include "message/headers.h"
#include "message/html.h"
#include "message/ids.h"
#include "message/mailbox.h"
#include "message/mime.h"
#include "message/rfc2047.h"
#include "message/trace.h"

void parse_warm_up(void)
{
    charset_warm_up();
    html_warm_up();
}

static void set_text(char **member, char *text)
{
    g_free(*member);
    *member = text;
}

static void note_ambiguity(struct facts *facts, const char *why)
{
    if (!facts->is_ambiguous) {
        facts->is_ambiguous = true;
        set_text(&facts->ambiguity, text_one_line(why, LIMIT_NAME_CHARS));
    }
}

/* ---- who --------------------------------------------------------------------------------------- */

/* All From fields as they came, for people. */
static char *from_text(const struct headers *headers)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const struct header *header = NULL;

    for (unsigned i = 0; (header = headers_get(headers, "From", i)) != NULL; i++) {
        g_autofree char *value = header_unfold(header);

        g_string_append_printf(text, "%s%s", i > 0 ? " / " : "", value);
    }
    return text_one_line(text->str, LIMIT_NAME_CHARS * 4);
}

static void read_people(const struct headers *headers, const char *charset, struct facts *facts)
{
    struct err err = {.status = ST_OK};

    assert(headers != NULL);
    if (originator_from(headers, charset, &facts->from, &err) != ST_OK) {
        note_ambiguity(facts, err.text);
    }
    if (headers->oddity != NULL) {
        note_ambiguity(facts, headers->oddity);
    }
    set_text(&facts->from_text, from_text(headers));
    originator_list(headers, "To", charset, facts->to);
    originator_list(headers, "Cc", charset, facts->cc);
    facts->are_recipients_odd = headers_get(headers, "To", 1) != NULL ||
                                headers_get(headers, "Cc", 1) != NULL;
    originator_list(headers, "Reply-To", charset, facts->reply_to);
    facts->return_path = originator_return_path(headers);
}

static bool holds(const GPtrArray *texts, const char *text)
{
    for (guint i = 0; i < texts->len; i++) {
        if (strcmp(g_ptr_array_index(texts, i), text) == 0) {
            return true;
        }
    }
    return false;
}

static void read_delivered_to(const struct headers *headers, struct facts *facts)
{
    static const char *const NAMES[] = {"Delivered-To", "X-Original-To", "Envelope-To"};
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        originator_list(headers, NAMES[i], NULL, list);
    }
    for (guint i = 0; i < list->len; i++) {
        const struct address *address = g_ptr_array_index(list, i);

        if (!holds(facts->delivered_to, address->address)) {
            g_ptr_array_add(facts->delivered_to, g_strdup(address->address));
        }
    }
}

/* ---- which ------------------------------------------------------------------------------------- */

static void read_message_id(const struct headers *headers, struct facts *facts)
{
    const struct header *header = headers_get(headers, "Message-ID", 0);

    if (header == NULL) {
        return;
    }
    if (header_has_stray_byte(header)) {
        note_ambiguity(facts, "there is a NUL or a lone CR in the Message-ID field");
        return;
    }
    /* What some servers make of a NUL, and what readers cut or keep as they like. */
    if (!g_utf8_validate(header->value, (gssize)header->value_length, NULL)) {
        note_ambiguity(facts, "there are bytes in the Message-ID field that are no text");
        return;
    }

    g_autofree char *value = header_unfold(header);
    g_autoptr(GPtrArray) ids = ids_read(value);

    if (ids->len > 0) {
        facts->message_id = g_strdup(g_ptr_array_index(ids, 0));
    }
}

/* The ids of all fields of a name: the first or the last LIMIT_REFERENCES of them. */
static void read_ids(const struct headers *headers, const char *name, bool is_newest_kept,
                     GPtrArray *ids_out)
{
    const struct header *header = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; (header = headers_get(headers, name, i)) != NULL; i++) {
        g_autofree char *value = header_unfold(header);
        GPtrArray *ids = ids_read(value);

        g_ptr_array_extend_and_steal(all, ids);
    }

    guint from = is_newest_kept && all->len > LIMIT_REFERENCES ? all->len - LIMIT_REFERENCES : 0;

    for (guint i = from; i < all->len && ids_out->len < LIMIT_REFERENCES; i++) {
        g_ptr_array_add(ids_out, g_strdup(g_ptr_array_index(all, i)));
    }
}

static void read_subject(const struct headers *headers, const char *charset, struct facts *facts)
{
    g_autofree char *raw = headers_text(headers, "Subject");
    g_autofree char *decoded = raw == NULL ? NULL : rfc2047_decode(raw, charset);

    if (decoded != NULL) {
        set_text(&facts->subject, text_one_line(decoded, LIMIT_SUBJECT_CHARS));
    }
}

/* Is it the work of the servers on the way? There is much of it, and no rule should go by it. */
static bool is_trace(const char *name)
{
    static const char *const NAMES[] = {"received", "dkim-signature", "authentication-results"};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            return true;
        }
    }
    return g_str_has_prefix(name, "arc-") || g_str_has_prefix(name, "x-google-dkim-") ||
           g_str_has_prefix(name, "x-ms-exchange-");
}

/* What rules may ask for by mail.header.NAME. */
static void read_rest(const struct headers *headers, const char *charset, struct facts *facts)
{
    for (guint i = 0; i < headers->fields->len && facts->headers->len < LIMIT_RULE_HEADERS; i++) {
        const struct header *header = &g_array_index(headers->fields, struct header, i);
        g_autofree char *name = g_ascii_strdown(header->name, (gssize)header->name_length);

        if (is_trace(name) || !g_str_is_ascii(name)) {
            continue;
        }
        g_autofree char *raw = header_unfold(header);
        g_autofree char *decoded = rfc2047_decode(raw, charset);
        g_autofree char *both = g_strdup_printf("%s: %s", name, decoded);

        g_ptr_array_add(facts->headers, text_one_line(both, LIMIT_RULE_HEADER_CHARS));
    }
}

/* ---- the mail ---------------------------------------------------------------------------------- */

static void read_header(const struct headers *headers, const char *charset, struct facts *facts)
{
    g_autofree char *date = headers_text(headers, "Date");

    read_people(headers, charset, facts);
    read_delivered_to(headers, facts);
    read_message_id(headers, facts);
    read_ids(headers, "In-Reply-To", false, facts->in_reply_to);
    read_ids(headers, "References", true, facts->references);
    read_subject(headers, charset, facts);
    read_rest(headers, charset, facts);
    facts->date_us = date == NULL ? 0 : ids_read_date(date);
    trace_read(headers, facts);
}

/* What raw bytes of the mail are probably in: the charset that a part states, else that of an encoded word. */
static char *probable_charset(const struct part *root)
{
    const char *stated = parts_charset(root);
    static const char *const NAMES[] = {"Subject", "From"};

    for (size_t i = 0; stated == NULL && i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *value = headers_text(&root->headers, NAMES[i]);
        char *charset = value == NULL ? NULL : rfc2047_charset(value);

        if (charset != NULL) {
            return charset;
        }
    }
    return g_strdup(stated);
}

/* Mail from a Mac of old has CR for line ends, all of them; the network has no such mail. */
static bool has_lone_crs(const char *bytes, size_t length)
{
    return length > 0 && memchr(bytes, '\n', length) == NULL && memchr(bytes, '\r', length) != NULL;
}

static void mend_line_ends(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\r') {
            bytes[i] = '\n';
        }
    }
}

/* Empty lines in front of a header. */
static size_t leading_line_ends(const char *bytes, size_t length)
{
    size_t skip = 0;

    while (skip < length && (bytes[skip] == '\r' || bytes[skip] == '\n')) {
        skip++;
    }
    return skip;
}

/* A mail with its line ends mended, if they had to be. */
struct text {
    const char *bytes;
    size_t length;
    GBytes *whole; /* the same bytes, to be kept by whoever wants to; NULL: they must be copied */
    bool is_mended;
    bool is_cut;
};

static enum status parse_text(const struct text *text, struct facts **facts_out, struct err *err)
{
    size_t skip = leading_line_ends(text->bytes, text->length);
    struct mime mime = {NULL};
    enum status status = text->length == 0
                             ? err_set(err, ST_INVALID, "the mail is empty")
                             : parts_read(text->bytes + skip, text->length - skip, &mime, err);

    if (status != ST_OK) {
        return status;
    }

    struct facts *facts = facts_new();
    g_autofree char *charset = probable_charset(mime.root);

    facts->is_cut = text->is_cut;
    mime.whole = text->whole;
    if (text->is_mended || skip > 0) {
        note_ambiguity(facts, text->is_mended ? "its line ends are lone CRs"
                                              : "it begins with an empty line");
    }
    read_header(&mime.root->headers, charset, facts);
    body_read(&mime, charset, facts);
    classify_mail(&mime, facts);
    if (facts->auto_kind == AUTO_NONE) {
        forward_read(&mime, facts);
    }
    parts_clear(&mime);
    *facts_out = facts;
    return ST_OK;
}

enum status parse_bytes(const char *bytes, size_t length, bool is_cut, struct facts **facts_out,
                        struct err *err)
{
    bool is_mended = has_lone_crs(bytes, length);
    g_autofree char *mended = is_mended ? g_memdup2(bytes, length) : NULL;
    struct text text = {.bytes = is_mended ? mended : bytes,
                        .length = length,
                        .is_mended = is_mended,
                        .is_cut = is_cut};

    if (is_mended) {
        mend_line_ends(mended, length);
    }
    return parse_text(&text, facts_out, err);
}

/* The whole content of a descriptor; NULL if it cannot be read. */
static char *read_all(int fd, size_t *length_out)
{
    off_t size = lseek(fd, 0, SEEK_END);
    g_autofree char *bytes = NULL;
    size_t length = 0;

    if (size < 0 || lseek(fd, 0, SEEK_SET) != 0) {
        return NULL;
    }
    bytes = g_malloc((gsize)size + 1);
    while (length < (size_t)size) {
        ssize_t got = read(fd, bytes + length, (size_t)size - length);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return NULL;
        }
        length += (size_t)got;
    }
    *length_out = length;
    return g_steal_pointer(&bytes);
}

enum status parse_mail(int fd, bool is_cut, struct facts **facts_out, struct err *err)
{
    size_t length = 0;
    char *bytes = read_all(fd, &length);

    if (bytes == NULL) {
        return err_set(err, ST_TEMPFAIL, "could not read the mail: %s", g_strerror(errno));
    }

    struct text text = {.bytes = bytes, .length = length, .is_cut = is_cut};

    text.is_mended = has_lone_crs(bytes, length);
    if (text.is_mended) {
        mend_line_ends(bytes, length);
    }

    g_autoptr(GBytes) whole = g_bytes_new_take(bytes, length);

    text.whole = whole;
    return parse_text(&text, facts_out, err);
}
