/* net/imap against a server that lies, stalls and floods (tests/peers/evil_imap.py): every call comes
 * back in time, nothing dies, nothing false is believed. */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "net/imap.h"
#include "net/imapgate.h"
#include "peers.h"

enum { PATIENCE_MS = 1500, MOST_MS = 8000 };

static struct imapbox *open_case(const char *name, int wake_fd, enum status *status_out,
                                 struct err *err)
{
    const struct imapbox_options options = {
        .host = "localhost",
        .port = peers_port("PEERS_IMAP_EVIL"),
        .security = STREAM_INSECURE,
        .user = name,
        .password = "secret",
        .wake_fd = wake_fd,
        .timeout_ms = PATIENCE_MS,
    };
    struct imapbox *box = NULL;
    *status_out = imapbox_open(&options, &box, err);
    return box;
}

/* Open a session and its INBOX; must work. */
static struct imapbox *open_inbox(const char *name)
{
    struct err err = {.status = ST_OK};
    enum status status = ST_OK;
    struct imapbox_folder folder;
    struct imapbox *box = open_case(name, -1, &status, &err);
    cr_assert_eq(status, ST_OK, "%s: %s", name, err.text);
    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s: %s", name, err.text);
    return box;
}

static const struct imapbox_mail ONE = {.uid = 1, .size = 21};

/* What three kinds of command make of a case: "ok" or the status, with the number of mails listed and
 * the size of the body fetched. */
static char *try_case(const char *name, int kind)
{
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = open_inbox(name);
    g_autoptr(GArray) mails = NULL;
    GBytes *body = NULL;
    uint32_t exists = 0;
    enum status status = kind == 0   ? imapbox_noop(box, &exists, &err)
                         : kind == 1 ? imapbox_list(box, 1, UINT32_MAX, &mails, &err)
                                     : imapbox_fetch_bodies(box, &ONE, 1, &body, &err);
    char *said = status != ST_OK ? g_strdup(status_name(status))
                 : mails         ? g_strdup_printf("ok %u", mails->len)
                 : body          ? g_strdup_printf("ok %zu", (size_t)g_bytes_get_size(body))
                                 : g_strdup("ok");

    cr_expect_eq(imapbox_is_broken(box), status != ST_OK, "%s: %s", name, err.text);
    if (status != ST_OK) { /* and broken means broken */
        cr_expect_eq(imapbox_noop(box, &exists, &err), ST_TEMPFAIL, "%s", name);
        cr_expect_not_null(strstr(err.text, "is broken"), "%s: %s", name, err.text);
    }
    if (body) {
        g_bytes_unref(body);
    }
    return said;
}

#define BROKEN "temporary failure"

