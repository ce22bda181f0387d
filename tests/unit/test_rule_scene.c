/* What rules see: each field of the language, in each situation that a mail, a command or the time can be in. */
#include <criterion/criterion.h>
#include <glib.h>

#include "rule_stage.h"

/* ---- a mail to a ticket of which everything is known ------------------------------------------- */

static const struct {
    const char *field;
    const char *want;
} ALL_KNOWN[] = {
    {"mail.from", "'anna@acme.example'"},
    {"mail.from-name", "'Anna A.'"},
    {"mail.from-domain", "'acme.example'"},
    {"mail.to", "['support@desk.example' 'carl@acme.example']"},
    {"mail.cc", "['dora@acme.example']"},
    {"mail.reply-to", "['form@acme.example']"},
    {"mail.subject", "'Drucker'"},
    {"mail.body", "'Hello'"},
    {"mail.header.x-spam-flag", "['YES' 'maybe']"},
    {"mail.header.X-Spam", "['no']"},
    {"mail.header.x-empty", "['']"},
    {"mail.header.x", "[]"},
    {"mail.header.x-missing", "[]"},
    {"mail.size", "20480"},
    {"mail.attachments", "5"},
    {"mail.attachment-names", "['log.txt' 'bild.png']"},
    {"mail.attachment-types", "['text/plain' 'image/png']"},
    {"mail.kind", "'person'"},
    {"mail.is-verified", "yes"},
    {"mail.is-thanks", "no"},
    {"mail.mailbox", "'support@desk.example'"},
    {"mail.role", "'contact'"},
    {"ticket.number", "12"},
    {"ticket.status", "['pending' 'waiting']"},
    {"ticket.type", "'problem'"},
    {"ticket.priority", "'high'"},
    {"ticket.impact", "'major'"},
    {"ticket.product", "'Printers'"},
    {"ticket.tags", "['vip' 'paper']"},
    {"ticket.group", "'Net'"},
    {"ticket.title", "'Drucker defekt'"},
    {"ticket.assignee", "'ben@desk.example'"},
    {"ticket.assignee-is-disabled", "no"},
    {"ticket.requester", "'anna@acme.example'"},
    {"ticket.customer", "'Acme GmbH'"},
    {"ticket.activity", "'read'"},
    {"ticket.source", "'cli'"},
    {"ticket.age", "180000s"},
    {"ticket.since-contact", "10800s"},
    {"ticket.since-technician", "7200s"},
    {"ticket.since-change", "3600s"},
    {"ticket.comments", "5"},
    {"field.order", "'A-17'"},
    {"field.other", "none"},
    {"contact.address", "'anna@acme.example'"},
    {"contact.name", "'Anna'"},
    {"contact.language", "'de'"},
    {"contact.job-title", "'Buyer'"},
    {"contact.is-main-contact", "yes"},
    {"contact.is-confirmed", "yes"},
    {"customer.name", "'Acme GmbH'"},
    {"customer.number", "'K-100'"},
    {"customer.rank", "'gold'"},
    {"customer.language", "'fr'"},
    {"customer.country", "'Austria'"},
    {"customer.main-contact", "'carl@acme.example'"},
    {"time.is-working", "yes"},
    {"time.is-holiday", "no"},
    {"time.weekday", "'friday'"},
    {"time.of-day", "37815s"},
};

Test(rule_scene, shows_each_field_of_the_language)
{
    STAGE stage;
    bool is_shown[RULE_FIELD_COUNT] = {false};

    stage_set(&stage);
    for (size_t i = 0; i < G_N_ELEMENTS(ALL_KNOWN); i++) {
        g_autofree char *got = seen(&stage, ALL_KNOWN[i].field);
        const char *key = NULL;
        is_shown[field_named(ALL_KNOWN[i].field, &key)->field] = true;
        cr_expect_str_eq(got, ALL_KNOWN[i].want, "%s: got %s", ALL_KNOWN[i].field, got);
    }
    for (int field = 0; field < RULE_FIELD_COUNT; field++) {
        cr_expect(is_shown[field], "%s is not in the table",
                  rule_field_info((enum rule_field)field)->name);
    }
    cr_expect_not(wants_are_any(&stage.plan->wants));
}

/* ---- situations -------------------------------------------------------------------------------- */

static void come_without_mail(struct stage *stage)
{
    stage->scene.decision = NULL;
}

