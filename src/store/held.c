/* held - held mails and the decisions on them
 *
 * A held mail waits for a person, or for proof. The update that releases or drops it names the state it must
 * have, so the row's lock decides between two people; an intake that is about to carry out somebody's word
 * takes that lock when it reads.
 *
 * A released mail goes the way of all mail once more, with a clean record: the counts of deaths begin anew,
 * or a mail that was held for them could never be tried again. Its decision knows who released it.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "store/held.h"

#include "store/arrays.h"

static const struct statement NONCES = {
    "held_nonces", "SELECT i.id, i.nonce, coalesce(t.merged_into, t.id) FROM inbound_mail i"
                   " LEFT JOIN ticket t ON t.id = i.ticket"
                   " WHERE i.id = ANY($1::int8[]) AND i.nonce IS NOT NULL"};

#define FIND_COLUMNS                                                                  \
 "SELECT i.id, i.state = 'held', i.held_for, i.state, i.from_text, i.subject,"        \
 " coalesce(t.merged_into, t.id), coalesce(i.sender, a.person),"                      \
 " coalesce(i.held_customer, p.customer), coalesce(i.dropped_by, i.released_by, '')," \
 " CASE WHEN i.dropped_by IS NOT NULL THEN 'dropped' WHEN i.released_by IS NOT NULL"  \
 "  THEN 'released' ELSE '' END, i.handled_at, i.nonce"                               \
 " FROM inbound_mail i LEFT JOIN ticket t ON t.id = i.ticket"                         \
 " LEFT JOIN person_address a ON a.address_key = lower(i.from_address)"               \
 " LEFT JOIN person p ON p.id = coalesce(i.sender, a.person) WHERE i.id = ANY($1::int8[])"

static const struct statement FIND = {"held_find", FIND_COLUMNS " ORDER BY i.id"};
static const struct statement FIND_AND_LOCK = {"held_find_and_lock", FIND_COLUMNS
                                               " ORDER BY i.id FOR NO KEY UPDATE OF i"};

static const struct statement RELEASE = {
    "held_release",
    "UPDATE inbound_mail i SET state = 'received', released_by = d.actor, is_trusted = d.trusted,"
    " handled_at = now(), held_until = NULL, attempt = 0, solo_attempts = 0, parser_deaths = 0,"
    " lease_holder = NULL, lease_until = NULL, decided_at = NULL, role = NULL, outcome = NULL,"
    " where_reasons = NULL, who_reasons = NULL, may_reasons = NULL, records = NULL, sender = NULL,"
    " ticket = NULL, comment = NULL"
    " FROM unnest($1::int8[], $2::text[], $3::bool[]) AS d (mail, actor, trusted)"
    " WHERE i.id = d.mail AND i.state = 'held' RETURNING i.id"};

static const struct statement DROP = {
    "held_drop",
    "UPDATE inbound_mail i SET state = 'rejected', outcome = 'rejected', dropped_by = d.actor,"
    " is_spam = d.spam, handled_at = now(), held_until = NULL,"
    " may_reasons = may_reasons || ('dropped by ' || d.actor)"
    " FROM unnest($1::int8[], $2::text[], $3::bool[]) AS d (mail, actor, spam)"
    " WHERE i.id = d.mail AND i.state = 'held' RETURNING i.id"};

static const struct statement WAKE_INTAKES = {"held_wake", "NOTIFY postdesk_inbound"};

static const struct statement EXPIRE = {
    "held_expire",
    "WITH over AS (UPDATE inbound_mail SET state = 'rejected', outcome = 'rejected',"
    "  dropped_by = 'time', handled_at = now(), held_until = NULL,"
    "  may_reasons = may_reasons || 'nobody admitted it in time'::text"
    "  WHERE state = 'held' AND held_until <= now()"
    "  RETURNING id, mailbox, subject, from_address, held_customer)"
    " SELECT o.id, o.mailbox, coalesce(o.subject, ''), p.id, p.name, f.address, coalesce(m.name, '')"
    " FROM over o LEFT JOIN person_address a ON a.address_key = lower(o.from_address)"
    " LEFT JOIN person p ON p.id = a.person AND p.is_confirmed AND NOT p.is_disabled"
    " LEFT JOIN LATERAL (SELECT address, is_dead FROM person_address WHERE person = p.id"
    "  ORDER BY position, address_key LIMIT 1) f ON true"
    " LEFT JOIN person m ON m.customer = o.held_customer AND m.is_main_contact"
    " WHERE NOT coalesce(f.is_dead, false) ORDER BY o.id"};

static const struct statement IS_DUE = {
    "held_is_due",
    "INSERT INTO chore AS c (name, done_at) VALUES ($1, now()) ON CONFLICT (name) DO UPDATE"
    " SET done_at = now() WHERE c.done_at <= now() - $2 * interval '1 microsecond' RETURNING name"};

static const struct statement LOOK = {
    "held_look",
    "SELECT EXISTS (SELECT FROM inbound_mail WHERE state = 'held' AND held_until <= now()),"
    " NOT EXISTS (SELECT FROM chore WHERE name = $1"
    "  AND done_at > now() - $2 * interval '1 microsecond')"};

static const struct statement WAITING = {
    "held_waiting",
    "SELECT id, mailbox, coalesce(held_for, ''),"
    " CASE WHEN held_for = 'flood' THEN '' ELSE split_part(lower(from_address), '@', 2) END,"
    " coalesce(from_text, ''), coalesce(subject, '') FROM inbound_mail WHERE state = 'held'"
    " ORDER BY held_for, 4, id"};

void held_store_queue_nonces(struct tx *tx, const int64_t *mails, size_t count,
                             struct rows **rows_out)
{
    arrays_queue_by_ids(tx, &NONCES, mails, count, rows_out);
}

void held_store_queue_find(struct tx *tx, const int64_t *mails, size_t count, bool locks,
                           struct rows **rows_out)
{
    arrays_queue_by_ids(tx, locks ? &FIND_AND_LOCK : &FIND, mails, count, rows_out);
}

static void take(char **member, const char *text)
{
    g_free(*member);
    *member = g_strdup(text == NULL ? "" : text);
}

struct held_record *held_store_read(const struct rows *rows, int row)
{
    struct held_record *held = held_record_new();
    struct err err = {.status = ST_OK};

    held->id = row_int64(rows, row, 0);
    held->is_held = row_bool(rows, row, 1);
    if (!row_is_null(rows, row, 2)) {
        /* The schema allows no other words. */
        enum status status = held_for_parse(row_text(rows, row, 2), &held->held_for, &err);
        g_assert(status == ST_OK);
    }
    take(&held->state, row_text(rows, row, 3));
    take(&held->from_text, row_text(rows, row, 4));
    take(&held->subject, row_text(rows, row, 5));
    held->ticket = row_int64(rows, row, 6);
    held->sender = row_int64(rows, row, 7);
    held->customer = row_int64(rows, row, 8);
    take(&held->handled_by, row_text(rows, row, 9));
    take(&held->handled_how, row_text(rows, row, 10));
    held->handled_at_us = row_time(rows, row, 11);
    return held;
}

