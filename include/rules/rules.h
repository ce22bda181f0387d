/* Rules: on an event, if conditions hold, then actions. Compiled from files that people write; evaluated against a
 * world of values; what comes out is a list of effects, which the desk turns into a plan. Pure, but for the clock that
 * bounds patterns. Only user of pcre2.
 *
 * The grammar stands in src/rules/grammar.c and in postdesk-rules(5). */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "rules/field.h"

/* ---- compiling -------------------------------------------------------------------------------- */

struct rule_file {
    const char *name; /* for messages and places */
    const char *text;
    size_t length;
};

/* A field that the desk has made. */
struct rule_custom_field {
    char *name;          /* own */
    enum rule_type type; /* RULE_TEXT, RULE_NUMBER, RULE_TIME (a date) */
    GPtrArray *choices;  /* own: char *; NULL: any text */
};

/* The words that only the desk knows. NULL instead of a list: it is not checked. */
struct rule_names {
    GPtrArray *statuses; /* own: char *: the custom ones */
    GPtrArray *groups;   /* own: char * */
    GPtrArray *people;   /* own: char *: addresses of technicians */
    GPtrArray *notices;  /* own: char *: notices and templates that `answer` may send */
    GPtrArray *fields;   /* own: struct rule_custom_field */
};
struct rule_names *rule_names_new(void); /* of a desk that has none of its own */
void rule_names_free(struct rule_names *names);
DEFINE_OWNED(rule_names, rule_names_free)

struct rules;
struct rule;

/* Compile files, in the order given. NULL where errors is not empty afterwards; errors (char *, own, each
 * "FILE:LINE:COLUMN: what") has all of them in the order of the files. names NULL: nothing of the desk's is checked. */
struct rules *rules_compile(const struct rule_file *files, size_t count,
                            const struct rule_names *names, GPtrArray *errors);
void rules_free(struct rules *rules);
DEFINE_OWNED(rules, rules_free)

size_t rules_count(const struct rules *rules);
const struct rule *rules_at(const struct rules *rules, size_t i);
const char *rule_name(const struct rule *rule);  /* unique */
const char *rule_place(const struct rule *rule); /* "FILE:LINE" */
/* The DURATION of an `every`; 0: it has none. Microseconds. */
int64_t rule_every_us(const struct rule *rule);

/* ---- events ----------------------------------------------------------------------------------- */

enum rule_event {
    EVENT_MAIL_RECEIVED,
    EVENT_TICKET_CREATED,
    EVENT_REQUESTER_REPLIED,
    EVENT_CONTACT_REPLIED,  /* a contact who is not the requester */
    EVENT_CUSTOMER_REPLIED, /* either */
    EVENT_TECHNICIAN_REPLIED,
    EVENT_NOTE_ADDED,
    EVENT_STATUS_CHANGED,
    EVENT_RESOLVED, /* to resolved or closed */
    EVENT_ASSIGNED,
    EVENT_GROUP_ASSIGNED,
    EVENT_COUNT,
};
const char *rule_event_name(enum rule_event event);

/* ---- effects ---------------------------------------------------------------------------------- */

enum rule_effect_kind {
    EFFECT_SET,    /* field (and name of a custom one), text */
    EFFECT_TAG,    /* text */
    EFFECT_UNTAG,  /* text */
    EFFECT_ASSIGN, /* pick; text: an address or a group's name */
    EFFECT_ADD_CC, /* text: an address */
    EFFECT_NOTE,   /* text */
    EFFECT_ANSWER, /* name: a notice or template; NULL: text is what is said */
    EFFECT_NOTIFY, /* pick: whom; text: an address or a group's name; more: what is said, "" */
    EFFECT_HOLD,   /* text: why, "" */
    EFFECT_REJECT, /* name: a notice to the sender; NULL: none */
    EFFECT_SPAM,
    EFFECT_LINK,     /* text: a ticket's number */
    EFFECT_WEB_HOOK, /* text: the URL */
    EFFECT_REQUESTER_FROM_REPLY_TO,
    EFFECT_COUNT,
};
const char *rule_effect_kind_name(enum rule_effect_kind kind);

