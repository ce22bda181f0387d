/* fuzz_csv - any bytes as a table: lines never go back, and what was read is read again as it was when it is written */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "core/csv.h"
#include "core/limits.h"
#include "fuzz.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

/* One row, written and read again. */
static void check_round_trip(const struct csv_row *row)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct csv csv;
    struct csv_row again;

    for (guint i = 0; i < row->cells->len; i++) {
        csv_add(text, row->cells->pdata[i], i == 0);
    }
    if (text->len == 0) {
        return; /* a row of one empty cell is none */
    }
    csv_end(text);
    csv_init(&csv, text->str, text->len, ',');
    csv_row_init(&again);
    must(csv_next(&csv, &again) && again.fault == NULL && again.cells->len == row->cells->len);
    for (guint i = 0; i < row->cells->len; i++) {
        must(strcmp(again.cells->pdata[i], row->cells->pdata[i]) == 0);
    }
    must(!csv_next(&csv, &again));
    csv_row_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *exact = g_memdup2(data, size == 0 ? 1 : size);
    struct csv csv;
    struct csv_row row;
    int64_t line = 0;

    csv_init(&csv, exact, size, csv_find_separator(exact, size));
    csv_row_init(&row);
    while (csv_next(&csv, &row)) {
        must(row.line > line && csv.line >= row.line && csv.at <= size);
        must(row.cells->len <= LIMIT_CSV_CELLS);
        line = row.line;
        if (row.fault == NULL) {
            must(row.cells->len > 0);
            check_round_trip(&row);
        }
    }
    csv_row_done(&row);
    return 0;
}
