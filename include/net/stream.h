/* A connection to a mail server: TCP with verified TLS, and an end to everything.
 *
 * Every command is given a moment by which it is over and a number of bytes that its answer may have
 * (stream_allow). Whatever breaks a stream breaks it for good: all later reads and writes fail at
 * once, and stream_failure() keeps saying what it was. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

enum stream_security {
    STREAM_TLS,      /* TLS from the first byte: ports 993 and 465 */
    STREAM_STARTTLS, /* plain, then upgraded or given up: ports 143 and 587 */
    STREAM_INSECURE, /* plain: to this machine only, everything else is refused */
};

/* "tls", "starttls", "insecure". */
const char *stream_security_name(enum stream_security security);
MUST_CHECK enum status stream_security_parse(const char *text, enum stream_security *security_out,
                                             struct err *err);

struct stream_options {
    const char *host; /* name or IP literal: connected to, sent as SNI (names only) and verified */
    uint16_t port;
    enum stream_security security;
    const char *ca_file; /* PEM with the CAs to trust; NULL: the system's */
    const char *pin;     /* the server's public key, as tls_check_pin takes it; NULL: any */
    int64_t timeout_ms;  /* TCP and TLS together; 0: LIMIT_CONNECT_MS */
    int wake_fd;         /* readable: whatever is under way fails; -1: none */
};

struct stream;

/* Connect, and for STREAM_TLS make and verify TLS (chain, name, dates; at least TLS 1.2).
 *
 * ST_TEMPFAIL  the network, the name or the server is not there
 * ST_FATAL     the certificate or the server's TLS is not acceptable, or the options are not: the text
 *              names the cause. Nothing was sent. */
MUST_CHECK enum status stream_open(const struct stream_options *options, struct stream **stream_out,
                                   struct err *err);
void stream_close(struct stream *stream);
DEFINE_OWNED(stream, stream_close)

/* Upgrade a STREAM_STARTTLS connection, after the server's OK. The caller has made sure that it
 * holds no byte that came in plain; statuses as in stream_open. */
MUST_CHECK enum status stream_start_tls(struct stream *stream, struct err *err);
bool stream_is_secure(const struct stream *stream);

/* When the certificate of the server ends, in microseconds since 1970; 0: the connection is plain. */
int64_t stream_certificate_until_us(const struct stream *stream);

/* What follows may take timeout_ms in all, and read at most max_bytes. */
void stream_allow(struct stream *stream, int64_t timeout_ms, uint64_t max_bytes);

/* At least one byte, or -1 (broken, over time, too much, ended by the server). Never 0. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t size);
ssize_t stream_write(struct stream *stream, const void *bytes, size_t length);

/* What broke the stream ("the server closed the connection"); NULL while it works. */
const char *stream_failure(const struct stream *stream);

/* Break it, with a reason; the first one stays. */
void stream_fail(struct stream *stream, const char *format, ...) PRINTF_LIKE(2, 3);

enum stream_event { STREAM_EVENT_TIMEOUT, STREAM_EVENT_READABLE, STREAM_EVENT_WOKEN };

/* Wait for bytes from the server, for extra_fd (-1: none) or the stream's wake_fd, or for max_ms to
 * pass, whatever is first. Sees bytes that are already decrypted. Broken streams are readable. */
enum stream_event stream_wait(struct stream *stream, int extra_fd, int64_t max_ms);

/* The descriptor, for those who must be told one. */
int stream_fd(const struct stream *stream);

#endif
