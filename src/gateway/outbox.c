/* outbox - the one door out
 *
 * Whatever the desk sends becomes a row of outbound_mail here and nowhere else (a lint says so): with its
 * nonce, its tokens and the Message-ID under which it will travel however often it is sent. The bytes are
 * made when it leaves, by gateway/notice.
 *
 * What the governor stops comes here too: it stands in the table as suppressed, with the reason. Whether
 * it is stopped was decided by desk/governor, which is pure.
 *
 * A reply's token names the ticket and the person, and goes into Reply-To and the Message-ID; the token for
 * bounces names this very mail, and goes into MAIL FROM.
 * I/O: the caller's transaction.
 */
#include "gateway/outbox.h"

#include <inttypes.h>
#include <jansson.h>

#include "core/random.h"
#include "message/address.h"
#include "store/desk.h"
#include "store/outbound.h"
#include "store/ticket.h"

/* The strings that a row borrows while it is being inserted. */
struct outbox_texts {
    char reply_token[TOKEN_CHARS + 1];
    char bounce_token[TOKEN_CHARS + 1];
    char *message_id;  /* own */
    char *address_key; /* own */
    char *parameters;  /* own; NULL */
};

static void clear_texts(struct outbox_texts *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_free(texts[i].message_id);
        g_free(texts[i].address_key);
        g_free(texts[i].parameters);
    }
    g_free(texts);
}

static void write_tokens(const struct token_keys *keys, const struct outbox_mail *mail,
                         int64_t nonce, struct outbox_texts *texts)
{
    struct token bounce = {.purpose = TOKEN_BOUNCE,
                           .object_kind = TOKEN_OUTBOUND,
                           .object = mail->id,
                           .person = mail->recipient};
    token_write(keys, &bounce, nonce, texts->bounce_token);
    struct token reply = {.purpose = mail->purpose,
                          .object_kind = mail->held ? TOKEN_HELD_MAIL : TOKEN_TICKET,
                          .object = mail->held ? mail->held : mail->ticket,
                          .person = mail->recipient,
                          .expiry_day = mail->expiry_day};
    if (reply.object) {
        token_write(keys, &reply, mail->held ? mail->held_nonce : mail->ticket_nonce,
                    texts->reply_token);
    }
    const char *token = reply.object ? texts->reply_token : texts->bounce_token;
    texts->message_id = token_message_id(token, mail->id, address_domain(mail->mailbox->address));
}

/* What a notice needs beside its rows, as JSON; own, NULL: nothing. */
static char *make_parameters(const struct outbox_mail *mail)
{
    json_t *parameters = json_object();
    for (guint i = 0; mail->values && i + 1 < mail->values->len; i += 2) {
        const char *value = g_ptr_array_index(mail->values, i + 1);
        if (value) {
            json_object_set_new(parameters, g_ptr_array_index(mail->values, i), json_string(value));
        }
    }
    if (mail->about) {
        json_object_set_new(parameters, "about", json_integer(mail->about));
    }
    char *text = json_object_size(parameters) == 0 ? NULL : json_dumps(parameters, JSON_COMPACT);
    json_decref(parameters);
    return text;
}

static struct new_outbound make_row(const struct token_keys *keys, const struct outbox_mail *mail,
                                    struct outbox_texts *texts)
{
    int64_t nonce = random_int64();
    write_tokens(keys, mail, nonce, texts);
    texts->address_key = address_key(mail->address);
    texts->parameters = make_parameters(mail);
    return (struct new_outbound){
        .id = mail->id,
        .nonce = nonce,
        .mailbox = mail->mailbox->id,
        .ticket = mail->ticket,
        .comment = mail->comment,
        .cause = mail->cause,
        .notice = mail->notice,
        .parameters = texts->parameters,
        .recipient = mail->recipient,
        .address = mail->address,
        .address_key = texts->address_key,
        .domain = address_domain(texts->address_key),
        .is_automatic = mail->is_automatic,
        .is_stranger = mail->is_stranger,
        .message_id = texts->message_id,
        .reply_token = texts->reply_token[0] ? texts->reply_token : NULL,
        .bounce_token = texts->bounce_token,
        .reason = mail->reason,
        .suppressed_by = mail->suppressed_by,
    };
}

