/* What a file of rules says, as the parser read it and the checker completed it. For src/rules alone; others see
 * rules/rules.h. */
#ifndef RULES_AST_H
#define RULES_AST_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "rules/pattern.h"
#include "rules/prefilter.h"
#include "rules/rules.h"

/* Where something stands. */
struct rule_at {
    unsigned file; /* index */
    unsigned line;
    unsigned column;
};

/* A value as it was written. */
struct rule_literal {
    struct rule_at at;
    bool is_quoted;
    bool is_none;     /* the bare word */
    bool has_number;  /* what follows was read from the text, as the field's type wants it */
    int64_t number;   /* numbers, yes and no, times, durations; of an ordered word its place */
    char *text;       /* own */
    char *folded;     /* own: without case; NULL before the check */
    GPtrArray *parts; /* own: struct rule_part, of a text with $groups; NULL */
};

/* A piece of a text with $groups in it. */
struct rule_part {
    bool is_group;
    char *text; /* own: words, or the group's name */
};

/* A field as it was named, and what the table says of it. */
struct rule_field_ref {
    struct rule_at at;
    char *word; /* own */
    char *key;  /* own: after the dot of mail.header. and field.; else NULL */
    const struct rule_field_info *info; /* borrowed: static; NULL: unknown, and that was said */
    enum rule_type type;
    const GPtrArray *choices; /* borrowed: from the names; only while files are checked */
    bool is_unchecked;        /* a custom field, and nobody knows the desk's: any type will do */
    unsigned slot;            /* index into the rules' slots */
};

/* A field that conditions read; values are fetched once a run. */
struct rule_slot {
    enum rule_field field;
    char *key; /* own; NULL */
};

enum condition_kind {
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_NOT,
    CONDITION_COMPARE,
    CONDITION_IN,
    CONDITION_MATCH,
    CONDITION_IS, /* a field that is yes or no */
    CONDITION_CHANGED,
};
enum comparison {
    COMPARE_EQUAL,
    COMPARE_LESS,
    COMPARE_LESS_OR_EQUAL,
    COMPARE_MORE,
    COMPARE_MORE_OR_EQUAL
};

struct rule_condition {
    enum condition_kind kind;
    struct rule_at at;
    char *source;     /* own: as it was written */
    GPtrArray *parts; /* own: struct rule_condition; of AND, OR and NOT */
    struct rule_field_ref field;
    enum comparison comparison;
    bool is_negated;      /* "!=", "not in", "!~" */
    GPtrArray *values;    /* own: struct rule_literal; of CHANGED: from which */
    GPtrArray *to_values; /* own: struct rule_literal; of CHANGED: to which; NULL */
    char *pattern_text;   /* own; of MATCH */
    char *pattern_flags;  /* own; of MATCH */
    struct rule_at pattern_at;
    struct pattern *pattern; /* own; of MATCH */
};

struct rule_action {
    struct rule_at at;
    char *source; /* own */
    bool is_stop; /* no effect: the rest of the list is left out */
    bool is_override;
    enum rule_effect_kind kind;
    struct rule_field_ref field; /* of EFFECT_SET */
    enum rule_pick pick;
    struct rule_literal *name;  /* own; NULL: as in struct rule_effect */
    struct rule_literal *value; /* own; NULL: "" */
    struct rule_literal *more;  /* own; NULL */
};

struct rule {
    struct rule_at at;
    unsigned index;  /* in the rules */
    char *name;      /* own */
    char *place;     /* own: "FILE:LINE" */
    unsigned events; /* bits: 1 << enum rule_event */
    int64_t every_us;
    struct rule_at every_at;
    struct rule_condition *condition; /* own; NULL: always */
    GPtrArray *actions;               /* own: struct rule_action */
    bool has_condition;               /* it said "if", whether that was understood or not */
    bool uses_groups;                 /* an action has a $name */
};

/* One value that a test gives. */
struct rule_given {
    struct rule_at at;
    bool is_before;
    bool is_time;        /* given time "2026-11-23 08:30" */
    bool is_attachments; /* given mail … attachment "NAME" "TYPE": added to what is there */
    struct rule_field_ref field;
    GPtrArray *values; /* own: struct rule_literal */
};

