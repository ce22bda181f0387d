/* What rules have to know of the desk besides people, tickets and the calendar. Part of the records of a mail, and stored
 * with them. */
#ifndef DESK_RULE_RECORDS_H
#define DESK_RULE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct rules;

struct group_record {
    int64_t id;
    char *name;        /* own */
    int64_t last_pick; /* who got the last ticket by turns; 0: nobody yet */
};

/* A status of the desk's own. */
struct status_record {
    char *name;  /* own */
    int maps_to; /* enum ticket_status */
};

/* A customer that a rule names. */
struct customer_name_record {
    char *name; /* own: as the rule says it */
    int64_t id; /* 0: there is none */
};

struct load_record {
    int64_t person;  /* a technician */
    int64_t tickets; /* of his, that are not done */
};

struct rule_records {
    const struct rules *rules; /* borrowed, not stored; NULL: there are none */
    int64_t version;           /* of the rules that were live; -1: none were asked */
    GPtrArray *groups;         /* own: struct group_record: all */
    GPtrArray *statuses;       /* own: struct status_record: all */
    GPtrArray *customers;      /* own: struct customer_name_record: those that were looked for */
    GArray
        *tickets;   /* int64_t: numbers that were looked for; those that exist are in the records */
    bool has_loads; /* they were looked for */
    GArray *loads;  /* struct load_record: who has none may be missing */
};

void rule_records_init(struct rule_records *records);
void rule_records_done(struct rule_records *records);

void rule_records_add_group(struct rule_records *records, int64_t id, const char *name,
                            int64_t last_pick);
void rule_records_add_status(struct rule_records *records, const char *name, int maps_to);
void rule_records_add_customer(struct rule_records *records, const char *name, int64_t id);

/* NULL: there is none, or of a customer: it was not looked for. Names in any letter case; borrowed. */
const struct group_record *rule_records_group(const struct rule_records *records, int64_t id);
const struct group_record *rule_records_group_named(const struct rule_records *records,
                                                    const char *name);
const struct status_record *rule_records_status_named(const struct rule_records *records,
                                                      const char *name);
const struct customer_name_record *rule_records_customer_named(const struct rule_records *records,
                                                               const char *name);

/* For storing: version · groups · statuses · customers · tickets · has_loads, loads. */
#define RULE_RECORDS_TYPE "(xa(xsx)a(si)a(sx)axba(xx))"
GVariant *rule_records_to_variant(const struct rule_records *records);
/* value is of that type; what records held is kept. false: it holds an unknown word. */
bool rule_records_read(GVariant *value, struct rule_records *records);

#endif
