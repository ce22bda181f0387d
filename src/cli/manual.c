/* manual - the tables of commands as manual pages
 *
 * Writes what scdoc(5) reads. There is no text of a command besides the tables that --help prints, so that both say the
 * same; what stands here is what is the same for all commands: exit codes, environment, files.
 *
 *     postdesk(1)         all commands           postdesk-NOUN(1)   one with all that can be done with it
 *     postdesk.conf(5)    the config file
 *
 * Not here: postdeskd(8) and postdesk-rules(5), which people wrote (systemd/, rules/).
 * Pure.
 */
#include <string.h>

#include "cli/pages.h"
#include "core/config.h"
#include "desk/settings.h"

/* Text in which scdoc sees no marks. */
static void put_text(GString *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("\\*_#`|[]<>~-.", *c) != NULL) {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *c);
    }
}

static void put_bold(GString *out, const char *text)
{
    g_string_append_c(out, '*');
    put_text(out, text);
    g_string_append_c(out, '*');
}

/* What is explained, and indented below it what it means. */
static void put_item(GString *out, const char *name, const char *value, const char *meaning)
{
    put_bold(out, name);
    if (value != NULL && value[0] != '\0') {
        g_string_append_c(out, ' ');
        put_text(out, value);
    }
    g_string_append(out, "\n\t");
    put_text(out, meaning);
    g_string_append(out, "\n\n");
}

/* Paragraphs; lines that are indented stay lines. */
static void put_paragraphs(GString *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool is_literal = false;

    for (size_t i = 0; lines[i] != NULL; i++) {
        bool is_indented = lines[i][0] == ' ';
        if (is_indented != is_literal) {
            g_string_append(out, is_indented ? "\n```\n" : "```\n\n");
            is_literal = is_indented;
        }
        if (is_literal) {
            g_string_append(out, g_strchug(lines[i]));
        } else {
            put_text(out, lines[i]);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, is_literal ? "```\n\n" : "\n");
}

static void put_options(GString *out, const struct flag *flags)
{
    for (const struct flag *flag = flags; flag != NULL && flag->name != NULL; flag++) {
        g_autofree char *name = g_strconcat("--", flag->name, NULL);
        g_autofree char *meaning =
            g_strconcat(flag->help, flag->is_repeated ? "; may be given more than once" : "",
                        flag->is_required ? "; must be given" : "", NULL);
        put_item(out, name, flag->value_name, meaning);
    }
}

static void put_globals(GString *out)
{
    g_string_append(out, "# WITH EVERY COMMAND\n\n");
    put_options(out, CLI_GLOBALS);
}

static void put_ends(GString *out)
{
    g_string_append(out,
                    "# EXIT STATUS\n\n"
                    "*0*\n\tdone\n\n"
                    "*1*\n\tnot found, or there are findings\n\n"
                    "*65*\n\twrong input\n\n"
                    "*75*\n\ttry again later\n\n"
                    "*77*\n\tnot allowed\n\n"
                    "*78*\n\tmisconfigured\n\n"
                    "Errors are lines on standard error: \"error:\", \"detail:\", \"hint:\".\n\n");
}

static void put_see(GString *out, const char *others)
{
    g_string_append_printf(out, "# SEE ALSO\n\n%s\n", others);
}

static void put_verb(GString *out, const struct noun *noun, const struct verb *verb)
{
    g_autofree char *line = help_synopsis(noun, verb);

    if (verb->name != NULL) {
        g_string_append(out, "## postdesk ");
        put_text(out, noun->name);
        g_string_append_c(out, ' ');
        put_text(out, verb->name);
        g_string_append(out, "\n\n");
    }
    put_bold(out, "postdesk");
    g_string_append_c(out, ' ');
    put_text(out, line);
    g_string_append(out, "\n\n");
    put_text(out, verb->help);
    g_string_append(out, "\n\n");
    if (verb->more != NULL) {
        put_paragraphs(out, verb->more);
    }
    put_options(out, verb->flags);
    if (strcmp(noun->name, NOUN_HELP.name) != 0) {
        g_string_append_printf(out, "Needs the role _%s_.\n\n",
                               desk_role_name(cli_role_of(noun->name, verb->name)));
    }
}

static void put_settings(GString *out)
{
    size_t count = 0;
    const struct setting_info *settings = settings_list(&count);

    g_string_append(out,
                    "# SETTINGS\n\nThey stand in the database, the same for all hosts of a desk. "
                    "The default stands in brackets.\n\n");
    for (size_t i = 0; i < count; i++) {
        g_autofree char *meaning = g_strdup_printf("%s (%s)", settings[i].help,
                                                   settings[i].default_text);
        put_item(out, settings[i].name, settings[i].value_name, meaning);
    }
}

void manual_write_noun(const struct noun *noun, GString *out)
{
    g_string_append_printf(out, "postdesk-%s(1)\n\n# NAME\n\npostdesk-%s - ", noun->name,
                           noun->name);
    put_text(out, noun->help);
    g_string_append_printf(out, "\n\n# SYNOPSIS\n\n*postdesk* %s …\n\n# DESCRIPTION\n\n",
                           noun->name);
    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        put_verb(out, noun, verb);
    }
    if (noun == &NOUN_SETTING) {
        put_settings(out);
    }
    put_globals(out);
    put_ends(out);
    put_see(out, noun == &NOUN_RULES ? "*postdesk*(1), *postdesk-rules*(5)" : "*postdesk*(1)");
}

