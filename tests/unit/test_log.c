/* test_log - one line an event, whatever stands in its values */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "core/log.h"

static int capture = -1;

/* stderr becomes memory, until taken() reads what was written and puts the real one back. */
static int start_capture(void)
{
    int real = dup(STDERR_FILENO);
    capture = memfd_create("stderr", 0);
    cr_assert(real >= 0 && capture >= 0);
    cr_assert(dup2(capture, STDERR_FILENO) >= 0);
    return real;
}

static char *taken(int real)
{
    char buffer[8192];
    ssize_t length = pread(capture, buffer, sizeof(buffer), 0);
    cr_assert(dup2(real, STDERR_FILENO) >= 0);
    close(real);
    close(capture);
    cr_assert(length >= 0);
    return g_strndup(buffer, (gsize)length);
}

static const struct {
    const char *name;
    const char *value;
    const char *want;
} VALUES[] = {
    {"plain", "filed", "filed"},
    {"nothing known", NULL, "-"},
    {"empty", "", "\"\""},
    {"blanks", "no token", "\"no token\""},
    {"an equals sign", "a=b", "\"a=b\""},
    {"quotes and backslash", "a\"b\\c", "\"a\\\"b\\\\c\""},
    {"a forged line", "x\n<3>event=a", "\"x\\n<3>event=a\""},
    {"CR and tab", "a\r\tb", "\"a\\r\\tb\""},
    {"an escape sequence", "\x1B[2J", "\"\\x1b[2J\""},
    {"DEL", "a\x7F", "\"a\\x7f\""},
    {"C1", "a\xC2\x9B", "\"a\\u009b\""},
    {"bidi", "\xE2\x80\xAEtxt\xE2\x81\xA9\xD8\x9C", "\"\\u202etxt\\u2069\\u061c\""},
    {"line separators", "\xE2\x80\xA8\xE2\x80\xA9", "\"\\u2028\\u2029\""},
    {"bad UTF-8", "a\xFF\xE2\x82", "\"a\\xff\\xe2\\x82\""},
    {"good UTF-8", "caf\xC3\xA9\xF0\x9F\x98\x80", "caf\xC3\xA9\xF0\x9F\x98\x80"},
};

Test(log, escapes_and_quotes_values)
{
    for (size_t i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        g_autofree char *exact = g_strdup(VALUES[i].value);
        g_autofree char *want = g_strdup_printf("<6>event=a.b reason=%s\n", VALUES[i].want);
        int real = start_capture();
        log_info("a.b", kv("reason", exact));
        g_autofree char *got = taken(real);
        cr_expect_str_eq(got, want, "%s: got %s", VALUES[i].name, got);
    }
}

Test(log, cuts_a_value_between_characters_and_says_so)
{
    static const char *const FILLERS[] = {"a",  "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                          "\n", "\x01"};

    for (size_t i = 0; i < G_N_ELEMENTS(FILLERS); i++) {
        g_autoptr(GString) value = g_string_new("x");
        while (value->len < 2L * LIMIT_LOG_VALUE_BYTES) {
            g_string_append(value, FILLERS[i]);
        }
        int real = start_capture();
        log_info("a", kv("reason", value->str));
        g_autofree char *line = taken(real);
        g_strstrip(line);
        const char *got = line + strlen("<6>event=a reason=");
        size_t length = strlen(got) - (got[0] == '"' ? 2 : 0);
        cr_expect(g_utf8_validate(line, -1, NULL), "filler %zu", i);
        cr_expect(length <= LIMIT_LOG_VALUE_BYTES && length > LIMIT_LOG_VALUE_BYTES - 8,
                  "filler %zu: got %zu bytes", i, length);
        cr_expect(strstr(got, "\xE2\x80\xA6") != NULL, "filler %zu: no mark", i);
    }
}

Test(log, leaves_a_value_of_just_the_limit_whole)
{
    g_autofree char *value = g_strnfill(LIMIT_LOG_VALUE_BYTES, 'a');
    g_autofree char *want = g_strdup_printf("<6>event=a reason=%s\n", value);
    int real = start_capture();
    log_info("a", kv("reason", value));
    g_autofree char *got = taken(real);

    cr_expect_str_eq(got, want);
}

Test(log, writes_numbers_of_any_width)
{
    int real = start_capture();
    log_warning("a", kv("mail", 7), kv("uid", (uint32_t)4294967295U), kv("key", INT64_MIN));
    g_autofree char *got = taken(real);

    cr_expect_str_eq(got, "<4>event=a mail=7 uid=4294967295 key=-9223372036854775808\n");
}

Test(log, appends_the_fields_of_open_scopes_inner_first)
{
    int real = start_capture();
    LOG_SCOPE(kv("mailbox", "support"));
    {
        LOG_SCOPE(kv("mail", 12));
        log_error("a", kv("error", "x"));
    }
    log_info("b", kv("count", 1));
    g_autofree char *got = taken(real);

    cr_expect_str_eq(got, "<3>event=a error=x mail=12 mailbox=support\n"
                          "<6>event=b count=1 mailbox=support\n");
}

Test(log, drops_what_is_above_the_level)
{
    int real = start_capture();
    log_debug("a", kv("count", 1));
    log_set_level(LOG_LEVEL_WARNING);
    log_info("b", kv("count", 2));
    log_warning("c", kv("count", 3));
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("d", kv("count", 4));
    g_autofree char *got = taken(real);

    cr_expect_str_eq(got, "<4>event=c count=3\n<7>event=d count=4\n");
}

Test(log, writes_a_line_in_one_piece)
{
    int ends[2];
    char buffer[4096];
    int real = dup(STDERR_FILENO);

    /* A packet pipe keeps the borders of writes: one read is one write. */
    cr_assert_eq(pipe2(ends, O_DIRECT), 0);
    dup2(ends[1], STDERR_FILENO);
    log_info("a.b", kv("reason", "one two"), kv("mail", 7));
    dup2(real, STDERR_FILENO);
    ssize_t length = read(ends[0], buffer, sizeof(buffer));
    cr_assert_gt(length, 0);
    cr_expect_eq(buffer[length - 1], '\n');
    close(real);
    close(ends[0]);
    close(ends[1]);
}

Test(log, knows_its_levels_by_name)
{
    enum log_level level = LOG_LEVEL_INFO;
    struct err err = {.status = ST_OK};

    cr_expect_eq(log_level_parse("error", &level, &err), ST_OK);
    cr_expect_eq(level, LOG_LEVEL_ERROR);
    cr_expect_eq(log_level_parse("debug", &level, &err), ST_OK);
    cr_expect_eq(level, LOG_LEVEL_DEBUG);
    cr_expect_eq(log_level_parse("Info", &level, &err), ST_INVALID);
    cr_expect_eq(level, LOG_LEVEL_DEBUG);
}
