/* jail - the intake's side of the parser: mails out, facts back, and what a death means
 *
 * A batch of mails goes to one fresh child (all but those that want one of their own, or are large). Mails are sent a
 * few ahead and answered in order, so the oldest that has no answer is the one the child is at. When
 * the child dies, stalls or talks nonsense, that says nothing yet about any mail: those without an
 * answer are parsed once more, each in a child of its own, and what happens there is the mail's result.
 * Somebody who kills children from outside (SIGKILL, as the kernel does when memory is short) therefore
 * hits a mail only if he hits it twice.
 *
 * Whatever a child says is read as if an attacker said it: kinds, order, sizes, counts and every byte of
 * the facts are checked, attachments are bounded by the size of the mail they came out of. Time is
 * measured here, on our clock.
 *
 * If the warmed parent itself is gone, no mail is to blame: ST_TEMPFAIL, and nothing is filled in.
 * Not here: what a JAIL_DIED means for the mail (gateway/intake counts them).
 * I/O: processes, sockets, memfds. One jail is used by one thread.
 */
#include "jail/jail.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/frame.h"
#include "core/limits.h"
#include "core/text.h"
#include "jail/parent.h"
#include "jail/wire.h"

/* Mails that wait in a child's socket while it parses another one. */
#define SENT_AHEAD 8
/* What the parent may take for a word, in milliseconds: a fork on a machine that is busy. */
#define PARENT_MS 20000
#define CLOSE_MS  1000

struct jail {
    pid_t parent;
    int control_fd;               /* own */
    struct frame_reader *control; /* own */
    struct jail_limits limits;
    bool is_ending; /* WIRE_END was said, WIRE_ENDED not yet heard */
    bool is_broken; /* the parent is gone, or out of step */
};

/* One child and the mails it was given. */
struct run {
    struct jail *jail;        /* borrowed */
    struct jail_mail **mails; /* borrowed */
    size_t count;
    size_t sent;
    size_t answered;
    int only_fd;                 /* borrowed: the mail of a run of one; else -1 */
    gsize only_bytes;            /* its size */
    int socket_fd;               /* own */
    struct frame_reader *reader; /* own */
    bool is_deaf;                /* does not take mails any more */
    bool has_no_memory;          /* its last words */
};

/* Why a child's answers ended. */
enum ending { ENDING_DONE, ENDING_GONE, ENDING_LATE, ENDING_NONSENSE };

const char *jail_result_name(enum jail_result result)
{
    switch (result) {
    case JAIL_PARSED:
        return "parsed";
    case JAIL_REFUSED:
        return "refused";
    case JAIL_DIED:
        return "died";
    case JAIL_STALLED:
        return "stalled";
    }
    return "?";
}

static void clear_answer(struct jail_mail *mail)
{
    g_clear_pointer(&mail->facts, facts_free);
    g_clear_pointer(&mail->reason, g_free);
    mail->result = JAIL_PARSED;
}

static void let_go(struct jail_mail *mail)
{
    if (mail->gives_raw) {
        g_clear_pointer(&mail->raw, g_bytes_unref);
    }
}

void jail_mail_clear(struct jail_mail *mail)
{
    clear_answer(mail);
    let_go(mail);
}

static bool is_answered(const struct jail_mail *mail)
{
    return mail->facts || mail->reason;
}

static int64_t in_ms(int64_t ms)
{
    return clock_monotonic_us(clock_real()) + ms * 1000;
}

/* ---- the warmed parent ------------------------------------------------------------------------- */

struct jail_limits jail_default_limits(void)
{
    return (struct jail_limits){
        .memory_bytes = LIMIT_PARSER_MEMORY_BYTES,
        .cpu_seconds = LIMIT_PARSER_CPU_SECONDS,
        .wall_ms = LIMIT_PARSER_WALL_MS,
    };
}

static enum status break_jail(struct jail *jail, struct err *err)
{
    jail->is_broken = true;
    (void)err_wrap(err, "parser");
    return err->status = ST_TEMPFAIL;
}

/* The parent's first word. */
static enum status await_parent(struct jail *jail, struct err *err)
{
    struct frame frame = {0};
    g_autoptr(GVariant) value = NULL;
    enum status status = frame_read(jail->control, in_ms(PARENT_MS), &frame, err);

