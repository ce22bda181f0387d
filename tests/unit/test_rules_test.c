/* test_rules_test - tests inside rule files: what they find, and what they say */
#include <criterion/criterion.h>

#include "rules/literal.h"
#include "rules_world.h"

/* Rules that the tests below look at. */
static const char RULES[] =
    "rule \"printer\" { on ticket-created if mail.subject ~ /printer/i then assign \"ben@desk.example\"; "
    "set type request; set field order \"7\"; tag paper; note \"Look.\"; notify assignee \"It is yours.\"; "
    "answer receipt; add cc \"c@d.example\"; link \"42\"; web-hook \"https://h.example/x\" }\n"
    "rule \"virus\" { on mail-received if mail.attachment-names ~ /exe$/ then hold \"a virus\" }\n"
    "rule \"form\" { on mail-received if mail.from = \"form@web.example\" then requester from reply-to; stop }\n"
    "rule \"group\" { on group-assigned then assign least-loaded ticket.group }\n"
    "rule \"sender\" { on technician-replied then assign sender; untag paper }\n"
    "rule \"change\" { on status-changed if ticket.status changed from open to closed then answer text \"Bye.\" }\n"
    "rule \"done\" { on resolved then tag done }\n"
    "rule \"night\" { on ticket-created if not time.is-working then tag night }\n"
    "rule \"either\" { on customer-replied then tag either }\n"
    "rule \"requester\" { on requester-replied then tag requester }\n"
    "rule \"tell\" { on assigned then notify requester \"a\"; notify group ticket.group; notify group net; "
    "notify \"ben@desk.example\"; assign none }\n"
    "rule \"old\" { on every 1h if ticket.age > 1d then tag old }\n"
    "rule \"endless\" { on note-added if mail.body ~ /^(a+)+$/ then tag endless }\n";

