/* Customers and contacts by the thousand: checked as a whole, written as a whole, and read for export. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include <stdbool.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/detail.h"

enum import_kind { IMPORT_CUSTOMERS, IMPORT_CONTACTS };

/* The texts of a row, as they are stored. NULL: not said, so an entry that exists keeps what it has and a new one gets
 * the default. Lists are lines of one text. */
enum customer_column {
    CUSTOMER_COLUMN_NAME,
    CUSTOMER_COLUMN_DETAILS, /* and the others of enum customer_detail */
    CUSTOMER_COLUMN_DOMAINS = CUSTOMER_COLUMN_DETAILS + CUSTOMER_DETAILS, /* list, normal form */
    CUSTOMER_COLUMN_ONLY,       /* yes, no: main contact only */
    CUSTOMER_COLUMN_COLLEAGUES, /* yes, no, default */
    CUSTOMER_COLUMNS,
};
enum contact_column {
    CONTACT_COLUMN_ADDRESSES, /* list; the first is where notices go */
    CONTACT_COLUMN_KEYS,      /* list: of the addresses */
    CONTACT_COLUMN_NAME,
    CONTACT_COLUMN_DETAILS, /* and the others of enum person_detail */
    CONTACT_COLUMN_PHONES = CONTACT_COLUMN_DETAILS + PERSON_FILE_DETAILS, /* list */
    CONTACT_COLUMN_CUSTOMER, /* name or business number; NULL: as it is, of a new one by his domain */
    CONTACT_COLUMN_LOOKUPS, /* list: domain_lookups of the first address */
    CONTACT_COLUMN_MAIN,    /* yes, no, as those below */
    CONTACT_COLUMN_OPENS,
    CONTACT_COLUMN_CONFIRMED,
    CONTACT_COLUMN_DISABLED,
    CONTACT_COLUMN_ALL, /* yes: the addresses are all that he has */
    CONTACT_COLUMNS,
};
enum { IMPORT_MOST_COLUMNS = CONTACT_COLUMNS };

/* Rows on their way. */
struct import_batch {
    GArray *lines;                           /* own: int64_t */
    GPtrArray *columns[IMPORT_MOST_COLUMNS]; /* own: char *, own; NULL is SQL NULL */
};
void import_batch_init(struct import_batch *batch);
void import_batch_done(struct import_batch *batch);
void import_batch_empty(struct import_batch *batch);

/* Something is wrong with the row that begins in this line; text is for people. */
typedef void (*import_fault)(void *arg, int64_t line, const char *text);

struct import_counts {
    int64_t added;
    int64_t changed;
    int64_t same;
};

/* In this order, in one transaction. Begin makes temporary tables, fill puts rows into them, check says all that is
 * wrong with them, in the file or against the desk. */
MUST_CHECK enum status import_store_begin(struct tx *tx, enum import_kind kind, struct err *err);
MUST_CHECK enum status import_store_fill(struct tx *tx, enum import_kind kind,
                                         const struct import_batch *batch, struct err *err);
MUST_CHECK enum status import_store_check(struct tx *tx, enum import_kind kind, bool is_update,
                                          import_fault fault, void *arg, struct err *err);

/* Who imports what; borrowed. */
struct import_source {
    const char *actor;
    const char *file; /* its name, for the log */
};

/* Write what was checked. Faults that show only now mean: roll back. */
MUST_CHECK enum status import_store_apply(struct tx *tx, enum import_kind kind,
                                          const struct import_source *source,
                                          struct import_counts *counts_out, import_fault fault,
                                          void *arg, struct err *err);

/* All of them, by name; the columns are texts and lists (text[]) in the order of sheets: see cli/import_columns. */
MUST_CHECK enum status import_store_export(struct tx *tx, enum import_kind kind,
                                           struct rows **rows_out, struct err *err);

#endif
