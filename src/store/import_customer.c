/* import_customer - the statements that import and export customers
 *
 * A row means the customer that has its business number, else the one that has its name. Names, numbers and
 * domains are compared as the unique indexes of the schema compare them.
 *
 * What was entered of a name that a row gives to another customer in the same import (a swap) is refused like any
 * other name that is taken: two imports do it.
 * No I/O of its own: store/import runs them.
 */
#include "store/import.h"
#include "store/import_sql.h"

static const struct statement CREATE = {
    "import_customer_create",
    "CREATE TEMPORARY TABLE import_row (line int8, name text, number text, rank text, phone text,"
    " fax text, address text, postcode text, city text, state text, country text, language text,"
    " notes text, domains text[], only_main text, colleagues text, object int8, shown text,"
    " is_new boolean NOT NULL DEFAULT false) ON COMMIT DROP"};

static const struct statement FILL = {
    "import_customer_fill",
    "INSERT INTO import_row (line, name, number, rank, phone, fax, address, postcode, city, state, country,"
    " language, notes, domains, only_main, colleagues, shown)"
    " SELECT line, name, number, rank, phone, fax, address, postcode, city, state, country, language, notes,"
    " string_to_array(domains, E'\\n'), only_main, colleagues, name"
    " FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
    " $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],"
    " $16::text[]) AS r (line, name, number, rank, phone, fax, address, postcode, city, state, country,"
    " language, notes, domains, only_main, colleagues)"};

/* A temporary table has no statistics until then. */
static const struct statement ANALYSE = {"import_customer_analyse", "ANALYZE import_row"};

static const struct statement MATCH_NUMBER = {
    "import_customer_match_number",
    "UPDATE import_row r SET object = c.id FROM customer c"
    " WHERE r.number <> '' AND c.number <> '' AND lower(c.number) = lower(r.number)"};

static const struct statement MATCH_NAME = {
    "import_customer_match_name", "UPDATE import_row r SET object = c.id FROM customer c"
                                  " WHERE r.object IS NULL AND lower(c.name) = lower(r.name)"};

/* ---- faults ---- */

static const struct statement NAME_TWICE = {
    "import_customer_name_twice",
    "SELECT line, format('the name \"%s\" stands in line %s already', name, first)"
    " FROM (SELECT line, name, min(line) OVER (PARTITION BY lower(name)) AS first FROM import_row"
    "  WHERE name IS NOT NULL) r WHERE line <> first"};

static const struct statement NUMBER_TWICE = {
    "import_customer_number_twice",
    "SELECT line, format('the number \"%s\" stands in line %s already', number, first)"
    " FROM (SELECT line, number, min(line) OVER (PARTITION BY lower(number)) AS first FROM import_row"
    "  WHERE number <> '') r WHERE line <> first"};

static const struct statement DOMAIN_TWICE = {
    "import_customer_domain_twice",
    "SELECT line, format('the domain \"%s\" stands in line %s already', domain, first)"
    " FROM (SELECT r.line, d.domain, min(r.line) OVER (PARTITION BY d.domain) AS first"
    "  FROM import_row r, unnest(r.domains) AS d (domain)) r WHERE line <> first"};

/* By its name in one row, by its number in the other. */
static const struct statement SAME = {
    "import_customer_same",
    "SELECT line, format('it is the customer \"%s\", as line %s', c.name, first)"
    " FROM (SELECT line, object, min(line) OVER (PARTITION BY object) AS first FROM import_row"
    "  WHERE object IS NOT NULL) r JOIN customer c ON c.id = r.object WHERE line <> first"};

static const struct statement NAME_TAKEN = {
    "import_customer_name_taken",
    "SELECT r.line, format('the name \"%s\" is that of another customer', r.name)"
    " FROM import_row r JOIN customer c ON lower(c.name) = lower(r.name) WHERE c.id <> r.object"};

