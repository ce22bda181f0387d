/* findings - what an audit has to say
 *
 * A finding contradicts what the desk promises: exit code 1, somebody must act. A warning is something that
 * others have done to the mailbox and that the desk can live with. Both are lines for people and objects
 * with a stable kind for programs.
 *
 * They are collected, not printed as they come: what is found first may be explained by what comes later, and
 * JSON is one value.
 * Pure.
 */
#include "cli/findings.h"

#include <stdarg.h>

#include <glib.h>

void findings_init(struct findings *findings)
{
    *findings = (struct findings){json_array(), json_array()};
}

void findings_done(struct findings *findings)
{
    json_decref(findings->findings);
    json_decref(findings->warnings);
}

PRINTF_LIKE(3, 0)
static void append(json_t *array, const char *kind, const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    json_array_append_new(array, json_pack("{s:s, s:s}", "kind", kind, "text", text));
}

void findings_add(struct findings *findings, const char *kind, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    append(findings->findings, kind, format, arguments);
    va_end(arguments);
}

void findings_warn(struct findings *findings, const char *kind, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    append(findings->warnings, kind, format, arguments);
    va_end(arguments);
}
