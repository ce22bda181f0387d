/* The address syntax and its normal form: what is compared byte by byte later on. */
#include <criterion/criterion.h>
#include <glib.h>

#include "message/address.h"

#define TEN   "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
    const char *name;
    const char *input;
    const char *want; /* NULL: refused */
} NORMALISE[] = {
    {"plain", "anna@acme.example", "anna@acme.example"},
    {"domain folds its case, local part does not", "Anna@ACME.Example", "Anna@acme.example"},
    {"every atext", "!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~@x.example"},
    {"dots", "a.b.c@x.example", "a.b.c@x.example"},
    {"one label", "root@localhost", "root@localhost"},
    {"an A-label", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
    {"quoted local part", "\"tech@ours.example\"@evil.test", "\"tech@ours.example\"@evil.test"},
    {"quoted without need", "\"b.en\"@Desk.example", "b.en@desk.example"},
    {"quoted and escaped without need", "\"b\\en\"@desk.example", "ben@desk.example"},
    {"quoted dots", "\"a..b\"@x.example", "\"a..b\"@x.example"},
    {"quoted blank and escape", "\"a b\\\"c\"@x.example", "\"a b\\\"c\"@x.example"},
    {"longest local part", SIXTY "aaaa@x.example", SIXTY "aaaa@x.example"},
    {"longest label", "a@" SIXTY "aaa.example", "a@" SIXTY "aaa.example"},
    {"local part too long", SIXTY "aaaaa@x.example", NULL},
    {"label too long", "a@" SIXTY "aaaa.example", NULL},
    {"all too long", "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaaaa", NULL},
    {"empty", "", NULL},
    {"no at", "anna", NULL},
    {"no local part", "@acme.example", NULL},
    {"no domain", "anna@", NULL},
    {"two ats", "a@evil.test@ours.example", NULL},
    {"leading dot", ".a@x.example", NULL},
    {"trailing dot", "a.@x.example", NULL},
    {"two dots", "a..b@x.example", NULL},
    {"domain begins with a dot", "a@.example", NULL},
    {"domain ends with a dot", "a@x.example.", NULL},
    {"empty label", "a@x..example", NULL},
    {"label begins with a hyphen", "a@-x.example", NULL},
    {"label ends with a hyphen", "a@x-.example", NULL},
    {"underscore in the domain", "a@x_y.example", NULL},
    {"domain literal", "a@[192.0.2.1]", NULL},
    {"blank", "a b@x.example", NULL},
    {"blank at the end", "a@x.example ", NULL},
    {"comment", "a(b)@x.example", NULL},
    {"angle brackets", "<a@x.example>", NULL},
    {"unclosed quote", "\"a@x.example", NULL},
    {"escape at the end", "\"a\\", NULL},
    {"text behind the quote", "\"a\"b@x.example", NULL},
    {"control character in the quote", "\"a\nb\"@x.example", NULL},
    {"encoded word", "=?utf-8?q?tech?=@ours.example", NULL},
    {"encoded word in quotes", "\"=?utf-8?q?tech?=\"@ours.example", NULL},
    {"8-bit local part", "m\xC3\xBCller@x.example", NULL},
    {"U-label",
     "a@b\xC3\xBC"
     "cher.example",
     "a@xn--bcher-kva.example"},
    {"U-label in capitals",
     "a@B\xC3\x9C"
     "CHER.Example",
     "a@xn--bcher-kva.example"},
    {"U-label decomposed",
     "a@bu\xCC\x88"
     "cher.example",
     "a@xn--bcher-kva.example"},
    {"U-label in Cyrillic", "a@\xD0\xBF\xD0\xBE\xD1\x87\xD1\x82\xD0\xB0.example",
     "a@xn--80a1acny.example"},
    {"dotless i", "a@acme-\xC4\xB1nc.example", "a@xn--acme-nc-vfb.example"},
    {"sharp s",
     "a@stra\xC3\x9F"
     "e.example",
     "a@xn--strae-oqa.example"},
    {"a joiner", "a@ac\xE2\x80\x8Dme.example", NULL},
    {"a soft hyphen", "a@ac\xC2\xADme.example", NULL},
    {"full width letters",
     "a@\xEF\xBD\x81"
     "cme.example",
     NULL},
    {"a full stop of another script",
     "a@acme\xE3\x80\x82"
     "example",
     NULL},
    {"capital i with a dot", "a@\xC4\xB0nc.example", NULL},
    {"Latin-1 in the domain",
     "a@b\xFC"
     "cher.example",
     NULL},
    {"half a character", "a@b\xC3.example", NULL},
    {"no valid label in another script", "a@-\xC3\xBC.example", NULL},
    {"encoded word in the domain", "a@=?utf-8?q?b=C3=BCcher?=.example", NULL},
    {"route", "@a.example:b@c.example", NULL},
};

Test(address, keeps_only_what_is_one_address_in_one_form)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NORMALISE); i++) {
        g_autofree char *exact = g_strdup(NORMALISE[i].input);
        g_autofree char *got = NULL;
        struct err err = {.status = ST_OK};
        enum status status = address_normalise(exact, &got, &err);

        cr_expect_eq(status, NORMALISE[i].want ? ST_OK : ST_INVALID, "%s: got %s",
                     NORMALISE[i].name, status_name(status));
        cr_expect(g_strcmp0(got, NORMALISE[i].want) == 0, "%s: got %s, want %s", NORMALISE[i].name,
                  got, NORMALISE[i].want);
    }
}

Test(address, takes_the_domain_behind_the_last_at)
{
    cr_expect_str_eq(address_domain("a@x.example"), "x.example");
    cr_expect_str_eq(address_domain("\"tech@ours.example\"@evil.test"), "evil.test");
    cr_expect_str_eq(address_domain("nothing"), "");
}

Test(address, looks_people_up_without_regard_to_case)
{
    g_autofree char *key = address_key("Anna.B@acme.example");

    cr_expect_str_eq(key, "anna.b@acme.example");
}

static const struct {
    const char *input;
    const char *base;
    const char *detail;
} SPLITS[] = {
    {"support+TOKEN@desk.example", "support@desk.example", "TOKEN"},
    {"support@desk.example", "support@desk.example", NULL},
    {"support+@desk.example", "support@desk.example", ""},
    {"support+de+TOKEN@desk.example", "support+de@desk.example", "TOKEN"},
    {"+TOKEN@desk.example", "+TOKEN@desk.example", NULL},
    {"\"a+b\"@desk.example", "\"a+b\"@desk.example", NULL},
};

Test(address, splits_the_detail_from_an_address_of_ours)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SPLITS); i++) {
        g_autofree char *base = NULL;
        g_autofree char *detail = NULL;

        address_split_detail(SPLITS[i].input, &base, &detail);
        cr_expect_str_eq(base, SPLITS[i].base, "%s: got %s", SPLITS[i].input, base);
        cr_expect(g_strcmp0(detail, SPLITS[i].detail) == 0, "%s: got %s", SPLITS[i].input, detail);
    }
}
