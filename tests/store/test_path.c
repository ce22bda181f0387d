/* test_path - the stores on the way of a mail: what is written by one is found by the next */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "database.h"
#include "gateway/outbox.h"
#include "store/attachment.h"
#include "store/desk.h"
#include "store/outbound.h"
#include "store/people.h"
#include "store/thread.h"
#include "store/ticket.h"
#include "store/ticket_change.h"

static struct err err;

#define CHECK(got) check(#got, got)
static void check(const char *what, enum status got)
{
    cr_assert_eq(got, ST_OK, "%s: %s: %s", what, status_name(got), err.text);
}

/* One mailbox, one customer with a domain, a contact (person 1), a technician (person 2), a mail, a ticket. */
static const char DESK[] =
    "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
    " smtp_port, smtp_security, secret, trust, authserv_id, own_hosts) VALUES"
    " ('support@desk.example', 'Desk', 'localhost', 993, 'support', 'tls', 'localhost', 465, 'tls',"
    " 'support', 'authserv-id', 'mx.desk.example', '{imap.desk.example}');"
    "INSERT INTO customer (name) VALUES ('Acme GmbH');"
    "INSERT INTO customer_domain VALUES ('acme.example', 1), ('*.acme.example', 1);"
    "INSERT INTO person (name, is_contact, customer, is_confirmed) VALUES ('Anna Meyer', true, 1, true);"
    "INSERT INTO person (name, is_technician) VALUES ('Ben Huber', true);"
    "INSERT INTO person_address (address_key, address, person, position) VALUES"
    " ('anna@acme.example', 'Anna@acme.example', 1, 1), ('a.meyer@acme.example', 'a.meyer@acme.example', 1, 2),"
    " ('ben@desk.example', 'ben@desk.example', 2, 1);"
    "INSERT INTO inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw, arrived_at,"
    " parties, sender) VALUES (1, 'INBOX', 1, 1, '\\x"
    "01000000000000000000000000000000000000000000000000"
    "0000000000000000', 1, 'x', now(), '{anna@acme.example,max@acme.example}', 1);"
    "INSERT INTO setting VALUES ('limit-address-hour', '3');";

struct desk {
    char *conninfo;
    struct conn *conn;
    struct tx *tx;
};

static struct desk desk_new(void)
{
    struct desk desk = {.conninfo = database_desk()};
    g_free(database_run(desk.conninfo, DESK));
    desk.conn = database_open(desk.conninfo);
    CHECK(tx_begin(desk.conn, TX_WRITE, &desk.tx, &err));
    struct new_ids ids = {.tickets = 1, .comments = 1};
    CHECK(ticket_store_new_ids(desk.tx, &ids, &err));
    cr_assert_eq(row_int64(ids.rows[0], 0, 0), 1);
    new_ids_clear(&ids);
    struct new_ticket ticket = {.id = 1,
                                .nonce = -5,
                                .mailbox = 1,
                                .customer = 1,
                                .requester = 1,
                                .subject = "Drucker",
                                .opened_by = 1};
    struct new_comment comment = {.id = 1,
                                  .ticket = 1,
                                  .kind = COMMENT_PUBLIC,
                                  .author = 1,
                                  .mail = 1,
                                  .body = "Er druckt nicht."};
    ticket_store_queue_open(desk.tx, &ticket, 1);
    ticket_store_queue_comments(desk.tx, &comment, 1);
    return desk;
}

