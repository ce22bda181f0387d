/* ticket_list - tickets as the command line lists and shows them
 *
 * A list walks the tickets from the newest backwards until it has enough of them, so it costs nothing to
 * look at the newest of ten million; names and comments are looked up for those that are shown. A ticket is shown with all that hangs on it, in one round trip.
 *
 * Nonces and tokens stay where they are: nobody has to see them, and who sees a token can use it.
 * I/O: the caller's transaction, reading.
 */
#include "store/ticket_list.h"

#include <inttypes.h>

#define ADDRESS_OF(person)                                        \
 "(SELECT address FROM person_address a WHERE a.person = " person \
 " ORDER BY position, address_key LIMIT 1)"

#define TICKET_COLUMNS                                                                                           \
 "t.id, t.subject, coalesce(t.status_name, t.status), t.status, t.type, t.priority, t.impact,"                   \
 " t.product, t.tags, (SELECT g.name FROM technician_group g WHERE g.id = t.technician_group),"                  \
 " c.name, r.name, " ADDRESS_OF(                                                                                 \
     "r.id") ", a.name, m.address, t.activity_status, t.source,"                                                 \
             " t.custom::text, t.comments, t.opened_by, t.merged_into, t.created_at, t.updated_at, t.closed_at," \
             " t.contact_word_at, t.technician_word_at, (SELECT left(n.body, 300) FROM comment n"                \
             "  WHERE n.ticket = t.id ORDER BY n.id DESC LIMIT 1)"
#define TICKET_TABLES                                                      \
 " JOIN person r ON r.id = t.requester JOIN mailbox m ON m.id = t.mailbox" \
 " LEFT JOIN person a ON a.id = t.assignee LEFT JOIN customer c ON c.id = t.customer"

#define ORDER                                                                         \
 " ORDER BY CASE WHEN $24 = 'priority'"                                               \
 "  THEN array_position(ARRAY['critical', 'high', 'medium', 'low'], t.priority) END," \
 " CASE WHEN $24 = 'waiting' THEN t.activity_status <> 'awaiting-technician' END,"    \
 " CASE WHEN $24 = 'waiting' THEN t.contact_word_at END,"                             \
 " CASE WHEN $24 = 'updated' THEN t.updated_at END DESC NULLS LAST,"                  \
 " CASE WHEN $24 IN ('oldest', 'priority', 'waiting') THEN t.id END, t.id DESC"

static const struct statement FIND = {
    "ticket_list_find",
    "SELECT " TICKET_COLUMNS " FROM (SELECT t.id FROM ticket t"
    " WHERE ($1::text IS NULL OR t.status = $1 OR t.status_name = $1)"
    " AND ($2::bool OR $1 IS NOT NULL OR t.status <> 'closed')"
    " AND ($3::text IS NULL OR t.type = $3) AND ($4::text IS NULL OR t.priority = $4)"
    " AND ($5::text IS NULL OR t.impact = $5)"
    " AND ($6::text IS NULL OR lower(t.product) = lower($6))"
    " AND ($7::text IS NULL OR position(lower($7) IN lower(t.subject)) > 0)"
    " AND ($8::text IS NULL OR t.activity_status = $8) AND ($9::text IS NULL OR t.source = $9)"
    " AND ($10::int8 IS NULL OR t.assignee = $10) AND (NOT $11::bool OR t.assignee IS NULL)"
    " AND ($12::int8 IS NULL OR t.technician_group = $12)"
    " AND (NOT $13::bool OR t.technician_group IS NULL)"
    " AND ($14::int8 IS NULL OR t.customer = $14) AND (NOT $15::bool OR t.customer IS NULL)"
    " AND ($16::int8 IS NULL OR t.requester = $16) AND NOT $17::bool"
    " AND (cardinality($18::text[]) = 0 OR (t.tags <> '{}' AND t.tags @> $18))"
    " AND (cardinality($19::text[]) = 0 OR (t.custom <> '{}' AND t.custom @> jsonb_object($19, $20::text[])))"
    " AND (cardinality($21::text[]) = 0 OR NOT t.custom ?| $21)"
    " AND ($22::int8 IS NULL OR t.created_at <= now() - $22 * interval '1 microsecond')"
    " AND ($23::int8 IS NULL OR t.created_at > now() - $23 * interval '1 microsecond')" ORDER
    " LIMIT $25) f JOIN ticket t ON t.id = f.id" TICKET_TABLES ORDER};

static const struct statement TICKET = {"ticket_list_ticket",
                                        "SELECT " TICKET_COLUMNS " FROM ticket t" TICKET_TABLES
                                        " WHERE t.id = $1"};

static const struct statement EXISTS = {"ticket_list_exists", "SELECT 1 FROM ticket WHERE id = $1"};

static const struct statement READ = {"ticket_list_read",
                                      "UPDATE ticket SET activity_status = 'read'"
                                      " WHERE id = $1 AND activity_status = 'unread'"};

static const struct statement PARTICIPANTS = {
    "ticket_list_participants", "SELECT p.id, p.name, " ADDRESS_OF(
                                    "p.id") " FROM participant x JOIN person p ON p.id = x.person"
                                            " WHERE x.ticket = $1 ORDER BY x.since, p.id"};

