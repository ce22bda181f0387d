/* facts - what a mail says, as a structure and as bytes on a pipe
 *
 * The parser process fills facts and writes them as one GVariant in normal form; the intake reads them
 * back. A hostile mail may have taken over the parser, so facts_from_variant believes nothing: type,
 * normal form (which covers UTF-8 and offsets), every length, count and enumerator, the shape of
 * addresses, ids, names and types. What passes may still be a lie about the mail, but it is a lie
 * that every later layer can hold safely.
 *
 * Reading is flat on purpose: a reader takes one member after the other in the order of FACTS_TYPE and
 * remembers the first thing that is wrong; a value is used only if nothing was.
 *
 * It is not the place where limits are applied to a mail (parse does that, and cuts or refuses); here
 * to be above one means that the writer is no honest parser.
 * Pure: no I/O.
 */
#include "message/facts.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"

/* ---- making and freeing ------------------------------------------------------------------------ */

const char *auto_kind_name(enum auto_kind kind)
{
    switch (kind) {
    case AUTO_NONE:
        return "none";
    case AUTO_REPLIED:
        return "replied";
    case AUTO_GENERATED:
        return "generated";
    case AUTO_BULK:
        return "bulk";
    case AUTO_LIST:
        return "list";
    case AUTO_BOUNCE:
        return "bounce";
    case AUTO_RECEIPT:
        return "receipt";
    case AUTO_COMPLAINT:
        return "complaint";
    case AUTO_REACTION:
        return "reaction";
    }
    return "?";
}

struct address *address_new(const char *address, const char *name)
{
    struct address *made = g_new0(struct address, 1);
    made->address = g_strdup(address);
    made->name = g_strdup(name);
    return made;
}

void address_free(struct address *address)
{
    if (!address) {
        return;
    }
    g_free(address->address);
    g_free(address->name);
    g_free(address);
}

struct attachment *attachment_new(void)
{
    struct attachment *attachment = g_new0(struct attachment, 1);
    attachment->name = g_strdup("");
    attachment->stated_name = g_strdup("");
    attachment->type = g_strdup("");
    attachment->content_id = g_strdup("");
    return attachment;
}

void attachment_free(struct attachment *attachment)
{
    if (!attachment) {
        return;
    }
    g_free(attachment->name);
    g_free(attachment->stated_name);
    g_free(attachment->type);
    g_free(attachment->content_id);
    g_clear_pointer(&attachment->content, g_bytes_unref);
    g_free(attachment);
}

struct trace_field *trace_field_new(enum trace_kind kind, const char *text)
{
    struct trace_field *field = g_new0(struct trace_field, 1);
    field->kind = kind;
    field->text = g_strdup(text);
    return field;
}

static void trace_field_free(struct trace_field *field)
{
    g_free(field->text);
    g_free(field);
}

struct bounce *bounce_new(void)
{
    struct bounce *bounce = g_new0(struct bounce, 1);
    bounce->recipient = g_strdup("");
    bounce->action = g_strdup("");
    bounce->status = g_strdup("");
    bounce->diagnostic = g_strdup("");
    return bounce;
}

static void bounce_free(struct bounce *bounce)
{
    g_free(bounce->recipient);
    g_free(bounce->action);
    g_free(bounce->status);
    g_free(bounce->diagnostic);
    g_free(bounce);
}

const struct attachment *facts_whole_text(const struct facts *facts)
{
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *attachment = facts->attachments->pdata[i];
        if (strcmp(attachment->type, WHOLE_TEXT_TYPE) == 0) {
            return attachment;
        }
    }
    return NULL;
}

struct facts *facts_new(void)
{
    struct facts *facts = g_new0(struct facts, 1);
    facts->in_reply_to = g_ptr_array_new_with_free_func(g_free);
    facts->references = g_ptr_array_new_with_free_func(g_free);
    facts->subject = g_strdup("");
    facts->from_text = g_strdup("");
    facts->to = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
    facts->cc = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
    facts->reply_to = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
    facts->delivered_to = g_ptr_array_new_with_free_func(g_free);
    facts->headers = g_ptr_array_new_with_free_func(g_free);
    facts->ambiguity = g_strdup("");
    facts->auto_reason = g_strdup("");
    facts->trace = g_ptr_array_new_with_free_func((GDestroyNotify)trace_field_free);
    facts->text = g_strdup("");
    facts->attachments = g_ptr_array_new_with_free_func((GDestroyNotify)attachment_free);
    facts->bounces = g_ptr_array_new_with_free_func((GDestroyNotify)bounce_free);
    facts->forwarded_subject = g_strdup("");
    return facts;
}

