/* What the files of postdesk mailbox share. */
#ifndef CLI_MAILBOX_ENTRY_H
#define CLI_MAILBOX_ENTRY_H

#include "cli/args.h"
#include "cli/cli.h"
#include "store/account.h"

/* What was typed, in its normal form; what was not said is NULL, or an empty list. */
struct typed {
    char *address;      /* own: as a key */
    GPtrArray *strings; /* own: behind the rest */
    const char *texts[ACCOUNT_TEXTS];
    const char *trust;
    const char *authserv_id;
    GPtrArray *own_hosts; /* own: const char * */
    GPtrArray *aliases;   /* own: const char *, as keys */
};
void typed_init(struct typed *typed);
void typed_clear(struct typed *typed);

/* Read the options that add and set have in common.
 *
 * ST_INVALID  one of them is wrong */
MUST_CHECK enum status typed_read(const struct args *args, struct typed *typed, struct err *err);

/* Can a mailbox be entered: log in by IMAP, and make its folders. */
MUST_CHECK enum status account_try(struct cli *cli, const struct mailbox_entry *entry,
                                   struct err *err);

/* postdesk mailbox check */
enum status account_run_check(struct cli *cli, const struct args *args, struct err *err);

#endif
