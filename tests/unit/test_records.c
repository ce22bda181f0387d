/* Records: stored and read back whole; what is not whole is refused. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/records.h"

static void add_people(struct records *records)
{
    struct person_record *anna = person_record_new();
    struct person_record *ben = person_record_new();

    static const group_id GROUPS[] = {31, 32};

    g_free(anna->name);
    g_free(anna->address);
    g_free(anna->language);
    g_free(anna->job_title);
    *anna = (struct person_record){.id = 4,
                                   .name = g_strdup("Anna Ärmel"),
                                   .address = g_strdup("Anna@acme.example"),
                                   .is_address_dead = true,
                                   .is_contact = true,
                                   .is_confirmed = true,
                                   .is_main_contact = true,
                                   .customer = 2,
                                   .groups = anna->groups,
                                   .language = g_strdup("de"),
                                   .job_title = g_strdup("Geschäftsführerin")};
    ben->id = 5;
    ben->is_technician = true;
    ben->is_lead = true;
    g_array_append_vals(ben->groups, GROUPS, 2);
    ben->is_disabled = true;
    ben->is_absent = true;
    ben->deputy = 6;
    g_ptr_array_add(records->people, anna);
    g_ptr_array_add(records->people, ben);
}

/* The members of a ticket that are words. */
static void list_words(struct ticket_record *ticket, char **words[7])
{
    char **const list[] = {&ticket->status_name, &ticket->type,    &ticket->priority,
                           &ticket->impact,      &ticket->product, &ticket->activity_status,
                           &ticket->source};
    memcpy(words, list, sizeof list);
}

static void add_fields(struct ticket_record *ticket)
{
    char **words[7];

    list_words(ticket, words);
    for (int i = 0; i < 7; i++) {
        g_free(*words[i]);
        *words[i] = g_strdup_printf("word-%d", i);
    }
    g_ptr_array_add(ticket->tags, g_strdup("vip"));
    g_ptr_array_add(ticket->custom, g_strdup("order"));
    g_ptr_array_add(ticket->custom, g_strdup("A-17"));
    ticket->created_at_us = 81;
    ticket->changed_at_us = 82;
    ticket->contact_word_at_us = 83;
    ticket->technician_word_at_us = 84;
    ticket->comments = 85;
}

static void expect_fields(const struct ticket_record *ticket)
{
    char **words[7];

    list_words((struct ticket_record *)ticket, words);
    for (int i = 0; i < 7; i++) {
        g_autofree char *want = g_strdup_printf("word-%d", i);
        cr_expect_str_eq(*words[i], want);
    }
    cr_assert_eq(ticket->tags->len, 1);
    cr_expect_str_eq(ticket->tags->pdata[0], "vip");
    cr_expect_str_eq(ticket_record_custom(ticket, "order"), "A-17");
    cr_expect_eq(ticket_record_custom(ticket, "A-17"), NULL);
    cr_expect_eq(ticket->created_at_us, 81);
    cr_expect_eq(ticket->changed_at_us, 82);
    cr_expect_eq(ticket->contact_word_at_us, 83);
    cr_expect_eq(ticket->technician_word_at_us, 84);
    cr_expect_eq(ticket->comments, 85);
}

static void add_ticket(struct records *records)
{
    static const person_id PARTICIPANTS[] = {4, 9};
    struct ticket_record *ticket = ticket_record_new();

    g_free(ticket->subject);
    ticket->id = 12;
    ticket->merged_into = 13;
    ticket->mailbox = 1;
    ticket->subject = g_strdup("Drucker defekt");
    ticket->status = TICKET_CLOSED;
    ticket->closed_at_us = 77;
    ticket->requester = 4;
    ticket->assignee = 5;
    ticket->customer = 2;
    ticket->group = 31;
    g_array_append_vals(ticket->participants, PARTICIPANTS, 2);
    add_fields(ticket);
    g_ptr_array_add(records->tickets, ticket);
}

static void add_held(struct records *records)
{
    struct held_record *held = held_record_new();
    struct address_record *address = address_record_new("carl@acme.example");
    char **const texts[] = {&held->state, &held->from_text, &held->subject, &held->handled_by,
                            &held->handled_how};
    static const char *const WORDS[] = {"rejected", "Dora <dora@acme.example>", "Bildschirm",
                                        "ben@desk.example", "dropped"};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(WORDS[i]);
    }
    held->id = 61;
    held->is_held = true;
    held->held_for = HELD_FOR_RULE;
    held->ticket = 12;
    held->sender = 8;
    held->customer = 2;
    held->handled_at_us = 78;
    g_ptr_array_add(records->helds, held);
    address->person = 7;
    address->domain_customer = 2;
    g_ptr_array_add(records->addresses, address);
}

