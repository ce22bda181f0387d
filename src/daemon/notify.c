/* notify - a word to systemd
 *
 * The protocol of sd_notify is one datagram to the socket that $NOTIFY_SOCKET names (a path, or with "@"
 * an abstract name), so it needs no library. Nobody may be listening, or systemd may be busy: what
 * cannot be sent is dropped, because the daemon's work does not depend on it.
 *
 *     READY=1  RELOADING=1 MONOTONIC_USEC=us  STOPPING=1  WATCHDOG=1  STATUS=text
 *
 * Only the supervisor speaks (NotifyAccess=main); roles do not inherit a use for it.
 * I/O: a datagram socket a message; a few a minute.
 */
#include "daemon/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#include "core/text.h"

void notify_send(const char *format, ...)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;

    if (length < 2 || length >= sizeof address.sun_path || !strchr("/@", path[0])) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)!sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                  (const struct sockaddr *)&address, address_bytes);
    close(fd);
}

int64_t notify_watchdog_us(void)
{
    const char *text = g_getenv("WATCHDOG_USEC");
    const char *pid = g_getenv("WATCHDOG_PID");
    struct err err = {.status = ST_OK};
    int64_t us = 0;
    int64_t whose = getpid();

    if (!text || text_parse_int64(text, 2, INT64_MAX, &us, &err) != ST_OK) {
        return 0;
    }
    if (pid && (text_parse_int64(pid, 1, INT64_MAX, &whose, &err) != ST_OK || whose != getpid())) {
        return 0;
    }
    return us / 2;
}
