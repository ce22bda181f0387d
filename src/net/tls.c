/* tls - TLS for net/stream, with a certificate that was really checked
 *
 * Everything is verified inside the handshake (RFC 8446 section 4.4.2.4, RFC 6125): the chain to a CA
 * that we trust, the dates, the purpose, and the name or address that we connected to. So nothing of
 * ours, not even a user name, is on the wire before the server has proved who it is. A certificate
 * that has its name only in the CN is refused: RFC 6125 section 6.4.4 ended that in 2011, but GnuTLS
 * still falls back to it. At least TLS 1.2 and keys of 112 bits (RSA 2048); no SHA-1. A certificate that
 * promises a stapled OCSP answer (RFC 7633) must come with one. A pin is asked for on top of all that, not
 * instead of it. Who wants to renegotiate is left: there is nothing to be won by it but attacks.
 *
 * Cause over category: what refuses a certificate is said in a text of our own for each bit, because
 * a person must mend it. Such causes are ST_FATAL; a connection that was cut is ST_TEMPFAIL.
 *
 * Not here: waiting (net/stream polls), revocation lists.
 * I/O: reads the CA file; reads and writes the socket that it is given, without blocking.
 */
#include "net/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#include <glib.h>

#include "core/clock.h"

enum { PIN_BYTES = 32, WEAKNESS = GNUTLS_CERT_INSECURE_ALGORITHM };

static const char PRIORITY[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%PROFILE_MEDIUM";

struct tls {
    gnutls_certificate_credentials_t credentials; /* own */
    gnutls_session_t session;                     /* own */
    char *host;                                   /* own */
    char *pin;                                    /* own; NULL: any key */
    uint8_t address[16];                          /* of an IP literal, in network order */
    size_t address_length;                        /* 0: host is a name */
    unsigned refusal;                             /* GNUTLS_CERT_… bits */
    bool lacks_san;
    char *other_key; /* own: the pin that the server would need; NULL: it has the right one */
    bool has_weak_key;
    int code; /* the library's last error */
};

/* In the order in which they help: the first that applies is said. */
static const struct {
    unsigned bit;
    const char *text;
} REFUSALS[] = {
    {GNUTLS_CERT_EXPIRED, "it has expired"},
    {GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet"},
    {GNUTLS_CERT_REVOKED, "it was revoked"},
    {GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another name"},
    {GNUTLS_CERT_PURPOSE_MISMATCH, "it is not meant for servers"},
    {GNUTLS_CERT_SIGNER_NOT_FOUND, "its issuer is not trusted"},
    {GNUTLS_CERT_SIGNER_NOT_CA, "its issuer is not a CA"},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "its issuer may not sign it"},
    {GNUTLS_CERT_INSECURE_ALGORITHM, "its signature is too weak"},
    {GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong"},
    {GNUTLS_CERT_INVALID_OCSP_STATUS, "its revocation status is wrong"},
    {GNUTLS_CERT_MISSING_OCSP_STATUS, "its revocation status is missing"},
};

/* The server's own certificate; NULL: it has shown none. Own. */
static gnutls_x509_crt_t own_certificate(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t leaf = NULL;

    if (!chain || count == 0 || gnutls_x509_crt_init(&leaf) < 0) {
        return NULL;
    }
    if (gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) < 0) {
        gnutls_x509_crt_deinit(leaf);
        return NULL;
    }
    return leaf;
}

/* Has it a subjectAltName of a kind that we compare with? */
static bool has_san(gnutls_x509_crt_t leaf)
{
    for (unsigned i = 0;; i++) {
        char name[1];
        size_t size = sizeof name;
        unsigned type = 0;
        int r = gnutls_x509_crt_get_subject_alt_name2(leaf, i, name, &size, &type, NULL);
        if (r < 0 && r != GNUTLS_E_SHORT_MEMORY_BUFFER) {
            return false;
        }
        if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_IPADDRESS) {
            return true;
        }
    }
}

static bool has_weak_key(gnutls_x509_crt_t leaf)
{
    unsigned bits = 0;
    int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

    return algorithm >= 0 && gnutls_pk_bits_to_sec_param((gnutls_pk_algorithm_t)algorithm, bits) <
                                 GNUTLS_SEC_PARAM_MEDIUM;
}

/* RFC 7469 section 2.4: the digest of the SubjectPublicKeyInfo. Own. */
static char *pin_of(gnutls_x509_crt_t leaf)
{
    uint8_t digest[PIN_BYTES];
    size_t size = sizeof digest;

    return gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, digest, &size) < 0
               ? g_strdup("")
               : g_base64_encode(digest, size);
}

