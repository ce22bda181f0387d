/* test_outbound_due - claiming mail, what is read for it, and what became of it */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "database.h"
#include "store/outbound_due.h"

static struct err err;

#define CHECK(got, want) check(#got, got, want)
static void check(const char *what, enum status got, enum status want)
{
    cr_assert_eq(got, want, "%s: got %s, want %s: %s", what, status_name(got), status_name(want),
                 got == ST_OK ? "" : err.text);
}

/* Two mailboxes and a third that is off; Anna (1) and Max (2) of Acme, Ben (3) and Tara (4) of the desk. */
static const char DESK[] =
    "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
    " smtp_port, smtp_user, smtp_security, secret, is_enabled)"
    " SELECT a, 'Desk', 'localhost', 993, 'x', 'tls', 'smtp.desk.example', 465, a, 'tls', 'support',"
    " a <> 'off@desk.example'"
    " FROM unnest('{support@desk.example,sales@desk.example,off@desk.example}'::text[]) a;"
    "INSERT INTO customer (name) VALUES ('Acme GmbH');"
    "INSERT INTO person (name, is_contact, customer) VALUES ('Anna Meyer', true, 1), ('', true, 1);"
    "INSERT INTO person (name, is_technician) VALUES ('Ben Huber', true), ('Tara Novak', true);"
    "INSERT INTO person_address (address_key, address, person, position) VALUES"
    " ('anna@acme.example', 'Anna@acme.example', 1, 1), ('anna@home.example', 'anna@home.example', 1, 2),"
    " ('max@acme.example', 'max@acme.example', 2, 1),"
    " ('ben@desk.example', 'ben@desk.example', 3, 1), ('tara@desk.example', 'tara@desk.example', 4, 1);"
    "INSERT INTO ticket (id, nonce, mailbox, customer, requester, assignee, subject)"
    " VALUES (12, 1, 1, 1, 1, 3, 'Printer on fire');"
    "INSERT INTO participant VALUES (12, 2), (12, 1);"
    "CREATE FUNCTION queue_mail(p_id bigint, p_mailbox bigint, p_notice text, p_person bigint,"
    " p_comment bigint) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO outbound_mail (id, nonce, mailbox, ticket, comment, notice, recipient, address,"
    " address_key, domain, is_automatic, is_stranger, message_id, reply_token, bounce_token, reason)"
    " SELECT p_id, 7, p_mailbox, 12, p_comment, p_notice, p_person, address, address_key,"
    " split_part(address_key, '@', 2), true, false, 'o' || p_id || '@desk.example', 'rtoken', 'btoken',"
    " 'test' FROM person_address WHERE person = p_person AND position = 1 $$;"
    "CREATE FUNCTION add_comment(p_id bigint, p_kind text, p_author bigint, p_message_id text,"
    " p_parties text[]) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO inbound_mail (id, mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
    " arrived_at, state, decided_at, message_id, parties, ticket, sender) VALUES (p_id, 1, 'INBOX', 1,"
    " p_id, '\\x01' || sha256(p_message_id::bytea), 1, 'x', now(), 'filed', now(), p_message_id,"
    " p_parties, 12, p_author);"
    " INSERT INTO comment (id, ticket, kind, author, mail, body)"
    " VALUES (p_id, 12, p_kind, p_author, p_id, 'text of ' || p_id) $$;";

struct desk {
    char *conninfo;
    struct conn *conn;
};

static struct desk desk_new(const char *more)
{
    struct desk desk = {.conninfo = database_desk()};

    g_free(database_run(desk.conninfo, DESK));
    g_free(database_run(desk.conninfo, more));
    desk.conn = database_open(desk.conninfo);
    return desk;
}

