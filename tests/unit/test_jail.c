/* test_jail - what a parser may do, what happens to one that does more, and to the mails beside it
 *
 * Built twice: with the sanitizers of the build, and without any (tests/jail), because only there the
 * short list of system calls and the memory limit are in force.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "jail/filter.h"
#include "jail/jail.h"

enum { CPU_SECONDS = 1, WALL_MS = 1500 };

static struct jail *open_jail(bool has_faults)
{
    struct jail_limits limits = jail_default_limits();
    limits.wall_ms = WALL_MS;
    struct err err = {.status = ST_OK};
    struct jail *jail = NULL;

    cr_assert_eq(setenv("POSTDESK_JAIL_FAULTS", has_faults ? "1" : "", 1), 0);
    cr_assert_eq(jail_open_limited(&limits, &jail, &err), ST_OK, "%s", err.text);
    return jail;
}

static GBytes *new_mail(const char *fault, int number)
{
    g_autofree char *field = *fault ? g_strdup_printf("X-Postdesk-Fault: %s\r\n", fault)
                                    : g_strdup("");
    char *text = g_strdup_printf("From: Anna <anna@acme.example>\r\n"
                                 "To: support@desk.example\r\n"
                                 "Subject: mail %d\r\n"
                                 "Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
                                 "Message-ID: <%d@acme.example>\r\n"
                                 "MIME-Version: 1.0\r\n"
                                 "%s"
                                 "Content-Type: multipart/mixed; boundary=b\r\n"
                                 "\r\n"
                                 "--b\r\nContent-Type: text/plain\r\n\r\nIt burns.\r\n"
                                 "--b\r\nContent-Type: application/pdf\r\n"
                                 "Content-Disposition: attachment; filename=a.pdf\r\n"
                                 "Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b--\r\n",
                                 number, number, field);
    return g_bytes_new_take(text, strlen(text));
}

static void fill(struct jail_mail *mails, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mails[i] = (struct jail_mail){.raw = new_mail("", (int)i)};
    }
}

static void set_fault(struct jail_mail *mail, const char *fault)
{
    g_bytes_unref((GBytes *)mail->raw);
    mail->raw = new_mail(fault, 0);
}

static void clear(struct jail_mail *mails, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_bytes_unref((GBytes *)mails[i].raw);
        jail_mail_clear(&mails[i]);
    }
}

static void must_parse(struct jail *jail, struct jail_mail *mails, size_t count)
{
    struct err err = {.status = ST_OK};
    cr_assert_eq(jail_parse(jail, mails, count, &err), ST_OK, "%s", err.text);
}

static void expect_parsed(const struct jail_mail *mail, int number, const char *name)
{
    g_autofree char *want = g_strdup_printf("mail %d", number);
    cr_expect_eq(mail->result, JAIL_PARSED, "%s %d: %s: %s", name, number,
                 jail_result_name(mail->result), mail->reason);
    if (mail->result != JAIL_PARSED) {
        return;
    }
    cr_expect_str_eq(mail->facts->subject, want);
    cr_assert_eq(mail->facts->attachments->len, 1);
    const struct attachment *attachment = mail->facts->attachments->pdata[0];
    gsize length = 0;
    const char *octets = g_bytes_get_data(attachment->content, &length);
    cr_expect_eq(length, 5);
    cr_expect_eq(memcmp(octets, "Hello", MIN(length, 5)), 0);
}

Test(jail, gives_every_mail_of_a_batch_its_own_facts)
{
    enum { COUNT = LIMIT_BATCH_MAILS * 2 + 7 };
    OWNED(jail) jail = open_jail(false);
    struct jail_mail mails[COUNT];
    fill(mails, COUNT);
    must_parse(jail, mails, COUNT);
    for (int i = 0; i < COUNT; i++) {
        expect_parsed(&mails[i], i, "batch");
    }
    must_parse(jail, mails, 3); /* once more, over the old results */
    expect_parsed(&mails[2], 2, "again");
    must_parse(jail, mails, 0);
    clear(mails, COUNT);
}

static int freed_count;
static void count_freed(gpointer data)
{
    g_free(data);
    freed_count++;
}

/* The same bytes, freed where it is seen. */
static void give(struct jail_mail *mail)
{
    gsize length = 0;
    char *bytes = g_bytes_unref_to_data(mail->raw, &length);
    mail->raw = g_bytes_new_with_free_func(bytes, length, count_freed, bytes);
    mail->gives_raw = true;
}

