/* The rows that the plans of a batch become, table by table, and how they are written. */
#ifndef GATEWAY_WRITES_H
#define GATEWAY_WRITES_H

#include "gateway/gather.h"
#include "gateway/outbox.h"
#include "gateway/web_hook.h"
#include "store/attachment.h"
#include "store/held.h"
#include "store/people.h"
#include "store/thread.h"
#include "store/ticket.h"
#include "store/ticket_change.h"

/* What the plan of one mail made. */
struct made {
    ticket_id ticket;
    int64_t ticket_nonce;
    comment_id comment;
    GArray *people;      /* own: person_id; the sender first, then those whom he brings in */
    int64_t held_nonce;  /* of tokens about this mail, which is held */
    ticket_id commented; /* the ticket that the comment went to */
};

/* The rows of all tables; strings are borrowed from plans, facts, or kept in texts. */
struct writes {
    struct made *made; /* own, one a mail */
    size_t count;
    struct new_ids ids;
    int next_ticket;
    int next_comment;
    int next_person;
    int next_outbound;
    GArray *people;          /* struct new_person */
    GArray *confirmed;       /* person_id */
    GPtrArray *dead;         /* own: char * */
    GArray *tickets;         /* struct new_ticket */
    GArray *comments;        /* struct new_comment */
    GArray *attachments;     /* struct new_attachment */
    GArray *participants[2]; /* tickets, people */
    GArray *changes;         /* struct ticket_change */
    GArray *turns[2];        /* groups, technicians: who was picked by turns */
    GArray *hooks;           /* struct web_hook_call */
    GArray *links[2];        /* tickets, others */
    GPtrArray *link_whys;    /* borrowed char * */
    GArray *words;           /* struct new_word */
    GArray *keys;            /* struct thread_key */
    GArray *activities;      /* struct new_activity */
    GArray *mails;           /* struct outbox_mail */
    GArray *ends;            /* struct inbound_end */
    GPtrArray *texts;        /* own: strings that the rows borrow */
    GPtrArray *contents;     /* own: GBytes *, of attachments that no mail had */
    GPtrArray *parties;      /* own: GPtrArray * */
    GPtrArray *variants;     /* own: GVariant * */
    GArray *decisions;       /* struct held_decision */
    GArray *verified[2];     /* comments, the mails that prove them */
};

void writes_init(struct writes *writes, size_t count);
void writes_done(struct writes *writes);

/* Keep a text as long as the rows; what it was. */
const char *writes_keep(struct writes *writes, char *text);

void writes_add_pair(GArray *const pair[2], int64_t left, int64_t right);

/* Queue all of it, in the order of the tables' references; attachments need round trips of their own. */
MUST_CHECK enum status writes_put(struct tx *tx, const struct batch *batch,
                                  const struct writes *writes, struct err *err);

#endif