static void desk_done(struct desk *desk)
{
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

static void expect_sql(const struct desk *desk, const char *sql, const char *want)
{
    g_autofree char *got = database_run(desk->conninfo, sql);

    cr_expect(g_strcmp0(got, want) == 0, "%s: got %s, want %s", sql, got, want);
}

static struct due_claim claim_by(const char *holder)
{
    return (struct due_claim){.holder = holder, .lease_us = 30000000};
}

static struct outbound_batch *claim(struct desk *desk, const struct due_claim *how)
{
    TX_AUTO struct tx *tx = NULL;
    struct outbound_batch *batch = NULL;

    CHECK(tx_begin(desk->conn, TX_WRITE, &tx, &err), ST_OK);
    CHECK(outbound_due_claim(tx, how, &batch, &err), ST_OK);
    CHECK(tx_commit(&tx, &err), ST_OK);
    return batch;
}

static char *ids_of(const struct outbound_batch *batch)
{
    g_autoptr(GString) ids = g_string_new("");

    for (guint i = 0; i < batch->mails->len; i++) {
        const struct outbound_due *due = g_ptr_array_index(batch->mails, i);

        g_string_append_printf(ids, "%s%" PRId64, i == 0 ? "" : " ", due->id);
    }
    return g_strdup(ids->str);
}

static void expect_claim(struct desk *desk, const char *name, const struct due_claim *how,
                         const char *want)
{
    OWNED(outbound_batch) batch = claim(desk, how);
    g_autofree char *got = ids_of(batch);

    cr_expect_str_eq(got, want, "%s: got %s, want %s", name, got, want);
}

Test(outbound_due, is_claimed_in_the_order_of_the_queue)
{
    struct desk desk = desk_new(
        "SELECT queue_mail(n, 1, 'receipt', 1, NULL) FROM generate_series(1, 6) n");
    struct due_claim ann = claim_by("ann");

    g_free(database_run(
        desk.conninfo,
        "UPDATE outbound_mail SET next_try_at = now() - interval '1 min' WHERE id = 5;"
        "UPDATE outbound_mail SET next_try_at = now() + interval '1 min' WHERE id = 2;"
        "UPDATE outbound_mail SET state = 'sent', ended_at = now() WHERE id = 3;"
        "UPDATE outbound_mail SET state = 'suppressed', suppressed_by = 'x' WHERE id = 4"));
    expect_claim(&desk, "first", &ann, "5 1 6");
    expect_claim(&desk, "they have a holder", &ann, "");
    desk_done(&desk);
}

Test(outbound_due, is_claimed_by_one_of_two_at_the_same_time)
{
    struct desk desk = desk_new(
        "SELECT queue_mail(n, 1, 'receipt', 1, NULL) FROM generate_series(1, 60) n");
    CONN_AUTO struct conn *other = database_open(desk.conninfo);
    TX_AUTO struct tx *tx = NULL;
    OWNED(outbound_batch) first = NULL;
    struct due_claim ann = claim_by("ann");
    struct due_claim bob = claim_by("bob");

    CHECK(tx_begin(other, TX_WRITE, &tx, &err), ST_OK);
    CHECK(outbound_due_claim(tx, &ann, &first, &err), ST_OK);
    cr_expect_eq(first->mails->len, LIMIT_BATCH_MAILS);
    expect_claim(&desk, "while the first is not committed", &bob, "51 52 53 54 55 56 57 58 59 60");
    tx_rollback(g_steal_pointer(&tx));

    OWNED(outbound_batch) again = claim(&desk, &bob);

    cr_expect_eq(again->mails->len, LIMIT_BATCH_MAILS, "what was rolled back is there again");
    desk_done(&desk);
}

Test(outbound_due, comes_from_the_mailboxes_in_turn)
{
    struct desk desk = desk_new("SELECT queue_mail(n, 1 + n % 2, 'receipt', 1, NULL),"
                                " queue_mail(1000 + n, 3, 'receipt', 1, NULL)"
                                " FROM generate_series(1, 120) n");
    static const mailbox_id AWAY[] = {1};
    struct due_claim ann = claim_by("ann");
    static const struct {
        const char *name;
        mailbox_id after;
        size_t left_alone;
        mailbox_id want;
        guint want_count;
    } CASES[] = {
        {"begins with the first", 0, 0, 1, 50}, {"then the next", 1, 0, 2, 50},
        {"then the first again", 2, 0, 1, 10},  {"not one that is left alone", 0, 1, 2, 10},
        {"never one that is off", 2, 0, 0, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        ann.after = CASES[i].after;
        ann.left_alone = AWAY;
        ann.left_alone_count = CASES[i].left_alone;

        OWNED(outbound_batch) batch = claim(&desk, &ann);
        const struct outbound_due *last = batch->mails->len == 0
                                              ? NULL
                                              : g_ptr_array_index(batch->mails, 0);

        if (i == 2) { /* it is filled up from the next mailbox */
            cr_expect_eq(batch->mails->len, 20, "%s: got %u", CASES[i].name, batch->mails->len);
            g_free(database_run(desk.conninfo, "UPDATE outbound_mail SET lease_holder = NULL,"
                                               " lease_until = NULL WHERE id > 110 AND id < 1000"));
        } else if (i == 3) {
            cr_expect_eq(batch->mails->len, 5, "%s: got %u", CASES[i].name, batch->mails->len);
            g_free(database_run(desk.conninfo,
                                "UPDATE outbound_mail SET lease_holder = 'x',"
                                " lease_until = now() + interval '1 h' WHERE id < 1000"));
        } else {
            cr_expect_eq(batch->mails->len, CASES[i].want_count, "%s: got %u", CASES[i].name,
                         batch->mails->len);
        }
        if (last != NULL) {
            cr_expect_eq(last->mailbox->id, CASES[i].want, "%s: got %" PRId64, CASES[i].name,
                         last->mailbox->id);
        }
    }
    desk_done(&desk);
}

/* ---- what is read ------------------------------------------------------------------------------ */

static char *describe_references(const struct outbound_due *due)
{
    g_autoptr(GString) text = g_string_new("");

    for (guint i = 0; i < due->references->len; i++) {
        const struct due_reference *reference = &g_array_index(due->references,
                                                               struct due_reference, i);

        g_string_append_printf(text, "%s%s%s%s", i == 0 ? "" : " ", reference->id,
                               reference->is_ours ? "!" : "", reference->is_known ? "+" : "");
    }
    return g_strdup(text->str);
}

static const struct outbound_due *only(const struct outbound_batch *batch)
{
    cr_assert_eq(batch->mails->len, 1, "got %u mails", batch->mails->len);
    return g_ptr_array_index(batch->mails, 0);
}

Test(outbound_due, brings_all_that_a_notice_says)
{
    struct desk desk = desk_new(
        "SELECT add_comment(5, 'public', 1, 'a5@acme.example', '{anna@acme.example}');"
        "SELECT queue_mail(40, 1, 'comment', 3, 5); SELECT queue_mail(41, 1, 'comment', 4, 5);"
        "SELECT queue_mail(42, 1, 'comment', 2, 5); SELECT queue_mail(43, 1, 'receipt', 1, 5);"
        "UPDATE outbound_mail SET state = 'sent', ended_at = now() WHERE id > 40;"
        "INSERT INTO blob VALUES (sha256('ab'), 2), (sha256('c'), 1);"
        "INSERT INTO blob_chunk VALUES (sha256('ab'), 1, 'b'), (sha256('ab'), 0, 'a'), (sha256('c'), 0, 'c');"
        "INSERT INTO attachment VALUES (5, 2, sha256('c'), 1, 'c.txt', 'c', 'text/plain', '', false),"
        " (5, 1, sha256('ab'), 2, 'ab.png', 'ab', 'image/png', '', true)");
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);
    struct outbound_due *due = g_ptr_array_index(batch->mails, 0);

    cr_expect_eq(only(batch)->id, 40);
    cr_expect_eq(due->epoch, 1);
    cr_expect_str_eq(due->mailbox->address, "support@desk.example");
    cr_expect_str_eq(due->mailbox->smtp_host, "smtp.desk.example");
    cr_expect_eq(due->mailbox->smtp_port, 465);
    cr_expect_str_eq(due->mailbox->smtp_user, "support@desk.example");
    cr_expect_str_eq(due->mailbox->secret, "support");
    cr_expect(due->mailbox->has_subaddresses);
    cr_expect_str_eq(due->recipient.name, "Ben Huber");
    cr_expect_str_eq(due->address, "ben@desk.example");
    cr_expect_str_eq(due->domain, "desk.example");
    cr_expect_str_eq(due->message_id, "o40@desk.example");
    cr_expect_str_eq(due->reply_token, "rtoken");
    cr_expect_str_eq(due->bounce_token, "btoken");
    cr_expect_str_eq(due->subject, "Printer on fire");
    cr_expect_str_eq(due->customer, "Acme GmbH");
    cr_expect_str_eq(due->requester.address, "Anna@acme.example");
    cr_expect_str_eq(due->assignee.name, "Ben Huber");
    cr_expect_str_eq(due->author.name, "Anna Meyer");
    cr_expect_str_eq(due->author.address, "Anna@acme.example", "the first of her addresses");
    cr_expect_not(due->is_by_technician);
    cr_expect_str_eq(due->kind, "public");
    cr_expect_str_eq(due->text, "text of 5");
    cr_assert_eq(due->audience->len, 2);
    cr_expect_str_eq(g_ptr_array_index(due->audience, 0), "Anna Meyer");
    cr_expect_str_eq(g_ptr_array_index(due->audience, 1), "max@acme.example", "he has no name");
    cr_expect_eq(g_array_index(due->audience_ids, person_id, 1), 2);
    cr_assert_eq(due->colleagues->len, 1);
    cr_expect_str_eq(g_ptr_array_index(due->colleagues, 0), "Tara Novak");
    cr_expect_gt(batch->now_us, INT64_C(1700000000000000));

    cr_assert_eq(due->attachments->len, 2);

    struct due_attachment *file = &g_array_index(due->attachments, struct due_attachment, 0);
    TX_AUTO struct tx *tx = NULL;

    cr_expect_str_eq(file->name, "ab.png");
    CHECK(tx_begin(desk.conn, TX_READ_ONLY, &tx, &err), ST_OK);
    CHECK(outbound_due_load(tx, due, (const bool[]){true, false}, &err), ST_OK);
    CHECK(tx_commit(&tx, &err), ST_OK);
    cr_assert_not_null(file[0].content);
    cr_expect_eq(g_bytes_get_size(file[0].content), 2);
    cr_expect_arr_eq(g_bytes_get_data(file[0].content, NULL), "ab", 2);
    cr_expect_null(file[1].content, "it was not wanted");
    desk_done(&desk);
}

/* Anna has her own, Max his customer's, Ben and Tara the desk's. */
Test(outbound_due, brings_languages_zones_and_signatures)
{
    struct desk desk = desk_new(
        "UPDATE customer SET language = 'fr'; UPDATE calendar SET zone = 'Europe/Berlin';"
        "UPDATE person SET language = 'de', zone = 'Asia/Tokyo', signature = 'Anna' WHERE id = 1;"
        "UPDATE person SET signature = E'Ben\\nNetworks' WHERE id = 3;"
        "INSERT INTO setting VALUES ('language', 'it'), ('signature', 'Desk GmbH');"
        "INSERT INTO comment (id, ticket, kind, author, body, created_at)"
        " VALUES (5, 12, 'public', 3, 'x', '2026-11-22 10:20Z');"
        "SELECT queue_mail(40, 1, 'reply', 1, 5); SELECT queue_mail(41, 1, 'reply', 2, 5);"
        "SELECT queue_mail(42, 1, 'receipt', 4, NULL)");
    static const struct {
        const char *language;
        const char *zone;
        const char *signature;
        int64_t written_at_us;
    } WANT[] = {{"de", "Asia/Tokyo", "Ben\nNetworks", 1795342800000000},
                {"fr", "", "Ben\nNetworks", 1795342800000000},
                {"", "", "", 0}};
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);

    cr_assert_eq(batch->mails->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < batch->mails->len; i++) {
        const struct outbound_due *due = g_ptr_array_index(batch->mails, i);

        cr_expect_str_eq(due->language, WANT[i].language);
        cr_expect_str_eq(due->zone, WANT[i].zone);
        cr_expect_str_eq(due->signature, WANT[i].signature);
        cr_expect_eq(due->written_at_us, WANT[i].written_at_us);
        cr_expect_str_eq(due->desk->language, "it");
        cr_expect_str_eq(due->desk->zone, "Europe/Berlin");
        cr_expect_str_eq(due->desk->signature, "Desk GmbH");
    }
    desk_done(&desk);
}

