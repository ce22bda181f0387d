/* Text of any character set to UTF-8, without ever dropping a byte silently. Pure, but that it keeps its
 * converters open for the life of the process. */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "core/err.h"

/* Open every converter there will ever be: the jail has no files to load one from. */
void charset_warm_up(void);

/* The text as UTF-8: valid, without NUL. label is what the mail says, NULL or "" for nothing; fallback is
 * what to try for text without a usable label that is not UTF-8 (NULL: Windows-1252). What the
 * character set does not know becomes U+FFFD. */
char *charset_to_utf8(const char *label, const char *fallback, const char *bytes, size_t length)
    MUST_CHECK;

/* The same of bytes that are the caller's no more. Text that is UTF-8 already is given back in its own memory,
 * any other is converted as far as max_bytes are sure to hold it; *is_cut_out says whether something is
 * missing. */
char *charset_take_utf8(const char *label, const char *fallback, GByteArray *bytes,
                        size_t max_bytes, bool *is_cut_out) MUST_CHECK;

/* Is the label a character set that can be converted? */
bool charset_is_known(const char *label);

#endif
