/* The TLS matrix (THREATS section 4): which servers we speak to at all, by IMAP and SMTP, under TLS from the first byte
 * and after STARTTLS. Each row has its verdict and its named cause. Every connection goes over a tap (tests/peers/
 * wire.py), and at the end what was on the wire is searched: no user name, no password, no mail in the clear. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "net/imap.h"
#include "net/smtp.h"
#include "peers.h"

static const char BYTES[] = "Subject: x\r\n\r\nhello\r\n"; /* what the IMAP peer holds, too */
static const char PASSWORD[] = "canary-password";
static const char WELCOME[] = "welcome-canary"; /* whom peers let in */
static const char UNWELCOME[] = "canary";       /* who must never reach them */

static unsigned referred_lookups;

/* *.peers.test is this machine, for our code and for nobody else. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    typedef int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    lookup real = NULL;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    referred_lookups += g_str_has_prefix(node, "referred.");
    return real(g_str_has_suffix(node, ".peers.test") ? "127.0.0.1" : node, service, hints, out);
}

/* ---- trying a server ---- */

struct attempt {
    const char *peer; /* the name of its port */
    const char *host;
    enum stream_security security;
    const char *user;
    const char *pin;
};

static enum status try_imap(const struct attempt *attempt, struct err *err)
{
    const struct imapbox_options options = {
        .host = attempt->host,
        .port = peers_port(attempt->peer),
        .security = attempt->security,
        .user = attempt->user,
        .password = PASSWORD,
        .ca_file = peers_text("PEERS_CA"),
        .pin = attempt->pin,
        .wake_fd = -1,
        .timeout_ms = 5000,
    };
    static const struct imapbox_mail ONE = {.uid = 1, .size = sizeof BYTES - 1};
    struct imapbox_folder folder;
    GBytes *body = NULL;
    OWNED(imapbox) box = NULL;
    enum status status = imapbox_open(&options, &box, err);
    if (status == ST_OK) {
        status = imapbox_select(box, "INBOX", &folder, err);
    }
    if (status == ST_OK) {
        status = imapbox_fetch_bodies(box, &ONE, 1, &body, err);
    }
    if (status == ST_OK) {
        cr_assert_eq(g_bytes_get_size(body), sizeof BYTES - 1);
        g_bytes_unref(body);
    }
    return status;
}

