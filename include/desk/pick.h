/* Who of a group gets the next ticket. Pure. */
#ifndef DESK_PICK_H
#define DESK_PICK_H

#include "desk/records.h"

bool pick_is_member(const struct person_record *person, group_id group);

/* Among its members who are neither disabled nor absent: the next by their numbers after the one who got the last; who has
 * the fewest tickets that are not done, of equals the first. 0: nobody is there. */
person_id pick_round_robin(const struct records *records, group_id group);
person_id pick_least_loaded(const struct records *records, group_id group);

/* He got one: for the next mail of a batch. group 0: not by turns. */
void pick_count(struct records *records, person_id person, group_id group);

#endif
