/* HTML and flowed text to lines. */
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "message/flowed.h"
#include "message/html.h"

/* Of this process only: the machine may have other things to do. */
static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void warm_up(void)
{
    html_warm_up();
}

TestSuite(html, .init = warm_up);

static const struct {
    const char *name;
    const char *html;
    const char *want;
} PAGES[] = {
    {"text", "Hello", "Hello"},
    {"white space folds", "  a \r\n\t b  ", "a b"},
    {"paragraphs", "<p>a</p><p>b</p>", "a\n\nb"},
    {"divs", "<div>a</div><div>b</div>", "a\nb"},
    {"div with a break is an empty line", "<div>a</div><div><br></div><div>b</div>", "a\n\nb"},
    {"break at the end of a block", "<div>a<br></div><div>b</div>", "a\nb"},
    {"breaks", "a<br>b<br/><br />c", "a\nb\n\nc"},
    {"Outlook", "<p class=MsoNormal>a</p><p class=\"MsoNormal\">b</p>", "a\nb"},
    {"entities", "&lt;&amp;&gt; &eacute;&#233;&#xE9; &euro; &nbsp;x",
     "<&> \xC3\xA9\xC3\xA9\xC3\xA9 \xE2\x82\xAC  x"},
    {"entities without a semicolon", "a&lt b &copy 2 &nosuch; &",
     "a< b \xC2\xA9 "
     "2 &nosuch; &"},
    {"numbers that are Windows-1252", "&#147;a&#148;",
     "\xE2\x80\x9C"
     "a\xE2\x80\x9D"},
    {"numbers that are no character", "&#0;&#xD800;&#99999999999;",
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"link", "<a href=\"https://x.example/a?b=1&amp;c=2\">here</a>",
     "here <https://x.example/a?b=1&c=2>"},
    {"link that says its address", "<a href='http://www.x.example/'>x.example</a>", "x.example"},
    {"mail link", "<a href=mailto:a@x.example?subject=y>a@x.example</a>", "a@x.example"},
    {"script link", "<a href=\"java\nscript:alert(1)\">a</a>", "a"},
    {"link without text", "<a href=http://x.example><img src=y></a>z", "z"},
    {"picture", "<img alt=\"a &amp; b\">c", "[a & b]c"},
    {"picture of the mail", "a <img src=\"cid:x.1@y\" alt=\"\"> b", "a [cid:x.1@y] b"},
    {"picture of the mail that says what it is", "<img src=\"cid:x\" alt=\"a.png\">", "[a.png]"},
    {"no mark of a picture", "a<img src=\"cid:x] y\">b<img src=\"http://c\">", "ab"},
    {"quotation", "a<blockquote type=cite>b<br>c<blockquote>d</blockquote></blockquote>e",
     "a\n\n> b\n> c\n>\n>> d\n\ne"},
    {"indentation is no quotation",
     "<blockquote style=\"margin:0 0 0 40px;border: none\">b</blockquote>", "b"},
    {"list", "<ul><li>a</li><li>b<ol><li>c<li>d</ol></ul>", "* a\n* b\n\n  1. c\n  2. d"},
    {"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
    {"pre", "<pre>a  b\n  c</pre>", "a  b\n  c"},
    {"rule", "a<hr>b", "a\n----------\nb"},
    {"script and style", "<style>p{}</style><script>if (a<b) x('</p>')</script>a", "a"},
    {"title", "<title>x</title>a", "a"},
    {"comment", "a<!-- <p>x</p> -->b<!---->c", "abc"},
    {"conditional comment", "<!--[if mso]>x<![endif]--><![if !mso]>a<![endif]>", "a"},
    {"declaration", "<!DOCTYPE html><?xml version=1?>a", "a"},
    {"hidden", "<div style=\"color:red;display : none\">x<div>y</div>z</div>a", "a"},
    {"hidden, never closed", "<p style=display:none>a", "a"},
    {"soft hyphen", "a&shy;b", "ab"},
    {"less than", "a < b <3 c", "a < b <3 c"},
    {"greater in an attribute", "<p title=\"a > b\">c", "c"},
    {"quote that is never closed", "<p title=\"a>b", "b"},
    {"tag that is never closed", "a<p title=x", "a<p title=x"},
    {"comment that is never closed", "a<!-- b", "a b"},
    {"script that is never closed", "a<script>b", "ab"},
    {"end tags without a start", "</blockquote></ul></pre></a>a", "a"},
    {"upper case", "<P>a</P><BR>b", "a\n\nb"},
    {"nothing", "", ""},
    {"bad UTF-8",
     "a\xFF"
     "b",
     "a\xEF\xBF\xBD"
     "b"},
};

Test(html, gives_the_words_that_a_person_would_read)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PAGES); i++) {
        size_t length = strlen(PAGES[i].html);
        g_autofree char *exact = g_malloc(length > 0 ? length : 1);

        memcpy(exact, PAGES[i].html, length);

        g_autofree char *got = html_to_text(exact, length, LIMIT_TEXT_BYTES);

        cr_expect_str_eq(got, PAGES[i].want, "%s: got \"%s\"", PAGES[i].name, got);
    }
}