Test(outbound_due, tells_of_the_mail_that_came_back)
{
    struct desk desk = desk_new(
        "SELECT add_comment(5, 'public', 3, 'b5@desk.example', '{}');"
        "SELECT queue_mail(40, 1, 'reply', 1, 5); SELECT queue_mail(41, 1, 'reply', 2, 5);"
        "UPDATE outbound_mail SET state = 'failed', ended_at = now(), answer = '550 no' WHERE id < 42;"
        "SELECT queue_mail(42, 1, 'undelivered', 3, NULL), queue_mail(43, 1, 'undelivered', 3, NULL);"
        "UPDATE outbound_mail SET parameters = '{\"about\": 40}' WHERE id = 42;"
        "UPDATE outbound_mail SET parameters = '{\"about\": 41}' WHERE id = 43;"
        "INSERT INTO activity (ticket, what, to_value, outbound) VALUES"
        " (12, 'undelivered', 'the report says so', 41)");
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);

    cr_assert_eq(batch->mails->len, 2);

    const struct outbound_due *by_answer = g_ptr_array_index(batch->mails, 0);
    const struct outbound_due *by_report = g_ptr_array_index(batch->mails, 1);

    cr_expect_eq(by_answer->about, 40);
    cr_expect_eq(by_answer->comment, 0);
    cr_expect_eq(by_answer->author.id, 3);
    cr_expect(by_answer->is_by_technician);
    cr_expect_str_eq(by_answer->text, "text of 5");
    cr_expect_str_eq(by_answer->failed_to, "Anna Meyer <Anna@acme.example>");
    cr_expect_str_eq(by_answer->answer, "550 no");
    cr_expect_str_eq(by_report->failed_to, "max@acme.example");
    cr_expect_str_eq(by_report->answer, "the report says so");
    desk_done(&desk);
}

