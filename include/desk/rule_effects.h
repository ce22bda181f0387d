/* What rules want, as changes and mails of a plan. Pure. */
#ifndef DESK_RULE_EFFECTS_H
#define DESK_RULE_EFFECTS_H

#include "desk/decision.h"

/* Put into the ticket what the plan changes in it already. */
void rule_effects_foresee(const struct plan *plan, struct ticket_record *ticket);

/* The effects of decision->run that change something; decision->after is what the ticket will be then. */
void rule_effects_change(struct decision *decision);

/* The effects that say something. */
void rule_effects_tell(struct decision *decision);

/* The address that a rule takes for the requester's, out of Reply-To; NULL: none does. Borrowed from the facts. */
const struct address *rule_effects_requester(const struct decision *decision);

/* The address as the desk knows it; NULL: it was not looked up yet, and the plan wants it now. */
const struct address_record *rule_effects_look_up(const struct decision *decision,
                                                  const char *address);

#endif
