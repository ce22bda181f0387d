/* auth - whether From is true, as far as the border of the mailbox can tell
 *
 * Anybody can write any From header. The mail server at the border of a mailbox has looked at the mail as it
 * came in (DMARC, DKIM, a login) and has written down what it found: Authentication-Results (RFC 8601). So
 * can everybody who sends mail; whose field counts is said by the mailbox's trust profile, and where it
 * stands. A border puts its lines on top of what the sender wrote; so what stands below its own Received line
 * is the sender's, unless the border is known to write there:
 *
 *     authserv-id   fields with that id above the line by which the mail came to that host; below it only
 *                   if the host is named as one of our own (Postfix lets milters write there), which is
 *                   safe where it removes forged ones
 *     google        the first field below the Received line of mx.google.com, if it is Google's: Google stamps
 *                   every mail
 *     microsoft365  the first field above the Received line of *.mail.protection.outlook.com; it has no id.
 *                   Mail that never passed that line was written within Microsoft's cloud. There
 *                   X-MS-Exchange-Organization-AuthAs: Internal says that the writer logged in to this
 *                   tenant. Microsoft removes that field from what comes in from outside, and a mail from
 *                   outside has the line. It counts once, and for the mailbox's own domain only.
 *
 * A failure beats a pass. "l=" is looked for in the signatures themselves, because no border tells of it:
 * what hangs on such a signature proves nothing. Comments of a field are read for one thing, the disposition
 * that DMARC verifiers write there. What AUTH allows is desk/authority's question. Pure.
 */
#include "desk/auth.h"

#include <string.h>

#include "desk/plan.h"
#include "message/address.h"
#include "message/authres.h"

const char *auth_name(enum auth auth)
{
    switch (auth) {
    case AUTH_PASS:
        return "pass";
    case AUTH_NONE:
        return "none";
    case AUTH_FAIL:
        return "fail";
    }
    return "?";
}

/* ---- one clause -------------------------------------------------------------------------------- */

static bool is_domain(const char *value, const char *domain)
{
    return value != NULL && g_ascii_strcasecmp(value, domain) == 0;
}

/* A signature that covers only the beginning of the body ("l="), one that local policy let pass, or one by
 * SHA-1 (RFC 8301) proves nothing about what we read (THREATS 2 D 45). */
static bool has_reservation(const struct authres_result *result)
{
    const char *algorithm = authres_property(result, "header", "a");

    if (algorithm != NULL && g_ascii_strcasecmp(algorithm, "rsa-sha1") == 0) {
        return true;
    }
    for (guint i = 0; i < result->properties->len; i++) {
        const struct authres_property *property = result->properties->pdata[i];
        if (strcmp(property->ptype, "policy") == 0 || strcmp(property->name, "l") == 0) {
            return true;
        }
    }
    return false;
}

/* Strict alignment: the signing domain is the From domain. header.i counts where header.d is not given; the
 * sender writes it, so it must not have two readings. */
static bool dkim_is_aligned(const struct authres_result *result, const char *domain)
{
    const char *signer = authres_property(result, "header", "d");
    const char *identity = authres_property(result, "header", "i");

    if (signer == NULL && identity != NULL && strchr(identity, '@') == strrchr(identity, '@')) {
        signer = address_domain(identity);
    }
    return is_domain(signer, domain) && !has_reservation(result);
}

/* The word behind "KEY=" in a comment, as in "(p=REJECT sp=NONE dis=NONE)"; own, "" without. */
static char *comment_word(const char *comment, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = comment; (at = strstr(at, key)) != NULL; at += length) {
        bool is_whole = at == comment || !g_ascii_isalnum(at[-1]);
        if (is_whole && at[length] == '=') {
            const char *word = at + length + 1;
            return g_strndup(word, strspn(word, "abcdefghijklmnopqrstuvwxyz"));
        }
    }
    return g_strdup("");
}

/* What the border did about a DMARC failure, or what the domain asks for, or "" when neither is said. What
 * was done counts before what was asked for. */
