/* metrics - postdesk metrics: numbers for Prometheus
 *
 * The text exposition format, version 0.0.4: to stdout, or with --textfile into a file for the textfile collector of
 * node_exporter, which never sees half of one (written beside it, then renamed). So no port is open for it. A timer or cron
 * job runs it each minute; it costs a few milliseconds.
 *
 * Names follow Prometheus' rules: base units, _total for what only grows, no label whose values strangers can make.
 * What is judged is judged as in postdesk status: postdesk_troubles.
 *
 * Without the database there is one number, postdesk_up 0, and the exit code says so as well: a monitor that hears
 * nothing must not take it for well.
 * I/O: the database, stdout or the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/troubles.h"
#include "cli/view.h"
#include "core/clock.h"
#include "core/text.h"

enum { US_PER_S = 1000000, FILE_MODE = 0644 };

/* A family of samples under one name. Its array "samples" holds {"labels": {…}, "value": n}. */
static json_t *add_family(json_t *families, const char *name, const char *type, const char *help)
{
    json_t *samples = json_array();

    json_array_append_new(families, json_pack("{s:s, s:s, s:s, s:o}", "name", name, "type", type,
                                              "help", help, "samples", samples));
    return samples; /* borrowed: from families */
}

/* labels: a new reference, or NULL. */
static void add_sample(json_t *samples, json_t *labels, int64_t value)
{
    json_array_append_new(samples,
                          json_pack("{s:o, s:I}", "labels", labels == NULL ? json_object() : labels,
                                    "value", (json_int_t)value));
}

static void add_gauge(json_t *families, const char *name, const char *help, int64_t value)
{
    add_sample(add_family(families, name, "gauge", help), NULL, value);
}

/* ---- what there is ----------------------------------------------------------------------------- */

static json_t *label(const char *name, const char *value)
{
    return json_pack("{s:s}", name, value);
}

static void add_mailboxes(json_t *families, const struct health_rows *rows)
{
    json_t *fetched = add_family(families, "postdesk_mail_fetched_total", "counter",
                                 "Mails that were fetched from a mailbox");
    json_t *latest = add_family(families, "postdesk_last_success_timestamp_seconds", "gauge",
                                "When the last mail came in, by the database's clock");
    json_t *readers = add_family(families, "postdesk_mailbox_is_read", "gauge",
                                 "Whether somebody reads the mailbox (1) or not");

    for (int row = 0; row < rows_count(rows->mailboxes); row++) {
        const char *address = row_text(rows->mailboxes, row, BOX_ADDRESS);
        add_sample(fetched, label("mailbox", address),
                   row_int64(rows->mailboxes, row, BOX_FETCHED));
        if (!row_is_null(rows->mailboxes, row, BOX_LAST_AT)) {
            add_sample(latest, json_pack("{s:s, s:s}", "mailbox", address, "stage", "fetch"),
                       row_time(rows->mailboxes, row, BOX_LAST_AT) / US_PER_S);
        }
        if (row_bool(rows->mailboxes, row, BOX_ENABLED)) {
            add_sample(readers, label("mailbox", address),
                       strcmp(troubles_mailbox_state(rows, row), "reading") == 0);
        }
    }
}

static const char *address_of(const struct health_rows *rows, int64_t mailbox)
{
    for (int row = 0; row < rows_count(rows->mailboxes); row++) {
        if (row_int64(rows->mailboxes, row, BOX_ID) == mailbox) {
            return row_text(rows->mailboxes, row, BOX_ADDRESS);
        }
    }
    return "";
}

static void add_words(json_t *families, const struct health_rows *rows)
{
    json_t *well = add_family(families, "postdesk_mailbox_up", "gauge",
                              "Whether a thing of a mailbox works (1) or not, as its user says");
    json_t *ends = add_family(families, "postdesk_certificate_expiry_timestamp_seconds", "gauge",
                              "When the certificate of a mail server ends");
    json_t *skew = add_family(families, "postdesk_clock_skew_seconds", "gauge",
                              "How far the clock of the host that reads a mailbox is ahead of the "
                              "database's");

    for (int row = 0; row < rows_count(rows->words); row++) {
        const char *thing = row_text(rows->words, row, WORD_THING);
        const char *address = address_of(rows, row_int64(rows->words, row, WORD_MAILBOX));
        json_t *labels = json_pack("{s:s, s:s}", "mailbox", address, "thing", thing);
        if (!row_is_null(rows->words, row, WORD_UNTIL)) {
            add_sample(ends, json_copy(labels), row_time(rows->words, row, WORD_UNTIL) / US_PER_S);
        }
        if (strcmp(thing, "imap") == 0) {
            add_sample(skew, label("mailbox", address), row_int64(rows->words, row, WORD_SKEW_S));
        }
        add_sample(well, labels, strcmp(row_text(rows->words, row, WORD_STATE), "well") == 0);
    }
}