static const struct statement DOMAIN_TAKEN = {
    "import_customer_domain_taken",
    "SELECT r.line, format('the domain \"%s\" belongs to the customer \"%s\"', d.domain, c.name)"
    " FROM import_row r, unnest(r.domains) AS w (domain), customer_domain d, customer c"
    " WHERE d.domain = w.domain COLLATE \"C\" AND c.id = d.customer AND d.customer IS DISTINCT FROM r.object"};

static const struct statement NO_MAIN = {
    "import_customer_no_main",
    "SELECT r.line, 'main-contact-only needs a main contact who can be reached, and it has none yet'"
    " FROM import_row r WHERE r.only_main = 'yes' AND NOT EXISTS (SELECT FROM person p"
    "  WHERE p.customer = r.object AND p.is_main_contact AND NOT p.is_disabled"
    "  AND (SELECT NOT a.is_dead FROM person_address a WHERE a.person = p.id"
    "   ORDER BY a.position, a.address_key LIMIT 1))"};

static const struct statement KNOWN = {
    "import_customer_known",
    "SELECT r.line, format('there is a customer \"%s\" already', c.name) FROM import_row r"
    " JOIN customer c ON c.id = r.object"};

/* ---- writing ---- */

static const struct statement NUMBER_NEW = {
    "import_customer_number_new",
    "UPDATE import_row SET is_new = true, object = nextval(pg_get_serial_sequence('customer', 'id'))"
    " WHERE object IS NULL"};

static const struct statement DIFFERENCE = {
    "import_customer_difference",
    "CREATE TEMPORARY TABLE import_difference ON COMMIT DROP AS"
    " SELECT r.object, v.field, v.old, v.new FROM import_row r JOIN customer c ON c.id = r.object,"
    " LATERAL (VALUES ('name', c.name, r.name), ('number', c.number, r.number), ('rank', c.rank, r.rank),"
    "  ('phone', c.phone, r.phone), ('fax', c.fax, r.fax), ('address', c.address, r.address),"
    "  ('postcode', c.postcode, r.postcode), ('city', c.city, r.city), ('state', c.state, r.state),"
    "  ('country', c.country, r.country), ('language', c.language, r.language), ('notes', c.notes, r.notes),"
    "  ('main-contact-only', CASE WHEN c.is_main_contact_only THEN 'yes' ELSE 'no' END, r.only_main),"
    "  ('colleagues', CASE c.colleagues_take_part WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'default' END,"
    "   r.colleagues)) AS v (field, old, new)"
    " WHERE NOT r.is_new AND v.new IS NOT NULL AND v.new <> v.old"
    " UNION ALL SELECT r.object, 'domain', d.domain, NULL FROM import_row r"
    "  JOIN customer_domain d ON d.customer = r.object"
    "  WHERE NOT r.is_new AND r.domains IS NOT NULL AND NOT d.domain = ANY(r.domains)"
    " UNION ALL SELECT r.object, 'domain', NULL, w.domain FROM import_row r, unnest(r.domains) AS w (domain)"
    "  WHERE NOT r.is_new AND NOT EXISTS (SELECT FROM customer_domain d"
    "   WHERE d.customer = r.object AND d.domain = w.domain COLLATE \"C\")"};

static const struct statement ADD = {
    "import_customer_add",
    "INSERT INTO customer (id, name, number, rank, phone, fax, address, postcode, city, state, country,"
    " language, notes, is_main_contact_only, colleagues_take_part) OVERRIDING SYSTEM VALUE"
    " SELECT object, name, coalesce(number, ''), coalesce(rank, ''), coalesce(phone, ''), coalesce(fax, ''),"
    " coalesce(address, ''), coalesce(postcode, ''), coalesce(city, ''), coalesce(state, ''),"
    " coalesce(country, ''), coalesce(language, ''), coalesce(notes, ''), coalesce(only_main, 'no') = 'yes',"
    " CASE colleagues WHEN 'yes' THEN true WHEN 'no' THEN false END"
    " FROM import_row WHERE is_new ORDER BY line"};

