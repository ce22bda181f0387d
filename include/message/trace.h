/* The fields that mail servers wrote on the way: who passed the mail on, and what they found. Pure. */
#ifndef MESSAGE_TRACE_H
#define MESSAGE_TRACE_H

#include "message/facts.h"
#include "message/headers.h"

/* Fill facts->trace and facts->received_count. facts->from must be there already. */
void trace_read(const struct headers *headers, struct facts *facts);

#endif
