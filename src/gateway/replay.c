/* replay - stored mail decided again under other rules or settings
 *
 * Each mail is parsed again, in the jail, and decided twice against its own stored records: once by the rules and
 * settings that are live, once by those that somebody thinks of. What differs between the two plans comes from the
 * wish and from nothing else; what the mail did when it came, under older rules, is in the ticket's history and no
 * part of the question.
 *
 * Settings stand in the records. Those that the wish names are set on both sides, to the live value and to the wished
 * one; the others stay as they were.
 *
 * Page by page: one READ ONLY transaction each, nothing is locked, no number is used up. The parser is shared by the
 * mails of a page, a technician's too: what it could gain by misleading another mail's facts is a line on a terminal.
 * I/O: database (reading), jail.
 */
#include "gateway/replay.h"

#include <string.h>

#include "core/limits.h"
#include "desk/decide.h"
#include "desk/need.h"
#include "gateway/gather_wants.h"
#include "gateway/plan_text.h"
#include "gateway/rule_book.h"
#include "jail/jail.h"
#include "store/replay.h"
#include "store/rule.h"
#include "store/setting.h"

struct replay {
    struct conn *conn; /* borrowed, as the next two */
    const struct replay_wish *wish;
    const struct replay_listener *listener;
    struct jail *jail;      /* own */
    struct rule_book *book; /* own: the live rules */
    struct settings live;
    struct replay_span span;
    struct replay_counts counts;
};

/* One mail of a page. */
struct again {
    const struct stored_mail *stored; /* borrowed */
    struct facts *facts;              /* borrowed; NULL: it takes no part */
    struct records *records;          /* own */
    struct plan *plan;                /* own: by the wish */
};

void replay_counts_clear(struct replay_counts *counts)
{
    g_clear_pointer(&counts->first_fault, g_free);
}

/* ---- settings ---------------------------------------------------------------------------------- */

/* Copy what one setting is from one set to another: every kind of value stands by itself. */
static void copy_setting(struct settings *to, const struct settings *from, const char *name)
{
    size_t count = 0;
    const struct setting_info *list = settings_list(&count);
    for (size_t i = 0; i < count; i++) {
        static const size_t BYTES[] = {[SETTING_WORD] = sizeof(unsigned),
                                       [SETTING_YES_NO] = sizeof(bool),
                                       [SETTING_NUMBER] = sizeof(int64_t),
                                       [SETTING_DURATION] = sizeof(int64_t),
                                       [SETTING_NAME] = SETTING_NAME_BYTES};
        if (strcmp(list[i].name, name) == 0) {
            memcpy((char *)to + list[i].offset, (const char *)from + list[i].offset,
                   BYTES[list[i].type]);
        }
    }
}

/* The records' settings with those that the wish names: as they are live, or as it wants them. */
static enum status settle(const struct replay *replay, bool is_wished, struct settings *settings,
                          struct err *err)
{
    const GPtrArray *pairs = replay->wish->settings;
    enum status status = ST_OK;
    for (guint i = 0; pairs && i + 1 < pairs->len && status == ST_OK; i += 2) {
        const char *name = g_ptr_array_index(pairs, i);
        if (is_wished) {
            status = settings_set(settings, name, g_ptr_array_index(pairs, i + 1), err);
        } else {
            copy_setting(settings, &replay->live, name);
        }
    }
    return status;
}

/* ---- one page ---------------------------------------------------------------------------------- */

static struct records *read_records(const struct stored_mail *stored)
{
    struct records *records = NULL;
    struct err err = {.status = ST_OK};
    return records_from_bytes(stored->records, &records, &err) == ST_OK ? records : NULL;
}

static void start_mail(struct replay *replay, const struct stored_mail *stored,
                       struct jail_mail *parsed, struct again *again)
{
    *again = (struct again){.stored = stored};
    if (parsed->result != JAIL_PARSED) {
        replay->counts.unread++;
        return;
    }
    again->records = read_records(stored);
    if (!again->records) {
        replay->counts.without++;
        return;
    }
    again->facts = parsed->facts;
}