static const struct {
    const char *name;
    const char *noop;
    const char *list;
    const char *body;
} CASES[] = {
    {"eof_literal", BROKEN, BROKEN, BROKEN},
    {"lit_4g", BROKEN, BROKEN, BROKEN},
    {"lit_wrap", BROKEN, BROKEN, BROKEN},
    {"lit_neg", BROKEN, BROKEN, BROKEN},
    {"bs_1k", BROKEN, BROKEN, BROKEN},
    {"bs_10k", BROKEN, BROKEN, BROKEN},
    {"bs_20k", BROKEN, BROKEN, BROKEN},
    {"bs_40k", BROKEN, BROKEN, BROKEN},
    {"bs_100k", BROKEN, BROKEN, BROKEN},
    {"flags_nested", BROKEN, BROKEN, BROKEN},
    {"permflags", "ok", "ok 0", "ok"},
    {"nul", BROKEN, BROKEN, BROKEN},
    {"nul2", "ok", "ok 0", "ok 3"},
    {"nocrlf_50m", BROKEN, BROKEN, BROKEN},
    {"untagged_flood", BROKEN, BROKEN, BROKEN},
    {"wrongtag", BROKEN, BROKEN, BROKEN},
    {"bye", BROKEN, BROKEN, BROKEN},
    {"cont", "ok", "ok 0", "ok"},
    {"nilbody", "ok", "ok 0", BROKEN},
    {"envelope", "ok", "ok 0", "ok"},
    {"env_bad", BROKEN, BROKEN, BROKEN},
    {"uid_huge", BROKEN, BROKEN, BROKEN},
    {"uid_zero", "ok", "ok 0", "ok"},
    {"search_1m", "ok", "ok 0", BROKEN},
    {"status_null", "ok", "ok 0", "ok"},
    {"list_lit", "ok", "ok 0", "ok"},
    {"quoted8", "ok", "ok 0", "ok"},
    {"barelf", "ok", "ok 0", "ok"},
    {"extraparen", BROKEN, BROKEN, BROKEN},
    {"unknownitem", BROKEN, BROKEN, BROKEN},
    {"emptyline", "ok", "ok 0", "ok"},
    {"close", BROKEN, BROKEN, BROKEN},
    {"esearch", "ok", "ok 0", "ok"},
    {"esearch1", "ok", "ok 0", "ok"},
    {"ns_deep", "ok", "ok 0", "ok"},
    {"ext_deep", BROKEN, BROKEN, BROKEN},
    {"notext", "ok", "ok 0", "ok"},
    {"unk", "ok", "ok 0", "ok"},
    {"unk5", "ok", "ok 0", "ok"},
    {"okcode", "ok", "ok 0", "ok"},
    {"modseq", BROKEN, BROKEN, BROKEN},
    {"emailid", BROKEN, BROKEN, BROKEN},
    {"savedate", BROKEN, BROKEN, BROKEN},
    {"emptyok", "ok", "ok 0", "ok"},
    {"drip", BROKEN, BROKEN, BROKEN},
    {"dripline", BROKEN, BROKEN, BROKEN},
};

Test(net_imapbox, survives_the_evil_server, .timeout = 300)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES) * 3; i++) {
        const char *name = CASES[i / 3].name;
        const char *wants[] = {CASES[i / 3].noop, CASES[i / 3].list, CASES[i / 3].body};
        int64_t begun_us = clock_monotonic_us(clock_real());
        g_autofree char *got = try_case(name, (int)(i % 3));
        int64_t took_ms = (clock_monotonic_us(clock_real()) - begun_us) / 1000;

        cr_expect_str_eq(got, wants[i % 3], "%s, command %zu: got %s, want %s", name, i % 3, got,
                         wants[i % 3]);
        cr_expect_lt(took_ms, MOST_MS, "%s, command %zu: %d ms", name, i % 3, (int)took_ms);
    }
}

Test(net_imapbox, stays_small_while_it_is_flooded)
{
    struct rusage usage;
    for (size_t i = 0; i < 2; i++) {
        g_autofree char *got = try_case(i == 0 ? "nocrlf_50m" : "bs_100k", 2);
        cr_expect_str_eq(got, BROKEN);
    }
    cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
    cr_expect_lt(usage.ru_maxrss, 128 * 1024, "%ld KiB", usage.ru_maxrss);
}

static const struct {
    const char *name;
    enum status want;
    const char *text;
    bool has_hint;
} LOGINS[] = {
    {"wrong", ST_DENIED, "could not log in: the server says \"no\"", true},
    {"plainno", ST_DENIED, "could not log in", true},
    {"expired", ST_DENIED, "could not log in: the server says \"password\"", true},
    {"busy", ST_TEMPFAIL, "the server says \"later\"", false},
    {"badlogin", ST_TEMPFAIL, "does not understand: \"what\"", false},
    {"byelogin", ST_TEMPFAIL, "ended the session: \"too many sessions\"", false},
    {"mutecapability", ST_OK, "", false},
    {"disabled", ST_OK, "", false}, /* it says so only after the login */
    {"tab\there", ST_FATAL, "the user name has a character", false},
    {"a\r\nA9 DELETE INBOX", ST_FATAL, "the user name has a character", false},
    {"caf\xc3\xa9", ST_FATAL, "the user name has a character", false},
};

