/* A mail in a file, for the commands that try what would become of it. */
#ifndef CLI_EML_H
#define CLI_EML_H

#include <glib.h>

#include "cli/cli.h"
#include "desk/records.h"

/* Read the file of a mail.
 *
 * ST_NOT_FOUND  there is none
 * ST_INVALID    it is no file, or larger than any mail */
MUST_CHECK enum status eml_read(const char *path, GBytes **raw_out, struct err *err);

/* The mailbox that a word means; word NULL: 0.
 *
 * ST_NOT_FOUND  there is no such mailbox */
MUST_CHECK enum status eml_find_mailbox(struct cli *cli, const char *word, mailbox_id *mailbox_out,
                                        struct err *err);

#endif
