/* Ids, dates, parameters and file names: the fields that say what is what. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/filename.h"
#include "message/ids.h"
#include "message/param.h"

static const struct {
    const char *name;
    const char *value;
    const char *want; /* joined with "|" */
} IDS[] = {
    {"one", "<a@b>", "a@b"},
    {"several", "<a@b> <c@d>\t<e@f>", "a@b|c@d|e@f"},
    {"without blanks", "<a@b><c@d>", "a@b|c@d"},
    {"comment and phrase", "Your mail of Monday (x) <a@b> from Ben", "a@b"},
    {"folded inside", "<a\r\n @b>", "a@b"},
    {"without brackets", "a@b c@d", "a@b|c@d"},
    {"a single word without an at", "abc123", "abc123"},
    {"words without an at", "abc 123", ""},
    {"not closed", "<a@b <c@d>", "c@d"},
    {"never closed", "<a@b", ""},
    {"empty", "<> <a@b>", "a@b"},
    {"8-bit", "<\xC3\xBC@b> <a@b>", "a@b"},
    {"control character", "<a\001@b> <c@d>", "c@d"},
    {"nothing", "", ""},
};

static char *join(const GPtrArray *ids)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < ids->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "|" : "", (char *)g_ptr_array_index(ids, i));
    }
    return g_string_free(out, FALSE);
}

Test(fields, reads_ids_through_other_programs_junk)
{
    for (size_t i = 0; i < G_N_ELEMENTS(IDS); i++) {
        g_autofree char *exact = g_strdup(IDS[i].value);
        g_autoptr(GPtrArray) ids = ids_read(exact);
        g_autofree char *got = join(ids);

        cr_expect_str_eq(got, IDS[i].want, "%s: got %s", IDS[i].name, got);
    }
}

Test(fields, refuses_an_endless_id)
{
    g_autofree char *fits = g_strnfill(LIMIT_MESSAGE_ID_BYTES, 'x');
    g_autofree char *value = g_strdup_printf("<%s> <x%s>", fits, fits);
    g_autoptr(GPtrArray) ids = ids_read(value);

    cr_assert_eq(ids->len, 1);
    cr_expect_str_eq(g_ptr_array_index(ids, 0), fits);
}

static const struct {
    const char *value;
    int64_t want; /* seconds */
} DATES[] = {
    {"Mon, 05 Jan 2026 08:00:00 +0000", 1767600000},
    {"Mon, 5 Jan 2026 09:00:00 +0100 (CET)", 1767600000},
    {"5 Jan 2026 08:00 GMT", 1767600000},
    {"Mon, 05 Jan 2026 03:00:00 EST", 1767600000},
    {"Mon, 05 Jan 2026 00:00:00 -0800", 1767600000},
    {"Mon, 05 Jan 26 08:00:00 +0000", 1767600000},
    {"Mon, 05-Jan-2026 08:00:00 +0000", 1767600000},
    {"Mon, 05 January 2026 08:00:00 Z", 1767600000},
    {"(c) Mon (c), 05 (c) Jan 2026 08:00:00", 1767600000},
    {"Mon, 05 Jan 2026 08:00:60 +0000", 1767600059},
    {"Mon, 32 Jan 2026 08:00:00 +0000", 0},
    {"Mon, 05 Foo 2026 08:00:00 +0000", 0},
    {"Mon, 05 Jan 2026 25:00:00 +0000", 0},
    {"Mon, 05 Jan 1969 08:00:00 +0000", 0},
    {"2026-01-05 08:00:00", 0},
    {"yesterday", 0},
    {"", 0},
};

