/* What notices say in a recipient's language beside their templates: dates, sizes, lists, fixed words. Pure, but for the
 * zones' rules, which the system knows. */
#ifndef GATEWAY_NOTICE_LANGUAGE_H
#define GATEWAY_NOTICE_LANGUAGE_H

#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* Of static storage. */
struct notice_language;

/* By its code ("de"). One that has no words of its own gets English ones, and dates of figures alone. */
const struct notice_language *notice_language_find(const char *code);

/* The word for an English one of the desk ("open", "(no subject)"), or that one itself. */
const char *notice_language_word(const struct notice_language *language, const char *english);

/* A moment as the clock on the wall of that zone shows it, with the day of the week; own. */
char *notice_language_date(const struct notice_language *language, const char *zone, int64_t us)
    MUST_CHECK;

/* "12.0 MB", "12,0 MB"; own. */
char *notice_language_size(const struct notice_language *language, uint64_t bytes) MUST_CHECK;

/* "Anna, Max and Carl", at most LIMIT_OTHERS of them (char *); own, "" of nobody. */
char *notice_language_list(const struct notice_language *language, const GPtrArray *names)
    MUST_CHECK;

#endif
