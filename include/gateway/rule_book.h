/* The rules and notices of the version that is live, kept in a process: compiled once, and again when another version
 * is live. The number of the live version is read with every batch, so a new one holds everywhere with the next. */
#ifndef GATEWAY_RULE_BOOK_H
#define GATEWAY_RULE_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "db/tx.h"
#include "rules/rules.h"

struct rule_book;
struct rule_book *rule_book_new(bool wants_rules); /* false: its notices are enough */
/* A book of these rules, whichever version is live: for what is only tried. *rules is consumed. */
struct rule_book *rule_book_of(struct rules **rules);
void rule_book_free(struct rule_book *book);
DEFINE_OWNED(rule_book, rule_book_free)

/* Bring it to this version (rule_store_read_live). Where it is there already, nothing is asked: no round trip. Rules
 * that do not compile any more, because the desk has changed since they were applied, are logged as an error and left
 * out whole: mail goes on without rules. */
MUST_CHECK enum status rule_book_update(struct rule_book *book, struct tx *tx, int64_t version,
                                        struct err *err);

/* The version that the book is of; -1: of none yet. */
int64_t rule_book_version(const struct rule_book *book);

/* The compiled rules; NULL before the first update, or where they do not compile. Borrowed until the next update. */
const struct rules *rule_book_rules(const struct rule_book *book);

/* The text of a notice of this version, "notices/en/receipt.txt"; NULL: the version has none of that name, and the
 * program's holds. Borrowed until the next update. */
const char *rule_book_notice(const struct rule_book *book, const char *name);

/* What the checker has to know of the desk: its groups, technicians, custom statuses and fields, and the notices and
 * templates that can be sent as an answer, those among files (struct rule_text) included. */
MUST_CHECK enum status rule_book_names(struct tx *tx, const GPtrArray *files,
                                       struct rule_names **names_out, struct err *err);

/* Compile the rule files among files (struct rule_text). As rules_compile, which says what errors is. */
struct rules *rule_book_compile(const GPtrArray *files, const struct rule_names *names,
                                GPtrArray *errors);

/* Compile the rule files and look at the notices with what the desk has. What is wrong is added to errors (char *, own,
 * "FILE:LINE…: what"); rules_out is NULL then. */
MUST_CHECK enum status rule_book_check(struct tx *tx, const GPtrArray *files,
                                       struct rules **rules_out, GPtrArray *errors,
                                       struct err *err);

#endif
