/* fetch_move - what has its row leaves the folder
 *
 * Only rows that are committed are looked at: the database says what to move, so that what a crash, a lost
 * connection or another fetch has left is moved in the same way as what was just taken. Complete mails go to
 * Processed, oversize ones to Oversize.
 *
 * The server's COPYUID says which mails were really there. The others are gone from the folder: either a MOVE
 * of ours did it whose answer never came (then they stand in the target folder and are found there), or
 * somebody else did, which is recorded and no failure.
 *
 * A server that refuses to move (a full quota, a folder that may not be made; Dovecot also when somebody
 * else moves the same mails just now) is an outage of moving only: the mails have been taken nevertheless,
 * stay where they are, and the move is tried again later.
 * A mailbox can be told to keep its mail in INBOX: then nothing is moved, and what was taken is known by the
 * folder's last_uid alone. That is also the way for servers that have neither MOVE nor UIDPLUS.
 * I/O: the IMAP session and the database.
 */
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"
#include "gateway/fetch_session.h"

enum { US_PER_MS = 1000 };

/* ---- which ---- */

struct looking {
    struct fetch *fetch; /* borrowed */
    GArray *unmoved;     /* own */
};

static enum status look_body(struct tx *tx, void *arg, struct err *err)
{
    struct looking *looking = arg;
    g_clear_pointer(&looking->unmoved, g_array_unref);
    return inbound_store_unmoved(tx, &looking->fetch->folder, LIMIT_MOVE_MAILS, &looking->unmoved,
                                 err);
}

/* Those that go to the same folder. */
static GArray *of_kind(const GArray *unmoved, bool is_complete)
{
    GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct unmoved_mail));
    for (guint i = 0; i < unmoved->len; i++) {
        const struct unmoved_mail *mail = &g_array_index(unmoved, struct unmoved_mail, i);
        if (mail->raw_complete == is_complete) {
            g_array_append_val(mails, *mail);
        }
    }
    return mails;
}

/* ---- at the server ---- */

/* The same again, if the only obstacle is that somebody has removed the target folder. */
static enum status move_on_server(struct fetch *fetch, const uint32_t *uids, size_t count,
                                  const char *folder, struct imapbox_moved *result, struct err *err)
{
    enum status status = imapbox_move(fetch->box, uids, count, folder, result, err);
    if (status == ST_NOT_FOUND) {
        status = imapbox_ensure_folder(fetch->box, folder, err);
        if (status == ST_OK) {
            status = imapbox_move(fetch->box, uids, count, folder, result, err);
        }
    }
    return status;
}

/* What became of mails: moved, with or without a new UID, or gone before. */
static void sort_out(const GArray *mails, const struct imapbox_moved *result, bool can_tell,
                     GArray *moved, GArray *gone)
{
    for (guint i = 0; i < mails->len; i++) {
        const struct unmoved_mail *mail = &g_array_index(mails, struct unmoved_mail, i);
        if (can_tell && result->new_uids[i] == 0) {
            g_array_append_val(gone, *mail);
        } else {
            const struct moved_mail now = {mail->uid, result->new_uids[i], result->uidvalidity};
            g_array_append_val(moved, now);
        }
    }
}

/* ---- in the database ---- */

struct recording {
    struct fetch *fetch; /* borrowed */
    const char *folder;  /* borrowed; NULL: gone */
    const GArray *moved; /* borrowed */
};

static enum status record_body(struct tx *tx, void *arg, struct err *err)
{
    const struct recording *recording = arg;
    const struct fetch *fetch = recording->fetch;
    return inbound_store_moved(tx, &fetch->folder, recording->folder,
                               (const struct moved_mail *)(const void *)recording->moved->data,
                               recording->moved->len, err);
}

static enum status record(struct fetch *fetch, const char *folder, const GArray *moved,
                          struct err *err)
{
    struct recording recording = {fetch, folder, moved};
    return moved->len > 0 ? fetch_tx(fetch, record_body, &recording, err) : ST_OK;
}