Test(outbound_due, refers_to_what_its_recipient_may_see)
{
    struct desk desk = desk_new(
        "SELECT add_comment(1, 'public', 1, 'a1@acme.example', '{anna@acme.example}');"
        "SELECT queue_mail(10, 1, 'receipt', 1, 1);"
        "SELECT queue_mail(11, 1, 'new-ticket', 3, 1);"
        "SELECT add_comment(2, 'public', 2, 'm2@acme.example', '{max@acme.example,anna@acme.example}');"
        "SELECT add_comment(3, 'unverified', 2, 'm3@acme.example', '{max@acme.example}');"
        "SELECT add_comment(4, 'note', 3, 'b4@desk.example', '{ben@desk.example}');"
        "SELECT add_comment(5, 'public', 3, 'b5@desk.example', '{ben@desk.example}');"
        "SELECT queue_mail(12, 1, 'reply', 1, 5), queue_mail(13, 1, 'reply', 2, 5);"
        "SELECT queue_mail(14, 1, 'assigned', 3, 5);"
        "SELECT add_comment(6, 'public', 1, 'a6@acme.example', '{anna@acme.example}');"
        "UPDATE comment SET created_at = now() + id * interval '10 s';"
        "UPDATE outbound_mail SET queued_at = now() + interval '10 s' WHERE id < 12;"
        "UPDATE outbound_mail SET queued_at = now() + interval '50 s' WHERE id >= 12");
    static const char *const WANT[] = {
        "a1@acme.example+",
        "a1@acme.example",
        "a1@acme.example+ o10@desk.example!+ m2@acme.example+ b5@desk.example",
        "a1@acme.example m2@acme.example+ m3@acme.example+ b5@desk.example",
        "a1@acme.example o11@desk.example!+ m2@acme.example b4@desk.example+ b5@desk.example+",
    };
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);

    cr_assert_eq(batch->mails->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < G_N_ELEMENTS(WANT); i++) {
        const struct outbound_due *due = g_ptr_array_index(batch->mails, i);
        g_autofree char *got = describe_references(due);
        g_auto(GStrv) ids = g_strsplit(got, " ", -1);
        g_autoptr(GString) once = g_string_new(""); /* the first mail is found twice */

        for (guint j = 0; ids[j] != NULL; j++) {
            if (j == 0 || strcmp(ids[j], ids[j - 1]) != 0) {
                g_string_append_printf(once, "%s%s", j == 0 ? "" : " ", ids[j]);
            }
        }
        cr_expect_str_eq(once->str, WANT[i], "mail %" PRId64 ": got %s, want %s", due->id,
                         once->str, WANT[i]);
    }
    desk_done(&desk);
}

