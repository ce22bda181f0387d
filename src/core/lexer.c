/* lexer - words, strings and symbols with their places, for everything people write by hand
 *
 * One lexer serves the config file and the rules, so that quoting, comments and messages are the same
 * in both. It never stops at the first mistake: a person who mends a file wants to see all of them, and
 * each with file, line and column (in characters, as editors count).
 *
 * Beyond the grammar in core/lexer.h: white space is blank, TAB and a CR before LF; a byte-order mark
 * at the start is skipped; letters and digits are Unicode's. A string ends at its line's end at the
 * latest, so that one forgotten quote is one error. Bytes that are no UTF-8, NUL and other control
 * characters are errors anywhere, one a run, and never part of a token.
 *
 * Not here: what the tokens mean (core/config, rules/grammar), and the size of the text, which the
 * caller bounds.
 * Pure: no I/O, never logs.
 */
#include "core/lexer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* Where the scan stands. */
struct scanner {
    struct lexer *lexer; /* borrowed: from lexer_new */
    const char *text;
    const char *at;
    const char *end;
    unsigned line;
    unsigned column;
    bool is_rules;
    bool is_pattern_due; /* the last token was "~" or "!~" */
};

static const gunichar BAD_CHARACTER = (gunichar)-1;

static void token_free(void *pointer)
{
    struct lexer_token *token = pointer;

    g_free(token->text);
    g_free(token->flags);
    g_free(token);
}

PRINTF_LIKE(4, 0)
static void complain_at(struct lexer *lexer, unsigned line, unsigned column, const char *format,
                        va_list arguments)
{
    g_autofree char *what = g_strdup_vprintf(format, arguments);

    g_ptr_array_add(lexer->errors,
                    g_strdup_printf("%s:%u:%u: %s", lexer->file, line, column, what));
    g_array_append_val(lexer->places, ((struct lexer_place){line, column}));
}

void lexer_complain(struct lexer *lexer, const struct lexer_token *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain_at(lexer, at->line, at->column, format, arguments);
    va_end(arguments);
}

PRINTF_LIKE(2, 3)
static void scanner_complain(struct scanner *scanner, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain_at(scanner->lexer, scanner->line, scanner->column, format, arguments);
    va_end(arguments);
}

/* A token that begins at start and ends where the scan stands now. */
static struct lexer_token *add_token(const struct scanner *start, const struct scanner *scanner,
                                     enum lexer_kind kind, const char *text, size_t length)
{
    struct lexer_token *token = g_new(struct lexer_token, 1);

    *token = (struct lexer_token){.kind = kind,
                                  .text = g_strndup(text, length),
                                  .line = start->line,
                                  .column = start->column,
                                  .start = (gsize)(start->at - start->text),
                                  .end = (gsize)(scanner->at - scanner->text)};
    g_ptr_array_add(scanner->lexer->tokens, token);
    return token;
}

/* The character here: 0 at the end, BAD_CHARACTER for what is no text. */
static gunichar peek(const struct scanner *scanner)
{
    if (scanner->at == scanner->end) {
        return 0;
    }
    gunichar c = g_utf8_get_char_validated(scanner->at, scanner->end - scanner->at);
    bool is_bad = c == (gunichar)-1 || c == (gunichar)-2 || c == 0 || c == 0x7F ||
                  (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x80 && c < 0xA0);
    return is_bad ? BAD_CHARACTER : c;
}

static void advance(struct scanner *scanner)
{
    gunichar c = peek(scanner);

    assert(c != 0);
    if (c == '\n') {
        scanner->line++;
        scanner->column = 1;
    } else {
        scanner->column++;
    }
    if (c == BAD_CHARACTER) {
        scanner->at++;
    } else {
        scanner->at = g_utf8_next_char(scanner->at);
    }
}

static bool is_line_end(const struct scanner *scanner)
{
    size_t left = (size_t)(scanner->end - scanner->at);

    return left == 0 || scanner->at[0] == '\n' ||
           (left > 1 && scanner->at[0] == '\r' && scanner->at[1] == '\n');
}

