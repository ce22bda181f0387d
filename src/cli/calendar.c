/* calendar - postdesk calendar show, zone, hours, holiday
 *
 * When the desk works, for the rules that ask for it (time.is-working). Hours are entered as people write them:
 *
 *     hours   = days 1*span / days "closed"
 *     days    = weekday [ ".." weekday ] *( "," weekday [ ".." weekday ] )     ; mon..fri,sun
 *     span    = clock "-" clock                                                ; 9:00-17:30, 22-24
 *     clock   = 1*2DIGIT [ ":" 2DIGIT ]                                        ; up to 24:00
 *     holiday = YYYY-MM-DD / MM-DD                                             ; the latter every year
 *
 * Nothing spans midnight: who works through the night says so for both days.
 * I/O: the database, stdout.
 */
#include "store/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "core/text.h"
#include "desk/calendar.h"

enum { HOUR_MINUTES = 60, DAY_HOURS = 24, TITLE_COLUMNS = 12, LEAP_YEAR = 2024 };

static const struct field HOLIDAY_FIELDS[] = {
    {"day", "DAY", FIELD_TEXT, false},
    {"name", "HOLIDAY", FIELD_TEXT, true},
    {"is_yearly", "EVERY YEAR", FIELD_BOOL, false},
};

/* ---- show ---- */

struct shown {
    struct rows *desk;
    struct rows *hours;
    struct rows *holidays;
};

static void shown_clear(struct shown *shown)
{
    g_clear_pointer(&shown->desk, rows_free);
    g_clear_pointer(&shown->hours, rows_free);
    g_clear_pointer(&shown->holidays, rows_free);
}

static enum status read_all(struct tx *tx, struct shown *shown, struct err *err)
{
    enum status status = calendar_store_show(tx, &shown->desk, err);

    if (status == ST_OK) {
        status = calendar_store_hours(tx, &shown->hours, err);
    }
    return status == ST_OK ? calendar_store_holidays(tx, &shown->holidays, err) : status;
}

static struct weekday_hours hours_of(const struct rows *rows, int weekday)
{
    struct weekday_hours hours = {.weekday = weekday};

    for (int row = 0; row < rows_count(rows) && hours.count < LIMIT_DAY_SPANS; row++) {
        if (row_int64(rows, row, 0) == weekday) {
            hours.opens[hours.count] = (int32_t)row_int64(rows, row, 1);
            hours.closes[hours.count] = (int32_t)row_int64(rows, row, 2);
            hours.count++;
        }
    }
    return hours;
}

/* The calendar as rules see it. */
static void fill_record(const struct shown *shown, struct calendar_record *calendar)
{
    g_free(calendar->zone);
    calendar->zone = g_strdup(row_text(shown->desk, 0, 0));
    for (int row = 0; row < rows_count(shown->hours); row++) {
        int64_t first = (row_int64(shown->hours, row, 0) - 1) * CALENDAR_DAY_MINUTES;
        int64_t opens = first + row_int64(shown->hours, row, 1);
        int64_t closes = first + row_int64(shown->hours, row, 2);
        g_array_append_val(calendar->opens, opens);
        g_array_append_val(calendar->closes, closes);
    }
    for (int row = 0; row < rows_count(shown->holidays); row++) {
        int64_t day = row_int64(shown->holidays, row, 4);
        g_array_append_val(calendar->holidays, day);
    }
}

static json_t *hours_json(const struct rows *rows)
{
    json_t *object = json_object();

    for (int weekday = 1; weekday <= CALENDAR_WEEK_DAYS; weekday++) {
        struct weekday_hours hours = hours_of(rows, weekday);
        g_autofree char *text = weekday_hours_text(&hours);
        g_auto(GStrv) spans = g_strsplit(text, " ", -1);
        json_t *array = json_array();
        for (size_t i = 0; i < hours.count; i++) {
            json_array_append_new(array, json_string(spans[i]));
        }
        json_object_set_new(object, calendar_weekday_name(weekday), array);
    }
    return object;
}

