/* A mail that is due, for tests of notices: Anna asked, Ben answered. */
#ifndef UNIT_NOTICE_SAMPLE_H
#define UNIT_NOTICE_SAMPLE_H

#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/notice.h"

/* Tokens of the real form; their tags are of no interest here. */
G_GNUC_UNUSED static char contact_token[TOKEN_CHARS + 1];
G_GNUC_UNUSED static char technician_token[TOKEN_CHARS + 1];
G_GNUC_UNUSED static char note_token[TOKEN_CHARS + 1];
G_GNUC_UNUSED static char bounce_token[TOKEN_CHARS + 1];

G_GNUC_UNUSED static void make_token(enum token_purpose purpose, int64_t person, char *text_out)
{
    static const struct token_keys KEYS = {.is_live = {true}, .secret = {{1}}};
    struct token token = {.purpose = purpose,
                          .object_kind = TOKEN_TICKET,
                          .object = 12,
                          .person = person};

    token_write(&KEYS, &token, 99, text_out);
}

G_GNUC_UNUSED static void make_tokens(void)
{
    make_token(TOKEN_CONTACT_REPLY, 7, contact_token);
    make_token(TOKEN_TECHNICIAN_REPLY, 3, technician_token);
    make_token(TOKEN_TECHNICIAN_NOTE, 3, note_token);
    make_token(TOKEN_BOUNCE, 0, bounce_token);
}

G_GNUC_UNUSED static const struct due_mailbox MAILBOX = {.id = 1,
                                                         .address = "support@desk.example",
                                                         .name = "Desk",
                                                         .has_subaddresses = true};

G_GNUC_UNUSED static const struct due_person ANNA = {7, "Anna Meyer", "anna@acme.example"};
G_GNUC_UNUSED static const struct due_person MAX = {8, "Max Roth", "max@acme.example"};
G_GNUC_UNUSED static const struct due_person BEN = {3, "Ben Huber", "ben@desk.example"};

G_GNUC_UNUSED static void add_audience(struct outbound_due *due, const struct due_person *person)
{
    g_ptr_array_add(due->audience, (gpointer)person->name);
    g_array_append_val(due->audience_ids, person->id);
}

G_GNUC_UNUSED static void add_reference(struct outbound_due *due, const char *id, bool is_ours,
                                        bool is_known)
{
    struct due_reference reference = {.id = id, .is_ours = is_ours, .is_known = is_known};

    g_array_append_val(due->references, reference);
}

G_GNUC_UNUSED static void add_file(struct outbound_due *due, const char *name, const char *type,
                                   const char *content, int64_t bytes)
{
    struct due_attachment file = {.name = name, .type = type, .bytes = bytes};

    file.content = content == NULL ? NULL : g_bytes_new(content, strlen(content));
    g_array_append_val(due->attachments, file);
}

G_GNUC_UNUSED static void give(struct outbound_due *due, const char *name, const char *value)
{
    g_ptr_array_add(due->value_names, g_strdup(name));
    g_ptr_array_add(due->values, g_strdup(value));
}

/* Anna asked, Ben answered: what Anna gets. */
G_GNUC_UNUSED static struct outbound_due *add_sample(struct outbound_batch *batch,
                                                     const char *notice,
                                                     const struct due_person *recipient,
                                                     const char *reply_token)
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

/* The mail as text with LF, soft line breaks of quoted-printable and of flowed text undone. */
G_GNUC_UNUSED static char *render(const struct outbound_due *due)
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
    g_string_replace(text, "\n-- \n", "\n--\v\n", 0);
    g_string_replace(text, " \n", " ", 0);
    g_string_replace(text, "\v", " ", 0);
    return g_strdup(text->str);
}

/* Unfolded value of a header field; own; NULL. */
G_GNUC_UNUSED static char *field_of(const char *mail, const char *name)
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

G_GNUC_UNUSED static void expect_field(const char *mail, const char *name, const char *want)
{
    g_autofree char *got = field_of(mail, name);

    cr_expect(g_strcmp0(got, want) == 0, "%s: got %s, want %s", name, got, want);
}

#endif
