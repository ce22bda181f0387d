/* entry - what admins type, brought into the form in which it is stored
 *
 * Addresses are stored as they are written to, and found by their key; domains as A-labels. Names are what
 * people read, on one line. A server is a URL, because it has scheme, user, host and port in one
 * word that everybody knows how to write:
 *
 *     server = scheme [ "s" / "+insecure" ] "://" [ user "@" ] host [ ":" port ]     ; RFC 3986
 *
 * where a "@" of the user name is written "%40". A password in it is refused instead of being used: it
 * would stand in the shell's history and in the list of processes.
 * Pure: no I/O.
 */
#include "cli/entry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/domain.h"
#include "message/address.h"

enum { OLDEST_YEAR = 1970 };

enum status entry_address(const char *text, char **address_out, char **key_out, struct err *err)
{
    const char *at = strrchr(text, '@');
    g_autofree char *domain = NULL;
    g_autofree char *address = NULL;

    if (at == NULL || at == text) {
        (void)err_set(err, ST_INVALID, "\"%s\" is no address", text);
        return err_hint(err, "write it as anna@acme.example");
    }
    enum status status = domain_normalise(at + 1, false, &domain, err);
    if (status != ST_OK) {
        return status;
    }
    g_autofree char *local = g_strndup(text, (gsize)(at - text));
    g_autofree char *whole = g_strconcat(local, "@", domain, NULL);
    status = address_normalise(whole, &address, err);
    if (status == ST_OK) {
        *key_out = address_key(address);
        *address_out = g_steal_pointer(&address);
    }
    return status;
}

char *entry_key(const char *address_or_id)
{
    struct err ignored = {.status = ST_OK};
    g_autofree char *address = NULL;
    char *key = NULL;

    if (strchr(address_or_id, '@') == NULL ||
        entry_address(address_or_id, &address, &key, &ignored) != ST_OK) {
        return g_strdup(address_or_id);
    }
    return key;
}

enum status entry_name(const char *text, char **name_out, struct err *err)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        return err_set(err, ST_INVALID, "the name is no UTF-8");
    }
    g_autofree char *name = text_one_line(text, SIZE_MAX);
    if (name[0] == '\0' || text_chars(name) > LIMIT_NAME_CHARS) {
        return err_set(err, ST_INVALID, "a name has 1 to %d characters", LIMIT_NAME_CHARS);
    }
    *name_out = g_steal_pointer(&name);
    return ST_OK;
}

enum status entry_day(const char *text, char **day_out, struct err *err)
{
    static const char FORM[] = "0000-00-00";
    g_autofree char *padded = g_strconcat(text, "T12:00:00Z", NULL);
    bool has_form = strlen(text) == strlen(FORM);

    for (size_t i = 0; has_form && FORM[i] != '\0'; i++) {
        has_form = FORM[i] == '-' ? text[i] == '-' : g_ascii_isdigit(text[i]);
    }
    g_autoptr(GDateTime) day = has_form ? g_date_time_new_from_iso8601(padded, NULL) : NULL;
    if (day == NULL || g_date_time_get_year(day) < OLDEST_YEAR) {
        (void)err_set(err, ST_INVALID, "\"%.40s\" is no day", text);
        return err_hint(err, "write it as 2026-12-24");
    }
    *day_out = g_strdup(text);
    return ST_OK;
}

enum status entry_yes_no(const char *option, const char *text, bool *value_out, struct err *err)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
        return err_set(err, ST_INVALID, "--%s takes yes or no, not \"%s\"", option, text);
    }
    *value_out = strcmp(text, "yes") == 0;
    return ST_OK;
}

static const struct {
    const char *scheme;
    const char *security;
    int port;
} SCHEMES[] = {
    {"imaps", "tls", 993}, {"imap", "starttls", 143}, {"imap+insecure", "insecure", 143},
    {"smtps", "tls", 465}, {"smtp", "starttls", 587}, {"smtp+insecure", "insecure", 25},
};

static enum status refuse(const char *url, const char *scheme, struct err *err)
{
    (void)err_set(err, ST_INVALID, "\"%s\" is no %s server", url, scheme);
    return err_hint(err,
                    "write %ss://user@host, or %s:// for STARTTLS; a \"@\" in the user is %%40",
                    scheme, scheme);
}

static enum status refuse_password(struct err *err)
{
    (void)err_set(err, ST_INVALID, "a password must not stand in the URL");
    return err_hint(err, "put it into a file of the folder \"secrets-dir\", and name the file by "
                         "--secret");
}

/* The row of SCHEMES for a URL of this kind; G_N_ELEMENTS for none. */
static size_t find_scheme(const char *found, const char *scheme)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(SCHEMES) &&
           (strcmp(SCHEMES[i].scheme, found) != 0 || strncmp(found, scheme, strlen(scheme)) != 0)) {
        i++;
    }
    return i;
}

/* "127.0.0.1", "::1", "localhost": what no name server can point elsewhere. */
static bool is_this_machine(const char *host)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six));
}

/* A host as it is looked up and as it stands in certificates: A-labels, or an address. */
static enum status read_host(const char *text, bool is_plain, char **host_out, struct err *err)
{
    struct in6_addr address;
    enum status status = ST_OK;

    if (inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1 ||
        strchr(text, '.') == NULL) {
        *host_out = g_ascii_strdown(text, -1);
    } else {
        status = domain_normalise(text, false, host_out, err);
    }
    if (status == ST_OK && is_plain && !is_this_machine(*host_out)) {
        g_clear_pointer(host_out, g_free);
        (void)err_set(err, ST_INVALID, "\"%s\" cannot be spoken to without TLS", text);
        return err_hint(err,
                        "that is for servers on this machine only: localhost, 127.0.0.1, [::1]");
    }
    return status;
}

enum status entry_server(const char *url, const char *scheme, struct entry_server *server_out,
                         struct err *err)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, &error);

    if (uri == NULL || g_uri_get_host(uri) == NULL || g_uri_get_host(uri)[0] == '\0' ||
        strlen(g_uri_get_path(uri)) > 1 || g_uri_get_query(uri) != NULL) {
        return refuse(url, scheme, err);
    }
    size_t i = find_scheme(g_uri_get_scheme(uri), scheme);
    if (i == G_N_ELEMENTS(SCHEMES)) {
        return refuse(url, scheme, err);
    }
    if (g_uri_get_password(uri) != NULL) {
        return refuse_password(err);
    }
    char *host = NULL;
    bool is_plain = strcmp(SCHEMES[i].security, "insecure") == 0;
    enum status status = read_host(g_uri_get_host(uri), is_plain, &host, err);
    if (status != ST_OK) {
        return status;
    }
    *server_out = (struct entry_server){
        .security = SCHEMES[i].security,
        .user = g_strdup(g_uri_get_user(uri)),
        .host = host,
        .port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : SCHEMES[i].port,
    };
    return ST_OK;
}

void entry_server_clear(struct entry_server *server)
{
    g_clear_pointer(&server->user, g_free);
    g_clear_pointer(&server->host, g_free);
}
