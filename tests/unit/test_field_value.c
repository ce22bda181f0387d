/* What a ticket's fields take, and the form in which it is stored. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/field_value.h"

static const struct {
    const char *name;
    enum field_type type;
    const char *text;
    const char *want; /* NULL: refused */
} CASES[] = {
    {"a number", FIELD_OF_NUMBER, "12", "12"},
    {"idle zeros behind", FIELD_OF_NUMBER, "12.500", "12.5"},
    {"nothing but zeros behind", FIELD_OF_NUMBER, "12.00", "12"},
    {"idle zeros before", FIELD_OF_NUMBER, "0012", "12"},
    {"less than one", FIELD_OF_NUMBER, "0.25", "0.25"},
    {"negative", FIELD_OF_NUMBER, "-3.10", "-3.1"},
    {"a plus", FIELD_OF_NUMBER, "+3", "3"},
    {"zero", FIELD_OF_NUMBER, "000", "0"},
    {"less than nothing", FIELD_OF_NUMBER, "-0.0", "0"},
    {"a little less than nothing", FIELD_OF_NUMBER, "-0.5", "-0.5"},
    {"the largest", FIELD_OF_NUMBER, "999999999999999.999999", "999999999999999.999999"},
    {"too large", FIELD_OF_NUMBER, "1000000000000000", NULL},
    {"too fine", FIELD_OF_NUMBER, "0.1234567", NULL},
    {"a comma", FIELD_OF_NUMBER, "1,5", NULL},
    {"a point and no more", FIELD_OF_NUMBER, "1.", NULL},
    {"a point first", FIELD_OF_NUMBER, ".5", NULL},
    {"an exponent", FIELD_OF_NUMBER, "1e3", NULL},
    {"a blank", FIELD_OF_NUMBER, "1 ", NULL},
    {"a sign alone", FIELD_OF_NUMBER, "-", NULL},
    {"no number", FIELD_OF_NUMBER, "", NULL},

    {"a date", FIELD_OF_DATE, "2026-12-03", "2026-12-03"},
    {"a date by hand", FIELD_OF_DATE, "3.12.2026", "2026-12-03"},
    {"a day that leap years have", FIELD_OF_DATE, "29.02.2028", "2028-02-29"},
    {"a day that other years have not", FIELD_OF_DATE, "2026-02-29", NULL},
    {"a month too many", FIELD_OF_DATE, "2026-13-01", NULL},
    {"digits too few", FIELD_OF_DATE, "2026-1-1", NULL},
    {"a short year", FIELD_OF_DATE, "3.12.26", NULL},
    {"an American date", FIELD_OF_DATE, "12/03/2026", NULL},
    {"more behind it", FIELD_OF_DATE, "2026-12-03T10:00", NULL},
    {"half a date", FIELD_OF_DATE, "2026-12", NULL},
    {"no date", FIELD_OF_DATE, "", NULL},
    {"a day and a month of one digit", FIELD_OF_DATE, "3.1.2026", "2026-01-03"},
    {"other signs in it", FIELD_OF_DATE, "2026/12/03", NULL},
    {"another sign behind the month", FIELD_OF_DATE, "2026-12.03", NULL},
    {"another sign behind the month, by hand", FIELD_OF_DATE, "3.12-2026", NULL},
    {"another sign behind the day, by hand", FIELD_OF_DATE, "3-12.2026", NULL},
    {"a year of five digits", FIELD_OF_DATE, "12026-12-03", NULL},
    {"a year of five digits, by hand", FIELD_OF_DATE, "3.12.12026", NULL},
    {"a year that fits only cut", FIELD_OF_DATE, "67562-12-03", NULL},
    {"a month of three digits", FIELD_OF_DATE, "2026-012-03", NULL},
    {"a month of three digits, by hand", FIELD_OF_DATE, "3.012.2026", NULL},
    {"no month", FIELD_OF_DATE, "2026--03", NULL},
    {"no month, by hand", FIELD_OF_DATE, "3..2026", NULL},
    {"a day of three digits", FIELD_OF_DATE, "2026-12-003", NULL},
    {"a day of three digits, by hand", FIELD_OF_DATE, "003.12.2026", NULL},
    {"a day of one digit", FIELD_OF_DATE, "2026-12-3", NULL},
    {"more behind it, by hand", FIELD_OF_DATE, "3.12.2026 ", NULL},
    {"the year before the first", FIELD_OF_DATE, "0000-01-01", NULL},
    {"half a date, by hand", FIELD_OF_DATE, "3.12", NULL},

    {"a choice", FIELD_OF_CHOICE, "North", "North"},
    {"a choice in other letters", FIELD_OF_CHOICE, "SÜDWEST", "Südwest"},
    {"none of them", FIELD_OF_CHOICE, "East", NULL},
    {"half of one", FIELD_OF_CHOICE, "Nor", NULL},

    {"a text", FIELD_OF_TEXT, "  A-17\n x ", "A-17 x"},
    {"blanks", FIELD_OF_TEXT, " \t", NULL},
};

static struct field_record *field_of(enum field_type type)
{
    struct field_record *field = field_record_new("wanted", type);
    g_ptr_array_add(field->choices, g_strdup("North"));
    g_ptr_array_add(field->choices, g_strdup("Südwest"));
    return field;
}

Test(field_value, is_stored_in_one_form)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct field_record *field = field_of(CASES[i].type);
        struct err err = {.status = ST_OK};
        g_autofree char *exact = g_strdup(CASES[i].text);
        g_autofree char *got = NULL;
        enum status status = field_value_read(field, exact, &got, &err);

        cr_expect_eq(status, CASES[i].want == NULL ? ST_INVALID : ST_OK, "%s: got %s",
                     CASES[i].name, status_name(status));
        cr_expect_str_eq(got == NULL ? "" : got, CASES[i].want == NULL ? "" : CASES[i].want,
                         "%s: got %s", CASES[i].name, got);
        if (status != ST_OK) {
            cr_expect(g_str_has_prefix(err.text, "wanted: "), "%s", err.text);
        }
        field_record_free(field);
    }
    field_record_free(NULL);
}

