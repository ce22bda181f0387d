/* gather - records for a batch of mails, and their decisions
 *
 * desk/need says what to look up; this module asks the database for a whole batch at once and deals the
 * answers out to each mail's records. One round trip a round, at most four rounds:
 *
 *     0  settings, keys, mailboxes, technicians: common to all
 *     1  locks of the first level, then tokens, Message-IDs, senders, domains, twins
 *     2  locks of the tickets, then the tickets
 *     3  people    4  counts of the governor
 *
 * Locks come before what they protect is read; each level is taken in ascending order by everybody, so
 * that nobody can wait in a circle. Of mails that share a key only the oldest stays in the batch: the others
 * would be decided by what stood there before it.
 *
 * Tokens are verified here, between two rounds: what goes into the records is the verdict.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/gather.h"

#include <string.h>

#include "core/text.h"
#include "desk/decide.h"
#include "desk/governor.h"
#include "desk/need.h"
#include "gateway/keys.h"
#include "store/outbound.h"
#include "store/people.h"
#include "store/thread.h"
#include "store/ticket.h"

static bool takes_part(const struct batch_mail *mail)
{
    return mail->facts && !mail->is_deferred && !mail->is_ended;
}

/* ---- round 0: what is common ------------------------------------------------------------------ */

static void start_records(struct batch *batch, struct batch_mail *mail,
                          const struct rows *technicians)
{
    struct records *records = records_new();
    const struct claimed_mail *claimed = mail->claimed;
    mail->records = records;
    records->now_us = desk_store_now(&batch->desk);
    records->mail = batch->is_rehearsal ? 0 : claimed->id;
    records->settings = batch->settings;
    records->is_oversize = !claimed->raw_complete;
    records->bytes = claimed->bytes;
    records->released_by = g_strdup(claimed->released_by);
    desk_store_mailbox(&batch->desk, claimed->mailbox, &records->mailbox);
    g_ptr_array_unref(records->own_addresses);
    records->own_addresses = desk_store_own_addresses(&batch->desk);
    for (int row = 0; row < rows_count(technicians); row++) {
        struct person_record *person = people_store_read(technicians, row);
        g_array_append_val(records->technicians, person->id);
        g_ptr_array_add(records->people, person);
    }
}

static enum status read_common(struct tx *tx, struct batch *batch, struct err *err)
{
    OWNED(rows) technicians = NULL;
    desk_store_queue(tx, &batch->desk);
    people_store_queue_technicians(tx, &technicians);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&batch->desk, &batch->settings, err);
    }
    if (status != ST_OK) {
        return status;
    }
    desk_store_keys(&batch->desk, &batch->keys);
    for (size_t i = 0; i < batch->count; i++) {
        start_records(batch, &batch->mails[i], technicians);
    }
    return ST_OK;
}

/* ---- round 1: tokens, ids, senders, domains, twins -------------------------------------------- */

struct first_round {
    struct need **needs; /* own, one a mail; NULL for those that take no part */
    GArray *locks;
    GArray *token_tickets;
    GArray *token_outbounds;
    GArray *outbounds; /* that delivery reports name */
    struct key_set ids;
    struct key_set addresses;
    struct key_set domains;
    struct rows *ticket_nonces;
    struct rows *outbound_nonces;
    struct rows *returned; /* NULL: no report names any */
    struct rows *threads;
    struct rows *people;
    struct rows *customers;
    struct rows *twins;
};

static void first_round_clear(struct first_round *round, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_clear_pointer(&round->needs[i], need_free);
    }
    g_free(round->needs);
    g_array_unref(round->locks);
    g_array_unref(round->token_tickets);
    g_array_unref(round->token_outbounds);
    g_array_unref(round->outbounds);
    key_set_clear(&round->ids);
    key_set_clear(&round->addresses);
    key_set_clear(&round->domains);
    struct rows **all[] = {&round->ticket_nonces, &round->outbound_nonces, &round->returned,
                           &round->threads,       &round->people,          &round->customers,
                           &round->twins};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_clear_pointer(all[i], rows_free);
    }
}

/* Does an older mail of the batch hold one of the keys? Then this one waits; else they are its own now. */
static bool defers(GHashTable *taken, const GArray *keys)
{
    for (guint i = 0; i < keys->len; i++) {
        if (g_hash_table_contains(taken, &g_array_index(keys, int64_t, i))) {
            return true;
        }
    }
    for (guint i = 0; i < keys->len; i++) {
        g_hash_table_add(taken, g_memdup2(&g_array_index(keys, int64_t, i), sizeof(int64_t)));
    }
    return false;
}

