/* Whole mails that are written to be read in two ways (THREATS 2 B, C and G): who is found, or that nobody
 * is. Each is read as it stands and in other dress: line ends, case and order of the fields. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "message/parse.h"

static void warm_up(void)
{
    parse_warm_up();
}

TestSuite(shape, .init = warm_up);

#define TECH "tech@ours.example"
#define EVIL "x@evil.test"

static const struct {
    const char *name;
    const char *fields; /* those that the case is about; LF */
    const char *from;   /* NULL: nobody, and the mail is ambiguous */
} CASES[] = {
    {"plain", "From: " TECH "\n", TECH},
    {"5 another case", "From: TECH@Ours.EXAMPLE\n", "TECH@ours.example"},
    {"5 field name in capitals", "FROM: Tech <" TECH ">\n", TECH},
    {"13 technician in a quoted name", "From: \"" TECH "\" <" EVIL ">\n", EVIL},
    {"13 in a quoted name, folded", "From: \"" TECH "\"\n\t<" EVIL ">\n", EVIL},
    {"13 in a comment", "From: (" TECH ") " EVIL " (<" TECH ">)\n", EVIL},
    {"13 in an encoded name", "From: =?utf-8?q?tech=40ours=2Eexample?= <" EVIL ">\n", EVIL},
    {"13 in an encoded name, base64", "From: =?utf-8?b?dGVjaEBvdXJzLmV4YW1wbGU=?= <" EVIL ">\n",
     EVIL},
    {"13 behind a quote that is escaped", "From: \"a\\\" <" TECH ">\" <" EVIL ">\n", EVIL},
    {"13 full width at", "From: tech\xEF\xBC\xA0ours.example <" EVIL ">\n", EVIL},
    {"13 written from right to left",
     "From: \xE2\x80\xAE"
     "elpmaxe.sruo <" EVIL ">\n",
     EVIL},
    {"13 unquoted", "From: " TECH " <" EVIL ">\n", NULL},
    {"13 quotes that do not close", "From: \"" TECH " <" EVIL ">\n", NULL},
    {"13 encoded, with a comma", "From: =?utf-8?q?tech=40ours=2Eexample?=, <" EVIL ">\n", NULL},
    {"13 encoded, with brackets and a comma",
     "From: =?utf-8?q?=3Ctech=40ours=2Eexample=3E=2C?= <" EVIL ">\n", EVIL},
    {"14 encoded local part", "From: <=?utf-8?q?tech?=@ours.example>\n", NULL},
    {"14 encoded address", "From: =?utf-8?q?tech=40ours=2Eexample?=\n", NULL},
    {"14 encoded address in brackets", "From: <=?utf-8?q?tech=40ours=2Eexample?=>\n", NULL},
    {"14 encoded domain", "From: <tech@=?utf-8?q?ours?=.example>\n", NULL},
    {"14 encoded and a domain behind it",
     "From: =?utf-8?q?tech=40ours.example=3E=00?=foo@evil.test\n", NULL},
    {"15 two fields", "From: " EVIL "\nFrom: " TECH "\n", NULL},
    {"15 two fields apart", "From: " EVIL "\nSubject: a\nFROM: " TECH "\n", NULL},
    {"15 two fields, one empty", "From:\nFrom: " TECH "\n", NULL},
    {"15 one with a blank", "From: " EVIL "\nFrom : " TECH "\n", NULL},
    {"15 one with a tab", "From\t: " EVIL "\nFrom: " TECH "\n", NULL},
    {"16 folded name", "From\n : " TECH "\n", NULL},
    {"16 name folded twice", "From\n \n : " TECH "\n", NULL},
    {"17 nobody and a Sender", "From: nobody\nSender: " TECH "\n", NULL},
    {"17 two mailboxes and a Sender", "From: " EVIL ", " TECH "\nSender: " TECH "\n", NULL},
    {"17 a Sender alone", "Sender: " TECH "\n", NULL},
    {"17 a Sender beside", "From: " EVIL "\nSender: " TECH "\n", EVIL},
    {"18 resent by", "Resent-From: " TECH "\nResent-Sender: " TECH "\nFrom: " EVIL "\n", EVIL},
    {"19 two mailboxes", "From: " EVIL ", " TECH "\n", NULL},
    {"19 the same twice", "From: " TECH ", " TECH "\n", NULL},
    {"19 with names, folded", "From: X <" EVIL ">,\n Tech <" TECH ">\n", NULL},
    {"19 without a comma", "From: <" EVIL "> <" TECH ">\n", NULL},
    {"19 with an empty one", "From: , <" TECH ">\n", TECH},
    {"20 encoded and a second one", "From: =?utf-8?b?dGVjaEBvdXJzLmV4YW1wbGU=?=, <" EVIL ">\n",
     NULL},
    {"20 encoded with brackets", "From: =?utf-8?b?PHRlY2hAb3Vycy5leGFtcGxlPg==?=; <" EVIL ">\n",
     NULL},
    {"21 escaped comma", "From: <" TECH ">\\,<" EVIL ">\n", NULL},
    {"22 text behind", "From: <" EVIL ">" TECH "\n", NULL},
    {"22 text behind a blank", "From: <" EVIL "> " TECH "\n", NULL},
    {"22 brackets in brackets", "From: <" EVIL "<" TECH ">>\n", NULL},
    {"22 brackets behind", "From: " TECH "<" EVIL ">\n", NULL},
    {"23 group", "From: Staff: " TECH ";\n", NULL},
    {"23 group with brackets", "From: Staff: Tech <" TECH ">;\n", NULL},
    {"23 empty group and an address", "From: a:; <" TECH ">\n", NULL},
    {"23 quoted group", "From: \"Staff\": <" TECH ">;\n", NULL},
    {"23 a colon in a quoted name", "From: \"Staff: Tech\" <" TECH ">\n", TECH},
    {"24 lone CR", "From: " EVIL "\r, " TECH "\n", NULL},
    {"24 lone CR as a line", "From: " EVIL "\rFrom: " TECH "\n", NULL},
    {"25 two ats", "From: a@evil.test@ours.example\n", NULL},
    {"25 two ats in brackets", "From: <a@evil.test@ours.example>\n", NULL},
    {"25 percent", "From: tech%ours.example@evil.test\n", "tech%ours.example@evil.test"},
    {"25 bang", "From: ours.example!tech@evil.test\n", "ours.example!tech@evil.test"},
    {"25 a route", "From: <@ours.example:" EVIL ">\n", NULL},
    {"25 a semicolon inside", "From: tech@ours.example;@evil.test\n", NULL},
    {"26 quoted local part", "From: \"" TECH "\"@evil.test\n", "\"" TECH "\"@evil.test"},
    {"26 in brackets", "From: <\"" TECH "\"@evil.test>\n", "\"" TECH "\"@evil.test"},
    {"26 with brackets in it", "From: <\"" TECH ">\"@evil.test>\n", "\"" TECH ">\"@evil.test"},
    {"27 missing", "", NULL},
    {"27 empty", "From:\n", NULL},
    {"27 blanks", "From: \n \n", NULL},
    {"27 empty brackets", "From: <>\n", NULL},
    {"27 a name", "From: Tech\n", NULL},
    {"27 a comment", "From: (" TECH ")\n", NULL},
    {"28 Reply-To", "Reply-To: " TECH "\nFrom: " EVIL "\n", EVIL},
    {"28 other people's fields", "X-From: " TECH "\nX-Original-From: " TECH "\nFrom: " EVIL "\n",
     EVIL},
    {"33 a longer name", "From: x@cust.example.evil.test\n", "x@cust.example.evil.test"},
    {"34 the end of a name", "From: x@evilcust.example\n", "x@evilcust.example"},
    {"35 a sub-domain", "From: x@sub.cust.example\n", "x@sub.cust.example"},
    {"35 a final dot", "From: x@cust.example.\n", NULL},
    {"36 U-label",
     "From: <x@b\xC3\xBC"
     "cher.example>\n",
     "x@xn--bcher-kva.example"},
    {"36 A-label", "From: <x@XN--bcher-kva.example>\n", "x@xn--bcher-kva.example"},
    {"36 U-label in Latin-1",
     "From: <x@b\xFC"
     "cher.example>\n",
     NULL},
    {"36 U-label, encoded", "From: <x@=?utf-8?q?b=C3=BCcher?=.example>\n", NULL},
    {"37 another accent",
     "From: x@b\xC3\xB9"
     "cher.example\n",
     "x@xn--bcher-1ua.example"},
    {"37 a joiner", "From: x@cu\xE2\x80\x8Dst.example\n", NULL},
    {"39 a detail", "From: tech+tag@ours.example\n", "tech+tag@ours.example"},
    {"an 8-bit local part",
     "From: t\xC3\xA9"
     "ch@ours.example\n",
     NULL},
    {"a domain literal", "From: tech@[192.0.2.1]\n", NULL},
    {"a comment inside", "From: tech(a)@ours.example\n", NULL},
    {"a blank inside", "From: tech @ours.example\n", NULL},
    {"a fold inside", "From: <tech@\n ours.example>\n", NULL},
    {"a line that is no field in front", "no field\nFrom: " TECH "\n", NULL},
};

