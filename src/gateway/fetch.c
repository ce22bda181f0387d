/* fetch - one mailbox's mail becomes rows of inbound_mail
 *
 * The role: a connection to the database, the lease "fetch:ID", then a session at the mail server in which it
 * takes what is new (fetch_take.c), moves what has its row (fetch_move.c) and waits for more. Each step is
 * idempotent and nothing is kept in memory that the database or the server does not know, so there is one
 * answer to every failure: drop the session, wait, begin again from the rows.
 *
 *     state          next
 *     no database    open it                          (outage: database.lost)
 *     no lease       take it; else stand by           (somebody else reads this mailbox)
 *     no session     log in, open the folder          (outage: imap.lost)
 *     session        take, move, wait; and again
 *
 * A folder with a new UIDVALIDITY is a new folder: it is read from its first UID, from the cut-off moment on.
 * Mail that comes a second time thereby is known by its fingerprint, by intake.
 *
 * libetpan may crash on what a server says. That is why a mailbox has a process of its own: the supervisor
 * starts it again, and the lease of the dead is taken over at once (tenure).
 *
 * While it waits it comes out of IDLE to renew the lease and looks at the folder each time: a notification
 * that was lost costs seconds, not mail. From time to time it also looks at the folder marked Junk (fetch_junk.c).
 * I/O: the mail server, the database.
 */
#include "gateway/fetch.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/stop.h"
#include "db/migrate.h"
#include "gateway/fetch_session.h"
#include "gateway/login.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

/* ---- the database ---- */

enum status fetch_tx(struct fetch *fetch, tx_body body, void *arg, struct err *err)
{
    enum fetch_culprit outer = fetch->culprit;
    fetch->culprit = FETCH_DATABASE;
    enum status status = tx_run(fetch->conn, body, arg, err);
    if (status == ST_OK) {
        fetch->culprit = outer;
    }
    return status;
}

enum status fetch_keep_lease(struct fetch *fetch, struct err *err)
{
    enum fetch_culprit outer = fetch->culprit;
    fetch->culprit = FETCH_DATABASE;
    enum status status = tenure_keep(&fetch->tenure, fetch->conn, err);
    if (status == ST_OK) {
        fetch->culprit = outer;
    }
    return status;
}

static enum status open_database(struct fetch *fetch, struct err *err)
{
    if (fetch->conn && conn_is_broken(fetch->conn)) {
        g_clear_pointer(&fetch->conn, conn_close);
    }
    if (fetch->conn) {
        return ST_OK;
    }
    enum status status = conn_open_service(fetch->config->database, "postdesk fetch", &fetch->conn,
                                           err);
    if (status == ST_OK) {
        status = migrate_check(fetch->conn, err);
    }
    if (status == ST_OK) {
        status = conn_listen(fetch->conn, "postdesk_mailbox", err);
    }
    if (status != ST_OK) {
        g_clear_pointer(&fetch->conn, conn_close);
    }
    return status;
}

/* ---- the session ---- */

struct beginning {
    struct fetch *fetch; /* borrowed */
    int64_t last_uid;
    int64_t abandoned;
    bool is_renumbered;
};

static enum status account_body(struct tx *tx, void *arg, struct err *err)
{
    struct fetch *fetch = arg;
    g_clear_pointer(&fetch->account, account_free);
    return desk_store_account(tx, fetch->mailbox, &fetch->account, err);
}

static enum status beginning_body(struct tx *tx, void *arg, struct err *err)
{
    struct beginning *beginning = arg;
    const struct fetch *fetch = beginning->fetch;
    enum status status = inbound_store_abandon(tx, &fetch->folder, &beginning->abandoned,
                                               &beginning->is_renumbered, err);
    if (status == ST_OK) {
        status = inbound_store_last_uid(tx, &fetch->folder, &beginning->last_uid, err);
    }
    return status;
}