static void collect_need(struct first_round *round, const struct need *need)
{
    for (guint i = 0; i < need->tokens->len; i++) {
        const struct token_sighting *sighting = &g_array_index(need->tokens, struct token_sighting,
                                                               i);
        bool is_outbound = sighting->token.object_kind == TOKEN_OUTBOUND;
        int64s_add(is_outbound ? round->token_outbounds : round->token_tickets,
                   sighting->token.object);
    }
    for (guint i = 0; i < need->ids->len; i++) {
        key_set_add_text(&round->ids, g_ptr_array_index(need->ids, i));
    }
    for (guint i = 0; i < need->outbounds->len; i++) {
        int64s_add(round->outbounds, g_array_index(need->outbounds, int64_t, i));
    }
    key_set_add_text(&round->addresses, need->address_key);
    for (guint i = 0; i < need->domains->len; i++) {
        key_set_add_text(&round->domains, g_ptr_array_index(need->domains, i));
    }
}

static void collect_first(struct batch *batch, struct first_round *round)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_mail *mail = &batch->mails[i];
        if (!mail->facts) {
            continue;
        }
        g_autoptr(GArray)
            locks = need_locks(mail->facts, mail->claimed->fingerprint, FINGERPRINT_BYTES);
        mail->is_deferred = !batch->is_rehearsal && defers(taken, locks);
        if (!mail->is_deferred) {
            g_array_append_vals(round->locks, locks->data, locks->len);
            round->needs[i] = need_round(mail->facts, mail->records, 1);
            collect_need(round, round->needs[i]);
        }
    }
    g_array_sort(round->locks, compare_int64);
}

static void queue_twins(struct tx *tx, const struct batch *batch, struct rows **rows_out)
{
    g_autofree struct blob *fingerprints = g_new(struct blob, batch->count);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (takes_part(&batch->mails[i])) {
            fingerprints[count++] = (struct blob){batch->mails[i].claimed->fingerprint,
                                                  FINGERPRINT_BYTES};
        }
    }
    inbound_store_queue_twins(tx, fingerprints, count, rows_out);
}

static void queue_threads(struct tx *tx, const struct first_round *round, struct rows **rows_out)
{
    guint count = round->ids.list->len;
    g_autofree uint8_t *digests = g_malloc((gsize)(count + 1) * THREAD_KEY_BYTES);
    g_autofree struct blob *keys = g_new(struct blob, count + 1);
    for (guint i = 0; i < count; i++) {
        const char *id = g_ptr_array_index(round->ids.list, i);
        uint8_t *digest = digests + (gsize)i * THREAD_KEY_BYTES;
        text_sha256(id, strlen(id), digest);
        keys[i] = (struct blob){digest, THREAD_KEY_BYTES};
    }
    thread_store_queue_find(tx, keys, count, rows_out);
}

static void queue_first(struct tx *tx, const struct batch *batch, struct first_round *round)
{
    if (!batch->is_rehearsal && round->locks->len > 0) {
        ticket_store_queue_locks(tx, int64s(round->locks), round->locks->len);
    }
    ticket_store_queue_nonces(tx, int64s(round->token_tickets), round->token_tickets->len,
                              &round->ticket_nonces);
    outbound_store_queue_nonces(tx, int64s(round->token_outbounds), round->token_outbounds->len,
                                &round->outbound_nonces);
    if (round->outbounds->len > 0) {
        outbound_store_queue_find(tx, int64s(round->outbounds), round->outbounds->len,
                                  &round->returned);
    }
    queue_threads(tx, round, &round->threads);
    people_store_queue_by_address(tx, (const char *const *)round->addresses.list->pdata,
                                  round->addresses.list->len, &round->people);
    people_store_queue_domains(tx, (const char *const *)round->domains.list->pdata,
                               round->domains.list->len, &round->customers);
    queue_twins(tx, batch, &round->twins);
}

static int find_int64(const struct rows *rows, int64_t value)
{
    for (int row = 0; row < rows_count(rows); row++) {
        if (row_int64(rows, row, 0) == value) {
            return row;
        }
    }
    return -1;
}

