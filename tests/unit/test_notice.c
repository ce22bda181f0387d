/* Notices: exact mails, the conversation that mail programs see, and what must never be in them. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/notice.h"

/* Tokens of the real form; their tags are of no interest here. */
static char contact_token[TOKEN_CHARS + 1];
static char technician_token[TOKEN_CHARS + 1];
static char note_token[TOKEN_CHARS + 1];
static char bounce_token[TOKEN_CHARS + 1];

static void make_token(enum token_purpose purpose, int64_t person, char *text_out)
{
    static const struct token_keys KEYS = {.is_live = {true}, .secret = {{1}}};
    struct token token = {.purpose = purpose,
                          .object_kind = TOKEN_TICKET,
                          .object = 12,
                          .person = person};

    token_write(&KEYS, &token, 99, text_out);
}

static void make_tokens(void)
{
    make_token(TOKEN_CONTACT_REPLY, 7, contact_token);
    make_token(TOKEN_TECHNICIAN_REPLY, 3, technician_token);
    make_token(TOKEN_TECHNICIAN_NOTE, 3, note_token);
    make_token(TOKEN_BOUNCE, 0, bounce_token);
}

static const struct due_mailbox MAILBOX = {.id = 1,
                                           .address = "support@desk.example",
                                           .name = "Desk",
                                           .has_subaddresses = true};

static const struct due_person ANNA = {7, "Anna Meyer", "anna@acme.example"};
static const struct due_person MAX = {8, "Max Roth", "max@acme.example"};
static const struct due_person BEN = {3, "Ben Huber", "ben@desk.example"};

static void add_audience(struct outbound_due *due, const struct due_person *person)
{
    g_ptr_array_add(due->audience, (gpointer)person->name);
    g_array_append_val(due->audience_ids, person->id);
}

static void add_reference(struct outbound_due *due, const char *id, bool is_ours, bool is_known)
{
    struct due_reference reference = {.id = id, .is_ours = is_ours, .is_known = is_known};

    g_array_append_val(due->references, reference);
}

static void add_file(struct outbound_due *due, const char *name, const char *type,
                     const char *content, int64_t bytes)
{
    struct due_attachment file = {.name = name, .type = type, .bytes = bytes};

    file.content = content == NULL ? NULL : g_bytes_new(content, strlen(content));
    g_array_append_val(due->attachments, file);
}

/* Anna asked, Ben answered: what Anna gets. */
static struct outbound_due *add_sample(struct outbound_batch *batch, const char *notice,
                                       const struct due_person *recipient, const char *reply_token)
{
    struct outbound_due *due = outbound_batch_add(batch);

    due->id = 41;
    due->mailbox = &MAILBOX;
    due->ticket = 12;
    due->comment = 5;
    due->notice = notice;
    due->address = recipient->address;
    due->recipient = *recipient;
    due->language = "en";
    due->message_id = "id.41@desk.example";
    due->reply_token = reply_token;
    due->bounce_token = bounce_token;
    due->queued_at_us = 1795342800LL * G_USEC_PER_SEC; /* 2026-11-22 10:20 UTC */
    due->subject = "Printer on fire";
    due->customer = "Acme GmbH";
    due->requester = ANNA;
    due->author = ANNA;
    due->kind = "public";
    due->text = "The printer burns.\n\nAnna";
    add_audience(due, &ANNA);
    add_audience(due, &MAX);
    return due;
}

/* The mail as text with LF, soft line breaks of quoted-printable undone. */
static char *render(const struct outbound_due *due)
{
    struct err err = {.status = ST_OK};
    CLEANUP(notice_mail_clear) struct notice_mail mail = {0};
    enum status status = notice_render(due, NULL, &mail, &err);

    cr_assert_eq(status, ST_OK, "%s: %s", due->notice, err.text);

    gsize length = 0;
    const char *bytes = g_bytes_get_data(mail.bytes, &length);
    g_autoptr(GString) text = g_string_new_len(bytes, (gssize)length);

    g_string_replace(text, "\r\n", "\n", 0);
    g_string_replace(text, "=\n", "", 0);
    g_string_replace(text, "=20", " ", 0);
    g_string_replace(text, "=3D", "=", 0);
    return g_strdup(text->str);
}

/* Unfolded value of a header field; own; NULL. */
static char *field_of(const char *mail, const char *name)
{
    g_autofree char *head = g_strndup(mail, (gsize)(strstr(mail, "\n\n") - mail));
    g_autoptr(GString) unfolded = g_string_new(head);
    g_autofree char *start = g_strconcat(name, ": ", NULL);
    char *found = NULL;

    g_string_replace(unfolded, "\n ", " ", 0);
    g_string_replace(unfolded, "\n\t", " ", 0);

    g_auto(GStrv) lines = g_strsplit(unfolded->str, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], start)) {
            found = g_strstrip(g_strdup(lines[i] + strlen(start)));
        }
    }
    return found;
}

static void expect_field(const char *mail, const char *name, const char *want)
{
    g_autofree char *got = field_of(mail, name);

    cr_expect(g_strcmp0(got, want) == 0, "%s: got %s, want %s", name, got, want);
}

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
    g_autofree char *want = g_strdup_printf("From: \"Ben Huber (Desk)\" <support@desk.example>\n"
                                            "To: Anna Meyer <anna@acme.example>\n"
                                            "Reply-To: Desk #12\n\t<support+%s@desk.example>\n"
                                            "Subject: Re: [#12] Printer on fire\n"
                                            "Date: Sun, 22 Nov 2026 10:20:00 +0000\n"
                                            "Message-Id: <id.41@desk.example>\n"
                                            "In-Reply-To: <own.40@desk.example>\n"
                                            "References: <a1@acme.example> <own.40@desk.example>\n"
                                            "MIME-Version: 1.0\n"
                                            "Content-Type: text/plain; charset=utf-8\n"
                                            "Content-Transfer-Encoding: 7bit\n"
                                            "\n"
                                            "Please pull the plug.\n"
                                            "\n"
                                            "Ben\n"
                                            "\n"
                                            "-- \n"
                                            "Ben Huber, Desk\n"
                                            "Ticket #12\n"
                                            "The others on this ticket: Max Roth\n",
                                            contact_token);

    cr_expect_str_eq(got, want, "got:\n%s\nwant:\n%s", got, want);
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

