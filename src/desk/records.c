/* records - what the desk knows that bears on one mail
 *
 * The intake fills them, decide reads them, and they are stored with the mail (records_variant.c). They are
 * plain rows without any judgement, but for tokens: of those they hold the verdict, never the token itself, so
 * that nothing that is stored can be replayed.
 *
 * A ticket or person that is named but not there is a normal answer (it was erased meanwhile): whoever looks one
 * up must take NULL. Lists are short (LIMIT_REFERENCES, a ticket's participants, the desk's technicians), so
 * looking up is a walk.
 * Pure.
 */
#include "desk/records.h"

#include <string.h>

#include "message/address.h"

/* ---- names ------------------------------------------------------------------------------------- */

const char *ticket_status_name(enum ticket_status status)
{
    switch (status) {
    case TICKET_OPEN:
        return "open";
    case TICKET_PENDING:
        return "pending";
    case TICKET_RESOLVED:
        return "resolved";
    case TICKET_CLOSED:
        return "closed";
    }
    return "?";
}

enum status ticket_status_parse(const char *name, enum ticket_status *out, struct err *err)
{
    for (int i = TICKET_OPEN; i <= TICKET_CLOSED; i++) {
        if (strcmp(name, ticket_status_name((enum ticket_status)i)) == 0) {
            *out = (enum ticket_status)i;
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "\"%.40s\" is no status of a ticket", name);
}

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_FILED:
        return "filed";
    case VERDICT_EVENT:
        return "event";
    case VERDICT_HELD:
        return "held";
    case VERDICT_REJECTED:
        return "rejected";
    case VERDICT_DUPLICATE:
        return "duplicate";
    }
    return "?";
}

enum status verdict_parse(const char *name, enum verdict *out, struct err *err)
{
    for (int i = VERDICT_FILED; i <= VERDICT_DUPLICATE; i++) {
        if (strcmp(name, verdict_name((enum verdict)i)) == 0) {
            *out = (enum verdict)i;
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "\"%.40s\" is no verdict", name);
}

static const char *const HELD_FOR[] = {NULL,    "claim",        "forged", "shape", "sender",
                                       "flood", "main-contact", "parser", "rule"};

const char *held_for_name(enum held_for held_for)
{
    return HELD_FOR[held_for];
}

enum status held_for_parse(const char *name, enum held_for *out, struct err *err)
{
    for (int i = HELD_FOR_CLAIM; i <= HELD_FOR_RULE; i++) {
        if (strcmp(name, HELD_FOR[i]) == 0) {
            *out = (enum held_for)i;
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "\"%.40s\" is no reason to hold a mail", name);
}

const char *budget_name(enum budget budget)
{
    switch (budget) {
    case BUDGET_ADDRESS_HOUR:
        return "limit-address-hour";
    case BUDGET_ADDRESS_DAY:
        return "limit-address-day";
    case BUDGET_DOMAIN_HOUR:
        return "limit-domain-hour";
    case BUDGET_TICKET_HOUR:
        return "limit-ticket-hour";
    case BUDGET_STRANGER_ADDRESS_DAY:
        return "limit-stranger-address-day";
    case BUDGET_STRANGER_DOMAIN_HOUR:
        return "limit-stranger-domain-hour";
    case BUDGET_STRANGER_HOUR:
        return "limit-stranger-hour";
    case BUDGET_ASKED_DAY:
        return "limit-asked-day";
    case BUDGET_HELD_HOUR:
        return "limit-held-hour";
    case BUDGET_SENDER_TICKETS:
        return "limit-sender-tickets";
    case BUDGET_STRANGERS_TICKETS:
        return "limit-strangers-tickets";
    case BUDGET_COUNT:
        break;
    }
    return "?";
}

/* ---- making and freeing ------------------------------------------------------------------------ */

struct person_record *person_record_new(void)
{
    struct person_record *person = g_new0(struct person_record, 1);

