/* rules_files - rule files and notices in a folder, and what is wrong with them
 *
 * A folder holds what a version will hold: NAME.rules beside each other, notices in notices/LANGUAGE. Whatever else lies
 * there is refused instead of being passed over: a rule file with a slip in its name would be a rule that
 * nobody misses until it is needed. Only what editors and version control leave behind is no one's.
 *
 * All mistakes are told at once, one line each, with file, line and column.
 * I/O: the folder, the database (names of the desk), stdout and stderr.
 */
#include "cli/rules_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/udiff.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"
#include "gateway/rule_book.h"
#include "store/rule.h"

enum status rules_folder(struct cli *cli, const char *word, const char **folder_out,
                         struct err *err)
{
    enum status status = cli_config(cli, err);
    if (status == ST_OK) {
        *folder_out = word == NULL ? cli->config->rules_dir : word;
    }
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct reading {
    const char *folder;
    GPtrArray *files; /* borrowed: struct rule_text */
    size_t bytes;
};

static bool is_passed_over(const char *name)
{
    return name[0] == '.' || g_str_has_suffix(name, "~") || g_str_has_prefix(name, "README");
}

static enum status read_file(struct reading *reading, const char *name, struct err *err)
{
    g_autofree char *path = g_build_filename(reading->folder, name, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    struct stat facts;

    if (!rule_text_is_name(name)) {
        (void)err_set(err, ST_INVALID, "\"%s\" is no rule file and no notice", path);
        return err_hint(err, "rule files are called NAME.rules, notices "
                             "notices/LANGUAGE/NAME.txt, in small letters");
    }
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        facts.st_size > LIMIT_RULE_FILE_BYTES) {
        return err_set(err, ST_INVALID, "\"%s\" is no file, or larger than %d bytes", path,
                       LIMIT_RULE_FILE_BYTES);
    }
    if (!g_file_get_contents(path, &text, &length, NULL)) {
        return err_set(err, ST_INVALID, "could not read \"%s\"", path);
    }
    if (strlen(text) != length || !g_utf8_validate(text, (gssize)length, NULL)) {
        return err_set(err, ST_INVALID, "\"%s\" is no UTF-8 text", path);
    }
    reading->bytes += length;
    if (reading->files->len >= LIMIT_RULE_FILES || reading->bytes > LIMIT_RULES_BYTES) {
        return err_set(err, ST_INVALID, "more than %d files or %d bytes are too much",
                       LIMIT_RULE_FILES, LIMIT_RULES_BYTES);
    }
    g_ptr_array_add(reading->files, rule_text_new(name, text));
    return ST_OK;
}

/* within: "", "notices" or "notices/en". */
static enum status read_folder(struct reading *reading, const char *within, int depth,
                               struct err *err)
{
    g_autofree char *path = g_build_filename(reading->folder, within, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    enum status status = ST_OK;
    const char *name = NULL;

    if (folder == NULL) {
        return err_set(err, ST_NOT_FOUND, "there is no folder \"%s\"", path);
    }
    while (status == ST_OK && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner = *within == '\0' ? g_strdup(name)
                                                 : g_strdup_printf("%s/%s", within, name);
        g_autofree char *inner_path = g_build_filename(reading->folder, inner, NULL);
        bool is_known_folder = depth == 0 ? strcmp(name, "notices") == 0 : depth == 1;
        if (is_passed_over(name)) {
            continue;
        }
        status = is_known_folder && g_file_test(inner_path, G_FILE_TEST_IS_DIR)
                     ? read_folder(reading, inner, depth + 1, err)
                     : read_file(reading, inner, err);
    }
    return status;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct rule_text *const *left = a;
    const struct rule_text *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

enum status rules_read(const char *folder, GPtrArray **files_out, struct err *err)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)rule_text_free);
    struct reading reading = {.folder = folder, .files = files};
    bool has_rules = false;

