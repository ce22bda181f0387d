/* udiff - what has changed between two texts, line by line
 *
 * The form is the one of diff -u, which everybody reads and every tool takes. The shortest way from one text to the other
 * is looked for as E. Myers does ("An O(ND) Difference Algorithm and Its Variations", 1986): for a growing number of
 * changes d, how far does one come on each diagonal? What was reached for each d is kept, and the way is
 * read backwards from the end.
 *
 * Lines that both have at the beginning and at the end are taken away first, so the work is for what changed. Texts
 * that differ in more than MOST_CHANGES lines are shown as one removed and one added: nobody reads such a diff.
 * Pure.
 */
#include "cli/udiff.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { CONTEXT = 3, MOST_CHANGES = 2000 };

struct lines {
    char **text; /* own, each without its line feed */
    int count;
    bool has_no_end; /* the last has no line feed */
};

/* One line of the result. */
struct step {
    char kind; /* ' ', '-' or '+' */
    int line;  /* of the old text, for '+' of the new one */
};

static struct lines lines_of(const char *text)
{
    struct lines lines = {.text = g_strsplit(text == NULL ? "" : text, "\n", -1)};
    lines.count = (int)g_strv_length(lines.text);
    if (lines.count > 0 && *lines.text[lines.count - 1] == '\0') {
        lines.count--; /* what comes after the last line feed */
    } else {
        lines.has_no_end = lines.count > 0;
    }
    return lines;
}

/* ---- the shortest way -------------------------------------------------------------------------- */

struct search {
    const struct lines *a;
    const struct lines *b;
    int first; /* lines that both begin with */
    int n;     /* lines of a and b between what is the same at both ends */
    int m;
    GPtrArray *reached; /* own: int *: for each number of changes, how far on each diagonal */
};

static bool is_same(const struct search *search, int x, int y)
{
    const struct lines *a = search->a;
    const struct lines *b = search->b;
    int i = search->first + x;
    int j = search->first + y;
    bool is_last_a = i == a->count - 1 && a->has_no_end;
    bool is_last_b = j == b->count - 1 && b->has_no_end;
    return is_last_a == is_last_b && strcmp(a->text[i], b->text[j]) == 0;
}

/* From where one comes to diagonal k with d changes: down (a line of b is added), or right. */
static bool comes_down(const int *before, int d, int k)
{
    return k == -d || (k != d && before[d + k - 1] < before[d + k + 1]);
}

/* reached[d][d + k] is how far it goes on diagonal k; before has the same for d - 1, shifted by one. */
static bool extend(struct search *search, int d)
{
    int *now = g_new0(int, (gsize)(2 * d + 3));
    const int *before = d == 0 ? NULL : g_ptr_array_index(search->reached, (guint)d - 1);
    g_autofree int *shifted = g_new0(int, (gsize)(2 * d + 3));
    g_ptr_array_add(search->reached, now);
    for (int k = -(d - 1); d > 0 && k <= d - 1; k++) {
        shifted[d + k] = before[d - 1 + k];
    }
    for (int k = -d; k <= d; k += 2) {
        int x = d == 0                      ? 0
                : comes_down(shifted, d, k) ? shifted[d + k + 1]
                                            : shifted[d + k - 1] + 1;
        while (x < search->n && x - k < search->m && x - k >= 0 && is_same(search, x, x - k)) {
            x++;
        }
        now[d + k] = x;
        if (x >= search->n && x - k >= search->m) {
            return true;
        }
    }
    return false;
}

static void add_step(GArray *steps, char kind, int line)
{
    struct step step = {kind, line};
    g_array_append_val(steps, step);
}

/* Backwards from the end, so the steps come in the wrong order. */
static void walk_back(const struct search *search, GArray *steps)
{
    int x = search->n;
    int y = search->m;
    for (int d = (int)search->reached->len - 1; d > 0; d--) {
        const int *before = g_ptr_array_index(search->reached, (guint)d - 1);
        int k = x - y;
        g_autofree int *shifted = g_new0(int, (gsize)(2 * d + 3));
        memcpy(shifted + 1, before, sizeof(int) * (gsize)(2 * d - 1));
        bool is_down = comes_down(shifted, d, k);
        int from_k = is_down ? k + 1 : k - 1;
        int from_x = shifted[d + from_k];
        while (x > (is_down ? from_x : from_x + 1)) {
            x--;
            y--;
            add_step(steps, ' ', search->first + x);
        }
        if (is_down) {
            y--;
            add_step(steps, '+', search->first + y);
        } else {
            x--;
            add_step(steps, '-', search->first + x);
        }
    }
    while (x > 0) {
        x--;
        add_step(steps, ' ', search->first + x);
    }
}

static void replace_all(const struct search *search, GArray *steps)
{
    for (int i = search->m - 1; i >= 0; i--) {
        add_step(steps, '+', search->first + i);
    }
    for (int i = search->n - 1; i >= 0; i--) {
        add_step(steps, '-', search->first + i);
    }
}

static void reverse(GArray *steps)
{
    for (guint i = 0; i < steps->len / 2; i++) {
        struct step *a = &g_array_index(steps, struct step, i);
        struct step *b = &g_array_index(steps, struct step, steps->len - 1 - i);
        struct step kept = *a;
        *a = *b;
        *b = kept;
    }
}

