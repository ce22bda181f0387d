/* Tables as text: what spreadsheets and other programs write, and what cannot be meant. */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/csv.h"
#include "core/limits.h"

/* Rows as "line:cell|cell", faults as "line!", a blank between them. */
static char *read_all(const char *bytes, size_t length, char separator)
{
    g_autofree char *exact = g_memdup2(bytes,
                                       length == 0 ? 1 : length); /* ASan sees any over-read */
    g_autoptr(GString) text = g_string_new(NULL);
    struct csv csv;
    struct csv_row row;

    csv_init(&csv, exact, length, separator);
    csv_row_init(&row);
    while (csv_next(&csv, &row)) {
        g_string_append_printf(text, "%s%" PRId64 "%s", text->len == 0 ? "" : " ", row.line,
                               row.fault == NULL ? ":" : "!");
        for (guint i = 0; row.fault == NULL && i < row.cells->len; i++) {
            g_string_append_printf(text, "%s%s", i == 0 ? "" : "|", (char *)row.cells->pdata[i]);
        }
    }
    csv_row_done(&row);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const struct {
    const char *name;
    const char *text;
    const char *want;
} CASES[] = {
    {"nothing", "", ""},
    {"only line ends", "\n\r\n\r", ""},
    {"rows", "a,b\nc,d\n", "1:a|b 2:c|d"},
    {"no last line end", "a,b\nc,d", "1:a|b 2:c|d"},
    {"CR LF and CR", "a\r\nb\rc\n", "1:a 2:b 3:c"},
    {"empty rows", "a\n\n\nb", "1:a 4:b"},
    {"empty cells", ",\na,\n,b\n,,", "1:| 2:a| 3:|b 4:||"},
    {"a quoted cell", "\"a,b\",c", "1:a,b|c"},
    {"an empty quoted cell is a row", "\"\"\n\"\"\n", "1: 2:"},
    {"a quotation mark in a quoted cell", "\"a\"\"b\"", "1:a\"b"},
    {"one in a plain cell", "12\" screen,b", "1:12\" screen|b"},
    {"line ends in a cell count", "\"a\r\nb\nc\rd\",e\nf", "1:a\r\nb\nc\rd|e 5:f"},
    {"quoted to the end", "a,\"b\"", "1:a|b"},
    {"text behind a closing mark", "\"a\"b,c\nd,e", "1! 2:d|e"},
    {"blanks behind a closing mark", "\"a\" ,c\nd,e", "1! 2:d|e"},
    {"a mark that is never closed", "a,b\n\"c,d\ne,f\n", "1:a|b 2!"},
    {"a lone mark", "\"", "1!"},
    {"another separator is a letter", "a;b\tc", "1:a;b\tc"},
};

Test(csv, reads_what_programs_write)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *got = read_all(CASES[i].text, strlen(CASES[i].text), ',');
        cr_expect_str_eq(got, CASES[i].want, "%s: got %s", CASES[i].name, got);
    }
}

Test(csv, finds_nul_bytes_and_goes_on)
{
    static const char TEXT[] = "a,b\nc\0d,e\n\"f\0\"\ng";
    g_autofree char *got = read_all(TEXT, sizeof(TEXT) - 1, ',');

    cr_expect_str_eq(got, "1:a|b 2! 3! 4:g");
}

Test(csv, has_an_end_for_rows_and_cells)
{
    g_autofree char *commas = g_strnfill(LIMIT_CSV_CELLS, ',');
    g_autofree char *letters = g_strnfill(LIMIT_CSV_CELL_BYTES + 1, 'x');
    g_autofree char *text = g_strdup_printf("%s\n%s\n%s\nb", commas, commas + 1, letters);
    g_autofree char *got = read_all(text, strlen(text), ',');

    cr_expect(g_str_has_prefix(got, "1! 2:|"), "%.40s", got);
    cr_expect(g_str_has_suffix(got, "| 3! 4:b"), "%s", got + strlen(got) - 20);
}

Test(csv, finds_the_separator_of_the_first_row)
{
    static const struct {
        const char *text;
        char want;
    } SEPARATORS[] = {{"a,b;c,d\n;;;;;;", ','},
                      {"a;b;c,d", ';'},
                      {"a\tb", '\t'},
                      {"a", ','},
                      {"", ','},
                      {"\"a,b,c,d\";e;f\n1,2,3", ';'},
                      {"\"a\nb,c,\"\td", '\t'}};

    for (size_t i = 0; i < G_N_ELEMENTS(SEPARATORS); i++) {
        char got = csv_find_separator(SEPARATORS[i].text, strlen(SEPARATORS[i].text));
        cr_expect_eq(got, SEPARATORS[i].want, "%s: got '%c'", SEPARATORS[i].text, got);
    }
}

Test(csv, reads_what_it_wrote)
{
    static const char *const CELLS[] = {"a",    "",       "a,b",   "a\"b", "\"",   "a\nb",
                                        " a",   "a ",     "a;b",   "\t",   "\r\n", "\"\"",
                                        "ä, ö", "'=1+1'", "x\ty;", "#",    "a\rb", ",,,"};
    g_autoptr(GString) text = g_string_new(NULL);
    struct csv csv;
    struct csv_row row;

    for (size_t i = 0; i < G_N_ELEMENTS(CELLS); i++) {
        csv_add(text, CELLS[i], i == 0);
    }
    csv_end(text);
    csv_init(&csv, text->str, text->len, csv_find_separator(text->str, text->len));
    csv_row_init(&row);
    cr_assert(csv_next(&csv, &row));
    cr_assert_eq(row.fault, NULL);
    cr_assert_eq(row.cells->len, G_N_ELEMENTS(CELLS));
    for (size_t i = 0; i < G_N_ELEMENTS(CELLS); i++) {
        cr_expect_str_eq((char *)row.cells->pdata[i], CELLS[i]);
    }
    cr_expect_not(csv_next(&csv, &row));
    csv_row_done(&row);
}
