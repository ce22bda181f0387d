/* fetch_junk - the folder marked Junk (SPECIAL-USE, RFC 6154) is looked at, too
 *
 * Spam filters err, and a customer whose answer lies in Junk waits for ever. So from time to time the folder is
 * opened, the headers of what is new in it are read, of each at most LIMIT_JUNK_HEADER_BYTES, and stored for an
 * intake to judge (gateway/junk says why not here). What it wants is fetched whole, stored and moved like
 * mail of INBOX, under the folder's own name; all else stays where it is, unread.
 *
 *     new mail           its header is stored; a longer header: the mail is left
 *     wanted             fetch, store, move, forget the wish; each step may be repeated
 *     gone meanwhile     forget the wish: whoever moved it has seen it
 *
 * While it is done the session is in another folder: its view of INBOX is put aside, and the folder opened again
 * afterwards. Whatever goes wrong with Junk alone must not keep mail of INBOX waiting: the folder is then left
 * alone until the next session. A server that passes over the bound on headers breaks the session, which
 * costs a reconnect.
 * I/O: the IMAP session and the database.
 */
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"
#include "gateway/fetch_session.h"
#include "store/junk.h"

/* What a session knows of the folder that it is in. */
struct view {
    struct inbound_folder folder;
    int64_t next_uid;
    int64_t refused_uid;
    int64_t refused_until_us;
    bool has_unmoved;
    int64_t move_after_us;
};

static struct view put_aside(const struct fetch *fetch)
{
    return (struct view){fetch->folder,           fetch->next_uid,    fetch->refused_uid,
                         fetch->refused_until_us, fetch->has_unmoved, fetch->move_after_us};
}

static void take_back(struct fetch *fetch, const struct view *view)
{
    fetch->folder = view->folder;
    fetch->next_uid = view->next_uid;
    fetch->refused_uid = view->refused_uid;
    fetch->refused_until_us = view->refused_until_us;
    fetch->has_unmoved = view->has_unmoved;
    fetch->move_after_us = view->move_after_us;
}

/* ---- the database ---- */

struct asking {
    const struct inbound_folder *folder; /* borrowed */
    struct junk_state state;             /* own */
};

static enum status ask_body(struct tx *tx, void *arg, struct err *err)
{
    struct asking *asking = arg;
    g_clear_pointer(&asking->state.wanted, g_array_unref);
    return junk_store_state(tx, asking->folder, &asking->state, err);
}

static enum status renumber_body(struct tx *tx, void *arg, struct err *err)
{
    return junk_store_renumber(tx, arg, err);
}

struct adding {
    const struct inbound_folder *folder; /* borrowed */
    struct junk_header headers[LIMIT_BATCH_MAILS];
    size_t count;
    int64_t left;
    int64_t last_uid;
};

static enum status add_body(struct tx *tx, void *arg, struct err *err)
{
    const struct adding *adding = arg;
    return junk_store_add(tx, adding->folder, adding->headers, adding->count, adding->left,
                          adding->last_uid, err);
}

struct forgetting {
    const struct inbound_folder *folder; /* borrowed */
    const GArray *uids;                  /* borrowed */
};

static enum status forget_body(struct tx *tx, void *arg, struct err *err)
{
    const struct forgetting *forgetting = arg;
    return junk_store_forget(tx, forgetting->folder,
                             (const int64_t *)(const void *)forgetting->uids->data,
                             forgetting->uids->len, err);
}

/* ---- headers ---- */

