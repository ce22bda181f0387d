/* completion - the tables of commands as completion of bash and zsh
 *
 * A table is written out as shell code: which commands there are, what can be done with each, which options that has and
 * which words an option takes. Only what the tables know is offered ("yes", "no", files); names of people and
 * tickets are not, for that would ask the database at each key.
 *
 * Words that can be chosen stand in the tables as "add|remove" or "yes|no|default"; parts in capitals stand for what
 * one types himself; FILE, PATH and DIR are files.
 * Pure.
 */
#include <string.h>

#include "cli/pages.h"

/* The words that one of "yes|no|NAME" can be, each with a blank in front; files: "FILES". NULL: nothing is known. Own. */
static char *choices_of(const char *value_name)
{
    g_auto(GStrv) parts = g_strsplit(value_name, "|", -1);
    g_autoptr(GString) words = g_string_new(NULL);

    for (size_t i = 0; parts[i] != NULL; i++) {
        g_strdelimit(parts[i], "[]", ' ');
        g_strstrip(parts[i]);
        bool is_word = parts[i][0] != '\0';
        for (const char *c = parts[i]; *c != '\0'; c++) {
            is_word = is_word && (g_ascii_islower(*c) || g_ascii_isdigit(*c) || *c == '-');
        }
        if (is_word) {
            g_string_append_printf(words, " %s", parts[i]);
        } else if (strcmp(parts[i], "COMMAND") == 0) {
            size_t count = 0;
            const struct noun *const *nouns = cli_nouns(&count);
            for (size_t n = 0; n < count; n++) {
                g_string_append_printf(words, " %s", nouns[n]->name);
            }
        } else if (g_str_has_prefix(parts[i], "FILE") || strcmp(parts[i], "PATH") == 0 ||
                   strcmp(parts[i], "DIR") == 0) {
            return g_strdup("FILES");
        }
    }
    return words->len == 0 ? NULL : g_string_free(g_steal_pointer(&words), FALSE);
}

/* ---- bash -------------------------------------------------------------------------------------- */

/* "why" or "ticket set": what the words behind belong to. Own. */
static char *key_of(const struct noun *noun, const struct verb *verb)
{
    return verb->name == NULL ? g_strdup(noun->name)
                              : g_strconcat(noun->name, " ", verb->name, NULL);
}

static void put_row(GString *out, const char *key, const char *what, const char *offer)
{
    if (offer != NULL) {
        g_string_append_printf(out, "    \"%s:%s\") echo \"%s\" ;;\n", key, what, offer);
    }
}

static void put_bash_verb(GString *out, const struct noun *noun, const struct verb *verb)
{
    g_autofree char *key = key_of(noun, verb);
    g_autoptr(GString) options = g_string_new(NULL);
    g_autoptr(GString) valued = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(verb->words, " ", -1);

    for (const struct flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        g_autofree char *name = g_strconcat("--", flag->name, NULL);
        g_string_append_printf(options, " %s", name);
        if (flag->value_name != NULL) {
            g_autofree char *offer = choices_of(flag->value_name);
            g_string_append_printf(valued, " %s", name);
            put_row(out, key, name, offer);
        }
    }
    put_row(out, key, "options", options->len == 0 ? NULL : options->str);
    put_row(out, key, "valued", valued->len == 0 ? NULL : valued->str);
    for (size_t i = 0; words[i] != NULL; i++) {
        g_autofree char *place = g_strdup_printf("%zu", i);
        g_autofree char *offer = choices_of(words[i]);
        put_row(out, key, place, offer);
    }
}

static void put_bash_noun(GString *out, const struct noun *noun)
{
    g_autoptr(GString) verbs = g_string_new(NULL);

    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        put_bash_verb(out, noun, verb);
        if (verb->name != NULL) {
            g_string_append_printf(verbs, " %s", verb->name);
        }
    }
    put_row(out, noun->name, "verbs", verbs->len == 0 ? NULL : verbs->str);
}

static const char BASH_HEAD[] =
    "# Completion of postdesk(1) for bash, made from its table of commands.\n"
    "_postdesk_offer() {\n"
    "    case $1 in\n";

