/* What a mail says and carries: its text, its files. Pure. */
#ifndef MESSAGE_BODY_H
#define MESSAGE_BODY_H

#include "core/err.h"
#include "message/facts.h"
#include "message/mime.h"

/* Fill text, text_source, attachments (with their content) and attachments_left_out of facts from the
 * parts of a mail. facts->is_cut says whether the mail ends early. */
void body_read(const struct mime *mime, struct facts *facts);

/* The text of a text part as UTF-8 with LF line ends: charset, format=flowed, HTML are dealt with. */
char *body_part_text(const struct part *part) MUST_CHECK;

#endif