enum expect_kind {
    EXPECT_FIELD,  /* what the field is afterwards */
    EXPECT_EFFECT, /* that there is one */
    EXPECT_FIRED,
    EXPECT_STOPPED,
    EXPECT_NOTHING,
};

struct rule_expectation {
    struct rule_at at;
    char *source; /* own */
    bool is_negated;
    enum expect_kind kind;
    enum rule_effect_kind effect; /* of EXPECT_EFFECT */
    bool has_pick;
    enum rule_pick pick;
    struct rule_field_ref field;
    struct rule_literal *value; /* own; NULL: any */
    struct rule_literal *name;  /* own: of a notice; NULL */
    char *pattern_text;         /* own; NULL: any */
    char *pattern_flags;        /* own */
    struct pattern *pattern;    /* own */
    struct rule_at pattern_at;
};

struct rule_test {
    struct rule_at at;
    char *name;  /* own */
    char *place; /* own */
    bool has_events;
    unsigned events;         /* bits */
    bool is_every;           /* the time passes: every rule with "every" */
    GPtrArray *givens;       /* own: struct rule_given */
    GPtrArray *expectations; /* own: struct rule_expectation */
};

struct rules {
    GPtrArray *files;            /* own: char *: names */
    GPtrArray *list;             /* own: struct rule */
    GPtrArray *tests;            /* own: struct rule_test */
    GPtrArray *slots;            /* own: struct rule_slot */
    struct prefilter *prefilter; /* own */
    unsigned max_groups;         /* of a pattern */
};

/* ---- building --------------------------------------------------------------------------------- */

/* What is known while files are compiled. */
struct rule_build {
    struct rules *rules;
    const struct rule_names *names; /* borrowed; NULL */
    GPtrArray *errors;              /* own: struct rule_error */
    GHashTable *slots;              /* own: "FIELD KEY" → index + 1 */
};

/* Note "FILE:LINE:COLUMN: …": every message of the language goes through here, so none is without its place. */
void rule_complain(struct rule_build *build, const struct rule_at *at, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Was something said of this very place just now? What follows from it need not be said. */
bool rule_has_complained(const struct rule_build *build, const struct rule_at *at);

/* Read one file into the rules; what was not understood is left out, and noted. */
void grammar_read(struct rule_build *build, unsigned file, const char *text, size_t length);

/* Complete and check what was read. */
void check_rules(struct rule_build *build);

/* ---- names ------------------------------------------------------------------------------------ */

/* The word's index in a NULL-terminated list, whatever its case; -1. */
int rule_word_index(const char *const *words, const char *word);

/* "FILE:LINE:COLUMN". */
char *rule_at_text(const struct rules *rules, const struct rule_at *at) MUST_CHECK;

/* Lists that own what is in them: struct rule_literal, struct rule_part. */
GPtrArray *rule_literals_new(void) MUST_CHECK;
GPtrArray *rule_parts_new(void) MUST_CHECK;
void rule_part_add(GPtrArray *parts, bool is_group, const char *text, size_t length);

struct rule_literal *rule_literal_new(const struct rule_at *at, const char *text, bool is_quoted);
void rule_literal_free(struct rule_literal *literal);
struct rule_condition *rule_condition_new(enum condition_kind kind, const struct rule_at *at);
void rule_condition_free(struct rule_condition *condition);
struct rule_action *rule_action_new(const struct rule_at *at);
void rule_action_free(struct rule_action *action);
struct rule_expectation *rule_expectation_new(const struct rule_at *at);
void rule_expectation_free(struct rule_expectation *expectation);
struct rule_given *rule_given_new(const struct rule_at *at);
void rule_given_free(struct rule_given *given);
struct rule *rule_new(const struct rule_at *at);
void rule_free(struct rule *rule);
struct rule_test *rule_test_new(const struct rule_at *at);
void rule_test_free(struct rule_test *test);
DEFINE_OWNED(rule_literal, rule_literal_free)
DEFINE_OWNED(rule_condition, rule_condition_free)
DEFINE_OWNED(rule_action, rule_action_free)
DEFINE_OWNED(rule_expectation, rule_expectation_free)
DEFINE_OWNED(rule_given, rule_given_free)
DEFINE_OWNED(rule, rule_free)
DEFINE_OWNED(rule_test, rule_test_free)

#endif
