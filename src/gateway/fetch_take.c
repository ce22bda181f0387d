/* fetch_take - what is new in the folder becomes rows
 *
 * Sizes first, then bodies in sets of at most LIMIT_BATCH_MAILS mails and LIMIT_BATCH_BYTES, each set
 * inserted and committed before anything else happens to its mails. With a set's rows the folder's last_uid
 * is raised: every UID up to it was looked at, so a restart goes on there.
 *
 * Mail from before the cut-off moment is looked at and left alone. INTERNALDATE has whole seconds: the
 * second of the moment itself is taken. Of an oversize mail only the head is fetched.
 *
 * A mail that the server lists but will not give must not stop the ones behind it: they are taken, and the
 * recorded last_uid stays below it for as long as it is refused, so that nobody can think it was seen. It
 * is asked for again from time to time and by every new session.
 *
 * Nothing is moved while there is more to take: people wait for the rows, and a MOVE costs the server more
 * than the FETCH of the same mails.
 * I/O: the IMAP session and the database.
 */
#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"
#include "gateway/fetch_session.h"
#include "gateway/fingerprint.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000 };

/* Mails that are fetched and inserted together. */
struct set {
    const struct imapbox_mail *mails; /* borrowed */
    size_t count;
    int64_t last_uid;                  /* every UID up to it was looked at once these are stored */
    GBytes *bodies[LIMIT_BATCH_MAILS]; /* own; NULL: gone, or refused */
};

static void set_clear(struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        g_clear_pointer(&set->bodies[i], g_bytes_unref);
    }
}

static bool is_oversize(const struct imapbox_mail *mail)
{
    return mail->size > LIMIT_MAIL_BYTES;
}

/* How many of the mails go together: an oversize one goes alone. */
static size_t set_length(const struct imapbox_mail *mails, size_t count)
{
    uint64_t bytes = 0;
    size_t length = 0;
    while (length < count && length < LIMIT_BATCH_MAILS) {
        bytes += mails[length].size;
        if (length > 0 && (bytes > LIMIT_BATCH_BYTES || is_oversize(&mails[length]))) {
            break;
        }
        length++;
        if (is_oversize(&mails[length - 1])) {
            break;
        }
    }
    return length;
}

/* ---- bodies ---- */

static void note_refusal(struct fetch *fetch, const struct imapbox_mail *mail, const char *why)
{
    if (fetch->refused_uid == 0 || mail->uid < fetch->refused_uid) {
        fetch->refused_uid = mail->uid;
    }
    fetch->refused_until_us = clock_monotonic_us(clock_real()) + LIMIT_REFUSED_MS * US_PER_MS;
    log_error("mail.refused", kv("folder", fetch->folder.name), kv("uid", mail->uid),
              kv("bytes", mail->size), kv("error", why));
}

/* A mail without a body: is it gone, or does the server not give it? */
static enum status check_missing(struct fetch *fetch, const struct imapbox_mail *mail,
                                 struct err *err)
{
    g_autoptr(GArray) listed = NULL;
    enum status status = imapbox_list(fetch->box, mail->uid, mail->uid, &listed, err);
    if (status == ST_OK && listed->len > 0) {
        note_refusal(fetch, mail, "the server lists this mail but gives no text of it");
    }
    return status;
}

/* One mail alone, whole or its head. A NO to it is a refusal, not a failure. */
static enum status fetch_one(struct fetch *fetch, const struct imapbox_mail *mail,
                             GBytes **body_out, struct err *err)
{
    enum status status = is_oversize(mail)
                             ? imapbox_fetch_head(fetch->box, mail->uid, LIMIT_OVERSIZE_HEAD_BYTES,
                                                  body_out, err)
                             : imapbox_fetch_bodies(fetch->box, mail, 1, body_out, err);
    if (status == ST_OK || imapbox_is_broken(fetch->box)) {
        return status;
    }
    *body_out = NULL;
    if (status != ST_NOT_FOUND) {
        note_refusal(fetch, mail, err->text);
    }
    return ST_OK;
}

static enum status fetch_each(struct fetch *fetch, struct set *set, struct err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        enum status status = fetch_one(fetch, &set->mails[i], &set->bodies[i], err);
        if (status != ST_OK) {
            return status;
        }
    }
    return ST_OK;
}

static enum status fetch_set(struct fetch *fetch, struct set *set, struct err *err)
{
    if (set->count == 1) {
        return fetch_each(fetch, set, err);
    }
    enum status status = imapbox_fetch_bodies(fetch->box, set->mails, set->count, set->bodies, err);
    if (status != ST_OK) {
        return imapbox_is_broken(fetch->box) ? status : fetch_each(fetch, set, err);
    }
    for (size_t i = 0; i < set->count && status == ST_OK; i++) {
        if (!set->bodies[i]) {
            status = check_missing(fetch, &set->mails[i], err);
        }
    }
    return status;
}

/* ---- rows ---- */

struct storing {
    struct fetch *fetch;              /* borrowed */
    const struct fetched_mail *mails; /* borrowed */
    size_t count;
    int64_t last_uid;
    int64_t added;
};

static enum status store_body(struct tx *tx, void *arg, struct err *err)
{
    struct storing *storing = arg;
    const struct fetch *fetch = storing->fetch;
    enum status status = inbound_store_add(tx, &fetch->folder, storing->mails, storing->count,
                                           storing->last_uid, &storing->added, err);
    if (status == ST_OK && fault_hit("fetch.before_commit")) {
        status = err_set(err, ST_TEMPFAIL, "fault point fetch.before_commit");
    }
    return status;
}

