/* effect - what a rule does, and who was first
 *
 * A rule's actions become effects: texts with the groups of its patterns put in. Some decide something that can be
 * decided once: a field's value, the assignee, whether a tag is there, what becomes of the mail. The first rule to decide
 * it wins; a later one is left out, unless it says `override`: then the earlier effect is taken out of the list. Others
 * are done once though several rules say them (a Cc, the same notice to the same person). Notes are all kept.
 *
 *     decided once: set FIELD, requester from reply-to (the requester) · assign · tag X, untag X · hold, reject, spam
 *     done once:    add cc X · notify X "text" · answer X · link X · web-hook X
 *
 * What a group of a pattern puts into a field is one line; if that is empty, the action is left out: "nothing found" must
 * not wipe a field.
 * Pure: no I/O.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "rules/eval.h"

static bool is_of_many_lines(enum rule_effect_kind kind)
{
    return kind == EFFECT_NOTE || kind == EFFECT_ANSWER || kind == EFFECT_NOTIFY;
}

/* The text of a literal with the groups put in; *has_groups_out: it had some. */
static char *expand(const struct rule_literal *literal, GHashTable *groups, bool *has_groups_out)
{
    g_autoptr(GString) text = g_string_new(NULL);

    *has_groups_out = false;
    if (literal == NULL || literal->is_none) {
        return g_strdup("");
    }
    if (literal->parts == NULL) {
        return g_strdup(literal->text);
    }
    for (guint i = 0; i < literal->parts->len && text->len < 4 * (gsize)LIMIT_RULE_TEXT_CHARS;
         i++) {
        const struct rule_part *part = literal->parts->pdata[i];
        const char *value = part->text;
        if (part->is_group) {
            *has_groups_out = true;
            value = groups != NULL ? g_hash_table_lookup(groups, part->text) : NULL;
        }
        g_string_append(text, value != NULL ? value : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *text_of(const struct rule_action *action, const struct rule_literal *literal,
                     GHashTable *groups, bool *is_empty_out)
{
    bool is_tag = action->kind == EFFECT_TAG || action->kind == EFFECT_UNTAG;
    bool has_groups = false;
    g_autofree char *text = expand(literal, groups, &has_groups);

    if (!has_groups && action->kind == EFFECT_WEB_HOOK) {
        return g_steal_pointer(&text);
    }
    char *bounded = is_of_many_lines(action->kind)
                        ? text_cut(text, LIMIT_RULE_TEXT_CHARS, NULL)
                        : text_one_line(text, is_tag ? LIMIT_TAG_CHARS : LIMIT_NAME_CHARS);
    *is_empty_out = *is_empty_out || (has_groups && *bounded == '\0');
    return bounded;
}

static struct rule_effect *effect_new(const struct rule *rule, const struct rule_action *action,
                                      GHashTable *groups, bool *is_empty_out)
{
    struct rule_effect *effect = g_new(struct rule_effect, 1);
    bool is_set = action->kind == EFFECT_SET;

    *effect = (struct rule_effect){
        .kind = action->kind,
        .rule = rule,
        .field = is_set ? action->field.info->field : RULE_FIELD_COUNT,
        .pick = action->pick,
        .name = g_strdup(is_set                 ? action->field.key
                         : action->name != NULL ? action->name->text
                                                : NULL),
        .text = text_of(action, action->value, groups, is_empty_out),
        .more = action->more != NULL ? text_of(action, action->more, groups, is_empty_out) : NULL,
        .is_override = action->is_override,
    };
    return effect;
}

static void effect_free(void *pointer)
{
    struct rule_effect *effect = pointer;

    g_free(effect->name);
    g_free(effect->text);
    g_free(effect->more);
    g_free(effect);
}

GPtrArray *effects_new(void)
{
    return g_ptr_array_new_with_free_func(effect_free);
}

/* What the effect decides, or does once; own; NULL: nothing. */
static char *decides(const struct rule_effect *effect)
{
    g_autofree char *folded = g_utf8_casefold(effect->text, -1);

    switch (effect->kind) {
    case EFFECT_SET:
        return g_strdup_printf("field %d %s", effect->field,
                               effect->name != NULL ? effect->name : "");
    case EFFECT_REQUESTER_FROM_REPLY_TO:
        return g_strdup_printf("field %d ", RULE_TICKET_REQUESTER);
    case EFFECT_TAG:
    case EFFECT_UNTAG:
        return g_strdup_printf("tag %s", folded);
    case EFFECT_ASSIGN:
        return g_strdup("assignee");
    case EFFECT_HOLD:
    case EFFECT_REJECT:
    case EFFECT_SPAM:
        return g_strdup("fate");
    case EFFECT_ADD_CC:
    case EFFECT_LINK:
        return g_strdup_printf("%d %s", effect->kind, folded);
    case EFFECT_WEB_HOOK:
        return g_strdup_printf("%d %s", effect->kind, effect->text);
    case EFFECT_ANSWER:
        return effect->name != NULL ? g_strdup_printf("answer %s", effect->name) : NULL;
    case EFFECT_NOTIFY:
        return g_strdup_printf("notify %d %s %s", effect->pick, folded,
                               effect->more != NULL ? effect->more : "");
    case EFFECT_NOTE:
    case EFFECT_COUNT:
        break;
    }
    return NULL;
}

static void trace_action(struct rule_run *run, const struct rule_action *action, const char *what)
{
    if (run->trace != NULL) {
        g_autofree char *place = rule_at_text(run->rules, &action->at);
        rule_trace(run, "  %s: %s: %s", place, action->source, what);
    }
}

/* Put the effect into the run, or leave it out. */
static void settle(struct rule_run *run, const struct rule_action *action,
                   struct rule_effect *effect)
{
    g_autofree char *what = decides(effect);
    struct rule_effect *earlier = what != NULL ? g_hash_table_lookup(run->state->decided, what)
                                               : NULL;

    if (earlier != NULL && !effect->is_override) {
        g_autofree char *why = g_strdup_printf("left out, rule \"%s\" was first",
                                               rule_name(earlier->rule));
        trace_action(run, action, why);
        effect_free(effect);
        return;
    }
    if (earlier != NULL) {
        g_autofree char *why = g_strdup_printf("done, instead of what rule \"%s\" said",
                                               rule_name(earlier->rule));
        trace_action(run, action, why);
        (void)g_ptr_array_remove(run->effects, earlier);
    } else {
        trace_action(run, action, "done");
    }
    g_ptr_array_add(run->effects, effect);
    if (what != NULL) {
        g_hash_table_replace(run->state->decided, g_steal_pointer(&what), effect);
    }
}

static bool can_be_empty(enum rule_effect_kind kind)
{
    return is_of_many_lines(kind) || kind == EFFECT_HOLD;
}

void effects_of_rule(struct rule_run *run, const struct rule *rule, GHashTable *groups)
{
    for (guint i = 0; i < rule->actions->len; i++) {
        const struct rule_action *action = rule->actions->pdata[i];
        bool is_empty = false;
        if (action->is_stop) {
            run->is_stopped = true;
            trace_action(run, action, "no rule after this one is asked");
            return;
        }
        struct rule_effect *effect = effect_new(rule, action, groups, &is_empty);
        if (is_empty && !can_be_empty(action->kind)) {
            trace_action(run, action, "left out, the pattern found nothing to put in");
            effect_free(effect);
            continue;
        }
        settle(run, action, effect);
    }
}
