/* Records: what the desk knows that bears on one mail, as decide reads it.
 *
 * Gathered by the intake in at most four rounds that desk/need asks for; stored with the mail, so that
 * `why` is exact and `replay` decides against the desk as it was. They hold verdicts on tokens, never keys,
 * nonces, tags or secrets. All strings and arrays are owned by the struct they stand in.
 */
#ifndef DESK_RECORDS_H
#define DESK_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"
#include "desk/calendar.h"
#include "desk/rule_records.h"
#include "desk/settings.h"
#include "desk/token.h"

typedef int64_t ticket_id;
typedef int64_t person_id;
typedef int64_t customer_id;
typedef int64_t mailbox_id;
typedef int64_t mail_id;     /* inbound */
typedef int64_t outbound_id; /* outbound */
typedef int64_t comment_id;
typedef int64_t group_id; /* of technicians */

enum ticket_status { TICKET_OPEN, TICKET_PENDING, TICKET_RESOLVED, TICKET_CLOSED };
const char *ticket_status_name(enum ticket_status status);
MUST_CHECK enum status ticket_status_parse(const char *name, enum ticket_status *out,
                                           struct err *err);

enum verdict { VERDICT_FILED, VERDICT_EVENT, VERDICT_HELD, VERDICT_REJECTED, VERDICT_DUPLICATE };
const char *verdict_name(enum verdict verdict); /* the state of the inbound mail */
MUST_CHECK enum status verdict_parse(const char *name, enum verdict *out, struct err *err);

/* The mailbox that a mail came through. */
enum trust { TRUST_NONE, TRUST_AUTHSERV_ID, TRUST_GOOGLE, TRUST_MICROSOFT365 };
struct mailbox_record {
    mailbox_id id;
    char *address; /* key */
    char *name;
    enum trust trust;
    char *authserv_id;    /* NULL unless TRUST_AUTHSERV_ID */
    GPtrArray *own_hosts; /* char *: hosts whose Received lines are ours */
    bool needs_auth;      /* technician_proof is 'auth' */
    bool has_subaddresses;
    int64_t send_bytes; /* the largest mail that its SMTP server takes; 0: it has not said */
};

/* Whether a contact takes part in the tickets of his customer's other contacts. */
enum colleagues { COLLEAGUES_BY_SETTING, COLLEAGUES_TAKE_PART, COLLEAGUES_STAY_OUT };

/* The customer of the sender. */
struct customer_record {
    customer_id id; /* 0: none */
    char *name;     /* "" */
    bool is_main_contact_only;
    enum colleagues colleagues;
    person_id main_contact; /* 0: none; is in people */
    char *number;           /* the business's own; "", as below */
    char *rank;
    char *language;
    char *country;
};

/* A person, with what he is now. */
struct person_record {
    person_id id;
    char *name;
    char *address; /* where notices go */
    bool is_address_dead;
    bool is_contact;
    bool is_confirmed;
    bool is_main_contact;
    bool opens_tickets;   /* a contact: by mail */
    customer_id customer; /* 0: none */
    bool is_technician;
    bool is_lead;
    bool is_disabled;
    GArray *groups; /* group_id: a technician's */
    char *language; /* his own, else his customer's; "": the desk's */
    char *job_title;
    bool is_absent;   /* a technician, today */
    person_id deputy; /* of an absent one; 0: none. Is in people unless disabled */
};

struct ticket_record {
    ticket_id id;
    ticket_id merged_into; /* 0: not merged */
    mailbox_id mailbox;
    char *subject;
    enum ticket_status status;
    char *status_name;    /* of the desk's own; "": status says all */
    int64_t closed_at_us; /* 0: not closed */
    person_id requester;
    person_id assignee; /* 0: none */
    customer_id customer;
    group_id group;       /* 0: of all technicians */
    GArray *participants; /* person_id */
    /* Words of desk/ticket_field: the schema allows no others. */
    char *type;
    char *priority;
    char *impact;
    char *product;   /* "": none */
    GPtrArray *tags; /* char * */
    GPtrArray *
        custom; /* char *: names of the desk's own fields and canonical values, by turns; by name */
    char *activity_status; /* unread, read, awaiting-contact, awaiting-technician */
    char *source;          /* mail, cli */
    int64_t created_at_us;
    int64_t changed_at_us;
    int64_t contact_word_at_us; /* the last public word of that side; 0: none yet */
    int64_t technician_word_at_us;
    int64_t comments;
};

/* A token found in the mail, and the verdict on it. Only tokens in addresses and in In-Reply-To or References
 * are looked for, never in text. */
