/* stream - a connection to a mail server that cannot hang, flood or deceive us
 *
 * Mail servers are strangers too: they stop in mid-sentence, send a byte a second, send for ever, or
 * show a wrong certificate. So a command has one moment by which it is over, counted from its start
 * and not from the last byte, and its answer has a number of bytes that it may have. All waiting is
 * poll() on a non-blocking socket, together with a descriptor by which the role is told to stop.
 *
 * The end of the stream is an error, not "0 bytes": libetpan loops for ever on zero. A stream that
 * broke stays broken and remembers why.
 *
 * STREAM_INSECURE is for tests and relays on this machine: every address that is no loopback address
 * is refused before a byte is sent. There is no fallback from TLS to plain text anywhere.
 *
 * Not here: what TLS accepts (net/tls); what the bytes mean (net/imap). Looking up a name is the
 * resolver's, with the resolver's own time limits.
 * I/O: sockets.
 */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "net/loopback.h"
#include "net/tls.h"

struct stream {
    int fd;
    int wake_fd;         /* borrowed: from the options */
    int64_t deadline_us; /* monotonic */
    uint64_t bytes_left;
    int64_t allowed_ms; /* for the text of a time-out */
    char *host;         /* own */
    char *ca_file;      /* own */
    char *pin;          /* own; NULL */
    struct tls *tls;    /* own; NULL: plain */
    bool is_broken;
    char failure[256];
};

static const struct {
    enum stream_security security;
    const char *name;
} SECURITIES[] = {
    {STREAM_TLS, "tls"},
    {STREAM_STARTTLS, "starttls"},
    {STREAM_INSECURE, "insecure"},
};

const char *stream_security_name(enum stream_security security)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SECURITIES); i++) {
        if (SECURITIES[i].security == security) {
            return SECURITIES[i].name;
        }
    }
    return "unknown";
}

enum status stream_security_parse(const char *text, enum stream_security *security_out,
                                  struct err *err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SECURITIES); i++) {
        if (strcmp(SECURITIES[i].name, text) == 0) {
            *security_out = SECURITIES[i].security;
            return ST_OK;
        }
    }
    err_set(err, ST_INVALID, "unknown kind of security \"%s\"", text);
    return err_hint(err, "it is one of tls, starttls, insecure");
}

void stream_fail(struct stream *stream, const char *format, ...)
{
    va_list args;

    if (stream->is_broken) {
        return;
    }
    va_start(args, format);
    vsnprintf(stream->failure, sizeof stream->failure, format, args);
    va_end(args);
    stream->is_broken = true;
}

const char *stream_failure(const struct stream *stream)
{
    return stream->is_broken ? stream->failure : NULL;
}

int64_t stream_certificate_until_us(const struct stream *stream)
{
    return stream->tls ? tls_certificate_until_us(stream->tls) : 0;
}

bool stream_is_secure(const struct stream *stream)
{
    return stream->tls != NULL;
}

int stream_fd(const struct stream *stream)
{
    return stream->fd;
}

void stream_allow(struct stream *stream, int64_t timeout_ms, uint64_t max_bytes)
{
    stream->allowed_ms = timeout_ms;
    stream->deadline_us = clock_monotonic_us(clock_real()) + timeout_ms * 1000;
    stream->bytes_left = max_bytes;
}

static int64_t ms_left(int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_monotonic_us(clock_real());
    return left_us <= 0 ? 0 : (left_us + 999) / 1000;
}

/* Wait for the socket: 0, ETIMEDOUT, or ECANCELED when the role is told to stop. */
static int poll_socket(const struct stream *stream, short events)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = stream->fd, .events = events},
                                {.fd = stream->wake_fd, .events = POLLIN}}; /* -1 is passed over */
        int r = poll(fds, G_N_ELEMENTS(fds), (int)MIN(ms_left(stream->deadline_us), INT32_MAX));
        if (r > 0) {
            return fds[1].revents != 0 ? ECANCELED : 0;
        }
        if (ms_left(stream->deadline_us) == 0) {
            return ETIMEDOUT;
        }
    }
}

