/* explain - a mail from a file, decided against the desk as it is now
 *
 * The same gathering, the same decision and the same jail as in the daemon, with a READ ONLY transaction
 * that is rolled back: nothing is written, no lock is taken, no number is used up. Fingerprint and
 * Message-ID of the mail itself are ignored, or every filed mail would be a duplicate of itself; that it
 * was filed is told beside the plan.
 *
 * What was decided when a mail was filed stands with the mail in the database; reading that is the command
 * line's business.
 * I/O: database (reading), jail.
 */
#include "gateway/explain.h"

#include "core/limits.h"
#include "gateway/fingerprint.h"
#include "gateway/gather.h"
#include "jail/jail.h"

void explanation_free(struct explanation *explanation)
{
    if (explanation) {
        g_free(explanation->refusal);
        g_clear_pointer(&explanation->facts, facts_free);
        g_clear_pointer(&explanation->records, records_free);
        g_clear_pointer(&explanation->plan, plan_free);
        rule_book_free(explanation->book);
        g_clear_pointer(&explanation->trace, g_ptr_array_unref);
        g_free(explanation);
    }
}

static enum status parse(GBytes *raw, bool is_cut, struct explanation *explanation, struct err *err)
{
    OWNED(jail) jail = NULL;
    enum status status = jail_open(&jail, err);
    struct jail_mail mail = {.raw = raw, .is_cut = is_cut, .wants_own_child = true};
    if (status == ST_OK) {
        status = jail_parse(jail, &mail, 1, err);
    }
    if (status == ST_OK) {
        explanation->facts = g_steal_pointer(&mail.facts);
        explanation->refusal = g_steal_pointer(&mail.reason);
    }
    jail_mail_clear(&mail);
    return status;
}

static enum status first_mailbox(struct tx *tx, mailbox_id *mailbox, struct err *err)
{
    g_autoptr(GArray) mailboxes = NULL;
    enum status status = desk_store_enabled(tx, &mailboxes, err);
    if (status == ST_OK && mailboxes->len == 0) {
        err_set(err, ST_NOT_FOUND, "this desk has no mailbox");
        return err_hint(err, "make one with postdesk mailbox add");
    }
    if (status == ST_OK) {
        *mailbox = g_array_index(mailboxes, mailbox_id, 0);
    }
    return status;
}

/* Was it filed before? Then as which mail. */
static enum status find_itself(struct tx *tx, struct claimed_mail *claimed, struct err *err)
{
    OWNED(rows) rows = NULL;
    struct blob fingerprint = {claimed->fingerprint, FINGERPRINT_BYTES};
    inbound_store_queue_twins(tx, &fingerprint, 1, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && rows_count(rows) > 0) {
        struct twin_row twin;
        inbound_store_read_twin(rows, 0, &twin);
        claimed->id = twin.mail;
    }
    return status;
}

static enum status decide_in(struct tx *tx, struct claimed_mail *claimed,
                             struct explanation *explanation, struct err *err)
{
    struct batch_mail mail = {.claimed = claimed,
                              .facts = explanation->facts,
                              .reason = explanation->refusal};
    struct batch batch = {.mails = &mail,
                          .count = 1,
                          .book = explanation->book,
                          .trace = explanation->trace,
                          .is_rehearsal = true};
    enum status status = ST_OK;
    if (!claimed->mailbox) {
        status = first_mailbox(tx, &claimed->mailbox, err);
    }
    if (status == ST_OK) {
        status = find_itself(tx, claimed, err);
    }
    if (status == ST_OK) {
        status = batch_decide(tx, &batch, err);
    }
    if (status == ST_OK && mail.records->mailbox.id != claimed->mailbox) {
        status = err_set(err, ST_NOT_FOUND, "there is no such mailbox");
    }
    if (status == ST_OK) {
        explanation->already = claimed->id;
        explanation->records = g_steal_pointer(&mail.records);
        explanation->plan = g_steal_pointer(&mail.plan);
    }
    batch_clear(&batch);
    return status;
}

/* The explanation has its book. */
static enum status explain_by(struct conn *conn, GBytes *raw, mailbox_id mailbox,
                              struct explanation *explanation, struct err *err)
{
    gsize length = g_bytes_get_size(raw);
    gsize kept = length > LIMIT_MAIL_BYTES ? LIMIT_OVERSIZE_HEAD_BYTES : length;
    g_autoptr(GBytes) head = g_bytes_new_from_bytes(raw, 0, kept);
    struct claimed_mail claimed = {.mailbox = mailbox,
                                   .bytes = length,
                                   .raw_complete = kept == length,
                                   .raw = head};
    fingerprint_make(g_bytes_get_data(head, NULL), kept, claimed.fingerprint);
    enum status status = parse(head, !claimed.raw_complete, explanation, err);
    TX_AUTO struct tx *tx = NULL;
    if (status == ST_OK) {
        status = tx_begin(conn, TX_READ_ONLY, &tx, err);
    }
    if (status == ST_OK) {
        status = decide_in(tx, &claimed, explanation, err);
    }
    return status;
}

enum status explain_file(struct conn *conn, GBytes *raw, mailbox_id mailbox,
                         struct explanation **explanation_out, struct err *err)
{
    OWNED(explanation) explanation = g_new0(struct explanation, 1);
    explanation->book = rule_book_new(true);
    enum status status = explain_by(conn, raw, mailbox, explanation, err);
    if (status == ST_OK) {
        *explanation_out = g_steal_pointer(&explanation);
    }
    return status;
}

enum status explain_try(struct conn *conn, GBytes *raw, mailbox_id mailbox, struct rules **rules,
                        struct explanation **explanation_out, struct err *err)
{
    OWNED(explanation) explanation = g_new0(struct explanation, 1);
    explanation->book = *rules ? rule_book_of(rules) : rule_book_new(true);
    explanation->trace = g_ptr_array_new_with_free_func(g_free);
    enum status status = explain_by(conn, raw, mailbox, explanation, err);
    if (status == ST_OK) {
        *explanation_out = g_steal_pointer(&explanation);
    }
    return status;
}