static void print_calendar(const struct shown *shown, const struct calendar_moment *moment,
                           bool is_working)
{
    static const char *const TITLES[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday"};

    printf("%-*s%s\n", TITLE_COLUMNS, "Time zone:", row_text(shown->desk, 0, 0));
    printf("%-*s%s, %04d-%02d-%02d %02d:%02d: %s\n\n", TITLE_COLUMNS,
           "Now:", TITLES[moment->weekday - 1], moment->year, moment->month, moment->day,
           moment->minute / HOUR_MINUTES, moment->minute % HOUR_MINUTES,
           is_working ? "working" : "not working");
    for (int weekday = 1; weekday <= CALENDAR_WEEK_DAYS; weekday++) {
        struct weekday_hours hours = hours_of(shown->hours, weekday);
        g_autofree char *text = weekday_hours_text(&hours);
        printf("%-*s%s\n", TITLE_COLUMNS, TITLES[weekday - 1], text);
    }
    if (rows_count(shown->holidays) > 0) {
        json_t *list = view_rows(shown->holidays, HOLIDAY_FIELDS, G_N_ELEMENTS(HOLIDAY_FIELDS));
        putchar('\n');
        view_print_table(list, HOLIDAY_FIELDS, G_N_ELEMENTS(HOLIDAY_FIELDS));
        json_decref(list);
    }
}

static void show_calendar(const struct cli *cli, const struct shown *shown)
{
    struct calendar_record calendar = {NULL};
    int64_t now_us = row_time(shown->desk, 0, 1);

    calendar_init(&calendar);
    fill_record(shown, &calendar);
    bool is_working = calendar_is_working(&calendar, now_us);
    if (cli->is_json) {
        json_t *object = json_object();
        json_object_set_new(object, "zone", json_string(calendar.zone));
        json_object_set_new(object, "now", view_time(now_us));
        json_object_set_new(object, "is_working", json_boolean(is_working));
        json_object_set_new(object, "is_holiday",
                            json_boolean(calendar_is_holiday(&calendar, now_us)));
        json_object_set_new(object, "hours", hours_json(shown->hours));
        json_object_set_new(object, "holidays",
                            view_rows(shown->holidays, HOLIDAY_FIELDS,
                                      G_N_ELEMENTS(HOLIDAY_FIELDS)));
        view_print_json(object);
        json_decref(object);
    } else {
        struct calendar_moment moment = calendar_moment(&calendar, now_us);
        print_calendar(shown, &moment, is_working);
    }
    calendar_done(&calendar);
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    CLEANUP(shown_clear) struct shown shown = {NULL};

    (void)args;
    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = read_all(tx, &shown, err);
    }
    if (status == ST_OK) {
        show_calendar(cli, &shown);
    }
    return status;
}

/* ---- zone, hours, holiday ---- */

/* One call; the body may run again. */
struct change {
    const char *actor;                  /* borrowed */
    const char *zone;                   /* borrowed; NULL: it stays */
    bool wants[CALENDAR_WEEK_DAYS];     /* weekdays whose hours are set */
    struct weekday_hours hours;         /* of all of them */
    const struct calendar_day *holiday; /* borrowed; NULL: none */
    const char *holiday_name;           /* borrowed; NULL: it is removed */
};

static enum status change_calendar(struct tx *tx, void *arg, struct err *err)
{
    struct change *change = arg;
    enum status status = ST_OK;

    if (change->zone != NULL) {
        status = calendar_store_set_zone(tx, change->actor, change->zone, err);
    }
    for (int i = 0; i < CALENDAR_WEEK_DAYS && status == ST_OK; i++) {
        if (change->wants[i]) {
            change->hours.weekday = i + 1;
            status = calendar_store_set_hours(tx, change->actor, &change->hours, err);
        }
    }
    if (status != ST_OK || change->holiday == NULL) {
        return status;
    }
    return change->holiday_name != NULL
               ? calendar_store_add_holiday(tx, change->actor, change->holiday,
                                            change->holiday_name, err)
               : calendar_store_remove_holiday(tx, change->actor, change->holiday, err);
}

