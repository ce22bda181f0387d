/* Whole mails to facts: text and files, who and which, machines, ambiguity, limits. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "message/parse.h"

/* Of this process only: the machine may have other things to do. */
static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void warm_up(void)
{
    parse_warm_up();
}

TestSuite(parse, .init = warm_up);

/* Parse a mail in an exact block; its facts also have to pass the pipe's checks. */
static struct facts *parsed(const char *mail, size_t length, bool is_cut)
{
    g_autofree char *exact = g_malloc(length > 0 ? length : 1);
    struct facts *facts = NULL;
    struct err err = {.status = ST_OK};

    memcpy(exact, mail, length);
    cr_assert_eq(parse_bytes(exact, length, is_cut, &facts, &err), ST_OK, "%s", err.text);

    g_autoptr(GVariant) value = facts_to_variant(facts);
    OWNED(facts) again = NULL;

    cr_assert_eq(facts_from_variant(value, &again, &err), ST_OK, "%s", err.text);
    return facts;
}

static struct facts *parsed_text(const char *mail)
{
    return parsed(mail, strlen(mail), false);
}

#define HEAD           "From: Anna <anna@acme.example>\n"
#define MULTI(subtype) HEAD "Content-Type: multipart/" subtype "; boundary=b\n\n"

static const struct {
    const char *name;
    const char *mail;
    const char *text;
    enum text_source source;
    const char *files; /* "name|…" */
} BODIES[] = {
    {"plain", HEAD "\nHello\n", "Hello", TEXT_PLAIN, ""},
    {"no body", HEAD, "", TEXT_NONE, ""},
    {"line ends and controls", HEAD "\n\n a \r\nb\rc\001\n\n\n", " a\nb\nc", TEXT_PLAIN, ""},
    {"signature mark stays", HEAD "\na\n-- \nb  \n> -- \n", "a\n-- \nb\n> -- ", TEXT_PLAIN, ""},
    {"HTML alone", HEAD "Content-Type: text/html\n\n<p>a</p>", "a", TEXT_HTML, ""},
    {"HTML that says its charset", HEAD "Content-Type: text/html\n\n<meta charset=koi8-r>\xF0\xD2",
     "\xD0\x9F\xD1\x80", TEXT_HTML, ""},
    {"raw text in the charset of a Subject's word",
     HEAD "Subject: =?koi8-r?B?8NLJ?=\n\n\xF0\xD2\xC9", "\xD0\x9F\xD1\x80\xD0\xB8", TEXT_PLAIN, ""},
    {"HTML labelled plain", HEAD "\n<html><p>a</p></html>", "a", TEXT_PLAIN, ""},
    {"variants",
     MULTI("alternative") "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n", "plain",
     TEXT_PLAIN, ""},
    {"variants the wrong way round",
     MULTI("alternative") "--b\nContent-Type: text/html\n\n<p>html\n--b\n\nplain\n--b--\n", "plain",
     TEXT_PLAIN, ""},
    {"empty plain variant",
     MULTI("alternative") "--b\n\n \n--b\nContent-Type: text/html\n\n<p>html\n--b--\n", "html",
     TEXT_HTML, ""},
    {"only one variant", MULTI("alternative") "--b\nContent-Type: text/html\n\n<p>html\n--b--\n",
     "html", TEXT_HTML, ""},
    {"several texts",
     MULTI("mixed") "--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\n--b\n\nthree\n--b--\n",
     "one\n\ntwo\n\nthree", TEXT_PLAIN, ""},
    {"a named text is a file",
     MULTI("mixed") "--b\n\none\n--b\nContent-Type: text/plain; name=a.txt\n\ntwo\n--b--\n", "one",
     TEXT_PLAIN, "a.txt"},
    {"a text that is an attachment",
     MULTI("mixed") "--b\n\none\n--b\nContent-Disposition: attachment\n\ntwo\n--b--\n", "one",
     TEXT_PLAIN, "text.txt"},
    {"a mail that is a file",
     HEAD "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nSGk=", "", TEXT_NONE,
     "image.png"},
    {"signed",
     MULTI("signed") "--b\n\none\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n",
     "one", TEXT_PLAIN, "signature.asc"},
    {"related",
     MULTI(
         "related") "--b\nContent-Type: text/html\n\n<p>a<img src=cid:x>\n--b\nContent-Type: image/gif\n\nx\n--b--\n",
     "a[cid:x]", TEXT_HTML, "image.gif"},
    {"a picture is marked by its file's name",
     MULTI(
         "related") "--b\nContent-Type: text/html\n\n<p>a <img src=\"cid:x@y\"> b<img src=cid:z>\n--b\nContent-Type: "
                    "image/gif; name=\"plan.gif\"\nContent-ID: <x@y>\n\nx\n--b--\n",
     "a [plan.gif] b[cid:z]", TEXT_HTML, "plan.gif"},
    {"so it is where a program wrote the mark",
     MULTI("mixed") "--b\n\none [cid:x@y][cid:x@y] [cid:\n--b\nContent-Type: image/png; "
                    "name=a.png\nContent-ID: <x@y>\n\nx\n--b--\n",
     "one [a.png][a.png] [cid:", TEXT_PLAIN, "a.png"},
    {"attached mail",
     MULTI(
         "mixed") "--b\n\none\n--b\nContent-Type: message/rfc822\n\nSubject: a/b\n\ninner\n--b--\n",
     "one", TEXT_PLAIN, "a_b.eml"},
    {"digest", MULTI("digest") "--b\n\nSubject: x\n\ninner\n--b--\n", "", TEXT_NONE, "x.eml"},
    {"partial and external bodies are opaque",
     MULTI(
         "mixed") "--b\nContent-Type: message/partial; id=x; number=1\n\nx\n--b\nContent-Type: message/external-body; "
                  "access-type=URL; URL=\"http://x.example/\"\n\nx\n--b--\n",
     "", TEXT_NONE, "file|file"},
    {"no boundary stated",
     HEAD "Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\na\n--x--\n", "a",
     TEXT_PLAIN, ""},
    {"no boundary at all", HEAD "Content-Type: multipart/mixed\n\nwords\n", "words", TEXT_PLAIN,
     ""},
    {"boundary with blanks behind it",
     HEAD "Content-Type: multipart/mixed; boundary=\"x \"\n\n--x \t\n\na\n--x-- \n", "a",
     TEXT_PLAIN, ""},
    {"boundary in the first line", MULTI("mixed") "--b\n\na\n--b--", "a", TEXT_PLAIN, ""},
    {"no empty line in a part", MULTI("mixed") "--b\nwords here\n--b--\n", "words here", TEXT_PLAIN,
     ""},
    {"an empty part", MULTI("mixed") "--b\n--b\n\na\n--b--\n", "a", TEXT_PLAIN, ""},
    {"preamble and epilogue", MULTI("mixed") "pre\n--b\n\na\n--b--\nepi\n", "a", TEXT_PLAIN, ""},
    {"unusable type", HEAD "Content-Type: text\n\na\n", "a", TEXT_PLAIN, ""},
    {"unknown multipart", MULTI("x-odd") "--b\n\na\n--b--\n", "a", TEXT_PLAIN, ""},
    {"uuencode", HEAD "\na\nbegin 644 x.txt\n%2&5L;&\\*\n`\nend\nb\n", "a\nb", TEXT_PLAIN, "x.txt"},
    {"TNEF is a file", HEAD "Content-Type: application/ms-tnef\n\nx", "", TEXT_NONE, "winmail.dat"},
};

