/* A world for tests of rules: "mail.subject=Drucker\nticket.tags=a,b\nbefore ticket.status=open". */
#ifndef RULES_WORLD_H
#define RULES_WORLD_H

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "rules/rules.h"

/* The line of this field; NULL: there is none. */
static inline char *rules_world_find(const char *lines, const char *prefix, enum rule_field field,
                                     const char *key)
{
    g_autofree char *start = g_strdup_printf("%s%s%s=", prefix, rule_field_info(field)->name,
                                             key != NULL ? key : "");
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);

    for (guint i = 0; all[i] != NULL; i++) {
        if (g_str_has_prefix(all[i], start)) {
            return g_strdup(all[i] + strlen(start));
        }
    }
    return NULL;
}

static inline bool rules_world_lend(const char *lines, const char *prefix, enum rule_field field,
                                    const char *key, struct rule_value *out)
{
    static _Thread_local char *kept[64]; /* the last strings that were lent */
    static _Thread_local unsigned next;
    char *text = rules_world_find(lines, prefix, field, key);
    enum rule_type type = rule_field_info(field)->type;

    if (text == NULL) {
        *out = (struct rule_value){.type = RULE_NOTHING};
        return false;
    }
    g_free(kept[next % 64]);
    kept[next++ % 64] = text;
    bool is_number = type != RULE_TEXT && type != RULE_TEXTS;
    *out = (struct rule_value){.type = type,
                               .text = text,
                               .number = is_number ? g_ascii_strtoll(text, NULL, 10) : 0};
    if (field == RULE_CUSTOM && g_ascii_isdigit(text[0])) {
        out->type = RULE_NUMBER;
        out->number = g_ascii_strtoll(text, NULL, 10);
    }
    if (type == RULE_TEXTS) {
        g_auto(GStrv) parts = g_strsplit(text, ",", -1);
        out->texts = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; parts[i] != NULL; i++) {
            g_ptr_array_add(out->texts, g_strdup(parts[i]));
        }
    }
    return true;
}

static inline void rules_world_get(const void *of, enum rule_field field, const char *key,
                                   struct rule_value *out)
{
    (void)rules_world_lend(of, "", field, key, out);
}

static inline bool rules_world_was(const void *of, enum rule_field field, const char *key,
                                   struct rule_value *out)
{
    return rules_world_lend(of, "before ", field, key, out);
}

static inline struct rule_world rules_world_of(const char *lines)
{
    return (struct rule_world){.of = lines, .get = rules_world_get, .was = rules_world_was};
}

/* Compile one file that must be right. */
static inline struct rules *rules_of(const char *text)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *exact = g_memdup2(text, strlen(text)); /* no NUL behind it */
    struct rule_file file = {"f", exact, strlen(text)};
    struct rules *rules = rules_compile(&file, 1, NULL, errors);

    for (guint i = 0; i < errors->len; i++) {
        g_printerr("%s\n", (const char *)errors->pdata[i]);
    }
    return rules;
}

/* The effects of a run: "set ticket.type "incident"; stop"; own. */
static inline char *rules_effects_of(const struct rule_run *run)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < run->effects->len; i++) {
        g_autofree char *one = rule_effect_text(run->effects->pdata[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "", one);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#endif