static const struct statement CHANGE = {
    "import_customer_change",
    "UPDATE customer c SET name = r.name, number = coalesce(r.number, c.number),"
    " rank = coalesce(r.rank, c.rank), phone = coalesce(r.phone, c.phone), fax = coalesce(r.fax, c.fax),"
    " address = coalesce(r.address, c.address), postcode = coalesce(r.postcode, c.postcode),"
    " city = coalesce(r.city, c.city), state = coalesce(r.state, c.state),"
    " country = coalesce(r.country, c.country), language = coalesce(r.language, c.language),"
    " notes = coalesce(r.notes, c.notes),"
    " is_main_contact_only = CASE WHEN r.only_main IS NULL THEN c.is_main_contact_only"
    "  ELSE r.only_main = 'yes' END,"
    " colleagues_take_part = CASE r.colleagues WHEN 'yes' THEN true WHEN 'no' THEN false"
    "  WHEN 'default' THEN NULL ELSE c.colleagues_take_part END"
    " FROM import_row r WHERE c.id = r.object AND NOT r.is_new"
    " AND r.object IN (SELECT object FROM import_difference)"};

static const struct statement REMOVE_DOMAINS = {
    "import_customer_remove_domains",
    "DELETE FROM customer_domain d USING import_difference x"
    " WHERE x.field = 'domain' AND x.new IS NULL AND d.customer = x.object AND d.domain = x.old COLLATE \"C\""};

static const struct statement ADD_DOMAINS = {
    "import_customer_add_domains",
    "INSERT INTO customer_domain (domain, customer)"
    " SELECT w.domain, r.object FROM import_row r, unnest(r.domains) AS w (domain) WHERE r.is_new"
    " UNION ALL SELECT x.new, x.object FROM import_difference x WHERE x.field = 'domain' AND x.old IS NULL"};

static const struct statement EXPORT = {
    "import_customer_export",
    "SELECT c.name, c.number, c.rank, c.phone, c.fax, c.address, c.postcode, c.city, c.state, c.country,"
    " c.language, c.notes,"
    " ARRAY(SELECT domain FROM customer_domain d WHERE d.customer = c.id ORDER BY domain),"
    " CASE WHEN c.is_main_contact_only THEN 'yes' ELSE 'no' END,"
    " CASE c.colleagues_take_part WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'default' END"
    " FROM customer c ORDER BY lower(c.name), c.id"};

static const struct statement *const BEGIN_LIST[] = {&CREATE, NULL};
static const struct statement *const MATCH_LIST[] = {&ANALYSE, &MATCH_NUMBER, &MATCH_NAME, NULL};
static const struct statement *const CHECK_LIST[] = {
    &NAME_TWICE, &NUMBER_TWICE, &DOMAIN_TWICE, &SAME, &NAME_TAKEN, &DOMAIN_TAKEN, &NO_MAIN, NULL};
static const struct statement *const DIFFERENCE_LIST[] = {&NUMBER_NEW, &DIFFERENCE, NULL};
static const struct statement *const WRITE_LIST[] = {&ADD, &CHANGE, &REMOVE_DOMAINS, &ADD_DOMAINS,
                                                     NULL};
static const struct statement *const AFTERWARDS_LIST[] = {NULL};

const struct import_sql IMPORT_CUSTOMERS_SQL = {
    .columns = CUSTOMER_COLUMNS,
    .object = "customer",
    .begin = BEGIN_LIST,
    .fill = &FILL,
    .match = MATCH_LIST,
    .checks = CHECK_LIST,
    .known = &KNOWN,
    .difference = DIFFERENCE_LIST,
    .write = WRITE_LIST,
    .afterwards = AFTERWARDS_LIST,
    .export = &EXPORT,
};
