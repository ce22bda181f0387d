/* intake - received mail becomes tickets
 *
 * One round: claim a batch (committed: attempt and lease), parse it in the jail, then in one transaction
 * gather, decide and apply. A crash anywhere means that the lease ends and another intake does the round
 * again; the constraints of the schema make a second filing impossible.
 *
 * What counts against a mail, and what does not:
 *     the parser died or stalled on it alone     twice: held
 *     this process died while it had it alone    five times: held (suspects are claimed alone)
 *     the database refused what it would become  taken alone; refused again: held
 *     the database or the network was away       nothing: the claim is given back
 *
 * Mails of a batch that bear on one another are decided in several transactions, the oldest first. While no mail
 * waits, headers of mails in Junk are judged (gateway/junk).
 * I/O: database, jail, log.
 */
#include "gateway/intake.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/random.h"
#include "core/stop.h"
#include "db/migrate.h"
#include "gateway/gather.h"
#include "gateway/junk.h"
#include "gateway/rule_tally.h"
#include "gateway/separate.h"
#include "jail/jail.h"

#define CONFLICT_TRIES      5
#define CONFLICT_WAIT_MS    20
#define ROUNDS_WITHOUT_JUNK 20 /* while mail keeps coming */

struct intake {
    const struct config *config;
    char holder[96];
    struct conn *conn;        /* own; NULL: to be opened */
    struct jail *jail;        /* own; NULL: to be opened */
    bool owes_return;         /* claims of ours may still stand: give them back first */
    struct rule_book *book;   /* own */
    struct rule_tally *tally; /* own */
    int rounds;               /* since headers of Junk were looked for */
};

/* ---- the parser ------------------------------------------------------------------------------- */

static enum status parse_all(struct intake *intake, const GPtrArray *claimed,
                             struct jail_mail *parsed, struct err *err)
{
    for (guint i = 0; i < claimed->len; i++) {
        struct claimed_mail *mail = g_ptr_array_index(claimed, i);
        bool wants_own_child = separate_is_needed(mail->raw);
        parsed[i] =
            (struct jail_mail){.raw = g_steal_pointer(&mail->raw),
                               .gives_raw = true, /* its facts are all that is wanted of it */
                               .is_cut = !mail->raw_complete,
                               .wants_own_child = wants_own_child};
    }
    enum status status = jail_parse(intake->jail, parsed, claimed->len, err);
    if (status != ST_OK) {
        g_clear_pointer(&intake->jail, jail_close);
    }
    return status;
}

/* ---- one transaction -------------------------------------------------------------------------- */

/* What rules did is counted when it is committed. */
static void count_rules(const struct intake *intake, const struct batch_mail *mail)
{
    rule_tally_plan(intake->tally, mail->records->rule.version, mail->plan);
    for (guint c = 0; c < mail->plan->changes->len; c++) {
        const struct change *change = g_ptr_array_index(mail->plan->changes, c);
        if (change->kind == CHANGE_RULE_FAULT) {
            log_warning("rule.failed", kv("rule", change->rule), kv("mail", mail->claimed->id),
                        kv("error", change->text));
        }
    }
}

static void log_end(const struct batch_mail *mail)
{
    const struct plan *plan = mail->plan;
    const char *reason = plan->may->len > 0 ? g_ptr_array_index(plan->may, 0) : "";
    g_autofree char *event = g_strdup_printf("mail.%s", verdict_name(plan->verdict));
    enum log_level level = plan->verdict == VERDICT_HELD ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
    struct kv fields[] = {kv("mail", mail->claimed->id), kv("outcome", outcome_name(plan->outcome)),
                          kv("ticket", mail->ticket), kv("reason", reason)};
    log_event(level, event, fields, G_N_ELEMENTS(fields));
}

