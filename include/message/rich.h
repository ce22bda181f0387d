/* The HTML alternative of a text. Pure. */
#ifndef MESSAGE_RICH_H
#define MESSAGE_RICH_H

#include "core/err.h"

/* A page that shows what the text says (UTF-8, line ends LF): paragraphs, quotes, links to http and https, and smaller
 * what stands behind "-- ". All of it is ASCII in lines of less than 998 characters. language ("de") is the text's.
 *
 * NULL: with CRLF at its line ends it would exceed LIMIT_PAGE_BYTES and LIMIT_PAGE_GROWTH times the text. */
char *rich_from_text(const char *text, const char *language) MUST_CHECK;

#endif
