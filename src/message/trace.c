/* trace - the fields that mail servers wrote on the way
 *
 * Whom a mailbox believes about a sender depends on where a field stands among the others (desk/auth), so the
 * order of the header is kept, and a field that cannot be used keeps its place.
 *
 *     received = *clause [";" date]                             ; RFC 5321 section 4.4
 *     clause   = ("from" / "by" / "via" / "with" / "id" / "for") word
 *
 * Of a Received field only what the server that wrote it knows itself is used: its own name ("by"), how the
 * mail was handed to it ("with"), and the network address that it saw, in a comment. The name behind "from"
 * is what the other side called itself; it may be "by". A line with which a host hands mail to
 * itself is no border: local delivery (LMTP, RFC 2033), or a filter on the loop-back address. One
 * address that is not a loop-back one, and it is an ordinary line.
 *
 * Of a DKIM-Signature (RFC 6376 section 3.5) only "l=" is of interest, the length it covers: what is behind
 * may be anybody's (section 8.2), and verifiers do not tell. Nothing is verified here. Pure.
 */
#include "message/trace.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/address.h"
#include "message/scan.h"

/* ---- Received ---------------------------------------------------------------------------------- */

struct hop {
    char *by;          /* own; "" without */
    char *with;        /* own; "" without */
    char *from;        /* own; "" without */
    GString *comments; /* own: those in front of "by", where the network address stands */
};

/* A run of bytes up to white space, a comment or the date. */
static char *take_word(struct scan *scan)
{
    const char *from = scan->at;

    while (scan->at < scan->end && !scan_is_space(*scan->at) && *scan->at != '(' &&
           *scan->at != ';') {
        scan->at++;
    }
    return g_ascii_strdown(from, scan->at - from);
}

static void set_once(char **member, char **word)
{
    if ((*member)[0] == '\0') {
        g_free(*member);
        *member = g_steal_pointer(word);
    }
}

/* Each keyword takes the word behind it, whatever that is. */
static struct hop read_hop(const char *value)
{
    static const char *const KEYWORDS[] = {"from", "by", "via", "with", "id", "for", NULL};
    struct hop hop = {g_strdup(""), g_strdup(""), g_strdup(""), g_string_new(NULL)};
    struct scan scan = scan_of(value);
    g_autofree char *keyword = g_strdup("");

    for (;;) {
        bool is_closed = scan_cfws(&scan, hop.by[0] == '\0' ? hop.comments : NULL);
        if (!is_closed || scan.at == scan.end || *scan.at == ';') {
            return hop;
        }
        g_autofree char *word = take_word(&scan);
        if (keyword[0] == '\0' && g_strv_contains(KEYWORDS, word)) {
            g_free(keyword);
            keyword = g_steal_pointer(&word);
            continue;
        }
        if (strcmp(keyword, "by") == 0) {
            set_once(&hop.by, &word);
        } else if (strcmp(keyword, "with") == 0) {
            set_once(&hop.with, &word);
        } else if (strcmp(keyword, "from") == 0) {
            set_once(&hop.from, &word);
        }
        keyword[0] = '\0';
    }
}

static void hop_clear(struct hop *hop)
{
    g_free(hop->by);
    g_free(hop->with);
    g_free(hop->from);
    g_string_free(hop->comments, TRUE);
}

/* A word that could be a network address: a dot after digits, or two colons. */
static bool is_network_address(const char *word)
{
    const char *colon = strchr(word, ':');
    size_t dotted = strspn(word, "0123456789.");
    bool is_v6 = colon != NULL && strchr(colon + 1, ':') != NULL;

    return is_v6 ||
           (memchr(word, '.', dotted) != NULL && (word[dotted] == '\0' || word[dotted] == ':'));
}

/* How many addresses there are in the text; *foreign counts those that are no loop-back ones. */
static unsigned count_addresses(const char *text, unsigned *foreign)
{
    unsigned count = 0;
    g_auto(GStrv) words = g_strsplit_set(text, " \t[]()<>=,;@", -1);

    for (size_t i = 0; words[i] != NULL; i++) {
        const char *word = g_ascii_strncasecmp(words[i], "ipv6:", 5) == 0 ? words[i] + 5 : words[i];
        if (is_network_address(word)) {
            count++;
            *foreign += strcmp(word, "::1") != 0 && !g_str_has_prefix(word, "127.");
        }
    }
    return count;
}

