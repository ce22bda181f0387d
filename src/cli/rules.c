/* rules - postdesk rules: the desk's behaviour, written in files, checked and tried before it is live
 *
 * What is live stands in the database as a version (store/rule). The folder is only where an admin writes: apply
 * takes it whole, after every check and every test inside the files, or not at all. This file has what reads a
 * folder and the table of the commands; what looks at versions is rules_past.c, what is live rules_live.c.
 * I/O: the folder, the database, stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/rules_files.h"
#include "cli/rules_verbs.h"
#include "cli/view.h"
#include "store/rule.h"

/* ---- check and test ---------------------------------------------------------------------------- */

static enum status run_check(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) files = NULL;
    OWNED(rules) rules = NULL;

    enum status status = rules_load(cli, args_word(args, 0), &files, &rules, err);
    if (status == ST_OK) {
        json_t *object = json_pack("{s:[], s:I, s:I}", "errors", "rules",
                                   (json_int_t)rules_count(rules), "files", (json_int_t)files->len);
        if (cli->is_json) {
            view_print_json(object);
        }
        json_decref(object);
        cli_say(cli, "%zu %s in %u %s, no errors\n", rules_count(rules),
                rules_count(rules) == 1 ? "rule" : "rules", files->len,
                files->len == 1 ? "file" : "files");
    }
    return status;
}

static enum status run_test(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) files = NULL;
    OWNED(rules) rules = NULL;
    json_t *results = NULL;

    enum status status = rules_load(cli, args_word(args, 0), &files, &rules, err);
    if (status != ST_OK) {
        return status;
    }
    status = rules_run_tests(cli, rules, true, &results, err);
    if (cli->is_json) {
        view_print_json(results);
    }
    json_decref(results);
    return status;
}

/* ---- apply ------------------------------------------------------------------------------------- */

struct applying {
    const char *actor;
    const char *why;
    const GPtrArray *files;
    int64_t before;
    int64_t version;
    json_t *changes; /* own */
};

static enum status apply(struct tx *tx, void *arg, struct err *err)
{
    struct applying *applying = arg;
    g_autoptr(GPtrArray) live = NULL;

    enum status status = rule_store_live(tx, &applying->before, err);
    if (status == ST_OK) {
        status = rule_store_load(tx, applying->before, &live, err);
    }
    if (status != ST_OK) {
        return status;
    }
    json_decref(applying->changes); /* the transaction may be done again */
    applying->changes = rules_compare(live, applying->files);
    applying->version = applying->before;
    struct new_rule_version version = {.made_by = applying->actor,
                                       .why = applying->why,
                                       .files = applying->files,
                                       .restores = -1};
    return json_array_size(applying->changes) == 0
               ? ST_OK
               : rule_store_add(tx, &version, &applying->version, err);
}

void rules_say_changes(const json_t *changes)
{
    size_t i = 0;
    const json_t *change = NULL;

    json_array_foreach(changes, i, change)
    {
        printf("  %-8s %s (+%" JSON_INTEGER_FORMAT " -%" JSON_INTEGER_FORMAT ")\n",
               json_string_value(json_object_get(change, "what")),
               json_string_value(json_object_get(change, "file")),
               json_integer_value(json_object_get(change, "added")),
               json_integer_value(json_object_get(change, "removed")));
    }
}

void rules_say_live(const struct cli *cli, int64_t before, int64_t version, json_t *changes)
{
    json_t *object = json_pack("{s:I, s:I, s:o}", "version", (json_int_t)version, "before",
                               (json_int_t)before, "changes", changes);
    if (cli->is_json) {
        view_print_json(object);
    } else if (version == before) {
        printf("nothing has changed: version %" PRId64 " stays live\n", before);
    } else {
        printf("version %" PRId64 " is live, after version %" PRId64 "\n", version, before);
        rules_say_changes(changes);
    }
    json_decref(object);
}

