/* Who may do what: the table of THREATS 3, by hand, a second time. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/permission.h"
#include "desk_world.h"

/* y all, o own and participating, org the customer's, oo own and the customer's, sc of the same customer only, me
 * himself only, r reading only, - denied */
static const struct {
    enum action action;
    const char *name;
    const char *actors; /* unknown … machine mail, viewer, operator, admin */
} TABLE[] = {
    {ACTION_OPEN_TICKET, "open-ticket", "y y y y y y y y - y - y y"},
    {ACTION_COMMENT, "public-comment", "- oo org o - y - y - o - y y"},
    {ACTION_READ_PUBLIC, "receive-public-copies", "- o o o - y - y - - y y y"},
    {ACTION_NOTE, "internal-notes", "- - - - - y - y - - r y y"},
    {ACTION_CHANGE_TICKET, "status-fields-assignment-group", "- - - - - y - y - - - y y"},
    {ACTION_MERGE, "merge-split-link", "- - - - - y - y - - - y y"},
    {ACTION_ADD_PARTICIPANT, "add-participant", "- sc org sc - y - y - - - y y"},
    {ACTION_REMOVE_PARTICIPANT, "remove-participant", "- me org me - y - y - - - y y"},
    {ACTION_CHANGE_REQUESTER, "change-requester", "- - - - - y - y - - - y y"},
    {ACTION_ADMIT, "admit-colleague", "- - org - - y - y - - - y y"},
    {ACTION_RELEASE, "release-or-drop-held", "- - - - - o - y - - - y y"},
    {ACTION_EXPORT_PERSON, "export-or-erase-person", "- - - - - - - - - - - - y"},
    {ACTION_ADMINISTER, "administer", "- - - - - - - - - - - - y"},
};

static unsigned set_of(const char *word)
{
    static const struct {
        const char *word;
        unsigned set;
    } SETS[] = {{"-", 0},
                {"o", ON_OWN},
                {"org", ON_CUSTOMERS},
                {"oo", ON_OWN | ON_CUSTOMERS},
                {"y", ON_ALL},
                {"sc", ON_OWN | ON_SAME_CUSTOMER},
                {"me", ON_OWN | ON_HIMSELF},
                {"r", ON_ALL | ON_READING}};

    for (size_t i = 0; i < G_N_ELEMENTS(SETS); i++) {
        if (strcmp(SETS[i].word, word) == 0) {
            return SETS[i].set;
        }
    }
    cr_assert_fail("no word of the table: %s", word);
    return 0;
}

Test(permission, is_what_the_matrix_says)
{
    cr_assert_eq(G_N_ELEMENTS(TABLE), ACTION_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(TABLE); i++) {
        g_auto(GStrv) words = g_strsplit(TABLE[i].actors, " ", -1);
        cr_assert_eq(g_strv_length(words), ACTOR_COUNT, "%s", TABLE[i].name);
        cr_expect_str_eq(action_name(TABLE[i].action), TABLE[i].name);
        for (int actor = 0; actor < ACTOR_COUNT; actor++) {
            cr_expect_eq(permission_of((enum actor)actor, TABLE[i].action), set_of(words[actor]),
                         "%s: %s", TABLE[i].name, actor_name((enum actor)actor));
        }
    }
}

/* Sets are told apart by their bits. */
Test(permission, has_six_kinds_of_tickets)
{
    cr_expect_eq(ON_OWN | ON_CUSTOMERS | ON_ALL | ON_SAME_CUSTOMER | ON_HIMSELF | ON_READING, 63);
}

Test(permission, has_words_for_actors)
{
    static const char *const WANT[ACTOR_COUNT] = {"unknown",
                                                  "contact",
                                                  "main-contact",
                                                  "participant",
                                                  "ex-participant",
                                                  "technician-in-group",
                                                  "technician-of-another-group",
                                                  "lead",
                                                  "disabled-technician",
                                                  "machine-mail",
                                                  "cli-viewer",
                                                  "cli-operator",
                                                  "cli-admin"};

    for (int actor = 0; actor < ACTOR_COUNT; actor++) {
        cr_expect_str_eq(actor_name((enum actor)actor), WANT[actor]);
    }
}

/* ---- technicians ------------------------------------------------------------------------------- */

enum { HERE = 31, THERE = 32 };

static const struct {
    const char *name;
    group_id ticket_group; /* -1: there is no ticket */
    person_id assignee;
    bool is_lead;
    bool is_disabled;
    enum actor want;
    bool may_release;
} TECHNICIANS[] = {
    {"no ticket", -1, 0, false, false, ACTOR_TECHNICIAN, false},
    {"no ticket, a lead", -1, 0, true, false, ACTOR_LEAD, true},
    {"no ticket, disabled", -1, 0, true, true, ACTOR_DISABLED, false},
    {"of no group", 0, 0, false, false, ACTOR_TECHNICIAN, true},
    {"of no group, another's", 0, CLARA, false, false, ACTOR_TECHNICIAN, false},
    {"of no group, his", 0, BEN, false, false, ACTOR_TECHNICIAN, true},
    {"of his first group", HERE, 0, false, false, ACTOR_TECHNICIAN, true},
    {"of his second group", HERE + 2, 0, false, false, ACTOR_TECHNICIAN, true},
    {"of his group, another's", HERE, CLARA, false, false, ACTOR_TECHNICIAN, false},
    {"of another group", THERE, 0, false, false, ACTOR_TECHNICIAN_ELSEWHERE, false},
    {"of another group, his", THERE, BEN, false, false, ACTOR_TECHNICIAN, true},
    {"of another group, another's", THERE, CLARA, false, false, ACTOR_TECHNICIAN_ELSEWHERE, false},
    {"of another group, a lead", THERE, CLARA, true, false, ACTOR_LEAD, true},
    {"his, but he is disabled", HERE, BEN, true, true, ACTOR_DISABLED, false},
};

Test(permission, of_a_technician_goes_by_group_and_assignment)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TECHNICIANS); i++) {
        OWNED(records) records = world_records();
        struct ticket_record *ticket = world_ticket(records, 12);
        struct person_record *ben = world_person(records, BEN);
        const group_id groups[] = {HERE, HERE + 2};
        bool is_at_work = TECHNICIANS[i].want == ACTOR_TECHNICIAN ||
                          TECHNICIANS[i].want == ACTOR_LEAD;

        g_array_append_vals(ben->groups, groups, 2);
        ben->is_lead = TECHNICIANS[i].is_lead;
        ben->is_disabled = TECHNICIANS[i].is_disabled;
        ticket->group = TECHNICIANS[i].ticket_group;
        ticket->assignee = TECHNICIANS[i].assignee;
        ticket = TECHNICIANS[i].ticket_group < 0 ? NULL : ticket;

        cr_expect_eq(permission_technician(ben, ticket), TECHNICIANS[i].want, "%s",
                     TECHNICIANS[i].name);
        cr_expect_eq(permission_technician_may(ben, ticket, ACTION_COMMENT), is_at_work, "%s",
                     TECHNICIANS[i].name);
        cr_expect_eq(permission_technician_may(ben, ticket, ACTION_RELEASE),
                     TECHNICIANS[i].may_release, "%s", TECHNICIANS[i].name);
        cr_expect_not(permission_technician_may(ben, ticket, ACTION_ADMINISTER), "%s",
                      TECHNICIANS[i].name);
    }
}
