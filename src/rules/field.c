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
    {"mail.from", RULE_MAIL_FROM, RULE_TEXT, WORDS_ADDRESS, false, "the sender's address"},
    {"mail.from-name", RULE_MAIL_FROM_NAME, RULE_TEXT, WORDS_ANY, false, "the name beside it"},
    {"mail.from-domain", RULE_MAIL_FROM_DOMAIN, RULE_TEXT, WORDS_ANY, false,
     "what stands after its @"},
    {"mail.to", RULE_MAIL_TO, RULE_TEXTS, WORDS_ADDRESS, false, "the addresses in To"},
    {"mail.cc", RULE_MAIL_CC, RULE_TEXTS, WORDS_ADDRESS, false, "the addresses in Cc"},
    {"mail.reply-to", RULE_MAIL_REPLY_TO, RULE_TEXTS, WORDS_ADDRESS, false,
     "the addresses in Reply-To"},
    {"mail.subject", RULE_MAIL_SUBJECT, RULE_TEXT, WORDS_ANY, false, "the subject, decoded"},
    {"mail.body", RULE_MAIL_BODY, RULE_TEXT, WORDS_ANY, false,
     "the text, made from HTML if need be"},
    {"mail.header.", RULE_MAIL_HEADER, RULE_TEXTS, WORDS_ANY, false,
     "every header field of that name, such as mail.header.x-spam-flag"},
    {"mail.size", RULE_MAIL_SIZE, RULE_NUMBER, WORDS_ANY, false, "bytes; also 512KB, 20MB"},
    {"mail.attachments", RULE_MAIL_ATTACHMENTS, RULE_NUMBER, WORDS_ANY, false,
     "how many files are attached"},
    {"mail.attachment-names", RULE_MAIL_ATTACHMENT_NAMES, RULE_TEXTS, WORDS_ANY, false,
     "their names"},
    {"mail.attachment-types", RULE_MAIL_ATTACHMENT_TYPES, RULE_TEXTS, WORDS_ANY, false,
     "their types, such as application/pdf"},
    {"mail.kind", RULE_MAIL_KIND, RULE_TEXT, WORDS_KIND, false,
     "person, or which kind of machine wrote it"},
    {"mail.is-verified", RULE_MAIL_IS_VERIFIED, RULE_BOOL, WORDS_ANY, false,
     "it is proved that its sender wrote it"},
    {"mail.is-thanks", RULE_MAIL_IS_THANKS, RULE_BOOL, WORDS_ANY, false,
     "it says thank you and nothing else"},
    {"mail.mailbox", RULE_MAIL_MAILBOX, RULE_TEXT, WORDS_ADDRESS, false,
     "the address of the mailbox that it came to"},
    {"mail.role", RULE_MAIL_ROLE, RULE_TEXT, WORDS_ROLE, false, "what its sender is to the desk"},

    {"ticket.number", RULE_TICKET_NUMBER, RULE_NUMBER, WORDS_ANY, false, "its number"},
    {"ticket.status", RULE_TICKET_STATUS, RULE_TEXTS, WORDS_STATUS, true,
     "its status; one of the desk's own is also the one it maps to"},
    {"ticket.type", RULE_TICKET_TYPE, RULE_TEXT, WORDS_TYPE, true, "what kind of request it is"},
    {"ticket.priority", RULE_TICKET_PRIORITY, RULE_TEXT, WORDS_PRIORITY, true,
     "ordered: low < medium < high < critical"},
    {"ticket.impact", RULE_TICKET_IMPACT, RULE_TEXT, WORDS_IMPACT, true,
     "ordered: minor < moderate < major < extensive"},
    {"ticket.product", RULE_TICKET_PRODUCT, RULE_TEXT, WORDS_ANY, true, "its product family"},
    {"ticket.tags", RULE_TICKET_TAGS, RULE_TEXTS, WORDS_ANY, false, "its tags"},
    {"ticket.group", RULE_TICKET_GROUP, RULE_TEXT, WORDS_GROUP, true,
     "the group that it belongs to"},
    {"ticket.title", RULE_TICKET_TITLE, RULE_TEXT, WORDS_ANY, true, "its title"},
    {"ticket.assignee", RULE_TICKET_ASSIGNEE, RULE_TEXT, WORDS_ADDRESS, false,
     "the address of who works on it"},
    {"ticket.assignee-is-disabled", RULE_TICKET_ASSIGNEE_IS_DISABLED, RULE_BOOL, WORDS_ANY, false,
     "who works on it cannot any more"},
    {"ticket.requester", RULE_TICKET_REQUESTER, RULE_TEXT, WORDS_ADDRESS, true,
     "the address of whose request it is"},
    {"ticket.customer", RULE_TICKET_CUSTOMER, RULE_TEXT, WORDS_ANY, true,
     "the name of the customer"},
    {"ticket.activity", RULE_TICKET_ACTIVITY, RULE_TEXT, WORDS_ACTIVITY, false,
     "who is waited for"},
    {"ticket.source", RULE_TICKET_SOURCE, RULE_TEXT, WORDS_SOURCE, false, "how it came"},
    {"ticket.age", RULE_TICKET_AGE, RULE_DURATION, WORDS_ANY, false, "since it was made"},
    {"ticket.since-contact", RULE_TICKET_SINCE_CONTACT, RULE_DURATION, WORDS_ANY, false,
     "since the last word of the requester's side"},
    {"ticket.since-technician", RULE_TICKET_SINCE_TECHNICIAN, RULE_DURATION, WORDS_ANY, false,
     "since the last word of a technician"},
    {"ticket.since-change", RULE_TICKET_SINCE_CHANGE, RULE_DURATION, WORDS_ANY, false,
     "since anything was changed"},
    {"ticket.comments", RULE_TICKET_COMMENTS, RULE_NUMBER, WORDS_ANY, false,
     "how many comments it has"},
    {"field.", RULE_CUSTOM, RULE_TEXT, WORDS_CHOICE, true,
     "a field that the desk has made, such as field.order"},

    {"contact.address", RULE_CONTACT_ADDRESS, RULE_TEXT, WORDS_ADDRESS, false,
     "the sender if he is a contact, else the requester"},
    {"contact.name", RULE_CONTACT_NAME, RULE_TEXT, WORDS_ANY, false, "his name"},
    {"contact.language", RULE_CONTACT_LANGUAGE, RULE_TEXT, WORDS_LANGUAGE, false, "his language"},
    {"contact.job-title", RULE_CONTACT_JOB_TITLE, RULE_TEXT, WORDS_ANY, false, "his job title"},
    {"contact.is-main-contact", RULE_CONTACT_IS_MAIN_CONTACT, RULE_BOOL, WORDS_ANY, false,
     "he is the main contact of his customer"},
    {"contact.is-confirmed", RULE_CONTACT_IS_CONFIRMED, RULE_BOOL, WORDS_ANY, false,
     "his address was proved to be his"},

    {"customer.name", RULE_CUSTOMER_NAME, RULE_TEXT, WORDS_ANY, false,
     "the ticket's customer, before there is one the sender's"},
    {"customer.number", RULE_CUSTOMER_NUMBER, RULE_TEXT, WORDS_ANY, false, "its business number"},
    {"customer.rank", RULE_CUSTOMER_RANK, RULE_TEXT, WORDS_ANY, false, "its rank"},
    {"customer.language", RULE_CUSTOMER_LANGUAGE, RULE_TEXT, WORDS_LANGUAGE, false, "its language"},
    {"customer.country", RULE_CUSTOMER_COUNTRY, RULE_TEXT, WORDS_ANY, false, "its country"},
    {"customer.main-contact", RULE_CUSTOMER_MAIN_CONTACT, RULE_TEXT, WORDS_ADDRESS, false,
     "the address of its main contact"},

    {"time.is-working", RULE_TIME_IS_WORKING, RULE_BOOL, WORDS_ANY, false,
     "now is within the desk's hours, and no holiday"},
    {"time.is-holiday", RULE_TIME_IS_HOLIDAY, RULE_BOOL, WORDS_ANY, false,
     "today is a holiday of the desk"},
    {"time.weekday", RULE_TIME_WEEKDAY, RULE_TEXT, WORDS_WEEKDAY, false, "monday to sunday"},
    {"time.of-day", RULE_TIME_OF_DAY, RULE_DURATION, WORDS_ANY, false,
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
