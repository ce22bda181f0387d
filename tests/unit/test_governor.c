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