void manual_write_overview(GString *out)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);

    g_string_append(
        out, "postdesk(1)\n\n# NAME\n\npostdesk - the command line of a desk\n\n"
             "# SYNOPSIS\n\n*postdesk* COMMAND …\n\n"
             "# DESCRIPTION\n\n"
             "A desk turns a support mailbox into tickets: *postdeskd*(8) reads and sends the "
             "mail, with *postdesk* one sets the desk up and looks at it.\n\n"
             "Which commands somebody may use is a matter of the database's roles "
             "_postdesk_viewer_, _postdesk_operator_ and _postdesk_admin_, each of which may "
             "what the one before may; the owner of the tables may everything. Each command's "
             "page says which role it needs.\n\n"
             "# COMMANDS\n\n");
    for (size_t i = 0; i < count; i++) {
        g_autofree char *page = g_strdup_printf("postdesk-%s", nouns[i]->name);
        put_bold(out, page);
        g_string_append(out, "(1)\n\t");
        put_text(out, nouns[i]->help);
        g_string_append(out, "\n\n");
    }
    put_globals(out);
    put_ends(out);
    g_string_append(out, "# ENVIRONMENT\n\n"
                         "*POSTDESK\\_CONFIG*\n\tthe config file, where *--config* names none\n\n"
                         "*NO\\_COLOR*\n\tset to anything: no colours on terminals\n\n"
                         "# FILES\n\n_" CONFIG_DEFAULT_PATH
                         "_\n\tthe config file, *postdesk.conf*(5)\n\n"
                         "_/etc/postdesk/secrets_\n\tthe passwords of mailboxes, a file each\n\n"
                         "_/etc/postdesk/rules_\n\trules, *postdesk-rules*(5)\n\n");
    put_see(out, "*postdeskd*(8), *postdesk.conf*(5), *postdesk-rules*(5)");
}

void manual_write_config(GString *out)
{
    size_t count = 0;
    const struct config_setting *settings = config_settings(&count);

    g_string_append(
        out,
        "postdesk.conf(5)\n\n# NAME\n\npostdesk.conf - where the desk's database is\n\n"
        "# SYNOPSIS\n\n_" CONFIG_DEFAULT_PATH "_\n\n# DESCRIPTION\n\n"
        "Says where the database is and what is this host's own; mailboxes, people, rules and "
        "the desk's settings stand in the database, *postdesk*(1). One setting a line, _NAME "
        "VALUE_; a value with blanks or signs stands in \"quotes\"; *\\#* begins a comment. A "
        "duration is a number with ms, s, min, h or d. All mistakes of a file are told at once, "
        "each with its line and column, by *postdeskd --check-config*.\n\n"
        "# SETTINGS\n\n");
    for (size_t i = 0; i < count; i++) {
        g_autofree char *meaning =
            settings[i].default_text == NULL
                ? g_strconcat(settings[i].help, settings[i].is_required ? "; must be set" : "",
                              NULL)
                : g_strdup_printf("%s (%s)", settings[i].help, settings[i].default_text);
        put_item(out, settings[i].name, settings[i].value_name, meaning);
    }
    g_string_append(out, "# EXAMPLE\n\n```\ndatabase \"host=/run/postgresql dbname=postdesk\"\n"
                         "intakes 4          # this host has many cores\n```\n\n");
    put_see(out, "*postdeskd*(8), *postdesk*(1), *postdesk-setting*(1)");
}
