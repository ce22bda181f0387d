/* import - customers and contacts by the thousand
 *
 * Rows go into a temporary table, some thousands a statement; from there on every check and every change is one
 * statement for all of them. So 100,000 rows cost a few dozen statements, and a fault in the last row undoes
 * the first: it is all one transaction.
 *
 *     begin → fill … → match → checks → difference → log → write → afterwards
 *
 * Checks are asked all, and give all faults: whoever repairs a file wants to know everything at once. Their texts are
 * made where the names are, in SQL. The constraints of the schema decide all the same: who loses a race begins anew.
 *
 * In the log an import is one line, with its counts, and one for each thing that was added or changed, which
 * carries the number of that line; `postdesk log` shows those only when asked. An import that changes nothing
 * leaves no trace.
 *
 * The statements stand in import_customer.c and import_contact.c.
 * I/O: the caller's transaction.
 */
#include "store/import.h"

#include <inttypes.h>

#include "store/import_sql.h"

/* What is sorted and joined should fit into memory. */
static const struct statement ROOM = {"import_room", "SET LOCAL work_mem = '64MB'"};

static const struct statement COUNTS = {"import_counts",
                                        "SELECT (SELECT count(*) FROM import_row WHERE is_new),"
                                        " (SELECT count(DISTINCT object) FROM import_difference),"
                                        " (SELECT count(*) FROM import_row)"};

static const struct statement LOG_IMPORT = {
    "import_log", "INSERT INTO change_log (actor, object, object_id, what, new_value)"
                  " VALUES ($1, 'import', $2, 'imported', $3) RETURNING id"};

static const struct statement LOG_ADDED = {
    "import_log_added",
    "INSERT INTO change_log (actor, object, object_id, what, new_value, import)"
    " SELECT $1, $2, object::text, 'added', shown, $3 FROM import_row WHERE is_new ORDER BY line"};

static const struct statement LOG_CHANGED = {
    "import_log_changed",
    "INSERT INTO change_log (actor, object, object_id, what, field, old_value, new_value, import)"
    " SELECT $1, $2, object::text, 'changed', field, old, new, $3 FROM import_difference ORDER BY object, field"};

static const struct import_sql *sql_of(enum import_kind kind)
{
    return kind == IMPORT_CUSTOMERS ? &IMPORT_CUSTOMERS_SQL : &IMPORT_CONTACTS_SQL;
}

/* ---- batches ---- */

void import_batch_init(struct import_batch *batch)
{
    batch->lines = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < IMPORT_MOST_COLUMNS; i++) {
        batch->columns[i] = g_ptr_array_new_with_free_func(g_free);
    }
}

void import_batch_done(struct import_batch *batch)
{
    g_clear_pointer(&batch->lines, g_array_unref);
    for (size_t i = 0; i < IMPORT_MOST_COLUMNS; i++) {
        g_clear_pointer(&batch->columns[i], g_ptr_array_unref);
    }
}

void import_batch_empty(struct import_batch *batch)
{
    g_array_set_size(batch->lines, 0);
    for (size_t i = 0; i < IMPORT_MOST_COLUMNS; i++) {
        g_ptr_array_set_size(batch->columns[i], 0);
    }
}

/* ---- running them ---- */

static enum status run_all(struct tx *tx, const struct statement *const *statements,
                           struct err *err)
{
    for (size_t i = 0; statements[i] != NULL; i++) {
        tx_queue(tx, statements[i], NULL, NULL);
    }
    return tx_sync(tx, err);
}

static enum status ask(struct tx *tx, const struct statement *check, import_fault fault, void *arg,
                       struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, check, NULL, &rows, err);

    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        fault(arg, row_int64(rows, row, 0), row_text(rows, row, 1));
    }
    return status;
}

static enum status ask_all(struct tx *tx, const struct statement *const *checks, import_fault fault,
                           void *arg, struct err *err)
{
    enum status status = ST_OK;

    for (size_t i = 0; checks[i] != NULL && status == ST_OK; i++) {
        status = ask(tx, checks[i], fault, arg, err);
    }
    return status;
}

enum status import_store_begin(struct tx *tx, enum import_kind kind, struct err *err)
{
    tx_take_time(tx);
    tx_queue(tx, &ROOM, NULL, NULL);
    return run_all(tx, sql_of(kind)->begin, err);
}

enum status import_store_fill(struct tx *tx, enum import_kind kind,
                              const struct import_batch *batch, struct err *err)
{
    OWNED(params) params = params_new();
    const struct import_sql *sql = sql_of(kind);

    params_add_int64s(params, (const int64_t *)(const void *)batch->lines->data, batch->lines->len);
    for (size_t i = 0; i < sql->columns; i++) {
        params_add_texts(params, (const char *const *)batch->columns[i]->pdata,
                         batch->columns[i]->len);
    }
    return tx_query(tx, sql->fill, params, NULL, err);
}

enum status import_store_check(struct tx *tx, enum import_kind kind, bool is_update,
                               import_fault fault, void *arg, struct err *err)
{
    const struct import_sql *sql = sql_of(kind);
    enum status status = run_all(tx, sql->match, err);

    if (status == ST_OK) {
        status = ask_all(tx, sql->checks, fault, arg, err);
    }
    if (status == ST_OK && !is_update) {
        status = ask(tx, sql->known, fault, arg, err);
    }
    return status;
}

/* ---- writing ---- */

static enum status count(struct tx *tx, struct import_counts *counts, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &COUNTS, NULL, &rows, err);

    if (status == ST_OK) {
        counts->added = row_int64(rows, 0, 0);
        counts->changed = row_int64(rows, 0, 1);
        counts->same = row_int64(rows, 0, 2) - counts->added - counts->changed;
    }
    return status;
}

static enum status log_import(struct tx *tx, const struct import_sql *sql,
                              const struct import_source *source,
                              const struct import_counts *counts, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(params) each = params_new();
    OWNED(rows) rows = NULL;
    g_autofree char *summary =
        g_strdup_printf("%ss: %" PRId64 " added, %" PRId64 " changed, %" PRId64 " the same",
                        sql->object, counts->added, counts->changed, counts->same);

    params_add_text(params, source->actor);
    params_add_text(params, source->file);
    params_add_text(params, summary);
    enum status status = tx_query(tx, &LOG_IMPORT, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_text(each, source->actor);
    params_add_text(each, sql->object);
    params_add_int64(each, row_int64(rows, 0, 0));
    tx_queue(tx, &LOG_ADDED, each, NULL);
    tx_queue(tx, &LOG_CHANGED, each, NULL);
    return tx_sync(tx, err);
}

enum status import_store_apply(struct tx *tx, enum import_kind kind,
                               const struct import_source *source, struct import_counts *counts_out,
                               import_fault fault, void *arg, struct err *err)
{
    const struct import_sql *sql = sql_of(kind);
    struct import_counts counts = {0};
    enum status status = run_all(tx, sql->difference, err);

    if (status == ST_OK) {
        status = count(tx, &counts, err);
    }
    if (status != ST_OK) {
        return status;
    }
    *counts_out = counts;
    if (counts.added + counts.changed == 0) {
        return ST_OK;
    }
    status = log_import(tx, sql, source, &counts, err);
    if (status == ST_OK) {
        status = run_all(tx, sql->write, err);
    }
    return status == ST_OK ? ask_all(tx, sql->afterwards, fault, arg, err) : status;
}

enum status import_store_export(struct tx *tx, enum import_kind kind, struct rows **rows_out,
                                struct err *err)
{
    tx_take_time(tx);
    return tx_query(tx, sql_of(kind)->export, NULL, rows_out, err);
}
