/* outbound - the rows of outbound_mail as they are made, and what the governor counts in them
 *
 * The insert has one caller, gateway/outbox: a lint says so. What is sent, and what became of it, is
 * store/outbound_due.
 *
 * Counts are capped: the governor asks "more than n?", so counting stops at n, and a budget costs the same
 * whatever the table holds. One query a budget, one index each.
 * I/O: the caller's transaction.
 */
#include "store/outbound.h"

#include "store/arrays.h"

static const struct statement INSERT = {
    "outbound_insert",
    "INSERT INTO outbound_mail (id, nonce, mailbox, ticket, comment, cause, notice, parameters,"
    " recipient, address, address_key, domain, is_automatic, is_stranger, message_id, reply_token,"
    " bounce_token, reason, state, suppressed_by)"
    " SELECT n.id, n.nonce, n.mailbox, n.ticket, n.comment, n.cause, n.notice,"
    " coalesce(n.parameters, '{}')::jsonb, n.recipient, n.address, n.address_key, n.domain,"
    " n.automatic, n.stranger, n.message_id, n.reply_token, n.bounce_token, n.reason,"
    " CASE WHEN n.suppressed_by IS NULL THEN 'queued' ELSE 'suppressed' END, n.suppressed_by"
    " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::text[],"
    " $8::text[], $9::int8[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::bool[],"
    " $15::text[], $16::text[], $17::text[], $18::text[], $19::text[]) AS n (id, nonce, mailbox,"
    " ticket, comment, cause, notice, parameters, recipient, address, address_key, domain, automatic,"
    " stranger, message_id, reply_token, bounce_token, reason, suppressed_by)"};

static const struct statement WAKE_SENDERS = {"outbound_wake_senders", "NOTIFY postdesk_outbound"};

static const struct statement NONCES = {
    "outbound_nonces", "SELECT o.id, o.nonce, coalesce(t.merged_into, t.id) FROM outbound_mail o"
                       " LEFT JOIN ticket t ON t.id = o.ticket WHERE o.id = ANY($1::int8[])"};

static const struct statement FIND = {
    "outbound_find", "SELECT o.id, coalesce(t.merged_into, t.id), o.recipient, o.address, c.author,"
                     " o.is_automatic FROM outbound_mail o LEFT JOIN ticket t ON t.id = o.ticket"
                     " LEFT JOIN comment c ON c.id = o.comment WHERE o.id = ANY($1::int8[])"};

/* The news of held mail have a budget of their own. */
#define NO_NEWS_OF_HELD " AND notice NOT IN ('held', 'held-answer')"

#define COUNT_BY(key, rest)                                                    \
 "SELECT k.key, (SELECT count(*) FROM (SELECT 1 FROM outbound_mail WHERE " key \
 " AND state <> 'suppressed' AND " rest " LIMIT $2) c) FROM unnest($1::text[]) AS k (key)"

static const struct statement COUNTS[BUDGET_COUNT] = {
    [BUDGET_ADDRESS_HOUR] =
        {"outbound_count_address_hour",
         COUNT_BY("address_key = k.key",
                  "is_automatic AND queued_at > now() - interval '1 hour'" NO_NEWS_OF_HELD)},
    [BUDGET_ADDRESS_DAY] =
        {"outbound_count_address_day",
         COUNT_BY("address_key = k.key",
                  "is_automatic AND queued_at > now() - interval '1 day'" NO_NEWS_OF_HELD)},
    [BUDGET_DOMAIN_HOUR] =
        {"outbound_count_domain_hour",
         COUNT_BY("domain = k.key",
                  "is_automatic AND queued_at > now() - interval '1 hour'" NO_NEWS_OF_HELD)},
    [BUDGET_TICKET_HOUR] = {"outbound_count_ticket_hour",
                            COUNT_BY("ticket = k.key::int8",
                                     "is_automatic AND queued_at > now() - interval '1 hour'")},
    [BUDGET_STRANGER_ADDRESS_DAY] =
        {"outbound_count_stranger_address_day",
         COUNT_BY("address_key = k.key",
                  "is_automatic AND is_stranger AND queued_at > now() - interval '1 day'")},
    [BUDGET_STRANGER_DOMAIN_HOUR] =
        {"outbound_count_stranger_domain_hour",
         COUNT_BY("domain = k.key",
                  "is_automatic AND is_stranger AND queued_at > now() - interval '1 hour'")},
    [BUDGET_ASKED_DAY] = {"outbound_count_asked_day",
                          COUNT_BY("address_key = k.key",
                                   "is_automatic AND notice = 'was-this-you'"
                                   " AND queued_at > now() - interval '1 day'")},
    [BUDGET_HELD_HOUR] = {"outbound_count_held_hour",
                          COUNT_BY("address_key = k.key",
                                   "is_automatic AND notice IN ('held', 'held-answer')"
                                   " AND queued_at > now() - interval '1 hour'")},
    [BUDGET_SENDER_TICKETS] = {"inbound_count_sender_tickets",
                               "SELECT k.key, (SELECT count(*) FROM (SELECT 1 FROM inbound_mail"
                               " WHERE sender = k.key::int8 AND outcome = 'new'"
                               " AND decided_at > now() - interval '10 minutes' LIMIT $2) c)"
                               " FROM unnest($1::text[]) AS k (key)"},
    [BUDGET_STRANGERS_TICKETS] =
        {"inbound_count_strangers_tickets",
         "SELECT k.key, (SELECT count(*) FROM (SELECT 1 FROM inbound_mail"
         " WHERE outcome = 'new' AND role IN ('unknown', 'stranger')"
         " AND decided_at > now() - interval '10 minutes'"
         " UNION ALL SELECT 1 FROM inbound_mail i" /* a header makes anybody a machine */
         " LEFT JOIN person p ON p.id = i.sender"
         " WHERE i.outcome = 'new' AND i.role = 'machine'"
         " AND i.decided_at > now() - interval '10 minutes'"
         " AND NOT coalesce(p.is_confirmed OR p.is_technician, false) LIMIT $2) c)"
         " FROM unnest($1::text[]) AS k (key)"},
    [BUDGET_STRANGER_HOUR] = {"outbound_count_stranger_hour",
                              COUNT_BY("k.key = ''",
                                       "is_stranger AND queued_at > now() - interval '1 hour'")},
};

