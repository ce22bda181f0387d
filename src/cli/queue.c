/* queue - postdesk queue list, retry, drop, hold, release
 *
 * Mail that waits to be sent, and what a person can do with it. list begins with nothing but what waits, oldest
 * first, and ends with one line of sums; --failed and --state show the rest. The moves (store/queue) take
 * numbers of mails, or --all with the same filters as list.
 *
 * Texts that people wrote are not lost by a drop: they stay in the ticket, whose history says that the mail was dropped.
 * I/O: the database, stdout.
 */
#include "store/queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"

enum { DEFAULT_LIMIT = 1000 };

static const struct field FIELDS[] = {
    {"mail", "MAIL", FIELD_NUMBER, false},   {"state", "STATE", FIELD_TEXT, false},
    {"queued_at", "AGE", FIELD_AGE, false},  {"to", "TO", FIELD_TEXT, true},
    {"notice", "NOTICE", FIELD_TEXT, false}, {"ticket", "TICKET", FIELD_NUMBER, false},
    {"tries", "TRIES", FIELD_NUMBER, false}, {"next_try_at", "NEXT TRY", FIELD_TIME, false},
    {"says", "WHY", FIELD_TEXT, true},       {"mailbox", NULL, FIELD_TEXT, false},
    {"ended_at", NULL, FIELD_TIME, false},
};

/* ---- which ---- */

/* A filter, and what it owns. */
struct wanted {
    struct queue_filter filter;
    char *mailbox; /* own; NULL */
    char *to;      /* own; NULL */
};

static void wanted_clear(struct wanted *wanted)
{
    g_free(wanted->mailbox);
    g_free(wanted->to);
}

static enum status read_state(const struct args *args, struct wanted *wanted, struct err *err)
{
    static const char *const STATES[] = {"queued", "failed", "suppressed", "sent"};
    const char *state = args_value(args, "state");

    if (args_has(args, "failed") && state != NULL) {
        return err_set(err, ST_INVALID, "--failed and --state mean the same thing: give one");
    }
    if (args_has(args, "failed")) {
        state = "failed";
    }
    for (size_t i = 0; i < G_N_ELEMENTS(STATES); i++) {
        if (state == NULL || strcmp(state, STATES[i]) == 0) {
            wanted->filter.state = state;
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "mail out is never \"%s\"", state);
    return err_hint(err, "queued, failed, suppressed or sent");
}

static enum status read_filter(const struct args *args, struct wanted *wanted, struct err *err)
{
    const char *mailbox = args_value(args, "mailbox");
    const char *to = args_value(args, "to");
    const char *limit = args_value(args, "limit");

    wanted->filter.limit = limit == NULL ? DEFAULT_LIMIT : 0;
    enum status status = read_state(args, wanted, err);
    if (status == ST_OK && limit != NULL) {
        status = text_parse_int64(limit, 1, LIMIT_LIST_ROWS, &wanted->filter.limit, err);
    }
    wanted->mailbox = mailbox == NULL ? NULL : entry_key(mailbox);
    wanted->to = to == NULL ? NULL : entry_key(to);
    wanted->filter.mailbox = wanted->mailbox;
    wanted->filter.to = wanted->to;
    return status;
}

/* ---- list ---- */

static int count_of(const json_t *mails, const char *state)
{
    int count = 0;
    size_t i = 0;
    json_t *mail = NULL;

    json_array_foreach(mails, i, mail)
    {
        count += strcmp(json_string_value(json_object_get(mail, "state")), state) == 0;
    }
    return count;
}

/* "12 mails wait: 3 deferred, 1 held back" */
static void print_sums(const json_t *mails)
{
    int deferred = count_of(mails, "deferred");
    int held = count_of(mails, "held");
    size_t all = json_array_size(mails);

    printf("\n%zu %s", all, all == 1 ? "mail waits" : "mails wait");
    if (deferred > 0) {
        printf(": %d deferred", deferred);
    }
    if (held > 0) {
        printf("%s %d held back", deferred > 0 ? "," : ":", held);
    }
    putchar('\n');
}

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    CLEANUP(wanted_clear) struct wanted wanted = {.mailbox = NULL};

    enum status status = read_filter(args, &wanted, err);
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = queue_store_list(tx, &wanted.filter, &rows, err);
    }
    if (status != ST_OK) {
        return status;
    }
    json_t *mails = view_rows(rows, FIELDS, G_N_ELEMENTS(FIELDS));
    json_incref(mails);
    view_print(cli, mails, FIELDS, G_N_ELEMENTS(FIELDS));
    bool is_queue = wanted.filter.state == NULL || strcmp(wanted.filter.state, "queued") == 0;
    if (!cli->is_json && is_queue && json_array_size(mails) > 0) {
        print_sums(mails);
    }
    json_decref(mails);
    return ST_OK;
}

/* ---- moves ---- */

struct moving {
    struct queue_order order;
    int64_t count;
};

static enum status move(struct tx *tx, void *arg, struct err *err)
{
    struct moving *moving = arg;
    return queue_store_move(tx, &moving->order, &moving->count, err);
}

