/* cli - what the commands share
 *
 * Config and connection are opened by the first who wants them: `postdesk help` works on a machine
 * without either. The schema must be exactly this program's before a command reads or writes; only
 * `migrate` may look at another one.
 *
 * Who called is recorded with what he changed. Behind sudo that is the user who called sudo: root can
 * claim to be anybody anyway.
 * I/O: config file, database, stdout.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/view.h"
#include "core/log.h"
#include "core/text.h"
#include "db/migrate.h"

static const struct noun *const NOUNS[] = {
    &NOUN_MIGRATE, &NOUN_MAILBOX, &NOUN_CUSTOMER, &NOUN_CONTACT,  &NOUN_TECHNICIAN, &NOUN_GROUP,
    &NOUN_STATUS,  &NOUN_QUEUE,   &NOUN_METRICS,  &NOUN_CALENDAR, &NOUN_IMPORT,     &NOUN_EXPORT,
    &NOUN_TICKET,  &NOUN_HELD,    &NOUN_WHY,      &NOUN_AUDIT,    &NOUN_DOCTOR,     &NOUN_SETTING,
    &NOUN_RULES,   &NOUN_REPLAY,  &NOUN_FIELD,    &NOUN_KEYS,     &NOUN_LOG,        &NOUN_HELP,
};

const struct noun *const *cli_nouns(size_t *count_out)
{
    *count_out = G_N_ELEMENTS(NOUNS);
    return NOUNS;
}

static enum status say_unknown(const char *what, const char *name, const GPtrArray *names,
                               struct err *err)
{
    const char *nearest = text_nearest(name, (const char *const *)names->pdata, names->len);

    (void)err_set(err, ST_INVALID, "unknown %s \"%s\"", what, name);
    if (nearest == NULL) {
        return err_hint(err, "postdesk --help lists them");
    }
    return err_hint(err, "did you mean \"%s\"?", nearest);
}

enum status cli_find_noun(const char *name, const struct noun **noun_out, struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(NOUNS); i++) {
        if (strcmp(NOUNS[i]->name, name) == 0) {
            *noun_out = NOUNS[i];
            return ST_OK;
        }
        g_ptr_array_add(names, (gpointer)NOUNS[i]->name);
    }
    return say_unknown("command", name, names, err);
}

enum status cli_find_verb(const struct noun *noun, const char *name, const struct verb **verb_out,
                          struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            *verb_out = verb;
            return ST_OK;
        }
        g_ptr_array_add(names, (gpointer)verb->name);
    }
    g_autofree char *what = g_strdup_printf("%s command", noun->name);
    return say_unknown(what, name, names, err);
}

enum status cli_config(struct cli *cli, struct err *err)
{
    enum log_level level = LOG_LEVEL_INFO;

    if (cli->config != NULL) {
        return ST_OK;
    }
    enum status status = config_load(cli->config_path, &cli->config, err);
    if (status == ST_OK) {
        status = log_level_parse(cli->config->log_level, &level, err);
    }
    log_set_level(level);
    return status;
}

enum status cli_connect_unchecked(struct cli *cli, struct err *err)
{
    if (cli->conn != NULL) {
        return ST_OK;
    }
    enum status status = cli_config(cli, err);
    if (status == ST_OK) {
        status = conn_open(cli->config->database, "postdesk", &cli->conn, err);
    }
    return status == ST_OK ? cli_require(cli, cli->least, err) : status;
}

enum status cli_connect(struct cli *cli, struct err *err)
{
    enum status status = cli_connect_unchecked(cli, err);
    return status == ST_OK ? migrate_check(cli->conn, err) : status;
}

enum status cli_read(struct cli *cli, struct tx **tx_out, struct err *err)
{
    enum status status = cli_connect(cli, err);
    return status == ST_OK ? tx_begin(cli->conn, TX_READ_ONLY, tx_out, err) : status;
}

void cli_clear(struct cli *cli)
{
    conn_close(g_steal_pointer(&cli->conn));
    config_free(g_steal_pointer(&cli->config));
}

char *cli_actor(void)
{
    const char *behind = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = getpwuid(getuid());

    if (behind != NULL && behind[0] != '\0') {
        return g_utf8_make_valid(behind, -1);
    }
    return entry == NULL ? g_strdup_printf("uid %d", (int)getuid())
                         : g_utf8_make_valid(entry->pw_name, -1);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    va_list arguments;

    if (cli->is_json) {
        return;
    }
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

void cli_added(const struct cli *cli, const char *what, int64_t id, const char *name)
{
    if (cli->is_json) {
        json_t *object = json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", name);
        view_print_json(object);
        json_decref(object);
        return;
    }
    printf("%s %" PRId64 " \"%s\" added\n", what, id, name);
}

void cli_changed(const struct cli *cli, const char *what, const char *name)
{
    if (cli->is_json) {
        json_t *object = json_pack("{s:s}", "changed", name);
        view_print_json(object);
        json_decref(object);
        return;
    }
    g_autofree char *line = text_one_line(name, SIZE_MAX);
    printf("%s \"%s\" changed\n", what, line);
}

enum status cli_add_or_remove(const char *word, bool *is_added_out, struct err *err)
{
    if (strcmp(word, "add") != 0 && strcmp(word, "remove") != 0) {
        return err_set(err, ST_INVALID, "say \"add\" or \"remove\", not \"%s\"", word);
    }
    *is_added_out = strcmp(word, "add") == 0;
    return ST_OK;
}
