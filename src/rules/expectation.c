/* expectation - tests inside rule files, as they are written
 *
 *     test      = "test" STRING "{" [ "on" ( event *( "," event ) / "every" ) ";" ] givens expects "}"
 *     givens    = "given" given *( ";" [ "given" ] given ) [ ";" ]
 *     given     = "mail" *part
 *               / "time" STRING                                  ; "2026-11-23 08:30", of the desk's zone
 *               / [ "before" ] FIELD [ value *( "," value ) ]    ; without a value: yes
 *     part      = ( "from" / "name" / "to" / "cc" / "reply-to" / "subject" / "body" / "mailbox" ) value *( "," value )
 *               / ( "size" / "kind" / "role" ) value / "header" NAME value
 *               / "attachment" NAME [ TYPE ]                     ; both are strings
 *               / "thanks" / "unverified"
 *     expects   = "expect" expect *( ";" [ "expect" ] expect ) [ ";" ]
 *     expect    = [ "not" ] what
 *     what      = ( "status" / "type" / … ) value / "field" NAME value   ; what it is afterwards
 *               / "assignee" ( value / "sender" / ( "round-robin" / "least-loaded" ) group )
 *               / "tag" value / "cc" value / "link" value / "web-hook" value
 *               / "note" text / "held" [ text ] / "rejected" [ NOTICE ] / "spam"
 *               / "answered" ( NOTICE / text )
 *               / "notified" ( ADDRESS / "group" group / "assignee" / "requester" ) [ text ]
 *               / "requester" "from" "reply-to"
 *               / "fired" STRING / "stopped" / "nothing"
 *     text      = STRING / "~" PATTERN
 *
 * A test without "on" is of a new mail: mail-received, ticket-created. What a test does not give, a new mail of an
 * ordinary contact gives (test_world.c).
 * Pure: no I/O.
 */
#include <string.h>

#include "core/limits.h"
#include "rules/parser.h"

/* ---- given ------------------------------------------------------------------------------------ */

static bool read_given_values(struct parser *parser, struct rule_given *given)
{
    do {
        struct rule_literal *value = parser_literal(parser, "a value");
        if (value == NULL) {
            return false;
        }
        g_ptr_array_add(given->values, value);
    } while (parser_accept_symbol(parser, ","));
    return true;
}

static struct rule_given *given_of(const struct rule_at *at, const char *word)
{
    struct rule_given *given = rule_given_new(at);

    given->field.at = *at;
    given->field.word = g_strdup(word);
    return given;
}

static void add_word(struct rule_given *given, const char *word)
{
    g_ptr_array_add(given->values, rule_literal_new(&given->at, word, false));
}

/* "attachment NAME [TYPE]": two lists grow by one. */
static bool read_attachment(struct parser *parser, struct rule_test *test, const struct rule_at *at)
{
    OWNED(rule_given) given = given_of(at, "mail.attachment-names");
    struct rule_literal *name = parser_literal(parser, "the name of the attachment");

    if (name == NULL) {
        return false;
    }
    given->is_attachments = true;
    g_ptr_array_add(given->values, name);
    struct rule_literal *type = parser_maybe_string(parser);
    g_ptr_array_add(given->values,
                    type != NULL ? type : rule_literal_new(at, "application/octet-stream", true));
    g_ptr_array_add(test->givens, g_steal_pointer(&given));
    return true;
}

static bool read_header(struct parser *parser, struct rule_test *test, const struct rule_at *at)
{
    OWNED(rule_literal) name = parser_literal(parser, "the name of a header field");

    if (name == NULL) {
        return false;
    }
    g_autofree char *word = g_strconcat("mail.header.", name->text, NULL);
    OWNED(rule_given) given = given_of(at, word);
    if (!read_given_values(parser, given)) {
        return false;
    }
    g_ptr_array_add(test->givens, g_steal_pointer(&given));
    return true;
}

static const struct {
    const char *word;
    const char *field;
    const char *value; /* instead of one that follows */
} PARTS[] = {
    {"from", "mail.from", NULL},
    {"name", "mail.from-name", NULL},
    {"to", "mail.to", NULL},
    {"cc", "mail.cc", NULL},
    {"reply-to", "mail.reply-to", NULL},
    {"subject", "mail.subject", NULL},
    {"body", "mail.body", NULL},
    {"mailbox", "mail.mailbox", NULL},
    {"size", "mail.size", NULL},
    {"kind", "mail.kind", NULL},
    {"role", "mail.role", NULL},
    {"thanks", "mail.is-thanks", "yes"},
    {"unverified", "mail.is-verified", "no"},
    {"header", NULL, NULL},
    {"attachment", NULL, NULL},
};

