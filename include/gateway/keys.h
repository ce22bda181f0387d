/* Sets of keys that a batch looks up: each once, in the order of their first sight. */
#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* Texts. */
struct key_set {
    GHashTable *seen; /* own */
    GPtrArray *list;  /* own: the elements of seen */
};

struct key_set key_set_texts(void);
/* Add a copy; NULL and what is there already change nothing. */
void key_set_add_text(struct key_set *set, const char *text);
void key_set_clear(struct key_set *set);

/* Numbers: an array of int64_t. */
GArray *int64s_new(void);
bool int64s_contain(const GArray *values, int64_t value);
/* Add it; what is not above 0 and what is there already change nothing. */
void int64s_add(GArray *values, int64_t value);
const int64_t *int64s(const GArray *values);

/* For g_array_sort(): ascending. */
int compare_int64(const void *a, const void *b);

#endif