enum token_place {
    TOKEN_IN_ADDRESS,
    TOKEN_IN_IN_REPLY_TO,
    TOKEN_IN_REFERENCES,
    TOKEN_IN_REPORT,     /* the Message-ID of what a delivery report says came back */
    TOKEN_IN_MESSAGE_ID, /* the mail's own: one of ours that came back to us; never a place */
};
struct token_record {
    enum token_place place;
    bool is_valid;
    bool is_expired;
    char *why_not; /* for people: "unknown key", "no such ticket", "does not fit"; "" when valid */
    enum token_purpose purpose;
    enum token_object object_kind;
    int64_t object;
    person_id person; /* whom it was given to */
    ticket_id
        ticket; /* the ticket of the object, merges followed; 0: none (is in tickets when valid) */
    outbound_id
        outbound; /* the mail that carried it, from a Message-ID or a bounce token; 0: unknown */
    mail_id held; /* the held mail that it is about (is in helds when valid); 0: none */
};

/* Why a mail is held: who hears of it, and whose word frees it, goes by this. */
enum held_for {
    HELD_FOR_NOTHING,
    HELD_FOR_CLAIM,        /* it says that a technician wrote it */
    HELD_FOR_FORGED,       /* the sender's domain says that it is forged */
    HELD_FOR_SHAPE,        /* it can be read in two ways, or is in a loop */
    HELD_FOR_SENDER,       /* nobody, ourselves, disabled, or one who opens no tickets here */
    HELD_FOR_FLOOD,        /* too many new tickets at once */
    HELD_FOR_MAIN_CONTACT, /* only the main contact opens tickets */
    HELD_FOR_PARSER,       /* it could not be read */
    HELD_FOR_RULE,         /* a rule of the desk says so */
};
const char *held_for_name(enum held_for held_for); /* NULL for HELD_FOR_NOTHING */
MUST_CHECK enum status held_for_parse(const char *name, enum held_for *out, struct err *err);

/* A mail that is or was held, and that a token in this mail is about. */
struct held_record {
    mail_id id;
    bool is_held; /* still */
    enum held_for held_for;
    char *state;     /* the word for what it is now */
    char *from_text; /* own, as all strings here */
    char *subject;
    ticket_id ticket;     /* where it belongs, or what came out of it; 0; is in tickets */
    person_id sender;     /* the person with its From address; 0: nobody */
    customer_id customer; /* that would open a ticket; 0 */
    char *handled_by;     /* who released or dropped it; "" */
    char *handled_how;    /* "released" or "dropped"; "" */
    int64_t handled_at_us;
};

/* An address that the mail names (From, To, Cc, on whose behalf), as the desk knows it. */
struct address_record {
    char *key;
    person_id person;            /* is in people; 0: nobody */
    customer_id domain_customer; /* the customer that its domain is mapped to; 0: none */
};

/* A mail of ours that a token names and that may have come back (need asks for it in round 1, for delivery
 * reports only). N of "<TOKEN.N@…>" is not signed: decide compares ticket and person with the token's. */
struct outbound_record {
    outbound_id id;
    ticket_id ticket;  /* merges followed; 0: none */
    person_id person;  /* the recipient; 0: nobody the desk knows */
    char *address;     /* where it went */
    person_id author;  /* who wrote the text in it; 0: it carried nobody's */
    bool is_automatic; /* bound by the governor */
};

/* A foreign Message-ID that the mail refers to (or bears itself) and that the desk has a row for. */
struct id_record {
    char *message_id;
    ticket_id ticket; /* merges followed */
    mail_id mail;     /* the mail whose id it is (is_own), or that refers to it */
    bool is_own;
    GPtrArray *parties;  /* char *: address keys of From, To and Cc of that mail */
    person_id sender;    /* who wrote that mail */
    bool is_auth_failed; /* and whether its authentication failed */
};

/* Another mail with the same fingerprint, filed before. */
struct twin_record {
    mail_id mail; /* 0: none */
    enum verdict verdict;
    char *outcome;
    ticket_id ticket;
    comment_id comment; /* 0: it made none */
    bool is_unverified; /* that comment is unverified */
};

/* How many automatic mails went out (sent or queued) lately; only scopes with a limit are counted. */
enum budget {
    BUDGET_ADDRESS_HOUR,
    BUDGET_ADDRESS_DAY,
    BUDGET_DOMAIN_HOUR,
    BUDGET_TICKET_HOUR,
    BUDGET_STRANGER_ADDRESS_DAY,
    BUDGET_STRANGER_DOMAIN_HOUR,
    BUDGET_STRANGER_HOUR,
    BUDGET_ASKED_DAY,         /* "was this you?" to one address */
    BUDGET_HELD_HOUR,         /* news of held mail to one technician */
    BUDGET_SENDER_TICKETS,    /* opened by one person lately; not mails */
    BUDGET_STRANGERS_TICKETS, /* opened by all strangers lately; not mails */
    BUDGET_COUNT,
};
const char *budget_name(enum budget budget);
struct count_record {
    enum budget budget;
    char *key; /* address key, domain, ticket number, "" */
    int64_t count;
};

