/* smtp_talk - what is said on an SMTP connection, and what it means for the mail
 *
 * libcurl gives one number for a whole mail, and we owe an answer for each recipient. So we listen to
 * the talk through its debug callback: which command went out, which answer came back. AUTH and what
 * follows it is never kept.
 *
 * The moment that counts is the final dot (RFC 5321 section 6.1). Before it the mail does not exist, a
 * failure is harmless. After it only the server's answer says what happened; without one the mail is
 * perhaps sent. The hook runs before the last bytes are handed to libcurl, and the dot comes after
 * them: if the hook fails, the server never gets the end and must throw the mail away.
 *
 * libcurl 7.88 keeps a connection after a final dot that was not answered. The next mail would be told
 * the answer that was meant for this one. So every attempt begins with reuse forbidden, and it is the
 * answer to the dot that allows it.
 *
 * Not here: connecting, sending (net/smtp). I/O: none of its own; libcurl calls it.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "net/smtp_session.h"
#include "net/tls.h"

enum { CODE_LOGIN_WANTED = 530 }; /* RFC 4954 section 6 */

const char *submit_outcome_name(enum submit_outcome outcome)
{
    switch (outcome) {
    case SUBMIT_UNSENT:
        return "unsent";
    case SUBMIT_ACCEPTED:
        return "accepted";
    case SUBMIT_TEMPORARY:
        return "temporary";
    case SUBMIT_PERMANENT:
        return "permanent";
    case SUBMIT_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}

void submit_set_long(struct submit *submit, CURLoption option, int64_t value)
{
    CURLcode code = curl_easy_setopt(submit->curl, option, (long)value);
    assert(code == CURLE_OK);
    (void)code;
}

int64_t submit_server_bytes(const struct submit *submit)
{
    return submit->server_bytes;
}

/* ---- listening ---- */

static const struct {
    const char *command;
    enum submit_stage stage;
} COMMANDS[] = {
    {"EHLO", STAGE_CONNECT}, {"HELO", STAGE_CONNECT},    {"STARTTLS", STAGE_CONNECT},
    {"AUTH ", STAGE_AUTH},   {"MAIL FROM:", STAGE_MAIL}, {"RCPT TO:", STAGE_RCPT},
    {"DATA", STAGE_DATA},    {"QUIT", STAGE_OVER},
};

static void hear_command(struct submit *submit, const char *line, size_t length)
{
    struct submit_talk *talk = &submit->talk;

    for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++) {
        size_t size = strlen(COMMANDS[i].command);
        if (length < size || memcmp(line, COMMANDS[i].command, size) != 0) {
            continue;
        }
        talk->stage = COMMANDS[i].stage;
        talk->at_hand = (struct reply){.code = 0};
        if (talk->stage == STAGE_OVER) {
            submit_set_long(submit, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1);
        }
        if (talk->stage == STAGE_CONNECT) {
            submit->is_authenticated = false;
            submit->server_bytes = 0;
        } else if (talk->stage == STAGE_RCPT) {
            talk->recipient++;
        } else if (talk->stage == STAGE_MAIL && submit->wants_auth && !submit->is_authenticated) {
            talk->lacks_auth = true;
        }
        return;
    }
}

static enum submit_outcome outcome_of(const struct reply *reply)
{
    switch (reply_class(reply)) {
    case 2:
        return SUBMIT_ACCEPTED;
    case 5:
        return SUBMIT_PERMANENT;
    default: /* an answer that is none is no reason to give up */
        return SUBMIT_TEMPORARY;
    }
}

/* "250-SIZE 26214400" among the answers to EHLO. */
static void hear_ability(struct submit *submit, const char *line, size_t length)
{
    static const char SIZE[] = "SIZE ";
    g_autofree char *text = g_strndup(line, length);
    int64_t bytes = 0;
    struct err ignored = {.status = ST_OK};

    if (length < 4 || !g_str_has_prefix(text, "250") ||
        g_ascii_strncasecmp(text + 4, SIZE, sizeof SIZE - 1) != 0) {
        return;
    }
    const char *number = g_strstrip(text + 4 + sizeof SIZE - 1);
    if (text_parse_int64(number, 0, INT64_MAX, &bytes, &ignored) == ST_OK) {
        submit->server_bytes = bytes;
    }
}

