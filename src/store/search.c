/* search - full text over titles and comments
 *
 * The way of a mail pays nothing for the search: tend fills in the words shortly after (gateway/chores). The words of a
 * comment stand together with those of its ticket's title, which weigh more, so that one query may speak of both.
 *
 * Comments get their numbers before they are committed, so a number may appear after a larger one. What is newer than
 * SETTLED is therefore looked at again each time; below it nothing comes any more, since no transaction lives that
 * long (LIMIT_STATEMENT_MS), and search_state remembers how far that is.
 *
 * The words are those of one language. When the desk's is another, all are filled in anew, the oldest first; what is
 * not there yet is not found yet. A title that was changed is marked by whoever changed it (sql/0007_fields.sql).
 * I/O: the caller's transaction.
 */
#include "store/search.h"

#include "core/limits.h"

#define WANTED_LANGUAGE \
 "coalesce((SELECT value FROM setting WHERE name = 'search-language'), 'simple')"
#define SETTLED "now() - interval '2 minutes'"

static const struct statement LOOK = {
    "search_look",
    "SELECT s.language <> " WANTED_LANGUAGE " OR EXISTS (SELECT FROM ticket_words WHERE is_stale)"
    " OR EXISTS (SELECT FROM comment c WHERE c.id > s.comment"
    "  AND NOT EXISTS (SELECT FROM comment_words w WHERE w.comment = c.id))"
    " OR EXISTS (SELECT FROM ticket t WHERE t.id > s.ticket"
    "  AND NOT EXISTS (SELECT FROM ticket_words w WHERE w.ticket = t.id)) FROM search_state s"};

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
    "WITH fresh AS (SELECT t.id, t.subject, s.language FROM search_state s, ticket t"
    "  WHERE t.id > s.ticket AND NOT EXISTS (SELECT FROM ticket_words w WHERE w.ticket = t.id)"
    "  ORDER BY t.id LIMIT $1)"
    " INSERT INTO ticket_words (ticket, words)"
    " SELECT id, setweight(to_tsvector(language::regconfig, subject), 'A') FROM fresh"
    " ON CONFLICT DO NOTHING RETURNING ticket"};

static const struct statement FILL_COMMENTS = {
    "search_fill_comments",
    "WITH fresh AS (SELECT c.id, c.ticket, c.body, t.subject, s.language"
    "  FROM search_state s, comment c JOIN ticket t ON t.id = c.ticket"
    "  WHERE c.id > s.comment AND NOT EXISTS (SELECT FROM comment_words w WHERE w.comment = c.id)"
    "  ORDER BY c.id LIMIT $1)"
    " INSERT INTO comment_words (comment, ticket, words)"
    " SELECT id, ticket, setweight(to_tsvector(language::regconfig, subject), 'A')"
    "  || to_tsvector(language::regconfig, body) FROM fresh ON CONFLICT DO NOTHING RETURNING comment"};

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

enum status search_store_look(struct tx *tx, bool *is_due_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &LOOK, NULL, &rows, err);

    if (status == ST_OK) {
        *is_due_out = row_bool(rows, 0, 0);
    }
    return status;
}

/* ---- filling ---- */

static enum status begin(struct tx *tx, struct err *err)
{
    OWNED(rows) state = NULL;
    enum status status = tx_query(tx, &STATE, NULL, &state, err);

    if (status == ST_OK && row_bool(state, 0, 0)) {
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

enum status search_store_fill(struct tx *tx, bool *is_more_out, struct err *err)
{
    OWNED(params) portion = params_new();
    OWNED(params) ends = params_new();
    OWNED(rows) tickets = NULL;
    OWNED(rows) comments = NULL;
    enum status status = begin(tx, err);

    if (status != ST_OK) {
        return status;
    }
    params_add_int64(portion, LIMIT_SEARCH_PORTION);
    tx_queue(tx, &FORGET_STALE, NULL, NULL);
    tx_queue(tx, &FILL_TICKETS, portion, &tickets);
    tx_queue(tx, &FILL_COMMENTS, portion, &comments);
    status = tx_sync(tx, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_id(ends, portion_end(comments));
    params_add_id(ends, portion_end(tickets));
    status = tx_query(tx, &ADVANCE, ends, NULL, err);
    if (status == ST_OK) {
        *is_more_out = portion_end(comments) != 0 || portion_end(tickets) != 0;
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
