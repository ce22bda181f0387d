/* explain - a mail explained: for `why` and `held show`
 *
 * The three questions of a decision, in their order: where does it belong, who is it, may they; then what
 * was done and what was sent. A mail of the desk is explained by what was stored when it was decided; a file by
 * the plan that would be made of it now. Both become the same JSON; people see that.
 *
 * Tokens, nonces and Message-IDs of ours are no part of it: who sees a token can use it.
 * I/O: the caller's transaction, reading; explain_print writes to stdout.
 */
#include "cli/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "core/text.h"
#include "store/inbound_list.h"

/* The columns of inbound_list_find. */
static const struct field STORED[] = {
    {"mail", NULL, FIELD_NUMBER, false},
    {"verdict", NULL, FIELD_TEXT, false},
    {"role", NULL, FIELD_TEXT, false},
    {"outcome", NULL, FIELD_TEXT, false},
    {"ticket", NULL, FIELD_NUMBER, false},
    {"customer", NULL, FIELD_TEXT, false},
    {"from", NULL, FIELD_TEXT, false},
    {"from_address", NULL, FIELD_TEXT, false},
    {"subject", NULL, FIELD_TEXT, false},
    {"message_id", NULL, FIELD_TEXT, false},
    {"mailbox", NULL, FIELD_TEXT, false},
    {"folder", NULL, FIELD_TEXT, false},
    {"uid", NULL, FIELD_NUMBER, false},
    {"bytes", NULL, FIELD_NUMBER, false},
    {"is_whole", NULL, FIELD_BOOL, false},
    {"arrived_at", NULL, FIELD_TIME, false},
    {"received_at", NULL, FIELD_TIME, false},
    {"decided_at", NULL, FIELD_TIME, false},
    {"where", NULL, FIELD_TEXTS, false},
    {"who", NULL, FIELD_TEXTS, false},
    {"may", NULL, FIELD_TEXTS, false},
    {"comment", NULL, FIELD_NUMBER, false},
    {"sender", NULL, FIELD_TEXT, false},
    {"duplicate_of", NULL, FIELD_NUMBER, false},
    {"released_by", NULL, FIELD_TEXT, false},
    {"dropped_by", NULL, FIELD_TEXT, false},
    {"handled_at", NULL, FIELD_TIME, false},
    {"is_auth_failed", NULL, FIELD_BOOL, false},
    {"parser_deaths", NULL, FIELD_NUMBER, false},
    {"attempt", NULL, FIELD_NUMBER, false},
};

static const struct field CHANGES[] = {
    {"ticket", "TICKET", FIELD_NUMBER, false}, {"what", "WHAT", FIELD_TEXT, false},
    {"from", NULL, FIELD_TEXT, false},         {"to", "TO", FIELD_TEXT, true},
    {"who", "WHO", FIELD_TEXT, true},          {"at", NULL, FIELD_TIME, false},
};

static const struct field MAILS[] = {
    {"id", "ID", FIELD_NUMBER, false},     {"notice", "NOTICE", FIELD_TEXT, false},
    {"to", "TO", FIELD_TEXT, true},        {"state", "STATE", FIELD_TEXT, false},
    {"reason", "WHY", FIELD_TEXT, true},   {"suppressed_by", "STOPPED BY", FIELD_TEXT, true},
    {"ticket", NULL, FIELD_NUMBER, false}, {"queued_at", NULL, FIELD_TIME, false},
    {"ended_at", NULL, FIELD_TIME, false}, {"answer", "ANSWER", FIELD_TEXT, true},
};

/* What people see of the facts and of the decision. */
static const struct field FACTS_CARD[] = {
    {"from", "From", FIELD_TEXT, false},
    {"subject", "Subject", FIELD_TEXT, false},
    {"message_id", "Message-ID", FIELD_TEXT, false},
    {"mailbox", "Mailbox", FIELD_TEXT, false},
    {"bytes", "Bytes", FIELD_NUMBER, false},
    {"arrived_at", "Arrived", FIELD_TIME, false},
};
static const struct field DECISION_CARD[] = {
    {"verdict", "Verdict", FIELD_TEXT, false},   {"role", "Role", FIELD_TEXT, false},
    {"outcome", "Outcome", FIELD_TEXT, false},   {"ticket", "Ticket", FIELD_NUMBER, false},
    {"customer", "Customer", FIELD_TEXT, false}, {"sender", "Sender", FIELD_TEXT, false},
};

