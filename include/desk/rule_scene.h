/* What rules see: the values of a moment, for rules/eval. Pure. */
#ifndef DESK_RULE_SCENE_H
#define DESK_RULE_SCENE_H

#include "desk/decision.h"
#include "desk/records.h"
#include "rules/field.h"

struct rule_scene {
    const struct records *records;      /* borrowed, as all pointers here */
    const struct decision *decision;    /* NULL: there is no mail */
    const struct ticket_record *ticket; /* as it is, or will be; never NULL */
    struct wants *wants;                /* where it says what it does not know yet; NULL: nowhere */
    const struct ticket_record
        *before; /* as it was before the event; NULL: the event changed none */
};

/* Its values for rules; borrowed from the scene. */
struct rule_world rule_scene_world(const struct rule_scene *scene);

/* The address of a person of the records, or of one that the plan makes; NULL: nobody. */
const char *rule_scene_address(const struct rule_scene *scene, person_id person);

#endif
