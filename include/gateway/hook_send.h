/* The role that calls web hooks. */
#ifndef GATEWAY_HOOK_SEND_H
#define GATEWAY_HOOK_SEND_H

#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/err.h"

/* Until the process is told to stop.
 *
 * ST_FATAL  misconfigured */
MUST_CHECK enum status hook_send_run(const struct config *config, struct err *err);

/* The header by which a receiver knows that a call is the desk's, "X-Postdesk-Signature: t=SECONDS,v1=HEX": HMAC-SHA-256
 * with the secret over "SECONDS.BODY". Own. Pure. */
char *hook_signature(const char *secret, int64_t now_s, const char *body);

#endif
