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

#define VERSION 2

#define SETTINGS_TYPE "(uxbxxxxxxxx)"
#define MAILBOX_TYPE  "(xssumsasbbx)"
#define TWIN_TYPE     "(xusx)"
#define TOKEN_TYPE    "(ubbsuuxxxx)"
#define ID_TYPE       "(sxxbasxb)"
#define OUTBOUND_TYPE "(xxxsxb)"
#define TICKET_TYPE   "(xxxsuxxxxax)"
#define PERSON_TYPE   "(xssbbbbxbbb)"
#define COUNT_TYPE    "(usx)"
/* The three tuples: this mail, its settings and mailbox · rows · what was found about the sender. */
#define HEAD_TYPE "(xxbtms" SETTINGS_TYPE MAILBOX_TYPE "as" TWIN_TYPE ")"
#define ROWS_TYPE \
 "(a" TOKEN_TYPE "a" OUTBOUND_TYPE "a" ID_TYPE "a" TICKET_TYPE "a" PERSON_TYPE "a" COUNT_TYPE ")"
#define SENDER_TYPE  "(xxsax)"
#define RECORDS_TYPE "(u" HEAD_TYPE ROWS_TYPE SENDER_TYPE ")"

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
    return g_variant_new(SETTINGS_TYPE, (guint32)settings->unknown_senders, settings->closing_days,
                         (gboolean)settings->assigns_on_reply, settings->address_hour,
                         settings->address_day, settings->domain_hour, settings->ticket_hour,
                         settings->stranger_address_day, settings->stranger_domain_hour,
                         settings->stranger_hour, settings->technician_token_days);
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
                         token->outbound);
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
    return g_variant_new("(xxxsuxxxx@ax)", ticket->id, ticket->merged_into, ticket->mailbox,
                         ticket->subject, (guint32)ticket->status, ticket->closed_at_us,
                         ticket->requester, ticket->assignee, ticket->customer,
                         numbers_to_variant(ticket->participants));
}

static GVariant *person_to_variant(const struct person_record *person)
{
    return g_variant_new(PERSON_TYPE, person->id, person->name, person->address,
                         (gboolean)person->is_address_dead, (gboolean)person->is_contact,
                         (gboolean)person->is_confirmed, (gboolean)person->is_main_contact,
                         person->customer, (gboolean)person->is_technician,
                         (gboolean)person->is_lead, (gboolean)person->is_disabled);
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

    return g_variant_new(
        "(xxbtms@" SETTINGS_TYPE "@" MAILBOX_TYPE "@as@" TWIN_TYPE ")", records->now_us,
        records->mail, (gboolean)records->is_oversize, records->bytes, records->released_by,
        settings_to_variant(&records->settings), mailbox_to_variant(&records->mailbox),
        texts_to_variant(records->own_addresses),
        g_variant_new(TWIN_TYPE, twin->mail, (guint32)twin->verdict, twin->outcome, twin->ticket));
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
    };
    GVariant *sender = g_variant_new("(xxs@ax)", records->sender, records->domain_customer,
                                     records->customer_name,
                                     numbers_to_variant(records->technicians));

    return g_variant_ref_sink(g_variant_new("(u@" HEAD_TYPE "@" ROWS_TYPE "@" SENDER_TYPE ")",
                                            (guint32)VERSION, head_to_variant(records),
                                            g_variant_new_tuple(rows, G_N_ELEMENTS(rows)), sender));
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
    gboolean assigns = FALSE;

    g_variant_get(value, SETTINGS_TYPE, &unknown_senders, &settings->closing_days, &assigns,
                  &settings->address_hour, &settings->address_day, &settings->domain_hour,
                  &settings->ticket_hour, &settings->stranger_address_day,
                  &settings->stranger_domain_hour, &settings->stranger_hour,
                  &settings->technician_token_days);
    settings->unknown_senders = (enum unknown_senders)unknown_senders;
    settings->assigns_on_reply = assigns;
    return unknown_senders <= UNKNOWN_REJECT;
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

    g_variant_get(value, "(xu&sx)", &twin->mail, &verdict, &outcome, &twin->ticket);
    take_text(&twin->outcome, outcome);
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
    g_variant_get(value, "(ubb&suuxxxx)", &place, &is_valid, &is_expired, &why_not, &purpose,
                  &object_kind, &token->object, &token->person, &token->ticket, &token->outbound);
    take_text(&token->why_not, why_not);
    token->place = (enum token_place)place;
    token->is_valid = is_valid;
    token->is_expired = is_expired;
    token->purpose = (enum token_purpose)purpose;
    token->object_kind = (enum token_object)object_kind;
    return place <= TOKEN_IN_MESSAGE_ID && purpose >= TOKEN_CONTACT_REPLY &&
           purpose <= TOKEN_UNDO && object_kind >= TOKEN_TICKET && object_kind <= TOKEN_OUTBOUND;
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
    const char *subject = NULL;
    guint32 status = 0;
    g_autoptr(GVariant) participants = NULL;

    g_ptr_array_add(records->tickets, ticket);
    g_variant_get(value, "(xxx&suxxxx@ax)", &ticket->id, &ticket->merged_into, &ticket->mailbox,
                  &subject, &status, &ticket->closed_at_us, &ticket->requester, &ticket->assignee,
                  &ticket->customer, &participants);
    take_text(&ticket->subject, subject);
    take_numbers(participants, ticket->participants);
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

    g_ptr_array_add(records->people, person);
    g_variant_get(value, "(x&s&sbbbbxbbb)", &person->id, &name, &address, &is_dead, &is_contact,
                  &is_confirmed, &is_main_contact, &person->customer, &is_technician, &is_lead,
                  &is_disabled);
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

