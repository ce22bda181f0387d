/* The statements of an import, a table for each kind. Only for store/import*. */
#ifndef STORE_IMPORT_SQL_H
#define STORE_IMPORT_SQL_H

#include "db/tx.h"

/* Lists end with NULL. Checks give (line, text) for each fault. */
struct import_sql {
    size_t columns;
    const char *object;                        /* of the log of changes */
    const struct statement *const *begin;      /* make the temporary tables */
    const struct statement *fill;              /* $1: lines; then the columns */
    const struct statement *const *match;      /* find what is there already */
    const struct statement *const *checks;     /* faults, in any case */
    const struct statement *known;             /* faults unless it is an update */
    const struct statement *const *difference; /* give numbers, list what changes */
    const struct statement *const *write;
    const struct statement *const *afterwards; /* faults that show when all is written */
    const struct statement *export;
};

extern const struct import_sql IMPORT_CUSTOMERS_SQL;
extern const struct import_sql IMPORT_CONTACTS_SQL;

#endif
