/* net/ against the servers that people really have: Dovecot and Postfix (tests/servers). */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "net/imap.h"
#include "net/smtp.h"
#include "peers.h"

static struct imapbox *open_box(const char *user, enum stream_security security)
{
    const struct imapbox_options options = {
        .host = "localhost",
        .port = peers_port(security == STREAM_TLS ? "SRV_IMAPS" : "SRV_IMAP"),
        .security = security,
        .user = user,
        .password = "secret",
        .ca_file = peers_text("SRV_CA"),
        .wake_fd = -1,
    };
    struct imapbox *box = NULL;
    struct err err = {.status = ST_OK};
    cr_assert_eq(imapbox_open(&options, &box, &err), ST_OK, "%s: %s", user, err.text);
    return box;
}

static struct submit *open_account(enum stream_security security)
{
    const struct submit_options options = {
        .host = "localhost",
        .port = peers_port(security == STREAM_TLS ? "SRV_SUBMISSIONS" : "SRV_SUBMISSION"),
        .security = security,
        .user = "support@desk.example",
        .password = "secret",
        .ca_file = peers_text("SRV_CA"),
    };
    struct submit *submit = NULL;
    struct err err = {.status = ST_OK};
    cr_assert_eq(submit_open(&options, &submit, &err), ST_OK, "%s", err.text);
    return submit;
}

static void send_one(struct submit *submit, const char *to, const char *subject, size_t body_bytes)
{
    g_autoptr(GString) mail = g_string_new(NULL);
    const char *const recipients[] = {to};
    struct submit_result result;
    struct err err = {.status = ST_OK};

    g_string_append_printf(mail, "From: <support@desk.example>\r\nSubject: %s\r\n\r\n", subject);
    while (mail->len < body_bytes) {
        g_string_append(mail, ".a line that begins with a dot and goes on for a while\r\n");
    }
    const struct submit_mail submission = {.mail_from = "support@desk.example",
                                           .recipients = recipients,
                                           .recipient_count = 1,
                                           .bytes = mail->str,
                                           .length = mail->len};
    cr_assert_eq(submit_send(submit, &submission, &result, &err), ST_OK, "%s", err.text);
    cr_assert_eq(result.outcome, SUBMIT_ACCEPTED, "%s", result.reply.text);
    cr_expect_not_null(strstr(result.reply.text, "queued as"), "%s", result.reply.text);
}

/* The mails of the open folder, as soon as there are count of them. */
static GArray *wait_for_mails(struct imapbox *box, guint count, int64_t poll_ms)
{
    const struct imapbox_wait wait = {.max_ms = 1000, .poll_ms = poll_ms, .wake_fd = -1};
    struct err err = {.status = ST_OK};
    GArray *mails = NULL;

    for (int round = 0; round < 30; round++) {
        enum imapbox_news news = IMAPBOX_NOTHING;
        cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &mails, &err), ST_OK, "%s", err.text);
        if (mails->len >= count) {
            return mails;
        }
        g_array_unref(mails);
        cr_assert_eq(imapbox_wait(box, &wait, &news, &err), ST_OK, "%s", err.text);
    }
    cr_assert_fail("%u mails did not arrive", count);
    return NULL;
}

static bool holds(GBytes *body, const char *text)
{
    gsize size = 0;
    const char *bytes = g_bytes_get_data(body, &size);
    return g_strstr_len(bytes, (gssize)size, text) != NULL;
}