static enum status record_gone(struct fetch *fetch, const GArray *gone, struct err *err)
{
    if (gone->len == 0) {
        return ST_OK;
    }
    g_autoptr(GArray) nowhere = g_array_new(FALSE, FALSE, sizeof(struct moved_mail));
    for (guint i = 0; i < gone->len; i++) {
        const struct moved_mail mail = {.uid = g_array_index(gone, struct unmoved_mail, i).uid};
        g_array_append_val(nowhere, mail);
    }
    log_warning("mail.missed", kv("folder", fetch->folder.name), kv("mails", gone->len),
                kv("uid", g_array_index(gone, struct unmoved_mail, 0).uid),
                kv("reason", "taken, then moved by others"));
    return record(fetch, NULL, nowhere, err);
}

/* ---- together ---- */

static enum status postpone(struct fetch *fetch, const char *folder, struct err *err)
{
    (void)err_wrap(err, "folder \"%s\"", folder);
    int64_t wait_ms = outage_note(&fetch->moving, err);
    const struct health_news news = {.mailbox = fetch->mailbox, .err = err};
    health_tell(&fetch->move_health, fetch->conn, &news);
    fetch->has_unmoved = true;
    fetch->move_after_us = clock_monotonic_us(clock_real()) + wait_ms * US_PER_MS;
    return ST_OK;
}

static enum status move_kind(struct fetch *fetch, const GArray *mails, const char *folder,
                             struct err *err)
{
    if (mails->len == 0) {
        return ST_OK;
    }
    g_autofree uint32_t *uids = g_new(uint32_t, mails->len);
    g_autofree uint32_t *new_uids = g_new0(uint32_t, mails->len);
    struct imapbox_moved result = {.new_uids = new_uids};
    for (guint i = 0; i < mails->len; i++) {
        uids[i] = (uint32_t)g_array_index(mails, struct unmoved_mail, i).uid;
    }
    if (fault_hit("fetch.before_move")) {
        return err_set(err, ST_TEMPFAIL, "fault point fetch.before_move");
    }
    enum status status = move_on_server(fetch, uids, mails->len, folder, &result, err);
    if (status != ST_OK) {
        return imapbox_is_broken(fetch->box) ? status : postpone(fetch, folder, err);
    }
    if (fault_hit("fetch.after_move")) {
        return err_set(err, ST_TEMPFAIL, "fault point fetch.after_move");
    }
    outage_end(&fetch->moving);
    g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(struct moved_mail));
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(struct unmoved_mail));
    sort_out(mails, &result, imapbox_abilities(fetch->box)->has_uidplus, moved, gone);
    if (gone->len > 0) {
        status = fetch_locate(fetch, folder, gone, moved, err);
    }
    if (status == ST_OK) {
        status = record(fetch, folder, moved, err);
    }
    return status == ST_OK ? record_gone(fetch, gone, err) : status;
}

/* At most LIMIT_MOVE_MAILS of them. */
static enum status move_some(struct fetch *fetch, struct err *err)
{
    struct looking looking = {.fetch = fetch};
    enum status status = fetch_tx(fetch, look_body, &looking, err);
    g_autoptr(GArray) unmoved = g_steal_pointer(&looking.unmoved);
    if (status != ST_OK) {
        return status;
    }
    fetch->has_unmoved = unmoved->len >= LIMIT_MOVE_MAILS;
    g_autoptr(GArray) complete = of_kind(unmoved, true);
    g_autoptr(GArray) oversize = of_kind(unmoved, false);
    status = move_kind(fetch, complete, fetch->account->processed_folder, err);
    if (status == ST_OK) {
        status = move_kind(fetch, oversize, fetch->account->oversize_folder, err);
    }
    return status;
}

enum status fetch_move(struct fetch *fetch, struct err *err)
{
    enum status status = ST_OK;
    if (fetch->account->keeps_mail) {
        fetch->has_unmoved = false;
        return ST_OK;
    }
    while (status == ST_OK && fetch->has_unmoved && !stop_requested() &&
           clock_monotonic_us(clock_real()) >= fetch->move_after_us) {
        status = move_some(fetch, err);
        if (status == ST_OK) {
            status = fetch_keep_lease(fetch, err);
        }
    }
    return status;
}