static bool complain_of_part(struct parser *parser)
{
    const char *names[G_N_ELEMENTS(PARTS)] = {NULL};
    const char *word = parser_peek(parser)->text;
    struct rule_at at = parser_at(parser);

    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        names[i] = PARTS[i].word;
    }
    g_autofree char *hint = parser_did_you_mean(word, names, G_N_ELEMENTS(names));
    rule_complain(parser->build, &at,
                  "unexpected \"%s\", expected a part of the mail such as from or subject%s", word,
                  hint);
    return false;
}

static bool read_part(struct parser *parser, struct rule_test *test)
{
    struct rule_at at = parser_at(parser);

    if (parser_accept_word(parser, "attachment")) {
        return read_attachment(parser, test, &at);
    }
    if (parser_accept_word(parser, "header")) {
        return read_header(parser, test, &at);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        if (PARTS[i].field == NULL || !parser_accept_word(parser, PARTS[i].word)) {
            continue;
        }
        OWNED(rule_given) given = given_of(&at, PARTS[i].field);
        if (PARTS[i].value != NULL) {
            add_word(given, PARTS[i].value);
        } else if (!read_given_values(parser, given)) {
            return false;
        }
        g_ptr_array_add(test->givens, g_steal_pointer(&given));
        return true;
    }
    return complain_of_part(parser);
}

static bool read_given_mail(struct parser *parser, struct rule_test *test)
{
    while (!parser_is_at_end(parser) && !parser_is_word(parser, "expect") &&
           !parser_is_word(parser, "given")) {
        if (!read_part(parser, test)) {
            return false;
        }
    }
    return true;
}

static bool read_given_field(struct parser *parser, struct rule_test *test)
{
    struct rule_at at = parser_at(parser);
    OWNED(rule_given) given = rule_given_new(&at);

    given->is_before = parser_accept_word(parser, "before");
    if (!parser_field(parser, &given->field, "mail, time, or a field such as ticket.status")) {
        return false;
    }
    if (parser_is_at_end(parser) || parser_is_word(parser, "expect") ||
        parser_is_word(parser, "given")) {
        add_word(given, "yes");
    } else if (!read_given_values(parser, given)) {
        return false;
    }
    g_ptr_array_add(test->givens, g_steal_pointer(&given));
    return true;
}

static bool read_given_time(struct parser *parser, struct rule_test *test, const struct rule_at *at)
{
    OWNED(rule_given) given = given_of(at, "time.of-day");

    given->is_time = true;
    struct rule_literal *value = parser_literal(parser, "a time, such as \"2026-11-23 08:30\"");
    if (value == NULL) {
        return false;
    }
    g_ptr_array_add(given->values, value);
    g_ptr_array_add(test->givens, g_steal_pointer(&given));
    return true;
}

static bool read_given(struct parser *parser, struct rule_test *test)
{
    struct rule_at at = parser_at(parser);

    if (parser_accept_word(parser, "mail")) {
        return read_given_mail(parser, test);
    }
    if (parser_accept_word(parser, "time")) {
        return read_given_time(parser, test, &at);
    }
    return read_given_field(parser, test);
}

/* ---- expect ----------------------------------------------------------------------------------- */

/* STRING / "~" PATTERN, if it is there. */
static bool read_text(struct parser *parser, struct rule_expectation *expectation)
{
    if (parser_accept_symbol(parser, "~")) {
        expectation->pattern_at = parser_at(parser);
        return parser_pattern(parser, &expectation->pattern_text, &expectation->pattern_flags);
    }
    struct rule_literal *value = parser_maybe_string(parser);
    if (value != NULL) {
        rule_literal_free(expectation->value);
        expectation->value = value;
    }
    return true;
}

static bool read_some_text(struct parser *parser, struct rule_expectation *expectation)
{
    if (!read_text(parser, expectation)) {
        return false;
    }
    return expectation->value != NULL || expectation->pattern_text != NULL ||
           parser_expected(parser, "a text in \"quotes\", or \"~\" and a pattern");
}

static bool read_value(struct parser *parser, struct rule_expectation *expectation)
{
    expectation->value = parser_literal(parser, "a value");
    return expectation->value != NULL;
}

static bool read_nothing(struct parser *parser, struct rule_expectation *expectation)
{
    (void)parser;
    (void)expectation;
    return true;
}

static bool read_group(struct parser *parser, struct rule_expectation *expectation)
{
    expectation->value = parser_accept_word(parser, "ticket.group")
                             ? rule_literal_new(&expectation->at, "", true)
                             : parser_literal(parser, "a group, or ticket.group");
    return expectation->value != NULL;
}

