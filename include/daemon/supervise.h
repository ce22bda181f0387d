/* The supervisor: starts roles, starts them again, ends them. No network, no database, no mail. */
#ifndef DAEMON_SUPERVISE_H
#define DAEMON_SUPERVISE_H

#include "core/config.h"
#include "core/err.h"

struct supervise_options {
    const char *program;     /* what to execute for a role */
    const char *config_path; /* handed on to the roles; NULL: none */
};

/* Run until SIGTERM or SIGINT; then every role has ended. SIGHUP ends the roles one after the other, so that
 * they start again with the new configuration.
 *
 * ST_FATAL  could not watch for signals or make the pipe */
MUST_CHECK enum status supervise(const struct config *config,
                                 const struct supervise_options *options, struct err *err);

#endif
