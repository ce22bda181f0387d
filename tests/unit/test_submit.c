/* Unit tests of net/reply, net/smtp_check and net/loopback: what goes into an SMTP talk, what is read. */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "net/loopback.h"
#include "net/reply.h"
#include "net/smtp.h"

static const struct {
    const char *name;
    const char *lines[4];
    int want_code;
    const char *want_enhanced;
    const char *want_text;
} REPLIES[] = {
    {"plain", {"250 ok\r\n"}, 250, "", "250 ok"},
    {"enhanced", {"550 5.1.1 no such user\r\n"}, 550, "5.1.1", "550 5.1.1 no such user"},
    {"no text", {"250\r\n"}, 250, "", "250"},
    {"blank and no text", {"250 \r\n"}, 250, "", "250"},
    {"only an enhanced code", {"250 2.0.0\r\n"}, 250, "2.0.0", "250 2.0.0"},
    {"several lines",
     {"550-5.7.1 Our system has detected\r\n", "550-5.7.1 that this is spam. See\r\n",
      "550 5.7.1 https://x.example\r\n"},
     550,
     "5.7.1",
     "550 5.7.1 Our system has detected that this is spam. See https://x.example"},
    {"an enhanced code in the second line only",
     {"450-try\r\n", "450 4.2.0 later\r\n"},
     450,
     "",
     "450 try later"},
    {"bare line feed", {"354 go\n"}, 354, "", "354 go"},
    {"three digits", {"451 4.123.999 x"}, 451, "4.123.999", "451 4.123.999 x"},
    {"four digits", {"451 4.1234.9 x"}, 451, "", "451 4.1234.9 x"},
    {"a version that looks like a code", {"220 1.2.3.4 ready"}, 220, "", "220 1.2.3.4 ready"},
    {"controls and bad UTF-8", {"250 a\x1b[31m\xff\0b"}, 250, "", "250 a [31m\xef\xbf\xbd"},
    {"no code", {"hello"}, 0, "", "hello"},
    {"a code that is none", {"099 x"}, 0, "", "099 x"},
    {"a code and a letter", {"250x"}, 0, "", "250x"},
    {"empty", {""}, 0, "", ""},
};

Test(reply, reads_what_servers_answer)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REPLIES); i++) {
        struct reply reply = {.code = 0};
        for (size_t line = 0; REPLIES[i].lines[line]; line++) {
            size_t length = strlen(REPLIES[i].lines[line]);
            g_autofree char *exact = g_memdup2(REPLIES[i].lines[line], MAX(length, 1));
            bool is_last = REPLIES[i].lines[line + 1] == NULL;
            cr_expect_eq(reply_add(&reply, exact, length), is_last, "%s: line %zu", REPLIES[i].name,
                         line);
        }
        cr_expect_eq(reply.code, REPLIES[i].want_code, "%s: got %d", REPLIES[i].name, reply.code);
        cr_expect_str_eq(reply.enhanced, REPLIES[i].want_enhanced, "%s: got \"%s\"",
                         REPLIES[i].name, reply.enhanced);
        cr_expect_str_eq(reply.text, REPLIES[i].want_text, "%s: got \"%s\"", REPLIES[i].name,
                         reply.text);
        cr_expect_eq(reply_class(&reply), REPLIES[i].want_code / 100);
    }
}

Test(reply, begins_anew_after_the_last_line)
{
    struct reply reply = {.code = 0};

    cr_expect(reply_add(&reply, "250 2.1.0 ok", 12));
    cr_expect(reply_add(&reply, "550 no", 6));
    cr_expect_eq(reply.code, 550);
    cr_expect_str_eq(reply.enhanced, "");
    cr_expect_str_eq(reply.text, "550 no");
}

Test(reply, stays_small_whatever_a_server_says)
{
    g_autofree char *words = g_strnfill(4996, 'x');
    g_autofree char *line = g_strconcat("250-", words, NULL);
    struct reply reply = {.code = 0};

    for (int i = 0; i < 1000; i++) {
        cr_expect_not(reply_add(&reply, line, 5000));
    }
    cr_expect_leq(strlen(reply.text), (size_t)LIMIT_REPLY_CHARS * 4 - 1);
    cr_expect_eq(reply.code, 250);
}

static const struct {
    const char *address;
    enum status want;
} ADDRESSES[] = {
    {"anna@acme.example", ST_OK},
    {"support+abc234@desk.example", ST_OK},
    {"a.b_c-d=e!#$%&'*/?^`{|}~@x.example", ST_OK},
    {"root@localhost", ST_OK},
    {"", ST_INVALID},
    {"anna", ST_INVALID},
    {"@acme.example", ST_INVALID},
    {"anna@", ST_INVALID},
    {"a@b@c.example", ST_INVALID},
    {"anna @acme.example", ST_INVALID},
    {"anna@acme.example ", ST_INVALID},
    {"<anna@acme.example>", ST_INVALID},
    {"anna@acme.example>\r\nDATA", ST_INVALID},
    {"anna@acme.example\r\n", ST_INVALID},
    {"anna@acme.example\n", ST_INVALID},
    {"anna@acme.example\t", ST_INVALID},
    {"anna@acme.example> NOTIFY=NEVER", ST_INVALID},
    {"\"anna\"@acme.example", ST_INVALID},
    {"anna@[127.0.0.1]", ST_INVALID},
    {"ann\xc3\xa4@acme.example", ST_INVALID},
    {"anna@acme.example,b@c.example", ST_INVALID},
};

