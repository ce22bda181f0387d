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
static enum own_token worth_of_token(const struct token_record *token, enum claim claim,
                                     bool is_about_held)
{
    bool is_technician = claim == CLAIM_TECHNICIAN;

    switch (token->purpose) {
    case TOKEN_CONTACT_REPLY:
        return is_technician ? OWN_NONE : OWN_CONTACT;
    case TOKEN_TECHNICIAN_REPLY:
        return is_technician ? OWN_REPLY : OWN_NONE;
    case TOKEN_TECHNICIAN_NOTE:
        return is_technician ? OWN_NOTE : OWN_NONE;
    case TOKEN_CONFIRM:
        return is_about_held ? OWN_CONFIRM : OWN_NONE;
    case TOKEN_HELD:
        return is_about_held && is_technician ? OWN_HELD : OWN_NONE;
    case TOKEN_BOUNCE:
    case TOKEN_UNDO:
        break;
    }
    return OWN_NONE;
}

static bool is_about(const struct token_record *token, const struct ticket_record *ticket,
                     const struct held_record *held)
{
    if (held != NULL) {
        return token->object_kind == TOKEN_HELD_MAIL && token->object == held->id;
    }
    return token->object_kind == TOKEN_TICKET && token->ticket == ticket->id;
}

static bool is_his(const struct token_record *token, const struct identity *identity)
{
    return token->place <= TOKEN_IN_REFERENCES && token->is_valid &&
           token->person == identity->person->id;
}

enum own_token authority_token(const struct records *records, const struct identity *identity,
                               enum claim claim, const struct ticket_record *ticket,
                               const struct held_record *held, GPtrArray *may)
{
    enum own_token own = OWN_NONE;
    bool is_expired = false;
    bool answers_note = false;

    if ((ticket == NULL && held == NULL) || identity->person == NULL) {
        return OWN_NONE;
    }
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        if (!is_his(token, identity) || !is_about(token, ticket, held)) {
            continue;
        }
        enum own_token worth = worth_of_token(token, claim, held != NULL);
        /* Where a mail answers a note, nothing of it may get out, whatever else it carries: not even when
         * the note's own token is too old. */
        answers_note |= worth == OWN_NOTE && token->place != TOKEN_IN_REFERENCES;
        is_expired |= token->is_expired;
        /* Else the first that is alive counts: addresses come before ids. */
        own = own == OWN_NONE && !token->is_expired ? worth : own;
    }
    if (own != OWN_NONE) {
        plan_say(may, "it carries a token that was given to %s for %s %" PRId64, identity->address,
                 held != NULL ? "held mail" : "ticket", held != NULL ? held->id : ticket->id);
    } else if (is_expired) {
        plan_say(may, "the token of %s has expired", identity->address);
    }
    return own == OWN_REPLY && answers_note ? OWN_NOTE : own;
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
#define PEOPLE      IS(WRITER_PERSON)

struct rule {
    enum outcome outcome;
    enum held_for held_for;
    const char *reason;
    unsigned shape;
    unsigned writer;
    unsigned claim;
    unsigned auth;
    unsigned token;
    unsigned placing;
    unsigned takes_part;
    unsigned has_permission;
    unsigned needs_auth;
    unsigned own_notice;
    unsigned released;
    unsigned oversize;
    unsigned opening;
    unsigned flood;
    unsigned unknown_senders;
};

#define HELD(why)   OUTCOME_HELD, HELD_FOR_##why
#define NOT_HELD(x) OUTCOME_##x, HELD_FOR_NOTHING

