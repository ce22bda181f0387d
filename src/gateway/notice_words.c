/* notice_words - the words of a notice: what its template may name, and what each name stands for
 *
 * Values come from the row's ticket, comment and people, and from what the plan gave with it. What a contact may
 * not see is not among them: fields that the admin hid (the table field), names of technicians where those are
 * hidden, and for a stranger everything but the number.
 * Pure.
 */
#include "gateway/notice_words.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/token.h"
#include "gateway/notice_language.h"
#include "message/template.h"

#define SUBJECT_CHARS \
 230 /* leaves room for "Re: [#…] ", so that cutting never makes two subjects of one */

static const char NO_SUBJECT[] = "(no subject)";

/* What a notice may be given when it is planned, beside what its rows say. */
enum given_kind { GIVEN_TEXT, GIVEN_WORD, GIVEN_SUBJECT, GIVEN_MOMENT };
static const struct {
    const char *name;
    enum given_kind kind;
} GIVEN[] = {
    {"held-number", GIVEN_TEXT},  {"held-from", GIVEN_TEXT},      {"held-subject", GIVEN_SUBJECT},
    {"held-text", GIVEN_TEXT},    {"held-why", GIVEN_WORD},       {"may-decide", GIVEN_TEXT},
    {"main-contact", GIVEN_TEXT}, {"answer-from", GIVEN_TEXT},    {"answer-text", GIVEN_TEXT},
    {"was-denied", GIVEN_TEXT},   {"done", GIVEN_WORD},           {"why-not", GIVEN_WORD},
    {"whose-is-it", GIVEN_TEXT},  {"held-list", GIVEN_TEXT},      {"held-count", GIVEN_TEXT},
    {"junk-count", GIVEN_TEXT},   {"rule", GIVEN_TEXT},           {"alert", GIVEN_TEXT},
    {"rule-text", GIVEN_TEXT},    {"held-until", GIVEN_MOMENT},   {"held-at", GIVEN_MOMENT},
    {"handled-at", GIVEN_MOMENT}, {"handled-by", GIVEN_TEXT},     {"handled-how", GIVEN_WORD},
    {"held-state", GIVEN_WORD},   {"held-ticket", GIVEN_TEXT},    {"files-left-out", GIVEN_TEXT},
    {"megabytes", GIVEN_TEXT},    {"dead-addresses", GIVEN_TEXT},
};

/* ---- the recipient ----------------------------------------------------------------------------- */

bool notice_is_technicians(enum token_purpose purpose)
{
    struct token token = {.purpose = purpose};

    return token_is_technicians(&token);
}

/* The purpose of the reply decides what the recipient is here; without a token he is a contact. */
enum token_purpose notice_purpose(const struct outbound_due *due)
{
    struct token token = {.purpose = TOKEN_CONTACT_REPLY};
    struct err ignored = {.status = ST_OK};

    if (due->reply_token == NULL || token_read(due->reply_token, &token, &ignored) != ST_OK) {
        return TOKEN_CONTACT_REPLY;
    }
    return token.purpose;
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
    const char *is_author_named;
    char *status;
    char *type;
    char *group;
    char *written;
    char *signature;
    char *desk_signature;
    char *given[G_N_ELEMENTS(GIVEN)]; /* own; NULL: it was not given */
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
    g_free(words->status);
    g_free(words->type);
    g_free(words->group);
    g_free(words->written);
    g_free(words->signature);
    g_free(words->desk_signature);
    for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
        g_free(words->given[i]);
    }
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

/* Requester and participants but these two. */
static char *list_audience(const struct outbound_due *due, const struct notice_language *language,
                           person_id one, person_id other)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < due->audience->len; i++) {
        person_id person = g_array_index(due->audience_ids, person_id, i);

        if (person != one && person != other) {
            g_ptr_array_add(names, g_ptr_array_index(due->audience, i));
        }
    }
    return notice_language_list(language, names);
}

