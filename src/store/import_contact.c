/* import_contact - the statements that import and export contacts
 *
 * A row means the person who has one of its addresses; if several people have them, it is wrong. Who is a technician and
 * no contact is left alone: that he becomes both is a decision about one person, not about a file.
 *
 * Addresses stand in a table of their own, one a row, so that they are joined and not searched for in arrays. A new
 * contact without a customer gets that of his domain, the nearest entry (desk/domain says which there are); one who is
 * there keeps what he has.
 *
 * That a customer whose main contact alone opens tickets still has one who can be reached can only be seen when all is
 * written, so that is checked afterwards.
 * No I/O of its own: store/import runs them.
 */
#include "store/import.h"
#include "store/import_sql.h"

static const struct statement CREATE = {
    "import_contact_create",
    "CREATE TEMPORARY TABLE import_row (line int8, addresses text[], keys text[], name text,"
    " first_name text, last_name text, job_title text, language text, notes text, phones text[],"
    " customer_name text, lookups text[], main text, opens text, confirmed text, disabled text,"
    " has_all boolean, object int8, shown text, is_new boolean NOT NULL DEFAULT false, customer int8,"
    " old_customer int8, is_main boolean) ON COMMIT DROP"};

static const struct statement CREATE_ADDRESSES = {
    "import_contact_create_addresses",
    "CREATE TEMPORARY TABLE import_address (line int8, n int8, address_key text COLLATE \"C\", address text)"
    " ON COMMIT DROP"};

static const struct statement FILL = {
    "import_contact_fill",
    "INSERT INTO import_row (line, addresses, keys, name, first_name, last_name, job_title, language, notes,"
    " phones, customer_name, lookups, main, opens, confirmed, disabled, has_all, shown)"
    " SELECT line, string_to_array(addresses, E'\\n'), string_to_array(keys, E'\\n'), name, first_name,"
    " last_name, job_title, language, notes, string_to_array(phones, E'\\n'), customer_name,"
    " string_to_array(lookups, E'\\n'), main, opens, confirmed, disabled, has_all = 'yes',"
    " split_part(addresses, E'\\n', 1)"
    " FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
    " $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],"
    " $16::text[], $17::text[]) AS r (line, addresses, keys, name, first_name, last_name, job_title, language,"
    " notes, phones, customer_name, lookups, main, opens, confirmed, disabled, has_all)"};

static const struct statement SPREAD = {
    "import_contact_spread",
    "INSERT INTO import_address (line, n, address_key, address) SELECT r.line, a.n, a.address_key, a.address"
    " FROM import_row r, unnest(r.keys, r.addresses) WITH ORDINALITY AS a (address_key, address, n)"};

/* Temporary tables have no statistics until then. */
static const struct statement ANALYSE = {"import_contact_analyse",
                                         "ANALYZE import_row, import_address"};

static const struct statement MATCH_PERSON = {
    "import_contact_match",
    "UPDATE import_row r SET object = m.person, old_customer = m.customer, customer = m.customer"
    " FROM (SELECT i.line, min(a.person) AS person, min(p.customer) AS customer FROM import_address i"
    "  JOIN person_address a ON a.address_key = i.address_key JOIN person p ON p.id = a.person GROUP BY i.line) m"
    " WHERE m.line = r.line"};

static const struct statement MATCH_CUSTOMER = {
    "import_contact_customer",
    "UPDATE import_row r SET customer = (SELECT c.id FROM customer c WHERE lower(c.name) = lower(r.customer_name)"
    "  UNION ALL SELECT c.id FROM customer c WHERE c.number <> '' AND lower(c.number) = lower(r.customer_name)"
    "  LIMIT 1) WHERE r.customer_name IS NOT NULL"};

static const struct statement MATCH_DOMAIN = {
    "import_contact_domain",
    "UPDATE import_row r SET customer = (SELECT d.customer"
    "  FROM unnest(r.lookups) WITH ORDINALITY AS w (domain, n)"
    "  JOIN customer_domain d ON d.domain = w.domain COLLATE \"C\" ORDER BY w.n LIMIT 1)"
    " WHERE r.customer_name IS NULL AND r.object IS NULL"};

