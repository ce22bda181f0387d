/* returned - delivery reports: which mail of ours came back, and who has to know
 *
 * Anybody can write a report about anything (RFC 3464 section 4.1). It changes something only with a token that
 * was given for the very mail that came back: that of the address for what comes back, or that of the mail's
 * Message-ID if the report names the recipient of that mail.
 *
 * An address is dead only when the report says that there is no such address (5.1.x) or that it was closed
 * (5.2.1): a full mailbox or a policy says nothing about tomorrow's mail.
 * Pure.
 */
#include <inttypes.h>
#include <string.h>

#include "desk/decision.h"

/* Does it say that there is no such address, now and later? */
static bool is_dead(const struct bounce *bounce)
{
    return g_str_has_prefix(bounce->status, "5.1.") || strcmp(bounce->status, "5.2.1") == 0;
}

/* The recipient of the report that failed for good, or the first that failed at all, or NULL. */
static const struct bounce *worst_bounce(const struct facts *facts)
{
    const struct bounce *worst = NULL;

    for (guint i = 0; i < facts->bounces->len; i++) {
        const struct bounce *bounce = facts->bounces->pdata[i];
        if (strcmp(bounce->action, "failed") != 0) {
            continue;
        }
        if (bounce->status[0] == '5') {
            return bounce;
        }
        worst = worst == NULL ? bounce : worst;
    }
    return worst;
}

static bool names_recipient(const struct facts *facts, const struct outbound_record *outbound)
{
    for (guint i = 0; i < facts->bounces->len; i++) {
        const struct bounce *bounce = facts->bounces->pdata[i];
        if (g_ascii_strcasecmp(bounce->recipient, outbound->address) == 0) {
            return true;
        }
    }
    return false;
}

/* The mail of ours that came back, as far as a token proves it; NULL: nothing does.
 *
 * The token of the address for what comes back was given for this one mail. That of a Message-ID was given for a
 * ticket and a person: the mail must be of both, and the report must name its recipient. */
static const struct outbound_record *outbound_of(const struct decision *decision,
                                                 const struct token_record *token)
{
    const struct outbound_record *outbound = records_outbound(decision->records, token->outbound);

    if (!token->is_valid || outbound == NULL || token->place == TOKEN_IN_MESSAGE_ID) {
        return NULL;
    }
    if (token->purpose == TOKEN_BOUNCE && token->object_kind == TOKEN_OUTBOUND) {
        return token->place == TOKEN_IN_ADDRESS || names_recipient(decision->facts, outbound)
                   ? outbound
                   : NULL;
    }
    return token->place != TOKEN_IN_ADDRESS && outbound->ticket == token->ticket &&
                   outbound->person == token->person && names_recipient(decision->facts, outbound)
               ? outbound
               : NULL;
}

static const struct outbound_record *find_outbound(const struct decision *decision)
{
    for (guint i = 0; i < decision->records->tokens->len; i++) {
        const struct outbound_record *outbound = outbound_of(decision,
                                                             decision->records->tokens->pdata[i]);
        if (outbound != NULL) {
            return outbound;
        }
    }
    return NULL;
}

/* Delays and successes are told by some servers, too; a report without fields is of an old form, and bad news. */
static bool is_bad_news(const struct facts *facts, const struct bounce *worst)
{
    return worst != NULL || facts->bounces->len == 0;
}

void returned_plan(struct decision *decision)
{
    struct plan *plan = decision->plan;
    const struct bounce *worst = worst_bounce(decision->facts);
    const struct outbound_record *outbound = find_outbound(decision);

    if (outbound == NULL) {
        plan_say(plan->where, "no token proves which mail of ours came back");
        return;
    }
    plan->ticket = outbound->ticket;
    plan_say(plan->where, "a report about mail %" PRId64 " to %s, ticket %" PRId64, outbound->id,
             outbound->address, outbound->ticket);
    if (!is_bad_news(decision->facts, worst)) {
        return;
    }
    struct change *change = decision_add_change(plan, CHANGE_BOUNCE, "it came back");
    change->outbound = outbound->id;
    change->text = worst == NULL ? g_strdup(decision->facts->subject)
                                 : g_strdup_printf("%s %s", worst->status, worst->diagnostic);
    if (worst != NULL && is_dead(worst)) {
        change = decision_add_change(plan, CHANGE_ADDRESS_DEAD,
                                     "the report says that it failed for good");
        change->address = g_strdup(outbound->address);
    }
    if (!outbound->is_automatic && outbound->author != 0) {
        struct audience audience = decision_audience(decision);
        audience.ticket = records_ticket(decision->records, outbound->ticket);
        audience_tell_undelivered(plan, &audience, outbound->author, outbound->id,
                                  "what he wrote came back");
    }
}
