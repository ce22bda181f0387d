/* fetch_locate - where a mail is whose move was not recorded
 *
 * A MOVE whose answer was lost (a crash, a cut connection) has moved mails that the database still believes to be
 * in the folder. They stand in the target folder with UIDs above every one that a recorded move gave, for
 * moves are made and recorded one after the other. Those are looked at, of the same size as a mail that is
 * missing only, and known by their fingerprint.
 *
 * If the target is new or was renumbered, everything in it stands above: then the newest LIMIT_LOCATE_MAILS
 * must be enough. What is not found there is gone: moved or deleted by others.
 * I/O: the IMAP session, which opens the target (to look only) and then its own folder again.
 */
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "gateway/fetch_session.h"
#include "gateway/fingerprint.h"

/* One search in one folder. */
struct search {
    struct fetch *fetch; /* borrowed */
    GArray *gone;        /* borrowed */
    GArray *moved;       /* borrowed */
    struct inbound_folder target;
    int64_t last_uid; /* the highest that a recorded move gave */
};

static enum status last_uid_body(struct tx *tx, void *arg, struct err *err)
{
    struct search *search = arg;
    return inbound_store_last_uid(tx, &search->target, &search->last_uid, err);
}

static bool is_known(const struct search *search, uint32_t uid)
{
    for (guint i = 0; i < search->moved->len; i++) {
        const struct moved_mail *mail = &g_array_index(search->moved, struct moved_mail, i);
        if (mail->new_uid == uid && mail->new_uidvalidity == search->target.uidvalidity) {
            return true;
        }
    }
    return false;
}

static bool has_missing_size(const struct search *search, uint32_t size)
{
    for (guint i = 0; i < search->gone->len; i++) {
        if (g_array_index(search->gone, struct unmoved_mail, i).bytes == size) {
            return true;
        }
    }
    return false;
}

/* The mails that may be those: of a missing size, not known, not too many. */
static enum status list_candidates(const struct search *search, GArray *candidates, struct err *err)
{
    g_autoptr(GArray) listed = NULL;
    if (search->last_uid >= UINT32_MAX) {
        return ST_OK;
    }
    enum status status = imapbox_list(search->fetch->box, (uint32_t)search->last_uid + 1,
                                      UINT32_MAX, &listed, err);
    if (status != ST_OK) {
        return status;
    }
    guint first = listed->len > LIMIT_LOCATE_MAILS ? listed->len - LIMIT_LOCATE_MAILS : 0;
    for (guint i = first; i < listed->len; i++) {
        const struct imapbox_mail *mail = &g_array_index(listed, struct imapbox_mail, i);
        if (has_missing_size(search, mail->size) && !is_known(search, mail->uid)) {
            g_array_append_val(candidates, *mail);
        }
    }
    return ST_OK;
}

/* A body of the folder: is it one of the missing? */
static void match(struct search *search, uint32_t uid, GBytes *body)
{
    uint8_t fingerprint[FINGERPRINT_BYTES];
    gsize length = 0;
    const void *raw = g_bytes_get_data(body, &length);
    fingerprint_make(raw, length, fingerprint);
    for (guint i = 0; i < search->gone->len; i++) {
        const struct unmoved_mail *mail = &g_array_index(search->gone, struct unmoved_mail, i);
        if (memcmp(mail->fingerprint, fingerprint, sizeof fingerprint) == 0) {
            const struct moved_mail found = {mail->uid, uid, search->target.uidvalidity};
            g_array_append_val(search->moved, found);
            g_array_remove_index(search->gone, i);
            return;
        }
    }
}

static enum status look_at(struct search *search, const struct imapbox_mail *mail, struct err *err)
{
    g_autoptr(GBytes) body = NULL;
    struct imapbox *box = search->fetch->box;
    enum status status = mail->size > LIMIT_MAIL_BYTES
                             ? imapbox_fetch_head(box, mail->uid, LIMIT_OVERSIZE_HEAD_BYTES, &body,
                                                  err)
                             : imapbox_fetch_bodies(box, mail, 1, &body, err);
    if (status == ST_OK && body) {
        match(search, mail->uid, body);
    }
    return status != ST_OK && imapbox_is_broken(box) ? status : ST_OK;
}

static enum status look_into(struct search *search, struct err *err)
{
    struct imapbox_folder folder = {.uidvalidity = 0};
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(struct imapbox_mail));
    enum status status = imapbox_examine(search->fetch->box, search->target.name, &folder, err);
    if (status != ST_OK) { /* a folder that nobody can open has nothing to be found in it */
        return imapbox_is_broken(search->fetch->box) ? status : ST_OK;
    }
    search->target.uidvalidity = folder.uidvalidity;
    status = fetch_tx(search->fetch, last_uid_body, search, err);
    if (status == ST_OK) {
        status = list_candidates(search, candidates, err);
    }
    for (guint i = 0; status == ST_OK && i < candidates->len && search->gone->len > 0; i++) {
        status = look_at(search, &g_array_index(candidates, struct imapbox_mail, i), err);
        if (status == ST_OK) {
            status = fetch_keep_lease(search->fetch, err);
        }
    }
    return status;
}

enum status fetch_locate(struct fetch *fetch, const char *folder, GArray *gone, GArray *moved,
                         struct err *err)
{
    struct search search = {.fetch = fetch,
                            .gone = gone,
                            .moved = moved,
                            .target = {.mailbox = fetch->mailbox, .name = folder}};
    guint missing = gone->len;
    enum status status = look_into(&search, err);
    if (status != ST_OK) {
        return status;
    }
    log_info("mail.located", kv("folder", folder), kv("mails", missing - gone->len),
             kv("count", missing));
    return fetch_reopen_folder(fetch, err);
}
