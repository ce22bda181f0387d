/* net/smtp against a server that refuses, stalls and drops (tests/peers/smtp_stub.py): each recipient
 * gets his answer, and what counts as sent is what the server has. */
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "net/smtp.h"
#include "peers.h"

enum { REPLY_S = 4, DOT_S = 4, MOST_MS = 14000 }; /* also on a machine that has much else to do */

static struct submit *open_peer(const char *peer, const char *user, const char *password)
{
    const struct submit_options options = {
        .host = "localhost",
        .port = peers_port(peer),
        .security = STREAM_INSECURE,
        .user = user,
        .password = password,
        .helo = "desk.example",
        .reply_s = REPLY_S,
        .dot_s = DOT_S,
    };
    struct err err = {.status = ST_OK};
    struct submit *submit = NULL;
    cr_assert_eq(submit_open(&options, &submit, &err), ST_OK, "%s", err.text);
    return submit;
}

static struct submit *open_stub(const char *user, const char *password)
{
    return open_peer("PEERS_SMTP", user, password);
}

/* A mail whose header X-Token names the files that the stub keeps. */
static char *mail_with(const char *token, size_t lines)
{
    GString *mail = g_string_new(NULL);
    g_string_append_printf(mail, "X-Token: %s\r\nSubject: x\r\n\r\n..two dots\r\n.\r\n", token);
    for (size_t i = 0; i < lines; i++) {
        g_string_append_printf(mail, "line %zu of an ordinary mail with a few words in it\r\n", i);
    }
    return g_string_free(mail, FALSE);
}

struct counted {
    int calls;
    enum status answer;
};

static enum status count(void *arg)
{
    struct counted *counted = arg;
    counted->calls++;
    return counted->answer;
}