static void desk_done(struct desk *desk)
{
    if (desk->tx) {
        CHECK(tx_commit(&desk->tx, &err));
    }
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

static void expect_sql(struct desk *desk, const char *sql, const char *want)
{
    CHECK(tx_commit(&desk->tx, &err));
    g_autofree char *got = database_run(desk->conninfo, sql);
    cr_expect_str_eq(got ? got : "(null)", want, "%s: got %s, want %s", sql, got, want);
    CHECK(tx_begin(desk->conn, TX_WRITE, &desk->tx, &err));
}

Test(path, finds_people_by_any_of_their_addresses_and_customers_by_domain)
{
    struct desk desk = desk_new();
    const char *keys[] = {"a.meyer@acme.example", "nobody@acme.example"};
    const char *domains[] = {"sub.acme.example", "*.acme.example", "*.example"};
    const int64_t ids[] = {2, 99};
    OWNED(rows) by_address = NULL;
    OWNED(rows) customers = NULL;
    OWNED(rows) technicians = NULL;
    OWNED(rows) by_id = NULL;
    people_store_queue_by_address(desk.tx, keys, 2, &by_address);
    people_store_queue_domains(desk.tx, domains, 3, &customers);
    people_store_queue_technicians(desk.tx, &technicians);
    people_store_queue_by_id(desk.tx, ids, 2, &by_id);
    CHECK(tx_sync(desk.tx, &err));
    cr_assert_eq(rows_count(by_address), 1);
    struct person_record *anna = people_store_read(by_address, 0);
    cr_expect_str_eq(anna->address, "Anna@acme.example", "notices go to the first address");
    cr_expect(anna->is_contact && anna->is_confirmed && !anna->is_technician);
    struct customer_record customer = {0};
    cr_expect(people_store_read_customer(by_address, 0, &customer));
    cr_expect_str_eq(customer.name, "Acme GmbH");
    customer_record_clear(&customer);
    cr_expect_str_eq(people_store_read_key(by_address, 0), "a.meyer@acme.example");
    person_record_free(anna);
    cr_expect_eq(rows_count(customers), 1);
    cr_expect_eq(rows_count(technicians), 1);
    cr_expect_eq(rows_count(by_id), 1);
    desk_done(&desk);
}

Test(path, reads_a_ticket_with_its_participants)
{
    struct desk desk = desk_new();
    const int64_t tickets[] = {1, 1};
    const int64_t people[] = {2, 1};
    const struct ticket_change assigned = {.ticket = 1,
                                           .field = TICKET_FIELD_ASSIGNEE,
                                           .id = 2,
                                           .person = 2};
    OWNED(rows) rows = NULL;
    ticket_store_queue_participants(desk.tx, tickets, people, 2);
    ticket_store_queue_participants(desk.tx, tickets, people, 1);
    ticket_change_queue(desk.tx, &assigned, 1);
    ticket_store_queue_find(desk.tx, tickets, 1, &rows);
    CHECK(tx_sync(desk.tx, &err));
    cr_assert_eq(rows_count(rows), 1);
    struct ticket_record *ticket = ticket_store_read(rows, 0);
    cr_expect_eq(ticket_store_read_nonce(rows, 0), -5);
    cr_expect_eq(ticket->requester, 1);
    cr_expect_eq(ticket->assignee, 2);
    cr_expect_eq(ticket->status, TICKET_OPEN);
    cr_expect_eq(ticket->participants->len, 2);
    ticket_record_free(ticket);
    desk_done(&desk);
}

static struct thread_key key_of(const char *id, ticket_id ticket, bool is_own)
{
    struct thread_key key = {.ticket = ticket, .mail = 1, .is_own = is_own};
    text_sha256(id, strlen(id), key.key);
    return key;
}

Test(path, a_mails_own_id_takes_over_a_key_that_was_only_referred_to)
{
    struct desk desk = desk_new();
    struct new_ticket second = {.id = 2, .nonce = 1, .mailbox = 1, .requester = 1, .subject = "x"};
    struct thread_key referred[] = {key_of("a@x", 1, false), key_of("b@x", 1, true),
                                    key_of("a@x", 1, false)};
    struct thread_key own[] = {key_of("a@x", 2, true), key_of("b@x", 2, true)};
    uint8_t a[THREAD_KEY_BYTES];
    text_sha256("a@x", 3, a);
    struct blob wanted = {a, sizeof a};
    OWNED(rows) rows = NULL;
    ticket_store_queue_open(desk.tx, &second, 1);
    thread_store_queue_add(desk.tx, referred, 3);
    thread_store_queue_add(desk.tx, own, 2);
    thread_store_queue_find(desk.tx, &wanted, 1, &rows);
    CHECK(tx_sync(desk.tx, &err));
    cr_assert_eq(rows_count(rows), 1);
    struct thread_row row;
    thread_store_read(rows, 0, &row);
    cr_expect_eq(row.ticket, 2);
    cr_expect(row.is_own);
    g_autoptr(GPtrArray) parties = thread_store_read_parties(rows, 0);
    cr_expect_eq(parties->len, 2);
    expect_sql(&desk, "SELECT string_agg(ticket::text, ',' ORDER BY ticket) FROM thread_key",
               "1,2");
    desk_done(&desk);
}

Test(path, a_content_stands_once)
{
    struct desk desk = desk_new();
    g_autofree char *large = g_strnfill(600000, 'z');
    g_autoptr(GBytes) content = g_bytes_new(large, 600000);
    g_autoptr(GBytes) empty = g_bytes_new("", 0);
    struct new_attachment attachments[] = {
        {1, 0, "a.bin", "a.bin", "application/x", "", false, content},
        {1, 1, "b.bin", "b.bin", "application/x", "", true, content},
        {1, 2, "c.txt", "c.txt", "text/plain", "", false, empty},
    };
    CHECK(attachment_store_add(desk.tx, attachments, 3, &err));
    expect_sql(&desk, "SELECT count(*) || ' ' || sum(length(chunk)) FROM blob_chunk", "3 600000");
    expect_sql(&desk, "SELECT count(*) FROM blob", "2");
    expect_sql(&desk, "SELECT sum(bytes) FROM attachment", "1200000");
    desk_done(&desk);
}

/* Bytes that are different in each chunk. */
static GBytes *content_of(size_t length)
{
    uint8_t *bytes = g_malloc(length);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)(i * 7 >> 12);
    }
    return g_bytes_new_take(bytes, length);
}