void facts_free(struct facts *facts)
{
    if (!facts) {
        return;
    }
    g_free(facts->message_id);
    g_ptr_array_unref(facts->in_reply_to);
    g_ptr_array_unref(facts->references);
    g_free(facts->subject);
    address_free(facts->from);
    g_free(facts->from_text);
    g_ptr_array_unref(facts->to);
    g_ptr_array_unref(facts->cc);
    g_ptr_array_unref(facts->reply_to);
    g_ptr_array_unref(facts->delivered_to);
    g_free(facts->return_path);
    g_ptr_array_unref(facts->headers);
    g_free(facts->ambiguity);
    g_free(facts->auto_reason);
    g_ptr_array_unref(facts->trace);
    g_free(facts->text);
    g_ptr_array_unref(facts->attachments);
    g_ptr_array_unref(facts->bounces);
    g_free(facts->bounced_id);
    address_free(facts->forwarded_from);
    g_free(facts->forwarded_subject);
    g_free(facts);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void put_text(GVariantBuilder *builder, const char *text)
{
    g_variant_builder_add_value(builder, g_variant_new_string(text));
}

static void put_maybe_text(GVariantBuilder *builder, const char *text)
{
    GVariant *inner = text ? g_variant_new_string(text) : NULL;
    g_variant_builder_add_value(builder, g_variant_new_maybe(G_VARIANT_TYPE_STRING, inner));
}

static void put_texts(GVariantBuilder *builder, const GPtrArray *texts)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("as"));
    for (guint i = 0; i < texts->len; i++) {
        put_text(builder, texts->pdata[i]);
    }
    g_variant_builder_close(builder);
}

static GVariant *address_to_variant(const struct address *address)
{
    return g_variant_new("(ss)", address->address, address->name);
}

static void put_maybe_address(GVariantBuilder *builder, const struct address *address)
{
    GVariant *inner = address ? address_to_variant(address) : NULL;
    g_variant_builder_add_value(builder, g_variant_new_maybe(G_VARIANT_TYPE("(ss)"), inner));
}

static void put_addresses(GVariantBuilder *builder, const GPtrArray *addresses)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(ss)"));
    for (guint i = 0; i < addresses->len; i++) {
        g_variant_builder_add_value(builder, address_to_variant(addresses->pdata[i]));
    }
    g_variant_builder_close(builder);
}

static void put_trace(GVariantBuilder *builder, const GPtrArray *trace)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(us)"));
    for (guint i = 0; i < trace->len; i++) {
        const struct trace_field *field = trace->pdata[i];
        g_variant_builder_add(builder, "(us)", (guint32)field->kind, field->text);
    }
    g_variant_builder_close(builder);
}

static void put_attachments(GVariantBuilder *builder, const GPtrArray *attachments)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(ssssbt)"));
    for (guint i = 0; i < attachments->len; i++) {
        const struct attachment *attachment = attachments->pdata[i];
        g_variant_builder_add(builder, "(ssssbt)", attachment->name, attachment->stated_name,
                              attachment->type, attachment->content_id,
                              (gboolean)attachment->is_inline, (guint64)attachment->bytes);
    }
    g_variant_builder_close(builder);
}

static void put_bounces(GVariantBuilder *builder, const GPtrArray *bounces)
{
    g_variant_builder_open(builder, G_VARIANT_TYPE("a(ssss)"));
    for (guint i = 0; i < bounces->len; i++) {
        const struct bounce *bounce = bounces->pdata[i];
        g_variant_builder_add(builder, "(ssss)", bounce->recipient, bounce->action, bounce->status,
                              bounce->diagnostic);
    }
    g_variant_builder_close(builder);
}

