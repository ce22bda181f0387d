/* plan_text - what a plan does, one line a thing
 *
 * Two plans are the same if they do the same: end the mail in the same way, change the same, tell the same people the
 * same. The order in which a plan does it is no difference, nor whose idea it was; that is said beside the
 * line, for people who want to know which rule it comes from. That a rule fired is a thing of its own: the
 * ticket's history says it.
 * Pure.
 */
#include "gateway/plan_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/text.h"
#include "desk/ticket_field.h"

#define TEXT_CHARS 1000 /* of what a line says of a text */

/* ---- names ------------------------------------------------------------------------------------- */

static void add_person(GString *line, const struct plan *plan, const struct records *records,
                       person_id person)
{
    const struct person_record *known = person > 0 ? records_person(records, person) : NULL;
    const char *address = known ? known->address : NULL;
    for (guint i = 0; person < 0 && !address && i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        if (change->kind == CHANGE_PERSON_ADD && change->person == person) {
            address = change->address;
        }
    }
    if (address && *address != '\0') {
        g_string_append_printf(line, " %s", address);
    } else {
        g_string_append_printf(line, " person %" PRId64, person);
    }
}

static void add_ticket(GString *line, ticket_id ticket)
{
    if (ticket == REF_NEW) {
        g_string_append(line, " the new ticket");
    } else {
        g_string_append_printf(line, " #%" PRId64, ticket);
    }
}

static void add_text(GString *line, const char *text)
{
    if (text && *text != '\0') {
        g_autofree char *shown = text_one_line(text, TEXT_CHARS);
        g_string_append_printf(line, " \"%s\"", shown);
    }
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void line_clear(gpointer data)
{
    struct plan_line *line = data;
    g_free(line->text);
}

static void add_line(GArray *lines, GString *text, const char *rule)
{
    struct plan_line line = {.text = g_string_free(text, FALSE), .rule = rule};
    g_array_append_val(lines, line);
}

static GString *start(const char *what)
{
    return g_string_new(what);
}

static void add_fate(GArray *lines, const struct plan *plan, const struct records *records)
{
    GString *verdict = start("the mail is ");
    g_string_append_printf(verdict, "%s: %s, from a %s", verdict_name(plan->verdict),
                           outcome_name(plan->outcome), role_name(plan->role));
    if (plan->held_for != HELD_FOR_NOTHING) {
        g_string_append_printf(verdict, ", held for %s", held_for_name(plan->held_for));
    }
    if (plan->held_until_us) {
        g_string_append_printf(verdict, " until %" PRId64, plan->held_until_us / G_USEC_PER_SEC);
    }
    if (plan->duplicate_of) {
        g_string_append_printf(verdict, ", the same as mail %" PRId64, plan->duplicate_of);
    }
    if (plan->supersedes) {
        g_string_append_printf(verdict, ", in place of mail %" PRId64, plan->supersedes);
    }
    g_string_append(verdict, plan->is_spam ? ", spam" : "");
    add_line(lines, verdict, NULL);
    if (plan->ticket != REF_NONE) {
        GString *place = start("it belongs to");
        add_ticket(place, plan->ticket);
        add_line(lines, place, NULL);
    }
    if (plan->sender != REF_NONE) {
        GString *sender = start("its sender is");
        add_person(sender, plan, records, plan->sender);
        g_string_append_printf(sender, " of customer %" PRId64, plan->customer);
        add_line(lines, sender, NULL);
    }
}

static void add_set(GString *line, const struct change *change)
{
    g_string_append_printf(line, "%s %s", change->is_removed ? "remove" : "set",
                           ticket_field_name(change->field));
    if (change->name) {
        g_string_append_printf(line, ".%s", change->name);
    }
    add_text(line, change->text);
}

/* What is said of all other changes. */
static void add_rest(GString *line, const struct plan *plan, const struct records *records,
                     const struct change *change)
{
    g_string_append(line, change_kind_name(change->kind));
    if (change->kind == CHANGE_COMMENT_ADD) {
        g_string_append_printf(line, " (%s)", comment_kind_name(change->comment_kind));
    }
    if (change->person != REF_NONE) {
        add_person(line, plan, records, change->person);
    }
    if (change->other) {
        add_ticket(line, change->other);
    }
    if (change->outbound) {
        g_string_append_printf(line, " outbound mail %" PRId64, change->outbound);
    }
    if (change->mail) {
        g_string_append_printf(line, " mail %" PRId64, change->mail);
    }
    add_text(line, change->address);
    add_text(line, change->kind == CHANGE_COMMENT_ADD ? NULL : change->text);
    g_string_append(line, change->is_confirmed ? " confirmed" : "");
    g_string_append(line, change->is_spam ? " spam" : "");
}

static void add_change(GArray *lines, const struct plan *plan, const struct records *records,
                       const struct change *change)
{
    GString *line = start("");
    if (change->kind == CHANGE_RULE_FIRED) {
        g_string_append_printf(line, "the rule \"%s\" fires", change->rule);
    } else if (change->kind == CHANGE_TICKET_SET) {
        add_set(line, change);
    } else {
        add_rest(line, plan, records, change);
    }
    if (change->ticket != REF_NONE) {
        g_string_append(line, " on");
        add_ticket(line, change->ticket);
    }
    add_line(lines, line, change->rule);
}

static void add_mail(GArray *lines, const struct plan_mail *mail)
{
    GString *line = start("mail ");
    g_string_append_printf(line, "\"%s\" to %s", mail->notice, mail->address);
    if (mail->suppressed_by) {
        g_string_append_printf(line, ", stopped by %s", mail->suppressed_by);
    }
    for (guint i = 0; mail->values && i + 1 < mail->values->len; i += 2) {
        g_string_append_printf(line, ", %s", (const char *)g_ptr_array_index(mail->values, i));
        add_text(line, g_ptr_array_index(mail->values, i + 1));
    }
    add_line(lines, line, NULL);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    const struct plan_line *left = a;
    const struct plan_line *right = b;
    return strcmp(left->text, right->text);
}

GArray *plan_lines(const struct plan *plan, const struct records *records)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct plan_line));
    g_array_set_clear_func(lines, line_clear);
    add_fate(lines, plan, records);
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        if (change->kind != CHANGE_RULE_FAULT) {
            add_change(lines, plan, records, change);
        }
    }
    for (guint i = 0; i < plan->mails->len; i++) {
        add_mail(lines, g_ptr_array_index(plan->mails, i));
    }
    g_array_sort(lines, by_text);
    return lines;
}

GPtrArray *plan_lines_minus(const GArray *a, const GArray *b)
{
    GPtrArray *left = g_ptr_array_new();
    guint j = 0;
    for (guint i = 0; i < a->len; i++) {
        const struct plan_line *line = &g_array_index(a, struct plan_line, i);
        while (j < b->len && by_text(&g_array_index(b, struct plan_line, j), line) < 0) {
            j++;
        }
        if (j < b->len && by_text(&g_array_index(b, struct plan_line, j), line) == 0) {
            j++;
        } else {
            g_ptr_array_add(left, (gpointer)line);
        }
    }
    return left;
}
