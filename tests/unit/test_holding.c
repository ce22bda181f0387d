/* Held mail lives by mail: who hears of it, and what the answers do. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk_world.h"

#define TO_ALL "held:5 held:6 held:11"

static void expect(struct case_of *it, enum outcome outcome, const char *changes, const char *mails)
{
    plan_free(it->plan);
    it->plan = decide(it->facts, it->records);
    g_autofree char *got_changes = world_changes(it->plan);
    g_autofree char *got_mails = world_mails(it->plan);
    cr_expect_eq(it->plan->outcome, outcome, "got %s", outcome_name(it->plan->outcome));
    cr_expect_str_eq(got_changes, changes, "got %s, want %s", got_changes, changes);
    cr_expect_str_eq(got_mails, mails, "got %s, want %s", got_mails, mails);
}

/* What the template gets under this name; "-": nothing. */
static const char *value_of(const struct plan_mail *mail, const char *name)
{
    for (guint i = 0; i + 1 < mail->values->len; i += 2) {
        if (strcmp(mail->values->pdata[i], name) == 0) {
            const char *value = mail->values->pdata[i + 1];
            return value == NULL ? "-" : value;
        }
    }
    return "-";
}

/* ---- a mail is held ---------------------------------------------------------------------------- */

Test(holding, tells_whoever_is_claimed_and_the_technicians)
{
    CASE it = case_from("ben@desk.example", "Close it", NULL);
    world_set(&it.facts->text, "Please close 12.");
    expect(&it, OUTCOME_HELD, "", "was-this-you:5 held:6 held:11");
    cr_expect_eq(it.plan->held_for, HELD_FOR_CLAIM);
    cr_expect_eq(it.plan->held_until_us, 0);

    const struct plan_mail *question = world_mail_to(it.plan, BEN);
    cr_expect_eq(question->purpose, TOKEN_CONFIRM);
    cr_expect_eq(question->held, 100);
    cr_expect(question->is_automatic);
    cr_expect_str_eq(question->address, "ben@desk.example");
    cr_expect_str_eq(question->name, "Ben");
    cr_expect_str_eq(question->reason, "it is his address that the mail claims");
    cr_expect_str_eq(value_of(question, "held-number"), "100");
    cr_expect_str_eq(value_of(question, "held-subject"), "Close it");
    cr_expect_str_eq(value_of(question, "held-text"), "", "nothing of it but its subject");

    const struct plan_mail *news = world_mail_to(it.plan, CLARA);
    cr_expect_eq(news->purpose, TOKEN_HELD);
    cr_expect_eq(news->held, 100);
    cr_expect_str_eq(value_of(news, "held-from"), "ben@desk.example");
    cr_expect_str_eq(value_of(news, "held-text"), "Please close 12.");
    cr_expect_str_eq(value_of(news, "held-why"), it.plan->may->pdata[it.plan->may->len - 1]);
    cr_expect_str_eq(value_of(news, "may-decide"), "-",
                     "he is no lead, and it belongs to no ticket");
    cr_expect_not(news->tells_comment);

    world_set(&it.facts->subject, "");
    expect(&it, OUTCOME_HELD, "", "was-this-you:5 held:6 held:11");
    cr_expect_str_eq(value_of(world_mail_to(it.plan, BEN), "held-subject"), "(no subject)");
}

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    enum auto_kind kind;
    enum held_for held_for;
    const char *mails;
} HELDS[] = {
    {"a confirmed contact, forged", "anna@acme.example", FAIL("acme.example"), AUTO_NONE,
     HELD_FOR_FORGED, "was-this-you:4 " TO_ALL},
    {"one who is not confirmed, forged", "dora@acme.example", FAIL("acme.example"), AUTO_NONE,
     HELD_FOR_FORGED, TO_ALL},
    {"nobody, forged", "x@nowhere.test", FAIL("nowhere.test"), AUTO_NONE, HELD_FOR_FORGED, TO_ALL},
    {"a technician, forged", "ben@desk.example", FAIL("desk.example"), AUTO_NONE, HELD_FOR_FORGED,
     "was-this-you:5 held:6 held:11"},
    {"a machine in his name", "ben@desk.example", NULL, AUTO_REPLIED, HELD_FOR_CLAIM, ""},
    {"who was disabled", "gone@desk.example", PASS("desk.example"), AUTO_NONE, HELD_FOR_SENDER,
     TO_ALL},
};

