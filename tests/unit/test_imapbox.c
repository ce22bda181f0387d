/* Unit tests of net/mutf7 and net/imapgate: what goes to an IMAP server and what is let in from it. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "net/imapgate.h"
#include "net/mutf7.h"

/* ---- folder names ---- */

static const struct {
    const char *utf8;
    const char *encoded;
} NAMES[] = {
    {"INBOX", "INBOX"},
    {"Processed", "Processed"},
    {"R&D", "R&-D"},
    {"&", "&-"},
    {"&&", "&-&-"},
    {"Entwürfe", "Entw&APw-rfe"},
    {"Gelöscht/Ä & Ö", "Gel&APY-scht/&AMQ- &- &ANY-"},
    {"台北", "&U,BTFw-"},
    {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
    {"😀", "&2D3eAA-"},
    {"é&é", "&AOk-&-&AOk-"},
};

Test(mutf7, writes_and_reads_names)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *encoded = NULL;
        g_autofree char *utf8 = NULL;
        g_autofree char *exact = g_strdup(NAMES[i].utf8);

        cr_expect_eq(mutf7_from_utf8(exact, &encoded, &err), ST_OK, "%s: %s", NAMES[i].utf8,
                     err.text);
        cr_expect_str_eq(encoded ? encoded : "-", NAMES[i].encoded, "%s: got %s", NAMES[i].utf8,
                         encoded);
        cr_expect_eq(mutf7_to_utf8(NAMES[i].encoded, &utf8, &err), ST_OK, "%s: %s",
                     NAMES[i].encoded, err.text);
        cr_expect_str_eq(utf8 ? utf8 : "-", NAMES[i].utf8, "%s: got %s", NAMES[i].encoded, utf8);
    }
}

Test(mutf7, refuses_names_that_could_be_commands)
{
    static const char *const BAD[] = {
        "", "a\r\nA9 DELETE INBOX", "tab\t", "\x7f", "\xc2\x85", "\xff\xfe", "caf\xe9"};
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *encoded = NULL;
        cr_expect_eq(mutf7_from_utf8(BAD[i], &encoded, &err), ST_INVALID, "case %zu", i);
    }
    g_autofree char *longest = g_strnfill(LIMIT_FOLDER_BYTES, 'x');
    g_autofree char *too_long = g_strnfill(LIMIT_FOLDER_BYTES + 1, 'x');
    g_autofree char *encoded = NULL;
    struct err err = {.status = ST_OK};
    cr_expect_eq(mutf7_from_utf8(too_long, &encoded, &err), ST_INVALID);
    cr_expect_eq(mutf7_from_utf8(longest, &encoded, &err), ST_OK);
}

