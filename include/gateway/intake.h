/* The role intake: received mail becomes tickets, comments and mails to send. */
#ifndef GATEWAY_INTAKE_H
#define GATEWAY_INTAKE_H

#include "core/config.h"
#include "core/err.h"

/* Run until stop_requested(). index tells the intakes of one host apart.
 *
 * ST_FATAL  misconfigured (database, schema): the supervisor tries again later */
MUST_CHECK enum status intake_run(const struct config *config, int index, struct err *err);

#endif
