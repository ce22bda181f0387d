/* sheet - tables with a header, as people keep them in spreadsheets
 *
 * Reading. The first row names the columns, in any order, any letter case, with blanks or underscores for "-"; one that is
 * not known is a fault, with the nearest that is. UTF-8, with or without a byte order mark. A file that is none, and not
 * merely broken in places, is Windows-1252, as Excel still writes "CSV": it has more bytes that cannot be UTF-8 than
 * letters that can. A UTF-8 file with a few bad bytes stays one, and their rows are wrong. UTF-16 is refused.
 * Excel's line "sep=;" is left out. So are empty rows, and rows that begin with "#": the template's example.
 *
 * Guard. A cell that begins with = + - @ tab CR is a formula for a spreadsheet, whoever wrote it (a customer by
 * mail); so such a cell is written with a ' in front, and so is one that begins with ' or # itself. Reading takes a '
 * away before one of these, so that what was written is read as it was.
 *
 * What the cells mean is cli/import_columns' business, how rows are taken apart core/csv's.
 * Pure: no I/O.
 */
#include "cli/sheet.h"

#include <stdarg.h>
#include <string.h>

#include "core/text.h"

enum { UTF8_MARK_BYTES = 3, HUNDRED = 100 };

static const char GUARDED[] = "=+-@\t\r#'";

/* ---- faults ---- */

static void fault_free(gpointer fault)
{
    g_free(((struct fault *)fault)->text);
    g_free(fault);
}

void faults_init(struct faults *faults)
{
    faults->list = g_ptr_array_new_with_free_func(fault_free);
}

void faults_done(struct faults *faults)
{
    g_clear_pointer(&faults->list, g_ptr_array_unref);
}

void faults_add(struct faults *faults, int64_t line, const char *format, ...)
{
    struct fault *fault = g_new(struct fault, 1);
    va_list arguments;

    va_start(arguments, format);
    *fault = (struct fault){.line = line, .text = g_strdup_vprintf(format, arguments)};
    va_end(arguments);
    g_ptr_array_add(faults->list, fault);
}

static gint compare_faults(gconstpointer a, gconstpointer b)
{
    const struct fault *one = *(const struct fault *const *)a;
    const struct fault *other = *(const struct fault *const *)b;

    return one->line != other->line ? (one->line > other->line ? 1 : -1)
                                    : strcmp(one->text, other->text);
}

size_t faults_sort(struct faults *faults)
{
    size_t lines = 0;

    g_ptr_array_sort(faults->list, compare_faults);
    for (guint i = 0; i < faults->list->len; i++) {
        const struct fault *fault = faults->list->pdata[i];
        const struct fault *before = i == 0 ? NULL : faults->list->pdata[i - 1];
        lines += before == NULL || before->line != fault->line;
    }
    return lines;
}

/* ---- encoding ---- */

/* 0x80 to 0x9F; 0 where there is no character. */
static const gunichar WINDOWS_1252[] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
                                        0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
                                        0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D,
                                        0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
                                        0x0153, 0,      0x017E, 0x0178};

/* Are there more bytes that cannot be UTF-8 than letters beyond ASCII that can? */
static bool is_mostly_no_utf8(const char *bytes, size_t length)
{
    size_t good = 0;
    size_t bad = 0;

    for (size_t at = 0; at < length;) {
        size_t step = 1;
        if ((unsigned char)bytes[at] >= 0x80) {
            gunichar c = g_utf8_get_char_validated(bytes + at, (gssize)(length - at));
            bool is_good = c != (gunichar)-1 && c != (gunichar)-2;
            good += is_good;
            bad += !is_good;
            step = is_good ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
        }
        at += step;
    }
    return bad > good;
}

static void from_windows_1252(struct sheet *sheet)
{
    g_autoptr(GString) text = g_string_sized_new(sheet->length + sheet->length / 16);

    for (size_t at = 0; at < sheet->length; at++) {
        unsigned char byte = (unsigned char)sheet->bytes[at];
        if (byte < 0x80) {
            g_string_append_c(text, (char)byte);
        } else {
            gunichar c = byte < 0xA0 ? WINDOWS_1252[byte - 0x80] : byte;
            g_string_append_unichar(text, c == 0 ? 0xFFFD : c);
        }
    }
    g_free(sheet->bytes);
    sheet->length = text->len;
    sheet->bytes = g_string_free(g_steal_pointer(&text), FALSE);
    sheet->is_windows_1252 = true;
}

