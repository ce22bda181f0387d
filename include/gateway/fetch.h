/* The role fetch: one mailbox's mail becomes rows of inbound_mail. */
#ifndef GATEWAY_FETCH_H
#define GATEWAY_FETCH_H

#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

/* Where mail is read from. Where it goes once it has its row is the mailbox's own choice. */
#define FETCH_FOLDER "INBOX"

/* Read a mailbox until stop_requested(), or wait while another process does. Lives through outages of the
 * mail server and the database, and through wrong passwords.
 *
 * ST_FATAL      the database is misconfigured or its schema another: the supervisor tries again later
 * ST_NOT_FOUND  there is no such mailbox, or it is disabled */
MUST_CHECK enum status fetch_run(const struct config *config, int64_t mailbox, struct err *err);

#endif
