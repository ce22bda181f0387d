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
#include "message/compose.h"
#include "message/template.h"

#define DEFAULT_LANGUAGE "en"
#define SUBJECT_CHARS \
 230 /* leaves room for "Re: [#…] ", so that cutting never makes two subjects of one */
#define SUB_ADDRESS_BYTES 16 /* a longer mailbox name leaves no room for a token (RFC 5321: 64) */

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
};

static const struct kind KINDS[] = {
    {"receipt", "receipt", "receipt", false, false, false, true, true},
    {"acknowledgement", NULL, "acknowledgement", false, false, false, true, true},
    {"new-ticket", "new-ticket", NULL, true, true, true, true, false},
    {"comment", "comment-technician", "comment-contact", true, true, true, false, false},
    {"reply", "comment-technician", "reply", true, true, true, false, false},
    {"note", "note", NULL, true, true, true, false, false},
    {"assigned", "assigned", NULL, true, true, false, true, false},
    {"oversize", "oversize-technician", "oversize", false, false, false, true, true},
    {"too-large", "too-large", NULL, false, false, false, true, true},
    {"undelivered", "undelivered", "undelivered", false, false, false, true, false},
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

static const char *find_template(const char *language, const char *file, char **name_out)
{
    g_autofree char *name = g_strdup_printf("%s/%s.txt", language, file);

    size_t count = 0;
    const struct embedded *files = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, name) == 0) {
            *name_out = g_steal_pointer(&name);
            return files[i].contents;
        }
    }
    return NULL;
}

/* ---- who may read it --------------------------------------------------------------------------- */

/* The purpose of the reply decides what the recipient is here; without a token he is a contact. */
static enum token_purpose purpose_of(const struct outbound_due *due)
{
    struct token token = {.purpose = TOKEN_CONTACT_REPLY};
    struct err ignored = {.status = ST_OK};

    if (due->reply_token == NULL || token_read(due->reply_token, &token, &ignored) != ST_OK) {
        return TOKEN_CONTACT_REPLY;
    }
    return token.purpose;
}

static bool is_technician(enum token_purpose purpose)
{
    return purpose == TOKEN_TECHNICIAN_REPLY || purpose == TOKEN_TECHNICIAN_NOTE;
}

/* The last look at what must never leave. What it finds would be a defect elsewhere. */
static enum status check_audience(const struct outbound_due *due, const struct kind *kind,
                                  enum token_purpose purpose, struct err *err)
{
    const char *file = is_technician(purpose) ? kind->technician : kind->contact;

    if (file == NULL) {
        return err_set(err, ST_INVALID, "a notice \"%s\" is not for this recipient", kind->name);
    }
    if (kind->tells && due->comment == 0) {
        return err_set(err, ST_INVALID, "a notice \"%s\" without a comment", kind->name);
    }
    if (kind->tells && strcmp(due->kind, "public") != 0) {
        bool is_note = strcmp(due->kind, "note") == 0;

        if (is_note ? purpose != TOKEN_TECHNICIAN_NOTE : !is_technician(purpose)) {
            return err_set(err, ST_INVALID, "a text that is %s must not reach this recipient",
                           is_note ? "a note" : "unverified");
        }
    }
    return ST_OK;
}

/* ---- values ------------------------------------------------------------------------------------ */

/* Everything that a template may name. */
struct words {
    char *number;
    char *subject;
    char *recipient;
    char *mailbox;
    char *author;
    char *customer;
    char *requester;
    char *assignee;
    char *text;
    char *others;
    char *attachments;
    char *left_out;
    char *failed_to;
    char *answer;
    char *reason;
    const char *is_note;
    const char *is_unverified;
    const char *is_authors;
};

static void words_clear(struct words *words)
{
    g_free(words->number);
    g_free(words->subject);
    g_free(words->recipient);
    g_free(words->mailbox);
    g_free(words->author);
    g_free(words->customer);
    g_free(words->requester);
    g_free(words->assignee);
    g_free(words->text);
    g_free(words->others);
    g_free(words->attachments);
    g_free(words->left_out);
    g_free(words->failed_to);
    g_free(words->answer);
    g_free(words->reason);
}

