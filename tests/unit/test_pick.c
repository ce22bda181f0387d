/* Who of a group gets the next ticket. */
#include "desk/pick.h"
#include "desk_world.h"

enum { NETWORK = 21, PRINTERS = 22 };

static void join(struct records *records, person_id person, group_id group)
{
    g_array_append_val(world_person(records, person)->groups, group);
}

/* Ben, Clara and Fritz are in the network's group, Ben also in the printers'; Gone was in both. */
static struct records *desk_with_groups(void)
{
    static const group_id GROUPS[] = {NETWORK, PRINTERS};
    static const person_id MEMBERS[] = {BEN, CLARA, FRITZ, GONE};
    struct records *records = world_records();

    for (size_t i = 0; i < G_N_ELEMENTS(GROUPS); i++) {
        rule_records_add_group(&records->rule, GROUPS[i], "group", 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(MEMBERS); i++) {
        join(records, MEMBERS[i], NETWORK);
    }
    join(records, BEN, PRINTERS);
    join(records, GONE, PRINTERS);
    return records;
}

static void set_last(struct records *records, group_id group, person_id person)
{
    for (guint i = 0; i < records->rule.groups->len; i++) {
        struct group_record *record = records->rule.groups->pdata[i];
        record->last_pick = record->id == group ? person : record->last_pick;
    }
}

static void set_load(struct records *records, person_id person, int64_t tickets)
{
    struct load_record load = {.person = person, .tickets = tickets};
    g_array_append_val(records->rule.loads, load);
}

Test(pick, asks_whether_somebody_is_a_member)
{
    struct records *records = desk_with_groups();

    cr_expect(pick_is_member(world_person(records, BEN), NETWORK));
    cr_expect(pick_is_member(world_person(records, BEN), PRINTERS), "his second group");
    cr_expect_not(pick_is_member(world_person(records, CLARA), PRINTERS));
    cr_expect_not(pick_is_member(world_person(records, ANNA), NETWORK), "she is in no group");
    cr_expect_not(pick_is_member(NULL, NETWORK), "nobody");
    records_free(records);
}

static const struct {
    const char *name;
    person_id last;
    person_id want;
} TURNS[] = {
    {"nobody had one yet", 0, BEN},
    {"the next by number", BEN, CLARA},
    {"numbers may have gaps", CLARA, FRITZ},
    {"after the last the first again", FRITZ, BEN},
    {"the last one left the group", CARL, FRITZ},
    {"the last one had the highest number of all", GONE, BEN},
};

Test(pick, by_turns_gives_everybody_one_in_the_order_of_numbers)
{
    static const person_id ORDERS[][3] = {{BEN, CLARA, FRITZ},
                                          {FRITZ, CLARA, BEN},
                                          {CLARA, FRITZ, BEN}};

    for (size_t order = 0; order < G_N_ELEMENTS(ORDERS); order++) {
        for (size_t i = 0; i < G_N_ELEMENTS(TURNS); i++) {
            struct records *records = desk_with_groups();
            g_array_set_size(records->technicians, 0);
            g_array_append_vals(records->technicians, ORDERS[order], 3);
            set_last(records, NETWORK, TURNS[i].last);
            set_last(records, PRINTERS, BEN);
            person_id got = pick_round_robin(records, NETWORK);
            cr_expect_eq(got, TURNS[i].want, "%s, order %zu: got %d", TURNS[i].name, order,
                         (int)got);
            records_free(records);
        }
    }
}

static const struct {
    const char *name;
    int64_t ben; /* -1: the desk knows of no ticket of his */
    int64_t clara;
    int64_t fritz;
    person_id want;
} LOADS[] = {
    {"nobody has any", -1, -1, -1, BEN},
    {"of equals the first", 3, 3, 3, BEN},
    {"the fewest", 3, 2, 1, FRITZ},
    {"the first of the fewest", 3, 2, 2, CLARA},
    {"who is not in the list has none", 1, -1, 1, CLARA},
    {"none is fewer than one", 0, 1, 1, BEN},
};

Test(pick, by_load_takes_who_has_the_fewest)
{
    static const person_id ORDERS[][3] = {{BEN, CLARA, FRITZ},
                                          {FRITZ, CLARA, BEN},
                                          {CLARA, FRITZ, BEN}};

    for (size_t order = 0; order < G_N_ELEMENTS(ORDERS); order++) {
        for (size_t i = 0; i < G_N_ELEMENTS(LOADS); i++) {
            struct records *records = desk_with_groups();
            const int64_t loads[] = {LOADS[i].ben, LOADS[i].clara, LOADS[i].fritz};
            static const person_id PEOPLE[] = {BEN, CLARA, FRITZ};
            g_array_set_size(records->technicians, 0);
            g_array_append_vals(records->technicians, ORDERS[order], 3);
            for (size_t n = 0; n < G_N_ELEMENTS(PEOPLE); n++) {
                if (loads[n] >= 0) {
                    set_load(records, PEOPLE[n], loads[n]);
                }
            }
            person_id got = pick_least_loaded(records, NETWORK);
            cr_expect_eq(got, LOADS[i].want, "%s, order %zu: got %d", LOADS[i].name, order,
                         (int)got);
            records_free(records);
        }
    }
}

static void make_absent(struct person_record *person)
{
    person->is_absent = true;
}

static void disable(struct person_record *person)
{
    person->is_disabled = true;
}

static void make_contact(struct person_record *person)
{
    person->is_technician = false;
}

static void leave_group(struct person_record *person)
{
    g_array_set_size(person->groups, 0);
}

static const struct {
    const char *name;
    void (*change)(struct person_record *person);
} AWAY[] = {
    {"absent", make_absent},
    {"disabled", disable},
    {"no technician any more", make_contact},
    {"not in the group", leave_group},
};

Test(pick, passes_over_who_is_not_there)
{
    for (size_t i = 0; i < G_N_ELEMENTS(AWAY); i++) {
        struct records *records = desk_with_groups();
        AWAY[i].change(world_person(records, BEN));
        cr_expect_eq(pick_round_robin(records, NETWORK), CLARA, "%s", AWAY[i].name);
        cr_expect_eq(pick_least_loaded(records, NETWORK), CLARA, "%s", AWAY[i].name);
        cr_expect_eq(pick_round_robin(records, PRINTERS), 0, "%s: nobody is left", AWAY[i].name);
        cr_expect_eq(pick_least_loaded(records, PRINTERS), 0, "%s: nobody is left", AWAY[i].name);
        records_free(records);
    }
    struct records *records = desk_with_groups();
    person_id unknown = 1;
    g_array_prepend_val(records->technicians, unknown);
    cr_expect_eq(pick_round_robin(records, NETWORK), BEN, "of the first there is no record");
    cr_expect_eq(pick_least_loaded(records, NETWORK), BEN, "of the first there is no record");
    records_free(records);
}

Test(pick, from_a_group_without_a_record_starts_with_the_first)
{
    struct records *records = desk_with_groups();

    g_ptr_array_set_size(records->rule.groups, 0);
    cr_expect_eq(pick_round_robin(records, NETWORK), BEN);
    records_free(records);
}

Test(pick, of_one_mail_counts_for_the_next_of_its_batch)
{
    static const person_id WANT[] = {BEN, CLARA, FRITZ, BEN};
    struct records *records = desk_with_groups();

    for (size_t i = 0; i < G_N_ELEMENTS(WANT); i++) {
        person_id by_turns = pick_round_robin(records, NETWORK);
        cr_expect_eq(by_turns, WANT[i], "mail %zu: got %d", i, (int)by_turns);
        cr_expect_eq(pick_least_loaded(records, NETWORK), WANT[i], "mail %zu: it is load as well",
                     i);
        pick_count(records, by_turns, NETWORK);
    }
    cr_expect_eq(rule_records_group(&records->rule, PRINTERS)->last_pick, 0, "another group");
    records_free(records);
}

Test(pick, that_was_not_by_turns_moves_no_turn)
{
    struct records *records = desk_with_groups();

    set_load(records, CLARA, 2);
    pick_count(records, BEN, 0);
    cr_expect_eq(pick_round_robin(records, NETWORK), BEN);
    cr_expect_eq(pick_least_loaded(records, NETWORK), FRITZ, "Ben has one now");
    pick_count(records, CLARA, 0);
    cr_expect_eq(g_array_index(records->rule.loads, struct load_record, 0).tickets, 3);
    records_free(records);
}
