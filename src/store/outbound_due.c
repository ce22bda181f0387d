/* outbound_due - outbound mails that are due, with everything that is needed to write them
 *
 * A claim is a lease: who has it, until when, and an epoch that grows with every claim. Mailboxes take turns, so that one whose server is slow or whose
 * queue is long does not keep the others waiting.
 *
 * What a notice says is read here in one round trip for the whole batch: people, ticket, comment, the
 * conversation's ids, files. The ids a recipient may see are chosen by the statement REFERENCES: mails
 * of public comments and his own, and our notices to him; only what is older than the mail itself, so that
 * a mail that is sent twice reads the same twice.
 *
 * A batch owns the results of its queries; the strings of its mails are borrowed from them.
 * I/O: the caller's transaction or connection.
 */
#include "store/outbound_due.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "store/arrays.h"

static const struct statement CLAIM = {
    "outbound_due_claim",
    "WITH boxes AS MATERIALIZED (SELECT id FROM mailbox WHERE is_enabled AND id <> ALL ($4::int8[])"
    " ORDER BY id <= $5, id),"
    " due AS MATERIALIZED (SELECT q.id FROM boxes CROSS JOIN LATERAL ("
    "SELECT o.id FROM outbound_mail o WHERE o.mailbox = boxes.id AND o.state = 'queued'"
    " AND o.next_try_at <= now() AND (o.lease_until IS NULL OR o.lease_until <= now())"
    " ORDER BY o.next_try_at, o.id LIMIT $3 FOR UPDATE SKIP LOCKED) q LIMIT $3)"
    " UPDATE outbound_mail o SET lease_holder = $1,"
    " lease_until = now() + $2 * interval '1 microsecond', lease_epoch = o.lease_epoch + 1"
    " FROM due WHERE o.id = due.id RETURNING o.id, o.ticket, o.mailbox"};

enum mail_column {
    MAIL_ID,
    MAIL_EPOCH,
    MAIL_MAILBOX,
    MAIL_TICKET,
    MAIL_COMMENT,
    MAIL_NOTICE,
    MAIL_ADDRESS,
    MAIL_DOMAIN,
    MAIL_MESSAGE_ID,
    MAIL_REPLY_TOKEN,
    MAIL_BOUNCE_TOKEN,
    MAIL_QUEUED_AT,
    MAIL_ATTEMPT,
    MAIL_IS_AUTOMATIC,
    MAIL_IS_STRANGER,
    MAIL_RECIPIENT,
    MAIL_RECIPIENT_NAME,
    MAIL_LANGUAGE,
    MAIL_SUBJECT,
    MAIL_CUSTOMER,
    MAIL_REQUESTER,
    MAIL_REQUESTER_NAME,
    MAIL_REQUESTER_ADDRESS,
    MAIL_ASSIGNEE,
    MAIL_ASSIGNEE_NAME,
    MAIL_AUTHOR,
    MAIL_AUTHOR_NAME,
    MAIL_AUTHOR_ADDRESS,
    MAIL_IS_BY_TECHNICIAN,
    MAIL_KIND,
    MAIL_TEXT,
    MAIL_ABOUT,
    MAIL_FAILED_TO,
    MAIL_ANSWER,
    MAIL_REASON,
    MAIL_NOW,
    MAIL_VALUE_NAMES,
    MAIL_VALUES,
    MAIL_STATUS,
    MAIL_TYPE,
    MAIL_GROUP,
    MAIL_TRIED_FROM,
    MAIL_ZONE,
    MAIL_SIGNATURE,
    MAIL_WRITTEN_AT,
};

#define FIRST_ADDRESS(person)                                 \
 "(SELECT address FROM person_address WHERE person = " person \
 " ORDER BY position, address_key LIMIT 1)"

