/* The fields of a ticket by their names, and the words that they may have. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/ticket_field.h"

static const struct {
    enum ticket_field field;
    const char *name;
    const char *words; /* joined by blanks; NULL: the table does not say */
} FIELDS[] = {
    {TICKET_FIELD_STATUS, "status", "open pending resolved closed"},
    {TICKET_FIELD_TYPE, "type", "incident problem request change"},
    {TICKET_FIELD_PRIORITY, "priority", "low medium high critical"},
    {TICKET_FIELD_IMPACT, "impact", "minor moderate major extensive"},
    {TICKET_FIELD_PRODUCT, "product", NULL},
    {TICKET_FIELD_TAG, "tag", NULL},
    {TICKET_FIELD_GROUP, "group", NULL},
    {TICKET_FIELD_TITLE, "title", NULL},
    {TICKET_FIELD_ASSIGNEE, "assignee", NULL},
    {TICKET_FIELD_REQUESTER, "requester", NULL},
    {TICKET_FIELD_CUSTOMER, "customer", NULL},
    {TICKET_FIELD_CUSTOM, "field", NULL},
};

Test(ticket_field, has_a_name_and_its_words)
{
    cr_assert_eq(G_N_ELEMENTS(FIELDS), TICKET_FIELD_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        const char *const *words = ticket_field_words(FIELDS[i].field);
        g_autofree char *joined = words == NULL ? NULL : g_strjoinv(" ", (char **)words);

        cr_expect_str_eq(ticket_field_name(FIELDS[i].field), FIELDS[i].name);
        cr_expect_eq(g_strcmp0(joined, FIELDS[i].words), 0, "%s", FIELDS[i].name);
    }
}

/* A field of the desk's own has a name of its own: "field" is none. */
Test(ticket_field, is_found_by_its_name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        struct err err = {.status = ST_OK};
        enum ticket_field found = TICKET_FIELD_COUNT;
        bool is_custom = FIELDS[i].field == TICKET_FIELD_CUSTOM;

        cr_expect_eq(ticket_field_parse(FIELDS[i].name, &found, &err),
                     is_custom ? ST_NOT_FOUND : ST_OK, "%s", FIELDS[i].name);
        cr_expect_eq(found, is_custom ? TICKET_FIELD_COUNT : FIELDS[i].field, "%s", FIELDS[i].name);
    }
}

Test(ticket_field, is_hinted_at_where_the_name_is_nearly_right)
{
    static const struct {
        const char *name;
        const char *want_hint;
    } WRONG[] = {
        {"prority", "did you mean \"priority\"?"},
        {"Status", "did you mean \"status\"?"},
        {"tags", "did you mean \"tag\"?"},
        {"xyzzy", ""},
        {"", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(WRONG); i++) {
        struct err err = {.status = ST_OK};
        enum ticket_field found = TICKET_FIELD_COUNT;
        g_autofree char *want = g_strdup_printf("a ticket has no field \"%s\"", WRONG[i].name);

        cr_expect_eq(ticket_field_parse(WRONG[i].name, &found, &err), ST_NOT_FOUND);
        cr_expect_eq(found, TICKET_FIELD_COUNT);
        cr_expect_str_eq(err.text, want);
        cr_expect_str_eq(err.hint, WRONG[i].want_hint, "%s: got %s", WRONG[i].name, err.hint);
    }
}
