/* session - one SMTP session a mailbox, and the outages of its server
 *
 * A sender keeps the connection of each mailbox that it sends for; connecting, TLS and login cost more
 * than ten mails. When the account was changed by the command line, the session is made anew with the
 * next mail.
 *
 * A server that is away, that refuses our login or whose certificate is wrong says nothing about the
 * mails that wait: no try is counted against them. The session is left alone for a while, twice as long
 * each time, and its mailbox is not claimed meanwhile. One line tells when that begins, one when it is over.
 *
 * It does not decide what becomes of a mail. I/O: SMTP, the secret's file, log.
 */
#include "gateway/session.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "gateway/health.h"
#include "gateway/login.h"
#include "gateway/outage.h"

#define SLOWEST_FADES 8 /* the memory of a slow answer loses this part with each mail */

struct session {
    const struct config *config; /* borrowed: from the sessions */
    mailbox_id mailbox;
    char *account;  /* own: what the session was made for, to see changes */
    char *host;     /* own */
    char *user;     /* own; NULL */
    char *security; /* own */
    char *secret;   /* own: name of the file */
    char *pin;      /* own; NULL */
    uint16_t port;
    struct submit *submit; /* own; NULL: to be opened */
    struct outage outage;
    struct health health;
    struct err trouble; /* ST_OK: the server has answered last */
    bool is_tried;
    int64_t away_until_us; /* 0: it is not */
    int64_t slowest_us;
};

struct sessions {
    const struct config *config;
    GPtrArray *all; /* own: struct session */
};

static void session_free(gpointer data)
{
    struct session *session = data;

    g_clear_pointer(&session->submit, submit_close);
    health_done(&session->health);
    g_free(session->account);
    g_free(session->host);
    g_free(session->user);
    g_free(session->security);
    g_free(session->secret);
    g_free(session->pin);
    g_free(session);
}

struct sessions *sessions_new(const struct config *config)
{
    struct sessions *sessions = g_new0(struct sessions, 1);

    sessions->config = config;
    sessions->all = g_ptr_array_new_with_free_func(session_free);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions != NULL) {
        g_ptr_array_unref(sessions->all);
        g_free(sessions);
    }
}

bool session_is_away(const struct session *session)
{
    return clock_monotonic_us(clock_real()) < session->away_until_us;
}

GArray *sessions_away(const struct sessions *sessions)
{
    GArray *away = g_array_new(FALSE, FALSE, sizeof(mailbox_id));

    for (guint i = 0; i < sessions->all->len; i++) {
        const struct session *session = g_ptr_array_index(sessions->all, i);

        if (session_is_away(session)) {
            g_array_append_val(away, session->mailbox);
        }
    }
    return away;
}

static char *account_of(const struct due_mailbox *mailbox)
{
    return g_strdup_printf("%s\n%u\n%s\n%s\n%s\n%s", mailbox->smtp_host, mailbox->smtp_port,
                           mailbox->smtp_security, mailbox->secret,
                           mailbox->smtp_user == NULL ? "" : mailbox->smtp_user,
                           mailbox->smtp_pin == NULL ? "" : mailbox->smtp_pin);
}

static struct session *session_new(const struct sessions *sessions,
                                   const struct due_mailbox *mailbox)
{
    struct session *session = g_new0(struct session, 1);

    session->config = sessions->config;
    session->mailbox = mailbox->id;
    session->account = account_of(mailbox);
    session->host = g_strdup(mailbox->smtp_host);
    session->port = mailbox->smtp_port;
    session->user = g_strdup(mailbox->smtp_user);
    session->security = g_strdup(mailbox->smtp_security);
    session->secret = g_strdup(mailbox->secret);
    session->pin = g_strdup(mailbox->smtp_pin);
    session->outage = (struct outage){.lost_event = "smtp.failed",
                                      .back_event = "smtp.recovered",
                                      .first_ms = LIMIT_OUTAGE_FIRST_MS,
                                      .most_ms = outage_most_ms(sessions->config)};
    session->health.thing = "smtp";
    return session;
}

