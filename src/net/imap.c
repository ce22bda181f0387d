/* imap - one session to one mailbox: connect, log in, say goodbye
 *
 * The session is libetpan's; what goes in and out of it is ours: bytes come through net/stream (verified
 * TLS, deadline, budget) and net/imapgate (nothing that libetpan dies of). After any result other than
 * OK and an ordinary NO libetpan is out of step with the server, so the session counts as broken and
 * no later call reaches it; the role opens a new one.
 *
 * What a result means is decided by the server's own words, which the gate keeps, and not by
 * libetpan's number, which says the same for NO and BAD: imapbox_judge is the only place that
 * translates. Nothing is sent before TLS is verified, and after STARTTLS everything that was said in
 * plain text is forgotten (RFC 9051 section 11.1); PREAUTH is refused, it would skip both.
 *
 * libetpan escapes quotes and backslashes but sends CR, LF and 8-bit as they are: imapbox_check_text is
 * in front of every string.
 *
 * Not here: folders and waiting (imap_folder), mails (imap_mail), moves (imap_move).
 * I/O: the connection.
 */
#include "net/imap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "net/imap_session.h"

enum { STREAM_BUFFER_BYTES = 65536 };

static const struct imapbox_budget SHORT_ANSWER = {.max_bytes = LIMIT_COMMAND_BYTES};

/* ---- libetpan's view of the connection ---- */

static ssize_t driver_read(mailstream_low *low, void *buffer, size_t size)
{
    struct imapbox *box = low->data;

    for (;;) {
        size_t space = 0;
        size_t tamed = imapgate_read(box->gate, buffer, size);
        if (tamed > 0) {
            return (ssize_t)tamed;
        }
        void *to = imapgate_space(box->gate, &space);
        ssize_t count = stream_read(box->stream, to, space);
        if (count < 0) {
            return -1;
        }
        if (!imapgate_accept(box->gate, (size_t)count)) {
            stream_fail(box->stream, "%s", imapgate_failure(box->gate));
            return -1;
        }
        if (!box->is_connected && imapgate_answer(box->gate)->is_bye) {
            stream_fail(box->stream, "the server closed the connection");
            return -1; /* libetpan loses the memory of such a greeting */
        }
    }
}

static ssize_t driver_write(mailstream_low *low, const void *bytes, size_t length)
{
    struct imapbox *box = low->data;
    return stream_write(box->stream, bytes, length);
}

/* The stream is the box's and outlives libetpan's session. */
static int driver_close(mailstream_low *low)
{
    struct imapbox *box = low->data;
    stream_fail(box->stream, "the session is closed");
    return 0;
}

static int driver_fd(mailstream_low *low)
{
    struct imapbox *box = low->data;
    return stream_fd(box->stream);
}

static void driver_free(mailstream_low *low)
{
    free(low); /* libetpan made it with malloc */
}

static void driver_cancel(mailstream_low *low)
{
    struct imapbox *box = low->data;
    stream_fail(box->stream, "cancelled");
}

static mailstream_low_driver DRIVER = {
    .mailstream_read = driver_read,
    .mailstream_write = driver_write,
    .mailstream_close = driver_close,
    .mailstream_get_fd = driver_fd,
    .mailstream_free = driver_free,
    .mailstream_cancel = driver_cancel,
};

/* ---- commands and what their results mean ---- */

enum status imapbox_begin(struct imapbox *box, const struct imapbox_budget *budget, struct err *err)
{
    if (box->is_broken) {
        const char *failure = stream_failure(box->stream);
        return err_set(err, ST_TEMPFAIL, "the session with \"%s\" is broken: %s", box->host,
                       failure ? failure : "out of step");
    }
    int64_t for_bytes_ms = (int64_t)(budget->max_bytes / LIMIT_FETCH_BYTES_PER_S) * 1000;
    stream_allow(box->stream, box->timeout_ms + (budget->max_literal > 0 ? for_bytes_ms : 0),
                 budget->max_bytes);
    imapgate_begin(box->gate, budget->max_literal);
    return ST_OK;
}

enum status imapbox_break(struct imapbox *box, struct err *err)
{
    box->is_broken = true;
    stream_fail(box->stream, "%s", err->text);
    return err->status;
}

/* RFC 5530 and RFC 3501: codes that say what a NO means. */
static const struct {
    const char *code;
    enum status status;
} CODES[] = {
    {"NONEXISTENT", ST_NOT_FOUND},
    {"TRYCREATE", ST_NOT_FOUND},
    {"NOPERM", ST_DENIED},
    {"AUTHENTICATIONFAILED", ST_DENIED},
    {"AUTHORIZATIONFAILED", ST_DENIED},
    {"EXPIRED", ST_DENIED},
    {"PRIVACYREQUIRED", ST_FATAL},
    {"CANNOT", ST_INVALID},
    {"UNAVAILABLE", ST_TEMPFAIL},
    {"INUSE", ST_TEMPFAIL},
    {"LIMIT", ST_TEMPFAIL},
    {"OVERQUOTA", ST_TEMPFAIL},
    {"EXPUNGEISSUED", ST_TEMPFAIL},
    {"SERVERBUG", ST_TEMPFAIL},
    {"CONTACTADMIN", ST_TEMPFAIL},
};

