/* HTTP: one POST of JSON to a server that an admin named, and that need not be friendly. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/err.h"

/* All borrowed for the call. */
struct http_post {
    const char *url;
    const char *body; /* JSON */
    size_t length;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const char *ca_file;        /* PEM with the CAs to trust; NULL: the system's */
    bool allows_http;           /* without TLS */
    bool allows_private;        /* addresses of this machine and of private networks as well */
    int64_t timeout_ms;         /* of all of it */
};

struct http_answer {
    int code;       /* 200, 503, … */
    char text[200]; /* what the server said, on one line */
};

/* Send it and take the answer, whatever its code is. No redirect is followed, no proxy asked, no more than
 * LIMIT_HOOK_ANSWER_BYTES read.
 *
 * ST_DENIED    its address is one of those that must not be called
 * ST_INVALID   the URL cannot be called, ever
 * ST_TEMPFAIL  no answer */
MUST_CHECK enum status http_send(const struct http_post *post, struct http_answer *answer_out,
                                 struct err *err);

/* Is it an address that the whole internet may reach: not this machine, its link, a private, shared, multicast or
 * reserved network, nor one of those in the clothes of IPv6? Pure. */
bool http_is_public(const struct sockaddr *address);

#endif