static const struct rule RULES[] = {
    /* What nobody should act on. */
    {HELD(SHAPE), "it has passed too many servers: it may be in a loop", .shape = IS(SHAPE_LOOPING),
     BY_ITSELF},
    {HELD(SHAPE), "two readers could read it differently", .shape = IS(SHAPE_AMBIGUOUS), BY_ITSELF},

    /* What only tells something. */
    {NOT_HELD(EVENT), "a report about mail that was sent", .writer = IS(WRITER_BOUNCE)},
    {NOT_HELD(EVENT), "a receipt, a complaint or a reaction", .writer = IS(WRITER_REPORT)},
    {NOT_HELD(EVENT), "a mail of ours came back to us", .claim = IS(CLAIM_OURSELVES),
     .own_notice = YES},
    {NOT_HELD(EVENT), "a machine answered to the address for what comes back",
     .writer = IS(WRITER_MACHINE), .placing = IS(PLACED_BOUNCE)},
    {NOT_HELD(EVENT), "a machine answered to what the desk said of a held mail",
     .writer = IS(WRITER_MACHINE), .placing = IS(PLACED_HELD)},

    /* Who cannot be anybody. */
    {HELD(SENDER), "nobody can be told from its From field", .claim = IS(CLAIM_NOBODY)},
    {NOT_HELD(NOTE), "from our own address, authenticated: a note", .claim = IS(CLAIM_OURSELVES),
     .auth = IS(AUTH_PASS), .placing = IN_A_TICKET},
    {NOT_HELD(NEW), "from our own address, authenticated: a ticket", .claim = IS(CLAIM_OURSELVES),
     .auth = IS(AUTH_PASS)},
    {HELD(SENDER), "it says that it is from our own address", .claim = IS(CLAIM_OURSELVES)},

    /* A person has read and released it: a contact's rights at most. */
    {NOT_HELD(NOTE), "released by a person; it claimed to be a technician's, so it is a note",
     .claim = OR(CLAIM_TECHNICIAN, CLAIM_DISABLED), .released = YES},
    {NOT_HELD(PUBLIC), "released by a person", .placing = IN_A_TICKET, .released = YES},
    {NOT_HELD(NEW), "released by a person", .released = YES},

    {HELD(SENDER), "its sender was disabled", .claim = IS(CLAIM_DISABLED)},
    {HELD(FORGED), "it says that a technician wrote it, and his domain says that it is forged",
     .claim = TECHNICIANS, .auth = IS(AUTH_FAIL)},
    {HELD(FORGED), "the domain of its sender says that it is forged", .auth = IS(AUTH_FAIL)},

    /* Answers to what the desk said of held mail. */
    {NOT_HELD(EVENT), "an answer to a question of the desk", .token = IS(OWN_CONFIRM),
     .placing = IS(PLACED_HELD)},
    {NOT_HELD(EVENT), "a technician, authenticated, decides on a held mail", .claim = TECHNICIANS,
     .token = IS(OWN_HELD), .placing = IS(PLACED_HELD), .auth = IS(AUTH_PASS)},
    {NOT_HELD(EVENT), "a technician decides on a held mail; his token is enough in this mailbox",
     .claim = TECHNICIANS, .token = IS(OWN_HELD), .placing = IS(PLACED_HELD), .needs_auth = NO},
    {NOT_HELD(EVENT), "an answer to a question that was put to somebody else",
     .claim = OR(CLAIM_CONTACT, CLAIM_UNKNOWN), .placing = IS(PLACED_HELD)},
    {NOT_HELD(EVENT), "an answer to a question that was put to somebody else",
     .placing = IS(PLACED_HELD), .auth = IS(AUTH_PASS)},

    /* Technicians: proof of the domain and a token, each for itself, and a right to work on the ticket. What
     * failed is gone from here on; only needs_auth = NO makes do with nothing. */
    {HELD(CLAIM), "a technician who may not work on this ticket", .claim = TECHNICIANS,
     .placing = IN_A_TICKET, .has_permission = NO},
    {NOT_HELD(NOTE), "a technician's answer that is too large to be passed on: it becomes a note",
     .claim = TECHNICIANS, .writer = PEOPLE, .token = IS(OWN_REPLY), .placing = IS(PLACED_TICKET),
     .auth = IS(AUTH_PASS), .oversize = YES},
    {NOT_HELD(NOTE), "a technician's answer that is too large to be passed on: it becomes a note",
     .claim = TECHNICIANS, .writer = PEOPLE, .token = IS(OWN_REPLY), .placing = IS(PLACED_TICKET),
     .needs_auth = NO, .oversize = YES},
    {NOT_HELD(TECHNICIAN), "a technician, authenticated, with his own token", .claim = TECHNICIANS,
     .writer = PEOPLE, .token = IS(OWN_REPLY), .placing = IS(PLACED_TICKET), .auth = IS(AUTH_PASS)},
    {NOT_HELD(TECHNICIAN), "a technician with his own token, which is enough in this mailbox",
     .claim = TECHNICIANS, .writer = PEOPLE, .token = IS(OWN_REPLY), .placing = IS(PLACED_TICKET),
     .needs_auth = NO},
    {NOT_HELD(NOTE), "a technician, authenticated, answers to a note", .claim = TECHNICIANS,
     .writer = PEOPLE, .token = IS(OWN_NOTE), .placing = IS(PLACED_TICKET), .auth = IS(AUTH_PASS)},
    {NOT_HELD(NOTE), "a technician answers to a note; his token is enough in this mailbox",
     .claim = TECHNICIANS, .writer = PEOPLE, .token = IS(OWN_NOTE), .placing = IS(PLACED_TICKET),
     .needs_auth = NO},
    {NOT_HELD(NEW), "a technician, authenticated, opens a ticket", .claim = TECHNICIANS,
     .placing = IS(PLACED_NOWHERE), .auth = IS(AUTH_PASS)},
    {HELD(CLAIM), "a machine wrote it in a technician's name", .claim = TECHNICIANS,
     .writer = IS(WRITER_MACHINE)},
    {NOT_HELD(NOTE),
     "a technician, authenticated, without a token of his own for this ticket: a note",
     .claim = TECHNICIANS, .placing = IN_A_TICKET, .auth = IS(AUTH_PASS)},
    {HELD(CLAIM), "it says that a technician wrote it, and nothing authenticates him",
     .claim = TECHNICIANS},

    /* Contacts and unknown senders (nobody else is left), in a ticket. */
    {NOT_HELD(PUBLIC), "its sender takes part in the ticket and carries his own token",
     .token = IS(OWN_CONTACT), .placing = IN_A_TICKET, .takes_part = YES},
    {NOT_HELD(PUBLIC), "its sender takes part in the ticket and is authenticated",
     .auth = IS(AUTH_PASS), .placing = IN_A_TICKET, .takes_part = YES},
    {NOT_HELD(UNVERIFIED), "its sender takes no part in the ticket", .placing = IN_A_TICKET,
     .takes_part = NO},
    {NOT_HELD(UNVERIFIED), "its sender takes part in the ticket, but nothing proves that it is his",
     .placing = IN_A_TICKET},

    /* And with something new. */
    {HELD(FLOOD), "too many tickets were opened lately by this sender, or by strangers",
     .flood = YES},
    {HELD(SENDER), "mail of unknown senders is held here", .claim = IS(CLAIM_UNKNOWN),
     .unknown_senders = IS(UNKNOWN_HOLD)},
    {NOT_HELD(REJECTED), "mail of unknown senders is rejected here", .claim = IS(CLAIM_UNKNOWN),
     .unknown_senders = IS(UNKNOWN_REJECT)},
    {HELD(MAIN_CONTACT), "only the main contact of this customer opens tickets by mail",
     .opening = IS(OPENS_BY_ADMISSION)},
    {HELD(SENDER), "this contact makes no tickets by mail", .opening = IS(OPENS_NONE)},
    {NOT_HELD(NEW), "a contact or somebody of a customer's domain opens a ticket",
     .claim = IS(CLAIM_CONTACT)},
    {NOT_HELD(NEW), "somebody unknown opens a ticket", .unknown_senders = IS(UNKNOWN_TICKET)},
};

