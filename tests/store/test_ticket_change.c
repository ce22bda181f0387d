/* test_ticket_change - the one way in which a ticket's fields change: what is set, what is remembered, who is chosen */
#include <inttypes.h>
#include <sys/wait.h>
#include <unistd.h>

#include "desk.h"
#include "store/ticket_change.h"

/* Technicians 2 (Ben), 3 (Tara), 4 (Dan, disabled) and 5 (Lea) in group 1; tickets 1 to 3 of contact 1. */
static const char ROWS[] =
    "INSERT INTO customer (name) VALUES ('Acme'), ('Other');"
    "INSERT INTO person (name, is_contact, customer) VALUES ('Anna', true, 1);"
    "INSERT INTO person (name, is_technician, is_disabled) VALUES ('Ben', true, false),"
    " ('Tara', true, false), ('Dan', true, true), ('Lea', true, false);"
    "INSERT INTO technician_group (name) VALUES ('Network'), ('Empty');"
    "INSERT INTO group_member (technician_group, technician) VALUES (1, 2), (1, 3), (1, 4), (1, 5);"
    "INSERT INTO ticket_status (name, maps_to) VALUES ('parts-ordered', 'pending'), ('done', 'closed');"
    "INSERT INTO field (name, contacts, kind, choices) VALUES ('order', 'hidden', 'text', '{}'),"
    " ('site', 'hidden', 'choice', '{north,south}'), ('seats', 'hidden', 'number', '{}'),"
    " ('due', 'hidden', 'date', '{}');"
    "INSERT INTO ticket (id, nonce, mailbox, customer, requester, subject)"
    " SELECT n, n, 1, 1, 1, 'Printer' FROM generate_series(1, 3) n;";

static struct desk tickets_new(void)
{
    struct desk desk = desk_new();
    g_free(database_run(desk.conninfo, ROWS));
    return desk;
}

static void change(const struct desk *desk, const struct ticket_change *changes, size_t count)
{
    TX_AUTO struct tx *tx = begin(desk);
    ticket_change_queue(tx, changes, count);
    CHECK(tx_commit(&tx, &err));
}

/* What is in the history of ticket 1, from the first to the last. */
static void expect_history(const struct desk *desk, const char *want)
{
    expect_sql(desk,
               "SELECT coalesce(string_agg(concat_ws('|', what, coalesce(from_value, '-'),"
               " coalesce(to_value, '-')), E'\\n' ORDER BY id), '') FROM activity WHERE ticket = 1",
               want);
}

