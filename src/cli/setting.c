/* setting - postdesk setting list, set
 *
 * The table of settings (desk/settings) says what there is; the database holds what was set. A value that
 * the table refuses never reaches the database, where the next batch would stumble over it.
 * I/O: the database, stdout.
 */
#include "store/setting.h"

#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "desk/settings.h"

static const struct field FIELDS[] = {
    {"name", "NAME", FIELD_TEXT, false},       {"value", "VALUE", FIELD_TEXT, false},
    {"default", "DEFAULT", FIELD_TEXT, false}, {"help", "WHAT IT IS", FIELD_TEXT, true},
    {"changed_at", "SET", FIELD_TIME, false},
};

static int find_row(const struct rows *rows, const char *name)
{
    for (int row = 0; row < rows_count(rows); row++) {
        if (strcmp(row_text(rows, row, 0), name) == 0) {
            return row;
        }
    }
    return -1;
}

static json_t *merge(const struct rows *rows)
{
    size_t count = 0;
    const struct setting_info *list = settings_list(&count);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        int row = find_row(rows, list[i].name);
        const char *value = row < 0 ? list[i].default_text : row_text(rows, row, 1);
        json_t *changed = view_time(row < 0 ? 0 : row_time(rows, row, 2));
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", list[i].name,
                                               "value", value, "default", list[i].default_text,
                                               "help", list[i].help, "changed_at", changed));
    }
    return array;
}

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    (void)args;
    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = setting_store_list(tx, &rows, err);
    }
    if (status == ST_OK) {
        view_print(cli, merge(rows), FIELDS, G_N_ELEMENTS(FIELDS));
    }
    return status;
}

struct assignment {
    const char *actor;
    const char *name;
    const char *value;
};

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    const struct assignment *assignment = arg;
    return setting_store_set(tx, assignment->actor, assignment->name, assignment->value, err);
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    struct settings scratch = settings_default();
    g_autofree char *actor = cli_actor();
    struct assignment assignment = {actor, args_word(args, 0), args_word(args, 1)};

    enum status status = settings_set(&scratch, args_word(args, 0), args_word(args, 1), err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &assignment, err);
    }
    if (status == ST_OK) {
        cli_say(cli, "%s is %s now\n", args_word(args, 0), args_word(args, 1));
    }
    return status;
}

static const struct verb VERBS[] = {
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list all settings with their values",
     .run = run_list},
    {.name = "set",
     .words = "NAME VALUE",
     .help = "set one; it holds from the next mail on",
     .least_words = 2,
     .most_words = 2,
     .run = run_set},
    {.run = NULL},
};

const struct noun NOUN_SETTING = {"setting", "how the desk behaves", VERBS};
