/* notify - words to the service manager, over the datagram socket that $NOTIFY_SOCKET names
 *
 * The protocol of sd_notify(3) is one datagram of "NAME=VALUE" lines to a unix socket, whose path may be an
 * abstract one ("@…"). Thirty lines of our own stand here instead of a dependency on libsystemd.
 *
 * Nothing is reported to the caller: a service manager that does not listen is no reason to stop.
 * I/O: one datagram.
 */
#include "daemon/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/text.h"

void notify_service(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path) {
        return;
    }
    size_t length = strlen(path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
        close(fd);
    }
}

void notify_watchdog(void)
{
    static int64_t next_us;
    const char *wanted = g_getenv("WATCHDOG_USEC");
    int64_t every_us = 0;
    struct err err = {.status = ST_OK};
    if (!wanted || text_parse_int64(wanted, 1, INT64_MAX / 2, &every_us, &err) != ST_OK) {
        return;
    }
    int64_t now = clock_monotonic_us(clock_real());
    if (now >= next_us) {
        next_us = now + every_us / 3;
        notify_service("WATCHDOG=1");
    }
}
