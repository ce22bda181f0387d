/* role - one role of the daemon as a process of its own, without a supervisor
 *
 *     gateway_role CONFIG migrate
 *     gateway_role CONFIG fetch MAILBOX
 *     gateway_role CONFIG tend FD
 *     gateway_role CONFIG hook
 *
 * Ends on SIGTERM. The exit code is the status's, as the command line's is.
 */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "core/config.h"
#include "core/log.h"
#include "core/stop.h"
#include "core/text.h"
#include "db/conn.h"
#include "db/migrate.h"
#include "gateway/fetch.h"
#include "gateway/hook_send.h"
#include "gateway/tend.h"

static enum status migrate(const struct config *config, struct err *err)
{
    CONN_AUTO struct conn *conn = NULL;
    g_autoptr(GPtrArray) applied = NULL;
    enum status status = conn_open(config->database, "role", &conn, err);
    return status == ST_OK ? migrate_apply(conn, &applied, err) : status;
}

static enum status run(const struct config *config, const char *role, int64_t number,
                       struct err *err)
{
    if (strcmp(role, "migrate") == 0) {
        return migrate(config, err);
    }
    if (strcmp(role, "fetch") == 0) {
        return fetch_run(config, number, err);
    }
    if (strcmp(role, "tend") == 0) {
        return tend_run(config, (int)number, err);
    }
    if (strcmp(role, "hook") == 0) {
        return hook_send_run(config, err);
    }
    return err_set(err, ST_INVALID, "there is no role \"%s\"", role);
}

int main(int argc, char **argv)
{
    struct err err = {.status = ST_OK};
    OWNED(config) config = NULL;
    enum log_level level = LOG_LEVEL_INFO;
    int64_t number = 0;
    if (argc < 3) {
        return 64;
    }
    enum status status = config_load(argv[1], &config, &err);
    if (status == ST_OK) {
        status = log_level_parse(config->log_level, &level, &err);
    }
    if (status == ST_OK && argc > 3) {
        status = text_parse_int64(argv[3], 0, INT64_MAX, &number, &err);
    }
    if (status == ST_OK) {
        log_set_level(level);
        status = stop_init(&err);
    }
    if (status == ST_OK) {
        status = run(config, argv[2], number, &err);
    }
    if (status != ST_OK) {
        (void)fprintf(stderr, "error: %s\n", err.text);
    }
    return status_exit_code(status);
}
