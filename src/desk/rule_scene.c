/* rule_scene - what rules see of a mail, a ticket, its people and the time
 *
 * One function a scope; the table in rules/field says which types to expect. Values are those of before the rules:
 * conditions never see what another rule does. What does not exist (no mail, no assignee, no word of a technician yet)
 * is RULE_NOTHING.
 *
 * A rule sees what a technician may see, and what is no secret: never a token, a nonce or a signature.
 * Pure: all of it from facts and records.
 */
#include "desk/rule_scene.h"

#include <assert.h>
#include <string.h>

#include "core/text.h"
#include "desk/calendar.h"
#include "desk/words.h"
#include "message/address.h"

/* ---- values ------------------------------------------------------------------------------------ */

static void give_text(struct rule_value *out, const char *text)
{
    out->type = text == NULL ? RULE_NOTHING : RULE_TEXT;
    out->text = text;
}

/* "" is none. */
static void give_word(struct rule_value *out, const char *text)
{
    give_text(out, text == NULL || text[0] == '\0' ? NULL : text);
}

static void give_number(struct rule_value *out, enum rule_type type, int64_t number)
{
    out->type = type;
    out->number = number;
}

static void give_since(struct rule_value *out, int64_t now_us, int64_t then_us)
{
    if (then_us != 0) {
        give_number(out, RULE_DURATION, MAX(now_us - then_us, 0));
    }
}

static void start_texts(struct rule_value *out)
{
    out->type = RULE_TEXTS;
    out->texts = g_ptr_array_new_with_free_func(g_free);
}

static void add_text(struct rule_value *out, const char *text)
{
    g_ptr_array_add(out->texts, g_strdup(text));
}

static void give_addresses(struct rule_value *out, const GPtrArray *addresses)
{
    start_texts(out);
    for (guint i = 0; i < addresses->len; i++) {
        add_text(out, ((const struct address *)addresses->pdata[i])->address);
    }
}

/* ---- the mail ---------------------------------------------------------------------------------- */

static void give_header(const struct facts *facts, const char *name, struct rule_value *out)
{
    size_t length = strlen(name);

    start_texts(out);
    for (guint i = 0; i < facts->headers->len; i++) {
        const char *field = facts->headers->pdata[i];
        if (g_ascii_strncasecmp(field, name, length) == 0 &&
            g_str_has_prefix(field + length, ": ")) {
            add_text(out, field + length + strlen(": "));
        }
    }
}

static void give_files(const struct facts *facts, bool are_types, struct rule_value *out)
{
    start_texts(out);
    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *file = facts->attachments->pdata[i];
        add_text(out, are_types ? file->type : file->name);
    }
}

static const char *kind_of(const struct facts *facts)
{
    return facts->auto_kind == AUTO_NONE ? "person" : auto_kind_name(facts->auto_kind);
}

static bool is_verified(const struct decision *decision)
{
    return decision->evidence.auth == AUTH_PASS || decision->evidence.token != OWN_NONE;
}

static void give_mail_people(const struct facts *facts, enum rule_field field,
                             struct rule_value *out)
{
    switch (field) {
    case RULE_MAIL_FROM:
        give_text(out, facts->from == NULL ? "" : facts->from->address);
        break;
    case RULE_MAIL_FROM_NAME:
        give_text(out, facts->from == NULL ? "" : facts->from->name);
        break;
    case RULE_MAIL_FROM_DOMAIN:
        give_text(out, facts->from == NULL ? "" : address_domain(facts->from->address));
        break;
    case RULE_MAIL_TO:
        give_addresses(out, facts->to);
        break;
    case RULE_MAIL_CC:
        give_addresses(out, facts->cc);
        break;
    default:
        give_addresses(out, facts->reply_to);
    }
}

static void give_mail(const struct rule_scene *scene, enum rule_field field, const char *key,
                      struct rule_value *out)
{
    const struct facts *facts = scene->decision == NULL ? NULL : scene->decision->facts;