static const struct {
    const char *from; /* the name before the "@": what the stub does */
    const char *to[3];
    enum status want;
    const char *want_outcomes; /* of each recipient: A, T, P, - (unsent), ? */
    const char *want_texts[3];
    const char *kept; /* the ending of the file that the stub has; NULL: none */
} CASES[] = {
    {"plain", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"plain",
     {"anna", "refused", "deferred"},
     ST_OK,
     "APT",
     {"250 2.0.0 Ok: queued as 12345", "550 5.1.1 no such user", "451 4.3.0 try again later"},
     "eml"},
    {"plain",
     {"refused", "wordy"},
     ST_OK,
     "PP",
     {"550 5.1.1 no such user", "550 5.7.1 This mail looks like spam: see https://x.example"},
     NULL},
    {"plain", {"deferred"}, ST_OK, "T", {"451 4.3.0 try again later"}, NULL},
    {"mailno", {"anna", "ben"}, ST_OK, "PP", {"550 5.7.1 not you", "550 5.7.1 not you"}, NULL},
    {"maillater", {"anna"}, ST_OK, "T", {"450 4.7.1 not now"}, NULL},
    {"toolarge", {"anna"}, ST_OK, "P", {"552 5.3.4 too large"}, NULL},
    {"loginwanted", {"anna", "ben"}, ST_DENIED, "--", {"", ""}, NULL},
    {"leave", {"anna"}, ST_OK, "T", {"421 4.3.2 going down"}, NULL},
    {"datano", {"anna", "refused"}, ST_OK, "PP", {"554 5.5.1 no", "550 5.1.1 no such user"}, NULL},
    {"datalater", {"anna"}, ST_OK, "T", {"452 4.3.1 full"}, NULL},
    {"dotno",
     {"anna", "deferred"},
     ST_OK,
     "PT",
     {"554 5.6.0 spam", "451 4.3.0 try again later"},
     "eml"},
    {"dotlater", {"anna"}, ST_OK, "T", {"451 4.3.0 later"}, "eml"},
    {"dotwords", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 4711"}, "eml"},
    {"slowdot", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"hangup", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"goodbye", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"mutequit", {"anna"}, ST_OK, "A", {"250 2.0.0 Ok: queued as 12345"}, "eml"},
    {"dropmail", {"anna"}, ST_TEMPFAIL, "-", {""}, NULL},
    {"plain", {"anna", "drop"}, ST_TEMPFAIL, "--", {"", ""}, NULL},
    {"plain", {"hang"}, ST_TEMPFAIL, "-", {""}, NULL},
    {"dropdot", {"anna", "refused"}, ST_UNCERTAIN, "?P", {"", "550 5.1.1 no such user"}, "eml"},
    {"garbage", {"anna"}, ST_UNCERTAIN, "?", {""}, "eml"},
    {"hangdot", {"anna"}, ST_UNCERTAIN, "?", {""}, "eml"},
    {"dripdot", {"anna"}, ST_UNCERTAIN, "?", {""}, "eml"},
    {"flooddot", {"anna"}, ST_UNCERTAIN, "?", {""}, "eml"},
};

static char letter_of(enum submit_outcome outcome)
{
    static const char LETTERS[] = "-ATP?";
    return LETTERS[outcome];
}

static void expect_case(struct submit *submit, const char *name, size_t i)
{
    g_autofree char *token = g_strdup_printf("%s-%zu", name, i);
    g_autofree char *bytes = mail_with(token, 3);
    g_autofree char *from = CASES[i].from[0] ? g_strdup_printf("%s@desk.example", CASES[i].from)
                                             : g_strdup("");
    g_auto(GStrv) recipients = g_new0(char *, 4);
    struct submit_result results[3];
    struct counted counted = {.answer = ST_OK};
    struct err err = {.status = ST_OK};
    size_t many = 0;

    for (; many < 3 && CASES[i].to[many]; many++) {
        recipients[many] = g_strdup_printf("%s@acme.example", CASES[i].to[many]);
    }
    const struct submit_mail mail = {
        .mail_from = from,
        .recipients = (const char *const *)recipients,
        .recipient_count = many,
        .bytes = bytes,
        .length = strlen(bytes),
        .before_final_dot = count,
        .arg = &counted,
    };
    int64_t begun_us = clock_monotonic_us(clock_real());
    enum status got = submit_send(submit, &mail, results, &err);
    int64_t took_ms = (clock_monotonic_us(clock_real()) - begun_us) / 1000;
    cr_expect_lt(took_ms, MOST_MS, "%zu %s: %d ms", i, CASES[i].from, (int)took_ms);
    cr_expect_eq(got, CASES[i].want, "%zu %s: got %s: %s", i, CASES[i].from, status_name(got),
                 err.text);
    for (size_t r = 0; r < many; r++) {
        cr_expect_eq(letter_of(results[r].outcome), CASES[i].want_outcomes[r], "%zu %s, %s: got %s",
                     i, CASES[i].from, CASES[i].to[r], submit_outcome_name(results[r].outcome));
        cr_expect_str_eq(results[r].reply.text, CASES[i].want_texts[r], "%zu %s, %s: got \"%s\"", i,
                         CASES[i].from, CASES[i].to[r], results[r].reply.text);
    }
    cr_expect_eq(peers_kept(token, "eml"), CASES[i].kept != NULL, "%zu %s: what the server has", i,
                 CASES[i].from);
    cr_expect_eq(counted.calls, CASES[i].kept ? 1 : 0, "%zu %s: the hook was called %d times", i,
                 CASES[i].from, counted.calls);
}

Test(net_submit, tells_what_became_of_each_recipient, .timeout = 120)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct submit *submit = open_stub(NULL, NULL);
        expect_case(submit, "case", i);
        int64_t begun_us = clock_monotonic_us(clock_real());
        submit_close(submit);
        int64_t took_ms = (clock_monotonic_us(clock_real()) - begun_us) / 1000;
        cr_expect_lt(took_ms, 4000, "%zu %s: closed in %d ms", i, CASES[i].from, (int)took_ms);
    }
}

/* The same over one sender: whatever a mail did to the connection, the next one is not touched. */
Test(net_submit, starts_afresh_after_any_mail, .timeout = 120)
{
    OWNED(submit) submit = open_stub("good", "secret");

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        expect_case(submit, "case", i);
        expect_case(submit, "case", 0);
    }
}

/* The same where MAIL, RCPT and DATA go out at once (RFC 2920): some servers then wait for a mail that nobody may have.
 * What only takes time was seen above. */
Test(net_submit, says_the_same_when_commands_go_out_at_once, .timeout = 120)
{
    static const char *const SLOW[] = {"hang", "garbage", "hangdot", "dripdot", "flooddot", NULL};
    OWNED(submit) submit = open_peer("PEERS_SMTP_PIPELINING", "good", "secret");

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        if (!g_strv_contains(SLOW, CASES[i].from) && !g_strv_contains(SLOW, CASES[i].to[0])) {
            expect_case(submit, "once", i);
            expect_case(submit, "once", 0);
        }
    }
}

