/* fetch_clean - mail that was processed long ago leaves the mailbox
 *
 * The setting processed-days says how long it stays. It is removed where the server can remove just what it is told
 * to (UID EXPUNGE, RFC 4315): a plain EXPUNGE would also take what people have marked as deleted and may want
 * back. So on a server without UIDPLUS nothing is removed, ever, and from a mailbox that keeps its mail in INBOX
 * neither. Nor is anything ever removed from the folder of oversize mail, whose originals are nowhere else.
 *
 * First removed, then recorded: a crash between the two removes mails again that are gone, which does nothing.
 *
 * It is done now and then, in the folder itself; the session's own folder is opened again afterwards. A server that
 * refuses is asked again next time.
 * I/O: the IMAP session and the database.
 */
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"
#include "gateway/fetch_session.h"
#include "store/inbound_clean.h"

/* One folder's round. */
struct cleaning {
    struct fetch *fetch; /* borrowed */
    struct inbound_folder folder;
    int64_t days;
    GArray *kept; /* own: struct kept_mail */
    GArray *ids;  /* own: mail_id, of those that are removed */
    mail_id kept_from;
};

static enum status days_body(struct tx *tx, void *arg, struct err *err)
{
    struct cleaning *cleaning = arg;
    CLEANUP(desk_rows_clear) struct desk_rows rows = {NULL};
    struct settings settings;
    desk_store_queue(tx, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = desk_store_settings(&rows, &settings, err);
    }
    if (status == ST_OK) {
        cleaning->days = settings.processed_days;
        status = inbound_clean_numbered(tx, &cleaning->folder, err);
    }
    return status;
}

static enum status find_body(struct tx *tx, void *arg, struct err *err)
{
    struct cleaning *cleaning = arg;
    g_clear_pointer(&cleaning->kept, g_array_unref);
    return inbound_clean_find(tx, &cleaning->folder, cleaning->days, LIMIT_MOVE_MAILS,
                              &cleaning->kept, err);
}

static enum status removed_body(struct tx *tx, void *arg, struct err *err)
{
    struct cleaning *cleaning = arg;
    return inbound_clean_removed(tx, &cleaning->folder,
                                 (const mail_id *)(const void *)cleaning->ids->data,
                                 cleaning->ids->len, cleaning->kept_from, err);
}

static int compare_uids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The UIDs of those that are due, rising; their ids and the first that is not are noted. */
static GArray *choose(struct cleaning *cleaning)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_array_set_size(cleaning->ids, 0);
    cleaning->kept_from = 0;
    for (guint i = 0; i < cleaning->kept->len; i++) {
        const struct kept_mail *mail = &g_array_index(cleaning->kept, struct kept_mail, i);
        uint32_t uid = (uint32_t)mail->uid;
        if (mail->is_due && uid != 0) {
            g_array_append_val(uids, uid);
            g_array_append_val(cleaning->ids, mail->id);
        } else if (cleaning->kept_from == 0) {
            cleaning->kept_from = mail->id;
        }
    }
    if (cleaning->kept_from == 0 && cleaning->kept->len > 0) { /* all of these are due */
        guint last = cleaning->kept->len - 1;
        cleaning->kept_from = g_array_index(cleaning->kept, struct kept_mail, last).id + 1;
    }
    g_array_sort(uids, compare_uids);
    return uids;
}

/* Remove what is due of those that were found. */
static enum status remove_due(struct cleaning *cleaning, struct err *err)
{
    struct fetch *fetch = cleaning->fetch;
    g_autoptr(GArray) uids = choose(cleaning);
    if (uids->len == 0) {
        return ST_OK;
    }
    enum status status = imapbox_expunge(fetch->box, (const uint32_t *)(const void *)uids->data,
                                         uids->len, err);
    if (status == ST_OK) {
        status = fetch_tx(fetch, removed_body, cleaning, err);
    }
    if (status == ST_OK) {
        log_info("mail.removed", kv("folder", cleaning->folder.name), kv("mails", uids->len));
        status = fetch_keep_lease(fetch, err);
    }
    return status;
}

static bool is_any_due(const GArray *kept)
{
    for (guint i = 0; i < kept->len; i++) {
        if (g_array_index(kept, struct kept_mail, i).is_due) {
            return true;
        }
    }
    return false;
}

static enum status clean_folder(struct cleaning *cleaning, struct err *err)
{
    struct imapbox_folder folder = {.uidvalidity = 0};
    enum status status = imapbox_select(cleaning->fetch->box, cleaning->folder.name, &folder, err);
    if (status != ST_OK || folder.uidvalidity != cleaning->folder.uidvalidity) {
        return status; /* renumbered: which mail is which is not known any more */
    }
    while (status == ST_OK && is_any_due(cleaning->kept) && !stop_requested()) {
        status = remove_due(cleaning, err);
        if (status == ST_OK) {
            status = fetch_tx(cleaning->fetch, find_body, cleaning, err);
        }
    }
    return status;
}

static enum status visit(struct cleaning *cleaning, struct err *err)
{
    struct fetch *fetch = cleaning->fetch;
    fetch->culprit = FETCH_IMAP;
    enum status status = clean_folder(cleaning, err);
    if (status != ST_OK && (fetch->culprit != FETCH_IMAP || imapbox_is_broken(fetch->box))) {
        return status;
    }
    if (status != ST_OK) {
        log_warning("clean.refused", kv("folder", cleaning->folder.name), kv("error", err->text));
    }
    return fetch_reopen_folder(fetch, err);
}

static void cleaning_clear(struct cleaning *cleaning)
{
    g_clear_pointer(&cleaning->kept, g_array_unref);
    g_clear_pointer(&cleaning->ids, g_array_unref);
}

enum status fetch_clean(struct fetch *fetch, bool *has_visited_out, struct err *err)
{
    int64_t now_us = clock_monotonic_us(clock_real());
    *has_visited_out = false;
    if (now_us < fetch->clean_after_us || fetch->account->keeps_mail ||
        !imapbox_abilities(fetch->box)->has_uidplus) {
        return ST_OK;
    }
    CLEANUP(cleaning_clear)
    struct cleaning cleaning = {.fetch = fetch,
                                .folder = {.mailbox = fetch->mailbox,
                                           .name = fetch->account->processed_folder},
                                .ids = g_array_new(FALSE, FALSE, sizeof(mail_id))};
    fetch->clean_after_us = now_us + LIMIT_CLEAN_US;
    enum status status = fetch_tx(fetch, days_body, &cleaning, err);
    if (status == ST_OK && cleaning.days > 0) {
        status = fetch_tx(fetch, find_body, &cleaning, err);
    }
    if (status != ST_OK || !cleaning.kept || !is_any_due(cleaning.kept)) {
        return status;
    }
    *has_visited_out = true;
    return visit(&cleaning, err);
}
