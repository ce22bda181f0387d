/* test_rules_run - which rules fire, what they do, and who was first */
#include <criterion/criterion.h>

#include "rules_world.h"

static const struct {
    const char *name;
    const char *text;
    const char *world;
    const char *want_effects;
    const char *want_fired; /* names are one letter each */
} CASES[] = {
    {"nothing fires", "rule \"a\" { on assigned then tag x }", "", "", ""},
    {"without a condition", "rule \"a\" { on ticket-created then tag x }", "", "tag \"x\"", "a"},
    {"file order, first wins",
     "rule \"a\" { on ticket-created then set priority low }"
     "rule \"b\" { on ticket-created then set priority high; set type incident }",
     "", "set ticket.priority \"low\"; set ticket.type \"incident\"", "ab"},
    {"override",
     "rule \"a\" { on ticket-created then set priority low }"
     "rule \"b\" { on ticket-created then override set priority high }"
     "rule \"c\" { on ticket-created then set priority medium }",
     "", "set ticket.priority \"high\"", "abc"},
    {"stop",
     "rule \"a\" { on ticket-created then tag x; stop }"
     "rule \"b\" { on ticket-created then tag y }",
     "", "tag \"x\"", "a"},
    {"stop only if it fires",
     "rule \"a\" { on ticket-created if mail.subject = \"x\" then stop }"
     "rule \"b\" { on ticket-created then tag y }",
     "mail.subject=z", "tag \"y\"", "b"},
    {"no chaining",
     "rule \"a\" { on ticket-created then set priority high }"
     "rule \"b\" { on ticket-created if ticket.priority = high then tag y }",
     "ticket.priority=low", "set ticket.priority \"high\"", "a"},
    {"tag and untag are one question",
     "rule \"a\" { on ticket-created then tag X }"
     "rule \"b\" { on ticket-created then untag x; untag y }",
     "", "tag \"X\"; untag \"y\"", "ab"},
    {"custom fields are apart",
     "rule \"a\" { on ticket-created then set field x \"1\"; set field y \"2\" }"
     "rule \"b\" { on ticket-created then set field x \"3\" }",
     "", "set field.x \"1\"; set field.y \"2\"", "ab"},
    {"hold, reject and spam are one question",
     "rule \"a\" { on mail-received then hold \"why\" }"
     "rule \"b\" { on mail-received then spam }"
     "rule \"c\" { on mail-received then override reject held }",
     "", "reject held", "abc"},
    {"the requester, from two sides",
     "rule \"a\" { on mail-received if mail.from = \"a@b\" then requester from reply-to }"
     "rule \"b\" { on mail-received then set requester \"c@d\" }",
     "mail.from=a@b", "requester from reply-to", "ab"},
    {"the same is done once",
     "rule \"a\" { on ticket-created then add cc \"a@b\"; notify assignee; answer receipt }"
     "rule \"b\" { on ticket-created then add cc \"A@b\"; notify assignee; answer receipt; "
     "notify assignee \"more\"; note \"n\" }"
     "rule \"c\" { on ticket-created then note \"n\" }",
     "",
     "add cc \"a@b\"; notify assignee; answer receipt; notify assignee \"more\"; note \"n\"; note \"n\"",
     "abc"},
    {"assign, in its kinds",
     "rule \"a\" { on ticket-created if mail.subject = \"1\" then assign \"a@b\" }"
     "rule \"b\" { on ticket-created if mail.subject = \"2\" then assign none }"
     "rule \"c\" { on ticket-created if mail.subject = \"3\" then assign least-loaded network }"
     "rule \"d\" { on ticket-created then assign round-robin ticket.group }",
     "mail.subject=3", "assign least-loaded \"network\"", "cd"},
    {"groups of patterns",
     "rule \"a\" { on ticket-created if mail.subject ~ /(?<what>\\w+) #(?<n>\\d+)(?<no>x)?/ then "
     "set field order \"$n\"; note \"${what}s cost $$$n$no.\"; link \"$n\" }",
     "mail.subject=Order #42", "set field.order \"42\"; note \"Orders cost $42.\"; link \"42\"",
     "a"},
    {"a group that found nothing wipes nothing",
     "rule \"a\" { on ticket-created if mail.subject ~ /a(?<n>\\d)?/ then set field order \"$n\"; "
     "tag \"$n\"; note \"<$n>\" }",
     "mail.subject=a", "note \"<>\"", "a"},
    {"a group under not is nothing",
     "rule \"a\" { on ticket-created if not mail.subject ~ /(?<n>\\d)/ then note \"<$n>\" }",
     "mail.subject=a", "note \"<>\"", "a"},
    {"the part of an or that held gives the groups",
     "rule \"a\" { on ticket-created if mail.subject ~ /(?<n>x)/ or mail.body ~ /(?<n>\\d)/ then "
     "note \"<$n>\" }",
     "mail.subject=a\nmail.body=b7", "note \"<7>\"", "a"},
    {"groups are of one rule",
     "rule \"a\" { on ticket-created if mail.subject ~ /(?<n>\\d)/ then note \"<$n>\" }"
     "rule \"b\" { on ticket-created if mail.subject !~ /(?<n>x)/ then note \"<$n>\" }",
     "mail.subject=1", "note \"<1>\"; note \"<>\"", "ab"},
    {"a group's line ends do not get into a field",
     "rule \"a\" { on ticket-created if mail.body ~ /(?<n>x\\sy)/ then set title \"$n\" }",
     "mail.body=x\ty", "set ticket.title \"x y\"", "a"},
    {"a tag is cut",
     "rule \"a\" { on ticket-created if mail.subject ~ /(?<t>.+)/ then tag \"$t\" }",
     "mail.subject=a subject that is longer than any tag may be",
     "tag \"a subject that is longer than any tag m…\"", "a"},
    {"none is set as nothing",
     "rule \"a\" { on ticket-created then set product none; set type \"Incident\" }", "",
     "set ticket.product; set ticket.type \"incident\"", "a"},
};

