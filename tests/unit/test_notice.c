/* Notices: exact mails, the conversation that mail programs see, and what must never be in them. */
#include "notice_sample.h"

Test(notice, has_templates_without_a_mistake)
{
    struct err err = {.status = ST_OK};

    cr_expect_eq(notice_check_templates(&err), ST_OK, "%s", err.text);
}

Test(notice, of_an_answer_is_exactly_this)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "reply", &ANNA, contact_token);

    due->author = BEN;
    due->text = "Please pull the plug.\n\nBen";
    add_reference(due, "a1@acme.example", false, true);
    add_reference(due, "own.40@desk.example", true, true);

    g_autofree char *got = render(due);
    g_autofree char *want =
        g_strdup_printf("From: \"Ben Huber (Desk)\" <support@desk.example>\n"
                        "To: Anna Meyer <anna@acme.example>\n"
                        "Reply-To: Desk #12\n\t<support+%s@desk.example>\n"
                        "Subject: Re: [#12] Printer on fire\n"
                        "Date: Sun, 22 Nov 2026 10:20:00 +0000\n"
                        "Message-Id: <id.41@desk.example>\n"
                        "In-Reply-To: <own.40@desk.example>\n"
                        "References: <a1@acme.example> <own.40@desk.example>\n"
                        "MIME-Version: 1.0\n"
                        "Content-Type: multipart/alternative; "
                        "boundary=\"=_a63b0cb1ed29932ab4e133769\"\n"
                        "\n"
                        "--=_a63b0cb1ed29932ab4e133769\n"
                        "Content-Type: text/plain; charset=utf-8; format=flowed\n"
                        "Content-Transfer-Encoding: 7bit\n"
                        "\n"
                        "Please pull the plug.\n"
                        "\n"
                        "Ben\n"
                        "\n"
                        "-- \n"
                        "Ben Huber, Desk\n"
                        "Ticket #12\n"
                        "The others on this ticket: Max Roth\n"
                        "\n"
                        "--=_a63b0cb1ed29932ab4e133769\n"
                        "Content-Type: text/html; charset=utf-8\n"
                        "Content-Transfer-Encoding: 7bit\n"
                        "\n",
                        contact_token);

    cr_expect(g_str_has_prefix(got, want), "got:\n%s\nwant:\n%s", got, want);

    static const char PAGE[] =
        "<p>Please pull the plug.</p>\n<p>Ben</p>\n<div style=\"margin-top:24px;padding-top:8px;"
        "border-top:1px solid #bbb;\nfont-size:13px;color:#666\">\n<p>Ben Huber, Desk<br>\nTicket "
        "#12<br>\nThe others on this ticket: Max Roth</p>\n</div>\n</body>\n</html>\n\n"
        "--=_a63b0cb1ed29932ab4e133769--\n";

    cr_expect(g_str_has_suffix(got, PAGE), "got:\n%s\nwant at its end:\n%s", got, PAGE);
}

Test(notice, carries_the_bounce_token_in_the_envelope_where_it_fits)
{
    static const struct {
        const char *address;
        bool has_subaddresses;
        bool want_token;
    } CASES[] = {
        {"support@desk.example", true, true},
        {"support@desk.example", false, false},
        {"sixteen-octets-x@desk.example", true, true},
        {"seventeen-octetsx@desk.example", true, false},
    };

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct err err = {.status = ST_OK};
        struct due_mailbox mailbox = MAILBOX;
        struct outbound_due *due = add_sample(batch, "receipt", &ANNA, contact_token);
        CLEANUP(notice_mail_clear) struct notice_mail mail = {0};

        mailbox.address = CASES[i].address;
        mailbox.has_subaddresses = CASES[i].has_subaddresses;
        due->mailbox = &mailbox;
        cr_assert_eq(notice_render(due, NULL, &mail, &err), ST_OK, "%s", err.text);
        cr_expect_eq(strstr(mail.mail_from, bounce_token) != NULL, CASES[i].want_token,
                     "%s: got %s", CASES[i].address, mail.mail_from);
        cr_expect(g_str_has_suffix(mail.mail_from, "@desk.example"));
        /* What cannot stand in the address stands in References, where no provider writes over it. */
        g_autofree char *bytes = g_strndup(g_bytes_get_data(mail.bytes, NULL),
                                           g_bytes_get_size(mail.bytes));
        g_autofree char *anchor = g_strdup_printf("<%s.%ld@thread.desk.example>", contact_token,
                                                  (long)due->id);
        cr_expect_eq(strstr(bytes, anchor) != NULL, !CASES[i].want_token, "%s:\n%s",
                     CASES[i].address, bytes);
        g_autofree char *answers = g_strdup_printf("In-Reply-To: %s", anchor);
        cr_expect_null(strstr(bytes, answers), "%s", bytes);
    }
}