static enum status run_change(struct cli *cli, struct change *change, const char *what,
                              struct err *err)
{
    enum status status = cli_connect(cli, err);

    if (status == ST_OK) {
        status = tx_run(cli->conn, change_calendar, change, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "calendar", what);
    }
    return status;
}

static enum status run_zone(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct change change = {.actor = actor, .zone = args_word(args, 0)};
    enum status status = calendar_check_zone(change.zone, err);

    return status == ST_OK ? run_change(cli, &change, change.zone, err) : status;
}

/* "9", "9:00", "24:00" in minutes. */
static enum status read_clock(const char *text, int32_t *minutes_out, struct err *err)
{
    struct err ignored = {.status = ST_OK};
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    int64_t hours = 0;
    int64_t minutes = 0;
    bool is_good = parts[0] != NULL &&
                   text_parse_int64(parts[0], 0, DAY_HOURS, &hours, &ignored) == ST_OK &&
                   (parts[1] == NULL ||
                    (strlen(parts[1]) == 2 && text_parse_int64(parts[1], 0, HOUR_MINUTES - 1,
                                                               &minutes, &ignored) == ST_OK)) &&
                   hours * HOUR_MINUTES + minutes <= CALENDAR_DAY_MINUTES;

    if (!is_good) {
        (void)err_set(err, ST_INVALID, "\"%.20s\" is no time of day", text);
        return err_hint(err, "write hours as 9:00-12:30, up to 24:00");
    }
    *minutes_out = (int32_t)(hours * HOUR_MINUTES + minutes);
    return ST_OK;
}

static enum status read_span(const char *text, struct weekday_hours *hours, struct err *err)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    size_t i = hours->count;

    if (ends[0] == NULL || ends[1] == NULL) {
        (void)err_set(err, ST_INVALID, "\"%.40s\" are no hours", text);
        return err_hint(err, "write them as 9:00-12:30, or \"closed\"");
    }
    enum status status = read_clock(ends[0], &hours->opens[i], err);
    if (status == ST_OK) {
        status = read_clock(ends[1], &hours->closes[i], err);
    }
    if (status == ST_OK && hours->opens[i] >= hours->closes[i]) {
        (void)err_set(err, ST_INVALID, "\"%.40s\" ends before it begins", text);
        return err_hint(err, "hours end at midnight: give the rest to the next day");
    }
    if (status == ST_OK && i > 0 && hours->opens[i] < hours->closes[i - 1]) {
        (void)err_set(err, ST_INVALID, "\"%.40s\" begins before the hours in front of it end",
                      text);
        return err_hint(err, "give the hours of a day in their order");
    }
    hours->count++;
    return status;
}

static enum status read_hours(const struct args *args, struct weekday_hours *hours, struct err *err)
{
    enum status status = ST_OK;

    if (args->words->len == 2 && strcmp(args_word(args, 1), "closed") == 0) {
        return ST_OK;
    }
    for (size_t i = 1; i < args->words->len && status == ST_OK; i++) {
        status = read_span(args_word(args, i), hours, err);
    }
    return status;
}

/* "mon..fri": also over the end of the week. */
static enum status read_days(const char *text, bool wants[CALENDAR_WEEK_DAYS], struct err *err)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    enum status status = ST_OK;

    for (size_t i = 0; parts[i] != NULL && status == ST_OK; i++) {
        g_auto(GStrv) ends = g_strsplit(parts[i], "..", 2);
        int first = 0;
        int last = 0;
        status = calendar_weekday_parse(ends[0] == NULL ? "" : ends[0], &first, err);
        last = first;
        if (status == ST_OK && ends[1] != NULL) {
            status = calendar_weekday_parse(ends[1], &last, err);
        }
        if (status == ST_OK) {
            wants[last - 1] = true;
            for (int day = first; day != last; day = day % CALENDAR_WEEK_DAYS + 1) {
                wants[day - 1] = true;
            }
        }
    }
    return status;
}