static const struct {
    const char *name;
    struct ticket_change change;
    const char *sql;     /* of ticket 1 */
    const char *want;    /* what it gives afterwards */
    const char *history; /* what is remembered */
} CASES[] = {
    {"status",
     {.field = TICKET_FIELD_STATUS, .value = "resolved"},
     "status",
     "resolved",
     "status|open|resolved"},
    {"a status of the desk's own",
     {.field = TICKET_FIELD_STATUS, .value = "parts-ordered"},
     "status || ' ' || status_name",
     "pending parts-ordered",
     "status|open|parts-ordered"},
    {"one that closes",
     {.field = TICKET_FIELD_STATUS, .value = "done"},
     "status || ' ' || (closed_at IS NOT NULL)",
     "closed true",
     "status|open|done"},
    {"an unknown status",
     {.field = TICKET_FIELD_STATUS, .value = "waiting"},
     "status",
     "open",
     "not-changed|-|status waiting: there is no such status"},
    {"type",
     {.field = TICKET_FIELD_TYPE, .value = "change"},
     "type",
     "change",
     "type|incident|change"},
    {"an unknown type",
     {.field = TICKET_FIELD_TYPE, .value = "wish"},
     "type",
     "incident",
     "not-changed|-|type wish: there is no such type"},
    {"priority",
     {.field = TICKET_FIELD_PRIORITY, .value = "critical"},
     "priority",
     "critical",
     "priority|medium|critical"},
    {"an unknown priority",
     {.field = TICKET_FIELD_PRIORITY, .value = "urgent"},
     "priority",
     "medium",
     "not-changed|-|priority urgent: there is no such priority"},
    {"impact",
     {.field = TICKET_FIELD_IMPACT, .value = "major"},
     "impact",
     "major",
     "impact|minor|major"},
    {"no impact",
     {.field = TICKET_FIELD_IMPACT},
     "impact",
     "minor",
     "not-changed|-|impact: there is no such impact"},
    {"product",
     {.field = TICKET_FIELD_PRODUCT, .value = "Router X"},
     "product",
     "Router X",
     "product|-|Router X"},
    {"no product, as before", {.field = TICKET_FIELD_PRODUCT}, "product", "", ""},
    {"a tag", {.field = TICKET_FIELD_TAG, .value = "vip"}, "tags", "{vip}", "tagged|-|vip"},
    {"a tag that is not there is taken away",
     {.field = TICKET_FIELD_TAG, .value = "vip", .is_removed = true},
     "tags",
     "{}",
     ""},
    {"group", {.field = TICKET_FIELD_GROUP, .id = 1}, "technician_group", "1", "grouped|-|Network"},
    {"a group that is gone",
     {.field = TICKET_FIELD_GROUP, .id = 9},
     "coalesce(technician_group, 0)",
     "0",
     "not-changed|-|group: there is no such group"},
    {"title",
     {.field = TICKET_FIELD_TITLE, .value = "Router"},
     "subject",
     "Router",
     "title|Printer|Router"},
    {"no title",
     {.field = TICKET_FIELD_TITLE, .value = ""},
     "subject",
     "Printer",
     "not-changed|-|title : a title has 1 to 255 characters"},
    {"assignee", {.field = TICKET_FIELD_ASSIGNEE, .id = 2}, "assignee", "2", "assigned|-|Ben"},
    {"an assignee who is disabled",
     {.field = TICKET_FIELD_ASSIGNEE, .id = 4},
     "coalesce(assignee, 0)",
     "0",
     "not-changed|-|assignee: he is no technician, or disabled"},
    {"an assignee who is a contact",
     {.field = TICKET_FIELD_ASSIGNEE, .id = 1},
     "coalesce(assignee, 0)",
     "0",
     "not-changed|-|assignee: he is no technician, or disabled"},
    {"requester",
     {.field = TICKET_FIELD_REQUESTER, .id = 3},
     "requester",
     "3",
     "requester|Anna|Tara"},
    {"no requester",
     {.field = TICKET_FIELD_REQUESTER},
     "requester",
     "1",
     "not-changed|-|requester: there is no such person"},
    {"customer", {.field = TICKET_FIELD_CUSTOMER, .id = 2}, "customer", "2", "customer|Acme|Other"},
    {"no customer",
     {.field = TICKET_FIELD_CUSTOMER},
     "coalesce(customer, 0)",
     "0",
     "customer|Acme|-"},
    {"a text",
     {.field = TICKET_FIELD_CUSTOM, .name = "order", .value = "A-17"},
     "custom",
     "{\"order\": \"A-17\"}",
     "field order|-|A-17"},
    {"a choice",
     {.field = TICKET_FIELD_CUSTOM, .name = "site", .value = "south"},
     "custom->>'site'",
     "south",
     "field site|-|south"},
    {"none of the choices",
     {.field = TICKET_FIELD_CUSTOM, .name = "site", .value = "west"},
     "custom",
     "{}",
     "not-changed|-|site west: it is no choice that the field takes"},
    {"a number",
     {.field = TICKET_FIELD_CUSTOM, .name = "seats", .value = "-12.5"},
     "custom->>'seats'",
     "-12.5",
     "field seats|-|-12.5"},
    {"a number in another form",
     {.field = TICKET_FIELD_CUSTOM, .name = "seats", .value = "012"},
     "custom",
     "{}",
     "not-changed|-|seats 012: it is no number that the field takes"},
    {"a date",
     {.field = TICKET_FIELD_CUSTOM, .name = "due", .value = "2026-02-28"},
     "custom->>'due'",
     "2026-02-28",
     "field due|-|2026-02-28"},
    {"a date in another form",
     {.field = TICKET_FIELD_CUSTOM, .name = "due", .value = "28.2.2026"},
     "custom",
     "{}",
     "not-changed|-|due 28.2.2026: it is no date that the field takes"},
    {"a field that is gone",
     {.field = TICKET_FIELD_CUSTOM, .name = "colour", .value = "red"},
     "custom",
     "{}",
     "not-changed|-|colour red: there is no such field"},
    {"a built-in one by the back door",
     {.field = TICKET_FIELD_CUSTOM, .name = "type", .value = "red"},
     "custom",
     "{}",
     "not-changed|-|type red: there is no such field"},
};

