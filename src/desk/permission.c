/* permission - who may do what, as one table
 *
 * Rows are what somebody wants to do, columns who he is on the ticket in question; the entry says on which
 * tickets he may. The table is the only place that knows: mail (desk/authority, desk/holding), the command
 * line, and later channels ask it. tests/permissions.tsv says the same a second time, by hand.
 *
 * That he is who he says is no business of this page: a right without proof is worth nothing, and proof
 * without a right neither.
 *
 * Groups: a ticket of no group is everybody's; one of a group is that of its members, of its assignee and of
 * technicians with the lead flag.
 * Pure.
 */
#include "desk/permission.h"

#define NO        ON_NONE
#define ALL       ON_ALL
#define OWN       ON_OWN
#define ORG       ON_CUSTOMERS
#define OWN_ORG   (ON_OWN | ON_CUSTOMERS)
#define SAME      (ON_OWN | ON_SAME_CUSTOMER)
#define HIMSELF   (ON_OWN | ON_HIMSELF)
#define READ_ONLY (ON_ALL | ON_READING)

/* clang-format off */
static const unsigned char TABLE[ACTION_COUNT][ACTOR_COUNT] = {
    /*                              unknown contact main     part.    ex   tech  else lead dis  mach viewer     oper admin */
    [ACTION_OPEN_TICKET]        = { ALL,    ALL,    ALL,     ALL,     ALL, ALL,  ALL, ALL, NO,  ALL, NO,        ALL, ALL },
    [ACTION_COMMENT]            = { NO,     OWN_ORG, ORG,    OWN,     NO,  ALL,  NO,  ALL, NO,  OWN, NO,        ALL, ALL },
    [ACTION_READ_PUBLIC]        = { NO,     OWN,    OWN,     OWN,     NO,  ALL,  NO,  ALL, NO,  NO,  ALL,       ALL, ALL },
    [ACTION_NOTE]               = { NO,     NO,     NO,      NO,      NO,  ALL,  NO,  ALL, NO,  NO,  READ_ONLY, ALL, ALL },
    [ACTION_CHANGE_TICKET]      = { NO,     NO,     NO,      NO,      NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_MERGE]              = { NO,     NO,     NO,      NO,      NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_ADD_PARTICIPANT]    = { NO,     SAME,   ORG,     SAME,    NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_REMOVE_PARTICIPANT] = { NO,     HIMSELF, ORG,    HIMSELF, NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_CHANGE_REQUESTER]   = { NO,     NO,     NO,      NO,      NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_ADMIT]              = { NO,     NO,     ORG,     NO,      NO,  ALL,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_RELEASE]            = { NO,     NO,     NO,      NO,      NO,  OWN,  NO,  ALL, NO,  NO,  NO,        ALL, ALL },
    [ACTION_EXPORT_PERSON]      = { NO,     NO,     NO,      NO,      NO,  NO,   NO,  NO,  NO,  NO,  NO,        NO,  ALL },
    [ACTION_ADMINISTER]         = { NO,     NO,     NO,      NO,      NO,  NO,   NO,  NO,  NO,  NO,  NO,        NO,  ALL },
};
/* clang-format on */

unsigned permission_of(enum actor actor, enum action action)
{
    return TABLE[action][actor];
}

const char *actor_name(enum actor actor)
{
    static const char *const NAMES[ACTOR_COUNT] = {
        "unknown",
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
        "cli-admin",
    };
    return NAMES[actor];
}

const char *action_name(enum action action)
{
    static const char *const NAMES[ACTION_COUNT] = {
        "open-ticket",
        "public-comment",
        "receive-public-copies",
        "internal-notes",
        "status-fields-assignment-group",
        "merge-split-link",
        "add-participant",
        "remove-participant",
        "change-requester",
        "admit-colleague",
        "release-or-drop-held",
        "export-or-erase-person",
        "administer",
    };
    return NAMES[action];
}

static bool is_member(const struct person_record *technician, group_id group)
{
    for (guint i = 0; i < technician->groups->len; i++) {
        if (g_array_index(technician->groups, group_id, i) == group) {
            return true;
        }
    }
    return false;
}

enum actor permission_technician(const struct person_record *technician,
                                 const struct ticket_record *ticket)
{
    if (technician->is_disabled) {
        return ACTOR_DISABLED;
    }
    if (technician->is_lead) {
        return ACTOR_LEAD;
    }
    bool is_at_home = ticket == NULL || ticket->group == 0 || ticket->assignee == technician->id ||
                      is_member(technician, ticket->group);

    return is_at_home ? ACTOR_TECHNICIAN : ACTOR_TECHNICIAN_ELSEWHERE;
}

/* Is it his: assigned to him, or to nobody in a group of his? */
static bool is_own(const struct person_record *technician, const struct ticket_record *ticket)
{
    return ticket != NULL && (ticket->assignee == technician->id || ticket->assignee == 0);
}

bool permission_technician_may(const struct person_record *technician,
                               const struct ticket_record *ticket, enum action action)
{
    unsigned set = permission_of(permission_technician(technician, ticket), action);

    return (set & ON_ALL) != 0 || ((set & ON_OWN) != 0 && is_own(technician, ticket));
}
