/* literal - what a value of a rule means, by the type that its field wants
 *
 *     duration = 1*( number unit )                ; "s", "m" or "min", "h", "d", "w"
 *     time     = HH ":" MM                        ; of a day
 *     size     = number [ "B" / "KB" / "MB" / "GB" ]
 *     moment   = YYYY "-" MM "-" DD [ " " HH ":" MM ]
 *     text     = *( char / "$" name / "${" name "}" / "$$" )   ; in actions
 *     name     = ( letter / "_" ) *( letter / digit / "_" )
 *
 * All strict: what is left over makes it none.
 * Pure: no I/O.
 */
#include "rules/literal.h"

#include <string.h>

#include "core/text.h"
#include "rules/ast.h"

#define SECOND 1000000LL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (366 * DAY)

struct unit {
    const char *name;
    int64_t factor;
};

/* The unit in front of the rest of a text: the longest that fits. */
static const struct unit *find_unit(const struct unit *units, size_t count, const char *at)
{
    const struct unit *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(units[i].name);
        bool fits = g_ascii_strncasecmp(at, units[i].name, length) == 0;
        if (fits && (found == NULL || length > strlen(found->name))) {
            found = &units[i];
        }
    }
    return found;
}

static const char *read_number(const char *at, int64_t *number_out)
{
    size_t digits = strspn(at, "0123456789");
    g_autofree char *text = g_strndup(at, digits);
    struct err err = {.status = ST_OK};

    return digits > 0 && text_parse_int64(text, 0, INT64_MAX, number_out, &err) == ST_OK
               ? at + digits
               : NULL;
}

bool literal_duration(const char *text, int64_t *us_out)
{
    static const struct unit UNITS[] = {{"s", SECOND}, {"m", MINUTE}, {"min", MINUTE},
                                        {"h", HOUR},   {"d", DAY},    {"w", 7 * DAY}};
    const char *at = text;
    int64_t sum_us = 0;

    do {
        int64_t number = 0;
        int64_t us = 0;
        at = read_number(at, &number);
        const struct unit *unit = at != NULL ? find_unit(UNITS, G_N_ELEMENTS(UNITS), at) : NULL;
        if (unit == NULL || __builtin_mul_overflow(number, unit->factor, &us) ||
            __builtin_add_overflow(sum_us, us, &sum_us) || sum_us > 100 * YEAR) {
            return false;
        }
        at += strlen(unit->name);
    } while (*at != '\0');
    *us_out = sum_us;
    return true;
}

/* Exactly so many digits, within bounds. */
static const char *read_digits(const char *at, size_t count, int low, int high, int *out)
{
    int number = 0;

    if (at == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!g_ascii_isdigit(at[i])) {
            return NULL;
        }
        number = number * 10 + (at[i] - '0');
    }
    *out = number;
    return number >= low && number <= high ? at + count : NULL;
}

static const char *read_sign(const char *at, char sign)
{
    return at != NULL && *at == sign ? at + 1 : NULL;
}

bool literal_time_of_day(const char *text, int64_t *us_out)
{
    int hour = 0;
    int minute = 0;
    const char *at = read_digits(text, 2, 0, 24, &hour);

    at = read_digits(read_sign(at, ':'), 2, 0, 59, &minute);
    if (at == NULL || *at != '\0' || (hour == 24 && minute > 0)) {
        return false;
    }
    *us_out = hour * HOUR + minute * MINUTE;
    return true;
}

bool literal_size(const char *text, int64_t *bytes_out)
{
    static const struct unit UNITS[] = {{"", 1},          {"B", 1},         {"K", 1 << 10},
                                        {"KB", 1 << 10},  {"M", 1 << 20},   {"MB", 1 << 20},
                                        {"G", 1LL << 30}, {"GB", 1LL << 30}};
    int64_t number = 0;
    const char *at = read_number(text, &number);
    const struct unit *unit = at != NULL ? find_unit(UNITS, G_N_ELEMENTS(UNITS), at) : NULL;

    return unit != NULL && at[strlen(unit->name)] == '\0' &&
           !__builtin_mul_overflow(number, unit->factor, bytes_out);
}

bool literal_number(const char *text, int64_t *number_out)
{
    struct err err = {.status = ST_OK};

    return text_parse_int64(text, INT64_MIN, INT64_MAX, number_out, &err) == ST_OK;
}

bool literal_time(const char *text, int64_t *us_out)
{
    int year = 0;
    int month = 0;
    int day = 0;
    int64_t of_day_us = 0;
    const char *at = read_digits(text, 4, 1970, 9999, &year);

    at = read_digits(read_sign(at, '-'), 2, 1, 12, &month);
    at = read_digits(read_sign(at, '-'), 2, 1, 31, &day);
    if (at == NULL || (*at != '\0' && (*at != ' ' || !literal_time_of_day(at + 1, &of_day_us)))) {
        return false;
    }
    g_autoptr(GDateTime) midnight = g_date_time_new_utc(year, month, day, 0, 0, 0);
    if (midnight == NULL) {
        return false;
    }
    *us_out = g_date_time_to_unix(midnight) * SECOND + of_day_us;
    return true;
}

bool literal_bool(const char *text, int64_t *number_out)
{
    static const char *const WORDS[] = {"no", "yes", "false", "true", NULL};
    int index = rule_word_index(WORDS, text);

    *number_out = index & 1;
    return index >= 0;
}

bool literal_is_address(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\n,;<>") == NULL &&
           strchr(at + 1, '@') == NULL;
}

static bool is_name_start(char c)
{
    return g_ascii_isalpha(c) || c == '_';
}

/* "$name", "${name}" or "$$" at `at`, which stands behind the "$". NULL: it is none of them. */
static const char *read_group(const char *at, GPtrArray *parts)
{
    bool has_braces = *at == '{';
    const char *name = at + (has_braces ? 1 : 0);
    size_t length = 0;

    if (*at == '$') {
        rule_part_add(parts, false, "$", 1);
        return at + 1;
    }
    if (!is_name_start(*name)) {
        return NULL;
    }
    while (is_name_start(name[length]) || g_ascii_isdigit(name[length])) {
        length++;
    }
    if (has_braces && name[length] != '}') {
        return NULL;
    }
    rule_part_add(parts, true, name, length);
    return name + length + (has_braces ? 1 : 0);
}

GPtrArray *literal_parts(const char *text)
{
    g_autoptr(GPtrArray) parts = rule_parts_new();
    const char *at = text;

    while (*at != '\0') {
        size_t plain = strcspn(at, "$");
        if (plain > 0) {
            rule_part_add(parts, false, at, plain);
        }
        at += plain;
        if (*at == '\0') {
            break;
        }
        at = read_group(at + 1, parts);
        if (at == NULL) {
            return NULL;
        }
    }
    return g_steal_pointer(&parts);
}