static bool take_head(GVariant *value, struct records *records)
{
    gboolean is_oversize = FALSE;
    g_autoptr(GVariant) settings = NULL;
    g_autoptr(GVariant) mailbox = NULL;
    g_autoptr(GVariant) own_addresses = NULL;
    g_autoptr(GVariant) twin = NULL;

    g_variant_get(value, "(xxbtms@" SETTINGS_TYPE "@" MAILBOX_TYPE "@as@" TWIN_TYPE ")",
                  &records->now_us, &records->mail, &is_oversize, &records->bytes,
                  &records->released_by, &settings, &mailbox, &own_addresses, &twin);
    records->is_oversize = is_oversize;
    take_texts(own_addresses, records->own_addresses);
    return take_settings(settings, &records->settings) &&
           take_mailbox(mailbox, &records->mailbox) && take_twin(twin, &records->twin);
}

typedef bool (*row_taker)(GVariant *row, struct records *records);

static bool take_rows(GVariant *value, struct records *records)
{
    /* In the order of ROWS_TYPE. */
    static const row_taker TAKERS[] = {take_token,  take_outbound, take_id,
                                       take_ticket, take_person,   take_count};
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

static void take_sender(GVariant *value, struct records *records)
{
    const char *customer_name = NULL;
    g_autoptr(GVariant) technicians = NULL;

    g_variant_get(value, "(xx&s@ax)", &records->sender, &records->domain_customer, &customer_name,
                  &technicians);
    take_text(&records->customer_name, customer_name);
    take_numbers(technicians, records->technicians);
}

enum status records_from_variant(GVariant *value, struct records **records_out, struct err *err)
{
    OWNED(records) records = records_new();
    guint32 version = 0;
    g_autoptr(GVariant) head = NULL;
    g_autoptr(GVariant) rows = NULL;
    g_autoptr(GVariant) sender = NULL;

    if (!g_variant_is_of_type(value, G_VARIANT_TYPE(RECORDS_TYPE)) ||
        !g_variant_is_normal_form(value)) {
        return err_set(err, ST_INVALID, "the stored records have not the form of records");
    }
    g_variant_get(value, "(u@" HEAD_TYPE "@" ROWS_TYPE "@" SENDER_TYPE ")", &version, &head, &rows,
                  &sender);
    if (version != VERSION) {
        return err_set(err, ST_INVALID, "the stored records are of version %u, this program's %d",
                       version, VERSION);
    }
    take_sender(sender, records);
    if (!take_head(head, records) || !take_rows(rows, records)) {
        return err_set(err, ST_INVALID, "the stored records hold an unknown word");
    }
    *records_out = g_steal_pointer(&records);
    return ST_OK;
}
