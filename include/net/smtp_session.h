/* What the files of net/smtp share. Nobody else includes this: it names libcurl's types. */
#ifndef NET_SMTP_SESSION_H
#define NET_SMTP_SESSION_H

#include <curl/curl.h>

#include "net/smtp.h"

/* Which command the server's next answer is for. */
enum submit_stage {
    STAGE_CONNECT, /* greeting, EHLO, STARTTLS */
    STAGE_AUTH,
    STAGE_MAIL,
    STAGE_RCPT,
    STAGE_DATA,
    STAGE_DOT,
    STAGE_OVER, /* QUIT */
};

/* One attempt to send one mail. */
struct submit_talk {
    const struct submit_mail *mail; /* borrowed: from the caller */
    struct submit_result *results;  /* borrowed: from the caller */
    enum submit_stage stage;
    size_t recipient; /* whose RCPT is under way, counted from 1 */
    size_t sent;      /* bytes handed to libcurl */
    bool is_new;      /* the connection was made for this mail */
    bool is_dot_due;  /* the last bytes were handed over: from here on the mail may exist */
    bool is_stopped;  /* by the hook */
    bool lacks_auth;  /* a login is wanted and the server offered none */
    struct reply at_hand;
    struct reply connect; /* the last answer before MAIL */
    struct reply from;    /* to MAIL */
    struct reply data;
    struct reply dot;
};

struct submit {
    CURL *curl; /* own */
    char *host; /* own */
    struct submit_talk talk;
    bool wants_auth;
    bool is_authenticated; /* the connection at hand */
    int64_t server_bytes;  /* what the last EHLO said of SIZE (RFC 1870); 0: nothing */
    bool is_insecure;
    bool is_elsewhere; /* an insecure connection was refused: not this machine */
    int64_t reply_s;
    int64_t dot_s;
    char failure[CURL_ERROR_SIZE];
};

/* A setting that cannot fail. */
void submit_set_long(struct submit *submit, CURLoption option, int64_t value);

/* libcurl's callbacks; arg is the struct submit. The first hears what is said on the connection, the
 * second gives the mail's bytes, and calls the hook before the last of them. */
int submit_listen(CURL *curl, curl_infotype type, char *bytes, size_t length, void *arg);
size_t submit_feed(char *buffer, size_t size, size_t count, void *arg);

/* After an attempt: fill the results and say what it came to. */
MUST_CHECK enum status submit_conclude(struct submit *submit, CURLcode code, struct err *err);

#endif
