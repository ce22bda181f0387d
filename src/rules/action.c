/* action - what stands behind "then"
 *
 *     act     = "set" ( NAME value / "field" NAME value )   ; NAME: status type priority impact product group title …
 *             / "tag" value / "untag" value
 *             / "assign" ( ADDRESS / "none" / "sender" / ( "round-robin" / "least-loaded" ) group )
 *             / "add" "cc" ADDRESS
 *             / "note" STRING
 *             / "answer" ( NOTICE / "text" STRING )
 *             / "notify" ( ADDRESS / "group" group / "assignee" / "requester" ) [ STRING ]
 *             / "hold" [ STRING ] / "reject" [ NOTICE ] / "spam"
 *             / "link" value / "web-hook" STRING
 *             / "requester" "from" "reply-to"
 *             / "stop"
 *     group   = NAME / "ticket.group"
 *
 * In strings of actions "$name" and "${name}" stand for what a group of that name matched in the rule's condition, "$$"
 * for a dollar (literal.c).
 *
 * One row of ACTS an action: its first word and the function that reads the rest. The table is also what "did you mean"
 * looks at. What the words mean is checked in check_action.c.
 * Pure: no I/O.
 */
#include <string.h>

#include "rules/parser.h"

static bool read_into(struct parser *parser, struct rule_literal **value, const char *expected)
{
    *value = parser_literal(parser, expected);
    return *value != NULL;
}

static bool read_set(struct parser *parser, struct rule_action *action)
{
    if (!parser_field(parser, &action->field, "a field to set, such as priority")) {
        return false;
    }
    if (strcmp(action->field.word, "field") == 0) {
        OWNED(rule_literal) name = parser_literal(parser, "the name of one of the desk's fields");
        if (name == NULL) {
            return false;
        }
        g_free(action->field.word);
        action->field.word = g_strconcat("field.", name->text, NULL);
        action->field.at = name->at;
    }
    return read_into(parser, &action->value, "a value to set");
}

static bool read_tag(struct parser *parser, struct rule_action *action)
{
    return read_into(parser, &action->value, "a tag");
}

static bool read_group(struct parser *parser, struct rule_action *action)
{
    if (parser_accept_word(parser, "ticket.group")) {
        return true;
    }
    return read_into(parser, &action->value, "a group, or ticket.group");
}

