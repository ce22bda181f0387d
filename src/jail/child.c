/* child - one parser process: a batch of mails, then gone
 *
 * Forked from the warmed parent, it takes its limits, closes the jail behind it and only then reads the
 * first mail. From there on it can receive a mail, read it, use memory and answer, and nothing else; what
 * a hostile mail makes of it can at worst lie about the mails of its batch (and a mail that bears a
 * technician's token never shares a child).
 *
 * Mails are answered in the order in which they came. An answer is the facts and after them the octets of
 * the attachments in chunks, or a refusal with its reason. It says that it is ready before it reads: a
 * child that ends before that word is not a mail's fault.
 *
 * Not here: deadlines and what a death means (jail.c). The calls it may make stand in filter.c, so
 * frames are exchanged with FRAME_FOREVER: no poll, no clock.
 * I/O: its socket and the memfds that come through it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "core/frame.h"
#include "core/limits.h"
#include "jail/filter.h"
#include "jail/misbehave.h"
#include "jail/parent.h"
#include "jail/wire.h"
#include "message/parse.h"

/* Exit codes; the intake shows them. */
enum { EXIT_SETUP = 70, EXIT_PROTOCOL = 76 };

static bool set_limit(__rlimit_resource_t resource, int64_t soft, int64_t hard)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    return setrlimit(resource, &limit) == 0;
}

static enum status close_jail(pid_t parent, const struct child_setup *setup, struct err *err)
{
    const struct jail_limits *limits = &setup->limits;
    bool is_done = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
                   (JAIL_IS_SANITIZED ||
                    set_limit(RLIMIT_AS, limits->memory_bytes, limits->memory_bytes)) &&
                   set_limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1) &&
                   set_limit(RLIMIT_NPROC, 0, 0) && set_limit(RLIMIT_FSIZE, 0, 0);

    if (!is_done) {
        return err_set(err, ST_TEMPFAIL, "could not limit the parser: %s", g_strerror(errno));
    }
    if (getppid() != parent) {
        return err_set(err, ST_TEMPFAIL, "the parser's parent is gone");
    }
    return filter_enter(&setup->program, err);
}

static void must_send(uint32_t kind, GVariant *value)
{
    struct err err = {.status = ST_OK};
    if (frame_send(JAIL_SOCKET_FD, kind, value, -1, FRAME_FOREVER, &err) != ST_OK) {
        _exit(EXIT_PROTOCOL);
    }
}

static void send_octets(const struct attachment *attachment)
{
    struct err err = {.status = ST_OK};
    size_t length = 0;
    const char *octets = attachment->content ? g_bytes_get_data(attachment->content, &length)
                                             : NULL;

    assert(length == attachment->bytes);
    for (size_t at = 0; at < length; at += LIMIT_CHUNK_BYTES) {
        size_t chunk = MIN(length - at, LIMIT_CHUNK_BYTES);
        if (frame_send_bytes(JAIL_SOCKET_FD, WIRE_CHUNK, octets + at, chunk, FRAME_FOREVER, &err) !=
            ST_OK) {
            _exit(EXIT_PROTOCOL);
        }
    }
}

static void answer_mail(int mail_fd, bool is_cut)
{
    struct err err = {.status = ST_OK};
    OWNED(facts) facts = NULL;
    enum status status = parse_mail(mail_fd, is_cut, &facts, &err);

    if (status != ST_OK) {
        g_autofree char *reason = g_utf8_make_valid(err.text, -1);
        must_send(WIRE_REFUSED, g_variant_new(WIRE_REFUSED_TYPE, reason));
        return;
    }
    g_autoptr(GVariant) value = facts_to_variant(facts);
    if (g_variant_get_size(value) > LIMIT_FRAME_BYTES) {
        must_send(WIRE_REFUSED,
                  g_variant_new(WIRE_REFUSED_TYPE, "its header fields are too large"));
        return;
    }
    must_send(WIRE_FACTS, value);
    for (guint i = 0; i < facts->attachments->len; i++) {
        send_octets(facts->attachments->pdata[i]);
    }
}

_Noreturn void child_run(int socket_fd, pid_t parent, const struct child_setup *setup)
{
    struct err err = {.status = ST_OK};
    if (dup2(socket_fd, JAIL_SOCKET_FD) < 0 || close_range(JAIL_SOCKET_FD + 1, ~0U, 0) != 0 ||
        close_jail(parent, setup, &err) != ST_OK) {
        _exit(EXIT_SETUP);
    }
    must_send(WIRE_READY, g_variant_new(WIRE_READY_TYPE));

    struct frame_reader *reader = frame_reader_new(JAIL_SOCKET_FD, WIRE_SMALL_BYTES);
    struct frame frame = {0};
    while (frame_read(reader, FRAME_FOREVER, &frame, &err) == ST_OK) {
        g_autoptr(GVariant) value = NULL;
        int mail_fd = frame_take_fd(reader);
        if (frame.kind != WIRE_MAIL || mail_fd < 0 ||
            frame_value(&frame, WIRE_MAIL_TYPE, &value, &err) != ST_OK) {
            _exit(EXIT_PROTOCOL);
        }
        if (setup->has_faults) {
            misbehave_as_told(mail_fd, JAIL_SOCKET_FD);
        }
        answer_mail(mail_fd, g_variant_get_boolean(value));
        close(mail_fd);
        frame_clear(&frame);
    }
    _exit(0);
}
