/* The verbs of postdesk rules that do not read a folder, and what they share with those that do. */
#ifndef CLI_RULES_VERBS_H
#define CLI_RULES_VERBS_H

#include <jansson.h>

#include "cli/cli.h"

MUST_CHECK enum status rules_run_try(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status rules_run_history(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status rules_run_diff(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status rules_run_rollback(struct cli *cli, const struct args *args,
                                          struct err *err);
MUST_CHECK enum status rules_run_show(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status rules_run_stats(struct cli *cli, const struct args *args, struct err *err);
MUST_CHECK enum status rules_run_hooks(struct cli *cli, const struct args *args, struct err *err);

/* One line a file of what rules_compare found, for people. */
void rules_say_changes(const json_t *changes);

/* Say which version is live now, and what it changed; the same as before: nothing has. Takes the reference. */
void rules_say_live(const struct cli *cli, int64_t before, int64_t version, json_t *changes);

#endif
