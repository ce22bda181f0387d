/* config - the host's own settings, read from one small file
 *
 * Mailboxes, people and rules live in the database, where all hosts of a desk see them. The file says
 * where that database is and what differs from host to host. SETTINGS is the only list: reading, the
 * defaults, `postdesk help config` and the lint of the README all go by it.
 *
 *     file    = *( [ setting ] [ comment ] LF )
 *     setting = NAME value                      ; a duration may have a blank before its unit
 *     value   = word / string                   ; core/lexer
 *
 * All errors of a file are reported at once. A setting may be given once; there are no defaults from
 * the environment but the path of the file. Secrets stand in files of their own, one a secret, so that
 * systemd can hand them over (LoadCredential) and no config file has to be hidden.
 * I/O: config_load and config_secret read a file each; config_parse is pure.
 */
#include "core/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/lexer.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"

enum { MS = 1000, SECOND = 1000 * MS, MINUTE = 60 * SECOND };

#define AT(member) .offset = offsetof(struct config, member)

static const struct config_setting SETTINGS[] = {
    {"database", "URL", NULL, "where the desk's database is: a libpq connection string or URL",
     AT(database), .kind = CONFIG_TEXT, .is_required = true},
    {"secrets-dir", "PATH", "/etc/postdesk/secrets",
     "the folder with one file a secret; what systemd hands over as credentials comes first",
     AT(secrets_dir), .kind = CONFIG_TEXT},
    {"ca-file", "PATH", NULL, "PEM file with the authorities to trust; without it the system's",
     AT(ca_file), .kind = CONFIG_TEXT},
    {"intakes", "N", "2", "how many processes decide on mails", AT(intakes), 0, 64, CONFIG_COUNT},
    {"senders", "N", "2", "how many processes send", AT(senders), 0, 64, CONFIG_COUNT},
    /* A sender starts no mail with less than 5 s of its lease left: a shorter one would never send. */
    {"lease", "DURATION", "30s", "how long claimed mail stays with a process that says nothing",
     AT(lease_us), 6 * SECOND, 30 * MINUTE, CONFIG_DURATION},
    {"poll", "DURATION", "1s", "how often to look for work although nobody said that there is some",
     AT(poll_us), 10 * MS, MINUTE, CONFIG_DURATION},
    {"restart", "DURATION", "1s", "how long to wait before a process that died is started again",
     AT(restart_us), MS, MINUTE, CONFIG_DURATION},
    {"rules-dir", "PATH", "/etc/postdesk/rules",
     "the folder that postdesk rules takes where none is named", AT(rules_dir),
     .kind = CONFIG_TEXT},
    {"log-level", "LEVEL", "info", "what is logged: error, warning, info or debug", AT(log_level),
     .kind = CONFIG_LEVEL},
};

const struct config_setting *config_settings(size_t *count_out)
{
    *count_out = G_N_ELEMENTS(SETTINGS);
    return SETTINGS;
}

static char **text_member(struct config *config, const struct config_setting *setting)
{
    return (char **)(void *)((char *)config + setting->offset);
}

static int64_t *number_member(struct config *config, const struct config_setting *setting)
{
    return (int64_t *)(void *)((char *)config + setting->offset);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (SETTINGS[i].kind == CONFIG_TEXT || SETTINGS[i].kind == CONFIG_LEVEL) {
            g_free(*text_member(config, &SETTINGS[i]));
        }
    }
    g_free(config);
}

/* "30 min", "6 s", "10 ms": a bound as a person would write it. */
static char *duration_text(int64_t us)
{
    if (us % MINUTE == 0) {
        return g_strdup_printf("%" PRId64 " min", us / MINUTE);
    }
    return us % SECOND == 0 ? g_strdup_printf("%" PRId64 " s", us / SECOND)
                            : g_strdup_printf("%" PRId64 " ms", us / MS);
}

static enum status set_duration(const struct config_setting *setting, const char *value,
                                int64_t *out, struct err *err)
{
    int64_t us = 0;

    if (text_parse_duration(value, &us, err) != ST_OK) {
        return err->status;
    }
    if (us < setting->low || us > setting->high) {
        g_autofree char *low = duration_text(setting->low);
        g_autofree char *high = duration_text(setting->high);
        return err_set(err, ST_INVALID, "\"%s\" is not from %s to %s", value, low, high);
    }
    *out = us;
    return ST_OK;
}

