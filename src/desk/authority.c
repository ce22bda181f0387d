/* authority - whether a mail may do what it asks for
 *
 * The third of the three questions, and the only place that answers it: for mail and command line, and for
 * later channels. A From header proves nothing; THREATS 1 says what does:
 *
 *     AUTH    what the border of the mailbox says of exactly the From domain (authority_auth)
 *     TOKEN   a token of ours, given to exactly this person for exactly this ticket (authority_token)
 *     shape, writer, claim, place   as the mail and the other modules say
 *
 * authority_decide holds them against RULES, in order; the first rule that fits decides. The table is the
 * law as code; what it does not allow is held. Two safeguards stand outside of it, too: nothing in Cc,
 * Reply-To, Subject, body or X- fields ever gets here, and rights are those of now, not those of when a
 * token was made.
 *
 * Authentication-Results (RFC 8601 sections 5 and 7.1): only fields that the border wrote count. Comments of
 * a field are read for one thing, the disposition that DMARC verifiers write there.
 * Pure.
 */
#include "desk/authority.h"

#include <inttypes.h>
#include <string.h>

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

enum auth authority_auth(const struct facts *facts, const struct mailbox_record *mailbox,
                         GPtrArray *may)
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

/* ---- TOKEN ------------------------------------------------------------------------------------- */

/* What the token is worth to somebody who acts as this: to contacts only contacts' tokens count, and so on. */
static enum own_token worth_of_token(const struct token_record *token, enum claim claim)
{
    bool is_technician = claim == CLAIM_TECHNICIAN;

    switch (token->purpose) {
    case TOKEN_CONTACT_REPLY:
        return is_technician ? OWN_NONE : OWN_CONTACT;
    case TOKEN_TECHNICIAN_REPLY:
        return is_technician ? OWN_REPLY : OWN_NONE;
    case TOKEN_TECHNICIAN_NOTE:
        return is_technician ? OWN_NOTE : OWN_NONE;
    case TOKEN_BOUNCE:
    case TOKEN_CONFIRM:
    case TOKEN_UNDO:
        break;
    }
    return OWN_NONE;
}

static bool is_his(const struct token_record *token, const struct identity *identity,
                   const struct ticket_record *ticket)
{
    bool is_carried = token->place <= TOKEN_IN_REFERENCES;

    return is_carried && token->is_valid && token->object_kind == TOKEN_TICKET &&
           token->ticket == ticket->id && token->person == identity->person->id;
}

enum own_token authority_token(const struct records *records, const struct identity *identity,
                               enum claim claim, const struct ticket_record *ticket, GPtrArray *may)
{
    enum own_token own = OWN_NONE;
    bool is_expired = false;

    if (ticket == NULL || identity->person == NULL) {
        return OWN_NONE;
    }
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        if (!is_his(token, identity, ticket)) {
            continue;
        }
        enum own_token worth = token->is_expired ? OWN_NONE : worth_of_token(token, claim);
        is_expired = is_expired || token->is_expired;
        /* The first one counts (addresses come before ids), but for a note's: where the mail answers a
         * note, nothing of it may get out, whatever else it carries. */
        if (own == OWN_NONE || (worth == OWN_NOTE && token->place != TOKEN_IN_REFERENCES)) {
            own = worth;
        }
    }
    if (own != OWN_NONE) {
        plan_say(may, "it carries a token that was given to %s for ticket %" PRId64,
                 identity->address, ticket->id);
    } else if (is_expired) {
        plan_say(may, "the token of %s for ticket %" PRId64 " has expired", identity->address,
                 ticket->id);
    }
    return own;
}

/* ---- the table --------------------------------------------------------------------------------- */

/* Sets of enumerators; 0 stands for all of them. */
#define IS(x)       (1U << (x))
#define OR(x, y)    (IS(x) | IS(y))
#define YES         IS(1)
#define NO          IS(0)
#define BY_ITSELF   .released = NO
#define TECHNICIANS IS(CLAIM_TECHNICIAN)
#define IN_A_TICKET OR(PLACED_TICKET, PLACED_OVERTAKEN)

struct rule {
    enum outcome outcome;
    const char *reason;
    unsigned shape;
    unsigned writer;
    unsigned claim;
    unsigned auth;
    unsigned token;
    unsigned placing;
    unsigned takes_part;
    unsigned needs_auth;
    unsigned own_notice;
    unsigned released;
    unsigned oversize;
    unsigned unknown_senders;
};

