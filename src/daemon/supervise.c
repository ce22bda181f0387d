/* supervise - start the roles, start again what died, end all of them in time
 *
 * One slot a process that there should be. A slot waits for its moment, runs, is asked to end, and at
 * its end waits again or is gone:
 *
 *     WAITING ──fork──▶ RUNNING ──SIGTERM──▶ ENDING ──(8 s: SIGKILL)──▶ reaped: WAITING, or gone
 *                          └────────────reaped: WAITING, later with each failure────────┘
 *
 * Which slots there should be follows from the config (intakes, senders) and from the roster, the list of
 * mailboxes that the role tend tells. Everything that happens (a child's end, a signal, a roster, a
 * moment that has come) is one pass of one loop around poll(); signals arrive by signalfd, so nothing ever
 * happens between two lines.
 *
 * Roles are started by executing this program again: after an upgrade and SIGHUP the new binary runs.
 * They get SIGKILL when the supervisor is gone (PR_SET_PDEATHSIG): every state of a mail survives that,
 * and two daemons at once would be worse.
 *
 * Not here: what roles do (gateway), and any network or database.
 * I/O: processes, signals, a socketpair to tend, the config file, systemd's socket.
 */
#include "daemon/supervise.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/frame.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/roster.h"
#include "core/text.h"
#include "daemon/notify.h"

enum { US_PER_MS = 1000, US_PER_SECOND = 1000000, REPORT_FD = 3, LONGEST_FACTOR = 30 };
#define NEVER INT64_MAX

enum slot_state { SLOT_WAITING, SLOT_RUNNING, SLOT_ENDING };

/* One process that there should be, or is. */
struct slot {
    const struct role *role; /* borrowed: from the table */
    struct role_place place;
    enum slot_state state;
    bool is_wanted;
    bool is_told;       /* to end by us: its end is no failure */
    bool is_fatal;      /* WAITING: only a person can help */
    pid_t pid;          /* RUNNING, ENDING */
    int64_t due_us;     /* WAITING: the start; ENDING: SIGKILL */
    int64_t started_us; /* RUNNING, ENDING */
    int64_t backoff_us; /* before the last start */
};

struct supervisor {
    const struct role_table *table; /* borrowed */
    const char *config_path;        /* borrowed; NULL */
    struct config *config;          /* own */
    char *program;                  /* own: what to execute */
    GPtrArray *slots;               /* own: struct slot */
    GArray *mailboxes;              /* own: int64_t, sorted */
    int report_fd;                  /* own: tend's; -1 */
    struct frame_reader *report;    /* own: NULL */
    int signal_fd;                  /* own */
    sigset_t outer_mask;
    bool is_ending;
    bool is_ready_said;
    char *refusal; /* own: what is wrong with the newest config; NULL: it is the one that runs */
    char *status_said;   /* own: to systemd; NULL */
    int64_t watchdog_us; /* 0: none */
    int64_t next_watchdog_us;
};

/* ---- states ------------------------------------------------------------------------------------ */

static const char *slot_state_name(enum slot_state state)
{
    switch (state) {
    case SLOT_WAITING:
        return "waiting";
    case SLOT_RUNNING:
        return "running";
    case SLOT_ENDING:
        return "ending";
    }
    return "?";
}

static void slot_set_state(struct slot *slot, enum slot_state to)
{
    static const bool MAY[3][3] = {
        [SLOT_WAITING] = {[SLOT_RUNNING] = true},
        [SLOT_RUNNING] = {[SLOT_WAITING] = true, [SLOT_ENDING] = true},
        [SLOT_ENDING] = {[SLOT_WAITING] = true},
    };
    assert(MAY[slot->state][to]);
    slot->state = to;
    log_debug("role.changed", kv("role", slot->role->name), kv("child", slot->pid),
              kv("state", slot_state_name(to)));
}

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_real());
}

int64_t supervise_backoff_us(int64_t first_us, int64_t last_us, int64_t ran_us, int exit_code)
{
    int64_t longest_us = MIN(first_us * LONGEST_FACTOR, LIMIT_RESTART_MS * INT64_C(1000));
    longest_us = MAX(longest_us, first_us);

    if (exit_code == status_exit_code(ST_FATAL)) {
        return longest_us;
    }
    if (last_us <= 0 || ran_us >= LIMIT_ROLE_HEALTHY_MS * INT64_C(1000)) {
        return first_us;
    }
    return MIN(last_us * 2, longest_us);
}

/* ---- which slots there should be --------------------------------------------------------------- */