/* The other side's own word for itself may name a loop-back address, but then the one that was seen stands
 * beside it, in whichever form the server writes that. */
static bool is_handover(const struct hop *hop)
{
    unsigned foreign = 0;

    if (hop->by[0] == '\0') {
        return false;
    }
    (void)count_addresses(hop->from, &foreign);
    return g_str_has_prefix(hop->with, "lmtp") ||
           (count_addresses(hop->comments->str, &foreign) > 0 && foreign == 0);
}

static void add_received(const struct header *header, struct facts *facts)
{
    g_autofree char *value = header_unfold(header);
    struct hop hop = read_hop(value);
    g_autofree char *host = text_one_line(hop.by, LIMIT_DOMAIN_BYTES);
    enum trace_kind kind = is_handover(&hop) ? TRACE_HANDOVER : TRACE_RECEIVED;

    g_ptr_array_add(facts->trace, trace_field_new(kind, host));
    hop_clear(&hop);
}

/* ---- DKIM-Signature ---------------------------------------------------------------------------- */

/* The value of a tag without its white space; NULL without it. */
static char *tag_value(char **tags, const char *name)
{
    for (size_t i = 0; tags[i] != NULL; i++) {
        char *equals = strchr(tags[i], '=');
        if (equals == NULL) {
            continue;
        }
        g_autofree char *tag = g_strndup(tags[i], (gsize)(equals - tags[i]));
        if (strcmp(g_strstrip(tag), name) == 0) {
            g_autofree char *lower = g_ascii_strdown(equals + 1, -1);
            return g_strdup(g_strstrip(lower));
        }
    }
    return NULL;
}

static bool is_within(const char *domain, const char *parent)
{
    size_t length = strlen(domain);
    size_t parent_length = strlen(parent);

    return parent_length > 0 && g_str_has_suffix(domain, parent) &&
           (length == parent_length || domain[length - parent_length - 1] == '.');
}

/* Does the signature cover a part of the body only, and speak for the From domain in some reading? */
static bool is_partial_signature(const struct header *header, const char *domain)
{
    g_autofree char *value = header_unfold(header);
    g_auto(GStrv) tags = g_strsplit(value, ";", -1);
    g_autofree char *length = tag_value(tags, "l");
    g_autofree char *signer = length == NULL ? NULL : tag_value(tags, "d");

    return signer != NULL && (is_within(domain, signer) || is_within(signer, domain));
}

/* ---- all --------------------------------------------------------------------------------------- */

/* The value on one line; "" if its name or its bytes are odd: no border writes such a field, but one that
 * reports on an odd envelope may, and then what stands below must not be taken for it. */
static char *plain_text(const struct header *header)
{
    g_autofree char *value = header_unfold(header);

    if (header->is_odd || header_has_stray_byte(header) || !g_str_is_ascii(value)) {
        return g_strdup("");
    }
    for (const char *at = value; *at != '\0'; at++) {
        if (g_ascii_iscntrl(*at) && *at != '\t') {
            return g_strdup("");
        }
    }
    return g_steal_pointer(&value);
}

static void add_plain(const struct header *header, enum trace_kind kind, guint *count,
                      struct facts *facts)
{
    g_autofree char *value = plain_text(header);

    if ((*count)++ < LIMIT_AUTHRES) {
        g_ptr_array_add(facts->trace, trace_field_new(kind, value));
    }
}

void trace_read(const struct headers *headers, struct facts *facts)
{
    const char *domain = facts->from == NULL ? NULL : address_domain(facts->from->address);
    guint results = 0;
    guint auth_as = 0;

    for (guint i = 0; i < headers->fields->len; i++) {
        const struct header *header = &g_array_index(headers->fields, struct header, i);

        if (header_is(header, "Received")) {
            if (facts->received_count++ < LIMIT_AUTHRES) {
                add_received(header, facts);
            }
        } else if (header_is(header, "Authentication-Results")) {
            add_plain(header, TRACE_AUTHRES, &results, facts);
        } else if (header_is(header, "X-MS-Exchange-Organization-AuthAs")) {
            add_plain(header, TRACE_AUTH_AS, &auth_as, facts);
        } else if (domain != NULL && header_is(header, "DKIM-Signature") &&
                   is_partial_signature(header, domain)) {
            g_ptr_array_add(facts->trace, trace_field_new(TRACE_PARTIAL_SIGNATURE, domain));
            domain = NULL; /* once is enough */
        }
    }
}