static void hear_answer(struct submit *submit, const char *line, size_t length)
{
    struct submit_talk *talk = &submit->talk;

    if (talk->stage == STAGE_CONNECT) {
        hear_ability(submit, line, length);
    }
    if (!reply_add(&talk->at_hand, line, length)) {
        return;
    }
    const struct reply *reply = &talk->at_hand;
    switch (talk->stage) {
    case STAGE_AUTH:
        if (reply->code == 235) {
            submit->is_authenticated = true;
        }
        if (reply->code != 334) { /* a challenge is nobody's business */
            talk->connect = *reply;
        }
        break;
    case STAGE_CONNECT:
        talk->connect = *reply;
        break;
    case STAGE_MAIL:
        talk->from = *reply;
        break;
    case STAGE_RCPT:
        if (talk->recipient <= talk->mail->recipient_count) {
            talk->results[talk->recipient - 1] =
                (struct submit_result){.outcome = outcome_of(reply), .reply = *reply};
        }
        break;
    case STAGE_DATA:
        talk->data = *reply;
        break;
    case STAGE_DOT:
        if (!talk->dot.is_complete && reply->code != 0) { /* nonsense answers nothing */
            talk->dot = *reply;
            submit_set_long(submit, CURLOPT_FORBID_REUSE, 0);
        }
        break;
    case STAGE_OVER:
        break;
    }
}

int submit_listen(CURL *curl, curl_infotype type, char *bytes, size_t length, void *arg)
{
    struct submit *submit = arg;

    (void)curl;
    if (type == CURLINFO_HEADER_OUT) {
        hear_command(submit, bytes, length);
    } else if (type == CURLINFO_HEADER_IN) {
        hear_answer(submit, bytes, length);
    }
    return 0;
}

size_t submit_feed(char *buffer, size_t size, size_t count, void *arg)
{
    struct submit *submit = arg;
    struct submit_talk *talk = &submit->talk;
    const struct submit_mail *mail = talk->mail;
    size_t left = mail->length - talk->sent;
    size_t bytes = MIN(size * count, left);

    if (talk->lacks_auth) {
        return CURL_READFUNC_ABORT;
    }
    if (bytes == left && left > 0) {
        if (mail->before_final_dot && mail->before_final_dot(mail->arg) != ST_OK) {
            talk->is_stopped = true;
            return CURL_READFUNC_ABORT;
        }
        talk->stage = STAGE_DOT;
        talk->is_dot_due = true;
        talk->at_hand = (struct reply){.code = 0};
        submit_set_long(submit, CURLOPT_SERVER_RESPONSE_TIMEOUT, submit->dot_s);
    }
    memcpy(buffer, mail->bytes + talk->sent, bytes);
    talk->sent += bytes;
    return bytes;
}

/* ---- what became of the mail ---- */

static enum status set_failure(struct submit *submit, CURLcode code, enum status status,
                               struct err *err)
{
    const struct reply *reply = &submit->talk.connect;
    const char *cause = submit->failure[0] ? submit->failure : curl_easy_strerror(code);
    bool is_answered = reply->is_complete && reply_class(reply) != 2 && reply_class(reply) != 3;

    if (is_answered) {
        return err_set(err, status, "%s send through \"%s\": the server says \"%s\"",
                       status == ST_TEMPFAIL ? "could not" : "cannot", submit->host, reply->text);
    }
    return err_set(err, status, "%s send through \"%s\": %s",
                   status == ST_TEMPFAIL ? "could not" : "cannot", submit->host, cause);
}

static enum status refuse_certificate(struct submit *submit, CURLcode code, struct err *err)
{
    long bits = 0;

    curl_easy_getinfo(submit->curl, CURLINFO_SSL_VERIFYRESULT, &bits);
    const char *cause = tls_refusal((unsigned)bits);
    if (!cause) {
        return set_failure(submit, code, ST_FATAL, err);
    }
    err_set(err, ST_FATAL, "cannot accept the certificate of \"%s\": %s", submit->host, cause);
    return err_hint(err, "%s", tls_hint((unsigned)bits));
}

/* libcurl's codes become ours here and nowhere else. Only for what went wrong before MAIL was
 * answered, and for connections that broke. */
