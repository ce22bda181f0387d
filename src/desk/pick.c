/* pick - who of a group gets the next ticket
 *
 * Both ways go by what the records say of this moment: how many tickets everybody has, and who of the group got one
 * by turns last. Of a batch each mail's pick is counted into the records of those after it, or all of them would go to
 * one technician. Two intakes may pick the same at the same moment; the next ticket evens that out.
 * Pure.
 */
#include "desk/pick.h"

bool pick_is_member(const struct person_record *person, group_id group)
{
    for (guint i = 0; person != NULL && i < person->groups->len; i++) {
        if (g_array_index(person->groups, group_id, i) == group) {
            return true;
        }
    }
    return false;
}

static bool is_there(const struct person_record *person, group_id group)
{
    return person != NULL && person->is_technician && !person->is_disabled && !person->is_absent &&
           pick_is_member(person, group);
}

static int64_t load_of(const struct records *records, person_id person)
{
    for (guint i = 0; i < records->rule.loads->len; i++) {
        const struct load_record *load = &g_array_index(records->rule.loads, struct load_record, i);
        if (load->person == person) {
            return load->tickets;
        }
    }
    return 0;
}

person_id pick_round_robin(const struct records *records, group_id group)
{
    const struct group_record *record = rule_records_group(&records->rule, group);
    person_id last = record == NULL ? 0 : record->last_pick;
    person_id first = 0;
    person_id next = 0;

    for (guint i = 0; i < records->technicians->len; i++) {
        person_id id = g_array_index(records->technicians, person_id, i);
        if (!is_there(records_person(records, id), group)) {
            continue;
        }
        first = first == 0 || id < first ? id : first;
        next = id > last && (next == 0 || id < next) ? id : next;
    }
    return next != 0 ? next : first;
}

person_id pick_least_loaded(const struct records *records, group_id group)
{
    person_id least = 0;

    for (guint i = 0; i < records->technicians->len; i++) {
        person_id id = g_array_index(records->technicians, person_id, i);
        if (!is_there(records_person(records, id), group)) {
            continue;
        }
        int64_t load = load_of(records, id);
        int64_t best = load_of(records, least);
        if (least == 0 || load < best || (load == best && id < least)) {
            least = id;
        }
    }
    return least;
}

void pick_count(struct records *records, person_id person, group_id group)
{
    for (guint i = 0; i < records->rule.groups->len; i++) {
        struct group_record *record = records->rule.groups->pdata[i];
        if (record->id == group) {
            record->last_pick = person;
        }
    }
    for (guint i = 0; i < records->rule.loads->len; i++) {
        struct load_record *load = &g_array_index(records->rule.loads, struct load_record, i);
        if (load->person == person) {
            load->tickets++;
            return;
        }
    }
    struct load_record load = {.person = person, .tickets = 1};
    g_array_append_val(records->rule.loads, load);
}
