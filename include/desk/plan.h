/* A plan: what a verdict means, as changes and mails to send, each with its reason.
 *
 * Symbolic: what the plan itself makes has no number yet. REF_NEW in a reference means "the ticket (person,
 * comment) that this plan makes"; a plan makes at most one ticket and comment, and of people the sender
 * (REF_NEW) and those whom he brings in (REF_NEW_PERSON(1) and so on). Numbers, nonces, tokens and
 * Message-IDs are given when it is applied.
 */
#ifndef DESK_PLAN_H
#define DESK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "desk/records.h"
#include "desk/ticket_field.h"

#define REF_NONE          0
#define REF_NEW           (-1)
#define REF_NEW_PERSON(n) (REF_NEW - (n)) /* the nth person that the plan makes; 0 is the sender */

/* The words of the spoof matrix. */
enum outcome {
    OUTCOME_TECHNICIAN,
    OUTCOME_PUBLIC,
    OUTCOME_NOTE,
    OUTCOME_UNVERIFIED,
    OUTCOME_NEW,
    OUTCOME_HELD,
    OUTCOME_REJECTED,
    OUTCOME_EVENT,
    OUTCOME_DUPLICATE,
};
const char *outcome_name(enum outcome outcome);

enum role { ROLE_UNKNOWN, ROLE_STRANGER, ROLE_CONTACT, ROLE_TECHNICIAN, ROLE_MACHINE };
const char *role_name(enum role role);

enum comment_kind { COMMENT_PUBLIC, COMMENT_NOTE, COMMENT_UNVERIFIED };
const char *comment_kind_name(enum comment_kind kind);

enum change_kind {
    CHANGE_PERSON_ADD,     /* person: the reference; address, name; customer; is_confirmed */
    CHANGE_PERSON_CONFIRM, /* person */
    CHANGE_TICKET_OPEN,    /* person: requester; customer; text: subject */
    CHANGE_COMMENT_ADD, /* ticket, person: author, comment_kind; text: body; takes the attachments */
    CHANGE_TICKET_SET, /* ticket, field, name of a custom one; text: the value in words; person, group or customer
                             * where it is one (0: none); is_removed of a tag. An assignee with a group was picked by turns */
    CHANGE_PARTICIPANT_ADD, /* ticket, person */
    CHANGE_TICKET_LINK,     /* ticket, other; text: why */
    CHANGE_BOUNCE,          /* ticket, outbound: it came back; text: what the report says */
    CHANGE_ADDRESS_DEAD,    /* address: bounced for good */
    CHANGE_COPIED,          /* ticket; text: who else got the mail, and does not take part */
    CHANGE_VERIFIED, /* mail: what it said was unverified, and is proved now: its comment is this mail's */
    CHANGE_HELD_RELEASE, /* mail; text: by whom; is_confirmed: its sender is who he says */
    CHANGE_HELD_DROP,    /* mail; text: by whom; is_spam */
    CHANGE_NOTE_ADD,     /* ticket; rule: its author; text: body */
    CHANGE_WEB_HOOK,     /* ticket; rule; text: the URL; name: the event */
    CHANGE_RULE_FIRED,   /* ticket; rule */
    CHANGE_RULE_FAULT,   /* ticket; rule; text: what went wrong */
};
const char *change_kind_name(enum change_kind kind);

struct change {
    enum change_kind kind;
    ticket_id ticket;
    ticket_id other;
    person_id person;
    customer_id customer;
    outbound_id outbound;
    mail_id mail;       /* a held mail, or the first of two copies */
    comment_id comment; /* that mail's */
    group_id group;
    enum ticket_field field;
    enum comment_kind comment_kind;
    bool is_confirmed;
    bool is_cut; /* text is not all that was written: the whole of it becomes an attachment */
    bool is_spam;
    bool is_removed;
    char *address; /* own */
    char *name;    /* own */
    char *text;    /* own */
    char *reason;  /* own: for people */
    char *rule;    /* own: the name of the rule that wants it; NULL: none does */
    GPtrArray *
        values; /* own: char *: of a web hook: names and values of the ticket's fields, by turns; NULL */
};

/* What rules name and the records do not hold: to be looked up, and then the mail is decided again. */
struct wants {
    GPtrArray *addresses; /* own: char *: keys */
    GPtrArray *customers; /* own: char *: names */
    GArray *tickets;      /* ticket_id */
    customer_id customer; /* the ticket's; 0: he is known */
    bool has_loads;       /* how many tickets each technician has */
};
bool wants_are_any(const struct wants *wants);

/* A mail that the plan sends. */
struct plan_mail {
    const char *
        notice; /* static: "receipt", "acknowledgement", "new-ticket", "comment", "reply", "undelivered", … */
    person_id person; /* the recipient; REF_NEW: the sender */
    ticket_id ticket;
    bool tells_comment; /* the comment that the plan makes is what it tells */
    outbound_id about;  /* the mail that came back ("undelivered"); 0: it was not even sent */
    mail_id held;       /* the held mail that it is about, and that the reply's token names; 0 */
    GPtrArray *values;  /* own: char *: names and values for the template, by turns */
    enum token_purpose purpose; /* what a reply to it will do */
    bool is_automatic;          /* bound by the governor */
    bool is_stranger;           /* the stranger's fixed acknowledgement */
    char *address;              /* own */
    char *name;                 /* own */
    char *reason;               /* own: why he gets it */
    char *suppressed_by; /* own: the budget that stops it, or "dead-address"; NULL: it goes out */
};

/* A rule was asked; of the clock, and no part of the decision. */
struct plan_cost {
    const char *rule; /* borrowed from the rules */
    int64_t cost_us;
};

struct plan {
    enum verdict verdict;
    enum held_for held_for;
    int64_t held_until_us; /* then it is rejected; 0: it waits for a person */
    enum outcome outcome;
    enum role role;
    ticket_id ticket; /* where it belongs; REF_NEW, or REF_NONE */
    person_id sender; /* REF_NEW: the plan makes him; REF_NONE: nobody */
    customer_id customer;
    mail_id duplicate_of;
    mail_id supersedes; /* a held twin with worse evidence: it becomes the duplicate of this mail */
    bool is_auth_failed;
    bool is_spam;       /* a rule says so */
    struct wants wants; /* of a plan that is to be carried out: none */
    GArray *costs;      /* own: struct plan_cost */
    GPtrArray *where;   /* own: char *: where it belongs and why, as sentences for people */
    GPtrArray *who;     /* own: char * */
    GPtrArray *may;     /* own: char * */
    GPtrArray *changes; /* own: struct change, in the order in which they happen */
    GPtrArray *mails;   /* own: struct plan_mail */
};

struct plan *plan_new(void);
void plan_free(struct plan *plan);
DEFINE_OWNED(plan, plan_free)
struct change *plan_add_change(struct plan *plan, enum change_kind kind);
struct plan_mail *plan_add_mail(struct plan *plan, const char *notice);

/* Does the person get a mail by the plan already? */
bool plan_tells(const struct plan *plan, person_id person);

/* Give the mail's template a value (copied). name is static. */
void plan_set_value(struct plan_mail *mail, const char *name, const char *value);

/* Add a sentence to where, who or may. */
void plan_say(GPtrArray *sentences, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
