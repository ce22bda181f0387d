/* Sending mail by SMTP over a connection that is used again and again. */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "net/reply.h"
#include "net/stream.h"

struct submit;

struct submit_options {
    const char *host;
    uint16_t port;
    enum stream_security security;
    const char *user;     /* NULL: no AUTH */
    const char *password; /* with user */
    const char *ca_file;  /* NULL: the system's CAs */
    const char *pin;      /* as in stream_options */
    const char *helo;     /* what EHLO says; NULL: the machine's name */
    int64_t reply_s;      /* patience for one answer; 0: LIMIT_SMTP_REPLY_S */
    int64_t dot_s;        /* for the answer to the final dot; 0: LIMIT_SMTP_DOT_S */
};

/* Prepare a sender. Connects with the first mail.
 *
 * ST_FATAL  the options cannot work */
MUST_CHECK enum status submit_open(const struct submit_options *options, struct submit **submit_out,
                                   struct err *err);
void submit_close(struct submit *submit);
DEFINE_OWNED(submit, submit_close)

/* What became of a mail for one recipient. */
enum submit_outcome {
    SUBMIT_UNSENT,    /* not handed over: the connection broke before, or another way is open */
    SUBMIT_ACCEPTED,  /* 2xx after the final dot */
    SUBMIT_TEMPORARY, /* 4xx: again, later */
    SUBMIT_PERMANENT, /* 5xx: never */
    SUBMIT_UNKNOWN,   /* the final dot may have arrived; no answer to it did */
};
const char *submit_outcome_name(enum submit_outcome outcome);

struct submit_result {
    enum submit_outcome outcome;
    struct reply reply; /* the answer that decided; code 0: none did */
};

/* Called once, before the mail's last bytes and the final dot are handed over: here the result of
 * the mail before can be committed. Anything but ST_OK stops this mail: the server never sees its
 * end, so it does not exist. */
typedef enum status (*submit_hook)(void *arg);

struct submit_mail {
    const char *mail_from;         /* "": the null sender */
    const char *const *recipients; /* ASCII addresses */
    size_t recipient_count;        /* 1 to LIMIT_SMTP_RECIPIENTS */
    const char *bytes;             /* CRLF line ends only, and one at the end */
    size_t length;
    submit_hook before_final_dot; /* may be NULL */
    void *arg;                    /* borrowed: for the hook */
};

/* Send one mail. results holds recipient_count entries and is always filled.
 *
 * ST_OK         the server has decided; the results say how, recipient by recipient
 * ST_INVALID    an address or the mail's bytes are wrong; nothing was sent
 * ST_TEMPFAIL   no connection, or it broke before the final dot, or the hook stopped it: not sent
 * ST_UNCERTAIN  the connection broke after the final dot: perhaps sent (SUBMIT_UNKNOWN)
 * ST_DENIED     login refused
 * ST_FATAL      certificate, TLS or options: the text names the cause */
MUST_CHECK enum status submit_send(struct submit *submit, const struct submit_mail *mail,
                                   struct submit_result *results, struct err *err);

/* When the certificate of the server ends, in microseconds since 1970; 0: the last connection was plain, or there was
 * none yet. */
int64_t submit_certificate_until_us(const struct submit *submit);

/* The largest mail that the server takes, as it said in the connection at hand or the last one (SIZE, RFC 1870);
 * 0: it names no limit. */
int64_t submit_server_bytes(const struct submit *submit);

/* Is this an address that can stand in an SMTP command (ASCII, one "@", no blanks, brackets or
 * controls, RFC 5321 lengths)? Pure. */
MUST_CHECK enum status submit_check_address(const char *address, struct err *err);

/* Are all line ends CRLF, is there one at the end, is there no NUL? Pure. */
MUST_CHECK enum status submit_check_bytes(const char *bytes, size_t length, struct err *err);

#endif
