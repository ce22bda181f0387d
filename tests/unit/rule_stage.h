/* A scene for the tests of what rules see: a mail to a ticket of which everything is known. */
#ifndef TESTS_RULE_STAGE_H
#define TESTS_RULE_STAGE_H

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decision.h"
#include "desk/rule_records.h"
#include "desk/rule_scene.h"
#include "desk_world.h"

#define NET 31

static const int64_t SECOND_US = 1000000;
static const int64_t HOUR_US = INT64_C(3600) * 1000000;

/* A mail of Anna's to her ticket 12, on a Friday (2024-10-04) at 10:30:15 in Berlin. */
struct stage {
    struct facts *facts;
    struct records *records;
    struct plan *plan;
    struct decision decision;
    struct ticket_record *ticket; /* of the records */
    struct ticket_record *before; /* own; NULL */
    struct rule_scene scene;
};

static inline void add_file(struct facts *facts, const char *name, const char *type)
{
    struct attachment *file = attachment_new();

    world_set(&file->name, name);
    world_set(&file->type, type);
    g_ptr_array_add(facts->attachments, file);
}

static inline void set_mail(struct facts *facts)
{
    static const char *const HEADERS[] = {"x-spam-flag: YES", "x-spam: no", "x-spam-flag: maybe",
                                          "x-empty: ", "list-id: <a>"};

    world_set(&facts->from->name, "Anna A.");
    g_ptr_array_add(facts->to, address_new("support@desk.example", "Desk"));
    g_ptr_array_add(facts->to, address_new("carl@acme.example", ""));
    g_ptr_array_add(facts->cc, address_new("dora@acme.example", ""));
    g_ptr_array_add(facts->reply_to, address_new("form@acme.example", ""));
    for (size_t i = 0; i < G_N_ELEMENTS(HEADERS); i++) {
        g_ptr_array_add(facts->headers, g_strdup(HEADERS[i]));
    }
    add_file(facts, "log.txt", "text/plain");
    add_file(facts, "bild.png", "image/png");
    facts->attachments_left_out = 3;
}

static inline void set_ticket(struct ticket_record *ticket, int64_t now_us)
{
    ticket->assignee = BEN;
    ticket->group = NET;
    ticket->status = TICKET_PENDING;
    world_set(&ticket->status_name, "waiting");
    world_set(&ticket->type, "problem");
    world_set(&ticket->priority, "high");
    world_set(&ticket->impact, "major");
    world_set(&ticket->product, "Printers");
    world_set(&ticket->activity_status, "read");
    world_set(&ticket->source, "cli");
    g_ptr_array_add(ticket->tags, g_strdup("vip"));
    g_ptr_array_add(ticket->tags, g_strdup("paper"));
    g_ptr_array_add(ticket->custom, g_strdup("order"));
    g_ptr_array_add(ticket->custom, g_strdup("A-17"));
    ticket->created_at_us = now_us - 50 * HOUR_US;
    ticket->contact_word_at_us = now_us - 3 * HOUR_US;
    ticket->technician_word_at_us = now_us - 2 * HOUR_US;
    ticket->changed_at_us = now_us - HOUR_US;
    ticket->comments = 5;
}

static inline void set_desk(struct records *records)
{
    const int64_t friday = INT64_C(4) * CALENDAR_DAY_MINUTES;
    const int64_t opens = friday + 9 * 60;
    const int64_t closes = friday + 17 * 60;
    struct person_record *anna = world_person(records, ANNA);

    records->now_us = WORLD_NOW_US + 8 * HOUR_US + 1815 * SECOND_US;
    records->bytes = 20480;
    world_set(&records->calendar.zone, "Europe/Berlin");
    g_array_append_val(records->calendar.opens, opens);
    g_array_append_val(records->calendar.closes, closes);
    rule_records_add_group(&records->rule, NET, "Net", 0);
    world_set(&anna->language, "de");
    world_set(&anna->job_title, "Buyer");
    anna->is_main_contact = true;
    records->customer.main_contact = CARL;
    world_set(&records->customer.number, "K-100");
    world_set(&records->customer.rank, "gold");
    world_set(&records->customer.language, "fr");
    world_set(&records->customer.country, "Austria");
}

