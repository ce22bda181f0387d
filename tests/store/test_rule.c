/* test_rule - versions of rules: one is live, none changes; sums of many workers; marks of rules of the time */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"
#include "store/rule.h"

static struct err err;

struct desk {
    char *conninfo;
    struct conn *conn;
};

static struct desk desk_new(void)
{
    struct desk desk = {.conninfo = database_desk()};
    desk.conn = database_open(desk.conninfo);
    return desk;
}

static void desk_done(struct desk *desk)
{
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

static struct tx *begin(struct conn *conn)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    return tx;
}

static void commit(struct tx *tx)
{
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
}

static int64_t live(const struct desk *desk)
{
    int64_t version = -1;
    struct tx *tx = begin(desk->conn);
    cr_assert_eq(rule_store_live(tx, &version, &err), ST_OK, "%s", err.text);
    commit(tx);
    return version;
}

static int64_t add(const struct desk *desk, const char *name, const char *content, int64_t restores)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)rule_text_free);
    g_ptr_array_add(files, rule_text_new("notices/de/receipt.txt", "Subject: Danke\n\nDanke.\n"));
    g_ptr_array_add(files, rule_text_new(name, content));
    struct new_rule_version version = {.made_by = "anna",
                                       .why = "a try",
                                       .files = files,
                                       .restores = restores};
    int64_t id = 0;
    struct tx *tx = begin(desk->conn);
    cr_assert_eq(rule_store_add(tx, &version, &id, &err), ST_OK, "%s", err.text);
    commit(tx);
    return id;
}

static GPtrArray *load(const struct desk *desk, int64_t version)
{
    GPtrArray *files = NULL;
    struct tx *tx = begin(desk->conn);
    cr_assert_eq(rule_store_load(tx, version, &files, &err), ST_OK, "%s", err.text);
    commit(tx);
    return files;
}

static const struct rule_text *at(const GPtrArray *files, guint i)
{
    return g_ptr_array_index(files, i);
}

Test(rule, has_the_programs_own_rules_where_none_were_ever_applied)
{
    struct desk desk = desk_new();
    g_autoptr(GPtrArray) files = load(&desk, 0);
    cr_expect_eq(live(&desk), 0);
    cr_assert_eq(files->len, 1);
    cr_expect_str_eq(at(files, 0)->name, "default.rules");
    cr_expect_gt(strlen(at(files, 0)->content), 0);
    desk_done(&desk);
}

Test(rule, lets_the_newest_version_be_live_and_keeps_the_old_ones)
{
    struct desk desk = desk_new();
    cr_expect_eq(add(&desk, "a.rules", "# one\n", -1), 1);
    cr_expect_eq(add(&desk, "a.rules", "# two\n", -1), 2);
    cr_expect_eq(live(&desk), 2);
    g_autoptr(GPtrArray) old = load(&desk, 1);
    g_autoptr(GPtrArray) now = load(&desk, 2);
    cr_assert_eq(old->len, 2);
    cr_expect_str_eq(at(old, 0)->name, "a.rules");
    cr_expect_str_eq(at(old, 0)->content, "# one\n");
    cr_expect_str_eq(at(now, 0)->content, "# two\n");
    cr_expect_str_eq(at(now, 1)->name, "notices/de/receipt.txt");
    g_autofree char *logged = database_run(
        desk.conninfo, "SELECT string_agg(concat_ws(' ', actor, object, object_id, what, old_value,"
                       " new_value), '; ' ORDER BY id) FROM change_log WHERE object = 'rules'");
    cr_expect_str_eq(logged, "anna rules 1 applied 0 1; anna rules 2 applied 1 2");
    desk_done(&desk);
}