static const struct {
    const char *test;
    const char *want; /* why it fails, of the first expectation; "": it passes */
} CASES[] = {
    {"given mail subject \"Printer\"; expect assignee \"BEN@desk.example\"; type request; field order 7; tag PAPER; "
     "note \"look.\"; notified assignee; notified assignee ~ /yours/; answered receipt; cc \"c@d.example\"; "
     "link 42; web-hook ~ /h.example/; fired \"printer\"; not fired \"virus\"; not held; not spam; not rejected; "
     "not nothing; not stopped; status open; priority medium; title \"Printer\"",
     ""},
    {"expect assignee \"ben@desk.example\"",
     "f:14:19: expected assignee \"ben@desk.example\", but ticket.assignee is none"},
    {"expect type problem", "f:14:19: expected type problem, but ticket.type is \"incident\""},
    {"expect not type incident",
     "f:14:19: expected not type incident, but ticket.type is \"incident\""},
    {"expect tag x", "f:14:19: expected tag x, but the rules do: nothing"},
    {"expect fired \"printer\"", "f:14:19: expected fired \"printer\", but no rule fired"},
    {"given mail attachment \"a.exe\"; expect nothing",
     "f:14:50: expected nothing, but the rules do: hold \"a virus\" (rule \"virus\")"},
    {"given mail attachment \"a.exe\"; expect not fired \"virus\"",
     "f:14:50: expected not fired \"virus\", but fired: \"virus\""},
    /* A mail that is held makes no ticket. */
    {"given mail subject \"printer\" attachment \"a.txt\" attachment \"a.exe\"; expect held \"a virus\"; "
     "not fired \"printer\"",
     ""},
    {"given mail subject \"printer\" from \"form@web.example\"; expect requester from reply-to; stopped; "
     "not fired \"printer\"",
     ""},
    {"given mail subject \"printer\"; expect note ~ /nothing/",
     "f:14:49: expected note ~ /nothing/, but the rules do: assign \"ben@desk.example\" (rule \"printer\"), set "
     "ticket.type \"request\" (rule \"printer\"), set field.order \"7\" (rule \"printer\"), tag \"paper\" (rule "
     "\"printer\"), note \"Look.\" (rule \"printer\"), notify assignee \"It is yours.\" (rule \"printer\"), answer "
     "receipt (rule \"printer\"), add cc \"c@d.example\" (rule \"printer\"), link \"42\" (rule \"printer\"), web-hook "
     "\"https://h.example/x\" (rule \"printer\")"},
    {"on group-assigned; expect assignee least-loaded ticket.group; not assignee \"ben@desk.example\"",
     ""},
    {"on group-assigned; expect assignee round-robin ticket.group",
     "f:14:38: expected assignee round-robin ticket.group, but the rules do: assign least-loaded ticket.group (rule \"group\")"},
    {"on technician-replied; given mail from \"t@desk.example\"; given ticket.tags paper, x; expect assignee "
     "\"t@desk.example\"; not tag paper; tag x",
     ""},
    {"on technician-replied; expect assignee sender; not assignee none", ""},
    {"on assigned; given ticket.assignee \"x@y.example\"; expect notified requester; notified requester \"a\"; not notified "
     "requester \"b\"; notified group ticket.group; notified group net; not notified group other; notified "
     "\"ben@desk.example\"; not notified assignee; assignee none",
     ""},
    {"on assigned; expect notified assignee",
     "f:14:32: expected notified assignee, but the rules do: notify requester \"a\" (rule \"tell\"), notify group ticket.group (rule "
     "\"tell\"), notify group \"net\" (rule \"tell\"), notify \"ben@desk.example\" (rule \"tell\"), assign none "
     "(rule \"tell\")"},
    {"given ticket.age 1d2h3m4s; time.of-day 07:05; expect requester \"a@b.example\"",
     "f:14:65: expected requester \"a@b.example\", but ticket.requester is \"someone@customer.example\""},
    {"on status-changed; given before ticket.status open; ticket.status closed; expect answered \"Bye.\"; tag done; "
     "not answered receipt",
     ""},
    {"on status-changed; given before ticket.status pending; ticket.status open; expect nothing",
     ""},
    {"on resolved; expect tag done", ""},
    {"on status-changed; given before ticket.status resolved; ticket.status closed; expect not tag done",
     ""},
    {"on status-changed; given before ticket.status pending; ticket.status resolved; expect tag done",
     ""},
    {"given time \"2026-11-23 07:59\"; expect tag night", ""},
    {"given time \"2026-11-23 08:00\"; expect not tag night", ""},
    {"given time \"2026-11-27 17:00\"; expect tag night", ""},
    {"given time \"2026-11-28 12:00\"; expect tag night", ""},
    {"given time.is-working no; expect tag night", ""},
    {"expect not tag night", ""},
    {"on requester-replied; expect tag either; tag requester", ""},
    {"on contact-replied; expect tag either; not tag requester", ""},
    {"on customer-replied; expect tag either; tag requester", ""},
    {"on every; given ticket.age 25h; expect tag old", ""},
    {"on every; expect nothing", ""},
    {"given mail from \"x@y.example\"; expect requester \"x@y.example\"", ""},
    {"given customer.name \"ACME\"; expect customer acme", ""},
    {"given ticket.product none; expect product none", ""},
    {"given field.order \"5\"; expect field order 5", ""},
};

Test(rules_test, say_what_they_found)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = g_strdup_printf("%stest \"t\" { %s }", RULES, CASES[i].test);
        OWNED(rules) rules = rules_of(text);
        cr_assert_not_null(rules, "%s", CASES[i].test);
        g_autoptr(GPtrArray) results = rules_test(rules, RULES_TEST_NOW_US);
        cr_assert_eq(results->len, 1);
        const struct rule_test_result *result = results->pdata[0];
        const char *got = result->why_not->len > 0 ? result->why_not->pdata[0] : "";
        cr_expect_str_eq(got, CASES[i].want, "%s: got %s, want %s", CASES[i].test, got,
                         CASES[i].want);
        cr_expect_eq(result->has_passed, *CASES[i].want == '\0', "%s", CASES[i].test);
        cr_expect_str_eq(result->place, "f:14");
    }
}

