/* parse_cost - what the parser spends on a mail: peak memory and CPU time, one line a file
 *
 *     parse_cost FILE…
 *
 * Each mail is parsed in a child of a warmed process, through a sealed memfd and to the form in which facts
 * travel, as a jailed parser does it; the numbers are the kernel's for that child (its peak of resident memory
 * counts what it shares with its parent, too). "KB SECONDS FILE"; a mail that is refused says so.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "message/facts.h"
#include "message/parse.h"

enum { PARSED = 0, REFUSED = 1, UNREADABLE = 2 };

/* The file as a memfd; -1 if it cannot be read. */
static int memfd_of(const char *path)
{
    char piece[65536];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ssize_t length = 0;

    while (from >= 0 && to >= 0 && (length = read(from, piece, sizeof piece)) > 0) {
        if (write(to, piece, (size_t)length) != length) {
            return -1;
        }
    }
    if (from < 0 || to < 0 || length < 0 ||
        fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
        return -1;
    }
    close(from);
    return to;
}

static int parse(int fd)
{
    OWNED(facts) facts = NULL;
    struct err err = {.status = ST_OK};

    if (parse_mail(fd, false, &facts, &err) != ST_OK) {
        fprintf(stderr, "%s\n", err.text);
        return REFUSED;
    }
    g_autoptr(GVariant) value = facts_to_variant(facts);
    return g_variant_get_size(value) > 0 ? PARSED : REFUSED;
}

static void measure(const char *path)
{
    static const char *const ENDS[] = {"", " (refused)", " (cannot be read)"};
    struct rusage usage = {{0}};
    int status = 0;
    int fd = memfd_of(path);
    pid_t child = fork();

    if (child == 0) {
        _exit(fd < 0 ? UNREADABLE : parse(fd));
    }
    wait4(child, &status, 0, &usage);
    close(fd);
    const char *end = WIFEXITED(status) && WEXITSTATUS(status) <= UNREADABLE
                          ? ENDS[WEXITSTATUS(status)]
                          : " (died)";
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%ld %.3f %s%s\n", usage.ru_maxrss, seconds, path, end);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    parse_warm_up();
    for (int i = 1; i < argc; i++) {
        measure(argv[i]);
    }
    return 0;
}