/* "where: …", "who: …", "may: …", in the order in which the questions are asked. */
static void add_reasons(json_t *reasons, const char *question, const json_t *texts)
{
    size_t i = 0;
    json_t *text = NULL;

    json_array_foreach(texts, i, text)
    {
        g_autofree char *reason = g_strdup_printf("%s: %s", question, json_string_value(text));
        json_array_append_new(reasons, json_string(reason));
    }
}

static json_t *reasons_of(const json_t *explained)
{
    static const char *const QUESTIONS[] = {"where", "who", "may"};
    json_t *reasons = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(QUESTIONS); i++) {
        add_reasons(reasons, QUESTIONS[i], json_object_get(explained, QUESTIONS[i]));
    }
    return reasons;
}

enum status explain_stored(struct tx *tx, mail_id mail, json_t **explained_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    OWNED(rows) changes = NULL;
    OWNED(rows) mails = NULL;

    enum status status = inbound_list_find(tx, mail, &rows, err);
    if (status == ST_OK) {
        status = inbound_list_effects(tx, mail, &changes, &mails, err);
    }
    if (status != ST_OK) {
        return status;
    }
    json_t *explained = view_row(rows, 0, STORED, G_N_ELEMENTS(STORED));
    json_object_set_new(explained, "reasons", reasons_of(explained));
    json_object_set_new(explained, "changes", view_rows(changes, CHANGES, G_N_ELEMENTS(CHANGES)));
    json_object_set_new(explained, "mails", view_rows(mails, MAILS, G_N_ELEMENTS(MAILS)));
    *explained_out = explained;
    return ST_OK;
}

/* ---- a file ---- */

static json_t *texts_of(const GPtrArray *texts)
{
    json_t *array = json_array();

    for (size_t i = 0; i < texts->len; i++) {
        json_array_append_new(array, json_string(g_ptr_array_index(texts, i)));
    }
    return array;
}

/* A reference of a plan: a number, "new", or null. */
static json_t *reference_of(int64_t reference)
{
    if (reference == REF_NEW) {
        return json_string("new");
    }
    return reference == REF_NONE ? json_null() : json_integer(reference);
}

static json_t *optional_text(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

/* "set priority"; of the others the kind says all. */
static char *planned_what(const struct change *change)
{
    return change->kind == CHANGE_TICKET_SET
               ? g_strdup_printf("set %s", ticket_field_name(change->field))
               : g_strdup(change_kind_name(change->kind));
}

/* A person, or the rule. */
static json_t *planned_who(const struct change *change)
{
    if (change->rule == NULL) {
        return reference_of(change->person);
    }
    g_autofree char *rule = g_strdup_printf("rule %s", change->rule);
    return json_string(rule);
}

static json_t *planned_changes(const struct plan *plan)
{
    json_t *changes = json_array();

    for (size_t i = 0; i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        const char *to = change->text != NULL ? change->text : change->address;
        g_autofree char *what = planned_what(change);
        json_t *object = json_pack("{s:o, s:s, s:n, s:o, s:o, s:n}", "ticket",
                                   reference_of(change->ticket), "what", what, "from", "to",
                                   optional_text(to), "who", planned_who(change), "at");
        json_object_set_new(object, "reason", optional_text(change->reason));
        json_array_append_new(changes, object);
    }
    return changes;
}

static json_t *planned_mails(const struct plan *plan)
{
    json_t *mails = json_array();

    for (size_t i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = g_ptr_array_index(plan->mails, i);
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", "new", "notice",
                                   mail->notice, "to", mail->address, "state",
                                   mail->suppressed_by == NULL ? "queued" : "suppressed", "reason",
                                   optional_text(mail->reason), "suppressed_by",
                                   optional_text(mail->suppressed_by), "ticket",
                                   reference_of(mail->ticket));
        json_array_append_new(mails, object);
    }
    return mails;
}

static void add_facts(json_t *explained, const struct explanation *explanation)
{
    const struct facts *facts = explanation->facts;
    const struct records *records = explanation->records;

    if (facts != NULL) {
        json_object_set_new(explained, "from", optional_text(facts->from_text));
        json_object_set_new(explained, "from_address",
                            optional_text(facts->from == NULL ? NULL : facts->from->address));
        json_object_set_new(explained, "subject", json_string(facts->subject));
        json_object_set_new(explained, "message_id", optional_text(facts->message_id));
    }
    if (records != NULL) {
        json_object_set_new(explained, "mailbox", optional_text(records->mailbox.address));
        json_object_set_new(explained, "bytes", json_integer((json_int_t)records->bytes));
        json_object_set_new(explained, "customer", optional_text(records->customer.name));
    }
    json_object_set_new(explained, "refusal", optional_text(explanation->refusal));
}

