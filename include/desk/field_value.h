/* What a ticket's fields take: the desk's own fields, tags, and words of the built-in ones. Pure. */
#ifndef DESK_FIELD_VALUE_H
#define DESK_FIELD_VALUE_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"
#include "desk/ticket_field.h"

enum field_type { FIELD_BUILT_IN, FIELD_OF_TEXT, FIELD_OF_CHOICE, FIELD_OF_NUMBER, FIELD_OF_DATE };
const char *field_type_name(
    enum field_type type); /* "built-in", "text", "choice", "number", "date" */
/* ST_INVALID  it is none; the hint names them */
MUST_CHECK enum status field_type_parse(const char *name, enum field_type *out, struct err *err);

/* A field, as the desk has defined it. */
struct field_record {
    char *name;
    enum field_type type;
    GPtrArray *choices; /* char *: of FIELD_OF_CHOICE */
    bool is_required;   /* before a ticket is resolved or closed */
    char *contacts;     /* "hidden", "shown", "editable" */
};
struct field_record *field_record_new(const char *name, enum field_type type);
void field_record_free(struct field_record *field);

/* Of a list of struct field_record one of the desk's own. Borrowed.
 *
 * ST_NOT_FOUND  there is none; the nearest is in the hint */
MUST_CHECK enum status field_find(const GPtrArray *fields, const char *name,
                                  const struct field_record **field_out, struct err *err);

/* A name that a field or a status of the desk's own can have: lower case, digits, dashes.
 *
 * ST_INVALID  it is none */
MUST_CHECK enum status field_name_check(const char *name, struct err *err);

/* What somebody wrote in the form in which it is stored: numbers without idle zeros ("12.50" is 12.5), dates as
 * YYYY-MM-DD ("3.12.2026" is taken), a choice as it was defined, text on one line. Own.
 *
 * ST_INVALID  the field does not take it; the nearest choice is in the hint */
MUST_CHECK enum status field_value_read(const struct field_record *field, const char *text,
                                        char **value_out, struct err *err);

/* A tag as it is stored: lower case, at most LIMIT_TAG_CHARS, no blanks and commas. Own.
 *
 * ST_INVALID  it is empty, too long, or several */
MUST_CHECK enum status field_tag_read(const char *text, char **tag_out, struct err *err);

/* Is it one of the words of a built-in field (of the status: one of the four)?
 *
 * ST_INVALID  no; the nearest is in the hint */
MUST_CHECK enum status field_word_check(enum ticket_field field, const char *word, struct err *err);

#endif