Test(ticket_change, changes_every_field_and_remembers_it, .timeout = 60)
{
    struct desk desk = tickets_new();

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct ticket_change wanted = CASES[i].change;
        g_autofree char *sql = g_strdup_printf("SELECT %s FROM ticket WHERE id = 1", CASES[i].sql);

        wanted.ticket = 1;
        wanted.actor = "root";
        change(&desk, &wanted, 1);
        expect_sql(&desk, sql, CASES[i].want);
        expect_history(&desk, CASES[i].history);
        change(&desk, &wanted, 1); /* what is set already is no change */
        if (!g_str_has_prefix(CASES[i].history, "not-changed")) {
            expect_history(&desk, CASES[i].history);
        }
        g_free(
            database_run(desk.conninfo,
                         "DELETE FROM activity;"
                         "UPDATE ticket SET status = 'open', status_name = NULL, closed_at = NULL,"
                         " type = 'incident', priority = 'medium', impact = 'minor', product = '',"
                         " tags = '{}', technician_group = NULL, subject = 'Printer',"
                         " assignee = NULL, requester = 1, customer = 1, custom = '{}'"));
    }
    desk_done(&desk);
}

Test(ticket_change, makes_a_list_in_its_order)
{
    struct desk desk = tickets_new();
    const struct ticket_change list[] = {
        {.ticket = 1, .field = TICKET_FIELD_TAG, .value = "b", .rule = "tags"},
        {.ticket = 1, .field = TICKET_FIELD_TAG, .value = "a", .rule = "tags"},
        {.ticket = 2, .field = TICKET_FIELD_PRIORITY, .value = "high", .rule = "loud"},
        {.ticket = 1, .field = TICKET_FIELD_TAG, .value = "b", .is_removed = true, .rule = "tags"},
        {.ticket = 9, .field = TICKET_FIELD_PRIORITY, .value = "high"}, /* erased */
        {.ticket = 1, .field = TICKET_FIELD_STATUS, .value = "closed", .person = 2},
        {.ticket = 1, .field = TICKET_FIELD_STATUS, .value = "open", .person = 2},
    };

    change(&desk, list, G_N_ELEMENTS(list));
    expect_history(&desk,
                   "tagged|-|b\ntagged|-|a\nuntagged|b|-\nstatus|open|closed\nstatus|closed|open");
    expect_sql(&desk, "SELECT tags::text || status || (closed_at IS NULL) FROM ticket WHERE id = 1",
               "{a}opentrue");
    expect_sql(&desk, "SELECT priority FROM ticket WHERE id = 2", "high");
    expect_sql(&desk, "SELECT string_agg(DISTINCT rule, ' ' ORDER BY rule) FROM activity",
               "loud tags");
    expect_sql(&desk, "SELECT count(*) FROM activity WHERE person = 2", "2");
    desk_done(&desk);
}

