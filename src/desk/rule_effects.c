/* rule_effects - what rules want, as changes and mails of a plan
 *
 *     set, tag, assign      one change of a field each; the ticket as it will be (after) goes along
 *     add cc, requester     people, made where the desk does not know them
 *     note, link, web-hook  one change each
 *
 * Mails are made by desk/rule_mails.
 * Conflicts are solved already (rules/eval): what stands here holds. Names are looked up in the records; what is not
 * there yet goes on the list of wants, and the change waits for the next round. What cannot be done is a fault of the
 * rule, in the ticket's history, and the rest goes on.
 * Pure.
 */
#include "desk/rule_effects.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/pick.h"
#include "desk/rule_scene.h"
#include "desk/ticket_field.h"
#include "message/address.h"

/* ---- looking up -------------------------------------------------------------------------------- */

static void want_text(GPtrArray *list, const char *text)
{
    if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL)) {
        g_ptr_array_add(list, g_strdup(text));
    }
}

const struct address_record *rule_effects_look_up(const struct decision *decision,
                                                  const char *address)
{
    g_autofree char *key = address_key(address);
    const struct address_record *record = records_address(decision->records, key);

    if (record == NULL) {
        want_text(decision->plan->wants.addresses, key);
    }
    return record;
}

const struct person_record *rule_effects_person(const struct decision *decision,
                                                const char *address)
{
    const struct address_record *record = rule_effects_look_up(decision, address);

    return record == NULL ? NULL : records_person(decision->records, record->person);
}

void rule_effects_fault(const struct decision *decision, const struct rule_effect *effect,
                        const char *format, ...)
{
    struct change *change = plan_add_change(decision->plan, CHANGE_RULE_FAULT);
    va_list arguments;

    va_start(arguments, format);
    change->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    change->reason = g_strdup("a rule failed");
    change->ticket = decision->plan->ticket;
    change->rule = g_strdup(rule_name(effect->rule));
    plan_say(decision->plan->may, "rule \"%s\" failed: %s", change->rule, change->text);
}

static struct change *add_change(const struct decision *decision, const struct rule_effect *effect,
                                 enum change_kind kind)
{
    struct change *change = plan_add_change(decision->plan, kind);

    change->ticket = decision->plan->ticket;
    change->rule = g_strdup(rule_name(effect->rule));
    change->reason = g_strdup_printf("rule \"%s\"", change->rule);
    return change;
}

static struct change *add_set(const struct decision *decision, const struct rule_effect *effect,
                              enum ticket_field field)
{
    struct change *change = add_change(decision, effect, CHANGE_TICKET_SET);

    change->field = field;
    return change;
}

static void replace(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

/* ---- people ------------------------------------------------------------------------------------ */

/* Whom the plan makes already: its sender, somebody in Cc, or whom another rule named. REF_NONE: nobody. */
static person_id planned_person(const struct plan *plan, const char *address)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = plan->changes->pdata[i];
        if (change->kind == CHANGE_PERSON_ADD &&
            g_ascii_strcasecmp(change->address, address) == 0) {
            return change->person;
        }
    }
    return REF_NONE;
}

/* Somebody whom a rule names: the desk's, or one that the plan makes. REF_NONE: he is looked up first. */
static person_id person_for(struct decision *decision, const struct rule_effect *effect,
                            const char *address)
{
    g_autofree char *normal = NULL;
    struct err err = {.status = ST_OK};

    if (address_normalise(address, &normal, &err) != ST_OK ||
        records_is_own_address(decision->records, normal)) {
        rule_effects_fault(decision, effect, "\"%s\" is no address of a person", address);
        return REF_NONE;
    }
    const struct address_record *record = rule_effects_look_up(decision, normal);
    if (record == NULL) {
        return REF_NONE;
    }
    if (record->person != 0) {
        return record->person;
    }
    person_id planned = planned_person(decision->plan, normal);
    if (planned != REF_NONE) {
        return planned;
    }
    decision->brought_in++;
    struct change *add = add_change(decision, effect, CHANGE_PERSON_ADD);
    add->person = REF_NEW_PERSON(decision->brought_in);
    add->customer = record->domain_customer;
    add->address = g_strdup(normal);
    add->name = g_strdup("");
    return add->person;
}

