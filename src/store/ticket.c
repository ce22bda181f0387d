/* ticket - the rows of ticket, comment and what hangs on them, as the way of a mail writes them
 *
 * One multi-row statement a table; the caller decides the order and holds the tickets' locks. Numbers come
 * from the sequences before anything is written, because tokens and Message-IDs are made of them.
 *
 * Lists for people (`postdesk ticket list`) are not made here.
 * I/O: the caller's transaction.
 */
#include "store/ticket.h"

#include "store/arrays.h"

static const struct statement LOCK = {
    "ticket_lock", "SELECT pg_advisory_xact_lock(k) FROM unnest($1::int8[]) AS k"};

static const struct statement NONCES = {
    "ticket_nonces",
    "SELECT id, nonce, coalesce(merged_into, id) FROM ticket WHERE id = ANY($1::int8[])"};

static const struct statement FIND = {
    "ticket_find",
    "SELECT t.id, t.nonce, t.merged_into, t.mailbox, t.subject, t.status, t.closed_at, t.requester,"
    " t.assignee, t.customer, t.technician_group, (SELECT array_agg(p.person ORDER BY p.person) FROM participant p"
    "  WHERE p.ticket = t.id), t.status_name, t.type, t.priority, t.impact, t.product, t.tags,"
    " t.activity_status, t.source, t.created_at, t.updated_at, t.contact_word_at,"
    " t.technician_word_at, t.comments,"
    " CASE WHEN t.custom <> '{}' THEN ARRAY(SELECT x FROM jsonb_each_text(t.custom) e,"
    "  LATERAL unnest(ARRAY[e.key, e.value]) WITH ORDINALITY AS u (x, place)"
    "  ORDER BY e.key COLLATE \"C\", place) END"
    " FROM ticket t WHERE t.id = ANY($1::int8[])"};

static const struct statement NEW_TICKETS = {
    "ticket_new_ids", "SELECT nextval('ticket_id') FROM generate_series(1, $1::int8)"};
static const struct statement NEW_COMMENTS = {
    "comment_new_ids", "SELECT nextval('comment_id') FROM generate_series(1, $1::int8)"};
static const struct statement NEW_PEOPLE = {
    "person_new_ids", "SELECT nextval('person_id_seq') FROM generate_series(1, $1::int8)"};
static const struct statement NEW_OUTBOUND = {
    "outbound_new_ids", "SELECT nextval('outbound_mail_id') FROM generate_series(1, $1::int8)"};

static const struct statement OPEN = {
    "ticket_open",
    "INSERT INTO ticket (id, nonce, mailbox, customer, requester, subject, opened_by, comments,"
    " contact_word_at, technician_word_at, activity_status)"
    " SELECT n.id, n.nonce, n.mailbox, n.customer, n.requester, n.subject, n.opened_by,"
    " coalesce(n.comments, 0), CASE WHEN n.whose = 'contact' THEN now() END,"
    " CASE WHEN n.whose = 'technician' THEN now() END,"
    " CASE WHEN n.whose = 'technician' THEN 'read' ELSE 'unread' END"
    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[],"
    " $7::int8[], $8::int8[], $9::text[]) AS n (id, nonce, mailbox, customer, requester, subject,"
    " opened_by, comments, whose)"};

static const struct statement COMMENT = {
    "ticket_comment",
    "INSERT INTO comment (id, ticket, kind, author, mail, body, rule)"
    " SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::int8[], $5::int8[], $6::text[],"
    " $7::text[])"};

static const struct statement VERIFY = {
    "ticket_verify", "WITH proved AS (UPDATE comment AS c SET kind = 'public', mail = v.mail"
                     "  FROM unnest($1::int8[], $2::int8[]) AS v (comment, mail)"
                     "  WHERE c.id = v.comment AND c.kind = 'unverified' RETURNING c.ticket)"
                     " UPDATE ticket AS t SET contact_word_at = now(), updated_at = now(),"
                     "  activity_status = 'awaiting-technician'"
                     " WHERE t.id IN (SELECT ticket FROM proved)"};

static const struct statement PARTICIPANT = {
    "ticket_participant",
    "INSERT INTO participant (ticket, person) SELECT * FROM unnest($1::int8[], $2::int8[])"
    " ON CONFLICT DO NOTHING"};

static const struct statement LINK = {
    "ticket_link",
    "INSERT INTO ticket_link (ticket, other, why)"
    " SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[]) ON CONFLICT DO NOTHING"};

