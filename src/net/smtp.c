/* smtp - hand a mail to the submission server, and know what became of it
 *
 * libcurl speaks the protocol: TLS, AUTH, and a connection that is kept for the next mail. It answers
 * with one number for a whole mail, though, and we owe an answer for each recipient. So we listen to
 * the talk through its debug callback: which command went out, what came back. AUTH and what follows
 * it is never kept.
 *
 * The moment that counts is the final dot (RFC 5321 section 6.1). Before it the mail does not exist, a
 * failure is harmless. After it only the server's answer says what happened; without one the mail is
 * perhaps sent. The hook runs before the last bytes are handed to libcurl, and the dot comes after
 * them: if the hook fails, the server never gets the end and must throw the mail away.
 *
 * What libcurl 7.88 does not do and we therefore must: addresses are put into commands as they are
 * (CR LF would be commands), "\n.\n" goes out raw (SMTP smuggling), and where the server offers no
 * AUTH it sends without. Addresses and bytes are checked before, the last is caught before the mail's
 * bytes go out.
 *
 * Two more of its habits: after a final dot without an answer it keeps the connection for the next
 * mail, which would then be told the answer that was meant for this one; and it waits two minutes for
 * the answer to QUIT. So a connection is given up unless the dot was answered, and QUIT is sent into
 * a socket that is no longer read.
 *
 * A kept connection may have been closed by the server meanwhile. If it dies before it answered MAIL,
 * nothing has happened, and the mail is tried once more on a new one.
 *
 * Not here: when to try again, who is told (gateway). I/O: the connection.
 */
#include "net/smtp.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/limits.h"
#include "net/loopback.h"
#include "net/tls.h"

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
struct talk {
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
    struct talk talk;
    bool wants_auth;
    bool is_authenticated; /* the connection at hand */
    bool is_insecure;
    bool is_elsewhere; /* an insecure connection was refused: not this machine */
    int64_t reply_s;
    int64_t dot_s;
    char failure[CURL_ERROR_SIZE];
};

#define SET(option, value)                                        \
 do {                                                             \
  CURLcode code_ = curl_easy_setopt(submit->curl, option, value); \
  assert(code_ == CURLE_OK);                                      \
  (void)code_;                                                    \
 } while (0)

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

/* ---- listening to the talk ---- */

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
    struct talk *talk = &submit->talk;

    for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++) {
        size_t size = strlen(COMMANDS[i].command);
        if (length < size || memcmp(line, COMMANDS[i].command, size) != 0) {
            continue;
        }
        talk->stage = COMMANDS[i].stage;
        talk->at_hand = (struct reply){.code = 0};
        if (talk->stage == STAGE_OVER) {
            SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, 1L);
        }
        if (talk->stage == STAGE_CONNECT) {
            submit->is_authenticated = false;
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

static void hear_answer(struct submit *submit, const char *line, size_t length)
{
    struct talk *talk = &submit->talk;

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
        if (!talk->dot.is_complete) {
            talk->dot = *reply;
            SET(CURLOPT_FORBID_REUSE, 0L);
        }
        break;
    case STAGE_OVER:
        break;
    }
}

static int on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length, void *arg)
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

/* libcurl wants the mail's next bytes. With the last of them the dot is due. */
static size_t on_read(char *buffer, size_t size, size_t count, void *arg)
{
    struct submit *submit = arg;
    struct talk *talk = &submit->talk;
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
        SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)submit->dot_s);
    }
    memcpy(buffer, mail->bytes + talk->sent, bytes);
    talk->sent += bytes;
    return bytes;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct submit *submit = arg;

    (void)purpose;
    submit->talk.is_new = true;
    if (submit->is_insecure && !loopback_is(&address->addr)) {
        submit->is_elsewhere = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- opening ---- */

/* Letters, digits and what names and addresses are made of: nothing that means something in a URL. */
static bool is_host(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr(".-_:", *p)) {
            return false;
        }
    }
    return *text != '\0' && strlen(text) <= LIMIT_DOMAIN_BYTES;
}

static char *make_url(const struct submit_options *options)
{
    char name[256] = "";
    const char *helo = options->helo;

    if (!helo) {
        gethostname(name, sizeof name - 1);
        helo = is_host(name) ? name : "localhost";
    }
    return g_strdup_printf(strchr(options->host, ':') ? "%s://[%s]:%u/%s" : "%s://%s:%u/%s",
                           options->security == STREAM_TLS ? "smtps" : "smtp", options->host,
                           (unsigned)options->port, helo);
}

static void set_security(struct submit *submit, const struct submit_options *options)
{
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_USE_SSL,
        (long)(options->security == STREAM_INSECURE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY, ""); /* whatever the environment says */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    if (options->ca_file) {
        SET(CURLOPT_CAINFO, options->ca_file);
    }
    if (options->user) {
        SET(CURLOPT_USERNAME, options->user);
        SET(CURLOPT_PASSWORD, options->password ? options->password : "");
        SET(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN"); /* no detour over GSSAPI or NTLM */
    }
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, submit);
}

static void set_up(struct submit *submit, const struct submit_options *options)
{
    g_autofree char *url = make_url(options);

    SET(CURLOPT_URL, url);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 131072L);
    SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, submit);
    SET(CURLOPT_VERBOSE, 1L); /* without it the debug function is not called */
    SET(CURLOPT_DEBUGFUNCTION, on_debug);
    SET(CURLOPT_DEBUGDATA, submit);
    SET(CURLOPT_ERRORBUFFER, submit->failure);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_CONNECT_MS);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    set_security(submit, options);
}