GVariant *facts_to_variant(const struct facts *facts)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE(FACTS_TYPE));
    put_maybe_text(&builder, facts->message_id);
    put_texts(&builder, facts->in_reply_to);
    put_texts(&builder, facts->references);
    g_variant_builder_add(&builder, "x", (gint64)facts->date_us);
    put_text(&builder, facts->subject);

    put_maybe_address(&builder, facts->from);
    put_text(&builder, facts->from_text);
    put_addresses(&builder, facts->to);
    put_addresses(&builder, facts->cc);
    put_addresses(&builder, facts->reply_to);
    put_texts(&builder, facts->delivered_to);
    put_maybe_text(&builder, facts->return_path);
    put_texts(&builder, facts->headers);

    g_variant_builder_add(&builder, "b", (gboolean)facts->is_ambiguous);
    put_text(&builder, facts->ambiguity);
    g_variant_builder_add(&builder, "u", (guint32)facts->auto_kind);
    put_text(&builder, facts->auto_reason);
    g_variant_builder_add(&builder, "u", (guint32)facts->received_count);
    put_trace(&builder, facts->trace);

    g_variant_builder_add(&builder, "u", (guint32)facts->text_source);
    put_text(&builder, facts->text);
    put_attachments(&builder, facts->attachments);
    g_variant_builder_add(&builder, "u", (guint32)facts->attachments_left_out);
    g_variant_builder_add(&builder, "b", (gboolean)facts->is_cut);
    g_variant_builder_add(&builder, "b", (gboolean)facts->are_recipients_odd);

    put_bounces(&builder, facts->bounces);
    put_maybe_text(&builder, facts->bounced_id);
    put_maybe_address(&builder, facts->forwarded_from);
    put_text(&builder, facts->forwarded_subject);
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* Takes the members of a tuple one by one; complaint is the first thing that was wrong. */
struct reader {
    GVariantIter *members; /* borrowed */
    const char **complaint;
};

static void complain(struct reader *reader, const char *field)
{
    if (!*reader->complaint) {
        *reader->complaint = field;
    }
}

/* What a text may hold, beyond its length. */
enum shape {
    SHAPE_LINE,       /* one line, no control characters */
    SHAPE_LINES,      /* line feeds and tabs too */
    SHAPE_ASCII,      /* one line of ASCII */
    SHAPE_ID,         /* a Message-ID: one line, not empty, no angle brackets */
    SHAPE_ADDRESS,    /* local@domain */
    SHAPE_RETURN,     /* the same or empty */
    SHAPE_FILE_NAME,  /* one line, no path, not empty */
    SHAPE_MEDIA_TYPE, /* type/subtype in lower case */
};

static bool has_only(const char *text, const char *set)
{
    return text[strspn(text, set)] == '\0';
}

/* Of UTF-8 that is known to be valid: no C0, DEL, C1, line or paragraph separator but those in also. By
 * octets, for most of a mail's text is ASCII. */
static bool is_line(const char *text, const char *also)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool is_c0 = *at < 0x20 || *at == 0x7f;
        bool is_c1 = *at == 0xC2 && at[1] < 0xA0;
        bool is_separator = *at == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9);
        if ((is_c0 && !strchr(also, *at)) || is_c1 || is_separator) {
            return false;
        }
    }
    return true;
}

static bool is_ascii_line(const char *text)
{
    return g_str_is_ascii(text) && is_line(text, "\t");
}

/* The outer shape only: what it would take to be stored and compared safely. Whether the address is
 * well formed was address_normalise's question, and the parser may lie about the mail anyway. */
static bool is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    if (!at || at == text || !is_ascii_line(text)) {
        return false;
    }
    size_t domain_bytes = strlen(at + 1);
    return (size_t)(at - text) <= LIMIT_LOCAL_PART_BYTES && domain_bytes > 0 &&
           domain_bytes <= LIMIT_DOMAIN_BYTES &&
           has_only(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789-.");
}

static bool is_file_name(const char *text)
{
    return *text && !strpbrk(text, "/\\") && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
           is_line(text, "") && g_utf8_strlen(text, -1) <= LIMIT_NAME_CHARS;
}