Test(net_imapbox, says_why_a_login_fails)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LOGINS); i++) {
        struct err err = {.status = ST_OK};
        enum status got = ST_OK;
        struct imapbox *box = open_case(LOGINS[i].name, -1, &got, &err);

        cr_expect_eq(got, LOGINS[i].want, "%s: got %s: %s", LOGINS[i].name, status_name(got),
                     err.text);
        cr_expect_eq(got == ST_OK, box != NULL, "%s", LOGINS[i].name);
        cr_expect_not_null(strstr(err.text, LOGINS[i].text), "%s: %s", LOGINS[i].name, err.text);
        cr_expect_eq(LOGINS[i].has_hint, err.hint[0] != '\0', "%s: hint \"%s\"", LOGINS[i].name,
                     err.hint);
        imapbox_close(box);
    }
    g_autofree char *long_name = g_strnfill(LIMIT_LOGIN_BYTES + 1, 'x');
    struct err err = {.status = ST_OK};
    enum status got = ST_OK;
    cr_expect_null(open_case(long_name, -1, &got, &err));
    cr_expect_eq(got, ST_FATAL, "%s", err.text);
}

Test(net_imapbox, tells_folders_apart)
{
    static const struct {
        const char *name;
        enum status want;
        bool is_broken;
        struct imapbox_folder want_folder;
    } FOLDERS[] = {
        {"plain", ST_OK, false, {.uidvalidity = 1, .uidnext = 2, .exists = 1}},
        {"readonly", ST_OK, false, {.uidvalidity = 4294967295U, .exists = 1, .is_read_only = true}},
        {"novalidity", ST_TEMPFAIL, true, {.uidvalidity = 0}},
        {"nofolder", ST_NOT_FOUND, false, {.uidvalidity = 0}},
        {"noperm", ST_DENIED, false, {.uidvalidity = 0}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
        struct err err = {.status = ST_OK};
        enum status status = ST_OK;
        struct imapbox_folder folder = {.uidvalidity = 0};
        OWNED(imapbox) box = open_case(FOLDERS[i].name, -1, &status, &err);
        cr_assert_eq(status, ST_OK, "%s", err.text);
        status = imapbox_select(box, "INBOX", &folder, &err);
        const struct imapbox_folder *want = &FOLDERS[i].want_folder;

        cr_expect_eq(status, FOLDERS[i].want, "%s: got %s", FOLDERS[i].name, status_name(status));
        cr_expect_eq(imapbox_is_broken(box), FOLDERS[i].is_broken, "%s", FOLDERS[i].name);
        cr_expect_eq(folder.uidvalidity, want->uidvalidity, "%s", FOLDERS[i].name);
        cr_expect_eq(folder.uidnext, want->uidnext, "%s", FOLDERS[i].name);
        cr_expect_eq(folder.exists, want->exists, "%s", FOLDERS[i].name);
        cr_expect_eq(folder.is_read_only, want->is_read_only, "%s", FOLDERS[i].name);
        cr_expect_eq(imapbox_select(box, "a\r\nA9 LOGOUT", &folder, &err), ST_INVALID);
    }
}

Test(net_imapbox, finds_and_makes_folders)
{
    static const struct {
        const char *name;
        enum status want_ensure;
        enum status want_special;
        const char *want_folder;
    } FOLDERS[] = {
        {"junk", ST_OK, ST_OK, "Unerwünscht"},       {"plain", ST_OK, ST_NOT_FOUND, NULL},
        {"badjunk", ST_OK, ST_INVALID, NULL},        {"racycreate", ST_OK, ST_NOT_FOUND, NULL},
        {"createno", ST_DENIED, ST_NOT_FOUND, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(FOLDERS[i].name);
        g_autofree char *folder = NULL;
        enum status got = imapbox_ensure_folder(box, "Processed", &err);
        cr_expect_eq(got, FOLDERS[i].want_ensure, "%s: %s", FOLDERS[i].name, err.text);
        got = imapbox_find_special(box, "\\Junk", &folder, &err);
        cr_expect_eq(got, FOLDERS[i].want_special, "%s: %s", FOLDERS[i].name, err.text);
        cr_expect_str_eq(folder ? folder : "-",
                         FOLDERS[i].want_folder ? FOLDERS[i].want_folder : "-", "%s",
                         FOLDERS[i].name);
        cr_expect_eq(imapbox_ensure_folder(box, "all*", &err), ST_INVALID);
    }
}

Test(net_imapbox, believes_no_uid_that_was_not_asked_for)
{
    static const struct {
        const char *name;
        enum status want;
        const char *body; /* NULL: the mail is gone */
        guint mails;
    } BODIES[] = {
        {"plain", ST_OK, "Subject: x\r\n\r\nhello\r\n", 1},
        {"bodyfirst", ST_OK, "Subject: x\r\n\r\nhello\r\n", 1},
        {"gone", ST_OK, NULL, 1},
        {"notasked", ST_OK, NULL, 0},
        {"quoted", ST_OK, "a\"b", 1},
        {"twice", ST_OK, "Subject: x\r\n\r\nhello\r\n", 1},
        {"nosize", ST_OK, "Subject: x\r\n\r\nhello\r\n", 0},
        {"toolong", ST_TEMPFAIL, NULL, 0},
        {"toomany", ST_TEMPFAIL, NULL, 0},
        {"fetchbad", ST_TEMPFAIL, NULL, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BODIES); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(BODIES[i].name);
        g_autoptr(GArray) mails = NULL;
        GBytes *body = NULL;
        enum status got = imapbox_fetch_bodies(box, &ONE, 1, &body, &err);

        cr_expect_eq(got, BODIES[i].want, "%s: got %s: %s", BODIES[i].name, status_name(got),
                     err.text);
        cr_expect_eq(body != NULL, BODIES[i].body != NULL, "%s", BODIES[i].name);
        if (body && BODIES[i].body) {
            cr_expect_eq(g_bytes_get_size(body), strlen(BODIES[i].body), "%s", BODIES[i].name);
            cr_expect_eq(memcmp(g_bytes_get_data(body, NULL), BODIES[i].body,
                                strlen(BODIES[i].body)),
                         0, "%s", BODIES[i].name);
        }
        g_clear_pointer(&body, g_bytes_unref);
        if (got == ST_OK) {
            cr_expect_eq(imapbox_list(box, 1, 1, &mails, &err), ST_OK, "%s", err.text);
            cr_expect_eq(mails ? mails->len : 99, BODIES[i].mails, "%s", BODIES[i].name);
        }
    }
}

Test(net_imapbox, goes_on_after_an_ordinary_no)
{
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = open_inbox("fetchno");
    GBytes *body = NULL;
    uint32_t exists = 0;

    cr_expect_eq(imapbox_fetch_bodies(box, &ONE, 1, &body, &err), ST_TEMPFAIL);
    cr_expect_null(body);
    cr_expect_not(imapbox_is_broken(box));
    cr_expect_eq(imapbox_noop(box, &exists, &err), ST_OK, "%s", err.text);
}

Test(net_imapbox, cuts_a_head_that_the_server_did_not_cut)
{
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = open_inbox("wholehead");
    GBytes *head = NULL;

    cr_assert_eq(imapbox_fetch_head(box, 1, 7, &head, &err), ST_OK, "%s", err.text);
    cr_expect_eq(g_bytes_get_size(head), 7);
    cr_expect_arr_eq(g_bytes_get_data(head, NULL), "Subject", 7);
    g_bytes_unref(head);

    OWNED(imapbox) gone = open_inbox("gone");
    cr_expect_eq(imapbox_fetch_head(gone, 1, 7, &head, &err), ST_NOT_FOUND);
}

Test(net_imapbox, reads_dates_and_survives_bad_ones)
{
    static const struct {
        const char *name;
        int64_t want;
    } DATES[] = {{"plain", 1784249065}, {"baddate", 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(DATES); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(DATES[i].name);
        g_autoptr(GArray) mails = NULL;
        enum status got = imapbox_list(box, 1, UINT32_MAX, &mails, &err);
        if (got != ST_OK) { /* libetpan may refuse it as a whole */
            cr_expect_eq(DATES[i].want, 0, "%s: %s", DATES[i].name, err.text);
            continue;
        }
        cr_assert_eq(mails->len, 1);
        cr_expect_eq(g_array_index(mails, struct imapbox_mail, 0).internal_date_s, DATES[i].want,
                     "%s: got %ld", DATES[i].name,
                     (long)g_array_index(mails, struct imapbox_mail, 0).internal_date_s);
    }
}

Test(net_imapbox, walks_a_large_folder_in_windows, .timeout = 120)
{
    struct err err = {.status = ST_OK};
    OWNED(imapbox) box = open_inbox("many");
    g_autoptr(GArray) mails = NULL;

    cr_assert_eq(imapbox_list(box, 11, UINT32_MAX, &mails, &err), ST_OK, "%s", err.text);
    cr_assert_eq(mails->len, 99999, "UIDs 12, 14, … 200008: got %u", mails->len);
    for (guint i = 0; i < mails->len; i++) {
        const struct imapbox_mail *mail = &g_array_index(mails, struct imapbox_mail, i);
        cr_assert_eq(mail->uid, 12 + 2 * i);
        cr_assert_eq(mail->size, mail->uid);
    }
}

static const struct {
    const char *name;
    enum status want;
    uint32_t uidvalidity;
    uint32_t new_uids[2]; /* of the mails 1 and 3 */
    bool is_broken;
} MOVES[] = {
    {"moved", ST_OK, 9, {7, 8}, false},
    {"movedtagged", ST_OK, 9, {7, 8}, false},
    {"moveduneven", ST_OK, 0, {0, 0}, false},
    {"movedhuge", ST_OK, 0, {0, 0}, false},
    {"movedother", ST_OK, 9, {0, 0}, false},
    {"moveonly", ST_OK, 0, {0, 0}, false},
    {"uidplus", ST_OK, 9, {7, 8}, false},
    {"copyfails", ST_TEMPFAIL, 0, {0, 0}, false}, /* and nothing is deleted: it would hang up */
    {"neither", ST_FATAL, 0, {0, 0}, false},
    {"notarget", ST_NOT_FOUND, 0, {0, 0}, false},
};

Test(net_imapbox, knows_where_mails_went)
{
    static const uint32_t UIDS[] = {1, 3};

    for (size_t i = 0; i < G_N_ELEMENTS(MOVES); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(MOVES[i].name);
        uint32_t new_uids[2] = {99, 99};
        uint32_t exists = 0;
        struct imapbox_moved moved = {.new_uids = new_uids};
        enum status got = imapbox_move(box, UIDS, 2, "Processed", &moved, &err);

        cr_expect_eq(got, MOVES[i].want, "%s: got %s: %s", MOVES[i].name, status_name(got),
                     err.text);
        cr_expect_eq(moved.uidvalidity, MOVES[i].uidvalidity, "%s: got %u", MOVES[i].name,
                     moved.uidvalidity);
        cr_expect_arr_eq(new_uids, MOVES[i].new_uids, sizeof new_uids, "%s: got %u %u",
                         MOVES[i].name, new_uids[0], new_uids[1]);
        cr_expect_eq(imapbox_noop(box, &exists, &err), ST_OK, "%s: %s", MOVES[i].name, err.text);
    }
}

Test(net_imapbox, hears_of_news)
{
    static const struct {
        const char *name;
        int64_t poll_ms;
        enum status want;
        enum imapbox_news want_news;
    } WAITS[] = {
        {"plain", 0, ST_OK, IMAPBOX_NOTHING},        {"idles", 0, ST_OK, IMAPBOX_NEWS},
        {"idleslater", 0, ST_OK, IMAPBOX_NEWS},      {"idlealive", 0, ST_OK, IMAPBOX_NOTHING},
        {"idledrops", 0, ST_TEMPFAIL, IMAPBOX_NEWS}, {"idleno", 0, ST_TEMPFAIL, IMAPBOX_NEWS},
        {"idles", 20, ST_OK, IMAPBOX_NOTHING},       {"close", 20, ST_TEMPFAIL, IMAPBOX_NEWS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(WAITS); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(WAITS[i].name);
        g_autoptr(GArray) mails = NULL;
        enum imapbox_news news = IMAPBOX_NEWS;
        const struct imapbox_wait wait = {.max_ms = 700,
                                          .poll_ms = WAITS[i].poll_ms,
                                          .wake_fd = -1};

        if (strcmp(WAITS[i].name, "close") != 0) { /* SELECT told news too */
            cr_expect_eq(imapbox_wait(box, &wait, &news, &err), ST_OK);
            cr_expect_eq(news, IMAPBOX_NEWS, "%s: what SELECT told", WAITS[i].name);
            cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &mails, &err), ST_OK);
        } else {
            cr_expect_eq(imapbox_list(box, 1, UINT32_MAX, &mails, &err), ST_TEMPFAIL);
        }
        enum status got = imapbox_wait(box, &wait, &news, &err);
        cr_expect_eq(got, WAITS[i].want, "%s: got %s: %s", WAITS[i].name, status_name(got),
                     err.text);
        if (got == ST_OK) {
            cr_expect_eq(news, WAITS[i].want_news, "%s: got %d", WAITS[i].name, (int)news);
        }
    }
}

Test(net_imapbox, wakes_up_when_told)
{
    static const char *const NAMES[] = {"plain", "idlealive"};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        struct err err = {.status = ST_OK};
        OWNED(imapbox) box = open_inbox(NAMES[i]);
        g_autoptr(GArray) mails = NULL;
        enum imapbox_news news = IMAPBOX_NEWS;
        uint32_t exists = 0;
        int fd = eventfd(1, EFD_CLOEXEC);
        const struct imapbox_wait wait = {.max_ms = 60000, .wake_fd = fd};

        cr_assert_geq(fd, 0);
        cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &mails, &err), ST_OK, "%s", err.text);
        cr_expect_eq(imapbox_wait(box, &wait, &news, &err), ST_OK, "%s: %s", NAMES[i], err.text);
        cr_expect_eq(news, IMAPBOX_WOKEN, "%s: got %d", NAMES[i], (int)news);
        cr_expect_eq(imapbox_noop(box, &exists, &err), ST_OK, "%s: %s", NAMES[i], err.text);
        close(fd);
    }
}