static bool is_word_character(const struct scanner *scanner, gunichar c)
{
    if (c == BAD_CHARACTER || c == 0 || (c == ',' && scanner->is_rules)) {
        return false;
    }
    return c < 0x80 ? g_ascii_isalnum((char)c) || strchr("_-./@+:*%,", (int)c) != NULL
                    : g_unichar_isalnum(c) || g_unichar_ismark(c);
}

static void scan_word(struct scanner *scanner)
{
    struct scanner start = *scanner;

    while (is_word_character(scanner, peek(scanner))) {
        advance(scanner);
    }
    (void)add_token(&start, scanner, LEXER_WORD, start.at, (size_t)(scanner->at - start.at));
}

/* One complaint for a run of bytes that are no text. */
static void skip_bad(struct scanner *scanner)
{
    scanner_complain(scanner, "this is no text (a control character, or not UTF-8)");
    while (peek(scanner) == BAD_CHARACTER && !is_line_end(scanner)) {
        advance(scanner);
    }
}

static void scan_escape(struct scanner *scanner, GString *text)
{
    static const char NAMES[] = "\"\\nt";
    static const char VALUES[] = "\"\\\n\t";
    struct scanner start = *scanner;

    advance(scanner);
    if (is_line_end(scanner)) {
        return; /* scan_string says that the string does not end */
    }
    gunichar c = peek(scanner);
    const char *known = c > 0 && c < 0x80 ? strchr(NAMES, (int)c) : NULL;
    if (known == NULL) {
        scanner_complain(&start, "unknown escape in a string; known are \\\" \\\\ \\n \\t");
    } else {
        g_string_append_c(text, VALUES[known - NAMES]);
    }
    if (c != BAD_CHARACTER) {
        advance(scanner);
    }
}

static void scan_string(struct scanner *scanner)
{
    struct scanner start = *scanner;
    g_autoptr(GString) text = g_string_new(NULL);

    advance(scanner);
    while (!is_line_end(scanner) && peek(scanner) != '"') {
        gunichar c = peek(scanner);
        if (c == BAD_CHARACTER) {
            skip_bad(scanner);
        } else if (c == '\\') {
            scan_escape(scanner, text);
        } else {
            g_string_append_unichar(text, c);
            advance(scanner);
        }
    }
    if (is_line_end(scanner)) {
        scanner_complain(&start, "this string does not end on its line");
    } else {
        advance(scanner);
    }
    (void)add_token(&start, scanner, LEXER_STRING, text->str, text->len);
}

/* What stands between two strokes is pcre2's business, but for the stroke itself: "\/". */
static void scan_pattern(struct scanner *scanner)
{
    struct scanner start = *scanner;

    advance(scanner);
    const char *body = scanner->at;
    while (!is_line_end(scanner) && peek(scanner) != '/') {
        bool is_escape = peek(scanner) == '\\';
        if (peek(scanner) == BAD_CHARACTER) {
            skip_bad(scanner);
            continue;
        }
        advance(scanner);
        if (is_escape && !is_line_end(scanner) && peek(scanner) != BAD_CHARACTER) {
            advance(scanner);
        }
    }
    size_t length = (size_t)(scanner->at - body);
    if (is_line_end(scanner)) {
        scanner_complain(&start, "this pattern does not end on its line");
    } else {
        advance(scanner);
    }
    const char *flags = scanner->at;
    while (scanner->at < scanner->end && g_ascii_isalpha(*scanner->at)) {
        advance(scanner);
    }
    struct lexer_token *token = add_token(&start, scanner, LEXER_PATTERN, body, length);
    token->flags = g_strndup(flags, (size_t)(scanner->at - flags));
}

