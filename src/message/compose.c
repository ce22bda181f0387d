/* compose - a notice to bytes that an SMTP server may be given
 *
 * What we say is made of texts of strangers: subjects, names, bodies, file names. None of them may
 * become a header of its own, none may break the line rules by which mail is smuggled (RFC 5321
 * section 2.3.8). So every text is put on one line before gmime encodes it, every address and id is
 * checked before it is written as it is, and the finished bytes are looked through once more: CR and
 * LF only as pairs, 7-bit only, no line above 998 octets, nothing in the header that was not meant.
 *
 * The boundary of a multipart begins with "=_", which neither quoted-printable nor base64 can produce;
 * a 7bit body that holds these two bytes is sent as quoted-printable. It is made from the
 * Message-ID, so that the same notice gives the same bytes each time it is sent. The HTML alternative
 * (message/rich) needs no encoding: it is 7bit, and without these two bytes, by itself.
 *
 * It does not decide to whom what goes, and does not strip tokens: that is the gateway's and
 * desk/audience's work. Pure.
 */
#include "message/compose.h"

#include <assert.h>
#include <string.h>

#include <gmime/gmime.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/address.h"
#include "message/flowed.h"
#include "message/rich.h"

#define LINE_BYTES        998
#define FIELD_NAME_BYTES  16 /* "In-Reply-To: <>" around an id */
#define BOUNDARY_TEXT_HEX 24
#define TEXT_LINE_BYTES   78 /* a longer line makes the text quoted-printable */

static void start_gmime(void)
{
    static gsize once = 0;

    if (g_once_init_enter(&once)) {
        g_mime_init();
        g_once_init_leave(&once, 1);
    }
}

/* An id that can stand between angle brackets on one line. */
static bool is_id(const char *id)
{
    size_t length = strlen(id);

    if (length == 0 || length > LIMIT_MESSAGE_ID_BYTES - FIELD_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (id[i] <= ' ' || id[i] > '~' || id[i] == '<' || id[i] == '>') {
            return false;
        }
    }
    return true;
}

static enum status check_address(const char *field, const char *address, struct err *err)
{
    g_autofree char *normal = NULL;

    if (!g_str_is_ascii(address)) {
        return err_set(err, ST_INVALID, "%s: \"%.80s\" is not in ASCII", field, address);
    }
    if (address_normalise(address, &normal, err) != ST_OK) {
        return err_wrap(err, "%s", field);
    }
    return ST_OK;
}

static enum status check(const struct compose *compose, struct err *err)
{
    enum status status = check_address("From", compose->from_address, err);

    if (status == ST_OK) {
        status = check_address("To", compose->to_address, err);
    }
    if (status == ST_OK && compose->reply_to_address != NULL) {
        status = check_address("Reply-To", compose->reply_to_address, err);
    }
    if (status == ST_OK && !is_id(compose->message_id)) {
        status = err_set(err, ST_INVALID, "\"%.80s\" is not fit to be a Message-ID",
                         compose->message_id);
    }
    return status;
}

/* ---- header ------------------------------------------------------------------------------------ */

static void add_mailbox(GMimeMessage *message, GMimeAddressType type, const char *name,
                        const char *address)
{
    g_autofree char *line = name == NULL ? NULL : text_one_line(name, LIMIT_NAME_CHARS);
    InternetAddressList *list = g_mime_message_get_addresses(message, type);
    InternetAddress *mailbox = internet_address_mailbox_new(NULL, address);

    if (line != NULL && *line != '\0') {
        internet_address_set_charset(mailbox, "utf-8");
        internet_address_set_name(mailbox, line);
    }
    internet_address_list_add(list, mailbox);
    g_object_unref(mailbox);
}

static void add_id(GString *ids, const char *id)
{
    g_string_append_printf(ids, "%s<%s>", ids->len > 0 ? " " : "", id);
}

/* The first id and the newest ones, LIMIT_REFERENCES in all: RFC 5322 section 3.6.4 gives no limit, and
 * a thread of years would fill the header. */
