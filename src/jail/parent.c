/* parent - the warmed parent: everything that a parser needs to have loaded, and nothing else
 *
 * A parser process is dear because of what it loads: types, tables, 86 character sets. The parent loads
 * them once and then only forks, so that a fresh child costs about a millisecond. It never sees a mail;
 * it takes three words from the intake (fork, end, and the end of the socket) and says how a child ended.
 *
 * It keeps no descriptor but its socket, has /dev/null as 0, 1 and 2, and dies with the intake. It does
 * not listen to SIGTERM: a service manager sends that to everybody at once, and the intake may still be
 * in the middle of a batch. Its end is the end of the socket.
 *
 * At most one child lives at a time. It is the intake that sees a child's death first, at the end of the
 * child's own socket; here it is only collected.
 * I/O: the control socket, processes.
 */
#include "jail/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "core/frame.h"
#include "jail/filter.h"
#include "jail/misbehave.h"
#include "jail/wire.h"
#include "message/parse.h"

/* For the parent and its children. GLib's own writer asks whether stderr is the journal, which are calls
 * that a child must not make. And GLib ends the process where memory runs out: one word before tells that
 * from any other end. */
static GLogWriterOutput say_last_words(GLogLevelFlags level, const GLogField *fields, gsize count,
                                       gpointer data)
{
    (void)data;
    if ((level & G_LOG_LEVEL_ERROR) == 0) {
        return G_LOG_WRITER_HANDLED;
    }
    for (gsize i = 0; i < count; i++) {
        if (strcmp(fields[i].key, "MESSAGE") == 0 && fields[i].length < 0 &&
            strstr(fields[i].value, "failed to allocate")) {
            /* A frame by hand: there is no memory for one. */
            static const struct {
                uint32_t kind;
                uint32_t length;
                char unit;
            } WORDS = {.kind = WIRE_NO_MEMORY, .length = 1};
            (void)!send(JAIL_SOCKET_FD, &WORDS, 9, MSG_NOSIGNAL);
        }
    }
    return G_LOG_WRITER_HANDLED;
}

static void reset_signals(void)
{
    static const int IGNORED[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    sigset_t none;

    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        signal(signal_number, SIG_DFL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(IGNORED); i++) {
        signal(IGNORED[i], SIG_IGN);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The socket becomes JAIL_SOCKET_FD, /dev/null 0 to 2, all others are closed. */
static enum status keep_only_socket(int control_fd, struct err *err)
{
    int kept_fd = fcntl(control_fd, F_DUPFD, JAIL_SOCKET_FD + 1);
    int null_fd = open("/dev/null", O_RDWR);
    bool is_done = kept_fd >= 0 && null_fd >= 0 && dup2(kept_fd, JAIL_SOCKET_FD) >= 0;

    for (int fd = 0; fd < JAIL_SOCKET_FD && is_done; fd++) {
        is_done = dup2(null_fd, fd) >= 0;
    }
    if (!is_done || close_range(JAIL_SOCKET_FD + 1, ~0U, 0) != 0) {
        return err_set(err, ST_TEMPFAIL, "could not close the parser's descriptors: %s",
                       g_strerror(errno));
    }
    return ST_OK;
}

static enum status set_up(int control_fd, pid_t owner, struct child_setup *setup, struct err *err)
{
    const struct rlimit none = {0, 0};

    prctl(PR_SET_NAME, "postdesk-parser");
    enum status status = keep_only_socket(control_fd, err);
    if (status != ST_OK) {
        return status;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return err_set(err, ST_TEMPFAIL, "could not limit the parser: %s", g_strerror(errno));
    }
    if (getppid() != owner) {
        return err_set(err, ST_TEMPFAIL, "the intake is gone");
    }
    g_log_set_writer_func(say_last_words, NULL, NULL);
    setup->has_faults = misbehave_is_enabled();
    parse_warm_up();
    return filter_build(&setup->program, err);
}

/* End the child, whatever it is doing, and say how it ended. One that had died before keeps its own
 * status. */
static void end_child(pid_t *child, int *wait_status)
{
    if (*child <= 0) {
        return;
    }
    kill(*child, SIGKILL);
    while (waitpid(*child, wait_status, 0) < 0 && errno == EINTR) {
    }
    *child = 0;
}

_Noreturn static void serve(const struct child_setup *setup)
{
    struct frame_reader *reader = frame_reader_new(JAIL_SOCKET_FD, WIRE_SMALL_BYTES);
    struct err err = {.status = ST_OK};
    struct frame frame = {0};
    pid_t self = getpid();
    pid_t child = 0;
    int wait_status = 0;
    int fork_errno = 0;

    while (frame_read(reader, FRAME_FOREVER, &frame, &err) == ST_OK) {
        if (frame.kind == WIRE_FORK) {
            int socket_fd = frame_take_fd(reader);
            end_child(&child, &wait_status);
            child = fork();
            if (child == 0) {
                child_run(socket_fd, self, setup);
            }
            fork_errno = child < 0 ? errno : 0;
            close(socket_fd);
        } else if (frame.kind == WIRE_END) {
            end_child(&child, &wait_status);
            GVariant *value = g_variant_new(WIRE_ENDED_TYPE, wait_status, fork_errno);
            if (frame_send(JAIL_SOCKET_FD, WIRE_ENDED, value, -1, FRAME_FOREVER, &err) != ST_OK) {
                break;
            }
        }
        frame_clear(&frame);
    }
    end_child(&child, &wait_status);
    _exit(0);
}

_Noreturn void parent_run(int control_fd, pid_t owner, const struct jail_limits *limits)
{
    struct child_setup setup = {.limits = *limits};
    struct err err = {.status = ST_OK};

    reset_signals();
    enum status status = set_up(control_fd, owner, &setup, &err);
    GVariant *answer = status == ST_OK ? g_variant_new(WIRE_READY_TYPE)
                                       : g_variant_new(WIRE_FAILED_TYPE, err.text);
    if (frame_send(JAIL_SOCKET_FD, status == ST_OK ? WIRE_READY : WIRE_FAILED, answer, -1,
                   FRAME_FOREVER, &err) != ST_OK ||
        status != ST_OK) {
        _exit(1);
    }
    serve(&setup);
}