static enum status try_smtp(const struct attempt *attempt, struct err *err)
{
    const struct submit_options options = {
        .host = attempt->host,
        .port = peers_port(attempt->peer),
        .security = attempt->security,
        .user = attempt->user,
        .password = PASSWORD,
        .ca_file = peers_text("PEERS_CA"),
        .pin = attempt->pin,
        .reply_s = 5,
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

typedef enum status (*trier)(const struct attempt *attempt, struct err *err);

static void expect_verdict(trier try, const struct attempt *attempt, enum status want,
                           const char *cause)
{
    struct err err = {.status = ST_OK};
    enum status got = try(attempt, &err);

    cr_expect_eq(got, want, "%s %s: got %s, want %s: %s", attempt->peer, attempt->host,
                 status_name(got), status_name(want), err.text);
    cr_expect_not_null(strstr(err.text, cause), "%s %s: \"%s\" does not say \"%s\"", attempt->peer,
                       attempt->host, err.text, cause);
    cr_expect_not(peers_kept(UNWELCOME, "login"), "%s: a user name was sent", attempt->peer);
    cr_expect_null(strstr(err.text, PASSWORD));
    cr_expect_null(strstr(err.hint, PASSWORD));
}

/* ---- certificates, versions, ciphers, pins ---- */

enum pinned { NO_PIN, RIGHT_PIN, OTHER_PIN };

static const struct {
    const char *server;
    const char *host;
    enum status want;
    const char *cause; /* "": there is nothing to say */
    enum pinned pinned;
} MATRIX[] = {
    /* connect */
    {"GOOD", "localhost", ST_OK, "", NO_PIN},
    {"IPADDRESS", "127.0.0.1", ST_OK, "", NO_PIN},
    {"ONELABEL", "mail.peers.test", ST_OK, "", NO_PIN},
    {"IDN", "xn--bro-hoa.peers.test", ST_OK, "", NO_PIN},
    {"TLS12", "localhost", ST_OK, "", NO_PIN},
    {"TLS13", "localhost", ST_OK, "", NO_PIN},
    {"GOOD", "localhost", ST_OK, "", RIGHT_PIN},
    /* refuse */
    {"EXPIRED", "localhost", ST_FATAL, "it has expired", NO_PIN},
    {"NOTYET", "localhost", ST_FATAL, "it is not valid yet", NO_PIN},
    {"SELFSIGNED", "localhost", ST_FATAL, "its issuer is not trusted", NO_PIN},
    {"UNKNOWNCA", "localhost", ST_FATAL, "its issuer is not trusted", NO_PIN},
    {"WRONGHOST", "localhost", ST_FATAL, "it is for another name", NO_PIN},
    {"WRONGHOST", "127.0.0.1", ST_FATAL, "it is for another name", NO_PIN},
    {"IPADDRESS", "localhost", ST_FATAL, "it is for another name", NO_PIN},
    {"CNONLY", "localhost", ST_FATAL, "it names the server only in its CN", NO_PIN},
    {"ONELABEL", "a.mail.peers.test", ST_FATAL, "it is for another name", NO_PIN},
    {"TWOLABELS", "a.mail.peers.test", ST_FATAL, "it is for another name", NO_PIN},
    {"WILDCARD", "localhost", ST_FATAL, "it is for another name", NO_PIN},
    {"IDN", "bro.peers.test", ST_FATAL, "it is for another name", NO_PIN},
    {"TLS10", "localhost", ST_FATAL, "the server knows no TLS 1.2", NO_PIN},
    {"TLS11", "localhost", ST_FATAL, "the server knows no TLS 1.2", NO_PIN},
    {"WEAK", "localhost", ST_FATAL, "its key is too weak", NO_PIN},
    {"SHA1", "localhost", ST_FATAL, "its signature is too weak", NO_PIN},
    {"CLIENTONLY", "localhost", ST_FATAL, "it is not meant for servers", NO_PIN},
    {"MUSTSTAPLE", "localhost", ST_FATAL, "its revocation status is missing", NO_PIN},
    {"GOOD", "localhost", ST_FATAL, "its public key is not the one that is pinned", OTHER_PIN},
    {"ANONYMOUS", "localhost", ST_FATAL, "the server knows no cipher that is safe", NO_PIN},
    {"NULLCIPHER", "localhost", ST_FATAL, "the server knows no cipher that is safe", NO_PIN},
};

static const char *pin_for(enum pinned pinned)
{
    static const char OTHER[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    return pinned == NO_PIN ? NULL : pinned == RIGHT_PIN ? peers_text("PEERS_PIN") : OTHER;
}

static void expect_row(size_t i, bool is_imap, bool is_starttls)
{
    g_autofree char *peer = g_strdup_printf("PEERS_%s%s_%s", is_imap ? "IMAP" : "SMTP",
                                            is_starttls ? "_STARTTLS" : "S", MATRIX[i].server);
    const struct attempt attempt = {
        .peer = peer,
        .host = MATRIX[i].host,
        .security = is_starttls ? STREAM_STARTTLS : STREAM_TLS,
        .user = MATRIX[i].want == ST_OK ? WELCOME : UNWELCOME,
        .pin = pin_for(MATRIX[i].pinned),
    };
    expect_verdict(is_imap ? try_imap : try_smtp, &attempt, MATRIX[i].want, MATRIX[i].cause);
}

static void try_matrix(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MATRIX); i++) {
        expect_row(i, true, false);
        expect_row(i, true, true);
        expect_row(i, false, false);
        expect_row(i, false, true);
    }
}

/* ---- what is said ---- */

struct state {
    const char *peer;
    enum stream_security security;
    const char *user;
    enum status want;
    const char *cause;
};

static const struct state IMAP_STATES[] = {
    {"PEERS_IMAP_STRIPPED", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "offers no STARTTLS"},
    {"PEERS_IMAP_STARTTLS_NO", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "log in first"},
    {"PEERS_IMAP_STARTTLS_BAD", STREAM_STARTTLS, UNWELCOME, ST_TEMPFAIL, "log in first"},
    {"PEERS_IMAP_INJECT", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "more came in plain text"},
    {"PEERS_IMAP_INJECT_HALF", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "more came in plain text"},
    {"PEERS_IMAP_PREAUTH", STREAM_INSECURE, UNWELCOME, ST_FATAL, "PREAUTH"},
    {"PEERS_IMAP_PREAUTH_STARTTLS", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "PREAUTH"},
    {"PEERS_IMAP_DISABLED", STREAM_TLS, UNWELCOME, ST_FATAL, "takes no passwords"},
    {"PEERS_IMAP_STARTTLS_GOOD", STREAM_INSECURE, UNWELCOME, ST_FATAL, "takes no passwords"},
    {"PEERS_IMAP_CHANGED", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "takes no passwords"},
    {"PEERS_IMAP_DOWNGRADED", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "takes no passwords"},
    {"PEERS_IMAP_ALERT", STREAM_TLS, UNWELCOME, ST_FATAL, "takes no passwords"},
    {"PEERS_IMAP_REFERRAL", STREAM_TLS, "canary-referred", ST_DENIED, "go there"},
    {"PEERS_IMAP_STRIPPED", STREAM_TLS, UNWELCOME, ST_FATAL, "speaks no TLS here"},
    {"PEERS_CUT", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "the connection was cut"},
    {"PEERS_RENEGOTIATING", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "wants to renegotiate TLS"},
    {"PEERS_REVOKED", STREAM_TLS, UNWELCOME, ST_FATAL, "it was revoked"},
    {"PEERS_IMAP_BYE", STREAM_INSECURE, UNWELCOME, ST_TEMPFAIL, "too busy"},
    {"PEERS_IMAP_HTTP", STREAM_INSECURE, UNWELCOME, ST_TEMPFAIL, "does not speak IMAP"},
    {"PEERS_CLOSED", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "could not connect"},
};

static const struct state SMTP_STATES[] = {
    {"PEERS_SMTP_STRIPPED", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "offers no STARTTLS"},
    {"PEERS_SMTP_STARTTLS_454", STREAM_STARTTLS, UNWELCOME, ST_TEMPFAIL, "454 4.7.0 TLS not"},
    {"PEERS_SMTP_STARTTLS_530", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "authenticate first"},
    {"PEERS_SMTP_INJECT", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "more came in plain text"},
    {"PEERS_SMTP_INJECT_HALF", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "more came in plain text"},
    {"PEERS_SMTP_CHANGED", STREAM_STARTTLS, UNWELCOME, ST_FATAL, "offers no login here"},
    {"PEERS_SMTP_DOWNGRADED", STREAM_STARTTLS, UNWELCOME, ST_FATAL,
     "offers no login here with user name and password"},
    {"PEERS_SMTP_LOGIN_ONLY", STREAM_TLS, WELCOME, ST_OK, ""},
    {"PEERS_SMTP_REFERRAL", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "421 4.3.2 go to"},
    {"PEERS_SMTP_STRIPPED", STREAM_TLS, UNWELCOME, ST_FATAL, "speaks no TLS here"},
    {"PEERS_CUT", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "the connection was cut"},
    {"PEERS_RENEGOTIATING", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "wants to renegotiate TLS"},
    {"PEERS_REVOKED", STREAM_TLS, UNWELCOME, ST_FATAL, "it was revoked"},
    {"PEERS_SMTP_NO_AUTH", STREAM_INSECURE, UNWELCOME, ST_FATAL, "offers no login here"},
    {"PEERS_SMTP_554", STREAM_INSECURE, UNWELCOME, ST_TEMPFAIL, "554 5.7.1 go away"},
    {"PEERS_SMTP_421", STREAM_INSECURE, UNWELCOME, ST_TEMPFAIL, "421 4.3.2 too busy"},
    {"PEERS_SMTP_MUTE", STREAM_INSECURE, UNWELCOME, ST_TEMPFAIL, "no complete answer"},
    {"PEERS_CLOSED", STREAM_TLS, UNWELCOME, ST_TEMPFAIL, "could not connect"},
};

static void expect_states(trier try, const struct state *states, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct attempt attempt = {.peer = states[i].peer,
                                        .host = "localhost",
                                        .security = states[i].security,
                                        .user = states[i].user};
        expect_verdict(try, &attempt, states[i].want, states[i].cause);
    }
    cr_expect_eq(referred_lookups, 0, "somebody went where the server sent him");
}