/* The same; anything but 0 breaks the stream. */
static bool wait_for(struct stream *stream, short events)
{
    switch (poll_socket(stream, events)) {
    case 0:
        return true;
    case ETIMEDOUT:
        stream_fail(stream, "no complete answer within %.1f s", (double)stream->allowed_ms / 1000);
        return false;
    default:
        stream_fail(stream, "interrupted");
        return false;
    }
}

/* What a step of TLS or of a plain socket asks for; true: try again. */
static bool wait_as_told(struct stream *stream, ssize_t told, const char *verb)
{
    if (told == TLS_WANTS_READ || told == TLS_WANTS_WRITE) {
        return wait_for(stream, told == TLS_WANTS_READ ? POLLIN : POLLOUT);
    }
    if (told == TLS_ENDED) {
        stream_fail(stream, "the server closed the connection");
    } else {
        stream_fail(stream, "could not %s: %s", verb,
                    stream->tls ? tls_failure(stream->tls) : g_strerror(errno));
    }
    return false;
}

static ssize_t plain_read(struct stream *stream, void *buffer, size_t size)
{
    ssize_t r = recv(stream->fd, buffer, size, 0);
    if (r > 0) {
        return r;
    }
    if (r == 0) {
        return TLS_ENDED;
    }
    return errno == EAGAIN || errno == EINTR ? TLS_WANTS_READ : TLS_BROKEN;
}

static ssize_t plain_write(struct stream *stream, const void *bytes, size_t length)
{
    ssize_t r = send(stream->fd, bytes, length, MSG_NOSIGNAL);
    if (r >= 0) {
        return r;
    }
    return errno == EAGAIN || errno == EINTR ? TLS_WANTS_WRITE : TLS_BROKEN;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size)
{
    assert(size > 0);
    if (!stream->is_broken && stream->bytes_left == 0) {
        stream_fail(stream, "the server's answer is too long");
    }
    while (!stream->is_broken) {
        size_t most = (size_t)MIN((uint64_t)size, stream->bytes_left);
        ssize_t r = stream->tls ? tls_read(stream->tls, buffer, most)
                                : plain_read(stream, buffer, most);
        if (r > 0) {
            stream->bytes_left -= (uint64_t)r;
            if (ms_left(stream->deadline_us) > 0) {
                return r;
            }
            /* Data that never stops coming must not outrun the clock. */
            stream_fail(stream, "no complete answer within %.1f s",
                        (double)stream->allowed_ms / 1000);
        } else if (!wait_as_told(stream, r, "read")) {
            break;
        }
    }
    return -1;
}

ssize_t stream_write(struct stream *stream, const void *bytes, size_t length)
{
    while (!stream->is_broken) {
        ssize_t r = stream->tls ? tls_write(stream->tls, bytes, length)
                                : plain_write(stream, bytes, length);
        if (r > 0) {
            return r;
        }
        if (!wait_as_told(stream, r, "write")) {
            break;
        }
    }
    return -1;
}

enum stream_event stream_wait(struct stream *stream, int extra_fd, int64_t max_ms)
{
    int64_t deadline_us = clock_monotonic_us(clock_real()) + max_ms * 1000;

    bool has_bytes = stream->is_broken || (stream->tls && tls_has_pending(stream->tls));

    for (;;) {
        struct pollfd fds[3] = {{.fd = stream->fd, .events = POLLIN},
                                {.fd = stream->wake_fd, .events = POLLIN},
                                {.fd = extra_fd, .events = POLLIN}};
        int64_t left_ms = has_bytes ? 0 : ms_left(deadline_us);
        int r = poll(fds, G_N_ELEMENTS(fds), (int)MIN(left_ms, INT32_MAX));
        if (r > 0 && (fds[1].revents || fds[2].revents)) {
            return STREAM_EVENT_WOKEN;
        }
        if (r > 0 || has_bytes) {
            return STREAM_EVENT_READABLE;
        }
        if (ms_left(deadline_us) == 0) {
            return STREAM_EVENT_TIMEOUT;
        }
    }
}

