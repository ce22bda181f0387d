/* inbound_list - received mails as the command line lists, explains and handles them
 *
 * Of two people who decide on a held mail (store/held) the second is told who did what and when.
 *
 * I/O: the caller's transaction. What the mail's way itself reads and writes is store/inbound's.
 */
#include "store/inbound_list.h"

#include <inttypes.h>

static const struct statement HELD = {
    "inbound_list_held",
    "SELECT i.id, i.from_text, i.subject, i.may_reasons[array_upper(i.may_reasons, 1)],"
    " i.received_at, m.address, i.from_address, i.role, i.bytes"
    " FROM inbound_mail i JOIN mailbox m ON m.id = i.mailbox WHERE i.state = 'held' ORDER BY i.id"};

static const struct statement FIND = {
    "inbound_list_find",
    "SELECT i.id, i.state, i.role, i.outcome, i.ticket, c.name, i.from_text, i.from_address,"
    " i.subject, i.message_id, m.address, i.folder, i.uid, i.bytes, i.raw_complete, i.arrived_at,"
    " i.received_at, i.decided_at, i.where_reasons, i.who_reasons, i.may_reasons, i.comment, p.name,"
    " i.duplicate_of, i.released_by, i.dropped_by, i.handled_at, i.is_auth_failed, i.parser_deaths,"
    " i.attempt"
    " FROM inbound_mail i JOIN mailbox m ON m.id = i.mailbox"
    " LEFT JOIN ticket t ON t.id = i.ticket LEFT JOIN person p ON p.id = i.sender"
    " LEFT JOIN customer c ON c.id = coalesce(t.customer, p.customer) WHERE i.id = $1"};

static const struct statement CHANGES = {
    "inbound_list_changes",
    "SELECT a.ticket, a.what, a.from_value, CASE WHEN a.what = 'rule' THEN a.rule ELSE a.to_value END,"
    " coalesce(p.name, a.actor, 'rule ' || a.rule), a.at"
    " FROM activity a LEFT JOIN person p ON p.id = a.person"
    " WHERE a.mail = $1 AND a.ticket IN (SELECT ticket FROM inbound_mail WHERE id = $1) ORDER BY a.id"};

static const struct statement MAILS = {
    "inbound_list_mails",
    "SELECT id, notice, address, state, reason, suppressed_by, ticket, queued_at, ended_at, answer"
    " FROM outbound_mail WHERE cause = $1 ORDER BY id"};

static const struct statement BECAME = {
    "inbound_list_became",
    "SELECT state, coalesce(dropped_by, released_by), dropped_by IS NOT NULL,"
    " to_char(handled_at, 'YYYY-MM-DD HH24:MI \"UTC\"') FROM inbound_mail WHERE id = $1"};

enum status inbound_list_held(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &HELD, NULL, rows_out, err);
}

static enum status say_none(mail_id mail, struct err *err)
{
    return err_set(err, ST_NOT_FOUND, "there is no mail %" PRId64, mail);
}

enum status inbound_list_find(struct tx *tx, mail_id mail, struct rows **rows_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, mail);
    enum status status = tx_query(tx, &FIND, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return say_none(mail, err);
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}

enum status inbound_list_effects(struct tx *tx, mail_id mail, struct rows **changes_out,
                                 struct rows **mails_out, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, mail);
    tx_queue(tx, &CHANGES, params, changes_out);
    tx_queue(tx, &MAILS, params, mails_out);
    return tx_sync(tx, err);
}

/* It is not held (any more): say what became of it. */
static enum status say_became(struct tx *tx, mail_id mail, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int64(params, mail);
    enum status status = tx_query(tx, &BECAME, params, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    if (rows_count(rows) == 0) {
        return say_none(mail, err);
    }
    if (row_is_null(rows, 0, 1)) {
        return err_set(err, ST_NOT_FOUND, "mail %" PRId64 " is not held, it is %s", mail,
                       row_text(rows, 0, 0));
    }
    return err_set(err, ST_NOT_FOUND, "mail %" PRId64 " is not held: %s %s it at %s, it is %s now",
                   mail, row_text(rows, 0, 1), row_bool(rows, 0, 2) ? "dropped" : "released",
                   row_text(rows, 0, 3), row_text(rows, 0, 0));
}

enum status inbound_list_decide(struct tx *tx, const struct held_decision *decision,
                                struct err *err)
{
    OWNED(rows) rows = NULL;

    held_store_queue_decide(tx, decision, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return say_became(tx, decision->mail, err);
    }
    return status;
}