Test(rules_test, fail_where_a_pattern_was_given_up)
{
    g_autoptr(GString) text = g_string_new(RULES);

    g_string_append(text, "test \"t\" { on note-added; given mail body \"");
    for (int i = 0; i < 60000; i++) {
        g_string_append_c(text, 'a');
    }
    g_string_append(text, "!\"; expect not tag endless }");
    OWNED(rules) rules = rules_of(text->str);
    cr_assert_not_null(rules);
    g_autoptr(GPtrArray) results = rules_test(rules, RULES_TEST_NOW_US);
    const struct rule_test_result *result = results->pdata[0];
    cr_expect_not(result->has_passed);
    cr_assert_eq(result->why_not->len, 1);
    cr_expect(g_str_has_prefix(result->why_not->pdata[0], "f:13:47: the pattern "), "%s",
              (char *)result->why_not->pdata[0]);
}

static const struct {
    bool (*read)(const char *text, int64_t *out);
    const char *text;
    int64_t want; /* -1: it is none */
} LITERALS[] = {
    {literal_duration, "30m", 1800000000},
    {literal_duration, "30min", 1800000000},
    {literal_duration, "1h30m", 5400000000},
    {literal_duration, "2d", 172800000000},
    {literal_duration, "1w", 604800000000},
    {literal_duration, "0s", 0},
    {literal_duration, "", -1},
    {literal_duration, "30", -1},
    {literal_duration, "m", -1},
    {literal_duration, "1h30", -1},
    {literal_duration, "-1h", -1},
    {literal_duration, "1.5h", -1},
    {literal_duration, "99999999999999999999d", -1},
    {literal_duration, "9223372036854775807w", -1},
    {literal_duration, "3000000000s3000000000s", -1},
    {literal_time_of_day, "08:30", 30600000000},
    {literal_time_of_day, "00:00", 0},
    {literal_time_of_day, "24:00", 86400000000},
    {literal_time_of_day, "24:01", -1},
    {literal_time_of_day, "8:30", -1},
    {literal_time_of_day, "08:60", -1},
    {literal_time_of_day, "08:30x", -1},
    {literal_size, "100", 100},
    {literal_size, "20MB", 20971520},
    {literal_size, "20m", 20971520},
    {literal_size, "1kb", 1024},
    {literal_size, "3GB", 3221225472},
    {literal_size, "3TB", -1},
    {literal_size, "MB", -1},
    {literal_size, "9223372036854775807GB", -1},
    {literal_number, "12", 12},
    {literal_number, "1e3", -1},
    {literal_time, "1970-01-02", 86400000000},
    {literal_time, "2026-11-23 10:00", RULES_TEST_NOW_US},
    {literal_time, "2024-02-29", 1709164800000000},
    {literal_time, "2026-02-29", -1},
    {literal_time, "2026-11-23T10:00", -1},
    {literal_time, "2026-11-23 10", -1},
    {literal_time, "23.11.2026", -1},
    {literal_time, "1969-12-31", -1},
    {literal_bool, "yes", 1},
    {literal_bool, "TRUE", 1},
    {literal_bool, "no", 0},
    {literal_bool, "ja", -1},
};

Test(rules_literal, means_what_its_type_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LITERALS); i++) {
        int64_t got = -1;
        bool is_one = LITERALS[i].read(LITERALS[i].text, &got);
        cr_expect_eq(is_one, LITERALS[i].want >= 0, "%zu \"%s\"", i, LITERALS[i].text);
        cr_expect(!is_one || got == LITERALS[i].want, "\"%s\": got %" G_GINT64_FORMAT,
                  LITERALS[i].text, got);
    }
}

Test(rules_literal, knows_an_address)
{
    static const char *const NONE[] = {"",      "a",     "@",        "a@",   "@b",
                                       "a@b@c", "a b@c", "a@b, c@d", "<a@b>"};

    cr_expect(literal_is_address("anna@acme.example"));
    for (size_t i = 0; i < G_N_ELEMENTS(NONE); i++) {
        cr_expect_not(literal_is_address(NONE[i]), "%s", NONE[i]);
    }
}