static struct slot *find_slot(const struct supervisor *supervisor, const struct role *role,
                              int index, int64_t mailbox)
{
    for (guint i = 0; i < supervisor->slots->len; i++) {
        struct slot *slot = supervisor->slots->pdata[i];
        if (slot->role == role && slot->place.index == index && slot->place.mailbox == mailbox) {
            return slot;
        }
    }
    return NULL;
}

static void want_slot(struct supervisor *supervisor, const struct role *role, int index,
                      int64_t mailbox)
{
    struct slot *slot = find_slot(supervisor, role, index, mailbox);
    if (!slot) {
        slot = g_new0(struct slot, 1);
        slot->role = role;
        slot->place = (struct role_place){.index = index, .mailbox = mailbox, .report_fd = -1};
        g_ptr_array_add(supervisor->slots, slot);
    }
    slot->is_wanted = true;
}

static int64_t count_of(const struct supervisor *supervisor, const struct role *role)
{
    switch (role->number) {
    case ROLE_ONE:
        return 1;
    case ROLE_PER_INTAKE:
        return supervisor->config->intakes;
    case ROLE_PER_SENDER:
        return supervisor->config->senders;
    case ROLE_PER_MAILBOX:
        return supervisor->mailboxes->len;
    }
    return 0;
}

static void ask_to_end(struct slot *slot)
{
    if (slot->state != SLOT_RUNNING) {
        return;
    }
    slot->is_told = true;
    slot->due_us = now_us() + LIMIT_ROLE_END_MS * INT64_C(1000);
    kill(slot->pid, SIGTERM);
    slot_set_state(slot, SLOT_ENDING);
}

/* Make the slots that should be there, end those that should not. */
static void reconcile(struct supervisor *supervisor)
{
    const struct role_table *table = supervisor->table;

    for (guint i = 0; i < supervisor->slots->len; i++) {
        ((struct slot *)supervisor->slots->pdata[i])->is_wanted = false;
    }
    for (size_t r = 0; r < table->count && !supervisor->is_ending; r++) {
        const struct role *role = &table->roles[r];
        for (int64_t i = 0; i < count_of(supervisor, role); i++) {
            bool is_mailbox = role->number == ROLE_PER_MAILBOX;
            int64_t mailbox = is_mailbox ? g_array_index(supervisor->mailboxes, int64_t, (guint)i)
                                         : 0;
            want_slot(supervisor, role, is_mailbox ? 0 : (int)i, mailbox);
        }
    }
    for (guint i = supervisor->slots->len; i-- > 0;) {
        struct slot *slot = supervisor->slots->pdata[i];
        if (slot->is_wanted) {
            continue;
        }
        ask_to_end(slot);
        if (slot->state == SLOT_WAITING) {
            g_ptr_array_remove_index(supervisor->slots, i);
        }
    }
}

/* ---- starting ---------------------------------------------------------------------------------- */

static char **arguments_of(const struct supervisor *supervisor, const struct slot *slot)
{
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_strdup(supervisor->program));
    g_ptr_array_add(arguments, g_strdup_printf("--role=%s", slot->role->name));
    if (slot->role->number == ROLE_PER_MAILBOX) {
        g_ptr_array_add(arguments, g_strdup_printf("--mailbox=%" PRId64, slot->place.mailbox));
    } else {
        g_ptr_array_add(arguments, g_strdup_printf("--index=%d", slot->place.index));
    }
    if (slot->role->has_roster) {
        g_ptr_array_add(arguments, g_strdup_printf("--report-fd=%d", REPORT_FD));
    }
    if (supervisor->config_path) {
        g_ptr_array_add(arguments, g_strdup_printf("--config=%s", supervisor->config_path));
    }
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

/* In the new process. Only calls that are safe after fork; memory was taken before. */
_Noreturn static void become_role(const struct supervisor *supervisor, char **arguments,
                                  int report_fd, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(status_exit_code(ST_TEMPFAIL));
    }
    /* dup2 to itself would leave the descriptor marked to be closed. */
    if (report_fd == REPORT_FD) {
        fcntl(REPORT_FD, F_SETFD, 0);
    } else if (report_fd >= 0 && dup2(report_fd, REPORT_FD) < 0) {
        _exit(status_exit_code(ST_TEMPFAIL));
    }
    sigprocmask(SIG_SETMASK, &supervisor->outer_mask, NULL);
    execv(supervisor->program, arguments);
    _exit(status_exit_code(ST_TEMPFAIL));
}

/* The mailbox stands last and is left out where there is none. */
static int count_fields(const struct slot *slot, size_t count)
{
    return (int)count - (slot->place.mailbox == 0);
}

