/* Names of attachments: a hint of the sender, made safe to show, to store and to save. Pure. */
#ifndef MESSAGE_FILENAME_H
#define MESSAGE_FILENAME_H

#include "core/err.h"

/* A safe name: one line, no path, no control or direction marks, nothing that Windows reserves, at most
 * LIMIT_NAME_CHARS with its extension kept, never empty. stated is what the mail says ("" or NULL:
 * nothing); then a name is made from the media type. */
char *filename_safe(const char *stated, const char *type) MUST_CHECK;

#endif
