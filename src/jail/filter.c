/* filter - which system calls a jailed parser may make
 *
 * A list of what is allowed, found by running the parser over thousands of mails and shortened until one
 * more word less killed it: receive a mail, read it, get memory, send facts. Memory is never executable
 * and never a file's. To open a path fails in an ordinary way, so that a character set that was not
 * loaded before is an unknown one and not a crash. Everything else kills the process at once: a parser
 * that wants a socket is no parser any more, and nothing that it says should still be heard.
 *
 * libseccomp translates the list once, in the warmed parent; to do it in each child would cost 200 µs.
 * It is loaded by prctl, not seccomp(2), which service managers' own filters tend to leave out.
 *
 * Not here: memory, CPU and file limits (child.c). The list for sanitizer builds is longer, see filter.h.
 * I/O: a memfd for the translation.
 */
#include "jail/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

static const int ALLOWED[] = {
    SCMP_SYS(recvmsg),       SCMP_SYS(sendto), SCMP_SYS(close),
    SCMP_SYS(exit_group),                                        /* the protocol */
    SCMP_SYS(lseek),         SCMP_SYS(read),                     /* the mail */
    SCMP_SYS(brk),           SCMP_SYS(munmap), SCMP_SYS(mremap), /* memory, and mmap */
    SCMP_SYS(futex),         /* GLib after a g_once, such as a type registered at first use */
    SCMP_SYS(clock_gettime), /* where the machine's clock is not in the vdso */
};

/* A path is not there, whatever it is. */
static const int NOT_THERE[] = {
    SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(access),     SCMP_SYS(faccessat),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(newfstatat),
};

static const int ALLOWED_SANITIZED[] = {
    SCMP_SYS(madvise),        SCMP_SYS(sigaltstack),  SCMP_SYS(getpid),      SCMP_SYS(gettid),
    SCMP_SYS(tgkill),         SCMP_SYS(write),        SCMP_SYS(writev),      SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield), SCMP_SYS(prctl),
    SCMP_SYS(prlimit64),      SCMP_SYS(getrlimit),    SCMP_SYS(getrusage),
};

static int add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = seccomp_rule_add(filter, action, calls[i], 0);
    }
    return result;
}

static int add_rules(scmp_filter_ctx filter)
{
    int result = add_calls(filter, SCMP_ACT_ALLOW, ALLOWED, G_N_ELEMENTS(ALLOWED));
    if (result == 0) {
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                  SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    }
    if (result == 0) {
        /* malloc, where memory runs out in a process that once had threads: it tries their arenas. */
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    if (result == 0) {
        result = add_calls(filter, SCMP_ACT_ERRNO(ENOENT), NOT_THERE, G_N_ELEMENTS(NOT_THERE));
    }
    if (result == 0 && JAIL_IS_SANITIZED) {
        result = add_calls(filter, SCMP_ACT_ALLOW, ALLOWED_SANITIZED,
                           G_N_ELEMENTS(ALLOWED_SANITIZED));
    }
    return result;
}

/* The translation from the memfd into memory. */
static int read_program(int fd, struct sock_fprog *program_out)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return -errno;
    }
    size_t size = (size_t)stat.st_size;
    size_t count = size / sizeof(struct sock_filter);
    if (count == 0 || count > BPF_MAXINSNS) {
        return -EINVAL;
    }
    struct sock_filter *steps = g_malloc(size);
    if (pread(fd, steps, size, 0) != stat.st_size) {
        g_free(steps);
        return -EIO;
    }
    program_out->len = (unsigned short)count;
    program_out->filter = steps;
    return 0;
}

enum status filter_build(struct sock_fprog *program_out, struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int fd = memfd_create("filter", MFD_CLOEXEC);
    int result = filter && fd >= 0 ? 0 : -errno;

    if (result == 0) {
        result = add_rules(filter);
    }
    if (result == 0) {
        result = seccomp_export_bpf(filter, fd);
    }
    if (result == 0) {
        result = read_program(fd, program_out);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (filter) {
        seccomp_release(filter);
    }
    return result == 0 ? ST_OK
                       : err_set(err, ST_TEMPFAIL, "could not build the list of system calls: %s",
                                 g_strerror(-result));
}

enum status filter_enter(const struct sock_fprog *program, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0) {
        return err_set(err, ST_TEMPFAIL, "could not close the jail: %s", g_strerror(errno));
    }
    return ST_OK;
}
