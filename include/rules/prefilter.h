/* Which patterns cannot match a text: one pass over it tells for all of them. Pure. */
#ifndef RULES_PREFILTER_H
#define RULES_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

/* The words of which each match of this pattern contains at least one, whatever their case: char *, own, ASCII in
 * lower case. NULL: the pattern does not tell. */
GPtrArray *prefilter_words_of(const char *pattern, const char *flags) MUST_CHECK;

/* All words of all patterns. */
struct prefilter;
struct prefilter *prefilter_new(void);
void prefilter_free(struct prefilter *prefilter);
DEFINE_OWNED(prefilter, prefilter_free)

/* Add a word; its number. */
unsigned prefilter_add(struct prefilter *prefilter, const char *word);

/* After the last word: make it ready to scan. */
void prefilter_build(struct prefilter *prefilter);

/* The size of a set of words. */
size_t prefilter_set_bytes(const struct prefilter *prefilter);

/* Put the words that stand in the text into the set (1 bit each; add to what is there). */
void prefilter_scan(const struct prefilter *prefilter, const char *text, size_t length,
                    uint8_t *set);

/* May a pattern with these words (numbers; NULL: unknown) match a text with this set? */
bool prefilter_may_match(const GArray *words, const uint8_t *set);

#endif