static bool read_assignee(struct parser *parser, struct rule_expectation *expectation)
{
    expectation->has_pick = true;
    if (parser_accept_word(parser, "sender")) {
        expectation->pick = PICK_SENDER;
        return true;
    }
    if (parser_accept_word(parser, "round-robin")) {
        expectation->pick = PICK_ROUND_ROBIN;
        return read_group(parser, expectation);
    }
    if (parser_accept_word(parser, "least-loaded")) {
        expectation->pick = PICK_LEAST_LOADED;
        return read_group(parser, expectation);
    }
    expectation->has_pick = false;
    expectation->kind = EXPECT_FIELD;
    expectation->field.at = expectation->at;
    expectation->field.word = g_strdup("ticket.assignee");
    return read_value(parser, expectation);
}

static bool read_notified(struct parser *parser, struct rule_expectation *expectation)
{
    bool is_read = true;

    expectation->has_pick = true;
    if (parser_accept_word(parser, "assignee")) {
        expectation->pick = PICK_ASSIGNEE;
    } else if (parser_accept_word(parser, "requester")) {
        expectation->pick = PICK_REQUESTER;
    } else if (parser_accept_word(parser, "group")) {
        expectation->pick = PICK_GROUP;
        is_read = read_group(parser, expectation);
    } else {
        expectation->pick = PICK_PERSON;
        is_read = read_value(parser, expectation);
    }
    expectation->name = g_steal_pointer(&expectation->value); /* whom; value is what was said */
    return is_read && read_text(parser, expectation);
}

static bool read_notice(struct parser *parser, struct rule_expectation *expectation)
{
    if (parser_is_symbol(parser, "~") || parser_peek(parser)->kind == LEXER_STRING) {
        return read_text(parser, expectation);
    }
    expectation->name = parser_literal(parser,
                                       "a notice, a text in \"quotes\", or \"~\" and a pattern");
    return expectation->name != NULL;
}

static bool read_rejected(struct parser *parser, struct rule_expectation *expectation)
{
    return parser_is_at_end(parser) || read_notice(parser, expectation);
}

static bool read_field(struct parser *parser, struct rule_expectation *expectation)
{
    OWNED(rule_literal) name = parser_literal(parser, "the name of one of the desk's fields");

    if (name == NULL) {
        return false;
    }
    expectation->field.at = name->at;
    expectation->field.word = g_strconcat("field.", name->text, NULL);
    return read_value(parser, expectation);
}

static bool read_requester(struct parser *parser, struct rule_expectation *expectation)
{
    if (parser_accept_word(parser, "from")) {
        expectation->kind = EXPECT_EFFECT;
        expectation->effect = EFFECT_REQUESTER_FROM_REPLY_TO;
        return parser_accept_word(parser, "reply-to") ||
               parser_expected(parser, "\"reply-to\" after \"from\"");
    }
    expectation->field.at = expectation->at;
    expectation->field.word = g_strdup("ticket.requester");
    return read_value(parser, expectation);
}

static bool read_name_of_rule(struct parser *parser, struct rule_expectation *expectation)
{
    expectation->value = parser_maybe_string(parser);
    return expectation->value != NULL ||
           parser_expected(parser, "the name of a rule in \"quotes\"");
}

static const struct what {
    const char *word;
    enum expect_kind kind;
    enum rule_effect_kind effect;
    bool (*read)(struct parser *parser, struct rule_expectation *expectation);
} WHATS[] = {
    {"assignee", EXPECT_EFFECT, EFFECT_ASSIGN, read_assignee},
    {"tag", EXPECT_EFFECT, EFFECT_TAG, read_value},
    {"cc", EXPECT_EFFECT, EFFECT_ADD_CC, read_value},
    {"link", EXPECT_EFFECT, EFFECT_LINK, read_value},
    {"web-hook", EXPECT_EFFECT, EFFECT_WEB_HOOK, read_some_text},
    {"note", EXPECT_EFFECT, EFFECT_NOTE, read_some_text},
    {"held", EXPECT_EFFECT, EFFECT_HOLD, read_text},
    {"rejected", EXPECT_EFFECT, EFFECT_REJECT, read_rejected},
    {"spam", EXPECT_EFFECT, EFFECT_SPAM, read_nothing},
    {"answered", EXPECT_EFFECT, EFFECT_ANSWER, read_notice},
    {"notified", EXPECT_EFFECT, EFFECT_NOTIFY, read_notified},
    {"requester", EXPECT_FIELD, EFFECT_SET, read_requester},
    {"field", EXPECT_FIELD, EFFECT_SET, read_field},
    {"fired", EXPECT_FIRED, EFFECT_COUNT, read_name_of_rule},
    {"stopped", EXPECT_STOPPED, EFFECT_COUNT, read_nothing},
    {"nothing", EXPECT_NOTHING, EFFECT_COUNT, read_nothing},
};