static void set_requester(struct decision *decision, const struct rule_effect *effect)
{
    person_id person = person_for(decision, effect, effect->text);

    if (person != REF_NONE) {
        struct change *change = add_set(decision, effect, TICKET_FIELD_REQUESTER);
        change->person = person;
        change->text = g_strdup(effect->text);
        decision->after->requester = person;
    }
}

/* An address may come out of the mail itself: nobody is to be brought in whom neither the desk nor the ticket's customer
 * knows, or anybody could have our mail sent to whom he likes. */
static bool may_join(const struct decision *decision, const struct rule_effect *effect)
{
    const struct address_record *record = rule_effects_look_up(decision, effect->text);
    const struct person_record *person = record == NULL
                                             ? NULL
                                             : records_person(decision->records, record->person);
    bool is_of_customer = record != NULL && record->domain_customer != 0 &&
                          record->domain_customer == decision->after->customer;

    if (record == NULL || (person != NULL && !person->is_disabled) ||
        (person == NULL && is_of_customer)) {
        return true; /* not looked up yet: person_for says so */
    }
    rule_effects_fault(decision, effect, "\"%s\" is nobody who could take part", effect->text);
    return false;
}

static bool takes_part(const struct decision *decision, person_id person)
{
    const GPtrArray *changes = decision->plan->changes;

    for (guint i = 0; i < changes->len; i++) {
        const struct change *change = changes->pdata[i];
        if (change->kind == CHANGE_PARTICIPANT_ADD && change->person == person) {
            return true;
        }
    }
    return identity_is_party(person, decision->after);
}

static void add_cc(struct decision *decision, const struct rule_effect *effect)
{
    person_id person = may_join(decision, effect) ? person_for(decision, effect, effect->text)
                                                  : REF_NONE;

    if (person != REF_NONE && !takes_part(decision, person)) {
        add_change(decision, effect, CHANGE_PARTICIPANT_ADD)->person = person;
    }
}

/* ---- assigning --------------------------------------------------------------------------------- */

group_id rule_effects_group(const struct decision *decision, const struct rule_effect *effect)
{
    if (effect->text[0] == '\0') {
        return decision->after->group;
    }
    const struct group_record *group = rule_records_group_named(&decision->records->rule,
                                                                effect->text);

    return group == NULL ? 0 : group->id;
}

/* A member of the group who is there. */
static person_id pick_of_group(struct decision *decision, const struct rule_effect *effect)
{
    group_id group = rule_effects_group(decision, effect);

    if (group == 0) {
        rule_effects_fault(decision, effect, "there is no group \"%s\" to pick from", effect->text);
        return REF_NONE;
    }
    if (!decision->records->rule.has_loads) {
        decision->plan->wants.has_loads = true;
        return REF_NONE;
    }
    person_id person = effect->pick == PICK_ROUND_ROBIN
                           ? pick_round_robin(decision->records, group)
                           : pick_least_loaded(decision->records, group);
    if (person == 0) {
        rule_effects_fault(decision, effect, "nobody of the group is there");
    }
    return person;
}

static person_id pick_person(struct decision *decision, const struct rule_effect *effect)
{
    const struct person_record *person = NULL;

    switch (effect->pick) {
    case PICK_ROUND_ROBIN:
    case PICK_LEAST_LOADED:
        return pick_of_group(decision, effect);
    case PICK_SENDER:
        person = records_person(decision->records, decision->plan->sender);
        break;
    default:
        person = rule_effects_person(decision, effect->text);
        if (person == NULL && decision->plan->wants.addresses->len > 0) {
            return REF_NONE;
        }
    }
    if (person == NULL || !person->is_technician || person->is_disabled) {
        rule_effects_fault(decision, effect, "%s is no technician of the desk",
                           effect->pick == PICK_SENDER ? "the sender" : effect->text);
        return REF_NONE;
    }
    return person->id;
}

