/* Plans: made empty, freed whole; their words. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "desk/authority.h"
#include "desk/plan.h"

Test(plan, begins_empty_and_owns_what_is_put_in)
{
    OWNED(plan) plan = plan_new();
    struct change *change = plan_add_change(plan, CHANGE_COMMENT_ADD);
    struct plan_mail *mail = plan_add_mail(plan, "reply");

    cr_expect_eq(plan->ticket, REF_NONE);
    cr_expect_eq(plan->sender, REF_NONE);
    cr_expect_eq(change->kind, CHANGE_COMMENT_ADD);
    cr_expect_str_eq(mail->notice, "reply");
    change->address = g_strdup("a");
    change->name = g_strdup("b");
    change->text = g_strdup("c");
    change->reason = g_strdup("d");
    mail->address = g_strdup("a");
    mail->name = g_strdup("b");
    mail->reason = g_strdup("c");
    mail->suppressed_by = g_strdup("d");
    plan_say(plan->may, "%s is %d", "this", 1);
    cr_expect_str_eq(plan->may->pdata[0], "this is 1");
    plan_free(NULL);
}

typedef const char *(*namer)(int value);

static const char *name_outcome(int value)
{
    return outcome_name((enum outcome)value);
}

static const char *name_role(int value)
{
    return role_name((enum role)value);
}

static const char *name_comment_kind(int value)
{
    return comment_kind_name((enum comment_kind)value);
}

static const char *name_change_kind(int value)
{
    return change_kind_name((enum change_kind)value);
}

static const char *name_auth(int value)
{
    return auth_name((enum auth)value);
}

static const char *name_budget(int value)
{
    return budget_name((enum budget)value);
}

static const char *name_purpose(int value)
{
    return token_purpose_name((enum token_purpose)value);
}

static const char *name_status(int value)
{
    return ticket_status_name((enum ticket_status)value);
}

static const char *name_verdict(int value)
{
    return verdict_name((enum verdict)value);
}

/* Tables, JSON and tests know these words: they are for ever. */
static const struct {
    namer name;
    int first;
    const char *want; /* joined by commas */
} WORDS[] = {
    {name_outcome, 0, "technician,public,note,unverified,new,held,rejected,event,duplicate"},
    {name_role, 0, "unknown,stranger,contact,technician,machine"},
    {name_comment_kind, 0, "public,note,unverified"},
    {name_change_kind, 0,
     "add person,confirm person,open ticket,add comment,set ticket,add participant,link "
     "ticket,note bounce,mark address dead,note who was copied,verify comment,release held mail,drop "
     "held mail,add note,call web hook,fire rule,note rule fault"},
    {name_auth, 0, "pass,none,fail"},
    {name_budget, 0,
     "limit-address-hour,limit-address-day,limit-domain-hour,limit-ticket-hour,"
     "limit-stranger-address-day,limit-stranger-domain-hour,limit-stranger-hour,limit-asked-day,"
     "limit-held-hour,limit-sender-tickets,limit-strangers-tickets"},
    {name_purpose, 1,
     "contact's reply,technician's reply,technician's note,bounce,confirm,undo,held mail"},
    {name_status, 0, "open,pending,resolved,closed"},
    {name_verdict, 0, "filed,event,held,rejected,duplicate"},
};

Test(plan, has_words_for_everything)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        g_auto(GStrv) want = g_strsplit(WORDS[i].want, ",", -1);
        int count = (int)g_strv_length(want);

        for (int value = 0; value < count; value++) {
            cr_expect_str_eq(WORDS[i].name(WORDS[i].first + value), want[value]);
        }
        cr_expect_str_eq(WORDS[i].name(WORDS[i].first + count), "?", "%s", WORDS[i].want);
        cr_expect_str_eq(WORDS[i].name(99), "?");
    }
}

Test(plan, wants_something_if_any_of_its_wants_is_there)
{
    for (int want = 0; want < 6; want++) {
        OWNED(plan) plan = plan_new();
        ticket_id ticket = 77;

        if (want == 1) {
            g_ptr_array_add(plan->wants.addresses, g_strdup("new@acme.example"));
        } else if (want == 2) {
            g_ptr_array_add(plan->wants.customers, g_strdup("Acme GmbH"));
        } else if (want == 3) {
            g_array_append_val(plan->wants.tickets, ticket);
        } else if (want == 4) {
            plan->wants.customer = 2;
        } else if (want == 5) {
            plan->wants.has_loads = true;
        }
        cr_expect_eq(wants_are_any(&plan->wants), want > 0, "%d", want);
    }
}
