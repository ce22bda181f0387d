/* records_variant - records as they are stored with a mail
 *
 * What decide read is kept as one GVariant in normal form, so that `why` is exact and `replay` can decide
 * against the desk as it was. The stored form begins with a version; what this program cannot read is
 * ST_INVALID, never a guess.
 *
 * records_from_variant is strict: normal form (which covers UTF-8 and offsets), known enumerators. The
 * bytes come from the desk's own database, but from any version of the program, and after a restore.
 *
 * Writing and reading go member by member in the order of RECORDS_TYPE; each table of rows has one pair of
 * functions. To add a member: append it to its tuple, and raise VERSION.
 * Pure.
 */
#include "desk/records.h"

#define VERSION 3

#define SETTINGS_TYPE "(uubxxxbxxxxxxxxxxxx)"
#define MAILBOX_TYPE  "(xssumsasbbx)"
#define TWIN_TYPE     "(xusxxb)"
#define TOKEN_TYPE    "(ubbsuuxxxxx)"
#define ID_TYPE       "(sxxbasxb)"
#define OUTBOUND_TYPE "(xxxsxb)"
#define TICKET_TYPE   "(xxxsuxxxxxaxsssssasasssxxxxx)"
#define PERSON_TYPE   "(xssbbbbbxbbbaxssbx)"
#define HELD_TYPE     "(xbusssxxxssx)"
#define ADDRESS_TYPE  "(sxx)"
#define CUSTOMER_TYPE "(xsbuxssss)"
#define CALENDAR_TYPE "(saxaxax)"
#define COUNT_TYPE    "(usx)"
/* The four tuples: this mail, its settings and mailbox · rows · what was found about the sender · what rules ask. */
#define HEAD_TYPE "(xxbtmsb" SETTINGS_TYPE MAILBOX_TYPE "as" TWIN_TYPE CALENDAR_TYPE ")"
#define ROWS_TYPE                                                                             \
 "(a" TOKEN_TYPE "a" OUTBOUND_TYPE "a" ID_TYPE "a" TICKET_TYPE "a" PERSON_TYPE "a" COUNT_TYPE \
 "a" HELD_TYPE "a" ADDRESS_TYPE ")"
#define SENDER_TYPE  "(xx" CUSTOMER_TYPE "ax)"
#define RULE_TYPE    "(" CUSTOMER_TYPE RULE_RECORDS_TYPE ")"
#define RECORDS_TYPE "(u" HEAD_TYPE ROWS_TYPE SENDER_TYPE RULE_TYPE ")"

/* ---- writing ----------------------------------------------------------------------------------- */

static GVariant *texts_to_variant(const GPtrArray *texts)
{
    return g_variant_new_strv((const gchar *const *)texts->pdata, texts->len);
}

static GVariant *numbers_to_variant(const GArray *numbers)
{
    return g_variant_new_fixed_array(G_VARIANT_TYPE_INT64, numbers->data, numbers->len,
                                     sizeof(int64_t));
}

static GVariant *settings_to_variant(const struct settings *settings)
{
    return g_variant_new(
        SETTINGS_TYPE, (guint32)settings->unknown_senders, (guint32)settings->domain_mapping,
        (gboolean)settings->colleagues_take_part, settings->admission_days, settings->excerpt_chars,
        settings->closing_days, (gboolean)settings->assigns_on_reply, settings->address_hour,
        settings->address_day, settings->domain_hour, settings->ticket_hour,
        settings->stranger_address_day, settings->stranger_domain_hour, settings->stranger_hour,
        settings->asked_day, settings->held_hour, settings->sender_tickets,
        settings->strangers_tickets, settings->technician_token_days);
}

static GVariant *mailbox_to_variant(const struct mailbox_record *mailbox)
{
    return g_variant_new("(xssums@asbbx)", mailbox->id, mailbox->address, mailbox->name,
                         (guint32)mailbox->trust, mailbox->authserv_id,
                         texts_to_variant(mailbox->own_hosts), (gboolean)mailbox->needs_auth,
                         (gboolean)mailbox->has_subaddresses, mailbox->send_bytes);
}

static GVariant *token_to_variant(const struct token_record *token)
{
    return g_variant_new(TOKEN_TYPE, (guint32)token->place, (gboolean)token->is_valid,
                         (gboolean)token->is_expired, token->why_not, (guint32)token->purpose,
                         (guint32)token->object_kind, token->object, token->person, token->ticket,
                         token->outbound, token->held);
}

