/* governor - whether an automatic mail may leave
 *
 * A desk that answers every mail can be made to bomb a stranger or to talk with another machine for ever. So
 * what it writes by itself to contacts and strangers is counted: per address, domain and ticket, and for
 * strangers in all. BUDGETS says which budget counts what. Counts are those of the database when the mail was
 * decided; they may overrun by a batch a worker, which is the price for no lock.
 *
 * Text that people wrote is bound by none of them. Technicians get news of held mail by a budget of its own, and of
 * what answers to their own mail, which a machine may have written in their name, so much as everybody. That machines are never
 * answered at all is desk/audience's rule.
 * Pure.
 */
#include "desk/governor.h"

#include <inttypes.h>
#include <string.h>

#include "message/address.h"

enum key { KEY_ADDRESS, KEY_DOMAIN, KEY_TICKET, KEY_ALL, KEY_NONE };

static const struct {
    enum budget budget;
    enum key key;
    bool is_strangers; /* counts only the fixed acknowledgement */
    const char
        *notice;   /* binds this one only; NULL: all automatic mail to contacts and strangers */
    size_t offset; /* of the limit in struct settings */
} BUDGETS[] = {
    {BUDGET_ADDRESS_HOUR, KEY_ADDRESS, false, NULL, offsetof(struct settings, address_hour)},
    {BUDGET_ADDRESS_DAY, KEY_ADDRESS, false, NULL, offsetof(struct settings, address_day)},
    {BUDGET_DOMAIN_HOUR, KEY_DOMAIN, false, NULL, offsetof(struct settings, domain_hour)},
    {BUDGET_TICKET_HOUR, KEY_TICKET, false, NULL, offsetof(struct settings, ticket_hour)},
    {BUDGET_STRANGER_ADDRESS_DAY, KEY_ADDRESS, true, NULL,
     offsetof(struct settings, stranger_address_day)},
    {BUDGET_STRANGER_DOMAIN_HOUR, KEY_DOMAIN, true, NULL,
     offsetof(struct settings, stranger_domain_hour)},
    {BUDGET_STRANGER_HOUR, KEY_ALL, true, NULL, offsetof(struct settings, stranger_hour)},
    {BUDGET_ASKED_DAY, KEY_ADDRESS, false, "was-this-you", offsetof(struct settings, asked_day)},
    {BUDGET_HELD_HOUR, KEY_ADDRESS, false, "held", offsetof(struct settings, held_hour)},
    {BUDGET_HELD_HOUR, KEY_ADDRESS, false, "held-answer", offsetof(struct settings, held_hour)},
    {BUDGET_SENDER_TICKETS, KEY_NONE, false, "", offsetof(struct settings, sender_tickets)},
    {BUDGET_STRANGERS_TICKETS, KEY_NONE, false, "", offsetof(struct settings, strangers_tickets)},
};

static int64_t limit_at(const struct settings *settings, size_t i)
{
    return *(const int64_t *)(const void *)((const char *)settings + BUDGETS[i].offset);
}

int64_t governor_limit(const struct settings *settings, enum budget budget)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BUDGETS); i++) {
        if (BUDGETS[i].budget == budget) {
            return limit_at(settings, i);
        }
    }
    return 0;
}

/* What the budget counts by, for this mail; own. NULL: there is nothing to count yet (a new ticket). */
static char *key_of(enum key key, const struct plan_mail *mail)
{
    g_autofree char *address = address_key(mail->address);

    switch (key) {
    case KEY_ADDRESS:
        return g_steal_pointer(&address);
    case KEY_DOMAIN:
        return g_strdup(address_domain(address));
    case KEY_TICKET:
        return mail->ticket > 0 ? g_strdup_printf("%" PRId64, mail->ticket) : NULL;
    case KEY_ALL:
    case KEY_NONE:
        break;
    }
    return g_strdup("");
}

/* News of held mail: whoever makes us send them must not use up what else may go to the same address or domain. */
static bool has_own_budget(const char *notice)
{
    return strcmp(notice, "held") == 0 || strcmp(notice, "held-answer") == 0;
}

