/* Domains of customers: one form, none that everybody can have, and what a sender's domain is looked up by. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/domain.h"
#include "message/address.h"

#define TEN     "aaaaaaaaaa"
#define LABEL60 TEN TEN TEN TEN TEN TEN

static const struct {
    const char *name;
    const char *input;
    bool allows_wildcard;
    const char *want; /* NULL: refused */
} NORMALISE[] = {
    {"plain", "acme.example", false, "acme.example"},
    {"letter case", "ACME.Example", false, "acme.example"},
    {"leading @", "@acme.example", false, "acme.example"},
    {"final dot", "acme.example.", false, "acme.example"},
    {"wildcard", "*.acme.example", true, "*.acme.example"},
    {"@ and wildcard", "@*.Acme.example", true, "*.acme.example"},
    {"wildcard where there is none", "*.acme.example", false, NULL},
    {"U-label", "bücher.example", false, "xn--bcher-kva.example"},
    {"U-label in upper case", "BÜCHER.example", false, "xn--bcher-kva.example"},
    {"A-label", "xn--bcher-kva.example", false, "xn--bcher-kva.example"},
    {"A-label in upper case", "XN--BCHER-KVA.example", false, "xn--bcher-kva.example"},
    {"decomposed",
     "bu\xCC\x88"
     "cher.example",
     false, "xn--bcher-kva.example"},
    {"sharp s stays itself", "faß.example", false, "xn--fa-hia.example"},
    {"wide letters", "ａcme.example", false, "acme.example"},
    {"dotless i is another", "acmı.example", false, "xn--acm-lua.example"},
    {"ideographic full stop", "acme。example", false, "acme.example"},
    {"one label", "localhost", false, "localhost"},
    {"empty", "", false, NULL},
    {"only @", "@", false, NULL},
    {"only a dot", ".", false, NULL},
    {"only a wildcard", "*.", true, NULL},
    {"two wildcards", "*.*.acme.example", true, NULL},
    {"wildcard inside", "a.*.example", true, NULL},
    {"an address", "anna@acme.example", false, NULL},
    {"empty label", "acme..example", false, NULL},
    {"leading dot", ".acme.example", false, NULL},
    {"leading hyphen", "-acme.example", false, NULL},
    {"trailing hyphen", "acme-.example", false, NULL},
    {"underscore", "ac_me.example", false, NULL},
    {"blank", "acme .example", false, NULL},
    {"control character", "acme\n.example", false, NULL},
    {"not UTF-8", "acm\xff.example", false, NULL},
    {"broken A-label", "xn--\x61\x2d\x2d\x2d.example", false, NULL},
    {"label too long", LABEL60 "aaaa.example", false, NULL},
    {"longest label", LABEL60 "aaa.example", false, LABEL60 "aaa.example"},
    {"wildcard in the second label", "acme.*", true, NULL},
    {"a label of hyphens", "-.example", false, NULL},
    {"leading hyphen of the second label", "www.-acme.example", false, NULL},
    {"trailing hyphen of the second label", "www.acme-.example", false, NULL},
    {"label too long by its A-label", "ü" LABEL60 ".example", false, NULL},
    {"two final dots", "acme.example..", false, NULL},
    {"all too long", LABEL60 "." LABEL60 "." LABEL60 "." LABEL60 "." LABEL60, false, NULL},
};

Test(domain, has_one_form)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NORMALISE); i++) {
        g_autofree char *exact = g_strdup(NORMALISE[i].input);
        g_autofree char *got = NULL;
        struct err err = {.status = ST_OK};
        enum status status = domain_normalise(exact, NORMALISE[i].allows_wildcard, &got, &err);

        cr_expect_eq(status, NORMALISE[i].want != NULL ? ST_OK : ST_INVALID, "%s: got %s (%s)",
                     NORMALISE[i].name, status_name(status), got);
        cr_expect(g_strcmp0(got, NORMALISE[i].want) == 0, "%s: got %s, want %s", NORMALISE[i].name,
                  got, NORMALISE[i].want);
    }
}