Test(parse, finds_the_text_and_the_files)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BODIES); i++) {
        OWNED(facts) facts = parsed_text(BODIES[i].mail);
        g_autoptr(GString) files = g_string_new(NULL);

        for (guint j = 0; j < facts->attachments->len; j++) {
            const struct attachment *file = g_ptr_array_index(facts->attachments, j);

            g_string_append_printf(files, "%s%s", j > 0 ? "|" : "", file->name);
            cr_expect_eq(g_bytes_get_size(file->content), file->bytes, "%s", BODIES[i].name);
        }
        cr_expect_str_eq(facts->text, BODIES[i].text, "%s: got \"%s\"", BODIES[i].name,
                         facts->text);
        cr_expect_eq(facts->text_source, BODIES[i].source, "%s: source %d", BODIES[i].name,
                     facts->text_source);
        cr_expect_str_eq(files->str, BODIES[i].files, "%s: files %s", BODIES[i].name, files->str);
    }
}

Test(parse, keeps_an_attached_mail_byte_by_byte)
{
    OWNED(facts)
    facts = parsed_text(
        MULTI("mixed") "--b\nContent-Type: message/rfc822\nContent-ID: <c@x>\n\nSubject: x\n\n"
                       "--c\r\n a \n--b--\n");
    const struct attachment *file = g_ptr_array_index(facts->attachments, 0);
    gsize length = 0;
    const char *bytes = g_bytes_get_data(file->content, &length);

    cr_expect(length == 20 && memcmp(bytes, "Subject: x\n\n--c\r\n a ", 20) == 0, "got %.*s",
              (int)length, bytes);
    cr_expect_str_eq(file->type, "message/rfc822");
    cr_expect_str_eq(file->content_id, "c@x");
}

static const char *content_of(const struct attachment *file)
{
    return g_bytes_get_data(file->content, NULL);
}