Test(submit, takes_only_addresses_that_are_no_commands)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *exact = g_strdup(ADDRESSES[i].address);
        enum status got = submit_check_address(exact, &err);
        cr_expect_eq(got, ADDRESSES[i].want, "\"%s\": got %s", exact, status_name(got));
        cr_expect_not(strpbrk(err.text, "\r\n\t"), "\"%s\": the text holds a control", exact);
    }
}

Test(submit, knows_how_long_an_address_may_be)
{
    static const struct {
        size_t name;
        size_t domain;
        enum status want;
    } CASES[] = {{64, 100, ST_OK}, {65, 100, ST_INVALID}, {64, 189, ST_OK}, {64, 190, ST_INVALID}};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *name = g_strnfill(CASES[i].name, 'a');
        g_autofree char *domain = g_strnfill(CASES[i].domain, 'b');
        g_autofree char *address = g_strdup_printf("%s@%s", name, domain);
        cr_expect_eq(submit_check_address(address, &err), CASES[i].want, "%zu@%zu", CASES[i].name,
                     CASES[i].domain);
    }
}

static const struct {
    const char *name;
    const char *bytes;
    size_t length;
    enum status want;
} BODIES[] = {
    {"plain", "Subject: x\r\n\r\nhello\r\n", 21, ST_OK},
    {"a dot alone is stuffed later", "a\r\n.\r\nb\r\n", 9, ST_OK},
    {"empty line only", "\r\n", 2, ST_OK},
    {"8-bit", "\xc3\xa4\r\n", 4, ST_OK},
    {"empty", "", 0, ST_INVALID},
    {"no line end", "hello", 5, ST_INVALID},
    {"ends with LF", "hello\n", 6, ST_INVALID},
    {"ends with CR", "hello\r", 6, ST_INVALID},
    {"bare LF", "a\nb\r\n", 5, ST_INVALID},
    {"smuggling", "a\r\n.\nMAIL FROM:<x>\r\n", 20, ST_INVALID},
    {"smuggling with LF", "a\n.\r\nMAIL FROM:<x>\r\n", 20, ST_INVALID},
    {"smuggling with CR", "a\r.\r\nMAIL FROM:<x>\r\n", 20, ST_INVALID},
    {"bare CR", "a\rb\r\n", 5, ST_INVALID},
    {"CR CR LF", "a\r\r\n", 4, ST_INVALID},
    {"NUL", "a\0b\r\n", 5, ST_INVALID},
};

Test(submit, takes_only_mail_whose_end_is_plain)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BODIES); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *exact = g_memdup2(BODIES[i].bytes, MAX(BODIES[i].length, 1));
        enum status got = submit_check_bytes(exact, BODIES[i].length, &err);
        cr_expect_eq(got, BODIES[i].want, "%s: got %s", BODIES[i].name, status_name(got));
    }
    for (size_t extra = 0; extra < 2; extra++) {
        size_t length = LIMIT_SMTP_LINE_BYTES + extra;
        g_autofree char *line = g_strnfill(length, 'x');
        g_autofree char *mail = g_strconcat(line, "\r\n", NULL);
        struct err err = {.status = ST_OK};
        cr_expect_eq(submit_check_bytes(mail, length + 2, &err), extra ? ST_INVALID : ST_OK,
                     "a line of %zu bytes", length);
    }
}

Test(loopback, is_this_machine_and_nothing_else)
{
    static const struct {
        const char *address;
        bool want;
    } CASES[] = {
        {"127.0.0.1", true}, {"127.255.255.254", true},   {"128.0.0.1", false}, {"0.0.0.0", false},
        {"10.0.0.1", false}, {"1.0.0.127", false},        {"::1", true},        {"::", false},
        {"::2", false},      {"::ffff:127.0.0.1", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        bool is_4 = inet_pton(AF_INET, CASES[i].address, &in.sin_addr) == 1;
        cr_assert(is_4 || inet_pton(AF_INET6, CASES[i].address, &in6.sin6_addr) == 1);
        const void *address = is_4 ? (const void *)&in : (const void *)&in6;
        cr_expect_eq(loopback_is(address), CASES[i].want, "%s", CASES[i].address);
    }
    struct sockaddr other = {.sa_family = AF_UNIX};
    cr_expect_not(loopback_is(&other));
}
