/* Which servers we speak to at all: certificates, TLS versions, STARTTLS and what is injected into it.
 * In every row that is refused, no user name reached the server. */
#include <string.h>

#include "net/imap.h"
#include "net/smtp.h"
#include "peers.h"

static const char BYTES[] = "Subject: x\r\n\r\nhello\r\n";

static const struct {
    const char *certificate;
    const char *host;
    enum status want;
    const char *imap_text; /* what the error says; NULL: nothing to say */
    const char *smtp_text; /* the same of libcurl, where that differs */
} CERTIFICATES[] = {
    {"GOOD", "localhost", ST_OK, NULL, NULL},
    {"GOOD", "127.0.0.1", ST_OK, NULL, NULL},
    {"IPADDRESS", "127.0.0.1", ST_OK, NULL, NULL},
    {"IPADDRESS", "localhost", ST_FATAL, "another name", "does not match"},
    {"WRONGHOST", "localhost", ST_FATAL, "another name", "does not match"},
    {"WRONGHOST", "127.0.0.1", ST_FATAL, "another name", "does not match"},
    {"WILDCARD", "localhost", ST_FATAL, "another name", "does not match"},
    {"EXPIRED", "localhost", ST_FATAL, "it has expired", NULL},
    {"NOTYET", "localhost", ST_FATAL, "it is not valid yet", NULL},
    {"SELFSIGNED", "localhost", ST_FATAL, "its issuer is not trusted", NULL},
    {"OLDTLS", "localhost", ST_FATAL, "TLS", NULL},
};

/* net/tls refuses these as well; libcurl has no say in it. */
static const struct {
    const char *certificate;
    const char *text;
} STRICT[] = {
    {"CNONLY", "only in its CN"},
    {"WEAK", "too weak"},
    {"CLIENTONLY", "not meant for servers"},
};

static enum status try_imap(const char *peer, const char *host, enum stream_security security,
                            const char *user, struct err *err)
{
    const struct imapbox_options options = {
        .host = host,
        .port = peers_port(peer),
        .security = security,
        .user = user,
        .password = "secret",
        .ca_file = peers_text("PEERS_CA"),
        .wake_fd = -1,
        .timeout_ms = 3000,
    };
    OWNED(imapbox) box = NULL;
    return imapbox_open(&options, &box, err);
}

static enum status try_smtp(const char *peer, const char *host, enum stream_security security,
                            const char *user, struct err *err)
{
    const struct submit_options options = {
        .host = host,
        .port = peers_port(peer),
        .security = security,
        .user = user,
        .password = "secret",
        .ca_file = peers_text("PEERS_CA"),
        .reply_s = 3,
    };
    const char *const recipients[] = {"anna@acme.example"};
    const struct submit_mail mail = {
        .mail_from = "support@desk.example",
        .recipients = recipients,
        .recipient_count = 1,
        .bytes = BYTES,
        .length = sizeof BYTES - 1,
    };
    struct submit_result result;
    OWNED(submit) submit = NULL;
    enum status status = submit_open(&options, &submit, err);
    return status == ST_OK ? submit_send(submit, &mail, &result, err) : status;
}

static void expect_certificate(size_t i, bool is_starttls)
{
    const char *mode = is_starttls ? "_STARTTLS" : "S";
    enum stream_security security = is_starttls ? STREAM_STARTTLS : STREAM_TLS;
    g_autofree char *imap = g_strdup_printf("PEERS_IMAP%s_%s", mode, CERTIFICATES[i].certificate);
    g_autofree char *smtp = g_strdup_printf("PEERS_SMTP%s_%s", mode, CERTIFICATES[i].certificate);
    const char *host = CERTIFICATES[i].host;
    const char *user = CERTIFICATES[i].want == ST_OK ? "good" : "canary";
    const char *smtp_text = CERTIFICATES[i].smtp_text ? CERTIFICATES[i].smtp_text
                                                      : CERTIFICATES[i].imap_text;
    struct err err = {.status = ST_OK};

    enum status got = try_imap(imap, host, security, user, &err);
    cr_expect_eq(got, CERTIFICATES[i].want, "%s %s: got %s: %s", imap, host, status_name(got),
                 err.text);
    if (CERTIFICATES[i].imap_text) {
        cr_expect_not_null(strstr(err.text, CERTIFICATES[i].imap_text), "%s: %s", imap, err.text);
    }
    got = try_smtp(smtp, host, security, user, &err);
    cr_expect_eq(got, CERTIFICATES[i].want, "%s %s: got %s: %s", smtp, host, status_name(got),
                 err.text);
    if (smtp_text && strcmp(CERTIFICATES[i].certificate, "OLDTLS") != 0) {
        cr_expect_not_null(strstr(err.text, smtp_text), "%s: %s", smtp, err.text);
    }
    cr_expect_not(peers_kept("canary", "login"), "%s: a user name was sent", imap);
}

Test(net_tls, speaks_only_to_whom_it_meant)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CERTIFICATES) * 2; i++) {
        expect_certificate(i / 2, i % 2);
    }
}

Test(net_tls, reads_mail_only_under_certificates_of_this_century)
{
    for (size_t i = 0; i < G_N_ELEMENTS(STRICT); i++) {
        g_autofree char *peer = g_strdup_printf("PEERS_IMAPS_%s", STRICT[i].certificate);
        struct err err = {.status = ST_OK};
        enum status got = try_imap(peer, "localhost", STREAM_TLS, "canary", &err);
        cr_expect_eq(got, ST_FATAL, "%s: got %s", peer, status_name(got));
        cr_expect_not_null(strstr(err.text, STRICT[i].text), "%s: %s", peer, err.text);
        cr_expect_not(peers_kept("canary", "login"), "%s: a user name was sent", peer);
    }
}

