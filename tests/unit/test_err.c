/* test_err - texts are cut at characters, hints are cleared, every status has its exit code */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/err.h"

static const struct {
    enum status status;
    const char *want_name;
    int want_exit;
} STATUSES[] = {
    {ST_OK, "ok", 0},
    {ST_NOT_FOUND, "not found", 1},
    {ST_INVALID, "invalid", 65},
    {ST_CONFLICT, "conflict", 75},
    {ST_TEMPFAIL, "temporary failure", 75},
    {ST_UNCERTAIN, "uncertain", 75},
    {ST_DENIED, "denied", 77},
    {ST_FATAL, "fatal", 78},
    {(enum status)99, "unknown", 70},
};

Test(err, names_every_status_and_gives_its_exit_code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(STATUSES); i++) {
        cr_expect_str_eq(status_name(STATUSES[i].status), STATUSES[i].want_name);
        cr_expect_eq(status_exit_code(STATUSES[i].status), STATUSES[i].want_exit,
                     "%s: got %d, want %d", STATUSES[i].want_name,
                     status_exit_code(STATUSES[i].status), STATUSES[i].want_exit);
    }
}

Test(err, sets_the_text_and_clears_an_older_hint)
{
    struct err err = {.status = ST_OK};

    cr_expect_eq(err_set(&err, ST_INVALID, "bad %s", "name"), ST_INVALID);
    cr_expect_eq(err_hint(&err, "try %d", 7), ST_INVALID);
    cr_expect_str_eq(err.text, "bad name");
    cr_expect_str_eq(err.hint, "try 7");
    cr_expect_eq(err_set(&err, ST_FATAL, "worse"), ST_FATAL);
    cr_expect_str_eq(err.text, "worse");
    cr_expect_str_eq(err.hint, "");
}

Test(err, wraps_a_text_and_keeps_status_and_hint)
{
    struct err err = {.status = ST_OK};

    (void)err_set(&err, ST_TEMPFAIL, "could not connect");
    (void)err_hint(&err, "start the server");
    cr_expect_eq(err_wrap(&err, "ticket %d", 41), ST_TEMPFAIL);
    cr_expect_str_eq(err.text, "ticket 41: could not connect");
    cr_expect_str_eq(err.hint, "start the server");
}

Test(err, may_be_built_from_its_own_text)
{
    struct err err = {.status = ST_OK};

    (void)err_set(&err, ST_INVALID, "inner");
    (void)err_hint(&err, "about %s", err.text);
    (void)err_wrap(&err, "%s", err.text);
    cr_expect_str_eq(err.hint, "about inner");
    (void)err_set(&err, ST_INVALID, "outer of %s", err.text);
    cr_expect_str_eq(err.text, "outer of inner: inner");
}

Test(err, cuts_a_long_text_between_characters)
{
    static const char *const CHARACTERS[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};

    for (size_t i = 0; i < G_N_ELEMENTS(CHARACTERS); i++) {
        for (size_t pad = 0; pad < 4; pad++) {
            g_autoptr(GString) text = g_string_new(NULL);
            struct err err = {.status = ST_OK};
            for (size_t n = 0; n < pad; n++) {
                g_string_append_c(text, '.');
            }
            while (text->len < 2 * sizeof(err.text)) {
                g_string_append(text, CHARACTERS[i]);
            }
            (void)err_set(&err, ST_INVALID, "%s", text->str);
            size_t length = strlen(err.text);
            cr_expect(g_utf8_validate(err.text, -1, NULL), "character %zu, pad %zu", i, pad);
            cr_expect_gt(length, sizeof(err.text) - 5);
            cr_expect_eq(strncmp(err.text, text->str, length), 0);
        }
    }
}