Test(rule, says_in_the_history_what_a_version_restores)
{
    struct desk desk = desk_new();
    OWNED(rows) rows = NULL;
    add(&desk, "a.rules", "# one\n", -1);
    add(&desk, "b.rules", "# two\n", 0);
    struct tx *tx = begin(desk.conn);
    cr_assert_eq(rule_store_history(tx, &rows, &err), ST_OK, "%s", err.text);
    commit(tx);
    cr_assert_eq(rows_count(rows), 2);
    cr_expect_str_eq(row_text(rows, 0, 2), "anna");
    cr_expect_str_eq(row_text(rows, 0, 3), "a try");
    cr_expect(row_is_null(rows, 0, 4));
    cr_expect_not(row_bool(rows, 0, 5));
    cr_expect_eq(row_int64(rows, 0, 6), 1);
    cr_expect_eq(row_int64(rows, 0, 7), 1);
    cr_expect_not(row_is_null(rows, 1, 4));
    cr_expect_eq(row_int64(rows, 1, 4), 0);
    cr_expect(row_bool(rows, 1, 5));
    desk_done(&desk);
}

Test(rule, lets_only_one_of_two_make_the_same_version)
{
    struct desk desk = desk_new();
    struct conn *other = database_open(desk.conninfo);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)rule_text_free);
    struct new_rule_version version = {.made_by = "a", .why = "", .files = files, .restores = -1};
    int64_t first = 0;
    int64_t second = 0;
    OWNED(rows) rows = NULL;
    struct tx *tx = begin(desk.conn);
    cr_assert_eq(rule_store_add(tx, &version, &first, &err), ST_OK, "%s", err.text);
    struct tx *late = begin(other); /* it has read the next number before the first commits */
    int64_t seen = -1;
    cr_assert_eq(rule_store_live(late, &seen, &err), ST_OK);
    cr_expect_eq(seen, 0);
    commit(tx);
    cr_assert_eq(rule_store_add(late, &version, &second, &err), ST_OK, "%s", err.text);
    commit(late);
    cr_expect_eq(second, 2);
    g_autofree char *count = database_run(desk.conninfo,
                                          "SELECT count(*)::text FROM rule_version WHERE is_live");
    cr_expect_str_eq(count, "1");
    conn_close(other);
    desk_done(&desk);
}

Test(rule, does_not_know_a_version_that_there_is_not)
{
    struct desk desk = desk_new();
    GPtrArray *files = NULL;
    struct tx *tx = begin(desk.conn);
    cr_expect_eq(rule_store_load(tx, 7, &files, &err), ST_NOT_FOUND);
    tx_rollback(tx);
    desk_done(&desk);
}

Test(rule, adds_up_what_all_workers_saw)
{
    struct desk desk = desk_new();
    struct rule_sum sums[] = {{"b", 1, 0, 10, 100, NULL}, {"a", 0, 2, 10, 50, "slow"}};
    struct rule_sum more[] = {{"a", 3, 1, 5, 25, "slower"}};
    OWNED(rows) rows = NULL;
    struct tx *tx = begin(desk.conn);
    rule_store_queue_sums(tx, 1, "h intake 0", sums, 2);
    rule_store_queue_sums(tx, 1, "h intake 1", sums, 2);
    rule_store_queue_sums(tx, 2, "h intake 0", more, 1);
    rule_store_queue_sums(tx, 1, "h intake 0", NULL, 0);
    commit(tx);
    tx = begin(desk.conn);
    rule_store_queue_sums(tx, 1, "h intake 1", more, 1);
    commit(tx);
    tx = begin(desk.conn);
    cr_assert_eq(rule_store_stats(tx, 1, &rows, &err), ST_OK, "%s", err.text);
    commit(tx);
    cr_assert_eq(rows_count(rows), 2);
    cr_expect_str_eq(row_text(rows, 0, 0), "a");
    cr_expect_eq(row_int64(rows, 0, 1), 3);
    cr_expect_eq(row_int64(rows, 0, 2), 5);
    cr_expect_eq(row_int64(rows, 0, 3), 25);
    cr_expect_eq(row_int64(rows, 0, 4), 125);
    cr_expect_str_eq(row_text(rows, 0, 7), "slower");
    cr_expect_eq(row_int64(rows, 1, 1), 2);
    cr_expect(row_is_null(rows, 1, 7));
    desk_done(&desk);
}