static bool is_media_type(const char *text)
{
    const char *slash = strchr(text, '/');
    if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/') || !is_ascii_line(text)) {
        return false;
    }
    return strcmp(text, WHOLE_TEXT_TYPE) == 0 || !strpbrk(text, " \t;ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool text_has_shape(const char *text, enum shape shape)
{
    switch (shape) {
    case SHAPE_LINE:
        return is_line(text, "");
    case SHAPE_LINES:
        return is_line(text, "\n\t");
    case SHAPE_ASCII:
        return is_ascii_line(text);
    case SHAPE_ID:
        return *text && !strpbrk(text, "<>") && is_line(text, "");
    case SHAPE_ADDRESS:
        return is_address(text);
    case SHAPE_RETURN:
        return !*text || is_address(text);
    case SHAPE_FILE_NAME:
        return is_file_name(text);
    case SHAPE_MEDIA_TYPE:
        return is_media_type(text);
    }
    return false;
}

/* A copy of a string value that passed; on a complaint an empty one, so that callers need not care. */
static char *checked_text(struct reader *reader, GVariant *value, const char *field,
                          enum shape shape, size_t max_bytes)
{
    gsize length = 0;
    const char *text = g_variant_get_string(value, &length);
    if (length > max_bytes || !text_has_shape(text, shape)) {
        complain(reader, field);
        return g_strdup("");
    }
    return g_strndup(text, length);
}

static char *take_text(struct reader *reader, const char *field, enum shape shape, size_t max_bytes)
{
    g_autoptr(GVariant) value = g_variant_iter_next_value(reader->members);
    return checked_text(reader, value, field, shape, max_bytes);
}

static char *take_maybe_text(struct reader *reader, const char *field, enum shape shape,
                             size_t max_bytes)
{
    g_autoptr(GVariant) maybe = g_variant_iter_next_value(reader->members);
    g_autoptr(GVariant) value = g_variant_get_maybe(maybe);
    return value ? checked_text(reader, value, field, shape, max_bytes) : NULL;
}

static guint32 take_number(struct reader *reader, const char *field, guint32 max)
{
    g_autoptr(GVariant) value = g_variant_iter_next_value(reader->members);
    guint32 number = g_variant_get_uint32(value);
    if (number > max) {
        complain(reader, field);
        return 0;
    }
    return number;
}

static int64_t take_int64(struct reader *reader)
{
    g_autoptr(GVariant) value = g_variant_iter_next_value(reader->members);
    return g_variant_get_int64(value);
}

static bool take_bool(struct reader *reader)
{
    g_autoptr(GVariant) value = g_variant_iter_next_value(reader->members);
    return g_variant_get_boolean(value);
}

/* The next member as a list of at most max children; NULL and a complaint if it is longer. */
static GVariant *take_list(struct reader *reader, const char *field, gsize max)
{
    GVariant *list = g_variant_iter_next_value(reader->members);
    if (g_variant_n_children(list) > max) {
        complain(reader, field);
        g_clear_pointer(&list, g_variant_unref);
    }
    return list;
}

static void take_texts(struct reader *reader, const char *field, enum shape shape, gsize max,
                       size_t max_bytes, GPtrArray *texts)
{
    g_autoptr(GVariant) list = take_list(reader, field, max);
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) value = g_variant_get_child_value(list, i);
        g_ptr_array_add(texts, checked_text(reader, value, field, shape, max_bytes));
    }
}

static char *take_short_name(struct reader *reader, const char *field)
{
    char *name = take_text(reader, field, SHAPE_LINE, LIMIT_NAME_CHARS * (size_t)4);
    if (g_utf8_strlen(name, -1) > LIMIT_NAME_CHARS) {
        complain(reader, field);
    }
    return name;
}

static struct address *read_address(struct reader *outer, GVariant *tuple, const char *field)
{
    GVariantIter members;
    g_variant_iter_init(&members, tuple);
    struct reader reader = {&members, outer->complaint};
    struct address *address = g_new0(struct address, 1);
    address->address = take_text(&reader, field, SHAPE_ADDRESS, LIMIT_ADDRESS_BYTES);
    address->name = take_short_name(&reader, field);
    return address;
}