static enum status meaning_of_no(const char *code, enum status if_no)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CODES); i++) {
        if (strcmp(CODES[i].code, code) == 0) {
            return CODES[i].status;
        }
    }
    return if_no;
}

enum status imapbox_judge(struct imapbox *box, int result, enum status if_no, const char *doing,
                          struct err *err)
{
    const struct imapgate_answer *answer = imapgate_answer(box->gate);
    const char *failure = stream_failure(box->stream);

    if (result == MAILIMAP_NO_ERROR && !failure) {
        return ST_OK;
    }
    bool is_in_step = !failure && result != MAILIMAP_ERROR_PARSE &&
                      result != MAILIMAP_ERROR_PROTOCOL && result != MAILIMAP_ERROR_STREAM &&
                      result != MAILIMAP_ERROR_FATAL && result != MAILIMAP_ERROR_BAD_STATE;
    if (is_in_step && answer->kind == IMAPGATE_NO) {
        return err_set(err, meaning_of_no(answer->code, if_no),
                       "could not %s: the server says \"%s\"", doing, answer->text);
    }
    if (answer->is_bye) {
        err_set(err, ST_TEMPFAIL, "could not %s: the server ended the session: \"%s\"", doing,
                answer->text);
    } else if (answer->kind == IMAPGATE_BAD) {
        err_set(err, ST_TEMPFAIL, "could not %s: the server does not understand: \"%s\"", doing,
                answer->text);
    } else {
        err_set(err, ST_TEMPFAIL, "could not %s: %s", doing,
                failure ? failure : "the server's answer makes no sense");
    }
    return imapbox_break(box, err);
}

bool imapbox_is_broken(const struct imapbox *box)
{
    return box->is_broken;
}

int64_t imapbox_certificate_until_us(const struct imapbox *box)
{
    return stream_certificate_until_us(box->stream);
}

const struct imapbox_abilities *imapbox_abilities(const struct imapbox *box)
{
    return &box->abilities;
}

enum status imapbox_check_text(const char *what, const char *text, struct err *err)
{
    for (const char *p = text; *p; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            return err_set(err, ST_INVALID, "%s has a character that cannot be sent to the server",
                           what);
        }
    }
    return ST_OK;
}

/* ---- from the greeting to the login ---- */

/* mailimap_capability would die of a server that says OK without saying what it can do. */
static enum status ask_capabilities(struct imapbox *box, struct err *err)
{
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_custom_command(box->etpan, "CAPABILITY");
    return imapbox_judge(box, r, ST_TEMPFAIL, "ask what the server can do", err);
}

static void forget_capabilities(struct imapbox *box)
{
    struct mailimap_connection_info *info = box->etpan->imap_connection_info;
    if (info && info->imap_capability) {
        mailimap_capability_data_free(info->imap_capability);
        info->imap_capability = NULL;
    }
}