Test(holding, asks_registered_addresses_only)
{
    for (size_t i = 0; i < G_N_ELEMENTS(HELDS); i++) {
        CASE it = case_from(HELDS[i].from, "New", HELDS[i].stamp);
        it.facts->auto_kind = HELDS[i].kind;
        expect(&it, OUTCOME_HELD, "", HELDS[i].mails);
        cr_expect_eq(it.plan->held_for, HELDS[i].held_for, "%s", HELDS[i].name);
    }
}

Test(holding, asks_no_address_that_is_dead_or_our_own)
{
    CASE it = case_from("ben@desk.example", "New", NULL);
    world_person(it.records, BEN)->is_address_dead = true;
    world_set(&world_person(it.records, CLARA)->address, "Support+x@desk.example");
    expect(&it, OUTCOME_HELD, "", "was-this-you:5/dead-address held:6/own-address held:11");
}

static const struct {
    const char *name;
    const char *from;
    const char *subject;
    group_id group;
    person_id assignee;
    person_id lead;
    person_id ghost; /* in the list of technicians, but not in the records */
    const char *mails;
} KEEPERS[] = {
    {"no ticket, no lead: all", "otto@other.example", "New", 0, 0, 0, 0, "was-this-you:9 " TO_ALL},
    {"no ticket: the leads", "otto@other.example", "New", 0, 0, CLARA, 99, "was-this-you:9 held:6"},
    {"its only lead is whom it claims: all others", "clara@desk.example", "New", 0, 0, CLARA, 0,
     "was-this-you:6 held:5 held:11"},
    {"a ticket of nobody: all", "carl@acme.example", "[#12] x", 0, 0, CLARA, 99,
     "was-this-you:7 " TO_ALL},
    {"a ticket of a group: the group and the leads", "carl@acme.example", "[#12] x", 31, 0, CLARA,
     0, "was-this-you:7 held:5 held:6"},
    {"a ticket of somebody", "carl@acme.example", "[#12] x", 0, CLARA, 0, 0,
     "was-this-you:7 held:6"},
    {"a ticket of somebody of another group", "carl@acme.example", "[#12] x", 31, CLARA, 0, 0,
     "was-this-you:7 held:6"},
    {"a ticket of somebody who is gone", "carl@acme.example", "[#12] x", 0, GONE, 0, 0,
     "was-this-you:7 " TO_ALL},
    {"a ticket of whom it claims", "clara@desk.example", "[#12] x", 0, CLARA, 0, 0,
     "was-this-you:6 held:5 held:11"},
};

Test(holding, tells_whose_business_it_is)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KEEPERS); i++) {
        const char *domain = strchr(KEEPERS[i].from, '@') + 1;
        g_autofree char *stamp = g_strdup_printf("dmarc=fail header.from=%s", domain);
        CASE it = case_from(KEEPERS[i].from, KEEPERS[i].subject, stamp);
        group_id bens = 31;

        g_array_append_val(world_person(it.records, BEN)->groups, bens);
        world_ticket(it.records, 12)->group = KEEPERS[i].group;
        world_ticket(it.records, 12)->assignee = KEEPERS[i].assignee;
        if (KEEPERS[i].lead != 0) {
            world_person(it.records, KEEPERS[i].lead)->is_lead = true;
        }
        if (KEEPERS[i].ghost != 0) {
            g_array_append_val(it.records->technicians, KEEPERS[i].ghost);
        }
        it.plan = decide(it.facts, it.records);
        g_autofree char *mails = world_mails(it.plan);
        cr_expect_eq(it.plan->outcome, OUTCOME_HELD, "%s", KEEPERS[i].name);
        cr_expect_str_eq(mails, KEEPERS[i].mails, "%s: got %s", KEEPERS[i].name, mails);
    }
}

