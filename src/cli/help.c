/* help - what the tables say, for people
 *
 * There is no help text besides the tables of nouns, verbs, options, config and settings: what can be done
 * and what is explained cannot drift apart.
 * I/O: stdout.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/config.h"
#include "core/text.h"
#include "desk/settings.h"

enum { TEXT_COLUMN = 26, WIDTH = 78 };

static void print_indented(const char *left, const char *text)
{
    size_t used = 2 + text_columns(left);

    printf("  %s", left);
    if (used + 2 > TEXT_COLUMN) {
        putchar('\n');
        used = 0;
    }
    printf("%*s", (int)(TEXT_COLUMN - used), "");
    size_t column = TEXT_COLUMN;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t length = text_columns(words[i]);
        if (i > 0 && column + 1 + length > WIDTH) {
            printf("\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (i > 0) {
            putchar(' ');
            column++;
        }
        fputs(words[i], stdout);
        column += length;
    }
    putchar('\n');
}

const struct flag CLI_GLOBALS[] = {
    {"json", NULL, "print JSON, for programs", false, false},
    {"config", "FILE", "read this config file, instead of $POSTDESK_CONFIG or " CONFIG_DEFAULT_PATH,
     false, false},
    {"help", NULL, "explain the command", false, false},
    {NULL, NULL, NULL, false, false},
};

static void print_flags(const struct flag *flags)
{
    for (const struct flag *flag = flags; flag != NULL && flag->name != NULL; flag++) {
        g_autofree char *left = g_strdup_printf("--%s %s", flag->name,
                                                flag->value_name == NULL ? "" : flag->value_name);
        g_strchomp(left);
        print_indented(left, flag->help);
    }
}

static void print_global_options(void)
{
    puts("\nWith every command:");
    print_flags(CLI_GLOBALS);
}

void help_print_all(void)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);

    puts("usage: postdesk COMMAND …\n\nThe command line of a desk.\n");
    for (size_t i = 0; i < count; i++) {
        print_indented(nouns[i]->name, nouns[i]->help);
    }
    print_global_options();
    print_indented("--version", "print the version");
    puts("\nExit codes: 0 done, 1 not found (or findings), 65 wrong input, 75 try again later,\n"
         "77 not allowed, 78 misconfigured.");
}

char *help_synopsis(const struct noun *noun, const struct verb *verb)
{
    g_autoptr(GString) text = g_string_new(noun->name);

    if (verb->name != NULL) {
        g_string_append_printf(text, " %s", verb->name);
    }
    if (verb->words[0] != '\0') {
        g_string_append_printf(text, " %s", verb->words);
    }
    for (const struct flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        g_string_append_printf(text, flag->is_required ? " --%s" : " [--%s", flag->name);
        if (flag->value_name != NULL) {
            g_string_append_printf(text, " %s", flag->value_name);
        }
        g_string_append(text, flag->is_required ? "" : "]");
        g_string_append(text, flag->is_repeated ? "…" : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void help_print_verb(const struct noun *noun, const struct verb *verb)
{
    g_autofree char *line = help_synopsis(noun, verb);

    printf("usage: postdesk %s\n\n%s\n", line, verb->help);
    if (verb->more != NULL) {
        printf("\n%s\n", verb->more);
    }
    if (verb->flags != NULL && verb->flags->name != NULL) {
        putchar('\n');
    }
    print_flags(verb->flags);
    print_global_options();
    if (strcmp(noun->name, "help") != 0) {
        printf("\nNeeds the role %s.\n", desk_role_name(cli_role_of(noun->name, verb->name)));
    }
}

void help_print_noun(const struct noun *noun)
{
    if (noun->verbs->name == NULL) {
        help_print_verb(noun, noun->verbs);
        return;
    }
    printf("usage: postdesk %s …\n\n%s\n\n", noun->name, noun->help);
    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        g_autofree char *left = g_strdup_printf("%s %s", verb->name, verb->words);
        g_strchomp(left);
        print_indented(left, verb->help);
    }
    print_global_options();
}

static void print_config(void)
{
    size_t count = 0;
    const struct config_setting *settings = config_settings(&count);

    puts("The config file: one line a setting, \"NAME VALUE\"; \"#\" begins a comment.\n");
    for (size_t i = 0; i < count; i++) {
        g_autofree char *left = g_strdup_printf("%s %s", settings[i].name, settings[i].value_name);
        g_autofree char *text = settings[i].default_text == NULL
                                    ? g_strdup_printf("%s%s", settings[i].help,
                                                      settings[i].is_required ? " (needed)" : "")
                                    : g_strdup_printf("%s (%s)", settings[i].help,
                                                      settings[i].default_text);
        print_indented(left, text);
    }
}

static void print_settings(void)
{
    size_t count = 0;
    const struct setting_info *settings = settings_list(&count);

    puts("Settings of the desk: postdesk setting set NAME VALUE\n");
    for (size_t i = 0; i < count; i++) {
        g_autofree char *left = g_strdup_printf("%s %s", settings[i].name, settings[i].value_name);
        g_autofree char *text = g_strdup_printf("%s (%s)", settings[i].help,
                                                settings[i].default_text);
        print_indented(left, text);
    }
}

static enum status run_help(struct cli *cli, const struct args *args, struct err *err)
{
    const char *topic = args_word(args, 0);
    const struct noun *noun = NULL;
    const struct verb *verb = NULL;

    (void)cli;
    if (topic == NULL) {
        help_print_all();
        return ST_OK;
    }
    if (strcmp(topic, "config") == 0) {
        print_config();
        return ST_OK;
    }
    if (strcmp(topic, "settings") == 0) {
        print_settings();
        return ST_OK;
    }
    enum status status = cli_find_noun(topic, &noun, err);
    if (status != ST_OK || args_word(args, 1) == NULL || noun->verbs->name == NULL) {
        if (status == ST_OK) {
            help_print_noun(noun);
        }
        return status;
    }
    status = cli_find_verb(noun, args_word(args, 1), &verb, err);
    if (status == ST_OK) {
        help_print_verb(noun, verb);
    }
    return status;
}

static const struct verb VERBS[] = {
    {.words = "[config|settings|COMMAND]",
     .help = "explain the config file, the settings or a command",
     .most_words = 2,
     .run = run_help},
    {.run = NULL},
};

const struct noun NOUN_HELP = {"help", "explain the config file, the settings or a command", VERBS};