static void add_queues(json_t *families, const struct health_rows *rows)
{
    int64_t queued = row_int64(rows->out, 0, OUT_QUEUED);
    int64_t deferred = row_int64(rows->out, 0, OUT_DEFERRED);
    int64_t stopped = row_int64(rows->out, 0, OUT_STOPPED);

    add_gauge(families, "postdesk_inbox_messages", "Mails that wait for a decision",
              row_int64(rows->in, 0, IN_WAITING));
    add_gauge(families, "postdesk_inbox_oldest_age_seconds", "Age of the oldest of them",
              row_int64(rows->in, 0, IN_OLDEST_S));
    add_gauge(families, "postdesk_quarantine_messages", "Mails that are held and wait for a person",
              row_int64(rows->in, 0, IN_HELD));
    add_gauge(families, "postdesk_quarantine_oldest_age_seconds", "Age of the oldest of them",
              row_int64(rows->in, 0, IN_HELD_S));
    json_t *out = add_family(families, "postdesk_outbox_messages", "gauge",
                             "Mails that wait to be sent");
    add_sample(out, label("state", "all"), queued);
    add_sample(out, label("state", "deferred"), deferred);
    add_sample(out, label("state", "held_back"), stopped);
    add_gauge(families, "postdesk_outbox_oldest_age_seconds",
              "Age of the oldest that nobody holds back", row_int64(rows->out, 0, OUT_OLDEST_S));
    add_gauge(families, "postdesk_outbox_late_messages",
              "Mails that should have been tried more than five minutes ago",
              row_int64(rows->out, 0, OUT_LATE));
    add_gauge(families, "postdesk_outbox_failed_last_day",
              "Mails that could not be delivered, ended in the last day",
              row_int64(rows->out, 0, OUT_FAILED));
    add_gauge(families, "postdesk_outbox_suppressed_last_day",
              "Mails that a limit or a person stopped, of the last day",
              row_int64(rows->out, 0, OUT_SUPPRESSED));
    add_gauge(families, "postdesk_web_hook_calls", "Calls of web hooks that wait",
              row_int64(rows->hooks, 0, HOOKS_QUEUED));
    add_gauge(families, "postdesk_web_hook_oldest_age_seconds", "Age of the oldest of them",
              row_int64(rows->hooks, 0, HOOKS_OLDEST_S));
    add_gauge(families, "postdesk_web_hook_failed_last_day",
              "Calls of web hooks that failed in the last day",
              row_int64(rows->hooks, 0, HOOKS_FAILED));
}

/* "decisions STATE OUTCOME", and "unaccounted": see store/upkeep. */
static void add_measures(json_t *families, const struct rows *measures)
{
    json_t *decisions = add_family(families, "postdesk_mail_decisions_total", "counter",
                                   "Mails by what was decided on them first, a minute late");

    for (int row = 0; row < rows_count(measures); row++) {
        g_auto(GStrv) words = g_strsplit(row_text(measures, row, 0), " ", -1);
        if (g_strv_length(words) == 3 && strcmp(words[0], "decisions") == 0) {
            add_sample(decisions,
                       json_pack("{s:s, s:s}", "decision", words[1], "outcome", words[2]),
                       row_int64(measures, row, 1));
        } else if (strcmp(words[0], "unaccounted") == 0) {
            add_gauge(
                families, "postdesk_mail_unaccounted",
                "Mails that were fetched and are not there, or the other way round: must be 0",
                row_int64(measures, row, 1));
            add_gauge(families, "postdesk_mail_unaccounted_age_seconds",
                      "How long ago that was counted", row_int64(measures, row, 2));
        }
    }
}

static void add_desk(json_t *families, const struct health_rows *rows)
{
    add_gauge(families, "postdesk_daemon_up", "Whether a daemon is at work on the desk (1) or not",
              row_bool(rows->desk, 0, DESK_TENDED));
    add_gauge(families, "postdesk_database_bytes", "Size of the desk's database",
              row_int64(rows->desk, 0, DESK_BYTES));
    add_gauge(families, "postdesk_database_clock_offset_seconds",
              "How far the database's clock is ahead of this host's",
              row_int64(rows->desk, 0, DESK_AHEAD_S));
    add_gauge(families, "postdesk_rules_version", "The version of the rules that is live",
              row_int64(rows->desk, 0, DESK_RULES));
    add_gauge(families, "postdesk_rules_with_faults_last_day",
              "Rules that had faults in the last day", row_int64(rows->desk, 0, DESK_RULE_FAULTS));
}

static void add_troubles(json_t *families, const struct health_rows *rows)
{
    struct troubles troubles = {NULL};
    json_t *samples = add_family(families, "postdesk_troubles", "gauge",
                                 "What postdesk status has to say, by gravity");

    troubles_init(&troubles);
    troubles_judge(&troubles, rows);
    for (enum gravity gravity = GRAVITY_TODO; gravity <= GRAVITY_FAULT; gravity++) {
        add_sample(samples, label("gravity", gravity_name(gravity)),
                   (int64_t)troubles_count(&troubles, gravity));
    }
    troubles_done(&troubles);
}

