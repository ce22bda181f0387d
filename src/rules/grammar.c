/* grammar - rules as people write them
 *
 *     file       = *( rule / test )
 *     rule       = "rule" STRING "{" on [ if ] then "}"
 *     on         = "on" ( event *( "," event ) / "every" DURATION ) [ ";" ]
 *     if         = "if" condition [ ";" ]
 *     then       = "then" action *( ";" action ) [ ";" ]
 *
 *     condition  = all *( "or" all )
 *     all        = one *( "and" one )
 *     one        = "not" one / "(" condition ")" / FIELD [ is ]
 *     is         = ( "=" / "!=" / "<" / "<=" / ">" / ">=" ) value
 *                / [ "not" ] "in" "(" value *( "," value ) ")"
 *                / ( "~" / "!~" ) PATTERN
 *                / "changed" [ "from" values ] [ "to" values ]
 *     values     = value / "(" value *( "," value ) ")"
 *     value      = WORD / STRING / "none"
 *
 *     action     = [ "override" ] act                       ; action.c
 *     test       = "test" STRING "{" … "}"                  ; expectation.c
 *
 *     FIELD      = WORD                  ; of the table in field.c, such as ticket.status, mail.header.NAME, field.NAME
 *     PATTERN    = "/" … "/" *( "i" / "m" / "s" / "x" )     ; as pcre2 reads it; a stroke in it is written "\/"
 *     DURATION   = 1*( number unit )     ; s, m, h, d, w: 30m, 1h30m
 *     comment    = "#" to the end of the line
 *
 * Lines do not count. Tokens are core/lexer's; what words mean is check.c's business. A mistake ends its statement
 * (parser.c). Nesting is bounded, chains of "and" are lists: no file makes the reader or the evaluator deep.
 *
 * Pure: no I/O. Fuzzed by tests/fuzz/fuzz_rules.c.
 */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rules/literal.h"
#include "rules/parser.h"

static struct rule_condition *read_one(struct parser *parser);