int64_t held_store_read_nonce(const struct rows *rows, int row)
{
    return row_int64(rows, row, 12);
}

/* Those of one kind, in one statement; one that is not there needs none. */
static void queue_kind(struct tx *tx, const struct held_decision *decisions, size_t count,
                       bool is_release, struct rows **rows_out)
{
    g_autofree int64_t *mails = g_new(int64_t, count);
    g_autofree const char **actors = g_new(const char *, count);
    g_autofree bool *flags = g_new(bool, count);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (decisions[i].is_release == is_release) {
            mails[kept] = decisions[i].mail;
            actors[kept] = decisions[i].actor;
            flags[kept] = is_release ? decisions[i].is_trusted : decisions[i].is_spam;
            kept++;
        }
    }
    if (kept == 0) {
        return;
    }
    OWNED(params) params = params_new();
    params_add_int64s(params, mails, kept);
    params_add_texts(params, actors, kept);
    params_add_bools(params, flags, kept);
    tx_queue(tx, is_release ? &RELEASE : &DROP, params, rows_out);
    if (is_release) {
        tx_queue(tx, &WAKE_INTAKES, NULL, NULL);
    }
}

void held_store_queue_decide(struct tx *tx, const struct held_decision *decisions, size_t count,
                             struct rows **rows_out)
{
    if (count > 0) {
        queue_kind(tx, decisions, count, true, rows_out);
        queue_kind(tx, decisions, count, false, rows_out);
    }
}

enum status held_store_expire(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &EXPIRE, NULL, rows_out, err);
}

enum status held_store_look(struct tx *tx, const char *chore, int64_t every_us,
                            struct held_look *look_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, chore);
    params_add_int64(params, every_us);
    enum status status = tx_query(tx, &LOOK, params, &rows, err);
    if (status == ST_OK) {
        look_out->is_any_over = row_bool(rows, 0, 0);
        look_out->is_chore_due = row_bool(rows, 0, 1);
    }
    return status;
}

enum status held_store_is_due(struct tx *tx, const char *chore, int64_t every_us, bool *is_due_out,
                              struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_text(params, chore);
    params_add_int64(params, every_us);
    enum status status = tx_query(tx, &IS_DUE, params, &rows, err);
    if (status == ST_OK) {
        *is_due_out = rows_count(rows) > 0;
    }
    return status;
}

static const struct statement JUNK = {
    "held_junk", "SELECT coalesce(sum(mails_left), 0)::int8, max(mailbox) FROM junk_day"
                 " WHERE day = current_date - 1 AND mails_left > 0"};

enum status held_store_junk(struct tx *tx, int64_t *count_out, mailbox_id *mailbox_out,
                            struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &JUNK, NULL, &rows, err);

    if (status == ST_OK) {
        *count_out = row_int64(rows, 0, 0);
        *mailbox_out = row_int64(rows, 0, 1);
    }
    return status;
}

enum status held_store_waiting(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &WAITING, NULL, rows_out, err);
}
