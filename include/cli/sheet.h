/* A file of rows under a header, as spreadsheets write them: what stands in which column, and what is wrong where. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/csv.h"
#include "core/err.h"

/* Something is wrong with the row that begins in this line. */
struct fault {
    int64_t line;
    char *text; /* own */
};
struct faults {
    GPtrArray *list; /* own: struct fault, own */
};
void faults_init(struct faults *faults);
void faults_done(struct faults *faults);
void faults_add(struct faults *faults, int64_t line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Sort them by line; how many lines are wrong. */
size_t faults_sort(struct faults *faults);

struct sheet_column {
    const char *name;    /* of the header: "job-title" */
    const char *example; /* in the template */
    bool is_required;
};

struct sheet {
    char *bytes; /* own */
    size_t length;
    bool is_windows_1252; /* it was no UTF-8 */
    struct csv csv;
    struct csv_row row;
    const struct sheet_column *columns; /* borrowed: those that there can be */
    size_t count;
    int *places; /* own: the cell of each; -1: the file has it not */
    guint cells; /* of the header */
};

/* Read the header. Takes bytes, which have a NUL behind them. Faults of the header are faults of its line.
 *
 * ST_INVALID  the header is wrong (then there are faults), or the file is no table at all */
MUST_CHECK enum status sheet_open(struct sheet *sheet, char **bytes, size_t length,
                                  const struct sheet_column *columns, size_t count,
                                  struct faults *faults, struct err *err);
void sheet_close(struct sheet *sheet);

/* The next row that can be used; false: there is none. Rows that cannot are faults; empty ones and those that begin with
 * "#" are left out. */
bool sheet_next(struct sheet *sheet, struct faults *faults);
int64_t sheet_line(const struct sheet *sheet);
/* How much of the file was read, in percent. */
int sheet_percent(const struct sheet *sheet);

/* A cell of the row, without the guard against formulas; NULL: the file has no such column. Borrowed until the next row. */
const char *sheet_cell(const struct sheet *sheet, size_t column);

/* Append the header, the template's example row, a cell with its guard. */
void sheet_add_header(GString *out, const struct sheet_column *columns, size_t count);
void sheet_add_example(GString *out, const struct sheet_column *columns, size_t count);
void sheet_add_cell(GString *out, const char *text, bool is_first);

#endif
