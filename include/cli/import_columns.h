/* What the columns of customers' and contacts' files are: rows of a sheet to texts for the store, and back. Pure. */
#ifndef CLI_IMPORT_COLUMNS_H
#define CLI_IMPORT_COLUMNS_H

#include "cli/sheet.h"
#include "db/tx.h"
#include "store/import.h"

const struct sheet_column *import_columns(enum import_kind kind, size_t *count_out);

/* Check the sheet's row and put it into the batch, for comparing also one that is wrong: with a fault nothing will be
 * written. */
void import_columns_read(enum import_kind kind, const struct sheet *sheet,
                         struct import_batch *batch, struct faults *faults);

/* Append a row of import_store_export. */
void import_columns_write(enum import_kind kind, const struct rows *rows, int row, GString *out);

#endif
