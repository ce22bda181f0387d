/* The From field, strictly (THREATS 2 B), and the other address fields, leniently. */
#include <criterion/criterion.h>
#include <glib.h>

#include "message/mailbox.h"

static const struct {
    const char *name;
    const char *header;
    const char *address; /* NULL: not trusted */
    const char *display;
} FROM[] = {
    {"bare address", "From: anna@acme.example\r\n", "anna@acme.example", ""},
    {"name and address", "From: Anna Meyer <anna@acme.example>\r\n", "anna@acme.example",
     "Anna Meyer"},
    {"other case", "fROM: <Anna@ACME.Example>\r\n", "Anna@acme.example", ""},
    {"folded", "From: Anna\r\n Meyer\r\n\t<anna@acme.example>\r\n", "anna@acme.example",
     "Anna Meyer"},
    {"quoted name", "From: \"Meyer, Anna\" <anna@acme.example>\r\n", "anna@acme.example",
     "Meyer, Anna"},
    {"name in a comment", "From: anna@acme.example (Anna Meyer)\r\n", "anna@acme.example",
     "Anna Meyer"},
    {"nested comments", "From: (a (b) c) Anna (d) <anna@acme.example> (e)\r\n", "anna@acme.example",
     "Anna"},
    {"address in a comment", "From: Anna (<tech@ours.example>) <x@evil.test>\r\n", "x@evil.test",
     "Anna"},
    {"blanks in the brackets", "From: Anna < anna@acme.example >\r\n", "anna@acme.example", "Anna"},
    {"encoded name", "From: =?utf-8?q?J=C3=B6rg?= <j@acme.example>\r\n", "j@acme.example",
     "J\xC3\xB6rg"},
    {"encoded name in quotes", "From: \"=?utf-8?B?SsO2cmc=?=\" <j@acme.example>\r\n",
     "j@acme.example", "J\xC3\xB6rg"},
    {"raw name", "From: J\xF6rg <j@acme.example>\r\n", "j@acme.example", "J\xC3\xB6rg"},
    {"encoded comma", "From: =?iso-8859-1?Q?M=FCller=2C_Bernd?= <b@acme.example>\r\n",
     "b@acme.example", "M\xC3\xBCller, Bernd"},
    {"unquoted comma", "From: Mueller, Bernd <b@acme.example>\r\n", "b@acme.example",
     "Mueller, Bernd"},
    {"unquoted dot", "From: Dr. A. Meyer <a@acme.example>\r\n", "a@acme.example", "Dr. A. Meyer"},
    {"brackets in the name", "From: [ACME] Anna <a@acme.example>\r\n", "a@acme.example",
     "[ACME] Anna"},
    {"a lone quote in the name", "From: Anna O\"Neill <a@acme.example>\r\n", "a@acme.example",
     "Anna O\"Neill"},
    {"an unclosed comment in the name", "From: Anna (ACME <a@acme.example>\r\n", "a@acme.example",
     "Anna (ACME"},
    {"comma at the end", "From: <a@acme.example>,\r\n", "a@acme.example", ""},
    {"name that is the address", "From: a@acme.example <a@acme.example>\r\n", "a@acme.example",
     "a@acme.example"},
    {"13 address of another in the name", "From: \"tech@ours.example\" <x@evil.test>\r\n",
     "x@evil.test", "tech@ours.example"},
    {"26 quoted local part", "From: \"tech@ours.example\"@evil.test\r\n",
     "\"tech@ours.example\"@evil.test", ""},
    {"an A-label", "From: a@xn--bcher-kva.example\r\n", "a@xn--bcher-kva.example", ""},
    {"36 a U-label",
     "From: B <a@b\xC3\xBC"
     "cher.example>\r\n",
     "a@xn--bcher-kva.example", "B"},
    {"36 a bare U-label",
     "From: a@B\xC3\x9C"
     "CHER.example\r\n",
     "a@xn--bcher-kva.example", ""},

    {"unquoted address as the name", "From: tech@ours.example <x@evil.test>\r\n", NULL, NULL},
    {"14 encoded word in the address", "From: <=?utf-8?q?tech?=@ours.example>\r\n", NULL, NULL},
    {"15 two From fields", "From: x@evil.test\r\nFrom: tech@ours.example\r\n", NULL, NULL},
    {"15 two From fields, the same", "From: x@evil.test\r\nFrom: x@evil.test\r\n", NULL, NULL},
    {"16 folded field name", "From\r\n : tech@ours.example\r\n", NULL, NULL},
    {"16 with another From", "From\r\n : tech@ours.example\r\nFrom: x@evil.test\r\n", NULL, NULL},
    {"blank in front of the colon", "From : tech@ours.example\r\n", NULL, NULL},
    {"19 two mailboxes", "From: x@evil.test, tech@ours.example\r\n", NULL, NULL},
    {"19 two mailboxes with names", "From: X <x@evil.test>, Tech <tech@ours.example>\r\n", NULL,
     NULL},
    {"19 semicolon", "From: X <x@evil.test>; Tech <tech@ours.example>\r\n", NULL, NULL},
    {"20 encoded address and a second one",
     "From: =?utf-8?B?dGVjaEBvdXJzLmV4YW1wbGU=?=,<x@evil.test>\r\n", NULL, NULL},
    {"20 in brackets", "From: =?utf-8?B?PHRlY2hAb3Vycy5leGFtcGxlPg==?=, <x@evil.test>\r\n", NULL,
     NULL},
    {"20 the word alone", "From: =?utf-8?B?dGVjaEBvdXJzLmV4YW1wbGU=?=\r\n", NULL, NULL},
    {"21 escaped comma", "From: <tech@ours.example>\\,<x@evil.test>\r\n", NULL, NULL},
    {"22 text behind the brackets", "From: <x@evil.test>tech@ours.example\r\n", NULL, NULL},
    {"22 brackets behind the address", "From: tech@ours.example<x@evil.test>\r\n", NULL, NULL},
    {"23 group", "From: Staff: tech@ours.example;\r\n", NULL, NULL},
    {"23 group with a bracket", "From: Staff: Tech <tech@ours.example>;\r\n", NULL, NULL},
    {"24 lone CR", "From: x@evil.test\r, tech@ours.example\r\n", NULL, NULL},
    {"24 lone CR at the end", "From: tech@ours.example\r\r\n", NULL, NULL},
    {"25 two ats", "From: a@evil.test@ours.example\r\n", NULL, NULL},
    {"25 two ats in brackets", "From: <a@evil.test@ours.example>\r\n", NULL, NULL},
    {"27 missing", "To: tech@ours.example\r\n", NULL, NULL},
    {"27 empty", "From:\r\n", NULL, NULL},
    {"27 blank", "From: \r\n \r\n", NULL, NULL},
    {"27 empty brackets", "From: MAILER-DAEMON <>\r\n", NULL, NULL},
    {"27 no address", "From: MAILER-DAEMON\r\n", NULL, NULL},
    {"route", "From: <@evil.test,@b.test:tech@ours.example>\r\n", NULL, NULL},
    {"comment inside of the address", "From: <tech(a)@(b)ours.example>\r\n", NULL, NULL},
    {"comment in front of the at", "From: tech(x@evil.test)@ours.example\r\n", NULL, NULL},
    {"blank inside of the address", "From: <tech @ours.example>\r\n", NULL, NULL},
    {"two addresses, one in the name", "From: <tech@ours.example> <x@evil.test>\r\n", NULL, NULL},
    {"nested brackets", "From: <<x@evil.test>tech@ours.example>\r\n", NULL, NULL},
    {"unclosed bracket", "From: Tech <tech@ours.example\r\n", NULL, NULL},
    {"two words", "From: tech tech@ours.example\r\n", NULL, NULL},
    {"unclosed quote and two ats", "From: \"tech@ours.example <x@evil.test>\r\n", NULL, NULL},
    {"8-bit local part", "From: <m\xC3\xBCller@acme.example>\r\n", NULL, NULL},
    {"domain literal", "From: <a@[192.0.2.1]>\r\n", NULL, NULL},
    {"continuation as the first line", " From: tech@ours.example\r\n", NULL, NULL},
    {"no field line with a NUL-free trick", "From tech@ours.example\r\nTo: x@y\r\n", NULL, NULL},
};

