/* Was a mail written by a machine, and which kind of one? Pure. */
#ifndef MESSAGE_CLASSIFY_H
#define MESSAGE_CLASSIFY_H

#include "core/err.h"
#include "message/facts.h"
#include "message/mime.h"

/* Fill auto_kind, auto_reason, bounces and bounced_id of facts, whose header fields and text are there. */
void classify_mail(const struct mime *mime, struct facts *facts);

#endif