/* mailimap_has_extension would die of some lists. */
static bool can(const struct imapbox *box, const char *name)
{
    const struct mailimap_connection_info *info = box->etpan->imap_connection_info;

    if (!info || !info->imap_capability || !info->imap_capability->cap_list) {
        return false;
    }
    for (clistiter *i = clist_begin(info->imap_capability->cap_list); i; i = clist_next(i)) {
        const struct mailimap_capability *ability = clist_content(i);
        if (ability->cap_type == MAILIMAP_CAPABILITY_NAME && ability->cap_data.cap_name &&
            g_ascii_strcasecmp(ability->cap_data.cap_name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum status read_greeting(struct imapbox *box, struct err *err)
{
    mailstream_low *low = mailstream_low_new(box, &DRIVER);
    mailstream *stream = mailstream_new(low, STREAM_BUFFER_BYTES);
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_connect(box->etpan, stream);
    if (r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED) {
        box->is_connected = true;
        return ST_OK;
    }
    if (r == MAILIMAP_NO_ERROR_AUTHENTICATED) {
        box->is_connected = true;
        err_set(err, ST_FATAL, "cannot use \"%s\": the server wants no login (PREAUTH)", box->host);
        return imapbox_break(box, err);
    }
    return imapbox_judge(box, r, ST_TEMPFAIL, "be greeted", err);
}

static enum status upgrade(struct imapbox *box, struct err *err)
{
    if (!can(box, "STARTTLS")) {
        err_set(err, ST_FATAL, "cannot use \"%s\": the server offers no STARTTLS here", box->host);
        err_hint(err, "the port for TLS from the first byte is 993");
        return imapbox_break(box, err);
    }
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_starttls(box->etpan);
    bool is_injected = box->etpan->imap_stream->read_buffer_len > 0 || imapgate_holds(box->gate);
    if (is_injected) {
        err_set(err, ST_FATAL,
                "cannot use \"%s\": more came in plain text after the server's OK to STARTTLS",
                box->host);
        err_hint(err, "somebody on the way may be putting words into the server's mouth");
        return imapbox_break(box, err);
    }
    status = imapbox_judge(box, r, ST_FATAL, "begin TLS", err);
    if (status == ST_OK) {
        status = stream_start_tls(box->stream, err);
    }
    if (status != ST_OK) {
        return imapbox_break(box, err);
    }
    forget_capabilities(box);
    return ask_capabilities(box, err);
}

static enum status log_in(struct imapbox *box, const struct imapbox_options *options,
                          struct err *err)
{
    if (can(box, "LOGINDISABLED")) {
        err_set(err, ST_FATAL, "cannot log in to \"%s\": the server takes no passwords here",
                box->host);
        return imapbox_break(box, err);
    }
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_login(box->etpan, options->user, options->password);
    status = imapbox_judge(box, r, ST_DENIED, "log in", err);
    if (status == ST_DENIED) {
        err_hint(err, "check user name and password; some providers want an app password");
    }
    return status;
}

static enum status begin_session(struct imapbox *box, const struct imapbox_options *options,
                                 struct err *err)
{
    enum status status = read_greeting(box, err);
    if (status == ST_OK) {
        status = ask_capabilities(box, err);
    }
    if (status == ST_OK && options->security == STREAM_STARTTLS) {
        status = upgrade(box, err);
    }
    if (status == ST_OK) {
        status = log_in(box, options, err);
    }
    if (status == ST_OK) {
        forget_capabilities(box); /* they change with the login */
        status = ask_capabilities(box, err);
    }
    if (status != ST_OK) {
        return status;
    }
    box->abilities = (struct imapbox_abilities){
        .has_move = can(box, "MOVE"),
        .has_uidplus = can(box, "UIDPLUS"),
        .has_idle = can(box, "IDLE"),
        .has_special_use = can(box, "SPECIAL-USE"),
    };
    return ST_OK;
}

static enum status check_options(const struct imapbox_options *options, struct err *err)
{
    enum status status = imapbox_check_text("the user name", options->user, err);
    if (status == ST_OK) {
        status = imapbox_check_text("the password", options->password, err);
    }
    if (status == ST_OK && (strlen(options->user) > LIMIT_LOGIN_BYTES ||
                            strlen(options->password) > LIMIT_LOGIN_BYTES)) {
        status = err_set(err, ST_INVALID, "user name or password is longer than %d bytes",
                         LIMIT_LOGIN_BYTES);
    }
    if (status != ST_OK) {
        err->status = ST_FATAL; /* it stands in the settings: nothing of this session can work */
        return ST_FATAL;
    }
    return ST_OK;
}

enum status imapbox_open(const struct imapbox_options *options, struct imapbox **box_out,
                         struct err *err)
{
    const struct stream_options stream_options = {
        .host = options->host,
        .port = options->port,
        .security = options->security,
        .ca_file = options->ca_file,
        .pin = options->pin,
        .wake_fd = options->wake_fd,
    };
    OWNED(imapbox) box = g_new0(struct imapbox, 1);

    enum status status = check_options(options, err);
    if (status == ST_OK) {
        status = stream_open(&stream_options, &box->stream, err);
    }
    if (status != ST_OK) {
        return status;
    }
    box->gate = imapgate_new();
    box->etpan = mailimap_new(0, NULL);
    box->host = g_strdup(options->host);
    box->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : LIMIT_COMMAND_MS;
    status = begin_session(box, options, err);
    if (status != ST_OK) {
        return status;
    }
    *box_out = g_steal_pointer(&box);
    return ST_OK;
}

void imapbox_close(struct imapbox *box)
{
    if (!box) {
        return;
    }
    if (box->etpan) {
        if (box->is_connected && !box->is_broken) {
            stream_allow(box->stream, LIMIT_LOGOUT_MS, LIMIT_IMAP_LINE_BYTES);
            imapgate_begin(box->gate, 0);
            mailimap_logout(box->etpan);
        }
        stream_fail(box->stream,
                    "the session is closed"); /* or mailimap_free waits for an answer */
        mailimap_free(box->etpan);
    }
    imapgate_free(box->gate);
    stream_close(box->stream);
    g_free(box->host);
    g_free(box);
}
