/* smtp - hand a mail to the submission server, over a connection that is kept for the next one
 *
 * The connection is net/stream's: the same verified TLS by which mail is read (net/tls), with the same causes
 * in the same words, an end to every wait and to every answer. (libcurl spoke this protocol once. It takes
 * certificates whose name stands in the CN only, keys of 1,024 bits and certificates that are not for
 * servers, it renegotiates, and puts addresses into commands as they are: what the desk is about to say
 * deserves better.)
 *
 * A kept connection may have been closed by the server meanwhile. What it says unasked ends it, and if it dies
 * before it answered MAIL, nothing has happened: the mail is tried once more on a new one.
 *
 * Goodbye is said and not waited for.
 *
 * Not here: from the greeting to the login (net/smtp_login); one mail (net/smtp_talk); when to try again, who is
 * told (gateway).
 * I/O: the connection.
 */
#include "net/smtp.h"

#include <string.h>
#include <unistd.h>

#include "net/smtp_session.h"

/* Letters, digits and what names and addresses are made of: nothing that ends a command. */
static bool is_host(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr(".-_:", *p)) {
            return false;
        }
    }
    return *text != '\0' && strlen(text) <= LIMIT_DOMAIN_BYTES;
}

static char *own_name(const char *helo)
{
    char name[256] = "";

    if (helo) {
        return g_strdup(helo);
    }
    gethostname(name, sizeof name - 1);
    return g_strdup(is_host(name) ? name : "localhost");
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
    struct submit *submit = g_new0(struct submit, 1);
    submit->where = (struct stream_options){
        .host = g_strdup(options->host),
        .port = options->port,
        .security = options->security,
        .ca_file = g_strdup(options->ca_file),
        .pin = g_strdup(options->pin),
        .wake_fd = -1,
    };
    submit->user = g_strdup(options->user);
    submit->password = g_strdup(options->password ? options->password : "");
    submit->helo = own_name(options->helo);
    submit->reply_s = options->reply_s > 0 ? options->reply_s : LIMIT_SMTP_REPLY_S;
    submit->dot_s = options->dot_s > 0 ? options->dot_s : LIMIT_SMTP_DOT_S;
    *submit_out = submit;
    return ST_OK;
}

void submit_close(struct submit *submit)
{
    if (!submit) {
        return;
    }
    submit_disconnect(submit, true);
    g_free((char *)submit->where.host);
    g_free((char *)submit->where.ca_file);
    g_free((char *)submit->where.pin);
    g_free(submit->user);
    explicit_bzero(submit->password, strlen(submit->password));
    g_free(submit->password);
    g_free(submit->helo);
    g_free(submit);
}

int64_t submit_certificate_until_us(const struct submit *submit)
{
    return submit->certificate_until_us;
}

int64_t submit_server_bytes(const struct submit *submit)
{
    return submit->server_bytes;
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

/* A connection on which a mail can be sent: the one that is kept, or a new one. */
static enum status ensure_connection(struct submit *submit, struct err *err)
{
    if (submit->stream &&
        (submit_holds(submit) || stream_wait(submit->stream, -1, 0) != STREAM_EVENT_TIMEOUT)) {
        submit_disconnect(submit, false); /* it said goodbye, or it is out of step */
    }
    if (submit->stream) {
        return ST_OK;
    }
    enum status status = submit_connect(submit, err);
    if (status != ST_OK) {
        submit_disconnect(submit, false);
    }
    return status;
}

enum status submit_send(struct submit *submit, const struct submit_mail *mail,
                        struct submit_result *results, struct err *err)
{
    bool is_stale = false;

    memset(results, 0, mail->recipient_count * sizeof *results);
    enum status status = check_mail(mail, err);
    if (status == ST_OK) {
        status = ensure_connection(submit, err);
    }
    if (status != ST_OK) {
        return status;
    }
    status = submit_try(submit, mail, results, &is_stale, err);
    if (is_stale) {
        memset(results, 0, mail->recipient_count * sizeof *results);
        status = ensure_connection(submit, err);
        if (status == ST_OK) {
            status = submit_try(submit, mail, results, &is_stale, err);
        }
    }
    return status;
}