    enum status status = read_folder(&reading, "", 0, err);
    for (guint i = 0; i < files->len; i++) {
        has_rules |= !rule_text_is_notice(((struct rule_text *)g_ptr_array_index(files, i))->name);
    }
    if (status == ST_OK && !has_rules) {
        (void)err_set(err, ST_INVALID, "there is no rule file in \"%s\"", folder);
        return err_hint(err, "postdesk rules show --output DIR writes those that are live");
    }
    if (status == ST_OK) {
        g_ptr_array_sort(files, by_name);
        *files_out = g_steal_pointer(&files);
    }
    return status;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static enum status write_file(const char *folder, const struct rule_text *file, struct err *err)
{
    g_autofree char *path = g_build_filename(folder, file->name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    if (g_mkdir_with_parents(parent, 0777) != 0 ||
        !g_file_set_contents(path, file->content, -1, NULL)) {
        return err_set(err, ST_INVALID, "could not write \"%s\"", path);
    }
    return ST_OK;
}

enum status rules_write(const char *folder, const GPtrArray *files, struct err *err)
{
    g_autoptr(GDir) there = g_dir_open(folder, 0, NULL);
    enum status status = ST_OK;

    if (there != NULL && g_dir_read_name(there) != NULL) {
        (void)err_set(err, ST_INVALID, "something is in \"%s\"", folder);
        return err_hint(err, "name a folder that is new or empty: nothing is written over");
    }
    for (guint i = 0; i < files->len && status == ST_OK; i++) {
        status = write_file(folder, g_ptr_array_index(files, i), err);
    }
    return status;
}

/* ---- checking ---------------------------------------------------------------------------------- */

static void print_errors(const struct cli *cli, const GPtrArray *errors)
{
    json_t *texts = json_array();

    for (guint i = 0; i < errors->len; i++) {
        const char *text = g_ptr_array_index(errors, i);
        g_autofree char *line = text_one_line(text, SIZE_MAX);
        json_array_append_new(texts, json_string(text));
        if (!cli->is_json) {
            fprintf(stderr, "error: %s\n", line);
        }
    }
    json_t *object = json_pack("{s:o}", "errors", texts);
    if (cli->is_json) {
        view_print_json(object);
    }
    json_decref(object);
}

enum status rules_check_files(struct cli *cli, const GPtrArray *files, struct rules **rules_out,
                              struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rules) rules = NULL;
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = rule_book_check(tx, files, &rules, errors, err);
    }
    if (status == ST_OK && errors->len > 0) {
        print_errors(cli, errors);
        return err_set(err, ST_INVALID, "%s", "");
    }
    if (status == ST_OK) {
        *rules_out = g_steal_pointer(&rules);
    }
    return status;
}

enum status rules_load(struct cli *cli, const char *word, GPtrArray **files_out,
                       struct rules **rules_out, struct err *err)
{
    const char *folder = NULL;
    g_autoptr(GPtrArray) files = NULL;

    enum status status = rules_folder(cli, word, &folder, err);
    if (status == ST_OK) {
        status = rules_read(folder, &files, err);
    }
    if (status == ST_OK) {
        status = rules_check_files(cli, files, rules_out, err);
    }
    if (status == ST_OK && files_out != NULL) {
        *files_out = g_steal_pointer(&files);
    }
    return status;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static json_t *result_of(const struct rule_test_result *result)
{
    json_t *why_not = json_array();

    for (guint i = 0; i < result->why_not->len; i++) {
        json_array_append_new(why_not, json_string(g_ptr_array_index(result->why_not, i)));
    }
    return json_pack("{s:s, s:s, s:b, s:o}", "name", result->name, "place", result->place, "passed",
                     result->has_passed, "why_not", why_not);
}

static void print_result(const struct rule_test_result *result, bool is_loud)
{
    if (result->has_passed && !is_loud) {
        return;
    }
    g_autofree char *name = text_one_line(result->name, SIZE_MAX);
    printf("%-6s  %s (%s)\n", result->has_passed ? "ok" : "FAILED", name, result->place);
    for (guint i = 0; i < result->why_not->len; i++) {
        g_autofree char *line = text_one_line(g_ptr_array_index(result->why_not, i), SIZE_MAX);
        printf("        %s\n", line);
    }
}

enum status rules_run_tests(const struct cli *cli, const struct rules *rules, bool is_loud,
                            json_t **results_out, struct err *err)
{
    g_autoptr(GPtrArray) results = rules_test(rules, RULES_TEST_NOW_US);
    json_t *array = json_array();
    unsigned passed = 0;

    for (guint i = 0; i < results->len; i++) {
        const struct rule_test_result *result = g_ptr_array_index(results, i);
        passed += result->has_passed;
        json_array_append_new(array, result_of(result));
        if (!cli->is_json) {
            print_result(result, is_loud);
        }
    }
    cli_say(cli, "%u passed, %u failed\n", passed, results->len - passed);
    *results_out = array;
    return passed == results->len ? ST_OK : err_set(err, ST_INVALID, "%s", "");
}

/* ---- comparing --------------------------------------------------------------------------------- */

static const struct rule_text *find_file(const GPtrArray *files, const char *name)
{
    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

static void add_change(json_t *changes, const char *name, const struct rule_text *before,
                       const struct rule_text *after)
{
    size_t added = 0;
    size_t removed = 0;
    g_autofree char *diff = udiff(name, before == NULL ? NULL : before->content, name,
                                  after == NULL ? NULL : after->content, &added, &removed);
    const char *what = before == NULL ? "added" : after == NULL ? "removed" : "changed";

    if (*diff != '\0') {
        json_array_append_new(changes, json_pack("{s:s, s:s, s:I, s:I, s:s}", "file", name, "what",
                                                 what, "added", (json_int_t)added, "removed",
                                                 (json_int_t)removed, "diff", diff));
    }
}

json_t *rules_compare(const GPtrArray *old_files, const GPtrArray *new_files)
{
    json_t *changes = json_array();

    for (guint i = 0; i < old_files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(old_files, i);
        add_change(changes, file->name, file, find_file(new_files, file->name));
    }
    for (guint i = 0; i < new_files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(new_files, i);
        if (find_file(old_files, file->name) == NULL) {
            add_change(changes, file->name, NULL, file);
        }
    }
    return changes;
}