    if (status == ST_OK && frame.kind == WIRE_FAILED) {
        status = frame_value(&frame, WIRE_FAILED_TYPE, &value, err);
        if (status == ST_OK) {
            status = err_set(err, ST_TEMPFAIL, "%s", g_variant_get_string(value, NULL));
        }
    } else if (status == ST_OK && frame.kind != WIRE_READY) {
        status = err_set(err, ST_TEMPFAIL, "the parent is out of step");
    }
    frame_clear(&frame);
    return status == ST_OK ? ST_OK : break_jail(jail, err);
}

enum status jail_open_limited(const struct jail_limits *limits, struct jail **jail_out,
                              struct err *err)
{
    int ends[2];
    pid_t owner = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return err_set(err, ST_TEMPFAIL, "could not make a socket: %s", g_strerror(errno));
    }
    pid_t parent = fork();
    if (parent == 0) {
        parent_run(ends[1], owner, limits);
    }
    close(ends[1]);
    if (parent < 0) {
        close(ends[0]);
        return err_set(err, ST_TEMPFAIL, "could not fork: %s", g_strerror(errno));
    }
    struct jail *jail = g_new0(struct jail, 1);
    jail->parent = parent;
    jail->control_fd = ends[0];
    jail->control = frame_reader_new(ends[0], WIRE_SMALL_BYTES);
    jail->limits = *limits;
    enum status status = await_parent(jail, err);
    if (status != ST_OK) {
        jail_close(jail);
        return status;
    }
    *jail_out = jail;
    return ST_OK;
}

enum status jail_open(struct jail **jail_out, struct err *err)
{
    struct jail_limits limits = jail_default_limits();
    return jail_open_limited(&limits, jail_out, err);
}

pid_t jail_parent_pid(const struct jail *jail)
{
    return jail->parent;
}

void jail_close(struct jail *jail)
{
    if (!jail) {
        return;
    }
    /* The end of the socket is the parent's end, and it takes its child along. One that is stopped or
     * stuck is killed; its child then dies with it. */
    int pid_fd = pidfd_open(jail->parent, 0);
    struct pollfd entry = {.fd = pid_fd, .events = POLLIN};
    frame_reader_free(jail->control);
    close(jail->control_fd);
    if (pid_fd < 0 || poll(&entry, 1, CLOSE_MS) != 1) {
        kill(jail->parent, SIGKILL);
    }
    while (waitpid(jail->parent, NULL, 0) < 0 && errno == EINTR) {
    }
    if (pid_fd >= 0) {
        close(pid_fd);
    }
    g_free(jail);
}

/* ---- one child --------------------------------------------------------------------------------- */

/* Hear how the last child ended, if that is still open. */
static enum status collect_child(struct jail *jail, int *wait_status_out, struct err *err)
{
    struct frame frame = {0};
    g_autoptr(GVariant) value = NULL;
    int fork_errno = 0;

    if (!jail->is_ending) {
        return ST_OK;
    }
    enum status status = frame_read(jail->control, in_ms(PARENT_MS), &frame, err);
    if (status == ST_OK && frame.kind != WIRE_ENDED) {
        status = err_set(err, ST_TEMPFAIL, "the parent is out of step");
    } else if (status == ST_OK) {
        status = frame_value(&frame, WIRE_ENDED_TYPE, &value, err);
    }
    frame_clear(&frame);
    if (status != ST_OK) {
        return break_jail(jail, err);
    }
    g_variant_get(value, WIRE_ENDED_TYPE, wait_status_out, &fork_errno);
    jail->is_ending = false;
    if (fork_errno != 0) {
        (void)err_set(err, ST_TEMPFAIL, "could not fork: %s", g_strerror(fork_errno));
        return break_jail(jail, err);
    }
    return ST_OK;
}

static enum status end_child(struct jail *jail, struct err *err)
{
    GVariant *value = g_variant_new(WIRE_END_TYPE);
    if (frame_send(jail->control_fd, WIRE_END, value, -1, in_ms(PARENT_MS), err) != ST_OK) {
        return break_jail(jail, err);
    }
    jail->is_ending = true;
    return ST_OK;
}

static void run_done(struct run *run)
{
    g_clear_pointer(&run->reader, frame_reader_free);
    if (run->socket_fd >= 0) {
        close(run->socket_fd);
        run->socket_fd = -1;
    }
}

static enum status start_child(struct run *run, struct err *err)
{
    struct jail *jail = run->jail;
    int wait_status = 0;
    int ends[2];
    enum status status = collect_child(jail, &wait_status, err);