    person->name = g_strdup("");
    person->address = g_strdup("");
    person->language = g_strdup("");
    person->job_title = g_strdup("");
    person->opens_tickets = true;
    person->groups = g_array_new(FALSE, FALSE, sizeof(group_id));
    return person;
}

void person_record_free(struct person_record *person)
{
    if (person == NULL) {
        return;
    }
    g_free(person->name);
    g_free(person->address);
    g_free(person->language);
    g_free(person->job_title);
    g_array_unref(person->groups);
    g_free(person);
}

struct person_record *person_record_copy(const struct person_record *person)
{
    struct person_record *copy = g_new(struct person_record, 1);

    *copy = *person;
    copy->name = g_strdup(person->name);
    copy->address = g_strdup(person->address);
    copy->language = g_strdup(person->language);
    copy->job_title = g_strdup(person->job_title);
    copy->groups = g_array_copy(person->groups);
    return copy;
}

struct ticket_record *ticket_record_new(void)
{
    struct ticket_record *ticket = g_new0(struct ticket_record, 1);

    ticket->subject = g_strdup("");
    ticket->participants = g_array_new(FALSE, FALSE, sizeof(person_id));
    ticket->status_name = g_strdup("");
    ticket->type = g_strdup("incident");
    ticket->priority = g_strdup("medium");
    ticket->impact = g_strdup("minor");
    ticket->product = g_strdup("");
    ticket->tags = g_ptr_array_new_with_free_func(g_free);
    ticket->custom = g_ptr_array_new_with_free_func(g_free);
    ticket->activity_status = g_strdup("unread");
    ticket->source = g_strdup("mail");
    return ticket;
}

void ticket_record_free(struct ticket_record *ticket)
{
    if (ticket == NULL) {
        return;
    }
    g_free(ticket->subject);
    g_array_unref(ticket->participants);
    g_free(ticket->status_name);
    g_free(ticket->type);
    g_free(ticket->priority);
    g_free(ticket->impact);
    g_free(ticket->product);
    g_ptr_array_unref(ticket->tags);
    g_ptr_array_unref(ticket->custom);
    g_free(ticket->activity_status);
    g_free(ticket->source);
    g_free(ticket);
}

static GPtrArray *texts_copy(const GPtrArray *texts)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < texts->len; i++) {
        g_ptr_array_add(copy, g_strdup(texts->pdata[i]));
    }
    return copy;
}

struct ticket_record *ticket_record_copy(const struct ticket_record *ticket)
{
    struct ticket_record *copy = g_new(struct ticket_record, 1);

    *copy = *ticket;
    copy->subject = g_strdup(ticket->subject);
    copy->participants = g_array_copy(ticket->participants);
    copy->status_name = g_strdup(ticket->status_name);
    copy->type = g_strdup(ticket->type);
    copy->priority = g_strdup(ticket->priority);
    copy->impact = g_strdup(ticket->impact);
    copy->product = g_strdup(ticket->product);
    copy->tags = texts_copy(ticket->tags);
    copy->custom = texts_copy(ticket->custom);
    copy->activity_status = g_strdup(ticket->activity_status);
    copy->source = g_strdup(ticket->source);
    return copy;
}

const char *ticket_record_custom(const struct ticket_record *ticket, const char *name)
{
    for (guint i = 0; i + 1 < ticket->custom->len; i += 2) {
        if (strcmp(ticket->custom->pdata[i], name) == 0) {
            return ticket->custom->pdata[i + 1];
        }
    }
    return NULL;
}

struct token_record *token_record_new(void)
{
    struct token_record *token = g_new0(struct token_record, 1);

    token->why_not = g_strdup("");
    token->purpose = TOKEN_CONTACT_REPLY;
    token->object_kind = TOKEN_TICKET;
    return token;
}

void token_record_free(struct token_record *token)
{
    if (token == NULL) {
        return;
    }
    g_free(token->why_not);
    g_free(token);
}