Test(net_servers, reads_and_moves_mail, .timeout = 60)
{
    OWNED(submit) submit = open_account(STREAM_TLS);
    OWNED(imapbox) box = open_box("ben@desk.example", STREAM_STARTTLS);
    struct imapbox_folder folder;
    struct imapbox_folder target;
    struct err err = {.status = ST_OK};
    GBytes *bodies[3];
    GBytes *headers[3];
    GBytes *head = NULL;

    cr_expect(imapbox_abilities(box)->has_move);
    cr_expect(imapbox_abilities(box)->has_uidplus);
    cr_expect(imapbox_abilities(box)->has_idle);
    cr_expect(imapbox_abilities(box)->has_special_use);
    cr_assert_eq(imapbox_ensure_folder(box, "Erledigt/Ä & Ö", &err), ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_ensure_folder(box, "Erledigt/Ä & Ö", &err), ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    cr_expect_neq(folder.uidvalidity, 0);
    for (size_t i = 0; i < 3; i++) {
        g_autofree char *subject = g_strdup_printf("number %zu", i);
        send_one(submit, "ben@desk.example", subject, i * 100000);
    }
    g_autoptr(GArray) mails = wait_for_mails(box, 3, 20);
    const struct imapbox_mail *list = (const struct imapbox_mail *)(const void *)mails->data;

    cr_assert_eq(imapbox_fetch_bodies(box, list, 3, bodies, &err), ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_fetch_headers(box, list, 3, 65536, headers, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < 3; i++) {
        int64_t age_s = clock_wall_us(clock_real()) / 1000000 - list[i].internal_date_s;
        gsize size = g_bytes_get_size(headers[i]);
        const char *bytes = g_bytes_get_data(headers[i], NULL);
        cr_expect_eq(g_bytes_get_size(bodies[i]), list[i].size, "mail %zu", i);
        cr_expect(holds(bodies[i], "Subject: number "), "mail %zu", i);
        cr_expect(holds(headers[i], "Subject: number "), "mail %zu", i);
        cr_expect(size > 4 && memcmp(bytes + size - 4, "\r\n\r\n", 4) == 0, "mail %zu", i);
        cr_expect(age_s >= -5 && age_s < 120, "mail %zu is %ld s old", i, (long)age_s);
        g_bytes_unref(bodies[i]);
        g_bytes_unref(headers[i]);
    }
    cr_assert_eq(imapbox_fetch_head(box, list[0].uid, 10, &head, &err), ST_OK, "%s", err.text);
    cr_expect_eq(g_bytes_get_size(head), 10);
    g_bytes_unref(head);
    cr_expect_eq(imapbox_fetch_head(box, list[2].uid + 1000, 10, &head, &err), ST_NOT_FOUND);

    uint32_t uids[] = {list[0].uid, list[2].uid, list[2].uid + 1000};
    uint32_t new_uids[3];
    struct imapbox_moved moved = {.new_uids = new_uids};
    cr_assert_eq(imapbox_move(box, uids, 3, "Erledigt/Ä & Ö", &moved, &err), ST_OK, "%s", err.text);
    cr_expect(new_uids[0] > 0 && new_uids[1] > new_uids[0], "%u %u", new_uids[0], new_uids[1]);
    cr_expect_eq(new_uids[2], 0, "there is no such mail");
    uint32_t nowhere = 0;
    struct imapbox_moved refused = {.new_uids = &nowhere};
    cr_expect_eq(imapbox_move(box, &list[1].uid, 1, "Nowhere", &refused, &err), ST_NOT_FOUND);

    cr_assert_eq(imapbox_examine(box, "Erledigt/Ä & Ö", &target, &err), ST_OK, "%s", err.text);
    cr_expect_eq(target.exists, 2);
    cr_expect(target.is_read_only);
    g_autoptr(GArray) there = NULL;
    cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &there, &err), ST_OK, "%s", err.text);
    cr_assert_eq(there->len, 2);
    cr_expect_eq(g_array_index(there, struct imapbox_mail, 0).uid, new_uids[0]);
    cr_expect_eq(g_array_index(there, struct imapbox_mail, 1).uid, new_uids[1]);
    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    cr_expect_eq(folder.exists, 1);
    cr_expect_eq(imapbox_select(box, "Nowhere", &folder, &err), ST_NOT_FOUND);
    cr_expect_not(imapbox_is_broken(box));
}