/* ---- files ------------------------------------------------------------------------------------- */

Test(notice, carries_files_as_far_as_the_limit_allows)
{
    static const struct {
        const char *notice;
        int64_t bytes[3];
        bool want[3];
    } CASES[] = {
        {"reply", {1000, 1000, 1000}, {true, true, true}},
        {"reply", {10 << 20, 10 << 20, 1000}, {true, false, true}},
        {"reply", {15 << 20, 1000, 1000}, {false, true, true}},
        {"reply", {INT64_MAX, 1000, INT64_MAX}, {false, true, false}},
        {"receipt", {1000, 1000, 1000}, {false, false, false}},
        {"assigned", {1000, 1000, 1000}, {false, false, false}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, CASES[i].notice, &ANNA, NULL);

        for (size_t j = 0; j < 3; j++) {
            add_file(due, "x", "image/png", NULL, CASES[i].bytes[j]);
        }

        g_autofree bool *fits = notice_fitting_files(due);

        for (size_t j = 0; j < 3; j++) {
            cr_expect_eq(fits[j], CASES[i].want[j], "case %zu, file %zu: got %d", i, j, fits[j]);
        }
    }
}

Test(notice, lists_what_travels_and_what_does_not)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "new-ticket", &BEN, technician_token);

    add_file(due, "a.txt", "text/plain", "hello", 5);
    add_file(due, "big\nBcc: x.iso", "application/x-iso", NULL, 30 << 20);

    g_autofree char *mail = render(due);

    cr_expect(strstr(mail, "\nAttached: a.txt (5 bytes)\n") != NULL, "%s", mail);
    cr_expect(strstr(mail, "\nToo large for this mail: big Bcc: x.iso (30.0 MB)\n") != NULL, "%s",
              mail);
    cr_expect(strstr(mail, "aGVsbG8") != NULL, "%s", mail);
}

static const struct {
    const char *notice;
    bool is_technician;
    bool is_stranger;
    const char *want[3];
} TOO_LARGE[] = {
    {"oversize", false, false, {"Re: [#12] ", "attachments left out: a.iso", "ticket #12"}},
    {"oversize", false, true, {"[#12] Your message is too large", "Hello,", "ticket #12"}},
    {"oversize", true, false, {"was not sent to anybody", "attachments left out: a.iso", "#12"}},
    {"too-large", true, false, {"was not sent to anybody", "Without these", "left out: a.iso"}},
};

Test(notice, tells_an_author_what_was_too_large)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(TOO_LARGE); i++) {
        struct outbound_due *due = add_sample(batch, TOO_LARGE[i].notice,
                                              TOO_LARGE[i].is_technician ? &BEN : &ANNA,
                                              TOO_LARGE[i].is_technician ? technician_token : NULL);

        due->is_stranger = TOO_LARGE[i].is_stranger;
        due->reason = "attachments left out: a.iso";
        due->text = "words of a note";
        due->kind = "note";
        g_autofree char *mail = render(due);

        for (size_t w = 0; w < 3; w++) {
            cr_expect_not_null(strstr(mail, TOO_LARGE[i].want[w]), "%s: no \"%s\" in %s",
                               TOO_LARGE[i].notice, TOO_LARGE[i].want[w], mail);
        }
        cr_expect_null(strstr(mail, "words of a note"), "%s", mail);
        cr_expect(!TOO_LARGE[i].is_stranger || strstr(mail, "a.iso") == NULL, "%s", mail);
        cr_expect_not_null(strstr(mail, "Auto-Submitted: auto-replied"), "%s", mail);
    }
}

Test(notice, tells_an_author_what_came_back)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();
    for (int is_own = 0; is_own < 2; is_own++) {
        struct outbound_due *due = add_sample(batch, "undelivered", &BEN, technician_token);
        g_autofree char *answer = g_strdup_printf("550 5.1.1 <support+%s@desk.example> rejected",
                                                  bounce_token);

        due->author = is_own ? BEN : ANNA;
        due->about = 40;
        due->failed_to = "anna@acme.example";
        due->answer = answer;

        g_autofree char *mail = render(due);

        cr_expect(strstr(mail, "Your message on ticket #12 did not reach anna@acme.example.") !=
                      NULL,
                  "%s", mail);
        cr_expect(strstr(mail, "550 5.1.1") != NULL, "%s", mail);
        cr_expect(strstr(mail, bounce_token) == NULL, "%s", mail);
        cr_expect_eq(strstr(mail, "The printer burns") != NULL, is_own, "%s", mail);
    }
}

Test(notice, tells_an_author_of_an_address_that_was_dead_before)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "undelivered", &BEN, technician_token);

    due->comment = 0;
    due->text = "";
    due->reason = "wrote to anna@acme.example, whose address is dead";

    g_autofree char *mail = render(due);

    cr_expect(strstr(mail,
                     "did not reach everybody: you wrote to anna@acme.example, whose address is "
                     "dead.\n") != NULL,
              "%s", mail);
}
