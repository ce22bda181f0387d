/* format=flowed text to ordinary lines and back (RFC 3676). Pure. */
#ifndef MESSAGE_FLOWED_H
#define MESSAGE_FLOWED_H

#include <stdbool.h>

#include "core/err.h"

/* Join the flowed lines of a text (line ends LF). Quoted lines come out as "> text", a level each;
 * "-- " stays a line of its own. is_delsp: the blank at a line's end goes too. */
char *flowed_unfold(const char *text, bool is_delsp) MUST_CHECK;

/* Lines (UTF-8, line ends LF) as flowed ones of at most 76 characters, a longer word alone; quoted lines stay whole.
 * Blanks at line ends go, but for those of "-- ". */
char *flowed_fold(const char *text) MUST_CHECK;

#endif
