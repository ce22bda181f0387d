/* test_inbound - rows of received mail: kept once, claimed with a lease, suspects alone, ended once */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk.h"
#include "store/inbound.h"

static const struct inbound_folder INBOX = {1, "INBOX", 7};

static int64_t add(const struct desk *desk, int64_t first_uid, size_t count, size_t bytes)
{
    g_autofree struct fetched_mail *mails = g_new0(struct fetched_mail, count);
    g_autofree char *text = g_strnfill(bytes, 'x');
    for (size_t i = 0; i < count; i++) {
        mails[i].uid = first_uid + (int64_t)i;
        mails[i].bytes = bytes;
        mails[i].raw_complete = true;
        mails[i].raw = g_bytes_new(text, bytes);
        mails[i].fingerprint[0] = 1;
        mails[i].fingerprint[1] = (uint8_t)mails[i].uid;
        mails[i].arrived_us = INT64_C(1767600000000000);
    }
    int64_t added = -1;
    struct tx *tx = begin(desk);
    CHECK(
        inbound_store_add(tx, &INBOX, mails, count, first_uid + (int64_t)count - 1, &added, &err));
    CHECK(tx_commit(&tx, &err));
    for (size_t i = 0; i < count; i++) {
        g_bytes_unref(mails[i].raw);
    }
    return added;
}

static GPtrArray *claim(const struct desk *desk, const char *holder, int64_t lease_us)
{
    GPtrArray *claimed = NULL;
    struct tx *tx = begin(desk);
    CHECK(inbound_store_claim(tx, holder, lease_us, &claimed, &err));
    CHECK(tx_commit(&tx, &err));
    return claimed;
}

Test(inbound, keeps_a_mail_once_however_often_it_is_fetched)
{
    struct desk desk = desk_new();
    cr_expect_eq(add(&desk, 1, 3, 100), 3);
    cr_expect_eq(add(&desk, 2, 3, 100), 1, "only the new one counts");
    expect_sql(&desk, "SELECT count(*) FROM inbound_mail", "4");
    expect_sql(&desk, "SELECT fetched || ' ' || last_uid FROM mailbox_folder", "4 4");
    desk_done(&desk);
}

Test(inbound, claims_the_oldest_first_and_within_the_limits_of_a_batch)
{
    struct desk desk = desk_new();
    add(&desk, 1, LIMIT_BATCH_MAILS + 5, 10);
    g_autoptr(GPtrArray) first = claim(&desk, "a", MINUTE_US);
    cr_assert_eq(first->len, LIMIT_BATCH_MAILS);
    const struct claimed_mail *oldest = g_ptr_array_index(first, 0);
    cr_expect_eq(oldest->id, 1);
    cr_expect_eq(g_bytes_get_size(oldest->raw), 10);
    cr_expect_not(oldest->is_solo);
    g_autoptr(GPtrArray) second = claim(&desk, "b", MINUTE_US);
    cr_expect_eq(second->len, 5);
    g_autoptr(GPtrArray) third = claim(&desk, "c", MINUTE_US);
    cr_expect_eq(third->len, 0);
    g_ptr_array_set_free_func(first, (GDestroyNotify)claimed_mail_free);
    desk_done(&desk);
}

Test(inbound, large_mail_comes_back_whole_from_its_chunks)
{
    struct desk desk = desk_new();
    size_t bytes = 3 * LIMIT_CHUNK_BYTES + 17;
    add(&desk, 1, 1, bytes);
    expect_sql(&desk, "SELECT count(*) FROM inbound_chunk", "4");
    g_autoptr(GPtrArray) claimed = claim(&desk, "a", MINUTE_US);
    const struct claimed_mail *mail = g_ptr_array_index(claimed, 0);
    cr_expect_eq(g_bytes_get_size(mail->raw), bytes);
    g_autoptr(GBytes) raw = NULL;
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_raw(tx, mail->id, &raw, &err));
    CHECK(tx_commit(&tx, &err));
    cr_expect_eq(g_bytes_get_size(raw), bytes);
    desk_done(&desk);
}

Test(inbound, a_suspect_is_claimed_alone_and_counted)
{
    struct desk desk = desk_new();
    add(&desk, 1, 3, 10);
    g_autoptr(GPtrArray) died = claim(&desk, "dead", -MINUTE_US); /* its lease is over at once */
    cr_assert_eq(died->len, 3);
    add(&desk, 10, 2, 10);
    for (int i = 1; i <= 2; i++) {
        g_autoptr(GPtrArray) alone = claim(&desk, "next", -MINUTE_US);
        cr_assert_eq(alone->len, 1, "round %d: %u", i, alone->len);
        const struct claimed_mail *mail = g_ptr_array_index(alone, 0);
        cr_expect_eq(mail->id, 1);
        cr_expect(mail->is_solo);
        cr_expect_eq(mail->solo_attempts, i);
    }
    desk_done(&desk);
}

Test(inbound, what_is_given_back_was_never_claimed)
{
    struct desk desk = desk_new();
    add(&desk, 1, 2, 10);
    g_autoptr(GPtrArray) claimed = claim(&desk, "a", MINUTE_US);
    cr_assert_eq(claimed->len, 2);
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_give_back(tx, "a", &err));
    CHECK(tx_commit(&tx, &err));
    expect_sql(&desk, "SELECT sum(attempt) || ' ' || sum(solo_attempts) FROM inbound_mail", "0 0");
    g_autoptr(GPtrArray) again = claim(&desk, "b", MINUTE_US);
    cr_expect_eq(again->len, 2);
    desk_done(&desk);
}

