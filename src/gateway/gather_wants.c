/* gather_wants - what rules name and the records do not hold yet
 *
 * Most rules name nobody, or technicians, whom every mail's records hold. Only when a rule that fires names an address, a
 * customer or a ticket, or asks for whoever has the least to do, is there one more round trip, for the whole batch.
 * What is looked for in vain is recorded too, so that nothing is asked twice.
 *
 * Tickets that are only linked to are read without a lock: a link changes nothing in them.
 * The governor's counts are asked for here, too: for those who would get automatic mail.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/gather_wants.h"

#include "desk/domain.h"
#include "desk/governor.h"
#include "gateway/gather_first.h"
#include "gateway/keys.h"
#include "message/address.h"
#include "store/outbound.h"
#include "store/people.h"
#include "store/rule_words.h"
#include "store/ticket.h"

enum { WANTS_ROUNDS = 2 }; /* what was found may lead to more, once: a customer of an address */

struct wanted {
    struct key_set addresses;
    struct key_set domains;
    struct key_set customers;
    GArray *tickets;
    GArray *customer_ids;
    bool has_loads;
    struct address_rows address_rows;
    struct rows *customer_rows;
    struct rows *ticket_rows;
    struct rows *load_rows;
    struct rows *whole_customers;
};

static void wanted_init(struct wanted *wanted)
{
    *wanted = (struct wanted){.addresses = key_set_texts(),
                              .domains = key_set_texts(),
                              .customers = key_set_texts(),
                              .tickets = int64s_new(),
                              .customer_ids = int64s_new()};
}

static void wanted_clear(struct wanted *wanted)
{
    key_set_clear(&wanted->addresses);
    key_set_clear(&wanted->domains);
    key_set_clear(&wanted->customers);
    g_array_unref(wanted->tickets);
    g_array_unref(wanted->customer_ids);
    g_clear_pointer(&wanted->whole_customers, rows_free);
    g_clear_pointer(&wanted->address_rows.people, rows_free);
    g_clear_pointer(&wanted->address_rows.customers, rows_free);
    g_clear_pointer(&wanted->customer_rows, rows_free);
    g_clear_pointer(&wanted->ticket_rows, rows_free);
    g_clear_pointer(&wanted->load_rows, rows_free);
}

static void collect(struct wanted *wanted, const struct wants *wants)
{
    for (guint i = 0; i < wants->addresses->len; i++) {
        const char *key = wants->addresses->pdata[i];
        g_autoptr(GPtrArray) domains = domain_lookups(address_domain(key));
        key_set_add_text(&wanted->addresses, key);
        for (guint d = 0; d < domains->len; d++) {
            key_set_add_text(&wanted->domains, domains->pdata[d]);
        }
    }
    for (guint i = 0; i < wants->customers->len; i++) {
        key_set_add_text(&wanted->customers, wants->customers->pdata[i]);
    }
    for (guint i = 0; i < wants->tickets->len; i++) {
        int64s_add(wanted->tickets, g_array_index(wants->tickets, ticket_id, i));
    }
    if (wants->customer != 0) {
        int64s_add(wanted->customer_ids, wants->customer);
    }
    wanted->has_loads |= wants->has_loads;
}

static enum status look_up(struct tx *tx, struct wanted *wanted, struct err *err)
{
    if (wanted->addresses.list->len > 0) {
        people_store_queue_by_address(tx, (const char *const *)wanted->addresses.list->pdata,
                                      wanted->addresses.list->len, &wanted->address_rows.people);
        people_store_queue_domains(tx, (const char *const *)wanted->domains.list->pdata,
                                   wanted->domains.list->len, &wanted->address_rows.customers);
    }
    if (wanted->customers.list->len > 0) {
        rule_words_queue_customers(tx, (const char *const *)wanted->customers.list->pdata,
                                   wanted->customers.list->len, &wanted->customer_rows);
    }
    if (wanted->tickets->len > 0) {
        ticket_store_queue_find(tx, int64s(wanted->tickets), wanted->tickets->len,
                                &wanted->ticket_rows);
    }
    if (wanted->customer_ids->len > 0) {
        people_store_queue_customers(tx, int64s(wanted->customer_ids), wanted->customer_ids->len,
                                     &wanted->whole_customers);
    }
    if (wanted->has_loads) {
        rule_words_queue_loads(tx, &wanted->load_rows);
    }
    return tx_sync(tx, err);
}