Test(parse, keeps_a_text_whole_that_is_longer_than_it_hands_over)
{
    for (size_t length = LIMIT_TEXT_BYTES - 1; length <= LIMIT_TEXT_BYTES + 1; length++) {
        g_autofree char *words = g_strnfill(length, 'x');
        g_autofree char *mail = g_strconcat(HEAD "\n", words, "\n", NULL);
        OWNED(facts) facts = parsed_text(mail);
        const struct attachment *file = facts_whole_text(facts);

        cr_expect_eq(strlen(facts->text), MIN(length, LIMIT_TEXT_BYTES), "%zu", length);
        cr_expect_eq(file != NULL, length > LIMIT_TEXT_BYTES, "%zu", length);
        cr_expect_eq(facts->attachments->len, length > LIMIT_TEXT_BYTES ? 1 : 0);
        if (file != NULL) {
            cr_expect_eq(file->bytes, length);
            cr_expect_str_eq(file->name, "whole-text.txt");
            cr_expect_eq(memcmp(content_of(file), words, length), 0);
        }
    }
}

#define MANY 1500000
static const struct {
    const char *name;
    const char *head; /* of the part; its text is MANY times unit, twice */
    const char *unit;
    const char *want; /* what one unit is in the whole text */
    guint files;
    bool is_all; /* the whole text holds every unit */
} WHOLES[] = {
    {"UTF-8", "Content-Type: text/plain; charset=utf-8", "\xC3\xBC", "\xC3\xBC", 1, true},
    {"Latin-1", "Content-Type: text/plain; charset=iso-8859-1", "\xFC", "\xC3\xBC", 1, true},
    {"quoted-printable",
     "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
     "quoted-printable",
     "=C3=BC", "\xC3\xBC", 1, true},
    {"HTML", "Content-Type: text/html; charset=utf-8", "&uuml;", "\xC3\xBC", 1, true},
    {"Windows-1252 that grows threefold", "Content-Type: text/plain; charset=windows-1252",
     "\x80\x80\x80\x80", "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", 2, false},
};

Test(parse, keeps_a_whole_text_in_any_charset_as_utf8)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WHOLES); i++) {
        g_autoptr(GString) mail = g_string_new(HEAD);
        g_string_append_printf(mail, "%s\n\n", WHOLES[i].head);
        for (size_t c = 0; c < (size_t)2 * MANY; c++) {
            g_string_append(mail, WHOLES[i].unit);
        }
        OWNED(facts) facts = parsed(mail->str, mail->len, false);
        const struct attachment *file = facts_whole_text(facts);
        size_t unit = strlen(WHOLES[i].want);

        cr_assert_not_null(file, "%s", WHOLES[i].name);
        cr_expect_eq(facts->attachments->len, WHOLES[i].files, "%s: %u files", WHOLES[i].name,
                     facts->attachments->len);
        cr_expect_eq(file->bytes == 2 * MANY * unit, WHOLES[i].is_all, "%s: %zu bytes",
                     WHOLES[i].name, (size_t)file->bytes);
        cr_expect_leq(file->bytes, LIMIT_WHOLE_TEXT_BYTES);
        for (size_t at = 0; at + unit <= file->bytes; at += unit) {
            cr_assert_eq(memcmp(content_of(file) + at, WHOLES[i].want, unit), 0, "%s at %zu",
                         WHOLES[i].name, at);
        }
    }
}

Test(parse, keeps_all_parts_of_a_text_that_are_too_long_together)
{
    g_autofree char *one = g_strnfill(MANY, 'a');
    g_autofree char *two = g_strnfill(MANY, 'b');
    g_autofree char *mail = g_strconcat(MULTI("mixed") "--b\n\n", one, "\n--b\n\n", two,
                                        "\n--b--\n", NULL);
    g_autofree char *want = g_strconcat(one, "\n\n", two, NULL);
    OWNED(facts) facts = parsed_text(mail);
    const struct attachment *file = facts_whole_text(facts);

    cr_assert_not_null(file);
    cr_expect_eq(file->bytes, strlen(want));
    cr_expect_eq(memcmp(content_of(file), want, strlen(want)), 0);
    cr_expect_eq(strncmp(facts->text, want, LIMIT_TEXT_BYTES), 0);
}

Test(parse, makes_room_for_the_whole_text_among_many_files)
{
    g_autoptr(GString) mail = g_string_new(MULTI("mixed") "--b\n\n");
    for (int i = 0; i <= LIMIT_TEXT_BYTES; i++) {
        g_string_append_c(mail, 'x');
    }
    for (int i = 0; i < LIMIT_ATTACHMENTS; i++) {
        g_string_append(mail, "\n--b\nContent-Type: image/png\n\nx");
    }
    g_string_append(mail, "\n--b--\n");
    OWNED(facts) facts = parsed_text(mail->str);

    cr_expect_eq(facts->attachments->len, LIMIT_ATTACHMENTS);
    cr_expect_eq(facts->attachments_left_out, 1);
    cr_expect_not_null(facts_whole_text(facts));
}

