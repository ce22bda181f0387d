/* loopback - the addresses to which we speak without TLS
 *
 * Plain text is for tests and for a relay on the same machine. Whether a host is on this machine is
 * decided by the address that is really connected to and not by its name, which a name server can
 * point anywhere. Addresses of network interfaces do not count: what is sent to them may be
 * forwarded.
 *
 * Pure: no I/O.
 */
#include "net/loopback.h"

#include <netinet/in.h>

bool loopback_is(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    return false;
}