static const struct rule RULES[] = {
    /* What nobody should act on. */
    {OUTCOME_HELD, "it has passed too many servers: it may be in a loop",
     .shape = IS(SHAPE_LOOPING), BY_ITSELF},
    {OUTCOME_HELD, "two readers could read it differently", .shape = IS(SHAPE_AMBIGUOUS),
     BY_ITSELF},

    /* What only tells something. */
    {OUTCOME_EVENT, "a report about mail that was sent", .writer = IS(WRITER_BOUNCE)},
    {OUTCOME_EVENT, "a receipt, a complaint or a reaction", .writer = IS(WRITER_REPORT)},
    {OUTCOME_EVENT, "a mail of ours came back to us", .claim = IS(CLAIM_OURSELVES),
     .own_notice = YES},
    {OUTCOME_EVENT, "a machine answered to the address for what comes back",
     .writer = IS(WRITER_MACHINE), .placing = IS(PLACED_BOUNCE)},

    /* Who cannot be anybody. */
    {OUTCOME_HELD, "nobody can be told from its From field", .claim = IS(CLAIM_NOBODY)},
    {OUTCOME_HELD, "mail from our own address", .claim = IS(CLAIM_OURSELVES)},

    /* A person has read and released it: a contact's rights at most. */
    {OUTCOME_NOTE, "released by a person; it claimed to be a technician's, so it is a note",
     .claim = OR(CLAIM_TECHNICIAN, CLAIM_DISABLED), .released = YES},
    {OUTCOME_PUBLIC, "released by a person", .placing = IN_A_TICKET, .released = YES},
    {OUTCOME_NEW, "released by a person", .released = YES},

    {OUTCOME_HELD, "its sender was disabled", .claim = IS(CLAIM_DISABLED)},
    {OUTCOME_HELD, "it says that a technician wrote it, and his domain says that it is forged",
     .claim = TECHNICIANS, .auth = IS(AUTH_FAIL)},
    {OUTCOME_HELD, "the domain of its sender says that it is forged", .auth = IS(AUTH_FAIL)},

    /* Technicians: proof of the domain and a token, each for itself. What failed is gone from here on; only
     * needs_auth = NO makes do with nothing. */
    {OUTCOME_NOTE, "a technician's answer that is too large to be passed on: it becomes a note",
     .claim = TECHNICIANS, .writer = IS(WRITER_PERSON), .token = OR(OWN_REPLY, OWN_NOTE),
     .placing = IS(PLACED_TICKET), .auth = IS(AUTH_PASS), .oversize = YES},
    {OUTCOME_NOTE, "a technician's answer that is too large to be passed on: it becomes a note",
     .claim = TECHNICIANS, .writer = IS(WRITER_PERSON), .token = OR(OWN_REPLY, OWN_NOTE),
     .placing = IS(PLACED_TICKET), .needs_auth = NO, .oversize = YES},
    {OUTCOME_TECHNICIAN, "a technician, authenticated, with his own token", .claim = TECHNICIANS,
     .writer = IS(WRITER_PERSON), .token = IS(OWN_REPLY), .placing = IS(PLACED_TICKET),
     .auth = IS(AUTH_PASS)},
    {OUTCOME_TECHNICIAN, "a technician with his own token, which is enough in this mailbox",
     .claim = TECHNICIANS, .writer = IS(WRITER_PERSON), .token = IS(OWN_REPLY),
     .placing = IS(PLACED_TICKET), .needs_auth = NO},
    {OUTCOME_NOTE, "a technician, authenticated, answers to a note", .claim = TECHNICIANS,
     .writer = IS(WRITER_PERSON), .token = IS(OWN_NOTE), .placing = IS(PLACED_TICKET),
     .auth = IS(AUTH_PASS)},
    {OUTCOME_NOTE, "a technician answers to a note; his token is enough in this mailbox",
     .claim = TECHNICIANS, .writer = IS(WRITER_PERSON), .token = IS(OWN_NOTE),
     .placing = IS(PLACED_TICKET), .needs_auth = NO},
    {OUTCOME_NEW, "a technician, authenticated, opens a ticket", .claim = TECHNICIANS,
     .placing = IS(PLACED_NOWHERE), .auth = IS(AUTH_PASS)},
    {OUTCOME_HELD, "a machine wrote it in a technician's name", .claim = TECHNICIANS,
     .writer = IS(WRITER_MACHINE)},
    {OUTCOME_HELD, "it says that a technician wrote it, and nothing authenticates him",
     .claim = TECHNICIANS, .auth = IS(AUTH_NONE)},
    {OUTCOME_HELD, "a technician, authenticated, but without a token of his own for this ticket",
     .claim = TECHNICIANS},

    /* Contacts and unknown senders (nobody else is left), in a ticket. */
    {OUTCOME_PUBLIC, "its sender takes part in the ticket and carries his own token",
     .token = IS(OWN_CONTACT), .placing = IN_A_TICKET, .takes_part = YES},
    {OUTCOME_PUBLIC, "its sender takes part in the ticket and is authenticated",
     .auth = IS(AUTH_PASS), .placing = IN_A_TICKET, .takes_part = YES},
    {OUTCOME_UNVERIFIED, "it belongs to mail that came before it, and nothing authenticates it",
     .placing = IS(PLACED_OVERTAKEN)},
    {OUTCOME_HELD, "its sender does not take part in the ticket", .placing = IN_A_TICKET,
     .takes_part = NO},
    {OUTCOME_HELD,
     "neither a token of its sender nor an authentication shows that he may write to the ticket",
     .placing = IN_A_TICKET},

    /* And with something new. */
    {OUTCOME_HELD, "mail of unknown senders is held here", .claim = IS(CLAIM_UNKNOWN),
     .unknown_senders = IS(UNKNOWN_HOLD)},
    {OUTCOME_REJECTED, "mail of unknown senders is rejected here", .claim = IS(CLAIM_UNKNOWN),
     .unknown_senders = IS(UNKNOWN_REJECT)},
    {OUTCOME_NEW, "a contact or somebody of a customer's domain opens a ticket",
     .claim = IS(CLAIM_CONTACT)},
    {OUTCOME_NEW, "somebody unknown opens a ticket", .claim = IS(CLAIM_UNKNOWN)},
};

