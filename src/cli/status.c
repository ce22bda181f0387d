/* status - postdesk status: how is the desk, and what needs a person now?
 *
 * What needs a person comes first, each with what can be done; then one line a mailbox, then the queues. A desk that
 * is well says so in one line. Everything comes from the database, where the roles of all hosts say how they do
 * (gateway/health): a look takes milliseconds, and no mail server is asked. Those are doctor's business.
 *
 * --check is for monitors, by the rules of Nagios plugins: one line with the state, the worst first, and numbers behind a
 * "|"; exit code 0 all is well, 1 warning, 2 somebody must act, 3 it could not be found out. What a person should only
 * look at some time (held mail, for one) is no warning.
 * I/O: the database, stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/troubles.h"
#include "cli/view.h"
#include "core/clock.h"
#include "core/text.h"

enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };
enum { MARK_WIDTH = 9, LABEL_WIDTH = 11 };

static const struct field MAILBOX_FIELDS[] = {
    {"address", "MAILBOX", FIELD_TEXT, true},
    {"state", "STATE", FIELD_TEXT, false},
    {"last_mail_at", "LAST MAIL", FIELD_AGE, false},
    {"fetched", "FETCHED", FIELD_NUMBER, false},
    {"certificate_until", "CERTIFICATE", FIELD_AGE, false},
};

/* ---- as JSON ----------------------------------------------------------------------------------- */

static json_t *mailboxes_of(const struct health_rows *rows)
{
    json_t *mailboxes = json_array();

    for (int row = 0; row < rows_count(rows->mailboxes); row++) {
        int word = troubles_word(rows, row_int64(rows->mailboxes, row, BOX_ID), "imap");
        json_array_append_new(
            mailboxes,
            json_pack("{s:I, s:s, s:s, s:o, s:I, s:o}", "id",
                      (json_int_t)row_int64(rows->mailboxes, row, BOX_ID), "address",
                      row_text(rows->mailboxes, row, BOX_ADDRESS), "state",
                      troubles_mailbox_state(rows, row), "last_mail_at",
                      view_time(row_time(rows->mailboxes, row, BOX_LAST_AT)), "fetched",
                      (json_int_t)row_int64(rows->mailboxes, row, BOX_FETCHED), "certificate_until",
                      view_time(word < 0 ? 0 : row_time(rows->words, word, WORD_UNTIL))));
    }
    return mailboxes;
}

static json_int_t number(const struct rows *rows, int column)
{
    return (json_int_t)row_int64(rows, 0, column);
}

static json_t *queues_of(const struct health_rows *rows)
{
    return json_pack(
        "{s:{s:I, s:I}, s:{s:I, s:I}, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I}}", "in",
        "waiting", number(rows->in, IN_WAITING), "oldest_seconds", number(rows->in, IN_OLDEST_S),
        "held", "waiting", number(rows->in, IN_HELD), "oldest_seconds", number(rows->in, IN_HELD_S),
        "out", "waiting", number(rows->out, OUT_QUEUED), "deferred",
        number(rows->out, OUT_DEFERRED), "held_back", number(rows->out, OUT_STOPPED),
        "oldest_seconds", number(rows->out, OUT_OLDEST_S), "failed_day",
        number(rows->out, OUT_FAILED), "suppressed_day", number(rows->out, OUT_SUPPRESSED),
        "web_hooks", "waiting", number(rows->hooks, HOOKS_QUEUED), "oldest_seconds",
        number(rows->hooks, HOOKS_OLDEST_S), "failed_day", number(rows->hooks, HOOKS_FAILED));
}

/* rows: of a database that could be read; else NULL. */
static json_t *report_of(const struct troubles *troubles, const struct health_rows *rows)
{
    json_t *report = json_pack("{s:s, s:O}", "state", gravity_name(troubles->worst), "troubles",
                               troubles->list);

    if (rows != NULL) {
        json_object_set_new(report, "at", view_time(row_time(rows->desk, 0, DESK_NOW)));
        json_object_set_new(report, "is_daemon_at_work",
                            json_boolean(row_bool(rows->desk, 0, DESK_TENDED)));
        json_object_set_new(report, "mailboxes", mailboxes_of(rows));
        json_object_set_new(report, "queues", queues_of(rows));
        json_object_set_new(report, "database_bytes", json_integer(number(rows->desk, DESK_BYTES)));
        json_object_set_new(report, "rules_version", json_integer(number(rows->desk, DESK_RULES)));
    }
    return report;
}

