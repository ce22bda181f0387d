/* test_roster - the list of mailboxes over a socketpair, and lists that are none */
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core/roster.h"

static const struct {
    const char *name;
    int64_t sent[5];
    size_t count;
    enum status want;
    int64_t want_read[5];
    guint want_count;
} CASES[] = {
    {"none", {0}, 0, ST_OK, {0}, 0},
    {"one", {7}, 1, ST_OK, {7}, 1},
    {"sorted", {9, 1, 5}, 3, ST_OK, {1, 5, 9}, 3},
    {"each once", {3, 3, 1, 3, 1}, 5, ST_OK, {1, 3}, 2},
    {"zero", {0}, 1, ST_INVALID, {0}, 0},
    {"negative", {1, -2}, 2, ST_INVALID, {0}, 0},
};

Test(roster, tells_which_mailboxes_there_are)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        int ends[2];
        struct err err = {.status = ST_OK};
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        OWNED(frame_reader) reader = frame_reader_new(ends[1], ROSTER_BYTES);

        enum status got = roster_send(ends[0], CASES[i].sent, CASES[i].count, &err);
        cr_expect_eq(got, CASES[i].want, "%s: got %s", CASES[i].name, status_name(got));
        if (got == ST_OK) {
            struct frame frame = {0};
            GArray *read = NULL;
            cr_assert_eq(frame_read(reader, FRAME_NOW, &frame, &err), ST_OK);
            cr_assert_eq(roster_read(&frame, &read, &err), ST_OK, "%s", err.text);
            cr_expect_eq(read->len, CASES[i].want_count, "%s: got %u", CASES[i].name, read->len);
            for (guint k = 0; k < MIN(read->len, CASES[i].want_count); k++) {
                cr_expect_eq(g_array_index(read, int64_t, k), CASES[i].want_read[k], "%s",
                             CASES[i].name);
            }
            g_array_unref(read);
            frame_clear(&frame);
        }
        close(ends[0]);
        close(ends[1]);
    }
}

Test(roster, has_an_end)
{
    struct err err = {.status = ST_OK};
    g_autofree int64_t *many = g_new(int64_t, LIMIT_MAILBOXES + 1);
    for (int64_t i = 0; i <= LIMIT_MAILBOXES; i++) {
        many[i] = i + 1;
    }
    cr_expect_eq(roster_send(-1, many, LIMIT_MAILBOXES + 1, &err), ST_INVALID);
}

static const struct {
    const char *name;
    uint32_t kind;
    int64_t ids[1];
    size_t bytes;
} LIES[] = {
    {"another kind", 2, {1}, 8},
    {"half an id", 1, {1}, 5},
    {"no mailbox", 1, {-1}, 8},
};

Test(roster, is_refused_where_it_is_none)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LIES); i++) {
        struct err err = {.status = ST_OK};
        struct frame frame = {.kind = LIES[i].kind,
                              .payload = g_bytes_new(LIES[i].ids, LIES[i].bytes)};
        GArray *read = NULL;
        cr_expect_eq(roster_read(&frame, &read, &err), ST_INVALID, "%s", LIES[i].name);
        frame_clear(&frame);
    }
}
