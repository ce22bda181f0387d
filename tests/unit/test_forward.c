/* Whose mail is passed on: as the mail programs of our customers write it, and as nobody can tell. */
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "message/parse.h"

static void warm_up(void)
{
    parse_warm_up();
}

TestSuite(forward, .init = warm_up);

#define GMAIL "---------- Forwarded message ---------\n"
#define ANNA  "Anna Meyer <anna@acme.example>"
#define BLOCK "From: " ANNA "\nDate: Mon, 5 Jan 2026\nSubject: Printer\nTo: <ben@desk.example>\n"

static const struct {
    const char *name;
    const char *subject;
    const char *text;
    const char *from; /* NULL: none */
    const char *forwarded_subject;
} TEXTS[] = {
    {"Gmail", "Fwd: Printer", "Please take this.\n\n" GMAIL BLOCK "\n\nIt does not print.\n",
     "anna@acme.example", "Printer"},
    {"Gmail, without words", "Fwd: Printer", GMAIL BLOCK "\nIt does not print.\n",
     "anna@acme.example", "Printer"},
    {"Gmail with stars", "Fwd: Printer",
     "---------- Forwarded message ----------\nFrom: *Anna Meyer* <anna@acme.example>\n"
     "Date: Mon, Jan 5, 2026 at 10:12\nSubject: Printer\nTo: <ben@desk.example>\n\nx\n",
     "anna@acme.example", "Printer"},
    {"Gmail in German", "Fwd: Drucker",
     "---------- Forwarded message ---------\nVon: " ANNA "\nDate: Mo., 5. Jan. 2026 um 10:12 Uhr\n"
     "Subject: Drucker\nTo: <ben@desk.example>\n\nEr druckt nicht.\n",
     "anna@acme.example", "Drucker"},
    {"Gmail in French", "Fwd: Imprimante",
     "---------- Forwarded message ---------\nDe : " ANNA "\nDate: lun. 5 janv. 2026 à 10:12\n"
     "Subject: Imprimante\nTo: <ben@desk.example>\n\nx\n",
     "anna@acme.example", "Imprimante"},
    {"Gmail in Spanish", "Fwd: Impresora",
     "---------- Forwarded message ---------\nDe: " ANNA "\nDate: lun, 5 ene 2026 a las 10:12\n"
     "Subject: Impresora\nTo: <ben@desk.example>\n\nx\n",
     "anna@acme.example", "Impresora"},
    {"Gmail in Italian", "Fwd: Stampante",
     "---------- Forwarded message ---------\nDa: " ANNA "\nDate: lun 5 gen 2026 alle ore 10:12\n"
     "Subject: Stampante\nTo: <ben@desk.example>\n\nx\n",
     "anna@acme.example", "Stampante"},
    {"Thunderbird", "Fwd: Printer",
     "FYI\n\n-------- Forwarded Message --------\nSubject: \tPrinter\n"
     "Date: \tMon, 5 Jan 2026 10:12:41 +0100\nFrom: \t" ANNA "\nTo: \tben@desk.example\n\n\nx\n",
     "anna@acme.example", "Printer"},
    {"Thunderbird in German", "Fwd: Drucker",
     "-------- Weitergeleitete Nachricht --------\nBetreff: \tDrucker\nDatum: \tMon, 5 Jan 2026\n"
     "Von: \t" ANNA "\nAntwort an: \tx@acme.example\nAn: \tben@desk.example\n\nx\n",
     "anna@acme.example", "Drucker"},
    {"Thunderbird in French", "Fwd: Imprimante",
     "-------- Message transféré --------\nSujet : \tImprimante\nDate : \tMon, 5 Jan 2026\n"
     "De : \t" ANNA "\nPour : \tben@desk.example\n\nx\n",
     "anna@acme.example", "Imprimante"},
    {"Thunderbird in French, hard blanks", "Fwd: Imprimante",
     "-------- Message transféré --------\nSujet\xC2\xA0: \tImprimante\nDate\xE2\x80\xAF: \tMon\n"
     "De\xC2\xA0: \t" ANNA "\nPour\xC2\xA0: \tben@desk.example\n\nx\n",
     "anna@acme.example", "Imprimante"},
    {"Thunderbird in Spanish", "Fwd: Impresora",
     "-------- Mensaje reenviado --------\nAsunto: \tImpresora\nFecha: \tMon, 5 Jan 2026\n"
     "De: \t" ANNA "\nPara: \tben@desk.example\n\nx\n",
     "anna@acme.example", "Impresora"},
    {"Thunderbird in Italian", "Fwd: Stampante",
     "-------- Messaggio Inoltrato --------\nOggetto: \tStampante\nData: \tMon, 5 Jan 2026\n"
     "Mittente: \tx\nDa: \t" ANNA "\nA: \tben@desk.example\n\nx\n",
     "anna@acme.example", "Stampante"},
    {"Apple Mail", "Fwd: Printer",
     "Begin forwarded message:\n\n> From: " ANNA "\n> Subject: Printer\n"
     "> Date: 5 January 2026 at 10:12:41 CET\n> To: ben@desk.example\n> \n> It does not print.\n",
     "anna@acme.example", "Printer"},
    {"Apple Mail, all quoted", "Fwd: Printer",
     "> Begin forwarded message:\n>\n> From: " ANNA "\n> Subject: Printer\n> Date: 5 January\n>\n"
     "> x\n",
     "anna@acme.example", "Printer"},
    {"iPhone in German", "Fwd: Drucker",
     "Von meinem iPhone gesendet\n\nAnfang der weitergeleiteten Nachricht:\n\n> Von: " ANNA "\n"
     "> Datum: 5. Januar 2026 um 10:12:41 MEZ\n> An: ben@desk.example\n> Betreff: Drucker\n> \n> x\n",
     "anna@acme.example", "Drucker"},
    {"Apple Mail in German, later", "Fwd: Drucker",
     "Anfang der weitergeleiteten E\xE2\x80\x91Mail:\n\nVon: " ANNA "\nBetreff: Drucker\n"
     "Datum: 5. Januar\nAn: ben@desk.example\n\nx\n",
     "anna@acme.example", "Drucker"},
    {"Apple Mail in French", "Tr: Imprimante",
     "Début du message réexpédié :\n\nDe: " ANNA "\nObjet: Imprimante\nDate: 5 janvier 2026\n"
     "À: ben@desk.example\n\nx\n",
     "anna@acme.example", "Imprimante"},
    {"Apple Mail in Spanish", "RV: Impresora",
     "> Inicio del mensaje reenviado:\n> \n> De: " ANNA "\n> Asunto: Impresora\n"
     "> Fecha: 5 de enero de 2026\n> Para: ben@desk.example\n> \n> x\n",
     "anna@acme.example", "Impresora"},
    {"Apple Mail in Italian", "I: Stampante",
     "Inizio messaggio inoltrato:\n\nDa: " ANNA "\nOggetto: Stampante\nData: 5 gennaio 2026\n"
     "A: ben@desk.example\n\nx\n",
     "anna@acme.example", "Stampante"},
    {"Outlook", "FW: Printer",
     "Please.\n\nFrom: " ANNA "\nSent: Monday, 5 January 2026 10:12\nTo: Ben <ben@desk.example>\n"
     "Subject: Printer\n\nIt does not print.\n",
     "anna@acme.example", "Printer"},
    {"Outlook on the web", "Fw: Printer",
     "Please.\n________________________________\nFrom: Anna Meyer "
     "<anna@acme.example<mailto:anna@acme.example>>\nSent: Monday\nTo: Ben <ben@desk.example>\n"
     "Subject: Printer\n\nx\n",
     "anna@acme.example", "Printer"},
    {"Outlook of old", "FW: Printer",
     "-----Original Message-----\nFrom: Anna Meyer [mailto:anna@acme.example] \nSent: Monday\n"
     "To: Ben\nSubject: Printer\n\nx\n",
     "anna@acme.example", "Printer"},
    {"Roundcube", "Fwd: Printer",
     "-------- Original Message --------\nSubject: Printer\nDate: 2026-01-05 10:12\n"
     "From: " ANNA "\nTo: ben@desk.example\n\nx\n",
     "anna@acme.example", "Printer"},
    {"Outlook in German", "WG: Drucker",
     "\nVon: Meyer, Anna <anna@acme.example> \nGesendet: Montag, 5. Januar 2026 10:12\n"
     "An: Ben Huber <ben@desk.example>\nCc: x@acme.example\nBetreff: Drucker\nWichtigkeit: Hoch\n\nx\n",
     "anna@acme.example", "Drucker"},
    {"Outlook in French", "TR: Imprimante",
     "De : " ANNA " \nEnvoyé : lundi 5 janvier 2026 10:12\nÀ : Ben <ben@desk.example>\n"
     "Objet : Imprimante\n\nx\n",
     "anna@acme.example", "Imprimante"},
    {"Outlook in Spanish", "RV: Impresora",
     "De: " ANNA "\nEnviado el: lunes, 5 de enero de 2026 10:12\nPara: Ben <ben@desk.example>\n"
     "Asunto: Impresora\n\nx\n",
     "anna@acme.example", "Impresora"},
    {"Outlook in Italian", "I: Stampante",
     "Da: " ANNA "\nInviato: lunedì 5 gennaio 2026 10:12\nA: Ben <ben@desk.example>\n"
     "Oggetto: Stampante\n\nx\n",
     "anna@acme.example", "Stampante"},
    {"Outlook, with the customer's history below", "FW: Printer",
     "From: " ANNA "\nSent: Monday\nTo: Ben\nSubject: RE: Printer\n\nStill not.\n\n"
     "From: Ben <ben@desk.example>\nSent: Sunday\nTo: Anna\nSubject: Printer\n\nTry again.\n",
     "anna@acme.example", "RE: Printer"},
    {"a long list of recipients, wrapped", "Fwd: Printer",
     GMAIL "From: " ANNA "\nDate: Monday\nTo: a@x.example, b@x.example,\nc@x.example\n"
           "Subject: Printer\n\nx\n",
     "anna@acme.example", "Printer"},
    {"a forward in what was quoted is history", "Fwd: Printer",
     GMAIL BLOCK "\nSee:\n> > " GMAIL "> > From: otto@other.example\n> > Date: x\n> > Subject: y\n",
     "anna@acme.example", "Printer"},
    {"Windows line ends and blanks", "Fwd: Printer",
     "  ---------- Forwarded message ---------  \r\nFrom: " ANNA "  \r\nDate: Monday\r\n"
     "Subject: Printer\r\n\r\nx\r\n",
     "anna@acme.example", "Printer"},
    {"an address alone", "Fwd: Printer",
     GMAIL "From: anna@acme.example\nDate: x\nSubject: y\n\nz\n", "anna@acme.example", "y"},

    {"no forward", "Printer", "It does not print.\n", NULL, ""},
    {"the words in a sentence", "Fwd: Printer", "Begin forwarded message: no.\n" BLOCK, NULL, ""},
    {"two forwards", "Fwd: Printer", GMAIL BLOCK "\nx\n\n" GMAIL BLOCK "\nx\n", NULL, ""},
    {"two forwards of two programs", "Fwd: Printer",
     GMAIL BLOCK "\nx\n\nBegin forwarded message:\n\n> From: otto@other.example\n> Date: x\n", NULL,
     ""},
    {"Outlook's and another", "FW: Printer",
     "From: otto@other.example\nSent: x\nTo: y\nSubject: z\n\n" GMAIL BLOCK "\n", NULL, ""},
    {"two senders in one block", "Fwd: Printer",
     GMAIL "From: " ANNA "\nFrom: otto@other.example\nDate: x\nSubject: y\n\nz\n", NULL, ""},
    {"two addresses", "Fwd: Printer",
     GMAIL "From: anna@acme.example, otto@other.example\nDate: x\nSubject: y\n\nz\n", NULL, ""},
    {"an address as the name of another", "Fwd: Printer",
     GMAIL "From: anna@acme.example <otto@other.example>\nDate: x\nSubject: y\n\nz\n", NULL, ""},
    {"a name only", "FW: Printer", "From: Anna Meyer\nSent: x\nTo: y\nSubject: z\n\nw\n", NULL, ""},
    {"no header below the marker", "Fwd: Printer", GMAIL "\nIt does not print.\n", NULL, ""},
    {"the header far below the marker", "Fwd: Printer", GMAIL "\n\n\n\n\n" BLOCK, NULL, ""},
    {"From alone below the marker", "Fwd: Printer", GMAIL "From: " ANNA "\n\nx\n", NULL, ""},
    {"Outlook's answer", "RE: Printer",
     "Yes.\n\nFrom: " ANNA "\nSent: Monday\nTo: Ben\nSubject: Printer\n\nx\n", NULL, ""},
    {"Outlook's answer of old", "RE: Printer",
     "-----Original Message-----\nFrom: " ANNA "\nSent: x\nTo: y\nSubject: Printer\n\nx\n", NULL,
     ""},
    {"Outlook's header within a paragraph", "FW: Printer",
     "He writes\nFrom: " ANNA "\nSent: Monday\nTo: Ben\nSubject: Printer\n\nx\n", NULL, ""},
    {"Outlook's header in what was quoted", "FW: Printer",
     "> From: " ANNA "\n> Sent: Monday\n> To: Ben\n> Subject: Printer\n", NULL, ""},
    {"Outlook's header without a date", "FW: Printer", "From: " ANNA "\nSubject: Printer\n\nx\n",
     NULL, ""},
    {"a marker in what was quoted", "Re: Printer", "> " GMAIL "> From: " ANNA "\n> Date: x\n", NULL,
     ""},
};

