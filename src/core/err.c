/* err - what went wrong, and what the caller should do about it
 *
 * A status tells the caller its next step (again, later, never, hold the mail); the text tells a person
 * what happened. Both travel in one struct on the caller's stack, so that saying what failed can never
 * fail itself: there is no allocation here, and a text that is too long is cut at a character.
 *
 * A text may be built from the text that stands in the same struct (err_set(err, …, err->text)):
 * every message is written aside first and copied then.
 *
 * Not here: printing (the CLI) and logging (core/log). Which status a library's code becomes is decided
 * in that library's own layer.
 * Pure: no I/O, no allocation.
 */
#include "core/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *status_name(enum status status)
{
    switch (status) {
    case ST_OK:
        return "ok";
    case ST_NOT_FOUND:
        return "not found";
    case ST_INVALID:
        return "invalid";
    case ST_CONFLICT:
        return "conflict";
    case ST_TEMPFAIL:
        return "temporary failure";
    case ST_UNCERTAIN:
        return "uncertain";
    case ST_DENIED:
        return "denied";
    case ST_FATAL:
        return "fatal";
    }
    return "unknown";
}

int status_exit_code(enum status status)
{
    switch (status) {
    case ST_OK:
        return 0;
    case ST_NOT_FOUND:
        return 1;
    case ST_INVALID:
        return 65; /* EX_DATAERR */
    case ST_CONFLICT:
    case ST_TEMPFAIL:
    case ST_UNCERTAIN:
        return 75; /* EX_TEMPFAIL */
    case ST_DENIED:
        return 77; /* EX_NOPERM */
    case ST_FATAL:
        return 78; /* EX_CONFIG */
    }
    return 70; /* EX_SOFTWARE: not a status */
}

/* Where a cut text must end so that its last UTF-8 character is whole. */
static size_t end_of_whole_characters(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return length;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return length - start + 1 < need ? start - 1 : length;
}

/* vsnprintf that cuts between characters. */
PRINTF_LIKE(3, 0)
static void write_text(char *buffer, size_t size, const char *format, va_list arguments)
{
    int length = vsnprintf(buffer, size, format, arguments);
    assert(length >= 0);
    if ((size_t)length >= size) {
        buffer[end_of_whole_characters(buffer, size - 1)] = '\0';
    }
}

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list arguments;

    va_start(arguments, format);
    write_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    err->status = status;
    memcpy(err->text, text, strlen(text) + 1);
    err->hint[0] = '\0';
    return status;
}

enum status err_hint(struct err *err, const char *format, ...)
{
    char hint[sizeof(err->hint)];
    va_list arguments;

    va_start(arguments, format);
    write_text(hint, sizeof(hint), format, arguments);
    va_end(arguments);
    memcpy(err->hint, hint, strlen(hint) + 1);
    return err->status;
}

/* "A: B" into err->text, cut at a character. */
PRINTF_LIKE(2, 3)
static void replace_text(struct err *err, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list arguments;

    va_start(arguments, format);
    write_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    memcpy(err->text, text, strlen(text) + 1);
}

enum status err_wrap(struct err *err, const char *format, ...)
{
    char prefix[sizeof(err->text)];
    va_list arguments;

    va_start(arguments, format);
    write_text(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);
    replace_text(err, "%s: %s", prefix, err->text);
    return err->status;
}
