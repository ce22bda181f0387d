/* test_people - what rules ask of people, customers and the calendar, as the way of a mail reads it */
#include <inttypes.h>
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk.h"
#include "store/desk.h"
#include "store/people.h"

/* Persons: 1 Anna (her customer's language), 2 Otto (his own), 3 Ben (away until today), 4 Clara (back since today). */
static const char PEOPLE[] =
    "INSERT INTO customer (name, number, rank, language, country) VALUES ('Acme', 'K-1', 'gold', 'de', 'AT');"
    "INSERT INTO customer_domain VALUES ('acme.example', 1);"
    "INSERT INTO person (name, is_contact, customer, job_title) VALUES ('Anna', true, 1, 'CTO');"
    "INSERT INTO person (name, is_contact, customer, language) VALUES ('Otto', true, 1, 'fr');"
    "INSERT INTO person (name, is_technician) VALUES ('Ben', true), ('Clara', true);"
    "INSERT INTO person_address (address_key, address, person) VALUES ('anna@acme.example', 'anna@acme.example', 1),"
    " ('otto@acme.example', 'otto@acme.example', 2), ('ben@desk.example', 'ben@desk.example', 3),"
    " ('clara@desk.example', 'clara@desk.example', 4);";

static struct person_record *read_person(struct tx *tx, int64_t id,
                                         struct customer_record *customer)
{
    OWNED(rows) rows = NULL;

    people_store_queue_by_id(tx, &id, 1, &rows);
    CHECK(tx_sync(tx, &err));
    cr_assert_eq(rows_count(rows), 1);
    people_store_read_customer(rows, 0, customer);
    return people_store_read(rows, 0);
}

Test(people, have_their_own_language_or_their_customers)
{
    struct desk desk = desk_new();
    struct customer_record customer = {0};
    g_free(database_run(desk.conninfo, PEOPLE));
    TX_AUTO struct tx *tx = begin(&desk);
    struct person_record *anna = read_person(tx, 1, &customer);
    struct person_record *otto = read_person(tx, 2, &customer);

    cr_expect_str_eq(anna->language, "de");
    cr_expect_str_eq(anna->job_title, "CTO");
    cr_expect_str_eq(otto->language, "fr");
    cr_expect_str_eq(otto->job_title, "");
    cr_expect_str_eq(customer.number, "K-1");
    cr_expect_str_eq(customer.rank, "gold");
    cr_expect_str_eq(customer.language, "de");
    cr_expect_str_eq(customer.country, "AT");
    person_record_free(anna);
    person_record_free(otto);
    customer_record_clear(&customer);
    tx_rollback(g_steal_pointer(&tx));
    desk_done(&desk);
}

Test(people, of_a_domain_have_a_whole_customer)
{
    static const char *const DOMAINS[] = {"acme.example"};
    struct desk desk = desk_new();
    struct customer_record customer = {0};
    OWNED(rows) rows = NULL;
    g_free(database_run(desk.conninfo, PEOPLE));
    TX_AUTO struct tx *tx = begin(&desk);

    people_store_queue_domains(tx, DOMAINS, 1, &rows);
    CHECK(tx_sync(tx, &err));
    cr_assert_eq(people_store_read_domain(rows, 0, "acme.example", &customer), 1);
    cr_expect_str_eq(customer.rank, "gold");
    cr_expect_str_eq(customer.country, "AT");
    customer_record_clear(&customer);
    tx_rollback(g_steal_pointer(&tx));
    desk_done(&desk);
}

/* Days are those of the desk's zone: the two here are never on the same one. */
static const struct {
    const char *name;
    const char *first;
    const char *last;
    bool is_absent;
} ABSENCES[] = {{"until today", "-3", "0", true},
                {"from today on", "0", "+3", true},
                {"until yesterday", "-3", "-1", false},
                {"from tomorrow on", "+1", "+3", false}};

Test(people, are_absent_by_the_days_of_the_desks_zone)
{
    static const char *const ZONES[] = {"Pacific/Kiritimati", "Pacific/Pago_Pago"};
    struct desk desk = desk_new();
    g_free(database_run(desk.conninfo, PEOPLE));

    for (size_t i = 0; i < G_N_ELEMENTS(ABSENCES) * G_N_ELEMENTS(ZONES); i++) {
        const char *zone = ZONES[i % G_N_ELEMENTS(ZONES)];
        size_t which = i / G_N_ELEMENTS(ZONES);
        struct customer_record customer = {0};
        g_autofree char *sql = g_strdup_printf(
            "UPDATE calendar SET zone = '%s'; DELETE FROM absence; INSERT INTO absence SELECT 3, day + (%s), day + (%s), 4"
            " FROM (SELECT (now() AT TIME ZONE '%s')::date AS day) d",
            zone, ABSENCES[which].first, ABSENCES[which].last, zone);
        g_free(database_run(desk.conninfo, sql));
        struct tx *tx = begin(&desk);
        struct person_record *ben = read_person(tx, 3, &customer);
        cr_expect_eq(ben->is_absent, ABSENCES[which].is_absent, "%s in %s", ABSENCES[which].name,
                     zone);
        cr_expect_eq(ben->deputy, ABSENCES[which].is_absent ? 4 : 0, "%s: deputy %" PRId64,
                     ABSENCES[which].name, ben->deputy);
        person_record_free(ben);
        tx_rollback(tx);
    }
    desk_done(&desk);
}

Test(people, work_by_a_calendar)
{
    struct desk desk = desk_new();
    struct desk_rows rows = {NULL};
    struct calendar_record calendar = {NULL};
    g_free(database_run(
        desk.conninfo,
        "UPDATE calendar SET zone = 'Europe/Vienna'; DELETE FROM working_span;"
        "INSERT INTO working_span VALUES (2, 780, 1080), (1, 540, 720), (2, 480, 720);"
        "INSERT INTO holiday (year, month, day, name) VALUES (NULL, 12, 25, 'Christmas'),"
        " (extract(year FROM now()), 1, 6, 'this year'), (1999, 1, 7, 'long ago')"));
    TX_AUTO struct tx *tx = begin(&desk);

    desk_store_queue(tx, &rows);
    CHECK(tx_sync(tx, &err));
    calendar_init(&calendar);
    desk_store_calendar(&rows, &calendar);
    cr_expect_str_eq(calendar.zone, "Europe/Vienna");
    cr_assert_eq(calendar.opens->len, 3);
    cr_assert_eq(calendar.closes->len, 3);
    cr_expect_eq(g_array_index(calendar.opens, int64_t, 0), 540);
    cr_expect_eq(g_array_index(calendar.opens, int64_t, 1), 1440 + 480);
    cr_expect_eq(g_array_index(calendar.closes, int64_t, 2), 1440 + 1080);
    cr_assert_eq(calendar.holidays->len, 2, "the one of long ago bears on nothing");
    cr_expect_eq(g_array_index(calendar.holidays, int64_t, 0) % 10000, 106);
    cr_expect_eq(g_array_index(calendar.holidays, int64_t, 1), 1225);
    calendar_done(&calendar);
    desk_rows_clear(&rows);
    tx_rollback(g_steal_pointer(&tx));
    desk_done(&desk);
}