void outbox_put(struct tx *tx, const struct token_keys *keys, const struct outbox_mail *mails,
                size_t count)
{
    if (count == 0) {
        return;
    }
    struct outbox_texts *texts = g_new0(struct outbox_texts, count);
    g_autofree struct new_outbound *rows = g_new(struct new_outbound, count);
    for (size_t i = 0; i < count; i++) {
        rows[i] = make_row(keys, &mails[i], &texts[i]);
    }
    outbound_store_insert(tx, rows, count);
    clear_texts(texts, count);
}

/* ---- for callers outside of intake ------------------------------------------------------------ */

struct lookups {
    struct desk_rows desk;
    struct rows *tickets;
    struct new_ids ids;
    struct settings settings;
    struct token_keys keys;
};

static void clear_lookups(struct lookups *lookups)
{
    desk_rows_clear(&lookups->desk);
    g_clear_pointer(&lookups->tickets, rows_free);
    new_ids_clear(&lookups->ids);
}

static enum status look_up(struct tx *tx, const struct outbox_mail *mails, size_t count,
                           struct lookups *lookups, struct err *err)
{
    g_autofree int64_t *tickets = g_new(int64_t, count);
    for (size_t i = 0; i < count; i++) {
        tickets[i] = mails[i].ticket;
    }
    desk_store_queue(tx, &lookups->desk);
    ticket_store_queue_find(tx, tickets, count, &lookups->tickets);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&lookups->desk, &lookups->settings, err);
    }
    if (status == ST_OK) {
        desk_store_keys(&lookups->desk, &lookups->keys);
        lookups->ids.outbound = count;
        status = ticket_store_new_ids(tx, &lookups->ids, err);
    }
    return status;
}

/* Fill in what the caller left out; *mailbox is storage for a mailbox that it did not give. */
static enum status complete(const struct lookups *lookups, struct outbox_mail *mail, size_t at,
                            struct mailbox_record *mailbox, struct err *err)
{
    mailbox_id mailbox_of_ticket = mail->from;
    for (int row = 0; row < rows_count(lookups->tickets); row++) {
        struct ticket_record *ticket = ticket_store_read(lookups->tickets, row);
        if (ticket->id == mail->ticket) {
            mail->ticket_nonce = ticket_store_read_nonce(lookups->tickets, row);
            mailbox_of_ticket = ticket->mailbox;
        }
        ticket_record_free(ticket);
    }
    if (!mail->mailbox) {
        if (!desk_store_mailbox(&lookups->desk, mailbox_of_ticket, mailbox)) {
            return mail->ticket
                       ? err_set(err, ST_NOT_FOUND, "there is no ticket %" PRId64, mail->ticket)
                       : err_set(err, ST_NOT_FOUND, "there is no mailbox %" PRId64, mail->from);
        }
        mail->mailbox = mailbox;
    }
    if (mail->purpose == TOKEN_TECHNICIAN_REPLY || mail->purpose == TOKEN_TECHNICIAN_NOTE) {
        mail->expiry_day = token_expiry_day(desk_store_now(&lookups->desk),
                                            lookups->settings.technician_token_days);
    }
    mail->id = row_int64(lookups->ids.rows[3], (int)at, 0);
    return ST_OK;
}

enum status outbox_put_alone(struct tx *tx, struct outbox_mail *mails, size_t count,
                             struct err *err)
{
    if (count == 0) {
        return ST_OK;
    }
    struct lookups lookups = {0};
    g_autofree struct mailbox_record *mailboxes = g_new0(struct mailbox_record, count);
    enum status status = look_up(tx, mails, count, &lookups, err);
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        status = complete(&lookups, &mails[i], i, &mailboxes[i], err);
    }
    if (status == ST_OK) {
        outbox_put(tx, &lookups.keys, mails, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (mails[i].mailbox == &mailboxes[i]) {
            mails[i].mailbox = NULL;
        }
        box_record_clear(&mailboxes[i]);
    }
    clear_lookups(&lookups);
    return status;
}