Test(outbound_due, refers_to_the_first_and_the_newest_mails_of_a_long_ticket)
{
    struct desk desk = desk_new(
        "SELECT add_comment(n, 'public', 1, 'a' || n || '@acme.example', '{}')"
        " FROM generate_series(1, 300) n;"
        "SELECT queue_mail(n, 1, 'receipt', 1, 300) FROM generate_series(1, 40) n;"
        "UPDATE outbound_mail SET state = 'sent', ended_at = now() WHERE id < 40");
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);
    const struct outbound_due *due = only(batch);

    cr_expect_eq(due->references->len, 1 + LIMIT_REFERENCES + LIMIT_REFERENCES);
    cr_expect_str_eq(g_array_index(due->references, struct due_reference, 0).id, "a1@acme.example");
    cr_expect_str_eq(
        g_array_index(due->references, struct due_reference, due->references->len - 1).id,
        "o39@desk.example");
    desk_done(&desk);
}

/* ---- what became of it ------------------------------------------------------------------------- */

static int64_t wait_affected(struct desk *desk)
{
    int64_t affected = -1;

    CHECK(tx_async_wait(desk->conn, &affected, &err), ST_OK);
    return affected;
}

Test(outbound_due, takes_results_from_its_holder_only)
{
    struct desk desk = desk_new(
        "SELECT queue_mail(n, 1, 'receipt', 1, NULL) FROM generate_series(1, 2) n");
    struct due_claim ann = claim_by("ann");

    expect_claim(&desk, "all", &ann, "1 2");

    static const struct due_result STALE[] = {
        {.id = 1, .epoch = 0, .holder = "ann", .answer = "x"},
        {.id = 1, .epoch = 2, .holder = "ann", .answer = "x"},
        {.id = 1, .epoch = 1, .holder = "bob", .answer = "x"},
    };
    struct due_result good = {.id = 1, .epoch = 1, .holder = "ann", .answer = "250 2.0.0 Ok"};

    for (size_t i = 0; i < G_N_ELEMENTS(STALE); i++) {
        CHECK(outbound_due_start_sent(desk.conn, &STALE[i], &err), ST_OK);
        cr_expect_eq(wait_affected(&desk), 0);
        CHECK(outbound_due_start_waiting(desk.conn, &STALE[i], &err), ST_OK);
        cr_expect_eq(wait_affected(&desk), 0);
        CHECK(outbound_due_start_renewal(desk.conn, &STALE[i], &err), ST_OK);
        cr_expect_eq(wait_affected(&desk), 0);

        TX_AUTO struct tx *tx = NULL;

        CHECK(tx_begin(desk.conn, TX_WRITE, &tx, &err), ST_OK);
        CHECK(outbound_due_fail(tx, &STALE[i], &err), ST_NOT_FOUND);
    }
    CHECK(outbound_due_start_sent(desk.conn, &good, &err), ST_OK);
    cr_expect_eq(wait_affected(&desk), 1);
    CHECK(outbound_due_start_sent(desk.conn, &good, &err), ST_OK);
    cr_expect_eq(wait_affected(&desk), 0, "once");
    expect_sql(&desk,
               "SELECT concat_ws(',', state, attempt, answer, lease_holder, ended_at = now(),"
               " ended_at IS NOT NULL) FROM outbound_mail WHERE id = 1",
               "sent,1,250 2.0.0 Ok,f,t");
    expect_sql(&desk,
               "SELECT concat_ws(',', state, attempt, lease_holder) FROM outbound_mail"
               " WHERE id = 2",
               "queued,0,ann");
    desk_done(&desk);
}