/* A ticket has one row however many of its comments a batch brings. */
static const struct statement WORDS = {
    "ticket_words",
    "UPDATE ticket AS t SET updated_at = now(), comments = t.comments + w.comments,"
    " contact_word_at = CASE WHEN w.is_contacts THEN now() ELSE t.contact_word_at END,"
    " technician_word_at = CASE WHEN w.is_technicians THEN now() ELSE t.technician_word_at END,"
    " activity_status = CASE WHEN w.is_technicians THEN 'awaiting-contact'"
    "  WHEN w.is_contacts THEN 'awaiting-technician'"
    "  WHEN w.is_read AND t.activity_status = 'unread' THEN 'read' ELSE t.activity_status END"
    " FROM (SELECT ticket, count(*) AS comments,"
    "  bool_or(whose = 'contact' AND kind = 'public') AS is_contacts,"
    "  bool_or(whose = 'technician' AND kind = 'public') AS is_technicians,"
    "  bool_or(whose = 'technician') AS is_read"
    "  FROM unnest($1::int8[], $2::text[], $3::text[]) AS n (ticket, whose, kind) GROUP BY ticket) w"
    " WHERE t.id = w.ticket"};

static const struct statement ACTIVITY = {
    "ticket_activity",
    "INSERT INTO activity (ticket, what, from_value, to_value, person, actor, mail, outbound, rule)"
    " SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::int8[], $6::text[],"
    " $7::int8[], $8::int8[], $9::text[])"};

void ticket_store_queue_locks(struct tx *tx, const int64_t *keys, size_t count)
{
    arrays_queue_by_ids(tx, &LOCK, keys, count, NULL);
}

void ticket_store_queue_nonces(struct tx *tx, const int64_t *ids, size_t count,
                               struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &NONCES, ids, count, rows_out);
}

void ticket_store_queue_find(struct tx *tx, const int64_t *ids, size_t count,
                             struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &FIND, ids, count, rows_out);
}

static void read_text(const struct rows *rows, int row, int column, char **member)
{
    const char *text = row_text(rows, row, column);

    g_free(*member);
    *member = g_strdup(text == NULL ? "" : text);
}

static void read_fields(const struct rows *rows, int row, struct ticket_record *ticket)
{
    enum {
        STATUS_NAME = 12,
        TYPE,
        PRIORITY,
        IMPACT,
        PRODUCT,
        TAGS,
        ACTIVITY_STATUS,
        SOURCE,
        CREATED,
        CHANGED,
        CONTACT_WORD,
        TECHNICIAN_WORD,
        COMMENTS,
        CUSTOM
    };

    read_text(rows, row, STATUS_NAME, &ticket->status_name);
    read_text(rows, row, TYPE, &ticket->type);
    read_text(rows, row, PRIORITY, &ticket->priority);
    read_text(rows, row, IMPACT, &ticket->impact);
    read_text(rows, row, PRODUCT, &ticket->product);
    read_text(rows, row, ACTIVITY_STATUS, &ticket->activity_status);
    read_text(rows, row, SOURCE, &ticket->source);
    g_ptr_array_unref(ticket->tags);
    ticket->tags = row_texts(rows, row, TAGS);
    g_ptr_array_unref(ticket->custom);
    ticket->custom = row_texts(rows, row, CUSTOM);
    ticket->created_at_us = row_time(rows, row, CREATED);
    ticket->changed_at_us = row_time(rows, row, CHANGED);
    ticket->contact_word_at_us = row_time(rows, row, CONTACT_WORD);
    ticket->technician_word_at_us = row_time(rows, row, TECHNICIAN_WORD);
    ticket->comments = row_int64(rows, row, COMMENTS);
}

struct ticket_record *ticket_store_read(const struct rows *rows, int row)
{
    struct ticket_record *ticket = ticket_record_new();
    struct err err = {.status = ST_OK};
    ticket->id = row_int64(rows, row, 0);
    ticket->merged_into = row_int64(rows, row, 2);
    ticket->mailbox = row_int64(rows, row, 3);
    g_free(ticket->subject);
    ticket->subject = g_strdup(row_text(rows, row, 4));
    /* The schema allows no other words. */
    enum status status = ticket_status_parse(row_text(rows, row, 5), &ticket->status, &err);
    g_assert(status == ST_OK);
    ticket->closed_at_us = row_time(rows, row, 6);
    ticket->requester = row_int64(rows, row, 7);
    ticket->assignee = row_int64(rows, row, 8);
    ticket->customer = row_int64(rows, row, 9);
    g_array_unref(ticket->participants);
    ticket->group = row_int64(rows, row, 10);
    ticket->participants = row_int64s(rows, row, 11);
    read_fields(rows, row, ticket);
    return ticket;
}