static inline void stage_set(struct stage *stage)
{
    *stage = (struct stage){
        .facts = world_facts("anna@acme.example", "Drucker", PASS("acme.example")),
        .records = world_records(),
        .plan = plan_new(),
    };
    world_find_sender(stage->records, "anna@acme.example");
    set_mail(stage->facts);
    set_desk(stage->records);
    stage->ticket = world_ticket(stage->records, 12);
    set_ticket(stage->ticket, stage->records->now_us);
    stage->plan->role = ROLE_CONTACT;
    stage->decision = (struct decision){.facts = stage->facts,
                                        .records = stage->records,
                                        .plan = stage->plan,
                                        .identity = {.claim = CLAIM_CONTACT,
                                                     .address = stage->facts->from->address,
                                                     .person = world_person(stage->records, ANNA)},
                                        .evidence = {.auth = AUTH_PASS}};
    stage->scene = (struct rule_scene){.records = stage->records,
                                       .decision = &stage->decision,
                                       .ticket = stage->ticket,
                                       .wants = &stage->plan->wants};
}

static inline void stage_clear(struct stage *stage)
{
    facts_free(stage->facts);
    records_free(stage->records);
    plan_free(stage->plan);
    ticket_record_free(stage->before);
}

#define STAGE CLEANUP(stage_clear) struct stage

/* "mail.header.x-spam": the field, and in *key_out "x-spam". */
static inline const struct rule_field_info *field_named(const char *name, const char **key_out)
{
    size_t count = 0;
    const struct rule_field_info *fields = rule_field_list(&count);

    *key_out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (g_str_has_suffix(fields[i].name, ".") && g_str_has_prefix(name, fields[i].name)) {
            *key_out = name + strlen(fields[i].name);
            return &fields[i];
        }
        if (strcmp(name, fields[i].name) == 0) {
            return &fields[i];
        }
    }
    cr_assert_fail("no field %s", name);
    return NULL;
}

/* none, 'text', ['text' 'text'], 7, yes, 90s; own. */
static inline char *shown(const struct rule_value *value)
{
    switch (value->type) {
    case RULE_TEXT:
        return g_strdup_printf("'%s'", value->text);
    case RULE_NUMBER:
        return g_strdup_printf("%" G_GINT64_FORMAT, value->number);
    case RULE_BOOL:
        return g_strdup(value->number != 0 ? "yes" : "no");
    case RULE_DURATION:
        return g_strdup_printf("%" G_GINT64_FORMAT "s", value->number / SECOND_US);
    case RULE_TEXTS: {
        GString *list = g_string_new("[");
        for (guint i = 0; i < value->texts->len; i++) {
            g_string_append_printf(list, "%s'%s'", i > 0 ? " " : "",
                                   (char *)value->texts->pdata[i]);
        }
        return g_string_free(g_string_append_c(list, ']'), FALSE);
    }
    case RULE_NOTHING:
        return g_strdup("none");
    case RULE_TIME:
        break;
    }
    return g_strdup("?");
}

/* What a rule sees; own. It is of the type that the language says, or nothing. */
static inline char *seen(const struct stage *stage, const char *name)
{
    struct rule_world world = rule_scene_world(&stage->scene);
    const char *key = NULL;
    const struct rule_field_info *info = field_named(name, &key);
    struct rule_value value = {.type = RULE_TIME};

    world.get(world.of, info->field, key, &value);
    cr_expect(value.type == RULE_NOTHING || value.type == info->type, "%s has another type", name);
    char *text = shown(&value);
    g_clear_pointer(&value.texts, g_ptr_array_unref);
    return text;
}

#endif
