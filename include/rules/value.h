/* The values that one run of rules has asked for: each fetched once, copied, and kept in the forms that conditions
 * compare. For src/rules alone. */
#ifndef RULES_VALUE_H
#define RULES_VALUE_H

#include <stdint.h>

#include "rules/ast.h"

/* A value of its own. */
struct kept_value {
    enum rule_type type;
    int64_t number;
    GPtrArray *texts;  /* own: char *; of a text one */
    GPtrArray *folded; /* own: char *, the texts without case; NULL: not asked yet */
    uint8_t *words;    /* own: set of the prefilter; NULL: not asked yet */
};
struct kept_value *kept_value_new(const struct rule_value *value);
void kept_value_free(struct kept_value *value);
DEFINE_OWNED(kept_value, kept_value_free)
const GPtrArray *kept_value_folded(struct kept_value *value);
const uint8_t *kept_value_words(struct kept_value *value, const struct prefilter *prefilter);

/* "open", "3", "yes", "none": for traces and messages; own. */
char *kept_value_text(const struct kept_value *value, const struct rule_field_info *info);

struct values;
struct values *values_new(const struct rules *rules, const struct rule_world *world);
void values_free(struct values *values);
DEFINE_OWNED(values, values_free)

/* Borrowed. */
struct kept_value *values_get(struct values *values, unsigned slot);

/* What the field was before the event; NULL: the event did not change it. Own. */
struct kept_value *values_was(const struct values *values, unsigned slot);

#endif
