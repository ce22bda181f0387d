/* Files on their way to somebody else: no token stays in a text or a mail, and nothing else changes. */
#include "gateway/notice_file.h"
#include "notice_sample.h"

/* With Latin letters as they stand in UTF-16, little endian. */
static GString *widened(const char *text, size_t width)
{
    GString *wide = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        g_string_append_c(wide, *text);
        for (size_t i = 1; i < width; i++) {
            g_string_append_c(wide, '\0');
        }
    }
    return wide;
}

/* In base64, on lines of 76 characters. */
static GString *encoded(const char *text, const char *line_end)
{
    g_autofree char *all = g_base64_encode((const guchar *)text, strlen(text));
    GString *lines = g_string_new(NULL);

    for (size_t at = 0; at < strlen(all); at += 76) {
        g_string_append_printf(lines, "%.76s%s", all + at, line_end);
    }
    return lines;
}

static GString *broken(const char *text, const char *with)
{
    GString *lines = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        g_string_append_printf(lines, "%c%s", *text, *text == 'i' ? with : "");
    }
    return lines;
}

enum form { PLAIN, WIDE, WIDEST, SOFT_CRLF, SOFT_LF, BASE64_CRLF, BASE64_LF };

static GString *form_of(enum form form, const char *text)
{
    switch (form) {
    case PLAIN:
        return g_string_new(text);
    case WIDE:
        return widened(text, 2);
    case WIDEST:
        return widened(text, 4);
    case SOFT_CRLF:
        return broken(text, "=\r\n");
    case SOFT_LF:
        return broken(text, "=\n");
    case BASE64_CRLF:
        return encoded(text, "\r\n");
    case BASE64_LF:
        return encoded(text, "\n");
    }
    return NULL;
}

static const struct {
    const char *name;
    const char *type;
    enum form form;
    bool is_masked;
} CASES[] = {
    {"a.txt", "text/plain", PLAIN, true},
    {"a.txt", "text/plain", WIDE, true},
    {"a.txt", "text/plain", WIDEST, true},
    {"a.html", "text/html", SOFT_CRLF, true},
    {"a.txt", "application/octet-stream", PLAIN, true},
    {"a.eml", "message/rfc822", PLAIN, true},
    {"a", "MESSAGE/rfc822", SOFT_LF, true},
    {"A.EML", "application/octet-stream", BASE64_CRLF, true},
    {"a.eml", "message/rfc822", BASE64_LF, true},
    {"a.msg", "application/vnd.ms-outlook", WIDE, true},
    {"a.bin", "application/octet-stream", PLAIN, false},
    {"a.png", "image/png", WIDE, false},
};

static GBytes *content_of(const char *name, const char *type, GString *content)
{
    struct due_attachment file = {.name = name, .type = type, .bytes = (int64_t)content->len};
    g_autoptr(GBytes) bytes = g_bytes_new(content->str, content->len);

    file.content = bytes;
    return notice_file_content(&file);
}

static bool is_same(GBytes *bytes, const GString *string)
{
    return g_bytes_get_size(bytes) == string->len &&
           memcmp(g_bytes_get_data(bytes, NULL), string->str, string->len) == 0;
}

Test(notice_file, has_no_token_in_a_text_or_a_mail_and_is_else_as_it_was)
{
    static const char START[] = "From: Desk <support@desk.example>\nReply-To: support+";
    static const char REST[] =
        "@desk.example\n\nHello, and so on and so on, until a line is long enough.\n";

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *stars = g_strnfill(TOKEN_CHARS, '*');
        g_autofree char *text = g_strconcat(START, contact_token, REST, technician_token, "\n",
                                            NULL);
        g_autofree char *clean = g_strconcat(START, stars, REST, stars, "\n", NULL);
        g_autoptr(GString) before = form_of(CASES[i].form, text);
        g_autoptr(GString) after = form_of(CASES[i].form, clean);
        g_autoptr(GBytes) got = content_of(CASES[i].name, CASES[i].type, before);

        if (CASES[i].form == SOFT_CRLF ||
            CASES[i].form == SOFT_LF) { /* its breaks depend on the letters */
            cr_assert_not_null(strstr(before->str, "qaaaaaa"));
            cr_expect_eq(g_bytes_get_size(got), before->len, "case %zu", i);
            cr_expect_null(g_strstr_len(g_bytes_get_data(got, NULL), (gssize)before->len,
                                        "qaaaaaa"),
                           "case %zu: %s", i, (const char *)g_bytes_get_data(got, NULL));
        } else {
            cr_expect(is_same(got, CASES[i].is_masked ? after : before), "case %zu: %.*s", i,
                      (int)g_bytes_get_size(got), (const char *)g_bytes_get_data(got, NULL));
        }
    }
}

Test(notice_file, is_cleaned_in_linear_time)
{
    static const char *const FILLS[] = {"\0", "c", "cd", "=\n", "c=\n", "c\0", "AAAA"};

    for (size_t i = 0; i < G_N_ELEMENTS(FILLS); i++) {
        g_autoptr(GString) content = g_string_new(NULL);
        size_t length = MAX(strlen(FILLS[i]), 1) + (i == 5);

        while (content->len < 300000) {
            g_string_append_len(content, FILLS[i], (gssize)length);
        }
        gint64 start = g_get_monotonic_time();
        g_autoptr(GBytes) got = content_of("a.eml", "message/rfc822", content);

        cr_expect(is_same(got, content), "fill %zu", i);
        cr_expect_lt(g_get_monotonic_time() - start, 5 * G_USEC_PER_SEC, "fill %zu", i);
    }
}
