/* smtp_talk - one mail on a connection, and what the server's answers mean for it
 *
 *     MAIL, RCPT…, DATA, the mail, the final dot
 *
 * The commands go out at once where the server takes that (RFC 2920), else one by one. Each recipient is owed an
 * answer of his own.
 *
 * The moment that counts is the final dot (RFC 5321 section 6.1). Before it the mail does not exist, a
 * failure is harmless. After it only the server's answer says what happened; without one the mail is
 * perhaps sent. The hook runs before the last bytes, and the dot goes out with them: if the hook fails, the
 * server never gets the end and must throw the mail away.
 *
 * A connection is kept only if the dot was answered, and by nothing else than that: the next mail must not be
 * told an answer that was meant for this one. After any other end the next mail finds a new connection.
 *
 * Not here: the connection (net/smtp_login), what may be put into it (net/smtp_check). I/O: the connection.
 */
#include <string.h>

#include "core/limits.h"
#include "net/smtp_session.h"

enum {
    CODE_GOING_DOWN = 421,
    CODE_LOGIN_WANTED = 530, /* RFC 4954 section 6 */
};

/* One attempt to send one mail. */
struct talk {
    struct submit *submit;          /* borrowed */
    const struct submit_mail *mail; /* borrowed */
    struct submit_result *results;  /* borrowed */
    struct reply from;              /* to MAIL */
    struct reply data;
    struct reply dot;
    bool is_dot_due; /* the last bytes were handed over: from here on the mail may exist */
    bool is_stopped; /* by the hook */
};

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

/* ---- the commands ---- */

/* MAIL is 0, then a RCPT for each recipient, then DATA. */
static void add_command(const struct talk *talk, size_t i, GString *out)
{
    const struct submit_mail *mail = talk->mail;

    if (i == 0) {
        g_string_append_printf(out, "MAIL FROM:<%s>", mail->mail_from);
        if (talk->submit->abilities.has_size) {
            g_string_append_printf(out, " SIZE=%zu", mail->length);
        }
        g_string_append(out, "\r\n");
    } else if (i <= mail->recipient_count) {
        g_string_append_printf(out, "RCPT TO:<%s>\r\n", mail->recipients[i - 1]);
    } else {
        g_string_append(out, "DATA\r\n");
    }
}

