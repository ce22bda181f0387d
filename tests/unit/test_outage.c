/* test_outage - what is away is said once, tried ever less often, and said to be back once */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <glib.h>

#include "core/clock.h"
#include "core/stop.h"
#include "gateway/outage.h"

static struct outage new_outage(void)
{
    return (struct outage){.lost_event = "imap.lost",
                           .back_event = "imap.regained",
                           .first_ms = 1000,
                           .most_ms = 60000};
}

static int64_t note(struct outage *outage, enum status status)
{
    struct err err = {.status = ST_OK};
    (void)err_set(&err, status, "could not connect");
    return outage_note(outage, &err);
}

/* How many log lines with this event have come to stderr since the last call for it? */
static int count_lines(const char *text, const char *event)
{
    g_autofree char *word = g_strconcat("event=", event, " ", NULL);
    int count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

static char *all_of_stderr(void)
{
    fflush(stderr);
    char buffer[4096];
    FILE *file = cr_get_redirected_stderr();
    size_t length = fread(buffer, 1, sizeof buffer - 1, file);
    buffer[length] = '\0';
    return g_strdup(buffer);
}

Test(outage, waits_twice_as_long_each_time)
{
    static const int64_t WANT[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct outage outage = new_outage();
    for (size_t i = 0; i < G_N_ELEMENTS(WANT); i++) {
        int64_t got = note(&outage, ST_TEMPFAIL);
        cr_expect_eq(got, WANT[i], "failure %zu: got %d, want %d", i + 1, (int)got, (int)WANT[i]);
    }
    outage_end(&outage);
    cr_expect_eq(note(&outage, ST_TEMPFAIL), 1000, "it begins anew");
}

Test(outage, does_not_knock_with_a_wrong_password)
{
    struct outage outage = new_outage();
    cr_expect_eq(note(&outage, ST_DENIED), 60000);
    cr_expect_eq(note(&outage, ST_FATAL), 60000);
}

Test(outage, says_it_once_and_once_more_when_the_reason_changes, .init = cr_redirect_stderr)
{
    struct outage outage = new_outage();
    for (int i = 0; i < 5; i++) {
        (void)note(&outage, ST_TEMPFAIL);
    }
    (void)note(&outage, ST_DENIED);
    (void)note(&outage, ST_DENIED);
    outage_end(&outage);
    outage_end(&outage);
    g_autofree char *text = all_of_stderr();
    cr_expect_eq(count_lines(text, "imap.lost"), 2, "%s", text);
    cr_expect_eq(count_lines(text, "imap.regained"), 1, "%s", text);
    cr_expect(strstr(text, "<4>event=imap.lost") != NULL, "%s", text);
    cr_expect(strstr(text, "<3>event=imap.lost status=denied") != NULL, "%s", text);
}

Test(outage, sleeps_until_a_stop_at_the_longest)
{
    struct err err = {.status = ST_OK};
    cr_assert_eq(stop_init(&err), ST_OK);
    int64_t begun_us = clock_monotonic_us(clock_real());
    outage_wait(30);
    cr_expect_geq(clock_monotonic_us(clock_real()) - begun_us, 29000);
    stop_request();
    outage_wait(60000);
    cr_expect_lt(clock_monotonic_us(clock_real()) - begun_us, 20000000);
}
