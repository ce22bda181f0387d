/* The few words that mean something, and what stands for a subject. */
#include <criterion/criterion.h>
#include <glib.h>

#include "core/limits.h"
#include "core/text.h"
#include "desk/words.h"
#include "desk_world.h"

static const struct {
    const char *text;
    const char *want;
} LINES[] = {
    {"", ""},
    {"\n\n", ""},
    {"Hello", "Hello"},
    {"\n \t\n  Hello  \nthere", "Hello"},
    {"> yes\n>> no\n", ""},
    {"> yes\n  > no\nHello", "Hello"},
    {"yes\r\nno", "yes"},
};

Test(words, begin_with_the_first_line_that_is_not_quoted)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autofree char *got = words_first_line(LINES[i].text);
        cr_expect_str_eq(got, LINES[i].want, "%zu: got \"%s\"", i, got);
    }
}

static const struct {
    const char *text;
    enum answer want;
} ANSWERS[] = {
    {"yes", ANSWER_YES},
    {"YES", ANSWER_YES},
    {"Ja!", ANSWER_YES},
    {"oui.", ANSWER_YES},
    {"sí", ANSWER_YES},
    {"SI\xcc\x81", ANSWER_YES}, /* decomposed */
    {"si", ANSWER_YES},
    {"s\xc3\xac", ANSWER_YES},
    {"no", ANSWER_NO},
    {"Nein.", ANSWER_NO},
    {"NON!", ANSWER_NO},
    {"> Was it you?\n\nyes\nBest wishes", ANSWER_YES},
    {"", ANSWER_UNCLEAR},
    {".", ANSWER_UNCLEAR},
    {"!", ANSWER_UNCLEAR},
    {"No, don't!", ANSWER_UNCLEAR},
    {"yes, please", ANSWER_UNCLEAR},
    {"yes?", ANSWER_UNCLEAR},
    {"yes!!", ANSWER_UNCLEAR},
    {"not", ANSWER_UNCLEAR},
    {"yesterday", ANSWER_UNCLEAR},
    {"ok", ANSWER_UNCLEAR},
    {"Hello\nyes", ANSWER_UNCLEAR},
    {"> yes", ANSWER_UNCLEAR},
};

Test(words, are_a_yes_or_a_no_only_alone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ANSWERS); i++) {
        cr_expect_eq(words_answer(ANSWERS[i].text), ANSWERS[i].want, "\"%s\"", ANSWERS[i].text);
    }
}

static const struct {
    const char *text;
    enum held_command want;
} COMMANDS[] = {
    {"#release", HELD_RELEASE},
    {"\n  #Drop \n-- \nBen", HELD_DROP},
    {"#SPAM", HELD_SPAM},
    {"#trust", HELD_TRUST},
    {"release", HELD_UNCLEAR},
    {"#release it", HELD_UNCLEAR},
    {"#released", HELD_UNCLEAR},
    {"> #release", HELD_UNCLEAR},
    {"Hello\n#release", HELD_UNCLEAR},
    {"", HELD_UNCLEAR},
};

Test(words, decide_on_held_mail_only_alone)
{
    for (size_t i = 0; i < G_N_ELEMENTS(COMMANDS); i++) {
        cr_expect_eq(words_held_command(COMMANDS[i].text), COMMANDS[i].want, "\"%s\"",
                     COMMANDS[i].text);
    }
}

static const struct {
    const char *text;
    const char *want; /* NULL: nobody */
} BEHALVES[] = {
    {"#for anna@acme.example", "anna@acme.example"},
    {"\n#FOR \t anna@acme.example  \nHe called.", "anna@acme.example"},
    {"#for\tanna@acme.example", "anna@acme.example"},
    {"#for Anna@Acme.EXAMPLE", "Anna@acme.example"},
    {"#for", NULL},
    {"#for ", NULL},
    {"#foranna@acme.example", NULL},
    {"#form anna@acme.example", NULL},
    {"#for Anna", NULL},
    {"#for anna@acme.example bob@acme.example", NULL},
    {"for anna@acme.example", NULL},
    {"> #for anna@acme.example", NULL},
    {"Hello\n#for anna@acme.example", NULL},
    {"", NULL},
};

Test(words, name_for_whom_a_ticket_is)
{
    for (size_t i = 0; i < G_N_ELEMENTS(BEHALVES); i++) {
        g_autofree char *got = words_for(BEHALVES[i].text);
        cr_expect_str_eq(got == NULL ? "nobody" : got,
                         BEHALVES[i].want == NULL ? "nobody" : BEHALVES[i].want, "\"%s\": got %s",
                         BEHALVES[i].text, got);
    }
}

