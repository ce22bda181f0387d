/* test_args - the words of the command line are sorted out by tables */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "cli/args.h"
#include "core/text.h"

static enum status never_run(struct cli *cli, const struct args *args, struct err *err)
{
    (void)cli;
    (void)args;
    return err_set(err, ST_FATAL, "never run");
}

static const struct flag FLAGS[] = {
    {"domain", "D", "a domain", true, true},
    {"name", "NAME", "a name", false, false},
    {"force", NULL, "no value", false, false},
    {NULL, NULL, NULL, false, false},
};
static const struct verb VERB = {.name = "add",
                                 .words = "NAME",
                                 .help = "",
                                 .flags = FLAGS,
                                 .least_words = 1,
                                 .most_words = 2,
                                 .run = never_run};

enum { MAX_WORDS = 8 };

static const struct {
    const char *name;
    const char *words[MAX_WORDS];
    enum status want;
    const char *want_text; /* in the error or its hint; else words "A B", then domains, then name */
} CASES[] = {
    {"options behind", {"a", "--domain", "x", "--name", "n"}, ST_OK, "a|x|n"},
    {"options before and between", {"--domain=x", "a", "--force", "b"}, ST_OK, "a b|x|-"},
    {"repeated", {"a", "--domain", "x", "--domain=y"}, ST_OK, "a|x y|-"},
    {"an empty value", {"a", "--domain", "x", "--name="}, ST_OK, "a|x|"},
    {"a value that looks like an option", {"a", "--domain", "--name"}, ST_OK, "a|--name|-"},
    {"a dash is a word", {"-", "--domain", "x"}, ST_OK, "-|x|-"},
    {"behind -- all are words", {"--domain", "x", "--", "--name", "-b"}, ST_OK, "--name -b|x|-"},
    {"unknown, near", {"a", "--domian", "x"}, ST_INVALID, "did you mean \"--domain\""},
    {"unknown, far", {"a", "--zzzzzzzzzz"}, ST_INVALID, "--help"},
    {"no abbreviations", {"a", "--dom", "x"}, ST_INVALID, "unknown option \"--dom\""},
    {"no short options", {"a", "-d", "x"}, ST_INVALID, "unknown option \"-d\""},
    {"value missing", {"a", "--domain"}, ST_INVALID, "needs a value"},
    {"value too much", {"a", "--domain", "x", "--force=1"}, ST_INVALID, "takes no value"},
    {"twice", {"a", "--domain", "x", "--name", "n", "--name", "m"}, ST_INVALID, "only once"},
    {"required", {"a"}, ST_INVALID, "\"--domain D\" is missing"},
    {"too few words", {"--domain", "x"}, ST_INVALID, "needed: NAME"},
    {"too many words", {"a", "b", "c", "--domain", "x"}, ST_INVALID, "\"c\" is one word too many"},
};

static void join(GString *text, const GPtrArray *words)
{
    for (size_t i = 0; i < words->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : " ",
                               (const char *)g_ptr_array_index(words, i));
    }
}

static char *describe(const struct args *args)
{
    g_autoptr(GString) text = g_string_new("");
    g_autoptr(GPtrArray) domains = args_values(args, "domain");
    const char *name = args_value(args, "name");

    join(text, args->words);
    g_string_append_c(text, '|');
    join(text, domains);
    g_string_append_printf(text, "|%s", name == NULL ? "-" : name);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

Test(args, are_sorted_out_by_the_table)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct args args = {NULL};
        struct err err = {.status = ST_OK};
        char *words[MAX_WORDS] = {NULL};
        size_t count = 0;

        for (; count < MAX_WORDS && CASES[i].words[count] != NULL; count++) {
            words[count] = g_strdup(CASES[i].words[count]); /* exact: ASan sees any over-read */
        }
        enum status got = args_parse(&VERB, words, count, &args, &err);
        cr_expect_eq(got, CASES[i].want, "%s: got %s: %s", CASES[i].name, status_name(got),
                     err.text);
        g_autofree char *said = got == ST_OK ? describe(&args)
                                             : g_strconcat(err.text, " ", err.hint, NULL);
        cr_expect(got == ST_OK ? strcmp(said, CASES[i].want_text) == 0
                               : strstr(said, CASES[i].want_text) != NULL,
                  "%s: got \"%s\"", CASES[i].name, said);
        args_clear(&args);
        for (size_t j = 0; j < count; j++) {
            g_free(words[j]);
        }
    }
}

Test(args, the_nearest_name_is_near)
{
    const char *const names[] = {"customer", "contact", "ticket"};
    cr_expect_str_eq(text_nearest("custmer", names, 3), "customer");
    cr_expect_str_eq(text_nearest("tickets", names, 3), "ticket");
    cr_expect_null(text_nearest("xyz", names, 3));
    cr_expect_null(text_nearest("", names, 3));
}
