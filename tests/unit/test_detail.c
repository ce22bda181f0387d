/* What is entered about customers and people. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/detail.h"

static const struct {
    const char *name;
    enum customer_detail detail;
    const char *text;
    const char *want; /* NULL: refused */
} CASES[] = {
    {"a number", CUSTOMER_PHONE, " +49 89  123 ", "+49 89 123"},
    {"nothing", CUSTOMER_CITY, "", ""},
    {"a line is a line", CUSTOMER_CITY, "Bad\r\nTölz", "Bad Tölz"},
    {"lines stay lines", CUSTOMER_ADDRESS, "Hauptstr. 1\r\nHinterhaus  \n",
     "Hauptstr. 1\nHinterhaus"},
    {"no escapes", CUSTOMER_NOTES, "a\x1b[31mb", "a[31mb"},
    {"a language", CUSTOMER_LANGUAGE, "DE", "de"},
    {"no language", CUSTOMER_LANGUAGE, "", ""},
    {"not ours", CUSTOMER_LANGUAGE, "nl", NULL},
    {"no UTF-8", CUSTOMER_CITY, "T\xf6lz", NULL},
};

Test(detail, is_stored_clean)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *text = g_strdup(CASES[i].text);
        g_autofree char *got = NULL;
        enum status status = detail_read(detail_of_customer(CASES[i].detail), text, &got, &err);
        cr_expect_eq(status, CASES[i].want == NULL ? ST_INVALID : ST_OK, "%s: %s", CASES[i].name,
                     err.text);
        cr_expect(g_strcmp0(got, CASES[i].want) == 0, "%s: got %s", CASES[i].name, got);
    }
}

Test(detail, has_an_end)
{
    static const struct {
        enum person_detail detail;
        size_t chars;
        bool is_taken;
    } LONG[] = {
        {PERSON_JOB_TITLE, LIMIT_DETAIL_CHARS, true},
        {PERSON_JOB_TITLE, LIMIT_DETAIL_CHARS + 1, false},
        {PERSON_NOTES, LIMIT_DETAIL_LINES_CHARS, true},
        {PERSON_NOTES, LIMIT_DETAIL_LINES_CHARS + 1, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(LONG); i++) {
        struct err err = {.status = ST_OK};
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *got = NULL;
        for (size_t n = 0; n < LONG[i].chars; n++) {
            g_string_append(text, "ö");
        }
        enum status status = detail_read(detail_of_person(LONG[i].detail), text->str, &got, &err);
        cr_expect_eq(status == ST_OK, LONG[i].is_taken, "%zu: %s", LONG[i].chars, err.text);
    }
}

Test(detail, joins_the_names_that_there_are)
{
    static const char *const NAMES[][3] = {{"Anna", "Meyer", "Anna Meyer"},
                                           {"", "Meyer", "Meyer"},
                                           {"Anna", "", "Anna"},
                                           {"", "", ""}};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *got = detail_whole_name(NAMES[i][0], NAMES[i][1]);
        cr_expect_str_eq(got, NAMES[i][2]);
    }
}
