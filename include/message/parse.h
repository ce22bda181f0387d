/* Raw bytes to facts. Runs in the parser process only: foreign bytes are parsed nowhere else. */
#ifndef MESSAGE_PARSE_H
#define MESSAGE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "core/err.h"
#include "message/facts.h"

/* Once in a process, before the jail closes: types, charset modules, tables. Never undone. */
void parse_warm_up(void);

/* Parse the mail in fd (a memfd; read from its start; stays the caller's). is_cut says that the mail ends
 * early on purpose (an oversize mail's head). Attachments' content is filled in.
 *
 * ST_INVALID   above a limit, or no mail at all (no header); err says what, for people
 * ST_TEMPFAIL  fd could not be read */
MUST_CHECK enum status parse_mail(int fd, bool is_cut, struct facts **facts_out, struct err *err);

/* The same from memory; bytes are borrowed for the length of the call. */
MUST_CHECK enum status parse_bytes(const char *bytes, size_t length, bool is_cut,
                                   struct facts **facts_out, struct err *err);

#endif