Test(parse, takes_no_file_of_a_mail_for_its_whole_text)
{
    OWNED(facts)
    facts = parsed_text(
        MULTI("mixed") "--b\n\na\n--b\nContent-Type: text/plain; charset=utf-8;\n"
                       " name=whole-text.txt\nContent-Disposition: attachment\n\nmine\n--b--\n");

    cr_expect_eq(facts->attachments->len, 1);
    cr_expect_null(facts_whole_text(facts));
}

static const struct {
    const char *name;
    const char *mail;
    unsigned left_out;
    guint files;
    const char *text;
} CUTS[] = {
    {"within a file", MULTI("mixed") "--b\n\na\n--b\nContent-Type: image/png; name=x.png\n\nPNG", 1,
     0, "a"},
    {"behind a file",
     MULTI(
         "mixed") "--b\n\na\n--b\nContent-Type: image/png; name=x.png\n\nPNG\n--b\nContent-Type: image/gif\n\n",
     1, 1, "a"},
    {"within the text", MULTI("mixed") "--b\n\na b", 0, 0, "a b"},
    {"within an inner part",
     MULTI(
         "mixed") "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\na\n--c\nContent-Type: a/b\n\nx",
     1, 0, "a"},
    {"a single file", HEAD "Content-Type: image/png\n\nPNG", 1, 0, ""},
};

Test(parse, counts_the_file_through_which_a_cut_goes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CUTS); i++) {
        OWNED(facts) facts = parsed(CUTS[i].mail, strlen(CUTS[i].mail), true);

        cr_expect(facts->is_cut && !facts->is_ambiguous, "%s", CUTS[i].name);
        cr_expect_eq(facts->attachments_left_out, CUTS[i].left_out, "%s: %u left out", CUTS[i].name,
                     facts->attachments_left_out);
        cr_expect_eq(facts->attachments->len, CUTS[i].files, "%s: %u files", CUTS[i].name,
                     facts->attachments->len);
        cr_expect_str_eq(facts->text, CUTS[i].text, "%s: %s", CUTS[i].name, facts->text);
    }
}

Test(parse, reads_the_header)
{
    OWNED(facts)
    facts = parsed_text(
        "Return-Path: <bounce@acme.example>\n"
        "Delivered-To: support+T@desk.example\nX-Original-To: support@desk.example\nEnvelope-To: support+T@desk.example\n"
        "Authentication-Results: mx.desk.example;\n dmarc=pass\n"
        "Received: from a (helo by evil.test) by MX.desk.example (Postfix) with ESMTP; Mon\n"
        "Authentication-Results: second; none\n"
        "Authentication-Results : odd; none\n"
        "X: a\rAuthentication-Results: hidden; dmarc=pass\n"
        "Authentication-Results: 8bit \xC3\xBC; none\n"
        "Received: without a host\n"
        "Date: Mon, 05 Jan 2026 08:00:00 +0000\n"
        "From: =?utf-8?q?J=C3=B6rg?= <Joerg@ACME.example>\n"
        "To: Desk <support@desk.example>, b@x.example\nCc: c@x.example\nReply-To: r@x.example\n"
        "Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n"
        "Message-ID: <m@acme.example>\nIn-Reply-To: <p@desk.example>\nReferences: <o@desk.example>\n <p@desk.example>\n\nx\n");

    cr_expect_str_eq(facts->return_path, "bounce@acme.example");
    cr_expect_eq(facts->delivered_to->len, 2);
    cr_expect_str_eq(g_ptr_array_index(facts->delivered_to, 0), "support+T@desk.example");
    cr_expect_eq(facts->received_count, 2);
    cr_assert_eq(facts->trace->len, 6);

    static const struct trace_field WANT[] = {{TRACE_AUTHRES,
                                               (char *)"mx.desk.example; dmarc=pass"},
                                              {TRACE_RECEIVED, (char *)"mx.desk.example"},
                                              {TRACE_AUTHRES, (char *)"second; none"},
                                              {TRACE_AUTHRES, (char *)""},
                                              {TRACE_AUTHRES, (char *)""},
                                              {TRACE_RECEIVED, (char *)""}};
    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *field = g_ptr_array_index(facts->trace, i);

        cr_expect_eq(field->kind, WANT[i].kind, "%u: %s", i, field->text);
        cr_expect_str_eq(field->text, WANT[i].text, "%u: %s", i, field->text);
    }
    cr_expect_eq(facts->date_us, INT64_C(1767600000000000));
    cr_expect_str_eq(facts->from->address, "Joerg@acme.example");
    cr_expect_str_eq(facts->from->name, "J\xC3\xB6rg");
    cr_expect_eq(facts->to->len, 2);
    cr_expect_eq(facts->cc->len, 1);
    cr_expect_eq(facts->reply_to->len, 1);
    cr_expect_str_eq(facts->subject, "a Bcc: x");
    cr_expect_str_eq(facts->message_id, "m@acme.example");
    cr_expect_eq(facts->in_reply_to->len, 1);
    cr_expect_eq(facts->references->len, 2);
    cr_expect_not(facts->is_ambiguous, "%s", facts->ambiguity);
}

