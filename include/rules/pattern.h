/* Patterns of rules: regular expressions that an admin wrote, on texts that a stranger wrote. Only user of pcre2.
 * What bounds them: LIMIT_PATTERN_* in core/limits.h. */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

struct pattern;

/* Compile. flags: letters of "imsx".
 *
 * ST_INVALID  it is no pattern; *offset_out (bytes) says where */
MUST_CHECK enum status pattern_new(const char *text, const char *flags,
                                   struct pattern **pattern_out, size_t *offset_out,
                                   struct err *err);
void pattern_free(struct pattern *pattern);
DEFINE_OWNED(pattern, pattern_free)

/* Names of its groups: char *, borrowed. */
const GPtrArray *pattern_groups(const struct pattern *pattern);

/* The words of which one must stand in every text that matches (prefilter.h); NULL: nothing is known. */
void pattern_set_words(struct pattern *pattern, GArray *words /* of unsigned; consumed */);
const GArray *pattern_words(const struct pattern *pattern);

/* What one run of rules may spend, and its scratch memory. */
struct pattern_runner;
struct pattern_runner *pattern_runner_new(void);
void pattern_runner_free(struct pattern_runner *runner);
DEFINE_OWNED(pattern_runner, pattern_runner_free)

enum pattern_result {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_FAULT, /* it was given up; err says why */
};

/* Begin a condition: its texts share LIMIT_PATTERN_MS. */
void pattern_begin(struct pattern_runner *runner);

/* Does the pattern match this text? Only its first LIMIT_PATTERN_SUBJECT_BYTES are looked at. Groups (char * → char *,
 * own; may be NULL): those named in the pattern that took part are put in. */
enum pattern_result pattern_match(struct pattern_runner *runner, const struct pattern *pattern,
                                  const char *text, GHashTable *groups, struct err *err);

#endif
