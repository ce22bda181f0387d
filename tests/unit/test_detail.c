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

static const struct {
    const char *name;
    enum person_detail detail;
    const char *text;
    const char *want; /* NULL: refused */
} OF_PEOPLE[] = {
    {"a zone", PERSON_ZONE, " Europe/Berlin ", "Europe/Berlin"},
    {"no zone", PERSON_ZONE, "", ""},
    {"a zone that nobody knows", PERSON_ZONE, "Europe/Berlon", NULL},
    {"a zone that is a path", PERSON_ZONE, "../../etc/passwd", NULL},
    {"a signature", PERSON_SIGNATURE, "Ben Huber\r\nDesk  \r\n", "Ben Huber\nDesk"},
    {"no signature", PERSON_SIGNATURE, "", ""},
    {"a signature that is no UTF-8", PERSON_SIGNATURE, "Ben\xfc", NULL},
    {"a signature without escapes", PERSON_SIGNATURE, "Ben\x1b[31m", "Ben[31m"},
    {"a semicolon in a name", PERSON_LAST_NAME, "a;b", "a;b"},
};

Test(detail, of_a_person_is_stored_clean)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OF_PEOPLE); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *got = NULL;
        enum status status = detail_read(detail_of_person(OF_PEOPLE[i].detail), OF_PEOPLE[i].text,
                                         &got, &err);
        cr_expect_eq(status, OF_PEOPLE[i].want == NULL ? ST_INVALID : ST_OK, "%s: %s",
                     OF_PEOPLE[i].name, err.text);
        cr_expect(g_strcmp0(got, OF_PEOPLE[i].want) == 0, "%s: got %s", OF_PEOPLE[i].name, got);
    }
}

Test(detail, of_a_telephone_is_one_number)
{
    struct err err = {.status = ST_OK};
    g_autofree char *one = NULL;
    g_autofree char *two = NULL;

    cr_expect_eq(detail_read(detail_of_phone(), " +49 89 123 ", &one, &err), ST_OK);
    cr_expect_str_eq(one, "+49 89 123");
    cr_expect_eq(detail_read(detail_of_phone(), "+49 89 123; +49 89 124", &two, &err), ST_INVALID);
    cr_expect_null(two);
}

static const struct {
    const char *name;
    int chars; /* on the first line */
    int lines;
    bool is_taken;
} SIGNATURES[] = {
    {"as long as it may be", LIMIT_SIGNATURE_CHARS, 1, true},
    {"a character more", LIMIT_SIGNATURE_CHARS + 1, 1, false},
    {"as many lines as it may have", 1, LIMIT_SIGNATURE_LINES, true},
    {"a line more", 1, LIMIT_SIGNATURE_LINES + 1, false},
};

Test(detail, of_a_signature_has_an_end_in_both_directions)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNATURES); i++) {
        struct err err = {.status = ST_OK};
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *got = NULL;
        for (int n = 0; n < SIGNATURES[i].chars; n++) {
            g_string_append(text, "ö");
        }
        for (int n = 1; n < SIGNATURES[i].lines; n++) {
            g_string_append(text, "\nx");
        }
        enum status status = detail_read_signature(text->str, &got, &err);
        cr_expect_eq(status, SIGNATURES[i].is_taken ? ST_OK : ST_INVALID, "%s: %s",
                     SIGNATURES[i].name, err.text);
        cr_expect(g_strcmp0(got, SIGNATURES[i].is_taken ? text->str : NULL) == 0, "%s",
                  SIGNATURES[i].name);
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