/* A new pipe from the role that tells the roster; that of the one before is over. */
static int open_report(struct supervisor *supervisor)
{
    int ends[2];
    g_clear_pointer(&supervisor->report, frame_reader_free);
    if (supervisor->report_fd >= 0) {
        close(supervisor->report_fd);
        supervisor->report_fd = -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    supervisor->report_fd = ends[0];
    supervisor->report = frame_reader_new(ends[0], ROSTER_BYTES);
    return ends[1];
}

static void start(struct supervisor *supervisor, struct slot *slot)
{
    g_auto(GStrv) arguments = arguments_of(supervisor, slot);
    int report_fd = slot->role->has_roster ? open_report(supervisor) : -1;
    pid_t parent = getpid();
    pid_t pid = slot->role->has_roster && report_fd < 0 ? -1 : fork();

    if (pid == 0) {
        become_role(supervisor, arguments, report_fd, parent);
    }
    if (report_fd >= 0) {
        close(report_fd);
    }
    if (pid < 0) {
        slot->backoff_us = supervise_backoff_us(supervisor->config->restart_us, slot->backoff_us, 0,
                                                0);
        slot->due_us = now_us() + slot->backoff_us;
        log_error("role.failed", kv("role", slot->role->name), kv("error", g_strerror(errno)));
        return;
    }
    slot->pid = pid;
    slot->started_us = now_us();
    slot->is_told = false;
    slot->is_fatal = false;
    slot_set_state(slot, SLOT_RUNNING);
    const struct kv fields[] = {
        kv("role", slot->role->name),
        kv("child", pid),
        kv("mailbox", slot->place.mailbox),
    };
    log_event(LOG_LEVEL_INFO, "role.started", fields, count_fields(slot, G_N_ELEMENTS(fields)));
}

/* ---- ends -------------------------------------------------------------------------------------- */

static void log_end(const struct slot *slot, int wait_status, int64_t ran_us)
{
    bool is_signal = WIFSIGNALED(wait_status);
    int code = is_signal ? 0 : WEXITSTATUS(wait_status);
    bool is_fatal = code == status_exit_code(ST_FATAL);
    enum log_level level = slot->is_told && wait_status == 0 ? LOG_LEVEL_INFO
                           : is_fatal                        ? LOG_LEVEL_ERROR
                                                             : LOG_LEVEL_WARNING;
    const struct kv fields[] = {
        kv("role", slot->role->name),
        kv("child", slot->pid),
        is_signal ? kv("signal", WTERMSIG(wait_status)) : kv("status", code),
        kv("seconds", ran_us / US_PER_SECOND),
        kv("reason", is_fatal        ? "misconfigured"
                     : slot->is_told ? "asked to"
                                     : "by itself"),
        kv("mailbox", slot->place.mailbox),
    };
    log_event(level, "role.ended", fields, count_fields(slot, G_N_ELEMENTS(fields)));
}

static void on_end(struct supervisor *supervisor, struct slot *slot, int wait_status)
{
    int64_t now = now_us();
    int64_t ran_us = now - slot->started_us;
    int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;

    log_end(slot, wait_status, ran_us);
    slot->pid = 0;
    slot->backoff_us = slot->is_told ? 0
                                     : supervise_backoff_us(supervisor->config->restart_us,
                                                            slot->backoff_us, ran_us, code);
    slot->due_us = now + slot->backoff_us;
    slot->is_fatal = code == status_exit_code(ST_FATAL);
    slot_set_state(slot, SLOT_WAITING);
    if (!slot->is_wanted) {
        g_ptr_array_remove(supervisor->slots, slot);
    }
}

static struct slot *slot_of_pid(const struct supervisor *supervisor, pid_t pid)
{
    for (guint i = 0; i < supervisor->slots->len; i++) {
        struct slot *slot = supervisor->slots->pdata[i];
        if (slot->pid == pid) {
            return slot;
        }
    }
    return NULL;
}

/* Collect whoever ended; also processes that are none of ours, if we are a container's first one. */
static void reap(struct supervisor *supervisor)
{
    int wait_status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        struct slot *slot = slot_of_pid(supervisor, pid);
        if (slot) {
            on_end(supervisor, slot, wait_status);
        }
    }
}

/* ---- what happens ------------------------------------------------------------------------------ */

