/* What changes people: the verbs "set" and "address" of postdesk contact and postdesk technician. */
#ifndef CLI_PERSON_SET_H
#define CLI_PERSON_SET_H

#include "cli/cli.h"

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
