/* test_junk - headers of mails in Junk: stored once, judged once, counted once, taken alone after a failure */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk.h"
#include "store/junk.h"

static const struct inbound_folder JUNK = {1, "Junk", 7};

static void add(const struct desk *desk, int64_t first_uid, size_t count, int64_t left)
{
    struct junk_header headers[LIMIT_BATCH_MAILS];
    g_autoptr(GBytes) header = g_bytes_new_static("Subject: x\r\n\r\n", 14);
    for (size_t i = 0; i < count; i++) {
        headers[i] = (struct junk_header){first_uid + (int64_t)i, 1000, header};
    }
    struct tx *tx = begin(desk);
    CHECK(junk_store_add(tx, &JUNK, headers, count, left, first_uid + (int64_t)count - 1, &err));
    CHECK(tx_commit(&tx, &err));
}

static GPtrArray *claim(const struct desk *desk, int64_t lease_us)
{
    GPtrArray *mails = NULL;
    struct tx *tx = begin(desk);
    CHECK(junk_store_claim(tx, lease_us, &mails, &err));
    CHECK(tx_commit(&tx, &err));
    return mails;
}

static void settle(const struct desk *desk, const GPtrArray *mails, const bool *are_wanted)
{
    struct tx *tx = begin(desk);
    CHECK(junk_store_settle(tx, mails, are_wanted, &err));
    CHECK(tx_commit(&tx, &err));
}

Test(junk, stores_a_header_once_and_remembers_how_far_it_looked)
{
    struct desk desk = desk_new();
    add(&desk, 10, 3, 2);
    add(&desk, 10, 3, 0);
    expect_sql(&desk, "SELECT count(*) FROM junk_mail", "3");
    expect_sql(&desk, "SELECT last_uid || ' ' || is_junk || ' ' || fetched FROM mailbox_folder",
               "12 true 0");
    expect_sql(&desk, "SELECT mails_left || ' ' || mails_taken FROM junk_day", "2 0");
    desk_done(&desk);
}

Test(junk, counts_each_verdict_once_and_keeps_what_is_wanted_until_it_is_forgotten)
{
    static const bool WANTED[] = {false, true, false, true};
    struct desk desk = desk_new();
    add(&desk, 1, 4, 0);
    g_autoptr(GPtrArray) mails = claim(&desk, MINUTE_US);
    g_autoptr(GPtrArray) none = claim(&desk, MINUTE_US);
    cr_assert_eq(mails->len, 4);
    cr_expect_eq(none->len, 0, "claimed twice");
    settle(&desk, mails, WANTED);
    settle(&desk, mails, WANTED); /* an intake that was late */
    expect_sql(&desk, "SELECT mails_left || ' ' || mails_taken FROM junk_day", "2 2");
    expect_sql(&desk, "SELECT count(*) FROM junk_mail WHERE header IS NULL", "2");

    struct junk_state state = {NULL};
    struct tx *tx = begin(&desk);
    CHECK(junk_store_state(tx, &JUNK, &state, &err));
    cr_expect_eq(state.wanted->len, 2);
    cr_expect_not(state.has_waiting);
    int64_t uid = g_array_index(state.wanted, int64_t, 0);
    g_array_unref(state.wanted);
    CHECK(junk_store_forget(tx, &JUNK, &uid, 1, &err));
    CHECK(tx_commit(&tx, &err));
    expect_sql(&desk, "SELECT count(*) FROM junk_mail", "1");
    desk_done(&desk);
}

Test(junk, takes_a_header_alone_that_outlived_an_intake)
{
    struct desk desk = desk_new();
    add(&desk, 1, 5, 0);
    g_autoptr(GPtrArray) died = claim(&desk, 0);
    cr_assert_eq(died->len, 5);
    add(&desk, 6, 2, 0);
    g_autoptr(GPtrArray) alone = claim(&desk, MINUTE_US);
    cr_assert_eq(alone->len, 1);
    cr_expect_eq(((const struct junk_mail *)alone->pdata[0])->attempt, 2);
    desk_done(&desk);
}

Test(junk, forgets_what_stood_under_another_uidvalidity)
{
    const struct inbound_folder renumbered = {1, "Junk", 8};
    struct desk desk = desk_new();
    add(&desk, 1, 2, 0);
    struct tx *tx = begin(&desk);
    CHECK(junk_store_renumber(tx, &renumbered, &err));
    CHECK(tx_commit(&tx, &err));
    expect_sql(&desk, "SELECT count(*) FROM junk_mail", "0");
    desk_done(&desk);
}