/* Who moves to another customer is no main contact any more, unless the row says so. */
static const struct statement DECIDE_MAIN = {
    "import_contact_main",
    "UPDATE import_row r SET is_main = CASE WHEN r.main IS NOT NULL THEN r.main = 'yes'"
    " WHEN r.object IS NULL OR r.customer IS DISTINCT FROM r.old_customer THEN false"
    " ELSE (SELECT is_main_contact FROM person p WHERE p.id = r.object) END"};

/* ---- faults ---- */

static const struct statement ADDRESS_TWICE = {
    "import_contact_address_twice",
    "SELECT line, format('%s stands in line %s already', address, first) FROM (SELECT line, address,"
    " min(line) OVER (PARTITION BY address_key) AS first FROM import_address) i WHERE line <> first"};

static const struct statement SEVERAL = {
    "import_contact_several",
    "SELECT i.line, format('its addresses belong to several people: %s',"
    "  string_agg(DISTINCT format('\"%s\", number %s', p.name, p.id), '; '))"
    " FROM import_address i JOIN person_address a ON a.address_key = i.address_key"
    " JOIN person p ON p.id = a.person GROUP BY i.line HAVING count(DISTINCT p.id) > 1"};

static const struct statement SAME = {
    "import_contact_same",
    "SELECT r.line, format('it is the contact \"%s\", as line %s', p.name, first)"
    " FROM (SELECT line, object, min(line) OVER (PARTITION BY object) AS first FROM import_row"
    "  WHERE object IS NOT NULL) r JOIN person p ON p.id = r.object WHERE r.line <> first"};

static const struct statement TECHNICIAN = {
    "import_contact_technician",
    "SELECT r.line, format('%s is that of the technician \"%s\", who is no contact', r.shown, p.name)"
    " FROM import_row r JOIN person p ON p.id = r.object WHERE NOT p.is_contact"};

static const struct statement NO_CUSTOMER = {
    "import_contact_no_customer",
    "SELECT line, format('there is no customer \"%s\"', customer_name) FROM import_row"
    " WHERE customer_name IS NOT NULL AND customer IS NULL"};

/* Who is new is called by his first and last name, unless the row says otherwise. */
#define NEW_NAME \
 "coalesce(r.name, concat_ws(' ', nullif(r.first_name, ''), nullif(r.last_name, '')))"

static const struct statement NO_NAME = {
    "import_contact_no_name",
    "SELECT line, 'a name is missing: name, or first-name and last-name' FROM import_row r"
    " WHERE object IS NULL AND " NEW_NAME " = ''"};

static const struct statement MAIN_OF_NOBODY = {
    "import_contact_main_of_nobody",
    "SELECT line, 'a main contact belongs to a customer' FROM import_row"
    " WHERE is_main AND customer IS NULL AND customer_name IS NULL"};

static const struct statement TWO_MAINS = {
    "import_contact_two_mains",
    "SELECT r.line, format('\"%s\" has its main contact in line %s already', c.name, first)"
    " FROM (SELECT line, customer, min(line) OVER (PARTITION BY customer) AS first FROM import_row"
    "  WHERE is_main AND customer IS NOT NULL) r JOIN customer c ON c.id = r.customer WHERE line <> first"};

static const struct statement OTHER_MAIN = {
    "import_contact_other_main",
    "SELECT r.line, format('\"%s\" has another main contact: \"%s\"', c.name, p.name) FROM import_row r"
    " JOIN person p ON p.customer = r.customer AND p.is_main_contact AND p.id IS DISTINCT FROM r.object"
    " JOIN customer c ON c.id = r.customer WHERE r.is_main"
    " AND NOT EXISTS (SELECT FROM import_row o WHERE o.object = p.id AND NOT (o.is_main AND o.customer = p.customer))"};

static const struct statement KNOWN = {
    "import_contact_known",
    "SELECT r.line, format('%s is a contact already: \"%s\", number %s', r.shown, p.name, p.id)"
    " FROM import_row r JOIN person p ON p.id = r.object WHERE p.is_contact"};

