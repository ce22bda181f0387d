/* What a plan does, in words that can be compared and read. Pure. */
#ifndef GATEWAY_PLAN_TEXT_H
#define GATEWAY_PLAN_TEXT_H

#include <glib.h>

#include "desk/plan.h"
#include "desk/records.h"

/* One thing that a plan does. */
struct plan_line {
    char *text;       /* own */
    const char *rule; /* borrowed: from the plan: which rule wants it; NULL: none does */
};

/* Everything that the plan does, sorted; who and what is called by the names of the records. Not in it: reasons, which
 * change with the numbers in them, and faults of rules, which depend on the time a pattern took. GArray of struct
 * plan_line, own. */
GArray *plan_lines(const struct plan *plan, const struct records *records);

/* Lines of a that b does not have, as often as it does not: GPtrArray of const struct plan_line *, borrowed. */
GPtrArray *plan_lines_minus(const GArray *a, const GArray *b);

#endif