static struct headers scan(const char *text, size_t length, char **exact_out)
{
    struct headers headers = {NULL};
    struct err err = {.status = ST_OK};

    *exact_out = g_memdup2(text, length);
    cr_assert_eq(headers_scan(*exact_out, length, &headers, &err), ST_OK, "%s", err.text);
    return headers;
}

Test(mailbox, takes_a_sender_only_if_every_reader_finds_the_same)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FROM); i++) {
        g_autofree char *exact = NULL;
        struct headers headers = scan(FROM[i].header, strlen(FROM[i].header), &exact);
        struct address *from = NULL;
        struct err err = {.status = ST_OK};
        enum status status = originator_from(&headers, NULL, &from, &err);

        cr_expect_eq(status, FROM[i].address ? ST_OK : ST_INVALID, "%s: got %s (%s)", FROM[i].name,
                     status_name(status), err.text);
        if (from != NULL) {
            cr_expect_str_eq(from->address, FROM[i].address, "%s: got %s", FROM[i].name,
                             from->address);
            cr_expect(g_strcmp0(from->name, FROM[i].display) == 0, "%s: got name \"%s\"",
                      FROM[i].name, from->name);
        }
        address_free(from);
        headers_clear(&headers);
    }
}

Test(mailbox, holds_a_sender_with_a_nul)
{
    static const char TEXT[] = "From: x@evil.test\0, tech@ours.example\r\n";
    g_autofree char *exact = NULL;
    struct headers headers = scan(TEXT, sizeof TEXT - 1, &exact);
    struct address *from = NULL;
    struct err err = {.status = ST_OK};

    cr_expect_eq(originator_from(&headers, NULL, &from, &err), ST_INVALID);
    headers_clear(&headers);
}