Test(words, know_a_forwarded_mail)
{
    static const char *const FORWARDS[] = {"Fwd: x", "FW: x", "WG: x", "TR: x",
                                           "RV: x",  "I: x",  "ENC:x", "  fwd: x"};
    static const char *const OTHERS[] = {"", "x", "Re: Fwd: x", "Forward: x", "Fwd x", "Info: x"};

    for (size_t i = 0; i < G_N_ELEMENTS(FORWARDS); i++) {
        cr_expect(words_is_forward(FORWARDS[i]), "%s", FORWARDS[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        cr_expect_not(words_is_forward(OTHERS[i]), "%s", OTHERS[i]);
    }
}

Test(words, are_shown_as_far_as_the_setting_says)
{
    static const struct {
        int64_t chars;
        const char *want;
    } EXCERPTS[] = {{0, ""}, {1, "…"}, {4, "Drü…"}, {7, "Drücker"}, {500, "Drücker"}};
    OWNED(facts) facts = world_facts("anna@acme.example", "x", NULL);

    world_set(&facts->text, "Drücker");
    for (size_t i = 0; i < G_N_ELEMENTS(EXCERPTS); i++) {
        g_autofree char *got = words_excerpt(facts, EXCERPTS[i].chars);
        cr_expect_str_eq(got, EXCERPTS[i].want, "%d: got %s", (int)EXCERPTS[i].chars, got);
    }
}

Test(words, stand_for_a_subject_where_there_is_none)
{
    OWNED(facts) facts = world_facts("anna@acme.example", "Re: [#12] x", NULL);
    g_autofree char *subject = words_subject(facts);
    cr_expect_str_eq(subject, "Re: x");

    g_autofree char *sixty = g_strnfill(60, 'a');
    g_autofree char *more = g_strnfill(61, 'a');
    g_autofree char *cut = g_strconcat(sixty, NULL);
    cut[59] = '\0';
    g_autofree char *want = g_strconcat(cut, "…", NULL);
    world_set(&facts->subject, "[#12]");
    world_set(&facts->text, sixty);
    g_autofree char *fits = words_subject(facts);
    cr_expect_str_eq(fits, sixty);
    world_set(&facts->text, more);
    g_autofree char *shortened = words_subject(facts);
    cr_expect_str_eq(shortened, want);
    world_set(&facts->text, "");
    g_autofree char *nothing = words_subject(facts);
    cr_expect_str_eq(nothing, "(no subject)");
}

static const struct {
    const char *text;
    bool want;
} THANKS[] = {
    {"Thanks!", true},
    {"Danke", true},
    {"Vielen Dank für die schnelle Hilfe!\n\nMit freundlichen Grüßen\nAnna Arndt", true},
    {"Merci beaucoup 👍", true},
    {"Mille grazie", true},
    {"Danke, funktioniert jetzt wieder.\nLG Anna", true},
    {"Thank you very much, problem solved.\n\nOn Mon, Nov 23, 2026, Ben Huber wrote:\n> Is it the "
     "cable?",
     true},
    {"Super, danke!\n-- \nAnna Arndt\nTel. 0911 12345", true},
    {"", false},
    {"Hello", false},
    {"Mit freundlichen Grüßen", false},
    {"Thanks, but it still fails.", false},
    {"Danke, aber geht nicht.", false},
    {"Danke. Und was ist mit dem Drucker?", false},
    {"Danke, passt?", false},
    {"Thanks. My number is 12345", false},
    {"Danke, nein", false},
    {"Thanks for nothing", false},
    {"> Thanks", false},
    /* What stands below such a line is not said in this mail. */
    {"Danke!\n-----Original Message-----\nIs it the cable?", true},
    {"Danke!\n__________________\nIs it the cable?", true},
    {"Thanks\nFrom: Ben\nIs it the cable?", true},
    {"Danke\nVon: Ben\nIst es das Kabel?", true},
    {"Merci\nDe: Ben\nEst-ce le cable?", true},
    {"Grazie\nDa: Ben\nEt le cable?", true},
    {"Danke\nAm Montag schrieb Ben Huber:\nIst es das Kabel?", true},
    {"Danke\nAll so good:\nDer Drucker druckt nicht", false}, /* too short to introduce a quote */
    {"Danke\nHat nicht geholfen, denn nun:\nviele", false},   /* introduces none */
    /* Words that are all known, and something to be read. */
    {"Danke super://danke", false},
    {"Danke danke@danke", false},
};

Test(words, know_a_mail_that_only_thanks)
{
    for (size_t i = 0; i < G_N_ELEMENTS(THANKS); i++) {
        OWNED(facts) facts = facts_new();
        facts->from = address_new("anna@acme.example", "Anna Arndt");
        g_free(facts->text);
        facts->text = g_strdup(THANKS[i].text);
        cr_expect_eq(words_is_thanks(facts), THANKS[i].want, "%s", THANKS[i].text);
    }
}

Test(words, thank_nobody_with_a_file_or_at_length)
{
    g_autoptr(GString) thirty = g_string_new(NULL);

    for (int i = 0; i < 15; i++) {
        g_string_append(thirty, "danke danke\n");
    }
    for (int more = 0; more < 3; more++) {
        OWNED(facts) facts = facts_new();
        g_free(facts->text);
        facts->text = g_strconcat(thirty->str, more > 0 ? "danke\n" : "", more > 1 ? "a b" : "",
                                  NULL);
        cr_expect_eq(words_is_thanks(facts), more == 0, "%d more", more);
        g_ptr_array_add(facts->attachments, attachment_new());
        cr_expect_not(words_is_thanks(facts), "a file is more than thanks");
    }
}

Test(words, know_the_name_of_the_writer_alone)
{
    static const struct {
        const char *name; /* NULL: nobody can be told from the mail */
        const char *text;
        bool want;
    } NAMES[] = {
        {"Anna Arndt", "Danke, Anna", true}, {"ANNA", "Danke, Anna", true},
        {"Ben", "Danke, Anna", false},       {"", "Danke, Anna", false},
        {NULL, "Danke, Anna", false},        {NULL, "Danke", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        OWNED(facts) facts = facts_new();
        facts->from = NAMES[i].name == NULL ? NULL : address_new("a@acme.example", NAMES[i].name);
        world_set(&facts->text, NAMES[i].text);
        cr_expect_eq(words_is_thanks(facts), NAMES[i].want, "%zu", i);
    }
}
