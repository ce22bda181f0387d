/* parser - tokens, what is expected next, and where to go on after a mistake
 *
 * The grammar stands in grammar.c. Here are the few moves that it is made of. A mistake ends its statement and nothing
 * else: the parser goes on behind the next ";", or before "}", the next clause, or the next rule or test, so that one
 * reading finds all mistakes.
 *
 *     statement ends = ";" / "}" / "then" / "if" / "on" / "given" / "expect" / ("rule" / "test") string / end of file
 *
 * Pure: no I/O.
 */
#include "rules/parser.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

static const struct lexer_token *token_at(const struct parser *parser, guint i)
{
    guint last = parser->lexer->tokens->len - 1;

    return parser->lexer->tokens->pdata[MIN(i, last)];
}

const struct lexer_token *parser_peek(const struct parser *parser)
{
    return token_at(parser, parser->next);
}

struct rule_at parser_at(const struct parser *parser)
{
    const struct lexer_token *token = parser_peek(parser);

    return (struct rule_at){parser->file, token->line, token->column};
}

static bool is_token(const struct lexer_token *token, enum lexer_kind kind, const char *text)
{
    return token->kind == kind && strcmp(token->text, text) == 0;
}

bool parser_is_word(const struct parser *parser, const char *word)
{
    return is_token(parser_peek(parser), LEXER_WORD, word);
}

bool parser_is_symbol(const struct parser *parser, const char *symbol)
{
    return is_token(parser_peek(parser), LEXER_SYMBOL, symbol);
}

bool parser_accept_word(struct parser *parser, const char *word)
{
    bool is_it = parser_is_word(parser, word);

    parser->next += is_it ? 1 : 0;
    return is_it;
}

bool parser_accept_symbol(struct parser *parser, const char *symbol)
{
    bool is_it = parser_is_symbol(parser, symbol);

    parser->next += is_it ? 1 : 0;
    return is_it;
}

bool parser_expected(struct parser *parser, const char *what)
{
    const struct lexer_token *token = parser_peek(parser);
    struct rule_at at = parser_at(parser);
    g_autofree char *text = text_one_line(token->text, LIMIT_RULE_TRACE_CHARS);

    if (token->kind == LEXER_END) {
        rule_complain(parser->build, &at, "the file ends here, expected %s", what);
    } else {
        rule_complain(parser->build, &at, "unexpected \"%s\", expected %s", text, what);
    }
    return false;
}

bool parser_is_at_top(const struct parser *parser)
{
    return (parser_is_word(parser, "rule") || parser_is_word(parser, "test")) &&
           token_at(parser, parser->next + 1)->kind == LEXER_STRING;
}

bool parser_is_at_end(const struct parser *parser)
{
    return parser_peek(parser)->kind == LEXER_END || parser_is_symbol(parser, ";") ||
           parser_is_symbol(parser, "}") || parser_is_at_top(parser);
}

void parser_recover(struct parser *parser)
{
    static const char *const CLAUSES[] = {"then", "if", "on", "given", "expect"};

    while (!parser_is_at_end(parser)) {
        for (size_t i = 0; i < G_N_ELEMENTS(CLAUSES); i++) {
            if (parser_is_word(parser, CLAUSES[i])) {
                return;
            }
        }
        parser->next++;
    }
    (void)parser_accept_symbol(parser, ";");
}

void parser_skip_block(struct parser *parser)
{
    while (parser_peek(parser)->kind != LEXER_END && !parser_is_at_top(parser)) {
        if (parser_accept_symbol(parser, "}")) {
            return;
        }
        parser->next++;
    }
}

/* Words that cannot be values: a forgotten value must not swallow the next clause. */
static bool is_reserved(const struct lexer_token *token)
{
    static const char *const WORDS[] = {"and", "or", "not", "if", "then", "on", "given", "expect"};

    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        if (is_token(token, LEXER_WORD, WORDS[i])) {
            return true;
        }
    }
    return false;
}

struct rule_literal *parser_literal(struct parser *parser, const char *expected)
{
    const struct lexer_token *token = parser_peek(parser);
    struct rule_at at = parser_at(parser);

    if ((token->kind != LEXER_WORD && token->kind != LEXER_STRING) || is_reserved(token)) {
        (void)parser_expected(parser, expected);
        return NULL;
    }
    parser->next++;
    return rule_literal_new(&at, token->text, token->kind == LEXER_STRING);
}

struct rule_literal *parser_maybe_string(struct parser *parser)
{
    const struct lexer_token *token = parser_peek(parser);
    struct rule_at at = parser_at(parser);

    if (token->kind != LEXER_STRING) {
        return NULL;
    }
    parser->next++;
    return rule_literal_new(&at, token->text, true);
}

char *parser_source(const struct parser *parser, guint from)
{
    const struct lexer_token *first = token_at(parser, from);
    const struct lexer_token *last = parser->next > from ? token_at(parser, parser->next - 1)
                                                         : first;
    g_autofree char *text = g_strndup(parser->text + first->start, last->end - first->start);

    return text_one_line(text, LIMIT_RULE_TRACE_CHARS);
}

bool parser_field(struct parser *parser, struct rule_field_ref *field, const char *expected)
{
    const struct lexer_token *token = parser_peek(parser);

    if (token->kind != LEXER_WORD || is_reserved(token)) {
        return parser_expected(parser, expected);
    }
    field->at = parser_at(parser);
    field->word = g_strdup(token->text);
    parser->next++;
    return true;
}

bool parser_pattern(struct parser *parser, char **text_out, char **flags_out)
{
    const struct lexer_token *token = parser_peek(parser);

    if (token->kind != LEXER_PATTERN) {
        return parser_expected(parser, "a pattern, such as /printer|drucker/i");
    }
    *text_out = g_strdup(token->text);
    *flags_out = g_strdup(token->flags);
    parser->next++;
    return true;
}

char *parser_did_you_mean(const char *word, const char *const *words, size_t count)
{
    bool is_word = strlen(word) <= LIMIT_NAME_CHARS; /* the distance of long texts takes long */
    const char *nearest = is_word ? text_nearest(word, words, count) : NULL;

    return nearest == NULL ? g_strdup("") : g_strdup_printf(", did you mean \"%s\"?", nearest);
}
