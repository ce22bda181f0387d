/* Small tools on strings that come from strangers: UTF-8 in, UTF-8 out. Pure. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* A copy that is valid UTF-8 without NUL: bad bytes become U+FFFD. For every text before PostgreSQL. */
char *text_scrub(const char *bytes, gssize length) MUST_CHECK;

/* A copy on one line: control characters (C0, C1, DEL), line and paragraph separators and bidi marks
 * become one blank each, runs of white space one blank, ends trimmed; at most max_chars code points,
 * the last of them "…" if it was cut. */
char *text_one_line(const char *text, size_t max_chars) MUST_CHECK;

/* A copy of at most max_chars code points; if it was longer, it ends in "…", no grapheme cluster of up to 64 code
 * points is cut in two (so it may be shorter), and *is_cut_out (may be NULL) is true. */
char *text_cut(const char *text, size_t max_chars, bool *is_cut_out) MUST_CHECK;

/* A copy in which CR LF and lone CR became LF, control characters other than LF and TAB were removed,
 * and blanks at line ends and empty lines at both ends were cut. */
char *text_normalise_lines(const char *text) MUST_CHECK;

/* A whole decimal number within [low, high] and nothing else around it. */
MUST_CHECK enum status text_parse_int64(const char *text, int64_t low, int64_t high, int64_t *out,
                                        struct err *err);

/* "300 ms", "90s", "10 min", "2h", "5d": a duration; a bare number is seconds. */
MUST_CHECK enum status text_parse_duration(const char *text, int64_t *us_out, struct err *err);

/* "12.0 MB", "3 KB", "17 bytes": a size for people. */
char *text_bytes(uint64_t bytes) MUST_CHECK;

/* "0 s", "59 s", "3 min", "5 h", "12 d": a length of time for people, in its largest unit of which there are two. */
char *text_age(int64_t seconds) MUST_CHECK;

/* The number of code points of valid UTF-8. */
size_t text_chars(const char *text);

/* A 64-bit key of bytes for advisory locks: the first 8 bytes of their SHA-256. */
int64_t text_key64(const void *bytes, size_t length);

/* SHA-256 of bytes, 32 bytes to digest_out. */
void text_sha256(const void *bytes, size_t length, uint8_t digest_out[32]);

/* Terminal columns of valid UTF-8 (wide characters count two), for tables. */
size_t text_columns(const char *text);

/* How many characters must be put in, taken out or changed to make one name the other: for "did you
 * mean". */
size_t text_distance(const char *a, const char *b);

/* The name that the word was probably meant to be: the nearest, if at most half of it is wrong; else NULL. */
const char *text_nearest(const char *word, const char *const *names, size_t count);

#endif
