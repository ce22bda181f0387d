/* test_config - settings, their defaults, their mistakes; secrets */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "core/config.h"
#include "core/limits.h"

static enum status parse(const char *text, struct config **config_out, struct err *err)
{
    g_autofree char *exact = g_memdup2(text, strlen(text)); /* no NUL: ASan sees any over-read */

    return config_parse("f", exact, strlen(text), config_out, err);
}

Test(config, has_defaults_for_all_but_the_database)
{
    OWNED(config) config = NULL;
    struct err err = {.status = ST_OK};

    cr_assert_eq(parse("database postgresql:///desk\n", &config, &err), ST_OK, "%s", err.text);
    cr_expect_str_eq(config->database, "postgresql:///desk");
    cr_expect_str_eq(config->secrets_dir, "/etc/postdesk/secrets");
    cr_expect_null(config->ca_file);
    cr_expect_eq(config->intakes, 2);
    cr_expect_eq(config->senders, 2);
    cr_expect_eq(config->lease_us, 30000000);
    cr_expect_eq(config->poll_us, 1000000);
    cr_expect_eq(config->restart_us, 1000000);
    cr_expect_str_eq(config->log_level, "info");
    cr_expect_str_eq(config->rules_dir, "/etc/postdesk/rules");
}

Test(config, takes_every_setting)
{
    OWNED(config) config = NULL;
    struct err err = {.status = ST_OK};
    static const char TEXT[] = "# this host\n"
                               "database \"host=/tmp dbname=desk\" # quoted: it has signs\n"
                               "secrets-dir /etc/s\n"
                               "ca-file /etc/ca.pem\n"
                               "intakes 4\n"
                               "\n"
                               "senders 0\n"
                               "lease 1 min\n"
                               "poll 50ms\n"
                               "restart 20 ms\n"
                               "rules-dir /srv/rules\n"
                               "log-level debug";

    cr_assert_eq(parse(TEXT, &config, &err), ST_OK, "%s", err.text);
    cr_expect_str_eq(config->database, "host=/tmp dbname=desk");
    cr_expect_str_eq(config->secrets_dir, "/etc/s");
    cr_expect_str_eq(config->ca_file, "/etc/ca.pem");
    cr_expect_eq(config->intakes, 4);
    cr_expect_eq(config->senders, 0);
    cr_expect_eq(config->lease_us, 60000000);
    cr_expect_eq(config->poll_us, 50000);
    cr_expect_eq(config->restart_us, 20000);
    cr_expect_str_eq(config->log_level, "debug");
}

#define DB "database x\n"

static const struct {
    const char *text;
    const char *want;
} MISTAKES[] = {
    {"", "f:1:1: the setting \"database\" is missing"},
    {DB "intake 3", "f:2:1: unknown setting \"intake\", did you mean \"intakes\"?"},
    {DB "loglevel info", "f:2:1: unknown setting \"loglevel\", did you mean \"log-level\"?"},
    {DB "leese 30s", "f:2:1: unknown setting \"leese\", did you mean \"lease\"?"},
    {DB "intakes", "f:2:8: the value is missing, expected \"intakes N\""},
    {DB "intakes\nsenders 2", "f:2:8: the value is missing, expected \"intakes N\""},
    {DB "intakes = 3", "f:2:9: this is no value, expected \"intakes N\""},
    {DB "intakes 3 4",
     "f:2:11: one value a setting; put it in \"quotes\" if it has blanks or signs"},
    {DB "intakes 99", "f:2:9: intakes: \"99\" is not a whole number from 0 to 64"},
    {DB "intakes x", "f:2:9: intakes: \"x\" is not a whole number from 0 to 64"},
    {DB "lease 1s", "f:2:7: lease: \"1s\" is not from 6 s to 30 min"},
    {DB "lease 3h", "f:2:7: lease: \"3h\" is not from 6 s to 30 min"},
    {DB "lease soon", "f:2:7: lease: \"soon\" is not a duration"},
    {DB "poll 1 ms", "f:2:6: poll: \"1 ms\" is not from 10 ms to 1 min"},
    {DB "log-level loud",
     "f:2:11: log-level: \"loud\" is not a log level: error, warning, info or debug"},
    {DB "ca-file \"\"", "f:2:9: ca-file: the value is empty"},
    {DB "senders 1\nsenders 2", "f:3:1: \"senders\" is already set in line 2"},
    {DB "\"senders\" 1", "f:2:1: expected the name of a setting"},
    {DB "{ senders 1 }", "f:2:1: expected the name of a setting"},
    {DB "ca-file \"x", "f:2:9: this string does not end on its line"},
    {"intakes x\nsenders\nfoo 1", "f:1:9: intakes: \"x\" is not a whole number from 0 to 64\n"
                                  "f:2:8: the value is missing, expected \"senders N\"\n"
                                  "f:3:1: unknown setting \"foo\", did you mean \"poll\"?\n"
                                  "f:3:6: the setting \"database\" is missing"},
};

