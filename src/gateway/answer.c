/* answer - a technician's answer that does not come by mail
 *
 * `postdesk ticket reply` and `ticket note` do what a technician's mail does: desk/decide makes the plan (who is told, whether
 * the ticket is assigned, what rules add to it), gateway/act carries it out. What differs is the evidence: whoever can
 * run the command line of a desk may speak for its technicians, and is recorded with the activity.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/answer.h"

#include "desk/decide.h"
#include "gateway/act.h"
#include "store/people.h"

static enum status read_assignee(struct tx *tx, ticket_id ticket, person_id *assignee_out,
                                 struct err *err)
{
    struct ticket_record *record = NULL;
    enum status status = act_read_ticket(tx, ticket, &record, err);

    if (status == ST_OK) {
        *assignee_out = record->assignee;
        ticket_record_free(record);
    }
    return status;
}

enum status answer_find_technician(struct tx *tx, ticket_id ticket, person_id *technician_out,
                                   struct err *err)
{
    OWNED(rows) technicians = NULL;

    people_store_queue_technicians(tx, &technicians);
    enum status status = read_assignee(tx, ticket, technician_out, err);
    if (status != ST_OK || *technician_out != 0) {
        return status;
    }
    if (rows_count(technicians) != 1) {
        (void)err_set(err, ST_INVALID, "the ticket is unassigned, and the desk has %d technicians",
                      rows_count(technicians));
        return err_hint(err, "say who answers: --as ADDRESS");
    }
    struct person_record *only = people_store_read(technicians, 0);
    *technician_out = only->id;
    person_record_free(only);
    return ST_OK;
}

static struct plan *decide_answer(const struct records *records, void *arg)
{
    const struct answer *answer = arg;
    const struct ticket_record *ticket = g_ptr_array_index(records->tickets, 0);

    return answer->is_note
               ? decide_cli_note(records, ticket->id, answer->technician, answer->text)
               : decide_cli_reply(records, ticket->id, answer->technician, answer->text);
}

static enum status put(struct tx *tx, struct act *act, struct answer *answer, struct err *err)
{
    enum status status = act_gather(tx, act, err);

    if (status == ST_OK) {
        status = act_decide(tx, act, err);
    }
    if (status != ST_OK) {
        return status;
    }
    const struct plan *plan = act->deed.plan;
    if (plan->verdict != VERDICT_FILED) {
        const char *why = plan->may->len == 0 ? "it is not allowed"
                                              : g_ptr_array_index(plan->may, plan->may->len - 1);
        return err_set(err, ST_INVALID, "%s", why);
    }
    status = act_apply(tx, act, err);
    answer->ticket = act->ticket;
    answer->comment = act->deed.comment;
    answer->mail_count = 0;
    for (guint i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = g_ptr_array_index(plan->mails, i);
        answer->mail_count += mail->suppressed_by == NULL;
    }
    return status;
}

enum status answer_put(struct tx *tx, struct answer *answer, struct err *err)
{
    OWNED(rule_book) book = rule_book_new(true);
    struct act act = {.ticket = answer->ticket,
                      .author = answer->technician,
                      .actor = answer->actor,
                      .book = book,
                      .decide = decide_answer,
                      .arg = answer};
    enum status status = put(tx, &act, answer, err);

    act_done(&act);
    return status;
}