static bool read_assign(struct parser *parser, struct rule_action *action)
{
    static const struct {
        const char *word;
        enum rule_pick pick;
        bool has_group;
    } PICKS[] = {
        {"none", PICK_NOBODY, false},
        {"sender", PICK_SENDER, false},
        {"round-robin", PICK_ROUND_ROBIN, true},
        {"least-loaded", PICK_LEAST_LOADED, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(PICKS); i++) {
        if (parser_accept_word(parser, PICKS[i].word)) {
            action->pick = PICKS[i].pick;
            return !PICKS[i].has_group || read_group(parser, action);
        }
    }
    action->pick = PICK_PERSON;
    return read_into(parser, &action->value,
                     "an address, none, sender, round-robin GROUP or least-loaded GROUP");
}

static bool read_add(struct parser *parser, struct rule_action *action)
{
    if (!parser_accept_word(parser, "cc")) {
        return parser_expected(parser, "\"cc\" after \"add\"");
    }
    return read_into(parser, &action->value, "an address");
}

static bool read_text(struct parser *parser, struct rule_action *action)
{
    action->value = parser_maybe_string(parser);
    return action->value != NULL || parser_expected(parser, "a text in \"quotes\"");
}

static bool read_answer(struct parser *parser, struct rule_action *action)
{
    if (parser_accept_word(parser, "text")) {
        return read_text(parser, action);
    }
    return read_into(parser, &action->name, "a notice, or text \"…\"");
}

static bool read_notify(struct parser *parser, struct rule_action *action)
{
    if (parser_accept_word(parser, "assignee")) {
        action->pick = PICK_ASSIGNEE;
    } else if (parser_accept_word(parser, "requester")) {
        action->pick = PICK_REQUESTER;
    } else if (parser_accept_word(parser, "group")) {
        action->pick = PICK_GROUP;
        if (!read_group(parser, action)) {
            return false;
        }
    } else {
        action->pick = PICK_PERSON;
        if (!read_into(parser, &action->value, "an address, group NAME, assignee or requester")) {
            return false;
        }
    }
    action->more = parser_maybe_string(parser);
    return true;
}

static bool read_hold(struct parser *parser, struct rule_action *action)
{
    action->value = parser_maybe_string(parser);
    return true;
}

static bool read_reject(struct parser *parser, struct rule_action *action)
{
    return parser_is_at_end(parser) || read_into(parser, &action->name, "a notice");
}

static bool read_nothing(struct parser *parser, struct rule_action *action)
{
    (void)parser;
    (void)action;
    return true;
}

static bool read_link(struct parser *parser, struct rule_action *action)
{
    return read_into(parser, &action->value, "the number of a ticket, such as \"$number\"");
}

static bool read_requester(struct parser *parser, struct rule_action *action)
{
    (void)action;
    if (parser_accept_word(parser, "from") && parser_accept_word(parser, "reply-to")) {
        return true;
    }
    return parser_expected(parser, "\"from reply-to\" after \"requester\"");
}

static bool read_stop(struct parser *parser, struct rule_action *action)
{
    (void)parser;
    action->is_stop = true;
    return true;
}

static const struct act {
    const char *word;
    bool (*read)(struct parser *parser, struct rule_action *action);
    enum rule_effect_kind kind;
    bool may_override; /* it decides something that another rule may have decided */
} ACTS[] = {
    {"set", read_set, EFFECT_SET, true},
    {"tag", read_tag, EFFECT_TAG, true},
    {"untag", read_tag, EFFECT_UNTAG, true},
    {"assign", read_assign, EFFECT_ASSIGN, true},
    {"add", read_add, EFFECT_ADD_CC, false},
    {"note", read_text, EFFECT_NOTE, false},
    {"answer", read_answer, EFFECT_ANSWER, false},
    {"notify", read_notify, EFFECT_NOTIFY, false},
    {"hold", read_hold, EFFECT_HOLD, true},
    {"reject", read_reject, EFFECT_REJECT, true},
    {"spam", read_nothing, EFFECT_SPAM, true},
    {"link", read_link, EFFECT_LINK, false},
    {"web-hook", read_text, EFFECT_WEB_HOOK, false},
    {"requester", read_requester, EFFECT_REQUESTER_FROM_REPLY_TO, true},
    {"stop", read_stop, EFFECT_COUNT, false},
};

static const struct act *find_act(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ACTS); i++) {
        if (strcmp(ACTS[i].word, word) == 0) {
            return &ACTS[i];
        }
    }
    return NULL;
}

static void complain_of_act(struct parser *parser)
{
    const char *names[G_N_ELEMENTS(ACTS)] = {NULL};
    const char *word = parser_peek(parser)->text;
    struct rule_at at = parser_at(parser);

    if (parser_peek(parser)->kind != LEXER_WORD) {
        (void)parser_expected(parser, "an action, such as set, assign or note");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ACTS); i++) {
        names[i] = ACTS[i].word;
    }
    g_autofree char *hint = parser_did_you_mean(word, names, G_N_ELEMENTS(names));
    rule_complain(parser->build, &at, "unknown action \"%s\", expected such as set or assign%s",
                  word, hint);
}

struct rule_action *parser_action(struct parser *parser)
{
    struct rule_at at = parser_at(parser);
    guint from = parser->next;
    OWNED(rule_action) action = rule_action_new(&at);

    action->is_override = parser_accept_word(parser, "override");
    const struct act *act = parser_peek(parser)->kind == LEXER_WORD
                                ? find_act(parser_peek(parser)->text)
                                : NULL;
    if (act == NULL) {
        complain_of_act(parser);
        return NULL;
    }
    parser->next++;
    action->kind = act->kind;
    if (!act->read(parser, action)) {
        return NULL;
    }
    if (action->is_override && !act->may_override) {
        rule_complain(parser->build, &at,
                      "\"override\" means nothing here, \"%s\" takes nothing from other rules",
                      act->word);
    }
    action->source = parser_source(parser, from);
    return g_steal_pointer(&action);
}
