/* Whether an automatic mail may leave: the budgets. Pure. */
#ifndef DESK_GOVERNOR_H
#define DESK_GOVERNOR_H

#include <glib.h>

#include "desk/identity.h"
#include "desk/plan.h"
#include "desk/records.h"

/* The limit of a budget; 0: none. */
int64_t governor_limit(const struct settings *settings, enum budget budget);

/* Add to counts (struct count_record, count 0) the budgets that bind this mail and have a limit; each once. */
void governor_add_counts(const struct settings *settings, const struct plan_mail *mail,
                         GPtrArray *counts);

/* The counts that say whether the ticket that the plan opens is one too many. */
void governor_add_flood_counts(const struct records *records, const struct plan *plan,
                               GPtrArray *counts);

/* Did the sender of this mail, or did all strangers together, open too many tickets lately? A contact who is
 * authenticated is no stranger. */
bool governor_is_flood(const struct records *records, enum claim claim, bool is_authenticated);

/* Mark the mails of the plan that a budget stops. Text written by people is bound by none. */
void governor_apply(struct plan *plan, const struct records *records);

#endif
