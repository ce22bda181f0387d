/* search - full text over titles and comments
 *
 * The way of a mail pays nothing for the search: tend fills in the words shortly after (gateway/chores), under load when
 * no mail waits. The words of a
 * comment stand together with those of its ticket's title, which weigh more, so that one query may speak of both.
 *
 * Comments get their numbers before they are committed, so a number may appear after a larger one. What is newer than
 * SETTLED is therefore looked at again each time; search_state remembers how far the rest is. A transaction that took
 * longer still is caught by the sweep, which once a day goes back by SWEEP numbers.
 *
 * The words are those of one language. When the desk's is another, all are filled in anew, the oldest first; what is
 * not there yet is not found yet. A title that was changed is marked by whoever changed it (sql/0007_fields.sql).
 * I/O: the caller's transaction.
 */
#include "store/search.h"

#include "core/limits.h"

#define WANTED_LANGUAGE \
 "coalesce((SELECT value FROM setting WHERE name = 'search-language'), 'simple')"
#define SETTLED "now() - interval '20 seconds'"
#define SWEEP   "100000"

/* What is behind the remembered numbers and has no words yet. Scalar subqueries, because a join would be planned for
 * the third of the table that "greater than something" is taken for, and read all of it each second. */
#define FRESH_COMMENTS                                                                                              \
 " c.id > greatest(s.comment, $1::int8) AND (SELECT w.comment FROM comment_words w WHERE w.comment = c.id) IS NULL" \
 " ORDER BY c.id LIMIT "
#define FRESH_TICKETS                                                                                           \
 " t.id > greatest(s.ticket, $2::int8) AND (SELECT w.ticket FROM ticket_words w WHERE w.ticket = t.id) IS NULL" \
 " ORDER BY t.id LIMIT "
#define PORTION G_STRINGIFY(LIMIT_SEARCH_PORTION)

/* Mail that waits goes first, but not for longer than PATIENCE. */
#define PATIENCE "interval '1 minute'"

static const struct statement LOOK = {
    "search_look",
    "SELECT (s.language <> " WANTED_LANGUAGE " OR EXISTS (SELECT FROM ticket_words WHERE is_stale)"
    " OR (SELECT c.id FROM comment c WHERE" FRESH_COMMENTS "1) IS NOT NULL"
    " OR (SELECT t.id FROM ticket t WHERE" FRESH_TICKETS "1) IS NOT NULL)"
    " AND (NOT EXISTS (SELECT FROM inbound_mail WHERE state = 'received')"
    " OR coalesce((SELECT c.created_at FROM comment c WHERE" FRESH_COMMENTS "1) < now() - " PATIENCE
    ", false)) FROM search_state s"};

static const struct statement SWEEP_BACK = {
    "search_sweep",
    "WITH due AS (INSERT INTO chore AS c (name, done_at) VALUES ('search-sweep', now())"
    "  ON CONFLICT (name) DO UPDATE SET done_at = now()"
    "  WHERE c.done_at < now() - interval '1 day' RETURNING 1)"
    " UPDATE search_state SET comment = greatest(comment - " SWEEP ", 0),"
    "  ticket = greatest(ticket - " SWEEP ", 0) WHERE EXISTS (SELECT FROM due)"};

static const struct statement STATE = {"search_state", "SELECT language <> " WANTED_LANGUAGE
                                                       " FROM search_state FOR UPDATE"};

static const struct statement FORGET = {"search_forget", "TRUNCATE comment_words, ticket_words"};

static const struct statement BEGIN_ANEW = {"search_begin_anew",
                                            "UPDATE search_state SET language = " WANTED_LANGUAGE
                                            ", comment = 0, ticket = 0"};

/* Of a ticket whose title was changed the comments are filled in again with it. */
static const struct statement FORGET_STALE = {
    "search_forget_stale",
    "WITH stale AS (UPDATE ticket_words w SET is_stale = false,"
    "  words = setweight(to_tsvector(s.language::regconfig, t.subject), 'A')"
    "  FROM ticket t, search_state s WHERE w.is_stale AND t.id = w.ticket RETURNING w.ticket, w.words)"
    " UPDATE comment_words c SET words = stale.words || to_tsvector(s.language::regconfig, k.body)"
    " FROM stale, comment k, search_state s WHERE c.ticket = stale.ticket AND k.id = c.comment"};

static const struct statement FILL_TICKETS = {
    "search_fill_tickets",
    "WITH fresh AS (SELECT f.id, f.subject, s.language FROM search_state s, LATERAL"
    "  (SELECT t.id, t.subject FROM ticket t WHERE $1::int8 >= 0 AND" FRESH_TICKETS PORTION ") f)"
    " INSERT INTO ticket_words (ticket, words)"
    " SELECT id, setweight(to_tsvector(language::regconfig, subject), 'A') FROM fresh"
    " ON CONFLICT DO NOTHING RETURNING ticket"};

static const struct statement FILL_COMMENTS = {
    "search_fill_comments",
    "WITH fresh AS (SELECT f.*, s.language FROM search_state s, LATERAL"
    "  (SELECT c.id, c.ticket, c.body FROM comment c WHERE $2::int8 >= 0 AND" FRESH_COMMENTS PORTION
    ") f)"
    " INSERT INTO comment_words (comment, ticket, words)"
    " SELECT f.id, f.ticket, setweight(to_tsvector(f.language::regconfig, t.subject), 'A')"
    "  || to_tsvector(f.language::regconfig, f.body) FROM fresh f JOIN ticket t ON t.id = f.ticket"
    " ON CONFLICT DO NOTHING RETURNING comment"};

