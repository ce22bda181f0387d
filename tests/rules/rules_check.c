/* rules_check - compile rule files against a desk of the tests and run the tests inside: rules_check [--bare|--empty] FILE…
 *
 * Prints every diagnostic, or every failed test, one a line, and "N rules, N tests, N failed" at the end. Exits with 1 if
 * there was a diagnostic, 2 if a test failed. The desk has statuses, groups, people, notices and fields of its own;
 * --bare: nothing is known of the desk, and nothing of it is checked. --empty: it has none of its own.
 */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "rules/rules.h"

static void add_all(GPtrArray *list, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        g_ptr_array_add(list, g_strdup(parts[i]));
    }
}

static void add_field(struct rule_names *names, const char *name, enum rule_type type,
                      const char *choices)
{
    struct rule_custom_field *field = g_new(struct rule_custom_field, 1);

    *field = (struct rule_custom_field){.name = g_strdup(name), .type = type};
    if (choices != NULL) {
        field->choices = g_ptr_array_new_with_free_func(g_free);
        add_all(field->choices, choices);
    }
    g_ptr_array_add(names->fields, field);
}

static struct rule_names *desk(void)
{
    struct rule_names *names = rule_names_new();

    add_all(names->statuses, "waiting-vendor on-site");
    add_all(names->groups, "service network server telephony datev onboarding backoffice");
    add_all(names->people, "ben@desk.example carla@desk.example dirk@desk.example");
    add_all(names->notices,
            "receipt acknowledgement assigned status-changed held rejected after-hours vpn-reset");
    add_field(names, "order", RULE_TEXT, NULL);
    add_field(names, "device", RULE_TEXT, NULL);
    add_field(names, "host", RULE_TEXT, NULL);
    add_field(names, "site", RULE_TEXT, "berlin hamburg home");
    add_field(names, "seats", RULE_NUMBER, NULL);
    add_field(names, "starts", RULE_TIME, NULL);
    return names;
}

static size_t count_failed(const GPtrArray *results)
{
    size_t failed = 0;

    for (guint i = 0; i < results->len; i++) {
        const struct rule_test_result *result = results->pdata[i];
        failed += result->has_passed ? 0 : 1;
        for (guint j = 0; j < result->why_not->len; j++) {
            printf("%s\n", (const char *)result->why_not->pdata[j]);
        }
    }
    return failed;
}

static int check(const struct rule_file *files, size_t count, const struct rule_names *names)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    OWNED(rules) rules = rules_compile(files, count, names, errors);

    for (guint i = 0; i < errors->len; i++) {
        printf("%s\n", (const char *)errors->pdata[i]);
    }
    if (rules == NULL) {
        return 1;
    }
    g_autoptr(GPtrArray) results = rules_test(rules, RULES_TEST_NOW_US);
    size_t failed = count_failed(results);
    printf("%zu rules, %u tests, %zu failed\n", rules_count(rules), results->len, failed);
    return failed > 0 ? 2 : 0;
}

int main(int argc, char **argv)
{
    const char *option = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
    bool is_bare = strcmp(option, "--bare") == 0;
    bool is_empty = strcmp(option, "--empty") == 0;
    OWNED(rule_names) names = is_bare ? NULL : is_empty ? rule_names_new() : desk();
    int first = option[0] != '\0' ? 2 : 1;
    size_t count = argc > first ? (size_t)(argc - first) : 0;
    g_autofree struct rule_file *files = g_new0(struct rule_file, count + 1);
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < count; i++) {
        char *path = argv[(size_t)first + i];
        char *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &text, &length, NULL)) {
            fprintf(stderr, "error: could not read \"%s\"\n", path);
            return 66;
        }
        g_ptr_array_add(owned, text);
        const char *slash = strrchr(path, '/');
        files[i] = (struct rule_file){slash != NULL ? slash + 1 : path, text, length};
    }
    return count > 0 ? check(files, count, names) : 64;
}