/* Around the borders of chunk and piece; all are larger than one statement may be. */
Test(path, large_contents_go_piece_by_piece_and_once)
{
    static const size_t LENGTHS[] = {LIMIT_PIECE_BYTES - 1, LIMIT_PIECE_BYTES,
                                     LIMIT_PIECE_BYTES + 1, 2 * LIMIT_PIECE_BYTES,
                                     3 * LIMIT_PIECE_BYTES + LIMIT_CHUNK_BYTES + 1};
    enum { COUNT = G_N_ELEMENTS(LENGTHS) };
    struct desk desk = desk_new();
    struct new_attachment attachments[2 * COUNT];
    for (int i = 0; i < 2 * COUNT; i++) { /* each twice in one mail */
        attachments[i] = (struct new_attachment){
            1, i, "a.bin", "a.bin", "application/x", "", false, content_of(LENGTHS[i / 2])};
    }
    CHECK(attachment_store_add(desk.tx, attachments, 2 * COUNT, &err));
    for (int i = 0; i < 2 * COUNT; i++) { /* and once more in the next */
        attachments[i].position += 2 * COUNT;
    }
    CHECK(attachment_store_add(desk.tx, attachments, 2 * COUNT, &err));
    expect_sql(&desk, "SELECT count(*) FROM blob", "5");
    expect_sql(&desk, "SELECT count(*) FROM attachment", "20");
    expect_sql(
        &desk,
        "SELECT count(*) FROM blob b WHERE b.sha256 = (SELECT sha256(string_agg(c.chunk, '' ORDER BY"
        " c.position)) FROM blob_chunk c WHERE c.sha256 = b.sha256)",
        "5");
    expect_sql(&desk, "SELECT count(*) || ' ' || max(length(chunk)) FROM blob_chunk", "35 262144");
    for (int i = 0; i < 2 * COUNT; i++) {
        g_bytes_unref(attachments[i].content);
    }
    desk_done(&desk);
}

Test(path, reads_the_desk_and_a_wrong_setting_is_named)
{
    struct desk desk = desk_new();
    struct desk_rows rows = {NULL};
    struct settings settings;
    struct token_keys keys;
    struct mailbox_record mailbox = {0};
    desk_store_queue(desk.tx, &rows);
    CHECK(tx_sync(desk.tx, &err));
    CHECK(desk_store_settings(&rows, &settings, &err));
    cr_expect_eq(settings.address_hour, 3);
    desk_store_keys(&rows, &keys);
    cr_expect(keys.is_live[keys.signing_slot]);
    cr_expect(desk_store_mailbox(&rows, 1, &mailbox));
    cr_expect_eq(mailbox.trust, TRUST_AUTHSERV_ID);
    cr_expect_str_eq(mailbox.authserv_id, "mx.desk.example");
    cr_expect(mailbox.needs_auth && mailbox.has_subaddresses);
    cr_expect_not(desk_store_mailbox(&rows, 2, &mailbox));
    box_record_clear(&mailbox);
    desk_rows_clear(&rows);
    expect_sql(&desk, "UPDATE setting SET value = 'many' RETURNING name", "limit-address-hour");
    desk_store_queue(desk.tx, &rows);
    CHECK(tx_sync(desk.tx, &err));
    cr_expect_eq(desk_store_settings(&rows, &settings, &err), ST_INVALID);
    cr_expect(strstr(err.text, "limit-address-hour"), "%s", err.text);
    desk_rows_clear(&rows);
    desk_done(&desk);
}

