/* The desk's calendar: when it works, in its time zone. Pure, but for the zone's rules, which the system knows. */
#ifndef DESK_CALENDAR_H
#define DESK_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

enum {
    CALENDAR_DAY_MINUTES = 1440,
    CALENDAR_WEEK_DAYS = 7,
};

/* Spans do not overlap and do not cross midnight. */
struct calendar_record {
    char *zone;       /* "Europe/Berlin"; one that the system does not know counts as UTC */
    GArray *opens;    /* int64_t: minutes since Monday, 00:00 */
    GArray *closes;   /* int64_t: of the span at the same place, behind opens; as many */
    GArray *holidays; /* int64_t: 20261225 is that day, 1225 that day of every year */
};

/* In UTC, without hours and holidays. */
void calendar_init(struct calendar_record *calendar);
void calendar_done(struct calendar_record *calendar);
/* Make *to a deep copy of from; what *to held is freed. */
void calendar_set(struct calendar_record *to, const struct calendar_record *from);

/* A moment as the clock on the desk's wall shows it. */
struct calendar_moment {
    int year;
    int month;   /* 1 … 12 */
    int day;     /* of the month */
    int weekday; /* 1 is Monday, 7 Sunday */
    int minute; /* since midnight, 0 … 1439: what the clock shows, also on days of 23 or 25 hours */
    int64_t time_of_day_us;
};
struct calendar_moment calendar_moment(const struct calendar_record *calendar, int64_t now_us);

/* A moment in a zone ("Europe/Berlin"); in UTC if the system does not know it. Own. */
GDateTime *calendar_local(const char *zone_name, int64_t us) MUST_CHECK;

/* Is it within the hours of that weekday, and no holiday? The first minute of a span belongs to it, the last does not. */
bool calendar_is_working(const struct calendar_record *calendar, int64_t now_us);
bool calendar_is_holiday(const struct calendar_record *calendar, int64_t now_us);

/* "monday" … "sunday" for 1 … 7. */
const char *calendar_weekday_name(int weekday);
/* The reverse, in any letter case; three letters are enough.
 *
 * ST_INVALID  it is no weekday */
MUST_CHECK enum status calendar_weekday_parse(const char *name, int *weekday_out, struct err *err);

/* Does the system know the zone?
 *
 * ST_INVALID  it does not; the hint says how zones are called */
MUST_CHECK enum status calendar_check_zone(const char *zone, struct err *err);

#endif