    if (status != ST_OK) {
        return status;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        (void)err_set(err, ST_TEMPFAIL, "could not make a socket: %s", g_strerror(errno));
        return break_jail(jail, err);
    }
    run->socket_fd = ends[0];
    run->reader = frame_reader_new(ends[0], LIMIT_FRAME_BYTES);
    status = frame_send(jail->control_fd, WIRE_FORK, g_variant_new(WIRE_FORK_TYPE), ends[1],
                        in_ms(PARENT_MS), err);
    close(ends[1]);
    return status == ST_OK ? ST_OK : break_jail(jail, err);
}

/* Before its first word nothing that happens to a child is a mail's fault. */
static enum status await_child(struct run *run, struct err *err)
{
    struct jail *jail = run->jail;
    struct frame frame = {0};
    int wait_status = 0;
    enum status status = frame_read(run->reader, in_ms(PARENT_MS), &frame, err);
    bool is_ready = status == ST_OK && frame.kind == WIRE_READY;

    frame_clear(&frame);
    if (is_ready) {
        return ST_OK;
    }
    if (end_child(jail, err) == ST_OK && collect_child(jail, &wait_status, err) == ST_OK) {
        (void)err_set(err, ST_TEMPFAIL, "could not set up a child: it ended with status %d",
                      wait_status);
    }
    return break_jail(jail, err);
}

/* ---- mails out --------------------------------------------------------------------------------- */

/* A memfd that nobody can change any more: two readers of it read the same. */
static enum status make_memfd(GBytes *raw, int *fd_out, struct err *err)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    int fd = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    gsize written = 0;

    while (fd >= 0 && written < length) {
        ssize_t some = write(fd, bytes + written, length - written);
        if (some < 0 && errno != EINTR) {
            break;
        }
        written += (gsize)MAX(some, 0);
    }
    if (fd < 0 || written < length || lseek(fd, 0, SEEK_SET) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
        (void)err_set(err, ST_TEMPFAIL, "could not hand over a mail: %s", g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return ST_TEMPFAIL;
    }
    *fd_out = fd;
    return ST_OK;
}

/* Keep the child supplied. That it takes no more is no error here: its answers will end, too. */
static enum status send_mails(struct run *run, struct err *err)
{
    while (!run->is_deaf && run->sent < run->count && run->sent - run->answered < SENT_AHEAD) {
        const struct jail_mail *mail = run->mails[run->sent];
        struct err ignored = {.status = ST_OK};
        int fd = run->only_fd;
        if (fd < 0 && make_memfd(mail->raw, &fd, err) != ST_OK) {
            return break_jail(run->jail, err);
        }
        GVariant *value = g_variant_new(WIRE_MAIL_TYPE, (gboolean)mail->is_cut);
        run->is_deaf = frame_send(run->socket_fd, WIRE_MAIL, value, fd, FRAME_NOW, &ignored) !=
                       ST_OK;
        if (fd != run->only_fd) {
            close(fd);
        }
        run->sent++;
    }
    return ST_OK;
}

/* ---- answers back ------------------------------------------------------------------------------ */

/* The next frame that is part of an answer. */
static enum ending read_frame(struct run *run, int64_t deadline_us, struct frame *frame_out,
                              struct err *err)
{
    for (;;) {
        enum status status = frame_read(run->reader, deadline_us, frame_out, err);
        if (status == ST_OK && frame_out->kind == WIRE_NO_MEMORY) {
            run->has_no_memory = true;
            frame_clear(frame_out);
            continue;
        }
        if (status == ST_OK) {
            return ENDING_DONE;
        }
        return status == ST_NOT_FOUND ? ENDING_LATE
               : status == ST_INVALID ? ENDING_NONSENSE
                                      : ENDING_GONE;
    }
}

static enum ending complain(struct err *err, const char *complaint)
{
    (void)err_set(err, ST_INVALID, "%s", complaint);
    return ENDING_NONSENSE;
}

/* The octets of one attachment: exactly as many as the facts say. */
static enum ending read_octets(struct run *run, struct attachment *attachment, int64_t deadline_us,
                               struct err *err)
{
    g_autofree char *octets = g_malloc(MAX(attachment->bytes, 1));
    uint64_t have = 0;

    while (have < attachment->bytes) {
        struct frame frame = {0};
        enum ending ending = read_frame(run, deadline_us, &frame, err);
        if (ending != ENDING_DONE) {
            return ending;
        }
        gsize length = 0;
        const void *chunk = g_bytes_get_data(frame.payload, &length);
        bool is_fine = frame.kind == WIRE_CHUNK && length > 0 && length <= LIMIT_CHUNK_BYTES &&
                       length <= attachment->bytes - have;
        if (is_fine) {
            memcpy(octets + have, chunk, length);
            have += length;
        }
        frame_clear(&frame);
        if (!is_fine) {
            return complain(err, "its attachments are not those of its facts");
        }
    }
    attachment->content = g_bytes_new_take(g_steal_pointer(&octets), attachment->bytes);
    return ENDING_DONE;
}

