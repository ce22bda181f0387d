/* HTML to text: what a person would read, in lines. Fetches nothing. Pure. */
#ifndef MESSAGE_HTML_H
#define MESSAGE_HTML_H

#include <stddef.h>

#include "core/err.h"

/* Make its tables, before the jail closes. */
void html_warm_up(void);

/* The words of an HTML text (UTF-8). Paragraphs and list items become lines, quoted text is marked with
 * "> ", links become "text <address>", pictures "[their description]". What is longer than
 * LIMIT_HTML_BYTES is cut; the reading ends once there are more than max_bytes of text. */
char *html_to_text(const char *html, size_t length, size_t max_bytes) MUST_CHECK;

#endif