static void take_addresses(struct reader *reader, const char *field, GPtrArray *addresses)
{
    g_autoptr(GVariant) list = take_list(reader, field, LIMIT_RECIPIENTS);
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) tuple = g_variant_get_child_value(list, i);
        g_ptr_array_add(addresses, read_address(reader, tuple, field));
    }
}

static struct address *take_maybe_address(struct reader *reader, const char *field)
{
    g_autoptr(GVariant) maybe = g_variant_iter_next_value(reader->members);
    g_autoptr(GVariant) tuple = g_variant_get_maybe(maybe);
    return tuple ? read_address(reader, tuple, field) : NULL;
}

static void take_trace(struct reader *outer, GPtrArray *trace)
{
    static const enum shape SHAPES[] = {[TRACE_RECEIVED] = SHAPE_LINE,
                                        [TRACE_HANDOVER] = SHAPE_LINE,
                                        [TRACE_AUTHRES] = SHAPE_ASCII,
                                        [TRACE_AUTH_AS] = SHAPE_ASCII,
                                        [TRACE_PARTIAL_SIGNATURE] = SHAPE_ASCII};
    guint count[G_N_ELEMENTS(SHAPES)] = {0};
    g_autoptr(GVariant) list = take_list(outer, "trace", LIMIT_AUTHRES * G_N_ELEMENTS(SHAPES));
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) tuple = g_variant_get_child_value(list, i);
        GVariantIter members;
        g_variant_iter_init(&members, tuple);
        struct reader reader = {&members, outer->complaint};
        struct trace_field *field = g_new0(struct trace_field, 1);
        field->kind = take_number(&reader, "trace", TRACE_PARTIAL_SIGNATURE);
        field->text = take_text(&reader, "trace", SHAPES[field->kind], LIMIT_HEADER_BYTES);
        if (++count[field->kind] > LIMIT_AUTHRES) {
            complain(outer, "trace");
        }
        g_ptr_array_add(trace, field);
    }
}

static void take_attachments(struct reader *outer, GPtrArray *attachments)
{
    g_autoptr(GVariant) list = take_list(outer, "attachments", LIMIT_ATTACHMENTS);
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) tuple = g_variant_get_child_value(list, i);
        GVariantIter members;
        g_variant_iter_init(&members, tuple);
        struct reader reader = {&members, outer->complaint};
        struct attachment *attachment = g_new0(struct attachment, 1);
        attachment->name = take_text(&reader, "attachment name", SHAPE_FILE_NAME,
                                     LIMIT_NAME_CHARS * (size_t)4);
        attachment->stated_name = take_text(&reader, "stated name", SHAPE_LINE, LIMIT_HEADER_BYTES);
        attachment->type = take_text(&reader, "attachment type", SHAPE_MEDIA_TYPE,
                                     LIMIT_MESSAGE_ID_BYTES);
        attachment->content_id = take_text(&reader, "content id", SHAPE_LINE,
                                           LIMIT_MESSAGE_ID_BYTES);
        attachment->is_inline = take_bool(&reader);
        g_autoptr(GVariant) bytes = g_variant_iter_next_value(&members);
        attachment->bytes = g_variant_get_uint64(bytes);
        if (attachment->bytes > LIMIT_MAIL_BYTES) {
            complain(outer, "attachment size");
        }
        g_ptr_array_add(attachments, attachment);
    }
}

static void take_bounces(struct reader *outer, GPtrArray *bounces)
{
    g_autoptr(GVariant) list = take_list(outer, "bounces", LIMIT_RECIPIENTS);
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) tuple = g_variant_get_child_value(list, i);
        GVariantIter members;
        g_variant_iter_init(&members, tuple);
        struct reader reader = {&members, outer->complaint};
        struct bounce *bounce = g_new0(struct bounce, 1);
        bounce->recipient = take_text(&reader, "bounce", SHAPE_LINE, LIMIT_MESSAGE_ID_BYTES);
        bounce->action = take_text(&reader, "bounce", SHAPE_LINE, LIMIT_MESSAGE_ID_BYTES);
        bounce->status = take_text(&reader, "bounce", SHAPE_LINE, LIMIT_MESSAGE_ID_BYTES);
        bounce->diagnostic = take_text(&reader, "bounce", SHAPE_LINE, LIMIT_HEADER_BYTES);
        g_ptr_array_add(bounces, bounce);
    }
}

