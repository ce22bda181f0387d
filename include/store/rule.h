/* Versions of the desk's rules and notices, and what rules did. */
#ifndef STORE_RULE_H
#define STORE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "db/tx.h"

/* ---- versions ---------------------------------------------------------------------------------- */

/* A file of a version: "NAME.rules", or a notice, "notices/LANGUAGE/NAME.txt". */
struct rule_text {
    char *name;    /* own */
    char *content; /* own: UTF-8 */
};
struct rule_text *rule_text_new(const char *name, const char *content);
void rule_text_free(struct rule_text *text);

/* Is it one of the names that a file of a version may have? Pure. */
bool rule_text_is_name(const char *name);
bool rule_text_is_notice(const char *name);

/* The version that is live; 0: the program's own rules, because none was ever applied. queue and read are for
 * callers who have more to ask in the same round trip. */
void rule_store_queue_live(struct tx *tx, struct rows **rows_out);
int64_t rule_store_read_live(const struct rows *rows);
MUST_CHECK enum status rule_store_live(struct tx *tx, int64_t *version_out, struct err *err);

/* The files of a version by their names, byte by byte, which is the order of the rules: GPtrArray of struct rule_text,
 * own. Version 0 is the program's rules, and costs no round trip; notices of the program are never among them.
 *
 * ST_NOT_FOUND  there is no such version */
MUST_CHECK enum status rule_store_load(struct tx *tx, int64_t version, GPtrArray **files_out,
                                       struct err *err);

/* A version to be; everything borrowed for the call. */
struct new_rule_version {
    const char *made_by;
    const char *why;        /* "" */
    const GPtrArray *files; /* struct rule_text */
    int64_t restores;       /* whose content it has; -1: it is new content */
};

/* Make it and let it be live from the commit on; recorded in the log of changes.
 *
 * ST_CONFLICT  somebody else made one at the same time */
MUST_CHECK enum status rule_store_add(struct tx *tx, const struct new_rule_version *version,
                                      int64_t *id_out, struct err *err);

/* All versions, oldest first. Columns: version, made_at, made_by, why, restores, is_live, files, notices. */
MUST_CHECK enum status rule_store_history(struct tx *tx, struct rows **rows_out, struct err *err);

/* ---- what rules did ---------------------------------------------------------------------------- */

/* What one process has to add for a rule. */
struct rule_sum {
    const char *rule;
    int64_t fired;
    int64_t faults;
    int64_t runs;
    int64_t cost_us;
    const char *last_fault; /* NULL: none */
};

/* Add to the rows of a worker. Costs no round trip. */
void rule_store_queue_sums(struct tx *tx, int64_t version, const char *worker,
                           const struct rule_sum *sums, size_t count);

/* Of a version. Columns: rule, fired, faults, runs, cost_us, last_at, fault_at, last_fault. */
MUST_CHECK enum status rule_store_stats(struct tx *tx, int64_t version, struct rows **rows_out,
                                        struct err *err);

/* ---- rules of the time: once a ticket, until the condition has been false ------------------------ */

/* Which of these tickets the rule has fired for. Column: ticket. Costs no round trip. */
void rule_store_queue_fired(struct tx *tx, const char *rule, const int64_t *tickets, size_t count,
                            struct rows **rows_out);

/* It fired for them; one that is there already stays. */
void rule_store_queue_mark(struct tx *tx, const char *rule, const int64_t *tickets, size_t count);

/* Its condition was false for them. */
void rule_store_queue_unmark(struct tx *tx, const char *rule, const int64_t *tickets, size_t count);

#endif
