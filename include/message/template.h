/* The text of a notice, from a template and values. Pure.
 *
 *     template  = "Subject: " line LF LF body
 *     value     = "{{" name "}}"
 *     condition = "{{#if " name "}}" … ["{{else}}" …] "{{/if}}"     ; may be nested
 *     name      = letter *( letter / digit / "-" )
 *
 * Values are put in as they are and never read again: text that looks like a template stays text. A value
 * that is NULL or "" makes its condition false. A line that holds nothing but one condition's mark is no
 * line of the text. Empty lines at both ends of the body are left out, more than one in a row become one
 * (of the template's own: a value keeps its lines).
 */
#ifndef MESSAGE_TEMPLATE_H
#define MESSAGE_TEMPLATE_H

#include <stddef.h>

#include "core/err.h"

struct template_value {
    const char *name;
    const char *value; /* UTF-8; NULL: none */
};

/* Make subject and body. The names in values are all that the template may use; every name is looked at,
 * in branches that are not taken too.
 *
 * ST_INVALID  the template is wrong; the text names file, line and what */
MUST_CHECK enum status template_render(const char *file, const char *text,
                                       const struct template_value *values, size_t count,
                                       char **subject_out, char **body_out, struct err *err);

#endif