/* The verdict on one token: what decide may know of it. */
static struct token_record *judge_token(const struct batch *batch, const struct first_round *round,
                                        const struct token_sighting *sighting, int64_t now_us)
{
    const struct token *token = &sighting->token;
    const struct rows *rows = token->object_kind == TOKEN_OUTBOUND ? round->outbound_nonces
                                                                   : round->ticket_nonces;
    struct token_record *record = token_record_new();
    record->place = (enum token_place)sighting->place;
    record->purpose = token->purpose;
    record->object_kind = token->object_kind;
    record->object = token->object;
    record->person = token->person;
    record->outbound = token->object_kind == TOKEN_OUTBOUND ? token->object : sighting->outbound;
    int row = find_int64(rows, token->object);
    const char *why_not = "";
    if (!batch->keys.is_live[token->key_slot % TOKEN_KEYS]) {
        why_not = "its key is not in use";
    } else if (row < 0) {
        why_not = "what it is about does not exist";
    } else if (!token_fits(&batch->keys, token, row_int64(rows, row, 1))) {
        why_not = "it was not made by this desk";
    } else {
        record->is_valid = true;
        record->is_expired = token_is_expired(token, now_us);
        record->ticket = row_int64(rows, row, 2);
    }
    g_free(record->why_not);
    record->why_not = g_strdup(record->is_expired ? "it has expired" : why_not);
    return record;
}

/* What the mail itself left when it was filed, if it is decided again, says nothing about it. */
static void deal_ids(const struct first_round *round, const struct need *need,
                     const struct claimed_mail *claimed, struct records *records)
{
    for (guint i = 0; i < need->ids->len; i++) {
        const char *id = g_ptr_array_index(need->ids, i);
        uint8_t digest[THREAD_KEY_BYTES];
        text_sha256(id, strlen(id), digest);
        for (int row = 0; row < rows_count(round->threads); row++) {
            struct thread_row found;
            thread_store_read(round->threads, row, &found);
            if (found.mail == claimed->id || memcmp(found.key, digest, sizeof digest) != 0) {
                continue;
            }
            struct id_record *record = id_record_new();
            g_free(record->message_id);
            g_clear_pointer(&record->parties, g_ptr_array_unref);
            record->message_id = g_strdup(id);
            record->ticket = found.ticket;
            record->mail = found.mail;
            record->is_own = found.is_own;
            record->sender = found.sender;
            record->is_auth_failed = found.is_auth_failed;
            record->parties = thread_store_read_parties(round->threads, row);
            g_ptr_array_add(records->ids, record);
        }
    }
}

static void deal_outbounds(const struct first_round *round, const struct need *need,
                           struct records *records)
{
    for (int row = 0; round->returned && row < rows_count(round->returned); row++) {
        if (int64s_contain(need->outbounds, row_int64(round->returned, row, 0))) {
            g_ptr_array_add(records->outbounds, outbound_store_read(round->returned, row));
        }
    }
}

static void add_person(struct records *records, struct person_record *person)
{
    if (records_person(records, person->id)) {
        person_record_free(person);
    } else {
        g_ptr_array_add(records->people, person);
    }
}

static void deal_sender(const struct first_round *round, const struct need *need,
                        struct records *records)
{
    for (int row = 0; need->address_key && row < rows_count(round->people); row++) {
        if (g_str_equal(people_store_read_key(round->people, row), need->address_key)) {
            struct person_record *person = people_store_read(round->people, row);
            records->sender = person->id;
            g_free(records->customer_name);
            records->customer_name = g_strdup(people_store_read_customer(round->people, row));
            add_person(records, person);
        }
    }
    for (guint i = 0; i < need->domains->len && !records->domain_customer; i++) {
        for (int row = 0; row < rows_count(round->customers); row++) {
            if (g_str_equal(row_text(round->customers, row, 0),
                            g_ptr_array_index(need->domains, i))) {
                records->domain_customer = row_int64(round->customers, row, 1);
                if (records->customer_name[0] == '\0') {
                    g_free(records->customer_name);
                    records->customer_name = g_strdup(row_text(round->customers, row, 2));
                }
                break;
            }
        }
    }
}

/* The oldest twin that was filed counts; one that is held only when there is no better. A mail that finds
 * itself was ended by another intake, after its lease here was over. */
static void deal_twin(const struct first_round *round, struct batch_mail *mail)
{
    const struct claimed_mail *claimed = mail->claimed;
    struct records *records = mail->records;
    for (int row = 0; row < rows_count(round->twins); row++) {
        struct twin_row found;
        inbound_store_read_twin(round->twins, row, &found);
        mail->is_ended |= found.mail == claimed->id;
        if (found.mail == claimed->id ||
            memcmp(found.fingerprint, claimed->fingerprint, FINGERPRINT_BYTES) != 0) {
            continue;
        }
        enum verdict verdict = VERDICT_HELD;
        struct err err = {.status = ST_OK};
        if (verdict_parse(found.state, &verdict, &err) != ST_OK ||
            (records->twin.mail && verdict == VERDICT_HELD)) {
            continue;
        }
        records->twin.mail = found.mail;
        records->twin.verdict = verdict;
        g_free(records->twin.outcome);
        records->twin.outcome = g_strdup(found.outcome ? found.outcome : "");
        records->twin.ticket = found.ticket;
        if (verdict != VERDICT_HELD) {
            return;
        }
    }
}