Test(config, says_where_each_mistake_is_and_how_to_mend_it)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MISTAKES); i++) {
        OWNED(config) config = NULL;
        struct err err = {.status = ST_OK};
        enum status status = parse(MISTAKES[i].text, &config, &err);
        cr_expect_eq(status, ST_FATAL, "\"%s\": got %s", MISTAKES[i].text, status_name(status));
        cr_expect_str_eq(err.text, MISTAKES[i].want, "\"%s\": got %s, want %s", MISTAKES[i].text,
                         err.text, MISTAKES[i].want);
        cr_expect_str_eq(err.hint, "\"postdesk help config\" lists all settings");
        cr_expect_null(config);
    }
}

Test(config, has_a_value_name_and_a_help_text_for_every_setting)
{
    size_t count = 0;
    const struct config_setting *settings = config_settings(&count);

    cr_assert_eq(count, 10);
    for (size_t i = 0; i < count; i++) {
        cr_expect(settings[i].value_name != NULL && settings[i].help[0] != '\0', "%s",
                  settings[i].name);
    }
}

/* A scratch folder for the tests that read files; gone with its files at the end of the test. */
static char *folder;

static void make_folder(void)
{
    folder = g_strdup("/tmp/postdesk-config-XXXXXX");
    cr_assert_not_null(g_mkdtemp(folder));
}

static char *write_file(const char *name, const char *content, gssize length)
{
    char *path = g_build_filename(folder, name, NULL);

    cr_assert(g_file_set_contents(path, content, length, NULL));
    return path;
}

