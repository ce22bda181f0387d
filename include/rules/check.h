/* What the checkers of conditions, actions and tests share. For src/rules alone. */
#ifndef RULES_CHECK_H
#define RULES_CHECK_H

#include <stdbool.h>

#include "rules/ast.h"

/* Find the field of a word in the table and the desk's own; false: it was complained about. */
bool check_field(struct rule_build *build, struct rule_field_ref *field);

/* Complete a value that a field is compared with, set to or given; false: it was complained about. */
bool check_value(struct rule_build *build, const struct rule_field_ref *field,
                 struct rule_literal *literal);

/* Is the word one of these (the program's or the desk's)? Its spelling becomes theirs. false: it was complained about,
 * with what they are ("group") and the nearest. */
bool check_word(struct rule_build *build, struct rule_literal *literal, const char *what,
                const char *const *words, const GPtrArray *more);

/* The same of one list of the desk; NULL: it is not checked. */
bool check_name(struct rule_build *build, struct rule_literal *literal, const char *what,
                const GPtrArray *known);

/* It must look like an address. */
bool check_address(struct rule_build *build, const struct rule_literal *literal);

/* It must be the address of one of the technicians. */
bool check_person(struct rule_build *build, struct rule_literal *literal);

/* Compile a pattern; NULL: it was complained about. */
struct pattern *check_pattern(struct rule_build *build, const struct rule_at *at, const char *text,
                              const char *flags);

/* The actions of one rule. */
void check_actions(struct rule_build *build, struct rule *rule);

/* A test. */
void check_test(struct rule_build *build, struct rule_test *test);

#endif