/* ---- for people -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *trouble, const char *key)
{
    const char *text = json_string_value(json_object_get(trouble, key));
    return text == NULL ? "" : text;
}

/* "support@desk.example imap: …", "held: …". Own. */
static char *sentence_of(const json_t *trouble)
{
    const char *mailbox = text_of(trouble, "mailbox");
    const json_t *seconds = json_object_get(trouble, "seconds");
    g_autofree char *age = json_is_integer(seconds) ? text_age(json_integer_value(seconds)) : NULL;

    return g_strdup_printf("%s%s%s: %s%s%s%s", mailbox, *mailbox ? " " : "",
                           text_of(trouble, "what"), text_of(trouble, "text"),
                           age == NULL ? "" : " (", age == NULL ? "" : age, age == NULL ? "" : ")");
}

static void print_trouble(const json_t *trouble)
{
    const char *result = text_of(trouble, "result");
    const char *hint = text_of(trouble, "hint");
    bool is_fault = strcmp(result, gravity_name(GRAVITY_FAULT)) == 0;
    g_autofree char *mark = g_ascii_strup(result, -1);
    g_autofree char *sentence = sentence_of(trouble);

    view_word(mark, is_fault ? PAINT_BAD : PAINT_NOTE, MARK_WIDTH);
    puts(sentence);
    if (hint[0] != '\0') {
        printf("%*s→ %s\n", MARK_WIDTH, "", hint);
    }
}

static void print_head(const struct troubles *troubles)
{
    static const char *const HEADS[] = {"the desk is well",
                                        "the desk is well; there is something to do",
                                        "the desk works, but not all is well",
                                        "somebody must act now"};
    size_t i = 0;
    json_t *trouble = NULL;

    view_word("●",
              troubles->worst == GRAVITY_FAULT     ? PAINT_BAD
              : troubles->worst == GRAVITY_WARNING ? PAINT_NOTE
                                                   : PAINT_GOOD,
              2);
    puts(HEADS[troubles->worst]);
    if (json_array_size(troubles->list) > 0) {
        putchar('\n');
    }
    json_array_foreach(troubles->list, i, trouble)
    {
        print_trouble(trouble);
    }
}

/* "IN         3 wait, the oldest for 4 s" */
static void print_queue(const char *label, int64_t waiting, int64_t oldest_s)
{
    g_autofree char *age = text_age(oldest_s);

    printf("%-*s", LABEL_WIDTH, label);
    if (waiting == 0) {
        printf("nothing waits");
    } else {
        printf("%" PRId64 " %s, the oldest for %s", waiting, waiting == 1 ? "waits" : "wait", age);
    }
}

static void print_number(int64_t value, const char *what)
{
    if (value > 0) {
        printf("; %" PRId64 " %s", value, what);
    }
}

static void print_queues(const struct health_rows *rows)
{
    print_queue("IN", number(rows->in, IN_WAITING), number(rows->in, IN_OLDEST_S));
    putchar('\n');
    print_queue("HELD", number(rows->in, IN_HELD), number(rows->in, IN_HELD_S));
    putchar('\n');
    print_queue("OUT", number(rows->out, OUT_QUEUED), number(rows->out, OUT_OLDEST_S));
    print_number(number(rows->out, OUT_DEFERRED), "deferred");
    print_number(number(rows->out, OUT_STOPPED), "held back");
    print_number(number(rows->out, OUT_FAILED), "failed in the last day");
    print_number(number(rows->out, OUT_SUPPRESSED), "suppressed in the last day");
    putchar('\n');
    print_queue("WEB HOOKS", number(rows->hooks, HOOKS_QUEUED),
                number(rows->hooks, HOOKS_OLDEST_S));
    print_number(number(rows->hooks, HOOKS_FAILED), "failed in the last day");
    putchar('\n');
}

static void print_report(const struct troubles *troubles, const struct health_rows *rows)
{
    print_head(troubles);
    if (rows == NULL) {
        return;
    }
    json_t *mailboxes = mailboxes_of(rows);
    if (json_array_size(mailboxes) > 0) {
        putchar('\n');
        view_print_table(mailboxes, MAILBOX_FIELDS, G_N_ELEMENTS(MAILBOX_FIELDS));
    }
    json_decref(mailboxes);
    putchar('\n');
    print_queues(rows);
}

/* ---- for monitors ------------------------------------------------------------------------------ */

/* A "|" begins the numbers. */
static void print_plain(const char *text)
{
    g_autofree char *plain = g_strdup(text);
    g_strdelimit(plain, "|", '/');
    fputs(plain, stdout);
}

