/* log - one line an event, for the journal and for grep
 *
 * A line is built in memory and leaves in one write(2), so that the lines of many processes on one
 * stderr never mix. Half of the values come from strangers: everything that could end a line, turn a
 * terminal around or make one field look like two is escaped here and nowhere else.
 *
 *     line   = "<" level ">event=" name *( " " key "=" value ) LF
 *     value  = 1*safe / DQUOTE *( safe / blank / "=" / escape ) DQUOTE
 *     escape = "\" ( DQUOTE / "\" / "n" / "r" / "t" / "x" 2HEX / "u" 4HEX )
 *
 * Escaped are C0, DEL, C1, bidi marks, line and paragraph separators, invisible marks, and bytes that
 * are not UTF-8. A value takes at most LIMIT_LOG_VALUE_BYTES in the line, its quotes not counted, and
 * is cut between characters, "…" saying so. Keys and event names are ours and are written as they are.
 * I/O: stderr. A line that cannot be written is dropped: a full disk must not stop the mail.
 */
#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "core/limits.h"

static enum log_level level_shown = LOG_LEVEL_INFO;
static struct log_scope *innermost; /* borrowed: from the frames that opened scopes */

struct kv kv_text(const char *key, const char *text)
{
    return (struct kv){.key = key, .text = text != NULL ? text : "-"};
}

struct kv kv_number(const char *key, int64_t number)
{
    return (struct kv){.key = key, .number = number};
}

static const struct {
    const char *name;
    enum log_level level;
} LEVELS[] = {
    {"error", LOG_LEVEL_ERROR},
    {"warning", LOG_LEVEL_WARNING},
    {"info", LOG_LEVEL_INFO},
    {"debug", LOG_LEVEL_DEBUG},
};

enum status log_level_parse(const char *name, enum log_level *level_out, struct err *err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LEVELS); i++) {
        if (strcmp(name, LEVELS[i].name) == 0) {
            *level_out = LEVELS[i].level;
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "\"%s\" is not a log level: error, warning, info or debug",
                   name);
}

void log_set_level(enum log_level level)
{
    level_shown = level;
}

void log_scope_push(struct log_scope *scope)
{
    scope->outer = innermost;
    innermost = scope;
}

void log_scope_pop(struct log_scope *scope)
{
    assert(innermost == scope);
    innermost = scope->outer;
}

/* What a terminal does not show as itself: controls, bidi marks, separators, invisible marks. */
static bool is_unsafe(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x00AD || c == 0x061C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

/* One character as it stands in a value; gives back how many bytes of text it took. */
static size_t write_character(const char *text, char *buffer, size_t size)
{
    gunichar c = g_utf8_get_char_validated(text, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        g_snprintf(buffer, (gulong)size, "\\x%02x", (unsigned char)text[0]);
        return 1;
    }
    size_t length = (size_t)(g_utf8_next_char(text) - text);
    if (c == '"' || c == '\\') {
        g_snprintf(buffer, (gulong)size, "\\%c", (char)c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        g_snprintf(buffer, (gulong)size, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else if (is_unsafe(c)) {
        g_snprintf(buffer, (gulong)size, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
    } else {
        g_snprintf(buffer, (gulong)size, "%.*s", (int)length, text);
    }
    return length;
}

static void append_value(GString *line, const char *text)
{
    static const char MARK[] = "\xE2\x80\xA6";
    char value[LIMIT_LOG_VALUE_BYTES + 1] = "";
    size_t length = 0;
    size_t cut_at = 0; /* the last end of a character that leaves room for the mark */
    bool is_cut = false;

    for (const char *at = text; *at != '\0';) {
        char character[8];
        at += write_character(at, character, sizeof(character));
        size_t more = strlen(character);
        if (length + more > LIMIT_LOG_VALUE_BYTES) {
            is_cut = true;
            break;
        }
        memcpy(value + length, character, more + 1);
        length += more;
        cut_at = length + strlen(MARK) <= LIMIT_LOG_VALUE_BYTES ? length : cut_at;
    }
    if (is_cut) {
        memcpy(value + cut_at, MARK, sizeof(MARK));
    }
    bool is_quoted = value[0] == '\0' || strpbrk(value, " \"\\=") != NULL;
    g_string_append(line, is_quoted ? "\"" : "");
    g_string_append(line, value);
    g_string_append(line, is_quoted ? "\"" : "");
}

static void append_field(GString *line, const struct kv *field)
{
    char number[24];

    g_string_append_c(line, ' ');
    g_string_append(line, field->key);
    g_string_append_c(line, '=');
    if (field->text != NULL) {
        append_value(line, field->text);
    } else {
        g_snprintf(number, sizeof(number), "%" PRId64, field->number);
        g_string_append(line, number);
    }
}

void log_event(enum log_level level, const char *event, const struct kv *fields, int count)
{
    if (level > level_shown) {
        return;
    }
    int saved_errno = errno;
    g_autoptr(GString) line = g_string_sized_new(256);
    g_string_append_c(line, '<');
    g_string_append_c(line, (char)('0' + level));
    g_string_append(line, ">event=");
    g_string_append(line, event);
    for (int i = 0; i < count; i++) {
        append_field(line, &fields[i]);
    }
    for (const struct log_scope *scope = innermost; scope != NULL; scope = scope->outer) {
        append_field(line, &scope->field);
    }
    g_string_append_c(line, '\n');

    ssize_t written = 0;
    do {
        written = write(STDERR_FILENO, line->str, line->len);
    } while (written < 0 && errno == EINTR);
    errno = saved_errno;
}