Test(holding, tells_nobody_of_mail_to_his_own_ticket)
{
    CASE it = case_from("carl@acme.example", "[#12] x", FAIL("acme.example"));
    world_ticket(it.records, 12)->requester = FRITZ;
    expect(&it, OUTCOME_HELD, "", "was-this-you:7 held:5 held:6");
    const struct plan_mail *mail = world_mail_to(it.plan, BEN);
    cr_expect_str_eq(value_of(mail, "may-decide"), "yes", "the ticket is nobody's, so his as well");
}

/* ---- main contact only -------------------------------------------------------------------------- */

static struct case_of colleague(const char *from, const char *stamp)
{
    struct case_of it = case_from(from, "Bildschirm", stamp);

    it.records->customer.is_main_contact_only = true;
    it.records->customer.main_contact = ANNA;
    world_person(it.records, ANNA)->is_main_contact = true;
    return it;
}

Test(holding, lets_only_the_main_contact_open_tickets)
{
    CASE it = colleague("carl@acme.example", PASS("acme.example"));
    world_set(&it.facts->text, "It flickers.");
    world_set(&it.facts->from->name, "Carl C.");
    it.records->settings.excerpt_chars = 6;
    expect(&it, OUTCOME_HELD, "", "admission:4 waits:7");
    cr_expect_eq(it.plan->held_for, HELD_FOR_MAIN_CONTACT);
    cr_expect_eq(it.plan->held_until_us, WORLD_NOW_US + INT64_C(14) * 86400 * 1000000);

    const struct plan_mail *admission = world_mail_to(it.plan, ANNA);
    cr_expect_eq(admission->purpose, TOKEN_CONFIRM);
    cr_expect_eq(admission->held, 100);
    cr_expect_str_eq(value_of(admission, "held-from"), "carl@acme.example");
    cr_expect_str_eq(value_of(admission, "held-subject"), "Bildschirm");
    cr_expect_str_eq(value_of(admission, "held-text"), "It fl…");
    const struct plan_mail *waits = world_mail_to(it.plan, CARL);
    cr_expect_eq(waits->purpose, TOKEN_CONTACT_REPLY);
    cr_expect_eq(waits->held, 0);
    cr_expect(waits->is_automatic && !waits->tells_comment);
    cr_expect_str_eq(waits->address, "carl@acme.example");
    cr_expect_str_eq(waits->name, "Carl C.");
    cr_expect_str_eq(waits->reason, "his mail waits for the main contact");
    cr_expect_str_eq(value_of(waits, "main-contact"), "Anna");
    cr_expect_str_eq(value_of(waits, "held-subject"), "Bildschirm");

    CASE main = colleague("anna@acme.example", PASS("acme.example"));
    expect(&main, OUTCOME_NEW, "open ticket, add comment",
           "receipt:4 new-ticket:5 new-ticket:6 new-ticket:11");
}

Test(holding, tells_a_colleague_that_his_mail_waits_only_if_it_is_his)
{
    CASE stranger = colleague("new@acme.example", NULL);
    expect(&stranger, OUTCOME_HELD, "", "admission:4");
    CASE unconfirmed = colleague("dora@acme.example", NULL);
    expect(&unconfirmed, OUTCOME_HELD, "", "admission:4");
    CASE confirmed = colleague("carl@acme.example", NULL);
    expect(&confirmed, OUTCOME_HELD, "", "admission:4 waits:7");
    CASE proved = colleague("new@acme.example", PASS("acme.example"));
    expect(&proved, OUTCOME_HELD, "", "admission:4 waits:0");
    CASE machine = colleague("carl@acme.example", PASS("acme.example"));
    machine.facts->auto_kind = AUTO_GENERATED;
    expect(&machine, OUTCOME_HELD, "", "");
    cr_expect_gt(machine.plan->held_until_us, 0);
    CASE dead = colleague("carl@acme.example", PASS("acme.example"));
    world_person(dead.records, CARL)->is_address_dead = true;
    expect(&dead, OUTCOME_HELD, "", "admission:4 waits:7/dead-address");
}

