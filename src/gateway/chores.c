/* chores - what time asks for: held mail that nobody admitted, the daily digest, counts, words for the search
 *
 * A colleague's mail waits for the main contact only so long; then it is rejected, and he is told if the desk
 * knows that he is who he says. Once a day the technicians who decide on held mail get a list of what still
 * waits: one line a mail, or one line for all of a kind and a domain where there are many, so that a flood is
 * one line.
 *
 * The update that rejects names the state that it must find, so two tends at once tell nobody twice. Each second one
 * statement looks, without writing, whether there is anything to do.
 * I/O: database, each chore in a transaction of its own.
 */
#include "gateway/chores.h"

#include <inttypes.h>

#include "core/limits.h"
#include "core/text.h"
#include "db/tx.h"
#include "gateway/outbox.h"
#include "store/held.h"
#include "store/people.h"
#include "store/search.h"
#include "store/upkeep.h"

#define DIGEST          "held-digest"
#define DIGEST_US       (INT64_C(86400) * 1000000)
#define LINES_OF_A_KIND 5  /* more mails of one kind and domain are one line */
#define DIGEST_LINES    50 /* of a digest; the rest is a number */
#define FROM_CHARS      60
#define SUBJECT_CHARS   60

static GPtrArray *values_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static void add_value(GPtrArray *values, const char *name, const char *value)
{
    g_ptr_array_add(values, g_strdup(name));
    g_ptr_array_add(values, g_strdup(value));
}

/* ---- time is over ----------------------------------------------------------------------------- */

static enum status tell_not_admitted(struct tx *tx, const struct rows *rows, int row,
                                     struct err *err)
{
    g_autoptr(GPtrArray) values = values_new();
    add_value(values, "held-subject", row_text(rows, row, 2));
    add_value(values, "main-contact", row_text(rows, row, 6));
    struct outbox_mail mail = {
        .from = row_int64(rows, row, 1),
        .cause = row_int64(rows, row, 0),
        .notice = "not-admitted",
        .recipient = row_int64(rows, row, 3),
        .name = row_text(rows, row, 4),
        .address = row_text(rows, row, 5),
        .purpose = TOKEN_CONTACT_REPLY,
        .values = values,
        .is_automatic = true,
        .reason = "nobody admitted his mail in time",
    };
    return outbox_put_alone(tx, &mail, 1, err);
}

static enum status expire(struct tx *tx, void *unused, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = held_store_expire(tx, &rows, err);
    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        if (!row_is_null(rows, row, 3)) {
            status = tell_not_admitted(tx, rows, row, err);
        }
    }
    (void)unused;
    return status;
}

/* ---- the digest ------------------------------------------------------------------------------- */

static bool is_same_kind(const struct rows *rows, int a, int b)
{
    return g_strcmp0(row_text(rows, a, 2), row_text(rows, b, 2)) == 0 &&
           g_strcmp0(row_text(rows, a, 3), row_text(rows, b, 3)) == 0;
}

static void add_mail(GString *list, const struct rows *rows, int row)
{
    g_autofree char *from = text_one_line(row_text(rows, row, 4), FROM_CHARS);
    g_autofree char *subject = text_one_line(row_text(rows, row, 5), SUBJECT_CHARS);
    g_string_append_printf(list, "%6" PRId64 "  %s: %s\n", row_int64(rows, row, 0), from, subject);
}

static void add_kind(GString *list, const struct rows *rows, int first, int end)
{
    const char *domain = row_text(rows, first, 3);
    g_string_append_printf(list, "%6d  mails of %s (%s), from number %" PRId64 " on\n", end - first,
                           domain && *domain ? domain : "many senders", row_text(rows, first, 2),
                           row_int64(rows, first, 0));
}

