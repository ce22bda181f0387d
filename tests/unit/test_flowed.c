/* Ordinary lines to format=flowed, and back as mail programs read it. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "message/flowed.h"

#define TEN     "123456789 "
#define SIXTY   TEN TEN TEN TEN TEN TEN
#define SEVENTY SIXTY TEN
#define AEAE    "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
#define LONG    "0123456789012345678901234567890123456789012345678901234567890123456789012345678"

static const struct {
    const char *name;
    const char *text;
    const char *want;
    const char *back; /* NULL: the text itself */
} CASES[] = {
    {"short lines", "one\n\ntwo\n", "one\n\ntwo\n", NULL},
    {"a long one", SEVENTY TEN TEN "end\n", SEVENTY "\n" TEN TEN "end\n", NULL},
    {"umlauts are one character each", AEAE " " SIXTY "56789 x\n", AEAE " " SIXTY "56789 x\n",
     NULL},
    {"a long word stays whole", TEN LONG " " LONG "\n", TEN "\n" LONG " \n" LONG "\n", NULL},
    {"the signature", "a\n-- \nb\n", "a\n-- \nb\n", NULL},
    {"what looks like the signature in a line", "-- " SIXTY TEN TEN "x\n",
     "-- " SIXTY TEN "\n" TEN "x\n", NULL},
    {"blanks at the end go", "a  \n   \nb\n", "a\n\nb\n", "a\n\nb\n"},
    {"blanks in front stay", "  a\nFrom me\n", "   a\n From me\n", NULL},
    {"quotes are not folded", "> " SEVENTY TEN "x\n> y\n", "> " SEVENTY TEN "x\n> y\n", NULL},
    {"a mark in front of what is folded is no quote", SEVENTY "ab cd > 8\n",
     SEVENTY "ab cd \n > 8\n", NULL},
    {"nothing", "", "", NULL},
};

Test(flowed, writes_lines_that_read_back_as_they_were)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = g_strdup(CASES[i].text);
        g_autofree char *got = flowed_fold(text);
        g_autofree char *back = flowed_unfold(got, false);
        const char *want_back = CASES[i].back == NULL ? CASES[i].text : CASES[i].back;

        cr_expect_str_eq(got, CASES[i].want, "%s: got\n%s", CASES[i].name, got);
        cr_expect_str_eq(back, want_back, "%s: back\n%s", CASES[i].name, back);
    }
}

Test(flowed, never_writes_a_line_above_78_but_for_a_word)
{
    GRand *dice = g_rand_new_with_seed(7);

    for (int i = 0; i < 2000; i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (int n = g_rand_int_range(dice, 1, 120); n > 0; n--) {
            static const char *const WORDS[] = {"a", "--", "From", ">", "word", "somewhat-longer",
                                                " "};

            g_string_append(text, WORDS[g_rand_int_range(dice, 0, G_N_ELEMENTS(WORDS))]);
            g_string_append_c(text, g_rand_int_range(dice, 0, 12) == 0 ? '\n' : ' ');
        }
        g_autofree char *got = flowed_fold(text->str);
        g_auto(GStrv) lines = g_strsplit(got, "\n", -1);

        for (size_t l = 0; lines[l] != NULL; l++) {
            cr_assert(strlen(lines[l]) <= 78 || lines[l][0] == '>', "\"%s\"", lines[l]);
            cr_assert(!g_str_has_prefix(lines[l], "From "), "\"%s\"", lines[l]);
        }
    }
    g_rand_free(dice);
}
