/* May they? Evidence in, outcome out, by one table (THREATS 1). Pure. */
#ifndef DESK_AUTHORITY_H
#define DESK_AUTHORITY_H

#include <glib.h>

#include "desk/auth.h"
#include "desk/identity.h"
#include "desk/plan.h"
#include "desk/records.h"
#include "message/facts.h"

/* A valid token, unexpired, for what the mail is about, that was given to the From party for what he is there
 * (claim). */
enum own_token {
    OWN_NONE,
    OWN_CONTACT,
    OWN_REPLY,
    OWN_NOTE,
    OWN_CONFIRM, /* he was asked a question about the held mail */
    OWN_HELD,    /* he, a technician, was told of the held mail */
};

/* ticket: where the mail belongs, NULL: nowhere. held: the held mail it is about, NULL: none. */
enum own_token authority_token(const struct records *records, const struct identity *identity,
                               enum claim claim, const struct ticket_record *ticket,
                               const struct held_record *held, GPtrArray *may);

enum shape { SHAPE_CLEAR, SHAPE_AMBIGUOUS, SHAPE_LOOPING };

/* Who or what wrote it. */
enum writer {
    WRITER_PERSON,
    WRITER_MACHINE, /* answered never */
    WRITER_BOUNCE,  /* a delivery report */
    WRITER_REPORT,  /* a receipt, a complaint, a reaction */
};

/* Where it belongs, as far as rights depend on it. */
enum placing {
    PLACED_NOWHERE,
    PLACED_TICKET,
    PLACED_BOUNCE,    /* a machine's, to the address for what comes back */
    PLACED_OVERTAKEN, /* a ticket that another mail of this thread has opened before */
    PLACED_HELD,      /* an answer to what the desk said of a held mail */
};

/* May he open a ticket by mail? (A stranger: unknown_senders says.) */
enum opening {
    OPENS,
    OPENS_BY_ADMISSION, /* only the main contact does; a colleague's mail waits for him */
    OPENS_NONE,         /* this contact makes no tickets by mail */
};

/* Everything that rights depend on, and nothing else. */
struct evidence {
    enum shape shape;
    enum writer writer;
    enum claim claim; /* on that ticket: identity_claim_on */
    enum auth auth;
    enum own_token token;
    enum placing placing;
    bool takes_part;     /* identity_takes_part */
    bool has_permission; /* a technician: he may work on the ticket (desk/permission) */
    enum opening opening;
    bool is_flood;      /* too many tickets were opened lately, by him or by strangers */
    bool needs_auth;    /* the mailbox's technician-proof */
    bool is_own_notice; /* its Message-ID is one that we have signed */
    bool is_released;   /* a person has released it from being held */
    bool is_oversize;
    enum unknown_senders unknown_senders;
};

struct ruling {
    enum outcome outcome;
    enum comment_kind comment_kind; /* of the comment that it makes, if it makes one */
    enum held_for held_for;         /* of a mail that is held */
    const char *reason;             /* static: a sentence for people */
};

struct ruling authority_decide(const struct evidence *evidence);

#endif