/* The fields between harmless ones, in one of several dresses. */
static char *dress(const char *fields, unsigned how)
{
    static const char BEFORE[] =
        "Received: from a by b; Mon\nDate: Mon, 05 Jan 2026 08:00:00 +0000\n";
    static const char AFTER[] = "To: support@desk.example\nMessage-ID: <m@x.example>\n";
    g_autofree char *mail = g_strdup_printf("%s%s%s\nFrom: body@body.test\n",
                                            how & 1 ? BEFORE : AFTER, fields,
                                            how & 1 ? AFTER : BEFORE);
    g_auto(GStrv) lines = g_strsplit(mail, "\n", -1);

    return g_strjoinv(how & 2 ? "\r\n" : "\n", lines);
}

Test(shape, of_a_mail_says_who_wrote_it_or_that_nobody_can_tell)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        for (unsigned how = 0; how < 4; how++) {
            g_autofree char *mail = dress(CASES[i].fields, how);
            OWNED(facts) facts = NULL;
            struct err err = {.status = ST_OK};

            cr_assert_eq(parse_bytes(mail, strlen(mail), false, &facts, &err), ST_OK, "%s: %s",
                         CASES[i].name, err.text);
            const char *got = facts->from == NULL ? NULL : facts->from->address;
            bool is_clear = !facts->is_ambiguous;

            cr_expect_eq(is_clear, CASES[i].from != NULL, "%s/%u: %s", CASES[i].name, how,
                         facts->ambiguity);
            cr_expect(CASES[i].from == NULL || g_strcmp0(got, CASES[i].from) == 0, "%s/%u: got %s",
                      CASES[i].name, how, got);
        }
    }
}