static bool allows(unsigned set, unsigned value)
{
    return set == 0 || (set & IS(value)) != 0;
}

static bool fits_mail(const struct rule *rule, const struct evidence *evidence)
{
    return allows(rule->shape, evidence->shape) && allows(rule->writer, evidence->writer) &&
           allows(rule->claim, evidence->claim) && allows(rule->auth, evidence->auth) &&
           allows(rule->token, evidence->token) && allows(rule->placing, evidence->placing) &&
           allows(rule->own_notice, evidence->is_own_notice) &&
           allows(rule->oversize, evidence->is_oversize);
}

static bool fits_desk(const struct rule *rule, const struct evidence *evidence)
{
    return allows(rule->takes_part, evidence->takes_part) &&
           allows(rule->has_permission, evidence->has_permission) &&
           allows(rule->needs_auth, evidence->needs_auth) &&
           allows(rule->released, evidence->is_released) &&
           allows(rule->opening, evidence->opening) && allows(rule->flood, evidence->is_flood) &&
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
        const struct rule *rule = &RULES[i];
        if (fits_mail(rule, evidence) && fits_desk(rule, evidence)) {
            return (struct ruling){.outcome = rule->outcome,
                                   .comment_kind = kind_of_comment(rule->outcome, evidence),
                                   .held_for = rule->held_for,
                                   .reason = rule->reason};
        }
    }
    return (struct ruling){.outcome = OUTCOME_HELD,
                           .comment_kind = COMMENT_UNVERIFIED,
                           .held_for = HELD_FOR_SENDER,
                           .reason = "nothing allows it"};
}
