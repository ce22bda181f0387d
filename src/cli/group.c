/* group - postdesk group add, list, show, set, remove, member
 *
 * Groups say which technicians work on which tickets. A group is found by its name in any letter case.
 * I/O: the database, stdout.
 */
#include <stdio.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "store/person.h"
#include "store/technician_group.h"

static const struct field FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},          {"name", "NAME", FIELD_TEXT, true},
    {"members", "MEMBERS", FIELD_TEXTS, true},  {"tickets", "TICKETS", FIELD_NUMBER, false},
    {"created_at", "SINCE", FIELD_TIME, false},
};

static const struct field CARD[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "Name", FIELD_TEXT, false},
    {"members", NULL, FIELD_TEXTS, false},
    {"tickets", "Tickets that are not closed", FIELD_NUMBER, false},
    {"created_at", "Since", FIELD_TIME, false},
};

static const struct field MEMBER_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "MEMBER", FIELD_TEXT, true},
    {"address", "ADDRESS", FIELD_TEXT, true},
    {"is_lead", "LEAD", FIELD_BOOL, false},
    {"is_disabled", "DISABLED", FIELD_BOOL, false},
    {"since", "SINCE", FIELD_TIME, false},
};

/* ---- list, show ---- */

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, group_store_list, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

static void print_group(const struct cli *cli, const struct rows *rows, const struct rows *members)
{
    json_t *group = view_row(rows, 0, CARD, G_N_ELEMENTS(CARD));
    json_t *list = view_rows(members, MEMBER_FIELDS, G_N_ELEMENTS(MEMBER_FIELDS));

    json_object_set(group, "members", list);
    if (cli->is_json) {
        view_print_json(group);
    } else {
        view_print_card(group, CARD, G_N_ELEMENTS(CARD));
        putchar('\n');
        view_print_table(list, MEMBER_FIELDS, G_N_ELEMENTS(MEMBER_FIELDS));
    }
    json_decref(list);
    json_decref(group);
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    OWNED(rows) members = NULL;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = group_store_find(tx, args_word(args, 0), &rows, err);
    }
    if (status == ST_OK) {
        status = group_store_members(tx, row_int64(rows, 0, 0), &members, err);
    }
    if (status == ST_OK) {
        print_group(cli, rows, members);
    }
    return status;
}

/* ---- add, remove, member ---- */

/* One call; the body may run again. */
struct change {
    const char *actor;      /* borrowed */
    const char *wanted;     /* borrowed: the group's name or number */
    const char *technician; /* borrowed: address key or number */
    const char *name;       /* borrowed: its new name */
    bool is_added;
    int64_t group;
};

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    struct change *change = arg;
    return group_store_add(tx, change->actor, change->wanted, &change->group, err);
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *name = NULL;
    struct change change = {.actor = actor};

    enum status status = entry_name(args_word(args, 0), &name, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    change.wanted = name;
    if (status == ST_OK) {
        status = tx_run(cli->conn, add, &change, err);
    }
    if (status == ST_OK) {
        cli_added(cli, "group", change.group, name);
    }
    return status;
}

static enum status find(struct tx *tx, struct change *change, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = group_store_find(tx, change->wanted, &rows, err);

    if (status == ST_OK) {
        change->group = row_int64(rows, 0, 0);
    }
    return status;
}

static enum status rename_group(struct tx *tx, void *arg, struct err *err)
{
    struct change *change = arg;
    enum status status = find(tx, change, err);

    return status == ST_OK ? group_store_rename(tx, change->actor, change->group, change->name, err)
                           : status;
}

static enum status remove_group(struct tx *tx, void *arg, struct err *err)
{
    struct change *change = arg;
    enum status status = find(tx, change, err);

    return status == ST_OK ? group_store_remove(tx, change->actor, change->group, err) : status;
}

static enum status run_change(struct cli *cli, tx_body body, struct change *change, struct err *err)
{
    enum status status = cli_connect(cli, err);

    if (status == ST_OK) {
        status = tx_run(cli->conn, body, change, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "group", change->wanted);
    }
    return status;
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *name = NULL;
    struct change change = {.actor = actor, .wanted = args_word(args, 0)};
    enum status status = entry_name(args_value(args, "name"), &name, err);

    change.name = name;
    return status == ST_OK ? run_change(cli, rename_group, &change, err) : status;
}

static enum status run_remove(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct change change = {.actor = actor, .wanted = args_word(args, 0)};

    return run_change(cli, remove_group, &change, err);
}

static enum status set_member(struct tx *tx, void *arg, struct err *err)
{
    struct change *change = arg;
    OWNED(rows) person = NULL;
    enum status status = find(tx, change, err);

    if (status == ST_OK) {
        status = person_store_find(tx, change->technician, &person, err);
    }
    if (status != ST_OK) {
        return status;
    }
    person_id technician = row_int64(person, 0, 0);
    return change->is_added
               ? group_store_add_member(tx, change->actor, change->group, technician, err)
               : group_store_remove_member(tx, change->actor, change->group, technician, err);
}

static enum status run_member(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *technician = entry_key(args_word(args, 2));
    struct change change = {.actor = actor, .wanted = args_word(args, 1), .technician = technician};
    enum status status = cli_add_or_remove(args_word(args, 0), &change.is_added, err);

    return status == ST_OK ? run_change(cli, set_member, &change, err) : status;
}

static const struct flag SET_FLAGS[] = {
    {"name", "N", "how it is called from now on", true, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "add",
     .words = "NAME",
     .help = "make a group of technicians",
     .least_words = 1,
     .most_words = 1,
     .run = run_add},
    {.name = "list", .words = "", .help = "list the groups", .run = run_list},
    {.name = "show",
     .words = "NAME|ID",
     .help = "show a group and its members",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "set",
     .words = "NAME|ID",
     .help = "change a group",
     .more =
         "Rules name groups by their names: postdesk rules check says which of them have to follow.",
     .flags = SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_set},
    {.name = "remove",
     .words = "NAME|ID",
     .help = "remove a group that has no tickets",
     .least_words = 1,
     .most_words = 1,
     .run = run_remove},
    {.name = "member",
     .words = "add|remove NAME|ID TECHNICIAN",
     .help = "put a technician into a group, or take him out",
     .least_words = 3,
     .most_words = 3,
     .run = run_member},
    {.run = NULL},
};

const struct noun NOUN_GROUP = {"group", "groups of technicians, and who is in them", VERBS};