/* The notices that hold nobody's words need no text of the comment. */
static const struct statement MAILS = {
    "outbound_due_mails",
    "SELECT o.id, o.lease_epoch, o.mailbox, o.ticket, o.comment, o.notice, o.address, o.domain,"
    " o.message_id, o.reply_token, o.bounce_token, o.queued_at, o.attempt, o.is_automatic,"
    " o.is_stranger, o.recipient, coalesce(p.name, ''), coalesce(nullif(p.language, ''),"
    " (SELECT language FROM customer WHERE id = p.customer), ''),"
    " coalesce(t.subject, ''), coalesce(cu.name, ''), rq.id, coalesce(rq.name, ''),"
    " coalesce(" FIRST_ADDRESS(
        "rq.id") ", ''), a.id, coalesce(a.name, ''), au.id,"
                 " coalesce(au.name, ''), coalesce(" FIRST_ADDRESS(
                     "au.id") ", ''),"
                              " coalesce(au.is_technician, false), coalesce(c.kind, ''),"
                              " CASE WHEN o.notice IN ('receipt', 'acknowledgement') THEN '' ELSE coalesce(c.body, '') END,"
                              " b.id, CASE WHEN bp.name <> '' THEN bp.name || ' <' || b.address || '>'"
                              " ELSE coalesce(b.address, '') END,"
                              " coalesce((SELECT y.to_value FROM activity y WHERE y.ticket = o.ticket AND y.outbound = b.id"
                              " AND y.what = 'undelivered' ORDER BY y.id DESC LIMIT 1), b.answer, ''), o.reason, now(),"
                              " ARRAY(SELECT key FROM jsonb_each_text(o.parameters) ORDER BY key),"
                              " ARRAY(SELECT value FROM jsonb_each_text(o.parameters) ORDER BY key),"
                              " coalesce(t.status, ''), coalesce(t.type, ''), coalesce(g.name, ''),"
                              " coalesce(o.tried_from, o.queued_at), coalesce(p.zone, ''),"
                              " CASE WHEN o.notice = 'reply' THEN coalesce(au.signature, '') ELSE '' END,"
                              " c.created_at"
                              " FROM outbound_mail o"
                              " LEFT JOIN person p ON p.id = o.recipient"
                              " LEFT JOIN ticket t ON t.id = o.ticket"
                              " LEFT JOIN customer cu ON cu.id = t.customer"
                              " LEFT JOIN technician_group g ON g.id = t.technician_group"
                              " LEFT JOIN person rq ON rq.id = t.requester"
                              " LEFT JOIN person a ON a.id = t.assignee"
                              " LEFT JOIN outbound_mail b ON b.id = (o.parameters->>'about')::int8"
                              " LEFT JOIN person bp ON bp.id = b.recipient"
                              " LEFT JOIN comment c ON c.id = coalesce(o.comment, b.comment)"
                              " LEFT JOIN person au ON au.id = c.author"
                              " WHERE o.id = ANY ($1::int8[]) ORDER BY o.mailbox, o.next_try_at, o.id"};

static const struct statement MAILBOXES = {
    "outbound_due_mailboxes",
    "SELECT id, address, name, smtp_host, smtp_port, smtp_user, smtp_security, secret,"
    " has_subaddresses, send_bytes, smtp_pin FROM mailbox WHERE id = ANY ($1::int8[])"};

static const struct statement LEARN_SIZE = {"outbound_due_learn_size",
                                            "UPDATE mailbox SET send_bytes = $2 WHERE id = $1"};

static const struct statement AUDIENCE = {
    "outbound_due_audience",
    "SELECT t.id, p.id, coalesce(nullif(p.name, ''), " FIRST_ADDRESS(
        "p.id") ", '')"
                " FROM ticket t CROSS JOIN LATERAL (SELECT t.requester AS person"
                " UNION SELECT i.person FROM participant i WHERE i.ticket = t.id) x"
                " JOIN person p ON p.id = x.person AND NOT p.is_disabled"
                " WHERE t.id = ANY ($1::int8[]) ORDER BY t.id, p.id <> t.requester, p.id"};

