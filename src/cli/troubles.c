/* troubles - what is wrong with a desk, of what its database shows
 *
 * One place says what is normal: status, its check for monitors, doctor and metrics all ask here, so they never
 * differ. Three gravities: a fault is for somebody's telephone at night, a warning for the morning, a todo for whoever
 * has time. A failure that ends by itself becomes a fault when it lasts.
 *
 * Mail that waits is judged by its age and not by its number: a thousand mails that are a second old are a busy
 * desk, one that is an hour old is a broken one.
 * Each says what a person can do. Pure: no I/O.
 */
#include "cli/troubles.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"

enum { DAY_S = 86400 };

const char *gravity_name(enum gravity gravity)
{
    static const char *const NAMES[] = {"well", "todo", "warning", "fault"};
    return NAMES[gravity];
}

void troubles_init(struct troubles *troubles)
{
    *troubles = (struct troubles){.list = json_array()};
}

void troubles_done(struct troubles *troubles)
{
    json_decref(troubles->list);
}

size_t troubles_count(const struct troubles *troubles, enum gravity gravity)
{
    size_t count = 0;
    size_t i = 0;
    json_t *trouble = NULL;

    json_array_foreach(troubles->list, i, trouble)
    {
        count += strcmp(json_string_value(json_object_get(trouble, "result")),
                        gravity_name(gravity)) == 0;
    }
    return count;
}

/* Behind all that are as grave. */
static size_t place_for(const struct troubles *troubles, enum gravity gravity)
{
    size_t place = 0;

    for (int graver = GRAVITY_FAULT; graver >= (int)gravity; graver--) {
        place += troubles_count(troubles, (enum gravity)graver);
    }
    return place;
}

void troubles_add(struct troubles *troubles, const struct trouble *trouble, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *said = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *text = text_one_line(said, SIZE_MAX);
    g_autofree char *hint = text_one_line(trouble->hint == NULL ? "" : trouble->hint, SIZE_MAX);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o}", "result",
                               gravity_name(trouble->gravity), "what", trouble->what, "text", text,
                               "hint", hint, "mailbox", trouble->mailbox, "seconds",
                               trouble->seconds < 0 ? json_null() : json_integer(trouble->seconds));
    json_array_insert_new(troubles->list, place_for(troubles, trouble->gravity), object);
    troubles->worst = MAX(troubles->worst, trouble->gravity);
}

void troubles_add_err(struct troubles *troubles, const char *what, const struct err *err)
{
    troubles_add(
        troubles,
        &(struct trouble){.gravity = GRAVITY_FAULT, .what = what, .hint = err->hint, .seconds = -1},
        "%s", err->text);
}

/* ---- mailboxes --------------------------------------------------------------------------------- */

int troubles_word(const struct health_rows *rows, int64_t mailbox, const char *thing)
{
    for (int row = 0; row < rows_count(rows->words); row++) {
        if (row_int64(rows->words, row, WORD_MAILBOX) == mailbox &&
            strcmp(row_text(rows->words, row, WORD_THING), thing) == 0) {
            return row;
        }
    }
    return -1;
}

static bool is_well(const struct rows *words, int row)
{
    return strcmp(row_text(words, row, WORD_STATE), "well") == 0;
}

const char *troubles_mailbox_state(const struct health_rows *rows, int row)
{
    int64_t mailbox = row_int64(rows->mailboxes, row, BOX_ID);
    int word = troubles_word(rows, mailbox, "imap");
    int database = troubles_word(rows, mailbox, "database");

    if (!row_bool(rows->mailboxes, row, BOX_ENABLED)) {
        return "disabled";
    }
    if (!row_bool(rows->mailboxes, row, BOX_READ)) {
        return "not read";
    }
    if (word < 0 && database < 0) {
        return "starting";
    }
    return (word < 0 || is_well(rows->words, word)) &&
                   (database < 0 || is_well(rows->words, database))
               ? "reading"
               : "trouble";
}