struct records {
    int64_t now_us; /* the database's */
    mail_id mail;   /* this mail; 0: a file that is only rehearsed */
    struct settings settings;
    struct mailbox_record mailbox;
    GPtrArray
        *own_addresses; /* char *: keys of the addresses of all mailboxes and of their aliases */
    bool is_oversize;
    uint64_t bytes;                  /* true size */
    char *released_by;               /* who released it from being held; NULL: nobody */
    bool is_trusted;                 /* and said that its sender is who he says */
    struct calendar_record calendar; /* the desk's; only the holidays about now */

    struct twin_record twin;
    GPtrArray *tokens;           /* struct token_record, in the order of struct token_sighting */
    GPtrArray *outbounds;        /* struct outbound_record: mails of ours that came back */
    GPtrArray *ids;              /* struct id_record: for ids of this mail that are known */
    GPtrArray *tickets;          /* struct ticket_record: every ticket named above or below */
    GPtrArray *people;           /* struct person_record: every person named above or below */
    GPtrArray *helds;            /* struct held_record: mails that tokens of this mail are about */
    GPtrArray *addresses;        /* struct address_record */
    person_id sender;            /* the person with the From address; 0: nobody */
    customer_id domain_customer; /* the customer that the From domain is mapped to; 0: none */
    struct customer_record customer; /* the sender's own, else domain_customer */
    struct customer_record
        ticket_customer;      /* of the ticket that the mail belongs to, where it is another one */
    struct rule_records rule; /* what rules ask for beside all that */
    GArray *technicians;      /* person_id: all that are not disabled (they are in people) */
    GPtrArray *counts;        /* struct count_record */
};

struct records *records_new(void);
void records_free(struct records *records);
DEFINE_OWNED(records, records_free)

/* Free what a mailbox record owns. */
void box_record_clear(struct mailbox_record *mailbox);
struct person_record *person_record_new(void);
struct ticket_record *ticket_record_new(void);
struct token_record *token_record_new(void);
struct id_record *id_record_new(void);
struct outbound_record *outbound_record_new(void);
struct held_record *held_record_new(void);
struct address_record *address_record_new(const char *key);
struct count_record *count_record_new(enum budget budget, const char *key, int64_t count);
void person_record_free(struct person_record *person);
void ticket_record_free(struct ticket_record *ticket);
/* The value of one of the desk's own fields; NULL: it is empty. Borrowed. */
const char *ticket_record_custom(const struct ticket_record *ticket, const char *name);
void token_record_free(struct token_record *token);
void id_record_free(struct id_record *id);
void outbound_record_free(struct outbound_record *outbound);
void held_record_free(struct held_record *held);
void address_record_free(struct address_record *address);
void count_record_free(struct count_record *count);

/* Deep copies, for filling several mails' records from one query. */
struct person_record *person_record_copy(const struct person_record *person);
struct ticket_record *ticket_record_copy(const struct ticket_record *ticket);

/* Make *to a deep copy of from; what *to held is freed. */
void customer_record_set(struct customer_record *to, const struct customer_record *from);
void customer_record_clear(struct customer_record *customer);

/* Look up by id; NULL if it is not there. Borrowed. */
const struct person_record *records_person(const struct records *records, person_id id);
const struct ticket_record *records_ticket(const struct records *records, ticket_id id);
const struct outbound_record *records_outbound(const struct records *records, outbound_id id);
const struct held_record *records_held(const struct records *records, mail_id id);
const struct address_record *records_address(const struct records *records, const char *key);

/* Is it an address of one of our mailboxes, a sub-address included? */
bool records_is_own_address(const struct records *records, const char *address);

int64_t records_count(const struct records *records, enum budget budget, const char *key);

/* For storing with the mail: normal form; full reference, not floating. */
GVariant *records_to_variant(const struct records *records);
MUST_CHECK enum status records_from_variant(GVariant *value, struct records **records_out,
                                            struct err *err);

/* The same from what was stored with a mail.
 *
 * ST_INVALID  another version of the program stored it, or it is broken */
MUST_CHECK enum status records_from_bytes(GBytes *bytes, struct records **records_out,
                                          struct err *err);

#endif
