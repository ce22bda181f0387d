/* auth - whether From is true, as far as the border of the mailbox can tell
 *
 * Anybody can write any From header. The mail server at the border of a mailbox has looked at the mail as it
 * came in (DMARC, DKIM, a login) and has written down what it found: Authentication-Results (RFC 8601). So
 * can everybody who sends mail; whose field counts is said by the mailbox's trust profile. Without one
 * nobody is authenticated.
 *
 * Only fields that the border wrote count (RFC 8601 sections 5 and 7.1). Comments of a field are read for one
 * thing, the disposition that DMARC verifiers write there. What AUTH allows is desk/authority's question.
 * Pure.
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

/* ---- AUTH: one clause -------------------------------------------------------------------------- */

static bool is_domain(const char *value, const char *domain)
{
    return value != NULL && g_ascii_strcasecmp(value, domain) == 0;
}

/* A signature that covers only the beginning of the body ("l="), or one that local policy let pass, proves
 * nothing about what we read (THREATS 2 D 45). */
static bool has_reservation(const struct authres_result *result)
{
    for (guint i = 0; i < result->properties->len; i++) {
        const struct authres_property *property = result->properties->pdata[i];
        if (strcmp(property->ptype, "policy") == 0 || strcmp(property->name, "l") == 0) {
            return true;
        }
    }
    return false;
}

/* Strict alignment: the signing domain is the From domain. header.i counts where header.d is not given. */
static bool dkim_is_aligned(const struct authres_result *result, const char *domain)
{
    const char *signer = authres_property(result, "header", "d");
    const char *identity = authres_property(result, "header", "i");

    if (signer == NULL && identity != NULL) {
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
                                                {"", "action"},
                                                {"policy", "dmarc"},
                                                {"policy", "policy"}};
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

    return strcmp(disposition, "none") == 0 ? AUTH_NONE : AUTH_FAIL;
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

/* ---- AUTH: the fields that count --------------------------------------------------------------- */

static bool is_own_host(const struct mailbox_record *mailbox, const char *host)
{
    if (g_ascii_strcasecmp(host, mailbox->authserv_id) == 0) {
        return true;
    }
    for (guint i = 0; i < mailbox->own_hosts->len; i++) {
        if (g_ascii_strcasecmp(host, mailbox->own_hosts->pdata[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One field into the verdict so far: a failure beats a pass (a forged one below the real), a pass beats
 * silence. */
static enum auth weigh_field(const struct authres *field, const char *from, enum auth so_far,
                             GPtrArray *may)
{
    for (guint i = 0; i < field->results->len; i++) {
        const struct authres_result *result = field->results->pdata[i];
        enum auth auth = auth_of_clause(result, from);
        if (auth == AUTH_NONE) {
            continue;
        }
        plan_say(may, "%s=%s for %s by %s", result->method, result->result,
                 strcmp(result->method, "auth") == 0 ? from : address_domain(from),
                 field->authserv_id);
        if (so_far != AUTH_FAIL) {
            so_far = auth;
        }
    }
    return so_far;
}

static enum auth auth_by_authserv_id(const struct facts *facts,
                                     const struct mailbox_record *mailbox, GPtrArray *may)
{
    enum auth auth = AUTH_NONE;
    bool is_seen = false;

    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *trace = facts->trace->pdata[i];
        OWNED(authres) field = NULL;
        struct err err = {.status = ST_OK};

        if (trace->kind == TRACE_RECEIVED && !is_own_host(mailbox, trace->text)) {
            break; /* below stands what others wrote */
        }
        /* A border that removes forged fields may not see through quotes (THREATS 2 D 44). */
        if (trace->kind != TRACE_AUTHRES || authres_parse(trace->text, &field, &err) != ST_OK ||
            field->version != 1 || field->is_id_quoted ||
            g_ascii_strcasecmp(field->authserv_id, mailbox->authserv_id) != 0) {
            continue;
        }
        is_seen = true;
        auth = weigh_field(field, facts->from->address, auth, may);
    }
    if (auth == AUTH_NONE) {
        plan_say(may, is_seen ? "%s says nothing that proves %s" : "no word of %s about %s",
                 mailbox->authserv_id, facts->from->address);
    }
    return auth;
}

enum auth auth_of(const struct facts *facts, const struct mailbox_record *mailbox, GPtrArray *may)
{
    if (facts->from == NULL) {
        return AUTH_NONE;
    }
    switch (mailbox->trust) {
    case TRUST_NONE:
        plan_say(may, "the mailbox has no trust profile: nobody is authenticated");
        return AUTH_NONE;
    case TRUST_AUTHSERV_ID:
        return auth_by_authserv_id(facts, mailbox, may);
    case TRUST_GOOGLE:
    case TRUST_MICROSOFT365:
        plan_say(may, "the mailbox's trust profile is not yet supported: nobody is authenticated");
        return AUTH_NONE;
    }
    return AUTH_NONE;
}
