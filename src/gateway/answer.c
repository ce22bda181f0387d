/* answer - a technician's answer that does not come by mail
 *
 * `postdesk ticket reply` does what a technician's mail does: desk/decide makes the plan (who is told, whether
 * the ticket is assigned), outbox is the door out. What differs is the evidence: whoever can run the
 * command line of a desk may speak for its technicians, and is recorded with the activity.
 *
 * The ticket's lock is taken before it is read, as by the intakes, and at its own level of the order of
 * locks (DESIGN 3, "Overtaking"); a merged ticket is followed first.
 * I/O: the caller's transaction. Decides nothing itself.
 */
#include "gateway/answer.h"

#include <assert.h>
#include <inttypes.h>

#include "desk/decide.h"
#include "desk/need.h"
#include "gateway/outbox.h"
#include "store/desk.h"
#include "store/people.h"
#include "store/ticket.h"
#include "store/ticket_change.h"

static enum status say_no_ticket(ticket_id ticket, struct err *err)
{
    return err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, ticket);
}

/* ---- reading ---- */

static enum status read_ticket(struct tx *tx, ticket_id ticket, struct ticket_record **record_out,
                               struct err *err)
{
    OWNED(rows) rows = NULL;

    ticket_store_queue_find(tx, &ticket, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return say_no_ticket(ticket, err);
    }
    if (status == ST_OK) {
        *record_out = ticket_store_read(rows, 0);
    }
    return status;
}

enum status answer_find_technician(struct tx *tx, ticket_id ticket, person_id *technician_out,
                                   struct err *err)
{
    OWNED(rows) technicians = NULL;
    struct ticket_record *record = NULL;

    people_store_queue_technicians(tx, &technicians);
    enum status status = read_ticket(tx, ticket, &record, err);
    if (status != ST_OK) {
        return status;
    }
    assert(record != NULL);
    *technician_out = record->assignee;
    ticket_record_free(record);
    if (*technician_out != 0) {
        return ST_OK;
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

/* Follow merges, then lock where they lead. */
static enum status lock_ticket(struct tx *tx, struct answer *answer, struct err *err)
{
    OWNED(rows) rows = NULL;

    ticket_store_queue_nonces(tx, &answer->ticket, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return say_no_ticket(answer->ticket, err);
    }
    if (status == ST_OK) {
        answer->ticket = row_int64(rows, 0, 2);
        int64_t lock = need_ticket_lock(answer->ticket);
        ticket_store_queue_locks(tx, &lock, 1);
    }
    return status;
}

static void add_people(struct records *records, const struct rows *rows, bool are_technicians)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct person_record *person = people_store_read(rows, row);
        if (are_technicians) {
            g_array_append_val(records->technicians, person->id);
        }
        if (records_person(records, person->id) == NULL) {
            g_ptr_array_add(records->people, person);
        } else {
            person_record_free(person);
        }
    }
}

static enum status read_people(struct tx *tx, const struct answer *answer,
                               const struct ticket_record *ticket, struct records *records,
                               struct err *err)
{
    OWNED(rows) technicians = NULL;
    OWNED(rows) people = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));

    g_array_append_val(ids, answer->technician);
    g_array_append_val(ids, ticket->requester);
    g_array_append_val(ids, ticket->assignee);
    g_array_append_vals(ids, ticket->participants->data, ticket->participants->len);
    people_store_queue_technicians(tx, &technicians);
    people_store_queue_by_id(tx, (const int64_t *)(const void *)ids->data, ids->len, &people);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        add_people(records, technicians, true);
        add_people(records, people, false);
    }
    return status;
}

static enum status read_desk(struct tx *tx, mailbox_id mailbox, struct records *records,
                             struct err *err)
{
    struct desk_rows desk = {NULL};

    desk_store_queue(tx, &desk);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&desk, &records->settings, err);
    }
    if (status == ST_OK) {
        records->now_us = desk_store_now(&desk);
        bool is_there = desk_store_mailbox(&desk, mailbox, &records->mailbox);
        assert(is_there); /* a foreign key */
        g_ptr_array_unref(records->own_addresses);
        records->own_addresses = desk_store_own_addresses(&desk);
    }
    desk_rows_clear(&desk);
    return status;
}

static enum status gather(struct tx *tx, struct answer *answer, struct records *records,
                          struct err *err)
{
    struct ticket_record *ticket = NULL;
    enum status status = lock_ticket(tx, answer, err);