/* What `systemctl status` shows: one line, and first of all how much of the daemon runs. */
static char *status_line(const struct supervisor *supervisor)
{
    GString *line = g_string_new(NULL);
    unsigned running = 0;

    for (guint i = 0; i < supervisor->slots->len; i++) {
        running += ((const struct slot *)supervisor->slots->pdata[i])->state == SLOT_RUNNING;
    }
    g_string_append_printf(line, "%u of %u roles run, %u %s", running, supervisor->slots->len,
                           supervisor->mailboxes->len,
                           supervisor->mailboxes->len == 1 ? "mailbox" : "mailboxes");
    for (guint i = 0; i < supervisor->slots->len; i++) {
        const struct slot *slot = supervisor->slots->pdata[i];
        if (slot->is_fatal && slot->state == SLOT_WAITING) {
            g_string_append_printf(line, "; %s cannot work, see the log", slot->role->name);
            break;
        }
    }
    if (supervisor->refusal) {
        g_string_append_printf(line, "; the new config is wrong, the old one stays: %s",
                               supervisor->refusal);
    }
    return g_string_free(line, FALSE);
}

static void say_status(struct supervisor *supervisor)
{
    g_autofree char *line = status_line(supervisor);
    if (g_strcmp0(line, supervisor->status_said) != 0) {
        notify_send("STATUS=%s", line);
        g_free(supervisor->status_said);
        supervisor->status_said = g_steal_pointer(&line);
    }
}

static void begin_end(struct supervisor *supervisor)
{
    if (supervisor->is_ending) {
        return;
    }
    supervisor->is_ending = true;
    notify_send("STOPPING=1");
    log_info("stop.requested", kv("count", supervisor->slots->len));
    reconcile(supervisor);
}

/* Every role anew, with the config that is on the disk and the program that is. */
static void start_anew(struct supervisor *supervisor)
{
    for (guint i = 0; i < supervisor->slots->len; i++) {
        struct slot *slot = supervisor->slots->pdata[i];
        ask_to_end(slot);
        if (slot->state == SLOT_WAITING) {
            slot->due_us = 0;
            slot->backoff_us = 0;
        }
    }
    reconcile(supervisor);
}

/* Take the new config whole, or stay with the old one and say why. */
static bool take_config(struct supervisor *supervisor)
{
    struct config *config = NULL;
    struct err err = {.status = ST_OK};
    enum log_level level = LOG_LEVEL_INFO;
    enum status status = config_load(supervisor->config_path, &config, &err);

    g_clear_pointer(&supervisor->refusal, g_free);
    if (status == ST_OK) {
        status = log_level_parse(config->log_level, &level, &err);
    }
    if (status != ST_OK) {
        config_free(config);
        log_error("config.refused", kv("error", err.text));
        supervisor->refusal = text_one_line(err.text, LIMIT_STATUS_CHARS);
        return false;
    }
    config_free(supervisor->config);
    supervisor->config = config;
    log_set_level(level);
    log_info("config.loaded", kv("count", supervisor->slots->len));
    return true;
}

static void reload(struct supervisor *supervisor)
{
    if (supervisor->is_ending) {
        return;
    }
    notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_us());
    if (take_config(supervisor)) {
        start_anew(supervisor);
    }
    g_autofree char *line = status_line(supervisor);
    notify_send("READY=1\nSTATUS=%s", line);
}

static void on_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGTERM:
        case SIGINT:
            begin_end(supervisor);
            break;
        case SIGHUP:
            reload(supervisor);
            break;
        default:
            break; /* SIGCHLD: reap() comes anyway */
        }
    }
}

/* Who speaks nonsense is started again, with a new pipe; the mailboxes stay as they are. */
static void kill_teller(const struct supervisor *supervisor)
{
    for (guint i = 0; i < supervisor->slots->len; i++) {
        const struct slot *slot = supervisor->slots->pdata[i];
        if (slot->role->has_roster && slot->pid > 0) {
            kill(slot->pid, SIGKILL);
        }
    }
}

/* The last of the rosters that have come. */
static void on_report(struct supervisor *supervisor)
{
    struct err err = {.status = ST_OK};
    struct frame frame = {0};
    enum status status = ST_OK;

    while ((status = frame_read(supervisor->report, FRAME_NOW, &frame, &err)) == ST_OK) {
        GArray *mailboxes = NULL;
        status = roster_read(&frame, &mailboxes, &err);
        frame_clear(&frame);
        if (status != ST_OK) {
            break;
        }
        g_array_unref(supervisor->mailboxes);
        supervisor->mailboxes = mailboxes;
    }
    if (status == ST_INVALID) {
        log_error("roster.refused", kv("error", err.text));
        kill_teller(supervisor);
    }
    if (status != ST_NOT_FOUND) {
        g_clear_pointer(&supervisor->report, frame_reader_free);
    }
    reconcile(supervisor);
}