Test(inbound, a_death_of_the_parser_counts_and_the_mail_waits_again)
{
    struct desk desk = desk_new();
    add(&desk, 1, 1, 10);
    g_autoptr(GPtrArray) claimed = claim(&desk, "a", MINUTE_US);
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_parser_died(tx, 1, "a", &err));
    CHECK(tx_commit(&tx, &err));
    g_autoptr(GPtrArray) again = claim(&desk, "a", MINUTE_US);
    cr_assert_eq(again->len, 1);
    const struct claimed_mail *mail = g_ptr_array_index(again, 0);
    cr_expect_eq(mail->parser_deaths, 1);
    cr_expect_not(mail->is_solo);
    desk_done(&desk);
}

Test(inbound, ends_a_mail_with_its_reasons_and_supersedes_a_held_twin)
{
    struct desk desk = desk_new();
    add(&desk, 1, 2, 10);
    g_autoptr(GPtrArray) claimed = claim(&desk, "a", MINUTE_US);
    g_autoptr(GPtrArray) where = g_ptr_array_new();
    g_ptr_array_add(where, (void *)"a reason\nwith a line feed");
    g_ptr_array_add(where, (void *)"another");
    struct inbound_end held = {.mail = 1,
                               .verdict = VERDICT_HELD,
                               .outcome = "held",
                               .where = where};
    struct inbound_end event = {.mail = 2,
                                .verdict = VERDICT_EVENT,
                                .outcome = "event",
                                .supersedes = 1};
    for (int i = 0; i < 2; i++) {
        struct tx *tx = begin(&desk);
        inbound_store_queue_end(tx, i == 0 ? &held : &event, 1);
        CHECK(tx_commit(&tx, &err));
    }
    expect_sql(&desk,
               "SELECT where_reasons[1] || '/' || where_reasons[2] FROM inbound_mail WHERE id = 1",
               "a reason with a line feed/another");
    expect_sql(&desk, "SELECT state || duplicate_of FROM inbound_mail WHERE id = 1", "duplicate2");
    expect_sql(&desk, "SELECT state FROM inbound_mail WHERE id = 2", "event");
    desk_done(&desk);
}

Test(inbound, remembers_where_a_mail_was_moved)
{
    struct desk desk = desk_new();
    add(&desk, 1, 3, 10);
    struct moved_mail moved[] = {{1, 101, 9}, {2, 0, 0}};
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_moved(tx, &INBOX, "Processed", moved, 2, &err));
    g_autoptr(GArray) left = NULL;
    CHECK(inbound_store_unmoved(tx, &INBOX, 1000, &left, &err));
    CHECK(tx_commit(&tx, &err));
    cr_assert_eq(left->len, 1);
    cr_expect_eq(g_array_index(left, struct unmoved_mail, 0).uid, 3);
    expect_sql(&desk, "SELECT moved_folder || moved_uid FROM inbound_mail WHERE uid = 1",
               "Processed101");
    expect_sql(&desk, "SELECT moved_uid IS NULL FROM inbound_mail WHERE uid = 2", "t");
    desk_done(&desk);
}

Test(inbound, knows_how_far_our_moves_have_filled_a_folder)
{
    struct desk desk = desk_new();
    add(&desk, 1, 4, 10);
    struct moved_mail moved[] = {{1, 102, 9}, {2, 101, 9}, {3, 0, 0}};
    struct moved_mail gone[] = {{4, 0, 0}};
    const struct inbound_folder processed = {1, "Processed", 9};
    int64_t last_uid = -1;
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_moved(tx, &INBOX, "Processed", moved, 3, &err));
    CHECK(inbound_store_moved(tx, &INBOX, NULL, gone, 1, &err));
    CHECK(inbound_store_last_uid(tx, &processed, &last_uid, &err));
    CHECK(tx_commit(&tx, &err));
    cr_expect_eq(last_uid, 102);
    expect_sql(&desk, "SELECT count(*) || ' ' || sum(fetched) FROM mailbox_folder", "2 4");
    expect_sql(&desk,
               "SELECT moved_folder IS NULL AND moved_at IS NOT NULL FROM inbound_mail"
               " WHERE uid = 4",
               "t");
    desk_done(&desk);
}

Test(inbound, gives_up_the_uids_of_a_folder_that_was_renumbered)
{
    struct desk desk = desk_new();
    const struct inbound_folder renumbered = {1, "INBOX", 8};
    int64_t count = -1;
    bool is_renumbered = true;
    struct tx *tx = begin(&desk);
    CHECK(inbound_store_abandon(tx, &INBOX, &count, &is_renumbered, &err));
    cr_expect_not(is_renumbered, "a new folder was not known before");
    CHECK(tx_commit(&tx, &err));
    add(&desk, 1, 3, 10);
    tx = begin(&desk);
    CHECK(inbound_store_abandon(tx, &INBOX, &count, &is_renumbered, &err));
    cr_expect_eq(count, 0, "they can still be moved");
    cr_expect_not(is_renumbered);
    CHECK(inbound_store_abandon(tx, &renumbered, &count, &is_renumbered, &err));
    cr_expect_eq(count, 3);
    cr_expect(is_renumbered);
    CHECK(tx_commit(&tx, &err));
    expect_sql(&desk, "SELECT count(*) FROM inbound_mail WHERE moved_at IS NULL", "0");
    desk_done(&desk);
}