enum status fetch_begin_folder(struct fetch *fetch, struct err *err)
{
    struct beginning beginning = {.fetch = fetch};
    enum status status = fetch_tx(fetch, beginning_body, &beginning, err);
    if (status != ST_OK) {
        return status;
    }
    if (beginning.is_renumbered) {
        log_warning("folder.renumbered", kv("folder", fetch->folder.name),
                    kv("uidvalidity", fetch->folder.uidvalidity), kv("mails", beginning.abandoned),
                    kv("reason", "the server gave it a new UIDVALIDITY: it is read anew"));
    }
    fetch->next_uid = beginning.last_uid + 1;
    fetch->refused_uid = 0;
    fetch->has_unmoved = true;
    fetch->move_after_us = 0;
    return ST_OK;
}

/* A target folder that cannot be made is no reason not to read: moving says so again. */
static enum status ensure_folders(struct fetch *fetch, struct err *err)
{
    const struct mailbox_account *account = fetch->account;
    const char *const FOLDERS[] = {account->processed_folder, account->oversize_folder};
    for (size_t i = 0; i < G_N_ELEMENTS(FOLDERS) && !account->keeps_mail; i++) {
        enum status status = imapbox_ensure_folder(fetch->box, FOLDERS[i], err);
        if (status != ST_OK && imapbox_is_broken(fetch->box)) {
            return status;
        }
    }
    return ST_OK;
}

enum status fetch_reopen_folder(struct fetch *fetch, struct err *err)
{
    struct imapbox_folder folder = {.uidvalidity = 0};
    enum status status = imapbox_select(fetch->box, fetch->folder.name, &folder, err);
    if (status == ST_OK && folder.uidvalidity != fetch->folder.uidvalidity) {
        status = err_set(err, ST_TEMPFAIL, "the folder \"%s\" was renumbered meanwhile",
                         fetch->folder.name);
    }
    return status;
}

static enum status open_session(struct fetch *fetch, struct err *err)
{
    struct imapbox_folder folder = {.uidvalidity = 0};
    enum status status = fetch_tx(fetch, account_body, fetch, err);
    if (status == ST_OK && !fetch->account->is_enabled) {
        status = err_set(err, ST_NOT_FOUND, "mailbox %" PRId64 " is disabled", fetch->mailbox);
    }
    if (status != ST_OK) {
        return status;
    }
    fetch->culprit = FETCH_IMAP;
    status = login_imap(fetch->config, fetch->account, stop_fd(), &fetch->box, err);
    if (status == ST_OK) {
        status = ensure_folders(fetch, err);
    }
    if (status == ST_OK) {
        status = fetch_find_junk(fetch, err);
    }
    if (status == ST_OK) {
        status = imapbox_select(fetch->box, FETCH_FOLDER, &folder, err);
    }
    if (status != ST_OK) {
        return status;
    }
    fetch->folder = (struct inbound_folder){fetch->mailbox, FETCH_FOLDER, folder.uidvalidity};
    status = fetch_begin_folder(fetch, err);
    if (status == ST_OK) {
        log_info("imap.opened", kv("host", fetch->account->imap_host),
                 kv("folder", fetch->folder.name), kv("uidvalidity", fetch->folder.uidvalidity),
                 kv("uid", fetch->next_uid - 1));
    }
    return status;
}

/* Also after a failure: what the session knew is read anew by the next one. */
static void close_session(struct fetch *fetch)
{
    g_clear_pointer(&fetch->box, imapbox_close);
    g_clear_pointer(&fetch->junk, g_free);
    g_clear_pointer(&fetch->account, account_free);
}

/* ---- the role ---- */