Test(net_imapbox, stops_in_the_middle_of_a_command_when_told)
{
    struct err err = {.status = ST_OK};
    enum status status = ST_OK;
    struct imapbox_folder folder;
    g_autoptr(GArray) mails = NULL;
    int fd = eventfd(0, EFD_CLOEXEC);
    OWNED(imapbox) box = open_case("drip", fd, &status, &err);
    cr_assert_eq(status, ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK);

    cr_assert_eq(eventfd_write(fd, 1), 0);
    int64_t begun_us = clock_monotonic_us(clock_real());
    cr_expect_eq(imapbox_list(box, 1, UINT32_MAX, &mails, &err), ST_TEMPFAIL);
    cr_expect_not_null(strstr(err.text, "interrupted"), "%s", err.text);
    cr_expect_lt(clock_monotonic_us(clock_real()) - begun_us, 500000);
    close(fd);
}

Test(net_imapbox, never_waits_long_for_goodbye)
{
    struct imapbox *box = open_inbox("mutelogout");
    int64_t begun_us = clock_monotonic_us(clock_real());

    imapbox_close(box);
    int64_t took_ms = (clock_monotonic_us(clock_real()) - begun_us) / 1000;
    cr_expect_lt(took_ms, LIMIT_LOGOUT_MS + 500, "%d ms", (int)took_ms);
    imapbox_close(NULL);
}
