/* smtp_login - from the first byte to the login, and what is said on the connection
 *
 *     connect, TLS, greeting, EHLO, STARTTLS, TLS, EHLO, AUTH
 *
 * Nothing but EHLO and STARTTLS is said before TLS stands and the server is known. What it said in plain text
 * is forgotten then (RFC 3207 section 4.2), and one byte too many behind its answer to STARTTLS ends the
 * connection: it would be read as if it had come under TLS. There is no way back from "the server offers no
 * STARTTLS" or "no AUTH" to doing without.
 *
 * An answer has a number of bytes that it may have and a moment by which it is over, however slowly it comes.
 *
 * AUTH PLAIN and LOGIN send the password as it is, so they are for TLS and for this machine, which is all that
 * net/stream connects to. The mechanisms that would not send it (CRAM-MD5, SCRAM) need the server to keep more
 * than it should, or a channel binding that providers do not offer; TLS is the protection here.
 *
 * I/O: the connection.
 */
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "net/smtp_session.h"

enum { MS_PER_S = 1000 };

/* ---- saying and hearing ---- */

void submit_allow(struct submit *submit, int64_t seconds)
{
    stream_allow(submit->stream, seconds * MS_PER_S, LIMIT_SMTP_ANSWER_BYTES);
}

bool submit_say(struct submit *submit, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = stream_write(submit->stream, bytes, length);
        if (count < 0) {
            return false;
        }
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

bool submit_holds(const struct submit *submit)
{
    return submit->in_end > submit->in_start;
}

/* More bytes behind those that are there. */
static bool fill(struct submit *submit)
{
    memmove(submit->in, submit->in + submit->in_start, submit->in_end - submit->in_start);
    submit->in_end -= submit->in_start;
    submit->in_start = 0;
    if (submit->in_end == sizeof submit->in) {
        stream_fail(submit->stream, "the server's answer has a line that is too long");
        return false;
    }
    ssize_t count = stream_read(submit->stream, submit->in + submit->in_end,
                                sizeof submit->in - submit->in_end);
    if (count < 0) {
        return false;
    }
    submit->in_end += (size_t)count;
    return true;
}

bool submit_hear(struct submit *submit, submit_listener listener, struct reply *reply)
{
    *reply = (struct reply){.code = 0};
    for (;;) {
        const char *line = submit->in + submit->in_start;
        const char *end = memchr(line, '\n', submit->in_end - submit->in_start);
        if (!end) {
            if (!fill(submit)) {
                return false;
            }
            continue;
        }
        size_t length = (size_t)(end - line) + 1;
        submit->in_start += length;
        if (listener) {
            listener(submit, line, length);
        }
        if (reply_add(reply, line, length)) {
            return true;
        }
    }
}

/* One command, one answer. */
static bool ask(struct submit *submit, const char *command, submit_listener listener,
                struct reply *reply)
{
    submit_allow(submit, submit->reply_s);
    return submit_say(submit, command, strlen(command)) && submit_hear(submit, listener, reply);
}

enum status submit_refuse(const struct submit *submit, enum status status,
                          const struct reply *reply, struct err *err)
{
    const char *verb = status == ST_TEMPFAIL ? "could not" : "cannot";
    const char *failure = stream_failure(submit->stream);

    if (!reply->is_complete) {
        return err_set(err, ST_TEMPFAIL, "could not send through \"%s\": %s", submit->where.host,
                       failure ? failure : "no answer");
    }
    return err_set(err, status, "%s send through \"%s\": the server says \"%s\"", verb,
                   submit->where.host, reply->text);
}

/* ---- what the server can do ---- */

static void hear_ways(struct submit *submit, const char *words)
{
    g_auto(GStrv) ways = g_strsplit_set(words, " \t", -1);

    for (char **way = ways; *way; way++) {
        if (g_ascii_strcasecmp(*way, "PLAIN") == 0) {
            submit->abilities.ways |= SUBMIT_WAY_PLAIN;
        } else if (g_ascii_strcasecmp(*way, "LOGIN") == 0) {
            submit->abilities.ways |= SUBMIT_WAY_LOGIN;
        } else if (**way != '\0') {
            submit->abilities.ways |= SUBMIT_WAY_OTHER;
        }
    }
}

/* "250-SIZE 26214400" among the answers to EHLO. */
static void hear_ability(struct submit *submit, const char *line, size_t length)
{
    struct err ignored = {.status = ST_OK};

    if (length < 4 || memcmp(line, "250", 3) != 0) {
        return;
    }
    g_autofree char *text = g_strndup(line + 4, length - 4);
    char *words = g_strstrip(text);
    size_t name = strcspn(words, " \t=");
    char *rest = words[name] == '\0' ? words + name : words + name + 1;
    words[name] = '\0';
    if (g_ascii_strcasecmp(words, "STARTTLS") == 0) {
        submit->abilities.has_starttls = true;
    } else if (g_ascii_strcasecmp(words, "PIPELINING") == 0) {
        submit->abilities.has_pipelining = true;
    } else if (g_ascii_strcasecmp(words, "AUTH") == 0) {
        hear_ways(submit, rest);
    } else if (g_ascii_strcasecmp(words, "SIZE") == 0) {
        submit->abilities.has_size = true;
        if (text_parse_int64(g_strstrip(rest), 0, INT64_MAX, &submit->server_bytes, &ignored) !=
            ST_OK) {
            submit->server_bytes = 0;
        }
    }
}

static enum status say_hello(struct submit *submit, struct err *err)
{
    g_autofree char *hello = g_strdup_printf("EHLO %s\r\n", submit->helo);
    g_autofree char *old_hello = g_strdup_printf("HELO %s\r\n", submit->helo);
    struct reply reply = {.code = 0};

    submit->abilities = (struct submit_abilities){.ways = 0};
    submit->server_bytes = 0;
    bool is_answered = ask(submit, hello, hear_ability, &reply);
    bool needs_none = submit->where.security == STREAM_INSECURE && !submit->user;
    if (is_answered && reply_class(&reply) == 5 && needs_none) { /* a server of the last century */
        submit->abilities = (struct submit_abilities){.ways = 0};
        is_answered = ask(submit, old_hello, NULL, &reply);
    }
    return is_answered && reply_class(&reply) == 2
               ? ST_OK
               : submit_refuse(submit, ST_TEMPFAIL, &reply, err);
}

/* ---- TLS ---- */

static enum status upgrade(struct submit *submit, struct err *err)
{
    struct reply reply = {.code = 0};

    if (!submit->abilities.has_starttls) {
        err_set(err, ST_FATAL, "cannot send through \"%s\": the server offers no STARTTLS here",
                submit->where.host);
        return err_hint(err, "the port for TLS from the first byte is 465");
    }
    if (!ask(submit, "STARTTLS\r\n", NULL, &reply) || reply_class(&reply) != 2) {
        bool is_temporary = !reply.is_complete || reply_class(&reply) == 4;
        return submit_refuse(submit, is_temporary ? ST_TEMPFAIL : ST_FATAL, &reply, err);
    }
    if (submit_holds(submit)) {
        err_set(err, ST_FATAL,
                "cannot send through \"%s\": more came in plain text after the server's answer to"
                " STARTTLS",
                submit->where.host);
        return err_hint(err, "somebody on the way may be putting words into the server's mouth");
    }
    enum status status = stream_start_tls(submit->stream, err);
    return status == ST_OK ? say_hello(submit, err) : status;
}

/* ---- the login ---- */

static void wipe(char *text)
{
    explicit_bzero(text, strlen(text));
    g_free(text);
}

/* RFC 4616: an empty authorization identity, the user, the password; all in one line. */
static bool log_in_plain(struct submit *submit, struct reply *reply)
{
    size_t user = strlen(submit->user);
    size_t length = user + strlen(submit->password) + 2;
    char *words = g_malloc0(length + 1);

    memcpy(words + 1, submit->user, user);
    memcpy(words + user + 2, submit->password, length - user - 2);
    char *coded = g_base64_encode((const guchar *)words, length);
    char *command = g_strconcat("AUTH PLAIN ", coded, "\r\n", NULL);
    bool is_answered = ask(submit, command, NULL, reply);
    explicit_bzero(words, length);
    g_free(words);
    wipe(coded);
    wipe(command);
    return is_answered;
}

static bool answer_challenge(struct submit *submit, const char *text, struct reply *reply)
{
    char *coded = g_base64_encode((const guchar *)text, strlen(text));
    char *line = g_strconcat(coded, "\r\n", NULL);
    bool is_answered = ask(submit, line, NULL, reply);

    wipe(coded);
    wipe(line);
    return is_answered;
}

static bool log_in_by_steps(struct submit *submit, struct reply *reply)
{
    enum { CHALLENGE = 334 };
    const char *const answers[] = {submit->user, submit->password};
    bool is_answered = ask(submit, "AUTH LOGIN\r\n", NULL, reply);

    for (size_t i = 0; is_answered && reply->code == CHALLENGE && i < G_N_ELEMENTS(answers); i++) {
        is_answered = answer_challenge(submit, answers[i], reply);
    }
    return is_answered;
}

static enum status log_in(struct submit *submit, struct err *err)
{
    struct reply reply = {.code = 0};
    unsigned ways = submit->abilities.ways;

    if (!(ways & (SUBMIT_WAY_PLAIN | SUBMIT_WAY_LOGIN))) {
        err_set(err, ST_FATAL, "cannot send through \"%s\": the server offers no login here%s",
                submit->where.host, ways & SUBMIT_WAY_OTHER ? " with user name and password" : "");
        return err_hint(err, "servers for submission listen on port 465 or 587");
    }
    bool is_answered = ways & SUBMIT_WAY_PLAIN ? log_in_plain(submit, &reply)
                                               : log_in_by_steps(submit, &reply);
    if (is_answered && reply_class(&reply) == 2) {
        return ST_OK;
    }
    if (!is_answered || reply_class(&reply) != 5) { /* an answer that is none proves nothing */
        return submit_refuse(submit, ST_TEMPFAIL, &reply, err);
    }
    submit_refuse(submit, ST_DENIED, &reply, err);
    return err_hint(err, "check user name and password of the sending account");
}

/* ---- together ---- */

enum status submit_connect(struct submit *submit, struct err *err)
{
    struct reply greeting = {.code = 0};
    enum status status = stream_open(&submit->where, &submit->stream, err);

    if (status != ST_OK) {
        return status;
    }
    submit->is_new = true;
    submit_allow(submit, submit->reply_s);
    if (!submit_hear(submit, NULL, &greeting) || reply_class(&greeting) != 2) {
        return submit_refuse(submit, ST_TEMPFAIL, &greeting, err);
    }
    status = say_hello(submit, err);
    if (status == ST_OK && submit->where.security == STREAM_STARTTLS) {
        status = upgrade(submit, err);
    }
    submit->certificate_until_us = stream_certificate_until_us(submit->stream);
    return status == ST_OK && submit->user ? log_in(submit, err) : status;
}

void submit_disconnect(struct submit *submit, bool is_polite)
{
    static const char QUIT[] = "QUIT\r\n";

    if (submit->stream && is_polite && !stream_failure(submit->stream)) {
        stream_allow(submit->stream, LIMIT_LOGOUT_MS, 0);
        (void)submit_say(submit, QUIT, sizeof QUIT - 1);
    }
    g_clear_pointer(&submit->stream, stream_close);
    submit->in_start = 0;
    submit->in_end = 0;
}