Test(parse, keeps_the_newest_references)
{
    g_autoptr(GString) mail = g_string_new(HEAD "References:");

    for (int i = 0; i < 100; i++) {
        g_string_append_printf(mail, "\n <r%d@x>", i);
    }
    g_string_append(mail, "\n\nx\n");

    OWNED(facts) facts = parsed_text(mail->str);

    cr_assert_eq(facts->references->len, LIMIT_REFERENCES);
    cr_expect_str_eq(g_ptr_array_index(facts->references, 0), "r80@x");
    cr_expect_str_eq(g_ptr_array_index(facts->references, LIMIT_REFERENCES - 1), "r99@x");
}

static const struct {
    const char *name;
    const char *mail;
    size_t length; /* 0: up to the NUL */
} AMBIGUOUS[] = {
    {"no From", "Subject: x\n\nx", 0},
    {"two From", HEAD HEAD "\nx", 0},
    {"From behind a broken line", "Subject: x\nbroken\n" HEAD "\nx", 0},
    {"blank in front", " From: x@evil.test\n" HEAD "\nx", 0},
    {"NUL in a header line", HEAD "Fr\0om: x\n\nx", sizeof(HEAD "Fr\0om: x\n\nx") - 1},
    {"lone CR in the Message-ID", HEAD "Message-ID: <a@b>\r<c@d>\n\nx", 0},
    {"NUL in the Message-ID", HEAD "Message-ID: <a@b\0>\n\nx",
     sizeof(HEAD "Message-ID: <a@b\0>\n\nx") - 1},
    {"empty line in front", "\n" HEAD "\nx", 0},
    {"lone CRs for line ends", "From: a@acme.example\r\rx", 0},
    {"fields behind a line of blanks", HEAD " \nHello\nFrom: x@evil.test\n\nx", 0},
};

Test(parse, marks_mail_that_two_readers_could_read_differently)
{
    for (size_t i = 0; i < G_N_ELEMENTS(AMBIGUOUS); i++) {
        size_t length = AMBIGUOUS[i].length > 0 ? AMBIGUOUS[i].length : strlen(AMBIGUOUS[i].mail);
        OWNED(facts) facts = parsed(AMBIGUOUS[i].mail, length, false);

        cr_expect(facts->is_ambiguous, "%s", AMBIGUOUS[i].name);
        cr_expect_str_neq(facts->ambiguity, "", "%s", AMBIGUOUS[i].name);
    }
}

#define SERVER "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\n"
#define REPORT(type) \
 HEAD "Content-Type: multipart/report; report-type=" type "; boundary=b\n\n--b\n\nx\n--b\n"

