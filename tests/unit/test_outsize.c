/* What is too large: how large a mail of ours becomes, and what has to go until it fits. */
#include <inttypes.h>

#include <criterion/criterion.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/decide.h"
#include "desk/outsize.h"
#include "desk_world.h"

static void add_file(struct facts *facts, const char *name, uint64_t bytes)
{
    struct attachment *file = attachment_new();

    world_set(&file->name, name);
    file->bytes = bytes;
    g_ptr_array_add(facts->attachments, file);
}

static char *repeat(const char *text, size_t count)
{
    GString *out = g_string_sized_new(strlen(text) * count);

    for (size_t i = 0; i < count; i++) {
        g_string_append(out, text);
    }
    return g_string_free(out, FALSE);
}

Test(outsize, takes_the_smaller_limit)
{
    cr_expect_eq(outsize_limit(0), LIMIT_SEND_BYTES);
    cr_expect_eq(outsize_limit(1000), 1000);
    cr_expect_eq(outsize_limit(LIMIT_SEND_BYTES + 1), LIMIT_SEND_BYTES);
}

Test(outsize, estimates_a_file_of_any_size_without_overflow)
{
    for (uint64_t bytes = 1; bytes > 0; bytes *= 2) {
        uint64_t encoded = MIN(bytes, LIMIT_SEND_BYTES) * 4 / 3;
        cr_expect_gt(outsize_of_file(bytes), (int64_t)encoded, "%" PRIu64, bytes);
    }
    cr_expect_gt(outsize_of_file(UINT64_MAX), LIMIT_SEND_BYTES);
}

/* The largest file that fits with this text. */
static uint64_t largest_that_fits(const char *text, int64_t limit)
{
    uint64_t low = 0;
    uint64_t high = (uint64_t)limit;

    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        OWNED(facts) facts = facts_new();
        world_set(&facts->text, text);
        add_file(facts, "a", middle);
        g_autofree char *drop = outsize_files_to_drop(facts, limit);
        *(drop[0] == '\0' ? &low : &high) = middle;
    }
    return low;
}

Test(outsize, lets_everything_go_out_up_to_the_limit_and_names_a_file_beyond_it)
{
    static const int64_t LIMITS[] = {500000, 5000000, LIMIT_SEND_BYTES};

    for (size_t i = 0; i < G_N_ELEMENTS(LIMITS); i++) {
        uint64_t most = largest_that_fits("Hello", LIMITS[i]);
        int64_t taken = outsize_of_file(most);
        cr_expect_leq(taken, outsize_room(LIMITS[i], 5));
        cr_expect_gt(outsize_of_file(most + 1), outsize_room(LIMITS[i], 5), "%" PRIu64, most);
    }
}

static const struct {
    const char *name;
    uint64_t megabytes[4];
    const char *want;
} DROPS[] = {
    {"all fits", {5, 5, 4}, ""},
    {"nothing there", {0}, ""},
    {"the largest goes", {2, 15, 1}, "b (15.0 MB)"},
    {"no more than needed", {6, 9, 7, 5}, "b (9.0 MB), c (7.0 MB)"},
    {"what fits nowhere", {1, 20}, "b (20.0 MB)"},
};

Test(outsize, names_the_largest_files_until_the_rest_fits)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DROPS); i++) {
        OWNED(facts) facts = facts_new();
        for (size_t f = 0; f < 4 && DROPS[i].megabytes[f] > 0; f++) {
            const char name[] = {(char)('a' + f), '\0'};
            add_file(facts, name, DROPS[i].megabytes[f] << 20);
        }
        g_autofree char *got = outsize_files_to_drop(facts, LIMIT_SEND_BYTES);
        cr_expect_str_eq(got, DROPS[i].want, "%s: got \"%s\"", DROPS[i].name, got);
    }
}

Test(outsize, names_ten_files_and_counts_the_others)
{
    OWNED(facts) facts = facts_new();
    for (int i = 0; i < 40; i++) {
        add_file(facts, "x", 1 << 20);
    }
    g_autofree char *got = outsize_files_to_drop(facts, LIMIT_SEND_BYTES);
    cr_expect(g_str_has_prefix(got, "x (1.0 MB), x (1.0 MB)"), "%s", got);
    cr_expect(g_str_has_suffix(got, " and 16 more"), "%s", got);
}

