/* field_value - what a ticket's fields take, and in which form it is stored
 *
 * Values of the desk's own fields are stored as text in one canonical form a type, so that equal values are equal
 * texts for lists, rules and the history, and dates sort as texts:
 *
 *     number = ["-"] 1*15DIGIT ["." 1*6DIGIT]      ; stored without idle zeros, never "-0"
 *     date   = 4DIGIT "-" 2DIGIT "-" 2DIGIT        ; or 1*2DIGIT "." 1*2DIGIT "." 4DIGIT as it is written by hand
 *
 * The schema checks the form once more (field_takes in sql/0007_fields.sql). A decimal comma is refused: of "1,234"
 * nobody can say what it means.
 * Pure: no I/O.
 */
#include "desk/field_value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

static const char *const TYPES[] = {"built-in", "text", "choice", "number", "date"};

const char *field_type_name(enum field_type type)
{
    return TYPES[type];
}

enum status field_type_parse(const char *name, enum field_type *out, struct err *err)
{
    for (enum field_type type = FIELD_BUILT_IN; type <= FIELD_OF_DATE; type++) {
        if (strcmp(name, TYPES[type]) == 0) {
            *out = type;
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%s\" is no type of a field", name);
    return err_hint(err, "text, choice, number or date");
}

struct field_record *field_record_new(const char *name, enum field_type type)
{
    struct field_record *field = g_new0(struct field_record, 1);

    field->name = g_strdup(name);
    field->type = type;
    field->choices = g_ptr_array_new_with_free_func(g_free);
    field->contacts = g_strdup("hidden");
    return field;
}

void field_record_free(struct field_record *field)
{
    if (field == NULL) {
        return;
    }
    g_free(field->name);
    g_ptr_array_unref(field->choices);
    g_free(field->contacts);
    g_free(field);
}

static enum status hint_nearest(struct err *err, const char *word, const char *const *words,
                                size_t count)
{
    const char *nearest = text_nearest(word, words, count);

    if (nearest != NULL) {
        return err_hint(err, "did you mean \"%s\"?", nearest);
    }
    g_autoptr(GString) all = g_string_new("");
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(all, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    return count == 0 ? err->status : err_hint(err, "there is: %s", all->str);
}

enum status field_find(const GPtrArray *fields, const char *name,
                       const struct field_record **field_out, struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < fields->len; i++) {
        const struct field_record *field = fields->pdata[i];
        if (field->type == FIELD_BUILT_IN) {
            continue;
        }
        if (strcmp(field->name, name) == 0) {
            *field_out = field;
            return ST_OK;
        }
        g_ptr_array_add(names, field->name);
    }
    (void)err_set(err, ST_NOT_FOUND, "the desk has no field \"%s\"", name);
    return hint_nearest(err, name, (const char *const *)names->pdata, names->len);
}

enum status field_name_check(const char *name, struct err *err)
{
    size_t length = strlen(name);
    bool is_good = length > 0 && length <= LIMIT_FIELD_NAME_BYTES && g_ascii_islower(name[0]);

    for (size_t i = 0; i < length && is_good; i++) {
        is_good = g_ascii_islower(name[i]) || g_ascii_isdigit(name[i]) || name[i] == '-';
    }
    if (!is_good || strcmp(name, "none") == 0) {
        (void)err_set(err, ST_INVALID, "\"%s\" cannot be a name here", name);
        return err_hint(err, "letters a to z, digits and dashes, a letter first, at most %d",
                        LIMIT_FIELD_NAME_BYTES);
    }
    return ST_OK;
}

/* ---- values ---- */

static enum status refuse(const struct field_record *field, const char *text, const char *form,
                          struct err *err)
{
    (void)err_set(err, ST_INVALID, "%s: \"%.80s\" is no %s", field->name, text,
                  field_type_name(field->type));
    return err_hint(err, "%s", form);
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

static enum status read_number(const struct field_record *field, const char *text, char **value_out,
                               struct err *err)
{
    enum { WHOLE_DIGITS = 15, DECIMALS = 6 };
    static const char FORM[] = "like 12, -3 or 4.75: at most 15 digits, and 6 behind the point";
    bool is_negative = text[0] == '-';
    const char *whole = text + (is_negative || text[0] == '+');
    size_t whole_length = count_digits(whole);
    const char *point = whole + whole_length;
    size_t decimals = point[0] == '.' ? count_digits(point + 1) : 0;
    const char *end = point[0] == '.' ? point + 1 + decimals : point;

