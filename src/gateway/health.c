/* health - what a role says of a thing that it needs
 *
 * The log tells when something broke. What is broken now is asked by people who do not read the log of each host:
 * so roles keep it in the database, one row a thing of a mailbox, written when it changes and each LIMIT_HEALTH_MS
 * while it does not. Several hosts or senders that use the same thing write the same row: the last word counts, and
 * they all see the same server.
 *
 * Nothing hangs on it. A word that cannot be said is dropped, and the next one is said a while later.
 * I/O: database.
 */
#include "gateway/health.h"

#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "db/tx.h"
#include "gateway/outage.h"
#include "store/health.h"

enum { US_PER_MS = 1000 };

void health_done(struct health *health)
{
    g_clear_pointer(&health->said, g_free);
}

static enum health_state state_of(const struct err *err)
{
    if (err == NULL) {
        return HEALTH_WELL;
    }
    return outage_ends_by_itself(err->status) ? HEALTH_PASSING : HEALTH_LASTING;
}

static enum status say(struct conn *conn, const struct health_word *word, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = health_store_say(tx, word, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

void health_tell(struct health *health, struct conn *conn, const struct health_news *news)
{
    struct err err = {.status = ST_OK};
    struct health_word word = {
        .mailbox = news->mailbox,
        .thing = health->thing,
        .state = state_of(news->err),
        .says = news->err == NULL ? "" : news->err->text,
        .hint = news->err == NULL ? "" : news->err->hint,
        .host = g_get_host_name(),
        .host_us = clock_wall_us(clock_real()),
        .certificate_until_us = news->certificate_until_us,
    };
    int64_t now_us = clock_monotonic_us(clock_real());
    bool is_old = now_us - health->said_us >= (int64_t)LIMIT_HEALTH_MS * US_PER_MS;
    g_autofree char *text = g_strconcat(health_state_name(word.state), " ", word.says, NULL);

    if (conn == NULL || conn_is_broken(conn) || (!is_old && g_strcmp0(text, health->said) == 0)) {
        return;
    }
    health->said_us =
        now_us; /* also if it fails: a database that takes nothing is not asked each second */
    g_free(health->said);
    health->said = g_steal_pointer(&text);
    if (say(conn, &word, &err) != ST_OK) {
        log_debug("health.unsaid", kv("thing", health->thing), kv("error", err.text));
    }
}
