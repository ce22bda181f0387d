/* HTML cut into texts and tags, in linear time whatever comes. Pure. */
#ifndef MESSAGE_HTMLSCAN_H
#define MESSAGE_HTMLSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "core/err.h"

enum html_kind { HTML_TEXT, HTML_OPEN, HTML_CLOSE, HTML_END };

struct html_token {
    enum html_kind kind;
    char name[16];     /* of a tag, in lower case; longer names are cut */
    const char *start; /* borrowed: the text, or what stands between a tag's name and its ">" */
    size_t length;
};

struct htmlscan {
    const char *at;
    const char *end;
    const char *next_gt;        /* the next ">" at or behind at, once it was looked for */
    unsigned unclosed_elements; /* how often html_skip found no end */
};

/* Make the table of entities. Without it they are looked up all the same, but slowly. */
void htmlscan_warm_up(void);

struct htmlscan htmlscan_of(const char *html, size_t length);

/* The next token. Comments, declarations and the content of script, style and title are stepped over. */
struct html_token htmlscan_next(struct htmlscan *scan);

/* Step over the element whose opening tag was the last token. False, and nothing is stepped over, if it is
 * never closed. */
bool htmlscan_skip_element(struct htmlscan *scan, const struct html_token *open);

/* The value of a tag's attribute, references decoded; NULL without it. */
char *html_attribute(const struct html_token *tag, const char *name) MUST_CHECK;

/* Decode the character reference at the start of text ("&amp;"); its length, 0 if it is none. */
size_t html_reference(const char *text, size_t length, gunichar *c_out);

#endif