struct session *sessions_find(struct sessions *sessions, const struct due_mailbox *mailbox)
{
    g_autofree char *account = account_of(mailbox);

    for (guint i = 0; i < sessions->all->len; i++) {
        const struct session *session = g_ptr_array_index(sessions->all, i);

        if (session->mailbox == mailbox->id) {
            if (strcmp(session->account, account) == 0) {
                return g_ptr_array_index(sessions->all, i);
            }
            g_ptr_array_remove_index_fast(sessions->all, i);
            break;
        }
    }
    g_ptr_array_add(sessions->all, session_new(sessions, mailbox));
    return g_ptr_array_index(sessions->all, sessions->all->len - 1);
}

/* ---- outages ----------------------------------------------------------------------------------- */

static void note_failure(struct session *session, const struct err *err)
{
    LOG_SCOPE(kv("mailbox", session->mailbox));
    LOG_SCOPE(kv("host", session->host));
    int64_t wait_ms = outage_note(&session->outage, err);

    session->is_tried = true;
    session->trouble = *err;
    session->away_until_us = clock_monotonic_us(clock_real()) + wait_ms * 1000;
    if (err->status != ST_TEMPFAIL) { /* the password may be another one next time */
        g_clear_pointer(&session->submit, submit_close);
    }
}

static void note_answer(struct session *session, int64_t took_us)
{
    LOG_SCOPE(kv("mailbox", session->mailbox));
    LOG_SCOPE(kv("host", session->host));
    outage_end(&session->outage);
    session->is_tried = true;
    session->trouble.status = ST_OK;
    session->away_until_us = 0;
    session->slowest_us -= session->slowest_us / SLOWEST_FADES;
    session->slowest_us = MAX(session->slowest_us, took_us);
}

void session_tell(struct session *session, struct conn *conn)
{
    const struct health_news news = {
        .mailbox = session->mailbox,
        .err = session->trouble.status == ST_OK ? NULL : &session->trouble,
        .certificate_until_us = session->submit ? submit_certificate_until_us(session->submit) : 0,
    };

    if (session->is_tried) {
        health_tell(&session->health, conn, &news);
    }
}

int64_t session_server_bytes(const struct session *session)
{
    return session->submit == NULL ? 0 : submit_server_bytes(session->submit);
}

int64_t session_slowest_us(const struct session *session)
{
    return session->slowest_us;
}

/* ---- sending ----------------------------------------------------------------------------------- */

static enum status open_submit(struct session *session, struct err *err)
{
    g_autofree char *password = NULL;
    struct submit_options options = {.host = session->host,
                                     .port = session->port,
                                     .user = session->user,
                                     .ca_file = session->config->ca_file,
                                     .pin = session->pin};
    enum status status = stream_security_parse(session->security, &options.security, err);

    if (status == ST_OK && session->user != NULL) {
        status = config_secret(session->config, session->secret, &password, err);
    }
    if (status == ST_OK) {
        options.password = password;
        status = submit_open(&options, &session->submit, err);
    }
    if (status != ST_OK) { /* whatever it is (a missing secret), somebody has to mend it */
        err->status = ST_FATAL;
        return ST_FATAL;
    }
    return ST_OK;
}

enum status session_send(struct session *session, const struct submit_mail *mail,
                         const bool *is_stopped, struct submit_result *result, struct err *err)
{
    enum status status = session->submit == NULL ? open_submit(session, err) : ST_OK;
    int64_t began_us = clock_monotonic_us(clock_real());

    if (status == ST_OK) {
        status = submit_send(session->submit, mail, result, err);
    }
    if (status == ST_DENIED && session->user != NULL) {
        status = login_name_secret(session->user, session->secret, err);
    }
    switch (status) {
    case ST_OK:
    case ST_UNCERTAIN:
        note_answer(session, clock_monotonic_us(clock_real()) - began_us);
        break;
    case ST_TEMPFAIL:
    case ST_DENIED:
    case ST_FATAL:
        if (!*is_stopped) {
            note_failure(session, err);
        }
        break;
    case ST_NOT_FOUND:
    case ST_INVALID:
    case ST_CONFLICT:
        break;
    }
    return status;
}