static GBytes *large_text(void)
{
    g_autofree char *filler = g_strnfill((gsize)2 * LIMIT_RAW_INLINE_BYTES, 'x');
    char *text = g_strdup_printf("From: a@acme.example\r\nSubject: mail\r\n\r\n%s\r\n", filler);
    return g_bytes_new_take(text, strlen(text));
}

/* Small ones share a child, the one that kills it is tried again, the large one never shares. */
Test(jail, lets_go_of_the_mails_that_it_was_given)
{
    enum { COUNT = 4 };
    OWNED(jail) jail = open_jail(true);
    struct jail_mail mails[COUNT];
    fill(mails, COUNT);
    set_fault(&mails[1], "crash");
    g_bytes_unref(mails[2].raw);
    mails[2].raw = large_text();
    for (int i = 0; i < COUNT; i++) {
        give(&mails[i]);
    }
    must_parse(jail, mails, COUNT);
    cr_expect_eq(freed_count, COUNT, "got %d", freed_count);
    expect_parsed(&mails[0], 0, "small");
    cr_expect_eq(mails[1].result, JAIL_DIED);
    cr_expect_eq(mails[2].result, JAIL_PARSED, "%s", mails[2].reason);
    expect_parsed(&mails[3], 3, "small");
    for (int i = 0; i < COUNT; i++) {
        cr_expect_null(mails[i].raw, "mail %d", i);
        jail_mail_clear(&mails[i]);
    }
}

Test(jail, says_why_the_parser_refused_a_mail)
{
    OWNED(jail) jail = open_jail(false);
    struct jail_mail mails[3];
    fill(mails, 3);
    g_bytes_unref(mails[1].raw);
    mails[1].raw = g_bytes_new_static("", 0);
    must_parse(jail, mails, 3);
    expect_parsed(&mails[0], 0, "before");
    cr_expect_eq(mails[1].result, JAIL_REFUSED, "%s", jail_result_name(mails[1].result));
    cr_assert_not_null(mails[1].reason);
    cr_expect_neq(mails[1].reason[0], '\0');
    expect_parsed(&mails[2], 2, "after");
    clear(mails, 3);
}

static const struct {
    const char *fault;
    enum jail_result want;
    const char *want_reason; /* a part of it, without sanitizers */
} FAULTS[] = {
    {"crash", JAIL_DIED, "SIGSEGV"},
    {"stall", JAIL_STALLED, "no answer"},
    {"stack", JAIL_DIED, "stack overflow"},
    {"abort", JAIL_DIED, "SIG"},
    {"open", JAIL_DIED, "SIG"},
    {"socket", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"fork", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"exec", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"map", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"protect", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"kill", JAIL_DIED, "SIGSYS (forbidden system call)"},
    {"exit", JAIL_DIED, "ended by itself"},
    {"lie", JAIL_DIED, "no answer"},
    {"garble", JAIL_DIED, "normal form"},
    {"flood", JAIL_DIED, "longer than"},
    {"overrun", JAIL_DIED, "attachments"},
    {"swell", JAIL_DIED, "larger than the mail"},
    {"hang-up", JAIL_DIED, "SIGKILL"},
};

static void expect_fault(const struct jail_mail *mail, enum jail_result want,
                         const char *want_reason, const char *name)
{
    cr_expect_eq(mail->result, want, "%s: got %s, want %s", name, jail_result_name(mail->result),
                 jail_result_name(want));
    cr_assert_eq(mail->facts == NULL, mail->result != JAIL_PARSED, "%s", name);
    cr_assert(mail->reason || mail->result == JAIL_PARSED, "%s", name);
    if (mail->reason && !JAIL_IS_SANITIZED) {
        cr_expect_not_null(strstr(mail->reason, want_reason), "%s: got \"%s\", want \"%s\"", name,
                           mail->reason, want_reason);
    }
}

Test(jail, holds_whatever_the_parser_does)
{
    OWNED(jail) jail = open_jail(true);
    for (size_t i = 0; i < G_N_ELEMENTS(FAULTS); i++) {
        struct jail_mail mail = {.raw = new_mail(FAULTS[i].fault, 0)};
        must_parse(jail, &mail, 1);
        expect_fault(&mail, FAULTS[i].want, FAULTS[i].want_reason, FAULTS[i].fault);
        clear(&mail, 1);
    }
}

