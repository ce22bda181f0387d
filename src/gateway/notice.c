/* notice - a row of outbound_mail becomes a mail
 *
 * What is stored of a mail is its name, its addresses and its tokens; the words are made here, when it
 * is sent, from the template of that name (rules/notices) and what the batch says of ticket and comment.
 * One copy goes to one recipient, the others are named in a line of the text, so that nobody's reply-all
 * makes mails beside the desk.
 *
 * Two things are made sure here, whatever was planned: a note is told only where the reply becomes a
 * note, an unverified text only to technicians; and nothing that leaves holds a token of ours but the
 * recipient's own, in Message-ID, Reply-To, MAIL FROM and the ids that he knows.
 *
 * It does not decide who gets what (desk/decide), nor whether it may leave (desk/governor).
 * Pure: no I/O, no clock; the same row gives the same bytes.
 */
#include "gateway/notice.h"

#include <inttypes.h>
#include <string.h>

#include "core/embed.h"
#include "core/limits.h"
#include "core/text.h"
#include "desk/outsize.h"
#include "desk/token.h"
#include "gateway/notice_file.h"
#include "gateway/notice_words.h"
#include "message/address.h"
#include "message/compose.h"

#define DEFAULT_LANGUAGE "en"

/* Made by src/core/embed.py. */
const struct embedded *notice_files(size_t *count_out);

/* What is particular about a notice. */
struct kind {
    const char *name;
    const char *technician; /* template where the reply is a technician's; NULL: not for him */
    const char *contact;    /* template for everybody else; NULL: not for them */
    bool is_from_author;    /* the comment's author is named in From */
    bool tells;             /* somebody else's words are in it */
    bool carries;           /* and his files */
    bool is_machines;       /* news by the desk itself, whoever's words it quotes (RFC 3834) */
    bool is_answer;         /* machine's: auto-replied */
    bool is_ticketless;     /* about a held mail, which has no ticket yet */
    bool can_answer;        /* a rule may send it: it needs no more than a ticket */
};

static const struct kind KINDS[] = {
    {"receipt", "receipt", "receipt", false, false, false, true, true, .can_answer = true},
    {"acknowledgement", NULL, "acknowledgement", false, false, false, true, true},
    {"new-ticket", "new-ticket", NULL, true, true, true, true, false},
    {"comment", "comment-technician", "comment-contact", true, true, true, false, false},
    {"reply", "comment-technician", "reply", true, true, true, false, false},
    {"note", "note", NULL, true, true, true, false, false},
    {"assigned", "assigned", NULL, true, true, false, true, false},
    {"oversize", "oversize-technician", "oversize", false, false, false, true, true},
    {"too-large", "too-large", NULL, false, false, false, true, true},
    {"undelivered", "undelivered", "undelivered", false, false, false, true, false},
    {"noted", "noted", NULL, false, false, false, true, true},
    {"held", "held", NULL, false, false, false, true, false, true},
    {"held-answer", "held-answer", NULL, false, false, false, true, false, true},
    {"held-decided", "held-decided", NULL, false, false, false, true, true, true},
    {"held-digest", "held-digest", "held-digest", false, false, false, true, false, true},
    {"was-this-you", NULL, "was-this-you", false, false, false, true, false, true},
    {"admission", NULL, "admission", false, false, false, true, false, true},
    {"waits", NULL, "waits", false, false, false, true, true, true},
    {"not-admitted", NULL, "not-admitted", false, false, false, true, false, true},
    {"rejected", NULL, "rejected", false, false, false, true, true, true, .can_answer = true},
    {"rule-alert", "rule-alert", NULL, false, false, false, true, false},
    {"rule-mail", NULL, "rule-mail", false, false, false, true, true},
    {"status-changed", NULL, "status-changed", false, false, false, true, false,
     .can_answer = true},
};

static const struct kind *find_kind(const char *notice)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (strcmp(KINDS[i].name, notice) == 0) {
            return &KINDS[i];
        }
    }
    return NULL;
}

/* A notice of the live version takes the place of the program's with its name. */
static const char *find_template(const struct rule_book *book, const char *language,
                                 const char *file, char **name_out)
{
    g_autofree char *name = g_strdup_printf("%s/%s.txt", language, file);
    g_autofree char *of_version = g_strdup_printf("notices/%s", name);
    const char *contents = book == NULL ? NULL : rule_book_notice(book, of_version);

    if (contents == NULL) {
        contents = notice_own_text(name);
    }

    if (contents != NULL) {
        *name_out = g_steal_pointer(&name);
    }
    return contents;
}

/* ---- what rules may send ----------------------------------------------------------------------- */

