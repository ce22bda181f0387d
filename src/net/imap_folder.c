/* imap_folder - open, make and find folders, and wait for news of the open one
 *
 * Names are modified UTF-7 on the wire (net/mutf7), and only a name that survives the way there is sent:
 * a CR LF in one would be a command.
 *
 * News is an EXISTS, whichever answer brought it, since the folder was last listed. Waiting for it is
 * IDLE (RFC 2177) in slices of less than 29 minutes, or NOOP as often as the caller wants: Dovecot
 * collects what IDLE tells for half a second, and answers NOOP with what there is now. What else a
 * server says while we idle wakes us for nothing, so a pause keeps a talkative one from keeping us busy.
 *
 * Not here: which mails there are (imap_mail). I/O: the connection of net/imap.
 */
#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "net/imap.h"
#include "net/imap_session.h"
#include "net/mutf7.h"

enum { POLL_WITHOUT_IDLE_MS = 1000, CHATTER_PAUSE_MS = 50 };

static const struct imapbox_budget SHORT_ANSWER = {.max_bytes = LIMIT_COMMAND_BYTES};

static enum status open_folder(struct imapbox *box, const char *folder,
                               int (*command)(mailimap *, const char *),
                               struct imapbox_folder *folder_out, struct err *err)
{
    g_autofree char *name = NULL;
    enum status status = mutf7_from_utf8(folder, &name, err);
    if (status == ST_OK) {
        status = imapbox_begin(box, &SHORT_ANSWER, err);
    }
    if (status != ST_OK) {
        return status;
    }
    int r = command(box->etpan, name);
    status = imapbox_judge(box, r, ST_NOT_FOUND, "open the folder", err);
    if (status != ST_OK) {
        return err_wrap(err, "folder \"%s\"", folder);
    }
    const struct mailimap_selection_info *info = box->etpan->imap_selection_info;
    if (!info || info->sel_uidvalidity == 0) {
        err_set(err, ST_TEMPFAIL, "could not open the folder \"%s\": it has no UIDVALIDITY",
                folder);
        return imapbox_break(box, err);
    }
    *folder_out = (struct imapbox_folder){
        .uidvalidity = info->sel_uidvalidity,
        .uidnext = info->sel_uidnext,
        .exists = info->sel_exists,
        .is_read_only = info->sel_perm == MAILIMAP_MAILBOX_READONLY,
    };
    return ST_OK;
}

enum status imapbox_select(struct imapbox *box, const char *folder,
                           struct imapbox_folder *folder_out, struct err *err)
{
    return open_folder(box, folder, mailimap_select, folder_out, err);
}

enum status imapbox_examine(struct imapbox *box, const char *folder,
                            struct imapbox_folder *folder_out, struct err *err)
{
    return open_folder(box, folder, mailimap_examine, folder_out, err);
}

/* LIST "" pattern. */
static enum status list_folders(struct imapbox *box, const char *pattern, clist **list_out,
                                struct err *err)
{
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_list(box->etpan, "", pattern, list_out);
    return imapbox_judge(box, r, ST_TEMPFAIL, "list the folders", err);
}

static bool has_flag(const struct mailimap_mailbox_list *entry, const char *flag)
{
    if (!entry->mb_flag) {
        return false;
    }
    for (clistiter *i = clist_begin(entry->mb_flag->mbf_oflags); i; i = clist_next(i)) {
        const struct mailimap_mbx_list_oflag *oflag = clist_content(i);
        if (oflag->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT && oflag->of_flag_ext &&
            g_ascii_strcasecmp(oflag->of_flag_ext, flag) == 0) {
            return true;
        }
    }
    return false;
}

enum status imapbox_ensure_folder(struct imapbox *box, const char *folder, struct err *err)
{
    g_autofree char *name = NULL;
    clist *found = NULL;
    bool exists = false;

    enum status status = mutf7_from_utf8(folder, &name, err);
    if (status == ST_OK && strpbrk(name, "*%")) {
        status = err_set(err, ST_INVALID, "the folder name \"%s\" has a wildcard in it", folder);
    }
    if (status == ST_OK) {
        status = list_folders(box, name, &found, err);
    }
    if (status != ST_OK) {
        return status;
    }
    for (clistiter *i = clist_begin(found); i; i = clist_next(i)) {
        const struct mailimap_mailbox_list *entry = clist_content(i);
        bool is_real = !has_flag(entry, "NonExistent") &&
                       !(entry->mb_flag &&
                         entry->mb_flag->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
                         entry->mb_flag->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT);
        exists = exists || (is_real && strcmp(entry->mb_name, name) == 0);
    }
    mailimap_list_result_free(found);
    if (exists) {
        return ST_OK;
    }
    status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_create(box->etpan, name);
    if (r != MAILIMAP_NO_ERROR && strcmp(imapgate_answer(box->gate)->code, "ALREADYEXISTS") == 0) {
        return ST_OK; /* somebody else was faster */
    }
    status = imapbox_judge(box, r, ST_TEMPFAIL, "make the folder", err);
    return status == ST_OK ? ST_OK : err_wrap(err, "folder \"%s\"", folder);
}