static void assign(struct decision *decision, const struct rule_effect *effect)
{
    person_id person = effect->pick == PICK_NOBODY ? 0 : pick_person(decision, effect);

    if (effect->pick != PICK_NOBODY && person == REF_NONE) {
        return;
    }
    struct change *change = add_set(decision, effect, TICKET_FIELD_ASSIGNEE);
    change->person = person;
    change->group = effect->pick == PICK_ROUND_ROBIN ? rule_effects_group(decision, effect) : 0;
    change->text = g_strdup(effect->text);
    decision->after->assignee = person;
}

/* ---- fields ------------------------------------------------------------------------------------ */

/* "none" of a rule: the field is emptied. What a pattern did not find never gets here. */
static bool is_none(const struct rule_effect *effect)
{
    return effect->text[0] == '\0';
}

static const struct {
    enum rule_field rule;
    enum ticket_field field;
} FIELDS[] = {
    {RULE_TICKET_STATUS, TICKET_FIELD_STATUS},     {RULE_TICKET_TYPE, TICKET_FIELD_TYPE},
    {RULE_TICKET_PRIORITY, TICKET_FIELD_PRIORITY}, {RULE_TICKET_IMPACT, TICKET_FIELD_IMPACT},
    {RULE_TICKET_PRODUCT, TICKET_FIELD_PRODUCT},   {RULE_TICKET_GROUP, TICKET_FIELD_GROUP},
    {RULE_TICKET_TITLE, TICKET_FIELD_TITLE},       {RULE_TICKET_REQUESTER, TICKET_FIELD_REQUESTER},
    {RULE_TICKET_CUSTOMER, TICKET_FIELD_CUSTOMER}, {RULE_CUSTOM, TICKET_FIELD_CUSTOM},
};

/* Which fields can be set is asked when rules are compiled (rules/check_action). */
static enum ticket_field field_of(enum rule_field rule)
{
    size_t i = 0;

    while (FIELDS[i].rule != rule) {
        i++;
        assert(i < G_N_ELEMENTS(FIELDS));
    }
    return FIELDS[i].field;
}

/* The words of other fields are the program's, and asked for when rules are compiled; the desk's own may have gone since. */
static bool is_status(const struct records *records, const char *word)
{
    return g_strv_contains(ticket_field_words(TICKET_FIELD_STATUS), word) ||
           rule_records_status_named(&records->rule, word) != NULL;
}

static void set_status(struct ticket_record *ticket, const struct records *records,
                       const char *word)
{
    const struct status_record *own = rule_records_status_named(&records->rule, word);
    struct err err = {.status = ST_OK};

    replace(&ticket->status_name, own == NULL ? "" : word);
    if (own != NULL) {
        ticket->status = own->maps_to;
        return;
    }
    enum status parsed = ticket_status_parse(word, &ticket->status, &err);
    assert(parsed == ST_OK); /* is_status has asked */
    (void)parsed;
}

static void set_custom(struct ticket_record *ticket, const char *name, const char *value)
{
    for (guint i = 0; i + 1 < ticket->custom->len; i += 2) {
        if (strcmp(ticket->custom->pdata[i], name) == 0) {
            replace((char **)&ticket->custom->pdata[i + 1], value);
            return;
        }
    }
    g_ptr_array_add(ticket->custom, g_strdup(name));
    g_ptr_array_add(ticket->custom, g_strdup(value));
}

static void foresee_plain(const struct records *records, struct ticket_record *after,
                          const struct change *change)
{
    switch (change->field) {
    case TICKET_FIELD_STATUS:
        set_status(after, records, change->text);
        break;
    case TICKET_FIELD_TITLE:
        replace(&after->subject, change->text);
        break;
    case TICKET_FIELD_TYPE:
        replace(&after->type, change->text);
        break;
    case TICKET_FIELD_PRIORITY:
        replace(&after->priority, change->text);
        break;
    case TICKET_FIELD_IMPACT:
        replace(&after->impact, change->text);
        break;
    case TICKET_FIELD_PRODUCT:
        replace(&after->product, change->text);
        break;
    default:
        assert(change->field == TICKET_FIELD_CUSTOM);
        set_custom(after, change->name, change->text);
    }
}