static const struct {
    const char *name;
    const char *mail;
    enum auto_kind want;
} MACHINES[] = {
    {"a person", HEAD "\nx", AUTO_NONE},
    {"auto-replied", HEAD "Auto-Submitted: auto-replied\n\nx", AUTO_REPLIED},
    {"with a comment and a parameter", HEAD "Auto-Submitted: (x) Auto-Replied (y); a=b\n\nx",
     AUTO_REPLIED},
    {"auto-generated", HEAD "Auto-Submitted: auto-generated\n\nx", AUTO_GENERATED},
    {"unknown value", HEAD "Auto-Submitted: auto-whatever\n\nx", AUTO_GENERATED},
    {"no", HEAD "Auto-Submitted: no\n\nx", AUTO_NONE},
    {"no with a parameter", HEAD "Auto-Submitted: no; x=y\n\nx", AUTO_NONE},
    {"no with a comment", HEAD "Auto-Submitted: (auto-replied) No (x)\n\nx", AUTO_NONE},
    {"no, but a list", HEAD "Auto-Submitted: no\nList-Id: <x>\n\nx", AUTO_LIST},
    {"X-Autoreply", HEAD "X-Autoreply: yes\n\nx", AUTO_REPLIED},
    {"X-Autoreply: no", HEAD "X-Autoreply: no\n\nx", AUTO_NONE},
    {"Precedence: auto_reply", HEAD "Precedence: auto_reply\n\nx", AUTO_REPLIED},
    {"Exchange's automatic reply",
     HEAD "Subject: Automatic reply: x\nAuto-Submitted: auto-generated\n\nx", AUTO_REPLIED},
    {"an answer to one", HEAD "Subject: Re: Automatic reply: x\n\nx", AUTO_NONE},
    {"Precedence: bulk", HEAD "Precedence: bulk\n\nx", AUTO_BULK},
    {"Precedence: list", HEAD "Precedence: list\n\nx", AUTO_LIST},
    {"Precedence: first-class", HEAD "Precedence: first-class\n\nx", AUTO_NONE},
    {"List-Unsubscribe", HEAD "List-Unsubscribe: <x>\n\nx", AUTO_BULK},
    {"X-Auto-Response-Suppress: All", HEAD "X-Auto-Response-Suppress: All\n\nx", AUTO_GENERATED},
    {"X-Auto-Response-Suppress: OOF", HEAD "X-Auto-Response-Suppress: DR, OOF\n\nx",
     AUTO_GENERATED},
    {"X-Auto-Response-Suppress: None", HEAD "X-Auto-Response-Suppress: None\n\nx", AUTO_NONE},
    {"X-Auto-Response-Suppress: receipts", HEAD "X-Auto-Response-Suppress: RN, NRN\n\nx",
     AUTO_NONE},
    {"X-Loop", HEAD "X-Loop: a@b\n\nx", AUTO_GENERATED},
    {"null return path", HEAD "Return-Path: <>\n\nx", AUTO_GENERATED},
    {"no-reply", "From: no-reply@acme.example\n\nx", AUTO_BULK},
    {"noreplying person", "From: noreplyson@acme.example\n\nx", AUTO_NONE},
    {"postmaster who writes",
     "From: Postmaster <postmaster@acme.example>\nSubject: Hello\n\nHow are you?", AUTO_GENERATED},
    {"bounce in words", SERVER "Subject: failure notice\n\n<a@x.example>:\n550 no such user\n",
     AUTO_BOUNCE},
    {"vacation reply with a null return path",
     HEAD "Return-Path: <>\nAuto-Submitted: auto-replied\n\nYour mail could not be delivered to "
          "me, I am away.",
     AUTO_REPLIED},
    {"X-Failed-Recipients", HEAD "X-Failed-Recipients: a@x.example\n\nx", AUTO_BOUNCE},
    {"a person's words about a bounce",
     HEAD "Subject: failure notice\n\nMy mail could not be delivered", AUTO_NONE},
    {"report",
     REPORT("delivery-status") "Content-Type: message/delivery-status\n\nAction: failed\n--b--\n",
     AUTO_BOUNCE},
    {"receipt", REPORT("disposition-notification") "\nx\n--b--\n", AUTO_RECEIPT},
    {"complaint", REPORT("feedback-report") "\nx\n--b--\n", AUTO_COMPLAINT},
    {"reaction", HEAD "Content-Disposition: reaction\n\n:-)", AUTO_REACTION},
    {"an attached bounce is none of its own",
     MULTI("mixed") "--b\n\nsee\n--b\nContent-Type: message/rfc822\n\n" SERVER
                    "Subject: failure notice\n\n550\n--b--\n",
     AUTO_NONE},
};

Test(parse, tells_machines_from_people)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MACHINES); i++) {
        OWNED(facts) facts = parsed_text(MACHINES[i].mail);

        cr_expect_eq(facts->auto_kind, MACHINES[i].want, "%s: got %s (%s)", MACHINES[i].name,
                     auto_kind_name(facts->auto_kind), facts->auto_reason);
        cr_expect_eq(*facts->auto_reason != '\0', MACHINES[i].want != AUTO_NONE, "%s",
                     MACHINES[i].name);
    }
}

