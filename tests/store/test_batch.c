/* test_batch - a batch of mails from facts to rows: what two intakes make of one mail */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "database.h"
#include "gateway/gather.h"

static struct err err;

#define CHECK(got) check(#got, got)
static void check(const char *what, enum status got)
{
    cr_assert_eq(got, ST_OK, "%s: %s: %s", what, status_name(got), err.text);
}

/* One mailbox, a contact, a technician; two mails that an intake has claimed. */
static const char DESK[] =
    "INSERT INTO mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,"
    " smtp_port, smtp_security, secret) VALUES ('support@desk.example', 'Desk', 'localhost', 993,"
    " 'support', 'tls', 'localhost', 465, 'tls', 'support');"
    "INSERT INTO customer (name) VALUES ('Acme GmbH');"
    "INSERT INTO person (name, is_contact, customer, is_confirmed) VALUES ('Anna', true, 1, true);"
    "INSERT INTO person (name, is_technician) VALUES ('Ben', true);"
    "INSERT INTO person_address (address_key, address, person) VALUES"
    " ('anna@acme.example', 'anna@acme.example', 1), ('ben@desk.example', 'ben@desk.example', 2);"
    "INSERT INTO inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw, arrived_at)"
    " SELECT 1, 'INBOX', 1, n, ('\\x01'::bytea || sha256(n::text::bytea)), 1, 'x', now()"
    " FROM generate_series(1, 2) n;";

struct desk {
    char *conninfo;
    struct conn *conn;
    GPtrArray *claimed;
};

static struct desk desk_new(void)
{
    struct desk desk = {.conninfo = database_desk()};
    g_free(database_run(desk.conninfo, DESK));
    desk.conn = database_open(desk.conninfo);
    TX_AUTO struct tx *tx = NULL;
    CHECK(tx_begin(desk.conn, TX_WRITE, &tx, &err));
    CHECK(inbound_store_claim(tx, "test", INT64_C(60000000), &desk.claimed, &err));
    CHECK(tx_commit(&tx, &err));
    cr_assert_eq(desk.claimed->len, 2);
    return desk;
}

static void desk_done(struct desk *desk)
{
    g_ptr_array_unref(desk->claimed);
    conn_close(desk->conn);
    g_free(desk->conninfo);
}

/* What an intake does with one of its mails. True if it was decided. */
static bool file(struct desk *desk, guint at, const struct facts *facts)
{
    struct batch_mail mail = {.claimed = g_ptr_array_index(desk->claimed, at), .facts = facts};
    struct batch batch = {.mails = &mail, .count = 1};
    TX_AUTO struct tx *tx = NULL;
    CHECK(tx_begin(desk->conn, TX_WRITE, &tx, &err));
    CHECK(batch_decide(tx, &batch, &err));
    CHECK(batch_apply(tx, &batch, &err));
    bool is_decided = mail.plan != NULL;
    CHECK(tx_commit(&tx, &err));
    batch_clear(&batch);
    return is_decided;
}

static char *ask(const struct desk *desk, const char *sql)
{
    return database_run(desk->conninfo, sql);
}

static struct facts *facts_of(const char *from, const char *subject)
{
    struct facts *facts = facts_new();
    facts->from = address_new(from, "");
    g_free(facts->subject);
    facts->subject = g_strdup(subject);
    return facts;
}

/* A report about the receipt that the first mail caused. */
static struct facts *report_of(const struct desk *desk)
{
    struct facts *facts = facts_of("mailer-daemon@acme.example", "Undelivered");
    g_autofree char *token = ask(desk, "SELECT bounce_token FROM outbound_mail WHERE cause = 1"
                                       " AND recipient = 1");
    g_autofree char *address = g_strdup_printf("support+%s@desk.example", token);
    struct bounce *bounce = bounce_new();
    g_free(bounce->action);
    g_free(bounce->status);
    bounce->action = g_strdup("failed");
    bounce->status = g_strdup("5.1.1");
    facts->auto_kind = AUTO_BOUNCE;
    g_ptr_array_add(facts->bounces, bounce);
    g_ptr_array_add(facts->to, address_new(address, ""));
    return facts;
}

Test(batch, what_an_intake_ended_is_left_alone_by_one_whose_lease_was_over)
{
    struct desk desk = desk_new();
    OWNED(facts) mail = facts_of("anna@acme.example", "Drucker");
    cr_expect(file(&desk, 0, mail));
    cr_expect_not(file(&desk, 0, mail), "nothing is left to decide");
    OWNED(facts) report = report_of(&desk);
    cr_expect(file(&desk, 1, report));
    cr_expect_not(file(&desk, 1, report), "nothing is left to decide");

    g_autofree char *states = ask(&desk,
                                  "SELECT string_agg(state, ' ' ORDER BY id) FROM inbound_mail");
    cr_expect_str_eq(states, "filed event");
    g_autofree char *history =
        ask(&desk, "SELECT string_agg(what, ' ' ORDER BY id) FROM activity WHERE ticket = 1");
    cr_expect_str_eq(history, "opened undelivered");
    g_autofree char *mails = ask(&desk, "SELECT count(*) FROM outbound_mail");
    cr_expect_str_eq(mails, "2", "a receipt, and Ben's notice: %s", mails);
    desk_done(&desk);
}
