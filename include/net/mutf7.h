/* Folder names on the wire: modified UTF-7, RFC 3501 section 5.1.3. Pure. */
#ifndef NET_MUTF7_H
#define NET_MUTF7_H

#include "core/err.h"

/* UTF-8 to modified UTF-7.
 *
 * ST_INVALID  not UTF-8, empty, a control character in it, or longer than LIMIT_FOLDER_BYTES */
MUST_CHECK enum status mutf7_from_utf8(const char *name, char **encoded_out, struct err *err);

/* Modified UTF-7 to UTF-8.
 *
 * ST_INVALID  not well-formed: a byte that is not printable ASCII, a broken shift, a lone surrogate,
 *             or a character encoded that stands for itself */
MUST_CHECK enum status mutf7_to_utf8(const char *encoded, char **name_out, struct err *err);

#endif