/* Those who were told the same in the same transaction: their numbers are near. */
static const struct statement COLLEAGUES = {
    "outbound_due_colleagues",
    "SELECT o.id, coalesce(nullif(p.name, ''), x.address) FROM outbound_mail o"
    " JOIN outbound_mail x ON x.ticket = o.ticket AND x.id BETWEEN o.id - 500 AND o.id + 500"
    " AND x.id <> o.id AND x.comment = o.comment AND x.notice = o.notice AND x.state <> 'suppressed'"
    " JOIN person p ON p.id = x.recipient AND p.is_technician"
    " WHERE o.id = ANY ($1::int8[]) AND o.notice IN ('new-ticket', 'comment', 'note') ORDER BY o.id, x.id"};

#define COMMENT_IDS                                                                     \
 "SELECT i.message_id, c.created_at AS at, 0 AS rank, c.id AS n, false AS ours,"        \
 " c.author = o.recipient OR coalesce(o.address_key = ANY (i.parties), false) AS known" \
 " FROM comment c JOIN inbound_mail i ON i.id = c.mail WHERE c.ticket = o.ticket"       \
 " AND c.created_at <= o.queued_at AND (c.kind = 'public' OR c.author = o.recipient)"   \
 " AND i.message_id IS NOT NULL ORDER BY c.id"

/* The first mail of the ticket, the newest ones, the mail that is answered, what we sent him. */
static const struct statement REFERENCES = {
    "outbound_due_references",
    "SELECT o.id, r.message_id, r.ours, r.known FROM outbound_mail o CROSS JOIN LATERAL ("
    "(" COMMENT_IDS " LIMIT 1) UNION ALL (" COMMENT_IDS " DESC LIMIT $2) UNION ALL"
    " (SELECT i.message_id, i.decided_at, 0, 0, false, true FROM inbound_mail i"
    " WHERE i.id = o.cause AND i.sender = o.recipient AND i.message_id IS NOT NULL) UNION ALL"
    " (SELECT x.message_id, x.queued_at, 1, x.id, true, true FROM outbound_mail x"
    " WHERE x.ticket = o.ticket AND x.recipient = o.recipient AND x.id < o.id"
    " AND x.state <> 'suppressed' ORDER BY x.id DESC LIMIT $2)) r"
    " WHERE o.id = ANY ($1::int8[]) ORDER BY o.id, r.at, r.rank, r.n"};

static const struct statement ATTACHMENTS = {
    "outbound_due_attachments",
    "SELECT o.id, f.name, f.type, f.bytes, f.sha256 FROM outbound_mail o"
    " JOIN attachment f ON f.comment = o.comment WHERE o.id = ANY ($1::int8[])"
    " ORDER BY o.id, f.position"};

static const struct statement SETTINGS = {
    "outbound_due_settings", "SELECT name, value FROM setting WHERE name LIKE 'retry-%'"};

static const struct statement DESK = {
    "outbound_due_desk",
    "SELECT coalesce((SELECT value FROM setting WHERE name = 'language'), 'en'),"
    " coalesce((SELECT zone FROM calendar), 'UTC'),"
    " coalesce((SELECT value FROM setting WHERE name = 'signature'), '')"};

static const struct statement HIDDEN = {"outbound_due_hidden",
                                        "SELECT name FROM field WHERE contacts = 'hidden'"};

static const struct statement CHUNKS = {
    "outbound_due_chunks", "SELECT chunk FROM blob_chunk WHERE sha256 = $1 AND position >= $2"
                           " ORDER BY position LIMIT $3"};

/* ---- the batch --------------------------------------------------------------------------------- */

static void due_free(gpointer data)
{
    struct outbound_due *due = data;

    g_ptr_array_unref(due->audience);
    g_array_unref(due->audience_ids);
    g_ptr_array_unref(due->colleagues);
    g_ptr_array_unref(due->value_names);
    g_ptr_array_unref(due->values);
    g_array_unref(due->references);
    g_array_unref(due->attachments);
    g_free(due);
}