static void scan_symbol(struct scanner *scanner)
{
    struct scanner start = *scanner;
    char first = *scanner->at;

    advance(scanner);
    bool has_second = scanner->at < scanner->end;
    char second = *(has_second ? scanner->at : "");
    bool is_double = scanner->is_rules && ((second == '=' && strchr("!<>", first) != NULL) ||
                                           (second == '~' && first == '!'));
    if (is_double) {
        advance(scanner);
    }
    scanner->is_pattern_due = scanner->is_rules && scanner->at[-1] == '~';
    (void)add_token(&start, scanner, LEXER_SYMBOL, start.at, (size_t)(scanner->at - start.at));
}

static void scan_line_end(struct scanner *scanner)
{
    if (*scanner->at == '\r') {
        scanner->at++;
    }
    struct scanner start = *scanner;
    advance(scanner);
    if (!scanner->is_rules) {
        (void)add_token(&start, scanner, LEXER_NEWLINE, "\n", 1);
    }
}

static void scan_comment(struct scanner *scanner)
{
    while (!is_line_end(scanner)) {
        if (peek(scanner) == BAD_CHARACTER) {
            skip_bad(scanner);
        } else {
            advance(scanner);
        }
    }
}

static void scan_token(struct scanner *scanner, gunichar c)
{
    bool is_pattern = scanner->is_pattern_due && c == '/';

    scanner->is_pattern_due = false;
    if (is_pattern) {
        scan_pattern(scanner);
    } else if (c == '"') {
        scan_string(scanner);
    } else if (c == BAD_CHARACTER) {
        skip_bad(scanner);
    } else if (is_word_character(scanner, c)) {
        scan_word(scanner);
    } else if (c < 0x80) {
        scan_symbol(scanner);
    } else {
        scanner_complain(scanner, "unexpected character U+%04X; texts stand in \"quotes\"", c);
        advance(scanner);
    }
}

static void scan_one(struct scanner *scanner)
{
    gunichar c = peek(scanner);

    if (is_line_end(scanner)) {
        scan_line_end(scanner);
    } else if (c == ' ' || c == '\t') {
        advance(scanner);
    } else if (c == '#') {
        scan_comment(scanner);
    } else {
        scan_token(scanner, c);
    }
}

static struct lexer *split(const char *file, const char *text, gsize length, bool is_rules)
{
    struct lexer *lexer = g_new(struct lexer, 1);
    struct scanner scanner = {.lexer = lexer,
                              .text = text,
                              .at = text,
                              .end = text + length,
                              .line = 1,
                              .column = 1,
                              .is_rules = is_rules};

    *lexer = (struct lexer){.tokens = g_ptr_array_new_with_free_func(token_free),
                            .errors = g_ptr_array_new_with_free_func(g_free),
                            .places = g_array_new(FALSE, FALSE, sizeof(struct lexer_place)),
                            .file = g_strdup(file)};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        scanner.at += 3;
    }
    while (scanner.at < scanner.end) {
        scan_one(&scanner);
    }
    (void)add_token(&scanner, &scanner, LEXER_END, "", 0);
    return lexer;
}

struct lexer *lexer_new(const char *file, const char *text, gsize length)
{
    return split(file, text, length, false);
}

struct lexer *lexer_new_rules(const char *file, const char *text, gsize length)
{
    return split(file, text, length, true);
}

void lexer_free(struct lexer *lexer)
{
    if (lexer == NULL) {
        return;
    }
    g_ptr_array_unref(lexer->tokens);
    g_ptr_array_unref(lexer->errors);
    g_array_unref(lexer->places);
    g_free(lexer->file);
    g_free(lexer);
}

enum status lexer_verdict(const struct lexer *lexer, struct err *err)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const size_t room = sizeof(err->text) - sizeof("\nand 4294967295 more errors");

    for (guint i = 0; i < lexer->errors->len; i++) {
        const char *error = lexer->errors->pdata[i];
        if (i > 0 && text->len + 1 + strlen(error) > room) {
            g_string_append_printf(text, "\nand %u more errors", lexer->errors->len - i);
            break;
        }
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", error);
    }
    return text->len == 0 ? ST_OK : err_set(err, ST_FATAL, "%s", text->str);
}
