/* supervise - starts the roles, starts them again when they die, ends them when asked to
 *
 *     stopped ──start──▶ running ──died──▶ waiting (back-off: doubled up to 30 s, forgotten after a minute
 *        ▲                  │                 │        of health)
 *        └──not wanted──────┴─────────────────┘
 *
 * It does nothing else: no network, no database, no mail, so that nothing a stranger sends can reach it. Which
 * mailboxes there are it learns from tend, over a pipe; that is why one fetch a mailbox can come and go.
 *
 * A role that dies in whatever way is started again. One that ends with the exit code of ST_FATAL is
 * misconfigured: that is an error somebody must mend, and it is tried again every 30 s.
 *
 * On SIGTERM all roles get SIGTERM; who is still there after 8 s is killed, which every role survives by
 * design. Roles die with their supervisor (PR_SET_PDEATHSIG).
 * I/O: processes, signals, log, the service manager's socket.
 */
#include "daemon/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/frame.h"
#include "core/log.h"
#include "daemon/notify.h"
#include "daemon/role.h"

#define MS            INT64_C(1000)
#define MOST_DELAY_US (30000 * MS)
#define HEALTHY_US    (60000 * MS)
#define TERM_US       (8000 * MS)
#define REPORT_BYTES  65536
#define TICK_MS       1000

struct child {
    enum daemon_role role;
    int64_t number;
    pid_t pid; /* 0: does not run */
    bool is_wanted;
    int64_t started_us;
    int64_t start_at_us; /* not before */
    int64_t delay_us;
};

struct supervisor {
    const struct config *config;
    const struct supervise_options *options;
    GPtrArray *children; /* own: struct child */
    int signal_fd;
    int report_fd;                /* ours; -1 */
    int report_fd_tend;           /* tend's end; -1 */
    struct frame_reader *reports; /* own */
    pid_t pid;
    bool is_ending;
    int64_t kill_at_us;
};

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_real());
}

static struct child *find_child(const struct supervisor *supervisor, enum daemon_role role,
                                int64_t number)
{
    for (guint i = 0; i < supervisor->children->len; i++) {
        struct child *child = g_ptr_array_index(supervisor->children, i);
        if (child->role == role && child->number == number) {
            return child;
        }
    }
    return NULL;
}

static void want(struct supervisor *supervisor, enum daemon_role role, int64_t number)
{
    struct child *child = find_child(supervisor, role, number);
    if (!child) {
        child = g_new0(struct child, 1);
        child->role = role;
        child->number = number;
        child->delay_us = supervisor->config->restart_us;
        g_ptr_array_add(supervisor->children, child);
    }
    child->is_wanted = true;
}

/* ---- starting --------------------------------------------------------------------------------- */

/* In the new process: nothing but system calls until exec. */
static void become_role(const struct supervisor *supervisor, const struct child *child, char **argv)
{
    sigset_t none;
    sigemptyset(&none);
    bool is_tend = child->role == DAEMON_TEND;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor->pid ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0) {
        _exit(1);
    }
    if (is_tend && supervisor->report_fd_tend == DAEMON_REPORT_FD) {
        if (fcntl(DAEMON_REPORT_FD, F_SETFD, 0) != 0) {
            _exit(1);
        }
    } else if (is_tend && dup2(supervisor->report_fd_tend, DAEMON_REPORT_FD) < 0) {
        _exit(1);
    }
    execv(supervisor->options->program, argv);
    _exit(127);
}

static void start_child(struct supervisor *supervisor, struct child *child)
{
    char number[24];
    g_snprintf(number, sizeof number, "%" PRId64, child->number);
    const char *config_path = supervisor->options->config_path;
    const char *argv[] = {"postdeskd", "--role", daemon_role_name(child->role),
                          "--number",  number,   config_path ? "--config" : NULL,
                          config_path, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        become_role(supervisor, child, (char **)(uintptr_t)argv);
    }
    child->started_us = now_us();
    if (pid < 0) {
        child->start_at_us = child->started_us + child->delay_us;
        log_error("role.unstarted", kv("role", daemon_role_name(child->role)),
                  kv("error", g_strerror(errno)));
        return;
    }
    child->pid = pid;
    log_info("role.started", kv("role", daemon_role_name(child->role)),
             kv("mailbox", child->number), kv("pid", pid));
}

static void start_due(struct supervisor *supervisor)
{
    for (guint i = 0; i < supervisor->children->len; i++) {
        struct child *child = g_ptr_array_index(supervisor->children, i);
        if (child->pid == 0 && child->is_wanted && child->start_at_us <= now_us()) {
            start_child(supervisor, child);
        }
    }
}

/* ---- ending ----------------------------------------------------------------------------------- */

static void log_death(const struct child *child, int wait_status)
{
    const char *role = daemon_role_name(child->role);
    if (WIFSIGNALED(wait_status)) {
        log_warning("role.died", kv("role", role), kv("pid", child->pid),
                    kv("signal", WTERMSIG(wait_status)));
    } else if (WEXITSTATUS(wait_status) == status_exit_code(ST_FATAL)) {
        log_error("role.misconfigured", kv("role", role), kv("pid", child->pid));
    } else if (WEXITSTATUS(wait_status) != 0) {
        log_warning("role.failed", kv("role", role), kv("pid", child->pid),
                    kv("status", WEXITSTATUS(wait_status)));
    } else {
        log_info("role.ended", kv("role", role), kv("pid", child->pid));
    }
}