enum rule_pick {
    PICK_PERSON, /* text is his address */
    PICK_NOBODY, /* of assign */
    PICK_SENDER, /* the technician whose mail it is */
    PICK_ASSIGNEE,
    PICK_REQUESTER,
    /* Of a group, from here on. */
    PICK_GROUP,        /* all of it; of notify. text "": the ticket's group */
    PICK_ROUND_ROBIN,  /* of assign; text as above */
    PICK_LEAST_LOADED, /* of assign; text as above */
};

struct rule_effect {
    enum rule_effect_kind kind;
    const struct rule *rule; /* borrowed: from the rules */
    enum rule_field field;
    enum rule_pick pick;
    char *name; /* own; NULL */
    char *text; /* own: with $names of groups put in; "" (of set and assign: none) */
    char *more; /* own; NULL */
    bool is_override;
};

/* "set ticket.type "incident"", "assign least-loaded "network"": for people, on one line; own. */
char *rule_effect_text(const struct rule_effect *effect) MUST_CHECK;

/* Something that went wrong while a rule ran: its condition counts as not held. */
struct rule_fault {
    const struct rule *rule; /* borrowed */
    char *what;              /* own: "FILE:LINE:COLUMN: the pattern ran longer than 100 ms" */
};

/* How long a rule took to be asked, by the clock on the wall. */
struct rule_cost {
    const struct rule *rule; /* borrowed */
    int64_t cost_us;
};

/* What rules do about one mail, one command or one tick. Filled by rule_run_events, which may be called again (first
 * mail-received, then what came of the mail): who set a field first is remembered. */
struct rule_run {
    const struct rules *rules; /* borrowed */
    GPtrArray *fired;          /* borrowed: const struct rule *, in the order of firing */
    GPtrArray *effects;        /* own: struct rule_effect, those that hold: losers are left out */
    GArray *costs;             /* own: struct rule_cost, one for each time that a rule was asked */
    GPtrArray *faults;         /* own: struct rule_fault */
    GPtrArray *trace; /* own: char *: each condition's value, each action; NULL: not wanted */
    bool is_stopped;  /* a rule said stop */
    struct rule_run_state *state; /* own */
};
struct rule_run *rule_run_new(const struct rules *rules, bool wants_trace);
void rule_run_free(struct rule_run *run);
DEFINE_OWNED(rule_run, rule_run_free)

/* Evaluate the rules that wait for one of these events. A rule fires at most once in a run; values are asked for anew in
 * each call, and once. */
void rule_run_events(struct rule_run *run, const enum rule_event *events, size_t count,
                     const struct rule_world *world);

/* Evaluate the one rule of an `every`, whatever its interval; true: its condition holds, and its effects are there.
 * A `stop` in it is for the caller to see: is_stopped. */
bool rule_run_every(struct rule_run *run, const struct rule *rule, const struct rule_world *world);

/* ---- tests inside the files ------------------------------------------------------------------- */

struct rule_test_result {
    char *name;  /* own */
    char *place; /* own: "FILE:LINE" */
    bool has_passed;
    GPtrArray *
        why_not; /* own: char *: each expectation that failed, with its place, and what came instead */
};
void rule_test_result_free(struct rule_test_result *result);

/* The time of tests that give none: Monday, 2026-11-23 10:00. The same always: a test that passes in the morning passes
 * at night. */
#define RULES_TEST_NOW_US 1795428000000000LL

/* Run all tests of the files against their rules: struct rule_test_result, own. now_us is the tests' time where they
 * give none, on the wall of the desk: RULES_TEST_NOW_US. */
GPtrArray *rules_test(const struct rules *rules, int64_t now_us);

#endif
