/* Judging what stands in folders marked Junk, by its header. */
#ifndef GATEWAY_JUNK_H
#define GATEWAY_JUNK_H

#include <stddef.h>
#include <stdint.h>

#include "db/conn.h"
#include "jail/jail.h"

/* Judge a batch of the headers that wait; *count_out: how many, 0 if none did. lease_us as for mail. What the parser
 * cannot read is left in Junk.
 *
 * ST_TEMPFAIL  the database is away, or the jail (then it is to be opened anew): they wait again after the lease */
MUST_CHECK enum status junk_judge(struct conn *conn, struct jail *jail, int64_t lease_us,
                                  size_t *count_out, struct err *err);

#endif
