/* What changes people: the verbs "set" and "address" of postdesk contact and postdesk technician. */
#ifndef CLI_PERSON_SET_H
#define CLI_PERSON_SET_H

#include "cli/cli.h"
#include "store/person_change.h"

/* What options say of a person besides switches; own, NULL what was not given. */
struct person_details {
    char *texts[PERSON_DETAILS];
    GPtrArray *phones; /* char * */
};

/* ST_INVALID  one of them cannot be taken */
MUST_CHECK enum status person_details_read(const struct args *args, struct person_details *details,
                                           struct err *err);
void person_details_clear(struct person_details *details);
/* Let a change have them, borrowed. */
void person_details_give(const struct person_details *details, struct person_change *change);

/* One option for each of them. */
#define PERSON_DETAIL_FLAGS                                                                      \
 {"first-name", "TEXT", "first name", false, false},                                             \
     {"last-name", "TEXT", "last name", false, false},                                           \
     {"job-title", "TEXT", "what he is there", false, false},                                    \
     {"phone", "TEXT", "telephone number; all that are given are all that he has", false, true}, \
     {"language", "en|de|fr|es|it", "in which he is written to, if not as his customer", false,  \
      false},                                                                                    \
     {"zone", "ZONE", "in which he reads dates, if not that of the calendar: Europe/Berlin",     \
      false, false},                                                                             \
     {"signature", "TEXT", "what stands below his answers, in lines", false, false},             \
 {                                                                                               \
  "notes", "TEXT", "what else the desk should know", false, false                                \
 }

extern const struct flag CONTACT_SET_FLAGS[];
extern const struct flag TECHNICIAN_SET_FLAGS[];
extern const struct flag PERSON_ADDRESS_FLAGS[];

MUST_CHECK enum status person_run_contact_set(struct cli *cli, const struct args *args,
                                              struct err *err);
MUST_CHECK enum status person_run_technician_set(struct cli *cli, const struct args *args,
                                                 struct err *err);
MUST_CHECK enum status person_run_contact_address(struct cli *cli, const struct args *args,
                                                  struct err *err);
MUST_CHECK enum status person_run_technician_address(struct cli *cli, const struct args *args,
                                                     struct err *err);

#endif