/* ---- the wire ---- */

struct found {
    unsigned connections;
    size_t bytes;
    unsigned in_the_clear;
};

/* Are these bytes in what was captured, as they are or in base64 at any of its three positions? */
static bool is_in(const char *capture, size_t length, const char *text)
{
    if (memmem(capture, length, text, strlen(text))) {
        return true;
    }
    for (size_t shift = 0; shift < 3; shift++) {
        g_autofree char *shifted = g_strdup_printf("%.*s%s", (int)shift, "xx", text);
        g_autofree char *coded = g_base64_encode((const guchar *)shifted, strlen(shifted));
        size_t first = (shift * 8 + 5) / 6; /* whole characters only */
        size_t end = (shift + strlen(text)) * 8 / 6;
        if (memmem(capture, length, coded + first, end - first)) {
            return true;
        }
    }
    return false;
}

static void search(const char *path, const char *name, struct found *found)
{
    static const char *const SECRETS[] = {"canary", "password", "Subject: x\r\n\r\nhello"};
    g_autofree char *capture = NULL;
    gsize length = 0;

    cr_assert(g_file_get_contents(path, &capture, &length, NULL), "%s", path);
    found->connections++;
    found->bytes += length;
    for (size_t i = 0; i < G_N_ELEMENTS(SECRETS); i++) {
        if (is_in(capture, length, SECRETS[i])) {
            found->in_the_clear++;
            cr_expect(strstr(name, "PLAIN"), "%s has \"%s\" in the clear", name, SECRETS[i]);
        }
    }
}