static bool is_template_of_kind(const char *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (g_strcmp0(KINDS[i].technician, file) == 0 || g_strcmp0(KINDS[i].contact, file) == 0) {
            return true;
        }
    }
    return false;
}

bool notice_can_answer(const char *notice)
{
    const struct kind *kind = find_kind(notice);

    return kind != NULL ? kind->can_answer : !is_template_of_kind(notice);
}

GPtrArray *notice_answers(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    size_t count = 0;
    const struct embedded *files = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        const char *base = strrchr(files[i].name, '/') + 1;
        g_autofree char *name = g_strndup(base, strlen(base) - strlen(".txt"));

        if (g_str_has_prefix(files[i].name, DEFAULT_LANGUAGE "/") && notice_can_answer(name)) {
            g_ptr_array_add(names, g_steal_pointer(&name));
        }
    }
    return names;
}

GPtrArray *notice_own_files(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    size_t count = 0;
    const struct embedded *files = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(names, g_strdup(files[i].name));
    }
    return names;
}

const char *notice_own_text(const char *name)
{
    size_t count = 0;
    const struct embedded *files = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return files[i].contents;
        }
    }
    return NULL;
}

/* ---- who may read it --------------------------------------------------------------------------- */

/* The last look at what must never leave. What it finds would be a defect elsewhere. */
static enum status check_audience(const struct outbound_due *due, const struct kind *kind,
                                  enum token_purpose purpose, struct err *err)
{
    const char *file = notice_is_technicians(purpose) ? kind->technician : kind->contact;

    if (file == NULL) {
        return err_set(err, ST_INVALID, "a notice \"%s\" is not for this recipient", kind->name);
    }
    if (kind->tells && due->comment == 0) {
        return err_set(err, ST_INVALID, "a notice \"%s\" without a comment", kind->name);
    }
    if (kind->tells && strcmp(due->kind, "public") != 0) {
        bool is_note = strcmp(due->kind, "note") == 0;

        if (is_note ? purpose != TOKEN_TECHNICIAN_NOTE : !notice_is_technicians(purpose)) {
            return err_set(err, ST_INVALID, "a text that is %s must not reach this recipient",
                           is_note ? "a note" : "unverified");
        }
    }
    return ST_OK;
}

/* ---- files ------------------------------------------------------------------------------------- */

bool notice_carries_files(const char *notice)
{
    const struct kind *kind = find_kind(notice);

    return kind != NULL && kind->carries;
}

bool notice_is_personal(const char *notice)
{
    const struct kind *kind = find_kind(notice);

    return kind != NULL && kind->tells && !kind->is_machines;
}

bool *notice_fitting_files(const struct outbound_due *due)
{
    bool *fits = g_new0(bool, MAX(due->attachments->len, 1));
    int64_t room = outsize_room(outsize_limit(due->mailbox->send_bytes), strlen(due->text));

    for (guint i = 0; notice_carries_files(due->notice) && i < due->attachments->len; i++) {
        int64_t bytes = g_array_index(due->attachments, struct due_attachment, i).bytes;
        int64_t encoded = outsize_of_file((uint64_t)bytes);

        fits[i] = encoded <= room;
        room -= fits[i] ? encoded : 0;
    }
    return fits;
}

static GArray *files_of(const struct outbound_due *due, const struct kind *kind,
                        GPtrArray *contents)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(struct compose_attachment));

    for (guint i = 0; kind->carries && i < due->attachments->len; i++) {
        const struct due_attachment *file = &g_array_index(due->attachments, struct due_attachment,
                                                           i);

        if (file->content != NULL) {
            GBytes *content = notice_file_content(file);
            char *name = token_remove_all(file->name);
            struct compose_attachment attachment = {.name = name,
                                                    .type = file->type,
                                                    .content = content};

            g_ptr_array_add(contents, content);
            g_ptr_array_add(contents, g_bytes_new_take(name, strlen(name) + 1));
            g_array_append_val(files, attachment);
        }
    }
    return files;
}

/* ---- ids --------------------------------------------------------------------------------------- */

/* A foreign id that bears a token of ours is somebody's, or made up. */
static bool is_referable(const struct due_reference *reference)
{
    if (reference->is_ours) {
        return true;
    }

    g_autofree char *clean = token_remove_all(reference->id);

    return strcmp(clean, reference->id) == 0;
}

static bool has_string(GPtrArray *strings, const char *string)
{
    return g_ptr_array_find_with_equal_func(strings, string, g_str_equal, NULL);
}

