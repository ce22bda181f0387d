/* The lexical pieces that all structured header fields share (RFC 5322 section 3.2): white space and
 * comments, quoted strings, atoms. Pure; works on a range of bytes that may hold anything. */
#ifndef MESSAGE_SCAN_H
#define MESSAGE_SCAN_H

#include <stdbool.h>

#include <glib.h>

/* What is left to read; both borrowed. */
struct scan {
    const char *at;
    const char *end;
};

/* A scan over a whole string. */
struct scan scan_of(const char *text);

/* The next byte, or 0 at the end (a NUL byte in the text reads as 0 too: compare at with end). */
char scan_peek(const struct scan *scan);

/* Step over this byte if it is the next one. */
bool scan_take(struct scan *scan, char byte);

/* Step over white space and comments, nested ones too. The comments' texts, without their
 * parentheses and escapes, are added to comment (may be NULL), a blank between two. False if a comment is not closed: the scan is at its end. */
bool scan_cfws(struct scan *scan, GString *comment);

/* Step over a quoted string and add its content, unescaped, to out. False if it is not closed (the scan
 * is then at its end) or if there is none. */
bool scan_quoted(struct scan *scan, GString *out);

/* Step over a run of atext (RFC 5322 section 3.2.3) and add it to out. False if there is none. */
bool scan_atom(struct scan *scan, GString *out);

/* Step over a run of token bytes (RFC 2045 section 5.1) and add it to out. False if there is none. */
bool scan_token(struct scan *scan, GString *out);

bool scan_is_atext(char byte);
bool scan_is_space(char byte); /* SP, TAB, CR, LF */

#endif
