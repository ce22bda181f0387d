/* probe - do a mailbox's trust profile, its Message-IDs and its sub-addresses hold?
 *
 * A trust profile says whose Authentication-Results are believed, and everything a technician may do by mail
 * hangs on it. So it is tried, with mails that we send to the mailbox ourselves: a genuine one, by
 * its own SMTP account, which has to come in authenticated; and one that claims to be, by the same
 * account or from outside, which must not. A third goes to a sub-address, where answers to the desk go.
 *
 *     rows in outbound_mail (never sent by a sender: they are suppressed) ─▶ signed Message-IDs
 *     SMTP ─▶ INBOX ─▶ the daemon takes them: events          ─▶ read from inbound_mail
 *                    ─▶ nobody takes them (no daemon is there) ─▶ read by IMAP, moved out of INBOX
 *
 * Whoever takes a probe knows it by its Message-ID (or by References and subject, where a provider writes another
 * Message-ID) and makes no ticket of it. While a daemon reads the
 * mailbox, nothing is moved here: a mail that leaves INBOX under the daemon's hands, or stands in
 * Processed without a row, would look like one that was lost.
 * I/O: database, SMTP, IMAP, the jail (what came in is foreign, whoever sent it).
 */
#include "gateway/probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "gateway/fetch.h"
#include "gateway/login.h"
#include "gateway/outbox.h"
#include "jail/jail.h"
#include "message/address.h"
#include "store/inbound.h"
#include "store/lease.h"
#include "store/probe.h"

#define PROBES_FOLDER "Probes"
enum { LOOK_MS = 300, NEWEST = 50 };

/* The probes while they are under way. */
struct probe {
    struct conn *conn;
    const struct probe_options *options;
    struct records *records; /* own: holds the mailbox's record */
    outbound_id ids[PROBE_KINDS];
    char *message_ids[PROBE_KINDS]; /* own */
    mail_id newest;                 /* in, before */
    struct imapbox *box;            /* own */
    uint32_t first_uid;             /* of INBOX, from which on they can be */
    struct probe_result *results;   /* borrowed */
};

static void probe_clear(struct probe *probe)
{
    g_clear_pointer(&probe->records, records_free);
    g_clear_pointer(&probe->box, imapbox_close);
    for (int i = 0; i < PROBE_KINDS; i++) {
        g_clear_pointer(&probe->message_ids[i], g_free);
    }
}

void probe_result_clear(struct probe_result *result)
{
    g_clear_pointer(&result->detail, g_free);
    g_clear_pointer(&result->folder, g_free);
    g_clear_pointer(&result->became, g_free);
    g_clear_pointer(&result->stamps, g_ptr_array_unref);
}

static void set_text(char **text, char *value)
{
    g_free(*text);
    *text = value;
}

/* ---- servers ---- */

static enum status open_smtp(const struct config *config, const struct mailbox_account *account,
                             struct submit **submit_out, struct err *err)
{
    g_autofree char *password = NULL;
    struct submit_options options = {.host = account->smtp_host,
                                     .port = (uint16_t)account->smtp_port,
                                     .user = account->smtp_user,
                                     .ca_file = config->ca_file,
                                     .pin = account->smtp_pin};
    enum status status = stream_security_parse(account->smtp_security, &options.security, err);

    if (status == ST_OK && account->smtp_user != NULL) {
        status = config_secret(config, account->secret, &password, err);
    }
    options.password = password;
    return status == ST_OK ? submit_open(&options, submit_out, err) : status;
}

static enum status stop_here(void *arg)
{
    *(bool *)arg = true;
    return ST_TEMPFAIL;
}