static GVariant *outbound_to_variant(const struct outbound_record *outbound)
{
    return g_variant_new(OUTBOUND_TYPE, outbound->id, outbound->ticket, outbound->person,
                         outbound->address, outbound->author, (gboolean)outbound->is_automatic);
}

static GVariant *id_to_variant(const struct id_record *id)
{
    return g_variant_new("(sxxb@asxb)", id->message_id, id->ticket, id->mail, (gboolean)id->is_own,
                         texts_to_variant(id->parties), id->sender, (gboolean)id->is_auth_failed);
}

static GVariant *ticket_to_variant(const struct ticket_record *ticket)
{
    return g_variant_new("(xxxsuxxxxx@axsssss@as@asssxxxxx)", ticket->id, ticket->merged_into,
                         ticket->mailbox, ticket->subject, (guint32)ticket->status,
                         ticket->closed_at_us, ticket->requester, ticket->assignee,
                         ticket->customer, ticket->group, numbers_to_variant(ticket->participants),
                         ticket->status_name, ticket->type, ticket->priority, ticket->impact,
                         ticket->product, texts_to_variant(ticket->tags),
                         texts_to_variant(ticket->custom), ticket->activity_status, ticket->source,
                         ticket->created_at_us, ticket->changed_at_us, ticket->contact_word_at_us,
                         ticket->technician_word_at_us, ticket->comments);
}

static GVariant *person_to_variant(const struct person_record *person)
{
    return g_variant_new("(xssbbbbbxbbb@axssbx)", person->id, person->name, person->address,
                         (gboolean)person->is_address_dead, (gboolean)person->is_contact,
                         (gboolean)person->is_confirmed, (gboolean)person->is_main_contact,
                         (gboolean)person->opens_tickets, person->customer,
                         (gboolean)person->is_technician, (gboolean)person->is_lead,
                         (gboolean)person->is_disabled, numbers_to_variant(person->groups),
                         person->language, person->job_title, (gboolean)person->is_absent,
                         person->deputy);
}

static GVariant *held_to_variant(const struct held_record *held)
{
    return g_variant_new(HELD_TYPE, held->id, (gboolean)held->is_held, (guint32)held->held_for,
                         held->state, held->from_text, held->subject, held->ticket, held->sender,
                         held->customer, held->handled_by, held->handled_how, held->handled_at_us);
}

static GVariant *address_to_variant(const struct address_record *address)
{
    return g_variant_new(ADDRESS_TYPE, address->key, address->person, address->domain_customer);
}

static GVariant *customer_to_variant(const struct customer_record *customer)
{
    return g_variant_new(CUSTOMER_TYPE, customer->id, customer->name,
                         (gboolean)customer->is_main_contact_only, (guint32)customer->colleagues,
                         customer->main_contact, customer->number, customer->rank,
                         customer->language, customer->country);
}

static GVariant *calendar_to_variant(const struct calendar_record *calendar)
{
    return g_variant_new("(s@ax@ax@ax)", calendar->zone, numbers_to_variant(calendar->opens),
                         numbers_to_variant(calendar->closes),
                         numbers_to_variant(calendar->holidays));
}

static GVariant *count_to_variant(const struct count_record *count)
{
    return g_variant_new(COUNT_TYPE, (guint32)count->budget, count->key, count->count);
}

typedef GVariant *(*row_writer)(const void *row);

static GVariant *rows_to_variant(const GPtrArray *rows, const char *type, row_writer write)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE(type));
    for (guint i = 0; i < rows->len; i++) {
        g_variant_builder_add_value(&builder, write(rows->pdata[i]));
    }
    return g_variant_builder_end(&builder);
}

static GVariant *head_to_variant(const struct records *records)
{
    const struct twin_record *twin = &records->twin;

    return g_variant_new("(xxbtmsb@" SETTINGS_TYPE "@" MAILBOX_TYPE "@as@" TWIN_TYPE
                         "@" CALENDAR_TYPE ")",
                         records->now_us, records->mail, (gboolean)records->is_oversize,
                         records->bytes, records->released_by, (gboolean)records->is_trusted,
                         settings_to_variant(&records->settings),
                         mailbox_to_variant(&records->mailbox),
                         texts_to_variant(records->own_addresses),
                         g_variant_new(TWIN_TYPE, twin->mail, (guint32)twin->verdict, twin->outcome,
                                       twin->ticket, twin->comment, (gboolean)twin->is_unverified),
                         calendar_to_variant(&records->calendar));
}