static const struct rules *wished_rules(const struct replay *replay)
{
    return replay->wish->rules ? replay->wish->rules : rule_book_rules(replay->book);
}

static struct need *foresee(const struct batch_mail *mail, void *unused)
{
    (void)unused;
    return need_round(mail->facts, mail->records, NEED_ROUNDS);
}

/* What the rules of the wish name and the records do not hold, for the whole page. */
static enum status look_up(struct tx *tx, struct again *mails, size_t count, struct err *err)
{
    g_autofree struct batch_mail *wanting = g_new0(struct batch_mail, count);
    g_autofree struct need **needs = g_new0(struct need *, count);
    struct batch batch = {.mails = wanting, .is_rehearsal = true};
    for (size_t i = 0; i < count; i++) {
        if (mails[i].facts && wants_are_any(&mails[i].plan->wants)) {
            wanting[batch.count++] = (struct batch_mail){.facts = mails[i].facts,
                                                         .records = mails[i].records};
        }
    }
    enum status status = gather_wants(tx, &batch, needs, foresee, NULL, err);
    for (size_t i = 0; i < batch.count; i++) {
        g_clear_pointer(&needs[i], need_free);
    }
    return status;
}

/* All mails, or again those that wanted something, which was looked up. */
static enum status decide_wished(struct replay *replay, struct again *mails, size_t count,
                                 struct err *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        if (mails[i].facts && (!mails[i].plan || wants_are_any(&mails[i].plan->wants))) {
            mails[i].records->rule.rules = wished_rules(replay);
            status = settle(replay, true, &mails[i].records->settings, err);
            g_clear_pointer(&mails[i].plan, plan_free);
            mails[i].plan = decide(mails[i].facts, mails[i].records);
        }
    }
    return status;
}

/* ---- what differs ------------------------------------------------------------------------------ */

static void add_rules(GPtrArray *rules, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const struct plan_line *line = g_ptr_array_index(lines, i);
        if (line->rule && !g_ptr_array_find_with_equal_func(rules, line->rule, g_str_equal, NULL)) {
            g_ptr_array_add(rules, (gpointer)line->rule);
        }
    }
}

static void count_faults(struct replay *replay, const struct plan *plan)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct change *change = g_ptr_array_index(plan->changes, i);
        if (change->kind == CHANGE_RULE_FAULT && replay->counts.faults++ == 0) {
            replay->counts.first_fault = g_strdup(change->text);
        }
    }
}

static void compare(struct replay *replay, const struct again *again, const struct plan *now)
{
    g_autoptr(GArray) before = plan_lines(now, again->records);
    g_autoptr(GArray) after = plan_lines(again->plan, again->records);
    g_autoptr(GPtrArray) was = plan_lines_minus(before, after);
    g_autoptr(GPtrArray) would = plan_lines_minus(after, before);
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    if (was->len + would->len == 0) {
        return;
    }
    add_rules(rules, was);
    add_rules(rules, would);
    replay->counts.different++;
    struct replay_difference difference = {.mail = again->stored->id,
                                           .ticket = again->stored->ticket,
                                           .subject = again->stored->subject,
                                           .from_address = again->stored->from_address,
                                           .decided_us = again->stored->decided_us,
                                           .was = was,
                                           .would = would,
                                           .rules = rules};
    replay->listener->different(replay->listener->arg, &difference);
}

/* By what is live; the records may hold more than before, for both sides. */
static enum status compare_all(struct replay *replay, struct again *mails, size_t count,
                               struct err *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < count && status == ST_OK; i++) {
        if (mails[i].facts) {
            mails[i].records->rule.rules = rule_book_rules(replay->book);
            status = settle(replay, false, &mails[i].records->settings, err);
            OWNED(plan) now = decide(mails[i].facts, mails[i].records);
            count_faults(replay, mails[i].plan);
            compare(replay, &mails[i], now);
        }
    }
    return status;
}