struct outbound_record *outbound_record_new(void)
{
    struct outbound_record *outbound = g_new0(struct outbound_record, 1);

    outbound->address = g_strdup("");
    return outbound;
}

void outbound_record_free(struct outbound_record *outbound)
{
    if (outbound == NULL) {
        return;
    }
    g_free(outbound->address);
    g_free(outbound);
}

struct held_record *held_record_new(void)
{
    struct held_record *held = g_new0(struct held_record, 1);

    held->state = g_strdup("");
    held->from_text = g_strdup("");
    held->subject = g_strdup("");
    held->handled_by = g_strdup("");
    held->handled_how = g_strdup("");
    return held;
}

void held_record_free(struct held_record *held)
{
    if (held == NULL) {
        return;
    }
    g_free(held->state);
    g_free(held->from_text);
    g_free(held->subject);
    g_free(held->handled_by);
    g_free(held->handled_how);
    g_free(held);
}

struct address_record *address_record_new(const char *key)
{
    struct address_record *address = g_new0(struct address_record, 1);

    address->key = g_strdup(key);
    return address;
}

void address_record_free(struct address_record *address)
{
    if (address == NULL) {
        return;
    }
    g_free(address->key);
    g_free(address);
}

static void customer_record_init(struct customer_record *customer)
{
    *customer = (struct customer_record){.name = g_strdup(""),
                                         .number = g_strdup(""),
                                         .rank = g_strdup(""),
                                         .language = g_strdup(""),
                                         .country = g_strdup("")};
}

void customer_record_set(struct customer_record *to, const struct customer_record *from)
{
    struct customer_record copy = *from;

    copy.name = g_strdup(from->name);
    copy.number = g_strdup(from->number);
    copy.rank = g_strdup(from->rank);
    copy.language = g_strdup(from->language);
    copy.country = g_strdup(from->country);
    customer_record_clear(to);
    *to = copy;
}

void customer_record_clear(struct customer_record *customer)
{
    g_clear_pointer(&customer->name, g_free);
    g_clear_pointer(&customer->number, g_free);
    g_clear_pointer(&customer->rank, g_free);
    g_clear_pointer(&customer->language, g_free);
    g_clear_pointer(&customer->country, g_free);
}

struct id_record *id_record_new(void)
{
    struct id_record *id = g_new0(struct id_record, 1);

    id->message_id = g_strdup("");
    id->parties = g_ptr_array_new_with_free_func(g_free);
    return id;
}

void id_record_free(struct id_record *id)
{
    if (id == NULL) {
        return;
    }
    g_free(id->message_id);
    g_ptr_array_unref(id->parties);
    g_free(id);
}

struct count_record *count_record_new(enum budget budget, const char *key, int64_t count)
{
    struct count_record *made = g_new0(struct count_record, 1);

    made->budget = budget;
    made->key = g_strdup(key);
    made->count = count;
    return made;
}

void count_record_free(struct count_record *count)
{
    if (count == NULL) {
        return;
    }
    g_free(count->key);
    g_free(count);
}

struct records *records_new(void)
{
    struct records *records = g_new0(struct records, 1);

    records->settings = settings_default();
    records->mailbox.address = g_strdup("");
    records->mailbox.name = g_strdup("");
    records->mailbox.own_hosts = g_ptr_array_new_with_free_func(g_free);
    records->mailbox.needs_auth = true;
    records->mailbox.has_subaddresses = true;
    records->own_addresses = g_ptr_array_new_with_free_func(g_free);
    records->twin.outcome = g_strdup("");
    records->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)token_record_free);
    records->outbounds = g_ptr_array_new_with_free_func((GDestroyNotify)outbound_record_free);
    records->ids = g_ptr_array_new_with_free_func((GDestroyNotify)id_record_free);
    records->tickets = g_ptr_array_new_with_free_func((GDestroyNotify)ticket_record_free);
    records->people = g_ptr_array_new_with_free_func((GDestroyNotify)person_record_free);
    records->helds = g_ptr_array_new_with_free_func((GDestroyNotify)held_record_free);
    records->addresses = g_ptr_array_new_with_free_func((GDestroyNotify)address_record_free);
    customer_record_init(&records->customer);
    customer_record_init(&records->ticket_customer);
    calendar_init(&records->calendar);
    rule_records_init(&records->rule);
    records->technicians = g_array_new(FALSE, FALSE, sizeof(person_id));
    records->counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
    return records;
}

