/* test_search - words of titles and comments: filled in, kept up, found */
#include <inttypes.h>

#include "core/limits.h"
#include "desk.h"
#include "store/search.h"
#include "store/ticket_change.h"

static const char ROWS[] =
    "INSERT INTO person (name, is_contact) VALUES ('Anna', true);"
    "INSERT INTO ticket (id, nonce, mailbox, requester, subject) VALUES (1, 1, 1, 1, 'Printers on fire'),"
    " (2, 1, 1, 1, 'Invoice'), (3, 1, 1, 1, 'No words at all');"
    "INSERT INTO comment (id, ticket, kind, author, body) VALUES (1, 1, 'public', 1, 'It smokes badly.'),"
    " (2, 1, 'note', 1, 'Bring water'), (3, 2, 'public', 1, 'The printer of the invoice is green.'),"
    " (4, 2, 'public', 1, 'Which invoice?');";

static struct desk search_new(void)
{
    struct desk desk = desk_new();
    g_free(database_run(desk.conninfo, ROWS));
    return desk;
}

static bool is_due(const struct desk *desk)
{
    TX_AUTO struct tx *tx = begin(desk);
    bool is_due = false;
    CHECK(search_store_look(tx, &is_due, &err));
    return is_due;
}

/* A portion behind the mark. */
static bool fill_behind(const struct desk *desk, struct search_mark *mark)
{
    TX_AUTO struct tx *tx = begin(desk);
    CHECK(search_store_fill(tx, mark, &err));
    CHECK(tx_commit(&tx, &err));
    return mark->is_more;
}

static bool fill(const struct desk *desk)
{
    struct search_mark mark = {0};
    return fill_behind(desk, &mark);
}

/* "ticket:comment ticket:comment", the best first. */
static void expect_found(const struct desk *desk, const char *words, const char *want)
{
    TX_AUTO struct tx *tx = begin(desk);
    OWNED(rows) rows = NULL;
    g_autoptr(GString) got = g_string_new("");

    CHECK(search_store_find(tx, words, 10, &rows, &err));
    for (int row = 0; row < rows_count(rows); row++) {
        g_string_append_printf(got, "%s%" PRId64 ":%" PRId64, row == 0 ? "" : " ",
                               row_int64(rows, row, 0), row_int64(rows, row, 7));
    }
    cr_expect_str_eq(got->str, want, "%s: got %s, want %s", words, got->str, want);
}

Test(search, finds_words_of_titles_and_comments)
{
    struct desk desk = search_new();

    cr_expect(is_due(&desk));
    cr_expect_not(fill(&desk));
    cr_expect_not(is_due(&desk));
    expect_found(&desk, "smokes", "1:1");
    expect_found(&desk, "SMOKES fire", "1:1"); /* one in the comment, one in the title */
    expect_found(&desk, "smokes water", "");   /* in different comments */
    expect_found(&desk, "smokes or water", "1:2");
    expect_found(&desk, "invoice", "2:4"); /* in the title; the shorter comment says it again */
    expect_found(&desk, "invoice -which", "2:3");
    expect_found(&desk, "\"bring water\"", "1:2");
    expect_found(&desk, "\"water bring\"", "");
    expect_found(&desk, "printer", "2:3"); /* word forms: not in this language */
    expect_found(&desk, "words", "3:0");
    desk_done(&desk);
}

Test(search, lets_mail_that_waits_go_first_for_a_minute)
{
    struct desk desk = search_new();

    g_free(database_run(
        desk.conninfo,
        "INSERT INTO inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
        " arrived_at) VALUES (1, 'INBOX', 1, 77, '\\x01' || sha256('a'), 1, 'x', now())"));
    cr_expect_not(is_due(&desk));
    g_free(
        database_run(desk.conninfo,
                     "UPDATE comment SET created_at = now() - interval '2 minutes' WHERE id = 1"));
    cr_expect(is_due(&desk));
    desk_done(&desk);
}

Test(search, marks_what_was_found)
{
    struct desk desk = search_new();
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    (void)fill(&desk);
    tx = begin(&desk);
    CHECK(search_store_find(tx, "invoice printer", 10, &rows, &err));
    cr_assert_eq(rows_count(rows), 1);
    cr_expect_str_eq(row_text(rows, 0, 1), "«Invoice»");
    cr_expect_str_eq(row_text(rows, 0, 8), "«printer» of the «invoice» is green");
    cr_expect_eq(search_store_find(tx, " -- ", 10, &rows, &err), ST_INVALID);
    cr_expect_str_eq(err.text, "there is no word to search for in \" -- \"");
    tx_rollback(g_steal_pointer(&tx));
    desk_done(&desk);
}

