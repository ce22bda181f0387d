/* The desk's calendar: hours, holidays, and the nights on which the clock is changed. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "desk/calendar.h"

enum { NINE = 540, NOON = 720, ONE = 780, SIX = 1080, MIDNIGHT = 1440 };

static int64_t us_of(const char *utc)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(utc, NULL);

    cr_assert_neq(time, NULL, "%s", utc);
    return g_date_time_to_unix(time) * 1000000;
}

static void add_span(struct calendar_record *calendar, int weekday, int64_t opens, int64_t closes)
{
    int64_t first = (weekday - 1) * CALENDAR_DAY_MINUTES;
    int64_t both[] = {first + opens, first + closes};

    g_array_append_val(calendar->opens, both[0]);
    g_array_append_val(calendar->closes, both[1]);
}

/* Berlin: Monday to Friday 9-12 and 13-18, the whole Sunday; Christmas every year, one Monday once. */
static struct calendar_record berlin(void)
{
    static const int64_t HOLIDAYS[] = {1225, 20261123};
    struct calendar_record calendar = {NULL};

    calendar_init(&calendar);
    g_free(calendar.zone);
    calendar.zone = g_strdup("Europe/Berlin");
    for (int weekday = 1; weekday <= 5; weekday++) {
        add_span(&calendar, weekday, NINE, NOON);
        add_span(&calendar, weekday, ONE, SIX);
    }
    add_span(&calendar, 7, 0, MIDNIGHT);
    g_array_append_vals(calendar.holidays, HOLIDAYS, G_N_ELEMENTS(HOLIDAYS));
    return calendar;
}

static const struct {
    const char *name;
    const char *utc;
    int weekday;
    int minute;
    bool is_working;
    bool is_holiday;
} CASES[] = {
    {"a minute before it opens, in winter", "2026-11-24T07:59:59Z", 2, 539, false, false},
    {"the first minute, in winter", "2026-11-24T08:00:00Z", 2, 540, true, false},
    {"the first minute, in summer", "2026-07-07T07:00:00Z", 2, 540, true, false},
    {"what would be right in winter only", "2026-07-07T16:30:00Z", 2, 1110, false, false},
    {"the lunch break begins", "2026-11-24T11:00:00Z", 2, 720, false, false},
    {"the second span", "2026-11-24T12:00:00Z", 2, 780, true, false},
    {"the last minute", "2026-11-24T16:59:59Z", 2, 1079, true, false},
    {"closed", "2026-11-24T17:00:00Z", 2, 1080, false, false},
    {"a Saturday", "2026-11-21T10:00:00Z", 6, 660, false, false},
    {"Sunday in Berlin, Saturday in UTC", "2026-11-21T23:00:00Z", 7, 0, true, false},
    {"the last minute of a Sunday", "2026-11-22T22:59:00Z", 7, 1439, true, false},
    {"Monday in Berlin, Sunday in UTC", "2026-11-15T23:00:00Z", 1, 0, false, false},
    {"a holiday of this year", "2026-11-23T09:00:00Z", 1, 600, false, true},
    {"that day of another year", "2027-11-23T09:00:00Z", 2, 600, true, false},
    {"a holiday of every year", "2026-12-25T09:00:00Z", 5, 600, false, true},
    {"the same, a year later", "2028-12-25T09:00:00Z", 1, 600, false, true},
    {"Christmas in Berlin, not yet in UTC", "2026-12-24T23:30:00Z", 5, 30, false, true},
    {"before the clock is put forward", "2026-03-29T00:59:00Z", 7, 119, true, false},
    {"a minute later it is three", "2026-03-29T01:00:00Z", 7, 180, true, false},
    {"before the clock is put back", "2026-10-25T00:59:00Z", 7, 179, true, false},
    {"the hour comes a second time", "2026-10-25T01:00:00Z", 7, 120, true, false},
};

Test(calendar, knows_what_the_clock_on_the_wall_shows)
{
    struct calendar_record calendar = berlin();

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        int64_t now_us = us_of(CASES[i].utc);
        struct calendar_moment got = calendar_moment(&calendar, now_us);
        cr_expect_eq(got.weekday, CASES[i].weekday, "%s: got weekday %d", CASES[i].name,
                     got.weekday);
        cr_expect_eq(got.minute, CASES[i].minute, "%s: got minute %d", CASES[i].name, got.minute);
        cr_expect_eq(calendar_is_working(&calendar, now_us), CASES[i].is_working, "%s: working",
                     CASES[i].name);
        cr_expect_eq(calendar_is_holiday(&calendar, now_us), CASES[i].is_holiday, "%s: holiday",
                     CASES[i].name);
    }
    calendar_done(&calendar);
}

