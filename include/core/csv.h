/* Tables as text: rows of cells between separators (RFC 4180). Reading takes what programs write, not only what the
 * RFC allows; writing is what it says. Pure. */
#ifndef CORE_CSV_H
#define CORE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct csv {
    const char *bytes; /* borrowed */
    size_t length;
    size_t at;
    int64_t line; /* of at, from 1 */
    char separator;
};

struct csv_row {
    int64_t line;     /* where it begins */
    GPtrArray *cells; /* own: char *, own; bytes as they are, without NUL */
    const char *
        fault; /* static: what is wrong with its form; its cells are not to be used. NULL: nothing */
};

void csv_init(struct csv *csv, const char *bytes, size_t length, char separator);
void csv_row_init(struct csv_row *row);
void csv_row_done(struct csv_row *row);

/* The next row; false: there is none. A row without any character in it is left out. Line ends are LF, CR LF and CR;
 * within quotation marks they belong to the cell. */
bool csv_next(struct csv *csv, struct csv_row *row);

/* Which of , ; and tab separates the cells: the one that the first row has most of, outside of quotation marks. */
char csv_find_separator(const char *bytes, size_t length);

/* Append a cell, within quotation marks where it needs them, and a separator in front of it unless it is the first of
 * its row; end a row. */
void csv_add(GString *out, const char *cell, bool is_first);
void csv_end(GString *out);

#endif