enum status probe_try_smtp(const struct config *config, const struct mailbox_account *account,
                           struct probe_server *server_out, struct err *err)
{
    static const char BYTES[] = "Subject: probe\r\n\r\n";
    OWNED(submit) submit = NULL;
    bool is_reached = false;
    const char *recipient = account->address;
    struct submit_mail mail = {.mail_from = account->address,
                               .recipients = &recipient,
                               .recipient_count = 1,
                               .bytes = BYTES,
                               .length = sizeof(BYTES) - 1,
                               .before_final_dot = stop_here,
                               .arg = &is_reached};
    struct submit_result result = {.outcome = SUBMIT_UNSENT};

    enum status status = open_smtp(config, account, &submit, err);
    if (status == ST_OK) {
        status = submit_send(submit, &mail, &result, err);
    }
    if (submit != NULL && server_out != NULL) {
        server_out->certificate_until_us = submit_certificate_until_us(submit);
        server_out->most_bytes = submit_server_bytes(submit);
    }
    if (is_reached) {
        return ST_OK;
    }
    if (status == ST_DENIED && account->smtp_user != NULL) {
        return login_name_secret(account->smtp_user, account->secret, err);
    }
    return status == ST_OK ? err_set(err, ST_DENIED, "the server takes no mail to %s: %s",
                                     account->address, result.reply.text)
                           : status;
}

/* ---- before ---- */

static enum status read_mailbox(struct tx *tx, struct probe *probe, struct err *err)
{
    struct desk_rows rows = {NULL};

    desk_store_queue(tx, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        if (!desk_store_mailbox(&rows, probe->options->account->id, &probe->records->mailbox)) {
            status = err_set(err, ST_NOT_FOUND, "the mailbox is gone");
        }
        probe->records->now_us = desk_store_now(&rows);
    }
    desk_rows_clear(&rows);
    return status;
}

/* As gateway/notice does: can a token stand in its addresses? */
static bool takes_tokens(const struct mailbox_record *mailbox)
{
    return mailbox->has_subaddresses && strcspn(mailbox->address, "@") <= LIMIT_SUB_ADDRESS_BYTES;
}

/* To the token that the Message-ID begins with. Own. */
static char *detail_address(const char *mailbox, const char *message_id)
{
    return g_strdup_printf("%.*s+%.*s%s", (int)strcspn(mailbox, "@"), mailbox,
                           (int)strcspn(message_id, ".@"), message_id, strchr(mailbox, '@'));
}

/* Rows that no sender takes. */
static enum status put_rows(struct tx *tx, struct probe *probe, struct err *err)
{
    struct outbox_mail mails[PROBE_KINDS] = {{0}};

    if (!takes_tokens(&probe->records->mailbox)) {
        probe->results[PROBE_DETAIL].fate = PROBE_NOT_SENT;
    }
    for (int i = 0; i < PROBE_KINDS; i++) {
        mails[i] = (struct outbox_mail){.mailbox = &probe->records->mailbox,
                                        .notice = "probe",
                                        .address = probe->records->mailbox.address,
                                        .name = probe->records->mailbox.name,
                                        .purpose = TOKEN_BOUNCE,
                                        .reason = "postdesk doctor",
                                        .suppressed_by = "sent by postdesk doctor itself"};
    }
    enum status status = outbox_put_alone(tx, mails, PROBE_KINDS, err);
    for (int i = 0; i < PROBE_KINDS && status == ST_OK; i++) {
        probe->ids[i] = mails[i].id;
        g_clear_pointer(&probe->message_ids[i], g_free);
        status = probe_store_begun(tx, mails[i].id, &probe->message_ids[i], &probe->newest, err);
    }
    return status;
}

static enum status prepare(struct tx *tx, void *arg, struct err *err)
{
    struct probe *probe = arg;
    enum status status = read_mailbox(tx, probe, err);

    return status == ST_OK ? put_rows(tx, probe, err) : status;
}

/* ---- sending ---- */