Test(mutf7, reads_only_the_one_way_to_write_a_name)
{
    static const struct {
        const char *name;
        const char *encoded;
    } BAD[] = {
        {"shift without end", "&AOk"},
        {"ASCII in a shift", "&AGE-"},
        {"control in a shift", "&AAo-"},
        {"stray bits", "&AOl-"},
        {"a digit too many", "&AOkA-"},
        {"half a unit", "&A-"},
        {"lone surrogate", "&2D0-"},
        {"two shifts side by side", "&AOk-&AOk-"},
        {"slash instead of comma", "&U/BTFw-"},
        {"raw 8-bit", "caf\xc3\xa9"},
        {"control", "a\nb"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        struct err err = {.status = ST_OK};
        g_autofree char *utf8 = NULL;
        g_autofree char *exact = g_strdup(BAD[i].encoded);
        cr_expect_eq(mutf7_to_utf8(exact, &utf8, &err), ST_INVALID, "%s: got \"%s\"", BAD[i].name,
                     utf8);
    }
}

/* ---- the gate ---- */

/* Push input through a new gate, step bytes at a time; what came out, or NULL if it was refused. */
static GString *through(struct imapgate *gate, const char *input, size_t length, size_t step)
{
    GString *out = g_string_new(NULL);

    for (size_t at = 0; at < length;) {
        size_t space = 0;
        char piece[7];
        char *to = imapgate_space(gate, &space);
        size_t count = MIN(MIN(step, space), length - at);
        memcpy(to, input + at, count);
        at += count;
        if (!imapgate_accept(gate, count)) {
            g_string_free(out, TRUE);
            return NULL;
        }
        for (size_t got = 0; (got = imapgate_read(gate, piece, sizeof piece)) > 0;) {
            g_string_append_len(out, piece, (gssize)got);
        }
    }
    return out;
}

static const struct {
    const char *name;
    const char *input;
    const char *want; /* NULL: refused */
} LINES[] = {
    {"exists", "* 5 EXISTS\r\n", "* 5 EXISTS\r\n"},
    {"bare line feed", "* 5 EXISTS\n", "* 5 EXISTS\r\n"},
    {"lower case", "* 5 exists\r\n", "* 5 exists\r\n"},
    {"greeting", "* OK [CAPABILITY IMAP4rev1] hi\r\n", "* OK ok\r\n"},
    {"alert without text", "* OK [ALERT] \r\n", "* OK ok\r\n"},
    {"tagged alert without text", "A1 NO [ALERT] \r\n", "A1 NO ok\r\n"},
    {"permanentflags", "* OK [PERMANENTFLAGS ((a) \\*)] x\r\n", "* OK ok\r\n"},
    {"code without end", "* OK [PERMANENTFLAGS (\r\n", "* OK ok\r\n"},
    {"no text at all", "A1 OK\r\n", "A1 OK ok\r\n"},
    {"uidvalidity", "* OK [UIDVALIDITY 7] x\r\n", "* OK [UIDVALIDITY 7] ok\r\n"},
    {"uidvalidity too large", "* OK [UIDVALIDITY 4294967296] x\r\n", "* OK ok\r\n"},
    {"uidvalidity without number", "* OK [UIDVALIDITY] x\r\n", "* OK ok\r\n"},
    {"read-only", "A1 OK [READ-ONLY] done\r\n", "A1 OK [READ-ONLY] ok\r\n"},
    {"copyuid", "A1 OK [COPYUID 3 1:2,7 4:6] d\r\n", "A1 OK [COPYUID 3 1:2,7 4:6] ok\r\n"},
    {"copyuid with nonsense", "A1 OK [COPYUID 3 (1) 4] d\r\n", "A1 OK ok\r\n"},
    {"copyuid too large", "A1 OK [COPYUID 3 1 99999999999] d\r\n", "A1 OK ok\r\n"},
    {"text that ends like a literal", "* OK see {5}\r\n* 1 EXISTS\r\n",
     "* OK ok\r\n* 1 EXISTS\r\n"},
    {"continuation", "+ \r\n", "+ ok\r\n"},
    {"continuation without blank", "+\r\n", "+ ok\r\n"},
    {"empty lines", "\r\n\r\nA1 OK d\r\n", "A1 OK ok\r\n"},
    {"unknown responses",
     "* XYZZY foo\r\n* 5 BLAH\r\n* ESEARCH (TAG \"a\") UID ALL 1:4\r\nA1 OK d\r\n", "A1 OK ok\r\n"},
    {"unknown response with literal", "* XYZZY {5}\r\nab\r\n* x\r\n* 1 EXISTS\r\n",
     "* 1 EXISTS\r\n"},
    {"namespace", "* NAMESPACE ((((((((((((((\r\nA1 OK d\r\n", "A1 OK ok\r\n"},
    {"search", "* SEARCH 1 2 4294967295\r\n", "* SEARCH 1 2 4294967295\r\n"},
    {"search too large", "* SEARCH 4294967296\r\n", NULL},
    {"uid too large", "* 1 FETCH (UID 99999999999999)\r\n", NULL},
    {"date in quotes", "* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n",
     "* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n"},
    {"large number in a capability", "* CAPABILITY APPENDLIMIT=52428800000\r\n",
     "* CAPABILITY APPENDLIMIT=52428800000\r\n"},
    {"parenthesis in quotes", "* LIST () \"/\" \"((((((((((((\"\r\n",
     "* LIST () \"/\" \"((((((((((((\"\r\n"},
    {"escaped quote", "* LIST () \"/\" \"a\\\"(b\"\r\n", "* LIST () \"/\" \"a\\\"(b\"\r\n"},
    {"quote without end", "* LIST () \"/\" \"a\r\n", NULL},
    {"folder as a literal", "* LIST () \"/\" {5}\r\na\r\nb/\r\n",
     "* LIST () \"/\" {5}\r\na\r\nb/\r\n"},
    {"too deep", "* 1 FETCH (((((((((1)))))))))\r\n", NULL},
    {"a parenthesis too many", "* 1 FETCH (UID 1))\r\n", NULL},
    {"a parenthesis too few", "* 1 FETCH (UID 1\r\n", NULL},
    {"NUL", "* 1 FETCH (UID 1\0)\r\n", NULL},
    {"a forged mark",
     "* 1 FETCH (UID 1 BODY[] \"\x01"
     "0\")\r\n",
     NULL},
    {"not IMAP", "HTTP/1.1 400 Bad Request\r\n", NULL},
    {"a strange tag", "A\"1 OK x\r\n", NULL},
    {"negative literal", "* LIST () \"/\" {-5}\r\n* 1 EXISTS\r\n",
     "* LIST () \"/\" {-5}\r\n* 1 EXISTS\r\n"},
    {"huge literal", "* LIST () \"/\" {4294967295}\r\n", NULL},
};

/* The length of a case's input: it ends with the last line feed, and may hold a NUL. */
static size_t input_length(const char *input)
{
    size_t length = strlen(input);
    if (length == 0 || input[length - 1] != '\n') {
        length += 1 + strlen(input + length + 1);
    }
    return length;
}

Test(imapgate, lets_through_only_what_libetpan_reads_well)
{
    static const size_t STEPS[] = {1, 2, 3, 5, 1000};

    for (size_t i = 0; i < G_N_ELEMENTS(LINES) * G_N_ELEMENTS(STEPS); i++) {
        size_t at = i / G_N_ELEMENTS(STEPS);
        size_t step = STEPS[i % G_N_ELEMENTS(STEPS)];
        struct imapgate *gate = imapgate_new();
        imapgate_begin(gate, 0);
        GString *out = through(gate, LINES[at].input, input_length(LINES[at].input), step);

        if (LINES[at].want) {
            cr_expect(out && strcmp(out->str, LINES[at].want) == 0, "%s, by %zu: got %s",
                      LINES[at].name, step, out ? out->str : imapgate_failure(gate));
        } else {
            cr_expect_null(out, "%s, by %zu: got %s", LINES[at].name, step, out ? out->str : "");
            cr_expect_not_null(imapgate_failure(gate), "%s", LINES[at].name);
        }
        if (out) {
            g_string_free(out, TRUE);
        }
        imapgate_free(gate);
    }
}

Test(imapgate, keeps_bodies_away_from_libetpan)
{
    static const char INPUT[] = "* 1 FETCH (UID 7 BODY[] {10}\r\n\0* 2 (\r\n)\" FLAGS ())\r\n"
                                "* 2 FETCH (BODY[] {0}\r\n UID 8)\r\nA1 OK {3}\r\n";
    for (size_t step = 1; step < sizeof INPUT; step++) {
        struct imapgate *gate = imapgate_new();
        imapgate_begin(gate, 100);
        GString *out = through(gate, INPUT, sizeof INPUT - 1, step);
        cr_assert_not_null(out, "by %zu: %s", step, imapgate_failure(gate));
        cr_expect_str_eq(out->str,
                         "* 1 FETCH (UID 7 BODY[] \"\x01"
                         "0\" FLAGS ())\r\n"
                         "* 2 FETCH (BODY[] \"\x01"
                         "1\" UID 8)\r\nA1 OK ok\r\n",
                         "by %zu", step);
        GBytes *first = imapgate_steal(gate,
                                       "\x01"
                                       "0",
                                       2);
        GBytes *second = imapgate_steal(gate,
                                        "\x01"
                                        "1",
                                        2);
        cr_assert(first && second);
        cr_expect_eq(g_bytes_get_size(first), 10);
        cr_expect_arr_eq(g_bytes_get_data(first, NULL), "\0* 2 (\r\n)\"", 10);
        cr_expect_eq(g_bytes_get_size(second), 0);
        cr_expect_null(imapgate_steal(gate,
                                      "\x01"
                                      "0",
                                      2),
                       "given away already");
        cr_expect_null(imapgate_steal(gate,
                                      "\x01"
                                      "2",
                                      2),
                       "there was none");
        cr_expect_null(imapgate_steal(gate, "0", 1), "not a mark");
        cr_expect_null(imapgate_steal(gate,
                                      "\x01"
                                      "99999999999",
                                      12),
                       "not a mark");
        g_bytes_unref(first);
        g_bytes_unref(second);
        g_string_free(out, TRUE);
        imapgate_free(gate);
    }
}

Test(imapgate, refuses_a_body_that_is_longer_than_agreed)
{
    static const char INPUT[] = "* 1 FETCH (UID 7 BODY[] {101}\r\n";
    struct imapgate *gate = imapgate_new();

    imapgate_begin(gate, 100);
    cr_expect_null(through(gate, INPUT, sizeof INPUT - 1, 1000));
    imapgate_free(gate);
}

Test(imapgate, keeps_what_the_server_says)
{
    static const char INPUT[] = "A1 NO [authenticationfailed] Wrong\tpassword\xff\r\n";
    struct imapgate *gate = imapgate_new();

    imapgate_begin(gate, 0);
    GString *out = through(gate, INPUT, sizeof INPUT - 1, 1000);
    cr_assert_not_null(out);
    cr_expect_eq(imapgate_answer(gate)->kind, IMAPGATE_NO);
    cr_expect_str_eq(imapgate_answer(gate)->code, "AUTHENTICATIONFAILED");
    cr_expect_str_eq(imapgate_answer(gate)->text, "Wrong password\xef\xbf\xbd");
    imapgate_begin(gate, 0);
    cr_expect_eq(imapgate_answer(gate)->kind, IMAPGATE_NONE);
    cr_expect_eq(imapgate_answer(gate)->code[0], '\0');
    g_string_free(out, TRUE);
    imapgate_free(gate);
}

Test(imapgate, knows_that_it_holds_half_a_line)
{
    struct imapgate *gate = imapgate_new();
    GString *out = through(gate, "A1 OK", 5, 5);

    cr_assert_not_null(out);
    cr_expect(imapgate_holds(gate));
    g_string_free(out, TRUE);
    out = through(gate, " x\r\n", 4, 4);
    cr_expect_not(imapgate_holds(gate));
    g_string_free(out, TRUE);
    imapgate_free(gate);
}

Test(imapgate, refuses_lines_without_end)
{
    g_autofree char *line = g_strnfill(LIMIT_IMAP_LINE_BYTES + 100, 'A');
    struct imapgate *gate = imapgate_new();

    cr_expect_null(through(gate, line, LIMIT_IMAP_LINE_BYTES + 100, 10000));
    imapgate_free(gate);
}
