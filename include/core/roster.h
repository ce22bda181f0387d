/* The roster: which mailboxes there are. The role tend tells it to the supervisor, which starts a fetch
 * role for each and ends those of mailboxes that are gone. */
#ifndef CORE_ROSTER_H
#define CORE_ROSTER_H

#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "core/frame.h"
#include "core/limits.h"

/* Tell the whole roster: ids of mailboxes that are to be read, each once, in any order. Say it at the
 * start and whenever it changes; to say it again is harmless.
 *
 * ST_INVALID   more than LIMIT_MAILBOXES, or an id that is none
 * ST_TEMPFAIL  the supervisor is gone: end */
MUST_CHECK enum status roster_send(int report_fd, const int64_t *mailboxes, size_t count,
                                   struct err *err);

/* Read a frame that came from there. The ids are sorted, each once (int64_t, own).
 *
 * ST_INVALID  it is no roster */
MUST_CHECK enum status roster_read(const struct frame *frame, GArray **mailboxes_out,
                                   struct err *err);

/* The largest frame of a roster. */
#define ROSTER_BYTES (LIMIT_MAILBOXES * sizeof(int64_t))

#endif