/* ---- what each recipient reads ----------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *notice;
    const struct due_person *recipient;
    const char *token;
    bool is_stranger;
    const char *kind;
    const char *want_subject;
    const char *want_from;
    const char *want[5];
    const char *never[4];
} READERS[] = {
    {"a contact's receipt",
     "receipt",
     &ANNA,
     contact_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "Desk <support@desk.example>",
     {"Hello Anna Meyer,", "ticket #12", "The others on this ticket: Max Roth"},
     {"The printer burns"}},
    {"a stranger's acknowledgement has none of his words",
     "acknowledgement",
     &ANNA,
     contact_token,
     true,
     "unverified",
     "[#12] We have received your message",
     "Desk <support@desk.example>",
     {"It has the number 12", "reply to this mail"},
     {"Printer", "burns", "Anna", "Acme"}},
    {"a new ticket for technicians",
     "new-ticket",
     &BEN,
     technician_token,
     false,
     "public",
     "[#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"\n\nThe printer burns.\n\nAnna\n\n-- \n",
      "New ticket #12 from Anna Meyer <anna@acme.example>, Acme GmbH\n",
      "Subject: Printer on fire\n",
      "your reply goes to Anna Meyer and Max Roth, and the ticket is yours then."},
     {"Take care", "Attached"}},
    {"an unverified text is marked, and its name not borrowed",
     "comment",
     &BEN,
     technician_token,
     false,
     "unverified",
     "Re: [#12] Printer on fire",
     "Desk <support@desk.example>",
     {"Take care: we could not verify that Anna Meyer <anna@acme.example> really wrote this",
      "Assigned to: nobody yet"}},
    {"a contact's comment for technicians",
     "comment",
     &BEN,
     technician_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"Anna Meyer <anna@acme.example>, Acme GmbH wrote this on ticket #12.\nAssigned to: nobody yet\n"},
     {"Take care", "internal note"}},
    {"where the reply is a note it says so",
     "comment",
     &BEN,
     note_token,
     false,
     "note",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"Reply to this mail to add an internal note. Anna Meyer and Max Roth will not see it."},
     {"your reply goes to"}},
    {"a contact's comment for another contact",
     "comment",
     &MAX,
     contact_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"\n\nThe printer burns.", "Anna Meyer wrote this on ticket #12.\n"},
     {"Acme", "anna@acme.example", "Assigned", "The others"}},
    {"an internal note",
     "note",
     &BEN,
     note_token,
     false,
     "note",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"\n\nThe printer burns.",
      "Internal note by Anna Meyer <anna@acme.example> on ticket #12 (Acme GmbH)",
      "Anna Meyer and Max Roth will not see it."},
     {"your reply goes to"}},
    {"a technician who takes part gets an answer as a technician",
     "reply",
     &BEN,
     technician_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"\n\nThe printer burns.", "wrote this on ticket #12.", "your reply goes to"},
     {"internal note"}},
    {"a technician's receipt",
     "receipt",
     &BEN,
     technician_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "Desk <support@desk.example>",
     {"Hello Ben Huber,", "ticket #12"},
     {"The printer burns"}},
    {"the other technicians learn who has it",
     "assigned",
     &BEN,
     technician_token,
     false,
     "public",
     "Re: [#12] Printer on fire",
     "\"Anna Meyer (Desk)\" <support@desk.example>",
     {"Anna Meyer has answered ticket #12. There is nothing for you to do.", "The printer burns."}},
};

Test(notice, says_what_its_reader_may_know)
{
    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(READERS); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, READERS[i].notice, READERS[i].recipient,
                                              READERS[i].token);

        due->kind = READERS[i].kind;
        due->is_stranger = READERS[i].is_stranger;

        g_autofree char *mail = render(due);

        expect_field(mail, "Subject", READERS[i].want_subject);
        expect_field(mail, "From", READERS[i].want_from);
        for (size_t j = 0; j < G_N_ELEMENTS(READERS[i].want) && READERS[i].want[j] != NULL; j++) {
            cr_expect(strstr(mail, READERS[i].want[j]) != NULL, "%s: no \"%s\" in\n%s",
                      READERS[i].name, READERS[i].want[j], mail);
        }
        for (size_t j = 0; j < G_N_ELEMENTS(READERS[i].never) && READERS[i].never[j] != NULL; j++) {
            const char *body = READERS[i].is_stranger ? strstr(mail, "Subject:")
                                                      : strstr(mail, "\n\n");

            cr_expect(strstr(body, READERS[i].never[j]) == NULL, "%s: \"%s\" in\n%s",
                      READERS[i].name, READERS[i].never[j], mail);
        }
    }
}

static const struct {
    const char *name;
    const char *notice;
    const char *token;
    const char *kind;
    int64_t comment;
    int64_t ticket;
    const char *want;
} REFUSED[] = {
    {"a note where the reply is public", "comment", technician_token, "note", 5, 12,
     "a text that is a note must not reach this recipient"},
    {"a note to a contact", "comment", contact_token, "note", 5, 12,
     "a text that is a note must not reach this recipient"},
    {"a note as a reply", "reply", contact_token, "note", 5, 12,
     "a text that is a note must not reach this recipient"},
    {"a note without any token", "comment", NULL, "note", 5, 12,
     "a text that is a note must not reach this recipient"},
    {"an unverified text to a contact", "comment", contact_token, "unverified", 5, 12,
     "a text that is unverified must not reach this recipient"},
    {"a technician's notice to a contact", "new-ticket", contact_token, "public", 5, 12,
     "a notice \"new-ticket\" is not for this recipient"},
    {"a stranger's notice to a technician", "acknowledgement", technician_token, "public", 5, 12,
     "a notice \"acknowledgement\" is not for this recipient"},
    {"a notice of a note where the reply is public", "note", technician_token, "note", 5, 12,
     "a text that is a note must not reach this recipient"},
    {"no comment", "reply", contact_token, "", 0, 12, "a notice \"reply\" without a comment"},
    {"no ticket", "receipt", contact_token, "", 0, 0, "a notice \"receipt\" without a ticket"},
    {"no such notice", "nonsense", contact_token, "", 0, 12, "there is no notice \"nonsense\""},
};

Test(notice, never_leaves_with_what_its_reader_must_not_have)
{
    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct err err = {.status = ST_OK};
        struct notice_mail mail = {0};
        struct outbound_due *due = add_sample(batch, REFUSED[i].notice, &ANNA, REFUSED[i].token);

        due->kind = REFUSED[i].kind;
        due->comment = REFUSED[i].comment;
        due->ticket = REFUSED[i].ticket;

        enum status status = notice_render(due, NULL, &mail, &err);

        cr_expect_eq(status, ST_INVALID, "%s: got %s", REFUSED[i].name, status_name(status));
        cr_expect_str_eq(err.text, REFUSED[i].want, "%s: got %s", REFUSED[i].name, err.text);
    }
}

/* ---- tokens ------------------------------------------------------------------------------------ */