static char *disposition_of(const struct authres_result *result)
{
    static const char *const PROPERTIES[][2] = {{"policy", "disposition"},
                                                {"policy", "applied-disposition"},
                                                {"", "action"},
                                                {"policy", "dmarc"},
                                                {"policy", "policy"},
                                                {"policy", "published-domain-policy"}};
    static const char *const WORDS[] = {"dis", "disposition", "p", "policy"};
    g_autofree char *comment = g_ascii_strdown(result->comment, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(PROPERTIES); i++) {
        const char *value = authres_property(result, PROPERTIES[i][0], PROPERTIES[i][1]);
        if (value != NULL) {
            return g_ascii_strdown(value, -1);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        g_autofree char *word = comment_word(comment, WORDS[i]);
        if (word[0] != '\0') {
            return g_steal_pointer(&word);
        }
    }
    return g_strdup("");
}

/* "pct.reject": the domain's policy was not applied to this one (Microsoft). */
static bool is_enforced(const char *disposition)
{
    static const char *const NOT_ENFORCED[] = {"none", "temperror", "permerror", NULL};

    return !g_strv_contains(NOT_ENFORCED, disposition) && !g_str_has_prefix(disposition, "pct.");
}

/* dmarc=fail is AUTH fail only where the failure is enforced; a border that does not say is taken to. */
static enum auth auth_of_dmarc(const struct authres_result *result, const char *domain)
{
    if (!is_domain(authres_property(result, "header", "from"), domain)) {
        return AUTH_NONE;
    }
    if (strcmp(result->result, "pass") == 0) {
        return AUTH_PASS;
    }
    if (strcmp(result->result, "fail") != 0) {
        return AUTH_NONE;
    }
    g_autofree char *disposition = disposition_of(result);

    return is_enforced(disposition) ? AUTH_FAIL : AUTH_NONE;
}

static enum auth auth_of_clause(const struct authres_result *result, const char *from)
{
    const char *domain = address_domain(from);
    bool is_pass = strcmp(result->result, "pass") == 0;

    if (strcmp(result->method, "dmarc") == 0) {
        return auth_of_dmarc(result, domain);
    }
    if (strcmp(result->method, "dkim") == 0) {
        return is_pass && dkim_is_aligned(result, domain) ? AUTH_PASS : AUTH_NONE;
    }
    if (strcmp(result->method, "auth") == 0) {
        const char *user = authres_property(result, "smtp", "auth");
        return is_pass && is_domain(user, from) ? AUTH_PASS : AUTH_NONE;
    }
    return AUTH_NONE; /* SPF alone proves nothing about From */
}

/* ---- fields ------------------------------------------------------------------------------------ */

static bool has_partial_signature(const struct facts *facts)
{
    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];
        if (trace->kind == TRACE_PARTIAL_SIGNATURE) {
            return true;
        }
    }
    return false;
}

/* SPF for exactly the domain: not enough for itself, but a DMARC pass may rest on it. */
static bool has_aligned_spf(const struct authres *field, const char *domain)
{
    for (guint i = 0; i < field->results->len; i++) {
        const struct authres_result *result = field->results->pdata[i];
        const char *sender = authres_property(result, "smtp", "mailfrom");

        if (strcmp(result->method, "spf") == 0 && strcmp(result->result, "pass") == 0 &&
            sender != NULL &&
            is_domain(strchr(sender, '@') == NULL ? sender : address_domain(sender), domain)) {
            return true;
        }
    }
    return false;
}

/* May this pass hang on a signature that covers a part of the mail only? */
static bool is_hollow(const struct authres_result *result, const struct authres *field,
                      const struct facts *facts)
{
    if (!has_partial_signature(facts) || strcmp(result->method, "auth") == 0) {
        return false;
    }
    return strcmp(result->method, "dmarc") != 0 ||
           !has_aligned_spf(field, address_domain(facts->from->address));
}

/* One field into the verdict so far: a failure beats a pass (a forged one below the real), a pass beats
 * silence. */
