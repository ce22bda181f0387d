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

static enum status grant(struct tx *tx, void *arg, struct err *err)
{
    GPtrArray **missing = arg;

    g_clear_pointer(missing, g_ptr_array_unref);
    return role_store_grant(tx, missing, err);
}

/* Roles belong to the whole server: who may not make them can have them made. */
static void say_missing(const GPtrArray *missing)
{
    if (missing->len > 0) {
        fputs(
            "warning: the database's roles for the command line could not be made: only its owner can use it\n"
            "hint: let a database administrator do this, then run postdesk migrate again: "
            "CREATE ROLE postdesk_viewer; CREATE ROLE postdesk_operator IN ROLE postdesk_viewer; "
            "CREATE ROLE postdesk_admin IN ROLE postdesk_operator\n",
            stderr);
    }
}

static enum status run_migrate(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GPtrArray) missing = NULL;
    bool is_dry = args_has(args, "dry-run");
    enum status status = cli_connect_unchecked(cli, err);

    if (status == ST_OK) {
        status = is_dry ? migrate_pending(cli->conn, &names, err)
                        : migrate_apply(cli->conn, &names, err);
    }
    if (status == ST_OK && !is_dry) {
        status = tx_run(cli->conn, grant, &missing, err);
    }
    if (status == ST_OK) {
        print_names(cli, names, is_dry ? "pending" : "applied", is_dry ? "pending" : "applied");
    }
    if (status == ST_OK && missing != NULL) {
        say_missing(missing);
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
         "this at once. There is no way back but a dump. Also makes the roles postdesk_viewer,\n"
         "postdesk_operator and postdesk_admin where they are missing, and grants them their rights.",
     .flags = FLAGS,
     .run = run_migrate},
    {.run = NULL},
};

const struct noun NOUN_MIGRATE = {"migrate", "bring the schema of the database up to date", VERBS};
