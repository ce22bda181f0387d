/* address - what is an e-mail address, and its normal form
 *
 * Everything that postdesk decides about people hangs on comparing addresses byte by byte, so an
 * address is either exactly this or it is none:
 *
 *     address    = local-part "@" domain                  ; at most 254 octets
 *     local-part = dot-string / quoted-string             ; at most 64, RFC 5321 section 4.1.2
 *     dot-string = 1*atext *("." 1*atext)
 *     domain     = label *("." label)                     ; at most 255
 *     label      = let-dig [*(let-dig / "-") let-dig]     ; at most 63, A-labels included
 *
 * A domain in its own script (RFC 6532) becomes its A-label, so that both are one domain everywhere. That
 * is done with GLib (RFC 3490, but it keeps the sharp s). Only a name that comes back as it was, but for
 * lower case and composed letters, is accepted: of full width letters, joiners and the like two readers
 * could make two domains. In a local part only ASCII is accepted.
 *
 * No comments, folding, routes or domain literals: which of them a header field may have around its
 * address is the business of message/mailbox. An encoded-word is made of atext; it is refused here,
 * because a reader that decodes it would see another address (RFC 2047 section 5, THREATS 2 B 14).
 * Pure.
 */
#include "message/address.h"

#include <string.h>

#include "core/limits.h"
#include "message/scan.h"

#define LABEL_BYTES 63

/* The "@" behind a well-formed local part, or NULL. */
static const char *local_part_end(const char *text)
{
    const char *at = text;

    if (*at == '"') {
        for (at++; *at != '"'; at++) {
            if (*at == '\\') {
                at++;
            }
            if (*at < ' ' || *at > '~') {
                return NULL;
            }
        }
        at++;
    } else {
        while (scan_is_atext(*at)) {
            at++;
            if (*at == '.' && scan_is_atext(at[1])) {
                at++;
            }
        }
    }
    return *at == '@' && at > text ? at : NULL;
}

static bool is_label(const char *text, size_t length)
{
    if (length == 0 || length > LABEL_BYTES || text[0] == '-' || text[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_domain(const char *domain)
{
    if (strlen(domain) > LIMIT_DOMAIN_BYTES) {
        return false;
    }
    for (;;) {
        size_t length = strcspn(domain, ".");

        if (!is_label(domain, length)) {
            return false;
        }
        if (domain[length] == '\0') {
            return true;
        }
        domain += length + 1;
    }
}

static bool has_encoded_word(const char *text, size_t length)
{
    const char *from = g_strstr_len(text, (gssize)length, "=?");

    return from != NULL && g_strstr_len(from + 2, (gssize)length - (from + 2 - text), "?=") != NULL;
}

/* In lower case, letter by letter: a locale must not say what "I" is; and composed. */
static char *lower_case(const char *text)
{
    g_autoptr(GString) lower = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        g_string_append_unichar(lower, g_unichar_tolower(g_utf8_get_char(at)));
    }
    return g_utf8_normalize(lower->str, -1, G_NORMALIZE_NFC);
}

/* The domain in lower case, as A-labels; NULL if it is none. */
static char *normal_domain(const char *domain)
{
    if (g_str_is_ascii(domain)) {
        return is_domain(domain) ? g_ascii_strdown(domain, -1) : NULL;
    }
    if (!g_utf8_validate(domain, -1, NULL) || domain[0] == '-' || strstr(domain, ".-") != NULL ||
        strstr(domain, "-.") != NULL) {
        return NULL;
    }
    g_autofree char *plain = lower_case(domain);
    g_autofree char *ascii = g_hostname_to_ascii(domain);
    g_autofree char *back = ascii == NULL ? NULL : g_hostname_to_unicode(ascii);

    return back != NULL && strcmp(back, plain) == 0 && is_domain(ascii) ? g_ascii_strdown(ascii, -1)
                                                                        : NULL;
}

/* A quoted local part that needs no quotes is the same without them: whoever receives mail for it gets both (RFC 5321
 * section 4.1.2). */
static char *normal_local_part(const char *text, size_t length)
{
    if (text[0] != '"') {
        return g_strndup(text, length);
    }
    g_autoptr(GString) bare = g_string_new(NULL);

    for (size_t i = 1; i + 1 < length; i++) {
        i += text[i] == '\\' ? 1 : 0;
        g_string_append_c(bare, text[i]);
    }
    g_autofree char *with_at = g_strconcat(bare->str, "@", NULL);
    const char *end = local_part_end(with_at);

    return with_at[0] != '"' && end != NULL && end[1] == '\0' ? g_strdup(bare->str)
                                                              : g_strndup(text, length);
}

enum status address_normalise(const char *text, char **address_out, struct err *err)
{
    const char *at = local_part_end(text);

    if (at == NULL) {
        return err_set(err, ST_INVALID, "\"%.80s\" is not an address", text);
    }

    size_t local_length = (size_t)(at - text);

    if (local_length > LIMIT_LOCAL_PART_BYTES || strlen(text) > LIMIT_ADDRESS_BYTES) {
        return err_set(err, ST_INVALID, "\"%.80s…\" is too long for an address", text);
    }
    if (has_encoded_word(text, local_length)) {
        return err_set(err, ST_INVALID, "\"%.80s\" has an encoded word in it", text);
    }

    g_autofree char *domain = normal_domain(at + 1);

    if (domain == NULL || local_length + 1 + strlen(domain) > LIMIT_ADDRESS_BYTES) {
        return err_set(err, ST_INVALID, "\"%.80s\" has no valid domain", text);
    }
    g_autofree char *local = normal_local_part(text, local_length);

    *address_out = g_strdup_printf("%s@%s", local, domain);
    return ST_OK;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? address + strlen(address) : at + 1;
}

char *address_key(const char *address)
{
    return g_ascii_strdown(address, -1);
}

void address_split_detail(const char *address, char **base_out, char **detail_out)
{
    const char *at = strrchr(address, '@');
    const char *plus = at == NULL ? NULL : g_strrstr_len(address, at - address, "+");

    if (plus == NULL || plus == address || address[0] == '"') {
        *base_out = g_strdup(address);
        *detail_out = NULL;
        return;
    }
    *base_out = g_strdup_printf("%.*s%s", (int)(plus - address), address, at);
    *detail_out = g_strndup(plus + 1, (gsize)(at - plus - 1));
}