/* The lines of both texts in the order of a diff. Own. */
static GArray *find_steps(const struct lines *a, const struct lines *b)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct step));
    struct search search = {.a = a, .b = b, .n = a->count, .m = b->count};
    int last = 0;
    while (search.first < MIN(a->count, b->count) && is_same(&search, 0, 0)) {
        search.first++;
    }
    search.n -= search.first;
    search.m -= search.first;
    while (search.n > 0 && search.m > 0 && is_same(&search, search.n - 1, search.m - 1)) {
        search.n--;
        search.m--;
        last++;
    }
    search.reached = g_ptr_array_new_with_free_func(g_free);
    bool is_found = false;
    for (int d = 0; d <= MOST_CHANGES && !is_found; d++) {
        is_found = extend(&search, d);
    }
    for (int i = last - 1; i >= 0; i--) {
        add_step(steps, ' ', search.first + search.n + i);
    }
    if (is_found) {
        walk_back(&search, steps);
    } else {
        replace_all(&search, steps);
    }
    for (int i = search.first - 1; i >= 0; i--) {
        add_step(steps, ' ', i);
    }
    g_ptr_array_unref(search.reached);
    reverse(steps);
    return steps;
}

/* ---- writing it -------------------------------------------------------------------------------- */

struct writer {
    const struct lines *a;
    const struct lines *b;
    const GArray *steps;
    GString *out;
};

static void write_step(const struct writer *writer, const struct step *step)
{
    const struct lines *lines = step->kind == '+' ? writer->b : writer->a;
    g_string_append_printf(writer->out, "%c%s\n", step->kind, lines->text[step->line]);
    if (lines->has_no_end && step->line == lines->count - 1) {
        g_string_append(writer->out, "\\ No newline at end of file\n");
    }
}

static void write_range(GString *out, char sign, int start, int count)
{
    /* A range of no lines is named by the line before it. */
    g_string_append_printf(out, count == 1 ? "%c%d" : "%c%d,%d", sign,
                           count == 0 ? start : start + 1, count);
}

/* The steps from first to end as one piece, of which a and b have so many lines before it. */
static void write_hunk(const struct writer *writer, guint first, guint end, int before_a,
                       int before_b)
{
    int of_a = 0;
    int of_b = 0;
    for (guint i = first; i < end; i++) {
        char kind = g_array_index(writer->steps, struct step, i).kind;
        of_a += kind != '+';
        of_b += kind != '-';
    }
    g_string_append(writer->out, "@@ ");
    write_range(writer->out, '-', before_a, of_a);
    g_string_append_c(writer->out, ' ');
    write_range(writer->out, '+', before_b, of_b);
    g_string_append(writer->out, " @@\n");
    for (guint i = first; i < end; i++) {
        write_step(writer, &g_array_index(writer->steps, struct step, i));
    }
}

/* Where the piece ends that begins with a change at i: behind its context, or that of the next change near it. */
static guint end_of_hunk(const GArray *steps, guint i)
{
    guint last_change = i;
    for (; i < steps->len && i - last_change <= 2 * CONTEXT + 1; i++) {
        if (g_array_index(steps, struct step, i).kind != ' ') {
            last_change = i;
        }
    }
    return MIN(last_change + 1 + CONTEXT, steps->len);
}

static void write_hunks(const struct writer *writer)
{
    int lines_a = 0; /* of each text before step i */
    int lines_b = 0;
    for (guint i = 0; i < writer->steps->len;) {
        if (g_array_index(writer->steps, struct step, i).kind == ' ') {
            lines_a++;
            lines_b++;
            i++;
            continue;
        }
        guint context = MIN((guint)CONTEXT,
                            i); /* none of it is in the piece before: that one took it */
        guint end = end_of_hunk(writer->steps, i);
        write_hunk(writer, i - context, end, lines_a - (int)context, lines_b - (int)context);
        for (; i < end; i++) {
            char kind = g_array_index(writer->steps, struct step, i).kind;
            lines_a += kind != '+';
            lines_b += kind != '-';
        }
    }
}

static size_t count_kind(const GArray *steps, char kind)
{
    size_t count = 0;
    for (guint i = 0; i < steps->len; i++) {
        count += g_array_index(steps, struct step, i).kind == kind;
    }
    return count;
}

char *udiff(const char *old_name, const char *old_text, const char *new_name, const char *new_text,
            size_t *added_out, size_t *removed_out)
{
    struct lines a = lines_of(old_text);
    struct lines b = lines_of(new_text);
    g_autoptr(GArray) steps = find_steps(&a, &b);
    GString *out = g_string_new(NULL);
    size_t added = count_kind(steps, '+');
    size_t removed = count_kind(steps, '-');
    bool is_one_missing = (old_text == NULL) != (new_text == NULL);
    if (added + removed > 0 || is_one_missing) {
        struct writer writer = {&a, &b, steps, out};
        g_string_append_printf(out, "--- %s\n+++ %s\n", old_text == NULL ? "/dev/null" : old_name,
                               new_text == NULL ? "/dev/null" : new_name);
        write_hunks(&writer);
    }
    if (added_out != NULL) {
        *added_out = added;
    }
    if (removed_out != NULL) {
        *removed_out = removed;
    }
    g_strfreev(a.text);
    g_strfreev(b.text);
    return g_string_free(out, FALSE);
}