Test(path, what_goes_out_has_a_token_that_fits_and_is_counted)
{
    struct desk desk = desk_new();
    struct outbox_mail mails[] = {
        {.ticket = 1,
         .comment = 1,
         .notice = "receipt",
         .recipient = 1,
         .address = "Anna@acme.example",
         .purpose = TOKEN_CONTACT_REPLY,
         .is_automatic = true,
         .reason = "it is new"},
        {.ticket = 1,
         .comment = 1,
         .notice = "new-ticket",
         .recipient = 2,
         .address = "ben@desk.example",
         .purpose = TOKEN_TECHNICIAN_REPLY,
         .reason = "nobody has it"},
    };
    CHECK(outbox_put_alone(desk.tx, mails, 2, &err));
    const char *keys[] = {"anna@acme.example", "ben@desk.example"};
    const char *ticket[] = {"1"};
    const char *nothing[] = {""};
    struct rows *counts[3] = {NULL};
    outbound_store_queue_counts(desk.tx, BUDGET_ADDRESS_HOUR, keys, 2, 10, &counts[0]);
    outbound_store_queue_counts(desk.tx, BUDGET_TICKET_HOUR, ticket, 1, 10, &counts[1]);
    outbound_store_queue_counts(desk.tx, BUDGET_STRANGER_HOUR, nothing, 1, 10, &counts[2]);
    CHECK(tx_sync(desk.tx, &err));
    cr_expect_eq(row_int64(counts[0], 0, 1), 1);
    cr_expect_eq(row_int64(counts[0], 1, 1), 0, "not automatic");
    cr_expect_eq(row_int64(counts[1], 0, 1), 1);
    cr_expect_eq(row_int64(counts[2], 0, 1), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_clear_pointer(&counts[i], rows_free);
    }
    expect_sql(
        &desk,
        "SELECT count(*) FROM outbound_mail WHERE state = 'queued' AND domain = 'acme.example'"
        " AND message_id = reply_token || '.' || id || '@desk.example'",
        "1");

    OWNED(rows) returned = NULL;
    int64_t first = 1;
    outbound_store_queue_find(desk.tx, &first, 1, &returned);
    CHECK(tx_sync(desk.tx, &err));
    cr_assert_eq(rows_count(returned), 1);
    struct outbound_record *outbound = outbound_store_read(returned, 0);
    cr_expect_eq(outbound->id, 1);
    cr_expect_eq(outbound->ticket, 1);
    cr_expect_eq(outbound->person, 1);
    cr_expect_str_eq(outbound->address, "Anna@acme.example");
    cr_expect_eq(outbound->author, 1, "who wrote the comment that it carried");
    cr_expect(outbound->is_automatic);
    outbound_record_free(outbound);

    g_autofree char *text = database_run(desk.conninfo,
                                         "SELECT reply_token FROM outbound_mail WHERE id = 2");
    struct token token;
    struct token_keys token_keys;
    struct desk_rows rows = {NULL};
    CHECK(token_read(text, &token, &err));
    desk_store_queue(desk.tx, &rows);
    CHECK(tx_sync(desk.tx, &err));
    desk_store_keys(&rows, &token_keys);
    cr_expect(token_fits(&token_keys, &token, -5));
    cr_expect_not(token_fits(&token_keys, &token, -6));
    cr_expect_eq(token.person, 2);
    cr_expect_gt(token.expiry_day, 20000, "a technician's token ends");
    desk_rows_clear(&rows);
    desk_done(&desk);
}

Test(path, every_budget_can_be_counted)
{
    struct desk desk = desk_new();
    const char *keys[] = {"1"};
    for (int budget = 0; budget < BUDGET_COUNT; budget++) {
        OWNED(rows) rows = NULL;
        outbound_store_queue_counts(desk.tx, (enum budget)budget, keys, 1, 5, &rows);
        CHECK(tx_sync(desk.tx, &err));
        cr_expect_eq(rows_count(rows), 1, "%s", budget_name((enum budget)budget));
    }
    desk_done(&desk);
}

Test(path, new_people_links_and_history_are_written)
{
    struct desk desk = desk_new();
    struct new_person person = {.id = 77,
                                .name = "Max",
                                .address = "Max@acme.example",
                                .address_key = "max@acme.example",
                                .customer = 1};
    struct new_activity activity = {.ticket = 1, .what = "opened", .person = 77, .mail = 1};
    const struct new_word word = {1, "contact", "public"};
    const int64_t max = 77;
    const char *dead = "max@acme.example";
    people_store_queue_add(desk.tx, &person, 1);
    people_store_queue_confirm(desk.tx, &max, 1);
    people_store_queue_dead(desk.tx, &dead, 1);
    ticket_store_queue_activities(desk.tx, &activity, 1);
    ticket_store_queue_words(desk.tx, &word, 1);
    expect_sql(&desk,
               "SELECT p.is_confirmed AND a.is_dead FROM person p, person_address a"
               " WHERE p.id = 77 AND a.person = 77",
               "t");
    expect_sql(&desk, "SELECT what FROM activity", "opened");
    expect_sql(&desk, "SELECT comments || activity_status FROM ticket", "1awaiting-technician");
    const int64_t locks[] = {1, 2};
    ticket_store_queue_locks(desk.tx, locks, 2);
    expect_sql(&desk,
               "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
               " (SELECT oid FROM pg_database WHERE datname = current_database())",
               "0");
    desk_done(&desk);
}
