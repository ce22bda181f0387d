/* Address header fields: From strictly, because it says who somebody is; the others as well as can be,
 * because they only say who else is meant. Pure. */
#ifndef MESSAGE_MAILBOX_H
#define MESSAGE_MAILBOX_H

#include <glib.h>

#include "core/err.h"
#include "message/facts.h"
#include "message/headers.h"

/* The one mailbox of the From field.
 *
 * ST_INVALID  there is not exactly one that every reader would find; err says why, for people */
MUST_CHECK enum status originator_from(const struct headers *headers, const char *charset,
                                       struct address **from_out, struct err *err);

/* Add the mailboxes of all fields of a name to list (struct address), at most LIMIT_RECIPIENTS in all.
 * Groups are opened; what is no address is left out. */
void originator_list(const struct headers *headers, const char *name, const char *charset,
                     GPtrArray *list);

/* The same for one value that is no header field ("a@b, c@d"). */
void originator_list_text(const char *text, const char *charset, GPtrArray *list);

/* The address of a Return-Path field: "" for the null path; NULL if there is none. */
char *originator_return_path(const struct headers *headers) MUST_CHECK;

#endif
