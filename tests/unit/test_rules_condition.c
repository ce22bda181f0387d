/* test_rules_condition - what holds, and what does not */
#include <criterion/criterion.h>

#include "rules_world.h"

static const struct {
    const char *condition;
    const char *world;
    bool want;
} CASES[] = {
    /* texts: without case, by Unicode */
    {"mail.subject = \"drucker\"", "mail.subject=DRUCKER", true},
    {"mail.subject = \"drucker defekt\"", "mail.subject=Drucker", false},
    {"mail.subject = \"grüße\"", "mail.subject=GRÜSSE", true},
    {"mail.subject != \"drucker\"", "mail.subject=Drucker", false},
    {"mail.subject != \"drucker\"", "mail.subject=Fax", true},
    {"mail.subject in (\"a\", \"b\")", "mail.subject=B", true},
    {"mail.subject in (\"a\", \"b\")", "mail.subject=c", false},
    {"mail.subject not in (\"a\", \"b\")", "mail.subject=c", true},
    {"mail.subject not in (\"a\", \"b\")", "mail.subject=a", false},
    /* nothing */
    {"ticket.assignee = none", "", true},
    {"ticket.assignee = none", "ticket.assignee=a@b", false},
    {"ticket.assignee != none", "ticket.assignee=a@b", true},
    {"ticket.assignee = \"a@b\"", "", false},
    {"ticket.assignee != \"a@b\"", "", true},
    {"ticket.assignee in (none, \"a@b\")", "", true},
    {"ticket.comments < 5", "", false},
    {"ticket.comments >= 0", "", false},
    {"mail.subject ~ /./", "", false},
    {"mail.subject !~ /./", "", true},
    {"mail.subject = none", "mail.subject=", false},
    {"mail.is-thanks", "", false},
    /* several texts: one is enough */
    {"ticket.tags = vip", "ticket.tags=a,VIP", true},
    {"ticket.tags != vip", "ticket.tags=a,vip", false},
    {"ticket.tags != vip", "ticket.tags=a,b", true},
    {"ticket.tags ~ /^v/", "ticket.tags=a,vip", true},
    {"ticket.tags !~ /^v/", "ticket.tags=a,vip", false},
    {"ticket.tags = none", "", true},
    {"ticket.status = pending", "ticket.status=waiting-vendor,pending", true},
    {"mail.header.X-Spam ~ /yes/i", "mail.header.x-spam=No,YES", true},
    {"mail.header.x-other ~ /yes/i", "mail.header.x-spam=YES", false},
    /* numbers, sizes, times */
    {"mail.size > 20MB", "mail.size=20971521", true},
    {"mail.size > 20MB", "mail.size=20971520", false},
    {"mail.size >= 20mb", "mail.size=20971520", true},
    {"ticket.comments = 3", "ticket.comments=3", true},
    {"ticket.comments in (1, 3)", "ticket.comments=3", true},
    {"ticket.comments < 3", "ticket.comments=3", false},
    {"ticket.comments <= 3", "ticket.comments=3", true},
    {"ticket.age > 1h30m", "ticket.age=5400000001", true},
    {"ticket.age > 1h30m", "ticket.age=5400000000", false},
    {"time.of-day >= 08:30", "time.of-day=30600000000", true},
    {"time.of-day < 08:30", "time.of-day=30600000000", false},
    {"field.seats > 5", "field.seats=6", true},
    {"field.seats > 5", "field.seats=x", false},
    {"field.order = \"ab\"", "field.order=AB", true},
    /* order of words */
    {"ticket.priority >= high", "ticket.priority=critical", true},
    {"ticket.priority >= high", "ticket.priority=medium", false},
    {"ticket.priority < high", "ticket.priority=low", true},
    {"ticket.impact > minor", "ticket.impact=major", true},
    {"ticket.priority < high", "", false},
    /* yes and no */
    {"mail.is-thanks", "mail.is-thanks=1", true},
    {"not mail.is-thanks", "mail.is-thanks=1", false},
    {"mail.is-thanks = no", "mail.is-thanks=0", true},
    {"mail.is-thanks != yes", "mail.is-thanks=1", false},
    /* and, or, not */
    {"mail.is-thanks and mail.size > 1 or ticket.tags = a", "ticket.tags=a", true},
    {"mail.is-thanks and (mail.size > 1 or ticket.tags = a)", "ticket.tags=a", false},
    {"not not ticket.tags = a", "ticket.tags=a", true},
    {"not (ticket.tags = a or ticket.tags = b)", "ticket.tags=c", true},
    {"not ticket.tags = a and not ticket.tags = b", "ticket.tags=b", false},
    /* patterns */
    {"mail.subject ~ /drucker|printer/i", "mail.subject=Mein DRUCKER brennt", true},
    {"mail.subject ~ /drucker|printer/", "mail.subject=Mein DRUCKER brennt", false},
    {"mail.subject ~ /^\\w+$/", "mail.subject=Überwachung", true},
    {"mail.subject ~ /überwachung/i", "mail.subject=ÜBERWACHUNG", true},
    {"mail.subject ~ /a\\/b/", "mail.subject=a/b", true},
    {"mail.subject ~ /a b  # c/x", "mail.subject=ab", true},
    {"mail.subject ~ /kiss/i", "mail.subject=\xE2\x84\xAAi\xC5\xBFs", true},
    {"mail.subject ~ /(backup|sicherung) (ok|fertig)/i", "mail.subject=Sicherung FERTIG", true},
    {"mail.subject ~ /(backup|sicherung) (ok|fertig)/i", "mail.subject=Sicherung kaputt", false},
    /* changes */
    {"ticket.status changed", "ticket.status=open\nbefore ticket.status=pending", true},
    {"ticket.status changed", "ticket.status=open", false},
    {"ticket.status changed from pending", "ticket.status=open\nbefore ticket.status=pending",
     true},
    {"ticket.status changed from closed", "ticket.status=open\nbefore ticket.status=pending",
     false},
    {"ticket.status changed to (open, pending)", "ticket.status=open\nbefore ticket.status=closed",
     true},
    {"ticket.status changed from closed to pending",
     "ticket.status=open\nbefore ticket.status=closed", false},
    {"ticket.priority changed from none to low", "ticket.priority=low\nbefore ticket.priority=high",
     false},
};

