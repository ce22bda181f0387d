/* A small desk for the tests of its decisions: who is there, and mails as they come.
 *
 *     2 Acme GmbH   4 Anna, 7 Carl (confirmed), 8 Dora (not confirmed)
 *     3 Other Ltd   9 Otto (confirmed)
 *     none          10 Eve (not confirmed)
 *     technicians   5 Ben, 6 Clara, 11 Fritz (a contact of Acme as well), 13 Gone (disabled)
 *     ticket 12     Anna's, "Drucker defekt", Carl takes part, open, nobody assigned
 */
#ifndef TESTS_DESK_WORLD_H
#define TESTS_DESK_WORLD_H

#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/plan.h"
#include "desk/records.h"
#include "message/facts.h"

#define ANNA  4
#define BEN   5
#define CLARA 6
#define CARL  7
#define DORA  8
#define OTTO  9
#define EVE   10
#define FRITZ 11
#define GONE  13
#define ACME  2
#define OTHER 3

#define PASS(domain) "dmarc=pass header.from=" domain
#define FAIL(domain) "dmarc=fail header.from=" domain

/* An assertion for loops of many rounds: criterion reports each of its own, which takes longer than what it
 * checks. */
#define MUST(condition)              \
 do {                                \
  if (!(condition)) {                \
   cr_assert_fail("%s", #condition); \
  }                                  \
 } while (0)

static const int64_t WORLD_NOW_US = INT64_C(20000) * 86400 * 1000000;

struct world_person {
    person_id id;
    const char *name;
    const char *address;
    customer_id customer;
    bool is_contact;
    bool is_confirmed;
    bool is_technician;
    bool is_disabled;
};

static const struct world_person WORLD_PEOPLE[] = {
    {ANNA, "Anna", "anna@acme.example", ACME, true, true, false, false},
    {BEN, "Ben", "ben@desk.example", 0, false, false, true, false},
    {CLARA, "Clara", "clara@desk.example", 0, false, false, true, false},
    {CARL, "Carl", "carl@acme.example", ACME, true, true, false, false},
    {DORA, "Dora", "dora@acme.example", ACME, true, false, false, false},
    {OTTO, "Otto", "otto@other.example", OTHER, true, true, false, false},
    {EVE, "Eve", "eve@evil.test", 0, true, false, false, false},
    {FRITZ, "Fritz", "fritz@acme.example", ACME, true, true, true, false},
    {GONE, "Gone", "gone@desk.example", 0, false, false, true, true},
};

static inline void world_set(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

static inline struct person_record *world_person(struct records *records, person_id id)
{
    return (struct person_record *)records_person(records, id);
}

static inline struct ticket_record *world_ticket(struct records *records, ticket_id id)
{
    return (struct ticket_record *)records_ticket(records, id);
}

static inline struct ticket_record *world_add_ticket(struct records *records, ticket_id id,
                                                     person_id requester, customer_id customer)
{
    struct ticket_record *ticket = ticket_record_new();

    ticket->id = id;
    ticket->mailbox = 1;
    world_set(&ticket->subject, "Drucker defekt");
    ticket->requester = requester;
    ticket->customer = customer;
    g_ptr_array_add(records->tickets, ticket);
    return ticket;
}

static inline void world_add_people(struct records *records)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WORLD_PEOPLE); i++) {
        const struct world_person *from = &WORLD_PEOPLE[i];
        struct person_record *person = person_record_new();

        person->id = from->id;
        world_set(&person->name, from->name);
        world_set(&person->address, from->address);
        person->customer = from->customer;
        person->is_contact = from->is_contact;
        person->is_confirmed = from->is_confirmed;
        person->is_technician = from->is_technician;
        person->is_disabled = from->is_disabled;
        g_ptr_array_add(records->people, person);
        if (from->is_technician && !from->is_disabled) {
            g_array_append_val(records->technicians, person->id);
        }
    }
}

static inline struct records *world_records(void)
{
    struct records *records = records_new();
    person_id carl = CARL;

    records->now_us = WORLD_NOW_US;
    records->mail = 100;
    records->mailbox.id = 1;
    world_set(&records->mailbox.address, "support@desk.example");
    records->mailbox.trust = TRUST_AUTHSERV_ID;
    records->mailbox.authserv_id = g_strdup("mx.desk.example");
    g_ptr_array_add(records->mailbox.own_hosts, g_strdup("imap.desk.example"));
    g_ptr_array_add(records->own_addresses, g_strdup("support@desk.example"));
    world_add_people(records);
    struct ticket_record *ticket = world_add_ticket(records, 12, ANNA, ACME);
    g_array_append_val(ticket->participants, carl);
    return records;
}

/* What the store would find for this sender. */
static inline void world_find_sender(struct records *records, const char *from)
{
    g_autofree char *key = g_ascii_strdown(from, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(WORLD_PEOPLE); i++) {
        if (strcmp(WORLD_PEOPLE[i].address, key) == 0) {
            records->sender = WORLD_PEOPLE[i].id;
        }
    }
    if (g_str_has_suffix(key, "@acme.example")) {
        records->domain_customer = ACME;
        records->customer.id = ACME;
        world_set(&records->customer.name, "Acme GmbH");
    } else if (g_str_has_suffix(key, "@other.example")) {
        records->domain_customer = OTHER;
        records->customer.id = OTHER;
        world_set(&records->customer.name, "Other Ltd");
    }
}

