/* smtp - hand a mail to the submission server, over a connection that is kept for the next one
 *
 * libcurl speaks the protocol: TLS, AUTH, the commands. What libcurl 7.88 does not do and we therefore
 * must: addresses are put into commands as they are (CR LF would be commands), "\n.\n" goes out raw
 * (SMTP smuggling), and where the server offers no AUTH it sends without. Addresses and bytes are
 * checked before, the last is caught before the mail's bytes go out.
 *
 * It waits two minutes for the answer to QUIT; ours goes into a socket that is no longer read.
 *
 * A kept connection may have been closed by the server meanwhile. If it dies before it answered MAIL,
 * nothing has happened, and the mail is tried once more on a new one.
 *
 * Certificates: libcurl's own check, chain, name and dates. It takes a CN where there is no
 * subjectAltName and keys of 1,024 bits; net/tls, which reads mail, does not.
 *
 * Not here: what the server's answers mean (net/smtp_talk); when to try again, who is told (gateway).
 * I/O: the connection.
 */
#include "net/smtp.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "net/loopback.h"
#include "net/smtp_session.h"

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

/* Settings that are the same for everybody. */
static const struct {
    CURLoption option;
    long value;
} NUMBERS[] = {
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_UPLOAD, 1},
    {CURLOPT_UPLOAD_BUFFERSIZE, 131072},
    {CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1},
    {CURLOPT_VERBOSE, 1}, /* without it the debug function is not called */
    {CURLOPT_CONNECTTIMEOUT_MS, LIMIT_CONNECT_MS},
    {CURLOPT_TCP_KEEPALIVE, 1},
};

/* NULL takes a setting back. */
static void set_text(struct submit *submit, CURLoption option, const char *value)
{
    CURLcode code = curl_easy_setopt(submit->curl, option, value);
    assert(code == CURLE_OK);
    (void)code;
}

static void set_up(struct submit *submit, const struct submit_options *options)
{
    g_autofree char *url = make_url(options);
    bool is_plain = options->security == STREAM_INSECURE;

    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        submit_set_long(submit, NUMBERS[i].option, NUMBERS[i].value);
    }
    submit_set_long(submit, CURLOPT_USE_SSL, is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL);
    set_text(submit, CURLOPT_URL, url);
    set_text(submit, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_text(submit, CURLOPT_PROXY, ""); /* whatever the environment says */
    if (options->ca_file) {
        set_text(submit, CURLOPT_CAINFO, options->ca_file);
    }
    if (options->user) {
        set_text(submit, CURLOPT_USERNAME, options->user);
        set_text(submit, CURLOPT_PASSWORD, options->password ? options->password : "");
        /* no detour over GSSAPI or NTLM */
        set_text(submit, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
    /* None of these can fail: they store a pointer. */
    curl_easy_setopt(submit->curl, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(submit->curl, CURLOPT_OPENSOCKETDATA, submit);
    curl_easy_setopt(submit->curl, CURLOPT_READFUNCTION, submit_feed);
    curl_easy_setopt(submit->curl, CURLOPT_READDATA, submit);
    curl_easy_setopt(submit->curl, CURLOPT_DEBUGFUNCTION, submit_listen);
    curl_easy_setopt(submit->curl, CURLOPT_DEBUGDATA, submit);
    curl_easy_setopt(submit->curl, CURLOPT_ERRORBUFFER, submit->failure);
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

/* ---- sending ---- */

static CURLcode attempt(struct submit *submit, const struct submit_mail *mail,
                        struct submit_result *results)
{
    int64_t total_s = submit->reply_s + submit->dot_s +
                      (int64_t)(mail->length / LIMIT_FETCH_BYTES_PER_S);

    submit->talk = (struct submit_talk){.mail = mail, .results = results, .stage = STAGE_CONNECT};
    memset(results, 0, mail->recipient_count * sizeof *results);
    submit->failure[0] = '\0';
    submit->is_elsewhere = false;
    submit_set_long(submit, CURLOPT_FORBID_REUSE, 1); /* until the dot is answered */
    submit_set_long(submit, CURLOPT_SERVER_RESPONSE_TIMEOUT, submit->reply_s);
    submit_set_long(submit, CURLOPT_TIMEOUT_MS, total_s * 1000);
    return curl_easy_perform(submit->curl);
}

/* Did a kept connection turn out to be dead before anything happened on it? */
static bool was_stale(const struct submit *submit, CURLcode code)
{
    const struct submit_talk *talk = &submit->talk;
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
    set_text(submit, CURLOPT_MAIL_FROM, mail->mail_from);
    curl_easy_setopt(submit->curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(submit->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->length);

    CURLcode code = attempt(submit, mail, results);
    if (was_stale(submit, code)) {
        submit_set_long(submit, CURLOPT_FRESH_CONNECT, 1);
        code = attempt(submit, mail, results);
        submit_set_long(submit, CURLOPT_FRESH_CONNECT, 0);
    }
    status = submit_conclude(submit, code, err);
    curl_easy_setopt(submit->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    return status;
}