static const struct {
    const char *name;
    const char *mail;
    const char *want; /* "recipient action status diagnostic|…" and the id */
} BOUNCES[] = {
    {"RFC 3464",
     REPORT(
         "delivery-status") "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
                            "Original-Recipient: rfc822;a@x.example\nFinal-Recipient: rfc822; b@x.example\nAction: FAILED (x)\n"
                            "Status: 5.1.1 (unknown)\nDiagnostic-Code: smtp; 550 5.1.1\n no\n\n\n"
                            "Final-Recipient: x400; /C=de/\nAction: delayed\n"
                            "--b\nContent-Type: message/rfc822\n\nMessage-ID: <m@desk.example>\n\nx\n--b--\n",
     "a@x.example failed 5.1.1 550 5.1.1 no|/C=de/ delayed  |m@desk.example"},
    {"status only in the diagnostic",
     REPORT(
         "delivery-status") "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; b@x.example\nAction: failed\n"
                            "Diagnostic-Code: smtp; 452 4.2.2 full\n--b--\n",
     "b@x.example failed 4.2.2 452 4.2.2 full|"},
    {"qmail",
     SERVER
     "Subject: failure notice\n\nHi. This is qmail.\n\n<a@x.example>:\n192.0.2.1 does not like it: 550-5.7.1 no\n\n--- Below "
     "this line is a copy of the message.\n\nMessage-ID: <m@desk.example>\nTo: z@x.example\n",
     "a@x.example failed 5.7.1 |m@desk.example"},
    {"Exim, two recipients",
     SERVER
     "X-Failed-Recipients: a@x.example, b@x.example\nSubject: Mail delivery failed\n\n  a@x.example\n    550 unknown\n",
     "a@x.example failed 5.0.0 |b@x.example failed 5.0.0 |"},
    {"a warning",
     SERVER "Subject: Warning: message delayed 24 hours\n\n  a@x.example\n\nwill be retried\n",
     "a@x.example delayed  |"},
    {"a notification",
     HEAD
     "\n{\"Message\":\"{\\\"notificationType\\\":\\\"Bounce\\\",\\\"bounce\\\":{\\\"bouncedRecipients\\\":[{\\\"emailAddress\\\":"
     "\\\"a@x.example\\\",\\\"status\\\":\\\"5.1.1\\\"}]}}\"}",
     "a@x.example failed 5.1.1 |"},
    {"nobody is named", SERVER "Subject: failure notice\n\nsorry\n", " failed  |"},
};

Test(parse, says_whom_a_bounce_is_about)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BOUNCES); i++) {
        OWNED(facts) facts = parsed_text(BOUNCES[i].mail);
        g_autoptr(GString) got = g_string_new(NULL);

        for (guint j = 0; j < facts->bounces->len; j++) {
            const struct bounce *bounce = g_ptr_array_index(facts->bounces, j);

            g_string_append_printf(got, "%s %s %s %s|", bounce->recipient, bounce->action,
                                   bounce->status, bounce->diagnostic);
        }
        g_string_append(got, facts->bounced_id ? facts->bounced_id : "");
        cr_expect_str_eq(got->str, BOUNCES[i].want, "%s: got %s", BOUNCES[i].name, got->str);
    }
}

/* count times a piece behind a start. */
static char *repeat(const char *start, const char *piece, size_t count)
{
    GString *out = g_string_new(start);

    for (size_t i = 0; i < count; i++) {
        g_string_append(out, piece);
    }
    return g_string_free(out, FALSE);
}

/* A mail whose parts are nested so deep. */
static char *nested(unsigned depth)
{
    GString *out = g_string_new(HEAD);

    for (unsigned i = 0; i < depth; i++) {
        g_string_append_printf(out, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
    }
    g_string_append(out, "\nwords\n");
    return g_string_free(out, FALSE);
}

Test(parse, refuses_bombs_and_what_is_no_mail)
{
    g_autofree char *header = g_strnfill(60000000, 'x');
    struct {
        const char *name;
        char *mail; /* own */
        enum status want;
    } cases[] = {
        {"nothing", g_strdup(""), ST_INVALID},
        {"no header", g_strdup("Hello,\nthis is no mail.\n"), ST_INVALID},
        {"only line ends", g_strdup("\r\n\r\n"), ST_INVALID},
        {"deepest", nested(LIMIT_NESTING), ST_OK},
        {"too deep", nested(LIMIT_NESTING + 1), ST_INVALID},
        {"nested 1,001 deep", nested(1001), ST_INVALID},
        {"100,000 parts", repeat(MULTI("mixed"), "--b\n\nx\n", 100000), ST_INVALID},
        {"9,000 parts", repeat(MULTI("mixed"), "--b\n\nx\n", 9000), ST_OK},
        {"60 MB header", g_strconcat(HEAD "X: ", header, "\n\nx", NULL), ST_INVALID},
        {"100,000 fields", repeat(HEAD, "X: y\n", 100000), ST_INVALID},
        {"100,000 parameters", repeat(HEAD "Content-Type: a/b", ";\n name*1=x", 100000),
         ST_INVALID},
        {"5,000 parameters", repeat(HEAD "Content-Type: a/b", ";\n n*1=x", 5000), ST_OK},
        {"60,000 open comments", repeat(HEAD "To: ", "(", 60000), ST_OK},
        {"60,000 open groups", repeat(HEAD "To: ", "g:", 30000), ST_OK},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct err err = {.status = ST_OK};
        OWNED(facts) facts = NULL;
        double start = cpu_seconds();
        enum status got = parse_bytes(cases[i].mail, strlen(cases[i].mail), false, &facts, &err);

        cr_expect_eq(got, cases[i].want, "%s: got %s (%s)", cases[i].name, status_name(got),
                     err.text);
        cr_expect(got == ST_OK || *err.text != '\0', "%s", cases[i].name);
        cr_expect_lt(cpu_seconds() - start, 5.0, "%s took too long", cases[i].name);
        g_free(cases[i].mail);
    }
}

Test(parse, leaves_out_and_counts_what_is_above_a_limit)
{
    g_autofree char *mail = repeat(MULTI("mixed"), "--b\nContent-Type: image/png\n\nx\n",
                                   LIMIT_ATTACHMENTS + 5);
    OWNED(facts) facts = parsed_text(mail);

    cr_expect_eq(facts->attachments->len, LIMIT_ATTACHMENTS);
    cr_expect_eq(facts->attachments_left_out, 5);
}

Test(parse, reads_a_descriptor_from_its_start)
{
    int fd = memfd_create("mail", MFD_CLOEXEC);
    OWNED(facts) facts = NULL;
    struct err err = {.status = ST_OK};

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, HEAD "\nHello\n", sizeof(HEAD "\nHello\n") - 1),
                 (ssize_t)sizeof(HEAD "\nHello\n") - 1);
    cr_expect_eq(parse_mail(fd, false, &facts, &err), ST_OK, "%s", err.text);
    cr_expect_str_eq(facts->text, "Hello");
    close(fd);
    cr_expect_eq(parse_mail(fd, false, &facts, &err), ST_TEMPFAIL);
}

