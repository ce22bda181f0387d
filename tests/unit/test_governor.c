/* The budgets of what the desk writes by itself. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/governor.h"
#include "desk_world.h"

enum kind { KIND_CONTACT, KIND_STRANGER, KIND_TEXT };

static struct plan_mail *add_mail(struct plan *plan, enum kind kind)
{
    struct plan_mail *mail = plan_add_mail(plan, "receipt");

    mail->address = g_strdup("Anna@acme.example");
    mail->ticket = 12;
    mail->is_automatic = kind != KIND_TEXT;
    mail->is_stranger = kind == KIND_STRANGER;
    return mail;
}

static const struct {
    const char *name;
    enum kind kind;
    enum budget budget;
    const char *key;
    int64_t count;
    bool is_stopped;
} COUNTS[] = {
    {"below", KIND_CONTACT, BUDGET_ADDRESS_HOUR, "anna@acme.example", 9, false},
    {"address, hour", KIND_CONTACT, BUDGET_ADDRESS_HOUR, "anna@acme.example", 10, true},
    {"address, day", KIND_CONTACT, BUDGET_ADDRESS_DAY, "anna@acme.example", 40, true},
    {"domain", KIND_CONTACT, BUDGET_DOMAIN_HOUR, "acme.example", 60, true},
    {"ticket", KIND_CONTACT, BUDGET_TICKET_HOUR, "12", 20, true},
    {"another address", KIND_CONTACT, BUDGET_ADDRESS_HOUR, "carl@acme.example", 99, false},
    {"another ticket", KIND_CONTACT, BUDGET_TICKET_HOUR, "13", 99, false},
    {"strangers' budgets do not bind contacts", KIND_CONTACT, BUDGET_STRANGER_HOUR, "", 99, false},
    {"stranger below", KIND_STRANGER, BUDGET_STRANGER_ADDRESS_DAY, "anna@acme.example", 0, false},
    {"stranger, day", KIND_STRANGER, BUDGET_STRANGER_ADDRESS_DAY, "anna@acme.example", 1, true},
    {"stranger's domain", KIND_STRANGER, BUDGET_STRANGER_DOMAIN_HOUR, "acme.example", 5, true},
    {"all strangers", KIND_STRANGER, BUDGET_STRANGER_HOUR, "", 60, true},
    {"strangers keep the others, too", KIND_STRANGER, BUDGET_ADDRESS_HOUR, "anna@acme.example", 10,
     true},
    {"text of people", KIND_TEXT, BUDGET_ADDRESS_HOUR, "anna@acme.example", 1000, false},
};

Test(governor, stops_what_is_over_its_budget)
{
    for (size_t i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        OWNED(plan) plan = plan_new();
        OWNED(records) records = world_records();
        const struct plan_mail *mail = add_mail(plan, COUNTS[i].kind);
        g_ptr_array_add(records->counts,
                        count_record_new(COUNTS[i].budget, COUNTS[i].key, COUNTS[i].count));

        governor_apply(plan, records);
        cr_expect_eq(mail->suppressed_by != NULL, COUNTS[i].is_stopped, "%s", COUNTS[i].name);
        if (mail->suppressed_by != NULL) {
            cr_expect_str_eq(mail->suppressed_by, budget_name(COUNTS[i].budget));
        }
    }
}

Test(governor, is_off_for_a_limit_of_0)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
    const struct plan_mail *mail = add_mail(plan, KIND_STRANGER);

    records->settings.stranger_hour = 0;
    g_ptr_array_add(records->counts, count_record_new(BUDGET_STRANGER_HOUR, "", 1000));
    governor_apply(plan, records);
    governor_add_counts(&records->settings, mail, counts);
    cr_expect_eq(mail->suppressed_by, NULL);
    cr_expect_eq(counts->len, 6);
}

Test(governor, asks_for_each_count_once)
{
    OWNED(plan) plan = plan_new();
    struct settings settings = settings_default();
    g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);

    governor_add_counts(&settings, add_mail(plan, KIND_TEXT), counts);
    cr_expect_eq(counts->len, 0);
    governor_add_counts(&settings, add_mail(plan, KIND_CONTACT), counts);
    cr_expect_eq(counts->len, 4);
    governor_add_counts(&settings, add_mail(plan, KIND_STRANGER), counts);
    cr_expect_eq(counts->len, 7);
    governor_add_counts(&settings, add_mail(plan, KIND_STRANGER), counts);
    cr_expect_eq(counts->len, 7);

    struct plan_mail *of_new = add_mail(plan, KIND_CONTACT);
    g_autoptr(GPtrArray) fewer = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
    of_new->ticket = REF_NEW;
    governor_add_counts(&settings, of_new, fewer);
    cr_expect_eq(fewer->len, 3, "nothing was sent yet for a new ticket");
}

Test(governor, knows_the_limit_of_every_budget)
{
    static const int64_t WANT[BUDGET_COUNT] = {10, 40, 60, 20, 1, 5, 60, 3, 10, 20, 20};
    struct settings settings = settings_default();

    for (int budget = 0; budget < BUDGET_COUNT; budget++) {
        cr_expect_eq(governor_limit(&settings, (enum budget)budget), WANT[budget], "%s",
                     budget_name((enum budget)budget));
    }
    cr_expect_eq(governor_limit(&settings, BUDGET_COUNT), 0);
}

Test(governor, asks_for_each_address_of_a_budget)
{
    OWNED(plan) plan = plan_new();
    struct settings settings = settings_default();
    g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
    struct plan_mail *other = add_mail(plan, KIND_CONTACT);

    world_set(&other->address, "otto@other.example");
    governor_add_counts(&settings, add_mail(plan, KIND_CONTACT), counts);
    governor_add_counts(&settings, other, counts);
    cr_expect_eq(counts->len, 4 + 3, "all but the ticket's are his own");
}

/* ---- what is bound by a budget of its own ------------------------------------------------------ */