static void attachment_clear(gpointer data)
{
    g_clear_pointer(&((struct due_attachment *)data)->content, g_bytes_unref);
}

static void free_rows(gpointer rows)
{
    rows_free(rows);
}

struct outbound_batch *outbound_batch_new(void)
{
    struct outbound_batch *batch = g_new0(struct outbound_batch, 1);

    batch->mails = g_ptr_array_new_with_free_func(due_free);
    batch->mailboxes = g_ptr_array_new_with_free_func(g_free);
    batch->rows = g_ptr_array_new_with_free_func(free_rows);
    batch->hidden = g_ptr_array_new();
    batch->settings = settings_default();
    batch->desk = (struct due_desk){.language = "en", .zone = "UTC", .signature = ""};
    return batch;
}

void outbound_batch_free(struct outbound_batch *batch)
{
    if (batch != NULL) {
        g_ptr_array_unref(batch->mails);
        g_ptr_array_unref(batch->mailboxes);
        g_ptr_array_unref(batch->hidden);
        g_ptr_array_unref(batch->rows);
        g_free(batch);
    }
}

struct outbound_due *outbound_batch_add(struct outbound_batch *batch)
{
    struct outbound_due *due = g_new0(struct outbound_due, 1);

    due->recipient = due->requester = due->assignee = due->author =
        (struct due_person){.name = "", .address = ""};
    due->notice = due->address = due->domain = due->message_id = due->reason = "";
    due->language = due->subject = due->customer = due->kind = due->text = "";
    due->failed_to = due->answer = due->status = due->type = due->group = "";
    due->zone = due->signature = "";
    due->desk = &batch->desk;
    due->hidden = batch->hidden;
    due->value_names = g_ptr_array_new_with_free_func(g_free);
    due->values = g_ptr_array_new_with_free_func(g_free);
    due->audience = g_ptr_array_new();
    due->audience_ids = g_array_new(FALSE, FALSE, sizeof(person_id));
    due->colleagues = g_ptr_array_new();
    due->references = g_array_new(FALSE, FALSE, sizeof(struct due_reference));
    due->attachments = g_array_new(FALSE, FALSE, sizeof(struct due_attachment));
    g_array_set_clear_func(due->attachments, attachment_clear);
    g_ptr_array_add(batch->mails, due);
    return due;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static struct outbound_due *find_mail(const struct outbound_batch *batch, outbound_id id)
{
    for (guint i = 0; i < batch->mails->len; i++) {
        struct outbound_due *due = g_ptr_array_index(batch->mails, i);

        if (due->id == id) {
            return due;
        }
    }
    return NULL;
}

static void take_mailbox(struct outbound_batch *batch, const struct rows *rows, int row)
{
    struct due_mailbox *mailbox = g_new(struct due_mailbox, 1);

    *mailbox = (struct due_mailbox){
        .id = row_int64(rows, row, 0),
        .address = row_text(rows, row, 1),
        .name = row_text(rows, row, 2),
        .smtp_host = row_text(rows, row, 3),
        .smtp_port = (uint16_t)row_int64(rows, row, 4),
        .smtp_user = row_text(rows, row, 5),
        .smtp_security = row_text(rows, row, 6),
        .secret = row_text(rows, row, 7),
        .has_subaddresses = row_bool(rows, row, 8),
        .send_bytes = row_int64(rows, row, 9),
        .smtp_pin = row_text(rows, row, 10),
    };
    g_ptr_array_add(batch->mailboxes, mailbox);
}

static const struct due_mailbox *find_mailbox(const struct outbound_batch *batch, mailbox_id id)
{
    for (guint i = 0; i < batch->mailboxes->len; i++) {
        const struct due_mailbox *mailbox = g_ptr_array_index(batch->mailboxes, i);

        if (mailbox->id == id) {
            return mailbox;
        }
    }
    return NULL;
}

static void take_row(struct outbound_due *due, const struct rows *rows, int row)
{
    due->id = row_int64(rows, row, MAIL_ID);
    due->epoch = row_int64(rows, row, MAIL_EPOCH);
    due->ticket = row_int64(rows, row, MAIL_TICKET);
    due->comment = row_int64(rows, row, MAIL_COMMENT);
    due->notice = row_text(rows, row, MAIL_NOTICE);
    due->address = row_text(rows, row, MAIL_ADDRESS);
    due->domain = row_text(rows, row, MAIL_DOMAIN);
    due->message_id = row_text(rows, row, MAIL_MESSAGE_ID);
    due->reply_token = row_text(rows, row, MAIL_REPLY_TOKEN);
    due->bounce_token = row_text(rows, row, MAIL_BOUNCE_TOKEN);
    due->reason = row_text(rows, row, MAIL_REASON);
    due->queued_at_us = row_time(rows, row, MAIL_QUEUED_AT);
    due->tried_from_us = row_time(rows, row, MAIL_TRIED_FROM);
    due->attempt = (int32_t)row_int64(rows, row, MAIL_ATTEMPT);
    due->is_automatic = row_bool(rows, row, MAIL_IS_AUTOMATIC);
    due->is_stranger = row_bool(rows, row, MAIL_IS_STRANGER);
    due->recipient = (struct due_person){row_int64(rows, row, MAIL_RECIPIENT),
                                         row_text(rows, row, MAIL_RECIPIENT_NAME), due->address};
    due->language = row_text(rows, row, MAIL_LANGUAGE);
    due->zone = row_text(rows, row, MAIL_ZONE);
}

/* Ticket, comment, and the mail that came back. */
static void take_subject_matter(struct outbound_due *due, const struct rows *rows, int row)
{
    due->subject = row_text(rows, row, MAIL_SUBJECT);
    due->customer = row_text(rows, row, MAIL_CUSTOMER);
    due->requester = (struct due_person){row_int64(rows, row, MAIL_REQUESTER),
                                         row_text(rows, row, MAIL_REQUESTER_NAME),
                                         row_text(rows, row, MAIL_REQUESTER_ADDRESS)};
    due->assignee = (struct due_person){row_int64(rows, row, MAIL_ASSIGNEE),
                                        row_text(rows, row, MAIL_ASSIGNEE_NAME), ""};
    due->author = (struct due_person){row_int64(rows, row, MAIL_AUTHOR),
                                      row_text(rows, row, MAIL_AUTHOR_NAME),
                                      row_text(rows, row, MAIL_AUTHOR_ADDRESS)};
    due->is_by_technician = row_bool(rows, row, MAIL_IS_BY_TECHNICIAN);
    due->kind = row_text(rows, row, MAIL_KIND);
    due->text = row_text(rows, row, MAIL_TEXT);
    due->signature = row_text(rows, row, MAIL_SIGNATURE);
    due->written_at_us = row_is_null(rows, row, MAIL_WRITTEN_AT)
                             ? 0
                             : row_time(rows, row, MAIL_WRITTEN_AT);
    due->about = row_int64(rows, row, MAIL_ABOUT);
    due->failed_to = row_text(rows, row, MAIL_FAILED_TO);
    due->answer = row_text(rows, row, MAIL_ANSWER);
    due->status = row_text(rows, row, MAIL_STATUS);
    due->type = row_text(rows, row, MAIL_TYPE);
    due->group = row_text(rows, row, MAIL_GROUP);
    g_ptr_array_unref(due->value_names);
    g_ptr_array_unref(due->values);
    due->value_names = row_texts(rows, row, MAIL_VALUE_NAMES);
    due->values = row_texts(rows, row, MAIL_VALUES);
}

static void take_mail(struct outbound_batch *batch, const struct rows *rows, int row)
{
    const struct due_mailbox *mailbox = find_mailbox(batch, row_int64(rows, row, MAIL_MAILBOX));
    struct outbound_due *due = outbound_batch_add(batch);

    assert(mailbox != NULL); /* a foreign key */
    due->mailbox = mailbox;
    take_row(due, rows, row);
    take_subject_matter(due, rows, row);
    batch->now_us = row_time(rows, row, MAIL_NOW);
}

/* A person of a ticket: for each mail of that ticket. */
static void take_audience(struct outbound_batch *batch, const struct rows *rows, int row)
{
    person_id person = row_int64(rows, row, 1);

    for (guint i = 0; i < batch->mails->len; i++) {
        struct outbound_due *due = g_ptr_array_index(batch->mails, i);

        if (due->ticket == row_int64(rows, row, 0)) {
            g_array_append_val(due->audience_ids, person);
            g_ptr_array_add(due->audience, (gpointer)row_text(rows, row, 2));
        }
    }
}

static void take_colleague(struct outbound_batch *batch, const struct rows *rows, int row)
{
    struct outbound_due *due = find_mail(batch, row_int64(rows, row, 0));

    g_ptr_array_add(due->colleagues, (gpointer)row_text(rows, row, 1));
}

static void take_reference(struct outbound_batch *batch, const struct rows *rows, int row)
{
    struct outbound_due *due = find_mail(batch, row_int64(rows, row, 0));
    struct due_reference reference = {.id = row_text(rows, row, 1),
                                      .is_ours = row_bool(rows, row, 2),
                                      .is_known = row_bool(rows, row, 3)};

    g_array_append_val(due->references, reference);
}

static void take_attachment(struct outbound_batch *batch, const struct rows *rows, int row)
{
    struct outbound_due *due = find_mail(batch, row_int64(rows, row, 0));
    size_t length = 0;
    struct due_attachment attachment = {.name = row_text(rows, row, 1),
                                        .type = row_text(rows, row, 2),
                                        .bytes = row_int64(rows, row, 3),
                                        .sha256 = row_bytes(rows, row, 4, &length)};

    g_array_append_val(due->attachments, attachment);
}

/* A wrong value leaves the default: the mail has to leave. */
static void take_desk(struct outbound_batch *batch, const struct rows *rows, int row)
{
    batch->desk = (struct due_desk){.language = row_text(rows, row, 0),
                                    .zone = row_text(rows, row, 1),
                                    .signature = row_text(rows, row, 2)};
}

static void take_hidden(struct outbound_batch *batch, const struct rows *rows, int row)
{
    g_ptr_array_add(batch->hidden, (gpointer)row_text(rows, row, 0));
}

static void take_setting(struct outbound_batch *batch, const struct rows *rows, int row)
{
    struct err ignored = {.status = ST_OK};

    if (settings_set(&batch->settings, row_text(rows, row, 0), row_text(rows, row, 1), &ignored) !=
        ST_OK) {
        return;
    }
}

/* ---- the claim --------------------------------------------------------------------------------- */

/* The queries of a batch in the order in which they are read. */
static const struct reading {
    const struct statement *statement;
    void (*take)(struct outbound_batch *batch, const struct rows *rows, int row);
    enum { BY_NOTHING, BY_MAIL, BY_TICKET, BY_MAILBOX } by;
} READINGS[] = {
    {&SETTINGS, take_setting, BY_NOTHING},
    {&HIDDEN, take_hidden, BY_NOTHING},
    {&DESK, take_desk, BY_NOTHING},
    {&MAILBOXES, take_mailbox, BY_MAILBOX},
    {&MAILS, take_mail, BY_MAIL},
    {&AUDIENCE, take_audience, BY_TICKET},
    {&COLLEAGUES, take_colleague, BY_MAIL},
    {&REFERENCES, take_reference, BY_MAIL},
    {&ATTACHMENTS, take_attachment, BY_MAIL},
};

static enum status take(struct tx *tx, const struct due_claim *claim, struct rows **rows_out,
                        struct err *err)
{
    OWNED(params) params = params_new();