static struct facts *parse(const char *mail)
{
    struct facts *facts = NULL;
    struct err err = {.status = ST_OK};

    cr_assert_eq(parse_bytes(mail, strlen(mail), false, &facts, &err), ST_OK, "%s", err.text);
    g_autoptr(GVariant) value = facts_to_variant(facts);
    OWNED(facts) again = NULL;
    cr_expect_eq(facts_from_variant(value, &again, &err), ST_OK, "%s", err.text);
    cr_expect_eq(again == NULL || again->forwarded_from == NULL, facts->forwarded_from == NULL);
    return facts;
}

static void expect(const char *name, const struct facts *facts, const char *from,
                   const char *subject)
{
    const char *got = facts->forwarded_from == NULL ? NULL : facts->forwarded_from->address;

    cr_expect(g_strcmp0(got, from) == 0, "%s: got %s", name, got);
    cr_expect_str_eq(facts->forwarded_subject, subject, "%s: got %s", name,
                     facts->forwarded_subject);
}

Test(forward, is_found_in_the_text_of_every_program)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autofree char *mail = g_strdup_printf("From: ben@desk.example\nSubject: %s\n"
                                                "Content-Type: text/plain; charset=utf-8\n\n%s",
                                                TEXTS[i].subject, TEXTS[i].text);
        OWNED(facts) facts = parse(mail);

        expect(TEXTS[i].name, facts, TEXTS[i].from, TEXTS[i].forwarded_subject);
    }
}

