/* The recipient's language: which notice he gets, and the words, dates, sizes and lists in it. */
#include "gateway/notice_language.h"
#include "notice_sample.h"

#define SUMMER 1782895800000000 /* 2026-07-01 08:50 UTC, a Wednesday */
#define WINTER 1795342800000000 /* 2026-11-22 10:20 UTC, a Sunday */

static const struct {
    const char *language;
    const char *zone;
    int64_t us;
    const char *want;
} DATES[] = {
    {"en", "UTC", WINTER, "Sunday, 22 November 2026, 10:20 (UTC)"},
    {"en", "Europe/Berlin", SUMMER, "Wednesday, 1 July 2026, 10:50 (CEST)"},
    {"de", "Europe/Berlin", WINTER, "Sonntag, 22. November 2026, 11:20 Uhr (CET)"},
    {"de", "Pacific/Auckland", WINTER, "Sonntag, 22. November 2026, 23:20 Uhr (NZDT)"},
    {"de", "America/New_York", 1767225600000000, "Mittwoch, 31. Dezember 2025, 19:00 Uhr (EST)"},
    {"de", "Nowhere/Here", 1772323200000000, "Sonntag, 1. M\xC3\xA4rz 2026, 00:00 Uhr (UTC)"},
    {"fr", "Europe/Paris", WINTER, "2026-11-22 11:20 (CET)"},
};

Test(notice_language, shows_dates_as_the_recipients_wall_does)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DATES); i++) {
        g_autofree char *got = notice_language_date(notice_language_find(DATES[i].language),
                                                    DATES[i].zone, DATES[i].us);

        cr_expect_str_eq(got, DATES[i].want, "%s: got %s", DATES[i].zone, got);
    }
}

static const struct {
    const char *language;
    const char *english;
    const char *want;
} WORDS[] = {
    {"en", "pending", "pending"},    {"de", "pending", "wartend"},
    {"de", "our own", "our own"},    {"de", "(no subject)", "(kein Betreff)"},
    {"it", "pending", "pending"},    {"xx", "closed", "closed"},
    {"de", "closed", "geschlossen"},
};

Test(notice_language, has_words_and_keeps_those_it_does_not_know)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        const char *got = notice_language_word(notice_language_find(WORDS[i].language),
                                               WORDS[i].english);

        cr_expect_str_eq(got, WORDS[i].want, "%s: got %s", WORDS[i].english, got);
    }
}

Test(notice_language, writes_sizes_and_lists)
{
    const struct notice_language *german = notice_language_find("de");
    const struct notice_language *english = notice_language_find("en");
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *small = notice_language_size(german, 17);
    g_autofree char *large = notice_language_size(german, 12 << 20);
    g_autofree char *same = notice_language_size(english, 12 << 20);

    cr_expect_str_eq(small, "17 Bytes");
    cr_expect_str_eq(large, "12,0 MB");
    cr_expect_str_eq(same, "12.0 MB");
    g_ptr_array_add(names, (gpointer) "Anna");
    g_ptr_array_add(names, (gpointer) "Max\nRoth");
    g_autofree char *two = notice_language_list(german, names);
    cr_expect_str_eq(two, "Anna und Max Roth");
    for (int i = 0; i < 20; i++) {
        g_ptr_array_add(names, (gpointer) "x");
    }
    g_autofree char *many = notice_language_list(german, names);
    cr_expect(g_str_has_suffix(many, ", x, x und 2 weitere"), "%s", many);
}

/* ---- in notices -------------------------------------------------------------------------------- */

static const struct {
    const char *own;
    const char *desk;
    const char *want_lang;
    const char *want;
} CHOICES[] = {
    {"de", "en", "<html lang=\"de\">", "Guten Tag Anna Meyer,"},
    {"", "de", "<html lang=\"de\">", "Guten Tag Anna Meyer,"},
    {"en", "de", "<html lang=\"en\">", "Hello Anna Meyer,"},
    {"it", "de", "<html lang=\"de\">", "Guten Tag Anna Meyer,"},
    {"it", "fr", "<html lang=\"en\">", "Hello Anna Meyer,"},
    {"", "", "<html lang=\"en\">", "Hello Anna Meyer,"},
};

