/* What we tell systemd (sd_notify, without its library). Without $NOTIFY_SOCKET nothing happens. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

#include "core/err.h"

/* Send one datagram, such as "READY=1" or "STATUS=…". Lines are separated by line feeds. */
void notify_send(const char *format, ...) PRINTF_LIKE(1, 2);

/* How often WATCHDOG=1 is due: half of what systemd wants; 0 if it wants none. */
int64_t notify_watchdog_us(void);

#endif
