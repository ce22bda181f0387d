/* stop - how a process is asked to end
 *
 * A role sleeps in poll() most of its life, so a flag alone would be seen late and a signal that comes
 * just before the poll() not at all. Hence both: a flag for loops, and an eventfd that stays readable
 * from the first request on, which closes the gap between looking and sleeping.
 *
 * System calls may still end early with EINTR: the handler is installed without SA_RESTART on purpose,
 * so that a blocking call of a library comes back and the flag is looked at.
 *
 * Not here: who sends the signal and how long he waits (daemon/supervise).
 * I/O: one eventfd; process-wide state, because a signal is process-wide.
 */
#include "core/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib.h>

static volatile sig_atomic_t is_requested;
static volatile sig_atomic_t wake_fd = -1;

void stop_request(void)
{
    int saved_errno = errno;
    is_requested = 1;
    if (wake_fd >= 0) {
        /* Fails only where the counter is full, which is readable too. */
        eventfd_write(wake_fd, 1);
    }
    errno = saved_errno;
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    stop_request();
}

enum status stop_init(struct err *err)
{
    static const int SIGNALS[] = {SIGTERM, SIGINT};
    struct sigaction action = {.sa_handler = on_signal};

    if (wake_fd >= 0) {
        close(wake_fd);
    }
    is_requested = 0;
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        return err_set(err, ST_TEMPFAIL, "could not make an eventfd: %s", g_strerror(errno));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNALS); i++) {
        if (sigaction(SIGNALS[i], &action, NULL) != 0) {
            return err_set(err, ST_TEMPFAIL, "could not handle signal %d: %s", SIGNALS[i],
                           g_strerror(errno));
        }
    }
    return ST_OK;
}

bool stop_requested(void)
{
    return is_requested != 0;
}

int stop_fd(void)
{
    return wake_fd;
}