/* rows NULL: the database could not be read. */
static json_t *families_of(const struct health_rows *rows)
{
    json_t *families = json_array();

    add_sample(add_family(families, "postdesk_build_info", "gauge", "The version of this program"),
               label("version", POSTDESK_VERSION), 1);
    add_gauge(families, "postdesk_up", "Whether the desk's database could be read (1) or not",
              rows != NULL);
    if (rows != NULL) {
        add_desk(families, rows);
        add_mailboxes(families, rows);
        add_words(families, rows);
        add_queues(families, rows);
        add_measures(families, rows->measures);
        add_troubles(families, rows);
    }
    return families;
}

/* ---- as text ----------------------------------------------------------------------------------- */

static void write_label(GString *text, const char *name, const char *value)
{
    g_string_append_printf(text, "%s=\"", name);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\\' || *p == '"') {
            g_string_append_c(text, '\\');
        }
        g_string_append(text, *p == '\n' ? "\\n" : (const char[]){*p, '\0'});
    }
    g_string_append_c(text, '"');
}

static void write_sample(GString *text, const char *name, const json_t *sample)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *labels = json_object_get(sample, "labels");
    bool is_first = true;

    g_string_append(text, name);
    json_object_foreach(labels, key, value)
    {
        g_string_append_c(text, is_first ? '{' : ',');
        write_label(text, key, json_string_value(value));
        is_first = false;
    }
    g_string_append_printf(text, "%s %" JSON_INTEGER_FORMAT "\n", is_first ? "" : "}",
                           json_integer_value(json_object_get(sample, "value")));
}

/* Own. */
static GString *text_of(const json_t *families)
{
    GString *text = g_string_new(NULL);
    size_t i = 0;
    json_t *family = NULL;

    json_array_foreach(families, i, family)
    {
        const char *name = json_string_value(json_object_get(family, "name"));
        size_t j = 0;
        json_t *sample = NULL;
        json_t *samples = json_object_get(family, "samples");
        if (json_array_size(samples) == 0) {
            continue;
        }
        g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name,
                               json_string_value(json_object_get(family, "help")), name,
                               json_string_value(json_object_get(family, "type")));
        json_array_foreach(samples, j, sample)
        {
            write_sample(text, name, sample);
        }
    }
    return text;
}

static enum status write_file(const char *path, const GString *text, struct err *err)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents_full(path, text->str, (gssize)text->len,
                                  G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, &error)) {
        return err_set(err, ST_TEMPFAIL, "could not write \"%s\": %s", path, error->message);
    }
    return ST_OK;
}

/* ---- the command ------------------------------------------------------------------------------- */

static enum status read_health(struct cli *cli, struct health_rows *rows, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = cli_read(cli, &tx, err);

    return status == ST_OK ? health_store_read(tx, clock_wall_us(clock_real()), rows, err) : status;
}

static enum status print_families(const struct cli *cli, const json_t *families, const char *path,
                                  struct err *err)
{
    g_autoptr(GString) text = text_of(families);

    if (path != NULL) {
        return write_file(path, text, err);
    }
    if (cli->is_json) {
        view_print_json(families);
    } else {
        fputs(text->str, stdout);
    }
    return ST_OK;
}

static enum status run_metrics(struct cli *cli, const struct args *args, struct err *err)
{
    CLEANUP(health_rows_clear) struct health_rows rows = {NULL};
    struct err trouble = {.status = ST_OK};
    enum status status = read_health(cli, &rows, &trouble);

    if (status == ST_DENIED || cli->config == NULL) {
        *err = trouble; /* says nothing of the desk */
        return status;
    }
    json_t *families = families_of(status == ST_OK ? &rows : NULL);
    enum status printed = print_families(cli, families, args_value(args, "textfile"), err);
    json_decref(families);
    if (printed == ST_OK && status != ST_OK) {
        *err = trouble;
    }
    return printed == ST_OK ? status : printed;
}

static const struct flag FLAGS[] = {
    {"textfile", "PATH", "write them into this file instead, whole or not at all", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.words = "",
     .help = "numbers for Prometheus",
     .more = "For the textfile collector of node_exporter, each minute:\n"
             "    postdesk metrics --textfile /var/lib/prometheus/node-exporter/postdesk.prom\n"
             "Worth an alert: postdesk_up == 0, postdesk_troubles{gravity=\"fault\"} > 0,\n"
             "postdesk_mail_unaccounted != 0, and a file that is older than five minutes.",
     .flags = FLAGS,
     .run = run_metrics},
    {.run = NULL},
};

const struct noun NOUN_METRICS = {"metrics", "numbers for Prometheus", VERBS};