static void set_group(struct decision *decision, const struct rule_effect *effect)
{
    const struct group_record *group = rule_records_group_named(&decision->records->rule,
                                                                effect->text);

    if (group == NULL && !is_none(effect)) {
        rule_effects_fault(decision, effect, "there is no group \"%s\"", effect->text);
        return;
    }
    struct change *change = add_set(decision, effect, TICKET_FIELD_GROUP);
    change->group = group == NULL ? 0 : group->id;
    change->text = g_strdup(effect->text);
    decision->after->group = change->group;
}

static void set_customer(struct decision *decision, const struct rule_effect *effect)
{
    const struct customer_name_record *customer =
        rule_records_customer_named(&decision->records->rule, effect->text);

    if (customer == NULL && !is_none(effect)) {
        want_text(decision->plan->wants.customers, effect->text);
        return;
    }
    if (customer != NULL && customer->id == 0) {
        rule_effects_fault(decision, effect, "there is no customer \"%s\"", effect->text);
        return;
    }
    struct change *change = add_set(decision, effect, TICKET_FIELD_CUSTOMER);
    change->customer = customer == NULL ? 0 : customer->id;
    change->text = g_strdup(customer == NULL ? "" : customer->name);
    decision->after->customer = change->customer;
}

static void set_plain(struct decision *decision, const struct rule_effect *effect,
                      enum ticket_field field)
{
    struct ticket_record *after = decision->after;

    if (field == TICKET_FIELD_STATUS && !is_status(decision->records, effect->text)) {
        rule_effects_fault(decision, effect, "\"%s\" is no status", effect->text);
        return;
    }
    struct change *change = add_set(decision, effect, field);
    change->name = g_strdup(effect->name);
    change->text = field == TICKET_FIELD_TITLE ? text_one_line(effect->text, LIMIT_SUBJECT_CHARS)
                                               : g_strdup(effect->text);
    foresee_plain(decision->records, after, change);
}

static void set_field(struct decision *decision, const struct rule_effect *effect)
{
    enum ticket_field field = field_of(effect->field);

    switch (field) {
    case TICKET_FIELD_GROUP:
        set_group(decision, effect);
        break;
    case TICKET_FIELD_REQUESTER:
        set_requester(decision, effect);
        break;
    case TICKET_FIELD_CUSTOMER:
        set_customer(decision, effect);
        break;
    default:
        set_plain(decision, effect, field);
    }
}

static bool was_looked_for(const struct records *records, ticket_id ticket)
{
    for (guint i = 0; i < records->rule.tickets->len; i++) {
        if (g_array_index(records->rule.tickets, int64_t, i) == ticket) {
            return true;
        }
    }
    return false;
}

static void link_ticket(struct decision *decision, const struct rule_effect *effect)
{
    int64_t number = 0;
    struct err err = {.status = ST_OK};
    const char *digits = effect->text[0] == '#' ? effect->text + 1 : effect->text;

    if (text_parse_int64(digits, 1, INT64_MAX, &number, &err) != ST_OK) {
        rule_effects_fault(decision, effect, "\"%s\" is not the number of a ticket", effect->text);
        return;
    }
    const struct ticket_record *other = records_ticket(decision->records, number);
    if (other == NULL && !was_looked_for(decision->records, number)) {
        g_array_append_val(decision->plan->wants.tickets, number);
        return;
    }
    if (other == NULL || number == decision->plan->ticket) {
        rule_effects_fault(decision, effect, "there is no other ticket %" PRId64, number);
        return;
    }
    struct change *change = add_change(decision, effect, CHANGE_TICKET_LINK);
    change->other = number;
    change->text = g_strdup_printf("rule \"%s\"", rule_name(effect->rule));
}

/* ---- web hooks --------------------------------------------------------------------------------- */