    if (facts == NULL) {
        return;
    }
    switch (field) {
    case RULE_MAIL_SUBJECT:
        give_text(out, facts->subject);
        break;
    case RULE_MAIL_BODY:
        give_text(out, facts->text);
        break;
    case RULE_MAIL_HEADER:
        give_header(facts, key, out);
        break;
    case RULE_MAIL_SIZE:
        give_number(out, RULE_NUMBER, (int64_t)scene->records->bytes);
        break;
    case RULE_MAIL_ATTACHMENTS:
        give_number(out, RULE_NUMBER, facts->attachments->len + facts->attachments_left_out);
        break;
    case RULE_MAIL_ATTACHMENT_NAMES:
    case RULE_MAIL_ATTACHMENT_TYPES:
        give_files(facts, field == RULE_MAIL_ATTACHMENT_TYPES, out);
        break;
    case RULE_MAIL_KIND:
        give_text(out, kind_of(facts));
        break;
    case RULE_MAIL_IS_VERIFIED:
        give_number(out, RULE_BOOL, is_verified(scene->decision));
        break;
    case RULE_MAIL_IS_THANKS:
        give_number(out, RULE_BOOL, words_is_thanks(facts));
        break;
    case RULE_MAIL_MAILBOX:
        give_text(out, scene->records->mailbox.address);
        break;
    case RULE_MAIL_ROLE:
        give_text(out, role_name(scene->decision->plan->role));
        break;
    default:
        give_mail_people(facts, field, out);
    }
}

/* ---- the ticket -------------------------------------------------------------------------------- */

/* Only what the plan makes has such a number. */
static const char *planned_address(const struct decision *decision, person_id person)
{
    const GPtrArray *changes = decision->plan->changes;

    for (guint i = 0; i < changes->len; i++) {
        const struct change *change = changes->pdata[i];
        if (change->kind == CHANGE_PERSON_ADD && change->person == person) {
            return change->address;
        }
    }
    return decision->identity.address;
}

const char *rule_scene_address(const struct rule_scene *scene, person_id person)
{
    const struct person_record *record = records_person(scene->records, person);

    if (record != NULL) {
        return record->address;
    }
    return person < 0 && scene->decision != NULL ? planned_address(scene->decision, person) : NULL;
}

/* The type is in the name's definition; here a text is a text, and rules/eval reads numbers and dates from it. */
static void give_custom(const struct ticket_record *ticket, const char *name,
                        struct rule_value *out)
{
    give_word(out, ticket_record_custom(ticket, name));
}

static void give_status(const struct ticket_record *ticket, struct rule_value *out)
{
    start_texts(out);
    add_text(out, ticket_status_name(ticket->status));
    if (ticket->status_name[0] != '\0') {
        add_text(out, ticket->status_name);
    }
}

static void give_tags(const struct ticket_record *ticket, struct rule_value *out)
{
    start_texts(out);
    for (guint i = 0; i < ticket->tags->len; i++) {
        add_text(out, ticket->tags->pdata[i]);
    }
}

static void give_group(const struct records *records, group_id id, struct rule_value *out)
{
    const struct group_record *group = rule_records_group(&records->rule, id);

    give_word(out, group == NULL ? NULL : group->name);
}

/* The ticket's customer; one without a name where there is none. */
static const struct customer_record *customer_of(const struct rule_scene *scene,
                                                 const struct ticket_record *ticket)
{
    static const struct customer_record NONE = {.id = 0};
    const struct records *records = scene->records;

    if (ticket->customer == records->customer.id) {
        return &records->customer;
    }
    if (ticket->customer == records->ticket_customer.id) {
        return &records->ticket_customer;
    }
    if (scene->wants != NULL) {
        scene->wants->customer = ticket->customer;
    }
    return &NONE;
}

static void give_ticket_people(const struct rule_scene *scene, const struct ticket_record *ticket,
                               enum rule_field field, struct rule_value *out)
{
    const struct person_record *assignee = records_person(scene->records, ticket->assignee);

    switch (field) {
    case RULE_TICKET_ASSIGNEE:
        give_word(out, rule_scene_address(scene, ticket->assignee));
        break;
    case RULE_TICKET_ASSIGNEE_IS_DISABLED:
        give_number(out, RULE_BOOL, assignee != NULL && assignee->is_disabled);
        break;
    case RULE_TICKET_REQUESTER:
        give_word(out, rule_scene_address(scene, ticket->requester));
        break;
    case RULE_TICKET_GROUP:
        give_group(scene->records, ticket->group, out);
        break;
    default:
        give_word(out, customer_of(scene, ticket)->name);
    }
}