static char *one_line(const char *text)
{
    return text_one_line(text, LIMIT_NAME_CHARS);
}

static char *label(const struct due_person *person)
{
    return one_line(*person->name == '\0' ? person->address : person->name);
}

/* For technicians, who have to know more than a name that anybody can take. */
static char *full_label(const struct due_person *person)
{
    g_autofree char *name = one_line(person->name);

    return *name == '\0' ? g_strdup(person->address)
                         : g_strdup_printf("%s <%s>", name, person->address);
}

/* "Anna, Max and Carl", or "" */
static char *list_names(GPtrArray *names)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint shown = MIN(names->len, LIMIT_OTHERS);

    for (guint i = 0; i < shown; i++) {
        g_autofree char *name = one_line(g_ptr_array_index(names, i));
        bool is_last = i + 1 == names->len;

        g_string_append_printf(list, "%s%s", i == 0 ? "" : (is_last ? " and " : ", "), name);
    }
    if (names->len > shown) {
        g_string_append_printf(list, " and %u more", names->len - shown);
    }
    return g_strdup(list->str);
}

/* Requester and participants but these two. */
static char *list_audience(const struct outbound_due *due, person_id one, person_id other)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < due->audience->len; i++) {
        person_id person = g_array_index(due->audience_ids, person_id, i);

        if (person != one && person != other) {
            g_ptr_array_add(names, g_ptr_array_index(due->audience, i));
        }
    }
    return list_names(names);
}

static char *list_files(const struct outbound_due *due, bool is_there)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < due->attachments->len; i++) {
        const struct due_attachment *file = &g_array_index(due->attachments, struct due_attachment,
                                                           i);
        g_autofree char *name = one_line(file->name);
        g_autofree char *size = text_bytes((uint64_t)file->bytes);

        if ((file->content != NULL) == is_there) {
            g_string_append_printf(list, "%s%s (%s)", list->len == 0 ? "" : ", ", name, size);
        }
    }
    return g_strdup(list->str);
}

/* ---- subject ----------------------------------------------------------------------------------- */

/* What programs and people of many languages put before a subject. */
static const char *const PREFIXES[] = {
    "re:", "aw:", "antw:", "fwd:", "fw:", "wg:", "sv:", "vs:", "tr:", "rif:", "rv:", "res:"};

static size_t prefix_length(const char *subject, const char *tag)
{
    if (g_str_has_prefix(subject, tag)) {
        return strlen(tag);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        if (g_ascii_strncasecmp(subject, PREFIXES[i], strlen(PREFIXES[i])) == 0) {
            return strlen(PREFIXES[i]);
        }
    }
    return 0;
}

/* The subject that all mails of the ticket share: without "Re:" and its kin and the ticket's own tag, so
 * that mail programs, which compare subjects, show one conversation. */
