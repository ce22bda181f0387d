/* What a plan does as lines that can be compared: the order is none of it, nor are reasons and faults. */
#include <string.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/plan_text.h"

static struct plan *plan_of(const char *const *tags, size_t count)
{
    struct plan *plan = plan_new();
    plan->ticket = 7;
    for (size_t i = 0; i < count; i++) {
        struct change *change = plan_add_change(plan, CHANGE_TICKET_SET);
        change->ticket = 7;
        change->field = TICKET_FIELD_TAG;
        change->text = g_strdup(tags[i]);
        change->rule = g_strdup("the rule");
    }
    return plan;
}

static GPtrArray *minus(const GArray *a, const GArray *b)
{
    return plan_lines_minus(a, b);
}

static const struct plan_line *first(const GPtrArray *lines)
{
    return g_ptr_array_index(lines, 0);
}

Test(plan_text, says_the_same_of_the_same_in_any_order)
{
    OWNED(records) records = records_new();
    OWNED(plan) one = plan_of((const char *const[]){"a", "b"}, 2);
    OWNED(plan) other = plan_of((const char *const[]){"b", "a"}, 2);
    g_autoptr(GArray) left = plan_lines(one, records);
    g_autoptr(GArray) right = plan_lines(other, records);
    g_autoptr(GPtrArray) gone = minus(left, right);
    g_autoptr(GPtrArray) new = minus(right, left);
    cr_expect_eq(gone->len, 0);
    cr_expect_eq(new->len, 0);
}

Test(plan_text, says_what_one_does_and_the_other_does_not_as_often_as_it_does_not)
{
    OWNED(records) records = records_new();
    OWNED(plan) one = plan_of((const char *const[]){"a", "a", "b"}, 3);
    OWNED(plan) other = plan_of((const char *const[]){"a", "c"}, 2);
    g_autoptr(GArray) left = plan_lines(one, records);
    g_autoptr(GArray) right = plan_lines(other, records);
    g_autoptr(GPtrArray) gone = minus(left, right);
    g_autoptr(GPtrArray) new = minus(right, left);
    cr_assert_eq(gone->len, 2);
    cr_assert_eq(new->len, 1);
    cr_expect_str_eq(first(gone)->text, "set tag \"a\" on #7");
    cr_expect_str_eq(first(new)->text, "set tag \"c\" on #7");
    cr_expect_str_eq(first(new)->rule, "the rule");
}

Test(plan_text, takes_whose_idea_it_was_for_no_difference_but_that_a_rule_fired)
{
    OWNED(records) records = records_new();
    OWNED(plan) one = plan_of((const char *const[]){"a"}, 1);
    OWNED(plan) other = plan_of((const char *const[]){"a"}, 1);
    struct change *change = g_ptr_array_index(other->changes, 0);
    g_free(change->rule);
    change->rule = g_strdup("another rule");
    g_autoptr(GArray) left = plan_lines(one, records);
    g_autoptr(GArray) right = plan_lines(other, records);
    g_autoptr(GPtrArray) none = minus(right, left);
    cr_expect_eq(none->len, 0);
    struct change *fired = plan_add_change(other, CHANGE_RULE_FIRED);
    fired->rule = g_strdup("another rule");
    g_autoptr(GArray) more = plan_lines(other, records);
    g_autoptr(GPtrArray) one_more = minus(more, left);
    cr_assert_eq(one_more->len, 1);
    cr_expect_str_eq(first(one_more)->text, "the rule \"another rule\" fires");
}

Test(plan_text, leaves_reasons_and_faults_out_and_the_fate_of_the_mail_in)
{
    OWNED(records) records = records_new();
    OWNED(plan) one = plan_of(NULL, 0);
    OWNED(plan) other = plan_of(NULL, 0);
    plan_say(other->may, "for another reason");
    plan_add_change(other, CHANGE_RULE_FAULT)->text = g_strdup("too slow");
    g_autoptr(GArray) left = plan_lines(one, records);
    g_autoptr(GArray) right = plan_lines(other, records);
    g_autoptr(GPtrArray) none = minus(right, left);
    cr_expect_eq(none->len, 0);
    other->verdict = VERDICT_HELD;
    g_autoptr(GArray) held = plan_lines(other, records);
    g_autoptr(GPtrArray) fate = minus(held, left);
    cr_expect_eq(fate->len, 1);
}

Test(plan_text, calls_people_by_their_addresses)
{
    OWNED(records) records = records_new();
    OWNED(plan) plan = plan_of(NULL, 0);
    struct person_record *anna = person_record_new();
    anna->id = 5;
    g_free(anna->address);
    anna->address = g_strdup("anna@acme.example");
    g_ptr_array_add(records->people, anna);
    struct change *joins = plan_add_change(plan, CHANGE_PARTICIPANT_ADD);
    joins->ticket = 7;
    joins->person = 5;
    struct change *made = plan_add_change(plan, CHANGE_PERSON_ADD);
    made->person = REF_NEW;
    made->address = g_strdup("new@acme.example");
    struct change *new_joins = plan_add_change(plan, CHANGE_PARTICIPANT_ADD);
    new_joins->ticket = 7;
    new_joins->person = REF_NEW;
    g_autoptr(GArray) lines = plan_lines(plan, records);
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(all, "%s\n", g_array_index(lines, struct plan_line, i).text);
    }
    cr_expect_not_null(strstr(all->str, " anna@acme.example on #7"), "%s", all->str);
    cr_expect_not_null(strstr(all->str, " new@acme.example on #7"), "%s", all->str);
}
