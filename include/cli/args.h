/* What a command is and what the words behind it mean: tables, and one parser for all of them. Pure. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "core/err.h"

struct cli;

/* An option, "--name VALUE", "--name=VALUE" or "--name". */
struct flag {
    const char *name;       /* without the dashes */
    const char *value_name; /* NULL: it takes none */
    const char *help;
    bool is_required;
    bool is_repeated; /* may be given more than once */
};

/* The words behind a verb, sorted out. */
struct args {
    GPtrArray *words;  /* own: const char *, borrowed from argv: what is no option */
    GPtrArray *names;  /* own: const char *, borrowed from the table: the options, in their order */
    GPtrArray *values; /* own: const char *, borrowed from argv: their values; NULL without one */
};

typedef enum status (*verb_run)(struct cli *cli, const struct args *args, struct err *err);

/* What can be done: "postdesk NOUN NAME WORDS [OPTIONS]". Tables of verbs and flags end with a row without
 * run and without name. */
struct verb {
    const char *name;  /* "add"; NULL: the noun stands alone */
    const char *words; /* "ADDRESS|ID", for help; "" for none */
    const char *help;  /* one line */
    const char *more;  /* what else there is to say; NULL */
    const struct flag *flags;
    size_t least_words;
    size_t most_words;
    bool is_long; /* what it prints is read page by page on a terminal */
    verb_run run;
};

struct noun {
    const char *name;
    const char *help;
    const struct verb *verbs;
};

/* Sort out the words behind a verb.
 *
 * ST_INVALID  an option that is none (the nearest one is in the hint), one too many or too few */
MUST_CHECK enum status args_parse(const struct verb *verb, char *const *argv, size_t count,
                                  struct args *args, struct err *err);
void args_clear(struct args *args);

/* The i-th word; NULL if there are not so many. */
const char *args_word(const struct args *args, size_t i);

/* The value of an option; NULL if it was not given. */
const char *args_value(const struct args *args, const char *name);
bool args_has(const struct args *args, const char *name);

/* All values of a repeated option: const char *, borrowed; the array is the caller's. */
GPtrArray *args_values(const struct args *args, const char *name);

#endif