static void close_reports(struct supervisor *supervisor)
{
    g_clear_pointer(&supervisor->reports, frame_reader_free);
    if (supervisor->report_fd >= 0) {
        close(supervisor->report_fd);
        close(supervisor->report_fd_tend);
        supervisor->report_fd = -1;
    }
}

/* A new pipe for the next tend: in the old one the dead may have left half a frame. */
static enum status open_reports(struct supervisor *supervisor, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_set(err, ST_FATAL, "could not make a pipe for tend: %s", g_strerror(errno));
    }
    close_reports(supervisor);
    supervisor->report_fd = pair[0];
    supervisor->report_fd_tend = pair[1];
    supervisor->reports = frame_reader_new(pair[0], REPORT_BYTES);
    return ST_OK;
}

static void bury(struct supervisor *supervisor, struct child *child, int wait_status)
{
    int64_t now = now_us();
    log_death(child, wait_status);
    bool is_misconfigured = WIFEXITED(wait_status) &&
                            WEXITSTATUS(wait_status) == status_exit_code(ST_FATAL);
    if (now - child->started_us > HEALTHY_US) {
        child->delay_us = supervisor->config->restart_us;
    }
    child->start_at_us = now + (is_misconfigured ? MOST_DELAY_US : child->delay_us);
    child->delay_us = MIN(child->delay_us * 2, MOST_DELAY_US);
    child->pid = 0;
    struct err err = {.status = ST_OK};
    if (child->role == DAEMON_TEND && open_reports(supervisor, &err) != ST_OK) {
        log_error("report.lost", kv("error", err.text));
    }
}

static void reap(struct supervisor *supervisor)
{
    int wait_status = 0;
    for (pid_t pid; (pid = waitpid(-1, &wait_status, WNOHANG)) > 0;) {
        for (guint i = 0; i < supervisor->children->len; i++) {
            struct child *child = g_ptr_array_index(supervisor->children, i);
            if (child->pid == pid) {
                bury(supervisor, child, wait_status);
            }
        }
    }
}

/* Roles that are no longer wanted and have ended are forgotten. */
static void forget_unwanted(struct supervisor *supervisor)
{
    for (guint i = supervisor->children->len; i-- > 0;) {
        const struct child *child = g_ptr_array_index(supervisor->children, i);
        if (!child->is_wanted && child->pid == 0) {
            g_ptr_array_remove_index(supervisor->children, i);
        }
    }
}

static void signal_all(const struct supervisor *supervisor, int signal_number)
{
    for (guint i = 0; i < supervisor->children->len; i++) {
        const struct child *child = g_ptr_array_index(supervisor->children, i);
        if (child->pid > 0) {
            (void)kill(child->pid, signal_number);
        }
    }
}

static void begin_end(struct supervisor *supervisor)
{
    if (!supervisor->is_ending) {
        supervisor->is_ending = true;
        supervisor->kill_at_us = now_us() + TERM_US;
        notify_service("STOPPING=1");
        log_info("daemon.stopping", kv("pid", supervisor->pid));
        for (guint i = 0; i < supervisor->children->len; i++) {
            ((struct child *)g_ptr_array_index(supervisor->children, i))->is_wanted = false;
        }
    }
    signal_all(supervisor, SIGTERM);
}

static void restart_all(struct supervisor *supervisor)
{
    log_info("daemon.reloading", kv("pid", supervisor->pid));
    for (guint i = 0; i < supervisor->children->len; i++) {
        struct child *child = g_ptr_array_index(supervisor->children, i);
        child->delay_us = supervisor->config->restart_us;
        child->start_at_us = 0;
    }
    signal_all(supervisor, SIGTERM);
}

/* ---- what comes in ---------------------------------------------------------------------------- */

static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            begin_end(supervisor);
        } else if (info.ssi_signo == SIGHUP && !supervisor->is_ending) {
            restart_all(supervisor);
        }
    }
    reap(supervisor);
}

/* tend says which mailboxes there are: one fetch each, the others are ended. */
static void take_mailboxes(struct supervisor *supervisor, const struct frame *frame)
{
    struct err err = {.status = ST_OK};
    g_autoptr(GVariant) ids = NULL;
    if (frame->kind != DAEMON_MAILBOXES || frame_value(frame, "ax", &ids, &err) != ST_OK) {
        log_warning("report.refused", kv("error", err.text));
        return;
    }
    for (guint i = 0; i < supervisor->children->len; i++) {
        struct child *child = g_ptr_array_index(supervisor->children, i);
        child->is_wanted = child->role != DAEMON_FETCH;
    }
    gsize count = 0;
    const int64_t *values = g_variant_get_fixed_array(ids, &count, sizeof(int64_t));
    for (gsize i = 0; i < count; i++) {
        want(supervisor, DAEMON_FETCH, values[i]);
    }
    for (guint i = 0; i < supervisor->children->len; i++) {
        const struct child *child = g_ptr_array_index(supervisor->children, i);
        if (!child->is_wanted && child->pid > 0) {
            (void)kill(child->pid, SIGTERM);
        }
    }
}