json_t *explain_rehearsed(const struct explanation *explanation)
{
    const struct plan *plan = explanation->plan;
    json_t *explained = json_pack("{s:n, s:s, s:s, s:s, s:o, s:n, s:o, s:o, s:o}", "mail",
                                  "verdict", verdict_name(plan->verdict), "role",
                                  role_name(plan->role), "outcome", outcome_name(plan->outcome),
                                  "ticket", reference_of(plan->ticket), "customer", "where",
                                  texts_of(plan->where), "who", texts_of(plan->who), "may",
                                  texts_of(plan->may));

    add_facts(explained, explanation);
    json_object_set_new(explained, "already_filed_as",
                        explanation->already == 0 ? json_null()
                                                  : json_integer(explanation->already));
    json_object_set_new(explained, "reasons", reasons_of(explained));
    json_object_set_new(explained, "changes", planned_changes(plan));
    json_object_set_new(explained, "mails", planned_mails(plan));
    return explained;
}

/* ---- for people ---- */

static void print_question(const json_t *explained, const char *key, const char *question)
{
    const json_t *texts = json_object_get(explained, key);
    size_t i = 0;
    json_t *text = NULL;

    if (json_array_size(texts) == 0) {
        return;
    }
    putchar('\n');
    view_heading(question);
    json_array_foreach(texts, i, text)
    {
        g_autofree char *line = view_text(text, FIELD_TEXT);
        printf("  - %s\n", line);
    }
}

static void print_part(const json_t *explained, const char *key, const char *heading,
                       const struct field *fields, size_t count)
{
    const json_t *array = json_object_get(explained, key);

    putchar('\n');
    view_heading(heading);
    if (json_array_size(array) == 0) {
        puts("nothing");
        return;
    }
    view_print_table(array, fields, count);
}

static void print_handling(const json_t *explained)
{
    static const char *const KEYS[][2] = {{"released_by", "Released by"},
                                          {"dropped_by", "Dropped by"}};

    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        const json_t *actor = json_object_get(explained, KEYS[i][0]);
        if (json_is_string(actor)) {
            g_autofree char *name = view_text(actor, FIELD_TEXT);
            g_autofree char *when = view_text(json_object_get(explained, "handled_at"), FIELD_TIME);
            printf("%s %s, %s\n", KEYS[i][1], name, when);
        }
    }
    if (json_is_integer(json_object_get(explained, "duplicate_of"))) {
        printf("The same as mail %" JSON_INTEGER_FORMAT "\n",
               json_integer_value(json_object_get(explained, "duplicate_of")));
    }
}

void explain_print_trace(const GPtrArray *trace)
{
    putchar('\n');
    view_heading("What the rules saw and did");
    if (trace->len == 0) {
        puts("no rule waits for what this mail is");
    }
    for (guint i = 0; i < trace->len; i++) {
        const char *line = g_ptr_array_index(trace, i);
        size_t indent = strspn(line, " ");
        g_autofree char *clean = text_one_line(line, SIZE_MAX);
        printf("%*s%s\n", (int)indent, "", clean);
    }
}

void explain_print(const json_t *explained)
{
    const json_t *mail = json_object_get(explained, "mail");
    const json_t *already = json_object_get(explained, "already_filed_as");
    bool is_stored = json_is_integer(mail);
    g_autofree char *heading = is_stored ? g_strdup_printf("Mail %" JSON_INTEGER_FORMAT,
                                                           json_integer_value(mail))
                                         : g_strdup("A file, as it would be decided now");

    view_heading(heading);
    if (json_is_integer(already)) {
        printf("already filed as mail %" JSON_INTEGER_FORMAT "\n", json_integer_value(already));
    }
    view_print_card(explained, FACTS_CARD, G_N_ELEMENTS(FACTS_CARD));
    print_handling(explained);
    print_question(explained, "where", "Where does it belong?");
    print_question(explained, "who", "Who is it?");
    print_question(explained, "may", "May they?");
    putchar('\n');
    view_heading("Decision");
    view_print_card(explained, DECISION_CARD, G_N_ELEMENTS(DECISION_CARD));
    print_part(explained, "changes", is_stored ? "What was done" : "What would be done", CHANGES,
               G_N_ELEMENTS(CHANGES));
    print_part(explained, "mails", is_stored ? "What was sent" : "What would be sent", MAILS,
               G_N_ELEMENTS(MAILS));
}
