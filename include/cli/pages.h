/* What the tables say, for others than --help: manual pages (as scdoc reads them) and completion of shells. Pure. */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include <glib.h>

#include "cli/cli.h"

/* Append the source of postdesk(1), which lists all commands. */
void manual_write_overview(GString *out);

/* Append the source of postdesk-NOUN(1). */
void manual_write_noun(const struct noun *noun, GString *out);

/* Append the source of postdesk.conf(5). */
void manual_write_config(GString *out);

/* Append the completion of postdesk for bash, for zsh. */
void completion_write_bash(GString *out);
void completion_write_zsh(GString *out);

#endif