static enum status set_value(struct config *config, const struct config_setting *setting,
                             const char *value, struct err *err)
{
    enum log_level level = LOG_LEVEL_INFO;

    switch (setting->kind) {
    case CONFIG_COUNT:
        return text_parse_int64(value, setting->low, setting->high, number_member(config, setting),
                                err);
    case CONFIG_DURATION:
        return set_duration(setting, value, number_member(config, setting), err);
    case CONFIG_LEVEL:
        if (log_level_parse(value, &level, err) != ST_OK) {
            return err->status;
        }
        break;
    case CONFIG_TEXT:
        if (value[0] == '\0') {
            return err_set(err, ST_INVALID, "the value is empty");
        }
        break;
    }
    g_free(*text_member(config, setting));
    *text_member(config, setting) = g_strdup(value);
    return ST_OK;
}

static const char *nearest_name(const char *name)
{
    const char *nearest = SETTINGS[0].name;
    size_t best = G_MAXSIZE;

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        size_t distance = text_distance(name, SETTINGS[i].name);
        if (distance < best) {
            best = distance;
            nearest = SETTINGS[i].name;
        }
    }
    return nearest;
}

/* What is known while a file is read. */
struct reading {
    struct config *config;                  /* borrowed: from config_parse */
    struct lexer *lexer;                    /* borrowed: from config_parse */
    guint next;                             /* the token that is read next */
    unsigned lines[G_N_ELEMENTS(SETTINGS)]; /* where a setting was given, 0: not yet */
};

static const struct lexer_token *peek(const struct reading *reading)
{
    return reading->lexer->tokens->pdata[reading->next];
}

static bool is_value(const struct lexer_token *token)
{
    return token->kind == LEXER_WORD || token->kind == LEXER_STRING;
}

/* Go to the end of the line; what stood there was complained about. */
static void skip_line(struct reading *reading)
{
    while (peek(reading)->kind != LEXER_NEWLINE && peek(reading)->kind != LEXER_END) {
        reading->next++;
    }
}

/* The value after a name: one token, or two where a duration's unit stands apart. NULL: there is none
 * that can be used, and that was said. */
static char *read_value(struct reading *reading, const struct config_setting *setting,
                        const struct lexer_token **at_out)
{
    const struct lexer_token *first = peek(reading);

    if (!is_value(first)) {
        bool is_missing = first->kind == LEXER_NEWLINE || first->kind == LEXER_END;
        lexer_complain(reading->lexer, first, "%s, expected \"%s %s\"",
                       is_missing ? "the value is missing" : "this is no value", setting->name,
                       setting->value_name);
        return NULL;
    }
    reading->next++;
    *at_out = first;
    const struct lexer_token *second = peek(reading);
    if (setting->kind == CONFIG_DURATION && second->kind == LEXER_WORD) {
        reading->next++;
        return g_strconcat(first->text, " ", second->text, NULL);
    }
    if (second->kind != LEXER_NEWLINE && second->kind != LEXER_END) {
        lexer_complain(reading->lexer, second,
                       "one value a setting; put it in \"quotes\" if it has blanks or signs");
        return NULL;
    }
    return g_strdup(first->text);
}

static void read_setting(struct reading *reading, size_t index, const struct lexer_token *name)
{
    const struct config_setting *setting = &SETTINGS[index];
    const struct lexer_token *at = NULL;
    struct err err = {.status = ST_OK};

    if (reading->lines[index] != 0) {
        lexer_complain(reading->lexer, name, "\"%s\" is already set in line %u", setting->name,
                       reading->lines[index]);
        return;
    }
    reading->lines[index] = name->line;
    g_autofree char *value = read_value(reading, setting, &at);
    if (value != NULL && set_value(reading->config, setting, value, &err) != ST_OK) {
        lexer_complain(reading->lexer, at, "%s: %s", setting->name, err.text);
    }
}

static void read_line(struct reading *reading)
{
    const struct lexer_token *name = peek(reading);

    if (name->kind == LEXER_NEWLINE) {
        return;
    }
    if (name->kind != LEXER_WORD) {
        lexer_complain(reading->lexer, name, "expected the name of a setting");
        return;
    }
    reading->next++;
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (strcmp(name->text, SETTINGS[i].name) == 0) {
            read_setting(reading, i, name);
            return;
        }
    }
    lexer_complain(reading->lexer, name, "unknown setting \"%s\", did you mean \"%s\"?", name->text,
                   nearest_name(name->text));
}

static void set_defaults(struct config *config)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        struct err err = {.status = ST_OK};
        if (SETTINGS[i].default_text != NULL) {
            enum status status = set_value(config, &SETTINGS[i], SETTINGS[i].default_text, &err);
            assert(status == ST_OK);
            (void)status;
        }
    }
}

enum status config_parse(const char *file, const char *text, gsize length,
                         struct config **config_out, struct err *err)
{
    OWNED(lexer) lexer = lexer_new(file, text, length);
    OWNED(config) config = g_new0(struct config, 1);
    struct reading reading = {.config = config, .lexer = lexer};

