/* Notices: what travels with them, and what their authors learn when it does not. */
#include "notice_sample.h"

/* ---- files ------------------------------------------------------------------------------------- */

Test(notice_files, carries_files_as_far_as_the_limit_allows)
{
    static const struct {
        const char *notice;
        int64_t bytes[3];
        bool want[3];
    } CASES[] = {
        {"reply", {1000, 1000, 1000}, {true, true, true}},
        {"reply", {10 << 20, 10 << 20, 1000}, {true, false, true}},
        {"reply", {15 << 20, 1000, 1000}, {false, true, true}},
        {"reply", {INT64_MAX, 1000, INT64_MAX}, {false, true, false}},
        {"receipt", {1000, 1000, 1000}, {false, false, false}},
        {"assigned", {1000, 1000, 1000}, {false, false, false}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, CASES[i].notice, &ANNA, NULL);

        for (size_t j = 0; j < 3; j++) {
            add_file(due, "x", "image/png", NULL, CASES[i].bytes[j]);
        }

        g_autofree bool *fits = notice_fitting_files(due);

        for (size_t j = 0; j < 3; j++) {
            cr_expect_eq(fits[j], CASES[i].want[j], "case %zu, file %zu: got %d", i, j, fits[j]);
        }
    }
}

Test(notice_files, lists_what_travels_and_what_does_not)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "new-ticket", &BEN, technician_token);

    add_file(due, "a.txt", "text/plain", "hello", 5);
    add_file(due, "big\nBcc: x.iso", "application/x-iso", NULL, 30 << 20);

    g_autofree char *mail = render(due);

    cr_expect(strstr(mail, "\nAttached: a.txt (5 bytes)\n") != NULL, "%s", mail);
    cr_expect(strstr(mail, "\nToo large for this mail: big Bcc: x.iso (30.0 MB)\n") != NULL, "%s",
              mail);
    cr_expect(strstr(mail, "aGVsbG8") != NULL, "%s", mail);
}

static const struct {
    const char *notice;
    bool is_technician;
    bool is_stranger;
    const char *want[3];
} TOO_LARGE[] = {
    {"oversize", false, false, {"Re: [#12] ", "attachments left out: a.iso", "ticket #12"}},
    {"oversize", false, true, {"[#12] Your message is too large", "Hello,", "ticket #12"}},
    {"oversize", true, false, {"was not sent to anybody", "attachments left out: a.iso", "#12"}},
    {"too-large", true, false, {"was not sent to anybody", "Without these", "left out: a.iso"}},
};

Test(notice_files, tells_an_author_what_was_too_large)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(TOO_LARGE); i++) {
        struct outbound_due *due = add_sample(batch, TOO_LARGE[i].notice,
                                              TOO_LARGE[i].is_technician ? &BEN : &ANNA,
                                              TOO_LARGE[i].is_technician ? technician_token : NULL);

        due->is_stranger = TOO_LARGE[i].is_stranger;
        due->reason = "attachments left out: a.iso";
        give(due, "files-left-out", "a.iso");
        give(due, "megabytes", "30");
        due->text = "words of a note";
        due->kind = "note";
        g_autofree char *mail = render(due);

        for (size_t w = 0; w < 3; w++) {
            cr_expect_not_null(strstr(mail, TOO_LARGE[i].want[w]), "%s: no \"%s\" in %s",
                               TOO_LARGE[i].notice, TOO_LARGE[i].want[w], mail);
        }
        cr_expect_null(strstr(mail, "words of a note"), "%s", mail);
        cr_expect(!TOO_LARGE[i].is_stranger || strstr(mail, "a.iso") == NULL, "%s", mail);
        cr_expect_not_null(strstr(mail, "Auto-Submitted: auto-replied"), "%s", mail);
    }
}

Test(notice_files, tells_an_author_what_came_back)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();
    for (int is_own = 0; is_own < 2; is_own++) {
        struct outbound_due *due = add_sample(batch, "undelivered", &BEN, technician_token);
        g_autofree char *answer = g_strdup_printf("550 5.1.1 <support+%s@desk.example> rejected",
                                                  bounce_token);

        due->author = is_own ? BEN : ANNA;
        due->about = 40;
        due->failed_to = "anna@acme.example";
        due->answer = answer;

        g_autofree char *mail = render(due);

        cr_expect(strstr(mail, "Your message on ticket #12 did not reach anna@acme.example.") !=
                      NULL,
                  "%s", mail);
        cr_expect(strstr(mail, "550 5.1.1") != NULL, "%s", mail);
        cr_expect(strstr(mail, bounce_token) == NULL, "%s", mail);
        cr_expect_eq(strstr(mail, "The printer burns") != NULL, is_own, "%s", mail);
    }
}

Test(notice_files, tells_an_author_of_an_address_that_was_dead_before)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "undelivered", &BEN, technician_token);

    due->comment = 0;
    due->text = "";
    due->reason = "wrote to anna@acme.example, whose address is dead";
    give(due, "dead-addresses", "anna@acme.example");

    g_autofree char *mail = render(due);

    cr_expect(strstr(mail,
                     "did not reach everybody: you wrote to anna@acme.example, whose address is "
                     "dead.\n") != NULL,
              "%s", mail);
}
