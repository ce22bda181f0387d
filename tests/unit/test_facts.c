/* test_facts - facts to a variant and back, and every lie a taken-over parser could tell */
#include <string.h>

#include <criterion/criterion.h>

#include "core/limits.h"
#include "message/facts.h"

static struct attachment *new_attachment(const char *name, const char *type, uint64_t bytes)
{
    struct attachment *attachment = g_new0(struct attachment, 1);
    attachment->name = g_strdup(name);
    attachment->stated_name = g_strdup("../../x");
    attachment->type = g_strdup(type);
    attachment->content_id = g_strdup("logo@acme.example");
    attachment->is_inline = true;
    attachment->bytes = bytes;
    return attachment;
}

static void set(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

/* Facts with something in every member. */
static struct facts *full_facts(void)
{
    struct facts *facts = facts_new();
    facts->message_id = g_strdup("a1@acme.example");
    g_ptr_array_add(facts->in_reply_to, g_strdup("r1@desk.example"));
    g_ptr_array_add(facts->references, g_strdup("r0@desk.example"));
    g_ptr_array_add(facts->references, g_strdup("r1@desk.example"));
    facts->date_us = -1234567890123;
    set(&facts->subject, "Drucker kaputt – schon wieder");
    facts->from = address_new("Anna@acme.example", "Anna Müller");
    set(&facts->from_text, "\"Anna Müller\" <Anna@acme.example>");
    g_ptr_array_add(facts->to, address_new("support@desk.example", ""));
    g_ptr_array_add(facts->cc, address_new("\"odd one\"@acme.example", "Odd"));
    g_ptr_array_add(facts->reply_to, address_new("anna@home.example", ""));
    g_ptr_array_add(facts->delivered_to, g_strdup("support+abc@desk.example"));
    facts->return_path = g_strdup("");
    facts->is_ambiguous = true;
    set(&facts->ambiguity, "two Subject fields");
    facts->auto_kind = AUTO_BOUNCE;
    set(&facts->auto_reason, "Auto-Submitted: auto-replied");
    facts->received_count = 3;
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_RECEIVED, "mx.desk.example"));
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_AUTHRES, "mx; dkim=pass"));
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_HANDOVER, "localhost"));
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_AUTH_AS, "Internal"));
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_PARTIAL_SIGNATURE, "acme.example"));
    facts->text_source = TEXT_HTML;
    set(&facts->text, "Guten Tag\n\n\tes brennt.\n");
    g_ptr_array_add(facts->attachments, new_attachment("x.pdf", "application/pdf", 12345));
    facts->attachments_left_out = 2;
    facts->is_cut = true;
    struct bounce *bounce = bounce_new();
    set(&bounce->recipient, "gone@acme.example");
    set(&bounce->action, "failed");
    set(&bounce->status, "5.1.1");
    set(&bounce->diagnostic, "550 no such user");
    g_ptr_array_add(facts->bounces, bounce);
    facts->bounced_id = g_strdup("ours.1@desk.example");
    facts->forwarded_from = address_new("otto@other.example", "Otto");
    set(&facts->forwarded_subject, "Größe");
    return facts;
}

/* What arrives at the other end of a pipe: the same bytes in memory of their own. */
static GVariant *over_the_pipe(const struct facts *facts)
{
    g_autoptr(GVariant) sent = facts_to_variant(facts);
    g_autoptr(GBytes) bytes = g_bytes_new(g_variant_get_data(sent), g_variant_get_size(sent));
    return g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(FACTS_TYPE), bytes, FALSE));
}

static void expect_same(const char *name, const struct facts *facts)
{
    struct err err = {.status = ST_OK};
    g_autoptr(GVariant) first = over_the_pipe(facts);
    OWNED(facts) read = NULL;
    cr_assert_eq(facts_from_variant(first, &read, &err), ST_OK, "%s: %s", name, err.text);
    g_autoptr(GVariant) second = facts_to_variant(read);
    cr_expect(g_variant_equal(first, second), "%s: came back otherwise", name);
}

Test(facts, come_back_as_they_were)
{
    OWNED(facts) full = full_facts();
    OWNED(facts) empty = facts_new();
    expect_same("full", full);
    expect_same("empty", empty);
}