static char *fired_for(const struct desk *desk, const char *rule)
{
    static const int64_t TICKETS[] = {1, 2, 3};
    OWNED(rows) rows = NULL;
    GString *found = g_string_new(NULL);
    struct tx *tx = begin(desk->conn);
    rule_store_queue_fired(tx, rule, TICKETS, 3, &rows);
    cr_assert_eq(tx_sync(tx, &err), ST_OK, "%s", err.text);
    commit(tx);
    for (int row = 0; row < rows_count(rows); row++) {
        g_string_append_printf(found, " %" PRId64, row_int64(rows, row, 0));
    }
    return g_string_free(found, FALSE);
}

Test(rule, marks_the_tickets_it_fired_for_until_its_condition_was_false)
{
    struct desk desk = desk_new();
    static const int64_t TWO[] = {3, 1};
    static const int64_t ONE[] = {3};
    g_free(database_run(
        desk.conninfo,
        "INSERT INTO person (name, is_contact) VALUES ('Anna', true);"
        "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
        " smtp_port, smtp_security, secret) VALUES ('s@desk.example', 'Desk', 'h', 1, 'u', 'tls', 'h', 1,"
        " 'tls', 's');"
        "INSERT INTO ticket (id, nonce, mailbox, requester, subject)"
        " SELECT i, i, 1, 1, 'x' FROM generate_series(1, 3) i"));
    struct tx *tx = begin(desk.conn);
    rule_store_queue_mark(tx, "old", TWO, 2);
    rule_store_queue_mark(tx, "old", TWO, 2);
    rule_store_queue_mark(tx, "other", ONE, 1);
    commit(tx);
    g_autofree char *both = fired_for(&desk, "old");
    cr_expect_str_eq(both, " 1 3");
    tx = begin(desk.conn);
    rule_store_queue_unmark(tx, "old", ONE, 1);
    commit(tx);
    g_autofree char *left = fired_for(&desk, "old");
    g_autofree char *other = fired_for(&desk, "other");
    cr_expect_str_eq(left, " 1");
    cr_expect_str_eq(other, " 3");
    desk_done(&desk);
}

static const struct {
    const char *name;
    bool is_name;
    bool is_notice;
} NAMES[] = {
    {"default.rules", true, false},
    {"10-printers_2.rules", true, false},
    {"notices/en/receipt.txt", true, true},
    {"notices/de/vpn-reset.txt", true, true},
    {".rules", false, false},
    {"-a.rules", false, false},
    {"A.rules", false, false},
    {"a.rule", false, false},
    {"a.rules~", false, false},
    {"a/b.rules", false, false},
    {"../a.rules", false, false},
    {"notices/en/", false, false},
    {"notices/en/.txt", false, false},
    {"notices/eng/a.txt", false, false},
    {"notices/en/../a.txt", false, false},
    {"notices/en/a.rules", false, false},
    {"", false, false},
};

Test(rule, knows_the_names_of_its_files_as_the_database_does)
{
    struct desk desk = desk_new();
    g_free(database_run(desk.conninfo,
                        "INSERT INTO rule_version (id, made_by, is_live) VALUES (1, 'a', true)"));
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        cr_expect_eq(rule_text_is_name(NAMES[i].name), NAMES[i].is_name, "%s", NAMES[i].name);
        cr_expect_eq(rule_text_is_notice(NAMES[i].name), NAMES[i].is_notice, "%s", NAMES[i].name);
        g_autofree char *sql = g_strdup_printf(
            "SELECT (SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'rule_file_name_check') LIKE '%%rules%%' AND '%s' ~"
            " '^([a-z0-9][a-z0-9_-]*[.]rules|notices/[a-z]{2}/[a-z0-9][a-z0-9-]*[.]txt)$'",
            NAMES[i].name);
        g_autofree char *said = database_run(desk.conninfo, sql);
        cr_expect_str_eq(said, NAMES[i].is_name ? "t" : "f", "%s", NAMES[i].name);
    }
    desk_done(&desk);
}
