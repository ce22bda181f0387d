/* The supervisor: starts the roles, starts again what died, ends all of them in time. It has no database, no
 * network and sees no mail: what does next to nothing does not fail. */
#ifndef DAEMON_SUPERVISE_H
#define DAEMON_SUPERVISE_H

#include <stdint.h>

#include "core/config.h"
#include "core/err.h"
#include "daemon/role.h"

/* Run until SIGTERM or SIGINT; then all roles have ended, within 10 seconds. SIGHUP reads the config
 * again and starts all roles anew with it (a config that is wrong changes nothing).
 *
 * config_path is handed to the roles; NULL: they find it as we did.
 *
 * ST_TEMPFAIL  it could not even begin (no descriptors, no memory) */
MUST_CHECK enum status supervise_run(const struct role_table *table, const char *config_path,
                                     struct err *err);

/* How long to wait before a role is started again: first_us, doubled with each failure up to thirty
 * times that and 30 s; from the beginning after a minute of health; the longest at once for a role that
 * says it is misconfigured (ST_FATAL), for only a person can help. last_us is the wait before the run that
 * just ended, 0 for none. Pure. */
int64_t supervise_backoff_us(int64_t first_us, int64_t last_us, int64_t ran_us, int exit_code);

#endif
