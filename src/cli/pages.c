/* pages - writes manual pages and completions while the program is built; it is not installed
 *
 *     pages list              the names of all pages, one a line: "postdesk-ticket.1"
 *     pages NAME              the source of a page, for scdoc
 *     pages bash | pages zsh  completion
 *
 * What it writes comes from the same tables as --help (cli/manual, cli/completion).
 * I/O: stdout.
 */
#include "cli/pages.h"

#include <stdio.h>
#include <string.h>

static void list_pages(GString *out)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);

    g_string_append(out, "postdesk.1\npostdesk.conf.5\n");
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out, "postdesk-%s.1\n", nouns[i]->name);
    }
}

static void write_noun(const char *page, GString *out)
{
    size_t count = 0;
    const struct noun *const *nouns = cli_nouns(&count);

    for (size_t i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("postdesk-%s.1", nouns[i]->name);
        if (strcmp(name, page) == 0) {
            manual_write_noun(nouns[i], out);
        }
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *what = argc == 2 ? argv[1] : "";

    if (strcmp(what, "list") == 0) {
        list_pages(out);
    } else if (strcmp(what, "bash") == 0) {
        completion_write_bash(out);
    } else if (strcmp(what, "zsh") == 0) {
        completion_write_zsh(out);
    } else if (strcmp(what, "postdesk.1") == 0) {
        manual_write_overview(out);
    } else if (strcmp(what, "postdesk.conf.5") == 0) {
        manual_write_config(out);
    } else {
        write_noun(what, out);
    }
    if (out->len == 0) {
        fprintf(stderr, "usage: pages list|bash|zsh|PAGE\n");
        return 65;
    }
    return fputs(out->str, stdout) == EOF || fflush(stdout) == EOF ? 75 : 0;
}