/* The customer's first row stands for all of them. */
static const struct statement NO_MAIN = {
    "import_contact_no_main",
    "SELECT min(r.line), format('only the main contact of \"%s\" may open tickets, but then it has none who can"
    " be reached', c.name) FROM customer c"
    " JOIN import_row r ON r.customer = c.id OR r.old_customer = c.id WHERE c.is_main_contact_only"
    " AND NOT EXISTS (SELECT FROM person p WHERE p.customer = c.id AND p.is_main_contact AND NOT p.is_disabled"
    "  AND (SELECT NOT a.is_dead FROM person_address a WHERE a.person = p.id"
    "   ORDER BY a.position, a.address_key LIMIT 1)) GROUP BY c.id, c.name"};

/* ---- writing ---- */

static const struct statement NUMBER_NEW = {
    "import_contact_number_new",
    "UPDATE import_row SET is_new = true, object = nextval(pg_get_serial_sequence('person', 'id'))"
    " WHERE object IS NULL"};

static const struct statement DIFFERENCE = {
    "import_contact_difference",
    "CREATE TEMPORARY TABLE import_difference ON COMMIT DROP AS"
    " SELECT r.object, v.field, v.old, v.new FROM import_row r JOIN person p ON p.id = r.object"
    " LEFT JOIN customer o ON o.id = p.customer LEFT JOIN customer c ON c.id = r.customer,"
    " LATERAL (SELECT array_to_string(array_agg(a.address ORDER BY a.position, a.address_key), ', ') AS text"
    "  FROM person_address a WHERE a.person = p.id) a,"
    " LATERAL (VALUES ('name', p.name, r.name), ('first-name', p.first_name, r.first_name),"
    "  ('last-name', p.last_name, r.last_name), ('job-title', p.job_title, r.job_title),"
    "  ('language', p.language, r.language), ('notes', p.notes, r.notes),"
    "  ('phone', array_to_string(p.phones, ', '), array_to_string(r.phones, ', ')),"
    "  ('customer', o.name, c.name),"
    "  ('main-contact', CASE WHEN p.is_main_contact THEN 'yes' ELSE 'no' END,"
    "   CASE WHEN r.is_main THEN 'yes' ELSE 'no' END),"
    "  ('opens-tickets', CASE WHEN p.opens_tickets THEN 'yes' ELSE 'no' END, r.opens),"
    "  ('confirmed', CASE WHEN p.is_confirmed THEN 'yes' ELSE 'no' END, r.confirmed),"
    "  ('disabled', CASE WHEN p.is_disabled THEN 'yes' ELSE 'no' END, r.disabled),"
    "  ('addresses', a.text, CASE WHEN r.has_all THEN array_to_string(r.addresses, ', ') END))"
    " AS v (field, old, new)"
    " WHERE NOT r.is_new AND v.new IS NOT NULL AND v.new IS DISTINCT FROM v.old"};

static const struct statement ADD = {
    "import_contact_add",
    "INSERT INTO person (id, name, first_name, last_name, job_title, language, notes, phones, is_contact,"
    " customer, is_main_contact, opens_tickets, is_confirmed, is_disabled) OVERRIDING SYSTEM VALUE"
    " SELECT object, " NEW_NAME
    ", coalesce(first_name, ''), coalesce(last_name, ''), coalesce(job_title, ''),"
    " coalesce(language, ''), coalesce(notes, ''), coalesce(phones, '{}'), true, customer, is_main,"
    " coalesce(opens, 'yes') = 'yes', coalesce(confirmed, 'no') = 'yes', coalesce(disabled, 'no') = 'yes'"
    " FROM import_row r WHERE is_new ORDER BY line"};

/* First who is it no more: there is one main contact a customer at any moment. */
static const struct statement RESIGN = {
    "import_contact_resign",
    "UPDATE person p SET is_main_contact = false FROM import_row r WHERE p.id = r.object AND NOT r.is_new"
    " AND p.is_main_contact AND NOT (r.is_main AND r.customer = p.customer)"};