static void note_answer(struct talk *talk, size_t i, const struct reply *reply)
{
    if (i == 0) {
        talk->from = *reply;
    } else if (i > talk->mail->recipient_count) {
        talk->data = *reply;
    } else if (reply_class(&talk->from) == 2) { /* else it only says that there was no MAIL */
        talk->results[i - 1] = (struct submit_result){.outcome = outcome_of(reply),
                                                      .reply = *reply};
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

static bool say_commands(struct talk *talk, size_t first, size_t end)
{
    g_autoptr(GString) commands = g_string_new(NULL);

    for (size_t i = first; i < end; i++) {
        add_command(talk, i, commands);
    }
    submit_allow(talk->submit, talk->submit->reply_s);
    return submit_say(talk->submit, commands->str, commands->len);
}

/* true: the server waits for the mail. */
static bool say_envelope(struct talk *talk)
{
    bool is_at_once = talk->submit->abilities.has_pipelining;
    size_t count = talk->mail->recipient_count + 2;

    if (is_at_once && !say_commands(talk, 0, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct reply reply = {.code = 0};
        if (!is_at_once && !say_commands(talk, i, i + 1)) {
            return false;
        }
        bool is_heard = submit_hear(talk->submit, NULL, &reply);
        if (is_heard) {
            note_answer(talk, i, &reply);
        }
        bool is_over = reply_class(&talk->from) != 2 ||
                       (i >= talk->mail->recipient_count && is_everyone_refused(talk));
        if (!is_heard || is_over) {
            return false;
        }
        submit_allow(talk->submit, talk->submit->reply_s);
    }
    return reply_class(&talk->data) == 3;
}

/* ---- the mail ---- */

/* Its next piece, of about LIMIT_SMTP_PIECE_BYTES, with lines that begin with a dot given another. */
static size_t add_piece(const struct submit_mail *mail, size_t at, GString *piece)
{
    while (at < mail->length && piece->len < LIMIT_SMTP_PIECE_BYTES) {
        const char *line = mail->bytes + at;
        const char *end = memchr(line, '\n',
                                 mail->length - at); /* submit_check_bytes: it is there */
        size_t length = (size_t)(end - line) + 1;
        if (*line == '.') {
            g_string_append_c(piece, '.');
        }
        g_string_append_len(piece, line, (gssize)length);
        at += length;
    }
    return at;
}

static bool say_mail(struct talk *talk)
{
    const struct submit_mail *mail = talk->mail;
    struct submit *submit = talk->submit;
    g_autoptr(GString) piece = g_string_sized_new(LIMIT_SMTP_PIECE_BYTES);

    submit_allow(submit, submit->reply_s + (int64_t)(mail->length / LIMIT_FETCH_BYTES_PER_S));
    for (size_t at = add_piece(mail, 0, piece); at < mail->length;
         at = add_piece(mail, at, piece)) {
        if (!submit_say(submit, piece->str, piece->len)) {
            return false;
        }
        g_string_truncate(piece, 0);
    }
    if (mail->before_final_dot && mail->before_final_dot(mail->arg) != ST_OK) {
        talk->is_stopped = true;
        return false;
    }
    g_string_append(piece, ".\r\n");
    submit_allow(submit, submit->dot_s);
    talk->is_dot_due = true;
    return submit_say(submit, piece->str, piece->len);
}

/* Nonsense answers nothing: whoever says it may still say what became of the mail. */
static void hear_end(struct talk *talk)
{
    struct reply reply = {.code = 0};

    while (submit_hear(talk->submit, NULL, &reply)) {
        if (reply.code != 0) {
            talk->dot = reply;
            return;
        }
    }
}

/* ---- what became of it ---- */

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

static enum status refuse_login(struct talk *talk, struct err *err)
{
    decide_rest(talk, SUBMIT_UNSENT, NULL); /* it says nothing about the mail */
    submit_refuse(talk->submit, ST_DENIED, &talk->from, err);
    return err_hint(err, "the sending account needs a user name and TLS");
}

static enum status conclude(struct talk *talk, struct err *err)
{
    static const struct reply NONE = {.code = 0};
    const char *failure = stream_failure(talk->submit->stream);

    if (talk->dot.is_complete) {
        decide_rest(talk, outcome_of(&talk->dot), &talk->dot);
        return ST_OK;
    }
    if (talk->is_dot_due) {
        decide_rest(talk, SUBMIT_UNKNOWN, NULL);
        return err_set(err, ST_UNCERTAIN,
                       "the mail is perhaps sent: no answer to its end from \"%s\" (%s)",
                       talk->submit->where.host, failure ? failure : "no answer");
    }
    if (talk->from.code == CODE_LOGIN_WANTED) {
        return refuse_login(talk, err);
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
    if (talk->is_stopped) {
        return err_set(err, ST_TEMPFAIL, "could not send: stopped before the mail's end");
    }
    return submit_refuse(talk->submit, ST_TEMPFAIL, &NONE, err);
}

enum status submit_try(struct submit *submit, const struct submit_mail *mail,
                       struct submit_result *results, bool *stale_out, struct err *err)
{
    struct talk talk = {.submit = submit, .mail = mail, .results = results};
    bool was_kept = !submit->is_new;

    submit->is_new = false;
    if (say_envelope(&talk) && say_mail(&talk)) {
        hear_end(&talk);
    }
    enum status status = conclude(&talk, err);
    bool is_kept = talk.dot.is_complete && talk.dot.code != CODE_GOING_DOWN &&
                   !submit_holds(submit) && !stream_failure(submit->stream);
    *stale_out = was_kept && !talk.is_dot_due && !talk.is_stopped &&
                 (!talk.from.is_complete || talk.from.code == CODE_GOING_DOWN);
    if (!is_kept) {
        /* Where the server may wait for a mail, QUIT would be a line of it. */
        bool may_wait = submit->abilities.has_pipelining || reply_class(&talk.data) == 3;
        submit_disconnect(submit, talk.dot.is_complete || !may_wait);
    }
    return status;
}
