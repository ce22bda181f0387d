/* health - how a desk is doing
 *
 * The roles write here what they know: each thing that a mailbox needs has one row, with what its user says of
 * it, and since when. A row is written when that changes and now and then while it does not, so a role that says
 * nothing any more is seen as well. The time of a row is the database's; the host adds its own, so that a clock
 * that is wrong is seen, too.
 *
 * For people and monitors everything is read in one round trip. Each query has an index to go by or few rows to
 * look at, whatever the desk has seen in its life: a monitor asks each minute. What can only be counted by
 * looking at whole tables is a measure, which tend takes now and then.
 * I/O: the caller's transaction. Judges nothing: that is cli/troubles.
 */
#include "store/health.h"

const char *health_state_name(enum health_state state)
{
    switch (state) {
    case HEALTH_WELL:
        return "well";
    case HEALTH_PASSING:
        return "passing";
    case HEALTH_LASTING:
        return "lasting";
    }
    return "unknown";
}

static const struct statement SAY = {
    "health_say",
    "INSERT INTO health AS h (mailbox, thing, state, says, hint, host, skew_us, certificate_until)"
    " VALUES ($1, $2, $3, $4, $5, $6,"
    " (extract(epoch FROM $7::timestamptz - clock_timestamp()) * 1e6)::int8, $8)"
    " ON CONFLICT (mailbox, thing) DO UPDATE SET state = excluded.state, says = excluded.says,"
    " hint = excluded.hint, said_at = now(), host = excluded.host, skew_us = excluded.skew_us,"
    " since = CASE WHEN (h.state = 'well') = (excluded.state = 'well') THEN h.since ELSE now() END,"
    " certificate_until = coalesce(excluded.certificate_until, h.certificate_until)"};

enum status health_store_say(struct tx *tx, const struct health_word *word, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, word->mailbox);
    params_add_text(params, word->thing);
    params_add_text(params, health_state_name(word->state));
    params_add_text(params, word->says);
    params_add_text(params, word->hint);
    params_add_text(params, word->host);
    params_add_time(params, word->host_us);
    params_add_time(params, word->certificate_until_us);
    return tx_query(tx, &SAY, params, NULL, err);
}

/* ---- for people and monitors ------------------------------------------------------------------- */

#define SECONDS(interval) "extract(epoch FROM " interval ")::int8"
#define SECONDS_SINCE(at) SECONDS("now() - " at)
#define A_DAY_AGO         "now() - interval '1 day'"

/* The newest mail of a mailbox is that of the highest UID in one of its folders as they are numbered now. */
static const struct statement MAILBOXES = {
    "health_mailboxes",
    "SELECT m.id, m.address, m.is_enabled, l.received_at, " SECONDS_SINCE(
        "l.received_at") ","
                         " " SECONDS(
                             "l.arrived_at - l.received_at") ","
                                                             " coalesce((SELECT sum(fetched) FROM mailbox_folder WHERE mailbox = m.id), 0)::int8,"
                                                             " EXISTS (SELECT FROM lease WHERE name = 'fetch:' || m.id AND until >= now()),"
                                                             " (SELECT " SECONDS_SINCE(
                                                                 "f.first_at") " FROM mailbox_folder f WHERE f.mailbox = m.id"
                                                                               "  AND f.folder = 'INBOX' AND f.first_at IS NOT NULL AND EXISTS (SELECT FROM mailbox_folder o"
                                                                               "  WHERE o.mailbox = f.mailbox AND o.folder = f.folder AND o.uidvalidity <> f.uidvalidity"
                                                                               "  AND coalesce(o.first_at, to_timestamp(0)) < f.first_at) ORDER BY f.first_at DESC LIMIT 1)"
                                                                               " FROM mailbox m LEFT JOIN LATERAL (SELECT n.received_at, n.arrived_at FROM mailbox_folder f"
                                                                               " CROSS JOIN LATERAL (SELECT i.received_at, i.arrived_at FROM inbound_mail i"
                                                                               "  WHERE i.mailbox = f.mailbox AND i.folder = f.folder AND i.uidvalidity = f.uidvalidity"
                                                                               "  ORDER BY i.uid DESC LIMIT 1) n"
                                                                               " WHERE f.mailbox = m.id ORDER BY n.received_at DESC LIMIT 1) l ON true ORDER BY m.address"};

/* A word on sending is old news when nothing waits to be sent and nobody has tried for a while. */
static const struct statement WORDS = {
    "health_words",
    "SELECT h.mailbox, h.thing, h.state, h.says, h.hint, h.since, " SECONDS_SINCE(
        "h.since") ","
                   " " SECONDS_SINCE(
                       "h.said_at") ", h.certificate_until,"
                                    " " SECONDS(
                                        "h.certificate_until - now()") ", h.skew_us / 1000000, h.host"
                                                                       " FROM health h JOIN mailbox m ON m.id = h.mailbox AND m.is_enabled"
                                                                       " WHERE h.thing <> 'smtp' OR h.state = 'well' OR h.said_at > now() - interval '5 minutes'"
                                                                       " OR EXISTS (SELECT FROM outbound_mail o WHERE o.mailbox = h.mailbox AND o.state = 'queued')"
                                                                       " ORDER BY h.mailbox, h.thing"};