/* What the library does not look at. */
static bool is_leaf_good(struct tls *tls)
{
    gnutls_x509_crt_t leaf = own_certificate(tls->session);

    if (!leaf) {
        return false;
    }
    tls->lacks_san = !has_san(leaf);
    tls->has_weak_key = has_weak_key(leaf);
    g_autofree char *pin = tls->pin ? pin_of(leaf) : NULL;
    if (pin && strcmp(pin, tls->pin) != 0) {
        tls->other_key = g_steal_pointer(&pin);
    }
    gnutls_x509_crt_deinit(leaf);
    return !tls->lacks_san && !tls->has_weak_key && !tls->other_key;
}

/* GnuTLS calls this inside the handshake; 0 goes on. */
static int verify(gnutls_session_t session)
{
    struct tls *tls = gnutls_session_get_ptr(session);
    gnutls_typed_vdata_st wanted[2] = {
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER},
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)tls->host},
    };
    unsigned status = GNUTLS_CERT_INVALID;

    if (tls->address_length > 0) {
        wanted[1].type = GNUTLS_DT_IP_ADDRESS;
        wanted[1].data = tls->address;
        wanted[1].size = (unsigned)tls->address_length;
    }
    if (gnutls_certificate_verify_peers(session, wanted, G_N_ELEMENTS(wanted), &status) < 0) {
        status |= GNUTLS_CERT_INVALID;
    }
    tls->refusal = status;
    bool is_good = is_leaf_good(tls);
    return status == 0 && is_good ? 0 : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

static enum status load_authorities(struct tls *tls, const char *ca_file, struct err *err)
{
    int count = ca_file ? gnutls_certificate_set_x509_trust_file(tls->credentials, ca_file,
                                                                 GNUTLS_X509_FMT_PEM)
                        : gnutls_certificate_set_x509_system_trust(tls->credentials);
    if (count > 0) {
        return ST_OK;
    }
    if (ca_file) {
        return err_set(err, ST_FATAL, "cannot read CA certificates from \"%s\": %s", ca_file,
                       count < 0 ? gnutls_strerror(count) : "there are none in it");
    }
    err_set(err, ST_FATAL, "cannot find the system's CA certificates");
    return err_hint(err, "install the package ca-certificates");
}

enum status tls_check_pin(const char *pin, struct err *err)
{
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(pin, &length);
    g_autofree char *again = g_base64_encode(bytes, length);

    if (length == PIN_BYTES && strcmp(again, pin) == 0) {
        return ST_OK;
    }
    (void)err_set(err, ST_INVALID, "\"%s\" is no pin", pin);
    return err_hint(err, "a pin is the SHA-256 digest of the server's public key, in base64");
}

enum status tls_new(const struct tls_options *options, int fd, struct tls **tls_out,
                    struct err *err)
{
    const char *host = options->host;

    if (options->pin && tls_check_pin(options->pin, err) != ST_OK) {
        err->status = ST_FATAL; /* it stands in the settings: nothing can work */
        return ST_FATAL;
    }
    struct tls *tls = g_new0(struct tls, 1);
    int r = gnutls_certificate_allocate_credentials(&tls->credentials);
    assert(r >= 0);