GVariant *records_to_variant(const struct records *records)
{
    GVariant *rows[] = {
        rows_to_variant(records->tokens, "a" TOKEN_TYPE, (row_writer)token_to_variant),
        rows_to_variant(records->outbounds, "a" OUTBOUND_TYPE, (row_writer)outbound_to_variant),
        rows_to_variant(records->ids, "a" ID_TYPE, (row_writer)id_to_variant),
        rows_to_variant(records->tickets, "a" TICKET_TYPE, (row_writer)ticket_to_variant),
        rows_to_variant(records->people, "a" PERSON_TYPE, (row_writer)person_to_variant),
        rows_to_variant(records->counts, "a" COUNT_TYPE, (row_writer)count_to_variant),
        rows_to_variant(records->helds, "a" HELD_TYPE, (row_writer)held_to_variant),
        rows_to_variant(records->addresses, "a" ADDRESS_TYPE, (row_writer)address_to_variant),
    };
    GVariant *sender = g_variant_new("(xx@" CUSTOMER_TYPE "@ax)", records->sender,
                                     records->domain_customer,
                                     customer_to_variant(&records->customer),
                                     numbers_to_variant(records->technicians));

    GVariant *rule = g_variant_new("(@" CUSTOMER_TYPE "@" RULE_RECORDS_TYPE ")",
                                   customer_to_variant(&records->ticket_customer),
                                   rule_records_to_variant(&records->rule));

    return g_variant_ref_sink(g_variant_new(
        "(u@" HEAD_TYPE "@" ROWS_TYPE "@" SENDER_TYPE "@" RULE_TYPE ")", (guint32)VERSION,
        head_to_variant(records), g_variant_new_tuple(rows, G_N_ELEMENTS(rows)), sender, rule));
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void take_texts(GVariant *value, GPtrArray *texts)
{
    for (gsize i = 0; i < g_variant_n_children(value); i++) {
        char *text = NULL;
        g_variant_get_child(value, i, "s", &text);
        g_ptr_array_add(texts, text);
    }
}

static void take_numbers(GVariant *value, GArray *numbers)
{
    gsize count = 0;
    gconstpointer first = g_variant_get_fixed_array(value, &count, sizeof(int64_t));

    if (count > 0) {
        g_array_append_vals(numbers, first, (guint)count);
    }
}

static void take_text(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text);
}

static bool take_settings(GVariant *value, struct settings *settings)
{
    guint32 unknown_senders = 0;
    guint32 mapping = 0;
    gboolean colleagues = FALSE;
    gboolean assigns = FALSE;

    g_variant_get(value, SETTINGS_TYPE, &unknown_senders, &mapping, &colleagues,
                  &settings->admission_days, &settings->excerpt_chars, &settings->closing_days,
                  &assigns, &settings->address_hour, &settings->address_day, &settings->domain_hour,
                  &settings->ticket_hour, &settings->stranger_address_day,
                  &settings->stranger_domain_hour, &settings->stranger_hour, &settings->asked_day,
                  &settings->held_hour, &settings->sender_tickets, &settings->strangers_tickets,
                  &settings->technician_token_days);
    settings->unknown_senders = (enum unknown_senders)unknown_senders;
    settings->domain_mapping = (enum domain_mapping)mapping;
    settings->colleagues_take_part = colleagues;
    settings->assigns_on_reply = assigns;
    return unknown_senders <= UNKNOWN_REJECT && mapping <= MAPPING_STRICT;
}

static bool take_mailbox(GVariant *value, struct mailbox_record *mailbox)
{
    const char *address = NULL;
    const char *name = NULL;
    const char *authserv_id = NULL;
    guint32 trust = 0;
    gboolean needs_auth = FALSE;
    gboolean has_subaddresses = FALSE;
    gint64 send_bytes = 0;
    g_autoptr(GVariant) own_hosts = NULL;

    g_variant_get(value, "(x&s&sum&s@asbbx)", &mailbox->id, &address, &name, &trust, &authserv_id,
                  &own_hosts, &needs_auth, &has_subaddresses, &send_bytes);
    take_text(&mailbox->address, address);
    take_text(&mailbox->name, name);
    take_text(&mailbox->authserv_id, authserv_id);
    take_texts(own_hosts, mailbox->own_hosts);
    mailbox->trust = (enum trust)trust;
    mailbox->needs_auth = needs_auth;
    mailbox->has_subaddresses = has_subaddresses;
    mailbox->send_bytes = send_bytes;
    return trust <= TRUST_MICROSOFT365;
}