Test(net_servers, misses_a_mail_that_somebody_removed, .timeout = 60)
{
    OWNED(submit) submit = open_account(STREAM_TLS);
    OWNED(imapbox) box = open_box("tara@desk.example", STREAM_TLS);
    OWNED(imapbox) other = open_box("tara@desk.example", STREAM_TLS);
    struct imapbox_folder folder;
    struct err err = {.status = ST_OK};
    GBytes *bodies[2];

    cr_assert_eq(imapbox_ensure_folder(other, "Gone", &err), ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    cr_assert_eq(imapbox_select(other, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    send_one(submit, "tara@desk.example", "first", 0);
    send_one(submit, "tara@desk.example", "second", 0);
    g_autoptr(GArray) mails = wait_for_mails(box, 2, 20);
    const struct imapbox_mail *list = (const struct imapbox_mail *)(const void *)mails->data;

    uint32_t new_uid = 0;
    uint32_t exists = 0;
    struct imapbox_moved moved = {.new_uids = &new_uid};
    cr_assert_eq(imapbox_noop(other, &exists, &err), ST_OK, "or it does not know the mails yet");
    cr_assert_eq(imapbox_move(other, &list[0].uid, 1, "Gone", &moved, &err), ST_OK, "%s", err.text);
    cr_expect_neq(new_uid, 0);
    cr_assert_eq(imapbox_noop(box, &exists, &err), ST_OK, "%s", err.text);
    cr_expect_eq(exists, 1);
    cr_assert_eq(imapbox_fetch_bodies(box, list, 2, bodies, &err), ST_OK, "%s", err.text);
    cr_expect_null(bodies[0]);
    cr_assert_not_null(bodies[1]);
    g_bytes_unref(bodies[1]);
}

Test(net_servers, fetches_the_largest_mail, .timeout = 60)
{
    OWNED(submit) submit = open_account(STREAM_STARTTLS);
    OWNED(imapbox) box = open_box("anna@acme.example", STREAM_TLS);
    struct imapbox_folder folder;
    struct err err = {.status = ST_OK};
    GBytes *body = NULL;
    GBytes *head = NULL;

    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    send_one(submit, "anna@acme.example", "large", LIMIT_MAIL_BYTES);
    g_autoptr(GArray) mails = wait_for_mails(box, 1, 0);
    const struct imapbox_mail *mail = &g_array_index(mails, struct imapbox_mail, 0);

    cr_expect_gt(mail->size, LIMIT_MAIL_BYTES);
    cr_assert_eq(imapbox_fetch_bodies(box, mail, 1, &body, &err), ST_OK, "%s", err.text);
    cr_expect_eq(g_bytes_get_size(body), mail->size);
    cr_expect(holds(body, "\r\n.a line that begins with a dot"));
    cr_assert_eq(imapbox_fetch_head(box, mail->uid, LIMIT_OVERSIZE_HEAD_BYTES, &head, &err), ST_OK,
                 "%s", err.text);
    cr_expect_eq(g_bytes_get_size(head), LIMIT_OVERSIZE_HEAD_BYTES);
    cr_expect_eq(memcmp(g_bytes_get_data(head, NULL), g_bytes_get_data(body, NULL),
                        LIMIT_OVERSIZE_HEAD_BYTES),
                 0);
    g_bytes_unref(head);
    g_bytes_unref(body);
}

Test(net_servers, hears_of_mail_at_once, .timeout = 60)
{
    static const struct {
        int64_t poll_ms;
        int64_t most_ms; /* after the mail is in the folder */
    } WAYS[] = {{0, 3000}, {20, 1500}, {1000, 3000}};
    OWNED(submit) submit = open_account(STREAM_TLS);
    OWNED(imapbox) box = open_box("carl@other.test", STREAM_TLS);
    struct imapbox_folder folder;
    struct err err = {.status = ST_OK};

    cr_assert_eq(imapbox_select(box, "INBOX", &folder, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < G_N_ELEMENTS(WAYS); i++) {
        const struct imapbox_wait wait = {.max_ms = 10000,
                                          .poll_ms = WAYS[i].poll_ms,
                                          .wake_fd = -1};
        g_autoptr(GArray) before = NULL;
        g_autoptr(GArray) after = NULL;
        enum imapbox_news news = IMAPBOX_NOTHING;

        cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &before, &err), ST_OK, "%s", err.text);
        send_one(submit, "carl@other.test", "news", 0);
        int64_t begun_us = clock_monotonic_us(clock_real());
        cr_assert_eq(imapbox_wait(box, &wait, &news, &err), ST_OK, "%s", err.text);
        int64_t took_ms = (clock_monotonic_us(clock_real()) - begun_us) / 1000;
        cr_expect_eq(news, IMAPBOX_NEWS, "way %zu", i);
        cr_expect_lt(took_ms, WAYS[i].most_ms, "way %zu: %d ms", i, (int)took_ms);
        cr_assert_eq(imapbox_list(box, 1, UINT32_MAX, &after, &err), ST_OK, "%s", err.text);
        cr_expect_eq(after->len, before->len + 1, "way %zu", i);
    }
}

Test(net_servers, gives_each_recipient_his_answer, .timeout = 60)
{
    static const struct {
        const char *to;
        enum submit_outcome want;
        const char *want_enhanced;
    } RECIPIENTS[] = {
        {"dora@other.test", SUBMIT_ACCEPTED, "2.0.0"},
        {"refused@acme.example", SUBMIT_PERMANENT, "5.1.1"},
        {"deferred@acme.example", SUBMIT_TEMPORARY, "4.3.0"},
    };
    OWNED(submit) submit = open_account(STREAM_STARTTLS);
    const char *const recipients[] = {RECIPIENTS[0].to, RECIPIENTS[1].to, RECIPIENTS[2].to};
    const struct submit_mail mail = {.mail_from = "support@desk.example",
                                     .recipients = recipients,
                                     .recipient_count = G_N_ELEMENTS(recipients),
                                     .bytes = "Subject: x\r\n\r\nhello\r\n",
                                     .length = 21};
    struct submit_result results[G_N_ELEMENTS(recipients)];
    struct err err = {.status = ST_OK};

    cr_assert_eq(submit_send(submit, &mail, results, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < G_N_ELEMENTS(RECIPIENTS); i++) {
        cr_expect_eq(results[i].outcome, RECIPIENTS[i].want, "%s: got %s", RECIPIENTS[i].to,
                     results[i].reply.text);
        cr_expect_str_eq(results[i].reply.enhanced, RECIPIENTS[i].want_enhanced, "%s: got %s",
                         RECIPIENTS[i].to, results[i].reply.text);
    }
}

Test(net_servers, refuses_wrong_passwords)
{
    const struct imapbox_options imap = {.host = "localhost",
                                         .port = peers_port("SRV_IMAPS"),
                                         .security = STREAM_TLS,
                                         .user = "ben@desk.example",
                                         .password = "wrong",
                                         .ca_file = peers_text("SRV_CA"),
                                         .wake_fd = -1};
    struct err err = {.status = ST_OK};
    struct imapbox *box = NULL;
    cr_expect_eq(imapbox_open(&imap, &box, &err), ST_DENIED, "%s", err.text);
    cr_expect_null(box);
    cr_expect_neq(err.hint[0], '\0');
}
