/* import - postdesk import template, customers, contacts; postdesk export customers, contacts
 *
 * Everything is checked before anything is written, and all that is wrong is said at once, row by row. Then all is
 * written or nothing: it is one transaction (store/import). Rows are read while it is open, some thousands at a
 * time, so a large file needs the memory of the file and no more.
 *
 * The transaction is not repeated when it loses a race, as others are: it speaks (progress), and takes long. Who
 * loses is told to begin anew.
 *
 * What comes out of `export` goes into `import --update` and changes nothing. It is written with a byte order mark,
 * without which Excel takes it for another encoding.
 * I/O: files, stdin, the database, stdout; on a terminal stderr.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/import_columns.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"

enum { BATCH_ROWS = 5000, PIECE = 65536, BAR_COLUMNS = 40, HUNDRED = 100, FILE_MODE = 0600 };

static const char UTF8_MARK[] = "\xEF\xBB\xBF";

/* One call. */
struct run {
    struct cli *cli;
    enum import_kind kind;
    const char *path; /* borrowed */
    bool is_update;
    bool is_dry_run;
    struct sheet sheet;
    struct faults faults;
    int64_t rows;
    struct import_counts counts;
};

static const char *name_of(enum import_kind kind)
{
    return kind == IMPORT_CUSTOMERS ? "customers" : "contacts";
}

/* ---- progress ---- */

static void show_progress(const char *what, int percent)
{
    int full = percent * BAR_COLUMNS / HUNDRED;

    if (!isatty(STDERR_FILENO)) {
        return;
    }
    fprintf(stderr, "\r\033[K%-10s [", what);
    for (int i = 0; i < BAR_COLUMNS; i++) {
        fputc(i < full ? '#' : '.', stderr);
    }
    fprintf(stderr, "] %3d %%", percent);
    (void)fflush(stderr);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

/* ---- the file ---- */

static enum status read_stream(FILE *file, const char *path, char **bytes_out, size_t *length_out,
                               struct err *err)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 piece[PIECE];
    size_t length = 0;

    while ((length = fread(piece, 1, sizeof(piece), file)) > 0) {
        if (bytes->len + length > LIMIT_IMPORT_BYTES) {
            return err_set(err, ST_INVALID, "%s is longer than %d MB", path,
                           LIMIT_IMPORT_BYTES >> 20);
        }
        g_byte_array_append(bytes, piece, (guint)length);
    }
    if (ferror(file)) {
        return err_set(err, ST_TEMPFAIL, "could not read %s: %s", path, g_strerror(errno));
    }
    *length_out = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *bytes_out = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return ST_OK;
}

static enum status read_file(const char *path, char **bytes_out, size_t *length_out,
                             struct err *err)
{
    if (strcmp(path, "-") == 0) {
        return read_stream(stdin, "the standard input", bytes_out, length_out, err);
    }
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return err_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_INVALID, "could not open %s: %s",
                       path, g_strerror(errno));
    }
    enum status status = read_stream(file, path, bytes_out, length_out, err);
    (void)fclose(file);
    return status;
}

static enum status write_file(const char *path, const GString *text, struct err *err)
{
    g_autoptr(GError) error = NULL;

    if (path == NULL || strcmp(path, "-") == 0) {
        if (fwrite(text->str, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
            return err_set(err, ST_TEMPFAIL, "could not write: %s", g_strerror(errno));
        }
        return ST_OK;
    }
    if (!g_file_set_contents_full(path, text->str, (gssize)text->len,
                                  G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, &error)) {
        return err_set(err, ST_INVALID, "could not write %s: %s", path, error->message);
    }
    return ST_OK;
}

/* ---- import ---- */

static void take_fault(void *arg, int64_t line, const char *text)
{
    struct run *run = arg;

    faults_add(&run->faults, line, "%s", text);
}

/* Read, check by themselves and send the rows, some thousands at a time. */
static enum status send_rows(struct run *run, struct tx *tx, struct err *err)
{
    struct import_batch batch;
    enum status status = ST_OK;
    bool has_more = true;

    import_batch_init(&batch);
    while (has_more && status == ST_OK) {
        has_more = sheet_next(&run->sheet, &run->faults);
        if (has_more) {
            run->rows++;
            import_columns_read(run->kind, &run->sheet, &batch, &run->faults);
        }
        if (run->rows > LIMIT_IMPORT_ROWS) {
            status = err_set(err, ST_INVALID, "the file has more than %d rows", LIMIT_IMPORT_ROWS);
        } else if (batch.lines->len == BATCH_ROWS || (!has_more && batch.lines->len > 0)) {
            status = import_store_fill(tx, run->kind, &batch, err);
            import_batch_empty(&batch);
            show_progress("reading", sheet_percent(&run->sheet));
        }
    }
    import_batch_done(&batch);
    return status;
}

/* Faults are no failure: they are reported by the caller. */
static enum status import_rows(struct run *run, struct tx *tx, const char *actor, struct err *err)
{
    g_autofree char *file = g_path_get_basename(run->path);
    g_autofree char *shown = g_utf8_make_valid(file, -1);
    const struct import_source source = {.actor = actor, .file = shown};
    enum status status = import_store_begin(tx, run->kind, err);