    if (status == ST_OK) {
        status = read_ticket(tx, answer->ticket, &ticket, err);
    }
    if (status != ST_OK) {
        return status;
    }
    assert(ticket != NULL);
    g_ptr_array_add(records->tickets, ticket);
    status = read_people(tx, answer, ticket, records, err);
    return status == ST_OK ? read_desk(tx, ticket->mailbox, records, err) : status;
}

/* ---- writing ---- */

static void note(struct tx *tx, const struct answer *answer, const char *what, const char *to_value)
{
    struct new_activity activity = {
        .ticket = answer->ticket,
        .what = what,
        .to_value = to_value,
        .person = answer->technician,
        .actor = answer->actor,
    };
    ticket_store_queue_activities(tx, &activity, 1);
}

static void queue_comment(struct tx *tx, const struct answer *answer, const struct change *change)
{
    struct new_comment comment = {
        .id = answer->comment,
        .ticket = answer->ticket,
        .kind = change->comment_kind,
        .author = change->person,
        .body = change->text,
    };
    struct new_word word = {answer->ticket, "technician", comment_kind_name(change->comment_kind)};
    ticket_store_queue_comments(tx, &comment, 1);
    ticket_store_queue_words(tx, &word, 1);
    note(tx, answer, "commented", comment_kind_name(change->comment_kind));
}

static void queue_assign(struct tx *tx, const struct answer *answer, person_id assignee)
{
    struct ticket_change change = {.ticket = answer->ticket,
                                   .field = TICKET_FIELD_ASSIGNEE,
                                   .id = assignee,
                                   .person = answer->technician,
                                   .actor = answer->actor};
    ticket_change_queue(tx, &change, 1);
}

static void queue_changes(struct tx *tx, const struct answer *answer, const struct plan *plan,
                          const struct records *records)
{
    for (size_t i = 0; i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        const struct person_record *person = records_person(records, change->person);
        switch (change->kind) {
        case CHANGE_COMMENT_ADD:
            queue_comment(tx, answer, change);
            break;
        case CHANGE_TICKET_ASSIGN:
            queue_assign(tx, answer, change->person);
            break;
        case CHANGE_PARTICIPANT_ADD:
            ticket_store_queue_participants(tx, &answer->ticket, &change->person, 1);
            note(tx, answer, "joined", person == NULL ? NULL : person->name);
            break;
        default:
            assert(!"an answer opens nothing, makes nobody, and came from no mail");
        }
    }
}

static enum status queue_mails(struct tx *tx, struct answer *answer, const struct plan *plan,
                               struct err *err)
{
    g_autofree struct outbox_mail *mails = g_new0(struct outbox_mail, plan->mails->len + 1);

    for (size_t i = 0; i < plan->mails->len; i++) {
        const struct plan_mail *mail = g_ptr_array_index(plan->mails, i);
        mails[i] = (struct outbox_mail){
            .ticket = answer->ticket,
            .comment = mail->tells_comment ? answer->comment : 0,
            .about = mail->about,
            .notice = mail->notice,
            .recipient = mail->person,
            .address = mail->address,
            .name = mail->name,
            .purpose = mail->purpose,
            .is_automatic = mail->is_automatic,
            .is_stranger = mail->is_stranger,
            .reason = mail->reason,
            .suppressed_by = mail->suppressed_by,
        };
        answer->mail_count += mail->suppressed_by == NULL;
    }
    return outbox_put_alone(tx, mails, plan->mails->len, err);
}

static enum status apply(struct tx *tx, struct answer *answer, const struct plan *plan,
                         const struct records *records, struct err *err)
{
    struct new_ids ids = {.comments = 1};
    enum status status = ticket_store_new_ids(tx, &ids, err);

    if (status == ST_OK) {
        answer->comment = row_int64(ids.rows[1], 0, 0);
        answer->mail_count = 0;
        queue_changes(tx, answer, plan, records);
        status = queue_mails(tx, answer, plan, err);
    }
    new_ids_clear(&ids);
    return status;
}

enum status answer_put(struct tx *tx, struct answer *answer, struct err *err)
{
    OWNED(records) records = records_new();
    enum status status = gather(tx, answer, records, err);

    if (status != ST_OK) {
        return status;
    }
    OWNED(plan) plan = decide_cli_reply(records, answer->ticket, answer->technician, answer->text);
    if (plan->verdict != VERDICT_FILED) {
        const char *why = plan->may->len == 0 ? "it is not allowed"
                                              : g_ptr_array_index(plan->may, plan->may->len - 1);
        return err_set(err, ST_INVALID, "%s", why);
    }
    return apply(tx, answer, plan, records, err);
}
