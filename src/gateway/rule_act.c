/* rule_act - rules after a command has changed a ticket
 *
 * What a command changed is compared with what was: the events follow from that, so a change that changes nothing
 * triggers nothing. What rules then do to the ticket triggers no rule. All of it is in the command's own transaction:
 * the change and what rules make of it stand or fall together.
 * I/O: the caller's transaction.
 */
#include "gateway/rule_act.h"

#include "desk/workflow.h"
#include "gateway/act.h"

static struct plan *decide_after(const struct records *records, void *arg)
{
    const struct workflow_cause cause = {.before = arg,
                                         .after = g_ptr_array_index(records->tickets, 0)};

    return workflow_decide(records, &cause);
}

static enum status run_rules(struct tx *tx, const struct ticket_record *before, const char *actor,
                             struct err *err)
{
    OWNED(rule_book) book = rule_book_new(true);
    struct act act = {.ticket = before->id,
                      .actor = actor,
                      .book = book,
                      .decide = decide_after,
                      .arg = (void *)before};
    enum status status = act_gather(tx, &act, err);

    if (status == ST_OK && rule_book_rules(book) != NULL) {
        status = act_decide(tx, &act, err);
        if (status == ST_OK) {
            status = act_apply(tx, &act, err);
        }
    }
    act_done(&act);
    return status;
}

enum status rule_act_change(struct tx *tx, const struct ticket_change *changes, size_t count,
                            struct err *err)
{
    struct ticket_record *before = NULL;

    if (count == 0) {
        return ST_OK;
    }
    enum status status = act_read_ticket(tx, changes->ticket, &before, err);
    if (status == ST_OK) {
        status = ticket_change_put(tx, changes, count, err);
    }
    if (status == ST_OK) {
        status = run_rules(tx, before, changes->actor, err);
    }
    ticket_record_free(before);
    return status;
}
