/* What has changed between two texts, as diff -u says it. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "cli/udiff.h"

static const struct {
    const char *name;
    const char *old_text;
    const char *new_text;
    const char *want;
} CASES[] = {
    {"the same", "a\nb\n", "a\nb\n", ""},
    {"nothing at all", "", "", ""},
    {"one line changed", "a\nb\nc\n", "a\nB\nc\n",
     "--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
    {"one line added at the end", "a\n", "a\nb\n", "--- x\n+++ y\n@@ -1 +1,2 @@\n a\n+b\n"},
    {"one line removed at the start", "a\nb\n", "b\n", "--- x\n+++ y\n@@ -1,2 +1 @@\n-a\n b\n"},
    {"a new file", NULL, "a\n", "--- /dev/null\n+++ y\n@@ -0,0 +1 @@\n+a\n"},
    {"a new file without a line", NULL, "", "--- /dev/null\n+++ y\n"},
    {"a file that is gone", "a\nb\n", NULL, "--- x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"},
    {"three lines around, no more", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
     "--- x\n+++ y\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
    {"two changes near each other are one piece", "1\n2\n3\n4\n5\n6\n7\n8\n",
     "one\n2\n3\n4\n5\n6\n7\neight\n",
     "--- x\n+++ y\n@@ -1,8 +1,8 @@\n-1\n+one\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+eight\n"},
    {"two changes far from each other are two", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
     "one\n2\n3\n4\n5\n6\n7\n8\nnine\n",
     "--- x\n+++ y\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+nine\n"},
    {"the last line feed counts", "a", "a\n",
     "--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
    {"both without it", "a\nb", "A\nb",
     "--- x\n+++ y\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"},
    {"the shortest way", "a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
     "--- x\n+++ y\n@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n"},
};

Test(udiff, says_what_changed_as_everybody_reads_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *got = udiff("x", CASES[i].old_text, "y", CASES[i].new_text, NULL, NULL);
        cr_expect_str_eq(got, CASES[i].want, "%s: got\n%s", CASES[i].name, got);
    }
}

Test(udiff, counts_what_was_added_and_removed)
{
    size_t added = 9;
    size_t removed = 9;
    g_free(udiff("x", "a\nb\nc\n", "y", "a\nx\ny\nc\n", &added, &removed));
    cr_expect_eq(added, 2);
    cr_expect_eq(removed, 1);
}

/* Apply a diff to its old text; what comes out has to be the new one. */
static char *apply(const char *old_text, const char *diff)
{
    g_auto(GStrv) old_lines = g_strsplit(old_text, "\n", -1);
    g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);
    GString *out = g_string_new(NULL);
    guint at = 0;
    for (size_t i = 0; lines[i] && *lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "---") || g_str_has_prefix(lines[i], "+++")) {
            continue;
        }
        if (g_str_has_prefix(lines[i], "@@ -")) {
            guint64 start = g_ascii_strtoull(lines[i] + 4, NULL, 10);
            gboolean is_empty = strstr(lines[i], ",0 +") != NULL;
            while (at + (is_empty ? 0 : 1) < start) {
                g_string_append_printf(out, "%s\n", old_lines[at++]);
            }
        } else if (*lines[i] == '+') {
            g_string_append_printf(out, "%s\n", lines[i] + 1);
        } else {
            cr_assert_str_eq(old_lines[at], lines[i] + 1);
            at++;
            if (*lines[i] == ' ') {
                g_string_append_printf(out, "%s\n", lines[i] + 1);
            }
        }
    }
    for (; old_lines[at] && (old_lines[at + 1] || *old_lines[at]); at++) {
        g_string_append_printf(out, "%s\n", old_lines[at]);
    }
    return g_string_free(out, FALSE);
}

static char *random_text(GRand *rand, int most)
{
    GString *text = g_string_new(NULL);
    int count = g_rand_int_range(rand, 0, most);
    for (int i = 0; i < count; i++) {
        g_string_append_printf(text, "%c\n", 'a' + g_rand_int_range(rand, 0, 4));
    }
    return g_string_free(text, FALSE);
}

Test(udiff, leads_from_any_text_to_any_other)
{
    GRand *rand = g_rand_new_with_seed(7);
    for (int i = 0; i < 2000; i++) {
        g_autofree char *from = random_text(rand, 40);
        g_autofree char *to = random_text(rand, 40);
        g_autofree char *diff = udiff("x", from, "y", to, NULL, NULL);
        g_autofree char *got = apply(from, diff);
        cr_assert_str_eq(got, to, "round %d:\n%s", i, diff);
    }
    g_rand_free(rand);
}

Test(udiff, shows_texts_that_have_nothing_in_common_as_one_for_the_other)
{
    GString *from = g_string_new(NULL);
    GString *to = g_string_new(NULL);
    size_t added = 0;
    size_t removed = 0;
    for (int i = 0; i < 3000; i++) {
        g_string_append_printf(from, "old %d\n", i);
        g_string_append_printf(to, "new %d\n", i);
    }
    g_free(udiff("x", from->str, "y", to->str, &added, &removed));
    cr_expect_eq(added, 3000);
    cr_expect_eq(removed, 3000);
    g_string_free(from, TRUE);
    g_string_free(to, TRUE);
}