static bool take_twin(GVariant *value, struct twin_record *twin)
{
    const char *outcome = NULL;
    guint32 verdict = 0;
    gboolean is_unverified = FALSE;

    g_variant_get(value, "(xu&sxxb)", &twin->mail, &verdict, &outcome, &twin->ticket,
                  &twin->comment, &is_unverified);
    take_text(&twin->outcome, outcome);
    twin->is_unverified = is_unverified;
    twin->verdict = (enum verdict)verdict;
    return verdict <= VERDICT_DUPLICATE;
}

static bool take_token(GVariant *value, struct records *records)
{
    struct token_record *token = token_record_new();
    const char *why_not = NULL;
    guint32 place = 0;
    guint32 purpose = 0;
    guint32 object_kind = 0;
    gboolean is_valid = FALSE;
    gboolean is_expired = FALSE;

    g_ptr_array_add(records->tokens, token);
    g_variant_get(value, "(ubb&suuxxxxx)", &place, &is_valid, &is_expired, &why_not, &purpose,
                  &object_kind, &token->object, &token->person, &token->ticket, &token->outbound,
                  &token->held);
    take_text(&token->why_not, why_not);
    token->place = (enum token_place)place;
    token->is_valid = is_valid;
    token->is_expired = is_expired;
    token->purpose = (enum token_purpose)purpose;
    token->object_kind = (enum token_object)object_kind;
    return place <= TOKEN_IN_MESSAGE_ID && purpose >= TOKEN_CONTACT_REPLY &&
           purpose <= TOKEN_HELD && object_kind >= TOKEN_TICKET && object_kind <= TOKEN_OUTBOUND;
}

static bool take_outbound(GVariant *value, struct records *records)
{
    struct outbound_record *outbound = outbound_record_new();
    const char *address = NULL;
    gboolean is_automatic = FALSE;

    g_ptr_array_add(records->outbounds, outbound);
    g_variant_get(value, "(xxx&sxb)", &outbound->id, &outbound->ticket, &outbound->person, &address,
                  &outbound->author, &is_automatic);
    take_text(&outbound->address, address);
    outbound->is_automatic = is_automatic;
    return true;
}

static bool take_id(GVariant *value, struct records *records)
{
    struct id_record *id = id_record_new();
    const char *message_id = NULL;
    gboolean is_own = FALSE;
    gboolean is_auth_failed = FALSE;
    g_autoptr(GVariant) parties = NULL;

    g_ptr_array_add(records->ids, id);
    g_variant_get(value, "(&sxxb@asxb)", &message_id, &id->ticket, &id->mail, &is_own, &parties,
                  &id->sender, &is_auth_failed);
    take_text(&id->message_id, message_id);
    take_texts(parties, id->parties);
    id->is_own = is_own;
    id->is_auth_failed = is_auth_failed;
    return true;
}

static bool take_ticket(GVariant *value, struct records *records)
{
    struct ticket_record *ticket = ticket_record_new();
    const char *texts[8] = {NULL};
    guint32 status = 0;
    g_autoptr(GVariant) participants = NULL;
    g_autoptr(GVariant) tags = NULL;
    g_autoptr(GVariant) custom = NULL;

    g_ptr_array_add(records->tickets, ticket);
    g_variant_get(value, "(xxx&suxxxxx@ax&s&s&s&s&s@as@as&s&sxxxxx)", &ticket->id,
                  &ticket->merged_into, &ticket->mailbox, &texts[0], &status, &ticket->closed_at_us,
                  &ticket->requester, &ticket->assignee, &ticket->customer, &ticket->group,
                  &participants, &texts[1], &texts[2], &texts[3], &texts[4], &texts[5], &tags,
                  &custom, &texts[6], &texts[7], &ticket->created_at_us, &ticket->changed_at_us,
                  &ticket->contact_word_at_us, &ticket->technician_word_at_us, &ticket->comments);
    take_text(&ticket->subject, texts[0]);
    take_numbers(participants, ticket->participants);
    take_text(&ticket->status_name, texts[1]);
    take_text(&ticket->type, texts[2]);
    take_text(&ticket->priority, texts[3]);
    take_text(&ticket->impact, texts[4]);
    take_text(&ticket->product, texts[5]);
    take_texts(tags, ticket->tags);
    take_texts(custom, ticket->custom);
    take_text(&ticket->activity_status, texts[6]);
    take_text(&ticket->source, texts[7]);
    ticket->status = (enum ticket_status)status;
    return status <= TICKET_CLOSED;
}