/* The thing as people name it, and whether mail comes or leaves although it fails. */
static const struct {
    const char *thing;
    const char *text; /* before what failed */
    bool is_mild;     /* nothing waits for it */
} THINGS[] = {
    {"imap", "mail is not read: ", false},
    {"smtp", "mail does not leave: ", false},
    {"move", "mail is read, but stays in INBOX: ", true},
    {"database", "what is read cannot be stored: ", false},
};

static void judge_word(struct troubles *troubles, const struct rows *words, int row,
                       const char *address)
{
    const char *thing = row_text(words, row, WORD_THING);
    int64_t seconds = row_int64(words, row, WORD_SINCE_S);
    bool is_lasting = strcmp(row_text(words, row, WORD_STATE), "lasting") == 0;
    size_t i = 0;

    while (strcmp(THINGS[i].thing, thing) != 0) {
        i++;
    }
    bool is_fault = !THINGS[i].is_mild && (is_lasting || seconds >= LIMIT_OUTAGE_FAULT_S);
    troubles_add(troubles,
                 &(struct trouble){.gravity = is_fault ? GRAVITY_FAULT : GRAVITY_WARNING,
                                   .what = thing,
                                   .mailbox = address,
                                   .hint = row_text(words, row, WORD_HINT),
                                   .seconds = seconds},
                 "%s%s", THINGS[i].text, row_text(words, row, WORD_SAYS));
}

static void judge_certificate(struct troubles *troubles, const struct rows *words, int row,
                              const char *address)
{
    int64_t left_s = row_int64(words, row, WORD_UNTIL_S);
    g_autofree char *left = text_age(left_s);

    if (row_is_null(words, row, WORD_UNTIL) || left_s >= LIMIT_CERTIFICATE_DAYS * DAY_S) {
        return;
    }
    troubles_add(troubles,
                 &(struct trouble){.gravity = left_s < LIMIT_CERTIFICATE_FAULT_DAYS * DAY_S
                                                  ? GRAVITY_FAULT
                                                  : GRAVITY_WARNING,
                                   .what = "certificate",
                                   .mailbox = address,
                                   .hint = "have it renewed by whoever runs the server; postdesk "
                                           "refuses a server whose certificate has expired",
                                   .seconds = -1},
                 "the certificate of the %s server %s %s",
                 strcmp(row_text(words, row, WORD_THING), "imap") == 0 ? "IMAP" : "SMTP",
                 left_s < 0 ? "has" : "ends in", left_s < 0 ? "expired" : left);
}

static void judge_skew(struct troubles *troubles, const struct rows *words, int row)
{
    int64_t skew_s = row_int64(words, row, WORD_SKEW_S);
    int64_t seconds = skew_s < 0 ? -skew_s : skew_s;
    g_autofree char *by = text_age(seconds);

    if (seconds < LIMIT_CLOCK_S || strcmp(row_text(words, row, WORD_THING), "imap") != 0) {
        return;
    }
    troubles_add(troubles,
                 &(struct trouble){
                     .gravity = seconds < LIMIT_CLOCK_FAULT_S ? GRAVITY_WARNING : GRAVITY_FAULT,
                     .what = "clock",
                     .hint = "set the clock that is wrong (timedatectl): certificates "
                             "are judged by the host's, tickets and mail are dated by "
                             "the database's",
                     .seconds = -1},
                 "the clock of the host \"%s\" is %s %s the database's",
                 row_text(words, row, WORD_HOST), by, skew_s < 0 ? "behind" : "ahead of");
}

