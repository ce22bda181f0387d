/* The one lexer of postdesk, for the config file and the rules. Every token carries its place.
 *
 *     word    = 1*( letter / digit / "_" / "-" / "." / "/" / "@" / "+" / ":" / "*" / "%" / "," )  ; not starting a comment
 *     string  = DQUOTE *( char / "\" ( DQUOTE / "\" / "n" / "t" ) ) DQUOTE   ; on one line
 *     symbol  = "{" / "}" / ";" / "(" / ")" / "=" / "~" …
 *     comment = "#" to the end of the line
 *
 * In rules a line's end is a blank, "," is a symbol, "!=", "<=", ">=" and "!~" are one, and after "~" or "!~" comes
 *
 *     pattern = "/" *( char / "\" char ) "/" *letter          ; on one line
 *
 * Pure: no I/O. It collects many errors instead of stopping at the first.
 */
#ifndef CORE_LEXER_H
#define CORE_LEXER_H

#include <glib.h>

#include "core/err.h"

enum lexer_kind {
    LEXER_WORD,
    LEXER_STRING,
    LEXER_SYMBOL,
    LEXER_PATTERN, /* of rules */
    LEXER_NEWLINE, /* of the config file */
    LEXER_END,
};

struct lexer_token {
    enum lexer_kind kind;
    char *text;    /* own; a string without its quotes and escapes, a pattern without its strokes */
    char *flags;   /* own: of a pattern; else NULL */
    unsigned line; /* from 1 */
    unsigned column; /* from 1, in characters */
    gsize start;     /* where it stands in the text, in bytes */
    gsize end;
};

struct lexer_place {
    unsigned line;
    unsigned column;
};

/* All tokens of a text, the last of them LEXER_END. */
struct lexer {
    GPtrArray *tokens; /* own: struct lexer_token */
    GPtrArray *errors; /* own: char *, each "FILE:LINE:COLUMN: what" */
    GArray *places;    /* own: struct lexer_place, of each error */
    char *file;        /* own: the name for messages */
};

/* Split a text into tokens. Never fails: what is wrong stands in errors, in the order of the file. */
struct lexer *lexer_new(const char *file, const char *text, gsize length);
struct lexer *lexer_new_rules(const char *file, const char *text, gsize length);
void lexer_free(struct lexer *lexer);
DEFINE_OWNED(lexer, lexer_free)

/* Add "FILE:LINE:COLUMN: …" at a token's place. */
void lexer_complain(struct lexer *lexer, const struct lexer_token *at, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* All errors joined by line feeds into err (ST_FATAL), or ST_OK where there are none. */
MUST_CHECK enum status lexer_verdict(const struct lexer *lexer, struct err *err);

#endif