int64_t ticket_store_read_nonce(const struct rows *rows, int row)
{
    return row_int64(rows, row, 1);
}

enum status ticket_store_new_ids(struct tx *tx, struct new_ids *ids, struct err *err)
{
    const struct {
        const struct statement *statement;
        size_t count;
    } wanted[] = {{&NEW_TICKETS, ids->tickets},
                  {&NEW_COMMENTS, ids->comments},
                  {&NEW_PEOPLE, ids->people},
                  {&NEW_OUTBOUND, ids->outbound}};
    bool is_any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (wanted[i].count > 0) {
            OWNED(params) params = params_new();
            params_add_int64(params, (int64_t)wanted[i].count);
            tx_queue(tx, wanted[i].statement, params, &ids->rows[i]);
            is_any = true;
        }
    }
    return is_any ? tx_sync(tx, err) : ST_OK;
}

void new_ids_clear(struct new_ids *ids)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ids->rows); i++) {
        g_clear_pointer(&ids->rows[i], rows_free);
    }
}

void ticket_store_queue_open(struct tx *tx, const struct new_ticket *tickets, size_t count)
{
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, tickets, count, id);
    ADD_ID_MEMBERS(params, tickets, count, nonce);
    ADD_ID_MEMBERS(params, tickets, count, mailbox);
    ADD_ID_MEMBERS(params, tickets, count, customer);
    ADD_ID_MEMBERS(params, tickets, count, requester);
    ADD_TEXT_MEMBERS(params, tickets, count, subject);
    ADD_ID_MEMBERS(params, tickets, count, opened_by);
    ADD_ID_MEMBERS(params, tickets, count, comments);
    ADD_TEXT_MEMBERS(params, tickets, count, whose);
    tx_queue(tx, &OPEN, params, NULL);
}

void ticket_store_queue_comments(struct tx *tx, const struct new_comment *comments, size_t count)
{
    g_autofree const char **kinds = g_new(const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        kinds[i] = comment_kind_name(comments[i].kind);
    }
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, comments, count, id);
    ADD_ID_MEMBERS(params, comments, count, ticket);
    params_add_texts(params, kinds, count);
    ADD_ID_MEMBERS(params, comments, count, author);
    ADD_ID_MEMBERS(params, comments, count, mail);
    ADD_TEXT_MEMBERS(params, comments, count, body);
    ADD_TEXT_MEMBERS(params, comments, count, rule);
    tx_queue(tx, &COMMENT, params, NULL);
}

void ticket_store_queue_participants(struct tx *tx, const int64_t *tickets, const int64_t *people,
                                     size_t count)
{
    OWNED(params) params = params_new();
    params_add_int64s(params, tickets, count);
    params_add_int64s(params, people, count);
    tx_queue(tx, &PARTICIPANT, params, NULL);
}

void ticket_store_queue_links(struct tx *tx, const int64_t *tickets, const int64_t *others,
                              const char *const *whys, size_t count)
{
    OWNED(params) params = params_new();
    params_add_int64s(params, tickets, count);
    params_add_int64s(params, others, count);
    params_add_texts(params, whys, count);
    tx_queue(tx, &LINK, params, NULL);
}

void ticket_store_queue_words(struct tx *tx, const struct new_word *words, size_t count)
{
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, words, count, ticket);
    ADD_TEXT_MEMBERS(params, words, count, whose);
    ADD_TEXT_MEMBERS(params, words, count, kind);
    tx_queue(tx, &WORDS, params, NULL);
}

void ticket_store_queue_activities(struct tx *tx, const struct new_activity *activities,
                                   size_t count)
{
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, activities, count, ticket);
    ADD_TEXT_MEMBERS(params, activities, count, what);
    ADD_TEXT_MEMBERS(params, activities, count, from_value);
    ADD_TEXT_MEMBERS(params, activities, count, to_value);
    ADD_ID_MEMBERS(params, activities, count, person);
    ADD_TEXT_MEMBERS(params, activities, count, actor);
    ADD_ID_MEMBERS(params, activities, count, mail);
    ADD_ID_MEMBERS(params, activities, count, outbound);
    ADD_TEXT_MEMBERS(params, activities, count, rule);
    tx_queue(tx, &ACTIVITY, params, NULL);
}

void ticket_store_queue_verify(struct tx *tx, const int64_t *comments, const int64_t *mails,
                               size_t count)
{
    OWNED(params) params = params_new();
    params_add_int64s(params, comments, count);
    params_add_int64s(params, mails, count);
    tx_queue(tx, &VERIFY, params, NULL);
}