/* Up to these numbers (NULL: all that there are) everything is filled in. */
static const struct statement ADVANCE = {
    "search_advance",
    "UPDATE search_state s SET"
    " comment = greatest(s.comment, (SELECT max(c.id) FROM comment c WHERE c.id > s.comment"
    "  AND ($1::int8 IS NULL OR c.id <= $1) AND c.created_at < " SETTLED ")),"
    " ticket = greatest(s.ticket, (SELECT max(t.id) FROM ticket t WHERE t.id > s.ticket"
    "  AND ($2::int8 IS NULL OR t.id <= $2) AND t.created_at < " SETTLED "))"};

static const struct statement CHECK = {
    "search_check",
    "SELECT numnode(websearch_to_tsquery(s.language::regconfig, $1)) FROM search_state s"};

#define MARKS "StartSel=«, StopSel=»"

static const struct statement FIND = {
    "search_find",
    "WITH q AS MATERIALIZED (SELECT websearch_to_tsquery(s.language::regconfig, $1) AS query,"
    "  s.language::regconfig AS language FROM search_state s),"
    " hit AS (SELECT w.ticket, w.comment, ts_rank_cd(w.words, q.query, 1) AS rank"
    "  FROM q JOIN comment_words w ON w.words @@ q.query"
    "  UNION ALL SELECT w.ticket, NULL, ts_rank_cd(w.words, q.query, 1)"
    "  FROM q JOIN ticket_words w ON w.words @@ q.query),"
    " best AS (SELECT ticket, max(rank) AS rank, (array_agg(comment ORDER BY rank DESC, comment)"
    "  FILTER (WHERE comment IS NOT NULL))[1] AS comment FROM hit GROUP BY ticket"
    "  ORDER BY 2 DESC, 1 DESC LIMIT $2)"
    " SELECT t.id, ts_headline(q.language, t.subject, q.query, 'HighlightAll=true, " MARKS "'),"
    " coalesce(t.status_name, t.status), t.priority, r.name, a.name, t.created_at, c.id,"
    " ts_headline(q.language, c.body, q.query, 'MaxFragments=1, MaxWords=16, MinWords=6, " MARKS
    "')"
    " FROM q, best b JOIN ticket t ON t.id = b.ticket JOIN person r ON r.id = t.requester"
    " LEFT JOIN person a ON a.id = t.assignee LEFT JOIN comment c ON c.id = b.comment"
    " ORDER BY b.rank DESC, t.id DESC"};

static void add_mark(struct params *params, const struct search_mark *mark)
{
    params_add_int64(params, mark->comment);
    params_add_int64(params, mark->ticket);
}

enum status search_store_look(struct tx *tx, bool *is_due_out, struct err *err)
{
    static const struct search_mark NOWHERE = {0};
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    add_mark(params, &NOWHERE);
    enum status status = tx_query(tx, &LOOK, params, &rows, err);
    if (status == ST_OK) {
        *is_due_out = row_bool(rows, 0, 0);
    }
    return status;
}

/* ---- filling ---- */

static enum status begin(struct tx *tx, struct search_mark *mark, struct err *err)
{
    OWNED(rows) state = NULL;

    tx_queue(tx, &SWEEP_BACK, NULL, NULL);
    enum status status = tx_query(tx, &STATE, NULL, &state, err);
    if (status == ST_OK && row_bool(state, 0, 0)) {
        *mark = (struct search_mark){0};
        tx_queue(tx, &FORGET, NULL, NULL);
        tx_queue(tx, &BEGIN_ANEW, NULL, NULL);
        status = tx_sync(tx, err);
    }
    return status;
}

/* The largest number of a full portion; 0: there is nothing behind it. */
static int64_t portion_end(const struct rows *rows)
{
    int64_t last = 0;

    for (int row = 0; row < rows_count(rows); row++) {
        last = MAX(last, row_int64(rows, row, 0));
    }
    return rows_count(rows) < LIMIT_SEARCH_PORTION ? 0 : last;
}

static enum status advance(struct tx *tx, int64_t comment, int64_t ticket, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_id(params, comment);
    params_add_id(params, ticket);
    return tx_query(tx, &ADVANCE, params, NULL, err);
}

enum status search_store_fill(struct tx *tx, struct search_mark *mark, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) tickets = NULL;
    OWNED(rows) comments = NULL;
    struct search_mark now = *mark;
    enum status status = begin(tx, &now, err);

    if (status != ST_OK) {
        return status;
    }
    add_mark(params, &now);
    tx_queue(tx, &FORGET_STALE, NULL, NULL);
    tx_queue(tx, &FILL_TICKETS, params, &tickets);
    tx_queue(tx, &FILL_COMMENTS, params, &comments);
    status = tx_sync(tx, err);
    if (status == ST_OK) {
        status = advance(tx, portion_end(comments), portion_end(tickets), err);
    }
    if (status == ST_OK) {
        mark->comment = MAX(now.comment, portion_end(comments));
        mark->ticket = MAX(now.ticket, portion_end(tickets));
        mark->is_more = portion_end(comments) != 0 || portion_end(tickets) != 0;
    }
    return status;
}

/* ---- finding ---- */

enum status search_store_find(struct tx *tx, const char *words, int64_t limit,
                              struct rows **rows_out, struct err *err)
{
    OWNED(params) query = params_new();
    OWNED(params) params = params_new();
    OWNED(rows) nodes = NULL;
    OWNED(rows) rows = NULL;

    params_add_text(query, words);
    params_add_text(params, words);
    params_add_int64(params, limit);
    tx_queue(tx, &CHECK, query, &nodes);
    tx_queue(tx, &FIND, params, &rows);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK && row_int64(nodes, 0, 0) == 0) {
        return err_set(err, ST_INVALID, "there is no word to search for in \"%.80s\"", words);
    }
    if (status == ST_OK) {
        *rows_out = g_steal_pointer(&rows);
    }
    return status;
}