Test(notice_language, is_the_recipients_else_the_desks_else_english)
{
    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(CHOICES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, "receipt", &ANNA, contact_token);

        due->language = CHOICES[i].own;
        batch->desk.language = CHOICES[i].desk;
        g_autofree char *mail = render(due);
        cr_expect_not_null(strstr(mail, CHOICES[i].want), "%zu: %s", i, mail);
        cr_expect_not_null(strstr(mail, CHOICES[i].want_lang), "%zu: %s", i, mail);
    }
}

Test(notice_language, goes_for_the_words_of_the_desk_and_not_for_those_of_people)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "new-ticket", &BEN, technician_token);

    due->language = "de";
    due->zone = "Europe/Berlin";
    due->written_at_us = WINTER;
    due->text = "open";
    due->subject = "closed";
    add_file(due, "a.txt", "text/plain", "hello", 5);
    g_autofree char *mail = render(due);
    cr_expect_not_null(strstr(mail, "\nGeschrieben: Sonntag, 22. November 2026, 11:20 Uhr (CET)\n"),
                       "%s", mail);
    cr_expect_not_null(strstr(mail, "\nAnhang: a.txt (5 Bytes)\n"), "%s", mail);
    cr_expect_not_null(strstr(mail, "\n\nopen\n\n-- \n"), "%s", mail);
    cr_expect_not_null(strstr(mail, "\nSubject: [#12] closed\n"), "%s", mail);
}

Test(notice_language, shows_dates_in_the_desks_zone_to_who_has_none)
{
    OWNED(outbound_batch) batch = outbound_batch_new();

    make_tokens();

    struct outbound_due *due = add_sample(batch, "admission", &ANNA, contact_token);

    due->ticket = 0;
    batch->desk.zone = "America/New_York";
    give(due, "held-until", "1795342800000000");
    g_autofree char *mail = render(due);
    cr_expect_not_null(
        strstr(mail, "the mail is rejected on Sunday, 22 November 2026, 05:20 (EST)."), "%s", mail);
}

/* ---- signatures -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool is_by_technician;
    bool is_hidden;
    const char *signature;
    const char *desk;
    const char *want;
} SIGNATURES[] = {
    {"both", true, false, "Ben Huber\nNetworks", "Desk GmbH\n+49 89 1",
     "\n-- \nBen Huber\nNetworks\nDesk GmbH\n+49 89 1\n\nTicket #12\n"},
    {"none", true, false, "", "", "\n-- \nBen Huber, Desk\nTicket #12\n"},
    {"the desk's alone", true, false, "", "Desk GmbH",
     "\n-- \nBen Huber, Desk\nDesk GmbH\n\nTicket #12\n"},
    {"whose name is hidden has none", true, true, "Ben Huber", "Desk GmbH",
     "\n-- \nDesk\nDesk GmbH\n\nTicket #12\n"},
    {"nor has a contact", false, false, "Anna", "", "\n-- \nBen Huber, Desk\nTicket #12\n"},
};

Test(notice_language, closes_what_contacts_get_with_the_desks_signature)
{
    static const char *const NOTICES[] = {"receipt", "acknowledgement", "comment",
                                          "status-changed"};

    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(NOTICES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, NOTICES[i], &MAX, contact_token);

        due->is_stranger = strcmp(NOTICES[i], "acknowledgement") == 0;
        batch->desk.signature = "Desk GmbH\nM\xC3\xBCnchen";
        g_autofree char *mail = render(due);
        cr_expect_not_null(strstr(mail, "\n\nDesk GmbH\nM=C3=BCnchen\n"), "%s", mail);
    }
}

Test(notice_language, signs_an_answer_as_its_technician_and_the_desk_do)
{
    make_tokens();
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNATURES); i++) {
        OWNED(outbound_batch) batch = outbound_batch_new();
        struct outbound_due *due = add_sample(batch, "reply", &ANNA, contact_token);

        due->author = BEN;
        due->is_by_technician = SIGNATURES[i].is_by_technician;
        due->signature = SIGNATURES[i].signature;
        batch->desk.signature = SIGNATURES[i].desk;
        if (SIGNATURES[i].is_hidden) {
            g_ptr_array_add(batch->hidden, (gpointer) "technician");
        }
        g_autofree char *mail = render(due);
        cr_expect_not_null(strstr(mail, SIGNATURES[i].want), "%s: %s", SIGNATURES[i].name, mail);
        cr_expect(!SIGNATURES[i].is_hidden || strstr(mail, "Ben") == NULL, "%s", mail);
    }
}
