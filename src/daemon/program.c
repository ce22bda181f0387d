/* program - the command line of postdeskd
 *
 *     postdeskd [--config FILE] [--check-config | --help | --version]
 *     postdeskd --role NAME [--index N] [--mailbox ID] [--report-fd FD] [--config FILE]
 *
 * The second form is the supervisor's own: nobody else needs it, though it works by hand, which is
 * useful with a debugger. Errors of the command line go to stderr as the CLI prints them; from then on
 * everything is a log line.
 * I/O: stdout and stderr.
 */
#include "daemon/program.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include <glib.h>

#include "core/log.h"
#include "core/text.h"
#include "daemon/supervise.h"

enum { EXIT_USAGE_ERROR = 64 };

enum flag {
    FLAG_CONFIG = 1,
    FLAG_CHECK,
    FLAG_HELP,
    FLAG_VERSION,
    FLAG_ROLE,
    FLAG_INDEX,
    FLAG_MAILBOX,
    FLAG_REPORT,
};

static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, FLAG_CONFIG},
    {"check-config", no_argument, NULL, FLAG_CHECK},
    {"help", no_argument, NULL, FLAG_HELP},
    {"version", no_argument, NULL, FLAG_VERSION},
    {"role", required_argument, NULL, FLAG_ROLE},
    {"index", required_argument, NULL, FLAG_INDEX},
    {"mailbox", required_argument, NULL, FLAG_MAILBOX},
    {"report-fd", required_argument, NULL, FLAG_REPORT},
    {NULL, 0, NULL, 0},
};

static const char HELP[] =
    "usage: postdeskd [--config FILE] [--check-config | --help | --version]\n"
    "\n"
    "Reads mailboxes, files what came into tickets, sends the answers. Runs in the foreground\n"
    "until SIGTERM; SIGHUP reads the config file again; logs to stderr.\n"
    "\n"
    "  --config FILE   instead of $POSTDESK_CONFIG or " CONFIG_DEFAULT_PATH "\n"
    "  --check-config  say whether the config file is right, and end\n"
    "  --help          this text\n"
    "  --version       the version\n"
    "\n"
    "Mailboxes, people and rules are set up with postdesk(1).\n";

/* What the command line says. */
struct line {
    enum flag action; /* FLAG_CHECK, FLAG_HELP, FLAG_VERSION, FLAG_ROLE; 0: supervise */
    const char *config_path;
    const char *role_name;
    struct role_place place;
};

static enum status take_option(struct line *line, int flag, const char *value, struct err *err)
{
    int64_t number = 0;
    enum status status = ST_OK;

    switch ((enum flag)flag) {
    case FLAG_CONFIG:
        line->config_path = value;
        return ST_OK;
    case FLAG_ROLE:
        line->role_name = value;
        line->action = FLAG_ROLE;
        return ST_OK;
    case FLAG_INDEX:
        status = text_parse_int64(value, 0, G_MAXINT, &number, err);
        line->place.index = (int)number;
        return status;
    case FLAG_MAILBOX:
        return text_parse_int64(value, 1, G_MAXINT64, &line->place.mailbox, err);
    case FLAG_REPORT:
        status = text_parse_int64(value, 0, G_MAXINT, &number, err);
        line->place.report_fd = (int)number;
        return status;
    case FLAG_CHECK:
    case FLAG_HELP:
    case FLAG_VERSION:
        line->action = (enum flag)flag;
        return ST_OK;
    }
    return err_set(err, ST_INVALID, "see postdeskd --help"); /* getopt has said what */
}

static enum status read_line(int argc, char **argv, struct line *line, struct err *err)
{
    enum status status = ST_OK;
    int flag = 0;

    while (status == ST_OK && (flag = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        status = take_option(line, flag, optarg, err);
    }
    if (status == ST_OK && optind < argc) {
        status = err_set(err, ST_INVALID, "\"%s\" is not expected here", argv[optind]);
    }
    return status;
}

static int complain(const struct err *err, int exit_code)
{
    fprintf(stderr, "error: %s\n", err->text);
    if (*err->hint) {
        fprintf(stderr, "hint: %s\n", err->hint);
    }
    return exit_code;
}

static int check_config(const char *path)
{
    OWNED(config) config = NULL;
    struct err err = {.status = ST_OK};
    enum status status = config_load(path, &config, &err);
    if (status != ST_OK) {
        return complain(&err, status_exit_code(status));
    }
    puts("the config file is right");
    return 0;
}

static int live_role(const struct line *line, const struct role_table *table)
{
    struct err err = {.status = ST_OK};
    const struct role *role = role_find(table, line->role_name);
    if (!role) {
        (void)err_set(&err, ST_INVALID, "there is no role \"%s\"", line->role_name);
        return complain(&err, EXIT_USAGE_ERROR);
    }
    return role_live(role, &line->place, line->config_path);
}

static int supervise(const struct line *line, const struct role_table *table)
{
    struct err err = {.status = ST_OK};
    enum status status = supervise_run(table, line->config_path, &err);
    if (status != ST_OK) {
        log_error("daemon.failed", kv("status", status_name(status)), kv("error", err.text));
    }
    return status_exit_code(status);
}

int program_main(int argc, char **argv, const struct role_table *table)
{
    struct line line = {.place = {.report_fd = -1}};
    struct err err = {.status = ST_OK};

    if (read_line(argc, argv, &line, &err) != ST_OK) {
        return complain(&err, EXIT_USAGE_ERROR);
    }
    switch (line.action) {
    case FLAG_HELP:
        fputs(HELP, stdout);
        return 0;
    case FLAG_VERSION:
        puts("postdeskd " POSTDESK_VERSION);
        return 0;
    case FLAG_CHECK:
        return check_config(line.config_path);
    case FLAG_ROLE:
        return live_role(&line, table);
    default:
        return supervise(&line, table);
    }
}