/* `ticket reply`: a decision about words that no mail brought. */
static void come_by_command(struct stage *stage)
{
    stage->decision.facts = NULL;
    stage->decision.identity = (struct identity){.claim = CLAIM_TECHNICIAN,
                                                 .person = world_person(stage->records, BEN)};
}

static void come_empty(struct stage *stage)
{
    facts_free(stage->facts);
    stage->facts = facts_new();
    stage->decision.facts = stage->facts;
    stage->decision.identity = (struct identity){.claim = CLAIM_NOBODY};
    stage->decision.evidence.auth = AUTH_NONE;
    stage->plan->role = ROLE_UNKNOWN;
}

static void come_from_machine(struct stage *stage)
{
    stage->facts->auto_kind = AUTO_LIST;
    stage->plan->role = ROLE_MACHINE;
}

static void come_as_thanks(struct stage *stage)
{
    g_ptr_array_set_size(stage->facts->attachments, 0);
    world_set(&stage->facts->text, "Vielen Dank!");
}

static void come_unproved(struct stage *stage)
{
    stage->decision.evidence.auth = AUTH_NONE;
}

static void come_unproved_with_token(struct stage *stage)
{
    stage->decision.evidence.auth = AUTH_NONE;
    stage->decision.evidence.token = OWN_CONTACT;
}

/* From somebody whom the desk knows. */
static void come_from(struct stage *stage, person_id person)
{
    struct person_record *record = world_person(stage->records, person);

    stage->decision.identity.person = record;
    stage->decision.identity.address = record->address;
}

static void come_from_carl(struct stage *stage)
{
    come_from(stage, CARL);
}

static void come_from_ben(struct stage *stage)
{
    come_from(stage, BEN);
}

static void come_from_fritz(struct stage *stage)
{
    come_from(stage, FRITZ);
}

static void come_from_nobody_known(struct stage *stage)
{
    stage->decision.identity = (struct identity){.claim = CLAIM_UNKNOWN,
                                                 .address = "new@nowhere.test"};
}

/* A ticket as the mail will open it, before its sender is anybody. */
static void come_new(struct stage *stage)
{
    come_from_nobody_known(stage);
    g_ptr_array_set_size(stage->records->tickets, 0);
    g_ptr_array_add(stage->records->tickets, ticket_record_new());
    stage->ticket = stage->records->tickets->pdata[0];
    stage->ticket->id = REF_NEW;
    stage->ticket->requester = REF_NEW;
    stage->scene.ticket = stage->ticket;
    customer_record_set(&stage->records->customer, &stage->records->ticket_customer);
}

/* What the plan makes has an address already. */
static void come_new_with_change(struct stage *stage)
{
    come_new(stage);
    (void)plan_add_change(stage->plan, CHANGE_TICKET_OPEN);
    plan_add_change(stage->plan, CHANGE_PERSON_ADD)->person = REF_NEW_PERSON(1);
    struct change *add = plan_add_change(stage->plan, CHANGE_PERSON_ADD);
    add->person = REF_NEW;
    add->address = g_strdup("as-planned@nowhere.test");
}

/* A technician opens a ticket for somebody who is new. */
static void come_for_somebody_new(struct stage *stage)
{
    come_new(stage);
    come_from(stage, BEN);
    struct change *add = plan_add_change(stage->plan, CHANGE_PERSON_ADD);
    add->person = REF_NEW_PERSON(1);
    add->address = g_strdup("lisa@acme.example");
    stage->ticket->requester = REF_NEW_PERSON(1);
}

static void come_by_command_to_planned(struct stage *stage)
{
    stage->scene.decision = NULL;
    stage->ticket->requester = REF_NEW;
}

static void disable_assignee(struct stage *stage)
{
    stage->ticket->assignee = GONE;
}

static void assign_to_nobody_known(struct stage *stage)
{
    stage->ticket->assignee = 999;
}

static void use_no_status_of_the_desk(struct stage *stage)
{
    world_set(&stage->ticket->status_name, "");
}

static void be_of_the_future(struct stage *stage)
{
    int64_t later_us = stage->records->now_us + HOUR_US;

    stage->ticket->created_at_us = later_us;
    stage->ticket->contact_word_at_us = later_us;
    stage->ticket->technician_word_at_us = later_us;
    stage->ticket->changed_at_us = later_us;
}

static void be_of_another_customer(struct stage *stage)
{
    stage->ticket->customer = OTHER;
    stage->records->ticket_customer.id = OTHER;
    world_set(&stage->records->ticket_customer.name, "Other Ltd");
    world_set(&stage->records->ticket_customer.country, "Malta");
}

