/* check_action - may this rule do that, and do the words of its actions exist?
 *
 * Rules may lower what a mail may do, never raise it. So hold, reject and spam stand in rules on mail-received alone, where
 * nothing has happened yet; and what takes a requester from the mail's own words (`requester from reply-to`, or a group
 * of a pattern) needs a rule whose condition names the sender: without that, everybody could write in somebody's name.
 * Addresses that get mail are fixed: nobody's text decides whom the desk writes to, or which server it asks.
 *
 *     names the sender = mail.from "=" …, mail.from "in" …, mail.from-domain likewise, as a part that must hold:
 *                        of "and" one, of "or" all
 *
 * Pure: no I/O.
 */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rules/check.h"
#include "rules/literal.h"
#include "rules/parser.h"

/* What the actions of one rule know. */
struct scope {
    struct rule_build *build;
    struct rule *rule;
    GPtrArray *groups; /* own: char *: names of groups in the rule's condition */
    bool names_sender;
};

static void find_groups(const struct rule_condition *condition, GPtrArray *groups)
{
    for (guint i = 0; i < condition->parts->len; i++) {
        find_groups(condition->parts->pdata[i], groups);
    }
    const GPtrArray *found = condition->pattern != NULL ? pattern_groups(condition->pattern) : NULL;
    for (guint i = 0; found != NULL && i < found->len; i++) {
        g_ptr_array_add(groups, g_strdup(found->pdata[i]));
    }
}

static bool is_sender(const struct rule_condition *condition)
{
    const struct rule_field_info *info = condition->field.info;
    bool is_equal = (condition->kind == CONDITION_COMPARE &&
                     condition->comparison == COMPARE_EQUAL) ||
                    condition->kind == CONDITION_IN;

    if (info == NULL || !is_equal || condition->is_negated ||
        (info->field != RULE_MAIL_FROM && info->field != RULE_MAIL_FROM_DOMAIN)) {
        return false;
    }
    for (guint i = 0; i < condition->values->len; i++) {
        const struct rule_literal *value = condition->values->pdata[i];
        if (value->is_none) {
            return false;
        }
    }
    return true;
}

static bool names_sender(const struct rule_condition *condition)
{
    bool wants_all = condition->kind == CONDITION_OR;

    if (condition->kind != CONDITION_AND && condition->kind != CONDITION_OR) {
        return is_sender(condition);
    }
    for (guint i = 0; i < condition->parts->len; i++) {
        if (names_sender(condition->parts->pdata[i]) != wants_all) {
            return !wants_all;
        }
    }
    return wants_all;
}

/* A text without groups is what it says, its "$$" a dollar. */
static void make_plain(struct rule_literal *literal)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < literal->parts->len; i++) {
        const struct rule_part *part = literal->parts->pdata[i];
        g_string_append(text, part->text);
    }
    g_clear_pointer(&literal->parts, g_ptr_array_unref);
    g_free(literal->text);
    literal->text = g_string_free(g_steal_pointer(&text), FALSE);
}

static void check_part(const struct scope *scope, const struct rule_literal *literal,
                       const struct rule_part *part)
{
    const char *const *groups = (const char *const *)scope->groups->pdata;

    if (!g_ptr_array_find_with_equal_func(scope->groups, part->text, g_str_equal, NULL)) {
        g_autofree char *hint = parser_did_you_mean(part->text, groups, scope->groups->len);
        rule_complain(scope->build, &literal->at,
                      "unknown group \"$%s\", expected one of a pattern in this rule, such as "
                      "(?<%s>…)%s",
                      part->text, part->text, hint);
    }
}