static enum ending read_facts(struct run *run, struct jail_mail *mail, const struct frame *frame,
                              int64_t deadline_us, struct err *err)
{
    g_autoptr(GVariant) value = NULL;
    OWNED(facts) facts = NULL;
    uint64_t total = 0;

    if (frame_value(frame, WIRE_FACTS_TYPE, &value, err) != ST_OK ||
        facts_from_variant(value, &facts, err) != ST_OK) {
        return ENDING_NONSENSE;
    }
    /* What is decoded is never more than what it was decoded from, but for one text in UTF-8. */
    const struct attachment *whole_text = facts_whole_text(facts);
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *attachment = facts->attachments->pdata[i];
        total += attachment == whole_text ? 0 : attachment->bytes;
    }
    if (total > (run->only_fd < 0 ? g_bytes_get_size(mail->raw) : run->only_bytes)) {
        return complain(err, "its attachments are larger than the mail");
    }
    for (guint i = 0; i < facts->attachments->len; i++) {
        enum ending ending = read_octets(run, facts->attachments->pdata[i], deadline_us, err);
        if (ending != ENDING_DONE) {
            return ending;
        }
    }
    mail->result = JAIL_PARSED;
    mail->facts = g_steal_pointer(&facts);
    return ENDING_DONE;
}

static enum ending read_refusal(struct jail_mail *mail, const struct frame *frame, struct err *err)
{
    g_autoptr(GVariant) value = NULL;
    if (frame_value(frame, WIRE_REFUSED_TYPE, &value, err) != ST_OK) {
        return ENDING_NONSENSE;
    }
    mail->result = JAIL_REFUSED;
    mail->reason = text_one_line(g_variant_get_string(value, NULL), LIMIT_LOG_VALUE_BYTES);
    return ENDING_DONE;
}

/* The answer to the oldest mail that has none. */
static enum ending read_answer(struct run *run, struct err *err)
{
    struct jail_mail *mail = run->mails[run->answered];
    int64_t deadline_us = in_ms(run->jail->limits.wall_ms);
    struct frame frame = {0};
    enum ending ending = read_frame(run, deadline_us, &frame, err);

    if (ending != ENDING_DONE) {
        return ending;
    }
    if (frame.kind == WIRE_FACTS) {
        ending = read_facts(run, mail, &frame, deadline_us, err);
    } else if (frame.kind == WIRE_REFUSED) {
        ending = read_refusal(mail, &frame, err);
    } else {
        ending = complain(err, "a frame that is no answer");
    }
    frame_clear(&frame);
    return ending;
}

/* ---- what an end means ------------------------------------------------------------------------- */

static char *describe_death(const struct run *run, int wait_status)
{
    if (run->has_no_memory) {
        return g_strdup_printf("used more than %" PRId64 " MB of memory",
                               run->jail->limits.memory_bytes >> 20);
    }
    if (WIFEXITED(wait_status)) {
        return g_strdup_printf("ended by itself (exit code %d)", WEXITSTATUS(wait_status));
    }
    int signal_number = WTERMSIG(wait_status);
    const char *name = sigabbrev_np(signal_number);
    const char *hint = signal_number == SIGSYS    ? " (forbidden system call)"
                       : signal_number == SIGSEGV ? " (wild pointer or stack overflow)"
                                                  : "";
    return g_strdup_printf("killed by SIG%s%s", name ? name : "?", hint);
}

/* Write the end of a child into the mail that it had alone. */
static void blame(struct run *run, enum ending ending, int wait_status, const struct err *why)
{
    const struct jail_limits *limits = &run->jail->limits;
    struct jail_mail *mail = run->mails[0];
    bool is_out_of_cpu = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGXCPU;

    mail->result = ending == ENDING_LATE || is_out_of_cpu ? JAIL_STALLED : JAIL_DIED;
    if (ending == ENDING_LATE) {
        mail->reason = g_strdup_printf("gave no answer within %" PRId64 " ms", limits->wall_ms);
    } else if (ending == ENDING_NONSENSE) {
        mail->reason = g_strdup_printf("answered nonsense: %s", why->text);
    } else if (is_out_of_cpu) {
        mail->reason = g_strdup_printf("used more than %" PRId64 " s of CPU time",
                                       limits->cpu_seconds);
    } else {
        mail->reason = describe_death(run, wait_status);
    }
}