static void give_ticket_times(int64_t now_us, const struct ticket_record *ticket,
                              enum rule_field field, struct rule_value *out)
{
    switch (field) {
    case RULE_TICKET_AGE:
        give_number(out, RULE_DURATION,
                    ticket->created_at_us == 0 ? 0 : MAX(now_us - ticket->created_at_us, 0));
        break;
    case RULE_TICKET_SINCE_CONTACT:
        give_since(out, now_us, ticket->contact_word_at_us);
        break;
    case RULE_TICKET_SINCE_TECHNICIAN:
        give_since(out, now_us, ticket->technician_word_at_us);
        break;
    default:
        give_since(out, now_us, ticket->changed_at_us);
    }
}

static void give_ticket_fields(const struct ticket_record *ticket, enum rule_field field,
                               const char *key, struct rule_value *out)
{
    switch (field) {
    case RULE_TICKET_STATUS:
        give_status(ticket, out);
        break;
    case RULE_TICKET_TYPE:
        give_word(out, ticket->type);
        break;
    case RULE_TICKET_PRIORITY:
        give_word(out, ticket->priority);
        break;
    case RULE_TICKET_IMPACT:
        give_word(out, ticket->impact);
        break;
    case RULE_TICKET_PRODUCT:
        give_word(out, ticket->product);
        break;
    case RULE_TICKET_TAGS:
        give_tags(ticket, out);
        break;
    case RULE_TICKET_TITLE:
        give_text(out, ticket->subject);
        break;
    case RULE_TICKET_ACTIVITY:
        give_word(out, ticket->activity_status);
        break;
    case RULE_TICKET_SOURCE:
        give_word(out, ticket->source);
        break;
    default:
        give_custom(ticket, key, out);
    }
}

static void give_ticket(const struct rule_scene *scene, const struct ticket_record *ticket,
                        enum rule_field field, const char *key, struct rule_value *out)
{
    switch (field) {
    case RULE_TICKET_NUMBER:
        if (ticket->id > 0) {
            give_number(out, RULE_NUMBER, ticket->id);
        }
        break;
    case RULE_TICKET_COMMENTS:
        give_number(out, RULE_NUMBER, ticket->comments);
        break;
    case RULE_TICKET_ASSIGNEE:
    case RULE_TICKET_ASSIGNEE_IS_DISABLED:
    case RULE_TICKET_REQUESTER:
    case RULE_TICKET_GROUP:
    case RULE_TICKET_CUSTOMER:
        give_ticket_people(scene, ticket, field, out);
        break;
    case RULE_TICKET_AGE:
    case RULE_TICKET_SINCE_CONTACT:
    case RULE_TICKET_SINCE_TECHNICIAN:
    case RULE_TICKET_SINCE_CHANGE:
        give_ticket_times(scene->records->now_us, ticket, field, out);
        break;
    default:
        give_ticket_fields(ticket, field, key, out);
    }
}

/* ---- contact and customer ---------------------------------------------------------------------- */

/* The sender if he is a contact, else the ticket's requester; NULL: nobody the desk knew before this mail. */
static const struct person_record *contact_of(const struct rule_scene *scene)
{
    const struct person_record *sender = scene->decision == NULL ? NULL
                                                                 : scene->decision->identity.person;

    if (sender != NULL && sender->is_contact && !sender->is_technician) {
        return sender;
    }
    return records_person(scene->records, scene->ticket->requester);
}

static void give_contact(const struct rule_scene *scene, enum rule_field field,
                         struct rule_value *out)
{
    const struct person_record *person = contact_of(scene);

    if (person == NULL) {
        if (field == RULE_CONTACT_ADDRESS) {
            give_word(out, rule_scene_address(scene, scene->ticket->requester));
        }
        return;
    }
    switch (field) {
    case RULE_CONTACT_ADDRESS:
        give_text(out, person->address);
        break;
    case RULE_CONTACT_NAME:
        give_text(out, person->name);
        break;
    case RULE_CONTACT_LANGUAGE:
        give_word(out, person->language);
        break;
    case RULE_CONTACT_JOB_TITLE:
        give_word(out, person->job_title);
        break;
    case RULE_CONTACT_IS_MAIN_CONTACT:
        give_number(out, RULE_BOOL, person->is_main_contact);
        break;
    default:
        give_number(out, RULE_BOOL, person->is_confirmed);
    }
}

