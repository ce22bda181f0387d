/* test_entry - what admins type comes into the form in which it is stored */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "cli/entry.h"

static const struct {
    const char *text;
    const char *want; /* NULL: refused */
    const char *want_key;
} ADDRESSES[] = {
    {"anna@acme.example", "anna@acme.example", "anna@acme.example"},
    {"Anna@Acme.Example", "Anna@acme.example", "anna@acme.example"},
    {"anna@b\xC3\xBC"
     "cher.example",
     "anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"},
    {"anna", NULL, NULL},
    {"@acme.example", NULL, NULL},
    {"anna@", NULL, NULL},
    {"Anna <anna@acme.example>", NULL, NULL},
    {"a b@acme.example", NULL, NULL},
    {"anna@acme.example\r\nRCPT TO:<x@y>", NULL, NULL},
};

Test(entry, takes_addresses)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        g_autofree char *address = NULL;
        g_autofree char *key = NULL;
        struct err err = {.status = ST_OK};
        enum status got = entry_address(ADDRESSES[i].text, &address, &key, &err);

        cr_expect_eq(got, ADDRESSES[i].want == NULL ? ST_INVALID : ST_OK, "%s: %s: %s",
                     ADDRESSES[i].text, status_name(got), err.text);
        if (got == ST_OK && ADDRESSES[i].want != NULL) {
            cr_expect_str_eq(address, ADDRESSES[i].want);
            cr_expect_str_eq(key, ADDRESSES[i].want_key);
        }
    }
}

Test(entry, finds_by_address_or_number)
{
    g_autofree char *number = entry_key("17");
    g_autofree char *address = entry_key("Anna@Acme.example");
    g_autofree char *nonsense = entry_key("no@such@thing@");

    cr_expect_str_eq(number, "17");
    cr_expect_str_eq(address, "anna@acme.example");
    cr_expect_str_eq(nonsense, "no@such@thing@");
}

static const struct {
    const char *url;
    const char *scheme;
    const char *want; /* "security user host port"; NULL: refused */
} SERVERS[] = {
    {"imaps://a%40b.example@mx.example:9993", "imap", "tls a@b.example mx.example 9993"},
    {"imaps://anna@mx.example", "imap", "tls anna mx.example 993"},
    {"imaps://anna@mx.example/", "imap", "tls anna mx.example 993"},
    {"imap://anna@mx.example", "imap", "starttls anna mx.example 143"},
    {"imap+insecure://anna@127.0.0.1", "imap", "insecure anna 127.0.0.1 143"},
    {"smtps://mx.example", "smtp", "tls - mx.example 465"},
    {"smtp://anna@mx.example:25", "smtp", "starttls anna mx.example 25"},
    {"imaps://anna@[::1]:993", "imap", "tls anna ::1 993"},
    {"imaps://anna@BÜRO.example", "imap", "tls anna xn--bro-hoa.example 993"},
    {"imaps://anna@Localhost", "imap", "tls anna localhost 993"},
    {"smtp+insecure://localhost:2525", "smtp", "insecure - localhost 2525"},
    {"smtp+insecure://[::1]", "smtp", "insecure - ::1 25"},
    {"smtp+insecure://mx.example", "smtp", NULL},
    {"imap+insecure://anna@192.0.2.1", "imap", NULL},
    {"imap+insecure://anna@localhost.example", "imap", NULL},
    {"imap+insecure://anna@[::ffff:127.0.0.1]", "imap", NULL},
    {"imaps://anna:secret@mx.example", "imap", NULL},
    {"imaps://mx.example", "smtp", NULL},
    {"smtps://mx.example", "imap", NULL},
    {"https://mx.example", "imap", NULL},
    {"imaps://", "imap", NULL},
    {"imaps:///x", "imap", NULL},
    {"imaps://anna@mx.example/folder", "imap", NULL},
    {"imaps://anna@mx.example:99999", "imap", NULL},
    {"anna@mx.example", "imap", NULL},
};

Test(entry, takes_servers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SERVERS); i++) {
        struct entry_server server = {.user = NULL};
        struct err err = {.status = ST_OK};
        enum status got = entry_server(SERVERS[i].url, SERVERS[i].scheme, &server, &err);

        cr_expect_eq(got, SERVERS[i].want == NULL ? ST_INVALID : ST_OK, "%s: %s: %s",
                     SERVERS[i].url, status_name(got), err.text);
        if (got == ST_OK && SERVERS[i].want != NULL) {
            g_autofree char *said = g_strdup_printf("%s %s %s %d", server.security,
                                                    server.user == NULL ? "-" : server.user,
                                                    server.host, server.port);
            cr_expect_str_eq(said, SERVERS[i].want);
        }
        cr_expect(strstr(err.text, "secret@") == NULL, "a password must not be repeated: %s",
                  err.text);
        entry_server_clear(&server);
    }
}

Test(entry, takes_names_on_one_line)
{
    g_autofree char *name = NULL;
    g_autofree char *none = NULL;
    struct err err = {.status = ST_OK};
    g_autofree char *long_name = g_strnfill(256, 'x');

    cr_expect_eq(entry_name("  Anna\n Meyer ", &name, &err), ST_OK);
    cr_expect_str_eq(name, "Anna Meyer");
    cr_expect_eq(entry_name(" \t", &none, &err), ST_INVALID);
    cr_expect_eq(entry_name(long_name, &none, &err), ST_INVALID);
    cr_expect_eq(entry_name("\xFF", &none, &err), ST_INVALID);
}
