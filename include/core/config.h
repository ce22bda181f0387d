/* The config file: where the database is and what is this host's own. Everything else lives in the
 * database. One line a setting, "NAME VALUE": the table in config.c is the only list of them, and
 * `postdesk help config` and the README print it. Unknown names are refused, with the nearest known one. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

#define CONFIG_DEFAULT_PATH "/etc/postdesk/postdesk.conf"

struct config {
    char *database;     /* own: libpq connection string */
    char *secrets_dir;  /* own: a file a secret; those in $CREDENTIALS_DIRECTORY come first */
    char *ca_file;      /* own: PEM with the CAs to trust; NULL: the system's */
    int64_t intakes;    /* intake roles on this host */
    int64_t senders;    /* send roles on this host */
    int64_t lease_us;   /* how long claimed mail stays with its intake or sender */
    int64_t poll_us;    /* the net under NOTIFY and IDLE */
    int64_t restart_us; /* first back-off of the supervisor */
    char *log_level;    /* own: error, warning, info, debug */
    char *rules_dir;    /* own: where an admin writes rules; for the command line */
};

enum config_kind { CONFIG_TEXT, CONFIG_COUNT, CONFIG_DURATION, CONFIG_LEVEL };

/* One row of the table of settings, for help texts and the lint. The second half is config.c's own. */
struct config_setting {
    const char *name;
    const char *value_name;   /* "URL", "PATH", "N", "DURATION", "LEVEL" */
    const char *default_text; /* NULL: none; what then happens is said by help */
    const char *help;
    size_t offset; /* of the member in struct config */
    int64_t low;   /* of a count, or a duration in microseconds */
    int64_t high;
    enum config_kind kind;
    bool is_required;
};
const struct config_setting *config_settings(size_t *count_out);

/* Read a file (path NULL: $POSTDESK_CONFIG, else CONFIG_DEFAULT_PATH).
 *
 * ST_FATAL  not readable or wrong; the text names file, line and column of every error */
MUST_CHECK enum status config_load(const char *path, struct config **config_out, struct err *err);

/* The same from text; file is the name for messages. Pure. */
MUST_CHECK enum status config_parse(const char *file, const char *text, gsize length,
                                    struct config **config_out, struct err *err);
void config_free(struct config *config);
DEFINE_OWNED(config, config_free)

/* The content of a secret of this host, without the line feed at its end: a credential that systemd handed over (NAME or
 * secret_NAME), else a file in secrets-dir. The name may hold only
 * letters, digits, "-", "_", "." and "@" and must not begin with a dot.
 *
 * ST_INVALID    the name is none
 * ST_NOT_FOUND  there is no such file
 * ST_FATAL      the file is not readable, too large or binary */
MUST_CHECK enum status config_secret(const struct config *config, const char *name,
                                     char **secret_out, struct err *err);

#endif