/* What a customer's domain was entered as, and what a mail's From says. */
static const struct {
    const char *name;
    const char *entered;
    const char *from;
    bool is_same;
} SENDERS[] = {
    {"A-label for U-label", "bücher.example", "a@xn--bcher-kva.example", true},
    {"U-label for U-label", "bücher.example", "a@bücher.example", true},
    {"U-label for A-label", "xn--bcher-kva.example", "a@bücher.example", true},
    {"in capitals", "Bücher.example", "a@BÜCHER.EXAMPLE", true},
    {"decomposed", "bücher.example",
     "a@bu\xCC\x88"
     "cher.example",
     true},
    {"sharp s", "straße.example", "a@straße.example", true},
    {"final sigma", "όρος.example", "a@όρος.example", true},
    {"Cyrillic", "почта.example", "a@ПОЧТА.example", true},
    {"Japanese", "日本語.example", "a@日本語.example", true},
    {"sharp s is not ss", "strasse.example", "a@straße.example", false},
    {"without the accent", "bücher.example", "a@bucher.example", false},
    {"another accent", "bücher.example", "a@bùcher.example", false},
    {"a dotless i", "cim.example", "a@cım.example", false},
    {"a Cyrillic a", "acme.example", "a@аcme.example", false},
    {"a longer name", "cust.example", "a@cust.example.evil.test", false},
    {"the end of a name", "cust.example", "a@evilcust.example", false},
    {"a sub-domain", "cust.example", "a@sub.cust.example", false},
};

Test(domain, of_a_sender_is_the_customers_in_every_spelling_and_no_other)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SENDERS); i++) {
        g_autofree char *domain = NULL;
        g_autofree char *from = NULL;
        struct err err = {.status = ST_OK};

        cr_assert_eq(domain_normalise(SENDERS[i].entered, false, &domain, &err), ST_OK, "%s",
                     err.text);
        cr_assert_eq(address_normalise(SENDERS[i].from, &from, &err), ST_OK, "%s: %s",
                     SENDERS[i].name, err.text);
        cr_expect_eq(strcmp(address_domain(from), domain) == 0, SENDERS[i].is_same, "%s: %s, %s",
                     SENDERS[i].name, from, domain);
    }
}

static const struct {
    const char *domain;
    const char *want; /* a part of the error; NULL: mappable */
} MAPPABLE[] = {
    {"acme.example", NULL},         {"*.acme.example", NULL},        {"acme.de", NULL},
    {"acme.co.uk", NULL},           {"mail.acme.de", NULL},          {"xn--bcher-kva.de", NULL},
    {"gmxfans.de", NULL},           {"my-gmail.com", NULL},          {"example", "public suffix"},
    {"*.example", "public suffix"}, {"de", "public suffix"},         {"co.uk", "public suffix"},
    {"*.co.uk", "public suffix"},   {"github.io", "public suffix"},  {"gmail.com", "free-mail"},
    {"*.gmail.com", "free-mail"},   {"gmx.de", "free-mail"},         {"gmx.net", "free-mail"},
    {"web.de", "free-mail"},        {"t-online.de", "free-mail"},    {"freenet.de", "free-mail"},
    {"outlook.com", "free-mail"},   {"outlook.de", "free-mail"},     {"hotmail.co.uk", "free-mail"},
    {"yahoo.co.jp", "free-mail"},   {"mail.yahoo.com", "free-mail"}, {"icloud.com", "free-mail"},
    {"proton.me", "free-mail"},     {"mail.ru", "free-mail"},        {"qq.com", "free-mail"},
    {"163.com", "free-mail"},
};

Test(domain, belongs_to_a_customer_only_if_not_everybody_can_have_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MAPPABLE); i++) {
        struct err err = {.status = ST_OK};
        enum status status = domain_check_mappable(MAPPABLE[i].domain, &err);

        if (MAPPABLE[i].want == NULL) {
            cr_expect_eq(status, ST_OK, "%s: %s", MAPPABLE[i].domain, err.text);
            continue;
        }
        cr_expect_eq(status, ST_INVALID, "%s", MAPPABLE[i].domain);
        cr_expect_neq(strstr(err.text, MAPPABLE[i].want), NULL, "%s: %s", MAPPABLE[i].domain,
                      err.text);
        cr_expect_neq(err.hint[0], '\0', "%s has no hint", MAPPABLE[i].domain);
    }
}

Test(domain, is_looked_up_with_its_parents_nearest_first)
{
    static const char *const WANT[] = {"a.b.acme.example", "*.b.acme.example", "*.acme.example",
                                       "*.example"};
    g_autoptr(GPtrArray) got = domain_lookups("a.b.acme.example");
    g_autoptr(GPtrArray) one = domain_lookups("localhost");

    cr_assert_eq(got->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < got->len; i++) {
        cr_expect_str_eq(got->pdata[i], WANT[i]);
    }
    cr_expect_eq(one->len, 1);
}