Test(holding, tells_the_technicians_if_no_main_contact_can_be_asked)
{
    CASE none = colleague("carl@acme.example", NULL);
    none.records->customer.main_contact = 0;
    expect(&none, OUTCOME_HELD, "", "waits:7 " TO_ALL);
    cr_expect_str_eq(value_of(world_mail_to(none.plan, CARL), "main-contact"), "-");
    CASE disabled = colleague("carl@acme.example", NULL);
    world_person(disabled.records, ANNA)->is_disabled = true;
    expect(&disabled, OUTCOME_HELD, "", "waits:7 " TO_ALL);
    CASE dead = colleague("carl@acme.example", NULL);
    world_person(dead.records, ANNA)->is_address_dead = true;
    expect(&dead, OUTCOME_HELD, "", "admission:4/dead-address waits:7 " TO_ALL);
    CASE both = colleague("carl@acme.example", NULL); /* he is told once */
    both.records->customer.main_contact = FRITZ;
    world_person(both.records, FRITZ)->is_main_contact = true;
    world_person(both.records, FRITZ)->is_address_dead = true;
    expect(&both, OUTCOME_HELD, "", "admission:11/dead-address waits:7 held:5 held:6");
}

/* ---- a yes or no ------------------------------------------------------------------------------- */

static struct case_of answer(const char *from, enum held_for held_for, const char *text)
{
    struct case_of it = case_from(from, "Re: Was this you?", NULL);
    struct held_record *held = world_add_held(it.records, held_for, TOKEN_CONFIRM,
                                              it.records->sender);

    held->sender = held_for == HELD_FOR_MAIN_CONTACT ? CARL : it.records->sender;
    world_set(&it.facts->text, text);
    return it;
}

Test(holding, releases_what_somebody_says_is_his)
{
    CASE it = answer("ben@desk.example", HELD_FOR_CLAIM, "Ja.");
    expect(&it, OUTCOME_EVENT, "release held mail", "");
    const struct change *change = world_change(it.plan, CHANGE_HELD_RELEASE);
    cr_expect_eq(change->mail, 60);
    cr_expect_str_eq(change->text, "ben@desk.example, by mail");
    cr_expect_not(change->is_confirmed);
    cr_expect_eq(it.plan->verdict, VERDICT_EVENT);
}

Test(holding, drops_what_somebody_says_is_not_his_and_tells_the_technicians)
{
    CASE it = answer("ben@desk.example", HELD_FOR_FORGED, "no");
    expect(&it, OUTCOME_EVENT, "drop held mail", "held-answer:6 held-answer:11");
    cr_expect_eq(world_change(it.plan, CHANGE_HELD_DROP)->mail, 60);
    cr_expect_not(world_change(it.plan, CHANGE_HELD_DROP)->is_spam);
    const struct plan_mail *mail = world_mail_to(it.plan, CLARA);
    cr_expect_str_eq(value_of(mail, "was-denied"), "yes");
    cr_expect_str_eq(value_of(mail, "held-number"), "60");
    cr_expect_str_eq(value_of(mail, "held-from"), "Dora <dora@acme.example>");
    cr_expect_str_eq(value_of(mail, "held-subject"), "Bildschirm");
    cr_expect_str_eq(value_of(mail, "answer-from"), "ben@desk.example");
    cr_expect_str_eq(value_of(mail, "answer-text"), "no");
    cr_expect_eq(mail->purpose, TOKEN_HELD);
    cr_expect_eq(mail->held, 60);
}

/* To say that he wrote it gives nobody more than to prove it at once. */
Test(holding, releases_by_a_yes_what_he_might_have_opened_himself)
{
    CASE it = answer("anna@acme.example", HELD_FOR_FORGED, "yes");
    it.records->customer.is_main_contact_only = true;
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
    world_person(it.records, ANNA)->is_main_contact = true;
    expect(&it, OUTCOME_EVENT, "release held mail", "");
    world_person(it.records, ANNA)->opens_tickets = false;
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
}

