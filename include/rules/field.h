/* What conditions of rules can ask for: one table. The checker, the evaluator, the manual page and the desk, which
 * gives the values, read the same list. Pure. */
#ifndef RULES_FIELD_H
#define RULES_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum rule_type {
    RULE_NOTHING, /* there is no value: no assignee, no word of a technician yet; equal to `none` only */
    RULE_TEXT,
    RULE_NUMBER,
    RULE_BOOL,
    RULE_TIME,     /* microseconds since 1970 */
    RULE_DURATION, /* microseconds */
    RULE_TEXTS,    /* a condition holds if it holds for one of them */
};

enum rule_field {
    /* of the mail; there is none where a command line or the time is the cause: RULE_NOTHING */
    RULE_MAIL_FROM, /* the address; of a mail with no single one: "" */
    RULE_MAIL_FROM_NAME,
    RULE_MAIL_FROM_DOMAIN,
    RULE_MAIL_TO,
    RULE_MAIL_CC,
    RULE_MAIL_REPLY_TO,
    RULE_MAIL_SUBJECT,
    RULE_MAIL_BODY,
    RULE_MAIL_HEADER, /* mail.header.NAME: RULE_TEXTS, every field of that name */
    RULE_MAIL_SIZE,   /* bytes */
    RULE_MAIL_ATTACHMENTS,
    RULE_MAIL_ATTACHMENT_NAMES,
    RULE_MAIL_ATTACHMENT_TYPES,
    RULE_MAIL_KIND,        /* person, or a word of auto_kind_name */
    RULE_MAIL_IS_VERIFIED, /* it is proved that its sender wrote it */
    RULE_MAIL_IS_THANKS,   /* it says thank you and nothing else */
    RULE_MAIL_MAILBOX,     /* the address of the mailbox */
    RULE_MAIL_ROLE,        /* a word of role_name: what its sender is */

    /* of the ticket; before there is one: as the new one will be */
    RULE_TICKET_NUMBER,
    RULE_TICKET_STATUS, /* RULE_TEXTS: its name, and what a custom one maps to */
    RULE_TICKET_TYPE,
    RULE_TICKET_PRIORITY,
    RULE_TICKET_IMPACT,
    RULE_TICKET_PRODUCT,
    RULE_TICKET_TAGS,
    RULE_TICKET_GROUP,
    RULE_TICKET_TITLE,
    RULE_TICKET_ASSIGNEE, /* an address */
    RULE_TICKET_ASSIGNEE_IS_DISABLED,
    RULE_TICKET_REQUESTER,     /* an address */
    RULE_TICKET_CUSTOMER,      /* a name */
    RULE_TICKET_ACTIVITY,      /* unread, read, awaiting-contact, awaiting-technician */
    RULE_TICKET_SOURCE,        /* mail, cli */
    RULE_TICKET_AGE,           /* RULE_DURATION */
    RULE_TICKET_SINCE_CONTACT, /* RULE_DURATION since his side's last word */
    RULE_TICKET_SINCE_TECHNICIAN,
    RULE_TICKET_SINCE_CHANGE,
    RULE_TICKET_COMMENTS,
    RULE_CUSTOM, /* field.NAME: RULE_TEXT, RULE_NUMBER or RULE_TIME (a date), as the field is */

    /* of the contact: the sender if he is one, else the ticket's requester */
    RULE_CONTACT_ADDRESS,
    RULE_CONTACT_NAME,
    RULE_CONTACT_LANGUAGE,
    RULE_CONTACT_JOB_TITLE,
    RULE_CONTACT_IS_MAIN_CONTACT,
    RULE_CONTACT_IS_CONFIRMED,

    /* of the customer: the ticket's, before there is one the sender's */
    RULE_CUSTOMER_NAME,
    RULE_CUSTOMER_NUMBER,
    RULE_CUSTOMER_RANK,
    RULE_CUSTOMER_LANGUAGE,
    RULE_CUSTOMER_COUNTRY,
    RULE_CUSTOMER_MAIN_CONTACT, /* an address */

    /* of the time, by the desk's calendar and zone */
    RULE_TIME_IS_WORKING, /* within the hours of this weekday, and no holiday */
    RULE_TIME_IS_HOLIDAY,
    RULE_TIME_WEEKDAY, /* monday … sunday */
    RULE_TIME_OF_DAY,  /* RULE_DURATION since midnight; literals are HH:MM */

    RULE_FIELD_COUNT,
};

/* What a field's words may be; the checker refuses others with the nearest known one. */
enum rule_words {
    WORDS_ANY,     /* free text */
    WORDS_ADDRESS, /* something@somewhere */
    WORDS_KIND,    /* mail.kind */
    WORDS_ROLE,
    WORDS_STATUS,   /* open, pending, resolved, closed and the desk's own */
    WORDS_TYPE,     /* incident, problem, request, change */
    WORDS_PRIORITY, /* low < medium < high < critical: ordered, so < and > hold */
    WORDS_IMPACT,   /* minor < moderate < major < extensive */
    WORDS_ACTIVITY,
    WORDS_SOURCE,
    WORDS_GROUP, /* the desk's */
    WORDS_WEEKDAY,
    WORDS_CHOICE,   /* of a custom field */
    WORDS_LANGUAGE, /* en, de, fr, es, it */
};

struct rule_field_info {
    const char
        *name; /* "ticket.status"; "mail.header." and "field." end in a dot: a name follows */
    enum rule_field field;
    enum rule_type type;
    enum rule_words words;
    bool can_be_set; /* by the action `set` */
    const char *help;
};
const struct rule_field_info *rule_field_list(size_t *count_out);
const struct rule_field_info *rule_field_info(enum rule_field field);

/* The words of a domain that the program knows, in their order; NULL-terminated, NULL for a free or a desk's one. */
const char *const *rule_words_list(enum rule_words words);

/* A value. text is borrowed from the world while it is asked no further; texts (char *, own) is the caller's, who drops
 * his reference. */
struct rule_value {
    enum rule_type type;
    const char *text;
    int64_t number; /* RULE_NUMBER, RULE_BOOL, RULE_TIME, RULE_DURATION */
    GPtrArray *texts;
};

/* Who gives the values. key is the name after the dot of mail.header.NAME and field.NAME, else NULL.
 * was() gives what a field was before the event and whether the event changed it. */
struct rule_world {
    const void *of; /* borrowed */
    void (*get)(const void *of, enum rule_field field, const char *key, struct rule_value *out);
    bool (*was)(const void *of, enum rule_field field, const char *key, struct rule_value *out);
};

#endif