Test(outbound_due, was_sent_even_if_the_answer_came_after_the_lease)
{
    struct desk desk = desk_new("SELECT queue_mail(1, 1, 'receipt', 1, NULL)");
    struct due_claim ann = claim_by("ann");
    struct due_claim bob = claim_by("bob");
    struct due_result result = {.id = 1, .epoch = 1, .holder = "ann", .answer = "250 Ok"};
    TX_AUTO struct tx *tx = NULL;

    expect_claim(&desk, "first", &ann, "1");
    g_free(database_run(desk.conninfo, "UPDATE outbound_mail SET lease_until = now()"));
    expect_claim(&desk, "the lease ended", &bob, "1");
    CHECK(tx_begin(desk.conn, TX_WRITE, &tx, &err), ST_OK);
    CHECK(outbound_due_sent_late(tx, &result, &err), ST_OK);
    CHECK(outbound_due_sent_late(tx, &result, &err), ST_NOT_FOUND);
    CHECK(tx_commit(&tx, &err), ST_OK);
    expect_sql(&desk, "SELECT concat_ws(',', state, attempt, answer) FROM outbound_mail",
               "sent,1,250 Ok");
    desk_done(&desk);
}

Test(outbound_due, waits_fails_or_comes_back)
{
    struct desk desk = desk_new(
        "SELECT queue_mail(n, 1, 'receipt', 1, NULL) FROM generate_series(1, 4) n");
    struct due_claim ann = claim_by("ann");
    struct due_claim bob = claim_by("bob");
    struct due_result result = {.id = 1, .epoch = 1, .holder = "ann", .answer = "451 later"};
    TX_AUTO struct tx *tx = NULL;

    expect_claim(&desk, "all", &ann, "1 2 3 4");
    result.wait_us = 300000000;
    CHECK(outbound_due_start_waiting(desk.conn, &result, &err), ST_OK);
    cr_expect_eq(wait_affected(&desk), 1);
    expect_sql(&desk,
               "SELECT concat_ws(',', state, attempt, answer,"
               " round(extract(epoch FROM next_try_at - now()) / 10)) FROM outbound_mail"
               " WHERE id = 1",
               "queued,1,451 later,30");

    result = (struct due_result){.id = 2, .epoch = 1, .holder = "ann", .answer = "550 no"};
    CHECK(tx_begin(desk.conn, TX_WRITE, &tx, &err), ST_OK);
    CHECK(outbound_due_fail(tx, &result, &err), ST_OK);
    CHECK(outbound_due_give_back(tx, "ann", &err), ST_OK);
    CHECK(tx_commit(&tx, &err), ST_OK);
    expect_sql(&desk, "SELECT concat_ws(',', state, answer) FROM outbound_mail WHERE id = 2",
               "failed,550 no");
    expect_claim(&desk, "what ann gave back", &bob, "3 4");

    g_free(
        database_run(desk.conninfo, "UPDATE outbound_mail SET lease_until = now() WHERE id = 3"));

    OWNED(outbound_batch) batch = claim(&desk, &ann);

    cr_expect_eq(only(batch)->epoch, 3, "bob's lease ended: a new epoch");
    desk_done(&desk);
}

Test(outbound_due, waits_twice_as_long_each_time)
{
    struct settings settings = settings_default();
    static const int64_t WANT_S[] = {300, 600, 1200, 2400, 4000, 4000, 4000};

    for (int32_t i = 0; i < (int32_t)G_N_ELEMENTS(WANT_S); i++) {
        cr_expect_eq(outbound_due_wait_us(&settings, i), WANT_S[i] * 1000000, "after %d", i);
    }
    cr_expect_eq(outbound_due_wait_us(&settings, INT32_MAX), 4000000000LL);
}

Test(outbound_due, reads_the_desks_own_times)
{
    struct desk desk = desk_new(
        "SELECT queue_mail(1, 1, 'receipt', 1, NULL);"
        "INSERT INTO setting VALUES ('retry-first', '10 ms'), ('retry-most', 'soon')");
    struct due_claim ann = claim_by("ann");
    OWNED(outbound_batch) batch = claim(&desk, &ann);

    cr_expect_eq(batch->settings.retry_first_us, 10000);
    cr_expect_eq(batch->settings.retry_most_us, 4000000000LL,
                 "what cannot be read changes nothing");
    desk_done(&desk);
}