/* One set: its headers are read and stored. What the server does not give is left where it is. */
static enum status read_headers(struct fetch *fetch, const struct imapbox_mail *mails, size_t count,
                                int64_t last_uid, struct err *err)
{
    GBytes *headers[LIMIT_BATCH_MAILS] = {NULL};
    struct adding adding = {.folder = &fetch->folder, .last_uid = last_uid};
    enum status status = count == 0 ? ST_OK
                                    : imapbox_fetch_headers(fetch->box, mails, count,
                                                            LIMIT_JUNK_HEADER_BYTES, headers, err);
    if (status != ST_OK && imapbox_is_broken(fetch->box)) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (!headers[i] || g_bytes_get_size(headers[i]) >= LIMIT_JUNK_HEADER_BYTES) {
            adding.left++;
        } else {
            adding.headers[adding.count++] = (struct junk_header){mails[i].uid, mails[i].size,
                                                                  headers[i]};
        }
    }
    status = fetch_tx(fetch, add_body, &adding, err);
    for (size_t i = 0; i < count; i++) {
        g_clear_pointer(&headers[i], g_bytes_unref);
    }
    return status;
}

static enum status look_at_new(struct fetch *fetch, struct err *err)
{
    g_autoptr(GArray) mails = NULL;
    if (fetch->next_uid > UINT32_MAX) {
        return ST_OK;
    }
    enum status status = imapbox_list(fetch->box, (uint32_t)fetch->next_uid, UINT32_MAX, &mails,
                                      err);
    if (status != ST_OK || mails->len == 0) {
        return status;
    }
    int64_t last_uid = g_array_index(mails, struct imapbox_mail, mails->len - 1).uid;
    fetch_leave_old_alone(fetch, mails);
    const struct imapbox_mail *all = (const struct imapbox_mail *)(const void *)mails->data;
    guint at = 0;
    do {
        size_t count = MIN(mails->len - at, LIMIT_BATCH_MAILS);
        bool is_last = at + count == mails->len;
        status = read_headers(fetch, all + at, count, is_last ? last_uid : all[at + count - 1].uid,
                              err);
        at += (guint)count;
        if (status == ST_OK) {
            status = fetch_keep_lease(fetch, err);
        }
    } while (status == ST_OK && at < mails->len && !stop_requested());
    log_info("junk.seen", kv("folder", fetch->folder.name), kv("mails", at), kv("uid", last_uid));
    return status;
}

/* ---- what is wanted ---- */

static bool is_wanted(const GArray *wanted, int64_t uid)
{
    for (guint i = 0; i < wanted->len; i++) {
        if (g_array_index(wanted, int64_t, i) == uid) {
            return true;
        }
    }
    return false;
}

/* The wanted mails that are still there. */
static enum status list_wanted(const struct fetch *fetch, const GArray *wanted, GArray **mails_out,
                               struct err *err)
{
    GArray *mails = NULL;
    guint kept = 0;
    enum status status = imapbox_list(fetch->box, (uint32_t)g_array_index(wanted, int64_t, 0),
                                      (uint32_t)g_array_index(wanted, int64_t, wanted->len - 1),
                                      &mails, err);
    if (status != ST_OK) {
        return status;
    }
    for (guint i = 0; i < mails->len; i++) {
        struct imapbox_mail mail = g_array_index(mails, struct imapbox_mail, i);
        if (is_wanted(wanted, mail.uid)) {
            g_array_index(mails, struct imapbox_mail, kept++) = mail;
        }
    }
    g_array_set_size(mails, kept);
    *mails_out = mails;
    return ST_OK;
}

static enum status take_wanted(struct fetch *fetch, const GArray *wanted, struct err *err)
{
    g_autoptr(GArray) mails = NULL;
    if (wanted->len == 0) {
        return ST_OK;
    }
    enum status status = list_wanted(fetch, wanted, &mails, err);
    if (status == ST_OK && mails->len > 0) {
        int64_t last_uid = g_array_index(mails, struct imapbox_mail, mails->len - 1).uid;
        status = fetch_take_these(fetch, mails, last_uid, err);
    }
    if (status != ST_OK || stop_requested() || fetch->refused_uid > 0) {
        return status; /* a mail that the server will not give now stays wanted */
    }
    struct forgetting forgetting = {&fetch->folder, wanted};
    return fetch_tx(fetch, forget_body, &forgetting, err);
}

/* ---- the visit ---- */