static enum status hand_over(struct submit *submit, const char *mail_from, const char *to,
                             GBytes *bytes, struct probe_result *result, struct err *err)
{
    struct submit_result answer = {.outcome = SUBMIT_UNSENT};
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    struct submit_mail mail = {.mail_from = mail_from,
                               .recipients = &to,
                               .recipient_count = 1,
                               .bytes = data,
                               .length = length};
    enum status status = submit_send(submit, &mail, &answer, err);

    if (status == ST_OK && answer.outcome != SUBMIT_ACCEPTED) {
        result->fate = PROBE_REFUSED;
        set_text(&result->detail, g_strdup_printf("%d %s", answer.reply.code, answer.reply.text));
    }
    return status;
}

/* Whom the forged one claims to be. Through an account of the domain that would be no forgery: the provider
 * signs for its whole domain; so it is somebody else's then. Own. */
static char *forged_from(const struct probe *probe)
{
    const char *own = address_domain(probe->records->mailbox.address);

    return g_strconcat("postdesk-probe@", probe->options->via_host == NULL ? "example.com" : own,
                       NULL);
}

/* Without TLS to this machine only. */
static enum stream_security outside_security(const char *host)
{
    bool is_here = host != NULL && (g_str_has_prefix(host, "127.") || strcmp(host, "::1") == 0 ||
                                    strcmp(host, "localhost") == 0);

    return is_here ? STREAM_INSECURE : STREAM_STARTTLS;
}

static enum status send_one(struct probe *probe, enum probe_kind kind, struct err *err)
{
    const struct probe_options *options = probe->options;
    const char *own = probe->records->mailbox.address;
    g_autofree char *to = kind == PROBE_DETAIL ? detail_address(own, probe->message_ids[kind])
                                               : g_strdup(own);
    bool is_outside = kind == PROBE_FORGED && options->via_host != NULL;
    struct submit_options outside = {.host = options->via_host,
                                     .port = options->via_port,
                                     .security = outside_security(options->via_host),
                                     .ca_file = options->config->ca_file,
                                     .helo = "probe.invalid"};
    OWNED(submit) submit = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *from = kind == PROBE_FORGED ? forged_from(probe) : g_strdup(own);
    struct probe_mail mail = {.kind = kind,
                              .mailbox = &probe->records->mailbox,
                              .from = from,
                              .id = probe->ids[kind],
                              .message_id = probe->message_ids[kind],
                              .now_us = probe->records->now_us};

    enum status status = probe_mail_make(&mail, &bytes, err);
    if (status == ST_OK) {
        status = is_outside ? submit_open(&outside, &submit, err)
                            : open_smtp(options->config, options->account, &submit, err);
    }
    if (status == ST_OK) {
        status = hand_over(submit, is_outside ? from : own, to, bytes, &probe->results[kind], err);
    }
    return status;
}

/* ---- judging ---- */

static void collect_stamps(const struct facts *facts, struct probe_result *result)
{
    for (guint i = 0; i < facts->trace->len; i++) {
        const struct trace_field *field = facts->trace->pdata[i];
        if (field->kind == TRACE_AUTHRES) {
            g_ptr_array_add(result->stamps, g_strdup(field->text));
        }
    }
}

