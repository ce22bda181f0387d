/* frame - typed messages over a socketpair
 *
 * One format for the parser's pipe and for the supervisor's. A frame is a kind, a length and a GVariant
 * in normal form; the kind says the type, so nothing on the wire chooses how it is read.
 *
 * The header has 8 octets and payloads are read into memory of their own, so a value is aligned as
 * GVariant wants it and is not copied again. Frames are small against the socket's buffer, but a peer may
 * be hostile or stuck: a reader never allocates more than its maximum, keeps half a frame until the rest
 * comes, and every wait ends at the caller's deadline.
 *
 * The jailed parser uses this too: with FRAME_FOREVER there is no poll() and no clock, only sendto and
 * recvmsg (sendmsg only where a descriptor is passed).
 * I/O: the given socket. Descriptors that come uninvited are closed.
 */
#include "core/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

struct header {
    uint32_t kind;
    uint32_t length;
};
G_STATIC_ASSERT(sizeof(struct header) == 8);

union control {
    char room[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

/* Room for one frame to come; the payload's memory is made when its length is known. */
struct frame_reader {
    int fd; /* borrowed */
    size_t max_bytes;
    struct header header;
    size_t header_bytes; /* of the header, that have come */
    uint8_t *payload;    /* own */
    size_t payload_bytes;
    int passed_fd; /* own; -1 */
};

void frame_clear(struct frame *frame)
{
    g_clear_pointer(&frame->payload, g_bytes_unref);
}

/* Wait until the socket is ready; false when the deadline has passed. */
static bool wait_for(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us(clock_real());
        int timeout_ms = left_us <= 0 ? 0 : (int)MIN((left_us + 999) / 1000, G_MAXINT);
        struct pollfd entry = {.fd = fd, .events = events};
        int ready = poll(&entry, 1, timeout_ms);
        if (ready > 0) {
            return true;
        }
        if (ready == 0 && left_us <= 0) {
            return false;
        }
    }
}

/* ---- sending ----------------------------------------------------------------------------------- */

static ssize_t send_some(int fd, const void *bytes, size_t length, int passed_fd, int flags)
{
    if (passed_fd < 0) {
        return send(fd, bytes, length, flags);
    }
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = length};
    union control control = {0};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control.room,
    };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof passed_fd);
    memcpy(CMSG_DATA(head), &passed_fd, sizeof passed_fd);
    return sendmsg(fd, &message, flags);
}

static enum status send_all(int fd, const void *bytes, size_t length, int passed_fd,
                            int64_t deadline_us, struct err *err)
{
    int flags = MSG_NOSIGNAL | (deadline_us == FRAME_FOREVER ? 0 : MSG_DONTWAIT);
    const char *at = bytes;
    while (length > 0) {
        ssize_t sent = send_some(fd, at, length, passed_fd, flags);
        if (sent > 0) {
            at += sent;
            length -= (size_t)sent;
            passed_fd = -1; /* it went with the first octet */
        } else if (errno == EAGAIN && !wait_for(fd, POLLOUT, deadline_us)) {
            return err_set(err, ST_TEMPFAIL, "could not send: the peer does not read");
        } else if (errno != EAGAIN && errno != EINTR) {
            return err_set(err, ST_TEMPFAIL, "could not send: %s", g_strerror(errno));
        }
    }
    return ST_OK;
}

enum status frame_send(int fd, uint32_t kind, GVariant *value, int passed_fd, int64_t deadline_us,
                       struct err *err)
{
    g_autoptr(GVariant) held = g_variant_ref_sink(value);
    g_autoptr(GVariant) normal = g_variant_get_normal_form(held);
    size_t length = g_variant_get_size(normal);
    struct header header = {.kind = kind, .length = (uint32_t)length};

    if (length > G_MAXUINT32 - sizeof header) {
        return err_set(err, ST_INVALID, "cannot send %zu octets in one frame", length);
    }
    /* One piece: a descriptor must not come apart from its frame. */
    g_autofree char *bytes = g_malloc(sizeof header + length);
    memcpy(bytes, &header, sizeof header);
    g_variant_store(normal, bytes + sizeof header);
    return send_all(fd, bytes, sizeof header + length, passed_fd, deadline_us, err);
}

