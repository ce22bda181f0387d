/* fake_postdeskd - the real daemon with roles that misbehave on request
 *
 * Everything but the table of roles is the program that is shipped. Each role appends to $FAKE_DIR/log
 *
 *     start NAME INDEX MAILBOX PID MICROSECONDS INTAKES DESCRIPTORS
 *     stop NAME INDEX MAILBOX PID MICROSECONDS
 *
 * and then does what the file $FAKE_DIR/NAME says (run if there is none): run, crash, fail, fatal, done,
 * stuck. The role tend tells the mailboxes that stand in $FAKE_DIR/roster, or garbage if that says so.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/roster.h"
#include "core/stop.h"
#include "core/text.h"
#include "daemon/program.h"

static char *fake_path(const char *name)
{
    return g_build_filename(g_getenv("FAKE_DIR"), name, NULL);
}

/* The content of a file of the folder, without white space at its ends; "" if there is none. */
static char *read_fake(const char *name)
{
    g_autofree char *path = fake_path(name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : g_strdup("");
}

static char *list_descriptors(void)
{
    GString *list = g_string_new(NULL);
    for (int fd = 0; fd < 256; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 && fd != stop_fd()) {
            g_string_append_printf(list, "%s%d", list->len ? "," : "", fd);
        }
    }
    return g_string_free(list, FALSE);
}

static void note(const char *format, ...) PRINTF_LIKE(1, 2);
static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *path = fake_path("log");
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        g_error("cannot write %s", path);
    }
    close(fd);
}

static void tell_roster(int report_fd, char **said)
{
    struct err err = {.status = ST_OK};
    g_autofree char *text = read_fake("roster");
    g_autofree int64_t *mailboxes = g_new0(int64_t, LIMIT_MAILBOXES);
    size_t count = 0;

    if (g_strcmp0(text, *said) == 0) {
        return;
    }
    g_free(*said);
    *said = g_strdup(text);
    if (strcmp(text, "garbage") == 0) {
        (void)!send(report_fd, "garbage, and much more of it", 28, MSG_NOSIGNAL);
        return;
    }
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    for (char **word = words; *word && count < LIMIT_MAILBOXES; word++) {
        count += text_parse_int64(*word, 1, INT64_MAX, &mailboxes[count], &err) == ST_OK;
    }
    if (roster_send(report_fd, mailboxes, count, &err) != ST_OK) {
        g_error("%s", err.text);
    }
}

static void run_until_stopped(const struct role_place *place)
{
    g_autofree char *said = NULL;
    while (!stop_requested()) {
        struct pollfd entry = {.fd = stop_fd(), .events = POLLIN};
        if (place->report_fd >= 0) {
            tell_roster(place->report_fd, &said);
        }
        poll(&entry, 1, 20);
    }
}

static enum status live(const char *name, const struct config *config,
                        const struct role_place *place, struct err *err)
{
    g_autofree char *order = read_fake(name);
    g_autofree char *descriptors = list_descriptors();
    g_autofree char *who = g_strdup_printf("%s %d %" PRId64 " %d", name, place->index,
                                           place->mailbox, (int)getpid());
    note("start %s %" PRId64 " %" PRId64 " %s\n", who, clock_monotonic_us(clock_real()),
         config->intakes, descriptors);
    if (strcmp(order, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would make a report of it */
        kill(getpid(), SIGSEGV);
    } else if (strcmp(order, "fail") == 0) {
        return err_set(err, ST_TEMPFAIL, "could not, as told");
    } else if (strcmp(order, "fatal") == 0) {
        return err_set(err, ST_FATAL, "cannot, as told");
    } else if (strcmp(order, "done") == 0) {
        return ST_OK;
    }
    while (strcmp(order, "stuck") == 0) {
        clock_sleep_ms(1000); /* deaf to every signal that can be heard */
    }
    run_until_stopped(place);
    note("stop %s %" PRId64 "\n", who, clock_monotonic_us(clock_real()));
    return ST_OK;
}

static enum status run_tend(const struct config *config, const struct role_place *place,
                            struct err *err)
{
    return live("tend", config, place, err);
}

static enum status run_intake(const struct config *config, const struct role_place *place,
                              struct err *err)
{
    return live("intake", config, place, err);
}

static enum status run_send(const struct config *config, const struct role_place *place,
                            struct err *err)
{
    return live("send", config, place, err);
}

static enum status run_fetch(const struct config *config, const struct role_place *place,
                             struct err *err)
{
    return live("fetch", config, place, err);
}

static const struct role ROLES[] = {
    {.name = "tend", .number = ROLE_ONE, .has_roster = true, .run = run_tend},
    {.name = "intake", .number = ROLE_PER_INTAKE, .run = run_intake},
    {.name = "send", .number = ROLE_PER_SENDER, .run = run_send},
    {.name = "fetch", .number = ROLE_PER_MAILBOX, .run = run_fetch},
};

int main(int argc, char **argv)
{
    const struct role_table table = {.roles = ROLES, .count = G_N_ELEMENTS(ROLES)};
    return program_main(argc, argv, &table);
}
