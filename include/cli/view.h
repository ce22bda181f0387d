/* What a command found, for people (tables, cards) or for programs (JSON, the same fields under stable
 * keys). A table of fields says what the columns of a query are; everything else follows from it. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <jansson.h>
#include <stddef.h>

#include "cli/cli.h"
#include "db/tx.h"

enum field_kind {
    FIELD_NUMBER, /* int2, int4, int8; NULL is null */
    FIELD_TEXT,
    FIELD_BOOL,
    FIELD_TIME,  /* timestamptz: ISO 8601 in UTC for programs, local for people */
    FIELD_TEXTS, /* text[] */
    FIELD_AGE,   /* timestamptz: as FIELD_TIME for programs, "4 min" (ago, or to come) for people */
};

/* One column of a query, in its order. */
struct field {
    const char *key;   /* of the JSON object */
    const char *title; /* of the table; NULL: for programs only */
    enum field_kind kind;
    bool gives_way; /* is cut first when the terminal is too narrow */
};

/* Rows as a JSON array of objects, one row as an object. New references. */
json_t *view_rows(const struct rows *rows, const struct field *fields, size_t count);
json_t *view_row(const struct rows *rows, int row, const struct field *fields, size_t count);

/* "2026-11-22T01:13:12Z", as a JSON string; 0: null. New reference. */
json_t *view_time(int64_t us);

/* Print such an array as a table, and such an object as a card: "Title:  value". */
void view_print_table(const json_t *array, const struct field *fields, size_t count);
void view_print_card(const json_t *object, const struct field *fields, size_t count);

/* Print JSON, with a line feed. */
void view_print_json(const json_t *value);

/* {"is_well": …, "checks": […]}: what doctor and `mailbox check` say to programs. */
void view_print_checks(bool is_well, json_t *checks);

/* One of both, as --json says. */
void view_table(const struct cli *cli, const struct rows *rows, const struct field *fields,
                size_t count);
/* What a query gives that asks for nothing, as a table. */
typedef enum status (*view_query)(struct tx *tx, struct rows **rows_out, struct err *err);
MUST_CHECK enum status view_list(struct cli *cli, view_query query, const struct field *fields,
                                 size_t count, struct err *err);
void view_card(const struct cli *cli, const struct rows *rows, const struct field *fields,
               size_t count); /* of the first row */
void view_print(const struct cli *cli, json_t *array, const struct field *fields,
                size_t count); /* takes the reference */

/* A value as it stands in a table, on one line. Own. */
char *view_text(const json_t *value, enum field_kind kind);

/* A word that tells how something is, in its colour where the terminal can, padded to a width. */
enum view_paint { PAINT_GOOD, PAINT_NOTE, PAINT_BAD };
void view_word(const char *word, enum view_paint paint, size_t width);

/* A heading for people, in bold where the terminal can. */
void view_heading(const char *text);

/* Text of several lines from a stranger, indented by blanks; control characters are gone. */
void view_body(const char *text, int indent);

#endif