static void print_numbers(const struct health_rows *rows)
{
    printf(" | in=%" JSON_INTEGER_FORMAT " in_oldest=%" JSON_INTEGER_FORMAT
           "s held=%" JSON_INTEGER_FORMAT " out=%" JSON_INTEGER_FORMAT
           " out_oldest=%" JSON_INTEGER_FORMAT "s out_failed=%" JSON_INTEGER_FORMAT
           " web_hooks=%" JSON_INTEGER_FORMAT,
           number(rows->in, IN_WAITING), number(rows->in, IN_OLDEST_S), number(rows->in, IN_HELD),
           number(rows->out, OUT_QUEUED), number(rows->out, OUT_OLDEST_S),
           number(rows->out, OUT_FAILED), number(rows->hooks, HOOKS_QUEUED));
}

/* The state is known; which of Nagios' it is. */
static int print_check(const struct troubles *troubles, const struct health_rows *rows)
{
    static const struct {
        const char *word;
        int code;
    } STATES[] = {{"OK", CHECK_OK},
                  {"OK", CHECK_OK},
                  {"WARNING", CHECK_WARNING},
                  {"CRITICAL", CHECK_CRITICAL}};
    size_t all = troubles_count(troubles, GRAVITY_FAULT) +
                 troubles_count(troubles, GRAVITY_WARNING);
    size_t i = 0;
    json_t *trouble = NULL;

    printf("POSTDESK %s - ", STATES[troubles->worst].word);
    if (all == 0 && rows != NULL) {
        json_int_t mailboxes = number(rows->desk, DESK_MAILBOXES);
        printf("%" JSON_INTEGER_FORMAT " %s", mailboxes, mailboxes == 1 ? "mailbox" : "mailboxes");
    } else {
        g_autofree char *first = sentence_of(json_array_get(troubles->list, 0));
        print_plain(first);
    }
    if (all > 1) {
        printf(" (and %zu more)", all - 1);
    }
    if (rows != NULL) {
        print_numbers(rows);
    }
    putchar('\n');
    json_array_foreach(troubles->list, i, trouble)
    {
        g_autofree char *sentence = sentence_of(trouble);
        if (i > 0 && i < all) {
            print_plain(sentence);
            putchar('\n');
        }
    }
    return STATES[troubles->worst].code;
}

/* ---- the command ------------------------------------------------------------------------------- */

static enum status read_health(struct cli *cli, struct health_rows *rows, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = cli_read(cli, &tx, err);

    return status == ST_OK ? health_store_read(tx, clock_wall_us(clock_real()), rows, err) : status;
}

/* Nobody may ask, or the command cannot be set up: that says nothing of the desk. */
static bool is_unknown(const struct cli *cli, enum status status)
{
    return status == ST_DENIED || cli->config == NULL;
}

static enum status run_status(struct cli *cli, const struct args *args, struct err *err)
{
    struct troubles troubles = {NULL};
    CLEANUP(health_rows_clear) struct health_rows rows = {NULL};
    bool is_check = args_has(args, "check");
    enum status status = read_health(cli, &rows, err);

    if (status != ST_OK && is_unknown(cli, status)) {
        if (is_check) {
            printf("POSTDESK UNKNOWN - ");
            print_plain(err->text);
            putchar('\n');
            cli->exit_code = CHECK_UNKNOWN;
            return ST_OK;
        }
        return status;
    }
    troubles_init(&troubles);
    if (status == ST_OK) {
        troubles_judge(&troubles, &rows);
    } else {
        troubles_add_err(&troubles, "database", err);
    }
    const struct health_rows *found = status == ST_OK ? &rows : NULL;
    if (is_check) {
        cli->exit_code = print_check(&troubles, found);
    } else if (cli->is_json) {
        json_t *report = report_of(&troubles, found);
        view_print_json(report);
        json_decref(report);
    } else {
        print_report(&troubles, found);
    }
    if (!is_check && status != ST_OK) {
        cli->exit_code = status_exit_code(status);
    }
    troubles_done(&troubles);
    return ST_OK;
}

static const struct flag FLAGS[] = {
    {"check", NULL, "for monitors: one line and an exit code by the rules of Nagios plugins", false,
     false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.words = "",
     .help = "how the desk is, and what needs a person now",
     .more =
         "What needs a person comes first, with what to do: FAULT somebody must act, WARNING it may get\n"
         "worse, TODO when there is time. Then mailboxes and queues. No mail server is asked: postdesk\n"
         "doctor does that.\n\n"
         "With --check the exit code is 0 (well), 1 (warning), 2 (somebody must act) or 3 (it could not be\n"
         "found out); a line a trouble, the worst first, and numbers for graphs in the first.",
     .flags = FLAGS,
     .run = run_status},
    {.run = NULL},
};

const struct noun NOUN_STATUS = {"status", "how the desk is, and what needs a person now", VERBS};
