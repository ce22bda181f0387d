/* postdeskd - the daemon: a supervisor, or one of the roles that it starts
 *
 *     postdeskd [--config FILE]                 run in the foreground until SIGTERM
 *     postdeskd [--config FILE] --check-config  say whether the file is right, and end
 *     postdeskd --role NAME --number N …        be a role (the supervisor's own call)
 *
 * Exit codes are those of the command line: 0 ended as asked, 78 misconfigured.
 * I/O: everything, through the layers.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <glib.h>

#include "core/log.h"
#include "core/stop.h"
#include "core/text.h"
#include "daemon/role.h"
#include "daemon/supervise.h"

static const char HELP[] =
    "Usage: postdeskd [--config FILE] [--check-config]\n"
    "\n"
    "Reads the desk's mailboxes, files what comes and sends the answers. Stays in the foreground,\n"
    "logs to stderr, ends within 10 seconds on SIGTERM, takes its configuration anew on SIGHUP.\n"
    "\n"
    "  --config FILE    default: $POSTDESK_CONFIG, else " CONFIG_DEFAULT_PATH "\n"
    "  --check-config   read the configuration, say what is wrong with it, and end\n"
    "  --version        print the version, and end\n"
    "  --help           print this, and end\n"
    "\n"
    "The desk itself is made with postdesk(1).\n";

struct options {
    const char *config_path;
    const char *role;
    int64_t number;
    bool only_checks;
};

static int complain(const struct err *err)
{
    (void)fprintf(stderr, "error: %s\n", err->text);
    if (err->hint[0]) {
        (void)fprintf(stderr, "hint: %s\n", err->hint);
    }
    return status_exit_code(err->status);
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct options *options)
{
    enum { CONFIG = 'c', ROLE = 'r', NUMBER = 'n', CHECK = 'k', VERSION = 'v', HELP_OPTION = 'h' };
    static const struct option OPTIONS[] = {{"config", required_argument, NULL, CONFIG},
                                            {"role", required_argument, NULL, ROLE},
                                            {"number", required_argument, NULL, NUMBER},
                                            {"check-config", no_argument, NULL, CHECK},
                                            {"version", no_argument, NULL, VERSION},
                                            {"help", no_argument, NULL, HELP_OPTION},
                                            {NULL, 0, NULL, 0}};
    struct err err = {.status = ST_OK};
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case CONFIG:
            options->config_path = optarg;
            break;
        case ROLE:
            options->role = optarg;
            break;
        case NUMBER:
            if (text_parse_int64(optarg, 0, INT64_MAX, &options->number, &err) != ST_OK) {
                return complain(&err);
            }
            break;
        case CHECK:
            options->only_checks = true;
            break;
        case VERSION:
            puts("postdeskd " POSTDESK_VERSION);
            return 0;
        case HELP_OPTION:
            (void)fputs(HELP, stdout);
            return 0;
        default:
            (void)fputs("hint: postdeskd --help\n", stderr);
            return 64;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "error: postdeskd takes no \"%s\"\nhint: postdeskd --help\n",
                      argv[optind]);
        return 64;
    }
    return -1;
}

static enum status run_role(const struct options *options, const struct config *config,
                            struct err *err)
{
    enum daemon_role role = DAEMON_TEND;
    enum status status = daemon_role_parse(options->role, &role, err);
    if (status == ST_OK) {
        status = stop_init(err);
    }
    if (status != ST_OK) {
        return status;
    }
    LOG_SCOPE(kv("role", daemon_role_name(role)));
    LOG_SCOPE(kv("pid", getpid()));
    status = daemon_role_run(role, options->number, config, err);
    if (status != ST_OK) {
        log_error("role.failed", kv("status", status_name(status)), kv("error", err->text));
    }
    return status;
}

static enum status run_daemon(const struct options *options, const struct config *config,
                              struct err *err)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    if (!program) {
        return err_set(err, ST_FATAL, "cannot find this program's own path: /proc is not mounted");
    }
    struct supervise_options supervised = {.program = program, .config_path = options->config_path};
    return supervise(config, &supervised, err);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct err err = {.status = ST_OK};
    OWNED(config) config = NULL;
    int code = read_options(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* libetpan writes without MSG_NOSIGNAL */
    if (config_load(options.config_path, &config, &err) != ST_OK) {
        return complain(&err);
    }
    if (options.only_checks) {
        puts("the configuration is right");
        return 0;
    }
    enum log_level level = LOG_LEVEL_INFO;
    enum status status = log_level_parse(config->log_level, &level, &err);
    log_set_level(level);
    if (status == ST_OK) {
        status = options.role ? run_role(&options, config, &err)
                              : run_daemon(&options, config, &err);
    }
    return options.role || status == ST_OK ? status_exit_code(status) : complain(&err);
}
