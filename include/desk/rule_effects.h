/* What rules want, as changes and mails of a plan. Pure. */
#ifndef DESK_RULE_EFFECTS_H
#define DESK_RULE_EFFECTS_H

#include "desk/decision.h"

/* The effects of decision->run that change something; decision->after is what the ticket will be then. */
void rule_effects_change(struct decision *decision);

/* The effects that say something. */
void rule_effects_tell(struct decision *decision);

/* The notice to the sender of a mail that is rejected; only to a person, and one who proved that he wrote it. */
void rule_effects_reject(struct decision *decision, const struct rule_effect *effect);

/* The address that a rule takes for the requester's, out of Reply-To; NULL: none does. Borrowed from the facts. */
const struct address *rule_effects_requester(const struct decision *decision);

/* The address as the desk knows it; NULL: it was not looked up yet, and the plan wants it now. */
const struct address_record *rule_effects_look_up(const struct decision *decision,
                                                  const char *address);

/* A person by one of his addresses; NULL: nobody, or he is wanted now. */
const struct person_record *rule_effects_person(const struct decision *decision,
                                                const char *address);

/* The group that the effect names, "" for the ticket's; 0: there is none. */
group_id rule_effects_group(const struct decision *decision, const struct rule_effect *effect);

/* What the rule wants cannot be done: into the ticket's history, and into why. */
void rule_effects_fault(const struct decision *decision, const struct rule_effect *effect,
                        const char *format, ...) PRINTF_LIKE(3, 4);

#endif
