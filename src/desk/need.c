/* need - which records a decision needs
 *
 * decide reads a struct of records and nothing else; this module says what must be in it, round by round, so
 * that the intake can ask the database for a whole batch at once. Each round goes by what the rounds before
 * have found. What is asked for here bounds what a mail can make us read: every list has an end.
 *
 * Tokens are looked for in addresses of our own mailboxes and in Message-IDs, never in text (THREATS 2 E
 * 54). Keys of locks are numbers of 64 bits: their two highest bits say the level, so that a mail's lock and
 * a ticket's never meet.
 *
 * The counts of the governor are found by deciding without them: what would be sent is what must be counted.
 * Pure.
 */
#include "desk/need.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/decide.h"
#include "desk/domain.h"
#include "desk/governor.h"
#include "desk/thread.h"
#include "desk/words.h"
#include "message/address.h"

/* The two highest bits of a lock's key. */
#define LEVEL_MAIL   (UINT64_C(1) << 62)
#define LEVEL_TICKET (UINT64_C(2) << 62)
#define LEVEL_MASK   (UINT64_C(3) << 62)

static struct need *need_new(void)
{
    struct need *need = g_new0(struct need, 1);

    need->tokens = g_array_new(FALSE, FALSE, sizeof(struct token_sighting));
    need->ids = g_ptr_array_new_with_free_func(g_free);
    need->addresses = g_ptr_array_new_with_free_func(g_free);
    need->domains = g_ptr_array_new_with_free_func(g_free);
    need->helds = g_array_new(FALSE, FALSE, sizeof(mail_id));
    need->outbounds = g_array_new(FALSE, FALSE, sizeof(outbound_id));
    need->tickets = g_array_new(FALSE, FALSE, sizeof(ticket_id));
    need->people = g_array_new(FALSE, FALSE, sizeof(person_id));
    need->counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
    return need;
}

void need_free(struct need *need)
{
    if (need == NULL) {
        return;
    }
    g_array_unref(need->tokens);
    g_ptr_array_unref(need->ids);
    g_free(need->address_key);
    g_ptr_array_unref(need->addresses);
    g_ptr_array_unref(need->domains);
    g_array_unref(need->helds);
    g_array_unref(need->outbounds);
    g_array_unref(need->tickets);
    g_array_unref(need->people);
    g_ptr_array_unref(need->counts);
    plan_free(need->plan);
    g_free(need);
}

/* Numbers of rows, each once; 0 and less are none. */
static void add_number(GArray *numbers, int64_t number)
{
    for (guint i = 0; i < numbers->len; i++) {
        if (g_array_index(numbers, int64_t, i) == number) {
            return;
        }
    }
    if (number > 0) {
        g_array_append_val(numbers, number);
    }
}

static void add_text(GPtrArray *texts, const char *text)
{
    if (!g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL)) {
        g_ptr_array_add(texts, g_strdup(text));
    }
}

/* ---- round 1: tokens --------------------------------------------------------------------------- */

