/* A parser gone wrong, for tests. Private to the jail. */
#ifndef JAIL_MISBEHAVE_H
#define JAIL_MISBEHAVE_H

#include <stdbool.h>

/* Were faults asked for (environment variable POSTDESK_JAIL_FAULTS=1)? Asked once, by the warmed parent. */
bool misbehave_is_enabled(void);

/* Do what the mail's field "X-Postdesk-Fault: WHAT" says. Comes back if there is none, or if the jail let
 * it happen, which is what tests look for. socket_fd is the way to the intake. */
void misbehave_as_told(int mail_fd, int socket_fd);

#endif