static void add_bool_members(struct params *params, const struct new_outbound *mails, size_t count,
                             bool is_stranger)
{
    g_autofree bool *values = g_new(bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        values[i] = is_stranger ? mails[i].is_stranger : mails[i].is_automatic;
    }
    params_add_bools(params, values, count);
}

void outbound_store_insert(struct tx *tx, const struct new_outbound *mails, size_t count)
{
    OWNED(params) params = params_new();
    ADD_ID_MEMBERS(params, mails, count, id);
    ADD_ID_MEMBERS(params, mails, count, nonce);
    ADD_ID_MEMBERS(params, mails, count, mailbox);
    ADD_ID_MEMBERS(params, mails, count, ticket);
    ADD_ID_MEMBERS(params, mails, count, comment);
    ADD_ID_MEMBERS(params, mails, count, cause);
    ADD_TEXT_MEMBERS(params, mails, count, notice);
    ADD_TEXT_MEMBERS(params, mails, count, parameters);
    ADD_ID_MEMBERS(params, mails, count, recipient);
    ADD_TEXT_MEMBERS(params, mails, count, address);
    ADD_TEXT_MEMBERS(params, mails, count, address_key);
    ADD_TEXT_MEMBERS(params, mails, count, domain);
    add_bool_members(params, mails, count, false);
    add_bool_members(params, mails, count, true);
    ADD_TEXT_MEMBERS(params, mails, count, message_id);
    ADD_TEXT_MEMBERS(params, mails, count, reply_token);
    ADD_TEXT_MEMBERS(params, mails, count, bounce_token);
    ADD_TEXT_MEMBERS(params, mails, count, reason);
    ADD_TEXT_MEMBERS(params, mails, count, suppressed_by);
    tx_queue(tx, &INSERT, params, NULL);
    tx_queue(tx, &WAKE_SENDERS, NULL, NULL);
}

void outbound_store_queue_nonces(struct tx *tx, const int64_t *ids, size_t count,
                                 struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &NONCES, ids, count, rows_out);
}

void outbound_store_queue_find(struct tx *tx, const int64_t *ids, size_t count,
                               struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &FIND, ids, count, rows_out);
}

struct outbound_record *outbound_store_read(const struct rows *rows, int row)
{
    struct outbound_record *outbound = outbound_record_new();
    g_free(outbound->address);
    outbound->id = row_int64(rows, row, 0);
    outbound->ticket = row_int64(rows, row, 1);
    outbound->person = row_int64(rows, row, 2);
    outbound->address = g_strdup(row_text(rows, row, 3));
    outbound->author = row_int64(rows, row, 4);
    outbound->is_automatic = row_bool(rows, row, 5);
    return outbound;
}

void outbound_store_queue_counts(struct tx *tx, enum budget budget, const char *const *keys,
                                 size_t count, int64_t most, struct rows **rows_out)
{
    OWNED(params) params = params_new();
    params_add_texts(params, keys, count);
    params_add_int64(params, most);
    tx_queue(tx, &COUNTS[budget], params, rows_out);
}