#define HTML "From: ben@desk.example\nContent-Type: text/html; charset=utf-8\n"

static const struct {
    const char *name;
    const char *mail;
} PAGES[] = {
    {"Gmail", HTML
     "Subject: Fwd: Printer\n\n<div dir=\"ltr\">Please.<br><br><div class=\"gmail_quote\">"
     "<div dir=\"ltr\" class=\"gmail_attr\">---------- Forwarded message ---------<br>From: "
     "<strong class=\"gmail_sendername\" dir=\"auto\">Anna Meyer</strong> <span dir=\"auto\">"
     "&lt;<a href=\"mailto:anna@acme.example\">anna@acme.example</a>&gt;</span><br>"
     "Date: Mon, Jan 5, 2026<br>Subject: Printer<br>To:  &lt;<a href=\"mailto:ben@desk.example\">"
     "ben@desk.example</a>&gt;<br></div><br><br>It does not print.</div></div>\n"},
    {"Outlook", HTML
     "Subject: FW: Printer\n\n<p class=MsoNormal>Please.<o:p></o:p></p><div><div style='border:"
     "none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Anna Meyer &lt;"
     "anna@acme.example&gt; <br><b>Sent:</b> Monday, 5 January 2026 10:12<br><b>To:</b> Ben "
     "Huber &lt;ben@desk.example&gt;<br><b>Subject:</b> Printer<o:p></o:p></p></div></div>"
     "<p class=MsoNormal>It does not print.</p>\n"},
    {"Apple Mail",
     HTML "Subject: Fwd: Printer\n\n<html><body><br><div><br><blockquote type=\"cite\"><div>Begin "
          "forwarded message:</div><br class=\"Apple-interchange-newline\"><div><span><b>From: </b>"
          "</span><span>Anna Meyer &lt;<a href=\"mailto:anna@acme.example\">anna@acme.example</a>"
          "&gt;<br></span></div><div><span><b>Subject: </b></span><span><b>Printer</b><br></span>"
          "</div><div><span><b>Date: </b></span><span>5 January 2026<br></span></div><br><div>"
          "It does not print.</div></blockquote></div></body></html>\n"},
    {"Thunderbird",
     HTML "Subject: Fwd: Printer\n\n<div class=\"moz-forward-container\"><br>-------- Forwarded "
          "Message --------<table class=\"moz-email-headers-table\"><tbody><tr><th>Subject: </th>"
          "<td>Printer</td></tr><tr><th>Date: </th><td>Mon, 5 Jan 2026</td></tr><tr><th>From: </th>"
          "<td>Anna Meyer <a class=\"moz-txt-link-rfc2396E\" href=\"mailto:anna@acme.example\">"
          "&lt;anna@acme.example&gt;</a></td></tr></tbody></table><br>It does not print.</div>\n"},
};

