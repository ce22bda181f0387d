/* Is an address one of this machine's own? Pure. */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include <stdbool.h>
#include <sys/socket.h>

/* 127.0.0.0/8 and ::1; nothing else. */
bool loopback_is(const struct sockaddr *address);

#endif