static const struct {
    const char *notice;
    enum token_purpose purpose;
    enum budget budget; /* BUDGET_COUNT: none but the general ones */
    int64_t limit;
    bool is_bound_by_address;
} NOTICES[] = {
    {"was-this-you", TOKEN_CONFIRM, BUDGET_ASKED_DAY, 3, true},
    {"held", TOKEN_HELD, BUDGET_HELD_HOUR, 10, false},
    {"held-answer", TOKEN_HELD, BUDGET_HELD_HOUR, 10, false},
    {"held-decided", TOKEN_HELD, BUDGET_COUNT, 0, true},
    {"admission", TOKEN_CONFIRM, BUDGET_COUNT, 0, true},
};

Test(governor, has_budgets_for_news_of_held_mail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOTICES); i++) {
        for (int64_t over = -1; over <= 0; over++) {
            OWNED(plan) plan = plan_new();
            OWNED(records) records = world_records();
            struct plan_mail *mail = plan_add_mail(plan, NOTICES[i].notice);
            mail->address = g_strdup("Ben@desk.example");
            mail->is_automatic = true;
            mail->purpose = NOTICES[i].purpose;
            g_ptr_array_add(records->counts, count_record_new(NOTICES[i].budget, "ben@desk.example",
                                                              NOTICES[i].limit + over));
            governor_apply(plan, records);
            bool is_stopped = NOTICES[i].budget != BUDGET_COUNT && over == 0;
            cr_expect_eq(mail->suppressed_by != NULL, is_stopped, "%s", NOTICES[i].notice);
        }
        OWNED(plan) plan = plan_new();
        OWNED(records) records = world_records();
        struct plan_mail *mail = plan_add_mail(plan, NOTICES[i].notice);
        mail->address = g_strdup("ben@desk.example");
        mail->is_automatic = true;
        mail->purpose = NOTICES[i].purpose;
        g_ptr_array_add(records->counts,
                        count_record_new(BUDGET_ADDRESS_HOUR, "ben@desk.example", 10));
        governor_apply(plan, records);
        cr_expect_eq(mail->suppressed_by != NULL, NOTICES[i].is_bound_by_address, "%s",
                     NOTICES[i].notice);
    }
}

