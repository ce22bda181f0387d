/* calendar - the time zone, working hours and holidays of the desk
 *
 * Everything is live with the next mail: store/desk reads it with every batch. The hours of a weekday are written as a
 * whole, so that spans cannot come to overlap one by one; the row of the calendar is the lock of whoever writes.
 *
 * What a calendar means (is it working time now?) is desk/calendar's business.
 * I/O: the caller's transaction.
 */
#include "store/calendar.h"

#include "desk/calendar.h"
#include "store/change_log.h"

static const char OBJECT[] = "calendar";

static const struct statement SHOW = {"calendar_show", "SELECT zone, now() FROM calendar"};

static const struct statement LOCK = {"calendar_lock", "SELECT zone FROM calendar FOR UPDATE"};

static const struct statement HOURS = {
    "calendar_hours", "SELECT weekday, opens, closes FROM working_span ORDER BY weekday, opens"};

#define DAY_TEXT                                                                 \
 "coalesce(to_char(year, 'FM0000') || '-', '') || to_char(month, 'FM00') || '-'" \
 " || to_char(day, 'FM00')"

static const struct statement HOLIDAYS = {
    "calendar_holidays",
    "SELECT " DAY_TEXT
    ", name, year IS NULL, id, coalesce(year, 0) * 10000::int8 + month * 100 + day"
    " FROM holiday ORDER BY year NULLS FIRST, month, day"};

static const struct statement SET_ZONE = {"calendar_set_zone", "UPDATE calendar SET zone = $1"};

static const struct statement OF_WEEKDAY = {
    "calendar_of_weekday",
    "SELECT opens, closes FROM working_span WHERE weekday = $1 ORDER BY opens"};

static const struct statement CLOSE = {"calendar_close",
                                       "DELETE FROM working_span WHERE weekday = $1"};

static const struct statement OPEN = {"calendar_open",
                                      "INSERT INTO working_span (weekday, opens, closes)"
                                      " SELECT $1, * FROM unnest($2::int4[], $3::int4[])"};

static const struct statement FIND_HOLIDAY = {
    "calendar_find_holiday",
    "SELECT name, (SELECT count(*) FROM holiday) FROM (SELECT 1) one LEFT JOIN holiday"
    " ON coalesce(year, 0) = $1 AND month = $2 AND day = $3"};

static const struct statement ADD_HOLIDAY = {
    "calendar_add_holiday",
    "INSERT INTO holiday (year, month, day, name) VALUES (nullif($1::int4, 0), $2::int4, $3::int4, $4)"};

static const struct statement REMOVE_HOLIDAY = {
    "calendar_remove_holiday",
    "DELETE FROM holiday WHERE coalesce(year, 0) = $1 AND month = $2 AND day = $3 RETURNING name"};

enum status calendar_store_show(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &SHOW, NULL, rows_out, err);
}

enum status calendar_store_hours(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &HOURS, NULL, rows_out, err);
}

enum status calendar_store_holidays(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &HOLIDAYS, NULL, rows_out, err);
}

static struct logged_change logged(const char *actor, const char *what)
{
    return (struct logged_change){.actor = actor, .object = OBJECT, .name = "desk", .what = what};
}

enum status calendar_store_set_zone(struct tx *tx, const char *actor, const char *zone,
                                    struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) old = NULL;
    struct logged_change base = logged(actor, "changed");

    enum status status = tx_query(tx, &LOCK, NULL, &old, err);
    if (status != ST_OK) {
        return status;
    }
    params_add_text(params, zone);
    tx_queue(tx, &SET_ZONE, params, NULL);
    change_log_queue_field(tx, &base, "zone", row_text(old, 0, 0), zone);
    return tx_sync(tx, err);
}

/* ---- hours ---- */