/* What has been quadratic or lost the rest of a text in other readers. */
static const struct {
    const char *name;
    const char *start;
    const char *repeated;
    size_t count;
} LARGE[] = {
    {"less than", "", "<", 500000},
    {"unclosed comments", "", "<!--", 200000},
    {"unclosed scripts", "", "<script>", 100000},
    {"hidden elements", "", "<p style=display:none>", 50000},
    {"open quotes", "", "<a \"", 200000},
    {"open quoted values", "", "<a =\"", 200000},
    {"quoted values with an end", "", "<a =\">", 200000},
    {"attributes", "<p", " a=b", 300000},
    {"quotations", "", "<blockquote>x", 50000},
    {"lists", "", "<ul><li>x", 50000},
    {"ampersands", "", "&a", 300000},
    {"divs", "", "<div>", 200000},
};

Test(html, keeps_the_last_word_and_is_linear_whatever_comes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LARGE); i++) {
        g_autoptr(GString) html = g_string_new(LARGE[i].start);
        double start = cpu_seconds();

        for (size_t j = 0; j < LARGE[i].count; j++) {
            g_string_append(html, LARGE[i].repeated);
        }
        g_string_append(html, "\"> last word");

        g_autofree char *got = html_to_text(html->str, html->len, LIMIT_TEXT_BYTES);

        cr_expect(strlen(got) > LIMIT_TEXT_BYTES || g_str_has_suffix(got, "last word"),
                  "%s: got …%s", LARGE[i].name, got + MAX(strlen(got), 40) - 40);
        cr_expect_lt(cpu_seconds() - start, 5.0, "%s took too long", LARGE[i].name);
    }
}

Test(html, shows_a_picture_within_the_text_no_byte_of_it)
{
    g_autofree char *data = g_strnfill(3000000, 'A');
    g_autofree char *html = g_strconcat("before <img src=\"data:image/png;base64,", data,
                                        "\"> behind", NULL);
    g_autofree char *got = html_to_text(html, strlen(html), LIMIT_TEXT_BYTES);

    cr_expect_str_eq(got, "before behind");
}

static const struct {
    const char *name;
    const char *text;
    bool is_delsp;
    const char *want;
} FLOWED[] = {
    {"fixed", "a\nb\n", false, "a\nb\n"},
    {"flows", "a \nb\n", false, "a b\n"},
    {"DelSp", "a  \nb \nc\n", true, "a bc\n"},
    {"stuffing", " From\n  two\n", false, "From\n two\n"},
    {"quotes", "> a \n> b\n>> c\n", false, "> a b\n>> c\n"},
    {"depth ends a paragraph", "> a \nb\n", false, "> a \nb\n"},
    {"signature mark never flows", "a \n-- \nb\n", false, "a \n-- \nb\n"},
    {"stuffed signature mark", "> -- \n> b\n", false, "> -- \n> b\n"},
    {"empty lines", "a\n\n \nb\n", false, "a\n\n\nb\n"},
    {"no last line end", "a \nb", false, "a b\n"},
    {"nothing", "", false, ""},
};

Test(html, joins_flowed_lines)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FLOWED); i++) {
        g_autofree char *exact = g_strdup(FLOWED[i].text);
        g_autofree char *got = flowed_unfold(exact, FLOWED[i].is_delsp);

        cr_expect_str_eq(got, FLOWED[i].want, "%s: got \"%s\"", FLOWED[i].name, got);
    }
}
