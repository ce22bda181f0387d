/* Content-Type and Content-Disposition: a value and its parameters (RFC 2045 section 5, RFC 2231). Pure. */
#ifndef MESSAGE_PARAM_H
#define MESSAGE_PARAM_H

#include <glib.h>

#include "core/err.h"

struct param {
    char *name;  /* own: lower case, without "*" */
    char *value; /* own: decoded, UTF-8; may hold anything: clean it before it is shown */
};

struct param_field {
    char *value;       /* own: "text/plain", "attachment": lower case; "" if there is none */
    GPtrArray *params; /* own: struct param */
};

/* Read a field's unfolded value. Never fails: what is broken is read as well as can be. charset is for raw
 * 8-bit bytes, as in rfc2047_decode. */
struct param_field *param_read(const char *text, const char *charset) MUST_CHECK;
void param_field_free(struct param_field *field);
DEFINE_OWNED(param_field, param_field_free)

/* The value of a parameter, or NULL; borrowed. */
const char *param_get(const struct param_field *field, const char *name);

#endif
