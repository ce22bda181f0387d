/* view - tables for people, JSON for programs, from the same fields
 *
 * Every command turns its rows into JSON first; what people see is made from that, so both always say
 * the same. Keys are stable: scripts live for years. Times are ISO 8601 in UTC for programs, and in
 * the local zone for people.
 *
 * Half of the texts come from strangers. In a table they stand on one line without control characters
 * or marks that turn the direction (core/text), so that nobody writes on an admin's terminal by mail;
 * JSON escapes them. A table is fitted to the terminal's width by cutting the columns that give way;
 * nothing is cut when the output goes elsewhere.
 * I/O: stdout. Headings are bold and states coloured on a terminal, unless NO_COLOR is set.
 */
#include "cli/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pager.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"

enum { GAP = 2, NARROWEST = 8, US_PER_S = 1000000 };

/* ---- rows to JSON ---- */

json_t *view_time(int64_t us)
{
    if (us == 0) {
        return json_null();
    }
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(us / US_PER_S);
    g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    return json_string(text);
}

static json_t *texts_value(const struct rows *rows, int row, int column)
{
    g_autoptr(GPtrArray) texts = row_texts(rows, row, column);
    json_t *array = json_array();

    for (size_t i = 0; i < texts->len; i++) {
        json_array_append_new(array, json_string(g_ptr_array_index(texts, i)));
    }
    return array;
}

static json_t *value_of(const struct rows *rows, int row, int column, enum field_kind kind)
{
    if (kind == FIELD_TEXTS) {
        return texts_value(rows, row, column);
    }
    if (row_is_null(rows, row, column)) {
        return json_null();
    }
    switch (kind) {
    case FIELD_NUMBER:
        return json_integer(row_int64(rows, row, column));
    case FIELD_BOOL:
        return json_boolean(row_bool(rows, row, column));
    case FIELD_TIME:
    case FIELD_AGE:
        return view_time(row_time(rows, row, column));
    default:
        return json_string(row_text(rows, row, column));
    }
}

json_t *view_row(const struct rows *rows, int row, const struct field *fields, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        json_object_set_new(object, fields[i].key, value_of(rows, row, (int)i, fields[i].kind));
    }
    return object;
}

json_t *view_rows(const struct rows *rows, const struct field *fields, size_t count)
{
    json_t *array = json_array();

    for (int row = 0; row < rows_count(rows); row++) {
        json_array_append_new(array, view_row(rows, row, fields, count));
    }
    return array;
}

void view_print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    putchar('\n');
}

void view_print_checks(bool is_well, json_t *checks)
{
    json_t *object = json_pack("{s:b, s:O}", "is_well", is_well, "checks", checks);

    view_print_json(object);
    json_decref(object);
}

/* ---- JSON to text for people ---- */

static char *time_text(const char *iso)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_iso8601(iso, NULL);
    g_autoptr(GDateTime) local = utc == NULL ? NULL : g_date_time_to_local(utc);

    return local == NULL ? g_strdup(iso) : g_date_time_format(local, "%Y-%m-%d %H:%M");
}

static char *age_text(const char *iso)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);
    int64_t now_s = clock_wall_us(clock_real()) / US_PER_S;
    int64_t age_s = time == NULL ? 0 : now_s - g_date_time_to_unix(time);

    return text_age(ABS(age_s));
}

static char *list_text(const json_t *array)
{
    g_autoptr(GString) text = g_string_new("");
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(array, i, item)
    {
        g_string_append(text, i == 0 ? "" : ", ");
        g_string_append(text, json_is_string(item) ? json_string_value(item) : "-");
    }
    return text_one_line(text->str, LIMIT_COMMENT_CHARS);
}