/* The numbers that were named. */
static enum status read_mails(const struct args *args, GArray *mails, struct err *err)
{
    for (size_t i = 0; args_word(args, i) != NULL; i++) {
        int64_t mail = 0;
        if (text_parse_int64(args_word(args, i), 1, INT64_MAX, &mail, err) != ST_OK) {
            return err_set(err, ST_INVALID, "\"%s\" is not the number of a mail out",
                           args_word(args, i));
        }
        g_array_append_val(mails, mail);
    }
    return ST_OK;
}

static enum status read_order(const struct args *args, GArray *mails, struct wanted *wanted,
                              struct queue_order *order, struct err *err)
{
    bool is_all = args_has(args, "all") || args_has(args, "failed");
    bool has_filter = args_has(args, "mailbox") || args_has(args, "to");

    enum status status = read_mails(args, mails, err);
    if (status == ST_OK) {
        status = read_filter(args, wanted, err);
    }
    if (status != ST_OK) {
        return status;
    }
    if (is_all == (mails->len > 0) || (has_filter && !is_all)) {
        (void)err_set(err, ST_INVALID, "name the mails, or say --all");
        return err_hint(err, "postdesk queue list shows their numbers");
    }
    wanted->filter.limit = LIMIT_LIST_ROWS;
    order->filter = wanted->filter;
    order->mails = is_all ? NULL : (const outbound_id *)(const void *)mails->data;
    order->count = mails->len;
    return ST_OK;
}

static enum status run_move(struct cli *cli, const struct args *args, enum queue_move which,
                            const char *said, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autoptr(GArray) mails = g_array_new(FALSE, FALSE, sizeof(outbound_id));
    CLEANUP(wanted_clear) struct wanted wanted = {.mailbox = NULL};
    struct moving moving = {.order = {.move = which, .actor = actor}};

    enum status status = read_order(args, mails, &wanted, &moving.order, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, move, &moving, err);
    }
    if (status == ST_OK && cli->is_json) {
        json_t *object = json_pack("{s:I}", "mails", (json_int_t)moving.count);
        view_print_json(object);
        json_decref(object);
    } else if (status == ST_OK) {
        printf("%" PRId64 " %s %s\n", moving.count, moving.count == 1 ? "mail" : "mails", said);
    }
    return status;
}

static enum status run_retry(struct cli *cli, const struct args *args, struct err *err)
{
    return run_move(cli, args, QUEUE_RETRY, "to be tried now", err);
}

static enum status run_drop(struct cli *cli, const struct args *args, struct err *err)
{
    return run_move(cli, args, QUEUE_DROP, "dropped", err);
}

static enum status run_hold(struct cli *cli, const struct args *args, struct err *err)
{
    return run_move(cli, args, QUEUE_HOLD, "held back", err);
}

static enum status run_release(struct cli *cli, const struct args *args, struct err *err)
{
    return run_move(cli, args, QUEUE_RELEASE, "released", err);
}

#define FILTER_FLAGS                                                                        \
 {"mailbox", "ADDRESS", "only those that are sent for this support address", false, false}, \
 {                                                                                          \
  "to", "ADDRESS", "only those to this recipient", false, false                             \
 }

static const struct flag LIST_FLAGS[] = {
    {"failed", NULL, "those that have failed, instead of those that wait", false, false},
    {"state", "STATE", "queued (the default), failed, suppressed or sent", false, false},
    FILTER_FLAGS,
    {"limit", "N", "the newest so many (1000)", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag MOVE_FLAGS[] = {
    {"all", NULL, "all of them", false, false},
    FILTER_FLAGS,
    {NULL, NULL, NULL, false, false},
};

static const struct flag RETRY_FLAGS[] = {
    {"all", NULL, "all that wait", false, false},
    {"failed", NULL, "all that have failed", false, false},
    FILTER_FLAGS,
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list the mails that wait to be sent",
     .more =
         "States: waiting, deferred (tried, the server does not want it yet), sending, held (a person holds it\n"
         "back). With --state, sent mails as well, why others failed, and which limit stopped notices.",
     .flags = LIST_FLAGS,
     .run = run_list},
    {.name = "retry",
     .words = "MAIL… | --all | --failed",
     .help = "try mails now",
     .more = "A mail that has failed is tried as often as a new one.",
     .flags = RETRY_FLAGS,
     .most_words = LIMIT_LIST_ROWS,
     .run = run_retry},
    {.name = "drop",
     .words = "MAIL… | --all",
     .help = "never send mails that wait; what they say stays in the ticket",
     .flags = MOVE_FLAGS,
     .most_words = LIMIT_LIST_ROWS,
     .run = run_drop},
    {.name = "hold",
     .words = "MAIL… | --all",
     .help = "hold mails back until they are released",
     .flags = MOVE_FLAGS,
     .most_words = LIMIT_LIST_ROWS,
     .run = run_hold},
    {.name = "release",
     .words = "MAIL… | --all",
     .help = "send mails that are held back",
     .flags = MOVE_FLAGS,
     .most_words = LIMIT_LIST_ROWS,
     .run = run_release},
    {.run = NULL},
};

const struct noun NOUN_QUEUE = {"queue", "the mails that wait to be sent", VERBS};