static const struct what *find_what(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WHATS); i++) {
        if (strcmp(WHATS[i].word, word) == 0) {
            return &WHATS[i];
        }
    }
    return NULL;
}

/* "status open": a field of the ticket that `set` knows. */
static bool read_ticket_field(struct parser *parser, struct rule_expectation *expectation)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *word = parser_peek(parser)->text;
    struct rule_at at = parser_at(parser);
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].name + strlen("ticket.");
        if (!fields[i].can_be_set || fields[i].field == RULE_CUSTOM) {
            continue;
        }
        if (strcmp(name, word) == 0) {
            expectation->kind = EXPECT_FIELD;
            expectation->field.at = at;
            expectation->field.word = g_strdup(fields[i].name);
            parser->next++;
            return read_value(parser, expectation);
        }
        g_ptr_array_add(names, (char *)name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(WHATS); i++) {
        g_ptr_array_add(names, (char *)WHATS[i].word);
    }
    g_autofree char *hint = parser_did_you_mean(word, (const char *const *)names->pdata,
                                                names->len);
    rule_complain(parser->build, &at, "cannot expect \"%s\", expected such as assignee or status%s",
                  word, hint);
    return false;
}

static bool read_what(struct parser *parser, struct rule_expectation *expectation)
{
    const struct lexer_token *token = parser_peek(parser);

    if (token->kind != LEXER_WORD) {
        return parser_expected(parser, "an outcome, such as assignee \"…\" or status open");
    }
    const struct what *what = find_what(token->text);
    if (what == NULL) {
        return read_ticket_field(parser, expectation);
    }
    parser->next++;
    expectation->kind = what->kind;
    expectation->effect = what->effect;
    return what->read(parser, expectation);
}

static bool read_expectation(struct parser *parser, struct rule_test *test)
{
    struct rule_at at = parser_at(parser);
    guint from = parser->next;
    OWNED(rule_expectation) expectation = rule_expectation_new(&at);

    expectation->is_negated = parser_accept_word(parser, "not");
    if (!read_what(parser, expectation)) {
        return false;
    }
    expectation->source = parser_source(parser, from);
    g_ptr_array_add(test->expectations, g_steal_pointer(&expectation));
    return true;
}

/* ---- the test --------------------------------------------------------------------------------- */

/* Items up to the next clause, each ended by ";". */
static void read_items(struct parser *parser, struct rule_test *test,
                       bool (*read_item)(struct parser *, struct rule_test *))
{
    do {
        guint before = parser->next;
        bool is_read = read_item(parser, test);
        bool is_ended = parser_is_at_end(parser) || parser_is_word(parser, "expect") ||
                        parser_is_word(parser, "given") || parser_is_word(parser, "on");
        if (is_read && !is_ended) {
            (void)parser_expected(parser, "\";\" or \"}\"");
        }
        if (!is_read || !is_ended) {
            parser_recover(parser);
            parser->next += parser->next == before && !parser_is_at_end(parser) ? 1 : 0;
        }
        while (parser_accept_symbol(parser, ";")) {
        }
    } while (!parser_is_at_end(parser) && !parser_is_word(parser, "expect") &&
             !parser_is_word(parser, "given") && !parser_is_word(parser, "on"));
}

static void read_test_clause(struct parser *parser, struct rule_test *test)
{
    if (parser_accept_word(parser, "on")) {
        test->has_events = true;
        if (!parser_events(parser, &test->events, &test->is_every, NULL)) {
            parser_recover(parser);
        }
    } else if (parser_accept_word(parser, "given")) {
        read_items(parser, test, read_given);
    } else if (parser_accept_word(parser, "expect")) {
        read_items(parser, test, read_expectation);
    } else {
        (void)parser_expected(parser, "\"given\", \"expect\" or \"on\"");
        parser->next++;
        parser_recover(parser);
    }
}

void parser_test(struct parser *parser, struct rule_test *test)
{
    guint errors = parser->build->errors->len;

    while (!parser_is_symbol(parser, "}") && !parser_is_at_top(parser) &&
           parser_peek(parser)->kind != LEXER_END) {
        if (!parser_accept_symbol(parser, ";")) {
            read_test_clause(parser, test);
        }
    }
    if (test->expectations->len == 0 && parser->build->errors->len == errors) {
        rule_complain(parser->build, &test->at,
                      "the test \"%s\" tests nothing, expected \"expect\"", test->name);
    }
}