static const struct statement IN = {
    "health_in", "SELECT w.count, coalesce(w.age, 0), h.count, coalesce(h.age, 0) FROM"
                 " (SELECT count(*), " SECONDS_SINCE(
                     "min(received_at)") " AS age FROM inbound_mail"
                                         "  WHERE state = 'received') w,"
                                         " (SELECT count(*), " SECONDS_SINCE(
                                             "min(received_at)") " AS age FROM inbound_mail"
                                                                 "  WHERE state = 'held') h"};

static const struct statement OUT = {
    "health_out",
    "SELECT q.count, q.tried, q.stopped, coalesce(q.age, 0), q.late,"
    " (SELECT count(*) FROM outbound_mail WHERE state = 'failed' AND ended_at > " A_DAY_AGO "),"
    " (SELECT count(*) FROM outbound_mail WHERE state = 'suppressed' AND queued_at > " A_DAY_AGO
    "  AND notice NOT LIKE 'probe%')"
    " FROM (SELECT count(*), count(*) FILTER (WHERE attempt > 0) AS tried,"
    " count(*) FILTER (WHERE stopped_by IS NOT NULL) AS stopped,"
    " " SECONDS_SINCE(
        "min(queued_at) FILTER (WHERE stopped_by IS NULL)") " AS age,"
                                                            " count(*) FILTER (WHERE greatest(next_try_at, coalesce(lease_until, next_try_at))"
                                                            "  < now() - interval '5 minutes') AS late"
                                                            " FROM outbound_mail WHERE state = 'queued') q"};

static const struct statement HOOKS = {
    "health_hooks",
    "SELECT q.count, coalesce(q.age, 0), (SELECT count(*) FROM web_hook_call"
    "  WHERE state = 'failed' AND ended_at > " A_DAY_AGO ")"
    " FROM (SELECT count(*), " SECONDS_SINCE("min(queued_at)") " AS age FROM web_hook_call"
                                                               "  WHERE state = 'queued') q"};

static const struct statement DESK = {
    "health_desk",
    "SELECT clock_timestamp(), EXISTS (SELECT FROM lease WHERE name = 'tend' AND until >= now()),"
    " pg_database_size(current_database()), pg_is_in_recovery(),"
    " coalesce((SELECT id FROM rule_version WHERE is_live), 0)::int8,"
    " (SELECT count(DISTINCT rule) FROM rule_stat WHERE fault_at > " A_DAY_AGO "),"
    " (SELECT count(*) FROM mailbox WHERE is_enabled),"
    " " SECONDS("clock_timestamp() - $1::timestamptz")};

static const struct statement MEASURES = {
    "health_measures", "SELECT name, value, " SECONDS_SINCE("at") " FROM measure ORDER BY name"};

static const struct statement PEOPLE = {
    "health_people",
    "SELECT p.name, a.address FROM person_address a JOIN person p ON p.id = a.person"
    " WHERE a.is_dead AND p.is_technician AND NOT p.is_disabled ORDER BY a.address"};

enum status health_store_read(struct tx *tx, int64_t host_us, struct health_rows *rows_out,
                              struct err *err)
{
    OWNED(params) params = params_new();
    struct health_rows rows = {NULL};

    params_add_time(params, host_us);
    tx_queue(tx, &MAILBOXES, NULL, &rows.mailboxes);
    tx_queue(tx, &WORDS, NULL, &rows.words);
    tx_queue(tx, &IN, NULL, &rows.in);
    tx_queue(tx, &OUT, NULL, &rows.out);
    tx_queue(tx, &HOOKS, NULL, &rows.hooks);
    tx_queue(tx, &DESK, params, &rows.desk);
    tx_queue(tx, &MEASURES, NULL, &rows.measures);
    tx_queue(tx, &PEOPLE, NULL, &rows.people);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        *rows_out = rows;
    }
    return status;
}

void health_rows_clear(struct health_rows *rows)
{
    g_clear_pointer(&rows->mailboxes, rows_free);
    g_clear_pointer(&rows->words, rows_free);
    g_clear_pointer(&rows->in, rows_free);
    g_clear_pointer(&rows->out, rows_free);
    g_clear_pointer(&rows->hooks, rows_free);
    g_clear_pointer(&rows->desk, rows_free);
    g_clear_pointer(&rows->measures, rows_free);
    g_clear_pointer(&rows->people, rows_free);
}

/* ---- the server itself ------------------------------------------------------------------------- */

static const struct statement DATABASE = {
    "health_database",
    "SELECT current_setting('server_version'),"
    " (SELECT setting FROM pg_settings WHERE name = 'data_directory'),"
    " coalesce(inet_server_addr() = inet_client_addr(), true), pg_database_size(current_database()),"
    " current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'"
    "  AND current_setting('synchronous_commit') <> 'off',"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),"
    " current_setting('max_connections')::int8"};

static const struct statement TRY_WRITE = {
    "health_try_write", "CREATE TEMPORARY TABLE health_try ON COMMIT DROP AS"
                        " SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000)"};

enum status health_store_database(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &DATABASE, NULL, rows_out, err);
}

enum status health_store_try_write(struct tx *tx, struct err *err)
{
    return tx_query(tx, &TRY_WRITE, NULL, NULL, err);
}
