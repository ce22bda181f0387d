/* Where does it belong? The five ways of a mail to its ticket; it gives no right. Pure. */
#ifndef DESK_THREAD_H
#define DESK_THREAD_H

#include <glib.h>

#include "desk/authority.h"
#include "desk/identity.h"
#include "desk/records.h"
#include "message/facts.h"

enum way {
    WAY_NONE,
    WAY_TOKEN,     /* a token in an address it was sent to */
    WAY_OUR_ID,    /* our own signed Message-ID that it refers to */
    WAY_STORED_ID, /* the Message-ID of a mail in which its sender took part */
    WAY_TAG,       /* "[#12]" in the subject */
    WAY_OVERTAKEN, /* a mail of its thread came before it */
};

struct place {
    enum way way;
    const struct ticket_record *ticket; /* borrowed from records; NULL: nowhere */
    const struct held_record *held;     /* borrowed: the held mail that it is about; NULL: none */
    bool is_bounce_address;             /* the token is that of the address for what comes back */
    ticket_id looks_like;               /* a ticket to link the new one to; 0: none */
    const char *why_linked;             /* static */
};

/* where gets sentences for people. */
struct place thread_match(const struct facts *facts, const struct records *records,
                          const struct identity *identity, enum auth auth, GPtrArray *where);

/* The number in the rightmost "[#12]"; 0: there is none. */
ticket_id thread_subject_tag(const char *subject);

/* A copy without any "[#12]", for the subject of a new ticket: the next reply would be led by it to the old. */
char *thread_remove_tags(const char *subject);

/* Is it the same subject, but for what mail programs put in front, tags, letter case and white space? */
bool thread_same_subject(const char *a, const char *b);

#endif