static void be_of_no_customer(struct stage *stage)
{
    stage->ticket->customer = 0;
}

static void know_little_of_customer(struct stage *stage)
{
    struct customer_record *customer = &stage->records->customer;

    customer->main_contact = 0;
    world_set(&customer->number, "");
    world_set(&customer->rank, "");
    world_set(&customer->language, "");
    world_set(&customer->country, "");
}

static void be_holiday(struct stage *stage)
{
    const int64_t day = 20241004;

    g_array_append_val(stage->records->calendar.holidays, day);
}

static void be_saturday_night(struct stage *stage)
{
    stage->records->now_us += 14 * HOUR_US;
}

static const struct {
    const char *name;
    void (*arrange)(struct stage *stage);
    const char *field;
    const char *want;
} SITUATIONS[] = {
    {"an empty mail", come_empty, "mail.from", "''"},
    {"an empty mail", come_empty, "mail.from-name", "''"},
    {"an empty mail", come_empty, "mail.from-domain", "''"},
    {"an empty mail", come_empty, "mail.to", "[]"},
    {"an empty mail", come_empty, "mail.cc", "[]"},
    {"an empty mail", come_empty, "mail.reply-to", "[]"},
    {"an empty mail", come_empty, "mail.subject", "''"},
    {"an empty mail", come_empty, "mail.body", "''"},
    {"an empty mail", come_empty, "mail.header.subject", "[]"},
    {"an empty mail", come_empty, "mail.attachments", "0"},
    {"an empty mail", come_empty, "mail.attachment-names", "[]"},
    {"an empty mail", come_empty, "mail.attachment-types", "[]"},
    {"an empty mail", come_empty, "mail.is-verified", "no"},
    {"an empty mail", come_empty, "mail.role", "'unknown'"},
    {"an empty mail", come_empty, "contact.address", "'anna@acme.example'"},
    {"a machine", come_from_machine, "mail.kind", "'list'"},
    {"a machine", come_from_machine, "mail.role", "'machine'"},
    {"thanks", come_as_thanks, "mail.is-thanks", "yes"},
    {"nothing proves it", come_unproved, "mail.is-verified", "no"},
    {"a token proves it", come_unproved_with_token, "mail.is-verified", "yes"},

    {"a new ticket", come_new, "ticket.number", "none"},
    {"a new ticket", come_new, "ticket.status", "['open']"},
    {"a new ticket", come_new, "ticket.title", "''"},
    {"a new ticket", come_new, "ticket.assignee", "none"},
    {"a new ticket", come_new, "ticket.assignee-is-disabled", "no"},
    {"a new ticket", come_new, "ticket.group", "none"},
    {"a new ticket", come_new, "ticket.product", "none"},
    {"a new ticket", come_new, "ticket.tags", "[]"},
    {"a new ticket", come_new, "ticket.customer", "none"},
    {"a new ticket", come_new, "ticket.age", "0s"},
    {"a new ticket", come_new, "ticket.since-contact", "none"},
    {"a new ticket", come_new, "ticket.since-technician", "none"},
    {"a new ticket", come_new, "ticket.since-change", "none"},
    {"a new ticket", come_new, "ticket.comments", "0"},
    {"a new ticket", come_new, "field.order", "none"},
    {"a new ticket", come_new, "ticket.requester", "'new@nowhere.test'"},
    {"a new ticket", come_new, "contact.address", "'new@nowhere.test'"},
    {"a new ticket", come_new, "contact.name", "none"},
    {"a new ticket", come_new, "contact.language", "none"},
    {"a new ticket", come_new, "contact.job-title", "none"},
    {"a new ticket", come_new, "contact.is-main-contact", "none"},
    {"a new ticket", come_new, "contact.is-confirmed", "none"},
    {"a new ticket", come_new, "customer.name", "none"},
    {"a new ticket", come_new, "customer.main-contact", "none"},
    {"its sender is planned", come_new_with_change, "ticket.requester",
     "'as-planned@nowhere.test'"},
    {"for somebody new", come_for_somebody_new, "mail.from", "'anna@acme.example'"},
    {"for somebody new", come_for_somebody_new, "ticket.requester", "'lisa@acme.example'"},
    {"for somebody new", come_for_somebody_new, "contact.address", "'lisa@acme.example'"},

    {"a colleague", come_from_carl, "contact.address", "'carl@acme.example'"},
    {"a colleague", come_from_carl, "contact.language", "none"},
    {"a colleague", come_from_carl, "contact.is-main-contact", "no"},
    {"a colleague", come_from_carl, "ticket.requester", "'anna@acme.example'"},
    {"a technician", come_from_ben, "contact.address", "'anna@acme.example'"},
    {"a technician who is a contact too", come_from_fritz, "contact.address",
     "'anna@acme.example'"},
    {"nobody whom the desk knows", come_from_nobody_known, "contact.address",
     "'anna@acme.example'"},

    {"the assignee is gone", disable_assignee, "ticket.assignee", "'gone@desk.example'"},
    {"the assignee is gone", disable_assignee, "ticket.assignee-is-disabled", "yes"},
    {"the assignee is unknown", assign_to_nobody_known, "ticket.assignee", "none"},
    {"a plain status", use_no_status_of_the_desk, "ticket.status", "['pending']"},
    {"a clock that goes back", be_of_the_future, "ticket.age", "0s"},
    {"a clock that goes back", be_of_the_future, "ticket.since-contact", "0s"},
    {"a clock that goes back", be_of_the_future, "ticket.since-technician", "0s"},
    {"a clock that goes back", be_of_the_future, "ticket.since-change", "0s"},

    {"another customer", be_of_another_customer, "ticket.customer", "'Other Ltd'"},
    {"another customer", be_of_another_customer, "customer.name", "'Other Ltd'"},
    {"another customer", be_of_another_customer, "customer.country", "'Malta'"},
    {"another customer", be_of_another_customer, "customer.main-contact", "none"},
    {"no customer", be_of_no_customer, "ticket.customer", "none"},
    {"no customer", be_of_no_customer, "customer.name", "none"},
    {"no customer", be_of_no_customer, "customer.rank", "none"},
    {"little known", know_little_of_customer, "customer.number", "none"},
    {"little known", know_little_of_customer, "customer.rank", "none"},
    {"little known", know_little_of_customer, "customer.language", "none"},
    {"little known", know_little_of_customer, "customer.country", "none"},
    {"little known", know_little_of_customer, "customer.main-contact", "none"},
    {"little known", know_little_of_customer, "customer.name", "'Acme GmbH'"},

    {"a holiday", be_holiday, "time.is-holiday", "yes"},
    {"a holiday", be_holiday, "time.is-working", "no"},
    {"the night", be_saturday_night, "time.is-working", "no"},
    {"the night", be_saturday_night, "time.weekday", "'saturday'"},
    {"the night", be_saturday_night, "time.of-day", "1815s"},

    {"by command", come_by_command, "mail.from", "none"},
    {"by command", come_by_command, "mail.is-verified", "none"},
    {"by command", come_by_command, "contact.address", "'anna@acme.example'"},
    {"no mail", come_without_mail, "contact.address", "'anna@acme.example'"},
    {"no mail", come_without_mail, "customer.name", "'Acme GmbH'"},
    {"no mail that makes anybody", come_by_command_to_planned, "ticket.requester", "none"},
    {"no mail that makes anybody", come_by_command_to_planned, "contact.address", "none"},
};