/* Cut and bent copies of a mail with everything in it: whatever comes out must pass the pipe's checks. */
Test(parse, gives_facts_that_the_intake_accepts_for_any_bytes)
{
    static const char MAIL[] =
        "Return-Path: <>\nReceived: by x; y\nFrom: =?utf-8?q?J=C3=B6rg?= <a@acme.example>\nTo: g: \"x\" <b@x.example>;\n"
        "Subject: =?iso-2022-jp?B?GyRCJUYbKEI=?= =?utf-8?Q?=C3?=\nMessage-ID: <a@b>\nReferences: <c@d> <e@f>\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        "Content-Type: multipart/alternative; boundary=\"c d\"\n\n--c d\nContent-Type: text/plain; charset=utf-16; format=flowed\n"
        "Content-Transfer-Encoding: quoted-printable\n\n=FE=FF=00a=20\n> b\n--c d\nContent-Type: text/html; charset=gb2312\n\n"
        "<p style=\"display:none\">a</p><a href=http://x>&#x2028;&euro;</a><!-- --><ul><li>\n--c d--\n--b\n"
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n--b\n"
        "Content-Type: image/png; name*0*=utf-8''a%80; name*1=\"\\\"../b\"\nContent-ID: <x\nContent-Transfer-Encoding: base64\n\n"
        "AAAA=\n--b\n\nbegin 644 a/b\n%2&5L;&\\*\n`\nend\n--b--\n";
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);

    for (int round = 0; round < 3000; round++) {
        size_t length = (size_t)g_rand_int_range(random, 1, sizeof MAIL);
        g_autofree char *bytes = g_memdup2(MAIL, length);
        struct err err = {.status = ST_OK};
        OWNED(facts) facts = NULL;

        for (int i = g_rand_int_range(random, 0, 8); i > 0; i--) {
            static const char BYTES[] = "\0\r\n\t \"\\<>()=?;:@-/&%'\x1B\x80\xC3\xE2\xFF";

            bytes[g_rand_int_range(random, 0, (gint32)length)] =
                BYTES[g_rand_int_range(random, 0, sizeof BYTES - 1)];
        }
        if (parse_bytes(bytes, length, (round & 1) != 0, &facts, &err) != ST_OK) {
            continue;
        }

        g_autoptr(GVariant) value = facts_to_variant(facts);
        OWNED(facts) again = NULL;

        cr_assert_eq(facts_from_variant(value, &again, &err), ST_OK, "round %d: %s", round,
                     err.text);
    }
}

Test(parse, keeps_for_rules_what_servers_did_not_write)
{
    OWNED(facts)
    facts = parsed_text(
        "Received: from a by mx.desk.example; Mon\nDKIM-Signature: v=1; d=a.example\n"
        "ARC-Seal: i=1\nFrom: a@acme.example\nX-Priority: 1 (Highest)\n"
        "x-note: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n from here\nX-NOTE: second\n\nx\n");
    static const char *const WANT[] = {"from: a@acme.example", "x-priority: 1 (Highest)",
                                       "x-note: Gr\xC3\xBC\xC3\x9F"
                                       "e from here",
                                       "x-note: second"};

    cr_assert_eq(facts->headers->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < facts->headers->len; i++) {
        cr_expect_str_eq(facts->headers->pdata[i], WANT[i]);
    }
}
