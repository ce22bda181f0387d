/* What the files of net/smtp share. Nobody else includes this. */
#ifndef NET_SMTP_SESSION_H
#define NET_SMTP_SESSION_H

#include "net/smtp.h"

/* Ways to log in that we know (RFC 4616, draft-murchison-sasl-login). */
enum submit_way { SUBMIT_WAY_PLAIN = 1, SUBMIT_WAY_LOGIN = 2, SUBMIT_WAY_OTHER = 4 };

/* What the server said to the last EHLO. */
struct submit_abilities {
    unsigned ways; /* enum submit_way, together */
    bool has_starttls;
    bool has_pipelining; /* RFC 2920 */
    bool has_size;       /* RFC 1870 */
};

struct submit {
    struct stream_options where; /* host, pin and ca_file are own */
    char *user;                  /* own; NULL: no AUTH */
    char *password;              /* own */
    char *helo;                  /* own */
    int64_t reply_s;
    int64_t dot_s;
    int64_t server_bytes;         /* survives the connection */
    int64_t certificate_until_us; /* so does this */

    /* The connection. */
    struct stream *stream; /* own; NULL: none */
    struct submit_abilities abilities;
    bool is_new; /* no mail went over it yet */
    size_t in_start;
    size_t in_end;
    char in[LIMIT_SMTP_ANSWER_LINE_BYTES]; /* read and not heard */
};

/* Is told each line of an answer. */
typedef void (*submit_listener)(struct submit *submit, const char *line, size_t length);

/* false: the connection broke, stream_failure says why. An answer that is none has code 0. */
bool submit_say(struct submit *submit, const char *bytes, size_t length);
bool submit_hear(struct submit *submit, submit_listener listener, struct reply *reply);

/* The next steps may take that long together. */
void submit_allow(struct submit *submit, int64_t seconds);

/* Has the server said something that nobody has heard? */
bool submit_holds(const struct submit *submit);

/* From the first byte to the login. Statuses as submit_send. */
MUST_CHECK enum status submit_connect(struct submit *submit, struct err *err);

/* Forget the connection; is_polite: say QUIT first. */
void submit_disconnect(struct submit *submit, bool is_polite);

/* "could not send through HOST: …": because of what the server said, or why the connection broke. */
enum status submit_refuse(const struct submit *submit, enum status status,
                          const struct reply *reply, struct err *err);

/* One attempt on the connection at hand, whose end decides whether it is kept. stale_out: it was dead before
 * anything happened on it; the same on a new one is no second attempt. */
MUST_CHECK enum status submit_try(struct submit *submit, const struct submit_mail *mail,
                                  struct submit_result *results, bool *stale_out, struct err *err);

#endif