/* Do what is due; the next moment at which something will be. */
static int64_t do_due(struct supervisor *supervisor)
{
    int64_t now = now_us();
    int64_t next_us = NEVER;

    for (guint i = 0; i < supervisor->slots->len; i++) {
        struct slot *slot = supervisor->slots->pdata[i];
        if (slot->state == SLOT_WAITING && slot->due_us <= now) {
            start(supervisor, slot);
        } else if (slot->state == SLOT_ENDING && slot->due_us <= now) {
            log_warning("role.killed", kv("role", slot->role->name), kv("child", slot->pid));
            kill(slot->pid, SIGKILL);
            slot->due_us = NEVER;
        }
        if (slot->state != SLOT_RUNNING) {
            next_us = MIN(next_us, slot->due_us);
        }
    }
    if (supervisor->watchdog_us > 0 && supervisor->next_watchdog_us <= now) {
        notify_send("WATCHDOG=1");
        supervisor->next_watchdog_us = now + supervisor->watchdog_us;
    }
    return supervisor->watchdog_us > 0 ? MIN(next_us, supervisor->next_watchdog_us) : next_us;
}

static void wait_until(struct supervisor *supervisor, int64_t moment_us)
{
    struct pollfd entries[] = {
        {.fd = supervisor->signal_fd, .events = POLLIN},
        {.fd = supervisor->report ? supervisor->report_fd : -1, .events = POLLIN},
    };
    int timeout_ms = -1;
    if (moment_us != NEVER) {
        int64_t left_us = MAX(moment_us - now_us(), 0);
        timeout_ms = (int)MIN((left_us + US_PER_MS - 1) / US_PER_MS, G_MAXINT);
    }
    if (poll(entries, G_N_ELEMENTS(entries), timeout_ms) <= 0) {
        return;
    }
    if (entries[1].revents) {
        on_report(supervisor);
    }
    if (entries[0].revents) {
        on_signals(supervisor);
    }
}

/* ---- beginning and end ------------------------------------------------------------------------- */

static enum status set_up(struct supervisor *supervisor, struct err *err)
{
    enum log_level level = LOG_LEVEL_INFO;
    sigset_t mask;
    enum status status = config_load(supervisor->config_path, &supervisor->config, err);
    if (status == ST_OK) {
        status = log_level_parse(supervisor->config->log_level, &level, err);
    }
    if (status != ST_OK) {
        return status;
    }
    log_set_level(level);
    supervisor->program = g_file_read_link("/proc/self/exe", NULL);
    if (!supervisor->program) {
        return err_set(err, ST_TEMPFAIL, "could not find the program's own file");
    }
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, &supervisor->outer_mask);
    supervisor->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signal_fd < 0) {
        return err_set(err, ST_TEMPFAIL, "could not listen to signals: %s", g_strerror(errno));
    }
    supervisor->watchdog_us = notify_watchdog_us();
    return ST_OK;
}

static void supervisor_done(struct supervisor *supervisor)
{
    g_clear_pointer(&supervisor->config, config_free);
    g_clear_pointer(&supervisor->report, frame_reader_free);
    g_free(supervisor->program);
    g_free(supervisor->refusal);
    g_free(supervisor->status_said);
    g_ptr_array_unref(supervisor->slots);
    g_array_unref(supervisor->mailboxes);
    if (supervisor->report_fd >= 0) {
        close(supervisor->report_fd);
    }
    if (supervisor->signal_fd >= 0) {
        close(supervisor->signal_fd);
        sigprocmask(SIG_SETMASK, &supervisor->outer_mask, NULL);
    }
}

static void loop(struct supervisor *supervisor)
{
    reconcile(supervisor);
    while (!supervisor->is_ending || supervisor->slots->len > 0) {
        int64_t next_us = do_due(supervisor);
        if (!supervisor->is_ready_said) {
            supervisor->is_ready_said = true;
            notify_send("READY=1");
            log_info("daemon.started", kv("count", supervisor->slots->len),
                     kv("version", POSTDESK_VERSION));
        }
        say_status(supervisor);
        wait_until(supervisor, next_us);
        reap(supervisor);
    }
}

enum status supervise_run(const struct role_table *table, const char *config_path, struct err *err)
{
    struct supervisor supervisor = {
        .table = table,
        .config_path = config_path,
        .slots = g_ptr_array_new_with_free_func(g_free),
        .mailboxes = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .report_fd = -1,
        .signal_fd = -1,
    };
    LOG_SCOPE(kv("pid", getpid()));
    enum status status = set_up(&supervisor, err);
    if (status == ST_OK) {
        loop(&supervisor);
        log_info("daemon.stopped", kv("version", POSTDESK_VERSION));
    }
    supervisor_done(&supervisor);
    return status;
}
