/* pager - long output on a terminal, page by page
 *
 * As git and systemctl do it: a child runs the pager, and stdout is a pipe to it. less ends by itself when all fits on
 * one screen (F), leaves colours alone (R) and the screen as it is (X), unless $LESS says otherwise. The pager is
 * started without a shell: its command is split into words, no more.
 *
 * Behind the pipe is a terminal still, which has colours and a width: whoever prints asks here for both.
 * When the reader quits early, what is left to print has nobody: SIGPIPE ends the program, as everywhere.
 * I/O: the terminal, one child process.
 */
#include "cli/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

static pid_t child;           /* 0: there is none */
static size_t columns_before; /* of the terminal behind the pipe */

bool pager_is_terminal(void)
{
    return child != 0 || isatty(STDOUT_FILENO);
}

size_t pager_columns(void)
{
    struct winsize size = {.ws_col = 0};

    if (child != 0) {
        return columns_before;
    }
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The words of the command; NULL: none is wanted. Own. */
static char **read_command(void)
{
    const char *command = getenv("POSTDESK_PAGER");
    char **words = NULL;

    command = command != NULL ? command : getenv("PAGER");
    command = command != NULL ? command : "less";
    if (command[0] == '\0' || strcmp(command, "cat") == 0 ||
        !g_shell_parse_argv(command, NULL, &words, NULL)) {
        return NULL;
    }
    return words;
}

/* In the child, which has no way back. */
static void become(char **words, const int ends[2])
{
    if (dup2(ends[0], STDIN_FILENO) >= 0) {
        close(ends[0]);
        close(ends[1]);
        setenv("LESS", "FRX", 0);
        execvp(words[0], words);
    }
    _exit(EXIT_FAILURE);
}

void pager_begin(void)
{
    g_auto(GStrv) words = child == 0 && isatty(STDOUT_FILENO) ? read_command() : NULL;
    g_autofree char *program = words == NULL ? NULL : g_find_program_in_path(words[0]);
    int ends[2];

    if (program == NULL || pipe(ends) != 0) {
        return;
    }
    size_t columns = pager_columns();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        become(words, ends);
    }
    close(ends[0]);
    if (pid > 0 && dup2(ends[1], STDOUT_FILENO) >= 0) {
        child = pid;
        columns_before = columns;
    }
    close(ends[1]);
}

void pager_end(void)
{
    if (child != 0) {
        fclose(stdout);
        (void)waitpid(child, NULL, 0);
        child = 0;
    }
}