/* Somebody has changed a mailbox: if it is this one, the session is made anew. */
static enum status follow_account(struct fetch *fetch, struct err *err)
{
    struct err ignored = {.status = ST_OK};
    if (!fetch->box || conn_wait(fetch->conn, 0, -1, &ignored) != ST_OK) {
        return ST_OK; /* a connection that is lost is found so by the next transaction */
    }
    struct mailbox_account *before = g_steal_pointer(&fetch->account);
    enum status status = fetch_tx(fetch, account_body, fetch, err);
    bool is_same = status == ST_OK && account_equal(before, fetch->account);
    account_free(before);
    if (status == ST_OK && !is_same) {
        log_info("mailbox.changed", kv("reason", "the session is made anew"));
        close_session(fetch);
    }
    return status;
}

static enum status wait_for_mail(struct fetch *fetch, struct err *err)
{
    int64_t poll_ms = fetch->config->poll_us / US_PER_MS;
    enum imapbox_news news = IMAPBOX_NOTHING;
    int64_t max_ms = tenure_left_ms(&fetch->tenure);
    if (fetch->has_unmoved) {
        int64_t left_us = fetch->move_after_us - clock_monotonic_us(clock_real());
        max_ms = MIN(max_ms, left_us / US_PER_MS);
    }
    if (fetch->junk) {
        int64_t left_us = fetch->junk_after_us - clock_monotonic_us(clock_real());
        max_ms = MIN(max_ms, fetch->awaits_verdicts ? poll_ms : left_us / US_PER_MS);
    }
    const struct imapbox_wait wait = {
        .max_ms = MAX(max_ms, 1),
        .poll_ms = poll_ms < MS_PER_S ? poll_ms : 0, /* shorter than IDLE can be: tests */
        .wake_fd = stop_fd(),
    };
    fetch->culprit = FETCH_IMAP;
    return imapbox_wait(fetch->box, &wait, &news, err);
}

/* What there is to say of it, err NULL where it works. */
static void tell(struct fetch *fetch, struct health *health, const struct err *err)
{
    bool has_certificate = err == NULL && health == &fetch->imap_health;
    const struct health_news news = {
        .mailbox = fetch->mailbox,
        .err = err,
        .certificate_until_us = has_certificate ? imapbox_certificate_until_us(fetch->box) : 0,
    };
    health_tell(health, fetch->conn, &news);
}

/* All that a round needs has worked. */
static void tell_well(struct fetch *fetch)
{
    outage_end(&fetch->database);
    outage_end(&fetch->imap);
    tell(fetch, &fetch->database_health, NULL);
    tell(fetch, &fetch->imap_health, NULL);
    if (fetch->moving.delay_ms == 0) {
        tell(fetch, &fetch->move_health, NULL);
    }
}

/* One time through the table above. */
static enum status round_once(struct fetch *fetch, struct err *err)
{
    bool has_visited_junk = false;
    bool has_cleaned = false;
    fetch->culprit = FETCH_DATABASE;
    enum status status = open_database(fetch, err);
    if (status == ST_OK) {
        status = fetch_keep_lease(fetch, err);
    }
    if (status == ST_OK && fetch->is_standing_by) {
        fetch->is_standing_by = false;
        log_info("lease.taken", kv("lease", fetch->tenure.name), kv("epoch", fetch->tenure.epoch));
    }
    if (status == ST_OK) {
        status = follow_account(fetch, err);
    }
    if (status == ST_OK && !fetch->box) {
        status = open_session(fetch, err);
    }
    if (status != ST_OK) {
        return status;
    }
    fetch->culprit = FETCH_IMAP;
    status = fetch_take(fetch, err);
    if (status == ST_OK) {
        status = fetch_move(fetch, err);
    }
    if (status == ST_OK) {
        status = fetch_junk(fetch, &has_visited_junk, err);
    }
    if (status == ST_OK) {
        status = fetch_clean(fetch, &has_cleaned, err);
    }
    if (status == ST_OK) {
        tell_well(fetch);
        /* What came while the folder was not open was not announced. */
        status = has_visited_junk || has_cleaned ? ST_OK : wait_for_mail(fetch, err);
    }
    return status;
}