static const struct {
    const char *name;
    const char *text;
    const char *want; /* "address=name|…" */
} LISTS[] = {
    {"two", "a@x.example, B <b@x.example>", "a@x.example=|b@x.example=B"},
    {"comma in a quoted name", "\"Meyer, A\" <a@x.example>, b@x.example",
     "a@x.example=Meyer, A|b@x.example="},
    {"comma in an encoded name", "=?utf-8?q?Meyer=2C_A?= <a@x.example>", "a@x.example=Meyer, A"},
    {"semicolons", "a@x.example; b@x.example;", "a@x.example=|b@x.example="},
    {"group", "Staff: a@x.example, b@x.example; , c@x.example",
     "a@x.example=|b@x.example=|c@x.example="},
    {"empty group", "undisclosed-recipients:;", ""},
    {"not an address among them", "nobody, a@x.example, <broken@>", "a@x.example="},
    {"route", "<@r.example:a@x.example>", "a@x.example="},
    {"unclosed bracket", "A <a@x.example, b@x.example", "a@x.example=A|b@x.example="},
    {"unclosed quote", "\"A <a@x.example>", "a@x.example=A"},
    {"unclosed comment", "a@x.example (foo", "a@x.example=foo"},
    {"quoted local part", "\"a b\"@x.example", "\"a b\"@x.example="},
    {"comment as the name", "a@x.example (Anna)", "a@x.example=Anna"},
    {"nothing", "", ""},
};

Test(mailbox, opens_lists_and_groups)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LISTS); i++) {
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
        g_autoptr(GString) got = g_string_new(NULL);
        g_autofree char *exact = g_strdup(LISTS[i].text);

        originator_list_text(exact, NULL, list);
        for (guint j = 0; j < list->len; j++) {
            const struct address *address = g_ptr_array_index(list, j);

            g_string_append_printf(got, "%s%s=%s", j > 0 ? "|" : "", address->address,
                                   address->name);
        }
        cr_expect_str_eq(got->str, LISTS[i].want, "%s: got %s", LISTS[i].name, got->str);
    }
}

Test(mailbox, stops_at_the_limit_of_recipients)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < 500; i++) {
        g_string_append_printf(text, "a%d@x.example, ", i);
    }
    originator_list_text(text->str, NULL, list);
    cr_expect_eq(list->len, 200);
}

static const struct {
    const char *header;
    const char *want; /* NULL: none */
} PATHS[] = {
    {"Return-Path: <a@x.example>\r\n", "a@x.example"},
    {"Return-Path: a@x.example\r\n", "a@x.example"},
    {"Return-Path: <>\r\n", ""},
    {"Return-Path: < >\r\n", ""},
    {"Return-Path: <MAILER-DAEMON>\r\n", NULL},
    {"Subject: x\r\n", NULL},
};

Test(mailbox, tells_the_null_return_path_from_none)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        g_autofree char *exact = NULL;
        struct headers headers = scan(PATHS[i].header, strlen(PATHS[i].header), &exact);
        g_autofree char *got = originator_return_path(&headers);

        cr_expect(g_strcmp0(got, PATHS[i].want) == 0, "%s: got %s", PATHS[i].header, got);
        headers_clear(&headers);
    }
}