static bool read_comparison(struct parser *parser, struct rule_condition *condition)
{
    static const struct {
        const char *symbol;
        enum comparison comparison;
        bool is_negated;
    } SYMBOLS[] = {
        {"=", COMPARE_EQUAL, false}, {"!=", COMPARE_EQUAL, true},
        {"<", COMPARE_LESS, false},  {"<=", COMPARE_LESS_OR_EQUAL, false},
        {">", COMPARE_MORE, false},  {">=", COMPARE_MORE_OR_EQUAL, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(SYMBOLS); i++) {
        if (parser_accept_symbol(parser, SYMBOLS[i].symbol)) {
            condition->kind = CONDITION_COMPARE;
            condition->comparison = SYMBOLS[i].comparison;
            condition->is_negated = SYMBOLS[i].is_negated;
            return true;
        }
    }
    return false;
}

static bool read_value(struct parser *parser, GPtrArray *values)
{
    struct rule_at at = parser_at(parser);
    struct rule_literal *value = parser_literal(parser, "a value");

    if (value == NULL) {
        return false;
    }
    if (values->len == LIMIT_RULE_LIST) {
        rule_complain(parser->build, &at, "this list is too long, expected at most %d values",
                      LIMIT_RULE_LIST);
    }
    g_ptr_array_add(values, value);
    return true;
}

static bool read_list(struct parser *parser, GPtrArray *values)
{
    if (!parser_accept_symbol(parser, "(")) {
        return parser_expected(parser, "\"(\" and a list of values");
    }
    do {
        if (!read_value(parser, values)) {
            return false;
        }
    } while (parser_accept_symbol(parser, ","));
    return parser_accept_symbol(parser, ")") || parser_expected(parser, "\",\" or \")\"");
}

static bool read_values(struct parser *parser, GPtrArray *values)
{
    return parser_is_symbol(parser, "(") ? read_list(parser, values) : read_value(parser, values);
}

static bool read_changed(struct parser *parser, struct rule_condition *condition)
{
    condition->kind = CONDITION_CHANGED;
    if (parser_accept_word(parser, "from") && !read_values(parser, condition->values)) {
        return false;
    }
    if (!parser_accept_word(parser, "to")) {
        return true;
    }
    condition->to_values = rule_literals_new();
    return read_values(parser, condition->to_values);
}

static bool read_pattern(struct parser *parser, struct rule_condition *condition, bool is_negated)
{
    condition->kind = CONDITION_MATCH;
    condition->is_negated = is_negated;
    condition->pattern_at = parser_at(parser);
    return parser_pattern(parser, &condition->pattern_text, &condition->pattern_flags);
}

/* What is said of a field. */
static bool read_is(struct parser *parser, struct rule_condition *condition)
{
    static const char *const OPERATORS[] = {"in", "changed", "not in"};
    const struct lexer_token *token = parser_peek(parser);
    struct rule_at at = parser_at(parser);

    if (read_comparison(parser, condition)) {
        return read_value(parser, condition->values);
    }
    if (parser_accept_symbol(parser, "~")) {
        return read_pattern(parser, condition, false);
    }
    if (parser_accept_symbol(parser, "!~")) {
        return read_pattern(parser, condition, true);
    }
    if (parser_accept_word(parser, "changed")) {
        return read_changed(parser, condition);
    }
    condition->is_negated = parser_accept_word(parser, "not");
    if (parser_accept_word(parser, "in")) {
        condition->kind = CONDITION_IN;
        return read_list(parser, condition->values);
    }
    if (condition->is_negated) {
        return parser_expected(parser, "\"in\" after \"not\"");
    }
    if (token->kind == LEXER_STRING ||
        (token->kind == LEXER_WORD && !parser_is_word(parser, "and") &&
         !parser_is_word(parser, "or") && !parser_is_word(parser, "then") &&
         !parser_is_word(parser, "on"))) {
        g_autofree char *hint = parser_did_you_mean(token->text, OPERATORS,
                                                    G_N_ELEMENTS(OPERATORS));
        rule_complain(parser->build, &at,
                      "unexpected \"%s\", expected a comparison such as \"=\", \"in\", \"~\" or "
                      "\"changed\"%s",
                      token->text, hint);
        return false;
    }
    condition->kind = CONDITION_IS;
    return true;
}

static struct rule_condition *read_field(struct parser *parser)
{
    struct rule_at at = parser_at(parser);
    guint from = parser->next;
    OWNED(rule_condition) condition = rule_condition_new(CONDITION_IS, &at);

    if (!parser_field(parser, &condition->field, "a field, such as ticket.status") ||
        !read_is(parser, condition)) {
        return NULL;
    }
    condition->source = parser_source(parser, from);
    return g_steal_pointer(&condition);
}

static struct rule_condition *read_not(struct parser *parser, const struct rule_at *at)
{
    OWNED(rule_condition) negation = rule_condition_new(CONDITION_NOT, at);
    struct rule_condition *part = read_one(parser);

    if (part == NULL) {
        return NULL;
    }
    g_ptr_array_add(negation->parts, part);
    return g_steal_pointer(&negation);
}

static struct rule_condition *read_in_parentheses(struct parser *parser)
{
    OWNED(rule_condition) condition = parser_condition(parser);

    if (condition == NULL) {
        return NULL;
    }
    if (!parser_accept_symbol(parser, ")")) {
        (void)parser_expected(parser, "\"and\", \"or\" or \")\"");
        return NULL;
    }
    return g_steal_pointer(&condition);
}

static struct rule_condition *read_one(struct parser *parser)
{
    struct rule_at at = parser_at(parser);
    struct rule_condition *condition = NULL;

    if (parser->depth >= LIMIT_RULE_NESTING) {
        rule_complain(parser->build, &at, "this is nested too deep, expected at most %d levels",
                      LIMIT_RULE_NESTING);
        return NULL;
    }
    parser->depth++;
    if (parser_accept_word(parser, "not")) {
        condition = read_not(parser, &at);
    } else if (parser_accept_symbol(parser, "(")) {
        condition = read_in_parentheses(parser);
    } else {
        condition = read_field(parser);
    }
    parser->depth--;
    return condition;
}

/* A chain of one operator: its parts, or the only one itself. */
static struct rule_condition *read_chain(struct parser *parser, const char *word,
                                         enum condition_kind kind,
                                         struct rule_condition *(*read_part)(struct parser *))
{
    struct rule_at at = parser_at(parser);
    OWNED(rule_condition) chain = rule_condition_new(kind, &at);

    do {
        struct rule_condition *part = read_part(parser);
        if (part == NULL) {
            return NULL;
        }
        g_ptr_array_add(chain->parts, part);
    } while (parser_accept_word(parser, word));
    return chain->parts->len == 1 ? g_ptr_array_steal_index(chain->parts, 0)
                                  : g_steal_pointer(&chain);
}

static struct rule_condition *read_all(struct parser *parser)
{
    return read_chain(parser, "and", CONDITION_AND, read_one);
}

struct rule_condition *parser_condition(struct parser *parser)
{
    return read_chain(parser, "or", CONDITION_OR, read_all);
}

/* ---- events ----------------------------------------------------------------------------------- */

/* Words of later versions: known, so that nobody looks for a spelling mistake. */
static bool is_of_later_version(const char *word)
{
    return g_str_has_prefix(word, "sla-") || strcmp(word, "low-rating") == 0;
}

static bool read_event(struct parser *parser, unsigned *events)
{
    const char *names[EVENT_COUNT + 1] = {NULL};
    const struct lexer_token *token = parser_peek(parser);
    struct rule_at at = parser_at(parser);

    for (enum rule_event event = 0; event < EVENT_COUNT; event++) {
        names[event] = rule_event_name(event);
        if (parser_accept_word(parser, names[event])) {
            *events |= 1U << event;
            return true;
        }
    }
    if (token->kind != LEXER_WORD) {
        return parser_expected(parser, "an event, such as ticket-created, or every DURATION");
    }
    if (is_of_later_version(token->text)) {
        rule_complain(parser->build, &at, "the event \"%s\" is not in this version", token->text);
    } else {
        names[EVENT_COUNT] = "every";
        g_autofree char *hint = parser_did_you_mean(token->text, names, G_N_ELEMENTS(names));
        rule_complain(parser->build, &at, "unknown event \"%s\", expected such as ticket-created%s",
                      token->text, hint);
    }
    parser->next++;
    return true; /* the rest of the list is fine */
}

bool parser_events(struct parser *parser, unsigned *events, bool *is_every,
                   struct rule_literal **every)
{
    if (parser_accept_word(parser, "every")) {
        *is_every = true;
        if (every == NULL) {
            return true;
        }
        *every = parser_literal(parser, "a duration, such as 1h");
        return *every != NULL;
    }
    do {
        if (!read_event(parser, events)) {
            return false;
        }
    } while (parser_accept_symbol(parser, ","));
    return true;
}

/* ---- rules ------------------------------------------------------------------------------------ */

/* What a rule has said so far. */
struct clauses {
    bool has_on;
    bool has_if;
    bool has_then;
};

static bool is_first(struct parser *parser, bool *has_it, const struct rule_at *at,
                     const char *word)
{
    if (*has_it && !rule_has_complained(parser->build, at)) {
        rule_complain(parser->build, at, "a second \"%s\" in one rule, expected one", word);
    }
    bool is_first = !*has_it;
    *has_it = true;
    return is_first;
}

static bool read_on(struct parser *parser, struct rule *rule)
{
    struct rule_literal *every = NULL;
    bool is_every = false;
    bool is_read = parser_events(parser, &rule->events, &is_every, &every);

    if (every != NULL) {
        OWNED(rule_literal) owned = every;
        rule->every_at = owned->at;
        if (literal_duration(owned->text, &rule->every_us) &&
            rule->every_us >= (int64_t)LIMIT_RULE_EVERY_S * G_USEC_PER_SEC) {
            return is_read;
        }
        rule_complain(
            parser->build, &owned->at,
            "\"%s\" is no interval, expected a duration of at least 1m, such as 30m or 1d",
            owned->text);
        rule->every_us = G_USEC_PER_SEC;
    }
    return is_read;
}

static bool is_next_clause(const struct parser *parser)
{
    return parser_is_at_end(parser) || parser_is_word(parser, "if") ||
           parser_is_word(parser, "on") || parser_is_word(parser, "then");
}

static void read_actions(struct parser *parser, struct rule *rule)
{
    do {
        struct rule_at at = parser_at(parser);
        guint before = parser->next;
        struct rule_action *action = parser_action(parser);
        if (action == NULL) {
            parser_recover(parser);
            parser->next += parser->next == before && !is_next_clause(parser) ? 1 : 0;
            continue;
        }
        if (rule->actions->len == LIMIT_RULE_LIST) {
            rule_complain(parser->build, &at, "too many actions in one rule, expected at most %d",
                          LIMIT_RULE_LIST);
        }
        g_ptr_array_add(rule->actions, action);
        if (!parser_is_at_end(parser)) {
            (void)parser_expected(parser, "\";\" or \"}\" after an action");
            parser_recover(parser);
        }
        while (parser_accept_symbol(parser, ";")) {
        }
    } while (!is_next_clause(parser));
}

/* One clause; false: it was not understood, and the rest of it is to be left out. */
static bool read_clause(struct parser *parser, struct rule *rule, struct clauses *clauses)
{
    struct rule_at at = parser_at(parser);

    if (parser_accept_word(parser, "on")) {
        return is_first(parser, &clauses->has_on, &at, "on") && read_on(parser, rule);
    }
    if (parser_accept_word(parser, "if")) {
        rule->has_condition = true;
        if (!is_first(parser, &clauses->has_if, &at, "if")) {
            return false;
        }
        rule->condition = parser_condition(parser);
        if (rule->condition == NULL) {
            return false;
        }
        return parser_is_at_end(parser) || parser_is_word(parser, "then") ||
               parser_expected(parser, "\"and\", \"or\" or \"then\"");
    }
    if (parser_accept_word(parser, "then")) {
        if (!is_first(parser, &clauses->has_then, &at, "then")) {
            return false;
        }
        read_actions(parser, rule);
        return true;
    }
    return parser_expected(parser, "\"on\", \"if\", \"then\" or \"}\"");
}

static void read_rule(struct parser *parser, struct rule *rule)
{
    struct clauses clauses = {.has_on = false};

    while (!parser_is_symbol(parser, "}") && !parser_is_at_top(parser) &&
           parser_peek(parser)->kind != LEXER_END) {
        if (parser_accept_symbol(parser, ";")) {
            continue;
        }
        guint before = parser->next;
        if (!read_clause(parser, rule, &clauses)) {
            parser->next += parser->next == before ? 1 : 0;
            parser_recover(parser);
        }
    }
    if (!clauses.has_on) {
        rule_complain(parser->build, &rule->at,
                      "the rule \"%s\" does not say when, expected \"on\" and an event",
                      rule->name);
    }
    if (!clauses.has_then) {
        rule_complain(parser->build, &rule->at,
                      "the rule \"%s\" does nothing, expected \"then\" and an action", rule->name);
    }
}

/* ---- the file --------------------------------------------------------------------------------- */

static char *place_of(const struct parser *parser, const struct rule_at *at)
{
    return g_strdup_printf("%s:%u", parser->lexer->file, at->line);
}

static void end_block(struct parser *parser)
{
    if (!parser_accept_symbol(parser, "}")) {
        (void)parser_expected(parser, "\"}\" at the end of the rule or test");
    }
}

/* Names stand in histories and in the log. */
static void read_name(struct parser *parser)
{
    const char *name = parser_peek(parser)->text;
    struct rule_at at = parser_at(parser);
    g_autofree char *line = text_one_line(name, LIMIT_RULE_NAME_CHARS);

    if (strcmp(line, name) != 0) {
        rule_complain(parser->build, &at,
                      "this is no name, expected one line of at most %d characters without blanks "
                      "around it",
                      LIMIT_RULE_NAME_CHARS);
    }
}

static bool begin_block(struct parser *parser, char **name_out)
{
    parser->next++;
    const struct lexer_token *token = parser_peek(parser);
    if (token->kind != LEXER_STRING || token->text[0] == '\0') {
        return parser_expected(parser, "a name in \"quotes\"");
    }
    *name_out = g_strdup(token->text);
    read_name(parser);
    parser->next++;
    return parser_accept_symbol(parser, "{") || parser_expected(parser, "\"{\" after the name");
}

static void read_top(struct parser *parser)
{
    struct rule_at at = parser_at(parser);
    struct rules *rules = parser->build->rules;

    if (parser_is_word(parser, "rule")) {
        OWNED(rule) rule = rule_new(&at);
        rule->place = place_of(parser, &at);
        if (!begin_block(parser, &rule->name)) {
            parser_skip_block(parser);
            return;
        }
        read_rule(parser, rule);
        rule->index = rules->list->len;
        g_ptr_array_add(rules->list, g_steal_pointer(&rule));
    } else {
        OWNED(rule_test) test = rule_test_new(&at);
        test->place = place_of(parser, &at);
        if (!begin_block(parser, &test->name)) {
            parser_skip_block(parser);
            return;
        }
        parser_test(parser, test);
        g_ptr_array_add(rules->tests, g_steal_pointer(&test));
    }
    end_block(parser);
}

static void check_count(struct parser *parser)
{
    const struct rules *rules = parser->build->rules;
    struct rule_at at = parser_at(parser);

    if (rules->list->len > LIMIT_RULES || rules->tests->len > LIMIT_RULES) {
        rule_complain(parser->build, &at, "too many rules or tests, expected at most %d of each",
                      LIMIT_RULES);
        parser->next = parser->lexer->tokens->len - 1;
    }
}

void grammar_read(struct rule_build *build, unsigned file, const char *text, size_t length)
{
    static const char *const TOP[] = {"rule", "test"};
    const char *name = build->rules->files->pdata[file];
    OWNED(lexer) lexer = lexer_new_rules(name, text, length);
    struct parser parser = {.build = build, .lexer = lexer, .text = text, .file = file};
    const size_t prefix = strlen(name);

    for (guint i = 0; i < lexer->errors->len; i++) {
        struct lexer_place place = g_array_index(lexer->places, struct lexer_place, i);
        struct rule_at at = {file, place.line, place.column};
        const char *what = strstr((const char *)lexer->errors->pdata[i] + prefix, ": ");
        rule_complain(build, &at, "%s", what != NULL ? what + 2 : "");
    }
    while (parser_peek(&parser)->kind != LEXER_END) {
        if (parser_is_word(&parser, TOP[0]) || parser_is_word(&parser, TOP[1])) {
            read_top(&parser);
            check_count(&parser);
            continue;
        }
        const char *found = parser_peek(&parser)->text;
        g_autofree char *hint = parser_did_you_mean(found, TOP, G_N_ELEMENTS(TOP));
        struct rule_at at = parser_at(&parser);
        rule_complain(build, &at, "unexpected \"%s\", expected \"rule\" or \"test\"%s", found,
                      hint);
        parser_skip_block(&parser);
    }
}