static enum status replay_mails(struct replay *replay, struct tx *tx, struct again *mails,
                                size_t count, struct err *err)
{
    enum status status = decide_wished(replay, mails, count, err);
    if (status == ST_OK) {
        status = look_up(tx, mails, count, err);
    }
    if (status == ST_OK) {
        status = decide_wished(replay, mails, count, err);
    }
    return status == ST_OK ? compare_all(replay, mails, count, err) : status;
}

static enum status replay_page(struct replay *replay, struct tx *tx, const GPtrArray *stored,
                               struct err *err)
{
    g_autofree struct jail_mail *parsed = g_new0(struct jail_mail, stored->len);
    g_autofree struct again *mails = g_new0(struct again, stored->len);
    for (guint i = 0; i < stored->len; i++) {
        struct stored_mail *mail = g_ptr_array_index(stored, i);
        parsed[i] = (struct jail_mail){.raw = g_steal_pointer(&mail->raw),
                                       .gives_raw = true,
                                       .is_cut = !mail->raw_complete};
    }
    enum status status = jail_parse(replay->jail, parsed, stored->len, err);
    for (guint i = 0; i < stored->len && status == ST_OK; i++) {
        start_mail(replay, g_ptr_array_index(stored, i), &parsed[i], &mails[i]);
    }
    if (status == ST_OK) {
        status = replay_mails(replay, tx, mails, stored->len, err);
    }
    for (guint i = 0; i < stored->len; i++) {
        g_clear_pointer(&mails[i].records, records_free);
        g_clear_pointer(&mails[i].plan, plan_free);
        jail_mail_clear(&parsed[i]);
    }
    replay->counts.done += stored->len;
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------- */

static enum status start(struct replay *replay, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) set = NULL;
    int64_t version = 0;
    enum status status = tx_begin(replay->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        tx_take_time(tx);
        status = replay_store_span(tx, replay->wish->seconds, &replay->span, err);
    }
    if (status == ST_OK) {
        status = setting_store_list(tx, &set, err);
    }
    replay->live = settings_default();
    for (int row = 0; status == ST_OK && row < rows_count(set); row++) {
        status = settings_set(&replay->live, row_text(set, row, 0), row_text(set, row, 1), err);
    }
    if (status == ST_OK) {
        status = rule_store_live(tx, &version, err);
    }
    if (status == ST_OK) {
        status = rule_book_update(replay->book, tx, version, err);
    }
    replay->counts.total = replay->span.total;
    replay->counts.without = replay->span.without;
    return status;
}

/* ST_NOT_FOUND: that was the last page. */
static enum status next_page(struct replay *replay, mail_id *behind, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) stored = NULL;
    enum status status = tx_begin(replay->conn, TX_READ_ONLY, &tx, err);
    if (status == ST_OK) {
        tx_take_time(tx);
        status = replay_store_page(tx, &replay->span, *behind, &stored, err);
    }
    if (status == ST_OK && stored->len == 0) {
        return ST_NOT_FOUND;
    }
    if (status == ST_OK) {
        *behind = ((struct stored_mail *)g_ptr_array_index(stored, stored->len - 1))->id;
        status = replay_page(replay, tx, stored, err);
    }
    return status;
}

enum status replay_run(struct conn *conn, const struct replay_wish *wish,
                       const struct replay_listener *listener, struct replay_counts *counts_out,
                       struct err *err)
{
    OWNED(jail) jail = NULL;
    OWNED(rule_book) book = rule_book_new(true);
    struct replay replay = {.conn = conn, .wish = wish, .listener = listener, .book = book};
    mail_id behind = 0;
    enum status status = jail_open(&jail, err);
    replay.jail = jail;
    if (status == ST_OK) {
        status = start(&replay, err);
    }
    while (status == ST_OK) {
        status = next_page(&replay, &behind, err);
        listener->progress(listener->arg, &replay.counts);
    }
    if (status != ST_NOT_FOUND) {
        replay_counts_clear(&replay.counts);
        return status;
    }
    *counts_out = replay.counts;
    return ST_OK;
}