Test(rules_condition, holds_or_does_not)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const enum rule_event event = EVENT_STATUS_CHANGED;
        g_autofree char *text = g_strdup_printf("rule \"r\" { on status-changed if %s then tag x }",
                                                CASES[i].condition);
        OWNED(rules) rules = rules_of(text);
        cr_assert_not_null(rules, "%s", CASES[i].condition);
        OWNED(rule_run) run = rule_run_new(rules, true);
        struct rule_world world = rules_world_of(CASES[i].world);
        rule_run_events(run, &event, 1, &world);
        cr_expect_eq(run->fired->len == 1, CASES[i].want, "%s of %s: want %d", CASES[i].condition,
                     CASES[i].world, CASES[i].want);
        cr_expect_eq(run->faults->len, 0, "%s", CASES[i].condition);
    }
}

static const struct {
    const char *condition;
    const char *world;
    const char *want; /* behind "it is " */
} VALUES[] = {
    {"ticket.age > 0s", "ticket.age=93784000000", "1d2h3m4s"},
    {"ticket.age > 0s", "ticket.age=0", "0s"},
    {"ticket.tags = a", "ticket.tags=a,b", "\"a\", \"b\""},
    {"time.of-day > 00:00", "time.of-day=25500000000", "07:05"},
    {"mail.is-thanks", "mail.is-thanks=1", "yes"},
    {"mail.is-thanks", "mail.is-thanks=0", "no"},
    {"ticket.comments = 3", "ticket.comments=-3", "-3"},
    {"mail.subject = \"a\"", "mail.subject=", "\"\""},
};

Test(rules_condition, shows_values_as_rules_write_them)
{
    for (size_t i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        const enum rule_event event = EVENT_ASSIGNED;
        g_autofree char *text = g_strdup_printf("rule \"r\" { on assigned if %s then tag x }",
                                                VALUES[i].condition);
        OWNED(rules) rules = rules_of(text);
        OWNED(rule_run) run = rule_run_new(rules, true);
        struct rule_world world = rules_world_of(VALUES[i].world);
        rule_run_events(run, &event, 1, &world);
        const char *line = run->trace->pdata[1];
        const char *got = strstr(line, "it is ") + strlen("it is ");
        cr_expect_str_eq(got, VALUES[i].want, "%s: got %s", VALUES[i].condition, got);
    }
}

/* What a condition says of itself in a trace. */
Test(rules_condition, tells_what_it_found)
{
    static const char *const WANT[] = {
        "f:1: rule \"r\"",
        "  f:1:41: mail.subject = \"x\": no, it is \"Drucker\"",
        "  f:1:65: ticket.age >= 1h: yes, it is 1h30m",
        "  f:1:87: ticket.assignee = none: yes, it is none",
        "  f:1:116: tag x: done",
    };
    const enum rule_event event = EVENT_STATUS_CHANGED;
    OWNED(rules)
    rules = rules_of("rule \"r\" { on status-changed if not    (mail.subject = \"x\") "
                     "and ticket.age >= 1h  and ticket.assignee = none then  tag x }");
    cr_assert_not_null(rules);
    OWNED(rule_run) run = rule_run_new(rules, true);
    struct rule_world world = rules_world_of("mail.subject=Drucker\nticket.age=5400000000");
    rule_run_events(run, &event, 1, &world);
    cr_assert_eq(run->trace->len, G_N_ELEMENTS(WANT));
    for (guint i = 0; i < run->trace->len; i++) {
        cr_expect_str_eq(run->trace->pdata[i], WANT[i]);
    }
}