static char *list_files(const struct outbound_due *due, const struct notice_language *language,
                        bool is_there)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < due->attachments->len; i++) {
        const struct due_attachment *file = &g_array_index(due->attachments, struct due_attachment,
                                                           i);
        g_autofree char *name = one_line(file->name);
        g_autofree char *size = notice_language_size(language, (uint64_t)file->bytes);

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
static char *base_subject(const struct outbound_due *due, const struct notice_language *language)
{
    g_autofree char *line = text_one_line(due->subject, SUBJECT_CHARS);
    g_autofree char *tag = g_strdup_printf("[#%" PRId64 "]", due->ticket);
    const char *at = line;

    for (size_t length = 1; length > 0;) {
        at += strspn(at, " ");
        length = prefix_length(at, tag);
        at += length;
    }
    return g_strdup(*at != '\0' ? at : notice_language_word(language, NO_SUBJECT));
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Whose words may stand in it: a notice that tells a comment has them; a notice about a mail that came
 * back shows its author what he wrote. */
static const char *text_of(const struct outbound_due *due, bool tells)
{
    bool is_own = due->author.id != 0 && due->author.id == due->recipient.id;

    return tells || (due->about != 0 && is_own) ? due->text : "";
}

/* As the clock on the recipient's wall shows it; NULL: there is none. */
static char *moment(const struct outbound_due *due, const struct notice_language *language,
                    int64_t us)
{
    const char *zone = *due->zone == '\0' ? due->desk->zone : due->zone;

    return us == 0 ? NULL : notice_language_date(language, zone, us);
}

/* A given value: a moment in microseconds, a word, or a text that keeps its lines. */
static char *given_value(const struct outbound_due *due, const struct notice_language *language,
                         enum given_kind kind, const char *value)
{
    struct err ignored = {.status = ST_OK};
    int64_t us = 0;

    switch (kind) {
    case GIVEN_MOMENT:
        return text_parse_int64(value, 0, INT64_MAX, &us, &ignored) == ST_OK
                   ? moment(due, language, us)
                   : NULL;
    case GIVEN_WORD:
        return text_normalise_lines(notice_language_word(language, value));
    case GIVEN_SUBJECT:
        return text_normalise_lines(
            strcmp(value, NO_SUBJECT) == 0 ? notice_language_word(language, value) : value);
    case GIVEN_TEXT:
        break;
    }
    return text_normalise_lines(value);
}

static void take_given(const struct outbound_due *due, const struct notice_language *language,
                       struct words *words)
{
    for (guint at = 0; at < due->value_names->len; at++) {
        for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
            if (strcmp(GIVEN[i].name, g_ptr_array_index(due->value_names, at)) == 0) {
                g_free(words->given[i]);
                words->given[i] = given_value(due, language, GIVEN[i].kind,
                                              g_ptr_array_index(due->values, at));
            }
        }
    }
}

/* May the recipient see this field of a ticket? Technicians see all. */
static bool is_shown(const struct outbound_due *due, bool is_for_technician, const char *field)
{
    return is_for_technician ||
           !g_ptr_array_find_with_equal_func((GPtrArray *)due->hidden, field, g_str_equal, NULL);
}

/* May his name stand there? That of a technician is a field of the ticket. */
bool notice_shows_author(const struct outbound_due *due)
{
    return !due->is_by_technician ||
           is_shown(due, notice_is_technicians(notice_purpose(due)), "technician");
}

/* The fields of the ticket that an admin can hide from contacts. */
static void take_fields(const struct outbound_due *due, const struct notice_language *language,
                        bool is_for_technician, struct words *words)
{
    const struct {
        const char *field;
        char **word;
    } FIELDS[] = {
        {"status", &words->status},       {"type", &words->type},
        {"group", &words->group},         {"customer", &words->customer},
        {"technician", &words->assignee}, {"participants", &words->others},
    };

    words->status = one_line(notice_language_word(language, due->status));
    words->type = one_line(notice_language_word(language, due->type));
    words->group = one_line(due->group);
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        if (!is_shown(due, is_for_technician, FIELDS[i].field)) {
            g_clear_pointer(FIELDS[i].word, g_free);
        }
    }
}