Test(facts, are_read_into_the_right_members)
{
    struct err err = {.status = ST_OK};
    OWNED(facts) facts = full_facts();
    g_autoptr(GVariant) value = over_the_pipe(facts);
    OWNED(facts) read = NULL;
    cr_assert_eq(facts_from_variant(value, &read, &err), ST_OK, "%s", err.text);
    const struct address *to = read->to->pdata[0];
    const struct attachment *attachment = read->attachments->pdata[0];
    const struct trace_field *trace = read->trace->pdata[1];
    const struct bounce *bounce = read->bounces->pdata[0];

    cr_expect_str_eq(read->message_id, "a1@acme.example");
    cr_expect_str_eq(read->references->pdata[1], "r1@desk.example");
    cr_expect_eq(read->date_us, -1234567890123);
    cr_expect_str_eq(read->from->name, "Anna Müller");
    cr_expect_str_eq(to->address, "support@desk.example");
    cr_expect_str_eq(read->return_path, "");
    cr_expect(read->is_ambiguous);
    cr_expect_eq(read->auto_kind, AUTO_BOUNCE);
    cr_expect_eq(read->received_count, 3);
    cr_expect_eq(trace->kind, TRACE_AUTHRES);
    cr_expect_str_eq(trace->text, "mx; dkim=pass");
    cr_expect_eq(read->text_source, TEXT_HTML);
    cr_expect_str_eq(attachment->type, "application/pdf");
    cr_expect(attachment->is_inline);
    cr_expect_eq(attachment->bytes, 12345);
    cr_expect_null(attachment->content);
    cr_expect_eq(read->attachments_left_out, 2);
    cr_expect_str_eq(read->forwarded_from->address, "otto@other.example");
    cr_expect_str_eq(read->forwarded_subject, "Größe");
    cr_expect(read->is_cut);
    cr_expect_str_eq(bounce->status, "5.1.1");
    cr_expect_str_eq(read->bounced_id, "ours.1@desk.example");
}

/* ---- lies -------------------------------------------------------------------------------------- */

static char *repeat(const char *unit, size_t count)
{
    GString *text = g_string_sized_new(strlen(unit) * count);
    for (size_t i = 0; i < count; i++) {
        g_string_append(text, unit);
    }
    return g_string_free(text, FALSE);
}

static void set_repeated(char **member, const char *unit, size_t count)
{
    g_free(*member);
    *member = repeat(unit, count);
}

