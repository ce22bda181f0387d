/* postdeskd - the daemon: a supervisor, and the roles that it starts
 *
 * Only the table stands here: which roles the daemon has and which function of the gateway each one is.
 * The command line is program.c's, the life of a role role.c's, the supervisor supervise.c's; tests link those
 * with a table of their own (tests/daemon).
 *
 * tend comes first, for it says which mailboxes there are.
 */
#include <glib.h>

#include "daemon/program.h"
#include "gateway/fetch.h"
#include "gateway/hook_send.h"
#include "gateway/intake.h"
#include "gateway/send.h"
#include "gateway/tend.h"

static enum status run_tend(const struct config *config, const struct role_place *place,
                            struct err *err)
{
    return tend_run(config, place->report_fd, err);
}

static enum status run_intake(const struct config *config, const struct role_place *place,
                              struct err *err)
{
    return intake_run(config, place->index, err);
}

static enum status run_send(const struct config *config, const struct role_place *place,
                            struct err *err)
{
    return send_run(config, place->index, err);
}

static enum status run_hook(const struct config *config, const struct role_place *place,
                            struct err *err)
{
    (void)place;
    return hook_send_run(config, err);
}

static enum status run_fetch(const struct config *config, const struct role_place *place,
                             struct err *err)
{
    return fetch_run(config, place->mailbox, err);
}

static const struct role ROLES[] = {
    {.name = "tend", .number = ROLE_ONE, .has_roster = true, .run = run_tend},
    {.name = "intake", .number = ROLE_PER_INTAKE, .run = run_intake},
    {.name = "send", .number = ROLE_PER_SENDER, .run = run_send},
    {.name = "hook", .number = ROLE_ONE, .run = run_hook},
    {.name = "fetch", .number = ROLE_PER_MAILBOX, .run = run_fetch},
};

int main(int argc, char **argv)
{
    const struct role_table table = {.roles = ROLES, .count = G_N_ELEMENTS(ROLES)};
    return program_main(argc, argv, &table);
}