static enum status translate(struct submit *submit, CURLcode code, struct err *err)
{
    bool is_temporary = reply_class(&submit->talk.connect) == 4;

    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return refuse_certificate(submit, code, err);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return set_failure(submit, code, ST_FATAL, err);
    case CURLE_SSL_CONNECT_ERROR:
        return set_failure(submit, code, tls_is_cut(submit->failure) ? ST_TEMPFAIL : ST_FATAL, err);
    case CURLE_USE_SSL_FAILED:
        if (is_temporary) {
            return set_failure(submit, code, ST_TEMPFAIL, err);
        }
        err_set(err, ST_FATAL, "cannot send through \"%s\": the server offers no STARTTLS here",
                submit->host);
        return err_hint(err, "the port for TLS from the first byte is 465");
    case CURLE_LOGIN_DENIED:
        set_failure(submit, code, is_temporary ? ST_TEMPFAIL : ST_DENIED, err);
        return is_temporary ? err->status
                            : err_hint(err, "check user name and password of the sending account");
    default:
        if (submit->is_elsewhere) {
            return err_set(err, ST_FATAL,
                           "cannot send through \"%s\" without TLS: it is not on this machine",
                           submit->host);
        }
        return set_failure(submit, code, ST_TEMPFAIL, err);
    }
}

/* Whoever was not refused at RCPT gets this. */
static void decide_rest(struct submit_talk *talk, enum submit_outcome outcome,
                        const struct reply *reply)
{
    for (size_t i = 0; i < talk->mail->recipient_count; i++) {
        struct submit_result *result = &talk->results[i];
        if (result->outcome == SUBMIT_ACCEPTED || result->outcome == SUBMIT_UNSENT) {
            *result = (struct submit_result){.outcome = outcome};
            if (reply) {
                result->reply = *reply;
            }
        }
    }
}

static bool is_everyone_refused(const struct submit_talk *talk)
{
    for (size_t i = 0; i < talk->mail->recipient_count; i++) {
        enum submit_outcome outcome = talk->results[i].outcome;
        if (outcome != SUBMIT_TEMPORARY && outcome != SUBMIT_PERMANENT) {
            return false;
        }
    }
    return true;
}

enum status submit_conclude(struct submit *submit, CURLcode code, struct err *err)
{
    struct submit_talk *talk = &submit->talk;

    if (talk->dot.is_complete) {
        decide_rest(talk, outcome_of(&talk->dot), &talk->dot);
        return ST_OK;
    }
    if (talk->is_dot_due) {
        decide_rest(talk, SUBMIT_UNKNOWN, NULL);
        return err_set(err, ST_UNCERTAIN,
                       "the mail is perhaps sent: no answer to its end from \"%s\" (%s)",
                       submit->host,
                       submit->failure[0] ? submit->failure : curl_easy_strerror(code));
    }
    if (talk->from.code == CODE_LOGIN_WANTED) { /* says nothing about the mail */
        decide_rest(talk, SUBMIT_UNSENT, NULL);
        err_set(err, ST_DENIED, "cannot send through \"%s\": the server says \"%s\"", submit->host,
                talk->from.text);
        return err_hint(err, "the sending account needs a user name and TLS");
    }
    if (talk->from.is_complete && reply_class(&talk->from) != 2) {
        decide_rest(talk, outcome_of(&talk->from), &talk->from);
        return ST_OK;
    }
    if (is_everyone_refused(talk)) {
        return ST_OK;
    }
    if (talk->data.is_complete && reply_class(&talk->data) != 3) {
        /* A 2xx here belongs to something else: the server is out of step, nothing was sent. */
        bool is_final = reply_class(&talk->data) == 5;
        decide_rest(talk, is_final ? SUBMIT_PERMANENT : SUBMIT_TEMPORARY, &talk->data);
        return ST_OK;
    }
    decide_rest(talk, SUBMIT_UNSENT, NULL);
    if (talk->lacks_auth) {
        err_set(err, ST_FATAL, "cannot send through \"%s\": the server offers no login here",
                submit->host);
        return err_hint(err, "servers for submission listen on port 465 or 587");
    }
    if (talk->is_stopped) {
        return err_set(err, ST_TEMPFAIL, "could not send: stopped before the mail's end");
    }
    return translate(submit, code, err);
}
