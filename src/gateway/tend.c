/* tend - which mailboxes there are, and what time asks for
 *
 * The supervisor has no database; tend reads for it which mailboxes are enabled and says the whole list
 * each time. Every host reads all mailboxes' names: who really fetches one is decided by its own lease, so that
 * a host may fall out at any moment and another's fetch, which waits already, goes on.
 *
 * One tend of the desk holds the lease "tend": it is the one that does what must be done once (gateway/chores, rules of the
 * time).
 * The others are ready to.
 *
 * Without the database there is no news: the supervisor keeps what it has.
 * I/O: its own connection, the supervisor's socket.
 */
#include "gateway/tend.h"

#include <glib.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/roster.h"
#include "core/stop.h"
#include "db/conn.h"
#include "db/migrate.h"
#include "db/tx.h"
#include "gateway/chores.h"
#include "gateway/outage.h"
#include "gateway/rule_act.h"
#include "gateway/tenure.h"
#include "store/desk.h"

enum { US_PER_MS = 1000 };

struct tend {
    const struct config *config; /* borrowed */
    int report_fd;
    struct conn *conn; /* own */
    struct tenure tenure;
    struct rule_tick *tick; /* own */
    struct outage database;
    bool is_orphan; /* nobody reads what we report */
};

static enum status open_database(struct tend *tend, struct err *err)
{
    if (tend->conn && conn_is_broken(tend->conn)) {
        g_clear_pointer(&tend->conn, conn_close);
    }
    if (tend->conn) {
        return ST_OK;
    }
    enum status status = conn_open_service(tend->config->database, "postdesk tend", &tend->conn,
                                           err);
    if (status == ST_OK) {
        status = migrate_check(tend->conn, err);
    }
    if (status == ST_OK) {
        status = conn_listen(tend->conn, "postdesk_mailbox", err);
    }
    if (status != ST_OK) {
        g_clear_pointer(&tend->conn, conn_close);
    }
    return status;
}

static enum status keep_lease(struct tend *tend, struct err *err)
{
    bool was_held = tend->tenure.epoch != 0;
    enum status status = tenure_keep(&tend->tenure, tend->conn, err);
    if (status == ST_OK && !was_held) {
        log_info("lease.taken", kv("lease", tend->tenure.name), kv("epoch", tend->tenure.epoch));
    } else if (status == ST_NOT_FOUND && was_held) {
        log_warning("lease.lost", kv("lease", tend->tenure.name), kv("error", err->text));
    }
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status report(struct tend *tend, struct err *err)
{
    g_autoptr(GArray) mailboxes = NULL;
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(tend->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = desk_store_enabled(tx, &mailboxes, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (status != ST_OK) {
        return status;
    }
    status = roster_send(tend->report_fd, (const int64_t *)(const void *)mailboxes->data,
                         mailboxes->len, err);
    tend->is_orphan = status == ST_TEMPFAIL;
    return status;
}

static enum status round_once(struct tend *tend, struct err *err)
{
    enum status status = open_database(tend, err);
    if (status == ST_OK) {
        status = keep_lease(tend, err);
    }
    if (status == ST_OK) {
        status = report(tend, err);
    }
    if (status == ST_OK && tend->tenure.epoch != 0) {
        status = chores_do(tend->conn, err);
    }
    if (status == ST_OK && tend->tenure.epoch != 0) {
        status = rule_tick_do(tend->tick, tend->conn, err);
    }
    if (status == ST_OK) {
        outage_end(&tend->database);
        status = conn_wait(tend->conn, tend->config->poll_us / US_PER_MS, stop_fd(), err);
    }
    return status == ST_NOT_FOUND ? ST_OK : status;
}

enum status tend_run(const struct config *config, int report_fd, struct err *err)
{
    struct tend tend = {.config = config, .report_fd = report_fd, .tick = rule_tick_new()};
    tend.database = (struct outage){.lost_event = "database.lost",
                                    .back_event = "database.regained",
                                    .first_ms = config->restart_us / US_PER_MS,
                                    .most_ms = LIMIT_DATABASE_OUTAGE_MS};
    tenure_init(&tend.tenure, "tend");
    enum status status = ST_OK;
    while (!stop_requested()) {
        status = round_once(&tend, err);
        if (status == ST_FATAL || tend.is_orphan) {
            break;
        }
        if (status != ST_OK) {
            outage_wait(outage_note(&tend.database, err));
            status = ST_OK;
        }
    }
    tenure_end(&tend.tenure, tend.conn);
    tenure_done(&tend.tenure);
    rule_tick_free(tend.tick);
    conn_close(tend.conn);
    return status;
}