Test(calendar, says_the_time_of_day_in_microseconds)
{
    struct calendar_record calendar = berlin();
    int64_t now_us = us_of("2026-11-24T08:00:30Z") + 17;
    struct calendar_moment got = calendar_moment(&calendar, now_us);

    cr_expect_eq(got.time_of_day_us, (INT64_C(9) * 3600 + 30) * 1000000 + 17);
    cr_expect_eq(got.year, 2026);
    cr_expect_eq(got.month, 11);
    cr_expect_eq(got.day, 24);
    calendar_done(&calendar);
}

Test(calendar, without_hours_nobody_works_and_an_unknown_zone_is_utc)
{
    struct calendar_record calendar = {NULL};
    struct calendar_record copy = {NULL};
    int64_t now_us = us_of("2026-11-24T08:00:00Z");

    calendar_init(&calendar);
    calendar_init(&copy);
    cr_expect_not(calendar_is_working(&calendar, now_us));
    g_free(calendar.zone);
    calendar.zone = g_strdup("Moon/Tranquility");
    cr_expect_eq(calendar_moment(&calendar, now_us).minute, 480);
    add_span(&calendar, 2, 480, 481);
    calendar_set(&copy, &calendar);
    calendar_done(&calendar);
    cr_expect_str_eq(copy.zone, "Moon/Tranquility");
    cr_expect(calendar_is_working(&copy, now_us), "a copy has the hours");
    calendar_done(&copy);
}

Test(calendar, reads_weekdays_and_zones)
{
    static const struct {
        const char *name;
        int want; /* 0: none */
    } DAYS[] = {{"monday", 1}, {"Mon", 1},  {"TUE", 2},      {"wednesday", 3}, {"thur", 4},
                {"fri", 5},    {"Sat", 6},  {"sunday", 7},   {"su", 0},        {"", 0},
                {"montag", 0}, {"sund", 7}, {"mondayss", 0}, {"sundays", 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(DAYS); i++) {
        struct err err = {.status = ST_OK};
        int got = 0;
        enum status status = calendar_weekday_parse(DAYS[i].name, &got, &err);
        cr_expect_eq(got, DAYS[i].want, "%s: got %d", DAYS[i].name, got);
        cr_expect_eq(status, DAYS[i].want == 0 ? ST_INVALID : ST_OK, "%s", DAYS[i].name);
    }
    struct err err = {.status = ST_OK};
    cr_expect_eq(calendar_check_zone("Europe/Berlin", &err), ST_OK);
    cr_expect_eq(calendar_check_zone("UTC", &err), ST_OK);
    cr_expect_eq(calendar_check_zone("Europe/Berlon", &err), ST_INVALID);
    cr_expect_eq(calendar_check_zone("", &err), ST_INVALID);
    cr_expect_str_eq(calendar_weekday_name(1), "monday");
    cr_expect_str_eq(calendar_weekday_name(3), "wednesday");
    cr_expect_str_eq(calendar_weekday_name(7), "sunday");
    cr_expect_str_eq(calendar_weekday_name(0), "?");
    cr_expect_str_eq(calendar_weekday_name(8), "?");
}

Test(calendar, keeps_few_zones_and_knows_them_all)
{
    struct calendar_record calendar = berlin();
    int64_t now_us = us_of("2026-11-24T08:00:00Z");

    /* More names than are kept, some of no zone, and the desk's own in between. */
    for (int i = 0; i < 2 * LIMIT_ZONES + 1; i++) {
        g_autofree char *name = g_strdup_printf("Moon/Crater-%d", i);
        struct err err = {.status = ST_OK};
        cr_expect_eq(calendar_check_zone(name, &err), ST_INVALID, "%s", name);
        cr_expect_eq(calendar_check_zone("Asia/Tokyo", &err), ST_OK, "after %s", name);
        cr_expect_eq(calendar_moment(&calendar, now_us).minute, NINE, "after %s", name);
    }
    calendar_done(&calendar);
}