static char *references_value(const char *const *references)
{
    g_autoptr(GPtrArray) fit = g_ptr_array_new();
    g_autoptr(GString) ids = g_string_new(NULL);

    for (; references != NULL && *references != NULL; references++) {
        if (is_id(*references)) {
            g_ptr_array_add(fit, (gpointer)*references);
        }
    }
    for (guint i = 0; i < fit->len; i++) {
        if (i == 0 || i + LIMIT_REFERENCES > fit->len) {
            add_id(ids, g_ptr_array_index(fit, i));
        }
    }
    return ids->len == 0 ? NULL : g_strdup(ids->str);
}

static void set_header(GMimeMessage *message, const char *name, const char *value)
{
    g_mime_object_set_header(GMIME_OBJECT(message), name, value, "utf-8");
}

static void add_header(GMimeMessage *message, const struct compose *compose)
{
    g_autofree char *subject = text_one_line(compose->subject, LIMIT_SUBJECT_CHARS);
    g_autofree char *references = references_value(compose->references);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(compose->date_us / G_USEC_PER_SEC);

    add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, compose->from_name, compose->from_address);
    add_mailbox(message, GMIME_ADDRESS_TYPE_TO, compose->to_name, compose->to_address);
    if (compose->reply_to_address != NULL) {
        add_mailbox(message, GMIME_ADDRESS_TYPE_REPLY_TO, compose->reply_to_name,
                    compose->reply_to_address);
    }
    g_mime_message_set_subject(message, subject, "utf-8");
    g_mime_message_set_date(message, date);
    g_mime_message_set_message_id(message, compose->message_id);
    if (compose->in_reply_to != NULL && is_id(compose->in_reply_to)) {
        g_autofree char *value = g_strdup_printf("<%s>", compose->in_reply_to);

        set_header(message, "In-Reply-To", value);
    }
    if (references != NULL) {
        set_header(message, "References", references);
    }
    if (compose->is_automatic) {
        set_header(message, "Auto-Submitted",
                   compose->is_reply ? "auto-replied" : "auto-generated");
        set_header(message, "X-Auto-Response-Suppress", "All");
    }
    set_header(message, "MIME-Version", "1.0");
}

/* ---- body -------------------------------------------------------------------------------------- */

/* Line feeds alone, no control characters; unlike text_normalise_lines it leaves "-- " as it is. */
static char *plain_lines(const char *text)
{
    g_autofree char *valid = text_scrub(text, -1);
    g_autoptr(GString) lines = g_string_sized_new(strlen(valid) + 1);

    for (const char *at = valid; *at != '\0'; at++) {
        if (*at == '\r' && at[1] != '\n') {
            g_string_append_c(lines, '\n');
        } else if (*at == '\n' || *at == '\t' ||
                   ((*at & 0x80) != 0 || (*at >= ' ' && *at != 0x7F))) {
            g_string_append_c(lines, *at);
        }
    }
    if (lines->len == 0 || lines->str[lines->len - 1] != '\n') {
        g_string_append_c(lines, '\n');
    }
    return g_strdup(lines->str);
}

/* Can the lines go as they are: ASCII, short, nothing like a boundary? */
static bool is_7bit(const char *lines)
{
    size_t column = 0;

    for (const char *at = lines; *at != '\0'; at++) {
        column = *at == '\n' ? 0 : column + 1;
        if (column > TEXT_LINE_BYTES || (*at & 0x80) != 0 || (at[0] == '=' && at[1] == '_')) {
            return false;
        }
    }
    return true;
}

/* Takes the stream. */
static void set_content(GMimePart *part, GMimeStream *stream, GMimeContentEncoding encoding)
{
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream,
                                                                    GMIME_CONTENT_ENCODING_DEFAULT);

    g_mime_part_set_content(part, content);
    g_mime_part_set_content_encoding(part, encoding);
    g_object_unref(content);
    g_object_unref(stream);
}