static void remove_folder(void)
{
    GDir *entries = g_dir_open(folder, 0, NULL);

    for (const char *name = NULL; (name = g_dir_read_name(entries)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        unlink(path);
    }
    g_dir_close(entries);
    rmdir(folder);
    g_free(folder);
}

TestSuite(config_files, .init = make_folder, .fini = remove_folder);

Test(config_files, loads_the_file_that_is_named_or_the_one_of_the_environment)
{
    g_autofree char *one = write_file("one", "database one\n", -1);
    g_autofree char *two = write_file("two", "database two\n", -1);
    struct err err = {.status = ST_OK};
    OWNED(config) named = NULL;
    OWNED(config) other = NULL;

    setenv("POSTDESK_CONFIG", two, 1);
    cr_assert_eq(config_load(one, &named, &err), ST_OK, "%s", err.text);
    cr_assert_eq(config_load(NULL, &other, &err), ST_OK, "%s", err.text);
    cr_expect_str_eq(named->database, "one");
    cr_expect_str_eq(other->database, "two");
}

Test(config_files, does_not_load_what_is_missing_too_large_or_no_file)
{
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    g_autofree char *big = g_strnfill(LIMIT_CONFIG_BYTES + 1, '#');
    g_autofree char *large = write_file("large", big, -1);
    g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    const struct {
        const char *path;
        const char *want;
    } cases[] = {{missing, "No such file"},
                 {large, "larger than"},
                 {folder, "not a file"},
                 {pipe, "not a file"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        OWNED(config) config = NULL;
        struct err err = {.status = ST_OK};
        cr_expect_eq(config_load(cases[i].path, &config, &err), ST_FATAL);
        cr_expect_eq(err.status, ST_FATAL);
        cr_expect_not_null(strstr(err.text, cases[i].want), "%s", err.text);
        cr_expect_not_null(strstr(err.text, cases[i].path), "%s", err.text);
    }
}

static const struct {
    const char *name;
    const char *content; /* NULL: no such file */
    gssize length;
    enum status want;
    const char *want_secret;
} SECRETS[] = {
    {"imap.support", "s3cret\n", -1, ST_OK, "s3cret"},
    {"no-line-feed", "s3cret", -1, ST_OK, "s3cret"},
    {"only-one-line-feed-goes", "s3cret \n\n", -1, ST_OK, "s3cret \n"},
    {"a_b-c.d@e", "x", -1, ST_OK, "x"},
    {"empty", "", -1, ST_OK, ""},
    {"with-nul", "a\0b", 3, ST_FATAL, NULL},
    {"missing", NULL, 0, ST_NOT_FOUND, NULL},
    {"", NULL, 0, ST_INVALID, NULL},
    {".hidden", NULL, 0, ST_INVALID, NULL},
    {"..", NULL, 0, ST_INVALID, NULL},
    {"../etc/passwd", NULL, 0, ST_INVALID, NULL},
    {"a/b", NULL, 0, ST_INVALID, NULL},
    {"a b", NULL, 0, ST_INVALID, NULL},
    {"a\nb", NULL, 0, ST_INVALID, NULL},
    {"\xC3\xA9", NULL, 0, ST_INVALID, NULL},
};

Test(config_files, reads_secrets_by_strict_names)
{
    const struct config config = {.secrets_dir = folder};

    for (size_t i = 0; i < G_N_ELEMENTS(SECRETS); i++) {
        g_autofree char *secret = NULL;
        struct err err = {.status = ST_OK};
        if (SECRETS[i].content != NULL) {
            g_free(write_file(SECRETS[i].name, SECRETS[i].content, SECRETS[i].length));
        }
        enum status status = config_secret(&config, SECRETS[i].name, &secret, &err);
        cr_expect_eq(status, SECRETS[i].want, "\"%s\": got %s", SECRETS[i].name,
                     status_name(status));
        cr_expect_eq(g_strcmp0(secret, SECRETS[i].want_secret), 0, "\"%s\": got %s",
                     SECRETS[i].name, secret != NULL ? secret : "none");
    }
}

Test(config_files, reads_secrets_up_to_the_limit)
{
    const struct config config = {.secrets_dir = folder};
    struct err err = {.status = ST_OK};
    g_autofree char *just = g_strnfill(LIMIT_SECRET_BYTES, 'x');
    g_autofree char *more = g_strnfill(LIMIT_SECRET_BYTES + 1, 'x');
    g_autofree char *secret = NULL;
    g_autofree char *none = NULL;

    g_free(write_file("just", just, -1));
    g_free(write_file("more", more, -1));
    cr_expect_eq(config_secret(&config, "just", &secret, &err), ST_OK);
    cr_expect_str_eq(secret, just);
    cr_expect_eq(config_secret(&config, "more", &none, &err), ST_FATAL);
}

Test(config_files, prefers_secrets_that_systemd_handed_over)
{
    const struct {
        const char *name;
        const char *handed; /* systemd's folder; NULL: no service */
        const char *own;    /* secrets-dir */
        const char *want;   /* NULL: there is none */
        const char *want_hint;
    } cases[] = {
        {"plain", folder, "/nowhere", "1", NULL},   /* LoadCredential=plain:FILE */
        {"support", folder, "/nowhere", "2", NULL}, /* LoadCredential=secret:FOLDER */
        {"plain", "/nowhere", folder, "1", NULL},
        {"support", NULL, folder, NULL, "put the secret"},
        {"new", folder, "/nowhere", NULL, "restart postdeskd"},
    };

    g_free(write_file("plain", "1\n", -1));
    g_free(write_file("secret_support", "2\n", -1));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct config config = {.secrets_dir = (char *)cases[i].own};
        struct err err = {.status = ST_OK};
        g_autofree char *secret = NULL;
        unsetenv("CREDENTIALS_DIRECTORY");
        if (cases[i].handed != NULL) {
            setenv("CREDENTIALS_DIRECTORY", cases[i].handed, 1);
        }
        enum status status = config_secret(&config, cases[i].name, &secret, &err);
        cr_expect_eq(status, cases[i].want != NULL ? ST_OK : ST_NOT_FOUND, "%zu: got %s", i,
                     status_name(status));
        cr_expect_eq(g_strcmp0(secret, cases[i].want), 0, "%zu: got %s", i, secret);
        cr_expect(cases[i].want_hint == NULL || strstr(err.hint, cases[i].want_hint) != NULL,
                  "%zu: hint %s", i, err.hint);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
}