/* Can a token stand in the mailbox's address? */
static bool takes_tokens(const struct due_mailbox *mailbox)
{
    return mailbox->has_subaddresses && strcspn(mailbox->address, "@") <= LIMIT_SUB_ADDRESS_BYTES;
}

/* Where no address can carry the token, the Message-ID does; and there are providers that write another one
 * over it. What stands in References they leave alone, and every answer repeats it. Own; NULL: not needed. */
static char *anchor_of(const struct outbound_due *due)
{
    if (due->reply_token == NULL || takes_tokens(due->mailbox)) {
        return NULL;
    }
    g_autofree char *domain = g_strconcat("thread.", address_domain(due->mailbox->address), NULL);
    return token_message_id(due->reply_token, due->id, domain);
}

/* References, NULL-terminated, and what it answers: the newest that the recipient has seen, because his
 * program looks there first; else the newest at all. anchor, NULL: none, comes first and is never answered. */
static GPtrArray *references_of(const struct outbound_due *due, char *anchor,
                                const char **in_reply_to_out)
{
    GPtrArray *ids = g_ptr_array_new();
    const char *known = NULL;

    for (guint i = 0; i < due->references->len; i++) {
        const struct due_reference *reference = &g_array_index(due->references,
                                                               struct due_reference, i);

        if (is_referable(reference) && !has_string(ids, reference->id)) {
            g_ptr_array_add(ids, (gpointer)reference->id);
            known = reference->is_known ? reference->id : known;
        }
    }
    if (known == NULL && ids->len > 0) {
        known = g_ptr_array_index(ids, ids->len - 1);
    }
    *in_reply_to_out = known;
    if (anchor != NULL) {
        g_ptr_array_insert(ids, 0, anchor);
    }
    g_ptr_array_add(ids, NULL);
    return ids;
}

/* ---- the mail ---------------------------------------------------------------------------------- */

/* The mailbox's address, with the token where both can stand there. */
static char *tokened_address(const struct due_mailbox *mailbox, const char *token)
{
    return token == NULL || !takes_tokens(mailbox) ? g_strdup(mailbox->address)
                                                   : token_address(mailbox->address, token);
}

static char *from_name(const struct outbound_due *due, const struct kind *kind)
{
    g_autofree char *author = text_one_line(due->author.name, LIMIT_NAME_CHARS);
    g_autofree char *clean = token_remove_all(author);
    bool is_named = kind->is_from_author && *clean != '\0' &&
                    strcmp(due->kind, "unverified") != 0 && notice_shows_author(due);

    return is_named ? g_strdup_printf("%s (%s)", clean, due->mailbox->name)
                    : g_strdup(due->mailbox->name);
}

/* The parts of a mail that compose borrows. */
struct parts {
    const char *language;
    char *subject;
    char *body;
    char *from_name;
    char *to_name;
    char *reply_to;
    char *reply_to_name;
    const char *in_reply_to;
    char *anchor;
    GPtrArray *references;
    GPtrArray *contents;
    GArray *files;
};

static void parts_clear(struct parts *parts)
{
    g_free(parts->subject);
    g_free(parts->body);
    g_free(parts->from_name);
    g_free(parts->to_name);
    g_free(parts->reply_to);
    g_free(parts->reply_to_name);
    g_free(parts->anchor);
    g_ptr_array_unref(parts->references);
    g_ptr_array_unref(parts->contents);
    g_array_unref(parts->files);
}

static struct parts parts_of(const struct outbound_due *due, const struct kind *kind,
                             const char *subject, const char *body)
{
    GPtrArray *contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    struct parts parts = {
        .subject = token_remove_all(subject),
        .body = token_remove_all(body),
        .from_name = from_name(due, kind),
        .to_name = due->is_stranger ? NULL : token_remove_all(due->recipient.name),
        .reply_to = tokened_address(due->mailbox, due->reply_token),
        .reply_to_name = due->ticket == 0
                             ? g_strdup(due->mailbox->name)
                             : g_strdup_printf("%s #%" PRId64, due->mailbox->name, due->ticket),
        .anchor = anchor_of(due),
        .contents = contents,
        .files = files_of(due, kind, contents),
    };

    parts.references = references_of(due, parts.anchor, &parts.in_reply_to);
    return parts;
}