static char *list_waiting(const struct rows *rows)
{
    g_autoptr(GString) list = g_string_new(NULL);
    int lines = 0;
    int row = 0;
    while (row < rows_count(rows) && lines < DIGEST_LINES) {
        int end = row + 1;
        while (end < rows_count(rows) && is_same_kind(rows, row, end)) {
            end++;
        }
        if (end - row > LINES_OF_A_KIND) {
            add_kind(list, rows, row, end);
            lines++;
            row = end;
        } else {
            add_mail(list, rows, row++);
            lines++;
        }
    }
    if (row < rows_count(rows)) {
        g_string_append_printf(list, "and %d more\n", rows_count(rows) - row);
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

/* The leads, or all technicians where there are none. */
static bool gets_digest(const struct person_record *person, bool has_leads)
{
    return (person->is_lead || !has_leads) && !person->is_address_dead;
}

static enum status send_digest(struct tx *tx, mailbox_id from, const GPtrArray *values,
                               struct err *err)
{
    OWNED(rows) rows = NULL;
    g_autoptr(GPtrArray)
        people = g_ptr_array_new_with_free_func((GDestroyNotify)person_record_free);
    people_store_queue_technicians(tx, &rows);
    enum status status = tx_sync(tx, err);
    bool has_leads = false;
    for (int row = 0; status == ST_OK && row < rows_count(rows); row++) {
        struct person_record *person = people_store_read(rows, row);
        has_leads |= person->is_lead;
        g_ptr_array_add(people, person);
    }
    for (guint i = 0; status == ST_OK && i < people->len; i++) {
        const struct person_record *person = g_ptr_array_index(people, i);
        if (gets_digest(person, has_leads)) {
            struct outbox_mail mail = {.from = from,
                                       .notice = "held-digest",
                                       .recipient = person->id,
                                       .name = person->name,
                                       .address = person->address,
                                       .purpose = TOKEN_HELD,
                                       .values = values,
                                       .reason = "decides on held mail"};
            status = outbox_put_alone(tx, &mail, 1, err);
        }
    }
    return status;
}

static enum status digest(struct tx *tx, void *unused, struct err *err)
{
    OWNED(rows) rows = NULL;
    bool is_due = false;
    enum status status = held_store_is_due(tx, DIGEST, DIGEST_US, &is_due, err);
    if (status == ST_OK && is_due) {
        status = held_store_waiting(tx, &rows, err);
    }
    int64_t junk = 0;
    mailbox_id from = 0;
    if (status == ST_OK && is_due) {
        status = held_store_junk(tx, &junk, &from, err);
    }
    (void)unused;
    if (status != ST_OK || !is_due || (rows_count(rows) == 0 && junk == 0)) {
        return status;
    }
    g_autoptr(GPtrArray) values = values_new();
    g_autofree char *list = list_waiting(rows);
    g_autofree char *count = g_strdup_printf("%d", rows_count(rows));
    add_value(values, "held-list", list);
    add_value(values, "held-count", count);
    if (junk > 0) {
        g_autofree char *left = g_strdup_printf("%" PRId64, junk);
        add_value(values, "junk-count", left);
    }
    return send_digest(tx, rows_count(rows) > 0 ? row_int64(rows, 0, 1) : from, values, err);
}

static enum status look(struct conn *conn, struct held_look *look_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = held_store_look(tx, DIGEST, DIGEST_US, look_out, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* ---- the search ------------------------------------------------------------------------------- */

static enum status look_for_words(struct conn *conn, bool *is_due_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = search_store_look(tx, is_due_out, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

static enum status fill_words(struct tx *tx, void *mark, struct err *err)
{
    return search_store_fill(tx, mark, err);
}

/* What waits, but no longer than the other chores can wait. */
static enum status tend_search(struct conn *conn, struct err *err)
{
    struct search_mark mark = {0};
    enum status status = look_for_words(conn, &mark.is_more, err);
    for (int i = 0; i < LIMIT_SEARCH_PORTIONS && mark.is_more && status == ST_OK; i++) {
        status = tx_run(conn, fill_words, &mark, err);
    }
    return status;
}

/* ---- counting and clearing away ---------------------------------------------------------------- */

static enum status look_for_upkeep(struct conn *conn, bool is_due[UPKEEP_KINDS], struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        status = upkeep_store_look(tx, is_due, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

static enum status do_upkeep(struct tx *tx, void *kind, struct err *err)
{
    return upkeep_store_do(tx, *(const enum upkeep *)kind, err);
}

static enum status keep_up(struct conn *conn, struct err *err)
{
    bool is_due[UPKEEP_KINDS] = {false};
    enum status status = look_for_upkeep(conn, is_due, err);
    for (enum upkeep kind = 0; kind < UPKEEP_KINDS && status == ST_OK; kind++) {
        status = is_due[kind] ? tx_run(conn, do_upkeep, &kind, err) : ST_OK;
    }
    return status;
}

enum status chores_do(struct conn *conn, struct err *err)
{
    struct held_look todo = {false, false};
    enum status status = look(conn, &todo, err);
    if (status == ST_OK && todo.is_any_over) {
        status = tx_run(conn, expire, NULL, err);
    }
    if (status == ST_OK && todo.is_chore_due) {
        status = tx_run(conn, digest, NULL, err);
    }
    if (status == ST_OK) {
        status = keep_up(conn, err);
    }
    return status == ST_OK ? tend_search(conn, err) : status;
}