Test(jail, holds_a_parser_that_loops)
{
    struct jail_limits limits = jail_default_limits();
    limits.cpu_seconds = CPU_SECONDS;
    struct err err = {.status = ST_OK};
    OWNED(jail) jail = NULL;
    cr_assert_eq(setenv("POSTDESK_JAIL_FAULTS", "1", 1), 0);
    cr_assert_eq(jail_open_limited(&limits, &jail, &err), ST_OK, "%s", err.text);
    struct jail_mail mail = {.raw = new_mail("loop", 0)};
    must_parse(jail, &mail, 1);
    expect_fault(&mail, JAIL_STALLED, "used more than 1 s of CPU time", "loop");
    clear(&mail, 1);
}

/* A sanitizer's allocator maps terabytes, so there the address space has no limit to run into. */
Test(jail, holds_a_parser_that_grows, .disabled = JAIL_IS_SANITIZED)
{
    OWNED(jail) jail = open_jail(true);
    struct jail_mail mail = {.raw = new_mail("grow", 0)};
    must_parse(jail, &mail, 1);
    expect_fault(&mail, JAIL_DIED, "used more than 512 MB of memory", "grow");
    clear(&mail, 1);
}

Test(jail, loses_no_mail_beside_a_poisoned_one)
{
    enum { COUNT = 20 };
    static const char *const POISONS[] = {"crash", "socket", "stall", "garble", "overrun"};
    OWNED(jail) jail = open_jail(true);
    for (size_t p = 0; p < G_N_ELEMENTS(POISONS); p++) {
        struct jail_mail mails[COUNT];
        fill(mails, COUNT);
        set_fault(&mails[7], POISONS[p]);
        set_fault(&mails[15], "abort");
        must_parse(jail, mails, COUNT);
        for (int i = 0; i < COUNT; i++) {
            if (i != 7 && i != 15) {
                expect_parsed(&mails[i], i, POISONS[p]);
            }
        }
        cr_expect_neq(mails[7].result, JAIL_PARSED, "%s", POISONS[p]);
        cr_expect_eq(mails[15].result, JAIL_DIED, "%s", POISONS[p]);
        clear(mails, COUNT);
    }
}

Test(jail, gives_a_child_of_its_own_to_who_wants_one)
{
    OWNED(jail) jail = open_jail(true);
    for (int is_own = 0; is_own < 2; is_own++) {
        struct jail_mail mails[3];
        fill(mails, 3);
        set_fault(&mails[0], "mark");
        set_fault(&mails[2], "tell");
        mails[2].wants_own_child = is_own;
        must_parse(jail, mails, 3);
        cr_expect_eq(mails[2].result, is_own ? JAIL_PARSED : JAIL_REFUSED, "own %d: %s", is_own,
                     jail_result_name(mails[2].result));
        clear(mails, 3);
    }
}

Test(jail, honours_no_fault_unless_it_was_asked_to)
{
    OWNED(jail) jail = open_jail(false);
    struct jail_mail mail = {.raw = new_mail("crash", 0)};
    must_parse(jail, &mail, 1);
    expect_parsed(&mail, 0, "inert");
    clear(&mail, 1);
}

/* ---- from outside ------------------------------------------------------------------------------ */

