/* people - the rows of person and person_address, and customers by domain, for the way of a mail
 *
 * Addresses are looked up by their key (lower case) and domains byte by byte ("C" collation): what looks
 * alike is not alike. Several addresses lead to one person; position 1 is where notices go.
 *
 * What a person may do is decided by desk/authority; how people are entered is the command line's business.
 * I/O: the caller's transaction.
 */
#include "store/people.h"

#include "store/arrays.h"

#define CUSTOMER_COLUMNS                                                     \
 "c.id, c.name, c.is_main_contact_only, c.colleagues_take_part,"             \
 " (SELECT id FROM person m WHERE m.customer = c.id AND m.is_main_contact)," \
 " c.number, c.rank, c.language, c.country"
/* Today is the day of the desk's zone. */
#define PERSON_COLUMNS                                                                   \
 "p.id, p.name, a.address, a.is_dead, p.is_contact, p.is_confirmed, p.is_main_contact,"  \
 " p.customer, p.is_technician, p.is_lead, p.is_disabled, p.opens_tickets,"              \
 " CASE WHEN p.is_technician THEN (SELECT array_agg(technician_group) FROM group_member" \
 "  WHERE technician = p.id) END, coalesce(nullif(p.language, ''), c.language, ''),"     \
 " p.job_title, o.technician IS NOT NULL, o.deputy, " CUSTOMER_COLUMNS
#define PERSON_TABLES                                                                                     \
 " JOIN LATERAL (SELECT address, is_dead FROM person_address WHERE person = p.id"                         \
 "  ORDER BY position, address_key LIMIT 1) a ON true LEFT JOIN customer c ON c.id = p.customer"          \
 " LEFT JOIN absence o ON o.technician = p.id AND (now() AT TIME ZONE (SELECT zone FROM calendar))::date" \
 "  BETWEEN o.first_day AND o.last_day"

/* Of PERSON_COLUMNS, and what stands behind them. */
enum { COLUMN_CUSTOMER = 17, COLUMN_KEY = COLUMN_CUSTOMER + 9 };

static const struct statement BY_ADDRESS = {
    "people_by_address",
    "SELECT " PERSON_COLUMNS
    ", k.address_key FROM person_address k JOIN person p ON p.id = k.person" PERSON_TABLES
    " WHERE k.address_key = ANY($1::text[])"};

static const struct statement BY_ID = {"people_by_id",
                                       "SELECT " PERSON_COLUMNS ", '' FROM person p" PERSON_TABLES
                                       " WHERE p.id = ANY($1::int8[])"};

static const struct statement TECHNICIANS = {
    "people_technicians", "SELECT " PERSON_COLUMNS ", '' FROM person p" PERSON_TABLES
                          " WHERE p.is_technician AND NOT p.is_disabled ORDER BY p.id"};

static const struct statement DOMAINS = {
    "people_domains", "SELECT d.domain, " CUSTOMER_COLUMNS
                      " FROM customer_domain d JOIN customer c ON c.id = d.customer"
                      " WHERE d.domain = ANY($1::text[])"};

static const struct statement CUSTOMERS = {
    "people_customers", "SELECT " CUSTOMER_COLUMNS " FROM customer c WHERE c.id = ANY($1::int8[])"};

static const struct statement ADD = {
    "people_add",
    "INSERT INTO person (id, name, is_contact, customer, is_confirmed) OVERRIDING SYSTEM VALUE"
    " SELECT n.id, n.name, true, n.customer, n.confirmed"
    " FROM unnest($1::int8[], $2::text[], $3::int8[], $4::bool[]) AS n (id, name, customer, confirmed)"};

static const struct statement ADD_ADDRESSES = {
    "people_add_addresses", "INSERT INTO person_address (address_key, address, person)"
                            " SELECT * FROM unnest($1::text[], $2::text[], $3::int8[])"};

static const struct statement CONFIRM = {
    "people_confirm",
    "UPDATE person SET is_confirmed = true WHERE id = ANY($1::int8[]) AND is_contact AND NOT is_confirmed"};

static const struct statement DEAD = {
    "people_dead", "UPDATE person_address SET is_dead = true WHERE address_key = ANY($1::text[])"};

void people_store_queue_by_address(struct tx *tx, const char *const *keys, size_t count,
                                   struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_texts(params, keys, count);
    tx_queue(tx, &BY_ADDRESS, params, rows_out);
}

void people_store_queue_by_id(struct tx *tx, const int64_t *ids, size_t count,
                              struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &BY_ID, ids, count, rows_out);
}

void people_store_queue_technicians(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &TECHNICIANS, NULL, rows_out);
}

