/* template - notices are plain text files with places for values
 *
 * Small on purpose: a value, a condition, nothing else. Whoever edits a notice should see the mail in
 * the file. What is wrong in a template is found when it is checked (a test renders every notice), so
 * the reading is strict and looks into branches that are not taken.
 *
 * Values come from strangers. They are copied into the output and never scanned again, so that
 * "{{text}}" in a customer's mail is only text. That the subject stays one line is compose's work.
 *
 * The body is written through a small writer that knows which line feeds are the template's own: a
 * condition that leaves nothing behind must not leave a hole of empty lines, but a customer's empty
 * lines are his.
 *
 * Pure: no I/O.
 */
#include "message/template.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"

#define SUBJECT    "Subject: "
#define IF         "#if "
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* One open condition. */
struct level {
    bool is_true;  /* of this condition alone */
    bool has_else; /* seen */
};

struct reader {
    const char *file;
    const char *at;
    unsigned line;
    const struct template_value *values;
    size_t count;
    struct level levels[LIMIT_TEMPLATE_LEVELS];
    size_t depth;
    GString *out;        /* borrowed: from template_render */
    unsigned line_feeds; /* the template's own at the end of out; 2 at the start */
    struct err *err;     /* borrowed */
};

static enum status refuse(const struct reader *reader, const char *what, const char *name,
                          int length)
{
    return err_set(reader->err, ST_INVALID, "%s:%u: %s \"%.*s\"", reader->file, reader->line, what,
                   length, name);
}

static bool is_shown(const struct reader *reader)
{
    for (size_t i = 0; i < reader->depth; i++) {
        if (!reader->levels[i].is_true) {
            return false;
        }
    }
    return true;
}

static enum status find(const struct reader *reader, const char *name, size_t length,
                        const char **value_out)
{
    if (length == 0 || strspn(name, NAME_CHARS) < length) {
        return refuse(reader, "no name:", name, (int)length);
    }
    for (size_t i = 0; i < reader->count; i++) {
        if (strlen(reader->values[i].name) == length &&
            memcmp(reader->values[i].name, name, length) == 0) {
            *value_out = reader->values[i].value == NULL ? "" : reader->values[i].value;
            return ST_OK;
        }
    }
    return refuse(reader, "unknown name", name, (int)length);
}

/* ---- the writer -------------------------------------------------------------------------------- */

static void write_value(struct reader *reader, const char *value)
{
    if (is_shown(reader) && *value != '\0') {
        g_string_append(reader->out, value);
        reader->line_feeds = 0;
    }
}

static void write_char(struct reader *reader, char c)
{
    if (!is_shown(reader)) {
        return;
    }
    if (c != '\n') {
        reader->line_feeds = 0;
    } else if (++reader->line_feeds > 2) {
        return;
    }
    g_string_append_c(reader->out, c);
}

/* ---- the marks --------------------------------------------------------------------------------- */

static enum status open_condition(struct reader *reader, const char *name, size_t length)
{
    const char *value = "";

    if (reader->depth == G_N_ELEMENTS(reader->levels)) {
        return refuse(reader, "too many conditions in each other at", name, (int)length);
    }
    if (find(reader, name, length, &value) != ST_OK) {
        return reader->err->status;
    }
    reader->levels[reader->depth++] = (struct level){.is_true = *value != '\0'};
    return ST_OK;
}

static enum status turn_condition(struct reader *reader)
{
    struct level *level = reader->depth == 0 ? NULL : &reader->levels[reader->depth - 1];

    if (level == NULL || level->has_else) {
        return refuse(reader, "no condition is open for", "else", 4);
    }
    level->has_else = true;
    level->is_true = !level->is_true;
    return ST_OK;
}

static enum status close_condition(struct reader *reader)
{
    if (reader->depth == 0) {
        return refuse(reader, "no condition is open for", "/if", 3);
    }
    reader->depth--;
    return ST_OK;
}

static bool is_word(const char *mark, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(mark, word, length) == 0;
}

static enum status take_condition(struct reader *reader, const char *mark, size_t length)
{
    if (length > strlen(IF) && memcmp(mark, IF, strlen(IF)) == 0) {
        return open_condition(reader, mark + strlen(IF), length - strlen(IF));
    }
    if (is_word(mark, length, "/if")) {
        return close_condition(reader);
    }
    return is_word(mark, length, "else") ? turn_condition(reader)
                                         : refuse(reader, "unknown mark", mark, (int)length);
}

static bool is_condition(const char *mark, size_t length)
{
    return *mark == '#' || is_word(mark, length, "/if") || is_word(mark, length, "else");
}

/* At "{{": the mark and what it stands for. A condition alone on its line takes the line feed with it. */
static enum status take_mark(struct reader *reader, const char *line_start)
{
    const char *mark = reader->at + 2;
    size_t length = strcspn(mark, "{}\n");
    const char *value = "";

    if (mark[length] != '}' || mark[length + 1] != '}') {
        return refuse(reader, "a mark without its end:", mark, (int)length);
    }

    bool is_alone = reader->at == line_start && mark[length + 2] == '\n';
    bool is_mark = is_condition(mark, length);

    reader->at = mark + length + 2;
    if (!is_mark) {
        if (find(reader, mark, length, &value) != ST_OK) {
            return reader->err->status;
        }
        write_value(reader, value);
        return ST_OK;
    }
    if (take_condition(reader, mark, length) != ST_OK) {
        return reader->err->status;
    }
    if (is_alone) {
        reader->at++;
        reader->line++;
    }
    return ST_OK;
}

/* Read up to end, write what is shown. */
static enum status take_text(struct reader *reader, const char *end, GString *out)
{
    const char *line_start = reader->at;

    reader->out = out;
    reader->line_feeds = 2;
    while (reader->at < end) {
        if (reader->at[0] == '{' && reader->at[1] == '{') {
            if (take_mark(reader, line_start) != ST_OK) {
                return reader->err->status;
            }
            if (reader->at[-1] == '\n') {
                line_start = reader->at;
            }
            continue;
        }
        write_char(reader, *reader->at);
        if (*reader->at++ == '\n') {
            reader->line++;
            line_start = reader->at;
        }
    }
    if (reader->depth > 0) {
        return refuse(reader, "a condition is still open at the end of", reader->file,
                      (int)strlen(reader->file));
    }
    return ST_OK;
}

enum status template_render(const char *file, const char *text, const struct template_value *values,
                            size_t count, char **subject_out, char **body_out, struct err *err)
{
    struct reader reader =
        {.file = file, .at = text, .line = 1, .values = values, .count = count, .err = err};
    const char *subject_end = strchr(text, '\n');
    g_autoptr(GString) subject = g_string_new(NULL);
    g_autoptr(GString) body = g_string_new(NULL);

    assert(values != NULL || count == 0);
    if (!g_str_has_prefix(text, SUBJECT) || subject_end == NULL || subject_end[1] != '\n') {
        return err_set(err, ST_INVALID, "%s:1: it must begin with \"%s\" and an empty line", file,
                       SUBJECT);
    }
    reader.at += strlen(SUBJECT);
    if (take_text(&reader, subject_end, subject) != ST_OK) {
        return err->status;
    }
    reader.at = subject_end + 2;
    reader.line = 3;
    if (take_text(&reader, text + strlen(text), body) != ST_OK) {
        return err->status;
    }
    while (body->len > 0 && body->str[body->len - 1] == '\n') {
        g_string_truncate(body, body->len - 1);
    }
    g_string_append_c(body, '\n');
    *subject_out = g_strdup(subject->str);
    *body_out = g_strdup(body->str);
    return ST_OK;
}