static enum status run_apply(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) files = NULL;
    OWNED(rules) rules = NULL;
    json_t *results = NULL;
    g_autofree char *actor = cli_actor();
    const char *why = args_value(args, "why");

    enum status status = rules_load(cli, args_word(args, 0), &files, &rules, err);
    if (status != ST_OK) {
        return status;
    }
    status = rules_run_tests(cli, rules, false, &results, err);
    if (status != ST_OK && cli->is_json) {
        view_print_json(results);
    }
    json_decref(results);
    if (status != ST_OK) {
        return err_set(err, ST_INVALID, "a test has failed: nothing was applied");
    }
    struct applying applying = {.actor = actor, .why = why == NULL ? "" : why, .files = files};
    status = tx_run(cli->conn, apply, &applying, err);
    if (status == ST_OK) {
        rules_say_live(cli, applying.before, applying.version, g_steal_pointer(&applying.changes));
    }
    json_decref(applying.changes);
    return status;
}

/* ---- tables ------------------------------------------------------------------------------------ */

static const struct flag APPLY_FLAGS[] = {
    {"why", "TEXT", "what it is for; the history shows it", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag TRY_FLAGS[] = {
    {"rules", "DIR", "by the rules of this folder, instead of the live ones", false, false},
    {"mailbox", "ADDRESS|ID", "the mailbox that it would have come to (the first one)", false,
     false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag SHOW_FLAGS[] = {
    {"output", "DIR", "write the files into this folder, which is new or empty", false, false},
    {"notices", NULL, "the program's own notices as well, where the version has none of that name",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag HOOKS_FLAGS[] = {
    {"state", "STATE", "only those that are queued, sent or failed", false, false},
    {"limit", "N", "at most so many (50)", false, false},
    {NULL, NULL, NULL, false, false},
};

#define FOLDER                                                                                   \
 "DIR holds NAME.rules and notices/LANGUAGE/NAME.txt; without it the folder that the config's\n" \
 "rules-dir names is taken (/etc/postdesk/rules)."

static const struct verb VERBS[] = {
    {.name = "check",
     .words = "[DIR]",
     .help = "is there a mistake in these rules and notices? All are told at once",
     .more = FOLDER,
     .most_words = 1,
     .run = run_check},
    {.name = "test",
     .words = "[DIR]",
     .help = "run the tests that stand in the files",
     .more = FOLDER,
     .most_words = 1,
     .run = run_test},
    {.name = "try",
     .words = "FILE.eml",
     .help = "what would the rules do with this mail? Each condition's value, each action's effect",
     .more =
         "The mail is decided against the desk as it is now; nothing is written. That needs the\n"
         "role operator, because tokens in it are verified with the desk's keys.",
     .flags = TRY_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = rules_run_try},
    {.name = "apply",
     .words = "[DIR]",
     .help = "check and test them, and let them be live, everywhere at once",
     .more = FOLDER " The live rules\nstay as they are where a check or a test fails. Running "
                    "processes follow with the next mail.",
     .flags = APPLY_FLAGS,
     .most_words = 1,
     .run = run_apply},
    {.name = "history",
     .is_long = true,
     .words = "",
     .help = "all versions: when, who, why; which one is live",
     .run = rules_run_history},
    {.name = "diff",
     .is_long = true,
     .words = "[A [B]]",
     .help = "what is different between two versions",
     .more = "Without B the live version is taken; without A the one before it. Version 0 is the "
             "program's own.",
     .most_words = 2,
     .run = rules_run_diff},
    {.name = "rollback",
     .words = "[VERSION]",
     .help = "let an old version's content be live again, as a new version",
     .more = "Without VERSION it is the one before the live one.",
     .most_words = 1,
     .run = rules_run_rollback},
    {.name = "show",
     .is_long = true,
     .words = "[VERSION]",
     .help = "print the files of a version, or write them into a folder",
     .more = "Without VERSION it is the live one.",
     .flags = SHOW_FLAGS,
     .most_words = 1,
     .run = rules_run_show},
    {.name = "stats",
     .is_long = true,
     .words = "[VERSION]",
     .help = "how often rules fired, what they cost, what went wrong",
     .more = "Without VERSION it is the live one. Processes write their figures every few seconds.",
     .most_words = 1,
     .run = rules_run_stats},
    {.name = "hooks",
     .is_long = true,
     .words = "[list|retry] [CALL]",
     .help = "calls of web hooks: those that were made, that wait, that failed",
     .flags = HOOKS_FLAGS,
     .most_words = 2,
     .run = rules_run_hooks},
    {.run = NULL},
};

const struct noun NOUN_RULES = {"rules", "what the desk does on its own", VERBS};