static void add_evidence(struct records *records)
{
    struct token_record *token = token_record_new();
    struct id_record *id = id_record_new();

    g_free(token->why_not);
    *token = (struct token_record){.place = TOKEN_IN_REFERENCES,
                                   .is_expired = true,
                                   .why_not = g_strdup("does not fit"),
                                   .purpose = TOKEN_UNDO,
                                   .object_kind = TOKEN_OUTBOUND,
                                   .object = 99,
                                   .person = 4,
                                   .ticket = 12,
                                   .outbound = 17,
                                   .held = 61};
    g_ptr_array_add(records->tokens, token);
    struct outbound_record *outbound = outbound_record_new();
    g_free(outbound->address);
    *outbound = (struct outbound_record){.id = 17,
                                         .ticket = 12,
                                         .person = 4,
                                         .address = g_strdup("anna@acme.example"),
                                         .author = 5,
                                         .is_automatic = true};
    g_ptr_array_add(records->outbounds, outbound);
    g_free(id->message_id);
    id->message_id = g_strdup("x@y");
    id->ticket = 12;
    id->mail = 8;
    id->is_own = true;
    g_ptr_array_add(id->parties, g_strdup("anna@acme.example"));
    id->sender = 4;
    id->is_auth_failed = true;
    g_ptr_array_add(records->ids, id);
    g_ptr_array_add(records->counts, count_record_new(BUDGET_STRANGER_HOUR, "", 3));
    g_ptr_array_add(records->counts, count_record_new(BUDGET_DOMAIN_HOUR, "acme.example", 7));
}

static void add_calendar(struct calendar_record *calendar)
{
    static const int64_t OPENS[] = {540, 1980};
    static const int64_t CLOSES[] = {1020, 2460};
    static const int64_t HOLIDAYS[] = {1225, 20270101, 20270106};

    g_free(calendar->zone);
    calendar->zone = g_strdup("Europe/Vienna");
    g_array_append_vals(calendar->opens, OPENS, 2);
    g_array_append_vals(calendar->closes, CLOSES, 2);
    g_array_append_vals(calendar->holidays, HOLIDAYS, 3);
}

static void add_rule_words(struct records *records)
{
    const struct load_record load = {.person = 5, .tickets = 7};
    const ticket_id looked_for = 99;
    const struct customer_record other = {.id = 8,
                                          .name = (char *)"Globex",
                                          .colleagues = COLLEAGUES_STAY_OUT,
                                          .number = (char *)"",
                                          .rank = (char *)"silver",
                                          .language = (char *)"",
                                          .country = (char *)""};

    customer_record_set(&records->ticket_customer, &other);
    records->rule.version = 17;
    rule_records_add_group(&records->rule, 1, "Netz", 5);
    rule_records_add_status(&records->rule, "waiting-for-vendor", TICKET_PENDING);
    rule_records_add_customer(&records->rule, "Initech", 0);
    records->rule.has_loads = true;
    g_array_append_val(records->rule.loads, load);
    g_array_append_val(records->rule.tickets, looked_for);
}

static struct records *full_records(void)
{
    struct records *records = records_new();
    static const person_id TECHNICIANS[] = {5, 6};

