/* misbehave - a parser gone wrong, on request
 *
 * Whether the jail holds can only be seen by somebody who tries to leave it from inside. This is that
 * somebody: where the warmed parent was started with POSTDESK_JAIL_FAULTS=1 in its environment, a mail
 * with a field "X-Postdesk-Fault: WHAT" makes its child do WHAT before it is parsed. Without the variable
 * no mail is looked at and nothing here runs; it is compiled in always, so that what is tested is what
 * is shipped.
 *
 * What should be impossible and yet works comes back, and the mail is parsed as if nothing were: the
 * test that expected a death then fails.
 * I/O: whatever the jail should not let it do.
 */
#include "jail/misbehave.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

#include "core/frame.h"
#include "core/limits.h"
#include "jail/wire.h"

bool misbehave_is_enabled(void)
{
    return g_strcmp0(g_getenv("POSTDESK_JAIL_FAULTS"), "1") == 0;
}

static volatile int sink;

static void do_crash(int socket_fd)
{
    (void)socket_fd;
    sink = *(volatile int *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_loop(int socket_fd)
{
    (void)socket_fd;
    for (;;) {
        sink = 'l';
    }
}

/* Waits without using any CPU. */
static void do_stall(int socket_fd)
{
    (void)socket_fd;
    uint32_t word = 0;
    syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void do_grow(int socket_fd)
{
    (void)socket_fd;
    for (;;) {
        *(volatile char *)g_malloc(1 << 20) = 1;
    }
}

__attribute__((noinline)) static int recurse(const volatile int *outer)
{
    volatile int frame[1024];
    frame[0] = outer[0] + 1;
    return sink == 'x' ? 0 : recurse(frame) + frame[0]; /* no x is ever written */
}

static void do_stack(int socket_fd)
{
    (void)socket_fd;
    volatile int start[1] = {0};
    sink = recurse(start);
}

static void do_abort(int socket_fd)
{
    (void)socket_fd;
    abort();
}

/* A path must not be there; and then it is still no reason to go on. */
static void do_open(int socket_fd)
{
    (void)socket_fd;
    if (open("/etc/passwd", O_RDONLY) < 0 && errno == ENOENT) {
        abort();
    }
}

static void do_socket(int socket_fd)
{
    (void)socket_fd;
    sink = socket(AF_INET, SOCK_STREAM, 0);
}

static void do_fork(int socket_fd)
{
    (void)socket_fd;
    sink = fork();
}

static void do_exec(int socket_fd)
{
    (void)socket_fd;
    sink = execl("/bin/true", "true", (char *)NULL);
}

static void do_map(int socket_fd)
{
    (void)socket_fd;
    sink = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

static void do_protect(int socket_fd)
{
    (void)socket_fd;
    static char page[8192];
    char *start = page + 4096 - (uintptr_t)page % 4096;
    sink = mprotect(start, 4096, PROT_READ | PROT_EXEC);
}

static void do_kill(int socket_fd)
{
    (void)socket_fd;
    sink = (int)syscall(SYS_kill, 1, 0);
}

static void do_exit(int socket_fd)
{
    (void)socket_fd;
    _exit(0);
}

static void say(int socket_fd, uint32_t kind, GVariant *value)
{
    struct err err = {.status = ST_OK};
    if (frame_send(socket_fd, kind, value, -1, FRAME_FOREVER, &err) != ST_OK) {
        _exit(1);
    }
}

/* Answers with a word that is not for the intake. */
static void do_lie(int socket_fd)
{
    say(socket_fd, WIRE_FORK, g_variant_new(WIRE_FORK_TYPE));
    do_stall(socket_fd);
}

/* Answers in the right words, that hold no facts. */
static void do_garble(int socket_fd)
{
    say(socket_fd, WIRE_FACTS, g_variant_new_string("no facts at all, but long enough for some"));
    do_stall(socket_fd);
}

/* Promises more than anybody would read. */
static void do_flood(int socket_fd)
{
    const uint32_t header[2] = {WIRE_FACTS, 0xFFFFFFF0};
    sink = (int)send(socket_fd, header, sizeof header, MSG_NOSIGNAL);
    do_stall(socket_fd);
}

static void say_facts(int socket_fd, uint64_t attachment_bytes)
{
    struct err err = {.status = ST_OK};
    OWNED(facts) facts = facts_new();
    struct attachment *attachment = attachment_new();
    g_free(attachment->name);
    g_free(attachment->type);
    attachment->name = g_strdup("x");
    attachment->type = g_strdup("a/b");
    attachment->bytes = attachment_bytes;
    g_ptr_array_add(facts->attachments, attachment);
    g_autoptr(GVariant) value = facts_to_variant(facts);
    say(socket_fd, WIRE_FACTS, value);
    sink = frame_send_bytes(socket_fd, WIRE_CHUNK, "12345678", 8, FRAME_FOREVER, &err) == ST_OK;
}

/* An attachment of more octets than its facts say; or larger than the mail that it came out of. */
static void do_overrun(int socket_fd)
{
    say_facts(socket_fd, 4);
    do_stall(socket_fd);
}

static void do_swell(int socket_fd)
{
    say_facts(socket_fd, LIMIT_MAIL_BYTES);
    do_stall(socket_fd);
}

/* Does the next mail that says "tell" share this child? */
static bool is_marked;

static void do_mark(int socket_fd)
{
    (void)socket_fd;
    is_marked = true;
}

static void do_tell(int socket_fd)
{
    if (is_marked) {
        say(socket_fd, WIRE_REFUSED, g_variant_new(WIRE_REFUSED_TYPE, "marked"));
    }
}

/* Ends the conversation and lives on. */
static void do_hang_up(int socket_fd)
{
    close(socket_fd);
    do_stall(socket_fd);
}

static const struct {
    const char *name;
    void (*act)(int socket_fd);
} FAULTS[] = {
    {"crash", do_crash}, {"loop", do_loop},       {"stall", do_stall}, {"grow", do_grow},
    {"stack", do_stack}, {"abort", do_abort},     {"open", do_open},   {"socket", do_socket},
    {"fork", do_fork},   {"exec", do_exec},       {"map", do_map},     {"protect", do_protect},
    {"kill", do_kill},   {"exit", do_exit},       {"lie", do_lie},     {"garble", do_garble},
    {"flood", do_flood}, {"overrun", do_overrun}, {"swell", do_swell}, {"hang-up", do_hang_up},
    {"mark", do_mark},   {"tell", do_tell},
};

void misbehave_as_told(int mail_fd, int socket_fd)
{
    static const char FIELD[] = "X-Postdesk-Fault: ";
    char head[4097] = {0};

    if (lseek(mail_fd, 0, SEEK_SET) != 0 || read(mail_fd, head, sizeof head - 1) <= 0) {
        return;
    }
    const char *value = strstr(head, FIELD);
    if (!value) {
        return;
    }
    value += strlen(FIELD);
    size_t length = strcspn(value, "\r\n");
    for (size_t i = 0; i < G_N_ELEMENTS(FAULTS); i++) {
        if (strlen(FAULTS[i].name) == length && strncmp(value, FAULTS[i].name, length) == 0) {
            FAULTS[i].act(socket_fd);
        }
    }
}