Test(fields, reads_dates_in_old_forms_too)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DATES); i++) {
        g_autofree char *exact = g_strdup(DATES[i].value);
        int64_t got = ids_read_date(exact);

        cr_expect_eq(got, DATES[i].want * G_USEC_PER_SEC, "%s: got %" G_GINT64_FORMAT,
                     DATES[i].value, got / G_USEC_PER_SEC);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *value;
    const char *param;
    const char *want; /* NULL: not there */
} PARAMS[] = {
    {"plain", "text/plain; charset=utf-8", "text/plain", "charset", "utf-8"},
    {"quoted", "Text/HTML; charset=\"UTF-8\"; x=y", "text/html", "charset", "UTF-8"},
    {"escaped quote", "a/b; name=\"a\\\"b\"", "a/b", "name", "a\"b"},
    {"semicolon in quotes", "a/b; name=\"a;b\"; c=d", "a/b", "name", "a;b"},
    {"no blank", "a/b;name=c", "a/b", "name", "c"},
    {"blanks around equals", "a/b; name = c ", "a/b", "name", "c"},
    {"blanks in the value", "attachment; filename=my file.txt; size=1", "attachment", "filename",
     "my file.txt"},
    {"no semicolon", "text/plain charset=utf-8", "text/plain", "charset", "utf-8"},
    {"double semicolon", "a/b;; name=c", "a/b", "name", "c"},
    {"comment", "a/b (c; name=x); name=d", "a/b", "name", "d"},
    {"the first counts", "a/b; name=c; NAME=d", "a/b", "name", "c"},
    {"RFC 2231", "a/b; name*=utf-8'de'Gr%C3%BC%C3%9Fe", "a/b", "name",
     "Gr\xC3\xBC\xC3\x9F"
     "e"},
    {"RFC 2231 in pieces", "a/b; name*1=c; name*0=b", "a/b", "name", "bc"},
    {"a character over two pieces", "a/b; name*0*=utf-8''%C3; name*1*=%BC", "a/b", "name",
     "\xC3\xBC"},
    {"pieces mixed", "a/b; name*0*=utf-8''%C3%BC; name*1=\"%41\"", "a/b", "name", "\xC3\xBC%41"},
    {"a gap", "a/b; name*0=a; name*2=c", "a/b", "name", "a"},
    {"extended beats plain", "a/b; name=x; name*=utf-8''y", "a/b", "name", "y"},
    {"without a charset", "a/b; name*=''%41", "a/b", "name", "A"},
    {"without quotes in front", "a/b; name*=%41", "a/b", "name", "A"},
    {"encoded word", "a/b; name=\"=?utf-8?q?=C3=BC?=\"", "a/b", "name", "\xC3\xBC"},
    {"encoded word in pieces", "a/b; name*0=\"=?utf-8?q?=C3\"; name*1=\"=BC?=\"", "a/b", "name",
     "\xC3\xBC"},
    {"raw bytes", "a/b; name=\"\xFC\"", "a/b", "name", "\xC3\xBC"},
    {"not closed", "a/b; name=\"c", "a/b", "name", "c"},
    {"no value", "a/b; name", "a/b", "name", NULL},
    {"no name", "a/b; =c", "a/b", "", NULL},
    {"only parameters", "charset=utf-8", "", "charset", "utf-8"},
    {"nothing", "", "", "name", NULL},
};

Test(fields, reads_parameters_as_well_as_can_be)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PARAMS); i++) {
        g_autofree char *exact = g_strdup(PARAMS[i].text);
        OWNED(param_field) field = param_read(exact, NULL);
        const char *got = param_get(field, PARAMS[i].param);

        cr_expect_str_eq(field->value, PARAMS[i].value, "%s: got %s", PARAMS[i].name, field->value);
        cr_expect(g_strcmp0(got, PARAMS[i].want) == 0, "%s: got %s", PARAMS[i].name, got);
    }
}

static const struct {
    const char *stated;
    const char *type;
    const char *want;
} NAMES[] = {
    {"a.pdf", "application/pdf", "a.pdf"},
    {"../../etc/passwd", "a/b", "passwd"},
    {"/etc/passwd", "a/b", "passwd"},
    {"C:\\Windows\\a.exe", "a/b", "a.exe"},
    {"C:a.exe", "a/b", "C_a.exe"},
    {"offer 12/2026.pdf", "a/b", "offer 12_2026.pdf"},
    {"a\r\nb\001.txt", "a/b", "a b .txt"},
    {"a\xE2\x80\xAEgnp.exe", "a/b", "a gnp.exe"},
    {"CON", "a/b", "_CON"},
    {"com1.txt", "a/b", "_com1.txt"},
    {"console.txt", "a/b", "console.txt"},
    {"com12.txt", "a/b", "com12.txt"},
    {"a<b>c:d\"e|f?g*h", "a/b", "a_b_c_d_e_f_g_h"},
    {".bashrc", "a/b", "bashrc"},
    {"a.exe. . ", "a/b", "a.exe"},
    {"..", "image/png", "image.png"},
    {"", "image/jpeg", "image.jpg"},
    {NULL, "message/delivery-status", "delivery-status.txt"},
    {NULL, "image/x-very-odd-type", "file"},
    {NULL, "a/b", "file"},
    {"\xC3\xBC.txt", "a/b", "\xC3\xBC.txt"},
};

Test(fields, makes_file_names_harmless)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *got = filename_safe(NAMES[i].stated, NAMES[i].type);

        cr_expect_str_eq(got, NAMES[i].want, "%s: got %s", NAMES[i].stated, got);
    }
}

Test(fields, shortens_file_names_but_keeps_the_extension)
{
    g_autofree char *stem = g_strnfill(4096, 'x');
    g_autofree char *stated = g_strconcat(stem, ".pdf", NULL);
    g_autofree char *got = filename_safe(stated, "a/b");

    cr_expect_leq(strlen(got), LIMIT_FILE_NAME_BYTES);
    cr_expect_gt(strlen(got), LIMIT_FILE_NAME_BYTES - 4);
    cr_expect(g_str_has_suffix(got, "\xE2\x80\xA6.pdf"), "got %s", got);
}