static GMimePart *text_part(const char *lines)
{
    GMimePart *part = g_mime_part_new_with_type("text", "plain");
    g_autofree char *flowed = flowed_fold(lines);

    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "format", "flowed");
    set_content(part, g_mime_stream_mem_new_with_buffer(flowed, strlen(flowed)),
                is_7bit(flowed) ? GMIME_CONTENT_ENCODING_7BIT
                                : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    return part;
}

static GMimePart *html_part(const char *html)
{
    GMimePart *part = g_mime_part_new_with_type("text", "html");

    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    set_content(part, g_mime_stream_mem_new_with_buffer(html, strlen(html)),
                GMIME_CONTENT_ENCODING_7BIT);
    return part;
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && strchr("!#$&-^_.+", text[i]) == NULL) {
            return false;
        }
    }
    return length > 0 && length <= 127;
}

/* What a whole text's type says beside type and subtype; no other parameter is ever stored. */
static const char CHARSET[] = "; charset=utf-8";

/* A part of its own may carry any type but the composite ones, whose content must not be base64
 * (RFC 2046 section 5): those go as bytes without a meaning. */
static GMimePart *part_of_type(const char *type)
{
    const char *slash = type == NULL ? NULL : strchr(type, '/');
    const char *end = type == NULL ? NULL : strchrnul(type, ';');

    if (slash == NULL || !is_token(type, (size_t)(slash - type)) || slash > end ||
        !is_token(slash + 1, (size_t)(end - slash) - 1) || g_str_has_prefix(type, "message/") ||
        g_str_has_prefix(type, "multipart/")) {
        return g_mime_part_new_with_type("application", "octet-stream");
    }

    g_autofree char *main_type = g_ascii_strdown(type, slash - type);
    g_autofree char *subtype = g_ascii_strdown(slash + 1, end - slash - 1);
    GMimePart *part = g_mime_part_new_with_type(main_type, subtype);

    if (strcmp(end, CHARSET) == 0) {
        g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    }
    return part;
}

static void end_view(gpointer view)
{
    g_byte_array_free(view, FALSE);
}

/* The caller's bytes without a copy: they are only read, and outlive the mail. */
static GMimeStream *view_of(GBytes *bytes)
{
    gsize length = 0;
    const void *data = g_bytes_get_data(bytes, &length);
    GByteArray *view = g_byte_array_new_take((guint8 *)data, length);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(view);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    g_object_set_data_full(G_OBJECT(stream), "view", view, end_view);
    return stream;
}

static GMimePart *attachment_part(const struct compose_attachment *attachment)
{
    GMimePart *part = part_of_type(attachment->type);
    g_autofree char *name = text_one_line(attachment->name, LIMIT_NAME_CHARS);

    g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
    g_mime_part_set_filename(part, name);
    set_content(part, view_of(attachment->content), GMIME_CONTENT_ENCODING_BASE64);
    return part;
}

static char *boundary_of(const char *message_id, const char *start)
{
    uint8_t digest[32];
    g_autoptr(GString) boundary = g_string_new(start);

    text_sha256(message_id, strlen(message_id), digest);
    for (size_t i = 0; i < BOUNDARY_TEXT_HEX / 2; i++) {
        g_string_append_printf(boundary, "%02x", digest[i]);
    }
    return g_strdup(boundary->str);
}

/* Takes the part. */
static void add_part(GMimeMultipart *multipart, GMimeObject *part)
{
    g_mime_multipart_add(multipart, part);
    g_object_unref(part);
}

static GMimeMultipart *multipart_of(const char *subtype, const char *message_id, const char *start)
{
    GMimeMultipart *multipart = g_mime_multipart_new_with_subtype(subtype);
    g_autofree char *boundary = boundary_of(message_id, start);

    g_mime_multipart_set_boundary(multipart, boundary);
    return multipart;
}

