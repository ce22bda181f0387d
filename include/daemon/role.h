/* Roles: what a process of postdeskd is. */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

enum daemon_role { DAEMON_TEND, DAEMON_FETCH, DAEMON_INTAKE, DAEMON_SEND };
const char *daemon_role_name(enum daemon_role role);

/* ST_NOT_FOUND  no role of that name */
MUST_CHECK enum status daemon_role_parse(const char *name, enum daemon_role *role_out,
                                         struct err *err);

/* The descriptor on which tend tells the supervisor which mailboxes there are: frames of kind
 * DAEMON_MAILBOXES, an array of their ids ("ax"). */
#define DAEMON_REPORT_FD 3
#define DAEMON_MAILBOXES 1

/* Be that role until a stop is requested. number is the mailbox of a fetch, the index of an intake or sender. */
MUST_CHECK enum status daemon_role_run(enum daemon_role role, int64_t number,
                                       const struct config *config, struct err *err);

#endif