/* Give the mails to one fresh child. Those that it answers are filled in; if it ends before the last,
 * *ending_out and *wait_status_out say how. A mail that was alone is blamed by the caller. */
static enum status run_child(struct run *run, enum ending *ending_out, int *wait_status_out,
                             struct err *why, struct err *err)
{
    enum ending ending = ENDING_DONE;
    enum status status = start_child(run, err);

    if (status == ST_OK) {
        status = await_child(run, err);
    }
    while (status == ST_OK && ending == ENDING_DONE && run->answered < run->count) {
        status = send_mails(run, err);
        ending = status == ST_OK ? read_answer(run, why) : ending;
        run->answered += ending == ENDING_DONE && status == ST_OK;
    }
    if (status == ST_OK) {
        status = end_child(run->jail, err);
    }
    if (status == ST_OK && ending != ENDING_DONE) {
        status = collect_child(run->jail, wait_status_out, err);
    }
    run_done(run);
    *ending_out = ending;
    return status;
}

/* A child that was killed by SIGKILL, which no parser does to itself, gets one more try: somebody did it from
 * outside. */
static enum status try_alone(struct jail *jail, struct jail_mail *mail, int mail_fd, gsize bytes,
                             struct err *err)
{
    for (int kills = 0;; kills++) {
        struct run run = {.jail = jail,
                          .mails = &mail,
                          .count = 1,
                          .only_fd = mail_fd,
                          .only_bytes = bytes,
                          .socket_fd = -1};
        struct err why = {.status = ST_OK};
        enum ending ending = ENDING_DONE;
        int wait_status = 0;
        enum status status = run_child(&run, &ending, &wait_status, &why, err);
        if (status != ST_OK || ending == ENDING_DONE) {
            return status;
        }
        bool is_killed = ending == ENDING_GONE && WIFSIGNALED(wait_status) &&
                         WTERMSIG(wait_status) == SIGKILL && !run.has_no_memory;
        if (!is_killed || kills > 0) {
            blame(&run, ending, wait_status, &why);
            return ST_OK;
        }
    }
}

/* A mail in a child of its own. From here on its memfd is all that is needed of it. */
static enum status parse_alone(struct jail *jail, struct jail_mail *mail, struct err *err)
{
    gsize bytes = g_bytes_get_size(mail->raw);
    int fd = -1;

    if (make_memfd(mail->raw, &fd, err) != ST_OK) {
        return break_jail(jail, err);
    }
    let_go(mail);
    enum status status = try_alone(jail, mail, fd, bytes, err);
    close(fd);
    return status;
}

/* Mails that share a child; whichever it leaves unanswered are left to parse_alone. */
static enum status parse_together(struct jail *jail, struct jail_mail **mails, size_t count,
                                  struct err *err)
{
    struct run run = {.jail = jail, .mails = mails, .count = count, .only_fd = -1, .socket_fd = -1};
    struct err why = {.status = ST_OK};
    enum ending ending = ENDING_DONE;
    int wait_status = 0;
    return run_child(&run, &ending, &wait_status, &why, err);
}

static bool shares_child(const struct jail_mail *mail)
{
    return !mail->wants_own_child && g_bytes_get_size(mail->raw) <= LIMIT_RAW_INLINE_BYTES;
}

static enum status parse_batch(struct jail *jail, struct jail_mail *mails, size_t count,
                               struct err *err)
{
    g_autofree struct jail_mail **shared = g_new(struct jail_mail *, count + 1);
    enum status status = ST_OK;
    size_t shared_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (shares_child(&mails[i])) {
            shared[shared_count++] = &mails[i];
        }
    }
    for (size_t at = 0; at < shared_count && shared_count > 1 && status == ST_OK;
         at += LIMIT_BATCH_MAILS) {
        size_t some = MIN(shared_count - at, LIMIT_BATCH_MAILS);
        status = parse_together(jail, shared + at, some, err);
    }
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        if (!is_answered(&mails[i])) {
            status = parse_alone(jail, &mails[i], err);
        }
    }
    return status;
}

enum status jail_parse(struct jail *jail, struct jail_mail *mails, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        clear_answer(&mails[i]);
    }
    if (jail->is_broken) {
        return err_set(err, ST_TEMPFAIL, "the parser is gone");
    }
    enum status status = parse_batch(jail, mails, count, err);
    for (size_t i = 0; i < count; i++) {
        assert(status != ST_OK || is_answered(&mails[i]));
        if (status != ST_OK) {
            clear_answer(&mails[i]);
        }
        let_go(&mails[i]);
    }
    return status;
}