/* The text, and what shows the same. */
static GMimeObject *words_of(const struct compose *compose)
{
    g_autofree char *lines = plain_lines(compose->text);
    g_autofree char *html = compose->language == NULL ? NULL
                                                      : rich_from_text(lines, compose->language);
    GMimePart *text = text_part(lines);

    if (html == NULL) {
        return GMIME_OBJECT(text);
    }

    GMimeMultipart *both = multipart_of("alternative", compose->message_id, "=_a");

    add_part(both, GMIME_OBJECT(text));
    add_part(both, GMIME_OBJECT(html_part(html)));
    return GMIME_OBJECT(both);
}

static GMimeObject *body_of(const struct compose *compose)
{
    GMimeObject *words = words_of(compose);

    if (compose->attachment_count == 0) {
        return words;
    }

    GMimeMultipart *mixed = multipart_of("mixed", compose->message_id, "=_");

    add_part(mixed, words);
    for (size_t i = 0; i < compose->attachment_count; i++) {
        add_part(mixed, GMIME_OBJECT(attachment_part(&compose->attachments[i])));
    }
    return GMIME_OBJECT(mixed);
}

/* ---- bytes ------------------------------------------------------------------------------------- */

static GBytes *write_out(GMimeMessage *message)
{
    GMimeFormatOptions *options = g_mime_format_options_new();
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);

    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
    g_mime_format_options_free(options);
    g_object_unref(stream);
    return g_byte_array_free_to_bytes(bytes);
}

static const char *const FIELDS[] = {
    "From:",
    "To:",
    "Reply-To:",
    "Subject:",
    "Date:",
    "Message-ID:",
    "In-Reply-To:",
    "References:",
    "Auto-Submitted:",
    "X-Auto-Response-Suppress:",
    "MIME-Version:",
    "Content-Type:",
    "Content-Transfer-Encoding:",
    "Content-Disposition:",
};

/* Is this header line one of ours, for the first time, or the continuation of one? */
static bool is_expected(const char *line, unsigned *seen)
{
    if (*line == ' ' || *line == '\t') {
        return *seen != 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        if (g_ascii_strncasecmp(line, FIELDS[i], strlen(FIELDS[i])) == 0) {
            bool is_first = (*seen & (1U << i)) == 0;

            *seen |= 1U << i;
            return is_first;
        }
    }
    return false;
}

/* The last look at what leaves. What it finds would be a defect here or in gmime, so nothing is sent. */
static enum status check_bytes(GBytes *bytes, struct err *err)
{
    gsize length = 0;
    const char *at = g_bytes_get_data(bytes, &length);
    const char *end = at + length;
    bool is_header = true;
    unsigned seen = 0;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));

        if (lf == NULL || lf == at || lf[-1] != '\r' || lf - at - 1 > LINE_BYTES ||
            memchr(at, '\r', (size_t)(lf - at - 1)) != NULL) {
            return err_set(err, ST_INVALID, "the mail would have a broken or overlong line");
        }
        if (is_header && lf - at == 1) {
            is_header = false;
        } else if (is_header && !is_expected(at, &seen)) {
            return err_set(err, ST_INVALID, "the mail would have an unexpected header field");
        }
        for (; at < lf; at++) {
            if ((*at & 0x80) != 0 || *at == '\0') {
                return err_set(err, ST_INVALID, "the mail would have a byte that is not ASCII");
            }
        }
        at = lf + 1;
    }
    return ST_OK;
}

enum status compose_mail(const struct compose *compose, GBytes **bytes_out, struct err *err)
{
    enum status status = check(compose, err);

    if (status != ST_OK) {
        return status;
    }
    start_gmime();

    GMimeMessage *message = g_mime_message_new(FALSE);
    GMimeObject *body = body_of(compose);

    add_header(message, compose);
    g_mime_message_set_mime_part(message, body);
    g_object_unref(body);

    g_autoptr(GBytes) bytes = write_out(message);

    g_object_unref(message);
    status = check_bytes(bytes, err);
    if (status != ST_OK) {
        return status;
    }
    *bytes_out = g_steal_pointer(&bytes);
    return ST_OK;
}
