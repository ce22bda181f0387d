/* What a mail says and carries: its text, its files. Pure. */
#ifndef MESSAGE_BODY_H
#define MESSAGE_BODY_H

#include "core/err.h"
#include "message/facts.h"
#include "message/mime.h"

/* Fill text, text_source, attachments (with their content) and attachments_left_out of facts from the
 * parts of a mail. facts->is_cut says whether the mail ends early; charset is what raw bytes without a
 * label are probably in (NULL: nothing is known). */
void body_read(const struct mime *mime, const char *charset, struct facts *facts);

#endif
