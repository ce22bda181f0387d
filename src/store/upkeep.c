/* upkeep - what tend counts and clears away
 *
 * Monitors ask each minute, and a desk may have seen ten million mails; so what needs a look at many rows is done here,
 * rarely, and its result is a row of measure.
 *
 * Decisions are counted up to a mail, from where the last count ended: mails that all have been decided, and are a minute
 * old, so that none with a lower number can still come. A mail that is held counts as held, and stays counted as that
 * when a person has decided on it; then the sums by state are the audit's, not these.
 *
 * Cleared away are calls of web hooks that ended long ago and what rules of versions that are live no more did.
 * I/O: the caller's transaction.
 */
#include "store/upkeep.h"

static const struct statement LOOK = {
    "upkeep_look",
    "SELECT NOT EXISTS (SELECT FROM chore WHERE name = 'count' AND done_at > now() - interval '1 minute'),"
    " NOT EXISTS (SELECT FROM chore WHERE name = 'account' AND done_at > now() - interval '1 hour'),"
    " NOT EXISTS (SELECT FROM chore WHERE name = 'clean' AND done_at > now() - interval '1 day')"};

#define TAKE_CHORE(name, interval)                                                                  \
 "INSERT INTO chore AS c (name, done_at) VALUES ('" name "', now())"                                \
 " ON CONFLICT (name) DO UPDATE SET done_at = now() WHERE c.done_at <= now() - interval '" interval \
 "' RETURNING name"

static const struct statement TAKE_COUNT = {"upkeep_take_count", TAKE_CHORE("count", "1 minute")};
static const struct statement TAKE_ACCOUNT = {"upkeep_take_account",
                                              TAKE_CHORE("account", "1 hour")};
static const struct statement TAKE_CLEAN = {"upkeep_take_clean", TAKE_CHORE("clean", "1 day")};

static const struct statement COUNT = {
    "upkeep_count",
    "WITH mark AS (SELECT coalesce((SELECT value FROM measure WHERE name = 'counted to'), 0) AS low),"
    " span AS MATERIALIZED (SELECT low, least(low + 50000, (SELECT coalesce(max(id), 0) FROM inbound_mail),"
    "  (SELECT min(id) - 1 FROM inbound_mail WHERE state = 'received'),"
    "  (SELECT id - 1 FROM inbound_mail WHERE id > low AND received_at > now() - interval '1 minute'"
    "   ORDER BY id LIMIT 1)) AS high FROM mark),"
    " counts AS (SELECT 'decisions ' || state || ' ' || coalesce(outcome, 'none') AS name, count(*)"
    "  FROM inbound_mail, span WHERE id > low AND id <= high GROUP BY 1"
    "  UNION ALL SELECT 'counted to', high - low FROM span WHERE high > low)"
    " INSERT INTO measure AS m (name, value) SELECT name, count FROM counts"
    " ON CONFLICT (name) DO UPDATE SET value = m.value + excluded.value, at = now()"};

static const struct statement ACCOUNT = {
    "upkeep_account",
    "INSERT INTO measure AS m (name, value) SELECT 'unaccounted',"
    " coalesce(sum(abs(coalesce(f.fetched, 0) - coalesce(i.count, 0))), 0)::int8 FROM mailbox_folder f"
    " FULL JOIN (SELECT mailbox, folder, uidvalidity, count(*) FROM inbound_mail GROUP BY 1, 2, 3) i"
    " USING (mailbox, folder, uidvalidity)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = now()"};

static const struct statement CLEAN_HOOKS = {
    "upkeep_clean_hooks", "DELETE FROM web_hook_call WHERE id IN (SELECT id FROM web_hook_call"
                          " WHERE state <> 'queued' AND ended_at < now() - interval '30 days'"
                          " ORDER BY ended_at LIMIT 10000)"};

/* Version 0 are the rules that every desk begins with. */
static const struct statement CLEAN_RULES = {
    "upkeep_clean_rules",
    "DELETE FROM rule_stat s WHERE s.version <> coalesce((SELECT id FROM rule_version WHERE is_live), 0)"
    " AND greatest(s.last_at, s.fault_at, (SELECT made_at FROM rule_version WHERE id > s.version"
    "  ORDER BY id LIMIT 1)) < now() - interval '90 days'"};

static const struct {
    const struct statement *take;
    const struct statement *work[2];
} WORKS[] = {
    [UPKEEP_COUNT] = {&TAKE_COUNT, {&COUNT}},
    [UPKEEP_ACCOUNT] = {&TAKE_ACCOUNT, {&ACCOUNT}},
    [UPKEEP_CLEAN] = {&TAKE_CLEAN, {&CLEAN_HOOKS, &CLEAN_RULES}},
};

enum status upkeep_store_look(struct tx *tx, bool is_due_out[UPKEEP_KINDS], struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &LOOK, NULL, &rows, err);

    for (int kind = 0; status == ST_OK && kind < UPKEEP_KINDS; kind++) {
        is_due_out[kind] = row_bool(rows, 0, kind);
    }
    return status;
}

enum status upkeep_store_do(struct tx *tx, enum upkeep kind, struct err *err)
{
    OWNED(rows) taken = NULL;
    enum status status = tx_query(tx, WORKS[kind].take, NULL, &taken, err);

    if (status != ST_OK || rows_count(taken) == 0) {
        return status;
    }
    tx_take_time(tx);
    for (size_t i = 0; i < G_N_ELEMENTS(WORKS[kind].work); i++) {
        if (WORKS[kind].work[i] != NULL) {
            tx_queue(tx, WORKS[kind].work[i], NULL, NULL);
        }
    }
    return tx_sync(tx, err);
}