    records->now_us = INT64_C(1700000000000000);
    records->mail = 41;
    records->settings.unknown_senders = UNKNOWN_REJECT;
    records->settings.stranger_hour = 59;
    records->settings.assigns_on_reply = false;
    records->mailbox.id = 1;
    g_free(records->mailbox.address);
    records->mailbox.address = g_strdup("support@desk.example");
    records->mailbox.trust = TRUST_AUTHSERV_ID;
    records->mailbox.authserv_id = g_strdup("mx.desk.example");
    g_ptr_array_add(records->mailbox.own_hosts, g_strdup("imap.desk.example"));
    records->mailbox.needs_auth = false;
    records->mailbox.has_subaddresses = false;
    records->mailbox.send_bytes = 26214400;
    g_ptr_array_add(records->own_addresses, g_strdup("support@desk.example"));
    records->is_oversize = true;
    records->bytes = 30000000;
    records->released_by = g_strdup("ben@desk.example");
    records->twin.mail = 40;
    records->twin.verdict = VERDICT_HELD;
    records->twin.ticket = 3;
    records->sender = 4;
    records->domain_customer = 2;
    records->customer.id = 2;
    g_free(records->customer.name);
    records->customer.name = g_strdup("Acme GmbH");
    const struct customer_record whole = {.id = 2,
                                          .name = records->customer.name,
                                          .number = (char *)"K-1001",
                                          .rank = (char *)"gold",
                                          .language = (char *)"fr",
                                          .country = (char *)"Österreich"};
    customer_record_set(&records->customer, &whole);
    add_calendar(&records->calendar);
    add_rule_words(records);
    records->customer.is_main_contact_only = true;
    records->customer.colleagues = COLLEAGUES_STAY_OUT;
    records->customer.main_contact = 4;
    records->is_trusted = true;
    records->twin.comment = 8;
    records->twin.is_unverified = true;
    records->settings.domain_mapping = MAPPING_STRICT;
    records->settings.colleagues_take_part = false;
    records->settings.excerpt_chars = 77;
    records->settings.admission_days = 15;
    records->settings.asked_day = 4;
    records->settings.held_hour = 11;
    records->settings.sender_tickets = 21;
    records->settings.strangers_tickets = 22;
    g_array_append_vals(records->technicians, TECHNICIANS, 2);
    add_people(records);
    add_ticket(records);
    add_evidence(records);
    add_held(records);
    return records;
}

Test(records, come_back_as_they_were_stored)
{
    OWNED(records) records = full_records();
    OWNED(records) empty = records_new();
    struct records *const both[] = {records, empty};

    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        OWNED(records) got = NULL;
        struct err err = {.status = ST_OK};
        g_autoptr(GVariant) stored = records_to_variant(both[i]);
        cr_assert_eq(records_from_variant(stored, &got, &err), ST_OK, "%s", err.text);
        g_autoptr(GVariant) again = records_to_variant(got);
        cr_expect(g_variant_equal(stored, again));
    }
}

static struct records *stored_and_read(const struct records *records)
{
    struct records *got = NULL;
    struct err err = {.status = ST_OK};
    g_autoptr(GVariant) stored = records_to_variant(records);

    cr_assert_eq(records_from_variant(stored, &got, &err), ST_OK);
    return got;
}

Test(records, keep_every_member_of_the_mail)
{
    OWNED(records) records = full_records();
    OWNED(records) got = stored_and_read(records);

    cr_expect_eq(got->now_us, INT64_C(1700000000000000));
    cr_expect_eq(got->mail, 41);
    cr_expect_eq(got->settings.domain_mapping, MAPPING_STRICT);
    cr_expect_not(got->settings.colleagues_take_part);
    cr_expect_eq(got->settings.excerpt_chars, 77);
    cr_expect_eq(got->settings.admission_days, 15);
    cr_expect_eq(got->settings.asked_day, 4);
    cr_expect_eq(got->settings.held_hour, 11);
    cr_expect_eq(got->settings.sender_tickets, 21);
    cr_expect_eq(got->settings.strangers_tickets, 22);
    cr_expect_eq(got->mailbox.trust, TRUST_AUTHSERV_ID);
    cr_expect_str_eq(got->mailbox.authserv_id, "mx.desk.example");
    cr_expect_str_eq(got->mailbox.own_hosts->pdata[0], "imap.desk.example");
    cr_expect_not(got->mailbox.needs_auth);
    cr_expect_not(got->mailbox.has_subaddresses);
    cr_expect_eq(got->mailbox.send_bytes, 26214400);
    cr_expect(got->is_oversize);
    cr_expect_eq(got->bytes, 30000000);
    cr_expect_str_eq(got->released_by, "ben@desk.example");
    cr_expect_eq(got->twin.verdict, VERDICT_HELD);
    cr_expect_eq(got->sender, 4);
    cr_expect_str_eq(got->customer.name, "Acme GmbH");
    cr_expect(got->customer.is_main_contact_only);
    cr_expect_eq(got->customer.colleagues, COLLEAGUES_STAY_OUT);
    cr_expect_eq(got->customer.main_contact, 4);
    cr_expect_str_eq(got->customer.number, "K-1001");
    cr_expect_str_eq(got->customer.rank, "gold");
    cr_expect_str_eq(got->customer.language, "fr");
    cr_expect_str_eq(got->customer.country, "Österreich");
    cr_expect(got->is_trusted && got->twin.is_unverified);
    cr_expect_eq(got->twin.comment, 8);
    cr_expect_eq(got->technicians->len, 2);
}

