/* main - postdesk, the command line of a desk
 *
 *     postdesk [OPTIONS] NOUN [VERB] [WORDS] [OPTIONS]
 *
 * Finds noun and verb in their tables, lets the verb run, and says what went wrong: "error:" on the
 * first line, "detail:" for each further one, "hint:" what to do about it, all on stderr; the exit code
 * is that of the status (core/err). --json, --config, --help and --version may stand anywhere.
 *
 * What the commands do stands in the files of their nouns, one each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/pager.h"
#include "core/text.h"

/* What main itself takes out of argv. */
struct invocation {
    GPtrArray *words; /* own: the rest, borrowed from argv */
    bool wants_help;
    bool wants_version;
};

/* Take out the options that every command has. Behind "--" there are none. */
static enum status take_globals(char **argv, struct cli *cli, struct invocation *invocation,
                                struct err *err)
{
    for (char **word = argv; *word != NULL; word++) {
        if (strcmp(*word, "--") == 0) {
            for (; *word != NULL; word++) {
                g_ptr_array_add(invocation->words, *word);
            }
            return ST_OK;
        }
        if (strcmp(*word, "--json") == 0) {
            cli->is_json = true;
        } else if (strcmp(*word, "--help") == 0 || strcmp(*word, "-h") == 0) {
            invocation->wants_help = true;
        } else if (strcmp(*word, "--version") == 0) {
            invocation->wants_version = true;
        } else if (g_str_has_prefix(*word, "--config=")) {
            cli->config_path = *word + strlen("--config=");
        } else if (strcmp(*word, "--config") == 0) {
            if (*++word == NULL) {
                return err_set(err, ST_INVALID, "option \"--config\" needs a value: --config FILE");
            }
            cli->config_path = *word;
        } else {
            g_ptr_array_add(invocation->words, *word);
        }
    }
    return ST_OK;
}

static enum status run_verb(struct cli *cli, const struct verb *verb, char *const *words,
                            size_t count, struct err *err)
{
    struct args args = {NULL};
    enum status status = args_parse(verb, words, count, &args, err);

    if (status == ST_OK && verb->is_long && !cli->is_json) {
        pager_begin();
    }
    if (status == ST_OK) {
        status = verb->run(cli, &args, err);
    }
    args_clear(&args);
    return status;
}

/* Noun and verb, and what comes after them. */
static enum status dispatch(struct cli *cli, const struct invocation *invocation, struct err *err)
{
    char *const *words = (char *const *)invocation->words->pdata;
    size_t count = invocation->words->len;
    const struct noun *noun = NULL;

    if (count == 0) {
        (void)err_set(err, ST_INVALID, "no command was given");
        return err_hint(err, "postdesk --help lists them");
    }
    enum status status = cli_find_noun(words[0], &noun, err);
    if (status != ST_OK) {
        return status;
    }
    const struct verb *verb = noun->verbs;
    size_t used = 1;
    if (verb->name != NULL) {
        if (count == 1) {
            if (invocation->wants_help) {
                help_print_noun(noun);
                return ST_OK;
            }
            (void)err_set(err, ST_INVALID, "%s what?", noun->name);
            return err_hint(err, "postdesk %s --help", noun->name);
        }
        status = cli_find_verb(noun, words[1], &verb, err);
        used = 2;
    }
    if (status == ST_OK && invocation->wants_help) {
        help_print_verb(noun, verb);
        return ST_OK;
    }
    if (status != ST_OK) {
        return status;
    }
    cli->least = cli_role_of(noun->name, verb->name);
    return run_verb(cli, verb, words + used, count - used, err);
}

static enum status run(char **argv, struct cli *cli, struct err *err)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    struct invocation invocation = {.words = words};
    enum status status = take_globals(argv, cli, &invocation, err);

    if (status != ST_OK) {
        return status;
    }
    if (invocation.wants_version) {
        puts("postdesk " POSTDESK_VERSION);
        return ST_OK;
    }
    if (invocation.wants_help && words->len == 0) {
        help_print_all();
        return ST_OK;
    }
    return dispatch(cli, &invocation, err);
}

static void complain(const struct err *err)
{
    g_auto(GStrv) lines = g_strsplit(err->text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = text_one_line(lines[i], sizeof(err->text));
        fprintf(stderr, "%s: %s\n", i == 0 ? "error" : "detail", line);
    }
    if (err->hint[0] != '\0') {
        g_autofree char *hint = text_one_line(err->hint, sizeof(err->hint));
        fprintf(stderr, "hint: %s\n", hint);
    }
}

int main(int argc, char **argv)
{
    struct cli cli = {.is_json = false};
    struct err err = {.status = ST_OK};
    enum status status = run(argc > 0 ? argv + 1 : argv, &cli, &err);

    cli_clear(&cli);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        status = status == ST_OK ? err_set(&err, ST_TEMPFAIL, "could not write the output: %s",
                                           g_strerror(errno))
                                 : status;
    }
    pager_end();
    if (status != ST_OK && err.text[0] != '\0') {
        complain(&err);
    }
    return status == ST_OK ? cli.exit_code : status_exit_code(status);
}