    set_defaults(config);
    while (peek(&reading)->kind != LEXER_END) {
        read_line(&reading);
        skip_line(&reading);
        reading.next += peek(&reading)->kind == LEXER_NEWLINE ? 1 : 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (SETTINGS[i].is_required && reading.lines[i] == 0) {
            lexer_complain(lexer, peek(&reading), "the setting \"%s\" is missing",
                           SETTINGS[i].name);
        }
    }
    if (lexer_verdict(lexer, err) != ST_OK) {
        return err_hint(err, "\"postdesk help config\" lists all settings");
    }
    *config_out = g_steal_pointer(&config);
    return ST_OK;
}

/* All bytes of a regular file of at most max_bytes. A FIFO or device must not keep us waiting. */
static enum status read_file(const char *path, size_t max_bytes, GString *content, struct err *err)
{
    struct stat info;
    char buffer[4096];
    ssize_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return err_set(err, errno == ENOENT ? ST_NOT_FOUND : ST_FATAL, "could not read \"%s\": %s",
                       path, g_strerror(errno));
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return err_set(err, ST_FATAL, "cannot read \"%s\": not a file", path);
    }
    while (content->len <= max_bytes && (length = read(fd, buffer, sizeof(buffer))) != 0) {
        if (length < 0 && errno != EINTR) {
            break;
        }
        g_string_append_len(content, buffer, length > 0 ? length : 0);
    }
    int read_errno = errno;
    close(fd);
    if (length < 0) {
        return err_set(err, ST_FATAL, "could not read \"%s\": %s", path, g_strerror(read_errno));
    }
    if (content->len > max_bytes) {
        return err_set(err, ST_FATAL, "cannot read \"%s\": larger than %zu bytes", path, max_bytes);
    }
    return ST_OK;
}

enum status config_load(const char *path, struct config **config_out, struct err *err)
{
    const char *named = path != NULL ? path : getenv("POSTDESK_CONFIG");
    const char *file = named != NULL && named[0] != '\0' ? named : CONFIG_DEFAULT_PATH;
    g_autoptr(GString) content = g_string_new(NULL);

    if (read_file(file, LIMIT_CONFIG_BYTES, content, err) != ST_OK) {
        err->status = ST_FATAL;
        return err_hint(err, "name the config file with --config or $POSTDESK_CONFIG");
    }
    return config_parse(file, content->str, content->len, config_out, err);
}

static bool is_secret_name(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > LIMIT_SECRET_NAME_BYTES || name[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(name[i]) && strchr("-_.@", name[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* Where a secret stands: what systemd handed over comes first, by its own name or as one of a folder's files, which
 * LoadCredential=secret:FOLDER calls "secret_NAME"; then secrets-dir. Own. */
static char *secret_path(const struct config *config, const char *name)
{
    const char *handed = getenv("CREDENTIALS_DIRECTORY");

    if (handed != NULL && handed[0] != '\0') {
        g_autofree char *prefixed = g_strconcat("secret_", name, NULL);
        const char *const names[] = {name, prefixed};
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autofree char *path = g_build_filename(handed, names[i], NULL);
            if (access(path, F_OK) == 0) {
                return g_steal_pointer(&path);
            }
        }
    }
    return g_build_filename(config->secrets_dir, name, NULL);
}

static enum status hint_secret(const struct config *config, const char *name, struct err *err)
{
    if (getenv("CREDENTIALS_DIRECTORY") != NULL) {
        return err_hint(err,
                        "a service sees a new secret when it is started again: put \"%s\" into "
                        "\"%s\", then systemctl restart postdeskd",
                        name, config->secrets_dir);
    }
    return err_hint(err, "put the secret \"%s\" into a file of that name in \"%s\"", name,
                    config->secrets_dir);
}

enum status config_secret(const struct config *config, const char *name, char **secret_out,
                          struct err *err)
{
    g_autoptr(GString) content = g_string_new(NULL);

    if (!is_secret_name(name)) {
        (void)err_set(err, ST_INVALID, "\"%s\" cannot be the name of a secret", name);
        return err_hint(err, "use letters, digits, \"-\", \"_\", \".\" and \"@\", no dot in front");
    }
    g_autofree char *path = secret_path(config, name);
    if (read_file(path, LIMIT_SECRET_BYTES, content, err) != ST_OK) {
        return hint_secret(config, name, err);
    }
    if (memchr(content->str, '\0', content->len) != NULL) {
        return err_set(err, ST_FATAL, "cannot use \"%s\": it is no text", path);
    }
    if (g_str_has_suffix(content->str, "\n")) {
        g_string_truncate(content, content->len - 1);
    }
    *secret_out = g_string_free(g_steal_pointer(&content), FALSE);
    return ST_OK;
}