/* What the rows of the mailbox itself say. */
static void judge_reading(struct troubles *troubles, const struct health_rows *rows, int row)
{
    const struct rows *boxes = rows->mailboxes;
    const char *address = row_text(boxes, row, BOX_ADDRESS);
    int64_t ahead_s = row_int64(boxes, row, BOX_AHEAD_S);

    if (!row_bool(boxes, row, BOX_READ) && row_bool(rows->desk, 0, DESK_TENDED)) {
        troubles_add(
            troubles,
            &(struct trouble){.gravity = GRAVITY_WARNING,
                              .what = "imap",
                              .mailbox = address,
                              .hint = "journalctl -u postdeskd says why its reader does not "
                                      "start",
                              .seconds = -1},
            "nobody reads it");
    }
    if (ahead_s >= LIMIT_CLOCK_FAULT_S) {
        g_autofree char *by = text_age(ahead_s);
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_WARNING,
                                       .what = "clock",
                                       .mailbox = address,
                                       .hint = "one of the two is wrong; set it (timedatectl)",
                                       .seconds = -1},
                     "the clock of its mail server is %s ahead of the database's", by);
    }
    if (!row_is_null(boxes, row, BOX_RENUMBERED_S) &&
        row_int64(boxes, row, BOX_RENUMBERED_S) < LIMIT_RENUMBERED_DAYS * DAY_S) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_TODO,
                                       .what = "folder",
                                       .mailbox = address,
                                       .hint = "nothing is lost, and mail that was known became a "
                                               "duplicate; postdesk audit --imap compares",
                                       .seconds = row_int64(boxes, row, BOX_RENUMBERED_S)},
                     "the server has numbered INBOX anew (UIDVALIDITY): it was read again");
    }
}

static void judge_mailbox(struct troubles *troubles, const struct health_rows *rows, int box)
{
    const char *address = row_text(rows->mailboxes, box, BOX_ADDRESS);

    for (int row = 0; row < rows_count(rows->words); row++) {
        if (row_int64(rows->words, row, WORD_MAILBOX) != row_int64(rows->mailboxes, box, BOX_ID)) {
            continue;
        }
        if (!is_well(rows->words, row)) {
            judge_word(troubles, rows->words, row, address);
        } else {
            judge_certificate(troubles, rows->words, row, address);
        }
        judge_skew(troubles, rows->words, row);
    }
    judge_reading(troubles, rows, box);
}

/* ---- the desk ---------------------------------------------------------------------------------- */

static void judge_daemon(struct troubles *troubles, const struct health_rows *rows)
{
    if (!row_bool(rows->desk, 0, DESK_TENDED)) {
        troubles_add(
            troubles,
            &(struct trouble){.gravity = GRAVITY_FAULT,
                              .what = "postdeskd",
                              .hint = "systemctl status postdeskd; systemctl start postdeskd",
                              .seconds = -1},
            "no daemon is at work on this desk");
    }
    if (row_bool(rows->desk, 0, DESK_STANDBY)) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_FAULT,
                                       .what = "database",
                                       .hint = "name all its hosts in the config, with "
                                               "target_session_attrs=read-write",
                                       .seconds = -1},
                     "this server is a standby: nothing can be written");
    }
    if (row_int64(rows->desk, 0, DESK_MAILBOXES) == 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_TODO,
                                       .what = "mailboxes",
                                       .hint = "postdesk mailbox add --help",
                                       .seconds = -1},
                     "none is enabled: no mail is read");
    }
}

static void judge_in(struct troubles *troubles, const struct rows *in)
{
    int64_t waiting = row_int64(in, 0, IN_WAITING);
    int64_t oldest_s = row_int64(in, 0, IN_OLDEST_S);
    int64_t held = row_int64(in, 0, IN_HELD);
    int64_t held_s = row_int64(in, 0, IN_HELD_S);

    if (waiting > 0 && oldest_s >= LIMIT_UNDECIDED_S) {
        troubles_add(
            troubles,
            &(struct trouble){.gravity = oldest_s < LIMIT_UNDECIDED_FAULT_S ? GRAVITY_WARNING
                                                                            : GRAVITY_FAULT,
                              .what = "intake",
                              .hint = "journalctl -u postdeskd tells why; are intakes "
                                      "configured?",
                              .seconds = oldest_s},
            "%" PRId64 " %s for a decision", waiting, waiting == 1 ? "mail waits" : "mails wait");
    }
    if (held > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = held_s < LIMIT_HELD_S ? GRAVITY_TODO
                                                                        : GRAVITY_WARNING,
                                       .what = "held",
                                       .hint = "postdesk held list",
                                       .seconds = held_s},
                     "%" PRId64 " %s held and %s for a person", held,
                     held == 1 ? "mail is" : "mails are", held == 1 ? "waits" : "wait");
    }
}