/* One address. On failure the reason is in *code_out and the socket is closed. */
static bool connect_to(struct stream *stream, const struct addrinfo *address, int *code_out)
{
    int code = 0;
    socklen_t size = sizeof code;
    int one = 1;

    stream->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (stream->fd < 0) {
        *code_out = errno;
        return false;
    }
    if (connect(stream->fd, address->ai_addr, address->ai_addrlen) != 0) {
        code = errno;
        if (code == EINPROGRESS) {
            code = poll_socket(stream, POLLOUT);
            if (code == 0) {
                getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &code, &size);
            }
        }
    }
    if (code == 0) {
        setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
        return true;
    }
    close(stream->fd);
    stream->fd = -1;
    *code_out = code;
    return false;
}

/* Every address in turn, each with its share of the time. */
static enum status connect_any(struct stream *stream, const struct stream_options *options,
                               const struct addrinfo *addresses, struct err *err)
{
    int64_t end_us = stream->deadline_us;
    int code = 0;

    for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
        int64_t left_ms = ms_left(end_us);
        if (options->security == STREAM_INSECURE && !loopback_is(a->ai_addr)) {
            return err_set(err, ST_FATAL,
                           "cannot speak to \"%s\" without TLS: it is not on this machine",
                           options->host);
        }
        stream_allow(stream, a->ai_next ? left_ms / 2 : left_ms, 0);
        if (connect_to(stream, a, &code)) {
            stream->deadline_us = end_us;
            return ST_OK;
        }
        if (code == ECANCELED) {
            break;
        }
    }
    return err_set(err, ST_TEMPFAIL, "could not connect to \"%s\" port %u: %s", options->host,
                   (unsigned)options->port, g_strerror(code));
}

static enum status connect_tcp(struct stream *stream, const struct stream_options *options,
                               struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    char service[8];

    snprintf(service, sizeof service, "%u", (unsigned)options->port);
    int r = getaddrinfo(options->host, service, &hints, &addresses);
    if (r != 0) {
        return err_set(err, ST_TEMPFAIL, "could not look up \"%s\": %s", options->host,
                       gai_strerror(r));
    }
    enum status status = connect_any(stream, options, addresses, err);
    freeaddrinfo(addresses);
    return status;
}

enum status stream_start_tls(struct stream *stream, struct err *err)
{
    assert(!stream->tls);
    const struct tls_options options = {.host = stream->host,
                                        .ca_file = stream->ca_file,
                                        .pin = stream->pin};
    enum status status = tls_new(&options, stream->fd, &stream->tls, err);
    if (status != ST_OK) {
        stream_fail(stream, "%s", err->text);
        return status;
    }
    for (;;) {
        int r = tls_handshake(stream->tls);
        if (r == TLS_DONE) {
            return ST_OK;
        }
        if (r == TLS_BROKEN) {
            status = tls_explain(stream->tls, err);
            stream_fail(stream, "%s", err->text);
            return status;
        }
        if (!wait_for(stream, r == TLS_WANTS_READ ? POLLIN : POLLOUT)) {
            return err_set(err, ST_TEMPFAIL, "could not make TLS with \"%s\": %s", stream->host,
                           stream->failure);
        }
    }
}

enum status stream_open(const struct stream_options *options, struct stream **stream_out,
                        struct err *err)
{
    OWNED(stream) stream = g_new0(struct stream, 1);

    stream->fd = -1;
    stream->wake_fd = options->wake_fd;
    stream->host = g_strdup(options->host);
    stream->ca_file = g_strdup(options->ca_file);
    stream->pin = g_strdup(options->pin);
    stream_allow(stream, options->timeout_ms > 0 ? options->timeout_ms : LIMIT_CONNECT_MS, 0);

    enum status status = connect_tcp(stream, options, err);
    if (status != ST_OK) {
        return status;
    }
    if (options->security == STREAM_TLS) {
        status = stream_start_tls(stream, err);
        if (status != ST_OK) {
            return status;
        }
    }
    *stream_out = g_steal_pointer(&stream);
    return ST_OK;
}

void stream_close(struct stream *stream)
{
    if (!stream) {
        return;
    }
    if (stream->tls) {
        if (!stream->is_broken) {
            tls_bye(stream->tls);
        }
        tls_free(stream->tls);
    }
    if (stream->fd >= 0) {
        close(stream->fd);
    }
    g_free(stream->host);
    g_free(stream->ca_file);
    g_free(stream->pin);
    g_free(stream);
}