/* Split a text into words and groups; false: it was complained about. */
static bool read_parts(const struct scope *scope, struct rule_literal *literal, bool *has_group_out)
{
    *has_group_out = false;
    literal->parts = literal_parts(literal->text);
    if (literal->parts == NULL) {
        rule_complain(scope->build, &literal->at,
                      "\"$\" stands for a group of a pattern, expected \"$name\", \"${name}\" or "
                      "\"$$\" for a dollar");
        return false;
    }
    for (guint i = 0; i < literal->parts->len; i++) {
        const struct rule_part *part = literal->parts->pdata[i];
        if (part->is_group) {
            *has_group_out = true;
            check_part(scope, literal, part);
        }
    }
    scope->rule->uses_groups = scope->rule->uses_groups || *has_group_out;
    if (!*has_group_out) {
        make_plain(literal);
    }
    return true;
}

/* A text in which groups may stand; true: it has some. */
static bool check_text(const struct scope *scope, struct rule_literal *literal)
{
    bool has_group = false;

    return literal != NULL && literal->is_quoted && read_parts(scope, literal, &has_group) &&
           has_group;
}

/* A text in which no group may stand. */
static bool check_fixed(const struct scope *scope, struct rule_literal *literal)
{
    bool has_group = false;

    if (literal == NULL || !literal->is_quoted) {
        return true;
    }
    if (!read_parts(scope, literal, &has_group)) {
        return false;
    }
    if (has_group) {
        rule_complain(scope->build, &literal->at,
                      "a group of a pattern must not decide this, expected a fixed text");
    }
    return !has_group;
}

static void need_sender(const struct scope *scope, const struct rule_action *action,
                        const char *what)
{
    if (!scope->names_sender) {
        rule_complain(scope->build, &action->at,
                      "%s only where the rule names the sender, expected \"mail.from = …\" or "
                      "\"mail.from-domain = …\" in its condition",
                      what);
    }
}

static void need_mail_received(const struct scope *scope, const struct rule_action *action)
{
    if (scope->rule->events != 1U << EVENT_MAIL_RECEIVED || scope->rule->every_us != 0) {
        rule_complain(scope->build, &action->at,
                      "\"%s\" comes too late here, expected a rule on mail-received alone",
                      rule_effect_kind_name(action->kind));
    }
}

/* ---- set -------------------------------------------------------------------------------------- */

static void complain_of_set(const struct scope *scope, const struct rule_field_ref *field)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    for (size_t i = 0; i < count; i++) {
        if (fields[i].can_be_set && fields[i].field != RULE_CUSTOM) {
            g_ptr_array_add(names, (char *)fields[i].name + strlen("ticket."));
        }
    }
    g_ptr_array_add(names, (char *)"field");
    g_autofree char *hint = parser_did_you_mean(field->word, (const char *const *)names->pdata,
                                                names->len);
    rule_complain(scope->build, &field->at,
                  "cannot set \"%s\", expected such as status or priority%s", field->word, hint);
}

/* The word of a `set` as the table has it: "status" is ticket.status. */
static bool check_set_field(const struct scope *scope, struct rule_field_ref *field)
{
    bool is_full = strchr(field->word, '.') != NULL;
    g_autofree char *full = is_full ? g_strdup(field->word)
                                    : g_strconcat("ticket.", field->word, NULL);
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    if (strcmp(full, "ticket.assignee") == 0) {
        rule_complain(scope->build, &field->at, "the assignee is not set, expected \"assign\"");
        return false;
    }
    if (!g_str_has_prefix(full, "field.")) {
        bool is_known = false;
        for (size_t i = 0; i < count; i++) {
            is_known = is_known || (fields[i].can_be_set && strcmp(fields[i].name, full) == 0);
        }
        if (!is_known) {
            complain_of_set(scope, field);
            return false;
        }
    }
    g_free(field->word);
    field->word = g_steal_pointer(&full);
    return check_field(scope->build, field);
}

static bool may_be_none(enum rule_field field)
{
    return field != RULE_TICKET_STATUS && field != RULE_TICKET_PRIORITY &&
           field != RULE_TICKET_TYPE && field != RULE_TICKET_IMPACT && field != RULE_TICKET_TITLE &&
           field != RULE_TICKET_REQUESTER;
}