static char *sentences(const GPtrArray *list)
{
    g_autoptr(GString) text = g_string_new("");

    for (guint i = 0; i < list->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : "; ", (const char *)list->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static enum status judge(const struct probe *probe, GBytes *raw, int kind, struct err *err)
{
    struct probe_result *result = &probe->results[kind];
    OWNED(jail) jail = NULL;
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
    struct jail_mail mail = {.raw = raw, .wants_own_child = true};

    enum status status = jail_open(&jail, err);
    if (status == ST_OK) {
        status = jail_parse(jail, &mail, 1, err);
    }
    if (status == ST_OK && mail.facts == NULL) {
        status = err_set(err, ST_INVALID, "the probe that came in could not be read: %s",
                         mail.reason);
    } else if (status == ST_OK) {
        result->auth = auth_of(mail.facts, &probe->records->mailbox, may);
        result->fate = PROBE_JUDGED;
        result->is_renamed = g_strcmp0(mail.facts->message_id, probe->message_ids[kind]) != 0;
        set_text(&result->detail, sentences(may));
        collect_stamps(mail.facts, result);
    }
    jail_mail_clear(&mail);
    return status;
}

/* ---- looking ---- */

/* In the desk: has the daemon taken it? */
static enum status look_in_desk(struct probe *probe, int kind, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GBytes) raw = NULL;
    g_autofree char *subject = probe_mail_subject((enum probe_kind)kind, probe->ids[kind]);
    struct probe_result *result = &probe->results[kind];
    mail_id mail = 0;

    enum status status = tx_begin(probe->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        g_clear_pointer(&result->became, g_free);
        status = probe_store_find(tx, probe->message_ids[kind], subject, probe->newest, &mail,
                                  &result->became, err);
    }
    if (status == ST_NOT_FOUND) {
        result->became = g_strdup("");
        return ST_OK;
    }
    if (status == ST_OK) {
        status = inbound_store_raw(tx, mail, &raw, err);
    }
    return status == ST_OK ? judge(probe, raw, kind, err) : status;
}

static enum status daemon_reads(struct probe *probe, bool *reads_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autofree char *holder = NULL;
    g_autofree char *lease = g_strdup_printf("fetch:%" PRId64, probe->options->account->id);

    enum status status = tx_begin(probe->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = lease_store_holder(tx, lease, &holder, err);
        *reads_out = status == ST_OK;
    }
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static bool has_id(GBytes *raw, const char *message_id)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    g_autofree char *id = g_strconcat("<", message_id, ">", NULL); /* also in References */

    return g_strstr_len(bytes, (gssize)length, id) != NULL;
}

/* One mail of an open folder: is it a probe that is missing still? */
static enum status look_at(struct probe *probe, const struct imapbox_mail *mail, const char *folder,
                           int *kind_out, struct err *err)
{
    g_autoptr(GBytes) raw = NULL;

    *kind_out = -1;
    enum status status = imapbox_fetch_bodies(probe->box, mail, 1, &raw, err);
    for (int i = 0; i < PROBE_KINDS && status == ST_OK && raw != NULL; i++) {
        if (probe->results[i].fate == PROBE_LOST && has_id(raw, probe->message_ids[i])) {
            *kind_out = i;
            set_text(&probe->results[i].folder, g_strdup(folder));
            return judge(probe, raw, i, err);
        }
    }
    return status;
}

/* Out of the way of a daemon to come. */
static enum status put_away(struct probe *probe, uint32_t uid, struct err *err)
{
    g_autofree char *folder = NULL;
    uint32_t new_uid = 0;
    struct imapbox_moved moved = {.new_uids = &new_uid};
    struct imapbox_folder inbox = {.uidvalidity = 0};

    enum status status = imapbox_find_special(probe->box, "\\Trash", &folder, err);
    if (status == ST_NOT_FOUND) {
        folder = g_strdup(PROBES_FOLDER);
        status = imapbox_ensure_folder(probe->box, folder, err);
    }
    if (status == ST_OK) {
        status = imapbox_select(probe->box, FETCH_FOLDER, &inbox, err);
    }
    return status == ST_OK ? imapbox_move(probe->box, &uid, 1, folder, &moved, err) : status;
}

/* The newest mails of an open folder, one by one. */
static enum status look_at_all(struct probe *probe, const GArray *mails, const char *folder,
                               bool puts_away, struct err *err)
{
    enum status status = ST_OK;

    for (guint i = mails->len > NEWEST ? mails->len - NEWEST : 0; status == ST_OK && i < mails->len;
         i++) {
        const struct imapbox_mail *mail = &g_array_index(mails, struct imapbox_mail, i);
        int kind = -1;
        if (mail->size < LIMIT_OVERSIZE_HEAD_BYTES) {
            status = look_at(probe, mail, folder, &kind, err);
        }
        if (status == ST_OK && kind >= 0 && puts_away) {
            status = put_away(probe, mail->uid, err);
        }
    }
    return status;
}

static enum status look_in_folder(struct probe *probe, const char *folder, uint32_t first_uid,
                                  bool puts_away, struct err *err)
{
    struct imapbox_folder found = {.uidvalidity = 0};
    g_autoptr(GArray) mails = NULL;
    enum status status = imapbox_examine(probe->box, folder, &found, err);

    if (status == ST_OK) {
        status = imapbox_list(probe->box, first_uid, UINT32_MAX, &mails, err);
    }
    return status == ST_OK ? look_at_all(probe, mails, folder, puts_away, err) : status;
}

/* What the server thinks is spam. */
static enum status look_in_junk(struct probe *probe, struct err *err)
{
    g_autofree char *junk = NULL;
    enum status status = imapbox_find_special(probe->box, "\\Junk", &junk, err);

    if (status == ST_OK) {
        status = look_in_folder(probe, junk, 1, false, err);
    }
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static bool is_missing(const struct probe *probe)
{
    for (int i = 0; i < PROBE_KINDS; i++) {
        if (probe->results[i].fate == PROBE_LOST) {
            return true;
        }
    }
    return false;
}

static enum status look(struct probe *probe, struct err *err)
{
    bool is_read = false;
    enum status status = ST_OK;

    for (int i = 0; i < PROBE_KINDS && status == ST_OK; i++) {
        if (probe->results[i].fate == PROBE_LOST) {
            status = look_in_desk(probe, i, err);
        }
    }
    if (status == ST_OK && is_missing(probe)) {
        status = daemon_reads(probe, &is_read, err);
        if (status == ST_OK && !is_read) {
            status = look_in_folder(probe, FETCH_FOLDER, probe->first_uid, true, err);
        }
    }
    return status;
}

/* ---- the whole ---- */

static enum status wait_for_all(struct probe *probe, struct err *err)
{
    int64_t end_us = clock_monotonic_us(clock_real()) + probe->options->wait_ms * 1000;
    enum status status = look(probe, err);

    while (status == ST_OK && is_missing(probe) && clock_monotonic_us(clock_real()) < end_us) {
        clock_sleep_ms(LOOK_MS);
        status = look(probe, err);
    }
    return status == ST_OK && is_missing(probe) ? look_in_junk(probe, err) : status;
}

static enum status open_inbox(struct probe *probe, struct err *err)
{
    struct imapbox_folder inbox = {.uidvalidity = 0};
    enum status status = login_imap(probe->options->config, probe->options->account, -1,
                                    &probe->box, err);

    if (status == ST_OK) {
        status = imapbox_examine(probe->box, FETCH_FOLDER, &inbox, err);
    }
    probe->first_uid = MAX(inbox.uidnext, 1);
    return status;
}

enum status probe_run(struct conn *conn, const struct probe_options *options,
                      struct probe_result *results, struct err *err)
{
    CLEANUP(probe_clear)
    struct probe probe = {.conn = conn,
                          .options = options,
                          .records = records_new(),
                          .results = results};

    for (int i = 0; i < PROBE_KINDS; i++) {
        results[i] = (struct probe_result){.fate = PROBE_LOST,
                                           .auth = AUTH_NONE,
                                           .detail = g_strdup(""),
                                           .folder = g_strdup(""),
                                           .became = g_strdup(""),
                                           .stamps = g_ptr_array_new_with_free_func(g_free)};
    }
    if (!options->is_forging) {
        results[PROBE_FORGED].fate = PROBE_NOT_SENT;
    }
    enum status status = open_inbox(&probe, err);
    if (status == ST_OK) {
        status = tx_run(conn, prepare, &probe, err);
    }
    for (int i = 0; i < PROBE_KINDS && status == ST_OK; i++) {
        if (results[i].fate != PROBE_NOT_SENT) {
            status = send_one(&probe, (enum probe_kind)i, err);
        }
    }
    return status == ST_OK ? wait_for_all(&probe, err) : status;
}
