/* The desk's calendar, as the command line shows and changes it. Everything is recorded (store/change_log). */
#ifndef STORE_CALENDAR_H
#define STORE_CALENDAR_H

#include "core/limits.h"
#include "db/tx.h"

/* One row: zone, now. */
MUST_CHECK enum status calendar_store_show(struct tx *tx, struct rows **rows_out, struct err *err);
/* weekday (1: Monday), opens, closes (minutes since midnight); in their order. */
MUST_CHECK enum status calendar_store_hours(struct tx *tx, struct rows **rows_out, struct err *err);
/* day ("2026-12-24", "12-25" for every year), name, is_yearly, id, and its number as in struct calendar_record; in the
 * order of the year, those of every year first. */
MUST_CHECK enum status calendar_store_holidays(struct tx *tx, struct rows **rows_out,
                                               struct err *err);

MUST_CHECK enum status calendar_store_set_zone(struct tx *tx, const char *actor, const char *zone,
                                               struct err *err);

/* Hours of one weekday: spans in minutes since midnight, in their order and without overlap. */
struct weekday_hours {
    int weekday;
    int32_t opens[LIMIT_DAY_SPANS];
    int32_t closes[LIMIT_DAY_SPANS];
    size_t count; /* 0: closed */
};
MUST_CHECK enum status calendar_store_set_hours(struct tx *tx, const char *actor,
                                                const struct weekday_hours *hours, struct err *err);

/* A day of the calendar; year 0: every year. */
struct calendar_day {
    int year;
    int month;
    int day;
};

/* ST_INVALID  the day is one already (the text says which), or there are too many */
MUST_CHECK enum status calendar_store_add_holiday(struct tx *tx, const char *actor,
                                                  const struct calendar_day *day, const char *name,
                                                  struct err *err);
/* ST_NOT_FOUND  it is none */
MUST_CHECK enum status calendar_store_remove_holiday(struct tx *tx, const char *actor,
                                                     const struct calendar_day *day,
                                                     struct err *err);

/* "2026-12-24", "12-25". Own. */
char *calendar_day_text(const struct calendar_day *day);
/* "09:00-12:00 13:00-17:30", "closed". Own. */
char *weekday_hours_text(const struct weekday_hours *hours);

#endif
