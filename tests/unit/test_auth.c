/* Whether the border of a mailbox proves a sender. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/auth.h"
#include "desk_world.h"

#define ANNAS "anna@acme.example"

static const struct {
    const char *name;
    const char *stamp; /* of mx.desk.example */
    enum auth want;
} CLAUSES[] = {
    {"DMARC passed", "dmarc=pass header.from=acme.example", AUTH_PASS},
    {"DMARC passed, letter case", "DMARC=Pass header.FROM=ACME.example", AUTH_PASS},
    {"DMARC passed for another domain", "dmarc=pass header.from=evil.test", AUTH_NONE},
    {"DMARC passed for a parent", "dmarc=pass header.from=example", AUTH_NONE},
    {"DMARC passed for nobody", "dmarc=pass", AUTH_NONE},
    {"DMARC passed in a comment", "dmarc=none (dmarc=pass) header.from=acme.example", AUTH_NONE},
    {"DMARC none", "dmarc=none header.from=acme.example", AUTH_NONE},
    {"DMARC temporary error", "dmarc=temperror header.from=acme.example", AUTH_NONE},
    {"DMARC failed", "dmarc=fail header.from=acme.example", AUTH_FAIL},
    {"DMARC failed for another domain", "dmarc=fail header.from=evil.test", AUTH_NONE},
    {"failed, reject", "dmarc=fail header.from=acme.example policy.dmarc=reject", AUTH_FAIL},
    {"failed, quarantine", "dmarc=fail header.from=acme.example policy.dmarc=quarantine",
     AUTH_FAIL},
    {"failed, p=none", "dmarc=fail header.from=acme.example policy.dmarc=none", AUTH_NONE},
    {"failed, Gmail's enforced",
     "dmarc=fail (p=REJECT sp=NONE dis=REJECT) header.from=acme.example", AUTH_FAIL},
    {"failed, Gmail's not enforced",
     "dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=acme.example", AUTH_NONE},
    {"failed, asked for but not done",
     "dmarc=fail (p=REJECT sp=REJECT dis=NONE) header.from=acme.example", AUTH_NONE},
    {"failed, rspamd's",
     "dmarc=fail reason=\"no valid SPF\" header.from=acme.example (policy=none)", AUTH_NONE},
    {"failed, rspamd's enforced", "dmarc=fail header.from=acme.example (policy=reject)", AUTH_FAIL},
    {"failed, p in another word", "dmarc=fail (sp=none) header.from=acme.example", AUTH_FAIL},
    {"failed, Microsoft's", "dmarc=fail action=none header.from=acme.example", AUTH_NONE},
    {"failed, disposition", "dmarc=fail header.from=acme.example policy.disposition=none",
     AUTH_NONE},
    {"DKIM aligned", "dkim=pass header.d=acme.example", AUTH_PASS},
    {"DKIM aligned by identity", "dkim=pass header.i=@acme.example", AUTH_PASS},
    {"DKIM aligned by identity of a user", "dkim=pass header.i=x@Acme.example", AUTH_PASS},
    {"DKIM by an identity with two ats", "dkim=pass header.i=x@evil.test@acme.example", AUTH_NONE},
    {"DKIM by an identity that is quoted", "dkim=pass header.i=\"x@evil.test\"@acme.example",
     AUTH_NONE},
    {"DKIM by SHA-1", "dkim=pass header.d=acme.example header.a=rsa-sha1", AUTH_NONE},
    {"DMARC failed, not for this one", "dmarc=fail action=pct.quarantine header.from=acme.example",
     AUTH_NONE},
    {"DMARC failed, Fastmail's",
     "dmarc=fail policy.published-domain-policy=reject policy.applied-disposition=none "
     "header.from=acme.example",
     AUTH_NONE},
    {"DKIM: the domain beats the identity", "dkim=pass header.i=@acme.example header.d=evil.test",
     AUTH_NONE},
    {"DKIM of a sub-domain", "dkim=pass header.d=mail.acme.example", AUTH_NONE},
    {"DKIM of somebody else", "dkim=pass header.d=evil.test header.from=acme.example", AUTH_NONE},
    {"DKIM of nobody", "dkim=pass", AUTH_NONE},
    {"DKIM failed", "dkim=fail header.d=acme.example", AUTH_NONE},
    {"DKIM over a part", "dkim=pass header.d=acme.example header.l=5", AUTH_NONE},
    {"DKIM with a policy note", "dkim=pass policy.dkim-rules=x header.d=acme.example", AUTH_NONE},
    {"DKIM by policy", "dkim=policy header.d=acme.example", AUTH_NONE},
    {"one DKIM of two", "dkim=pass header.d=evil.test; dkim=pass header.d=acme.example", AUTH_PASS},
    {"a property of another clause", "arc=pass header.d=acme.example; dkim=pass", AUTH_NONE},
    {"ARC", "arc=pass header.d=acme.example", AUTH_NONE},
    {"SPF", "spf=pass smtp.mailfrom=anna@acme.example", AUTH_NONE},
    {"logged in", "auth=pass smtp.auth=Anna@acme.example", AUTH_PASS},
    {"logged in as somebody else", "auth=pass smtp.auth=carl@acme.example", AUTH_NONE},
    {"logged in without a domain", "auth=pass smtp.auth=anna", AUTH_NONE},
    {"logged in, no name", "auth=pass", AUTH_NONE},
    {"login failed", "auth=fail smtp.auth=anna@acme.example", AUTH_NONE},
    {"failure beats pass", "dkim=pass header.d=acme.example; dmarc=fail header.from=acme.example",
     AUTH_FAIL},
    {"pass does not mend failure",
     "dmarc=fail header.from=acme.example; dkim=pass header.d=acme.example", AUTH_FAIL},
    {"nothing", "none", AUTH_NONE},
    {"unparsable", "dmarc=", AUTH_NONE},
};

