/* ticket_search - postdesk ticket search
 *
 * Full text over titles and comments, closed tickets too, the best first. The words are PostgreSQL's web search: all of
 * them have to be there, "in quotes" side by side, or between two means one of them, and -word without it. What was
 * found is marked «so», on a terminal and in JSON alike. New comments are found a moment after they came.
 * I/O: the database, stdout.
 */
#include "cli/ticket_search.h"

#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/search.h"

enum { DEFAULT_ROWS = 20 };

static const struct field COLUMNS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"subject", "TITLE", FIELD_TEXT, true},
    {"status", "STATUS", FIELD_TEXT, false},
    {"priority", NULL, FIELD_TEXT, false},
    {"requester", "REQUESTER", FIELD_TEXT, true},
    {"assignee", NULL, FIELD_TEXT, false},
    {"created_at", NULL, FIELD_TIME, false},
    {"comment", NULL, FIELD_NUMBER, false},
    {"snippet", "FOUND", FIELD_TEXT, true},
};

/* The words as one text, as they were typed. */
static char *join_words(const struct args *args)
{
    g_autoptr(GString) text = g_string_new("");

    for (size_t i = 0; i < args->words->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : " ", args_word(args, i));
    }
    return text_scrub(text->str, (gssize)text->len);
}

enum status ticket_run_search(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    g_autofree char *words = join_words(args);
    const char *limit = args_value(args, "limit");
    int64_t count = DEFAULT_ROWS;
    enum status status = ST_OK;

    if (limit != NULL) {
        status = text_parse_int64(limit, 1, LIMIT_LIST_ROWS, &count, err);
    }
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = search_store_find(tx, words, count, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, COLUMNS, G_N_ELEMENTS(COLUMNS));
    }
    return status;
}

const struct flag TICKET_SEARCH_FLAGS[] = {
    {"limit", "N", "at most so many (20)", false, false},
    {NULL, NULL, NULL, false, false},
};