Test(search, another_language_fills_all_in_anew)
{
    struct desk desk = search_new();

    (void)fill(&desk);
    expect_found(&desk, "printers smoking", "");
    g_free(
        database_run(desk.conninfo, "INSERT INTO setting VALUES ('search-language', 'english')"));
    cr_expect(is_due(&desk));
    (void)fill(&desk);
    cr_expect_not(is_due(&desk));
    expect_found(&desk, "printer smoking", "1:1");
    expect_found(&desk, "printers", "1:1 2:3"); /* the title weighs more */
    {
        TX_AUTO struct tx *tx = begin(&desk);
        OWNED(rows) rows = NULL;
        cr_expect_eq(search_store_find(tx, "the", 10, &rows, &err), ST_INVALID);
    }
    desk_done(&desk);
}

Test(search, a_changed_title_is_found_and_the_old_one_is_not)
{
    struct desk desk = search_new();
    const struct ticket_change change = {.ticket = 1,
                                         .field = TICKET_FIELD_TITLE,
                                         .value = "Toaster",
                                         .actor = "root"};

    (void)fill(&desk);
    {
        TX_AUTO struct tx *tx = begin(&desk);
        ticket_change_queue(tx, &change, 1);
        CHECK(tx_commit(&tx, &err));
    }
    cr_expect(is_due(&desk));
    (void)fill(&desk);
    cr_expect_not(is_due(&desk));
    expect_found(&desk, "toaster smokes", "1:1");
    expect_found(&desk, "fire", "");
    desk_done(&desk);
}

Test(search, goes_on_where_it_was_and_misses_no_late_comer, .timeout = 60)
{
    struct desk desk = search_new();

    (void)fill(&desk);
    expect_sql(&desk, "SELECT comment || ' ' || ticket FROM search_state",
               "0 0"); /* all is young */
    g_free(database_run(desk.conninfo, "UPDATE comment SET created_at = now() - interval '1 hour';"
                                       "UPDATE ticket SET created_at = now() - interval '1 hour'"));
    (void)fill(&desk);
    expect_sql(&desk, "SELECT comment || ' ' || ticket FROM search_state", "4 3");

    /* 20 is committed after 21: it has the smaller number, and comes later. */
    g_free(database_run(desk.conninfo, "INSERT INTO comment (id, ticket, kind, author, body)"
                                       " VALUES (21, 1, 'public', 1, 'early')"));
    (void)fill(&desk);
    g_free(database_run(desk.conninfo, "INSERT INTO comment (id, ticket, kind, author, body)"
                                       " VALUES (20, 1, 'public', 1, 'latecomer')"));
    cr_expect(is_due(&desk));
    (void)fill(&desk);
    expect_found(&desk, "latecomer", "1:20");

    g_free(database_run(desk.conninfo,
                        "INSERT INTO comment (id, ticket, kind, author, body, created_at)"
                        " SELECT n, 1, 'public', 1, 'many ' || n, now() - interval '1 hour'"
                        " FROM generate_series(101, 1300) n"));
    struct search_mark mark = {0};
    cr_expect(fill_behind(&desk, &mark), "more than a portion");
    cr_expect_eq(mark.comment, 100 + LIMIT_SEARCH_PORTION);
    cr_expect(fill_behind(&desk, &mark));
    cr_expect_not(fill_behind(&desk, &mark));
    cr_expect_not(is_due(&desk));
    expect_found(&desk, "many 1300", "1:1300");
    expect_sql(&desk, "SELECT comment FROM search_state", "1300");

    /* Once a day it goes back: for what was committed after a very long time. */
    g_free(database_run(desk.conninfo, "INSERT INTO comment (id, ticket, kind, author, body)"
                                       " VALUES (50, 1, 'public', 1, 'verylate'),"
                                       " (1301, 1, 'public', 1, 'intime')"));
    (void)fill(&desk);
    expect_found(&desk, "verylate or intime", "1:1301");
    g_free(database_run(desk.conninfo, "UPDATE chore SET done_at = now() - interval '25 hours'"));
    (void)fill(&desk);
    expect_found(&desk, "verylate", "1:50");
    desk_done(&desk);
}