    if (status == ST_OK) {
        status = send_rows(run, tx, err);
    }
    if (status == ST_OK) {
        show_progress("comparing", HUNDRED);
        status = import_store_check(tx, run->kind, run->is_update, take_fault, run, err);
    }
    if (status == ST_OK && run->faults.list->len == 0) {
        show_progress("writing", HUNDRED);
        status = import_store_apply(tx, run->kind, &source, &run->counts, take_fault, run, err);
    }
    return status;
}

static enum status run_transaction(struct run *run, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autofree char *actor = cli_actor();
    enum status status = tx_begin(run->cli->conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = import_rows(run, tx, actor, err);
    }
    if (status == ST_OK && run->faults.list->len == 0 && !run->is_dry_run) {
        status = tx_commit(&tx, err);
    }
    end_progress();
    if (status == ST_CONFLICT) {
        (void)err_set(err, ST_CONFLICT, "somebody changed the same customers or people meanwhile");
        return err_hint(err, "nothing was imported; do it again");
    }
    return status;
}

/* ---- the report ---- */

static void print_faults(const struct run *run, size_t wrong)
{
    guint shown = MIN(run->faults.list->len, LIMIT_IMPORT_ERRORS);

    if (run->cli->is_json) {
        json_t *list = json_array();
        for (guint i = 0; i < shown; i++) {
            const struct fault *fault = run->faults.list->pdata[i];
            json_array_append_new(list, json_pack("{s:I, s:s}", "line", (json_int_t)fault->line,
                                                  "text", fault->text));
        }
        json_t *report = json_pack("{s:I, s:I, s:i, s:o}", "rows", (json_int_t)run->rows, "wrong",
                                   (json_int_t)wrong, "more", (int)(run->faults.list->len - shown),
                                   "faults", list);
        view_print_json(report);
        json_decref(report);
        return;
    }
    for (guint i = 0; i < shown; i++) {
        const struct fault *fault = run->faults.list->pdata[i];
        g_autofree char *text = text_one_line(fault->text, SIZE_MAX);
        printf("line %" PRId64 ": %s\n", fault->line, text);
    }
    if (shown < run->faults.list->len) {
        printf("… and %u more faults\n", run->faults.list->len - shown);
    }
}

static enum status refuse(struct run *run, struct err *err)
{
    size_t wrong = faults_sort(&run->faults);
    bool has_known = false;

    for (guint i = 0; i < run->faults.list->len && !has_known; i++) {
        const struct fault *fault = run->faults.list->pdata[i];
        has_known = strstr(fault->text, " already") != NULL &&
                    strstr(fault->text, " line ") == NULL;
    }
    print_faults(run, wrong);
    (void)err_set(err, ST_INVALID, "%zu of %" PRId64 " rows %s wrong; nothing was imported", wrong,
                  MAX(run->rows, (int64_t)wrong), wrong == 1 ? "is" : "are");
    return has_known && !run->is_update
               ? err_hint(err, "--update changes the %s that are there already", name_of(run->kind))
               : ST_INVALID;
}

static void report(const struct run *run)
{
    const struct import_counts *counts = &run->counts;

    if (run->cli->is_json) {
        json_t *object = json_pack("{s:I, s:I, s:I, s:I, s:b, s:s}", "rows", (json_int_t)run->rows,
                                   "added", (json_int_t)counts->added, "changed",
                                   (json_int_t)counts->changed, "same", (json_int_t)counts->same,
                                   "is_dry_run", run->is_dry_run, "encoding",
                                   run->sheet.is_windows_1252 ? "windows-1252" : "utf-8");
        view_print_json(object);
        json_decref(object);
        return;
    }
    if (run->sheet.is_windows_1252) {
        puts("note: the file is no UTF-8 and was read as Windows-1252");
    }
    printf("%s: %" PRId64 "%s added, %" PRId64 " changed, %" PRId64 " the same\n",
           name_of(run->kind), counts->added, run->is_dry_run ? " would be" : "", counts->changed,
           counts->same);
}

static enum status import_file(struct run *run, struct err *err)
{
    char *bytes = NULL;
    size_t length = 0;
    size_t count = 0;
    const struct sheet_column *columns = import_columns(run->kind, &count);

    enum status status = read_file(run->path, &bytes, &length, err);
    if (status != ST_OK) {
        return status;
    }
    status = sheet_open(&run->sheet, &bytes, length, columns, count, &run->faults, err);
    if (status != ST_OK) {
        print_faults(run, faults_sort(&run->faults));
        return status;
    }
    status = cli_connect(run->cli, err);
    if (status == ST_OK) {
        status = run_transaction(run, err);
    }
    if (status == ST_OK && run->faults.list->len > 0) {
        return refuse(run, err);
    }
    if (status == ST_OK) {
        report(run);
    }
    return status;
}

static enum status run_import(struct cli *cli, const struct args *args, enum import_kind kind,
                              struct err *err)
{
    struct run run = {.cli = cli,
                      .kind = kind,
                      .path = args_word(args, 0),
                      .is_update = args_has(args, "update"),
                      .is_dry_run = args_has(args, "dry-run")};