/* ---- floods ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    person_id sender;
    enum claim claim;
    enum budget budget;
    const char *key;
    int64_t count;
    bool want;
    bool is_authenticated;
} FLOODS[] = {
    {"the nineteenth", ANNA, CLAIM_CONTACT, BUDGET_SENDER_TICKETS, "4", 19, false},
    {"the twenty-first", ANNA, CLAIM_CONTACT, BUDGET_SENDER_TICKETS, "4", 20, true},
    {"somebody else's", ANNA, CLAIM_CONTACT, BUDGET_SENDER_TICKETS, "7", 99, false},
    {"a confirmed contact among strangers", ANNA, CLAIM_CONTACT, BUDGET_STRANGERS_TICKETS, "", 99,
     false},
    {"one who is not confirmed", DORA, CLAIM_CONTACT, BUDGET_STRANGERS_TICKETS, "", 20, true},
    {"a new address of a customer", 0, CLAIM_CONTACT, BUDGET_STRANGERS_TICKETS, "", 20, true},
    {"a stranger", 0, CLAIM_UNKNOWN, BUDGET_STRANGERS_TICKETS, "", 20, true},
    {"a stranger who was here before", EVE, CLAIM_UNKNOWN, BUDGET_STRANGERS_TICKETS, "", 20, true},
    {"a stranger, below", 0, CLAIM_UNKNOWN, BUDGET_STRANGERS_TICKETS, "", 19, false},
    {"a technician among strangers", BEN, CLAIM_TECHNICIAN, BUDGET_STRANGERS_TICKETS, "", 99,
     false},
    {"a new address of a customer, authenticated", 0, CLAIM_CONTACT, BUDGET_STRANGERS_TICKETS, "",
     99, false, true},
    {"one who is not confirmed, authenticated", DORA, CLAIM_CONTACT, BUDGET_STRANGERS_TICKETS, "",
     99, false, true},
    {"a stranger, authenticated", 0, CLAIM_UNKNOWN, BUDGET_STRANGERS_TICKETS, "", 20, true, true},
    {"a contact, authenticated", ANNA, CLAIM_CONTACT, BUDGET_SENDER_TICKETS, "4", 20, true, true},
};

Test(governor, knows_a_flood)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FLOODS); i++) {
        OWNED(records) records = world_records();
        records->sender = FLOODS[i].sender;
        g_ptr_array_add(records->counts,
                        count_record_new(FLOODS[i].budget, FLOODS[i].key, FLOODS[i].count));
        cr_expect_eq(governor_is_flood(records, FLOODS[i].claim, FLOODS[i].is_authenticated),
                     FLOODS[i].want, "%s", FLOODS[i].name);
        records->settings.sender_tickets = 0;
        records->settings.strangers_tickets = 0;
        cr_expect_not(governor_is_flood(records, FLOODS[i].claim, FLOODS[i].is_authenticated), "%s",
                      FLOODS[i].name);
    }
}

static const struct {
    const char *name;
    person_id sender;
    enum outcome outcome;
    enum role role;
    bool is_released;
    guint want;
} FLOOD_COUNTS[] = {
    {"a contact's ticket", ANNA, OUTCOME_NEW, ROLE_CONTACT, false, 2},
    {"a machine's ticket", ANNA, OUTCOME_NEW, ROLE_MACHINE, false, 2},
    {"a stranger's ticket", 0, OUTCOME_NEW, ROLE_UNKNOWN, false, 1},
    {"a technician's ticket", BEN, OUTCOME_NEW, ROLE_TECHNICIAN, false, 0},
    {"a mail that was released", ANNA, OUTCOME_NEW, ROLE_CONTACT, true, 0},
    {"a comment", ANNA, OUTCOME_PUBLIC, ROLE_CONTACT, false, 0},
};

Test(governor, counts_tickets_that_somebody_opens)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FLOOD_COUNTS); i++) {
        OWNED(records) records = world_records();
        OWNED(plan) plan = plan_new();
        g_autoptr(GPtrArray)
            counts = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
        g_autoptr(GPtrArray)
            none = g_ptr_array_new_with_free_func((GDestroyNotify)count_record_free);
        records->sender = FLOOD_COUNTS[i].sender;
        records->released_by = FLOOD_COUNTS[i].is_released ? g_strdup("clara") : NULL;
        plan->outcome = FLOOD_COUNTS[i].outcome;
        plan->role = FLOOD_COUNTS[i].role;
        governor_add_flood_counts(records, plan, counts);
        cr_expect_eq(counts->len, FLOOD_COUNTS[i].want, "%s", FLOOD_COUNTS[i].name);
        if (counts->len == 2) {
            const struct count_record *own = counts->pdata[0];
            cr_expect_eq(own->budget, BUDGET_SENDER_TICKETS);
            cr_expect_str_eq(own->key, "4");
        }
        records->settings.sender_tickets = 0;
        records->settings.strangers_tickets = 0;
        governor_add_flood_counts(records, plan, none);
        cr_expect_eq(none->len, 0, "%s", FLOOD_COUNTS[i].name);
    }
}

Test(governor, leaves_the_reason_that_is_there)
{
    OWNED(plan) plan = plan_new();
    OWNED(records) records = world_records();
    struct plan_mail *mail = add_mail(plan, KIND_CONTACT);

    mail->suppressed_by = g_strdup("dead-address");
    g_ptr_array_add(records->counts,
                    count_record_new(BUDGET_ADDRESS_HOUR, "anna@acme.example", 99));
    governor_apply(plan, records);
    cr_expect_str_eq(mail->suppressed_by, "dead-address");
}