Test(records, keep_the_calendar)
{
    OWNED(records) records = full_records();
    OWNED(records) got = stored_and_read(records);

    cr_expect_str_eq(got->calendar.zone, "Europe/Vienna");
    cr_assert_eq(got->calendar.opens->len, 2);
    cr_expect_eq(g_array_index(got->calendar.opens, int64_t, 1), 1980);
    cr_expect_eq(g_array_index(got->calendar.closes, int64_t, 0), 1020);
    cr_assert_eq(got->calendar.holidays->len, 3);
    cr_expect_eq(g_array_index(got->calendar.holidays, int64_t, 2), 20270106);
}

Test(records, keep_what_rules_asked)
{
    OWNED(records) records = full_records();
    OWNED(records) got = stored_and_read(records);
    const struct rule_records *rule = &got->rule;

    cr_expect_eq(got->ticket_customer.id, 8);
    cr_expect_str_eq(got->ticket_customer.rank, "silver");
    cr_expect_eq(rule->version, 17);
    cr_expect_eq(rule->rules, NULL);
    cr_expect_eq(rule_records_group(rule, 1)->last_pick, 5);
    cr_expect_eq(rule_records_group_named(rule, "NETZ")->id, 1);
    cr_expect_eq(rule_records_group_named(rule, "Nets"), NULL);
    cr_expect_eq(rule_records_status_named(rule, "waiting-for-vendor")->maps_to, TICKET_PENDING);
    cr_expect_eq(rule_records_customer_named(rule, "initech")->id, 0);
    cr_expect_eq(rule_records_customer_named(rule, "Acme"), NULL);
    cr_assert(rule->has_loads && rule->loads->len == 1 && rule->tickets->len == 1);
    cr_expect_eq(g_array_index(rule->loads, struct load_record, 0).tickets, 7);
    cr_expect_eq(g_array_index(rule->tickets, int64_t, 0), 99);
}

Test(records, refuse_a_span_without_an_end)
{
    OWNED(records) records = full_records();
    struct records *got = NULL;
    struct err err = {.status = ST_OK};

    g_array_set_size(records->calendar.closes, 1);
    g_autoptr(GVariant) stored = records_to_variant(records);
    cr_expect_eq(records_from_variant(stored, &got, &err), ST_INVALID);
}

Test(records, keep_every_member_of_people_and_tickets)
{
    OWNED(records) records = full_records();
    OWNED(records) got = stored_and_read(records);

    const struct person_record *anna = records_person(got, 4);
    cr_assert_neq(anna, NULL);
    cr_expect_str_eq(anna->name, "Anna Ärmel");
    cr_expect(anna->is_address_dead && anna->is_contact && anna->is_confirmed);
    cr_expect(anna->is_main_contact && !anna->opens_tickets);
    cr_expect_eq(anna->customer, 2);
    cr_expect_str_eq(anna->language, "de");
    cr_expect_str_eq(anna->job_title, "Geschäftsführerin");
    cr_expect(!anna->is_absent && anna->deputy == 0);
    const struct person_record *ben = records_person(got, 5);
    cr_expect(ben->is_technician && ben->is_lead && ben->is_disabled && ben->opens_tickets);
    cr_expect(ben->is_absent);
    cr_expect_eq(ben->deputy, 6);
    cr_assert_eq(ben->groups->len, 2);
    cr_expect_eq(g_array_index(ben->groups, group_id, 1), 32);
    const struct ticket_record *ticket = records_ticket(got, 12);
    cr_assert_neq(ticket, NULL);
    cr_expect_eq(ticket->status, TICKET_CLOSED);
    cr_expect_eq(ticket->group, 31);
    cr_expect_eq(g_array_index(ticket->participants, person_id, 1), 9);
    expect_fields(ticket);
}