static void long_id(struct facts *facts)
{
    set_repeated(&facts->message_id, "i", LIMIT_MESSAGE_ID_BYTES + 1);
}
static void empty_id(struct facts *facts)
{
    set(&facts->message_id, "");
}
static void id_with_brackets(struct facts *facts)
{
    g_ptr_array_add(facts->references, g_strdup("a> <b"));
}
static void many_references(struct facts *facts)
{
    while (facts->references->len <= LIMIT_REFERENCES) {
        g_ptr_array_add(facts->references, g_strdup("a@b"));
    }
}
static void long_subject(struct facts *facts)
{
    set_repeated(&facts->subject, "x", LIMIT_SUBJECT_CHARS + 1);
}
static void subject_of_two_lines(struct facts *facts)
{
    set(&facts->subject, "a\nBcc: everyone@acme.example");
}
static void subject_with_separator(struct facts *facts)
{
    set(&facts->subject, "a\xE2\x80\xA8z");
}
static void address_without_at(struct facts *facts)
{
    set(&facts->from->address, "anna");
}
static void address_in_upper_case(struct facts *facts)
{
    set(&facts->from->address, "anna@ACME.example");
}
static void address_with_line_feed(struct facts *facts)
{
    set(&facts->from->address, "an\nna@acme.example");
}
static void address_that_is_not_ascii(struct facts *facts)
{
    set(&facts->from->address, "ann\xC3\xA4@acme.example");
}
static void address_without_domain(struct facts *facts)
{
    g_ptr_array_add(facts->delivered_to, g_strdup("anna@"));
}
static void long_local_part(struct facts *facts)
{
    g_autofree char *local = repeat("l", LIMIT_LOCAL_PART_BYTES + 1);
    g_ptr_array_add(facts->delivered_to, g_strconcat(local, "@acme.example", NULL));
}
static void long_name(struct facts *facts)
{
    set_repeated(&facts->from->name, "n", LIMIT_NAME_CHARS + 1);
}
static void many_recipients(struct facts *facts)
{
    while (facts->cc->len <= LIMIT_RECIPIENTS) {
        g_ptr_array_add(facts->cc, address_new("a@b", ""));
    }
}
static void wrong_return_path(struct facts *facts)
{
    set(&facts->return_path, "<>");
}
static void unknown_auto_kind(struct facts *facts)
{
    facts->auto_kind = AUTO_REACTION + 1;
}
static void unknown_text_source(struct facts *facts)
{
    facts->text_source = TEXT_HTML + 1;
}
static void unknown_trace_kind(struct facts *facts)
{
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_PARTIAL_SIGNATURE + 1, "x"));
}
static void authres_that_is_not_ascii(struct facts *facts)
{
    g_ptr_array_add(facts->trace, trace_field_new(TRACE_AUTHRES, "\xC3\xA4"));
}
static void many_of_one_trace_kind(struct facts *facts)
{
    while (facts->trace->len <= 2 * LIMIT_AUTHRES) {
        g_ptr_array_add(facts->trace, trace_field_new(TRACE_AUTHRES, "x"));
    }
}
static void long_text(struct facts *facts)
{
    set_repeated(&facts->text, "t", LIMIT_TEXT_BYTES + 1);
}
static void text_with_escape(struct facts *facts)
{
    set(&facts->text, "a\x1b[2Jz");
}
static void text_with_c1_control(struct facts *facts)
{
    set(&facts->text, "a\xC2\x9Bz");
}
static void subject_with_paragraph_separator(struct facts *facts)
{
    set(&facts->subject, "a\xE2\x80\xA9");
}
static void text_with_carriage_return(struct facts *facts)
{
    set(&facts->text, "a\r\nz");
}
static void name_that_is_a_path(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("../x", "a/b", 1));
}
static void name_that_is_dots(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("..", "a/b", 1));
}
static void name_that_is_empty(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("", "a/b", 1));
}
static void type_without_slash(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("x", "ab", 1));
}
static void type_in_upper_case(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("x", "Text/plain", 1));
}
static void attachment_too_large(struct facts *facts)
{
    g_ptr_array_add(facts->attachments, new_attachment("x", "a/b", LIMIT_MAIL_BYTES + 1));
}
static void many_attachments(struct facts *facts)
{
    while (facts->attachments->len <= LIMIT_ATTACHMENTS) {
        g_ptr_array_add(facts->attachments, new_attachment("x", "a/b", 1));
    }
}
static void many_bounces(struct facts *facts)
{
    while (facts->bounces->len <= LIMIT_RECIPIENTS) {
        g_ptr_array_add(facts->bounces, bounce_new());
    }
}
static void forwarded_subject_of_two_lines(struct facts *facts)
{
    set(&facts->forwarded_subject, "a\nb");
}
static void forwarded_subject_too_long(struct facts *facts)
{
    g_free(facts->forwarded_subject);
    facts->forwarded_subject = g_strnfill(LIMIT_SUBJECT_CHARS + 1, 'x');
}
static void forwarded_from_without_at(struct facts *facts)
{
    address_free(facts->forwarded_from);
    facts->forwarded_from = address_new("otto", "");
}
static void many_received(struct facts *facts)
{
    facts->received_count = LIMIT_HEADERS + 1;
}

static const struct {
    const char *name;
    void (*spoil)(struct facts *facts);
    const char *want; /* named in the error */
} LIES[] = {
    {"an id above the limit", long_id, "message id"},
    {"an empty id", empty_id, "message id"},
    {"an id with angle brackets", id_with_brackets, "references"},
    {"more references than are kept", many_references, "references"},
    {"a subject above the limit", long_subject, "subject"},
    {"a subject of two lines", subject_of_two_lines, "subject"},
    {"a subject with a line separator", subject_with_separator, "subject"},
    {"an address without @", address_without_at, "from"},
    {"a domain in upper case", address_in_upper_case, "from"},
    {"an address with a line feed", address_with_line_feed, "from"},
    {"an address that is not ASCII", address_that_is_not_ascii, "from"},
    {"an address without a domain", address_without_domain, "delivered-to"},
    {"a local part above the limit", long_local_part, "delivered-to"},
    {"a display name above the limit", long_name, "from"},
    {"more recipients than are looked at", many_recipients, "cc"},
    {"a return path in brackets", wrong_return_path, "return path"},
    {"a kind of machine nobody knows", unknown_auto_kind, "auto kind"},
    {"a source of text nobody knows", unknown_text_source, "text source"},
    {"a kind of trace nobody knows", unknown_trace_kind, "trace"},
    {"an authentication result that is not ASCII", authres_that_is_not_ascii, "trace"},
    {"too many traces of one kind", many_of_one_trace_kind, "trace"},
    {"a text above the limit", long_text, "text"},
    {"a text with an escape sequence", text_with_escape, "text"},
    {"a text with a C1 control", text_with_c1_control, "text"},
    {"a subject with a paragraph separator", subject_with_paragraph_separator, "subject"},
    {"a text with carriage returns", text_with_carriage_return, "text"},
    {"a file name that is a path", name_that_is_a_path, "attachment name"},
    {"a file name that is a folder", name_that_is_dots, "attachment name"},
    {"an empty file name", name_that_is_empty, "attachment name"},
    {"a media type without slash", type_without_slash, "attachment type"},
    {"a media type in upper case", type_in_upper_case, "attachment type"},
    {"an attachment larger than any mail", attachment_too_large, "attachment size"},
    {"too many attachments", many_attachments, "attachments"},
    {"too many bounces", many_bounces, "bounces"},
    {"more Received fields than headers", many_received, "received count"},
    {"a forwarded subject of two lines", forwarded_subject_of_two_lines, "forwarded subject"},
    {"a forwarded subject above the limit", forwarded_subject_too_long, "forwarded subject"},
    {"a forwarded sender without @", forwarded_from_without_at, "forwarded from"},
};

