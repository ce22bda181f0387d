/* The one door out: every mail of the desk becomes a row here, for daemon and command line alike. */
#ifndef GATEWAY_OUTBOX_H
#define GATEWAY_OUTBOX_H

#include "db/tx.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "desk/token.h"

/* A mail to be queued; everything borrowed for the call. */
struct outbox_mail {
    outbound_id id; /* 0: outbox_put_alone gives one */
    const struct mailbox_record *mailbox;
    mailbox_id from;         /* for outbox_put_alone, where neither mailbox nor ticket is given */
    ticket_id ticket;        /* 0: about no ticket, then nobody can reply with a token */
    int64_t ticket_nonce;    /* of that ticket */
    comment_id comment;      /* what it tells; 0 */
    mail_id cause;           /* 0 */
    outbound_id about;       /* the mail that came back; 0 */
    mail_id held;            /* the held mail that a reply's token names; 0: the ticket */
    int64_t held_nonce;      /* of that mail */
    const GPtrArray *values; /* char *: names and values of the template, by turns; NULL: none */
    const char *notice;
    person_id recipient; /* 0: nobody whom the desk knows */
    const char *address;
    const char *name;
    enum token_purpose purpose; /* of a reply */
    unsigned expiry_day;        /* 0: never */
    bool is_automatic;
    bool is_stranger;
    const char *reason;
    const char *suppressed_by; /* what the governor said; NULL: it goes out */
};

/* Queue mails whose ids are given: makes nonces, tokens and Message-IDs, inserts, wakes the senders. Costs no
 * round trip. */
void outbox_put(struct tx *tx, const struct token_keys *keys, const struct outbox_mail *mails,
                size_t count);

/* The same for a caller outside of intake: loads mailboxes, keys, ticket nonces and ids itself (two round
 * trips). mails[i].mailbox may be NULL where ticket is given (then it is the
 * ticket's) or from; ticket_nonce, id and
 * expiry_day (of technicians' purposes) are filled in. */
MUST_CHECK enum status outbox_put_alone(struct tx *tx, struct outbox_mail *mails, size_t count,
                                        struct err *err);

#endif