static void add_value(GPtrArray *values, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        g_ptr_array_add(values, g_strdup(name));
        g_ptr_array_add(values, g_strdup(value));
    }
}

/* The ticket's fields as the rules leave them. */
static GPtrArray *values_of(const struct decision *decision)
{
    const struct ticket_record *after = decision->after;
    const struct rule_scene scene = {.records = decision->records,
                                     .decision = decision->facts == NULL ? NULL : decision,
                                     .ticket = after};
    const struct group_record *group = rule_records_group(&decision->records->rule, after->group);
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);

    add_value(values, "status",
              after->status_name[0] != '\0' ? after->status_name
                                            : ticket_status_name(after->status));
    add_value(values, "title", after->subject);
    add_value(values, "type", after->type);
    add_value(values, "priority", after->priority);
    add_value(values, "impact", after->impact);
    add_value(values, "product", after->product);
    add_value(values, "group", group == NULL ? NULL : group->name);
    add_value(values, "assignee", rule_scene_address(&scene, after->assignee));
    add_value(values, "requester", rule_scene_address(&scene, after->requester));
    for (guint i = 0; i + 1 < after->custom->len; i += 2) {
        g_autofree char *name = g_strdup_printf("field.%s", (char *)after->custom->pdata[i]);
        add_value(values, name, after->custom->pdata[i + 1]);
    }
    return values;
}

static void call_hook(const struct decision *decision, const struct rule_effect *effect)
{
    struct change *change = add_change(decision, effect, CHANGE_WEB_HOOK);

    change->text = g_strdup(effect->text);
    change->name = g_strdup(decision->event);
    change->values = values_of(decision);
}

/* ---- all changes ------------------------------------------------------------------------------- */

static void change_for(struct decision *decision, const struct rule_effect *effect)
{
    struct change *change = NULL;

    switch (effect->kind) {
    case EFFECT_SET:
        set_field(decision, effect);
        break;
    case EFFECT_TAG:
    case EFFECT_UNTAG:
        change = add_set(decision, effect, TICKET_FIELD_TAG);
        change->text = g_strdup(effect->text);
        change->is_removed = effect->kind == EFFECT_UNTAG;
        break;
    case EFFECT_ASSIGN:
        assign(decision, effect);
        break;
    case EFFECT_ADD_CC:
        add_cc(decision, effect);
        break;
    case EFFECT_NOTE:
        add_change(decision, effect, CHANGE_NOTE_ADD)->text = text_cut(effect->text,
                                                                       LIMIT_COMMENT_CHARS, NULL);
        break;
    case EFFECT_LINK:
        link_ticket(decision, effect);
        break;
    case EFFECT_WEB_HOOK: /* when all fields are set */
    case EFFECT_ANSWER:
    case EFFECT_NOTIFY:
    case EFFECT_HOLD:
    case EFFECT_REJECT:
    case EFFECT_SPAM:
    case EFFECT_REQUESTER_FROM_REPLY_TO:
    case EFFECT_COUNT:
        break;
    }
}

void rule_effects_change(struct decision *decision)
{
    const GPtrArray *effects = decision->run->effects;

    for (guint i = 0; i < effects->len; i++) {
        change_for(decision, effects->pdata[i]);
    }
    for (guint i = 0; i < effects->len; i++) {
        const struct rule_effect *effect = effects->pdata[i];
        if (effect->kind == EFFECT_WEB_HOOK) {
            call_hook(decision, effect);
        }
    }
}

const struct address *rule_effects_requester(const struct decision *decision)
{
    const GPtrArray *reply_to = decision->facts == NULL ? NULL : decision->facts->reply_to;

    if (decision->run == NULL || reply_to == NULL || reply_to->len != 1) {
        return NULL;
    }
    const struct address *address = reply_to->pdata[0];
    for (guint i = 0; i < decision->run->effects->len; i++) {
        const struct rule_effect *effect = decision->run->effects->pdata[i];
        if (effect->kind == EFFECT_REQUESTER_FROM_REPLY_TO &&
            !records_is_own_address(decision->records, address->address)) {
            return address;
        }
    }
    return NULL;
}
