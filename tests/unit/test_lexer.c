/* test_lexer - every token has its place, every mistake is reported */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/lexer.h"

/* The tokens as "W(text)@line:column", NEWLINE as "/", END as ".". */
static char *describe(const struct lexer *lexer)
{
    static const char KINDS[] = {'W', 'S', 'Y', 'P'};
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < lexer->tokens->len; i++) {
        const struct lexer_token *token = lexer->tokens->pdata[i];
        if (token->kind == LEXER_NEWLINE || token->kind == LEXER_END) {
            g_string_append(text, token->kind == LEXER_NEWLINE ? "/" : ".");
        } else {
            g_string_append_printf(text, "%c(%s)%s%u:%u ", KINDS[token->kind], token->text,
                                   token->flags != NULL ? token->flags : "", token->line,
                                   token->column);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *describe_errors(const struct lexer *lexer)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < lexer->errors->len; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", (char *)lexer->errors->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define NO_TEXT    "this is no text (a control character, or not UTF-8)"
#define BAD_ESCAPE "unknown escape in a string; known are \\\" \\\\ \\n \\t"
#define NO_END     "this string does not end on its line"

static const struct {
    const char *name;
    const char *text;
    gsize length; /* 0: to the NUL */
    const char *want_tokens;
    const char *want_errors;
} CASES[] = {
    {"nothing", "", 0, ".", ""},
    {"words and their places", "a bc\n  d", 0, "W(a)1:1 W(bc)1:3 /W(d)2:3 .", ""},
    {"all signs of a word", "a_b-c.d/e@f+g:h*i%j,k9", 0, "W(a_b-c.d/e@f+g:h*i%j,k9)1:1 .", ""},
    {"CR LF", "a\r\nb\r\n", 0, "W(a)1:1 /W(b)2:1 /.", ""},
    {"a comment", "a # b \"c\nd", 0, "W(a)1:1 /W(d)2:1 .", ""},
    {"a comment right after a word", "a#b", 0, "W(a)1:1 .", ""},
    {"symbols", "{x}=~;", 0, "Y({)1:1 W(x)1:2 Y(})1:3 Y(=)1:4 Y(~)1:5 Y(;)1:6 .", ""},
    {"a string", "\"a b#c\"", 0, "S(a b#c)1:1 .", ""},
    {"an empty string", "\"\"", 0, "S()1:1 .", ""},
    {"escapes", "\"\\\"\\\\\\n\\t\"", 0, "S(\"\\\n\t)1:1 .", ""},
    {"columns count characters", "\"\xC3\xA9\xE2\x82\xAC\" b", 0,
     "S(\xC3\xA9\xE2\x82\xAC)1:1 W(b)1:6 .", ""},
    {"letters of any script", "caf\xC3\xA9 b", 0, "W(caf\xC3\xA9)1:1 W(b)1:6 .", ""},
    {"a byte-order mark",
     "\xEF\xBB\xBF"
     "a",
     0, "W(a)1:1 .", ""},
    {"an unterminated string", "\"ab\nc", 0, "S(ab)1:1 /W(c)2:1 .", "f:1:1: " NO_END},
    {"an unterminated string at the end", "\"ab", 0, "S(ab)1:1 .", "f:1:1: " NO_END},
    {"a backslash at the end", "\"ab\\", 0, "S(ab)1:1 .", "f:1:1: " NO_END},
    {"a string that ends in CR LF", "\"ab\r\nc", 0, "S(ab)1:1 /W(c)2:1 .", "f:1:1: " NO_END},
    {"an unknown escape", "\"a\\qb\"", 0, "S(ab)1:1 .", "f:1:3: " BAD_ESCAPE},
    {"bad bytes, one error a run", "a \xFF\xFE b", 0, "W(a)1:1 W(b)1:6 .", "f:1:3: " NO_TEXT},
    {"a NUL", "a\0b", 3, "W(a)1:1 W(b)1:3 .", "f:1:2: " NO_TEXT},
    {"a character that is cut", "a \xE2\x82", 4, "W(a)1:1 .", "f:1:3: " NO_TEXT},
    {"a control character in a string",
     "\"a\x01"
     "b\"",
     0, "S(ab)1:1 .", "f:1:3: " NO_TEXT},
    {"a lone CR", "a\rb", 0, "W(a)1:1 W(b)1:3 .", "f:1:2: " NO_TEXT},
    {"an odd character", "a \xE2\x80\x9C", 0, "W(a)1:1 .",
     "f:1:3: unexpected character U+201C; texts stand in \"quotes\""},
    {"several mistakes", "\"a\n\"\\q\n\x01", 0, "S(a)1:1 /S()2:1 /.",
     "f:1:1: " NO_END "\nf:2:2: " BAD_ESCAPE "\nf:2:1: " NO_END "\nf:3:1: " NO_TEXT},
};

Test(lexer, splits_texts_and_reports_every_mistake)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        gsize length = CASES[i].length != 0 ? CASES[i].length : strlen(CASES[i].text);
        g_autofree char *exact = g_memdup2(CASES[i].text, length);
        OWNED(lexer) lexer = lexer_new("f", exact, length);
        g_autofree char *tokens = describe(lexer);
        g_autofree char *errors = describe_errors(lexer);
        cr_expect_str_eq(tokens, CASES[i].want_tokens, "%s: got %s, want %s", CASES[i].name, tokens,
                         CASES[i].want_tokens);
        cr_expect_str_eq(errors, CASES[i].want_errors, "%s: got %s, want %s", CASES[i].name, errors,
                         CASES[i].want_errors);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *want_tokens;
    const char *want_errors;
} RULES[] = {
    {"lines are blanks", "a\n b", "W(a)1:1 W(b)2:2 .", ""},
    {"a comma is a symbol", "(a,b)", "Y(()1:1 W(a)1:2 Y(,)1:3 W(b)1:4 Y())1:5 .", ""},
    {"comparisons", "a<=b>=c!=d<e",
     "W(a)1:1 Y(<=)1:2 W(b)1:4 Y(>=)1:5 W(c)1:7 Y(!=)1:8 W(d)1:10 Y(<)1:11 W(e)1:12 .", ""},
    {"a pattern", "a ~ /b#c\\/d/im e", "W(a)1:1 Y(~)1:3 P(b#c\\/d)im1:5 W(e)1:16 .", ""},
    {"a pattern after !~, on the next line", "a !~\n/\"/", "W(a)1:1 Y(!~)1:3 P(\")2:1 .", ""},
    {"no pattern without ~", "a /b/", "W(a)1:1 W(/b/)1:3 .", ""},
    {"an empty pattern", "~ //", "Y(~)1:1 P()1:3 .", ""},
    {"a pattern without end", "~ /ab\nc", "Y(~)1:1 P(ab)1:3 W(c)2:1 .",
     "f:1:3: this pattern does not end on its line"},
    {"a backslash at a pattern's end", "~ /ab\\", "Y(~)1:1 P(ab\\)1:3 .",
     "f:1:3: this pattern does not end on its line"},
    {"bad bytes in a pattern", "~ /a\xFF/", "Y(~)1:1 P(a\xFF)1:3 .", "f:1:5: " NO_TEXT},
    {"times, sizes and addresses are words", "08:30 2h 20MB a@b.c",
     "W(08:30)1:1 W(2h)1:7 W(20MB)1:10 W(a@b.c)1:15 .", ""},
};

Test(lexer, reads_rules_with_their_patterns)
{
    for (size_t i = 0; i < G_N_ELEMENTS(RULES); i++) {
        g_autofree char *exact = g_memdup2(RULES[i].text, strlen(RULES[i].text));
        OWNED(lexer) lexer = lexer_new_rules("f", exact, strlen(RULES[i].text));
        g_autofree char *tokens = describe(lexer);
        g_autofree char *errors = describe_errors(lexer);
        cr_expect_str_eq(tokens, RULES[i].want_tokens, "%s: got %s, want %s", RULES[i].name, tokens,
                         RULES[i].want_tokens);
        cr_expect_str_eq(errors, RULES[i].want_errors, "%s: got %s, want %s", RULES[i].name, errors,
                         RULES[i].want_errors);
        cr_expect_eq(lexer->places->len, lexer->errors->len, "%s: places", RULES[i].name);
    }
}

Test(lexer, gives_a_verdict_with_all_errors)
{
    OWNED(lexer) lexer = lexer_new("conf", "a\nb", 3);
    struct err err = {.status = ST_OK};

    cr_assert_eq(lexer_verdict(lexer, &err), ST_OK);
    lexer_complain(lexer, lexer->tokens->pdata[0], "no %s", "a");
    lexer_complain(lexer, lexer->tokens->pdata[2], "no b");
    cr_assert_eq(lexer_verdict(lexer, &err), ST_FATAL);
    cr_expect_str_eq(err.text, "conf:1:1: no a\nconf:2:1: no b");
}

Test(lexer, counts_the_errors_that_do_not_fit)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct err err = {.status = ST_OK};

    for (int i = 0; i < 100; i++) {
        g_string_append(text, "\"a\n");
    }
    OWNED(lexer) lexer = lexer_new("f", text->str, text->len);
    cr_assert_eq(lexer_verdict(lexer, &err), ST_FATAL);
    g_auto(GStrv) lines = g_strsplit(err.text, "\n", -1);
    guint count = g_strv_length(lines);
    g_autofree char *want = g_strdup_printf("and %u more errors", 100 - (count - 1));
    cr_expect_str_eq(lines[count - 1], want);
    cr_expect_gt(count, 5);
}