/* One answer too many must not be taken for the next mail's. */
Test(net_submit, claims_nothing_when_the_server_is_out_of_step)
{
    static const char *const FROM[] = {"twodots@desk.example", "plain@desk.example"};
    OWNED(submit) submit = open_stub(NULL, NULL);
    const char *const recipients[] = {"anna@acme.example"};

    for (size_t i = 0; i < 6; i++) {
        g_autofree char *token = g_strdup_printf("step-%zu", i);
        g_autofree char *bytes = mail_with(token, 1);
        const struct submit_mail mail = {.mail_from = FROM[i % 2],
                                         .recipients = recipients,
                                         .recipient_count = 1,
                                         .bytes = bytes,
                                         .length = strlen(bytes)};
        struct submit_result result;
        struct err err = {.status = ST_OK};
        enum status got = submit_send(submit, &mail, &result, &err);
        bool is_there = peers_kept(token, "eml");
        cr_expect(got == ST_OK || got == ST_TEMPFAIL, "%zu: %s: %s", i, status_name(got), err.text);
        cr_expect(is_there == (result.outcome == SUBMIT_ACCEPTED), "%zu: %s, and the server %s", i,
                  submit_outcome_name(result.outcome), is_there ? "has it" : "does not have it");
    }
}

Test(net_submit, hands_over_every_byte)
{
    static const size_t LINES[] = {0, 1, 2000, 40000};
    OWNED(submit) submit = open_stub(NULL, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autofree char *token = g_strdup_printf("bytes-%zu", i);
        g_autofree char *bytes = mail_with(token, LINES[i]);
        const char *const recipients[] = {"anna@acme.example"};
        const struct submit_mail mail = {.mail_from = "support@desk.example",
                                         .recipients = recipients,
                                         .recipient_count = 1,
                                         .bytes = bytes,
                                         .length = strlen(bytes)};
        struct submit_result result;
        struct err err = {.status = ST_OK};
        cr_assert_eq(submit_send(submit, &mail, &result, &err), ST_OK, "%s", err.text);
        cr_expect_eq(result.outcome, SUBMIT_ACCEPTED);

        g_autofree char *kept = peers_read(token, "eml");
        cr_assert_not_null(kept);
        g_auto(GStrv) pieces = g_strsplit(kept, "\r\n..", -1); /* undo the dots */
        g_autofree char *plain = g_strjoinv("\r\n.", pieces);
        cr_expect(strcmp(plain, bytes) == 0, "%zu lines: what came is not what was sent", LINES[i]);
        g_autofree char *talk = peers_read(token, "talk");
        g_autofree char *size = g_strdup_printf(" SIZE=%zu\r\n", strlen(bytes));
        cr_expect_not_null(strstr(talk, size), "%s", talk);
        cr_expect_eq(submit_server_bytes(submit), 10000000, "what the server says of its limit");
    }
}

/* A body that begins with a dot, and one that ends with a line of one. */
Test(net_submit, stuffs_dots_at_the_edges)
{
    static const char BYTES[] = ".\r\nX-Token: edges\r\n\r\n.\r\n";
    OWNED(submit) submit = open_stub(NULL, NULL);
    const char *const recipients[] = {"anna@acme.example"};
    const struct submit_mail mail = {.mail_from = "support@desk.example",
                                     .recipients = recipients,
                                     .recipient_count = 1,
                                     .bytes = BYTES,
                                     .length = sizeof BYTES - 1};
    struct submit_result result;
    struct err err = {.status = ST_OK};
    cr_assert_eq(submit_send(submit, &mail, &result, &err), ST_OK, "%s", err.text);
    g_autofree char *kept = peers_read("edges", "eml");
    cr_expect_str_eq(kept ? kept : "-", "..\r\nX-Token: edges\r\n\r\n..\r\n");
}

