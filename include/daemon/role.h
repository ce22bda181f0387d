/* The roles: what kinds of processes the daemon is made of, and the life of one of them. */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

/* Which one of its kind a role process is. */
struct role_place {
    int index;       /* ROLE_PER_INTAKE, ROLE_PER_SENDER: from 0 */
    int64_t mailbox; /* ROLE_PER_MAILBOX */
    int report_fd;   /* has_roster: where to tell the mailboxes; else -1 */
};

/* How many there are of a kind. */
enum role_number { ROLE_ONE, ROLE_PER_INTAKE, ROLE_PER_SENDER, ROLE_PER_MAILBOX };

struct role {
    const char *name;
    enum role_number number;
    bool has_roster; /* tells the supervisor which mailboxes there are */
    enum status (*run)(const struct config *config, const struct role_place *place,
                       struct err *err);
};

/* The roles of a program, the order in which they are started. */
struct role_table {
    const struct role *roles;
    size_t count;
};

/* NULL if there is none of this name. */
const struct role *role_find(const struct role_table *table, const char *name);

/* Be a role: the whole life of a process that the supervisor started. Reads the config, takes over
 * SIGTERM (core/stop), runs, logs why it ended. Gives back the exit code (status_exit_code). */
int role_live(const struct role *role, const struct role_place *place, const char *config_path)
    MUST_CHECK;

#endif