/* Where the text begins. */
static enum status decode(struct sheet *sheet, size_t *from_out, struct err *err)
{
    const char *bytes = sheet->bytes;
    bool has_mark = sheet->length >= UTF8_MARK_BYTES && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;

    if (sheet->length >= 2 &&
        (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0)) {
        (void)err_set(err, ST_INVALID, "the file is UTF-16");
        return err_hint(err, "save it as \"CSV UTF-8\"");
    }
    if (!has_mark && is_mostly_no_utf8(bytes, sheet->length)) {
        from_windows_1252(sheet);
    }
    *from_out = has_mark ? UTF8_MARK_BYTES : 0;
    return ST_OK;
}

/* ---- the header ---- */

/* "Job Title", "job_title": "job-title". Own. */
static char *column_key(const char *cell)
{
    g_autofree char *scrubbed = text_scrub(cell, -1);
    g_autofree char *line = text_one_line(scrubbed, SIZE_MAX);
    char *key = g_ascii_strdown(line, -1);

    return g_strdelimit(key, " _", '-');
}

static void say_unknown(const struct sheet *sheet, const char *key, struct faults *faults)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (size_t i = 0; i < sheet->count; i++) {
        g_ptr_array_add(names, (gpointer)sheet->columns[i].name);
    }
    const char *nearest = text_nearest(key, (const char *const *)names->pdata, names->len);
    if (nearest == NULL) {
        faults_add(faults, sheet->row.line, "unknown column \"%s\"", key);
    } else {
        faults_add(faults, sheet->row.line, "unknown column \"%s\": did you mean \"%s\"?", key,
                   nearest);
    }
}

static void place_column(struct sheet *sheet, guint cell, struct faults *faults)
{
    g_autofree char *key = column_key(sheet->row.cells->pdata[cell]);

    for (size_t i = 0; i < sheet->count; i++) {
        if (strcmp(sheet->columns[i].name, key) != 0) {
            continue;
        }
        if (sheet->places[i] >= 0) {
            faults_add(faults, sheet->row.line, "the column \"%s\" is there twice", key);
        }
        sheet->places[i] = (int)cell;
        return;
    }
    if (key[0] != '\0') {
        say_unknown(sheet, key, faults);
    } else {
        faults_add(faults, sheet->row.line, "column %u has no name", cell + 1);
    }
}

static void place_columns(struct sheet *sheet, struct faults *faults)
{
    sheet->cells = sheet->row.cells->len;
    while (sheet->cells > 0 && ((char *)sheet->row.cells->pdata[sheet->cells - 1])[0] == '\0') {
        sheet->cells--; /* spreadsheets leave them behind */
    }
    for (guint cell = 0; cell < sheet->cells; cell++) {
        place_column(sheet, cell, faults);
    }
    for (size_t i = 0; i < sheet->count; i++) {
        if (sheet->columns[i].is_required && sheet->places[i] < 0) {
            faults_add(faults, sheet->row.line, "the column \"%s\" is missing",
                       sheet->columns[i].name);
        }
    }
}

/* Excel's "sep=;". */
static bool skip_separator_line(struct csv *csv)
{
    const char *bytes = csv->bytes;

    if (csv->length >= 6 && g_ascii_strncasecmp(bytes, "sep=", 4) == 0 &&
        (bytes[5] == '\n' || bytes[5] == '\r')) {
        csv->separator = bytes[4];
        csv->at = bytes[5] == '\r' && csv->length > 6 && bytes[6] == '\n' ? 7 : 6;
        csv->line++;
        return true;
    }
    return false;
}

enum status sheet_open(struct sheet *sheet, char **bytes, size_t length,
                       const struct sheet_column *columns, size_t count, struct faults *faults,
                       struct err *err)
{
    size_t from = 0;