    tls->host = g_strdup(host);
    tls->pin = g_strdup(options->pin);
    if (inet_pton(AF_INET, host, tls->address) == 1) {
        tls->address_length = 4;
    } else if (inet_pton(AF_INET6, host, tls->address) == 1) {
        tls->address_length = 16;
    }
    enum status status = load_authorities(tls, options->ca_file, err);
    if (status != ST_OK) {
        tls_free(tls);
        return status;
    }
    gnutls_certificate_set_verify_function(tls->credentials, verify);
    r = gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    assert(r >= 0);
    r = gnutls_priority_set_direct(tls->session, PRIORITY, NULL);
    assert(r >= 0);
    r = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    assert(r >= 0);
    (void)r;
    gnutls_session_set_ptr(tls->session, tls);
    gnutls_transport_set_int(tls->session, fd);
    gnutls_handshake_set_timeout(tls->session, GNUTLS_INDEFINITE_TIMEOUT); /* stream has its own */
    if (tls->address_length == 0) { /* RFC 6066 section 3: no IP literals */
        gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, host, strlen(host));
    }
    *tls_out = tls;
    return ST_OK;
}

void tls_free(struct tls *tls)
{
    if (!tls) {
        return;
    }
    if (tls->session) {
        gnutls_deinit(tls->session);
    }
    gnutls_certificate_free_credentials(tls->credentials);
    g_free(tls->host);
    g_free(tls->pin);
    g_free(tls->other_key);
    g_free(tls);
}

/* The only place where the library's codes become ours. */
static int translate(struct tls *tls, ssize_t r)
{
    if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
        return gnutls_record_get_direction(tls->session) ? TLS_WANTS_WRITE : TLS_WANTS_READ;
    }
    tls->code = (int)r;
    return TLS_BROKEN;
}

int tls_handshake(struct tls *tls)
{
    int r = 0;
    do { /* warnings and the like: not over, and nothing to wait for */
        r = gnutls_handshake(tls->session);
    } while (r < 0 && r != GNUTLS_E_AGAIN && r != GNUTLS_E_INTERRUPTED &&
             !gnutls_error_is_fatal(r));
    return r >= 0 ? TLS_DONE : translate(tls, r);
}

static const char *refusal_text(unsigned bits)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        if (bits & REFUSALS[i].bit) {
            return REFUSALS[i].text;
        }
    }
    return "it is invalid";
}

/* From when to when the server's own certificate is valid, in seconds since 1970. */
static bool read_dates(const struct tls *tls, int64_t *from_s_out, int64_t *until_s_out)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->session, &count);
    gnutls_x509_crt_t leaf = NULL;
    bool is_read = false;

    if (!chain || count == 0 || gnutls_x509_crt_init(&leaf) < 0) {
        return false;
    }
    if (gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) >= 0) {
        *from_s_out = (int64_t)gnutls_x509_crt_get_activation_time(leaf);
        *until_s_out = (int64_t)gnutls_x509_crt_get_expiration_time(leaf);
        is_read = *from_s_out >= 0 && *until_s_out >= 0;
    }
    gnutls_x509_crt_deinit(leaf);
    return is_read;
}

int64_t tls_certificate_until_us(const struct tls *tls)
{
    int64_t from_s = 0;
    int64_t until_s = 0;

    return read_dates(tls, &from_s, &until_s) ? until_s * G_USEC_PER_SEC : 0;
}

static char *day_text(int64_t seconds)
{
    g_autoptr(GDateTime) day = g_date_time_new_from_unix_utc(seconds);
    return day ? g_date_time_format(day, "%Y-%m-%d") : g_strdup("?");
}

/* Too late or too early: the certificate's fault, or that of this host's clock. */
static enum status explain_dates(const struct tls *tls, struct err *err)
{
    int64_t from_s = 0;
    int64_t until_s = 0;

    if (!read_dates(tls, &from_s, &until_s)) {
        return err->status;
    }
    g_autofree char *from = day_text(from_s);
    g_autofree char *until = day_text(until_s);
    g_autofree char *today = day_text(clock_wall_us(clock_real()) / G_USEC_PER_SEC);
    return err_hint(
        err,
        "it is valid from %s to %s, and this host's clock says %s: have the server's keeper "
        "renew it, or set the clock",
        from, until, today);
}

static enum status explain_certificate(const struct tls *tls, struct err *err)
{
    const char *cause = tls->refusal == 0 || tls->refusal & WEAKNESS ? NULL
                                                                     : refusal_text(tls->refusal);

