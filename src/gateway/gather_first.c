/* gather_first - the first round of a batch: tokens, Message-IDs, addresses, domains, twins
 *
 * Everything that the facts alone name, for all mails of the batch in one round trip, under the locks of the
 * first level. Of mails that share a key only the oldest stays in the batch.
 *
 * Tokens are verified here: what goes into the records is the verdict, never a key, a nonce or a tag.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/gather_first.h"

#include <string.h>

#include "core/text.h"
#include "desk/domain.h"
#include "desk/need.h"
#include "gateway/keys.h"
#include "message/address.h"
#include "store/held.h"
#include "store/outbound.h"
#include "store/people.h"
#include "store/thread.h"
#include "store/ticket.h"

bool gather_takes_part(const struct batch_mail *mail)
{
    return mail->facts && !mail->is_deferred && !mail->is_ended;
}

struct first_round {
    struct need **needs; /* own, one a mail; NULL for those that take no part */
    GArray *locks;
    GArray *token_tickets;
    GArray *token_outbounds;
    GArray *token_helds;
    GArray *outbounds; /* that delivery reports name */
    struct key_set ids;
    struct key_set addresses;
    struct key_set domains;
    struct rows *ticket_nonces;
    struct rows *outbound_nonces;
    struct rows *held_nonces;
    struct rows *returned; /* NULL: no report names any */
    struct rows *threads;
    struct address_rows addresses_found;
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
    g_array_unref(round->token_helds);
    g_array_unref(round->outbounds);
    key_set_clear(&round->ids);
    key_set_clear(&round->addresses);
    key_set_clear(&round->domains);
    struct rows **all[] = {&round->ticket_nonces,
                           &round->outbound_nonces,
                           &round->returned,
                           &round->threads,
                           &round->addresses_found.people,
                           &round->addresses_found.customers,
                           &round->twins,
                           &round->held_nonces};
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
        GArray *const objects[] = {[TOKEN_TICKET] = round->token_tickets,
                                   [TOKEN_HELD_MAIL] = round->token_helds,
                                   [TOKEN_PLAN] = NULL, /* not made yet */
                                   [TOKEN_OUTBOUND] = round->token_outbounds};
        if (objects[sighting->token.object_kind] != NULL) {
            int64s_add(objects[sighting->token.object_kind], sighting->token.object);
        }
    }
    for (guint i = 0; i < need->ids->len; i++) {
        key_set_add_text(&round->ids, g_ptr_array_index(need->ids, i));
    }
    for (guint i = 0; i < need->outbounds->len; i++) {
        int64s_add(round->outbounds, g_array_index(need->outbounds, int64_t, i));
    }
    for (guint i = 0; i < need->addresses->len; i++) {
        key_set_add_text(&round->addresses, g_ptr_array_index(need->addresses, i));
    }
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
        if (gather_takes_part(&batch->mails[i])) {
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
    if (round->token_helds->len > 0) {
        held_store_queue_nonces(tx, int64s(round->token_helds), round->token_helds->len,
                                &round->held_nonces);
    }
    if (round->outbounds->len > 0) {
        outbound_store_queue_find(tx, int64s(round->outbounds), round->outbounds->len,
                                  &round->returned);
    }
    queue_threads(tx, round, &round->threads);
    people_store_queue_by_address(tx, (const char *const *)round->addresses.list->pdata,
                                  round->addresses.list->len, &round->addresses_found.people);
    people_store_queue_domains(tx, (const char *const *)round->domains.list->pdata,
                               round->domains.list->len, &round->addresses_found.customers);
    queue_twins(tx, batch, &round->twins);
}

static int find_int64(const struct rows *rows, int64_t value)
{
    for (int row = 0; rows && row < rows_count(rows); row++) {
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
    const struct rows *const objects[] = {[TOKEN_TICKET] = round->ticket_nonces,
                                          [TOKEN_HELD_MAIL] = round->held_nonces,
                                          [TOKEN_PLAN] = NULL,
                                          [TOKEN_OUTBOUND] = round->outbound_nonces};
    const struct rows *rows = objects[token->object_kind];
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
        record->held = token->object_kind == TOKEN_HELD_MAIL ? token->object : 0;
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

void gather_add_person(struct records *records, struct person_record *person)
{
    if (records_person(records, person->id)) {
        person_record_free(person);
    } else {
        g_ptr_array_add(records->people, person);
    }
}

/* The customer that a domain is mapped to: the nearest entry counts. customer (NULL: not wanted) is copied. */
static customer_id find_domain(const struct address_rows *rows, const char *address,
                               struct customer_record *customer)
{
    g_autoptr(GPtrArray) lookups = domain_lookups(address_domain(address));
    customer_id found = 0;
    for (guint i = 0; i < lookups->len && !found; i++) {
        for (int row = 0; row < rows_count(rows->customers) && !found; row++) {
            found = people_store_read_domain(rows->customers, row, g_ptr_array_index(lookups, i),
                                             customer);
        }
    }
    return found;
}

/* The row of the person with this address; -1: nobody has it. */
static int find_person(const struct address_rows *rows, const char *key)
{
    for (int row = 0; row < rows_count(rows->people); row++) {
        if (g_str_equal(people_store_read_key(rows->people, row), key)) {
            return row;
        }
    }
    return -1;
}

struct address_record *gather_read_address(const struct address_rows *rows, const char *key,
                                           struct records *records,
                                           struct customer_record *customer)
{
    struct address_record *address = address_record_new(key);
    int row = find_person(rows, key);
    address->domain_customer = find_domain(rows, key, customer);
    if (row >= 0) {
        struct person_record *person = people_store_read(rows->people, row);
        address->person = person->id;
        gather_add_person(records, person);
        if (customer) {
            people_store_read_customer(rows->people, row, customer);
        }
    }
    return address;
}

/* The first address is the sender's, if there is one. */
static void deal_addresses(const struct first_round *round, const struct need *need,
                           struct records *records)
{
    for (guint i = 0; i < need->addresses->len; i++) {
        bool is_sender = i == 0 && need->address_key;
        struct address_record *address =
            gather_read_address(&round->addresses_found, g_ptr_array_index(need->addresses, i),
                                records, is_sender ? &records->customer : NULL);
        g_ptr_array_add(records->addresses, address);
        if (is_sender) {
            records->sender = address->person;
            records->domain_customer = address->domain_customer;
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
        records->twin.comment = found.comment;
        records->twin.is_unverified = found.is_unverified;
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
        deal_addresses(round, need, mail->records);
        if (!batch->is_rehearsal) {
            deal_twin(round, mail);
        }
    }
}

enum status gather_first(struct tx *tx, struct batch *batch, struct err *err)
{
    struct first_round round = {.needs = g_new0(struct need *, batch->count),
                                .locks = int64s_new(),
                                .token_tickets = int64s_new(),
                                .token_outbounds = int64s_new(),
                                .token_helds = int64s_new(),
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