static struct words words_of(const struct outbound_due *due, bool tells,
                             const struct notice_language *language)
{
    bool has_words = tells || due->about != 0;
    enum token_purpose purpose = notice_purpose(due);
    bool is_for_technician = notice_is_technicians(purpose);
    struct words words = {
        .number = g_strdup_printf("%" PRId64, due->ticket),
        .mailbox = one_line(due->mailbox->name),
        .desk_signature = text_normalise_lines(due->desk->signature),
        .is_note = purpose == TOKEN_TECHNICIAN_NOTE ? "yes" : NULL,
        .is_unverified = strcmp(due->kind, "unverified") == 0 ? "yes" : NULL,
        .is_authors = due->assignee.id != 0 && due->assignee.id == due->author.id ? "yes" : NULL,
    };

    if (due->is_stranger) {
        return words; /* none of his own words: anybody can write in anybody's name */
    }
    words.subject = base_subject(due, language);
    words.recipient = one_line(due->recipient.name);
    words.customer = one_line(due->customer);
    words.requester = is_for_technician ? list_audience(due, language, 0, 0)
                                        : label(&due->requester);
    words.assignee = label(&due->assignee);
    words.others = is_for_technician
                       ? notice_language_list(language, due->colleagues)
                       : list_audience(due, language, due->recipient.id, due->author.id);
    words.failed_to = one_line(due->failed_to);
    words.answer = g_strdup(due->answer);
    words.reason = one_line(due->reason);
    take_given(due, language, &words);
    take_fields(due, language, is_for_technician, &words);
    if (has_words) {
        words.author = is_for_technician          ? full_label(&due->author)
                       : notice_shows_author(due) ? label(&due->author)
                                                  : g_strdup(words.mailbox);
        words.text = text_normalise_lines(text_of(due, tells));
        words.is_author_named = notice_shows_author(due) ? "yes" : NULL;
        words.written = moment(due, language, due->written_at_us);
        words.attachments = list_files(due, language, true);
        words.left_out = list_files(due, language, false);
        if (due->is_by_technician && notice_shows_author(due)) {
            words.signature = text_normalise_lines(due->signature);
        }
    }
    if (strcmp(due->notice, "assigned") == 0) {
        g_free(words.author);
        words.author = label(&due->author);
    }
    return words;
}

static enum status render_words(const struct notice_template *source, const struct words *words,
                                char **subject_out, char **body_out, struct err *err)
{
    struct template_value values[32 + G_N_ELEMENTS(GIVEN)] = {
        {"number", words->number},
        {"subject", words->subject},
        {"recipient", words->recipient},
        {"mailbox", words->mailbox},
        {"author", words->author},
        {"author-named", words->is_author_named},
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
        {"status", words->status},
        {"type", words->type},
        {"group", words->group},
        {"written", words->written},
        {"signature", words->signature},
        {"desk-signature", words->desk_signature},
    };
    size_t count = 0;

    while (values[count].name != NULL) {
        count++;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
        values[count++] = (struct template_value){GIVEN[i].name, words->given[i]};
    }
    return template_render(source->name, source->contents, values, count, subject_out, body_out,
                           err);
}

enum status notice_words_render(const struct outbound_due *due, bool tells,
                                const struct notice_template *source, char **subject_out,
                                char **body_out, struct err *err)
{
    const struct notice_language *language = notice_language_find(source->language);
    CLEANUP(words_clear) struct words words = words_of(due, tells, language);

    return render_words(source, &words, subject_out, body_out, err);
}

/* ---- the check of the templates ---------------------------------------------------------------- */

static char X[] = "x";

enum status notice_words_check(const char *file, const char *contents, struct err *err)
{
    struct words full = {X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X};
    const struct words bare = {.number = X};
    const struct notice_template source = {.name = file, .contents = contents};

    for (size_t i = 0; i < G_N_ELEMENTS(GIVEN); i++) {
        full.given[i] = X;
    }
    for (int i = 0; i < 2; i++) {
        g_autofree char *subject = NULL;
        g_autofree char *body = NULL;

        if (render_words(&source, i == 0 ? &full : &bare, &subject, &body, err) != ST_OK) {
            return err->status;
        }
    }
    return ST_OK;
}