static enum status run_hours(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct change change = {.actor = actor};
    enum status status = read_days(args_word(args, 0), change.wants, err);

    if (status == ST_OK) {
        status = read_hours(args, &change.hours, err);
    }
    return status == ST_OK ? run_change(cli, &change, args_word(args, 0), err) : status;
}

static enum status read_holiday(const char *text, struct calendar_day *day, struct err *err)
{
    struct err ignored = {.status = ST_OK};
    bool is_yearly = strlen(text) == strlen("12-25");
    g_autofree char *whole = is_yearly ? g_strdup_printf("%d-%s", LEAP_YEAR, text) : g_strdup(text);
    g_autofree char *read = NULL;
    int64_t parts[3] = {0};

    if (entry_day(whole, &read, &ignored) != ST_OK) {
        (void)err_set(err, ST_INVALID, "\"%.40s\" is no day", text);
        return err_hint(err, "2026-12-24 for that day alone, 12-25 for every year");
    }
    g_auto(GStrv) words = g_strsplit(read, "-", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (text_parse_int64(words[i], 0, INT16_MAX, &parts[i], err) != ST_OK) {
            return ST_INVALID;
        }
    }
    *day = (struct calendar_day){.year = is_yearly ? 0 : (int)parts[0],
                                 .month = (int)parts[1],
                                 .day = (int)parts[2]};
    return ST_OK;
}

static enum status list_holidays(struct cli *cli, const struct args *args, struct err *err)
{
    if (args->words->len > 1) {
        return err_set(err, ST_INVALID, "\"list\" takes no more words");
    }
    return view_list(cli, calendar_store_holidays, HOLIDAY_FIELDS, G_N_ELEMENTS(HOLIDAY_FIELDS),
                     err);
}

static enum status run_holiday(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    g_autofree char *name = NULL;
    struct calendar_day day = {0};
    bool is_added = false;

    if (strcmp(args_word(args, 0), "list") == 0) {
        return list_holidays(cli, args, err);
    }
    enum status status = cli_add_or_remove(args_word(args, 0), &is_added, err);
    if (status != ST_OK) {
        return err_hint(err, "add DAY NAME, remove DAY, or list");
    }
    if (args->words->len != (is_added ? 3 : 2)) {
        return err_set(err, ST_INVALID,
                       is_added ? "say which day and how the holiday is called" : "say which day");
    }
    status = read_holiday(args_word(args, 1), &day, err);
    if (status == ST_OK && is_added) {
        status = entry_name(args_word(args, 2), &name, err);
    }
    struct change change = {.actor = actor, .holiday = &day, .holiday_name = name};
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = cli_require(cli, DESK_ADMIN, err);
    }
    return status == ST_OK ? run_change(cli, &change, args_word(args, 1), err) : status;
}

static const struct verb VERBS[] = {
    {.name = "show",
     .words = "",
     .help = "show the time zone, the working hours and the holidays",
     .run = run_show},
    {.name = "zone",
     .words = "ZONE",
     .help = "say in which time zone the desk works: Europe/Berlin",
     .least_words = 1,
     .most_words = 1,
     .run = run_zone},
    {.name = "hours",
     .words = "DAYS HOURS…|closed",
     .help = "say when the desk works on these weekdays",
     .more = "    postdesk calendar hours mon..thu 9:00-12:30 13:30-18:00\n"
             "    postdesk calendar hours fri 9-13\n"
             "    postdesk calendar hours sat,sun closed",
     .least_words = 2,
     .most_words = 1 + LIMIT_DAY_SPANS,
     .run = run_hours},
    {.name = "holiday",
     .words = "add|remove|list [DAY] [NAME]",
     .help = "enter, take away and list holidays: 2026-12-24 is one once, 12-25 every year",
     .more =
         "On holidays nobody works, whatever the hours of the weekday say. Whoever may look may list\n"
         "them; to change them needs the role admin.",
     .least_words = 1,
     .most_words = 3,
     .run = run_holiday},
    {.run = NULL},
};

const struct noun NOUN_CALENDAR = {"calendar", "when the desk works: time zone, hours, holidays",
                                   VERBS};
