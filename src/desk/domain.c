/* domain - which customer a sender's domain belongs to
 *
 * Domains are compared byte by byte, so both sides must be in one form: A-labels in lower case. Admins write
 * them as people do ("@Bücher.example", "*.acme.example"); domain_normalise makes that form with libidn2
 * (UTS 46, non-transitional: "ß" stays itself), and refuses what is no host name.
 *
 * A mapping hands every mail of a domain to one customer. So domains in which strangers register names
 * (public suffixes, libpsl) or addresses (free-mail providers, the list below) are refused when they are
 * entered. A sub-domain of a customer's domain is somebody else's until it is entered, too, or "*." is.
 *
 * Pure: libpsl's built-in list, no file, no network.
 */
#include "desk/domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

/* libidn2 has looked at the length of all and of each label, and at their hyphens. Empty labels, "_" and "*" it lets
 * pass. */
static bool is_host_name(const char *domain)
{
    for (;;) {
        size_t length = strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-");

        if (length == 0 || domain[length] == '\0') {
            return length > 0;
        }
        if (domain[length] != '.') {
            return false;
        }
        domain += length + 1;
    }
}

enum status domain_normalise(const char *text, bool allows_wildcard, char **domain_out,
                             struct err *err)
{
    const char *given = text[0] == '@' ? text + 1 : text;
    bool is_wildcard = g_str_has_prefix(given, "*.");
    const char *bare = is_wildcard ? given + 2 : given;
    size_t length = strlen(bare);
    g_autofree char *host = g_strndup(bare, g_str_has_suffix(bare, ".") ? length - 1 : length);
    char *ascii = NULL;

    if (is_wildcard && !allows_wildcard) {
        return err_set(err, ST_INVALID, "\"%.80s\" cannot have a wildcard here", text);
    }
    int result = g_utf8_validate(host, -1, NULL)
                     ? idn2_lookup_u8((const uint8_t *)host, (uint8_t **)&ascii,
                                      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)
                     : IDN2_ENCODING_ERROR;
    if (result != IDN2_OK) {
        return err_set(err, ST_INVALID, "\"%.80s\" is no domain: %s", text, idn2_strerror(result));
    }
    g_autofree char *lower = g_ascii_strdown(ascii, -1);
    idn2_free(ascii);
    if (!is_host_name(lower)) {
        return err_set(err, ST_INVALID, "\"%.80s\" is no domain", text);
    }
    *domain_out = g_strconcat(is_wildcard ? "*." : "", lower, NULL);
    return ST_OK;
}

/* ---- what nobody can own ----------------------------------------------------------------------- */

/* Everybody can have an address there. Those in many countries stand in FREE_FAMILIES. */
static const char *const FREE_PROVIDERS[] = {
    "126.com",        "139.com",        "163.com",         "aim.com",     "aol.com",
    "aol.de",         "arcor.de",       "bk.ru",           "bluewin.ch",  "comcast.net",
    "cox.net",        "email.de",       "fastmail.com",    "fastmail.fm", "foxmail.com",
    "free.fr",        "freemail.hu",    "freenet.de",      "gmail.com",   "googlemail.com",
    "hey.com",        "hushmail.com",   "icloud.com",      "inbox.lv",    "inbox.ru",
    "interia.pl",     "kolabnow.com",   "laposte.net",     "libero.it",   "list.ru",
    "live.at",        "live.com",       "live.co.uk",      "live.de",     "live.fr",
    "live.it",        "live.nl",        "mac.com",         "magenta.de",  "mail.com",
    "mail.de",        "mail.ru",        "mailbox.org",     "me.com",      "msn.com",
    "naver.com",      "nurfuerspam.de", "o2online.de",     "o2.pl",       "online.de",
    "onet.pl",        "orange.fr",      "pm.me",           "posteo.de",   "posteo.net",
    "proton.me",      "protonmail.ch",  "protonmail.com",  "qq.com",      "rambler.ru",
    "rediffmail.com", "rocketmail.com", "seznam.cz",       "sfr.fr",      "sina.com",
    "sohu.com",       "t-online.de",    "terra.com.br",    "tiscali.it",  "tuta.com",
    "tuta.io",        "tutanota.com",   "tutanota.de",     "ukr.net",     "unitybox.de",
    "uol.com.br",     "vodafone.de",    "vodafonemail.de", "wanadoo.fr",  "web.de",
    "wp.pl",          "ya.ru",          "yeah.net",        "ymail.com",   "zoho.com",
};

/* "yahoo.*": the label in front of any public suffix. */
static const char *const FREE_FAMILIES[] = {"gmx", "hotmail", "outlook", "yahoo", "yandex"};

static bool is_among(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_free_mail(const char *registered)
{
    g_autofree char *label = g_strndup(registered, strcspn(registered, "."));

    return is_among(registered, FREE_PROVIDERS, G_N_ELEMENTS(FREE_PROVIDERS)) ||
           is_among(label, FREE_FAMILIES, G_N_ELEMENTS(FREE_FAMILIES));
}

enum status domain_check_mappable(const char *domain, struct err *err)
{
    const char *bare = g_str_has_prefix(domain, "*.") ? domain + 2 : domain;
    const psl_ctx_t *suffixes = psl_builtin();
    const char *registered = psl_registrable_domain(suffixes, bare);

    if (registered == NULL) {
        (void)err_set(err, ST_INVALID, "\"%s\" cannot belong to a customer: it is a public suffix",
                      domain);
        return err_hint(err, "anybody can register names in it; enter the customer's own domain");
    }
    if (is_free_mail(registered)) {
        (void)err_set(err, ST_INVALID,
                      "\"%s\" cannot belong to a customer: it is a free-mail provider", domain);
        return err_hint(err, "anybody can have an address there; enter the customer's people as "
                             "contacts, each with his address");
    }
    return ST_OK;
}

GPtrArray *domain_lookups(const char *domain)
{
    GPtrArray *lookups = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(lookups, g_strdup(domain));
    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        g_ptr_array_add(lookups, g_strconcat("*", dot, NULL));
    }
    return lookups;
}
