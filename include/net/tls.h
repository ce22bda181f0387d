/* TLS for net/stream: verified, TLS 1.2 or later, over a non-blocking socket. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

struct tls;

/* What tls_handshake, tls_read and tls_write say when they cannot go on. */
enum { TLS_DONE = 0, TLS_WANTS_READ = -1, TLS_WANTS_WRITE = -2, TLS_BROKEN = -3, TLS_ENDED = -4 };

/* Whom to speak to; borrowed for the call. */
struct tls_options {
    const char *host;    /* a name or an IP literal: what the certificate must be for */
    const char *ca_file; /* NULL: the system's CAs */
    const char *pin;     /* NULL: any key; else the certificate's must be this one, too */
};

/* Prepare a session on a connected socket, which stays the caller's.
 *
 * ST_FATAL  no CA certificates could be read, or the pin is none */
MUST_CHECK enum status tls_new(const struct tls_options *options, int fd, struct tls **tls_out,
                               struct err *err);
void tls_free(struct tls *tls);

/* One step of the handshake, in which the certificate is verified: TLS_DONE, TLS_WANTS_… or
 * TLS_BROKEN. */
int tls_handshake(struct tls *tls);

/* Why the handshake broke: ST_FATAL for what only a person can mend (certificate, no TLS on this
 * port, no common version), ST_TEMPFAIL for a cut connection. */
MUST_CHECK enum status tls_explain(const struct tls *tls, struct err *err);

/* Is this a pin: base64 of the SHA-256 digest of a public key (RFC 7469 section 2.4)? Pure.
 *
 * ST_INVALID  no */
MUST_CHECK enum status tls_check_pin(const char *pin, struct err *err);

/* When the server's own certificate ends, in microseconds since 1970; 0: there is none yet. */
int64_t tls_certificate_until_us(const struct tls *tls);

/* Bytes, or TLS_WANTS_…, TLS_BROKEN, or for reading TLS_ENDED. */
ssize_t tls_read(struct tls *tls, void *buffer, size_t size);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t length);

/* The library's words for what broke last; static storage. */
const char *tls_failure(const struct tls *tls);

/* Are there decrypted bytes that a poll on the socket would not show? */
bool tls_has_pending(const struct tls *tls);

/* Say goodbye without waiting for an answer. */
void tls_bye(struct tls *tls);

#endif