char *weekday_hours_text(const struct weekday_hours *hours)
{
    enum { HOUR = 60 };
    g_autoptr(GString) text = g_string_new(hours->count == 0 ? "closed" : NULL);

    for (size_t i = 0; i < hours->count; i++) {
        g_string_append_printf(text, "%s%02d:%02d-%02d:%02d", i == 0 ? "" : " ",
                               hours->opens[i] / HOUR, hours->opens[i] % HOUR,
                               hours->closes[i] / HOUR, hours->closes[i] % HOUR);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static enum status read_weekday(struct tx *tx, struct weekday_hours *hours, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;

    params_add_int32(params, hours->weekday);
    enum status status = tx_query(tx, &OF_WEEKDAY, params, &rows, err);
    for (int row = 0; status == ST_OK && row < MIN(rows_count(rows), LIMIT_DAY_SPANS); row++) {
        hours->opens[row] = (int32_t)row_int64(rows, row, 0);
        hours->closes[row] = (int32_t)row_int64(rows, row, 1);
        hours->count++;
    }
    return status;
}

enum status calendar_store_set_hours(struct tx *tx, const char *actor,
                                     const struct weekday_hours *hours, struct err *err)
{
    OWNED(params) weekday = params_new();
    OWNED(params) spans = params_new();
    struct weekday_hours old = {.weekday = hours->weekday};
    struct logged_change base = logged(actor, "changed");

    enum status status = tx_query(tx, &LOCK, NULL, NULL, err);
    if (status == ST_OK) {
        status = read_weekday(tx, &old, err);
    }
    if (status != ST_OK) {
        return status;
    }
    params_add_int32(weekday, hours->weekday);
    tx_queue(tx, &CLOSE, weekday, NULL);
    params_add_int32(spans, hours->weekday);
    params_add_int32s(spans, hours->opens, hours->count);
    params_add_int32s(spans, hours->closes, hours->count);
    tx_queue(tx, &OPEN, spans, NULL);
    g_autofree char *before = weekday_hours_text(&old);
    g_autofree char *after = weekday_hours_text(hours);
    change_log_queue_field(tx, &base, calendar_weekday_name(hours->weekday), before, after);
    return tx_sync(tx, err);
}

/* ---- holidays ---- */

char *calendar_day_text(const struct calendar_day *day)
{
    return day->year == 0 ? g_strdup_printf("%02d-%02d", day->month, day->day)
                          : g_strdup_printf("%04d-%02d-%02d", day->year, day->month, day->day);
}

static void add_day(struct params *params, const struct calendar_day *day)
{
    params_add_int32(params, day->year);
    params_add_int32(params, day->month);
    params_add_int32(params, day->day);
}

/* The log's words for a holiday: "2026-12-24 Christmas Eve". Own. */
static char *holiday_text(const struct calendar_day *day, const char *name)
{
    g_autofree char *text = calendar_day_text(day);
    return g_strdup_printf("%s %s", text, name);
}

enum status calendar_store_add_holiday(struct tx *tx, const char *actor,
                                       const struct calendar_day *day, const char *name,
                                       struct err *err)
{
    OWNED(params) which = params_new();
    OWNED(params) params = params_new();
    OWNED(rows) found = NULL;
    struct logged_change base = logged(actor, "changed");

    add_day(which, day);
    enum status status = tx_query(tx, &LOCK, NULL, NULL, err);
    if (status == ST_OK) {
        status = tx_query(tx, &FIND_HOLIDAY, which, &found, err);
    }
    if (status != ST_OK) {
        return status;
    }
    if (!row_is_null(found, 0, 0)) {
        return err_set(err, ST_INVALID, "that day is a holiday already: \"%s\"",
                       row_text(found, 0, 0));
    }
    if (row_int64(found, 0, 1) >= LIMIT_HOLIDAYS) {
        return err_set(err, ST_INVALID, "a calendar has at most %d holidays", LIMIT_HOLIDAYS);
    }
    add_day(params, day);
    params_add_text(params, name);
    tx_queue(tx, &ADD_HOLIDAY, params, NULL);
    g_autofree char *text = holiday_text(day, name);
    change_log_queue_field(tx, &base, "holiday", NULL, text);
    return tx_sync(tx, err);
}

enum status calendar_store_remove_holiday(struct tx *tx, const char *actor,
                                          const struct calendar_day *day, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) removed = NULL;
    struct logged_change base = logged(actor, "changed");

    add_day(params, day);
    enum status status = tx_query(tx, &REMOVE_HOLIDAY, params, &removed, err);
    if (status == ST_OK && rows_count(removed) == 0) {
        g_autofree char *text = calendar_day_text(day);
        (void)err_set(err, ST_NOT_FOUND, "%s is no holiday", text);
        return err_hint(err, "postdesk calendar holiday list");
    }
    if (status == ST_OK) {
        g_autofree char *text = holiday_text(day, row_text(removed, 0, 0));
        change_log_queue_field(tx, &base, "holiday", text, NULL);
        status = tx_sync(tx, err);
    }
    return status;
}