/* The key of the i-th budget if it binds the mail; own. NULL: it does not. */
static char *binding_key(const struct settings *settings, size_t i, const struct plan_mail *mail)
{
    bool binds = mail->is_automatic && (!BUDGETS[i].is_strangers || mail->is_stranger);

    if (BUDGETS[i].notice != NULL) {
        binds = strcmp(BUDGETS[i].notice, mail->notice) == 0;
    } else if (has_own_budget(mail->notice)) {
        binds = false; /* and is not counted here, either */
    }
    return binds && limit_at(settings, i) > 0 ? key_of(BUDGETS[i].key, mail) : NULL;
}

static bool has_count(const GPtrArray *counts, enum budget budget, const char *key)
{
    for (guint i = 0; i < counts->len; i++) {
        const struct count_record *count = counts->pdata[i];
        if (count->budget == budget && strcmp(count->key, key) == 0) {
            return true;
        }
    }
    return false;
}

void governor_add_counts(const struct settings *settings, const struct plan_mail *mail,
                         GPtrArray *counts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BUDGETS); i++) {
        g_autofree char *key = binding_key(settings, i, mail);
        if (key != NULL && !has_count(counts, BUDGETS[i].budget, key)) {
            g_ptr_array_add(counts, count_record_new(BUDGETS[i].budget, key, 0));
        }
    }
}

/* ---- floods ------------------------------------------------------------------------------------ */

/* Whoever proves nothing and is known to nobody shares one budget with his like. */
static bool is_anybody(const struct records *records, enum claim claim, bool is_authenticated)
{
    const struct person_record *person = records_person(records, records->sender);

    return claim == CLAIM_UNKNOWN || (claim == CLAIM_CONTACT && !is_authenticated &&
                                      (person == NULL || !person->is_confirmed));
}

static void add_count(GPtrArray *counts, enum budget budget, const char *key, int64_t limit)
{
    if (limit > 0) {
        g_ptr_array_add(counts, count_record_new(budget, key, 0));
    }
}

void governor_add_flood_counts(const struct records *records, const struct plan *plan,
                               GPtrArray *counts)
{
    bool is_exempt = plan->role == ROLE_TECHNICIAN || records->released_by != NULL;

    if (plan->outcome != OUTCOME_NEW || is_exempt) {
        return;
    }
    if (records->sender != 0) {
        g_autofree char *key = g_strdup_printf("%" PRId64, records->sender);
        add_count(counts, BUDGET_SENDER_TICKETS, key, records->settings.sender_tickets);
    }
    add_count(counts, BUDGET_STRANGERS_TICKETS, "", records->settings.strangers_tickets);
}

static bool is_above(const struct records *records, enum budget budget, const char *key)
{
    int64_t limit = governor_limit(&records->settings, budget);

    return limit > 0 && records_count(records, budget, key) >= limit;
}

bool governor_is_flood(const struct records *records, enum claim claim, bool is_authenticated)
{
    g_autofree char *key = g_strdup_printf("%" PRId64, records->sender);

    return is_above(records, BUDGET_SENDER_TICKETS, key) ||
           (is_anybody(records, claim, is_authenticated) &&
            is_above(records, BUDGET_STRANGERS_TICKETS, ""));
}

/* ---- mails ------------------------------------------------------------------------------------- */

static void judge_mail(struct plan_mail *mail, const struct records *records)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BUDGETS) && mail->suppressed_by == NULL; i++) {
        g_autofree char *key = binding_key(&records->settings, i, mail);
        if (key != NULL &&
            records_count(records, BUDGETS[i].budget, key) >= limit_at(&records->settings, i)) {
            mail->suppressed_by = g_strdup(budget_name(BUDGETS[i].budget));
        }
    }
}

void governor_apply(struct plan *plan, const struct records *records)
{
    for (guint i = 0; i < plan->mails->len; i++) {
        judge_mail(plan->mails->pdata[i], records);
    }
}
