/* rules_live - postdesk rules stats, hooks: what the rules do
 *
 * Rules that never fire, rules that cost, patterns that were stopped, receivers that do not answer: nobody looks for
 * them in a log. stats shows the sums that the processes write; hooks the queue of calls, and lets one that has
 * failed be tried again.
 * I/O: the database, stdout.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/rules_verbs.h"
#include "cli/view.h"
#include "core/text.h"
#include "store/rule.h"
#include "store/web_hook.h"

#define HOOKS_SHOWN 50

static const struct field STATS[] = {
    {"rule", "RULE", FIELD_TEXT, false},         {"fired", "FIRED", FIELD_NUMBER, false},
    {"faults", "FAULTS", FIELD_NUMBER, false},   {"runs", "ASKED", FIELD_NUMBER, false},
    {"cost_us", "COST µs", FIELD_NUMBER, false}, {"last_at", "LAST FIRED", FIELD_TIME, false},
    {"fault_at", NULL, FIELD_TIME, false},       {"last_fault", "LAST FAULT", FIELD_TEXT, true},
};

static const struct field HOOKS[] = {
    {"call", "CALL", FIELD_NUMBER, false},      {"state", "STATE", FIELD_TEXT, false},
    {"rule", "RULE", FIELD_TEXT, true},         {"event", NULL, FIELD_TEXT, false},
    {"ticket", "TICKET", FIELD_NUMBER, false},  {"mail", NULL, FIELD_NUMBER, false},
    {"url", "URL", FIELD_TEXT, true},           {"attempt", "TRIES", FIELD_NUMBER, false},
    {"queued_at", "QUEUED", FIELD_TIME, false}, {"next_try_at", "NEXT TRY", FIELD_TIME, false},
    {"ended_at", NULL, FIELD_TIME, false},      {"answer", "ANSWER", FIELD_TEXT, true},
};

enum status rules_run_stats(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    const char *word = args_word(args, 0);
    int64_t version = 0;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = word == NULL ? rule_store_live(tx, &version, err)
                              : text_parse_int64(word, 0, INT64_MAX, &version, err);
    }
    if (status == ST_OK) {
        status = rule_store_stats(tx, version, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, STATS, G_N_ELEMENTS(STATS));
    }
    return status;
}

/* ---- web hooks --------------------------------------------------------------------------------- */

static enum status check_state(const char *state, struct err *err)
{
    static const char *const STATES[] = {"queued", "sent", "failed"};

    for (size_t i = 0; i < G_N_ELEMENTS(STATES); i++) {
        if (state == NULL || strcmp(state, STATES[i]) == 0) {
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "\"%s\" is none of queued, sent and failed", state);
}

static enum status list_hooks(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    const char *state = args_value(args, "state");
    const char *limit_text = args_value(args, "limit");
    int64_t limit = HOOKS_SHOWN;

    enum status status = check_state(state, err);
    if (status == ST_OK && limit_text != NULL) {
        status = text_parse_int64(limit_text, 1, INT32_MAX, &limit, err);
    }
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = web_hook_store_list(tx, state, limit, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, HOOKS, G_N_ELEMENTS(HOOKS));
    }
    return status;
}

struct retry {
    const char *actor;
    int64_t call;
};

static enum status retry_call(struct tx *tx, void *arg, struct err *err)
{
    const struct retry *retry = arg;
    return web_hook_store_retry(tx, retry->actor, retry->call, err);
}

static enum status retry_hook(struct cli *cli, const char *word, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct retry retry = {.actor = actor};

    if (word == NULL) {
        return err_set(err, ST_INVALID, "say which call: rules hooks retry CALL");
    }
    enum status status = text_parse_int64(word, 1, INT64_MAX, &retry.call, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = cli_require(cli, DESK_ADMIN, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, retry_call, &retry, err);
    }
    if (status == ST_OK) {
        cli_say(cli, "call %" PRId64 " is tried again\n", retry.call);
    }
    return status;
}

enum status rules_run_hooks(struct cli *cli, const struct args *args, struct err *err)
{
    const char *what = args_word(args, 0);

    if (what == NULL || (strcmp(what, "list") == 0 && args_word(args, 1) == NULL)) {
        return list_hooks(cli, args, err);
    }
    if (strcmp(what, "retry") == 0) {
        return retry_hook(cli, args_word(args, 1), err);
    }
    return err_set(err, ST_INVALID, "say \"list\" or \"retry CALL\", not \"%s\"", what);
}