static struct facts *parse(const char *mail, size_t length)
{
    struct facts *facts = NULL;
    struct err err = {.status = ST_OK};

    return parse_bytes(mail, length, false, &facts, &err) == ST_OK ? facts : NULL;
}

Test(shape, with_a_nul_where_it_matters_is_ambiguous)
{
    static const char FROM[] = "From: x@evil.test\0, tech@ours.example\n\nx\n";
    static const char ID[] = "From: x@evil.test\nMessage-ID: <a\0b@x.example>\n\nx\n";
    OWNED(facts) from = parse(FROM, sizeof FROM - 1);
    OWNED(facts) id = parse(ID, sizeof ID - 1);

    cr_expect(from->is_ambiguous && from->from == NULL);
    cr_expect(id->is_ambiguous && id->message_id == NULL);
}

Test(shape, with_a_nul_or_bad_characters_elsewhere_is_read)
{
    static const char MAIL[] = "From: a@b.example\nSubject: a\0b \xFF\xFE\n\nx\0y \xC3\x28\n";
    OWNED(facts) facts = parse(MAIL, sizeof MAIL - 1);

    cr_assert_not_null(facts);
    cr_expect_not(facts->is_ambiguous, "%s", facts->ambiguity);
    cr_expect(g_utf8_validate(facts->subject, -1, NULL) && g_utf8_validate(facts->text, -1, NULL));
    cr_expect_eq(strlen(facts->subject) > 0 && strlen(facts->text) > 3, true, "%s", facts->text);
}

