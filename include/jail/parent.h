/* The warmed parent and its children. Private to the jail. */
#ifndef JAIL_PARENT_H
#define JAIL_PARENT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "jail/jail.h"

/* What a child inherits from its parent. */
struct child_setup {
    struct jail_limits limits;
    struct sock_fprog program;
    bool has_faults; /* tests: honour X-Postdesk-Fault */
};

/* The parent's life, in a process just forked by owner: it ends when the control socket does. */
_Noreturn void parent_run(int control_fd, pid_t owner, const struct jail_limits *limits);

/* A child's life, in a process just forked by parent: mails in, facts out, until the socket ends. */
_Noreturn void child_run(int socket_fd, pid_t parent, const struct child_setup *setup);

/* The descriptor of the one socket, in the parent and in its children. */
#define JAIL_SOCKET_FD 3

#endif
