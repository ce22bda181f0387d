/* value - what the rules of one run have asked for
 *
 * A thousand rules ask for the same dozen fields. Each is fetched from the world once, when the first condition asks,
 * and copied, because the world lends its strings only until it is asked again. The forms that comparisons need (without
 * case; the set of known words) are made once as well, when the first condition needs them.
 *
 * All conditions read the values from before the rules: nothing here changes while a run goes on.
 * Pure: no I/O.
 */
#include "rules/value.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

struct values {
    const struct rules *rules;      /* borrowed */
    const struct rule_world *world; /* borrowed */
    struct kept_value **slots;      /* own, each; NULL: not asked yet */
};

struct kept_value *kept_value_new(const struct rule_value *value)
{
    struct kept_value *kept = g_new(struct kept_value, 1);

    *kept = (struct kept_value){.type = value->type,
                                .number = value->number,
                                .texts = g_ptr_array_new_with_free_func(g_free)};
    if (value->type == RULE_TEXT) {
        g_ptr_array_add(kept->texts, g_strdup(value->text != NULL ? value->text : ""));
    }
    for (guint i = 0; value->type == RULE_TEXTS && value->texts != NULL && i < value->texts->len;
         i++) {
        g_ptr_array_add(kept->texts, g_strdup(value->texts->pdata[i]));
    }
    return kept;
}

void kept_value_free(struct kept_value *value)
{
    if (value == NULL) {
        return;
    }
    g_ptr_array_unref(value->texts);
    g_clear_pointer(&value->folded, g_ptr_array_unref);
    g_free(value->words);
    g_free(value);
}

const GPtrArray *kept_value_folded(struct kept_value *value)
{
    if (value->folded == NULL) {
        value->folded = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < value->texts->len; i++) {
            g_autofree char *valid = text_scrub(value->texts->pdata[i], -1);
            g_ptr_array_add(value->folded, g_utf8_casefold(valid, -1));
        }
    }
    return value->folded;
}

const uint8_t *kept_value_words(struct kept_value *value, const struct prefilter *prefilter)
{
    if (value->words == NULL) {
        value->words = g_malloc0(prefilter_set_bytes(prefilter));
        for (guint i = 0; i < value->texts->len; i++) {
            const char *text = value->texts->pdata[i];
            prefilter_scan(prefilter, text, strnlen(text, LIMIT_PATTERN_SUBJECT_BYTES),
                           value->words);
        }
    }
    return value->words;
}

/* "2d", "1h30m": as rules write it. */
static char *duration_text(int64_t us)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } UNITS[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t left = us / G_USEC_PER_SEC;

    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        if (left >= UNITS[i].seconds) {
            g_string_append_printf(text, "%" PRId64 "%s", left / UNITS[i].seconds, UNITS[i].unit);
            left %= UNITS[i].seconds;
        }
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup("0s");
}

static char *time_text(int64_t us)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);

    return at != NULL ? g_date_time_format(at, "%Y-%m-%d %H:%M") : g_strdup("?");
}

static char *texts_text(const GPtrArray *texts)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < texts->len && text->len < LIMIT_RULE_TRACE_CHARS; i++) {
        g_autofree char *line = text_one_line(texts->pdata[i], LIMIT_RULE_TRACE_CHARS);
        g_string_append_printf(text, "%s\"%s\"", i > 0 ? ", " : "", line);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : g_strdup("none");
}

char *kept_value_text(const struct kept_value *value, const struct rule_field_info *info)
{
    const int64_t minute_us = 60LL * G_USEC_PER_SEC;

    switch (value->type) {
    case RULE_NOTHING:
        return g_strdup("none");
    case RULE_TEXT:
    case RULE_TEXTS:
        return texts_text(value->texts);
    case RULE_NUMBER:
        return g_strdup_printf("%" PRId64, value->number);
    case RULE_BOOL:
        return g_strdup(value->number != 0 ? "yes" : "no");
    case RULE_TIME:
        return time_text(value->number);
    case RULE_DURATION:
        if (info != NULL && info->field == RULE_TIME_OF_DAY) {
            return g_strdup_printf("%02d:%02d", (int)(value->number / minute_us / 60 % 100),
                                   (int)(value->number / minute_us % 60));
        }
        return duration_text(value->number);
    }
    return g_strdup("?");
}

struct values *values_new(const struct rules *rules, const struct rule_world *world)
{
    struct values *values = g_new(struct values, 1);

    *values = (struct values){.rules = rules,
                              .world = world,
                              .slots = g_new0(struct kept_value *, rules->slots->len + 1)};
    return values;
}

void values_free(struct values *values)
{
    if (values == NULL) {
        return;
    }
    for (guint i = 0; i < values->rules->slots->len; i++) {
        kept_value_free(values->slots[i]);
    }
    g_free(values->slots);
    g_free(values);
}

struct kept_value *values_get(struct values *values, unsigned slot)
{
    if (values->slots[slot] == NULL) {
        const struct rule_slot *of = values->rules->slots->pdata[slot];
        struct rule_value value = {.type = RULE_NOTHING};
        values->world->get(values->world->of, of->field, of->key, &value);
        values->slots[slot] = kept_value_new(&value);
        g_clear_pointer(&value.texts, g_ptr_array_unref);
    }
    return values->slots[slot];
}

struct kept_value *values_was(const struct values *values, unsigned slot)
{
    const struct rule_slot *of = values->rules->slots->pdata[slot];
    struct rule_value value = {.type = RULE_NOTHING};

    if (values->world->was == NULL ||
        !values->world->was(values->world->of, of->field, of->key, &value)) {
        g_clear_pointer(&value.texts, g_ptr_array_unref);
        return NULL;
    }
    struct kept_value *kept = kept_value_new(&value);
    g_clear_pointer(&value.texts, g_ptr_array_unref);
    return kept;
}