/* Every capture is complete when none is open any more. */
static bool is_anything_open(void)
{
    GDir *mails = g_dir_open(peers_text("PEERS_MAILS"), 0, NULL);
    bool is_open = false;
    cr_assert_not_null(mails);
    for (const char *name; (name = g_dir_read_name(mails));) {
        is_open = is_open || g_str_has_suffix(name, ".open");
    }
    g_dir_close(mails);
    return is_open;
}

static struct found search_all(bool is_plain)
{
    struct found found = {.connections = 0};
    for (int tries = 0; is_anything_open(); tries++) {
        cr_assert_lt(tries, 2000, "a connection has no end");
        g_usleep(10000);
    }
    GDir *mails = g_dir_open(peers_text("PEERS_MAILS"), 0, NULL);
    cr_assert_not_null(mails);
    for (const char *name; (name = g_dir_read_name(mails));) {
        g_autofree char *path = g_build_filename(peers_text("PEERS_MAILS"), name, NULL);
        if (g_str_has_suffix(name, ".wire") && (strstr(name, "_PLAIN.") != NULL) == is_plain) {
            search(path, name, &found);
        }
    }
    g_dir_close(mails);
    return found;
}

Test(net_tls, speaks_only_to_whom_it_meant_and_never_in_the_clear, .timeout = 240)
{
    static const struct attempt IN_THE_CLEAR[] = {
        {"PEERS_IMAP_PLAIN", "localhost", STREAM_INSECURE, WELCOME, NULL},
        {"PEERS_SMTP_PLAIN", "localhost", STREAM_INSECURE, WELCOME, NULL},
    };
    try_matrix();
    expect_states(try_imap, IMAP_STATES, G_N_ELEMENTS(IMAP_STATES));
    expect_states(try_smtp, SMTP_STATES, G_N_ELEMENTS(SMTP_STATES));
    expect_verdict(try_imap, &IN_THE_CLEAR[0], ST_OK, "");
    expect_verdict(try_smtp, &IN_THE_CLEAR[1], ST_OK, "");

    struct found plain = search_all(true);
    cr_expect_eq(plain.connections, 2);
    cr_expect_eq(plain.in_the_clear, 6, "the search finds what is there: %u", plain.in_the_clear);
    struct found tapped = search_all(false);
    cr_expect_geq(tapped.connections, G_N_ELEMENTS(MATRIX) * 4 + 24, "%u", tapped.connections);
    cr_expect_eq(tapped.in_the_clear, 0);
    printf("TLS matrix: %zu rows, %u connections captured, %zu bytes, %u secrets in the clear\n",
           G_N_ELEMENTS(MATRIX) * 4 + G_N_ELEMENTS(IMAP_STATES) + G_N_ELEMENTS(SMTP_STATES),
           tapped.connections, tapped.bytes, tapped.in_the_clear);
}

Test(net_tls, needs_authorities_that_can_be_read)
{
    static const struct {
        const char *ca_file;
        const char *pin;
        const char *cause;
    } BAD[] = {
        {"/nonexistent/ca.pem", NULL, "/nonexistent/ca.pem"},
        {"/dev/null", NULL, "there are none in it"},
        {NULL, NULL, "its issuer is not trusted"}, /* the system's */
        {NULL, "sha256//x", "is no pin"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        const struct imapbox_options options = {.host = "localhost",
                                                .port = peers_port("PEERS_IMAPS_GOOD"),
                                                .user = UNWELCOME,
                                                .password = PASSWORD,
                                                .ca_file = BAD[i].ca_file,
                                                .pin = BAD[i].pin,
                                                .wake_fd = -1};
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = NULL;
        cr_expect_eq(imapbox_open(&options, &box, &err), ST_FATAL, "%s", err.text);
        cr_expect_not_null(strstr(err.text, BAD[i].cause), "%s", err.text);
    }
}
