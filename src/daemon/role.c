/* role - the life of one role process
 *
 * The supervisor starts each role by executing the program again: a role begins with nothing but its
 * place in the command line, reads the config itself and so always runs with one config from its start
 * to its end. What a role does is not known here: it is a function in the program's table, which is also
 * how tests put roles of their own into a real daemon.
 *
 * How a role ends is told twice: in the log, for people, with the reason; and by its exit code, for the
 * supervisor, which only wants to know how long to wait (a role that says ST_FATAL needs a person).
 *
 * Not here: restarts, and the signal that comes when the supervisor is gone (supervise.c).
 * I/O: signals, the config file; whatever the role does.
 */
#include "daemon/role.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include <glib.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"

const struct role *role_find(const struct role_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->roles[i].name, name) == 0) {
            return &table->roles[i];
        }
    }
    return NULL;
}

static enum status run_role(const struct role *role, const struct role_place *place,
                            const char *config_path, struct err *err)
{
    OWNED(config) config = NULL;
    enum log_level level = LOG_LEVEL_INFO;
    enum status status = stop_init(err);

    if (status == ST_OK) {
        status = config_load(config_path, &config, err);
    }
    if (status == ST_OK && config->log_level) {
        status = log_level_parse(config->log_level, &level, err);
    }
    if (status != ST_OK) {
        return status;
    }
    log_set_level(level);
    return role->run(config, place, err);
}

/* A mail of 20 MB leaves as much as it took. By itself the allocator takes the largest block that was ever freed
 * for usual, and keeps that much from then on; said once, its thresholds stay where they are. The parsers of an
 * intake inherit this. */
static void keep_little_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, LIMIT_KEPT_BLOCK_BYTES);
    mallopt(M_TRIM_THRESHOLD, LIMIT_KEPT_BYTES);
}

int role_live(const struct role *role, const struct role_place *place, const char *config_path)
{
    struct err err = {.status = ST_OK};
    g_autofree char *title = g_strdup_printf("postdesk-%s", role->name);

    /* A peer that is gone is an error of write(), not the end; the supervisor answers to SIGHUP. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, title);
    keep_little_memory();
    LOG_SCOPE(kv("role", role->name));

    enum status status = run_role(role, place, config_path, &err);
    if (status != ST_OK) {
        log_error("role.failed", kv("status", status_name(status)), kv("error", err.text));
    }
    return status_exit_code(status);
}