static enum status file_once(struct intake *intake, struct batch *batch, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(intake->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = batch_decide(tx, batch, err);
    }
    if (status == ST_OK) {
        status = batch_apply(tx, batch, err);
    }
    if (status == ST_OK && fault_hit("intake.before_commit")) {
        status = err_set(err, ST_TEMPFAIL, "fault point intake.before_commit");
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* Decide and apply; on ST_OK the mails that were not deferred are ended. */
static enum status file_batch(struct intake *intake, struct batch *batch, struct err *err)
{
    enum status status = ST_CONFLICT;
    for (int i = 0; i < CONFLICT_TRIES && status == ST_CONFLICT; i++) {
        clock_sleep_ms((int64_t)CONFLICT_WAIT_MS * i * i); /* the other one may end meanwhile */
        batch_clear(batch);
        status = file_once(intake, batch, err);
    }
    return status;
}

/* The mails that are still to be filed, as a batch of their own. */
static struct batch rest_of(const struct intake *intake, struct batch_mail *mails, size_t count,
                            struct batch_mail *rest)
{
    struct batch batch = {.mails = rest, .book = intake->book};
    for (size_t i = 0; i < count; i++) {
        if (mails[i].claimed) {
            rest[batch.count++] = (struct batch_mail){.claimed = mails[i].claimed,
                                                      .facts = mails[i].facts,
                                                      .reason = mails[i].reason};
        }
    }
    return batch;
}

/* Mails that were filed, here or by another intake meanwhile, leave the list. */
static void drop_filed(const struct intake *intake, struct batch_mail *mails, size_t count,
                       const struct batch *batch)
{
    for (size_t b = 0; b < batch->count; b++) {
        if (batch->mails[b].plan) {
            log_end(&batch->mails[b]);
            count_rules(intake, &batch->mails[b]);
        } else if (!batch->mails[b].is_ended) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            if (mails[i].claimed == batch->mails[b].claimed) {
                mails[i].claimed = NULL;
            }
        }
    }
}

/* One mail alone. What the database refuses for good is held, with what it said. */
static enum status file_alone(struct intake *intake, struct batch_mail *mail, struct err *err)
{
    struct batch_mail alone = {.claimed = mail->claimed,
                               .facts = mail->facts,
                               .reason = mail->reason};
    struct batch batch = {.mails = &alone, .count = 1, .book = intake->book};
    enum status status = file_batch(intake, &batch, err);
    if (status == ST_INVALID || status == ST_CONFLICT) {
        g_autofree char *reason = g_strdup_printf("it could not be filed: %s", err->text);
        log_error("mail.refused", kv("mail", mail->claimed->id), kv("error", err->text));
        batch_clear(&batch);
        alone.facts = NULL;
        alone.reason = reason;
        status = file_batch(intake, &batch, err);
    }
    if (status == ST_OK) {
        drop_filed(intake, mail, 1, &batch);
    }
    batch_clear(&batch);
    return status;
}

static enum status file_one_by_one(struct intake *intake, struct batch_mail *mails, size_t count,
                                   struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (mails[i].claimed) {
            enum status status = file_alone(intake, &mails[i], err);
            if (status != ST_OK) {
                return status;
            }
        }
    }
    return ST_OK;
}

/* All mails, in as many transactions as their bearing on one another asks for. */
static enum status file_all(struct intake *intake, struct batch_mail *mails, size_t count,
                            struct err *err)
{
    g_autofree struct batch_mail *rest = g_new0(struct batch_mail, count);
    for (;;) {
        struct batch batch = rest_of(intake, mails, count, rest);
        if (batch.count == 0) {
            return ST_OK;
        }
        enum status status = file_batch(intake, &batch, err);
        if (status == ST_OK) {
            drop_filed(intake, mails, count, &batch);
        }
        batch_clear(&batch);
        if (status == ST_INVALID || status == ST_CONFLICT) {
            log_warning("batch.refused", kv("mails", batch.count), kv("error", err->text));
            return file_one_by_one(intake, mails, count, err);
        }
        if (status != ST_OK) {
            return status;
        }
    }
}

/* ---- one round -------------------------------------------------------------------------------- */