Test(auth, believes_what_the_border_says_of_the_domain)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CLAUSES); i++) {
        OWNED(facts) facts = world_facts(ANNAS, "x", CLAUSES[i].stamp);
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);
        enum auth got = auth_of(facts, &records->mailbox, may);

        cr_expect_eq(got, CLAUSES[i].want, "%s: got %s, want %s", CLAUSES[i].name, auth_name(got),
                     auth_name(CLAUSES[i].want));
        cr_expect_gt(may->len, 0, "%s", CLAUSES[i].name);
    }
}

/* Whole traces: "R:host" is a Received line, "H:host" one by which a host hands over to
 * itself, anything else a field. */
static const struct {
    const char *name;
    const char *trace[5];
    enum auth want;
} TRACES[] = {
    {"behind our own hosts",
     {"R:imap.desk.example", "mx.desk.example; " PASS("acme.example")},
     AUTH_PASS},
    {"hosts in other case",
     {"R:IMAP.desk.example", "H:MX.Desk.Example", "mx.desk.example; " PASS("acme.example")},
     AUTH_PASS},
    {"below the border's own line",
     {"R:imap.desk.example", "R:mx.desk.example", "mx.desk.example; " PASS("acme.example")},
     AUTH_NONE},
    {"below a filter on the border",
     {"H:mx.desk.example", "H:localhost", "mx.desk.example; " PASS("acme.example"),
      "R:mx.desk.example"},
     AUTH_PASS},
    {"below a hand-over of somebody else",
     {"H:mail.example", "mx.desk.example; " PASS("acme.example")},
     AUTH_NONE},
    {"id in other case", {"MX.desk.EXAMPLE; " PASS("acme.example")}, AUTH_PASS},
    {"id in quotes", {"\"mx.desk.example\"; " PASS("acme.example")}, AUTH_NONE},
    {"a failure in quotes", {"\"mx.desk.example\"; " FAIL("acme.example")}, AUTH_NONE},
    {"version 1", {"mx.desk.example 1; " PASS("acme.example")}, AUTH_PASS},
    {"version 2", {"mx.desk.example 2; " PASS("acme.example")}, AUTH_NONE},
    {"another id", {"mx.desk.example.evil.test; " PASS("acme.example")}, AUTH_NONE},
    {"a prefix of the id", {"desk.example; " PASS("acme.example")}, AUTH_NONE},
    {"below a foreign host",
     {"R:mx.desk.example", "R:mail.example", "mx.desk.example; " PASS("acme.example")},
     AUTH_NONE},
    {"below a host without a name", {"R:", "mx.desk.example; " PASS("acme.example")}, AUTH_NONE},
    {"the first says nothing, the second does",
     {"mx.desk.example; none", "mx.desk.example; " PASS("acme.example")},
     AUTH_PASS},
    {"a forged one below the real failure",
     {"mx.desk.example; " FAIL("acme.example"), "H:mx.desk.example",
      "mx.desk.example; " PASS("acme.example")},
     AUTH_FAIL},
    {"an unparsable one beside a good one",
     {"mx.desk.example; ;;", "mx.desk.example; " PASS("acme.example")},
     AUTH_PASS},
    {"no field", {"R:mx.desk.example"}, AUTH_NONE},
    {"nothing at all", {NULL}, AUTH_NONE},
};