enum status imapbox_find_special(struct imapbox *box, const char *use, char **folder_out,
                                 struct err *err)
{
    clist *found = NULL;
    g_autofree char *name = NULL;

    assert(use[0] == '\\');
    enum status status = list_folders(box, "*", &found, err);
    if (status != ST_OK) {
        return status;
    }
    for (clistiter *i = clist_begin(found); i && !name; i = clist_next(i)) {
        const struct mailimap_mailbox_list *entry = clist_content(i);
        if (has_flag(entry, use + 1)) {
            name = g_strdup(entry->mb_name);
        }
    }
    mailimap_list_result_free(found);
    if (!name) {
        return err_set(err, ST_NOT_FOUND, "no folder is marked %s", use);
    }
    return mutf7_to_utf8(name, folder_out, err);
}

/* ---- waiting ---- */

bool imapbox_has_news(const struct imapbox *box)
{
    const struct mailimap_selection_info *info = box->etpan->imap_selection_info;
    return info && info->sel_has_exists;
}

void imapbox_forget_news(struct imapbox *box)
{
    struct mailimap_selection_info *info = box->etpan->imap_selection_info;
    if (info) {
        info->sel_has_exists = 0;
    }
}

enum status imapbox_noop(struct imapbox *box, uint32_t *exists_out, struct err *err)
{
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_noop(box->etpan);
    status = imapbox_judge(box, r, ST_TEMPFAIL, "ask for news", err);
    if (status == ST_OK) {
        const struct mailimap_selection_info *info = box->etpan->imap_selection_info;
        *exists_out = info ? info->sel_exists : 0;
    }
    return status;
}

/* IDLE once, for at most max_ms. */
static enum status idle_once(struct imapbox *box, int wake_fd, int64_t max_ms,
                             enum stream_event *event_out, struct err *err)
{
    enum status status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    int r = mailimap_idle(box->etpan);
    status = imapbox_judge(box, r, ST_TEMPFAIL, "begin to idle", err);
    if (status != ST_OK) {
        return status;
    }
    /* News may have come together with the server's "+". */
    bool has_bytes = box->etpan->imap_stream->read_buffer_len > 0 || imapgate_holds(box->gate);
    enum stream_event event = stream_wait(box->stream, wake_fd, has_bytes ? 0 : max_ms);
    status = imapbox_begin(box, &SHORT_ANSWER, err);
    if (status != ST_OK) {
        return status;
    }
    r = mailimap_idle_done(box->etpan);
    status = imapbox_judge(box, r, ST_TEMPFAIL, "end idling", err);
    if (status == ST_OK) {
        *event_out = event;
    }
    return status;
}

/* One slice of waiting: idle or just listen, then ask if that is the way. */
static enum status wait_once(struct imapbox *box, const struct imapbox_wait *wait, int64_t max_ms,
                             enum stream_event *event_out, struct err *err)
{
    bool is_idling = box->abilities.has_idle &&
                     (wait->poll_ms == 0 || wait->poll_ms >= POLL_WITHOUT_IDLE_MS);
    enum stream_event event = STREAM_EVENT_READABLE;
    enum status status = ST_OK;
    uint32_t exists = 0;

    if (is_idling) {
        status = idle_once(box, wait->wake_fd, max_ms, &event, err);
    } else {
        event = stream_wait(box->stream, wait->wake_fd, max_ms);
    }
    if (status == ST_OK && event != STREAM_EVENT_WOKEN && (!is_idling || wait->poll_ms > 0)) {
        status = imapbox_noop(box, &exists, err);
    }
    if (status != ST_OK) {
        return status;
    }
    if (is_idling && event == STREAM_EVENT_READABLE && !imapbox_has_news(box)) {
        clock_sleep_ms(CHATTER_PAUSE_MS); /* "* OK Still here", as often as the server likes */
    }
    *event_out = event;
    return ST_OK;
}

enum status imapbox_wait(struct imapbox *box, const struct imapbox_wait *wait,
                         enum imapbox_news *news_out, struct err *err)
{
    const struct clock *clock = clock_real();
    int64_t end_us = clock_monotonic_us(clock) + wait->max_ms * 1000;
    int64_t slice_ms = wait->poll_ms;

    if (slice_ms == 0) {
        slice_ms = box->abilities.has_idle ? LIMIT_IDLE_MS : POLL_WITHOUT_IDLE_MS;
    }
    while (!imapbox_has_news(box)) {
        enum stream_event event = STREAM_EVENT_TIMEOUT;
        int64_t left_ms = (end_us - clock_monotonic_us(clock)) / 1000;
        if (left_ms <= 0) {
            *news_out = IMAPBOX_NOTHING;
            return ST_OK;
        }
        enum status status = wait_once(box, wait, MIN(left_ms, slice_ms), &event, err);
        if (status != ST_OK) {
            return status;
        }
        if (event == STREAM_EVENT_WOKEN) {
            *news_out = IMAPBOX_WOKEN;
            return ST_OK;
        }
    }
    *news_out = IMAPBOX_NEWS;
    return ST_OK;
}