Test(outsize, counts_a_text_that_becomes_a_file)
{
    g_autofree char *fits = repeat("x", LIMIT_COMMENT_CHARS);
    g_autofree char *longer = repeat("x", LIMIT_COMMENT_CHARS + 1);
    uint64_t beside_short = largest_that_fits(fits, LIMIT_SEND_BYTES);
    uint64_t beside_long = largest_that_fits(longer, LIMIT_SEND_BYTES);

    cr_expect_gt(beside_short - beside_long, LIMIT_COMMENT_CHARS, "%" PRIu64 " and %" PRIu64,
                 beside_short, beside_long);
}

Test(outsize, drops_all_files_where_the_text_is_too_large_alone)
{
    OWNED(facts) facts = facts_new();
    add_file(facts, "a", 10);
    add_file(facts, "b", 20);
    g_autofree char *got = outsize_files_to_drop(facts, 100);
    cr_expect_str_eq(got, "b (20 bytes), a (10 bytes)", "got %s", got);
}

/* The whole of a long text may be there already, as a file of its own. */
static int64_t smallest_limit(const struct facts *facts)
{
    int64_t low = 0;
    int64_t high = LIMIT_SEND_BYTES;

    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        g_autofree char *drop = outsize_files_to_drop(facts, middle);
        *(drop[0] == '\0' ? &high : &low) = middle;
    }
    return high;
}

Test(outsize, counts_a_long_text_once)
{
    g_autofree char *longer = repeat("x", LIMIT_COMMENT_CHARS + 1);
    OWNED(facts) facts = facts_new();
    OWNED(facts) with_whole = facts_new();

    world_set(&facts->text, longer);
    world_set(&with_whole->text, longer);
    add_file(facts, "a", 10);
    add_file(with_whole, "a", 10);
    struct attachment *whole = with_whole->attachments->pdata[0];
    world_set(&whole->type, WHOLE_TEXT_TYPE);
    cr_expect_eq(smallest_limit(facts),
                 smallest_limit(with_whole) + outsize_of_file(LIMIT_COMMENT_CHARS + 1));
}

Test(outsize, leaves_room_for_the_line_that_says_what_is_missing)
{
    OWNED(facts) facts = facts_new();

    add_file(facts, "a", 10);
    int64_t before = smallest_limit(facts);
    facts->attachments_left_out = 1;
    cr_expect_gt(smallest_limit(facts), before);
}

#define TO_ALL "new-ticket:5 new-ticket:6 new-ticket:11"