Test(auth, reads_only_what_the_border_wrote)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TRACES); i++) {
        OWNED(facts) facts = world_facts(ANNAS, "x", NULL);
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_set_size(facts->trace, 0);
        for (size_t line = 0; line < 5 && TRACES[i].trace[line] != NULL; line++) {
            const char *text = TRACES[i].trace[line];
            bool is_received = g_str_has_prefix(text, "R:");
            bool is_handover = g_str_has_prefix(text, "H:");
            world_trace(facts,
                        is_received   ? TRACE_RECEIVED
                        : is_handover ? TRACE_HANDOVER
                                      : TRACE_AUTHRES,
                        is_received || is_handover ? text + 2 : text);
        }
        enum auth got = auth_of(facts, &records->mailbox, may);
        cr_expect_eq(got, TRACES[i].want, "%s: got %s", TRACES[i].name, auth_name(got));
    }
}

Test(auth, says_whom_it_believed)
{
    OWNED(facts) facts = world_facts(ANNAS, "x", PASS("acme.example"));
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

    cr_expect_eq(auth_of(facts, &records->mailbox, may), AUTH_PASS);
    cr_expect_str_eq(may->pdata[0], "dmarc=pass for acme.example by mx.desk.example");
}

Test(auth, authenticates_nobody_without_a_profile)
{
    OWNED(facts) facts = world_facts(ANNAS, "x", PASS("acme.example"));
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

    records->mailbox.trust = TRUST_NONE;
    cr_expect_eq(auth_of(facts, &records->mailbox, may), AUTH_NONE);
    cr_expect(world_says(may, "nobody is authenticated"));
}

Test(auth, authenticates_nobody_without_an_address)
{
    OWNED(facts) facts = world_facts(NULL, "x", PASS("acme.example"));
    OWNED(records) records = world_records();
    g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

    cr_expect_eq(auth_of(facts, &records->mailbox, may), AUTH_NONE);
}

/* Traces that no parser makes of an honest mail: each field is only what its kind says. */
static const struct {
    const char *name;
    enum trust trust;
    struct trace_field trace[3];
    unsigned received_count;
    enum auth want;
} KINDS[] = {
    {"a field of another kind",
     TRUST_AUTHSERV_ID,
     {{TRACE_AUTH_AS, (char *)"mx.desk.example; " PASS("desk.example")}},
     0,
     AUTH_NONE},
    {"Microsoft, a field that ends like its border",
     TRUST_MICROSOFT365,
     {{TRACE_AUTHRES, (char *)PASS("desk.example")},
      {TRACE_AUTH_AS, (char *)"a.mail.protection.outlook.com"}},
     0,
     AUTH_NONE},
    {"Microsoft, internal",
     TRUST_MICROSOFT365,
     {{TRACE_RECEIVED, (char *)"a.prod.outlook.com"}, {TRACE_AUTH_AS, (char *)"internal"}},
     1,
     AUTH_PASS},
    {"Microsoft, internal, passed by nobody",
     TRUST_MICROSOFT365,
     {{TRACE_AUTH_AS, (char *)"Internal"}},
     0,
     AUTH_NONE},
    {"Microsoft, internal, more hosts than are shown",
     TRUST_MICROSOFT365,
     {{TRACE_RECEIVED, (char *)"a.prod.outlook.com"}, {TRACE_AUTH_AS, (char *)"Internal"}},
     2,
     AUTH_NONE},
    {"Microsoft, two hosts, both shown",
     TRUST_MICROSOFT365,
     {{TRACE_RECEIVED, (char *)"a.prod.outlook.com"},
      {TRACE_RECEIVED, (char *)"b.outlook.office365.com"},
      {TRACE_AUTH_AS, (char *)"Internal"}},
     2,
     AUTH_PASS},
};

Test(auth, takes_a_field_for_what_its_kind_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        OWNED(facts) facts = world_facts("ben@desk.example", "x", NULL);
        OWNED(records) records = world_records();
        g_autoptr(GPtrArray) may = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_set_size(facts->trace, 0);
        for (size_t j = 0; j < 3 && KINDS[i].trace[j].text != NULL; j++) {
            world_trace(facts, KINDS[i].trace[j].kind, KINDS[i].trace[j].text);
        }
        facts->received_count = KINDS[i].received_count;
        records->mailbox.trust = KINDS[i].trust;
        enum auth got = auth_of(facts, &records->mailbox, may);
        cr_expect_eq(got, KINDS[i].want, "%s: got %s", KINDS[i].name, auth_name(got));
    }
}