static void deal_first(struct batch *batch, const struct first_round *round)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_mail *mail = &batch->mails[i];
        const struct need *need = round->needs[i];
        if (!need) {
            continue;
        }
        for (guint t = 0; t < need->tokens->len; t++) {
            g_ptr_array_add(mail->records->tokens,
                            judge_token(batch, round,
                                        &g_array_index(need->tokens, struct token_sighting, t),
                                        mail->records->now_us));
        }
        deal_outbounds(round, need, mail->records);
        deal_ids(round, need, mail->claimed, mail->records);
        deal_sender(round, need, mail->records);
        if (!batch->is_rehearsal) {
            deal_twin(round, mail);
        }
    }
}

static enum status read_first(struct tx *tx, struct batch *batch, struct err *err)
{
    struct first_round round = {.needs = g_new0(struct need *, batch->count),
                                .locks = int64s_new(),
                                .token_tickets = int64s_new(),
                                .token_outbounds = int64s_new(),
                                .outbounds = int64s_new(),
                                .ids = key_set_texts(),
                                .addresses = key_set_texts(),
                                .domains = key_set_texts()};
    collect_first(batch, &round);
    queue_first(tx, batch, &round);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        deal_first(batch, &round);
    }
    first_round_clear(&round, batch->count);
    return status;
}

/* ---- round 2: tickets ------------------------------------------------------------------------- */

/* Of mails that lead to the same ticket only the oldest stays. */
static GArray *collect_tickets(struct batch *batch, struct need **needs)
{
    GArray *tickets = int64s_new();
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_mail *mail = &batch->mails[i];
        if (!takes_part(mail)) {
            continue;
        }
        OWNED(need) need = need_round(mail->facts, mail->records, 2);
        for (guint t = 0; t < need->tickets->len; t++) {
            mail->is_deferred |= !batch->is_rehearsal &&
                                 int64s_contain(tickets, g_array_index(need->tickets, int64_t, t));
        }
        if (!mail->is_deferred) {
            needs[i] = need;
            need = NULL;
            for (guint t = 0; t < needs[i]->tickets->len; t++) {
                int64s_add(tickets, g_array_index(needs[i]->tickets, int64_t, t));
            }
        }
    }
    return tickets;
}

static void queue_ticket_locks(struct tx *tx, const GArray *tickets)
{
    g_autoptr(GArray) locks = int64s_new();
    for (guint i = 0; i < tickets->len; i++) {
        int64_t lock = need_ticket_lock(g_array_index(tickets, int64_t, i));
        g_array_append_val(locks, lock);
    }
    g_array_sort(locks, compare_int64);
    ticket_store_queue_locks(tx, int64s(locks), locks->len);
}

static void deal_tickets(struct batch *batch, const struct need *need, struct records *records,
                         const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct ticket_record *ticket = ticket_store_read(rows, row);
        if (!int64s_contain(need->tickets, ticket->id)) {
            ticket_record_free(ticket);
            continue;
        }
        int64_t nonce = ticket_store_read_nonce(rows, row);
        g_hash_table_insert(batch->nonces, g_memdup2(&ticket->id, sizeof ticket->id),
                            g_memdup2(&nonce, sizeof nonce));
        g_ptr_array_add(records->tickets, ticket);
    }
}

