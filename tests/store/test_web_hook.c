/* test_web_hook - the queue of calls: claimed once, ended by its holder, tried again */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"
#include "store/web_hook.h"

#define MINUTE_US (INT64_C(60) * 1000000)

static struct err err;

struct desk {
    char *conninfo;
    struct conn *conn;
};

static struct desk desk_new(int calls)
{
    struct desk desk = {.conninfo = database_desk()};
    desk.conn = database_open(desk.conninfo);
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(desk.conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    for (int i = 0; i < calls; i++) {
        struct new_web_hook call = {.url = "https://example.com/hook",
                                    .rule = "tell them",
                                    .event = "ticket-created",
                                    .body = "{\"event\":\"ticket-created\"}"};
        web_hook_store_queue(tx, &call, 1);
    }
    web_hook_store_queue(tx, NULL, 0);
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
    return desk;
}

static void desk_done(struct desk *desk)
{
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

static GPtrArray *claim(const struct desk *desk, const char *holder, int64_t lease_us,
                        int64_t limit)
{
    GPtrArray *calls = NULL;
    struct settings settings;
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(desk->conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    cr_assert_eq(web_hook_store_claim(tx, holder, lease_us, limit, &calls, &settings, &err), ST_OK,
                 "%s", err.text);
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
    return calls;
}

static void end(const struct desk *desk, const struct due_web_hook *due, const char *holder,
                enum web_hook_end how, int64_t wait_us)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(desk->conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    web_hook_store_queue_end(tx, due, holder, how, wait_us, "said");
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
}

static enum status retry(const struct desk *desk, int64_t call)
{
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(desk->conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    enum status status = web_hook_store_retry(tx, "anna", call, &err);
    if (status == ST_OK) {
        status = tx_commit(&tx, &err);
    } else {
        tx_rollback(tx);
    }
    return status;
}

static void expect(const struct desk *desk, const char *sql, const char *want)
{
    g_autofree char *got = database_run(desk->conninfo, sql);
    cr_expect_str_eq(got, want, "%s: got %s, want %s", sql, got, want);
}

Test(web_hook, gives_a_call_to_one_holder_at_a_time)
{
    struct desk desk = desk_new(3);
    g_autoptr(GPtrArray) first = claim(&desk, "a", MINUTE_US, 2);
    g_autoptr(GPtrArray) second = claim(&desk, "b", MINUTE_US, 2);
    g_autoptr(GPtrArray) third = claim(&desk, "c", MINUTE_US, 2);
    cr_assert_eq(first->len, 2);
    cr_expect_eq(second->len, 1);
    cr_expect_eq(third->len, 0);
    const struct due_web_hook *due = g_ptr_array_index(first, 0);
    cr_expect_str_eq(due->url, "https://example.com/hook");
    cr_expect_str_eq(due->rule, "tell them");
    cr_expect_str_eq(due->body, "{\"event\": \"ticket-created\"}");
    cr_expect_eq(due->attempt, 0);
    desk_done(&desk);
}

Test(web_hook, is_ended_once_by_whoever_holds_it)
{
    struct desk desk = desk_new(1);
    g_autoptr(GPtrArray) slow = claim(&desk, "slow", 1, 9);
    g_autoptr(GPtrArray) fast = claim(&desk, "fast", MINUTE_US, 9);
    cr_assert_eq(fast->len, 1);
    end(&desk, g_ptr_array_index(slow, 0), "slow", WEB_HOOK_FAILED, 0);
    expect(&desk, "SELECT state FROM web_hook_call", "queued");
    end(&desk, g_ptr_array_index(fast, 0), "fast", WEB_HOOK_SENT, 0);
    expect(&desk,
           "SELECT concat_ws(' ', state, attempt, answer, ended_at IS NOT NULL) FROM web_hook_call",
           "sent 1 said t");
    end(&desk, g_ptr_array_index(fast, 0), "fast", WEB_HOOK_FAILED, 0);
    expect(&desk, "SELECT state FROM web_hook_call", "sent");
    desk_done(&desk);
}

Test(web_hook, waits_for_its_next_try)
{
    struct desk desk = desk_new(1);
    g_autoptr(GPtrArray) first = claim(&desk, "a", MINUTE_US, 9);
    end(&desk, g_ptr_array_index(first, 0), "a", WEB_HOOK_WAITS, MINUTE_US);
    g_autoptr(GPtrArray) none = claim(&desk, "a", MINUTE_US, 9);
    cr_expect_eq(none->len, 0);
    g_free(database_run(desk.conninfo, "UPDATE web_hook_call SET next_try_at = now()"));
    g_autoptr(GPtrArray) again = claim(&desk, "a", MINUTE_US, 9);
    cr_assert_eq(again->len, 1);
    cr_expect_eq(((struct due_web_hook *)g_ptr_array_index(again, 0))->attempt, 1);
    desk_done(&desk);
}

Test(web_hook, is_free_again_when_it_is_given_back)
{
    struct desk desk = desk_new(1);
    g_autoptr(GPtrArray) first = claim(&desk, "a", MINUTE_US, 9);
    struct tx *tx = NULL;
    cr_assert_eq(tx_begin(desk.conn, TX_WRITE, &tx, &err), ST_OK, "%s", err.text);
    cr_assert_eq(web_hook_store_give_back(tx, "a", &err), ST_OK, "%s", err.text);
    cr_assert_eq(tx_commit(&tx, &err), ST_OK, "%s", err.text);
    g_autoptr(GPtrArray) second = claim(&desk, "b", MINUTE_US, 9);
    cr_expect_eq(second->len, 1);
    desk_done(&desk);
}

Test(web_hook, is_tried_again_when_somebody_wants_it_but_not_once_it_was_sent)
{
    struct desk desk = desk_new(2);
    g_autoptr(GPtrArray) both = claim(&desk, "a", MINUTE_US, 9);
    struct due_web_hook *failed = g_ptr_array_index(both, 0);
    struct due_web_hook *sent = g_ptr_array_index(both, 1);
    g_free(database_run(desk.conninfo,
                        "UPDATE web_hook_call SET tried_from = now() - interval '9 days'"));
    end(&desk, failed, "a", WEB_HOOK_FAILED, 0);
    end(&desk, sent, "a", WEB_HOOK_SENT, 0);
    cr_expect_eq(retry(&desk, failed->id), ST_OK, "%s", err.text);
    cr_expect_eq(retry(&desk, sent->id), ST_INVALID);
    cr_expect_eq(retry(&desk, 99), ST_NOT_FOUND);
    g_autoptr(GPtrArray) again = claim(&desk, "a", MINUTE_US, 9);
    cr_assert_eq(again->len, 1);
    cr_expect_eq(((struct due_web_hook *)g_ptr_array_index(again, 0))->id, failed->id);
    cr_expect_lt(((struct due_web_hook *)g_ptr_array_index(again, 0))->age_us, MINUTE_US);
    expect(&desk,
           "SELECT concat_ws(' ', actor, object, what, old_value, new_value) FROM change_log",
           "anna web hook tried again failed queued");
    desk_done(&desk);
}