    if (whole_length == 0 || *end != '\0' || (point[0] == '.' && decimals == 0)) {
        return refuse(field, text, FORM, err);
    }
    size_t zeros = strspn(whole, "0");
    if (zeros == whole_length) {
        zeros--;
    }
    while (decimals > 0 && point[decimals] == '0') {
        decimals--;
    }
    if (whole_length - zeros > WHOLE_DIGITS || decimals > DECIMALS) {
        return refuse(field, text, FORM, err);
    }
    bool is_zero = decimals == 0 && whole_length - zeros == 1 && whole[zeros] == '0';
    *value_out = g_strdup_printf("%s%.*s%.*s", is_negative && !is_zero ? "-" : "",
                                 (int)(whole_length - zeros), whole + zeros,
                                 decimals == 0 ? 0 : (int)decimals + 1, point);
    return ST_OK;
}

/* A number of so many digits at least and at most; moves *at behind it. */
static bool take_number(const char **at, size_t least, size_t most, unsigned *out)
{
    size_t digits = count_digits(*at);

    *out = 0;
    for (size_t i = 0; i < digits && digits <= most; i++) {
        *out = *out * 10 + (unsigned)((*at)[i] - '0'); /* NOLINT(readability-magic-numbers) */
    }
    *at += digits;
    return digits >= least && digits <= most;
}

static bool take_sign(const char **at, char sign)
{
    return *(*at)++ == sign;
}

struct date {
    unsigned year;
    unsigned month;
    unsigned day;
};

static bool read_iso_date(const char *at, struct date *out)
{
    return take_number(&at, 4, 4, &out->year) && take_sign(&at, '-') &&
           take_number(&at, 2, 2, &out->month) && take_sign(&at, '-') &&
           take_number(&at, 2, 2, &out->day) && *at == '\0';
}

static bool read_written_date(const char *at, struct date *out)
{
    return take_number(&at, 1, 2, &out->day) && take_sign(&at, '.') &&
           take_number(&at, 1, 2, &out->month) && take_sign(&at, '.') &&
           take_number(&at, 4, 4, &out->year) && *at == '\0';
}

static enum status read_date(const struct field_record *field, const char *text, char **value_out,
                             struct err *err)
{
    struct date date = {0};

    if ((!read_iso_date(text, &date) && !read_written_date(text, &date)) ||
        !g_date_valid_dmy((GDateDay)date.day, (GDateMonth)date.month, (GDateYear)date.year)) {
        return refuse(field, text, "like 2026-12-03", err);
    }
    *value_out = g_strdup_printf("%04u-%02u-%02u", date.year, date.month, date.day);
    return ST_OK;
}

static enum status read_choice(const struct field_record *field, const char *text, char **value_out,
                               struct err *err)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);

    for (guint i = 0; i < field->choices->len; i++) {
        const char *choice = field->choices->pdata[i];
        g_autofree char *other = g_utf8_casefold(choice, -1);
        if (strcmp(folded, other) == 0) {
            *value_out = g_strdup(choice);
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "%s: \"%.80s\" is none of its choices", field->name, text);
    return hint_nearest(err, text, (const char *const *)field->choices->pdata, field->choices->len);
}

static enum status read_text(const struct field_record *field, const char *text, char **value_out,
                             struct err *err)
{
    g_autofree char *clean = text_scrub(text, -1);
    g_autofree char *line = text_one_line(clean, LIMIT_FIELD_CHARS + 1);

    if (line[0] == '\0' || text_chars(line) > LIMIT_FIELD_CHARS) {
        return err_set(err, ST_INVALID, "%s: a text has 1 to %d characters", field->name,
                       LIMIT_FIELD_CHARS);
    }
    *value_out = g_steal_pointer(&line);
    return ST_OK;
}

enum status field_value_read(const struct field_record *field, const char *text, char **value_out,
                             struct err *err)
{
    switch (field->type) {
    case FIELD_BUILT_IN:
    case FIELD_OF_TEXT:
        break;
    case FIELD_OF_CHOICE:
        return read_choice(field, text, value_out, err);
    case FIELD_OF_NUMBER:
        return read_number(field, text, value_out, err);
    case FIELD_OF_DATE:
        return read_date(field, text, value_out, err);
    }
    return read_text(field, text, value_out, err);
}

enum status field_tag_read(const char *text, char **tag_out, struct err *err)
{
    g_autofree char *clean = text_scrub(text, -1);
    g_autofree char *line = text_one_line(clean, LIMIT_TAG_CHARS + 1);
    g_autofree char *tag = g_utf8_strdown(line, -1);

    if (tag[0] == '\0' || strpbrk(tag, " ,") != NULL || text_chars(tag) > LIMIT_TAG_CHARS) {
        (void)err_set(err, ST_INVALID, "\"%.80s\" cannot be a tag", text);
        return err_hint(err, "one word without commas, at most %d characters", LIMIT_TAG_CHARS);
    }
    *tag_out = g_steal_pointer(&tag);
    return ST_OK;
}

enum status field_word_check(enum ticket_field field, const char *word, struct err *err)
{
    const char *const *words = ticket_field_words(field);
    size_t count = 0;

    assert(words != NULL);
    for (; words[count] != NULL; count++) {
        if (strcmp(words[count], word) == 0) {
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%.80s\" is no %s of a ticket", word,
                  ticket_field_name(field));
    return hint_nearest(err, word, words, count);
}
