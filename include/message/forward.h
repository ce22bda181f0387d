/* Whose mail is passed on here? Forwarded mails, as mail programs attach them or put them into the text. Pure. */
#ifndef MESSAGE_FORWARD_H
#define MESSAGE_FORWARD_H

#include "message/facts.h"
#include "message/mime.h"

/* Fill forwarded_from and forwarded_subject of facts, whose text and subject are there. */
void forward_read(const struct mime *mime, struct facts *facts);

#endif