    params_add_text(params, claim->holder);
    params_add_int64(params, claim->lease_us);
    params_add_int64(params, LIMIT_BATCH_MAILS);
    params_add_int64s(params, claim->left_alone, claim->left_alone_count);
    params_add_int64(params, claim->after);
    return tx_query(tx, &CLAIM, params, rows_out, err);
}

static struct params *params_by(const struct rows *claimed, const struct reading *reading)
{
    static const int COLUMNS[] = {[BY_MAIL] = 0, [BY_TICKET] = 1, [BY_MAILBOX] = 2};
    struct params *params = params_new();
    if (reading->by != BY_NOTHING) {
        int64_t ids[LIMIT_BATCH_MAILS];
        int count = rows_count(claimed);

        for (int i = 0; i < count; i++) {
            ids[i] = row_int64(claimed, i, COLUMNS[reading->by]);
        }
        params_add_int64s(params, ids, (size_t)count);
    }
    if (reading->statement == &REFERENCES) {
        params_add_int64(params, LIMIT_REFERENCES);
    }
    return params;
}

static enum status read_all(struct tx *tx, const struct rows *claimed, struct outbound_batch *batch,
                            struct err *err)
{
    struct rows *rows[G_N_ELEMENTS(READINGS)] = {NULL};

    for (size_t i = 0; i < G_N_ELEMENTS(READINGS); i++) {
        OWNED(params) params = params_by(claimed, &READINGS[i]);

        tx_queue(tx, READINGS[i].statement, params, &rows[i]);
    }
    if (tx_sync(tx, err) != ST_OK) {
        return err->status;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(READINGS); i++) {
        g_ptr_array_add(batch->rows, rows[i]);
        for (int row = 0; row < rows_count(rows[i]); row++) {
            READINGS[i].take(batch, rows[i], row);
        }
    }
    return ST_OK;
}

enum status outbound_due_claim(struct tx *tx, const struct due_claim *claim,
                               struct outbound_batch **batch_out, struct err *err)
{
    OWNED(outbound_batch) batch = outbound_batch_new();
    OWNED(rows) claimed = NULL;
    enum status status = take(tx, claim, &claimed, err);

