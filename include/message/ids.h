/* Message-IDs and dates: what a mail says about itself in its header, lightly checked. Pure. */
#ifndef MESSAGE_IDS_H
#define MESSAGE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* Is this usable as an id: 1 to LIMIT_MESSAGE_ID_BYTES visible ASCII bytes, no angle brackets? */
bool ids_is_usable(const char *id, size_t length);

/* The ids of a Message-ID, In-Reply-To or References value, without angle brackets, in order, as new
 * strings (char *). Comments, quoted phrases and other programs' junk are stepped over; where there
 * is no "<…>" at all, words that look like an id count. */
GPtrArray *ids_read(const char *value) MUST_CHECK;

/* A Date value (RFC 5322 section 3.3 and its obsolete forms) in microseconds since 1970, 0 if it is
 * none. */
int64_t ids_read_date(const char *value);

#endif
