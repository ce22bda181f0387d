/* The spoof matrix (THREATS 2), as far as this desk goes: one row each. */
#include <criterion/criterion.h>
#include <glib.h>

#include "desk/decide.h"
#include "desk_world.h"

enum carried {
    CARRIES_NOTHING,
    CARRIES_OWN,           /* a token of the sender, in the address */
    CARRIES_OWN_NOTE,      /* a note's */
    CARRIES_OWN_EXPIRED,   /* too old */
    CARRIES_ANNAS,         /* Anna's token */
    CARRIES_ANNAS_ADDRESS, /* the same, in an address and nowhere else */
    CARRIES_BENS,          /* Ben's token, a technician's reply */
    CARRIES_IN_ITS_OWN_ID,
    CARRIES_INVALID, /* changed, cut, from before a restore */
};

static const struct {
    const char *name;
    const char *from; /* NULL: not one address */
    const char *subject;
    const char *stamp;
    enum carried carried;
    enum outcome want;
    enum role role;
    const char *mails;
} MATRIX[] = {
    {"1 technician with all proof", "ben@desk.example", "Re: x", PASS("desk.example"), CARRIES_OWN,
     OUTCOME_TECHNICIAN, ROLE_TECHNICIAN, "reply:4 reply:7 assigned:6 assigned:11"},
    {"2 Anna, authenticated, own token", "anna@acme.example", "Re: x", PASS("acme.example"),
     CARRIES_OWN, OUTCOME_PUBLIC, ROLE_CONTACT, "comment:5 comment:6 comment:11 comment:7"},
    {"3 Anna, authenticated, something new", "anna@acme.example", "New", PASS("acme.example"),
     CARRIES_NOTHING, OUTCOME_NEW, ROLE_CONTACT,
     "receipt:4 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"4 unknown sender", "x@nowhere.test", "New", NULL, CARRIES_NOTHING, OUTCOME_NEW, ROLE_UNKNOWN,
     "acknowledgement:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"5 technician in other letter case", "Ben@desk.example", "Re: x", PASS("DESK.example"),
     CARRIES_OWN, OUTCOME_TECHNICIAN, ROLE_TECHNICIAN, "reply:4 reply:7 assigned:6 assigned:11"},
    {"6 technician without any proof", "ben@desk.example", "New", NULL, CARRIES_NOTHING,
     OUTCOME_HELD, ROLE_TECHNICIAN, "was-this-you:5 held:6 held:11"},
    {"7 leaked token, DMARC failed", "ben@desk.example", "Re: x", FAIL("desk.example"), CARRIES_OWN,
     OUTCOME_HELD, ROLE_TECHNICIAN, "was-this-you:5 held:6 held:11"},
    {"8 technician, authenticated, a tag only", "ben@desk.example", "[#12] close",
     PASS("desk.example"), CARRIES_NOTHING, OUTCOME_NOTE, ROLE_TECHNICIAN,
     "note:6 note:11 noted:5"},
    {"9 technician with a customer's token", "ben@desk.example", "Fwd: x", PASS("desk.example"),
     CARRIES_ANNAS, OUTCOME_NOTE, ROLE_TECHNICIAN, "note:6 note:11 noted:5"},
    {"10 disabled technician", "gone@desk.example", "Re: x", PASS("desk.example"), CARRIES_OWN,
     OUTCOME_HELD, ROLE_TECHNICIAN, "held:5 held:6 held:11"},
    {"19 From with two mailboxes", NULL, "New", PASS("desk.example"), CARRIES_NOTHING, OUTCOME_HELD,
     ROLE_UNKNOWN, "held:5 held:6 held:11"},
    {"26 quoted local part", "\"ben@desk.example\"@evil.test", "New", NULL, CARRIES_NOTHING,
     OUTCOME_NEW, ROLE_UNKNOWN, "acknowledgement:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"30 from ourselves", "support@desk.example", "New", NULL, CARRIES_NOTHING, OUTCOME_HELD,
     ROLE_UNKNOWN, "held:5 held:6 held:11"},
    {"30 from ourselves, with a detail", "Support+x@desk.example", "New", NULL, CARRIES_NOTHING,
     OUTCOME_HELD, ROLE_UNKNOWN, "held:5 held:6 held:11"},
    {"30 from ourselves, forged", "support@desk.example", "New", FAIL("desk.example"),
     CARRIES_NOTHING, OUTCOME_HELD, ROLE_UNKNOWN, "held:5 held:6 held:11"},
    {"30 from ourselves, authenticated", "Support+x@desk.example", "New", PASS("desk.example"),
     CARRIES_NOTHING, OUTCOME_NEW, ROLE_UNKNOWN, "new-ticket:5 new-ticket:6 new-ticket:11"},
    {"30 from ourselves, authenticated, in a ticket", "support@desk.example", "Re: x",
     PASS("desk.example"), CARRIES_ANNAS, OUTCOME_NOTE, ROLE_UNKNOWN, "note:5 note:6 note:11"},
    {"30 from ourselves, our signed Message-ID", "support@desk.example", "New", NULL,
     CARRIES_IN_ITS_OWN_ID, OUTCOME_EVENT, ROLE_UNKNOWN, ""},
    {"31 customer, DMARC failed", "anna@acme.example", "New", FAIL("acme.example"), CARRIES_NOTHING,
     OUTCOME_HELD, ROLE_CONTACT, "was-this-you:4 held:5 held:6 held:11"},
    {"32 customer, not authenticated", "new@acme.example", "New", NULL, CARRIES_NOTHING,
     OUTCOME_NEW, ROLE_STRANGER, "acknowledgement:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"33 look-alike, authenticated", "x@acme.example.evil.test", "New",
     PASS("acme.example.evil.test"), CARRIES_NOTHING, OUTCOME_NEW, ROLE_UNKNOWN,
     "receipt:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"39 technician's tagged address", "ben+x@desk.example", "New", PASS("desk.example"),
     CARRIES_NOTHING, OUTCOME_NEW, ROLE_UNKNOWN,
     "receipt:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"43 somebody else's signature", "ben@desk.example", "Re: x",
     "dkim=pass header.d=evil.test header.from=desk.example", CARRIES_OWN, OUTCOME_HELD,
     ROLE_TECHNICIAN, "was-this-you:5 held:6 held:11"},
    {"45 signature over a part", "ben@desk.example", "Re: x",
     "dkim=pass header.d=desk.example header.l=10", CARRIES_OWN, OUTCOME_HELD, ROLE_TECHNICIAN,
     "was-this-you:5 held:6 held:11"},
    {"46 SPF alone", "ben@desk.example", "Re: x", "spf=pass smtp.mailfrom=desk.example",
     CARRIES_OWN, OUTCOME_HELD, ROLE_TECHNICIAN, "was-this-you:5 held:6 held:11"},
    {"49 Anna through a list", "anna@acme.example", "Re: x", "arc=pass header.d=acme.example",
     CARRIES_OWN, OUTCOME_PUBLIC, ROLE_CONTACT, "comment:5 comment:6 comment:11 comment:7"},
    {"51 token that is none", "otto@other.example", "Re: x", NULL, CARRIES_INVALID, OUTCOME_NEW,
     ROLE_CONTACT, "receipt:9 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"52 Anna's token, a stranger", "eve@evil.test", "Re: x", PASS("evil.test"), CARRIES_ANNAS,
     OUTCOME_UNVERIFIED, ROLE_UNKNOWN, "comment:5 comment:6 comment:11"},
    {"53 Anna's token, a colleague, authenticated", "dora@acme.example", "Re: x",
     PASS("acme.example"), CARRIES_ANNAS, OUTCOME_PUBLIC, ROLE_CONTACT,
     "comment:5 comment:6 comment:11 comment:4 comment:7"},
    {"53 Anna's token, a new colleague, authenticated", "new@acme.example", "Re: x",
     PASS("acme.example"), CARRIES_ANNAS, OUTCOME_PUBLIC, ROLE_CONTACT,
     "comment:5 comment:6 comment:11 comment:4 comment:7"},
    {"53 Anna's token, a colleague, not authenticated", "carl@acme.example", "Re: x", NULL,
     CARRIES_ANNAS, OUTCOME_UNVERIFIED, ROLE_CONTACT, "comment:5 comment:6 comment:11"},
    {"55 a tag, takes part, authenticated", "carl@acme.example", "Re: [#12] x",
     PASS("acme.example"), CARRIES_NOTHING, OUTCOME_PUBLIC, ROLE_CONTACT,
     "comment:5 comment:6 comment:11 comment:4"},
    {"55 a tag, takes part, not authenticated", "carl@acme.example", "Re: [#12] x", NULL,
     CARRIES_NOTHING, OUTCOME_UNVERIFIED, ROLE_CONTACT, "comment:5 comment:6 comment:11"},
    {"56 a tag, takes no part", "otto@other.example", "Re: [#12] x", PASS("other.example"),
     CARRIES_NOTHING, OUTCOME_NEW, ROLE_CONTACT,
     "receipt:9 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"68 somebody's mail to the address of a ticket", "noreply@service.test", "Your code is 123",
     PASS("service.test"), CARRIES_ANNAS_ADDRESS, OUTCOME_NEW, ROLE_UNKNOWN,
     "receipt:-1 new-ticket:5 new-ticket:6 new-ticket:11"},
    {"67 technician answers a note", "ben@desk.example", "Re: x", PASS("desk.example"),
     CARRIES_OWN_NOTE, OUTCOME_NOTE, ROLE_TECHNICIAN, "note:6 note:11"},
    {"69 Anna with a technician's token, authenticated", "anna@acme.example", "Re: x",
     PASS("acme.example"), CARRIES_BENS, OUTCOME_PUBLIC, ROLE_CONTACT,
     "comment:5 comment:6 comment:11 comment:7"},
    {"69 Anna with a technician's token", "anna@acme.example", "Re: x", NULL, CARRIES_BENS,
     OUTCOME_UNVERIFIED, ROLE_CONTACT, "comment:5 comment:6 comment:11"},
    {"technician's token that has expired", "ben@desk.example", "Re: x", PASS("desk.example"),
     CARRIES_OWN_EXPIRED, OUTCOME_NOTE, ROLE_TECHNICIAN, "note:6 note:11 noted:5"},
    {"technician, authenticated, something new", "ben@desk.example", "New", PASS("desk.example"),
     CARRIES_NOTHING, OUTCOME_NEW, ROLE_TECHNICIAN, "receipt:5 new-ticket:6 new-ticket:11"},
    {"own token, not authenticated", "anna@acme.example", "Re: x", NULL, CARRIES_OWN,
     OUTCOME_PUBLIC, ROLE_CONTACT, "comment:5 comment:6 comment:11 comment:7"},
    {"own token, but his part is over", "otto@other.example", "Re: x", NULL, CARRIES_OWN,
     OUTCOME_UNVERIFIED, ROLE_CONTACT, "comment:5 comment:6 comment:11"},
};

