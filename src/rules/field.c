/* field - the table of what conditions can ask for
 *
 * One row a field: its name in rules, what kind of value it has, which words it takes, whether `set` may change it, and
 * one line for the manual page. The order of the enumeration is that of the manual. Words that the program knows stand
 * here too, in their order where they have one (priorities, impacts); statuses, groups and choices that only the desk
 * knows come with struct rule_names.
 *
 * "mail.header." and "field." end in a dot: a name follows. What a custom field is, only the desk knows; the table says
 * text.
 *
 * Pure: no I/O.
 */
#include "rules/field.h"

#include <assert.h>

static const char *const KINDS[] = {"person", "replied", "generated", "bulk",     "list",
                                    "bounce", "receipt", "complaint", "reaction", NULL};
static const char *const ROLES[] = {"unknown",    "stranger", "contact",
                                    "technician", "machine",  NULL};
static const char *const STATUSES[] = {"open", "pending", "resolved", "closed", NULL};
static const char *const TYPES[] = {"incident", "problem", "request", "change", NULL};
static const char *const PRIORITIES[] = {"low", "medium", "high", "critical", NULL};
static const char *const IMPACTS[] = {"minor", "moderate", "major", "extensive", NULL};
static const char *const ACTIVITIES[] = {"unread", "read", "awaiting-contact",
                                         "awaiting-technician", NULL};
