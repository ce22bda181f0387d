/* The role that sends: outbound mail that is due leaves by SMTP. */
#ifndef GATEWAY_SEND_H
#define GATEWAY_SEND_H

#include "core/config.h"
#include "core/err.h"

/* Send until a stop is requested; mails that were claimed and not begun are given back then. index tells the
 * senders of a host apart.
 *
 * ST_OK     a stop was requested
 * ST_FATAL  the database is not what the program needs */
MUST_CHECK enum status send_run(const struct config *config, int index, struct err *err);

#endif