/* How many children a process has, in one state or (0) in any; and one of them. */
static int count_children(pid_t pid, char want_state, pid_t *last_out)
{
    DIR *folder = opendir("/proc");
    int count = folder ? 0 : -1;
    for (struct dirent *entry = NULL; folder && (entry = readdir(folder));) {
        g_autofree char *path = g_strdup_printf("/proc/%s/stat", entry->d_name);
        g_autofree char *stat = NULL;
        if (!g_ascii_isdigit(entry->d_name[0]) || !g_file_get_contents(path, &stat, NULL, NULL)) {
            continue;
        }
        const char *rest = strrchr(stat, ')');
        if (rest && strlen(rest) > 4 && g_ascii_strtoll(rest + 4, NULL, 10) == pid &&
            (!want_state || rest[2] == want_state)) { /* ") S 123 …" */
            count++;
            *last_out = (pid_t)g_ascii_strtoll(entry->d_name, NULL, 10);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

/* A process that kills the parent's next children, each when it has been asleep for a while. */
static pid_t start_killer(pid_t parent, int children)
{
    pid_t killer = fork();
    cr_assert_geq(killer, 0);
    if (killer == 0) {
        pid_t seen = 0;
        while (children > 0) {
            pid_t child = 0;
            clock_sleep_ms(50);
            if (count_children(parent, 'S', &child) == 1 && child == seen) {
                children -= kill(child, SIGKILL) == 0;
            }
            seen = child;
        }
        _exit(0);
    }
    return killer;
}

Test(jail, blames_no_mail_for_a_child_that_was_killed_once)
{
    OWNED(jail) jail = open_jail(true);
    struct jail_mail mails[5];
    fill(mails, 5);
    set_fault(&mails[2], "stall"); /* so that there is somebody to kill */

    /* The batch's child and the first try alone are killed; the second try alone stalls by itself. */
    pid_t killer = start_killer(jail_parent_pid(jail), 2);
    must_parse(jail, mails, 5);
    cr_expect_eq(mails[2].result, JAIL_STALLED, "%s", mails[2].reason);
    for (int i = 0; i < 5; i++) {
        if (i != 2) {
            expect_parsed(&mails[i], i, "killed");
        }
    }
    cr_assert_eq(waitpid(killer, NULL, 0), killer);

    /* Alone, twice in a row is no accident. */
    killer = start_killer(jail_parent_pid(jail), 2);
    must_parse(jail, &mails[2], 1);
    cr_expect_eq(mails[2].result, JAIL_DIED, "%s", mails[2].reason);
    cr_assert_eq(waitpid(killer, NULL, 0), killer);
    clear(mails, 5);
}

Test(jail, blames_no_mail_for_the_end_of_the_parent)
{
    struct err err = {.status = ST_OK};
    for (int is_busy = 0; is_busy < 2; is_busy++) {
        OWNED(jail) jail = open_jail(true);
        struct jail_mail mails[3];
        fill(mails, 3);
        must_parse(jail, mails, 3);
        set_fault(&mails[1], is_busy ? "stall" : "");
        pid_t killer = fork();
        cr_assert_geq(killer, 0);
        if (killer == 0) {
            clock_sleep_ms(is_busy ? 300 : 0);
            kill(jail_parent_pid(jail), SIGKILL);
            _exit(0);
        }
        if (!is_busy) {
            cr_assert_eq(waitpid(killer, NULL, 0), killer);
        }
        cr_expect_eq(jail_parse(jail, mails, 3, &err), ST_TEMPFAIL, "busy %d", is_busy);
        for (int i = 0; i < 3; i++) {
            cr_expect_null(mails[i].facts);
            cr_expect_null(mails[i].reason);
        }
        cr_expect_eq(jail_parse(jail, mails, 3, &err), ST_TEMPFAIL, "still");
        if (is_busy) {
            cr_assert_eq(waitpid(killer, NULL, 0), killer);
        }
        clear(mails, 3);
    }
}

Test(jail, closes_even_if_its_parent_is_stopped)
{
    struct jail *jail = open_jail(false);
    pid_t parent = jail_parent_pid(jail);
    kill(parent, SIGSTOP);
    int64_t start_us = clock_monotonic_us(clock_real());
    jail_close(jail);
    int64_t took_us = clock_monotonic_us(clock_real()) - start_us;
    cr_expect_lt(took_us, 5000000);
    cr_expect_eq(kill(parent, 0), -1);
}

Test(jail, ends_with_the_process_that_opened_it)
{
    int ends[2];
    pid_t parent = 0;
    cr_assert_eq(pipe(ends), 0);
    pid_t owner = fork();
    cr_assert_geq(owner, 0);
    if (owner == 0) {
        /* No criterion here: its assertions hang in a process that it did not make. */
        struct jail *jail = NULL;
        struct err err = {.status = ST_OK};
        parent = jail_open(&jail, &err) == ST_OK ? jail_parent_pid(jail) : 0;
        (void)!write(ends[1], &parent, sizeof parent);
        kill(getpid(), SIGKILL);
    }
    cr_assert_eq(read(ends[0], &parent, sizeof parent), (ssize_t)sizeof parent);
    cr_assert_gt(parent, 0);
    cr_assert_eq(waitpid(owner, NULL, 0), owner);
    bool is_gone = false;
    for (int i = 0; i < 500 && !is_gone; i++) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)parent);
        g_autofree char *stat = NULL;
        is_gone = !g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z ") != NULL;
        clock_sleep_ms(is_gone ? 0 : 10);
    }
    cr_expect(is_gone);
}