static enum auth weigh_field(const struct authres *field, const struct facts *facts,
                             enum auth so_far, const char *writer, GPtrArray *may)
{
    const char *from = facts->from->address;

    for (guint i = 0; i < field->results->len; i++) {
        const struct authres_result *result = field->results->pdata[i];
        enum auth auth = auth_of_clause(result, from);
        if (auth == AUTH_PASS && is_hollow(result, field, facts)) {
            plan_say(may, "%s=pass by %s does not count: the signature covers a part only",
                     result->method, writer);
            continue;
        }
        if (auth == AUTH_NONE) {
            continue;
        }
        plan_say(may, "%s=%s for %s by %s", result->method, result->result,
                 strcmp(result->method, "auth") == 0 ? from : address_domain(from), writer);
        if (so_far != AUTH_FAIL) {
            so_far = auth;
        }
    }
    return so_far;
}

static bool is_received(const struct trace_field *trace)
{
    return trace->kind == TRACE_RECEIVED || trace->kind == TRACE_HANDOVER;
}

/* A field by this writer, or NULL. A border that removes forged fields may not see through quotes (THREATS
 * 2 D 44), and none writes another version. */
static struct authres *read_field(const struct trace_field *trace, const char *writer)
{
    OWNED(authres) field = NULL;
    struct err ignored;

    if (trace->kind != TRACE_AUTHRES || authres_parse(trace->text, &field, &ignored) != ST_OK ||
        field->version != 1 || field->is_id_quoted ||
        g_ascii_strcasecmp(field->authserv_id, writer) != 0) {
        return NULL;
    }
    return g_steal_pointer(&field);
}

static void say_silence(const struct facts *facts, const char *writer, bool is_seen, GPtrArray *may)
{
    plan_say(may, is_seen ? "%s says nothing that proves %s" : "no word of %s about %s", writer,
             facts->from->address);
}

/* ---- profile authserv-id ----------------------------------------------------------------------- */

static bool is_own_host(const struct mailbox_record *mailbox, const char *host)
{
    for (guint i = 0; i < mailbox->own_hosts->len; i++) {
        if (g_ascii_strcasecmp(host, mailbox->own_hosts->pdata[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Is what stands below this Received line still ours? */
static bool is_passed_on(const struct trace_field *trace, const struct mailbox_record *mailbox)
{
    if (is_own_host(mailbox, trace->text)) {
        return true;
    }
    return trace->kind == TRACE_HANDOVER &&
           (g_ascii_strcasecmp(trace->text, mailbox->authserv_id) == 0 ||
            strcmp(trace->text, "localhost") == 0);
}

static enum auth auth_by_authserv_id(const struct facts *facts,
                                     const struct mailbox_record *mailbox, GPtrArray *may)
{
    enum auth auth = AUTH_NONE;
    bool is_seen = false;
    bool is_below = false;

    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];
        OWNED(authres) field = read_field(trace, mailbox->authserv_id);

        if (is_received(trace) && !is_passed_on(trace, mailbox)) {
            is_below = true;
        } else if (field != NULL && is_below) {
            plan_say(may, "a word of %s stands below where the mail came in: anybody can write it",
                     mailbox->authserv_id);
            break;
        } else if (field != NULL) {
            is_seen = true;
            auth = weigh_field(field, facts, auth, mailbox->authserv_id, may);
        }
    }
    if (auth == AUTH_NONE) {
        say_silence(facts, mailbox->authserv_id, is_seen, may);
    }
    return auth;
}

/* ---- profile google ---------------------------------------------------------------------------- */

#define GOOGLE_ID "mx.google.com"

/* Within Google mail is passed on by hosts that give their address, or a name of Google's. */
static bool is_of_google(const char *host)
{
    const char *digits = strchr(host, ':') == NULL ? "0123456789." : "0123456789abcdef:.";

    return g_str_has_suffix(host, ".google.com") ||
           (host[0] != '\0' && strspn(host, digits) == strlen(host));
}

/* The field that Google put directly below its own line; NULL if it did not. */
static struct authres *field_of_google(const struct facts *facts)
{
    bool is_inside = false; /* below the line by which Google took the mail */

    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];

        if (is_received(trace) && (is_inside || !is_of_google(trace->text))) {
            return NULL;
        }
        if (is_received(trace)) {
            is_inside = strcmp(trace->text, GOOGLE_ID) == 0;
        } else if (is_inside) {
            return read_field(trace, GOOGLE_ID); /* the first or none: below it are the sender's */
        }
    }
    return NULL;
}

static enum auth auth_by_google(const struct facts *facts, GPtrArray *may)
{
    OWNED(authres) field = field_of_google(facts);
    enum auth auth = field == NULL ? AUTH_NONE
                                   : weigh_field(field, facts, AUTH_NONE, GOOGLE_ID, may);

    if (auth == AUTH_NONE) {
        say_silence(facts, GOOGLE_ID, field != NULL, may);
    }
    return auth;
}

/* ---- profile microsoft365 ---------------------------------------------------------------------- */

#define MICROSOFT "Microsoft 365"

/* The hosts that take mail from outside, and all others. */
static bool is_border_of_microsoft(const char *host)
{
    return g_str_has_suffix(host, ".mail.protection.outlook.com");
}

static bool is_of_microsoft(const char *host)
{
    return g_str_has_suffix(host, ".outlook.com") ||
           g_str_has_suffix(host, ".outlook.office365.com");
}

/* The topmost field without an id above the line by which Microsoft took the mail; NULL without. */
static struct authres *field_of_microsoft(const struct facts *facts)
{
    OWNED(authres) field = NULL;

    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];

        if (is_received(trace) && is_border_of_microsoft(trace->text)) {
            return g_steal_pointer(&field);
        }
        if (is_received(trace) && !is_of_microsoft(trace->text)) {
            return NULL;
        }
        if (field == NULL) {
            field = read_field(trace, "");
        }
    }
    return NULL;
}

