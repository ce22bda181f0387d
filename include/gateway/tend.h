/* The role tend: which mailboxes there are, and (later) everything that happens by the clock. */
#ifndef GATEWAY_TEND_H
#define GATEWAY_TEND_H

#include "core/config.h"
#include "core/err.h"

/* Run until stop_requested(). Tells the enabled mailboxes to the supervisor on report_fd (core/roster), at
 * least once in config's poll interval: on every host, whoever holds the lease "tend".
 *
 * ST_FATAL     misconfigured (database, schema): the supervisor tries again later
 * ST_TEMPFAIL  the supervisor is gone */
MUST_CHECK enum status tend_run(const struct config *config, int report_fd, struct err *err);

#endif