static bool take_person(GVariant *value, struct records *records)
{
    struct person_record *person = person_record_new();
    const char *name = NULL;
    const char *address = NULL;
    gboolean is_dead = FALSE;
    gboolean is_contact = FALSE;
    gboolean is_confirmed = FALSE;
    gboolean is_main_contact = FALSE;
    gboolean is_technician = FALSE;
    gboolean is_lead = FALSE;
    gboolean is_disabled = FALSE;
    gboolean opens_tickets = FALSE;
    gboolean is_absent = FALSE;
    const char *language = NULL;
    const char *job_title = NULL;
    g_autoptr(GVariant) groups = NULL;

    g_ptr_array_add(records->people, person);
    g_variant_get(value, "(x&s&sbbbbbxbbb@ax&s&sbx)", &person->id, &name, &address, &is_dead,
                  &is_contact, &is_confirmed, &is_main_contact, &opens_tickets, &person->customer,
                  &is_technician, &is_lead, &is_disabled, &groups, &language, &job_title,
                  &is_absent, &person->deputy);
    take_text(&person->language, language);
    take_text(&person->job_title, job_title);
    person->is_absent = is_absent;
    take_numbers(groups, person->groups);
    person->opens_tickets = opens_tickets;
    take_text(&person->name, name);
    take_text(&person->address, address);
    person->is_address_dead = is_dead;
    person->is_contact = is_contact;
    person->is_confirmed = is_confirmed;
    person->is_main_contact = is_main_contact;
    person->is_technician = is_technician;
    person->is_lead = is_lead;
    person->is_disabled = is_disabled;
    return true;
}

static bool take_count(GVariant *value, struct records *records)
{
    const char *key = NULL;
    guint32 budget = 0;
    gint64 number = 0;

    g_variant_get(value, "(u&sx)", &budget, &key, &number);
    g_ptr_array_add(records->counts, count_record_new((enum budget)budget, key, number));
    return budget < BUDGET_COUNT;
}

static bool take_held(GVariant *value, struct records *records)
{
    struct held_record *held = held_record_new();
    const char *texts[5] = {NULL};
    guint32 held_for = 0;
    gboolean is_held = FALSE;

    g_ptr_array_add(records->helds, held);
    g_variant_get(value, "(xbu&s&s&sxxx&s&sx)", &held->id, &is_held, &held_for, &texts[0],
                  &texts[1], &texts[2], &held->ticket, &held->sender, &held->customer, &texts[3],
                  &texts[4], &held->handled_at_us);
    take_text(&held->state, texts[0]);
    take_text(&held->from_text, texts[1]);
    take_text(&held->subject, texts[2]);
    take_text(&held->handled_by, texts[3]);
    take_text(&held->handled_how, texts[4]);
    held->is_held = is_held;
    held->held_for = (enum held_for)held_for;
    return held_for <= HELD_FOR_RULE;
}

static bool take_address(GVariant *value, struct records *records)
{
    struct address_record *address = address_record_new("");
    const char *key = NULL;

    g_ptr_array_add(records->addresses, address);
    g_variant_get(value, "(&sxx)", &key, &address->person, &address->domain_customer);
    take_text(&address->key, key);
    return true;
}

static bool take_customer(GVariant *value, struct customer_record *customer)
{
    const char *texts[5] = {NULL};
    gboolean is_only = FALSE;
    guint32 colleagues = 0;

    g_variant_get(value, "(x&sbux&s&s&s&s)", &customer->id, &texts[0], &is_only, &colleagues,
                  &customer->main_contact, &texts[1], &texts[2], &texts[3], &texts[4]);
    take_text(&customer->name, texts[0]);
    take_text(&customer->number, texts[1]);
    take_text(&customer->rank, texts[2]);
    take_text(&customer->language, texts[3]);
    take_text(&customer->country, texts[4]);
    customer->is_main_contact_only = is_only;
    customer->colleagues = (enum colleagues)colleagues;
    return colleagues <= COLLEAGUES_STAY_OUT;
}

/* Spans have two ends each. */
static bool take_calendar(GVariant *value, struct calendar_record *calendar)
{
    const char *zone = NULL;
    g_autoptr(GVariant) opens = NULL;
    g_autoptr(GVariant) closes = NULL;
    g_autoptr(GVariant) holidays = NULL;

    g_variant_get(value, "(&s@ax@ax@ax)", &zone, &opens, &closes, &holidays);
    take_text(&calendar->zone, zone);
    take_numbers(opens, calendar->opens);
    take_numbers(closes, calendar->closes);
    take_numbers(holidays, calendar->holidays);
    return calendar->opens->len == calendar->closes->len;
}