Test(records, keep_every_member_of_the_evidence)
{
    OWNED(records) records = full_records();
    OWNED(records) got = stored_and_read(records);

    const struct token_record *token = got->tokens->pdata[0];
    cr_expect(token->is_expired && !token->is_valid);
    cr_expect_str_eq(token->why_not, "does not fit");
    cr_expect_eq(token->held, 61);
    const struct held_record *held = records_held(got, 61);
    cr_assert_neq(held, NULL);
    cr_expect(held->is_held);
    cr_expect_eq(held->held_for, HELD_FOR_RULE);
    cr_expect_str_eq(held->state, "rejected");
    cr_expect_str_eq(held->from_text, "Dora <dora@acme.example>");
    cr_expect_str_eq(held->subject, "Bildschirm");
    cr_expect_str_eq(held->handled_by, "ben@desk.example");
    cr_expect_str_eq(held->handled_how, "dropped");
    cr_expect_eq(held->ticket, 12);
    cr_expect_eq(held->sender, 8);
    cr_expect_eq(held->customer, 2);
    cr_expect_eq(held->handled_at_us, 78);
    const struct address_record *address = records_address(got, "carl@acme.example");
    cr_assert_neq(address, NULL);
    cr_expect_eq(address->person, 7);
    cr_expect_eq(address->domain_customer, 2);
    const struct outbound_record *outbound = records_outbound(got, 17);
    cr_assert_neq(outbound, NULL);
    cr_expect_str_eq(outbound->address, "anna@acme.example");
    cr_expect_eq(outbound->author, 5);
    cr_expect(outbound->is_automatic);
    const struct id_record *id = got->ids->pdata[0];
    cr_expect(id->is_own && id->is_auth_failed);
    cr_expect_eq(id->sender, 4);
    cr_expect_eq(records_count(got, BUDGET_DOMAIN_HOUR, "acme.example"), 7);
}

Test(records, find_nobody_and_nothing_else)
{
    OWNED(records) records = full_records();

    cr_expect_eq(records_person(records, 99), NULL);
    cr_expect_eq(records_ticket(records, 99), NULL);
    cr_expect_eq(records_outbound(records, 99), NULL);
    cr_expect_eq(records_held(records, 99), NULL);
    cr_expect_eq(records_address(records, "nobody@acme.example"), NULL);
    cr_expect_eq(records_count(records, BUDGET_DOMAIN_HOUR, "other.example"), 0);
    cr_expect_eq(records_count(records, BUDGET_ADDRESS_DAY, "acme.example"), 0);
}

/* Enumerators one too high, or too low, each in a place of its own. */
static void set_bad_member(struct records *records, unsigned which)
{
    struct token_record *token = records->tokens->pdata[0];
    struct ticket_record *ticket = records->tickets->pdata[0];
    struct count_record *count = records->counts->pdata[0];
    struct held_record *held = records->helds->pdata[0];
    struct status_record *status = records->rule.statuses->pdata[0];
    const struct {
        void *member;
        int value;
    } BAD[] = {
        {&records->settings.unknown_senders, UNKNOWN_REJECT + 1},
        {&records->settings.domain_mapping, MAPPING_STRICT + 1},
        {&records->customer.colleagues, COLLEAGUES_STAY_OUT + 1},
        {&held->held_for, HELD_FOR_RULE + 1},
        {&records->mailbox.trust, TRUST_MICROSOFT365 + 1},
        {&records->twin.verdict, VERDICT_DUPLICATE + 1},
        {&token->place, TOKEN_IN_MESSAGE_ID + 1},
        {&token->purpose, 0},
        {&token->purpose, TOKEN_HELD + 1},
        {&token->object_kind, 0},
        {&token->object_kind, TOKEN_OUTBOUND + 1},
        {&ticket->status, TICKET_CLOSED + 1},
        {&count->budget, BUDGET_COUNT},
        {&records->ticket_customer.colleagues, COLLEAGUES_STAY_OUT + 1},
        {&status->maps_to, TICKET_CLOSED + 1},
        {&status->maps_to, TICKET_OPEN - 1},
    };

    memcpy(BAD[which].member, &BAD[which].value, sizeof(int));
}

#define BAD_MEMBERS 16

Test(records, with_an_unknown_word_are_refused)
{
    for (unsigned i = 0; i < BAD_MEMBERS; i++) {
        OWNED(records) records = full_records();
        OWNED(records) got = NULL;
        struct err err = {.status = ST_OK};

        set_bad_member(records, i);
        g_autoptr(GVariant) stored = records_to_variant(records);
        cr_expect_eq(records_from_variant(stored, &got, &err), ST_INVALID, "%u", i);
        cr_expect_eq(got, NULL);
    }
}

