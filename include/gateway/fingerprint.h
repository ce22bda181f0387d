/* What makes two mails one, from their bytes alone. */
#ifndef GATEWAY_FINGERPRINT_H
#define GATEWAY_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "store/inbound.h"

/* A version byte (1) and a SHA-256. Two copies of one mail that came by different ways (other Received
 * lines, other folding, LF or CRLF) have the same; two mails that only look alike have not. Of an oversize
 * mail it covers the head that is there. Any bytes are fine. */
void fingerprint_make(const void *raw, size_t length, uint8_t fingerprint_out[FINGERPRINT_BYTES]);

#endif