static bool is_text_among(const GPtrArray *texts, const char *text)
{
    for (guint i = 0; i < texts->len; i++) {
        if (strcmp(texts->pdata[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* The same token at the same kind of place is seen once. */
static void add_sighting(GArray *tokens, const struct token_sighting *sighting)
{
    for (guint i = 0; i < tokens->len; i++) {
        const struct token_sighting *seen = &g_array_index(tokens, struct token_sighting, i);
        bool is_address = seen->place == TOKEN_IN_ADDRESS;
        if (is_address == (sighting->place == TOKEN_IN_ADDRESS) &&
            seen->outbound == sighting->outbound &&
            memcmp(seen->token.tag, sighting->token.tag, sizeof seen->token.tag) == 0) {
            return;
        }
    }
    g_array_append_val(tokens, *sighting);
}

static void sight_address(const struct records *records, const char *address, GArray *tokens)
{
    struct token_sighting sighting = {.place = TOKEN_IN_ADDRESS};
    struct err err = {.status = ST_OK};
    g_autofree char *base = NULL;
    g_autofree char *detail = NULL;

    address_split_detail(address, &base, &detail);
    g_autofree char *key = address_key(base);
    if (detail != NULL && tokens->len < LIMIT_TOKENS &&
        is_text_among(records->own_addresses, key) &&
        token_read(detail, &sighting.token, &err) == ST_OK) {
        add_sighting(tokens, &sighting);
    }
}

static void sight_addresses(const struct facts *facts, const struct records *records,
                            GArray *tokens)
{
    const GPtrArray *const lists[] = {facts->to, facts->cc};

    for (size_t list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len; i++) {
            const struct address *address = lists[list]->pdata[i];
            sight_address(records, address->address, tokens);
        }
    }
    for (guint i = 0; i < facts->delivered_to->len; i++) {
        sight_address(records, facts->delivered_to->pdata[i], tokens);
    }
}

/* True if the id is one of ours, by its form. */
static bool sight_id(const char *id, enum token_place place, GArray *tokens)
{
    struct token_sighting sighting = {0};
    struct err err = {.status = ST_OK};

    if (token_from_message_id(id, &sighting, &err) != ST_OK) {
        return false;
    }
    sighting.place = place;
    add_sighting(tokens, &sighting);
    return true;
}

/* ---- round 1: all of it ------------------------------------------------------------------------ */

/* The ids that the mail refers to: In-Reply-To, then References, newest first. */
static void need_references(const struct facts *facts, struct need *need)
{
    guint left = LIMIT_REFERENCES;

    for (guint i = 0; i < facts->in_reply_to->len && left > 0; i++, left--) {
        const char *id = facts->in_reply_to->pdata[i];
        if (!sight_id(id, TOKEN_IN_IN_REPLY_TO, need->tokens)) {
            add_text(need->ids, id);
        }
    }
    for (guint i = facts->references->len; i > 0 && left > 0; i--, left--) {
        const char *id = facts->references->pdata[i - 1];
        if (!sight_id(id, TOKEN_IN_REFERENCES, need->tokens)) {
            add_text(need->ids, id);
        }
    }
}

/* A delivery report: the mails of ours that it may be about. */
static void need_outbounds(const struct facts *facts, struct need *need)
{
    if (facts->bounced_id != NULL) {
        sight_id(facts->bounced_id, TOKEN_IN_REPORT, need->tokens);
    }
    for (guint i = 0; i < need->tokens->len; i++) {
        const struct token_sighting *sighting = &g_array_index(need->tokens, struct token_sighting,
                                                               i);
        bool is_outbound = sighting->token.object_kind == TOKEN_OUTBOUND;
        add_number(need->outbounds, is_outbound ? sighting->token.object : sighting->outbound);
    }
}

/* ---- round 1: addresses ------------------------------------------------------------------------ */

static void need_address(struct need *need, const char *address)
{
    g_autofree char *key = address_key(address);
    g_autoptr(GPtrArray) lookups = domain_lookups(address_domain(address));

    add_text(need->addresses, key);
    for (guint i = 0; i < lookups->len; i++) {
        add_text(need->domains, lookups->pdata[i]);
    }
}

/* Who else got the mail, and whose ticket it may be. */
static void need_others(const struct facts *facts, const struct records *records, struct need *need)
{
    const GPtrArray *const lists[] = {facts->to, facts->cc};
    g_autofree char *behalf = words_for(facts->text);
    guint most = need->addresses->len + LIMIT_COPIES;

    for (size_t list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len && need->addresses->len < most; i++) {
            const struct address *address = lists[list]->pdata[i];
            if (!records_is_own_address(records, address->address)) {
                need_address(need, address->address);
            }
        }
    }
    if (behalf != NULL) {
        need_address(need, behalf);
    }
    if (facts->forwarded_from != NULL) {
        need_address(need, facts->forwarded_from->address);
    }
}

static void need_by_facts(const struct facts *facts, const struct records *records,
                          struct need *need)
{
    sight_addresses(facts, records, need->tokens);
    if (facts->message_id != NULL) {
        bool is_ours = sight_id(facts->message_id, TOKEN_IN_MESSAGE_ID, need->tokens);
        if (!is_ours) {
            add_text(need->ids, facts->message_id);
        }
    }
    need_references(facts, need);
    if (facts->auto_kind == AUTO_BOUNCE) {
        need_outbounds(facts, need);
    }
    if (facts->from != NULL) {
        need->address_key = address_key(facts->from->address);
        need_address(need, facts->from->address);
        need_others(facts, records, need);
    }
}

/* ---- rounds 2 to 4 ----------------------------------------------------------------------------- */

static void need_tickets(const struct facts *facts, const struct records *records,
                         struct need *need)
{
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        bool is_about_held = token->is_valid && token->object_kind == TOKEN_HELD_MAIL;
        add_number(need->tickets, token->is_valid ? token->ticket : 0);
        add_number(need->helds, is_about_held ? token->object : 0);
    }
    for (guint i = 0; i < records->ids->len; i++) {
        const struct id_record *id = records->ids->pdata[i];
        add_number(need->tickets, id->ticket);
    }
    add_number(need->tickets, thread_subject_tag(facts->subject));
}

static void need_person(const struct records *records, person_id person, struct need *need)
{
    if (records_person(records, person) == NULL) {
        add_number(need->people, person);
    }
}

static void need_people(const struct records *records, struct need *need)
{
    for (guint i = 0; i < records->tickets->len; i++) {
        const struct ticket_record *ticket = records->tickets->pdata[i];
        need_person(records, ticket->requester, need);
        need_person(records, ticket->assignee, need);
        for (guint j = 0; j < ticket->participants->len; j++) {
            need_person(records, g_array_index(ticket->participants, person_id, j), need);
        }
        if (ticket->merged_into != 0 && records_ticket(records, ticket->merged_into) == NULL) {
            add_number(need->tickets, ticket->merged_into);
        }
    }
    for (guint i = 0; i < records->tokens->len; i++) {
        const struct token_record *token = records->tokens->pdata[i];
        need_person(records, token->is_valid ? token->person : 0, need);
    }
    for (guint i = 0; i < records->ids->len; i++) {
        const struct id_record *id = records->ids->pdata[i];
        need_person(records, id->sender, need);
    }
    for (guint i = 0; i < records->helds->len; i++) {
        const struct held_record *held = records->helds->pdata[i];
        need_person(records, held->sender, need);
    }
    need_person(records, records->customer.main_contact, need);
    for (guint i = 0; i < records->outbounds->len; i++) {
        const struct outbound_record *outbound = records->outbounds->pdata[i];
        need_person(records, outbound->author, need);
    }
}

struct need *need_of_plan(struct plan *plan, const struct records *records)
{
    struct need *need = need_new();

    need->plan = plan;
    for (guint i = 0; i < plan->mails->len; i++) {
        governor_add_counts(&records->settings, plan->mails->pdata[i], need->counts);
    }
    governor_add_flood_counts(records, plan, need->counts);
    return need;
}

struct need *need_round(const struct facts *facts, const struct records *records, int round)
{
    assert(round >= 1 && round <= NEED_ROUNDS);
    if (round == NEED_ROUNDS) {
        return need_of_plan(decide(facts, records), records);
    }
    struct need *need = need_new();
    switch (round) {
    case 1:
        need_by_facts(facts, records, need);
        break;
    case 2:
        need_tickets(facts, records, need);
        break;
    default:
        need_people(records, need);
        break;
    }
    return need;
}

/* ---- threads and locks ------------------------------------------------------------------------- */

static void add_foreign_id(GPtrArray *ids, const char *id)
{
    struct token_sighting sighting;
    struct err err = {.status = ST_OK};

    if (token_from_message_id(id, &sighting, &err) != ST_OK) {
        add_text(ids, id);
    }
}

GPtrArray *need_thread_ids(const struct facts *facts)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    const GPtrArray *references = facts->references;

    if (facts->message_id != NULL) {
        add_foreign_id(ids, facts->message_id);
    }
    if (facts->in_reply_to->len > 0) {
        add_foreign_id(ids, facts->in_reply_to->pdata[0]);
    }
    if (references->len > 0) {
        add_foreign_id(ids, references->pdata[0]);
        add_foreign_id(ids, references->pdata[references->len - 1]);
    }
    assert(ids->len <= 1 + LIMIT_THREAD_KEYS);
    return ids;
}

static int64_t lock_of(const void *bytes, size_t length)
{
    uint64_t key = (uint64_t)text_key64(bytes, length);

    return (int64_t)((key & ~LEVEL_MASK) | LEVEL_MAIL);
}

static int compare_int64(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

GArray *need_locks(const struct facts *facts, const uint8_t *fingerprint, size_t length)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) ids = need_thread_ids(facts);
    int64_t lock = lock_of(fingerprint, length);

    g_array_append_val(all, lock);
    for (guint i = 0; i < ids->len; i++) {
        lock = lock_of(ids->pdata[i], strlen(ids->pdata[i]));
        g_array_append_val(all, lock);
    }
    if (facts->from != NULL) {
        g_autofree char *key = address_key(facts->from->address);
        lock = lock_of(key, strlen(key));
        g_array_append_val(all, lock);
    }
    g_array_sort(all, compare_int64);

    GArray *locks = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < all->len; i++) {
        add_number(locks, g_array_index(all, int64_t, i)); /* level 1 keys are positive */
    }
    return locks;
}

int64_t need_ticket_lock(ticket_id ticket)
{
    return (int64_t)(LEVEL_TICKET | (uint64_t)ticket);
}