static const char BASH_TAIL[] =
    "    esac\n"
    "}\n"
    "\n"
    "_postdesk() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} noun='' key='' skip='' valued=' --config ' count=0 i word offer\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == '=' ]]; then\n"
    "            continue\n"
    "        elif [[ -n $skip ]]; then\n"
    "            skip=''\n"
    "        elif [[ $word == -* ]]; then\n"
    "            [[ $valued != *\" $word \"* ]] || skip=$word\n"
    "        elif [[ -z $noun ]]; then\n"
    "            noun=$word\n"
    "            [[ -n $(_postdesk_offer \"$noun:verbs\") ]] || key=$noun\n"
    "        elif [[ -z $key ]]; then\n"
    "            key=\"$noun $word\"\n"
    "        else\n"
    "            count=$((count + 1))\n"
    "        fi\n"
    "        valued=\" --config $(_postdesk_offer \"$key:valued\") \"\n"
    "    done\n"
    "    [[ $cur != '=' ]] || cur=''\n"
    "    if [[ $skip == --config ]]; then\n"
    "        offer=FILES\n"
    "    elif [[ -n $skip ]]; then\n"
    "        offer=$(_postdesk_offer \"$key:$skip\")\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        offer=\"$(_postdesk_offer \"$key:options\") --json --config --help\"\n"
    "    elif [[ -z $noun ]]; then\n"
    "        offer=$(_postdesk_offer :nouns)\n"
    "    elif [[ -z $key ]]; then\n"
    "        offer=$(_postdesk_offer \"$noun:verbs\")\n"
    "    else\n"
    "        offer=$(_postdesk_offer \"$key:$count\")\n"
    "    fi\n"
    "    if [[ $offer == FILES ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "    else\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$cur\")\n"
    "    fi\n"
    "}\n"
    "complete -F _postdesk postdesk\n";

void completion_write_bash(GString *out)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);
    g_autoptr(GString) names = g_string_new(NULL);

    g_string_append(out, BASH_HEAD);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(names, " %s", nouns[i]->name);
        put_bash_noun(out, nouns[i]);
    }
    put_row(out, "", "nouns", names->str);
    g_string_append(out, BASH_TAIL);
}

/* ---- zsh --------------------------------------------------------------------------------------- */

/* Text inside '…', where _arguments and _describe see no marks. */
static void put_quoted(GString *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            g_string_append(out, "'\\''");
            continue;
        }
        if (strchr("[]:\\", *c) != NULL) {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *c);
    }
}

/* ":NAME:(one two)", ":NAME:_files", ":NAME: ". */
static void put_value(GString *out, const char *value_name)
{
    g_autofree char *offer = choices_of(value_name);

    g_string_append_c(out, ':');
    put_quoted(out, value_name);
    if (offer == NULL) {
        g_string_append(out, ": ");
    } else if (strcmp(offer, "FILES") == 0) {
        g_string_append(out, ":_files");
    } else {
        g_string_append_printf(out, ":(%s)", g_strchug(offer));
    }
}

static void put_zsh_flags(GString *out, const struct flag *flags)
{
    for (const struct flag *flag = flags; flag != NULL && flag->name != NULL; flag++) {
        g_string_append_printf(out, " \\\n        '%s--%s[", flag->is_repeated ? "*" : "",
                               flag->name);
        put_quoted(out, flag->help);
        g_string_append_c(out, ']');
        if (flag->value_name != NULL) {
            put_value(out, flag->value_name);
        }
        g_string_append_c(out, '\'');
    }
}

static void put_zsh_verb(GString *out, const struct verb *verb)
{
    g_auto(GStrv) words = g_strsplit(verb->words, " ", -1);

    g_string_append(out, "_arguments");
    put_zsh_flags(out, CLI_GLOBALS);
    put_zsh_flags(out, verb->flags);
    for (size_t i = 0; words[i] != NULL; i++) {
        g_string_append_printf(out, " \\\n        '%zu", i + 1);
        put_value(out, words[i]);
        g_string_append_c(out, '\'');
    }
    g_string_append(out, " ;;\n");
}

static void put_zsh_noun(GString *out, const struct noun *noun)
{
    g_string_append_printf(out, "(%s)\n", noun->name);
    if (noun->verbs->name == NULL) {
        g_string_append(out, "    ");
        put_zsh_verb(out, noun->verbs);
        return;
    }
    g_string_append(out, "    if ((CURRENT == 2)); then\n        _values 'what to do'");
    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        g_string_append_printf(out, " \\\n            '%s[", verb->name);
        put_quoted(out, verb->help);
        g_string_append(out, "]'");
    }
    g_string_append(
        out,
        "\n        return\n    fi\n    shift words\n    ((CURRENT--))\n    case $words[1] in\n");
    for (const struct verb *verb = noun->verbs; verb->run != NULL; verb++) {
        g_string_append_printf(out, "    (%s)\n        ", verb->name);
        put_zsh_verb(out, verb);
    }
    g_string_append(out, "    esac ;;\n");
}

void completion_write_zsh(GString *out)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);

    g_string_append(
        out,
        "#compdef postdesk\n# Completion of postdesk(1) for zsh, made from its table of commands.\n"
        "if ((CURRENT == 2)); then\n    _values 'command'");
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out, " \\\n        '%s[", nouns[i]->name);
        put_quoted(out, nouns[i]->help);
        g_string_append(out, "]'");
    }
    g_string_append(out, "\n    return\nfi\nshift words\n((CURRENT--))\ncase $words[1] in\n");
    for (size_t i = 0; i < count; i++) {
        put_zsh_noun(out, nouns[i]);
    }
    g_string_append(out, "esac\n");
}