Test(records, of_another_form_or_version_are_refused)
{
    OWNED(records) records = full_records();
    OWNED(records) got = NULL;
    struct err err = {.status = ST_OK};
    g_autoptr(GVariant) stored = records_to_variant(records);
    g_autoptr(GVariant) text = g_variant_ref_sink(g_variant_new_string("records"));
    cr_expect_eq(records_from_variant(text, &got, &err), ST_INVALID);

    /* The version is the first number. */
    gsize size = g_variant_get_size(stored);
    g_autofree char *bytes = g_memdup2(g_variant_get_data(stored), size);
    bytes[0]++;
    g_autoptr(GVariant) newer = g_variant_ref_sink(
        g_variant_new_from_data(g_variant_get_type(stored), bytes, size, FALSE, NULL, NULL));
    cr_expect_eq(records_from_variant(newer, &got, &err), ST_INVALID);
    cr_expect_neq(strstr(err.text, "version 4"), NULL, "%s", err.text);

    g_autoptr(GVariant) cut = g_variant_ref_sink(g_variant_new_from_data(
        g_variant_get_type(stored), g_variant_get_data(stored), size - 1, FALSE, NULL, NULL));
    cr_expect_eq(records_from_variant(cut, &got, &err), ST_INVALID);
}

Test(records, that_are_not_there_can_be_freed)
{
    records_free(NULL);
    person_record_free(NULL);
    ticket_record_free(NULL);
    token_record_free(NULL);
    outbound_record_free(NULL);
    held_record_free(NULL);
    address_record_free(NULL);
    id_record_free(NULL);
    count_record_free(NULL);
}

Test(records, copies_share_nothing)
{
    OWNED(records) records = full_records();
    struct person_record *person = person_record_copy(records_person(records, 4));
    struct ticket_record *ticket = ticket_record_copy(records_ticket(records, 12));

    person->name[0] = 'X';
    expect_fields(ticket);
    ticket->subject[0] = 'X';
    ((char *)ticket->tags->pdata[0])[0] = 'X';
    ticket->priority[0] = 'X';
    g_array_index(ticket->participants, person_id, 0) = 1;
    cr_expect_str_eq(records_person(records, 4)->name, "Anna Ärmel");
    cr_expect_str_eq(records_ticket(records, 12)->subject, "Drucker defekt");
    cr_expect_eq(g_array_index(records_ticket(records, 12)->participants, person_id, 0), 4);
    expect_fields(records_ticket(records, 12));
    cr_expect_eq(ticket->requester, 4);
    person_record_free(person);
    ticket_record_free(ticket);
}

Test(records, have_words_that_can_be_read_back)
{
    struct err err = {.status = ST_OK};

    for (int i = TICKET_OPEN; i <= TICKET_CLOSED; i++) {
        enum ticket_status got = TICKET_OPEN;
        cr_expect_eq(ticket_status_parse(ticket_status_name((enum ticket_status)i), &got, &err),
                     ST_OK);
        cr_expect_eq((int)got, i);
    }
    for (int i = VERDICT_FILED; i <= VERDICT_DUPLICATE; i++) {
        enum verdict got = VERDICT_FILED;
        cr_expect_eq(verdict_parse(verdict_name((enum verdict)i), &got, &err), ST_OK);
        cr_expect_eq((int)got, i);
    }
    static const char *const REASONS[] = {"claim", "forged",       "shape",  "sender",
                                          "flood", "main-contact", "parser", "rule"};
    for (int i = HELD_FOR_CLAIM; i <= HELD_FOR_RULE; i++) {
        enum held_for got = HELD_FOR_NOTHING;
        cr_expect_str_eq(held_for_name((enum held_for)i), REASONS[i - HELD_FOR_CLAIM]);
        cr_expect_eq(held_for_parse(REASONS[i - HELD_FOR_CLAIM], &got, &err), ST_OK);
        cr_expect_eq((int)got, i);
    }
    cr_expect_eq(held_for_name(HELD_FOR_NOTHING), NULL);
    enum held_for held_for = HELD_FOR_NOTHING;
    cr_expect_eq(held_for_parse("received", &held_for, &err), ST_INVALID);
    enum ticket_status status = TICKET_OPEN;
    enum verdict verdict = VERDICT_FILED;
    cr_expect_eq(ticket_status_parse("received", &status, &err), ST_INVALID);
    cr_expect_eq(verdict_parse("received", &verdict, &err), ST_INVALID);
}