/* "Not admitted" is said of a colleague's mail only. */
Test(holding, tells_a_contact_nothing_who_says_no)
{
    CASE it = answer("anna@acme.example", HELD_FOR_FORGED, "no");
    ((struct held_record *)it.records->helds->pdata[0])->sender = ANNA;
    expect(&it, OUTCOME_EVENT, "drop held mail", "held-answer:5 held-answer:6 held-answer:11");
}

static const struct {
    const char *name;
    const char *text;
    enum auto_kind kind;
    person_id holder; /* 0: the sender */
} UNCLEARS[] = {
    {"No, don't!", "No, don't!", AUTO_NONE, 0},
    {"words", "What mail?", AUTO_NONE, 0},
    {"quoted", "> yes", AUTO_NONE, 0},
    {"an out-of-office", "yes", AUTO_REPLIED, 0},
    {"somebody else's question, passed on", "yes", AUTO_NONE, ANNA},
};

Test(holding, changes_nothing_by_anything_else_and_tells_the_technicians)
{
    for (size_t i = 0; i < G_N_ELEMENTS(UNCLEARS); i++) {
        CASE it = answer("carl@acme.example", HELD_FOR_FORGED, UNCLEARS[i].text);
        struct token_record *token = it.records->tokens->pdata[0];
        it.facts->auto_kind = UNCLEARS[i].kind;
        token->person = UNCLEARS[i].holder == 0 ? token->person : UNCLEARS[i].holder;
        expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
        cr_expect_str_eq(value_of(world_mail_to(it.plan, CLARA), "was-denied"), "-", "%s",
                         UNCLEARS[i].name);
    }
}

Test(holding, hears_only_whose_mail_it_is_said_to_be)
{
    CASE it = answer("carl@acme.example", HELD_FOR_FORGED, "yes");
    struct held_record *held = it.records->helds->pdata[0];
    held->sender = ANNA;
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
    held->sender = CARL;
    expect(&it, OUTCOME_EVENT, "release held mail", "");
    CASE no = answer("carl@acme.example", HELD_FOR_FORGED,
                     "no"); /* said by him who was not asked */
    struct token_record *token = no.records->tokens->pdata[0];
    token->person = ANNA;
    expect(&no, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
    cr_expect_str_eq(value_of(world_mail_to(no.plan, CLARA), "was-denied"), "-");
}

Test(holding, admits_what_the_main_contact_admits)
{
    CASE it = answer("anna@acme.example", HELD_FOR_MAIN_CONTACT, "yes");
    world_person(it.records, ANNA)->is_main_contact = true;
    expect(&it, OUTCOME_EVENT, "release held mail", "");

    world_set(&it.facts->text, "Nein!");
    expect(&it, OUTCOME_EVENT, "drop held mail", "not-admitted:7");
    const struct plan_mail *mail = world_mail_to(it.plan, CARL);
    cr_expect_eq(mail->purpose, TOKEN_CONTACT_REPLY);
    cr_expect_eq(mail->held, 0);
    cr_expect_str_eq(value_of(mail, "held-subject"), "Bildschirm");
    cr_expect_str_eq(value_of(mail, "main-contact"), "Anna");
    world_person(it.records, CARL)->is_disabled = true;
    expect(&it, OUTCOME_EVENT, "drop held mail", "");
    world_person(it.records, CARL)->is_disabled = false;
    world_person(it.records, CARL)->is_confirmed = false;
    expect(&it, OUTCOME_EVENT, "drop held mail", "");
    ((struct held_record *)it.records->helds->pdata[0])->sender = 0;
    expect(&it, OUTCOME_EVENT, "drop held mail", "");
}

Test(holding, hears_no_main_contact_who_is_none_any_more)
{
    CASE it = answer("anna@acme.example", HELD_FOR_MAIN_CONTACT, "yes");
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
    world_person(it.records, ANNA)->is_main_contact = true;
    world_person(it.records, ANNA)->customer = OTHER;
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
}

Test(holding, takes_a_question_that_has_its_answer_for_a_place)
{
    CASE it = answer("anna@acme.example", HELD_FOR_FORGED, "yes");
    struct held_record *held = it.records->helds->pdata[0];
    held->is_held = false;
    held->ticket = 12;
    expect(&it, OUTCOME_UNVERIFIED, "add comment", "comment:5 comment:6 comment:11");
    cr_expect_eq(it.plan->ticket, 12);
    held->ticket = 0; /* nothing came out of it */
    plan_free(it.plan);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);
}