static enum status read_tickets(struct tx *tx, struct batch *batch, struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    g_autoptr(GArray) tickets = collect_tickets(batch, needs);
    OWNED(rows) rows = NULL;
    enum status status = ST_OK;
    if (tickets->len > 0) {
        if (!batch->is_rehearsal) {
            queue_ticket_locks(tx, tickets);
        }
        ticket_store_queue_find(tx, int64s(tickets), tickets->len, &rows);
        status = tx_sync(tx, err);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (needs[i] && rows) {
            deal_tickets(batch, needs[i], batch->mails[i].records, rows);
        }
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

/* ---- rounds 3 and 4: people and counts -------------------------------------------------------- */

static enum status read_people(struct tx *tx, struct batch *batch, struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    g_autoptr(GArray) people = int64s_new();
    for (size_t i = 0; i < batch->count; i++) {
        if (takes_part(&batch->mails[i])) {
            needs[i] = need_round(batch->mails[i].facts, batch->mails[i].records, 3);
            for (guint p = 0; p < needs[i]->people->len; p++) {
                int64s_add(people, g_array_index(needs[i]->people, int64_t, p));
            }
        }
    }
    OWNED(rows) rows = NULL;
    enum status status = ST_OK;
    if (people->len > 0) {
        people_store_queue_by_id(tx, int64s(people), people->len, &rows);
        status = tx_sync(tx, err);
    }
    for (size_t i = 0; i < batch->count; i++) {
        for (int row = 0; needs[i] && rows && row < rows_count(rows); row++) {
            struct person_record *person = people_store_read(rows, row);
            if (int64s_contain(needs[i]->people, person->id)) {
                add_person(batch->mails[i].records, person);
            } else {
                person_record_free(person);
            }
        }
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

static void collect_counts(struct batch *batch, struct need **needs, struct key_set *keys)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (!takes_part(&batch->mails[i])) {
            continue;
        }
        needs[i] = need_round(batch->mails[i].facts, batch->mails[i].records, 4);
        for (guint c = 0; c < needs[i]->counts->len; c++) {
            const struct count_record *count = g_ptr_array_index(needs[i]->counts, c);
            key_set_add_text(&keys[count->budget], count->key);
        }
    }
}

static int64_t find_count(const struct rows *rows, const char *key)
{
    for (int row = 0; rows && row < rows_count(rows); row++) {
        if (g_str_equal(row_text(rows, row, 0), key)) {
            return row_int64(rows, row, 1);
        }
    }
    return 0;
}

static void deal_counts(struct batch *batch, struct need **needs, struct rows *const *rows)
{
    for (size_t i = 0; i < batch->count; i++) {
        for (guint c = 0; needs[i] && c < needs[i]->counts->len; c++) {
            const struct count_record *wanted = g_ptr_array_index(needs[i]->counts, c);
            int64_t count = find_count(rows[wanted->budget], wanted->key);
            g_ptr_array_add(batch->mails[i].records->counts,
                            count_record_new(wanted->budget, wanted->key, count));
        }
    }
}

static enum status read_counts(struct tx *tx, struct batch *batch, struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    struct key_set keys[BUDGET_COUNT];
    struct rows *rows[BUDGET_COUNT] = {NULL};
    bool is_any = false;
    for (int budget = 0; budget < BUDGET_COUNT; budget++) {
        keys[budget] = key_set_texts();
    }
    collect_counts(batch, needs, keys);
    for (int budget = 0; budget < BUDGET_COUNT; budget++) {
        const GPtrArray *list = keys[budget].list;
        if (list->len > 0) {
            is_any = true;
            /* Counting may stop at the limit. */
            outbound_store_queue_counts(tx, (enum budget)budget, (const char *const *)list->pdata,
                                        list->len,
                                        governor_limit(&batch->settings, (enum budget)budget),
                                        &rows[budget]);
        }
    }
    enum status status = is_any ? tx_sync(tx, err) : ST_OK;
    if (status == ST_OK) {
        deal_counts(batch, needs, rows);
    }
    for (int budget = 0; budget < BUDGET_COUNT; budget++) {
        g_clear_pointer(&rows[budget], rows_free);
        key_set_clear(&keys[budget]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static enum status read_all(struct tx *tx, struct batch *batch, struct err *err)
{
    enum status status = read_common(tx, batch, err);
    if (status == ST_OK) {
        status = read_first(tx, batch, err);
    }
    if (status == ST_OK) {
        status = read_tickets(tx, batch, err);
    }
    if (status == ST_OK) {
        status = read_people(tx, batch, err);
    }
    if (status == ST_OK) {
        status = read_counts(tx, batch, err);
    }
    return status;
}

enum status batch_decide(struct tx *tx, struct batch *batch, struct err *err)
{
    batch->nonces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    enum status status = read_all(tx, batch, err);
    for (size_t i = 0; i < batch->count && status == ST_OK; i++) {
        struct batch_mail *mail = &batch->mails[i];
        if (!mail->facts) {
            mail->plan = decide_unparsed(mail->reason);
        } else if (takes_part(mail)) {
            mail->plan = decide(mail->facts, mail->records);
        }
    }
    return status;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        g_clear_pointer(&batch->mails[i].records, records_free);
        g_clear_pointer(&batch->mails[i].plan, plan_free);
        batch->mails[i].is_deferred = false;
        batch->mails[i].is_ended = false;
    }
    desk_rows_clear(&batch->desk);
    g_clear_pointer(&batch->nonces, g_hash_table_unref);
}