Test(ticket_change, a_required_field_keeps_a_ticket_from_being_resolved)
{
    struct desk desk = tickets_new();
    struct ticket_change list[] = {
        {.ticket = 1, .field = TICKET_FIELD_STATUS, .value = "resolved", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_CUSTOM, .name = "order", .value = "A", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_PRODUCT, .value = "X", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_STATUS, .value = "closed", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_PRODUCT, .value = "", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_STATUS, .value = "resolved", .actor = "root"},
    };

    g_free(database_run(desk.conninfo,
                        "UPDATE field SET is_required = true WHERE name IN ('order', 'product')"));
    change(&desk, list, G_N_ELEMENTS(list));
    expect_history(&desk,
                   "not-changed|-|status resolved: a required field is empty: order, product\n"
                   "field order|-|A\nproduct|-|X\nstatus|open|closed\nproduct|X|-\n"
                   "status|closed|resolved");
    desk_done(&desk);
}

Test(ticket_change, people_are_told_and_nothing_is_done)
{
    struct desk desk = tickets_new();
    const struct ticket_change list[] = {
        {.ticket = 1, .field = TICKET_FIELD_PRIORITY, .value = "high", .actor = "root"},
        {.ticket = 1, .field = TICKET_FIELD_ASSIGNEE, .id = 4, .actor = "root"},
    };
    {
        TX_AUTO struct tx *tx = begin(&desk);
        cr_expect_eq(ticket_change_put(tx, list, G_N_ELEMENTS(list), &err), ST_INVALID);
        cr_expect_str_eq(err.text, "assignee: he is no technician, or disabled");
    }
    expect_sql(&desk, "SELECT priority FROM ticket WHERE id = 1", "medium");
    {
        TX_AUTO struct tx *tx = begin(&desk);
        CHECK(ticket_change_put(tx, list, 1, &err));
        CHECK(tx_commit(&tx, &err));
    }
    expect_sql(&desk, "SELECT priority FROM ticket WHERE id = 1", "high");
    desk_done(&desk);
}

Test(ticket_change, a_technicians_first_act_makes_it_read)
{
    struct desk desk = tickets_new();
    const struct ticket_change by_rule = {.ticket = 1,
                                          .field = TICKET_FIELD_PRIORITY,
                                          .value = "low",
                                          .person = 2,
                                          .rule = "quiet"};
    const struct ticket_change by_contact = {.ticket = 1,
                                             .field = TICKET_FIELD_TITLE,
                                             .value = "Mine",
                                             .person = 1};
    const struct ticket_change by_technician = {.ticket = 1,
                                                .field = TICKET_FIELD_PRIORITY,
                                                .value = "low",
                                                .person = 3};

    change(&desk, &by_rule, 1);
    change(&desk, &by_contact, 1);
    expect_sql(&desk, "SELECT activity_status FROM ticket WHERE id = 1", "unread");
    change(&desk, &by_technician, 1);
    expect_sql(&desk, "SELECT activity_status FROM ticket WHERE id = 1", "read");
    desk_done(&desk);
}

static const struct ticket_change PICK = {.field = TICKET_FIELD_ASSIGNEE,
                                          .id = 1,
                                          .pick = TICKET_PICK_ROUND_ROBIN,
                                          .rule = "by turns"};

static struct ticket_change pick(ticket_id ticket, int64_t group, enum ticket_pick how)
{
    struct ticket_change wanted = PICK;
    wanted.ticket = ticket;
    wanted.id = group;
    wanted.pick = how;
    return wanted;
}

static void expect_assignees(const struct desk *desk, const char *want)
{
    expect_sql(desk,
               "SELECT string_agg(coalesce(assignee, 0)::text, ' ' ORDER BY id) FROM ticket"
               " WHERE id <= 3",
               want);
}