    *sheet = (struct sheet){.bytes = g_steal_pointer(bytes),
                            .length = length,
                            .columns = columns,
                            .count = count,
                            .places = g_new(int, count)};
    csv_row_init(&sheet->row);
    for (size_t i = 0; i < count; i++) {
        sheet->places[i] = -1;
    }
    enum status status = decode(sheet, &from, err);
    if (status != ST_OK) {
        return status;
    }
    csv_init(&sheet->csv, sheet->bytes + from, sheet->length - from,
             csv_find_separator(sheet->bytes + from, sheet->length - from));
    (void)skip_separator_line(&sheet->csv);
    if (!csv_next(&sheet->csv, &sheet->row)) {
        (void)err_set(err, ST_INVALID, "the file is empty");
        return err_hint(err, "postdesk import template writes one to begin with");
    }
    if (sheet->row.fault != NULL) {
        faults_add(faults, sheet->row.line, "%s", sheet->row.fault);
    } else {
        place_columns(sheet, faults);
    }
    if (faults->list->len > 0) {
        (void)err_set(err, ST_INVALID, "the header is wrong; nothing was imported");
        return err_hint(err, "postdesk import template shows the columns");
    }
    return ST_OK;
}

void sheet_close(struct sheet *sheet)
{
    g_clear_pointer(&sheet->bytes, g_free);
    g_clear_pointer(&sheet->places, g_free);
    csv_row_done(&sheet->row);
}

/* ---- rows ---- */

static const char *cell_at(const struct sheet *sheet, guint i)
{
    return sheet->row.cells->pdata[i];
}

static bool is_left_out(const struct sheet *sheet)
{
    if (sheet->row.fault != NULL) {
        return false;
    }
    for (guint i = 0; i < sheet->row.cells->len; i++) {
        const char *cell = cell_at(sheet, i);
        if (i == 0 && cell[0] == '#') {
            return true;
        }
        if (cell[strspn(cell, " \t")] != '\0') {
            return false;
        }
    }
    return true;
}

/* Are its cells those of the header? */
static bool check_row(struct sheet *sheet, struct faults *faults)
{
    int64_t line = sheet->row.line;

    if (sheet->row.fault != NULL) {
        faults_add(faults, line, "%s", sheet->row.fault);
        return false;
    }
    guint count = sheet->row.cells->len;
    while (count > sheet->cells && cell_at(sheet, count - 1)[0] == '\0') {
        count--;
    }
    if (count != sheet->cells) {
        faults_add(faults, line, "it has %u cells, the header has %u", count, sheet->cells);
        return false;
    }
    for (guint i = 0; i < count; i++) {
        if (!g_utf8_validate(cell_at(sheet, i), -1, NULL)) {
            faults_add(faults, line, "cell %u is no UTF-8", i + 1);
            return false;
        }
    }
    return true;
}

bool sheet_next(struct sheet *sheet, struct faults *faults)
{
    while (csv_next(&sheet->csv, &sheet->row)) {
        if (!is_left_out(sheet) && check_row(sheet, faults)) {
            return true;
        }
    }
    return false;
}

int64_t sheet_line(const struct sheet *sheet)
{
    return sheet->row.line;
}

int sheet_percent(const struct sheet *sheet)
{
    return sheet->csv.length == 0 ? HUNDRED : (int)(sheet->csv.at * HUNDRED / sheet->csv.length);
}

static bool is_guarded(const char *cell)
{
    return cell[0] != '\0' && strchr(GUARDED, cell[0]) != NULL;
}

const char *sheet_cell(const struct sheet *sheet, size_t column)
{
    if (sheet->places[column] < 0) {
        return NULL;
    }
    const char *cell = cell_at(sheet, (guint)sheet->places[column]);
    return cell[0] == '\'' && is_guarded(cell + 1) ? cell + 1 : cell;
}

/* ---- writing ---- */

void sheet_add_cell(GString *out, const char *text, bool is_first)
{
    g_autofree char *guarded = is_guarded(text) ? g_strconcat("'", text, NULL) : NULL;

    csv_add(out, guarded == NULL ? text : guarded, is_first);
}

void sheet_add_header(GString *out, const struct sheet_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        csv_add(out, columns[i].name, i == 0);
    }
    csv_end(out);
}

void sheet_add_example(GString *out, const struct sheet_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *example = i == 0 ? g_strconcat("# ", columns[i].example, NULL) : NULL;
        if (i == 0) {
            csv_add(out, example, true); /* no guard: it is left out when it is read */
        } else {
            sheet_add_cell(out, columns[i].example, false);
        }
    }
    csv_end(out);
}