static enum status work_in_folder(struct fetch *fetch, struct err *err)
{
    struct asking asking = {.folder = &fetch->folder};
    enum status status = fetch_begin_folder(fetch, err);
    if (status == ST_OK) {
        status = fetch_tx(fetch, renumber_body, &fetch->folder, err);
    }
    if (status == ST_OK) {
        status = look_at_new(fetch, err);
    }
    if (status == ST_OK) {
        status = fetch_tx(fetch, ask_body, &asking, err);
    }
    if (status == ST_OK) {
        fetch->awaits_verdicts = asking.state.has_waiting;
        status = take_wanted(fetch, asking.state.wanted, err);
    }
    g_clear_pointer(&asking.state.wanted, g_array_unref);
    return status == ST_OK ? fetch_move(fetch, err) : status;
}

static void give_up(struct fetch *fetch, const struct err *err)
{
    log_warning("junk.refused", kv("folder", fetch->junk), kv("error", err->text));
    g_clear_pointer(&fetch->junk, g_free);
    fetch->awaits_verdicts = false;
}

static enum status visit(struct fetch *fetch, struct err *err)
{
    struct view inbox = put_aside(fetch);
    struct imapbox_folder folder = {.uidvalidity = 0};
    fetch->culprit = FETCH_IMAP;
    enum status status = imapbox_select(fetch->box, fetch->junk, &folder, err);
    if (status == ST_OK) {
        fetch->folder = (struct inbound_folder){fetch->mailbox, fetch->junk, folder.uidvalidity};
        fetch->junk_uidvalidity = folder.uidvalidity;
        status = work_in_folder(fetch, err);
    }
    take_back(fetch, &inbox);
    if (status != ST_OK && (fetch->culprit != FETCH_IMAP || imapbox_is_broken(fetch->box))) {
        return status;
    }
    if (status != ST_OK) {
        give_up(fetch, err);
    }
    return fetch_reopen_folder(fetch, err);
}

/* Have intakes decided, so that something can be taken? */
static enum status ask_for_verdicts(struct fetch *fetch, bool *is_due_out, struct err *err)
{
    struct inbound_folder folder = {fetch->mailbox, fetch->junk, fetch->junk_uidvalidity};
    struct asking asking = {.folder = &folder};
    enum status status = fetch_tx(fetch, ask_body, &asking, err);
    if (status == ST_OK) {
        fetch->awaits_verdicts = asking.state.has_waiting;
        *is_due_out = asking.state.wanted->len > 0;
    }
    g_clear_pointer(&asking.state.wanted, g_array_unref);
    return status;
}

enum status fetch_junk(struct fetch *fetch, bool *has_visited_out, struct err *err)
{
    int64_t now_us = clock_monotonic_us(clock_real());
    bool is_due = now_us >= fetch->junk_after_us;
    enum status status = ST_OK;
    *has_visited_out = false;
    if (!fetch->junk) {
        return ST_OK;
    }
    if (!is_due && fetch->awaits_verdicts) {
        status = ask_for_verdicts(fetch, &is_due, err);
    }
    if (status == ST_OK && is_due) {
        fetch->junk_after_us = now_us + LIMIT_JUNK_POLLS * fetch->config->poll_us;
        *has_visited_out = true;
        status = visit(fetch, err);
    }
    return status;
}

enum status fetch_find_junk(struct fetch *fetch, struct err *err)
{
    g_clear_pointer(&fetch->junk, g_free);
    fetch->junk_after_us = 0;
    fetch->awaits_verdicts = false;
    enum status status = imapbox_find_special(fetch->box, "\\Junk", &fetch->junk, err);
    if (status != ST_OK && imapbox_is_broken(fetch->box)) {
        return status;
    }
    const char *const OTHERS[] = {FETCH_FOLDER, fetch->account->processed_folder,
                                  fetch->account->oversize_folder};
    for (size_t i = 0; fetch->junk && i < G_N_ELEMENTS(OTHERS); i++) {
        if (strcmp(fetch->junk, OTHERS[i]) == 0) {
            g_clear_pointer(&fetch->junk, g_free);
        }
    }
    return ST_OK;
}