static const struct statement LINKS = {
    "ticket_list_links", "SELECT other, why FROM ticket_link WHERE ticket = $1"
                         " UNION ALL SELECT ticket, why FROM ticket_link WHERE other = $1"
                         " ORDER BY 1"};

static const struct statement COMMENTS = {
    "ticket_list_comments", "SELECT c.id, c.kind, coalesce(p.name, c.rule), " ADDRESS_OF(
                                "p.id") ", c.mail, c.created_at, c.body"
                                        " FROM comment c LEFT JOIN person p ON p.id = c.author"
                                        " WHERE c.ticket = $1 ORDER BY c.id"};

static const struct statement ATTACHMENTS = {
    "ticket_list_attachments",
    "SELECT a.comment, a.name, a.type, a.bytes, a.is_inline FROM attachment a"
    " JOIN comment c ON c.id = a.comment WHERE c.ticket = $1 ORDER BY a.comment, a.position"};

static const struct statement ACTIVITIES = {
    "ticket_list_activities",
    "SELECT a.at, a.what, a.from_value, a.to_value, coalesce(p.name, a.actor), a.mail, a.outbound,"
    " a.rule"
    " FROM activity a LEFT JOIN person p ON p.id = a.person WHERE a.ticket = $1 ORDER BY a.id"};

static const struct statement MAILS = {
    "ticket_list_mails",
    "SELECT id, notice, address, state, reason, suppressed_by, comment, attempt, queued_at,"
    " CASE WHEN state = 'queued' THEN next_try_at END, ended_at, answer"
    " FROM outbound_mail WHERE ticket = $1 ORDER BY id"};

const char *const *ticket_list_sorts(void)
{
    static const char *const SORTS[] = {"newest", "oldest", "updated", "priority", "waiting", NULL};
    return SORTS;
}

static void add_id(struct params *params, const struct filter_id *wanted)
{
    params_add_id(params, wanted->which == THIS_ID ? wanted->id : 0);
    params_add_bool(params, wanted->which == NO_ID);
}

static void add_texts(struct params *params, const GPtrArray *texts)
{
    params_add_texts(params, texts == NULL ? NULL : (const char *const *)texts->pdata,
                     texts == NULL ? 0 : texts->len);
}

enum status ticket_list_find(struct tx *tx, const struct ticket_filter *filter,
                             struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_text(params, filter->status);
    params_add_bool(params, filter->has_closed);
    params_add_text(params, filter->type);
    params_add_text(params, filter->priority);
    params_add_text(params, filter->impact);
    params_add_text(params, filter->product);
    params_add_text(params, filter->title);
    params_add_text(params, filter->activity_status);
    params_add_text(params, filter->source);
    add_id(params, &filter->assignee);
    add_id(params, &filter->group);
    add_id(params, &filter->customer);
    add_id(params, &filter->requester);
    add_texts(params, filter->tags);
    add_texts(params, filter->names);
    add_texts(params, filter->values);
    add_texts(params, filter->empty);
    params_add_id(params, filter->older_us);
    params_add_id(params, filter->newer_us);
    params_add_text(params, filter->sort == NULL ? ticket_list_sorts()[0] : filter->sort);
    params_add_int64(params, filter->limit);
    return tx_query(tx, &FIND, params, rows_out, err);
}

static enum status say_no_ticket(ticket_id ticket, struct err *err)
{
    (void)err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, ticket);
    return err_hint(err, "postdesk ticket list");
}

enum status ticket_list_log(struct tx *tx, ticket_id ticket, struct rows **rows_out,
                            struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) found = NULL;

    params_add_int64(params, ticket);
    tx_queue(tx, &EXISTS, params, &found);
    tx_queue(tx, &ACTIVITIES, params, rows_out);
    enum status status = tx_sync(tx, err);
    return status == ST_OK && rows_count(found) == 0 ? say_no_ticket(ticket, err) : status;
}

enum status ticket_list_set_read(struct tx *tx, ticket_id ticket, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, ticket);
    return tx_query(tx, &READ, params, NULL, err);
}

enum status ticket_list_whole(struct tx *tx, ticket_id ticket, struct ticket_whole *whole_out,
                              struct err *err)
{
    OWNED(params) params = params_new();
    struct ticket_whole whole = {.ticket = NULL};
    const struct {
        const struct statement *statement;
        struct rows **rows;
    } parts[] = {
        {&TICKET, &whole.ticket},
        {&PARTICIPANTS, &whole.participants},
        {&LINKS, &whole.links},
        {&COMMENTS, &whole.comments},
        {&ATTACHMENTS, &whole.attachments},
        {&ACTIVITIES, &whole.activities},
        {&MAILS, &whole.mails},
    };

    params_add_int64(params, ticket);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        tx_queue(tx, parts[i].statement, params, parts[i].rows);
    }
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(whole.ticket) == 0) {
        ticket_whole_clear(&whole);
        return say_no_ticket(ticket, err);
    }
    if (status == ST_OK) {
        *whole_out = whole;
    }
    return status;
}

void ticket_whole_clear(struct ticket_whole *whole)
{
    struct rows **all[] = {&whole->ticket,   &whole->participants, &whole->links,
                           &whole->comments, &whole->attachments,  &whole->activities,
                           &whole->mails};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_clear_pointer(all[i], rows_free);
    }
}
