/* authority - whether a mail may do what it asks for
 *
 * The third of the three questions, and the only place that answers it: for mail and command line, and for
 * later channels. A From header proves nothing; THREATS 1 says what does:
 *
 *     AUTH    what the border of the mailbox says of exactly the From domain (desk/auth)
 *     TOKEN   a token of ours, given to exactly this person for exactly this ticket (authority_token)
 *     shape, writer, claim, place   as the mail and the other modules say
 *
 * authority_decide holds them against RULES, in order; the first rule that fits decides. The table is the
 * law as code; what it does not allow is held. Two safeguards stand outside of it, too: nothing in Cc,
 * Reply-To, Subject, body or X- fields ever gets here, and rights are those of now, not those of when a
 * token was made.
 * Pure.
 */
#include "desk/authority.h"

#include <inttypes.h>

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
