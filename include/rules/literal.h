/* What a value means, by the type that is wanted. Pure. */
#ifndef RULES_LITERAL_H
#define RULES_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* All give false where the text is none. */

/* "30m", "1h30m", "2d": microseconds. */
bool literal_duration(const char *text, int64_t *us_out);

/* "08:30": microseconds since midnight. */
bool literal_time_of_day(const char *text, int64_t *us_out);

/* "20MB", "512KB", "100": bytes; units are powers of 1,024. */
bool literal_size(const char *text, int64_t *bytes_out);

/* A whole number. */
bool literal_number(const char *text, int64_t *number_out);

/* "2026-11-23", "2026-11-23 08:30": microseconds since 1970, without a zone. */
bool literal_time(const char *text, int64_t *us_out);

/* "yes", "no", "true", "false". */
bool literal_bool(const char *text, int64_t *number_out);

/* Something@somewhere, one of it. */
bool literal_is_address(const char *text);

/* Split a text into words and $groups: struct rule_part, own; NULL: a "$" stands for nothing. */
GPtrArray *literal_parts(const char *text);

#endif
