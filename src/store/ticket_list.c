/* ticket_list - tickets as the command line lists and shows them
 *
 * A list walks the tickets from the newest backwards until it has enough of them, so it costs nothing to
 * look at the newest of ten million. A ticket is shown with all that hangs on it, in one round trip.
 *
 * Nonces and tokens stay where they are: nobody has to see them, and who sees a token can use it.
 * I/O: the caller's transaction, reading.
 */
#include "store/ticket_list.h"

#include <inttypes.h>

#define ADDRESS_OF(person)                                        \
 "(SELECT address FROM person_address a WHERE a.person = " person \
 " ORDER BY position, address_key LIMIT 1)"

#define TICKET_COLUMNS                                                                               \
 "t.id, t.subject, t.status, t.type, c.name, r.name, " ADDRESS_OF(                                   \
     "r.id") ", a.name,"                                                                             \
             " m.address, t.opened_by, t.merged_into, t.created_at, t.updated_at, t.closed_at"       \
             " FROM ticket t JOIN person r ON r.id = t.requester JOIN mailbox m ON m.id = t.mailbox" \
             " LEFT JOIN person a ON a.id = t.assignee LEFT JOIN customer c ON c.id = t.customer"

static const struct statement FIND = {
    "ticket_list_find", "SELECT " TICKET_COLUMNS " WHERE ($1::text IS NULL OR t.status = $1)"
                        " AND ($2::int8 IS NULL OR t.assignee = $2)"
                        " AND (NOT $3 OR t.assignee IS NULL)"
                        " AND ($4::int8 IS NULL OR t.customer = $4) ORDER BY t.id DESC LIMIT $5"};

static const struct statement TICKET = {"ticket_list_ticket",
                                        "SELECT " TICKET_COLUMNS " WHERE t.id = $1"};

static const struct statement PARTICIPANTS = {
    "ticket_list_participants", "SELECT p.id, p.name, " ADDRESS_OF(
                                    "p.id") " FROM participant x JOIN person p ON p.id = x.person"
                                            " WHERE x.ticket = $1 ORDER BY x.since, p.id"};

static const struct statement LINKS = {
    "ticket_list_links", "SELECT other, why FROM ticket_link WHERE ticket = $1"
                         " UNION ALL SELECT ticket, why FROM ticket_link WHERE other = $1"
                         " ORDER BY 1"};

static const struct statement COMMENTS = {
    "ticket_list_comments", "SELECT c.id, c.kind, p.name, " ADDRESS_OF(
                                "p.id") ", c.mail, c.created_at, c.body"
                                        " FROM comment c JOIN person p ON p.id = c.author"
                                        " WHERE c.ticket = $1 ORDER BY c.id"};

static const struct statement ATTACHMENTS = {
    "ticket_list_attachments",
    "SELECT a.comment, a.name, a.type, a.bytes, a.is_inline FROM attachment a"
    " JOIN comment c ON c.id = a.comment WHERE c.ticket = $1 ORDER BY a.comment, a.position"};

static const struct statement ACTIVITIES = {
    "ticket_list_activities",
    "SELECT a.at, a.what, a.from_value, a.to_value, coalesce(p.name, a.actor), a.mail, a.outbound"
    " FROM activity a LEFT JOIN person p ON p.id = a.person WHERE a.ticket = $1 ORDER BY a.id"};

static const struct statement MAILS = {
    "ticket_list_mails",
    "SELECT id, notice, address, state, reason, suppressed_by, comment, attempt, queued_at,"
    " CASE WHEN state = 'queued' THEN next_try_at END, ended_at, answer"
    " FROM outbound_mail WHERE ticket = $1 ORDER BY id"};

enum status ticket_list_find(struct tx *tx, const struct ticket_filter *filter,
                             struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    params_add_text(params, filter->status);
    params_add_id(params, filter->assignee);
    params_add_bool(params, filter->is_unassigned);
    params_add_id(params, filter->customer);
    params_add_int64(params, filter->limit);
    return tx_query(tx, &FIND, params, rows_out, err);
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
        (void)err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, ticket);
        return err_hint(err, "postdesk ticket list");
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