enum status frame_send_bytes(int fd, uint32_t kind, const void *bytes, size_t length,
                             int64_t deadline_us, struct err *err)
{
    struct header header = {.kind = kind, .length = (uint32_t)length};
    if (length > G_MAXUINT32) {
        return err_set(err, ST_INVALID, "cannot send %zu octets in one frame", length);
    }
    enum status status = send_all(fd, &header, sizeof header, -1, deadline_us, err);
    return status == ST_OK ? send_all(fd, bytes, length, -1, deadline_us, err) : status;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct frame_reader *frame_reader_new(int fd, size_t max_bytes)
{
    struct frame_reader *reader = g_new0(struct frame_reader, 1);
    reader->fd = fd;
    reader->max_bytes = max_bytes;
    reader->passed_fd = -1;
    return reader;
}

static void forget_fd(struct frame_reader *reader)
{
    if (reader->passed_fd >= 0) {
        close(reader->passed_fd);
    }
    reader->passed_fd = -1;
}

void frame_reader_free(struct frame_reader *reader)
{
    if (!reader) {
        return;
    }
    forget_fd(reader);
    g_free(reader->payload);
    g_free(reader);
}

int frame_take_fd(struct frame_reader *reader)
{
    int fd = reader->passed_fd;
    reader->passed_fd = -1;
    return fd;
}

/* Keep the newest descriptor of a message. The room is for one; the kernel closes what does not fit. */
static void keep_fd(struct frame_reader *reader, struct msghdr *message)
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
            head->cmsg_len != CMSG_LEN(sizeof reader->passed_fd)) {
            continue;
        }
        forget_fd(reader);
        memcpy(&reader->passed_fd, CMSG_DATA(head), sizeof reader->passed_fd);
    }
}

/* Receive up to length octets: more than 0, or 0 at the end of the stream, or -1 with errno. */
static ssize_t receive_some(struct frame_reader *reader, void *bytes, size_t length, int flags)
{
    struct iovec data = {.iov_base = bytes, .iov_len = length};
    union control control;
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control.room,
    };
    ssize_t got = recvmsg(reader->fd, &message, flags | MSG_CMSG_CLOEXEC);
    if (got >= 0) {
        keep_fd(reader, &message);
    }
    return got;
}

/* Receive until *have of the length octets are there. */
static enum status receive_all(struct frame_reader *reader, void *bytes, size_t length,
                               size_t *have, int64_t deadline_us, struct err *err)
{
    int flags = deadline_us == FRAME_FOREVER ? 0 : MSG_DONTWAIT;
    while (*have < length) {
        ssize_t got = receive_some(reader, (char *)bytes + *have, length - *have, flags);
        if (got > 0) {
            *have += (size_t)got;
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return err_set(err, ST_TEMPFAIL, "could not read on: %s",
                           got == 0 ? "the peer is gone" : g_strerror(errno));
        } else if (errno == EAGAIN && !wait_for(reader->fd, POLLIN, deadline_us)) {
            return err_set(err, ST_NOT_FOUND, "no whole frame before the deadline");
        }
    }
    return ST_OK;
}

enum status frame_read(struct frame_reader *reader, int64_t deadline_us, struct frame *frame_out,
                       struct err *err)
{
    struct header *header = &reader->header;
    enum status status = receive_all(reader, header, sizeof *header, &reader->header_bytes,
                                     deadline_us, err);
    if (status != ST_OK) {
        return status;
    }
    if (header->length > reader->max_bytes) {
        return err_set(err, ST_INVALID, "a frame of %u octets is longer than %zu", header->length,
                       reader->max_bytes);
    }
    if (!reader->payload) {
        reader->payload = g_malloc(MAX(header->length, 1));
    }
    status = receive_all(reader, reader->payload, header->length, &reader->payload_bytes,
                         deadline_us, err);
    if (status != ST_OK) {
        return status;
    }
    frame_out->kind = header->kind;
    frame_out->payload = g_bytes_new_take(g_steal_pointer(&reader->payload), header->length);
    reader->header_bytes = 0;
    reader->payload_bytes = 0;
    return ST_OK;
}

enum status frame_value(const struct frame *frame, const char *type, GVariant **value_out,
                        struct err *err)
{
    g_autoptr(GVariant) value = g_variant_ref_sink(
        g_variant_new_from_bytes(G_VARIANT_TYPE(type), frame->payload, FALSE));
    if (!g_variant_is_normal_form(value)) {
        return err_set(err, ST_INVALID, "a frame of kind %u is no \"%s\" in normal form",
                       frame->kind, type);
    }
    *value_out = g_steal_pointer(&value);
    return ST_OK;
}