static char *base_subject(const struct outbound_due *due)
{
    g_autofree char *line = text_one_line(due->subject, SUBJECT_CHARS);
    g_autofree char *tag = g_strdup_printf("[#%" PRId64 "]", due->ticket);
    const char *at = line;

    for (size_t length = 1; length > 0;) {
        at += strspn(at, " ");
        length = prefix_length(at, tag);
        at += length;
    }
    return g_strdup(*at == '\0' ? "(no subject)" : at);
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Whose words may stand in it: a notice that tells a comment has them; a notice about a mail that came
 * back shows its author what he wrote. */
static const char *text_of(const struct outbound_due *due, const struct kind *kind)
{
    bool is_own = due->author.id != 0 && due->author.id == due->recipient.id;

    return kind->tells || (due->about != 0 && is_own) ? due->text : "";
}

static struct words words_of(const struct outbound_due *due, const struct kind *kind,
                             enum token_purpose purpose)
{
    bool has_words = kind->tells || due->about != 0;
    bool is_for_technician = is_technician(purpose);
    struct words words = {
        .number = g_strdup_printf("%" PRId64, due->ticket),
        .mailbox = one_line(due->mailbox->name),
        .is_note = purpose == TOKEN_TECHNICIAN_NOTE ? "yes" : NULL,
        .is_unverified = strcmp(due->kind, "unverified") == 0 ? "yes" : NULL,
        .is_authors = due->assignee.id != 0 && due->assignee.id == due->author.id ? "yes" : NULL,
    };

    if (due->is_stranger) {
        return words; /* none of his own words: anybody can write in anybody's name */
    }
    words.subject = base_subject(due);
    words.recipient = one_line(due->recipient.name);
    words.customer = one_line(due->customer);
    words.requester = is_for_technician ? list_audience(due, 0, 0) : label(&due->requester);
    words.assignee = label(&due->assignee);
    words.others = is_for_technician ? list_names(due->colleagues)
                                     : list_audience(due, due->recipient.id, due->author.id);
    words.failed_to = one_line(due->failed_to);
    words.answer = g_strdup(due->answer);
    words.reason = one_line(due->reason);
    if (has_words) {
        words.author = is_for_technician ? full_label(&due->author) : label(&due->author);
        words.text = text_normalise_lines(text_of(due, kind));
        words.attachments = list_files(due, true);
        words.left_out = list_files(due, false);
    }
    if (strcmp(kind->name, "assigned") == 0) {
        g_free(words.author);
        words.author = label(&due->author);
    }
    return words;
}

static enum status render_words(const char *file, const char *contents, const struct words *words,
                                char **subject_out, char **body_out, struct err *err)
{
    const struct template_value values[] = {
        {"number", words->number},
        {"subject", words->subject},
        {"recipient", words->recipient},
        {"mailbox", words->mailbox},
        {"author", words->author},
        {"customer", words->customer},
        {"requester", words->requester},
        {"assignee", words->assignee},
        {"text", words->text},
        {"others", words->others},
        {"attachments", words->attachments},
        {"left-out", words->left_out},
        {"failed-to", words->failed_to},
        {"answer", words->answer},
        {"reason", words->reason},
        {"is-note", words->is_note},
        {"unverified", words->is_unverified},
        {"assigned-to-author", words->is_authors},
    };

    return template_render(file, contents, values, G_N_ELEMENTS(values), subject_out, body_out,
                           err);
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

static bool may_hold_tokens(const char *type)
{
    return g_ascii_strncasecmp(type, "text/", strlen("text/")) == 0 ||
           g_ascii_strncasecmp(type, "message/", strlen("message/")) == 0;
}

/* What the recipient gets of a file: texts and mails in it may bear somebody's token. */
static GBytes *clean_content(const struct due_attachment *file)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(file->content, &length);

    if (!may_hold_tokens(file->type) || length == 0) {
        return g_bytes_ref(file->content);
    }

    GString *clean = g_string_sized_new(length);

    for (gsize at = 0; at < length;) { /* piece by piece between NULs */
        g_autofree char *piece = g_strndup(bytes + at, length - at);
        g_autofree char *kept = token_remove_all(piece);

        g_string_append(clean, kept);
        at += strlen(piece);
        if (at < length) {
            g_string_append_c(clean, '\0');
            at++;
        }
    }
    return g_string_free_to_bytes(clean);
}

static GArray *files_of(const struct outbound_due *due, const struct kind *kind,
                        GPtrArray *contents)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(struct compose_attachment));

    for (guint i = 0; kind->carries && i < due->attachments->len; i++) {
        const struct due_attachment *file = &g_array_index(due->attachments, struct due_attachment,
                                                           i);

        if (file->content != NULL) {
            GBytes *content = clean_content(file);
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

/* References, NULL-terminated, and what it answers: the newest that the recipient has seen, because his
 * program looks there first; else the newest at all. */
static GPtrArray *references_of(const struct outbound_due *due, const char **in_reply_to_out)
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
    g_ptr_array_add(ids, NULL);
    return ids;
}

/* ---- the mail ---------------------------------------------------------------------------------- */

/* The mailbox's address, with the token where both can stand there. */
static char *tokened_address(const struct due_mailbox *mailbox, const char *token)
{
    size_t name_length = strcspn(mailbox->address, "@");

    return token == NULL || !mailbox->has_subaddresses || name_length > SUB_ADDRESS_BYTES
               ? g_strdup(mailbox->address)
               : token_address(mailbox->address, token);
}

static char *from_name(const struct outbound_due *due, const struct kind *kind)
{
    g_autofree char *author = one_line(due->author.name);
    g_autofree char *clean = token_remove_all(author);
    bool is_named = kind->is_from_author && *clean != '\0' && strcmp(due->kind, "unverified") != 0;

    return is_named ? g_strdup_printf("%s (%s)", clean, due->mailbox->name)
                    : g_strdup(due->mailbox->name);
}

/* The parts of a mail that compose borrows. */
struct parts {
    char *subject;
    char *body;
    char *from_name;
    char *to_name;
    char *reply_to;
    char *reply_to_name;
    const char *in_reply_to;
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
        .reply_to_name = g_strdup_printf("%s #%" PRId64, due->mailbox->name, due->ticket),
        .contents = contents,
        .files = files_of(due, kind, contents),
    };

    parts.references = references_of(due, &parts.in_reply_to);
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
        .attachments = (const struct compose_attachment *)(void *)parts->files->data,
        .attachment_count = parts->files->len,
    };

    return compose_mail(&compose, bytes_out, err);
}