/* ---- what decide makes of it ------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    enum token_purpose purpose; /* 0: no token */
    person_id person;
    bool is_oversize;
    uint64_t file_bytes;
    enum outcome want;
    const char *want_mails;
    const char *want_reason; /* in the mail to the author */
} SIZES[] = {
    {"a contact's new ticket is oversize", "anna@acme.example", PASS("acme.example"), 0, 0, true,
     10, OUTCOME_NEW, "oversize:4 " TO_ALL, "attachments left out: a.iso, and more, about 30 MB"},
    {"a stranger's", "x@nowhere.test", NULL, 0, 0, true, 10, OUTCOME_NEW, "oversize:-1 " TO_ALL,
     "attachments left out: a.iso, and more, about 30 MB"},
    {"a contact's comment", "carl@acme.example", PASS("acme.example"), TOKEN_CONTACT_REPLY, CARL,
     true, 10, OUTCOME_PUBLIC, "comment:5 comment:6 comment:11 comment:4 oversize:7",
     "attachments left out: a.iso, and more, about 30 MB"},
    {"a contact's unproven reply to a parent", "anna@acme.example", NULL, TOKEN_CONTACT_REPLY, DORA,
     true, 10, OUTCOME_UNVERIFIED, "comment:5 comment:6 comment:11", NULL},
    {"a technician's answer", "ben@desk.example", PASS("desk.example"), TOKEN_TECHNICIAN_REPLY, BEN,
     true, 10, OUTCOME_NOTE, "note:6 note:11 oversize:5",
     "attachments left out: a.iso, and more, about 30 MB"},
    {"a technician's note", "ben@desk.example", PASS("desk.example"), TOKEN_TECHNICIAN_NOTE, BEN,
     true, 10, OUTCOME_NOTE, "note:6 note:11 oversize:5", "attachments left out"},
    {"an answer that would be too large", "ben@desk.example", PASS("desk.example"),
     TOKEN_TECHNICIAN_REPLY, BEN, false, 16 << 20, OUTCOME_NOTE, "note:6 note:11 too-large:5",
     "a.iso (16.0 MB)"},
    {"an answer that just fits", "ben@desk.example", PASS("desk.example"), TOKEN_TECHNICIAN_REPLY,
     BEN, false, 15270000, OUTCOME_TECHNICIAN, "reply:4 reply:7 assigned:6 assigned:11", NULL},
    {"an answer that just does not", "ben@desk.example", PASS("desk.example"),
     TOKEN_TECHNICIAN_REPLY, BEN, false, 15280000, OUTCOME_NOTE, "note:6 note:11 too-large:5",
     "a.iso (14.5 MB)"},
    {"a note that would be too large", "ben@desk.example", PASS("desk.example"),
     TOKEN_TECHNICIAN_NOTE, BEN, false, 16 << 20, OUTCOME_NOTE, "note:6 note:11", NULL},
    {"a contact's file that does not fit", "carl@acme.example", PASS("acme.example"),
     TOKEN_CONTACT_REPLY, CARL, false, 16 << 20, OUTCOME_PUBLIC,
     "comment:5 comment:6 comment:11 comment:4", NULL},
};

Test(outsize, tells_the_author_what_was_too_large)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        CASE it = case_from(SIZES[i].from, "x", SIZES[i].stamp);
        if (SIZES[i].person != 0) {
            world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, SIZES[i].purpose, SIZES[i].person,
                            12);
        }
        it.records->is_oversize = SIZES[i].is_oversize;
        it.records->bytes = SIZES[i].is_oversize ? 30 << 20 : 20 << 20;
        add_file(it.facts, "a.iso", SIZES[i].file_bytes);
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = world_mails(it.plan);
        cr_expect_str_eq(mails, SIZES[i].want_mails, "%s: got %s", SIZES[i].name, mails);
        cr_expect_eq(it.plan->outcome, SIZES[i].want, "%s: got %s", SIZES[i].name,
                     outcome_name(it.plan->outcome));
        for (guint m = 0; SIZES[i].want_reason != NULL && m < it.plan->mails->len; m++) {
            const struct plan_mail *mail = it.plan->mails->pdata[m];
            bool is_author = strcmp(mail->notice, "oversize") == 0 ||
                             strcmp(mail->notice, "too-large") == 0;
            bool is_technician = mail->person == BEN;
            cr_expect(!is_author || strstr(mail->reason, SIZES[i].want_reason) != NULL,
                      "%s: got %s", SIZES[i].name, mail->reason);
            cr_expect(!is_author || mail->is_automatic != is_technician, "%s", SIZES[i].name);
            cr_expect(!is_author || !mail->tells_comment, "%s: a note may be in it", SIZES[i].name);
        }
    }
}

Test(outsize, obeys_a_smaller_limit_of_the_mailboxs_server)
{
    CASE it = case_from("ben@desk.example", "x", PASS("desk.example"));
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    it.records->mailbox.send_bytes = 5000000;
    add_file(it.facts, "a.iso", 4000000);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NOTE);
}

Test(outsize, tells_nobody_of_a_mail_that_was_only_released)
{
    CASE it = case_from("ben@desk.example", "Re: x", NULL);
    world_add_token(it.records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_REPLY, BEN, 12);
    it.records->released_by = g_strdup("clara@desk.example");
    it.records->is_oversize = true;
    it.records->bytes = 30 << 20;
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NOTE);
    cr_expect_null(world_mail_to(it.plan, BEN));
}