    faults_init(&run.faults);
    enum status status = import_file(&run, err);
    sheet_close(&run.sheet);
    faults_done(&run.faults);
    return status;
}

static enum status run_import_customers(struct cli *cli, const struct args *args, struct err *err)
{
    return run_import(cli, args, IMPORT_CUSTOMERS, err);
}

static enum status run_import_contacts(struct cli *cli, const struct args *args, struct err *err)
{
    return run_import(cli, args, IMPORT_CONTACTS, err);
}

/* ---- template, export ---- */

static enum status run_template(struct cli *cli, const struct args *args, struct err *err)
{
    const char *word = args_word(args, 0);
    g_autoptr(GString) text = g_string_new(UTF8_MARK);
    size_t count = 0;

    (void)cli;
    if (strcmp(word, "customers") != 0 && strcmp(word, "contacts") != 0) {
        return err_set(err, ST_INVALID,
                       "there are templates for customers and contacts, not \"%s\"", word);
    }
    const struct sheet_column *columns =
        import_columns(strcmp(word, "customers") == 0 ? IMPORT_CUSTOMERS : IMPORT_CONTACTS, &count);
    sheet_add_header(text, columns, count);
    sheet_add_example(text, columns, count);
    return write_file(args_value(args, "output"), text, err);
}

static enum status run_export(struct cli *cli, const struct args *args, enum import_kind kind,
                              struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    g_autoptr(GString) text = g_string_new(UTF8_MARK);
    size_t count = 0;
    const struct sheet_column *columns = import_columns(kind, &count);

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = import_store_export(tx, kind, &rows, err);
    }
    if (status != ST_OK) {
        return status;
    }
    sheet_add_header(text, columns, count);
    for (int row = 0; row < rows_count(rows); row++) {
        import_columns_write(kind, rows, row, text);
    }
    status = write_file(args_value(args, "output"), text, err);
    if (status == ST_OK && args_has(args, "output") && !cli->is_json) {
        printf("%d %s written\n", rows_count(rows), name_of(kind));
    }
    return status;
}

static enum status run_export_customers(struct cli *cli, const struct args *args, struct err *err)
{
    return run_export(cli, args, IMPORT_CUSTOMERS, err);
}

static enum status run_export_contacts(struct cli *cli, const struct args *args, struct err *err)
{
    return run_export(cli, args, IMPORT_CONTACTS, err);
}

static const struct flag IMPORT_FLAGS[] = {
    {"dry-run", NULL, "only say what would be done", false, false},
    {"update", NULL, "rows may be about what is there already, and change it", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag OUTPUT_FLAGS[] = {
    {"output", "FILE", "write there instead of to the standard output", false, false},
    {NULL, NULL, NULL, false, false},
};

#define IMPORT_MORE                                                                                     \
 "All rows are checked first, and every one that is wrong is named with its line; then all are\n"       \
 "imported or none. The file is CSV with a header, separated by commas, semicolons or tabs, in UTF-8\n" \
 "(else Windows-1252); \"-\" is the standard input. Rows that begin with \"#\" are left out.\n"         \
 "With --update, a column that the file has not stays as it is; an empty text takes away what was\n"    \
 "there, and a list (domains, addresses, phones) is all that there is; where yes or no, a name or a\n"  \
 "customer stands, empty means: as it is.\n"

static const struct verb IMPORT_VERBS[] = {
    {.name = "template",
     .words = "customers|contacts",
     .help = "write an empty file with all columns and an example",
     .flags = OUTPUT_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_template},
    {.name = "customers",
     .words = "FILE",
     .help = "import customers",
     .more = IMPORT_MORE "A row means the customer with its number, else the one with its name.",
     .flags = IMPORT_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_import_customers},
    {.name = "contacts",
     .words = "FILE",
     .help = "import contacts",
     .more = IMPORT_MORE
     "A row means the contact who has one of its addresses. A customer is named by name or number; a\n"
     "new contact without one gets that of his domain.",
     .flags = IMPORT_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_import_contacts},
    {.run = NULL},
};

#define EXPORT_MORE                                                                                \
 "What is written can be imported again. A cell that a spreadsheet would take for a formula has\n" \
 "a ' in front, which import takes away."

static const struct verb EXPORT_VERBS[] = {
    {.name = "customers",
     .words = "",
     .help = "write all customers as CSV",
     .more = EXPORT_MORE,
     .flags = OUTPUT_FLAGS,
     .run = run_export_customers},
    {.name = "contacts",
     .words = "",
     .help = "write all contacts as CSV",
     .more = EXPORT_MORE,
     .flags = OUTPUT_FLAGS,
     .run = run_export_contacts},
    {.run = NULL},
};

const struct noun NOUN_IMPORT = {"import", "customers and contacts from a file", IMPORT_VERBS};
const struct noun NOUN_EXPORT = {"export", "customers and contacts into a file", EXPORT_VERBS};