Test(ticket_change, a_group_takes_turns)
{
    struct desk desk = tickets_new();
    const struct ticket_change all[] = {pick(1, 1, TICKET_PICK_ROUND_ROBIN),
                                        pick(2, 1, TICKET_PICK_ROUND_ROBIN),
                                        pick(3, 1, TICKET_PICK_ROUND_ROBIN)};
    const struct ticket_change empty = pick(1, 2, TICKET_PICK_ROUND_ROBIN);
    const struct ticket_change gone = pick(1, 5, TICKET_PICK_ROUND_ROBIN);

    change(&desk, all, 2);
    expect_assignees(&desk, "2 3 0");
    change(&desk, &all[2], 1); /* Dan is disabled */
    expect_assignees(&desk, "2 3 5");
    change(&desk, all, 1); /* Ben's again: no change, and no activity */
    expect_assignees(&desk, "2 3 5");
    expect_history(&desk, "assigned|-|Ben");
    change(&desk, all, 1);
    expect_assignees(&desk, "3 3 5");
    change(&desk, &empty, 1);
    change(&desk, &gone, 1);
    expect_assignees(&desk, "3 3 5");
    expect_history(&desk, "assigned|-|Ben\nassigned|Ben|Tara\n"
                          "not-changed|-|assignee: nobody of the group is there\n"
                          "not-changed|-|assignee: nobody of the group is there");
    desk_done(&desk);
}

Test(ticket_change, the_least_loaded_gets_the_next)
{
    struct desk desk = tickets_new();
    const struct ticket_change all[] = {pick(1, 1, TICKET_PICK_LEAST_LOADED),
                                        pick(2, 1, TICKET_PICK_LEAST_LOADED),
                                        pick(3, 1, TICKET_PICK_LEAST_LOADED)};

    /* Ben has two, one of them closed; Tara two; Lea one that is pending. */
    g_free(database_run(
        desk.conninfo,
        "INSERT INTO ticket (id, nonce, mailbox, requester, subject, assignee, status, closed_at)"
        " VALUES (11, 1, 1, 1, 'x', 2, 'open', NULL), (12, 1, 1, 1, 'x', 2, 'closed', now()),"
        " (13, 1, 1, 1, 'x', 3, 'open', NULL), (14, 1, 1, 1, 'x', 3, 'open', NULL),"
        " (15, 1, 1, 1, 'x', 5, 'pending', NULL)"));
    change(&desk, all, 3); /* each sees those before it */
    expect_assignees(&desk, "2 5 2");
    desk_done(&desk);
}

/* In a process of its own: ticket after ticket by turns, each in its transaction. */
static void take_turns(const char *conninfo, int first, int count)
{
    struct conn *conn = database_open(conninfo);
    for (int i = 0; i < count; i++) {
        const struct ticket_change wanted = pick(first + i, 1, TICKET_PICK_ROUND_ROBIN);
        struct tx *tx = NULL;
        if (tx_begin(conn, TX_WRITE, &tx, &err) != ST_OK) {
            _exit(1);
        }
        ticket_change_queue(tx, &wanted, 1);
        if (tx_commit(&tx, &err) != ST_OK) {
            _exit(2);
        }
    }
    _exit(0);
}

Test(ticket_change, turns_are_fair_however_many_take_them_at_once, .timeout = 60)
{
    enum { PROCESSES = 4, EACH = 15 };
    struct desk desk = tickets_new();
    pid_t pids[PROCESSES];

    g_free(database_run(desk.conninfo, "INSERT INTO ticket (id, nonce, mailbox, requester, subject)"
                                       " SELECT n, n, 1, 1, 'x' FROM generate_series(100, 159) n"));
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            take_turns(desk.conninfo, 100 + i * EACH, EACH);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int state = 0;
        cr_assert_eq(waitpid(pids[i], &state, 0), pids[i]);
        cr_expect_eq(state, 0);
    }
    expect_sql(
        &desk,
        "SELECT string_agg(assignee || ':' || n, ' ' ORDER BY assignee) FROM (SELECT assignee,"
        " count(*) AS n FROM ticket WHERE id >= 100 GROUP BY assignee) x",
        "2:20 3:20 5:20");
    desk_done(&desk);
}
