/* Which records a decision needs: facts and what was found so far in, keys to look up out.
 *
 * Four rounds, each one pipelined query set for a whole batch:
 *   1  from the facts alone: token objects, mails of ours, Message-IDs, addresses, domains
 *   2  tickets and held mails that round 1 or the subject named (locked before they are read)
 *   3  people that those tickets and tokens name
 *   4  what rules name (the plan's wants; then the round is asked again), and counts of the governor for the addresses
 *      that may get an automatic mail
 * Pure.
 */
#ifndef DESK_NEED_H
#define DESK_NEED_H

#include <glib.h>

#include "desk/plan.h"
#include "desk/records.h"
#include "message/facts.h"

#define NEED_ROUNDS 4

struct need {
    GArray *tokens; /* struct token_sighting: their objects' nonces and tickets */
    GPtrArray
        *ids; /* char *: foreign Message-IDs: the mail's own first, then those that it refers to */
    char *address_key;    /* the sender's; NULL */
    GPtrArray *addresses; /* char *: keys: the sender's, then those he writes for and to */
    GPtrArray *domains;   /* char *: of all of them what domain_lookups says */
    GArray *helds;        /* mail_id: held mails that tokens are about */
    GArray *outbounds;    /* outbound_id: mails of ours that a delivery report names */
    GArray *tickets;      /* ticket_id */
    GArray *people;       /* person_id */
    GPtrArray *counts;    /* struct count_record, count not yet known */
    struct plan *plan; /* own: of round 4: what would be done as far as is known now; NULL before */
};
void need_free(struct need *need);
DEFINE_OWNED(need, need_free)

/* What to look up in a round (1 to NEED_ROUNDS); facts are not asked in round 3. own_addresses must be in the records from the start (they
 * and mailbox, settings, now, technicians are common to a batch). Never NULL. */
struct need *need_round(const struct facts *facts, const struct records *records, int round);

/* What round 4 asks for, of a plan that was made already and that it owns from then on. */
struct need *need_of_plan(struct plan *plan, const struct records *records);

/* The ids that get a thread_key row when the mail is filed: its own, then at most LIMIT_THREAD_KEYS
 * that it refers to (In-Reply-To, first and last of References; none of ours). char *, own. */
GPtrArray *need_thread_ids(const struct facts *facts);

/* Keys of the advisory locks of the first level: the thread ids, the fingerprint, the sender's address;
 * sorted, each once. int64_t. */
GArray *need_locks(const struct facts *facts, const uint8_t *fingerprint, size_t length);

/* The lock of a ticket, second level; never equal to one of the first. */
int64_t need_ticket_lock(ticket_id ticket);

#endif