/* A change of the mailbox by the command line ends the wait: it may be the remedy. */
static void wait_for_remedy(struct fetch *fetch, int64_t ms)
{
    struct err err = {.status = ST_OK};
    if (fetch->conn && !conn_is_broken(fetch->conn)) {
        enum status status = conn_wait(fetch->conn, ms, stop_fd(), &err);
        if (status == ST_OK || status == ST_NOT_FOUND) {
            return;
        }
    }
    outage_wait(MIN(ms, LIMIT_DATABASE_OUTAGE_MS));
}

static void stand_by(struct fetch *fetch, const struct err *err)
{
    if (fetch->box) {
        log_warning("lease.lost", kv("lease", fetch->tenure.name), kv("error", err->text));
    } else if (!fetch->is_standing_by) {
        log_info("lease.awaited", kv("lease", fetch->tenure.name), kv("reason", err->text));
    }
    fetch->is_standing_by = true;
    outage_end(&fetch->database);
    close_session(fetch);
    wait_for_remedy(fetch, MIN(fetch->config->poll_us / US_PER_MS, MS_PER_S));
}

/* Is there anything else to do than to end? */
static bool recover(struct fetch *fetch, const struct err *err)
{
    bool has_lease = fetch->tenure.epoch != 0;
    if (fetch->culprit == FETCH_DATABASE && err->status == ST_NOT_FOUND && !has_lease) {
        stand_by(fetch, err);
        return true;
    }
    bool is_hopeless = fetch->culprit == FETCH_DATABASE &&
                       (err->status == ST_FATAL || err->status == ST_NOT_FOUND);
    close_session(fetch);
    if (is_hopeless) {
        return false;
    }
    bool is_database = fetch->culprit == FETCH_DATABASE;
    int64_t wait_ms = outage_note(is_database ? &fetch->database : &fetch->imap, err);
    if (!is_database) {
        outage_end(&fetch->database);
    }
    tell(fetch, is_database ? &fetch->database_health : &fetch->imap_health, err);
    wait_for_remedy(fetch, wait_ms);
    return true;
}

static void set_up(struct fetch *fetch)
{
    g_autofree char *lease = g_strdup_printf("fetch:%" PRId64, fetch->mailbox);
    int64_t first_ms = fetch->config->restart_us / US_PER_MS;
    tenure_init(&fetch->tenure, lease);
    fetch->database = (struct outage){.lost_event = "database.lost",
                                      .back_event = "database.regained",
                                      .first_ms = first_ms,
                                      .most_ms = LIMIT_DATABASE_OUTAGE_MS};
    fetch->imap = (struct outage){.lost_event = "imap.lost",
                                  .back_event = "imap.regained",
                                  .first_ms = first_ms,
                                  .most_ms = outage_most_ms(fetch->config)};
    fetch->imap_health.thing = "imap";
    fetch->move_health.thing = "move";
    fetch->database_health.thing = "database";
    fetch->moving = (struct outage){.lost_event = "move.refused",
                                    .back_event = "move.regained",
                                    .first_ms = first_ms,
                                    .most_ms = outage_most_ms(fetch->config)};
}

enum status fetch_run(const struct config *config, int64_t mailbox, struct err *err)
{
    struct fetch fetch = {.config = config, .mailbox = mailbox};
    enum status status = ST_OK;
    LOG_SCOPE(kv("mailbox", mailbox));
    set_up(&fetch);
    while (!stop_requested()) {
        status = round_once(&fetch, err);
        if (status != ST_OK && !stop_requested() && !recover(&fetch, err)) {
            break;
        }
        status = ST_OK;
    }
    close_session(&fetch);
    tenure_end(&fetch.tenure, fetch.conn);
    tenure_done(&fetch.tenure);
    health_done(&fetch.imap_health);
    health_done(&fetch.move_health);
    health_done(&fetch.database_health);
    conn_close(fetch.conn);
    return status;
}