    if (status == ST_OK && rows_count(claimed) > 0) {
        status = read_all(tx, claimed, batch, err);
    }
    if (status == ST_OK) {
        *batch_out = g_steal_pointer(&batch);
    }
    return status;
}

/* ---- files ------------------------------------------------------------------------------------- */

static enum status load(struct tx *tx, struct due_attachment *file, struct err *err)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    enum status status = ST_OK;
    bool is_more = true;

    for (int32_t from = 0; is_more && status == ST_OK; from += PIECE_CHUNKS) {
        OWNED(params) params = params_new();
        OWNED(rows) rows = NULL;

        params_add_bytes(params, file->sha256, 32);
        params_add_int32(params, from);
        params_add_int64(params, PIECE_CHUNKS);
        status = tx_query(tx, &CHUNKS, params, &rows, err);
        is_more = status == ST_OK && arrays_append_piece(content, rows);
    }
    if (status == ST_OK) {
        g_clear_pointer(&file->content, g_bytes_unref);
        file->content = g_byte_array_free_to_bytes(g_steal_pointer(&content));
    }
    return status;
}

enum status outbound_due_load(struct tx *tx, struct outbound_due *due, const bool *is_wanted,
                              struct err *err)
{
    enum status status = ST_OK;

    for (guint i = 0; i < due->attachments->len && status == ST_OK; i++) {
        if (is_wanted[i]) {
            status = load(tx, &g_array_index(due->attachments, struct due_attachment, i), err);
        }
    }
    return status;
}

enum status outbound_due_learn_size(struct tx *tx, mailbox_id mailbox, int64_t bytes,
                                    struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, mailbox);
    params_add_int64(params, bytes);
    return tx_query(tx, &LEARN_SIZE, params, NULL, err);
}