Test(holding, hears_no_token_that_does_not_count)
{
    CASE it = answer("anna@acme.example", HELD_FOR_FORGED, "yes");
    struct token_record *token = it.records->tokens->pdata[0];
    token->is_expired = true;
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);
    token->is_expired = false;
    token->is_valid = false;
    plan_free(it.plan);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);
    token->is_valid = true;
    g_ptr_array_set_size(it.records->helds, 0); /* it was erased */
    plan_free(it.plan);
    it.plan = decide(it.facts, it.records);
    cr_expect_eq(it.plan->outcome, OUTCOME_NEW);
}

/* ---- a technician decides ---------------------------------------------------------------------- */

static struct case_of command(const char *from, const char *stamp, const char *text)
{
    struct case_of it = case_from(from, "Re: held mail", stamp);

    world_add_held(it.records, HELD_FOR_FORGED, TOKEN_HELD, it.records->sender);
    world_set(&it.facts->text, text);
    return it;
}

static const struct {
    const char *text;
    const char *changes;
    bool is_spam;
    bool is_confirmed;
    const char *done;
} DECISIONS[] = {
    {"#release", "release held mail", false, false, "released"},
    {"#trust", "release held mail", false, true, "released, and its sender is confirmed"},
    {"#drop", "drop held mail", false, false, "dropped"},
    {"#spam", "drop held mail", true, false, "dropped as spam"},
};

Test(holding, does_what_a_lead_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DECISIONS); i++) {
        CASE it = command("ben@desk.example", PASS("desk.example"), DECISIONS[i].text);
        world_person(it.records, BEN)->is_lead = true;
        expect(&it, OUTCOME_EVENT, DECISIONS[i].changes, "held-decided:5");
        const struct change *change = it.plan->changes->pdata[0];
        cr_expect_eq(change->mail, 60);
        cr_expect_eq(change->is_spam, DECISIONS[i].is_spam, "%s", DECISIONS[i].text);
        cr_expect_eq(change->is_confirmed, DECISIONS[i].is_confirmed, "%s", DECISIONS[i].text);
        cr_expect_str_eq(change->text, "ben@desk.example, by mail");
        const struct plan_mail *mail = world_mail_to(it.plan, BEN);
        cr_expect_eq(mail->purpose, TOKEN_HELD);
        cr_expect_str_eq(value_of(mail, "done"), DECISIONS[i].done);
        cr_expect_str_eq(value_of(mail, "why-not"), "-");
        cr_expect_str_eq(value_of(mail, "held-number"), "60");
        cr_expect(world_says(it.plan->may, DECISIONS[i].done));
    }
}

static const struct {
    const char *name;
    const char *text;
    ticket_id ticket;
    person_id assignee;
    group_id group;
    bool decides;
} OWNERS[] = {
    {"it belongs to no ticket", "#release", 0, 0, 0, false},
    {"to a ticket of nobody", "#release", 12, 0, 0, true},
    {"to his", "#release", 12, BEN, 0, true},
    {"to another's", "#release", 12, CLARA, 0, false},
    {"to another group's", "#release", 12, 0, 32, false},
    {"to his, but he says nothing", "Hello", 12, BEN, 0, false},
};

Test(holding, lets_others_decide_on_their_own_tickets_only)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OWNERS); i++) {
        CASE it = command("ben@desk.example", PASS("desk.example"), OWNERS[i].text);
        struct held_record *held = it.records->helds->pdata[0];
        held->ticket = OWNERS[i].ticket;
        world_ticket(it.records, 12)->assignee = OWNERS[i].assignee;
        world_ticket(it.records, 12)->group = OWNERS[i].group;
        expect(&it, OUTCOME_EVENT, OWNERS[i].decides ? "release held mail" : "", "held-decided:5");
        const char *why_not = value_of(world_mail_to(it.plan, BEN), "why-not");
        cr_expect_eq(strcmp(why_not, "-") == 0, OWNERS[i].decides, "%s: %s", OWNERS[i].name,
                     why_not);
    }
    CASE own = command("fritz@acme.example", PASS("acme.example"), "#release");
    ((struct held_record *)own.records->helds->pdata[0])->ticket = 12;
    world_ticket(own.records, 12)->requester = FRITZ;
    expect(&own, OUTCOME_EVENT, "", "held-decided:11");
}