static enum status compose_parts(const struct outbound_due *due, const struct kind *kind,
                                 const struct parts *parts, GBytes **bytes_out, struct err *err)
{
    struct compose compose = {
        .from_address = due->mailbox->address,
        .from_name = parts->from_name,
        .to_address = due->address,
        .to_name = parts->to_name,
        .reply_to_address = parts->reply_to,
        .reply_to_name = parts->reply_to_name,
        .subject = parts->subject,
        .message_id = due->message_id,
        .in_reply_to = parts->in_reply_to,
        .references = (const char *const *)parts->references->pdata,
        .date_us = due->queued_at_us,
        .is_automatic = due->is_automatic || kind->is_machines,
        .is_reply = kind->is_answer,
        .text = parts->body,
        .language = parts->language,
        .attachments = (const struct compose_attachment *)(void *)parts->files->data,
        .attachment_count = parts->files->len,
    };

    return compose_mail(&compose, bytes_out, err);
}

static enum status check_due(const struct outbound_due *due, const struct kind *kind,
                             struct err *err)
{
    if (due->ticket == 0 && !kind->is_ticketless) {
        return err_set(err, ST_INVALID, "a notice \"%s\" without a ticket", due->notice);
    }
    return check_audience(due, kind, notice_purpose(due), err);
}

/* In the recipient's language, else in the desk's, in English, in any. False: there is none. */
static bool choose_template(const struct outbound_due *due, const struct rule_book *book,
                            const char *file, struct notice_template *source_out, char **name_out)
{
    const char *const languages[] = {
        due->language, due->desk->language, DEFAULT_LANGUAGE, "de", "fr", "es", "it"};

    for (size_t i = 0; i < G_N_ELEMENTS(languages); i++) {
        const char *contents = *languages[i] == '\0'
                                   ? NULL
                                   : find_template(book, languages[i], file, name_out);

        if (contents != NULL) {
            *source_out = (struct notice_template){languages[i], *name_out, contents};
            return true;
        }
    }
    return false;
}

/* What is no kind of the program's may be a template that a rule sends to a contact. */
static struct kind kind_of(const struct outbound_due *due, const struct rule_book *book)
{
    const struct kind *kind = find_kind(due->notice);
    struct notice_template ignored = {0};
    g_autofree char *name = NULL;

    if (kind != NULL) {
        return *kind;
    }
    bool is_template = !is_template_of_kind(due->notice) &&
                       choose_template(due, book, due->notice, &ignored, &name);
    return (struct kind){.name = is_template ? due->notice : NULL,
                         .contact = due->notice,
                         .is_machines = true,
                         .is_answer = true};
}

enum status notice_render(const struct outbound_due *due, const struct rule_book *book,
                          struct notice_mail *mail_out, struct err *err)
{
    const struct kind known = kind_of(due, book);
    const struct kind *kind = &known;
    g_autofree char *name = NULL;
    g_autofree char *subject = NULL;
    g_autofree char *body = NULL;
    GBytes *bytes = NULL;

    if (kind->name == NULL) {
        return err_set(err, ST_INVALID, "there is no notice \"%s\"", due->notice);
    }
    if (check_due(due, kind, err) != ST_OK) {
        return err->status;
    }

    enum token_purpose purpose = notice_purpose(due);
    const char *file = notice_is_technicians(purpose) ? kind->technician : kind->contact;
    struct notice_template source = {0};

    if (!choose_template(due, book, file, &source, &name)) {
        return err_set(err, ST_INVALID, "there is no notice \"%s\"", file);
    }
    if (notice_words_render(due, kind->tells, &source, &subject, &body, err) != ST_OK) {
        return err->status;
    }

    CLEANUP(parts_clear) struct parts parts = parts_of(due, kind, subject, body);

    parts.language = source.language;

    if (compose_parts(due, kind, &parts, &bytes, err) != ST_OK) {
        return err->status;
    }
    *mail_out = (struct notice_mail){.mail_from = tokened_address(due->mailbox, due->bounce_token),
                                     .bytes = bytes};
    return ST_OK;
}

void notice_mail_clear(struct notice_mail *mail)
{
    g_clear_pointer(&mail->mail_from, g_free);
    g_clear_pointer(&mail->bytes, g_bytes_unref);
}

/* ---- the check of the templates ----------------------------------------------------------------- */

enum status notice_check_templates(struct err *err)
{
    size_t count = 0;
    const struct embedded *templates = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        if (notice_words_check(templates[i].name, templates[i].contents, err) != ST_OK) {
            return err->status;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        const char *const files[] = {KINDS[i].technician, KINDS[i].contact};

        for (size_t j = 0; j < G_N_ELEMENTS(files); j++) {
            g_autofree char *name = NULL;

            if (files[j] != NULL &&
                find_template(NULL, DEFAULT_LANGUAGE, files[j], &name) == NULL) {
                return err_set(err, ST_INVALID, "%s/%s.txt is missing", DEFAULT_LANGUAGE, files[j]);
            }
        }
    }
    return ST_OK;
}
