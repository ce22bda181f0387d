/* Is From true? What the border of a mailbox says of a mail's sender, by the mailbox's trust profile. Pure. */
#ifndef DESK_AUTH_H
#define DESK_AUTH_H

#include <glib.h>

#include "desk/records.h"
#include "message/facts.h"

/* Is From true, as far as the border of the mailbox can tell? */
enum auth { AUTH_PASS, AUTH_NONE, AUTH_FAIL };
const char *auth_name(enum auth auth);

/* AUTH for exactly the From domain, by the mailbox's trust profile. may gets sentences for people. */
enum auth auth_of(const struct facts *facts, const struct mailbox_record *mailbox, GPtrArray *may);

#endif
