/* test_frame - frames over a socketpair: whole, in pieces, too long, not normal, with descriptors */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core/clock.h"
#include "core/frame.h"

struct pair {
    int ends[2];
    struct frame_reader *reader; /* of ends[1] */
};

static struct pair open_pair(size_t max_bytes)
{
    struct pair pair;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.ends), 0);
    pair.reader = frame_reader_new(pair.ends[1], max_bytes);
    return pair;
}

static void close_pair(struct pair *pair)
{
    frame_reader_free(pair->reader);
    close(pair->ends[0]);
    close(pair->ends[1]);
}

static int64_t in_ms(int64_t ms)
{
    return clock_monotonic_us(clock_real()) + ms * 1000;
}

Test(frame, carries_values_in_order)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    for (uint32_t i = 0; i < 20; i++) {
        cr_assert_eq(frame_send(pair.ends[0], i, g_variant_new("(us)", i, "x"), -1, in_ms(1000),
                                &err),
                     ST_OK);
    }
    for (uint32_t i = 0; i < 20; i++) {
        struct frame frame = {0};
        cr_assert_eq(frame_read(pair.reader, FRAME_NOW, &frame, &err), ST_OK);
        g_autoptr(GVariant) value = NULL;
        cr_assert_eq(frame_value(&frame, "(us)", &value, &err), ST_OK);
        guint32 number = 0;
        const char *text = NULL;
        g_variant_get(value, "(u&s)", &number, &text);
        cr_expect_eq(frame.kind, i);
        cr_expect_eq(number, i);
        cr_expect_str_eq(text, "x");
        frame_clear(&frame);
    }
    close_pair(&pair);
}

Test(frame, keeps_half_a_frame_until_the_rest_comes)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    const uint32_t header[2] = {7, 3};
    struct frame frame = {0};

    cr_assert_eq(send(pair.ends[0], header, 5, 0), 5);
    cr_expect_eq(frame_read(pair.reader, FRAME_NOW, &frame, &err), ST_NOT_FOUND);
    cr_assert_eq(send(pair.ends[0], (const char *)header + 5, 3, 0), 3);
    cr_assert_eq(send(pair.ends[0], "a", 1, 0), 1);
    cr_expect_eq(frame_read(pair.reader, in_ms(5), &frame, &err), ST_NOT_FOUND);
    cr_assert_eq(send(pair.ends[0], "bc", 2, 0), 2);
    cr_assert_eq(frame_read(pair.reader, FRAME_FOREVER, &frame, &err), ST_OK);
    cr_expect_eq(frame.kind, 7);
    cr_expect_eq(g_bytes_get_size(frame.payload), 3);
    cr_expect_eq(memcmp(g_bytes_get_data(frame.payload, NULL), "abc", 3), 0);
    frame_clear(&frame);
    close_pair(&pair);
}

Test(frame, waits_until_its_deadline_and_not_longer)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    struct frame frame = {0};
    int64_t start_us = clock_monotonic_us(clock_real());
    cr_expect_eq(frame_read(pair.reader, start_us + 30000, &frame, &err), ST_NOT_FOUND);
    int64_t waited_us = clock_monotonic_us(clock_real()) - start_us;
    cr_expect(waited_us >= 30000, "waited %ld us", (long)waited_us);
    cr_expect(waited_us < 2000000, "waited %ld us", (long)waited_us);
    close_pair(&pair);
}

Test(frame, does_not_send_for_ever_to_a_peer_that_does_not_read)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    g_autofree char *big = g_malloc0(4 << 20);
    cr_expect_eq(frame_send_bytes(pair.ends[0], 1, big, 4 << 20, in_ms(20), &err), ST_TEMPFAIL);
    cr_expect_not_null(strstr(err.text, "does not read"));
    close_pair(&pair);
}

Test(frame, says_that_the_peer_is_gone)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    struct frame frame = {0};
    cr_assert_eq(send(pair.ends[0], "abc", 3, 0), 3); /* half a header */
    close(pair.ends[0]);
    cr_expect_eq(frame_read(pair.reader, FRAME_FOREVER, &frame, &err), ST_TEMPFAIL);
    pair.ends[0] = dup(pair.ends[1]);
    cr_expect_eq(frame_send(pair.ends[0], 1, g_variant_new_uint32(1), -1, FRAME_FOREVER, &err),
                 ST_TEMPFAIL);
    close_pair(&pair);
}

Test(frame, refuses_what_is_too_long_before_it_takes_memory)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    const uint32_t header[2] = {1, 0xFFFFFFFF};
    struct frame frame = {0};
    cr_assert_eq(send(pair.ends[0], header, sizeof header, 0), (ssize_t)sizeof header);
    cr_expect_eq(frame_read(pair.reader, FRAME_NOW, &frame, &err), ST_INVALID);
    close_pair(&pair);
}

static const struct {
    const char *name;
    const char *type;
    const char *bytes;
    size_t length;
    enum status want;
} PAYLOADS[] = {
    {"a string", "s", "ab", 3, ST_OK},
    {"a string without its end", "s", "ab", 2, ST_INVALID},
    {"a string that is not UTF-8", "s", "\xff", 2, ST_INVALID},
    {"a string with a hole", "s", "a\0b", 4, ST_INVALID},
    {"a number", "u", "\1\0\0\0", 4, ST_OK},
    {"a number that is too short", "u", "\1\0", 2, ST_INVALID},
    {"a boolean of two", "b", "\2", 1, ST_INVALID},
    {"an offset that points outside", "as", "a\0\x7f", 3, ST_INVALID},
    {"nothing where a number should be", "u", "", 0, ST_INVALID},
};

Test(frame, takes_only_values_in_normal_form)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PAYLOADS); i++) {
        struct err err = {.status = ST_OK};
        struct frame frame = {.payload = g_bytes_new(PAYLOADS[i].bytes, PAYLOADS[i].length)};
        g_autoptr(GVariant) value = NULL;
        enum status got = frame_value(&frame, PAYLOADS[i].type, &value, &err);
        cr_expect_eq(got, PAYLOADS[i].want, "%s: got %s, want %s", PAYLOADS[i].name,
                     status_name(got), status_name(PAYLOADS[i].want));
        frame_clear(&frame);
    }
}

static ino_t inode_of(int fd)
{
    struct stat stat;
    cr_assert_eq(fstat(fd, &stat), 0);
    return stat.st_ino;
}

Test(frame, passes_a_descriptor_and_loses_none)
{
    struct pair pair = open_pair(1000);
    struct err err = {.status = ST_OK};
    int passed[2];
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe2(passed, O_CLOEXEC), 0);

    for (int i = 0; i < 2; i++) {
        cr_assert_eq(frame_send(pair.ends[0], 1, g_variant_new_uint32(1), passed[i], FRAME_FOREVER,
                                &err),
                     ST_OK);
        struct frame frame = {0};
        cr_assert_eq(frame_read(pair.reader, FRAME_NOW, &frame, &err), ST_OK);
        frame_clear(&frame);
    }
    ino_t want = inode_of(passed[1]);
    int taken = frame_take_fd(pair.reader); /* the first one was not taken and is closed */
    cr_assert_geq(taken, 0);
    cr_expect_eq(inode_of(taken), want);
    cr_expect_eq(frame_take_fd(pair.reader), -1);
    cr_expect_eq(fcntl(taken, F_GETFD), FD_CLOEXEC);
    close(taken);
    close(passed[0]);
    cr_expect_eq(write(passed[1], "x", 1), -1); /* nobody is left who could read it */
    cr_expect_eq(errno, EPIPE);
    close(passed[1]);
    close_pair(&pair);
}
