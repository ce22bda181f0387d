/* keys - sets of what a batch looks up
 *
 * Many mails of a batch want the same thing: a sender, a domain, a ticket. These two kinds of sets keep each key
 * once and in the order of its first sight, so that one query asks for all and the order of its parameters
 * does not depend on chance.
 *
 * Sets of numbers are plain arrays: a batch names few tickets and people, and looking through them is
 * cheaper than hashing.
 * Pure.
 */
#include "gateway/keys.h"

struct key_set key_set_texts(void)
{
    return (struct key_set){g_hash_table_new(g_str_hash, g_str_equal),
                            g_ptr_array_new_with_free_func(g_free)};
}

void key_set_add_text(struct key_set *set, const char *text)
{
    if (text && !g_hash_table_contains(set->seen, text)) {
        char *copy = g_strdup(text);
        g_hash_table_add(set->seen, copy);
        g_ptr_array_add(set->list, copy);
    }
}

void key_set_clear(struct key_set *set)
{
    g_clear_pointer(&set->seen, g_hash_table_unref);
    g_clear_pointer(&set->list, g_ptr_array_unref);
}

bool int64s_contain(const GArray *values, int64_t value)
{
    for (guint i = 0; i < values->len; i++) {
        if (g_array_index(values, int64_t, i) == value) {
            return true;
        }
    }
    return false;
}

void int64s_add(GArray *values, int64_t value)
{
    if (value > 0 && !int64s_contain(values, value)) {
        g_array_append_val(values, value);
    }
}

int compare_int64(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

GArray *int64s_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int64_t));
}

const int64_t *int64s(const GArray *values)
{
    return (const int64_t *)(const void *)values->data;
}