Test(forward, is_found_in_html)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PAGES); i++) {
        OWNED(facts) facts = parse(PAGES[i].mail);

        expect(PAGES[i].name, facts, "anna@acme.example", "Printer");
        if (facts->forwarded_from == NULL) {
            cr_log_info("%s", facts->text);
        }
    }
}

#define MIXED(subject, text, parts)                                                      \
 "From: ben@desk.example\nSubject: " subject                                             \
 "\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n" text \
 "\n" parts "--b--\n"
#define ATTACHED(header) "--b\nContent-Type: message/rfc822\n\n" header "\nIt does not print.\n"
#define ANNAS            "From: =?utf-8?q?Anna?= <anna@acme.example>\nSubject: =?utf-8?q?Pr=C3=BCfung?=\n"

static const struct {
    const char *name;
    const char *mail;
    const char *from;
    const char *subject;
} ATTACHMENTS[] = {
    {"one", MIXED("x", "Please.", ATTACHED(ANNAS)), "anna@acme.example", "Prüfung"},
    {"in base64",
     MIXED("x", "Please.",
           "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
           "RnJvbTogYW5uYUBhY21lLmV4YW1wbGUKU3ViamVjdDogYQoKeAo=\n"),
     "anna@acme.example", "a"},
    {"without a subject", MIXED("x", "", ATTACHED("From: anna@acme.example\n")),
     "anna@acme.example", ""},
    {"and the same in the text", MIXED("x", GMAIL BLOCK, ATTACHED(ANNAS)), "anna@acme.example",
     "Prüfung"},
    {"and another in the text",
     MIXED("x", GMAIL "From: otto@other.example\nDate: x\nSubject: y\n", ATTACHED(ANNAS)), NULL,
     ""},
    {"two", MIXED("x", "", ATTACHED(ANNAS) ATTACHED(ANNAS)), NULL, ""},
    {"two, and a text", MIXED("x", GMAIL BLOCK, ATTACHED(ANNAS) ATTACHED(ANNAS)), NULL, ""},
    {"with two From", MIXED("x", "", ATTACHED(ANNAS ANNAS)), NULL, ""},
    {"with two mailboxes",
     MIXED("x", "", ATTACHED("From: anna@acme.example, otto@other.example\n")), NULL, ""},
    {"without From", MIXED("x", "", ATTACHED("Subject: x\n")), NULL, ""},
    {"with a folded name", MIXED("x", "", ATTACHED("From\n : anna@acme.example\n")), NULL, ""},
    {"that is empty", MIXED("x", "", "--b\nContent-Type: message/rfc822\n\n"), NULL, ""},
    {"within an attached one is history",
     MIXED("x", "",
           ATTACHED(ANNAS
                    "Content-Type: multipart/mixed; boundary=c\n\n--c\n"
                    "Content-Type: message/rfc822\n\nFrom: otto@other.example\n\nx\n--c--\n")),
     "anna@acme.example", "Prüfung"},
    {"of a bounce is what came back",
     "From: <mailer-daemon@mx.example>\nContent-Type: multipart/report; boundary=b;\n"
     " report-type=delivery-status\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\n"
     "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\n"
     "Status: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nFrom: anna@acme.example\n\nx\n--b--\n",
     NULL, ""},
};