static void take_reports(struct supervisor *supervisor)
{
    struct err err = {.status = ST_OK};
    enum status status = ST_OK;
    while (status == ST_OK && !supervisor->is_ending) {
        struct frame frame = {0};
        status = frame_read(supervisor->reports, FRAME_NOW, &frame, &err);
        if (status == ST_OK) {
            take_mailboxes(supervisor, &frame);
        }
        frame_clear(&frame);
    }
    if (status == ST_INVALID || status == ST_TEMPFAIL) {
        /* Out of step: a new tend, with a new pipe, begins anew. */
        log_warning("report.refused", kv("error", err.text));
        const struct child *tend = find_child(supervisor, DAEMON_TEND, 0);
        if (tend && tend->pid > 0) {
            (void)kill(tend->pid, SIGKILL);
        }
        close_reports(supervisor);
    }
}

/* ---- the loop --------------------------------------------------------------------------------- */

static bool is_any_running(const struct supervisor *supervisor)
{
    for (guint i = 0; i < supervisor->children->len; i++) {
        if (((const struct child *)g_ptr_array_index(supervisor->children, i))->pid > 0) {
            return true;
        }
    }
    return false;
}

/* Milliseconds until the next role may start or must be killed. */
static int next_event_ms(const struct supervisor *supervisor)
{
    int64_t now = now_us();
    int64_t soonest = now + TICK_MS * MS;
    if (supervisor->is_ending) {
        soonest = MIN(soonest, supervisor->kill_at_us);
    }
    for (guint i = 0; i < supervisor->children->len; i++) {
        const struct child *child = g_ptr_array_index(supervisor->children, i);
        if (child->pid == 0 && child->is_wanted) {
            soonest = MIN(soonest, child->start_at_us);
        }
    }
    return (int)CLAMP((soonest - now + MS - 1) / MS, 0, TICK_MS);
}

static void wait_for_events(struct supervisor *supervisor)
{
    struct pollfd polled[] = {{.fd = supervisor->signal_fd, .events = POLLIN},
                              {.fd = supervisor->report_fd, .events = POLLIN}};
    if (poll(polled, G_N_ELEMENTS(polled), next_event_ms(supervisor)) > 0) {
        if (polled[0].revents) {
            take_signals(supervisor);
        }
        if (polled[1].revents && supervisor->reports) {
            take_reports(supervisor);
        }
    }
}

static void tick(struct supervisor *supervisor)
{
    reap(supervisor);
    forget_unwanted(supervisor);
    if (supervisor->is_ending && now_us() >= supervisor->kill_at_us) {
        signal_all(supervisor, SIGKILL);
    } else if (!supervisor->is_ending) {
        start_due(supervisor);
    }
    notify_watchdog();
}

static enum status watch_signals(struct supervisor *supervisor, sigset_t *before, struct err *err)
{
    sigset_t watched;
    sigemptyset(&watched);
    static const int SIGNALS[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNALS); i++) {
        sigaddset(&watched, SIGNALS[i]);
    }
    if (sigprocmask(SIG_BLOCK, &watched, before) == 0) {
        supervisor->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    return supervisor->signal_fd >= 0
               ? ST_OK
               : err_set(err, ST_FATAL, "could not watch for signals: %s", g_strerror(errno));
}

static void want_the_constant(struct supervisor *supervisor)
{
    want(supervisor, DAEMON_TEND, 0);
    for (int64_t i = 0; i < supervisor->config->intakes; i++) {
        want(supervisor, DAEMON_INTAKE, i);
    }
    for (int64_t i = 0; i < supervisor->config->senders; i++) {
        want(supervisor, DAEMON_SEND, i);
    }
}

enum status supervise(const struct config *config, const struct supervise_options *options,
                      struct err *err)
{
    struct supervisor supervisor = {.config = config,
                                    .options = options,
                                    .children = g_ptr_array_new_with_free_func(g_free),
                                    .signal_fd = -1,
                                    .report_fd = -1,
                                    .pid = getpid()};
    sigset_t before;
    enum status status = watch_signals(&supervisor, &before, err);
    if (status == ST_OK) {
        status = open_reports(&supervisor, err);
    }
    if (status == ST_OK) {
        want_the_constant(&supervisor);
        start_due(&supervisor);
        notify_service("READY=1");
        while (!supervisor.is_ending || is_any_running(&supervisor)) {
            wait_for_events(&supervisor);
            tick(&supervisor);
        }
        log_info("daemon.ended", kv("pid", supervisor.pid));
    }
    close_reports(&supervisor);
    if (supervisor.signal_fd >= 0) {
        close(supervisor.signal_fd);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
    }
    g_ptr_array_unref(supervisor.children);
    return status;
}