static bool take_head(GVariant *value, struct records *records)
{
    gboolean is_oversize = FALSE;
    gboolean is_trusted = FALSE;
    g_autoptr(GVariant) settings = NULL;
    g_autoptr(GVariant) mailbox = NULL;
    g_autoptr(GVariant) own_addresses = NULL;
    g_autoptr(GVariant) twin = NULL;
    g_autoptr(GVariant) calendar = NULL;

    g_variant_get(value,
                  "(xxbtmsb@" SETTINGS_TYPE "@" MAILBOX_TYPE "@as@" TWIN_TYPE "@" CALENDAR_TYPE ")",
                  &records->now_us, &records->mail, &is_oversize, &records->bytes,
                  &records->released_by, &is_trusted, &settings, &mailbox, &own_addresses, &twin,
                  &calendar);
    records->is_oversize = is_oversize;
    records->is_trusted = is_trusted;
    take_texts(own_addresses, records->own_addresses);
    return take_settings(settings, &records->settings) &&
           take_mailbox(mailbox, &records->mailbox) && take_twin(twin, &records->twin) &&
           take_calendar(calendar, &records->calendar);
}

typedef bool (*row_taker)(GVariant *row, struct records *records);

static bool take_rows(GVariant *value, struct records *records)
{
    /* In the order of ROWS_TYPE. */
    static const row_taker TAKERS[] = {take_token,  take_outbound, take_id,   take_ticket,
                                       take_person, take_count,    take_held, take_address};
    bool is_good = true;

    for (gsize table = 0; table < G_N_ELEMENTS(TAKERS); table++) {
        g_autoptr(GVariant) rows = g_variant_get_child_value(value, table);
        for (gsize i = 0; i < g_variant_n_children(rows); i++) {
            g_autoptr(GVariant) row = g_variant_get_child_value(rows, i);
            is_good = TAKERS[table](row, records) && is_good;
        }
    }
    return is_good;
}

static bool take_sender(GVariant *value, struct records *records)
{
    g_autoptr(GVariant) customer = NULL;
    g_autoptr(GVariant) technicians = NULL;

    g_variant_get(value, "(xx@" CUSTOMER_TYPE "@ax)", &records->sender, &records->domain_customer,
                  &customer, &technicians);
    take_numbers(technicians, records->technicians);
    return take_customer(customer, &records->customer);
}

static bool take_rule(GVariant *value, struct records *records)
{
    g_autoptr(GVariant) customer = NULL;
    g_autoptr(GVariant) rule = NULL;

    g_variant_get(value, "(@" CUSTOMER_TYPE "@" RULE_RECORDS_TYPE ")", &customer, &rule);
    return take_customer(customer, &records->ticket_customer) &&
           rule_records_read(rule, &records->rule);
}

enum status records_from_variant(GVariant *value, struct records **records_out, struct err *err)
{
    OWNED(records) records = records_new();
    guint32 version = 0;
    g_autoptr(GVariant) head = NULL;
    g_autoptr(GVariant) rows = NULL;
    g_autoptr(GVariant) sender = NULL;
    g_autoptr(GVariant) rule = NULL;

    if (!g_variant_is_of_type(value, G_VARIANT_TYPE(RECORDS_TYPE)) ||
        !g_variant_is_normal_form(value)) {
        return err_set(err, ST_INVALID, "the stored records have not the form of records");
    }
    g_variant_get(value, "(u@" HEAD_TYPE "@" ROWS_TYPE "@" SENDER_TYPE "@" RULE_TYPE ")", &version,
                  &head, &rows, &sender, &rule);
    if (version != VERSION) {
        return err_set(err, ST_INVALID, "the stored records are of version %u, this program's %d",
                       version, VERSION);
    }
    if (!take_sender(sender, records) || !take_head(head, records) || !take_rows(rows, records) ||
        !take_rule(rule, records)) {
        return err_set(err, ST_INVALID, "the stored records hold an unknown word");
    }
    *records_out = g_steal_pointer(&records);
    return ST_OK;
}

enum status records_from_bytes(GBytes *bytes, struct records **records_out, struct err *err)
{
    g_autoptr(GVariant) value = g_variant_ref_sink(
        g_variant_new_from_bytes(G_VARIANT_TYPE(RECORDS_TYPE), bytes, FALSE));

    return records_from_variant(value, records_out, err);
}