enum status submit_open(const struct submit_options *options, struct submit **submit_out,
                        struct err *err)
{
    if (!is_host(options->host) || (options->helo && !is_host(options->helo))) {
        return err_set(err, ST_FATAL, "cannot use \"%s\" as the name of an SMTP server or client",
                       is_host(options->host) ? options->helo : options->host);
    }
    if (options->ca_file && access(options->ca_file, R_OK) != 0) {
        return err_set(err, ST_FATAL, "cannot read CA certificates from \"%s\"", options->ca_file);
    }
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(code == CURLE_OK);
    (void)code;

    struct submit *submit = g_new0(struct submit, 1);
    submit->curl = curl_easy_init();
    assert(submit->curl);
    submit->host = g_strdup(options->host);
    submit->wants_auth = options->user != NULL;
    submit->is_insecure = options->security == STREAM_INSECURE;
    submit->reply_s = options->reply_s > 0 ? options->reply_s : LIMIT_SMTP_REPLY_S;
    submit->dot_s = options->dot_s > 0 ? options->dot_s : LIMIT_SMTP_DOT_S;
    set_up(submit, options);
    *submit_out = submit;
    return ST_OK;
}

void submit_close(struct submit *submit)
{
    if (!submit) {
        return;
    }
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(submit->curl, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
        socket != CURL_SOCKET_BAD) {
        shutdown(socket, SHUT_RD); /* say QUIT, do not wait for the answer */
    }
    curl_easy_cleanup(submit->curl);
    curl_global_cleanup();
    g_free(submit->host);
    g_free(submit);
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
static void decide_rest(struct talk *talk, enum submit_outcome outcome, const struct reply *reply)
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

static bool is_everyone_refused(const struct talk *talk)
{
    for (size_t i = 0; i < talk->mail->recipient_count; i++) {
        enum submit_outcome outcome = talk->results[i].outcome;
        if (outcome != SUBMIT_TEMPORARY && outcome != SUBMIT_PERMANENT) {
            return false;
        }
    }
    return true;
}

static enum status conclude(struct submit *submit, CURLcode code, struct err *err)
{
    struct talk *talk = &submit->talk;

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
    if (talk->from.is_complete && reply_class(&talk->from) != 2) {
        decide_rest(talk, outcome_of(&talk->from), &talk->from);
        return ST_OK;
    }
    if (is_everyone_refused(talk)) {
        return ST_OK;
    }
    if (talk->data.is_complete && reply_class(&talk->data) != 3) {
        decide_rest(talk, outcome_of(&talk->data), &talk->data);
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

/* ---- sending ---- */

static CURLcode attempt(struct submit *submit, const struct submit_mail *mail,
                        struct submit_result *results)
{
    int64_t total_s = submit->reply_s + submit->dot_s +
                      (int64_t)(mail->length / LIMIT_FETCH_BYTES_PER_S);

    submit->talk = (struct talk){.mail = mail, .results = results, .stage = STAGE_CONNECT};
    memset(results, 0, mail->recipient_count * sizeof *results);
    submit->failure[0] = '\0';
    submit->is_elsewhere = false;
    SET(CURLOPT_FORBID_REUSE, 1L); /* until the dot is answered */
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)submit->reply_s);
    SET(CURLOPT_TIMEOUT_MS, (long)(total_s * 1000));
    return curl_easy_perform(submit->curl);
}

/* Did a kept connection turn out to be dead before anything happened on it? */
static bool was_stale(const struct submit *submit, CURLcode code)
{
    const struct talk *talk = &submit->talk;
    return code != CURLE_OK && !talk->is_new && talk->recipient == 0 &&
           (!talk->from.is_complete || talk->from.code == 421);
}

static enum status check_mail(const struct submit_mail *mail, struct err *err)
{
    if (mail->recipient_count == 0 || mail->recipient_count > LIMIT_SMTP_RECIPIENTS) {
        return err_set(err, ST_INVALID, "a mail cannot have %zu recipients", mail->recipient_count);
    }
    enum status status = ST_OK;
    if (mail->mail_from[0] != '\0') {
        status = submit_check_address(mail->mail_from, err);
    }
    for (size_t i = 0; i < mail->recipient_count && status == ST_OK; i++) {
        status = submit_check_address(mail->recipients[i], err);
    }
    return status == ST_OK ? submit_check_bytes(mail->bytes, mail->length, err) : status;
}

enum status submit_send(struct submit *submit, const struct submit_mail *mail,
                        struct submit_result *results, struct err *err)
{
    struct curl_slist *recipients = NULL;

    memset(results, 0, mail->recipient_count * sizeof *results);
    enum status status = check_mail(mail, err);
    if (status != ST_OK) {
        return status;
    }
    for (size_t i = 0; i < mail->recipient_count; i++) {
        recipients = curl_slist_append(recipients, mail->recipients[i]);
        assert(recipients);
    }
    SET(CURLOPT_MAIL_FROM, mail->mail_from);
    SET(CURLOPT_MAIL_RCPT, recipients);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->length);

    CURLcode code = attempt(submit, mail, results);
    if (was_stale(submit, code)) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        code = attempt(submit, mail, results);
        SET(CURLOPT_FRESH_CONNECT, 0L);
    }
    status = conclude(submit, code, err);
    SET(CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    return status;
}