static void deal_tickets(const struct wanted *wanted, const struct wants *wants,
                         struct records *records)
{
    for (guint i = 0; i < wants->tickets->len; i++) {
        ticket_id number = g_array_index(wants->tickets, ticket_id, i);
        g_array_append_val(records->rule.tickets, number);
        for (int row = 0; row < rows_count(wanted->ticket_rows); row++) {
            struct ticket_record *ticket = ticket_store_read(wanted->ticket_rows, row);
            if (ticket->id == number && records_ticket(records, number) == NULL) {
                g_ptr_array_add(records->tickets, ticket);
            } else {
                ticket_record_free(ticket);
            }
        }
    }
}

static void deal(const struct wanted *wanted, const struct wants *wants, struct records *records)
{
    for (guint i = 0; i < wants->addresses->len; i++) {
        g_ptr_array_add(records->addresses,
                        gather_read_address(&wanted->address_rows, wants->addresses->pdata[i],
                                            records, NULL));
    }
    if (wants->customers->len > 0) {
        rule_words_read_customers(wanted->customer_rows, wants->customers, &records->rule);
    }
    if (wants->tickets->len > 0) {
        deal_tickets(wanted, wants, records);
    }
    for (int row = 0; wants->customer != 0 && row < rows_count(wanted->whole_customers); row++) {
        people_store_read_wanted(wanted->whole_customers, row, wants->customer,
                                 &records->ticket_customer);
    }
    if (wants->has_loads) {
        rule_words_read_loads(wanted->load_rows, &records->rule);
    }
}

/* found_out: some mails have more records now, and are to be asked again; their needs are freed and NULL. */
static enum status read_wants(struct tx *tx, struct batch *batch, struct need **needs,
                              bool *found_out, struct err *err)
{
    struct wanted wanted;
    enum status status = ST_OK;

    *found_out = false;
    wanted_init(&wanted);
    for (size_t i = 0; i < batch->count; i++) {
        if (needs[i] != NULL && wants_are_any(&needs[i]->plan->wants)) {
            collect(&wanted, &needs[i]->plan->wants);
            *found_out = true;
        }
    }
    if (*found_out) {
        status = look_up(tx, &wanted, err);
    }
    for (size_t i = 0; i < batch->count && status == ST_OK; i++) {
        if (needs[i] != NULL && wants_are_any(&needs[i]->plan->wants)) {
            deal(&wanted, &needs[i]->plan->wants, batch->mails[i].records);
            g_clear_pointer(&needs[i], need_free);
        }
    }
    wanted_clear(&wanted);
    return status;
}

/* ---- counts ------------------------------------------------------------------------------------ */

static void collect_counts(const struct batch *batch, struct need *const *needs,
                           struct key_set *keys)
{
    for (size_t i = 0; i < batch->count; i++) {
        for (guint c = 0; needs[i] && c < needs[i]->counts->len; c++) {
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

static void deal_counts(struct batch *batch, struct need *const *needs, struct rows *const *rows)
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

static enum status read_counts(struct tx *tx, struct batch *batch, struct need *const *needs,
                               struct err *err)
{
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
    return status;
}

/* ---- the round --------------------------------------------------------------------------------- */

/* No count is at its limit, and nobody was picked: then deciding again would give the same plan. */
static bool is_final(const struct batch *batch, const struct records *records)
{
    for (guint i = 0; i < records->counts->len; i++) {
        const struct count_record *count = g_ptr_array_index(records->counts, i);
        int64_t limit = governor_limit(&batch->settings, count->budget);
        if (limit > 0 && count->count >= limit) {
            return false;
        }
    }
    return !records->rule.has_loads && !batch->trace;
}

static void ask(const struct batch *batch, struct need **needs, foreseer foresee, void *arg)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (!needs[i]) {
            needs[i] = foresee(&batch->mails[i], arg);
        }
    }
}

enum status gather_wants(struct tx *tx, struct batch *batch, struct need **needs, foreseer foresee,
                         void *arg, struct err *err)
{
    enum status status = ST_OK;
    bool is_more = true;
    ask(batch, needs, foresee, arg);
    for (int pass = 0; pass < WANTS_ROUNDS && is_more && status == ST_OK; pass++) {
        status = read_wants(tx, batch, needs, &is_more, err);
        ask(batch, needs, foresee, arg);
    }
    return status;
}

enum status gather_last(struct tx *tx, struct batch *batch, foreseer foresee, void *arg,
                        struct err *err)
{
    g_autofree struct need **needs = g_new0(struct need *, batch->count);
    enum status status = gather_wants(tx, batch, needs, foresee, arg, err);
    if (status == ST_OK) {
        status = read_counts(tx, batch, needs, err);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (status == ST_OK && needs[i] && is_final(batch, batch->mails[i].records)) {
            batch->mails[i].plan = g_steal_pointer(&needs[i]->plan);
        }
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}
