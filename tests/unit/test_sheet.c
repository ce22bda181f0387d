/* Tables with a header: encodings, columns, and the guard against formulas. */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "cli/sheet.h"

static const struct sheet_column COLUMNS[] = {{"name", "Acme", true},
                                              {"job-title", "CTO", false},
                                              {"notes", "=1", false}};

/* What a file of these bytes says: "line:name|job-title|notes" of each row, and the faults behind it. */
static char *read_all(const char *bytes, size_t length, bool *is_windows_1252_out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct sheet sheet;
    struct faults faults;
    struct err err = {.status = ST_OK};
    char *copy = g_malloc(length + 1);

    memcpy(copy, bytes, length);
    copy[length] = '\0';
    faults_init(&faults);
    enum status status = sheet_open(&sheet, &copy, length, COLUMNS, G_N_ELEMENTS(COLUMNS), &faults,
                                    &err);
    while (status == ST_OK && sheet_next(&sheet, &faults)) {
        g_string_append_printf(text, "%" PRId64 ":", sheet_line(&sheet));
        for (size_t i = 0; i < G_N_ELEMENTS(COLUMNS); i++) {
            const char *cell = sheet_cell(&sheet, i);
            g_string_append_printf(text, "%s%s", i == 0 ? "" : "|", cell == NULL ? "-" : cell);
        }
        g_string_append_c(text, '\n');
    }
    (void)faults_sort(&faults);
    for (guint i = 0; i < faults.list->len; i++) {
        const struct fault *fault = faults.list->pdata[i];
        g_string_append_printf(text, "%" PRId64 "! %s\n", fault->line, fault->text);
    }
    if (status != ST_OK && faults.list->len == 0) {
        g_string_append(text, err.text);
    }
    *is_windows_1252_out = sheet.is_windows_1252;
    sheet_close(&sheet);
    faults_done(&faults);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const struct {
    const char *name;
    const char *text;
    bool is_windows_1252;
    const char *want;
} CASES[] = {
    {"columns in any order and spelling", "Job_Title; NAME\nCTO;Anna\n", false, "2:Anna|CTO|-\n"},
    {"empty rows and examples", "name,notes\n,\n# Acme,x\n  ,\nAnna,y\n", false, "5:Anna|-|y\n"},
    {"columns without a name at the end", "name,notes,,\nAnna,x,,\nBen,y\n", false,
     "2:Anna|-|x\n3:Ben|-|y\n"},
    {"more cells than the header", "name,notes\nAnna,x,y\nBen\n", false,
     "2! it has 3 cells, the header has 2\n3! it has 1 cells, the header has 2\n"},
    {"the guard", "name\n'=1+1\n'+49\n'-1\n'@a\n''x\n'#a\n'x\n'\n=1\n", false,
     "2:=1+1|-|-\n3:+49|-|-\n4:-1|-|-\n5:@a|-|-\n6:'x|-|-\n7:#a|-|-\n8:'x|-|-\n9:'|-|-\n10:=1|-|-\n"},
    {"a byte order mark", "\xEF\xBB\xBFname\nKöln\n", false, "2:Köln|-|-\n"},
    {"Windows-1252", "name\nK\xf6ln \x80\n", true, "2:Köln €|-|-\n"},
    {"UTF-8 with a bad row", "name\nKöln\nK\xf6ln\nKöln\n", false,
     "2:Köln|-|-\n4:Köln|-|-\n3! cell 1 is no UTF-8\n"},
    {"bad bytes behind a mark", "\xEF\xBB\xBFname\nK\xf6ln\n", false, "2! cell 1 is no UTF-8\n"},
    {"a missing column", "notes\nx\n", false, "1! the column \"name\" is missing\n"},
    {"an unknown one", "name,note\nx,y\n", false,
     "1! unknown column \"note\": did you mean \"notes\"?\n"},
    {"UTF-16", "\xFF\xFEn", false, "the file is UTF-16"},
    {"nothing", "", false, "the file is empty"},
    {"a broken header", "\"name\"x,y\nz\n", false,
     "1! there is text behind a closing quotation mark\n"},
};

Test(sheet, reads_what_people_keep_in_spreadsheets)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        bool is_windows_1252 = false;
        g_autofree char *got = read_all(CASES[i].text, strlen(CASES[i].text), &is_windows_1252);
        cr_expect_str_eq(got, CASES[i].want, "%s: got %s", CASES[i].name, got);
        cr_expect_eq(is_windows_1252, CASES[i].is_windows_1252, "%s", CASES[i].name);
    }
}

Test(sheet, writes_no_formula_and_reads_it_back)
{
    static const char *const TEXTS[] = {"=1+1", "+49", "-1", "@a", "\tx", "\rx", "'", "''",
                                        "'=x",  "#1",  "'a", "a",  "",    "a=b", "=", "'+"};

    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        bool is_windows_1252 = false;
        sheet_add_header(text, COLUMNS, G_N_ELEMENTS(COLUMNS));
        sheet_add_cell(text, "x", true);
        sheet_add_cell(text, TEXTS[i], false);
        sheet_add_cell(text, TEXTS[i], false);
        csv_end(text);
        const char *cell = strchr(text->str, '\n') + 3;
        cell += *cell == '"';
        cr_expect_eq(strchr("=+-@\t\r", *cell) == NULL || *cell == '\0', true, "%s", cell);
        g_autofree char *want = g_strdup_printf("2:x|%s|%s\n", TEXTS[i], TEXTS[i]);
        g_autofree char *got = read_all(text->str, text->len, &is_windows_1252);
        cr_expect_str_eq(got, want, "%s: got %s", TEXTS[i], got);
    }
}