static inline void world_trace(struct facts *facts, enum trace_kind kind, const char *text)
{
    g_ptr_array_add(facts->trace, trace_field_new(kind, text));
}

/* A mail as it stands in our mailbox; stamp is what the border says, NULL for nothing. */
static inline struct facts *world_facts(const char *from, const char *subject, const char *stamp)
{
    struct facts *facts = facts_new();

    facts->message_id = g_strdup("m1@mail.example");
    facts->from = from == NULL ? NULL : address_new(from, "");
    world_set(&facts->from_text, from == NULL ? "broken" : from);
    world_set(&facts->subject, subject);
    world_set(&facts->text, "Hello");
    facts->text_source = TEXT_PLAIN;
    world_trace(facts, TRACE_RECEIVED, "imap.desk.example");
    if (stamp != NULL) {
        g_autofree char *field = g_strconcat("mx.desk.example; ", stamp, NULL);
        world_trace(facts, TRACE_AUTHRES, field);
    }
    world_trace(facts, TRACE_RECEIVED, "mx.desk.example");
    world_trace(facts, TRACE_RECEIVED, "mail.example");
    return facts;
}

static inline struct token_record *world_add_token(struct records *records, enum token_place place,
                                                   enum token_purpose purpose, person_id person,
                                                   ticket_id ticket)
{
    struct token_record *token = token_record_new();

    token->place = place;
    token->is_valid = true;
    token->purpose = purpose;
    token->object_kind = purpose == TOKEN_BOUNCE ? TOKEN_OUTBOUND : TOKEN_TICKET;
    token->object = purpose == TOKEN_BOUNCE ? 70 : ticket;
    token->person = person;
    token->ticket = ticket;
    token->outbound = 70;
    g_ptr_array_add(records->tokens, token);
    return token;
}

/* A mail that is held, and a token about it in the address that this mail was sent to. */
static inline struct held_record *world_add_held(struct records *records, enum held_for held_for,
                                                 enum token_purpose purpose, person_id person)
{
    struct held_record *held = held_record_new();
    struct token_record *token = world_add_token(records, TOKEN_IN_ADDRESS, purpose, person, 0);

    token->object_kind = TOKEN_HELD_MAIL;
    token->object = 60;
    token->held = 60;
    held->id = 60;
    held->is_held = true;
    held->held_for = held_for;
    world_set(&held->state, "held");
    world_set(&held->from_text, "Dora <dora@acme.example>");
    world_set(&held->subject, "Bildschirm");
    held->sender = DORA;
    held->customer = ACME;
    g_ptr_array_add(records->helds, held);
    return held;
}

static inline struct id_record *world_add_id(struct records *records, const char *id,
                                             ticket_id ticket, person_id sender, bool is_own)
{
    struct id_record *record = id_record_new();

    world_set(&record->message_id, id);
    record->ticket = ticket;
    record->mail = 90;
    record->sender = sender;
    record->is_own = is_own;
    g_ptr_array_add(records->ids, record);
    return record;
}

static inline const struct plan_mail *world_mail_to(const struct plan *plan, person_id person)
{
    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        if (mail->person == person) {
            return mail;
        }
    }
    return NULL;
}

static inline const struct change *world_change(const struct plan *plan, enum change_kind kind)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->kind == kind) {
            return change;
        }
    }
    return NULL;
}

/* "receipt:-1 new-ticket:5 …", in order; own. What is stopped has its reason behind a slash. */
static inline char *world_mails(const struct plan *plan)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = plan->mails->pdata[i];
        g_string_append_printf(list, "%s%s:%d", i > 0 ? " " : "", mail->notice, (int)mail->person);
        if (mail->suppressed_by != NULL) {
            g_string_append_printf(list, "/%s", mail->suppressed_by);
        }
    }
    return g_string_free(list, FALSE);
}

/* "add person, open ticket, …"; own. */
static inline char *world_changes(const struct plan *plan)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", change_kind_name(change->kind));
    }
    return g_string_free(list, FALSE);
}

static inline bool world_says(const GPtrArray *sentences, const char *part)
{
    for (guint i = 0; i < sentences->len; i++) {
        if (strstr(sentences->pdata[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

/* A mail, what the desk knows about it, and what was decided. */
struct case_of {
    struct facts *facts;
    struct records *records;
    struct plan *plan;
};

static inline struct case_of case_from(const char *from, const char *subject, const char *stamp)
{
    struct case_of it = {.facts = world_facts(from, subject, stamp), .records = world_records()};

    if (from != NULL) {
        world_find_sender(it.records, from);
    }
    return it;
}

static inline void case_clear(struct case_of *it)
{
    facts_free(it->facts);
    records_free(it->records);
    plan_free(it->plan);
}

#define CASE CLEANUP(case_clear) struct case_of

#endif