static enum status count_parser_death(struct intake *intake, mail_id mail, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(intake->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = inbound_store_parser_died(tx, mail, intake->holder, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

/* What the parser said, as what is to be filed. A first death of the parser only counts. */
static enum status sort_out(struct intake *intake, const GPtrArray *claimed,
                            struct jail_mail *parsed, struct batch_mail *mails, struct err *err)
{
    for (guint i = 0; i < claimed->len; i++) {
        const struct claimed_mail *mail = g_ptr_array_index(claimed, i);
        bool has_died = parsed[i].result == JAIL_DIED || parsed[i].result == JAIL_STALLED;
        if (has_died && mail->parser_deaths + 1 < LIMIT_PARSER_DEATHS) {
            log_warning("parser.died", kv("mail", mail->id), kv("reason", parsed[i].reason));
            enum status status = count_parser_death(intake, mail->id, err);
            if (status != ST_OK) {
                return status;
            }
            continue;
        }
        bool is_parsed = parsed[i].result == JAIL_PARSED;
        mails[i] = (struct batch_mail){.claimed = mail,
                                       .facts = is_parsed ? parsed[i].facts : NULL,
                                       .reason = is_parsed ? NULL : parsed[i].reason};
    }
    return ST_OK;
}

/* A mail that took this process with it again and again is held without being looked at. */
static enum status hold_suspect(struct intake *intake, const struct claimed_mail *claimed,
                                struct err *err)
{
    struct batch_mail mail = {
        .claimed = claimed,
        .reason = "an intake process died five times while it had only this mail"};
    return file_alone(intake, &mail, err);
}

static enum status process(struct intake *intake, const GPtrArray *claimed, struct err *err)
{
    const struct claimed_mail *first = g_ptr_array_index(claimed, 0);
    if (first->solo_attempts > LIMIT_INTAKE_DEATHS) {
        return hold_suspect(intake, first, err);
    }
    g_autofree struct jail_mail *parsed = g_new0(struct jail_mail, claimed->len);
    g_autofree struct batch_mail *mails = g_new0(struct batch_mail, claimed->len);
    enum status status = parse_all(intake, claimed, parsed, err);
    if (status == ST_OK) {
        status = sort_out(intake, claimed, parsed, mails, err);
    }
    if (status == ST_OK) {
        status = file_all(intake, mails, claimed->len, err);
    }
    for (guint i = 0; i < claimed->len; i++) {
        jail_mail_clear(&parsed[i]);
    }
    return status;
}

static enum status claim(struct intake *intake, GPtrArray **claimed_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) claimed = NULL;
    enum status status = tx_begin(intake->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = inbound_store_claim(tx, intake->holder, intake->config->lease_us, &claimed, err);
    }
    if (status == ST_OK) {
        intake->owes_return = true;
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        *claimed_out = g_steal_pointer(&claimed);
    }
    return status;
}

static enum status give_back(struct intake *intake, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(intake->conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = inbound_store_give_back(tx, intake->holder, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    intake->owes_return = status != ST_OK;
    return status;
}

/* Parsers first: they must not inherit what is opened after them. */
static enum status open_what_is_closed(struct intake *intake, struct err *err)
{
    enum status status = ST_OK;
    if (!intake->jail) {
        status = jail_open(&intake->jail, err);
    }
    if (status == ST_OK && intake->conn && conn_is_broken(intake->conn)) {
        g_clear_pointer(&intake->conn, conn_close);
    }
    if (status == ST_OK && !intake->conn) {
        status = conn_open_service(intake->config->database, "postdesk intake", &intake->conn, err);
        if (status == ST_OK) {
            status = migrate_check(intake->conn, err);
        }
        if (status == ST_OK) {
            status = conn_listen(intake->conn, "postdesk_inbound", err);
        }
        if (status != ST_OK) {
            g_clear_pointer(&intake->conn, conn_close);
        }
    }
    return status == ST_OK && intake->owes_return ? give_back(intake, err) : status;
}

/* ST_NOT_FOUND: none waits. */
static enum status judge_junk(struct intake *intake, struct err *err)
{
    size_t count = 0;
    enum status status = junk_judge(intake->conn, intake->jail, intake->config->lease_us, &count,
                                    err);
    intake->rounds = 0;
    if (status != ST_OK) {
        g_clear_pointer(&intake->jail, jail_close);
        return status;
    }
    return count > 0 ? ST_OK : ST_NOT_FOUND;
}

/* ST_NOT_FOUND: nothing waits. */
static enum status round_once(struct intake *intake, struct err *err)
{
    g_autoptr(GPtrArray) claimed = NULL;
    enum status status = open_what_is_closed(intake, err);
    if (status == ST_OK) {
        status = claim(intake, &claimed, err);
    }
    if (status != ST_OK) {
        return status;
    }
    if (claimed->len == 0) {
        intake->owes_return = false;
        return judge_junk(intake, err);
    }
    if (fault_hit("intake.after_claim")) {
        return err_set(err, ST_TEMPFAIL, "fault point intake.after_claim");
    }
    status = process(intake, claimed, err);
    intake->owes_return = status != ST_OK;
    if (status == ST_OK && ++intake->rounds >= ROUNDS_WITHOUT_JUNK) {
        status = judge_junk(intake, err);
    }
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* Counts that cannot be written now are written the next time. */
static void write_tally(struct intake *intake)
{
    struct err err = {.status = ST_OK};
    if (rule_tally_flush(intake->tally, intake->conn, false, &err) != ST_OK) {
        log_warning("rules.uncounted", kv("error", err.text));
    }
}

static void wait_for_mail(struct intake *intake)
{
    struct err err = {.status = ST_OK};
    enum status status = conn_wait(intake->conn, intake->config->poll_us / 1000, stop_fd(), &err);
    if (status != ST_OK && status != ST_NOT_FOUND) {
        log_warning("database.lost", kv("error", err.text));
    }
}

static void back_off(int64_t *delay_ms)
{
    clock_sleep_ms(*delay_ms);
    *delay_ms = MIN(*delay_ms * 2, 5000);
}

static void intake_close(struct intake *intake)
{
    struct err err = {.status = ST_OK};
    if (intake->conn && intake->owes_return && give_back(intake, &err) != ST_OK) {
        log_warning("claims.left", kv("error", err.text));
    }
    if (intake->conn && rule_tally_flush(intake->tally, intake->conn, true, &err) != ST_OK) {
        log_warning("rules.uncounted", kv("error", err.text));
    }
    rule_book_free(intake->book);
    rule_tally_free(intake->tally);
    g_clear_pointer(&intake->conn, conn_close);
    g_clear_pointer(&intake->jail, jail_close);
}

enum status intake_run(const struct config *config, int index, struct err *err)
{
    g_autofree char *worker = g_strdup_printf("%.40s intake %d", g_get_host_name(), index);
    struct intake intake = {.config = config,
                            .book = rule_book_new(true),
                            .tally = rule_tally_new(worker)};
    g_snprintf(intake.holder, sizeof intake.holder, "%.40s intake %d %d %" PRIx64,
               g_get_host_name(), index, (int)getpid(), (uint64_t)random_int64());
    int64_t delay_ms = 20;
    enum status status = ST_OK;
    while (!stop_requested()) {
        status = round_once(&intake, err);
        if (status == ST_OK || status == ST_NOT_FOUND) {
            write_tally(&intake);
        }
        if (status == ST_OK || status == ST_NOT_FOUND) {
            delay_ms = 20;
        }
        if (status == ST_NOT_FOUND) {
            wait_for_mail(&intake);
        } else if (status == ST_FATAL) {
            break;
        } else if (status != ST_OK) {
            log_warning("intake.interrupted", kv("status", status_name(status)),
                        kv("error", err->text));
            back_off(&delay_ms);
        }
    }
    intake_close(&intake);
    return status == ST_FATAL ? status : ST_OK;
}