char *view_text(const json_t *value, enum field_kind kind)
{
    if (value == NULL || json_is_null(value)) {
        return g_strdup("-");
    }
    if (json_is_integer(value)) {
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    if (json_is_boolean(value)) {
        return g_strdup(json_is_true(value) ? "yes" : "no");
    }
    if (json_is_array(value)) {
        return list_text(value);
    }
    if (kind == FIELD_TIME) {
        return time_text(json_string_value(value));
    }
    if (kind == FIELD_AGE) {
        return age_text(json_string_value(value));
    }
    return text_one_line(json_string_value(value), LIMIT_COMMENT_CHARS);
}

/* The longest beginning that fits in so many columns. */
static char *fit(const char *text, size_t columns)
{
    if (text_columns(text) <= columns) {
        return g_strdup(text);
    }
    for (size_t chars = columns;; chars--) {
        g_autofree char *cut = text_cut(text, chars, NULL);
        if (text_columns(cut) <= columns) {
            return g_steal_pointer(&cut);
        }
    }
}

/* https://no-color.org: whatever its value, unless it is empty. */
static bool is_bold_wanted(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return pager_is_terminal() && (no_color == NULL || no_color[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void view_word(const char *word, enum view_paint paint, size_t width)
{
    static const char *const COLOURS[] = {"\033[32m", "\033[33m", "\033[1;31m"};
    bool is_painted = is_bold_wanted();
    size_t columns = text_columns(word);

    printf("%s%s%s%*s", is_painted ? COLOURS[paint] : "", word, is_painted ? "\033[0m" : "",
           (int)(columns < width ? width - columns : 0), "");
}

void view_heading(const char *text)
{
    printf(is_bold_wanted() ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

/* The cells of a table, row by row, its titles first. */
struct sheet {
    const struct field *fields;
    size_t columns;
    GPtrArray *cells; /* own: char * */
    size_t *widths;   /* own */
};

static const char *cell_at(const struct sheet *sheet, size_t row, size_t column)
{
    return g_ptr_array_index(sheet->cells, row * sheet->columns + column);
}

static void fill_sheet(struct sheet *sheet, const json_t *array)
{
    size_t i = 0;
    json_t *object = NULL;

    for (size_t column = 0; column < sheet->columns; column++) {
        g_ptr_array_add(sheet->cells, g_strdup(sheet->fields[column].title));
    }
    json_array_foreach(array, i, object)
    {
        for (size_t column = 0; column < sheet->columns; column++) {
            const struct field *field = &sheet->fields[column];
            g_ptr_array_add(sheet->cells,
                            view_text(json_object_get(object, field->key), field->kind));
        }
    }
    for (size_t cell = 0; cell < sheet->cells->len; cell++) {
        size_t *width = &sheet->widths[cell % sheet->columns];
        *width = MAX(*width, text_columns(g_ptr_array_index(sheet->cells, cell)));
    }
}

/* Cut the widest column that gives way, again and again, until all fit. */
static void narrow(struct sheet *sheet, size_t terminal)
{
    size_t all = (sheet->columns - 1) * GAP;

    for (size_t column = 0; column < sheet->columns; column++) {
        all += sheet->widths[column];
    }
    while (terminal > 0 && all > terminal) {
        size_t *widest = NULL;
        for (size_t column = 0; column < sheet->columns; column++) {
            size_t *width = &sheet->widths[column];
            if (sheet->fields[column].gives_way && *width > NARROWEST &&
                (widest == NULL || *width > *widest)) {
                widest = width;
            }
        }
        if (widest == NULL) {
            return;
        }
        *widest -= 1;
        all -= 1;
    }
}

static void pad(size_t columns)
{
    printf("%*s", (int)columns, "");
}

static void print_cell(const struct sheet *sheet, size_t row, size_t column)
{
    g_autofree char *text = fit(cell_at(sheet, row, column), sheet->widths[column]);
    size_t blanks = sheet->widths[column] - text_columns(text);
    bool is_last = column + 1 == sheet->columns;

    if (sheet->fields[column].kind == FIELD_NUMBER) {
        pad(blanks);
        fputs(text, stdout);
        pad(is_last ? 0 : GAP);
    } else {
        fputs(text, stdout);
        pad(is_last ? 0 : blanks + GAP);
    }
}

/* The fields that people see. */
static struct field *visible_fields(const struct field *fields, size_t count, size_t *visible_out)
{
    struct field *visible = g_new(struct field, count + 1);

    *visible_out = 0;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].title != NULL) {
            visible[(*visible_out)++] = fields[i];
        }
    }
    return visible;
}

void view_print_table(const json_t *array, const struct field *fields, size_t count)
{
    size_t columns = 0;
    g_autofree struct field *visible = visible_fields(fields, count, &columns);
    g_autofree size_t *widths = g_new0(size_t, columns + 1);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    struct sheet sheet = {visible, columns, cells, widths};

    assert(columns > 0);
    fill_sheet(&sheet, array);
    narrow(&sheet, pager_columns()); /* 0: no terminal, no limit */
    for (size_t row = 0; row < cells->len / columns; row++) {
        fputs(row == 0 && is_bold_wanted() ? "\033[1m" : "", stdout);
        for (size_t column = 0; column < columns; column++) {
            print_cell(&sheet, row, column);
        }
        fputs(row == 0 && is_bold_wanted() ? "\033[0m\n" : "\n", stdout);
    }
}

void view_print_card(const json_t *object, const struct field *fields, size_t count)
{
    size_t width = 0;

    for (size_t i = 0; i < count; i++) {
        width = MAX(width, fields[i].title == NULL ? 0 : text_columns(fields[i].title));
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].title != NULL) {
            g_autofree char *text = view_text(json_object_get(object, fields[i].key),
                                              fields[i].kind);
            printf("%s:", fields[i].title);
            pad(width - text_columns(fields[i].title) + 1);
            printf("%s\n", text);
        }
    }
}

void view_print(const struct cli *cli, json_t *array, const struct field *fields, size_t count)
{
    if (cli->is_json) {
        view_print_json(array);
    } else if (json_array_size(array) == 0) {
        puts("none");
    } else {
        view_print_table(array, fields, count);
    }
    json_decref(array);
}

void view_table(const struct cli *cli, const struct rows *rows, const struct field *fields,
                size_t count)
{
    view_print(cli, view_rows(rows, fields, count), fields, count);
}

enum status view_list(struct cli *cli, view_query query, const struct field *fields, size_t count,
                      struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = query(tx, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, fields, count);
    }
    return status;
}

void view_card(const struct cli *cli, const struct rows *rows, const struct field *fields,
               size_t count)
{
    json_t *object = view_row(rows, 0, fields, count);

    if (cli->is_json) {
        view_print_json(object);
    } else {
        view_print_card(object, fields, count);
    }
    json_decref(object);
}

void view_body(const char *text, int indent)
{
    g_autofree char *clean = text_normalise_lines(text);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        pad(lines[i][0] == '\0' ? 0 : (size_t)indent);
        puts(lines[i]);
    }
}
