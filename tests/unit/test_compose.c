/* Notices to bytes: exact headers, and no text of a stranger that becomes one. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "message/compose.h"

static struct compose sample(void)
{
    return (struct compose){
        .from_address = "support@desk.example",
        .from_name = "Ben Huber (Desk)",
        .to_address = "anna@acme.example",
        .subject = "Printer on fire",
        .message_id = "TOKEN.12@desk.example",
        .date_us = 1767600000000000,
        .text = "Hello,\n\nwe read it.\n",
    };
}

/* The mail as a string; fails the test if it is none. */
static char *made(const struct compose *compose)
{
    g_autoptr(GBytes) bytes = NULL;
    struct err err = {.status = ST_OK};
    enum status status = compose_mail(compose, &bytes, &err);

    cr_assert_eq(status, ST_OK, "%s", err.text);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

Test(compose, writes_a_plain_notice_exactly)
{
    struct compose compose = sample();
    g_autofree char *got = made(&compose);

    cr_expect_str_eq(got, "From: \"Ben Huber (Desk)\" <support@desk.example>\r\n"
                          "To: anna@acme.example\r\n"
                          "Subject: Printer on fire\r\n"
                          "Date: Mon, 05 Jan 2026 08:00:00 +0000\r\n"
                          "Message-Id: <TOKEN.12@desk.example>\r\n"
                          "MIME-Version: 1.0\r\n"
                          "Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
                          "Content-Transfer-Encoding: 7bit\r\n"
                          "\r\n"
                          "Hello,\r\n\r\nwe read it.\r\n");
}

static bool has(const char *mail, const char *needle)
{
    return strstr(mail, needle) != NULL;
}

Test(compose, says_that_a_notice_is_automatic)
{
    struct compose compose = sample();

    compose.is_automatic = true;
    g_autofree char *generated = made(&compose);
    cr_expect(has(generated, "\r\nAuto-Submitted: auto-generated\r\n"));
    cr_expect(has(generated, "\r\nX-Auto-Response-Suppress: All\r\n"));

    compose.is_reply = true;
    g_autofree char *replied = made(&compose);
    cr_expect(has(replied, "\r\nAuto-Submitted: auto-replied\r\n"));

    compose.is_automatic = false;
    g_autofree char *human = made(&compose);
    cr_expect_not(has(human, "Auto-Submitted"));
    cr_expect_not(has(human, "X-Auto-Response-Suppress"));
}

Test(compose, answers_with_the_first_and_the_newest_references)
{
    g_autoptr(GPtrArray) references = g_ptr_array_new_with_free_func(g_free);
    struct compose compose = sample();

    for (int i = 0; i < 30; i++) {
        g_ptr_array_add(references, g_strdup_printf("id%d@acme.example", i));
    }
    g_ptr_array_add(references, g_strdup("bad id@acme.example"));
    g_ptr_array_add(references, NULL);
    compose.in_reply_to = "id29@acme.example";
    compose.references = (const char *const *)references->pdata;

    g_autofree char *got = made(&compose);

    cr_expect(has(got, "\r\nIn-Reply-To: <id29@acme.example>\r\n"));
    cr_expect(has(got, "<id0@acme.example>"));
    cr_expect_not(has(got, "<id1@acme.example>"));
    cr_expect_not(has(got, "<id10@acme.example>"));
    cr_expect(has(got, "<id11@acme.example>"));
    cr_expect_not(has(got, "bad id"));
}

Test(compose, encodes_text_that_is_not_short_ascii)
{
    struct compose compose = sample();
    g_autofree char *wide = g_strnfill(2000, 'x');

    compose.text = "t\xC3\xA4xt\n-- \nBen";
    g_autofree char *eight_bit = made(&compose);
    cr_expect(has(eight_bit, "quoted-printable\r\n\r\nt=C3=A4xt\r\n--=20\r\nBen\r\n"), "%s",
              eight_bit);

    compose.text = wide;
    g_autofree char *long_line = made(&compose);
    cr_expect(has(long_line, "quoted-printable\r\n"));

    compose.text = "a\rb\r\nc\001\n.\n";
    g_autofree char *ends = made(&compose);
    cr_expect(has(ends, "7bit\r\n\r\na\r\nb\r\nc\r\n.\r\n"), "%s", ends);
}

Test(compose, carries_attachments_under_a_boundary_that_no_text_can_hold)
{
    struct compose_attachment attachments[] = {
        {"Pr\xC3\xBC"
         "fung.pdf",
         "application/pdf", g_bytes_new_static("hello", 5)},
        {"mail.eml", "message/rfc822", g_bytes_new_static("\x00\xFF", 2)},
        {"whole-text.txt", "text/plain; charset=utf-8", g_bytes_new_static("a", 1)},
        {"odd.txt", "text;charset=utf-8/plain", g_bytes_new_static("a", 1)},
        {"a\r\nX-Evil: 1.txt", "text/plain\r\nX-Evil: 1", g_bytes_new_static(NULL, 0)},
    };
    struct compose compose = sample();

    compose.attachments = attachments;
    compose.attachment_count = G_N_ELEMENTS(attachments);
    g_autofree char *first = made(&compose);
    const char *boundary = strstr(first, "boundary=\"");
    cr_assert_not_null(boundary);
    g_autofree char *value = g_strndup(boundary + 10, strcspn(boundary + 10, "\""));

    cr_expect(g_str_has_prefix(value, "=_"));
    cr_expect(has(first, "\r\naGVsbG8=\r\n"));
    cr_expect(has(first, "application/octet-stream; name=mail.eml"));
    cr_expect(has(first, "text/plain; charset=utf-8; name=whole-text.txt"), "%s", first);
    cr_expect(has(first, "application/octet-stream; name=odd.txt"), "%s", first);
    cr_expect_not(has(first, "\nX-Evil"));

    compose.text = value;
    g_autofree char *hostile = made(&compose);
    cr_expect(has(hostile, "quoted-printable\r\n\r\n=3D_"), "%s", hostile);

    compose.text = "Hello,\n\nwe read it.\n";
    g_autofree char *again = made(&compose);
    cr_expect_str_eq(first, again, "the same notice gives other bytes the second time");
    for (size_t i = 0; i < G_N_ELEMENTS(attachments); i++) {
        g_bytes_unref(attachments[i].content);
    }
}

static const struct {
    const char *name;
    struct compose compose;
} UNFIT[] = {
    {"From with CR LF",
     {.from_address = "a@b\r\nBcc: x@y", .to_address = "a@b", .message_id = "i@d"}},
    {"To with two addresses",
     {.from_address = "a@b", .to_address = "a@b, c@d", .message_id = "i@d"}},
    {"To with a bracket", {.from_address = "a@b", .to_address = "a@b>", .message_id = "i@d"}},
    {"empty To", {.from_address = "a@b", .to_address = "", .message_id = "i@d"}},
    {"Reply-To",
     {.from_address = "a@b", .to_address = "a@b", .reply_to_address = "x", .message_id = "i@d"}},
    {"id with a bracket", {.from_address = "a@b", .to_address = "a@b", .message_id = "i@d>"}},
    {"id with a blank", {.from_address = "a@b", .to_address = "a@b", .message_id = "i d@x"}},
    {"8-bit id", {.from_address = "a@b", .to_address = "a@b", .message_id = "\xC3\xBC@d"}},
    {"empty id", {.from_address = "a@b", .to_address = "a@b", .message_id = ""}},
};

Test(compose, refuses_addresses_and_ids_that_cannot_stand_in_a_header)
{
    for (size_t i = 0; i < G_N_ELEMENTS(UNFIT); i++) {
        struct compose compose = UNFIT[i].compose;
        g_autoptr(GBytes) bytes = NULL;
        struct err err = {.status = ST_OK};

        compose.subject = "s";
        compose.text = "t";
        cr_expect_eq(compose_mail(&compose, &bytes, &err), ST_INVALID, "%s", UNFIT[i].name);
    }
}

/* Pieces that have broken header writers before, and plain noise. */
static char *noise(GRand *random)
{
    static const char *const PIECES[] = {"\r\n",
                                         "\n",
                                         "\r",
                                         "Bcc: x@evil.test",
                                         "=?utf-8?q?=0D=0ABcc:_x?=",
                                         "\"",
                                         "\\",
                                         "<",
                                         ">",
                                         "x@evil.test",
                                         "\xE2\x80\xA8",
                                         "\xC3\xA4",
                                         "\xFF",
                                         "\xF0\x9F",
                                         "\xF0\x9F\x98\x80",
                                         "(",
                                         ")",
                                         ",",
                                         ";",
                                         ":",
                                         " ",
                                         "\t",
                                         "--=_",
                                         ".",
                                         "=?",
                                         "?=",
                                         "=",
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                         "\001",
                                         "\x1B$B",
                                         "\x7F",
                                         "\xC2\x85"};
    GString *text = g_string_new(NULL);
    int count = g_rand_int_range(random, 0, 40);

    for (int i = 0; i < count; i++) {
        if (g_rand_int_range(random, 0, 4) == 0) {
            g_string_append_c(text, (char)g_rand_int_range(random, 1, 256));
        } else {
            g_string_append(text, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
        }
    }
    return g_string_free(text, FALSE);
}

/* How many fields the header has, and whether every line of the mail follows the rules. */
static int count_fields(const char *mail, bool *is_clean_out)
{
    int fields = 0;
    bool is_header = true;

    *is_clean_out = true;
    while (*mail != '\0') {
        size_t length = strcspn(mail, "\r\n");

        *is_clean_out &= length <= 998 && mail[length] == '\r' && mail[length + 1] == '\n';
        for (size_t i = 0; i < length; i++) {
            *is_clean_out &= (mail[i] & 0x80) == 0;
        }
        if (!*is_clean_out) {
            return fields;
        }
        is_header = is_header && length > 0;
        fields += is_header && mail[0] != ' ' && mail[0] != '\t';
        mail += length + 2;
    }
    return fields;
}

Test(compose, no_byte_sequence_yields_a_second_header)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);

    for (int i = 0; i < 3000; i++) {
        g_autofree char *subject = noise(random);
        g_autofree char *from_name = noise(random);
        g_autofree char *to_name = noise(random);
        g_autofree char *text = noise(random);
        g_autofree char *in_reply_to = noise(random);
        struct compose compose = sample();
        g_autoptr(GBytes) bytes = NULL;
        struct err err = {.status = ST_OK};
        bool is_clean = false;

        compose.subject = subject;
        compose.from_name = from_name;
        compose.to_name = to_name;
        compose.text = text;
        compose.in_reply_to = in_reply_to;
        cr_assert_eq(compose_mail(&compose, &bytes, &err), ST_OK, "round %d: %s", i, err.text);

        g_autofree char *mail = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        int fields = count_fields(mail, &is_clean);

        cr_assert(is_clean, "round %d: a line breaks the rules: %s", i, mail);
        cr_assert(fields == 8 || (fields == 9 && has(mail, "\r\nIn-Reply-To: <")),
                  "round %d: %d fields: %s", i, fields, mail);
    }
}