struct person_record *people_store_read(const struct rows *rows, int row)
{
    struct person_record *person = person_record_new();
    g_free(person->name);
    g_free(person->address);
    g_free(person->language);
    g_free(person->job_title);
    person->id = row_int64(rows, row, 0);
    person->name = g_strdup(row_text(rows, row, 1));
    person->address = g_strdup(row_text(rows, row, 2));
    person->is_address_dead = row_bool(rows, row, 3);
    person->is_contact = row_bool(rows, row, 4);
    person->is_confirmed = row_bool(rows, row, 5);
    person->is_main_contact = row_bool(rows, row, 6);
    person->customer = row_int64(rows, row, 7);
    person->is_technician = row_bool(rows, row, 8);
    person->is_lead = row_bool(rows, row, 9);
    person->is_disabled = row_bool(rows, row, 10);
    person->opens_tickets = row_bool(rows, row, 11);
    g_array_unref(person->groups);
    person->groups = row_int64s(rows, row, 12);
    person->language = g_strdup(row_text(rows, row, 13));
    person->job_title = g_strdup(row_text(rows, row, 14));
    person->is_absent = row_bool(rows, row, 15);
    person->deputy = row_int64(rows, row, 16);
    return person;
}

/* The columns of CUSTOMER_COLUMNS, from the first on. */
static struct customer_record read_customer(const struct rows *rows, int row, int first)
{
    bool says = !row_is_null(rows, row, first + 3);

    return (struct customer_record){
        .id = row_int64(rows, row, first),
        .name = (char *)row_text(rows, row, first + 1),
        .is_main_contact_only = row_bool(rows, row, first + 2),
        .colleagues = !says                            ? COLLEAGUES_BY_SETTING
                      : row_bool(rows, row, first + 3) ? COLLEAGUES_TAKE_PART
                                                       : COLLEAGUES_STAY_OUT,
        .main_contact = row_int64(rows, row, first + 4),
        .number = (char *)row_text(rows, row, first + 5),
        .rank = (char *)row_text(rows, row, first + 6),
        .language = (char *)row_text(rows, row, first + 7),
        .country = (char *)row_text(rows, row, first + 8),
    };
}

bool people_store_read_customer(const struct rows *rows, int row, struct customer_record *customer)
{
    struct customer_record found = read_customer(rows, row, COLUMN_CUSTOMER);

    if (found.id != 0) {
        customer_record_set(customer, &found);
    }
    return found.id != 0;
}

const char *people_store_read_key(const struct rows *rows, int row)
{
    return row_text(rows, row, COLUMN_KEY);
}

customer_id people_store_read_domain(const struct rows *rows, int row, const char *domain,
                                     struct customer_record *customer)
{
    if (!g_str_equal(row_text(rows, row, 0), domain)) {
        return 0;
    }
    struct customer_record found = read_customer(rows, row, 1);

    if (customer != NULL) {
        customer_record_set(customer, &found);
    }
    return found.id;
}

void people_store_queue_customers(struct tx *tx, const int64_t *ids, size_t count,
                                  struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &CUSTOMERS, ids, count, rows_out);
}

void people_store_read_wanted(const struct rows *rows, int row, customer_id wanted,
                              struct customer_record *customer)
{
    struct customer_record found = read_customer(rows, row, 0);

    if (found.id == wanted) {
        customer_record_set(customer, &found);
    }
}

void people_store_queue_domains(struct tx *tx, const char *const *domains, size_t count,
                                struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_texts(params, domains, count);
    tx_queue(tx, &DOMAINS, params, rows_out);
}

void people_store_queue_add(struct tx *tx, const struct new_person *people, size_t count)
{
    g_autofree bool *confirmed = g_new(bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        confirmed[i] = people[i].is_confirmed;
    }
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, people, count, id);
    ADD_TEXT_MEMBERS(params, people, count, name);
    ADD_ID_MEMBERS(params, people, count, customer);
    params_add_bools(params, confirmed, count);
    tx_queue(tx, &ADD, params, NULL);

    OWNED(params) addresses = params_new();
    ADD_TEXT_MEMBERS(addresses, people, count, address_key);
    ADD_TEXT_MEMBERS(addresses, people, count, address);
    ADD_ID_MEMBERS(addresses, people, count, id);
    tx_queue(tx, &ADD_ADDRESSES, addresses, NULL);
}

void people_store_queue_confirm(struct tx *tx, const int64_t *people, size_t count)
{
    arrays_queue_by_ids(tx, &CONFIRM, people, count, NULL);
}

void people_store_queue_dead(struct tx *tx, const char *const *address_keys, size_t count)
{
    OWNED(params) params = params_new();
    params_add_texts(params, address_keys, count);
    tx_queue(tx, &DEAD, params, NULL);
}
