/* migrate - postdesk migrate: bring the schema up to date
 *
 * The only command that works on a database which is no desk yet, or one of an older version.
 * I/O: the database (db/migrate), stdout.
 */
#include "db/migrate.h"

#include <stdio.h>

#include "cli/view.h"

static void print_names(const struct cli *cli, const GPtrArray *names, const char *key,
                        const char *verb)
{
    json_t *array = json_array();

    for (size_t i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        json_array_append_new(array, json_string(name));
        cli_say(cli, "%s %s\n", verb, name);
    }
    if (names->len == 0) {
        cli_say(cli, "the schema is up to date\n");
    }
    json_t *object = json_pack("{s:o}", key, array);
    if (cli->is_json) {
        view_print_json(object);
    }
    json_decref(object);
}

static enum status run_migrate(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) names = NULL;
    bool is_dry = args_has(args, "dry-run");
    enum status status = cli_connect_unchecked(cli, err);

    if (status == ST_OK) {
        status = is_dry ? migrate_pending(cli->conn, &names, err)
                        : migrate_apply(cli->conn, &names, err);
    }
    if (status == ST_OK) {
        print_names(cli, names, is_dry ? "pending" : "applied", is_dry ? "pending" : "applied");
    }
    return status;
}

static const struct flag FLAGS[] = {
    {"dry-run", NULL, "only say what would be applied", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.words = "",
     .help = "bring the schema of the database up to date",
     .more =
         "Each version is applied in a transaction of its own, under a lock; several hosts may run\n"
         "this at once. There is no way back but a dump.",
     .flags = FLAGS,
     .run = run_migrate},
    {.run = NULL},
};

const struct noun NOUN_MIGRATE = {"migrate", "bring the schema of the database up to date", VERBS};