/* One descriptor lost a batch, on either side, would be more than there are. */
Test(jail, leaves_no_descriptor_and_no_process_behind)
{
    const struct rlimit few = {48, 48};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    OWNED(jail) jail = open_jail(true);
    struct jail_mail mails[3];
    fill(mails, 3);
    for (int i = 0; i < 200; i++) {
        set_fault(&mails[1], i % 20 == 19 ? "abort" : "");
        must_parse(jail, mails, 3);
        expect_parsed(&mails[0], 0, "batch");
        expect_parsed(&mails[2], 2, "batch");
    }
    pid_t child = 0;
    clock_sleep_ms(100);
    cr_expect_eq(count_children(jail_parent_pid(jail), 0, &child), 0);
    cr_expect_eq(count_children(getpid(), 0, &child), 1, "the parent and nobody else");
    clear(mails, 3);
}

/* ---- size -------------------------------------------------------------------------------------- */

/* The address space of a process in bytes. */
static int64_t address_space(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *status = NULL;
    struct err err = {.status = ST_OK};
    int64_t kib = 0;
    cr_assert(g_file_get_contents(path, &status, NULL, NULL));
    const char *line = strstr(status, "VmSize:");
    cr_assert_not_null(line);
    g_autofree char *number = g_strndup(line + 7, strcspn(line + 7, "k"));
    cr_assert_eq(text_parse_int64(g_strstrip(number), 1, INT64_MAX / 1024, &kib, &err), ST_OK);
    return kib * 1024;
}

/* A mail of the largest size with one attachment, each octet of it known. */
static GBytes *largest_mail(size_t octets)
{
    g_autofree uint8_t *content = g_malloc(octets);
    for (size_t i = 0; i < octets; i++) {
        content[i] = (uint8_t)(i * 7 >> 3);
    }
    g_autofree char *base64 = g_base64_encode(content, octets);
    size_t length = strlen(base64);
    GString *text = g_string_sized_new(length + length / 38 + 1000);
    g_string_append(text, "From: anna@acme.example\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
                          "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
                          "--b\r\nContent-Type: application/zip\r\n"
                          "Content-Disposition: attachment; filename=a.zip\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n");
    for (size_t at = 0; at < length; at += 76) {
        g_string_append_len(text, base64 + at, (gssize)MIN(76, length - at));
        g_string_append(text, "\r\n");
    }
    g_string_append(text, "--b--\r\n");
    return g_string_free_to_bytes(text);
}

Test(jail, parses_the_largest_mail_in_64_megabytes, .timeout = 60)
{
    enum { OCTETS = 15200000 };
    struct err err = {.status = ST_OK};
    struct jail *probe = open_jail(false);
    struct jail_limits limits = jail_default_limits();
    limits.memory_bytes = address_space(jail_parent_pid(probe)) + (64 << 20);
    jail_close(probe);

    OWNED(jail) jail = NULL;
    cr_assert_eq(jail_open_limited(&limits, &jail, &err), ST_OK, "%s", err.text);
    struct jail_mail mail = {.raw = largest_mail(OCTETS)};
    cr_assert_geq(g_bytes_get_size(mail.raw), 20 * 1000 * 1000);
    cr_assert_leq(g_bytes_get_size(mail.raw), LIMIT_MAIL_BYTES);
    must_parse(jail, &mail, 1);
    cr_assert_eq(mail.result, JAIL_PARSED, "%s", mail.reason);
    const struct attachment *attachment = mail.facts->attachments->pdata[0];
    gsize length = 0;
    const uint8_t *octets = g_bytes_get_data(attachment->content, &length);
    cr_assert_eq(length, OCTETS);
    for (size_t i = 0; i < OCTETS; i++) {
        cr_assert_eq(octets[i], (uint8_t)(i * 7 >> 3), "octet %zu", i);
    }
    clear(&mail, 1);
}

Test(jail, names_every_result)
{
    cr_expect_str_eq(jail_result_name(JAIL_PARSED), "parsed");
    cr_expect_str_eq(jail_result_name(JAIL_REFUSED), "refused");
    cr_expect_str_eq(jail_result_name(JAIL_DIED), "died");
    cr_expect_str_eq(jail_result_name(JAIL_STALLED), "stalled");
}