Test(facts, that_break_a_limit_are_refused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LIES); i++) {
        struct err err = {.status = ST_OK};
        OWNED(facts) facts = full_facts();
        LIES[i].spoil(facts);
        g_autoptr(GVariant) value = over_the_pipe(facts);
        OWNED(facts) read = NULL;
        enum status got = facts_from_variant(value, &read, &err);
        cr_expect_eq(got, ST_INVALID, "%s: got %s", LIES[i].name, status_name(got));
        cr_expect_null(read, "%s", LIES[i].name);
        cr_expect_not_null(strstr(err.text, LIES[i].want), "%s: said \"%s\"", LIES[i].name,
                           err.text);
    }
}

/* At the limits themselves honest facts pass. */
Test(facts, at_their_limits_pass)
{
    OWNED(facts) facts = full_facts();
    set_repeated(&facts->message_id, "i", LIMIT_MESSAGE_ID_BYTES);
    set_repeated(&facts->subject, "\xF0\x9F\x94\xA5", LIMIT_SUBJECT_CHARS);
    set_repeated(&facts->from->name, "\xF0\x9F\x94\xA5", LIMIT_NAME_CHARS);
    set_repeated(&facts->text, "t", LIMIT_TEXT_BYTES);
    g_autofree char *name = repeat("\xF0\x9F\x94\xA5", LIMIT_NAME_CHARS);
    while (facts->attachments->len < LIMIT_ATTACHMENTS) {
        g_ptr_array_add(facts->attachments, new_attachment(name, "a/b", LIMIT_MAIL_BYTES));
    }
    while (facts->cc->len < LIMIT_RECIPIENTS) {
        g_ptr_array_add(facts->cc, address_new("a@b", ""));
    }
    expect_same("limits", facts);
}

Test(facts, of_another_type_are_refused)
{
    struct err err = {.status = ST_OK};
    OWNED(facts) read = NULL;
    g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_new_string("facts"));
    cr_expect_eq(facts_from_variant(value, &read, &err), ST_INVALID);
}

/* Every octet of a value spoilt in turn: refused, or facts that hold (a sanitizer watches). */
Test(facts, with_any_octet_changed_never_break_the_reader)
{
    OWNED(facts) facts = full_facts();
    g_autoptr(GVariant) value = facts_to_variant(facts);
    gsize size = g_variant_get_size(value);
    unsigned refused = 0;

    for (gsize i = 0; i < size; i++) {
        for (unsigned flip = 1; flip < 256; flip += 37) {
            struct err err = {.status = ST_OK};
            g_autofree uint8_t *bytes = g_memdup2(g_variant_get_data(value), size);
            bytes[i] ^= (uint8_t)flip;
            g_autoptr(GBytes) exact = g_bytes_new(bytes, size);
            g_autoptr(GVariant) spoilt = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE(FACTS_TYPE), exact, FALSE));
            OWNED(facts) read = NULL;
            refused += facts_from_variant(spoilt, &read, &err) != ST_OK;
        }
    }
    cr_expect_gt(refused, 100, "refused %u", refused);
}

Test(facts, name_every_kind_of_machine)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (int kind = AUTO_NONE; kind <= AUTO_REACTION; kind++) {
        const char *name = auto_kind_name((enum auto_kind)kind);
        cr_expect_str_neq(name, "?");
        cr_expect(g_hash_table_add(names, (char *)name), "%s twice", name);
    }
}