static void judge_out(struct troubles *troubles, const struct rows *out)
{
    int64_t late = row_int64(out, 0, OUT_LATE);
    int64_t failed = row_int64(out, 0, OUT_FAILED);
    int64_t stopped = row_int64(out, 0, OUT_STOPPED);

    if (late > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_FAULT,
                                       .what = "send",
                                       .hint = "are senders configured? journalctl -u postdeskd "
                                               "tells more",
                                       .seconds = row_int64(out, 0, OUT_OLDEST_S)},
                     "%" PRId64 " %s should have been sent more than five minutes ago", late,
                     late == 1 ? "mail" : "mails");
    }
    if (failed > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_TODO,
                                       .what = "failed",
                                       .hint = "postdesk queue list --failed",
                                       .seconds = -1},
                     "%" PRId64 " %s could not be delivered in the last day", failed,
                     failed == 1 ? "mail" : "mails");
    }
    if (stopped > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_TODO,
                                       .what = "queue",
                                       .hint = "postdesk queue list; postdesk queue release",
                                       .seconds = -1},
                     "%" PRId64 " %s held back by a person", stopped,
                     stopped == 1 ? "mail out is" : "mails out are");
    }
}

static void judge_rest(struct troubles *troubles, const struct health_rows *rows)
{
    int64_t faults = row_int64(rows->desk, 0, DESK_RULE_FAULTS);
    int64_t hooks = row_int64(rows->hooks, 0, HOOKS_FAILED);

    if (faults > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_WARNING,
                                       .what = "rules",
                                       .hint = "postdesk rules stats",
                                       .seconds = -1},
                     "%" PRId64 " %s had faults in the last day", faults,
                     faults == 1 ? "rule" : "rules");
    }
    if (hooks > 0) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_WARNING,
                                       .what = "web hooks",
                                       .hint = "postdesk rules hooks list --state failed",
                                       .seconds = -1},
                     "%" PRId64 " %s failed in the last day", hooks, hooks == 1 ? "call" : "calls");
    }
    for (int row = 0; row < rows_count(rows->people); row++) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = GRAVITY_WARNING,
                                       .what = "technician",
                                       .hint = "postdesk technician address --help",
                                       .seconds = -1},
                     "mail to %s <%s> comes back: he gets none", row_text(rows->people, row, 0),
                     row_text(rows->people, row, 1));
    }
    for (int row = 0; row < rows_count(rows->measures); row++) {
        if (strcmp(row_text(rows->measures, row, 0), "unaccounted") == 0 &&
            row_int64(rows->measures, row, 1) != 0) {
            troubles_add(troubles,
                         &(struct trouble){.gravity = GRAVITY_FAULT,
                                           .what = "conservation",
                                           .hint = "postdesk audit --imap says which",
                                           .seconds = row_int64(rows->measures, row, 2)},
                         "%" PRId64 " mails that were fetched are not in the database, or the "
                         "other way round",
                         row_int64(rows->measures, row, 1));
        }
    }
}

static void judge_own_clock(struct troubles *troubles, const struct rows *desk)
{
    int64_t ahead_s = row_int64(desk, 0, DESK_AHEAD_S);
    int64_t seconds = ahead_s < 0 ? -ahead_s : ahead_s;
    g_autofree char *by = text_age(seconds);

    if (seconds >= LIMIT_CLOCK_S) {
        troubles_add(troubles,
                     &(struct trouble){.gravity = seconds < LIMIT_CLOCK_FAULT_S ? GRAVITY_WARNING
                                                                                : GRAVITY_FAULT,
                                       .what = "clock",
                                       .hint = "set the clock that is wrong (timedatectl)",
                                       .seconds = -1},
                     "the clock of this host is %s %s the database's", by,
                     ahead_s > 0 ? "behind" : "ahead of");
    }
}

void troubles_judge(struct troubles *troubles, const struct health_rows *rows)
{
    judge_daemon(troubles, rows);
    judge_own_clock(troubles, rows->desk);
    for (int row = 0; row < rows_count(rows->mailboxes); row++) {
        if (row_bool(rows->mailboxes, row, BOX_ENABLED)) {
            judge_mailbox(troubles, rows, row);
        }
    }
    judge_in(troubles, rows->in);
    judge_out(troubles, rows->out);
    judge_rest(troubles, rows);
}
