/* A text as a page: what it looks like, and that nothing in a text becomes markup or breaks a line. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "message/rich.h"

#define FOOT                                                         \
 "<div style=\"margin-top:24px;padding-top:8px;border-top:1px solid" \
 " #bbb;\nfont-size:13px;color:#666\">\n"
#define QUOTE                                                                \
 "<blockquote style=\"margin:0 0 0 4px;padding:0 0 0 12px;\nborder-left:3px" \
 " solid #bbb;color:#666\">\n"
#define LINK(url) "<a\nhref=\"" url "\"\n>" url "</a>"

static const struct {
    const char *name;
    const char *text;
    const char *want;
} CASES[] = {
    {"paragraphs and lines", "one\ntwo\n\nthree\n", "<p>one<br>\ntwo</p>\n<p>three</p>\n"},
    {"marks of HTML are text", "<script>alert(\"x\")</script> & <!--\n",
     "<p>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;!--</p>\n"},
    {"what is not ASCII is a number", "Gr\xC3\xBC\xC3\x9F\x65 \xE2\x82\xAC \xF0\x9F\x98\x80\n",
     "<p>Gr&#252;&#223;e &#8364; &#128512;</p>\n"},
    {"blanks that matter stay", "  a  b\n\tc\n", "<p>&nbsp; a&nbsp; b<br>\n&nbsp; &nbsp; c</p>\n"},
    {"quotes", "> one\n> > two\n>\n>> three\nfour\n",
     QUOTE "<p>one</p>\n" QUOTE "<p>two</p>\n</blockquote>\n" QUOTE
           "<p>three</p>\n</blockquote>\n</blockquote>\n<p>four</p>\n"},
    {"the signature once", "a\n-- \nb\n-- \nc\n",
     "<p>a</p>\n" FOOT "<p>b<br>\n-- <br>\nc</p>\n</div>\n"},
    {"a link", "see https://a.example/b?c=1&d=2.\n",
     "<p>see " LINK("https://a.example/b?c=1&amp;d=2") ".</p>\n"},
    {"a link in brackets", "(http://a.example) <HTTP://b.example/> http://c.example/(d)\n",
     "<p>(" LINK("http://a.example") ") &lt;" LINK("HTTP://b.example/") "&gt; " LINK(
         "http://c.example/(d)") "</p>\n"},
    {"no link", "http:// javascript:alert(1) xhttp://a.example ftp://a.example\n",
     "<p>http:// javascript:alert(1) xhttp://a.example ftp://a.example</p>\n"},
    {"a quotation mark ends a link", "http://a.example/\"onclick=\n",
     "<p>" LINK("http://a.example/") "&quot;onclick=</p>\n"},
    {"no boundary of ours", "--=_abc =_\n", "<p>--=&#95;abc =&#95;</p>\n"},
    {"control characters go", "a\x01\x1B[0m\xC2\x85\x7F\n", "<p>a[0m</p>\n"},
    {"nothing", "", ""},
};

/* What stands in the body. */
static char *body_of(const char *page)
{
    const char *start = strstr(page, "break-word\">\n");
    const char *end = strstr(page, "</body>\n</html>\n");

    cr_assert(start != NULL && end != NULL, "%s", page);
    start += strlen("break-word\">\n");
    return g_strndup(start, (gsize)(end - start));
}

Test(rich, shows_what_the_text_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = g_strdup(CASES[i].text);
        g_autofree char *page = rich_from_text(text, "de");

        cr_assert_not_null(page, "%s", CASES[i].name);
        cr_expect(g_str_has_prefix(page, "<!DOCTYPE html>\n<html lang=\"de\">\n"), "%s", page);
        g_autofree char *body = body_of(page);
        cr_expect_str_eq(body, CASES[i].want, "%s: got\n%s\nwant\n%s", CASES[i].name, body,
                         CASES[i].want);
    }
}

/* All that mail programs and servers ask of lines, and only our own tags. */
static void check_page(const char *page, const char *name)
{
    size_t column = 0;

    for (const char *at = page; *at != '\0'; at++) {
        column = *at == '\n' ? 0 : column + 1;
        cr_assert(column < 998, "%s: an overlong line", name);
        cr_assert((*at & 0x80) == 0 && (*at >= ' ' || *at == '\n') && *at != 0x7F, "%s: a byte %u",
                  name, (unsigned)(guchar)*at);
        cr_assert(at[0] != '=' || at[1] != '_', "%s: a boundary", name);
    }
}

Test(rich, never_breaks_the_rules_of_lines)
{
    static const char *const PIECES[] = {"a",
                                         " ",
                                         "&",
                                         "_",
                                         "=",
                                         "<",
                                         ">",
                                         "\n",
                                         "-- \n",
                                         "\t",
                                         "http://a",
                                         "https://",
                                         "\xC3\xA4",
                                         "\xF0\x9F\x98\x80",
                                         "(",
                                         ")",
                                         ".",
                                         "/&_&_&_&",
                                         "    ",
                                         "\"",
                                         "> > > > > > > ",
                                         "bbbbbbbbbbbbbbbbbbbb"};
    GRand *dice = g_rand_new_with_seed(5);
    size_t pages = 0;

    for (int i = 0; i < 3000; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        int kinds = g_rand_int_range(dice, 1, (gint32)G_N_ELEMENTS(PIECES));

        for (int n = g_rand_int_range(dice, 0, 2000); n > 0; n--) {
            g_string_append(text, PIECES[g_rand_int_range(dice, 0, kinds)]);
            if (n % 64 == 0 && i % 2 == 0) {
                g_string_append_c(text, ' ');
            }
        }
        g_autofree char *page = rich_from_text(text->str, "en");
        if (page != NULL) {
            size_t most = text->len * LIMIT_PAGE_GROWTH + LIMIT_PAGE_BYTES;

            check_page(page, text->str);
            cr_expect_leq(strlen(page), most, "%zu > %zu", strlen(page), most);
            pages++;
        }
    }
    g_rand_free(dice);
    cr_expect_gt(pages, 2000, "only %zu texts became pages", pages);
}

Test(rich, leaves_out_a_page_that_would_be_far_larger_than_its_text)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < 20000; i++) {
        g_string_append(text, i % 2 == 0 ? ">\n" : "a\n");
    }
    g_autofree char *marks = rich_from_text(text->str, "en");
    cr_expect_null(marks);

    g_string_truncate(text, 0);
    for (int i = 0; i < 20000; i++) {
        g_string_append(text, "ordinary words, and \xC3\xBCmlauts\n");
    }
    g_autofree char *words = rich_from_text(text->str, "en");
    cr_expect_not_null(words);
}
