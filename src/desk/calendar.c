/* calendar - when the desk works, and what day it is there
 *
 * Hours and holidays are said in the desk's own time: "Monday, 9 o'clock" is what the clock on its wall
 * shows. So a moment is turned into that clock first (GTimeZone, the system's IANA rules, with the change to and
 * from summer time), and only then compared. On the night of the change an hour is missing or comes twice; a
 * span that covers it is an hour shorter or longer, as it is for the people who work in it.
 *
 * A zone that the system does not know counts as UTC: a rule that waits for working hours must not stop the
 * desk. What is entered is checked (calendar_check_zone).
 *
 * What this is not: counting working time between two moments. Nothing needs it yet.
 * Pure, but for reading the system's zone files, once a zone: it stays in memory.
 */
#include "desk/calendar.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"

enum { MINUTES_AN_HOUR = 60, MONTH = 100, YEAR = 10000 };

static const int64_t SECOND_US = 1000000;
static const int64_t MINUTE_US = 60000000;

static const char *const WEEKDAYS[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};

void calendar_init(struct calendar_record *calendar)
{
    calendar->zone = g_strdup("UTC");
    calendar->opens = g_array_new(FALSE, FALSE, sizeof(int64_t));
    calendar->closes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    calendar->holidays = g_array_new(FALSE, FALSE, sizeof(int64_t));
}

void calendar_done(struct calendar_record *calendar)
{
    g_clear_pointer(&calendar->zone, g_free);
    g_clear_pointer(&calendar->opens, g_array_unref);
    g_clear_pointer(&calendar->closes, g_array_unref);
    g_clear_pointer(&calendar->holidays, g_array_unref);
}

void calendar_set(struct calendar_record *to, const struct calendar_record *from)
{
    struct calendar_record copy = {
        .zone = g_strdup(from->zone),
        .opens = g_array_copy(from->opens),
        .closes = g_array_copy(from->closes),
        .holidays = g_array_copy(from->holidays),
    };

    calendar_done(to);
    *to = copy;
}

static void free_zone(gpointer zone)
{
    if (zone != NULL) {
        g_time_zone_unref(zone);
    }
}

/* Borrowed: those that were asked for stay, since every mail of a desk asks for the same few. NULL: unknown. */
static GTimeZone *find_zone(const char *name)
{
    static GHashTable *kept = NULL;
    gpointer zone = NULL;

    if (kept == NULL) {
        kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_zone);
    }
    if (!g_hash_table_lookup_extended(kept, name, NULL, &zone)) {
        if (g_hash_table_size(kept) >= LIMIT_ZONES) {
            g_hash_table_remove_all(kept);
        }
        zone = g_time_zone_new_identifier(name);
        g_hash_table_insert(kept, g_strdup(name), zone);
    }
    return zone;
}

GDateTime *calendar_local(const char *zone_name, int64_t us)
{
    GTimeZone *zone = find_zone(zone_name);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / SECOND_US);

    return zone == NULL ? g_steal_pointer(&utc) : g_date_time_to_timezone(utc, zone);
}

enum status calendar_check_zone(const char *zone, struct err *err)
{
    if (find_zone(zone) == NULL) {
        (void)err_set(err, ST_INVALID, "\"%.60s\" is no time zone that this system knows", zone);
        return err_hint(err, "zones are called as in /usr/share/zoneinfo: Europe/Berlin, UTC");
    }
    return ST_OK;
}

struct calendar_moment calendar_moment(const struct calendar_record *calendar, int64_t now_us)
{
    g_autoptr(GDateTime) local = calendar_local(calendar->zone, now_us);
    struct calendar_moment moment = {
        .weekday = g_date_time_get_day_of_week(local),
        .minute = g_date_time_get_hour(local) * MINUTES_AN_HOUR + g_date_time_get_minute(local),
    };

    g_date_time_get_ymd(local, &moment.year, &moment.month, &moment.day);
    moment.time_of_day_us = moment.minute * MINUTE_US + g_date_time_get_second(local) * SECOND_US +
                            now_us % SECOND_US;
    return moment;
}

static bool contains_day(const GArray *holidays, const struct calendar_moment *moment)
{
    int64_t yearly = moment->month * MONTH + moment->day;
    int64_t once = (int64_t)moment->year * YEAR + yearly;

    for (guint i = 0; i < holidays->len; i++) {
        int64_t day = g_array_index(holidays, int64_t, i);
        if (day == yearly || day == once) {
            return true;
        }
    }
    return false;
}

bool calendar_is_holiday(const struct calendar_record *calendar, int64_t now_us)
{
    struct calendar_moment moment = calendar_moment(calendar, now_us);

    return contains_day(calendar->holidays, &moment);
}

bool calendar_is_working(const struct calendar_record *calendar, int64_t now_us)
{
    struct calendar_moment moment = calendar_moment(calendar, now_us);
    int64_t minute = (moment.weekday - 1) * CALENDAR_DAY_MINUTES + moment.minute;

    assert(calendar->opens->len == calendar->closes->len);
    for (guint i = 0; i < calendar->opens->len; i++) {
        if (minute >= g_array_index(calendar->opens, int64_t, i) &&
            minute < g_array_index(calendar->closes, int64_t, i)) {
            return !contains_day(calendar->holidays, &moment);
        }
    }
    return false;
}

const char *calendar_weekday_name(int weekday)
{
    return weekday >= 1 && weekday <= CALENDAR_WEEK_DAYS ? WEEKDAYS[weekday - 1] : "?";
}

enum status calendar_weekday_parse(const char *name, int *weekday_out, struct err *err)
{
    enum { LEAST = 3 };
    size_t length = strlen(name);

    for (int i = 0; i < CALENDAR_WEEK_DAYS && length >= LEAST; i++) {
        if (length <= strlen(WEEKDAYS[i]) && g_ascii_strncasecmp(WEEKDAYS[i], name, length) == 0) {
            *weekday_out = i + 1;
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%.40s\" is no weekday", name);
    return err_hint(err, "monday … sunday, or their first three letters");
}
