/* The world of a test inside a rule file: what it gives, and for the rest a new mail of an ordinary contact. For src/rules
 * alone. */
#ifndef RULES_TEST_WORLD_H
#define RULES_TEST_WORLD_H

#include "rules/value.h"

struct test_world;
struct test_world *test_world_new(const struct rule_test *test, int64_t now_us);
void test_world_free(struct test_world *world);
DEFINE_OWNED(test_world, test_world_free)

/* For rule_run_events; borrowed. */
struct rule_world test_world_of(const struct test_world *world);

/* A value as the test gives it; NULL: nothing. Borrowed. */
struct kept_value *test_world_value(const struct test_world *world, enum rule_field field,
                                    const char *key);

/* Is there a mail, or is the cause a command or the time? */
bool test_world_has_mail(const struct test_world *world);

#endif