Test(rules_run, does_what_the_rules_say)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const enum rule_event events[] = {EVENT_MAIL_RECEIVED, EVENT_TICKET_CREATED};
        OWNED(rules) rules = rules_of(CASES[i].text);
        cr_assert_not_null(rules, "%s", CASES[i].name);
        OWNED(rule_run) run = rule_run_new(rules, false);
        struct rule_world world = rules_world_of(CASES[i].world);
        rule_run_events(run, events, G_N_ELEMENTS(events), &world);
        g_autofree char *effects = rules_effects_of(run);
        g_autoptr(GString) fired = g_string_new(NULL);
        for (guint j = 0; j < run->fired->len; j++) {
            g_string_append(fired, rule_name(run->fired->pdata[j]));
        }
        cr_expect_str_eq(effects, CASES[i].want_effects, "%s: got %s, want %s", CASES[i].name,
                         effects, CASES[i].want_effects);
        cr_expect_str_eq(fired->str, CASES[i].want_fired, "%s: got %s, want %s", CASES[i].name,
                         fired->str, CASES[i].want_fired);
    }
}

Test(rules_run, keeps_lines_in_texts_and_none_in_fields)
{
    const enum rule_event created = EVENT_TICKET_CREATED;
    OWNED(rules)
    rules = rules_of("rule \"a\" { on ticket-created then set title \"a\\nb\"; note \"c\\nd\" }");
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct rule_world world = rules_world_of("");

    rule_run_events(run, &created, 1, &world);
    cr_assert_eq(run->effects->len, 2);
    const struct rule_effect *title = run->effects->pdata[0];
    const struct rule_effect *note = run->effects->pdata[1];
    cr_expect_str_eq(title->text, "a b");
    cr_expect_str_eq(note->text, "c\nd");
}

Test(rules_run, remembers_over_its_calls_what_was_decided)
{
    const enum rule_event received = EVENT_MAIL_RECEIVED;
    const enum rule_event created = EVENT_TICKET_CREATED;
    OWNED(rules)
    rules = rules_of("rule \"a\" { on ticket-created then set priority low; tag x }"
                     "rule \"b\" { on mail-received, ticket-created then set priority high }"
                     "rule \"c\" { on ticket-created if mail.subject = \"second\" then tag seen }");
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct rule_world first = rules_world_of("mail.subject=first");
    struct rule_world second = rules_world_of("mail.subject=second");

    rule_run_events(run, &received, 1, &first);
    rule_run_events(run, &created, 1, &second);
    g_autofree char *effects = rules_effects_of(run);
    cr_expect_str_eq(effects, "set ticket.priority \"high\"; tag \"x\"; tag \"seen\"");
    cr_expect_eq(run->fired->len, 3);
}

Test(rules_run, asks_the_rules_of_time_one_by_one)
{
    OWNED(rules)
    rules = rules_of("rule \"a\" { on every 90m if ticket.age > 1h then tag old }"
                     "rule \"b\" { on ticket-created then tag new }");
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct rule_world young = rules_world_of("ticket.age=0");
    struct rule_world old = rules_world_of("ticket.age=3600000001");

    cr_expect_eq(rule_every_us(rules_at(rules, 0)), 90LL * 60 * G_USEC_PER_SEC);
    cr_expect_eq(rule_every_us(rules_at(rules, 1)), 0);
    cr_expect_str_eq(rule_place(rules_at(rules, 0)), "f:1");
    cr_expect_not(rule_run_every(run, rules_at(rules, 0), &young));
    cr_expect(rule_run_every(run, rules_at(rules, 0), &old));
    g_autofree char *effects = rules_effects_of(run);
    cr_expect_str_eq(effects, "tag \"old\"");
}

/* A world that counts how often it is asked. */
static unsigned asked;

static void count(const void *of, enum rule_field field, const char *key, struct rule_value *out)
{
    (void)field;
    (void)key;
    asked++;
    *out = (struct rule_value){.type = RULE_TEXT, .text = of};
}

Test(rules_run, asks_the_world_once_for_a_field)
{
    const enum rule_event created = EVENT_TICKET_CREATED;
    OWNED(rules)
    rules = rules_of(
        "rule \"a\" { on ticket-created if mail.subject = \"x\" or mail.subject ~ /y/ then tag x }"
        "rule \"b\" { on ticket-created if mail.subject != \"x\" then tag y }"
        "rule \"c\" { on assigned if mail.body = \"x\" then tag z }");
    OWNED(rule_run) run = rule_run_new(rules, false);
    struct rule_world world = {.of = "subject", .get = count};

    rule_run_events(run, &created, 1, &world);
    cr_expect_eq(asked, 1);
}
