/* words - subjects, excerpts and the few words that mean something
 *
 * What a mail says is never obeyed but for three things, each in its own place and by its own proof
 * (desk/authority): a yes or no to a question of the desk, what a technician says of a held mail, and "#for"
 * on top of a technician's new ticket. All three stand on the first line that is neither empty nor quoted and
 * nowhere else: what stands below may be anybody's.
 *
 *     answer  = yes-word / no-word , with at most one "." or "!" behind it
 *     command = "#release" / "#drop" / "#spam" / "#trust"
 *     for     = "#for" 1*blank address
 * Pure.
 */
#include "desk/words.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/thread.h"
#include "message/address.h"

#define SUBJECT_FROM_TEXT_CHARS 60

/* ---- subjects --------------------------------------------------------------------- */

/* The first words of a text, whole ones if there is a blank; own. */
static char *first_words(const char *text)
{
    g_autofree char *line = text_one_line(text, LIMIT_SUBJECT_CHARS);

    if (text_chars(line) <= SUBJECT_FROM_TEXT_CHARS) {
        return g_steal_pointer(&line);
    }
    char *end = g_utf8_offset_to_pointer(line, SUBJECT_FROM_TEXT_CHARS - 1);
    char *blank = g_strrstr_len(line, end - line, " ");

    *(blank != NULL ? blank : end) = '\0';
    return g_strconcat(line, "…", NULL);
}

char *words_subject(const struct facts *facts)
{
    g_autofree char *subject = thread_remove_tags(facts->subject);

    if (subject[0] != '\0') {
        return g_steal_pointer(&subject);
    }
    g_autofree char *words = first_words(facts->text);

    return words[0] != '\0' ? g_steal_pointer(&words) : g_strdup("(no subject)");
}

char *words_excerpt(const struct facts *facts, int64_t max_chars)
{
    return max_chars == 0 ? g_strdup("") : text_cut(facts->text, (size_t)max_chars, NULL);
}

/* ---- the first line ---------------------------------------------------------------------------- */

char *words_first_line(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        g_autofree char *line = g_strndup(text, length);

        g_strstrip(line);
        if (line[0] != '\0' && line[0] != '>') {
            return g_steal_pointer(&line);
        }
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return g_strdup("");
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum answer words_answer(const char *text)
{
    /* English, German, French, Spanish, Italian; "no" is a no in three of them. */
    static const char *const YES[] = {"yes", "ja", "oui", "sí", "si", "sì"};
    static const char *const NO[] = {"no", "nein", "non"};
    g_autofree char *line = words_first_line(text);
    g_autofree char *composed = g_utf8_normalize(line, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    g_autofree char *word = g_utf8_casefold(composed, -1);
    size_t length = strlen(word);

    if (length > 0 && strchr(".!", word[length - 1]) != NULL) {
        word[length - 1] = '\0';
    }
    if (is_among(word, YES, G_N_ELEMENTS(YES))) {
        return ANSWER_YES;
    }
    return is_among(word, NO, G_N_ELEMENTS(NO)) ? ANSWER_NO : ANSWER_UNCLEAR;
}

enum held_command words_held_command(const char *text)
{
    static const char *const COMMANDS[] = {
        [HELD_RELEASE] = "#release",
        [HELD_DROP] = "#drop",
        [HELD_SPAM] = "#spam",
        [HELD_TRUST] = "#trust",
    };
    g_autofree char *line = words_first_line(text);

    for (int command = HELD_RELEASE; command <= HELD_TRUST; command++) {
        if (g_ascii_strcasecmp(line, COMMANDS[command]) == 0) {
            return (enum held_command)command;
        }
    }
    return HELD_UNCLEAR;
}

char *words_for(const char *text)
{
    g_autofree char *line = words_first_line(text);
    struct err err = {.status = ST_OK};
    char *address = NULL;

    if (g_ascii_strncasecmp(line, "#for", strlen("#for")) != 0 ||
        strchr(" \t", line[strlen("#for")]) == NULL || line[strlen("#for")] == '\0') {
        return NULL;
    }
    g_autofree char *rest = g_strdup(line + strlen("#for"));

    g_strstrip(rest);
    return address_normalise(rest, &address, &err) == ST_OK ? address : NULL;
}

bool words_is_forward(const char *subject)
{
    static const char *const PREFIXES[] = {"fwd:", "fw:", "wg:", "tr:", "rv:", "i:", "enc:"};
    g_autofree char *line = text_one_line(subject, LIMIT_SUBJECT_CHARS);

    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        if (g_ascii_strncasecmp(line, PREFIXES[i], strlen(PREFIXES[i])) == 0) {
            return true;
        }
    }
    return false;
}