void box_record_clear(struct mailbox_record *mailbox)
{
    g_free(mailbox->address);
    g_free(mailbox->name);
    g_free(mailbox->authserv_id);
    g_clear_pointer(&mailbox->own_hosts, g_ptr_array_unref);
}

void records_free(struct records *records)
{
    if (records == NULL) {
        return;
    }
    box_record_clear(&records->mailbox);
    g_ptr_array_unref(records->own_addresses);
    g_free(records->released_by);
    g_free(records->twin.outcome);
    g_ptr_array_unref(records->tokens);
    g_ptr_array_unref(records->outbounds);
    g_ptr_array_unref(records->ids);
    g_ptr_array_unref(records->tickets);
    g_ptr_array_unref(records->people);
    g_ptr_array_unref(records->helds);
    g_ptr_array_unref(records->addresses);
    customer_record_clear(&records->customer);
    customer_record_clear(&records->ticket_customer);
    calendar_done(&records->calendar);
    rule_records_done(&records->rule);
    g_array_unref(records->technicians);
    g_ptr_array_unref(records->counts);
    g_free(records);
}

/* ---- looking up -------------------------------------------------------------------------------- */

const struct person_record *records_person(const struct records *records, person_id id)
{
    for (guint i = 0; i < records->people->len; i++) {
        const struct person_record *person = records->people->pdata[i];
        if (person->id == id) {
            return person;
        }
    }
    return NULL;
}

const struct ticket_record *records_ticket(const struct records *records, ticket_id id)
{
    for (guint i = 0; i < records->tickets->len; i++) {
        const struct ticket_record *ticket = records->tickets->pdata[i];
        if (ticket->id == id) {
            return ticket;
        }
    }
    return NULL;
}

const struct outbound_record *records_outbound(const struct records *records, outbound_id id)
{
    for (guint i = 0; i < records->outbounds->len; i++) {
        const struct outbound_record *outbound = records->outbounds->pdata[i];
        if (outbound->id == id) {
            return outbound;
        }
    }
    return NULL;
}

const struct held_record *records_held(const struct records *records, mail_id id)
{
    for (guint i = 0; i < records->helds->len; i++) {
        const struct held_record *held = records->helds->pdata[i];
        if (held->id == id) {
            return held;
        }
    }
    return NULL;
}

const struct address_record *records_address(const struct records *records, const char *key)
{
    for (guint i = 0; i < records->addresses->len; i++) {
        const struct address_record *address = records->addresses->pdata[i];
        if (strcmp(address->key, key) == 0) {
            return address;
        }
    }
    return NULL;
}

bool records_is_own_address(const struct records *records, const char *address)
{
    g_autofree char *base = NULL;
    g_autofree char *detail = NULL;

    address_split_detail(address, &base, &detail);
    g_autofree char *key = address_key(base);
    for (guint i = 0; i < records->own_addresses->len; i++) {
        if (strcmp(records->own_addresses->pdata[i], key) == 0) {
            return true;
        }
    }
    return false;
}

int64_t records_count(const struct records *records, enum budget budget, const char *key)
{
    for (guint i = 0; i < records->counts->len; i++) {
        const struct count_record *count = records->counts->pdata[i];
        if (count->budget == budget && strcmp(count->key, key) == 0) {
            return count->count;
        }
    }
    return 0;
}