static const struct {
    const char *by;
    const char *how;
    const char *state;
    ticket_id ticket;
    const char *want;
} ENDS[] = {
    {"clara@desk.example", "released", "filed", 12,
     "clara@desk.example has released it at 1970-01-02 00:00 UTC; it is filed now, it is in ticket "
     "#12"},
    {"clara@desk.example", "dropped", "rejected", 0,
     "clara@desk.example has dropped it at 1970-01-02 00:00 UTC; it is rejected now"},
    {"", "", "rejected", 0, "it is not held any more: it is rejected now"},
};

Test(holding, tells_the_second_what_the_first_has_done)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ENDS); i++) {
        CASE it = command("ben@desk.example", PASS("desk.example"), "#drop");
        struct held_record *held = it.records->helds->pdata[0];
        world_person(it.records, BEN)->is_lead = true;
        held->is_held = false;
        held->ticket = ENDS[i].ticket;
        held->handled_at_us = INT64_C(86400) * 1000000;
        world_set(&held->handled_by, ENDS[i].by);
        world_set(&held->handled_how, ENDS[i].how);
        world_set(&held->state, ENDS[i].state);
        expect(&it, OUTCOME_EVENT, "", "held-decided:5");
        const char *got = value_of(world_mail_to(it.plan, BEN), "why-not");
        cr_expect_str_eq(got, ENDS[i].want, "got %s", got);
    }
}

static const struct {
    const char *name;
    const char *from;
    const char *stamp;
    enum auto_kind kind;
    enum outcome want;
    const char *mails;
} POWERLESS[] = {
    {"nothing authenticates him", "ben@desk.example", NULL, AUTO_NONE, OUTCOME_HELD,
     "was-this-you:5 held:6 held:11"},
    {"his machine", "ben@desk.example", PASS("desk.example"), AUTO_REPLIED, OUTCOME_EVENT, ""},
    {"a contact", "anna@acme.example", PASS("acme.example"), AUTO_NONE, OUTCOME_EVENT, ""},
    {"another technician", "clara@desk.example", PASS("desk.example"), AUTO_NONE, OUTCOME_EVENT,
     ""},
};

Test(holding, hears_nobody_else)
{
    for (size_t i = 0; i < G_N_ELEMENTS(POWERLESS); i++) {
        CASE it = command(POWERLESS[i].from, POWERLESS[i].stamp, "#release");
        struct token_record *token = it.records->tokens->pdata[0];
        token->person = BEN;
        world_person(it.records, CLARA)->is_lead = i == 3;
        world_person(it.records, BEN)->is_lead = false;
        it.facts->auto_kind = POWERLESS[i].kind;
        expect(&it, POWERLESS[i].want, "", POWERLESS[i].mails);
    }
}

/* A question about another thing that has the same number, or one that does not count, is none about this mail. */
Test(holding, takes_no_other_token_for_its_question)
{
    CASE it = command("anna@acme.example", PASS("acme.example"), "yes");
    struct token_record *held = it.records->tokens->pdata[0];
    held->person = BEN;
    struct token_record *other = world_add_token(it.records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONFIRM,
                                                 ANNA, 60); /* of ticket 60 */
    expect(&it, OUTCOME_EVENT, "", "");
    other->object_kind = TOKEN_HELD_MAIL;
    other->object = 61;
    expect(&it, OUTCOME_EVENT, "", "");
    other->object = 60;
    other->is_valid = false;
    expect(&it, OUTCOME_EVENT, "", "");
    other->is_valid = true;
    expect(&it, OUTCOME_EVENT, "", "held-answer:5 held-answer:6 held-answer:11");
}