Test(rule_scene, shows_what_there_is_in_each_situation)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SITUATIONS); i++) {
        STAGE stage;

        stage_set(&stage);
        SITUATIONS[i].arrange(&stage);
        g_autofree char *got = seen(&stage, SITUATIONS[i].field);
        cr_expect_str_eq(got, SITUATIONS[i].want, "%s, %s: got %s", SITUATIONS[i].name,
                         SITUATIONS[i].field, got);
        cr_expect_not(wants_are_any(&stage.plan->wants), "%s", SITUATIONS[i].name);
    }
}

Test(rule_scene, shows_nothing_of_a_mail_where_there_is_none)
{
    STAGE stage;
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    stage_set(&stage);
    come_without_mail(&stage);
    for (size_t i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf(
            "%s%s", fields[i].name, g_str_has_suffix(fields[i].name, ".") ? "order" : "");
        g_autofree char *got = seen(&stage, name);
        cr_expect_eq(strcmp(got, "none") == 0, fields[i].field <= RULE_MAIL_ROLE, "%s: got %s",
                     name, got);
    }
}

Test(rule_scene, asks_for_a_customer_whom_the_records_do_not_hold)
{
    static const char *const FIELDS[] = {"ticket.customer", "customer.name", "customer.rank"};

    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        for (int is_heard = 0; is_heard < 2; is_heard++) {
            STAGE stage;

            stage_set(&stage);
            stage.ticket->customer = OTHER;
            stage.scene.wants = is_heard ? &stage.plan->wants : NULL;
            g_autofree char *got = seen(&stage, FIELDS[i]);
            cr_expect_str_eq(got, "none", "%s", FIELDS[i]);
            cr_expect_eq(stage.plan->wants.customer, is_heard ? OTHER : 0, "%s", FIELDS[i]);
        }
    }
}