/* Was it written by somebody who logged in to this tenant, and never outside? */
static bool is_internal(const struct facts *facts)
{
    unsigned hops = 0;
    unsigned marks = 0;

    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];

        if (is_received(trace)) {
            if (!is_of_microsoft(trace->text) || is_border_of_microsoft(trace->text)) {
                return false;
            }
            hops++;
        } else if (trace->kind == TRACE_AUTH_AS) {
            if (g_ascii_strcasecmp(trace->text, "Internal") != 0) {
                return false;
            }
            marks++;
        }
    }
    return hops > 0 && hops == facts->received_count && marks == 1;
}

static enum auth auth_by_microsoft(const struct facts *facts, const struct mailbox_record *mailbox,
                                   GPtrArray *may)
{
    const char *domain = address_domain(facts->from->address);
    OWNED(authres) field = field_of_microsoft(facts);
    enum auth auth = AUTH_NONE;

    if (field != NULL) {
        auth = weigh_field(field, facts, AUTH_NONE, MICROSOFT, may);
    } else if (is_internal(facts) && is_domain(address_domain(mailbox->address), domain)) {
        plan_say(may, "%s says that somebody of %s wrote it", MICROSOFT, domain);
        return AUTH_PASS;
    }
    if (auth == AUTH_NONE) {
        say_silence(facts, MICROSOFT, field != NULL, may);
    }
    return auth;
}

enum auth auth_of(const struct facts *facts, const struct mailbox_record *mailbox, GPtrArray *may)
{
    if (facts->from == NULL) {
        return AUTH_NONE;
    }
    switch (mailbox->trust) {
    case TRUST_AUTHSERV_ID:
        return auth_by_authserv_id(facts, mailbox, may);
    case TRUST_GOOGLE:
        return auth_by_google(facts, may);
    case TRUST_MICROSOFT365:
        return auth_by_microsoft(facts, mailbox, may);
    case TRUST_NONE:
        break;
    }
    plan_say(may, "the mailbox has no trust profile: nobody is authenticated");
    return AUTH_NONE;
}
