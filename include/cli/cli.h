/* What the commands share: config, database, who is calling, and the list of all commands. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "cli/args.h"
#include "core/config.h"
#include "core/err.h"
#include "db/conn.h"
#include "db/tx.h"
#include "store/role.h"

struct cli {
    const char *config_path; /* borrowed: from argv; NULL: the usual place */
    bool is_json;
    enum desk_role least;  /* that the command needs (cli/role) */
    struct config *config; /* own: NULL until cli_config */
    struct conn *conn;     /* own: NULL until cli_connect */
    int exit_code;         /* of a command that succeeded, for monitors */
};

/* Read the config file, the first time. */
MUST_CHECK enum status cli_config(struct cli *cli, struct err *err);

/* Connect to the database, the first time, and check that the caller's role may do what the command does.
 * cli_connect also checks that the schema is this program's.
 *
 * ST_DENIED  the command needs another role; the hint says how to get it */
MUST_CHECK enum status cli_connect(struct cli *cli, struct err *err);
MUST_CHECK enum status cli_connect_unchecked(struct cli *cli, struct err *err);
void cli_clear(struct cli *cli);

/* Connect and begin a read-only transaction. */
MUST_CHECK enum status cli_read(struct cli *cli, struct tx **tx_out, struct err *err);

/* The least role for a command; every one has it. verb is NULL where the noun stands alone. */
enum desk_role cli_role_of(const char *noun, const char *verb);

/* For what only some words of a command need. Statuses as cli_connect's, which came before. */
MUST_CHECK enum status cli_require(struct cli *cli, enum desk_role least, struct err *err);

/* The login user, for activities: "anna"; through sudo the one behind it. Own. */
char *cli_actor(void);

/* "say what was done", for people only: printed unless --json. */
void cli_say(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Say that something was entered, with its number. */
void cli_added(const struct cli *cli, const char *what, int64_t id, const char *name);

/* Say that something was changed: "customer "Acme" changed", {"changed": "Acme"}. */
void cli_changed(const struct cli *cli, const char *what, const char *name);

/* The first word of commands that do both.
 *
 * ST_INVALID  it is neither "add" nor "remove" */
MUST_CHECK enum status cli_add_or_remove(const char *word, bool *is_added_out, struct err *err);

/* The files of src/cli, one noun each. */
extern const struct noun NOUN_AUDIT;
extern const struct noun NOUN_CALENDAR;
extern const struct noun NOUN_CONTACT;
extern const struct noun NOUN_CUSTOMER;
extern const struct noun NOUN_DOCTOR;
extern const struct noun NOUN_EXPORT;
extern const struct noun NOUN_FIELD;
extern const struct noun NOUN_GROUP;
extern const struct noun NOUN_HELD;
extern const struct noun NOUN_HELP;
extern const struct noun NOUN_IMPORT;
extern const struct noun NOUN_KEYS;
extern const struct noun NOUN_LOG;
extern const struct noun NOUN_MAILBOX;
extern const struct noun NOUN_METRICS;
extern const struct noun NOUN_MIGRATE;
extern const struct noun NOUN_QUEUE;
extern const struct noun NOUN_REPLAY;
extern const struct noun NOUN_RULES;
extern const struct noun NOUN_SETTING;
extern const struct noun NOUN_STATUS;
extern const struct noun NOUN_TECHNICIAN;
extern const struct noun NOUN_TICKET;
extern const struct noun NOUN_WHY;
const struct noun *const *cli_nouns(size_t *count_out);

/* ST_INVALID  no such command; the hint names the nearest */
MUST_CHECK enum status cli_find_noun(const char *name, const struct noun **noun_out,
                                     struct err *err);
MUST_CHECK enum status cli_find_verb(const struct noun *noun, const char *name,
                                     const struct verb **verb_out, struct err *err);

/* The options that every command has; ends with a row without name. */
extern const struct flag CLI_GLOBALS[];

/* "ticket set N FIELD=VALUE…": a verb with its words and options. Own. */
char *help_synopsis(const struct noun *noun, const struct verb *verb);

/* Print help: for all, for a noun, for a verb of it. */
void help_print_all(void);
void help_print_noun(const struct noun *noun);
void help_print_verb(const struct noun *noun, const struct verb *verb);

#endif