static const struct {
    const char *name;
    const char *peer;
    enum stream_security security;
    enum status want;
    const char *text;
} STATES[] = {
    {"injected into STARTTLS", "PEERS_IMAP_INJECT", STREAM_STARTTLS, ST_FATAL, "plain text"},
    {"half a line injected", "PEERS_IMAP_INJECT_HALF", STREAM_STARTTLS, ST_FATAL, "plain text"},
    {"PREAUTH", "PEERS_IMAP_PREAUTH", STREAM_INSECURE, ST_FATAL, "PREAUTH"},
    {"PREAUTH before STARTTLS", "PEERS_IMAP_PREAUTH_STARTTLS", STREAM_STARTTLS, ST_FATAL,
     "PREAUTH"},
    {"STARTTLS stripped", "PEERS_IMAP_EVIL", STREAM_STARTTLS, ST_FATAL, "offers no STARTTLS"},
    {"no login in plain text", "PEERS_IMAP_STARTTLS_GOOD", STREAM_INSECURE, ST_FATAL,
     "takes no passwords"},
    {"TLS to a plain port", "PEERS_IMAP_EVIL", STREAM_TLS, ST_FATAL, "speaks no TLS"},
    {"BYE at once", "PEERS_IMAP_BYE", STREAM_INSECURE, ST_TEMPFAIL, "too busy"},
    {"a web server", "PEERS_IMAP_HTTP", STREAM_INSECURE, ST_TEMPFAIL, "does not speak IMAP"},
    {"nobody there", "PEERS_CLOSED", STREAM_TLS, ST_TEMPFAIL, "could not connect"},
};

Test(net_tls, gives_no_mailbox_away)
{
    for (size_t i = 0; i < G_N_ELEMENTS(STATES); i++) {
        struct err err = {.status = ST_OK};
        enum status got = try_imap(STATES[i].peer, "localhost", STATES[i].security, "canary", &err);
        cr_expect_eq(got, STATES[i].want, "%s: got %s: %s", STATES[i].name, status_name(got),
                     err.text);
        cr_expect_not_null(strstr(err.text, STATES[i].text), "%s: %s", STATES[i].name, err.text);
        cr_expect_not(peers_kept("canary", "login"), "%s: a user name was sent", STATES[i].name);
    }
}

static const struct {
    const char *name;
    const char *peer;
    enum stream_security security;
    enum status want;
    const char *text;
} SMTP_STATES[] = {
    {"injected into STARTTLS", "PEERS_SMTP_INJECT", STREAM_STARTTLS, ST_TEMPFAIL, ""},
    {"STARTTLS stripped", "PEERS_SMTP", STREAM_STARTTLS, ST_FATAL, "offers no STARTTLS"},
    {"no AUTH on offer", "PEERS_SMTP_NO_AUTH", STREAM_INSECURE, ST_FATAL, "offers no login"},
    {"TLS to a plain port", "PEERS_SMTP", STREAM_TLS, ST_FATAL, "TLS"},
    {"refused at once", "PEERS_SMTP_554", STREAM_INSECURE, ST_TEMPFAIL, "554 5.7.1 go away"},
    {"busy", "PEERS_SMTP_421", STREAM_INSECURE, ST_TEMPFAIL, "421 4.3.2 too busy"},
    {"says nothing", "PEERS_SMTP_MUTE", STREAM_INSECURE, ST_TEMPFAIL, ""},
    {"nobody there", "PEERS_CLOSED", STREAM_TLS, ST_TEMPFAIL, "connect"},
};

Test(net_tls, gives_no_sending_account_away)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SMTP_STATES); i++) {
        struct err err = {.status = ST_OK};
        enum status got = try_smtp(SMTP_STATES[i].peer, "localhost", SMTP_STATES[i].security,
                                   "canary", &err);
        cr_expect_eq(got, SMTP_STATES[i].want, "%s: got %s: %s", SMTP_STATES[i].name,
                     status_name(got), err.text);
        cr_expect_not_null(strstr(err.text, SMTP_STATES[i].text), "%s: %s", SMTP_STATES[i].name,
                           err.text);
        cr_expect_not(peers_kept("canary", "login"), "%s: a user name was sent",
                      SMTP_STATES[i].name);
    }
}

Test(net_tls, needs_authorities_that_can_be_read)
{
    const struct imapbox_options options = {.host = "localhost",
                                            .port = peers_port("PEERS_IMAPS_GOOD"),
                                            .user = "canary",
                                            .password = "secret",
                                            .ca_file = "/nonexistent/ca.pem",
                                            .wake_fd = -1};
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = NULL;
    cr_expect_eq(imapbox_open(&options, &box, &err), ST_FATAL, "%s", err.text);
    cr_expect_not_null(strstr(err.text, "/nonexistent/ca.pem"), "%s", err.text);

    const struct imapbox_options system_only = {.host = "localhost",
                                                .port = peers_port("PEERS_IMAPS_GOOD"),
                                                .user = "canary",
                                                .password = "secret",
                                                .wake_fd = -1};
    cr_expect_eq(imapbox_open(&system_only, &box, &err), ST_FATAL, "the system's CAs: %s",
                 err.text);
}