Test(forward, is_found_as_an_attached_mail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ATTACHMENTS); i++) {
        OWNED(facts) facts = parse(ATTACHMENTS[i].mail);

        expect(ATTACHMENTS[i].name, facts, ATTACHMENTS[i].from, ATTACHMENTS[i].subject);
    }
}

/* CPU time of this process for a text of so many bytes, made of one line; the best of three. */
static double seconds_for(const char *line, size_t bytes)
{
    g_autoptr(GString) mail = g_string_new("From: a@b.example\nSubject: FW: x\n\n");
    double best = G_MAXDOUBLE;

    while (mail->len < bytes) {
        g_string_append(mail, line);
    }
    for (int i = 0; i < 3; i++) {
        clock_t start = clock();
        OWNED(facts) facts = parse(mail->str);
        best = MIN(best, (double)(clock() - start) / CLOCKS_PER_SEC);
        cr_expect_null(facts->forwarded_from);
    }
    return best;
}

Test(forward, takes_its_time_in_step_with_the_text)
{
    static const char *const LINES[] = {"From: a@b.example\n",
                                        "\nFrom: a@b.example\nTo: x\n",
                                        GMAIL,
                                        "____\nFrom: a\n",
                                        "> ",
                                        "* : * : ",
                                        "To: x\nno\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        double little = seconds_for(LINES[i], 50000);
        double much = seconds_for(LINES[i], 400000); /* 8 times; the square would be 64 */

        cr_expect_lt(much, little * 24 + 0.05, "%s: %g s, %g s", LINES[i], little, much);
    }
}