static enum status check_due(const struct outbound_due *due, const struct kind *kind,
                             struct err *err)
{
    if (kind == NULL) {
        return err_set(err, ST_INVALID, "there is no notice \"%s\"", due->notice);
    }
    if (due->ticket == 0) {
        return err_set(err, ST_INVALID, "a notice \"%s\" without a ticket", due->notice);
    }
    return check_audience(due, kind, purpose_of(due), err);
}

enum status notice_render(const struct outbound_due *due, struct notice_mail *mail_out,
                          struct err *err)
{
    const struct kind *kind = find_kind(due->notice);
    g_autofree char *name = NULL;
    g_autofree char *subject = NULL;
    g_autofree char *body = NULL;
    GBytes *bytes = NULL;

    if (check_due(due, kind, err) != ST_OK) {
        return err->status;
    }

    enum token_purpose purpose = purpose_of(due);
    const char *file = is_technician(purpose) ? kind->technician : kind->contact;
    const char *contents = find_template(due->language, file, &name);

    if (contents == NULL) {
        contents = find_template(DEFAULT_LANGUAGE, file, &name);
    }

    CLEANUP(words_clear) struct words words = words_of(due, kind, purpose);

    if (render_words(name, contents, &words, &subject, &body, err) != ST_OK) {
        return err->status;
    }

    CLEANUP(parts_clear) struct parts parts = parts_of(due, kind, subject, body);

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

static char X[] = "x";

static enum status check_template(const struct embedded *row, struct err *err)
{
    const struct words full = {X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X};
    const struct words bare = {.number = X};

    for (int i = 0; i < 2; i++) {
        g_autofree char *subject = NULL;
        g_autofree char *body = NULL;

        if (render_words(row->name, row->contents, i == 0 ? &full : &bare, &subject, &body, err) !=
            ST_OK) {
            return err->status;
        }
    }
    return ST_OK;
}

enum status notice_check_templates(struct err *err)
{
    size_t count = 0;
    const struct embedded *templates = notice_files(&count);

    for (size_t i = 0; i < count; i++) {
        if (check_template(&templates[i], err) != ST_OK) {
            return err->status;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        const char *const files[] = {KINDS[i].technician, KINDS[i].contact};

        for (size_t j = 0; j < G_N_ELEMENTS(files); j++) {
            g_autofree char *name = NULL;

            if (files[j] != NULL && find_template(DEFAULT_LANGUAGE, files[j], &name) == NULL) {
                return err_set(err, ST_INVALID, "%s/%s.txt is missing", DEFAULT_LANGUAGE, files[j]);
            }
        }
    }
    return ST_OK;
}