static const struct statement CHANGE = {
    "import_contact_change",
    "UPDATE person p SET name = coalesce(r.name, p.name), first_name = coalesce(r.first_name, p.first_name),"
    " last_name = coalesce(r.last_name, p.last_name), job_title = coalesce(r.job_title, p.job_title),"
    " language = coalesce(r.language, p.language), notes = coalesce(r.notes, p.notes),"
    " phones = coalesce(r.phones, p.phones), customer = r.customer, is_main_contact = r.is_main,"
    " opens_tickets = CASE WHEN r.opens IS NULL THEN p.opens_tickets ELSE r.opens = 'yes' END,"
    " is_confirmed = CASE WHEN r.confirmed IS NULL THEN p.is_confirmed ELSE r.confirmed = 'yes' END,"
    " is_disabled = CASE WHEN r.disabled IS NULL THEN p.is_disabled ELSE r.disabled = 'yes' END"
    " FROM import_row r WHERE p.id = r.object AND NOT r.is_new"
    " AND r.object IN (SELECT object FROM import_difference)"};

static const struct statement REMOVE_ADDRESSES = {
    "import_contact_remove_addresses",
    "DELETE FROM person_address a USING import_row r, import_difference x WHERE x.field = 'addresses'"
    " AND r.object = x.object AND a.person = x.object AND NOT a.address_key = ANY(r.keys COLLATE \"C\")"};

static const struct statement PUT_ADDRESSES = {
    "import_contact_put_addresses",
    "INSERT INTO person_address (address_key, address, person, position)"
    " SELECT i.address_key, i.address, r.object, i.n FROM import_row r JOIN import_address i ON i.line = r.line"
    " WHERE r.is_new OR r.object IN (SELECT object FROM import_difference WHERE field = 'addresses')"
    " ON CONFLICT (address_key) DO UPDATE SET address = excluded.address, position = excluded.position"
    " WHERE person_address.person = excluded.person"};

static const struct statement EXPORT = {
    "import_contact_export",
    "SELECT (SELECT address FROM person_address a WHERE a.person = p.id ORDER BY position, address_key LIMIT 1),"
    " ARRAY(SELECT address FROM person_address a WHERE a.person = p.id ORDER BY position, address_key OFFSET 1),"
    " p.name, p.first_name, p.last_name, p.job_title, p.language, p.notes, p.phones, coalesce(c.name, ''),"
    " CASE WHEN p.is_main_contact THEN 'yes' ELSE 'no' END, CASE WHEN p.opens_tickets THEN 'yes' ELSE 'no' END,"
    " CASE WHEN p.is_confirmed THEN 'yes' ELSE 'no' END, CASE WHEN p.is_disabled THEN 'yes' ELSE 'no' END"
    " FROM person p LEFT JOIN customer c ON c.id = p.customer WHERE p.is_contact"
    " AND EXISTS (SELECT FROM person_address a WHERE a.person = p.id) ORDER BY lower(p.name), p.id"};

static const struct statement *const BEGIN_LIST[] = {&CREATE, &CREATE_ADDRESSES, NULL};
static const struct statement *const MATCH_LIST[] = {
    &SPREAD, &ANALYSE, &MATCH_PERSON, &MATCH_CUSTOMER, &MATCH_DOMAIN, &DECIDE_MAIN, NULL};
static const struct statement *const CHECK_LIST[] = {
    &ADDRESS_TWICE, &SEVERAL,        &SAME,      &TECHNICIAN, &NO_CUSTOMER,
    &NO_NAME,       &MAIN_OF_NOBODY, &TWO_MAINS, &OTHER_MAIN, NULL};
static const struct statement *const DIFFERENCE_LIST[] = {&NUMBER_NEW, &DIFFERENCE, NULL};
static const struct statement *const WRITE_LIST[] = {&RESIGN,           &ADD,           &CHANGE,
                                                     &REMOVE_ADDRESSES, &PUT_ADDRESSES, NULL};
static const struct statement *const AFTERWARDS_LIST[] = {&NO_MAIN, NULL};

const struct import_sql IMPORT_CONTACTS_SQL = {
    .columns = CONTACT_COLUMNS,
    .object = "contact",
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