Test(field_value, a_text_has_an_end)
{
    struct field_record *field = field_of(FIELD_OF_TEXT);
    struct err err = {.status = ST_OK};
    g_autofree char *most = g_strnfill(LIMIT_FIELD_CHARS, 'x');
    g_autofree char *more = g_strnfill(LIMIT_FIELD_CHARS + 1, 'x');
    g_autofree char *got = NULL;

    cr_expect_eq(field_value_read(field, more, &got, &err), ST_INVALID);
    cr_expect_eq(field_value_read(field, most, &got, &err), ST_OK);
    cr_expect_str_eq(got, most);
    field_record_free(field);
}

Test(field_value, a_mistake_is_answered_with_what_there_is)
{
    struct field_record *field = field_of(FIELD_OF_CHOICE);
    struct err err = {.status = ST_OK};
    g_autofree char *got = NULL;

    cr_expect_eq(field_value_read(field, "Nroth", &got, &err), ST_INVALID);
    cr_expect_str_eq(err.hint, "did you mean \"North\"?");
    cr_expect_eq(field_value_read(field, "7", &got, &err), ST_INVALID);
    cr_expect_str_eq(err.hint, "there is: North, Südwest");
    cr_expect_eq(field_word_check(TICKET_FIELD_PRIORITY, "hihg", &err), ST_INVALID);
    cr_expect_str_eq(err.text, "\"hihg\" is no priority of a ticket");
    cr_expect_str_eq(err.hint, "did you mean \"high\"?");
    cr_expect_eq(field_word_check(TICKET_FIELD_PRIORITY, "high", &err), ST_OK);
    field_record_free(field);
}

Test(field_value, tags_are_single_words)
{
    static const struct {
        const char *text;
        const char *want;
    } TAGS[] = {{"VIP", "vip"},
                {" büro ", "büro"},
                {"a-b_c", "a-b_c"},
                {"two words", NULL},
                {"a,b", NULL},
                {"", NULL},
                {"0123456789012345678901234567890123456789",
                 "0123456789012345678901234567890123456789"},
                {"01234567890123456789012345678901234567890", NULL}};

    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *got = NULL;
        enum status status = field_tag_read(TAGS[i].text, &got, &err);
        cr_expect_eq(status, TAGS[i].want == NULL ? ST_INVALID : ST_OK, "%s", TAGS[i].text);
        cr_expect_str_eq(got == NULL ? "" : got, TAGS[i].want == NULL ? "" : TAGS[i].want);
    }
}

Test(field_value, names_can_stand_in_rules)
{
    static const struct {
        const char *name;
        bool is_good;
    } NAMES[] = {{"order", true},
                 {"due-2", true},
                 {"Order", false},
                 {"2due", false},
                 {"", false},
                 {"a b", false},
                 {"none", false},
                 {"größe", false},
                 {"-a", false},
                 {"a.b", false},
                 {"x", true},
                 {"a23456789-123456789-123456789-123456789x", true},
                 {"a23456789-123456789-123456789-123456789xy", false}};

    cr_assert_eq(strlen("a23456789-123456789-123456789-123456789x"), LIMIT_FIELD_NAME_BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        struct err err = {.status = ST_OK};
        cr_expect_eq(field_name_check(NAMES[i].name, &err), NAMES[i].is_good ? ST_OK : ST_INVALID,
                     "%s", NAMES[i].name);
    }
}

Test(field_value, fields_are_found_by_name)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func((GDestroyNotify)field_record_free);
    const struct field_record *found = NULL;
    struct err err = {.status = ST_OK};

    g_ptr_array_add(fields, field_record_new("type", FIELD_BUILT_IN));
    g_ptr_array_add(fields, field_record_new("order", FIELD_OF_TEXT));
    cr_expect_eq(field_find(fields, "order", &found, &err), ST_OK);
    cr_expect_eq(found->type, FIELD_OF_TEXT);
    cr_expect_eq(field_find(fields, "type", &found, &err), ST_NOT_FOUND,
                 "it is not of the desk's own");
    cr_expect_eq(field_find(fields, "oder", &found, &err), ST_NOT_FOUND);
    cr_expect_str_eq(err.hint, "did you mean \"order\"?");
}

Test(field_value, of_a_desk_without_fields_has_nothing_to_hint_at)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func((GDestroyNotify)field_record_free);
    const struct field_record *found = NULL;
    struct err err = {.status = ST_OK};

    g_ptr_array_add(fields, field_record_new("type", FIELD_BUILT_IN));
    cr_expect_eq(field_find(fields, "type", &found, &err), ST_NOT_FOUND);
    cr_expect_str_eq(err.text, "the desk has no field \"type\"");
    cr_expect_str_eq(err.hint, "");
    cr_expect_null(found);
}

Test(field_value, types_have_names)
{
    struct err err = {.status = ST_OK};

    for (enum field_type type = FIELD_BUILT_IN; type <= FIELD_OF_DATE; type++) {
        enum field_type got = FIELD_BUILT_IN;
        cr_expect_eq(field_type_parse(field_type_name(type), &got, &err), ST_OK);
        cr_expect_eq(got, type);
    }
    enum field_type got = FIELD_OF_DATE;
    cr_expect_eq(field_type_parse("time", &got, &err), ST_INVALID);
    cr_expect_eq(got, FIELD_OF_DATE);
}