/* Replace a member that facts_new() had filled. */
static void set_text(char **member, char *text)
{
    g_free(*member);
    *member = text;
}

static void take_subject(struct reader *reader, const char *field, char **subject_out)
{
    set_text(subject_out, take_text(reader, field, SHAPE_LINE, LIMIT_SUBJECT_CHARS * (size_t)4));
    if (g_utf8_strlen(*subject_out, -1) > LIMIT_SUBJECT_CHARS) {
        complain(reader, field);
    }
}

static void take_header_facts(struct reader *reader, struct facts *facts)
{
    facts->message_id = take_maybe_text(reader, "message id", SHAPE_ID, LIMIT_MESSAGE_ID_BYTES);
    take_texts(reader, "in-reply-to", SHAPE_ID, LIMIT_REFERENCES, LIMIT_MESSAGE_ID_BYTES,
               facts->in_reply_to);
    take_texts(reader, "references", SHAPE_ID, LIMIT_REFERENCES, LIMIT_MESSAGE_ID_BYTES,
               facts->references);
    facts->date_us = take_int64(reader);
    take_subject(reader, "subject", &facts->subject);
    facts->from = take_maybe_address(reader, "from");
    set_text(&facts->from_text, take_text(reader, "from text", SHAPE_LINE, LIMIT_HEADER_BYTES));
    take_addresses(reader, "to", facts->to);
    take_addresses(reader, "cc", facts->cc);
    take_addresses(reader, "reply-to", facts->reply_to);
    take_texts(reader, "delivered-to", SHAPE_ADDRESS, LIMIT_RECIPIENTS, LIMIT_ADDRESS_BYTES,
               facts->delivered_to);
    facts->return_path = take_maybe_text(reader, "return path", SHAPE_RETURN, LIMIT_ADDRESS_BYTES);
    take_texts(reader, "header", SHAPE_LINE, LIMIT_RULE_HEADERS,
               LIMIT_RULE_HEADER_CHARS * (size_t)4, facts->headers);
}

enum status facts_from_variant(GVariant *value, struct facts **facts_out, struct err *err)
{
    if (!g_variant_is_of_type(value, G_VARIANT_TYPE(FACTS_TYPE)) ||
        !g_variant_is_normal_form(value)) {
        return err_set(err, ST_INVALID, "the parser's answer is no facts in normal form");
    }
    const char *complaint = NULL;
    GVariantIter members;
    g_variant_iter_init(&members, value);
    struct reader reader = {&members, &complaint};
    struct facts *facts = facts_new();

    take_header_facts(&reader, facts);
    facts->is_ambiguous = take_bool(&reader);
    set_text(&facts->ambiguity, take_text(&reader, "ambiguity", SHAPE_LINE, LIMIT_HEADER_BYTES));
    facts->auto_kind = take_number(&reader, "auto kind", AUTO_REACTION);
    set_text(&facts->auto_reason,
             take_text(&reader, "auto reason", SHAPE_LINE, LIMIT_HEADER_BYTES));
    facts->received_count = take_number(&reader, "received count", LIMIT_HEADERS);
    take_trace(&reader, facts->trace);
    facts->text_source = take_number(&reader, "text source", TEXT_HTML);
    set_text(&facts->text, take_text(&reader, "text", SHAPE_LINES, LIMIT_TEXT_BYTES));
    take_attachments(&reader, facts->attachments);
    facts->attachments_left_out = take_number(&reader, "attachments left out",
                                              LIMIT_BOUNDARY_LINES);
    facts->is_cut = take_bool(&reader);
    facts->are_recipients_odd = take_bool(&reader);
    take_bounces(&reader, facts->bounces);
    facts->bounced_id = take_maybe_text(&reader, "bounced id", SHAPE_ID, LIMIT_MESSAGE_ID_BYTES);
    facts->forwarded_from = take_maybe_address(&reader, "forwarded from");
    take_subject(&reader, "forwarded subject", &facts->forwarded_subject);

    if (complaint) {
        facts_free(facts);
        return err_set(err, ST_INVALID, "the parser's answer has a wrong %s", complaint);
    }
    *facts_out = facts;
    return ST_OK;
}
