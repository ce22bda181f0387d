/* args - the words of the command line, by tables
 *
 * A verb's table says which options it takes; this file knows no option by name. Options may stand
 * before, between and behind the words; "--" ends them, and a lone "-" is a word (standard input).
 *
 *     option = "--" NAME [ "=" VALUE ]      ; or the value is the next word
 *
 * There are no short options and no abbreviations: what stands in a script should be readable, and still
 * mean the same when an option is added.
 * Pure: no I/O. Everything it returns is borrowed from argv or from the tables.
 */
#include "cli/args.h"

#include <string.h>

#include "core/text.h"

static const struct flag *find_flag(const struct verb *verb, const char *name, size_t length)
{
    for (const struct flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        if (strlen(flag->name) == length && strncmp(flag->name, name, length) == 0) {
            return flag;
        }
    }
    return NULL;
}

static enum status say_unknown(const struct verb *verb, const char *option, struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const struct flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        g_ptr_array_add(names, (gpointer)flag->name);
    }
    const char *nearest = text_nearest(option + 2, (const char *const *)names->pdata, names->len);
    (void)err_set(err, ST_INVALID, "unknown option \"%s\"", option);
    if (nearest == NULL) {
        return err_hint(err, "try it with --help");
    }
    return err_hint(err, "did you mean \"--%s\"?", nearest);
}

/* Take one option; *next is the place of the next word. */
static enum status take_option(const struct verb *verb, char *const *argv, size_t count,
                               size_t *next, struct args *args, struct err *err)
{
    const char *option = argv[*next - 1];
    const char *equals = strchr(option, '=');
    size_t length = equals == NULL ? strlen(option) : (size_t)(equals - option);
    const struct flag *flag = length < 2 ? NULL : find_flag(verb, option + 2, length - 2);
    const char *value = equals == NULL ? NULL : equals + 1;

    if (flag == NULL || !g_str_has_prefix(option, "--")) {
        return say_unknown(verb, option, err);
    }
    if (flag->value_name == NULL && value != NULL) {
        return err_set(err, ST_INVALID, "option \"--%s\" takes no value", flag->name);
    }
    if (!flag->is_repeated && args_has(args, flag->name)) {
        return err_set(err, ST_INVALID, "option \"--%s\" can be given only once", flag->name);
    }
    if (flag->value_name != NULL && value == NULL) {
        if (*next >= count) {
            return err_set(err, ST_INVALID, "option \"--%s\" needs a value: --%s %s", flag->name,
                           flag->name, flag->value_name);
        }
        value = argv[(*next)++];
    }
    g_ptr_array_add(args->names, (gpointer)flag->name);
    g_ptr_array_add(args->values, (gpointer)value);
    return ST_OK;
}

static enum status check_counts(const struct verb *verb, const struct args *args, struct err *err)
{
    if (args->words->len < verb->least_words) {
        (void)err_set(err, ST_INVALID, "something is missing");
        return err_hint(err, "needed: %s", verb->words);
    }
    if (args->words->len > verb->most_words) {
        (void)err_set(err, ST_INVALID, "\"%s\" is one word too many",
                      args_word(args, verb->most_words));
        return err_hint(err, "text with blanks wants quotes");
    }
    for (const struct flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        if (flag->is_required && !args_has(args, flag->name)) {
            return err_set(err, ST_INVALID, "option \"--%s %s\" is missing", flag->name,
                           flag->value_name);
        }
    }
    return ST_OK;
}

enum status args_parse(const struct verb *verb, char *const *argv, size_t count, struct args *args,
                       struct err *err)
{
    enum status status = ST_OK;
    bool has_ended = false;

    *args = (struct args){g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new()};
    for (size_t i = 0; i < count && status == ST_OK;) {
        char *word = argv[i++];
        if (!has_ended && strcmp(word, "--") == 0) {
            has_ended = true;
        } else if (!has_ended && word[0] == '-' && word[1] != '\0') {
            status = take_option(verb, argv, count, &i, args, err);
        } else {
            g_ptr_array_add(args->words, word);
        }
    }
    return status == ST_OK ? check_counts(verb, args, err) : status;
}

void args_clear(struct args *args)
{
    g_clear_pointer(&args->words, g_ptr_array_unref);
    g_clear_pointer(&args->names, g_ptr_array_unref);
    g_clear_pointer(&args->values, g_ptr_array_unref);
}

const char *args_word(const struct args *args, size_t i)
{
    return i < args->words->len ? g_ptr_array_index(args->words, i) : NULL;
}

GPtrArray *args_values(const struct args *args, const char *name)
{
    GPtrArray *values = g_ptr_array_new();

    for (size_t i = 0; i < args->names->len; i++) {
        if (strcmp(g_ptr_array_index(args->names, i), name) == 0) {
            g_ptr_array_add(values, g_ptr_array_index(args->values, i));
        }
    }
    return values;
}

bool args_has(const struct args *args, const char *name)
{
    g_autoptr(GPtrArray) values = args_values(args, name);
    return values->len > 0;
}

const char *args_value(const struct args *args, const char *name)
{
    g_autoptr(GPtrArray) values = args_values(args, name);
    return values->len > 0 ? g_ptr_array_index(values, 0) : NULL;
}
