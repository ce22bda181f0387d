/* The hands of the parser of rules: tokens, what is expected, and where to go on after a mistake. For src/rules alone. */
#ifndef RULES_PARSER_H
#define RULES_PARSER_H

#include <stdbool.h>

#include "core/lexer.h"
#include "rules/ast.h"

struct parser {
    struct rule_build *build; /* borrowed */
    struct lexer *lexer;      /* borrowed */
    const char *text;         /* borrowed: the file */
    unsigned file;
    guint next;
    unsigned depth; /* of nesting in a condition */
};

const struct lexer_token *parser_peek(const struct parser *parser);
struct rule_at parser_at(const struct parser *parser); /* of the next token */
bool parser_is_word(const struct parser *parser, const char *word);
bool parser_is_symbol(const struct parser *parser, const char *symbol);

/* Take the next token if it is this one. */
bool parser_accept_word(struct parser *parser, const char *word);
bool parser_accept_symbol(struct parser *parser, const char *symbol);

/* The next token is not what was expected; gives false. */
bool parser_expected(struct parser *parser, const char *what);

/* Is the next token the end of a statement: ";", "}", the end, the next rule? */
bool parser_is_at_end(const struct parser *parser);

/* Does "rule" or "test" with a name come next? */
bool parser_is_at_top(const struct parser *parser);

/* Go to where the next statement may begin: behind ";", or before "}", "then", "if", "on", "given", "expect" and the
 * next rule. */
void parser_recover(struct parser *parser);

/* Go behind the next "}", or before the next rule or test. */
void parser_skip_block(struct parser *parser);

/* A word or a string; NULL, and a complaint that says what was expected: there is none. */
struct rule_literal *parser_literal(struct parser *parser, const char *expected);
/* The same, of strings alone; NULL: there is none, and no complaint. */
struct rule_literal *parser_maybe_string(struct parser *parser);

/* What was written from a token up to here, on one line; own. */
char *parser_source(const struct parser *parser, guint from);

/* A name of a field; its word and place. */
bool parser_field(struct parser *parser, struct rule_field_ref *field, const char *expected);

/* A pattern after "~". */
bool parser_pattern(struct parser *parser, char **text_out, char **flags_out);

/* "or" of "and" of …; NULL: it was complained about. */
struct rule_condition *parser_condition(struct parser *parser);

/* One action; NULL: it was complained about. */
struct rule_action *parser_action(struct parser *parser);

/* What stands within the braces of a test. */
void parser_test(struct parser *parser, struct rule_test *test);

/* "EVENT[, EVENT]" or "every DURATION". every is NULL where a duration is not wanted: "every" alone. */
bool parser_events(struct parser *parser, unsigned *events, bool *is_every,
                   struct rule_literal **every);

/* ", did you mean …": the nearest of these; "" if none is near; own. */
char *parser_did_you_mean(const char *word, const char *const *words, size_t count);

#endif
