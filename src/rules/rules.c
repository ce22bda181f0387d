/* rules - files in, rules out: the order of compiling, and all errors in the order of the files
 *
 * A file is read (grammar), what was understood of all files is checked together (names are unique over all of them),
 * patterns are compiled, and if nobody complained the rules are made ready to run. Whoever mends files wants to see
 * every mistake at once: a rule with a mistake is left out, and the rest goes on being checked.
 *
 *     FILE:LINE:COLUMN: what is wrong, expected what, did you mean …
 *
 * rule_complain is the only door for messages, so there is none without a place.
 *
 * Pure: no I/O; the caller reads the files.
 */
#include <stdarg.h>
#include <string.h>

#include "core/limits.h"
#include "rules/ast.h"

struct rule_error {
    struct rule_at at;
    unsigned order; /* of complaining: the first about a place is the telling one */
    char *text;     /* own */
};

static void error_free(void *pointer)
{
    struct rule_error *error = pointer;

    g_free(error->text);
    g_free(error);
}

void rule_complain(struct rule_build *build, const struct rule_at *at, const char *format, ...)
{
    struct rule_error *error = g_new(struct rule_error, 1);
    va_list arguments;

    va_start(arguments, format);
    *error = (struct rule_error){.at = *at,
                                 .order = build->errors->len,
                                 .text = g_strdup_vprintf(format, arguments)};
    va_end(arguments);
    g_ptr_array_add(build->errors, error);
}

bool rule_has_complained(const struct rule_build *build, const struct rule_at *at)
{
    const struct rule_error *last = build->errors->len > 0
                                        ? build->errors->pdata[build->errors->len - 1]
                                        : NULL;

    return last != NULL && last->at.file == at->file && last->at.line == at->line &&
           last->at.column == at->column;
}

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare_errors(const void *a, const void *b)
{
    const struct rule_error *first = *(const struct rule_error *const *)a;
    const struct rule_error *second = *(const struct rule_error *const *)b;
    int by_file = compare_numbers(first->at.file, second->at.file);
    int by_line = compare_numbers(first->at.line, second->at.line);
    int by_column = compare_numbers(first->at.column, second->at.column);

    if (by_file != 0 || by_line != 0) {
        return by_file != 0 ? by_file : by_line;
    }
    return by_column != 0 ? by_column : compare_numbers(first->order, second->order);
}

static void tell_errors(const struct rule_build *build, GPtrArray *errors)
{
    g_ptr_array_sort(build->errors, compare_errors);
    for (guint i = 0; i < build->errors->len; i++) {
        const struct rule_error *error = build->errors->pdata[i];
        g_autofree char *place = rule_at_text(build->rules, &error->at);
        if (i == LIMIT_RULE_ERRORS) {
            g_ptr_array_add(errors, g_strdup_printf("%s: and %u more errors from here on", place,
                                                    build->errors->len - i));
            return;
        }
        g_ptr_array_add(errors, g_strdup_printf("%s: %s", place, error->text));
    }
}

static void read_file(struct rule_build *build, const struct rule_file *file)
{
    struct rule_at top = {.file = build->rules->files->len, .line = 1, .column = 1};

    g_ptr_array_add(build->rules->files, g_strdup(file->name));
    if (file->length > LIMIT_RULE_FILE_BYTES) {
        rule_complain(build, &top, "this file has %zu bytes, expected at most %d", file->length,
                      LIMIT_RULE_FILE_BYTES);
        return;
    }
    grammar_read(build, top.file, file->text, file->length);
}

static void rule_destroy(void *pointer)
{
    rule_free(pointer);
}

static void test_destroy(void *pointer)
{
    rule_test_free(pointer);
}

static void slot_destroy(void *pointer)
{
    struct rule_slot *slot = pointer;

    g_free(slot->key);
    g_free(slot);
}

static struct rules *rules_new(void)
{
    struct rules *rules = g_new(struct rules, 1);

    *rules = (struct rules){.files = g_ptr_array_new_with_free_func(g_free),
                            .list = g_ptr_array_new_with_free_func(rule_destroy),
                            .tests = g_ptr_array_new_with_free_func(test_destroy),
                            .slots = g_ptr_array_new_with_free_func(slot_destroy),
                            .prefilter = prefilter_new()};
    return rules;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL) {
        return;
    }
    g_ptr_array_unref(rules->files);
    g_ptr_array_unref(rules->list);
    g_ptr_array_unref(rules->tests);
    g_ptr_array_unref(rules->slots);
    prefilter_free(rules->prefilter);
    g_free(rules);
}

struct rules *rules_compile(const struct rule_file *files, size_t count,
                            const struct rule_names *names, GPtrArray *errors)
{
    OWNED(rules) rules = rules_new();
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(error_free);
    g_autoptr(GHashTable) slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct rule_build build = {.rules = rules, .names = names, .errors = found, .slots = slots};

    for (size_t i = 0; i < count; i++) {
        read_file(&build, &files[i]);
    }
    check_rules(&build);
    if (found->len > 0) {
        tell_errors(&build, errors);
        return NULL;
    }
    prefilter_build(rules->prefilter);
    return g_steal_pointer(&rules);
}

size_t rules_count(const struct rules *rules)
{
    return rules->list->len;
}

const struct rule *rules_at(const struct rules *rules, size_t i)
{
    return rules->list->pdata[i];
}

const char *rule_name(const struct rule *rule)
{
    return rule->name;
}

const char *rule_place(const struct rule *rule)
{
    return rule->place;
}

int64_t rule_every_us(const struct rule *rule)
{
    return rule->every_us;
}
