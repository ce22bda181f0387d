/* test_rules_prefilter - the words of a pattern, and that no match is lost by them */
#include <string.h>

#include <criterion/criterion.h>

#include "core/limits.h"
#include "rules/pattern.h"
#include "rules/prefilter.h"

static const struct {
    const char *pattern;
    const char *want; /* words, by blanks; NULL: it does not tell */
} CASES[] = {
    {"drucker|printer", "drucker printer"},
    {"Drucker", "drucker"},
    {"hochsicherheitsnetz", "hochsich"},
    {"\\b(backup|sicherung)\\s+(fehlgeschlagen|failed)\\b", "backup sicherun"},
    {"(?:ab|cd) efg", " efg"},
    {"(?<order>\\d+) items", " items"},
    {"order #(?<order>\\d+)", "order #"},
    {"colou?r", "colo"},
    {"ab*c", NULL},
    {"abc*d", "ab"},
    {"abc+d", "abc"},
    {"abc{2}d", "ab"},
    {"abc{0,3}def", "def"},
    {"a{2}{3}bc", "bc"},
    {"(abc)?def", "def"},
    {"(abc)*", NULL},
    {"(abc)+", "abc"},
    {"(abc){0}", NULL},
    {"(abc|)def", "def"},
    {"abc|", NULL},
    {"|abc", NULL},
    {"abc|d", NULL},
    {"a.b", NULL},
    {"^abc$", "abc"},
    {"[abc]def", "def"},
    {"[]abc]def", "def"},
    {"[^]abc]def", "def"},
    {"[[:alpha:]]def", "def"},
    {"[\\]x]def", "def"},
    {"a\\.example", "a.exampl"},
    {"ab\\d+cde", "cde"},
    {"überfällig", "berf"},
    {"ä?bc", "bc"},
    {"abä?c", "ab"},
    {"(?=abc)..", NULL},
    {"(?!abc)defg", "defg"},
    {"(?<!abc)defg", "defg"},
    {"(?i)abc", NULL},
    {"(?#abc)def", NULL},
    {"(?(1)abc|def)", NULL},
    {"(*UTF)abc", NULL},
    {"(abc)\\1", NULL},
    {"\\Qabc\\E", NULL},
    {"[\\Qabc\\E]def", NULL},
    {"\\x41bc", NULL},
    {"\\p{Lu}bc", NULL},
    {"ab\\Kcd", NULL},
    {"(?|abc|def)", NULL},
    {"((((abc))))", "abc"},
    {"abc{x", "ab"},
    {"", NULL},
};

Test(rules_prefilter, finds_the_words_of_a_pattern)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GPtrArray) words = prefilter_words_of(CASES[i].pattern, "i");
        if (words == NULL || CASES[i].want == NULL) {
            cr_expect(words == NULL && CASES[i].want == NULL, "%s: tells %s", CASES[i].pattern,
                      words == NULL ? "nothing" : (char *)words->pdata[0]);
            continue;
        }
        g_ptr_array_add(words, NULL);
        g_autofree char *got = g_strjoinv(" ", (char **)words->pdata);
        cr_expect_str_eq(got, CASES[i].want, "%s: got %s, want %s", CASES[i].pattern, got,
                         CASES[i].want);
    }
    g_autoptr(GPtrArray) extended = prefilter_words_of("a b c", "x");
    cr_expect_null(extended);
}

static const char *const TEXTS[] = {
    "",
    "Drucker",
    "DRUCKER DEFEKT",
    "my printer",
    "backup failed",
    "Sicherung  fehlgeschlagen",
    "\xE2\x84\xAA",
    "bac\xE2\x84\xAAup failed",
    "bac\xE2\x84\xAAup\tfehlge\xC5\xBF\x63hlagen",
    "abcabc",
    "abcd",
    "abd",
    "abbcd",
    "abccccd",
    "aaaabc aaaaaabc",
    "cd efg",
    "12 items",
    "order #7",
    "color colour",
    "xdef]def",
    "überfällig ÜBERFÄLLIG",
    "bc äbc abc abäc",
    "defg",
    "a.example",
};

/* Whatever pcre2 matches, the words let pass. */
Test(rules_prefilter, loses_no_match)
{
    unsigned matched = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(pattern) pattern = NULL;
        struct err err = {.status = ST_OK};
        size_t offset = 0;
        if (pattern_new(CASES[i].pattern, "i", &pattern, &offset, &err) != ST_OK) {
            continue;
        }
        OWNED(prefilter) prefilter = prefilter_new();
        OWNED(pattern_runner) runner = pattern_runner_new();
        g_autoptr(GPtrArray) words = prefilter_words_of(CASES[i].pattern, "i");
        g_autoptr(GArray) numbers = words == NULL ? NULL
                                                  : g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (guint j = 0; words != NULL && j < words->len; j++) {
            unsigned number = prefilter_add(prefilter, words->pdata[j]);
            g_array_append_val(numbers, number);
        }
        prefilter_build(prefilter);
        for (size_t j = 0; j < G_N_ELEMENTS(TEXTS); j++) {
            g_autofree uint8_t *set = g_malloc0(prefilter_set_bytes(prefilter));
            prefilter_scan(prefilter, TEXTS[j], strlen(TEXTS[j]), set);
            bool may_match = prefilter_may_match(numbers, set);
            bool matches = pattern_match(runner, pattern, TEXTS[j], NULL, &err) == PATTERN_YES;
            matched += matches && numbers != NULL ? 1 : 0;
            cr_expect(may_match || !matches, "%s on %s: a match is lost", CASES[i].pattern,
                      TEXTS[j]);
        }
    }
    cr_expect_gt(matched, 30, "%u: too few to tell", matched);
}

Test(rules_prefilter, finds_words_within_words)
{
    static const char *const WORDS[] = {"he", "she", "his", "hers", "e", "ers ", "rs"};
    OWNED(prefilter) prefilter = prefilter_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        cr_assert_eq(prefilter_add(prefilter, WORDS[i]), i);
    }
    cr_expect_eq(prefilter_add(prefilter, "she"), 1);
    prefilter_build(prefilter);
    g_autofree uint8_t *set = g_malloc0(prefilter_set_bytes(prefilter));
    prefilter_scan(prefilter, "uSHErs", 6, set);
    cr_expect_eq(set[0], 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 6, "got %02x", set[0]);
}

Test(rules_prefilter, lets_all_pass_when_there_are_too_many_words)
{
    OWNED(prefilter) prefilter = prefilter_new();
    g_autoptr(GArray) last = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned i = 0; i <= LIMIT_PATTERN_STATES / 8; i++) {
        g_autofree char *word = g_strdup_printf("%08u", i);
        unsigned number = prefilter_add(prefilter, word);
        g_array_set_size(last, 0);
        g_array_append_val(last, number);
    }
    prefilter_build(prefilter);
    g_autofree uint8_t *set = g_malloc0(prefilter_set_bytes(prefilter));
    prefilter_scan(prefilter, "x", 1, set);
    cr_expect(prefilter_may_match(last, set));
}