static void check_set_value(const struct scope *scope, const struct rule_action *action)
{
    const struct rule_field_ref *field = &action->field;
    struct rule_literal *value = action->value;
    bool has_group = check_text(scope, value);

    if (value->is_none && !may_be_none(field->info->field)) {
        rule_complain(scope->build, &value->at, "\"%s\" cannot be none, expected a value",
                      field->word);
        return;
    }
    if (!has_group) {
        (void)check_value(scope->build, field, value);
        return;
    }
    if (rule_words_list(field->info->words) != NULL) {
        rule_complain(scope->build, &value->at,
                      "a group of a pattern cannot be \"%s\", expected one of its words",
                      field->word);
    }
    if (field->info->field == RULE_TICKET_REQUESTER || field->info->field == RULE_TICKET_CUSTOMER) {
        need_sender(scope, action, "who asks is taken from the mail's words");
    }
}

static void check_set(const struct scope *scope, struct rule_action *action)
{
    if (check_set_field(scope, &action->field)) {
        check_set_value(scope, action);
    } else {
        (void)check_text(scope, action->value);
    }
}

/* ---- the others ------------------------------------------------------------------------------- */

static void check_group(const struct scope *scope, struct rule_literal *group)
{
    if (group != NULL && check_fixed(scope, group)) {
        (void)check_name(scope->build, group, "group",
                         scope->build->names != NULL ? scope->build->names->groups : NULL);
    }
}

static void check_someone(const struct scope *scope, struct rule_literal *person)
{
    if (check_fixed(scope, person)) {
        (void)check_person(scope->build, person);
    }
}

static void check_notice(const struct scope *scope, struct rule_literal *notice)
{
    if (notice != NULL && check_fixed(scope, notice)) {
        (void)check_name(scope->build, notice, "notice",
                         scope->build->names != NULL ? scope->build->names->notices : NULL);
    }
}

static void check_assign(const struct scope *scope, struct rule_action *action)
{
    if (action->pick == PICK_PERSON) {
        check_someone(scope, action->value);
    } else {
        check_group(scope, action->value);
    }
    if (action->pick == PICK_SENDER && scope->rule->every_us != 0) {
        rule_complain(
            scope->build, &action->at,
            "there is no sender where the time is the cause, expected an address or a group");
    }
}

static void check_notify(const struct scope *scope, struct rule_action *action)
{
    (void)check_text(scope, action->more);
    if (action->pick == PICK_PERSON) {
        check_someone(scope, action->value);
    } else {
        check_group(scope, action->value);
    }
}

static void check_web_hook(const struct scope *scope, struct rule_action *action)
{
    if (!check_fixed(scope, action->value)) {
        return;
    }
    const char *url = action->value->text;
    const char *rest = strstr(url, "://");
    bool is_web = g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://");
    if (!is_web || rest[strlen("://")] == '\0' || strpbrk(url, " \t\n\"<>") != NULL) {
        rule_complain(scope->build, &action->value->at,
                      "\"%s\" is no address of a web hook, expected https://…", url);
    }
}

static void check_link(const struct scope *scope, struct rule_action *action)
{
    int64_t number = 0;

    if (!check_text(scope, action->value) &&
        (!literal_number(action->value->text, &number) || number <= 0)) {
        rule_complain(scope->build, &action->value->at,
                      "\"%s\" is no number of a ticket, expected such as \"42\" or \"$number\"",
                      action->value->text);
    }
}

static void check_tag(const struct scope *scope, struct rule_literal *tag)
{
    if (check_text(scope, tag)) {
        return;
    }
    g_autofree char *line = text_one_line(tag->text, LIMIT_TAG_CHARS);
    if (*line == '\0' || strcmp(line, tag->text) != 0) {
        rule_complain(scope->build, &tag->at,
                      "this is no tag, expected one line of at most %d characters",
                      LIMIT_TAG_CHARS);
    }
}

