/* What of the folder marked Junk the desk wants. Pure. */
#ifndef DESK_JUNK_H
#define DESK_JUNK_H

#include <stdbool.h>

#include "desk/records.h"
#include "message/facts.h"

/* Is it to be taken out of Junk? facts are those of the header alone. */
bool junk_is_wanted(const struct facts *facts, const struct records *records);

#endif
