/* rule_words - what rules name and the desk knows
 *
 * Groups and statuses are few: one statement reads both with every batch, so that a rule can name a group that was
 * made a moment ago. What costs more (customers by name, everybody's load) is asked only for mails whose rules want it.
 * I/O: the caller's transaction.
 */
#include "store/rule_words.h"

static const struct statement WORDS = {
    "rule_words",
    "SELECT true, g.id, g.name, coalesce(u.technician, 0), NULL FROM technician_group g"
    " LEFT JOIN group_turn u ON u.technician_group = g.id"
    " UNION ALL SELECT false, 0, s.name, 0, s.maps_to FROM ticket_status s ORDER BY 1, 3"};

static const struct statement CUSTOMERS = {
    "rule_words_customers", "SELECT lower(name), id FROM customer WHERE lower(name) = ANY (ARRAY("
                            "SELECT lower(n) FROM unnest($1::text[]) n))"};

static const struct statement LOADS = {
    "rule_words_loads", "SELECT assignee, count(*) FROM ticket WHERE assignee IS NOT NULL"
                        " AND status IN ('open', 'pending') GROUP BY assignee"};

static const struct statement TURNS = {
    "rule_words_turns",
    "INSERT INTO group_turn (technician_group, technician) SELECT * FROM unnest($1::int8[], $2::int8[])"
    " ON CONFLICT (technician_group) DO UPDATE SET technician = excluded.technician"};

static const struct statement PAGE = {
    "rule_words_page",
    "SELECT id FROM ticket WHERE status <> 'closed' AND merged_into IS NULL AND id > $1"
    " ORDER BY id LIMIT $2"};

void rule_words_queue(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &WORDS, NULL, rows_out);
}

void rule_words_read(const struct rows *rows, struct rule_records *records)
{
    for (int row = 0; row < rows_count(rows); row++) {
        enum ticket_status status = TICKET_OPEN;
        struct err err = {.status = ST_OK};

        if (row_bool(rows, row, 0)) {
            rule_records_add_group(records, row_int64(rows, row, 1), row_text(rows, row, 2),
                                   row_int64(rows, row, 3));
        } else if (ticket_status_parse(row_text(rows, row, 4), &status, &err) == ST_OK) {
            rule_records_add_status(records, row_text(rows, row, 2), (int)status);
        }
    }
}

void rule_words_queue_customers(struct tx *tx, const char *const *names, size_t count,
                                struct rows **rows_out)
{
    OWNED(params) params = params_new();

    params_add_texts(params, names, count);
    tx_queue(tx, &CUSTOMERS, params, rows_out);
}

static int64_t find_customer(const struct rows *rows, const char *name)
{
    g_autofree char *lower = g_utf8_strdown(name, -1);

    for (int row = 0; row < rows_count(rows); row++) {
        if (g_str_equal(row_text(rows, row, 0), lower)) {
            return row_int64(rows, row, 1);
        }
    }
    return 0;
}

void rule_words_read_customers(const struct rows *rows, const GPtrArray *names,
                               struct rule_records *records)
{
    for (guint i = 0; i < names->len; i++) {
        if (rule_records_customer_named(records, names->pdata[i]) == NULL) {
            rule_records_add_customer(records, names->pdata[i],
                                      find_customer(rows, names->pdata[i]));
        }
    }
}

void rule_words_queue_loads(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &LOADS, NULL, rows_out);
}

void rule_words_read_loads(const struct rows *rows, struct rule_records *records)
{
    g_array_set_size(records->loads, 0);
    records->has_loads = true;
    for (int row = 0; row < rows_count(rows); row++) {
        struct load_record load = {.person = row_int64(rows, row, 0),
                                   .tickets = row_int64(rows, row, 1)};
        g_array_append_val(records->loads, load);
    }
}

void rule_words_queue_turns(struct tx *tx, const int64_t *groups, const int64_t *technicians,
                            size_t count)
{
    OWNED(params) params = params_new();

    if (count > 0) {
        params_add_int64s(params, groups, count);
        params_add_int64s(params, technicians, count);
        tx_queue(tx, &TURNS, params, NULL);
    }
}

void rule_words_queue_page(struct tx *tx, ticket_id after, int64_t most, struct rows **rows_out)
{
    OWNED(params) params = params_new();

    params_add_int64(params, after);
    params_add_int64(params, most);
    tx_queue(tx, &PAGE, params, rows_out);
}
