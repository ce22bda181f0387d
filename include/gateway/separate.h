/* Which mails never share a parser with others. Pure. */
#ifndef GATEWAY_SEPARATE_H
#define GATEWAY_SEPARATE_H

#include <stdbool.h>

#include <glib.h>

/* Does something of the form of a technician's token stand in the header? Then the mail may command, and must not be
 * parsed where a hostile mail could have taken the parser over before. */
bool separate_is_needed(GBytes *raw);

#endif