static void check_action(const struct scope *scope, struct rule_action *action)
{
    if (action->is_stop) {
        return;
    }
    switch (action->kind) {
    case EFFECT_SET:
        check_set(scope, action);
        break;
    case EFFECT_TAG:
    case EFFECT_UNTAG:
        check_tag(scope, action->value);
        break;
    case EFFECT_NOTE:
        (void)check_text(scope, action->value);
        break;
    case EFFECT_ASSIGN:
        check_assign(scope, action);
        break;
    case EFFECT_ADD_CC:
        if (check_fixed(scope, action->value)) {
            (void)check_address(scope->build, action->value);
        }
        break;
    case EFFECT_ANSWER:
        check_notice(scope, action->name);
        (void)check_text(scope, action->value);
        break;
    case EFFECT_NOTIFY:
        check_notify(scope, action);
        break;
    case EFFECT_HOLD:
        (void)check_text(scope, action->value);
        need_mail_received(scope, action);
        break;
    case EFFECT_REJECT:
        check_notice(scope, action->name);
        need_mail_received(scope, action);
        break;
    case EFFECT_SPAM:
        need_mail_received(scope, action);
        break;
    case EFFECT_LINK:
        check_link(scope, action);
        break;
    case EFFECT_WEB_HOOK:
        check_web_hook(scope, action);
        break;
    case EFFECT_REQUESTER_FROM_REPLY_TO:
        need_mail_received(scope, action);
        need_sender(scope, action, "the requester is taken from Reply-To");
        break;
    case EFFECT_COUNT:
        break;
    }
}

/* ---- within one rule -------------------------------------------------------------------------- */

/* What the action decides, where the first that says it wins; own; NULL: nothing of that kind. */
static char *decided_by(const struct rule_action *action)
{
    bool is_of_tag = action->kind == EFFECT_TAG || action->kind == EFFECT_UNTAG;

    if (action->is_stop) {
        return g_strdup("\"stop\"");
    }
    if (is_of_tag && action->value->text != NULL) {
        return g_strdup_printf("the tag \"%s\"", action->value->text);
    }
    if (action->kind == EFFECT_SET && action->field.info != NULL) {
        return g_strdup_printf("\"%s\"", action->field.word);
    }
    if (action->kind == EFFECT_ASSIGN) {
        return g_strdup("the assignee");
    }
    bool is_fate = action->kind == EFFECT_HOLD || action->kind == EFFECT_REJECT ||
                   action->kind == EFFECT_SPAM;
    return is_fate ? g_strdup("what becomes of the mail") : NULL;
}

static void check_once(const struct scope *scope)
{
    g_autoptr(GHashTable) decided = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *actions = scope->rule->actions;

    for (guint i = 0; i < actions->len; i++) {
        const struct rule_action *action = actions->pdata[i];
        g_autofree char *what = decided_by(action);
        if (what != NULL && g_hash_table_contains(decided, what)) {
            rule_complain(scope->build, &action->at, "this rule says %s twice, expected it once",
                          what);
        } else if (what != NULL) {
            g_hash_table_add(decided, g_steal_pointer(&what));
        }
        if (action->is_stop && i + 1 < actions->len) {
            rule_complain(scope->build, &action->at,
                          "\"stop\" ends the list, expected as last action");
        }
    }
}

void check_actions(struct rule_build *build, struct rule *rule)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(g_free);
    struct scope scope = {.build = build, .rule = rule, .groups = groups};

    if (rule->condition != NULL) {
        find_groups(rule->condition, groups);
        scope.names_sender = names_sender(rule->condition);
    }
    for (guint i = 0; i < rule->actions->len; i++) {
        check_action(&scope, rule->actions->pdata[i]);
    }
    check_once(&scope);
}