    if (!cause) {
        cause = tls->has_weak_key   ? "its key is too weak"
                : tls->refusal != 0 ? refusal_text(tls->refusal)
                : tls->lacks_san    ? "it names the server only in its CN"
                                    : "its public key is not the one that is pinned";
    }
    (void)err_set(err, ST_FATAL, "cannot accept the certificate of \"%s\": %s", tls->host, cause);
    if (tls->refusal == 0 && tls->other_key) {
        return err_hint(err, "its key is %s now; pin that one if the server's keeper confirms it",
                        tls->other_key);
    }
    if (tls->refusal & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) {
        return explain_dates(tls, err);
    }
    return tls->refusal & GNUTLS_CERT_SIGNER_NOT_FOUND
               ? err_hint(err,
                          "if it comes from a CA of your own, name that CA's file in the config")
               : ST_FATAL;
}

/* What a server that will not have our TLS means. */
static enum status explain_alert(const struct tls *tls, struct err *err)
{
    gnutls_alert_description_t alert = gnutls_alert_get(tls->session);
    const char *name = gnutls_alert_get_name(alert);

    switch (alert) {
    case GNUTLS_A_PROTOCOL_VERSION:
        return err_set(err, ST_FATAL, "cannot make TLS with \"%s\": the server knows no TLS 1.2",
                       tls->host);
    case GNUTLS_A_HANDSHAKE_FAILURE:
    case GNUTLS_A_INSUFFICIENT_SECURITY:
        return err_set(err, ST_FATAL,
                       "cannot make TLS with \"%s\": the server knows no cipher that is safe",
                       tls->host);
    default:
        return err_set(err, ST_FATAL, "cannot make TLS with \"%s\": the server refused (%s)",
                       tls->host, name ? name : "no reason given");
    }
}

/* The library says the same of half a packet and of what is none. */
static bool is_at_end(const struct tls *tls)
{
    char byte;
    return recv(gnutls_transport_get_int(tls->session), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static enum status explain_no_tls(const struct tls *tls, struct err *err)
{
    if (is_at_end(tls)) {
        return err_set(err, ST_TEMPFAIL, "could not make TLS with \"%s\": the connection was cut",
                       tls->host);
    }
    err_set(err, ST_FATAL, "cannot make TLS with \"%s\": the server speaks no TLS here", tls->host);
    return err_hint(err, "a port for STARTTLS begins in plain text, a port for TLS does not");
}

enum status tls_explain(const struct tls *tls, struct err *err)
{
    switch (tls->code) {
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
    case GNUTLS_E_CERTIFICATE_ERROR:
        return explain_certificate(tls, err);
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR:
    case GNUTLS_E_PREMATURE_TERMINATION:
        return err_set(err, ST_TEMPFAIL, "could not make TLS with \"%s\": the connection was cut",
                       tls->host);
    case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
    case GNUTLS_E_UNEXPECTED_PACKET:
        return explain_no_tls(tls, err);
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
        return explain_alert(tls, err);
    default:
        return err_set(err, ST_FATAL, "cannot make TLS with \"%s\": %s", tls->host,
                       gnutls_strerror(tls->code));
    }
}

ssize_t tls_read(struct tls *tls, void *buffer, size_t size)
{
    ssize_t r = gnutls_record_recv(tls->session, buffer, size);
    if (r > 0) {
        return r;
    }
    return r == 0 ? TLS_ENDED : translate(tls, r);
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t length)
{
    ssize_t r = gnutls_record_send(tls->session, bytes, length);
    return r > 0 ? r : translate(tls, r);
}

const char *tls_failure(const struct tls *tls)
{
    return tls->code == GNUTLS_E_REHANDSHAKE ? "the server wants to renegotiate TLS"
                                             : gnutls_strerror(tls->code);
}

bool tls_has_pending(const struct tls *tls)
{
    return gnutls_record_check_pending(tls->session) > 0;
}

void tls_bye(struct tls *tls)
{
    gnutls_bye(tls->session, GNUTLS_SHUT_WR);
}