static const char *const SOURCES[] = {"mail", "cli", NULL};
static const char *const WEEKDAYS[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday",    NULL};
static const char *const LANGUAGES[] = {"en", "de", "fr", "es", "it", NULL};

const char *const *rule_words_list(enum rule_words words)
{
    switch (words) {
    case WORDS_KIND:
        return KINDS;
    case WORDS_ROLE:
        return ROLES;
    case WORDS_STATUS:
        return STATUSES;
    case WORDS_TYPE:
        return TYPES;
    case WORDS_PRIORITY:
        return PRIORITIES;
    case WORDS_IMPACT:
        return IMPACTS;
    case WORDS_ACTIVITY:
        return ACTIVITIES;
    case WORDS_SOURCE:
        return SOURCES;
    case WORDS_WEEKDAY:
        return WEEKDAYS;
    case WORDS_LANGUAGE:
        return LANGUAGES;
    case WORDS_ANY:
    case WORDS_ADDRESS:
    case WORDS_GROUP:
    case WORDS_CHOICE:
        return NULL;
    }
    return NULL;
}

static const struct rule_field_info FIELDS[] = {
    {RULE_MAIL_FROM, "mail.from", RULE_TEXT, WORDS_ADDRESS, false, "the sender's address"},
    {RULE_MAIL_FROM_NAME, "mail.from-name", RULE_TEXT, WORDS_ANY, false, "the name beside it"},
    {RULE_MAIL_FROM_DOMAIN, "mail.from-domain", RULE_TEXT, WORDS_ANY, false,
     "what stands after its @"},
    {RULE_MAIL_TO, "mail.to", RULE_TEXTS, WORDS_ADDRESS, false, "the addresses in To"},
    {RULE_MAIL_CC, "mail.cc", RULE_TEXTS, WORDS_ADDRESS, false, "the addresses in Cc"},
    {RULE_MAIL_REPLY_TO, "mail.reply-to", RULE_TEXTS, WORDS_ADDRESS, false,
     "the addresses in Reply-To"},
    {RULE_MAIL_SUBJECT, "mail.subject", RULE_TEXT, WORDS_ANY, false, "the subject, decoded"},
    {RULE_MAIL_BODY, "mail.body", RULE_TEXT, WORDS_ANY, false,
     "the text, made from HTML if need be"},
    {RULE_MAIL_HEADER, "mail.header.", RULE_TEXTS, WORDS_ANY, false,
     "every header field of that name, such as mail.header.x-spam-flag"},
    {RULE_MAIL_SIZE, "mail.size", RULE_NUMBER, WORDS_ANY, false, "bytes; also 512KB, 20MB"},
    {RULE_MAIL_ATTACHMENTS, "mail.attachments", RULE_NUMBER, WORDS_ANY, false,
     "how many files are attached"},
    {RULE_MAIL_ATTACHMENT_NAMES, "mail.attachment-names", RULE_TEXTS, WORDS_ANY, false,
     "their names"},
    {RULE_MAIL_ATTACHMENT_TYPES, "mail.attachment-types", RULE_TEXTS, WORDS_ANY, false,
     "their types, such as application/pdf"},
    {RULE_MAIL_KIND, "mail.kind", RULE_TEXT, WORDS_KIND, false,
     "person, or which kind of machine wrote it"},
    {RULE_MAIL_IS_VERIFIED, "mail.is-verified", RULE_BOOL, WORDS_ANY, false,
     "it is proved that its sender wrote it"},
    {RULE_MAIL_IS_THANKS, "mail.is-thanks", RULE_BOOL, WORDS_ANY, false,
     "it says thank you and nothing else"},
    {RULE_MAIL_MAILBOX, "mail.mailbox", RULE_TEXT, WORDS_ADDRESS, false,
     "the address of the mailbox that it came to"},
    {RULE_MAIL_ROLE, "mail.role", RULE_TEXT, WORDS_ROLE, false, "what its sender is to the desk"},

    {RULE_TICKET_NUMBER, "ticket.number", RULE_NUMBER, WORDS_ANY, false, "its number"},
    {RULE_TICKET_STATUS, "ticket.status", RULE_TEXTS, WORDS_STATUS, true,
     "its status; one of the desk's own is also the one it maps to"},
    {RULE_TICKET_TYPE, "ticket.type", RULE_TEXT, WORDS_TYPE, true, "what kind of request it is"},
    {RULE_TICKET_PRIORITY, "ticket.priority", RULE_TEXT, WORDS_PRIORITY, true,
     "ordered: low < medium < high < critical"},
    {RULE_TICKET_IMPACT, "ticket.impact", RULE_TEXT, WORDS_IMPACT, true,
     "ordered: minor < moderate < major < extensive"},
    {RULE_TICKET_PRODUCT, "ticket.product", RULE_TEXT, WORDS_ANY, true, "its product family"},
    {RULE_TICKET_TAGS, "ticket.tags", RULE_TEXTS, WORDS_ANY, false, "its tags"},
    {RULE_TICKET_GROUP, "ticket.group", RULE_TEXT, WORDS_GROUP, true,
     "the group that it belongs to"},
    {RULE_TICKET_TITLE, "ticket.title", RULE_TEXT, WORDS_ANY, true, "its title"},
    {RULE_TICKET_ASSIGNEE, "ticket.assignee", RULE_TEXT, WORDS_ADDRESS, false,
     "the address of who works on it"},
    {RULE_TICKET_ASSIGNEE_IS_DISABLED, "ticket.assignee-is-disabled", RULE_BOOL, WORDS_ANY, false,
     "who works on it cannot any more"},
    {RULE_TICKET_REQUESTER, "ticket.requester", RULE_TEXT, WORDS_ADDRESS, true,
     "the address of whose request it is"},
    {RULE_TICKET_CUSTOMER, "ticket.customer", RULE_TEXT, WORDS_ANY, true,
     "the name of the customer"},
    {RULE_TICKET_ACTIVITY, "ticket.activity", RULE_TEXT, WORDS_ACTIVITY, false,
     "who is waited for"},
    {RULE_TICKET_SOURCE, "ticket.source", RULE_TEXT, WORDS_SOURCE, false, "how it came"},
    {RULE_TICKET_AGE, "ticket.age", RULE_DURATION, WORDS_ANY, false, "since it was made"},
    {RULE_TICKET_SINCE_CONTACT, "ticket.since-contact", RULE_DURATION, WORDS_ANY, false,
     "since the last word of the requester's side"},
    {RULE_TICKET_SINCE_TECHNICIAN, "ticket.since-technician", RULE_DURATION, WORDS_ANY, false,
     "since the last word of a technician"},
    {RULE_TICKET_SINCE_CHANGE, "ticket.since-change", RULE_DURATION, WORDS_ANY, false,
     "since anything was changed"},
    {RULE_TICKET_COMMENTS, "ticket.comments", RULE_NUMBER, WORDS_ANY, false,
     "how many comments it has"},
    {RULE_CUSTOM, "field.", RULE_TEXT, WORDS_CHOICE, true,
     "a field that the desk has made, such as field.order"},

    {RULE_CONTACT_ADDRESS, "contact.address", RULE_TEXT, WORDS_ADDRESS, false,
     "the sender if he is a contact, else the requester"},
    {RULE_CONTACT_NAME, "contact.name", RULE_TEXT, WORDS_ANY, false, "his name"},
    {RULE_CONTACT_LANGUAGE, "contact.language", RULE_TEXT, WORDS_LANGUAGE, false, "his language"},
    {RULE_CONTACT_JOB_TITLE, "contact.job-title", RULE_TEXT, WORDS_ANY, false, "his job title"},
    {RULE_CONTACT_IS_MAIN_CONTACT, "contact.is-main-contact", RULE_BOOL, WORDS_ANY, false,
     "he is the main contact of his customer"},
    {RULE_CONTACT_IS_CONFIRMED, "contact.is-confirmed", RULE_BOOL, WORDS_ANY, false,
     "his address was proved to be his"},

    {RULE_CUSTOMER_NAME, "customer.name", RULE_TEXT, WORDS_ANY, false,
     "the ticket's customer, before there is one the sender's"},
    {RULE_CUSTOMER_NUMBER, "customer.number", RULE_TEXT, WORDS_ANY, false, "its business number"},
    {RULE_CUSTOMER_RANK, "customer.rank", RULE_TEXT, WORDS_ANY, false, "its rank"},
    {RULE_CUSTOMER_LANGUAGE, "customer.language", RULE_TEXT, WORDS_LANGUAGE, false, "its language"},
    {RULE_CUSTOMER_COUNTRY, "customer.country", RULE_TEXT, WORDS_ANY, false, "its country"},
    {RULE_CUSTOMER_MAIN_CONTACT, "customer.main-contact", RULE_TEXT, WORDS_ADDRESS, false,
     "the address of its main contact"},

    {RULE_TIME_IS_WORKING, "time.is-working", RULE_BOOL, WORDS_ANY, false,
     "now is within the desk's hours, and no holiday"},
    {RULE_TIME_IS_HOLIDAY, "time.is-holiday", RULE_BOOL, WORDS_ANY, false,
     "today is a holiday of the desk"},
    {RULE_TIME_WEEKDAY, "time.weekday", RULE_TEXT, WORDS_WEEKDAY, false, "monday to sunday"},
    {RULE_TIME_OF_DAY, "time.of-day", RULE_DURATION, WORDS_ANY, false,
     "the time of the desk's zone, such as 08:30"},
};

static_assert(G_N_ELEMENTS(FIELDS) == RULE_FIELD_COUNT, "one row a field");

const struct rule_field_info *rule_field_list(size_t *count_out)
{
    *count_out = G_N_ELEMENTS(FIELDS);
    return FIELDS;
}

const struct rule_field_info *rule_field_info(enum rule_field field)
{
    assert((size_t)field < G_N_ELEMENTS(FIELDS) && FIELDS[field].field == field);
    return &FIELDS[field];
}
