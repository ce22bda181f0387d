/* The command line of postdeskd. */
#ifndef DAEMON_PROGRAM_H
#define DAEMON_PROGRAM_H

#include "core/err.h"
#include "daemon/role.h"

/* main() of a daemon with these roles; gives back the exit code. */
int program_main(int argc, char **argv, const struct role_table *table) MUST_CHECK;

#endif