Test(notice, holds_no_token_but_the_recipients_own)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "new-ticket", &BEN, technician_token);
    g_autofree char *text = g_strdup_printf("> Reply-To: support+%s@desk.example\nhelp",
                                            contact_token);
    g_autofree char *subject = g_strdup_printf("Fwd: %s", contact_token);
    g_autofree char *id = g_strdup_printf("%s.9@desk.example", contact_token);
    struct due_person author = {7, subject, id};

    due->text = text;
    due->subject = subject;
    due->author = author;
    due->customer = contact_token;
    g_ptr_array_add(due->colleagues, contact_token);
    add_reference(due, id, false, true); /* a foreign mail whose id claims to be ours */
    add_reference(due, "fine@acme.example", false, false);
    add_file(due, id, "text/plain", text, 80);
    add_file(due, "b.eml", "message/rfc822", text, 80);
    add_file(due, "c.bin", "application/octet-stream", text, 80);

    g_autofree char *mail = render(due);
    g_autofree char *untouched = g_base64_encode((const guchar *)text, strlen(text));
    g_autofree char *start = g_strndup(untouched, 70);
    const char *last = strstr(mail, "c.bin");

    cr_expect(strstr(mail, contact_token) == NULL, "%s", mail);
    expect_field(mail, "References", "<fine@acme.example>");
    cr_assert_not_null(last);
    cr_expect(strstr(last, start) != NULL, "a file that is no text travels as it is: %s", last);
    cr_expect(strstr(mail, start) == strstr(last, start), "texts travel without tokens: %s", mail);
}