Test(rule_scene, knows_the_address_of_everybody_whom_it_can_name)
{
    STAGE stage;

    stage_set(&stage);
    struct change *add = plan_add_change(stage.plan, CHANGE_PERSON_ADD);
    add->person = REF_NEW_PERSON(1);
    add->address = g_strdup("lisa@acme.example");
    cr_expect_str_eq(rule_scene_address(&stage.scene, CLARA), "clara@desk.example");
    cr_expect_str_eq(rule_scene_address(&stage.scene, REF_NEW_PERSON(1)), "lisa@acme.example");
    cr_expect_str_eq(rule_scene_address(&stage.scene, REF_NEW), "anna@acme.example");
    cr_expect_null(rule_scene_address(&stage.scene, REF_NONE));
    cr_expect_null(rule_scene_address(&stage.scene, 999));
}

/* ---- what an event has changed ----------------------------------------------------------------- */

static void change_nothing(struct stage *stage)
{
    (void)stage;
}

static void change_status(struct stage *stage)
{
    stage->before->status = TICKET_OPEN;
    world_set(&stage->before->status_name, "");
}

static void change_status_of_the_desk(struct stage *stage)
{
    world_set(&stage->before->status_name, "asked");
}

static void change_priority(struct stage *stage)
{
    world_set(&stage->before->priority, "low");
}

static void change_assignee(struct stage *stage)
{
    stage->before->assignee = 0;
}

static void change_comments(struct stage *stage)
{
    stage->before->comments = 4;
}

static void change_tags(struct stage *stage)
{
    g_ptr_array_set_size(stage->before->tags, 1);
}

static void change_field(struct stage *stage)
{
    g_ptr_array_set_size(stage->before->custom, 0);
}

static void forget_before(struct stage *stage)
{
    stage->scene.before = NULL;
}

static const struct {
    const char *name;
    void (*change)(struct stage *stage);
    const char *field;
    bool has_changed;
    const char *was;
} CHANGES[] = {
    {"nothing", change_nothing, "ticket.priority", false, "'high'"},
    {"nothing", change_nothing, "ticket.tags", false, "['vip' 'paper']"},
    {"nothing", change_nothing, "ticket.status", false, "['pending' 'waiting']"},
    {"nothing", change_nothing, "ticket.comments", false, "5"},
    {"nothing", change_nothing, "field.other", false, "none"},
    {"a text", change_priority, "ticket.priority", true, "'low'"},
    {"another text", change_priority, "ticket.impact", false, "'major'"},
    {"what is there now", change_assignee, "ticket.assignee", true, "none"},
    {"a number", change_comments, "ticket.comments", true, "4"},
    {"one text more", change_tags, "ticket.tags", true, "['vip']"},
    {"the status", change_status, "ticket.status", true, "['open']"},
    {"a status that maps to the same", change_status_of_the_desk, "ticket.status", true,
     "['pending' 'asked']"},
    {"a field of the desk's own", change_field, "field.order", true, "none"},
    {"a ticket that no event changes", forget_before, "ticket.priority", false, "none"},
    {"the mail, never", change_priority, "mail.role", false, "none"},
    {"the contact, never", change_priority, "contact.address", false, "none"},
};

Test(rule_scene, tells_what_an_event_has_changed)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CHANGES); i++) {
        STAGE stage;
        const char *key = NULL;
        const struct rule_field_info *info = field_named(CHANGES[i].field, &key);
        struct rule_value value = {.type = RULE_TIME};

        stage_set(&stage);
        stage.before = ticket_record_copy(stage.ticket);
        stage.scene.before = stage.before;
        CHANGES[i].change(&stage);
        struct rule_world world = rule_scene_world(&stage.scene);
        bool has_changed = world.was(world.of, info->field, key, &value);
        g_autofree char *was = shown(&value);
        g_clear_pointer(&value.texts, g_ptr_array_unref);
        cr_expect_eq(has_changed, CHANGES[i].has_changed, "%s", CHANGES[i].name);
        cr_expect_str_eq(was, CHANGES[i].was, "%s: got %s", CHANGES[i].name, was);
    }
}
