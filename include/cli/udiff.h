/* What has changed between two texts, line by line, as people read it. Pure. */
#ifndef CLI_UDIFF_H
#define CLI_UDIFF_H

#include <stddef.h>

/* The unified diff of two texts with three lines around each change; "" where they are the same. NULL: there is no such
 * text on that side. Own. The numbers of lines that were added and removed may be NULL. */
char *udiff(const char *old_name, const char *old_text, const char *new_name, const char *new_text,
            size_t *added_out, size_t *removed_out);

#endif