Test(net_submit, sends_no_end_when_the_hook_says_no)
{
    static const size_t LINES[] = {3, 40000};

    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        OWNED(submit) submit = open_stub(NULL, NULL);
        g_autofree char *token = g_strdup_printf("stopped-%zu", i);
        g_autofree char *bytes = mail_with(token, LINES[i]);
        struct counted counted = {.answer = ST_TEMPFAIL};
        const char *const recipients[] = {"anna@acme.example"};
        const struct submit_mail mail = {.mail_from = "support@desk.example",
                                         .recipients = recipients,
                                         .recipient_count = 1,
                                         .bytes = bytes,
                                         .length = strlen(bytes),
                                         .before_final_dot = count,
                                         .arg = &counted};
        struct submit_result result;
        struct err err = {.status = ST_OK};
        int64_t begun_us = clock_monotonic_us(clock_real());
        enum status got = submit_send(submit, &mail, &result, &err);

        cr_expect_eq(got, ST_TEMPFAIL, "got %s", status_name(got));
        cr_expect_eq(result.outcome, SUBMIT_UNSENT);
        cr_expect_eq(counted.calls, 1);
        cr_expect_lt(clock_monotonic_us(clock_real()) - begun_us, 1000000);
        counted.answer = ST_OK;
        g_autofree char *next = mail_with("after", 1);
        const struct submit_mail after = {.mail_from = "support@desk.example",
                                          .recipients = recipients,
                                          .recipient_count = 1,
                                          .bytes = next,
                                          .length = strlen(next),
                                          .before_final_dot = count,
                                          .arg = &counted};
        cr_expect_eq(submit_send(submit, &after, &result, &err), ST_OK, "%s", err.text);
        cr_expect_not(peers_kept(token, "eml"), "the server has a whole mail");
    }
}

Test(net_submit, takes_nothing_that_would_be_a_command)
{
    static const struct {
        const char *from;
        const char *to;
        const char *bytes;
    } BAD[] = {
        {"a@b.example>\r\nRSET", "anna@acme.example", "x\r\n"},
        {"a@b.example", "anna@acme.example>\r\nDATA", "x\r\n"},
        {"a@b.example", "anna@acme.example", "x\r\n.\nMAIL FROM:<x@y>\r\n"},
        {"a@b.example", "anna@acme.example", ""},
    };
    OWNED(submit) submit = open_stub(NULL, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        const char *const recipients[] = {BAD[i].to};
        struct counted counted = {.answer = ST_OK};
        const struct submit_mail mail = {.mail_from = BAD[i].from,
                                         .recipients = recipients,
                                         .recipient_count = 1,
                                         .bytes = BAD[i].bytes,
                                         .length = strlen(BAD[i].bytes),
                                         .before_final_dot = count,
                                         .arg = &counted};
        struct submit_result result;
        struct err err = {.status = ST_OK};
        enum status got = submit_send(submit, &mail, &result, &err);
        cr_expect_eq(got, ST_INVALID, "%zu: got %s", i, status_name(got));
        cr_expect_eq(result.outcome, SUBMIT_UNSENT);
        cr_expect_eq(counted.calls, 0);
    }
}

Test(net_submit, says_why_a_login_fails)
{
    static const struct {
        const char *user;
        enum status want;
        const char *text;
    } LOGINS[] = {
        {"good", ST_OK, ""},
        {"bad", ST_DENIED, "535 5.7.8 wrong"},
        {"busy", ST_TEMPFAIL, "454 4.7.0 later"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(LOGINS); i++) {
        OWNED(submit) submit = open_stub(LOGINS[i].user, "secret");
        g_autofree char *bytes = mail_with("login", 1);
        const char *const recipients[] = {"anna@acme.example"};
        const struct submit_mail mail = {.mail_from = "support@desk.example",
                                         .recipients = recipients,
                                         .recipient_count = 1,
                                         .bytes = bytes,
                                         .length = strlen(bytes)};
        struct submit_result result;
        struct err err = {.status = ST_OK};
        enum status got = submit_send(submit, &mail, &result, &err);

        cr_expect_eq(got, LOGINS[i].want, "%s: got %s: %s", LOGINS[i].user, status_name(got),
                     err.text);
        cr_expect_not_null(strstr(err.text, LOGINS[i].text), "%s: %s", LOGINS[i].user, err.text);
        cr_expect_null(strstr(err.text, "secret"));
    }
}

Test(net_submit, refuses_options_that_cannot_work)
{
    static const struct submit_options BAD[] = {
        {.host = "a/b", .port = 25},
        {.host = "a@b", .port = 25},
        {.host = "", .port = 25},
        {.host = "localhost", .port = 25, .helo = "x y"},
        {.host = "localhost", .port = 25, .ca_file = "/nonexistent/ca.pem"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        struct err err = {.status = ST_OK};
        struct submit *submit = NULL;
        cr_expect_eq(submit_open(&BAD[i], &submit, &err), ST_FATAL, "%zu", i);
        cr_expect_null(submit);
    }
}