static void give_customer(const struct rule_scene *scene, enum rule_field field,
                          struct rule_value *out)
{
    const struct customer_record *customer = customer_of(scene, scene->ticket);

    if (customer->id == 0) {
        return;
    }
    switch (field) {
    case RULE_CUSTOMER_NAME:
        give_text(out, customer->name);
        break;
    case RULE_CUSTOMER_NUMBER:
        give_word(out, customer->number);
        break;
    case RULE_CUSTOMER_RANK:
        give_word(out, customer->rank);
        break;
    case RULE_CUSTOMER_LANGUAGE:
        give_word(out, customer->language);
        break;
    case RULE_CUSTOMER_COUNTRY:
        give_word(out, customer->country);
        break;
    default:
        give_word(out, customer->main_contact == 0
                           ? NULL
                           : rule_scene_address(scene, customer->main_contact));
    }
}

/* ---- the time ---------------------------------------------------------------------------------- */

static void give_time(const struct records *records, enum rule_field field, struct rule_value *out)
{
    const struct calendar_record *calendar = &records->calendar;
    struct calendar_moment moment = calendar_moment(calendar, records->now_us);

    switch (field) {
    case RULE_TIME_IS_WORKING:
        give_number(out, RULE_BOOL, calendar_is_working(calendar, records->now_us));
        break;
    case RULE_TIME_IS_HOLIDAY:
        give_number(out, RULE_BOOL, calendar_is_holiday(calendar, records->now_us));
        break;
    case RULE_TIME_WEEKDAY:
        give_text(out, calendar_weekday_name(moment.weekday));
        break;
    default:
        give_number(out, RULE_DURATION, moment.time_of_day_us);
    }
}

/* ---- all --------------------------------------------------------------------------------------- */

static void get(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    const struct rule_scene *scene = of;

    *out = (struct rule_value){.type = RULE_NOTHING};
    if (field <= RULE_MAIL_ROLE) {
        give_mail(scene, field, key, out);
    } else if (field <= RULE_CUSTOM) {
        give_ticket(scene, scene->ticket, field, key, out);
    } else if (field <= RULE_CONTACT_IS_CONFIRMED) {
        give_contact(scene, field, out);
    } else if (field <= RULE_CUSTOMER_MAIN_CONTACT) {
        give_customer(scene, field, out);
    } else {
        give_time(scene->records, field, out);
    }
}

static void forget(struct rule_value *value)
{
    g_clear_pointer(&value->texts, g_ptr_array_unref);
}

static bool is_same(const struct rule_value *left, const struct rule_value *right)
{
    if (left->type != right->type || left->number != right->number) {
        return false;
    }
    if (left->type == RULE_TEXTS && left->texts->len == right->texts->len) {
        for (guint i = 0; i < left->texts->len; i++) {
            if (strcmp(left->texts->pdata[i], right->texts->pdata[i]) != 0) {
                return false;
            }
        }
        return true;
    }
    return left->type != RULE_TEXTS && g_strcmp0(left->text, right->text) == 0;
}

/* Only fields of the ticket are changed by events. */
static bool was(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    const struct rule_scene *scene = of;
    struct rule_value now = {.type = RULE_NOTHING};

    *out = (struct rule_value){.type = RULE_NOTHING};
    if (scene->before == NULL || field <= RULE_MAIL_ROLE || field > RULE_CUSTOM) {
        return false;
    }
    give_ticket(scene, scene->before, field, key, out);
    give_ticket(scene, scene->ticket, field, key, &now);
    bool has_changed = !is_same(out, &now);
    forget(&now);
    return has_changed;
}

struct rule_world rule_scene_world(const struct rule_scene *scene)
{
    assert(scene->ticket != NULL);
    return (struct rule_world){.of = scene, .get = get, .was = was};
}
