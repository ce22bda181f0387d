/* csv - tables as spreadsheets and other programs write them
 *
 *     table  = row *( end row ) [ end ]
 *     row    = cell *( separator cell )
 *     cell   = DQUOTE *( any but DQUOTE / 2DQUOTE ) DQUOTE / *( any but separator and end )
 *     end    = CR LF / LF / CR
 *
 * RFC 4180 with what is really met: three separators, three line ends, and quotation marks within a cell that
 * does not begin with one, which are letters there (12" screen). What cannot be meant is a fault of its row:
 * text behind a closing quotation mark, one that is never closed, a NUL byte, a row or a cell without end. After a
 * fault reading goes on with the next row, so that one pass finds all of them; only a mark that is never closed
 * eats what follows, since nobody can know where it should have ended.
 *
 * Not here: encodings and what the cells mean (cli/sheet).
 * Pure: no I/O. Fuzzed by tests/fuzz/fuzz_csv.c.
 */
#include "core/csv.h"

#include <string.h>

#include "core/limits.h"

void csv_init(struct csv *csv, const char *bytes, size_t length, char separator)
{
    *csv = (struct csv){.bytes = bytes, .length = length, .line = 1, .separator = separator};
}

void csv_row_init(struct csv_row *row)
{
    *row = (struct csv_row){.cells = g_ptr_array_new_with_free_func(g_free)};
}

void csv_row_done(struct csv_row *row)
{
    g_clear_pointer(&row->cells, g_ptr_array_unref);
}

static bool is_over(const struct csv *csv)
{
    return csv->at >= csv->length;
}

static bool is_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* One line end, CR LF as one. */
static void skip_end(struct csv *csv)
{
    if (csv->bytes[csv->at] == '\r' && csv->at + 1 < csv->length &&
        csv->bytes[csv->at + 1] == '\n') {
        csv->at++;
    }
    csv->at++;
    csv->line++;
}

static void fail(struct csv_row *row, const char *fault)
{
    if (row->fault == NULL) {
        row->fault = fault;
    }
}

static void add_cell(struct csv_row *row, const char *bytes, size_t length)
{
    if (memchr(bytes, '\0', length) != NULL) {
        fail(row, "there is a NUL byte in it");
    } else if (length > LIMIT_CSV_CELL_BYTES) {
        fail(row, "a cell is too long");
    } else if (row->cells->len == LIMIT_CSV_CELLS) {
        fail(row, "it has too many cells");
    }
    if (row->fault == NULL) {
        g_ptr_array_add(row->cells, g_strndup(bytes, length));
    }
}

/* Behind the opening mark; what is read stands behind the closing one. */
static void read_quoted(struct csv *csv, struct csv_row *row)
{
    g_autoptr(GString) cell = g_string_new(NULL);

    for (csv->at++; !is_over(csv);) {
        const char *from = csv->bytes + csv->at;
        char byte = *from;
        if (byte == '"' && csv->at + 1 < csv->length && from[1] == '"') {
            g_string_append_c(cell, '"');
            csv->at += 2;
        } else if (byte == '"') {
            csv->at++;
            add_cell(row, cell->str, cell->len);
            return;
        } else if (is_end(byte)) {
            size_t before = csv->at;
            skip_end(csv);
            g_string_append_len(cell, from, (gssize)(csv->at - before));
        } else {
            g_string_append_c(cell, byte);
            csv->at++;
        }
    }
    fail(row, "a quotation mark that is opened in it is never closed");
}

static void read_plain(struct csv *csv, struct csv_row *row)
{
    size_t from = csv->at;

    while (!is_over(csv) && csv->bytes[csv->at] != csv->separator && !is_end(csv->bytes[csv->at])) {
        csv->at++;
    }
    add_cell(row, csv->bytes + from, csv->at - from);
}

static void read_cell(struct csv *csv, struct csv_row *row)
{
    if (is_over(csv) || csv->bytes[csv->at] != '"') {
        read_plain(csv, row);
        return;
    }
    read_quoted(csv, row);
    if (!is_over(csv) && csv->bytes[csv->at] != csv->separator && !is_end(csv->bytes[csv->at])) {
        fail(row, "there is text behind a closing quotation mark");
        while (!is_over(csv) && csv->bytes[csv->at] != csv->separator &&
               !is_end(csv->bytes[csv->at])) {
            csv->at++;
        }
    }
}

bool csv_next(struct csv *csv, struct csv_row *row)
{
    while (!is_over(csv) && is_end(csv->bytes[csv->at])) {
        skip_end(csv);
    }
    if (is_over(csv)) {
        return false;
    }
    g_ptr_array_set_size(row->cells, 0);
    row->line = csv->line;
    row->fault = NULL;
    read_cell(csv, row);
    while (!is_over(csv) && csv->bytes[csv->at] == csv->separator) {
        csv->at++;
        read_cell(csv, row);
    }
    if (!is_over(csv)) {
        skip_end(csv);
    }
    return true;
}

char csv_find_separator(const char *bytes, size_t length)
{
    static const char SEPARATORS[] = {',', ';', '\t'};
    size_t counts[G_N_ELEMENTS(SEPARATORS)] = {0};
    size_t best = 0;
    bool is_quoted = false;

    for (size_t at = 0; at < length && (is_quoted || !is_end(bytes[at])); at++) {
        is_quoted = bytes[at] == '"' ? !is_quoted : is_quoted;
        for (size_t i = 0; i < G_N_ELEMENTS(SEPARATORS) && !is_quoted; i++) {
            counts[i] += bytes[at] == SEPARATORS[i];
        }
    }
    for (size_t i = 1; i < G_N_ELEMENTS(SEPARATORS); i++) {
        best = counts[i] > counts[best] ? i : best;
    }
    return SEPARATORS[best];
}

void csv_add(GString *out, const char *cell, bool is_first)
{
    if (!is_first) {
        g_string_append_c(out, ',');
    }
    if (strpbrk(cell, "\",;\t\r\n") == NULL && cell[0] != ' ' && !g_str_has_suffix(cell, " ")) {
        g_string_append(out, cell);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *at = cell; *at != '\0'; at++) {
        if (*at == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

void csv_end(GString *out)
{
    g_string_append(out, "\r\n");
}