static void carry(struct records *records, enum carried carried)
{
    person_id sender = records->sender;
    bool is_technician = sender == BEN || sender == GONE;
    struct token_record *token = NULL;

    switch (carried) {
    case CARRIES_NOTHING:
        return;
    case CARRIES_OWN:
    case CARRIES_OWN_EXPIRED:
        token = world_add_token(records, TOKEN_IN_IN_REPLY_TO,
                                is_technician ? TOKEN_TECHNICIAN_REPLY : TOKEN_CONTACT_REPLY,
                                sender, 12);
        token->is_expired = carried == CARRIES_OWN_EXPIRED;
        return;
    case CARRIES_OWN_NOTE:
        world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_TECHNICIAN_NOTE, sender, 12);
        world_add_token(records, TOKEN_IN_IN_REPLY_TO, TOKEN_TECHNICIAN_NOTE, sender, 12);
        world_add_token(records, TOKEN_IN_REFERENCES, TOKEN_TECHNICIAN_REPLY, sender, 12);
        return;
    case CARRIES_ANNAS:
        world_add_token(records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, ANNA, 12);
        return;
    case CARRIES_ANNAS_ADDRESS:
        world_add_token(records, TOKEN_IN_ADDRESS, TOKEN_CONTACT_REPLY, ANNA, 12);
        return;
    case CARRIES_BENS:
        world_add_token(records, TOKEN_IN_IN_REPLY_TO, TOKEN_TECHNICIAN_REPLY, BEN, 12);
        return;
    case CARRIES_IN_ITS_OWN_ID:
        world_add_token(records, TOKEN_IN_MESSAGE_ID, TOKEN_CONTACT_REPLY, ANNA, 12);
        return;
    case CARRIES_INVALID:
        token = world_add_token(records, TOKEN_IN_IN_REPLY_TO, TOKEN_CONTACT_REPLY, sender, 0);
        token->is_valid = false;
        return;
    }
}

Test(matrix, rules_as_the_matrix_says)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MATRIX); i++) {
        const char *name = MATRIX[i].name;
        OWNED(facts) facts = world_facts(MATRIX[i].from, MATRIX[i].subject, MATRIX[i].stamp);
        OWNED(records) records = world_records();
        if (MATRIX[i].from != NULL) {
            world_find_sender(records, MATRIX[i].from);
        }
        carry(records, MATRIX[i].carried);

        OWNED(plan) plan = decide(facts, records);
        g_autofree char *mails = world_mails(plan);
        cr_expect_eq(plan->outcome, MATRIX[i].want, "%s: got %s, want %s", name,
                     outcome_name(plan->outcome), outcome_name(MATRIX[i].want));
        cr_expect_eq(plan->role, MATRIX[i].role, "%s: got %s, want %s", name, role_name(plan->role),
                     role_name(MATRIX[i].role));
        cr_expect_str_eq(mails, MATRIX[i].mails, "%s: got %s, want %s", name, mails,
                         MATRIX[i].mails);
        cr_expect_gt(plan->may->len, 0, "%s", name);
        cr_expect_gt(plan->who->len, 0, "%s", name);
        cr_expect_gt(plan->where->len, 0, "%s", name);
    }
}