static void fill(struct fetched_mail *out, const struct imapbox_mail *mail, GBytes *body)
{
    gsize length = 0;
    const void *raw = g_bytes_get_data(body, &length);
    *out = (struct fetched_mail){
        .uid = mail->uid,
        .bytes = mail->size,
        .raw_complete = !is_oversize(mail),
        .raw = body, /* borrowed for the insert */
        .arrived_us = mail->internal_date_s > 0 ? mail->internal_date_s * US_PER_S
                                                : clock_wall_us(clock_real()),
    };
    fingerprint_make(raw, length, out->fingerprint);
}

static enum status store_set(struct fetch *fetch, const struct set *set, struct err *err)
{
    struct fetched_mail mails[LIMIT_BATCH_MAILS];
    struct storing storing = {.fetch = fetch, .mails = mails, .last_uid = set->last_uid};
    for (size_t i = 0; i < set->count; i++) {
        if (set->bodies[i]) {
            fill(&mails[storing.count++], &set->mails[i], set->bodies[i]);
        }
    }
    if (fetch->refused_uid > 0) {
        storing.last_uid = MIN(storing.last_uid, fetch->refused_uid - 1);
    }
    enum status status = fetch_tx(fetch, store_body, &storing, err);
    if (status == ST_OK && fault_hit("fetch.after_commit")) {
        status = err_set(err, ST_TEMPFAIL, "fault point fetch.after_commit");
    }
    if (status == ST_OK) {
        fetch->next_uid = set->last_uid + 1;
        fetch->has_unmoved = fetch->has_unmoved || storing.count > 0;
        log_debug("set.stored", kv("mails", storing.added), kv("uid", set->last_uid));
    }
    return status;
}

/* ---- the folder ---- */

static bool is_from_before(const struct fetch *fetch, const struct imapbox_mail *mail)
{
    int64_t taken_from_s = fetch->account->taken_from_us / US_PER_S;
    return taken_from_s > 0 && mail->internal_date_s > 0 && mail->internal_date_s < taken_from_s;
}

void fetch_leave_old_alone(const struct fetch *fetch, GArray *mails)
{
    guint kept = 0;
    for (guint i = 0; i < mails->len; i++) {
        const struct imapbox_mail mail = g_array_index(mails, struct imapbox_mail, i);
        if (!is_from_before(fetch, &mail)) {
            g_array_index(mails, struct imapbox_mail, kept++) = mail;
        }
    }
    if (kept < mails->len) {
        log_info("mail.left_alone", kv("folder", fetch->folder.name),
                 kv("mails", mails->len - kept),
                 kv("reason", "older than the moment from which mail is taken"));
    }
    g_array_set_size(mails, kept);
}

/* The next set of the list at `at`; last_uid is the highest of all that were listed. */
static struct set next_set(const GArray *mails, guint at, int64_t last_uid)
{
    const struct imapbox_mail *all = (const struct imapbox_mail *)(const void *)mails->data;
    struct set set = {.mails = all + at, .count = set_length(all + at, mails->len - at)};
    guint behind = at + (guint)set.count;
    set.last_uid = behind < mails->len ? (int64_t)all[behind].uid - 1 : last_uid;
    return set;
}

static enum status take_set(struct fetch *fetch, struct set *set, struct err *err)
{
    enum status status = set->count > 0 ? fetch_set(fetch, set, err) : ST_OK;
    if (status == ST_OK) {
        status = store_set(fetch, set, err);
    }
    set_clear(set);
    if (status == ST_OK) {
        status = fetch_keep_lease(fetch, err);
    }
    return status;
}

static enum status list_new(struct fetch *fetch, GArray **mails_out, struct err *err)
{
    if (fetch->refused_uid > 0 && clock_monotonic_us(clock_real()) >= fetch->refused_until_us) {
        fetch->next_uid = fetch->refused_uid;
        fetch->refused_uid = 0;
    }
    if (fetch->next_uid > UINT32_MAX) {
        *mails_out = g_array_new(FALSE, FALSE, sizeof(struct imapbox_mail));
        return ST_OK;
    }
    return imapbox_list(fetch->box, (uint32_t)fetch->next_uid, UINT32_MAX, mails_out, err);
}

enum status fetch_take_these(struct fetch *fetch, const GArray *mails, int64_t last_uid,
                             struct err *err)
{
    int64_t begun_us = clock_monotonic_us(clock_real());
    enum status status = ST_OK;
    guint at = 0;
    do {
        struct set set = next_set(mails, at, last_uid);
        status = take_set(fetch, &set, err);
        at += (guint)set.count;
    } while (status == ST_OK && at < mails->len && !stop_requested());
    if (at > 0) {
        log_info("mail.fetched", kv("folder", fetch->folder.name), kv("mails", at),
                 kv("uid", fetch->next_uid - 1),
                 kv("seconds", (clock_monotonic_us(clock_real()) - begun_us) / US_PER_S));
    }
    return status;
}

enum status fetch_take(struct fetch *fetch, struct err *err)
{
    g_autoptr(GArray) mails = NULL;
    enum status status = list_new(fetch, &mails, err);
    if (status != ST_OK || mails->len == 0) {
        return status;
    }
    int64_t last_uid = g_array_index(mails, struct imapbox_mail, mails->len - 1).uid;
    fetch_leave_old_alone(fetch, mails);
    return fetch_take_these(fetch, mails, last_uid, err);
}
