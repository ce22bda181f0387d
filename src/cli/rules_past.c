/* rules_past - postdesk rules history, diff, rollback, show: the versions of the rules
 *
 * A version never changes, so these commands only choose between what is there. A rollback is a new version with an
 * old content: the history says that it was done, by whom, and it can be rolled back itself. Its content was checked
 * when it was applied, by the names that the desk had then; it is not refused for a group that is gone since, because whoever
 * rolls back is in a hurry. That it still can be understood is checked.
 * I/O: the database, a folder (show --output), stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/rules_files.h"
#include "cli/rules_verbs.h"
#include "cli/view.h"
#include "core/text.h"
#include "gateway/notice.h"
#include "gateway/rule_book.h"
#include "store/rule.h"

static const struct field HISTORY[] = {
    {"version", "VERSION", FIELD_NUMBER, false},   {"made_at", "WHEN", FIELD_TIME, false},
    {"made_by", "WHO", FIELD_TEXT, false},         {"why", "WHY", FIELD_TEXT, true},
    {"restores", "RESTORES", FIELD_NUMBER, false}, {"is_live", "LIVE", FIELD_BOOL, false},
    {"files", "RULE FILES", FIELD_NUMBER, false},  {"notices", "NOTICES", FIELD_NUMBER, false},
};

enum status rules_run_history(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, rule_store_history, HISTORY, G_N_ELEMENTS(HISTORY), err);
}

static enum status read_version(const char *word, int64_t *version, struct err *err)
{
    return word == NULL ? ST_OK : text_parse_int64(word, 0, INT64_MAX, version, err);
}

/* A version's files; word NULL: otherwise's. */
static enum status load(struct tx *tx, const char *word, int64_t otherwise, int64_t *version_out,
                        GPtrArray **files_out, struct err *err)
{
    *version_out = MAX(otherwise, 0);
    enum status status = read_version(word, version_out, err);
    return status == ST_OK ? rule_store_load(tx, *version_out, files_out, err) : status;
}

/* ---- diff -------------------------------------------------------------------------------------- */

static void print_diff(const struct cli *cli, int64_t from, int64_t to, json_t *changes)
{
    json_t *object = json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from, "to", (json_int_t)to,
                               "changes", changes);
    size_t i = 0;
    const json_t *change = NULL;

    if (cli->is_json) {
        view_print_json(object);
    } else {
        json_array_foreach(changes, i, change)
        {
            view_body(json_string_value(json_object_get(change, "diff")), 0);
        }
        if (i == 0) {
            printf("version %" PRId64 " and version %" PRId64 " are the same\n", from, to);
        }
    }
    json_decref(object);
}

enum status rules_run_diff(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) after = NULL;
    int64_t live = 0;
    int64_t from = 0;
    int64_t to = 0;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = rule_store_live(tx, &live, err);
    }
    if (status == ST_OK) {
        status = load(tx, args_word(args, 0), live - 1, &from, &before, err);
    }
    if (status == ST_OK) {
        status = load(tx, args_word(args, 1), live, &to, &after, err);
    }
    if (status == ST_OK) {
        print_diff(cli, from, to, rules_compare(before, after));
    }
    return status;
}

/* ---- rollback ---------------------------------------------------------------------------------- */

struct rollback {
    const char *actor;
    const char *word; /* NULL: the version before */
    int64_t before;
    int64_t version;
    json_t *changes; /* own */
};

/* Whatever the desk has lost since: can it be read at all? */
static enum status check_lenient(const GPtrArray *files, int64_t version, struct err *err)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    OWNED(rules) rules = rule_book_compile(files, NULL, errors);

    return errors->len == 0
               ? ST_OK
               : err_set(err, ST_INVALID, "version %" PRId64 " cannot be read any more: %s",
                         version, (const char *)g_ptr_array_index(errors, 0));
}

static enum status roll_back(struct tx *tx, void *arg, struct err *err)
{
    struct rollback *rollback = arg;
    g_autoptr(GPtrArray) live = NULL;
    g_autoptr(GPtrArray) files = NULL;
    int64_t wanted = 0;

    enum status status = rule_store_live(tx, &rollback->before, err);
    if (status == ST_OK && rollback->before == 0) {
        return err_set(err, ST_NOT_FOUND, "no version was ever applied");
    }
    if (status == ST_OK) {
        status = rule_store_load(tx, rollback->before, &live, err);
    }
    if (status == ST_OK) {
        status = load(tx, rollback->word, rollback->before - 1, &wanted, &files, err);
    }
    if (status == ST_OK) {
        status = check_lenient(files, wanted, err);
    }
    if (status != ST_OK) {
        return status;
    }
    g_autofree char *why = g_strdup_printf("back to version %" PRId64, wanted);
    struct new_rule_version version = {.made_by = rollback->actor,
                                       .why = why,
                                       .files = files,
                                       .restores = wanted};
    json_decref(rollback->changes); /* the transaction may be done again */
    rollback->changes = rules_compare(live, files);
    rollback->version = rollback->before;
    return json_array_size(rollback->changes) == 0
               ? ST_OK
               : rule_store_add(tx, &version, &rollback->version, err);
}

enum status rules_run_rollback(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct rollback rollback = {.actor = actor, .word = args_word(args, 0)};

    enum status status = cli_connect(cli, err);
    if (status == ST_OK) {
        status = tx_run(cli->conn, roll_back, &rollback, err);
    }
    if (status == ST_OK) {
        rules_say_live(cli, rollback.before, rollback.version, g_steal_pointer(&rollback.changes));
    }
    json_decref(rollback.changes);
    return status;
}

/* ---- show -------------------------------------------------------------------------------------- */

/* The program's own notices whose names the version does not have. */
static void add_own_notices(GPtrArray *files)
{
    g_autoptr(GPtrArray) names = notice_own_files();
    guint of_version = files->len;

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *file = g_strdup_printf("notices/%s", name);
        bool is_there = false;
        for (guint f = 0; f < of_version; f++) {
            is_there |= strcmp(((struct rule_text *)g_ptr_array_index(files, f))->name, file) == 0;
        }
        if (!is_there) {
            g_ptr_array_add(files, rule_text_new(file, notice_own_text(name)));
        }
    }
}

static void print_files(const struct cli *cli, int64_t version, const GPtrArray *files)
{
    json_t *array = json_array();

    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        json_array_append_new(array, json_pack("{s:s, s:s}", "file", file->name, "content",
                                               file->content));
        if (!cli->is_json) {
            view_heading(file->name);
            view_body(file->content, 0);
        }
    }
    json_t *object = json_pack("{s:I, s:o}", "version", (json_int_t)version, "files", array);
    if (cli->is_json) {
        view_print_json(object);
    }
    json_decref(object);
}

enum status rules_run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) files = NULL;
    const char *output = args_value(args, "output");
    int64_t version = 0;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = rule_store_live(tx, &version, err);
    }
    if (status == ST_OK) {
        status = load(tx, args_word(args, 0), version, &version, &files, err);
    }
    if (status == ST_OK && args_has(args, "notices")) {
        add_own_notices(files);
    }
    if (status == ST_OK && output != NULL) {
        status = rules_write(output, files, err);
        if (status == ST_OK) {
            cli_say(cli, "version %" PRId64 ": %u files written into %s\n", version, files->len,
                    output);
        }
    } else if (status == ST_OK) {
        print_files(cli, version, files);
    }
    return status;
}
