/* Encoded words (RFC 2047) and raw 8-bit bytes in header texts to UTF-8. Pure. */
#ifndef MESSAGE_RFC2047_H
#define MESSAGE_RFC2047_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* An unfolded text to UTF-8. charset is what raw 8-bit bytes may be in if they are not UTF-8 (NULL:
 * Windows-1252). Words are read wherever they stand; what cannot be read stays as it is. The result
 * may hold control characters: put it on one line before it is shown. */
char *rfc2047_decode(const char *text, const char *charset) MUST_CHECK;

/* The charset that the first encoded word of a text names; NULL if there is none. */
char *rfc2047_charset(const char *text) MUST_CHECK;

/* Is there anything that looks like an encoded word? */
bool rfc2047_has_word(const char *text, size_t length);

#endif
