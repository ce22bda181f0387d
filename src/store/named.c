/* named - rows that people name by a name or by a number
 *
 * A name may look like a number; the statement says which counts first.
 * I/O: the caller's transaction.
 */
#include "store/named.h"

#include "core/text.h"

enum status named_find(struct tx *tx, const struct statement *statement, const char *name_or_id,
                       struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    struct err ignored = {.status = ST_OK};
    int64_t id = 0;

    if (text_parse_int64(name_or_id, 1, INT64_MAX, &id, &ignored) != ST_OK) {
        id = 0;
    }
    params_add_text(params, name_or_id);
    params_add_id(params, id);
    enum status status = tx_query(tx, statement, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no \"%s\"", name_or_id);
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}