/* Nothing is a mail without a header (86); what is above a limit is not read on (79). */
Test(shape, of_what_is_no_mail_is_refused)
{
    static const char *const NONE[] = {
        "", "\n", "\r\n\r\n", "\n\nonly words\n", "only words\n", " \n", "\t\nFrom: a@b.example\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(NONE); i++) {
        OWNED(facts) facts = parse(NONE[i], strlen(NONE[i]));
        cr_expect(facts == NULL || facts->is_ambiguous, "%zu is read as a mail", i);
    }
}

static void repeat(GString *text, const char *what, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        g_string_append(text, what);
    }
}

Test(shape, above_a_limit_is_refused)
{
    g_autoptr(GString) nested = g_string_new("From: a@b.example\n");
    g_autoptr(GString)
        parts = g_string_new("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n");
    g_autoptr(GString) header = g_string_new("From: a@b.example\n");
    g_autoptr(GString) from = g_string_new("From: ");
    g_autoptr(GString) params = g_string_new("From: a@b.example\nContent-Type: text/plain");

    for (int i = 0; i < 1001; i++) {
        g_string_append_printf(nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
                               i);
    }
    repeat(parts, "--b\n\nx\n", 100000);
    repeat(header, "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 1000000);
    repeat(from, "(", 20000);
    g_string_append(from, "a@b.example\n\n");
    for (int i = 0; i < 100000; i++) {
        g_string_append_printf(params, ";\n a*%d=b", i);
    }
    g_string_append(params, "\n\nx\n");
    const GString *const REFUSED[] = {nested, parts, header, from, params};

    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        OWNED(facts) facts = parse(REFUSED[i]->str, REFUSED[i]->len);
        cr_expect_null(facts, "%zu is read", i);
    }
}

/* 76, 80, 82, 83, 84 */
Test(shape, of_content_is_tamed)
{
    static const char MAIL[] =
        "From: a@b.example\n"
        "Subject: =?utf-8?q?a=0D=0ABcc=3A_x=40evil.test=00=E2=80=AE?=\n"
        "Content-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/html\n\n<script>steal()</script><a href=\"javascript:x\">go</a>"
        "<img src=http://evil.test/x><form action=http://evil.test>words</form>\n"
        "--b\nContent-Type: message/external-body; access-type=ftp; name=x\n\nContent-Type: text/plain\n\n"
        "--b\nContent-Type: message/partial; id=a; number=1\n\nFrom: tech@ours.example\n\n"
        "--b\nContent-Disposition: attachment; filename=\"../../etc/passwd\"\n\nx\n"
        "--b\nContent-Disposition: attachment; filename=CON\n\nx\n"
        "--b\nContent-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe\n\nx\n"
        "--b--\n";
    OWNED(facts) facts = parse(MAIL, sizeof MAIL - 1);

    cr_assert_not_null(facts);
    cr_expect_null(strpbrk(facts->subject, "\r\n"));
    cr_expect_null(strstr(facts->subject, "\xE2\x80\xAE"));
    cr_expect_null(strstr(facts->text, "steal"), "%s", facts->text);
    cr_expect_not_null(strstr(facts->text, "words"), "%s", facts->text);
    cr_expect_null(strstr(facts->text, "javascript:"), "%s", facts->text);
    cr_assert_eq(facts->attachments->len, 5);
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *attachment = facts->attachments->pdata[i];
        cr_expect(strpbrk(attachment->name, "/\\") == NULL &&
                      strstr(attachment->name, "\xE2\x80\xAE") == NULL &&
                      g_ascii_strcasecmp(attachment->name, "con") != 0,
                  "%s", attachment->name);
    }
    cr_expect_str_eq(facts->from->address, "a@b.example");
}