/* ---- threading --------------------------------------------------------------------------------- */

Test(notice, answers_the_newest_mail_that_its_reader_knows)
{
    static const struct {
        const char *name;
        struct due_reference references[4];
        const char *want_in_reply_to;
        const char *want_references;
    } CASES[] = {
        {"nothing yet", {{0}}, NULL, NULL},
        {"a foreign mail only", {{"a@x.example", false, false}}, "<a@x.example>", "<a@x.example>"},
        {"one that he does not know is newer",
         {{"a@x.example", false, true},
          {"n.1@desk.example", true, true},
          {"m@y.example", false, false}},
         "<n.1@desk.example>",
         "<a@x.example> <n.1@desk.example> <m@y.example>"},
        {"each id once",
         {{"a@x.example", false, true},
          {"b@x.example", false, false},
          {"a@x.example", false, true}},
         "<a@x.example>",
         "<a@x.example> <b@x.example>"},
    };

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, "receipt", &ANNA, contact_token);

        for (size_t j = 0; j < 4 && CASES[i].references[j].id != NULL; j++) {
            g_array_append_val(due->references, CASES[i].references[j]);
        }

        g_autofree char *mail = render(due);

        expect_field(mail, "In-Reply-To", CASES[i].want_in_reply_to);
        expect_field(mail, "References", CASES[i].want_references);
    }
}

Test(notice, has_one_subject_for_all_mails_of_a_ticket)
{
    static const struct {
        const char *subject;
        const char *want;
    } CASES[] = {
        {"Printer", "Re: [#12] Printer"},
        {"Re: Printer", "Re: [#12] Printer"},
        {"AW: RE: Fwd: Printer", "Re: [#12] Printer"},
        {"Re: [#12] Re: Printer", "Re: [#12] Printer"},
        {"[#13] Printer", "Re: [#12] [#13] Printer"},
        {"Report: monthly", "Re: [#12] Report: monthly"},
        {"re:", "Re: [#12] (no subject)"},
    };

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, "receipt", &ANNA, contact_token);

        due->subject = CASES[i].subject;

        g_autofree char *mail = render(due);

        expect_field(mail, "Subject", CASES[i].want);
    }
}

Test(notice, says_that_a_machine_wrote_it)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *receipt = add_sample(batch, "receipt", &ANNA, contact_token);
    struct outbound_due *comment = add_sample(batch, "comment", &MAX, contact_token);
    struct outbound_due *reply = add_sample(batch, "reply", &ANNA, contact_token);

    struct outbound_due *news = add_sample(batch, "undelivered", &BEN, technician_token);

    comment->is_automatic = true;

    g_autofree char *first = render(receipt);
    g_autofree char *second = render(comment);
    g_autofree char *third = render(reply);
    g_autofree char *fourth = render(news);

    expect_field(first, "Auto-Submitted", "auto-replied");
    expect_field(first, "X-Auto-Response-Suppress", "All");
    expect_field(second, "Auto-Submitted", "auto-generated");
    expect_field(third, "Auto-Submitted", NULL);
    expect_field(fourth, "Auto-Submitted", "auto-generated");
}