static bool allows(unsigned set, unsigned value)
{
    return set == 0 || (set & IS(value)) != 0;
}

static bool fits(const struct rule *rule, const struct evidence *evidence)
{
    return allows(rule->shape, evidence->shape) && allows(rule->writer, evidence->writer) &&
           allows(rule->claim, evidence->claim) && allows(rule->auth, evidence->auth) &&
           allows(rule->token, evidence->token) && allows(rule->placing, evidence->placing) &&
           allows(rule->takes_part, evidence->takes_part) &&
           allows(rule->needs_auth, evidence->needs_auth) &&
           allows(rule->own_notice, evidence->is_own_notice) &&
           allows(rule->released, evidence->is_released) &&
           allows(rule->oversize, evidence->is_oversize) &&
           allows(rule->unknown_senders, evidence->unknown_senders);
}

/* A new ticket's first comment is as good as its evidence. */
static enum comment_kind kind_of_comment(enum outcome outcome, const struct evidence *evidence)
{
    switch (outcome) {
    case OUTCOME_NOTE:
        return COMMENT_NOTE;
    case OUTCOME_UNVERIFIED:
        return COMMENT_UNVERIFIED;
    case OUTCOME_NEW:
        return evidence->auth == AUTH_PASS || evidence->is_released ? COMMENT_PUBLIC
                                                                    : COMMENT_UNVERIFIED;
    case OUTCOME_TECHNICIAN:
    case OUTCOME_PUBLIC:
    case OUTCOME_HELD:
    case OUTCOME_REJECTED:
    case OUTCOME_EVENT:
    case OUTCOME_DUPLICATE:
        break;
    }
    return COMMENT_PUBLIC;
}

struct ruling authority_decide(const struct evidence *evidence)
{
    for (size_t i = 0; i < G_N_ELEMENTS(RULES); i++) {
        if (fits(&RULES[i], evidence)) {
            enum outcome outcome = RULES[i].outcome;
            return (struct ruling){outcome, kind_of_comment(outcome, evidence), RULES[i].reason};
        }
    }
    return (struct ruling){OUTCOME_HELD, COMMENT_UNVERIFIED, "nothing allows it"};
}
